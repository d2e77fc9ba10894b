/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Durations, business days, sending hours, zones and holidays: tables of cases, and hours against a scan of minutes. */
#include "host/when.h"

#include <string.h>

#include "base/value.h"
#include "host/holidays.h"
#include "host/local.h"

static Time at(const char *iso)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GError) error = NULL;
	Time time = 0;
	when_iso(iso, utc, &time, &error);
	g_assert_no_error(error);
	return time;
}

static Hours *hours(const char *week, const char *holidays)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) w = week ? json_loads(week, JSON_DECODE_ANY, NULL) : NULL;
	g_autoptr(json_t) h = holidays ? json_loads(holidays, 0, NULL) : NULL;
	Hours *made = hours_new(w, h, &error);
	g_assert_no_error(error);
	return made;
}

typedef struct Case {
	const char *zone, *from, *text, *end;
} Case;

/* text is a duration, or a number when it begins with '#'. end is in the zone, or NULL: refused. */
static void check_cases(const Case *cases, size_t n, const Hours *open)
{
	for (size_t i = 0; i < n; i++) {
		const Case *c = &cases[i];
		g_autoptr(GTimeZone) zone = when_zone(c->zone, NULL);
		g_assert_nonnull(zone);
		g_autoptr(json_t) value = *c->text == '#' ? json_loads(c->text + 1, JSON_DECODE_ANY, NULL) : json_string(c->text);
		g_autoptr(GError) error = NULL;
		Time end = 0;
		bool good = when_resolve(value, at(c->from), zone, open, &end, &error);
		g_autofree char *got = good ? time_iso(end, zone) : NULL;
		if (g_strcmp0(got, c->end) != 0)
			g_error("%s + %s in %s: got %s, not %s", c->from, c->text, c->zone, got ? got : error->message, c->end ? c->end : "a refusal");
		if (!good) {
			g_assert_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX);
			g_assert_nonnull(strstr(error->message, "3 business days"));
		}
	}
}

#define PARIS "Europe/Paris"
#define NEW_YORK "America/New_York"

