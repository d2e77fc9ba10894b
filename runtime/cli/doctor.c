/* SPDX-License-Identifier: MIT */
/* doctor: what could be wrong with this machine and this workspace, in rows, each with what to do. */
#include "cli/groups.h"

#include "base/finding.h"
#include "host/checkup.h"
#include "host/control.h"
#include "host/retention.h"

#include <string.h>
#include <unistd.h>

/* Groups of rows, in the order shown. */
static const char *const groups[] = { "safety", "mail", "keep" };

/* Mail takes seconds: at a terminal a line that is wiped again says that something happens. */
static void show_progress(void *user, size_t rows)
{
	Cli *cli = user;
	g_autofree char *text = g_strdup_printf("\r\033[Kmail: asking the DNS and the servers, %zu answer%s", rows, rows == 1 ? "" : "s");
	if (cli->tty)
		cli->write(cli->user, true, text, strlen(text));
}

/* What keep will drop, and when it last did. */
static json_t *keep_rows(Cli *cli, Host *host)
{
	g_autoptr(json_t) report = retention_report(host);
	json_t *rows = json_array();
	g_autofree char *last = cli_time(cli, value_integer(report, "last", 0)), *next = cli_time(cli, value_integer(report, "next", 0));
	Time late = host_now(host) - value_integer(report, "next", 0);
	bool overdue = late > 2 * TIME_DAY;
	finding_add(rows, "keep", overdue ? FINDING_WARN : FINDING_OK, "%s%s; %s%s", *last ? "last done " : "not done yet (perigee serve does it, at night)",
	            last, overdue ? "it is overdue: start perigee serve" : "next ", overdue ? "" : next);
	size_t i;
	json_t *row;
	json_array_foreach(json_object_get(report, "rows"), i, row) {
		g_autofree char *name = g_strdup_printf("keep.%s", value_string(row, "key", ""));
		int64_t n = value_integer(row, "count", 0);
		finding_add(rows, name, FINDING_OK, "%s: %" G_GINT64_FORMAT " %s %s", value_string(row, "keep", ""), n, value_string(row, "what", ""),
		            n ? "are older and go next" : "are older");
	}
	return rows;
}

/* Beside no owner the database is looked at as it stands. A workspace that can't be opened says so elsewhere. */
static json_t *keep_of(Cli *cli, Host *host)
{
	if (host->db)
		return keep_rows(cli, host);
	g_autoptr(Host) files = host_open(cli->dir, HOST_FILES, cli->stdlib, NULL);
	Db *look = files ? db_open_to_look(files->workspace->database) : NULL;
	if (!look)
		return json_array();
	db_close(files->db);
	files->db = look;
	Host *before = cli->host;
	cli->host = files;
	json_t *rows = keep_rows(cli, files);
	cli->host = before;
	return rows;
}

static json_t *rows_of(Cli *cli, Host *host, const char *group)
{
	if (strcmp(group, "keep") == 0)
		return keep_of(cli, host);
	if (strcmp(group, "safety") == 0)
		return checkup_safety(host, cli->dir);
	bool shown = cli->tty && !cli->json;
	if (shown)
		show_progress(cli, 0);
	json_t *rows = checkup_mail(host, cli->dir, shown ? show_progress : NULL, cli);
	if (shown)
		cli->write(cli->user, true, "\r\033[K", 4);
	return rows;
}

static void show(Cli *cli, Table *table, const char *group, const json_t *row)
{
	const char *name = value_string(row, "name", ""), *state = value_string(row, "state", ""), *text = value_string(row, "text", "");
	if (finding_state(state) == FINDING_FAIL)
		cli->exit_code = EXIT_FAILED;
	if (table) {
		g_autofree char *plain = cli_plain(text, 0);
		table_row(table, state, name, plain, NULL);
		return;
	}
	json_t *object = json_object();
	json_object_set_new(object, "group", json_string(group));
	json_object_set_new(object, "name", json_string(name));
	json_object_set_new(object, "state", json_string(state));
	json_object_set_new(object, "text", json_string(text));
	cli_json(cli, object);
}

/* only: a group, or NULL for all. */
static void examine(Cli *cli, Host *host, const char *only)
{
	static const char *const titles[] = { "STATE", "WHAT", "HOW IT IS", NULL };
	for (size_t g = 0; g < G_N_ELEMENTS(groups); g++) {
		if (only && strcmp(only, groups[g]) != 0)
			continue;
		g_autoptr(json_t) rows = rows_of(cli, host, groups[g]);
		Table *table = cli->json || json_array_size(rows) == 0 ? NULL : table_new(titles);
		size_t i;
		json_t *row;
		json_array_foreach(rows, i, row)
			show(cli, table, groups[g], row);
		if (table)
			table_print(table, cli, "");
		else if (!cli->json && only)
			cli_print(cli, strcmp(groups[g], "keep") == 0 ? "There is nothing to look at: this folder has no database yet.\n"
			                                              : "There is nothing to look at: perigee.lua has no e-mail account.\n");
	}
}

/* In the owner of the workspace if there is one: its user, limits and environment are those that count. */
int command_doctor(Cli *cli, int argc, char **argv)
{
	const Option options[] = { { NULL, 0, NULL } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "doctor", argc, argv, options, words, 0, 1))
		return EXIT_USAGE;
	const char *only = words->len ? words->pdata[0] : NULL;
	if (only && strcmp(only, groups[0]) != 0 && strcmp(only, groups[1]) != 0 && strcmp(only, groups[2]) != 0)
		return cli_usage(cli, "doctor", "there is no group %s: %s, %s or %s", only, groups[0], groups[1], groups[2]);
	if (cli->host) {
		examine(cli, cli->host, only);
		return cli->exit_code;
	}
	int fd = control_connect(cli->dir);
	if (fd >= 0) {
		close(fd);
		char name[] = "doctor-of-owner", *there[] = { name, (char *)only, NULL };
		return command_start(command_find(name), cli, only ? 2 : 1, there);
	}
	/* perigee.lua is not asked for, because it may be what is wrong. */
	GError *error = NULL;
	g_autoptr(Host) host = host_open(cli->dir, HOST_NOWHERE, cli->stdlib, &error);
	if (!host)
		return cli_fail_error(cli, error);
	examine(cli, host, only);
	return cli->exit_code;
}
