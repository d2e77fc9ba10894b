/* SPDX-License-Identifier: MIT */
/* The sections of the report's page: see report_page.h. */
#include "cli/report_page.h"

#include <string.h>

static const char *const end_classes[REPORT_N_ENDS] = { "replied", "unsubscribed", "bounced", "refused", "otherwise", "silent", "failed", "waiting" };

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

/* ---- the funnel ------------------------------------------------------------------------------------------------- */

/* "4 replied" and the like, each with its colour. */
static void chips(GString *page, const char *before, const int left[REPORT_N_ENDS])
{
	bool any = false;
	for (int i = 0; i < REPORT_N_ENDS; i++) {
		if (!left[i])
			continue;
		if (!any)
			page_add(page, "<span class=\"soft\">%s</span> ", before);
		any = true;
		page_add(page, "<span class=\"mark\"><i class=\"dot %s\"></i>%d %s</span> ", end_classes[i], left[i], report_end_names[i]);
	}
}

/* Those who went on, then those who left, of all that were enrolled. */
static void funnel_bar(GString *page, const char *name, int runs, int enrolled, const int left[REPORT_N_ENDS])
{
	int numbers[REPORT_N_ENDS + 1];
	const char *classes[REPORT_N_ENDS + 1] = { "on" };
	numbers[0] = runs;
	for (int i = 0; i < REPORT_N_ENDS; i++) {
		numbers[0] -= left[i];
		numbers[i + 1] = left[i];
		classes[i + 1] = end_classes[i];
	}
	g_autofree char *words = report_left_words(left);
	g_autofree char *title = g_strdup_printf("%s: %d of %d runs; %d went on%s%s", name, runs, enrolled, numbers[0], *words ? ", " : "", words);
	page_bar(page, title, enrolled, numbers, classes, REPORT_N_ENDS + 1);
}

static void row_begin(GString *page, const char *name, const char *channel, int n, int of)
{
	g_autofree char *label = page_text(name), *chip = page_text(channel), *share = report_share(n, of), *escaped = page_text(share);
	page_add(page, "<li><p class=\"label\"><bdi>%s</bdi>", label);
	if (*chip)
		page_add(page, " <span class=\"chip\">%s</span>", chip);
	page_add(page, "</p><p class=\"count\"><b>%d</b> <span class=\"soft\">%s</span></p>", n, escaped);
}

static void funnel_step(GString *page, const ReportFunnel *funnel, guint at)
{
	const ReportStep *step = funnel->steps->pdata[at];
	int n, before = report_before(step, &n);
	const ReportStep *earlier = before < 0 ? NULL : funnel->steps->pdata[before];
	g_autofree char *name = report_step_name(step), *share = report_share(n, earlier ? earlier->runs : funnel->enrolled);
	g_autofree char *percent = page_text(share), *from = page_text(earlier ? earlier->template_name : "the enrolled");
	row_begin(page, step->template_name, step->channel, step->runs, funnel->enrolled);
	funnel_bar(page, name, step->runs, funnel->enrolled, step->left);
	page_add(page, "<p class=\"notes\"><span class=\"soft\">%s of <bdi>%s</bdi>", percent, from);
	if (step->messages > step->runs)
		page_add(page, ", %d messages", step->messages);
	g_string_append(page, "</span> ");
	chips(page, "Then:", step->left);
	g_string_append(page, "</p></li>\n");
}

static void funnel_table(GString *page, const ReportFunnel *funnel)
{
	g_string_append(page, "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Funnel\"><table><thead><tr>"
	                      "<th scope=\"col\">Step</th><th scope=\"col\" class=\"n\">Runs</th><th scope=\"col\" class=\"n\">Of all</th>"
	                      "<th scope=\"col\" class=\"n\">Messages</th>");
	for (int i = 0; i < REPORT_N_ENDS; i++)
		page_add(page, "<th scope=\"col\" class=\"n\">Then %s</th>", report_end_names[i]);
	g_string_append(page, "</tr></thead><tbody>\n");
	for (int at = -1; at < (int)funnel->steps->len; at++) {
		const ReportStep *step = at < 0 ? NULL : funnel->steps->pdata[at];
		const int *left = step ? step->left : funnel->left;
		int runs = step ? step->runs : funnel->enrolled;
		g_autofree char *name = step ? report_step_name(step) : g_strdup("Enrolled"), *label = page_text(name), *share = report_share(runs, funnel->enrolled);
		g_autofree char *percent = page_text(share);
		page_add(page, "<tr><th scope=\"row\"><bdi>%s</bdi></th><td class=\"n\">%d</td><td class=\"n\">%s</td><td class=\"n\">%d</td>", label, runs, percent,
		         step ? step->messages : 0);
		for (int i = 0; i < REPORT_N_ENDS; i++)
			page_add(page, "<td class=\"n\">%d</td>", left[i]);
		g_string_append(page, "</tr>\n");
	}
	g_string_append(page, "</tbody></table></div></details>\n");
}

