/* SPDX-License-Identifier: MIT */
/*
 * One request on its way: name looked up, addresses checked, connected, sent, answered, redirected (GET and HEAD, at most
 * EXCHANGE_REDIRECTS times, each through the whole guard again). libcurl speaks TLS and HTTP/1.1; it follows, proxies,
 * remembers and repeats nothing: each hop is a connection of its own, to addresses that were looked up and checked for it.
 *
 * Other methods than GET and HEAD are marked in the send log just before their first byte leaves (libcurl's "prereq", after
 * connecting), and answered there when the whole answer is in: what failed before the mark was not sent ("unreachable"),
 * what failed after it is "unknown".
 *
 * A redirect to another scheme, host or port takes neither secrets along nor any header of the script but Accept*, and
 * User-Agent; and they do not come back if it leads home again.
 *
 * Values of secrets: they go from the keyring into header lines and the URL when the connection is about to be made, and the
 * copies that are ours are wiped when the hop is over. libcurl keeps copies of the URL, and of what it sends in its buffers,
 * and frees them unwiped; this process has no core dump and cannot be traced.
 */
#ifndef PERIGEE_EXCHANGE_H
#define PERIGEE_EXCHANGE_H

#include <curl/curl.h>
#include <glib.h>
#include <stdbool.h>

#include "net/keyring.h"
#include "net/lookup.h"
#include "net/request.h"
#include "net/sendlog.h"

#define EXCHANGE_REDIRECTS 5
#define EXCHANGE_CONNECT_MS (15 * 1000) /* name, connection and TLS of one hop */

/* What all exchanges share. */
typedef struct Bench {
	CURLM *multi;
	LookupDesk *desk;
	const Keyring *keyring;
	char *const *allow;
	Sendlog *log;
} Bench;

typedef struct Exchange Exchange;

/* Takes the request and begins. */
Exchange *exchange_new(const Bench *bench, uint64_t id, Request *request_take);
/* Ends the connection. NULL is allowed. */
void exchange_free(Exchange *exchange);
uint64_t exchange_id(const Exchange *exchange);
/* Goes on, if a lookup has ended or the time is over. */
void exchange_turn(Exchange *exchange);
/* libcurl says that the transfer of this handle (its CURLOPT_PRIVATE is the exchange) is over. */
void exchange_ended(Exchange *exchange, CURLcode code);
/* The mark stands in the log and the answer does not: worth waiting for when all else stops. */
bool exchange_is_marked(const Exchange *exchange);
/* True when it is over; then what N_RESPONSE says, borrowed. */
bool exchange_is_done(const Exchange *exchange, const char **code, const char **text, const char **json);
/* When exchange_turn has something to do at the latest; ms, monotonic. */
gint64 exchange_deadline(const Exchange *exchange);

#endif
