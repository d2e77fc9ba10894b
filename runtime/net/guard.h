/* SPDX-License-Identifier: MIT */
/*
 * The HTTP guard: what a script's request may be and where it may go. Each request, and each redirect of it, passes
 *
 *   guard_check_method, guard_check_header     what is sent
 *   guard_check_url                            scheme, host and port as written
 *   guard_check_addresses                      everything that the host's name stands for, before a connection is made
 *   guard_check_address                        the one address that libcurl is about to connect (exchange.c)
 *
 * The last is made on the very address, so a name that changes its mind between two lookups gains nothing. Every request
 * makes a connection of its own, and no proxy stands between.
 * All errors are REQUEST_ERROR (request.h): INVALID what is malformed, REFUSED what is not allowed.
 */
#ifndef PERIGEE_GUARD_H
#define PERIGEE_GUARD_H

#include <glib.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/url.h"

typedef struct Guard {
	char *const *hosts; /* of the request: host, or host:port (url_matches) */
	char *const *allow; /* allow_addresses */
} Guard;

/* GET HEAD POST PUT PATCH DELETE, in capitals. */
bool guard_check_method(const char *method, GError **error);
/* RFC 9110, 5.6.2: what a header's name is made of. */
bool guard_is_token(const char *name);
/* A token, and not one of those that belong to the connection or to net (Host, Content-Length, ...); no control character
 * in the value. */
bool guard_check_header(const char *name, const char *value, size_t size, GError **error);
/* https to a host of the list; http, and a host that is an address, only where HOST:PORT stands in allow_addresses too. */
bool guard_check_url(const Guard *guard, const Url *url, GError **error);
/* May a redirect lead from one to the other? Never from https to http; then guard_check_url. */
bool guard_check_redirect(const Guard *guard, const Url *from, const Url *to, GError **error);
/* Public, or in allow_addresses (by its number, or by the URL's host). */
bool guard_check_address(const Guard *guard, const Url *url, const struct sockaddr *address, GError **error);
/* All of them: a name with one private address is not skipped to its next, but refused. */
bool guard_check_addresses(const Guard *guard, const Url *url, const struct addrinfo *addresses, GError **error);

#endif
