/* SPDX-License-Identifier: MIT */
/* The timelines of contacts that the page shows: see report.h. */
#include "cli/report.h"

#include <string.h>

enum { DETAIL = 400 };

static void line_clear(void *line)
{
	g_free(((ReportLine *)line)->words);
	g_free(((ReportLine *)line)->subject);
	g_free(((ReportLine *)line)->detail);
}

void report_person_free(void *person)
{
	ReportPerson *p = person;
	g_free(p->contact);
	g_free(p->outcome);
	g_array_unref(p->lines);
	g_free(p);
}

/* Past the limit only those are kept of whom a run fails. */
static ReportPerson *person_of(Report *report, const char *contact, bool failed)
{
	ReportPerson *person = g_hash_table_lookup(report->person_of, contact);
	if (person || report->people->len >= (failed ? REPORT_KEPT + REPORT_PEOPLE : REPORT_KEPT))
		return person;
	person = g_new0(ReportPerson, 1);
	person->contact = g_strdup(contact);
	person->lines = g_array_new(FALSE, TRUE, sizeof(ReportLine));
	g_array_set_clear_func(person->lines, line_clear);
	g_ptr_array_add(report->people, person);
	g_hash_table_insert(report->person_of, person->contact, person);
	return person;
}

static char *detail(const char *text)
{
	g_autofree char *plain = text ? g_strstrip(g_strdup(text)) : NULL;
	if (!plain || !*plain)
		return NULL;
	if (g_utf8_strlen(plain, -1) <= DETAIL)
		return g_steal_pointer(&plain);
	*g_utf8_offset_to_pointer(plain, DETAIL) = '\0';
	return g_strconcat(g_strchomp(plain), " …", NULL);
}

static const char *received_words(const char *kind)
{
	static const struct { const char *kind, *words; } table[] = {
		{ "reply", "Answers" }, { "auto_reply", "Automatic answer" }, { "bounce", "Mail bounces" }, { "unsubscribe", "Unsubscribes" },
		{ "complaint", "Complains" }, { "handled", "A teammate writes" }, { "click", "Clicks a link" }, { "opt_in", "Confirms (double opt-in)" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(kind, table[i].kind) == 0)
			return table[i].words;
	return kind;
}

static ReportLine sent_line(const json_t *event)
{
	return (ReportLine){ .kind = "sent", .subject = detail(value_string(event, "subject", NULL)), .detail = detail(value_string(event, "text", NULL)),
		.words = g_strdup_printf("Sent %s by %s", value_string(event, "template", "a message"), value_string(event, "channel", "")) };
}

static ReportLine held_line(Report *report, const json_t *event)
{
	Time until = value_integer(event, "until", TIME_NEVER);
	g_autofree char *when = until == TIME_NEVER ? NULL : report_moment(until, report_zone(report, value_string(event, "contact", NULL)));
	return (ReportLine){ .kind = "held", .detail = detail(value_string(event, "reason", NULL)),
		.words = g_strdup_printf("Held by %s%s%s (%s)", value_string(event, "rule", ""), when ? " until " : "", when ? when : "", value_string(event, "channel", "")) };
}

static ReportLine changes_line(const json_t *event)
{
	GString *words = g_string_new("Set");
	const char *key, *before = " ";
	json_t *value;
	json_object_foreach(json_object_get(event, "changes"), key, value) {
		g_autofree char *text = json_is_string(value) ? g_strdup(json_string_value(value)) : value_text(value);
		g_string_append_printf(words, "%s%s to %s", before, key, text);
		before = ", ";
	}
	return (ReportLine){ .kind = "other", .words = g_string_free(words, FALSE) };
}

/* One event as a person would tell it. */
static ReportLine line_of(Report *report, const json_t *event, const char *event_name)
{
	const char *channel = value_string(event, "channel", ""), *kind = value_string(event, "kind", "");
	if (strcmp(event_name, "enrolled") == 0)
		return (ReportLine){ .kind = "other", .words = g_strdup_printf("Enrolled in %s", value_string(event, "sequence", "")) };
	if (strcmp(event_name, "sent") == 0)
		return sent_line(event);
	if (strcmp(event_name, "deferred") == 0)
		return held_line(report, event);
	if (strcmp(event_name, "refused") == 0)
		return (ReportLine){ .kind = "refused", .detail = detail(value_string(event, "reason", NULL)),
			.words = g_strdup_printf("Refused by %s (%s)", value_string(event, "rule", value_string(event, "code", "")), channel) };
	if (strcmp(event_name, "received") == 0)
		return (ReportLine){ .kind = "received", .detail = detail(value_string(event, "text", NULL)),
			.words = g_strdup_printf("%s%s%s", received_words(kind), *channel ? " by " : "", channel) };
	if (strcmp(event_name, "task") == 0 || strcmp(event_name, "task_done") == 0)
		return (ReportLine){ .kind = "task", .detail = detail(value_string(event, "note", value_string(event, "outcome", NULL))),
			.words = g_strdup_printf("Task%s: %s", event_name[4] ? " done" : "", kind) };
	if (strcmp(event_name, "set") == 0)
		return changes_line(event);
	if (strcmp(event_name, "label") == 0)
		return (ReportLine){ .kind = "other",
			.words = g_strdup_printf("Label %s%s", value_true(event, "on") ? "" : "taken off: ", value_string(event, "label", "")) };
	if (strcmp(event_name, "finished") == 0)
		return (ReportLine){ .kind = "end", .detail = detail(value_string(event, "reason", NULL)),
			.words = g_strdup_printf("Finished: %s", value_string(event, "outcome", "done")) };
	if (strcmp(event_name, "failed") == 0)
		return (ReportLine){ .kind = "failed", .detail = detail(value_string(event, "error", NULL)),
			.words = g_strdup_printf("Failed (%s)", value_string(event, "code", "")) };
	return (ReportLine){ .kind = "other", .words = g_strdup(event_name), .detail = detail(value_string(event, "text", NULL)) };
}

void report_person_see(Report *report, const json_t *event)
{
	const char *contact = value_string(event, "contact", NULL), *name = value_string(event, "event", "");
	bool failed = strcmp(name, "failed") == 0;
	/* The pace of an account moves nearly every message by a minute or two: no news to a person. */
	if (!contact || strcmp(value_string(event, "rule", ""), "account_rate") == 0)
		return;
	ReportPerson *person = person_of(report, contact, failed);
	if (!person)
		return;
	person->failed |= failed;
	person->messages += strcmp(name, "sent") == 0;
	if (failed || strcmp(name, "finished") == 0) {
		g_free(person->outcome);
		person->outcome = g_strdup(failed ? "failed" : value_string(event, "outcome", "done"));
	}
	/* The end of a run is shown however long it went on. */
	if (person->lines->len >= REPORT_LINES && !failed && strcmp(name, "finished") != 0) {
		person->more++;
		return;
	}
	ReportLine line = line_of(report, event, name);
	line.at = host_now(report->host);
	g_array_append_val(person->lines, line);
}

GPtrArray *report_people(const Report *report)
{
	GPtrArray *shown = g_ptr_array_new();
	for (int failed = 1; failed >= 0; failed--)
		for (guint i = 0; i < report->people->len && shown->len < REPORT_PEOPLE; i++)
			if (((ReportPerson *)report->people->pdata[i])->failed == failed)
				g_ptr_array_add(shown, report->people->pdata[i]);
	return shown;
}
