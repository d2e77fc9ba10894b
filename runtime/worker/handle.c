/* SPDX-License-Identifier: MIT */
/* Handles of secrets: see handle.h. */
#include "worker/handle.h"

#include "base/rules.h"
#include "worker/state.h"

#include <lauxlib.h>

/* Keys of the registry. */
static const char METATABLE = 0, HANDLES = 0;

bool handle_is(lua_State *L, int index)
{
	if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
		return false;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &METATABLE);
	bool same = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return same;
}

static int l_show(lua_State *L)
{
	if (!handle_is(L, 1))
		return luaL_error(L, "a secret is needed");
	lua_getiuservalue(L, 1, 1);
	lua_pushfstring(L, "secret \"%s\"", lua_tostring(L, -1));
	return 1;
}

void handle_open(lua_State *L)
{
	lua_newtable(L);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pushliteral(L, "secret");
	lua_setfield(L, -2, "__name");
	lua_pushcfunction(L, l_show);
	lua_setfield(L, -2, "__tostring");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &METATABLE);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &HANDLES);
}

int l_secret(lua_State *L)
{
	size_t size;
	const char *name = luaL_checklstring(L, 1, &size);
	const char *fault = rules_secret_fault(name, size);
	if (fault) {
		lua_pushfstring(L, "perigee.secret: %s", fault);
		return state_raise(L, lua_tostring(L, -1));
	}
	lua_settop(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &HANDLES);
	lua_pushvalue(L, 1);
	if (lua_rawget(L, 2) == LUA_TUSERDATA)
		return 1;
	lua_newuserdatauv(L, 0, 1);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &METATABLE);
	lua_setmetatable(L, -2);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, -2);
	lua_rawset(L, 2);
	return 1;
}

int l_secret_name(lua_State *L)
{
	luaL_checkany(L, 1);
	if (handle_is(L, 1))
		lua_getiuservalue(L, 1, 1);
	else
		lua_pushnil(L);
	return 1;
}
