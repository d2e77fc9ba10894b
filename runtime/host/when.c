/* SPDX-License-Identifier: MIT */
/* When: durations, calendar arithmetic and dates. See when.h; hours are in hours.c, zones in zones.c. */
#include "host/when.h"

#include <string.h>

#include "base/value.h"
#include "host/local.h"

G_DEFINE_QUARK(perigee-when-error, when_error)

#define LONGEST INT64_C(1000000000000) /* of any unit; further than the year 9999 */
#define BUSINESS_MOST 50000            /* business days: each is looked at, and 190 years will do */
#define OPEN_MOST 10000                /* business hours; with hours on one day a week also 190 years */
#define WORDS 6                        /* in a phrase, at most */

static const char ACCEPTED[] = "write \"90s\", \"30m\", \"2h\", \"3 days\", \"1 week\", \"3 business days\", \"4 business hours\", \"next monday 09:00\", "
                               "a date (\"2026-12-01\" or \"2026-12-01T09:00\") or a number of seconds";
static const char SHIFTS[] = "write \"+2 business days\", \"-4 business hours\", \"-1 week\", \"+1 month\", \"monday 09:00\" or a date";
static const char SPAN[] = "write \"90s\", \"30m\", \"2h\", \"3 days\" or \"1 year\"";

/* EXACT counts seconds, OPEN those within open hours; the others count on the calendar and keep the time of day. */
typedef enum { EXACT, OPEN, DAYS, MONTHS, BUSINESS } UnitKind;

typedef struct Unit {
	const char *word;
	UnitKind kind;
	int64_t size; /* seconds, days, or months */
	int64_t span; /* seconds, for when_span; 0: not for settings */
} Unit;

#define YEAR (365 * LOCAL_DAY)
static const Unit units[] = {
	{ "s", EXACT, 1, 1 }, { "sec", EXACT, 1, 1 }, { "second", EXACT, 1, 1 }, { "m", EXACT, 60, 60 }, { "min", EXACT, 60, 60 },
	{ "minute", EXACT, 60, 60 }, { "h", EXACT, 3600, 3600 }, { "hour", EXACT, 3600, 3600 }, { "d", DAYS, 1, LOCAL_DAY },
	{ "day", DAYS, 1, LOCAL_DAY }, { "w", DAYS, 7, 7 * LOCAL_DAY }, { "week", DAYS, 7, 7 * LOCAL_DAY },
	{ "month", MONTHS, 1, 30 * LOCAL_DAY }, { "year", MONTHS, 12, YEAR }, { "business day", BUSINESS, 1, 0 },
	{ "business hour", OPEN, 3600, 0 }, { "business minute", OPEN, 60, 0 },
};

static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

typedef struct Amount {
	const Unit *unit;
	int64_t number;
	int64_t thousandths; /* of a unit, beside number */
	bool negative;
} Amount;

static bool refuse(GError **error, const char *text, const char *why, const char *accepted)
{
	g_autofree char *valid = g_utf8_make_valid(text, MIN((gssize)strlen(text), 60));
	g_autofree char *plain = g_strescape(valid, valid);
	for (char *c = plain; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
	g_set_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX, "\"%s\" %s; %s", plain, why, accepted);
	return false;
}

/* Lower case, single spaces. Caller frees the words; NULL if there are too many. */
static GStrv words_of(const char *text, guint *n)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);
	g_auto(GStrv) parts = g_strsplit_set(lower, " \t", -1);
	guint kept = 0;
	for (guint i = 0; parts[i]; i++) {
		if (*parts[i])
			parts[kept++] = parts[i];
		else
			g_free(parts[i]);
	}
	parts[kept] = NULL;
	*n = kept;
	return kept > 0 && kept <= WORDS ? g_steal_pointer(&parts) : NULL;
}

/* ---- numbers with units --------------------------------------------------------------------------------------- */

static const Unit *find_unit(const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		size_t known = strlen(units[i].word);
		if (strncmp(word, units[i].word, known) != 0)
			continue;
		if (length == known || (known > 1 && length == known + 1 && word[known] == 's'))
			return &units[i];
	}
	return NULL;
}

