/* SPDX-License-Identifier: MIT */
/*
 * Schedules: see schedule.h. Whatever was written becomes the same structure: which minutes of a day, on which days. Cron's
 * rules are those of Vixie cron's crontab(5).
 */
#include "host/schedule.h"

#include <string.h>

#include "base/nearest.h"
#include "host/local.h"
#include "host/when.h"

#define MINUTES 1440
#define LOOK_AHEAD (9 * 366) /* days: 29 February is at most eight years away (around 2100) */

struct Schedule {
	GTimeZone *zone;
	bool once;
	Time at;                /* once */
	char minutes[MINUTES];  /* of the local day: 1 where it is due */
	bool steady;            /* every hour or oftener: follows the clock, so that nothing is made up for */
	unsigned months;        /* bit 1 to 12 */
	unsigned dates;         /* bit 1 to 31; bit 0: the last of the month */
	unsigned weekdays;      /* bit 0 (Sunday) to 6 */
	bool either;            /* dates and weekdays are both given: either will do */
};

static const char ACCEPTED[] = "write cron (\"0 9 * * 1-5\"), \"every weekday at 09:00\", \"every monday and thursday at 09:00\", "
                               "\"every 15 minutes\", \"every hour\" or a date and time (\"2026-12-01T09:00\")";

/* One line of at most so many bytes, fit to be shown; why holds words of theirs, too. */
static char *plain(const char *text, gsize most)
{
	char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), most));
	for (char *c = valid; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	return valid;
}

static bool refuse(GError **error, const char *text, const char *why)
{
	g_autofree char *valid = plain(text, 60), *because = plain(why, 200);
	g_set_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX, "\"%s\" %s; %s", valid, because, ACCEPTED);
	return false;
}

/* ---- cron ------------------------------------------------------------------------------------------------------ */

typedef struct Field {
	const char *title;
	int least, most;
	const char *const *names; /* of least, least + 1, ...; NULL-ended */
} Field;

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

enum { MINUTE, HOUR, DATE, MONTH, WEEKDAY, FIELDS };
static const Field fields[FIELDS] = {
	{ "minute", 0, 59, NULL }, { "hour", 0, 23, NULL }, { "day of the month", 1, 31, NULL },
	{ "month", 1, 12, month_names }, { "weekday", 0, 7, day_names },
};

/* A number or a name at *text, which moves past it; -1 if there is none within the field's bounds. */
static int take_number(const Field *field, const char **text)
{
	for (int i = 0; field->names && field->names[i]; i++)
		if (g_ascii_strncasecmp(*text, field->names[i], 3) == 0 && !g_ascii_isalnum((*text)[3])) {
			*text += 3;
			return field->least + i;
		}
	int number = 0, length = 0;
	for (; g_ascii_isdigit(**text) && length < 5; ++*text, length++)
		number = number * 10 + (**text - '0');
	return length > 0 && length < 5 && number >= field->least && number <= field->most ? number : -1;
}

static const char *bad_field(const Field *field, char *why, size_t size)
{
	g_snprintf(why, size, "has a wrong %s (%d to %d%s; lists 1,2, ranges 1-5, steps */2)", field->title, field->least, field->most,
	           field->names ? " or names" : "");
	return why;
}

