/* SPDX-License-Identifier: MIT */
/* The accounts that perigee.lua declares, checked and made into structures. Used by workspace.c alone; others see workspace.h. */
#ifndef PERIGEE_ACCOUNTS_H
#define PERIGEE_ACCOUNTS_H

#include "host/workspace.h"

/* Reads the declared list into workspace->accounts; its allow_addresses are known by then. */
bool accounts_read(Workspace *workspace, const json_t *list, GError **error);
void accounts_free_one(Account *account);
/* What may stand in an envelope and in From without quoting. */
bool accounts_is_mail_address(const char *address);

#endif
