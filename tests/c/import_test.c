/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Contacts from CSV files and back, merged and erased. */
#include "host/contacts.h"
#include "host/runs.h"
#include "host/visits.h"

#include <string.h>

#define MONDAY INT64_C(1795428000000) /* 2026-11-23T10:00:00Z */

static void open_host(Host *host)
{
	g_autoptr(GError) error = NULL;
	*host = (Host){ .db = db_open(NULL, &error), .clock = clock_virtual(MONDAY), .visits = visits_new() };
	g_assert_no_error(error);
	g_autoptr(json_t) declared = value_parse("{\"workspace\":{\"timezone\":\"Europe/Paris\",\"hours\":\"always\","
		"\"stages\":[\"prospect\",\"talking\"]},\"accounts\":[],\"channels\":{\"email\":{\"source\":\"a page\",\"checked\":\"2026-11-20\"}}}", -1, NULL);
	host->workspace = workspace_new("/tmp", declared, &error);
	g_assert_no_error(error);
}

static void close_host(Host *host)
{
	g_assert_false(db_failed(host->db));
	visits_free(host->visits);
	db_close(host->db);
	workspace_free(host->workspace);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Host, close_host)

static void note_bad(void *user, int line, const char *text)
{
	g_string_append_printf(user, "%d: %s\n", line, text);
}

enum { UPDATE = 1, STRICT = 2, DRY = 4 };

/* What came of it: counts and the bad rows, or the error. */
static char *import(Host *host, const char *text, int how)
{
	g_autoptr(GString) bad = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	ImportResult r;
	bool ok = contacts_import(host, "c.csv", text, strlen(text), how & UPDATE, how & STRICT, how & DRY, note_bad, bad, &r, &error);
	g_assert_true(ok == (error == NULL));
	if (!ok)
		return g_strconcat("refused: ", error->message, NULL);
	return g_strdup_printf("%d added, %d updated, %d unchanged, %d skipped, %d bad\n%s", r.added, r.updated, r.unchanged, r.skipped, r.bad, bad->str);
}

static void assert_import(Host *host, const char *text, int how, const char *wanted)
{
	g_autofree char *said = import(host, text, how);
	g_assert_cmpstr(said, ==, wanted);
}

static int64_t count(Host *host, const char *sql)
{
	Rows *rows = db_query_built(host->db, sql, NULL, 0);
	g_assert_true(rows_next(rows));
	int64_t n = rows_int(rows, 0);
	rows_done(rows);
	return n;
}

static void exec(Host *host, const char *sql)
{
	Rows *rows = db_query_built(host->db, sql, NULL, 0);
	while (rows_next(rows))
		;
	g_assert_false(db_failed(host->db));
}

static void assert_view(Host *host, const char *id, const char *wanted)
{
	g_autoptr(json_t) view = contacts_view(host, id, NULL);
	g_autofree char *text = value_text(view);
	g_assert_cmpstr(text, ==, wanted);
}

/* ---- import ----------------------------------------------------------------------------------------------------- */

static const char FILE_OF_TWO[] =
	"\xef\xbb\xbfid;First name;E-mail;Tags;Stage;Followers;bio\r\n"
	"lea; Léa ;lea@x.example;vip; ;12000;\"two\r\nlines; \"\"quoted\"\"\"\r\n"
	"\r\n"
	";Max;Max@x.example;;talking;;\r\n";

