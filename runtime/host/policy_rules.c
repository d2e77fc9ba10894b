/* SPDX-License-Identifier: MIT */
/* The rules about who is written to: see policy_rules.h. Each rule is a few indexed questions; what it says is a sentence for people. */
#include "host/policy_rules.h"

#include <string.h>

#include "host/contacts.h"
#include "host/local.h"

static const char ANY_SUPPRESSION[] = "SELECT 1 FROM suppressions LIMIT 1";
static const char SUPPRESSED_PERSON[] = "SELECT reason, at FROM suppressions WHERE contact = ? AND channel = '*' LIMIT 1";
/* UNION ALL, as OR and IN make SQLite build a table of its own for each question. */
static const char SUPPRESSED_HASH[] =
	"SELECT reason, at FROM suppressions WHERE channel = '*' AND address_hash = ?2"
	" UNION ALL SELECT reason, at FROM suppressions WHERE channel = ?1 AND address_hash = ?2 LIMIT 1";
static const char IDENTITIES[] = "SELECT channel, norm FROM identities WHERE contact = ?";
static const char UNSEEN[] = "SELECT at FROM events WHERE contact = ? AND kind = 'reply' AND id > ? LIMIT 1";
static const char READ_UNTIL[] = "SELECT read_until FROM mailboxes WHERE account = ? AND role = 'inbox'";

/* ---- who ------------------------------------------------------------------------------------------------------- */

static Verdict suppressed_for(const Look *look, const char *reason, Time at)
{
	static const struct { const char *reason, *text; } texts[] = {
		{ "opted_out", "they opted out" }, { "complaint", "they complained about a message" },
		{ "erased", "their data was erased, and they are not written to again" }, { "dead_address", "the address is dead" },
	};
	const char *text = reason;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strcmp(reason, texts[i].reason) == 0)
			text = texts[i].text;
	return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s (%s)", text, said(look, at).text);
}

/* rows of channel and of all channels ("*") */
static Verdict suppressed_hash(const Look *look, const char *key, const char *channel, const char *address_channel, const char *norm)
{
	const char *hash = policy_hash(look->host, key, address_channel, norm);
	Rows *rows = db_query(look->host->db, SUPPRESSED_HASH, "ss", channel, hash);
	Verdict verdict = verdict_allow();
	if (rows_next(rows)) {
		verdict = suppressed_for(look, rows_text(rows, 0), rows_int(rows, 1));
		rows_done(rows);
	}
	return verdict;
}

/* By any of their addresses, and by this one on this channel. */
static Verdict suppressed_address(const Look *look)
{
	const PolicyCase *c = look->c;
	Verdict verdict = verdict_allow();
	g_autofree char *key = policy_key(look->host, false);
	g_autofree char *norm = c->address ? contacts_normalize(c->channel, c->address, NULL) : NULL;
	const char *own = norm ? norm : c->address;
	if (key && own)
		verdict = suppressed_hash(look, key, c->channel, c->channel, own);
	if (!key || verdict.answer != POLICY_ALLOW)
		return verdict;
	Rows *rows = db_query(look->host->db, IDENTITIES, "s", c->contact);
	while (rows_next(rows)) {
		const char *channel = rows_text(rows, 0), *other = rows_text(rows, 1);
		bool looked = own && strcmp(channel, c->channel) == 0 && strcmp(other, own) == 0;
		if (!looked && verdict.answer == POLICY_ALLOW)
			verdict = suppressed_hash(look, key, "*", channel, other);
	}
	return verdict;
}

Verdict rule_suppressed(Look *look)
{
	Db *db = look->host->db;
	if (!db_int(db, 0, ANY_SUPPRESSION, ""))
		return verdict_allow();
	Rows *rows = db_query(db, SUPPRESSED_PERSON, "s", look->c->contact);
	if (!rows_next(rows))
		return suppressed_address(look);
	Verdict verdict = suppressed_for(look, rows_text(rows, 0), rows_int(rows, 1));
	rows_done(rows);
	return verdict;
}

