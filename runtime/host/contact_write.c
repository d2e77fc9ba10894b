/* SPDX-License-Identifier: MIT */
/* Writing a change of a contact into its tables: see contact_change.h. Owns contacts, identities, labels, stage_changes, consent_changes. */
#include "host/contact_change.h"

#include <string.h>

#define COLUMNS "name, first_name, locale, timezone, country, company, owner, stage, preferred_channel, consent, consent_source, consent_at"

static const char ADD[] =
	"INSERT INTO contacts (" COLUMNS ", id, fields, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)";
static const char LOAD[] = "SELECT " COLUMNS ", fields FROM contacts WHERE id = ?";
static const char CHANGE[] =
	"UPDATE contacts SET name = ?1, first_name = ?2, locale = ?3, timezone = ?4, country = ?5, company = ?6, owner = ?7, stage = ?8,"
	" preferred_channel = ?9, consent = ?10, consent_source = ?11, consent_at = ?12, fields = ?14, rev = rev + 1, updated_at = ?15 WHERE id = ?13";
static const char TAKEN[] = "SELECT 1 FROM contacts WHERE id = ?1 UNION ALL SELECT 1 FROM former_ids WHERE id = ?1";
static const char OTHER_OWNER[] = "SELECT contact FROM identities WHERE channel = ? AND norm = ? AND contact IS NOT ? ORDER BY contact LIMIT 1";
static const char ADDRESSES[] = "SELECT address, norm FROM identities WHERE contact = ? AND channel = ? ORDER BY rank, norm";
static const char CLEAR_ADDRESSES[] = "DELETE FROM identities WHERE contact = ? AND channel = ?";
static const char ADD_ADDRESS[] = "INSERT OR IGNORE INTO identities (contact, channel, address, norm, rank) VALUES (?, ?, ?, ?, ?)";
static const char LABELS[] = "SELECT label FROM labels WHERE contact = ?";
static const char ADD_LABEL[] = "INSERT OR IGNORE INTO labels VALUES (?, ?)";
static const char CLEAR_LABEL[] = "DELETE FROM labels WHERE contact = ? AND label = ?";
static const char CONSENT_CHANGE[] =
	"INSERT INTO consent_changes (contact, at, old, new, source, given_at, cause) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char STAGE_CHANGE[] = "INSERT INTO stage_changes (contact, at, old, new, cause) VALUES (?, ?, ?, ?, ?)";

#define FIELDS_BYTES (64u << 10)

static bool fields_fit(const char *fields, GError **error)
{
	if (strlen(fields) <= FIELDS_BYTES)
		return true;
	g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "the fields of one contact may have %u bytes", FIELDS_BYTES);
	return false;
}

bool contact_change_check(Host *host, const ContactChange *change, const char *id, GError **error)
{
	g_autofree char *fields = change->fields ? value_text(change->fields) : NULL;
	if (fields && !fields_fit(fields, error))
		return false;
	for (guint i = 0; i < change->addresses->len && !change->shared; i++) {
		const Address *address = change->addresses->pdata[i];
		g_autofree char *owner = address->norm ? db_text(host->db, OTHER_OWNER, "sss", address->channel, address->norm, id) : NULL;
		if (!owner)
			continue;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS,
		            "%s %s is an address of the contact '%s' already (if they share it, say shared_address=yes)", address->channel, address->address, owner);
		return false;
	}
	return true;
}

static Time time_of(const char *text)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	Time at;
	return text && when_iso(text, utc, &at, NULL) ? at : TIME_NEVER;
}

/* The order of the values is that of CONTACT_ATTRIBUTES, then id, fields, time. */
static void write_row(Host *host, const char *sql, const char *const *values, const char *id, const char *fields)
{
	G_STATIC_ASSERT(CONTACT_ATTRIBUTE_COUNT == 12 && CONTACT_CONSENT_AT == 11);
	db_run(host->db, sql, "sssssssssss" "t" "ssi", values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8],
	       values[9], values[10], time_of(values[11]), id, fields, (int64_t)host_now(host));
}

static char *merged_fields(json_t *fields, const json_t *changes)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)changes, name, value) {
		if (json_is_null(value))
			json_object_del(fields, name);
		else
			json_object_set(fields, name, value);
	}
	return value_text(fields);
}

/* What a basis was given by, and when, is not what another one was given by. A person who says it now, without a date, means now.
 * made keeps the text that values then has of it; the caller frees it. */
static void settle_consent(Host *host, const ContactChange *change, const char *const *was, const char **values, const char *cause, char **made)
{
	if (g_strcmp0(was ? was[CONTACT_CONSENT] : NULL, values[CONTACT_CONSENT]) == 0)
		return;
	if (!change->given[CONTACT_CONSENT_SOURCE])
		values[CONTACT_CONSENT_SOURCE] = NULL;
	if (change->given[CONTACT_CONSENT_AT])
		return;
	if (values[CONTACT_CONSENT] && strcmp(cause, "person") == 0)
		*made = contact_change_time(host_now(host));
	values[CONTACT_CONSENT_AT] = *made;
}

