/* SPDX-License-Identifier: MIT */
/* The rules of policy: see policy_rules.h. Each is a few indexed questions; what it says is a sentence for people. */
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
static const char WROTE_ON[] = "SELECT 1 FROM messages WHERE contact = ? AND direction = 'in' AND channel = ? LIMIT 1";
static const char NTH_LAST[] =
	"SELECT handed_at FROM messages WHERE direction = 'out' AND account = ? AND handed_at > ? ORDER BY handed_at DESC LIMIT 1 OFFSET ?";
static const char LAST[] =
	"SELECT handed_at, id FROM messages WHERE direction = 'out' AND account = ? AND handed_at IS NOT NULL ORDER BY handed_at DESC, id DESC LIMIT 1";
static const char FIRST[] =
	"SELECT handed_at FROM messages WHERE direction = 'out' AND account = ? AND handed_at IS NOT NULL ORDER BY handed_at LIMIT 1";
static const char PAUSES[] =
	"SELECT scope, name, until FROM pauses WHERE scope = 'all' AND name = ''"
	" UNION ALL SELECT scope, name, until FROM pauses WHERE scope = 'account' AND name = ?1"
	" UNION ALL SELECT scope, name, until FROM pauses WHERE scope = 'sequence' AND name = ?2"
	" UNION ALL SELECT scope, name, until FROM pauses WHERE scope = 'contact' AND name = ?3";

/* ---- verdicts -------------------------------------------------------------------------------------------------- */

static Verdict allow(void)
{
	return (Verdict){ .answer = POLICY_ALLOW };
}

static Verdict say(PolicyAnswer answer, Time until, const char *format, ...) G_GNUC_PRINTF(3, 4);
static Verdict say(PolicyAnswer answer, Time until, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	Verdict verdict = { .answer = answer, .until = until, .reason = g_strdup_vprintf(format, arguments) };
	va_end(arguments);
	return verdict;
}

typedef struct Said {
	char text[48];
} Said;

/* "2026-11-23 09:00" */
static Said said_in(GTimeZone *zone, Time at)
{
	Said s = { "later" };
	if (at == TIME_NEVER)
		return s;
	int64_t local = local_from_utc(zone, local_floor(at, 1000));
	int64_t second = local_rest(local, LOCAL_DAY);
	int year, month, date;
	local_civil(local_floor(local, LOCAL_DAY), &year, &month, &date);
	g_snprintf(s.text, sizeof s.text, "%04d-%02d-%02d %02d:%02d", year, month, date, (int)(second / 3600), (int)(second / 60 % 60));
	return s;
}

/* By the workspace's clock, as all that people are shown. */
static Said said(const Look *look, Time at)
{
	return said_in(look->host->workspace->zone, at);
}

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
	return say(POLICY_REFUSE, TIME_NEVER, "%s (%s)", text, said(look, at).text);
}

/* rows of channel and of all channels ("*") */
static Verdict suppressed_hash(const Look *look, const char *key, const char *channel, const char *address_channel, const char *norm)
{
	const char *hash = policy_hash(look->host, key, address_channel, norm);
	Rows *rows = db_query(look->host->db, SUPPRESSED_HASH, "ss", channel, hash);
	Verdict verdict = allow();
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
	Verdict verdict = allow();
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
		return allow();
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
	return at ? say(POLICY_WITHDRAW, TIME_NEVER, "they wrote on %s, and the run has not seen it", said(look, at).text) : allow();
}

Verdict rule_address(Look *look)
{
	const PolicyCase *c = look->c;
	return c->address ? allow() : say(POLICY_REFUSE, TIME_NEVER, "no %s address", c->channel);
}

/* Only a mailbox of ours can hold an answer that we have not read; after an outage all timers are due before it is read. */
Verdict rule_inbox_fresh(Look *look)
{
	const PolicyCase *c = look->c;
	const Account *account = c->account;
	if (!c->follow_up || !c->wait_ended_at || !account || !account->has_imap || look->host->simulated || strcmp(c->channel, "email") != 0)
		return allow();
	Time read = db_int(look->host->db, 0, READ_UNTIL, "s", account->name);
	if (read >= c->wait_ended_at)
		return allow();
	return say(POLICY_DEFER, TIME_NEVER, "the inbox of %s has not been read since the wait ended (%s), so an answer may be in it",
	           account->name, said(look, c->wait_ended_at).text);
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (g_ascii_strcasecmp(word, *words) == 0)
			return true;
	return false;
}

