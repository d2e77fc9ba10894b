/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* The workspace: defaults, and refusal of everything that a worker could claim wrongly. */
#include "host/workspace.h"

#include <string.h>

#include "base/value.h"

static Workspace *make(const char *json, GError **error)
{
	g_autoptr(json_t) declared = json_loads(json, JSON_ALLOW_NUL, NULL);
	g_assert_nonnull(declared);
	if (json_is_object(declared) && !json_object_get(declared, "channels"))
		json_object_set_new(declared, "channels", json_pack("{s:{s:s, s:s}}", "email", "source", "a page", "checked", "2026-11-20"));
	return workspace_new("/some/where", declared, error);
}

#define MAILBOX "\"channel\":\"email\",\"from_address\":\"lea@brand.example\""
static const char FULL[] =
	"{\"workspace\":{\"timezone\":\"Europe/Paris\",\"database\":\"data/p.db\",\"public_url\":\"https://o.brand.example\",\"hours\":{\"1\":[[540,1080]]},"
	"\"holidays\":[\"FR\",\"2026-12-24\"],\"stages\":[\"new\",\"old\"],\"policy\":{\"asks_per_week\":5},\"undo\":\"30s\",\"keep\":{\"journals\":\"2 years\"},"
	"\"redirect_all_to\":\"me@brand.example\",\"allow_addresses\":[\"127.0.0.1:2525\",\"127.0.0.1:1430\"]},"
	"\"accounts\":[{\"name\":\"partnerships\"," MAILBOX ",\"from\":\"Léa Martin <lea@brand.example>\",\"from_name\":\"Léa Martin\",\"owner\":\"lea\","
	"\"smtp\":{\"url\":\"smtp://127.0.0.1:2525\",\"user\":\"lea\",\"password\":\"partnerships\",\"tls\":\"none\"},"
	"\"imap\":{\"url\":\"imaps://imap.brand.example\",\"user\":\"lea\",\"password\":\"partnerships\",\"inbox\":\"INBOX\",\"sent\":\"Sent\"},"
	"\"cap\":{\"per_day\":80,\"gap\":90,\"warmup\":{\"from\":12,\"step\":4}},\"inbound\":\"everyone\"},"
	"{\"name\":\"second\"," MAILBOX ",\"owner\":\"tom\"}]}";

