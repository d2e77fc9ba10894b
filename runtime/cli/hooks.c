/* SPDX-License-Identifier: MIT */
/* hooks: the workspace's own webhooks, their last requests, and giving one a request by hand. */
#include "host/hooks.h"

#include "cli/groups.h"
#include "host/versions.h"
#include "host/views.h"

#include <string.h>

G_STATIC_ASSERT((int)COMMAND_INPUT_MOST >= (int)HOOKS_BODY_MOST);

typedef struct List {
	Cli *cli;
	Table *table;
	GPtrArray *remarks; /* char * */
} List;

static void hook_json(Cli *cli, const json_t *row)
{
	static const char *const names[] = {
		"name", "title", "verify", "requests", "last", "last_run", "last_state", "last_outcome", "last_error", "paused", "path", NULL,
	};
	static const char *const times[] = { "last", NULL };
	json_object_set((json_t *)row, "last", json_object_get(row, "last_at"));
	cli_row(cli, row, names, times);
}

static void hook_row(List *list, const json_t *row)
{
	const char *name = value_string(row, "name", ""), *state = value_string(row, "last_state", NULL);
	const char *outcome = value_string(row, "last_outcome", NULL), *error = value_string(row, "last_error", NULL), *paused = value_string(row, "paused", NULL);
	g_autofree char *at = cli_time(list->cli, value_integer(row, "last_at", 0));
	g_autofree char *last = state ? g_strdup_printf("%s %s", at, outcome && strcmp(state, "done") == 0 ? outcome : state) : g_strdup("never");
	g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, value_integer(row, "requests", 0));
	table_row(list->table, name, last, count, value_string(row, "verify", ""), NULL);
	if (paused)
		g_ptr_array_add(list->remarks, g_strdup_printf("%s is paused: %s", name, paused));
	if (error)
		g_ptr_array_add(list->remarks, g_strdup_printf("%s: run %" G_GINT64_FORMAT " %s: %s", name, value_integer(row, "last_run", 0), state ? state : "", error));
}

static void see_hook(void *user, json_t *row)
{
	List *list = user;
	if (list->cli->json)
		hook_json(list->cli, row);
	else
		hook_row(list, row);
	json_decref(row);
}

static int list_hooks(Cli *cli)
{
	static const char *const titles[] = { "HOOK", "LAST", "REQUESTS", "VERIFIED BY", NULL };
	g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
	List list = { cli, table_new(titles), remarks };
	views_hooks(cli->host, see_hook, &list);
	table_print(list.table, cli, cli->json ? NULL : "no hooks: files of hooks/ become known when `perigee serve` starts, or by `perigee upgrade`");
	for (guint i = 0; i < remarks->len; i++) {
		g_autofree char *line = cli_plain(remarks->pdata[i], 0);
		cli_print(cli, "%s%s\n", i ? "" : "\n", line);
	}
	return EXIT_DONE;
}

/* ---- a request by hand ------------------------------------------------------------------------------------------- */

/* "NAME: VALUE"; a header given twice has both values with a comma between, as one from a network has (RFC 9110, section 5.3). The host
 * looks at them closely. NULL: the usage error has been printed. */
static json_t *headers_of(Cli *cli, const GPtrArray *typed)
{
	g_autoptr(json_t) headers = json_object();
	for (guint i = 0; typed && i < typed->len; i++) {
		g_auto(GStrv) parts = g_strsplit(typed->pdata[i], ":", 2);
		if (g_strv_length(parts) != 2 || !*g_strstrip(parts[0])) {
			cli_usage(cli, "hooks", "--header \"%s\": 'NAME: VALUE' is needed", (const char *)typed->pdata[i]);
			return NULL;
		}
		g_autofree char *name = g_ascii_strdown(parts[0], -1);
		const char *other = value_string(headers, name, NULL), *text = g_strstrip(parts[1]);
		json_object_set_new(headers, name, other ? json_sprintf("%s, %s", other, text) : json_string(text));
	}
	return g_steal_pointer(&headers);
}

static int give(Cli *cli, const char *word, HookRequest *request)
{
	GError *error = NULL;
	bool is_new;
	int64_t run;
	g_autofree char *name = views_script(cli->host, word);
	if (!name)
		name = versions_enter(cli->host, word, &is_new, &error);
	if (!name || !hooks_deliver(cli->host, name, request, &run, &is_new, &error))
		return cli_fail_error(cli, error);
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:I, s:b}", "name", name, "run", (json_int_t)run, "new", is_new));
	else if (is_new)
		cli_print(cli, "run %" G_GINT64_FORMAT " of %s is due now%s\n", run, name, cli->host->serving ? "" : "; `perigee serve` runs it");
	else
		cli_print(cli, "this delivery came before: run %" G_GINT64_FORMAT " of %s has it, and it is not run again\n", run, name);
	return EXIT_DONE;
}

int command_hooks(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "run", NULL };
	const char *path = NULL;
	HookRequest request = { 0 };
	GPtrArray *typed = NULL;
	const Option options[] = { { "--header", OPTION_TEXTS, &typed }, { "--method", OPTION_TEXT, &request.method }, { "--path", OPTION_TEXT, &path }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "hooks", argc, argv, options, words, 0, 2))
		return EXIT_USAGE;
	g_autoptr(GPtrArray) headers_typed = typed;
	if (!words->len)
		return list_hooks(cli);
	if (!cli_word_of(cli, "hooks", "word", words->pdata[0], verbs))
		return EXIT_USAGE;
	if (words->len < 2)
		return cli_usage(cli, "hooks", "run: which hook?");
	g_autoptr(json_t) headers = headers_of(cli, headers_typed);
	if (!headers)
		return EXIT_USAGE;
	g_auto(GStrv) parts = path ? g_strsplit(path, "?", 2) : NULL;
	request.path = parts ? parts[0] : NULL;
	request.query = parts && parts[0] ? parts[1] : NULL;
	request.headers = headers;
	request.body = cli->input ? cli->input : "";
	request.size = cli->input ? cli->input_size : 0;
	return give(cli, words->pdata[1], &request);
}
