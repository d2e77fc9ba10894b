/* SPDX-License-Identifier: MIT */
/* Rules for requests, for Lua: see request.h. */
#include "worker/request.h"

#include "base/pick.h"
#include "base/rules.h"
#include "base/url.h"

#include <lauxlib.h>
#include <string.h>

/* Pushes the sentence of an error and frees it. */
static void push_error(lua_State *L, GError *error)
{
	char text[300];
	g_strlcpy(text, error->message, sizeof text);
	g_error_free(error);
	lua_pushstring(L, text);
}

int l_url(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	Url url;
	GError *error = NULL;
	if (strlen(text) != size) {
		lua_pushnil(L);
		lua_pushliteral(L, "the URL has a space or control character; percent-encode a space as %20");
		return 2;
	}
	if (!url_parse(text, &url, &error)) {
		lua_pushnil(L);
		push_error(L, error);
		return 2;
	}
	lua_pushfstring(L, "%s:%d", url.host, (int)url.port);
	lua_pushstring(L, url.host);
	lua_pushboolean(L, url.https);
	lua_pushinteger(L, url.holes);
	return 4;
}

int l_url_in(lua_State *L)
{
	Url url;
	const char *text = luaL_checkstring(L, 1);
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_Integer n = (lua_Integer)lua_rawlen(L, 2);
	/* The collector owns the list, and the table the texts in it. */
	char **list = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *list, 0);
	lua_Integer got = 0;
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, 2, i) == LUA_TSTRING)
			list[got++] = (char *)lua_tostring(L, -1);
		lua_pop(L, 1);
	}
	list[got] = NULL;
	lua_pushboolean(L, url_parse(text, &url, NULL) && url_matches(list, &url));
	return 1;
}

static int check(lua_State *L, bool (*is_good)(const char *text, GError **error))
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	GError *error = NULL;
	if (strlen(text) != size)
		lua_pushliteral(L, "the text holds a NUL");
	else if (is_good(text, &error))
		lua_pushnil(L);
	else
		push_error(L, error);
	return 1;
}

int l_entry_fault(lua_State *L)
{
	return check(L, url_check_entry);
}

int l_pick_fault(lua_State *L)
{
	return check(L, pick_check);
}

static int fault(lua_State *L, const char *(*rule)(const char *text, size_t size))
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	lua_pushstring(L, rule(text, size)); /* NULL becomes nil */
	return 1;
}

int l_header_fault(lua_State *L)
{
	return fault(L, rules_header_fault);
}

int l_value_fault(lua_State *L)
{
	return fault(L, rules_value_fault);
}

int l_key_fault(lua_State *L)
{
	return fault(L, rules_key_fault);
}

int l_secret_fault(lua_State *L)
{
	return fault(L, rules_secret_fault);
}

int l_methods(lua_State *L)
{
	lua_newtable(L);
	for (int i = 0; rules_methods[i]; i++) {
		lua_pushstring(L, rules_methods[i]);
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

int l_only_reads(lua_State *L)
{
	lua_pushboolean(L, rules_only_reads(luaL_checkstring(L, 1)));
	return 1;
}
