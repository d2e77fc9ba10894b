/* SPDX-License-Identifier: MIT */
/*
 * Which lines of scripts ran, for `perigee test --coverage`: a line hook in every state of a worker that was started for it, and the lines
 * that could run, read off what the compiler made of each file. What a script sees and is answered stays the same.
 */
#ifndef PERIGEE_WORKER_COVERAGE_H
#define PERIGEE_WORKER_COVERAGE_H

#include "worker/worker.h"

typedef struct Coverage Coverage;

Coverage *coverage_new(void);
/* The following do nothing in a worker without one. */

/* The state that was just restored: its lines count from here on. */
void coverage_watch(Worker *worker);
/* The function on top of the stack was compiled of this source. name: as Lua has it, "@FILE" of a file. */
void coverage_compiled(Worker *worker, lua_State *L, const char *name, const char *source, size_t size);
/* Tells the host what is new (W_COVERED). Before each frame by which a visit may be over. */
void coverage_tell(Worker *worker);

#endif
