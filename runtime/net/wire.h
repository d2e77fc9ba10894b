/* SPDX-License-Identifier: MIT */
/*
 * A connection to a mail server. libcurl resolves, connects, negotiates TLS (implicit or STARTTLS, certificates always
 * verified) and signs in by SASL; after that the bytes are ours (CURLOPT_CONNECT_ONLY).
 *
 * Every wait ends early with WIRE_ERROR_ABORTED when the watched descriptor (the host's socket) reaches its end of
 * file, so that no child outlives its host inside a time-out.
 */
#ifndef PERIGEE_WIRE_H
#define PERIGEE_WIRE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/account.h"

#define WIRE_ERROR (wire_error_quark())
GQuark wire_error_quark(void);
/* The names are the codes of N_HEALTH. */
#define WIRE_ERRORS(X) \
	X(CONFIG, "config") X(DNS, "dns") X(CONNECT, "connect") X(TLS, "tls") X(CERTIFICATE, "certificate") \
	X(AUTH, "auth") X(REFUSED, "refused") X(TIMEOUT, "timeout") X(CLOSED, "closed") X(ABORTED, "aborted") \
	X(PROTOCOL, "protocol")
typedef enum {
#define X(name, text) WIRE_ERROR_##name,
	WIRE_ERRORS(X)
#undef X
} WireError;
const char *wire_error_name(int code);

typedef struct Wire Wire;

/* Connects and signs in, within timeout_ms. watch: the descriptor whose end aborts all waits, or -1.
 * reply: if not NULL, the last code the server gave (0 if none), also on failure. */
Wire *wire_connect(const Account *account, int watch, int timeout_ms, unsigned *reply, GError **error);
/* Closes at once, without a word to the server. NULL is allowed. */
void wire_free(Wire *wire);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wire, wire_free)
int wire_fd(const Wire *wire);
/* When the server's certificate ends, in seconds since 1970; 0: there is none, or it can't be told. */
gint64 wire_certificate_ends(const Wire *wire);
/* From now on this descriptor is watched instead (-1: none). */
void wire_watch(Wire *wire, int watch);
/* Sends all of it; timeout_ms is the longest time without progress. */
bool wire_send(Wire *wire, const void *bytes, size_t size, int timeout_ms, GError **error);
/* What is there now, appended to out; false only if the connection is at its end or broken. What TLS holds back is
 * always fetched too, so poll on wire_fd is sound after it. */
bool wire_receive(Wire *wire, GString *out, GError **error);
/* Waits until there is something to receive; false with error unset when timeout_ms is over. */
bool wire_wait(Wire *wire, int timeout_ms, GError **error);

#endif