static void record_consent(Host *host, const char *id, const char *const *was, const char *const *values, const char *cause)
{
	bool same = true;
	for (int i = CONTACT_CONSENT; i <= CONTACT_CONSENT_AT; i++)
		same = same && g_strcmp0(was ? was[i] : NULL, values[i]) == 0;
	if (!same)
		db_run(host->db, CONSENT_CHANGE, "sisssts", id, (int64_t)host_now(host), was ? was[CONTACT_CONSENT] : NULL, values[CONTACT_CONSENT],
		       values[CONTACT_CONSENT_SOURCE], time_of(values[CONTACT_CONSENT_AT]), cause);
}

void contact_change_add(Host *host, const ContactChange *change, const char *id, const char *cause)
{
	const char *values[CONTACT_ATTRIBUTE_COUNT];
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
		values[i] = change->attributes[i];
	if (!values[CONTACT_STAGE]) {
		const Workspace *workspace = host->workspace;
		values[CONTACT_STAGE] = workspace && workspace->stages && workspace->stages[0] ? workspace->stages[0] : "prospect";
	}
	g_autofree char *consent_at = NULL;
	settle_consent(host, change, NULL, values, cause, &consent_at);
	g_autoptr(json_t) none = json_object();
	g_autofree char *fields = merged_fields(none, change->fields);
	host_write(host);
	write_row(host, ADD, values, id, fields);
	record_consent(host, id, NULL, values, cause);
	db_run(host->db, STAGE_CHANGE, "sisss", id, (int64_t)host_now(host), NULL, values[CONTACT_STAGE], cause);
	for (guint i = 0; i < change->addresses->len; i++) {
		const Address *address = change->addresses->pdata[i];
		if (address->norm)
			db_run(host->db, ADD_ADDRESS, "ssssi", id, address->channel, address->address, address->norm, (int64_t)i);
	}
	for (guint i = 0; i < change->labels->len; i++)
		db_run(host->db, ADD_LABEL, "ss", id, change->labels->pdata[i]);
}

/* ---- changing --------------------------------------------------------------------------------------------------- */

typedef struct Row {
	char *was[CONTACT_ATTRIBUTE_COUNT];
	const char *is[CONTACT_ATTRIBUTE_COUNT];
	char *fields_were, *fields;
} Row;

static void row_clear(Row *row)
{
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
		g_free(row->was[i]);
	g_free(row->fields_were);
	g_free(row->fields);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Row, row_clear)

static bool row_load(Host *host, Row *row, const ContactChange *change, const char *id)
{
	*row = (Row){ 0 };
	Rows *rows = db_query(host->db, LOAD, "s", id);
	if (!rows_next(rows))
		return false;
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++) {
		row->was[i] = i == CONTACT_CONSENT_AT ? contact_change_time(rows_int(rows, i)) : g_strdup(rows_text(rows, i));
		row->is[i] = change->given[i] ? change->attributes[i] : row->was[i];
	}
	row->fields_were = g_strdup(rows_text(rows, CONTACT_ATTRIBUTE_COUNT));
	rows_done(rows);
	if (change->fields) {
		g_autoptr(json_t) fields = value_parse(row->fields_were, -1, NULL);
		if (!fields)
			fields = json_object();
		row->fields = merged_fields(fields, change->fields);
	} else {
		row->fields = g_strdup(row->fields_were);
	}
	return true;
}

static bool row_differs(const Row *row)
{
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
		if (g_strcmp0(row->was[i], row->is[i]) != 0)
			return true;
	return strcmp(row->fields_were, row->fields) != 0;
}

static bool has_norm(const GPtrArray *list, const char *norm)
{
	for (guint i = 0; i < list->len; i += 2)
		if (strcmp(list->pdata[i + 1], norm) == 0)
			return true;
	return false;
}

