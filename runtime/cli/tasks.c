/* SPDX-License-Identifier: MIT */
/* perigee tasks: what people are asked to do, and that it is done. */
#include "cli/groups.h"

#include "host/contacts.h"
#include "host/events.h"
#include "host/profile.h"
#include "host/tasks.h"

#include <string.h>

enum { PREVIEW_INDENT = 6, PLAIN_COLUMNS = 100 };

/* ---- for programs ----------------------------------------------------------------------------------------------- */

static char *link_of(const json_t *task)
{
	const char *channel = value_string(task, "channel", NULL);
	return channel ? profile_link(channel, value_string(task, "address", NULL)) : NULL;
}

/* The columns of DESIGN.md section 13, and more. */
static json_t *task_json(Cli *cli, const json_t *task)
{
	json_t *line = json_deep_copy(task);
	static const char *const TIMES[] = { "due", "created_at", "done_at", "snoozed_until", NULL };
	for (int i = 0; TIMES[i]; i++)
		json_object_set_new(line, TIMES[i], cli_json_time(cli, value_integer(task, TIMES[i], 0)));
	g_autofree char *link = link_of(task);
	json_object_set_new(line, "link", link ? json_string(link) : json_null());
	return line;
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

/* Where a call or a meeting reaches them. */
static char *phone_link(Cli *cli, const json_t *task)
{
	static const char *const kinds[] = { "call", "video", NULL };
	const char *contact = value_string(task, "contact", NULL);
	if (!contact || !g_strv_contains(kinds, value_string(task, "kind", "")))
		return NULL;
	g_autofree char *address = contacts_address(cli->host, contact, "call");
	return address ? profile_link("call", address) : NULL;
}

/* "Write to Ana Ruiz on Instagram", "Call Ana Ruiz". */
static char *what_to_do(const json_t *task)
{
	static const struct { const char *kind, *verb; } verbs[] = {
		{ "call", "Call" }, { "video", "Meet by video" }, { "review", "Review, about" }, { "sign", "Get signed, with" }, { "gift", "Send a gift to" },
		{ "message", "Write to" }, { "other", "See to" },
	};
	const char *kind = value_string(task, "kind", ""), *verb = kind, *channel = value_string(task, "channel", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(verbs[i].kind, kind) == 0)
			verb = verbs[i].verb;
	const char *name = value_string(task, "name", NULL), *id = value_string(task, "contact", NULL);
	const char *who = name && *name ? name : id ? id : "somebody who has been erased";
	if (channel && strcmp(channel, "call") == 0) /* the text is what is to be said */
		return g_strdup_printf("Call %s", who);
	return channel ? g_strdup_printf("%s %s %s %s", verb, who, strcmp(channel, "sms") == 0 ? "by" : "on", profile_channel(channel)) :
	                 g_strdup_printf("%s %s", verb, who);
}

static char *due_words(Cli *cli, const json_t *task)
{
	Time due = value_integer(task, "due", 0), now = host_now(cli->host);
	g_autofree char *distance = when_words(due ? due : value_integer(task, "created_at", 0), now);
	return due ? g_strdup_printf("due %s", distance) : g_strdup_printf("since %s", strcmp(distance, "now") == 0 ? "just now" : distance);
}

static int columns_of(const Cli *cli)
{
	return cli->tty && cli->columns > 0 ? cli->columns : PLAIN_COLUMNS;
}

/* One line, what is too long for it cut off at the end. */
static void detail(Cli *cli, const char *text)
{
	g_autofree char *line = cli_plain(text, MAX(columns_of(cli) - PREVIEW_INDENT, 20));
	if (*line)
		cli_print(cli, "%*s%s\n", PREVIEW_INDENT, "", line);
}

static void print_open(Cli *cli, const json_t *task)
{
	g_autofree char *what = what_to_do(task), *when = due_words(cli, task), *link = link_of(task), *phone = phone_link(cli, task);
	int room = MAX(columns_of(cli) - PREVIEW_INDENT - cli_columns(when) - 2, 20);
	g_autofree char *cut = cli_plain(what, room);
	cli_print(cli, "%s%4" G_GINT64_FORMAT "  %s%s%*s%s\n", cli->tty ? "\033[1m" : "", value_integer(task, "id", 0), cut, cli->tty ? "\033[0m" : "",
	          MAX(room - cli_columns(cut), 0) + 2, "", when);
	if (link || phone)
		detail(cli, link ? link : phone);
	else if (value_string(task, "address", NULL))
		detail(cli, value_string(task, "address", ""));
	const char *text = value_string(task, "text", NULL), *files = value_string(task, "files", NULL);
	detail(cli, text ? text : value_string(task, "note", ""));
	g_autofree char *with = files ? g_strdup_printf("with %s", files) : NULL;
	detail(cli, with);
	cli_print(cli, "%*sperigee tasks done %" G_GINT64_FORMAT "\n", PREVIEW_INDENT, "", value_integer(task, "id", 0));
}

static const char *section_of(Cli *cli, const json_t *task)
{
	Time due = value_integer(task, "due", 0), now = host_now(cli->host);
	if (value_integer(task, "snoozed_until", 0) > now)
		return "Put off";
	return !due ? "When you can" : due < now ? "Overdue" : "Due";
}

static void done_row(Cli *cli, Table *table, const json_t *task)
{
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, value_integer(task, "id", 0)), *what = what_to_do(task);
	g_autofree char *at = cli_time(cli, value_integer(task, "done_at", 0));
	table_row(table, id, what, at, value_string(task, "outcome", "done"), NULL);
}

