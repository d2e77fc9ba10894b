/* SPDX-License-Identifier: MIT */
/* Two contacts made one, and a person erased: the changes that reach into the tables of other modules. See contacts.h. */
#include "host/contacts.h"

#include "host/attach.h"
#include "host/policy.h"
#include "host/runs.h"

#include <string.h>

static const char EXISTS[] = "SELECT 1 FROM contacts WHERE id = ?";

static bool known(Host *host, const char *id, GError **error)
{
	if (db_int(host->db, 0, EXISTS, "s", id))
		return true;
	g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_UNKNOWN, "there is no contact '%s'", id);
	return false;
}

/* ---- merge: ?1 stays, ?2 goes ----------------------------------------------------------------------------------- */

static const char FIELDS[] = "SELECT fields FROM contacts WHERE id = ?";
static const char TAKE_ATTRIBUTES[] =
	"UPDATE contacts SET (name, first_name, locale, timezone, country, company, owner, preferred_channel, consent, consent_source, away_until) ="
	" (SELECT ifnull(contacts.name, b.name), ifnull(contacts.first_name, b.first_name), ifnull(contacts.locale, b.locale),"
	" ifnull(contacts.timezone, b.timezone), ifnull(contacts.country, b.country), ifnull(contacts.company, b.company),"
	" ifnull(contacts.owner, b.owner), ifnull(contacts.preferred_channel, b.preferred_channel), ifnull(contacts.consent, b.consent),"
	" ifnull(contacts.consent_source, b.consent_source), max(ifnull(contacts.away_until, b.away_until), ifnull(b.away_until, contacts.away_until))"
	" FROM contacts b WHERE b.id = ?2), fields = ?3, rev = rev + 1, updated_at = ?4 WHERE id = ?1";
static const char DROP[] = "DELETE FROM contacts WHERE id = ?";

/* Both are being written to by one sequence: of one person's two runs the one that moves ends, or they would get everything twice. */
static const char BOTH_LIVE[] =
	"SELECT b.id FROM runs b WHERE b.contact = ?2 AND b.state IN ('ready', 'waiting', 'sending') AND EXISTS"
	" (SELECT 1 FROM runs a WHERE a.sequence = b.sequence AND a.contact = ?1 AND a.state IN ('ready', 'waiting', 'sending'))";

/* In this order. The addresses of the one that stays come first. A run that moves has to look at its contact again: rev 0 is
 * nobody's. */
static const char *const MOVES[] = {
	"UPDATE OR IGNORE identities SET contact = ?1, rank = rank + 1 + (SELECT ifnull(max(rank), 0) FROM identities WHERE contact = ?1) WHERE contact = ?2",
	"UPDATE OR IGNORE labels SET contact = ?1 WHERE contact = ?2",
	"UPDATE notes SET contact = ?1 WHERE contact = ?2",
	"UPDATE stage_changes SET contact = ?1 WHERE contact = ?2",
	"UPDATE suppressions SET contact = ?1 WHERE contact = ?2",
	("UPDATE runs SET key = 'merged:' || ?2 || ':' || key WHERE contact = ?2 AND EXISTS"
	 " (SELECT 1 FROM runs a WHERE a.sequence = runs.sequence AND a.contact = ?1 AND a.key = runs.key)"),
	"UPDATE runs SET contact = ?1, contact_rev = 0 WHERE contact = ?2",
	"UPDATE events SET contact = ?1 WHERE contact = ?2",
	"UPDATE messages SET contact = ?1 WHERE contact = ?2",
	"UPDATE tasks SET contact = ?1 WHERE contact = ?2",
	"UPDATE OR IGNORE pauses SET name = ?1 WHERE scope = 'contact' AND name = ?2",
	"DELETE FROM pauses WHERE scope = 'contact' AND name = ?2 AND ?1 IS NOT NULL",
};

static void end_second_runs(Host *host, const char *into, const char *from)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, BOTH_LIVE, "ss", into, from);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++)
		runs_end(host, g_array_index(ids, int64_t, i), "stopped", "stopped", NULL, NULL);
}

static char *both_fields(Host *host, const char *into, const char *from)
{
	g_autofree char *a_text = db_text(host->db, FIELDS, "s", into), *b_text = db_text(host->db, FIELDS, "s", from);
	g_autoptr(json_t) a = value_parse(a_text ? a_text : "{}", -1, NULL), b = value_parse(b_text ? b_text : "{}", -1, NULL);
	json_object_update_missing(a, b);
	return value_text(a);
}

