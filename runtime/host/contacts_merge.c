/* SPDX-License-Identifier: MIT */
/* Two contacts made one: a change that reaches into the tables of other modules. See contacts.h. */
#include "host/contacts.h"

#include "host/contact_change.h"
#include "host/contact_files.h"
#include "host/policy.h"
#include "host/runs.h"
#include "host/tasks.h"
#include "host/visits.h"

#include <string.h>

/* ---- what both say: ?1 stays, ?2 goes --------------------------------------------------------------------------- */

static const char PAIR[] =
	"SELECT name, first_name, locale, timezone, country, company, owner, stage, preferred_channel, consent, consent_source, consent_at, fields"
	" FROM contacts WHERE id = ?";
static const char TAKE_ATTRIBUTES[] =
	"UPDATE contacts SET (name, first_name, locale, timezone, country, company, owner, preferred_channel, away_until, snoozed_until, created_at) ="
	" (SELECT ifnull(contacts.name, b.name), ifnull(contacts.first_name, b.first_name), ifnull(contacts.locale, b.locale),"
	" ifnull(contacts.timezone, b.timezone), ifnull(contacts.country, b.country), ifnull(contacts.company, b.company),"
	" ifnull(contacts.owner, b.owner), ifnull(contacts.preferred_channel, b.preferred_channel),"
	" max(ifnull(contacts.away_until, b.away_until), ifnull(b.away_until, contacts.away_until)),"
	" max(ifnull(contacts.snoozed_until, b.snoozed_until), ifnull(b.snoozed_until, contacts.snoozed_until)), min(contacts.created_at, b.created_at)"
	" FROM contacts b WHERE b.id = ?2), fields = ?3, rev = rev + 1, updated_at = ?4 WHERE id = ?1";
static const char TAKE_CONSENT[] = "UPDATE contacts SET consent = ?2, consent_source = ?3, consent_at = ?4 WHERE id = ?1";
static const char CONSENT_CHANGE[] =
	"INSERT INTO consent_changes (contact, at, old, new, source, given_at, cause) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char DROP[] = "DELETE FROM contacts WHERE id = ?";
static const char FORMER[] = "INSERT INTO former_ids (id, contact, at) VALUES (?2, ?1, ?3)";
static const char LEFT[] = "SELECT reason FROM suppressions WHERE contact = ? AND channel = '*' ORDER BY at LIMIT 1";

typedef struct Person {
	char *values[CONTACT_ATTRIBUTE_COUNT]; /* consent_at: NULL, it is a number */
	Time consent_at;
	json_t *fields;
} Person;

static void person_clear(Person *person)
{
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
		g_free(person->values[i]);
	json_decref(person->fields);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Person, person_clear)

static bool person_load(Host *host, const char *id, Person *person, GError **error)
{
	Rows *rows = db_query(host->db, PAIR, "s", id);
	if (!rows_next(rows)) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_UNKNOWN, "there is no contact '%s'", id);
		return false;
	}
	for (int i = 0; i < CONTACT_CONSENT_AT; i++)
		person->values[i] = g_strdup(rows_text(rows, i));
	person->consent_at = rows_int(rows, CONTACT_CONSENT_AT);
	person->fields = value_parse(rows_text(rows, CONTACT_ATTRIBUTE_COUNT), -1, NULL);
	rows_done(rows);
	return true;
}

/* ---- consent ---------------------------------------------------------------------------------------------------- */

Consent contacts_consent(const char *basis)
{
	static const char *const given[] = { "opt-in", "opt_in", "optin", "opted-in", "opted_in", "opted in", "double-opt-in", "double_opt_in",
		"double opt-in", "yes", "true", "granted", NULL };
	static const char *const denied[] = { "opt-out", "opt_out", "optout", "opted-out", "opted_out", "opted out", "no", "false", "none",
		"denied", "refused", "withdrawn", "objected", NULL };
	g_autofree char *word = g_strstrip(g_ascii_strdown(basis ? basis : "", -1));
	return g_strv_contains(denied, word) ? CONSENT_DENIED : g_strv_contains(given, word) ? CONSENT_GIVEN : CONSENT_NEITHER;
}

/* "email: opt-in; sms: no" by channel; a basis for all of them is the channel "". */
static GHashTable *bases(const char *text)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	for (char **part = parts; *part; part++) {
		char *colon = strchr(g_strstrip(*part), ':');
		g_autofree char *channel = colon ? g_strstrip(g_strndup(*part, (size_t)(colon - *part))) : NULL;
		if (channel && contacts_is_channel(channel))
			g_hash_table_insert(table, g_strdup(channel), g_strstrip(g_strdup(colon + 1)));
		else if (**part)
			g_hash_table_insert(table, g_strdup(""), g_strdup(*part));
	}
	return table;
}

static const char *basis_of(GHashTable *table, const char *channel)
{
	const char *basis = g_hash_table_lookup(table, channel);
	return basis ? basis : g_hash_table_lookup(table, "");
}

