/* SPDX-License-Identifier: MIT */
/*
 * Views: listings for people, read-only, as JSON objects. Members carry the names of DESIGN.md section 13; times are
 * milliseconds (Time) or null, and whoever shows them makes them text.
 */
#ifndef PERIGEE_VIEWS_H
#define PERIGEE_VIEWS_H

#include "host/host.h"

/* Called for each row; takes it. */
typedef void (*ViewsSee)(void *user, json_t *row);

/* What the state of a run, or of a message, may be; ends with NULL. */
extern const char *const views_run_states[];
extern const char *const views_message_states[];

/* Parked and failed ones first, then the live ones by due time, then the others, newest first. state, sequence NULL: any;
 * state "live": ready, waiting or sending. Rows: id sequence contact key state outcome due version error, and error_code. */
void views_runs(Host *host, const char *state, const char *sequence, ViewsSee see, void *user);
/* One run: as above, and contact_name, path, newest (of the sequence's version), account, started_at, ended_at, held. NULL: none. */
json_t *views_run(Host *host, int64_t id);
/* Its journal in order: position kind args asked_at answer (null: pending) answered_at deadline place, and for a pending send
 * message_state, rule, reason, until. */
void views_journal(Host *host, int64_t run, ViewsSee see, void *user);
/* Events that belong to it and were not given to it yet: kind at channel. */
void views_events(Host *host, int64_t run, ViewsSee see, void *user);

/* In the order of their ids. state, contact NULL: any. Rows: id at contact run channel account direction state template subject
 * message_id error, and address rule reason due. */
void views_messages(Host *host, const char *state, const char *contact, ViewsSee see, void *user);

/* Requests of scripts whose outcome nobody knows, as rows like those of messages: the id is "r12", the channel "http", the template "METHOD
 * URL". */
void views_unknown_requests(Host *host, const char *contact, ViewsSee see, void *user);

/* Jobs by name: name schedule zone title missed overlap jitter next_due paused last_at last_state last_run last_outcome last_error
 * path. */
void views_jobs(Host *host, ViewsSee see, void *user);
/* Hooks by name: name title verify (in words) requests (how many) paused last_at last_state last_run last_outcome last_error path. */
void views_hooks(Host *host, ViewsSee see, void *user);

/* The name of a script that is in the database, given by name or by path ("sequences/NAME.lua"); NULL if it is not. Caller frees. */
char *views_script(Host *host, const char *word);
/* Names of all scripts in the database, sorted, NULL at the end. Caller frees. */
GStrv views_scripts(Host *host);
/* The id of the first contact by id; NULL if there is none. Caller frees. */
char *views_first_contact(Host *host);
/* Names of attributes, identities and fields that at least one contact of this database has; NULL if it has no contacts. */
json_t *views_known_names(Db *db);

#endif
