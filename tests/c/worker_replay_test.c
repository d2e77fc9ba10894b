/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/*
 * A property: whatever a script does, its effects (kind, arguments, position, place) are the same in every process, live or
 * replayed from any step of its journal. Random scripts are made from the grammar below, run to their end through workers
 * and replayed in all worlds of worker_worlds.h.
 *
 * PERIGEE_SCRIPTS=N tries N scripts instead of a few, PERIGEE_SCRIPTS_FROM=SEED begins elsewhere, PERIGEE_SCRIPTS_SHOW=1 prints them.
 */
#include "worker_worlds.h"

/* Lines of grammar: $ and a letter stand for a random line of that letter's table; the first lines of each table end the growing. */
static const char *const numbers[] = {
	"$i", "num(v[$i])", "0.1", "perigee.now()", "math.random($i)", "-1", "1e15", "math.random()",
	"($n + $n)", "($n * $n)", "($n / $n)", "($n // 3)", "($n % 7)", "(small($n) ^ 1.5)", "-($n)", "math.sin($n)", "math.exp(small($n))", "math.log(small($n) + 20)",
	"math.cos($n)", "math.atan($n, $n)", "#tab(v[$i])", "#$t", "#$s", "math.max($n, $n)", "math.fmod($n, 3)", "(tonumber($s) or $n)", "os.time()",
	"(select('#', table.unpack($t)))", "(string.byte($s) or $n)", "count($t)", "num($e)", "(utf8.len($s) or -1)", "(#$s << 3 ~ $i)", "math.floor(small($n))",
	"os.time { year = 2020 + $i, month = $i, day = $i }", "string.unpack('<i4', string.pack('<i4', $i))", "(next($t) and 1 or 2)", "rawlen($t)",
	"(function(...) return select('#', ...) end)($n, $s, nil)",
};
static const char *const texts[] = {
	"'$k'", "str(v[$i])", "'a\\0b'", "'é€'", "tostring($n)", "''", "perigee.now() .. ''", "('x'):rep($i)",
	"($s .. $s)", "($s .. $n)", "str($e)", "tostring($v)", "('%s|%5.3f|%g'):format($v, $n, $n)", "('%q'):format($n)", "('%a'):format($n)", "$s:upper()", "$s:sub($i, -$i)",
	"$s:gsub('%w', function(c) $q return c:byte() end)", "$s:gsub('.', { a = '$k', b = 1 })", "$s:reverse()", "table.concat(strings($t), ',')", "os.date('%Y-%m-%d %H:%M:%S', small($n))",
	"dump($t)", "dump(v)", "type($v)", "select(2, pcall(error, $v))", "select(2, pcall(function() return $n + nil end))", "math.type($n)", "$s:match('%d+') or '$k'",
	"('%d'):format(math.floor(small($n)))", "string.char(65 + $i)", "(load('return ' .. $i .. ' + 1') or type)(1)", "utf8.char(200 + $i)", "select(2, pcall(string.rep, $s, $n, $n))",
	"select(2, pcall(next, { [{}] = 1, [type] = 2, $n }))", "select(2, pcall(perigee.log, 'x', { [$v] = $v, x = 0 / 0 }))", "select(2, coroutine.resume(coroutine.create(function() $q error($s) end)))",
};
static const char *const tables[] = {
	"{ $i, $i }", "tab(v[$i])", "{}", "{ $k = $i }", "holes($i)",
	"{ $n, $n, nil, $n }", "{ $k = $n, $k = $s, [$n] = $s, $s }", "{ [1.5] = $n, [-1] = $s, [true] = $n }", "{ $v, $v, x = $t }", "holes($n)", "sorted($t)", "keyed($i)",
	"{ [2] = $n, [4] = $s, $n, $k = $v }", "{ table.unpack($t) }", "table.pack($n, $s, nil)", "tab($e)", "table.move($t, 1, 3, 2)", "{ $s:byte(1, -1) }",
	"setmetatable({ $n }, mt)",
};
static const char *const values[] = { "$n", "$s", "nil", "true", "v[$i]", "$t", "$t", "$n", "$s" };
/* Effects, as expressions. */
static const char *const effects[] = {
	"perigee.store.get('$k')", "perigee.store.add('$k', $i)", "contact:can('$c')", "perigee.sleep($i)",
	"perigee.store.get('$k')", "perigee.store.list('$k')", "#perigee.contacts.find { label = '$k' }", "contact:task { kind = 'call', note = clean($s) }", "contact:wait_reply($i)",
	"contact:wait({ 'click', 'signal:$k' }, $i)", "contact:try_send('$c', '$k', { vars = { x = clean($s), y = plain($n) } })", "perigee.date(perigee.now(), '$i days')",
	"perigee.store.set('$k', clean($s))", "contact:set { $k = clean($s) }", "contact:label '$k'", "perigee.log(clean($s), { t = plain($n) })", "contact:note(clean($s))",
	"contact:enrol('$k', '$i')", "contact:signal('$k', { $i, plain($n) })", "perigee.store.add(clean($s), 1)",
};
static const char *const statements[] = {
	"v[$i] = $v", "say($v)", "$q", "v[$i] = $n",
	"v[$i] = $v", "say($v, $v)", "v[$i] = $e", "v[$i] = $t", "v[$i] = $s", "say(dump(v))",
	"for k, x in pairs($t) do\n$b\nsay(k, x) end", "for j = 1, $i do\n$b\nend", "if $n > $n then\n$b\nelse\n$b\nend", "for j, x in ipairs($t) do\nv[$i] = x\n$b\nend",
	"local l = sorted($t)\ntable.sort(l, function(a, b) $q return str(a) < str(b) end)\nsay(dump(l))",
	"table.sort(tab(v[$i]), function(a, b)\nreturn num(a) > num(b) end)", "table.insert(tab(v[$i]), $v)", "say(pcall(table.insert, tab(v[$i]), $i, $v))", "say(pcall(table.remove, tab(v[$i])))",
	"say(pcall(function()\n$b\nerror($v) end))", "say(xpcall(function() $b\nreturn nil + $n end, function(e) $q return str(e) .. '!' end))",
	"do local c <close> = setmetatable({}, mt)\n$b\nend", "say(pcall(function() local c <close> = setmetatable({}, mt)\n$q error('$k') end))",
	"local co = coroutine.wrap(function(a) for j = 1, 3 do a = coroutine.yield($e, a)\n$b\nend return $v end)\nfor j = 1, $i do say(pcall(co, j)) end",
	("local co = coroutine.create(function() local x = coroutine.yield($n)\nsay(x, $e) coroutine.wrap(function() $q coroutine.yield($s) end)() end)\n"
	"say(coroutine.resume(co)) say(coroutine.resume(co, $v)) say(coroutine.status(co))"),
	"local o = setmetatable({ n = $n }, mt)\nsay(o.$k, #o, o < o, o + $n, tostring(o), o($i))", "for k, x in pairs(setmetatable({}, mt)) do say(k, x) end",
	"local o, p = setmetatable({}, mt), setmetatable({}, mt)\nsay(o == p, o <= p, o .. '' == '')", "local d = 0 local function down() d = d + 1 return (('a'):gsub('a', down)) end\npcall(down) say(d)",
	"local f = function(x) return function() x = num(x) + $n $q return x end end\nlocal g = f($n) say(g(), g())", "v[$i], v[$i] = v[$i], $v", "goto over$l\ndo $q end\n::over$l::",
	"tab(v[$i])[$n == $n and $n or 1] = $v", "tab(v[$i]).$k = $v", "tab(v[$i])[$s] = nil", "contact:set { stage = '$k' }\nsay(contact.stage, contact.labels['$k'], contact.fields.$k)",
	"for l in pairs(contact.labels) do say(l)\n$q end", "for k, x in pairs(contact.fields) do\nsay(k, x) end", "local n = 0\nwhile n < $i do n = n + 1 $q if n == 3 then break end end",
	"repeat local x = $n\n$b\nuntil x == x", "for c in ($s):gmatch '.' do $q break end", "say(string.format('%s %s %10.4s', $v, $t, $s))", "say(pcall(string.format, '%d %s', $v))",
	"local all = {} for j = 1, 40 do all[j] = { j } end\nfor j = 1, 40, 3 do all[j] = nil end say(#all, dump(all))", "say(select(-1, $v, $e))", "say(pcall(setmetatable, $t, { __gc = $v }))",
};
static const char *const effect_statements[] = { "local _ = $e", "v[$i] = $e", "say($n)", "" };
static const char *const words[] = { "a", "b", "name", "kk", "z9", "alpha", "a1", "stage2" };
static const char *const channels[] = { "email", "instagram", "sms" };
static const char *const digits[] = { "1", "2", "3", "4", "5", "6", "7", "8" };

