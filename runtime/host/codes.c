/* SPDX-License-Identifier: MIT */
/* The tables of codes: see codes.h. */
#include "host/codes.h"

#include "host/policy.h"
#include "host/views.h"
#include "host/why.h"

#include <stdbool.h>
#include <string.h>

#define X(word) word,
static const char *const results[] = { CODES_RESULTS(X) NULL };
static const char *const outcomes[] = { CODES_OUTCOMES(X) NULL };
static const char *const failures[] = { CODES_FAILURES(X) NULL };
static const char *const faults[] = { CODES_FAULTS(X) NULL };
#undef X

/* A mistake and what its sentences look like (`*` is any text); the first that fits counts. Without a pattern: check alone finds it. */
static const struct {
	const char *name, *pattern;
} mistakes[] = {
	{ "unknown-global", "*unknown global '*" },
	{ "missing-module", "*there is no module '*" },
	{ "missing-module", "*the library has no module '*" },
	{ "missing-module", "*requires itself" },
	{ "unknown-key", "*unknown key '*" },
	{ "missing-key", "*: '*' is missing" },
	{ "needs-colon", "*call it with a colon: *" },
	{ "unknown-attribute", "*a contact has no attribute '*" },
	{ "unknown-attribute", "*a job has no attribute '*" },
	{ "unknown-call", "*there is no perigee.*" },
	{ "unknown-call", "*there is no t:*" },
	{ "unknown-call", "*attempt to call a nil value (field '*" },
	{ "unknown-call", "*attempt to call a nil value (method '*" },
	{ "undeclared-need", "*is not in needs*" },
	{ "undeclared-need", "*this needs * in the needs of *" },
	{ "unused-need", NULL },
	{ "job-writes", "*a job enrols; sequences write" },
	{ "job-writes", "*a hook signals; sequences write*" },
	{ "read-only", "*can't be assigned*" },
	{ "read-only", "*only a person changes *" },
	{ "read-only", "*a script may not set it" },
	{ "read-only", "*the id of a contact can't be changed" },
	{ "unknown-channel", "*there is no channel ?*" },
	{ "missing-template", "*no template *" },
	{ "missing-var", NULL },
	{ "unknown-sequence", "no sequence \"*" },
	{ "unknown-stage", "*unknown stage '*" },
	{ "unknown-segment", "*there is no segment *" },
	{ "unknown-account", "*perigee.lua has no account *" },
	{ "unknown-signal", NULL },
	{ "unknown-event", "contact:wait: '*' is not known*" },
	{ "unknown-event", "perigee.sequence.starts_on: '*' is not known*" },
	{ "unknown-event", "wait: there is no event *" },
	{ "unknown-word", "*' is not known*" },
	{ "bad-duration", "*a duration is needed*" },
	{ "bad-duration", "*a duration is missing*" },
	{ "bad-duration", "*a duration can't be negative*" },
	{ "bad-duration", "*write \"90s\", *" },
	{ "bad-duration", "*write \"+2 business days\"*" },
	{ "bad-duration", "*say how long, such as*" },
	{ "bad-duration", "*say until when, such as*" },
	{ "bad-schedule", "*write cron (*" },
	{ "bad-name", "*is no name*" },
	{ "bad-name", "*with a name of a-z, 0-9, *" },
	{ "wrong-type", "* is needed*" },
	{ "wrong-type", "*bad argument #*" },
	{ "too-long", "*longer than * bytes*" },
	{ "too-long", "*one line of at most * bytes" },
	{ "no-script", "*a script ends with: return perigee.*" },
	{ "no-script", "*the file holds no test*" },
	{ "bad-outcome", "*run returns its outcome as a text*" },
	{ "top-level", "*only run(...) can act*" },
	{ "top-level", "*known only in run(...)*" },
	{ "bad-url", "perigee.http: url: *" },
	{ "syntax", "* near ?*" },
	{ "syntax", "*no visible label *" },
	{ "syntax", "*break outside a loop*" },
	{ "syntax", "*attempt to assign to const variable*" },
};

static const char *const titles[CODES_GROUPS] = {
	[CODES_OF_RULES] = "Rules", [CODES_OF_GATES] = "Gates beside the rules", [CODES_OF_ANSWERS] = "What a gate answers",
	[CODES_OF_RESULTS] = "What a call answers when the world says no", [CODES_OF_RUNS] = "States of a run",
	[CODES_OF_OUTCOMES] = "How a run ended", [CODES_OF_MESSAGES] = "States of a message", [CODES_OF_FAILURES] = "Why a run failed",
	[CODES_OF_MISTAKES] = "Mistakes in scripts", [CODES_OF_FAULTS] = "Faults of templates, files and perigee.lua",
};

const char *codes_title(CodeGroup group)
{
	return titles[group];
}

static const char *nth(const char *const *words, guint n)
{
	return n < g_strv_length((char **)words) ? words[n] : NULL;
}

/* "live" stands for three of them where runs are listed, and is none itself. */
static const char *nth_state(guint n)
{
	const char *state = nth(views_run_states, n);
	return state && strcmp(state, "live") != 0 ? state : NULL;
}

/* Each mistake once, in the order of the table. */
static const char *nth_mistake(guint n)
{
	for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
		if (i > 0 && strcmp(mistakes[i].name, mistakes[i - 1].name) == 0)
			continue;
		if (n-- == 0)
			return mistakes[i].name;
	}
	return NULL;
}

const char *codes_name(CodeGroup group, guint n)
{
	switch (group) {
	case CODES_OF_RULES: return policy_rule_name(n);
	case CODES_OF_GATES: return nth(why_gate_names, n);
	case CODES_OF_ANSWERS: return n <= POLICY_HAND ? policy_answer_name((PolicyAnswer)n) : NULL;
	case CODES_OF_RESULTS: return nth(results, n);
	case CODES_OF_RUNS: return nth_state(n);
	case CODES_OF_OUTCOMES: return nth(outcomes, n);
	case CODES_OF_MESSAGES: return nth(views_message_states, n);
	case CODES_OF_FAILURES: return nth(failures, n);
	case CODES_OF_MISTAKES: return nth_mistake(n);
	case CODES_OF_FAULTS: return nth(faults, n);
	default: return NULL;
	}
}

const char *codes_find(CodeGroup group, const char *code)
{
	const char *name = codes_name(group, 0);
	for (guint n = 1; name && g_strcmp0(name, code) != 0; n++)
		name = codes_name(group, n);
	return name;
}

const char *codes_of_mistake(const char *sentence)
{
	for (guint i = 0; sentence && i < G_N_ELEMENTS(mistakes); i++)
		if (mistakes[i].pattern && g_pattern_match_simple(mistakes[i].pattern, sentence))
			return mistakes[i].name;
	return NULL;
}

const char *codes_of_failure(const char *code, const char *sentence)
{
	bool open = !code || strcmp(code, "error") == 0 || strcmp(code, "invalid") == 0;
	const char *mistake = open ? codes_of_mistake(sentence) : NULL;
	return mistake ? mistake : code;
}