Verdict rule_consent(Look *look)
{
	static const char *const given[] = { "opt-in", "opt_in", "optin", "opted-in", "opted_in", "opted in", "double-opt-in", "double_opt_in",
		"double opt-in", "yes", "true", "granted", NULL };
	static const char *const denied[] = { "opt-out", "opt_out", "optout", "opted-out", "opted_out", "opted out", "no", "false", "none",
		"denied", "refused", "withdrawn", NULL };
	const char *channel = look->c->channel;
	if (is_one_of(look->consent, denied))
		return say(POLICY_REFUSE, TIME_NEVER, "their consent says \"%s\"", look->consent);
	bool news = look->purpose == PURPOSE_NEWS;
	if ((!news && strcmp(channel, "whatsapp") != 0 && strcmp(channel, "sms") != 0) || is_one_of(look->consent, given))
		return allow();
	return say(POLICY_REFUSE, TIME_NEVER, "%s needs their opt-in, and none is recorded (consent=opt-in)", news ? "a newsletter" : channel);
}

/* ---- what the channels allow ----------------------------------------------------------------------------------- */

/*
 * Who may open a conversation, as of November 2026:
 *   instagram, messenger  "must be initiated by the person": developers.facebook.com/docs/messenger-platform/guidelines
 *   linkedin              no "automated or scheduled event": learn.microsoft.com/en-us/linkedin/shared/integrations/communications/messages
 *   tiktok                replies only: respond.io/help/tiktok/tiktok-overview
 *   telegram              the person must start the bot: core.telegram.org/bots/faq
 *   signal                strangers soon meet a captcha: github.com/AsamK/signal-cli/issues/1778
 *   youtube               has no private messages
 * A person may write first from their own account where a program may not; there the message becomes their task.
 */
typedef enum {
	OPEN_BY_HAND,  /* by hand, until they have written there */
	ALWAYS_BY_HAND,
	THEY_OPEN,     /* refused until they have written there */
	NO_MESSAGES,
} Opening;

static const struct { const char *channel; Opening opening; } openings[] = {
	{ "call", ALWAYS_BY_HAND }, { "imessage", ALWAYS_BY_HAND }, { "instagram", OPEN_BY_HAND }, { "linkedin", ALWAYS_BY_HAND },
	{ "messenger", THEY_OPEN }, { "signal", OPEN_BY_HAND }, { "telegram", THEY_OPEN }, { "tiktok", THEY_OPEN }, { "youtube", NO_MESSAGES },
};

static Verdict hand(Look *look, const char *why)
{
	look->by_hand = true;
	return say(POLICY_HAND, TIME_NEVER, "%s: a person sends it", why);
}

Verdict rule_initiate(Look *look)
{
	const PolicyCase *c = look->c;
	size_t i = 0;
	while (i < G_N_ELEMENTS(openings) && strcmp(openings[i].channel, c->channel) != 0)
		i++;
	if (i == G_N_ELEMENTS(openings))
		return allow();
	g_autofree char *why = NULL;
	switch (openings[i].opening) {
	case NO_MESSAGES: return say(POLICY_REFUSE, TIME_NEVER, "%s has no private messages", c->channel);
	case ALWAYS_BY_HAND: return hand(look, why = g_strdup_printf("%s is never written to by a program", c->channel));
	case OPEN_BY_HAND:
	case THEY_OPEN: break;
	}
	bool wrote = db_int(look->host->db, 0, WROTE_ON, "ss", c->contact, c->channel);
	if (openings[i].opening == THEY_OPEN)
		return wrote ? allow() : say(POLICY_REFUSE, TIME_NEVER, "on %s only they can begin, and they have not written there yet", c->channel);
	if (wrote && c->account)
		return allow();
	return hand(look, why = g_strdup_printf(wrote ? "there is no %s account in perigee.lua" : "they have never written to us on %s", c->channel));
}

Verdict rule_account(Look *look)
{
	const PolicyCase *c = look->c;
	const Account *account = c->account;
	if (look->by_hand)
		return allow();
	if (!account)
		return say(POLICY_REFUSE, TIME_NEVER, "there is no %s account in perigee.lua", c->channel);
	if ((look->host->simulated && !look->host->planning) || account->has_smtp)
		return allow();
	if (strcmp(account->channel, "email") == 0)
		return say(POLICY_REFUSE, TIME_NEVER, "the account %s has no smtp in perigee.lua", account->name);
	return say(POLICY_REFUSE, TIME_NEVER, "there is no driver for %s, which the account %s needs", c->channel, account->name);
}

