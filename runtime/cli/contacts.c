/* SPDX-License-Identifier: MIT */
/* perigee contacts import / add / set / merge / list; `show` is contacts_show.c, the rest contacts_data.c. */
#include "cli/contacts.h"

#include "host/contacts.h"
#include "host/segments.h"

#include <string.h>

#define FILE_CAP ((size_t)256 << 20)

/* ---- import ----------------------------------------------------------------------------------------------------- */

typedef struct Shown {
	Cli *cli;
	const char *file;
	bool progress; /* a line without its end stands on the terminal */
} Shown;

static void wipe_progress(Shown *shown)
{
	if (shown->progress)
		shown->cli->write(shown->cli->user, true, "\r\033[K", 4);
	shown->progress = false;
}

static void show_bad(void *user, int line, const char *text)
{
	Shown *shown = user;
	wipe_progress(shown);
	g_autofree char *plain = cli_plain(text, 0);
	cli_fail(shown->cli, "%s:%d: %s", shown->file, line, plain);
}

static void show_progress(void *user, size_t done, size_t size)
{
	Shown *shown = user;
	g_autofree char *text = g_strdup_printf("\r%s: %d %%", shown->file, (int)(done * 100 / MAX(size, 1)));
	shown->cli->write(shown->cli->user, true, text, strlen(text));
	shown->progress = true;
}

static int show_result(Cli *cli, const ImportResult *r, bool dry)
{
	if (cli->json) {
		cli_json(cli, json_pack("{s:i, s:i, s:i, s:i, s:i, s:b}", "added", r->added, "updated", r->updated, "unchanged", r->unchanged,
		                        "skipped", r->skipped, "bad", r->bad, "dry_run", dry));
		return r->bad ? EXIT_FAILED : EXIT_DONE;
	}
	cli_print(cli, "%s%d added, %d updated, %d unchanged", dry ? "would be: " : "", r->added, r->updated, r->unchanged);
	if (r->skipped)
		cli_print(cli, ", %d skipped (they exist; --update changes them)", r->skipped);
	if (r->bad)
		cli_print(cli, ", %d bad row%s left out", r->bad, r->bad == 1 ? "" : "s");
	cli_print(cli, "\n");
	return r->bad ? EXIT_FAILED : EXIT_DONE;
}

static int contacts_command_import(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	Import import = { .on_bad = show_bad, .on_progress = cli->tty ? show_progress : NULL };
	const Option options[] = {
		{ "--update", OPTION_FLAG, &import.update }, { "--strict", OPTION_FLAG, &import.strict }, { "--dry-run", OPTION_FLAG, &import.dry }, { 0 },
	};
	if (!cli_options(cli, "contacts", argc, argv, options, words, 1, 1))
		return EXIT_USAGE;
	GError *error = NULL;
	ImportResult result;
	import.file = words->pdata[0];
	g_autofree char *text = cli_read_file(cli, import.file, FILE_CAP, &import.size, &error);
	if (!text)
		return cli_fail_error(cli, error);
	Shown shown = { cli, import.file, false };
	import.text = text;
	import.user = &shown;
	bool ok = contacts_import_file(cli->host, &import, &result, &error);
	wipe_progress(&shown);
	if (!ok && import.strict && result.bad > 0) {
		g_error_free(error); /* it is the first of the rows that have been shown */
		return cli_fail(cli, "nothing was imported: %d bad row%s (without --strict they are left out)", result.bad, result.bad == 1 ? "" : "s");
	}
	if (!ok) {
		cli_fail_error(cli, error);
		return cli_fail(cli, "nothing was imported");
	}
	if (!host_commit(cli->host, &error))
		return cli_fail_error(cli, error);
	return show_result(cli, &result, import.dry);
}

/* ---- add, set, merge -------------------------------------------------------------------------------------------- */

/* label=x adds one, unlabel=x takes it away; labels=a;b says all of them. */
static bool is_label(const char *word)
{
	return g_str_has_prefix(word, "label=") || g_str_has_prefix(word, "unlabel=");
}

static void change_labels(Cli *cli, const char *id, const GPtrArray *words)
{
	for (guint i = 0; i < words->len; i++)
		if (is_label(words->pdata[i]))
			contacts_label(cli->host, id, strchr(words->pdata[i], '=') + 1, *(const char *)words->pdata[i] == 'l');
}

