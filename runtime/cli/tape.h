/* SPDX-License-Identifier: MIT */
/*
 * Tapes: all that one round of a test did: what its runs asked for and were answered, how they ended, what the test asked for, and
 * what happened. A test is played twice, in two processes; their tapes must be equal.
 */
#ifndef PERIGEE_TAPE_H
#define PERIGEE_TAPE_H

#include "host/host.h"

typedef struct Tape Tape;

Tape *tape_new(void);
void tape_free(Tape *tape);
/* The test asked for an effect, at `where` ("FILE:LINE"). */
void tape_asked(Tape *tape, const char *kind, const char *args, const char *where);
/* An event of the simulation. */
void tape_happened(Tape *tape, const json_t *event);
/* At the end of a round: the journals of all runs of its host, and how they ended. */
void tape_take_runs(Tape *tape, Host *host);
/* Where two tapes differ first, in lines for people: effects of runs before all else. NULL: they are equal. Caller frees. */
char *tape_difference(const Tape *first, const Tape *second);

#endif
