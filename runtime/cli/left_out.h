/* SPDX-License-Identifier: MIT */
/*
 * Scripts that the world of a test is without, for they have faults: a test that waits for what one of them would do is to fail by that
 * fault, not by what did not happen.
 */
#ifndef PERIGEE_LEFT_OUT_H
#define PERIGEE_LEFT_OUT_H

#include "host/host.h"

typedef struct LeftOut LeftOut;

LeftOut *left_out_new(void);
void left_out_free(LeftOut *left);
/* The script of this file could not be entered; text: why, FILE:LINE. */
void left_out_add(LeftOut *left, const char *path, const char *text);
/* Something that no script in the world took, by the event that tells so (`untaken`), or a request to a hook that is not there. */
void left_out_untaken(LeftOut *left, const json_t *event);
void left_out_no_hook(LeftOut *left, const char *hook);
/* Why: the fault of a script that would have taken one of these things, which are forgotten by that. Of a script whose declarations
 * can't be had (it can't be read) its text decides: it names the event, and starts_on. NULL: none. Caller frees. */
char *left_out_fault(LeftOut *left, Host *host);
/* The texts that were added, in order, borrowed; NULL: no more. */
const char *left_out_text(const LeftOut *left, guint i);

#endif
