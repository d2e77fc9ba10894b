/* SPDX-License-Identifier: MIT */
/* check: what a scan of a script's source told (stdlib/scan), and what the host knows of it: templates, sequences, stages. See check.h. */
#include "cli/check.h"

#include "host/contacts.h"
#include "host/codes.h"
#include "host/versions.h"
#include "host/when.h"
#include "host/workers.h"

#include <string.h>

/* ---- names ---- */

static void not_there(Check *c, const char *code, const char *path, const json_t *place, const char *what, const char *name, const char *where,
                      const GPtrArray *names)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add(list, names->pdata[i]);
	g_ptr_array_add(list, NULL);
	const char *near = cli_nearest(name, (const char *const *)list->pdata);
	g_autofree char *all = names->len && names->len <= 12 ? g_strjoinv(", ", (char **)list->pdata) : NULL;
	if (near)
		check_find_at(c, CHECK_FAULT, code, path, place, "%s '%s'%s; did you mean '%s'?", what, name, where, near);
	else
		check_find_at(c, CHECK_FAULT, code, path, place, "%s '%s'%s%s%s", what, name, where, all ? "; known: " : "", all ? all : "");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *keys_of(const json_t *object)
{
	GPtrArray *names = g_ptr_array_new();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
		g_ptr_array_add(names, (char *)key);
	return names;
}

static void check_channel(Check *c, const char *path, const json_t *effect, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GHashTableIter iter;
	gpointer channel;
	if (contacts_is_channel(name))
		return;
	g_hash_table_iter_init(&iter, c->host->workspace->channels);
	while (g_hash_table_iter_next(&iter, &channel, NULL))
		g_ptr_array_add(names, channel);
	g_ptr_array_sort(names, by_name);
	not_there(c, "unknown-channel", path, effect, "there is no channel", name, "", names);
}

static void check_stage(Check *c, const char *path, const json_t *effect, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	if (workspace_has_stage(c->host->workspace, name))
		return;
	for (char **stage = c->host->workspace->stages; *stage; stage++)
		g_ptr_array_add(names, *stage);
	not_there(c, "unknown-stage", path, effect, "perigee.lua has no stage", name, "", names);
}

static void check_segment(Check *c, const char *path, const json_t *effect, const char *name)
{
	g_autoptr(GPtrArray) names = keys_of(c->host->workspace->segments);
	if (!json_object_get(c->host->workspace->segments, name))
		not_there(c, "unknown-segment", path, effect, "there is no segment", name, " in perigee.lua", names);
}

static void check_account(Check *c, const char *path, const json_t *effect, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	if (workspace_account(c->host->workspace, name))
		return;
	for (guint i = 0; i < c->host->workspace->accounts->len; i++)
		g_ptr_array_add(names, ((const Account *)c->host->workspace->accounts->pdata[i])->name);
	not_there(c, "unknown-account", path, effect, "perigee.lua has no account", name, "", names);
}

/* The names of all sequences, those of faulty files by their file's name. */
static const GPtrArray *sequences(Check *c)
{
	if (c->sequences)
		return c->sequences;
	c->sequences = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) files = versions_files(c->host);
	for (guint i = 0; i < files->len; i++) {
		const char *file = files->pdata[i];
		g_autofree char *base = g_path_get_basename(file);
		char *name = g_str_has_prefix(file, "sequences/") ? versions_name_of(c->host, file, NULL) : NULL;
		if (name)
			g_ptr_array_add(c->sequences, name);
		else if (g_str_has_prefix(file, "sequences/"))
			g_ptr_array_add(c->sequences, g_strndup(base, strlen(base) - strlen(".lua")));
	}
	return c->sequences;
}

static void check_sequence(Check *c, const char *path, const json_t *effect, const char *name)
{
	const GPtrArray *names = sequences(c);
	if (name && !g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL))
		not_there(c, "unknown-sequence", path, effect, "there is no sequence", name, "", names);
}

static void check_duration(Check *c, const char *path, const json_t *effect, const char *text)
{
	GError *error = NULL;
	Time end, now = host_now(c->host);
	const Workspace *w = c->host->workspace;
	g_autoptr(json_t) value = json_string(text);
	bool shift = strcmp(value_string(effect, "kind", ""), "shift") == 0;
	if (shift ? when_shift(text, now, w->zone, w->hours, &end, &error) : when_resolve(value, now, w->zone, w->hours, &end, &error))
		return;
	check_find_at(c, CHECK_FAULT, "bad-duration", path, effect, "%s", error->message);
	g_clear_error(&error);
}

/* ---- messages ---- */

/* What the sends of one script have told so far. */
typedef struct Sends {
	bool any, mail;
	GHashTable *given;  /* names that some send gives in vars */
	GHashTable *fields; /* names that the script sets on contacts; NULL: any */
} Sends;

