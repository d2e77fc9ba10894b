/* SPDX-License-Identifier: MIT */
/* Commands on runs: runs, show, stop, retry, upgrade, reload. */
#include "host/runs.h"

#include "cli/explain.h"
#include "cli/groups.h"
#include "cli/timeline.h"
#include "host/contacts.h"
#include "host/hooks.h"
#include "host/ledger.h"
#include "host/netlink.h"
#include "host/rehearsal.h"
#include "host/versions.h"
#include "host/views.h"

#include <string.h>

/* ---- rows ---- */

typedef struct List {
	Cli *cli;
	Table *table;
	int n;
	const char *code; /* of the first run that says what a person may look up (static); NULL: none yet */
} List;

/* The code of a run that ended otherwise than its script said (static), or NULL. */
static const char *run_code(const json_t *run)
{
	const char *state = value_string(run, "state", ""), *outcome = value_string(run, "outcome", NULL);
	if (strcmp(state, "failed") == 0 || strcmp(state, "parked") == 0) {
		const char *code = codes_of_failure(value_string(run, "error_code", "error"), value_string(run, "error", NULL));
		const char *mistake = codes_find(CODES_OF_MISTAKES, code);
		return mistake ? mistake : codes_find(CODES_OF_FAILURES, code);
	}
	return value_string(run, "error", NULL) ? codes_find(CODES_OF_OUTCOMES, outcome) : NULL;
}

static const char *const due_times[] = { "due", NULL };

static void see_run(void *user, json_t *row)
{
	static const char *const names[] = { "id", "sequence", "contact", "key", "state", "outcome", "due", "version", "error", NULL };
	List *list = user;
	list->n++;
	if (list->cli->json) {
		cli_row(list->cli, row, names, due_times);
	} else {
		g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, value_integer(row, "id", 0));
		g_autofree char *due = cli_time(list->cli, value_integer(row, "due", 0));
		const char *outcome = value_string(row, "outcome", ""), *error = value_string(row, "error", "");
		const char *code = run_code(row), *brackets = code && !*outcome ? code : NULL; /* an outcome says its code itself */
		g_autofree char *what = g_strconcat(outcome, *outcome && *error ? ": " : "", error, brackets ? " [" : "", brackets ? brackets : "",
		                                    brackets ? "]" : "", NULL);
		list->code = list->code ? list->code : code;
		table_row(list->table, id, value_string(row, "sequence", ""), value_string(row, "contact", ""), value_string(row, "key", ""),
		          value_string(row, "state", ""), due, what, NULL);
	}
	json_decref(row);
}

/* Sequences that the host itself has paused come first: nothing of theirs runs until somebody mends them. */
static void print_paused(Cli *cli, const char *sequence)
{
	static const char PAUSED[] = "SELECT name, paused_reason FROM scripts WHERE paused_reason IS NOT NULL AND (?1 IS NULL OR name = ?1) ORDER BY name";
	Rows *rows = db_query(cli->host->db, PAUSED, "s", sequence);
	while (rows_next(rows))
		cli_print(cli, "%s is paused: %s\n", rows_text(rows, 0), rows_text(rows, 1));
}

int command_runs(Cli *cli, int argc, char **argv)
{
	static const char *const titles[] = { "RUN", "SEQUENCE", "CONTACT", "KEY", "STATE", "DUE", "OUTCOME", NULL };
	const char *state = NULL, *sequence = NULL;
	const Option options[] = { { "--state", OPTION_TEXT, &state }, { "--sequence", OPTION_TEXT, &sequence }, { 0 } };
	if (!cli_options(cli, "runs", argc, argv, options, NULL, 0, 0) || !cli_word_of(cli, "runs", "state", state, views_run_states))
		return EXIT_USAGE;
	g_autofree char *name = sequence ? cli_script(cli, sequence) : NULL;
	if (sequence && !name)
		return EXIT_FAILED;
	List list = { cli, table_new(titles), 0, NULL };
	if (!cli->json)
		print_paused(cli, name);
	views_runs(cli->host, state, name, see_run, &list);
	table_print(list.table, cli, cli->json ? NULL : "no runs: `perigee enrol SEQUENCE CONTACT` starts one");
	explain_hint(cli, list.code);
	return EXIT_DONE;
}

