/* SPDX-License-Identifier: MIT */
/*
 * Why somebody is not written to, or when they will be: the cases there are to ask about, all gates of each in order, and one sentence
 * that sums them up.
 */
#ifndef PERIGEE_WHY_H
#define PERIGEE_WHY_H

#include "host/policy.h"

/*
 * The gates are those of policy in their order; then, where there is something to be said, those of the message and its run:
 *
 *   template    it can't be rendered for them; or it is held until its template, or perigee.lua, is mended
 *   before      it must leave before a time
 *   undo        it can be taken back until then
 *   retry       it could not be handed over, and it is tried again then
 *   queued      a rule that is open by now has put it off until then
 *   sending     it is with the server, or with a person (hand)
 *   connection  its account fails
 *   script      its script is paused
 *   run         the run waits, or has ended
 *   history     never closed: what was refused or withdrawn last
 */
extern const char *const why_gate_names[]; /* NULL-ended, in this order */

typedef struct WhyGate {
	const char *rule; /* static */
	Verdict verdict;
} WhyGate;

typedef struct WhyCase {
	PolicyCase c;
	int64_t shown_run;     /* the run it is about, even if that has ended; 0: none */
	const char *run_state; /* of it; NULL: it is about a new one */
	Time run_due;          /* when it wakes; TIME_NEVER: not by itself */
	int64_t message;       /* the message that waits and that it is about; 0: none */
	const char *message_state;
	Time due;              /* when it is looked at again; 0: now, or by a change */
	const char *unfit;     /* why it can't be rendered; NULL: it can, or it was not tried */
	GPtrArray *gates;      /* WhyGate */
	/* All of it in one: */
	PolicyAnswer answer;
	const char *rule;      /* of the gate that decides; NULL: all are open */
	Time opens;            /* the first moment at which all are open, if nothing else changes; TIME_NEVER: none is known */
	char *sum;             /* what will happen, or what is to be done */
} WhyCase;
typedef void (*WhySee)(void *user, const WhyCase *asked);

/* With a sequence: what its live run with this contact would send now (the message that waits, else on the channel it last wrote on); if
 * it has ended, that, and what a new run would on the first channel of its needs. Without: each live run likewise, then each channel
 * on which the contact has an address and no run writes, then runs that need a person. False: nothing to ask about. */
bool why_cases(Host *host, const char *contact, const char *sequence, WhySee see, void *user);

/* Fills gates, answer, rule, opens and sum of a case (why_gates.c); why_clear frees them. */
void why_look(Host *host, WhyCase *asked);
void why_clear(WhyCase *asked);

#endif
