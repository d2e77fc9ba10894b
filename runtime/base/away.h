/* SPDX-License-Identifier: MIT */
/*
 * Away: when somebody whose mailbox answers by itself says that they are back. What people wrote is read by the worker alone; the host
 * reads with it what a test, a table or a model lets a pretend contact say.
 */
#ifndef PERIGEE_AWAY_H
#define PERIGEE_AWAY_H

#include <glib.h>

/* The date on which they are back, "YYYY-MM-DD", or NULL if it is not said. text: valid UTF-8, what a person would read; received: when it
 * was sent or came (seconds, 0: unknown), which a date without a year needs. Caller frees. */
char *away_returns(const char *text, gint64 received);

#endif