/* ---- one run ---- */

static bool run_number(Cli *cli, const char *command, const char *word, int64_t *run)
{
	if (cli_number(word, run) && *run > 0)
		return true;
	cli_usage(cli, command, "a run is a number (`perigee runs` lists them), not '%s'", word);
	return false;
}

static void print_line(Cli *cli, const char *name, const char *text)
{
	g_autofree char *plain = cli_plain(text, 0);
	if (*plain)
		cli_print(cli, "  %-9s %s\n", name, plain);
}

/* The sentence of visits.c about a run whose replay differed, taken apart so that both effects stand below each other. */
static bool print_divergence(Cli *cli, const char *error)
{
	static const char HAS[] = ": the journal has `", ASKS[] = "`, the script now asks `";
	const char *has = strstr(error, HAS), *asks = has ? strstr(has, ASKS) : NULL, *end = asks ? strrchr(asks + strlen(ASKS), '`') : NULL;
	if (!end)
		return false;
	g_autofree char *place = g_strndup(error, (gsize)(has - error));
	g_autofree char *recorded = g_strndup(has + strlen(HAS), (gsize)(asks - has) - strlen(HAS));
	g_autofree char *asked = g_strndup(asks + strlen(ASKS), (gsize)(end - asks) - strlen(ASKS));
	cli_print(cli, "  %-9s at %s\n", "diverged", place);
	print_line(cli, "  journal", recorded);
	print_line(cli, "  script", asked);
	const char *changes = strstr(end, ": "); /* of the program, since the run began */
	print_line(cli, "  program", changes ? changes + 2 : "");
	cli_print(cli, "  %-9s put the %s back and `perigee retry`, or `perigee stop`; nothing is sent until then\n", "next", changes ? "program" : "script");
	return true;
}

static void print_header(Cli *cli, const json_t *run)
{
	g_autofree char *due = cli_time(cli, value_integer(run, "due", 0)), *started = cli_time(cli, value_integer(run, "started_at", 0));
	g_autofree char *ended = cli_time(cli, value_integer(run, "ended_at", 0));
	const char *contact = value_string(run, "contact", NULL), *state = value_string(run, "state", ""), *error = value_string(run, "error", NULL);
	const char *version = value_string(run, "version", ""), *held = value_string(run, "held", NULL);
	g_autofree char *name = cli_plain(value_string(run, "contact_name", ""), 0);
	cli_print(cli, "run %" G_GINT64_FORMAT " of %s", value_integer(run, "id", 0), value_string(run, "sequence", ""));
	if (contact)
		cli_print(cli, " for %s%s%s%s", contact, *name ? " (" : "", name, *name ? ")" : "");
	cli_print(cli, "\n  %-9s %s%s%s\n", "state", state, !*due ? "" : strcmp(state, "ready") == 0 ? ", due " : " until ", due);
	print_line(cli, "outcome", value_string(run, "outcome", ""));
	print_line(cli, "key", value_string(run, "key", ""));
	print_line(cli, "started", started);
	print_line(cli, "ended", ended);
	print_line(cli, "account", value_string(run, "account", ""));
	cli_print(cli, "  %-9s %.8s of %s%s\n", "version", version, value_string(run, "path", "?"),
	          strcmp(version, value_string(run, "newest", version)) == 0 ? "" : " (there is a newer one)");
	if (g_strcmp0(held, ":script") == 0)
		cli_print(cli, "  %-9s %s is paused: `perigee runs` says why\n", "held", value_string(run, "sequence", ""));
	else if (held)
		cli_print(cli, "  %-9s until the mailbox of %s has been read\n", "held", held);
	const char *code = run_code(run);
	g_autofree char *all = error && code ? g_strdup_printf("%s [%s]", error, code) : g_strdup(error);
	if (error && (strcmp(state, "parked") != 0 || !print_divergence(cli, error)))
		print_line(cli, "error", all);
}

