/* SPDX-License-Identifier: MIT */
/*
 * Forgetting: what other runs have read, logged and stored of people who are erased. Their addresses, ids and names stand in the
 * table `forgetting` until a walk over those tables has ended; a slice of the walk is a short piece of work.
 */
#ifndef PERIGEE_FORGET_H
#define PERIGEE_FORGET_H

#include "host/host.h"

/* The words by which this contact is known join the table. */
void forget_add(Host *host, const char *contact);

typedef struct Forget Forget;
/* A walk for all words of the table; NULL: there are none. */
Forget *forget_new(Host *host);
void forget_free(Forget *forget);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Forget, forget_free)
/* Looks at so many rows more. False: that was all, and the table is empty again. */
bool forget_slice(Forget *forget, int rows);
/* Entries in journals of live runs that name one of them: those are needed, and go when the run's journal does. */
int forget_kept(const Forget *forget);

#endif
