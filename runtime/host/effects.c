/* SPDX-License-Identifier: MIT */
/* Effects by kind: see effects.h. */
#include "host/effects.h"

#include "host/broadcasts.h"
#include "host/contacts.h"
#include "host/dates.h"
#include "host/events.h"
#include "host/history.h"
#include "host/ledger.h"
#include "host/policy.h"
#include "host/requests.h"
#include "host/segments.h"
#include "host/store.h"
#include "host/tasks.h"
#include "host/versions.h"

#include <string.h>

/* Everything a handler is given. subject: the contact the effect is about (the run's own unless args name another). */
typedef struct Asked {
	Host *host;
	const Run *run;
	int64_t position;
	const json_t *args;
	const char *subject;
	bool own;
	Effect out;
} Asked;

typedef struct Kind {
	const char *name;
	const char *need; /* the member of `needs` it takes; NULL: none */
	bool waits;
	bool about_contact;
	void (*perform)(Asked *asked);
} Kind;

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void answer(Asked *asked, json_t *results)
{
	asked->out.answer = json_pack("{s:o}", "r", results);
}

/* One result that is canonical text already. */
static void answer_text(Asked *asked, const char *value)
{
	asked->out.text = g_strdup_printf("{\"r\":[%s]}", value);
}

static void answer_nothing(Asked *asked)
{
	asked->out.text = g_strdup("{\"r\":[]}");
}

static void answer_no(Asked *asked, const char *text, const char *code, const char *rule)
{
	json_t *results = json_pack("[n, s, s]", text, code);
	if (rule)
		json_array_append_new(results, json_string(rule));
	answer(asked, results);
}

