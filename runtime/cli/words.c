/* SPDX-License-Identifier: MIT */
/* Commands that show words as others see them: mail (what came), render (what would go). */
#include "cli/groups.h"
#include "host/contacts.h"
#include "host/handover.h"
#include "host/versions.h"
#include "host/views.h"
#include "host/workers.h"

#include <string.h>

enum {
	MAIL_CAP = 64 << 20,
	MAIL_PASSED = FRAME_CAP - 4096, /* of a longer mail the beginning is read: words come first, attachments after them */
	LIQUID_CAP = 1 << 20,
	PARTIALS = 500,
	PARTIALS_DEPTH = 8,
};

/* ---- mail ---- */

static json_t *copy_members(const json_t *from, const char *const *names)
{
	json_t *copy = json_object();
	for (; *names; names++) {
		json_t *value = json_object_get(from, *names);
		json_object_set_new(copy, *names, value ? json_incref(value) : json_null());
	}
	return copy;
}

/* The members of the contract (DESIGN.md section 13), those that belong to the kind. */
static json_t *mail_object(const char *file, const json_t *mail)
{
	static const char *const names[] = { "kind", "text", "in_reply_to", "references", "message_id", NULL };
	static const char *const bounce_names[] = { "recipient", "status", "action", "class", "reason", NULL };
	json_t *object = copy_members(mail, names);
	json_object_set_new(object, "file", json_string(file));
	const char *kind = value_string(mail, "kind", "other");
	if (!json_is_string(json_object_get(mail, "text")))
		json_object_set_new(object, "text", json_string(""));
	if (!json_is_array(json_object_get(mail, "references")))
		json_object_set_new(object, "references", json_array());
	if (strcmp(kind, "bounce") == 0) {
		json_t *bounces = json_array();
		const json_t *all = json_object_get(mail, "bounces");
		for (size_t i = 0; i < json_array_size(all); i++)
			json_array_append_new(bounces, copy_members(json_array_get(all, i), bounce_names));
		json_object_set_new(object, "bounces", bounces);
	}
	if (strcmp(kind, "auto_reply") == 0) {
		json_t *returns = json_object_get(mail, "returns");
		json_object_set_new(object, "returns", returns ? json_incref(returns) : json_null());
	}
	return object;
}

static void print_member(Cli *cli, const json_t *object, const char *key, const char *label)
{
	g_autofree char *text = cli_plain(value_string(object, key, ""), 0);
	if (*text)
		cli_print(cli, "  %-12s %s\n", label, text);
}

static void print_mail(Cli *cli, const char *file, const json_t *mail)
{
	cli_print(cli, "%s: %s\n", file, value_string(mail, "kind", "other"));
	print_member(cli, mail, "from", "from");
	print_member(cli, mail, "subject", "subject");
	print_member(cli, mail, "message_id", "message id");
	print_member(cli, mail, "in_reply_to", "answers");
	print_member(cli, mail, "returns", "returns");
	const json_t *bounces = json_object_get(mail, "bounces");
	for (size_t i = 0; i < json_array_size(bounces); i++) {
		const json_t *b = json_array_get(bounces, i);
		g_autofree char *line = g_strdup_printf("%s %s (%s, %s): %s", value_string(b, "recipient", "?"), value_string(b, "action", ""),
		                                        value_string(b, "status", "no status"), value_string(b, "class", "?"), value_string(b, "reason", ""));
		g_autofree char *plain = cli_plain(line, 0);
		cli_print(cli, "  %-12s %s\n", "bounce", plain);
	}
	cli_block(cli, "  | ", value_string(mail, "text", ""));
}

static void show_mail(Cli *cli, Host *host, const char *file)
{
	GError *error = NULL;
	size_t size;
	g_autofree char *bytes = cli_read_file(cli, file, MAIL_CAP, &size, &error);
	g_autoptr(json_t) mail = bytes ? workers_read_mail(host, bytes, MIN(size, (size_t)MAIL_PASSED), &error) : NULL;
	if (!bytes)
		cli_fail_error(cli, error);
	else if (!mail)
		cli_fail(cli, "%s: %s", file, error->message), g_clear_error(&error);
	else if (cli->json)
		cli_json(cli, mail_object(file, mail));
	else
		print_mail(cli, file, mail);
}

