/* SPDX-License-Identifier: MIT */
/* Runs: enrolment, answers, endings. See runs.h. */
#include "host/runs.h"

#include "host/contacts.h"
#include "host/events.h"
#include "host/hooks.h"
#include "host/journal.h"
#include "host/ledger.h"
#include "host/policy.h"
#include "host/requests.h"
#include "host/tasks.h"
#include "host/versions.h"
#include "host/visits.h"

#include <string.h>

G_DEFINE_QUARK(perigee-runs-error, runs_error)

#define LIVE "('ready', 'waiting', 'sending')"

static const char FIND[] =
	"SELECT sequence, contact, key, version, state, start, account, thread, held, due, started_at, first_message_at, wait_ended_at,"
	" seed, steps, contact_rev, seen_event FROM runs WHERE id = ?";
static const char FIND_KEY[] = "SELECT id, state, outcome, coalesce(ended_at, started_at) FROM runs WHERE sequence = ? AND contact IS ? AND key = ?";
static const char COUNT_KEYS[] = "SELECT count(*) FROM runs WHERE sequence = ? AND contact IS ?";
static const char ADD[] =
	"INSERT INTO runs (sequence, contact, key, version, state, due, seed, start, started_at, seen_event)"
	" VALUES (?, ?, ?, ?, 'ready', ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM events WHERE contact = ? AND kind = 'reply'))";
static const char SET_START[] = "UPDATE runs SET start = ?, contact_rev = ? WHERE id = ?";
static const char PENDING[] = "SELECT position, kind, args, asked_at, deadline FROM journal WHERE run = ? AND answer IS NULL";
static const char ANSWER[] = "UPDATE journal SET answer = ?, answered_at = ? WHERE run = ? AND position = ? AND answer IS NULL";
static const char READY[] = "UPDATE runs SET state = 'ready', due = ?, held = NULL, wait_ended_at = ? WHERE id = ? AND state IN " LIVE;
static const char END[] =
	"UPDATE runs SET state = ?, outcome = ?, error_code = ?, error = ?, ended_at = ?, due = NULL, held = NULL WHERE id = ? AND state IN " LIVE;
static const char LIVE_OF[] = "SELECT id, sequence FROM runs WHERE contact = ? AND state IN " LIVE " ORDER BY id";
static const char STATE[] = "SELECT state FROM runs WHERE id = ?";
static const char ERASED[] = "SELECT 1 FROM runs WHERE id = ? AND contact IS NULL AND start = '{}'"; /* contacts_erase, forget.c, retention.c */
static const char FORGOTTEN[] = "SELECT 1 FROM runs WHERE id = ? AND forgotten_at IS NOT NULL"; /* retention.c */
static const char CHANGES[] = "SELECT answer FROM journal WHERE run = ? AND answer LIKE '%\"c\":%' ORDER BY position";
static const char FORGET_JOURNAL[] = "DELETE FROM journal WHERE run = ?";
static const char RESTART[] =
	"UPDATE runs SET state = 'ready', due = ?1, steps = 0, version = coalesce((SELECT version FROM scripts WHERE name = sequence), version),"
	" seed = ?2, start = ?3, started_at = ?1, contact_rev = ?4, held = NULL, program = NULL,"
	" restarts = ?5, restarts_since = CASE ?5 WHEN 1 THEN ?1 ELSE restarts_since END WHERE id = ?6";
static const char COUNT_RESTARTS[] = "SELECT CASE WHEN restarts_since > ? THEN restarts ELSE 0 END FROM runs WHERE id = ?";
static const char COUNT_STARTED[] = "SELECT count(*) FROM runs WHERE contact = ? AND started_at > ?";
static const char REVIVE[] =
	"UPDATE runs SET state = CASE WHEN EXISTS (SELECT 1 FROM messages WHERE run = runs.id AND state IN ('queued', 'handed', 'held'))"
	" OR EXISTS (SELECT 1 FROM requests WHERE run = runs.id AND state IN ('queued', 'handed')) THEN 'sending'"
	" WHEN EXISTS (SELECT 1 FROM journal WHERE run = runs.id AND answer IS NULL) THEN 'waiting' ELSE 'ready' END,"
	" outcome = NULL, error = NULL, error_code = NULL, ended_at = NULL,"
	" due = coalesce((SELECT deadline FROM journal WHERE run = runs.id AND answer IS NULL), ?) WHERE id = ?";
