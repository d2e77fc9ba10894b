/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* People over the years: merged, found twice, grouped, exported, erased, and forgotten when their time is over. */
#include "host/contacts.h"
#include "host/policy.h"
#include "host/retention.h"
#include "host/runs.h"
#include "host/segments.h"
#include "host/visits.h"

#include <glib/gstdio.h>
#include <string.h>

#define MONDAY INT64_C(1795428000000) /* 2026-11-23T10:00:00Z */
#define LATER 3                       /* fields of HostThen's record: three words */

typedef struct World {
	Host host;
	char *dir;
} World;

static const char PLAIN[] = "\"keep\":{}";

/* more: members of the workspace, as JSON. */
static void world_open_with(World *w, const char *more)
{
	g_autoptr(GError) error = NULL;
	w->dir = g_dir_make_tmp("people-XXXXXX", &error);
	g_assert_no_error(error);
	g_autofree char *path = g_build_filename(w->dir, "perigee.db", NULL);
	w->host = (Host){ .db = db_open(path, &error), .clock = clock_virtual(MONDAY), .visits = visits_new(), .lock_fd = -1, .serving = true,
		              .after_commit = g_array_new(FALSE, FALSE, LATER * sizeof(void *)) };
	g_assert_no_error(error);
	g_autofree char *text = g_strdup_printf("{\"workspace\":{\"timezone\":\"Europe/Paris\",\"hours\":\"always\",\"stages\":[\"prospect\",\"talking\"],%s},"
		"\"accounts\":[],\"channels\":{\"email\":{\"source\":\"a page\",\"checked\":\"2026-11-20\"}}}", more);
	g_autoptr(json_t) declared = value_parse(text, -1, &error);
	g_assert_no_error(error);
	w->host.workspace = workspace_new(w->dir, declared, &error);
	g_assert_no_error(error);
}

static void remove_all(const char *dir)
{
	g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
	for (const char *name; open && (name = g_dir_read_name(open));) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			remove_all(path);
		g_unlink(path);
	}
	g_rmdir(dir);
}

static void commit(World *w)
{
	g_autoptr(GError) error = NULL;
	host_commit(&w->host, &error);
	g_assert_no_error(error);
}

static void world_close(World *w)
{
	commit(w); /* what waits for a commit is done, too */
	g_assert_false(db_failed(w->host.db));
	retention_free(&w->host);
	visits_free(w->host.visits);
	g_clear_pointer(&w->host.policy_hashes, g_hash_table_unref);
	db_close(w->host.db);
	workspace_free(w->host.workspace);
	g_array_unref(w->host.after_commit);
	remove_all(w->dir);
	g_free(w->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_close)

static void run_sql(World *w, const char *sql)
{
	host_write(&w->host);
	Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
	while (rows_next(rows))
		;
	if (db_failed(w->host.db)) {
		g_autoptr(GError) error = NULL;
		db_take_error(w->host.db, &error);
		g_error("%s: %s", sql, error->message);
	}
}

static int64_t number(World *w, const char *sql)
{
	Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
	int64_t n = rows_next(rows) ? rows_int(rows, 0) : -1;
	while (rows_next(rows))
		;
	return n;
}

static void put(World *w, const char *attributes)
{
	g_autofree char *text = g_strdelimit(g_strdup(attributes), "'", '"');
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) object = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_autofree char *id = contacts_put(&w->host, object, true, "person", &error);
	g_assert_no_error(error);
}

static void merge(World *w, const char *into, const char *from)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(contacts_merge(&w->host, into, from, &error));
	g_assert_no_error(error);
}

static const char *gate(World *w, const char *contact, const char *address)
{
	PolicyCase c = { .contact = contact, .channel = "email", .address = address, .purpose = "ask" };
	Verdict verdict = policy_check(&w->host, &c);
	const char *rule = verdict.rule;
	verdict_clear(&verdict);
	return rule;
}

/* ---- every table ------------------------------------------------------------------------------------------------ */

static GPtrArray *tables_with(World *w, const char *column)
{
	GPtrArray *tables = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *sql = g_strdup_printf("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = '%s'"
	                                       " ORDER BY m.name", column);
	Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
	while (rows_next(rows))
		g_ptr_array_add(tables, g_strdup(rows_text(rows, 0)));
	return tables;
}

