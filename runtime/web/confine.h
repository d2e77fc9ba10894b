/* SPDX-License-Identifier: MIT */
/*
 * The jail of web, entered once it listens: it accepts connections and speaks on what it has accepted, and to the host. No new
 * socket, no file, no program, no other process; root becomes uid 65534 in an empty folder first.
 */
#ifndef PERIGEE_WEB_CONFINE_H
#define PERIGEE_WEB_CONFINE_H

#include <glib.h>
#include <stdbool.h>

/* False: error says what this machine does not allow; what could be shut is shut. */
bool confine(GError **error);
/* The same; where it can't be had it is said in the log, and the program goes on. */
void confine_or_warn(void);

#endif
