/* SPDX-License-Identifier: MIT */
/* Commands on policy: why, pause, resume. */
#include "host/policy.h"

#include <string.h>

#include "cli/groups.h"
#include "host/contacts.h"
#include "host/why.h"

/* ---- why ------------------------------------------------------------------------------------------------------- */

static void print_json(Cli *cli, const WhyCase *asked, const char *rule, PolicyAnswer answer, const char *reason, Time until)
{
	bool timed = answer == POLICY_DEFER && until != TIME_NEVER;
	json_t *row = json_pack("{s:s, s:s, s:s?, s:o, s:s}", "rule", rule, "answer", policy_answer_name(answer), "reason", reason, "until",
	                        cli_json_time(cli, timed ? until : 0), "channel", asked->c.channel);
	json_object_set_new(row, "run", asked->shown_run ? json_integer(asked->shown_run) : json_null());
	json_object_set_new(row, "message", asked->message ? json_integer(asked->message) : json_null());
	cli_json(cli, row);
}

/* One object a gate, and a last one, "sum". */
static void see_json(Cli *cli, const WhyCase *asked)
{
	for (guint i = 0; i < asked->gates->len; i++) {
		const WhyGate *gate = asked->gates->pdata[i];
		print_json(cli, asked, gate->rule, gate->verdict.answer, gate->verdict.reason, gate->verdict.until);
	}
	print_json(cli, asked, "sum", asked->answer, asked->sum, asked->opens);
}

static void print_title(Cli *cli, const WhyCase *asked)
{
	const PolicyCase *c = &asked->c;
	g_autofree char *address = cli_plain(c->address, 0);
	cli_print(cli, "%s%s%s to %s", c->channel, *address ? " " : "", address, c->contact);
	if (c->account)
		cli_print(cli, " from %s", c->account->name);
	g_autofree char *due = c->run ? cli_time(cli, asked->run_due) : NULL;
	bool waits = due && *due && strcmp(asked->run_state, "waiting") == 0;
	if (asked->shown_run)
		cli_print(cli, ", run %" G_GINT64_FORMAT " of %s (%s%s%s)", asked->shown_run, c->sequence, asked->run_state, waits ? " until " : "", waits ? due : "");
	else if (c->sequence)
		cli_print(cli, ", a new run of %s", c->sequence);
	if (asked->message)
		cli_print(cli, ", message %" G_GINT64_FORMAT " is %s", asked->message, asked->message_state);
	cli_print(cli, "\n");
}

static void see_case(void *user, const WhyCase *asked)
{
	static const char *const titles[] = { "RULE", "ANSWER", "REASON", "UNTIL", NULL };
	Cli *cli = user;
	if (cli->json) {
		see_json(cli, asked);
		return;
	}
	print_title(cli, asked);
	Table *table = table_new(titles);
	for (guint i = 0; i < asked->gates->len; i++) {
		const WhyGate *gate = asked->gates->pdata[i];
		const Verdict *verdict = &gate->verdict;
		g_autofree char *until = cli_time(cli, verdict->answer == POLICY_DEFER ? verdict->until : 0);
		g_autofree char *reason = cli_plain(verdict->reason, 0);
		table_row(table, gate->rule, policy_answer_name(verdict->answer), reason, until, NULL);
	}
	table_print(table, cli, NULL);
	g_autofree char *sum = cli_plain(asked->sum, 0);
	g_autoptr(GString) wrapped = g_string_new(NULL);
	cli_wrap(cli, wrapped, sum, cli->columns, 0);
	cli_print(cli, "%s.\n\n", wrapped->str);
}

int command_why(Cli *cli, int argc, char **argv)
{
	const Option options[] = { { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "why", argc, argv, options, words, 1, 2))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autofree char *contact = contacts_resolve(cli->host, words->pdata[0], &error);
	if (!contact)
		return cli_fail_error(cli, error);
	g_autofree char *sequence = words->len > 1 ? cli_script(cli, words->pdata[1]) : NULL;
	if (words->len > 1 && !sequence)
		return EXIT_FAILED;
	if (!why_cases(cli->host, contact, sequence, see_case, cli))
		return cli_fail(cli, "%s has no address on any channel: `perigee contacts set %s email=ADDRESS`", contact, contact);
	return EXIT_DONE;
}

