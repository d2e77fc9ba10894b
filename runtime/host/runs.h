/* SPDX-License-Identifier: MIT */
/*
 * Runs: one execution of a sequence for one contact, or of a job for one due time. A run is rows: its state here, its
 * effects in the journal. Visits (visits.c) replay it in a worker; this module decides what becomes of it.
 *
 *   ready    due now, will be visited        done     it returned: outcome
 *   waiting  a wait, sleep or task is pending  failed   an error or a limit: error_code, error
 *   sending  a message or request of its own   stopped  by a person, a script or the host (outcome says)
 *                                              parked   its replay diverged
 */
#ifndef PERIGEE_RUNS_H
#define PERIGEE_RUNS_H

#include "host/host.h"

#define RUNS_ERROR (runs_error_quark())
GQuark runs_error_quark(void);
typedef enum { RUNS_ERROR_UNKNOWN, RUNS_ERROR_STATE } RunsError;

/* A row of runs, as the host works with it. */
typedef struct Run {
	int64_t id;
	char *sequence, *contact, *key, *version, *state, *start, *account, *thread, *held; /* contact NULL: a job's run */
	Time due, started_at, first_message_at, wait_ended_at; /* 0: none (due: TIME_NEVER) */
	uint64_t seed;
	int64_t steps, contact_rev, seen_event;
} Run;
bool run_load(Host *host, int64_t id, Run *run);
void run_clear(Run *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)
/* What its version declared. Borrowed; NULL if the version is gone. */
const json_t *run_declared(Host *host, const Run *run);
/* Does it go on when its contact answers ("on_reply"), or is handled by a person ("on_handled")? */
bool run_continues(Host *host, const Run *run, const char *which);
/* The effect it waits for; false if none. kind and args: caller frees. */
bool run_pending(Host *host, int64_t run, int64_t *position, char **kind, char **args, Time *asked_at, Time *deadline);
/* The contact as its journal has shown it so far: start and all changes. Caller owns. */
json_t *run_seen_contact(Host *host, const Run *run);
/* Starts over with a fresh journal (contact:restart). A run that has done so RUNS_RESTARTS_AN_HOUR times within an hour fails. */
void run_restart(Host *host, const Run *run, const json_t *state);

/* What scripts could do for ever, each within its limits, if nobody counted. */
enum { RUNS_RESTARTS_AN_HOUR = 100, RUNS_STARTED_A_DAY = 100 };

typedef enum { ENROL_STARTED, ENROL_ALREADY, ENROL_REFUSED } EnrolResult;
/* Starts a run unless (sequence, contact, key) has had one (again: a new key is made). said: a sentence for people ("already
 * ran: replied on 2026-11-23"); caller frees. state may be NULL. */
EnrolResult runs_enrol(Host *host, const char *sequence, const char *contact, const char *key, bool again,
                       const json_t *state, int64_t *run, char **said);
/* The same for a script or an event: refused for a contact for whom RUNS_STARTED_A_DAY runs were started within 24 hours. */
EnrolResult runs_enrol_by_script(Host *host, const char *sequence, const char *contact, const char *key, int64_t *run, char **said);
/* Answers the pending effect and makes the run due. Takes answer. Does nothing if that effect is not pending. */
void runs_answer(Host *host, int64_t run, int64_t position, json_t *answer);
/* The time of its wait is up: answers it so. */
void runs_timer(Host *host, int64_t run);
/* Ends a run: state done, failed, stopped or parked. Its queued messages are withdrawn in the same transaction, a visit under
 * way is abandoned. */
void runs_end(Host *host, int64_t run, const char *state, const char *outcome, const char *code, const char *error);
/* For people: stop one, or all live runs of a contact. Counts those ended. */
int runs_stop_contact(Host *host, const char *contact, const char *sequence, const char *outcome);
bool runs_stop(Host *host, int64_t run, GError **error);
/* Goes on from the journal (failed, stopped, parked runs), on the newest version that replays. */
bool runs_retry(Host *host, int64_t run, GError **error);
/* The account's mailbox has been read: waits that were held for it may end. */
void runs_mail_read(Host *host, const char *account);
/* A paused script has a new version: its runs go on. */
void runs_release(Host *host);
/* Is it one of ready, waiting, sending? */
bool runs_live(Host *host, int64_t run);

/* Moves a run to another version that replays its journal; rewrites: position (int64_t *) → arguments as the new version gives them. */
void runs_move(Host *host, int64_t run, const char *version, GHashTable *rewrites);

/* What `perigee upgrade` found or did for one run. */
typedef struct UpgradeResult {
	int64_t run;
	char *sequence, *contact, *from, *to;
	bool moves;              /* or: stays, with the first difference */
	int64_t position;
	char *recorded, *asked;  /* "send {...}" */
	char *place;             /* FILE:LINE */
} UpgradeResult;
/* Replays every live run of the sequence (NULL: of all) that is not on the newest version against it. dry: only tell. Array of
 * UpgradeResult. */
GPtrArray *runs_upgrade(Host *host, const char *sequence, bool dry);

#endif