static const char HEAD[] =
	"local perigee = require 'perigee'\n"
	"local v, depth = {}, 0\n"
	"local function num(x) if type(x) == 'number' then return x end return type(x) == 'string' and #x or 1 end\n"
	"local function small(x) x = num(x) if x ~= x or x > 1e9 or x < -1e9 then return 3 end return x % 50 end\n"
	"local function str(x) return (tostring(x):sub(1, 80)) end\n"
	"local function tab(x) return type(x) == 'table' and x ~= v and x or { x } end\n"
	"local function clean(s) s = str(s):gsub('[^\\32-\\126]', '?') return #s > 0 and s or 'empty' end\n"
	"local function plain(x) return x == x and x < 1e308 and x > -1e308 and x or 'odd' end\n"
	"local function holes(n) n = math.floor(small(n)) local t = {} for j = 1, n do t[j] = j end for j = 2, n, 3 do t[j] = nil end t[n + 2] = 1 return t end\n"
	"local function keyed(n) local t = holes(n) for j = 1, n do t[{}] = j t[function() return j end] = j end return t end\n"
	"local function count(t) local n = 0 for _ in next, tab(t) do n = n + 1 if n > 50 then break end end return n end\n"
	"local function strings(t) local l = {} for j = 1, #t do l[j] = str(t[j]) end return l end\n"
	"local function dump(x, deep)\n"
	"  deep = deep or 0\n"
	"  if type(x) == 'number' then return math.type(x) == 'float' and ('%a'):format(x) or ('%d'):format(x) end\n"
	"  if type(x) ~= 'table' or deep > 2 then return str(x) end\n"
	"  local l = {}\n"
	"  local ok, e = pcall(function() for k, y in pairs(x) do l[#l + 1] = dump(k, 3) .. '=' .. dump(y, deep + 1) if #l > 20 then break end end end)\n"
	"  return (ok and '' or str(e)) .. '{' .. table.concat(l, ' ') .. '#' .. str(pcall(rawlen, x) and rawlen(x)) .. '}'\n"
	"end\n"
	"local function sorted(t) local l = {} for j = 1, math.min(#t, 30) do l[j] = t[j] == nil and 0 or t[j] end table.sort(l, function(a, b) return str(a) < str(b) end) return l end\n"
	"local function say(...)\n"
	"  local l = {} for j = 1, select('#', ...) do l[j] = dump((select(j, ...))) end\n"
	"  perigee.log((table.concat(l, ' | '):sub(1, 600):gsub('[^\\32-\\126]', '?')))\n"
	"end\n"
	"local mt = {\n"
	"  __index = function(_, k) return perigee.store.get(clean(k)) end, __len = function() return perigee.store.add('len', 1) end,\n"
	"  __lt = function() return num(perigee.store.add('lt', 2)) > 3 end, __le = function() perigee.log 'le' return false end, __eq = function() perigee.log 'eq' return true end,\n"
	"  __add = function(a, b) perigee.log 'add' return 5 end, __call = function(_, x) perigee.sleep(1) return x end, __tostring = function() perigee.log 'tostring' return 'O' end,\n"
	"  __close = function(_, e) perigee.log('close ' .. clean(e)) end, __pairs = function() perigee.log 'pairs' return next, { q = 1, p = { 2 } } end,\n"
	"}\n"
	"return perigee.sequence { name = 'test', needs = {}, limits = { cpu_ms = 9000, memory_mb = 64 }, run = function(contact)\n";

