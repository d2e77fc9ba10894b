/* SPDX-License-Identifier: MIT */
/*
 * A new workspace: the first one that `perigee init DIR` writes, or a copy of a recipe that ships (scripts/NAME, compiled into the
 * program). A recipe is a workspace that works as it is; the first sentence of its README says what it is for.
 */
#include "base/embed.h"
#include "cli/groups.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char STARTER[] = "starter";

/* ---- what ships ---- */

/* The file's name within its recipe; NULL: it is not of this one. */
static const char *within(const Embedded *e, const char *recipe)
{
	size_t length = strlen(recipe);
	return strncmp(e->name, recipe, length) == 0 && e->name[length] == '/' ? e->name + length + 1 : NULL;
}

static const Embedded *shipped(const char *recipe, const char *file)
{
	for (const Embedded *e = embedded_scripts; e->name; e++) {
		const char *name = within(e, recipe);
		if (name && strcmp(name, file) == 0)
			return e;
	}
	return NULL;
}

/* The recipes' names, sorted and NULL-ended; the first workspace is none of them. */
static GPtrArray *recipes(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	for (const Embedded *e = embedded_scripts; e->name; e++)
		if (g_str_has_suffix(e->name, "/perigee.lua") && !within(e, STARTER))
			g_ptr_array_add(names, g_path_get_dirname(e->name));
	g_ptr_array_add(names, NULL);
	return names;
}

/* The first sentence of the README's first paragraph, on one line. Caller frees. */
static char *purpose_of(const char *recipe)
{
	const Embedded *readme = shipped(recipe, "README.md");
	g_auto(GStrv) lines = g_strsplit(readme ? readme->data : "", "\n", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	for (char **line = lines; *line; line++) {
		char *words = g_strstrip(*line);
		if (*words && *words != '#')
			g_string_append_printf(text, "%s%s", text->len ? " " : "", words);
		else if (text->len)
			break;
	}
	const char *end = strstr(text->str, ". ");
	return g_strndup(text->str, end ? (gsize)(end + 1 - text->str) : text->len);
}

static int list_recipes(Cli *cli)
{
	enum { COLUMN = 24 }; /* at which the purposes begin */
	g_autoptr(GPtrArray) names = recipes();
	for (guint i = 0; names->pdata[i]; i++) {
		g_autofree char *purpose = purpose_of(names->pdata[i]);
		if (cli->json) {
			cli_json(cli, json_pack("{s:s, s:s}", "name", names->pdata[i], "purpose", purpose));
			continue;
		}
		g_autoptr(GString) row = g_string_new(NULL);
		g_string_printf(row, "  %-*s  ", COLUMN - 4, (const char *)names->pdata[i]);
		cli_wrap(cli, row, purpose, cli->columns - COLUMN, COLUMN);
		cli_print(cli, "%s\n", row->str);
	}
	if (!cli->json)
		cli_print(cli, "\n`perigee init DIR --from RECIPE` copies one into a folder of yours.\n");
	return EXIT_DONE;
}

static bool known(Cli *cli, const char *recipe)
{
	if (shipped(recipe, "perigee.lua"))
		return true;
	g_autoptr(GPtrArray) names = recipes();
	const char *near = cli_nearest(recipe, (const char *const *)names->pdata);
	if (near)
		cli_usage(cli, "init", "there is no recipe %s; did you mean %s?", recipe, near);
	else
		cli_usage(cli, "init", "there is no recipe %s: `perigee init --list` shows them", recipe);
	return false;
}

/* ---- writing ---- */

/* A folder that is there already must be empty: nothing of anybody's is written over. */
static bool make_folder(Cli *cli, const char *word, const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	if (dir && g_dir_read_name(dir)) {
		cli_fail(cli, "%s: the folder is not empty: name a new one", word);
		return false;
	}
	if (dir || g_mkdir_with_parents(path, 0777) == 0)
		return true;
	cli_fail(cli, "%s: %s", word, g_strerror(errno));
	return false;
}

static bool write_file(Cli *cli, const char *path, const char *name, const Embedded *e, json_t *files, GError **error)
{
	g_autofree char *file = g_build_filename(path, name, NULL);
	g_autofree char *folder = g_path_get_dirname(file);
	if (g_mkdir_with_parents(folder, 0777) != 0) {
		cli_fail(cli, "%s: %s", folder, g_strerror(errno));
		return false;
	}
	if (!g_file_set_contents_full(file, e->data, (gssize)e->size, G_FILE_SET_CONTENTS_NONE, 0666, error))
		return false;
	json_array_append_new(files, json_string(name));
	return true;
}

/* What a version control is to pass over is the same in every workspace. */
static bool write_recipe(Cli *cli, const char *recipe, const char *path, json_t *files, GError **error)
{
	static const char IGNORE[] = ".gitignore";
	for (const Embedded *e = embedded_scripts; e->name; e++) {
		const char *name = within(e, recipe);
		if (name && !write_file(cli, path, name, e, files, error))
			return false;
	}
	const Embedded *ignore = shipped(STARTER, IGNORE);
	return shipped(recipe, IGNORE) || !ignore || write_file(cli, path, IGNORE, ignore, files, error);
}

/* Tells editors (LuaLS) where the annotations of this installation lie: share/perigee/meta beside bin/. A program that was not installed
 * has none to tell of. */
static bool write_luarc(const char *path, json_t *files, GError **error)
{
	static const char NAME[] = ".luarc.json";
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL), *bin = self ? g_path_get_dirname(self) : NULL;
	g_autofree char *prefix = bin ? g_path_get_dirname(bin) : NULL, *meta = prefix ? g_build_filename(prefix, "share", "perigee", "meta", NULL) : NULL;
	g_autofree char *file = g_build_filename(path, NAME, NULL);
	if (!meta || !g_file_test(meta, G_FILE_TEST_IS_DIR) || g_file_test(file, G_FILE_TEST_EXISTS))
		return true;
	g_autoptr(json_t) settings = json_pack("{s:s, s:[s], s:b}", "runtime.version", "Lua 5.4", "workspace.library", meta,
	                                       "workspace.checkThirdParty", false);
	g_autofree char *text = json_dumps(settings, JSON_INDENT(2) | JSON_SORT_KEYS), *all = text ? g_strconcat(text, "\n", NULL) : NULL;
	if (!all || !g_file_set_contents_full(file, all, -1, G_FILE_SET_CONTENTS_NONE, 0666, error))
		return !all;
	json_array_append_new(files, json_string(NAME));
	return true;
}

