/* SPDX-License-Identifier: MIT */
/*
 * Unsubscribing by a link (RFC 8058): `public_url`/u/TOKEN, whose random part is that of the message's Message-ID (token.h). It can't be
 * guessed by who knows the Message-ID, and holds for as long as the ledger has the message.
 */
#ifndef PERIGEE_UNSUBSCRIBE_H
#define PERIGEE_UNSUBSCRIBE_H

#include "host/follow.h"

/* Do messages of this purpose carry a way out in their headers? */
bool unsubscribe_offered(const char *purpose);
/* As follow_link; act: unsubscribes the contact, as a mail of theirs that asks for it does. */
void unsubscribe_follow(Host *host, const char *token, bool act, Followed *who);

#endif
