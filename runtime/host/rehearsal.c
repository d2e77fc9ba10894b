/* SPDX-License-Identifier: MIT */
/* Rehearsals: see rehearsal.h. */
#include "host/rehearsal.h"

#include "host/versions.h"

static const char SAVE[] = "SELECT name, kind, version, paused_reason, next_due FROM scripts";
static const char CLEAR[] = "DELETE FROM scripts";
static const char RESTORE[] = "INSERT INTO scripts VALUES (?, ?, ?, ?, nullif(?, -1))";

typedef struct Script {
	char *name, *kind, *version, *paused_reason;
	int64_t next_due; /* -1: none */
} Script;

struct Rehearsal {
	Host *host;
	bool serving;
	GArray *scripts; /* as they were */
};

static void script_clear(void *data)
{
	Script *s = data;
	g_free(s->name);
	g_free(s->kind);
	g_free(s->version);
	g_free(s->paused_reason);
}

Rehearsal *rehearsal_begin(Host *host, void (*bad)(void *user, const char *path, const char *text), void *user)
{
	Rehearsal *rehearsal = g_new0(Rehearsal, 1);
	rehearsal->host = host;
	rehearsal->serving = host->serving;
	host->serving = false; /* or a run that wakes just now would move for good */
	rehearsal->scripts = g_array_new(FALSE, FALSE, sizeof(Script));
	g_array_set_clear_func(rehearsal->scripts, script_clear);
	Rows *rows = db_query(host->db, SAVE, "");
	while (rows_next(rows)) {
		Script s = { g_strdup(rows_text(rows, 0)), g_strdup(rows_text(rows, 1)), g_strdup(rows_text(rows, 2)), g_strdup(rows_text(rows, 3)),
			     rows_int_or(rows, 4, -1) };
		g_array_append_val(rehearsal->scripts, s);
	}
	versions_enter_all(host, bad, user);
	return rehearsal;
}

void rehearsal_end(Rehearsal *rehearsal)
{
	Host *host = rehearsal->host;
	host_write(host);
	db_run(host->db, CLEAR, "");
	for (guint i = 0; i < rehearsal->scripts->len; i++) {
		const Script *s = &g_array_index(rehearsal->scripts, Script, i);
		db_run(host->db, RESTORE, "ssssi", s->name, s->kind, s->version, s->paused_reason, s->next_due);
	}
	host->serving = rehearsal->serving;
	g_array_unref(rehearsal->scripts);
	g_free(rehearsal);
}
