/* SPDX-License-Identifier: MIT */
/* Events and what follows from them: see events.h. */
#include "host/events.h"

#include "host/handover.h"
#include "host/ledger.h"
#include "host/policy.h"
#include "host/runs.h"
#include "host/tasks.h"

#include <string.h>

static const char *const kinds[] = { "reply", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "message_delivered",
	                             "message_read", "click", "opt_in", "task_done", NULL };

static const char ADD[] = "INSERT INTO events (contact, kind, at, channel, message, data) VALUES (?, ?, ?, ?, ?, ?)";
static const char KEPT[] = "SELECT 1 FROM event_runs WHERE event = ? LIMIT 1";
static const char GIVE_LATER[] = "INSERT OR IGNORE INTO event_runs (run, event) VALUES (?, ?)";
static const char LIVE[] = "SELECT id FROM runs WHERE contact = ? AND state IN ('ready', 'waiting', 'sending') ORDER BY id";
static const char RUN_OF_MESSAGE[] = "SELECT run FROM messages WHERE id = ?";
static const char LAST_WRITER[] =
	"SELECT run FROM messages WHERE contact = ? AND direction = 'out' AND run IS NOT NULL AND " LEDGER_SENT("state") " ORDER BY id DESC LIMIT 1";
static const char WAITING[] =
	"SELECT e.id, e.kind, e.at, e.channel, e.data FROM event_runs r JOIN events e ON e.id = r.event"
	" WHERE r.run = ? AND r.given_at IS NULL ORDER BY e.id";
static const char GIVEN[] = "UPDATE event_runs SET given_at = ? WHERE run = ? AND event = ?";
/* A run has seen their replies up to the first of its own that it has not been given; those to others are none of its business. */
static const char SEEN[] =
	"UPDATE runs SET seen_event = max(seen_event, coalesce("
	"(SELECT min(e.id) - 1 FROM event_runs r JOIN events e ON e.id = r.event WHERE r.run = ?1 AND r.given_at IS NULL AND e.kind = 'reply'),"
	" (SELECT max(id) FROM events WHERE contact = runs.contact AND kind = 'reply'), 0)) WHERE id = ?1";
static const char ADDRESS_OF[] = "SELECT channel, address FROM messages WHERE id = ?";
static const char LAST_OF_RUN[] =
	"SELECT max(id) FROM messages WHERE run = ? AND direction = 'out' AND state NOT IN ('withdrawn', 'refused', 'cancelled')";
static const char SET_REPLIED[] = "UPDATE messages SET state = 'replied' WHERE id = ? AND state IN ('accepted', 'delivered', 'read', 'unknown')";
static const char STARTERS[] =
	"SELECT s.name, v.declarations FROM scripts s JOIN versions v ON v.hash = s.version"
	" WHERE s.kind = 'sequence' AND v.declarations LIKE '%\"starts_on\":[%' ORDER BY s.name";
/* What answers a mail goes into its thread; one that cited none of ours begins its own. */
static const char OWN_THREAD[] = "UPDATE messages SET thread = message_id WHERE id = ? AND channel = 'email' AND thread IS NULL";
static const char JOIN_THREAD[] = "UPDATE runs SET thread = (SELECT thread FROM messages WHERE id = ? AND channel = 'email') WHERE id = ?";
static const char SAME_COMPANY[] =
	"SELECT r.id FROM contacts c CROSS JOIN runs r WHERE c.company IS NOT NULL AND lower(trim(c.company)) = lower(trim(?1)) AND c.id <> ?2"
	" AND r.contact = c.id AND r.state IN ('ready', 'waiting', 'sending') ORDER BY r.id";