/* Open ones as a list of things to do, then those that are done as a table. */
static void print_list(Cli *cli, const json_t *tasks, const char *state)
{
	static const char *const TITLES[] = { "ID", "TASK", "DONE", "OUTCOME", NULL };
	const char *section = NULL;
	Table *table = table_new(TITLES);
	bool any_text = false;
	size_t i, open = 0;
	json_t *task;
	json_array_foreach((json_t *)tasks, i, task) {
		if (strcmp(value_string(task, "state", ""), "done") == 0) {
			done_row(cli, table, task);
			continue;
		}
		const char *of = section_of(cli, task);
		if (of != section)
			cli_print(cli, "%s%s\n", open ? "\n" : "", of);
		section = of;
		open++;
		any_text |= value_string(task, "text", NULL) != NULL;
		print_open(cli, task);
	}
	if (any_text)
		cli_print(cli, "\n`perigee tasks show ID` prints the whole text to paste.\n");
	if (open && open < json_array_size(tasks))
		cli_print(cli, "\n");
	table_print(table, cli, open ? NULL : state && strcmp(state, "open") == 0 ? "nothing to do" : "no tasks");
}

static int list(Cli *cli, const char *state, const char *contact)
{
	GError *error = NULL;
	g_autofree char *id = contact ? contacts_resolve(cli->host, contact, &error) : NULL;
	if (contact && !id)
		return cli_fail_error(cli, error);
	g_autoptr(json_t) tasks = tasks_list(cli->host, state, id, 0);
	size_t i;
	json_t *task;
	json_array_foreach(tasks, i, task)
		if (cli->json)
			cli_json(cli, task_json(cli, task));
	if (!cli->json)
		print_list(cli, tasks, state);
	return EXIT_DONE;
}

/* ---- one task ---------------------------------------------------------------------------------------------------- */

static void member(Cli *cli, const char *name, const char *value)
{
	g_autofree char *plain = cli_plain(value, 0);
	if (*plain)
		cli_print(cli, "  %-9s %s\n", name, plain);
}

static void print_whole(Cli *cli, const json_t *task)
{
	int64_t id = value_integer(task, "id", 0), run = value_integer(task, "run", 0);
	const char *text = value_string(task, "text", NULL), *note = value_string(task, "note", "");
	g_autofree char *what = what_to_do(task), *plain = cli_plain(what, 0), *link = link_of(task), *phone = phone_link(cli, task);
	g_autofree char *due = cli_time(cli, value_integer(task, "due", 0)), *asked = cli_time(cli, value_integer(task, "created_at", 0));
	g_autofree char *for_run = run ? g_strdup_printf("run %" G_GINT64_FORMAT " of %s, %s", run, value_string(task, "sequence", "?"), asked) : g_strdup(asked);
	g_autofree char *done = cli_time(cli, value_integer(task, "done_at", 0));
	g_autofree char *state = g_strjoin(": ", value_string(task, "state", ""), value_string(task, "outcome", NULL), NULL);
	bool open = strcmp(value_string(task, "state", ""), "open") == 0;
	cli_print(cli, "%" G_GINT64_FORMAT "  %s\n", id, plain);
	member(cli, "contact", value_string(task, "contact", ""));
	member(cli, "where", link ? link : phone ? phone : value_string(task, "address", ""));
	member(cli, "asked by", for_run);
	member(cli, "due", due);
	if (strcmp(value_string(task, "channel", ""), "linkedin") == 0) /* of the channels by hand the one with subjects */
		member(cli, "subject", value_string(task, "subject", ""));
	member(cli, "with", value_string(task, "files", ""));
	member(cli, "state", state);
	member(cli, "done", done);
	if (text || *note) {
		cli_print(cli, "\n");
		cli_block(cli, text ? "" : "  ", text ? text : note);
	}
	if (!open)
		return;
	cli_print(cli, "\n%s: perigee tasks done %" G_GINT64_FORMAT "\n", text ? "when you have sent it" : "when it is done", id);
	if (text)
		cli_print(cli, "if you do not send it: perigee tasks done %" G_GINT64_FORMAT " --outcome \"not sent\"\n", id);
}

