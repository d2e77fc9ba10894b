/* SPDX-License-Identifier: MIT */
/* perigee contacts show: all about one contact on a page. */
#include "cli/contacts.h"

#include "host/contacts.h"

#include <string.h>

/* Names that end in at, due or until are times. */
static const char MESSAGES[] =
	"SELECT id, at, contact, run, channel, account, direction, state, template, subject, message_id, ifnull(error, reason) AS error, text"
	" FROM messages WHERE contact = ? ORDER BY at DESC, id DESC LIMIT 20";
static const char RUNS[] =
	"SELECT id, sequence, contact, key, state, outcome, due, version, error, started_at, ended_at FROM runs WHERE contact = ? ORDER BY id DESC";
static const char TASKS[] =
	"SELECT id, contact, run, kind, note, due, state, outcome, created_at, done_at FROM tasks WHERE contact = ? ORDER BY state = 'done', due IS NULL, due, id";
static const char NOTES[] = "SELECT at, author, text FROM notes WHERE contact = ? ORDER BY id DESC";
static const char EVENTS[] = "SELECT id, kind, at, channel, message FROM events WHERE contact = ? ORDER BY id DESC LIMIT 50";
static const char CONSENTS[] = "SELECT at, new AS basis, source, cause, old, given_at FROM consent_changes WHERE contact = ? ORDER BY id DESC";
static const char STAGES[] = "SELECT at, old, new, cause FROM stage_changes WHERE contact = ? ORDER BY id DESC";

static bool is_time(const char *name)
{
	return strcmp(name, "at") == 0 || strcmp(name, "due") == 0 || g_str_has_suffix(name, "_at") || g_str_has_suffix(name, "_until");
}

static bool is_number(const char *name)
{
	return strcmp(name, "id") == 0 || strcmp(name, "run") == 0 || strcmp(name, "message") == 0;
}

static json_t *rows_of(Cli *cli, const char *sql, const char *id)
{
	json_t *list = json_array();
	Rows *rows = db_query(cli->host->db, sql, "s", id);
	while (rows_next(rows)) {
		json_t *row = json_object();
		for (int i = 0; i < rows_columns(rows); i++) {
			const char *name = rows_name(rows, i);
			json_t *value = rows_null(rows, i) ? json_null() : is_time(name) ? cli_json_time(cli, rows_int(rows, i))
			                : is_number(name) ? json_integer(rows_int(rows, i)) : json_string(rows_text(rows, i));
			json_object_set_new(row, name, value);
		}
		json_array_append_new(list, row);
	}
	return list;
}

json_t *contacts_show_line(Cli *cli, const char *id)
{
	static const char *const TIMES[] = { "consent_at", "away_until", "snoozed_until", "created_at", "updated_at", NULL };
	json_t *profile = contacts_profile(cli->host, id);
	for (int i = 0; TIMES[i]; i++)
		if (json_object_get(profile, TIMES[i]))
			json_object_set_new(profile, TIMES[i], cli_json_time(cli, value_integer(profile, TIMES[i], 0)));
	return profile;
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

static void line(Cli *cli, const char *name, const char *value)
{
	g_autofree char *plain = cli_plain(value, 0);
	if (*plain)
		cli_print(cli, "  %-18s %s\n", name, plain);
}

static void lines(Cli *cli, const json_t *object)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value) {
		g_autofree char *text = json_is_string(value) ? NULL : value_text(value);
		g_autofree char *plain = cli_plain(name, 18);
		line(cli, plain, text ? text : json_string_value(value));
	}
}

static char *joined(const json_t *list, const char *between)
{
	GString *out = g_string_new(NULL);
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)list, i, item)
		g_string_append_printf(out, "%s%s", i ? between : "", json_string_value(item));
	return g_string_free(out, FALSE);
}

/* "opt-in (from the form of the fair, since 2026-11-20 09:00)" */
static char *consent_in_words(Cli *cli, const json_t *profile)
{
	const char *basis = value_string(profile, "consent", NULL), *source = value_string(profile, "consent_source", NULL);
	g_autofree char *at = cli_time(cli, value_integer(profile, "consent_at", 0));
	if (!basis && !source)
		return g_strdup("");
	return g_strdup_printf("%s%s%s%s%s%s%s", basis ? basis : "nothing said", source || *at ? " (" : "", source ? "source: " : "", source ? source : "",
	                       *at ? source ? ", since " : "since " : "", at, source || *at ? ")" : "");
}

static const char RUN_SEQUENCE[] = "SELECT sequence FROM runs WHERE id = ?";

