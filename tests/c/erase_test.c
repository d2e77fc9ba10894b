/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* What of people goes: all of one who asks for it, and of everybody what `keep` says when its time is over. */
#include "people_world.h"

#include "host/runs.h"

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

/* Requests of hooks: one names her address in a form, one only led to her, one is of somebody else; and a broadcast that thanks her. */
static void mentions(World *w)
{
	run_sql(w, "INSERT INTO versions VALUES ('h', 'hook', 'shop', 'hooks/shop.lua', '[]', '{}', 1)");
	run_sql(w, "INSERT INTO runs (id, sequence, key, version, state, seed, start, started_at, ended_at) VALUES"
	           " (11, 'shop', 'id-1', 'h', 'done', 1, '{\"request\":{\"method\":\"POST\",\"body\":\"mail=zelda%40secret.example&n=quuxword\"},\"sequence\":\"shop\"}', 1, 2),"
	           " (12, 'shop', 'id-2', 'h', 'failed', 1, '{\"request\":{\"body\":\"order 7 quuxword\"},\"sequence\":\"shop\"}', 1, 2),"
	           " (13, 'shop', 'zelda@secret.example', 'h', 'done', 1, '{\"request\":{},\"sequence\":\"shop\"}', 1, 2),"
	           " (14, 'shop', 'id-4', 'h', 'done', 1, '{\"request\":{\"body\":\"order 8\"},\"sequence\":\"shop\"}', 1, 2)");
	run_sql(w, "INSERT INTO journal (run, position, kind, args, asked_at, answer) VALUES (12, 0, 'contacts.get', '{\"id\":\"zelda\"}', 1, '{\"r\":[]}'),"
	           " (12, 1, 'store.set', '{\"key\":\"k\",\"value\":\"quuxword\"}', 1, '{}'), (14, 0, 'contacts.get', '{\"id\":\"lea\"}', 1, '{\"r\":[]}')");
	run_sql(w, "INSERT INTO run_log (run, at, text) VALUES (12, 1, 'quuxword'), (14, 1, 'order 8')");
	run_sql(w, "INSERT INTO messages (id, channel, direction, state, at, text) VALUES (90, 'discord', 'out', 'accepted', 1, 'Thanks to Zelda Quux!')");
	run_sql(w, "INSERT INTO broadcasts (id, state, channel, account, target, template, vars, text, at, due, created_at, message) VALUES"
	           " (1, 'sent', 'discord', 'd', '#all', 'thanks', '{\"who\":\"Zelda Quux\"}', 'Thanks to Zelda Quux!', 1, 1, 1, 90),"
	           " (2, 'cancelled', 'discord', 'd', '#all', 'thanks', '{\"mail\":\"zelda@secret.example\"}', 'Hello', 1, 1, 1, NULL),"
	           " (3, 'sent', 'discord', 'd', '#all', 'thanks', NULL, 'Thanks to Lea!', 1, 1, 1, NULL)");
}

