/* SPDX-License-Identifier: MIT */
/* A worker: what one process of the role holds, made in the zygote and inherited by each child. */
#ifndef PERIGEE_WORKER_H
#define PERIGEE_WORKER_H

#include "base/clock.h"
#include "base/frame.h"
#include "base/proto.h"
#include "worker/arena.h"
#include "worker/encode.h"
#include "worker/random.h"

#include <glib.h>
#include <lua.h>

enum { STATE_WHERE = 256 }; /* room for "FILE:LINE" */

/* The types of programs, and one more of our own: reading a script's source for `check`. */
enum { WORKER_SCAN = PROGRAM_SCAN, WORKER_PROGRAM_TYPES };

/* A coroutine that runs, and the one that resumed it; the first is the state itself. They stand on the C stack. */
typedef struct Running {
	lua_State *state;
	struct Running *previous;
} Running;

typedef struct Worker {
	Peer *peer;            /* NULL in the zygote */
	bool slow;             /* under sanitizers (valgrind knows no seccomp, and no worker runs without its jail) */
	bool eager;            /* tests: the collector runs all the time */
	Arena *arena;
	struct Library *library; /* the stdlib */
	lua_State *state;      /* stands at the same place in all images */
	Image *bare;           /* libraries and environment */
	Image *bases[WORKER_PROGRAM_TYPES]; /* with the stdlib modules of a type of program; NULL until needed */
	GHashTable *programs;  /* number → Program */
	struct Visit *visit;   /* NULL outside of a visit */
	GQueue kept;           /* requests that came during a visit: Kept */
	/* Of the Lua code that runs now. */
	Running *running;
	char place[STATE_WHERE]; /* told where a tail call has left no frame of the script */
	unsigned closing;      /* coroutine errors being closed within each other */
	unsigned coroutines;   /* made */
	struct Coverage *coverage; /* NULL: nobody asks which lines ran */
	Random random;
	/* Buffers that outlive a jump out of Lua. */
	Encoder *encoder;
} Worker;

/* The next frame from the host; blocks. False at end of file or on nonsense: the worker ends.
 * The frame is valid until the next call. */
bool worker_next(Worker *worker, Frame *frame);
/* Keeps a copy of a request that came during a visit; it is served before what comes later. */
void worker_keep(Worker *worker, const Frame *frame);
/* Takes a request of this kind and id out of what is kept. */
void worker_forget(Worker *worker, uint8_t kind, uint64_t id);
/* A child's life: serves requests on its descriptor until end of file. */
_Noreturn void worker_serve(Worker *worker, int fd);
/* Writes W_FAILED. where may be "". */
void worker_fail(Worker *worker, uint64_t id, const char *code, const char *text, const char *where);

#endif
