/* SPDX-License-Identifier: MIT */
/* perigee enrol: who will start, who is passed over, who would be refused; the first message is rendered for everyone first. */
#include "cli/command.h"
#include "cli/groups.h"

#include "host/contacts.h"
#include "host/documents.h"
#include "host/handover.h"
#include "host/runs.h"
#include "host/segments.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

typedef struct Enrolment {
	Cli *cli;
	Host *host;
	char *sequence;
	Program *first;        /* the template of the first message; NULL: the script's first send names none */
	const char *channel;
	bool again, dry, yes;
	int started, already, refused;
	GPtrArray *reasons;    /* "ID: why" of those refused */
} Enrolment;

static void collect(Host *host, const char *sql, const char *value, GPtrArray *ids)
{
	const char *values[] = { value };
	Rows *rows = db_query_built(host->db, sql, values, value ? 1 : 0);
	while (rows_next(rows))
		g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
}

static bool choose(Enrolment *e, GPtrArray *words, const char *label, const char *segment, bool all, GPtrArray *ids, GError **error)
{
	if (segment && !segments_ids(e->host, segment, ids, error))
		return false;
	if (all)
		collect(e->host, "SELECT id FROM contacts ORDER BY id", NULL, ids);
	if (label)
		collect(e->host, "SELECT contact FROM labels WHERE label = ? ORDER BY contact", label, ids);
	for (guint i = 1; i < words->len; i++) {
		char *id = contacts_resolve(e->host, words->pdata[i], error);
		if (!id)
			return false;
		g_ptr_array_add(ids, id);
	}
	return true;
}

/* The first send that stands in the script: what everyone gets first. One whose template, or what it says with values of the script (vars),
 * is known only then is not rendered before; effects have no vars where the script works them out. */
static void find_first(Enrolment *e, const char *version)
{
	const json_t *effects = json_object_get(versions_declared(e->host, version), "effects");
	for (size_t i = 0; i < json_array_size(effects); i++) {
		const json_t *effect = json_array_get(effects, i);
		const char *template_name = value_string(effect, "template", NULL);
		if (!strstr(value_string(effect, "kind", ""), "send"))
			continue;
		if (!template_name || *value_string(effect, "vars", "?"))
			return;
		e->channel = value_string(effect, "channel", "email");
		e->first = versions_template(e->host, template_name, NULL);
		return;
	}
}

static bool renders(Enrolment *e, const char *contact, char **why)
{
	if (!e->first)
		return true;
	const Account *account = workspace_account_for(e->host->workspace, e->channel, NULL);
	g_autoptr(json_t) data = handover_data(e->host, contact, account, e->sequence, NULL);
	g_autoptr(json_t) options = handover_options(e->host, data, e->channel, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) result = workers_render(e->host, e->first, data, options, NULL, &error);
	g_autoptr(GPtrArray) names = documents_names(json_object_get(result, "documents"), NULL);
	g_autoptr(GPtrArray) documents = result ? documents_render(e->host, names, data, value_string(options, "locale", NULL), &error) : NULL;
	if (error)
		*why = g_strdup(error->message);
	return documents != NULL;
}

static const char HAS_RUN[] = "SELECT 1 FROM runs WHERE sequence = ? AND contact = ? AND key = ''";

/* A dry run is started too, and taken back: so it tells all that would be in the way. */
static EnrolResult start(Enrolment *e, const char *contact, int64_t *run, char **said)
{
	if (!e->dry)
		return runs_enrol(e->host, e->sequence, contact, "", e->again, NULL, run, said);
	host_write(e->host);
	db_savepoint(e->host->db);
	EnrolResult result = runs_enrol(e->host, e->sequence, contact, "", e->again, NULL, run, said);
	db_undo(e->host->db);
	*run = 0;
	return result;
}

static void enrol_one(Enrolment *e, const char *contact)
{
	g_autofree char *said = NULL, *why = NULL;
	int64_t run = 0;
	bool had = !e->again && db_int(e->host->db, 0, HAS_RUN, "ss", e->sequence, contact);
	EnrolResult result = had || renders(e, contact, &why) ? start(e, contact, &run, &said) : ENROL_REFUSED;
	e->started += result == ENROL_STARTED;
	e->already += result == ENROL_ALREADY;
	e->refused += result == ENROL_REFUSED;
	if (result == ENROL_REFUSED)
		g_ptr_array_add(e->reasons, g_strdup_printf("%s: %s", contact, why ? why : said));
	static const char *const names[] = { "started", "already", "refused" };
	if (e->cli->json)
		cli_json(e->cli, json_pack("{s:s, s:s, s:s, s:o, s:s?}", "contact", contact, "sequence", e->sequence, "result", names[result], "run",
		                           run ? json_integer(run) : json_null(), "reason", why ? why : said));
}