/* For each channel the stricter of what both say; where one says nothing, what the other says. */
static char *stricter(const char *a, const char *b)
{
	if (!a || !b || strcmp(a, b) == 0)
		return g_strdup(a ? a : b);
	g_autoptr(GHashTable) left = bases(a), right = bases(b);
	g_autoptr(GHashTable) channels = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTable *both[] = { left, right };
	for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
		GHashTableIter iter;
		void *channel;
		g_hash_table_iter_init(&iter, both[i]);
		while (g_hash_table_iter_next(&iter, &channel, NULL))
			g_hash_table_add(channels, channel);
	}
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(channels), (GCompareFunc)strcmp);
	GString *text = g_string_new(NULL);
	for (GList *l = names; l; l = l->next) {
		const char *channel = l->data, *x = basis_of(left, channel), *y = basis_of(right, channel);
		const char *basis = !x || (y && contacts_consent(y) > contacts_consent(x)) ? y : x;
		g_string_append_printf(text, "%s%s%s%s", text->len ? "; " : "", channel, *channel ? ": " : "", basis);
	}
	return g_string_free(text, FALSE);
}

/* Both sources are kept, with what they were the sources of; the date is that of the basis that counts. */
static void merge_consent(Host *host, const char *into, const Person *a, const Person *b)
{
	const char *x = a->values[CONTACT_CONSENT], *y = b->values[CONTACT_CONSENT];
	const char *from_x = a->values[CONTACT_CONSENT_SOURCE], *from_y = b->values[CONTACT_CONSENT_SOURCE];
	g_autofree char *basis = stricter(x, y);
	g_autofree char *source = NULL;
	if (from_x && from_y && strcmp(from_x, from_y) != 0)
		source = g_strdup_printf("%s%s%s; %s%s%s", x ? x : "", x ? ": " : "", from_x, y ? y : "", y ? ": " : "", from_y);
	else
		source = g_strdup(from_x ? from_x : from_y);
	Time at = g_strcmp0(basis, x) == 0 && a->consent_at ? a->consent_at : g_strcmp0(basis, y) == 0 && b->consent_at ? b->consent_at
	          : MAX(a->consent_at, b->consent_at);
	if (g_strcmp0(basis, x) == 0 && g_strcmp0(source, from_x) == 0 && at == a->consent_at)
		return;
	db_run(host->db, TAKE_CONSENT, "sssz", into, basis, source, at);
	db_run(host->db, CONSENT_CHANGE, "sisssz" "s", into, (int64_t)host_now(host), x, basis, source, at, "merge");
}

/* ---- what has been read ----------------------------------------------------------------------------------------- */

#define LIVE "('ready', 'waiting', 'sending')"

/* The replies of the other one were none of a run's business, so it has seen them; not those that a live run of either still has to
 * be given: of them nobody has heard yet. Before anything moves. */
static const char SEEN[] =
	"UPDATE runs SET seen_event = max(seen_event, min("
	"ifnull((SELECT max(id) FROM events WHERE contact = CASE runs.contact WHEN ?1 THEN ?2 ELSE ?1 END AND kind = 'reply'), 0),"
	" ifnull((SELECT min(e.id) - 1 FROM runs r JOIN event_runs x ON x.run = r.id AND x.given_at IS NULL JOIN events e ON e.id = x.event AND e.kind = 'reply'"
	" WHERE r.contact IN (?1, ?2) AND r.state IN " LIVE "), 9223372036854775807))) WHERE contact IN (?1, ?2)";
static const char LIVE_OF[] = "SELECT id FROM runs WHERE contact = ? AND state IN " LIVE;

/* A visit knows its run as it was: it is begun again, for the contact that is there. */
static void abandon_visits(Host *host, const char *contact)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, LIVE_OF, "s", contact);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++)
		visits_abandon(host, g_array_index(ids, int64_t, i));
}

/* ---- what moves ------------------------------------------------------------------------------------------------- */

/* In this order. The addresses of the one that stays come first. A run that moves has to look at its contact again: rev 0 is
 * nobody's. */
static const char *const MOVES[] = {
	"UPDATE OR IGNORE identities SET contact = ?1, rank = rank + 1 + (SELECT ifnull(max(rank), 0) FROM identities WHERE contact = ?1) WHERE contact = ?2",
	"UPDATE OR IGNORE labels SET contact = ?1 WHERE contact = ?2",
	"UPDATE notes SET contact = ?1 WHERE contact = ?2",
	"UPDATE stage_changes SET contact = ?1 WHERE contact = ?2",
	"UPDATE consent_changes SET contact = ?1 WHERE contact = ?2",
	"UPDATE former_ids SET contact = ?1 WHERE contact = ?2",
	"UPDATE suppressions SET contact = ?1 WHERE contact = ?2",
	("UPDATE runs SET key = 'merged:' || ?2 || ':' || key WHERE contact = ?2 AND EXISTS"
	 " (SELECT 1 FROM runs a WHERE a.sequence = runs.sequence AND a.contact = ?1 AND a.key = runs.key)"),
	"UPDATE runs SET contact = ?1, contact_rev = 0 WHERE contact = ?2",
	"UPDATE events SET contact = ?1 WHERE contact = ?2",
	"UPDATE messages SET contact = ?1 WHERE contact = ?2",
	"UPDATE tasks SET contact = ?1 WHERE contact = ?2",
	/* Of two pauses the longer one; without an end it is the longest. */
	("UPDATE pauses SET until = (SELECT CASE WHEN pauses.until IS NULL OR b.until IS NULL THEN NULL ELSE max(pauses.until, b.until) END FROM pauses b"
	 " WHERE b.scope = 'contact' AND b.name = ?2) WHERE scope = 'contact' AND name = ?1 AND EXISTS"
	 " (SELECT 1 FROM pauses b WHERE b.scope = 'contact' AND b.name = ?2)"),
	"UPDATE OR IGNORE pauses SET name = ?1 WHERE scope = 'contact' AND name = ?2",
	"DELETE FROM pauses WHERE scope = 'contact' AND name = ?2 AND ?1 IS NOT NULL",
};

