/* SPDX-License-Identifier: MIT */
/*
 * Links of ours, `public_url`/KIND/TOKEN, that nobody else can make: a token is 26 random characters and an HMAC of them, of what the
 * link is for and of a number, keyed with a key of this database. It says nothing of anybody.
 */
#ifndef PERIGEE_TOKEN_H
#define PERIGEE_TOKEN_H

#include "host/host.h"

enum { TOKEN_RANDOM = 26 }; /* characters of base32: 128 bits, as the random part of a Message-ID (compose.h) */

/* public_url as links begin with it, without a "/" at its end; NULL if there is none, or none that may stand in a mail: it must be https, but
 * for loopback addresses and those of allow_addresses, and have no query. error (may be NULL) is set for a public_url that is not usable. */
char *token_base(const Workspace *workspace, GError **error);
/* "BASE/u/": what links of this kind begin with; NULL where there is no base. Caller frees. */
char *token_prefix(const Workspace *workspace, FollowKind kind);

/* New random characters. Caller frees. */
char *token_random(Host *host);
/* Do the first characters stand for themselves? */
bool token_is_random(const char *text);
/* The token; its random part is that of `random`. Caller frees. */
char *token_make(Host *host, FollowKind kind, const char *random, unsigned number);
/* Those of the numbers 1 to n, as an array. */
json_t *token_list(Host *host, FollowKind kind, const char *random, unsigned n);
/* Is this the token of its own random part, of that kind and number? In constant time for wrong ones of the right form. */
bool token_fits(Host *host, FollowKind kind, const char *token, unsigned number);
/* The whole link of a message's own (number 0), from its Message-ID; NULL where there is no base, or the id is none of ours. Caller frees. */
char *token_url(Host *host, FollowKind kind, const char *message_id);
/* What a preview shows in its place; NULL where there is no base. Caller frees. */
char *token_example(const Workspace *workspace, FollowKind kind);

#endif
