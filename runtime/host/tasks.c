/* SPDX-License-Identifier: MIT */
/* Tasks for people: see tasks.h. Owns the table tasks. */
#include "host/tasks.h"

#include "host/profile.h"

#include <string.h>

G_DEFINE_QUARK(perigee-tasks-error, tasks_error)

#define ROW                                                                                                                          \
	"SELECT t.id, t.contact, t.run, t.kind, t.note, t.due, t.state, t.outcome, t.created_at, t.done_at, c.name, c.snoozed_until, t.message," \
	" m.channel, m.address, m.subject, m.text, t.files, r.sequence"                                                               \
	" FROM tasks t LEFT JOIN contacts c ON c.id = t.contact LEFT JOIN messages m ON m.id = t.message LEFT JOIN runs r ON r.id = t.run"
static const char ROW_TYPES[] = "isississiisiissssss"; /* of its columns: i number, s text */

static const char CREATE[] = "INSERT INTO tasks (contact, run, kind, note, due, created_at) VALUES (?, NULLIF(?, 0), ?, ?, NULLIF(?, 0), ?)";
static const char SET_BY_HAND[] = "UPDATE tasks SET message = ?, files = NULLIF(?, '') WHERE id = ?";
static const char FIND[] = "SELECT state, run, message FROM tasks WHERE id = ?";
static const char DONE[] = "UPDATE tasks SET state = 'done', outcome = ?, done_at = ? WHERE id = ?";
static const char ROW_OF[] = ROW " WHERE t.id = ?";
static const char LIST[] =
	ROW " WHERE (?1 IS NULL OR t.state = ?1) AND (?2 IS NULL OR t.contact = ?2) AND (?3 = 0 OR t.run = ?3)"
	" ORDER BY t.state = 'done', coalesce(c.snoozed_until, 0) > ?4, t.due IS NULL, t.due, t.created_at, t.id";
static const char OPEN_BY_HAND[] = "SELECT id, message, run, kind FROM tasks WHERE contact = ? AND state = 'open' AND message IS NOT NULL ORDER BY id";
static const char OPEN_OF_RUN[] = "SELECT id, message, run, kind FROM tasks WHERE run = ? AND state = 'open' AND message IS NOT NULL ORDER BY id";
static const char OPEN_REACHING[] =
	"SELECT id, message, run, kind FROM tasks WHERE contact = ? AND state = 'open' AND kind IN ('message', 'call', 'video') ORDER BY id";
/* No cap and no pace counts a message that was never sent. */
static const char UNCOUNT[] = "UPDATE messages SET handed_at = NULL WHERE id = ? AND state = 'handed'";
static const char WITHDRAW[] =
	"UPDATE messages SET state = 'withdrawn', reason = ?, done_at = ?, handed_at = NULL, due = NULL WHERE id = ? AND state = 'handed'";

static const char *const KINDS[] = { "call", "video", "review", "sign", "gift", "message", "other", NULL };

bool tasks_is_kind(const char *kind)
{
	return g_strv_contains(KINDS, kind);
}

int64_t tasks_create(Host *host, const char *contact, int64_t run, const char *kind, const char *note, Time due, GError **error)
{
	if (!tasks_is_kind(kind)) {
		g_autofree char *known = g_strjoinv(", ", (char **)KINDS);
		g_set_error(error, TASKS_ERROR, TASKS_ERROR_INVALID, "'%s' is no kind of task (%s)", kind, known);
		return 0;
	}
	host_write(host);
	db_run(host->db, CREATE, "sissii", contact, run, kind, note, (int64_t)due, (int64_t)host_now(host));
	return db_failed(host->db) ? 0 : db_last_id(host->db);
}

/* ---- by hand --------------------------------------------------------------------------------------------------- */

char *tasks_by_hand(Host *host, const ByHand *b)
{
	const char *files = b->files ? b->files : "";
	g_autofree char *link = profile_link(b->channel, b->address);
	char *note = g_strdup_printf("Send by %s to %s%s%s:\n%s%s%s", b->channel, b->address ? b->address : b->contact, link ? ", " : "", link ? link : "",
	                             b->text, *files ? "\nwith: " : "", files);
	int64_t task = tasks_create(host, b->contact, b->run, "message", note, 0, NULL);
	db_run(host->db, SET_BY_HAND, "isi", b->message, files, task);
	return note;
}

bool tasks_not_sent(const char *outcome)
{
	static const char *const words[] = { "not sent", "declined", "no", "skipped", "refused", NULL };
	g_autofree char *said = outcome ? g_strstrip(g_ascii_strdown(outcome, -1)) : NULL;
	return said && g_strv_contains(words, said);
}