static const char COMPANY[] = "SELECT company FROM contacts WHERE id = ?";
static const char AWAY_UNTIL[] = "SELECT away_until FROM contacts WHERE id = ?";
static const char SET_AWAY[] = "UPDATE contacts SET away_until = ? WHERE id = ?";
static const char WAITS[] =
	"SELECT j.run, j.position, j.deadline FROM runs r JOIN journal j ON j.run = r.id AND j.answer IS NULL"
	" WHERE r.contact = ? AND r.state = 'waiting' AND j.kind IN ('wait_reply', 'wait') AND j.deadline IS NOT NULL ORDER BY j.run";
static const char SET_DEADLINE[] = "UPDATE journal SET deadline = ? WHERE run = ? AND position = ?";
/* One that is held for its mailbox gets the deadline when that has been read. */
static const char SET_DUE[] = "UPDATE runs SET due = ? WHERE id = ? AND state = 'waiting' AND due IS NOT NULL";
static const char WAKE[] = "UPDATE contacts SET snoozed_until = NULL WHERE id = ? AND snoozed_until IS NOT NULL";
static const char TASK[] = "SELECT contact, run, kind, outcome, note, message FROM tasks WHERE id = ?";

/* One event on its way. */
typedef struct Event {
	Host *host;
	int64_t id;
	const char *contact, *kind, *channel;
	int64_t message, cites;
	const json_t *data;
	int64_t owner; /* the run whose message it answers, or that last wrote, or that waits for one; 0: none */
	bool taken;    /* some live run has it */
} Event;

bool events_known(const char *kind)
{
	if (g_str_has_prefix(kind, "signal:")) {
		const char *name = kind + strlen("signal:");
		size_t length = strlen(name);
		return length && length <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
	}
	return g_strv_contains(kinds, kind);
}

static bool among(const json_t *wanted, const char *kind)
{
	for (size_t i = 0; i < json_array_size(wanted); i++)
		if (g_strcmp0(json_string_value(json_array_get(wanted, i)), kind) == 0)
			return true;
	return false;
}

json_t *events_take(Host *host, int64_t run, const json_t *wanted)
{
	json_t *event = NULL;
	int64_t id = 0;
	bool reply = false;
	Rows *rows = db_query(host->db, WAITING, "i", run);
	while (rows_next(rows)) {
		if (!among(wanted, rows_text(rows, 1)))
			continue;
		id = rows_int(rows, 0);
		reply = g_str_equal(rows_text(rows, 1), "reply");
		event = value_parse(rows_text(rows, 4), -1, NULL);
		json_object_set_new(event, "event", json_string(rows_text(rows, 1)));
		json_object_set_new(event, "at", json_integer(rows_int(rows, 2) / 1000));
		if (!rows_null(rows, 3))
			json_object_set_new(event, "channel", json_string(rows_text(rows, 3)));
		rows_done(rows);
		break;
	}
	if (!event)
		return NULL;
	host_write(host);
	db_run(host->db, GIVEN, "iii", host_now(host), run, id);
	if (reply)
		db_run(host->db, SEEN, "i", run);
	return event;
}

/* The events that a run's pending effect waits for; NULL if it waits for none. Caller owns. */
static json_t *waits_for(Host *host, int64_t run, int64_t *position, bool *wait_reply)
{
	g_autofree char *kind = NULL, *args = NULL;
	Time asked_at, deadline;
	*wait_reply = false;
	if (!run_pending(host, run, position, &kind, &args, &asked_at, &deadline))
		return NULL;
	if (g_str_equal(kind, "wait_reply")) {
		*wait_reply = true;
		return json_pack("[s]", "reply");
	}
	if (!g_str_equal(kind, "wait"))
		return NULL;
	g_autoptr(json_t) value = value_parse(args, -1, NULL);
	return json_incref(json_object_get(value, "events"));
}

/* Gives the event to a run: at once if it waits for it, else at its next wait. True if it was waited for. */
static bool give(Event *event, int64_t run)
{
	Host *host = event->host;
	db_run(host->db, GIVE_LATER, "ii", run, event->id);
	int64_t position;
	bool wait_reply;
	g_autoptr(json_t) wanted = waits_for(host, run, &position, &wait_reply);
	if (!wanted || !among(wanted, event->kind))
		return false;
	json_t *taken = events_take(host, run, wanted);
	if (!taken)
		return false;
	runs_answer(host, run, position, json_pack("{s:[o]}", "r", taken));
	return true;
}

