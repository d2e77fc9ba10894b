/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * Schedules: of any text that is taken, each due time lies after the moment asked about, and it is the same from every moment
 * between the two. What is refused is refused in one line of UTF-8.
 */
#include "fuzz.h"
#include "host/local.h"
#include "host/schedule.h"
#include "host/when.h"

static const char *const zones[] = { "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana",
	"Asia/Kolkata", "Africa/Casablanca" };
static GTimeZone *zone_of[G_N_ELEMENTS(zones)];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	for (size_t i = 0; i < G_N_ELEMENTS(zones); i++)
		g_assert_nonnull(zone_of[i] = when_zone(zones[i], NULL));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, size };
	GTimeZone *zone = zone_of[input_byte(&in) % G_N_ELEMENTS(zones)];
	Time at = (Time)input_number(&in, 5);
	at = MIN(at, LOCAL_LAST) * 1000 - (input_byte(&in) & 1 ? 2208988800 * 1000 : 0);
	uint64_t fraction = input_byte(&in);
	g_autofree char *text = input_rest(&in);
	g_autoptr(GError) error = NULL;
	g_autoptr(Schedule) schedule = schedule_parse(text, zone, &error);
	g_assert_true((schedule == NULL) == (error != NULL));
	if (!schedule) {
		g_assert_true(g_utf8_validate(error->message, -1, NULL) && !strpbrk(error->message, "\r\n"));
		return 0;
	}
	for (int i = 0; i < 4 && at != TIME_NEVER; i++) {
		Time next = schedule_next(schedule, at);
		g_assert_cmpint(next, >, at);
		if (next == TIME_NEVER)
			break;
		g_assert_cmpint(next, <=, LOCAL_LAST * 1000);
		g_assert_cmpint(schedule_next(schedule, next - 1), ==, next);
		Time between = at + (Time)((uint64_t)(next - at - 1) * fraction / 255);
		g_assert_cmpint(schedule_next(schedule, between), ==, next);
		at = next;
	}
	return 0;
}