static const char RELEASE_HELD[] = "UPDATE runs SET held = NULL, due = coalesce((SELECT deadline FROM journal WHERE run = runs.id AND answer IS NULL), ?) WHERE held = ?";
static const char FIND_PAUSED[] = "SELECT paused_reason FROM scripts WHERE name = ?";

bool run_load(Host *host, int64_t id, Run *run)
{
	*run = (Run){ .id = id };
	Rows *rows = db_query(host->db, FIND, "i", id);
	if (!rows_next(rows))
		return false;
	char **texts[] = { &run->sequence, &run->contact, &run->key, &run->version, &run->state, &run->start, &run->account, &run->thread, &run->held };
	for (int i = 0; i < 9; i++)
		*texts[i] = g_strdup(rows_text(rows, i));
	run->due = rows_int_or(rows, 9, TIME_NEVER);
	run->started_at = rows_int(rows, 10);
	run->first_message_at = rows_int(rows, 11);
	run->wait_ended_at = rows_int(rows, 12);
	run->seed = (uint64_t)rows_int(rows, 13);
	run->steps = rows_int(rows, 14);
	run->contact_rev = rows_int(rows, 15);
	run->seen_event = rows_int(rows, 16);
	rows_done(rows);
	return true;
}

void run_clear(Run *run)
{
	char *texts[] = { run->sequence, run->contact, run->key, run->version, run->state, run->start, run->account, run->thread, run->held };
	for (int i = 0; i < 9; i++)
		g_free(texts[i]);
	*run = (Run){ 0 };
}

const json_t *run_declared(Host *host, const Run *run)
{
	return versions_declared(host, run->version);
}

bool run_continues(Host *host, const Run *run, const char *which)
{
	return g_str_equal(value_string(run_declared(host, run), which, "stop"), "continue");
}

bool run_pending(Host *host, int64_t run, int64_t *position, char **kind, char **args, Time *asked_at, Time *deadline)
{
	Rows *rows = db_query(host->db, PENDING, "i", run);
	if (!rows_next(rows))
		return false;
	*position = rows_int(rows, 0);
	*kind = g_strdup(rows_text(rows, 1));
	*args = g_strdup(rows_text(rows, 2));
	*asked_at = rows_int(rows, 3);
	*deadline = rows_int_or(rows, 4, TIME_NEVER);
	rows_done(rows);
	return true;
}

json_t *run_seen_contact(Host *host, const Run *run)
{
	g_autoptr(json_t) start = value_parse(run->start, -1, NULL);
	json_t *seen = json_deep_copy(json_object_get(start, "contact"));
	if (!seen)
		return NULL;
	Rows *rows = db_query(host->db, CHANGES, "i", run->id);
	while (rows_next(rows)) {
		g_autoptr(json_t) answer = value_parse(rows_text(rows, 0), -1, NULL);
		const char *key;
		json_t *value;
		json_object_foreach(json_object_get(answer, "c"), key, value) {
			if (json_is_null(value))
				json_object_del(seen, key);
			else
				json_object_set(seen, key, value);
		}
	}
	return seen;
}

/* ---- enrolment ------------------------------------------------------------------------------------------------- */

static char *already(Host *host, const char *state, const char *outcome, Time at)
{
	g_autofree char *day = time_iso(at, host->workspace->zone);
	day[10] = 0;
	if (g_str_equal(state, "ready") || g_str_equal(state, "waiting") || g_str_equal(state, "sending"))
		return g_strdup_printf("already running since %s", day);
	return g_strdup_printf("already ran: %s on %s", outcome ? outcome : state, day);
}

/* The start as it is journaled: what the script sees of its contact before its first effect. */
static char *start_text(Host *host, const char *sequence, const char *contact, const json_t *state, int64_t run, int64_t *rev)
{
	g_autoptr(json_t) start = json_pack("{s:s, s:o}", "sequence", sequence, "run", json_sprintf("%" G_GINT64_FORMAT, run));
	json_t *view = contact ? contacts_view(host, contact, rev) : NULL;
	if (view)
		json_object_set_new(start, "contact", view);
	if (state && !json_is_null(state))
		json_object_set(start, "state", (json_t *)state);
	return value_text(start);
}