/* One item of a list: "*", "*" "/15", "5", "1-5", "mon-fri", "0-30/10". Adds its numbers to bits. */
static bool take_item(const Field *field, const char *item, uint64_t *bits)
{
	int first = field->least, last = field->most, step = 1;
	bool range = true;
	if (*item == '*') {
		item++;
	} else {
		first = last = take_number(field, &item);
		range = *item == '-';
		if (range && *item++)
			last = take_number(field, &item);
	}
	if (range && *item == '/') {
		static const Field any = { "step", 1, 9999, NULL };
		item++;
		step = take_number(&any, &item);
	}
	if (*item || first < 0 || last < first || step < 1)
		return false;
	for (int i = first; i <= last; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

static bool take_field(const Field *field, const char *text, uint64_t *bits)
{
	g_auto(GStrv) items = g_strsplit(text, ",", -1);
	for (guint i = 0; items[i]; i++)
		if (!take_item(field, items[i], bits))
			return false;
	return true;
}

static bool parse_cron(Schedule *schedule, const char *text, GStrv words, GError **error)
{
	uint64_t bits[FIELDS] = { 0 };
	char why[160];
	for (int i = 0; i < FIELDS; i++)
		if (!take_field(&fields[i], words[i], &bits[i]))
			return refuse(error, text, bad_field(&fields[i], why, sizeof why));
	for (int minute = 0; minute < MINUTES; minute++)
		schedule->minutes[minute] = (bits[HOUR] >> (minute / 60) & 1) && (bits[MINUTE] >> (minute % 60) & 1);
	schedule->months = (unsigned)bits[MONTH];
	schedule->dates = (unsigned)bits[DATE];
	schedule->weekdays = (unsigned)(bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f; /* 7 is Sunday too */
	schedule->either = *words[DATE] != '*' && *words[WEEKDAY] != '*';
	schedule->steady = strcmp(words[HOUR], "*") == 0;
	return true;
}

/* ---- phrases --------------------------------------------------------------------------------------------------- */

static const struct { const char *word; unsigned days; } days[] = {
	{ "day", 0x7f }, { "weekday", 0x3e }, { "weekend", 0x41 }, { "sunday", 1 }, { "monday", 2 }, { "tuesday", 4 }, { "wednesday", 8 },
	{ "thursday", 16 }, { "friday", 32 }, { "saturday", 64 },
};

/* Bits of the days that a word stands for: "day", "weekday", "monday", "mon", "mondays"; 0 if it is none. */
static unsigned days_of(const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i < G_N_ELEMENTS(days); i++) {
		size_t known = strlen(days[i].word);
		bool same = strncmp(word, days[i].word, known) == 0 && (length == known || (length == known + 1 && word[known] == 's'));
		if (same || (i > 2 && length == 3 && g_str_has_prefix(days[i].word, word)))
			return days[i].days;
	}
	return 0;
}

/* "1st", "22nd", "15th": the bit of the date; "last": bit 0. 0 if it is none. */
static unsigned date_of(const char *word)
{
	static const char *const endings[] = { "st", "nd", "rd", "th", NULL };
	char *end;
	if (strcmp(word, "last") == 0)
		return 1;
	guint64 date = g_ascii_isdigit(*word) ? g_ascii_strtoull(word, &end, 10) : 0;
	return date >= 1 && date <= 31 && g_strv_contains(endings, end) ? 1u << date : 0;
}

static int minute_of(const char *word)
{
	int hour = 0, minute = 0, used = 0;
	if (!g_ascii_isdigit(*word) || sscanf(word, "%2d:%2d%n", &hour, &minute, &used) != 2 || word[used] ||
	    !g_ascii_isdigit(word[used - 2]) || hour > 23 || minute > 59)
		return -1;
	return hour * 60 + minute;
}

/* "15 minutes", "hour", "2 hours": counted from each local midnight. why: what is wrong, if it was meant to be one. */
static bool parse_interval(Schedule *schedule, GStrv words, char **why)
{
	static const char *const units[] = { "minutes", "hours", "minute", "hour", NULL };
	guint64 n = 1;
	bool counted = *words && g_ascii_string_to_unsigned(*words, 10, 1, 1000000, &n, NULL);
	words += counted;
	bool unit = *words && g_strv_contains(units, *words);
	if (!counted && !unit)
		return false;
	const char *near = *words && !unit ? nearest_word(*words, units) : NULL;
	if (unit && **words == 'h')
		n *= 60;
	if (near)
		*why = g_strdup_printf("has \"%s\": did you mean %s?", *words, near);
	else if (!unit)
		*why = g_strdup("counts neither minutes nor hours");
	else if (words[1])
		*why = g_strdup_printf("has \"%s\" after what is counted from midnight", words[1]);
	else if (n > MINUTES)
		*why = g_strdup("is more than a day");
	if (*why)
		return false;
	for (guint64 minute = 0; minute < MINUTES; minute += n)
		schedule->minutes[minute] = 1;
	schedule->weekdays = 0x7f;
	schedule->steady = n <= 60;
	return true;
}

static char *no_day(const char *word)
{
	const char *names[G_N_ELEMENTS(days) + 1] = { NULL };
	for (size_t i = 0; i < G_N_ELEMENTS(days); i++)
		names[i] = days[i].word;
	const char *near = nearest_word(word, names);
	if (minute_of(word) >= 0)
		return g_strdup_printf("has a time without \"at\": \"at %s\"", word);
	return near ? g_strdup_printf("has \"%s\": did you mean %s?", word, near) :
	       g_strdup_printf("has \"%s\", which is no day (day, weekday, weekend, monday to sunday, or a date such as 1st)", word);
}

/* "monday, wednesday and friday at 09:00 and 17:00", "month on the 1st and 15th at 09:00": words begin after "every". */
static bool parse_days(Schedule *schedule, GStrv words, char **why)
{
	static const char *const fillers[] = { "and", "on", "the", "month", "of", NULL };
	unsigned dates = 0, weekdays = 0;
	bool monthly = false, timed = false;
	for (; *words && strcmp(*words, "at") != 0 && !*why; words++) {
		unsigned weekday = days_of(*words), date = date_of(*words);
		monthly |= strcmp(*words, "month") == 0;
		if (dates == 1 && strcmp(*words, "day") == 0)
			continue; /* "the last day" */
		weekdays |= weekday;
		dates |= date;
		if (!weekday && !date && !g_strv_contains(fillers, *words))
			*why = no_day(*words);
	}
	for (words += *words != NULL; *words && !*why; words++) {
		int minute = minute_of(*words);
		if (minute >= 0)
			schedule->minutes[minute] = timed = 1;
		else if (strchr(*words, '/'))
			*why = g_strdup_printf("has \"%s\": the zone is a key of its own, zone = \"...\"", *words);
		else if (strcmp(*words, "and") != 0)
			*why = g_strdup_printf("has \"%s\", which is no time of day such as 09:00", *words);
	}
	if (!*why && monthly && !dates)
		*why = g_strdup("names no date: \"every month on the 1st at 09:00\"");
	else if (!*why && weekdays && dates)
		*why = g_strdup("names weekdays and dates: only one of them can be met");
	else if (!*why && !weekdays && !dates)
		*why = g_strdup("names no day");
	else if (!*why && !timed)
		*why = g_strdup("names no time: end it with \"at 09:00\"");
	schedule->weekdays = dates ? 0x7f : weekdays;
	if (dates)
		schedule->dates = dates;
	return !*why;
}

static GStrv words_of(const char *text)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);
	g_auto(GStrv) parts = g_strsplit_set(lower, " \t", -1);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	for (guint i = 0; parts[i]; i++)
		if (*parts[i])
			g_strv_builder_add(builder, parts[i]);
	return g_strv_builder_end(builder);
}

