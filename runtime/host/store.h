/* SPDX-License-Identifier: MIT */
/*
 * The store: what scripts remember beside their runs. Keys live in a space (the workspace's own scripts, or one recipe), so
 * no script sees another domain's. Values are canonical JSON; written in the same transaction as the journal.
 */
#ifndef PERIGEE_STORE_H
#define PERIGEE_STORE_H

#include "host/host.h"

#define STORE_ERROR (store_error_quark())
GQuark store_error_quark(void);
typedef enum { STORE_ERROR_INVALID, STORE_ERROR_LIMIT } StoreError;

#define STORE_KEY_BYTES 512
#define STORE_VALUE_BYTES (256u << 10)
#define STORE_LIST_BYTES VALUE_BYTES /* of one list, as text */

/* The value as canonical text, NULL if there is none. Caller frees. */
char *store_get(Host *host, const char *space, const char *key);
/* value null (or NULL) deletes. An empty or overlong key, or a value over the cap, is an error. */
bool store_set(Host *host, const char *space, const char *key, const json_t *value, GError **error);
/* Adds a number (a missing value counts as 0): two integers stay an integer, else it is a float. Gives the new value as canonical
 * text (caller frees). A present value that is no number, and a sum that 64 bits can't hold, are errors. */
char *store_add(Host *host, const char *space, const char *key, const json_t *n, GError **error);
void store_delete(Host *host, const char *space, const char *key);
/* [{"key","value"}] of all keys that begin with prefix, sorted bytewise. */
json_t *store_list(Host *host, const char *space, const char *prefix, GError **error);

#endif
