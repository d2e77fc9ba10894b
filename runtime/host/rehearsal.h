/* SPDX-License-Identifier: MIT */
/*
 * A rehearsal: the files of the workspace as if they were entered, to see what would come of it (upgrade --dry-run). Nothing
 * is woken or handed over meanwhile, and at its end every script has the version again that it had.
 */
#ifndef PERIGEE_REHEARSAL_H
#define PERIGEE_REHEARSAL_H

#include "host/host.h"

typedef struct Rehearsal Rehearsal;
/* Enters all scripts; faulty ones are told as in versions_enter_all. */
Rehearsal *rehearsal_begin(Host *host, void (*bad)(void *user, const char *path, const char *text), void *user);
/* Puts everything back and frees it. */
void rehearsal_end(Rehearsal *rehearsal);

#endif
