/* SPDX-License-Identifier: MIT */
/*
 * How much one address may ask in a minute: much, because mail providers unsubscribe for many people from few addresses; but few
 * things that lead nowhere (unknown tokens, malformed requests), because that is guessing.
 */
#ifndef PERIGEE_RATE_H
#define PERIGEE_RATE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { RATE_REQUESTS = 1200, RATE_MISSES = 60 }; /* in a minute */

typedef struct Rate Rate;
Rate *rate_new(void);
void rate_free(Rate *rate);
/* Who asks: the address (of IPv6 its /64); of a connection from this machine, which is a reverse proxy's, the last address of forwarded
 * (X-Forwarded-For; may be NULL). Caller frees. */
char *rate_who(const struct sockaddr *address, const char *forwarded);
bool rate_is_loopback(const struct sockaddr *address);
/* Counts a request at that moment (monotonic µs). False: it is too much. */
bool rate_pass(Rate *rate, const char *who, gint64 now);
/* It led nowhere. */
void rate_miss(Rate *rate, const char *who, gint64 now);

#endif
