/* SPDX-License-Identifier: MIT */
/*
 * Jobs: scripts that run on a schedule. scripts.next_due says when; a run (contact NULL, key = due time) is made at that time.
 *
 *   next_due comes   → its due times up to now are looked at, `missed` says which one counts, and a row of job_starts is made
 *   its jitter ends  → next_due again: the run is made, unless the one before it is live (`overlap`)
 */
#ifndef PERIGEE_JOBS_H
#define PERIGEE_JOBS_H

#include "host/host.h"

/* Makes runs of jobs that are due; `missed`, `overlap` and `jitter` as declared. */
void jobs_turn(Host *host);
/* When it is due first, from now on, by the schedule it declares. False: that is no schedule, or no zone, or no jitter. */
bool jobs_first_due(Host *host, const char *name, const json_t *declared, Time *due, GError **error);
/* It is not due again until jobs_wake, which gives one that rests its next time. */
void jobs_rest(Host *host, const char *name);
void jobs_wake(Host *host, const char *name, const json_t *declared);
/* Runs it now, whatever its schedule says; not while a run of it is live. */
bool jobs_run(Host *host, const char *name, int64_t *run, GError **error);
/* The next n starts of a job, jitter and all (the first may lie before now: it waits for the run before it). Gives how many there are. */
int jobs_next(Host *host, const char *name, Time *next, int n);
/* Why no next time is known, or why it will not be kept, in a sentence; NULL: it runs. Caller frees. */
char *jobs_rests(Host *host, const char *name);

#endif
