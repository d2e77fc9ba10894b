/* SPDX-License-Identifier: MIT */
/* What happened, in short words: see timeline.h. */
#include "cli/timeline.h"

#include <string.h>

/* ---- the journal ------------------------------------------------------------------------------------------------- */

/* A value as a person would write it: texts without quotes, the rest as JSON. */
static char *words(const json_t *value)
{
	return json_is_string(value) ? g_strdup(json_string_value(value)) : value_text(value);
}

static void add(GString *out, const json_t *args, const char *key, const char *before)
{
	const json_t *value = json_object_get(args, key);
	if (!value || json_is_null(value))
		return;
	g_autofree char *text = words(value);
	g_string_append_printf(out, "%s%s", before, text);
}

static void add_pairs(GString *out, const json_t *object)
{
	const char *key, *before = " ";
	json_t *value;
	json_object_foreach((json_t *)object, key, value) {
		g_autofree char *text = json_is_null(value) ? g_strdup("nothing") : words(value);
		g_string_append_printf(out, "%s%s = %s", before, key, text);
		before = ", ";
	}
}

static void add_list(GString *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		g_autofree char *text = words(json_array_get(list, i));
		g_string_append_printf(out, "%s%s", i ? ", " : " ", text);
	}
}

/* Which arguments tell what an effect is about, in the order in which they are shown. */
static const struct {
	const char *kind, *keys[3];
} shown[] = {
	{ "send", { "channel", "template" } }, { "sleep", { "for" } },       { "wait_reply", { "within" } },
	{ "log", { "text" } },                 { "date", { "shift" } },      { "can", { "channel" } },
	{ "task", { "kind", "note" } },        { "label", { "label" } },     { "unlabel", { "label" } },
	{ "note", { "text" } },                { "snooze", { "until" } },    { "signal", { "name" } },     { "enrol", { "sequence", "key" } },
	{ "stop", { "sequence" } },            { "store.get", { "key" } },   { "store.set", { "key", "value" } },
	{ "store.add", { "key", "n" } },       { "store.delete", { "key" } }, { "store.list", { "prefix" } },
	{ "contacts.segment", { "name" } },    { "contacts.get", { "id" } },          { "calendar", { "zone" } }, { "now", { NULL } },          { "http", { "method", "url" } },
};

char *timeline_effect(const char *kind, const json_t *args)
{
	GString *out = g_string_new(kind);
	if (strcmp(kind, "set") == 0) {
		add_pairs(out, json_object_get(args, "changes"));
	} else if (strcmp(kind, "wait") == 0) {
		add_list(out, json_object_get(args, "events"));
		add(out, args, "within", " for ");
	} else {
		guint i = 0;
		while (i < G_N_ELEMENTS(shown) && strcmp(shown[i].kind, kind) != 0)
			i++;
		for (int k = 0; i < G_N_ELEMENTS(shown) && k < 3 && shown[i].keys[k]; k++)
			add(out, args, shown[i].keys[k], " ");
		if (i == G_N_ELEMENTS(shown) && json_object_size(args)) {
			g_string_append_c(out, ' ');
			value_append(out, args);
		}
	}
	add(out, args, "contact", " of ");
	return g_string_free(out, FALSE);
}

/* What an effect waits for that has no answer yet. */
static char *pending(const Cli *cli, const json_t *entry)
{
	const char *state = value_string(entry, "message_state", NULL), *reason = value_string(entry, "reason", NULL);
	g_autofree char *until = cli_time(cli, value_integer(entry, state ? "until" : "deadline", 0));
	GString *out = g_string_new(state ? state : "waits");
	if (reason)
		g_string_append_printf(out, ", %s", reason);
	if (*until && (!state || strcmp(state, "queued") == 0))
		g_string_append_printf(out, "%s until %s", state ? "," : "", until);
	return g_string_free(out, FALSE);
}

/* The members by which an object of an answer says what it is, and how each is introduced. */
static char *object_words(const json_t *object)
{
	static const char *const texts[] = { "text", "subject", "outcome", "name", "id" };
	const char *event = value_string(object, "event", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *text = value_string(object, texts[i], NULL);
		if (text && *text)
			return event ? g_strdup_printf("%s: %s", event, text) : g_strdup(text);
	}
	return event ? g_strdup(event) : value_text(object);
}

