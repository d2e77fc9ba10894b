/* SPDX-License-Identifier: MIT */
/* Tasks for people: see tasks.h. Owns the table tasks. */
#include "host/tasks.h"

#include <string.h>

G_DEFINE_QUARK(perigee-tasks-error, tasks_error)

static const char CREATE[] = "INSERT INTO tasks (contact, run, kind, note, due, created_at) VALUES (?, NULLIF(?, 0), ?, ?, NULLIF(?, 0), ?)";
static const char FIND[] = "SELECT state, run FROM tasks WHERE id = ?";
static const char DONE[] = "UPDATE tasks SET state = 'done', outcome = ?, done_at = ? WHERE id = ?";
static const char LIST[] =
	"SELECT id, contact, run, kind, note, due, state, outcome, created_at, done_at FROM tasks"
	" WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR contact = ?2) AND (?3 = 0 OR run = ?3)"
	" ORDER BY state = 'done', due IS NULL, due, id";

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
	rows_done(rows);
	if (!open) {
		g_set_error(error, TASKS_ERROR, TASKS_ERROR_STATE, "task %" G_GINT64_FORMAT " is done already", id);
		return false;
	}
	host_write(host);
	db_run(host->db, DONE, "sii", outcome, (int64_t)host_now(host), id);
	return true;
}

static json_t *text_or_null(Rows *rows, int column)
{
	return rows_null(rows, column) ? json_null() : json_string(rows_text(rows, column));
}

static json_t *int_or_null(Rows *rows, int column)
{
	return rows_null(rows, column) ? json_null() : json_integer(rows_int(rows, column));
}

json_t *tasks_list(Host *host, const char *state, const char *contact, int64_t run)
{
	json_t *list = json_array();
	Rows *rows = db_query(host->db, LIST, "ssi", state, contact, run);
	while (rows_next(rows)) {
		json_t *task = json_object();
		for (int i = 0; i < rows_columns(rows); i++) {
			bool is_text = i == 1 || i == 3 || i == 4 || i == 6 || i == 7;
			json_object_set_new(task, rows_name(rows, i), is_text ? text_or_null(rows, i) : int_or_null(rows, i));
		}
		json_array_append_new(list, task);
	}
	return list;
}
