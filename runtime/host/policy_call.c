/* SPDX-License-Identifier: MIT */
/* What follows a refusal by two_then_call: a task to call them, one per run. See policy_refused in policy.h. */
#include "host/policy.h"

#include <string.h>

#include "host/contacts.h"
#include "host/ledger.h"
#include "host/local.h"
#include "host/policy_rules.h"
#include "host/tasks.h"

static const char ASKED_TO_CALL[] =
	"SELECT 1 FROM tasks WHERE contact = ? AND run = ? AND kind = 'call' AND (state = 'open' OR rule = 'two_then_call') LIMIT 1";
static const char BY_RULE[] = "UPDATE tasks SET rule = 'two_then_call' WHERE id = ?";
static const char UNANSWERED[] =
	"SELECT coalesce(subject, template), handed_at FROM messages WHERE run = ? AND direction = 'out' AND channel = 'email' AND handed_at > ?"
	" AND id <> ? AND " LEDGER_SENT("state") " ORDER BY handed_at, id";

/* "No answer to 2 e-mails: "Hello" of 2026-11-23, "Hello again" of 2026-11-26. Call them: +33 6 12 34 56 78". Caller frees. */
static char *note_of(Host *host, const PolicyCase *c)
{
	GString *note = g_string_new(NULL);
	int n = 0;
	Rows *rows = db_query(host->db, UNANSWERED, "iii", c->run, look_unanswered_since(host, c->contact), c->message);
	for (; rows_next(rows); n++) {
		g_autofree char *day = time_iso(rows_int(rows, 1), host->workspace->zone);
		const char *subject = rows_text(rows, 0);
		g_string_append_printf(note, "%s\"%s\" of %.10s", n ? ", " : "", subject ? subject : "?", day);
	}
	g_autofree char *count = g_strdup_printf("No answer to %d e-mails: ", n);
	g_string_prepend(note, count);
	g_autofree char *number = contacts_address(host, c->contact, "call");
	g_string_append_printf(note, ". Call them%s%s, instead of writing a third time.", number ? " at " : "", number ? number : "");
	return g_string_free(note, FALSE);
}

void policy_refused(Host *host, const PolicyCase *c, const Verdict *verdict)
{
	if (!c->run || g_strcmp0(verdict->rule, "two_then_call") != 0 || db_int(host->db, 0, ASKED_TO_CALL, "si", c->contact, c->run))
		return;
	g_autofree char *note = note_of(host, c);
	int64_t task = tasks_create(host, c->contact, c->run, "call", note, 0, NULL);
	db_run(host->db, BY_RULE, "i", task);
	host_see(host, json_pack("{s:s, s:s, s:s}", "event", "task", "kind", "call", "note", note), c->contact, c->run);
}
