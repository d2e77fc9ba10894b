/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* People over the years: merged, found twice, grouped. */
#include "people_world.h"

#include "host/runs.h"
#include "host/segments.h"

/* ---- merged ----------------------------------------------------------------------------------------------------- */

static int64_t rows_about(World *w, const char *contact)
{
	g_autoptr(GPtrArray) tables = tables_with(w, "contact");
	int64_t n = 0;
	for (guint i = 0; i < tables->len; i++) {
		g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s WHERE contact = '%s'", (char *)tables->pdata[i], contact);
		n += number(w, sql);
	}
	return n;
}

static void test_merge_loses_nothing(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'lea','name':'Lea','email':'lea@x.example'}");
	put(&w, "{'id':'twin','name':'Twin','email':'twin@x.example','company':'Co','labels':'a','bio':'his'}");
	fill(&w, "lea", "of-lea", 71);
	fill(&w, "twin", "of-twin", 72);
	int64_t lea = rows_about(&w, "lea"), twin = rows_about(&w, "twin");
	g_assert_cmpint(twin, >=, 11);
	merge(&w, "lea", "twin");
	/* Beside what both had: the note of the merge, and the id that goes on naming them. */
	g_assert_cmpint(rows_about(&w, "lea"), ==, lea + twin + 2);
	g_assert_cmpint(rows_about(&w, "twin"), ==, 0);
	g_autofree char *now = contacts_current(&w.host, "twin");
	g_assert_cmpstr(now, ==, "lea");
	/* A file with the old id finds them; nobody new gets it. */
	g_autoptr(GError) error = NULL;
	ImportResult r;
	static const char CSV[] = "id,email,city\ntwin,twin@x.example,Lyon\n";
	g_assert_true(contacts_import(&w.host, "c.csv", CSV, strlen(CSV), true, true, false, NULL, NULL, &r, &error));
	g_assert_cmpint(r.updated, ==, 1);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM contacts WHERE id = 'lea' AND fields LIKE '%Lyon%'"), ==, 1);
	put(&w, "{'name':'Twin'}");
	g_assert_cmpint(number(&w, "SELECT count(*) FROM contacts WHERE id = 'twin-2'"), ==, 1);
	/* A merge of the merged: all former ids lead to the one that is there. */
	merge(&w, "twin-2", "lea");
	g_autofree char *last = contacts_current(&w.host, "twin");
	g_assert_cmpstr(last, ==, "twin-2");
}

