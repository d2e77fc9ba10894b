/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* Visits of scripts in the worker program: effects, answers, replay, divergence, moves. */
#include "worker_host.h"

#define HEAD "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', needs = {}, run = function(contact)\n"
#define TAIL "\nend }"
#define ANN \
	"{\"contact\":{\"fields\":{\"city\":\"Lyon\"},\"id\":\"c1\",\"identities\":{\"email\":\"ann@b.example\"}," \
	"\"labels\":[\"press\",\"vip\"],\"name\":\"Ann B\",\"stage\":\"talking\"},\"run\":\"r1\",\"sequence\":\"test\",\"state\":{\"round\":2}}"
#define AT "@sequences/test.lua:3"

static Host *host;

static uint64_t start(const char *body, const Entry *journal)
{
	g_autofree char *source = g_strconcat(HEAD, body, TAIL, NULL);
	return host_visit(host, host_load_script(host, source), VISIT_STRICT, ANN, journal);
}

/* Scripts that end without an effect, and how. */
static void test_outcomes(void)
{
	static const struct {
		const char *body, *line;
	} cases[] = {
		{ "return 'replied'", "done \"replied\"" },
		{ "", "done null" },
		{ "return 5", "failed error run returns its outcome as a text, or nothing; this one returned a number @sequences/test.lua:2" },
		{ "return contact.name .. contact.email .. contact.stage .. contact.fields.city", "done \"Ann Bann@b.exampletalkingLyon\"" },
		{ "return tostring(contact.labels.vip) .. tostring(contact.labels.other)", "done \"truenil\"" },
		{ "local t = {} for l in pairs(contact.labels) do t[#t + 1] = l end return table.concat(t, ',')", "done \"press,vip\"" },
		{ "return tostring(contact.state.round) .. tostring(contact.instagram) .. tostring(contact.fields.none)", "done \"2nilnil\"" },
		{ "return contact.fist_name", "failed error a contact has no attribute 'fist_name'; did you mean 'first_name'? " AT },
		{ "contact.stage = 'x'", "failed error contact.stage can't be assigned: use contact:set { stage = ... } " AT },
		{ "contact.fields.city = 'x'", "failed error contact.fields can't be assigned: use contact:set { city = ... } " AT },
		{ "return tostring(perigee.now()) .. ' ' .. os.time() .. ' ' .. os.date('%H:%M')", "done \"1000 1000 00:16\"" },
		{ "error('no')", "failed error no " AT },
		{ "return perigee.store.set('k')", "failed error perigee.store.set: the value is nil; perigee.store.delete(key) takes a key away "
		                                   "@sequences/test.lua:2" },
		{ "error({})", "failed error the script raised a table " AT },
		{ "error(setmetatable({}, { __tostring = function() return 'x' end }))", "failed error the script raised a table " AT },
		{ "local x = nil + 1", "failed error attempt to perform arithmetic on a nil value " AT },
		{ "return x", "failed error unknown global 'x'; declare it with local " AT },
		{ "x = 1", "failed error assignment to unknown global 'x'; declare it with local " AT },
		{ "perigee.http {}", "failed error perigee.http: 'url' is missing " AT },
		{ "perigee.slep(1)", "failed error there is no perigee.slep; did you mean 'sleep'? " AT },
		{ "contact:reach({}, 'x')", "failed error contact:reach: 1 to 16 channels can be named " AT },
		{ "contact.send('email', 'x')", "failed error call it with a colon: contact:send(...) " AT },
		{ "contact:send('email', 'x', { var = {} })", "failed error contact:send: unknown key 'var'; did you mean 'vars'? " AT },
		{ "contact:send('email')", "failed error contact:send: template: a text is needed, not nothing " AT },
		{ "perigee.sleep(true)", "failed error perigee.sleep: a duration is needed, such as \"3 days\" or a number of seconds, not a boolean " AT },
		{ "contact:wait('repl', 5)", "failed error contact:wait: 'repl' is not known; did you mean 'reply'? " AT },
		{ "contact:task { kind = 'cal' }", "failed error contact:task.kind: 'cal' is not known; did you mean 'call'? " AT },
		{ "perigee.store.set('k', { a = { print = string.rep } })", "failed error value.a.print: a function is no plain data " AT },
		{ "perigee.store.set('k', { 1, nil, 3 })", "failed error value: a list with holes (nil before its end) " AT },
		{ "perigee.store.set('k', { x = 0 / 0 })", "failed error value.x: a number that is not a number (0/0) " AT },
		{ "perigee.store.set('k', 'a\\xff')", "failed error value: a text that is not UTF-8 " AT },
		{ "perigee.store.set('k', contact)", "failed error value: a contact is no plain data; take its id or single values " AT },
		{ "local t = {} t.t = t perigee.store.set('k', t)",
		  "failed error value.t.t.t.t.t.t.t: nested deeper than 32 levels, or contains itself " AT },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		start(cases[i].body, NULL);
		host_expect(host, cases[i].line);
	}
}

