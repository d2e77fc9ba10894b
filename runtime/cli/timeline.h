/* SPDX-License-Identifier: MIT */
/* What happened, in short words: the journal of a run (what it asked for, and what it was answered), and what is seen of a simulation. */
#ifndef PERIGEE_TIMELINE_H
#define PERIGEE_TIMELINE_H

#include "cli/command.h"

/* "send email intro", "wait_reply 3 business days". Caller frees. */
char *timeline_effect(const char *kind, const json_t *args);
/* "sent: Your video", "nothing came", "until 2026-11-26 09:00". entry: as views_journal gives it. Caller frees. */
char *timeline_answer(const Cli *cli, const json_t *entry);
/* An event that a Host's see was given: "sent by email: intro \"Hi\"", "answers by email: Yes". Caller frees. */
char *timeline_event(const Cli *cli, const json_t *event);

#endif