static char *free_key(Host *host, const char *sequence, const char *contact, const char *key)
{
	int64_t n = db_int(host->db, 0, COUNT_KEYS, "ss", sequence, contact);
	for (;; n++) {
		g_autofree char *candidate = g_strdup_printf("%s%sagain-%" G_GINT64_FORMAT, key, *key ? "/" : "", n);
		if (!db_int(host->db, 0, FIND_KEY, "sss", sequence, contact, candidate) || db_failed(host->db))
			return g_steal_pointer(&candidate);
	}
}

/* A person who opted out is not enrolled: every send would be refused. */
static bool opted_out(Host *host, const char *contact, char **said)
{
	PolicyCase c = { .contact = contact, .channel = "*", .asking = true };
	Verdict verdict = policy_check(host, &c);
	bool out = verdict.answer == POLICY_REFUSE && g_strcmp0(verdict.rule, "suppressed") == 0;
	if (out)
		*said = g_strdup_printf("would be refused: %s", verdict.reason);
	verdict_clear(&verdict);
	return out;
}

EnrolResult runs_enrol(Host *host, const char *sequence, const char *contact, const char *key, bool again, const json_t *state, int64_t *run, char **said)
{
	*said = NULL;
	*run = 0;
	g_autofree char *version = versions_newest(host, sequence);
	if (!version || g_strcmp0(value_string(versions_declared(host, version), "type", NULL), "sequence") != 0) {
		*said = g_strdup_printf("no sequence \"%s\"", sequence);
		return ENROL_REFUSED;
	}
	g_autofree char *paused = db_text(host->db, FIND_PAUSED, "s", sequence);
	if (paused) {
		*said = g_strdup_printf("the sequence is paused: %s", paused);
		return ENROL_REFUSED;
	}
	if (contact && opted_out(host, contact, said))
		return ENROL_REFUSED;
	g_autofree char *fresh = NULL;
	Rows *rows = db_query(host->db, FIND_KEY, "sss", sequence, contact, key);
	if (rows_next(rows)) {
		*run = rows_int(rows, 0);
		*said = already(host, rows_text(rows, 1), rows_text(rows, 2), rows_int(rows, 3));
		rows_done(rows);
		if (!again)
			return ENROL_ALREADY;
		g_clear_pointer(said, g_free);
		key = fresh = free_key(host, sequence, contact, key);
	}
	host_write(host);
	Time now = host_now(host);
	int64_t rev = 0;
	db_run(host->db, ADD, "ssssiisis", sequence, contact, key, version, now, (int64_t)(host_random(host) >> 1), "{}", now, contact);
	*run = db_last_id(host->db);
	g_autofree char *start = start_text(host, sequence, contact, state, *run, &rev);
	db_run(host->db, SET_START, "sii", start, rev, *run);
	*said = g_strdup("started");
	host_see(host, json_pack("{s:s, s:s}", "event", "enrolled", "sequence", sequence), contact, *run);
	return ENROL_STARTED;
}

EnrolResult runs_enrol_by_script(Host *host, const char *sequence, const char *contact, const char *key, int64_t *run, char **said)
{
	Time day_ago = host_now(host) - TIME_DAY;
	if (contact && !db_int(host->db, 0, FIND_KEY, "sss", sequence, contact, key) &&
	    db_int(host->db, 0, COUNT_STARTED, "si", contact, day_ago) >= RUNS_STARTED_A_DAY) {
		*run = 0;
		*said = g_strdup_printf("%d runs were started for %s within a day: that is the most for scripts", RUNS_STARTED_A_DAY, contact);
		log_warn("%s: not enrolled in %s", *said, sequence);
		return ENROL_REFUSED;
	}
	return runs_enrol(host, sequence, contact, key, false, NULL, run, said);
}

void run_restart(Host *host, const Run *run, const json_t *state)
{
	int64_t rev = 0, times = 1 + db_int(host->db, 0, COUNT_RESTARTS, "ii", host_now(host) - TIME_HOUR, run->id);
	if (times > RUNS_RESTARTS_AN_HOUR) {
		g_autofree char *text = g_strdup_printf("it began anew %d times within an hour: let it sleep or wait before contact:restart", RUNS_RESTARTS_AN_HOUR);
		runs_end(host, run->id, "failed", NULL, "limit", text);
		return;
	}
	g_autofree char *start = start_text(host, run->sequence, run->contact, state, run->id, &rev);
	host_write(host);
	db_run(host->db, FORGET_JOURNAL, "i", run->id);
	db_run(host->db, RESTART, "iisiii", host_now(host), (int64_t)(host_random(host) >> 1), start, rev, times, run->id);
}

