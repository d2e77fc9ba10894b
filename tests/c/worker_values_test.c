/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* Lua values to canonical text and back, and the arena that Lua states stand in. */
#include "worker/arena.h"
#include "worker/decode.h"
#include "worker/encode.h"

#include <glib.h>
#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <string.h>

static Encoder *encoder;

/* Canonical text that comes back as it went in. */
static void test_round_trip(void)
{
	static const char *const texts[] = {
		"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.5", "1.0", "1e+100", "-2.5e-07",
		"0.1", "123456789.125", "\"\"", "\"a\\\"b\\\\c\\n\\t\\u0000\\u001f\\u007f\"", "\"é😀\"", "[1,2,3]", "[[1],[2,[3]]]",
		"{\"a\":1,\"b\":{\"c\":[true,\"x\"]}}", "{\"\":1,\"a b\":2,\"z\":{}}", "{}",
	};
	lua_State *L = luaL_newstate();
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_true(decode(L, texts[i], strlen(texts[i])));
		GString *text = encode(encoder, L, -1);
		g_assert_nonnull(text);
		g_assert_cmpstr(text->str, ==, texts[i]);
		lua_settop(L, 0);
	}
	lua_close(L);
}

static void test_canonical(void)
{
	static const struct {
		const char *lua, *text;
	} cases[] = {
		{ "{ b = 1, a = 2, [\"a\\0\"] = 3, aa = 4 }", "{\"a\":2,\"a\\u0000\":3,\"aa\":4,\"b\":1}" },
		{ "{ 1, 2.0, -0.0 }", "[1,2.0,0.0]" },
		{ "{ { }, { x = {} } }", "[{},{\"x\":{}}]" },
		{ "1e15", "1e+15" },
		{ "2^53", "9007199254740992.0" },
		{ "math.mininteger", "-9223372036854775808" },
	};
	lua_State *L = luaL_newstate();
	luaL_requiref(L, "math", luaopen_math, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *source = g_strconcat("return ", cases[i].lua, NULL);
		g_assert_cmpint(luaL_dostring(L, source), ==, LUA_OK);
		GString *text = encode(encoder, L, -1);
		g_assert_nonnull(text);
		g_assert_cmpstr(text->str, ==, cases[i].text);
	}
	lua_close(L);
}

static void test_refused(void)
{
	static const struct {
		const char *lua, *why;
	} cases[] = {
		{ "{ vars = { items = { 1, 2, function() end } } }", "vars.items[3]: a function is no plain data" },
		{ "{ 1, nil, 3 }", "a list with holes (nil before its end)" },
		{ "{ 1, x = 2 }", "a table that is half list, half names" },
		{ "{ [0] = 1 }", "a table with a number as key that is no position from 1" },
		{ "{ [1.5] = 1 }", "a table with a number as key that is no position from 1" },
		{ "{ a = { [true] = 1 } }", "a: a table with a key that is neither a name nor a position" },
		{ "{ a = 1/0 }", "a: an infinite number" },
		{ "{ a = '\\xc3' }", "a: a text that is not UTF-8" },
		{ "{ ['\\xc3'] = 1 }", "a key that is not UTF-8" },
		{ "('x'):rep(1100000)", "more than 1 MiB" },
		{ "(function() local t = {} for i = 1, 100001 do t[i] = 1 end return t end)()", "more than 100,000 members" },
		{ "(function() local t = 1 for i = 1, 33 do t = { t } end return t end)()",
		  "[1][1][1][1][1][1][1][1]: nested deeper than 32 levels, or contains itself" },
	};
	lua_State *L = luaL_newstate();
	luaL_requiref(L, "string", luaopen_string, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *source = g_strconcat("return ", cases[i].lua, NULL);
		g_assert_cmpint(luaL_dostring(L, source), ==, LUA_OK);
		g_assert_null(encode(encoder, L, -1));
		g_assert_cmpstr(encoder_why(encoder), ==, cases[i].why);
		g_assert_cmpint(lua_gettop(L), ==, (int)i + 2); /* the library and what was returned, no more */
	}
	lua_close(L);
}

static void test_malformed(void)
{
	static const char *const texts[] = {
		"", "{", "[", "[1", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "{a:1}", "\"", "\"\\", "\"\\u12", "\"\\x\"", "tru", "nul", "1 2", "[1]]",
		"\"\\ud800\"", "\"\\ud800\\u0041\"", "-", "{\"a\":1,}", "@",
	};
	lua_State *L = luaL_newstate();
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_false(decode(L, texts[i], strlen(texts[i])));
		lua_settop(L, 0);
	}
	g_autofree char *deep = g_strnfill(1000, '[');
	g_assert_false(decode(L, deep, 1000));
	lua_close(L);
}

/* ---- the arena ---- */