static GArray *live_runs(Host *host, const char *contact)
{
	GArray *runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, LIVE, "s", contact);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(runs, id);
	}
	return runs;
}

static bool continues(Host *host, int64_t id, const char *which)
{
	g_auto(Run) run = { 0 };
	return run_load(host, id, &run) && run_continues(host, &run, which);
}

static bool is_asleep(Host *host, int64_t id)
{
	g_auto(Run) run = { 0 };
	return run_load(host, id, &run) && !g_str_equal(run.state, "ready");
}

/* What a person had not sent yet when they wrote. A run that goes on is told, as by the rule unseen_reply. */
static void withdraw_unsent(Host *host, const GArray *messages)
{
	for (guint i = 0; i < messages->len; i++) {
		g_auto(Message) m = { 0 };
		if (message_load(host, g_array_index(messages, int64_t, i), &m) && g_str_equal(m.state, "handed"))
			ledger_withdraw_unseen(host, &m, "they wrote before it was sent by hand");
	}
}

/* policy.stop_company: who answers speaks for the others there. */
static void stop_colleagues(Event *event)
{
	Host *host = event->host;
	if (!value_true(host->workspace->policy, "stop_company"))
		return;
	g_autofree char *company = db_text(host->db, COMPANY, "s", event->contact);
	if (!company || !*g_strstrip(company))
		return;
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, SAME_COMPANY, "ss", company, event->contact);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(runs, id);
	}
	g_autofree char *why = g_strdup_printf("somebody else of %s has answered", company);
	for (guint i = 0; i < runs->len; i++)
		if (!continues(host, g_array_index(runs, int64_t, i), "on_reply"))
			runs_end(host, g_array_index(runs, int64_t, i), "done", "answered elsewhere", NULL, why);
}

static void on_reply(Event *event)
{
	Host *host = event->host;
	if (event->cites)
		db_run(host->db, SET_REPLIED, "i", event->cites);
	db_run(host->db, WAKE, "s", event->contact);
	g_autoptr(GArray) unsent = tasks_they_wrote(host, event->contact);
	g_autoptr(GArray) runs = live_runs(host, event->contact);
	for (guint i = 0; i < runs->len; i++) {
		int64_t run = g_array_index(runs, int64_t, i);
		bool goes_on = continues(host, run, "on_reply");
		if (run == event->owner) {
			event->taken = true;
			/* A run that is being visited meets the reply at its next effect. */
			if (!give(event, run) && !goes_on && is_asleep(host, run))
				runs_end(host, run, "done", "replied", NULL, NULL);
		} else if (goes_on) {
			db_run(host->db, SEEN, "i", run);
		} else {
			runs_end(host, run, "done", "answered elsewhere", NULL, NULL);
		}
	}
	withdraw_unsent(host, unsent);
	stop_colleagues(event);
}

static void on_handled(Event *event)
{
	g_autoptr(GArray) runs = live_runs(event->host, event->contact);
	for (guint i = 0; i < runs->len; i++) {
		int64_t run = g_array_index(runs, int64_t, i);
		if (!give(event, run) && !continues(event->host, run, "on_handled"))
			runs_end(event->host, run, "done", "taken over", NULL, NULL);
	}
}

static void on_leaving(Event *event)
{
	policy_suppress_person(event->host, event->contact, g_str_equal(event->kind, "complaint") ? "complaint" : "opted_out");
	tasks_they_left(event->host, event->contact);
	runs_stop_contact(event->host, event->contact, NULL, "unsubscribed");
}

