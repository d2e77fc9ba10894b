/* SPDX-License-Identifier: MIT */
/*
 * HTTP for strangers (libmicrohttpd): PREFIX/u/TOKEN and nothing else. GET and HEAD show, POST does. What a request may be:
 *
 *   headers of 16 kB, a body of 8 kB whose length is said once, no Transfer-Encoding, one request per connection;
 *   100 connections, 50 of one address that is not this machine's, 10 s without a byte, 30 s in all; per address as rate.h has it
 *
 * A request whose form is good is asked of the host and waits for its answer, at most 10 s.
 */
#ifndef PERIGEE_HTTP_H
#define PERIGEE_HTTP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/proto.h"

#define HTTP_ERROR (http_error_quark())
GQuark http_error_quark(void);

typedef struct Http Http;

/* What the host says. Texts are borrowed. */
typedef struct Answer {
	FollowState state;
	const char *from, *address, *locale, *url;
} Answer;

/* A request with a token of the right form; act: it is a POST, or of a LINK a GET. */
typedef void (*HttpAsk)(void *user, uint64_t id, FollowKind kind, const char *token, bool act);

/* Takes the listening socket. prefix: what stands before /u/, /c/ and /l/ in public_url. */
Http *http_new(int fd, const char *prefix, HttpAsk ask, void *user, GError **error);
/* The host's answer to a request; one that has ended meanwhile is passed over. */
void http_answer(Http *http, uint64_t id, const Answer *answer);
/* To be polled for reading, at most so long; then http_run. */
int http_fd(const Http *http);
int http_timeout_ms(Http *http);
void http_run(Http *http);

#endif
