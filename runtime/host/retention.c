/* SPDX-License-Identifier: MIT */
/* Retention: see retention.h. */
#include "host/retention.h"

#include "host/contact_files.h"
#include "host/contacts.h"
#include "host/forget.h"
#include "host/when.h"

#include <string.h>

enum { SLICE_US = 4000, FORGET_ROWS = 500 };

/* A slice has the ids above ?1 up to ?2, and what is from before ?3; ?4 is now. */
#define RANGE "id > ?1 AND id <= ?2 AND "
#define UNFINISHED "('ready', 'waiting', 'sending', 'parked')"
#define UNSETTLED "('queued', 'held', 'handed', 'unknown')"
/* Its contact is in no run that goes on. */
#define AT_REST(table) \
	"NOT EXISTS (SELECT 1 FROM runs r WHERE r.contact = " table ".contact AND r.state IN " UNFINISHED ")" \
	" AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = " table ".run AND r.state IN " UNFINISHED ")"

#define RAW RANGE "direction = 'in' AND raw IS NOT NULL AND at < ?3"
#define RUNS \
	RANGE "state IN ('done', 'failed', 'stopped') AND ended_at < ?3 AND forgotten_at IS NULL" \
	" AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.run = runs.id AND m.state IN " UNSETTLED ")" \
	" AND NOT EXISTS (SELECT 1 FROM requests q WHERE q.run = runs.id AND q.state IN " UNSETTLED ")"
#define LOGS RANGE "at < ?3 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = run_log.run AND r.state IN " UNFINISHED ")"
#define WORDS RANGE "at < ?3 AND state NOT IN " UNSETTLED " AND (subject IS NOT NULL OR text IS NOT NULL OR raw IS NOT NULL) AND " AT_REST("messages")
#define EVENTS RANGE "at < ?3 AND data <> '{}' AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.contact = events.contact AND r.state IN " UNFINISHED ")"
#define NOTES RANGE "state = 'done' AND done_at < ?3 AND (note IS NOT NULL OR files IS NOT NULL) AND " AT_REST("tasks")
#define FILES "message > ?1 AND message <= ?2 AND EXISTS (SELECT 1 FROM messages m WHERE m.id = attachments.message AND m.at < ?3 AND m.state NOT IN " UNSETTLED ")"
#define LINKS "message > ?1 AND message <= ?2 AND until < ?3"
#define BROADCASTS RANGE "at < ?3 AND state NOT IN ('rendering', 'planned', 'confirmed', 'handed', 'unknown') AND (subject IS NOT NULL OR text IS NOT NULL OR vars IS NOT NULL)"
#define USES RANGE "at < ?3"
/*
 * Prospects: in the first stage, or one of those that say that nothing has come of it yet or any more. Who has ever answered is none. What counts
 * as contact is what we or a person here did, and a click or a confirmation of theirs; an open never does (it may be a machine's). Who is only kept for the
 * day has no message: then it is the day they were added.
 */
#define PROSPECTS \
	"rowid > ?1 AND rowid <= ?2 AND created_at < ?3 AND (stage IN ('prospect', 'contacted', 'silent', 'declined') OR stage = ?5)" \
	" AND ifnull(snoozed_until, 0) < ?4" \
	" AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.contact = contacts.id AND r.state IN " UNFINISHED ")" \
	" AND NOT EXISTS (SELECT 1 FROM events e WHERE e.contact = contacts.id AND (e.kind = 'reply' OR (e.kind IN ('click', 'opt_in', 'task_done') AND e.at >= ?3)))" \
	" AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.contact = contacts.id AND (m.state IN " UNSETTLED " OR" \
	" (m.direction = 'out' AND ifnull(m.handed_at, m.done_at) >= ?3)))" \
	" AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.contact = contacts.id AND (t.state = 'open' OR t.done_at >= ?3))" \
	" AND NOT EXISTS (SELECT 1 FROM notes n WHERE n.contact = contacts.id AND n.at >= ?3)" \
	" AND NOT EXISTS (SELECT 1 FROM stage_changes s WHERE s.contact = contacts.id AND s.cause = 'person' AND s.at >= ?3)"