static void on_bounce(Event *event)
{
	Host *host = event->host;
	bool delayed = g_str_equal(value_string(event->data, "action", "failed"), "delayed");
	if (g_str_equal(value_string(event->data, "class", "soft"), "hard") && event->cites) {
		g_autofree char *channel = NULL, *address = NULL;
		Rows *rows = db_query(host->db, ADDRESS_OF, "i", event->cites);
		if (rows_next(rows)) {
			channel = g_strdup(rows_text(rows, 0));
			address = g_strdup(rows_text(rows, 1)); /* NULL: of somebody who has been erased */
			rows_done(rows);
		}
		if (address)
			policy_suppress_identity(host, channel, address, "dead_address", event->contact);
	}
	if (!event->owner || delayed || !runs_live(host, event->owner) || give(event, event->owner))
		return;
	/* wait_reply is told when what it waits for an answer to will never be read. */
	int64_t position;
	bool wait_reply;
	json_decref(waits_for(host, event->owner, &position, &wait_reply));
	if (wait_reply && db_int(host->db, 0, LAST_OF_RUN, "i", event->owner) == event->cites) {
		db_run(host->db, GIVEN, "iii", host_now(host), event->owner, event->id);
		runs_answer(host, event->owner, position, json_pack("{s:[n, s, s]}", "r", "the message bounced", "bounced"));
	}
}

static void on_signal(Event *event)
{
	g_autoptr(GArray) runs = live_runs(event->host, event->contact);
	for (guint i = 0; i < runs->len; i++)
		event->taken |= give(event, g_array_index(runs, int64_t, i));
}

/* starts_on: an event that no live run takes enrols the contact. */
static void start_on(Event *event, const char *word)
{
	Host *host = event->host;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(host->db, STARTERS, "");
	while (rows_next(rows)) {
		g_autoptr(json_t) declared = value_parse(rows_text(rows, 1), -1, NULL);
		if (among(json_object_get(declared, "starts_on"), word))
			g_ptr_array_add(names, g_strdup(rows_text(rows, 0)));
	}
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *key = g_strdup_printf("event-%" G_GINT64_FORMAT, event->id);
		g_autofree char *said = NULL;
		int64_t run;
		if (runs_enrol_by_script(host, names->pdata[i], event->contact, key, &run, &said) != ENROL_STARTED)
			continue;
		event->taken = true;
		db_run(host->db, GIVE_LATER, "ii", run, event->id);
		if (event->message) {
			db_run(host->db, OWN_THREAD, "i", event->message);
			db_run(host->db, JOIN_THREAD, "ii", event->message, run);
		}
	}
}

/* Whose the message is of somebody to whom no live run has written: the newest that waits for an answer now; 0: none. */
static int64_t listener_of(Event *event)
{
	g_autoptr(GArray) runs = live_runs(event->host, event->contact);
	for (guint i = runs->len; i > 0; i--) {
		int64_t run = g_array_index(runs, int64_t, i - 1), position;
		bool wait_reply;
		g_autoptr(json_t) wanted = waits_for(event->host, run, &position, &wait_reply);
		if (wanted && among(wanted, "reply"))
			return run;
	}
	return 0;
}

static int64_t owner_of(Event *event)
{
	int64_t run = event->cites ? db_int(event->host->db, 0, RUN_OF_MESSAGE, "i", event->cites) : 0;
	if (!run)
		run = db_int(event->host->db, 0, LAST_WRITER, "s", event->contact);
	if (g_str_equal(event->kind, "reply") && !(run && runs_live(event->host, run)))
		run = listener_of(event);
	return run;
}

static void follow(Event *event)
{
	const char *kind = event->kind;
	if (g_str_equal(kind, "reply")) {
		on_reply(event);
		if (!event->taken)
			start_on(event, "message");
	} else if (g_str_equal(kind, "handled")) {
		on_handled(event);
	} else if (g_str_equal(kind, "unsubscribe") || g_str_equal(kind, "complaint")) {
		on_leaving(event);
	} else if (g_str_equal(kind, "bounce")) {
		on_bounce(event);
	} else if (g_str_has_prefix(kind, "signal:")) {
		on_signal(event);
		if (!event->taken)
			start_on(event, kind);
	} else if (event->owner && runs_live(event->host, event->owner)) {
		give(event, event->owner);
	}
}