/* KEY=VALUE words from the given one on, "" as null: remove. NULL: a usage error has been printed. */
static json_t *attributes(Cli *cli, const GPtrArray *words, guint from)
{
	g_autoptr(json_t) object = json_object();
	json_t *fields = json_object();
	json_object_set_new(object, "fields", fields);
	for (guint i = from; i < words->len; i++) {
		const char *word = words->pdata[i], *equals = strchr(word, '=');
		g_autofree char *key = equals ? g_strndup(word, (size_t)(equals - word)) : NULL;
		if (!key || !*key || !g_utf8_validate(word, -1, NULL)) {
			cli_usage(cli, "contacts", "'%s' is not KEY=VALUE", word);
			return NULL;
		}
		if (is_label(word))
			continue;
		if (!g_str_has_prefix(key, "json:")) {
			json_object_set_new(object, key, equals[1] ? json_string(equals + 1) : json_null());
			continue;
		}
		g_autoptr(GError) error = NULL;
		json_t *value = equals[1] ? value_parse(equals + 1, -1, &error) : json_null();
		if (!value) {
			cli_usage(cli, "contacts", "%s: %s", key, error->message);
			return NULL;
		}
		json_object_set_new(fields, key + 5, value);
	}
	return g_steal_pointer(&object);
}

static int said(Cli *cli, const char *id, const char *what)
{
	if (cli->json)
		cli_json(cli, contacts_show_line(cli, id));
	else
		cli_print(cli, "%s %s\n", id, what);
	return EXIT_DONE;
}

static int contacts_command_add(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 1, -1))
		return EXIT_USAGE;
	bool has_id = !strchr(words->pdata[0], '=');
	g_autoptr(json_t) object = attributes(cli, words, has_id);
	if (!object)
		return EXIT_USAGE;
	if (has_id)
		json_object_set_new(object, "id", json_string(words->pdata[0]));
	GError *error = NULL;
	g_autofree char *id = contacts_put(cli->host, object, false, "person", &error);
	if (!id)
		return cli_fail_error(cli, error);
	change_labels(cli, id, words);
	return said(cli, id, "added");
}

static int contacts_command_set(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 2, -1))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autofree char *id = contacts_resolve(cli->host, words->pdata[0], &error);
	g_autoptr(json_t) object = id ? attributes(cli, words, 1) : NULL;
	if (!id)
		return cli_fail_error(cli, error);
	if (!object)
		return EXIT_USAGE;
	if (json_object_get(object, "id"))
		return cli_fail(cli, "an id is for ever; add a contact with the new one and merge the old one into it");
	if (!contacts_replace(cli->host, id, object, "person", &error))
		return cli_fail_error(cli, error);
	change_labels(cli, id, words);
	return said(cli, id, "changed");
}

static int contacts_command_merge(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "contacts", argc, argv, NULL, words, 2, 2))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autofree char *into = contacts_resolve(cli->host, words->pdata[0], &error);
	g_autofree char *from = into ? contacts_resolve(cli->host, words->pdata[1], &error) : NULL;
	if (!from || !contacts_merge(cli->host, into, from, &error))
		return cli_fail_error(cli, error);
	g_autofree char *what = g_strdup_printf("has taken over what was %s's", from);
	return said(cli, into, what);
}

/* ---- list ------------------------------------------------------------------------------------------------------- */

/* "agent@x.example (shared with bo)" */
static void append_address(Cli *cli, GString *list, const char *id, const char *channel, const char *address)
{
	bool mail = strcmp(channel, "email") == 0;
	g_string_append_printf(list, "%s%s%s%s", list->len ? " " : "", mail ? "" : channel, mail ? "" : ":", address);
	g_autofree char *sharers = contacts_sharers(cli->host, id, channel, address);
	if (sharers)
		g_string_append_printf(list, " (shared with %s)", sharers);
}

static void list_row(Cli *cli, Table *table, const char *id)
{
	g_autoptr(json_t) view = contacts_view(cli->host, id, NULL);
	g_autoptr(GString) identities = g_string_new(NULL), labels = g_string_new(NULL);
	g_autofree char *main_address = contacts_address(cli->host, id, "email");
	if (main_address)
		append_address(cli, identities, id, "email", main_address);
	const char *channel;
	json_t *value;
	json_object_foreach(json_object_get(view, "identities"), channel, value)
		if (strcmp(channel, "email") != 0)
			append_address(cli, identities, id, channel, json_string_value(value));
	size_t i;
	json_array_foreach(json_object_get(view, "labels"), i, value)
		g_string_append_printf(labels, "%s%s", i ? ", " : "", json_string_value(value));
	table_row(table, id, value_string(view, "name", ""), identities->str, value_string(view, "stage", ""), labels->str, NULL);
}

static bool check_stage(Cli *cli, const char *stage)
{
	const char *const *stages = (const char *const *)cli->host->workspace->stages;
	static const char HAS[] = "SELECT 1 FROM contacts WHERE stage = ? LIMIT 1"; /* one that perigee.lua had once */
	if (g_strv_contains(stages, stage) || db_int(cli->host->db, 0, HAS, "s", stage))
		return true;
	g_autofree char *all = g_strjoinv(", ", cli->host->workspace->stages);
	const char *near = cli_nearest(stage, stages);
	cli_fail(cli, "there is no stage '%s'; %s%s%s", stage, near ? "did you mean '" : "perigee.lua has ", near ? near : all, near ? "'?" : "");
	return false;
}

