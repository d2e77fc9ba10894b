/* SPDX-License-Identifier: MIT */
/* perigee sim: a sequence or job over contacts, on virtual time and pretend channels; the timeline, or one JSON object a line. */
#include "cli/command.h"
#include "cli/groups.h"

#include "host/contacts.h"
#include "host/jobs.h"
#include "host/pretend.h"
#include "host/runs.h"
#include "host/simulate.h"
#include "host/versions.h"

#include <string.h>

enum { FILE_CAP = 256 << 20, NAME_WIDTH = 22 };

typedef struct Sim {
	Cli *cli;
	Host *host;
	GHashTable *names;    /* contact id → name, for the timeline */
	GHashTable *outcomes; /* outcome → count (GUINT) */
	GHashTable *zones;    /* contact id → GTimeZone */
	int contacts, sent, received, finished, failed, tasks, refused;
	int64_t last_day;
	const char *file;     /* of the contacts */
} Sim;

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

/* One event in words. */
static char *in_words(Sim *sim, const json_t *event, const char *kind)
{
	const char *channel = value_string(event, "channel", "");
	g_autofree char *text = short_text(value_string(event, "text", value_string(event, "note", "")));
	if (g_str_equal(kind, "enrolled"))
		return g_strdup_printf(json_object_get(event, "contact") ? "enrolled in %s" : "job %s starts", value_string(event, "sequence", ""));
	if (g_str_equal(kind, "sent")) {
		const char *subject = value_string(event, "subject", NULL);
		g_autofree char *with = names_in_words(json_object_get(event, "attach"));
		return g_strdup_printf("sent by %s: %s%s%s%s%s", channel, value_string(event, "template", ""), subject ? " \"" : "", subject ? subject : "",
		                       subject ? "\"" : "", with);
	}
	if (g_str_equal(kind, "deferred")) {
		const char *rule = value_string(event, "rule", "");
		g_autofree char *until = cli_time(sim->cli, value_integer(event, "until", TIME_NEVER));
		bool plain = g_str_equal(rule, "hours");
		return g_strdup_printf("%s waits%s%s (%s)", channel, *until ? " until " : "", until, plain ? "their sending hours" : value_string(event, "reason", rule));
	}
	if (g_str_equal(kind, "refused"))
		return g_strdup_printf("%s refused (%s): %s", channel, value_string(event, "rule", value_string(event, "code", "")), value_string(event, "reason", ""));
	if (g_str_equal(kind, "received"))
		return g_strdup_printf("%s%s%s%s%s", received_words(value_string(event, "kind", "")), *channel ? " by " : "", channel, *text ? ": " : "", text);
	if (g_str_equal(kind, "task") || g_str_equal(kind, "task_done")) {
		const char *detail = *text ? text : value_string(event, "outcome", "");
		return g_strdup_printf("%s %s%s%s", g_str_equal(kind, "task") ? "task:" : "task done:", value_string(event, "kind", ""), *detail ? ": " : "", detail);
	}
	if (g_str_equal(kind, "set")) {
		g_autofree char *changes = value_text(json_object_get(event, "changes"));
		return g_strdup_printf("set %s", changes);
	}
	if (g_str_equal(kind, "label"))
		return g_strdup_printf("label %s%s", value_true(event, "on") ? "" : "taken off: ", value_string(event, "label", ""));
	if (g_str_equal(kind, "finished")) {
		const char *reason = value_string(event, "reason", NULL);
		return g_strdup_printf("finished: %s%s%s%s", value_string(event, "outcome", ""), reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
	}
	if (g_str_equal(kind, "failed"))
		return g_strdup_printf("FAILED (%s): %s", value_string(event, "code", ""), value_string(event, "error", ""));
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
	g_autofree char *words = in_words(sim, event, value_string(event, "event", ""));
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

static void see(void *user, json_t *event)
{
	Sim *sim = user;
	const char *kind = value_string(event, "event", "");
	g_autofree char *contact = g_strdup(value_string(event, "contact", NULL));
	count(sim, event, kind);
	if (!sim->cli->json) {
		print_line(sim, event, contact);
		json_decref(event);
		return;
	}
	g_autofree char *at = time_iso(host_now(sim->host), zone_of(sim, contact));
	json_object_set_new(event, "at", json_string(at));
	json_object_del(event, "locale");
	if (g_str_equal(kind, "deferred")) {
		Time until = value_integer(event, "until", TIME_NEVER);
		g_autofree char *text = until == TIME_NEVER ? NULL : time_iso(until, zone_of(sim, contact));
		json_object_set_new(event, "until", text ? json_string(text) : json_null());
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

static int by_count(const void *a, const void *b, void *outcomes)
{
	guint x = GPOINTER_TO_UINT(g_hash_table_lookup(outcomes, a)), y = GPOINTER_TO_UINT(g_hash_table_lookup(outcomes, b));
	return x != y ? (x < y) - (x > y) : strcmp(a, b);
}

/* Most frequent first, with a bar: where the people ended. */
static void print_funnel(const Sim *sim)
{
	g_autoptr(GList) names = g_list_sort_with_data(g_hash_table_get_keys(sim->outcomes), by_count, sim->outcomes);
	for (GList *l = names; l; l = l->next) {
		guint n = GPOINTER_TO_UINT(g_hash_table_lookup(sim->outcomes, l->data));
		guint width = sim->finished ? (n * 40 + (guint)sim->finished - 1) / (guint)sim->finished : 0;
		g_autofree char *bar = g_strnfill(width, '#');
		g_autofree char *name = cli_plain(l->data, 20);
		cli_print(sim->cli, "  %-20s %5u  %s\n", name, n, bar);
	}
}

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

static void summary(Sim *sim)
{
	if (sim->cli->json) {
		cli_json(sim->cli, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:o}", "event", "summary", "contacts", sim->contacts, "sent", sim->sent,
		                             "received", sim->received, "finished", sim->finished, "failed", sim->failed, "outcomes", outcomes(sim)));
		return;
	}
	cli_print(sim->cli, "\n%d contact%s, %d message%s sent, %d received, %d task%s, %d refused; %d run%s finished, %d failed, %d still waiting\n",
	          sim->contacts, plural(sim->contacts), sim->sent, plural(sim->sent), sim->received, sim->tasks, plural(sim->tasks), sim->refused,
	          sim->finished, plural(sim->finished), sim->failed,
	          MAX(0, (int)db_int(sim->host->db, 0, "SELECT count(*) FROM runs WHERE state IN ('ready', 'waiting', 'sending')", "")));
	print_funnel(sim);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static void bad_row(void *user, int line, const char *text)
{
	Sim *sim = user;
	g_autofree char *told = g_strdup_printf("%s:%d: %s (passed over)\n", sim->file, line, text);
	sim->cli->write(sim->cli->user, true, told, strlen(told)); /* no failure: exit 1 means that nothing was simulated */
}

static bool load_contacts(Sim *sim, const char *file, GError **error)
{
	size_t size;
	g_autofree char *text = cli_read_file(sim->cli, file, FILE_CAP, &size, error);
	ImportResult result = { 0 };
	sim->file = file;
	if (!text || !contacts_import(sim->host, file, text, size, false, false, false, bad_row, sim, &result, error))
		return false;
	Rows *rows = db_query(sim->host->db, "SELECT id, name FROM contacts", "");
	while (rows_next(rows))
		if (!rows_null(rows, 1))
			g_hash_table_insert(sim->names, g_strdup(rows_text(rows, 0)), g_strdup(rows_text(rows, 1)));
	sim->contacts = result.added;
	return true;
}

static bool load_replies(Sim *sim, const char *file, GError **error)
{
	size_t size;
	g_autofree char *text = cli_read_file(sim->cli, file, FILE_CAP, &size, error);
	return text && pretend_load(sim->host, file, text, size, error);
}

static void start_all(Sim *sim, const char *sequence)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(sim->host->db, "SELECT id FROM contacts ORDER BY rowid", "");
	while (rows_next(rows))
		g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
	for (guint i = 0; i < ids->len; i++) {
		int64_t run;
		g_autofree char *said = NULL;
		if (runs_enrol(sim->host, sequence, ids->pdata[i], "", false, NULL, &run, &said) != ENROL_STARTED)
			cli_fail(sim->cli, "%s: %s", (char *)ids->pdata[i], said);
	}
}

/* A job may enrol in any sequence; other jobs are not its business. */
static void enter_sequences(Sim *sim)
{
	g_autoptr(GPtrArray) files = versions_files(sim->host);
	for (guint i = 0; i < files->len; i++) {
		g_autoptr(GError) error = NULL;
		bool is_new;
		g_autofree char *name = NULL;
		if (g_str_has_prefix(files->pdata[i], "sequences/") && !(name = versions_enter(sim->host, files->pdata[i], &is_new, &error)))
			log_warn("%s: left out: %s", (char *)files->pdata[i], error->message);
	}
}

/* Enters the script: the sequence that contacts are enrolled in, or NULL for a job (with the sequences it may enrol in). */
static bool load_script(Sim *sim, const char *word, char **sequence, GError **error)
{
	bool is_new;
	g_autofree char *path = strchr(word, '/') || g_str_has_suffix(word, ".lua") ? cli_path(sim->cli, word) : g_strdup(word);
	g_autofree char *name = versions_enter(sim->host, path, &is_new, error);
	g_autofree char *version = name ? versions_newest(sim->host, name) : NULL;
	if (!version)
		return false;
	bool job = g_str_equal(value_string(versions_declared(sim->host, version), "type", ""), "job");
	if (job)
		enter_sequences(sim);
	*sequence = job ? NULL : g_steal_pointer(&name);
	return true;
}

typedef struct Wishes {
	const char *contacts, *replies, *duration, *start;
	int64_t seed;
} Wishes;

static bool times(Sim *sim, const Wishes *wishes, Time *start, Time *end, GError **error)
{
	const Workspace *w = sim->host->workspace;
	*start = simulate_monday(sim->host);
	if (wishes->start && !when_parse(wishes->start, *start, w->zone, w->hours, start, error))
		return false;
	g_autoptr(json_t) duration = json_string(wishes->duration);
	return when_resolve(duration, *start, w->zone, w->hours, end, error);
}

static bool simulate(Sim *sim, const char *script, const Wishes *wishes, GError **error)
{
	Time start, end;
	g_autofree char *sequence = NULL;
	g_autoptr(GError) wrong = NULL;
	if (!times(sim, wishes, &start, &end, &wrong)) {
		cli_usage(sim->cli, "sim", "%s", wrong->message);
		return false;
	}
	simulate_begin(sim->host, start, (uint32_t)wishes->seed);
	if (!load_contacts(sim, wishes->contacts, error) || (wishes->replies && !load_replies(sim, wishes->replies, error)))
		return false;
	if (!load_script(sim, script, &sequence, error))
		return false;
	sim->host->see = see;
	sim->host->see_user = sim;
	if (sequence)
		start_all(sim, sequence);
	return simulate_until(sim->host, end);
}

static void zone_free(void *zone)
{
	g_time_zone_unref(zone);
}

int command_sim(Cli *cli, int argc, char **argv)
{
	Wishes wishes = { .duration = "30d", .seed = 1 };
	const Option options[] = {
		{ "--contacts", OPTION_TEXT, &wishes.contacts }, { "--replies", OPTION_TEXT, &wishes.replies }, { "--for", OPTION_TEXT, &wishes.duration },
		{ "--start", OPTION_TEXT, &wishes.start }, { "--seed", OPTION_NUMBER, &wishes.seed }, { NULL, 0, NULL },
	};
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "sim", argc, argv, options, words, 1, 1))
		return EXIT_USAGE;
	if (!wishes.contacts)
		return cli_usage(cli, "sim", "--contacts FILE.csv is missing: who is it to be tried on?");
	Sim sim = { .cli = cli, .host = cli->host };
	sim.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	sim.outcomes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sim.zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, zone_free);
	GError *error = NULL;
	bool done = simulate(&sim, words->pdata[0], &wishes, &error);
	if (done)
		summary(&sim);
	cli->host->see = NULL;
	g_hash_table_unref(sim.names);
	g_hash_table_unref(sim.outcomes);
	g_hash_table_unref(sim.zones);
	if (error)
		return cli_fail_error(cli, error);
	return done ? EXIT_DONE : MAX(cli->exit_code, EXIT_FAILED);
}