/* ---- answers and endings --------------------------------------------------------------------------------------- */

void runs_answer(Host *host, int64_t run, int64_t position, json_t *answer)
{
	g_autoptr(json_t) owned = answer;
	g_autofree char *text = value_text(owned);
	Time now = host_now(host);
	host_write(host);
	db_run(host->db, ANSWER, "siii", text, now, run, position);
	if (db_changes(host->db) == 1)
		db_run(host->db, READY, "iii", now, now, run);
}

void runs_end(Host *host, int64_t run, const char *state, const char *outcome, const char *code, const char *error)
{
	host_write(host);
	db_run(host->db, END, "ssssii", state, outcome, code, error, host_now(host), run);
	if (db_changes(host->db) != 1)
		return;
	visits_abandon(host, run);
	ledger_withdraw_run(host, run, "its run has ended");
	tasks_run_ended(host, run);
	requests_withdraw_run(host, run);
	if (!host->see)
		return;
	g_auto(Run) row = { 0 };
	run_load(host, run, &row);
	bool failed = g_str_equal(state, "failed") || g_str_equal(state, "parked");
	if (!failed && !row.contact && hooks_is_run(host, run)) { /* one that returns nothing: its signals are what there is to see */
		if (outcome && !g_str_equal(outcome, "done"))
			host_see(host, json_pack("{s:s, s:s, s:s}", "event", "hook_done", "hook", row.sequence, "outcome", outcome), NULL, run);
		return;
	}
	json_t *event = failed ? json_pack("{s:s, s:s?, s:s?}", "event", "failed", "code", code, "error", error)
	                       : json_pack("{s:s, s:s?}", "event", "finished", "outcome", outcome);
	if (!failed && error)
		json_object_set_new(event, "reason", json_string(error));
	host_see(host, event, row.contact, run);
}

int runs_stop_contact(Host *host, const char *contact, const char *sequence, const char *outcome)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, LIVE_OF, "s", contact);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		if (!sequence || g_str_equal(sequence, rows_text(rows, 1)))
			g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++)
		runs_end(host, g_array_index(ids, int64_t, i), "stopped", outcome, NULL, NULL);
	return (int)ids->len;
}

bool runs_live(Host *host, int64_t run)
{
	g_autofree char *state = db_text(host->db, STATE, "i", run);
	return state && (g_str_equal(state, "ready") || g_str_equal(state, "waiting") || g_str_equal(state, "sending"));
}

bool runs_stop(Host *host, int64_t run, GError **error)
{
	g_autofree char *state = db_text(host->db, STATE, "i", run);
	if (!state) {
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_UNKNOWN, "no run %" G_GINT64_FORMAT ": `perigee runs` lists them", run);
		return false;
	}
	static const char STOP_PARKED[] = "UPDATE runs SET state = 'stopped', outcome = 'stopped', ended_at = ? WHERE id = ? AND state = 'parked'";
	if (g_str_equal(state, "parked")) {
		host_write(host);
		db_run(host->db, STOP_PARKED, "ii", host_now(host), run);
		return true;
	}
	if (runs_live(host, run)) {
		runs_end(host, run, "stopped", "stopped", NULL, NULL);
		return true;
	}
	g_set_error(error, RUNS_ERROR, RUNS_ERROR_STATE, "run %" G_GINT64_FORMAT " has ended already (%s)", run, state);
	return false;
}

bool runs_retry(Host *host, int64_t run, GError **error)
{
	g_autofree char *state = db_text(host->db, STATE, "i", run);
	if (!state) {
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_UNKNOWN, "no run %" G_GINT64_FORMAT ": `perigee runs` lists them", run);
		return false;
	}
	bool may = g_str_equal(state, "failed") || g_str_equal(state, "stopped") || g_str_equal(state, "parked");
	if (!may) {
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_STATE, "run %" G_GINT64_FORMAT " is %s: only a failed, stopped or parked run can be retried", run, state);
		return false;
	}
	if (db_int(host->db, 0, ERASED, "i", run)) {
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_STATE, "what run %" G_GINT64_FORMAT " was given has been dropped: a person whom it was for, or named, has been erased, or"
		            " it is older than keep.journals. There is nothing left of it to retry", run);
		return false;
	}
	if (db_int(host->db, 0, FORGOTTEN, "i", run)) {
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_STATE, "the journal of run %" G_GINT64_FORMAT " is older than keep.journals and has been dropped: "
		            "without it nobody knows what it did, so enrol the contact again (perigee enrol --again)", run);
		return false;
	}
	host_write(host);
	ledger_unwithdraw(host, run);
	requests_unwithdraw(host, run);
	db_run(host->db, REVIVE, "ii", host_now(host), run);
	return true;
}