static void test_columns(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, FILE_OF_TWO, 0, "2 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	assert_view(&host, "lea", "{\"fields\":{\"Followers\":\"12000\",\"bio\":\"two\\r\\nlines; \\\"quoted\\\"\"},\"first_name\":\"Léa\",\"id\":\"lea\","
		"\"identities\":{\"email\":\"lea@x.example\"},\"labels\":[\"vip\"],\"stage\":\"prospect\"}");
	assert_view(&host, "max", "{\"fields\":{},\"first_name\":\"Max\",\"id\":\"max\",\"identities\":{\"email\":\"Max@x.example\"},\"labels\":[],\"stage\":\"talking\"}");
	static const char *const REFUSED[][2] = {
		{ "email,E-Mail\n", "refused: c.csv:1: the columns 'email' and 'E-Mail' are both email" },
		{ "tags,name,labels\n", "refused: c.csv:1: the columns 'tags' and 'labels' are both labels" },
		{ "email,email\n", "refused: c.csv:1: the column 'email' stands twice" },
		{ "email,,name\n", "refused: c.csv:1: column 2 has no name" },
		{ "", "refused: c.csv:1: the file is empty; its first line must name the columns" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++)
		assert_import(&host, REFUSED[i][0], 0, REFUSED[i][1]);
}

static void test_again(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, FILE_OF_TWO, DRY, "2 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	g_assert_cmpint(count(&host, "SELECT count(*) FROM contacts"), ==, 0);
	assert_import(&host, FILE_OF_TWO, 0, "2 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	assert_import(&host, FILE_OF_TWO, 0, "0 added, 0 updated, 0 unchanged, 2 skipped, 0 bad\n");
	assert_import(&host, FILE_OF_TWO, UPDATE, "0 added, 0 updated, 2 unchanged, 0 skipped, 0 bad\n");
	g_assert_cmpint(count(&host, "SELECT max(rev) FROM contacts"), ==, 1);
	/* Known by the address; empty cells and columns that are not there change nothing. */
	assert_import(&host, "email,name,tags,Followers\nLEA@x.example,Lea M,new,\nmax@x.example,,,7\n", UPDATE | DRY, "0 added, 2 updated, 0 unchanged, 0 skipped, 0 bad\n");
	g_assert_cmpint(count(&host, "SELECT max(rev) FROM contacts"), ==, 1);
	assert_import(&host, "email,name,tags,Followers\nLEA@x.example,Lea M,new,\nmax@x.example,,,7\n", UPDATE, "0 added, 2 updated, 0 unchanged, 0 skipped, 0 bad\n");
	assert_view(&host, "lea", "{\"fields\":{\"Followers\":\"12000\",\"bio\":\"two\\r\\nlines; \\\"quoted\\\"\"},\"first_name\":\"Léa\",\"id\":\"lea\","
		"\"identities\":{\"email\":\"LEA@x.example\"},\"labels\":[\"new\",\"vip\"],\"name\":\"Lea M\",\"stage\":\"prospect\"}");
	/* A new address is written to from now on; answers from the old one are still theirs. */
	assert_import(&host, "id,email\nlea,lea@new.example\n", UPDATE, "0 added, 1 updated, 0 unchanged, 0 skipped, 0 bad\n");
	g_autofree char *address = contacts_address(&host, "lea", "email");
	g_assert_cmpstr(address, ==, "lea@new.example");
	g_autoptr(GPtrArray) owners = contacts_by_address(&host, "email", "lea@x.example");
	g_assert_cmpuint(owners->len, ==, 1);
	/* Without id and address the name is all there is. */
	assert_import(&host, "name\nJo Doe\n", 0, "1 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	assert_import(&host, "name\nJo Doe\n", 0, "0 added, 0 updated, 0 unchanged, 1 skipped, 0 bad\n");
}

static const char BAD_ROWS[] =
	"id,name,email,stage,timezone,instagram\n"
	"a,A,a@x.example,,,\n"
	"b,B,not an address,,,\n"
	"c,C,c@x.example,nowhere,,\n"
	"d,D,d@x.example,,Mars/Olympus,\n"
	"a,A again,a2@x.example,,,\n"
	"e,E,A@x.example,,,\n"
	"f,F\n"
	"g,G,\"g\"@x.example,,,\n"
	"h,H,old@x.example,,,\n"
	",,,talking,,\n"
	",,,,,\n"
	"i,I,i@x.example,,Europe/Paris,\n"
	",,OLD@x.example,,,bea\n"
	"j,\xff,j@x.example,,,\n";

static void test_bad_rows(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, "id,email,instagram\nold,old@x.example,\nbea,,bea\n", 0, "2 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	g_autofree char *said = import(&host, BAD_ROWS, 0);
	static const char *const LINES[] = {
		"2 added, 0 updated, 0 unchanged, 0 skipped, 11 bad", "3: email address 'not an address': it has no @",
		"4: unknown stage 'nowhere' (the workspace has prospect, talking)", "5: ", "6: the contact 'a' stands on line 2 already",
		"7: email A@x.example stands on line 2 already (if they share it, say shared_address=yes)", "8: 2 columns where the header has 6",
		"9: text stands after the closing quote of column 3 (inside quotes, a quote is written twice)",
		"10: email old@x.example is an address of the contact 'old' already (if they share it, say shared_address=yes)",
		"11: no id, no name and no address: who is it?", "14: the addresses are those of the contacts 'old' and 'bea': give the id",
		"15: column 2 is not UTF-8 (save the file as UTF-8)", "",
	};
	g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
	for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++)
		if (!lines[i] || !g_str_has_prefix(lines[i], LINES[i]))
			g_error("'%s' is not '%s'", lines[i], LINES[i]);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM contacts"), ==, 4);
}

static void test_strict(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, BAD_ROWS, STRICT, "refused: c.csv:3: email address 'not an address': it has no @");
	g_assert_cmpint(count(&host, "SELECT count(*) FROM contacts"), ==, 0);
	assert_import(&host, "id,name\na,A\nb,\"B\nc,C\n", 0,
	              "refused: c.csv:3: the quote that is opened here is never closed (is the file complete?)");
	g_assert_cmpint(count(&host, "SELECT count(*) FROM contacts"), ==, 0);
}

static void test_shared(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, "id,email,shared_address\na,agent@x.example,yes\nb,agent@x.example,yes\nc,agent@x.example,\nd,d@x.example,maybe\n", 0,
	              "2 added, 0 updated, 0 unchanged, 0 skipped, 2 bad\n"
	              "4: email agent@x.example stands on line 2 already (if they share it, say shared_address=yes)\n"
	              "5: shared_address is yes or no, not 'maybe'\n");
}