static void misuse(Asked *asked, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void misuse(Asked *asked, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	asked->out.answer = json_pack("{s:s}", "raise", text);
}

static void misuse_error(Asked *asked, GError *error)
{
	misuse(asked, "%s", error->message);
	g_error_free(error);
}

static const char *text_arg(Asked *asked, const char *name)
{
	return value_string(asked->args, name, "");
}

enum {
	LINE_BYTES = 200,      /* of a label's or key's text, as the worker has it too */
	EVENTS_MOST = 32,      /* that one wait names */
};

static bool is_line(Asked *asked, const char *what, const char *text)
{
	bool line = strlen(text) <= LINE_BYTES;
	for (const char *c = text; *c; c++)
		line = line && !g_ascii_iscntrl(*c);
	if (!line)
		misuse(asked, "%s is one line of at most %d bytes", what, LINE_BYTES);
	return line;
}

/* ---- effects that wait ----------------------------------------------------------------------------------------- */

static bool resolve(Asked *asked, const char *name, Time *end)
{
	const json_t *within = json_object_get(asked->args, name);
	*end = TIME_NEVER;
	if (!within || json_is_null(within))
		return true;
	GError *error = NULL;
	g_autoptr(GTimeZone) zone = asked->run->contact ? contacts_zone(asked->host, asked->run->contact) : g_time_zone_ref(asked->host->workspace->zone);
	if (when_resolve(within, host_now(asked->host), zone, asked->host->workspace->hours, end, &error))
		return true;
	misuse_error(asked, error);
	return false;
}

static const char HAS_REPLY[] =
	"SELECT 1 FROM event_runs r JOIN events e ON e.id = r.event WHERE r.run = ?1 AND r.given_at IS NULL AND e.kind = 'reply'"
	" AND 'event-' || e.id <> (SELECT key FROM runs WHERE id = ?1) LIMIT 1";

/* A reply met in a sleep, or in a wait for something else, ends the run unless it goes on. The message that began the run (starts_on) is
 * no answer to it. */
static bool met_reply(Asked *asked)
{
	if (!asked->run->contact || run_continues(asked->host, asked->run, "on_reply") || !db_int(asked->host->db, 0, HAS_REPLY, "i", asked->run->id))
		return false;
	runs_end(asked->host, asked->run->id, "done", "replied", NULL, NULL);
	asked->out.ended = true;
	return true;
}

static void wait_until(Asked *asked, Time deadline)
{
	asked->out.state = "waiting";
	asked->out.deadline = deadline;
}

static void do_sleep(Asked *asked)
{
	Time end;
	if (!resolve(asked, "for", &end) || met_reply(asked))
		return;
	if (end == TIME_NEVER)
		misuse(asked, "sleep: say how long, such as \"3 days\"");
	else
		wait_until(asked, end);
}

static const char LAST_MESSAGE[] =
	"SELECT state FROM messages WHERE run = ? AND direction = 'out' AND CASE state WHEN 'withdrawn' THEN 0 WHEN 'refused' THEN 0 WHEN 'cancelled' THEN 0 ELSE 1 END"
	" ORDER BY id DESC LIMIT 1";

/* wait_reply is told at once when what it waits for an answer to has bounced for good. */
static bool bounced(Asked *asked)
{
	Rows *rows = db_query(asked->host->db, LAST_MESSAGE, "i", asked->run->id);
	if (!rows_next(rows))
		return false;
	bool yes = g_str_equal(rows_text(rows, 0), "bounced");
	rows_done(rows);
	return yes;
}

static void do_wait_reply(Asked *asked)
{
	Time end;
	if (!resolve(asked, "within", &end))
		return;
	g_autoptr(json_t) kinds = json_pack("[s]", "reply");
	json_t *reply = events_take(asked->host, asked->run->id, kinds);
	if (reply)
		answer(asked, json_pack("[o]", reply));
	else if (bounced(asked))
		answer_no(asked, "the message bounced", "bounced", NULL);
	else
		wait_until(asked, end);
}

static void do_wait(Asked *asked)
{
	Time end;
	const json_t *kinds = json_object_get(asked->args, "events");
	bool for_reply = false;
	if (json_array_size(kinds) > EVENTS_MOST) {
		misuse(asked, "wait: at most %d events", EVENTS_MOST);
		return;
	}
	for (size_t i = 0; i < json_array_size(kinds); i++) {
		const char *kind = json_string_value(json_array_get(kinds, i));
		if (!kind || !events_known(kind)) {
			misuse(asked, "wait: there is no event \"%s\"", kind ? kind : "?");
			return;
		}
		for_reply |= g_str_equal(kind, "reply");
	}
	if (!json_array_size(kinds)) {
		misuse(asked, "wait: name an event, such as \"task_done\"");
		return;
	}
	if (!resolve(asked, "within", &end))
		return;
	json_t *event = events_take(asked->host, asked->run->id, kinds);
	if (event)
		answer(asked, json_pack("[o]", event));
	else if (for_reply || !met_reply(asked))
		wait_until(asked, end);
}

static bool may_send(Asked *asked, const char *channel)
{
	const json_t *needs = json_object_get(run_declared(asked->host, asked->run), "needs");
	const json_t *channels = json_object_get(needs, "send");
	for (size_t i = 0; i < json_array_size(channels); i++)
		if (g_strcmp0(json_string_value(json_array_get(channels, i)), channel) == 0)
			return true;
	misuse(asked, "\"%s\" is not in needs.send of %s: add it there", channel, asked->run->sequence);
	log_warn("run %" G_GINT64_FORMAT " of %s asked to send by %s, which it has not declared", asked->run->id, asked->run->sequence, channel);
	return false;
}

static bool is_sequence(Asked *asked)
{
	if (!asked->run->contact)
		misuse(asked, "a job enrols; sequences write");
	return asked->run->contact != NULL;
}

/* error: why it can't be queued; NULL: it is. */
static void wait_for_sending(Asked *asked, GError *error)
{
	if (error) {
		misuse_error(asked, error);
		return;
	}
	asked->out.state = "sending";
	asked->out.deadline = TIME_NEVER;
}

static void do_send(Asked *asked)
{
	GError *error = NULL;
	int64_t id;
	if (!is_sequence(asked) || !may_send(asked, text_arg(asked, "channel")) || met_reply(asked))
		return;
	ledger_queue(asked->host, asked->run->id, asked->position, asked->run->contact, text_arg(asked, "channel"), text_arg(asked, "template"),
	             json_object_get(asked->args, "opts"), &id, &error);
	wait_for_sending(asked, error);
}

static void do_reach(Asked *asked)
{
	const json_t *channels = json_object_get(asked->args, "channels");
	GError *error = NULL;
	int64_t id;
	if (!is_sequence(asked))
		return;
	for (size_t i = 0; i < json_array_size(channels); i++) {
		const char *channel = json_string_value(json_array_get(channels, i));
		if (!may_send(asked, channel ? channel : "?"))
			return;
	}
	if (met_reply(asked))
		return;
	ledger_reach(asked->host, asked->run->id, asked->position, asked->run->contact, channels, text_arg(asked, "template"),
	             json_object_get(asked->args, "opts"), &id, &error);
	wait_for_sending(asked, error);
}

static void do_http(Asked *asked)
{
	GError *error = NULL;
	if (!requests_queue(asked->host, asked->run, asked->position, asked->args, &error)) {
		misuse_error(asked, error);
		return;
	}
	asked->out.state = "sending";
	asked->out.deadline = TIME_NEVER;
}

static void do_broadcast(Asked *asked)
{
	GError *error = NULL;
	if (!broadcasts_plan(asked->host, asked->run, asked->position, asked->args, &asked->out.answer, &error))
		misuse_error(asked, error);
	else if (!asked->out.answer) /* it is rendered, which takes no time but that */
		wait_until(asked, TIME_NEVER);
}

static void do_restart(Asked *asked)
{
	run_restart(asked->host, asked->run, json_object_get(asked->args, "state"));
	asked->out.ended = true;
}

/* ---- inner effects: contact ------------------------------------------------------------------------------------ */

static void do_can(Asked *asked)
{
	Host *host = asked->host;
	const char *channel = text_arg(asked, "channel");
	if (!contacts_is_channel(channel)) {
		misuse(asked, "there is no channel \"%s\"", channel);
		return;
	}
	g_autofree char *address = contacts_address(host, asked->subject, channel);
	PolicyCase c = {
		.contact = asked->subject, .channel = channel, .address = address, .run = asked->run->id, .sequence = asked->run->sequence,
		.account = ledger_account(host, asked->run, asked->subject, channel, NULL), .seen_event = INT64_MAX, .asking = true,
	};
	Verdict verdict = policy_check(host, &c);
	if (verdict.answer == POLICY_HAND)
		answer(asked, json_pack("[s]", "hand"));
	else if (verdict.answer == POLICY_ALLOW || verdict.answer == POLICY_DEFER)
		answer(asked, json_pack("[s]", "send"));
	else
		answer(asked, json_pack("[n, s, s]", verdict.reason, verdict.rule));
	verdict_clear(&verdict);
}

static void do_task(Asked *asked)
{
	Time due = TIME_NEVER;
	if (!resolve(asked, "due", &due))
		return;
	GError *error = NULL;
	const char *kind = text_arg(asked, "kind"), *note = value_string(asked->args, "note", NULL);
	int64_t id = tasks_create(asked->host, asked->subject, asked->run->id, kind, note, due == TIME_NEVER ? 0 : due, &error);
	if (!id) {
		misuse_error(asked, error);
		return;
	}
	host_see(asked->host, json_pack("{s:s, s:s, s:s?}", "event", "task", "kind", kind, "note", note), asked->subject, asked->run->id);
	answer(asked, json_pack("[I]", (json_int_t)id));
}

static void do_set(Asked *asked)
{
	GError *error = NULL;
	g_autofree char *cause = g_strdup_printf("run %" G_GINT64_FORMAT, asked->run->id);
	const json_t *changes = json_object_get(asked->args, "changes");
	if (!json_is_object(changes)) {
		misuse(asked, "contact:set: a table { key = value } is needed");
		return;
	}
	if (!contacts_set(asked->host, asked->subject, changes, cause, &error)) {
		misuse_error(asked, error);
		return;
	}
	host_see(asked->host, json_pack("{s:s, s:O}", "event", "set", "changes", changes), asked->subject, asked->run->id);
	answer_nothing(asked);
}

static void label(Asked *asked, bool on)
{
	const char *text = text_arg(asked, "label");
	if (!*text || strlen(text) > 64) {
		misuse(asked, "a label is a word of at most 64 letters");
		return;
	}
	if (!is_line(asked, "a label", text))
		return;
	contacts_label(asked->host, asked->subject, text, on);
	host_see(asked->host, json_pack("{s:s, s:s, s:b}", "event", "label", "label", text, "on", on), asked->subject, asked->run->id);
	answer_nothing(asked);
}

static void do_label(Asked *asked)
{
	label(asked, true);
}

static void do_unlabel(Asked *asked)
{
	label(asked, false);
}

static void do_note(Asked *asked)
{
	g_autofree char *author = g_strdup_printf("run %" G_GINT64_FORMAT, asked->run->id);
	contacts_note(asked->host, asked->subject, author, text_arg(asked, "text"));
	host_see(asked->host, json_pack("{s:s, s:s}", "event", "note", "text", text_arg(asked, "text")), asked->subject, asked->run->id);
	answer_nothing(asked);
}

static void do_snooze(Asked *asked)
{
	static const char SNOOZE[] = "UPDATE contacts SET snoozed_until = ? WHERE id = ?";
	Time until;
	if (!resolve(asked, "until", &until))
		return;
	if (until == TIME_NEVER) {
		misuse(asked, "contact:snooze: say until when, such as \"2 weeks\"");
		return;
	}
	db_run(asked->host->db, SNOOZE, "is", until, asked->subject);
	g_autoptr(GTimeZone) zone = contacts_zone(asked->host, asked->subject);
	g_autofree char *text = time_iso(until, zone);
	host_see(asked->host, json_pack("{s:s, s:{s:s}}", "event", "set", "changes", "snoozed_until", text), asked->subject, asked->run->id);
	answer_nothing(asked);
}

static void do_messages(Asked *asked)
{
	GError *error = NULL;
	json_t *list = history_messages(asked->host, asked->subject, asked->args, &error);
	if (list)
		answer(asked, json_pack("[o]", list));
	else
		misuse_error(asked, error);
}

static void do_signal(Asked *asked)
{
	g_autofree char *kind = g_strdup_printf("signal:%s", text_arg(asked, "name"));
	if (!events_known(kind)) {
		misuse(asked, "signal: a name is made of a-z, 0-9, - and _");
		return;
	}
	g_autoptr(json_t) data = json_pack("{s:O*}", "data", json_object_get(asked->args, "data"));
	events_record(asked->host, asked->subject, kind, NULL, 0, 0, data);
	/* A signal may be heard by the very run that gives it: never at this point of its visit. */
	answer_nothing(asked);
}

static void do_enrol(Asked *asked)
{
	int64_t run;
	g_autofree char *said = NULL;
	if (!is_line(asked, "contact:enrol: key", text_arg(asked, "key")))
		return;
	EnrolResult result = runs_enrol_by_script(asked->host, text_arg(asked, "sequence"), asked->subject, text_arg(asked, "key"), &run, &said);
	g_autofree char *version = result == ENROL_REFUSED ? versions_newest(asked->host, text_arg(asked, "sequence")) : NULL;
	if (result == ENROL_REFUSED && !version)
		host_see(asked->host, json_pack("{s:s, s:s, s:s}", "event", "untaken", "kind", "enrol", "sequence", text_arg(asked, "sequence")), asked->subject, 0);
	if (result == ENROL_STARTED)
		answer(asked, json_pack("[s]", said));
	else
		answer_no(asked, said, result == ENROL_ALREADY ? "closed" : "refused", NULL);
}

static void do_stop(Asked *asked)
{
	const char *sequence = text_arg(asked, "sequence");
	if (asked->own && g_str_equal(sequence, asked->run->sequence)) {
		runs_end(asked->host, asked->run->id, "stopped", "stopped", NULL, NULL);
		asked->out.ended = true;
		return;
	}
	runs_stop_contact(asked->host, asked->subject, sequence, "stopped");
	answer_nothing(asked);
}

/* ---- inner effects: the rest ----------------------------------------------------------------------------------- */

static const char ADD_LOG[] = "INSERT INTO run_log (run, at, text, fields) VALUES (?, ?, ?, ?)";

static void do_log(Asked *asked)
{
	const json_t *fields = json_object_get(asked->args, "fields");
	g_autofree char *text = fields && !json_is_null(fields) ? value_text(fields) : NULL;
	db_run(asked->host->db, ADD_LOG, "iiss", asked->run->id, host_now(asked->host), text_arg(asked, "text"), text);
	host_see(asked->host, json_pack("{s:s, s:s}", "event", "log", "text", text_arg(asked, "text")), asked->run->contact, asked->run->id);
	answer_nothing(asked);
}

static void do_now(Asked *asked)
{
	answer(asked, json_pack("[I]", (json_int_t)(host_now(asked->host) / 1000)));
}

static void answer_date(Asked *asked, json_t *value, GError *error)
{
	if (value)
		answer(asked, json_pack("[o]", value));
	else
		misuse_error(asked, error);
}

static void do_date(Asked *asked)
{
	GError *error = NULL;
	json_t *end = dates_shift(asked->host, asked->run->contact, asked->args, &error);
	answer_date(asked, end, error);
}

static void do_calendar(Asked *asked)
{
	GError *error = NULL;
	json_t *calendar = dates_calendar(asked->host, asked->run->contact, asked->args, &error);
	answer_date(asked, calendar, error);
}

/* Names are prefixed by the host: one space per trust domain. */
static const char SPACE[] = "workspace";

static void do_store_get(Asked *asked)
{
	g_autofree char *value = store_get(asked->host, SPACE, text_arg(asked, "key"));
	answer_text(asked, value ? value : "null");
}

static void do_store_set(Asked *asked)
{
	GError *error = NULL;
	if (store_set(asked->host, SPACE, text_arg(asked, "key"), json_object_get(asked->args, "value"), &error))
		answer_nothing(asked);
	else
		misuse_error(asked, error);
}

static void do_store_add(Asked *asked)
{
	GError *error = NULL;
	g_autofree char *sum = store_add(asked->host, SPACE, text_arg(asked, "key"), json_object_get(asked->args, "n"), &error);
	if (sum)
		answer_text(asked, sum);
	else
		misuse_error(asked, error);
}

static void do_store_delete(Asked *asked)
{
	store_delete(asked->host, SPACE, text_arg(asked, "key"));
	answer_nothing(asked);
}

static void do_store_list(Asked *asked)
{
	GError *error = NULL;
	json_t *list = store_list(asked->host, SPACE, value_string(asked->args, "prefix", ""), &error);
	if (list)
		answer(asked, json_pack("[o]", list));
	else
		misuse_error(asked, error);
}

static void do_contacts_find(Asked *asked)
{
	GError *error = NULL;
	json_t *found = contacts_find(asked->host, asked->args, &error);
	if (found)
		answer(asked, json_pack("[o]", found));
	else
		misuse_error(asked, error);
}

static void do_contacts_segment(Asked *asked)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	json_t *found = segments_ids(asked->host, text_arg(asked, "name"), ids, &error) ? contacts_views(asked->host, ids, &error) : NULL;
	if (found)
		answer(asked, json_pack("[o]", found));
	else
		misuse_error(asked, error);
}