void page_funnel(GString *page, const ReportFunnel *funnel, bool alone)
{
	g_autofree char *name = page_text(funnel->sequence);
	if (!alone)
		page_add(page, "<h3><bdi>%s</bdi></h3>\n", name);
	g_string_append(page, "<ol class=\"rows\" role=\"list\">\n");
	row_begin(page, "Enrolled", "", funnel->enrolled, funnel->enrolled);
	funnel_bar(page, "Enrolled", funnel->enrolled, funnel->enrolled, funnel->left);
	g_string_append(page, "<p class=\"notes\">");
	chips(page, "Without a message:", funnel->left);
	g_string_append(page, "</p></li>\n");
	for (guint i = 0; i < funnel->steps->len; i++)
		funnel_step(page, funnel, i);
	row_begin(page, "Answered", "", funnel->replied, funnel->enrolled);
	const char *const classes[] = { "replied" };
	g_autofree char *title = g_strdup_printf("Answered: %d of %d runs", funnel->replied, funnel->enrolled), *share = report_share(funnel->replied, funnel->written);
	g_autofree char *percent = page_text(share);
	page_bar(page, title, funnel->enrolled, &funnel->replied, classes, 1);
	page_add(page, "<p class=\"notes\"><span class=\"soft\">%s of those who were written to</span></p></li>\n</ol>\n", percent);
	funnel_table(page, funnel);
}

/* ---- outcomes, what came in, tasks ------------------------------------------------------------------------------ */

void page_outcomes(GString *page, const Report *report)
{
	g_autoptr(GPtrArray) sorted = report_sorted(report->outcomes);
	static const char *const classes[] = { "on" }, *const bad[] = { "failed" }, *const live[] = { "waiting" };
	int all = report->finished + report->failed + report->waiting;
	g_string_append(page, "<ul class=\"rows small\" role=\"list\">\n");
	for (guint i = 0; i < sorted->len; i++) {
		const ReportCount *outcome = sorted->pdata[i];
		row_begin(page, outcome->name, "", outcome->n, all);
		page_bar(page, outcome->name, all, &outcome->n, classes, 1);
		g_string_append(page, "</li>\n");
	}
	if (report->failed) {
		row_begin(page, "failed", "", report->failed, all);
		page_bar(page, "failed", all, &report->failed, bad, 1);
		g_string_append(page, "</li>\n");
	}
	if (report->waiting) {
		row_begin(page, "still waiting", "", report->waiting, all);
		page_bar(page, "still waiting", all, &report->waiting, live, 1);
		g_string_append(page, "</li>\n");
	}
	g_string_append(page, "</ul>\n");
}

