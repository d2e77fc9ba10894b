/* SPDX-License-Identifier: MIT */
/*
 * A server's answer: collected within limits, and made into what a script is given:
 *
 *   {"status": int,
 *    "headers": {name in lower case: value; repeated ones joined by ", "},
 *    "body": text                       if it is UTF-8, else
 *    "binary": true                     (nothing of it is handed on: it could not be searched for secrets)
 *    "json": the body as a value        if its type is JSON (RFC 8259, RFC 6839) and it keeps base/value.h's limits}
 *
 * With pick there is no body, and json holds {path: value} of the paths that are there (pick.h); none if the answer was no
 * JSON. Secrets are cut out (scrub.h) before the JSON is read. The whole has at most ANSWER_MOST bytes.
 */
#ifndef PERIGEE_ANSWER_H
#define PERIGEE_ANSWER_H

#include <glib.h>
#include <stdbool.h>

#include "net/scrub.h"

#define ANSWER_MOST (64u * 1024)         /* canonical text, for the script */
#define ANSWER_BODY_MOST (1u << 20)      /* bytes read */
#define ANSWER_HEADERS_MOST (16u * 1024) /* bytes of header lines, interim answers included */

typedef struct Answer {
	unsigned status;     /* 0: no status line yet */
	GHashTable *headers; /* name in lower case → GString */
	GString *body;
	size_t header_bytes;
	char *last;          /* the header that a folded line goes on with, or NULL */
	bool headers_over;   /* of the final answer: lines after the body (trailers) are nobody's */
} Answer;

Answer *answer_new(void);
/* Wipes: a server may have sent a secret back. NULL is allowed. */
void answer_free(Answer *answer);
/* One header line, the status line and the empty one too. False: too many bytes. */
bool answer_take_header(Answer *answer, const char *line, size_t size);
/* False: too many bytes. */
bool answer_take_body(Answer *answer, const char *bytes, size_t size);
/* NULL if there is none. */
const char *answer_header(const Answer *answer, const char *name);
/* The text for the script, which the caller frees. NULL: it is too large, REQUEST_ERROR_LIMIT. */
char *answer_text(const Answer *answer, const Scrub *scrub, char *const *pick, GError **error);

#endif
