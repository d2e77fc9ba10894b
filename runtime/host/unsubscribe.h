/* SPDX-License-Identifier: MIT */
/*
 * Unsubscribing by a link (RFC 8058): `public_url`/u/TOKEN. The token is the random part of the message's Message-ID and an HMAC of
 * it, keyed with a key of this database: it says nothing of anybody, can't be guessed by who knows the Message-ID, and holds for as
 * long as the ledger has the message.
 */
#ifndef PERIGEE_UNSUBSCRIBE_H
#define PERIGEE_UNSUBSCRIBE_H

#include "host/host.h"

/* Do messages of this purpose carry a way out in their headers? */
bool unsubscribe_offered(const char *purpose);
/* public_url as links begin with it, without a "/" at its end; NULL if there is none, or none that may stand in a mail: it must be https, but
 * for loopback addresses and those of allow_addresses, and have no query. error (may be NULL) is set for a public_url that is not usable. */
char *unsubscribe_base(const Workspace *workspace, GError **error);
/* The link of a message; NULL where there is no base. Caller frees. */
char *unsubscribe_url(Host *host, const char *message_id);
/* What a preview shows in its place; NULL where there is no base. Caller frees. */
char *unsubscribe_example(const Host *host);

/* Whose link it is, for the page. Texts are "" where nothing is known. */
typedef struct Unsubscribed {
	UnsubscribeState state;
	char *from;    /* our name */
	char *address; /* theirs, masked: "a***@example.com" */
	char *locale;
} Unsubscribed;
void unsubscribed_clear(Unsubscribed *who);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Unsubscribed, unsubscribed_clear)

/* Looks a token up, in constant time for wrong ones; act: unsubscribes the contact, as a mail of theirs that asks for it does. What
 * is done stands in the open transaction. The message of a test to oneself is done without doing anything. */
void unsubscribe_follow(Host *host, const char *token, bool act, Unsubscribed *who);

#endif
