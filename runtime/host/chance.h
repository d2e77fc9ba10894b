/* SPDX-License-Identifier: MIT */
/*
 * Chance: contacts who do things with a probability (sim --replies random).
 *
 *   random                                      the mix below
 *   random:reply=0.3,bounce=0.02,after=1h-5d    what is named, and nothing else
 *   random:intro.reply=0.3,nudge.reply=0.1      a template's own: TEMPLATE.KIND=P comes before KIND=P
 *
 * Of reply, auto_reply, bounce, unsubscribe, complaint and handled a message gets one or none; a click comes beside them, and
 * opt_in to a message that asks for it (confirm_url), and
 * task_done is of each task; so does signal:NAME=P, a signal that comes after a message. Where a sequence starts on events (starts_on), each
 * contact begins within the first two days: they write, in words of their language, or the signal comes. `after` is the range of all delays, drawn evenly; without it they are 1h-5d, and 1m-10m for automatic
 * answers and bounces.
 */
#ifndef PERIGEE_CHANCE_H
#define PERIGEE_CHANCE_H

#include "host/model.h"

/* words: "random" or "random:..."; templates must be the workspace's. NULL with a sentence that shows what is accepted. */
Model *chance_new(Host *host, const char *words, uint64_t seed, GError **error);

#endif
