/* SPDX-License-Identifier: MIT */
/* perigee contacts duplicates / export / erase / requests: the data as such, of one person or of all. */
#include "cli/contacts.h"

#include "cli/tar.h"
#include "host/contact_files.h"
#include "host/contacts.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* ---- duplicates ------------------------------------------------------------------------------------------------- */

/* The command as it can be typed: an id may hold a space or a quote. */
static char *merge_command(const char *contact, const char *other)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@";
	g_autofree char *a = strspn(contact, PLAIN) == strlen(contact) ? g_strdup(contact) : g_shell_quote(contact);
	g_autofree char *b = strspn(other, PLAIN) == strlen(other) ? g_strdup(other) : g_shell_quote(other);
	return g_strdup_printf("perigee contacts merge %s %s", a, b);
}

int contacts_command_duplicates(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 0, 0))
		return EXIT_USAGE;
	g_autoptr(json_t) pairs = contacts_duplicates(cli->host);
	size_t i, k;
	json_t *pair, *reason;
	json_array_foreach(pairs, i, pair) {
		g_autofree char *command = merge_command(value_string(pair, "contact", ""), value_string(pair, "other", ""));
		if (cli->json) {
			json_object_set_new(pair, "command", json_string(command));
			cli_json(cli, json_incref(pair));
			continue;
		}
		cli_print(cli, "%s and %s\n", value_string(pair, "contact", ""), value_string(pair, "other", ""));
		json_array_foreach(json_object_get(pair, "reasons"), k, reason) {
			g_autofree char *plain = cli_plain(json_string_value(reason), 0);
			cli_print(cli, "  %s\n", plain);
		}
		cli_print(cli, "  %s\n", command);
	}
	if (!cli->json && json_array_size(pairs) == 0)
		cli_print(cli, "nobody seems to be there twice\n");
	return EXIT_DONE;
}

/* ---- export ----------------------------------------------------------------------------------------------------- */

/* In pieces: it may be larger than a frame of the control socket. */
static void write_out(Cli *cli, const char *text)
{
	size_t size = strlen(text);
	for (size_t done = 0, step; done < size; done += step) {
		step = MIN(size - done, (size_t)64 << 10);
		cli->write(cli->user, false, text + done, step);
	}
}

static int export_all(Cli *cli, const char *file)
{
	g_autofree char *text = contacts_export(cli->host);
	if (!file) {
		write_out(cli, text);
		return EXIT_DONE;
	}
	GError *error = NULL;
	g_autofree char *path = cli_path(cli, file);
	if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
		return cli_fail_error(cli, error);
	return EXIT_DONE;
}

typedef struct Packing {
	Tar *tar;
	char *folder; /* of what is written to be packed */
	GError *error;
} Packing;

static void pack_file(void *user, const char *name, const char *path)
{
	Packing *packing = user;
	g_autofree char *inside = g_strconcat("attachments/", name, NULL);
	if (!packing->error)
		tar_add(packing->tar, inside, path, &packing->error);
}

static void pack_bytes(Packing *packing, const char *name, const void *bytes, size_t size)
{
	g_autofree char *path = g_build_filename(packing->folder, "part", NULL);
	if (!packing->error && g_file_set_contents_full(path, bytes, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, &packing->error))
		tar_add(packing->tar, name, path, &packing->error);
	g_unlink(path);
}

static const char MAILS[] = "SELECT id, raw FROM messages WHERE contact = ? AND raw IS NOT NULL ORDER BY id";

/* person.json, their whole mails as far as they are kept, and the files of their folder. */
static bool export_tar(Cli *cli, const char *id, const char *path, const char *json, GError **error)
{
	g_autofree char *template = g_build_filename(cli->host->workspace->dir, "run", "export-XXXXXX", NULL);
	g_autoptr(Tar) tar = tar_new(path, error);
	if (!tar)
		return false;
	Packing packing = { .tar = tar, .folder = g_mkdtemp(template) };
	if (!packing.folder) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s can't be made: perigee writes to the folder run/", template);
		return false;
	}
	pack_bytes(&packing, "person.json", json, strlen(json));
	Rows *rows = db_query(cli->host->db, MAILS, "s", id);
	while (rows_next(rows)) {
		size_t size;
		const void *bytes = rows_bytes(rows, 1, &size);
		g_autofree char *name = g_strdup_printf("mail/%" G_GINT64_FORMAT ".eml", rows_int(rows, 0));
		pack_bytes(&packing, name, bytes, size);
	}
	contact_files_each(cli->host, id, pack_file, &packing);
	g_rmdir(packing.folder);
	if (packing.error) {
		g_propagate_error(error, packing.error);
		return false;
	}
	return tar_finish(tar, error);
}

