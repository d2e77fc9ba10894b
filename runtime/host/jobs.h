/* SPDX-License-Identifier: MIT */
/* Jobs: scripts that run on a schedule. scripts.next_due says when; a run (contact NULL, key = due time) is made at that time. */
#ifndef PERIGEE_JOBS_H
#define PERIGEE_JOBS_H

#include "host/host.h"

/* Makes runs of jobs that are due; `missed` and `overlap` as declared. */
void jobs_turn(Host *host);
/* When it runs first, from now on, by the schedule it declares. False: that is no schedule. */
bool jobs_first_due(Host *host, const char *name, const json_t *declared, Time *due, GError **error);
/* It is not due again until jobs_wake, which gives one that rests its next time. */
void jobs_rest(Host *host, const char *name);
void jobs_wake(Host *host, const char *name, const json_t *declared);
/* Runs it now. */
bool jobs_run(Host *host, const char *name, int64_t *run, GError **error);

#endif
