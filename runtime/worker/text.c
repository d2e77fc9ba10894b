/* SPDX-License-Identifier: MIT */
/* What differs from Lua's own in tostring and the string library: see text.h. */
#include "worker/text.h"

#include <glib.h>
#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATTERN_BYTES = 1024, REP_BYTES = 8 << 20 };

/*
 * Lua's own way from a number to a text (.., table.concat, string.rep) asks the C library, which shows the sign of a NaN;
 * it means nothing and differs between processors. Lua has no other way to be told, so these are the C library's for
 * everybody in this process. Lua of the distribution calls the second.
 */
int __snprintf_chk(char *to, size_t room, int flag, size_t size, const char *format, ...);

static int write_text(char *to, size_t room, const char *format, va_list args)
{
	int n = vsnprintf(to, room, format, args);
	if (n != 4 || room < 5 || strcmp(format, LUA_NUMBER_FMT) != 0 || strcmp(to, "-nan") != 0)
		return n;
	memcpy(to, "nan", 4);
	return 3;
}

int snprintf(char *to, size_t room, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = write_text(to, room, format, args);
	va_end(args);
	return n;
}

int __snprintf_chk(char *to, size_t room, int flag, size_t size, const char *format, ...)
{
	(void)flag;
	va_list args;
	va_start(args, format);
	int n = write_text(to, MIN(room, size), format, args);
	va_end(args);
	return n;
}

static bool is_nan(lua_State *L, int index)
{
	return lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index) && isnan(lua_tonumber(L, index));
}

static void push_text(lua_State *L, int index)
{
	index = lua_absindex(L, index);
	if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
		lua_pushvalue(L, index);
		lua_call(L, 1, 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "'__tostring' must return a string");
		return;
	}
	switch (lua_type(L, index)) {
	case LUA_TNIL: lua_pushliteral(L, "nil"); return;
	case LUA_TBOOLEAN: lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false"); return;
	case LUA_TSTRING: lua_pushvalue(L, index); return;
	case LUA_TNUMBER:
		if (is_nan(L, index)) {
			lua_pushliteral(L, "nan"); /* the C library shows a sign that means nothing */
			return;
		}
		lua_pushvalue(L, index);
		lua_tolstring(L, -1, NULL);
		return;
	default:
		if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING)
			return;
		lua_pushstring(L, luaL_typename(L, index));
	}
}

int l_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	push_text(L, 1);
	return 1;
}

/* Calls the original with each %s argument as text of ours and each NaN without its sign. */
int l_format(lua_State *L)
{
	size_t size;
	const char *format = luaL_checklstring(L, 1, &size), *end = format + size;
	int n = lua_gettop(L), argument = 1;
	luaL_checkstack(L, n + 8, "too many arguments");
	for (const char *at = format; at < end; at++) {
		if (*at != '%' || ++at >= end || *at == '%')
			continue;
		while (at < end && strchr("-+ #0123456789.", *at) && *at)
			at++;
		if (++argument > n || at >= end)
			break;
		if (*at == 'p')
			return luaL_error(L, "string.format: %%p shows an address, which a script must not depend on");
		if (*at == 's') {
			push_text(L, argument);
			lua_replace(L, argument);
		} else if (is_nan(L, argument)) {
			lua_pushnumber(L, fabs(lua_tonumber(L, argument)));
			lua_replace(L, argument);
		}
	}
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int l_pattern(lua_State *L)
{
	size_t size = 0;
	if (lua_type(L, 2) == LUA_TSTRING)
		lua_tolstring(L, 2, &size);
	if (size > PATTERN_BYTES && !lua_toboolean(L, 4))
		return luaL_error(L, "a pattern of more than %d bytes", PATTERN_BYTES);
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int l_rep(lua_State *L)
{
	size_t size, between = 0;
	const char *text = luaL_checklstring(L, 1, &size);
	lua_Integer n = luaL_checkinteger(L, 2);
	luaL_optlstring(L, 3, "", &between);
	if (n <= 0 || size + between == 0) { /* the original would count to n */
		lua_pushliteral(L, "");
		return 1;
	}
	if ((lua_Unsigned)n > REP_BYTES / (size + between))
		return luaL_error(L, "string.rep: more than %d MiB", REP_BYTES >> 20);
	if (between)
		return lua_tocfunction(L, lua_upvalueindex(1))(L);
	/* Doubling, where the original copies text by text. */
	luaL_Buffer out;
	size_t total = (size_t)n * size, done = size;
	char *to = luaL_buffinitsize(L, &out, total);
	memcpy(to, text, size);
	for (; done <= total - done; done *= 2)
		memcpy(to + done, to, done);
	memcpy(to + done, to, total - done);
	luaL_pushresultsize(&out, total);
	return 1;
}
