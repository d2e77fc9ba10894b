/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * Time against brute force. The oracle knows nothing of runtime/host: the C library's localtime_r says what the clock shows at each
 * minute, and what hours, business days and schedules mean is looked for minute by minute, as their definitions are worded.
 *
 * As a test it looks at zones that are odd in one way each. With --full it takes every distinct rule set of the tz database (zones
 * whose clocks differ at some moment of the years) and every change of the clock in them, and asks at every hour within two days
 * of it. tests/e2e/time_test.py runs that.
 */
#include "host/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/value.h"
#include "host/holidays.h"
#include "host/schedule.h"

enum {
	FIRST_YEAR = 2007, LAST_YEAR = 2047, /* 20 years back and 20 ahead */
	BEFORE = 4 * 1440,                   /* minutes of a window before the change of the clock */
	AROUND = 2 * 1440,                   /* of them, and of those after it, are asked at every hour */
	AFTER = 24 * 1440,                   /* all answers lie in here: a table that opens on one day a week, twice */
	MINUTES = BEFORE + AFTER,
	SPANS = 3, CLOSED = 6, TIMES = 4,
};

/* ---- what the clock shows ---------------------------------------------------------------------------------------- */

typedef struct Shown {
	int64_t start;          /* of the window: seconds, a full minute */
	int64_t local[MINUTES]; /* minutes that the clock shows, counted as if it were UTC */
	bool first[MINUTES];    /* it has not shown them before */
	int64_t day[MINUTES / 1440 + 3]; /* the days that there are, in order */
	int day_at[MINUTES / 1440 + 3];  /* the first minute of each */
	int days;
} Shown;

static int64_t offset_at(time_t at)
{
	struct tm tm;
	localtime_r(&at, &tm);
	return tm.tm_gmtoff;
}

static void use_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* Offsets are looked up every quarter of an hour; where two differ, every minute. */
static void read_clock(Shown *clock, int64_t change)
{
	clock->start = change - change % 60 - BEFORE * 60;
	int64_t offset = offset_at(clock->start), latest = INT64_MIN;
	bool steady = false;
	clock->days = 0;
	for (int i = 0; i < MINUTES; i++) {
		int64_t at = clock->start + i * INT64_C(60);
		int64_t quarter = i % 15 ? 0 : offset_at(at + 15 * 60);
		if (i % 15 == 0)
			steady = offset_at(at) == quarter;
		if (!steady || i % 15 == 0)
			offset = offset_at(at);
		clock->local[i] = (at + offset) / 60;
		clock->first[i] = clock->local[i] > latest;
		int64_t day = clock->local[i] / 1440;
		if (!clock->days || day > clock->day[clock->days - 1]) {
			clock->day[clock->days] = day;
			clock->day_at[clock->days++] = i;
		}
		latest = MAX(latest, clock->local[i]);
	}
}

static int64_t day_of(int64_t local)
{
	return local / 1440;
}

/* 0 is Monday. */
static int weekday_of(int64_t day)
{
	return (int)((day + 3) % 7);
}

/* ---- what is open ------------------------------------------------------------------------------------------------ */

typedef struct Table {
	bool always;
	int n[7], from[7][SPANS], to[7][SPANS]; /* minutes */
	int64_t closed[CLOSED];                 /* days */
	int closed_n;
} Table;

static bool is_closed(const Table *table, int64_t day)
{
	for (int i = 0; i < table->closed_n; i++)
		if (table->closed[i] == day)
			return true;
	return false;
}

static bool is_open(const Table *table, int64_t local)
{
	int64_t day = day_of(local);
	if (is_closed(table, day))
		return false;
	int weekday = weekday_of(day), minute = (int)(local % 1440);
	for (int i = 0; i < table->n[weekday]; i++)
		if (minute >= table->from[weekday][i] && minute < table->to[weekday][i])
			return true;
	return table->always;
}

static bool is_business_day(const Table *table, int64_t day)
{
	if (is_closed(table, day))
		return false;
	return table->always ? weekday_of(day) < 5 : table->n[weekday_of(day)] > 0;
}

