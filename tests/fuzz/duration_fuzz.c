/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * Durations, shifts, dates and spans as scripts write them: any text, from any moment in any zone, with any hours. What is
 * taken ends within the calendar, not before it began, and the next open moment after it is open.
 */
#include "base/value.h"
#include "fuzz.h"
#include "host/local.h"
#include "host/when.h"

static const char *const zones[] = { "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana",
	"Asia/Kolkata", "Africa/Casablanca", "America/St_Johns", "Antarctica/Troll", "Etc/GMT-14", "+02:00" };
static const char *const weeks[] = { NULL, "\"always\"", "{\"6\":[[540,1080]]}", "{\"7\":[[1439,1440]],\"1\":[[0,1],[2,3]]}" };
static const char *const closed[] = { NULL, "[\"FR\"]", "[\"US\",\"DE\",\"2026-12-24\"]" };
static GTimeZone *zone_of[G_N_ELEMENTS(zones)];
static Hours *hours_of[G_N_ELEMENTS(weeks)][G_N_ELEMENTS(closed)];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	for (size_t i = 0; i < G_N_ELEMENTS(zones); i++)
		g_assert_nonnull(zone_of[i] = when_zone(zones[i], NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(weeks); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(closed); j++) {
			json_t *week = weeks[i] ? json_loads(weeks[i], JSON_DECODE_ANY, NULL) : NULL;
			json_t *days = closed[j] ? json_loads(closed[j], 0, NULL) : NULL;
			g_assert_nonnull(hours_of[i][j] = hours_new(week, days, NULL));
			json_decref(week);
			json_decref(days);
		}
	return 0;
}

static void check_end(bool good, Time end, GTimeZone *zone, const Hours *hours, const GError *error)
{
	g_assert_true(good == (error == NULL));
	g_assert_true(!error || (error->domain == WHEN_ERROR && g_utf8_validate(error->message, -1, NULL)));
	for (const char *c = error ? error->message : ""; *c; c++)
		g_assert_false(g_ascii_iscntrl(*c));
	if (!good)
		return;
	g_assert_cmpint(end, >=, LOCAL_FIRST * 1000);
	g_assert_cmpint(end, <=, LOCAL_LAST * 1000 + 999);
	Time open = hours_next(hours, zone, end);
	g_assert_cmpint(open, >=, end);
	if (open == TIME_NEVER)
		return;
	g_assert_true(hours_open(hours, zone, open));
	g_assert_cmpint(hours_next(hours, zone, open), ==, open);
	g_assert_true(open == end || !hours_open(hours, zone, end));
}

/* A date names its own moment; all else counts from the start. */
static bool is_date(const char *text)
{
	text += strspn(text, " \t\n\v\f\r");
	return g_ascii_isdigit(text[0]) && g_ascii_isdigit(text[1]) && g_ascii_isdigit(text[2]) && g_ascii_isdigit(text[3]) && text[4] == '-';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, size };
	GTimeZone *zone = zone_of[input_byte(&in) % G_N_ELEMENTS(zones)];
	const Hours *hours = hours_of[input_byte(&in) % G_N_ELEMENTS(weeks)][input_byte(&in) % G_N_ELEMENTS(closed)];
	/* Not the last days of the calendar, where every end is cut to the same. */
	Time from = (Time)input_number(&in, 5);
	from = MIN(from, LOCAL_LAST - 3 * LOCAL_DAY) * 1000 - (input_byte(&in) & 1 ? 2208988800 * 1000 : 0);
	double seconds;
	uint64_t bits = in.left == 8 ? input_number(&(Input){ in.at, 8 }, 8) : 0;
	memcpy(&seconds, &bits, sizeof seconds);
	g_autofree char *text = input_rest(&in);
	GError *error = NULL;
	Time end = 0, twice = 0;
	bool good = when_shift(text, from, zone, hours, &end, &error);
	check_end(good, end, zone, hours, error);
	g_clear_error(&error);
	if (good) {
		g_assert_true(when_shift(text, from, zone, hours, &twice, NULL));
		g_assert_cmpint(end, ==, twice);
		g_free(when_words(end, from));
	}
	g_autoptr(json_t) value = bits ? json_real(seconds) : json_string(text);
	if (value && (good = when_resolve(value, from, zone, hours, &end, &error))) {
		if (bits || !is_date(text))
			g_assert_cmpint(end, >=, from);
	}
	if (value)
		check_end(good, end, zone, hours, error);
	g_clear_error(&error);
	Time span = -1;
	good = when_span(text, &span, &error);
	g_assert_true(good == (error == NULL) && good == (span >= 0));
	g_clear_error(&error);
	good = when_iso(text, zone, &end, &error);
	check_end(good, end, zone, hours, error);
	g_clear_error(&error);
	return 0;
}