Verdict rule_unseen_reply(Look *look)
{
	const PolicyCase *c = look->c;
	Time at = c->run ? db_int(look->host->db, 0, UNSEEN, "si", c->contact, c->seen_event) : 0;
	return at ? verdict_say(POLICY_WITHDRAW, TIME_NEVER, "they wrote on %s, and the run has not seen it", said(look, at).text) : verdict_allow();
}

Verdict rule_address(Look *look)
{
	const PolicyCase *c = look->c;
	return c->address ? verdict_allow() : verdict_say(POLICY_REFUSE, TIME_NEVER, "no %s address", c->channel);
}

/* Only a mailbox of ours can hold an answer that we have not read; after an outage all timers are due before it is read. */
Verdict rule_inbox_fresh(Look *look)
{
	const PolicyCase *c = look->c;
	const Account *account = c->account;
	if (!c->follow_up || !c->wait_ended_at || !account || !account->has_imap || look->host->simulated || strcmp(c->channel, "email") != 0)
		return verdict_allow();
	Time read = db_int(look->host->db, 0, READ_UNTIL, "s", account->name);
	if (read >= c->wait_ended_at)
		return verdict_allow();
	return verdict_say(POLICY_DEFER, TIME_NEVER, "the inbox of %s has not been read since the wait ended (%s), so an answer may be in it",
	           account->name, said(look, c->wait_ended_at).text);
}

/* ---- consent --------------------------------------------------------------------------------------------------- */

/* " (from the fair's list, 2026-09-30)", "" if neither is known. Caller frees. */
static char *recorded(const Look *look)
{
	Said day = look->consent_at ? said(look, look->consent_at) : (Said){ "" };
	day.text[MIN(strlen(day.text), strlen("2026-09-30"))] = 0;
	const char *source = look->consent_source ? look->consent_source : "";
	if (!*source && !*day.text)
		return g_strdup("");
	return g_strdup_printf(" (%s%s%s)", source, *source && *day.text ? ", " : "", day.text);
}

static bool needs_opt_in(const Look *look)
{
	const json_t *more = json_object_get(look->host->workspace->policy, "opt_in");
	for (size_t i = 0; i < json_array_size(more); i++)
		if (strcmp(json_string_value(json_array_get(more, i)), look->c->channel) == 0)
			return true;
	return look->channel->opt_in || look->purpose == PURPOSE_NEWS;
}

Verdict rule_consent(Look *look)
{
	const char *channel = look->c->channel;
	g_autofree char *basis = contacts_basis(look->consent, channel);
	Consent consent = contacts_consent(basis);
	if (consent == CONSENT_GIVEN || (consent == CONSENT_NEITHER && !needs_opt_in(look)))
		return verdict_allow();
	g_autofree char *where = recorded(look);
	if (consent == CONSENT_DENIED)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "their consent for %s says \"%s\"%s: only they can change that", channel, basis, where);
	g_autofree char *what = look->purpose == PURPOSE_NEWS ? g_strdup_printf("a newsletter by %s", channel) : g_strdup(channel);
	g_autofree char *has = basis ? g_strdup_printf("what is recorded is \"%s\"%s", basis, where) : g_strdup("none is recorded");
	return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s needs their opt-in, and %s: once they have given it, `perigee contacts set %s consent=\"%s: opt-in\"`",
	                   what, has, look->c->contact, channel);
}

/* ---- the account ------------------------------------------------------------------------------------------------ */

Verdict rule_account(Look *look)
{
	const PolicyCase *c = look->c;
	const Account *account = c->account;
	if (look->by_hand)
		return verdict_allow();
	if (!account)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "there is no %s account in perigee.lua", c->channel);
	if ((look->host->simulated && !look->host->planning) || account->has_smtp)
		return verdict_allow();
	if (strcmp(account->channel, "email") == 0)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "the account %s has no smtp in perigee.lua", account->name);
	return verdict_say(POLICY_REFUSE, TIME_NEVER, "there is no driver for %s, which the account %s needs", c->channel, account->name);
}