static void test_full(void)
{
	g_autoptr(GError) error = NULL;
	Workspace *workspace = make(FULL, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(workspace->database, ==, "/some/where/data/p.db");
	g_assert_cmpint(workspace->undo, ==, 30000);
	g_assert_true(workspace_has_stage(workspace, "old"));
	g_assert_false(workspace_has_stage(workspace, "prospect"));
	g_assert_cmpint(value_integer(workspace->policy, "asks_per_week", 0), ==, 5);
	g_assert_cmpint(value_integer(workspace->policy, "max_channels", 0), ==, 3);
	g_assert_cmpstr(value_string(workspace->keep, "journals", ""), ==, "2 years");
	g_assert_cmpstr(value_string(workspace->keep, "raw_mail", ""), ==, "1 year");
	const Account *account = workspace_account(workspace, "partnerships");
	g_assert_true(account->has_smtp && account->has_imap && account->everyone && !account->pretend);
	g_assert_cmpstr(account->from_name, ==, "Léa Martin");
	g_assert_cmpint(account->per_day, ==, 80);
	g_assert_cmpint(account->gap, ==, 90000);
	g_assert_cmpint(account->warmup_from, ==, 12);
	g_assert_cmpint(account->warmup_step, ==, 4);
	g_assert_cmpstr(value_string(json_object_get(account->config, "smtp"), "password", ""), ==, "partnerships");
	g_assert_true(workspace_account_for(workspace, "email", NULL) == account);
	g_assert_cmpstr(workspace_account_for(workspace, "email", "tom")->name, ==, "second");
	g_assert_true(workspace_account_for(workspace, "email", "nobody") == account);
	g_assert_null(workspace_account_for(workspace, "instagram", "tom"));
	workspace_free(workspace);
}

#define TABLE(rows) "{\"workspace\":{\"timezone\":\"UTC\"},\"accounts\":[],\"channels\":" rows "}"
#define ROW(members) TABLE("{\"sms\":{\"source\":\"a page\",\"checked\":\"2026-11-20\"" members "}}")

static void test_policy(void)
{
	g_autoptr(GError) error = NULL;
	Workspace *workspace = make("{\"workspace\":{\"timezone\":\"UTC\",\"policy\":{\"two_then_call\":false,\"asks_per_week\":0,\"opt_in\":[\"email\"],\"stop_company\":true},"
	                            "\"topics\":{\"contract\":[\"email\"],\"sensitive\":[\"call\",\"sms\"]}},"
	                            "\"accounts\":[{\"name\":\"a\"," MAILBOX ",\"cap\":{\"per_domain\":{\"default\":20,\"Gmail.com\":5}}}],"
	                            "\"channels\":{\"sms\":{\"opens\":\"they\",\"window\":1.5,\"quiet\":\"08:00-21:00\",\"attachments\":true,\"unit\":\"UTF-16 units\","
	                            "\"source\":\"a page\",\"checked\":\"2026-11-20\"},"
	                            "\"x\":{\"attachments\":3,\"links\":false,\"unit\":\"bytes\",\"source\":\"a page\",\"checked\":\"2026-11-20\"}}}", &error);
	g_assert_no_error(error);
	g_assert_cmpint(workspace_limit(workspace, "two_then_call"), ==, 0);
	g_assert_cmpint(workspace_limit(workspace, "asks_per_week"), ==, 0);
	g_assert_cmpint(workspace_limit(workspace, "max_channels"), ==, 3);
	g_assert_cmpint(workspace_limit(workspace, "breaker"), ==, 5);
	g_assert_true(json_is_true(json_object_get(workspace->policy, "personal")) && json_is_true(json_object_get(workspace->policy, "stop_company")));
	g_assert_cmpuint(json_array_size(json_object_get(workspace->topics, "sensitive")), ==, 2);
	const Account *account = workspace_account(workspace, "a");
	g_assert_cmpint(account->per_domain, ==, 20);
	g_assert_cmpint(GPOINTER_TO_INT(g_hash_table_lookup(account->domains, "gmail.com")), ==, 5);
	const Channel *sms = channels_find(workspace->channels, "sms"), *x = channels_find(workspace->channels, "x");
	g_assert_cmpint(sms->opens, ==, CHANNEL_OPENS_THEY);
	g_assert_cmpint(sms->window, ==, 90 * TIME_MINUTE);
	g_assert_cmpint(sms->quiet_from, ==, 480);
	g_assert_cmpint(sms->quiet_to, ==, 1260);
	g_assert_true(sms->attachments == -1 && sms->links && x->attachments == 3 && !x->links);
	/* é is one character of two bytes, 😀 two UTF-16 units of four bytes */
	g_assert_cmpint(channel_length(sms, "é😀a"), ==, 4);
	g_assert_cmpint(channel_length(x, "é😀a"), ==, 7);
	const Channel *other = channels_find(workspace->channels, "mastodon");
	g_assert_cmpint(channel_length(other, "é😀a"), ==, 3);
	/* what the table does not know is a person's to send */
	g_assert_true(other->opens == CHANNEL_OPENS_ALWAYS_BY_HAND && other->links && other->attachments == -1 && !other->opt_in);
	workspace_free(workspace);
}

static void test_old_table(void)
{
	g_autoptr(GError) error = NULL;
	Workspace *workspace = make(TABLE("{\"sms\":{\"source\":\"a\",\"checked\":\"2026-05-24\"},\"x\":{\"source\":\"a\",\"checked\":\"2026-05-25\"},"
	                                  "\"email\":{\"source\":\"a\",\"checked\":\"2026-11-20\"}}"), &error);
	g_assert_no_error(error);
	/* 20 November 2026 at noon is 180 days after 24 May; the first rows grow old at the end of their 180th day. */
	const Time noon = INT64_C(1795176000000);
	static const struct { int days; const char *state, *names; } cases[] = {
		{ 0, "ok", "3 channels" }, { 1, "warn", "on sms was" }, { 2, "warn", "on sms, x was" }, { 181, "warn", "on email, sms, x was" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(json_t) rows = json_array();
		channels_check(workspace->channels, noon + cases[i].days * TIME_DAY, rows);
		g_assert_cmpuint(json_array_size(rows), ==, 1);
		g_assert_cmpstr(value_string(json_array_get(rows, 0), "state", ""), ==, cases[i].state);
		g_assert_nonnull(strstr(value_string(json_array_get(rows, 0), "text", ""), cases[i].names));
	}
	workspace_free(workspace);
}

static void test_defaults(void)
{
	g_autoptr(GError) error = NULL;
	/* An empty Lua table may come as a list or as an object. */
	Workspace *workspace = make("{\"workspace\":{\"timezone\":\"Europe/Paris\",\"keep\":[],\"policy\":[],\"holidays\":{}},\"accounts\":{}}", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(workspace->database, ==, "/some/where/perigee.db");
	g_assert_cmpint(workspace->undo, ==, 0);
	g_assert_false(workspace->always_open);
	g_assert_true(workspace_has_stage(workspace, "prospect") && workspace_has_stage(workspace, "declined"));
	g_assert_cmpuint(json_array_size(workspace->allow_addresses), ==, 0);
	/* Monday, 23 November 2026: 09:00 in Paris is 08:00 UTC */
	const Time monday = INT64_C(1795392000000);
	g_assert_cmpint(hours_next(workspace->hours, workspace->zone, monday), ==, monday + 8 * TIME_HOUR);
	Account *pretend = workspace_pretend_account(workspace, "instagram");
	g_assert_true(pretend == workspace_pretend_account(workspace, "instagram"));
	g_assert_true(pretend->pretend && pretend->per_day == 0 && pretend->gap == 0);
	g_assert_true(workspace_account_for(workspace, "instagram", NULL) == pretend);
	g_assert_true(workspace_zone_of(workspace, NULL, NULL) == workspace->zone);
	g_assert_true(workspace_zone_of(workspace, "Nowhere/Town", "Atlantis") == workspace->zone);
	g_assert_true(workspace_zone_of(workspace, "Asia/Tokyo", "FR") == workspace_zone(workspace, "Asia/Tokyo"));
	g_assert_true(workspace_zone_of(workspace, NULL, "Japan") == workspace_zone(workspace, "Asia/Tokyo"));
	workspace_free(workspace);
}

#define WORKSPACE(rest) "{\"workspace\":{\"timezone\":\"UTC\"" rest "},\"accounts\":[]}"
#define ACCOUNT(rest) "{\"workspace\":{\"timezone\":\"UTC\",\"allow_addresses\":[\"127.0.0.1:2525\"]},\"accounts\":[{" rest "}]}"

#define DKIM(domain, selector, key) \
	ACCOUNT("\"name\":\"a\",\"dkim\":[{\"domain\":\"" domain "\",\"selector\":\"" selector "\",\"key\":\"" key "\"}]," MAILBOX)

static void test_signing(void)
{
	static const char *const good[] = { DKIM("brand.example", "perigee", "k"), DKIM("BRAND.example", "a.b-1", "k"), DKIM("example", "s", "k"),
		                            ACCOUNT("\"name\":\"a\",\"return_path\":\"plus\"," MAILBOX),
		                            ACCOUNT("\"name\":\"a\",\"channel\":\"email\",\"from_address\":\"josé@bücher.example\","
		                                    "\"dkim\":[{\"domain\":\"xn--bcher-kva.example\",\"selector\":\"s\",\"key\":\"k\"}]") };
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) error = NULL;
		Workspace *workspace = make(good[i], &error);
		g_assert_no_error(error);
		g_assert_true(workspace_account(workspace, "a")->plus_path == (strstr(good[i], "plus") != NULL));
		workspace_free(workspace);
	}
}

static void test_refusals(void)
{
	/* what is claimed, and a word of the sentence that refuses it */
	static const struct { const char *json, *says; } cases[] = {
		{ "{}", "timezone = " }, { "{\"workspace\":5}", "timezone = " }, { "{\"workspace\":{}}", "timezone: is missing" },
		{ "{\"workspace\":{\"timezone\":\"Paris\"}}", "\"Paris\" is no time zone" }, { "{\"workspace\":{\"timezone\":5}}", "line of text" },
		{ WORKSPACE(",\"database\":\"postgresql://db/p\""), "not in this version" }, { WORKSPACE(",\"database\":\"\""), "database" },
		{ WORKSPACE(",\"database\":\"../p.db\""), "absolute" }, { WORKSPACE(",\"database\":\"a\\nb\""), "line of text" },
		{ WORKSPACE(",\"database\":\"a\\u0000b\""), "line of text" }, { WORKSPACE(",\"hours\":\"never\""), "always" },
		{ WORKSPACE(",\"hours\":{\"1\":[[600,500]]}"), "hours" }, { WORKSPACE(",\"holidays\":[\"XX\"]"), "XX" }, { WORKSPACE(",\"holidays\":\"FR\""), "list" },
		{ WORKSPACE(",\"stages\":[\"a\",\"a\"]"), "twice" }, { WORKSPACE(",\"stages\":[5]"), "list of texts" }, { WORKSPACE(",\"stages\":[\"\"]"), "no name" },
		{ WORKSPACE(",\"policy\":{\"asks_per_week\":-1}"), "asks_per_week" }, { WORKSPACE(",\"policy\":{\"max_channels\":1.5}"), "whole number" },
		{ WORKSPACE(",\"policy\":{\"breaker\":true}"), "breaker" }, { WORKSPACE(",\"policy\":{\"personal\":1}"), "personal: must be true or false" },
		{ WORKSPACE(",\"policy\":{\"opt_in\":[\"pigeon\"]}"), "no channel \"pigeon\"" }, { WORKSPACE(",\"policy\":{\"opt_in\":\"email\"}"), "list" },
		{ WORKSPACE(",\"topics\":{\"money\":[\"pigeon\"]}"), "topics: money: there is no channel" }, { WORKSPACE(",\"topics\":{\"money\":\"call\"}"), "list" },
		{ WORKSPACE(",\"topics\":{\"money\":[]}"), "list of channels" },
		{ ACCOUNT("\"name\":\"a\",\"cap\":{\"per_domain\":5}," MAILBOX), "per_domain: must be a table" },
		{ ACCOUNT("\"name\":\"a\",\"cap\":{\"per_domain\":{\"gmail.com\":0}}," MAILBOX), "gmail.com" },
		{ TABLE("null"), "channel table is missing" }, { TABLE("{}"), "channel table is missing" }, { TABLE("[]"), "channel table is missing" },
		{ TABLE("{\"sms\":5}"), "sms: must be a table" }, { TABLE("{\"sms\":{\"source\":\"a page\"}}"), "checked: must be the date" },
		{ TABLE("{\"sms\":{\"checked\":\"2026-11-20\"}}"), "source: is missing" }, { ROW(",\"checked\":\"2026-02-30\""), "checked" },
		{ ROW(",\"checked\":\"yesterday\""), "checked" }, { ROW(",\"opens\":\"somebody\""), "\"somebody\" is not known" },
		{ ROW(",\"unit\":\"words\""), "\"words\" is not known" }, { ROW(",\"window\":-1"), "window" }, { ROW(",\"window\":\"24\""), "window" },
		{ ROW(",\"replies\":1.5"), "replies" }, { ROW(",\"opt_in\":1"), "opt_in" }, { ROW(",\"approved\":\"yes\""), "approved" },
		{ ROW(",\"links\":0"), "links" }, { ROW(",\"attachments\":\"some\""), "attachments" }, { ROW(",\"most\":0"), "most" },
		{ ROW(",\"quiet\":\"21:00-08:00\""), "quiet" }, { ROW(",\"quiet\":\"08:00-24:01\""), "quiet" }, { ROW(",\"quiet\":\"08:00\""), "quiet" },
		{ ROW(",\"quiet\":\"08:00-21:00 or so\""), "quiet" }, { ROW(",\"per_day\":0"), "per_day" },
		{ WORKSPACE(",\"policy\":5"), "table" }, { WORKSPACE(",\"undo\":\"soon\""), "undo" }, { WORKSPACE(",\"undo\":5"), "undo" },
		{ WORKSPACE(",\"keep\":{\"journals\":\"long\"}"), "journals" }, { WORKSPACE(",\"public_url\":\"ftp://x\""), "public_url" },
		{ WORKSPACE(",\"redirect_all_to\":\"me\""), "redirect_all_to" }, { WORKSPACE(",\"allow_addresses\":[5]"), "allow_addresses" },
		{ ACCOUNT("\"name\":\"\"," MAILBOX), "name" }, { ACCOUNT("\"name\":\"Big\"," MAILBOX), "Big" }, { ACCOUNT("\"name\":5"), "name" },
		{ ACCOUNT("\"name\":\"a\""), "channel" }, { ACCOUNT("\"name\":\"a\",\"channel\":\"email\""), "from" },
		{ ACCOUNT("\"name\":\"a\"," MAILBOX "},{\"name\":\"a\"," MAILBOX), "two of this name" },
		{ ACCOUNT("\"name\":\"a\",\"channel\":\"email\",\"from_address\":\"a@b.c\\r\\nBcc: x@y.z\""), "from_address" },
		{ ACCOUNT("\"name\":\"a\",\"channel\":\"email\",\"from_address\":\"a b@c.d\""), "from" },
		{ ACCOUNT("\"name\":\"a\",\"channel\":\"email\",\"from_address\":\"a@b@c\""), "from" },
		{ ACCOUNT("\"name\":\"a\",\"channel\":\"email\",\"from_address\":\"<a@b.c>\""), "from" },
		{ ACCOUNT("\"name\":\"a\",\"from_name\":\"x\\ny\"," MAILBOX), "from_name" },
		{ ACCOUNT("\"name\":\"a\",\"inbound\":\"all\"," MAILBOX), "inbound" }, { ACCOUNT("\"name\":\"a\",\"cap\":{\"per_day\":0}," MAILBOX), "per_day" },
		{ ACCOUNT("\"name\":\"a\",\"cap\":{\"gap\":\"90s\"}," MAILBOX), "gap" }, { ACCOUNT("\"name\":\"a\",\"cap\":{\"gap\":-1}," MAILBOX), "gap" },
		{ ACCOUNT("\"name\":\"a\",\"cap\":{\"warmup\":{\"from\":0}}," MAILBOX), "from" }, { ACCOUNT("\"name\":\"a\",\"smtp\":\"x\"," MAILBOX), "smtp" },
		{ ACCOUNT("\"name\":\"a\",\"smtp\":{}," MAILBOX), "smtps://" }, { ACCOUNT("\"name\":\"a\",\"smtp\":{\"url\":\"http://x\"}," MAILBOX), "smtps://" },
		{ ACCOUNT("\"name\":\"a\",\"smtp\":{\"url\":\"smtp://u:p@x\"}," MAILBOX), "no user or password" },
		{ ACCOUNT("\"name\":\"a\",\"smtp\":{\"url\":\"smtp://x\",\"tls\":\"maybe\"}," MAILBOX), "tls" },
		{ ACCOUNT("\"name\":\"a\",\"smtp\":{\"url\":\"smtp://127.0.0.1:2526\",\"tls\":\"none\"}," MAILBOX), "allow_addresses" },
		{ ACCOUNT("\"name\":\"a\",\"smtp\":{\"url\":\"smtps://127.0.0.1:2525\",\"tls\":\"none\"}," MAILBOX), "allow_addresses" },
		{ ACCOUNT("\"name\":\"a\",\"imap\":{\"url\":\"smtp://x\"}," MAILBOX), "imaps://" },
		{ "{\"workspace\":{\"timezone\":\"UTC\"},\"accounts\":5}", "list" },
		{ ACCOUNT("\"name\":\"a\",\"dkim\":5," MAILBOX), "dkim: must be a table" }, { ACCOUNT("\"name\":\"a\",\"dkim\":[5]," MAILBOX), "domain, selector and key" },
		{ DKIM("mail.brand.example", "s", "k"), "must be the domain of the from address (brand.example) or one above it" },
		{ DKIM("rand.example", "s", "k"), "(DMARC)" }, { DKIM("other.example", "s", "k"), "(DMARC)" }, { DKIM("example.", "s", "k"), "domain such as" },
		{ DKIM("brand .example", "s", "k"), "domain such as" }, { DKIM("", "s", "k"), "domain such as" }, { DKIM("brand.example", "a b", "k"), "selector" },
		{ DKIM("brand.example", "a; d=x", "k"), "selector" }, { DKIM("brand.example", "", "k"), "selector" }, { DKIM("brand.example", "s", ""), "secret" },
		{ ACCOUNT("\"name\":\"a\",\"return_path\":\"verp\"," MAILBOX), "must be \"plus\"" },
		{ ACCOUNT("\"name\":\"a\",\"channel\":\"sms\",\"return_path\":\"plus\""), "e-mail account" },
		{ ACCOUNT("\"name\":\"a\",\"return_path\":\"plus\",\"channel\":\"email\",\"from_address\":\"aaaaaaaaaabbbbbbbbbbccccccccccdddddddd@b.c\""), "at most 37" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		Workspace *workspace = make(cases[i].json, &error);
		if (workspace)
			g_error("taken: %s", cases[i].json);
		workspace_free(workspace);
		if (!strstr(error->message, cases[i].says) || !g_str_has_prefix(error->message, "perigee.lua: "))
			g_error("%s: %s", cases[i].json, error->message);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/workspace/policy, topics and the channel table are read", test_policy);
	g_test_add_func("/workspace/a row of the channel table grows old after 180 days", test_old_table);
	g_test_add_func("/workspace/everything that can be said is understood", test_full);
	g_test_add_func("/workspace/what is not said takes its default", test_defaults);
	g_test_add_func("/workspace/an account may sign its mail and have a return path of its own", test_signing);
	g_test_add_func("/workspace/wrong claims are refused and say where", test_refusals);
	return g_test_run();
}
