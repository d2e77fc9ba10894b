/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/*
 * What may differ between two runs of a script, and does not: one test per way (docs/architecture.md, determinism). Each script is run in
 * unlike worlds (worker_worlds.h), live and replayed from each of its steps, and must say the same everywhere; where
 * `end` is given, it must be this.
 */
#include "worker_worlds.h"

#define HEAD "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', needs = {}, limits = { cpu_ms = 8000, memory_mb = 200 }, run = function(contact)\n"
#define TAIL "\nend }"
#define ANN \
	"{\"contact\":{\"fields\":{\"b\":1,\"a\":{\"y\":1,\"x\":[1,{\"q\":0.1,\"p\":2}]},\"c\":1e300},\"id\":\"c1\",\"identities\":{\"email\":\"ann@b.example\"}," \
	"\"labels\":[\"b\",\"a\",\"c\"],\"name\":\"Ann B\"},\"run\":\"r1\",\"sequence\":\"test\",\"state\":{\"k2\":2,\"k1\":1}}"
#define AT "@sequences/test.lua:3"
/* A hash of a text, and a list of what was said that becomes the outcome. */
#define HASH "local function hash(h, s) for i = 1, #s do h = (h * 31 + s:byte(i)) & 0xffffffffffff end return h end "

typedef struct Case {
	const char *name, *body, *end;
} Case;

