/* SPDX-License-Identifier: MIT */
/* render: what somebody would get, for one contact or all of them; and plain Liquid with --data. */
#include "cli/groups.h"
#include "host/attach.h"
#include "host/contacts.h"
#include "host/documents.h"
#include "host/handover.h"
#include "host/versions.h"
#include "host/views.h"
#include "host/workers.h"

#include <string.h>

enum {
	LIQUID_CAP = 1 << 20,
	PARTIALS = 500,
	PARTIALS_DEPTH = 8,
	SHOWN = 50, /* of --all, failures told one by one */
};

/* ---- plain Liquid ---- */

typedef struct Partials {
	Cli *cli;
	Program *program;
	int n;
	size_t bytes;
} Partials;

static bool add_partial(Partials *p, const char *name, const char *source)
{
	program_add(p->program, name, source);
	p->bytes += strlen(source);
	return p->bytes < FRAME_CAP - LIQUID_CAP && ++p->n <= PARTIALS;
}

/* Each file below DIR is a partial of its own path; the worker finds "a/b" as a/b, else as a/b.liquid. */
static bool add_partials(Partials *p, const char *dir, const char *prefix, int depth, GError **error)
{
	g_autoptr(GDir) folder = g_dir_open(dir, 0, error);
	const char *file;
	bool ok = folder != NULL;
	while (ok && (file = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, file, NULL);
		g_autofree char *name = g_strconcat(prefix, file, NULL);
		if (*file == '.' || !g_utf8_validate(file, -1, NULL))
			continue;
		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			g_autofree char *below = g_strconcat(name, "/", NULL);
			ok = depth >= PARTIALS_DEPTH || add_partials(p, path, below, depth + 1, error);
			continue;
		}
		size_t size;
		g_autofree char *source = cli_read_file(p->cli, path, LIQUID_CAP, &size, error);
		ok = source != NULL;
		if (ok && g_utf8_validate(source, (gssize)size, NULL) && !add_partial(p, name, source)) {
			g_set_error(error, WORKERS_ERROR, WORKERS_ERROR_REFUSED, "%s: too many partials, or too long ones (%d files, %u bytes)", dir, PARTIALS,
			            FRAME_CAP - LIQUID_CAP);
			ok = false;
		}
	}
	return ok;
}

static Program *liquid_program(Cli *cli, const char *file, const char *partials, GError **error)
{
	size_t size;
	g_autofree char *source = cli_read_file(cli, file, LIQUID_CAP, &size, error);
	if (!source)
		return NULL;
	if (strlen(source) != size || !g_utf8_validate(source, (gssize)size, NULL)) {
		g_set_error(error, WORKERS_ERROR, WORKERS_ERROR_REFUSED, "%s: not UTF-8 text", file);
		return NULL;
	}
	g_autoptr(Program) program = program_new(PROGRAM_LIQUID, file);
	program_add(program, file, source);
	Partials p = { cli, program, 0, 0 };
	g_autofree char *dir = partials ? cli_path(cli, partials) : NULL;
	if (dir && !add_partials(&p, dir, "", 0, error))
		return NULL;
	return program_seal(g_steal_pointer(&program));
}

static json_t *liquid_data(Cli *cli, const char *file, GError **error)
{
	g_autofree char *text = cli_read_file(cli, file, VALUE_BYTES, NULL, error);
	GError *wrong = NULL;
	json_t *data = text ? value_parse(text, -1, &wrong) : NULL;
	if (!text || json_is_object(data))
		return data;
	g_set_error(error, VALUE_ERROR, VALUE_ERROR_SYNTAX, "%s: %s", file, wrong ? wrong->message : "an object {...} is needed");
	g_clear_error(&wrong);
	json_decref(data);
	return NULL;
}

static int render_liquid(Cli *cli, const char *file, const char *data_file, const char *partials)
{
	GError *error = NULL;
	g_autoptr(json_t) data = liquid_data(cli, data_file, &error);
	g_autoptr(Program) program = data ? liquid_program(cli, file, partials, &error) : NULL;
	g_autoptr(Host) host = program ? host_open(NULL, HOST_NOWHERE, cli->stdlib, &error) : NULL;
	if (!host)
		return cli_fail_error(cli, error);
	g_autoptr(json_t) options = json_object();
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(json_t) result = workers_render(host, program, data, options, &bytes, &error);
	if (!result)
		return cli_fail_error(cli, error);
	cli->write(cli->user, false, (const char *)bytes->data, bytes->len);
	return EXIT_DONE;
}