char *timeline_answer(const Cli *cli, const json_t *entry)
{
	const json_t *answer = json_object_get(entry, "answer");
	const char *kind = value_string(entry, "kind", ""), *raised = value_string(answer, "raise", NULL);
	if (!answer || json_is_null(answer))
		return pending(cli, entry);
	if (raised)
		return g_strdup_printf("error: %s", raised);
	const json_t *results = json_object_get(answer, "r"), *first = json_array_get(results, 0);
	const char *text = json_string_value(json_array_get(results, 1)), *code = json_string_value(json_array_get(results, 2));
	if (!first)
		return g_strdup("");
	if (json_is_null(first)) {
		if (text)
			return code ? g_strdup_printf("%s (%s)", text, code) : g_strdup(text);
		return g_strdup(g_str_has_prefix(kind, "wait") ? "nothing came" : "nothing");
	}
	if (strcmp(kind, "http") == 0)
		return g_strdup_printf("%" G_GINT64_FORMAT, value_integer(first, "status", 0));
	g_autofree char *shown_first = json_is_object(first) ? object_words(first) : words(first);
	if (strcmp(kind, "send") == 0)
		return g_strdup_printf("sent: %s", shown_first);
	if (strcmp(kind, "wait_reply") == 0)
		return g_strdup_printf("reply: %s", shown_first);
	if (strcmp(kind, "task") == 0)
		return g_strdup_printf("task %s", shown_first);
	return g_steal_pointer(&shown_first);
}

/* ---- what happens in a simulation ---------------------------------------------------------------------------------- */

static char *short_text(const char *text)
{
	g_autofree char *plain = cli_plain(text ? text : "", 60);
	return g_strdup(g_strstrip(plain));
}

