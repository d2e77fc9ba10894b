/* SPDX-License-Identifier: MIT */
/* Sending hours and business days: see when.h. */
#include "host/when.h"

#include <string.h>

#include "host/holidays.h"
#include "host/local.h"

#define SPANS 48        /* in a day, at most */
#define LOOK_AHEAD 731  /* days until hours_next gives up */

typedef struct Span {
	int64_t open, close; /* seconds of the local day, half open */
} Span;

struct Hours {
	bool always;
	GArray *spans[7];    /* Span, from Monday; sorted, apart from each other */
	GArray *dates;       /* int64_t day numbers that are closed, sorted */
	bool every_year[13][32]; /* months and dates that are */
	bool calendars[HOLIDAYS_CALENDARS];
};

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, WHEN_ERROR, WHEN_ERROR_SYNTAX, text);
	return false;
}

static int by_opening(gconstpointer a, gconstpointer b)
{
	const Span *x = a, *y = b;
	return (x->open > y->open) - (x->open < y->open);
}

static int by_number(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Spans that touch or overlap become one. */
static void join_spans(GArray *spans)
{
	g_array_sort(spans, by_opening);
	for (guint i = 1; i < spans->len;) {
		Span *before = &g_array_index(spans, Span, i - 1), *span = &g_array_index(spans, Span, i);
		if (span->open > before->close) {
			i++;
			continue;
		}
		before->close = MAX(before->close, span->close);
		g_array_remove_index(spans, i);
	}
}

static bool read_weekday(GArray *spans, const char *key, const json_t *list, GError **error)
{
	if (!json_is_array(list) || json_array_size(list) > SPANS)
		return invalid(error, "hours: day %s must be a list of at most %d spans", key, SPANS);
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		const json_t *open = json_array_get(item, 0), *close = json_array_get(item, 1);
		if (json_array_size(item) != 2 || !json_is_integer(open) || !json_is_integer(close))
			return invalid(error, "hours: a span of day %s must be two numbers of minutes", key);
		json_int_t from = json_integer_value(open), to = json_integer_value(close);
		if (from < 0 || from >= to || to > 24 * 60)
			return invalid(error, "hours: a span of day %s must begin before it ends, within 00:00 and 24:00", key);
		Span span = { .open = from * 60, .close = to * 60 };
		g_array_append_val(spans, span);
	}
	join_spans(spans);
	return true;
}

static bool read_week(Hours *hours, const json_t *week, GError **error)
{
	if (json_is_string(week) && strcmp(json_string_value(week), "always") == 0) {
		hours->always = true;
		return true;
	}
	if (!json_is_object(week))
		return invalid(error, "hours: must be \"always\" or a table of weekdays");
	const char *key;
	json_t *list;
	guint open = 0;
	json_object_foreach((json_t *)week, key, list) {
		if (key[0] < '1' || key[0] > '7' || key[1])
			return invalid(error, "hours: weekdays are 1 (Monday) to 7 (Sunday)");
		GArray *spans = hours->spans[key[0] - '1'];
		if (!read_weekday(spans, key, list, error))
			return false;
		open += spans->len;
	}
	return open ? true : invalid(error, "hours: no hour of the week is open, so nothing would ever be sent");
}

static bool unknown_holiday(const char *text, GError **error)
{
	g_autofree char *plain = g_strescape(text, NULL), *country = g_strndup(text, 2), *regions = holidays_known(country), *countries = holidays_known(NULL);
	bool region = strlen(text) > 3 && text[2] == '-' && holidays_calendar(country) >= 0;
	if (region && *regions)
		return invalid(error, "holidays: of the regions of %s, \"%.40s\" is not known here; known are %s", country, plain, regions);
	if (region)
		return invalid(error, "holidays: the regions of %s are not known here: write \"%s\", and beside it the dates of \"%.40s\" alone", country,
		               country, plain);
	return invalid(error, "holidays: \"%.40s\" is neither a date (\"2026-12-24\", or \"12-24\" for every year) nor a country whose holidays are known (%s)",
	               plain, countries);
}