/* Whatever the bytes, the file is read or refused, and what is in the database is sound. */
static void test_hostile(void)
{
	static const char *const PIECES[] = {
		"id", "email", "name", "labels", ",", ",", "\n", "\r\n", "\"", "a@b.example", "a", "\xff", "\x01", "'; DROP TABLE contacts; --", "=1+1",
		"\u202e", ";", "json:x", "{\"a\":1}", "[[[[[[", "\xc3\xa9", "stage", "x\x7f",
	};
	g_auto(Host) host;
	open_host(&host);
	g_autoptr(GRand) random = g_rand_new_with_seed(4);
	for (int turn = 0; turn < 4000; turn++) {
		g_autoptr(GString) text = g_string_new(turn % 2 ? "id,email,labels,json:x,bio\n" : "");
		for (int n = g_rand_int_range(random, 1, 40); n > 0; n--)
			g_string_append(text, PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]);
		g_autofree char *said = import(&host, text->str, turn & 7);
		g_assert_nonnull(said);
	}
	g_autoptr(json_t) nobody = json_object();
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(contacts_find_ids(&host, nobody, ids, NULL));
	g_assert_cmpuint(ids->len, >, 0);
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(json_t) view = contacts_view(&host, ids->pdata[i], NULL);
		g_assert_nonnull(view);
	}
}

/* ---- there and back --------------------------------------------------------------------------------------------- */

static void assert_round_trip(Host *host)
{
	g_autofree char *csv = contacts_export(host);
	g_auto(Host) other;
	open_host(&other);
	g_autofree char *said = import(&other, csv, STRICT);
	g_assert_true(strstr(said, " 0 bad\n") != NULL);
	g_autofree char *again = contacts_export(&other);
	g_assert_cmpstr(again, ==, csv);
	static const char *const TABLES[] = {
		("SELECT group_concat(id || quote(name) || quote(first_name) || quote(locale) || quote(timezone) || quote(country) || quote(company) || quote(owner)"
		 " || stage || quote(preferred_channel) || quote(consent) || quote(consent_source) || quote(consent_at) || fields) FROM (SELECT * FROM contacts ORDER BY id)"),
		"SELECT group_concat(contact || channel || address || norm) FROM (SELECT * FROM identities ORDER BY contact, channel, rank, norm)",
		"SELECT group_concat(contact || label) FROM (SELECT * FROM labels ORDER BY contact, label)",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(TABLES); i++) {
		g_autofree char *a = db_text(host->db, TABLES[i], ""), *b = db_text(other.db, TABLES[i], "");
		g_assert_cmpstr(a, ==, b);
	}
}

static json_t *random_text(GRand *random)
{
	static const char *const PIECES[] = { "\"", ",", ";", "\\", "\n", "\r\n", "é", "漢", " ", "x", "12", "=", "'", "+", "-", "@", "\t" };
	g_autoptr(GString) text = g_string_new(NULL);
	for (int n = g_rand_int_range(random, 0, 5); n > 0; n--)
		g_string_append(text, PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]);
	return json_string(text->str);
}

