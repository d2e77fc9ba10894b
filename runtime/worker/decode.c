/* SPDX-License-Identifier: MIT */
/* JSON text to Lua values: see decode.h. */
#include "worker/decode.h"

#include "base/value.h"

#include <glib.h>
#include <lauxlib.h>
#include <string.h>

Decoder decoder(const char *text, size_t size)
{
	return (Decoder){ text, text + size, 0 };
}

static void skip_space(Decoder *d)
{
	while (d->at < d->end && (*d->at == ' ' || *d->at == '\n' || *d->at == '\t' || *d->at == '\r'))
		d->at++;
}

bool decode_sign(Decoder *d, char c)
{
	skip_space(d);
	if (d->at >= d->end || *d->at != c)
		return false;
	d->at++;
	return true;
}

bool decode_end(Decoder *d)
{
	skip_space(d);
	return d->at == d->end;
}

static bool word(Decoder *d, const char *text)
{
	size_t size = strlen(text);
	if ((size_t)(d->end - d->at) < size || memcmp(d->at, text, size) != 0)
		return false;
	d->at += size;
	return true;
}

static int hex4(Decoder *d)
{
	if (d->end - d->at < 4)
		return -1;
	int code = 0;
	for (int i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(*d->at++);
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* After \u: appends the character, taking the second half of a surrogate pair too. */
static bool unescape(Decoder *d, luaL_Buffer *out)
{
	int code = hex4(d);
	if (code >= 0xd800 && code < 0xdc00) {
		int low = d->end - d->at >= 2 && d->at[0] == '\\' && d->at[1] == 'u' ? (d->at += 2, hex4(d)) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if (code < 0)
		return false;
	char utf8[6];
	luaL_addlstring(out, utf8, (size_t)g_unichar_to_utf8((gunichar)code, utf8));
	return true;
}

static bool escaped_text(Decoder *d, lua_State *L)
{
	luaL_Buffer out;
	luaL_buffinit(L, &out);
	while (d->at < d->end && *d->at != '"') {
		char c = *d->at++;
		if (c != '\\') {
			luaL_addchar(&out, c);
			continue;
		}
		if (d->at >= d->end)
			return false;
		c = *d->at++;
		const char *known = "\"\"\\\\//b\bf\fn\nr\rt\t", *found = NULL;
		for (const char *k = known; *k && !found; k += 2)
			if (*k == c)
				found = k + 1;
		if (found)
			luaL_addchar(&out, *found);
		else if (c != 'u' || !unescape(d, &out))
			return false;
	}
	luaL_pushresult(&out);
	return decode_sign(d, '"');
}

/* After the opening quote. */
static bool text(Decoder *d, lua_State *L)
{
	const char *from = d->at;
	while (d->at < d->end && *d->at != '"' && *d->at != '\\')
		d->at++;
	if (d->at >= d->end)
		return false;
	if (*d->at == '"') {
		lua_pushlstring(L, from, (size_t)(d->at++ - from));
		return true;
	}
	d->at = from;
	return escaped_text(d, L);
}

static bool number(Decoder *d, lua_State *L)
{
	char digits[64];
	size_t n = 0;
	bool real = false;
	while (d->at < d->end && n + 1 < sizeof digits && (g_ascii_isdigit(*d->at) || strchr("+-.eE", *d->at))) {
		real = real || strchr(".eE", *d->at);
		digits[n++] = *d->at++;
	}
	digits[n] = 0;
	char *end = digits;
	if (real)
		lua_pushnumber(L, g_ascii_strtod(digits, &end));
	else
		lua_pushinteger(L, g_ascii_strtoll(digits, &end, 10));
	return n > 0 && *end == 0;
}

static bool list(Decoder *d, lua_State *L)
{
	lua_newtable(L);
	if (decode_sign(d, ']'))
		return true;
	lua_Integer i = 0;
	do {
		if (!decode_value(d, L))
			return false;
		lua_rawseti(L, -2, ++i);
	} while (decode_sign(d, ','));
	return decode_sign(d, ']');
}

static bool object(Decoder *d, lua_State *L)
{
	lua_newtable(L);
	if (decode_sign(d, '}'))
		return true;
	do {
		if (!decode_sign(d, '"') || !text(d, L) || !decode_sign(d, ':') || !decode_value(d, L))
			return false;
		lua_rawset(L, -3);
	} while (decode_sign(d, ','));
	return decode_sign(d, '}');
}

bool decode_value(Decoder *d, lua_State *L)
{
	luaL_checkstack(L, 4, NULL);
	skip_space(d);
	if (d->at >= d->end)
		return false;
	bool good;
	switch (*d->at) {
	case '{':
	case '[':
		/* What the host wraps around a value costs a few levels more. */
		if (++d->depth > VALUE_DEPTH + 8)
			return false;
		good = *d->at++ == '{' ? object(d, L) : list(d, L);
		d->depth--;
		return good;
	case '"': d->at++; return text(d, L);
	case 't': lua_pushboolean(L, 1); return word(d, "true");
	case 'f': lua_pushboolean(L, 0); return word(d, "false");
	case 'n': lua_pushnil(L); return word(d, "null");
	default: return number(d, L);
	}
}

bool decode(lua_State *L, const char *source, size_t size)
{
	Decoder d = decoder(source, size);
	return decode_value(&d, L) && decode_end(&d);
}