static const Case cases[] = {
	{ "pairs goes in one order whatever the history of a table",
	  "local function make(seed) local t, keys = {}, {} for i = 1, 300 do keys[i] = 'k' .. i end "
	  "for i = 300, 2, -1 do seed = (seed * 1103515245 + 12345) & 0x7fffffff local j = seed % i + 1 keys[i], keys[j] = keys[j], keys[i] end "
	  "for i = 1, 300 do t[keys[i]] = true end for i = 1, 300, 3 do t['k' .. i] = nil t['x' .. i] = 1 end for i = 1, 300 do t['x' .. i] = nil end "
	  "for i = 1, 300, 3 do t['k' .. i] = true end local s = {} for k in pairs(t) do s[#s + 1] = k end local n = {} local k = next(t) "
	  "while k do n[#n + 1] = k k = next(t, k) end return table.concat(s, ' '), table.concat(n, ' ') end "
	  "local a, b = make(1) local c, d = make(2) return tostring(a == b and b == c and c == d) .. #a .. a:sub(1, 13)", "done \"true1391k1 k10 k100 k\"" },
	{ "removed keys leave nothing behind, also while pairs is under way",
	  "local t, s = {}, '' for i = 1, 60 do t['a' .. i] = i end for k in pairs(t) do s = s .. k t[k] = nil t['a' .. (t.n or 7)] = nil end "
	  "t.z = 1 for k in pairs(t) do s = s .. k end return #s .. s:sub(-8)", NULL },
	{ "a table as a key is refused by pairs, next and effects",
	  "local t = { [{}] = 1, [perigee.now] = 1, [coroutine.create(perigee.now)] = 1 } local s = {} "
	  "for _, f in ipairs { pairs, next, function(x) perigee.store.set('k', x) end } do s[#s + 1] = select(2, pcall(f, t)) end "
	  "s[#s + 1] = select(2, pcall(next, {}, s)) t[1.5] = 1 s[#s + 1] = select(2, pcall(perigee.store.set, 'k', t)) return table.concat(s, '; ')", NULL },
	{ "table.sort is stable and asks in one order",
	  HASH "local t, h, calls = {}, 7, 0 for i = 1, 500 do t[i] = { i % 3 == 0 and 1 or i % 50 < 45 and 2 or i, i } end "
	  "table.sort(t, function(a, b) calls = calls + 1 h = hash(h, a[2] .. ':' .. b[2]) return a[1] < b[1] end) "
	  "for i = 2, 500 do if t[i][1] == t[i - 1][1] and t[i][2] < t[i - 1][2] then return 'unstable' end end return calls .. ' ' .. h", NULL },
	{ "a comparator that contradicts itself ends in one order",
	  "local t, n = {}, 0 for i = 1, 200 do t[i] = i end table.sort(t, function(a, b) n = n + 1 return (a * 7 + b * 13 + n) % 3 > 0 end) return n .. table.concat(t, ' ')",
	  NULL },
	{ "lists with holes have one length in every process",
	  HASH "local h = 7 for n = 1, 20000 do local t = {} for i = 1, math.random(30) do t[math.random(40)] = i end for i = 1, math.random(8) do t['k' .. math.random(9)] = i end "
	  "for i = 1, math.random(20) do t[math.random(40)] = nil end h = (h * 31 + #t) & 0xffffffffffff "
	  "if n % 10 == 0 then h = hash(h, tostring(pcall(table.insert, t, n)) .. tostring(select(2, pcall(table.remove, t))) .. "
	  "select('#', table.unpack(t)) .. tostring(select(2, pcall(table.concat, t, ','))) .. #t) end end return tostring(h)", NULL },
	{ "lists with holes beside keys that are tables and functions too",
	  "local h, all = 7, {} for n = 1, 3000 do local t, keys = {}, {} for i = 1, math.random(20) do keys[i] = i % 2 == 0 and {} or function() return i end "
	  "t[keys[i]] = 1 t[math.random(30)] = 1 end for i = 1, math.random(20) do t[math.random(30)] = nil end all[n % 50] = t h = (h * 31 + #t) & 0xffffffffffff end "
	  "return tostring(h)", NULL },
	{ "no text shows an address",
	  "local o = setmetatable({}, { __name = 'thing', __index = function(t, k) error(k) end }) local s = {} "
	  "for _, v in ipairs { {}, next, perigee.now, function() end, coroutine.create(next), coroutine.running(), o, contact, string, contact.labels, perigee } do "
	  "s[#s + 1] = tostring(v) s[#s + 1] = ('%s|%10.3s'):format(v, v) "
	  "for _, f in ipairs { function() return v + 1 end, function() return v .. 'x' end, function() return v < 1 end, function() return #v end, function() return v() end, "
	  "function() return v.x.y end, function() error(v) end, function() return ('%d'):format(v) end, function() return ('x'):rep(v) end, function() return math.floor(v) end, "
	  "function() for i = 1, v do end end, function() return string.format('%q', v) end, function() return tonumber(v, 10) end, function() return v & 1 end, "
	  "function() return setmetatable(v, 1) end, function() return select(v) end, function() table.concat({ v }) end, function() return load(v) end } do "
	  "local _, e = pcall(f) s[#s + 1] = type(e) == 'string' and e or type(e) end end "
	  "s = table.concat(s, ' ') return #s .. tostring(s:find '0x' or s:find '%x%x%x%x%x%x%x%x')", NULL },
	{ "no pointer can be formatted", "local s = {} for _, f in ipairs { '%p', '%10p', '%-5p', '%d%p' } do s[#s + 1] = tostring(pcall(string.format, f, {}, {})) end return table.concat(s)",
	  "done \"falsefalsefalsefalse\"" },
	{ "the collector can't be seen",
	  "local s = {} for _, n in ipairs { 'collectgarbage', 'debug' } do s[#s + 1] = tostring(pcall(load('return ' .. n))) end "
	  "for _, m in ipairs { '__gc', '__mode' } do s[#s + 1] = tostring(pcall(setmetatable, {}, { [m] = 'k' })) end "
	  "local mt = {} local t = setmetatable({}, mt) mt.__mode = 'k' t[{}] = 1 for i = 1, 3000 do local g = { i } end local n = 0 for _ in ipairs { t } do n = n + 1 end "
	  "return table.concat(s) .. n .. select(2, pcall(pairs, t)):sub(1, 14)", "done \"falsefalsefalsefalse1pairs: a table\"" },
	{ "time moves with the journal and with nothing else",
	  "local a = os.time() for i = 1, 1e6 do end local b = perigee.now() perigee.log 'x' local c = os.time() perigee.sleep(5) local d = os.time() "
	  "return a .. ' ' .. b .. ' ' .. c .. ' ' .. d .. tostring(os.clock) .. tostring(os.getenv) .. tostring(os.setlocale) .. os.date('%X') .. os.date '%c'",
	  "done \"1700000000 1700000000 1700000000 1700000001nilnilnil22:13:21Tue Nov 14 22:13:21 2023\"" },
	{ "the zone of the machine is not the script's",
	  "local t = os.date('*t', 1700000000) local s = os.date('%Y-%m-%d %H:%M:%S %Z %z %p', 1720000000) local a = os.time { year = 2026, month = 3, day = 29, hour = 2, min = 30 } "
	  "local b = os.time { year = 2026, month = 10, day = 25, hour = 2, isdst = true } return s .. ' ' .. a .. ' ' .. b .. ' ' .. t.hour .. tostring(t.isdst) .. os.date('!%H', 0)",
	  NULL },
	{ "chance is the run's", "local s = {} for i = 1, 5 do s[i] = math.random(100) end perigee.sleep(1) for i = 6, 9 do s[i] = math.random(100) end "
	                         "return table.concat(s, ' ') .. ('%a'):format(math.random()) .. tostring(math.randomseed)", NULL },
	{ "sin, exp and ^ give the same bits everywhere",
	  "local h, x = 7 local function take(y) h = h * 31 + string.unpack('j', string.pack('d', y)) end for i = 1, 20000 do x = math.random() * 40 - 20 take(math.sin(x)) take(math.cos(x)) "
	  "take(math.exp(x)) take(math.abs(x) ^ 1.7) take(math.log(math.abs(x))) take(math.tan(x)) take(math.atan(x, 3)) take(math.log(math.abs(x), 2)) end return tostring(h)", NULL },
	{ "a NaN has no sign in any text",
	  "local n, m = 0 / 0, -(0 / 0) local s = {} for _, x in ipairs { n, m, math.huge - math.huge, math.sqrt(-1), math.fmod(math.huge, 1), math.log(-1), math.huge % 2 } do "
	  "s[#s + 1] = x .. '' s[#s + 1] = tostring(x) s[#s + 1] = ('%f %g %.3a %5.1f %s'):format(x, x, x, x, x) s[#s + 1] = ('x'):rep(2, x) s[#s + 1] = string.upper(x) "
	  "s[#s + 1] = table.concat { x, 1 } s[#s + 1] = #string.lower(x) s[#s + 1] = select(2, pcall(error, x)) s[#s + 1] = ('%q'):format(x) end "
	  "for _, x in ipairs(s) do if tostring(x):find '%-' then return x end end return tostring(#s) .. s[1] .. s[3] .. s[4]", "done \"63nannan nan nan   nan nanxnanx\"" },
	{ "what is not finite is no plain data",
	  "local s = {} for _, x in ipairs { 0 / 0, -(0 / 0), 1 / 0, -1 / 0 } do s[#s + 1] = select(2, pcall(perigee.log, 'x', { x = x })) end return table.concat(s, '; ')", NULL },
	{ "no language of the machine is seen",
	  "local s = { ('%.2f %g %a %5.1e'):format(1.5, 1e-5, 0.1, 12345.678), tostring(1.5), tostring(tonumber '1,5'), tostring(tonumber '1.5'), 1.5 .. '', "
	  "tostring(('\\xe9'):match '%a'), tostring(('\\xe9'):upper() == '\\xe9'), tostring(('\\xa0'):match '%s'), tostring('\\xe9' < 'z'), tostring('a' < 'B'), tostring('a\\0b' < 'a\\0c'), "
	  "os.date('%A %a %B %b %x %X %p %c', 0), ('i'):upper(), ('I'):lower(), load 'return 1.25' (), ('%q'):format(0.1), ('%s'):format(2^53) } return table.concat(s, '|')",
	  "done \"1.50 1e-05 0x1.999999999999ap-4 1.2e+04|1.5|nil|1.5|1.5|nil|true|nil|false|false|true|"
	  "Thursday Thu January Jan 01/01/70 00:00:00 AM Thu Jan  1 00:00:00 1970|I|i|1.25|0x1.999999999999ap-4|9.007199254741e+15\"" },
	{ "errors have fixed names and lines",
	  "local s = {} for _, f in ipairs { function() error 'a' end, function() local x = nil + 1 end,\nfunction() return ('x'):rep(1e10) end, load('error \"b\"', '=x'), "
	  "load('\\n\\nerror \"c\"', '@/home/me/x.lua'), load 'error \"d\"', load('error \"e\"', 'chunk\\nof text'), function() return contact.none end, function() string.rep() end, "
	  "function() ('x'):bad() end, function() return #5 end } do s[#s + 1] = tostring(select(2, pcall(f))) end s[#s + 1] = tostring(select(2, load 'x = = 1')) "
	  "return table.concat(s, '; ')", NULL },
	{ "calls within calls end at one depth, live and replayed",
	  "local d local function down() d = d + 1 return (string.gsub('a', 'a', down)) end local s = {} local function measure() d = 0 local ok, e = pcall(down) s[#s + 1] = d .. tostring(e) end "
	  "measure() perigee.log 'one' measure() perigee.sleep(1) measure() coroutine.wrap(measure)() coroutine.wrap(function() coroutine.wrap(function() measure() perigee.log 'two' "
	  "measure() end)() end)() table.sort({ 2, 1 }, function(a, b) measure() perigee.log 'three' measure() return a < b end) "
	  "local o = setmetatable({}, { __index = function(t, k) d = d + 1 return t[k + 1] end, __lt = function(a, b) d = d + 1 return a < b end, __close = measure }) "
	  "for _, f in ipairs { function() return o[1] end, function() return o < o end, function() local c <close> = o end } do d = 0 local _, e = pcall(f) s[#s + 1] = d .. tostring(e) "
	  "perigee.log(tostring(d)) end local function c() d = d + 1 return coroutine.wrap(c)() end d = 0 pcall(c) s[#s + 1] = d return table.concat(s, '; ')", NULL },
	{ "recursion ends at one depth, live and replayed",
	  "local d = 0 local function r() d = d + 1 return 1 + r() end perigee.log 'x' local ok, e = pcall(r) return d .. ' ' .. e:sub(1, 40)", NULL },
	{ "what the host tells has one order",
	  "local s = {} for l in pairs(contact.labels) do s[#s + 1] = l end for k in pairs(contact.fields) do s[#s + 1] = k end for k in pairs(contact.fields.a) do s[#s + 1] = k end "
	  "for k in pairs(contact.state) do s[#s + 1] = k end for k in pairs(contact.fields.a.x[2]) do s[#s + 1] = k end local got = perigee.store.get 'k' "
	  "for k, v in pairs(got) do s[#s + 1] = k .. tostring(v) end local l = perigee.store.list '' for _, e in ipairs(l) do s[#s + 1] = e.key end return table.concat(s, ' ')",
	  "done \"a b c a b c x y k1 k2 p q 112.5 xtrue ztable k1 k2\"" },
	{ "utf8 goes by the bytes", "local s = {} for p, c in utf8.codes 'aé€😀' do s[#s + 1] = p .. ':' .. c end return table.concat(s, ' ') .. utf8.len 'aé' .. tostring(utf8.len '\\xff') .. "
	                            "utf8.char(233, 8364) .. utf8.codepoint('€', 1)", "done \"1:97 2:233 4:8364 7:1285122nilé€8364\"" },
	{ "effects in every corner are asked in one order",
	  "local t = setmetatable({}, { __index = function(_, k) return perigee.store.add(k, 1) end, __lt = function(a, b) perigee.log 'lt' return true end, __eq = function() perigee.log 'eq' return true end, "
	  "__close = function(_, e) perigee.log('close ' .. tostring(e)) end, __call = function(_, x) perigee.sleep(x) return x end, __tostring = function() perigee.log 'ts' return 'T' end, "
	  "__pairs = function() perigee.log 'p' return next, { b = 1, a = 2 } end, __len = function() perigee.log 'len' return 2 end }) "
	  "local u = setmetatable({}, getmetatable(t)) local s = '' for k, v in pairs(t) do s = s .. k .. t[k] end s = s .. tostring(t < u) .. tostring(t == u) .. #t .. t(3) .. ('%s'):format(t) "
	  "pcall(function() local a <close> = t local b <close> = u error 'out' end) s = s .. ('abc'):gsub('.', function(c) return perigee.store.add(c, 2) end) "
	  "local co = coroutine.wrap(function(x) while true do x = coroutine.yield(perigee.store.add('co', x)) perigee.sleep(1) end end) for i = 1, 3 do s = s .. co(i) end "
	  "table.sort({ 3, 1, 2 }, function(a, b) perigee.log(a .. '<' .. b) return a < b end) xpcall(error, function(e) perigee.log('handler ' .. tostring(e)) end, 'x') return s", NULL },
};

