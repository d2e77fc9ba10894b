/* SPDX-License-Identifier: MIT */
/* Contacts from a CSV file: see contacts.h and DESIGN.md section 13. */
#include "host/contact_change.h"
#include "host/csv.h"

#include <string.h>

static const char UNREACHABLE_NAMED[] =
	"SELECT 1 FROM contacts WHERE id = ?1 AND name = ?2 AND NOT EXISTS (SELECT 1 FROM identities WHERE contact = ?1)";

#define PROGRESS_ROWS 2000

typedef struct Importing {
	Host *host;
	const Import *import;
	ImportResult *result;
	Csv *csv;
	const char **keys;      /* per column: what contact_change_text is told */
	GHashTable *contacts;   /* id → line of this file that was about it */
	GHashTable *addresses;  /* "channel norm" → line */
	GHashTable *numbers;    /* contact_change_make_id's */
	ContactChange change;
	GError *first_bad;
} Importing;

static void importing_clear(Importing *in)
{
	csv_free(in->csv);
	g_free(in->keys);
	g_hash_table_unref(in->contacts);
	g_hash_table_unref(in->addresses);
	g_hash_table_unref(in->numbers);
	contact_change_clear(&in->change);
	g_clear_error(&in->first_bad);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Importing, importing_clear)

static void bad(Importing *in, const char *why)
{
	in->result->bad++;
	if (in->import->on_bad)
		in->import->on_bad(in->import->user, csv_line(in->csv), why);
	if (!in->first_bad)
		g_set_error(&in->first_bad, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s:%d: %s", in->import->file, csv_line(in->csv), why);
}

/* "E-mail" and "email" are one column, so they can stand twice although their names differ. */
static bool read_columns(Importing *in, GError **error)
{
	in->keys = g_new0(const char *, csv_columns(in->csv) + 1);
	for (size_t i = 0; i < csv_columns(in->csv); i++) {
		const char *name = csv_text(csv_name(in->csv, i)), *known = contact_change_known(name);
		in->keys[i] = known ? known : name;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(in->keys[i], in->keys[j]) != 0)
				continue;
			g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s:1: the columns '%s' and '%s' are both %s", in->import->file,
			            csv_name(in->csv, j), csv_name(in->csv, i), known);
			return false;
		}
	}
	return true;
}

/* False: a bad row, said in error. An empty cell says nothing, so it changes nothing. *any: the row is not all empty. */
static bool read_row(Importing *in, bool *any, GError **error)
{
	contact_change_reset(&in->change);
	*any = false;
	for (size_t i = 0; i < csv_columns(in->csv); i++) {
		g_autofree char *cell = g_strstrip(g_strdup(csv_cell(in->csv, i)));
		if (!*cell)
			continue;
		*any = true;
		if (!contact_change_text(in->host, &in->change, in->keys[i], csv_text(cell), error))
			return false;
	}
	return true;
}

/* One line of a file is about one contact, and one address is on one line: two are most often a mistake of copying. */
static bool said_before(Importing *in, const char *id, GError **error)
{
	int line = id ? GPOINTER_TO_INT(g_hash_table_lookup(in->contacts, id)) : 0;
	if (line) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS, "the contact '%s' stands on line %d already", id, line);
		return true;
	}
	for (guint i = 0; i < in->change.addresses->len && !in->change.shared; i++) {
		const Address *address = in->change.addresses->pdata[i];
		g_autofree char *key = address->norm ? g_strconcat(address->channel, " ", address->norm, NULL) : NULL;
		line = key ? GPOINTER_TO_INT(g_hash_table_lookup(in->addresses, key)) : 0;
		if (!line)
			continue;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS, "%s %s stands on line %d already (if they share it, say shared_address=yes)",
		            address->channel, address->address, line);
		return true;
	}
	return false;
}