static int show(Cli *cli, const char *word)
{
	int64_t id;
	GError *error = NULL;
	if (!cli_number(word, &id))
		return cli_usage(cli, "tasks", "'%s' is not a task's number", word);
	g_autoptr(json_t) task = tasks_find(cli->host, id, &error);
	if (!task)
		return cli_fail_error(cli, error);
	if (cli->json)
		cli_json(cli, task_json(cli, task));
	else
		print_whole(cli, task);
	return EXIT_DONE;
}

static void done(Cli *cli, int64_t id, const char *outcome)
{
	int64_t run = 0;
	GError *error = NULL;
	if (!tasks_done(cli->host, id, outcome, &run, &error)) {
		cli_fail_error(cli, error);
		return;
	}
	events_task_done(cli->host, id);
	g_autoptr(json_t) task = tasks_find(cli->host, id, NULL);
	bool unsent = value_string(task, "channel", NULL) && tasks_not_sent(outcome);
	if (cli->json)
		cli_json(cli, json_pack("{s:I, s:s, s:s?, s:o}", "id", (json_int_t)id, "state", "done", "outcome", outcome, "run",
		                        run ? json_integer(run) : json_null()));
	else
		cli_print(cli, "task %" G_GINT64_FORMAT " is done%s\n", id, unsent ? ": the message was not sent, and its run is told" : "");
}

/* All words are looked at before anything is done: a slip of the hand ticks nothing. */
static int done_all(Cli *cli, const GPtrArray *words, const char *outcome)
{
	int64_t id;
	for (guint i = 1; i < words->len; i++)
		if (!cli_number(words->pdata[i], &id))
			return cli_usage(cli, "tasks", "'%s' is not a task's number", (const char *)words->pdata[i]);
	for (guint i = 1; i < words->len; i++)
		if (cli_number(words->pdata[i], &id))
			done(cli, id, outcome);
	return cli->exit_code;
}

/* People want what is open; a program gets all of them unless it asks. */
int command_tasks(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "done", "show", NULL };
	const char *state = NULL, *contact = NULL, *outcome = NULL;
	bool all = false;
	const Option options[] = {
		{ "--outcome", OPTION_TEXT, &outcome }, { "--state", OPTION_TEXT, &state }, { "--contact", OPTION_TEXT, &contact },
		{ "--all", OPTION_FLAG, &all }, { 0 },
	};
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "tasks", argc, argv, options, words, 0, -1))
		return EXIT_USAGE;
	const char *verb = words->len ? words->pdata[0] : NULL;
	if (!cli_word_of(cli, "tasks", "word", verb, verbs))
		return EXIT_USAGE;
	bool ticks = verb && strcmp(verb, "done") == 0;
	if (words->len == 1)
		return cli_usage(cli, "tasks", ticks ? "which task is done?" : "which task?");
	if (outcome && !ticks)
		return cli_usage(cli, "tasks", "--outcome belongs to `tasks done ID`");
	if (ticks)
		return done_all(cli, words, outcome);
	if (verb)
		return words->len == 2 ? show(cli, words->pdata[1]) : cli_usage(cli, "tasks", "unexpected '%s'", (const char *)words->pdata[2]);
	if (state && strcmp(state, "open") != 0 && strcmp(state, "done") != 0)
		return cli_usage(cli, "tasks", "a task's state is open or done, not '%s'", state);
	return list(cli, state ? state : all || cli->json ? NULL : "open", contact);
}
