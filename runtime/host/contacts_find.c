/* SPDX-License-Identifier: MIT */
/* perigee.contacts.find and the filters of `contacts list`. See contacts.h. */
#include "host/contacts.h"

#include "host/contact_change.h"

#include <string.h>

#define HAS_LABEL "c.id IN (SELECT contact FROM labels WHERE label = ?)"
#define HAS_ADDRESS "c.id IN (SELECT contact FROM identities WHERE channel = ? AND norm = ?)"
/* A telephone number is an address on each of the channels that go by one. */
#define OR_NAME(channel) ", '" channel "'"
#define HAS_CHANNEL \
	"c.id IN (SELECT contact FROM identities WHERE channel = ? OR (channel = 'phone' AND ? IN ('phone'" CONTACTS_PHONE_CHANNELS(OR_NAME) ")))"

typedef struct Filter {
	GString *sql;
	GPtrArray *values;   /* char * */
	GPtrArray *members;  /* "\"name\":value" as they stand in the canonical text of fields */
	json_t *fields;      /* the same, to be sure */
	int64_t limit;
} Filter;

static void filter_clear(Filter *filter)
{
	g_string_free(filter->sql, TRUE);
	g_ptr_array_unref(filter->values);
	g_ptr_array_unref(filter->members);
	json_decref(filter->fields);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filter, filter_clear)

static void where(Filter *filter, const char *condition, const char *value, const char *second)
{
	g_string_append(filter->sql, filter->values->len ? " AND " : " WHERE ");
	g_string_append(filter->sql, condition);
	g_ptr_array_add(filter->values, g_strdup(value));
	if (second)
		g_ptr_array_add(filter->values, g_strdup(second));
}

static bool is_attribute(const char *key)
{
	return g_strv_contains(CONTACT_ATTRIBUTE_NAMES, key) || strcmp(key, "id") == 0;
}

static void add_field(Filter *filter, const char *key, const json_t *value)
{
	GString *member = g_string_new(NULL);
	value_append_string(member, key, strlen(key));
	g_string_append_c(member, ':');
	value_append(member, value);
	g_ptr_array_add(filter->members, g_string_free(member, FALSE));
	json_object_set(filter->fields, key, (json_t *)value);
}

static bool add(Filter *filter, const char *key, const json_t *value, GError **error)
{
	bool is_label = strcmp(key, "label") == 0, is_channel = strcmp(key, "channel") == 0, is_address = contacts_is_channel(key);
	if (strcmp(key, "limit") == 0) {
		filter->limit = json_is_integer(value) ? json_integer_value(value) : json_is_real(value) ? (int64_t)json_real_value(value) : 0;
		if (filter->limit > 0)
			return true;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "limit must be a number above 0");
		return false;
	}
	if (!is_label && !is_channel && !is_address && !is_attribute(key)) {
		add_field(filter, key, value);
		return true;
	}
	if (!json_is_string(value)) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s must be text", key);
		return false;
	}
	const char *text = json_string_value(value);
	if (is_address) {
		g_autofree char *norm = contacts_normalize(key, text, error);
		if (norm)
			where(filter, HAS_ADDRESS, key, norm);
		return norm != NULL;
	}
	g_autofree char *equals = g_strdup_printf("c.%s = ?", key);
	where(filter, is_label ? HAS_LABEL : is_channel ? HAS_CHANNEL : equals, text, is_channel ? text : NULL);
	return true;
}

/* Most contacts are ruled out by looking for the text; what is found may still stand deeper inside another field. */
static bool fields_match(const Filter *filter, const char *text)
{
	if (filter->members->len == 0)
		return true;
	for (guint i = 0; i < filter->members->len; i++)
		if (!strstr(text, filter->members->pdata[i]))
			return false;
	g_autoptr(json_t) fields = value_parse(text, -1, NULL);
	const char *key;
	json_t *wanted;
	json_object_foreach(filter->fields, key, wanted)
		if (!json_equal(json_object_get(fields, key), wanted))
			return false;
	return true;
}

bool contacts_find_ids(Host *host, const json_t *wanted, GPtrArray *ids, GError **error)
{
	g_auto(Filter) filter = { g_string_new("SELECT c.id, c.fields FROM contacts c"), g_ptr_array_new_with_free_func(g_free),
		                      g_ptr_array_new_with_free_func(g_free), json_object(), INT64_MAX };
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)wanted, key, value)
		if (!add(&filter, key, value, error))
			return false;
	g_string_append(filter.sql, " ORDER BY c.id");
	Rows *rows = db_query_built(host->db, filter.sql->str, (const char *const *)filter.values->pdata, filter.values->len);
	while (rows_next(rows)) {
		if (!fields_match(&filter, rows_text(rows, 1)))
			continue;
		g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
		if ((int64_t)ids->len >= filter.limit) {
			rows_done(rows);
			break;
		}
	}
	return true;
}

json_t *contacts_find(Host *host, const json_t *filter, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	return contacts_find_ids(host, filter, ids, error) ? contacts_views(host, ids, error) : NULL;
}

json_t *contacts_views(Host *host, const GPtrArray *ids, GError **error)
{
	json_t *found = json_array();
	size_t bytes = 0;
	for (guint i = 0; i < ids->len; i++) {
		json_t *view = contacts_view(host, ids->pdata[i], NULL);
		g_autofree char *text = value_text(view);
		bytes += strlen(text) + 1;
		json_array_append_new(found, view);
		/* The answer is journaled and has to be readable again. */
		if (bytes > VALUE_BYTES - 1024) {
			json_decref(found);
			g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID,
			            "%u contacts are found, too many for one answer (1 MB): narrow the question or give a limit", ids->len);
			return NULL;
		}
	}
	return found;
}