/* What a hook was given; the whole body is in --json. */
static void print_request(Cli *cli, const json_t *request)
{
	enum { BODY_SHOWN = 400 };
	const char *name;
	json_t *value;
	if (!request)
		return;
	if (json_is_null(request)) {
		print_line(cli, "request", "dropped: keep.journals is over, or somebody whom it concerned was erased");
		return;
	}
	g_autoptr(GString) url = g_string_new(value_string(request, "method", ""));
	g_string_append_printf(url, " %s", value_string(request, "path", ""));
	char before = '?';
	json_object_foreach(json_object_get(request, "query"), name, value) {
		g_string_append_printf(url, "%c%s=%s", before, name, json_string_value(value));
		before = '&';
	}
	print_line(cli, "request", url->str);
	json_object_foreach(json_object_get(request, "headers"), name, value) {
		g_autofree char *header = g_strdup_printf("%s: %s", name, json_string_value(value));
		print_line(cli, "", header);
	}
	g_autofree char *body = cli_plain(value_string(request, "body", NULL), BODY_SHOWN);
	print_line(cli, "body", value_true(request, "binary") ? "(no text, so it is not kept)" : body);
}

static void see_entry(void *user, json_t *entry)
{
	static const char *const names[] = { "position", "kind", "args", "asked", "answer", "answered", "deadline", "place", NULL };
	static const char *const times[] = { "asked", "answered", "deadline", NULL };
	List *list = user;
	if (list->cli->json) {
		json_object_set(entry, "asked", json_object_get(entry, "asked_at"));
		json_object_set(entry, "answered", json_object_get(entry, "answered_at"));
		cli_row(list->cli, entry, names, times);
	} else {
		g_autofree char *position = g_strdup_printf("%" G_GINT64_FORMAT, value_integer(entry, "position", 0));
		g_autofree char *at = cli_time(list->cli, value_integer(entry, "asked_at", 0));
		g_autofree char *effect = timeline_effect(value_string(entry, "kind", ""), json_object_get(entry, "args"));
		g_autofree char *answer = timeline_answer(list->cli, entry);
		table_row(list->table, position, at, effect, answer, value_string(entry, "place", ""), NULL);
	}
	json_decref(entry);
}

static void see_event(void *user, json_t *event)
{
	List *list = user;
	g_autofree char *at = cli_time(list->cli, value_integer(event, "at", 0));
	cli_print(list->cli, "%s  %s  %s\n", list->n++ ? "                  " : "\nnot yet given to it", at, value_string(event, "kind", ""));
	json_decref(event);
}

/* A run of a hook has its request, too. */
static void print_json_header(Cli *cli, json_t *run, json_t *request)
{
	const char *names[] = { "id", "sequence", "contact", "key", "state", "outcome", "due", "version", "error", "error_code",
		                             "account", "path", "started_at", "ended_at", request ? "request" : NULL, NULL };
	static const char *const times[] = { "due", "started_at", "ended_at", NULL };
	json_object_set(run, "request", request);
	cli_row(cli, run, names, times);
}

int command_show(Cli *cli, int argc, char **argv)
{
	static const char *const titles[] = { "STEP", "AT", "ASKED", "ANSWER", "PLACE", NULL };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	int64_t id;
	if (!cli_options(cli, "show", argc, argv, NULL, words, 1, 1) || !run_number(cli, "show", words->pdata[0], &id))
		return EXIT_USAGE;
	g_autoptr(json_t) run = views_run(cli->host, id);
	if (!run)
		return cli_fail(cli, "no run %" G_GINT64_FORMAT ": `perigee runs` lists them", id);
	List list = { cli, table_new(titles), 0, run_code(run) };
	g_autoptr(json_t) request = hooks_request(cli->host, id);
	if (cli->json)
		print_json_header(cli, run, request);
	else
		print_header(cli, run);
	if (!cli->json)
		print_request(cli, request);
	views_journal(cli->host, id, see_entry, &list);
	if (!cli->json)
		cli_print(cli, "\n");
	table_print(list.table, cli, cli->json ? NULL : "no steps yet");
	if (!cli->json)
		views_events(cli->host, id, see_event, &list);
	explain_hint(cli, list.code);
	return EXIT_DONE;
}

