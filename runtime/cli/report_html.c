/* SPDX-License-Identifier: MIT */
/* The report of a simulation as one HTML page: see report.h. Its sections are report_sections.c, its charts report_charts.c. */
#include "cli/report_page.h"

#include "base/embed.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

char *page_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
	g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
	GString *out = g_string_new(NULL);
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *plain = cli_plain(lines[i], 0);
		g_autofree char *escaped = g_markup_escape_text(plain, -1);
		g_string_append_printf(out, "%s%s", i ? "\n" : "", escaped);
	}
	return g_string_free(out, FALSE);
}

void page_add(GString *page, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_string_append_vprintf(page, format, args);
	va_end(args);
}

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

static void head(GString *page, const char *title)
{
	page_add(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	         "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n<title>%s, simulated</title>\n<style>\n", title);
	for (const Embedded *file = embedded_pages; file->name; file++)
		g_string_append_len(page, file->data, (gssize)file->size);
	g_string_append(page, "</style>\n</head>\n<body>\n");
}

static void fact(GString *page, const char *name, const char *text)
{
	g_autofree char *escaped = page_text(text);
	page_add(page, "<div><dt>%s</dt><dd><bdi>%s</bdi></dd></div>\n", name, escaped);
}

/* In local time, where a day has 24 hours whatever the clocks do. */
static char *period_words(const Report *report)
{
	GTimeZone *zone = report->host->workspace->zone;
	int64_t from = local_from_utc(zone, local_floor(report->start, TIME_SECOND)), to = local_from_utc(zone, local_floor(report->end, TIME_SECOND));
	g_autofree char *first = report_date(report->first_day), *start = report_moment(report->start, zone), *span = report_span((to - from) * TIME_SECOND);
	if (to - from < LOCAL_DAY || local_rest(to - from, LOCAL_DAY) || local_rest(from, LOCAL_DAY))
		return g_strdup_printf("%s from %s%s", span, first, strchr(start, ','));
	g_autofree char *last = report_date(local_floor(to, LOCAL_DAY) - 1);
	return g_strdup_printf("%s to %s (%d day%s)", first, last, (int)((to - from) / LOCAL_DAY), plural((int)((to - from) / LOCAL_DAY)));
}

static void facts(GString *page, const Report *report, const ReportAbout *about)
{
	g_autofree char *contacts = g_path_get_basename(about->contacts_file), *replies = about->replies_file ? g_path_get_basename(about->replies_file) : NULL;
	g_autofree char *period = period_words(report);
	g_autofree char *who = g_strdup_printf("%d from %s", report->contacts, contacts);
	g_autofree char *seed = g_strdup_printf("%" G_GINT64_FORMAT, about->seed);
	g_autoptr(GString) settings = g_string_new(NULL);
	for (guint i = 0; about->settings && i < about->settings->len; i++)
		g_string_append_printf(settings, "%s%s", i ? "; " : "", (const char *)about->settings->pdata[i]);
	g_string_append(page, "<dl class=\"facts\">\n");
	fact(page, "Period", period);
	fact(page, "Zone", report->host->workspace->timezone);
	fact(page, "Contacts", who);
	fact(page, "Answers", replies ? replies : "none are prepared");
	fact(page, "What if", settings->len ? settings->str : "nothing is changed");
	fact(page, "Seed", seed);
	g_string_append(page, "</dl>\n");
}

static void tile(GString *page, const char *name, int n, const char *further, const char *class)
{
	g_autofree char *text = page_text(further);
	page_add(page, "<li class=\"%s\"><b>%d</b> <span>%s</span>", class, n, name);
	page_add(page, *text ? " <small>%s</small></li>\n" : "%s</li>\n", text);
}

/* The numbers that people look for first. */
static void tiles(GString *page, const Report *report)
{
	int enrolled = 0, replied = 0, unsubscribed = 0, done = 0;
	for (guint i = 0; i < report->funnels->len; i++) {
		const ReportFunnel *funnel = report->funnels->pdata[i];
		enrolled += funnel->enrolled;
		replied += funnel->replied;
		unsubscribed += funnel->left[REPORT_UNSUBSCRIBED];
		for (guint s = 0; s < funnel->steps->len; s++)
			unsubscribed += ((ReportStep *)funnel->steps->pdata[s])->left[REPORT_UNSUBSCRIBED];
	}
	for (guint i = 0; i < report->task_kinds->len; i++)
		done += ((ReportCount *)report->task_kinds->pdata[i])->done;
	g_autofree char *answered = report_share(replied, enrolled), *left = report_share(unsubscribed, enrolled);
	g_autofree char *of_runs = enrolled ? g_strdup_printf("%s of runs", answered) : g_strdup(""), *of_left = enrolled ? g_strdup_printf("%s of runs", left) : g_strdup("");
	g_autofree char *tasks = g_strdup_printf("%d done", done), *live = g_strdup_printf("%d still waiting", report->waiting);
	g_autofree char *in = g_strdup_printf("%d came in", report->received);
	g_string_append(page, "<section aria-label=\"Headline numbers\">\n<ul class=\"tiles\" role=\"list\">\n");
	tile(page, report->sent == 1 ? "message sent" : "messages sent", report->sent, in, "");
	tile(page, "answered", replied, of_runs, "good");
	tile(page, "unsubscribed", unsubscribed, of_left, "");
	tile(page, report->tasks == 1 ? "task" : "tasks", report->tasks, report->tasks ? tasks : "", "");
	tile(page, report->finished == 1 ? "run finished" : "runs finished", report->finished, live, "");
	tile(page, report->failed == 1 ? "run failed" : "runs failed", report->failed, "", report->failed ? "bad" : "");
	g_string_append(page, "</ul>\n</section>\n");
}