/* ---- a template of the workspace ---- */

typedef struct Rendering {
	Cli *cli;
	Program *program;
	const char *name;
	json_t *vars; /* as a script would give them */
} Rendering;

static void print_rendered(Cli *cli, const char *channel, const json_t *result)
{
	g_autofree char *subject = cli_plain(value_string(result, "subject", ""), 0), *preheader = cli_plain(value_string(result, "preheader", ""), 0);
	if (*subject)
		cli_print(cli, "Subject: %s\n", subject);
	if (*preheader)
		cli_print(cli, "Preheader: %s\n", preheader);
	cli_print(cli, "Channel: %s\nPurpose: %s\n", channel, value_string(result, "purpose", "ask"));
	const json_t *files = json_object_get(result, "attachments");
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		g_autofree char *size = g_format_size((guint64)value_integer(file, "size", 0)), *name = cli_plain(value_string(file, "name", ""), 0);
		cli_print(cli, "%s: %s (%s)\n", value_true(file, "inline") ? "Inline" : json_object_get(file, "document") ? "Document" : "Attachment",
		          name, size);
	}
	cli_print(cli, "\n");
	cli_block(cli, "", value_string(result, "text", ""));
}

/* As sim, it pretends an account for a channel that has none. */
static const Account *account_for(Host *host, const char *contact, const char *channel)
{
	g_autoptr(json_t) view = contacts_view(host, contact, NULL);
	const Account *account = workspace_account_for(host->workspace, channel, value_string(view, "owner", NULL));
	return account ? account : workspace_pretend_account(host->workspace, channel);
}

static json_t *rendered(Rendering *r, const char *contact, const char *channel, GError **error)
{
	Host *host = r->cli->host;
	g_autoptr(json_t) data = handover_data(host, contact, account_for(host, contact, channel), NULL, r->vars);
	g_autoptr(json_t) options = handover_options(host, data, channel, NULL);
	return workers_render(host, r->program, data, options, NULL, error);
}

/* The files and documents that go with it; NULL: without one of them nothing would be sent. */
static GPtrArray *files_of(Rendering *r, const char *contact, const char *channel, const json_t *result, GError **error)
{
	Host *host = r->cli->host;
	g_autoptr(GPtrArray) files = attach_find(host, contact, json_object_get(result, "attach"), NULL, json_object_get(result, "inline"), "0", error);
	g_autoptr(GPtrArray) names = documents_names(json_object_get(result, "documents"), NULL);
	if (!files || !names->len)
		return g_steal_pointer(&files);
	g_autoptr(json_t) data = handover_data(host, contact, account_for(host, contact, channel), NULL, r->vars);
	g_autoptr(GPtrArray) documents = documents_render(host, names, data, value_string(json_object_get(data, "contact"), "locale", NULL), error);
	return documents && attach_join(files, documents, error) ? g_steal_pointer(&files) : NULL;
}

/* Instead of the names that the template gives, the files. */
static bool add_files(Rendering *r, const char *contact, const char *channel, json_t *result, GError **error)
{
	g_autoptr(GPtrArray) files = files_of(r, contact, channel, result, error);
	json_t *list = files ? json_array() : NULL;
	for (guint i = 0; files && i < files->len; i++) {
		const Attachment *file = files->pdata[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:b, s:s*}", "name", file->name, "type", file->type, "size", (json_int_t)file->size,
		                                      "inline", file->id != NULL, "document", file->document));
	}
	json_object_del(result, "inline");
	json_object_del(result, "links"); /* examples */
	return list && json_object_set_new(result, "attachments", list) == 0;
}

