/* SPDX-License-Identifier: MIT */
/*
 * The world of a simulation, as the command line wishes it: what contacts do (--replies), channels that fail (--outage), scripts that
 * are edited on the way (--edit), another policy (--policy).
 */
#ifndef PERIGEE_SIM_WORLD_H
#define PERIGEE_SIM_WORLD_H

#include "cli/sim.h"

typedef struct SimWorld {
	/* As they were typed; NULL: not at all. Borrowed. */
	const char *replies;
	GPtrArray *outages, *edits, *policy; /* const char * */
	uint32_t seed;
	Time start, end;
	GArray *planned; /* edits, by time: own */
} SimWorld;

/* Changes the workspace as --policy says; before anything else. False: the usage error has been printed. */
bool sim_world_policy(Sim *sim, const SimWorld *world);
/* Prepares the rest, once the contacts and the script are there. False: a usage error has been printed, or error is set. */
bool sim_world_begin(Sim *sim, SimWorld *world, GError **error);
/* A sequence with `starts_on`: does the world of --replies say when it starts for whom? False: they are to be enrolled. */
bool sim_world_starts(Sim *sim, const SimWorld *world, const char *sequence, const GPtrArray *contacts);
/* Lets time pass until the end, with a word on how far it is where somebody waits at a terminal. */
bool sim_world_play(Sim *sim, SimWorld *world, GError **error);
void sim_world_clear(SimWorld *world);
/* Everything that differs from the workspace as it is, in words ("asks_per_week=1", "outage email +2d 6h"), for the report; caller unrefs. */
GPtrArray *sim_world_settings(const SimWorld *world);

#endif
