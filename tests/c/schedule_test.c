/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Schedules of jobs: a table of next times, and cron against a scan of minutes. */
#include "host/schedule.h"

#include <string.h>

#include "host/local.h"
#include "host/when.h"

#define PARIS "Europe/Paris"

static Time at(const char *iso)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GError) error = NULL;
	Time time = 0;
	when_iso(iso, utc, &time, &error);
	g_assert_no_error(error);
	return time;
}

/* next: three due times in a row, local; fewer when there are no more. */
typedef struct Case {
	const char *zone, *text, *after, *next[3];
} Case;

static void check_cases(const Case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const Case *c = &cases[i];
		g_autoptr(GError) error = NULL;
		g_autoptr(GTimeZone) zone = when_zone(c->zone, NULL);
		g_autoptr(Schedule) schedule = schedule_parse(c->text, zone, &error);
		g_assert_no_error(error);
		Time time = at(c->after);
		for (int j = 0; j < 3; j++) {
			Time next = schedule_next(schedule, time);
			g_autofree char *got = next == TIME_NEVER ? NULL : time_iso(next, zone);
			if (g_strcmp0(got, c->next[j]) != 0)
				g_error("'%s' in %s, number %d after %s: %s, not %s", c->text, c->zone, j + 1, c->after, got, c->next[j]);
			if (next == TIME_NEVER)
				break;
			time = next;
		}
	}
}

