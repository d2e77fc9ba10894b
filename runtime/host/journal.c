/* SPDX-License-Identifier: MIT */
/* The journal: see journal.h. */
#include "host/journal.h"

#include "host/contacts.h"

#include <string.h>

static const char COUNT[] = "SELECT count(*) FROM journal WHERE run = ? AND answer IS NOT NULL";
static const char ENTRIES[] = "SELECT kind, args, answer, answered_at FROM journal WHERE run = ? AND answer IS NOT NULL ORDER BY position";
static const char ADD[] = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char ADD_PENDING[] = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, NULL, NULL, ?, ?)";
static const char NEWEST[] = "SELECT position, answer FROM journal WHERE run = ? AND answer IS NOT NULL ORDER BY position DESC LIMIT 1";
static const char SET_ANSWER[] = "UPDATE journal SET answer = ? WHERE run = ? AND position = ?";
static const char PENDING[] = "SELECT kind, args, deadline FROM journal WHERE run = ? AND position = ? AND answer IS NULL";
static const char SET_PENDING[] = "UPDATE journal SET args = ?, deadline = ? WHERE run = ? AND position = ?";
static const char SET_DUE[] = "UPDATE runs SET due = ? WHERE id = ? AND state = 'waiting'";

int64_t journal_answered(Host *host, int64_t run)
{
	return db_int(host->db, 0, COUNT, "i", run);
}

int64_t journal_put(Host *host, int64_t run, Peer *peer)
{
	int64_t n = journal_answered(host, run);
	peer_put_u32(peer, (uint32_t)n);
	Rows *rows = db_query(host->db, ENTRIES, "i", run);
	while (rows_next(rows)) {
		for (int i = 0; i < 3; i++)
			peer_put_str(peer, rows_text(rows, i), -1);
		peer_put_i64(peer, rows_int(rows, 3));
	}
	return n;
}

Time journal_add(Host *host, int64_t run, int64_t position, const char *kind, const char *args, const char *answer, Time deadline, const char *place)
{
	Time now = host_now(host);
	if (answer)
		db_run(host->db, ADD, "iissisins", run, position, kind, args, now, answer, now, place);
	else
		db_run(host->db, ADD_PENDING, "iissits", run, position, kind, args, now, deadline, place);
	return now;
}

void journal_show_changes(Host *host, int64_t run, json_t *changes)
{
	g_autoptr(json_t) owned = changes;
	Rows *rows = db_query(host->db, NEWEST, "i", run);
	if (!rows_next(rows))
		return;
	int64_t position = rows_int(rows, 0);
	g_autoptr(json_t) answer = value_parse(rows_text(rows, 1), -1, NULL);
	rows_done(rows);
	json_t *shown = json_object_get(answer, "c");
	if (shown)
		json_object_update(shown, owned);
	else
		json_object_set(answer, "c", owned);
	g_autofree char *text = value_text(answer);
	db_run(host->db, SET_ANSWER, "sii", text, run, position);
}

static bool same_member(const json_t *a, const json_t *b, const char *name)
{
	const json_t *x = json_object_get(a, name), *y = json_object_get(b, name);
	return x == y || (x && y && json_equal(x, y));
}

bool journal_similar(const char *kind, const char *args, const char *other_kind, const char *other_args)
{
	if (!g_str_equal(kind, other_kind))
		return false;
	if (g_str_equal(args, other_args))
		return true;
	g_autoptr(json_t) a = value_parse(args, -1, NULL), b = value_parse(other_args, -1, NULL);
	if (g_str_equal(kind, "send"))
		return same_member(a, b, "channel") && same_member(a, b, "template");
	if (g_str_equal(kind, "reach"))
		return same_member(a, b, "channels") && same_member(a, b, "template");
	if (g_str_equal(kind, "http"))
		return same_member(a, b, "method") && same_member(a, b, "url");
	if (g_str_has_prefix(kind, "store."))
		return same_member(a, b, "key");
	return !g_str_equal(kind, "restart") && !g_str_equal(kind, "enrol") && !g_str_equal(kind, "stop");
}

static Time deadline_of(Host *host, const Run *run, const char *kind, const json_t *args, Time asked_at)
{
	const json_t *within = json_object_get(args, g_str_equal(kind, "sleep") ? "for" : "within");
	Time deadline;
	if (!within || json_is_null(within))
		return TIME_NEVER;
	g_autoptr(GTimeZone) zone = run->contact ? contacts_zone(host, run->contact) : g_time_zone_ref(host->workspace->zone);
	return when_resolve(within, asked_at, zone, host->workspace->hours, &deadline, NULL) ? deadline : host_now(host);
}

/* A wait that grew by their absence (events_away) keeps that, whatever the new version waits for. */
static Time lengthened_by(Host *host, const Run *run, int64_t position, Time asked_at)
{
	Rows *rows = db_query(host->db, PENDING, "ii", run->id, position);
	if (!rows_next(rows))
		return 0;
	g_autofree char *kind = g_strdup(rows_text(rows, 0));
	g_autoptr(json_t) args = value_parse(rows_text(rows, 1), -1, NULL);
	Time deadline = rows_int_or(rows, 2, TIME_NEVER);
	rows_done(rows);
	Time first = deadline_of(host, run, kind, args, asked_at);
	bool grew = g_str_has_prefix(kind, "wait") && deadline != TIME_NEVER && first != TIME_NEVER && deadline > first;
	return grew ? deadline - first : 0;
}

Time journal_change_pending(Host *host, const Run *run, int64_t position, const char *kind, const char *args, Time asked_at)
{
	g_autoptr(json_t) value = value_parse(args, -1, NULL);
	Time deadline = deadline_of(host, run, kind, value, asked_at);
	if (deadline != TIME_NEVER)
		deadline += lengthened_by(host, run, position, asked_at);
	host_write(host);
	db_run(host->db, SET_PENDING, "stii", args, deadline, run->id, position);
	db_run(host->db, SET_DUE, "ti", deadline, run->id);
	return deadline;
}
