/* SPDX-License-Identifier: MIT */
/* Commands on policy: why, pause, resume. */
#include "host/policy.h"

#include <string.h>

#include "cli/explain.h"
#include "cli/groups.h"
#include "host/contacts.h"
#include "host/versions.h"
#include "host/why.h"

/* The sequence that was meant; NULL: the error has been printed. A job writes to nobody: there is nothing to ask of it or to pause. */
static char *named_sequence(Cli *cli, const char *word, const char *advice)
{
	g_autofree char *name = cli_script(cli, word);
	g_autofree char *version = name ? versions_newest(cli->host, name) : NULL;
	if (!name || !version || strcmp(value_string(versions_declared(cli->host, version), "type", "sequence"), "job") != 0)
		return g_steal_pointer(&name);
	cli_fail(cli, "%s is a job: it writes to nobody itself; %s", name, advice);
	return NULL;
}

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

typedef struct Asked {
	Cli *cli;
	const char *rule; /* the first that decides (static); NULL: none yet */
} Asked;

static void see_case(void *user, const WhyCase *asked)
{
	static const char *const titles[] = { "RULE", "ANSWER", "REASON", "UNTIL", NULL };
	Asked *all = user;
	Cli *cli = all->cli;
	all->rule = all->rule ? all->rule : asked->rule;
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
	g_autofree char *sequence = words->len > 1 ? named_sequence(cli, words->pdata[1], "ask about a sequence that it enrols in") : NULL;
	if (words->len > 1 && !sequence)
		return EXIT_FAILED;
	Asked asked = { cli, NULL };
	if (!why_cases(cli->host, contact, sequence, see_case, &asked))
		return cli_fail(cli, "%s has no address on any channel: `perigee contacts set %s email=ADDRESS`", contact, contact);
	explain_hint(cli, asked.rule);
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

/* The account that was meant; NULL: the error, with the one that is nearest, has been printed. */
static char *named_account(Cli *cli, const char *word)
{
	const GPtrArray *accounts = cli->host->workspace->accounts;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (guint i = 0; i < accounts->len; i++)
		g_ptr_array_add(names, ((const Account *)accounts->pdata[i])->name);
	g_ptr_array_add(names, NULL);
	const char *const *list = (const char *const *)names->pdata;
	if (g_strv_contains(list, word))
		return g_strdup(word);
	const char *near = cli_nearest(word, list);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
	if (near)
		cli_fail(cli, "there is no account \"%s\" in perigee.lua; did you mean %s?", word, near);
	else
		cli_fail(cli, "there is no account \"%s\" in perigee.lua; %s%s", word, *all ? "there are: " : "there is none", all);
	return NULL;
}

static char *named_contact(Cli *cli, const char *word)
{
	GError *error = NULL;
	char *id = contacts_resolve(cli->host, word, &error);
	if (!id)
		cli_fail_error(cli, error);
	return id;
}

/* "everything", "account partnerships". Caller frees. */
static char *scope_words(const char *scope, const char *name)
{
	return strcmp(scope, "all") == 0 ? g_strdup("everything") : g_strdup_printf("%s %s", scope, name);
}

/* What was typed after pause or resume. */
typedef struct Typed {
	const char *account, *sequence, *contact, *until;
	bool list;
} Typed;

static bool read_words(Cli *cli, int argc, char **argv, bool pauses, Typed *typed)
{
	const char *command = argv[0];
	const Option options[] = {
		{ "--account", OPTION_TEXT, &typed->account }, { "--sequence", OPTION_TEXT, &typed->sequence }, { "--contact", OPTION_TEXT, &typed->contact },
		{ pauses ? "--until" : NULL, OPTION_TEXT, &typed->until }, { "--list", OPTION_FLAG, &typed->list }, { 0 },
	}; /* resume has none of the last two */
	if (!cli_options(cli, command, argc, argv, options, NULL, 0, 0))
		return false;
	int named = (typed->account != NULL) + (typed->sequence != NULL) + (typed->contact != NULL);
	if (typed->list && (named || typed->until))
		cli_usage(cli, command, "--list stands alone");
	else if (named > 1)
		cli_usage(cli, command, "name one of --account, --sequence and --contact, or none: everything");
	return cli->exit_code != EXIT_USAGE;
}

/* False: there is no such thing, which has been said. */
static bool find_scope(Cli *cli, const Typed *typed, Scope *scope)
{
	if (typed->account)
		*scope = (Scope){ "account", named_account(cli, typed->account) };
	else if (typed->sequence)
		*scope = (Scope){ "sequence", named_sequence(cli, typed->sequence, "pause the sequences that it enrols in, or take its file out of jobs/") };
	else if (typed->contact)
		*scope = (Scope){ "contact", named_contact(cli, typed->contact) };
	else
		*scope = (Scope){ "all", g_strdup("") };
	return scope->name != NULL;
}

static void print_state(Cli *cli, const char *scope, const char *name, const char *state, Time until)
{
	cli_json(cli, json_pack("{s:s, s:s, s:s, s:o}", "scope", scope, "name", name, "state", state, "until", cli_json_time(cli, until)));
}

/* ---- the list ---- */

typedef struct Listing {
	Cli *cli;
	Table *table;
	GString *words; /* "account partnerships, contact ana" */
} Listing;

static void list_row(void *user, const char *scope, const char *name, Time until, Time since)
{
	Listing *listing = user;
	Cli *cli = listing->cli;
	g_autofree char *what = scope_words(scope, name), *end = cli_time(cli, until), *begun = cli_time(cli, since);
	if (listing->words)
		g_string_append_printf(listing->words, "%s%s", listing->words->len ? ", " : "", what);
	else if (listing->table)
		table_row(listing->table, what, *end ? end : "it is resumed", begun, NULL);
	else
		print_state(cli, scope, name, "paused", until);
}

static int print_list(Cli *cli)
{
	static const char *const titles[] = { "PAUSED", "UNTIL", "SINCE", NULL };
	Listing listing = { .cli = cli, .table = cli->json ? NULL : table_new(titles) };
	policy_pauses(cli->host, list_row, &listing);
	if (listing.table)
		table_print(listing.table, cli, "nothing is paused");
	return EXIT_DONE;
}

/* What else is paused: a person who resumes one thing may mean another. */
static void print_others(Cli *cli)
{
	g_autoptr(GString) words = g_string_new(NULL);
	Listing listing = { .cli = cli, .words = words };
	policy_pauses(cli->host, list_row, &listing);
	if (words->len)
		cli_print(cli, "still paused: %s\n", words->str);
}

/* ---- the commands ---- */

int command_pause(Cli *cli, int argc, char **argv)
{
	g_auto(Scope) scope = { 0 };
	Typed typed = { 0 };
	if (!read_words(cli, argc, argv, true, &typed))
		return EXIT_USAGE;
	if (typed.list)
		return print_list(cli);
	Host *host = cli->host;
	g_autoptr(GError) error = NULL;
	Time until = TIME_NEVER;
	if (typed.until && !when_parse(typed.until, host_now(host), host->workspace->zone, host->workspace->hours, &until, &error))
		return cli_usage(cli, "pause", "--until: %s", error->message);
	if (until <= host_now(host))
		return cli_fail(cli, "--until %s is over already", typed.until);
	if (!find_scope(cli, &typed, &scope))
		return EXIT_FAILED;
	policy_pause(host, scope.scope, scope.name, until);
	if (cli->json) {
		print_state(cli, scope.scope, scope.name, "paused", until);
		return EXIT_DONE;
	}
	bool all = strcmp(scope.scope, "all") == 0;
	g_autofree char *at = cli_time(cli, until), *what = scope_words(scope.scope, scope.name);
	g_autofree char *back = g_strdup_printf("`perigee resume%s%s%s%s`", all ? "" : " --", all ? "" : scope.scope, all ? "" : " ", scope.name);
	cli_print(cli, "%s paused until %s: nothing leaves, answers are still read\n", what, *at ? at : back);
	return EXIT_DONE;
}

int command_resume(Cli *cli, int argc, char **argv)
{
	g_auto(Scope) scope = { 0 };
	Typed typed = { 0 };
	if (!read_words(cli, argc, argv, false, &typed))
		return EXIT_USAGE;
	if (!find_scope(cli, &typed, &scope))
		return EXIT_FAILED;
	const char *state = policy_resume(cli->host, scope.scope, scope.name) ? "resumed" : "was not paused";
	if (cli->json) {
		print_state(cli, scope.scope, scope.name, state, TIME_NEVER);
		return EXIT_DONE;
	}
	bool all = strcmp(scope.scope, "all") == 0;
	g_autofree char *what = scope_words(scope.scope, scope.name);
	cli_print(cli, "%s%s %s\n", what, all && strcmp(state, "resumed") != 0 ? " as a whole" : "", state);
	print_others(cli);
	return EXIT_DONE;
}