/* ---- pause, resume --------------------------------------------------------------------------------------------- */

typedef struct Scope {
	const char *scope;
	char *name;
} Scope;

static void scope_clear(Scope *scope)
{
	g_free(scope->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scope, scope_clear)

/* What is to be paused or resumed; false: the error has been printed and *code is what to exit with. */
static bool read_scope(Cli *cli, int argc, char **argv, const char **until, Scope *scope, int *code)
{
	const char *command = argv[0], *account = NULL, *sequence = NULL, *contact = NULL;
	const Option options[] = {
		{ "--account", OPTION_TEXT, &account }, { "--sequence", OPTION_TEXT, &sequence }, { "--contact", OPTION_TEXT, &contact },
		{ until ? "--until" : NULL, OPTION_TEXT, until }, { 0 },
	};
	*code = EXIT_USAGE;
	if (!cli_options(cli, command, argc, argv, options, NULL, 0, 0))
		return false;
	if ((account != NULL) + (sequence != NULL) + (contact != NULL) > 1) {
		cli_usage(cli, command, "name one of --account, --sequence and --contact, or none: everything");
		return false;
	}
	*code = EXIT_FAILED;
	GError *error = NULL;
	*scope = (Scope){ .scope = account ? "account" : sequence ? "sequence" : contact ? "contact" : "all" };
	if (account && !workspace_account(cli->host->workspace, account))
		cli_fail(cli, "there is no account \"%s\" in perigee.lua", account);
	else if (account)
		scope->name = g_strdup(account);
	else if (sequence)
		scope->name = cli_script(cli, sequence);
	else if (!contact)
		scope->name = g_strdup("");
	else if (!(scope->name = contacts_resolve(cli->host, contact, &error)))
		cli_fail_error(cli, error);
	return scope->name != NULL;
}

static void print_done(Cli *cli, const Scope *scope, const char *state, Time until, const char *rest)
{
	if (cli->json) {
		cli_json(cli, json_pack("{s:s, s:s, s:s, s:o}", "scope", scope->scope, "name", scope->name, "state", state, "until",
		                        cli_json_time(cli, until)));
		return;
	}
	bool all = strcmp(scope->scope, "all") == 0;
	if (all && strcmp(state, "was not paused") == 0)
		cli_print(cli, "everything as a whole was not paused: name what is with --account, --sequence or --contact\n");
	else
		cli_print(cli, "%s%s%s %s%s\n", all ? "everything" : scope->scope, all ? "" : " ", scope->name, state, rest);
}

int command_pause(Cli *cli, int argc, char **argv)
{
	g_auto(Scope) scope = { 0 };
	const char *text = NULL;
	int code;
	if (!read_scope(cli, argc, argv, &text, &scope, &code))
		return code;
	Host *host = cli->host;
	GError *error = NULL;
	Time until = TIME_NEVER;
	if (text && !when_parse(text, host_now(host), host->workspace->zone, host->workspace->hours, &until, &error))
		return cli_fail_error(cli, error);
	if (until <= host_now(host))
		return cli_fail(cli, "--until %s is over already", text);
	policy_pause(host, scope.scope, scope.name, until);
	g_autofree char *at = cli_time(cli, until);
	g_autofree char *rest = g_strdup_printf("%s%s: nothing leaves, answers are still read", *at ? " until " : "", at);
	print_done(cli, &scope, "paused", until, rest);
	return EXIT_DONE;
}

int command_resume(Cli *cli, int argc, char **argv)
{
	g_auto(Scope) scope = { 0 };
	int code;
	if (!read_scope(cli, argc, argv, NULL, &scope, &code))
		return code;
	bool was_paused = policy_resume(cli->host, scope.scope, scope.name);
	print_done(cli, &scope, was_paused ? "resumed" : "was not paused", TIME_NEVER, "");
	return EXIT_DONE;
}
