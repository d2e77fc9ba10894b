/* SPDX-License-Identifier: MIT */
/* The journal: the ordered effects of a run with their answers; the truth about that run. */
#ifndef PERIGEE_JOURNAL_H
#define PERIGEE_JOURNAL_H

#include "host/runs.h"

/* Entries that are answered; they are the first ones. */
int64_t journal_answered(Host *host, int64_t run);
/* Writes the answered entries into the frame being built: u32 n, then n × (kind, args, answer, answered). Returns n. */
int64_t journal_put(Host *host, int64_t run, Peer *peer);
/* Adds an entry. answer NULL: it is pending, until deadline (TIME_NEVER: no end). Returns the time it was answered or asked. */
Time journal_add(Host *host, int64_t run, int64_t position, const char *kind, const char *args, const char *answer, Time deadline, const char *place);
/* Adds the contact's changes to the newest answer, which no script has seen yet. Takes changes. */
void journal_show_changes(Host *host, int64_t run, json_t *changes);
/* Do two effects match for a move: the same kind, touching the same thing (DESIGN.md section 4)? */
bool journal_similar(const char *kind, const char *args, const char *other_kind, const char *other_args);
/* The pending entry gets other arguments, and a wait its new deadline, counted from when it was asked. Returns that deadline. */
Time journal_change_pending(Host *host, const Run *run, int64_t position, const char *kind, const char *args, Time asked_at);

#endif
