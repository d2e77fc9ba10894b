/* SPDX-License-Identifier: MIT */
/*
 * Lua values to canonical JSON text (base/value.h). Plain data only: raw access, string keys or a dense list, at most
 * VALUE_DEPTH levels, VALUE_ELEMENTS members and VALUE_BYTES bytes, finite numbers, valid UTF-8. An empty table is
 * {}.
 */
#ifndef PERIGEE_ENCODE_H
#define PERIGEE_ENCODE_H

#include <glib.h>
#include <lua.h>
#include <stdbool.h>

/* Holds its buffers, so that a jump out of Lua leaks nothing. Used for one value at a time. */
typedef struct Encoder Encoder;

Encoder *encoder_new(void);
void encoder_free(Encoder *encoder);
/* Encodes the value at index into the encoder's text, which it returns; NULL if it can't be, then encoder_why() says
 * why and where in it ("vars.items[3]: a function is no plain data"). May raise if the Lua stack is full. */
GString *encode(Encoder *encoder, lua_State *L, int index);
const char *encoder_why(const Encoder *encoder);

#endif
