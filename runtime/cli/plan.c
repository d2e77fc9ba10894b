/* SPDX-License-Identifier: MIT */
/* plan: what the next days will send, by day and account, and what keeps it from being more. */
#include "host/plan.h"

#include "cli/groups.h"

#include <string.h>
#include <unistd.h>

static const char ASSUMES[] = "nobody answers, opts out or bounces, no task is done, and every server takes what it is given";

/* ---- words ----------------------------------------------------------------------------------------------------- */

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

static int sum(const int *days, int n)
{
	int total = 0;
	for (int i = 0; i < n; i++)
		total += days[i];
	return total;
}

/* Of an account, or of the channel alone where a person writes. Caller frees. */
static char *name_of(const char *account, const char *channel)
{
	return *account ? cli_plain(account, 30) : g_strdup(channel);
}

static char *day_text(const Cli *cli, Time at, const char *format)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / 1000);
	g_autoptr(GDateTime) here = g_date_time_to_timezone(utc, cli->host->workspace->zone);
	return g_date_time_format(here, format);
}

/* On how many days did this rule limit the line? */
static int days_limited(const Plan *plan, const PlanLine *line, const char *rule)
{
	int n = 0;
	for (int i = 0; i < plan->days; i++)
		n += g_strcmp0(line->limited[i], rule) == 0;
	return n;
}

/* "partnerships is at its cap of 80 a day on 3 of 7 days". Caller frees; NULL if this rule limits nothing. */
static char *limit_text(const Cli *cli, const Plan *plan, const PlanLine *line, const char *rule)
{
	int days = days_limited(plan, line, rule);
	const Account *account = workspace_account(cli->host->workspace, line->account);
	if (!days || !account)
		return NULL;
	g_autofree char *name = cli_plain(account->name, 0);
	g_autofree char *on = g_strdup_printf("on %d of %d day%s", days, plan->days, plural(plan->days));
	if (strcmp(rule, "account_cap") == 0)
		return g_strdup_printf("%s is at its cap of %d a day %s", name, account->per_day, on);
	if (strcmp(rule, "warmup") == 0)
		return g_strdup_printf("%s is at the limit of its warm-up %s", name, on);
	return g_strdup_printf("%s is busy until its hours end %s, as it leaves %" G_GINT64_FORMAT " s between two messages", name, on, account->gap / TIME_SECOND);
}

static const char *const limits[] = { "account_cap", "warmup", "account_rate", NULL };

/* ---- the table ------------------------------------------------------------------------------------------------- */

typedef struct Column {
	const PlanLine *line; /* NULL: tasks */
	const int *days;
	char *title;
	int width;
} Column;

static void column_clear(void *data)
{
	g_free(((Column *)data)->title);
}

static void add_column(GArray *columns, const PlanLine *line, const int *days, char *title)
{
	enum { NARROWEST = 6 };
	Column column = { line, days, title, MAX(cli_columns(title), NARROWEST) };
	g_array_append_val(columns, column);
}

/* An account is shown even if it sends nothing: that is news, too. */
static GArray *columns_of(const Plan *plan)
{
	GArray *columns = g_array_new(FALSE, FALSE, sizeof(Column));
	g_array_set_clear_func(columns, column_clear);
	for (guint i = 0; i < plan->lines->len; i++) {
		const PlanLine *line = plan->lines->pdata[i];
		g_autofree char *name = name_of(line->account, line->channel);
		if (*line->account)
			add_column(columns, line, line->messages, g_strdup(name));
		if (sum(line->by_hand, plan->days))
			add_column(columns, line, line->by_hand, g_strdup_printf("%s by hand", name));
	}
	if (sum(plan->tasks, plan->days))
		add_column(columns, NULL, plan->tasks, g_strdup("other tasks"));
	return columns;
}

static void print_cell(Cli *cli, const Column *column, const char *text)
{
	cli_print(cli, "  %*s%s", MAX(column->width - cli_columns(text), 0), "", text);
}

/* A full day has a mark. */
static void print_number(Cli *cli, const Column *column, int n, bool full)
{
	g_autofree char *text = n || full ? g_strdup_printf("%d%s", n, full ? "*" : " ") : g_strdup("- ");
	print_cell(cli, column, text);
}

