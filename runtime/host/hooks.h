/* SPDX-License-Identifier: MIT */
/*
 * Hooks: webhooks of the workspace's own (hooks/NAME.lua). A request becomes one run of the hook, without a contact, which turns it into
 * signals. The run's key is the id of the delivery where the sender gives one (`verify.id`), so that what is delivered twice is run
 * once; its start holds the request until keep.journals drops it. How a request proves whom it comes from (`verify`) is declared
 * as data; requests come by hand (perigee hooks run), from tests and from sim. Nobody listens for them over HTTP.
 */
#ifndef PERIGEE_HOOKS_H
#define PERIGEE_HOOKS_H

#include "host/host.h"

#define HOOKS_ERROR (hooks_error_quark())
GQuark hooks_error_quark(void);
typedef enum { HOOKS_ERROR_UNKNOWN, HOOKS_ERROR_INVALID } HooksError;

enum { HOOKS_BODY_MOST = 256 * 1024, HOOKS_HEADERS_MOST = 100, HOOKS_LINE_MOST = 8192 /* a path with its query, one header */ };

/* A request as it came. NULL where nothing was said: POST to /hooks/NAME. */
typedef struct HookRequest {
	const char *method, *path, *query; /* query: as it stands in the URL */
	json_t *headers;                   /* object: name → text; in any case of letters */
	const char *body;
	size_t size;
} HookRequest;

/* What it may look like (headers, sizes) is checked here. The run that it becomes, or became: then is_new is false. False: no such
 * hook, or no request that a hook can be given. */
bool hooks_deliver(Host *host, const char *name, const HookRequest *request, int64_t *run, bool *is_new, GError **error);
/* Is this what a worker may have found of a hook: does `verify` hold what is looked at here? */
bool hooks_sound(const json_t *declared);
/* How requests prove whom they come from, in a few words ("hmac-sha256 of x-shop-hmac, secret shop"). Caller frees. */
char *hooks_verify_words(const json_t *declared);
/* The request that a run of a hook was given, as its script saw it, with keys and signatures in headers and query hidden: {"method","path","query",
 * "headers","at" (seconds),"body","json","form","binary"}; null: it has been dropped. NULL: no run of a hook. The caller owns it. */
json_t *hooks_request(Host *host, int64_t run);
/* Is this run one of a hook? */
bool hooks_is_run(Host *host, int64_t run);

#endif