static char *answer(uint64_t seed, uint32_t position, const char *kind, const char *args)
{
	(void)seed;
	if (g_str_equal(kind, "store.add"))
		return g_strdup_printf("{\"r\":[%u]}", position * 3 + (unsigned)strlen(args));
	if (g_str_equal(kind, "store.get"))
		return g_strdup("{\"r\":[{\"z\":{},\"x\":true,\"1\":12.5}]}");
	if (g_str_equal(kind, "store.list"))
		return g_strdup("{\"r\":[[{\"key\":\"k1\",\"value\":1},{\"key\":\"k2\",\"value\":2}]]}");
	return g_strdup("{\"r\":[]}");
}

/* The seed that a test without a wish of its own has. */
enum { SEED = 7, MOST = 2000 };

static Story *tell(const char *body, uint64_t seed)
{
	g_autofree char *source = g_strconcat(HEAD, body, TAIL, NULL);
	Story *story = story_tell(&worlds[0], g_intern_string(source), ANN, seed, answer, MOST);
	g_autofree char *differs = story_differs_anywhere(story);
	if (differs)
		g_error("%s", differs);
	return story;
}

static void test_case(const void *data)
{
	const Case *c = data;
	g_autoptr(Story) story = tell(c->body, SEED);
	if (c->end)
		g_assert_cmpstr(story->end, ==, c->end);
	if (!g_str_has_prefix(story->end, "done \""))
		g_error("%s", story->end);
	g_test_message("%s", story->end);
}

