/* SPDX-License-Identifier: MIT */
/* broadcast: what is planned to go to many, whole; a person confirms or cancels it. */
#include "host/broadcasts.h"

#include "cli/groups.h"

#include <string.h>

enum { INDENT_TEXT = 4 };

static void row_json(Cli *cli, json_t *row)
{
	static const char *const names[] = {
		"id", "state", "channel", "account", "to", "template", "subject", "text", "at", "run", "sequence", "created_at", "confirmed_at", "done_at", "message", "rule",
		"reason", NULL,
	};
	static const char *const times[] = { "at", "created_at", "confirmed_at", "done_at", NULL };
	cli_row(cli, row, names, times);
}

static char *first_line(const char *text)
{
	g_autofree char *plain = cli_plain(text ? text : "", 60);
	return g_strdup(g_strstrip(plain));
}

static int list(Cli *cli, const char *state)
{
	static const char *const titles[] = { "ID", "STATE", "WHEN", "WHERE", "TEMPLATE", "TEXT", NULL };
	g_autoptr(json_t) rows = broadcasts_list(cli->host, state);
	Table *table = table_new(titles);
	size_t i;
	json_t *row;
	json_array_foreach(rows, i, row) {
		if (cli->json) {
			row_json(cli, row);
			continue;
		}
		g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, value_integer(row, "id", 0)), *at = cli_time(cli, value_integer(row, "at", 0));
		g_autofree char *where = g_strdup_printf("%s on %s", value_string(row, "to", ""), value_string(row, "channel", ""));
		g_autofree char *text = first_line(value_string(row, "text", ""));
		table_row(table, id, value_string(row, "state", ""), at, where, value_string(row, "template", ""), text, NULL);
	}
	table_print(table, cli, cli->json ? NULL : state && strcmp(state, "waiting") == 0 ? "no broadcast waits: `perigee broadcast --all` lists those that are over" :
	            "no broadcasts: a script plans one with perigee.broadcast");
	return EXIT_DONE;
}

static void line(Cli *cli, const char *what, const char *value)
{
	g_autofree char *plain = value ? cli_plain(value, 0) : NULL;
	if (plain && *plain)
		cli_print(cli, "  %-10s %s\n", what, plain);
}

static void time_line(Cli *cli, const json_t *row, const char *what, const char *name)
{
	g_autofree char *at = cli_time(cli, value_integer(row, name, 0));
	line(cli, what, at);
}

/* Everything that whoever confirms it should have read. */
static int show(Cli *cli, int64_t id)
{
	GError *error = NULL;
	g_autoptr(json_t) row = broadcasts_find(cli->host, id, &error);
	if (!row)
		return cli_fail_error(cli, error);
	if (cli->json) {
		row_json(cli, row);
		return EXIT_DONE;
	}
	const char *state = value_string(row, "state", "");
	g_autofree char *asked = g_strdup_printf("%s (run %" G_GINT64_FORMAT ")", value_string(row, "sequence", "?"), value_integer(row, "run", 0));
	cli_print(cli, "broadcast %" G_GINT64_FORMAT "\n", id);
	line(cli, "state", state);
	line(cli, "channel", value_string(row, "channel", ""));
	line(cli, "to", value_string(row, "to", ""));
	line(cli, "account", value_string(row, "account", ""));
	time_line(cli, row, "at", "at");
	line(cli, "template", value_string(row, "template", ""));
	line(cli, "asked by", asked);
	time_line(cli, row, "planned", "created_at");
	time_line(cli, row, "confirmed", "confirmed_at");
	time_line(cli, row, "over", "done_at");
	line(cli, "rule", value_string(row, "rule", NULL));
	line(cli, "because", value_string(row, "reason", NULL));
	line(cli, "subject", value_string(row, "subject", NULL));
	cli_print(cli, "\n");
	char indent[INDENT_TEXT + 1];
	memset(indent, ' ', INDENT_TEXT);
	indent[INDENT_TEXT] = 0;
	cli_block(cli, indent, value_string(row, "text", ""));
	if (strcmp(state, "planned") == 0) {
		g_autofree char *at = cli_time(cli, value_integer(row, "at", 0));
		cli_print(cli, "\nIt leaves if somebody confirms it before %s: perigee broadcast confirm %" G_GINT64_FORMAT "\n", at, id);
	}
	if (strcmp(state, "unknown") == 0)
		cli_print(cli, "\nNobody knows whether it is there. Look, then say: perigee messages resolve %" G_GINT64_FORMAT " sent (or again)\n",
		          value_integer(row, "message", 0));
	return EXIT_DONE;
}

static int decide(Cli *cli, int64_t id, bool confirms)
{
	GError *error = NULL;
	if (!(confirms ? broadcasts_confirm : broadcasts_cancel)(cli->host, id, &error))
		return cli_fail_error(cli, error);
	g_autoptr(json_t) row = broadcasts_find(cli->host, id, &error);
	if (!row)
		return cli_fail_error(cli, error);
	g_autofree char *at = cli_time(cli, value_integer(row, "at", 0));
	if (cli->json)
		row_json(cli, row);
	else if (confirms)
		cli_print(cli, "broadcast %" G_GINT64_FORMAT " leaves on %s%s\n", id, at, cli->host->serving ? "" : ", if `perigee serve` runs then");
	else
		cli_print(cli, "broadcast %" G_GINT64_FORMAT " does not leave\n", id);
	return EXIT_DONE;
}

int command_broadcast(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "list", "show", "confirm", "cancel", NULL };
	const char *state = NULL;
	bool all = false;
	const Option options[] = { { "--state", OPTION_TEXT, &state }, { "--all", OPTION_FLAG, &all }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	int64_t id;
	if (!cli_options(cli, "broadcast", argc, argv, options, words, 0, 2))
		return EXIT_USAGE;
	if (words->len && !cli_word_of(cli, "broadcast", "word", words->pdata[0], verbs))
		return EXIT_USAGE;
	const char *verb = words->len ? words->pdata[0] : "list";
	if (!cli_word_of(cli, "broadcast", "state", state, broadcasts_states))
		return EXIT_USAGE;
	if (strcmp(verb, "list") == 0)
		return list(cli, state ? state : all ? NULL : "waiting");
	if (words->len < 2 || !cli_number(words->pdata[1], &id))
		return cli_usage(cli, "broadcast", "%s: which one? `perigee broadcast` lists them", verb);
	return strcmp(verb, "show") == 0 ? show(cli, id) : decide(cli, id, strcmp(verb, "confirm") == 0);
}
