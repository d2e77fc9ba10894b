/* SPDX-License-Identifier: MIT */
/*
 * Policy: what no script may ever do without. A table of rules in the order of DESIGN.md section 8; each looks at one
 * case (a message that is about to be handed over, or asked about) and says allow, or why not.
 */
#ifndef PERIGEE_POLICY_H
#define PERIGEE_POLICY_H

#include "host/host.h"

typedef enum { POLICY_ALLOW, POLICY_DEFER, POLICY_REFUSE, POLICY_WITHDRAW, POLICY_HAND } PolicyAnswer;
const char *policy_answer_name(PolicyAnswer answer); /* "allow", "defer", ... */

typedef struct PolicyCase {
	const char *contact;  /* id */
	const char *channel;
	const char *address;  /* NULL: the contact has none on this channel */
	const Account *account; /* NULL: none configured */
	const char *purpose;  /* ask, answer, service, news; NULL: not known yet (can) */
	int64_t run;          /* 0: none (a question of `why` or `can`, a test message) */
	const char *sequence; /* NULL without a run */
	bool follow_up;       /* the run has written before */
	Time wait_ended_at;   /* the end of the run's last wait; 0: none */
	int64_t seen_event;   /* the last reply event the run has been given */
	bool asking;          /* can/why: mere delays do not matter to can */
	const char *topic;    /* the sequence's; NULL: none */
	int64_t message;      /* the message itself, which no rule counts; 0: none yet */
	/* What the template says of itself. */
	bool approved;        /* a vendor has approved it */
	bool impersonal;      /* personal: no */
	/* After rendering; NULL before, when the rules that look at it let pass. */
	const char *text;
	int files;            /* attachments */
	bool only_text;       /* the other rules let it pass, and nothing has changed since: personal and form alone are asked */
} PolicyCase;

typedef struct Verdict {
	PolicyAnswer answer;
	const char *rule; /* static; NULL when allowed */
	char *reason;     /* a sentence for people; verdict_clear frees */
	Time until;       /* DEFER: when to look again; TIME_NEVER: only when something changes */
} Verdict;
void verdict_clear(Verdict *verdict);

/* The first closed gate, in order; HAND only if no other gate is closed. A case that is asking passes over mere delays. The purpose
 * "answer" is one only within 7 days of their last message; else it is taken for an ask. */
Verdict policy_check(Host *host, const PolicyCase *c);
/* The name of the nth rule, in their order (static); NULL behind the last. */
const char *policy_rule_name(unsigned n);
/* For what many will read: no contact, no address. Of the rules account, account_cap, account_rate, warmup, hours (the workspace's own), form,
 * breaker and paused the first that is closed; one that is asking passes over mere delays. */
Verdict policy_check_broadcast(Host *host, const PolicyCase *c);
/* For an address that is written to beside the contact's own (a copy): the rule `suppressed`, by it and by the
 * contacts who have it, and their `consent`. A copy counts for no limit (asks_per_week, max_channels). */
Verdict policy_check_copy(Host *host, const char *channel, const char *address);
/* Every gate in order, for `why`; verdict->rule is its name, open or not. The verdict stays the caller's. */
typedef void (*PolicySee)(void *user, const char *rule, const Verdict *verdict);
void policy_each(Host *host, const PolicyCase *c, PolicySee see, void *user);

/* The purpose a case has in fact (static), which messages.purpose keeps: an "answer" to nobody's message is an ask. */
const char *policy_purpose(Host *host, const PolicyCase *c);
/* An address as messages.identity has it: "channel:norm", or as it was written if it has no compared form. NULL for none. Caller frees. */
char *policy_identity(const char *channel, const char *address);
/* What a text says to this contact, names, addresses and our own links aside: a keyed hash of 64 hex digits, which messages.likeness keeps of
 * each ask that is handed over. The key is drawn if there is none yet, so this may write. Caller frees. */
char *policy_likeness(Host *host, const char *contact, const char *text);
/* A message of a run was refused: what the rule asks for instead is opened, once per run. For two_then_call that is a task to call them. */
void policy_refused(Host *host, const PolicyCase *c, const Verdict *verdict);

/* A server was asked to take a message of the account and did not, so it does not count as sent: the account's pace goes by it all the same. */
void policy_tried(Host *host, const char *account, int64_t message, Time at);

/* Pauses: scope is all (name ""), account, sequence or contact. Nothing leaves until `until` (TIME_NEVER: until a person resumes
 * it); of two on the same the later word counts. Resuming makes the messages that waited for it due now; false: it was not paused. */
void policy_pause(Host *host, const char *scope, const char *name, Time until);
bool policy_resume(Host *host, const char *scope, const char *name);
/* Those that hold now, by scope (all, account, contact, sequence) and name. until: TIME_NEVER, or its end; since: when it was said. */
typedef void (*PolicySeePause)(void *user, const char *scope, const char *name, Time until, Time since);
void policy_pauses(Host *host, PolicySeePause see, void *user);

/* Suppression. channel "*" is the person on all channels. The hash is keyed with a key of this database (meta). */
void policy_suppress_identity(Host *host, const char *channel, const char *address, const char *reason, const char *contact);
void policy_suppress_person(Host *host, const char *contact, const char *reason);
/* Is this address suppressed, on this channel or on all, whoever has it? */
bool policy_suppressed(Host *host, const char *channel, const char *address);
/* Has this person opted out, complained or been erased? */
bool policy_left(Host *host, const char *contact);

#endif
