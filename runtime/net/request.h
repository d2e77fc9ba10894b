/* SPDX-License-Identifier: MIT */
/*
 * A script's HTTP request, as it stands in N_REQUEST (base/proto.h): parsed, and checked for all that can be said without the
 * network and without the secrets.
 */
#ifndef PERIGEE_REQUEST_H
#define PERIGEE_REQUEST_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/url.h"

/* The codes of N_RESPONSE. UNKNOWN (and LIMIT, where the status came) means that it may have been carried out. */
#define REQUEST_ERRORS(X) \
	X(REFUSED, "refused") X(INVALID, "invalid") X(UNREACHABLE, "unreachable") X(TIMEOUT, "timeout") X(LIMIT, "limit") X(UNKNOWN, "unknown")
typedef enum {
#define X(name, text) REQUEST_ERROR_##name,
	REQUEST_ERRORS(X)
#undef X
} RequestError;
#define REQUEST_ERROR (request_error_quark())
GQuark request_error_quark(void);
const char *request_error_name(int code);
/* Sets the error and gives false. */
bool request_fail(GError **error, RequestError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

#define REQUEST_BODY_MOST (1u << 20)    /* bytes */
#define REQUEST_HEADERS_MOST 50
#define REQUEST_HEADER_BYTES_MOST 8192  /* names and values together */
#define REQUEST_PICKS_MOST 50
#define REQUEST_SECRETS_MOST 8

typedef struct HttpHeader {
	char *name, *value;
} HttpHeader;
/* Wipes the value first. */
void http_header_free(gpointer header);

/* A secret that the script names, and where it wants it: as in the vault, or "" (wherever it is bound). */
typedef struct SecretUse {
	char *name, *place;
} SecretUse;

typedef struct Request {
	char *key;            /* its name in the send log */
	char *method;
	bool is_safe;         /* GET, HEAD: may be repeated, is not marked in the log, follows redirects */
	Url url;
	GPtrArray *headers;   /* HttpHeader, names in lower case */
	char *body;           /* NULL if there is none; may hold NUL */
	size_t body_size;
	gint64 timeout_ms;    /* for the whole of it, redirects included: 30 s unless asked otherwise, at most 120 s */
	char **hosts;         /* where it may go */
	GPtrArray *uses;      /* SecretUse */
	char **pick;          /* NULL: the whole answer */
} Request;

/* Parses the json of N_REQUEST. What a script can have caused is an error, REFUSED or INVALID; what only the host can have
 * (no JSON, no key) ends the process. */
Request *request_parse(const char *json, GError **error);
void request_free(Request *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)
/* NULL if the request has no such header (lower case). */
const char *request_header(const Request *request, const char *name);

#endif
