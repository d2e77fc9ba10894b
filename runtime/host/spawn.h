/* SPDX-License-Identifier: MIT */
/*
 * Starting the fork servers: the worker zygote and net's parent. The host locks itself in (confine.h), and what it started
 * after that would be locked in with it; so a starter, forked before, starts programs on its behalf. It starts nothing but the
 * roles' own programs, and what it starts are children of the host.
 */
#ifndef PERIGEE_SPAWN_H
#define PERIGEE_SPAWN_H

#include "base/frame.h"

/* Forks the starter, unless there is one: it belongs to the process, as its jail does, and ends with it. */
bool spawn_begin(GError **error);
/* Runs argv[0], a program of host_libexec, with one end of a new socketpair as descriptor 3 (FORK_SERVER_FD), stdin from /dev/null unless it is a
 * terminal, and, if keep_fd > FORK_SERVER_FD, that descriptor inherited under its own number. env: the whole environment, NULL for the host's
 * own; what it has besides the host's own is dropped, but for what roles are told that way. Gives the other end. */
Peer *spawn_role(const char *const *argv, const char *const *env, int keep_fd, pid_t *pid, GError **error);

#endif