int command_mail(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	if (!cli_options(cli, "mail", argc, argv, NULL, files, 1, -1))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autoptr(Host) host = host_open(NULL, HOST_NOWHERE, cli->stdlib, &error);
	if (!host)
		return cli_fail_error(cli, error);
	for (guint i = 0; i < files->len; i++)
		show_mail(cli, host, files->pdata[i]);
	return cli->exit_code;
}

/* ---- render: plain Liquid ---- */

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

/* ---- render: a template of the workspace ---- */

static void print_rendered(Cli *cli, const char *channel, const json_t *result)
{
	g_autofree char *subject = cli_plain(value_string(result, "subject", ""), 0), *preheader = cli_plain(value_string(result, "preheader", ""), 0);
	if (*subject)
		cli_print(cli, "Subject: %s\n", subject);
	if (*preheader)
		cli_print(cli, "Preheader: %s\n", preheader);
	cli_print(cli, "Channel: %s\nPurpose: %s\n\n", channel, value_string(result, "purpose", "ask"));
	cli_block(cli, "", value_string(result, "text", ""));
}

static const Account *account_for(Host *host, const char *contact, const char *channel)
{
	g_autoptr(json_t) view = contacts_view(host, contact, NULL);
	return workspace_account_for(host->workspace, channel, value_string(view, "owner", NULL));
}

static int render_template(Cli *cli, const char *name, const char *word, const char *channel)
{
	Host *host = cli->host;
	GError *error = NULL;
	g_autofree char *contact = word ? contacts_resolve(host, word, &error) : views_first_contact(host);
	if (!contact)
		return error ? cli_fail_error(cli, error) : cli_fail(cli, "there is no contact to write to yet: `perigee contacts import contacts.csv`");
	versions_forget_templates(host); /* words as they stand in the files now */
	g_autoptr(Program) program = versions_template(host, name, &error);
	if (!program)
		return cli_fail_error(cli, error);
	const Account *account = account_for(host, contact, channel);
	g_autoptr(json_t) data = handover_data(host, contact, account, NULL, NULL);
	g_autoptr(json_t) options = handover_options(host, data, channel, NULL);
	g_autoptr(json_t) result = workers_render(host, program, data, options, NULL, &error);
	if (!result)
		return cli_fail_error(cli, error);
	if (cli->json) {
		if (!json_is_array(json_object_get(result, "attach"))) /* Lua knows no empty list */
			json_object_set_new(result, "attach", json_array());
		json_object_set_new(result, "contact", json_string(contact));
		json_object_set_new(result, "channel", json_string(channel));
		cli_json(cli, json_incref(result));
	} else {
		if (!word)
			cli_print(cli, "To: %s (--contact names another)\n", contact);
		print_rendered(cli, channel, result);
	}
	return EXIT_DONE;
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
	const Option options[] = { { "--contact", OPTION_TEXT, &contact }, { "--channel", OPTION_TEXT, &channel }, { "--data", OPTION_TEXT, &data },
		                   { "--partials", OPTION_TEXT, &partials }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "render", argc, argv, options, words, 1, 1))
		return EXIT_USAGE;
	if (data && (contact || channel))
		return cli_usage(cli, "render", "--data is for plain Liquid, without --contact and --channel");
	if (partials && !data)
		return cli_usage(cli, "render", "--partials goes with --data");
	if (data)
		return render_liquid(cli, words->pdata[0], data, partials);
	if (channel && !contacts_is_channel(channel))
		return cli_usage(cli, "render", "there is no channel '%s'", channel);
	g_autofree char *name = cli_template(words->pdata[0]);
	return render_template(cli, name, contact, channel ? channel : "email");
}