static void test_seeds(void)
{
	static const char body[] = "local s = {} for i = 1, 8 do s[i] = math.random(1000000) end return table.concat(s, ' ')";
	g_autoptr(Story) a = tell(body, 1), b = tell(body, 2), again = tell(body, 1);
	g_assert_cmpstr(a->end, !=, b->end);
	g_assert_cmpstr(a->end, ==, again->end);
}

/* Limits are no values to branch on: whatever swallows them, the visit ends. */
static void test_limits(void)
{
	static const struct {
		const char *body, *prefix;
	} few[] = {
		{ "local t = {} for i = 1, 130 do t[i] = ('x'):rep(1000):rep(100) end return pcall(table.concat, t) and 'a' or 'b'", "failed memory " },
		{ "local t, e = {}, 'x' for i = 1, 130 do t[i] = ('x'):rep(1000):rep(100) end table.concat(t)", "failed memory " },
		{ "local t, log, args = {}, perigee.log, 'x' for i = 1, 130 do t[i] = ('x'):rep(1000):rep(100) end pcall(table.concat, t) log(args)", "failed memory " },
		{ "local s = 'x' while pcall(function() s = s .. s end) do end return 'swallowed'", "failed memory " },
		{ "local ok = pcall(function() while true do end end) return tostring(ok)", "failed limit " },
		{ "local co = coroutine.create(function() while true do end end) return tostring(coroutine.resume(co))", "failed limit " },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(few); i++)
		for (int w = 0; w < WORLDS; w++) {
			Host *h = worlds[w].host;
			g_autofree char *source = g_strconcat("local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', run = function(contact)\n", few[i].body, TAIL, NULL);
			host_fork(h);
			host_visit(h, host_load_script(h, source), VISIT_STRICT, ANN, NULL);
			host_receive(h);
			g_autofree char *line = host_line(h);
			if (!g_str_has_prefix(line, few[i].prefix))
				g_error("%s: %s", few[i].body, line);
			host_wait_end(h);
		}
}

