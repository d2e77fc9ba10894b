/* SPDX-License-Identifier: MIT */
/* Listings for people: see views.h. */
#include "host/views.h"

#include "host/hooks.h"

#include <string.h>

#define LIVE "('ready', 'waiting', 'sending')"

const char *const views_run_states[] = { "ready", "waiting", "sending", "done", "failed", "stopped", "parked", "live", NULL };
const char *const views_message_states[] = {
	"queued", "handed", "accepted", "refused", "unknown", "withdrawn", "held", "cancelled", "delivered", "bounced", "read", "replied",
	"received", "unreadable", NULL,
};

static const char RUNS[] =
	"SELECT id, sequence, contact, key, state, outcome, due, version, error, error_code FROM runs"
	" WHERE (?1 IS NULL OR state = ?1 OR (?1 = 'live' AND state IN " LIVE ")) AND (?2 IS NULL OR sequence = ?2)"
	" ORDER BY CASE WHEN state = 'parked' THEN 0 WHEN state = 'failed' THEN 1 WHEN state IN " LIVE " THEN 2 ELSE 3 END,"
	" CASE WHEN state IN " LIVE " THEN coalesce(due, 9223372036854775807) ELSE -coalesce(ended_at, started_at) END, id";
static const char RUN[] =
	"SELECT r.id, r.sequence, r.contact, r.key, r.state, r.outcome, r.due, r.version, r.error, r.error_code, c.name AS contact_name,"
	" v.path, s.version AS newest, r.account, r.started_at, r.ended_at, r.held"
	" FROM runs r LEFT JOIN contacts c ON c.id = r.contact LEFT JOIN versions v ON v.hash = r.version LEFT JOIN scripts s ON s.name = r.sequence"
	" WHERE r.id = ?";
static const char JOURNAL[] =
	"SELECT j.position, j.kind, j.args, j.asked_at, j.answer, j.answered_at, j.deadline, j.place,"
	" coalesce(m.state, q.state) AS message_state, m.rule, m.reason, m.due AS until"
	" FROM journal j LEFT JOIN messages m ON m.run = j.run AND m.position = j.position AND m.direction = 'out' AND j.answer IS NULL"
	" LEFT JOIN requests q ON q.run = j.run AND q.position = j.position AND q.state IN ('queued', 'handed') AND j.answer IS NULL"
	" WHERE j.run = ? ORDER BY j.position";
static const char EVENTS[] =
	"SELECT e.kind, e.at, e.channel FROM event_runs r JOIN events e ON e.id = r.event WHERE r.run = ? AND r.given_at IS NULL ORDER BY e.id";
static const char MESSAGES[] =
	"SELECT id, at, contact, run, channel, nullif(account, '') AS account, direction, state, template, subject, message_id,"
	" coalesce(error, CASE WHEN state IN ('refused', 'withdrawn', 'held') THEN reason END) AS error, address, rule, reason, due"
	" FROM messages WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR contact = ?2) ORDER BY id";
/* Named so that resolve knows it from a message; its template is what it was. */
static const char UNKNOWN_REQUESTS[] =
	"SELECT 'r' || q.id AS id, q.at, r.contact, q.run, 'http' AS channel, NULL AS account, 'out' AS direction, q.state, q.method || ' ' || q.url AS template,"
	" NULL AS subject, q.key AS message_id, q.error FROM requests q LEFT JOIN runs r ON r.id = q.run"
	" WHERE q.state = 'unknown' AND (?1 IS NULL OR r.contact = ?1) ORDER BY q.id";
static const char JOBS[] =
	"SELECT s.name, v.declarations AS declared, s.next_due, s.paused_reason AS paused,"
	" r.started_at AS last_at, r.state AS last_state, v.path, r.id AS last_run, r.outcome AS last_outcome, r.error AS last_error"
	" FROM scripts s JOIN versions v ON v.hash = s.version LEFT JOIN runs r ON r.id ="
	" (SELECT max(id) FROM runs WHERE sequence = s.name AND contact IS NULL) WHERE s.kind = 'job' ORDER BY s.name";
static const char HOOKS[] =
	"SELECT s.name, v.declarations AS declared, s.paused_reason AS paused, r.started_at AS last_at, r.state AS last_state, v.path, r.id AS last_run,"
	" r.outcome AS last_outcome, r.error AS last_error, (SELECT count(*) FROM runs WHERE sequence = s.name AND contact IS NULL) AS requests"
	" FROM scripts s JOIN versions v ON v.hash = s.version LEFT JOIN runs r ON r.id ="
	" (SELECT max(id) FROM runs WHERE sequence = s.name AND contact IS NULL) WHERE s.kind = 'hook' ORDER BY s.name";
static const char SCRIPTS[] = "SELECT name FROM scripts ORDER BY name";
static const char SCRIPT[] = "SELECT s.name FROM scripts s JOIN versions v ON v.hash = s.version WHERE s.name = ?1 OR v.path = ?2 ORDER BY s.name = ?1 DESC";
static const char FIRST_CONTACT[] = "SELECT min(id) FROM contacts";
static const char KNOWN_NAMES[] =
	"SELECT DISTINCT f.key FROM contacts c, json_each(c.fields) f WHERE f.value IS NOT NULL AND f.value <> ''"
	" UNION SELECT DISTINCT channel FROM identities UNION SELECT 'labels' FROM labels"
	" UNION SELECT 'name' FROM contacts WHERE name <> '' UNION SELECT 'first_name' FROM contacts WHERE first_name <> '' OR name <> ''"
	" UNION SELECT 'locale' FROM contacts WHERE locale <> '' UNION SELECT 'timezone' FROM contacts WHERE timezone <> ''"
	" UNION SELECT 'country' FROM contacts WHERE country <> '' UNION SELECT 'company' FROM contacts WHERE company <> ''"
	" UNION SELECT 'owner' FROM contacts WHERE owner <> '' UNION SELECT 'stage' FROM contacts UNION SELECT 'id' FROM contacts";
