/* SPDX-License-Identifier: MIT */
/*
 * Events: what happened outside, as rows; each is given to a run once (DESIGN.md sections 4 and 6). This module decides
 * to which runs an event belongs, ends those that it ends, and answers the waits that it answers.
 * Kinds: reply auto_reply bounce unsubscribe complaint handled message_delivered message_read click opt_in task_done signal:NAME.
 */
#ifndef PERIGEE_EVENTS_H
#define PERIGEE_EVENTS_H

#include "host/host.h"

/* Records an event and does all that follows from it. message: the ledger row it is about (0: none); cites: the message of
 * ours that it answers (0: unknown). data: what the script gets beside event and at; borrowed. Returns the event's id. */
int64_t events_record(Host *host, const char *contact, const char *kind, const char *channel, int64_t message, int64_t cites,
                      const json_t *data);
/* A task was done: the event for its run. */
int64_t events_task_done(Host *host, int64_t task);
/* The oldest event of these kinds not yet given to the run, marked as given: what wait returns; NULL if there is none. */
json_t *events_take(Host *host, int64_t run, const json_t *kinds);
/* Is this the name of an event that a script may wait for? */
bool events_known(const char *kind);

/* An auto-reply says that they are back at `until`: nothing but answers goes to them before, and what their runs wait for is waited for
 * longer by as much, at least until then. Days that an earlier one has given are not given again. */
void events_away(Host *host, const char *contact, Time until);

#endif