/* A message or signal that no run waited for and that began none is told to who watches; live runs keep a signal for their next wait. */
static void tell_untaken(const Event *event)
{
	bool meant = g_str_equal(event->kind, "reply") || g_str_has_prefix(event->kind, "signal:");
	if (meant && event->host->see && !event->taken)
		host_see(event->host, json_pack("{s:s, s:s, s:b}", "event", "untaken", "kind", event->kind, "kept",
		                                db_int(event->host->db, 0, KEPT, "i", event->id) != 0), event->contact, 0);
}

static int64_t record(Event *event)
{
	Host *host = event->host;
	host_write(host);
	g_autofree char *text = event->data ? value_text(event->data) : g_strdup("{}");
	db_run(host->db, ADD, "ssiszs", event->contact, event->kind, host_now(host), event->channel, event->message, text);
	event->id = db_last_id(host->db);
	follow(event);
	tell_untaken(event);
	return event->id;
}

int64_t events_record(Host *host, const char *contact, const char *kind, const char *channel, int64_t message, int64_t cites, const json_t *data)
{
	Event event = { .host = host, .contact = contact, .kind = kind, .channel = channel, .message = message, .cites = cites, .data = data };
	event.owner = owner_of(&event);
	return record(&event);
}

int64_t events_task_done(Host *host, int64_t task)
{
	Rows *rows = db_query(host->db, TASK, "i", task);
	if (!rows_next(rows))
		return 0;
	g_autofree char *contact = g_strdup(rows_text(rows, 0));
	int64_t run = rows_int(rows, 1);
	g_autoptr(json_t) data = json_pack("{s:I, s:s, s:s?, s:s?}", "task", (json_int_t)task, "kind", rows_text(rows, 2), "outcome",
	                                   rows_text(rows, 3), "note", rows_text(rows, 4));
	int64_t by_hand = rows_int(rows, 5);
	rows_done(rows);
	host_see(host, json_pack("{s:s, s:s, s:s?}", "event", "task_done", "kind", value_string(data, "kind", ""), "outcome", value_string(data, "outcome", NULL)), contact, run);
	if (by_hand) { /* the task was to send a message: its send is what the run waits for */
		ledger_by_hand(host, by_hand, !tasks_not_sent(value_string(data, "outcome", NULL)));
	}
	Event event = { .host = host, .contact = contact, .kind = "task_done", .data = data, .owner = run };
	return record(&event);
}

/* ---- away ------------------------------------------------------------------------------------------------------ */

typedef struct Wait {
	int64_t run, position;
	Time deadline;
} Wait;

void events_away(Host *host, const char *contact, Time until)
{
	Time now = host_now(host), known = db_int(host->db, 0, AWAY_UNTIL, "s", contact);
	Time absence = until - MAX(now, known);
	host_write(host);
	db_run(host->db, SET_AWAY, "is", until, contact);
	if (absence <= 0)
		return;
	g_autoptr(GArray) waits = g_array_new(FALSE, FALSE, sizeof(Wait));
	Rows *rows = db_query(host->db, WAITS, "s", contact);
	while (rows_next(rows)) {
		Wait wait = { rows_int(rows, 0), rows_int(rows, 1), rows_int(rows, 2) };
		g_array_append_val(waits, wait);
	}
	for (guint i = 0; i < waits->len; i++) {
		const Wait *wait = &g_array_index(waits, Wait, i);
		Time deadline = MAX(wait->deadline + absence, until);
		db_run(host->db, SET_DEADLINE, "iii", deadline, wait->run, wait->position);
		db_run(host->db, SET_DUE, "ii", deadline, wait->run);
	}
}
