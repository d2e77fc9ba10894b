/* SPDX-License-Identifier: MIT */
/* All that is kept about one person, and the log of who was given that or erased. See contacts.h. */
#include "host/contacts.h"

#include "host/forget.h"
#include "host/policy_rules.h"

#include <string.h>

/* Every table that names a contact, its columns by their own names; a column whose name is among TIMES is a time. */
static const struct { const char *name, *sql; } PARTS[] = {
	{ "contact", "SELECT * FROM contacts WHERE id = ?" },
	{ "identities", "SELECT channel, address, norm, rank FROM identities WHERE contact = ? ORDER BY channel, rank, norm" },
	{ "former_ids", "SELECT id, at FROM former_ids WHERE contact = ? ORDER BY id" },
	{ "labels", "SELECT label FROM labels WHERE contact = ? ORDER BY label" },
	{ "consent_changes", "SELECT at, old, new, source, given_at, cause FROM consent_changes WHERE contact = ? ORDER BY id" },
	{ "suppressions", "SELECT channel, reason, at FROM suppressions WHERE contact = ? ORDER BY at, channel" },
	{ "stage_changes", "SELECT at, old, new, cause FROM stage_changes WHERE contact = ? ORDER BY id" },
	{ "notes", "SELECT at, author, text FROM notes WHERE contact = ? ORDER BY id" },
	{ "messages", ("SELECT id, at, direction, channel, account, state, address, subject, text, template, purpose, vars, options, run, message_id, thread,"
	               " in_reply_to, refs, due, rule, reason, handed_at, done_at, attempts, code, error, raw IS NOT NULL AS whole_mail"
	               " FROM messages WHERE contact = ?1 OR " CONTACTS_TEST_MESSAGE " ORDER BY at, id") },
	{ "attachments", ("SELECT a.message, a.name, a.type, a.size FROM attachments a JOIN messages m ON m.id = a.message WHERE m.contact = ?1 OR " CONTACTS_TEST_MESSAGE
	                  " ORDER BY a.message, a.position") },
	{ "links", "SELECT l.message, l.position, l.url, l.until, l.opened_at FROM links l JOIN messages m ON m.id = l.message WHERE m.contact = ? ORDER BY 1, 2" },
	{ "events", "SELECT id, kind, at, channel, message, data FROM events WHERE contact = ? ORDER BY id" },
	{ "tasks", "SELECT id, kind, note, files, due, state, outcome, created_at, done_at, run, message FROM tasks WHERE contact = ? ORDER BY id" },
	{ "runs", "SELECT id, sequence, key, state, outcome, error, due, started_at, ended_at, start FROM runs WHERE contact = ? ORDER BY id" },
	{ "journal", ("SELECT j.run, j.position, j.kind, j.args, j.asked_at, j.answer, j.answered_at, j.deadline FROM journal j JOIN runs r ON r.id = j.run"
	              " WHERE r.contact = ? ORDER BY j.run, j.position") },
	{ "run_log", "SELECT l.run, l.at, l.text, l.fields FROM run_log l JOIN runs r ON r.id = l.run WHERE r.contact = ? ORDER BY l.id" },
	{ "requests", ("SELECT q.run, q.state, q.method, q.host, q.url, q.at, q.done_at, q.status, q.error FROM requests q JOIN runs r ON r.id = q.run"
	               " WHERE r.contact = ? ORDER BY q.id") },
	{ "pauses", "SELECT until, at FROM pauses WHERE scope = 'contact' AND name = ?" },
};

/* Of a hook's run that concerns them: into the lists of those names. */
static const struct { const char *name, *sql; } HOOK_PARTS[] = {
	{ "runs", "SELECT id, sequence, key, state, outcome, error, due, started_at, ended_at, start FROM runs WHERE id = ?" },
	{ "journal", "SELECT run, position, kind, args, asked_at, answer, answered_at, deadline FROM journal WHERE run = ? ORDER BY position" },
	{ "run_log", "SELECT run, at, text, fields FROM run_log WHERE run = ? ORDER BY id" },
	{ "requests", "SELECT run, state, method, host, url, at, done_at, status, error FROM requests WHERE run = ? ORDER BY id" },
};
static const char BROADCAST[] =
	"SELECT id, state, channel, account, target, template, vars, locale, subject, text, at, run, sequence, created_at, confirmed_at, done_at, message, rule, reason"
	" FROM broadcasts WHERE id = ?";

static bool is_time(const char *name)
{
	static const char *const TIMES[] = { "at", "due", "until", "deadline", NULL };
	return g_strv_contains(TIMES, name) || g_str_has_suffix(name, "_at") || g_str_has_suffix(name, "_until");
}

static bool is_number(const char *name)
{
	static const char *const NUMBERS[] = { "rev", "rank", "run", "position", "message", "attempts", "status", "size", NULL };
	return g_strv_contains(NUMBERS, name);
}

