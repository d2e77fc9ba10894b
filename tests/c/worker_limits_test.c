/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* Limits of visits: passing one ends the worker with a word to the host, whatever the script does against it. */
#include "worker_host.h"

#define HEAD "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', needs = {}, run = function(contact)\n"
#define TAIL "\nend }"
#define ANN "{\"contact\":{\"id\":\"c1\",\"name\":\"Ann B\"},\"run\":\"r1\",\"sequence\":\"test\"}"
#define AT "@sequences/test.lua:3"

static Host *host;

typedef struct Case {
	const char *name, *body, *line; /* line NULL: the worker may also end without a word */
} Case;

static const Case cases[] = {
	{ "a loop", "while true do end", "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a loop in pcall", "while true do pcall(function() while true do end end) end",
	  "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a loop in a message handler", "xpcall(error, function() while true do end end)",
	  "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a loop in __close", "pcall(function() local x <close> = setmetatable({}, { __close = function() while true do end end }) error('x') end)",
	  "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a loop in a coroutine", "coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()",
	  "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a generator", "local f = coroutine.wrap(function() while true do coroutine.yield(1) end end) while f() do end",
	  "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a loop in a comparator", "local t = {} for i = 1, 10000 do t[i] = -i end table.sort(t, function(a, b) while true do end end)",
	  "failed limit more than 50 ms of processor time in one visit " AT },
	{ "a pattern that blows up", "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))",
	  "failed limit too much processor time in one call of a library function " AT },
	{ "a pattern that blows up in a coroutine", "coroutine.wrap(function() pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40)) end)()",
	  "failed limit too much processor time in one call of a library function " AT },
	{ "table.concat with a false length", "table.concat(setmetatable({}, { __len = function() return 1 << 60 end, __index = function() return '' end }))",
	  NULL },
	{ "table.move over everything", "table.move({}, 1, math.maxinteger - 1, 2)",
	  "failed limit too much processor time in one call of a library function " AT },
	{ "strings that double", "local s = ('x'):rep(1000) while true do s = s .. s end", "failed memory more than 16 MiB of memory in one visit " AT },
	{ "strings that double in pcall", "while true do pcall(function() local s = ('x'):rep(1000) while true do s = s .. s end end) end",
	  "failed memory more than 16 MiB of memory in one visit " AT },
	{ "a table that grows", "local t = {} for i = 1, 1e9 do t[i] = i end", NULL },
	{ "a buffer that grows, swallowed", "local t = {} for i = 1, 130 do t[i] = ('x'):rep(1000):rep(100) end pcall(table.concat, t) pcall(table.concat, t) "
	                                     "local x = {} return 'out of memory was a value'",
	  "failed memory more than 16 MiB of memory in one visit " AT },
	{ "a buffer that grows, swallowed at the end", "local t, pcall, concat = {}, pcall, table.concat for i = 1, 130 do t[i] = ('x'):rep(1000):rep(100) end pcall(concat, t)",
	  "failed memory more than 16 MiB of memory in one visit " AT },
	{ "many coroutines", "local t = {} for i = 1, 200000 do t[i] = coroutine.create(next) end", NULL },
};

static void test_case(const void *data)
{
	const Case *c = data;
	g_autofree char *source = g_strconcat(HEAD, c->body, TAIL, NULL);
	host_visit(host, host_load_script(host, source), VISIT_STRICT, ANN, NULL);
	host_receive(host);
	g_autofree char *line = host_line(host);
	if (c->line)
		g_assert_cmpstr(line, ==, c->line);
	else
		g_assert_true(g_str_has_prefix(line, "failed limit ") || g_str_has_prefix(line, "failed memory "));
	host_wait_end(host);
	g_assert_true(WIFEXITED((int)host->status));
	host_fork(host);
}

