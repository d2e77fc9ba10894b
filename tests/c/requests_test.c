/* SPDX-License-Identifier: MIT */
/* Requests of scripts: what a lying worker may not ask, how they are answered, and what becomes of them when their carrier is gone.
 * LINKS: host */
#include "host/requests.h"

#include "host/journal.h"
#include "host/visits.h"

#include <string.h>

typedef struct World {
	Host host;
	Workspace workspace;
	Account mail;
	Run run;
} World;

static const char DECLARED[] =
	"{\"name\":\"s\",\"type\":\"sequence\",\"needs\":{\"net\":[\"api.example.com\",\"127.0.0.1:8080\",\"127.0.0.1:9\",\"smtp.brand.example\",\"10.0.0.1\"],"
	"\"secret\":[\"key\",\"mailbox\"]}}";

static void open_world(World *w, const void *unused)
{
	(void)unused;
	*w = (World){ 0 };
	w->mail = (Account){ .name = "sales", .channel = "email", .has_smtp = true,
		             .config = json_pack("{s{ssss}}", "smtp", "url", "smtps://SMTP.brand.example:465", "password", "mailbox") };
	w->workspace.accounts = g_ptr_array_new();
	g_ptr_array_add(w->workspace.accounts, &w->mail);
	w->workspace.allow_addresses = json_pack("[s]", "127.0.0.1:8080");
	w->host = (Host){ .db = db_open(NULL, NULL), .workspace = &w->workspace, .clock = clock_virtual(1000000), .visits = visits_new(),
		          .after_commit = g_array_new(FALSE, FALSE, 3 * sizeof(void *)), .boot = (char *)"this-boot" };
	Db *db = w->host.db;
	host_write(&w->host);
	db_run(db, "INSERT INTO versions VALUES ('v', 'sequence', 's', 'sequences/s.lua', '[]', ?, 1)", "s", DECLARED);
	db_run(db, "INSERT INTO scripts (name, kind, version) VALUES ('s', 'sequence', 'v')", "");
	db_run(db, "INSERT INTO runs (id, sequence, key, version, state, seed, start, started_at) VALUES (5, 's', '', 'v', 'sending', 1, '{\"due\":1}', 1)", "");
	g_assert_true(run_load(&w->host, 5, &w->run));
}

static void close_world(World *w, const void *unused)
{
	(void)unused;
	g_assert_false(db_failed(w->host.db));
	run_clear(&w->run);
	visits_free(w->host.visits);
	g_clear_pointer(&w->host.programs, g_hash_table_unref);
	g_array_unref(w->host.after_commit);
	db_close(w->host.db);
	g_ptr_array_unref(w->workspace.accounts);
	json_decref(w->workspace.allow_addresses);
	json_decref(w->mail.config);
}

static bool queue(World *w, int64_t position, const char *text, GError **error)
{
	g_autoptr(json_t) args = value_parse(text, -1, NULL);
	g_assert_nonnull(args);
	if (!requests_queue(&w->host, &w->run, position, args, error))
		return false;
	journal_add(&w->host, 5, position, "http", text, NULL, TIME_NEVER, "sequences/s.lua:1");
	return true;
}

static int64_t queued(World *w, int64_t position, const char *text)
{
	GError *error = NULL;
	queue(w, position, text, &error);
	g_assert_no_error(error);
	return db_int(w->host.db, 0, "SELECT max(id) FROM requests", "");
}

static void expect_state(World *w, int64_t id, const char *wanted)
{
	g_autofree char *state = db_text(w->host.db, "SELECT state FROM requests WHERE id = ?", "i", id);
	g_assert_cmpstr(state, ==, wanted);
}

/* The answer in the journal at a position; NULL: pending. */
static void expect_answer(World *w, int64_t position, const char *wanted)
{
	g_autofree char *answer = db_text(w->host.db, "SELECT answer FROM journal WHERE run = 5 AND position = ?", "i", position);
	g_assert_cmpstr(answer, ==, wanted);
}

#define URL "\"url\":\"https://api.example.com/\""
#define GET "{\"method\":\"GET\"," URL "}"
#define POST "{\"method\":\"POST\"," URL ",\"json\":{\"a\":1}}"

