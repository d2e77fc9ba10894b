/* SPDX-License-Identifier: MIT */
/*
 * History: what a contact and we have written to each other, as contact:messages gives it to scripts: newest first, what was sent
 * (not what waits or was refused) and what was received, on all channels.
 */
#ifndef PERIGEE_HISTORY_H
#define PERIGEE_HISTORY_H

#include "host/host.h"

#define HISTORY_ERROR (history_error_quark())
GQuark history_error_quark(void);
typedef enum { HISTORY_ERROR_INVALID } HistoryError;

enum {
	HISTORY_MOST = 200,       /* messages of one answer */
	HISTORY_TEXT_BYTES = 600, /* of each received text: an answer is journaled */
};

/* options: {limit (1 to HISTORY_MOST; 50), channel, direction: "in" or "out"}. A list of {direction, channel, at (seconds), kind, by, template,
 * purpose, subject, text}: kind of what came (reply, auto_reply, ...); by "script" or "person" of what we sent; members without a value are
 * absent. The caller owns it. */
json_t *history_messages(Host *host, const char *contact, const json_t *options, GError **error);

#endif