/* These are errors, which a script may catch: they take nothing from anybody. */
static void test_bounds(void)
{
	static const struct {
		const char *body, *line;
	} bounds[] = {
		{ "load((' '):rep(65 * 1024))", "load: more than 64 KiB" },
		{ "assert(load(('('):rep(30000)))", "C stack overflow" },
		{ "assert(load(('a.b('):rep(250)))", "C stack overflow" },
		{ "local function f() return (('x'):gsub('x', f)) end f()", "C stack overflow" },
		{ "local function f(n) return coroutine.wrap(f)(n + 1) end f(1)", "C stack overflow" },
		{ "('x'):find(('.-'):rep(600))", "a pattern of more than 1024 bytes" },
		{ "('x'):rep(9 << 20)", "string.rep: more than 8 MiB" },
		{ "local t = {} for i = 1, 40 do t = { t } end perigee.log('x', t)", "nested deeper than 32 levels" },
		{ "perigee.log(('x'):rep(2 << 20))", "more than 1 MiB" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
		g_autofree char *source = g_strconcat(HEAD, bounds[i].body, TAIL, NULL);
		host_visit(host, host_load_script(host, source), VISIT_STRICT, ANN, NULL);
		host_receive(host);
		g_autofree char *line = host_line(host);
		g_test_message("%s", line);
		g_assert_true(g_str_has_prefix(line, "failed error "));
		g_assert_true(strstr(line, bounds[i].line) && g_str_has_suffix(line, AT));
	}
}

static void test_coroutines_are_counted(void)
{
	uint64_t program = host_load_script(host, "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', limits = { cpu_ms = 10000 }, run = function(contact)\n"
	                                          "while true do coroutine.create(next) end" TAIL);
	host_visit(host, program, VISIT_STRICT, ANN, NULL);
	host_expect(host, "failed limit more than 100,000 coroutines in one visit " AT);
	host_wait_end(host);
	host_fork(host);
}

static void test_garbage_is_collected(void)
{
	host_visit(host, host_load_script(host, HEAD "local k, n = ('x'):rep(2000), 0 for i = 1, 3000 do local s = k:rep(10) .. i n = n + #s end return tostring(n)" TAIL),
	           VISIT_STRICT, ANN, NULL);
	host_expect(host, "done \"60010893\"");
}

/* What was asked before, and is answered but not yet written, is not lost. */
static void test_answers_before_a_limit(void)
{
	uint64_t good = host_load_script(host, HEAD "return 'x'" TAIL);
	uint64_t stuck = host_load_script(host, HEAD "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))" TAIL);
	for (int i = 0; i < 10; i++)
		host_visit(host, good, VISIT_STRICT, ANN, NULL);
	host_visit(host, stuck, VISIT_STRICT, ANN, NULL);
	for (int i = 0; i < 10; i++)
		host_expect(host, "done \"x\"");
	host_expect(host, "failed limit too much processor time in one call of a library function " AT);
	host_wait_end(host);
	host_fork(host);
}

static void test_loading_is_bounded(void)
{
	host_load(host, PROGRAM_SCRIPT, "sequences/test.lua", "while true do end", NULL);
	g_autofree char *loop = host_line(host);
	g_assert_cmpstr(loop, ==, "refused limit more than 1000 ms of processor time to load @sequences/test.lua:1");
	host_wait_end(host);
	host_fork(host);
	g_autofree char *long_source = g_strnfill(300 << 10, ' ');
	host_load(host, PROGRAM_SCRIPT, "sequences/test.lua", long_source, NULL);
	g_autofree char *line = host_line(host);
	g_assert_cmpstr(line, ==, "refused invalid more than 256 KiB of source @sequences/test.lua:1");
}

static void test_limits_can_be_set(void)
{
	uint64_t program = host_load_script(host, "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', limits = { memory_mb = 40, "
	                                          "cpu_ms = 5000 }, run = function(contact)\nlocal t = {} for i = 1, 300 do t[i] = ('x'):rep(1000):rep(100) end "
	                                          "local n = 0 for i = 1, 1e7 do n = n + 1 end return 'big'\nend }");
	host_visit(host, program, VISIT_STRICT, ANN, NULL);
	host_expect(host, "done \"big\"");
}

static void test_replay_has_its_own_time(void)
{
	enum { N = 20000 };
	g_autofree Entry *journal = g_new0(Entry, N + 1);
	for (int i = 0; i < N; i++)
		journal[i] = (Entry){ "store.add", "{\"key\":\"n\",\"n\":1}", "{\"r\":[1]}" };
	uint64_t program = host_load_script(host, HEAD "for i = 1, 20000 do perigee.store.add('n', 1) end return 'long'" TAIL);
	host_visit(host, program, VISIT_STRICT, ANN, journal);
	host_expect(host, "done \"long\"");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	host = host_start();
	host_fork(host);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/limits/%s ends the worker and is told", cases[i].name);
		g_test_add_data_func(path, &cases[i], test_case);
	}
	g_test_add_func("/limits/what is only too long or too deep is an error at its line", test_bounds);
	g_test_add_func("/limits/coroutines are counted", test_coroutines_are_counted);
	g_test_add_func("/limits/garbage is collected within the limit", test_garbage_is_collected);
	g_test_add_func("/limits/answers before a limit are not lost", test_answers_before_a_limit);
	g_test_add_func("/limits/loading has limits too", test_loading_is_bounded);
	g_test_add_func("/limits/a sequence may set its own", test_limits_can_be_set);
	g_test_add_func("/limits/a long replay costs no budget of the visit", test_replay_has_its_own_time);
	int failed = g_test_run();
	host_stop(host);
	return failed;
}
