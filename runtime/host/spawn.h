/* SPDX-License-Identifier: MIT */
/* Starting the fork servers: the worker zygote and net's parent. */
#ifndef PERIGEE_SPAWN_H
#define PERIGEE_SPAWN_H

#include "base/frame.h"

/* Runs argv[0] with one end of a new socketpair as descriptor 3 (FORK_SERVER_FD), stdin from /dev/null unless it is a terminal, and, if keep_fd >= 0, that
 * descriptor inherited under its own number. env: NULL for the host's own. Gives the other end. */
Peer *spawn_role(const char *const *argv, const char *const *env, int keep_fd, pid_t *pid, GError **error);

#endif
