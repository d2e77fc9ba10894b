/* SPDX-License-Identifier: MIT */
/*
 * When: durations, sending hours, business days and zones. Pure: no database, no clock.
 * The zone is the contact's, else its country's, else the workspace's; never the server's.
 */
#ifndef PERIGEE_WHEN_H
#define PERIGEE_WHEN_H

#include "base/clock.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#define WHEN_ERROR (when_error_quark())
GQuark when_error_quark(void);
typedef enum { WHEN_ERROR_SYNTAX, WHEN_ERROR_ZONE } WhenError;

/* Sending hours: half-open spans of local minutes per weekday, and days that are closed whole, which holds with "always" too. */
typedef struct Hours Hours;
/* hours: the workspace's normalized form ("always" or {"1":[[540,1080]],...}), or NULL: monday to friday, 09:00 to 18:00;
 * holidays: ISO dates or country codes, or NULL. */
Hours *hours_new(const json_t *hours, const json_t *holidays, GError **error);
void hours_free(Hours *hours);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hours, hours_free)
/* Is at within them; and the first moment not before `at` that is (TIME_NEVER if none in two years). */
bool hours_open(const Hours *hours, GTimeZone *zone, Time at);
Time hours_next(const Hours *hours, GTimeZone *zone, Time at);
/* The first end of a business day after `at`: when the last of that day's hours end, with "always" its last midnight
 * (TIME_NEVER if none in two years). */
Time hours_close(const Hours *hours, GTimeZone *zone, Time at);
/* When so many milliseconds within open hours will have passed since `at`, or, negative, had yet to pass until it; an end at a
 * closing time is that time. 0: as hours_next. TIME_NEVER if in two years nothing is open. */
Time hours_add(const Hours *hours, GTimeZone *zone, Time at, Time open);
/* Is the local day of at one with open hours (a business day)? With "always": monday to friday, holidays apart. */
bool hours_business_day(const Hours *hours, GTimeZone *zone, Time at);
/* The same for a date, as a day number (local.h). hours may be NULL: monday to friday. */
bool hours_business_date(const Hours *hours, int64_t day);

/*
 * The end of a duration that begins at `from` (DESIGN.md section 6, "Time"): "90s", "30m", "2h", "3 days", "1 week",
 * "3 business days", "4 business hours" (so much time within open hours; with "always" all but holidays), "2 months", "next monday 09:00", "next business day 09:00", "tomorrow 09:00",
 * "open hours" (the first moment from now on within them), "end of business day" (the next one), an ISO date ("2026-12-01": its first moment) or date-time (with or without offset), or seconds. Days and longer keep the local time of
 * day; a local time that a DST gap skips moves to the gap's end, one that comes twice is the first. "monday 09:00" is the first
 * such moment after from, "next monday" never today. An ISO time may lie before from; nothing is negative; the end is at most
 * the last moment of the year 9999. hours NULL: business days are monday to friday.
 * value: a JSON string or number. False with a sentence that shows what is accepted.
 */
bool when_resolve(const json_t *value, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error);
/* Calendar arithmetic for perigee.date: shift is "+2 business days", "-1 week", "+1 month", "monday 09:00"... */
bool when_shift(const char *shift, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error);
/* "2h", "3 days", "1 year" as milliseconds for settings, where a day has 24 hours, a month 30 days, a year 365. */
bool when_span(const char *text, Time *span, GError **error);

/* An ISO date (its first moment in the zone) or date-time; one without offset is the zone's. WHEN_ERROR_SYNTAX otherwise. */
bool when_iso(const char *text, GTimeZone *zone, Time *at, GError **error);

/* A zone by name ("Europe/Paris"); an unknown one is an error (GTimeZone would silently give UTC). */
GTimeZone *when_zone(const char *name, GError **error);
/* The zone of a country (ISO 3166 code, or its common English name), of one with several that in which most people live;
 * NULL if unknown. Borrowed text. */
const char *when_country_zone(const char *country);
/* Text of a distance in words for people: "in 3 h", "2 days ago". Caller frees. */
char *when_words(Time at, Time now);
/* An absolute or relative time given on a command line: ISO, or a duration from now. */
bool when_parse(const char *text, Time now, GTimeZone *zone, const Hours *hours, Time *at, GError **error);

#endif
