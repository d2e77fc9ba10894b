/* SPDX-License-Identifier: MIT */
/*
 * Visits: a run's stay in the worker. The state is brought back to the program's image, its journal is replayed (each
 * effect the script asks for is compared with the entry at this position and answered from it), and the next effects
 * go to the host. An effect that waits ends the visit by a jump out of Lua: the state is dropped as it stands.
 */
#ifndef PERIGEE_VISIT_H
#define PERIGEE_VISIT_H

#include "worker/worker.h"

#include <lua.h>

/* Serves W_VISIT. False if the frame is malformed. */
bool visit_serve(Worker *worker, Frame *frame);
/* The visit's time in seconds. Raises at the top level of a script, which has no time. */
lua_Integer visit_now(lua_State *L);

/* host.effect(kind, args, waits): the only way out of a script. Returns what the answer says, raises if it says so;
 * does not return if waits is true and the journal has no answer. */
int l_effect(lua_State *L);
/* host.fail(code, text): ends the visit as failed, past every pcall. */
int l_fail(lua_State *L);
/* host.now() */
int l_now(lua_State *L);

#endif
