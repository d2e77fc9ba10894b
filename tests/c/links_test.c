/* SPDX-License-Identifier: MIT */
/* Links to confirm, and signed links: whose they are, what opening one does, and when they hold no more. LINKS: host */
#include "host/confirm.h"
#include "host/contacts.h"
#include "host/links.h"
#include "host/policy.h"
#include "host/unsubscribe.h"

#include "link_world.h"

#include <string.h>

#define GUIDE "https://brand.example/guide.pdf?a=1#two"
#define WEEK (7 * TIME_DAY)

/* The last part of a message's link. Caller frees. */
static char *token(World *w, FollowKind kind, const char *id)
{
	g_autofree char *url = token_url(&w->host, kind, id);
	return g_strdup(strrchr(url, '/') + 1);
}

static FollowState follow(World *w, FollowKind kind, const char *text, bool act)
{
	g_auto(Followed) who = { 0 };
	follow_link(&w->host, kind, text, act, &who);
	return who.state;
}

static void a_press_records_consent_with_its_source_and_is_an_event(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = token(w, FOLLOW_CONFIRM, ID);
	run_sql(w, "UPDATE contacts SET consent = 'whatsapp: opt-in; legitimate interest', consent_source = 'the fair' WHERE id = 'ana'");
	run_sql(w, "UPDATE messages SET template = 'please-confirm' WHERE id = 10");
	int64_t before = db_changes_ever(w->host.db);
	for (int i = 0; i < 3; i++)
		g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, false), ==, FOLLOWED_NOT_YET);
	g_assert_cmpint(db_changes_ever(w->host.db), ==, before);
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, true), ==, FOLLOWED_DONE);
	is_text(w, "SELECT consent FROM contacts WHERE id = 'ana'", "email: double opt-in; whatsapp: opt-in; legitimate interest");
	is_text(w, "SELECT consent_source FROM contacts WHERE id = 'ana'", "double opt-in: template please-confirm, 2026-11-23 08:00; the fair");
	g_assert_cmpint(number(w, "SELECT consent_at FROM contacts WHERE id = 'ana'"), ==, NOW);
	is_text(w, "SELECT old || ' > ' || new || ', ' || cause FROM consent_changes",
	        "whatsapp: opt-in; legitimate interest > email: double opt-in; whatsapp: opt-in; legitimate interest, their confirmation");
	is_text(w, "SELECT kind || ' ' || channel || ' ' || message || ' ' || data FROM events", "opt_in email 10 {\"template\":\"please-confirm\"}");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted"); /* it was in doubt: whoever has the link has the mail */
	before = db_changes_ever(w->host.db);
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, true), ==, FOLLOWED_ALREADY);
	g_assert_cmpint(db_changes_ever(w->host.db), ==, before);
}

/* What is known of other channels is cut where there is no room for it; if there is none for the consent itself nothing happens. */
static void a_consent_that_is_long(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = token(w, FOLLOW_CONFIRM, ID), *ascii = g_strnfill(1000, 'x'), *odd = g_strnfill(1000, 'x'), *full = g_strnfill(990, 'y');
	g_autofree char *others = g_strconcat("sms: ", full, NULL);
	g_autoptr(GString) wide = g_string_new(NULL);
	for (int i = 0; i < 500; i++)
		g_string_append(wide, "é");
	memcpy(odd + 998, "é", strlen("é"));
	const struct { const char *consent, *source; FollowState state; size_t bytes; } cases[] = {
		{ "sms: opt-in", "the fair", FOLLOWED_DONE, 0 }, { "sms: opt-in", ascii, FOLLOWED_DONE, 1000 }, { "sms: opt-in", wide->str, FOLLOWED_DONE, 1000 },
		{ "sms: opt-in", odd, FOLLOWED_DONE, 1000 }, { others, "the fair", FOLLOWED_LATER, 0 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		db_savepoint(w->host.db);
		db_run(w->host.db, "UPDATE contacts SET consent = ?, consent_source = ? WHERE id = 'ana'", "ss", cases[i].consent, cases[i].source);
		g_test_message("%zu bytes of consent, %zu of its source", strlen(cases[i].consent), strlen(cases[i].source));
		g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, true), ==, cases[i].state);
		g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, cases[i].state == FOLLOWED_DONE);
		g_assert_cmpint(number(w, "SELECT consent LIKE 'email: double opt-in%' AND consent_source LIKE 'double opt-in: template%' FROM contacts WHERE id = 'ana'"),
		                ==, cases[i].state == FOLLOWED_DONE);
		is_text(w, "SELECT state FROM messages WHERE id = 10", cases[i].state == FOLLOWED_DONE ? "accepted" : "unknown");
		g_autofree char *source = db_text(w->host.db, "SELECT consent_source FROM contacts WHERE id = 'ana'", "");
		g_assert_true(g_utf8_validate(source, -1, NULL));
		g_assert_cmpuint(strlen(source), <=, 1000);
		g_assert_true(!cases[i].bytes || (strlen(source) >= cases[i].bytes - 1 && g_str_has_suffix(source, "...")));
		db_undo(w->host.db);
	}
}

