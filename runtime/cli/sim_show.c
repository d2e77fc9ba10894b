/* SPDX-License-Identifier: MIT */
/* What perigee sim prints: the timeline for people, JSON for programs. See sim.h. */
#include "cli/sim.h"

#include "host/contacts.h"

#include <string.h>

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

static char *short_text(const char *text)
{
	g_autofree char *plain = cli_plain(text ? text : "", 60);
	return g_strdup(g_strstrip(plain));
}

static const char *received_words(const char *kind)
{
	static const struct { const char *kind, *words; } table[] = {
		{ "reply", "answers" }, { "auto_reply", "automatic answer" }, { "bounce", "mail bounces" }, { "unsubscribe", "opts out" },
		{ "complaint", "complains" }, { "handled", "a teammate writes" }, { "click", "clicks a link" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(kind, table[i].kind) == 0)
			return table[i].words;
	return kind;
}

/* " with a.pdf, b.pdf", or nothing. */
static char *names_in_words(const json_t *names)
{
	GString *words = g_string_new(NULL);
	for (size_t i = 0; i < json_array_size(names); i++)
		g_string_append_printf(words, "%s%s", i ? ", " : " with ", json_string_value(json_array_get(names, i)));
	return g_string_free(words, FALSE);
}

/* ---- each kind of event in words -------------------------------------------------------------------------------- */

static char *enrolled(Sim *sim, const json_t *event, const char *text)
{
	(void)text;
	bool job = !json_object_get(event, "contact");
	g_autofree char *due = cli_time(sim->cli, value_integer(event, "due", TIME_NEVER));
	return g_strdup_printf("%s%s%s%s%s", job ? "job " : "enrolled in ", value_string(event, "sequence", ""), job ? " starts" : "", *due ? ", due since " : "", due);
}

static char *passed_over(Sim *sim, const json_t *event, const char *text)
{
	(void)text;
	g_autofree char *due = cli_time(sim->cli, value_integer(event, "due", TIME_NEVER));
	return g_strdup_printf("job %s does not start for %s: %s", value_string(event, "sequence", ""), due, value_string(event, "reason", ""));
}

static char *sent(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	const char *subject = value_string(event, "subject", NULL);
	g_autofree char *with = names_in_words(json_object_get(event, "attach"));
	return g_strdup_printf("sent by %s: %s%s%s%s%s", value_string(event, "channel", ""), value_string(event, "template", ""), subject ? " \"" : "",
	                       subject ? subject : "", subject ? "\"" : "", with);
}

static char *deferred(Sim *sim, const json_t *event, const char *text)
{
	(void)text;
	const char *rule = value_string(event, "rule", "");
	g_autofree char *until = cli_time(sim->cli, value_integer(event, "until", TIME_NEVER));
	bool plain = g_str_equal(rule, "hours");
	return g_strdup_printf("%s waits%s%s (%s)", value_string(event, "channel", ""), *until ? " until " : "", until,
	                       plain ? "their sending hours" : value_string(event, "reason", rule));
}

static char *refused(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	return g_strdup_printf("%s refused (%s): %s", value_string(event, "channel", ""), value_string(event, "rule", value_string(event, "code", "")),
	                       value_string(event, "reason", ""));
}

static char *received(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	const char *channel = value_string(event, "channel", "");
	return g_strdup_printf("%s%s%s%s%s", received_words(value_string(event, "kind", "")), *channel ? " by " : "", channel, *text ? ": " : "", text);
}

static char *task(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	const char *detail = *text ? text : value_string(event, "outcome", "");
	bool made = g_str_equal(value_string(event, "event", ""), "task");
	return g_strdup_printf("%s %s%s%s", made ? "task:" : "task done:", value_string(event, "kind", ""), *detail ? ": " : "", detail);
}

static char *set(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	g_autofree char *changes = value_text(json_object_get(event, "changes"));
	return g_strdup_printf("set %s", changes);
}

static char *label(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	return g_strdup_printf("label %s%s", value_true(event, "on") ? "" : "taken off: ", value_string(event, "label", ""));
}

static char *finished(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	const char *reason = value_string(event, "reason", NULL);
	return g_strdup_printf("finished: %s%s%s%s", value_string(event, "outcome", ""), reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
}

static char *failed(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	return g_strdup_printf("FAILED (%s): %s", value_string(event, "code", ""), value_string(event, "error", ""));
}

static char *outage(Sim *sim, const json_t *event, const char *text)
{
	(void)text;
	const char *channel = value_string(event, "channel", "");
	g_autofree char *until = cli_time(sim->cli, value_integer(event, "until", TIME_NEVER));
	bool begins = g_str_equal(value_string(event, "state", ""), "begins");
	return g_strdup_printf("%s %s%s", channel, begins ? "has no connection until " : "has its connection back", begins ? until : "");
}

static char *breaker(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	return g_strdup(value_string(event, "text", ""));
}

static char *edited(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	const char *name = value_string(event, "sequence", ""), *file = value_string(event, "file", "");
	if (!value_true(event, "changed"))
		return g_strdup_printf("%s is edited (%s), but nothing is changed in it", name, file);
	return g_strdup_printf("%s is edited (%s): of the live runs %" G_GINT64_FORMAT " go on with it, %" G_GINT64_FORMAT " stay on the one they began with",
	                       name, file, value_integer(event, "moved", 0), value_integer(event, "stayed", 0));
}

static char *moved(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)event;
	(void)text;
	return g_strdup("goes on with the edited script");
}

static char *stayed(Sim *sim, const json_t *event, const char *text)
{
	(void)sim;
	(void)text;
	return g_strdup_printf("stays on the script it began with: %s", value_string(event, "reason", ""));
}

/* text: what is written, on one short line. */
static const struct {
	const char *kind;
	char *(*words)(Sim *sim, const json_t *event, const char *text);
} all_words[] = {
	{ "enrolled", enrolled }, { "passed_over", passed_over }, { "sent", sent }, { "deferred", deferred }, { "refused", refused }, { "received", received },
	{ "task", task }, { "task_done", task }, { "set", set }, { "label", label }, { "finished", finished }, { "failed", failed }, { "outage", outage },
	{ "breaker", breaker }, { "edited", edited }, { "moved", moved }, { "stayed", stayed },
};

static char *in_words(Sim *sim, const json_t *event, const char *kind)
{
	g_autofree char *text = short_text(value_string(event, "text", value_string(event, "note", "")));
	for (size_t i = 0; i < G_N_ELEMENTS(all_words); i++)
		if (g_str_equal(all_words[i].kind, kind))
			return all_words[i].words(sim, event, text);
	return g_strdup_printf("%s%s%s", kind, *text ? ": " : "", text);
}

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
	g_autofree char *raw = in_words(sim, event, value_string(event, "event", ""));
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