/* A row of every table that has a column contact, whatever else the table wants: text is `word`, numbers are n. */
static void fill(World *w, const char *contact, const char *word, int n)
{
	g_autoptr(GPtrArray) tables = tables_with(w, "contact");
	g_assert_cmpuint(tables->len, >=, 11);
	for (guint i = 0; i < tables->len; i++) {
		g_autofree char *sql = g_strdup_printf("SELECT name, type FROM pragma_table_info('%s')", (char *)tables->pdata[i]);
		g_autoptr(GString) names = g_string_new(NULL), values = g_string_new(NULL);
		Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
		while (rows_next(rows)) {
			const char *name = rows_text(rows, 0);
			bool is_number = strcmp(rows_text(rows, 1), "INTEGER") == 0;
			/* A message or run of a stranger would be one of theirs. */
			/* What says nothing of a person: names of ours, ids that are random, words of a list. */
			static const char *const OURS[] = { "channel", "address_hash", "template", "purpose", "account", "rule", "code", "boot", "sequence", "version",
				"kind", "program", "error_code", "held", "thread", NULL };
			bool ours = g_strv_contains(OURS, name) || (strcmp(name, "reason") == 0 && strcmp(tables->pdata[i], "suppressions") == 0) ||
			            (strcmp(name, "outcome") == 0 && strcmp(tables->pdata[i], "runs") == 0);
			bool reference = strcmp(name, "run") == 0 || strcmp(name, "message") == 0 || strcmp(name, "position") == 0;
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
			g_string_append(values, values->len ? ", " : "");
			if (strcmp(name, "contact") == 0)
				g_string_append_printf(values, "'%s'", contact);
			else if (strcmp(name, "state") == 0)
				g_string_append(values, "'done'");
			else if (strcmp(name, "direction") == 0)
				g_string_append(values, "'in'");
			else if (strcmp(name, "data") == 0 || strcmp(name, "start") == 0)
				g_string_append_printf(values, "'{\"text\":\"%s\"}'", word);
			else if (reference)
				g_string_append(values, "NULL");
			else if (ours)
				g_string_append_printf(values, "'x%d'", n);
			else if (is_number)
				g_string_append_printf(values, "%d", n);
			else
				g_string_append_printf(values, "'%s'", word);
		}
		g_autofree char *insert = g_strdup_printf("INSERT INTO %s (%s) VALUES (%s)", (char *)tables->pdata[i], names->str, values->str);
		run_sql(w, insert);
	}
}

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