static json_t *value_of(Host *host, Rows *rows, int column)
{
	const char *name = rows_name(rows, column), *text = rows_text(rows, column);
	static const char *const JSON[] = { "fields", "data", "args", "answer", "vars", "options", "start", NULL };
	if (rows_null(rows, column))
		return json_null();
	if (is_time(name)) {
		g_autofree char *iso = time_iso(rows_int(rows, column), host->workspace->zone);
		return json_string(iso);
	}
	if (strcmp(name, "whole_mail") == 0)
		return json_boolean(rows_int(rows, column));
	json_t *value = g_strv_contains(JSON, name) ? value_parse(text, -1, NULL) : NULL;
	bool number = is_number(name) || (strcmp(name, "id") == 0 && *text && strspn(text, "0123456789") == strlen(text));
	return value ? value : number ? json_integer(rows_int(rows, column)) : json_string(text);
}

static void append_rows(Host *host, json_t *list, Rows *rows)
{
	while (rows_next(rows)) {
		json_t *row = json_object();
		for (int c = 0; c < rows_columns(rows); c++)
			json_object_set_new(row, rows_name(rows, c), value_of(host, rows, c));
		json_array_append_new(list, row);
	}
}

/* What names no contact, but is about them. */
static void add_mentions(Host *host, const char *id, json_t *person)
{
	g_autoptr(Forget) words = forget_words(host, id);
	g_autoptr(GArray) runs = words ? forget_find(words, FORGET_HOOKS) : NULL, broadcasts = words ? forget_find(words, FORGET_BROADCASTS) : NULL;
	json_t *list = json_array();
	for (guint i = 0; runs && i < runs->len; i++)
		for (size_t part = 0; part < G_N_ELEMENTS(HOOK_PARTS); part++)
			append_rows(host, json_object_get(person, HOOK_PARTS[part].name), db_query(host->db, HOOK_PARTS[part].sql, "i", g_array_index(runs, int64_t, i)));
	for (guint i = 0; broadcasts && i < broadcasts->len; i++)
		append_rows(host, list, db_query(host->db, BROADCAST, "i", g_array_index(broadcasts, int64_t, i)));
	json_object_set_new(person, "broadcasts", list);
}

json_t *contacts_person(Host *host, const char *id)
{
	json_t *person = json_object();
	for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
		json_t *list = json_array();
		append_rows(host, list, db_query(host->db, PARTS[i].sql, "s", id));
		json_object_set_new(person, PARTS[i].name, i == 0 && json_array_size(list) ? json_incref(json_array_get(list, 0)) : json_incref(list));
		json_decref(list);
	}
	add_mentions(host, id, person);
	/* A contact's id is text, whatever it looks like. */
	json_t *contact = json_object_get(person, "contact");
	if (json_is_object(contact))
		json_object_set_new(contact, "id", json_string(id));
	return person;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static const char IDENTITIES[] = "SELECT channel, norm FROM identities WHERE contact = ?1 UNION ALL SELECT 'contact', ?1";
static const char ADD[] = "INSERT INTO person_requests (at, kind, cause, people) VALUES (?, ?, ?, ?)";
static const char REQUESTS[] = "SELECT at, kind, cause, people FROM person_requests ORDER BY id";

void contacts_request_note(Host *host, const char *id, const char *kind, const char *cause)
{
	host_write(host);
	g_autofree char *key = policy_key(host, true);
	g_autoptr(GString) people = g_string_new(NULL);
	Rows *rows = db_query(host->db, IDENTITIES, "s", id);
	while (rows_next(rows))
		g_string_append_printf(people, "%s%s", people->len ? " " : "", policy_hash(host, key, rows_text(rows, 0), rows_text(rows, 1)));
	db_run(host->db, ADD, "isss", (int64_t)host_now(host), kind, cause, people->str);
}

/* What hashes the word may stand for: an id, or an address on some channel. */
static GPtrArray *hashes_of(Host *host, const char *word)
{
	static const char *const CHANNELS[] = { "email", "phone", "instagram", "linkedin", "x", "tiktok", "telegram", "youtube", "discord", "slack",
		"messenger", "facebook", "twitch", "threads", "bluesky", NULL };
	GPtrArray *hashes = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *key = policy_key(host, false);
	if (!key)
		return hashes;
	g_ptr_array_add(hashes, g_strdup(policy_hash(host, key, "contact", word)));
	for (int i = 0; CHANNELS[i]; i++) {
		g_autofree char *norm = contacts_normalize(CHANNELS[i], word, NULL);
		if (norm)
			g_ptr_array_add(hashes, g_strdup(policy_hash(host, key, CHANNELS[i], norm)));
	}
	return hashes;
}

json_t *contacts_requests(Host *host, const char *word)
{
	json_t *list = json_array();
	g_autoptr(GPtrArray) hashes = word ? hashes_of(host, word) : NULL;
	Rows *rows = db_query(host->db, REQUESTS, "");
	while (rows_next(rows)) {
		bool theirs = !word;
		for (guint i = 0; hashes && i < hashes->len; i++)
			theirs = theirs || strstr(rows_text(rows, 3), hashes->pdata[i]);
		if (theirs)
			json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "at", (json_int_t)rows_int(rows, 0), "kind", rows_text(rows, 1), "cause",
			                                      rows_text(rows, 2)));
	}
	return list;
}