static void remember(Importing *in, const char *id)
{
	int line = csv_line(in->csv);
	g_hash_table_insert(in->contacts, g_strdup(id), GINT_TO_POINTER(line));
	for (guint i = 0; i < in->change.addresses->len; i++) {
		const Address *address = in->change.addresses->pdata[i];
		g_autofree char *key = address->norm ? g_strconcat(address->channel, " ", address->norm, NULL) : NULL;
		if (key && !g_hash_table_contains(in->addresses, key)) /* of those who share it, the first */
			g_hash_table_insert(in->addresses, g_steal_pointer(&key), GINT_TO_POINTER(line));
	}
}

/* Somebody without id and address is known again by the id that their name makes. */
static bool find(Importing *in, char **id, GError **error)
{
	const ContactChange *change = &in->change;
	const char *name = change->attributes[CONTACT_NAME];
	if (!contact_change_match(in->host, change, id, error))
		return false;
	if (*id || change->id || change->addresses->len > 0)
		return true;
	if (!name) {
		g_set_error_literal(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "no id, no name and no address: who is it?");
		return false;
	}
	g_autofree char *slug = contact_change_slug(change);
	if (db_int(in->host->db, 0, UNREACHABLE_NAMED, "ss", slug, name))
		*id = g_steal_pointer(&slug);
	return true;
}

/* What the row does; false: nothing, it is bad. */
static bool take_row(Importing *in, GError **error)
{
	ImportResult *result = in->result;
	g_autofree char *id = NULL;
	if (!find(in, &id, error) || said_before(in, id ? id : in->change.id, error) || !contact_change_check(in->host, &in->change, id, error))
		return false;
	GError *why = NULL;
	if (!id) {
		id = in->change.id ? g_strdup(in->change.id) : contact_change_make_id(in->host, &in->change, in->numbers);
		contact_change_add(in->host, &in->change, id, "import");
		result->added++;
	} else if (!in->import->update) {
		result->skipped++;
	} else if (contact_change_apply(in->host, &in->change, id, false, "import", &why)) {
		result->updated++;
	} else if (why) {
		g_propagate_error(error, why);
		return false;
	} else {
		result->unchanged++;
	}
	remember(in, id);
	return true;
}

static bool take_rows(Importing *in, GError **error)
{
	GError *why = NULL;
	const Import *import = in->import;
	for (size_t n = 1; csv_next(in->csv, &why); n++) {
		g_autoptr(GError) fault = NULL;
		bool any = false;
		if (csv_fault(in->csv))
			bad(in, csv_fault(in->csv));
		else if (!read_row(in, &any, &fault) || (any && !take_row(in, &fault)))
			bad(in, fault->message);
		if (db_failed(in->host->db)) {
			db_take_error(in->host->db, error);
			return false;
		}
		if (import->on_progress && n % PROGRESS_ROWS == 0)
			import->on_progress(import->user, csv_position(in->csv), import->size);
	}
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	if (import->strict && in->first_bad) {
		g_propagate_error(error, g_steal_pointer(&in->first_bad));
		return false;
	}
	return true;
}

bool contacts_import_file(Host *host, const Import *import, ImportResult *result, GError **error)
{
	*result = (ImportResult){ 0 };
	g_auto(Importing) in = { .host = host, .import = import, .result = result };
	contact_change_init(&in.change);
	in.contacts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	in.addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	in.numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	in.csv = csv_new(import->file, import->text, import->size, error);
	if (!in.csv || !read_columns(&in, error))
		return false;
	host_write(host);
	db_savepoint(host->db);
	bool ok = take_rows(&in, error);
	if (ok && !import->dry)
		db_release(host->db);
	else
		db_undo(host->db);
	return ok;
}

bool contacts_import(Host *host, const char *file, const char *text, size_t size, bool update, bool strict, bool dry,
                     ImportBad on_bad, void *user, ImportResult *result, GError **error)
{
	Import import = { file, text, size, update, strict, dry, on_bad, NULL, user };
	return contacts_import_file(host, &import, result, error);
}
