/* SPDX-License-Identifier: MIT */
/* The report of a simulation as text, at most COLUMNS wide: see report.h. */
#include "cli/report.h"

#include <string.h>

enum {
	COLUMNS = 80,
	NAME = 30,                        /* of a step */
	BAR = 20,
	WEEKS = (COLUMNS - 8) / 2,        /* of a calendar, side by side */
	ACCOUNT_WEEKS = 4,                /* of an account's days in a line */
};

static const char *const shades[REPORT_LEVELS + 1] = { "·", "░", "▒", "▓", "█" };

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

static char *bar(int n, int of, int width)
{
	return g_strnfill(of > 0 ? (gsize)(((int64_t)n * width + of - 1) / of) : 0, '#');
}

static void pad(GString *line, int columns)
{
	for (int now = cli_columns(line->str); now < columns; now++)
		g_string_append_c(line, ' ');
}

/* Words after an indent, over as many lines as they take. */
static void print_words(Cli *cli, int indent, const char *text)
{
	Cli paper = *cli; /* a file gets the same lines as a terminal */
	paper.tty = true;
	paper.columns = COLUMNS;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *plain = cli_plain(text, 0);
	cli_wrap(&paper, out, plain, COLUMNS - indent, indent);
	cli_print(cli, "%*s%s\n", indent, "", out->str);
}

/* ---- what it came to ------------------------------------------------------------------------------------------- */

static void print_outcomes(const Report *report, Cli *cli)
{
	cli_print(cli, "\n%d contact%s, %d message%s sent, %d received, %d task%s, %d refused; %d run%s finished, %d failed, %d still waiting\n",
	          report->contacts, plural(report->contacts), report->sent, plural(report->sent), report->received, report->tasks, plural(report->tasks),
	          report->refused, report->finished, plural(report->finished), report->failed, report->waiting);
	g_autoptr(GPtrArray) outcomes = report_sorted(report->outcomes);
	for (guint i = 0; i < outcomes->len; i++) {
		const ReportCount *outcome = outcomes->pdata[i];
		g_autofree char *name = cli_plain(outcome->name, 20), *marks = bar(outcome->n, report->finished, 40);
		g_autoptr(GString) line = g_string_new("  ");
		g_string_append(line, name);
		pad(line, 22);
		cli_print(cli, "%s %5d  %s\n", line->str, outcome->n, marks);
	}
}

static void print_step(Cli *cli, const char *name, int n, int of, const char *before, const char *further)
{
	g_autofree char *marks = bar(n, of, BAR), *share = report_share(n, of), *plain = cli_plain(name, NAME);
	g_autoptr(GString) line = g_string_new("  ");
	g_string_append(line, plain);
	pad(line, NAME + 3);
	g_string_append_printf(line, "%-*s %6d ", BAR, marks, n);
	pad(line, NAME + BAR + 18 - (int)g_utf8_strlen(share, -1));
	g_string_append(line, share);
	if (before) {
		pad(line, NAME + BAR + 27 - (int)g_utf8_strlen(before, -1));
		g_string_append(line, before);
	}
	cli_print(cli, "%s\n", line->str);
	if (further && *further)
		print_words(cli, 6, further);
}

/* The channel is never cut away. */
static char *short_name(const ReportStep *step)
{
	g_autofree char *name = cli_plain(step->template_name, *step->channel ? MAX(NAME - 2 - cli_columns(step->channel), 8) : NAME);
	return *step->channel ? g_strdup_printf("%s, %s", name, step->channel) : g_steal_pointer(&name);
}

/* What stands below a step: where most came from if not from the line above, who left, and messages of loops. */
static char *step_words(const ReportFunnel *funnel, guint at)
{
	const ReportStep *step = funnel->steps->pdata[at];
	GString *words = g_string_new(NULL);
	int n, before = report_before(step, &n);
	if (before != (int)at - 1) {
		g_autofree char *name = before < 0 ? g_strdup("enrolled") : report_step_name(funnel->steps->pdata[before]);
		g_string_append_printf(words, "%d of %s", n, name);
	}
	if (step->messages > step->runs)
		g_string_append_printf(words, "%s%d messages", words->len ? "; " : "", step->messages);
	g_autofree char *left = report_left_words(step->left);
	if (*left)
		g_string_append_printf(words, "%safter it %s", words->len ? "; " : "", left);
	return g_string_free(words, FALSE);
}

