/* SPDX-License-Identifier: MIT */
/*
 * Stories: what happened in the world of a test, as far as a failed expectation is to be understood by it. Told as a timeline in the
 * words of sim, in which "+" is what was not expected and "-" what was missed, where it was expected.
 */
#ifndef PERIGEE_STORY_H
#define PERIGEE_STORY_H

#include "cli/command.h"

typedef struct Story Story;

/* cli: outlives it. */
Story *story_new(Cli *cli);
void story_free(Story *story);
/* An event of the world's host at this time. Takes it. */
void story_happened(Story *story, Time at, json_t *event);
/* The test makes something happen: what comes now is of interest until it has looked again. */
void story_moves(Story *story);
/* The test looks at what it expects, by whatever call. */
void story_looks(Story *story);
/* A look at the events (sent, or request with what it asked for) that no look has taken: takes and gives those that match a filter;
 * of sent ones all without members, else the first alone, so that a second one of the kind does not pass unseen. */
json_t *story_take(Story *story, const char *event, const json_t *filter);
/* text is looked for inside, a url may end in *, of json, form and headers the members given count, secret is one of the secrets;
 * every other member must be equal. */
bool story_matches(const json_t *item, const json_t *filter);
/* An expectation failed: {"expected": "sent", "nothing", "request", "no request", "task", "no task", "broadcast", "outcome" or "value", "wanted": filter or outcome}. run: the one that
 * was enrolled last. The story is made while the world still stands. */
void story_missed(Story *story, Host *host, const json_t *missed, int64_t run);
/* Prints it, each line after indent; nothing if no expectation failed or nothing happened. */
void story_print(const Story *story, const char *indent);
/* The same as [{"mark","at","contact","text","notes"}]; NULL where there is none. */
json_t *story_json(const Story *story);

#endif
