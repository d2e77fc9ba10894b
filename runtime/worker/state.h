/* SPDX-License-Identifier: MIT */
/*
 * Lua states. The bare state (libraries, environment) is built once in the zygote, in the arena; states with a type
 * of program's stdlib modules and states with a program grow from its image. There is one live state in a process at
 * any time.
 *
 * Lua's hash seed decides the length of a list with holes, so it is the same in every process: it is made of time()
 * (pinned here while a state is made), the state's address (the arena's), a stack address (a stack of ours, at a
 * fixed place) and the address of lua_newstate (linked at a fixed place).
 */
#ifndef PERIGEE_STATE_H
#define PERIGEE_STATE_H

#include "worker/worker.h"

#include <lua.h>

enum { STATE_TEXT = 1000, STATE_SOURCE_BYTES = 256 << 10 };

/* Builds the bare state in the arena and keeps its image. False with a text in *why (caller frees) if our own Lua
 * fails. */
bool state_build(Worker *worker, char **why);
/* The image of a type of program (ProgramType or WORKER_SCAN), built if it is needed for the first time. */
const Image *state_base(Worker *worker, unsigned type, char **why);
/* Collects garbage and keeps what is left. The stack is emptied. The caller frees the image with g_free. */
Image *state_save(Worker *worker);
/* "script", ...: the name that prelude.lua knows. */
const char *state_type_name(unsigned type);

Worker *state_worker(lua_State *L);

/* "FILE:LINE" of the innermost frame that is not the stdlib's, over all coroutines that run, else what host.place
 * said. Makes no Lua value. */
void state_where(lua_State *L, char where[STATE_WHERE]);
/* Raises text with the place of state_where in front. */
int state_raise(lua_State *L, const char *text);

/* An uncaught error in words. */
typedef struct Failure {
	char code[16];
	char text[STATE_TEXT];
	char where[STATE_WHERE];
} Failure;

/* Copies a text as one line of UTF-8, cut to the room and where it is none. */
void state_line(char *to, size_t room, const char *text);

/* lua_pcall for what the host asked for: an error leaves its words in failure and nothing on the stack. __tostring is
 * not run. */
bool state_call(lua_State *L, int arguments, int results, Failure *failure);

/* host.compile(source, name, environment): a function, or nil and a text. Text only, at most STATE_SOURCE_BYTES. */
int l_compile(lua_State *L);
/* host.raise(text), host.where() */
int l_raise(lua_State *L);
int l_where(lua_State *L);
/* host.place(function or text): the place to tell when a tail call (return perigee.sequence { ... }) has left no
 * frame of the script. */
int l_place(lua_State *L);

#endif