static void do_contacts_get(Asked *asked)
{
	g_autofree char *id = contacts_current(asked->host, text_arg(asked, "id")); /* one that was merged away leads to whom they are now */
	json_t *view = id ? contacts_view(asked->host, id, NULL) : NULL;
	answer(asked, json_pack("[o]", view ? view : json_null()));
}

static void do_contacts_upsert(Asked *asked)
{
	GError *error = NULL;
	g_autofree char *cause = g_strdup_printf("run %" G_GINT64_FORMAT, asked->run->id);
	g_autofree char *id = contacts_upsert(asked->host, asked->args, cause, &error);
	if (g_error_matches(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS)) { /* what people give as theirs may be another's: no fault of the script */
		answer_no(asked, error->message, "refused", NULL);
		g_error_free(error);
		return;
	}
	if (!id) {
		misuse_error(asked, error);
		return;
	}
	asked->own = g_strcmp0(id, asked->run->contact) == 0;
	answer(asked, json_pack("[o]", contacts_view(asked->host, id, NULL)));
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static const Kind kinds[] = {
	{ "send", NULL, true, false, do_send },
	{ "reach", NULL, true, false, do_reach },
	{ "http", NULL, true, false, do_http },
	{ "broadcast", "broadcast", true, false, do_broadcast },
	{ "sleep", NULL, true, false, do_sleep },
	{ "wait_reply", NULL, true, false, do_wait_reply },
	{ "wait", NULL, true, false, do_wait },
	{ "restart", NULL, true, false, do_restart },
	{ "can", NULL, false, true, do_can },
	{ "task", "task", false, true, do_task },
	{ "set", NULL, false, true, do_set },
	{ "label", NULL, false, true, do_label },
	{ "unlabel", NULL, false, true, do_unlabel },
	{ "note", NULL, false, true, do_note },
	{ "snooze", NULL, false, true, do_snooze },
	{ "messages", NULL, false, true, do_messages },
	{ "signal", NULL, false, true, do_signal },
	{ "enrol", NULL, false, true, do_enrol },
	{ "stop", NULL, false, true, do_stop },
	{ "log", NULL, false, false, do_log },
	{ "now", NULL, false, false, do_now },
	{ "date", NULL, false, false, do_date },
	{ "calendar", NULL, false, false, do_calendar },
	{ "store.get", "store", false, false, do_store_get },
	{ "store.set", "store", false, false, do_store_set },
	{ "store.add", "store", false, false, do_store_add },
	{ "store.delete", "store", false, false, do_store_delete },
	{ "store.list", "store", false, false, do_store_list },
	{ "contacts.find", "contacts", false, false, do_contacts_find },
	{ "contacts.get", "contacts", false, false, do_contacts_get },
	{ "contacts.segment", "contacts", false, false, do_contacts_segment },
	{ "contacts.upsert", "contacts!", false, false, do_contacts_upsert },
};

static const Kind *find(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_str_equal(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

bool effects_waits(const char *kind, bool *known)
{
	const Kind *k = find(kind);
	*known = k != NULL;
	return k && k->waits;
}

/* "contacts!": write access. */
static bool has_need(Asked *asked, const char *need)
{
	const json_t *needs = json_object_get(run_declared(asked->host, asked->run), "needs");
	bool write = g_str_has_suffix(need, "!");
	g_autofree char *name = g_strndup(need, strlen(need) - write);
	const json_t *has = json_object_get(needs, name);
	bool may = write ? g_strcmp0(json_string_value(has), "write") == 0 : has && !json_is_false(has) && !json_is_null(has);
	if (may)
		return true;
	misuse(asked, "this needs %s = %s in the needs of %s", name, write ? "\"write\"" : g_str_equal(name, "contacts") ? "\"read\"" : "true", asked->run->sequence);
	log_warn("run %" G_GINT64_FORMAT " of %s asked for %s, which it has not declared", asked->run->id, asked->run->sequence, name);
	return false;
}

/* The texts among the arguments go on as C strings, which would end early. What lies deeper stays canonical text. */
static bool has_whole_texts(Asked *asked)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)asked->args, key, value) {
		if (!json_is_string(value) || strlen(json_string_value(value)) == json_string_length(value))
			continue;
		misuse(asked, "%s: a text that holds a NUL byte", key);
		return false;
	}
	return true;
}