static void random_spans(GRand *rand, Table *table, int weekday)
{
	int at = 0;
	for (int i = 0; i < SPANS && at < 1380; i++) {
		table->from[weekday][i] = g_rand_boolean(rand) ? at : g_rand_int_range(rand, at, 1410);
		int longest = 1440 - table->from[weekday][i];
		table->to[weekday][i] = g_rand_int_range(rand, 0, 4) == 0 ? 1440 : table->from[weekday][i] + g_rand_int_range(rand, 1, longest);
		at = table->to[weekday][i] + 1;
		table->n[weekday] = i + 1;
		if (g_rand_boolean(rand))
			break;
	}
}

/* Kinds: always; an office; nights that go over midnight; one day a week; by chance. */
static void make_table(GRand *rand, int kind, int64_t day, Table *table)
{
	*table = (Table){ .always = kind == 0 };
	for (int d = 0; d < 7; d++) {
		bool open = kind == 1 ? d < 5 : kind == 2 ? true : kind == 3 ? d == (int)(day % 7) : kind == 4 && (d == 1 || g_rand_boolean(rand));
		if (!open)
			continue;
		static const int spans[4][2][2] = { { { 0 } }, { { 540, 720 }, { 780, 1080 } }, { { 0, 150 }, { 1320, 1440 } }, { { 60, 180 }, { 180, 181 } } };
		if (kind == 4)
			random_spans(rand, table, d);
		for (int i = 0; i < 2 && kind < 4; i++) {
			table->from[d][i] = spans[kind][i][0];
			table->to[d][i] = spans[kind][i][1];
			table->n[d] = i + 1;
		}
	}
	for (int i = 0; i < g_rand_int_range(rand, 0, CLOSED); i++)
		table->closed[table->closed_n++] = day + g_rand_int_range(rand, -4, 9);
}