static void test_durations(void)
{
	static const Case cases[] = {
		{ PARIS, "2026-11-23T09:00:00+01:00", "90s", "2026-11-23T09:01:30+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "30m", "2026-11-23T09:30:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", " 2 Hours ", "2026-11-23T11:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "1.5h", "2026-11-23T10:30:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "3 days", "2026-11-26T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "1 week", "2026-11-30T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2w", "2026-12-07T09:00:00+01:00" },
		{ PARIS, "2026-01-31T09:00:00+01:00", "1 month", "2026-02-28T09:00:00+01:00" },
		{ PARIS, "2024-02-29T09:00:00+01:00", "1 year", "2025-02-28T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "0s", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "0 days", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "#90", "2026-11-23T09:01:30+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "#0", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "#1.9", "2026-11-23T09:00:01+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "99999999999999999999 weeks", "9999-12-31T09:00:00+01:00" },
	};
	check_cases(cases, G_N_ELEMENTS(cases), NULL);
	g_autoptr(json_t) huge = json_real(1e300);
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	Time end;
	g_assert_true(when_resolve(huge, 0, utc, NULL, &end, NULL));
	g_assert_cmpint(end / 1000, ==, LOCAL_LAST);
}

static void test_keeps_local_time(void)
{
	static const Case cases[] = {
		/* spring: a day of 23 hours; hours are hours, days are days */
		{ PARIS, "2026-03-28T12:00:00+01:00", "1 day", "2026-03-29T12:00:00+02:00" },
		{ PARIS, "2026-03-28T12:00:00+01:00", "24h", "2026-03-29T13:00:00+02:00" },
		{ PARIS, "2026-03-28T02:30:00+01:00", "1 day", "2026-03-29T03:00:00+02:00" },
		{ PARIS, "2026-03-22T02:30:00+01:00", "1 week", "2026-03-29T03:00:00+02:00" },
		/* autumn: 02:30 comes twice, the first is meant */
		{ PARIS, "2026-10-24T02:30:00+02:00", "1 day", "2026-10-25T02:30:00+02:00" },
		{ PARIS, "2026-10-25T02:30:00+01:00", "0 days", "2026-10-25T02:30:00+01:00" },
		{ PARIS, "2026-10-25T02:30:00+01:00", "1 day", "2026-10-26T02:30:00+01:00" },
		/* half an hour of change, and a day that never was */
		{ "Australia/Lord_Howe", "2026-10-03T02:15:00+10:30", "1 day", "2026-10-04T02:30:00+11:00" },
		{ "Pacific/Apia", "2011-12-29T12:00:00-10:00", "1 day", "2011-12-31T00:00:00+14:00" },
		{ "Pacific/Apia", "2011-12-29T12:00:00-10:00", "1 business day", "2012-01-02T12:00:00+14:00" },
		{ PARIS, "2026-10-26T02:30:00.500+01:00", "0 business days", "2026-10-26T02:30:00+01:00" },
		/* midnight itself is skipped */
		{ "America/Havana", "2026-03-07T12:00:00-05:00", "2026-03-08", "2026-03-08T01:00:00-04:00" },
	};
	check_cases(cases, G_N_ELEMENTS(cases), NULL);
}

static void test_business_days(void)
{
	static const Case cases[] = {
		{ PARIS, "2026-11-23T15:00:00+01:00", "3 business days", "2026-11-26T15:00:00+01:00" },
		{ PARIS, "2026-11-27T15:00:00+01:00", "1 business day", "2026-11-30T15:00:00+01:00" },
		{ PARIS, "2026-11-27T15:00:00+01:00", "3 business days", "2026-12-02T15:00:00+01:00" },
		/* a start on a closed day counts from its end */
		{ PARIS, "2026-11-28T15:00:00+01:00", "1 business day", "2026-12-01T00:00:00+01:00" },
		{ PARIS, "2026-11-29T23:59:00+01:00", "1 business day", "2026-12-01T00:00:00+01:00" },
		{ PARIS, "2026-11-28T15:00:00+01:00", "0 business days", "2026-11-30T00:00:00+01:00" },
		/* Christmas and New Year are no business days */
		{ PARIS, "2026-12-24T10:00:00+01:00", "1 business day", "2026-12-28T10:00:00+01:00" },
		{ PARIS, "2026-12-31T10:00:00+01:00", "1 business day", "2027-01-04T10:00:00+01:00" },
		{ PARIS, "2026-12-25T10:00:00+01:00", "1 business day", "2026-12-29T00:00:00+01:00" },
		{ PARIS, "2026-03-27T02:30:00+01:00", "1 business day", "2026-03-30T02:30:00+02:00" },
	};
	g_autoptr(Hours) office = hours(NULL, "[\"FR\"]");
	check_cases(cases, G_N_ELEMENTS(cases), office);
	g_autoptr(Hours) always = hours("\"always\"", "[\"FR\"]");
	check_cases(cases, G_N_ELEMENTS(cases), always);

	static const Case saturdays[] = {
		{ PARIS, "2026-11-23T15:00:00+01:00", "1 business day", "2026-12-05T00:00:00+01:00" },
	};
	g_autoptr(Hours) shop = hours("{\"6\":[[540,1080]]}", NULL);
	check_cases(saturdays, 1, shop);
}

static void test_phrases(void)
{
	static const Case cases[] = {
		{ PARIS, "2026-11-22T10:00:00+01:00", "next monday 09:00", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T08:00:00+01:00", "next monday 09:00", "2026-11-30T09:00:00+01:00" },
		{ PARIS, "2026-11-23T08:00:00+01:00", "monday 09:00", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "Monday at 9:00", "2026-11-30T09:00:00+01:00" },
		{ PARIS, "2026-11-23T08:00:00+01:00", "fri", "2026-11-27T00:00:00+01:00" },
		{ PARIS, "2026-11-23T08:00:00+01:00", "tomorrow 10:30", "2026-11-24T10:30:00+01:00" },
		{ PARIS, "2026-11-27T08:00:00+01:00", "next business day 09:00", "2026-11-30T09:00:00+01:00" },
		/* whose Sunday: it is already Monday in Tokyo */
		{ "Asia/Tokyo", "2026-11-22T20:00:00Z", "next monday 09:00", "2026-11-30T09:00:00+09:00" },
		{ PARIS, "2026-03-23T08:00:00+01:00", "sunday 02:30", "2026-03-29T03:00:00+02:00" },
	};
	check_cases(cases, G_N_ELEMENTS(cases), NULL);
}

/* Mondays have two spans of hours; Friday 25 December 2026 is a holiday. */
static void test_business_hours(void)
{
	static const Case cases[] = {
		{ PARIS, "2026-11-24T09:00:00+01:00", "4 business hours", "2026-11-24T13:00:00+01:00" },
		{ PARIS, "2026-11-24T14:00:00+01:00", "4 Business  Hours", "2026-11-24T18:00:00+01:00" },
		{ PARIS, "2026-11-24T14:00:00.500+01:00", "4 business hours", "2026-11-25T09:00:00+01:00" },
		{ PARIS, "2026-11-24T16:30:00+01:00", "4 business hours", "2026-11-25T11:30:00+01:00" },
		{ PARIS, "2026-11-24T16:30:00+01:00", "90 business minutes", "2026-11-24T18:00:00+01:00" },
		{ PARIS, "2026-11-24T16:30:00+01:00", "1.5 business hours", "2026-11-24T18:00:00+01:00" },
		{ PARIS, "2026-11-24T16:30:00+01:00", "1 business minute", "2026-11-24T16:31:00+01:00" },
		/* before, over lunch, over the end, over a weekend, over a holiday */
		{ PARIS, "2026-11-23T06:00:00+01:00", "1 business hour", "2026-11-23T10:00:00+01:00" },
		{ PARIS, "2026-11-23T11:00:00+01:00", "2 business hours", "2026-11-23T15:00:00+01:00" },
		{ PARIS, "2026-11-23T13:00:00+01:00", "4 business hours", "2026-11-23T18:00:00+01:00" },
		{ PARIS, "2026-11-27T17:00:00+01:00", "3 business hours", "2026-11-30T11:00:00+01:00" },
		{ PARIS, "2026-11-28T12:00:00+01:00", "3 business hours", "2026-11-30T12:00:00+01:00" },
		{ PARIS, "2026-12-24T17:00:00+01:00", "2 business hours", "2026-12-28T10:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "43 business hours", "2026-11-27T18:00:00+01:00" },
		{ PARIS, "2026-11-24T10:00:00+01:00", "0 business hours", "2026-11-24T10:00:00+01:00" },
		{ PARIS, "2026-11-28T10:00:00+01:00", "0 business hours", "2026-11-30T09:00:00+01:00" },
		/* whose hours: at 20:00 UTC it is Tuesday, 05:00, in Tokyo; the clock changes on a Sunday */
		{ "Asia/Tokyo", "2026-11-23T20:00:00Z", "2 business hours", "2026-11-24T11:00:00+09:00" },
		{ PARIS, "2026-03-27T17:00:00+01:00", "2 business hours", "2026-03-30T10:00:00+02:00" },
		{ PARIS, "2026-11-24T09:00:00+01:00", "10001 business hours", NULL },
		{ PARIS, "2026-11-24T09:00:00+01:00", "600001 business minutes", NULL },
		{ PARIS, "2026-11-24T09:00:00+01:00", "99999999999999999999 business hours", NULL },
		{ PARIS, "2026-11-24T09:00:00+01:00", "-4 business hours", NULL },
		{ PARIS, "2026-11-24T09:00:00+01:00", "4 business hour ss", NULL },
		{ PARIS, "2026-11-24T09:00:00+01:00", "4 business", NULL },
	};
	g_autoptr(Hours) lunch = hours("{\"1\":[[540,720],[840,1080]],\"2\":[[540,1080]],\"3\":[[540,1080]],\"4\":[[540,1080]],\"5\":[[540,1080]]}",
	                               "[\"12-25\"]");
	check_cases(cases, G_N_ELEMENTS(cases), lunch);

	static const Case round_the_clock[] = {
		{ PARIS, "2026-11-28T03:00:00+01:00", "4 business hours", "2026-11-28T07:00:00+01:00" },
		{ PARIS, "2026-12-24T22:00:00+01:00", "4 business hours", "2026-12-26T02:00:00+01:00" },
		{ PARIS, "2026-03-29T00:00:00+01:00", "4 business hours", "2026-03-29T05:00:00+02:00" },
		{ PARIS, "2026-10-25T00:00:00+02:00", "4 business hours", "2026-10-25T03:00:00+01:00" },
		{ "Pacific/Apia", "2011-12-29T22:00:00-10:00", "4 business hours", "2011-12-31T02:00:00+14:00" },
	};
	g_autoptr(Hours) always = hours("\"always\"", "[\"12-25\"]");
	check_cases(round_the_clock, G_N_ELEMENTS(round_the_clock), always);

	static const Case none[] = { { PARIS, "2026-11-23T08:00:00+01:00", "4 business hours", NULL } };
	check_cases(none, 1, NULL);
}

/* Mondays have two spans of hours; Friday 25 December 2026 is a holiday. */
static void test_hours_phrases(void)
{
	static const Case cases[] = {
		{ PARIS, "2026-11-23T08:59:59+01:00", "open hours", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "open hours", "2026-11-23T09:00:00+01:00" },
		{ PARIS, "2026-11-23T11:59:59+01:00", "open  Hours", "2026-11-23T11:59:59+01:00" },
		{ PARIS, "2026-11-23T12:00:00+01:00", "open hours", "2026-11-23T14:00:00+01:00" },
		{ PARIS, "2026-11-27T18:00:00+01:00", "open hours", "2026-11-30T09:00:00+01:00" },
		{ PARIS, "2026-12-24T18:00:00+01:00", "open hours", "2026-12-28T09:00:00+01:00" },
		{ "Asia/Tokyo", "2026-11-22T20:00:00Z", "open hours", "2026-11-23T09:00:00+09:00" },
		{ PARIS, "2026-11-23T00:00:00+01:00", "end of business day", "2026-11-23T18:00:00+01:00" },
		{ PARIS, "2026-11-23T12:30:00+01:00", "end of business day", "2026-11-23T18:00:00+01:00" },
		{ PARIS, "2026-11-23T17:59:59+01:00", "end of business day", "2026-11-23T18:00:00+01:00" },
		{ PARIS, "2026-11-23T18:00:00+01:00", "end of business day", "2026-11-24T18:00:00+01:00" },
		{ PARIS, "2026-11-28T10:00:00+01:00", "End of business day", "2026-11-30T18:00:00+01:00" },
		{ PARIS, "2026-12-24T19:00:00+01:00", "end of business day", "2026-12-28T18:00:00+01:00" },
		{ PARIS, "2026-03-27T19:00:00+01:00", "end of business day", "2026-03-30T18:00:00+02:00" },
		{ PARIS, "2026-11-23T08:00:00+01:00", "open", NULL },
		{ PARIS, "2026-11-23T08:00:00+01:00", "end of day", NULL },
		{ PARIS, "2026-11-23T08:00:00+01:00", "next open hours", NULL },
		{ PARIS, "2026-11-23T08:00:00+01:00", "end of business day 09:00", NULL },
	};
	g_autoptr(Hours) lunch = hours("{\"1\":[[540,720],[840,1080]],\"2\":[[540,1080]],\"3\":[[540,1080]],\"4\":[[540,1080]],\"5\":[[540,1080]]}",
	                               "[\"12-25\"]");
	check_cases(cases, G_N_ELEMENTS(cases), lunch);

	static const Case round_the_clock[] = {
		{ PARIS, "2026-11-28T03:00:00+01:00", "open hours", "2026-11-28T03:00:00+01:00" },
		{ PARIS, "2026-12-25T03:00:00+01:00", "open hours", "2026-12-26T00:00:00+01:00" },
		{ PARIS, "2026-11-27T03:00:00+01:00", "end of business day", "2026-11-28T00:00:00+01:00" },
		{ PARIS, "2026-11-28T00:00:00+01:00", "end of business day", "2026-12-01T00:00:00+01:00" },
	};
	g_autoptr(Hours) always = hours("\"always\"", "[\"12-25\"]");
	check_cases(round_the_clock, G_N_ELEMENTS(round_the_clock), always);

	static const Case none[] = { { PARIS, "2026-11-23T08:00:00+01:00", "open hours", NULL } };
	check_cases(none, 1, NULL);
}

static void test_dates(void)
{
	static const Case cases[] = {
		{ PARIS, "2026-11-23T09:00:00+01:00", "2026-12-01", "2026-12-01T00:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2026-12-01T09:00", "2026-12-01T09:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2026-12-01 09:00:30", "2026-12-01T09:00:30+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2026-12-01T09:00Z", "2026-12-01T10:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2026-12-01T09:00:00.250-05:00", "2026-12-01T15:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2026-12-01T09:00:00+0530", "2026-12-01T04:30:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2020-01-01", "2020-01-01T00:00:00+01:00" },
		{ PARIS, "2026-11-23T09:00:00+01:00", "2028-02-29", "2028-02-29T00:00:00+01:00" },
		{ PARIS, "2026-03-29T00:00:00+01:00", "2026-03-29T02:15", "2026-03-29T03:00:00+02:00" },
	};
	check_cases(cases, G_N_ELEMENTS(cases), NULL);
	static const char *const wrong[] = { "2026-13-01", "2027-02-29", "2026-11-31", "2026-1-1", "2026-12-01T25:00", "2026-12-01T09:60",
		"2026-12-01T09", "2026-12-01T09:00+25:00", "2026-12-01T09:00 Paris", "2026-12-01x", "0000-01-01", "20261201" };
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		Time end;
		g_assert_false(when_iso(wrong[i], utc, &end, &error));
		g_assert_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX);
	}
}

static void test_refusals(void)
{
	static const Case cases[] = {
		{ "UTC", "2026-11-23", "", NULL }, { "UTC", "2026-11-23", "soon", NULL }, { "UTC", "2026-11-23", "3", NULL },
		{ "UTC", "2026-11-23", "3 dayz", NULL }, { "UTC", "2026-11-23", "-3 days", NULL }, { "UTC", "2026-11-23", " \r-3 days", NULL }, { "UTC", "2026-11-23", "#-1", NULL },
		{ "UTC", "2026-11-23", "#-0.5", NULL }, { "UTC", "2026-11-23", "days", NULL }, { "UTC", "2026-11-23", "1.5 days", NULL },
		{ "UTC", "2026-11-23", "0.5 business days", NULL }, { "UTC", "2026-11-23", "next moonday", NULL },
		{ "UTC", "2026-11-23", "monday 25:00", NULL }, { "UTC", "2026-11-23", "monday 9", NULL }, { "UTC", "2026-11-23", "next", NULL },
		{ "UTC", "2026-11-23", "monday 09:00 sharp", NULL }, { "UTC", "2026-11-23", "#true", NULL }, { "UTC", "2026-11-23", "#null", NULL },
		{ "UTC", "2026-11-23", "3 days ago", NULL }, { "UTC", "2026-11-23", "1h 30m", NULL },
		{ "UTC", "2026-11-23", "a b c d e f g h i j", NULL }, { "UTC", "2026-11-23", "3 ms", NULL }, { "UTC", "2026-11-23", "3 ss", NULL },
		{ "UTC", "2026-11-23", "50001 business days", NULL },
	};
	check_cases(cases, G_N_ELEMENTS(cases), NULL);
}

static void test_shifts(void)
{
	static const struct { const char *from, *shift, *end; } cases[] = {
		{ "2026-11-23T09:00:00+01:00", "+2 business days", "2026-11-25T09:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "-1 business day", "2026-11-20T09:00:00+01:00" },
		{ "2026-11-28T09:00:00+01:00", "-1 business day", "2026-11-27T00:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "-1 week", "2026-11-16T09:00:00+01:00" },
		{ "2026-03-31T09:00:00+02:00", "-1 month", "2026-02-28T09:00:00+01:00" },
		{ "2026-01-15T09:00:00+01:00", "-2 months", "2025-11-15T09:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "-90m", "2026-11-23T07:30:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "monday 09:00", "2026-11-30T09:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "1 day", "2026-11-24T09:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "+1 month", "2026-12-23T09:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "-1 year", "2025-11-23T09:00:00+01:00" },
		{ "2026-11-23T10:00:00+01:00", "+4 business hours", "2026-11-23T14:00:00+01:00" },
		{ "2026-11-23T10:00:00+01:00", "-1 business hour", "2026-11-23T09:00:00+01:00" },
		{ "2026-11-23T10:00:00+01:00", "-2 business hours", "2026-11-20T17:00:00+01:00" },
		{ "2026-11-22T10:00:00+01:00", "-30 business minutes", "2026-11-20T17:30:00+01:00" },
		{ "2026-03-30T10:00:00+02:00", "-2 business hours", "2026-03-27T17:00:00+01:00" },
		{ "2026-11-23T09:00:00+01:00", "backwards", NULL },
	};
	g_autoptr(GTimeZone) zone = when_zone(PARIS, NULL);
	g_autoptr(Hours) office = hours(NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Time end = 0;
		bool good = when_shift(cases[i].shift, at(cases[i].from), zone, office, &end, NULL);
		g_autofree char *got = good ? time_iso(end, zone) : NULL;
		g_assert_cmpstr(got, ==, cases[i].end);
	}
}

static void test_spans(void)
{
	static const struct { const char *text; Time span; } cases[] = {
		{ "0s", 0 }, { "90s", 90000 }, { "30 m", 1800000 }, { "2h", 7200000 }, { "3 days", 3 * TIME_DAY }, { "1 year", 365 * TIME_DAY },
		{ "0.5s", 500 }, { "1 business day", -1 }, { "1 business hour", -1 }, { "-1h", -1 }, { "next monday", -1 }, { "10", -1 }, { "", -1 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		Time span = -1;
		g_assert_true(when_span(cases[i].text, &span, &error) == (cases[i].span >= 0));
		g_assert_cmpint(span, ==, cases[i].span);
		g_assert_true((error != NULL) == (cases[i].span < 0));
	}
}

static void test_words(void)
{
	static const struct { Time distance; const char *words; } cases[] = {
		{ 0, "now" }, { 3 * TIME_HOUR, "in 3 h" }, { -2 * TIME_DAY, "2 days ago" }, { 45 * TIME_SECOND, "in 45 s" },
		{ -5 * TIME_MINUTE, "5 min ago" }, { 40 * TIME_HOUR, "in 2 days" }, { 400 * TIME_DAY, "in 13 months" }, { 800 * TIME_DAY, "in 2 years" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *words = when_words(1000000000000 + cases[i].distance, 1000000000000);
		g_assert_cmpstr(words, ==, cases[i].words);
	}
	g_autofree char *never = when_words(TIME_NEVER, 0);
	g_assert_cmpstr(never, ==, "never");
}

static void test_zones(void)
{
	static const char *const good[] = { PARIS, "UTC", "America/Argentina/Buenos_Aires", "EST5EDT", "+02:00", "Etc/GMT+3", "Etc/GMT-14" };
	static const char *const wrong[] = { "Paris", "Europe", "europe/pariss", "GMT+3", "CET-1CEST", "../../etc/passwd", "/etc/localtime",
		"Europe/../Europe/Paris", "", "Europe/", "Europe//Paris", ":Europe/Paris", "local time", "leapseconds", "Europe/Paris\n", "+2:00", "+aa:00" };
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GTimeZone) zone = when_zone(good[i], &error);
		g_assert_no_error(error);
		g_assert_nonnull(zone);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GTimeZone) zone = when_zone(wrong[i], &error);
		if (zone)
			g_error("%s was taken for a zone", wrong[i]);
		g_assert_error(error, WHEN_ERROR, WHEN_ERROR_ZONE);
	}
	static const struct { const char *country, *zone; } countries[] = {
		{ "FR", PARIS }, { "fr", PARIS }, { "France", PARIS }, { "US", NEW_YORK }, { "uk", "Europe/London" }, { "AD", "Europe/Andorra" },
		{ "ZW", "Africa/Harare" }, { "united kingdom", "Europe/London" }, { "XX", NULL }, { "", NULL }, { "Atlantis", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(countries); i++)
		g_assert_cmpstr(when_country_zone(countries[i].country), ==, countries[i].zone);
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++) {
			const char code[] = { a, b, 0 };
			const char *name = when_country_zone(code);
			g_autoptr(GTimeZone) zone = name ? when_zone(name, NULL) : NULL;
			g_assert_true(!name == !zone);
		}
}

/* ---- hours ----------------------------------------------------------------------------------------------------- */

static const char *const weeks[] = {
	NULL,
	"\"always\"",
	"{\"1\":[[540,720],[780,1080]],\"2\":[[0,1440]],\"7\":[[150,180]]}",
	"{\"7\":[[0,150]],\"6\":[[1380,1440]],\"1\":[[0,30]]}",
	"{\"1\":[[90,200]],\"2\":[[90,200]],\"3\":[[90,200]],\"4\":[[90,200]],\"5\":[[90,200]],\"6\":[[90,200]],\"7\":[[90,200]]}",
};

/* Against the definition: the first minute, from this one on, that is open. */
static void scan(const Hours *open, GTimeZone *zone, Time from, int days)
{
	const int minutes = days * 1440;
	Time next = TIME_NEVER;
	g_autofree bool *is_open = g_new0(bool, minutes + 4 * 1440 + 1);
	for (int i = minutes + 4 * 1440; i >= 0; i--) {
		Time minute = from + i * TIME_MINUTE;
		is_open[i] = hours_open(open, zone, minute);
		if (is_open[i])
			next = minute;
		if (i <= minutes && next != TIME_NEVER)
			g_assert_cmpint(hours_next(open, zone, minute), ==, next);
	}
	/* From a minute to another that is open go as many open minutes as lie between, and back. */
	for (int i = 0; i < minutes; i += 607) {
		Time begin = from + i * TIME_MINUTE, counted = 0;
		for (int j = i; j < minutes + 4 * 1440; j++) {
			Time minute = from + j * TIME_MINUTE;
			if (!is_open[j])
				continue;
			counted += TIME_MINUTE;
			if (counted % (487 * TIME_MINUTE) && counted != TIME_MINUTE)
				continue;
			g_assert_cmpint(hours_add(open, zone, begin, counted), ==, minute + TIME_MINUTE);
			g_assert_cmpint(hours_add(open, zone, minute + TIME_MINUTE, -counted), ==, hours_next(open, zone, begin));
		}
	}
}

static void test_hours_scan(void)
{
	static const struct { const char *zone, *from; } around[] = {
		{ PARIS, "2026-03-28T12:00Z" }, { PARIS, "2026-10-24T12:00Z" }, { NEW_YORK, "2026-11-01T00:00Z" }, { "Australia/Lord_Howe", "2026-10-03T06:00Z" },
		{ "America/St_Johns", "2010-11-06T12:00Z" }, { "Pacific/Apia", "2011-12-29T12:00Z" }, { "America/Havana", "2026-03-07T12:00Z" },
		{ "America/Havana", "2026-10-31T12:00Z" }, { "Asia/Kathmandu", "2026-11-21T12:00Z" },
	};
	for (size_t w = 0; w < G_N_ELEMENTS(weeks); w++) {
		g_autoptr(Hours) open = hours(weeks[w], "[\"FR\",\"2026-10-26\"]");
		for (size_t i = 0; i < G_N_ELEMENTS(around); i++) {
			g_autoptr(GTimeZone) zone = when_zone(around[i].zone, NULL);
			scan(open, zone, at(around[i].from), 2);
		}
	}
}

static void test_holidays_declared(void)
{
	g_autoptr(Hours) open = hours("\"always\"", "[\"DE-BY\",\"12-24\",\"02-29\",\"2026-12-30\"]");
	g_autoptr(GTimeZone) zone = when_zone("Europe/Berlin", NULL);
	static const struct { const char *day; bool open; } cases[] = {
		{ "2026-12-24", false }, { "2031-12-24", false }, { "2026-12-23", true }, { "2028-02-29", false }, { "2027-03-01", true }, { "2026-12-30", false },
		{ "2027-12-30", true }, { "2027-01-06", false }, { "2027-12-26", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		if (hours_open(open, zone, at(cases[i].day) + 12 * TIME_HOUR) != cases[i].open)
			g_error("%s", cases[i].day);
	static const struct { const char *list, *says; } wrong[] = {
		{ "[\"DE-XX\"]", "DE-BY" }, { "[\"ES-CT\"]", "write \"ES\"" }, { "[\"XX\"]", "ES, FR" }, { "[\"XX-YY\"]", "ES, FR" }, { "[\"13-01\"]", "12-24" },
		{ "[\"02-30\"]", "12-24" }, { "[\"GB-EN\"]", "GB-ENG" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) list = json_loads(wrong[i].list, 0, NULL);
		g_assert_null(hours_new(NULL, list, &error));
		if (!strstr(error->message, wrong[i].says))
			g_error("%s: %s", wrong[i].list, error->message);
	}
}

static void test_hours_half_open(void)
{
	g_autoptr(Hours) office = hours(NULL, NULL);
	g_autoptr(GTimeZone) zone = when_zone(PARIS, NULL);
	g_assert_false(hours_open(office, zone, at("2026-11-23T09:00+01:00") - 1));
	g_assert_true(hours_open(office, zone, at("2026-11-23T09:00+01:00")));
	g_assert_true(hours_open(office, zone, at("2026-11-23T18:00+01:00") - 1));
	g_assert_false(hours_open(office, zone, at("2026-11-23T18:00+01:00")));
	g_assert_cmpint(hours_next(office, zone, at("2026-11-23T10:00+01:00") + 7), ==, at("2026-11-23T10:00+01:00") + 7);
	g_assert_cmpint(hours_next(office, zone, at("2026-11-20T18:00+01:00")), ==, at("2026-11-23T09:00+01:00"));
	g_assert_cmpint(hours_next(office, zone, at("2026-11-23T09:00+01:00") - 1), ==, at("2026-11-23T09:00+01:00"));
}

static void test_hours_declared(void)
{
	static const char *const wrong[] = {
		"\"never\"", "5", "{}", "{\"1\":[]}", "{\"8\":[[0,1]]}", "{\"mon\":[[0,1]]}", "{\"1\":[[60,60]]}", "{\"1\":[[60,30]]}", "{\"1\":[[0,1441]]}",
		"{\"1\":[[-1,10]]}", "{\"1\":[[0]]}", "{\"1\":[[0.5,10]]}", "{\"1\":[60,120]}", "[1]",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) week = json_loads(wrong[i], JSON_DECODE_ANY, NULL);
		g_assert_null(hours_new(week, NULL, &error));
		g_assert_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX);
	}
	static const char *const days[] = { "[\"XX\"]", "[\"2026-13-01\"]", "[5]", "[\"2026-12-24T09:00\"]" };
	for (size_t i = 0; i < G_N_ELEMENTS(days); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) list = json_loads(days[i], 0, NULL);
		g_assert_null(hours_new(NULL, list, &error));
		g_assert_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX);
	}
}

static void test_holidays(void)
{
	static const struct { const char *country, *date; bool holiday; } cases[] = {
		{ "FR", "2026-04-06", true }, { "FR", "2026-05-14", true }, { "FR", "2026-05-25", true }, { "FR", "2026-07-14", true },
		{ "FR", "2026-04-03", false }, { "FR", "2026-12-26", false }, { "DE", "2026-10-03", true }, { "DE", "2026-04-03", true },
		{ "DE", "2026-12-26", true }, { "IT", "2025-10-04", false }, { "IT", "2026-10-04", true }, { "IT", "2026-06-02", true },
		{ "ES", "2026-10-12", true }, { "ES", "2026-04-06", false }, { "ES", "2026-12-08", true },
		/* England: 26 December 2026 is a Saturday; 25 and 26 December 2027 are a weekend; 25 December 2022 a Sunday */
		{ "GB", "2026-12-28", true }, { "GB", "2026-12-29", false }, { "GB", "2027-12-27", true }, { "GB", "2027-12-28", true },
		{ "GB", "2027-12-29", false }, { "GB", "2022-12-26", true }, { "GB", "2022-12-27", true }, { "GB", "2022-12-28", false },
		{ "GB", "2028-01-03", true }, { "GB", "2026-05-04", true }, { "GB", "2026-05-25", true }, { "GB", "2026-08-31", true }, { "GB", "2026-08-24", false },
		/* United States: 4 July 2026 is a Saturday; 1 January 2028 too, so that 31 December 2027 is off */
		{ "US", "2026-07-03", true }, { "US", "2026-11-26", true }, { "US", "2026-01-19", true }, { "US", "2026-09-07", true },
		{ "US", "2026-10-12", true }, { "US", "2027-12-31", true }, { "US", "2027-06-18", true }, { "US", "2027-07-05", true }, { "US", "2026-05-25", true },
		{ "US", "2026-05-18", false }, { "US", "2026-11-27", false }, { "US", "2026-02-16", true }, { "US", "2020-06-19", false },
		/* regions */
		{ "DE-BY", "2026-01-06", true }, { "DE-HE", "2026-01-06", false }, { "DE-HE", "2026-06-04", true }, { "DE", "2026-06-04", false },
		{ "DE-BE", "2026-03-08", true }, { "DE-BE", "2018-03-08", false }, { "DE-SN", "2026-11-18", true }, { "DE-SN", "2027-11-17", true },
		{ "DE-SN", "2028-11-22", true }, { "DE-NW", "2026-10-31", false }, { "DE-HH", "2026-10-31", true }, { "DE-TH", "2026-09-20", true },
		{ "GB-SCT", "2026-01-02", true }, { "GB-SCT", "2026-04-06", false }, { "GB-SCT", "2026-08-03", true }, { "GB-SCT", "2026-08-31", false },
		{ "GB-SCT", "2026-11-30", true }, { "GB-SCT", "2024-12-02", true }, { "GB-SCT", "2025-12-01", true }, { "GB-SCT", "2023-01-03", true },
		{ "GB-SCT", "2028-01-03", true }, { "GB-SCT", "2028-01-04", true }, { "GB-SCT", "2028-01-05", false },
		{ "GB-NIR", "2026-07-13", true }, { "GB-NIR", "2026-03-17", true }, { "GB-ENG", "2026-03-17", false },
		{ "FR-67", "2026-04-03", true }, { "FR-68", "2026-12-26", true }, { "FR", "2026-12-26", false },
		/* proclaimed for one year */
		{ "GB", "2022-06-03", true }, { "GB", "2022-05-30", false }, { "GB-SCT", "2022-09-19", true }, { "GB", "2023-05-08", true },
		{ "DE-BE", "2025-05-08", true }, { "DE", "2025-05-08", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int64_t day = local_floor(at(cases[i].date), TIME_DAY);
		if (holidays_on(holidays_calendar(cases[i].country), day) != cases[i].holiday)
			g_error("%s in %s", cases[i].date, cases[i].country);
	}
	static const char *const easters[] = { "1961-04-02", "2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2026-04-05",
		"2027-03-28", "2038-04-25", "2285-03-22" };
	for (size_t i = 0; i < G_N_ELEMENTS(easters); i++)
		g_assert_cmpint(holidays_easter(atoi(easters[i])), ==, local_floor(at(easters[i]), TIME_DAY));
	g_assert_cmpint(holidays_calendar("fr"), >=, 0);
	g_assert_cmpint(holidays_calendar("ZZ"), <, 0);
}

static void test_calendar(void)
{
	for (int64_t day = -800000; day < 2900000; day += 11) {
		int year, month, date;
		local_civil(day, &year, &month, &date);
		g_assert_cmpint(local_day(year, month, date), ==, day);
	}
	g_assert_cmpint(local_weekday(0), ==, 4);
	g_assert_cmpint(local_weekday(local_day(2026, 11, 22)), ==, 7);
	/* GLib's own conversion agrees, in both directions. */
	g_autoptr(GTimeZone) zone = when_zone(PARIS, NULL);
	for (int64_t utc = 1700000000; utc < 1800000000; utc += 1234567) {
		g_autoptr(GDateTime) glib = g_date_time_new_from_unix_utc(utc);
		g_autoptr(GDateTime) local = g_date_time_to_timezone(glib, zone);
		g_assert_cmpint(local_rest(local_from_utc(zone, utc), LOCAL_DAY) / 60, ==, g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local));
		g_assert_cmpint(local_to_utc(zone, local_from_utc(zone, utc)), <=, utc);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/when/durations end where they say", test_durations);
	g_test_add_func("/when/days keep the local time of day over changes of the clock", test_keeps_local_time);
	g_test_add_func("/when/business days count open days, a closed start from its end", test_business_days);
	g_test_add_func("/when/phrases name the right day in the contact's zone", test_phrases);
	g_test_add_func("/when/business hours count time within open hours", test_business_hours);
	g_test_add_func("/when/phrases name the beginning and the end of open hours", test_hours_phrases);
	g_test_add_func("/when/dates and date-times are read strictly", test_dates);
	g_test_add_func("/when/everything else is refused with what is accepted", test_refusals);
	g_test_add_func("/when/shifts go both ways", test_shifts);
	g_test_add_func("/when/settings are plain lengths of time", test_spans);
	g_test_add_func("/when/distances are said in words", test_words);
	g_test_add_func("/when/unknown zones are errors and countries have one", test_zones);
	g_test_add_func("/when/hours agree with a scan of every minute around changes of the clock", test_hours_scan);
	g_test_add_func("/when/hours are half open", test_hours_half_open);
	g_test_add_func("/when/hours and holidays are checked", test_hours_declared);
	g_test_add_func("/when/holidays fall on their days", test_holidays);
	g_test_add_func("/when/holidays are countries, regions, dates, and dates of every year", test_holidays_declared);
	g_test_add_func("/when/the calendar goes there and back", test_calendar);
	return g_test_run();
}