static const char ANY_CONTACT[] = "SELECT count(*) FROM (SELECT 1 FROM contacts LIMIT 1)";

/* A row as an object, its members named as the columns. types, one letter a column: i number, s text, j JSON text. */
static json_t *row_object(Rows *rows, const char *types)
{
	json_t *row = json_object();
	for (int i = 0; types[i]; i++) {
		json_t *value = NULL;
		if (rows_null(rows, i))
			value = json_null();
		else if (types[i] == 'i')
			value = json_integer(rows_int(rows, i));
		else if (types[i] == 'j')
			value = value_parse(rows_text(rows, i), -1, NULL);
		else
			value = json_string(rows_text(rows, i));
		json_object_set_new(row, rows_name(rows, i), value ? value : json_null());
	}
	return row;
}

static void see_all(Rows *rows, const char *types, ViewsSee see, void *user)
{
	while (rows_next(rows))
		see(user, row_object(rows, types));
}

void views_runs(Host *host, const char *state, const char *sequence, ViewsSee see, void *user)
{
	see_all(db_query(host->db, RUNS, "ss", state, sequence), "isssssisss", see, user);
}

json_t *views_run(Host *host, int64_t id)
{
	Rows *rows = db_query(host->db, RUN, "i", id);
	if (!rows_next(rows))
		return NULL;
	json_t *row = row_object(rows, "isssssisssssssiis");
	rows_done(rows);
	return row;
}

void views_journal(Host *host, int64_t run, ViewsSee see, void *user)
{
	see_all(db_query(host->db, JOURNAL, "i", run), "isjijiissssi", see, user);
}

void views_events(Host *host, int64_t run, ViewsSee see, void *user)
{
	see_all(db_query(host->db, EVENTS, "i", run), "sis", see, user);
}

void views_messages(Host *host, const char *state, const char *contact, ViewsSee see, void *user)
{
	see_all(db_query(host->db, MESSAGES, "ss", state, contact), "iisisssssssssssi", see, user);
}

void views_unknown_requests(Host *host, const char *contact, ViewsSee see, void *user)
{
	see_all(db_query(host->db, UNKNOWN_REQUESTS, "s", contact), "sisissssssss", see, user);
}

void views_jobs(Host *host, ViewsSee see, void *user)
{
	Rows *rows = db_query(host->db, JOBS, "");
	while (rows_next(rows)) {
		json_t *row = row_object(rows, "sjisississ");
		const json_t *declared = json_object_get(row, "declared");
		json_object_set_new(row, "schedule", json_string(value_string(declared, "schedule", "")));
		const char *zone = value_string(declared, "zone", host->workspace->timezone);
		json_object_set_new(row, "zone", json_string(zone));
		static const char *const declares[] = { "title", "missed", "overlap", "jitter", NULL };
		for (int i = 0; declares[i]; i++)
			json_object_set_new(row, declares[i], value_string(declared, declares[i], NULL) ? json_string(value_string(declared, declares[i], NULL)) : json_null());
		json_object_del(row, "declared");
		see(user, row);
	}
}

void views_hooks(Host *host, ViewsSee see, void *user)
{
	Rows *rows = db_query(host->db, HOOKS, "");
	while (rows_next(rows)) {
		json_t *row = row_object(rows, "sjsississi");
		const json_t *declared = json_object_get(row, "declared");
		g_autofree char *verify = hooks_verify_words(declared);
		json_object_set_new(row, "verify", json_string(verify));
		const char *title = value_string(declared, "title", NULL);
		json_object_set_new(row, "title", title ? json_string(title) : json_null());
		json_object_del(row, "declared");
		see(user, row);
	}
}

char *views_script(Host *host, const char *word)
{
	g_autofree char *full = g_canonicalize_filename(word, host->workspace->dir);
	g_autofree char *prefix = g_strconcat(host->workspace->dir, "/", NULL);
	return db_text(host->db, SCRIPT, "ss", word, g_str_has_prefix(full, prefix) ? full + strlen(prefix) : full);
}

GStrv views_scripts(Host *host)
{
	GStrvBuilder *names = g_strv_builder_new();
	Rows *rows = db_query(host->db, SCRIPTS, "");
	while (rows_next(rows))
		g_strv_builder_add(names, rows_text(rows, 0));
	GStrv list = g_strv_builder_end(names);
	g_strv_builder_unref(names);
	return list;
}

char *views_first_contact(Host *host)
{
	return db_text(host->db, FIRST_CONTACT, "");
}

json_t *views_known_names(Db *db)
{
	if (!db_int(db, 0, ANY_CONTACT, ""))
		return NULL;
	json_t *names = json_object();
	Rows *rows = db_query(db, KNOWN_NAMES, "");
	while (rows_next(rows))
		json_object_set_new(names, rows_text(rows, 0), json_true());
	return names;
}