static json_t *random_value(GRand *random)
{
	switch (g_rand_int_range(random, 0, 6)) {
	case 0: return json_integer(g_rand_int_range(random, -5, 5));
	case 1: return json_real(g_rand_double(random));
	case 2: return json_true();
	case 3: return json_pack("[o, {s:o}]", random_text(random), "k", random_text(random));
	default: return random_text(random);
	}
}

static void test_round_trip(void)
{
	static const char *const NAMES[] = { "Followers", "an odd one", "json:x", "Email", "a,b", "q\"", "line\nbreak", "tags2", "é", "=sum", "'=sum", "-x", "@y" };
	g_autoptr(GRand) random = g_rand_new_with_seed(5);
	for (int turn = 0; turn < 60; turn++) {
		g_auto(Host) host;
		open_host(&host);
		for (int i = 0; i < 12; i++) {
			g_autoptr(json_t) c = json_pack("{s:o, s:o, s:[o, o], s:b}", "name", random_text(random), "company", random_text(random), "labels",
			                                random_text(random), random_text(random), "shared_address", 1);
			json_t *fields = json_object();
			json_object_set_new(c, "fields", fields);
			for (int n = g_rand_int_range(random, 0, 5); n > 0; n--)
				json_object_set_new(fields, NAMES[g_rand_int_range(random, 0, G_N_ELEMENTS(NAMES))], random_value(random));
			g_autofree char *email = g_strdup_printf("p%d@x.example;q%d@x.example", g_rand_int_range(random, 0, 20), i);
			json_object_set_new(c, g_rand_boolean(random) ? "email" : "consent", json_string(email));
			if (g_rand_boolean(random))
				json_object_set_new(c, "consent_at", json_string(g_rand_boolean(random) ? "2026-03-29" : "2025-10-26T02:30:00+02:00"));
			json_object_set_new(c, "instagram", json_string(g_rand_boolean(random) ? "@a.b;=c;-d;+e" : "'@f"));
			g_autoptr(GError) error = NULL;
			g_autofree char *id = contacts_put(&host, c, false, "test", &error);
			g_assert_no_error(error);
			g_assert_nonnull(id);
		}
		assert_round_trip(&host);
	}
}

