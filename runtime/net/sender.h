/* SPDX-License-Identifier: MIT */
/*
 * The life of a sender: one account's SMTP connection, and the messages the host hands over for it (N_SEND, proto.h).
 *
 * A message is never sent twice by it and never said to be unsent when it may have been: the mark stands in the send log before
 * the final dot leaves, and a connection lost after that is AMBIGUOUS, lost before it is not. Trouble with the connection
 * or the sign-in gives TEMPORARY, AUTH or CONFIG with code 0 or the server's, and the message belongs to the queue again.
 * A message whose connection, kept from earlier messages, ends under it before the mark is tried once on a new one.
 * The first recipient is the one the message is for: if the server refuses it the message is not sent; other recipients
 * that are refused are named in the text of an accepted message.
 * After trouble the next attempt waits 1, 2, 4 ... 60 seconds; messages handed over meanwhile wait with it.
 */
#ifndef PERIGEE_SENDER_H
#define PERIGEE_SENDER_H

#include "base/frame.h"
#include "net/account.h"
#include "net/sendlog.h"

/* Returns when the host's socket is at its end and the message in flight, if one is marked, has its answer in the log
 * (or 30 s are over). */
void sender_run(const Account *account, Peer *host, Sendlog *log);

#endif
