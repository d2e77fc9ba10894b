/* SPDX-License-Identifier: MIT */
/* What several groups of commands need: see groups.h. */
#include "cli/groups.h"

#include "host/views.h"

#include <string.h>

void cli_row(Cli *cli, const json_t *row, const char *const *names, const char *const *times)
{
	json_t *object = json_object();
	for (; *names; names++) {
		json_t *value = json_object_get(row, *names);
		if (g_strv_contains(times, *names))
			json_object_set_new(object, *names, cli_json_time(cli, json_integer_value(value)));
		else if (value)
			json_object_set(object, *names, value);
		else
			json_object_set_new(object, *names, json_null());
	}
	cli_json(cli, object);
}

bool cli_word_of(Cli *cli, const char *command, const char *what, const char *word, const char *const *words)
{
	if (!word || g_strv_contains(words, word))
		return true;
	const char *near = cli_nearest(word, words);
	g_autofree char *all = g_strjoinv(", ", (char **)words);
	if (near)
		cli_usage(cli, command, "there is no %s '%s'; did you mean %s?", what, word, near);
	else
		cli_usage(cli, command, "there is no %s '%s'; there are: %s", what, word, all);
	return false;
}

char *cli_script(Cli *cli, const char *word)
{
	char *name = views_script(cli->host, word);
	if (name)
		return name;
	g_auto(GStrv) names = views_scripts(cli->host);
	const char *near = cli_nearest(word, (const char *const *)names);
	if (near)
		cli_fail(cli, "no script \"%s\"; did you mean %s?", word, near);
	else
		cli_fail(cli, "no script \"%s\" has been entered; files become known when `perigee serve` starts, or by `perigee upgrade`", word);
	return NULL;
}

char *cli_template(const char *word)
{
	char *name = g_path_get_basename(word);
	char *dot = strchr(name, '.');
	if (dot)
		*dot = 0;
	return name;
}