static void print_funnel(const ReportFunnel *funnel, Cli *cli)
{
	g_autofree char *name = cli_plain(funnel->sequence, NAME), *left = report_left_words(funnel->left);
	g_autofree char *without = *left ? g_strdup_printf("without a message %s", left) : NULL;
	g_autoptr(GString) title = g_string_new("Funnel of ");
	g_string_append(title, name);
	pad(title, NAME + BAR + 6);
	cli_print(cli, "\n%s%s\n", title->str, "runs  of all of before");
	print_step(cli, "enrolled", funnel->enrolled, funnel->enrolled, NULL, without);
	for (guint i = 0; i < funnel->steps->len; i++) {
		const ReportStep *step = funnel->steps->pdata[i];
		int n, before = report_before(step, &n);
		int of = before < 0 ? funnel->enrolled : ((ReportStep *)funnel->steps->pdata[before])->runs;
		g_autofree char *label = short_name(step), *share = report_share(n, of), *further = step_words(funnel, i);
		print_step(cli, label, step->runs, funnel->enrolled, share, further);
	}
	print_step(cli, "answered", funnel->replied, funnel->enrolled, NULL, NULL);
}

/* ---- when ------------------------------------------------------------------------------------------------------ */

static void print_legend(Cli *cli, int most)
{
	g_autoptr(GString) line = g_string_new("       none ");
	g_string_append(line, shades[0]);
	for (int level = 1; level <= REPORT_LEVELS; level++) {
		int from, to;
		if (!report_level_range(level, most, &from, &to))
			continue;
		g_string_append_printf(line, from == to ? "   %d" : "   %d–%d", from, to);
		g_string_append_printf(line, " %s", shades[level]);
	}
	cli_print(cli, "%s\n", line->str);
}

static int number(const GArray *days, int64_t at)
{
	return at >= 0 && at < days->len ? g_array_index(days, int, at) : 0;
}

/* The month of each week that begins one, or is the first. */
static void print_months(int64_t monday, guint weeks, Cli *cli)
{
	g_autoptr(GString) line = g_string_new(NULL);
	int last = 0;
	for (guint w = 0; w < weeks; w++) {
		int year, month, date;
		local_civil(monday + 7 * (int64_t)w + (w ? 6 : 0), &year, &month, &date);
		if (month == last || cli_columns(line->str) > 7 + 2 * (int)w)
			continue;
		pad(line, 7 + 2 * (int)w);
		g_string_append_printf(line, "%s ", report_months[month - 1]);
		last = month;
	}
	cli_print(cli, "%s\n", g_strchomp(line->str));
}

/* Weeks as columns, WEEKS of them below each other. */
static void print_calendar(const Report *report, Cli *cli)
{
	const GArray *days = report->days;
	int most = report_most((const int *)(const void *)days->data, days->len);
	int64_t first = report->first_day - (local_weekday(report->first_day) - 1), end = report->first_day + days->len;
	guint weeks = (guint)((end - first + 6) / 7);
	cli_print(cli, "\nMessages a day (%s)\n", report->host->workspace->timezone);
	for (guint from = 0; from < weeks; from += WEEKS) {
		guint n = MIN(weeks - from, (guint)WEEKS);
		print_months(first + 7 * (int64_t)from, n, cli);
		for (int weekday = 0; weekday < 7; weekday++) {
			g_autoptr(GString) line = g_string_new("  ");
			g_string_append_printf(line, "%s ", report_weekdays[weekday]);
			for (guint w = 0; w < n; w++) {
				int64_t at = first + 7 * (int64_t)(from + w) + weekday - report->first_day;
				g_string_append_printf(line, " %s", at < 0 || at >= days->len ? " " : shades[report_level(number(days, at), most)]);
			}
			cli_print(cli, "%s\n", g_strchomp(line->str));
		}
	}
	print_legend(cli, most);
	if (report->beyond)
		cli_print(cli, "  and %d message%s after these days\n", report->beyond, plural(report->beyond));
}

static void print_hours(const Report *report, Cli *cli)
{
	int most = report_most(&report->hours[0][0], 7 * 24);
	g_autoptr(GString) head = g_string_new(NULL);
	for (int hour = 0; hour < 24; hour += 3) {
		pad(head, 7 + 2 * hour);
		g_string_append_printf(head, "%02d", hour);
	}
	cli_print(cli, "\nMessages by hour, in each contact's own time\n%s\n", head->str);
	for (int day = 0; day < 7; day++) {
		g_autoptr(GString) line = g_string_new("  ");
		g_string_append_printf(line, "%s ", report_weekdays[day]);
		for (int hour = 0; hour < 24; hour++)
			g_string_append_printf(line, " %s", shades[report_level(report->hours[day][hour], most)]);
		cli_print(cli, "%s\n", line->str);
	}
	print_legend(cli, most);
}

/* ---- accounts -------------------------------------------------------------------------------------------------- */

