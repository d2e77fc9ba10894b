/* SPDX-License-Identifier: MIT */
/* The journal in short words: what a run asked for, and what it was answered. */
#ifndef PERIGEE_TIMELINE_H
#define PERIGEE_TIMELINE_H

#include "cli/command.h"

/* "send email intro", "wait_reply 3 business days". Caller frees. */
char *timeline_effect(const char *kind, const json_t *args);
/* "sent: Your video", "nothing came", "until 2026-11-26 09:00". entry: as views_journal gives it. Caller frees. */
char *timeline_answer(const Cli *cli, const json_t *entry);

#endif
