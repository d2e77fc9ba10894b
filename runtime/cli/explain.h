/* SPDX-License-Identifier: MIT */
/* What codes mean and what modules have, in words for people (docs/codes.md, docs/library.md). */
#ifndef PERIGEE_EXPLAIN_H
#define PERIGEE_EXPLAIN_H

#include "cli/command.h"
#include "host/codes.h"

/* Every section of docs/codes.md in its order; the group is CODES_GROUPS where the program has none of that title. */
void explain_each(void (*see)(void *user, CodeGroup group, const char *code, const char *text), void *user);
/* On a terminal: the line that says where more about a code is found; a command calls it once, at its end. NULL: nothing. */
void explain_hint(Cli *cli, const char *code);

#endif