/* A run of a hook: it finds people and signals, and is over at once. */
static bool is_hook(const Asked *asked)
{
	return !asked->run->contact && g_str_equal(value_string(run_declared(asked->host, asked->run), "type", ""), "hook");
}

static bool may_wait(Asked *asked, const Kind *kind)
{
	if (!kind->waits || !is_hook(asked))
		return true;
	misuse(asked, "a hook signals; sequences write");
	return false;
}

/* Scope: the contact is the run's own unless `contacts` is granted; changing another takes "write". */
static bool has_subject(Asked *asked, const Kind *kind)
{
	const json_t *named = json_object_get(asked->args, "contact");
	const char *other = json_string_value(named);
	bool filter = g_str_has_prefix(kind->name, "contacts."); /* its members are attributes and fields of people */
	if (named && !other && !filter) {
		misuse(asked, "a contact is named by its id");
		return false;
	}
	asked->own = !other || g_strcmp0(other, asked->run->contact) == 0;
	asked->subject = asked->own ? asked->run->contact : other;
	if (kind->about_contact && asked->own) {
		if (!asked->subject)
			misuse(asked, "a job or hook has no contact of its own");
		return asked->subject != NULL;
	}
	if (!kind->about_contact) {
		if (asked->own || filter)
			return true;
		misuse(asked, "a run writes to its own contact alone, and waits for it alone");
		return false;
	}
	bool changes = kind->perform == do_set || kind->perform == do_label || kind->perform == do_unlabel || kind->perform == do_note ||
	               (kind->perform == do_signal && !is_hook(asked)) || kind->perform == do_snooze; /* to signal is what a hook is for */
	if (!has_need(asked, changes ? "contacts!" : "contacts"))
		return false;
	g_autoptr(json_t) view = contacts_view(asked->host, other, NULL);
	if (!view)
		misuse(asked, "there is no contact \"%s\"", other);
	return view != NULL;
}

Effect effects_perform(Host *host, const Run *run, int64_t position, const char *name, const json_t *args, bool *contact_changed)
{
	const Kind *kind = find(name);
	Asked asked = { .host = host, .run = run, .position = position, .args = args, .out = { .deadline = TIME_NEVER } };
	if (has_whole_texts(&asked) && may_wait(&asked, kind) && has_subject(&asked, kind) && (!kind->need || has_need(&asked, kind->need)))
		kind->perform(&asked);
	*contact_changed = asked.own && (kind->perform == do_set || kind->perform == do_label || kind->perform == do_unlabel ||
	                                 kind->perform == do_contacts_upsert);
	return asked.out;
}
