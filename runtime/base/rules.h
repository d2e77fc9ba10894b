/* SPDX-License-Identifier: MIT */
/*
 * What a request of a script (perigee.http) may be made of. The worker tells a script early, at its own line; the host decides,
 * because a worker may lie. One set of rules for both.
 */
#ifndef PERIGEE_RULES_H
#define PERIGEE_RULES_H

#include <stdbool.h>
#include <stddef.h>

enum {
	RULES_HEADERS_MOST = 50,
	RULES_NAME_MOST = 200,           /* bytes of a header's name, of a secret's, of an idempotency key */
	RULES_HEADER_BYTES_MOST = 8192,  /* bytes of all names and values together */
	RULES_TIMEOUT_MOST = 120,        /* seconds */
	RULES_TIMEOUT = 30,
	RULES_SECRETS_MOST = 8,
	RULES_PICKS_MOST = 50,
};

/* The methods there are, in order, NULL-terminated: upper case, as they are written. */
extern const char *const rules_methods[];
bool rules_has_method(const char *method);
/* GET and HEAD: it only reads, has no body, and may be repeated. */
bool rules_only_reads(const char *method);

/* Each is NULL if it may be given, else says why not (static text). Names in any case; sizes are in bytes, and a NUL inside
 * is refused like any other control character. */
const char *rules_header_fault(const char *name, size_t size);
const char *rules_value_fault(const char *value, size_t size);
const char *rules_key_fault(const char *key, size_t size);
const char *rules_secret_fault(const char *name, size_t size);

#endif
