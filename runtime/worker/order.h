/* SPDX-License-Identifier: MIT */
/*
 * pairs and next in a fixed order: numbers ascending, then texts bytewise, then false and true. Other keys have no
 * order that two processes would share, so they are an error.
 */
#ifndef PERIGEE_ORDER_H
#define PERIGEE_ORDER_H

#include <lua.h>

/* Takes the keys at the start: those added during the loop are not met, those removed are passed over. */
int l_pairs(lua_State *L);
/* Each call looks at the whole table. */
int l_next(lua_State *L);

#endif