static jmp_buf full_jump;
static Arena *arena;

static void full(void)
{
	longjmp(full_jump, 1);
}

/* A state in the arena, changed, and brought back: it goes on as if nothing had been. */
static void test_images(void)
{
	arena_clear(arena);
	lua_State *L = lua_newstate(arena_allocate, arena);
	g_assert_nonnull(L);
	luaL_requiref(L, "string", luaopen_string, 1);
	luaL_requiref(L, "table", luaopen_table, 1);
	lua_settop(L, 0);
	g_assert_cmpint(luaL_dostring(L, "t = { n = 1 } function f() t.n = t.n + 1 t[#t + 1] = ('x'):rep(#t * 100) return t.n end"), ==, LUA_OK);
	g_autofree Image *image = arena_save(arena);
	for (int round = 0; round < 20; round++) {
		arena_restore(arena, image);
		for (int i = 0; i < round * 10; i++)
			g_assert_cmpint(luaL_dostring(L, "f()"), ==, LUA_OK);
		lua_gc(L, LUA_GCCOLLECT);
		g_assert_cmpint(luaL_dostring(L, "return f(), #t"), ==, LUA_OK);
		g_assert_cmpint(lua_tointeger(L, -2), ==, round * 10 + 2);
		g_assert_cmpint(lua_tointeger(L, -1), ==, round * 10 + 1);
	}
	g_autofree Image *again = (arena_restore(arena, image), arena_save(arena));
	g_assert_cmpuint(again->size, ==, image->size);
	g_assert_cmpint(memcmp(again->bytes, image->bytes, image->size), ==, 0);
}

/* Blocks of all sizes keep what was written in them, whatever is freed and resized beside them. */
static void test_blocks(void)
{
	enum { BLOCKS = 300, STEPS = 20000 };
	static struct {
		unsigned char *at;
		size_t size;
		unsigned char mark;
	} blocks[BLOCKS];
	arena_clear(arena);
	g_autoptr(GRand) random = g_rand_new_with_seed(5);
	for (int step = 0; step < STEPS; step++) {
		int i = g_rand_int_range(random, 0, BLOCKS);
		size_t size = step % 7 == 0 ? 0 : (size_t)g_rand_int_range(random, 1, step % 5 ? 200 : 50000);
		for (size_t k = 0; k < blocks[i].size; k++)
			g_assert_cmpint(blocks[i].at[k], ==, blocks[i].mark);
		unsigned char *moved = arena_allocate(arena, blocks[i].at, blocks[i].at ? blocks[i].size : 0, size);
		g_assert_true(size == 0 || moved);
		for (size_t k = 0; moved && k < MIN(size, blocks[i].size); k++)
			g_assert_cmpint(moved[k], ==, blocks[i].mark);
		blocks[i].at = moved;
		blocks[i].size = moved ? size : 0;
		blocks[i].mark = (unsigned char)step;
		if (moved)
			memset(moved, blocks[i].mark, size);
	}
}

/* The first refusal is NULL; what is not the same request again ends the visit. */
static void test_refusals(void)
{
	arena_clear(arena);
	arena_limit(arena, 64 << 10);
	void *held = arena_allocate(arena, NULL, 0, 40 << 10);
	g_assert_nonnull(held);
	g_assert_null(arena_allocate(arena, NULL, 0, 40 << 10));
	arena_allocate(arena, held, 40 << 10, 0); /* as the collector does */
	held = arena_allocate(arena, NULL, 0, 40 << 10);
	g_assert_nonnull(held);
	volatile bool ended = false;
	if (setjmp(full_jump) == 0) {
		g_assert_null(arena_allocate(arena, NULL, 0, 40 << 10));
		arena_allocate(arena, NULL, 0, 40 << 10);
	} else {
		ended = true;
	}
	g_assert_true(ended);
	ended = false;
	if (setjmp(full_jump) == 0) {
		g_assert_null(arena_allocate(arena, NULL, 0, 40 << 10));
		arena_allocate(arena, NULL, 0, 16);
	} else {
		ended = true;
	}
	g_assert_true(ended);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	encoder = encoder_new();
	arena = arena_map(64 << 20, full);
	g_assert_nonnull(arena);
	g_test_add_func("/values/canonical text comes back as it went in", test_round_trip);
	g_test_add_func("/values/equal values have equal text", test_canonical);
	g_test_add_func("/values/what is no plain data is refused with its path", test_refused);
	g_test_add_func("/values/nonsense is told apart", test_malformed);
	g_test_add_func("/arena/an image brings a state back", test_images);
	g_test_add_func("/arena/blocks keep what they hold", test_blocks);
	g_test_add_func("/arena/a swallowed refusal ends the visit", test_refusals);
	int failed = g_test_run();
	encoder_free(encoder);
	return failed;
}