/* ---- stopping and going on ---- */

static void print_state(Cli *cli, int64_t run, const char *state, const char *text)
{
	if (cli->json)
		cli_json(cli, json_pack("{s:I, s:s}", "run", (json_int_t)run, "state", state));
	else
		cli_print(cli, "run %" G_GINT64_FORMAT " %s\n", run, text);
}

static int stop_contact(Cli *cli, const char *word)
{
	GError *error = NULL;
	g_autofree char *id = contacts_resolve(cli->host, word, &error);
	if (!id)
		return cli_fail_error(cli, error);
	int n = runs_stop_contact(cli->host, id, NULL, "stopped");
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:i}", "contact", id, "stopped", n));
	else
		cli_print(cli, "%d %s of %s stopped\n", n, n == 1 ? "run" : "runs", id);
	return EXIT_DONE;
}

int command_stop(Cli *cli, int argc, char **argv)
{
	const char *contact = NULL;
	const Option options[] = { { "--contact", OPTION_TEXT, &contact }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "stop", argc, argv, options, words, 0, -1))
		return EXIT_USAGE;
	if (!contact == !words->len)
		return cli_usage(cli, "stop", "name one or more runs, or a --contact");
	GError *error = NULL;
	if (contact)
		return stop_contact(cli, contact);
	for (guint i = 0; i < words->len; i++) {
		int64_t id;
		if (!run_number(cli, "stop", words->pdata[i], &id))
			return EXIT_USAGE;
		if (runs_stop(cli->host, id, &error))
			print_state(cli, id, "stopped", "stopped");
		else
			cli_fail_error(cli, g_steal_pointer(&error));
	}
	return cli->exit_code;
}

int command_retry(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "retry", argc, argv, NULL, words, 1, -1))
		return EXIT_USAGE;
	for (guint i = 0; i < words->len; i++) {
		GError *error = NULL;
		int64_t id;
		if (!run_number(cli, "retry", words->pdata[i], &id))
			return EXIT_USAGE;
		if (runs_retry(cli->host, id, &error))
			print_state(cli, id, "retried", cli->host->serving ? "goes on" : "goes on when `perigee serve` runs");
		else
			cli_fail_error(cli, error);
	}
	return cli->exit_code;
}

/* ---- versions ---- */

static void see_faulty(void *user, const char *path, const char *text)
{
	/* The text of a fault begins with its place, unless the file could not be read at all. */
	g_autofree char *prefix = g_strconcat(path, ":", NULL);
	if (g_str_has_prefix(text, prefix) || strchr(text, ':'))
		cli_fail(user, "%s", text);
	else
		cli_fail(user, "%s: %s", path, text);
}

/* Scripts become versions, templates are read anew, and messages that were held for one are tried again. */
static void enter_files(Cli *cli)
{
	versions_forget_templates(cli->host);
	versions_enter_all(cli->host, see_faulty, cli);
	ledger_release_held(cli->host);
}

typedef struct Upgrade {
	Cli *cli;
	bool dry, stop, restart;
	int moved, stopped, restarted;
} Upgrade;

/* A run that waits begins anew on the newest version, with the state it was started with. One that is sending just now does not:
 * the same command restarts it once it waits again. */
static bool restart_waiting(Host *host, int64_t id)
{
	g_auto(Run) run = { 0 };
	if (!run_load(host, id, &run) || strcmp(run.state, "waiting") != 0)
		return false;
	g_autoptr(json_t) start = value_parse(run.start, -1, NULL);
	run_restart(host, &run, json_object_get(start, "state"));
	return true;
}

