/* SPDX-License-Identifier: MIT */
/* A plan: see plan.h. */
#include "host/plan.h"

#include "host/broadcasts.h"
#include "host/carrier.h"
#include "host/ledger.h"
#include "host/runs.h"
#include "host/simulate.h"

#include <string.h>

static const char IN_FLIGHT[] =
	"SELECT id FROM messages m WHERE direction = 'out' AND state = 'handed' AND NOT EXISTS (SELECT 1 FROM tasks WHERE message = m.id)";
/* What the host sends has its task never; what a person sends is handed to them with one. */
static const char SENT[] =
	"SELECT coalesce(m.account, ''), m.channel, m.handed_at, EXISTS (SELECT 1 FROM tasks WHERE message = m.id) FROM messages m"
	" WHERE m.direction = 'out' AND m.handed_at >= ? AND m.handed_at < ?";
static const char TASKS[] = "SELECT created_at FROM tasks WHERE created_at >= ? AND created_at < ? AND message IS NULL";
static const char WAITING[] =
	"SELECT coalesce(account, ''), channel, state, rule, reason, due FROM messages WHERE direction = 'out' AND state IN ('queued', 'held')"
	" ORDER BY account, due IS NULL, due, id";
static const char REFUSED[] =
	"SELECT coalesce(rule, code, 'refused'), reason FROM messages WHERE direction = 'out' AND done_at >= ? AND done_at < ? AND"
	" (state = 'refused' OR (state = 'withdrawn' AND rule IS NOT NULL)) ORDER BY id";
static const char FAILED[] =
	"SELECT id, sequence, contact, error FROM runs WHERE state IN ('failed', 'parked') AND ended_at >= ? AND ended_at < ? ORDER BY id";
static const char ENROLLED[] = "SELECT count(*) FROM runs WHERE contact IS NOT NULL AND started_at >= ? AND started_at < ?";
static const char REQUESTS[] = "SELECT count(DISTINCT run) FROM requests WHERE state IN ('queued', 'handed')";
static const char PAUSED[] = "SELECT count(*) FROM runs WHERE held = ':script'";
static const char FAILING[] = "SELECT account, coalesce(text, code, 'it is not known why') FROM account_states WHERE state = 'failing' ORDER BY account";
static const char ACCOUNT_OF[] = "SELECT account, channel FROM messages WHERE run = ? AND state = 'queued' ORDER BY id DESC LIMIT 1";

/* What is known of an account as time passes. */
typedef struct Pace {
	Time sent_at;      /* its last message */
	const char *block; /* the rule that held its queue last; static */
} Pace;

typedef struct Making {
	Host *host;
	Plan *plan;
	GHashTable *paces; /* account → Pace */
	PlanSee see;
	void *user;
} Making;

/* ---- the carrier ----------------------------------------------------------------------------------------------- */

static int room(Host *host, const Account *account)
{
	(void)host;
	(void)account;
	return 256;
}

static void hand(Host *host, const Handing *handing)
{
	ledger_outcome(host, handing->id, SENT_OK, 250, "2.0.0", "planned");
}

static void read_mail(Host *host, const Account *account)
{
	(void)host;
	(void)account;
}

static bool busy(Host *host)
{
	(void)host;
	return false;
}

static void turn(Host *host)
{
	(void)host;
}

static void free_carrier(Host *host)
{
	g_clear_pointer(&host->carrier, g_free);
}

static Carrier *carrier(void)
{
	Carrier *carrier = g_new0(Carrier, 1);
	*carrier = (Carrier){ .room = room, .hand = hand, .read = read_mail, .busy = busy, .turn = turn, .free = free_carrier };
	return carrier;
}

/* ---- the beginning --------------------------------------------------------------------------------------------- */

/* From now on the real clock, the real mailboxes and the real servers are not looked at. */
static int begin(Host *host)
{
	host->clock = clock_virtual(host_now(host));
	host->random = g_rand_new_with_seed(1);
	host->simulated = host->planning = host->serving = true;
	host->carrier = carrier();
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, IN_FLIGHT, "");
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++)
		ledger_outcome(host, g_array_index(ids, int64_t, i), SENT_OK, 250, "2.0.0", "planned");
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const char *name = ((const Account *)host->workspace->accounts->pdata[i])->name;
		ledger_mail_read(host, name);
		runs_mail_read(host, name);
	}
	return (int)ids->len;
}