static void write_file(World *w, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(w->dir, "attachments", name, NULL), *dir = g_path_get_dirname(path);
	g_mkdir_with_parents(dir, 0700);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void assert_file(World *w, const char *name, const char *wanted)
{
	g_autofree char *path = g_build_filename(w->dir, "attachments", name, NULL), *text = NULL;
	g_file_get_contents(path, &text, NULL, NULL);
	g_assert_cmpstr(text, ==, wanted);
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

/* ---- one person's data ------------------------------------------------------------------------------------------ */

static void history(World *w)
{
	put(w, "{'id':'zelda','name':'Zelda Quux','email':'zelda@secret.example','phone':'+33611223344','bio':'plays-the-lute','consent':'opt-in','consent_source':'a-fair'}");
	put(w, "{'id':'lea','name':'Lea','email':'lea@x.example'}");
	fill(w, "zelda", "quuxword", 81);
	run_sql(w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at, ended_at) VALUES"
	           " (1, 's', 'zelda', 'v', 'waiting', 1, '{\"contact\":{\"name\":\"Zelda Quux\"}}', 1, NULL), (2, 'job', NULL, 'v', 'done', 1, '{}', 1, 2),"
	           " (3, 'live-job', NULL, 'v', 'waiting', 1, '{}', 1, NULL), (4, 's', 'lea', 'v', 'done', 1, '{}', 1, 2)");
	run_sql(w, "INSERT INTO journal (run, position, kind, args, asked_at, answer) VALUES (1, 0, 'send', '{\"x\":\"quuxword\"}', 1, '{\"r\":[\"quuxword\"]}'),"
	           " (2, 0, 'contacts.find', '{}', 1, '{\"r\":[[{\"id\":\"zelda\",\"email\":\"zelda@secret.example\"}]]}'),"
	           " (3, 0, 'contacts.get', '{\"id\":\"zelda\"}', 1, '{\"r\":[]}'), (4, 0, 'note', '{\"text\":\"met zelda@secret.example, too\"}', 1, '{\"r\":[]}'),"
	           " (4, 1, 'now', '{}', 1, '{\"r\":[7]}')");
	run_sql(w, "INSERT INTO run_log (run, at, text) VALUES (1, 1, 'quuxword'), (2, 1, 'wrote to Zelda@secret.example.'), (4, 1, 'all is well')");
	run_sql(w, "INSERT INTO requests (run, position, state, method, host, url, key, at) VALUES (2, 1, 'answered', 'GET', 'crm.example',"
	           " 'https://crm.example/?email=zelda%40secret.example', 'k', 1)");
	run_sql(w, "INSERT INTO store VALUES ('workspace', 'seen:zelda', '1'), ('workspace', 'list', '[\"lea\",\"zelda@secret.example\"]'), ('workspace', 'n', '3')");
	run_sql(w, "INSERT INTO messages (contact, channel, direction, state, at, options) VALUES ('lea', 'email', 'out', 'accepted', 1, '{\"cc\":[\"zelda@secret.example\"]}')");
	write_file(w, "zelda/contract.txt", "quuxword");
}

/* None of the words stands in any file of the workspace. */
static void assert_nowhere(const char *dir, const char *const *words)
{
	g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
	for (const char *name; open && (name = g_dir_read_name(open));) {
		g_autofree char *path = g_build_filename(dir, name, NULL), *bytes = NULL;
		gsize size = 0;
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			assert_nowhere(path, words);
		else
			g_file_get_contents(path, &bytes, &size, NULL);
		for (int i = 0; bytes && words[i]; i++)
			if (memmem(bytes, size, words[i], strlen(words[i])))
				g_error("%s stands in %s", words[i], path);
	}
}

static void test_erase(void)
{
	static const char *const WORDS[] = { "elda@secret", "Zelda Quux", "quuxword", "plays-the-lute", "+33611223344", "a-fair", NULL };
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	history(&w);
	commit(&w);
	run_sql(&w, "UPDATE notes SET text = 'quuxword, changed'"); /* older states of a row are gone, too */
	commit(&w);
	g_autoptr(json_t) person = contacts_person(&w.host, "zelda");
	g_autofree char *text = value_text(person);
	for (int i = 0; WORDS[i]; i++)
		g_assert_nonnull(strstr(text, WORDS[i]));
	g_autoptr(GPtrArray) tables = tables_with(&w, "contact");
	for (guint i = 0; i < tables->len; i++)
		g_assert_cmpuint(json_array_size(json_object_get(person, tables->pdata[i])), >=, 1);
	int kept = -1;
	g_autoptr(GError) error = NULL;
	run_sql(&w, "DELETE FROM journal WHERE run = 3");
	g_assert_true(contacts_erase(&w.host, "zelda", &kept, &error));
	g_assert_cmpint(kept, ==, 0);
	commit(&w);
	db_empty_log(w.host.db);
	assert_nowhere(w.dir, WORDS);
	/* What is others' stays, and so does the request: found by whoever asks with the address. */
	g_assert_cmpint(number(&w, "SELECT count(*) FROM journal WHERE answer = '{\"r\":[7]}'"), ==, 1);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM run_log WHERE text = 'all is well'"), ==, 1);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM store WHERE value = '[\"lea\",\"erased\"]' OR value = '3'"), ==, 2);
	g_autoptr(json_t) asked = contacts_requests(&w.host, "Zelda@secret.example"), others = contacts_requests(&w.host, "lea@x.example");
	g_assert_cmpuint(json_array_size(asked), ==, 1);
	g_assert_cmpuint(json_array_size(others), ==, 0);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM suppressions WHERE reason = 'erased'"), >=, 2);
}

static void assert_text(World *w, const char *sql, const char *wanted)
{
	g_autofree char *text = db_text(w->host.db, sql, "");
	if (g_strcmp0(text, wanted) != 0)
		g_error("%s: %s, not %s", sql, text, wanted);
}

