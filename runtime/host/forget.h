/* SPDX-License-Identifier: MIT */
/*
 * Forgetting: what other runs have read, logged and stored of people who are erased, the requests of hooks that concern them, and the words of
 * broadcasts that name them. Their addresses, ids and names stand in the
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
/* A hook's run that concerns them: its request, a step or its log names them. A broadcast: its words do; open: it has not left. */
typedef enum { FORGET_HOOKS, FORGET_BROADCASTS, FORGET_OPEN_BROADCASTS } ForgetKind;
/* The words of one contact, to look with alone; NULL: there are none. */
Forget *forget_words(Host *host, const char *contact);
/* The ids (int64_t) of what names them; the caller frees the array. Reads the database alone. */
GArray *forget_find(const Forget *forget, ForgetKind kind);
/* Entries in journals of live runs that name one of them: those are needed, and go when the run's journal does. */
int forget_kept(const Forget *forget);

#endif