/* One character a day, its height the share of the cap, or of the busiest day. */
static void print_days(const Report *report, const ReportAccount *account, int full, Cli *cli)
{
	static const char *const heights[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	int64_t monday = report->first_day - (local_weekday(report->first_day) - 1), end = report->first_day + report->days->len;
	for (; monday < end; monday += 7 * ACCOUNT_WEEKS) {
		int busiest = 0, sum = 0, year, month, date;
		local_civil(monday, &year, &month, &date);
		g_autoptr(GString) line = g_string_new(NULL);
		g_string_append_printf(line, "    %2d %s %d  ", date, report_months[month - 1], year);
		for (int64_t day = monday; day < monday + 7 * ACCOUNT_WEEKS; day++) {
			int n = number(account->days, day - report->first_day);
			busiest = MAX(busiest, n);
			sum += n;
			const char *mark = day < report->first_day || day >= end ? " " : n == 0 ? "·" : heights[MIN((n * 8 + full - 1) / full, 8) - 1];
			g_string_append_printf(line, "%s%s", mark, local_weekday(day) == 7 ? " " : "");
		}
		if (sum)
			cli_print(cli, "%s %d, at most %d a day\n", line->str, sum, busiest);
	}
}

static void print_accounts(const Report *report, Cli *cli)
{
	cli_print(cli, "\nMessages a day by account, from Monday to Sunday\n");
	for (guint i = 0; i < report->accounts->len; i++) {
		const ReportAccount *row = report->accounts->pdata[i];
		const Account *account = row->account;
		g_autoptr(GString) words = g_string_new(*row->name ? row->name : "by hand");
		if (account && account->pretend)
			g_string_append(words, ": pretended, without a cap");
		else if (account && account->per_day)
			g_string_append_printf(words, ": cap %d a day", account->per_day);
		else if (account)
			g_string_append(words, ": no cap");
		if (account && account->warmup_from)
			g_string_append_printf(words, ", warm-up from %d, %d more each day", account->warmup_from, account->warmup_step);
		print_words(cli, 2, words->str);
		int busiest = report_most((const int *)(const void *)row->days->data, row->days->len);
		print_days(report, row, MAX(account && account->per_day ? account->per_day : busiest, 1), cli);
	}
}

/* ---- rules, tasks, what came in -------------------------------------------------------------------------------- */

/* The commonest ones, each with how many are like it. */
static void print_reasons(Cli *cli, int indent, const GPtrArray *reasons)
{
	g_autoptr(GPtrArray) sorted = report_sorted(reasons);
	for (guint i = 0; i < MIN(sorted->len, 3); i++) {
		const ReportCount *reason = sorted->pdata[i];
		g_autofree char *line = reason->n > 1 ? g_strdup_printf("%s (%d like it)", reason->name, reason->n) : g_strdup(reason->name);
		print_words(cli, indent, line);
	}
	if (sorted->len > 3)
		cli_print(cli, "%*sand %u more reasons\n", indent, "", sorted->len - 3);
}

static void print_rule(const ReportRule *rule, Cli *cli)
{
	g_autoptr(GString) words = g_string_new(rule->name);
	if (rule->held)
		g_string_append_printf(words, " held %d time%s", rule->held, plural(rule->held));
	if (rule->refused)
		g_string_append_printf(words, "%s refused %d time%s", rule->held ? "," : "", rule->refused, plural(rule->refused));
	if (rule->runs)
		g_string_append_printf(words, " (%d run%s)", rule->runs, plural(rule->runs));
	g_autofree char *longest = rule->longest ? report_span(rule->longest) : NULL;
	if (longest)
		g_string_append_printf(words, ", for %s at most", longest);
	print_words(cli, 2, words->str);
	print_reasons(cli, 6, rule->reasons);
}

static void print_counts(Cli *cli, const char *title, const GPtrArray *counts, bool tasks)
{
	if (!counts->len)
		return;
	g_autoptr(GPtrArray) sorted = report_sorted(counts);
	g_autoptr(GString) words = g_string_new(title);
	for (guint i = 0; i < sorted->len; i++) {
		const ReportCount *count = sorted->pdata[i];
		g_string_append_printf(words, "%s%s %d", i ? ", " : "", count->name, count->n);
		if (tasks && count->done)
			g_string_append_printf(words, " (%d done)", count->done);
	}
	print_words(cli, 0, words->str);
}

void report_text(const Report *report, Cli *cli)
{
	print_outcomes(report, cli);
	for (guint i = 0; i < report->funnels->len; i++)
		print_funnel(report->funnels->pdata[i], cli);
	if (report->sent) {
		print_calendar(report, cli);
		print_hours(report, cli);
		print_accounts(report, cli);
	}
	if (report->failures->len) {
		cli_print(cli, "\nWhy runs failed\n");
		print_reasons(cli, 2, report->failures);
	}
	if (report->rules->len)
		cli_print(cli, "\nHeld and refused by rules\n");
	for (guint i = 0; i < report->rules->len; i++)
		print_rule(report->rules->pdata[i], cli);
	if (report->task_kinds->len || report->incoming->len || report->broadcasts->len)
		cli_print(cli, "\n");
	print_counts(cli, "Tasks: ", report->task_kinds, true);
	print_counts(cli, "Came in: ", report->incoming, false);
	print_counts(cli, "Broadcasts: ", report->broadcasts, false);
}
