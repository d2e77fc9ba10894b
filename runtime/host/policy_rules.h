/* SPDX-License-Identifier: MIT */
/* The rules of policy, one function each (DESIGN.md section 8). Used by policy.c alone, which holds their order. */
#ifndef PERIGEE_POLICY_RULES_H
#define PERIGEE_POLICY_RULES_H

#include "host/policy.h"

enum {
	PURPOSE_ASK = 1,
	PURPOSE_ANSWER = 2,
	PURPOSE_SERVICE = 4,
	PURPOSE_NEWS = 8,
	PURPOSE_ALL = 15,
	PURPOSE_NO_ANSWER = PURPOSE_ALL & ~PURPOSE_ANSWER,
};

/* One case as the rules see it: what is read of the contact is read once. */
typedef struct Look {
	Host *host;
	const PolicyCase *c;
	Time now;
	unsigned purpose;   /* one PURPOSE_ bit */
	bool by_hand;       /* a person sends it: set by rule initiate, looked at by those after it */
	GTimeZone *zone;    /* the contact's; borrowed */
	Time away_until;    /* 0: they are not away */
	char *consent;      /* NULL: nothing is recorded */
} Look;

typedef Verdict (*PolicyRule)(Look *look);

Verdict rule_suppressed(Look *look);
Verdict rule_unseen_reply(Look *look);
Verdict rule_address(Look *look);
Verdict rule_inbox_fresh(Look *look);
Verdict rule_consent(Look *look);
Verdict rule_initiate(Look *look);
Verdict rule_account(Look *look);
Verdict rule_away(Look *look);
Verdict rule_account_cap(Look *look);
Verdict rule_account_rate(Look *look);
Verdict rule_warmup(Look *look);
Verdict rule_hours(Look *look);
Verdict rule_paused(Look *look);

/* The key of this database under which addresses are remembered; NULL if none has been drawn yet (make: then one is). Caller frees. */
char *policy_key(Host *host, bool make);
/* The keyed hash of an address, for table suppressions. Caller frees. */
const char *policy_hash(Host *host, const char *key, const char *channel, const char *norm);

#endif
