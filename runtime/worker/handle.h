/* SPDX-License-Identifier: MIT */
/*
 * Handles of secrets: full userdata that hold a name and nothing else. There is one per name and state, so two are equal
 * when they name the same secret; nothing else can be done with one but to show it and to put it in auth or headers of
 * perigee.http. The value never comes near this process.
 */
#ifndef PERIGEE_HANDLE_H
#define PERIGEE_HANDLE_H

#include <lua.h>
#include <stdbool.h>

/* Makes the metatable and the table of handles of an empty state. */
void handle_open(lua_State *L);
bool handle_is(lua_State *L, int index);

/* host.secret(name): the handle; raises if it is no name of a secret. */
int l_secret(lua_State *L);
/* host.secret_name(value): the name behind a handle; nil for everything else, look-alikes too. */
int l_secret_name(lua_State *L);

#endif
