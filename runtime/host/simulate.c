/* SPDX-License-Identifier: MIT */
/* Simulation: see simulate.h. */
#include "host/simulate.h"

#include "host/pretend.h"

void simulate_begin(Host *host, Time start, uint32_t seed)
{
	host->clock = clock_virtual(start);
	host->random = g_rand_new_with_seed(seed);
	host->simulated = true;
	host->serving = true;
	host->carrier = pretend_new(host);
}

Time simulate_monday(const Host *host)
{
	g_autoptr(GDateTime) now = g_date_time_new_now(host->workspace->zone);
	g_autoptr(GDateTime) day = g_date_time_add_days(now, 8 - g_date_time_get_day_of_week(now));
	g_autoptr(GDateTime) monday = g_date_time_new(host->workspace->zone, g_date_time_get_year(day), g_date_time_get_month(day),
	                                              g_date_time_get_day_of_month(day), 0, 0, 0);
	return g_date_time_to_unix(monday) * 1000;
}

bool simulate_watched(Host *host, Time end, SimulateLook look, void *user)
{
	/* Without anything written; at one moment, whatever is written (scripts that wake each other for ever). */
	enum { TRIES = 1000, AT_ONCE = 2000 };
	int64_t written = 0;
	for (int still = 0, turns = 0; still < TRIES && turns < AT_ONCE; still++, turns++) {
		do
			host_turn(host, 100);
		while (!host_idle(host));
		if (host->carrier->failure)
			return false;
		Time next = host_next_due(host);
		if (!host_idle(host)) /* the carrier has looked, and asks a model */
			continue;
		if (next > end) {
			clock_jump(&host->clock, end);
			return true;
		}
		if (next > host_now(host))
			still = turns = 0;
		if (db_changes_ever(host->db) != written)
			still = 0;
		written = db_changes_ever(host->db);
		if (look)
			look(host, user);
		clock_jump(&host->clock, next);
	}
	log_error("simulation: something is due that is never done");
	return false;
}

bool simulate_until(Host *host, Time end)
{
	return simulate_watched(host, end, NULL, NULL);
}
