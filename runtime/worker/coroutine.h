/* SPDX-License-Identifier: MIT */
/* The coroutine functions that differ from Lua's own: counted, and the limits know which one runs. */
#ifndef PERIGEE_COROUTINE_H
#define PERIGEE_COROUTINE_H

#include <lua.h>

int l_coroutine_create(lua_State *L);
int l_coroutine_resume(lua_State *L);
int l_coroutine_wrap(lua_State *L);

#endif