static Hours *hours_of(const Table *table)
{
	g_autoptr(json_t) week = table->always ? json_string("always") : json_object();
	g_autoptr(json_t) closed = json_array();
	for (int d = 0; d < 7 && !table->always; d++) {
		json_t *list = json_array();
		for (int i = 0; i < table->n[d]; i++)
			json_array_append_new(list, json_pack("[i, i]", table->from[d][i], table->to[d][i]));
		char key[2] = { (char)('1' + d), 0 };
		json_object_set_new(week, key, list);
	}
	for (int i = 0; i < table->closed_n; i++) {
		time_t at = table->closed[i] * 86400;
		struct tm tm;
		gmtime_r(&at, &tm);
		json_array_append_new(closed, json_sprintf("%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday));
	}
	g_autoptr(GError) error = NULL;
	Hours *hours = hours_new(week, closed, &error);
	g_assert_no_error(error);
	return hours;
}

/* ---- schedules --------------------------------------------------------------------------------------------------- */

typedef struct Line {
	bool minutes[1440], weekdays[7], dates[32], either, steady;
} Line;

/* A list of numbers as cron writes it; takes each with probability 1 / sparse, and at least one. */
static void append_list(GRand *rand, GString *text, int least, int most, int sparse, bool *taken)
{
	bool any = false;
	for (int i = least; i <= most; i++) {
		bool take = g_rand_int_range(rand, 0, sparse) == 0 || (!any && i == most);
		taken[i] = take;
		if (take)
			g_string_append_printf(text, "%s%d", any ? "," : "", i);
		any |= take;
	}
}

static void set_times(Line *line, const bool *hours, const bool *minutes)
{
	for (int m = 0; m < 1440; m++)
		line->minutes[m] = hours[m / 60] && minutes[m % 60];
}

/* Kinds: cron of a few times; cron of every hour; cron by date and weekday; every N minutes; weekdays in words. */
static char *make_line(GRand *rand, int kind, Line *line)
{
	static const char *const names[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
	g_autoptr(GString) text = g_string_new(NULL);
	bool minutes[60] = { false }, hours[24] = { false }, weekdays[8] = { false };
	*line = (Line){ 0 };
	memset(line->dates, 1, sizeof line->dates);
	memset(line->weekdays, 1, sizeof line->weekdays);
	if (kind == 3) {
		static const int every[] = { 1, 7, 15, 30, 45, 60, 90, 120, 360, 720, 1440 };
		int n = every[g_rand_int_range(rand, 0, G_N_ELEMENTS(every))];
		for (int m = 0; m < 1440; m += n)
			line->minutes[m] = true;
		line->steady = n <= 60;
		return g_strdup_printf(n > 1 ? "every %d minutes" : "every %d minute", n);
	}
	if (kind == 4) {
		int day = g_rand_int_range(rand, 0, 7), other = g_rand_int_range(rand, 0, 7), at = g_rand_int_range(rand, 0, 1440);
		for (int d = 0; d < 7; d++)
			line->weekdays[d] = d == day || d == other;
		line->minutes[at] = true;
		return g_strdup_printf("every %s and %s at %02d:%02d", names[day], names[other], at / 60, at % 60);
	}
	append_list(rand, text, 0, 59, 20, minutes);
	g_string_append_c(text, ' ');
	line->steady = kind == 1;
	if (kind == 1) {
		g_string_append_c(text, '*');
		memset(hours, 1, sizeof hours);
	} else {
		append_list(rand, text, 0, 23, 8, hours);
	}
	set_times(line, hours, minutes);
	g_string_append_c(text, ' ');
	line->either = kind == 2;
	if (kind == 2)
		append_list(rand, text, 1, 31, 6, line->dates);
	else
		g_string_append_c(text, '*');
	g_string_append(text, " * ");
	if (kind == 1) {
		g_string_append_c(text, '*');
	} else {
		append_list(rand, text, 1, 7, 2, weekdays);
		for (int d = 0; d < 7; d++)
			line->weekdays[d] = weekdays[d + 1];
	}
	return g_strdup(text->str);
}

static bool is_due(const Line *line, int64_t local)
{
	if (!line->minutes[local % 1440])
		return false;
	bool weekday = line->weekdays[weekday_of(day_of(local))];
	if (!line->either)
		return weekday;
	time_t at = local * 60;
	struct tm tm;
	gmtime_r(&at, &tm);
	return weekday || line->dates[tm.tm_mday];
}

/* Does it run at this minute? A fixed time: at the first minute that shows it, or at the end of the gap in which it was skipped. */
static bool runs_at(const Line *line, const Shown *clock, int i)
{
	if (is_due(line, clock->local[i]) && (line->steady || clock->first[i]))
		return true;
	for (int64_t skipped = clock->local[i - 1] + 1; !line->steady && skipped < clock->local[i]; skipped++)
		if (is_due(line, skipped))
			return true;
	return false;
}

/* ---- one change of the clock --------------------------------------------------------------------------------------- */

typedef struct Counts {
	int64_t zones, rule_sets, changes, hours, business, schedules;
} Counts;

typedef struct World {
	const char *name;
	GTimeZone *zone;
	Shown clock;
	GRand *rand;
	Counts *counts;
} World;

static void differs(const World *world, const char *what, Time from, Time ours, Time theirs)
{
	g_autofree char *at = time_iso(from, world->zone), *got = ours == TIME_NEVER ? g_strdup("never") : time_iso(ours, world->zone);
	g_autofree char *wanted = theirs == TIME_NEVER ? g_strdup("nothing near") : time_iso(theirs, world->zone);
	g_error("%s in %s from %s: %s, not %s", what, world->name, at, got, wanted);
}

static Time minute(const World *world, int i)
{
	return (world->clock.start + i * INT64_C(60)) * 1000;
}

/* The moments that are asked about: every hour of four days, shifted by so many milliseconds. */
#define EACH_HOUR(i) for (int i = BEFORE - AROUND; i <= BEFORE + AROUND; i += 60)

static void check_hours(const World *world, const Table *table, const Hours *hours)
{
	static Time next[MINUTES + 1];
	next[MINUTES] = TIME_NEVER;
	for (int i = MINUTES - 1; i >= 0; i--)
		next[i] = is_open(table, world->clock.local[i]) ? minute(world, i) : next[i + 1];
	EACH_HOUR(i) {
		Time shift = g_rand_int_range(world->rand, 0, 3600000), at = minute(world, i) + shift;
		int m = i + (int)(shift / 60000);
		Time wanted = is_open(table, world->clock.local[m]) ? at : next[m + 1];
		Time ours = hours_next(hours, world->zone, at);
		if (wanted == TIME_NEVER ? ours < minute(world, MINUTES) : ours != wanted)
			differs(world, "hours_next", at, ours, wanted);
		if (hours_open(hours, world->zone, minute(world, i)) != (next[i] == minute(world, i)))
			differs(world, "hours_open", minute(world, i), 0, 0);
		world->counts->hours += 2;
	}
}

/* N business days from minute m: the n-th open day after it that there is, at the same time of day. */
static Time business(const World *world, const Table *table, int m, Time rest, int n)
{
	const Shown *clock = &world->clock;
	int64_t target = clock->local[m];
	bool open = is_business_day(table, day_of(target));
	int d = 0;
	if (open && n == 0)
		return minute(world, m) + rest;
	for (; d < clock->days; d++) {
		if (clock->day[d] <= day_of(clock->local[m]) || !is_business_day(table, clock->day[d]))
			continue;
		if (!open) { /* the closed days end here, and it counts from their end */
			open = true;
			target = 0;
			rest = 0;
		} else {
			n--;
		}
		if (n == 0)
			break;
	}
	if (d == clock->days)
		return TIME_NEVER;
	target = clock->day[d] * 1440 + target % 1440;
	for (int i = clock->day_at[d]; i < MINUTES; i++)
		if (clock->local[i] >= target)
			return minute(world, i) + (clock->local[i] == target ? rest : 0);
	return TIME_NEVER;
}

static void check_business(const World *world, const Table *table, const Hours *hours)
{
	EACH_HOUR(i) {
		int m = i + g_rand_int_range(world->rand, 0, 60), n = g_rand_int_range(world->rand, 0, 5);
		Time rest = g_rand_int_range(world->rand, 0, 60000), at = minute(world, m) + rest;
		g_autofree char *text = g_strdup_printf("%d business days", n);
		g_autoptr(json_t) value = json_string(text);
		Time ours = 0, wanted = business(world, table, m, rest, n);
		g_autoptr(GError) error = NULL;
		if (!when_resolve(value, at, world->zone, hours, &ours, &error))
			g_error("%s: %s", text, error->message);
		if (wanted == TIME_NEVER ? ours < minute(world, MINUTES) : ours != wanted)
			differs(world, text, at, ours, wanted);
		world->counts->business++;
	}
}

static void check_schedule(const World *world, int kind)
{
	static Time next[MINUTES + 1];
	Line line;
	g_autofree char *text = make_line(world->rand, kind, &line);
	g_autoptr(GError) error = NULL;
	g_autoptr(Schedule) schedule = schedule_parse(text, world->zone, &error);
	g_assert_no_error(error);
	next[MINUTES] = TIME_NEVER;
	for (int i = MINUTES - 1; i > 0; i--)
		next[i] = runs_at(&line, &world->clock, i) ? minute(world, i) : next[i + 1];
	EACH_HOUR(i) {
		Time shift = g_rand_int_range(world->rand, -1, 2), at = minute(world, i) + shift;
		Time wanted = shift < 0 ? next[i] : next[i + 1], ours = schedule_next(schedule, at);
		if (wanted == TIME_NEVER ? ours < minute(world, MINUTES) : ours != wanted)
			differs(world, text, at, ours, wanted);
		world->counts->schedules++;
	}
}

static void check_change(World *world, int64_t change)
{
	read_clock(&world->clock, change);
	for (int kind = 0; kind < 5; kind++) {
		Table table;
		make_table(world->rand, kind, day_of(world->clock.local[BEFORE]), &table);
		g_autoptr(Hours) hours = hours_of(&table);
		check_hours(world, &table, hours);
		check_business(world, &table, hours);
		check_schedule(world, kind);
	}
	world->counts->changes++;
}

/* ---- zones ------------------------------------------------------------------------------------------------------- */

static int64_t year_start(int year)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mday = 1 };
	return timegm(&tm);
}

/* Every change of the zone's clock in these years, to the second. Two changes within nine hours would hide each other. */
static GArray *changes_of(const char *name, int from, int to)
{
	GArray *changes = g_array_new(FALSE, FALSE, sizeof(int64_t));
	use_zone(name);
	int64_t at = year_start(from), end = year_start(to), step = 9 * 3600, offset = offset_at(at);
	for (; at < end; at += step) {
		int64_t after = offset_at(at + step);
		if (after == offset)
			continue;
		int64_t low = at, high = at + step;
		while (high - low > 1) {
			int64_t middle = low + (high - low) / 2;
			if (offset_at(middle) == offset)
				low = middle;
			else
				high = middle;
		}
		g_array_append_val(changes, high);
		offset = after;
	}
	return changes;
}

/* What tells two rule sets apart: the offset at the start, and each change with the offset after it. */
static char *fingerprint(const GArray *changes, int from)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_string_append_printf(text, "%" G_GINT64_FORMAT, offset_at(year_start(from)));
	for (guint i = 0; i < changes->len; i++) {
		int64_t at = g_array_index(changes, int64_t, i);
		g_string_append_printf(text, " %" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, at, offset_at(at));
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void check_zone(const char *name, const GArray *changes, guint most, GRand *rand, Counts *counts)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GTimeZone) zone = when_zone(name, &error);
	g_assert_no_error(error);
	g_autofree World *world = g_new0(World, 1);
	*world = (World){ .name = name, .zone = zone, .rand = rand, .counts = counts };
	counts->rule_sets++;
	for (guint i = 0; i < MIN(changes->len, most); i++) {
		guint pick = most < changes->len ? (guint)g_rand_int_range(rand, 0, (gint32)changes->len) : i;
		check_change(world, g_array_index(changes, int64_t, pick));
	}
	if (changes->len == 0)
		check_change(world, year_start(FIRST_YEAR + 1) + g_rand_int_range(rand, 0, 1000000) * INT64_C(1200));
}