/* What is wrong with something that is neither cron nor a phrase nor a date. */
static char *what_was_meant(GStrv words, guint n)
{
	static const struct { const char *word, *means; } nicknames[] = {
		{ "hourly", "every hour" }, { "daily", "every day at 00:00" }, { "midnight", "every day at 00:00" }, { "weekly", "every sunday at 00:00" },
		{ "monthly", "every month on the 1st at 00:00" },
	};
	const char *first = n ? words[0] + (words[0][0] == '@') : "";
	for (size_t i = 0; i < G_N_ELEMENTS(nicknames); i++)
		if (strcmp(first, nicknames[i].word) == 0)
			return g_strdup_printf("is written \"%s\"", nicknames[i].means);
	if (n > 1 && (g_ascii_isdigit(*first) || *first == '*'))
		return g_strdup_printf("has %u fields, and cron has five: minute, hour, date, month, weekday", n);
	static const char *const every[] = { "every", NULL };
	if (n && days_of(first))
		return g_strdup("must begin with \"every\"");
	if (n && nearest_word(first, every))
		return g_strdup_printf("begins with \"%s\": did you mean every?", first);
	return g_strdup("is no schedule that is understood");
}

static bool parse(Schedule *schedule, const char *text, GError **error)
{
	if (strlen(text) > 1000)
		return refuse(error, text, "is too long");
	g_auto(GStrv) words = words_of(text);
	guint n = g_strv_length(words);
	if (n == FIELDS && (g_ascii_isdigit(**words) || **words == '*'))
		return parse_cron(schedule, text, words, error);
	schedule->months = ~0u;
	schedule->dates = ~0u;
	g_autofree char *why = NULL;
	if (n >= 1 && strcmp(words[0], "every") == 0) {
		/* The commas of a list of days stand here as words' ends. */
		g_autofree char *spaced = g_strdelimit(g_ascii_strdown(text, -1), ",", ' ');
		g_auto(GStrv) parts = words_of(spaced);
		if (parse_interval(schedule, parts + 1, &why))
			return true;
		return (!why && parse_days(schedule, parts + 1, &why)) || refuse(error, text, why);
	}
	g_autofree char *trimmed = g_strstrip(g_strdup(text));
	schedule->once = when_iso(trimmed, schedule->zone, &schedule->at, NULL);
	why = schedule->once ? NULL : what_was_meant(words, n);
	return schedule->once || refuse(error, text, why);
}

