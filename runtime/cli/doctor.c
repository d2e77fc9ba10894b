/* SPDX-License-Identifier: MIT */
/* doctor: what could be wrong with this machine and this workspace, in rows, each with what to do. */
#include "cli/groups.h"

#include "base/finding.h"
#include "host/checkup.h"
#include "host/control.h"

#include <unistd.h>

/* Groups of rows, in the order shown. */
static const struct {
	const char *name;
	json_t *(*rows)(Host *host, const char *dir);
} groups[] = {
	{ "safety", checkup_safety },
};

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

static void examine(Cli *cli, Host *host)
{
	static const char *const titles[] = { "STATE", "WHAT", "HOW IT IS", NULL };
	for (size_t g = 0; g < G_N_ELEMENTS(groups); g++) {
		Table *table = cli->json ? NULL : table_new(titles);
		g_autoptr(json_t) rows = groups[g].rows(host, cli->dir);
		size_t i;
		json_t *row;
		json_array_foreach(rows, i, row)
			show(cli, table, groups[g].name, row);
		if (table)
			table_print(table, cli, "");
	}
}

/* In the owner of the workspace if there is one: its user, limits and environment are those that count. */
int command_doctor(Cli *cli, int argc, char **argv)
{
	const Option options[] = { { NULL, 0, NULL } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "doctor", argc, argv, options, words, 0, 0))
		return EXIT_USAGE;
	if (cli->host) {
		examine(cli, cli->host);
		return cli->exit_code;
	}
	int fd = control_connect(cli->dir);
	if (fd >= 0) {
		close(fd);
		char name[] = "doctor-of-owner", *there[] = { name, NULL };
		return command_start(command_find(name), cli, 1, there);
	}
	/* perigee.lua is not asked for, because it may be what is wrong. */
	GError *error = NULL;
	g_autoptr(Host) host = host_open(cli->dir, HOST_NOWHERE, cli->stdlib, &error);
	if (!host)
		return cli_fail_error(cli, error);
	examine(cli, host);
	return cli->exit_code;
}
