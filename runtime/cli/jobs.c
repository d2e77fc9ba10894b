/* SPDX-License-Identifier: MIT */
/* jobs: what is run on a schedule, and running one now. */
#include "host/jobs.h"

#include "cli/groups.h"
#include "host/versions.h"
#include "host/views.h"

#include <string.h>

enum { NEXT_MOST = 100 };

typedef struct List {
	Cli *cli;
	Table *table;
	GPtrArray *rests; /* char *: why this job or that one rests */
	int next;         /* how many times are asked for */
} List;

static json_t *times_json(Cli *cli, const Time *next, int n)
{
	json_t *list = json_array();
	for (int i = 0; i < n; i++)
		json_array_append_new(list, cli_json_time(cli, next[i]));
	return list;
}

static void job_json(List *list, json_t *row, const Time *next, int n, const char *rests)
{
	static const char *const names[] = {
		"name", "title", "schedule", "zone", "missed", "overlap", "jitter", "next", "next_times", "rests", "paused", "last", "last_run", "last_state",
		"last_outcome", "last_error", "path", NULL,
	};
	static const char *const times[] = { "next", "last", NULL };
	json_object_set_new(row, "next", n ? json_integer(next[0]) : json_null());
	json_object_set_new(row, "next_times", times_json(list->cli, next, n));
	json_object_set_new(row, "rests", rests ? json_string(rests) : json_null());
	json_object_set(row, "last", json_object_get(row, "last_at"));
	cli_row(list->cli, row, names, times);
}

/* "2026-11-20 09:00 done", or how the run ended that did not end well. */
static char *last_words(Cli *cli, const json_t *row)
{
	const char *state = value_string(row, "last_state", NULL), *outcome = value_string(row, "last_outcome", NULL);
	g_autofree char *at = cli_time(cli, value_integer(row, "last_at", 0));
	if (!state)
		return g_strdup("never");
	bool is_good = strcmp(state, "done") == 0 && outcome;
	return g_strdup_printf("%s %s", at, is_good ? outcome : state);
}

/* A time that has come already waits for the run before it (`overlap`, or times that are made up). */
static char *next_words(Cli *cli, const json_t *row, Time next)
{
	static const char *const live[] = { "ready", "waiting", "sending", NULL };
	bool waits = next <= host_now(cli->host) && g_strv_contains(live, value_string(row, "last_state", ""));
	return waits ? g_strdup_printf("after run %" G_GINT64_FORMAT, value_integer(row, "last_run", 0)) : cli_time(cli, next);
}

static void job_rows(List *list, json_t *row, const Time *next, int n, const char *rests)
{
	Cli *cli = list->cli;
	const char *name = value_string(row, "name", ""), *zone = value_string(row, "zone", "");
	bool elsewhere = strcmp(zone, cli->host->workspace->timezone) != 0;
	g_autofree char *schedule = g_strdup_printf("%s%s%s", value_string(row, "schedule", ""), elsewhere ? " in " : "", elsewhere ? zone : "");
	g_autofree char *first = n ? next_words(cli, row, next[0]) : NULL, *last = last_words(cli, row);
	table_row(list->table, name, rests || !first ? "rests" : first, last, schedule, NULL);
	for (int i = 1; i < n && !rests; i++) {
		g_autofree char *at = cli_time(cli, next[i]);
		table_row(list->table, "", at, "", "", NULL);
	}
	if (rests)
		g_ptr_array_add(list->rests, g_strdup_printf("%s rests: %s", name, rests));
	const char *error = value_string(row, "last_error", NULL);
	if (error)
		g_ptr_array_add(list->rests, g_strdup_printf("%s: run %" G_GINT64_FORMAT " %s: %s", name, value_integer(row, "last_run", 0),
		                                             value_string(row, "last_state", ""), error));
}

static void see_job(void *user, json_t *row)
{
	List *list = user;
	Time next[NEXT_MOST];
	const char *name = value_string(row, "name", "");
	int n = jobs_next(list->cli->host, name, next, list->next);
	g_autofree char *rests = jobs_rests(list->cli->host, name);
	(list->cli->json ? job_json : job_rows)(list, row, next, n, rests);
	json_decref(row);
}

static int list_jobs(Cli *cli, int next)
{
	static const char *const titles[] = { "JOB", "NEXT", "LAST", "SCHEDULE", NULL };
	g_autoptr(GPtrArray) rests = g_ptr_array_new_with_free_func(g_free);
	List list = { cli, table_new(titles), rests, next };
	views_jobs(cli->host, see_job, &list);
	table_print(list.table, cli, cli->json ? NULL : "no jobs: files of jobs/ become known when `perigee serve` starts, or by `perigee upgrade`");
	for (guint i = 0; i < rests->len; i++) {
		g_autofree char *line = cli_plain(rests->pdata[i], 0);
		cli_print(cli, "%s%s\n", i ? "" : "\n", line);
	}
	return EXIT_DONE;
}

static void add_name(void *user, json_t *row)
{
	g_strv_builder_add(user, value_string(row, "name", ""));
	json_decref(row);
}

/* The job that was meant by a name that none has. */
static int no_such_job(Cli *cli, const char *word, GError *error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	views_jobs(cli->host, add_name, builder);
	g_auto(GStrv) names = g_strv_builder_end(builder);
	const char *near = cli_nearest(word, (const char *const *)names);
	g_autofree char *all = g_strjoinv(", ", names);
	if (!g_error_matches(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN))
		return cli_fail_error(cli, error);
	g_error_free(error);
	if (near)
		return cli_fail(cli, "there is no job '%s'; did you mean %s?", word, near);
	return *names ? cli_fail(cli, "there is no job '%s'; there are: %s", word, all)
	              : cli_fail(cli, "there is no job '%s', and no other: a job is a file jobs/NAME.lua", word);
}

static int run_now(Cli *cli, const char *word)
{
	GError *error = NULL;
	bool is_new;
	int64_t run;
	g_autofree char *name = views_script(cli->host, word);
	if (!name)
		name = versions_enter(cli->host, word, &is_new, &error);
	if (!name)
		return no_such_job(cli, word, error);
	if (!jobs_run(cli->host, name, &run, &error))
		return cli_fail_error(cli, error);
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:I}", "name", name, "run", (json_int_t)run));
	else
		cli_print(cli, "run %" G_GINT64_FORMAT " of %s is due now%s\n", run, name, cli->host->serving ? "" : "; `perigee serve` runs it");
	return EXIT_DONE;
}

int command_jobs(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "run", NULL };
	int64_t next = 1;
	const Option options[] = { { "--next", OPTION_NUMBER, &next }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "jobs", argc, argv, options, words, 0, 2))
		return EXIT_USAGE;
	if (next < 1 || next > NEXT_MOST)
		return cli_usage(cli, "jobs", "--next takes a number from 1 to %d", NEXT_MOST);
	if (!words->len)
		return list_jobs(cli, (int)next);
	if (!cli_word_of(cli, "jobs", "word", words->pdata[0], verbs))
		return EXIT_USAGE;
	if (words->len < 2)
		return cli_usage(cli, "jobs", "run: which job?");
	return run_now(cli, words->pdata[1]);
}
