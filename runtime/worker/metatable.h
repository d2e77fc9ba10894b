/* SPDX-License-Identifier: MIT */
/*
 * Metatables of scripts. A script's metatable is never used itself: the events that are allowed are copied into a
 * hidden shadow, so that __gc, __mode and __concat (unsafe in the library we are linked with, docs/architecture.md) can't
 * be slipped in later. Tables made by the stdlib may be read-only views or objects, which the encoder knows.
 */
#ifndef PERIGEE_METATABLE_H
#define PERIGEE_METATABLE_H

#include <lua.h>

/* Pushes what the table at index stands for: the data behind a read-only view, else the table itself. Returns NULL,
 * or for an object its name in words ("a contact"). */
const char *metatable_plain(lua_State *L, int index);

/* Push setmetatable and getmetatable for scripts. */
void metatable_push_set(lua_State *L);
int l_getmetatable(lua_State *L);
/* host.frozen(data, text): a read-only view of data; assigning raises text with %s for the key. */
int l_frozen(lua_State *L);
/* host.object(table, metatable, name): sets the metatable, protected, and marks the table as no plain data. */
int l_object(lua_State *L);

#endif