/* What a spreadsheet would run as a formula begins with an apostrophe, and comes back as it was. */
static void test_formulas(void)
{
	static const struct { const char *text, *cell; } CASES[] = {
		{ "=HYPERLINK(1)", "'=HYPERLINK(1)" }, { "+33 6", "'+33 6" }, { "-5", "'-5" }, { "@SUM(1)", "'@SUM(1)" }, { "'=x", "''=x" }, { "''=x", "'''=x" },
		{ "' =x", "'' =x" }, { "it's", "it's" }, { "'quoted'", "'quoted'" }, { "a=b", "a=b" }, { "'", "'" }, { "x", "x" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(Host) host;
		open_host(&host);
		g_autoptr(json_t) c = json_pack("{s:s, s:s, s:{s:s}}", "id", "a", "name", CASES[i].text, "fields", "f", CASES[i].text);
		g_autofree char *id = contacts_put(&host, c, false, "test", NULL), *csv = contacts_export(&host), *wanted = g_strdup_printf("a,%s,", CASES[i].cell);
		g_assert_cmpstr(id, ==, "a");
		if (!strstr(csv, wanted))
			g_error("%s does not hold %s", csv, wanted);
		assert_round_trip(&host);
	}
}

static void test_many(void)
{
	g_auto(Host) host;
	open_host(&host);
	g_autoptr(GString) text = g_string_new("name,email,labels,timezone,country,followers\n");
	int rows = g_test_thorough() || g_getenv("IMPORT_ROWS") ? 100000 : 5000;
	for (int i = 0; i < rows; i++)
		g_string_append_printf(text, "Person %d,hello@brand%d.example,creators;vip,Europe/Paris,FR,%d\n", i, i, i * 7);
	g_autofree char *wanted = g_strdup_printf("%d added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n", rows);
	g_autofree char *unchanged = g_strdup_printf("0 added, 0 updated, %d unchanged, 0 skipped, 0 bad\n", rows);
	gint64 start = g_get_monotonic_time();
	assert_import(&host, text->str, 0, wanted);
	gint64 imported = g_get_monotonic_time();
	assert_import(&host, text->str, UPDATE, unchanged);
	gint64 updated = g_get_monotonic_time();
	for (int i = 0; i < rows; i++)
		json_decref(contacts_view(&host, "hello-77", NULL));
	g_test_message("%d rows: import %.2f s, again %.2f s; a view %.1f us", rows, (double)(imported - start) / 1e6, (double)(updated - imported) / 1e6,
	               (double)(g_get_monotonic_time() - updated) / rows);
}

/* ---- merge and erase -------------------------------------------------------------------------------------------- */

static void add_history(Host *host, const char *contact, int64_t run)
{
	g_autofree char *sql[] = {
		g_strdup_printf("INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at, error) VALUES (%d, 's', '%s', 'v', 'waiting', 1,"
		                " '{\"contact\":{\"id\":\"%s\"}}', 1, 'said %s')", (int)run, contact, contact, contact),
		g_strdup_printf("INSERT INTO journal (run, position, kind, args, asked_at, answer) VALUES (%d, 0, 'send', '{\"x\":\"%s\"}', 1, '{\"r\":[\"%s\"]}')", (int)run, contact, contact),
		g_strdup_printf("INSERT INTO run_log (run, at, text) VALUES (%d, 1, 'about %s')", (int)run, contact),
		g_strdup_printf("INSERT INTO messages (contact, run, channel, direction, state, address, subject, text, raw, message_id, at, vars)"
		                " VALUES ('%s', %d, 'email', 'out', 'queued', '%s@x.example', 'Hi %s', '%s', '%s', 'id%d', 1, '{}')", contact, (int)run, contact, contact, contact, contact, (int)run),
		g_strdup_printf("INSERT INTO events (id, contact, kind, at, data) VALUES (%d, '%s', 'reply', 1, '{\"text\":\"%s\"}')", (int)run, contact, contact),
		g_strdup_printf("INSERT INTO event_runs VALUES (%d, %d, NULL)", (int)run, (int)run),
		g_strdup_printf("INSERT INTO tasks (contact, run, kind, note, created_at) VALUES ('%s', %d, 'call', 'ring %s', 1)", contact, (int)run, contact),
		g_strdup_printf("INSERT INTO pauses VALUES ('contact', '%s', NULL, 1)", contact),
		NULL,
	};
	for (int i = 0; sql[i]; i++) {
		exec(host, sql[i]);
		g_free(g_steal_pointer(&sql[i]));
	}
	contacts_note(host, contact, "max", contact);
}

static void test_merge(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, "id,name,email,phone,labels,company,bio,stage\nlea,Lea,lea@x.example,,a,,hers,talking\ntwin,Twin,twin@x.example,+33123,a;b,Co,his,\n", 0,
	              "2 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	add_history(&host, "lea", 1);
	add_history(&host, "twin", 2);
	g_autoptr(GError) error = NULL;
	g_assert_false(contacts_merge(&host, "lea", "lea", &error));
	g_clear_error(&error);
	g_assert_false(contacts_merge(&host, "lea", "nobody", &error));
	g_clear_error(&error);
	g_assert_true(contacts_merge(&host, "lea", "twin", &error));
	assert_view(&host, "lea", "{\"company\":\"Co\",\"fields\":{\"bio\":\"hers\"},\"id\":\"lea\",\"identities\":{\"email\":\"lea@x.example\",\"phone\":\"+33123\"},"
		"\"labels\":[\"a\",\"b\"],\"name\":\"Lea\",\"stage\":\"talking\"}");
	g_autoptr(GPtrArray) owners = contacts_by_address(&host, "email", "twin@x.example");
	g_assert_cmpstr(owners->pdata[0], ==, "lea");
	static const char *const TABLES[] = { "runs", "messages", "events", "tasks" };
	for (size_t i = 0; i < G_N_ELEMENTS(TABLES); i++) {
		g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s WHERE contact = 'lea'", TABLES[i]);
		g_assert_cmpint(count(&host, sql), ==, 2);
	}
	g_assert_cmpint(count(&host, "SELECT count(*) FROM runs WHERE key = 'merged:twin:' AND id = 2 AND contact_rev = 0"), ==, 1);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM runs WHERE (id = 1 AND state = 'waiting') OR (id = 2 AND state = 'stopped')"), ==, 2);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM contacts"), ==, 1);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM notes WHERE contact = 'lea' AND author = 'max'"), ==, 2);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM notes WHERE author = 'merge' AND text LIKE '%name = Twin%' AND text LIKE '%bio = %his%'"), ==, 1);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM pauses"), ==, 1);
}