static void test_cron(void)
{
	static const Case cases[] = {
		{ PARIS, "0 9 * * 1-5", "2026-11-20T09:00+01:00", { "2026-11-23T09:00:00+01:00", "2026-11-24T09:00:00+01:00", "2026-11-25T09:00:00+01:00" } },
		{ PARIS, "0 9 * * MON-fri", "2026-11-20T08:59:59.999+01:00", { "2026-11-20T09:00:00+01:00", "2026-11-23T09:00:00+01:00", "2026-11-24T09:00:00+01:00" } },
		{ PARIS, "*/20 8-9 * * *", "2026-11-23T08:50+01:00", { "2026-11-23T09:00:00+01:00", "2026-11-23T09:20:00+01:00", "2026-11-23T09:40:00+01:00" } },
		{ PARIS, "5,10-20/5 12 1 jan,jul *", "2026-11-23", { "2027-01-01T12:05:00+01:00", "2027-01-01T12:10:00+01:00", "2027-01-01T12:15:00+01:00" } },
		{ PARIS, "0 0 * * 7", "2026-11-21T00:00+01:00", { "2026-11-22T00:00:00+01:00", "2026-11-29T00:00:00+01:00", "2026-12-06T00:00:00+01:00" } },
		{ PARIS, "0 0 * * 5-7", "2026-11-19T00:00+01:00", { "2026-11-20T00:00:00+01:00", "2026-11-21T00:00:00+01:00", "2026-11-22T00:00:00+01:00" } },
		/* both days are given: either will do; one with a star: both must */
		{ PARIS, "0 0 13 * fri", "2026-11-12T00:00+01:00", { "2026-11-13T00:00:00+01:00", "2026-11-20T00:00:00+01:00", "2026-11-27T00:00:00+01:00" } },
		{ PARIS, "0 0 13 * fri", "2026-12-11T00:00+01:00", { "2026-12-13T00:00:00+01:00", "2026-12-18T00:00:00+01:00", "2026-12-25T00:00:00+01:00" } },
		{ PARIS, "0 0 */10 * mon", "2026-11-12T00:00+01:00", { "2026-12-21T00:00:00+01:00", "2027-01-11T00:00:00+01:00", "2027-02-01T00:00:00+01:00" } },
		{ PARIS, "0 0 29 2 *", "2096-03-01", { "2104-02-29T00:00:00+01:00", "2108-02-29T00:00:00+01:00", "2112-02-29T00:00:00+01:00" } },
		{ PARIS, "0 0 30 2 *", "2026-11-23", { NULL } },
		{ "UTC", "0 0 31 * *", "2026-11-23", { "2026-12-31T00:00:00+00:00", "2027-01-31T00:00:00+00:00", "2027-03-31T00:00:00+00:00" } },
	};
	check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_changes_of_the_clock(void)
{
	static const Case cases[] = {
		/* skipped: at the gap's end, once */
		{ PARIS, "30 2 * * *", "2026-03-28T03:00+01:00", { "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00" } },
		{ PARIS, "0,30 2,3 * * *", "2026-03-28T23:00+01:00", { "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:00:00+02:00" } },
		{ PARIS, "30 2 * * *", "2026-03-29T00:59:59.999Z", { "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00" } },
		{ PARIS, "30 2 * * *", "2026-03-29T01:00Z", { "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00", "2026-04-01T02:30:00+02:00" } },
		{ "America/Havana", "0 0 * * *", "2026-03-07T12:00-05:00", { "2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00", "2026-03-10T00:00:00-04:00" } },
		{ "Pacific/Apia", "0 9 * * *", "2011-12-29T12:00-10:00", { "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00", "2012-01-01T09:00:00+14:00" } },
		/* twice: only the first counts */
		{ PARIS, "30 2 * * *", "2026-10-24T03:00+02:00", { "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00", "2026-10-27T02:30:00+01:00" } },
		{ PARIS, "30 2 * * *", "2026-10-25T02:15+01:00", { "2026-10-26T02:30:00+01:00", "2026-10-27T02:30:00+01:00", "2026-10-28T02:30:00+01:00" } },
		{ "America/New_York", "15,45 1 * * *", "2026-11-01T01:20-04:00", { "2026-11-01T01:45:00-04:00", "2026-11-02T01:15:00-05:00", "2026-11-02T01:45:00-05:00" } },
		/* every second hour is a time as others are */
		{ PARIS, "every 2 hours", "2026-03-29T00:30+01:00", { "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", "2026-03-29T06:00:00+02:00" } },
		{ PARIS, "every 2 hours", "2026-10-25T01:30+02:00", { "2026-10-25T02:00:00+02:00", "2026-10-25T04:00:00+01:00", "2026-10-25T06:00:00+01:00" } },
		{ "America/Havana", "every 12 hours", "2026-03-07T11:00-05:00", { "2026-03-07T12:00:00-05:00", "2026-03-08T01:00:00-04:00", "2026-03-08T12:00:00-04:00" } },
		/* but what runs all the time goes on, and makes up for nothing */
		{ PARIS, "10 * * * *", "2026-03-29T00:30+01:00", { "2026-03-29T01:10:00+01:00", "2026-03-29T03:10:00+02:00", "2026-03-29T04:10:00+02:00" } },
		{ PARIS, "every 30 minutes", "2026-10-25T02:20+02:00", { "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00" } },
		{ PARIS, "0 * * * *", "2026-10-25T01:30+02:00", { "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00" } },
		{ PARIS, "every hour", "2026-03-29T00:30+01:00", { "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00" } },
	};
	check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_phrases(void)
{
	static const Case cases[] = {
		{ PARIS, "every weekday at 09:00", "2026-11-20T09:00+01:00", { "2026-11-23T09:00:00+01:00", "2026-11-24T09:00:00+01:00", "2026-11-25T09:00:00+01:00" } },
		{ PARIS, "Every day at 9:05", "2026-11-20T09:05+01:00", { "2026-11-21T09:05:00+01:00", "2026-11-22T09:05:00+01:00", "2026-11-23T09:05:00+01:00" } },
		{ PARIS, "every monday at 09:00", "2026-11-23T09:00+01:00", { "2026-11-30T09:00:00+01:00", "2026-12-07T09:00:00+01:00", "2026-12-14T09:00:00+01:00" } },
		{ PARIS, "every mon, wed and friday at 09:00 and 17:30", "2026-11-23T10:00+01:00", { "2026-11-23T17:30:00+01:00", "2026-11-25T09:00:00+01:00", "2026-11-25T17:30:00+01:00" } },
		{ PARIS, "every 15 minutes", "2026-11-23T09:07+01:00", { "2026-11-23T09:15:00+01:00", "2026-11-23T09:30:00+01:00", "2026-11-23T09:45:00+01:00" } },
		{ PARIS, "every 2 hours", "2026-11-23T21:00+01:00", { "2026-11-23T22:00:00+01:00", "2026-11-24T00:00:00+01:00", "2026-11-24T02:00:00+01:00" } },
		{ PARIS, "every weekend at 10:00", "2026-11-23", { "2026-11-28T10:00:00+01:00", "2026-11-29T10:00:00+01:00", "2026-12-05T10:00:00+01:00" } },
		{ PARIS, "every mondays at 10:00", "2026-11-23T11:00+01:00", { "2026-11-30T10:00:00+01:00", "2026-12-07T10:00:00+01:00", "2026-12-14T10:00:00+01:00" } },
		{ PARIS, "every month on the 1st and 15th at 09:00", "2026-11-23", { "2026-12-01T09:00:00+01:00", "2026-12-15T09:00:00+01:00", "2027-01-01T09:00:00+01:00" } },
		{ PARIS, "every 31st at 09:00", "2026-11-23", { "2026-12-31T09:00:00+01:00", "2027-01-31T09:00:00+01:00", "2027-03-31T09:00:00+02:00" } },
		{ PARIS, "every month on the last day at 18:00", "2028-01-31", { "2028-01-31T18:00:00+01:00", "2028-02-29T18:00:00+01:00", "2028-03-31T18:00:00+02:00" } },
		{ PARIS, "2026-12-01T09:00", "2026-11-23", { "2026-12-01T09:00:00+01:00", NULL } },
		{ PARIS, " 2026-12-01T09:00Z ", "2026-11-23", { "2026-12-01T10:00:00+01:00", NULL } },
		{ PARIS, "2026-12-01", "2026-12-01", { NULL } },
	};
	check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_refusals(void)
{
	static const char *const wrong[] = {
		"", "hourly", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 * ", "* * * * 8", "*/0 * * * *",
		"5-1 * * * *", "5/10 * * * *", "1- * * * *", ", * * * *", "1,,2 * * * *", "* * * foo *", "* * * * fri-mon", "a b c d e", "-1 * * * *", "every", "every ,",
		"every day", "every day at", "every at 09:00", "every 0 minutes", "every 1500 minutes", "every 15 parsecs", "every day at 25:00",
		"every day at 9", "every moonday at 09:00", "every minutes 15", "every 15 minutes at 09:00", "2026-13-01",
	};
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		if (schedule_parse(wrong[i], utc, &error))
			g_error("'%s' was taken for a schedule", wrong[i]);
		g_assert_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX);
		g_assert_nonnull(strstr(error->message, "every weekday at 09:00"));
	}
}

static void test_suggestions(void)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "every mondey at 09:00", "did you mean monday?" }, { "every weekdya at 09:00", "did you mean weekday?" },
		{ "every moonday and friday at 09:00", "did you mean monday?" }, { "every fortnight at 09:00", "\"fortnight\", which is no day" },
		{ "every day", "at 09:00" }, { "every day at 9", "\"9\", which is no time of day" }, { "every day at 9am", "\"9am\"" },
		{ "every day 09:00", "\"at 09:00\"" }, { "every 15 minuts", "did you mean minutes?" }, { "every 15 parsecs", "minutes nor hours" },
		{ "every 15", "minutes nor hours" }, { "every 25 hours", "more than a day" }, { "every 15 minutes at 09:00", "\"at\"" },
		{ "every day at 09:00 Europe/Paris", "a key of its own" }, { "every month at 09:00", "on the 1st" }, { "every monday the 13th at 09:00", "only one" },
		{ "hourly", "\"every hour\"" }, { "@daily", "\"every day at 00:00\"" }, { "weekdays at 09:00", "begin with \"every\"" },
		{ "evry day at 09:00", "did you mean every?" }, { "* * * *", "has 4 fields" }, { "0 0 9 * * 1", "has 6 fields" }, { "60 * * * *", "minute (0 to 59" },
		{ "0 9 * * mon-fryday", "weekday" }, { "soon", "is no schedule" },
	};
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(schedule_parse(cases[i].text, utc, &error));
		if (!strstr(error->message, cases[i].says))
			g_error("'%s' says: %s", cases[i].text, error->message);
	}
	static const char *const foreign[] = { "every \xff\xfe at 09:00", "every day at 9\r\n\x1b[1m", "every mond\xc3 at 09:00", "\xff * * *" };
	for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(schedule_parse(foreign[i], utc, &error));
		g_assert_true(g_utf8_validate(error->message, -1, NULL) && !strpbrk(error->message, "\r\n\x1b"));
	}
}

