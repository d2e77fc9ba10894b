/* SPDX-License-Identifier: MIT */
/* Local time: see local.h. */
#include "host/local.h"

/* The two conversions count years from March, so that a leap day is the last of its year. */
int64_t local_day(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = local_floor(y, 400);
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void local_civil(int64_t day, int *year, int *month, int *date)
{
	int64_t z = day + 719468;
	int64_t era = local_floor(z, 146097);
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t march = (5 * of_year + 2) / 153;
	*date = (int)(of_year - (153 * march + 2) / 5 + 1);
	*month = (int)(march < 10 ? march + 3 : march - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

int local_month_length(int year, int month)
{
	return (int)(local_day(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - local_day(year, month, 1));
}

bool local_valid(int year, int month, int date)
{
	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && date >= 1 && date <= local_month_length(year, month);
}

int local_weekday(int64_t day)
{
	return (int)local_rest(day + 3, 7) + 1; /* 1970-01-01 was a Thursday */
}

int64_t local_floor(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

int64_t local_rest(int64_t value, int64_t by)
{
	int64_t rest = value % by;
	return rest < 0 ? rest + by : rest;
}

int64_t local_offset(GTimeZone *zone, int64_t utc)
{
	return g_time_zone_get_offset(zone, g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, utc));
}

int64_t local_from_utc(GTimeZone *zone, int64_t utc)
{
	return utc + local_offset(zone, utc);
}

int64_t local_change(GTimeZone *zone, int64_t from, int64_t to)
{
	int64_t before = local_offset(zone, from);
	if (to <= from || local_offset(zone, to) == before)
		return INT64_MAX;
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;
		if (local_offset(zone, middle) == before)
			from = middle;
		else
			to = middle;
	}
	return to;
}

int64_t local_to_utc(GTimeZone *zone, int64_t local)
{
	/* No zone is further than a day from UTC, so the true moment lies between these two. */
	int64_t low = local - LOCAL_DAY, high = local + LOCAL_DAY;
	int64_t before = local - local_offset(zone, low), after = local - local_offset(zone, high);
	if (before == after)
		return before;
	int64_t change = local_change(zone, low, high);
	if (before < change)
		return before;
	return after >= change ? after : change;
}

bool local_has_day(GTimeZone *zone, int64_t day)
{
	return local_to_utc(zone, day * LOCAL_DAY) != local_to_utc(zone, (day + 1) * LOCAL_DAY);
}

LocalPiece local_piece(GTimeZone *zone, int64_t utc)
{
	LocalPiece piece = { .from = utc, .offset = local_offset(zone, utc) };
	int64_t local = utc + piece.offset;
	piece.day = local_floor(local, LOCAL_DAY);
	piece.to = (piece.day + 1) * LOCAL_DAY - piece.offset;
	int64_t change = local_change(zone, utc, piece.to - 1);
	if (change < piece.to)
		piece.to = change;
	return piece;
}