/* A person whose name, id or handle is a word like any other takes nothing of others with them. */
static void test_erase_max(void)
{
	static const struct { const char *id, *key, *before, *after; } CASES[] = {
		{ "max-1", "limits", "{\"left\":3,\"max\":10}", "{\"left\":3,\"max\":10}" }, { "max", "limits", "{\"left\":3,\"max\":10}", "{\"left\":3,\"max\":10}" },
		{ "max", "max", "7", "7" }, { "max", "offer", "\"you get max 10 % off\"", "\"you get max 10 % off\"" }, { "max", "Max", "\"Max\"", "\"Max\"" },
		{ "max", "winner", "\"max\"", "\"erased\"" }, { "max", "winners", "[\"lea\",{\"id\":\"max\"}]", "[\"lea\",{\"id\":\"erased\"}]" },
		{ "max", "scores", "{\"lea@x.example\":2,\"max.b@x.example\":3}", "{\"lea@x.example\":2}" },
		{ "max", "text", "\"met\\nmax.b@x.example, and Max Berg\"", "\"met\\nerased, and Max Berg\"" }, { "max", "to max.b@x.example", "1", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(World) w;
		world_open_with(&w, PLAIN);
		g_autofree char *max = g_strdup_printf("{'id':'%s','name':'Max','email':'max.b@x.example','instagram':'max'}", CASES[i].id);
		put(&w, max);
		host_write(&w.host);
		db_run(w.host.db, "INSERT INTO store VALUES ('job', ?, ?)", "ss", CASES[i].key, CASES[i].before);
		g_assert_true(contacts_erase(&w.host, CASES[i].id, NULL, NULL));
		assert_text(&w, "SELECT value FROM store", CASES[i].after);
	}
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'max','name':'Max Berg','email':'max.b@x.example'}");
	run_sql(&w, "INSERT INTO runs (id, sequence, key, version, state, seed, start, started_at) VALUES (1, 's', '', 'v', 'done', 1, '{}', 0)");
	run_sql(&w, "INSERT INTO journal (run, position, kind, args, asked_at, answer) VALUES (1, 0, 'random', '{\"max\":10}', 0, '{\"r\":[4]}'),"
	            " (1, 1, 'log', '{\"text\":\"max 10, Max Bergman\"}', 0, '{}'), (1, 2, 'log', '{\"text\":\"so\\nmax.b@x.example\"}', 0, '{}'),"
	            " (1, 3, 'log', '{\"text\":\"saw\\nMax Berg\"}', 0, '{}'), (1, 4, 'contacts.get', '{\"id\":\"max\"}', 0, '{}')");
	run_sql(&w, "INSERT INTO run_log (run, at, text) VALUES (1, 0, 'reached max tries'), (1, 0, 'wrote to Max Berg.')");
	run_sql(&w, "INSERT INTO store VALUES ('job', 'a', '\"Max Berg, Max Bergman\"')");
	g_assert_true(contacts_erase(&w.host, "max", NULL, NULL));
	assert_text(&w, "SELECT group_concat(position) FROM (SELECT position FROM journal WHERE args <> '{}' ORDER BY position)", "0,1");
	assert_text(&w, "SELECT group_concat(text) FROM run_log", "reached max tries");
	assert_text(&w, "SELECT value FROM store", "\"erased, Max Bergman\"");
}

/* `template test` sends to somebody here, in the words that are for them. */
static void test_erase_test_messages(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'zelda','name':'Zelda Quux','email':'zelda@secret.example'}");
	put(&w, "{'id':'twin'}");
	put(&w, "{'id':'lea'}");
	run_sql(&w, "INSERT INTO messages (id, channel, direction, state, at, text, raw, options) VALUES"
	            " (1, 'email', 'out', 'accepted', 1, 'Dear Zelda Quux', x'00', '{\"as\":\"zelda\",\"test\":true}'),"
	            " (2, 'email', 'out', 'accepted', 1, 'Dear Zelda Quux', x'00', '{\"as\":\"twin\",\"test\":true}'),"
	            " (3, 'email', 'out', 'accepted', 1, 'Dear Lea', x'00', '{\"as\":\"lea\",\"test\":true}'), (4, 'email', 'in', 'received', 1, 'Hi', x'00', NULL)");
	run_sql(&w, "INSERT INTO attachments (message, position, name, type, hash, size, place) VALUES (1, 0, 'quux.pdf', 'a/b', '', 1, 1)");
	merge(&w, "zelda", "twin");
	g_autoptr(json_t) person = contacts_person(&w.host, "zelda");
	g_assert_cmpuint(json_array_size(json_object_get(person, "messages")), ==, 2);
	g_assert_cmpuint(json_array_size(json_object_get(person, "attachments")), ==, 1);
	g_autoptr(GError) error = NULL;
	run_sql(&w, "UPDATE messages SET state = 'handed' WHERE id = 2");
	g_assert_false(contacts_erase(&w.host, "zelda", NULL, &error));
	run_sql(&w, "UPDATE messages SET state = 'accepted' WHERE id = 2");
	g_assert_true(contacts_erase(&w.host, "zelda", NULL, NULL));
	assert_text(&w, "SELECT group_concat(id) FROM messages WHERE text IS NOT NULL AND raw IS NOT NULL", "3,4");
	g_assert_cmpint(number(&w, "SELECT count(*) FROM messages WHERE id < 3 AND (options IS NOT NULL OR contact IS NOT NULL)"), ==, 0);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM attachments"), ==, 0);
}

