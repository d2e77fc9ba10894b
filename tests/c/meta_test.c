/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* What editors are told (stdlib/meta, and the annotations of stdlib/perigee) is what the program has. The comparison is tests/lua/meta.lua,
 * which runs in the stdlib's own environment. */
#include "worker/arena.h"
#include "worker/environment.h"
#include "worker/library.h"
#include "worker/state.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static Worker *worker;

static void full(void)
{
	abort();
}

static void build(void)
{
	g_autofree char *why = NULL;
	g_autoptr(GError) error = NULL;
	worker = g_new0(Worker, 1);
	worker->library = library_open("stdlib", &error); /* from its folder: the names of upvalues are kept */
	g_assert_no_error(error);
	worker->arena = arena_map((size_t)64 << 20, full);
	g_assert_nonnull(worker->arena);
	g_assert_true(state_build(worker, &why));
}

/* signature(f): how many parameters it has, and whether it takes more. */
static int l_signature(lua_State *L)
{
	lua_Debug at;
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_getinfo(L, ">uS", &at);
	lua_pushinteger(L, at.nparams);
	lua_pushboolean(L, at.isvararg || strcmp(at.what, "C") == 0);
	return 2;
}

/* Pushes the stdlib's environment, which prelude.lua's functions know as `ours`. */
static void push_ours(lua_State *L)
{
	environment_push_load(L);
	const char *name;
	for (int i = 1; (name = lua_getupvalue(L, -1, i)); i++) {
		if (strcmp(name, "ours") == 0) {
			lua_remove(L, -2);
			return;
		}
		lua_pop(L, 1);
	}
	g_error("prelude.lua's load does not know `ours`");
}

/* What does not agree in one respect, a line each. Caller frees. */
static char *faults_of(const char *respect)
{
	g_autofree char *why = NULL;
	const Image *base = state_base(worker, WORKER_SCAN, &why);
	g_assert_cmpstr(why, ==, NULL);
	arena_restore(worker->arena, base);
	lua_State *L = worker->state;
	g_autofree char *source = NULL;
	gsize size;
	g_assert_true(g_file_get_contents("tests/lua/meta.lua", &source, &size, NULL));
	g_assert_cmpint(luaL_loadbufferx(L, source, size, "@tests/lua/meta.lua", "t"), ==, LUA_OK);
	push_ours(L);
	lua_setupvalue(L, -2, 1);
	lua_pushcfunction(L, l_signature);
	lua_pushstring(L, respect);
	if (lua_pcall(L, 2, 1, 0) != LUA_OK)
		g_error("%s", lua_tostring(L, -1));
	return g_strdup(lua_tostring(L, -1));
}

static void test_respect(const void *respect)
{
	g_autofree char *faults = faults_of(respect);
	g_auto(GStrv) lines = g_strsplit(faults, "\n", -1);
	for (char **line = lines; *line; line++)
		if (**line)
			g_test_message("%s", *line);
	if (*faults)
		g_test_fail();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *respect, *sentence;
	} tests[] = {
		{ "perigee", "/meta/perigee, its store and its contacts have the calls that are annotated, and no others" },
		{ "contact", "/meta/a contact has the calls and attributes that are annotated" },
		{ "test", "/meta/t has the calls that are annotated" },
		{ "check", "/meta/perigee.check has the calls that are annotated" },
		{ "keys", "/meta/tables of options have the keys that are annotated" },
		{ "workspace", "/meta/perigee.lua has the constructors and keys that are annotated" },
		{ "words", "/meta/events, kinds of tasks and answers are those that are annotated" },
		{ "library", "/meta/each function of the library is annotated, with its parameters" },
		{ "examples", "/meta/each annotated function has an example and tells of each parameter" },
	};
	g_test_init(&argc, &argv, NULL);
	build();
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_data_func(tests[i].sentence, tests[i].respect, test_respect);
	return g_test_run();
}
