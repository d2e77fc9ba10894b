/* SPDX-License-Identifier: MIT */
/*
 * The send log, WORKSPACE/run/send.log: what is known of messages that left, when the processes that knew are gone.
 *
 *   mark MESSAGE-ID BOOT                         written before the final dot: from here on it may have been sent
 *   answer MESSAGE-ID CODE ENHANCED TEXT         what the server said to it; ENHANCED is "-" if there was none
 *
 * One record is one line and one write() to a file opened O_APPEND, so senders of several accounts may share it and a
 * kill leaves whole lines; it outlives processes, not power cuts (nothing is synced: after one, all that was handed
 * over is in doubt anyway). The last record of a message counts: a mark after an answer is a new attempt. A line
 * without its end was torn and is ignored.
 */
#ifndef PERIGEE_SENDLOG_H
#define PERIGEE_SENDLOG_H

#include <glib.h>
#include <stdbool.h>

#include "base/proto.h"

#define SENDLOG_ERROR (sendlog_error_quark())
GQuark sendlog_error_quark(void);
typedef enum { SENDLOG_ERROR_IO, SENDLOG_ERROR_FULL } SendlogError;

typedef struct Sendlog Sendlog;

/* Opens for appending; makes the file (mode 0600) and its folder if they are missing, and ends a torn last line. */
Sendlog *sendlog_open(const char *path, GError **error);
void sendlog_free(Sendlog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sendlog, sendlog_free)
int sendlog_fd(const Sendlog *log);
/* Message-IDs without < and > (message_id_plain). Unless it is true, the final dot must not be sent. */
bool sendlog_mark(Sendlog *log, const char *message_id, GError **error);
bool sendlog_answer(Sendlog *log, const char *message_id, unsigned code, const char *enhanced, const char *text, GError **error);

/* What the log says of one message. */
typedef struct Settled {
	SettledState state;
	unsigned code;
	char *enhanced; /* "" if none */
	char *text;
} Settled;
/* Reads the whole log: a table from Message-ID (char *) to Settled *, for those in ids (a set) only; NULL: all. */
GHashTable *sendlog_read(const char *path, GHashTable *ids, GError **error);
/* Rewrites the log with the records of these ids (a set) alone. No sender may be running. */
bool sendlog_trim(const char *path, GHashTable *keep, GError **error);

#endif
