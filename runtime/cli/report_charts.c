/* SPDX-License-Identifier: MIT */
/* The charts of the report's page, as SVG without a script: see report_page.h. Colours and sizes of text are report.css. */
#include "cli/report_page.h"

#include <string.h>

enum {
	BLOCK_WEEKS = 13,                   /* of a calendar: blocks stand side by side where there is room */
	LARGE = 34, SMALL = 22,             /* from one cell of a calendar to the next: with the date in it, or not */
	LARGE_WEEKS = 7,                    /* the longest calendar with large cells */
	LABEL = 36, HEAD = 20,              /* room for weekdays and months */
	HOUR = 22, HOUR_LABEL = 46, HOUR_HEAD = 26,
	DAY = 10, HIGH = 100,               /* of an account's chart, in units that are stretched to fit */
	CROWDED = 120,                      /* from so many days on bars stand without gaps */
	FAR = 5,                            /* a cap so many times the busiest day is told, not drawn */
};

static int number(const GArray *days, int64_t at)
{
	return at >= 0 && at < days->len ? g_array_index(days, int, at) : 0;
}

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

void page_bar(GString *page, const char *title, int of, const int *numbers, const char *const *classes, guint n)
{
	g_autofree char *text = page_text(title);
	page_add(page, "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\"><title>%s</title>", text);
	double x = 0;
	for (guint i = 0; i < n; i++) {
		if (!numbers[i] || of <= 0)
			continue;
		double width = 1000.0 * numbers[i] / of;
		char from[G_ASCII_DTOSTR_BUF_SIZE], wide[G_ASCII_DTOSTR_BUF_SIZE];
		page_add(page, "<rect class=\"%s\" x=\"%s\" y=\"0\" width=\"%s\" height=\"10\"/>", classes[i], g_ascii_formatd(from, sizeof from, "%.2f", x),
		         g_ascii_formatd(wide, sizeof wide, "%.2f", width));
		x += width;
	}
	g_string_append(page, "</svg>");
}

static void legend(GString *page, int most)
{
	g_string_append(page, "<p class=\"legend\" aria-hidden=\"true\"><span>Messages:</span><span><i class=\"swatch l0\"></i>none</span>");
	for (int level = 1; level <= REPORT_LEVELS; level++) {
		int from, to;
		if (!report_level_range(level, most, &from, &to))
			continue;
		page_add(page, from == to ? "<span><i class=\"swatch l%d\"></i>%d</span>" : "<span><i class=\"swatch l%d\"></i>%d–%d</span>", level, from, to);
	}
	g_string_append(page, "</p>\n");
}

/* ---- the calendar ---------------------------------------------------------------------------------------------- */

static void calendar_day(GString *page, const Report *report, int64_t day, int x, int y, int pitch, int most)
{
	int n = number(report->days, day - report->first_day), level = report_level(n, most), year, month, date;
	g_autofree char *name = report_date(day);
	page_add(page, "<g class=\"l%d\"><title>%s: %d message%s</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>", level, name, n,
	         plural(n), x, y, pitch - 3, pitch - 3, pitch == LARGE ? 5 : 3);
	local_civil(day, &year, &month, &date);
	if (pitch == LARGE)
		page_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>", x + (pitch - 3) / 2, y + 20, date);
	g_string_append(page, "</g>");
}

static int month_of(int64_t day)
{
	int year, month, date;
	local_civil(day, &year, &month, &date);
	return month;
}

/* A month has its name above the first week that ends in it, the block's first unless the next name would run into it; else NULL. */
static const char *month_above(int64_t monday, int week, int weeks, int pitch)
{
	int month = month_of(monday + 6);
	bool narrow = week == 0 && weeks > 1 && pitch == SMALL && month_of(monday + 13) != month;
	return narrow || (week && month_of(monday - 1) == month) ? NULL : report_months[month - 1];
}

/* Weeks as columns from `monday` on, with the months above them. */
static void calendar_block(GString *page, const Report *report, int64_t monday, int weeks, int pitch, int most)
{
	int64_t end = report->first_day + report->days->len;
	int wide = LABEL + MAX(weeks, 3) * pitch;
	g_autofree char *from = report_date(MAX(monday, report->first_day)), *to = report_date(MIN(monday + 7 * (int64_t)weeks, end) - 1);
	page_add(page, "<svg class=\"calendar\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\"><title>Messages a day</title>"
	         "<desc>Weeks are columns, from %s to %s. The table below has the numbers.</desc>", wide, HEAD + 7 * pitch, wide, HEAD + 7 * pitch, from, to);
	for (int day = 0; day < 7; day++)
		page_add(page, "<text class=\"axis\" x=\"0\" y=\"%d\">%s</text>", HEAD + day * pitch + pitch / 2 + 3, report_weekdays[day]);
	for (int week = 0; week < weeks; week++) {
		int64_t first = monday + 7 * (int64_t)week;
		const char *name = month_above(first, week, weeks, pitch);
		if (name)
			page_add(page, "<text class=\"axis\" x=\"%d\" y=\"12\">%s</text>", LABEL + week * pitch, name);
		for (int64_t day = MAX(first, report->first_day); day < MIN(first + 7, end); day++)
			calendar_day(page, report, day, LABEL + week * pitch, HEAD + (local_weekday(day) - 1) * pitch, pitch, most);
	}
	g_string_append(page, "</svg>\n");
}

