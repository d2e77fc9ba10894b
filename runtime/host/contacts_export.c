/* SPDX-License-Identifier: MIT */
/* All contacts as a CSV table that contacts_import reads back to the same. See contacts.h. */
#include "host/contact_change.h"
#include "host/csv.h"

#include <string.h>

static const char EVERYBODY[] =
	"SELECT id, name, first_name, locale, timezone, country, company, owner, stage, preferred_channel, consent, consent_source, consent_at, fields"
	" FROM contacts ORDER BY id";
static const char FIELDS[] = "SELECT fields FROM contacts WHERE fields <> '{}'";
static const char CHANNELS[] = "SELECT DISTINCT channel FROM identities ORDER BY channel";
static const char ADDRESSES[] = "SELECT address FROM identities WHERE contact = ? AND channel = ? ORDER BY rank, norm";
static const char LABELS[] = "SELECT label FROM labels WHERE contact = ? ORDER BY label";
static const char ANY_SHARED[] = "SELECT 1 FROM identities GROUP BY channel, norm HAVING count(*) > 1 LIMIT 1";
static const char SHARED[] =
	"SELECT 1 FROM identities a JOIN identities b ON a.channel = b.channel AND a.norm = b.norm AND a.contact <> b.contact WHERE a.contact = ? LIMIT 1";

typedef struct Export {
	Host *host;
	GString *out;
	GPtrArray *channels; /* columns after the attributes */
	GPtrArray *plain;    /* names of fields that are written as they are */
	GPtrArray *json;     /* names of fields that are written as JSON: some value is no text, or not one that would come back */
	bool shared;
} Export;

static void export_clear(Export *e)
{
	g_ptr_array_unref(e->channels);
	g_ptr_array_unref(e->plain);
	g_ptr_array_unref(e->json);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

/* Reading a cell trims it, and an empty one says nothing. */
static bool comes_back(const char *text)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(text));
	return *text && strcmp(trimmed, text) == 0;
}

static bool is_plain(const char *name, const json_t *value)
{
	return comes_back(name) && !contact_change_known(name) && !g_str_has_prefix(name, "json:") && json_is_string(value) &&
	       strlen(json_string_value(value)) == json_string_length(value) && comes_back(json_string_value(value));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *sorted(GHashTable *names)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	void *name;
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(list, g_strdup(name));
	g_ptr_array_sort(list, by_text);
	return list;
}

/* A field may need both columns: "12" of one contact and 12 of another. */
static void find_fields(Export *e)
{
	g_autoptr(GHashTable) plain = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) json = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Rows *rows = db_query(e->host->db, FIELDS, "");
	while (rows_next(rows)) {
		g_autoptr(json_t) fields = value_parse(rows_text(rows, 0), -1, NULL);
		const char *name;
		json_t *value;
		json_object_foreach(fields, name, value)
			g_hash_table_add(is_plain(name, value) ? plain : json, g_strdup(name));
	}
	e->plain = sorted(plain);
	e->json = sorted(json);
}

static void cell(Export *e, const char *text)
{
	csv_write_text(e->out, text ? text : "", false);
}

static void write_header(Export *e)
{
	csv_write_text(e->out, "id", true);
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
		cell(e, CONTACT_ATTRIBUTE_NAMES[i]);
	for (guint i = 0; i < e->channels->len; i++)
		cell(e, e->channels->pdata[i]);
	cell(e, "labels");
	if (e->shared)
		cell(e, "shared_address");
	for (guint i = 0; i < e->plain->len; i++)
		cell(e, e->plain->pdata[i]);
	for (guint i = 0; i < e->json->len; i++) {
		g_autofree char *name = g_strconcat("json:", e->json->pdata[i], NULL);
		cell(e, name);
	}
	csv_write_end(e->out);
}

static void write_attribute(Export *e, Rows *rows, int i)
{
	g_autofree char *time = i == CONTACT_CONSENT_AT ? contact_change_time(rows_int(rows, i + 1)) : NULL;
	cell(e, i == CONTACT_CONSENT_AT ? time : rows_text(rows, i + 1));
}

static void write_addresses(Export *e, const char *id)
{
	g_autoptr(GString) list = g_string_new(NULL);
	for (guint i = 0; i < e->channels->len; i++) {
		g_string_truncate(list, 0);
		Rows *rows = db_query(e->host->db, ADDRESSES, "ss", id, e->channels->pdata[i]);
		while (rows_next(rows))
			g_string_append_printf(list, "%s%s", list->len ? ";" : "", rows_text(rows, 0));
		cell(e, list->str);
	}
}

static void write_labels(Export *e, const char *id)
{
	g_autoptr(GString) list = g_string_new(NULL);
	Rows *rows = db_query(e->host->db, LABELS, "s", id);
	while (rows_next(rows)) {
		if (list->len)
			g_string_append_c(list, ';');
		for (const char *p = rows_text(rows, 0); *p; p++) {
			if (*p == ';' || *p == '\\')
				g_string_append_c(list, '\\');
			g_string_append_c(list, *p);
		}
	}
	cell(e, list->str);
}

static void write_fields(Export *e, const char *text)
{
	g_autoptr(json_t) fields = value_parse(text, -1, NULL);
	for (guint i = 0; i < e->plain->len; i++) {
		const json_t *value = json_object_get(fields, e->plain->pdata[i]);
		cell(e, value && is_plain(e->plain->pdata[i], value) ? json_string_value(value) : NULL);
	}
	for (guint i = 0; i < e->json->len; i++) {
		const json_t *value = json_object_get(fields, e->json->pdata[i]);
		g_autofree char *json = value && !is_plain(e->json->pdata[i], value) ? value_text(value) : NULL;
		cell(e, json);
	}
}

char *contacts_export(Host *host)
{
	g_auto(Export) e = { .host = host, .out = g_string_new(NULL), .channels = g_ptr_array_new_with_free_func(g_free) };
	Rows *rows = db_query(host->db, CHANNELS, "");
	while (rows_next(rows))
		g_ptr_array_add(e.channels, g_strdup(rows_text(rows, 0)));
	e.shared = db_int(host->db, 0, ANY_SHARED, "") != 0;
	find_fields(&e);
	write_header(&e);
	for (rows = db_query(host->db, EVERYBODY, ""); rows_next(rows);) {
		const char *id = rows_text(rows, 0);
		csv_write_text(e.out, id, true);
		for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
			write_attribute(&e, rows, i);
		write_addresses(&e, id);
		write_labels(&e, id);
		if (e.shared)
			cell(&e, db_int(host->db, 0, SHARED, "s", id) ? "yes" : NULL);
		write_fields(&e, rows_text(rows, CONTACT_ATTRIBUTE_COUNT + 1));
		csv_write_end(e.out);
	}
	return g_string_free(e.out, FALSE);
}