static void report(Enrolment *e)
{
	if (e->cli->json)
		return;
	for (guint i = 0; i < e->reasons->len && i < 20; i++) {
		g_autofree char *line = cli_plain(e->reasons->pdata[i], 0);
		cli_print(e->cli, "  refused  %s\n", line);
	}
	if (e->reasons->len > 20)
		cli_print(e->cli, "  ... and %u more\n", e->reasons->len - 20);
	cli_print(e->cli, "%s: %d %s, %d passed over (already ran or running), %d refused\n", e->sequence, e->started, e->dry ? "would start" : "started",
	          e->already, e->refused);
	if (e->channel && strcmp(e->channel, "email") == 0 && !workspace_account_for(e->host->workspace, e->channel, NULL))
		cli_print(e->cli, "perigee.lua has no email account yet: messages are held until there is one and `perigee serve` is started again.\n");
}

/* The script must be a version: an unknown one is entered now; serve, reload and upgrade take up edited ones. */
static char *enter(Enrolment *e, const char *word, GError **error)
{
	g_autofree char *known = versions_newest(e->host, word);
	if (known && e->host->serving)
		return g_strdup(word);
	bool is_new;
	g_autofree char *path = strchr(word, '/') || g_str_has_suffix(word, ".lua") ? cli_path(e->cli, word) : g_strdup(word);
	return versions_enter(e->host, path, &is_new, error);
}

static int enrol(Enrolment *e, GPtrArray *words, const char *label, const char *segment, bool all)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	e->sequence = enter(e, words->pdata[0], &error);
	g_autofree char *version = e->sequence ? versions_newest(e->host, e->sequence) : NULL;
	if (!version || !choose(e, words, label, segment, all, ids, &error))
		return cli_fail_error(e->cli, error);
	if (!g_str_equal(value_string(versions_declared(e->host, version), "type", ""), "sequence"))
		return cli_fail(e->cli, "%s is a job: it runs by its schedule, nobody is enrolled in it", e->sequence);
	if (ids->len > 1 && e->cli->tty && !e->yes)
		e->dry = true;
	find_first(e, version);
	for (guint i = 0; i < ids->len; i++) {
		if (e->cli->tty && ids->len > 200 && i % 100 == 0)
			cli_print(e->cli, "\r%u of %u", i, ids->len);
		enrol_one(e, ids->pdata[i]);
	}
	if (e->cli->tty && ids->len > 200)
		cli_print(e->cli, "\r\033[K");
	report(e);
	if (ids->len > 1 && e->cli->tty && !e->yes && !e->cli->json)
		cli_print(e->cli, "Nothing has been started yet: say it again with --yes.\n");
	if (!host_commit(e->host, &error))
		return cli_fail_error(e->cli, error);
	return ids->len ? EXIT_DONE : cli_fail(e->cli, "nobody to enrol: no contact matches");
}

int command_enrol(Cli *cli, int argc, char **argv)
{
	Enrolment e = { .cli = cli, .host = cli->host };
	const char *label = NULL, *segment = NULL;
	bool all = false;
	const Option options[] = {
		{ "--label", OPTION_TEXT, &label }, { "--segment", OPTION_TEXT, &segment }, { "--all", OPTION_FLAG, &all }, { "--again", OPTION_FLAG, &e.again },
		{ "--dry-run", OPTION_FLAG, &e.dry }, { "--yes", OPTION_FLAG, &e.yes }, { NULL, 0, NULL },
	};
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "enrol", argc, argv, options, words, 1, -1))
		return EXIT_USAGE;
	if (words->len < 2 && !label && !segment && !all)
		return cli_usage(cli, "enrol", "whom? Name contacts, or give --label L, --segment S or --all");
	e.reasons = g_ptr_array_new_with_free_func(g_free);
	int code = enrol(&e, words, label, segment, all);
	g_ptr_array_unref(e.reasons);
	program_unref(e.first);
	g_free(e.sequence);
	return code;
}
