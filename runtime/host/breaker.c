/* SPDX-License-Identifier: MIT */
/* Breakers: see breaker.h. */
#include "host/breaker.h"

#include "base/finding.h"

#include <string.h>

enum {
	FAILURES = 5,                   /* policy.breaker, where it is not said */
	FIRST_PAUSE = TIME_MINUTE,
	LONGEST_PAUSE = 15 * TIME_MINUTE,
	PATIENCE = 15 * TIME_MINUTE,    /* with the message that tries: net has an outcome long before */
};

static const char FIND[] = "SELECT failures, opened_at, until FROM breakers WHERE account = ?";
static const char ANY[] = "SELECT 1 FROM breakers LIMIT 1";
static const char COUNT[] =
	"INSERT INTO breakers (account, failures, error) VALUES (?1, 1, ?2)"
	" ON CONFLICT (account) DO UPDATE SET failures = failures + 1, error = excluded.error";
static const char OPEN[] = "UPDATE breakers SET opened_at = coalesce(opened_at, ?), until = ? WHERE account = ?";
static const char TRY[] = "UPDATE breakers SET until = ? WHERE account = ?";
static const char CLOSE[] = "DELETE FROM breakers WHERE account = ?";
static const char CLOSE_ALL[] = "DELETE FROM breakers";
static const char RELEASE_ALL[] = "UPDATE messages SET due = ?, rule = NULL, reason = NULL WHERE state = 'queued' AND rule = 'breaker'";
static const char ALL[] = "SELECT account, failures, opened_at, until, error FROM breakers ORDER BY account";

/* Of a mail system as a whole, by RFC 3463 3.4: it is full, it takes no mail now. */
static bool is_of_server(const char *enhanced)
{
	return strcmp(enhanced, "4.3.1") == 0 || strcmp(enhanced, "4.3.2") == 0;
}

BreakerSign breaker_sign(SentClass sent, uint32_t number, const char *enhanced)
{
	switch (sent) {
	case SENT_AUTH:
	case SENT_CONFIG:
	case SENT_AMBIGUOUS: return BREAKER_FAILS; /* the connection broke behind the last byte */
	case SENT_TEMPORARY:
	case SENT_RATE: return !number || number == 421 || number == 454 || is_of_server(enhanced) ? BREAKER_FAILS : BREAKER_WORKS;
	case SENT_OK: return BREAKER_WORKS;
	case SENT_UNREACHABLE:
	case SENT_WINDOW:
	case SENT_PERMANENT: return number ? BREAKER_WORKS : BREAKER_SILENT; /* without a reply it never left */
	}
	return BREAKER_SILENT;
}

Time breaker_pause(int64_t failures)
{
	return MIN((Time)FIRST_PAUSE << MIN(MAX(failures, 0), 10), (Time)LONGEST_PAUSE);
}

/* Failures in a row; 0: never. */
static int64_t most_failures(const Workspace *workspace)
{
	const json_t *said = json_object_get(workspace->policy, "breaker");
	return json_is_false(said) ? 0 : MAX(value_integer(workspace->policy, "breaker", FAILURES), 0);
}

bool breaker_is_on(const Workspace *workspace)
{
	return most_failures(workspace) > 0;
}

