/* SPDX-License-Identifier: MIT */
/* What Lua code finds: see environment.h. */
#include "worker/environment.h"

#include "worker/coroutine.h"
#include "worker/handle.h"
#include "worker/library.h"
#include "worker/markdown.h"
#include "worker/metatable.h"
#include "worker/moment.h"
#include "worker/order.h"
#include "worker/random.h"
#include "worker/request.h"
#include "worker/state.h"
#include "worker/text.h"
#include "worker/visit.h"

#include <glib.h>
#include <lauxlib.h>
#include <lualib.h>

/* Functions that hang in the registry under their addresses. */
static const char LOAD = 0, PREPARE = 0, ENTRY = 0, FOLD = 0;

/*
 * Taken as they are. Not there for scripts, and why:
 *   io package dofile loadfile os.*      files, processes, native code      (os.time, os.date: the run's time, UTC)
 *   debug                                reaches behind every wall
 *   string.dump, load of bytecode        bytecode is not checked: it is access to memory
 *   collectgarbage, __gc, __mode         the collector's timing differs from replay to replay
 *   math.randomseed                      the seed is the run's
 *   coroutine.close, __concat            unsafe in the library we are linked with
 *   print warn                           perigee.log
 *   _G                                   undeclared globals are errors
 */
static const char *const base_kept[] = {
	"assert", "error", "ipairs", "pcall", "rawequal", "rawget", "rawlen", "rawset", "select", "tonumber", "type", "xpcall",
	"_VERSION", NULL,
};
static const char *const string_kept[] = {
	"byte", "char", "len", "lower", "pack", "packsize", "reverse", "sub", "unpack", "upper", NULL,
};
static const char *const table_kept[] = { "concat", "insert", "move", "pack", "remove", "unpack", NULL };
static const char *const math_kept[] = {
	"abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger", "min",
	"mininteger", "modf", "pi", "rad", "sin", "sqrt", "tan", "tointeger", "type", "ult", NULL,
};
static const char *const utf8_kept[] = { "char", "charpattern", "codepoint", "codes", "len", "offset", NULL };
static const char *const coroutine_kept[] = { "isyieldable", "running", "status", "yield", NULL };
static const char *const nothing_kept[] = { NULL };

static const luaL_Reg base_ours[] = { { "getmetatable", l_getmetatable }, { "next", l_next }, { "pairs", l_pairs },
                                      { "tostring", l_tostring }, { NULL, NULL } };
static const luaL_Reg math_ours[] = { { "random", l_random }, { NULL, NULL } };
static const luaL_Reg coroutine_ours[] = { { "create", l_coroutine_create }, { "resume", l_coroutine_resume },
                                           { "wrap", l_coroutine_wrap }, { NULL, NULL } };
static const luaL_Reg nothing_ours[] = { { NULL, NULL } };
/* These call the original, which is their upvalue. */
static const luaL_Reg string_around[] = {
	{ "find", l_pattern }, { "format", l_format }, { "gmatch", l_pattern }, { "gsub", l_pattern }, { "match", l_pattern },
	{ "rep", l_rep }, { NULL, NULL },
};
static const luaL_Reg os_around[] = { { "date", l_os_date }, { "time", l_os_time }, { NULL, NULL } };

static const struct {
	const char *name;
	lua_CFunction open;
	const char *const *kept;
	const luaL_Reg *ours, *around;
} libraries[] = {
	{ "_G", luaopen_base, base_kept, base_ours, nothing_ours },
	{ "string", luaopen_string, string_kept, nothing_ours, string_around },
	{ "table", luaopen_table, table_kept, nothing_ours, nothing_ours },
	{ "math", luaopen_math, math_kept, math_ours, nothing_ours },
	{ "utf8", luaopen_utf8, utf8_kept, nothing_ours, nothing_ours },
	{ "coroutine", luaopen_coroutine, coroutine_kept, coroutine_ours, nothing_ours },
	{ "os", luaopen_os, nothing_kept, nothing_ours, os_around },
};