static void say(const Counts *c)
{
	g_test_message("%" G_GINT64_FORMAT " zones, %" G_GINT64_FORMAT " rule sets, %" G_GINT64_FORMAT " changes of the clock; %" G_GINT64_FORMAT " answers of hours, %"
	               G_GINT64_FORMAT " of business days, %" G_GINT64_FORMAT " of schedules", c->zones, c->rule_sets, c->changes, c->hours, c->business,
	               c->schedules);
}

static void test_odd_zones(void)
{
	static const struct { const char *name; int from, to; } odd[] = {
		{ "Europe/Paris", 2026, 2028 }, { "America/New_York", 2040, 2042 },  { "Australia/Lord_Howe", 2026, 2028 }, /* half an hour */
		{ "Africa/Casablanca", 2026, 2028 }, /* back to winter for Ramadan */ { "Europe/Dublin", 2027, 2028 },      /* negative DST */
		{ "America/Havana", 2027, 2028 },    /* there is no 00:00 */          { "Asia/Beirut", 2027, 2028 },        { "Pacific/Apia", 2011, 2013 }, /* a day less */
		{ "America/St_Johns", 2009, 2010 },  /* at 00:01 */                   { "Africa/Cairo", 2026, 2027 },       { "America/Caracas", 2007, 2008 },
		{ "Asia/Kathmandu", 2026, 2027 },    { "Antarctica/Troll", 2026, 2027 }, /* two hours */
	};
	Counts counts = { 0 };
	g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_autoptr(GArray) changes = changes_of(odd[i].name, odd[i].from, odd[i].to);
		counts.zones++;
		check_zone(odd[i].name, changes, 2, rand, &counts);
	}
	say(&counts);
}

