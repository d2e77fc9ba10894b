/* SPDX-License-Identifier: MIT */
/*
 * The rules of policy, one function each (DESIGN.md section 8). Used by policy.c alone, which holds their order. They stand in
 * policy_rules.c (who), policy_channel.c (what the channels allow, and when), policy_manners.c, policy_account.c.
 */
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

/* A message of ours that reached them, or an address of theirs that others have too. */
typedef struct Sent {
	Time at;
	int64_t id;
	const char *channel; /* interned */
	bool counts_as_ask;  /* an ask, or a teammate's own */
} Sent;

/* One case as the rules see it: what is read of the contact is read once, and what few rules need when the first one asks. */
typedef struct Look {
	Host *host;
	const PolicyCase *c;
	Time now;
	unsigned purpose;   /* one PURPOSE_ bit */
	bool by_hand;       /* a person sends it: set by rule initiate, looked at by those after it */
	const Channel *channel;
	GTimeZone *zone;    /* the contact's; borrowed */
	Time away_until;    /* 0: they are not away */
	char *consent, *consent_source; /* NULL: nothing is recorded */
	Time consent_at;    /* 0: not known when */
	GPtrArray *identities; /* look_identities */
	GArray *sent;       /* look_sent */
	Time wrote_at;      /* look_wrote_at */
	bool looked_for_wrote;
} Look;

void look_init(Look *look, Host *host, const PolicyCase *c);
void look_clear(Look *look);
/* Their addresses as messages.identity has them; a telephone number stands once for each channel that goes by one. Borrowed. */
const GPtrArray *look_identities(Look *look);
/* What was sent to them, or by an address of theirs to others, in the last 90 days, each message once, newest first. Borrowed; of Sent. */
const GArray *look_sent(Look *look);
/* When they last wrote, themselves, on this case's channel, by whatever contact has that address; 0: never. */
Time look_wrote_at(Look *look);
#define LOOK_SENT_DAYS 90
/* From when on the e-mails of a run are counted that they have not answered. */
Time look_unanswered_since(Host *host, const char *contact);

Verdict verdict_allow(void);
Verdict verdict_say(PolicyAnswer answer, Time until, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A time in words: "2026-11-23 09:00". */
typedef struct Said {
	char text[48];
} Said;
Said said_in(GTimeZone *zone, Time at);
/* By the workspace's clock, as all that people are shown. */
Said said(const Look *look, Time at);

typedef Verdict (*PolicyRule)(Look *look);

Verdict rule_suppressed(Look *look);
Verdict rule_unseen_reply(Look *look);
Verdict rule_address(Look *look);
Verdict rule_inbox_fresh(Look *look);
Verdict rule_consent(Look *look);
Verdict rule_initiate(Look *look);
Verdict rule_account(Look *look);
Verdict rule_reply_window(Look *look);
Verdict rule_topic_channel(Look *look);
Verdict rule_personal(Look *look);
Verdict rule_two_then_call(Look *look);
Verdict rule_max_channels(Look *look);
Verdict rule_asks_per_week(Look *look);
Verdict rule_away(Look *look);
Verdict rule_account_cap(Look *look);
Verdict rule_account_rate(Look *look);
Verdict rule_warmup(Look *look);
Verdict rule_domain_rate(Look *look);
Verdict rule_hours(Look *look);
Verdict rule_form(Look *look);
Verdict rule_breaker(Look *look);
Verdict rule_paused(Look *look);

/* The key of this database under which addresses are remembered; NULL if none has been drawn yet (make: then one is). Caller frees. */
char *policy_key(Host *host, bool make);
/* The keyed hash of an address, for table suppressions. Kept by the host. */
const char *policy_hash(Host *host, const char *key, const char *channel, const char *norm);
/* As policy_likeness, with a key that is there. Caller frees. */
char *policy_likeness_by(Host *host, const char *key, const char *contact, const char *text);

#endif