typedef struct Grammar {
	GRand *chance;
	GString *out;
	int labels, growing;
} Grammar;

static void grow(Grammar *g, char symbol, int depth);

static void expand(Grammar *g, const char *line, int depth)
{
	for (const char *c = line; *c; c++) {
		if (*c == '$')
			grow(g, *++c, depth + 1);
		else
			g_string_append_c(g->out, *c);
	}
}

static void pick(Grammar *g, const char *const *lines, int n, int terminals, int depth)
{
	bool ends = depth > 5 || g->out->len > 12000;
	expand(g, lines[g_rand_int_range(g->chance, 0, ends ? terminals : n)], depth);
}

static void block(Grammar *g, int depth)
{
	g_string_append(g->out, "do\n");
	int n = depth > 3 ? 1 : g_rand_int_range(g->chance, 1, 4);
	for (int i = 0; i < n; i++) {
		g_string_append(g->out, "do ");
		pick(g, statements, G_N_ELEMENTS(statements), 4, depth);
		g_string_append(g->out, " end\n");
	}
	g_string_append(g->out, "end");
}

static void grow(Grammar *g, char symbol, int depth)
{
	switch (symbol) {
	case 'n': pick(g, numbers, G_N_ELEMENTS(numbers), 8, depth); break;
	case 's': g_string_append_c(g->out, '('); pick(g, texts, G_N_ELEMENTS(texts), 8, depth); g_string_append_c(g->out, ')'); break;
	case 't': g_string_append_c(g->out, '('); pick(g, tables, G_N_ELEMENTS(tables), 5, depth); g_string_append_c(g->out, ')'); break;
	case 'v': pick(g, values, G_N_ELEMENTS(values), 5, depth); break;
	case 'e': pick(g, effects, G_N_ELEMENTS(effects), 4, depth); break;
	case 'q': pick(g, effect_statements, G_N_ELEMENTS(effect_statements), 4, depth + 1); break;
	case 'k': g_string_append(g->out, words[g_rand_int_range(g->chance, 0, G_N_ELEMENTS(words))]); break;
	case 'c': g_string_append(g->out, channels[g_rand_int_range(g->chance, 0, G_N_ELEMENTS(channels))]); break;
	case 'i': g_string_append(g->out, digits[g_rand_int_range(g->chance, 0, G_N_ELEMENTS(digits))]); break;
	case 'l': g_string_append_printf(g->out, "%d", g->labels); break;
	case 'b': block(g, depth); break;
	default: g_assert_not_reached();
	}
}

