/* SPDX-License-Identifier: MIT */
/* Programs: what a worker has loaded, each as the image of a state in which its source has been run. */
#ifndef PERIGEE_PROGRAM_H
#define PERIGEE_PROGRAM_H

#include "worker/worker.h"

typedef struct Program {
	ProgramType type;
	Image *image;
	unsigned visit_ms, memory_mb; /* limits of a visit */
} Program;

/* Serve W_LOAD and W_DROP. False if the frame is malformed. */
bool program_load(Worker *worker, Frame *frame);
bool program_drop(Worker *worker, Frame *frame);
/* NULL if there is no such program. */
Program *program_find(Worker *worker, uint64_t number);
void program_free(Program *program);

/* Brings the state back to the program's image, starts its budgets (ms of processor time, doing as for limits_begin),
 * and says in link that it runs. */
lua_State *program_enter(Worker *worker, Program *program, Running *link, unsigned ms, const char *doing);
/* Nothing runs any more. */
void program_leave(Worker *worker);

#endif