/* For a time of day: the first moment after `after` whose minute shows it for the first time, or that ends a gap with it in. */
static Time scan(GTimeZone *zone, int hour, int minute, Time after)
{
	int64_t wanted = hour * 60 + minute;
	for (int64_t utc = local_floor(after, 60000) * 60 + 60;; utc += 60) {
		int64_t local = local_from_utc(zone, utc), before = local_from_utc(zone, utc - 1) + 1;
		bool shows = local_rest(local, LOCAL_DAY) / 60 == wanted, first = true;
		for (int64_t u = utc - 3 * 3600; shows && u < utc; u += 60)
			first = first && local_from_utc(zone, u) != local;
		for (int64_t gone = before; gone < local; gone += 60)
			if (local_rest(gone, LOCAL_DAY) / 60 == wanted)
				return utc * 1000;
		if (shows && first)
			return utc * 1000;
	}
}

static void test_scan(void)
{
	static const struct { const char *zone, *from; } around[] = {
		{ PARIS, "2026-03-28T22:00Z" }, { PARIS, "2026-10-24T22:00Z" }, { "Australia/Lord_Howe", "2026-04-04T12:00Z" },
		{ "Australia/Lord_Howe", "2026-10-03T12:00Z" }, { "America/Havana", "2026-03-08T00:00Z" }, { "America/Havana", "2026-11-01T00:00Z" },
	};
	static const int times[][2] = { { 0, 0 }, { 0, 30 }, { 1, 0 }, { 1, 45 }, { 2, 0 }, { 2, 15 }, { 2, 30 }, { 3, 0 }, { 23, 59 } };
	for (size_t i = 0; i < G_N_ELEMENTS(around); i++) {
		g_autoptr(GTimeZone) zone = when_zone(around[i].zone, NULL);
		for (size_t j = 0; j < G_N_ELEMENTS(times); j++) {
			g_autofree char *text = g_strdup_printf("%d %d * * *", times[j][1], times[j][0]);
			g_autoptr(Schedule) schedule = schedule_parse(text, zone, NULL);
			for (Time after = at(around[i].from); after < at(around[i].from) + 6 * TIME_HOUR; after += 7 * TIME_MINUTE)
				g_assert_cmpint(schedule_next(schedule, after), ==, scan(zone, times[j][0], times[j][1], after));
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/schedule/cron fires as crontab says", test_cron);
	g_test_add_func("/schedule/a skipped time fires at the gap's end, a repeated one once", test_changes_of_the_clock);
	g_test_add_func("/schedule/phrases mean what they say", test_phrases);
	g_test_add_func("/schedule/everything else is refused with what is accepted", test_refusals);
	g_test_add_func("/schedule/what was meant is suggested", test_suggestions);
	g_test_add_func("/schedule/times of day agree with a scan of minutes around changes of the clock", test_scan);
	return g_test_run();
}
