/* SPDX-License-Identifier: MIT */
/* What perigee sim prints: the timeline for people, JSON for programs. See sim.h. */
#include "cli/sim.h"
#include "cli/timeline.h"

#include "host/contacts.h"

enum { NAME_WIDTH = 22 };

static GTimeZone *zone_of(Sim *sim, const char *contact)
{
	if (!contact)
		return sim->host->workspace->zone;
	GTimeZone *zone = g_hash_table_lookup(sim->zones, contact);
	if (!zone)
		g_hash_table_insert(sim->zones, g_strdup(contact), zone = contacts_zone(sim->host, contact));
	return zone;
}

/* ---- the timeline for people ----------------------------------------------------------------------------------- */

static void print_line(Sim *sim, const json_t *event, const char *contact)
{
	/* The pace of an account moves every message behind the first by a minute or two: no news to a person. */
	if (g_str_equal(value_string(event, "rule", ""), "account_rate"))
		return;
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(host_now(sim->host) / 1000);
	g_autoptr(GDateTime) ours = g_date_time_to_timezone(utc, sim->host->workspace->zone);
	int64_t day = g_date_time_get_year(ours) * 1000 + g_date_time_get_day_of_year(ours);
	if (day != sim->last_day) {
		g_autofree char *title = g_date_time_format(ours, "%A, %-d %B %Y");
		cli_print(sim->cli, "%s%s\n", sim->last_day ? "\n" : "", title);
		sim->last_day = day;
	}
	g_autofree char *time = g_date_time_format(ours, "%H:%M");
	g_autofree char *raw = timeline_event(sim->cli, event);
	g_autofree char *words = cli_plain(raw, 0);
	const char *name = contact ? g_hash_table_lookup(sim->names, contact) : NULL;
	g_autofree char *who = cli_plain(name ? name : contact ? contact : "-", NAME_WIDTH);
	int pad = NAME_WIDTH - (int)g_utf8_strlen(who, -1);
	cli_print(sim->cli, "  %s  %s%*s  %s\n", time, who, MAX(pad, 0), "", words);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void count(Sim *sim, const json_t *event, const char *kind)
{
	sim->sent += g_str_equal(kind, "sent");
	sim->received += g_str_equal(kind, "received");
	sim->failed += g_str_equal(kind, "failed");
	sim->tasks += g_str_equal(kind, "task");
	sim->refused += g_str_equal(kind, "refused");
	if (!g_str_equal(kind, "finished"))
		return;
	sim->finished++;
	const char *outcome = value_string(event, "outcome", "done");
	guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(sim->outcomes, outcome));
	g_hash_table_insert(sim->outcomes, g_strdup(outcome), GUINT_TO_POINTER(so_far + 1));
}

void sim_see(void *user, json_t *event)
{
	Sim *sim = user;
	const char *kind = value_string(event, "event", "");
	g_autofree char *contact = g_strdup(value_string(event, "contact", NULL));
	count(sim, event, kind);
	if (sim->report)
		report_see(sim->report, event);
	if (!sim->cli->json) {
		print_line(sim, event, contact);
		json_decref(event);
		return;
	}
	g_autofree char *at = time_iso(host_now(sim->host), zone_of(sim, contact));
	json_object_set_new(event, "at", json_string(at));
	json_object_del(event, "locale");
	static const char *const times[] = { "until", "due" };
	for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
		bool always = i == 0 && g_str_equal(kind, "deferred");
		if (!always && !json_is_integer(json_object_get(event, times[i])))
			continue;
		Time time = value_integer(event, times[i], TIME_NEVER);
		g_autofree char *text = time == TIME_NEVER ? NULL : time_iso(time, zone_of(sim, contact));
		json_object_set_new(event, times[i], text ? json_string(text) : json_null());
	}
	cli_json(sim->cli, event);
}

static json_t *outcomes(const Sim *sim)
{
	json_t *object = json_object();
	GHashTableIter iter;
	void *outcome, *n;
	g_hash_table_iter_init(&iter, sim->outcomes);
	while (g_hash_table_iter_next(&iter, &outcome, &n))
		json_object_set_new(object, outcome, json_integer(GPOINTER_TO_UINT(n)));
	return object;
}

void sim_summary(Sim *sim)
{
	if (sim->cli->json) {
		cli_json(sim->cli, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:o}", "event", "summary", "contacts", sim->contacts, "sent", sim->sent,
		                             "received", sim->received, "finished", sim->finished, "failed", sim->failed, "outcomes", outcomes(sim)));
		return;
	}
	report_text(sim->report, sim->cli);
}