#define CHANGES_MOST 4

static const struct Step {
	const char *key;    /* of keep */
	const char *what;   /* dropped, in words */
	const char *last;   /* the greatest id */
	int64_t rows;       /* ids of a slice */
	const char *count;
	const char *changes[CHANGES_MOST]; /* the last one that is not NULL counts what was dropped; none: by a function */
} steps[] = {
	{ "raw_mail", "whole received mails", "SELECT max(id) FROM messages", 1000, "SELECT count(*) FROM messages WHERE " RAW,
	  { "UPDATE messages SET raw = NULL WHERE " RAW } },
	{ "journals", "journals of ended runs", "SELECT max(id) FROM runs", 20, "SELECT count(*) FROM runs WHERE " RUNS,
	  { "DELETE FROM journal WHERE run IN (SELECT id FROM runs WHERE " RUNS ")", "DELETE FROM event_runs WHERE run IN (SELECT id FROM runs WHERE " RUNS ")",
	    "DELETE FROM requests WHERE run IN (SELECT id FROM runs WHERE " RUNS ")", "UPDATE runs SET forgotten_at = ?4, start = '{}' WHERE " RUNS } },
	{ "logs", "lines of logs", "SELECT max(id) FROM run_log", 1000, "SELECT count(*) FROM run_log WHERE " LOGS, { "DELETE FROM run_log WHERE " LOGS } },
	{ "messages", "words of messages", "SELECT max(id) FROM messages", 1000, "SELECT count(*) FROM messages WHERE " WORDS,
	  { ("UPDATE messages SET subject = NULL, text = NULL, raw = NULL, vars = NULL, options = NULL, reason = NULL, error = NULL, refs = NULL WHERE " WORDS) } },
	{ "messages", "words of broadcasts", "SELECT max(id) FROM broadcasts", 1000, "SELECT count(*) FROM broadcasts WHERE " BROADCASTS,
	  { "UPDATE broadcasts SET subject = NULL, text = NULL, vars = NULL, reason = NULL WHERE " BROADCASTS } },
	{ "messages", "links in messages that hold no more", "SELECT max(message) FROM links", 1000, "SELECT count(*) FROM links WHERE " LINKS,
	  { "DELETE FROM links WHERE " LINKS } },
	{ "messages", "words of events", "SELECT max(id) FROM events", 1000, "SELECT count(*) FROM events WHERE " EVENTS,
	  { "UPDATE events SET data = '{}' WHERE " EVENTS } },
	{ "messages", "words of tasks that are done", "SELECT max(id) FROM tasks", 1000, "SELECT count(*) FROM tasks WHERE " NOTES,
	  { "UPDATE tasks SET note = NULL, files = NULL WHERE " NOTES } },
	{ "attachments", "names of files that were sent", "SELECT max(message) FROM attachments", 1000, "SELECT count(*) FROM attachments WHERE " FILES,
	  { "DELETE FROM attachments WHERE " FILES } },
	{ "attachments", "files in folders of contacts", "SELECT max(rowid) FROM contacts", 50, NULL, { NULL } },
	{ "secret_uses", "uses of secrets", "SELECT max(id) FROM secret_uses", 1000, "SELECT count(*) FROM secret_uses WHERE " USES,
	  { "DELETE FROM secret_uses WHERE " USES } },
	{ "contacts", "prospects who never answered", "SELECT max(rowid) FROM contacts", 5, "SELECT count(*) FROM contacts WHERE " PROSPECTS, { NULL } },
};

static const char FOLDERS[] =
	"SELECT id FROM contacts WHERE rowid > ?1 AND rowid <= ?2 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.contact = contacts.id AND r.state IN " UNFINISHED ")"
	" AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.contact = contacts.id AND m.state IN " UNSETTLED ")";
static const char ERASABLE[] = "SELECT id FROM contacts WHERE " PROSPECTS;