/* Scripts whose first effect is this. */
static void test_effects(void)
{
	static const struct {
		const char *body, *line;
	} cases[] = {
		{ "contact:send('email', 'intro')", "effect 0 send {\"channel\":\"email\",\"template\":\"intro\"} " AT " waits" },
		{ "contact:try_send('email', 'intro', { vars = { n = 1.0, m = 1 } })",
		  "effect 0 send {\"channel\":\"email\",\"opts\":{\"vars\":{\"m\":1,\"n\":1.0}},\"template\":\"intro\",\"try\":true} " AT " waits" },
		{ "contact:wait_reply '3 business days'", "effect 0 wait_reply {\"within\":\"3 business days\"} " AT " waits" },
		{ "contact:wait({ 'click', 'signal:paid' }, 60)", "effect 0 wait {\"events\":[\"click\",\"signal:paid\"],\"within\":60} " AT " waits" },
		{ "contact:wait('task_done')", "effect 0 wait {\"events\":[\"task_done\"]} " AT " waits" },
		{ "perigee.sleep '1 week'", "effect 0 sleep {\"for\":\"1 week\"} " AT " waits" },
		{ "contact:restart { round = 3 }", "effect 0 restart {\"state\":{\"round\":3}} " AT " waits" },
		{ "contact:can 'email'", "effect 0 can {\"channel\":\"email\"} " AT },
		{ "contact:task { kind = 'call', note = 'n' }", "effect 0 task {\"kind\":\"call\",\"note\":\"n\"} " AT },
		{ "contact:set { stage = 'agreed', n = 2 }", "effect 0 set {\"changes\":{\"n\":2,\"stage\":\"agreed\"}} " AT },
		{ "contact:label 'vip'", "effect 0 label {\"label\":\"vip\"} " AT },
		{ "contact:signal('paid', { 1, 2 })", "effect 0 signal {\"data\":[1,2],\"name\":\"paid\"} " AT },
		{ "contact:enroll('next', 'k')", "effect 0 enrol {\"key\":\"k\",\"sequence\":\"next\"} " AT },
		{ "perigee.log('a\\nb', { x = {} })", "effect 0 log {\"fields\":{\"x\":{}},\"text\":\"a\\nb\"} " AT },
		{ "perigee.store.add('n', 5)", "effect 0 store.add {\"key\":\"n\",\"n\":5} " AT },
		{ "perigee.store.set('k', contact.fields)", "effect 0 store.set {\"key\":\"k\",\"value\":{\"city\":\"Lyon\"}} " AT },
		{ "perigee.contacts.find { label = 'vip' }", "effect 0 contacts.find {\"label\":\"vip\"} " AT },
		{ "perigee.calendar(5, 'Asia/Tokyo')", "effect 0 calendar {\"time\":5,\"zone\":\"Asia/Tokyo\"} " AT },
		{ "perigee.date(5, '+2 business days')", "effect 0 date {\"shift\":\"+2 business days\",\"time\":5} " AT },
		/* The place is the script's wherever the call is made from. */
		{ "table.sort({ 2, 1 }, function(a, b) perigee.store.get('k') return a < b end)", "effect 0 store.get {\"key\":\"k\"} " AT },
		{ "coroutine.wrap(perigee.store.get)('k')", "effect 0 store.get {\"key\":\"k\"} " AT },
		{ "pcall(string.gsub, 'a', '.', function() perigee.store.get('k') end)", "effect 0 store.get {\"key\":\"k\"} " AT },
		{ "local t = setmetatable({}, { __index = function() return perigee.store.get('k') end }) return t.x",
		  "effect 0 store.get {\"key\":\"k\"} " AT },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint64_t ticket = start(cases[i].body, NULL);
		host_expect(host, cases[i].line);
		peer_begin(host->worker, W_ABANDON, ticket);
		peer_end(host->worker);
	}
}

