/* SPDX-License-Identifier: MIT */
/*
 * The clock of a host: real time, real time plus an offset (fast-forward), or virtual time that moves only when told.
 * Times are milliseconds since the epoch, UTC, as int64 (Time).
 */
#ifndef PERIGEE_CLOCK_H
#define PERIGEE_CLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef int64_t Time;
#define TIME_NEVER INT64_MAX
#define TIME_SECOND INT64_C(1000)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR (60 * TIME_MINUTE)
#define TIME_DAY (24 * TIME_HOUR)

typedef struct Clock {
	bool is_virtual;
	Time now;    /* the time of a virtual clock */
	Time offset; /* added to real time by fast-forward */
} Clock;

Clock clock_real(Time offset);
Clock clock_virtual(Time now);
Time clock_now(const Clock *clock);
/* Jumps forward to `to`; going back is ignored. */
void clock_jump(Clock *clock, Time to);
/* ISO 8601 with the zone's offset at that time ("2026-11-23T09:00:00+01:00"); zone NULL is UTC ("...Z"). Caller frees. */
char *time_iso(Time at, GTimeZone *zone);

#endif