static const char *upgrade_one(Upgrade *u, const UpgradeResult *r)
{
	if (r->moves) {
		u->moved++;
		return "moves";
	}
	if (!u->dry && u->restart && restart_waiting(u->cli->host, r->run)) {
		u->restarted++;
		return "restarted";
	}
	if (!u->dry && u->stop && runs_stop(u->cli->host, r->run, NULL)) {
		u->stopped++;
		return "stopped";
	}
	return "stays on its version";
}

static void print_upgrade(Cli *cli, const UpgradeResult *r, const char *what)
{
	if (cli->json) {
		json_t *row = json_pack("{s:I, s:s, s:s?, s:s, s:s, s:b, s:b, s:b}", "run", (json_int_t)r->run, "sequence", r->sequence, "contact", r->contact,
		                        "from", r->from, "to", r->to, "moves", r->moves, "stopped", strcmp(what, "stopped") == 0, "restarted",
		                        strcmp(what, "restarted") == 0);
		if (!r->moves)
			json_object_update_new(row, json_pack("{s:I, s:s?, s:s?, s:s?}", "position", (json_int_t)r->position, "recorded", r->recorded, "asked",
			                                      r->asked, "place", r->place));
		cli_json(cli, row);
		return;
	}
	cli_print(cli, "run %" G_GINT64_FORMAT " of %s%s%s: %s\n", r->run, r->sequence, r->contact ? " for " : "", r->contact ? r->contact : "", what);
	if (r->moves)
		return;
	cli_print(cli, "  %-9s step %" G_GINT64_FORMAT "%s%s\n", "differs", r->position, r->place ? ", " : "", r->place ? r->place : "");
	print_line(cli, "  journal", r->recorded);
	print_line(cli, "  script", r->asked);
}

static void upgrade(Upgrade *u, const char *sequence)
{
	g_autoptr(GPtrArray) results = runs_upgrade(u->cli->host, sequence, u->dry);
	for (guint i = 0; i < results->len; i++)
		print_upgrade(u->cli, results->pdata[i], upgrade_one(u, results->pdata[i]));
	if (u->cli->json)
		return;
	if (!results->len) {
		cli_print(u->cli, "no run is on an older version\n");
		return;
	}
	cli_print(u->cli, "%d %s, %d stay", u->moved, u->dry ? "would move" : "moved", (int)results->len - u->moved - u->stopped - u->restarted);
	if (u->restarted)
		cli_print(u->cli, ", %d restarted", u->restarted);
	if (u->stopped)
		cli_print(u->cli, ", %d stopped", u->stopped);
	cli_print(u->cli, "\n");
}

int command_upgrade(Cli *cli, int argc, char **argv)
{
	Upgrade u = { .cli = cli };
	const Option options[] = { { "--dry-run", OPTION_FLAG, &u.dry }, { "--stop", OPTION_FLAG, &u.stop },
		                   { "--restart-at-next-wait", OPTION_FLAG, &u.restart }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "upgrade", argc, argv, options, words, 0, 1))
		return EXIT_USAGE;
	Rehearsal *rehearsal = u.dry ? rehearsal_begin(cli->host, see_faulty, cli) : NULL;
	if (!u.dry)
		enter_files(cli);
	g_autofree char *sequence = words->len ? cli_script(cli, words->pdata[0]) : NULL;
	if (!words->len || sequence)
		upgrade(&u, sequence);
	if (rehearsal)
		rehearsal_end(rehearsal);
	return cli->exit_code;
}

int command_reload(Cli *cli, int argc, char **argv)
{
	bool vault = false;
	const Option options[] = { { "--vault", OPTION_FLAG, &vault }, { 0 } };
	if (!cli_options(cli, "reload", argc, argv, options, NULL, 0, 0))
		return EXIT_USAGE;
	netlink_reload(cli->host);
	if (!vault)
		enter_files(cli);
	return cli->exit_code;
}
