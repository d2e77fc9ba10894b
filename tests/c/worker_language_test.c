/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* The Lua that scripts get: what is there and what is not, and that nothing in it differs from one process to
 * another. */
#include "worker_host.h"

#define ANN "{\"contact\":{\"id\":\"c1\",\"name\":\"Ann B\"},\"run\":\"r1\",\"sequence\":\"test\"}"

static Host *host;

typedef struct Case {
	const char *name, *body, *result; /* what the body returns, as a text; errors begin with "error: " */
} Case;

static const Case cases[] = {
	{ "no way out of the sandbox",
	  "local t = {} for _, n in ipairs { 'io', 'debug', 'package', 'dofile', 'loadfile', 'collectgarbage', 'print', 'warn', '_G', 'loadstring', 'module' } do "
	  "if pcall(load('return ' .. n)) then t[#t + 1] = n end end return table.concat(t, ' ')", "" },
	{ "only time and date of os", "local t = {} for k in pairs(os) do t[#t + 1] = k end return table.concat(t, ' ')", "date time" },
	{ "no bytecode", "return tostring(string.dump) .. tostring(load('\\27Lua')) .. tostring(pcall(load, '\\27Lua', 'x', 'b'))", "nilnilfalse" },
	{ "load runs in the script's environment", "return tostring(pcall(load 'x = 1')) .. load 'return 1 + 1' () .. tostring(pcall(load 'return io'))",
	  "false2false" },
	{ "no name of load hides where code stands", "local f = load('error \"x\"', '=[perigee]') return select(2, pcall(f))", "(load):1: x" },
	{ "methods of strings can't be changed",
	  "string.rep = function() return 'evil' end return ('x'):rep(2) .. tostring(getmetatable('')) .. tostring(pcall(setmetatable, 'x', {}))",
	  "xxfalsefalse" },
	{ "metatables are shadows",
	  "local mt = { __index = { a = 1 } } local t = setmetatable({}, mt) mt.__gc = print_ return t.a .. tostring(getmetatable(t) == mt)", "1true" },
	{ "a changed metatable counts for later objects", "local mt = {} local a = setmetatable({}, mt) mt.__index = { x = 1 } local b = setmetatable({}, mt) "
	                                                  "return tostring(a.x) .. tostring(b.x)", "nil1" },
	{ "protected metatables", "local t = setmetatable({}, { __metatable = 'no' }) return tostring(getmetatable(t)) .. tostring(pcall(setmetatable, t, nil))",
	  "nofalse" },
	{ "no finalizers", "return select(2, pcall(setmetatable, {}, { __gc = 1 }))", "setmetatable: __gc can't be used in a script" },
	{ "no weak tables", "return select(2, pcall(setmetatable, {}, { __mode = 'k' }))", "setmetatable: __mode can't be used in a script" },
	{ "no __concat", "return select(2, pcall(setmetatable, {}, { __concat = 1 }))", "setmetatable: __concat can't be used in a script" },
	{ "classes", "local C = {} C.__index = C function C.new(n) return setmetatable({ n = n }, C) end function C:get() return self.n end "
	             "C.__add = function(a, b) return C.new(a.n + b.n) end C.__tostring = function(c) return 'C' .. c.n end "
	             "return tostring(C.new(1) + C.new(2)) .. (C.new(5)):get()", "C35" },
	{ "pairs in a fixed order", "local s = '' for k in pairs { b = 1, a = 1, [3] = 1, [1.5] = 1, [-1] = 1, [true] = 1, [false] = 1, [2] = 1 } do "
	                            "s = s .. tostring(k) .. ' ' end return s", "-1 1.5 2 3 a b false true " },
	{ "next in the same order", "local t, s = { b = 1, a = 1, 5, 6 }, '' local k = next(t) while k do s = s .. tostring(k) k = next(t, k) end return s", "12ab" },
	{ "pairs while the table changes", "local t, s = { a = 1, b = 2, c = 3 }, '' for k, v in pairs(t) do s = s .. k t.b = nil t[k] = v end return s", "ac" },
	{ "tables as keys have no order", "return select(2, pcall(pairs, { [{}] = 1 }))",
	  "pairs: a table is a key of this table; only numbers, texts and booleans have an order that every replay shares" },
	{ "__pairs", "local s = '' for k, v in pairs(setmetatable({}, { __pairs = function(t) return next, { x = 1 } end })) do s = s .. k .. v end return s",
	  "x1" },
	{ "a stable sort", "local t = {} for i = 1, 100 do t[i] = { i // 10, i } end table.sort(t, function(a, b) return a[1] > b[1] end) "
	                   "for i = 2, 100 do if t[i][1] == t[i - 1][1] and t[i][2] < t[i - 1][2] then return 'not stable' end end return 'stable' .. t[1][2]",
	  "stable100" },
	{ "sorting sorts", "local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) for i = 2, 1000 do if t[i] < t[i - 1] then return 'no' end end "
	                   "return 'yes'", "yes" },
	{ "a bad order is no endless loop", "local t = {} for i = 1, 500 do t[i] = i end table.sort(t, function() return true end) return #t", "500" },
	{ "errors in an order", "return (select(2, pcall(table.sort, { 1, 'x' })):gsub('^.-: ', ''))", "attempt to compare string with number" },
	{ "no addresses", "return tostring({}) .. tostring(print_) .. tostring(pairs) .. tostring(coroutine.create(pairs)) .. ('%s %5s'):format({}, pairs)",
	  "tablenilfunctionthreadtable function" },
	{ "%p is refused", "return tostring(pcall(string.format, '%p', {}))", "false" },
	{ "format as usual", "return ('%d %5.2f %q %s %% %x %-3s|'):format(3, 2.5, 'a\\n', 'b', 255, 'c')", "3  2.50 \"a\\\n\" b % ff c  |" },
	{ "one kind of nan", "return tostring(0 / 0) .. tostring(-(0 / 0)) .. ('%f'):format(0 / 0)", "nannannan" },
	{ "rep is bounded", "return select(2, pcall(string.rep, 'x', 1 << 40)) .. (''):rep(math.maxinteger)", "string.rep: more than 8 MiB" },
	{ "rep repeats", "for n = 1, 40 do local s = '' for i = 1, n do s = s .. 'ab' end if ('ab'):rep(n) ~= s then return 'not ' .. n end end "
	                 "return ('-'):rep(3, '+') .. #('abc'):rep(1001)", "-+-+-3003" },
	{ "patterns are bounded", "return (select(2, pcall(string.find, 'x', ('x'):rep(2000)))) .. ('x'):rep(2000):find(('x'):rep(2000), 1, true)",
	  "a pattern of more than 1024 bytes1" },
	{ "random is the run's", "return ('%d %d %.6f'):format(math.random(1000), math.random(-5, 5), math.random())", "603 -3 0.839627" },
	{ "random's misuse", "return select(2, pcall(math.random, 5, 1)) .. tostring(math.randomseed)", "bad argument #2 to '?' (interval is empty)nil" },
	{ "dates are UTC", "return os.date('%Y-%m-%d %H:%M', 0) .. os.date('*t', 86400).day .. os.time { year = 2026, month = 1, day = 1, hour = 12 }",
	  "1970-01-01 00:0021767268800" },
	{ "coroutines", "local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return co(1) .. co(5)", "210" },
	{ "coroutine errors", "local co = coroutine.create(function() error('x', 0) end) local ok, e = coroutine.resume(co) return tostring(ok) .. e .. coroutine.status(co) "
	                      ".. select(2, coroutine.resume(co))", "falsexdeadcannot resume dead coroutine" },
	{ "nested closing of failed coroutines", "local function f(n) local c = coroutine.wrap(function() local x <close> = setmetatable({}, { __close = function() "
	                                         "if n > 0 then f(n - 1) end end }) error('x', 0) end) pcall(c) end f(150) return 'alive'", "alive" },
	{ "require of a file", "return (select(2, pcall(require, '../../etc/passwd')):gsub('^.-: ', ''))", "require: there is no module '../../etc/passwd' in the workspace (lib/)" },
	{ "require of the stdlib's inside", "return tostring(pcall(require, 'prelude')) .. tostring(pcall(require, 'contact'))", "falsefalse" },
	{ "globals can't be declared by accident", "return select(2, pcall(function() undeclared = 1 end))",
	  "sequences/test.lua:2: assignment to unknown global 'undeclared'; declare it with local" },
};

