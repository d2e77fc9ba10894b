/* SPDX-License-Identifier: MIT */
/* `net check`: what the jails of net hold, and how the key, the vault and locked memory are, for doctor. */
#ifndef PERIGEE_NET_CHECK_H
#define PERIGEE_NET_CHECK_H

/* Says F_CHECKED (proto.h) on FORK_SERVER_FD. Neither the key nor a value is looked at. workspace may be without a vault;
 * key_file may be NULL. Gives the exit status. */
int check_run(const char *workspace, const char *key_file);

#endif
