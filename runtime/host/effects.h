/* SPDX-License-Identifier: MIT */
/*
 * Effects: what a run asks of the host, by kind (proto.h lists them). The table says for each what it needs and whether it
 * waits. The checks here are the ones that count: a worker's word is only a claim.
 */
#ifndef PERIGEE_EFFECTS_H
#define PERIGEE_EFFECTS_H

#include "host/runs.h"

/* What became of an effect that was asked for. */
typedef struct Effect {
	json_t *answer;    /* the answer, if there is one at once; the caller owns it */
	char *text;        /* or the answer as canonical text; the caller frees it */
	bool ended;        /* the run has ended or started over: no answer, nothing to journal */
	const char *state; /* it waits: the run's state meanwhile ("waiting", "sending") */
	Time deadline;     /* and the end of the wait; TIME_NEVER: none */
} Effect;

/* Does this kind end the visit? False for unknown kinds too (known tells). */
bool effects_waits(const char *kind, bool *known);
/* Carries out an effect of a run. position: where it will stand in the journal; place: FILE:LINE. contact_changed is set if the
 * run's own contact may look different afterwards. A fault of the database shows in db_failed. */
Effect effects_perform(Host *host, const Run *run, int64_t position, const char *kind, const json_t *args, bool *contact_changed);

#endif