static void test_case(const void *data)
{
	const Case *c = data;
	g_autofree char *source =
		g_strdup_printf("local print_ = nil return require('perigee').sequence { name = 'test', run = function(contact)\n"
	                        "local result = (function() %s\nend)() require('perigee').log(tostring(result) .. '.') end }", c->body);
	uint64_t ticket = host_visit(host, host_load_script(host, source), VISIT_STRICT, ANN, NULL);
	host_receive(host);
	if (host->frame.kind != W_EFFECT) {
		g_autofree char *line = host_line(host);
		g_error("%s", line);
	}
	frame_get_u32(&host->frame);
	frame_get_u8(&host->frame);
	frame_get_str(&host->frame, NULL);
	const char *args = frame_get_str(&host->frame, NULL);
	g_autofree char *inner = g_strndup(args + strlen("{\"text\":\""), strlen(args) - strlen("{\"text\":\"") - strlen(".\"}"));
	g_autofree char *text = g_strcompress(inner);
	g_assert_cmpstr(text, ==, c->result);
	peer_begin(host->worker, W_ABANDON, ticket);
	peer_end(host->worker);
}

static void test_top_level(void)
{
	static const struct {
		const char *source, *line;
	} refused[] = {
		{ "require('perigee').store.set('a', 1)",
		  "refused invalid store.set: only run(...) can act; the top level of a script says what it is and does nothing @sequences/test.lua:1" },
		{ "os.time()", "refused invalid the time is known only in run(...), not at the top level of a script @sequences/test.lua:1" },
		{ "return 5", "refused invalid a script ends with: return perigee.sequence { ... }, perigee.job { ... } or perigee.hook { ... } @sequences/test.lua:1" },
		{ "\nlocal x = ", "refused invalid unexpected symbol near <eof> @sequences/test.lua:2" },
		{ "return require('perigee').sequence { name = 'x', rn = 5 }",
		  "refused invalid perigee.sequence: unknown key 'rn'; did you mean 'run'? @sequences/test.lua:1" },
		{ "return require('perigee').sequence { name = 'x' }", "refused invalid perigee.sequence: 'run' is missing @sequences/test.lua:1" },
		{ "return require('perigee').sequence { name = 'x y', run = function() end }",
		  "refused invalid perigee.sequence.name: 'x y' is no name (small letters, digits, _ and -, at most 64) @sequences/test.lua:1" },
		{ "return require('perigee').sequence { name = 'x', run = function() end, needs = { sned = { 'email' } } }",
		  "refused invalid perigee.sequence.needs: unknown key 'sned'; did you mean 'send'? @sequences/test.lua:1" },
		{ "return require('perigee').sequence { name = 'x', run = function() end, on_reply = 'halt' }",
		  "refused invalid perigee.sequence.on_reply: 'halt' is not known; known: stop, continue @sequences/test.lua:1" },
		{ "return require('perigee').job { name = 'x', run = function() end }", "refused invalid perigee.job: 'schedule' is missing @sequences/test.lua:1" },
		{ "return require('perigee').driver {}", "refused invalid perigee.driver is not in this version @sequences/test.lua:1" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		host_load(host, PROGRAM_SCRIPT, "sequences/test.lua", refused[i].source, NULL);
		g_autofree char *line = host_line(host);
		g_assert_cmpstr(line, ==, refused[i].line);
	}
}

static void test_scan(void)
{
	host_load(host, PROGRAM_SCRIPT, "sequences/test.lua",
	          "local perigee = require 'perigee'\n"
	          "local store = perigee.store\n"
	          "-- contact:send('sms', 'not this')\n"
	          "local text = [[ undefined_too ]] .. 'contact:task {}' local make\n"
	          "return perigee.sequence { name = 'x', needs = { send = { 'email', 'sms' }, contacts = 'read' }, run = function(contact)\n"
	          "  contact:send('email', 'intro')\n"
	          "  contact:try_send('instagram', 'short')\n"
	          "  contact:task { kind = 'call' }\n"
	          "  store.add('n', 1)\n"
	          "  for i, v in ipairs { 1 } do local function f(...) return i + v + undefined_one end end\n"
	          "  goto done ::done::\n"
	          "  repeat local inside = 1 until inside == 1\n"
	          "  undefined_three = 5\n"
	          "  local mailer = make() mailer:send('pigeon', 'x') mailer.task(1)\n"
	          "  for _, other in ipairs(perigee.contacts.find {}) do other:send('whatsapp', 'y') end\n"
	          "end }\n", NULL);
	const char *json = host_loaded(host);
	static const char *const parts[] = {
		"{\"channel\":\"email\",\"column\":25,\"kind\":\"send\",\"line\":6,\"size\":7,\"template\":\"intro\",\"vars\":\"\"}",
		"{\"channel\":\"instagram\",\"column\":33,\"kind\":\"send\",\"line\":7,\"size\":7,\"template\":\"short\",\"vars\":\"\"}",
		"{\"column\":11,\"kind\":\"task\",\"line\":8,\"size\":4}",
		"{\"code\":\"undeclared-need\",\"column\":23,\"line\":2,\"size\":5,\"text\":\"perigee.store is not in needs: add store = true\"}",
		"{\"code\":\"undeclared-need\",\"column\":11,\"line\":7,\"size\":8,\"text\":\"contact:try_send on channel 'instagram' is not in needs: add send = { \\\"instagram\\\" }\"}",
		"{\"code\":\"undeclared-need\",\"column\":11,\"line\":8,\"size\":4,\"text\":\"contact:task is not in needs: add task = true\"}",
		"{\"code\":\"unknown-global\",\"column\":68,\"line\":10,\"size\":13,\"text\":\"unknown global 'undefined_one'\"}",
		"{\"code\":\"unknown-global\",\"column\":3,\"line\":13,\"size\":15,\"text\":\"assignment to unknown global 'undefined_three'; declare it with local\"}",
		"{\"code\":\"undeclared-need\",\"column\":61,\"line\":15,\"size\":4,\"text\":\"contact:send on channel 'whatsapp' is not in needs: add send = { \\\"whatsapp\\\" }\"}",
		"\"warnings\":[{\"code\":\"unused-need\",\"column\":67,\"line\":5,\"size\":5,\"text\":\"needs.send: 'sms' is not used\"}]",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (!strstr(json, parts[i]))
			g_error("%s is not in %s", parts[i], json);
	g_assert_null(strstr(json, "undefined_too"));
	g_assert_null(strstr(json, "not this"));
	g_assert_null(strstr(json, "pigeon"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	host = host_start();
	host_fork(host);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/language/%s", cases[i].name);
		g_strdelimit(path + strlen("/language/"), "/", ' ');
		g_test_add_data_func(path, &cases[i], test_case);
	}
	g_test_add_func("/language/a script that is none is refused with its place", test_top_level);
	g_test_add_func("/language/what is in plain sight is read off the source for check", test_scan);
	int failed = g_test_run();
	host_stop(host);
	return failed;
}