static void nobody_is_brought_back_by_an_older_link(World *w, const void *unused)
{
	(void)unused;
	static const struct { const char *what, *sql; FollowState state; } cases[] = {
		{ "unsubscribed since", "INSERT INTO events (contact, kind, at) VALUES ('ana', 'unsubscribe', (SELECT at + 1 FROM messages WHERE id = 10))", FOLLOWED_OVER },
		{ "at that moment", "INSERT INTO events (contact, kind, at) VALUES ('ana', 'unsubscribe', (SELECT at FROM messages WHERE id = 10))", FOLLOWED_OVER },
		{ "complained since", "INSERT INTO events (contact, kind, at) VALUES ('ana', 'complaint', (SELECT at + 1 FROM messages WHERE id = 10))", FOLLOWED_OVER },
		{ "left before it was sent, and was let in again", "INSERT INTO events (contact, kind, at) VALUES ('ana', 'unsubscribe', (SELECT at - 1 FROM messages WHERE id = 10))", FOLLOWED_NOT_YET },
		{ "sent later than asked for", "UPDATE messages SET first_handed_at = at + 9 WHERE id = 10", FOLLOWED_NOT_YET },
		{ "consent says no", "UPDATE contacts SET consent = 'no' WHERE id = 'ana'", FOLLOWED_OVER },
		{ "consent for e-mail says no", "UPDATE contacts SET consent = 'email: withdrawn; opt-in' WHERE id = 'ana'", FOLLOWED_OVER },
		{ "another channel's says no", "UPDATE contacts SET consent = 'sms: no' WHERE id = 'ana'", FOLLOWED_NOT_YET },
		{ "another address since", "UPDATE identities SET address = 'new@shop.example', norm = 'new@shop.example' WHERE contact = 'ana'", FOLLOWED_OVER },
		{ "90 days ago", "UPDATE messages SET at = at + 3600000 - 90 * 86400000", FOLLOWED_NOT_YET },
		{ "longer ago", "UPDATE messages SET at = at + 3600000 - 90 * 86400000 - 1", FOLLOWED_OVER },
		{ "asked for longer ago, and sent later", "UPDATE messages SET at = at - 90 * 86400000, first_handed_at = at", FOLLOWED_NOT_YET },
	};
	g_autofree char *text = token(w, FOLLOW_CONFIRM, ID);
	db_savepoint(w->host.db);
	policy_suppress_identity(&w->host, "email", "Ana@shop.example", "opted_out", "bob");
	g_assert_false(policy_left(&w->host, "ana"));
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, true), ==, FOLLOWED_OVER);
	db_undo(w->host.db);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%s", cases[i].what);
		db_savepoint(w->host.db);
		run_sql(w, cases[i].sql);
		g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, false), ==, cases[i].state);
		g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, true), ==, cases[i].state == FOLLOWED_NOT_YET ? FOLLOWED_DONE : cases[i].state);
		g_assert_cmpint(number(w, "SELECT count(*) FROM events WHERE kind = 'opt_in'"), ==, cases[i].state == FOLLOWED_NOT_YET);
		db_undo(w->host.db);
	}
	g_autofree char *leave = token(w, FOLLOW_UNSUBSCRIBE, ID), *test = token(w, FOLLOW_CONFIRM, TEST_ID), *erased = token(w, FOLLOW_CONFIRM, ERASED_ID);
	g_assert_cmpint(follow(w, FOLLOW_UNSUBSCRIBE, leave, true), ==, FOLLOWED_DONE);
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, text, true), ==, FOLLOWED_OVER);
	g_assert_true(policy_left(&w->host, "ana"));
	is_text(w, "SELECT consent FROM contacts WHERE id = 'ana'", NULL);
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, test, true), ==, FOLLOWED_DONE); /* and does nothing */
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, erased, true), ==, FOLLOWED_OVER);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events WHERE kind = 'opt_in'"), ==, 0);
}