static bool read_holiday(Hours *hours, const char *text, GError **error)
{
	int calendar = holidays_calendar(text);
	if (calendar >= 0) {
		hours->calendars[calendar] = true;
		return true;
	}
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	Time midnight;
	if (strlen(text) == strlen("2026-12-24") && when_iso(text, utc, &midnight, NULL)) {
		int64_t day = local_floor(midnight, TIME_DAY);
		g_array_append_val(hours->dates, day);
		return true;
	}
	g_autofree char *yearly = g_strdup_printf("2028-%s", text); /* a leap year */
	if (strlen(text) == strlen("12-24") && when_iso(yearly, utc, &midnight, NULL)) {
		int year, month, date;
		local_civil(local_floor(midnight, TIME_DAY), &year, &month, &date);
		hours->every_year[month][date] = true;
		return true;
	}
	return unknown_holiday(text, error);
}

static bool read_holidays(Hours *hours, const json_t *holidays, GError **error)
{
	if (!holidays || json_is_null(holidays))
		return true;
	if (!json_is_array(holidays))
		return invalid(error, "holidays: must be a list of dates and country codes");
	size_t i;
	json_t *item;
	json_array_foreach(holidays, i, item) {
		if (!json_is_string(item))
			return invalid(error, "holidays: must be a list of dates and country codes");
		if (!read_holiday(hours, json_string_value(item), error))
			return false;
	}
	g_array_sort(hours->dates, by_number);
	return true;
}

Hours *hours_new(const json_t *week, const json_t *holidays, GError **error)
{
	g_autoptr(Hours) hours = g_new0(Hours, 1);
	for (int i = 0; i < 7; i++)
		hours->spans[i] = g_array_new(FALSE, FALSE, sizeof(Span));
	hours->dates = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (week && !json_is_null(week)) {
		if (!read_week(hours, week, error))
			return NULL;
	} else {
		const Span office = { .open = INT64_C(9) * 3600, .close = INT64_C(18) * 3600 };
		for (int i = 0; i < 5; i++)
			g_array_append_val(hours->spans[i], office);
	}
	return read_holidays(hours, holidays, error) ? g_steal_pointer(&hours) : NULL;
}

void hours_free(Hours *hours)
{
	if (!hours)
		return;
	for (int i = 0; i < 7; i++)
		g_array_unref(hours->spans[i]);
	g_array_unref(hours->dates);
	g_free(hours);
}

static bool is_holiday(const Hours *hours, int64_t day)
{
	for (guint low = 0, high = hours->dates->len; low < high;) {
		guint middle = low + (high - low) / 2;
		int64_t date = g_array_index(hours->dates, int64_t, middle);
		if (date == day)
			return true;
		if (date < day)
			low = middle + 1;
		else
			high = middle;
	}
	int year, month, date;
	local_civil(day, &year, &month, &date);
	if (hours->every_year[month][date])
		return true;
	for (int i = 0; i < HOLIDAYS_CALENDARS; i++)
		if (hours->calendars[i] && holidays_on(i, day))
			return true;
	return false;
}

/* The first second of the day, from `second` on, that is open; -1 if none is. */
static int64_t open_second(const Hours *hours, int64_t day, int64_t second)
{
	if (is_holiday(hours, day))
		return -1;
	if (hours->always)
		return second;
	const GArray *spans = hours->spans[local_weekday(day) - 1];
	for (guint i = 0; i < spans->len; i++) {
		const Span *span = &g_array_index(spans, Span, i);
		if (second < span->close)
			return MAX(second, span->open);
	}
	return -1;
}

bool hours_open(const Hours *hours, GTimeZone *zone, Time at)
{
	int64_t local = local_from_utc(zone, local_floor(at, 1000));
	int64_t second = local_rest(local, LOCAL_DAY);
	return open_second(hours, local_floor(local, LOCAL_DAY), second) == second;
}

/* Goes from piece to piece (a day, or the part of one before or after a change of the clock), so that an hour that comes
 * twice is looked at twice and one that is skipped never. */
Time hours_next(const Hours *hours, GTimeZone *zone, Time at)
{
	int64_t utc = local_floor(at, 1000);
	LocalPiece piece = local_piece(zone, utc);
	for (int64_t last = piece.day + LOOK_AHEAD; piece.day <= last; piece = local_piece(zone, piece.to)) {
		int64_t midnight = piece.day * LOCAL_DAY - piece.offset;
		int64_t second = open_second(hours, piece.day, piece.from - midnight);
		if (second < 0 || midnight + second >= piece.to)
			continue;
		return midnight + second == utc ? at : (midnight + second) * 1000;
	}
	return TIME_NEVER;
}

