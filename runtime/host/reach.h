/* SPDX-License-Identifier: MIT */
/*
 * Reach: a message that goes by the first of several channels that may and can (contact:reach). It is one row of messages whose channel
 * moves on, kept in its options: {"reach":{"channels":[..],"no":{channel: {"reason","code","rule","outcome"}}}}.
 *
 *   refused on a channel (policy, its rendering, the server)   it moves on; with none left it is refused, by a reason that names each
 *   the channel's breaker is open                              it moves on; with no other left it waits for the first breaker,
 *                                                              as it is if that is its own, and is given up like any message
 *   a mere delay                                               it waits, like any message
 *
 * What may have left (state unknown) never moves on, nor does what a person refused or cancelled. Used by the ledger alone.
 */
#ifndef PERIGEE_REACH_H
#define PERIGEE_REACH_H

#include "host/handover.h"

enum { REACH_CHANNELS = 16 };

/* The options of a new message: those of the call (an object) and the channels. False: the channels are none. */
bool reach_begin(json_t *options, const json_t *channels, GError **error);
bool reach_is(const Message *m);
/* The account of its current channel; `from` counts for the channel that account has. May be NULL. */
const Account *reach_account(Host *host, const Message *m);
/* m->account becomes the name of its channel's account. True: the row has got it, so that the message now stands in that account's queue.
 * False: there is none, or its breaker is open: the whole queue is held, but what can go elsewhere is looked at outside it. */
bool reach_enqueue(Host *host, Message *m);

/* Refused on its channel. True: it has moved on. False: it is refused for good, and what is said of it then is in *all (all texts
 * owned by the caller; rule NULL if the channels differ). */
typedef struct ReachRefusal {
	char *reason, *code, *rule, *outcome;
	bool no_account; /* one is e-mail, and there is no account to send it */
} ReachRefusal;
void reach_refusal_clear(ReachRefusal *refusal);
bool reach_refused(Host *host, const Message *m, const char *rule, const char *reason, const char *code, const char *outcome, ReachRefusal *all);
/* Its account's breaker is open until then: it moves on or waits. */
void reach_broken(Host *host, const Message *m, const char *reason, Time until);
/* An account's breaker opened: its queue is held, but those that may go elsewhere are looked at. */
void reach_free(Host *host, const char *account);
/* It begins anew at its first channel, when what all have refused it for is mended: it is held meanwhile. */
void reach_again(Host *host, const Message *m);
/* A person has it sent once more on the channel it is on. */
void reach_forget(Host *host, const Message *m);

#endif