/* Records one link of message 10 and gives its token. */
static char *link_of(World *w, const char *url, const char *within)
{
	g_autofree char *random = NULL;
	g_autoptr(json_t) offered = links_offer(&w->host, 10, &random), links = json_pack("[{s:s, s:s}]", "url", url, "within", within);
	g_assert_true(links_fit(&w->host, "ana", links, NULL));
	links_record(&w->host, 10, "ana", random, links);
	g_assert_cmpuint(json_array_size(json_object_get(offered, "tokens")), ==, LINKS_MOST);
	return g_strdup(json_string_value(json_array_get(json_object_get(offered, "tokens"), 0)));
}

static void a_link_leads_where_it_was_meant_to_for_so_long(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = link_of(w, GUIDE, "7 days"), *again = link_of(w, GUIDE, "7 days");
	g_assert_cmpstr(text, ==, again); /* what is composed anew keeps its links */
	static const struct { Time at; FollowState state; } cases[] = { { 0, FOLLOWED_GOES }, { WEEK, FOLLOWED_GOES }, { WEEK + 1, FOLLOWED_OVER } };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(Followed) who = { 0 };
		w->host.clock = clock_virtual(NOW + cases[i].at);
		follow_link(&w->host, FOLLOW_LINK, text, false, &who);
		g_assert_cmpint(who.state, ==, cases[i].state);
		g_assert_cmpstr(who.url, ==, who.state == FOLLOWED_GOES ? GUIDE : NULL);
	}
	g_assert_cmpint(follow(w, FOLLOW_LINK, text, true), ==, FOLLOWED_OVER);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
}

static void opening_one_is_told_once_and_looking_never(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = link_of(w, GUIDE, "7 days");
	for (int i = 0; i < 2; i++)
		g_assert_cmpint(follow(w, FOLLOW_LINK, text, false), ==, FOLLOWED_GOES);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	for (int i = 0; i < 3; i++)
		g_assert_cmpint(follow(w, FOLLOW_LINK, text, true), ==, FOLLOWED_GOES);
	is_text(w, "SELECT group_concat(kind || ' ' || channel || ' ' || message || ' ' || data) FROM events", "click email 10 {\"url\":\"" GUIDE "\"}");
}

/* Whoever follows them is whom redirect_all_to names, and speaks for nobody else. */
static void links_of_a_redirected_mail_do_nothing(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *leave = token(w, FOLLOW_UNSUBSCRIBE, ID), *confirm = token(w, FOLLOW_CONFIRM, ID), *link = link_of(w, GUIDE, "7 days");
	run_sql(w, "UPDATE messages SET options = '{\"redirected\":true}' WHERE id = 10");
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, confirm, false), ==, FOLLOWED_NOT_YET);
	g_assert_cmpint(follow(w, FOLLOW_CONFIRM, confirm, true), ==, FOLLOWED_DONE);
	g_assert_cmpint(follow(w, FOLLOW_UNSUBSCRIBE, leave, true), ==, FOLLOWED_DONE);
	g_assert_cmpint(follow(w, FOLLOW_LINK, link, true), ==, FOLLOWED_GOES);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	g_assert_false(policy_left(&w->host, "ana"));
	is_text(w, "SELECT consent FROM contacts WHERE id = 'ana'", NULL);
}

