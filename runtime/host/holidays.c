/* SPDX-License-Identifier: MIT */
/* Public holidays: see holidays.h. The rules as of November 2026. */
#include "host/holidays.h"

#include <glib.h>

#include "host/local.h"

/* FIXED: month and date. EASTER: days after Easter Sunday. NTH: the nth (-1: the last) weekday of a month. */
typedef enum { FIXED, EASTER, NTH } HolidayKind;

typedef struct Holiday {
	HolidayKind kind;
	int month;   /* FIXED, NTH */
	int number;  /* date; days after Easter; n */
	int weekday; /* NTH: 1 is Monday */
	int since;   /* the first year; 0: long ago */
} Holiday;

/* What happens when a fixed holiday falls on a weekend. */
typedef enum {
	STAYS,
	NEXT_FREE, /* England: the next weekday that is no holiday is one instead */
	NEAREST,   /* United States: Saturday's is kept on Friday, Sunday's on Monday */
} HolidayMove;

typedef struct Calendar {
	const char *country;
	HolidayMove move;
	const Holiday *holidays; /* ends with month and number 0 and kind FIXED */
} Calendar;

static const Holiday germany[] = {
	{ FIXED, 1, 1, 0, 0 }, { EASTER, 0, -2, 0, 0 }, { EASTER, 0, 1, 0, 0 }, { FIXED, 5, 1, 0, 0 }, { EASTER, 0, 39, 0, 0 },
	{ EASTER, 0, 50, 0, 0 }, { FIXED, 10, 3, 0, 0 }, { FIXED, 12, 25, 0, 0 }, { FIXED, 12, 26, 0, 0 }, { 0 },
};
static const Holiday spain[] = {
	{ FIXED, 1, 1, 0, 0 }, { FIXED, 1, 6, 0, 0 }, { EASTER, 0, -2, 0, 0 }, { FIXED, 5, 1, 0, 0 }, { FIXED, 8, 15, 0, 0 },
	{ FIXED, 10, 12, 0, 0 }, { FIXED, 11, 1, 0, 0 }, { FIXED, 12, 6, 0, 0 }, { FIXED, 12, 8, 0, 0 }, { FIXED, 12, 25, 0, 0 }, { 0 },
};
static const Holiday france[] = {
	{ FIXED, 1, 1, 0, 0 }, { EASTER, 0, 1, 0, 0 }, { FIXED, 5, 1, 0, 0 }, { FIXED, 5, 8, 0, 0 }, { EASTER, 0, 39, 0, 0 },
	{ EASTER, 0, 50, 0, 0 }, { FIXED, 7, 14, 0, 0 }, { FIXED, 8, 15, 0, 0 }, { FIXED, 11, 1, 0, 0 }, { FIXED, 11, 11, 0, 0 },
	{ FIXED, 12, 25, 0, 0 }, { 0 },
};
static const Holiday england[] = {
	{ FIXED, 1, 1, 0, 0 }, { EASTER, 0, -2, 0, 0 }, { EASTER, 0, 1, 0, 0 }, { NTH, 5, 1, 1, 0 }, { NTH, 5, -1, 1, 0 },
	{ NTH, 8, -1, 1, 0 }, { FIXED, 12, 25, 0, 0 }, { FIXED, 12, 26, 0, 0 }, { 0 },
};
/* Saint Francis (4 October) is a holiday again since 2026: law 151 of 8 October 2025. */
static const Holiday italy[] = {
	{ FIXED, 1, 1, 0, 0 }, { FIXED, 1, 6, 0, 0 }, { EASTER, 0, 0, 0, 0 }, { EASTER, 0, 1, 0, 0 }, { FIXED, 4, 25, 0, 0 },
	{ FIXED, 5, 1, 0, 0 }, { FIXED, 6, 2, 0, 0 }, { FIXED, 8, 15, 0, 0 }, { FIXED, 10, 4, 0, 2026 }, { FIXED, 11, 1, 0, 0 },
	{ FIXED, 12, 8, 0, 0 }, { FIXED, 12, 25, 0, 0 }, { FIXED, 12, 26, 0, 0 }, { 0 },
};
static const Holiday united_states[] = {
	{ FIXED, 1, 1, 0, 0 }, { NTH, 1, 3, 1, 0 }, { NTH, 2, 3, 1, 0 }, { NTH, 5, -1, 1, 0 }, { FIXED, 6, 19, 0, 2021 },
	{ FIXED, 7, 4, 0, 0 }, { NTH, 9, 1, 1, 0 }, { NTH, 10, 2, 1, 0 }, { FIXED, 11, 11, 0, 0 }, { NTH, 11, 4, 4, 0 },
	{ FIXED, 12, 25, 0, 0 }, { 0 },
};