/* The cause of a change, as it stands in the history, in words. */
static char *cause_in_words(Cli *cli, const char *cause)
{
	static const struct { const char *cause, *words; } WORDS[] = {
		{ "import", "a file that was imported" }, { "person", "a person" }, { "message", "they wrote to us" }, { "merge", "a merge" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++)
		if (strcmp(cause, WORDS[i].cause) == 0)
			return g_strdup(WORDS[i].words);
	if (!g_str_has_prefix(cause, "run "))
		return cli_plain(cause, 70);
	g_autofree char *sequence = db_text(cli->host->db, RUN_SEQUENCE, "i", (int64_t)g_ascii_strtoll(cause + 4, NULL, 10));
	return sequence ? g_strdup_printf("%s of %s", cause, sequence) : g_strdup(cause);
}

static void show_profile(Cli *cli, const char *id)
{
	static const char *const SHOWN[] = {
		"first_name", "stage", "company", "owner", "locale", "timezone", "country", "preferred_channel", NULL,
	};
	g_autoptr(json_t) profile = contacts_profile(cli->host, id);
	g_autofree char *title = cli_plain(value_string(profile, "name", ""), 0), *labels = joined(json_object_get(profile, "labels"), ", ");
	cli_print(cli, "%s%s%s\n", id, *title ? "  " : "", title);
	for (int i = 0; SHOWN[i]; i++)
		line(cli, SHOWN[i], value_string(profile, SHOWN[i], ""));
	g_autofree char *consent = consent_in_words(cli, profile);
	line(cli, "consent", consent);
	const char *channel;
	json_t *list;
	json_object_foreach(json_object_get(profile, "addresses"), channel, list) {
		g_autoptr(GString) addresses = g_string_new(NULL);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *address = json_string_value(json_array_get(list, i));
			g_autofree char *sharers = contacts_sharers(cli->host, id, channel, address);
			g_string_append_printf(addresses, "%s%s%s%s%s", i ? ", " : "", address, sharers ? " (shared with " : "", sharers ? sharers : "",
			                       sharers ? ")" : "");
		}
		line(cli, channel, addresses->str);
	}
	line(cli, "labels", labels);
	g_autofree char *away = cli_time(cli, value_integer(profile, "away_until", 0)), *added = cli_time(cli, value_integer(profile, "created_at", 0));
	line(cli, "away until", away);
	Time until = value_integer(profile, "snoozed_until", 0);
	g_autofree char *snoozed = until > host_now(cli->host) ? cli_time(cli, until) : NULL;
	line(cli, "put off until", snoozed);
	line(cli, "added", added);
	lines(cli, json_object_get(profile, "fields"));
}

#define SECTION_COLUMNS 4

static char *cell_of(Cli *cli, Rows *rows, const char *column)
{
	for (int i = 0; column && i < rows_columns(rows); i++)
		if (strcmp(rows_name(rows, i), column) == 0)
			return is_time(column) ? cli_time(cli, rows_int(rows, i))
			       : strcmp(column, "cause") == 0 ? cause_in_words(cli, rows_text(rows, i)) : cli_plain(rows_text(rows, i), 70);
	return g_strdup("");
}

static void show_section(Cli *cli, const char *title, const char *sql, const char *id, const char *const columns[SECTION_COLUMNS])
{
	const char *titles[SECTION_COLUMNS + 1] = { NULL };
	char *upper[SECTION_COLUMNS];
	for (int c = 0; c < SECTION_COLUMNS; c++)
		titles[c] = upper[c] = g_ascii_strup(columns[c] ? columns[c] : "", -1);
	Table *table = NULL;
	Rows *rows = db_query(cli->host->db, sql, "s", id);
	while (rows_next(rows)) {
		table = table ? table : table_new(titles);
		char *cells[SECTION_COLUMNS];
		for (int c = 0; c < SECTION_COLUMNS; c++)
			cells[c] = cell_of(cli, rows, columns[c]);
		table_row(table, cells[0], cells[1], cells[2], cells[3], NULL);
		for (int c = 0; c < SECTION_COLUMNS; c++)
			g_free(cells[c]);
	}
	if (table) {
		cli_print(cli, "\n%s\n", title);
		table_print(table, cli, "");
	}
	for (int c = 0; c < SECTION_COLUMNS; c++)
		g_free(upper[c]);
}

int contacts_command_show(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 1, 1))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autofree char *id = contacts_resolve(cli->host, words->pdata[0], &error);
	if (!id)
		return cli_fail_error(cli, error);
	static const struct { const char *name, *title, *sql, *columns[SECTION_COLUMNS]; } SECTIONS[] = {
		{ "messages", "Messages (the last 20)", MESSAGES, { "at", "channel", "state", "subject" } },
		{ "runs", "Runs", RUNS, { "id", "sequence", "state", "outcome" } },
		{ "tasks", "Tasks", TASKS, { "id", "kind", "state", "note" } },
		{ "notes", "Notes", NOTES, { "at", "author", "text", NULL } },
		{ "events", "Events (the last 50)", EVENTS, { "at", "kind", "channel", NULL } },
		{ "consent_changes", "Consent", CONSENTS, { "at", "basis", "source", "cause" } },
		{ "stages", "Stages", STAGES, { "at", "old", "new", "cause" } },
	};
	if (!cli->json)
		show_profile(cli, id);
	json_t *object = cli->json ? contacts_show_line(cli, id) : NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(SECTIONS); i++) {
		if (object)
			json_object_set_new(object, SECTIONS[i].name, rows_of(cli, SECTIONS[i].sql, id));
		else
			show_section(cli, SECTIONS[i].title, SECTIONS[i].sql, id, SECTIONS[i].columns);
	}
	if (object)
		cli_json(cli, object);
	return EXIT_DONE;
}
