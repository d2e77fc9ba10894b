/* SPDX-License-Identifier: MIT */
/*
 * Which addresses may be spoken to. Public ones always; private ones (loopback, RFC 1918, link-local, and the like)
 * only if the workspace's owner listed them in allow_addresses as HOST:PORT or [V6]:PORT. The check is made on the
 * address that is about to be connected, after name resolution, so a name that resolves inwards gains nothing.
 */
#ifndef PERIGEE_ADDRESS_H
#define PERIGEE_ADDRESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Not a public unicast address (IANA special-purpose registries; v4 addresses inside v6 ones are looked at too). */
bool address_is_private(const struct sockaddr *address);
/* "127.0.0.1:2525" or "[::1]:2525"; the caller frees. */
char *address_text(const struct sockaddr *address);
/* True if the list names this address with its port, or host (as the account's URL has it) with that port. */
bool address_is_listed(char *const *list, const struct sockaddr *address, const char *host);

#endif