static void print_table(Cli *cli, const Plan *plan)
{
	enum { DAY_WIDTH = 11 };
	g_autoptr(GArray) columns = columns_of(plan);
	if (columns->len == 0)
		return;
	cli_print(cli, "%-*s", DAY_WIDTH, "DAY");
	for (guint k = 0; k < columns->len; k++)
		print_cell(cli, &g_array_index(columns, Column, k), g_array_index(columns, Column, k).title);
	cli_print(cli, "\n");
	for (int i = 0; i < plan->days; i++) {
		g_autofree char *day = day_text(cli, plan->bounds[i], "%a %-d %b");
		cli_print(cli, "%-*s", DAY_WIDTH, day);
		for (guint k = 0; k < columns->len; k++) {
			const Column *column = &g_array_index(columns, Column, k);
			bool full = column->line && column->days == column->line->messages && column->line->limited[i];
			print_number(cli, column, column->days[i], full);
		}
		cli_print(cli, "\n");
	}
	cli_print(cli, "%-*s", DAY_WIDTH, "total");
	for (guint k = 0; k < columns->len; k++)
		print_number(cli, &g_array_index(columns, Column, k), sum(g_array_index(columns, Column, k).days, plan->days), false);
	cli_print(cli, "\n\n");
}

/* ---- what else is to be said ----------------------------------------------------------------------------------- */

typedef struct Totals {
	int messages, by_hand, tasks, waiting, refused, failed;
} Totals;

static Totals totals_of(const Plan *plan)
{
	Totals t = { .tasks = sum(plan->tasks, plan->days), .failed = (int)plan->failures->len };
	for (guint i = 0; i < plan->lines->len; i++) {
		const PlanLine *line = plan->lines->pdata[i];
		t.messages += sum(line->messages, plan->days);
		t.by_hand += sum(line->by_hand, plan->days);
		t.waiting += line->waiting;
	}
	for (guint i = 0; i < plan->refusals->len; i++)
		t.refused += ((const PlanRefusal *)plan->refusals->pdata[i])->messages;
	return t;
}

/* What a rule of waiting is to people, where the message has no reason of its own. */
static const char *wait_words(const PlanWait *wait)
{
	static const struct { const char *rule, *words; } table[] = {
		{ "account_cap", "the account's cap" }, { "warmup", "the account's warm-up" }, { "account_rate", "the account's pace" },
		{ "undo", "the time in which they can be taken back" }, { "hours", "their sending hours" }, { "queued", "their turn" },
	};
	if (strcmp(wait->rule, "account") == 0 && !wait->reason)
		return "perigee.lua has no account of this name any more";
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(wait->rule, table[i].rule) == 0)
			return table[i].words;
	return wait->reason ? wait->reason : wait->rule;
}

static void print_waits(Cli *cli, const Plan *plan)
{
	for (guint i = 0; i < plan->waits->len; i++) {
		const PlanWait *wait = plan->waits->pdata[i];
		g_autofree char *name = name_of(wait->account, wait->channel), *until = cli_time(cli, wait->until);
		g_autofree char *words = cli_plain(wait_words(wait), 0);
		cli_print(cli, "  %d wait%s past the end from %s: %s (%s)%s%s\n", wait->messages, wait->messages == 1 ? "s" : "", name, words, wait->rule,
		          *until ? ", the first until " : "", until);
	}
}

static void print_limits(Cli *cli, const Plan *plan)
{
	for (guint i = 0; i < plan->lines->len; i++) {
		const PlanLine *line = plan->lines->pdata[i];
		for (int k = 0; limits[k]; k++) {
			g_autofree char *text = limit_text(cli, plan, line, limits[k]);
			if (text)
				cli_print(cli, "* %s: %d message%s wait%s past the end\n", text, line->waiting, plural(line->waiting), line->waiting == 1 ? "s" : "");
		}
	}
}

