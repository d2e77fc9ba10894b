/* SPDX-License-Identifier: MIT */
/* pairs and next in a fixed order: see order.h. */
#include "worker/order.h"

#include "worker/metatable.h"

#include <glib.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef enum { NUMBER, TEXT, BOOLEAN } Rank;

typedef struct Key {
	Rank rank;
	bool is_integer;
	bool truth;
	lua_Integer integer;
	lua_Number real;
	const char *text; /* anchored by the table it is a key of */
	size_t size;
} Key;

/* Exact for a 64-bit integer and for a double. */
static long double number_of(const Key *key)
{
	return key->is_integer ? (long double)key->integer : (long double)key->real;
}

static int compare(const void *a, const void *b)
{
	const Key *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->rank == NUMBER)
		return (number_of(x) > number_of(y)) - (number_of(x) < number_of(y));
	if (x->rank == BOOLEAN)
		return (int)x->truth - (int)y->truth;
	int order = memcmp(x->text, y->text, MIN(x->size, y->size));
	return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Raises for keys without an order. Of several kinds the first by name is told, whichever the table has first. */
static int refuse(lua_State *L, const char *first, int table)
{
	lua_pushnil(L);
	while (lua_next(L, table)) {
		lua_pop(L, 1);
		int type = lua_type(L, -1);
		bool has_order = type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TBOOLEAN || type == LUA_TLIGHTUSERDATA;
		if (!has_order && strcmp(luaL_typename(L, -1), first) < 0)
			first = luaL_typename(L, -1);
	}
	return luaL_error(L, "pairs: a %s is a key of this table; only numbers, texts and booleans have an order that every "
	                     "replay shares", first);
}

/* Reads the key at index; false for our own hidden keys. Raises for keys without an order. */
static bool key_at(lua_State *L, int index, int table, Key *key)
{
	*key = (Key){ 0 };
	switch (lua_type(L, index)) {
	case LUA_TLIGHTUSERDATA: return false;
	case LUA_TNUMBER:
		key->is_integer = lua_isinteger(L, index);
		key->integer = key->is_integer ? lua_tointeger(L, index) : 0;
		key->real = key->is_integer ? 0 : lua_tonumber(L, index);
		return true;
	case LUA_TSTRING:
		key->rank = TEXT;
		key->text = lua_tolstring(L, index, &key->size);
		return true;
	case LUA_TBOOLEAN:
		key->rank = BOOLEAN;
		key->truth = lua_toboolean(L, index);
		return true;
	default: return refuse(L, luaL_typename(L, index), table);
	}
}

static void push_key(lua_State *L, const Key *key)
{
	if (key->rank == TEXT)
		lua_pushlstring(L, key->text, key->size);
	else if (key->rank == BOOLEAN)
		lua_pushboolean(L, key->truth);
	else if (key->is_integer)
		lua_pushinteger(L, key->integer);
	else
		lua_pushnumber(L, key->real);
}

int l_next(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	if (metatable_plain(L, 1))
		return 0; /* an object: nothing to see */
	lua_replace(L, 1);
	Key after, least, key;
	bool from_start = lua_isnil(L, 2), found = false;
	if (!from_start && !key_at(L, 2, 1, &after))
		return luaL_error(L, "invalid key to 'next'");
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		bool follows = key_at(L, -1, 1, &key) && (from_start || compare(&key, &after) > 0);
		if (follows && (!found || compare(&key, &least) < 0)) {
			least = key;
			found = true;
		}
	}
	if (!found) {
		lua_pushnil(L);
		return 1;
	}
	push_key(L, &least);
	lua_pushvalue(L, -1);
	lua_rawget(L, 1);
	return 2;
}

/* Upvalues: table, position, last. */
static int next_of_list(lua_State *L)
{
	lua_Integer last = lua_tointeger(L, lua_upvalueindex(3));
	for (lua_Integer i = lua_tointeger(L, lua_upvalueindex(2)) + 1; i <= last; i++) {
		if (lua_rawgeti(L, lua_upvalueindex(1), i) == LUA_TNIL) {
			lua_pop(L, 1);
			continue;
		}
		lua_pushinteger(L, i);
		lua_copy(L, -1, lua_upvalueindex(2));
		lua_insert(L, -2);
		return 2;
	}
	lua_pushnil(L);
	return 1;
}

/* Upvalues: table, position, sorted keys. */
static int next_of_keys(lua_State *L)
{
	for (lua_Integer i = lua_tointeger(L, lua_upvalueindex(2)) + 1;; i++) {
		if (lua_rawgeti(L, lua_upvalueindex(3), i) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) {
			lua_pop(L, 2);
			continue;
		}
		lua_pushinteger(L, i);
		lua_replace(L, lua_upvalueindex(2));
		return 2;
	}
}

/* How many keys there are; *is_list if they are 1..n and come in this order. */
static lua_Integer count(lua_State *L, int table, bool *is_list)
{
	lua_Integer n = 0;
	*is_list = true;
	lua_pushnil(L);
	while (lua_next(L, table)) {
		lua_pop(L, 1);
		n++;
		*is_list = *is_list && lua_isinteger(L, -1) && lua_tointeger(L, -1) == n;
	}
	return n;
}

static void push_sorted_keys(lua_State *L, int table, lua_Integer n)
{
	/* The collector owns the scratch space, so that an error below loses nothing. */
	Key *keys = lua_newuserdatauv(L, (size_t)n * sizeof *keys, 0);
	size_t got = 0;
	lua_pushnil(L);
	while (lua_next(L, table)) {
		lua_pop(L, 1);
		if (key_at(L, -1, table, &keys[got]))
			got++;
	}
	qsort(keys, got, sizeof *keys, compare);
	lua_createtable(L, (int)got, 0);
	for (size_t i = 0; i < got; i++) {
		push_key(L, &keys[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_remove(L, -2);
}

int l_pairs(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
		lua_insert(L, 1);
		lua_call(L, 1, 3);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	bool is_list;
	lua_Integer n = count(L, 1, &is_list);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	if (is_list)
		lua_pushinteger(L, n);
	else
		push_sorted_keys(L, 1, n);
	lua_pushcclosure(L, is_list ? next_of_list : next_of_keys, 3);
	/* No table beside it: the loop needs none, and what is behind a read-only view must not come out. */
	return 1;
}