static bool show_rendered(Rendering *r, const char *contact, const char *channel, GError **error)
{
	Cli *cli = r->cli;
	g_autoptr(json_t) result = rendered(r, contact, channel, error);
	if (!result || !add_files(r, contact, channel, result, error))
		return false;
	if (!cli->json) {
		print_rendered(cli, channel, result);
		return true;
	}
	static const char *const lists[] = { "attach", "documents" };
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		if (!json_is_array(json_object_get(result, lists[i]))) /* Lua knows no empty list */
			json_object_set_new(result, lists[i], json_array());
	json_object_set_new(result, "contact", json_string(contact));
	json_object_set_new(result, "channel", json_string(channel));
	cli_json(cli, json_incref(result));
	return true;
}

/* E-mail, and each other channel that the contact can be reached on and the template has words of its own for. */
static GPtrArray *channels_of(Rendering *r, const char *contact)
{
	GPtrArray *channels = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(channels, g_strdup("email"));
	g_autoptr(json_t) view = contacts_view(r->cli->host, contact, NULL);
	g_autoptr(json_t) declared = workers_declare(r->cli->host, r->program, NULL);
	const json_t *variants = json_object_get(declared, "variants"), *identities = json_object_get(view, "identities");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const json_t *list = json_object_get(json_array_get(variants, i), "channels");
		for (size_t k = 0; k < json_array_size(list); k++) {
			const char *channel = json_string_value(json_array_get(list, k));
			if (channel && json_object_get(identities, channel) && !g_ptr_array_find_with_equal_func(channels, channel, g_str_equal, NULL))
				g_ptr_array_add(channels, g_strdup(channel));
		}
	}
	return channels;
}

static int render_one(Rendering *r, const char *word, const char *channel)
{
	Cli *cli = r->cli;
	GError *error = NULL;
	g_autofree char *contact = word ? contacts_resolve(cli->host, word, &error) : views_first_contact(cli->host);
	if (!contact)
		return error ? cli_fail_error(cli, error) : cli_fail(cli, "there is no contact to write to yet: `perigee contacts import contacts.csv`");
	if (!word && !cli->json)
		cli_print(cli, "To: %s (--contact names another)\n", contact);
	if (channel || !word)
		return show_rendered(r, contact, channel ? channel : "email", &error) ? EXIT_DONE : cli_fail_error(cli, error);
	g_autoptr(GPtrArray) channels = channels_of(r, contact);
	for (guint i = 0; i < channels->len; i++) {
		if (i && !cli->json)
			cli_print(cli, "\n");
		if (!show_rendered(r, contact, channels->pdata[i], &error))
			cli_fail_error(cli, g_steal_pointer(&error));
	}
	return cli->exit_code;
}

/* A template that says what its page is called is no message. */
static bool is_document(Rendering *r)
{
	g_autoptr(json_t) declared = workers_declare(r->cli->host, r->program, NULL);
	const json_t *first = json_array_get(json_object_get(declared, "variants"), 0);
	bool named = json_object_get(first, "title") || json_object_get(first, "filename");
	return named && !json_object_get(first, "subject");
}

/* The page itself, as it would be attached. */
static int render_document(Rendering *r, const char *word)
{
	Cli *cli = r->cli;
	Host *host = cli->host;
	GError *error = NULL;
	g_autofree char *contact = word ? contacts_resolve(host, word, &error) : views_first_contact(host), *filename = NULL;
	if (!contact)
		return error ? cli_fail_error(cli, error) : cli_fail(cli, "there is no contact to write to yet: `perigee contacts import contacts.csv`");
	g_autoptr(json_t) data = handover_data(host, contact, account_for(host, contact, "email"), NULL, r->vars);
	g_autoptr(GBytes) page = documents_page(host, r->name, data, value_string(json_object_get(data, "contact"), "locale", NULL), &filename, &error);
	if (!page)
		return cli_fail_error(cli, error);
	gsize size;
	const char *bytes = g_bytes_get_data(page, &size);
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:s, s:s, s:I, s:s%}", "contact", contact, "document", r->name, "filename", filename, "size", (json_int_t)size,
		                        "html", bytes, (size_t)size));
	else
		cli->write(cli->user, false, bytes, size);
	return EXIT_DONE;
}

static const char CONTACTS[] = "SELECT id FROM contacts ORDER BY id";

