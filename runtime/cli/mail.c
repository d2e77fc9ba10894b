/* SPDX-License-Identifier: MIT */
/* mail: how an incoming mail is understood. */
#include "cli/groups.h"
#include "host/workers.h"

#include <string.h>

enum {
	MAIL_CAP = 64 << 20,
	MAIL_PASSED = FRAME_CAP - 4096, /* of a longer mail the beginning is read: words come first, attachments after them */
};

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