/* Now, and the midnights after it. */
static Time *make_bounds(Host *host, int days)
{
	Time *bounds = g_new(Time, (gsize)days + 1);
	GTimeZone *zone = host->workspace->zone;
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(host_now(host) / 1000);
	g_autoptr(GDateTime) here = g_date_time_to_timezone(now, zone);
	bounds[0] = host_now(host);
	for (int i = 1; i <= days; i++) {
		g_autoptr(GDateTime) day = g_date_time_add_days(here, i);
		g_autoptr(GDateTime) midnight = g_date_time_new(zone, g_date_time_get_year(day), g_date_time_get_month(day), g_date_time_get_day_of_month(day), 0, 0, 0);
		bounds[i] = g_date_time_to_unix(midnight) * 1000;
	}
	return bounds;
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static int day_of(const Plan *plan, Time at)
{
	int low = 0, high = plan->days - 1;
	while (low < high) {
		int middle = (low + high + 1) / 2;
		if (plan->bounds[middle] <= at)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static PlanLine *line_of(Plan *plan, const char *account, const char *channel)
{
	for (guint i = 0; i < plan->lines->len; i++) {
		PlanLine *line = plan->lines->pdata[i];
		if (strcmp(line->account, account) == 0 && strcmp(line->channel, channel) == 0)
			return line;
	}
	PlanLine *line = g_new0(PlanLine, 1);
	*line = (PlanLine){ .account = g_strdup(account), .channel = g_strdup(channel), .messages = g_new0(int, (gsize)plan->days),
	                    .by_hand = g_new0(int, (gsize)plan->days), .limited = g_new0(const char *, (gsize)plan->days) };
	g_ptr_array_add(plan->lines, line);
	return line;
}

static void line_free(void *data)
{
	PlanLine *line = data;
	g_free(line->account);
	g_free(line->channel);
	g_free(line->messages);
	g_free(line->by_hand);
	g_free(line->limited);
	g_free(line);
}

/* ---- as time passes -------------------------------------------------------------------------------------------- */

static Pace *pace_of(Making *making, const char *account)
{
	Pace *pace = g_hash_table_lookup(making->paces, account);
	if (!pace)
		g_hash_table_insert(making->paces, g_strdup(account), pace = g_new0(Pace, 1));
	return pace;
}

/* An account that was still sending at its pace when hours ended had more to send than the day had room for. */
static bool cut_off(const Making *making, const char *account, const Pace *pace)
{
	const Account *known = workspace_account(making->host->workspace, account);
	return known && known->gap && pace->sent_at && host_now(making->host) - pace->sent_at <= 2 * known->gap;
}

static void see_deferred(Making *making, const char *rule, int64_t run)
{
	static const char *const blocks[] = { "account_cap", "warmup", "account_rate", "breaker", NULL };
	const char *block = NULL;
	for (int i = 0; blocks[i]; i++)
		if (strcmp(rule, blocks[i]) == 0)
			block = blocks[i];
	bool ends = strcmp(rule, "hours") == 0;
	if (!block && !ends)
		return;
	Rows *rows = db_query(making->host->db, ACCOUNT_OF, "i", run);
	if (!rows_next(rows))
		return;
	Pace *pace = pace_of(making, rows_text(rows, 0));
	PlanLine *line = line_of(making->plan, rows_text(rows, 0), rows_text(rows, 1));
	int day = day_of(making->plan, host_now(making->host));
	if (block)
		pace->block = block;
	if (block && (strcmp(block, "account_cap") == 0 || strcmp(block, "warmup") == 0))
		line->limited[day] = block;
	else if (ends && !line->limited[day] && cut_off(making, line->account, pace))
		line->limited[day] = "account_rate";
	rows_done(rows);
}

static void see_event(void *user, json_t *event)
{
	Making *making = user;
	const char *kind = value_string(event, "event", "");
	if (strcmp(kind, "sent") == 0)
		pace_of(making, value_string(event, "account", ""))->sent_at = host_now(making->host);
	else if (strcmp(kind, "deferred") == 0)
		see_deferred(making, value_string(event, "rule", ""), value_integer(event, "run", 0));
	if (making->see)
		making->see(making->user, host_now(making->host));
	json_decref(event);
}

/* ---- the end: what stands in the database ---------------------------------------------------------------------- */

static void count_sent(Making *making)
{
	Plan *plan = making->plan;
	Rows *rows = db_query(making->host->db, SENT, "ii", plan->bounds[0], plan->bounds[plan->days]);
	while (rows_next(rows)) {
		PlanLine *line = line_of(plan, rows_text(rows, 0), rows_text(rows, 1));
		(rows_int(rows, 3) ? line->by_hand : line->messages)[day_of(plan, rows_int(rows, 2))]++;
	}
	rows = db_query(making->host->db, TASKS, "ii", plan->bounds[0], plan->bounds[plan->days]);
	while (rows_next(rows))
		plan->tasks[day_of(plan, rows_int(rows, 0))]++;
}

/* The rule that a message waits for. Behind one that was put off by its account's own limits the others are not looked at: they
 * wait for the same. */
static const char *rule_of(Making *making, const char *account, const char *state, const char *rule, Time due)
{
	if (strcmp(state, "held") == 0)
		return *account ? "template" : "account";
	if (*account && !workspace_account(making->host->workspace, account))
		return "account";
	const Pace *pace = g_hash_table_lookup(making->paces, account);
	bool looked = due > host_now(making->host);
	if (!looked && pace && pace->block)
		return pace->block;
	return rule ? rule : looked ? "undo" : "queued";
}

static void add_wait(Plan *plan, const char *account, const char *channel, const char *rule, const char *reason, Time until)
{
	line_of(plan, account, channel)->waiting++;
	for (guint i = 0; i < plan->waits->len; i++) {
		PlanWait *wait = plan->waits->pdata[i];
		if (strcmp(wait->account, account) == 0 && strcmp(wait->channel, channel) == 0 && strcmp(wait->rule, rule) == 0) {
			wait->messages++;
			wait->until = MIN(wait->until, until);
			return;
		}
	}
	PlanWait *wait = g_new(PlanWait, 1);
	*wait = (PlanWait){ g_strdup(account), g_strdup(channel), g_strdup(rule), g_strdup(reason), 1, until };
	g_ptr_array_add(plan->waits, wait);
}

static void count_waiting(Making *making)
{
	Rows *rows = db_query(making->host->db, WAITING, "");
	while (rows_next(rows)) {
		const char *account = rows_text(rows, 0), *state = rows_text(rows, 2), *own = rows_text(rows, 3);
		Time due = rows_int_or(rows, 5, TIME_NEVER);
		const char *rule = rule_of(making, account, state, own, due);
		bool same = g_strcmp0(rule, own) == 0 || strcmp(state, "held") == 0;
		add_wait(making->plan, account, rows_text(rows, 1), rule, same ? rows_text(rows, 4) : NULL, due);
	}
}

static void add_refusal(Plan *plan, const char *rule, const char *reason)
{
	for (guint i = 0; i < plan->refusals->len; i++) {
		PlanRefusal *refusal = plan->refusals->pdata[i];
		if (strcmp(refusal->rule, rule) == 0) {
			refusal->messages++;
			return;
		}
	}
	PlanRefusal *refusal = g_new(PlanRefusal, 1);
	*refusal = (PlanRefusal){ g_strdup(rule), g_strdup(reason), 1 };
	g_ptr_array_add(plan->refusals, refusal);
}

static void count_failures(Making *making)
{
	Plan *plan = making->plan;
	Db *db = making->host->db;
	Time from = plan->bounds[0], to = plan->bounds[plan->days];
	Rows *rows = db_query(db, REFUSED, "ii", from, to);
	while (rows_next(rows))
		add_refusal(plan, rows_text(rows, 0), rows_text(rows, 1));
	rows = db_query(db, FAILED, "ii", from, to);
	while (rows_next(rows)) {
		PlanFailure *failure = g_new(PlanFailure, 1);
		*failure = (PlanFailure){ rows_int(rows, 0), g_strdup(rows_text(rows, 1)), g_strdup(rows_text(rows, 2)), g_strdup(rows_text(rows, 3)) };
		g_ptr_array_add(plan->failures, failure);
	}
	plan->enrolled = (int)db_int(db, 0, ENROLLED, "ii", from, to);
	plan->requests = (int)db_int(db, 0, REQUESTS, "");
	plan->paused = (int)db_int(db, 0, PAUSED, "");
}

/* ---- making one ------------------------------------------------------------------------------------------------ */

static void failing_free(void *data)
{
	PlanFailing *failing = data;
	g_free(failing->account);
	g_free(failing->text);
	g_free(failing);
}

static void find_failing(Host *host, Plan *plan)
{
	Rows *rows = db_query(host->db, FAILING, "");
	while (rows_next(rows)) {
		if (!workspace_account(host->workspace, rows_text(rows, 0)))
			continue;
		PlanFailing *failing = g_new(PlanFailing, 1);
		*failing = (PlanFailing){ g_strdup(rows_text(rows, 0)), g_strdup(rows_text(rows, 1)) };
		g_ptr_array_add(plan->failing, failing);
	}
}

/* As they stand now: what the days bring is a person's to confirm. */
static void find_broadcasts(Host *host, Plan *plan)
{
	g_autoptr(json_t) open = broadcasts_list(host, "open");
	size_t i;
	json_t *row;
	plan->broadcasts = json_array();
	json_array_foreach(open, i, row)
		if (value_integer(row, "at", 0) < plan->bounds[plan->days])
			json_array_append(plan->broadcasts, row);
}

static void wait_free(void *data)
{
	PlanWait *wait = data;
	g_free(wait->account);
	g_free(wait->channel);
	g_free(wait->rule);
	g_free(wait->reason);
	g_free(wait);
}

static void refusal_free(void *data)
{
	PlanRefusal *refusal = data;
	g_free(refusal->rule);
	g_free(refusal->reason);
	g_free(refusal);
}

static void failure_free(void *data)
{
	PlanFailure *failure = data;
	g_free(failure->sequence);
	g_free(failure->contact);
	g_free(failure->error);
	g_free(failure);
}

static Plan *plan_new(Host *host, int days)
{
	Plan *plan = g_new0(Plan, 1);
	plan->days = days;
	plan->lines = g_ptr_array_new_with_free_func(line_free);
	plan->waits = g_ptr_array_new_with_free_func(wait_free);
	plan->refusals = g_ptr_array_new_with_free_func(refusal_free);
	plan->failures = g_ptr_array_new_with_free_func(failure_free);
	plan->failing = g_ptr_array_new_with_free_func(failing_free);
	plan->tasks = g_new0(int, (gsize)days);
	plan->bounds = make_bounds(host, days);
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const Account *account = host->workspace->accounts->pdata[i];
		line_of(plan, account->name, account->channel);
	}
	return plan;
}

void plan_free(Plan *plan)
{
	if (!plan)
		return;
	g_ptr_array_unref(plan->lines);
	g_ptr_array_unref(plan->waits);
	g_ptr_array_unref(plan->refusals);
	g_ptr_array_unref(plan->failures);
	g_ptr_array_unref(plan->failing);
	json_decref(plan->broadcasts);
	g_free(plan->tasks);
	g_free(plan->bounds);
	g_free(plan);
}

Plan *plan_make(Host *host, int days, PlanSee see, void *user, GError **error)
{
	int unsettled = begin(host);
	g_autoptr(Plan) plan = plan_new(host, days);
	g_autoptr(GHashTable) paces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	Making making = { .host = host, .plan = plan, .paces = paces, .see = see, .user = user };
	plan->unsettled = unsettled;
	find_failing(host, plan);
	find_broadcasts(host, plan);
	host->see = see_event;
	host->see_user = &making;
	bool done = simulate_until(host, plan->bounds[days] - 1);
	host->see = NULL;
	if (!done) {
		g_set_error(error, WORKSPACE_ERROR, WORKSPACE_ERROR_INVALID, "the plan can't be made: something is due that is never done");
		return NULL;
	}
	count_sent(&making);
	count_waiting(&making);
	count_failures(&making);
	if (db_failed(host->db)) {
		db_take_error(host->db, error);
		return NULL;
	}
	return g_steal_pointer(&plan);
}