static void add_names(GHashTable *set, const char *names)
{
	g_auto(GStrv) list = g_strsplit(names, ",", -1);
	for (char **name = list; *name; name++)
		if (**name)
			g_hash_table_add(set, g_strdup(*name));
}

/* A name without a default that other sends of this script give, and this one does not. Who has it as a field needs no vars. */
static void check_vars(Check *c, const char *path, const json_t *effect, const json_t *declared, const Sends *sends)
{
	const char *vars = value_string(effect, "vars", NULL);
	const json_t *fields = json_object_get(declared, "fields");
	if (!vars || !sends->fields || !c->known)
		return;
	g_autoptr(GHashTable) own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	add_names(own, vars);
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const char *name = json_string_value(json_array_get(fields, i));
		bool lacks = name && g_hash_table_contains(sends->given, name) && !g_hash_table_contains(own, name);
		if (lacks && !json_object_get(c->known, name) && !g_hash_table_contains(sends->fields, name))
			check_find_at(c, CHECK_FAULT, "missing-var", path, effect, "template '%s' needs '%s': add vars = { %s = ... }, or a default in the template",
			              value_string(effect, "template", ""), name, name);
	}
}

static void no_template(Check *c, const char *path, const json_t *effect, const char *name)
{
	g_autoptr(GPtrArray) names = versions_templates(c->host);
	g_ptr_array_add(names, NULL);
	const char *near = cli_nearest(name, (const char *const *)names->pdata);
	if (near)
		check_find_at(c, CHECK_FAULT, "missing-template", path, effect, "no template '%s'; did you mean '%s'?", name, near);
	else
		check_find_at(c, CHECK_FAULT, "missing-template", path, effect, "no template '%s': write templates/%s.md", name, name);
}

/* A template of a broadcast, or one whose rendering goes with a message: it is for nobody in particular. */
static void check_template_named(Check *c, const char *path, const json_t *effect, const char *name)
{
	bool is_there;
	if (!check_declared(c, name, &is_there) && !is_there)
		no_template(c, path, effect, name);
}

static void check_send(Check *c, const char *path, const json_t *effect, Sends *sends)
{
	const char *name = value_string(effect, "template", NULL);
	bool mail = strcmp(value_string(effect, "channel", ""), "email") == 0, first = !sends->any, first_mail = mail && !sends->mail, is_there;
	sends->any = true;
	sends->mail |= mail;
	if (!name)
		return; /* worked out at run time */
	const json_t *declared = check_declared(c, name, &is_there);
	if (!is_there)
		no_template(c, path, effect, name);
	if (declared && first)
		check_personal(c, declared);
	if (declared && first_mail)
		check_subject(c, declared);
	if (declared)
		check_vars(c, path, effect, declared, sends);
}

/* ---- signals ---- */

static void add_signal(Check *c, const char *path, const json_t *effect)
{
	const char *name = value_string(effect, "signal", NULL);
	if (!name)
		return;
	if (strcmp(value_string(effect, "kind", ""), "signals") == 0) {
		json_object_set_new(c->signals, name, json_true());
		return;
	}
	json_t *place = json_deep_copy(effect);
	if (!json_object_get(place, "file"))
		json_object_set_new(place, "file", json_string(path));
	json_array_append_new(c->awaited, place);
}

void check_signals(Check *c)
{
	g_autoptr(GPtrArray) given = keys_of(c->signals);
	g_ptr_array_add(given, NULL);
	for (size_t i = 0; i < json_array_size(c->awaited); i++) {
		const json_t *place = json_array_get(c->awaited, i);
		const char *name = value_string(place, "signal", "");
		const char *near = json_object_get(c->signals, name) ? NULL : cli_nearest(name, (const char *const *)given->pdata);
		if (near)
			check_find_at(c, CHECK_WARNING, "unknown-signal", value_string(place, "file", ""), place,
			              "nobody gives the signal '%s'; a script gives '%s'", name, near);
	}
}

/* ---- scripts ---- */

static void check_effect(Check *c, const char *path, const json_t *effect, Sends *sends)
{
	static const struct {
		const char *kind, *key;
		void (*check)(Check *c, const char *path, const json_t *effect, const char *name);
	} kinds[] = {
		{ "channel", "text", check_channel }, { "stage", "text", check_stage }, { "account", "text", check_account },
		{ "duration", "text", check_duration }, { "shift", "text", check_duration }, { "segment", "segment", check_segment },
		{ "template", "template", check_template_named }, { "document", "text", check_template_named },
		{ "enrol", "sequence", check_sequence }, { "stop", "sequence", check_sequence },
	};
	const char *kind = value_string(effect, "kind", "");
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kind, kinds[i].kind) == 0 && value_string(effect, kinds[i].key, NULL))
			kinds[i].check(c, path, effect, value_string(effect, kinds[i].key, ""));
	if (strcmp(kind, "send") == 0)
		check_send(c, path, effect, sends);
	if (strcmp(kind, "signals") == 0 || strcmp(kind, "awaits") == 0)
		add_signal(c, path, effect);
}