static void print_trouble(Cli *cli, const Plan *plan)
{
	enum { SHOWN = 5 };
	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];
		g_autofree char *reason = cli_plain(refusal->reason, 0);
		cli_print(cli, "  %d will be refused by %s, the first because: %s\n", refusal->messages, refusal->rule, reason);
	}
	for (guint i = 0; i < MIN(plan->failures->len, SHOWN); i++) {
		const PlanFailure *failure = plan->failures->pdata[i];
		g_autofree char *error = cli_plain(failure->error, 0);
		cli_print(cli, "  run %" G_GINT64_FORMAT " of %s%s%s would fail: %s\n", failure->run, failure->sequence, failure->contact ? " for " : "",
		          failure->contact ? failure->contact : "", error);
	}
	if (plan->failures->len > SHOWN)
		cli_print(cli, "  ... and %u more would fail\n", plan->failures->len - SHOWN);
	if (plan->requests)
		cli_print(cli, "  %d run%s wait%s for an answer of the web: what they send after it is not in here\n", plan->requests, plural(plan->requests),
		          plan->requests == 1 ? "s" : "");
	if (plan->paused)
		cli_print(cli, "  %d run%s rest%s because their script is paused: `perigee runs` says which, `perigee upgrade` lets them go on\n", plan->paused,
		          plural(plan->paused), plan->paused == 1 ? "s" : "");
	for (guint i = 0; i < plan->failing->len; i++) {
		const PlanFailing *failing = plan->failing->pdata[i];
		g_autofree char *text = cli_plain(failing->text, 0);
		cli_print(cli, "* %s fails at this moment: %s. The plan takes it for mended\n", failing->account, text);
	}
	if (plan->unsettled)
		cli_print(cli, "  %d message%s %s with the servers at this moment, and count%s as sent before\n", plan->unsettled, plural(plan->unsettled),
		          plan->unsettled == 1 ? "is" : "are", plan->unsettled == 1 ? "s" : "");
}

/* They leave in nobody's turn, so they stand in no column. */
static void print_broadcasts(Cli *cli, const Plan *plan)
{
	size_t i;
	json_t *row;
	json_array_foreach(plan->broadcasts, i, row) {
		g_autofree char *at = cli_time(cli, value_integer(row, "at", 0)), *to = cli_plain(value_string(row, "to", ""), 40);
		bool confirmed = strcmp(value_string(row, "state", ""), "confirmed") == 0;
		cli_print(cli, "  broadcast %" G_GINT64_FORMAT " to %s on %s: %s %s\n", value_integer(row, "id", 0), to, value_string(row, "channel", ""),
		          confirmed ? "confirmed, leaves on" : "lapses unless somebody confirms it before", at);
	}
}

static void print_plan(Cli *cli, const Plan *plan)
{
	Totals t = totals_of(plan);
	print_table(cli, plan);
	g_autofree char *from = cli_time(cli, plan->bounds[0]);
	g_autofree char *last = day_text(cli, plan->bounds[plan->days] - TIME_HOUR, "%F");
	cli_print(cli, "From %s through %s: %d message%s", from, last, t.messages, plural(t.messages));
	if (t.by_hand)
		cli_print(cli, ", %d by hand", t.by_hand);
	if (t.tasks)
		cli_print(cli, ", %d other task%s", t.tasks, plural(t.tasks));
	if (plan->enrolled)
		cli_print(cli, "; %d run%s will be started", plan->enrolled, plural(plan->enrolled));
	cli_print(cli, "; %d refused, %d run%s would fail, %d wait past the end.\n", t.refused, t.failed, plural(t.failed), t.waiting);
	print_broadcasts(cli, plan);
	print_waits(cli, plan);
	print_trouble(cli, plan);
	print_limits(cli, plan);
	cli_print(cli, "It assumes that %s.\n", ASSUMES);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static void json_lines(Cli *cli, const Plan *plan)
{
	for (int i = 0; i < plan->days; i++) {
		g_autofree char *day = day_text(cli, plan->bounds[i], "%F");
		for (guint k = 0; k < plan->lines->len; k++) {
			const PlanLine *line = plan->lines->pdata[k];
			cli_json(cli, json_pack("{s:s, s:s, s:o, s:s, s:i, s:i, s:o}", "event", "day", "day", day, "account", text_or_null(line->account), "channel",
			                        line->channel, "messages", line->messages[i], "by_hand", line->by_hand[i], "limited_by", text_or_null(line->limited[i])));
		}
	}
}

static json_t *json_waits(Cli *cli, const Plan *plan)
{
	json_t *list = json_array();
	for (guint i = 0; i < plan->waits->len; i++) {
		const PlanWait *wait = plan->waits->pdata[i];
		json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:i, s:o, s:s}", "account", text_or_null(wait->account), "channel", wait->channel, "rule",
		                                      wait->rule, "messages", wait->messages, "until", cli_json_time(cli, wait->until), "reason", wait_words(wait)));
	}
	return list;
}

static json_t *json_refusals(const Plan *plan)
{
	json_t *object = json_object();
	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];
		json_object_set_new(object, refusal->rule, json_integer(refusal->messages));
	}
	return object;
}

static json_t *json_failures(const Plan *plan)
{
	json_t *list = json_array();
	for (guint i = 0; i < plan->failures->len; i++) {
		const PlanFailure *failure = plan->failures->pdata[i];
		json_array_append_new(list, json_pack("{s:I, s:s, s:s?, s:s?}", "run", (json_int_t)failure->run, "sequence", failure->sequence, "contact",
		                                      failure->contact, "error", failure->error));
	}
	return list;
}

