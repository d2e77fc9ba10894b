/* SPDX-License-Identifier: MIT */
/* Links that unsubscribe: what they are made of, whose they are, and what following one does. LINKS: host */
#include "host/compose.h"
#include "host/policy.h"
#include "host/token.h"
#include "host/unsubscribe.h"

#include "link_world.h"

#include <string.h>

/* The last part of a message's link. Caller frees. */
static char *token(World *w, const char *id)
{
	g_autofree char *url = token_url(&w->host, FOLLOW_UNSUBSCRIBE, id);
	g_assert_true(g_str_has_prefix(url, "https://out.brand.example/mail/u/"));
	return g_strdup(strrchr(url, '/') + 1);
}

static FollowState follow(World *w, const char *text, bool act)
{
	g_auto(Followed) who = { 0 };
	unsubscribe_follow(&w->host, text, act, &who);
	return who.state;
}

static void a_token_says_nothing_and_stays_the_same(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *one = token(w, ID), *again = token(w, ID), *other = token(w, TEST_ID);
	g_assert_cmpuint(strlen(one), ==, FOLLOW_TOKEN_CHARS);
	g_assert_cmpuint(strspn(one, "abcdefghijklmnopqrstuvwxyz234567"), ==, FOLLOW_TOKEN_CHARS);
	g_assert_cmpstr(one, ==, again);
	g_assert_cmpstr(one + 26, !=, other + 26);
	g_assert_cmpint(number(w, "SELECT length(value) FROM meta WHERE key = 'unsubscribe_key'"), ==, 64);
	/* Another database's key makes another token. */
	run_sql(w, "DELETE FROM meta WHERE key = 'unsubscribe_key'");
	g_autofree char *elsewhere = token(w, ID);
	g_assert_cmpstr(one, !=, elsewhere);
	g_assert_cmpint(follow(w, one, true), ==, FOLLOWED_UNKNOWN);
	g_assert_cmpint(follow(w, elsewhere, false), ==, FOLLOWED_NOT_YET);
}

static void looking_changes_nothing_and_tells_whose_it_is(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = token(w, ID);
	int64_t before = db_changes_ever(w->host.db);
	for (int i = 0; i < 2; i++) {
		g_auto(Followed) who = { 0 };
		unsubscribe_follow(&w->host, text, false, &who);
		g_assert_cmpint(who.state, ==, FOLLOWED_NOT_YET);
		g_assert_cmpstr(who.from, ==, "Léa");
		g_assert_cmpstr(who.address, ==, "a***@shop.example");
		g_assert_cmpstr(who.locale, ==, "fr-FR");
	}
	g_assert_cmpint(db_changes_ever(w->host.db), ==, before);
}

static void following_it_ends_runs_withdraws_messages_and_suppresses(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = token(w, ID);
	g_assert_cmpint(follow(w, text, true), ==, FOLLOWED_DONE);
	is_text(w, "SELECT group_concat(kind || ' ' || contact || ' ' || channel || ' ' || message) FROM events", "unsubscribe ana email 10");
	is_text(w, "SELECT state || ' ' || outcome FROM runs WHERE id = 1", "stopped unsubscribed");
	is_text(w, "SELECT state FROM messages WHERE id = 11", "withdrawn");
	/* Whoever has the link has the mail. */
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
	g_assert_true(policy_left(&w->host, "ana"));
	g_assert_cmpint(number(w, "SELECT count(*) FROM suppressions WHERE contact = 'ana' AND reason = 'opted_out' AND channel = 'email'"), ==, 1);
	/* And again: the same answer, nothing new. */
	int64_t before = db_changes_ever(w->host.db);
	g_assert_cmpint(follow(w, text, true), ==, FOLLOWED_ALREADY);
	g_assert_cmpint(follow(w, text, false), ==, FOLLOWED_ALREADY);
	g_assert_cmpint(db_changes_ever(w->host.db), ==, before);
}