/* Whatever its caller has set, a worker runs with the same mathematics, and what is forked from it too. */
static void test_tunables(void)
{
	for (int w = 0; w < WORLDS; w++) {
		host_fork(worlds[w].host); /* by then it has started itself anew */
		g_autofree char *path = g_strdup_printf("/proc/%d/environ", worlds[w].host->zygote_pid);
		g_autofree char *all = NULL;
		gsize size;
		g_assert_true(g_file_get_contents(path, &all, &size, NULL));
		bool found = false;
		for (const char *at = all; at < all + size; at += strlen(at) + 1) {
			if (g_str_has_prefix(at, "GLIBC_TUNABLES="))
				g_assert_cmpstr(at, ==, "GLIBC_TUNABLES=" WORKER_TUNABLES);
			found |= g_str_has_prefix(at, "GLIBC_TUNABLES=");
		}
		g_assert_true(found);
	}
}

static void test_locale(void)
{
	if (!worlds_have_locale()) {
		g_test_skip("no localedef and French locale here");
		return;
	}
	host_fork(worlds[1].host);
	g_autofree char *path = g_strdup_printf("/proc/%d/environ", worlds[1].host->zygote_pid);
	g_autofree char *all = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &all, &size, NULL));
	g_assert_nonnull(memmem(all, size, "LOCPATH=", 8));
	g_assert_nonnull(memmem(all, size, "LC_ALL=fr_FR", 12));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	worlds_start();
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/determinism/", cases[i].name, NULL);
		g_test_add_data_func(path, &cases[i], test_case);
	}
	g_test_add_func("/determinism/runs of unlike seeds have unlike chance", test_seeds);
	g_test_add_func("/determinism/a limit is no value to branch on", test_limits);
	g_test_add_func("/determinism/no tunables of the caller are a worker's", test_tunables);
	g_test_add_func("/determinism/the locale that a worker must not see is a true one", test_locale);
	int failed = g_test_run();
	worlds_stop();
	return failed;
}
