/* SPDX-License-Identifier: MIT */
/*
 * Mailboxes: how far the folders of an account (inbox and Sent) have been read. Takes what the account's reader (a child of
 * net) says, gives each mail to a worker, and records results strictly in the order the mails came, each with the
 * folder's position in one transaction: a position is stored only when every mail before it is. What was not
 * committed is read again.
 *
 * A read (N_READ) that succeeds moves mailboxes.read_until to the host time at which it was asked for: everything that came
 * before that has been recorded.
 */
#ifndef PERIGEE_MAILBOX_H
#define PERIGEE_MAILBOX_H

#include "host/host.h"

typedef struct Mailbox Mailbox;

Mailbox *mailbox_new(Host *host, const char *account);
void mailbox_free(Mailbox *mailbox);

/* A reader has been started: tells it how far the folders have been read (N_WATCH), and asks for a first read. peer is
 * borrowed until mailbox_end. */
void mailbox_begin(Mailbox *mailbox, Peer *peer);
/* The reader is gone; what it had said and is not recorded is forgotten (its successor says it again). */
void mailbox_end(Mailbox *mailbox);
/* N_MAIL, N_MAILBOX, N_PASSED. False: the reader is out of step. */
bool mailbox_frame(Mailbox *mailbox, Frame *frame);
/* Asks for a read that begins from now on: one is under way at a time, and one more remembered. */
void mailbox_read(Mailbox *mailbox);
/* The connection has come back: what was not read meanwhile is read now. */
void mailbox_recovered(Mailbox *mailbox);
/* Each turn; now is monotonic µs. Gives the next moment at which it wants to be called. */
gint64 mailbox_turn(Mailbox *mailbox, gint64 now);

/* Is a read under way, or a mail that is not recorded yet? */
bool mailbox_busy(const Mailbox *mailbox);
/* So many mails wait to be understood that no more should be taken now. */
bool mailbox_full(const Mailbox *mailbox);
/* Something could not be recorded, or the reader has stopped answering: the reader must be started again. */
bool mailbox_lost(const Mailbox *mailbox);
/* When a read last succeeded (monotonic µs; at first: when it was made). */
gint64 mailbox_read_at(const Mailbox *mailbox);

#endif