static void a_token_is_for_one_thing_alone(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *leave = token(w, FOLLOW_UNSUBSCRIBE, ID), *confirm = token(w, FOLLOW_CONFIRM, ID), *link = link_of(w, GUIDE, "7 days");
	const char *const tokens[] = { [FOLLOW_UNSUBSCRIBE] = leave, [FOLLOW_CONFIRM] = confirm, [FOLLOW_LINK] = link };
	for (int is = FOLLOW_UNSUBSCRIBE; is <= FOLLOW_LINK; is++)
		for (int as = FOLLOW_UNSUBSCRIBE; as <= FOLLOW_LINK; as++)
			g_assert_true((follow(w, (FollowKind)as, tokens[is], false) != FOLLOWED_UNKNOWN) == (is == as));
	/* Each single character counts, and so does the number. */
	for (size_t i = 0; i < strlen(link); i++) {
		g_autofree char *changed = g_strdup(link);
		changed[i] = changed[i] == 'q' ? 'e' : 'q';
		g_assert_cmpint(follow(w, FOLLOW_LINK, changed, true), ==, FOLLOWED_UNKNOWN);
	}
	g_autofree char *second = token_make(&w->host, FOLLOW_LINK, link, 2);
	g_assert_cmpint(follow(w, FOLLOW_LINK, second, true), ==, FOLLOWED_UNKNOWN);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
}

static void what_a_link_may_lead_to(World *w, const void *unused)
{
	(void)unused;
	static const struct { const char *url, *within; bool fits; } cases[] = {
		{ "https://a.example/", "7 days", true }, { "http://a.example/x?y#z", "90s", true }, { "HTTPS://a.example/", "3 business days", true },
		{ "https://a.example/", "2026-12-01", true }, { "javascript:alert(1)", "7 days", false }, { "//a.example/", "7 days", false }, { "/x", "7 days", false },
		{ "", "7 days", false }, { "https://", "7 days", false }, { "https:///x", "7 days", false }, { "https://a.example/ x", "7 days", false },
		{ "https://a.example/\r\nX: y", "7 days", false }, { "https://a.example/é", "7 days", false }, { "https://a.example/\\x", "7 days", false },
		{ "https://a.example/", "", false }, { "https://a.example/", "for ever", false }, { "https://a.example/", "-1 day", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) links = json_pack("[{s:s, s:s}]", "url", cases[i].url, "within", cases[i].within);
		g_test_message("%s, %s", cases[i].url, cases[i].within);
		g_assert_true(links_fit(&w->host, "ana", links, &error) == cases[i].fits);
		g_assert_true((error != NULL) == !cases[i].fits);
	}
	w->workspace.public_url = NULL;
	g_autofree char *random = NULL;
	g_assert_null(links_offer(&w->host, 10, &random));
}

static void a_consent_is_read_by_channel(World *w, const void *unused)
{
	(void)unused;
	(void)w;
	static const char *const cases[][3] = {
		{ "opt-in", "email", "opt-in" }, { "whatsapp: opt-in; email: no", "email", "no" }, { "whatsapp: opt-in; no", "email", "no" }, { "Email : Opt-In", "email", "Opt-In" },
		{ "sms: no", "email", NULL }, { "", "email", NULL }, { NULL, "email", NULL }, { "no; email: opt-in", "email", "opt-in" }, { "nothing: known", "email", "nothing: known" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *basis = contacts_basis(cases[i][0], cases[i][1]);
		g_assert_cmpstr(basis, ==, cases[i][2]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/links/" name, World, NULL, world_open, function, world_close)
	ADD("a press records consent with its source, and is an event", a_press_records_consent_with_its_source_and_is_an_event);
	ADD("a consent that is long", a_consent_that_is_long);
	ADD("nobody is brought back by an older link", nobody_is_brought_back_by_an_older_link);
	ADD("a link leads where it was meant to, for so long", a_link_leads_where_it_was_meant_to_for_so_long);
	ADD("opening one is told once, and looking never", opening_one_is_told_once_and_looking_never);
	ADD("links of a mail that went elsewhere do nothing", links_of_a_redirected_mail_do_nothing);
	ADD("a token is for one thing alone", a_token_is_for_one_thing_alone);
	ADD("what a link may lead to", what_a_link_may_lead_to);
	ADD("a consent is read by channel", a_consent_is_read_by_channel);
	return g_test_run();
}