static const Calendar calendars[HOLIDAYS_COUNTRIES] = {
	{ "DE", STAYS, germany }, { "ES", STAYS, spain }, { "FR", STAYS, france },
	{ "GB", NEXT_FREE, england }, { "IT", STAYS, italy }, { "US", NEAREST, united_states },
};

int holidays_calendar(const char *country)
{
	for (int i = 0; i < HOLIDAYS_COUNTRIES; i++)
		if (g_ascii_strcasecmp(country, calendars[i].country) == 0)
			return i;
	return -1;
}

const char *holidays_known(void)
{
	return "DE, ES, FR, GB, IT, US";
}

/* The anonymous Gregorian computus (Meeus, Jones, Butcher). */
int64_t holidays_easter(int year)
{
	int a = year % 19, b = year / 100, c = year % 100;
	int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int h = (19 * a + b - d - g + 15) % 30;
	int i = c / 4, k = c % 4;
	int l = (32 + 2 * e + 2 * i - h - k) % 7;
	int m = (a + 11 * h + 22 * l) / 451;
	int sum = h + l - 7 * m + 114;
	return local_day(year, sum / 31, sum % 31 + 1);
}

static int64_t day_in_year(const Holiday *holiday, int year)
{
	if (holiday->kind == FIXED)
		return local_day(year, holiday->month, holiday->number);
	if (holiday->kind == EASTER)
		return holidays_easter(year) + holiday->number;
	if (holiday->number < 0) {
		int64_t last = local_day(year, holiday->month, local_month_length(year, holiday->month));
		return last - (local_weekday(last) - holiday->weekday + 7) % 7;
	}
	int64_t first = local_day(year, holiday->month, 1);
	return first + (holiday->weekday - local_weekday(first) + 7) % 7 + 7 * (holiday->number - 1);
}

static bool ends(const Holiday *holiday)
{
	return holiday->kind == FIXED && holiday->month == 0;
}

/* Is it one by its own date, nothing moved? */
static bool is_plain(const Calendar *calendar, int64_t day, int year)
{
	for (const Holiday *h = calendar->holidays; !ends(h); h++)
		if (year >= h->since && day_in_year(h, year) == day)
			return true;
	return false;
}

static bool is_fixed(const Calendar *calendar, int64_t day)
{
	int year, month, date;
	local_civil(day, &year, &month, &date);
	for (const Holiday *h = calendar->holidays; !ends(h); h++)
		if (h->kind == FIXED && h->month == month && h->number == date && year >= h->since)
			return true;
	return false;
}

/* England: the holidays of the weekend before go to the first weekdays after it that are none themselves. */
static bool takes_over(const Calendar *calendar, int64_t day, int year)
{
	int64_t monday = day - (local_weekday(day) - 1);
	int moved = is_fixed(calendar, monday - 2) + is_fixed(calendar, monday - 1);
	for (int64_t d = monday; moved > 0 && d <= day; d++) {
		if (is_plain(calendar, d, year))
			continue;
		if (d == day)
			return true;
		moved--;
	}
	return false;
}

bool holidays_on(int calendar, int64_t day)
{
	if (calendar < 0 || calendar >= HOLIDAYS_COUNTRIES)
		return false;
	const Calendar *c = &calendars[calendar];
	int year, month, date;
	local_civil(day, &year, &month, &date);
	if (is_plain(c, day, year))
		return true;
	int weekday = local_weekday(day);
	if (c->move == NEAREST)
		return (weekday == 5 && is_fixed(c, day + 1)) || (weekday == 1 && is_fixed(c, day - 1));
	return c->move == NEXT_FREE && weekday <= 5 && takes_over(c, day, year);
}