struct Retention {
	Time next;          /* when the next night's work begins */
	bool busy;
	Time now;           /* of this night */
	size_t step;
	int64_t from, last; /* of this step; last < 0: it has not begun */
	int64_t dropped[G_N_ELEMENTS(steps)];
	Forget *forget;
	bool walked;
};

/* ---- when ------------------------------------------------------------------------------------------------------- */

/* The coming moment between 3 and 4 at night; the minute is the workspace's own, so that the workspaces of a machine take turns. */
static Time coming_night(Host *host, Time now)
{
	GTimeZone *zone = host->workspace->zone;
	int minute = (int)(g_str_hash(host->workspace->dir) % 60);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now / 1000), local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
	for (int day = 0; local && day < 3; day++) {
		g_autoptr(GDateTime) date = g_date_time_add_days(local, day);
		g_autoptr(GDateTime) night = g_date_time_new(zone, g_date_time_get_year(date), g_date_time_get_month(date), g_date_time_get_day_of_month(date), 3, minute, 0);
		Time at = night ? g_date_time_to_unix(night) * TIME_SECOND : 0;
		if (at > now)
			return at;
	}
	return now + TIME_DAY;
}

static Time meta_time(Host *host, const char *key)
{
	g_autofree char *text = db_meta(host->db, key);
	return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static void set_meta_time(Host *host, const char *key, Time at)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, at);
	db_set_meta(host->db, key, text);
}

/* From before when things go; 0: they are kept for good. */
static Time cutoff(Host *host, const char *key, Time now)
{
	const char *text = value_string(host->workspace->keep, key, NULL);
	Time span;
	if (!text || !when_span(text, &span, NULL))
		return 0;
	bool counted = strcmp(key, "messages") == 0 || strcmp(key, "contacts") == 0;
	return now - (counted ? MAX(span, RETENTION_LEAST) : span);
}

/* ---- a slice ---------------------------------------------------------------------------------------------------- */

static const char *first_stage(Host *host)
{
	return host->workspace->stages[0];
}

static GPtrArray *ids_of(Rows *rows)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	while (rows_next(rows))
		g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
	return ids;
}

static int64_t drop_files(Host *host, int64_t from, int64_t to, Time before, bool dry)
{
	g_autoptr(GPtrArray) ids = ids_of(db_query(host->db, FOLDERS, "ii", from, to));
	int64_t n = 0;
	for (guint i = 0; i < ids->len; i++)
		n += contact_files_drop(host, ids->pdata[i], before, dry);
	return n;
}

static int64_t erase_prospects(Host *host, int64_t from, int64_t to, Time before, Time now)
{
	g_autoptr(GPtrArray) ids = ids_of(db_query(host->db, ERASABLE, "iiiis", from, to, before, now, first_stage(host)));
	int64_t n = 0;
	for (guint i = 0; i < ids->len; i++)
		n += contacts_erase_by_age(host, ids->pdata[i], NULL);
	return n;
}

static int64_t do_slice(Host *host, const struct Step *step, int64_t from, int64_t to, Time before, Time now)
{
	int64_t n = 0;
	if (!step->changes[0])
		return strcmp(step->key, "contacts") == 0 ? erase_prospects(host, from, to, before, now) : drop_files(host, from, to, before, false);
	for (int i = 0; i < CHANGES_MOST && step->changes[i]; i++) {
		db_run(host->db, step->changes[i], strstr(step->changes[i], "?4") ? "iiii" : "iii", from, to, before, now);
		n = db_changes(host->db);
	}
	return n;
}

/* False: that was the last slice of the last step. */
static bool take_slice(Host *host, struct Retention *r)
{
	if (r->step == G_N_ELEMENTS(steps)) {
		if (!r->walked)
			r->forget = forget_new(host);
		r->walked = true;
		return r->forget && forget_slice(r->forget, FORGET_ROWS);
	}
	const struct Step *step = &steps[r->step];
	Time before = cutoff(host, step->key, r->now);
	if (before && r->last < 0)
		r->last = db_int(host->db, 0, step->last, "");
	if (before && r->from < r->last) {
		int64_t to = MIN(r->from + step->rows, r->last);
		r->dropped[r->step] += do_slice(host, step, r->from, to, before, r->now);
		r->from = to;
	}
	if (!before || r->from >= r->last) {
		r->step++;
		r->from = 0;
		r->last = -1;
	}
	return true;
}

