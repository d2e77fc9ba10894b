/* SPDX-License-Identifier: MIT */
/*
 * Pretend replies: what will happen, in order of time, and the table of --replies (DESIGN.md section 13). A row of the table is armed
 * by the first message (for task_done: task) after the row before it for the same contact and channel fired, and fires `after` later.
 * A row of kind `message` is what somebody does of their own accord: it counts from the start of the simulation; so does a request to a
 * hook that names no contact.
 */
#ifndef PERIGEE_REPLIES_H
#define PERIGEE_REPLIES_H

#include "host/pretend.h"

typedef struct Replies Replies;
Replies *replies_new(void);
void replies_free(Replies *replies);
/* As pretend_load and pretend_plan. */
bool replies_load(Host *host, Replies *replies, const char *file, const char *text, size_t size, GError **error);
void replies_plan(Replies *replies, Time at, int64_t order, const Happening *what);
/* A sequence that starts on these events: a contact's first row, and each row of an event that it starts on (but `reply`), happen of their
 * own accord, and count from now. False: there is no table. */
bool replies_begin(Host *host, Replies *replies, const json_t *events, const GPtrArray *contacts);
/* A message has reached the contact on the channel ("task_done": a task was made): the row that waits for it begins its delay. */
void replies_arm(Host *host, Replies *replies, const char *contact, const char *channel);
/* Lets happen what is due. */
void replies_turn(Host *host, Replies *replies);
/* When the next of them is; TIME_NEVER: nothing will. */
Time replies_next(const Replies *replies);

#endif
