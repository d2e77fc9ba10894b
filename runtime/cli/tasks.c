/* SPDX-License-Identifier: MIT */
/* perigee tasks: what people are asked to do, and that it is done. */
#include "cli/groups.h"

#include "host/contacts.h"
#include "host/events.h"
#include "host/tasks.h"

#include <string.h>

/* The columns of DESIGN.md section 13, and when. */
static json_t *task_json(Cli *cli, const json_t *task)
{
	json_t *line = json_deep_copy(task);
	static const char *const TIMES[] = { "due", "created_at", "done_at", NULL };
	for (int i = 0; TIMES[i]; i++)
		json_object_set_new(line, TIMES[i], cli_json_time(cli, value_integer(task, TIMES[i], 0)));
	return line;
}

static void task_row(Cli *cli, Table *table, const json_t *task)
{
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, value_integer(task, "id", 0));
	g_autofree char *due = cli_time(cli, value_integer(task, "due", 0));
	g_autofree char *state = g_strjoin(": ", value_string(task, "state", ""), value_string(task, "outcome", NULL), NULL);
	table_row(table, id, value_string(task, "contact", ""), value_string(task, "kind", ""), due, state, value_string(task, "note", ""), NULL);
}

static int list(Cli *cli, const char *state, const char *contact)
{
	static const char *const TITLES[] = { "ID", "CONTACT", "KIND", "DUE", "STATE", "NOTE", NULL };
	GError *error = NULL;
	g_autofree char *id = contact ? contacts_resolve(cli->host, contact, &error) : NULL;
	if (contact && !id)
		return cli_fail_error(cli, error);
	g_autoptr(json_t) tasks = tasks_list(cli->host, state, id, 0);
	Table *table = cli->json ? NULL : table_new(TITLES);
	size_t i;
	json_t *task;
	json_array_foreach(tasks, i, task) {
		if (table)
			task_row(cli, table, task);
		else
			cli_json(cli, task_json(cli, task));
	}
	if (table)
		table_print(table, cli, state && strcmp(state, "open") == 0 ? "nothing to do" : "no tasks");
	return EXIT_DONE;
}

static int done(Cli *cli, const char *word, const char *outcome)
{
	int64_t id = 0, run = 0;
	GError *error = NULL;
	if (!cli_number(word, &id))
		return cli_usage(cli, "tasks", "'%s' is not a task's number", word);
	if (!tasks_done(cli->host, id, outcome, &run, &error))
		return cli_fail_error(cli, error);
	events_task_done(cli->host, id);
	if (cli->json)
		cli_json(cli, json_pack("{s:I, s:s, s:s?, s:o}", "id", (json_int_t)id, "state", "done", "outcome", outcome, "run",
		                        run ? json_integer(run) : json_null()));
	else
		cli_print(cli, "task %" G_GINT64_FORMAT " is done\n", id);
	return EXIT_DONE;
}

/* People want what is open; a program gets all of them unless it asks. */
int command_tasks(Cli *cli, int argc, char **argv)
{
	const char *state = NULL, *contact = NULL, *outcome = NULL;
	bool all = false;
	const Option options[] = {
		{ "--outcome", OPTION_TEXT, &outcome }, { "--state", OPTION_TEXT, &state }, { "--contact", OPTION_TEXT, &contact },
		{ "--all", OPTION_FLAG, &all }, { 0 },
	};
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "tasks", argc, argv, options, words, 0, 2))
		return EXIT_USAGE;
	if (words->len > 0 && strcmp(words->pdata[0], "done") != 0)
		return cli_usage(cli, "tasks", "unexpected '%s'", (const char *)words->pdata[0]);
	if (words->len == 1)
		return cli_usage(cli, "tasks", "which task is done?");
	if (words->len == 2)
		return done(cli, words->pdata[1], outcome);
	if (outcome)
		return cli_usage(cli, "tasks", "--outcome belongs to `tasks done ID`");
	if (state && strcmp(state, "open") != 0 && strcmp(state, "done") != 0)
		return cli_usage(cli, "tasks", "a task's state is open or done, not '%s'", state);
	return list(cli, state ? state : all || cli->json ? NULL : "open", contact);
}