/* The host died between the merge and the move of the files. */
static void test_erase_folders(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a'}");
	put(&w, "{'id':'b'}");
	merge(&w, "a", "b");
	commit(&w);
	write_file(&w, "b/passport.pdf", "of b");
	write_file(&w, "c/passport.pdf", "of c");
	g_assert_true(contacts_erase(&w.host, "a", NULL, NULL));
	commit(&w);
	assert_file(&w, "b/passport.pdf", NULL);
	assert_file(&w, "c/passport.pdf", "of c");
}

/* A live run needs its journal: it is told that it still names them. */
static void test_erase_live(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	history(&w);
	int kept = -1;
	g_assert_true(contacts_erase(&w.host, "zelda", &kept, NULL));
	g_assert_cmpint(kept, ==, 1);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM journal WHERE run = 3 AND args LIKE '%zelda%'"), ==, 1);
}

/* An agent's address is still that of the others. */
static void test_erase_shared(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'a','email':'agent@x.example;own@x.example'}");
	put(&w, "{'id':'b','email':'agent@x.example','shared_address':true}");
	g_assert_true(contacts_erase(&w.host, "a", NULL, NULL));
	g_assert_cmpint(number(&w, "SELECT count(*) FROM suppressions"), ==, 1);
	g_autoptr(GPtrArray) ids = contacts_by_address(&w.host, "email", "agent@x.example");
	g_assert_cmpuint(ids->len, ==, 1);
}

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

/* ---- keep ------------------------------------------------------------------------------------------------------- */

static void turn_until_done(World *w)
{
	retention_turn(&w->host);
	while (retention_busy(&w->host))
		retention_turn(&w->host);
	commit(w);
}

static const char ALL[] = "\"keep\":{\"journals\":\"1 year\",\"raw_mail\":\"30 days\",\"messages\":\"2 years\",\"attachments\":\"1 year\",\"logs\":\"60 days\",\"secret_uses\":\"1 year\",\"contacts\":\"3 years\"}";

static void insert_at(World *w, const char *format, Time ago)
{
	g_autofree char *at = g_strdup_printf("%" G_GINT64_FORMAT, host_now(&w->host) - ago);
	g_auto(GStrv) parts = g_strsplit(format, "@", -1);
	g_autofree char *sql = g_strjoinv(at, parts);
	run_sql(w, sql);
}

