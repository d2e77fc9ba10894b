/* SPDX-License-Identifier: MIT */
/*
 * Codes: the short names of all that a person may be told: rules, gates, answers, states, outcomes, mistakes. Each has a section in
 * docs/codes.md, which `perigee explain` prints; tests/c/codes_test.c compares the two.
 */
#ifndef PERIGEE_CODES_H
#define PERIGEE_CODES_H

#include <glib.h>

/* What a call gives a script as its third result when the world says no (DESIGN.md section 6). */
#define CODES_RESULTS(X) \
	X("refused") X("bounced") X("unreachable") X("timeout") X("auth") X("invalid") X("limit") X("unknown") X("closed")
/* What the host writes as the outcome of a run; a script may return any other text. */
#define CODES_OUTCOMES(X) \
	X("done") X("replied") X("answered elsewhere") X("taken over") X("unsubscribed") X("refused") X("bounced") X("stopped")
/* Why a run failed, where it was no mistake that has a name of its own. */
#define CODES_FAILURES(X) X("error") X("limit") X("memory") X("crashed") X("diverged")
/* Why check finds fault with something else than a script. */
#define CODES_FAULTS(X) \
	X("bad-template") X("missing-field") X("missing-personal-field") X("missing-subject") X("missing-attachment") X("missing-language") \
	X("missing-file") X("dead-link") X("too-long-for-channel") X("many-sms-parts") X("quoted-value") X("bad-workspace") X("bad-row") X("name-taken") X("too-large")

/* The groups, in the order in which they are shown. */
typedef enum {
	CODES_OF_RULES,    /* the rules of policy */
	CODES_OF_GATES,    /* what `why` shows beside them */
	CODES_OF_ANSWERS,  /* what a rule or gate says */
	CODES_OF_RESULTS,
	CODES_OF_RUNS,     /* states of a run */
	CODES_OF_OUTCOMES,
	CODES_OF_MESSAGES, /* states of a message */
	CODES_OF_FAILURES,
	CODES_OF_MISTAKES, /* in scripts: check finds them, or the line raises when it is run */
	CODES_OF_FAULTS,
	CODES_GROUPS
} CodeGroup;

/* The heading of a group in docs/codes.md (static). */
const char *codes_title(CodeGroup group);
/* The nth code of a group (static); NULL behind the last. */
const char *codes_name(CodeGroup group, guint n);

/* This code of a group, as a static text; NULL if it has none. */
const char *codes_find(CodeGroup group, const char *code);

/* The mistake that this sentence is about (static), or NULL. Sentences of misuse come from the stdlib, the worker and the host, and from
 * the older versions of the stdlib that runs keep, so it is told by its words. */
const char *codes_of_mistake(const char *sentence);
/* The code of a failed run: its mistake, if its error is one that has a name, else `code` as it is. */
const char *codes_of_failure(const char *code, const char *sentence);

#endif