static void check_effects(Check *c, const char *path, const json_t *declared)
{
	const json_t *effects = json_object_get(declared, "effects");
	g_autoptr(GHashTable) given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Sends sends = { .given = given, .fields = fields };
	for (size_t i = 0; i < json_array_size(effects); i++) {
		const json_t *effect = json_array_get(effects, i);
		bool sets = strcmp(value_string(effect, "kind", ""), "fields") == 0;
		add_names(given, value_string(effect, "vars", ""));
		if (sets && value_string(effect, "text", NULL))
			add_names(fields, value_string(effect, "text", ""));
		else if (sets)
			sends.fields = NULL;
	}
	for (size_t i = 0; i < json_array_size(effects); i++)
		check_effect(c, path, json_array_get(effects, i), &sends);
}

/* Accounts that the script names, and the mailbox that it writes from. */
static void check_accounts(Check *c, const char *path, const json_t *declared)
{
	const char *channel;
	json_t *name;
	json_object_foreach(json_object_get(declared, "account"), channel, name) {
		const char *text = json_string_value(name);
		if (!text || workspace_account(c->host->workspace, text))
			continue;
		check_find_at(c, CHECK_FAULT, "unknown-account", path, NULL, "perigee.lua has no account '%s' (for %s)", text, channel);
	}
}

/* What the source shows where the file can't be run: all its mistakes are told at once, not the first alone. */
static void scan_alone(Check *c, const Program *program)
{
	g_autoptr(Program) alone = program_new(PROGRAM_SCAN, program->name);
	for (guint i = 0; i < program->sources->len; i++)
		program_add(alone, program->modules->pdata[i], program->sources->pdata[i]);
	program_seal(alone);
	g_autoptr(json_t) found = workers_declare(c->host, alone, NULL);
	check_find_all(c, CHECK_FAULT, program->name, json_object_get(found, "faults"));
	check_effects(c, program->name, found);
}

/* The error of a file that could not be run; what the scan has told more exactly is not told twice. */
static void load_error(Check *c, const char *path, GError *error)
{
	const char *place = strstr(error->message, ": "), *code = codes_of_failure("error", place ? place + 2 : error->message);
	if (strcmp(code, "error") != 0 && check_has_said(c, path, code))
		g_error_free(error);
	else
		check_find_error(c, NULL, path, error);
}

/* An error of a file that could not even be read as a script. */
static const char *code_of_reading(const GError *error)
{
	return strstr(error->message, "longer than") || strstr(error->message, "MiB") ? "too-large" : "missing-file";
}

void check_script(Check *c, const char *word)
{
	GError *error = NULL;
	g_autoptr(Program) program = versions_read(c->host, word, &error);
	c->scripts++;
	if (!program) {
		check_find_error(c, code_of_reading(error), word, error);
		return;
	}
	const char *path = program->name;
	g_autoptr(json_t) declared = workers_declare(c->host, program, &error);
	if (!declared) {
		bool large = strstr(error->message, "4 MiB") != NULL;
		if (large) {
			check_find_error(c, "too-large", path, error);
			return;
		}
		scan_alone(c, program);
		load_error(c, path, error);
		return;
	}
	const json_t *faults = json_object_get(declared, "faults");
	check_find_all(c, CHECK_FAULT, path, faults);
	check_find_all(c, CHECK_WARNING, path, json_object_get(declared, "warnings"));
	check_accounts(c, path, declared);
	check_effects(c, path, declared);
	/* The rest is what serve will ask: a name of its own, a schedule that can be read. */
	bool is_new;
	g_autofree char *name = json_array_size(faults) ? NULL : versions_enter(c->host, path, &is_new, &error);
	if (name || !error)
		return;
	bool taken = strstr(error->message, "\" is taken by ") != NULL, large = strstr(error->message, "longer than 1 MiB") != NULL;
	check_find_error(c, taken ? "name-taken" : large ? "too-large" : NULL, path, error);
}

void check_test(Check *c, const char *path)
{
	GError *error = NULL;
	g_autoptr(Program) program = versions_read_test(c->host, path, &error);
	if (!program) {
		check_find_error(c, code_of_reading(error), path, error);
		return;
	}
	g_autoptr(json_t) declared = workers_declare(c->host, program, &error);
	scan_alone(c, program);
	if (!declared)
		load_error(c, path, error);
}
