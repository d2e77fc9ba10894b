/* SPDX-License-Identifier: MIT */
/*
 * The ledger: every message sent or received, one row each. A message leaves `queued` only with an outcome; its Message-ID and
 * bytes are committed before it is handed over, so that it is never sent twice by us (DESIGN.md section 8).
 */
#ifndef PERIGEE_LEDGER_H
#define PERIGEE_LEDGER_H

#include "host/host.h"
#include "host/runs.h"

#define LEDGER_ERROR (ledger_error_quark())
GQuark ledger_error_quark(void);
typedef enum { LEDGER_ERROR_UNKNOWN, LEDGER_ERROR_STATE, LEDGER_ERROR_INVALID } LedgerError;

/* In SQL: is this the state of a message that was sent, as far as can be known? By CASE, as for IN SQLite builds a table of its own
 * whenever it asks. */
#define LEDGER_SENT(state) \
	"CASE " state " WHEN 'accepted' THEN 1 WHEN 'handed' THEN 1 WHEN 'replied' THEN 1 WHEN 'delivered' THEN 1 WHEN 'read' THEN 1" \
	" WHEN 'bounced' THEN 1 WHEN 'unknown' THEN 1 ELSE 0 END"

/* Queues a message of a run (run 0: of a person). options: the send's opts. False: it can't be (no account of that name...). */
bool ledger_queue(Host *host, int64_t run, int64_t position, const char *contact, const char *channel, const char *template_name,
                  const json_t *options, int64_t *id, GError **error);
/* The same by the first of the channels (names) that may and can: see reach.h. */
bool ledger_reach(Host *host, int64_t run, int64_t position, const char *contact, const json_t *channels, const char *template_name,
                  const json_t *options, int64_t *id, GError **error);
/* The account that would write to this contact: the named one, the one that last wrote to them, the owner's, the sequence's, the
 * first of the channel; in simulation a pretend one. NULL: none. */
const Account *ledger_account(Host *host, const Run *run, const char *contact, const char *channel, const char *named);
/* Looks at queued messages that are due: policy, rendering, hand-over. */
void ledger_turn(Host *host);
/* The next moment at which a queued message is due and its account lets it go. */
Time ledger_next_due(Host *host);
/* What became of a message that was handed over. */
void ledger_outcome(Host *host, int64_t id, SentClass sent, uint32_t code, const char *enhanced, const char *text);
/* After a crash of net, or at start: every handed message is settled by what the send log says. */
void ledger_settle(Host *host, int64_t id, SettledState state, bool same_boot, uint32_t code, const char *enhanced, const char *text);
/* Withdraws what a run has queued. */
void ledger_withdraw_run(Host *host, int64_t run, const char *reason);
/* The run is retried: what it had withdrawn when it ended is queued again. */
void ledger_unwithdraw(Host *host, int64_t run);
/* A person cancels a queued message / says what became of an unknown one ("sent" or "again"). */
bool ledger_cancel(Host *host, int64_t id, GError **error);
bool ledger_resolve(Host *host, int64_t id, const char *what, GError **error);
/* A person has sent (or not) a message that was theirs to send. */
void ledger_by_hand(Host *host, int64_t id, bool sent);
/* The account's mailbox has been read: what waited for that is looked at again. */
void ledger_mail_read(Host *host, const char *account);
/* After a failed commit: forget what was being rendered. */
void ledger_forget(Host *host);
/* Templates or perigee.lua have changed: held messages are looked at again, and those whose account it no longer has get another or are held. */
void ledger_release_held(Host *host);
/* Renderings and hand-overs under way. */
unsigned ledger_busy(const Host *host);
/* Builds and sends a real test message to `to`, as contact would get it. Blocking. */
bool ledger_test(Host *host, const char *to, const char *template_name, const char *contact, char **said, GError **error);

#endif
