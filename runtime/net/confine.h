/* SPDX-License-Identifier: MIT */
/*
 * The jails of net. Each process of it keeps what its part takes and no more, for good; what a part may not do it can't do
 * even after a mail server, a web server or a mail has taken it over.
 *
 *            network            files                                   processes
 *   keeper   none               reads the vault, the key; /dev/tty      none
 *   parent   as children        writes run/, reads the system's         forks, ends its children
 *   child    to the outside     reads the system's (resolver, CAs)      threads
 *   command  none               reads and writes                        none
 *
 * No part listens, runs a program, makes raw, local or netlink sockets, writes to memory that runs, looks into another
 * process, or signals one that is not its own. The parent, which forks the children, never sees a secret (keeper.h).
 */
#ifndef PERIGEE_NET_CONFINE_H
#define PERIGEE_NET_CONFINE_H

#include <glib.h>
#include <stdbool.h>

typedef enum { CONFINE_KEEPER, CONFINE_PARENT, CONFINE_CHILD, CONFINE_COMMAND } ConfinePart;

/* Locks this process in. workspace and key_file are used by keeper and parent, and may be NULL. False: it is not, or not wholly,
 * locked in; the error says why. */
bool confine(ConfinePart part, const char *workspace, const char *key_file, GError **error);
/* The same; the log is told what could not be done, and it goes on. */
void confine_or_warn(ConfinePart part, const char *workspace, const char *key_file);

#endif
