/* SPDX-License-Identifier: MIT */
/* Lua values to canonical JSON text: see encode.h. */
#include "worker/encode.h"

#include "base/value.h"
#include "worker/handle.h"
#include "worker/metatable.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

static const char SECRET[] = "a secret stands only in auth or headers of perigee.http";

/* A key of the tables being encoded: a name, or a position if name is NULL. */
typedef struct Key {
	const char *name;
	size_t size;
	lua_Integer position;
} Key;

struct Encoder {
	GString *text;
	GString *why;
	GArray *names;              /* Keys of open tables, one stretch each */
	Key path[VALUE_DEPTH + 2];  /* where we are */
	int depth;
	size_t elements;
};

Encoder *encoder_new(void)
{
	Encoder *e = g_new0(Encoder, 1);
	e->text = g_string_new(NULL);
	e->why = g_string_new(NULL);
	e->names = g_array_new(FALSE, FALSE, sizeof(Key));
	return e;
}

void encoder_free(Encoder *e)
{
	g_string_free(e->text, TRUE);
	g_string_free(e->why, TRUE);
	g_array_unref(e->names);
	g_free(e);
}

const char *encoder_why(const Encoder *e)
{
	return e->why->str;
}

static bool refuse(Encoder *e, const char *why)
{
	g_string_truncate(e->why, 0);
	for (int i = 0; i < e->depth && i < 8; i++) {
		const Key *key = &e->path[i];
		if (!key->name)
			g_string_append_printf(e->why, "[%lld]", (long long)key->position);
		else
			g_string_append_printf(e->why, "%s%.*s", i ? "." : "", (int)MIN(key->size, 40), key->name);
	}
	if (e->depth)
		g_string_append(e->why, ": ");
	g_string_append(e->why, why);
	return false;
}

/* Plain text is by far the most; GLib decides about the rest, and takes no NUL. */
static bool is_utf8(const char *text, size_t size)
{
	size_t i = 0;
	while (i < size && (unsigned char)text[i] < 0x80)
		i++;
	while (i < size) {
		size_t stretch = strnlen(text + i, size - i);
		if (!g_utf8_validate(text + i, (gssize)stretch, NULL))
			return false;
		i += stretch + 1;
	}
	return true;
}

static bool encode_text(Encoder *e, lua_State *L, int index)
{
	size_t size;
	const char *text = lua_tolstring(L, index, &size);
	if (size > VALUE_BYTES) /* before it is looked at: it may be as long as memory allows */
		return refuse(e, "more than 1 MiB");
	if (!is_utf8(text, size))
		return refuse(e, "a text that is not UTF-8");
	value_append_string(e->text, text, size);
	return true;
}

/* value_append_integer without printf: an effect's arguments are written at each replay. */
static void append_integer(GString *out, lua_Integer number)
{
	char digits[24], *at = digits + sizeof digits;
	lua_Unsigned rest = number < 0 ? 0 - (lua_Unsigned)number : (lua_Unsigned)number;
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		*--at = '-';
	g_string_append_len(out, at, digits + sizeof digits - at);
}

static bool encode_number(Encoder *e, lua_State *L, int index)
{
	if (lua_isinteger(L, index)) {
		append_integer(e->text, lua_tointeger(L, index));
		return true;
	}
	double number = lua_tonumber(L, index);
	if (!isfinite(number))
		return refuse(e, isnan(number) ? "a number that is not a number (0/0)" : "an infinite number");
	value_append_real(e->text, number);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const Key *x = a, *y = b;
	int order = memcmp(x->name, y->name, MIN(x->size, y->size));
	return order ? order : (x->size > y->size) - (x->size < y->size);
}

static bool encode_at(Encoder *e, lua_State *L, int index);

static bool encode_member(Encoder *e, lua_State *L, Key key)
{
	if (++e->elements > VALUE_ELEMENTS)
		return refuse(e, "more than 100,000 members");
	if (e->text->len > VALUE_BYTES)
		return refuse(e, "more than 1 MiB");
	e->path[e->depth++] = key;
	bool good = encode_at(e, L, lua_gettop(L));
	e->depth--;
	lua_pop(L, 1);
	return good;
}

static bool encode_list(Encoder *e, lua_State *L, int table, lua_Integer n)
{
	g_string_append_c(e->text, '[');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			g_string_append_c(e->text, ',');
		lua_rawgeti(L, table, i);
		if (!encode_member(e, L, (Key){ .position = i }))
			return false;
	}
	g_string_append_c(e->text, ']');
	return true;
}

