/* SPDX-License-Identifier: MIT */
/* check: what can be said of scripts and templates without running them (DESIGN.md sections 6 and 13). */
#include "cli/check.h"

#include "cli/explain.h"
#include "cli/groups.h"
#include "host/contacts.h"
#include "host/versions.h"
#include "host/views.h"

#include <string.h>

enum { SOURCE_CAP = 256 * 1024, CONTACTS_CAP = 64 << 20 };

/* ---- the rest of the workspace ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every file of a folder that ends in .lua, by name. */
static void each_lua(Check *c, const char *folder, void (*see)(void *user, const char *path, const char *text), void *user)
{
	g_autofree char *path = g_build_filename(c->host->workspace->dir, folder, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	while (dir && (name = g_dir_read_name(dir)))
		if (*name != '.' && g_str_has_suffix(name, ".lua"))
			g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *full = g_build_filename(c->host->workspace->dir, names->pdata[i], NULL);
		g_autofree char *text = NULL;
		gsize size;
		if (g_file_get_contents(full, &text, &size, NULL) && size <= SOURCE_CAP && strlen(text) == size)
			see(user, names->pdata[i], text);
	}
}

static void see_test(void *user, const char *path, const char *text)
{
	(void)text;
	check_test(user, path);
}

static void add_source(void *user, const char *path, const char *text)
{
	(void)path;
	g_string_append(((Check *)user)->sources, text);
}

static void bad_row(void *user, int line, const char *text)
{
	check_find(user, CHECK_WARNING, "bad-row", "contacts.csv", line, text);
}

/* What contacts have: those of contacts.csv, and those of the database if there is one; serve says what is wrong with one that can't
 * be read. */
static void read_contacts(Check *c)
{
	size_t size;
	g_autofree char *path = g_build_filename(c->host->workspace->dir, "contacts.csv", NULL);
	g_autofree char *text = cli_read_file(c->cli, path, CONTACTS_CAP, &size, NULL);
	ImportResult result = { 0 };
	GError *error = NULL;
	if (text && !contacts_import(c->host, "contacts.csv", text, size, false, false, false, bad_row, c, &result, &error))
		check_find_error(c, "bad-row", "contacts.csv", error);
	c->known = views_known_names(c->host->db);
	g_autoptr(Db) db = db_open_to_look(c->host->workspace->database);
	g_autoptr(json_t) more = db ? views_known_names(db) : NULL;
	if (more && c->known)
		json_object_update(c->known, more);
	else if (more)
		c->known = g_steal_pointer(&more);
}

static void check_all(Check *c)
{
	g_autoptr(GPtrArray) files = versions_files(c->host), templates = versions_templates(c->host);
	for (guint i = 0; i < files->len; i++)
		check_script(c, files->pdata[i]);
	for (guint i = 0; i < templates->len; i++)
		check_template(c, templates->pdata[i]);
	check_languages(c);
	each_lua(c, "tests", see_test, c);
}

/* A file or folder that was named. What it is follows from where it lies. */
static void check_path(Check *c, const char *word)
{
	g_autofree char *full = cli_path(c->cli, word), *prefix = g_strconcat(c->host->workspace->dir, "/", NULL);
	const char *path = g_str_has_prefix(full, prefix) ? full + strlen(prefix) : full;
	bool whole = strcmp(full, c->host->workspace->dir) == 0 || strcmp(path, "perigee.lua") == 0 || g_str_has_prefix(path, "lib/");
	if (whole || g_file_test(full, G_FILE_TEST_IS_DIR)) {
		check_all(c);
	} else if (g_str_has_prefix(path, "templates/")) {
		g_autofree char *name = cli_template(path);
		check_template(c, name);
	} else if (g_str_has_prefix(path, "tests/")) {
		check_test(c, path);
	} else {
		check_script(c, g_file_test(full, G_FILE_TEST_EXISTS) ? full : word);
	}
}

static void declared_free(void *data)
{
	json_decref(data);
}

static void check(Check *c, const GPtrArray *words)
{
	g_autoptr(GHashTable) declared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, declared_free);
	g_autoptr(GString) sources = g_string_new(NULL);
	c->declared = declared;
	c->sources = sources;
	each_lua(c, "lib", add_source, c); /* what these signal may be a template's vars */
	for (const char *const *folder = versions_folders; *folder; folder++)
		each_lua(c, *folder, add_source, c);
	read_contacts(c);
	for (guint i = 0; i < words->len; i++)
		check_path(c, words->pdata[i]);
	if (!words->len)
		check_all(c);
	check_signals(c);
	check_show(c);
	if (!c->cli->json && !c->faults)
		cli_print(c->cli, "%d %s, %d %s: no faults\n", c->scripts, c->scripts == 1 ? "script" : "scripts", c->templates,
		          c->templates == 1 ? "template" : "templates");
	else if (!c->cli->json)
		cli_print(c->cli, "%d %s\n", c->faults, c->faults == 1 ? "fault" : "faults");
	explain_hint(c->cli, c->code);
}

/* It opens the workspace itself, because a fault of perigee.lua is a finding like the others. */
int command_check(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "check", argc, argv, NULL, words, 0, -1))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autoptr(Host) host = host_open(cli->dir, HOST_FILES, cli->stdlib, &error);
	Check c;
	if (!host && g_error_matches(error, WORKSPACE_ERROR, WORKSPACE_ERROR_MISSING))
		return cli_fail_error(cli, error);
	check_init(&c, cli, host);
	if (host)
		check(&c, words);
	else
		check_find_error(&c, "bad-workspace", "perigee.lua", error);
	check_show(&c);
	check_clear(&c);
	return cli->exit_code;
}