static void test_answers(void)
{
	static const struct {
		const char *body, *answer, *line;
	} cases[] = {
		{ "return tostring(perigee.store.get 'k')", "{\"r\":[5]}", "done \"5\"" },
		{ "return tostring(perigee.store.get 'k')", "{\"r\":[5.0]}", "done \"5.0\"" },
		{ "return tostring(perigee.store.get 'k')", "{\"r\":[]}", "done \"nil\"" },
		{ "return perigee.store.get('k').a[2]", "{\"r\":[{\"a\":[1,\"x\\u00e9\\n\\\"\"]}]}", "done \"xé\\n\\\"\"" },
		{ "return table.concat({ select(2, contact:can 'email') }, ' ')", "{\"r\":[null,\"paused\",\"paused\"]}", "done \"paused paused\"" },
		{ "perigee.store.get 'k'", "{\"raise\":\"store is not in needs\"}", "failed error store is not in needs " AT },
		{ "return select(2, pcall(perigee.store.get, 'k'))", "{\"raise\":\"no\"}", "done \"sequences/test.lua:3: no\"" },
		{ "contact:set { stage = 'x' } return contact.stage", "{\"c\":{\"stage\":\"x\"},\"r\":[]}", "done \"x\"" },
		{ "contact:set {} return tostring(contact.stage)", "{\"c\":{\"stage\":null},\"r\":[]}", "done \"nil\"" },
		{ "contact:label 'a' return tostring(contact.labels.a) .. tostring(contact.labels.vip)", "{\"c\":{\"labels\":[\"a\"]},\"r\":[]}",
		  "done \"truenil\"" },
		{ "local c = perigee.contacts.find {} return #c .. c[1].name .. tostring(c[1].state)",
		  "{\"r\":[[{\"id\":\"c2\",\"name\":\"Bob\",\"fields\":{},\"labels\":[],\"identities\":{}}]]}", "done \"1Bobnil\"" },
		{ "perigee.store.get 'k' return tostring(perigee.now())", "{\"r\":[]}", "done \"2000\"" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint64_t ticket = start(cases[i].body, NULL);
		g_assert_cmpint(host_receive(host), ==, W_EFFECT);
		host_answer(host, ticket, 0, cases[i].answer);
		host_expect(host, cases[i].line);
	}
}

static void test_replay(void)
{
	static const Entry journal[] = {
		{ "send", "{\"channel\":\"email\",\"template\":\"intro\"}", "{\"r\":[{\"id\":\"m1\"}]}" },
		{ "wait_reply", "{\"within\":\"3 days\"}", "{\"c\":{\"stage\":\"agreed\"},\"r\":[{\"text\":\"yes\"}]}" },
		{ NULL, NULL, NULL },
	};
	uint64_t ticket = start("local m = contact:send('email', 'intro') local r = contact:wait_reply '3 days' "
	                        "perigee.store.set(m.id, r.text .. contact.stage .. perigee.now())", journal);
	host_expect(host, "effect 2 store.set {\"key\":\"m1\",\"value\":\"yesagreed1010\"} " AT);
	host_answer(host, ticket, 2, "{\"r\":[]}");
	host_expect(host, "done null");
}

/* Two effects answered by a program, then a third: the same stream from another process. */
static void test_same_in_two_processes(void)
{
	static const char body[] =
		"local t = { z = 1, a = 2, [10] = 3, [2.5] = 4, m = 5, [true] = 6 } local s = '' for k, v in pairs(t) do s = s .. tostring(k) .. v end "
		"local h = {} for i = 1, 40 do h[i] = i end for i = 3, 39, 3 do h[i] = nil end h[50] = 1 "
		"local l = {} for i = 1, 300 do l[i] = { i % 7, i } end table.sort(l, function(a, b) return a[1] < b[1] end) "
		"perigee.store.set('a', { s, #h, math.random(1000000), math.random(), l[50][2], l[200][2], tostring({}) })";
	char *line[2];
	for (int i = 0; i < 2; i++) {
		Host *shared = host;
		host = host_start();
		host_fork(host);
		start(body, NULL);
		host_receive(host);
		line[i] = host_line(host);
		host_stop(host);
		host = shared;
	}
	g_assert_true(g_str_has_prefix(line[0], "effect 0 store.set {\"key\":\"a\",\"value\":[\"2.54103a2m5z1true6\","));
	g_assert_cmpstr(line[0], ==, line[1]);
	g_free(line[0]);
	g_free(line[1]);
}

static void test_divergence(void)
{
	static const Entry other[] = { { "store.add", "{\"key\":\"n\",\"n\":1}", "{\"r\":[1]}" }, { NULL, NULL, NULL } };
	start("perigee.store.add('n', 2)", other);
	host_expect(host, "diverged 0 store.add {\"key\":\"n\",\"n\":2} " AT);
	start("perigee.sleep(5)", other);
	host_expect(host, "diverged 0 sleep {\"for\":5} " AT);
	start("return 'x'", other);
	host_expect(host, "diverged 0  {} @");
	start("error 'x'", other);
	host_expect(host, "diverged 0  {\"error\":\"x\"} " AT);
	/* The worker goes on. */
	start("return 'x'", NULL);
	host_expect(host, "done \"x\"");
}

#define WEB "local perigee = require 'perigee' return perigee.sequence { name = 'w', needs = { net = { 'a.example' } },\n run = function(contact)\n"

static void test_moves(void)
{
	static const Entry journal[] = {
		{ "send", "{\"channel\":\"email\",\"template\":\"intro\"}", "{\"r\":[{}]}" },
		{ "sleep", "{\"for\":\"1 day\"}", "{\"r\":[]}" },
		{ "store.set", "{\"key\":\"k\",\"value\":1}", "{\"r\":[]}" },
		{ NULL, NULL, NULL },
	};
	uint64_t program = host_load_script(host, HEAD "contact:send('email', 'intro', { vars = { a = 1 } }) perigee.sleep '2 days' "
	                                               "perigee.store.set('k', 2) return 'x'" TAIL);
	host_visit(host, program, VISIT_LOOSE, ANN, journal);
	host_expect(host, "rewrite 0 {\"channel\":\"email\",\"opts\":{\"vars\":{\"a\":1}},\"template\":\"intro\"}");
	host_expect(host, "rewrite 1 {\"for\":\"2 days\"}");
	host_expect(host, "rewrite 2 {\"key\":\"k\",\"value\":2}");
	host_expect(host, "done \"x\"");
	program = host_load_script(host, HEAD "contact:send('email', 'other')" TAIL);
	host_visit(host, program, VISIT_LOOSE, ANN, journal);
	host_expect(host, "diverged 0 send {\"channel\":\"email\",\"template\":\"other\"} " AT);
	static const Entry stopped[] = { { "stop", "{\"sequence\":\"a\"}", "{\"r\":[]}" }, { NULL, NULL, NULL } };
	program = host_load_script(host, HEAD "contact:stop 'b'" TAIL);
	host_visit(host, program, VISIT_LOOSE, ANN, stopped);
	host_expect(host, "diverged 0 stop {\"sequence\":\"b\"} " AT);
	/* A request is the same by method and URL. */
	static const Entry asked[] = {
		{ "http", "{\"body\":\"1\",\"method\":\"POST\",\"url\":\"https://a.example/\"}", "{\"r\":[{\"status\":200}]}" }, { NULL, NULL, NULL },
	};
	program = host_load_script(host, WEB "perigee.http { url = 'https://a.example/', method = 'POST', body = '2' } return 'x'" TAIL);
	host_visit(host, program, VISIT_LOOSE, ANN, asked);
	host_expect(host, "rewrite 0 {\"body\":\"2\",\"method\":\"POST\",\"url\":\"https://a.example/\"}");
	host_expect(host, "done \"x\"");
	program = host_load_script(host, WEB "perigee.http { url = 'https://a.example/', method = 'PUT', body = '1' }" TAIL);
	host_visit(host, program, VISIT_LOOSE, ANN, asked);
	host_expect(host, "diverged 0 http {\"body\":\"1\",\"method\":\"PUT\",\"url\":\"https://a.example/\"} " AT);
}

/* Requests that come while a visit waits for an answer are kept, in their order. */
static void test_requests_are_kept(void)
{
	uint64_t first = start("return tostring(perigee.store.add('n', 1))", NULL);
	g_assert_cmpint(host_receive(host), ==, W_EFFECT);
	uint64_t program = first - 1;
	uint64_t second = host_visit(host, program, VISIT_STRICT, ANN, NULL);
	uint64_t third = host_visit(host, program, VISIT_STRICT, ANN, NULL);
	peer_begin(host->worker, W_ABANDON, second);
	peer_end(host->worker);
	host_answer(host, first, 0, "{\"r\":[7]}");
	host_expect(host, "done \"7\"");
	g_assert_cmpint(host_receive(host), ==, W_EFFECT);
	g_assert_cmpuint(host->frame.id, ==, third);
	peer_begin(host->worker, W_ABANDON, third);
	peer_end(host->worker);
	start("return 'x'", NULL);
	host_expect(host, "done \"x\"");
}

/* No visit sees what another left. */
static void test_states_are_fresh(void)
{
	uint64_t program = host_load_script(host, "local n = 0\n" HEAD "n = n + 1 perigee.log(n .. tostring(rawget(string, 'old'))) string.old = 1" TAIL);
	for (int i = 0; i < 3; i++) {
		uint64_t ticket = host_visit(host, program, VISIT_STRICT, ANN, NULL);
		host_expect(host, "effect 0 log {\"text\":\"1nil\"} @sequences/test.lua:4");
		host_answer(host, ticket, 0, "{\"r\":[]}");
		host_expect(host, "done null");
	}
}

static void test_modules(void)
{
	static const char main_source[] =
		"local words = require 'sub.words'\n" HEAD "perigee.log(words.hello() .. require('lib.late'))" TAIL;
	host_load(host, PROGRAM_SCRIPT, "sequences/test.lua", main_source, "sub/words",
	          "local M = {}\nfunction M.hello() return 'hi' end\nreturn M", "late", "return 'late'", "unused", "syntax error here", NULL);
	g_assert_nonnull(strstr(host_loaded(host), "\"modules\":[\"late\",\"sequences/test.lua\",\"sub/words\"]"));
	host_visit(host, host->next, VISIT_STRICT, ANN, NULL);
	host_expect(host, "effect 0 log {\"text\":\"hilate\"} @sequences/test.lua:4");
	host_fork(host);
	host_load(host, PROGRAM_SCRIPT, "sequences/test.lua", "require 'none'", NULL);
	g_autofree char *none = host_line(host);
	g_assert_cmpstr(none, ==, "refused invalid require: there is no module 'none' in the workspace (lib/) @sequences/test.lua:1");
	host_load(host, PROGRAM_SCRIPT, "sequences/test.lua", "require 'a'", "a", "\nlocal x = = 1", NULL);
	g_autofree char *syntax = host_line(host);
	g_assert_cmpstr(syntax, ==, "refused invalid unexpected symbol near '=' @lib/a.lua:2");
}

static void test_job(void)
{
	uint64_t program = host_load_script(host, "local perigee = require 'perigee'\nreturn perigee.job { name = 'weekly', schedule = '0 9 * * 1', "
	                                          "needs = { contacts = 'read' }, run = function(job)\n"
	                                          "local c = perigee.contacts.find { label = 'vip' }\n"
	                                          "c[1]:enrol('intro', tostring(job.due))\n"
	                                          "local ok, text = pcall(c[1].send, c[1], 'email', 'x')\nreturn text\nend }");
	uint64_t ticket = host_visit(host, program, VISIT_STRICT, "{\"due\":1000,\"run\":\"r1\"}", NULL);
	host_expect(host, "effect 0 contacts.find {\"label\":\"vip\"} @sequences/test.lua:3");
	host_answer(host, ticket, 0, "{\"r\":[[{\"id\":\"c9\",\"name\":\"Bob\"}]]}");
	host_expect(host, "effect 1 enrol {\"contact\":\"c9\",\"key\":\"1000\",\"sequence\":\"intro\"} @sequences/test.lua:4");
	host_answer(host, ticket, 1, "{\"r\":[\"started\"]}");
	host_expect(host, "done \"sequences/test.lua:5: contact:send: a job enrols; sequences write\"");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	host = host_start();
	host_fork(host);
	g_test_add_func("/visit/a script's end and its errors come with their place", test_outcomes);
	g_test_add_func("/visit/effects reach the host from everywhere, as canonical text", test_effects);
	g_test_add_func("/visit/answers become results, errors and changes of the contact", test_answers);
	g_test_add_func("/visit/a journal is replayed up to where it ends", test_replay);
	g_test_add_func("/visit/two processes give the same bytes", test_same_in_two_processes);
	g_test_add_func("/visit/a script that differs from its journal is told apart", test_divergence);
	g_test_add_func("/visit/a move to another version rewrites what may differ", test_moves);
	g_test_add_func("/visit/requests that come during a visit are kept", test_requests_are_kept);
	g_test_add_func("/visit/no visit sees what another left", test_states_are_fresh);
	g_test_add_func("/visit/modules of the workspace can be required", test_modules);
	g_test_add_func("/visit/a job enrols and does not write", test_job);
	int failed = g_test_run();
	host_stop(host);
	return failed;
}
