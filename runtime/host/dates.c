/* SPDX-License-Identifier: MIT */
/* Dates of scripts: see dates.h. */
#include "host/dates.h"

#include <math.h>
#include <stdio.h>

#include "base/value.h"
#include "host/contacts.h"
#include "host/local.h"
#include "host/when.h"

G_DEFINE_QUARK(perigee-dates-error, dates_error)

enum {
	AWAY_DAYS = 5,        /* of an auto-reply that does not say */
	AWAY_MOST_DAYS = 400, /* a date beyond was misread */
	BACK_AT_HOURS = 9,
};

static bool read_time(Host *host, const json_t *args, int64_t *seconds, GError **error)
{
	const json_t *time = json_object_get(args, "time");
	double value = json_is_number(time) ? floor(json_number_value(time)) : time ? -1 : (double)(host_now(host) / 1000);
	if (!(value >= 0 && value <= (double)LOCAL_LAST)) {
		g_set_error(error, DATES_ERROR, DATES_ERROR_TIME, "the time must be seconds since 1970, before the year 10000");
		return false;
	}
	*seconds = (int64_t)value;
	return true;
}

/* NULL: there is no zone of that name. */
static GTimeZone *read_zone(Host *host, const char *contact, const json_t *args, GError **error)
{
	const char *named = value_string(args, "zone", NULL);
	if (named && !g_str_equal(named, "workspace"))
		return when_zone(named, error);
	return contact && !named ? contacts_zone(host, contact) : g_time_zone_ref(host->workspace->zone);
}

json_t *dates_shift(Host *host, const char *contact, const json_t *args, GError **error)
{
	int64_t seconds;
	Time end = 0;
	if (!read_time(host, args, &seconds, error))
		return NULL;
	g_autoptr(GTimeZone) zone = read_zone(host, contact, args, error);
	const char *shift = value_string(args, "shift", NULL);
	if (!zone || (shift && !when_shift(shift, seconds * 1000, zone, host->workspace->hours, &end, error)))
		return NULL;
	return json_integer(shift ? end / 1000 : seconds);
}

json_t *dates_calendar(Host *host, const char *contact, const json_t *args, GError **error)
{
	static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
	int64_t seconds;
	if (!read_time(host, args, &seconds, error))
		return NULL;
	g_autoptr(GTimeZone) zone = read_zone(host, contact, args, error);
	if (!zone)
		return NULL;
	int64_t local = local_from_utc(zone, seconds), number = local_floor(local, LOCAL_DAY), minutes = local_rest(local, LOCAL_DAY) / 60;
	int year, month, day, hour = (int)(minutes / 60), minute = (int)(minutes % 60);
	local_civil(number, &year, &month, &day);
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:s, s:o, s:o}", "year", year, "month", month, "day", day, "hour", hour, "minute", minute, "weekday",
	                 weekdays[local_weekday(number) - 1], "date", json_sprintf("%04d-%02d-%02d", year, month, day), "time", json_sprintf("%02d:%02d", hour, minute));
}

Time dates_away(Host *host, const char *back)
{
	Time now = host_now(host);
	int year, month, day;
	if (back && sscanf(back, "%4d-%2d-%2d", &year, &month, &day) == 3) {
		g_autoptr(GDateTime) morning = g_date_time_new(host->workspace->zone, year, month, day, BACK_AT_HOURS, 0, 0);
		Time at = morning ? g_date_time_to_unix(morning) * 1000 : 0;
		if (at > now && at < now + AWAY_MOST_DAYS * TIME_DAY)
			return at;
	}
	return now + AWAY_DAYS * TIME_DAY;
}