void runs_release(Host *host)
{
	host_write(host);
	db_run(host->db, RELEASE_HELD, "is", host_now(host), ":script");
}

void runs_mail_read(Host *host, const char *account)
{
	host_write(host);
	db_run(host->db, RELEASE_HELD, "is", host_now(host), account);
}

/* ---- upgrades -------------------------------------------------------------------------------------------------- */

static const char OUTDATED[] =
	"SELECT r.id, r.version, s.version FROM runs r JOIN scripts s ON s.name = r.sequence"
	" WHERE r.state IN " LIVE " AND r.version <> s.version AND (?1 IS NULL OR r.sequence = ?1) ORDER BY r.id";
static const char RECORDED[] = "SELECT kind, args FROM journal WHERE run = ? AND position = ?";
static const char REWRITE[] = "UPDATE journal SET args = ? WHERE run = ? AND position = ?";
static const char MOVE[] = "UPDATE runs SET version = ? WHERE id = ?";

void runs_move(Host *host, int64_t run, const char *version, GHashTable *rewrites)
{
	host_write(host);
	/* A pending wait whose duration was changed takes its new deadline; first, since it is compared with the old one. */
	int64_t pending;
	g_autofree char *kind = NULL, *old_args = NULL;
	Time asked_at, deadline;
	if (run_pending(host, run, &pending, &kind, &old_args, &asked_at, &deadline) && g_hash_table_contains(rewrites, &pending)) {
		g_auto(Run) row = { 0 };
		if (run_load(host, run, &row) && !g_str_equal(kind, "send"))
			journal_change_pending(host, &row, pending, kind, g_hash_table_lookup(rewrites, &pending), asked_at);
	}
	GHashTableIter iter;
	void *position, *args;
	g_hash_table_iter_init(&iter, rewrites);
	while (g_hash_table_iter_next(&iter, &position, &args))
		db_run(host->db, REWRITE, "sii", (const char *)args, run, *(int64_t *)position);
	db_run(host->db, MOVE, "si", version, run);
}

static void upgrade_one(Host *host, UpgradeResult *result, bool dry)
{
	Trial *trial = visits_try(host, result->run, result->to);
	result->moves = trial->moves;
	result->position = trial->position;
	if (trial->moves) {
		if (!dry)
			runs_move(host, result->run, result->to, trial->rewrites);
	} else {
		Rows *rows = db_query(host->db, RECORDED, "ii", result->run, trial->position);
		if (rows_next(rows)) {
			result->recorded = g_strdup_printf("%s %s", rows_text(rows, 0), rows_text(rows, 1));
			rows_done(rows);
		}
		result->asked = trial->error ? g_strdup(trial->error)
		              : trial->kind && *trial->kind ? g_strdup_printf("%s %s", trial->kind, trial->args) : g_strdup("the script ends");
		result->place = g_strdup(trial->place);
	}
	trial_free(trial);
}

static void upgrade_free(void *data)
{
	UpgradeResult *r = data;
	char *texts[] = { r->sequence, r->contact, r->from, r->to, r->recorded, r->asked, r->place };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_free(r);
}

GPtrArray *runs_upgrade(Host *host, const char *sequence, bool dry)
{
	GPtrArray *results = g_ptr_array_new_with_free_func(upgrade_free);
	Rows *rows = db_query(host->db, OUTDATED, "s", sequence);
	while (rows_next(rows)) {
		UpgradeResult *r = g_new0(UpgradeResult, 1);
		r->run = rows_int(rows, 0);
		r->from = g_strdup(rows_text(rows, 1));
		r->to = g_strdup(rows_text(rows, 2));
		g_ptr_array_add(results, r);
	}
	for (guint i = 0; i < results->len; i++) {
		UpgradeResult *r = results->pdata[i];
		g_auto(Run) run = { 0 };
		run_load(host, r->run, &run);
		r->sequence = g_steal_pointer(&run.sequence);
		r->contact = g_steal_pointer(&run.contact);
		upgrade_one(host, r, dry);
	}
	return results;
}