static int export_person(Cli *cli, const char *word, const char *file)
{
	GError *error = NULL;
	g_autofree char *id = contacts_resolve(cli->host, word, &error);
	if (!id) {
		cli_fail_error(cli, error);
		return cli_fail(cli, "(all contacts go into a file whose name ends in .csv)");
	}
	g_autoptr(json_t) person = contacts_person(cli->host, id);
	g_autofree char *flat = value_text(person), *path = file ? cli_path(cli, file) : NULL;
	char *pretty = json_dumps(person, JSON_INDENT(2));
	g_autofree char *text = g_strconcat(cli->json ? flat : pretty, "\n", NULL);
	free(pretty);
	bool tar = file && g_str_has_suffix(file, ".tar");
	bool ok = !file || (tar ? export_tar(cli, id, path, text, &error)
	                        : g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error));
	if (!ok)
		return cli_fail_error(cli, error);
	if (!file)
		write_out(cli, text);
	contacts_request_note(cli->host, id, "export", "person");
	return host_commit(cli->host, &error) ? EXIT_DONE : cli_fail_error(cli, error);
}

int contacts_command_export(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 0, 2))
		return EXIT_USAGE;
	const char *first = words->len ? words->pdata[0] : NULL;
	bool all = words->len < 2 && (!first || strchr(first, '/') || g_str_has_suffix(first, ".csv"));
	return all ? export_all(cli, first) : export_person(cli, first, words->len > 1 ? words->pdata[1] : NULL);
}

/* ---- erase ------------------------------------------------------------------------------------------------------ */

/* Those who share an address with them keep it. */
static void say_shared(Cli *cli, const json_t *sharers)
{
	size_t i;
	json_t *sharer;
	g_autoptr(GString) names = g_string_new(NULL);
	json_array_foreach((json_t *)sharers, i, sharer)
		g_string_append_printf(names, "%s%s", i ? ", " : "", json_string_value(sharer));
	if (names->len)
		cli_print(cli, "an address of theirs is also that of %s, and stays there\n", names->str);
}

int contacts_command_erase(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	bool yes = false;
	const Option options[] = { { "--yes", OPTION_FLAG, &yes }, { 0 } };
	if (!cli_options(cli, "contacts", argc, argv, options, words, 1, 1))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autofree char *id = contacts_resolve(cli->host, words->pdata[0], &error);
	if (!id)
		return cli_fail_error(cli, error);
	if (!yes)
		return cli_usage(cli, "contacts", "erasing '%s' stops their runs and removes their profile, messages, notes and events for ever, and they"
		                 " will never be written to again: say it with --yes", id);
	g_autoptr(json_t) profile = contacts_profile(cli->host, id);
	int kept = 0;
	if (!contacts_erase(cli->host, id, &kept, &error) || !host_commit(cli->host, &error))
		return cli_fail_error(cli, error);
	/* The write-ahead log holds pages as they were before. */
	db_empty_log(cli->host->db);
	if (cli->json) {
		cli_json(cli, json_pack("{s:s, s:b, s:i}", "id", id, "erased", true, "kept", kept));
		return EXIT_DONE;
	}
	cli_print(cli, "%s is erased\n", id);
	say_shared(cli, json_object_get(profile, "shared"));
	if (kept)
		cli_print(cli, "%d step%s or request%s of other runs that go on name%s them: those go once the runs have ended and keep.journals is over\n", kept,
		          kept == 1 ? "" : "s", kept == 1 ? "" : "s", kept == 1 ? "s" : "");
	cli_print(cli, "copies made by `perigee backup` before today still hold their data\n");
	return EXIT_DONE;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

int contacts_command_requests(Cli *cli, int argc, char **argv)
{
	static const char *const TITLES[] = { "AT", "WHAT", "BY", NULL };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 0, 1))
		return EXIT_USAGE;
	g_autoptr(json_t) list = contacts_requests(cli->host, words->len ? words->pdata[0] : NULL);
	Table *table = cli->json ? NULL : table_new(TITLES);
	size_t i;
	json_t *row;
	json_array_foreach(list, i, row) {
		Time at = value_integer(row, "at", 0);
		g_autofree char *shown = cli_time(cli, at);
		const char *kind = value_string(row, "kind", ""), *cause = value_string(row, "cause", "");
		if (table)
			table_row(table, shown, strcmp(kind, "export") == 0 ? "their data was exported" : "erased",
			          strcmp(cause, "keep") == 0 ? "keep.contacts" : "a person", NULL);
		else
			cli_json(cli, json_pack("{s:o, s:s, s:s}", "at", cli_json_time(cli, at), "kind", kind, "cause", cause));
	}
	if (table)
		table_print(table, cli, words->len ? "nothing was asked about them" : "nobody's data was exported or erased");
	return EXIT_DONE;
}