/* Who would get nothing, and why. */
static int render_all(Rendering *r, const char *channel)
{
	Cli *cli = r->cli;
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(cli->host->db, CONTACTS, "");
	while (rows_next(rows))
		g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
	guint failed = 0;
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) result = rendered(r, ids->pdata[i], channel, &error);
		bool good = result && add_files(r, ids->pdata[i], channel, result, &error);
		failed += !good;
		if (cli->json)
			cli_json(cli, json_pack("{s:s, s:s, s:b, s:s?}", "contact", ids->pdata[i], "channel", channel, "ok", good, "error",
			                        error ? error->message : NULL));
		else if (error && failed <= SHOWN)
			cli_print(cli, "%-20s %s\n", (char *)ids->pdata[i], error->message);
	}
	if (!cli->json && failed > SHOWN)
		cli_print(cli, "... and %u more\n", failed - SHOWN);
	if (!cli->json)
		cli_print(cli, "%s by %s: %u of %u contacts would get it, %u would not\n", r->name, channel, ids->len - failed, ids->len, failed);
	return failed ? EXIT_FAILED : EXIT_DONE;
}

/* NAME=VALUE, any number of them; NULL: one that is not so. */
static json_t *read_vars(GPtrArray *words)
{
	g_autoptr(json_t) vars = json_object();
	for (guint i = 0; words && i < words->len; i++) {
		const char *word = words->pdata[i], *equals = strchr(word, '=');
		if (!equals || equals == word || !g_utf8_validate(word, -1, NULL))
			return NULL;
		g_autofree char *name = g_strndup(word, (gsize)(equals - word));
		json_object_set_new(vars, name, json_string(equals + 1));
	}
	return g_steal_pointer(&vars);
}

static int render_template(Cli *cli, const char *name, const char *word, const char *channel, bool all, bool document, json_t *vars)
{
	GError *error = NULL;
	versions_forget_templates(cli->host); /* words as they stand in the files now */
	g_autoptr(Program) program = versions_template(cli->host, name, &error);
	if (!program)
		return cli_fail_error(cli, error);
	Rendering r = { cli, program, name, vars };
	if (!all && !channel && (document || is_document(&r)))
		return render_document(&r, word);
	return all ? render_all(&r, channel ? channel : "email") : render_one(&r, word, channel);
}

bool command_render_anywhere(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--data") == 0 || g_str_has_prefix(argv[i], "--data="))
			return true;
	return false;
}

int command_render(Cli *cli, int argc, char **argv)
{
	const char *contact = NULL, *channel = NULL, *data = NULL, *partials = NULL;
	bool all = false, document = false;
	GPtrArray *typed = NULL;
	const Option options[] = { { "--contact", OPTION_TEXT, &contact }, { "--channel", OPTION_TEXT, &channel }, { "--data", OPTION_TEXT, &data },
		                   { "--partials", OPTION_TEXT, &partials }, { "--all", OPTION_FLAG, &all }, { "--document", OPTION_FLAG, &document },
		                   { "--var", OPTION_TEXTS, &typed }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "render", argc, argv, options, words, 1, 1))
		return EXIT_USAGE;
	g_autoptr(GPtrArray) named = typed;
	if (document && (data || channel || all))
		return cli_usage(cli, "render", "--document prints the page of one contact, without --data, --channel and --all");
	if (data && (contact || channel || all))
		return cli_usage(cli, "render", "--data is for plain Liquid, without --contact, --all and --channel");
	if (all && contact)
		return cli_usage(cli, "render", "--contact is one of them, --all is everyone");
	if (partials && !data)
		return cli_usage(cli, "render", "--partials goes with --data");
	if (data)
		return render_liquid(cli, words->pdata[0], data, partials);
	g_autoptr(json_t) vars = read_vars(named);
	if (!vars)
		return cli_usage(cli, "render", "--var is NAME=VALUE");
	if (channel && !contacts_is_channel(channel))
		return cli_usage(cli, "render", "there is no channel '%s'", channel);
	g_autofree char *name = cli_template(words->pdata[0]);
	return render_template(cli, name, contact, channel, all, document, vars);
}