static void a_worker_may_lie(World *w, const void *unused)
{
	(void)unused;
	static const struct {
		const char *args, *words;
	} cases[] = {
		{ "{" URL "}", "method" },
		{ "{\"method\":\"TRACE\"," URL "}", "method" },
		{ "{\"method\":\"GET\\u0000\"," URL "}", "method" },
		{ "{\"method\":\"GET\"}", "url: a text" },
		{ "{\"method\":\"GET\",\"url\":5}", "url: a text" },
		{ "{\"method\":\"GET\",\"url\":\"https://api.example.com/\\u0000.evil\"}", "url: a text without NUL" },
		{ "{\"method\":\"GET\",\"url\":\"https://api.example.com@evil.test/\"}", "user" },
		{ "{\"method\":\"GET\",\"url\":\"https://evil.test/\"}", "\"evil.test\" is not in needs.net of s" },
		{ "{\"method\":\"GET\",\"url\":\"https://api.example.com:444/\"}", "\"api.example.com:444\" is not in needs.net" },
		{ "{\"method\":\"GET\",\"url\":\"http://127.0.0.1:9/\"}", "only https" },
		{ "{\"method\":\"GET\",\"url\":\"https://10.0.0.1/\"}", "a host's name is needed" },
		{ "{\"method\":\"GET\",\"url\":\"https://smtp.brand.example/\"}", "a server of the account \"sales\"" },
		{ "{\"method\":\"GET\"," URL ",\"headers\":[]}", "headers" },
		{ "{\"method\":\"GET\"," URL ",\"headers\":{\"host\":\"x\"}}", "perigee writes this header itself" },
		{ "{\"method\":\"GET\"," URL ",\"headers\":{\"X-A\":\"x\"}}", "lower case" },
		{ "{\"method\":\"GET\"," URL ",\"headers\":{\"x-a\":\"x\\r\\ny\"}}", "line end" },
		{ "{\"method\":\"GET\"," URL ",\"headers\":{\"x-a\":1}}", "no text" },
		{ "{\"method\":\"GET\"," URL ",\"headers\":{\"x a\":\"1\"}}", "no name of a header" },
		{ "{\"method\":\"GET\"," URL ",\"secrets\":[{\"secret\":\"other\",\"place\":\"\"}]}", "\"other\" is not in needs.secret of s" },
		{ "{\"method\":\"GET\"," URL ",\"secrets\":[{\"secret\":\"mailbox\",\"place\":\"\"}]}", "the password of an account" },
		{ "{\"method\":\"GET\"," URL ",\"secrets\":[{\"secret\":\"key\",\"place\":\"body\"}]}", "no name of a header" },
		{ "{\"method\":\"GET\"," URL ",\"secrets\":[{\"secret\":\"key\",\"place\":\"header host\"}]}", "perigee writes" },
		{ "{\"method\":\"GET\"," URL ",\"secrets\":[{\"secret\":\"key\",\"place\":\"header X\"}],\"headers\":{\"x\":\"1\"}}", "twice" },
		{ "{\"method\":\"GET\"," URL ",\"secrets\":[5]}", "a name and a place" },
		{ "{\"method\":\"GET\",\"url\":\"https://api.example.com/{secret}\"}", "place for a {secret}" },
		{ "{\"method\":\"GET\"," URL ",\"body\":\"x\"}", "has no body" },
		{ "{\"method\":\"POST\"," URL ",\"body\":\"x\",\"json\":1}", "one of body, json and form" },
		{ "{\"method\":\"POST\"," URL ",\"body\":{}}", "body: a text" },
		{ "{\"method\":\"POST\"," URL ",\"form\":{\"a\":1}}", "form.a" },
		{ "{\"method\":\"POST\"," URL ",\"idempotency_key\":\"a\\r\\nb\"}", "idempotency_key" },
		{ "{\"method\":\"GET\"," URL ",\"timeout\":1e300}", "timeout" },
		{ "{\"method\":\"GET\"," URL ",\"timeout\":[]}", "timeout" },
		{ "{\"method\":\"GET\"," URL ",\"timeout\":\"soon\"}", "timeout" },
		{ "{\"method\":\"GET\"," URL ",\"pick\":[\"a\",\"..\"]}", "no path to pick" },
		{ "{\"method\":\"GET\"," URL ",\"pick\":\"a\"}", "pick" },
		{ "{\"method\":\"GET\"," URL ",\"proxy\":\"x\"}", "unknown key 'proxy'" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(queue(w, 0, cases[i].args, &error));
		g_assert_nonnull(error);
		if (!strstr(error->message, cases[i].words))
			g_error("%s: %s", cases[i].args, error->message);
	}
	g_assert_false(requests_open(&w->host));
}

static void net_is_told_what_it_needs(World *w, const void *unused)
{
	(void)unused;
	int64_t id = queued(w, 0, "{\"method\":\"POST\",\"url\":\"http://127.0.0.1:8080/x\",\"form\":{\"a b\":\"ü&\"},\"headers\":{\"x-a\":\"1\"},\"timeout\":\"2m\","
	                          "\"secrets\":[{\"place\":\"header X-Key\",\"secret\":\"key\"}],\"pick\":[\"a.b\"]}");
	g_autofree char *text = requests_hand(&w->host, id);
	g_autofree char *database = db_meta(w->host.db, "requests_id");
	g_autofree char *wanted = g_strdup_printf(
		"{\"body\":\"a+b=%%C3%%BC%%26\",\"headers\":{\"content-type\":\"application/x-www-form-urlencoded\",\"idempotency-key\":\"5-0-%s\",\"x-a\":\"1\"},"
		"\"hosts\":[\"api.example.com\",\"127.0.0.1:8080\",\"127.0.0.1:9\",\"10.0.0.1\"],\"key\":\"5-0-%s\",\"method\":\"POST\",\"pick\":[\"a.b\"],"
		"\"secrets\":[{\"place\":\"header X-Key\",\"secret\":\"key\"}],\"timeout\":120,\"url\":\"http://127.0.0.1:8080/x\"}", database, database);
	g_assert_cmpstr(text, ==, wanted); /* the account's server is not among the hosts: no redirect leads there */
	expect_state(w, id, "handed");
	g_assert_null(requests_hand(&w->host, id));
	g_assert_cmpint(db_int(w->host.db, 0, "SELECT count(*) FROM secret_uses WHERE secret = 'key' AND host = '127.0.0.1' AND script = 's' AND run = 5", ""), ==, 1);
	g_autoptr(GHashTable) secrets = requests_secrets(&w->host);
	g_assert_true(g_hash_table_contains(secrets, "key") && !g_hash_table_contains(secrets, "mailbox"));
}

static void an_answer_is_given_once(World *w, const void *unused)
{
	(void)unused;
	int64_t id = queued(w, 0, GET);
	g_assert_true(requests_answer(&w->host, id, "", "", "{\"status\":200}")); /* not handed: passed over */
	expect_answer(w, 0, NULL);
	g_free(requests_hand(&w->host, id));
	static const char *const malformed[] = {
		"", "[]", "{}", "{\"status\":\"200\"}", "{\"status\":20}", "{\"headers\":[],\"status\":200}", "{\"headers\":{\"a\":1},\"status\":200}",
		"{\"body\":5,\"status\":200}", "{\"status\":200", "null",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(malformed); i++)
		g_assert_false(requests_answer(&w->host, id, "", "", malformed[i]));
	g_assert_false(requests_answer(&w->host, id, "teapot", "", ""));
	expect_state(w, id, "handed");
	g_assert_true(requests_answer(&w->host, id, "", "", "{\"status\":204,\"headers\":{\"a\":\"b\"},\"json\":[1],\"more\":true}"));
	expect_answer(w, 0, "{\"r\":[{\"headers\":{\"a\":\"b\"},\"json\":[1],\"status\":204}]}");
	expect_state(w, id, "answered");
	g_assert_true(requests_answer(&w->host, id, "timeout", "late", ""));
	expect_state(w, id, "answered");
	g_autofree char *state = db_text(w->host.db, "SELECT state FROM runs WHERE id = 5", "");
	g_assert_cmpstr(state, ==, "ready");

	id = queued(w, 1, GET);
	g_free(requests_hand(&w->host, id));
	g_assert_true(requests_answer(&w->host, id, "unreachable", "no\nsuch\x01 host \xff", ""));
	expect_answer(w, 1, "{\"r\":[null,\"no such  host \xef\xbf\xbd\",\"unreachable\"]}");
	expect_state(w, id, "failed");
}

static void a_carrier_that_is_gone_is_settled(World *w, const void *unused)
{
	(void)unused;
	static const struct {
		const char *args;
		SettledState state;
		bool same_boot;
		const char *becomes;
	} cases[] = {
		{ GET, SETTLED_NONE, true, "queued" },      { POST, SETTLED_NONE, true, "queued" },
		{ GET, SETTLED_MARK, true, "queued" },      { POST, SETTLED_MARK, true, "unknown" },
		{ GET, SETTLED_ANSWER, true, "queued" },    { POST, SETTLED_ANSWER, true, "unknown" },
		{ GET, SETTLED_NONE, false, "queued" },     { POST, SETTLED_NONE, false, "unknown" },
		{ POST, SETTLED_MARK, false, "unknown" },   { POST, SETTLED_ANSWER, false, "unknown" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int64_t id = queued(w, (int64_t)i, cases[i].args);
		g_free(requests_hand(&w->host, id));
		requests_settle(&w->host, id, cases[i].state, cases[i].same_boot, 201);
		expect_state(w, id, cases[i].becomes);
		g_autofree char *answer = db_text(w->host.db, "SELECT answer FROM journal WHERE run = 5 AND position = ?", "i", (int64_t)i);
		g_assert_true(g_str_equal(cases[i].becomes, "unknown") ? answer && strstr(answer, "\"unknown\"]}") : !answer);
		requests_settle(&w->host, id, SETTLED_MARK, true, 0); /* nothing that is not handed is settled */
		expect_state(w, id, cases[i].becomes);
	}
}

static void a_request_that_net_does_not_survive_is_given_up(World *w, const void *unused)
{
	(void)unused;
	int64_t id = queued(w, 0, GET);
	int times = 0;
	for (char *text; (text = requests_hand(&w->host, id)); times++) {
		g_free(text);
		requests_settle(&w->host, id, SETTLED_MARK, true, 0);
	}
	g_assert_cmpint(times, ==, 5);
	expect_state(w, id, "failed");
}

static void an_ended_run_has_no_requests(World *w, const void *unused)
{
	(void)unused;
	GError *error = NULL;
	int64_t id = queued(w, 0, POST);
	runs_end(&w->host, 5, "stopped", "stopped", NULL, NULL);
	expect_state(w, id, "withdrawn");
	g_assert_null(requests_hand(&w->host, id));
	g_assert_true(runs_retry(&w->host, 5, &error));
	expect_state(w, id, "queued");
	g_autofree char *state = db_text(w->host.db, "SELECT state FROM runs WHERE id = 5", "");
	g_assert_cmpstr(state, ==, "sending");
	g_free(requests_hand(&w->host, id));
	runs_end(&w->host, 5, "stopped", "stopped", NULL, NULL);
	expect_state(w, id, "handed"); /* it may have left: it is answered, and the run stays as it is */
	g_assert_true(requests_answer(&w->host, id, "", "", "{\"status\":200}"));
	expect_answer(w, 0, "{\"r\":[{\"headers\":{},\"status\":200}]}");
	g_autofree char *after = db_text(w->host.db, "SELECT state FROM runs WHERE id = 5", "");
	g_assert_cmpstr(after, ==, "stopped");
}

static void a_key_is_never_given_twice(World *w, const void *unused)
{
	(void)unused;
	queued(w, 0, POST);
	db_run(w->host.db, "DELETE FROM journal", ""); /* contact:restart */
	queued(w, 0, POST);
	g_assert_cmpint(db_int(w->host.db, 0, "SELECT count(DISTINCT key) FROM requests", ""), ==, 2);
	g_assert_cmpint(db_int(w->host.db, 0, "SELECT count(*) FROM requests WHERE key LIKE '5-0-%-2'", ""), ==, 1);
}

static void a_person_takes_an_unknown_one_off_the_list(World *w, const void *unused)
{
	(void)unused;
	GError *error = NULL;
	int64_t id = queued(w, 0, POST);
	g_assert_false(requests_resolve(&w->host, id, &error));
	g_clear_error(&error);
	g_free(requests_hand(&w->host, id));
	requests_settle(&w->host, id, SETTLED_MARK, true, 0);
	g_assert_true(requests_resolve(&w->host, id, &error));
	expect_state(w, id, "resolved");
	g_assert_false(requests_resolve(&w->host, id + 1, &error));
	g_assert_nonnull(strstr(error->message, "no request r"));
	g_clear_error(&error);
}

static void versions_move_by_method_and_url(World *w, const void *unused)
{
	(void)w;
	(void)unused;
	g_assert_true(journal_similar("http", POST, "http", "{\"method\":\"POST\"," URL ",\"json\":{\"a\":2},\"timeout\":5}"));
	g_assert_false(journal_similar("http", POST, "http", GET));
	g_assert_false(journal_similar("http", GET, "http", "{\"method\":\"GET\",\"url\":\"https://api.example.com/x\"}"));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(World *w, const void *unused);
	} tests[] = {
		{ "/requests/a worker may lie", a_worker_may_lie },
		{ "/requests/net is told what it needs", net_is_told_what_it_needs },
		{ "/requests/an answer is given once", an_answer_is_given_once },
		{ "/requests/a carrier that is gone is settled by the send log", a_carrier_that_is_gone_is_settled },
		{ "/requests/one that net does not survive is given up", a_request_that_net_does_not_survive_is_given_up },
		{ "/requests/an ended run has none", an_ended_run_has_no_requests },
		{ "/requests/a key is never given twice", a_key_is_never_given_twice },
		{ "/requests/a person takes an unknown one off the list", a_person_takes_an_unknown_one_off_the_list },
		{ "/requests/versions move by method and URL", versions_move_by_method_and_url },
	};
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, World, NULL, open_world, tests[i].test, close_world);
	return g_test_run();
}
