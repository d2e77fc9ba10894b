/* SPDX-License-Identifier: MIT */
/*
 * JSON text to Lua values. The text comes from the host or its journal, so it is known to be well formed and within
 * the limits of base/value.h; false means that it is not, and the worker ends. A null member is left out; a null in a
 * list leaves a hole.
 */
#ifndef PERIGEE_DECODE_H
#define PERIGEE_DECODE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Text being read. */
typedef struct Decoder {
	const char *at, *end;
	int depth;
} Decoder;

Decoder decoder(const char *text, size_t size);
/* Pushes the next value (null as nil). False on nonsense; then nothing that matters is on the stack. */
bool decode_value(Decoder *d, lua_State *L);
/* True if the next character is c, which is then passed. */
bool decode_sign(Decoder *d, char c);
/* True if all was read. */
bool decode_end(Decoder *d);
/* The whole text as one value. */
bool decode(lua_State *L, const char *text, size_t size);

#endif
