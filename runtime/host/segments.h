/* SPDX-License-Identifier: MIT */
/*
 * Segments: groups of contacts that perigee.lua describes (`segments`). Nobody is put into one; who belongs to it is found each time.
 * A segment is an object whose members must all hold: lists of texts of which any will do (label, stage, channel, country, locale,
 * timezone, company, owner), their opposites (not_label, not_stage, not_channel), fields {NAME: [values]}, answered (have they ever
 * written to us), silent_for and unwritten_for (they have not written to us, or we not to them, for so long, or never).
 */
#ifndef PERIGEE_SEGMENTS_H
#define PERIGEE_SEGMENTS_H

#include "host/host.h"

#define SEGMENTS_ERROR (segments_error_quark())
GQuark segments_error_quark(void);
typedef enum { SEGMENTS_ERROR_UNKNOWN, SEGMENTS_ERROR_INVALID } SegmentsError;

/* Is it a segment that can be asked for? */
bool segments_check(const json_t *segment, GError **error);
/* Its members' ids, sorted, appended to ids (which frees with g_free). An unknown name is an error that says which there are. */
bool segments_ids(Host *host, const char *name, GPtrArray *ids, GError **error);

#endif
