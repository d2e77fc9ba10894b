/* SPDX-License-Identifier: MIT */
/*
 * Workers: the pool of jailed processes that run Lua and read mail. One worker serves one trust domain. A call goes to a
 * worker of its domain; its frames come back to the caller until the caller says it is over. A worker that dies (or is killed
 * by the watchdog, or speaks out of turn) costs only time: the call it was working on is tried once more on a fresh one and fails if
 * that dies too; calls that were waiting behind it go elsewhere.
 */
#ifndef PERIGEE_WORKERS_H
#define PERIGEE_WORKERS_H

#include "host/host.h"
#include "host/program.h"

#define WORKERS_ERROR (workers_error_quark())
GQuark workers_error_quark(void);
typedef enum { WORKERS_ERROR_START, WORKERS_ERROR_REFUSED, WORKERS_ERROR_FAILED, WORKERS_ERROR_DIED } WorkersError;

typedef struct WorkerCall {
	const char *domain;  /* "workspace", "mail"; static */
	Program *program;    /* NULL for mail */
	int64_t cpu_ms;      /* processor time it may use, if more than the default; 0: default */
	/* Writes the request's frame; called again if the worker died. NULL: loading is all. */
	void (*write)(void *user, Peer *peer, uint64_t ticket, uint64_t program);
	/* A frame for this call. True: the call is over. A malformed frame: set *bad. */
	bool (*frame)(void *user, uint64_t ticket, Frame *frame, bool *bad);
	/* The program could not be loaded, or workers died twice: the call is over. code as in W_REFUSED, or "crashed". */
	void (*failed)(void *user, uint64_t ticket, const char *code, const char *text, const char *where);
	void *user;
	/* NULL, or where the call's ticket is put before any of these is called: what is kept there can be cancelled from the beginning to
	 * the end, also while nothing has been written yet. */
	uint64_t *ticket;
} WorkerCall;

#define WORKERS_CPU_MS 10000 /* the most processor time that a program can be given (as the worker has it) */
#define WORKERS_TEXT 4000    /* bytes of a sentence of a worker's, and of a place */
#define WORKERS_PLACE 300

/* The next field of a frame as words for people: UTF-8 without control characters but line ends, cut at `most` bytes. Caller frees. */
char *workers_words(Frame *frame, size_t most);
/* The fields of W_FAILED and W_REFUSED, in words. False: malformed. The caller frees them, whatever is returned. */
bool workers_failure(Frame *frame, char **code, char **text, char **where);

/* count: workers per domain (1 makes a simulation deterministic). program_path: libexec/perigee/worker. */
Workers *workers_new(Host *host, const char *program_path, int count, GError **error);
/* Ends all of them and waits. */
void workers_free(Workers *workers);
/* Begins a call; returns its ticket. */
uint64_t workers_call(Workers *workers, const WorkerCall *call);
/* As workers_call; fresh: on a worker that has run nothing else and will run nothing after it. */
uint64_t workers_begin(Workers *workers, const WorkerCall *call, bool fresh);
/* The peer that a ticket's worker listens on, to answer an effect (from now on it is the worker's turn); NULL if the worker is gone. */
Peer *workers_peer(Workers *workers, uint64_t ticket);
/* Forgets a call: nothing more is heard of it (an unanswered effect is abandoned). */
void workers_cancel(Workers *workers, uint64_t ticket);
/* What the worker program is (worker/fingerprint.h), once it has told: before any answer of a worker; NULL until then. Borrowed. */
const char *workers_fingerprint(const Workers *workers);
/* Calls under way. */
unsigned workers_busy(const Workers *workers);
/* Writes what is pending, kills what is stuck. Called each turn. */
void workers_turn(Workers *workers);

/* Blocking calls, for commands. They turn the loop until there is an answer. */
/* What a program declares, from a fresh worker. NULL with "FILE:LINE: text". */
json_t *workers_declare(Host *host, Program *program, GError **error);
/* A rendering: the result object; bytes (MIME entity or plain output) if not NULL. */
json_t *workers_render(Host *host, Program *program, const json_t *data, const json_t *options, GByteArray **bytes, GError **error);
/* A mail as understood (W_MAIL_READ). */
json_t *workers_read_mail(Host *host, const void *bytes, size_t size, GError **error);

#endif