static json_t *ids_in(const json_t *person, const char *table)
{
	json_t *ids = json_array(), *row;
	size_t i;
	json_array_foreach(json_object_get(person, table), i, row)
		json_array_append(ids, json_object_get(row, "id"));
	return ids;
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
	mentions(&w);
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

/* Requests of hooks and broadcasts have no contact: they are found by what names the person, and others' stay. */
static void test_erase_mentions(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	history(&w);
	mentions(&w);
	g_autoptr(json_t) person = contacts_person(&w.host, "zelda"), runs = ids_in(person, "runs"), broadcasts = ids_in(person, "broadcasts");
	g_autofree char *run_ids = value_text(runs), *broadcast_ids = value_text(broadcasts);
	g_assert_cmpstr(run_ids, ==, "[1,81,11,12,13]");
	g_assert_cmpstr(broadcast_ids, ==, "[1,2]");
	/* Many of others' between them: the walk goes in slices. */
	run_sql(&w, "INSERT INTO runs (id, sequence, key, version, state, seed, start, started_at, ended_at) WITH RECURSIVE n(value) AS (SELECT 100 UNION ALL SELECT value + 1 FROM n WHERE value < 130) SELECT value, 'shop', 'of ' || value, 'h', 'done', 1,"
	            " '{\"request\":{\"body\":\"order\"}}', 1, 2 FROM n");
	run_sql(&w, "UPDATE runs SET start = '{\"request\":{\"body\":\"ZELDA@secret.example\"}}' WHERE id = 130");
	g_assert_true(contacts_erase(&w.host, "zelda", NULL, NULL));
	g_assert_cmpint(number(&w, "SELECT count(*) FROM runs WHERE id >= 100 AND start = '{}'"), ==, 1);
	assert_text(&w, "SELECT group_concat(id || key) FROM (SELECT id, key FROM runs WHERE sequence = 'shop' AND id < 100 AND start = '{}' AND forgotten_at > 0 ORDER BY id)",
	            "11id-1,12id-2,13erased-13");
	g_assert_cmpint(number(&w, "SELECT count(*) FROM runs WHERE id = 14 AND start LIKE '%order 8%' AND forgotten_at IS NULL"), ==, 1);
	assert_text(&w, "SELECT group_concat(run) FROM journal WHERE run > 10", "14");
	assert_text(&w, "SELECT group_concat(run) FROM run_log WHERE run > 10", "14");
	assert_text(&w, "SELECT group_concat(coalesce(text, '-') || coalesce(vars, '-')) FROM (SELECT * FROM broadcasts ORDER BY id)", "--,--,Thanks to Lea!-");
	g_assert_cmpint(number(&w, "SELECT count(*) FROM messages WHERE id = 90 AND text IS NULL"), ==, 1);
	g_autoptr(GError) error = NULL;
	g_assert_false(runs_retry(&w.host, 12, &error));
	g_assert_nonnull(strstr(error->message, "named, has been erased"));
}

/* Each hook run that is still under way, and its request, are told; a broadcast that has not left is for a person to cancel. */
static void test_erase_mentions_live(void)
{
	static const struct { const char *state, *says; } STATES[] = {
		{ "rendering", "let perigee serve settle it" }, { "planned", "perigee broadcast cancel 7" }, { "confirmed", "perigee broadcast cancel 7" },
	};
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	put(&w, "{'id':'zelda','name':'Zelda','instagram':'zelda'}");
	run_sql(&w, "INSERT INTO versions VALUES ('h', 'hook', 'shop', 'hooks/shop.lua', '[]', '{}', 1)");
	run_sql(&w, "INSERT INTO runs (id, sequence, version, state, seed, start, started_at) VALUES (1, 'shop', 'h', 'parked', 1, '{\"request\":{\"json\":{\"who\":\"zelda\"}}}', 1)");
	run_sql(&w, "INSERT INTO broadcasts (id, state, channel, account, target, template, vars, text, at, due, created_at) VALUES"
	            " (7, '', 'discord', 'd', '#all', 't', '{\"by\":\"@zelda\"}', 'Art by @zelda: see all', 1, 1, 1), (8, 'planned', 'discord', 'd', '#all', 't', NULL, 'zelda is a word', 1, 1, 1)");
	for (size_t i = 0; i < G_N_ELEMENTS(STATES); i++) {
		g_autoptr(GError) error = NULL;
		db_run(w.host.db, "UPDATE broadcasts SET state = ? WHERE id = 7", "s", STATES[i].state);
		g_assert_false(contacts_erase(&w.host, "zelda", NULL, &error));
		g_assert_nonnull(strstr(error->message, STATES[i].says));
	}
	run_sql(&w, "UPDATE broadcasts SET state = 'cancelled' WHERE id = 7");
	int kept = -1;
	g_assert_true(contacts_erase(&w.host, "zelda", &kept, NULL));
	g_assert_cmpint(kept, ==, 1);
	g_assert_cmpint(number(&w, "SELECT count(*) FROM runs WHERE start LIKE '%zelda%'"), ==, 1);
	assert_text(&w, "SELECT group_concat(text) FROM broadcasts", "zelda is a word");
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

/* With years of history an erasure looks at what is theirs, not at all there is. */
static void test_erase_by_index(void)
{
	g_auto(World) w;
	world_open_with(&w, PLAIN);
	static const char *const QUERIES[] = {
		"EXPLAIN QUERY PLAN DELETE FROM event_runs WHERE event IN (SELECT id FROM events WHERE contact = 'a')",
		"EXPLAIN QUERY PLAN SELECT * FROM messages WHERE contact = ?1 OR " CONTACTS_TEST_MESSAGE,
	};
	for (size_t i = 0; i < G_N_ELEMENTS(QUERIES); i++) {
		Rows *rows = db_query_built(w.host.db, QUERIES[i], NULL, 0);
		while (rows_next(rows))
			if (g_str_has_prefix(rows_text(rows, 3), "SCAN ") && strcmp(rows_text(rows, 3), "SCAN CONSTANT ROW") != 0)
				g_error("%s: %s", QUERIES[i], rows_text(rows, 3));
	}
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
		{ "INSERT INTO runs (id, sequence, key, version, state, seed, start, started_at, ended_at) VALUES (10, 'shop', 'id-1', 'h', 'done', 1, '{\"request\":{}}', 1, @)", 366 },
		{ "INSERT INTO broadcasts (id, state, channel, account, target, template, vars, text, at, due, created_at) VALUES"
		  " (1, 'sent', 'discord', 'd', '#all', 't', '{}', 'old', @, 1, 1), (2, 'confirmed', 'discord', 'd', '#all', 't', NULL, 'to leave', @, 1, 1)", 731 },
		{ "INSERT INTO broadcasts (id, state, channel, account, target, template, text, at, due, created_at) VALUES (3, 'lapsed', 'discord', 'd', '#all', 't', 'new', @, 1, 1)", 729 },
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
		{ "SELECT count(*) FROM runs WHERE id = 10 AND start = '{}' AND key = 'id-1'", 1 },
		{ "SELECT sum(id) FROM broadcasts WHERE text IS NOT NULL", 5 }, { "SELECT count(*) FROM broadcasts WHERE vars IS NULL", 3 },
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
	g_assert_cmpint(value_integer(json_object_get(after, "dropped"), "journals", 0), ==, 2);
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
	g_test_add_func("/erase/all of a person is exported, and after erasure stands in no file", test_erase);
	g_test_add_func("/erase/requests of hooks and words of broadcasts that name a person go with them", test_erase_mentions);
	g_test_add_func("/erase/hooks that are under way are told, and a broadcast that has not left is cancelled first", test_erase_mentions_live);
	g_test_add_func("/erase/who is called like any word takes nothing of others along", test_erase_max);
	g_test_add_func("/erase/a test message in their name is theirs", test_erase_test_messages);
	g_test_add_func("/erase/the folder of who was merged into them goes too", test_erase_folders);
	g_test_add_func("/erase/a night begins again when what it did could not be committed", test_keep_failed_commit);
	g_test_add_func("/erase/an erasure reads no table from end to end", test_erase_by_index);
	g_test_add_func("/erase/what a live run needs is told", test_erase_live);
	g_test_add_func("/erase/an erased person's agent can still be written to for others", test_erase_shared);
	g_test_add_func("/erase/keep drops what is old at night, and nothing that is needed", test_keep);
	g_test_add_func("/erase/prospects who never answered are forgotten after their time", test_keep_contacts);
	return g_test_run();
}