static void test_keep(void)
{
	static const struct { const char *sql; int days; } ROWS[] = {
		{ "INSERT INTO runs (id, sequence, contact, version, state, outcome, seed, start, started_at, ended_at) VALUES (1, 's', 'a', 'v', 'done', 'silent', 1, '{\"x\":1}', 1, @)", 366 },
		{ "INSERT INTO runs (id, sequence, version, state, seed, start, started_at, ended_at) VALUES (2, 'j', 'v', 'done', 1, '{\"x\":1}', 1, @)", 364 },
		{ "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES (3, 's', 'b', 'v', 'waiting', 1, '{\"x\":1}', @)", 1000 },
		{ "INSERT INTO journal (run, position, kind, args, asked_at) VALUES (1, 0, 'now', '{}', @), (2, 0, 'now', '{}', @), (3, 0, 'now', '{}', @)", 1000 },
		{ "INSERT INTO run_log (run, at, text) VALUES (1, @, 'old'), (3, @, 'of a live run')", 61 },
		{ "INSERT INTO run_log (run, at, text) VALUES (1, @, 'new')", 59 },
		{ "INSERT INTO messages (id, contact, channel, direction, state, at, text, raw, message_id, identity) VALUES (1, 'a', 'email', 'in', 'received', @, 'words', x'00', 'm1', 'email:a')", 31 },
		{ "INSERT INTO messages (id, contact, channel, direction, state, at, text, raw) VALUES (2, 'a', 'email', 'in', 'received', @, 'words', x'00')", 29 },
		{ "INSERT INTO messages (id, contact, channel, direction, state, at, text, subject, message_id) VALUES (3, 'a', 'email', 'out', 'accepted', @, 'words', 'Hi', 'm3')", 731 },
		{ "INSERT INTO messages (id, contact, run, channel, direction, state, at, text) VALUES (4, 'b', 3, 'email', 'out', 'accepted', @, 'of a live run')", 731 },
		{ "INSERT INTO messages (id, contact, channel, direction, state, at, text) VALUES (5, 'a', 'email', 'out', 'unknown', @, 'in doubt')", 731 },
		{ "INSERT INTO events (id, contact, kind, at, data) VALUES (1, 'a', 'reply', @, '{\"text\":\"words\"}'), (2, 'b', 'reply', @, '{\"text\":\"of a live run\"}')", 731 },
		{ "INSERT INTO tasks (id, contact, kind, note, files, state, created_at, done_at) VALUES (1, 'a', 'message', 'words', 'f', 'done', 1, @),"
		  " (2, 'b', 'message', 'of a live run', NULL, 'done', 1, @)", 731 },
		{ "INSERT INTO tasks (id, contact, kind, note, state, created_at, done_at) VALUES (3, 'a', 'message', 'words', 'done', 1, @)", 729 },
		{ "INSERT INTO tasks (id, contact, kind, note, created_at) VALUES (4, 'a', 'call', 'open', @)", 2000 },
		{ "INSERT INTO attachments (message, position, name, type, hash, size, place) VALUES (2, 0, 'n', 'a/b', '', 1, @), (3, 0, 'n', 'a/b', '', 1, 1), (5, 0, 'n', 'a/b', '', 1, 1)", 0 },
		{ "INSERT INTO secret_uses (at, secret, host) VALUES (@, 's', 'h')", 366 },
		{ "INSERT INTO secret_uses (at, secret, host) VALUES (@, 's', 'h')", 364 },
		{ "INSERT INTO suppressions VALUES ('*', 'h', 'opted_out', NULL, @)", 5000 },
	};
	static const struct { const char *sql; int64_t is; } WANTED[] = {
		{ "SELECT count(*) FROM journal", 2 }, { "SELECT count(*) FROM journal WHERE run = 1", 0 },
		{ "SELECT count(*) FROM runs WHERE id = 1 AND outcome = 'silent' AND start = '{}' AND forgotten_at > 0", 1 },
		{ "SELECT count(*) FROM runs WHERE start = '{\"x\":1}' AND forgotten_at IS NULL", 2 },
		{ "SELECT count(*) FROM run_log", 2 }, { "SELECT count(*) FROM run_log WHERE text = 'old'", 0 },
		{ "SELECT count(*) FROM messages WHERE id = 1 AND raw IS NULL AND text = 'words'", 1 }, { "SELECT count(*) FROM messages WHERE id = 2 AND raw IS NOT NULL", 1 },
		{ "SELECT count(*) FROM messages WHERE id = 3 AND text IS NULL AND subject IS NULL AND message_id = 'm3' AND state = 'accepted'", 1 },
		{ "SELECT count(*) FROM messages WHERE id IN (4, 5) AND text IS NOT NULL", 2 }, { "SELECT count(*) FROM messages", 5 },
		{ "SELECT count(*) FROM events WHERE data = '{}' AND id = 1", 1 }, { "SELECT count(*) FROM events", 2 }, { "SELECT count(*) FROM events WHERE data = '{}'", 1 },
		{ "SELECT count(*) FROM tasks WHERE note IS NOT NULL AND id > 1", 3 }, { "SELECT count(*) FROM tasks WHERE note IS NULL AND files IS NULL", 1 },
		{ "SELECT sum(message) FROM attachments", 7 },
		{ "SELECT count(*) FROM secret_uses", 1 }, { "SELECT count(*) FROM suppressions", 1 },
	};
	g_auto(World) w;
	world_open_with(&w, ALL);
	put(&w, "{'id':'a'}");
	put(&w, "{'id':'b'}");
	turn_until_done(&w); /* the first start: only the time is set */
	for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++)
		insert_at(&w, ROWS[i].sql, ROWS[i].days * TIME_DAY);
	g_autoptr(json_t) before = retention_report(&w.host);
	Time night = value_integer(before, "next", 0);
	g_autofree char *iso = time_iso(night, w.host.workspace->zone);
	g_assert_true(g_str_has_prefix(iso, "2026-11-24T03:"));
	/* Before its time nothing is done. */
	clock_jump(&w.host.clock, night - 1);
	turn_until_done(&w);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM journal"), ==, 3);
	clock_jump(&w.host.clock, night + 5 * TIME_HOUR); /* missed: at the next start */
	retention_free(&w.host);
	turn_until_done(&w);
	for (size_t i = 0; i < G_N_ELEMENTS(WANTED); i++)
		if (number(&w, WANTED[i].sql) != WANTED[i].is)
			g_error("%s: %d", WANTED[i].sql, (int)number(&w, WANTED[i].sql));
	g_autoptr(json_t) after = retention_report(&w.host);
	g_assert_cmpint(value_integer(after, "last", 0), ==, night + 5 * TIME_HOUR);
	g_assert_cmpint(value_integer(json_object_get(after, "dropped"), "journals", 0), ==, 1);
	size_t i;
	json_t *row;
	json_array_foreach(json_object_get(after, "rows"), i, row)
		g_assert_cmpint(value_integer(row, "count", -1), ==, 0);
	/* Without its journal nobody can tell what it did. */
	g_autoptr(GError) error = NULL;
	run_sql(&w, "UPDATE runs SET state = 'stopped' WHERE id = 1");
	g_assert_false(runs_retry(&w.host, 1, &error));
	g_assert_nonnull(strstr(error->message, "keep.journals"));
}

