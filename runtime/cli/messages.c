/* SPDX-License-Identifier: MIT */
/* Commands on the ledger: messages (list, cancel, resolve) and send. */
#include "host/ledger.h"

#include "cli/explain.h"
#include "cli/groups.h"
#include "host/contacts.h"
#include "host/requests.h"
#include "host/versions.h"
#include "host/views.h"

#include <string.h>

typedef struct List {
	Cli *cli;
	Table *table;
	int unknown, requests; /* whose outcome nobody knows */
	const char *code; /* of the first message that needs an explanation (static); NULL: none */
} List;

/* The rule that holds or refused a message, else a state in which nothing goes on by itself (static), or NULL. */
static const char *message_code(const json_t *row)
{
	static const char *const rest[] = { "unknown", "held", "unreadable", "withdrawn", "refused", NULL };
	const char *state = value_string(row, "state", ""), *rule = codes_find(CODES_OF_RULES, value_string(row, "rule", NULL));
	bool open = strcmp(state, "queued") == 0 || g_strv_contains(rest, state);
	return !open ? NULL : rule ? rule : g_strv_contains(rest, state) ? codes_find(CODES_OF_MESSAGES, state) : NULL;
}

/* What a person wants to know of a message beside its state: what went wrong, or what it waits for. */
static char *remark(const Cli *cli, const json_t *row)
{
	const char *error = value_string(row, "error", NULL), *reason = value_string(row, "reason", NULL);
	if (strcmp(value_string(row, "state", ""), "queued") != 0)
		return g_strdup(error ? error : "");
	g_autofree char *due = cli_time(cli, value_integer(row, "due", 0));
	const char *why = reason ? reason : error ? error : "";
	return g_strdup_printf("%s%s%s%s", why, *why && *due ? ", " : "", *due ? "not before " : "", due);
}

static void see_message(void *user, json_t *row)
{
	static const char *const names[] = { "id", "at", "contact", "run", "channel", "account", "direction", "state", "template", "subject",
		                             "message_id", "error", "reason", NULL };
	static const char *const times[] = { "at", NULL };
	List *list = user;
	const char *state = value_string(row, "state", "");
	list->code = list->code ? list->code : message_code(row);
	const char *request = value_string(row, "id", NULL); /* "r12": no message */
	if (strcmp(state, "unknown") == 0)
		*(request ? &list->requests : &list->unknown) += 1;
	if (list->cli->json) {
		cli_row(list->cli, row, names, times);
	} else {
		g_autofree char *id = request ? g_strdup(request) : g_strdup_printf("%" G_GINT64_FORMAT, value_integer(row, "id", 0));
		g_autofree char *at = cli_time(list->cli, value_integer(row, "at", 0));
		g_autofree char *what = remark(list->cli, row);
		const char *template_name = value_string(row, "template", NULL), *subject = value_string(row, "subject", NULL);
		table_row(list->table, id, at, value_string(row, "contact", ""), value_string(row, "channel", ""),
		          strcmp(value_string(row, "direction", ""), "in") == 0 ? "<" : ">", state, subject ? subject : template_name ? template_name : "",
		          what, NULL);
	}
	json_decref(row);
}

static int list_messages(Cli *cli, const char *state, const char *contact)
{
	static const char *const titles[] = { "ID", "AT", "CONTACT", "CHANNEL", "", "STATE", "SUBJECT", "REMARK", NULL };
	if (!cli_word_of(cli, "messages", "state", state, views_message_states))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autofree char *id = contact ? contacts_resolve(cli->host, contact, &error) : NULL;
	if (contact && !id)
		return cli_fail_error(cli, error);
	List list = { cli, table_new(titles), 0, 0, NULL };
	views_messages(cli->host, state, id, see_message, &list);
	if (g_strcmp0(state, "unknown") == 0)
		views_unknown_requests(cli->host, id, see_message, &list);
	table_print(list.table, cli, cli->json ? NULL : "no messages");
	if (list.unknown && !cli->json)
		cli_print(cli, "\nNobody knows whether the unknown %s arrived. Look in the mailbox's Sent folder or ask, then say\n"
		               "`perigee messages resolve ID sent`, or `... again` to have it sent once more.\n", list.unknown == 1 ? "one" : "ones");
	if (list.requests && !cli->json)
		cli_print(cli, "\nNobody knows whether the %s of scripts (r...) %s carried out; their runs have been told so and gone on. Look there,\n"
		               "mend what needs it, then say `perigee messages resolve ID sent`.\n", list.requests == 1 ? "request" : "requests",
		          list.requests == 1 ? "was" : "were");
	explain_hint(cli, list.code);
	return EXIT_DONE;
}

