/* SPDX-License-Identifier: MIT */
/*
 * Breakers: an account whose channel fails again and again sends nothing for a while, so that its queue is not burnt and nobody knocks
 * at a server that is down. One row of table breakers for an account that failed lately:
 *
 *   closed     failures < policy.breaker            everything goes
 *   open       until > now                          nothing goes; 1 minute at first, then 2, 4 .. 15
 *   half open  until is over                        one message tries; until it has an outcome no other goes
 *
 * Any answer that shows that the channel works takes the row away, and what waited is due at once: the account's pace spreads it.
 */
#ifndef PERIGEE_BREAKER_H
#define PERIGEE_BREAKER_H

#include "host/host.h"

/* What an outcome says of the channel: that it works (an answer about one recipient does, too), that it fails, nothing. */
typedef enum { BREAKER_WORKS, BREAKER_FAILS, BREAKER_SILENT } BreakerSign;
/* number: the server's reply, 0: there was none. */
BreakerSign breaker_sign(SentClass sent, uint32_t number, const char *enhanced);

/* policy.breaker = 0 switches it off. */
bool breaker_is_on(const Workspace *workspace);

typedef enum { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN } BreakerState;
/* until: the end of its pause, if it is open. */
BreakerState breaker_state(Host *host, const char *account, Time *until);

/* The outcome of a message that was handed over at handed_at. error: in words. False, and nothing is noted: it was handed over before the
 * breaker opened, or the rule is off, so it says nothing new. */
bool breaker_failed(Host *host, const char *account, Time handed_at, const char *error);
/* True: it had failed before, and what waits for it may go. */
bool breaker_works(Host *host, const char *account);
/* A message of the account is on its way: if the breaker is half open, no other goes before its outcome (or a quarter of an hour). */
void breaker_try(Host *host, const char *account);
/* The breaker is switched off: what one had stopped is due. */
void breaker_release_all(Host *host);
/* The pause after so many failures in a row beyond the first. */
Time breaker_pause(int64_t failures);

/* Rows for doctor (finding.h), one for each account of the workspace that failed lately. */
void breaker_check(Db *db, const Workspace *workspace, Time now, json_t *rows);

#endif
