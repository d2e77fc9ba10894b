/* SPDX-License-Identifier: MIT */
/*
 * Requests of scripts (perigee.http): checked, queued beside the journal entry, handed to net once that is committed, and
 * answered. Owns the table requests.
 *
 *   queued → handed → answered | failed | unknown (→ resolved)      handed → queued   proof that nothing was sent, GET, HEAD
 *   queued → withdrawn (→ queued)                                   its run has ended (and is retried)
 *
 * A request other than GET and HEAD is handed again only on proof that it never left; what became of it else is unknown, the
 * script hears so, and a person finds it in `perigee messages --state unknown`.
 */
#ifndef PERIGEE_REQUESTS_H
#define PERIGEE_REQUESTS_H

#include "host/host.h"
#include "host/runs.h"

#define REQUESTS_ERROR (requests_error_quark())
GQuark requests_error_quark(void);
typedef enum { REQUESTS_ERROR_MISUSE, REQUESTS_ERROR_UNKNOWN, REQUESTS_ERROR_STATE } RequestsError;

/* A row of requests. */
typedef struct Request {
	int64_t id, run, position, attempts;
	char *state, *method, *host, *url, *key, *boot;
} Request;
bool request_load(Host *host, int64_t id, Request *request);
void request_clear(Request *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

/* Queues the request of an http effect (args as in proto.h). False: it may not be asked; the error tells the script's author
 * what to change. */
bool requests_queue(Host *host, const Run *run, int64_t position, const json_t *args, GError **error);
/* Ids (int64_t) of queued requests, the oldest first, at most this many. */
GArray *requests_queued(Host *host, int most);
/* Is one queued or handed? */
bool requests_open(Host *host);
/* Names (a set) of the secrets that scripts in use may need: declared by the newest versions and by those of live runs, without
 * the passwords of accounts. */
GHashTable *requests_secrets(Host *host);

/* What the request of this run that has no answer yet asks for, as of the http effect (proto.h); NULL: there is none. Caller owns. */
json_t *requests_asked(Host *host, int64_t run);
/* Names of the secrets that a request asks for. */
GPtrArray *requests_named(Host *host, int64_t id);
/* Marks a queued request as handed, and records its secrets' use; it may leave once that is committed. The text of N_REQUEST,
 * which the caller frees; NULL: there is nothing to hand over (any more). */
char *requests_hand(Host *host, int64_t id);
/* The answer: code, text and json as of N_RESPONSE. False: json is malformed; nothing has changed. An answer to a request that is
 * not handed is passed over. */
bool requests_answer(Host *host, int64_t id, const char *code, const char *text, const char *json);
/* Who carried it is gone: what the send log says decides. code: the answer's status in the log, 0 if there is none. */
void requests_settle(Host *host, int64_t id, SettledState state, bool same_boot, uint32_t code);

/* Its run has ended: what is queued is withdrawn. It is retried: what was withdrawn is queued again. */
void requests_withdraw_run(Host *host, int64_t run);
void requests_unwithdraw(Host *host, int64_t run);
/* A person has seen that this one's outcome is unknown. */
bool requests_resolve(Host *host, int64_t id, GError **error);

#endif