BreakerState breaker_state(Host *host, const char *account, Time *until)
{
	*until = 0;
	Rows *rows = breaker_is_on(host->workspace) ? db_query(host->db, FIND, "s", account) : NULL;
	if (!rows || !rows_next(rows))
		return BREAKER_CLOSED;
	bool open = !rows_null(rows, 1);
	*until = open ? rows_int(rows, 2) : 0;
	rows_done(rows);
	return !open ? BREAKER_CLOSED : *until > host_now(host) ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

static void block(Host *host, const char *account, Time until)
{
	g_hash_table_insert(host->account_blocks, g_strdup(account), g_memdup2(&until, sizeof until));
}

static void see(Host *host, const char *account, const char *state, const char *text, Time until)
{
	json_t *event = json_pack("{s:s, s:s, s:s, s:s}", "event", "breaker", "account", account, "state", state, "text", text);
	if (until)
		json_object_set_new(event, "until", json_integer(until));
	host_see(host, event, NULL, 0);
}

static void open_for(Host *host, const char *account, bool first, Time pause, const char *error)
{
	Time until = host_now(host) + pause;
	db_run(host->db, OPEN, "iis", host_now(host), until, account);
	block(host, account, until);
	g_autofree char *text = g_strdup_printf("%s sends nothing for %d min: %s", account, (int)(pause / TIME_MINUTE), error);
	if (!host->simulated && first)
		log_error("account %s: its channel fails again and again, so what it would send waits, and one message tries now and then: %s", account, error);
	else if (!host->simulated)
		log_info("breaker: %s", text);
	see(host, account, "open", text, until);
}

bool breaker_failed(Host *host, const char *account, Time handed_at, const char *error)
{
	int64_t most = most_failures(host->workspace);
	if (most == 0 || !*account)
		return false;
	Rows *rows = db_query(host->db, FIND, "s", account);
	bool has = rows_next(rows);
	int64_t failures = (has ? rows_int(rows, 0) : 0) + 1;
	bool open = has && !rows_null(rows, 1);
	Time opened_at = open ? rows_int(rows, 1) : 0;
	rows_done(rows);
	if (open && handed_at <= opened_at)
		return false;
	host_write(host);
	db_run(host->db, COUNT, "ss", account, error);
	if (failures >= most)
		open_for(host, account, !open, breaker_pause(failures - most), error);
	return true;
}

bool breaker_works(Host *host, const char *account)
{
	Time until;
	/* Asked after each message; almost always there is no row at all. */
	if (!db_int(host->db, 0, ANY, ""))
		return false;
	bool was_open = breaker_state(host, account, &until) != BREAKER_CLOSED;
	host_write(host);
	db_run(host->db, CLOSE, "s", account);
	if (db_changes(host->db) != 1 || !was_open)
		return db_changes(host->db) == 1;
	g_hash_table_remove(host->account_blocks, account);
	g_autofree char *text = g_strdup_printf("%s sends again", account);
	if (!host->simulated)
		log_info("account %s: its channel works again, and what waited for it goes", account);
	see(host, account, "closed", text, 0);
	return true;
}

void breaker_try(Host *host, const char *account)
{
	Time until;
	if (breaker_state(host, account, &until) != BREAKER_HALF_OPEN)
		return;
	until = host_now(host) + PATIENCE;
	host_write(host);
	db_run(host->db, TRY, "is", until, account);
	block(host, account, until);
}

void breaker_release_all(Host *host)
{
	host_write(host);
	db_run(host->db, CLOSE_ALL, "");
	db_run(host->db, RELEASE_ALL, "i", host_now(host));
	g_hash_table_remove_all(host->account_blocks);
}

void breaker_check(Db *db, const Workspace *workspace, Time now, json_t *rows)
{
	Rows *all = breaker_is_on(workspace) ? db_query(db, ALL, "") : NULL;
	while (all && rows_next(all)) {
		const char *account = rows_text(all, 0), *error = rows_null(all, 4) ? "" : rows_text(all, 4);
		if (!workspace_account(workspace, account))
			continue;
		g_autofree char *name = g_strdup_printf("%s: breaker", account);
		int failures = (int)rows_int(all, 1);
		if (rows_null(all, 2)) {
			g_autofree char *several = g_strdup_printf("%d attempts", failures);
			finding_add(rows, name, FINDING_WARN, "its last %s failed: %s", failures == 1 ? "attempt" : several, error);
			continue;
		}
		g_autofree char *since = time_iso(rows_int(all, 2), workspace->zone), *until = time_iso(rows_int(all, 3), workspace->zone);
		finding_add(rows, name, FINDING_FAIL, "open since %s, after %d failures in a row: what it would send waits, and one message tries %s%s; %s",
		            since, failures, rows_int(all, 3) > now ? "at " : "now", rows_int(all, 3) > now ? until : "", error);
	}
}
