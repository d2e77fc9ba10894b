/* SPDX-License-Identifier: MIT */
/* Findings: the rows of `perigee doctor`, as roles tell them of themselves (F_CHECKED in proto.h). */
#ifndef PERIGEE_FINDING_H
#define PERIGEE_FINDING_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* warn: it works, with less behind it than it could have; fail: what was promised does not hold; unknown: it could not be looked at. */
#define FINDING_STATES(X) X(OK, "ok") X(WARN, "warn") X(FAIL, "fail") X(UNKNOWN, "unknown")
typedef enum {
#define X(name, text) FINDING_##name,
	FINDING_STATES(X)
#undef X
} FindingState;

const char *finding_word(FindingState state);
/* FAIL if the word is none. */
FindingState finding_state(const char *word);
/* Appends {"name","state","text"} to rows. The text says what is so, and if it is not ok what to do. */
void finding_add(json_t *rows, const char *name, FindingState state, const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
