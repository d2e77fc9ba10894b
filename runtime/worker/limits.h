/* SPDX-License-Identifier: MIT */
/*
 * Limits of processor time and memory. No limit is a Lua error, because pcall, __close and message handlers swallow
 * errors: passing one ends this worker from outside the script, after a word to the host (W_FAILED, or W_REFUSED
 * while a program is loaded).
 *
 * Processor time is counted by a profiling timer that ticks all the time (a visit costs no system call). Past the
 * budget the handler sets a hook, which costs nothing before and knows the line; if the script is stuck in C code,
 * where no hook runs, a later tick ends the worker with what it knows.
 */
#ifndef PERIGEE_LIMITS_H
#define PERIGEE_LIMITS_H

#include "base/frame.h"

#include <lua.h>

enum {
	LIMIT_LOAD_MS = 1000,
	LIMIT_REPLAY_MS = 1000,
	LIMIT_VISIT_MS = 50,
	LIMIT_RENDER_MS = 250,
	LIMIT_MAIL_MS = 2000,
	LIMIT_MAX_MS = 10000,
	LIMIT_MEMORY_MB = 16,
	LIMIT_MAX_MEMORY_MB = 256,
};

/* Sets the handler of the timer's signal; in the zygote, because a jailed process sets none. */
void limits_prepare(void);
/* Starts the clock of this process. slow: everything takes longer (sanitizers), budgets are times 20. */
void limits_start(Peer *peer, bool slow);
/* Whose failure is told when a limit is passed: the frame's kind and id. */
void limits_request(uint8_t kind, uint64_t id);
/* A budget of processor time begins. doing: the end of "more than N ms of processor time ", kept as a pointer.
 * state may be NULL: then no place is told. memory_mb is for the text of the memory limit. */
void limits_begin(lua_State *state, unsigned ms, unsigned memory_mb, const char *doing);
/* Another coroutine runs. */
void limits_running(lua_State *state);
/* Ends the budget. */
void limits_stop(void);
/* A request for memory was refused: keeps the place, for the case that an error unwinds the stack before the limit is told. */
void limits_refusing(void);
/* The memory limit was passed. */
void limits_memory(void);
/* Tells the host and ends the worker. */
_Noreturn void limits_end(const char *code, const char *text, const char *where);

#endif