/* "3 business days", "90s", "-1.5 hours". False: it is nothing of this kind (error unset), or wrong (set). */
static bool parse_amount(const char *text, const char *accepted, Amount *amount, GError **error)
{
	guint n;
	g_auto(GStrv) words = words_of(text, &n);
	g_autofree char *joined = words ? g_strjoinv(" ", words) : NULL;
	const char *c = joined;
	if (!c)
		return false;
	*amount = (Amount){ .negative = *c == '-' };
	c += *c == '+' || *c == '-';
	c += *c == ' ';
	if (!g_ascii_isdigit(*c))
		return false;
	for (; g_ascii_isdigit(*c); c++)
		amount->number = MIN(amount->number * 10 + (*c - '0'), LONGEST);
	if (*c == '.') {
		int64_t place = 100;
		for (c++; g_ascii_isdigit(*c); c++, place /= 10)
			amount->thousandths += place * (*c - '0');
	}
	c += *c == ' ';
	if (!*c)
		return refuse(error, text, "has no unit", accepted);
	amount->unit = find_unit(c);
	if (amount->unit && amount->unit->kind > OPEN && amount->thousandths)
		return refuse(error, text, "is not a whole number of days, weeks or months", accepted);
	return amount->unit != NULL;
}

static Time capped(int64_t utc, Time rest)
{
	return CLAMP(utc, LOCAL_FIRST, LOCAL_LAST) * 1000 + rest;
}

/* A local date and time of day as a moment; what lies beyond the calendar is cut to its ends. */
static Time moment(GTimeZone *zone, int64_t day, int64_t second, Time rest)
{
	int64_t local = CLAMP(day, LOCAL_FIRST / LOCAL_DAY, LOCAL_LAST / LOCAL_DAY) * LOCAL_DAY + second;
	int64_t utc = local_to_utc(zone, local);
	return capped(utc, local_from_utc(zone, utc) == local ? rest : 0); /* a gap's end is a full second */
}

static int64_t add_months(int64_t day, int64_t months)
{
	int year, month, date;
	local_civil(day, &year, &month, &date);
	int64_t count = CLAMP((int64_t)year * 12 + month - 1 + months, 12, 9999 * 12 + 11);
	year = (int)(count / 12);
	month = (int)(count % 12) + 1;
	return local_day(year, month, MIN(date, local_month_length(year, month)));
}

/* The next (step 1) or last (step -1) business day from day on, itself included; INT64_MAX if none is near. A day that the zone
 * never had (Samoa crossed the date line over one) is none. */
static int64_t business_from(const Hours *hours, GTimeZone *zone, int64_t day, int step)
{
	for (int i = 0; i < 731; i++, day += step)
		if (hours_business_date(hours, day) && local_has_day(zone, day))
			return day;
	return INT64_MAX;
}

/*
 * N business days: the same local time N open days later. A start on a closed day counts from the end of the closed days,
 * which is the midnight that begins the next open one (backwards: from their beginning, the midnight that ends the last).
 */
static bool add_business_days(const Hours *hours, GTimeZone *zone, int64_t local, Time rest, const Amount *amount, Time *end)
{
	int64_t day = local_floor(local, LOCAL_DAY), second = local_rest(local, LOCAL_DAY), left = amount->number;
	int step = amount->negative ? -1 : 1;
	if (!hours_business_date(hours, day)) {
		day = business_from(hours, zone, day, step);
		second = rest = 0;
		if (day != INT64_MAX && amount->negative)
			day++;
	}
	const int64_t far = LOCAL_LAST / LOCAL_DAY;
	for (; left > 0 && day != INT64_MAX && day < far && day > -far; left--)
		day = business_from(hours, zone, day + step, step);
	if (day == INT64_MAX)
		return false;
	*end = moment(zone, day, second, rest);
	return true;
}