/* A walk that went further than the database begins again. */
static void test_keep_failed_commit(void)
{
	g_auto(World) w;
	world_open_with(&w, ALL);
	turn_until_done(&w);
	run_sql(&w, "INSERT INTO runs (id, sequence, version, state, seed, start, started_at, ended_at) VALUES (1, 's', 'v', 'done', 1, '{}', 1, 9e15)");
	run_sql(&w, "INSERT INTO journal (run, position, kind, args, asked_at) VALUES (1, 0, 'log', '{\"text\":\"to bob@x.example\"}', 1)");
	run_sql(&w, "INSERT INTO forgetting VALUES ('bob@x.example', 0)");
	insert_at(&w, "INSERT INTO run_log (run, at, text) VALUES (1, @, 'old')", 61 * TIME_DAY);
	commit(&w);
	clock_jump(&w.host.clock, MONDAY + TIME_DAY);
	retention_turn(&w.host);
	while (number(&w, "SELECT count(*) FROM journal WHERE args <> '{}'") == 1)
		retention_turn(&w.host);
	/* This one can't be committed. */
	db_run(w.host.db, "INSERT INTO forgetting VALUES (NULL, NULL)", "");
	g_autoptr(GError) error = NULL;
	w.host.ledger_rendering = g_hash_table_new(g_int64_hash, g_int64_equal);
	w.host.account_blocks = g_hash_table_new(g_str_hash, g_str_equal);
	g_assert_false(host_commit(&w.host, &error));
	g_assert_cmpint(number(&w, "SELECT count(*) FROM journal WHERE args <> '{}'"), ==, 1);
	turn_until_done(&w);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM journal WHERE args <> '{}'"), ==, 0);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM forgetting"), ==, 0);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM run_log"), ==, 0);
	g_hash_table_unref(w.host.ledger_rendering);
	g_hash_table_unref(w.host.account_blocks);
}

