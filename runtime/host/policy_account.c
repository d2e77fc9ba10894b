/* SPDX-License-Identifier: MIT */
/* The rules that hold a message back: the account's caps and pace, a channel that is down, a pause. See policy_rules.h. */
#include "host/policy_rules.h"

#include "host/breaker.h"

#include <string.h>

static const char NTH_LAST[] =
	"SELECT handed_at FROM messages WHERE direction = 'out' AND account = ? AND handed_at > ? ORDER BY handed_at DESC LIMIT 1 OFFSET ?";
static const char NTH_LAST_TO[] =
	"SELECT handed_at FROM messages WHERE direction = 'out' AND account = ?1 AND handed_at > ?2"
	" AND substr(lower(coalesce(identity, address)), -length(?3)) = ?3 ORDER BY handed_at DESC LIMIT 1 OFFSET ?4";
static const char LAST[] =
	"SELECT handed_at, id FROM messages WHERE direction = 'out' AND account = ? AND handed_at IS NOT NULL ORDER BY handed_at DESC, id DESC LIMIT 1";
static const char FIRST[] =
	"SELECT handed_at FROM messages WHERE direction = 'out' AND account = ? AND handed_at IS NOT NULL ORDER BY handed_at LIMIT 1";
static const char BREAKER[] = "SELECT until, error FROM breakers WHERE account = ?";
static const char PAUSES[] =
	"SELECT scope, name, until FROM pauses WHERE scope = 'all' AND name = ''"
	" UNION ALL SELECT scope, name, until FROM pauses WHERE scope = 'account' AND name = ?1"
	" UNION ALL SELECT scope, name, until FROM pauses WHERE scope = 'sequence' AND name = ?2"
	" UNION ALL SELECT scope, name, until FROM pauses WHERE scope = 'contact' AND name = ?3";

/* ---- caps and pace ---------------------------------------------------------------------------------------------- */

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
	if (!is_paced(look))
		return verdict_allow();
	const Account *account = look->c->account;
	int most = account->per_day ? account->per_day : look->channel->per_day;
	Time until = most ? day_has_room(look, most) : 0;
	if (!until)
		return verdict_allow();
	return verdict_say(POLICY_DEFER, until, "%s has sent its %d messages of 24 hours (%s); the next can go at %s", account->name, most,
	                   account->per_day ? "cap.per_day" : "what is usual on this channel; cap.per_day says otherwise", said(look, until).text);
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

/* Kept in memory: after a restart one message may leave early. */
typedef struct Tried {
	int64_t message;
	Time at;
} Tried;

void policy_tried(Host *host, const char *account, int64_t message, Time at)
{
	Tried tried = { message, at };
	if (!host->account_tries)
		host->account_tries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(host->account_tries, g_strdup(account), g_memdup2(&tried, sizeof tried));
}

/* Its last message that a server was asked to take, whether it did or not; at 0: none. */
static Tried last_of(Host *host, const char *account)
{
	Tried last = { 0 };
	const Tried *tried = host->account_tries ? g_hash_table_lookup(host->account_tries, account) : NULL;
	Rows *rows = db_query(host->db, LAST, "s", account);
	if (rows_next(rows)) {
		last = (Tried){ rows_int(rows, 1), rows_int(rows, 0) };
		rows_done(rows);
	}
	return tried && tried->at > last.at ? *tried : last;
}

Verdict rule_account_rate(Look *look)
{
	if (!is_paced(look) || look->c->account->gap == 0)
		return verdict_allow();
	const Account *account = look->c->account;
	Tried last = last_of(look->host, account->name);
	Time until = last.at + with_jitter(account->gap, last.message);
	if (!last.at || until <= look->now)
		return verdict_allow();
	return verdict_say(POLICY_DEFER, until, "%s leaves about %" G_GINT64_FORMAT " s between two messages; the next can go at %s", account->name,
	                   account->gap / TIME_SECOND, said(look, until).text);
}