static bool add_open_time(const char *text, const Amount *amount, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error)
{
	Time open = amount->number * amount->unit->size * 1000 + amount->thousandths * amount->unit->size;
	if (!hours)
		return refuse(error, text, "needs open hours, and there are none here", ACCEPTED);
	if (amount->number > OPEN_MOST * 60 || open > OPEN_MOST * TIME_HOUR)
		return refuse(error, text, "is more than 10000 business hours", ACCEPTED);
	*end = hours_add(hours, zone, from, amount->negative ? -open : open);
	return *end != TIME_NEVER || refuse(error, text, "never ends: nothing of the next two years is open", "look at `hours` and `holidays`");
}

static bool add_amount(const char *text, const Amount *amount, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error)
{
	int64_t utc = local_floor(from, 1000), size = amount->unit->size, sign = amount->negative ? -1 : 1;
	Time rest = local_rest(from, 1000);
	if (amount->unit->kind == EXACT) {
		int64_t thousandths = rest + sign * amount->thousandths * size;
		*end = capped(utc + sign * amount->number * size + local_floor(thousandths, 1000), local_rest(thousandths, 1000));
		return true;
	}
	if (amount->unit->kind == OPEN)
		return add_open_time(text, amount, from, zone, hours, end, error);
	int64_t local = local_from_utc(zone, utc);
	int64_t day = local_floor(local, LOCAL_DAY), second = local_rest(local, LOCAL_DAY);
	if (amount->unit->kind == BUSINESS && amount->number > BUSINESS_MOST)
		return refuse(error, text, "is more than 50000 business days", ACCEPTED);
	*end = from;
	if (amount->unit->kind == BUSINESS && amount->number == 0 && hours_business_date(hours, day))
		return true;
	if (amount->unit->kind == BUSINESS)
		return add_business_days(hours, zone, local, rest, amount, end) ||
		       refuse(error, text, "never ends: no day of the next two years is open", "look at `hours` and `holidays`");
	if (amount->number > 0)
		*end = moment(zone, amount->unit->kind == DAYS ? day + sign * amount->number * size :
		              add_months(day, sign * amount->number * size), second, rest);
	return true;
}

/* ---- phrases and dates ---------------------------------------------------------------------------------------- */

/* "09:00" as seconds of the day, or -1. */
static int64_t time_of_day(const char *word)
{
	int hour, minute, used = 0;
	if (!g_ascii_isdigit(*word) || sscanf(word, "%2d:%2d%n", &hour, &minute, &used) != 2 || word[used] ||
	    !g_ascii_isdigit(word[used - 2]) || hour > 23 || minute > 59)
		return -1;
	return hour * 3600 + minute * 60;
}

/* 1 (Monday) to 7 for a weekday's name or its first three letters, else 0. */
static int weekday_of(const char *word)
{
	for (int i = 0; i < 7; i++)
		if (strcmp(word, weekdays[i]) == 0 || (strlen(word) == 3 && strncmp(word, weekdays[i], 3) == 0))
			return i + 1;
	return 0;
}

/* The days that a phrase speaks of: the first of them, and how far apart they are (0: only one). Gives the words used. */
static guint phrase_days(GStrv words, guint n, int64_t today, GTimeZone *zone, const Hours *hours, int64_t *first, int64_t *apart)
{
	bool next = strcmp(words[0], "next") == 0;
	guint used = next ? 1 : 0;
	*apart = 0;
	if (!next && strcmp(words[0], "tomorrow") == 0) {
		*first = today + 1;
		return 1;
	}
	if (next && n >= 3 && strcmp(words[1], "business") == 0 && strcmp(words[2], "day") == 0) {
		*first = business_from(hours, zone, today + 1, 1);
		return *first == INT64_MAX ? 0 : 3;
	}
	int weekday = used < n ? weekday_of(words[used]) : 0;
	if (!weekday)
		return 0;
	int64_t ahead = (weekday - local_weekday(today) + 7) % 7;
	*first = today + (next && ahead == 0 ? 7 : ahead);
	*apart = 7;
	return used + 1;
}

