/* SPDX-License-Identifier: MIT */
/* A child of net: one account, one role, one secret; or the requester, with the secrets of scripts. */
#ifndef PERIGEE_CHILD_H
#define PERIGEE_CHILD_H

#include "net/account.h"
#include "net/sendlog.h"
#include "net/vault.h"

typedef struct ChildPlan {
	const Account *account;
	Vault *vault;     /* the parent's, to be forgotten; may be NULL */
	Sendlog *log;
	int socket;       /* its end of the socketpair */
	int locks[2];     /* descriptors to keep (the workspace's lock, net's own), or -1 */
} ChildPlan;

/* Called after fork in the child; ends the process. */
void child_run(const ChildPlan *plan) G_GNUC_NORETURN;

#endif
