/* SPDX-License-Identifier: MIT */
/* perigee sim: a sequence or job over contacts, on virtual time and pretend channels; the timeline, or one JSON object a line. */
#include "cli/command.h"
#include "cli/groups.h"
#include "cli/sim_world.h"

#include "host/contacts.h"
#include "host/jobs.h"
#include "host/runs.h"
#include "host/segments.h"
#include "host/simulate.h"
#include "host/versions.h"

#include <string.h>

enum { FILE_CAP = 256 << 20 };

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

/* The contacts of the file in its order; with a segment only those that are in it. False: there is no such segment. */
static bool choose(Sim *sim, const char *segment, GPtrArray *ids, GError **error)
{
	g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(g_free);
	if (segment && !segments_ids(sim->host, segment, members, error))
		return false;
	Rows *rows = db_query(sim->host->db, "SELECT id FROM contacts ORDER BY rowid", "");
	while (rows_next(rows))
		if (!segment || g_ptr_array_find_with_equal_func(members, rows_text(rows, 0), g_str_equal, NULL))
			g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
	return true;
}

static void start_all(Sim *sim, const char *sequence, const GPtrArray *ids)
{
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
	const char *type = value_string(versions_declared(sim->host, version), "type", "");
	bool job = g_str_equal(type, "job");
	if (g_str_equal(type, "hook")) {
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s is a hook: simulate the sequence that it signals to, with rows of kind hook:%s in --replies FILE.csv",
		            name, name);
		return false;
	}
	if (job)
		enter_sequences(sim);
	*sequence = job ? NULL : g_steal_pointer(&name);
	return true;
}

typedef struct Wishes {
	const char *contacts, *duration, *start, *html, *segment;
	int64_t seed;
	SimWorld world;
} Wishes;

static bool times(Sim *sim, Wishes *wishes, GError **error)
{
	const Workspace *w = sim->host->workspace;
	Time *start = &wishes->world.start, *end = &wishes->world.end;
	*start = simulate_monday(sim->host);
	if (wishes->start && !when_parse(wishes->start, *start, w->zone, w->hours, start, error))
		return false;
	g_autoptr(json_t) duration = json_string(wishes->duration);
	return when_resolve(duration, *start, w->zone, w->hours, end, error);
}

static bool simulate(Sim *sim, const char *script, Wishes *wishes, GError **error)
{
	g_autofree char *sequence = NULL;
	g_autoptr(GError) wrong = NULL;
	if (!sim_world_policy(sim, &wishes->world))
		return false;
	if (!times(sim, wishes, &wrong)) {
		cli_usage(sim->cli, "sim", "%s", wrong->message);
		return false;
	}
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	wishes->world.seed = (uint32_t)wishes->seed;
	simulate_begin(sim->host, wishes->world.start, wishes->world.seed);
	if (!load_contacts(sim, wishes->contacts, error) || !choose(sim, wishes->segment, ids, error) || !load_script(sim, script, &sequence, error) || !sim_world_begin(sim, &wishes->world, error))
		return false;
	if (wishes->html || !sim->cli->json)
		sim->report = report_new(sim->host, wishes->html != NULL);
	sim->host->see = sim_see;
	sim->host->see_user = sim;
	if (sequence && !sim_world_starts(sim, &wishes->world, sequence, ids))
		start_all(sim, sequence, ids);
	return sim_world_play(sim, &wishes->world, error);
}

static bool write_page(Sim *sim, const char *script, const Wishes *wishes, GError **error)
{
	g_autoptr(GPtrArray) settings = sim_world_settings(&wishes->world);
	const ReportAbout about = { .script = script, .contacts_file = wishes->contacts, .replies_file = wishes->world.replies, .seed = wishes->seed,
	                            .settings = settings };
	return report_write(sim->report, &about, sim->cli, wishes->html, error);
}

static void zone_free(void *zone)
{
	g_time_zone_unref(zone);
}

int command_sim(Cli *cli, int argc, char **argv)
{
	Wishes wishes = { .duration = "30d", .seed = 1 };
	const Option options[] = {
		{ "--contacts", OPTION_TEXT, &wishes.contacts }, { "--segment", OPTION_TEXT, &wishes.segment }, { "--replies", OPTION_TEXT, &wishes.world.replies }, { "--for", OPTION_TEXT, &wishes.duration },
		{ "--start", OPTION_TEXT, &wishes.start }, { "--html", OPTION_TEXT, &wishes.html }, { "--seed", OPTION_NUMBER, &wishes.seed },
		{ "--outage", OPTION_TEXTS, &wishes.world.outages }, { "--edit", OPTION_TEXTS, &wishes.world.edits }, { "--policy", OPTION_TEXTS, &wishes.world.policy }, { NULL, 0, NULL },
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
	bool done = (!wishes.html || report_can_write(cli, wishes.html, &error)) && simulate(&sim, words->pdata[0], &wishes, &error);
	if (done) {
		if (sim.report)
			report_end(sim.report, sim.contacts);
		sim_summary(&sim);
		if (wishes.html)
			done = write_page(&sim, words->pdata[0], &wishes, &error);
	}
	cli->host->see = NULL;
	report_free(sim.report);
	sim_world_clear(&wishes.world);
	g_hash_table_unref(sim.names);
	g_hash_table_unref(sim.outcomes);
	g_hash_table_unref(sim.zones);
	if (error)
		return cli_fail_error(cli, error);
	return done ? EXIT_DONE : MAX(cli->exit_code, EXIT_FAILED);
}