/* "open hours", "end of business day". */
static bool parse_hours(GStrv words, Time from, GTimeZone *zone, const Hours *hours, Time *end)
{
	g_autofree char *phrase = g_strjoinv(" ", words);
	bool open = strcmp(phrase, "open hours") == 0;
	if (!hours || (!open && strcmp(phrase, "end of business day") != 0))
		return false;
	*end = open ? hours_next(hours, zone, from) : hours_close(hours, zone, from);
	return *end != TIME_NEVER;
}

/* "[next] monday [at] [09:00]", "tomorrow 09:00", "next business day 09:00": the first such moment after from. */
static bool parse_phrase(const char *text, Time from, GTimeZone *zone, const Hours *hours, Time *end)
{
	guint n;
	g_auto(GStrv) words = words_of(text, &n);
	if (!words)
		return false;
	if (parse_hours(words, from, zone, hours, end))
		return true;
	int64_t today = local_floor(local_from_utc(zone, local_floor(from, 1000)), LOCAL_DAY), day, apart;
	guint used = phrase_days(words, n, today, zone, hours, &day, &apart);
	if (used == 0)
		return false;
	if (used + 1 < n && strcmp(words[used], "at") == 0)
		used++;
	int64_t second = used < n ? time_of_day(words[used++]) : 0;
	if (second < 0 || used != n)
		return false;
	*end = moment(zone, day, second, 0);
	if (*end <= from && apart)
		*end = moment(zone, day + apart, second, 0);
	return true;
}

/* The digits of a fixed form: '0' stands for a digit, all else for itself. */
static bool has_form(const char *text, const char *form)
{
	for (; *form; text++, form++)
		if (*form == '0' ? !g_ascii_isdigit(*text) : *text != *form)
			return false;
	return true;
}

static int digits(const char *text, int n)
{
	int number = 0;
	for (int i = 0; i < n; i++)
		number = number * 10 + (text[i] - '0');
	return number;
}

/* "", "Z", "+01:00", "+0100" or "+01": the offset in seconds. */
static bool parse_offset(const char *text, bool *given, int64_t *offset)
{
	*given = *text != '\0';
	*offset = 0;
	if (!*text || ((*text == 'Z' || *text == 'z') && !text[1]))
		return true;
	if (*text != '+' && *text != '-')
		return false;
	const char *t = text + 1;
	size_t length = strlen(t);
	int hours, minutes = 0;
	if (length == 5 && has_form(t, "00:00"))
		minutes = digits(t + 3, 2);
	else if (length == 4 && has_form(t, "0000"))
		minutes = digits(t + 2, 2);
	else if (length != 2 || !has_form(t, "00"))
		return false;
	hours = digits(t, 2);
	*offset = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return hours <= 23 && minutes <= 59;
}

/* Everything after the date: "T09:00[:00[.000]][offset]". */
static bool parse_clock(const char *t, int64_t *second, Time *rest, bool *has_offset, int64_t *offset)
{
	if ((*t != 'T' && *t != 't' && *t != ' ') || !has_form(t + 1, "00:00"))
		return false;
	int hour = digits(t + 1, 2), minute = digits(t + 4, 2), seconds = 0;
	t += 6;
	if (has_form(t, ":00")) {
		seconds = digits(t + 1, 2);
		t += 3;
		if (*t == '.' && g_ascii_isdigit(t[1])) {
			Time place = 100;
			for (t++; g_ascii_isdigit(*t); t++, place /= 10)
				*rest += place * (*t - '0');
		}
	}
	*second = hour * 3600 + minute * 60 + seconds;
	return hour <= 23 && minute <= 59 && seconds <= 59 && parse_offset(t, has_offset, offset);
}

bool when_iso(const char *text, GTimeZone *zone, Time *at, GError **error)
{
	int64_t second = 0, offset = 0;
	Time rest = 0;
	bool has_offset = false;
	if (!has_form(text, "0000-00-00") || !local_valid(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2)) ||
	    (text[10] && !parse_clock(text + 10, &second, &rest, &has_offset, &offset)))
		return refuse(error, text, "is no date or time", "write \"2026-12-01\", \"2026-12-01T09:00\" or \"2026-12-01T09:00:00+01:00\"");
	int64_t day = local_day(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2));
	*at = has_offset ? capped(day * LOCAL_DAY + second - offset, rest) : moment(zone, day, second, rest);
	return true;
}