static void calendar_table(GString *page, const Report *report)
{
	g_string_append(page, "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Messages a day\">"
	                      "<table><thead><tr><th scope=\"col\">Day</th><th scope=\"col\" class=\"n\">Messages</th></tr></thead><tbody>\n");
	for (guint i = 0; i < report->days->len; i++) {
		int n = g_array_index(report->days, int, i);
		g_autofree char *date = n ? report_date(report->first_day + i) : NULL;
		if (n)
			page_add(page, "<tr><th scope=\"row\">%s</th><td class=\"n\">%d</td></tr>\n", date, n);
	}
	g_string_append(page, "</tbody></table></div></details>\n");
}

static int weeks_of(const Report *report)
{
	return (local_weekday(report->first_day) - 1 + (int)report->days->len + 6) / 7;
}

int page_calendar_blocks(const Report *report)
{
	return (weeks_of(report) + BLOCK_WEEKS - 1) / BLOCK_WEEKS;
}

void page_calendar(GString *page, const Report *report)
{
	const GArray *days = report->days;
	int most = report_most((const int *)(const void *)days->data, days->len);
	int64_t first = report->first_day - (local_weekday(report->first_day) - 1);
	int weeks = weeks_of(report), pitch = weeks <= LARGE_WEEKS ? LARGE : SMALL;
	g_string_append(page, "<div class=\"blocks\">\n");
	for (int from = 0; from < weeks; from += BLOCK_WEEKS)
		calendar_block(page, report, first + 7 * (int64_t)from, MIN(weeks - from, BLOCK_WEEKS), pitch, most);
	g_string_append(page, "</div>\n");
	legend(page, most);
	if (report->beyond)
		page_add(page, "<p>And %d message%s after these days.</p>\n", report->beyond, plural(report->beyond));
	calendar_table(page, report);
}

/* ---- hours of the week ------------------------------------------------------------------------------------------ */

static void hours_table(GString *page, const Report *report)
{
	g_string_append(page, "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Messages by hour\">"
	                      "<table><thead><tr><th scope=\"col\">Hour</th>");
	for (int day = 0; day < 7; day++)
		page_add(page, "<th scope=\"col\" class=\"n\">%s</th>", report_weekdays[day]);
	g_string_append(page, "</tr></thead><tbody>\n");
	for (int hour = 0; hour < 24; hour++) {
		int sum = 0;
		for (int day = 0; day < 7; day++)
			sum += report->hours[day][hour];
		if (!sum)
			continue;
		page_add(page, "<tr><th scope=\"row\">%02d:00</th>", hour);
		for (int day = 0; day < 7; day++)
			page_add(page, "<td class=\"n\">%d</td>", report->hours[day][hour]);
		g_string_append(page, "</tr>\n");
	}
	g_string_append(page, "</tbody></table></div></details>\n");
}

void page_hours(GString *page, const Report *report)
{
	int most = report_most(&report->hours[0][0], 7 * 24);
	page_add(page, "<svg class=\"hours\" viewBox=\"0 0 %d %d\" role=\"img\"><title>Messages by hour of the week</title>"
	         "<desc>A row for each day, a column for each hour of the contact's own time. The table below has the numbers.</desc>",
	         HOUR_LABEL + 24 * HOUR, HOUR_HEAD + 7 * HOUR);
	for (int hour = 0; hour < 24; hour += 6)
		page_add(page, "<text class=\"axis\" x=\"%d\" y=\"16\">%02d:00</text>", HOUR_LABEL + hour * HOUR, hour);
	for (int day = 0; day < 7; day++) {
		page_add(page, "<text class=\"axis\" x=\"0\" y=\"%d\">%s</text>", HOUR_HEAD + day * HOUR + 15, report_weekdays[day]);
		for (int hour = 0; hour < 24; hour++) {
			int n = report->hours[day][hour];
			page_add(page, "<rect class=\"l%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"><title>%s, %02d:00 to %02d:00: %d message%s</title></rect>",
			         report_level(n, most), HOUR_LABEL + hour * HOUR, HOUR_HEAD + day * HOUR, HOUR - 3, HOUR - 3, report_weekdays[day], hour, hour + 1, n,
			         plural(n));
		}
	}
	g_string_append(page, "</svg>\n");
	legend(page, most);
	hours_table(page, report);
}