/* ---- what comes next ---- */

static bool holds(const json_t *files, const char *file)
{
	for (size_t i = 0; i < json_array_size(files); i++)
		if (strcmp(json_string_value(json_array_get(files, i)), file) == 0)
			return true;
	return false;
}

/* The script to try first: the one that has the recipe's name, else the first sequence, else the first job. Caller frees. */
static char *first_script(const json_t *files, const char *recipe)
{
	static const char *const folders[] = { "sequences/", "jobs/" };
	for (size_t f = 0; f < G_N_ELEMENTS(folders); f++) {
		g_autofree char *own = g_strconcat(folders[f], recipe, ".lua", NULL);
		if (holds(files, own))
			return g_steal_pointer(&own);
	}
	for (size_t f = 0; f < G_N_ELEMENTS(folders); f++)
		for (size_t i = 0; i < json_array_size(files); i++)
			if (g_str_has_prefix(json_string_value(json_array_get(files, i)), folders[f]))
				return g_strdup(json_string_value(json_array_get(files, i)));
	return NULL;
}

static void say_next(Cli *cli, const char *word, const char *path, const char *recipe, const json_t *files)
{
	g_autofree char *script = first_script(files, recipe), *purpose = purpose_of(recipe);
	if (strcmp(recipe, STARTER) == 0)
		cli_print(cli, "%s is a workspace now, with a sequence, its templates, contacts and a test. Next:\n\n", word);
	else
		cli_print(cli, "%s is a workspace now, a copy of the recipe %s:\n%s\n\nNext:\n\n", word, recipe, purpose);
	if (strcmp(path, cli->cwd) != 0)
		cli_print(cli, "  cd %s\n", word);
	cli_print(cli, "  perigee check\n  perigee test\n");
	if (script)
		cli_print(cli, "  perigee sim %s --contacts contacts.csv%s\n", script, holds(files, "replies.csv") ? " --replies replies.csv" : "");
	cli_print(cli, "\nREADME.md there says how to go on.\n");
}

int command_init(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *recipe = NULL;
	bool list = false;
	const Option options[] = { { "--from", OPTION_TEXT, &recipe }, { "--list", OPTION_FLAG, &list }, { NULL, 0, NULL } };
	if (!cli_options(cli, "init", argc, argv, options, words, 0, 1))
		return EXIT_USAGE;
	if (list)
		return words->len || recipe ? cli_usage(cli, "init", "--list stands alone") : list_recipes(cli);
	if (!words->len)
		return cli_usage(cli, "init", "name the folder of the new workspace");
	recipe = recipe ? recipe : STARTER;
	if (!known(cli, recipe))
		return EXIT_USAGE;
	const char *word = words->pdata[0];
	g_autofree char *path = cli_path(cli, word);
	g_autoptr(json_t) files = json_array();
	g_autoptr(GError) error = NULL;
	if (!make_folder(cli, word, path) || !write_recipe(cli, recipe, path, files, &error) || !write_luarc(path, files, &error))
		return error ? cli_fail_error(cli, g_steal_pointer(&error)) : EXIT_FAILED;
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:s, s:O}", "dir", path, "recipe", recipe, "files", files));
	else
		say_next(cli, word, path, recipe, files);
	return EXIT_DONE;
}
