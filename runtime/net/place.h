/* SPDX-License-Identifier: MIT */
/*
 * Where a secret goes in a request. It is bound to one place (perigee secret set --as):
 *
 *   bearer        Authorization: Bearer VALUE
 *   basic         Authorization: Basic base64(VALUE), VALUE being user:password (RFC 7617)
 *   header NAME   NAME: VALUE
 *   path          the URL's path holds {secret} once; VALUE stands there, percent-encoded
 *   query NAME    NAME=VALUE at the end of the query, percent-encoded
 *   hmac          X-Hub-Signature-256: sha256=HEX, the HMAC-SHA256 of the body with VALUE as its key
 *   login         not for requests
 *
 * A script may say the place or leave it to the vault ("" in the request); "header authorization" is right for bearer and
 * basic too. Anything else is refused, as is a host that the secret is not bound to.
 */
#ifndef PERIGEE_PLACE_H
#define PERIGEE_PLACE_H

#include <glib.h>
#include <stdbool.h>

#include "net/keyring.h"
#include "net/request.h"
#include "net/scrub.h"

/* What the secrets of a request make of it; hold it as briefly as can be. */
typedef struct Placed {
	GPtrArray *headers; /* HttpHeader */
	char *target;       /* path and query */
} Placed;

/* May each secret that the request names go to this URL, there? REQUEST_ERROR_REFUSED or _INVALID if not. */
bool place_check(const Request *request, const Url *url, const Keyring *keyring, GError **error);
/* Puts the values in, after place_check, and teaches scrub what must be cut out of the answer. */
void place_put(const Request *request, const Url *url, const Keyring *keyring, Scrub *scrub, Placed *placed);
/* Wipes all copies. */
void place_clear(Placed *placed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Placed, place_clear)

#endif