/* The addresses of one channel: those said, then (unless they are replaced) those that were. Pairs of address and norm. */
static bool write_channel(Host *host, const ContactChange *change, const char *id, const char *channel, bool replace)
{
	g_autoptr(GPtrArray) is = g_ptr_array_new_with_free_func(g_free), was = g_ptr_array_new_with_free_func(g_free);
	bool cleared = replace;
	for (guint i = 0; i < change->addresses->len; i++) {
		const Address *address = change->addresses->pdata[i];
		if (strcmp(address->channel, channel) != 0)
			continue;
		cleared = cleared || !address->norm;
		if (address->norm) {
			g_ptr_array_add(is, g_strdup(address->address));
			g_ptr_array_add(is, g_strdup(address->norm));
		}
	}
	Rows *rows = db_query(host->db, ADDRESSES, "ss", id, channel);
	while (rows_next(rows)) {
		g_ptr_array_add(was, g_strdup(rows_text(rows, 0)));
		g_ptr_array_add(was, g_strdup(rows_text(rows, 1)));
	}
	for (guint i = 0; i < was->len && !cleared; i += 2) {
		if (has_norm(is, was->pdata[i + 1]))
			continue;
		g_ptr_array_add(is, g_strdup(was->pdata[i]));
		g_ptr_array_add(is, g_strdup(was->pdata[i + 1]));
	}
	bool same = is->len == was->len;
	for (guint i = 0; i < is->len && same; i++)
		same = strcmp(is->pdata[i], was->pdata[i]) == 0;
	if (same)
		return false;
	db_run(host->db, CLEAR_ADDRESSES, "ss", id, channel);
	for (guint i = 0; i < is->len; i += 2)
		db_run(host->db, ADD_ADDRESS, "ssssi", id, channel, is->pdata[i], is->pdata[i + 1], (int64_t)(i / 2));
	return true;
}

static bool write_addresses(Host *host, const ContactChange *change, const char *id, bool replace)
{
	bool changed = false;
	for (guint i = 0; i < change->addresses->len; i++) {
		const char *channel = ((const Address *)change->addresses->pdata[i])->channel;
		bool first = true;
		for (guint j = 0; j < i && first; j++)
			first = strcmp(((const Address *)change->addresses->pdata[j])->channel, channel) != 0;
		if (first && write_channel(host, change, id, channel, replace))
			changed = true;
	}
	return changed;
}

static bool write_labels(Host *host, const ContactChange *change, const char *id, bool replace)
{
	bool changed = false;
	if (replace && change->labels_given) {
		g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
		Rows *rows = db_query(host->db, LABELS, "s", id);
		while (rows_next(rows))
			if (!g_ptr_array_find_with_equal_func(change->labels, rows_text(rows, 0), g_str_equal, NULL))
				g_ptr_array_add(gone, g_strdup(rows_text(rows, 0)));
		for (guint i = 0; i < gone->len; i++)
			db_run(host->db, CLEAR_LABEL, "ss", id, gone->pdata[i]);
		changed = gone->len > 0;
	}
	for (guint i = 0; i < change->labels->len; i++) {
		db_run(host->db, ADD_LABEL, "ss", id, change->labels->pdata[i]);
		changed = changed || db_changes(host->db) > 0;
	}
	return changed;
}

bool contact_change_apply(Host *host, const ContactChange *change, const char *id, bool replace, const char *cause, GError **error)
{
	g_auto(Row) row;
	if (!row_load(host, &row, change, id)) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_UNKNOWN, "there is no contact '%s'", id);
		return false;
	}
	if (!fields_fit(row.fields, error))
		return false;
	g_autofree char *consent_at = NULL;
	settle_consent(host, change, (const char *const *)row.was, row.is, cause, &consent_at);
	host_write(host);
	bool addresses = write_addresses(host, change, id, replace);
	bool labels = write_labels(host, change, id, replace);
	if (!addresses && !labels && !row_differs(&row))
		return false;
	write_row(host, CHANGE, row.is, id, row.fields);
	record_consent(host, id, (const char *const *)row.was, row.is, cause);
	if (g_strcmp0(row.was[CONTACT_STAGE], row.is[CONTACT_STAGE]) != 0)
		db_run(host->db, STAGE_CHANGE, "sisss", id, (int64_t)host_now(host), row.was[CONTACT_STAGE], row.is[CONTACT_STAGE], cause);
	return true;
}

static char *numbered(const char *slug, int64_t number)
{
	return number == 1 ? g_strdup(slug) : g_strdup_printf("%s-%" G_GINT64_FORMAT, slug, number);
}

static bool is_taken(Host *host, const char *slug, int64_t number)
{
	g_autofree char *id = numbered(slug, number);
	return db_int(host->db, 0, TAKEN, "s", id) != 0;
}

/* The slug, else the slug with a number. A free one is found by doubling and halving, so that the ten-thousandth "info" does not
 * try ten thousand ids. */
char *contact_change_make_id(Host *host, const ContactChange *change, GHashTable *last)
{
	g_autofree char *slug = contact_change_slug(change);
	int64_t taken = last ? GPOINTER_TO_INT(g_hash_table_lookup(last, slug)) : 0, open = taken + 1;
	for (; is_taken(host, slug, open); open *= 2)
		taken = open;
	while (open - taken > 1) {
		int64_t middle = taken + (open - taken) / 2;
		if (is_taken(host, slug, middle))
			taken = middle;
		else
			open = middle;
	}
	if (last)
		g_hash_table_insert(last, g_strdup(slug), GINT_TO_POINTER((int)open));
	return numbered(slug, open);
}
