/* SPDX-License-Identifier: MIT */
/* Tasks: what a person is asked to do (call, video, review, sign, gift, message, other). States: open, done. */
#ifndef PERIGEE_TASKS_H
#define PERIGEE_TASKS_H

#include "host/host.h"

#define TASKS_ERROR (tasks_error_quark())
GQuark tasks_error_quark(void);
typedef enum { TASKS_ERROR_UNKNOWN, TASKS_ERROR_STATE, TASKS_ERROR_INVALID } TasksError;

bool tasks_is_kind(const char *kind);
/* Adds an open task. contact, note may be NULL; run 0: of no run; due 0: none. Returns its id (0: the kind is unknown, said in error). */
int64_t tasks_create(Host *host, const char *contact, int64_t run, const char *kind, const char *note, Time due, GError **error);
/* Marks it done; only the row (the event is events_task_done's). run: the run that asked for it, or 0; may be NULL. An unknown id
 * and a task that is done already are errors. */
bool tasks_done(Host *host, int64_t id, const char *outcome, int64_t *run, GError **error);
/* Rows as JSON: {id, contact, run, kind, note, due (Time or null), state, outcome, created_at, done_at}, open ones first by due time.
 * state and contact NULL: all; run 0: all. */
json_t *tasks_list(Host *host, const char *state, const char *contact, int64_t run);

#endif