static json_t *json_broadcasts(const Cli *cli, const Plan *plan)
{
	json_t *list = json_array(), *row;
	size_t i;
	json_array_foreach(plan->broadcasts, i, row)
		json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s, s:s, s:o}", "id", (json_int_t)value_integer(row, "id", 0), "state",
		                                      value_string(row, "state", ""), "channel", value_string(row, "channel", ""), "account",
		                                      value_string(row, "account", ""), "to", value_string(row, "to", ""), "at",
		                                      cli_json_time(cli, value_integer(row, "at", 0))));
	return list;
}

static json_t *json_limits(const Cli *cli, const Plan *plan)
{
	json_t *list = json_array();
	for (guint i = 0; i < plan->lines->len; i++) {
		const PlanLine *line = plan->lines->pdata[i];
		for (int k = 0; limits[k]; k++) {
			g_autofree char *text = limit_text(cli, plan, line, limits[k]);
			if (text)
				json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:i, s:s}", "account", line->account, "rule", limits[k], "days",
				                                      days_limited(plan, line, limits[k]), "waiting", line->waiting, "text", text));
		}
	}
	return list;
}

static void json_plan(Cli *cli, const Plan *plan)
{
	Totals t = totals_of(plan);
	json_lines(cli, plan);
	json_t *summary = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s}", "event", "summary", "days", plan->days, "messages", t.messages, "by_hand",
	                            t.by_hand, "tasks", t.tasks, "enrolled", plan->enrolled, "waits_for_web", plan->requests, "assumes", ASSUMES);
	json_object_set_new(summary, "from", cli_json_time(cli, plan->bounds[0]));
	json_object_set_new(summary, "until", cli_json_time(cli, plan->bounds[plan->days]));
	json_object_set_new(summary, "waiting", json_waits(cli, plan));
	json_object_set_new(summary, "refused", json_refusals(plan));
	json_object_set_new(summary, "failed", json_failures(plan));
	json_object_set_new(summary, "broadcasts", json_broadcasts(cli, plan));
	json_object_set_new(summary, "limits", json_limits(cli, plan));
	json_object_set_new(summary, "paused_scripts", json_integer(plan->paused));
	json_t *failing = json_array();
	for (guint i = 0; i < plan->failing->len; i++) {
		const PlanFailing *one = plan->failing->pdata[i];
		json_array_append_new(failing, json_pack("{s:s, s:s}", "account", one->account, "text", one->text));
	}
	json_object_set_new(summary, "failing", failing);
	json_object_set_new(summary, "in_flight", json_integer(plan->unsettled));
	cli_json(cli, summary);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* At a terminal a line says how far it is, once it takes longer than a second. */
typedef struct Progress {
	Cli *cli;
	bool terminal, shown;
	gint64 next;
} Progress;

static void tell(void *user, Time now)
{
	Progress *progress = user;
	gint64 at = g_get_monotonic_time();
	if (!progress->terminal || at < progress->next)
		return;
	g_autofree char *day = day_text(progress->cli, now, "%a %-d %b");
	g_autofree char *text = g_strdup_printf("\rplanning %s\033[K", day);
	progress->cli->write(progress->cli->user, true, text, strlen(text));
	progress->shown = true;
	progress->next = at + G_USEC_PER_SEC / 5;
}

int command_plan(Cli *cli, int argc, char **argv)
{
	int64_t days = 7;
	const Option options[] = { { "--days", OPTION_NUMBER, &days }, { NULL, 0, NULL } };
	if (!cli_options(cli, "plan", argc, argv, options, NULL, 0, 0))
		return EXIT_USAGE;
	if (days < 1 || days > PLAN_DAYS_MOST)
		return cli_usage(cli, "plan", "--days is a number from 1 to %d", PLAN_DAYS_MOST);
	Progress progress = { .cli = cli, .terminal = isatty(STDERR_FILENO) == 1, .next = g_get_monotonic_time() + G_USEC_PER_SEC };
	GError *error = NULL;
	g_autoptr(Plan) plan = plan_make(cli->host, (int)days, tell, &progress, &error);
	if (progress.shown)
		cli->write(cli->user, true, "\r\033[K", strlen("\r\033[K"));
	if (!plan)
		return cli_fail_error(cli, error);
	if (cli->json)
		json_plan(cli, plan);
	else
		print_plan(cli, plan);
	return EXIT_DONE;
}