static bool message_number(Cli *cli, const char *word, int64_t *id)
{
	if (cli_number(word, id) && *id > 0)
		return true;
	cli_usage(cli, "messages", "a message is a number (`perigee messages` lists them), not '%s'", word);
	return false;
}

static void print_state(Cli *cli, int64_t id, const char *state, const char *text)
{
	if (cli->json)
		cli_json(cli, json_pack("{s:I, s:s}", "id", (json_int_t)id, "state", state));
	else
		cli_print(cli, "message %" G_GINT64_FORMAT " %s\n", id, text);
}

static int cancel(Cli *cli, const GPtrArray *words)
{
	if (words->len < 2)
		return cli_usage(cli, "messages", "cancel: which? say its ID");
	for (guint i = 1; i < words->len; i++) {
		GError *error = NULL;
		int64_t id;
		if (!message_number(cli, words->pdata[i], &id))
			return EXIT_USAGE;
		if (ledger_cancel(cli->host, id, &error))
			print_state(cli, id, "cancelled", "cancelled");
		else
			cli_fail_error(cli, error);
	}
	return cli->exit_code;
}

/* A request of a script ("r12"): its run has gone on, so a person can only say that it has been seen. */
static int resolve_request(Cli *cli, const char *word)
{
	GError *error = NULL;
	int64_t id;
	if (!cli_number(word + 1, &id) || id <= 0)
		return cli_usage(cli, "messages", "a request is r and a number (`perigee messages --state unknown` lists them), not '%s'", word);
	if (!requests_resolve(cli->host, id, &error))
		return cli_fail_error(cli, error);
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:s}", "id", word, "state", "resolved"));
	else
		cli_print(cli, "request %s is no longer listed; it is not made again, because its run has gone on\n", word);
	return EXIT_DONE;
}

static int resolve(Cli *cli, const GPtrArray *words)
{
	int64_t id;
	if (words->len != 3 || (strcmp(words->pdata[2], "sent") != 0 && strcmp(words->pdata[2], "again") != 0))
		return cli_usage(cli, "messages", "resolve: say the ID, and \"sent\" or \"again\"");
	if (g_str_has_prefix(words->pdata[1], "r"))
		return resolve_request(cli, words->pdata[1]);
	if (!message_number(cli, words->pdata[1], &id))
		return EXIT_USAGE;
	GError *error = NULL;
	if (!ledger_resolve(cli->host, id, words->pdata[2], &error))
		return cli_fail_error(cli, error);
	bool again = strcmp(words->pdata[2], "again") == 0;
	print_state(cli, id, words->pdata[2], again ? "will be sent again" : "counts as sent");
	return EXIT_DONE;
}

int command_messages(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "cancel", "resolve", NULL };
	const char *state = NULL, *contact = NULL;
	const Option options[] = { { "--state", OPTION_TEXT, &state }, { "--contact", OPTION_TEXT, &contact }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "messages", argc, argv, options, words, 0, -1))
		return EXIT_USAGE;
	if (!words->len)
		return list_messages(cli, state, contact);
	if (!cli_word_of(cli, "messages", "word", words->pdata[0], verbs))
		return EXIT_USAGE;
	if (state || contact)
		return cli_usage(cli, "messages", "--state and --contact are for the list");
	return strcmp(words->pdata[0], "cancel") == 0 ? cancel(cli, words) : resolve(cli, words);
}

int command_send(Cli *cli, int argc, char **argv)
{
	const char *to = NULL, *as = NULL, *key_file = NULL;
	const Option options[] = { { "--to", OPTION_TEXT, &to }, { "--as", OPTION_TEXT, &as }, { "--key-file", OPTION_TEXT, &key_file }, { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "send", argc, argv, options, words, 1, 1))
		return EXIT_USAGE;
	if (!to || !as)
		return cli_usage(cli, "send", "%s is missing", to ? "--as CONTACT" : "--to ADDRESS");
	GError *error = NULL;
	g_autofree char *contact = contacts_resolve(cli->host, as, &error);
	if (!contact)
		return cli_fail_error(cli, error);
	if (key_file && !cli->host->key_file)
		cli->host->key_file = cli_path(cli, key_file);
	g_autofree char *said = NULL, *name = cli_template(words->pdata[0]);
	if (!ledger_test(cli->host, to, name, contact, &said, &error))
		return cli_fail_error(cli, error);
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:s, s:s, s:s?}", "to", to, "template", name, "contact", contact, "said", said));
	else
		cli_print(cli, "%s\n", said ? said : "sent");
	return EXIT_DONE;
}
