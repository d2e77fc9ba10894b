/* SPDX-License-Identifier: MIT */
/* Names into addresses: see lookup.h. */
#include "net/lookup.h"

#include <string.h>
#include <unistd.h>

/* Shared by its thread and its owner; the last one frees it. `done` is set last by the thread. */
struct Lookup {
	LookupDesk *desk;
	char *host, port[8];
	struct addrinfo *addresses;
	int error;
	gint done, owners;
};

static void drop(Lookup *lookup)
{
	if (!g_atomic_int_dec_and_test(&lookup->owners))
		return;
	if (lookup->addresses)
		freeaddrinfo(lookup->addresses);
	g_free(lookup->host);
	g_free(lookup);
}

static void resolve(Lookup *lookup)
{
	bool v6 = lookup->host[0] == '[';
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (v6 ? AI_NUMERICHOST : 0) };
	g_autofree char *name = v6 ? g_strndup(lookup->host + 1, strlen(lookup->host) - 2) : g_strdup(lookup->host);
	lookup->error = getaddrinfo(name, lookup->port, &hints, &lookup->addresses);
}

static gpointer run(gpointer data)
{
	Lookup *lookup = data;
	LookupDesk *desk = lookup->desk;
	static const uint64_t one = 1;
	resolve(lookup);
	g_atomic_int_set(&lookup->done, 1);
	drop(lookup);
	ssize_t n = write(desk->wake, &one, sizeof one);
	(void)n; /* an eventfd is full after 2^64 - 1 */
	g_atomic_int_add(&desk->running, -1); /* the desk may be gone after this */
	return NULL;
}

Lookup *lookup_start(LookupDesk *desk, const char *host, unsigned port)
{
	if (g_atomic_int_get(&desk->running) >= LOOKUPS_MOST)
		return NULL;
	Lookup *lookup = g_new0(Lookup, 1);
	lookup->desk = desk;
	lookup->host = g_strdup(host);
	lookup->owners = 2;
	g_snprintf(lookup->port, sizeof lookup->port, "%u", port);
	g_atomic_int_inc(&desk->running);
	GThread *thread = g_thread_try_new("lookup", run, lookup, NULL);
	if (thread) {
		g_thread_unref(thread);
		return lookup;
	}
	g_atomic_int_add(&desk->running, -1);
	lookup->owners = 1;
	drop(lookup);
	return NULL;
}

bool lookup_is_done(const Lookup *lookup)
{
	return g_atomic_int_get(&lookup->done) != 0;
}

const struct addrinfo *lookup_addresses(const Lookup *lookup, const char **why)
{
	*why = lookup->error ? gai_strerror(lookup->error) : "it has no address";
	return lookup->addresses;
}

void lookup_free(Lookup *lookup)
{
	if (lookup)
		drop(lookup);
}