/* Copies what is allowed of the original library at index into the table on top. */
static void copy_library(lua_State *L, int original, size_t which)
{
	for (const char *const *name = libraries[which].kept; *name; name++) {
		lua_getfield(L, original, *name);
		lua_setfield(L, -2, *name);
	}
	luaL_setfuncs(L, libraries[which].ours, 0);
	for (const luaL_Reg *f = libraries[which].around; f->name; f++) {
		lua_getfield(L, original, f->name);
		lua_pushcclosure(L, f->func, 1);
		lua_setfield(L, -2, f->name);
	}
}

/* Pushes a new environment. The originals stand on the stack from index first, in the order of libraries. */
static void push_environment(lua_State *L, int first)
{
	lua_newtable(L);
	copy_library(L, first, 0);
	metatable_push_set(L);
	lua_setfield(L, -2, "setmetatable");
	for (size_t i = 1; i < G_N_ELEMENTS(libraries); i++) {
		lua_newtable(L);
		copy_library(L, first + (int)i, i);
		lua_setfield(L, -2, libraries[i].name);
	}
}

/* host.keep{ load=, prepare=, fold= }: functions that C calls. */
static int l_keep(lua_State *L)
{
	static const struct {
		const char *name;
		const char *place;
	} kept[] = { { "load", &LOAD }, { "prepare", &PREPARE }, { "fold", &FOLD } };
	luaL_checktype(L, 1, LUA_TTABLE);
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		if (lua_getfield(L, 1, kept[i].name) == LUA_TFUNCTION)
			lua_rawsetp(L, LUA_REGISTRYINDEX, kept[i].place);
		else
			lua_pop(L, 1);
	}
	return 0;
}

/* host.setmetatable and host.getmetatable: the true ones. */
static int l_true_setmetatable(lua_State *L)
{
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

static const luaL_Reg bindings[] = {
	{ "compile", l_compile },
	{ "effect", l_effect },
	{ "entry_fault", l_entry_fault },
	{ "fail", l_fail },
	{ "frozen", l_frozen },
	{ "header_fault", l_header_fault },
	{ "keep", l_keep },
	{ "key_fault", l_key_fault },
	{ "library", l_library },
	{ "library_modules", l_library_modules },
	{ "library_text", l_library_text },
	{ "methods", l_methods },
	{ "now", l_now },
	{ "object", l_object },
	{ "only_reads", l_only_reads },
	{ "pick_fault", l_pick_fault },
	{ "place", l_place },
	{ "raise", l_raise },
	{ "secret", l_secret },
	{ "secret_fault", l_secret_fault },
	{ "secret_name", l_secret_name },
	{ "setmetatable", l_true_setmetatable },
	{ "url", l_url },
	{ "url_in", l_url_in },
	{ "value_fault", l_value_fault },
	{ "where", l_where },
	{ NULL, NULL },
};

/* The methods of strings are a copy of their own, which nobody can reach to change. */
static void protect_strings(lua_State *L, int original)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_newtable(L);
	copy_library(L, original, 1);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

void environment_open(lua_State *L)
{
	int first = lua_gettop(L) + 1;
	luaL_checkstack(L, 40, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(libraries); i++)
		luaL_requiref(L, libraries[i].name, libraries[i].open, 0);
	lua_pushnil(L);
	lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	protect_strings(L, first + 1);
	handle_open(L);

	push_environment(L, first); /* the stdlib's */
	int ours = lua_gettop(L);
	lua_newtable(L);
	luaL_setfuncs(L, bindings, 0);
	markdown_open(L);
	lua_setfield(L, -2, "markdown");
	lua_setfield(L, ours, "host");
	push_environment(L, first); /* the scripts' */
	lua_pushvalue(L, -1);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);

	lua_pushcfunction(L, l_library);
	lua_pushliteral(L, "prelude.lua");
	lua_pushvalue(L, ours);
	lua_call(L, 2, 2);
	if (lua_isnil(L, -2))
		lua_error(L);
	lua_pop(L, 1);
	lua_pushvalue(L, ours);
	lua_pushvalue(L, ours + 1);
	lua_call(L, 2, 0);
}

void environment_prepare(lua_State *L, const char *type)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &PREPARE);
	lua_pushstring(L, type);
	lua_call(L, 1, 0);
}

void environment_push_load(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &LOAD);
}

void environment_push_entry(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &ENTRY);
}

void environment_set_entry(lua_State *L)
{
	lua_rawsetp(L, LUA_REGISTRYINDEX, &ENTRY);
}

void environment_push_fold(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &FOLD);
}
