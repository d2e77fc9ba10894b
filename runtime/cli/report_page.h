/* SPDX-License-Identifier: MIT */
/* The parts of the report's page. All append HTML to `page`; all text of others goes through page_text. */
#ifndef PERIGEE_REPORT_PAGE_H
#define PERIGEE_REPORT_PAGE_H

#include "cli/report.h"

/* Text made fit to stand in an element or a quoted attribute: markup escaped, controls visible; line ends stay. Caller frees. */
char *page_text(const char *text);
void page_add(GString *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* report_charts.c: SVG, each with its title and description. */
/* One bar of n parts of a whole, `of` being the full width. classes[i] names the colour of numbers[i]. */
void page_bar(GString *page, const char *title, int of, const int *numbers, const char *const *classes, guint n);
void page_calendar(GString *page, const Report *report);
/* How many blocks of a quarter of a year it has. */
int page_calendar_blocks(const Report *report);
void page_hours(GString *page, const Report *report);
void page_account(GString *page, const Report *report, const ReportAccount *account, guint number);

/* report_sections.c: the sections of the page. */
void page_funnel(GString *page, const ReportFunnel *funnel, bool alone);
void page_outcomes(GString *page, const Report *report);
void page_counts(GString *page, const Report *report);
/* Why runs failed; nothing if none did. */
void page_failures(GString *page, const Report *report);
void page_rules(GString *page, const Report *report);
void page_people(GString *page, const Report *report);

#endif
