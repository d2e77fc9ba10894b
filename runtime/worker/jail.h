/* SPDX-License-Identifier: MIT */
/*
 * The jail of a worker: after it the process can read and write its one socket, use memory and its own clocks, and
 * nothing else; it opens no file, makes no socket, starts no process. It is the boundary against hostile scripts:
 * Lua's own library is not memory-safe (docs/architecture.md). It holds for root as for everybody.
 */
#ifndef PERIGEE_JAIL_H
#define PERIGEE_JAIL_H

#include <glib.h>
#include <stdbool.h>

typedef struct Jail Jail;

/* Prepares the filter, once, in the zygote. NULL with an error where the kernel or library can't. */
Jail *jail_new(GError **error);
void jail_free(Jail *jail);
/* Does landlock stand behind the filter? */
bool jail_landlock(const Jail *jail);
/* In the zygote, once everything is open: root becomes uid 65534 in an empty folder as its root. Where that can't be had (a
 * container without that user), or there is no root to give up, nothing happens. NULL, or what is still root's. */
const char *jail_shed(void);
/*
 * Closes all descriptors but fd, which becomes `at`, and locks the process in. False: the process is not jailed and
 * must not serve; errors can't be shown any more then.
 */
bool jail_enter(const Jail *jail, int fd, int at);

#endif
