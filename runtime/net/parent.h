/* SPDX-License-Identifier: MIT */
/* The parent of net: it forks the keeper, who holds the master key, and a child per account, and answers from the send log. It
 * sees no secret itself. */
#ifndef PERIGEE_PARENT_H
#define PERIGEE_PARENT_H

/* Serves the host on FORK_SERVER_FD until its end of file, and until the children have ended (bounded).
 * key_file may be NULL. Gives the exit status. */
int parent_run(const char *workspace, const char *key_file);

#endif