/* ---- when ------------------------------------------------------------------------------------------------------ */

Verdict rule_away(Look *look)
{
	if (look->away_until <= look->now)
		return allow();
	return say(POLICY_DEFER, look->away_until, "an auto-reply says that they are away until %s", said(look, look->away_until).text);
}

/* The time at which fewer than `most` messages of the account are younger than a day; 0: now. */
static Time day_has_room(const Look *look, int most)
{
	Time nth = db_int(look->host->db, 0, NTH_LAST, "sii", look->c->account->name, look->now - TIME_DAY, (int64_t)most - 1);
	return nth ? nth + TIME_DAY : 0;
}

static bool is_paced(const Look *look)
{
	return look->c->account && !look->c->account->pretend && !look->by_hand;
}

Verdict rule_account_cap(Look *look)
{
	if (!is_paced(look) || look->c->account->per_day == 0)
		return allow();
	const Account *account = look->c->account;
	Time until = day_has_room(look, account->per_day);
	return until ? say(POLICY_DEFER, until, "%s has sent its %d messages of 24 hours; the next can go at %s", account->name,
	                   account->per_day, said(look, until).text) : allow();
}

/* From 80 to 120 percent, drawn from the message that went before, so that every message behind it waits for the same moment. */
static Time with_jitter(Time gap, int64_t id)
{
	uint64_t x = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return gap * 4 / 5 + (Time)(x % 1024) * gap * 2 / 5 / 1023;
}

Verdict rule_account_rate(Look *look)
{
	if (!is_paced(look) || look->c->account->gap == 0)
		return allow();
	const Account *account = look->c->account;
	Rows *rows = db_query(look->host->db, LAST, "s", account->name);
	if (!rows_next(rows))
		return allow();
	Time until = rows_int(rows, 0) + with_jitter(account->gap, rows_int(rows, 1));
	rows_done(rows);
	if (until <= look->now)
		return allow();
	return say(POLICY_DEFER, until, "%s leaves about %" G_GINT64_FORMAT " s between two messages; the next can go at %s", account->name,
	           account->gap / TIME_SECOND, said(look, until).text);
}

/* A new mailbox begins with few messages a day and adds a step for each day since its first one. */
Verdict rule_warmup(Look *look)
{
	if (!is_paced(look) || look->c->account->warmup_from == 0)
		return allow();
	const Account *account = look->c->account;
	Time first = db_int(look->host->db, look->now, FIRST, "s", account->name);
	int64_t days = MAX(look->now - first, 0) / TIME_DAY;
	int64_t most = account->warmup_from + account->warmup_step * days;
	Time until = most < G_MAXINT ? day_has_room(look, (int)most) : 0;
	if (!until)
		return allow();
	until = MIN(until, first + (days + 1) * TIME_DAY);
	return say(POLICY_DEFER, until, "%s is warming up: %" G_GINT64_FORMAT " messages in 24 hours for now; the next can go at %s",
	           account->name, most, said(look, until).text);
}

Verdict rule_hours(Look *look)
{
	if (look->by_hand)
		return allow();
	Time until = hours_next(look->host->workspace->hours, look->zone, look->now);
	if (until <= look->now)
		return allow();
	return say(POLICY_DEFER, until, "it is %s where they are, outside sending hours, which begin on %s there",
	           said_in(look->zone, look->now).text + strlen("2026-11-23 "), said_in(look->zone, until).text);
}

/* Of several pauses the one that ends last. */
Verdict rule_paused(Look *look)
{
	const PolicyCase *c = look->c;
	Verdict verdict = allow();
	Rows *rows = db_query(look->host->db, PAUSES, "sss", c->account ? c->account->name : NULL, c->sequence, c->contact);
	while (rows_next(rows)) {
		Time until = rows_int_or(rows, 2, TIME_NEVER);
		if (until <= look->now || (verdict.answer == POLICY_DEFER && until <= verdict.until))
			continue;
		const char *scope = rows_text(rows, 0);
		bool all = strcmp(scope, "all") == 0;
		verdict_clear(&verdict);
		verdict = say(POLICY_DEFER, until, "%s%s%s is paused until %s", all ? "everything" : scope, all ? "" : " ", rows_text(rows, 1),
		              until == TIME_NEVER ? "a person resumes it" : said(look, until).text);
	}
	return verdict;
}
