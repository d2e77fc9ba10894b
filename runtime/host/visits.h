/* SPDX-License-Identifier: MIT */
/* Visits: the stays of runs in workers, from a wake to the next wait (DESIGN.md section 4). */
#ifndef PERIGEE_VISITS_H
#define PERIGEE_VISITS_H

#include "host/host.h"

Visits *visits_new(void);
void visits_free(Visits *visits);
/* Wakes runs that are due, and starts their visits. */
void visits_turn(Host *host);
/* Ends the visit of a run, or all of them (after a failed commit); nothing is written. */
void visits_abandon(Host *host, int64_t run);
void visits_abandon_all(Host *host);
unsigned visits_busy(const Host *host);

/* Replays a run against a version without doing anything: for upgrades. Blocking. True if it would go on there; else the first
 * difference. deadline_kind: the pending effect's kind and arguments on the new version, NULL if it ended. */
typedef struct Trial {
	bool moves;
	int64_t position;
	char *kind, *args, *place; /* what the version asks for at position */
	GHashTable *rewrites;      /* position → new arguments */
	char *error;               /* it failed instead: why */
} Trial;
Trial *visits_try(Host *host, int64_t run, const char *version);
void trial_free(Trial *trial);

#endif