/* Each statement is called for itself, so that one that fails is told and ends no script. */
static char *make_script(uint32_t seed)
{
	Grammar g = { .chance = g_rand_new_with_seed(seed), .out = g_string_new(HEAD) };
	int n = g_rand_int_range(g.chance, 4, 14);
	for (int i = 1; i <= 8; i++) {
		g_string_append_printf(g.out, "v[%d] = ", i);
		pick(&g, values, G_N_ELEMENTS(values), 5, 4);
		g_string_append(g.out, "\n");
	}
	for (int i = 0; i < n; i++) {
		g.labels++;
		g_string_append(g.out, "do local ok, e = pcall(function()\n");
		pick(&g, statements, G_N_ELEMENTS(statements), 4, 0);
		g_string_append(g.out, "\nend) say(ok, e) end\n");
		if (i % 3 == 2)
			expand(&g, i % 2 ? "perigee.sleep($i)\n" : "say(pcall(contact.wait_reply, contact, $i))\n", 0);
	}
	g_string_append(g.out, "say(dump(v))\nreturn clean(dump(v))\nend }\n");
	g_rand_free(g.chance);
	return g_string_free(g.out, FALSE);
}

/* ---- the world that answers ------------------------------------------------------------------------------------ */

static char *result(uint32_t chance)
{
	static const char *const some[] = {
		"null", "1", "2.5", "-7", "\"text\"", "\"1e3\"", "true", "false", "[1,2,3]", "{\"b\":1,\"a\":[{\"z\":0.1,\"y\":null}]}", "\"\\u00e9\\u0000x\"", "{}", "123456789012", "1e-7",
		"[[1],[],\"x\"]", "[null,1,null]",
	};
	return g_strdup(some[chance % G_N_ELEMENTS(some)]);
}

static const char *change(uint32_t chance)
{
	static const char *const some[] = {
		"", "", "", "", "\"c\":{\"stage\":\"talking\"},", "\"c\":{\"labels\":[\"b\",\"a\",\"name\"]},", "\"c\":{\"fields\":{\"z9\":1,\"a\":{\"k\":2},\"name\":\"n\"},\"stage\":null},",
	};
	return some[chance % G_N_ELEMENTS(some)];
}

static char *answer(uint64_t seed, uint32_t position, const char *kind, const char *args)
{
	uint32_t chance = g_str_hash(kind) * 31 + g_str_hash(args) + position * 7919u + (uint32_t)seed;
	chance ^= chance >> 13;
	const char *changes = change(chance >> 4);
	if (chance % 23 == 0)
		return g_strdup_printf("{%s\"raise\":\"the world says no %u\"}", changes, position);
	if (g_str_equal(kind, "store.get") || g_str_equal(kind, "wait")) {
		g_autofree char *r = result(chance >> 8);
		return g_strdup_printf("{%s\"r\":[%s]}", changes, r);
	}
	if (g_str_equal(kind, "contacts.find"))
		return g_strdup_printf("{%s\"r\":[[{\"id\":\"c%u\",\"name\":\"Bob\",\"fields\":{},\"labels\":[],\"identities\":{}}]]}", changes, position);
	if (g_str_equal(kind, "store.list"))
		return g_strdup_printf("{%s\"r\":[[{\"key\":\"a\",\"value\":1},{\"key\":\"b\",\"value\":[2,{\"x\":%u}]}]]}", changes, position);
	if (g_str_equal(kind, "wait_reply") && chance % 3)
		return g_strdup_printf("{%s\"r\":[{\"text\":\"yes %u\",\"channel\":\"email\",\"at\":1700000000}]}", changes, position);
	if (g_str_equal(kind, "send") && chance % 4 == 0)
		return g_strdup_printf("{%s\"r\":[null,\"no\",\"refused\",\"hours\"]}", changes);
	if (g_str_equal(kind, "store.add") || g_str_equal(kind, "date") || g_str_equal(kind, "can"))
		return g_strdup_printf("{%s\"r\":[%u]}", changes, chance % 100);
	return g_strdup_printf("{%s\"r\":[]}", changes);
}

