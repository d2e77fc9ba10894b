/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* The zygote's self-test notices what it is there for. */
#include "base/finding.h"
#include "base/value.h"
#include "worker/arena.h"
#include "worker/check.h"
#include "worker/library.h"
#include "worker/state.h"

#include <lauxlib.h>
#include <stdlib.h>

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
	worker->library = library_open(NULL, &error);
	g_assert_no_error(error);
	worker->arena = arena_map((size_t)64 << 20, full);
	g_assert_nonnull(worker->arena);
	g_assert_true(state_build(worker, &why));
}

static void assert_found(const char *stranger)
{
	g_autofree char *found = check_environment(worker);
	g_assert_cmpstr(found, ==, stranger);
}

/* Sets a name, raw, in what scripts find (NULL) or in a library of it, and asks; then it is as before. */
static void plant(const char *library, const char *name, const char *stranger)
{
	g_autofree char *why = NULL;
	Image *before = (Image *)state_base(worker, PROGRAM_SCRIPT, &why);
	arena_restore(worker->arena, before);
	lua_State *L = worker->state;
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	if (library) {
		lua_pushstring(L, library);
		lua_rawget(L, -2);
	}
	lua_pushstring(L, name);
	lua_pushboolean(L, 1);
	lua_rawset(L, -3);
	worker->bases[PROGRAM_SCRIPT] = state_save(worker);
	assert_found(stranger);
	g_free(worker->bases[PROGRAM_SCRIPT]);
	worker->bases[PROGRAM_SCRIPT] = before;
}

static void test_names(void)
{
	assert_found(NULL);
	plant(NULL, "io", "io");
	plant(NULL, "debug", "debug");
	plant(NULL, "_G", "_G");
	plant("string", "dump", "string.dump");
	plant("os", "execute", "os.execute");
	plant("coroutine", "close", "coroutine.close");
	assert_found(NULL);
}

/* Texts have methods of their own table; it is looked at too. */
static void test_methods(void)
{
	g_autofree char *why = NULL;
	Image *before = (Image *)state_base(worker, PROGRAM_SCRIPT, &why);
	arena_restore(worker->arena, before);
	lua_State *L = worker->state;
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_getfield(L, -1, "__index");
	lua_pushboolean(L, 1);
	lua_setfield(L, -2, "dump");
	worker->bases[PROGRAM_SCRIPT] = state_save(worker);
	assert_found("string.dump");
	g_free(worker->bases[PROGRAM_SCRIPT]);
	worker->bases[PROGRAM_SCRIPT] = before;
}

static const json_t *row_of(const json_t *rows, const char *name)
{
	size_t i;
	json_t *row;
	json_array_foreach(rows, i, row)
		if (g_str_equal(value_string(row, "name", ""), name))
			return row;
	g_error("there is no row %s", name);
}

static FindingState state_of(const json_t *rows, const char *name)
{
	return finding_state(value_string(row_of(rows, name), "state", ""));
}

static void test_rows(void)
{
	g_autoptr(GError) error = NULL;
	Jail *jail = jail_new(&error);
	g_assert_no_error(error);
	g_autoptr(json_t) rows = check_rows(worker, jail, NULL), as_root = check_rows(worker, jail, "still root");
	g_assert_cmpint(state_of(rows, "worker: filter"), ==, FINDING_OK);
	g_assert_cmpint(state_of(rows, "worker: names"), ==, FINDING_OK);
	g_assert_cmpint(state_of(rows, "worker: user"), ==, FINDING_OK);
	g_assert_cmpint(state_of(rows, "worker: Lua"), !=, FINDING_FAIL);
	g_assert_cmpint(state_of(as_root, "worker: user"), ==, FINDING_WARN);
	jail_free(jail);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	build();
	g_test_add_func("/check/a name too many is found", test_names);
	g_test_add_func("/check/a method of texts too many is found", test_methods);
	g_test_add_func("/check/the jail holds what it promises", test_rows);
	int failed = g_test_run();
	library_free(worker->library);
	return failed;
}