static const char *incoming_words(const char *kind)
{
	static const struct { const char *kind, *words; } table[] = {
		{ "reply", "answers" }, { "auto_reply", "automatic answers" }, { "bounce", "bounces" }, { "unsubscribe", "unsubscriptions" },
		{ "complaint", "complaints" }, { "handled", "messages of teammates" }, { "click", "clicks on links" }, { "opt_in", "confirmations (double opt-in)" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(kind, table[i].kind) == 0)
			return table[i].words;
	return kind;
}

static void count_table(GString *page, const char *title, const GPtrArray *counts, bool tasks)
{
	g_autoptr(GPtrArray) sorted = report_sorted(counts);
	page_add(page, "<table class=\"plain\"><caption>%s</caption><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\" class=\"n\">Number</th>%s</tr></thead><tbody>\n",
	         title, tasks ? "<th scope=\"col\" class=\"n\">Done</th>" : "");
	for (guint i = 0; i < sorted->len; i++) {
		const ReportCount *count = sorted->pdata[i];
		g_autofree char *name = page_text(tasks ? count->name : incoming_words(count->name));
		page_add(page, "<tr><th scope=\"row\"><bdi>%s</bdi></th><td class=\"n\">%d</td>", name, count->n);
		if (tasks)
			page_add(page, "<td class=\"n\">%d</td>", count->done);
		g_string_append(page, "</tr>\n");
	}
	g_string_append(page, "</tbody></table>\n");
}

void page_counts(GString *page, const Report *report)
{
	if (report->incoming->len)
		count_table(page, "What came in", report->incoming, false);
	else
		g_string_append(page, "<p class=\"soft\">Nothing came in.</p>\n");
	if (report->task_kinds->len)
		count_table(page, "Tasks for people", report->task_kinds, true);
	else
		g_string_append(page, "<p class=\"soft\">No tasks for people.</p>\n");
	if (report->broadcasts->len)
		count_table(page, "Broadcasts", report->broadcasts, false);
}

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static void reasons_list(GString *page, const GPtrArray *reasons)
{
	g_autoptr(GPtrArray) sorted = report_sorted(reasons);
	g_string_append(page, "<ul class=\"reasons\">");
	for (guint i = 0; i < sorted->len; i++) {
		const ReportCount *reason = sorted->pdata[i];
		g_autofree char *text = page_text(reason->name);
		page_add(page, "<li><bdi>%s</bdi>", text);
		if (reason->n > 1)
			page_add(page, " <span class=\"soft\">(%d like it)</span>", reason->n);
		g_string_append(page, "</li>\n");
	}
	g_string_append(page, "</ul>");
}

void page_failures(GString *page, const Report *report)
{
	if (!report->failures->len)
		return;
	page_add(page, "<section class=\"card bad\">\n<h2>Why %d run%s failed</h2>\n", report->failed, plural(report->failed));
	reasons_list(page, report->failures);
	g_string_append(page, "</section>\n");
}

static void rule(GString *page, const ReportRule *row)
{
	g_autofree char *name = page_text(row->name), *longest = row->longest ? report_span(row->longest) : NULL;
	const char *words = report_rule_words(row->name);
	page_add(page, "<li><p class=\"label\"><span class=\"rule\">%s</span>%s%s</p><p class=\"notes\">", name, *words ? " " : "", words);
	if (row->held)
		page_add(page, "<span class=\"mark\"><i class=\"dot waiting\"></i>held %d time%s%s%s</span> ", row->held, plural(row->held), longest ? ", for at most " : "",
		         longest ? longest : "");
	if (row->refused)
		page_add(page, "<span class=\"mark\"><i class=\"dot refused\"></i>refused %d time%s</span> ", row->refused, plural(row->refused));
	if (row->runs)
		page_add(page, "<span class=\"soft\">%d run%s</span>", row->runs, plural(row->runs));
	g_string_append(page, "</p>");
	if (row->reasons->len) {
		g_string_append(page, "<details><summary>Reasons</summary>");
		reasons_list(page, row->reasons);
		g_string_append(page, "</details>");
	}
	g_string_append(page, "</li>\n");
}

void page_rules(GString *page, const Report *report)
{
	g_string_append(page, report->rules->len ? "<ul class=\"rules\" role=\"list\">\n" : "<p class=\"soft\">No rule held or refused anything.</p>\n");
	for (guint i = 0; i < report->rules->len; i++)
		rule(page, report->rules->pdata[i]);
	g_string_append(page, report->rules->len ? "</ul>\n" : "");
}

/* ---- timelines -------------------------------------------------------------------------------------------------- */

static void line(GString *page, Report *report, const ReportPerson *person, const ReportLine *at)
{
	g_autofree char *when = report_moment(at->at, report_zone(report, person->contact)), *iso = time_iso(at->at, report_zone(report, person->contact));
	g_autofree char *words = page_text(at->words), *detail = at->detail ? page_text(at->detail) : NULL, *subject = at->subject ? page_text(at->subject) : NULL;
	page_add(page, "<li class=\"%s\"><time datetime=\"%s\">%s</time><div><p><bdi>%s</bdi></p>", at->kind, iso, when, words);
	if (subject)
		page_add(page, "<p class=\"subject\" dir=\"auto\">%s</p>", subject);
	if (detail)
		page_add(page, "<p class=\"detail\" dir=\"auto\">%s</p>", detail);
	g_string_append(page, "</div></li>\n");
}

static void person(GString *page, Report *report, const ReportPerson *p)
{
	static const char NAME[] = "SELECT name FROM contacts WHERE id = ?";
	g_autofree char *found = db_text(report->host->db, NAME, "s", p->contact), *name = page_text(found && *found ? found : p->contact);
	g_autofree char *id = page_text(p->contact), *outcome = page_text(p->outcome ? p->outcome : "still waiting");
	page_add(page, "<details class=\"person\"><summary><span class=\"who\"><bdi>%s</bdi> <span class=\"id\">%s</span></span> "
	         "<span class=\"soft\">%d message%s</span> <span class=\"chip%s\"><bdi>%s</bdi></span></summary>\n<ol class=\"timeline\" role=\"list\">\n", name, id, p->messages,
	         plural(p->messages), p->failed ? " bad" : "", outcome);
	for (guint i = 0; i < p->lines->len; i++)
		line(page, report, p, &g_array_index(p->lines, ReportLine, i));
	g_string_append(page, "</ol>\n");
	if (p->more)
		page_add(page, "<p class=\"soft\">%d more event%s are left out here.</p>\n", p->more, plural(p->more));
	g_string_append(page, "</details>\n");
}

void page_people(GString *page, const Report *report)
{
	g_autoptr(GPtrArray) shown = report_people(report);
	int more = report->met - (int)shown->len;
	guint failed = 0;
	while (failed < shown->len && ((ReportPerson *)shown->pdata[failed])->failed)
		failed++;
	page_add(page, "<p class=\"soft\">Times are the contact's own.%s</p>\n", failed && failed < shown->len ? " Those with a failed run come first." : "");
	for (guint i = 0; i < shown->len; i++)
		person(page, (Report *)report, shown->pdata[i]);
	if (more > 0)
		page_add(page, "<p class=\"more\">%d more contact%s %s not shown here; the timeline that the command prints has all of them.</p>\n", more, plural(more),
		         more == 1 ? "is" : "are");
}
