/* SPDX-License-Identifier: MIT */
/* Public holidays: see holidays.h. The rules as of November 2026. */
#include "host/holidays.h"

#include <glib.h>

#include "host/local.h"

/* FIXED: month and date. EASTER: days after Easter Sunday. NTH: the nth (-1: the last) weekday of a month. BEFORE: the last such
 * weekday before a date. */
typedef enum { FIXED, EASTER, NTH, BEFORE } HolidayKind;

typedef struct Holiday {
	HolidayKind kind;
	int month;   /* FIXED, NTH, BEFORE */
	int number;  /* date; days after Easter; n */
	int weekday; /* NTH, BEFORE: 1 is Monday */
	int since;   /* the first year; 0: long ago */
} Holiday;

/* What happens when a fixed holiday falls on a weekend. */
typedef enum {
	STAYS,
	NEXT_FREE, /* United Kingdom: the next weekday that is no holiday is one instead */
	NEAREST,   /* United States: Saturday's is kept on Friday, Sunday's on Monday */
} HolidayMove;

/* A country, or a region of one: what is kept there beside (more) what the country keeps. Lists end with a FIXED of month 0. */
typedef struct Calendar {
	const char *code;
	HolidayMove move;
	const Holiday *holidays, *more;
} Calendar;

static const Holiday none[] = { { 0 } };
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
static const Holiday scotland[] = {
	{ FIXED, 1, 1, 0, 0 }, { FIXED, 1, 2, 0, 0 }, { EASTER, 0, -2, 0, 0 }, { NTH, 5, 1, 1, 0 }, { NTH, 5, -1, 1, 0 }, { NTH, 8, 1, 1, 0 },
	{ FIXED, 11, 30, 0, 0 }, { FIXED, 12, 25, 0, 0 }, { FIXED, 12, 26, 0, 0 }, { 0 },
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

/* Of regions. Bavaria keeps 15 August where most people are Catholic, which is nearly everywhere. */
static const Holiday northern_ireland[] = { { FIXED, 3, 17, 0, 0 }, { FIXED, 7, 12, 0, 0 }, { 0 } };
static const Holiday alsace_moselle[] = { { EASTER, 0, -2, 0, 0 }, { FIXED, 12, 26, 0, 0 }, { 0 } };
static const Holiday baden[] = { { FIXED, 1, 6, 0, 0 }, { EASTER, 0, 60, 0, 0 }, { FIXED, 11, 1, 0, 0 }, { 0 } };
static const Holiday bavaria[] = { { FIXED, 1, 6, 0, 0 }, { EASTER, 0, 60, 0, 0 }, { FIXED, 8, 15, 0, 0 }, { FIXED, 11, 1, 0, 0 }, { 0 } };
static const Holiday berlin[] = { { FIXED, 3, 8, 0, 2019 }, { 0 } };
static const Holiday brandenburg[] = { { EASTER, 0, 0, 0, 0 }, { EASTER, 0, 49, 0, 0 }, { FIXED, 10, 31, 0, 0 }, { 0 } };
static const Holiday hesse[] = { { EASTER, 0, 60, 0, 0 }, { 0 } };
static const Holiday mecklenburg[] = { { FIXED, 3, 8, 0, 2023 }, { FIXED, 10, 31, 0, 0 }, { 0 } };
static const Holiday northern_states[] = { { FIXED, 10, 31, 0, 2018 }, { 0 } };
static const Holiday rhine[] = { { EASTER, 0, 60, 0, 0 }, { FIXED, 11, 1, 0, 0 }, { 0 } };
static const Holiday saarland[] = { { EASTER, 0, 60, 0, 0 }, { FIXED, 8, 15, 0, 0 }, { FIXED, 11, 1, 0, 0 }, { 0 } };
static const Holiday saxony[] = { { FIXED, 10, 31, 0, 0 }, { BEFORE, 11, 23, 3, 0 }, { 0 } };
static const Holiday saxony_anhalt[] = { { FIXED, 1, 6, 0, 0 }, { FIXED, 10, 31, 0, 0 }, { 0 } };
static const Holiday thuringia[] = { { FIXED, 9, 20, 0, 2019 }, { FIXED, 10, 31, 0, 0 }, { 0 } };

static const Calendar calendars[HOLIDAYS_CALENDARS] = {
	{ "DE", STAYS, germany, none },          { "DE-BB", STAYS, germany, brandenburg },  { "DE-BE", STAYS, germany, berlin },
	{ "DE-BW", STAYS, germany, baden },      { "DE-BY", STAYS, germany, bavaria },      { "DE-HB", STAYS, germany, northern_states },
	{ "DE-HE", STAYS, germany, hesse },      { "DE-HH", STAYS, germany, northern_states }, { "DE-MV", STAYS, germany, mecklenburg },
	{ "DE-NI", STAYS, germany, northern_states }, { "DE-NW", STAYS, germany, rhine },   { "DE-RP", STAYS, germany, rhine },
	{ "DE-SH", STAYS, germany, northern_states }, { "DE-SL", STAYS, germany, saarland }, { "DE-SN", STAYS, germany, saxony },
	{ "DE-ST", STAYS, germany, saxony_anhalt },   { "DE-TH", STAYS, germany, thuringia }, { "ES", STAYS, spain, none },
	{ "FR", STAYS, france, none },           { "FR-57", STAYS, france, alsace_moselle }, { "FR-67", STAYS, france, alsace_moselle },
	{ "FR-68", STAYS, france, alsace_moselle }, { "GB", NEXT_FREE, england, none },     { "GB-ENG", NEXT_FREE, england, none },
	{ "GB-NIR", NEXT_FREE, england, northern_ireland }, { "GB-SCT", NEXT_FREE, scotland, none }, { "GB-WLS", NEXT_FREE, england, none },
	{ "IT", STAYS, italy, none },            { "US", NEAREST, united_states, none },
};

/* Days that were proclaimed, or moved, for one year. code: the country and all of its regions, or the one region. */
static const struct { const char *code; int year, month, date; bool holiday; } proclaimed[] = {
	{ "GB", 2020, 5, 4, false }, { "GB", 2020, 5, 8, true },  /* 75 years of peace */
	{ "GB", 2022, 5, 30, false }, { "GB", 2022, 6, 2, true }, { "GB", 2022, 6, 3, true }, /* a jubilee */
	{ "GB", 2022, 9, 19, true },                              /* a funeral */
	{ "GB", 2023, 5, 8, true },                               /* a coronation */
	{ "DE-BE", 2020, 5, 8, true }, { "DE-BE", 2025, 5, 8, true },
};

int holidays_calendar(const char *code)
{
	for (int i = 0; i < HOLIDAYS_CALENDARS; i++)
		if (g_ascii_strcasecmp(code, calendars[i].code) == 0)
			return i;
	return -1;
}

char *holidays_known(const char *code)
{
	GString *known = g_string_new(NULL);
	for (int i = 0; i < HOLIDAYS_CALENDARS; i++) {
		const char *of = calendars[i].code;
		bool region = of[2] == '-', same = code && g_ascii_strncasecmp(of, code, 2) == 0;
		if (region == (code != NULL) && (!code || same))
			g_string_append_printf(known, "%s%s", known->len ? ", " : "", of);
	}
	return g_string_free(known, FALSE);
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
	if (holiday->kind == BEFORE || holiday->number < 0) {
		int date = holiday->kind == BEFORE ? holiday->number - 1 : local_month_length(year, holiday->month);
		int64_t last = local_day(year, holiday->month, date);
		return last - (local_weekday(last) - holiday->weekday + 7) % 7;
	}
	int64_t first = local_day(year, holiday->month, 1);
	return first + (holiday->weekday - local_weekday(first) + 7) % 7 + 7 * (holiday->number - 1);
}

static bool ends(const Holiday *holiday)
{
	return holiday->kind == FIXED && holiday->month == 0;
}

/* Is it one of the list by its own date, nothing moved? fixed: of those with a date alone. */
static bool is_listed(const Holiday *list, int64_t day, int year, bool fixed)
{
	for (const Holiday *h = list; !ends(h); h++)
		if (year >= h->since && (!fixed || h->kind == FIXED) && day_in_year(h, year) == day)
			return true;
	return false;
}

static bool is_plain(const Calendar *c, int64_t day, bool fixed)
{
	int year, month, date;
	local_civil(day, &year, &month, &date);
	return is_listed(c->holidays, day, year, fixed) || is_listed(c->more, day, year, fixed);
}

/* United Kingdom: the holidays of the weekend before go to the first weekdays after it that are none themselves. */
static bool takes_over(const Calendar *c, int64_t day)
{
	int64_t monday = day - (local_weekday(day) - 1);
	int moved = is_plain(c, monday - 2, true) + is_plain(c, monday - 1, true);
	for (int64_t d = monday; moved > 0 && d <= day; d++) {
		if (is_plain(c, d, false))
			continue;
		if (d == day)
			return true;
		moved--;
	}
	return false;
}

/* 1 and 0: it was proclaimed to be one, or not to be one. -1: the rules say. */
static int is_proclaimed(const Calendar *c, int64_t day)
{
	for (size_t i = 0; i < G_N_ELEMENTS(proclaimed); i++)
		if (g_str_has_prefix(c->code, proclaimed[i].code) && local_day(proclaimed[i].year, proclaimed[i].month, proclaimed[i].date) == day)
			return proclaimed[i].holiday;
	return -1;
}

bool holidays_on(int calendar, int64_t day)
{
	if (calendar < 0 || calendar >= HOLIDAYS_CALENDARS)
		return false;
	const Calendar *c = &calendars[calendar];
	int once = is_proclaimed(c, day), weekday = local_weekday(day);
	if (once >= 0)
		return once == 1;
	if (is_plain(c, day, false))
		return true;
	if (c->move == NEAREST)
		return (weekday == 5 && is_plain(c, day + 1, true)) || (weekday == 1 && is_plain(c, day - 1, true));
	return c->move == NEXT_FREE && weekday <= 5 && takes_over(c, day);
}
