/* SPDX-License-Identifier: MIT */
/*
 * Names into addresses, in a thread: the resolver blocks, and all the addresses of a name must be seen before one of them is
 * connected (guard.h), which libcurl's own lookup does not show.
 */
#ifndef PERIGEE_LOOKUP_H
#define PERIGEE_LOOKUP_H

#include <glib.h>
#include <netdb.h>
#include <stdbool.h>

#define LOOKUPS_MOST 64 /* at a time; a resolver that hangs can't be stopped, only left */

/* Where lookups report. It must live while one is running. */
typedef struct LookupDesk {
	int wake;     /* an eventfd that is written to when one is done */
	gint running; /* threads */
} LookupDesk;

typedef struct Lookup Lookup;

/* host: a name, or an address (v6 in brackets). NULL if too many are under way. */
Lookup *lookup_start(LookupDesk *desk, const char *host, unsigned port);
bool lookup_is_done(const Lookup *lookup);
/* When done: the addresses, valid as long as the lookup; NULL if there are none, and why. */
const struct addrinfo *lookup_addresses(const Lookup *lookup, const char **why);
/* May be called before it is done. NULL is allowed. */
void lookup_free(Lookup *lookup);

#endif