static void of_strangers_tokens_nothing_is_known(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *text = token(w, ID), *longer = g_strconcat(text, "a", NULL), *upper = g_ascii_strup(text, -1), *gone = token(w, "zzzzzzzzzzzzzzzzzzzzzzzzzy@brand.example");
	const char *const wrong[] = { "", "a", "example", longer, upper, gone, "%", "aaaaaaaaaaaaaaaaaaaaaaaaayaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_cmpint(follow(w, wrong[i], true), ==, FOLLOWED_UNKNOWN);
	/* Each single character counts. */
	for (size_t i = 0; i < strlen(text); i++) {
		g_autofree char *changed = g_strdup(text);
		changed[i] = changed[i] == 'q' ? 'e' : 'q';
		g_assert_cmpint(follow(w, changed, true), ==, FOLLOWED_UNKNOWN);
	}
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	g_assert_cmpint(number(w, "SELECT count(*) FROM suppressions"), ==, 0);
}

static void a_test_message_unsubscribes_nobody_and_the_erased_are_left_alone(World *w, const void *unused)
{
	(void)unused;
	g_autofree char *test = token(w, TEST_ID), *erased = token(w, ERASED_ID);
	g_assert_cmpint(follow(w, test, false), ==, FOLLOWED_NOT_YET);
	g_assert_cmpint(follow(w, test, true), ==, FOLLOWED_DONE);
	g_assert_cmpint(follow(w, erased, false), ==, FOLLOWED_ALREADY);
	g_assert_cmpint(follow(w, erased, true), ==, FOLLOWED_ALREADY);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	g_assert_cmpint(number(w, "SELECT count(*) FROM suppressions"), ==, 0);
}

static void which_public_urls_may_stand_in_a_mail(World *w, const void *unused)
{
	(void)unused;
	static const struct { const char *url, *base; } cases[] = {
		{ "https://out.brand.example", "https://out.brand.example" }, { "https://out.brand.example/", "https://out.brand.example" },
		{ "https://out.brand.example/a/b//", "https://out.brand.example/a/b" }, { "https://out.brand.example:8443/x", "https://out.brand.example:8443/x" },
		{ "http://127.0.0.1:8085", "http://127.0.0.1:8085" }, { "http://[::1]:8085/", "http://[::1]:8085" }, { "http://localhost:1", "http://localhost:1" },
		{ "http://10.0.0.7:80", "http://10.0.0.7" }, { "http://10.0.0.7:81", NULL }, { "http://out.brand.example", NULL },
		{ "http://127.brand.example", NULL }, { "https://out.brand.example/?a=b", NULL }, { "https://out.brand.example/<x>", NULL },
		{ "https://out.brand.example/a,b", NULL }, { "https://user@out.brand.example/", NULL }, { "ftp://out.brand.example/", NULL },
	};
	json_array_append_new(w->workspace.allow_addresses, json_string("10.0.0.7:80"));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *url = g_strdup(cases[i].url);
		w->workspace.public_url = url;
		g_autoptr(GError) error = NULL;
		g_autofree char *base = token_base(&w->workspace, &error);
		g_test_message("%s", cases[i].url);
		g_assert_cmpstr(base, ==, cases[i].base);
		g_assert_true((base == NULL) == (error != NULL));
	}
	w->workspace.public_url = NULL;
	g_autoptr(GError) error = NULL;
	g_assert_null(token_base(&w->workspace, &error));
	g_assert_no_error(error);
	g_assert_null(token_url(&w->host, FOLLOW_UNSUBSCRIBE, ID));
	g_assert_null(token_example(&w->workspace, FOLLOW_UNSUBSCRIBE));
}

static void addresses_are_masked(World *w, const void *unused)
{
	(void)unused;
	static const char *const cases[][2] = { { "a@x.example", "***@x.example" }, { "éva@x.example", "é***@x.example" }, { "é@x.example", "***@x.example" },
		                                { "\"a@b\"@x.example", "\"***@x.example" }, { "none", "" }, { "@x.example", "" } };
	g_autofree char *text = token(w, ID);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(Followed) who = { 0 };
		db_run(w->host.db, "UPDATE messages SET address = ? WHERE id = 10", "s", cases[i][0]);
		unsubscribe_follow(&w->host, text, false, &who);
		g_assert_cmpstr(who.address, ==, cases[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/unsubscribe/" name, World, NULL, world_open, function, world_close)
	ADD("a token says nothing and stays the same", a_token_says_nothing_and_stays_the_same);
	ADD("looking changes nothing and tells whose it is", looking_changes_nothing_and_tells_whose_it_is);
	ADD("following it ends runs, withdraws messages and suppresses", following_it_ends_runs_withdraws_messages_and_suppresses);
	ADD("of strangers' tokens nothing is known", of_strangers_tokens_nothing_is_known);
	ADD("a test message unsubscribes nobody, and the erased are left alone", a_test_message_unsubscribes_nobody_and_the_erased_are_left_alone);
	ADD("which public URLs may stand in a mail", which_public_urls_may_stand_in_a_mail);
	ADD("addresses are masked", addresses_are_masked);
	return g_test_run();
}
