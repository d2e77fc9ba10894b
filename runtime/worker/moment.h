/* SPDX-License-Identifier: MIT */
/* os.time and os.date of scripts: the time of the last effect, and UTC. Both take the original as their first
 * upvalue. */
#ifndef PERIGEE_MOMENT_H
#define PERIGEE_MOMENT_H

#include <lua.h>

int l_os_time(lua_State *L);
int l_os_date(lua_State *L);

#endif
