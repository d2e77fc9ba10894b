/* SPDX-License-Identifier: MIT */
/* Why: which cases there are to ask policy about when a person wants to know why somebody is not written to. */
#ifndef PERIGEE_WHY_H
#define PERIGEE_WHY_H

#include "host/policy.h"

typedef struct WhyCase {
	PolicyCase c;
	const char *run_state; /* of its live run; NULL: it is about a new one */
	Time run_due;          /* when it wakes; TIME_NEVER: not by itself */
	int64_t message;       /* the queued message that it is about; 0: none */
} WhyCase;
typedef void (*WhySee)(void *user, const WhyCase *asked);

/* With a sequence: what its live run with this contact would send now (the queued message, else on the channel it last wrote on),
 * or what a new run would on the first channel of its needs. Without: each live run likewise, then each channel on which the
 * contact has an address and no run writes. False: nothing to ask about. */
bool why_cases(Host *host, const char *contact, const char *sequence, WhySee see, void *user);

#endif