/* ---- the next time --------------------------------------------------------------------------------------------- */

static bool is_due_on(const Schedule *schedule, int64_t day)
{
	int year, month, date;
	local_civil(day, &year, &month, &date);
	if (!(schedule->months >> month & 1))
		return false;
	bool last = (schedule->dates & 1) && date == local_month_length(year, month);
	bool by_date = last || (schedule->dates >> date & 1), by_weekday = schedule->weekdays >> (local_weekday(day) % 7) & 1;
	return schedule->either ? by_date || by_weekday : by_date && by_weekday;
}

/* The first due second of the local day in [from, to); -1 if there is none. */
static int64_t due_second(const Schedule *schedule, int64_t from, int64_t to)
{
	int64_t first = (from + 59) / 60;
	const char *found = first < MINUTES ? memchr(schedule->minutes + first, 1, (size_t)(MINUTES - first)) : NULL;
	int64_t second = found ? (found - schedule->minutes) * 60 : -1;
	return second < to ? second : -1;
}

/* Is some due time of day in the gap of local time [from, to)? */
static bool is_due_in_gap(const Schedule *schedule, int64_t from, int64_t to)
{
	while (from < to) {
		int64_t day = local_floor(from, LOCAL_DAY), midnight = day * LOCAL_DAY;
		if (is_due_on(schedule, day) && due_second(schedule, from - midnight, MIN(to - midnight, LOCAL_DAY)) >= 0)
			return true;
		from = midnight + LOCAL_DAY;
	}
	return false;
}

/* The first due time in the piece or at its end, not before `least`; INT64_MAX if there is none. */
static int64_t due_in_piece(const Schedule *schedule, const LocalPiece *piece, int64_t least)
{
	int64_t midnight = piece->day * LOCAL_DAY - piece->offset;
	int64_t from = MAX(piece->from, least);
	while (is_due_on(schedule, piece->day) && from < piece->to) {
		int64_t second = due_second(schedule, from - midnight, piece->to - midnight);
		if (second < 0)
			break;
		/* An hour that comes twice: the second time is no new one. */
		if (schedule->steady || local_to_utc(schedule->zone, piece->day * LOCAL_DAY + second) == midnight + second)
			return midnight + second;
		from = midnight + second + 60;
	}
	int64_t after = local_offset(schedule->zone, piece->to);
	if (!schedule->steady && after > piece->offset && piece->to >= least && is_due_in_gap(schedule, piece->to + piece->offset, piece->to + after))
		return piece->to;
	return INT64_MAX;
}

Time schedule_next(const Schedule *schedule, Time after)
{
	if (schedule->once)
		return schedule->at > after ? schedule->at : TIME_NEVER;
	int64_t now = local_floor(after, 1000), least = now + 1;
	int64_t day = local_floor(local_from_utc(schedule->zone, now), LOCAL_DAY);
	for (int64_t last = day + LOOK_AHEAD; day <= last; day++) {
		if (!is_due_on(schedule, day))
			continue;
		/* From just before the day, so that a gap at its midnight is seen, through its last piece. */
		int64_t start = MAX(now, local_to_utc(schedule->zone, day * LOCAL_DAY) - 1);
		for (LocalPiece piece = local_piece(schedule->zone, start); piece.day <= day; piece = local_piece(schedule->zone, piece.to)) {
			int64_t due = due_in_piece(schedule, &piece, least);
			if (due != INT64_MAX)
				return due > LOCAL_LAST ? TIME_NEVER : due * 1000;
		}
	}
	return TIME_NEVER;
}

Schedule *schedule_parse(const char *text, GTimeZone *zone, GError **error)
{
	g_autoptr(Schedule) schedule = g_new0(Schedule, 1);
	schedule->zone = g_time_zone_ref(zone);
	return parse(schedule, text, error) ? g_steal_pointer(&schedule) : NULL;
}

void schedule_free(Schedule *schedule)
{
	if (!schedule)
		return;
	g_time_zone_unref(schedule->zone);
	g_free(schedule);
}