/* ---- accounts --------------------------------------------------------------------------------------------------- */

static void account_table(GString *page, const Report *report, const ReportAccount *row, int cap)
{
	page_add(page, "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Messages a day of an account\">"
	         "<table><thead><tr><th scope=\"col\">Day</th><th scope=\"col\" class=\"n\">Messages</th>%s</tr></thead><tbody>\n",
	         cap ? "<th scope=\"col\" class=\"n\">Of its cap</th>" : "");
	for (guint i = 0; i < row->days->len; i++) {
		int n = g_array_index(row->days, int, i);
		if (!n)
			continue;
		g_autofree char *date = report_date(report->first_day + i), *share = report_share(n, cap), *percent = page_text(share);
		page_add(page, "<tr><th scope=\"row\">%s</th><td class=\"n\">%d</td>", date, n);
		if (cap)
			page_add(page, "<td class=\"n\">%s</td>", percent);
		g_string_append(page, "</tr>\n");
	}
	g_string_append(page, "</tbody></table></div></details>\n");
}

static void account_bars(GString *page, const Report *report, const ReportAccount *row, double top, int cap)
{
	char y[G_ASCII_DTOSTR_BUF_SIZE], high[G_ASCII_DTOSTR_BUF_SIZE];
	int gap = row->days->len > CROWDED ? 0 : 1;
	for (guint i = 0; i < row->days->len; i++) {
		int n = g_array_index(row->days, int, i);
		if (!n)
			continue;
		double height = (double)HIGH * n / top;
		g_autofree char *date = report_date(report->first_day + i);
		page_add(page, "<rect class=\"day\" x=\"%u\" y=\"%s\" width=\"%d\" height=\"%s\"><title>%s: %d message%s</title></rect>", i * DAY + (guint)gap,
		         g_ascii_formatd(y, sizeof y, "%.2f", HIGH - height), DAY - 2 * gap, g_ascii_formatd(high, sizeof high, "%.2f", height), date, n, plural(n));
	}
	if (cap && cap <= top)
		page_add(page, "<line class=\"cap\" x1=\"0\" x2=\"%u\" y1=\"%s\" y2=\"%s\"/>", row->days->len * DAY,
		         g_ascii_formatd(y, sizeof y, "%.2f", HIGH - (double)HIGH * cap / top), y);
}

static char *account_words(const Account *account)
{
	if (!account)
		return g_strdup("by a person");
	if (account->pretend)
		return g_strdup("pretended, without a cap");
	g_autofree char *cap = account->per_day ? g_strdup_printf("cap %d a day", account->per_day) : g_strdup("no cap");
	if (!account->warmup_from)
		return g_steal_pointer(&cap);
	return g_strdup_printf("%s, warm-up from %d, %d more each day", cap, account->warmup_from, account->warmup_step);
}

void page_account(GString *page, const Report *report, const ReportAccount *row, guint place)
{
	const Account *account = row->account;
	int busiest = report_most((const int *)(const void *)row->days->data, row->days->len), cap = account && !account->pretend ? account->per_day : 0;
	bool far = cap > FAR * busiest;
	/* A little room above the highest, so that the line of the cap is seen. */
	double top = 1.08 * MAX(1, cap && !far ? MAX(cap, busiest) : busiest);
	g_autofree char *name = page_text(*row->name ? row->name : "By hand"), *words = account_words(account);
	g_autofree char *first = report_date(report->first_day), *last = report_date(report->first_day + row->days->len - 1);
	page_add(page, "<article class=\"account\"><h3><bdi>%s</bdi> <span class=\"chip\">%s</span></h3>\n<p class=\"soft\">%d message%s, at most %d a day%s</p>\n", name, words,
	         row->n, plural(row->n), busiest, far ? "; its cap lies far above" : "");
	page_add(page, "<div class=\"chart\"><svg class=\"days\" viewBox=\"0 0 %u %d\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"account-%u\">"
	         "<title id=\"account-%u\">Messages a day of %s, %s</title><desc>A bar for each day from %s to %s. The table below has the numbers.</desc>",
	         row->days->len * DAY, HIGH, place, place, name, words, first, last);
	account_bars(page, report, row, top, cap);
	g_string_append(page, "</svg>");
	if (cap && !far) {
		char y[G_ASCII_DTOSTR_BUF_SIZE];
		page_add(page, "<span class=\"cap-label\" style=\"top:%s%%\">cap %d</span>", g_ascii_formatd(y, sizeof y, "%.2f", 100 - 100.0 * cap / top), cap);
	}
	page_add(page, "</div>\n<p class=\"ends\"><span>%s</span><span>%s</span></p>\n", first, last);
	account_table(page, report, row, cap);
	g_string_append(page, "</article>\n");
}