/* Both are being written to by one sequence: one person would get everything twice. The run that has written more goes on; of equals
 * that of the one that stays. */
static const char BOTH_LIVE[] =
	"SELECT a.id, b.id, a.sequence, (SELECT count(*) FROM messages m WHERE m.run = a.id AND m.direction = 'out' AND m.handed_at IS NOT NULL),"
	" (SELECT count(*) FROM messages m WHERE m.run = b.id AND m.direction = 'out' AND m.handed_at IS NOT NULL)"
	" FROM runs a JOIN runs b ON b.sequence = a.sequence AND b.contact = ?2 WHERE a.contact = ?1 AND a.state IN ('ready', 'waiting', 'sending')"
	" AND b.state IN ('ready', 'waiting', 'sending') ORDER BY a.id, b.id";

static void end_second_runs(Host *host, const char *into, const char *from)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, BOTH_LIVE, "ss", into, from);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, rows_int(rows, 4) > rows_int(rows, 3) ? 0 : 1);
		g_array_append_val(ids, id);
	}
	g_autofree char *why = g_strdup_printf("'%s' was merged into '%s': both had a run of this sequence, and one person gets it once", from, into);
	for (guint i = 0; i < ids->len; i++)
		runs_end(host, g_array_index(ids, int64_t, i), "stopped", "stopped", NULL, why);
}

/* Takes over the fields that `into` lacks. What of `from` gives way to another value is told in a note, so that nothing is lost. */
static char *both_fields(Person *a, const Person *b, GString *lost)
{
	const char *name;
	json_t *value;
	json_object_foreach(b->fields, name, value) {
		json_t *own = json_object_get(a->fields, name);
		g_autofree char *text = own && !json_equal(own, value) ? value_text(value) : NULL;
		if (text)
			g_string_append_printf(lost, "\n%s = %s", name, text);
	}
	json_object_update_missing(a->fields, b->fields);
	return value_text(a->fields);
}

static void note_lost(Host *host, const char *into, const char *from, const Person *a, const Person *b, GString *lost)
{
	for (int i = 0; i < CONTACT_CONSENT; i++)
		if (b->values[i] && a->values[i] && strcmp(a->values[i], b->values[i]) != 0)
			g_string_append_printf(lost, "\n%s = %s", CONTACT_ATTRIBUTE_NAMES[i], b->values[i]);
	g_autofree char *text = g_strdup_printf("'%s' was merged in%s%s", from, lost->len ? "; it had" : "", lost->str);
	contacts_note(host, into, "merge", text);
}

bool contacts_merge(Host *host, const char *into, const char *from, GError **error)
{
	g_auto(Person) a = { 0 }, b = { 0 };
	if (!person_load(host, into, &a, error) || !person_load(host, from, &b, error))
		return false;
	if (strcmp(into, from) == 0) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "'%s' is one contact already", into);
		return false;
	}
	g_autoptr(GString) lost = g_string_new(NULL);
	g_autofree char *fields = both_fields(&a, &b, lost);
	int64_t now = host_now(host);
	host_write(host);
	end_second_runs(host, into, from);
	db_run(host->db, SEEN, "ss", into, from);
	for (size_t i = 0; i < G_N_ELEMENTS(MOVES); i++)
		db_run(host->db, MOVES[i], "ss", into, from);
	abandon_visits(host, into);
	db_run(host->db, TAKE_ATTRIBUTES, "sssi", into, from, fields, now);
	merge_consent(host, into, &a, &b);
	note_lost(host, into, from, &a, &b, lost);
	db_run(host->db, DROP, "s", from);
	db_run(host->db, FORMER, "ssi", into, from, now);
	/* Who left is gone with all addresses of both, and nothing of what had begun goes on. */
	g_autofree char *left = db_text(host->db, LEFT, "s", into);
	if (left) {
		policy_suppress_person(host, into, left);
		tasks_they_left(host, into);
		runs_stop_contact(host, into, NULL, "unsubscribed");
	}
	contact_files_merge(host, into, from);
	return true;
}