Time hours_close(const Hours *hours, GTimeZone *zone, Time at)
{
	int64_t today = local_floor(local_from_utc(zone, local_floor(at, 1000)), LOCAL_DAY);
	for (int64_t day = today; day <= today + LOOK_AHEAD; day++) {
		if (!hours_business_date(hours, day) || !local_has_day(zone, day))
			continue;
		const GArray *spans = hours->spans[local_weekday(day) - 1];
		int64_t close = hours->always ? LOCAL_DAY : g_array_index(spans, Span, spans->len - 1).close;
		Time end = local_to_utc(zone, day * LOCAL_DAY + close) * 1000;
		if (end > at)
			return end;
	}
	return TIME_NEVER;
}

/* Adds the open stretches of a piece, in UTC. */
static void add_open(const Hours *hours, LocalPiece piece, GArray *open)
{
	if (is_holiday(hours, piece.day))
		return;
	const int64_t midnight = piece.day * LOCAL_DAY - piece.offset;
	static const Span whole = { .open = 0, .close = LOCAL_DAY };
	const GArray *spans = hours->spans[local_weekday(piece.day) - 1];
	for (guint i = 0; i < (hours->always ? 1 : spans->len); i++) {
		const Span *span = hours->always ? &whole : &g_array_index(spans, Span, i);
		Span stretch = { .open = MAX(midnight + span->open, piece.from), .close = MIN(midnight + span->close, piece.to) };
		if (stretch.open < stretch.close)
			g_array_append_val(open, stretch);
	}
}

static Time add_forwards(const Hours *hours, GTimeZone *zone, Time at, Time left)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(Span));
	LocalPiece piece = local_piece(zone, local_floor(at, 1000));
	for (int64_t last = piece.day + LOOK_AHEAD; piece.day <= last; piece = local_piece(zone, piece.to)) {
		if (piece.to > LOCAL_LAST)
			return LOCAL_LAST * 1000;
		g_array_set_size(open, 0);
		add_open(hours, piece, open);
		for (guint i = 0; i < open->len; i++) {
			const Span *stretch = &g_array_index(open, Span, i);
			Time from = MAX(at, stretch->open * 1000), length = stretch->close * 1000 - from;
			if (length >= left)
				return from + left;
			left -= length;
			last = piece.day + LOOK_AHEAD;
		}
	}
	return TIME_NEVER;
}

/* Day by day, each from its first moment, as pieces are found forwards alone. */
static Time add_backwards(const Hours *hours, GTimeZone *zone, Time at, Time left)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(Span));
	int64_t day = local_floor(local_from_utc(zone, local_floor(at - 1, 1000)), LOCAL_DAY), begin;
	for (int64_t last = day - LOOK_AHEAD; day >= last; day = local_floor(local_from_utc(zone, begin - 1), LOCAL_DAY)) {
		begin = local_to_utc(zone, day * LOCAL_DAY);
		if (begin < LOCAL_FIRST + LOCAL_DAY)
			return LOCAL_FIRST * 1000;
		g_array_set_size(open, 0);
		for (LocalPiece piece = local_piece(zone, begin); piece.from * 1000 < at; piece = local_piece(zone, piece.to))
			add_open(hours, piece, open);
		for (guint i = open->len; i-- > 0;) {
			const Span *stretch = &g_array_index(open, Span, i);
			Time to = MIN(at, stretch->close * 1000), length = to - stretch->open * 1000;
			if (length >= left)
				return to - left;
			left -= MAX(length, 0); /* what begins after `at` counts nothing */
			last = day - LOOK_AHEAD;
		}
		at = begin * 1000;
	}
	return TIME_NEVER;
}

Time hours_add(const Hours *hours, GTimeZone *zone, Time at, Time open)
{
	return open > 0 ? add_forwards(hours, zone, at, open) : open < 0 ? add_backwards(hours, zone, at, -open) : hours_next(hours, zone, at);
}

bool hours_business_date(const Hours *hours, int64_t day)
{
	if (!hours)
		return local_weekday(day) <= 5;
	if (is_holiday(hours, day))
		return false;
	return hours->always ? local_weekday(day) <= 5 : hours->spans[local_weekday(day) - 1]->len > 0;
}

bool hours_business_day(const Hours *hours, GTimeZone *zone, Time at)
{
	return hours_business_date(hours, local_floor(local_from_utc(zone, local_floor(at, 1000)), LOCAL_DAY));
}