static void test_consent_merged(void)
{
	static const struct { const char *a, *b, *both; } CASES[] = {
		{ "opt-in", "no", "no" }, { "no", "opt-in", "no" }, { "opt-in", "legitimate interest", "legitimate interest" }, { "", "opt-in", "opt-in" },
		{ "opt-in", "", "opt-in" }, { "opt-in", "opt-in", "opt-in" }, { "whatsapp: opt-in", "whatsapp: no; email: opt-in", "email: opt-in; whatsapp: no" },
		{ "opt-in", "sms: no", "opt-in; sms: no" }, { "withdrawn", "email: opt-in", "withdrawn; email: withdrawn" },
		{ "objected", "opt-in", "objected" }, { "legitimate interest", " Objected", "Objected" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(World) w;
		world_open_with(&w, PLAIN);
		g_autofree char *a = g_strdup_printf("{'id':'a','consent':'%s','consent_source':'the fair'}", CASES[i].a);
		g_autofree char *b = g_strdup_printf("{'id':'b','consent':'%s','consent_source':'a form'}", CASES[i].b);
		put(&w, a);
		put(&w, b);
		merge(&w, "a", "b");
		g_autoptr(json_t) profile = contacts_profile(&w.host, "a");
		g_assert_cmpstr(value_string(profile, "consent", ""), ==, CASES[i].both);
		g_assert_nonnull(strstr(value_string(profile, "consent_source", ""), "the fair"));
		g_assert_nonnull(strstr(value_string(profile, "consent_source", ""), "a form"));
	}
}

static void test_consent_history(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a','consent':'legitimate interest','consent_source':'their site','consent_at':'2026-01-05'}");
	put(&w, "{'id':'a','consent':'opt-in'}"); /* said now, by a person: the old source is not this one's */
	g_autoptr(json_t) profile = contacts_profile(&w.host, "a");
	g_assert_null(json_object_get(profile, "consent_source"));
	g_assert_cmpint(value_integer(profile, "consent_at", 0), ==, MONDAY);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM consent_changes"), ==, 2);
	g_assert_cmpint(number(&w, "SELECT given_at FROM consent_changes WHERE old IS NULL"), ==, INT64_C(1767567600000)); /* 2026-01-05 in Paris */
	put(&w, "{'id':'a','consent':'opt-in'}");
	g_assert_cmpint(number(&w, "SELECT count(*) FROM consent_changes"), ==, 2);
	g_autoptr(json_t) wanted = value_parse("{\"consent_at\":\"2026-11-20\"}", -1, NULL);
	g_autoptr(GError) error = NULL;
	g_assert_false(contacts_set(&w.host, "a", wanted, "run 1", &error));
	g_assert_nonnull(strstr(error->message, "a script may not set it"));
}

/* Both are in one sequence: one run goes on, the one that has written. */
static void test_merge_runs(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a'}");
	put(&w, "{'id':'b'}");
	run_sql(&w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES (1, 's', 'a', 'v', 'waiting', 1, '{}', 1),"
	            " (2, 's', 'b', 'v', 'waiting', 1, '{}', 1), (3, 't', 'a', 'v', 'waiting', 1, '{}', 1), (4, 't', 'b', 'v', 'ready', 1, '{}', 1)");
	run_sql(&w, "INSERT INTO messages (contact, run, channel, direction, state, at, handed_at) VALUES ('b', 2, 'email', 'out', 'accepted', 1, 1)");
	run_sql(&w, "INSERT INTO pauses VALUES ('contact', 'a', 100, 1), ('contact', 'b', 200, 1)");
	merge(&w, "a", "b");
	g_assert_cmpint(number(&w, "SELECT count(*) FROM runs WHERE state = 'stopped' AND id IN (1, 4) AND error LIKE '%merged into%'"), ==, 2);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM runs WHERE contact = 'a' AND id IN (2, 3) AND state = 'waiting'"), ==, 2);
	g_assert_cmpint(number(&w, "SELECT until FROM pauses WHERE name = 'a'"), ==, 200);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM pauses"), ==, 1);
}

/* Old replies of the one have nothing to do with the runs of the other; a reply that no run has been given yet has. */
static void test_merge_replies(void)
{
	static const struct { const char *into, *from, *sql; int64_t a, b; } CASES[] = {
		{ "a", "b", NULL, 0, 0 },
		{ "a", "b", "INSERT INTO events (id, contact, kind, at) VALUES (7, 'b', 'reply', 1)", 7, 0 },
		{ "b", "a", "INSERT INTO events (id, contact, kind, at) VALUES (7, 'b', 'reply', 1)", 7, 0 },
		{ "a", "b", "INSERT INTO events (id, contact, kind, at) VALUES (7, 'b', 'click', 1)", 0, 0 },
		{ "a", "b", "INSERT INTO events (id, contact, kind, at) VALUES (7, 'b', 'reply', 1), (9, 'a', 'reply', 1)", 7, 9 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(World) w;
		world_open_with(&w, PLAIN);
		put(&w, "{'id':'a','email':'a@x.example'}");
		put(&w, "{'id':'b'}");
		if (CASES[i].sql)
			run_sql(&w, CASES[i].sql);
		run_sql(&w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES (1, 's', 'a', 'v', 'sending', 1, '{}', 1),"
		            " (2, 't', 'b', 'v', 'waiting', 1, '{}', 1)");
		merge(&w, CASES[i].into, CASES[i].from);
		g_assert_cmpint(number(&w, "SELECT seen_event FROM runs WHERE id = 1"), ==, CASES[i].a);
		g_assert_cmpint(number(&w, "SELECT seen_event FROM runs WHERE id = 2"), ==, CASES[i].b);
	}
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a'}");
	put(&w, "{'id':'b'}");
	run_sql(&w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES (1, 's', 'a', 'v', 'sending', 1, '{}', 1),"
	            " (2, 't', 'b', 'v', 'ready', 1, '{}', 1), (3, 'u', 'b', 'v', 'done', 1, '{}', 1)");
	run_sql(&w, "INSERT INTO events (id, contact, kind, at) VALUES (5, 'b', 'reply', 1), (6, 'b', 'reply', 1), (7, 'b', 'reply', 1)");
	run_sql(&w, "INSERT INTO event_runs VALUES (3, 5, NULL), (2, 5, 1), (2, 6, NULL), (2, 7, NULL)");
	merge(&w, "a", "b");
	g_assert_cmpint(number(&w, "SELECT seen_event FROM runs WHERE id = 1"), ==, 5);
}

/* Whoever of the two opted out: nothing that had begun for the other goes on. */
static void test_merge_opted_out(void)
{
	static const char *const LEFT[] = { "a", "b" };
	for (size_t i = 0; i < G_N_ELEMENTS(LEFT); i++) {
		g_auto(World) w;
		world_open_with(&w, PLAIN);
		put(&w, "{'id':'a','email':'a@x.example'}");
		put(&w, "{'id':'b','email':'b@x.example'}");
		run_sql(&w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES (1, 's', 'a', 'v', 'sending', 1, '{}', 1),"
		            " (2, 't', 'b', 'v', 'waiting', 1, '{}', 1)");
		run_sql(&w, "INSERT INTO messages (id, contact, run, channel, direction, state, at, handed_at) VALUES (5, 'a', 1, 'instagram', 'out', 'handed', 1, 1)");
		run_sql(&w, "INSERT INTO tasks (contact, run, kind, note, created_at, message) VALUES ('a', 1, 'message', 'Send it', 1, 5), ('b', NULL, 'call', 'Ring', 1, NULL),"
		            " ('b', NULL, 'sign', 'The contract', 1, NULL)");
		policy_suppress_person(&w.host, LEFT[i], "opted_out");
		merge(&w, "a", "b");
		g_assert_true(policy_left(&w.host, "a"));
		g_assert_cmpint(number(&w, "SELECT count(*) FROM runs WHERE state = 'stopped' AND outcome = 'unsubscribed'"), ==, 2);
		g_assert_cmpint(number(&w, "SELECT count(*) FROM tasks WHERE state = 'open' AND kind <> 'sign'"), ==, 0);
		g_assert_cmpint(number(&w, "SELECT count(*) FROM tasks WHERE state = 'open'"), ==, 1);
		g_assert_cmpint(number(&w, "SELECT count(*) FROM messages WHERE state = 'withdrawn' AND handed_at IS NULL"), ==, 1);
		g_assert_cmpstr(gate(&w, "a", "b@x.example"), ==, "suppressed");
	}
}

static void test_merge_files(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a'}");
	put(&w, "{'id':'b'}");
	write_file(&w, "a/contract.pdf", "of a");
	write_file(&w, "b/contract.pdf", "of b");
	write_file(&w, "b/deep/er.txt", "deep");
	write_file(&w, "a/deep/own.txt", "own");
	merge(&w, "a", "b");
	commit(&w);
	assert_file(&w, "a/contract.pdf", "of a");
	assert_file(&w, "a/contract (b).pdf", "of b");
	assert_file(&w, "a/deep/er.txt", "deep");
	assert_file(&w, "a/deep/own.txt", "own");
	g_autofree char *gone = g_build_filename(w.dir, "attachments", "b", NULL);
	g_assert_false(g_file_test(gone, G_FILE_TEST_EXISTS));
}

/* ---- twice there ------------------------------------------------------------------------------------------------ */

static void test_duplicates(void)
{
	static const struct { const char *a, *b; bool likely; } CASES[] = {
		{ "'email':'l.e.a@gmail.com'", "'email':'lea+news@googlemail.com'", true }, { "'email':'lea+x@brand.example'", "'email':'lea@brand.example'", true },
		{ "'email':'l.ea@brand.example'", "'email':'lea@brand.example'", false }, { "'email':'a@gmail.com'", "'email':'b@gmail.com'", false },
		{ "'phone':'06 12 34 56 78','country':'FR'", "'whatsapp':'+33612345678'", true }, { "'phone':'0612345678'", "'phone':'+33612345678'", false },
		{ "'phone':'0612345678','country':'DE'", "'phone':'+33612345678'", false }, { "'phone':'(202) 555 0123','country':'US'", "'sms':'+12025550123'", true },
		{ "'phone':'06 123','country':'IT'", "'phone':'+3906123'", true },
		{ "'name':'Léa  MARTIN','company':'Big Co.'", "'name':'Lea Martin','company':'big co'", true },
		{ "'name':'Lea Martin','company':'A'", "'name':'Lea Martin','company':'B'", false }, { "'name':'Lea Martin'", "'name':'Lea Martin'", false },
		{ "'email':'agent@x.example','name':'A'", "'email':'agent@x.example','name':'B','shared_address':true", false },
		{ "'email':'agent@x.example','name':'A'", "'email':'agent@x.example','shared_address':true", true },
		{ "'instagram':'@lea'", "'tiktok':'@lea'", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(World) w;
		world_open_with(&w, PLAIN);
		g_autofree char *a = g_strdup_printf("{'id':'one',%s}", CASES[i].a), *b = g_strdup_printf("{'id':'two',%s}", CASES[i].b);
		put(&w, a);
		put(&w, b);
		g_autoptr(json_t) pairs = contacts_duplicates(&w.host);
		if (json_array_size(pairs) != CASES[i].likely)
			g_error("%s and %s: %zu pairs", CASES[i].a, CASES[i].b, json_array_size(pairs));
	}
	/* The one that has been written to stays. */
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'one','email':'lea+x@b.example'}");
	put(&w, "{'id':'two','email':'lea@b.example'}");
	run_sql(&w, "INSERT INTO messages (contact, channel, direction, state, at) VALUES ('two', 'email', 'out', 'accepted', 1)");
	g_autoptr(json_t) pairs = contacts_duplicates(&w.host);
	g_assert_cmpstr(value_string(json_array_get(pairs, 0), "contact", ""), ==, "two");
}

/* ---- segments --------------------------------------------------------------------------------------------------- */

static void test_segments(void)
{
	static const struct { const char *segment, *ids; } CASES[] = {
		{ "{'label':['gold']}", "a b" }, { "{'label':['gold','press']}", "a b c" }, { "{'label':['gold'],'not_label':['press']}", "a" },
		{ "{'stage':['talking']}", "b" }, { "{'not_stage':['talking']}", "a c" }, { "{'channel':['whatsapp']}", "c" }, { "{'channel':['email']}", "a b" },
		{ "{'not_channel':['email']}", "c" }, { "{'country':['fr','IT']}", "a c" }, { "{'fields':{'tier':[1]}}", "a b" }, { "{'fields':{'tier':['2','3']}}", "c" },
		{ "{'fields':{'tier':[1],'city':['Lyon']}}", "b" }, { "{'answered':true}", "b" }, { "{'answered':false}", "a c" },
		{ "{'silent_for':'10 days'}", "a b c" }, { "{'silent_for':'30 days'}", "a c" }, { "{'unwritten_for':'10 days'}", "b c" }, { "{'label':['nobody']}", "" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autofree char *text = g_strdelimit(g_strdup(CASES[i].segment), "'", '"'), *more = g_strdup_printf("\"segments\":{\"s\":%s}", text);
		g_auto(World) w;
		world_open_with(&w, more);
		put(&w, "{'id':'c','phone':'+33612345678','labels':'press','country':'IT','tier':2}");
		put(&w, "{'id':'a','email':'a@x.example','labels':'gold','country':'FR','tier':1}");
		put(&w, "{'id':'b','email':'b@x.example','labels':'gold;press','stage':'talking','tier':'1','city':'Lyon'}");
		g_autofree char *reply = g_strdup_printf("INSERT INTO events (contact, kind, at) VALUES ('b', 'reply', %" G_GINT64_FORMAT ")", MONDAY - 20 * TIME_DAY);
		g_autofree char *sent = g_strdup_printf("INSERT INTO messages (contact, channel, direction, state, at, handed_at) VALUES ('a', 'email', 'out', 'accepted', 1, %"
		                                        G_GINT64_FORMAT ")", MONDAY - 5 * TIME_DAY);
		run_sql(&w, reply);
		run_sql(&w, sent);
		g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
		g_assert_true(segments_ids(&w.host, "s", ids, NULL));
		g_ptr_array_add(ids, NULL);
		g_autofree char *all = g_strjoinv(" ", (char **)ids->pdata);
		if (strcmp(all, CASES[i].ids) != 0)
			g_error("%s: '%s', not '%s'", CASES[i].segment, all, CASES[i].ids);
		g_autoptr(GError) error = NULL;
		g_assert_false(segments_ids(&w.host, "t", ids, &error));
		g_assert_error(error, SEGMENTS_ERROR, SEGMENTS_ERROR_UNKNOWN);
	}
	static const char *const WRONG[] = { "{\"labels\":[\"a\"]}", "{\"label\":\"a\"}", "{\"label\":[1]}", "{\"silent_for\":\"soon\"}", "{\"answered\":1}", "[]", "{\"fields\":{\"a\":1}}" };
	for (size_t i = 0; i < G_N_ELEMENTS(WRONG); i++) {
		g_autoptr(json_t) segment = value_parse(WRONG[i], -1, NULL);
		g_autoptr(GError) error = NULL;
		g_assert_false(segments_check(segment, &error));
		g_assert_nonnull(error);
	}
}

/* ---- gone ------------------------------------------------------------------------------------------------------- */

/* Whoever reads the agent's mailbox has asked for peace: that holds for all who have the address, and for nobody else. */
static void test_opt_out_shared(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a','email':'agent@x.example'}");
	put(&w, "{'id':'b','email':'agent@x.example;own@x.example','shared_address':true}");
	put(&w, "{'id':'c','email':'else@x.example'}");
	g_assert_cmpstr(gate(&w, "b", "own@x.example"), !=, "suppressed");
	policy_suppress_person(&w.host, "a", "opted_out");
	static const struct { const char *contact, *address; bool open; } CASES[] = {
		{ "a", "agent@x.example", false }, { "b", "agent@x.example", false }, { "b", "own@x.example", false }, { "c", "else@x.example", true },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++)
		g_assert_true((g_strcmp0(gate(&w, CASES[i].contact, CASES[i].address), "suppressed") != 0) == CASES[i].open);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/people/a merge loses no row of any table, and the old id still names them", test_merge_loses_nothing);
	g_test_add_func("/people/of two runs of one sequence the one that has written goes on", test_merge_runs);
	g_test_add_func("/people/a merge ends no run for an old reply of the other one", test_merge_replies);
	g_test_add_func("/people/who is merged with somebody who opted out has opted out", test_merge_opted_out);
	g_test_add_func("/people/files of a merged contact move, and none replaces another", test_merge_files);
	g_test_add_func("/people/of consent the stricter counts, and both sources are kept", test_consent_merged);
	g_test_add_func("/people/consent has a history, and a script gives none", test_consent_history);
	g_test_add_func("/people/who is likely there twice is told, agents are not", test_duplicates);
	g_test_add_func("/people/a segment has those of whom all of it holds", test_segments);
	g_test_add_func("/people/who opts out with a shared address does so for all who have it", test_opt_out_shared);
	return g_test_run();
}