bool tasks_done(Host *host, int64_t id, const char *outcome, int64_t *run, GError **error)
{
	Rows *rows = db_query(host->db, FIND, "i", id);
	if (!rows_next(rows)) {
		g_set_error(error, TASKS_ERROR, TASKS_ERROR_UNKNOWN, "there is no task %" G_GINT64_FORMAT " (perigee tasks lists them)", id);
		return false;
	}
	bool open = strcmp(rows_text(rows, 0), "open") == 0;
	if (run)
		*run = rows_int(rows, 1);
	int64_t message = rows_int(rows, 2);
	rows_done(rows);
	if (!open) {
		g_set_error(error, TASKS_ERROR, TASKS_ERROR_STATE, "task %" G_GINT64_FORMAT " is done already", id);
		return false;
	}
	host_write(host);
	db_run(host->db, DONE, "sii", outcome, (int64_t)host_now(host), id);
	if (message && tasks_not_sent(outcome))
		db_run(host->db, UNCOUNT, "i", message);
	return true;
}

/* ---- what the host ends itself ---------------------------------------------------------------------------------- */

typedef struct Open {
	int64_t id, message, run;
	char kind[16];
} Open;

static GArray *open_tasks(Host *host, Rows *rows)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(Open));
	while (rows_next(rows)) {
		Open open = { .id = rows_int(rows, 0), .message = rows_int(rows, 1), .run = rows_int(rows, 2) };
		g_strlcpy(open.kind, rows_text(rows, 3), sizeof open.kind);
		g_array_append_val(list, open);
	}
	if (list->len)
		host_write(host);
	return list;
}

static void end(Host *host, const Open *open, const char *contact, const char *outcome)
{
	db_run(host->db, DONE, "sii", outcome, (int64_t)host_now(host), open->id);
	host_see(host, json_pack("{s:s, s:s, s:s}", "event", "task_done", "kind", open->kind, "outcome", outcome), contact, open->run);
}

GArray *tasks_they_wrote(Host *host, const char *contact)
{
	g_autoptr(GArray) open = open_tasks(host, db_query(host->db, OPEN_BY_HAND, "s", contact));
	GArray *messages = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (guint i = 0; i < open->len; i++) {
		const Open *task = &g_array_index(open, Open, i);
		end(host, task, contact, "they wrote");
		db_run(host->db, UNCOUNT, "i", task->message);
		g_array_append_val(messages, task->message);
	}
	return messages;
}

void tasks_run_ended(Host *host, int64_t run)
{
	static const char CONTACT[] = "SELECT contact FROM runs WHERE id = ?";
	g_autoptr(GArray) open = open_tasks(host, db_query(host->db, OPEN_OF_RUN, "i", run));
	g_autofree char *contact = open->len ? db_text(host->db, CONTACT, "i", run) : NULL;
	for (guint i = 0; i < open->len; i++) {
		const Open *task = &g_array_index(open, Open, i);
		end(host, task, contact, "no longer needed");
		db_run(host->db, WITHDRAW, "sii", "its run has ended", (int64_t)host_now(host), task->message);
	}
}

void tasks_they_left(Host *host, const char *contact)
{
	g_autoptr(GArray) open = open_tasks(host, db_query(host->db, OPEN_REACHING, "s", contact));
	for (guint i = 0; i < open->len; i++) {
		const Open *task = &g_array_index(open, Open, i);
		end(host, task, contact, "they opted out");
		if (task->message)
			db_run(host->db, WITHDRAW, "sii", "they opted out", (int64_t)host_now(host), task->message);
	}
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static json_t *row_json(Rows *rows)
{
	json_t *task = json_object();
	for (int i = 0; i < rows_columns(rows); i++) {
		json_t *value = rows_null(rows, i) ? json_null() : ROW_TYPES[i] == 's' ? json_string(rows_text(rows, i)) : json_integer(rows_int(rows, i));
		json_object_set_new(task, rows_name(rows, i), value ? value : json_null());
	}
	return task;
}

json_t *tasks_list(Host *host, const char *state, const char *contact, int64_t run)
{
	json_t *list = json_array();
	Rows *rows = db_query(host->db, LIST, "ssii", state, contact, run, (int64_t)host_now(host));
	while (rows_next(rows))
		json_array_append_new(list, row_json(rows));
	return list;
}

json_t *tasks_find(Host *host, int64_t id, GError **error)
{
	Rows *rows = db_query(host->db, ROW_OF, "i", id);
	if (!rows_next(rows)) {
		g_set_error(error, TASKS_ERROR, TASKS_ERROR_UNKNOWN, "there is no task %" G_GINT64_FORMAT " (perigee tasks lists them)", id);
		return NULL;
	}
	json_t *task = row_json(rows);
	rows_done(rows);
	return task;
}