static const char *received_words(const char *kind)
{
	static const struct { const char *kind, *words; } table[] = {
		{ "reply", "answers" }, { "auto_reply", "automatic answer" }, { "bounce", "mail bounces" }, { "unsubscribe", "opts out" },
		{ "complaint", "complains" }, { "handled", "a teammate writes" }, { "click", "clicks a link" }, { "opt_in", "confirms (double opt-in)" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(kind, table[i].kind) == 0)
			return table[i].words;
	return kind;
}

/* " with a.pdf, b.pdf", or nothing. */
static char *names_in_words(const json_t *names)
{
	GString *words = g_string_new(NULL);
	for (size_t i = 0; i < json_array_size(names); i++)
		g_string_append_printf(words, "%s%s", i ? ", " : " with ", json_string_value(json_array_get(names, i)));
	return g_string_free(words, FALSE);
}

static char *enrolled(const Cli *cli, const json_t *event, const char *text)
{
	(void)text;
	bool job = !json_object_get(event, "contact");
	g_autofree char *due = cli_time(cli, value_integer(event, "due", TIME_NEVER));
	return g_strdup_printf("%s%s%s%s%s", job ? "job " : "enrolled in ", value_string(event, "sequence", ""), job ? " starts" : "", *due ? ", due since " : "", due);
}

static char *passed_over(const Cli *cli, const json_t *event, const char *text)
{
	(void)text;
	g_autofree char *due = cli_time(cli, value_integer(event, "due", TIME_NEVER));
	return g_strdup_printf("job %s does not start for %s: %s", value_string(event, "sequence", ""), due, value_string(event, "reason", ""));
}

static char *sent(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	const char *subject = value_string(event, "subject", NULL);
	g_autofree char *with = names_in_words(json_object_get(event, "attach"));
	return g_strdup_printf("sent by %s: %s%s%s%s%s", value_string(event, "channel", ""), value_string(event, "template", ""), subject ? " \"" : "",
	                       subject ? subject : "", subject ? "\"" : "", with);
}

static char *deferred(const Cli *cli, const json_t *event, const char *text)
{
	(void)text;
	const char *rule = value_string(event, "rule", "");
	g_autofree char *until = cli_time(cli, value_integer(event, "until", TIME_NEVER));
	bool plain = g_str_equal(rule, "hours");
	return g_strdup_printf("%s waits%s%s (%s)", value_string(event, "channel", ""), *until ? " until " : "", until,
	                       plain ? "their sending hours" : value_string(event, "reason", rule));
}

static char *refused(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	return g_strdup_printf("%s refused (%s): %s", value_string(event, "channel", ""), value_string(event, "rule", value_string(event, "code", "")),
	                       value_string(event, "reason", ""));
}

static char *received(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	const char *kind = value_string(event, "kind", ""), *channel = g_str_has_prefix(kind, "signal:") ? "" : value_string(event, "channel", "");
	return g_strdup_printf("%s%s%s%s%s", received_words(kind), *channel ? " by " : "", channel, *text ? ": " : "", text);
}

static char *untaken(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	const char *kind = value_string(event, "kind", "");
	if (g_str_equal(kind, "enrol"))
		return g_strdup_printf("not enrolled in %s: it is not played here", value_string(event, "sequence", ""));
	if (g_str_equal(kind, "reply"))
		return g_strdup("no run takes what they wrote");
	return g_strdup_printf("%s: %s", kind, value_true(event, "kept") ? "no run waits for it now; it is kept for their next wait" : "nothing that is played here takes it");
}

static char *task(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	const char *detail = *text ? text : value_string(event, "outcome", "");
	bool made = g_str_equal(value_string(event, "event", ""), "task");
	return g_strdup_printf("%s %s%s%s", made ? "task:" : "task done:", value_string(event, "kind", ""), *detail ? ": " : "", detail);
}

static char *set(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	g_autofree char *changes = value_text(json_object_get(event, "changes"));
	return g_strdup_printf("set %s", changes);
}

static char *label(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	return g_strdup_printf("label %s%s", value_true(event, "on") ? "" : "taken off: ", value_string(event, "label", ""));
}

static char *finished(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	const char *reason = value_string(event, "reason", NULL);
	return g_strdup_printf("finished: %s%s%s%s", value_string(event, "outcome", ""), reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
}

static char *hook_done(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	return g_strdup_printf("hook %s: %s", value_string(event, "hook", ""), value_string(event, "outcome", ""));
}

static char *failed(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	return g_strdup_printf("FAILED (%s): %s", value_string(event, "code", ""), value_string(event, "error", ""));
}

static char *outage(const Cli *cli, const json_t *event, const char *text)
{
	(void)text;
	const char *channel = value_string(event, "channel", "");
	g_autofree char *until = cli_time(cli, value_integer(event, "until", TIME_NEVER));
	bool begins = g_str_equal(value_string(event, "state", ""), "begins");
	return g_strdup_printf("%s %s%s", channel, begins ? "has no connection until " : "has its connection back", begins ? until : "");
}

static char *broadcast(const Cli *cli, const json_t *event, const char *text)
{
	const char *state = value_string(event, "state", ""), *reason = value_string(event, "reason", NULL);
	bool planned = g_str_equal(state, "planned");
	g_autofree char *due = planned ? cli_time(cli, value_integer(event, "due", TIME_NEVER)) : NULL;
	return g_strdup_printf("broadcast to %s on %s is %s%s%s: %s%s%s%s", value_string(event, "to", ""), value_string(event, "channel", ""), state,
	                       planned ? " for " : "", planned ? due : "", value_string(event, "template", ""), reason ? " (" : planned ? " \"" : "",
	                       reason ? reason : planned ? text : "", reason ? ")" : planned ? "\"" : "");
}

static char *breaker(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	return g_strdup(value_string(event, "text", ""));
}

static char *edited(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	const char *name = value_string(event, "sequence", ""), *file = value_string(event, "file", "");
	if (!value_true(event, "changed"))
		return g_strdup_printf("%s is edited (%s), but nothing is changed in it", name, file);
	return g_strdup_printf("%s is edited (%s): of the live runs %" G_GINT64_FORMAT " go on with it, %" G_GINT64_FORMAT " stay on the one they began with",
	                       name, file, value_integer(event, "moved", 0), value_integer(event, "stayed", 0));
}

static char *moved(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)event;
	(void)text;
	return g_strdup("goes on with the edited script");
}

static char *stayed(const Cli *cli, const json_t *event, const char *text)
{
	(void)cli;
	(void)text;
	return g_strdup_printf("stays on the script it began with: %s", value_string(event, "reason", ""));
}

/* text: what is written, on one short line. */
static const struct {
	const char *kind;
	char *(*words)(const Cli *cli, const json_t *event, const char *text);
} all_words[] = {
	{ "enrolled", enrolled }, { "passed_over", passed_over }, { "sent", sent }, { "deferred", deferred }, { "refused", refused }, { "received", received }, { "untaken", untaken },
	{ "task", task }, { "task_done", task }, { "set", set }, { "label", label }, { "finished", finished }, { "failed", failed }, { "hook_done", hook_done }, { "outage", outage },
	{ "breaker", breaker }, { "broadcast", broadcast }, { "edited", edited }, { "moved", moved }, { "stayed", stayed },
};

char *timeline_event(const Cli *cli, const json_t *event)
{
	enum { BESIDE = 40, LEAST = 60 }; /* columns: time, name and kind; a text has */
	const char *kind = value_string(event, "event", "");
	const char *whole = value_string(event, "text", value_string(event, "note", ""));
	bool written = g_str_equal(kind, "log") || g_str_equal(kind, "note"); /* by the script, for who reads this */
	g_autofree char *cut = written ? cli_plain(whole, cli->tty ? MAX(cli->columns - BESIDE, LEAST) : 0) : NULL;
	g_autofree char *text = written ? g_strdup(g_strstrip(cut)) : short_text(whole);
	for (size_t i = 0; i < G_N_ELEMENTS(all_words); i++)
		if (g_str_equal(all_words[i].kind, kind))
			return all_words[i].words(cli, event, text);
	return g_strdup_printf("%s%s%s", kind, *text ? ": " : "", text);
}