/* ---- what others call ----------------------------------------------------------------------------------------- */

static bool resolve_text(const char *given, const char *accepted, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error)
{
	g_autofree char *text = g_strstrip(g_strdup(given));
	if (has_form(text, "0000-00"))
		return when_iso(text, zone, end, error);
	GError *cause = NULL;
	Amount amount;
	if (parse_amount(text, accepted, &amount, &cause))
		return add_amount(text, &amount, from, zone, hours, end, error);
	if (cause) {
		g_propagate_error(error, cause);
		return false;
	}
	return parse_phrase(text, from, zone, hours, end) || refuse(error, text, "is no time that is understood", accepted);
}

bool when_resolve(const json_t *value, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error)
{
	if (json_is_number(value)) {
		double seconds = json_number_value(value);
		if (seconds < 0) {
			g_set_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX, "a duration can't be negative (%g); %s", seconds, ACCEPTED);
			return false;
		}
		int64_t whole = (int64_t)MIN(seconds, (double)LONGEST);
		Time rest = local_rest(from, 1000) + (seconds < (double)LONGEST ? (Time)((seconds - (double)whole) * 1000 + 0.5) : 0);
		*end = capped(local_floor(from, 1000) + whole + rest / 1000, rest % 1000);
		return true;
	}
	if (!json_is_string(value)) {
		g_set_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX, "a duration is missing; %s", ACCEPTED);
		return false;
	}
	const char *text = json_string_value(value);
	if (text[strspn(text, " \t\n\v\f\r")] == '-')
		return refuse(error, text, "is negative, and a duration can't be", ACCEPTED);
	return resolve_text(text, ACCEPTED, from, zone, hours, end, error);
}

bool when_shift(const char *shift, Time from, GTimeZone *zone, const Hours *hours, Time *end, GError **error)
{
	return resolve_text(shift, SHIFTS, from, zone, hours, end, error);
}

bool when_span(const char *text, Time *span, GError **error)
{
	GError *cause = NULL;
	Amount amount = { 0 };
	bool parsed = parse_amount(text, SPAN, &amount, &cause);
	if (cause) {
		g_propagate_error(error, cause);
		return false;
	}
	if (!parsed || amount.unit->span == 0 || amount.negative)
		return refuse(error, text, "is no length of time", SPAN);
	int64_t seconds = MIN(amount.number, LOCAL_LAST / amount.unit->span) * amount.unit->span;
	*span = seconds * 1000 + amount.thousandths * amount.unit->span;
	return true;
}

bool when_parse(const char *text, Time now, GTimeZone *zone, const Hours *hours, Time *at, GError **error)
{
	g_autoptr(json_t) value = json_string(text);
	if (!value)
		return refuse(error, text, "is not valid text", ACCEPTED);
	return when_resolve(value, now, zone, hours, at, error);
}

char *when_words(Time at, Time now)
{
	static const struct { const char *word, *plural; Time size, until; } scale[] = {
		{ "s", "s", TIME_SECOND, 90 * TIME_SECOND }, { "min", "min", TIME_MINUTE, 90 * TIME_MINUTE },
		{ "h", "h", TIME_HOUR, 36 * TIME_HOUR }, { "day", "days", TIME_DAY, 60 * TIME_DAY },
		{ "month", "months", 30 * TIME_DAY, 720 * TIME_DAY }, { "year", "years", 365 * TIME_DAY, TIME_NEVER },
	};
	if (at == TIME_NEVER)
		return g_strdup("never");
	Time distance = at > now ? at - now : now - at;
	if (distance < TIME_SECOND)
		return g_strdup("now");
	guint i = 0;
	while (distance >= scale[i].until)
		i++;
	Time n = (distance + scale[i].size / 2) / scale[i].size;
	const char *word = n == 1 ? scale[i].word : scale[i].plural;
	return at > now ? g_strdup_printf("in %" G_GINT64_FORMAT " %s", n, word) : g_strdup_printf("%" G_GINT64_FORMAT " %s ago", n, word);
}
