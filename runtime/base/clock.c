/* SPDX-License-Identifier: MIT */
/* Clocks: see clock.h. */
#include "base/clock.h"

Clock clock_real(Time offset)
{
	return (Clock){ .offset = offset };
}

Clock clock_virtual(Time now)
{
	return (Clock){ .is_virtual = true, .now = now };
}

Time clock_now(const Clock *clock)
{
	return clock->is_virtual ? clock->now : g_get_real_time() / 1000 + clock->offset;
}

void clock_jump(Clock *clock, Time to)
{
	Time now = clock_now(clock);
	if (to <= now || to == TIME_NEVER)
		return;
	if (clock->is_virtual)
		clock->now = to;
	else
		clock->offset += to - now;
}

char *time_iso(Time at, GTimeZone *zone)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at >= 0 ? at / 1000 : (at - 999) / 1000);
	if (!utc)
		return g_strdup("?");
	if (!zone)
		return g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
	return g_date_time_format(local, "%Y-%m-%dT%H:%M:%S%:z");
}
