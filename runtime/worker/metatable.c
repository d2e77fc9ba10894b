/* SPDX-License-Identifier: MIT */
/* Metatables of scripts: see metatable.h. */
#include "worker/metatable.h"

#include "worker/order.h"
#include "worker/state.h"

#include <glib.h>
#include <lauxlib.h>

/* Keys that no script can make: their addresses as light userdata. */
static const char SHADOW = 0;   /* in a script's metatable: its shadow */
static const char ORIGINAL = 0; /* in a shadow: the script's metatable */
static const char DATA = 0;     /* in the metatable of a read-only view: the data */
static const char NAME = 0;     /* in the metatable of an object: what it is */

static const char *const events[] = {
	"__index", "__newindex", "__call", "__len", "__eq", "__lt", "__le", "__unm", "__add", "__sub", "__mul",
	"__div", "__mod", "__pow", "__idiv", "__band", "__bor", "__bxor", "__bnot", "__shl", "__shr", "__close",
	"__tostring", "__name", "__pairs", "__metatable",
};
static const char *const refused[] = { "__gc", "__mode", "__concat" };
enum { EVENTS = G_N_ELEMENTS(events), REFUSED = G_N_ELEMENTS(refused) };

const char *metatable_plain(lua_State *L, int index)
{
	if (lua_getmetatable(L, index)) {
		if (lua_rawgetp(L, -1, &DATA) == LUA_TTABLE) {
			lua_remove(L, -2);
			return NULL;
		}
		lua_pop(L, 1);
		if (lua_rawgetp(L, -1, &NAME) == LUA_TSTRING) {
			const char *name = lua_tostring(L, -1); /* anchored in the metatable */
			lua_pop(L, 1);
			return name;
		}
		lua_pop(L, 2);
	}
	lua_pushvalue(L, index);
	return NULL;
}

/* True if the shadow on top still says what the metatable at 2 says. */
static bool is_current(lua_State *L)
{
	bool same = true;
	for (int i = 0; i < EVENTS && same; i++) {
		lua_pushvalue(L, lua_upvalueindex(i + 1));
		lua_rawget(L, 2);
		lua_pushvalue(L, lua_upvalueindex(i + 1));
		lua_rawget(L, -3);
		same = lua_rawequal(L, -1, -2);
		lua_pop(L, 2);
	}
	return same;
}

static void push_shadow(lua_State *L)
{
	if (lua_rawgetp(L, 2, &SHADOW) == LUA_TTABLE && is_current(L))
		return;
	lua_pop(L, 1);
	lua_newtable(L);
	for (int i = 0; i < EVENTS; i++) {
		lua_pushvalue(L, lua_upvalueindex(i + 1));
		lua_pushvalue(L, -1);
		lua_rawget(L, 2);
		if (lua_isnil(L, -1))
			lua_pop(L, 2);
		else
			lua_rawset(L, -3);
	}
	lua_pushvalue(L, 2);
	lua_rawsetp(L, -2, &ORIGINAL);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, 2, &SHADOW);
}

static int l_setmetatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
	lua_settop(L, 2);
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	if (lua_isnil(L, 2)) {
		lua_setmetatable(L, 1);
		return 1;
	}
	for (int i = 0; i < REFUSED; i++) {
		lua_pushvalue(L, lua_upvalueindex(EVENTS + i + 1));
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "setmetatable: %s can't be used in a script", refused[i]);
		lua_pop(L, 1);
	}
	push_shadow(L);
	lua_setmetatable(L, 1);
	lua_settop(L, 1);
	return 1;
}

void metatable_push_set(lua_State *L)
{
	for (int i = 0; i < EVENTS; i++)
		lua_pushstring(L, events[i]);
	for (int i = 0; i < REFUSED; i++)
		lua_pushstring(L, refused[i]);
	lua_pushcclosure(L, l_setmetatable, EVENTS + REFUSED);
}

int l_getmetatable(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_type(L, 1) != LUA_TTABLE) {
		if (lua_getmetatable(L, 1))
			lua_pushboolean(L, 0);
		else
			lua_pushnil(L);
		return 1;
	}
	if (!lua_getmetatable(L, 1)) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushliteral(L, "__metatable");
	if (lua_rawget(L, -2) == LUA_TNIL)
		lua_rawgetp(L, -2, &ORIGINAL);
	return 1;
}

static int refuse_assignment(lua_State *L)
{
	const char *format = lua_tostring(L, lua_upvalueindex(1));
	const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
	const char *text = luaL_gsub(L, format, "%s", key);
	return state_raise(L, text);
}

static int l_frozen_pairs(lua_State *L)
{
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	return l_pairs(L);
}

static int l_frozen_size(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)lua_rawlen(L, lua_upvalueindex(1)));
	return 1;
}

int l_frozen(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkstring(L, 2);
	lua_newtable(L);
	lua_newtable(L);
	lua_pushvalue(L, 1);
	lua_rawsetp(L, -2, &DATA);
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "__index");
	lua_pushvalue(L, 2);
	lua_pushcclosure(L, refuse_assignment, 1);
	lua_setfield(L, -2, "__newindex");
	lua_pushvalue(L, 1);
	lua_pushcclosure(L, l_frozen_pairs, 1);
	lua_setfield(L, -2, "__pairs");
	lua_pushvalue(L, 1);
	lua_pushcclosure(L, l_frozen_size, 1);
	lua_setfield(L, -2, "__len");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	return 1;
}

int l_object(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checktype(L, 2, LUA_TTABLE);
	luaL_checkstring(L, 3);
	lua_pushvalue(L, 3);
	lua_rawsetp(L, 2, &NAME);
	lua_pushboolean(L, 0);
	lua_setfield(L, 2, "__metatable");
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}