/* Each line makes the contact `c`, added 4 years ago, and says whether they go after 3. */
static void test_keep_contacts(void)
{
	static const struct { const char *what, *sql; int days; bool goes; } CASES[] = {
		{ "never written to", NULL, 0, true },
		{ "written to 3 years ago", "INSERT INTO messages (contact, channel, direction, state, at, handed_at) VALUES ('c', 'email', 'out', 'accepted', @, @)", 1096, true },
		{ "written to within", "INSERT INTO messages (contact, channel, direction, state, at, handed_at) VALUES ('c', 'email', 'out', 'accepted', @, @)", 1094, false },
		{ "answered once", "INSERT INTO events (contact, kind, at) VALUES ('c', 'reply', @)", 1400, false },
		{ "clicked long ago", "INSERT INTO events (contact, kind, at) VALUES ('c', 'click', @)", 1096, true },
		{ "clicked within", "INSERT INTO events (contact, kind, at) VALUES ('c', 'click', @)", 1000, false },
		{ "opened within", "INSERT INTO events (contact, kind, at) VALUES ('c', 'message_read', @)", 10, true },
		{ "out of office within", "INSERT INTO events (contact, kind, at) VALUES ('c', 'auto_reply', @)", 10, true },
		{ "opted out", "INSERT INTO suppressions VALUES ('*', 'h', 'opted_out', 'c', @)", 1200, true },
		{ "in a run", "INSERT INTO runs (sequence, contact, version, state, seed, start, started_at) VALUES ('s', 'c', 'v', 'waiting', 1, '{}', @)", 1200, false },
		{ "a message waits", "INSERT INTO messages (contact, channel, direction, state, at) VALUES ('c', 'email', 'out', 'queued', @)", 1200, false },
		{ "a task is open", "INSERT INTO tasks (contact, kind, created_at) VALUES ('c', 'call', @)", 1200, false },
		{ "a note was taken", "INSERT INTO notes (contact, at, author, text) VALUES ('c', @, 'max', 'rang')", 100, false },
		{ "a customer", "UPDATE contacts SET stage = 'talking' WHERE @", 1, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(World) w;
		world_open_with(&w, ALL);
		w.host.clock = clock_virtual(MONDAY - 4 * 365 * TIME_DAY);
		put(&w, "{'id':'c','name':'Cy','email':'cy@x.example'}");
		turn_until_done(&w);
		clock_jump(&w.host.clock, MONDAY);
		if (CASES[i].sql)
			insert_at(&w, CASES[i].sql, CASES[i].days * TIME_DAY);
		run_sql(&w, "INSERT INTO runs (id, sequence, version, state, seed, start, started_at, ended_at) VALUES (9, 'j', 'v', 'done', 1, '{}', 1, 9e15)");
		run_sql(&w, "INSERT INTO journal (run, position, kind, args, asked_at, answer) VALUES (9, 0, 'contacts.find', '{}', 1, '{\"r\":[[{\"email\":\"cy@x.example\"}]]}')");
		g_autoptr(json_t) report = retention_report(&w.host);
		const json_t *rows = json_object_get(report, "rows");
		g_assert_cmpint(value_integer(json_array_get(rows, json_array_size(rows) - 1), "count", -1), ==, CASES[i].goes);
		turn_until_done(&w);
		if (number(&w, "SELECT count(*) FROM contacts") != !CASES[i].goes)
			g_error("%s: %s", CASES[i].what, CASES[i].goes ? "is still there" : "is gone");
		/* What a job has read of them goes too; nothing stays of the walk. */
		g_assert_cmpint(number(&w, "SELECT count(*) FROM journal WHERE answer LIKE '%cy@x%'"), ==, !CASES[i].goes);
		g_assert_cmpint(number(&w, "SELECT count(*) FROM forgetting"), ==, 0);
		g_assert_cmpint(number(&w, "SELECT count(*) FROM person_requests WHERE cause = 'keep'"), ==, CASES[i].goes);
		g_assert_cmpint(number(&w, "SELECT count(*) FROM suppressions WHERE reason = 'erased'"), ==, CASES[i].goes);
	}
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
	g_test_add_func("/people/all of a person is exported, and after erasure stands in no file", test_erase);
	g_test_add_func("/people/who is called like any word takes nothing of others along", test_erase_max);
	g_test_add_func("/people/a test message in their name is theirs", test_erase_test_messages);
	g_test_add_func("/people/the folder of who was merged into them goes too", test_erase_folders);
	g_test_add_func("/people/a night begins again when what it did could not be committed", test_keep_failed_commit);
	g_test_add_func("/people/what a live run needs is told", test_erase_live);
	g_test_add_func("/people/an erased person's agent can still be written to for others", test_erase_shared);
	g_test_add_func("/people/who opts out with a shared address does so for all who have it", test_opt_out_shared);
	g_test_add_func("/people/keep drops what is old at night, and nothing that is needed", test_keep);
	g_test_add_func("/people/prospects who never answered are forgotten after their time", test_keep_contacts);
	return g_test_run();
}
