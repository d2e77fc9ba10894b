/* SPDX-License-Identifier: MIT */
/*
 * Tasks: what a person is asked to do (call, video, review, sign, gift, message, other). States: open, done.
 *
 * A message that a program may not send is a task by hand (tasks.message): while it is open the message is `handed`; ticked,
 * it is accepted, or refused when the person says that they did not send it. The host ends it itself when there is nobody left
 * who should be written to: they wrote meanwhile, its run ended, they opted out.
 */
#ifndef PERIGEE_TASKS_H
#define PERIGEE_TASKS_H

#include "host/host.h"

#define TASKS_ERROR (tasks_error_quark())
GQuark tasks_error_quark(void);
typedef enum { TASKS_ERROR_UNKNOWN, TASKS_ERROR_STATE, TASKS_ERROR_INVALID } TasksError;

bool tasks_is_kind(const char *kind);
/* Adds an open task. contact, note may be NULL; run 0: of no run; due 0: none. Returns its id (0: the kind is unknown, said in error). */
int64_t tasks_create(Host *host, const char *contact, int64_t run, const char *kind, const char *note, Time due, GError **error);

/* A message that a person is to send. files: names of what goes with it, separated by ", "; NULL or "": nothing. */
typedef struct ByHand {
	int64_t message, run;
	const char *contact, *channel, *address, *text, *files;
} ByHand;
/* Makes its task; the note, which the simulation shows, is the caller's to free. */
char *tasks_by_hand(Host *host, const ByHand *by_hand);
/* Does this outcome of a task by hand say that the message was not sent ("not sent", "declined", ...)? NULL: no. */
bool tasks_not_sent(const char *outcome);

/* Marks it done; only the row (the event is events_task_done's). run: the run that asked for it, or 0; may be NULL. An unknown id
 * and a task that is done already are errors. */
bool tasks_done(Host *host, int64_t id, const char *outcome, int64_t *run, GError **error);

/* They wrote: their open tasks by hand are done with outcome "they wrote". Gives the messages (int64_t), which the caller withdraws;
 * caller unrefs. */
GArray *tasks_they_wrote(Host *host, const char *contact);
/* The run is over: its open tasks by hand are, too, and their messages are withdrawn. Other tasks of it stay. */
void tasks_run_ended(Host *host, int64_t run);
/* They want no more of us: nobody is asked to write to them, to call them or to meet them. */
void tasks_they_left(Host *host, const char *contact);

/* Rows as JSON: {id, contact, run, kind, note, due (Time or null), state, outcome, created_at, done_at, name (the contact's),
 * snoozed_until, message, channel, address, subject, text, files, sequence}; open ones first: those not snoozed, by due time, then the
 * oldest. state and contact NULL: all; run 0: all. */
json_t *tasks_list(Host *host, const char *state, const char *contact, int64_t run);
/* One row; NULL with an error if there is none. */
json_t *tasks_find(Host *host, int64_t id, GError **error);

#endif