static void list_zones(const char *folder, const char *under, GPtrArray *names)
{
	g_autofree char *path = g_build_filename(folder, under, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *whole = *under ? g_strconcat(under, "/", name, NULL) : g_strdup(name);
		g_autofree char *full = g_build_filename(folder, whole, NULL);
		bool is_copy = !*under && (g_str_equal(name, "right") || g_str_equal(name, "posix"));
		if (g_file_test(full, G_FILE_TEST_IS_DIR) && !is_copy)
			list_zones(folder, whole, names);
		else if (when_zone(whole, NULL) && !g_str_equal(name, "localtime") && !g_str_equal(name, "posixrules"))
			g_ptr_array_add(names, g_steal_pointer(&whole));
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void test_all_zones(void)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *folder = g_getenv("TZDIR");
	list_zones(folder ? folder : "/usr/share/zoneinfo", "", names);
	g_ptr_array_sort(names, by_name);
	g_assert_cmpint(names->len, >, 300);
	Counts counts = { .zones = names->len };
	g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
	for (guint i = 0; i < names->len; i++) {
		g_autoptr(GArray) changes = changes_of(names->pdata[i], FIRST_YEAR, LAST_YEAR);
		if (g_hash_table_add(seen, fingerprint(changes, FIRST_YEAR)))
			check_zone(names->pdata[i], changes, G_MAXUINT, rand, &counts);
	}
	say(&counts);
}

/* --holidays CODE FIRST LAST: its holidays of these years, a date a line, for those who compare them with other sources. */
static int print_holidays(const char *code, int first, int last)
{
	int calendar = holidays_calendar(code);
	for (int64_t day = year_start(first) / 86400; calendar >= 0 && day < year_start(last + 1) / 86400; day++) {
		time_t at = day * 86400;
		struct tm tm;
		gmtime_r(&at, &tm);
		if (holidays_on(calendar, day))
			printf("%04d-%02d-%02d\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	}
	return calendar < 0;
}

/* --schedules: for each line "ZONE<tab>SECONDS<tab>SCHEDULE" of the input the next due time in seconds, "never", or what is wrong. */
static int print_schedules(void)
{
	char line[1000];
	while (fgets(line, sizeof line, stdin)) {
		g_auto(GStrv) parts = g_strsplit(g_strchomp(line), "\t", 3);
		g_autoptr(GError) error = NULL;
		g_autoptr(GTimeZone) zone = g_strv_length(parts) == 3 ? when_zone(parts[0], &error) : NULL;
		g_autoptr(Schedule) schedule = zone ? schedule_parse(parts[2], zone, &error) : NULL;
		Time next = schedule ? schedule_next(schedule, g_ascii_strtoll(parts[1], NULL, 10) * 1000) : TIME_NEVER;
		if (!schedule)
			printf("%s\n", error ? error->message : "not three fields");
		else if (next == TIME_NEVER)
			printf("never\n");
		else
			printf("%" G_GINT64_FORMAT "\n", next / 1000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && g_str_equal(argv[1], "--schedules"))
		return print_schedules();
	if (argc == 5 && g_str_equal(argv[1], "--holidays"))
		return print_holidays(argv[2], atoi(argv[3]), atoi(argv[4]));
	bool full = argc > 1 && g_str_equal(argv[1], "--full");
	if (full)
		argv[1] = argv[0], argv++, argc--;
	g_test_init(&argc, &argv, NULL);
	if (full)
		g_test_add_func("/time/every rule set of the tz database agrees with brute force around each change of the clock", test_all_zones);
	else
		g_test_add_func("/time/hours, business days and schedules agree with brute force in zones that are odd", test_odd_zones);
	return g_test_run();
}