static bool encode_members(Encoder *e, lua_State *L, int table, guint from)
{
	guint n = e->names->len;
	if (n - from > 1)
		qsort(&g_array_index(e->names, Key, from), n - from, sizeof(Key), by_name);
	g_string_append_c(e->text, '{');
	for (guint i = from; i < n; i++) {
		Key key = g_array_index(e->names, Key, i); /* a copy: the array grows below */
		if (key.size > VALUE_BYTES)
			return refuse(e, "more than 1 MiB");
		if (!is_utf8(key.name, key.size))
			return refuse(e, "a key that is not UTF-8");
		if (i > from)
			g_string_append_c(e->text, ',');
		value_append_string(e->text, key.name, key.size);
		g_string_append_c(e->text, ':');
		lua_pushlstring(L, key.name, key.size);
		lua_rawget(L, table);
		if (!encode_member(e, L, key))
			return false;
	}
	g_string_append_c(e->text, '}');
	return true;
}

/* Collects the names of a table behind those of the tables around it and counts its positions; false for other
 * keys. Which fault is told does not depend on the order in which the table has its keys. */
static bool collect(Encoder *e, lua_State *L, int table, lua_Integer *positions)
{
	lua_Integer highest = 0, n = 0;
	size_t members = 0;
	bool no_position = false, no_name = false, secret = false;
	lua_pushnil(L);
	while (lua_next(L, table)) {
		lua_pop(L, 1);
		Key key = { 0 };
		switch (lua_type(L, -1)) {
		case LUA_TLIGHTUSERDATA: /* ours: metatable.h */
			break;
		case LUA_TSTRING:
			key.name = lua_tolstring(L, -1, &key.size);
			g_array_append_val(e->names, key);
			break;
		case LUA_TNUMBER:
			no_position |= !lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1;
			highest = MAX(highest, lua_tointeger(L, -1));
			n++;
			break;
		default:
			no_name = true;
			secret |= handle_is(L, -1);
		}
		if (++members > VALUE_ELEMENTS)
			return lua_pop(L, 1), refuse(e, "more than 100,000 members");
	}
	if (no_name)
		return refuse(e, secret ? SECRET : "a table with a key that is neither a name nor a position");
	if (no_position)
		return refuse(e, "a table with a number as key that is no position from 1");
	if (n != highest)
		return refuse(e, "a list with holes (nil before its end)");
	*positions = n;
	return true;
}

static bool encode_table(Encoder *e, lua_State *L, int index)
{
	if (e->depth >= VALUE_DEPTH)
		return refuse(e, "nested deeper than 32 levels, or contains itself");
	luaL_checkstack(L, 8, NULL);
	const char *object = metatable_plain(L, index); /* pushes the table itself, or what is behind a read-only one */
	if (object) {
		g_autofree char *why = g_strdup_printf("%s is no plain data; take its id or single values", object);
		lua_pop(L, 1);
		return refuse(e, why);
	}
	int table = lua_gettop(L);
	guint from = e->names->len;
	lua_Integer positions = 0;
	bool good = collect(e, L, table, &positions);
	if (good && positions && e->names->len > from)
		good = refuse(e, "a table that is half list, half names");
	else if (good)
		good = positions ? encode_list(e, L, table, positions) : encode_members(e, L, table, from);
	g_array_set_size(e->names, from);
	lua_settop(L, table - 1);
	return good;
}

static bool encode_at(Encoder *e, lua_State *L, int index)
{
	switch (lua_type(L, index)) {
	case LUA_TNIL: g_string_append(e->text, "null"); return true;
	case LUA_TBOOLEAN: g_string_append(e->text, lua_toboolean(L, index) ? "true" : "false"); return true;
	case LUA_TNUMBER: return encode_number(e, L, index);
	case LUA_TSTRING: return encode_text(e, L, index);
	case LUA_TTABLE: return encode_table(e, L, index);
	case LUA_TFUNCTION: return refuse(e, "a function is no plain data");
	case LUA_TTHREAD: return refuse(e, "a coroutine is no plain data");
	default: return refuse(e, handle_is(L, index) ? SECRET : "an object is no plain data");
	}
}

GString *encode(Encoder *e, lua_State *L, int index)
{
	g_string_truncate(e->text, 0);
	g_array_set_size(e->names, 0);
	e->depth = 0;
	e->elements = 0;
	index = lua_absindex(L, index);
	if (!encode_at(e, L, index))
		return NULL;
	if (e->text->len > VALUE_BYTES) {
		refuse(e, "more than 1 MiB");
		return NULL;
	}
	return e->text;
}