/* A new mailbox begins with few messages a day and adds a step for each day since its first one. */
Verdict rule_warmup(Look *look)
{
	if (!is_paced(look) || look->c->account->warmup_from == 0)
		return verdict_allow();
	const Account *account = look->c->account;
	Time first = db_int(look->host->db, look->now, FIRST, "s", account->name);
	int64_t days = MAX(look->now - first, 0) / TIME_DAY;
	int64_t most = account->warmup_from + account->warmup_step * days;
	Time until = most < G_MAXINT ? day_has_room(look, (int)most) : 0;
	if (!until)
		return verdict_allow();
	until = MIN(until, first + (days + 1) * TIME_DAY);
	return verdict_say(POLICY_DEFER, until, "%s is warming up: %" G_GINT64_FORMAT " messages in 24 hours for now; the next can go at %s",
	                   account->name, most, said(look, until).text);
}

/* "@gmail.com", as it stands at the end of an identity. Caller frees; NULL: the address has no domain. */
static char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	return at && at[1] ? g_ascii_strdown(at, -1) : NULL;
}

/* Big mail systems slow down who sends them much at once; it holds only what goes to that one. */
Verdict rule_domain_rate(Look *look)
{
	const Account *account = look->c->account;
	if (!is_paced(look) || (!account->per_domain && (!account->domains || g_hash_table_size(account->domains) == 0)) ||
	    strcmp(look->c->channel, "email") != 0)
		return verdict_allow();
	g_autofree char *domain = domain_of(look->c->address);
	gpointer own = NULL;
	if (!domain)
		return verdict_allow();
	bool has_own = account->domains && g_hash_table_lookup_extended(account->domains, domain + 1, NULL, &own);
	int most = has_own ? GPOINTER_TO_INT(own) : account->per_domain;
	Time nth = most ? db_int(look->host->db, 0, NTH_LAST_TO, "sisi", account->name, look->now - TIME_HOUR, domain, (int64_t)most - 1) : 0;
	if (!nth)
		return verdict_allow();
	return verdict_say(POLICY_DEFER, nth + TIME_HOUR, "%s has sent its %d messages of an hour to %s (cap.per_domain); the next there can go at %s", account->name, most,
	                   domain + 1, said(look, nth + TIME_HOUR).text);
}

/* ---- what is down, or was stopped ------------------------------------------------------------------------------- */

/* When its time is up one message tries; what opens and closes it is in breaker.h. */
Verdict rule_breaker(Look *look)
{
	if (!look->c->account || look->by_hand || !breaker_is_on(look->host->workspace))
		return verdict_allow();
	Rows *rows = db_query(look->host->db, BREAKER, "s", look->c->account->name);
	if (!rows_next(rows))
		return verdict_allow();
	Time until = rows_int(rows, 0);
	Verdict verdict = until <= look->now ? verdict_allow() :
		verdict_say(POLICY_DEFER, until, "the channel of %s is down (%s): it waits, and one message tries again at %s; perigee doctor looks for the cause",
	                    look->c->account->name, rows_null(rows, 1) ? "nothing gets through" : rows_text(rows, 1), said(look, until).text);
	rows_done(rows);
	return verdict;
}

/* Of several pauses the one that ends last. */
Verdict rule_paused(Look *look)
{
	const PolicyCase *c = look->c;
	Verdict verdict = verdict_allow();
	Rows *rows = db_query(look->host->db, PAUSES, "sss", c->account ? c->account->name : NULL, c->sequence, c->contact);
	while (rows_next(rows)) {
		Time until = rows_int_or(rows, 2, TIME_NEVER);
		if (until <= look->now || (verdict.answer == POLICY_DEFER && until <= verdict.until))
			continue;
		const char *scope = rows_text(rows, 0);
		bool all = strcmp(scope, "all") == 0;
		verdict_clear(&verdict);
		const char *name = rows_text(rows, 1);
		g_autofree char *what = all ? g_strdup("everything") : g_strdup_printf("%s %s", scope, name);
		g_autofree char *resume = all ? g_strdup("perigee resume") : g_strdup_printf("perigee resume --%s %s", scope, name);
		g_autofree char *end = until == TIME_NEVER ? g_strdup_printf("a person resumes it (%s)", resume) : g_strdup(said(look, until).text);
		verdict = verdict_say(POLICY_DEFER, until, "%s is paused until %s", what, end);
	}
	return verdict;
}
