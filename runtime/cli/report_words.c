/* SPDX-License-Identifier: MIT */
/* Numbers of a report in words, for its text and its page alike. */
#include "cli/report.h"

#include <string.h>

int report_before(const ReportStep *step, int *n)
{
	int best = 0;
	for (int i = 1; i <= REPORT_STEPS; i++)
		if (step->from[i] > step->from[best])
			best = i;
	*n = step->from[best];
	return best - 1;
}

int report_level(int n, int most)
{
	if (n <= 0 || most <= 0)
		return 0;
	return (int)(((int64_t)n * REPORT_LEVELS + most - 1) / most);
}

bool report_level_range(int level, int most, int *from, int *to)
{
	/* The n with (level - 1) * most < n * LEVELS <= level * most. */
	*from = (int)((int64_t)(level - 1) * most / REPORT_LEVELS) + 1;
	*to = (int)((int64_t)level * most / REPORT_LEVELS);
	return *from <= *to;
}

int report_most(const int *numbers, guint n)
{
	int most = 0;
	for (guint i = 0; i < n; i++)
		most = MAX(most, numbers[i]);
	return most;
}

char *report_share(int n, int of)
{
	if (of <= 0)
		return g_strdup("–");
	int64_t percent = ((int64_t)n * 200 + of) / (2 * (int64_t)of);
	/* Neither all nor nothing is said of what is only nearly so. */
	if (n > 0 && percent == 0)
		return g_strdup("<1 %");
	if (n < of && percent == 100)
		return g_strdup(">99 %");
	return g_strdup_printf("%" G_GINT64_FORMAT " %%", percent);
}

char *report_span(Time span)
{
	int64_t minutes = (span + TIME_MINUTE / 2) / TIME_MINUTE, hours = minutes / 60, days = hours / 24;
	if (minutes < 1)
		return g_strdup_printf("%" G_GINT64_FORMAT " s", MAX(span, 0) / TIME_SECOND);
	if (hours < 1)
		return g_strdup_printf("%" G_GINT64_FORMAT " min", minutes);
	if (days < 1)
		return minutes % 60 ? g_strdup_printf("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", hours, minutes % 60)
		                    : g_strdup_printf("%" G_GINT64_FORMAT " h", hours);
	return hours % 24 ? g_strdup_printf("%" G_GINT64_FORMAT " d %" G_GINT64_FORMAT " h", days, hours % 24)
	                  : g_strdup_printf("%" G_GINT64_FORMAT " d", days);
}

const char *const report_weekdays[7] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
const char *const report_months[12] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

char *report_date(int64_t day)
{
	int year, month, date;
	local_civil(day, &year, &month, &date);
	return g_strdup_printf("%s %d %s %d", report_weekdays[local_weekday(day) - 1], date, report_months[month - 1], year);
}

char *report_moment(Time at, GTimeZone *zone)
{
	int64_t local = local_from_utc(zone, local_floor(at, TIME_SECOND)), day = local_floor(local, LOCAL_DAY), second = local_rest(local, LOCAL_DAY);
	int year, month, date;
	local_civil(day, &year, &month, &date);
	return g_strdup_printf("%s %d %s, %02d:%02d", report_weekdays[local_weekday(day) - 1], date, report_months[month - 1], (int)(second / 3600),
	                       (int)(second / 60 % 60));
}

char *report_step_name(const ReportStep *step)
{
	return *step->channel ? g_strdup_printf("%s, %s", step->template_name, step->channel) : g_strdup(step->template_name);
}

const char *report_rule_words(const char *rule)
{
	static const struct { const char *rule, *words; } table[] = {
		{ "suppressed", "they opted out or complained, or the address is dead" },
		{ "unseen_reply", "they had answered, and the script has not seen it yet" },
		{ "address", "they have no address on this channel" },
		{ "inbox_fresh", "the mailbox that could hold their answer has to be read first" },
		{ "consent", "they have not agreed to be written to on this channel" },
		{ "initiate", "on this channel we may not write first" },
		{ "account", "no account of ours serves this channel" },
		{ "reply_window", "free text is allowed only for a time after their last message" },
		{ "topic_channel", "this topic belongs on another channel" },
		{ "personal", "it reads, names aside, like a message to somebody else" },
		{ "two_then_call", "e-mails stay unanswered: the next step is a call" },
		{ "max_channels", "they have been written to on enough channels" },
		{ "asks_per_week", "they have been asked often enough this week" },
		{ "away", "an automatic answer says that they are away" },
		{ "account_cap", "the account has sent as many as it may in 24 hours" },
		{ "account_rate", "the account leaves a pause between two messages" },
		{ "warmup", "the account is new and sends more from day to day" },
		{ "domain_rate", "so many to one domain within an hour are enough" },
		{ "hours", "it is outside their sending hours" },
		{ "form", "the text does not fit the channel" },
		{ "breaker", "the channel keeps failing and rests" },
		{ "paused", "a person has paused it" },
		{ "template", "the template can't be rendered" },
		{ "retry", "the server asked to try later" },
		{ "hand", "the person whose task it was did not send it" },
		{ "bounced", "the server knows no such address" },
		{ "invalid", "the template lacks a field of the contact" },
		{ "timeout", "it could not be delivered in time" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(rule, table[i].rule) == 0)
			return table[i].words;
	return "";
}

static int most_first(const void *a, const void *b)
{
	const ReportCount *x = *(ReportCount *const *)a, *y = *(ReportCount *const *)b;
	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->name, y->name);
}

GPtrArray *report_sorted(const GPtrArray *counts)
{
	GPtrArray *sorted = g_ptr_array_new();
	for (guint i = 0; i < counts->len; i++)
		g_ptr_array_add(sorted, counts->pdata[i]);
	g_ptr_array_sort(sorted, most_first);
	return sorted;
}

char *report_left_words(const int left[REPORT_N_ENDS])
{
	GString *words = g_string_new(NULL);
	for (int i = 0; i < REPORT_N_ENDS; i++)
		if (left[i])
			g_string_append_printf(words, "%s%d %s", words->len ? ", " : "", left[i], report_end_names[i]);
	return g_string_free(words, FALSE);
}
