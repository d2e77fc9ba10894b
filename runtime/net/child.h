/* SPDX-License-Identifier: MIT */
/* A child of net: one account, one role, one secret (and the keys that sign its mail); or the requester, with the secrets of scripts. */
#ifndef PERIGEE_CHILD_H
#define PERIGEE_CHILD_H

#include "net/account.h"
#include "net/sendlog.h"

typedef struct ChildPlan {
	Account *account; /* without its secrets */
	int secrets;      /* where the keeper tells them (keeper_hear) */
	Sendlog *log;
	int socket;       /* its end of the socketpair */
	int locks[2];     /* descriptors to keep (the workspace's lock, net's own), or -1 */
} ChildPlan;

/* Called after fork in the child; ends the process. */
void child_run(const ChildPlan *plan) G_GNUC_NORETURN;

#endif