static void funnels(GString *page, const Report *report)
{
	g_string_append(page, "<section class=\"card\">\n<h2>Funnel</h2>\n");
	if (!report->funnels->len)
		g_string_append(page, "<p class=\"soft\">Nobody was enrolled.</p>\n");
	else
		g_string_append(page, "<p class=\"soft\">Each bar is the part of those enrolled that got so far: who <span class=\"mark\"><i class=\"dot on\"></i>went on</span>, "
		                      "and who left.</p>\n");
	for (guint i = 0; i < report->funnels->len; i++)
		page_funnel(page, report->funnels->pdata[i], report->funnels->len == 1 && !report->jobs);
	g_string_append(page, "</section>\n");
}

static void outcomes(GString *page, const Report *report)
{
	g_string_append(page, "<div class=\"pair\">\n<section class=\"card\">\n<h2>Outcomes</h2>\n");
	if (report->jobs)
		page_add(page, "<p class=\"soft\">Among them %d run%s of the job itself.</p>\n", report->jobs, plural(report->jobs));
	page_outcomes(page, report);
	g_string_append(page, "</section>\n<section class=\"card\">\n<h2>Answers and tasks</h2>\n");
	page_counts(page, report);
	g_string_append(page, "</section>\n</div>\n");
}

static void times(GString *page, const Report *report)
{
	/* A short calendar stands beside the hours, a long one above them. */
	page_add(page, "<div class=\"%s\">\n<section class=\"card\">\n<h2>Messages a day</h2>\n", page_calendar_blocks(report) > 1 ? "stack" : "pair fit");
	g_autofree char *zone = page_text(report->host->workspace->timezone);
	page_add(page, "<p class=\"soft\">Days of %s; each column is a week.</p>\n", zone);
	page_calendar(page, report);
	g_string_append(page, "</section>\n<section class=\"card\">\n<h2>Messages by hour</h2>\n<p class=\"soft\">In each contact's own time.</p>\n");
	page_hours(page, report);
	g_string_append(page, "</section>\n</div>\n<section class=\"card\">\n<h2>Accounts</h2>\n<div class=\"accounts\">\n");
	for (guint i = 0; i < report->accounts->len; i++)
		page_account(page, report, report->accounts->pdata[i], i);
	g_string_append(page, "</div>\n</section>\n");
}

char *report_html(const Report *report, const ReportAbout *about)
{
	GString *page = g_string_new(NULL);
	g_autofree char *base = g_path_get_basename(about->script), *name = g_strndup(base, strlen(base) - (g_str_has_suffix(base, ".lua") ? strlen(".lua") : 0));
	g_autofree char *title = page_text(name);
	head(page, title);
	page_add(page, "<header>\n<p class=\"eyebrow\">Simulation</p>\n<h1><bdi>%s</bdi></h1>\n<p class=\"soft\">Played on a simulated clock with pretend channels. "
	         "Nothing was sent.</p>\n", title);
	facts(page, report, about);
	g_string_append(page, "</header>\n<main>\n");
	tiles(page, report);
	page_failures(page, report);
	funnels(page, report);
	if (report->finished + report->failed + report->waiting)
		outcomes(page, report);
	if (report->sent)
		times(page, report);
	g_string_append(page, "<section class=\"card\">\n<h2>Rules that held or refused</h2>\n");
	page_rules(page, report);
	g_string_append(page, "</section>\n");
	if (report->people->len) {
		g_string_append(page, "<section class=\"card\">\n<h2>Contact by contact</h2>\n");
		page_people(page, report);
		g_string_append(page, "</section>\n");
	}
	g_string_append(page, "</main>\n<footer><p>Made by perigee sim, version " PERIGEE_VERSION ". Equal inputs give an equal page.</p></footer>\n</body>\n</html>\n");
	return g_string_free(page, FALSE);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

#define REPORT_ERROR g_quark_from_static_string("report-error")

bool report_can_write(const Cli *cli, const char *path, GError **error)
{
	g_autofree char *file = cli_path(cli, path), *folder = g_path_get_dirname(file);
	const char *why = NULL;
	if (g_file_test(file, G_FILE_TEST_IS_DIR) || !*path || g_str_has_suffix(path, "/"))
		why = "that is a folder; name the file that the page is to be, such as report.html";
	else if (g_file_test(file, G_FILE_TEST_EXISTS) && !g_file_test(file, G_FILE_TEST_IS_REGULAR))
		why = "that is no plain file; name one, such as report.html";
	else if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
		why = "its folder does not exist; make it first";
	if (why)
		g_set_error(error, REPORT_ERROR, 0, "--html %s: %s", path, why);
	return !why;
}

bool report_write(const Report *report, const ReportAbout *about, Cli *cli, const char *path, GError **error)
{
	g_autofree char *file = cli_path(cli, path), *page = report_html(report, about);
	g_autoptr(GError) wrong = NULL;
	if (!report_can_write(cli, path, error))
		return false;
	/* Into a file beside it, which then takes its place. It tells of people: a new one is its owner's alone, an older one keeps its rights. */
	struct stat old;
	int mode = stat(file, &old) == 0 ? (int)(old.st_mode & 0777) : 0600;
	if (!g_file_set_contents_full(file, page, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, &wrong)) {
		g_set_error(error, REPORT_ERROR, 0, "%s: the page can't be written: %s", path, wrong->message);
		return false;
	}
	if (!cli->json)
		cli_print(cli, "\nThe page: %s\n", path);
	return true;
}
