/* SPDX-License-Identifier: MIT */
/*
 * What Lua code finds: an allow-list of Lua's libraries, with replacements where the original would show an address,
 * time, chance or another's table. There are two equal environments, one
 * for scripts and one for the stdlib, whose functions a script can't replace; the stdlib's has the table `host`
 * besides: the bindings.
 */
#ifndef PERIGEE_ENVIRONMENT_H
#define PERIGEE_ENVIRONMENT_H

#include <lua.h>

/* Fills an empty state: libraries, environments, bindings, and stdlib/prelude.lua run. Raises if that fails. */
void environment_open(lua_State *L);
/* Loads the stdlib modules of a type of program. Raises. */
void environment_prepare(lua_State *L, const char *type);
/* Push functions that prelude.lua left: load(type, name, files) and, after a program was loaded, its entry. */
void environment_push_load(lua_State *L);
void environment_push_entry(lua_State *L);
/* The value on top becomes the entry; it is popped. */
void environment_set_entry(lua_State *L);
/* Pushes the function that folds changes of the contact, or nil. */
void environment_push_fold(lua_State *L);

#endif
