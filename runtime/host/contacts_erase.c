/* SPDX-License-Identifier: MIT */
/* A person erased: what of them goes from every table. See contacts.h. */
#include "host/contacts.h"

#include "host/attach.h"
#include "host/forget.h"
#include "host/policy.h"
#include "host/runs.h"

#include <string.h>

static const char EXISTS[] = "SELECT 1 FROM contacts WHERE id = ?";
/* What a person has been asked to send is not: its task is taken back. */
static const char ON_ITS_WAY[] =
	"SELECT (SELECT count(*) FROM messages m WHERE (contact = ?1 OR " CONTACTS_TEST_MESSAGE ") AND state = 'handed' AND NOT EXISTS (SELECT 1 FROM tasks WHERE message = m.id))"
	" + (SELECT count(*) FROM requests WHERE run IN (SELECT id FROM runs WHERE contact = ?1) AND state = 'handed')";

static const char BROADCAST_STATE[] = "SELECT state FROM broadcasts WHERE id = ?";
static const char FORMER[] = "SELECT id FROM former_ids WHERE contact = ?";

/* In this order; ?1 is the contact, ?2 the time. The id too is personal: most often it is made of the name or the address. */
static const char *const ERASURES[] = {
	"UPDATE messages SET contact = ?1 WHERE " CONTACTS_TEST_MESSAGE,
	"UPDATE journal SET args = '{}', answer = CASE WHEN answer IS NULL THEN NULL ELSE '{}' END WHERE run IN (SELECT id FROM runs WHERE contact = ?1)",
	"UPDATE requests SET url = '', error = NULL WHERE run IN (SELECT id FROM runs WHERE contact = ?1)",
	"DELETE FROM run_log WHERE run IN (SELECT id FROM runs WHERE contact = ?1)",
	"DELETE FROM event_runs WHERE event IN (SELECT id FROM events WHERE contact = ?1)",
	"DELETE FROM events WHERE contact = ?1",
	"UPDATE runs SET contact = NULL, key = '', start = '{}', error = NULL, state = replace(state, 'parked', 'stopped') WHERE contact = ?1",
	"UPDATE messages SET state = 'withdrawn', rule = 'suppressed', done_at = ?2 WHERE contact = ?1 AND state IN ('queued', 'held')",
	"DELETE FROM links WHERE message IN (SELECT id FROM messages WHERE contact = ?1)",
	"DELETE FROM attachments WHERE message IN (SELECT id FROM messages WHERE contact = ?1)",
	("UPDATE messages SET contact = NULL, address = NULL, subject = NULL, text = NULL, raw = NULL, vars = NULL, options = NULL, reason = NULL,"
	 " error = NULL, in_reply_to = NULL, refs = NULL, identity = NULL, likeness = NULL, message_id = CASE direction WHEN 'out' THEN message_id END"
	 " WHERE contact = ?1"),
	"UPDATE tasks SET state = 'done', done_at = ?2 WHERE contact = ?1 AND state = 'open'",
	"UPDATE tasks SET contact = NULL, note = NULL, files = NULL, outcome = 'erased' WHERE contact = ?1",
	"DELETE FROM notes WHERE contact = ?1",
	"DELETE FROM stage_changes WHERE contact = ?1",
	"DELETE FROM consent_changes WHERE contact = ?1",
	"DELETE FROM pauses WHERE scope = 'contact' AND name = ?1",
	"UPDATE suppressions SET contact = NULL WHERE contact = ?1",
	"DELETE FROM contacts WHERE id = ?1",
};

/* Their folder, and that of whoever was merged into them where it could not be moved yet. */
static void erase_folders(Host *host, const char *id)
{
	attach_erase(host, id);
	Rows *rows = db_query(host->db, FORMER, "s", id);
	while (rows_next(rows))
		attach_erase(host, rows_text(rows, 0));
}

/* A broadcast that has not left and names them: a person decides what becomes of it. */
static bool is_announced(Host *host, const char *id, GError **error)
{
	g_autoptr(Forget) words = forget_words(host, id);
	g_autoptr(GArray) open = words ? forget_find(words, FORGET_OPEN_BROADCASTS) : NULL;
	if (!open || !open->len)
		return false;
	int64_t broadcast = g_array_index(open, int64_t, 0);
	g_autofree char *state = db_text(host->db, BROADCAST_STATE, "i", broadcast);
	if (g_strcmp0(state, "planned") == 0 || g_strcmp0(state, "confirmed") == 0)
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS,
		            "broadcast %" G_GINT64_FORMAT " names '%s' and has not left: `perigee broadcast cancel %" G_GINT64_FORMAT "` (or wait until it has), then erase",
		            broadcast, id, broadcast);
	else /* being rendered, or with the server */
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS,
		            "broadcast %" G_GINT64_FORMAT " names '%s' and is just being worked on, or perigee was stopped while it was: let perigee serve settle it, then erase", broadcast, id);
	return true;
}

/* The rows that are theirs. Their words stand in `forgetting` afterwards. */
static bool erase_rows(Host *host, const char *id, const char *cause, GError **error)
{
	if (!db_int(host->db, 0, EXISTS, "s", id)) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_UNKNOWN, "there is no contact '%s'", id);
		return false;
	}
	if (db_int(host->db, 0, ON_ITS_WAY, "s", id) > 0) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS,
		            "a message to '%s' or a request of their run is just being handed over, or perigee was stopped while it was: let perigee serve settle it, then erase", id);
		return false;
	}
	if (is_announced(host, id, error))
		return false;
	host_write(host);
	contacts_request_note(host, id, "erase", cause);
	runs_stop_contact(host, id, NULL, "stopped");
	policy_suppress_person(host, id, "erased");
	forget_add(host, id);
	erase_folders(host, id);
	for (size_t i = 0; i < G_N_ELEMENTS(ERASURES); i++)
		db_run(host->db, ERASURES[i], strstr(ERASURES[i], "?2") ? "si" : "s", id, (int64_t)host_now(host));
	return true;
}

bool contacts_erase(Host *host, const char *id, int *kept, GError **error)
{
	enum { SLICE = 10000 };
	if (!erase_rows(host, id, "person", error))
		return false;
	g_autoptr(Forget) forget = forget_new(host);
	while (forget && forget_slice(forget, SLICE))
		;
	if (kept)
		*kept = forget ? forget_kept(forget) : 0;
	return true;
}

bool contacts_erase_by_age(Host *host, const char *id, GError **error)
{
	return erase_rows(host, id, "keep", error);
}
