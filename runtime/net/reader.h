/* SPDX-License-Identifier: MIT */
/*
 * The life of a reader: one account's IMAP connection, its inbox and its Sent folder (N_WATCH, N_READ, N_FIND; proto.h).
 *
 * A pass examines a folder and gives the host every message above the last UID, in order, then N_MAILBOX, also where there
 * was nothing new: it says how far the folder has been read, just now. With another UIDVALIDITY, or for a folder never
 * read, the messages since the day that N_WATCH names are given (again); the host knows them by their Message-ID.
 * Between passes the inbox is watched by IDLE; both folders are passed every minute, or every 30 s where there is no IDLE,
 * which is also the proof that the connection lives.
 *
 * N_PASSED comes for every N_READ, within a minute or so: ok=0 if a folder could not be read, or is not read to its end yet.
 * A pass answers only requests that came before it began. A Sent folder that does not exist is passed over, and said
 * once (N_HEALTH with HEALTH_OK and code "sent_missing"). A message that cannot be fetched in three attempts is passed over, and
 * said (code "message_skipped").
 * After trouble the next attempt waits 1, 2, 4 ... 300 seconds; N_READ and N_FIND are tried at once.
 */
#ifndef PERIGEE_READER_H
#define PERIGEE_READER_H

#include "base/frame.h"
#include "net/account.h"

/* Returns when the host's socket is at its end. */
void reader_run(const Account *account, Peer *host);

#endif
