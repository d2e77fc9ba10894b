/* SPDX-License-Identifier: MIT */
/* What differs from Lua's own in tostring and the string library: no addresses, bounded patterns and repetitions. */
#ifndef PERIGEE_TEXT_H
#define PERIGEE_TEXT_H

#include <lua.h>

/* tostring without addresses: "table", "function". */
int l_tostring(lua_State *L);
/* These take the original of the library as their first upvalue. */
int l_format(lua_State *L);
int l_pattern(lua_State *L); /* find, match, gmatch, gsub: patterns of at most 1 KiB */
int l_rep(lua_State *L);     /* at most 8 MiB */

#endif
