/* SPDX-License-Identifier: MIT */
/*
 * The port that web listens on: "127.0.0.1:8085", "[::1]:8085", "localhost:8085", or ":8085" for every address of the machine.
 * Port 0 takes one that is free.
 */
#ifndef PERIGEE_LISTEN_H
#define PERIGEE_LISTEN_H

#include <glib.h>

#define LISTEN_ERROR (listen_error_quark())
GQuark listen_error_quark(void);
typedef enum { LISTEN_ERROR_INVALID, LISTEN_ERROR_TAKEN, LISTEN_ERROR_FAILED } ListenError;

/* A listening, non-blocking socket, -1 with a sentence. bound: the address it got, as one would write it (caller frees). A port that is
 * taken is waited for a few seconds: by the web of a host that was just killed. */
int listen_open(const char *address, char **bound, GError **error);

#endif
