/* SPDX-License-Identifier: MIT */
/*
 * Local time: civil dates as day numbers, and the way between a zone's wall clock and UTC. Everything is in whole seconds;
 * "local seconds" are what the wall clock shows, counted as if it were UTC. Nothing here allocates.
 */
#ifndef PERIGEE_LOCAL_H
#define PERIGEE_LOCAL_H

#include "base/clock.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define LOCAL_DAY INT64_C(86400)
#define LOCAL_FIRST INT64_C(-62135596800) /* 0001-01-01, in seconds */
#define LOCAL_LAST INT64_C(253402300799)  /* the last second of the year 9999 */

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t local_day(int year, int month, int day);
void local_civil(int64_t day, int *year, int *month, int *date);
int local_month_length(int year, int month);
bool local_valid(int year, int month, int date);
/* 1 is Monday, 7 is Sunday. */
int local_weekday(int64_t day);

/* Division that rounds down, for times before 1970; the remainder is never negative. */
int64_t local_floor(int64_t value, int64_t by);
int64_t local_rest(int64_t value, int64_t by);

/* What must be added to UTC at this moment. */
int64_t local_offset(GTimeZone *zone, int64_t utc);
int64_t local_from_utc(GTimeZone *zone, int64_t utc);
/* The first moment at which the wall clock shows this; if it never does (DST skips it), the end of the gap. */
int64_t local_to_utc(GTimeZone *zone, int64_t local);
/* Does the zone have any moment of this day? Where the date line was crossed it has none of one. */
bool local_has_day(GTimeZone *zone, int64_t day);
/* The first moment in (from, to] with another offset than from has; INT64_MAX if there is none. At most one change is
 * expected in between (days apart, not years). */
int64_t local_change(GTimeZone *zone, int64_t from, int64_t to);

/* The stretch that begins at a moment and ends with its local day or with the next change of the zone's offset. */
typedef struct LocalPiece {
	int64_t from, to; /* UTC, half open */
	int64_t offset;
	int64_t day;
} LocalPiece;
LocalPiece local_piece(GTimeZone *zone, int64_t utc);

#endif