/* ---- a night ---------------------------------------------------------------------------------------------------- */

static void begin(Host *host, struct Retention *r)
{
	r->busy = true;
	r->walked = false;
	r->now = host_now(host);
	r->step = 0;
	r->from = 0;
	r->last = -1;
	memset(r->dropped, 0, sizeof r->dropped);
	contact_files_settle(host);
}

static void empty_log(Host *host, void *data)
{
	(void)data;
	db_empty_log(host->db);
}

static void finish(Host *host, struct Retention *r)
{
	g_autoptr(json_t) dropped = json_object();
	g_autoptr(GString) said = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		json_int_t n = value_integer(dropped, steps[i].key, 0) + r->dropped[i];
		json_object_set_new(dropped, steps[i].key, json_integer(n));
		if (r->dropped[i])
			g_string_append_printf(said, "%s%" G_GINT64_FORMAT " %s", said->len ? ", " : "", r->dropped[i], steps[i].what);
	}
	g_autofree char *text = value_text(dropped);
	r->busy = false;
	g_clear_pointer(&r->forget, forget_free);
	r->next = coming_night(host, host_now(host));
	db_set_meta(host->db, "keep_dropped", text);
	set_meta_time(host, "keep_last", host_now(host));
	set_meta_time(host, "keep_next", r->next);
	if (said->len) {
		log_info("keep: dropped %s", said->str);
		host_after_commit(host, empty_log, NULL, NULL);
	}
}

void retention_turn(Host *host)
{
	if (host->simulated || !host->workspace)
		return;
	if (!host->retention) {
		host->retention = g_new0(struct Retention, 1);
		host->retention->next = meta_time(host, "keep_next");
	}
	struct Retention *r = host->retention;
	if (!r->busy && host_now(host) < r->next)
		return;
	host_write(host);
	if (!r->busy && !r->next) {
		/* The first start of this workspace: there is nothing old yet, or it has been kept until now anyway. */
		r->next = coming_night(host, host_now(host));
		set_meta_time(host, "keep_next", r->next);
		return;
	}
	if (!r->busy)
		begin(host, r);
	gint64 until = g_get_monotonic_time() + SLICE_US;
	bool more = true;
	while (more && g_get_monotonic_time() < until)
		more = take_slice(host, r);
	if (!more)
		finish(host, r);
}

bool retention_busy(const Host *host)
{
	return host->retention && host->retention->busy;
}

void retention_free(Host *host)
{
	if (host->retention)
		forget_free(host->retention->forget);
	g_clear_pointer(&host->retention, g_free);
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static int64_t would_drop(Host *host, const struct Step *step, Time before, Time now)
{
	int64_t all = INT64_MAX;
	if (!step->count)
		return drop_files(host, 0, all, before, true);
	if (strcmp(step->key, "contacts") == 0)
		return db_int(host->db, 0, step->count, "iiiis", (int64_t)0, all, before, now, first_stage(host));
	return db_int(host->db, 0, step->count, "iii", (int64_t)0, all, before);
}

json_t *retention_report(Host *host)
{
	json_t *rows = json_array();
	Time now = host_now(host), next = meta_time(host, "keep_next");
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		Time before = cutoff(host, steps[i].key, now);
		if (before)
			json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:I}", "key", steps[i].key, "keep", value_string(host->workspace->keep, steps[i].key, ""),
			                                      "what", steps[i].what, "count", (json_int_t)would_drop(host, &steps[i], before, now)));
	}
	g_autofree char *dropped = db_meta(host->db, "keep_dropped");
	json_t *last = dropped ? value_parse(dropped, -1, NULL) : NULL;
	return json_pack("{s:I, s:I, s:o, s:o}", "last", (json_int_t)meta_time(host, "keep_last"), "next", (json_int_t)(next ? next : coming_night(host, now)),
	                 "dropped", last ? last : json_object(), "rows", rows);
}
