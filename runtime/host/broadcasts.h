/* SPDX-License-Identifier: MIT */
/*
 * Broadcasts: one text to many, such as a community's channel (perigee.broadcast). Rows of the table broadcasts:
 *
 *   rendering → planned → confirmed ⇄ handed → sent   a person confirms between its planning and its time
 *                  ↓          ↓  ↘ refused ↙ ↘          by a rule or by the platform
 *               lapsed    lapsed           unknown      nobody confirmed it; or it could not leave within a day of its time
 *      unknown: handed over, and nobody knows what became of it: a person says whether it was sent (→ sent) or is to go again (→ confirmed)
 *      cancelled by a person: planned, confirmed
 *
 * The run that asked waits for the rendering alone. The rules that bind it: account, account_cap, account_rate, warmup, hours (the workspace's
 * own), form, breaker, paused. What leaves is a row of messages without a contact or run, so it is nobody's personal message.
 */
#ifndef PERIGEE_BROADCASTS_H
#define PERIGEE_BROADCASTS_H

#include "host/handover.h"
#include "host/runs.h"

#define BROADCASTS_ERROR (broadcasts_error_quark())
GQuark broadcasts_error_quark(void);
typedef enum { BROADCASTS_ERROR_UNKNOWN, BROADCASTS_ERROR_STATE, BROADCASTS_ERROR_INVALID } BroadcastsError;

extern const char *const broadcasts_states[]; /* NULL at the end */

/* A run asks for one ({channel, account, to, template, vars, at, locale}). *answer: what the call returns at once (refused); NULL: the run
 * waits for the rendering. False: misuse, said in error. */
bool broadcasts_plan(Host *host, const Run *run, int64_t position, const json_t *args, json_t **answer, GError **error);
/* A person confirms one that is planned, or cancels one that has not left. */
bool broadcasts_confirm(Host *host, int64_t id, GError **error);
bool broadcasts_cancel(Host *host, int64_t id, GError **error);

/* Renders, lapses, hands over what is due; when the next of it is. */
void broadcasts_turn(Host *host);
Time broadcasts_next_due(Host *host);
/* After a failed commit: forget what was being rendered. */
void broadcasts_forget(Host *host);
/* What became of a message that was handed over, if it is a broadcast's: false, it is not. */
bool broadcasts_outcome(Host *host, const Message *message, SentClass sent, const char *text);
/* One whose outcome was unknown was sent, or is to go again as soon as it may: false, it is not a broadcast's. *good false: it can't go again,
 * said in error. */
bool broadcasts_resolve(Host *host, const Message *message, bool sent, bool *good, GError **error);

/* Rows as JSON, those that wait for a person first: {id, state, channel, account, to, template, subject, text, at (Time), run, sequence, created_at, confirmed_at,
 * done_at, message, rule, reason}. state NULL: all; "open": planned and confirmed;
 * "waiting": those that are handed or unknown, too. */
json_t *broadcasts_list(Host *host, const char *state);
/* One row; NULL with an error if there is none. */
json_t *broadcasts_find(Host *host, int64_t id, GError **error);
/* The one planned first that waits for a person; 0: none. */
int64_t broadcasts_oldest(Host *host);

#endif