bool contacts_merge(Host *host, const char *into, const char *from, GError **error)
{
	if (!known(host, into, error) || !known(host, from, error))
		return false;
	if (strcmp(into, from) == 0) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "'%s' is one contact already", into);
		return false;
	}
	g_autofree char *fields = both_fields(host, into, from);
	host_write(host);
	end_second_runs(host, into, from);
	for (size_t i = 0; i < G_N_ELEMENTS(MOVES); i++)
		db_run(host->db, MOVES[i], "ss", into, from);
	db_run(host->db, TAKE_ATTRIBUTES, "sssi", into, from, fields, (int64_t)host_now(host));
	db_run(host->db, DROP, "s", from);
	return true;
}

/* ---- erase ------------------------------------------------------------------------------------------------------ */

static const char ON_ITS_WAY[] =
	"SELECT (SELECT count(*) FROM messages WHERE contact = ?1 AND state = 'handed')"
	" + (SELECT count(*) FROM requests WHERE run IN (SELECT id FROM runs WHERE contact = ?1) AND state = 'handed')";
static const char NEEDLES[] = "SELECT address FROM identities WHERE contact = ?1 UNION SELECT norm FROM identities WHERE contact = ?1 UNION SELECT id FROM contacts WHERE id = ?1";

/* What other runs have read of the person stands in their journals; of those that are over nobody needs it again. A live run (a
 * job in the middle of its work) needs its journal to go on; it is ended or forgotten by `keep`. */
static const char FORGET_READ[] =
	"UPDATE journal SET args = '{}', answer = '{}' WHERE (instr(args, ?1) OR instr(ifnull(answer, ''), ?1))"
	" AND run IN (SELECT id FROM runs WHERE state IN ('done', 'failed', 'stopped'))";

/* In this order; ?1 is the contact, ?2 the time. The id too is personal: most often it is made of the name or the address. */
static const char *const ERASURES[] = {
	"UPDATE journal SET args = '{}', answer = CASE WHEN answer IS NULL THEN NULL ELSE '{}' END WHERE run IN (SELECT id FROM runs WHERE contact = ?1)",
	"UPDATE requests SET url = '', error = NULL WHERE run IN (SELECT id FROM runs WHERE contact = ?1)",
	"DELETE FROM run_log WHERE run IN (SELECT id FROM runs WHERE contact = ?1)",
	"DELETE FROM event_runs WHERE event IN (SELECT id FROM events WHERE contact = ?1)",
	"DELETE FROM events WHERE contact = ?1",
	"UPDATE runs SET contact = NULL, key = '', start = '{}', error = NULL, state = replace(state, 'parked', 'stopped') WHERE contact = ?1",
	"UPDATE messages SET state = 'withdrawn', rule = 'suppressed', done_at = ?2 WHERE contact = ?1 AND state IN ('queued', 'held')",
	"DELETE FROM attachments WHERE message IN (SELECT id FROM messages WHERE contact = ?1)",
	("UPDATE messages SET contact = NULL, address = NULL, subject = NULL, text = NULL, raw = NULL, vars = NULL, options = NULL, reason = NULL,"
	 " error = NULL, in_reply_to = NULL, refs = NULL, message_id = CASE direction WHEN 'out' THEN message_id END WHERE contact = ?1"),
	"UPDATE tasks SET state = 'done', outcome = 'erased', done_at = ?2 WHERE contact = ?1 AND state = 'open'",
	"UPDATE tasks SET contact = NULL, note = NULL WHERE contact = ?1",
	"DELETE FROM notes WHERE contact = ?1",
	"DELETE FROM stage_changes WHERE contact = ?1",
	"DELETE FROM pauses WHERE scope = 'contact' AND name = ?1",
	"UPDATE suppressions SET contact = NULL WHERE contact = ?1",
	"DELETE FROM contacts WHERE id = ?1",
};

static void forget_read(Host *host, const char *id)
{
	Rows *rows = db_query(host->db, NEEDLES, "s", id);
	while (rows_next(rows)) {
		GString *needle = g_string_new(NULL);
		value_append_string(needle, rows_text(rows, 0), strlen(rows_text(rows, 0)));
		db_run(host->db, FORGET_READ, "s", needle->str);
		g_string_free(needle, TRUE);
	}
}

bool contacts_erase(Host *host, const char *id, GError **error)
{
	if (!known(host, id, error))
		return false;
	if (db_int(host->db, 0, ON_ITS_WAY, "s", id) > 0) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS,
		            "a message to '%s' or a request of their run is just being handed over, or perigee was stopped while it was: let perigee serve settle it, then erase", id);
		return false;
	}
	host_write(host);
	/* What is deleted is overwritten in the file, too. */
	db_run(host->db, "PRAGMA secure_delete = ON", "");
	runs_stop_contact(host, id, NULL, "stopped");
	policy_suppress_person(host, id, "erased");
	forget_read(host, id);
	for (size_t i = 0; i < G_N_ELEMENTS(ERASURES); i++)
		db_run(host->db, ERASURES[i], strstr(ERASURES[i], "?2") ? "si" : "s", id, (int64_t)host_now(host));
	attach_erase(host, id);
	return true;
}