static void test_erase(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_import(&host, "id,name,email,labels\nzelda,Zelda,zelda@x.example,a\nlea,Lea,lea@x.example,a\n", 0, "2 added, 0 updated, 0 unchanged, 0 skipped, 0 bad\n");
	add_history(&host, "zelda", 1);
	add_history(&host, "lea", 2);
	exec(&host, "UPDATE runs SET key = 'merged:zelda:' WHERE id = 1");
	exec(&host, "INSERT INTO runs (id, sequence, version, state, seed, start, started_at) VALUES (3, 'job', 'v', 'done', 1, '{}', 1)");
	exec(&host, "INSERT INTO journal (run, position, kind, args, asked_at, answer) VALUES (3, 0, 'contacts.find', '{}', 1, '{\"r\":[[{\"id\":\"zelda\"}]]}')");
	g_autoptr(GError) error = NULL;
	exec(&host, "UPDATE messages SET state = 'handed' WHERE contact = 'zelda'");
	g_assert_false(contacts_erase(&host, "zelda", NULL, &error));
	g_clear_error(&error);
	exec(&host, "UPDATE messages SET state = 'queued' WHERE contact = 'zelda'");
	host.simulated = true; /* there are no files here */
	g_assert_true(contacts_erase(&host, "zelda", NULL, &error));
	g_assert_no_error(error);
	/* No row of any table names them, but the hash. */
	g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query_built(host.db, "SELECT name FROM sqlite_schema WHERE type = 'table'", NULL, 0);
	while (rows_next(rows))
		g_ptr_array_add(tables, g_strdup(rows_text(rows, 0)));
	for (guint t = 0; t < tables->len; t++) {
		g_autofree char *sql = g_strdup_printf("SELECT * FROM \"%s\"", (char *)tables->pdata[t]);
		for (rows = db_query_built(host.db, sql, NULL, 0); rows_next(rows);)
			for (int i = 0; i < rows_columns(rows); i++)
				if (rows_text(rows, i) && strcasestr(rows_text(rows, i), "zelda") && strcmp(rows_name(rows, i), "address_hash") != 0)
					g_error("%s.%s: %s", (char *)tables->pdata[t], rows_name(rows, i), rows_text(rows, i));
	}
	g_assert_cmpint(count(&host, "SELECT count(*) FROM suppressions WHERE reason = 'erased'"), >=, 1);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM messages WHERE message_id = 'id1' AND state = 'withdrawn'"), ==, 1);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM runs WHERE id = 1 AND state = 'stopped'"), ==, 1);
	g_assert_false(runs_retry(&host, 1, &error));
	g_assert_error(error, RUNS_ERROR, RUNS_ERROR_STATE);
	/* Others keep theirs. */
	g_assert_cmpint(count(&host, "SELECT count(*) FROM messages WHERE contact = 'lea' AND text = 'lea'"), ==, 1);
	g_assert_cmpint(count(&host, "SELECT count(*) FROM journal WHERE answer = '{\"r\":[\"lea\"]}'"), ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/import/columns are attributes, identities, labels and fields", test_columns);
	g_test_add_func("/import/a file imported again is skipped, or updates", test_again);
	g_test_add_func("/import/bad rows are said with their line and left out", test_bad_rows);
	g_test_add_func("/import/strict refuses a file with a bad row whole", test_strict);
	g_test_add_func("/import/an address is shared only where the file says so", test_shared);
	g_test_add_func("/import/hostile files are read or refused", test_hostile);
	g_test_add_func("/import/what is exported is imported to the same", test_round_trip);
	g_test_add_func("/import/a cell is no formula to a spreadsheet, and is what it was", test_formulas);
	g_test_add_func("/import/many rows are quick", test_many);
	g_test_add_func("/contacts/a merged contact has what both had", test_merge);
	g_test_add_func("/contacts/an erased person is named nowhere", test_erase);
	return g_test_run();
}