/* Of ids those that are in the segment. */
static bool keep_segment(Cli *cli, const char *segment, GPtrArray *ids, GError **error)
{
	g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(g_free);
	if (!segments_ids(cli->host, segment, members, error))
		return false;
	guint kept = 0, m = 0;
	for (guint i = 0; i < ids->len; i++) { /* both are sorted */
		while (m < members->len && strcmp(members->pdata[m], ids->pdata[i]) < 0)
			m++;
		if (m < members->len && strcmp(members->pdata[m], ids->pdata[i]) == 0) {
			void *id = ids->pdata[i];
			ids->pdata[i] = ids->pdata[kept];
			ids->pdata[kept++] = id;
		}
	}
	g_ptr_array_set_size(ids, (int)kept);
	return true;
}

static const char STAGE[] = "SELECT stage FROM contacts WHERE id = ?";

/* "42 contacts: 30 prospect, 12 talking", in the order of perigee.lua. */
static void print_stages(Cli *cli, const GPtrArray *ids)
{
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	for (char **stage = cli->host->workspace->stages; *stage; stage++)
		g_ptr_array_add(order, *stage);
	for (guint i = 0; i < ids->len; i++) {
		char *stage = db_text(cli->host->db, STAGE, "s", (const char *)ids->pdata[i]);
		guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, stage)) + 1;
		if (n == 1 && !g_ptr_array_find_with_equal_func(order, stage, g_str_equal, NULL))
			g_ptr_array_add(order, stage); /* one that perigee.lua had once; the table owns it */
		g_hash_table_insert(counts, n == 1 ? stage : g_strdup(stage), GUINT_TO_POINTER(n));
		if (n > 1)
			g_free(stage);
	}
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < order->len; i++) {
		guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, order->pdata[i]));
		if (n)
			g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", n, (char *)order->pdata[i]);
	}
	if (ids->len > 1)
		cli_print(cli, "\n%u contacts: %s\n", ids->len, text->str);
}

static int contacts_command_list(Cli *cli, int argc, char **argv)
{
	static const char *const TITLES[] = { "ID", "NAME", "ADDRESSES", "STAGE", "LABELS", NULL };
	const char *label = NULL, *stage = NULL, *channel = NULL, *segment = NULL;
	const Option options[] = {
		{ "--label", OPTION_TEXT, &label }, { "--stage", OPTION_TEXT, &stage }, { "--channel", OPTION_TEXT, &channel },
		{ "--segment", OPTION_TEXT, &segment }, { 0 },
	};
	g_autoptr(GPtrArray) words = g_ptr_array_new(), ids = g_ptr_array_new_with_free_func(g_free);
	if (!cli_options(cli, "contacts", argc, argv, options, words, 0, 0))
		return EXIT_USAGE;
	g_autoptr(json_t) filter = json_pack("{s:s*, s:s*, s:s*}", "label", label, "stage", stage, "channel", channel);
	GError *error = NULL;
	if ((stage && !check_stage(cli, stage)) || !contacts_find_ids(cli->host, filter, ids, &error) || (segment && !keep_segment(cli, segment, ids, &error)))
		return error ? cli_fail_error(cli, error) : EXIT_FAILED;
	Table *table = cli->json ? NULL : table_new(TITLES);
	for (guint i = 0; i < ids->len; i++) {
		if (cli->json)
			cli_json(cli, contacts_show_line(cli, ids->pdata[i]));
		else
			list_row(cli, table, ids->pdata[i]);
	}
	if (table)
		table_print(table, cli, label || stage || channel || segment ? "no such contacts" : "no contacts yet: perigee contacts import FILE.csv");
	if (table)
		print_stages(cli, ids);
	return EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

int command_contacts(Cli *cli, int argc, char **argv)
{
	static const struct { const char *name; int (*run)(Cli *cli, int argc, char **argv); } PARTS[] = {
		{ "import", contacts_command_import }, { "add", contacts_command_add }, { "set", contacts_command_set },
		{ "merge", contacts_command_merge }, { "list", contacts_command_list }, { "show", contacts_command_show },
		{ "duplicates", contacts_command_duplicates }, { "export", contacts_command_export }, { "erase", contacts_command_erase },
		{ "requests", contacts_command_requests },
	};
	static const char *const NAMES[] = { "import", "add", "set", "merge", "list", "show", "duplicates", "export", "erase", "requests", NULL };
	g_autofree char *all = g_strjoinv(", ", (GStrv)NAMES);
	/* --json may stand before the word, too. */
	int at = 1;
	while (at < argc && strcmp(argv[at], "--json") == 0) {
		cli->json = true;
		at++;
	}
	if (at >= argc)
		return cli_usage(cli, "contacts", "what is to be done? One of %s", all);
	for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++)
		if (strcmp(argv[at], PARTS[i].name) == 0)
			return PARTS[i].run(cli, argc - at, argv + at);
	const char *near = cli_nearest(argv[at], NAMES);
	return cli_usage(cli, "contacts", "'%s' is not one of %s%s%s%s", argv[at], all,
	                 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