#define START \
	"{\"contact\":{\"fields\":{\"name\":1,\"kk\":{\"x\":[1,2]},\"b\":0.5},\"id\":\"c1\",\"identities\":{\"email\":\"ann@b.example\"},\"labels\":[\"alpha\",\"a\"],\"name\":\"Ann B\"}," \
	"\"run\":\"r1\",\"sequence\":\"test\",\"state\":{\"round\":2}}"
enum { MOST = 120 };

static uint32_t number_of(const char *name, uint32_t otherwise)
{
	const char *text = g_getenv(name);
	return text ? (uint32_t)g_ascii_strtoull(text, NULL, 10) : otherwise;
}

static void test_replays(void)
{
	uint32_t n = number_of("PERIGEE_SCRIPTS", SLOWER > 1 ? 20 : 200), from = number_of("PERIGEE_SCRIPTS_FROM", 1);
	bool few = !g_getenv("PERIGEE_SCRIPTS");
	size_t steps = 0, ended = 0, waits = 0;
	for (uint32_t seed = from; seed < from + n; seed++) {
		g_autofree char *source = make_script(seed);
		if (g_getenv("PERIGEE_SCRIPTS_SHOW"))
			g_printerr("%s", source);
		g_autoptr(Story) story = story_tell(&worlds[seed % WORLDS], source, START, seed * 2654435761u, answer, MOST);
		/* A few scripts are replayed in the two worlds that follow, a long story from every third step only. */
		guint stride = few && story->steps->len > 20 ? 3 : 1;
		g_autofree char *differs = story_differs_among(story, stride, seed + 1, few ? 2 : WORLDS);
		if (differs)
			g_error("script %u (PERIGEE_SCRIPTS=1 PERIGEE_SCRIPTS_FROM=%u PERIGEE_SCRIPTS_SHOW=1): %s", seed, seed, differs);
		steps += story->steps->len;
		ended += story->end && g_str_has_prefix(story->end, "done \"") ? 1 : 0;
		for (guint i = 0; i < story->steps->len; i++)
			waits += g_str_has_suffix(g_array_index(story->steps, Step, i).line, " waits") ? 1 : 0;
	}
	g_test_message("%u scripts, %zu effects, %zu waits, %zu ended well", n, steps, waits, ended);
	if (n >= 20) { /* the grammar makes scripts that live: most end well, and most of those wait and act many times */
		g_assert_cmpuint(ended, >, n / 4);
		g_assert_cmpuint(steps, >, n * 10);
		g_assert_cmpuint(waits, >, n);
	}
}

/* The comparison itself: a story that was told of another seed, or with another answer, is found out. */
static void test_comparison(void)
{
	static const char source[] = "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'test', needs = {}, run = function(contact)\n"
	                             "perigee.log 'a' perigee.store.set('k', math.random(1000000)) perigee.sleep(1) return perigee.store.get 'k'\nend }";
	g_autoptr(Story) story = story_tell(&worlds[0], source, START, 5, answer, MOST);
	g_autofree char *same = story_differs_anywhere(story);
	g_assert_null(same);
	story->seed = 6;
	g_autofree char *differs = story_differs_anywhere(story);
	g_assert_nonnull(strstr(differs, "as it is, 0 of 4 steps replayed:\n  effect 1 store.set "));
	story->seed = 5;
	Step *last = &g_array_index(story->steps, Step, 3);
	g_free(last->answer);
	last->answer = g_strdup("{\"r\":[\"another answer\"]}");
	g_free(story->end);
	story->end = g_strdup("done \"another\"");
	g_autofree char *end = story_differs_anywhere(story);
	g_assert_nonnull(strstr(end, "  done \"another\"\n  done \"another answer\"\n"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	worlds_start();
	g_test_add_func("/replay/a story told otherwise is found out", test_comparison);
	g_test_add_func("/replay/random scripts ask for the same in every process, from every step of their journals", test_replays);
	int failed = g_test_run();
	worlds_stop();
	return failed;
}
