/* SPDX-License-Identifier: MIT */
/* jobs: what is run on a schedule, and running one now. */
#include "host/jobs.h"

#include "cli/groups.h"
#include "host/versions.h"
#include "host/views.h"

#include <string.h>

typedef struct List {
	Cli *cli;
	Table *table;
} List;

static void see_job(void *user, json_t *row)
{
	List *list = user;
	Cli *cli = list->cli;
	if (cli->json) {
		static const char *const names[] = { "name", "schedule", "zone", "next", "paused", "last", "last_state", "path", NULL };
		static const char *const times[] = { "next", "last", NULL };
		json_object_set(row, "next", json_object_get(row, "next_due"));
		json_object_set(row, "last", json_object_get(row, "last_at"));
		cli_row(cli, row, names, times);
	} else {
		g_autofree char *next = cli_time(cli, value_integer(row, "next_due", 0)), *last = cli_time(cli, value_integer(row, "last_at", 0));
		const char *state = value_string(row, "last_state", NULL), *paused = value_string(row, "paused", NULL);
		g_autofree char *said = g_strdup_printf("%s%s%s", last, state ? " " : "", state ? state : "");
		table_row(list->table, value_string(row, "name", ""), value_string(row, "schedule", ""), paused ? paused : next, said, NULL);
	}
	json_decref(row);
}

static int list_jobs(Cli *cli)
{
	static const char *const titles[] = { "JOB", "SCHEDULE", "NEXT", "LAST", NULL };
	List list = { cli, table_new(titles) };
	views_jobs(cli->host, see_job, &list);
	table_print(list.table, cli, cli->json ? NULL : "no jobs: files of jobs/ become known when `perigee serve` starts, or by `perigee upgrade`");
	return EXIT_DONE;
}

int command_jobs(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "run", NULL };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "jobs", argc, argv, NULL, words, 0, 2))
		return EXIT_USAGE;
	if (!words->len)
		return list_jobs(cli);
	if (!cli_word_of(cli, "jobs", "word", words->pdata[0], verbs))
		return EXIT_USAGE;
	if (words->len < 2)
		return cli_usage(cli, "jobs", "run: which job?");
	GError *error = NULL;
	bool is_new;
	int64_t run;
	g_autofree char *name = views_script(cli->host, words->pdata[1]);
	if (!name)
		name = versions_enter(cli->host, words->pdata[1], &is_new, &error);
	if (!name || !jobs_run(cli->host, name, &run, &error))
		return cli_fail_error(cli, error);
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:I}", "name", name, "run", (json_int_t)run));
	else
		cli_print(cli, "run %" G_GINT64_FORMAT " of %s is due now%s\n", run, name, cli->host->serving ? "" : "; `perigee serve` runs it");
	return EXIT_DONE;
}
