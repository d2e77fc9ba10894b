/* SPDX-License-Identifier: MIT */
/* Commands on the workspace as a whole: version, backup (init has a file of its own). */
#include "base/embed.h"
#include "cli/groups.h"
#include "cli/tar.h"
#include "host/versions.h"
#include "host/workers.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- version ---- */

int command_version(Cli *cli, int argc, char **argv)
{
	if (!cli_options(cli, "version", argc, argv, NULL, NULL, 0, 0))
		return EXIT_USAGE;
	int schema = 0;
	for (const Embedded *e = embedded_migrations; e->name; e++)
		schema = MAX(schema, (int)g_ascii_strtoll(e->name, NULL, 10));
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:i}", "version", PERIGEE_VERSION, "schema", schema));
	else
		cli_print(cli, "perigee %s (database schema %d)\n", PERIGEE_VERSION, schema);
	return EXIT_DONE;
}

/* ---- backup ---- */

/* What is copied stands in a list, so that a key which somebody keeps in the workspace never comes along. */
static const char *const backup_files[] = { "perigee.lua", "perigee.vault", "README.md", ".gitignore", "contacts.csv", NULL };
static const char *const backup_folders[] = { /* and those of scripts */
	"lib", "templates", "drivers", "tests", "recipes", "attachments", "files", "run/attachments", NULL,
};

typedef struct Backup {
	Cli *cli;
	Tar *tar;
	GHashTable *names; /* those that were added */
	const char *dir, *part; /* the workspace; the archive itself, which may stand in it */
} Backup;

static bool is_key(const char *name)
{
	return g_str_has_suffix(name, ".key") || g_str_has_suffix(name, ".pem");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds a file or folder of the workspace, if it is there. Links, hidden files and keys are passed over. */
static bool add_tree(Backup *b, const char *name, int depth, GError **error)
{
	g_autofree char *path = g_build_filename(b->dir, name, NULL);
	struct stat st;
	if (lstat(path, &st) < 0 || is_key(name) || depth > 32 || strcmp(path, b->part) == 0 || g_hash_table_contains(b->names, name))
		return true;
	if (S_ISREG(st.st_mode)) {
		g_hash_table_add(b->names, g_strdup(name));
		return tar_add(b->tar, name, path, error);
	}
	g_autoptr(GDir) dir = S_ISDIR(st.st_mode) ? g_dir_open(path, 0, error) : NULL;
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_free);
	const char *entry;
	while (dir && (entry = g_dir_read_name(dir)))
		if (*entry != '.')
			g_ptr_array_add(entries, g_build_filename(name, entry, NULL));
	g_ptr_array_sort(entries, by_name);
	for (guint i = 0; i < entries->len; i++)
		if (!add_tree(b, entries->pdata[i], depth + 1, error))
			return false;
	return dir || !S_ISDIR(st.st_mode);
}

/* Attachments may lie anywhere in the workspace: those that templates name. A name that is Liquid stands for its folder. */
static bool add_attached(Backup *b, const json_t *declared, GError **error)
{
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const json_t *attach = json_object_get(json_array_get(variants, i), "attach");
		for (size_t k = 0; k < json_array_size(attach); k++) {
			const char *word = json_string_value(json_array_get(attach, k)), *liquid = word ? strstr(word, "{{") : NULL;
			g_autofree char *plain = g_strndup(word ? word : "", liquid ? (gsize)(liquid - word) : word ? strlen(word) : 0);
			char *slash = liquid ? strrchr(plain, '/') : NULL;
			if (liquid)
				*(slash ? slash : plain) = 0;
			g_autofree char *full = g_canonicalize_filename(plain, b->dir);
			size_t length = strlen(b->dir);
			bool inside = *plain && strncmp(full, b->dir, length) == 0 && full[length] == '/' && !strstr(full, "/run/");
			if (inside && !add_tree(b, full + length + 1, 0, error))
				return false;
		}
	}
	return true;
}

static bool add_files(Backup *b, GError **error)
{
	for (const char *const *name = backup_files; *name; name++)
		if (!add_tree(b, *name, 0, error))
			return false;
	const char *const *const folders[] = { versions_folders, backup_folders };
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		for (const char *const *name = folders[i]; *name; name++)
			if (!add_tree(b, *name, 0, error))
				return false;
	g_autoptr(GPtrArray) templates = versions_templates(b->cli->host);
	for (guint i = 0; i < templates->len; i++) {
		g_autoptr(Program) program = versions_template(b->cli->host, templates->pdata[i], NULL);
		g_autoptr(json_t) declared = program ? workers_declare(b->cli->host, program, NULL) : NULL;
		if (!add_attached(b, declared, error))
			return false;
	}
	return true;
}

/* The database as it is at this moment, under the name that perigee.lua gives it. */
static bool add_database(Backup *b, GError **error)
{
	const Workspace *workspace = b->cli->host->workspace;
	g_autofree char *copy = g_strdup_printf("%s/run/backup-%d.db", b->dir, (int)getpid());
	g_autofree char *prefix = g_strconcat(b->dir, "/", NULL);
	g_autofree char *base = g_path_get_basename(workspace->database);
	const char *name = g_str_has_prefix(workspace->database, prefix) ? workspace->database + strlen(prefix) : base;
	unlink(copy);
	mode_t mask = umask(0077);
	bool ok = db_backup(b->cli->host->db, copy, error);
	umask(mask);
	ok = ok && tar_add(b->tar, name, copy, error);
	unlink(copy);
	return ok;
}

int command_backup(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "backup", argc, argv, NULL, words, 1, 1))
		return EXIT_USAGE;
	const char *word = words->pdata[0];
	g_autofree char *path = cli_path(cli, word), *part = g_strconcat(path, ".part", NULL);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return cli_fail(cli, "%s: exists already: name another file", word);
	GError *error = NULL;
	if (!host_commit(cli->host, &error))
		return cli_fail_error(cli, error);
	unlink(part); /* of a backup that was killed */
	g_autoptr(Tar) tar = tar_new(part, &error);
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Backup backup = { cli, tar, names, cli->host->workspace->dir, part };
	if (!tar || !add_database(&backup, &error) || !add_files(&backup, &error) || !tar_finish(tar, &error))
		return cli_fail_error(cli, error);
	if (rename(part, path) != 0)
		return cli_fail(cli, "%s: %s", word, g_strerror(errno));
	int n = (int)g_hash_table_size(names) + 1;
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:i}", "file", path, "files", n));
	else
		cli_print(cli, "%s: %d files. The key of the vault is not among them: keep it elsewhere.\n", word, n);
	return EXIT_DONE;
}
