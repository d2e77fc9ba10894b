/* SPDX-License-Identifier: MIT */
/* os.time and os.date of scripts: see moment.h. The worker runs with TZ=UTC0, so that the original's mktime is UTC
 * too. */
#include "worker/moment.h"

#include "worker/visit.h"

#include <lauxlib.h>

int l_os_time(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_pushinteger(L, visit_now(L));
		return 1;
	}
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int l_os_date(lua_State *L)
{
	const char *format = luaL_optstring(L, 1, "%c");
	lua_Integer at = lua_isnoneornil(L, 2) ? visit_now(L) : luaL_checkinteger(L, 2);
	lua_settop(L, 0);
	lua_pushfstring(L, "%s%s", *format == '!' ? "" : "!", format);
	lua_pushinteger(L, at);
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}
