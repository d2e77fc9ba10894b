/* SPDX-License-Identifier: MIT */
/* Segments: see segments.h. */
#include "host/segments.h"

#include <string.h>

#include "host/contacts.h"
#include "host/when.h"

G_DEFINE_QUARK(perigee-segments-error, segments_error)

/* A key and the SQL that it stands for, with %s where the list of its texts goes; or one ? for a moment. */
typedef enum { LIST, CHANNELS, SPAN, ANSWERED, FIELDS } Kind;
static const struct { const char *key; Kind kind; const char *sql; } KEYS[] = {
	{ "label", LIST, "c.id IN (SELECT contact FROM labels WHERE label IN (%s))" },
	{ "not_label", LIST, "c.id NOT IN (SELECT contact FROM labels WHERE label IN (%s))" },
	{ "stage", LIST, "c.stage IN (%s)" },
	{ "not_stage", LIST, "c.stage NOT IN (%s)" },
	{ "channel", CHANNELS, "c.id IN (SELECT contact FROM identities WHERE channel IN (%s))" },
	{ "not_channel", CHANNELS, "c.id NOT IN (SELECT contact FROM identities WHERE channel IN (%s))" },
	{ "country", LIST, "c.country COLLATE NOCASE IN (%s)" },
	{ "locale", LIST, "c.locale COLLATE NOCASE IN (%s)" },
	{ "timezone", LIST, "c.timezone IN (%s)" },
	{ "company", LIST, "c.company IN (%s)" },
	{ "owner", LIST, "c.owner IN (%s)" },
	{ "silent_for", SPAN, "NOT EXISTS (SELECT 1 FROM events e WHERE e.contact = c.id AND e.kind = 'reply' AND e.at > CAST(? AS INTEGER))" },
	{ "unwritten_for", SPAN, "NOT EXISTS (SELECT 1 FROM messages m WHERE m.contact = c.id AND m.direction = 'out' AND m.handed_at > CAST(? AS INTEGER))" },
	{ "answered", ANSWERED, "EXISTS (SELECT 1 FROM events e WHERE e.contact = c.id AND e.kind = 'reply')" },
	{ "fields", FIELDS, NULL },
};

static int key_index(const char *key)
{
	for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++)
		if (strcmp(key, KEYS[i].key) == 0)
			return (int)i;
	return -1;
}

static bool invalid(GError **error, const char *key, const char *why)
{
	g_set_error(error, SEGMENTS_ERROR, SEGMENTS_ERROR_INVALID, "%s %s", key, why);
	return false;
}

static bool check_texts(const char *key, const json_t *list, GError **error)
{
	size_t i;
	json_t *item;
	if (json_array_size(list) == 0)
		return invalid(error, key, "must be a list of texts");
	json_array_foreach((json_t *)list, i, item)
		if (!json_is_string(item))
			return invalid(error, key, "must be a list of texts");
	return true;
}

bool segments_check(const json_t *segment, GError **error)
{
	if (!json_is_object(segment))
		return invalid(error, "it", "must be a table { key = value }");
	const char *key, *name;
	json_t *value, *list;
	Time span;
	json_object_foreach((json_t *)segment, key, value) {
		int i = key_index(key);
		Kind kind = i < 0 ? LIST : KEYS[i].kind;
		if (i < 0)
			return invalid(error, key, "is not known in a segment");
		if ((kind == LIST || kind == CHANNELS) && !check_texts(key, value, error))
			return false;
		if (kind == SPAN && (!json_is_string(value) || !when_span(json_string_value(value), &span, NULL)))
			return invalid(error, key, "must be a duration such as \"30 days\"");
		if (kind == ANSWERED && !json_is_boolean(value))
			return invalid(error, key, "must be true or false");
		if (kind == FIELDS && !json_is_object(value) && json_array_size(value) > 0)
			return invalid(error, key, "must be a table { NAME = value }");
		json_object_foreach(value, name, list)
			if (kind == FIELDS && json_array_size(list) == 0)
				return invalid(error, key, "must have a list of values for each name");
	}
	return true;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

typedef struct Question {
	GString *sql;
	GPtrArray *values; /* char * */
	const json_t *fields;
} Question;

static void question_clear(Question *question)
{
	g_string_free(question->sql, TRUE);
	g_ptr_array_unref(question->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Question, question_clear)

static void add_value(Question *question, GString *marks, const char *value)
{
	g_string_append(marks, marks->len ? ", ?" : "?");
	g_ptr_array_add(question->values, g_strdup(value));
}

static void add_list(Question *question, const char *sql, const json_t *list, bool channels)
{
	g_autoptr(GString) marks = g_string_new(NULL);
	size_t i;
	json_t *item;
	bool phone = false;
	json_array_foreach((json_t *)list, i, item) {
		add_value(question, marks, json_string_value(item));
		phone = phone || (channels && contacts_is_phone(json_string_value(item)));
	}
	if (phone)
		add_value(question, marks, "phone");
	const char *at = strstr(sql, "%s");
	g_string_append_len(question->sql, sql, at - sql);
	g_string_append(question->sql, marks->str);
	g_string_append(question->sql, at + 2);
}

static void add_key(Host *host, Question *question, int index, const json_t *value)
{
	Time span = 0;
	if (KEYS[index].kind == FIELDS) {
		question->fields = value;
		return;
	}
	g_string_append(question->sql, strstr(question->sql->str, " WHERE ") ? " AND " : " WHERE ");
	switch (KEYS[index].kind) {
	case LIST:
	case CHANNELS:
		add_list(question, KEYS[index].sql, value, KEYS[index].kind == CHANNELS);
		break;
	case SPAN:
		when_span(json_string_value(value), &span, NULL);
		g_string_append(question->sql, KEYS[index].sql);
		g_ptr_array_add(question->values, g_strdup_printf("%" G_GINT64_FORMAT, host_now(host) - span));
		break;
	case ANSWERED:
		g_string_append_printf(question->sql, "%s%s", json_is_true(value) ? "" : "NOT ", KEYS[index].sql);
		break;
	case FIELDS:
		break;
	}
}

/* "5" in a CSV file and 5 set by a script are one value to who describes a segment. */
static bool same_value(const json_t *wanted, const json_t *has)
{
	if (json_equal((json_t *)wanted, (json_t *)has))
		return true;
	if (!json_is_number(wanted) && !json_is_number(has))
		return false;
	g_autofree char *a = json_is_string(wanted) ? g_strdup(json_string_value(wanted)) : value_text(wanted);
	g_autofree char *b = json_is_string(has) ? g_strdup(json_string_value(has)) : value_text(has);
	return strcmp(a, b) == 0;
}

static bool fields_match(const json_t *wanted, const char *text)
{
	if (!wanted || json_object_size(wanted) == 0)
		return true;
	g_autoptr(json_t) fields = value_parse(text, -1, NULL);
	const char *name;
	json_t *list;
	json_object_foreach((json_t *)wanted, name, list) {
		const json_t *has = json_object_get(fields, name);
		bool any = false;
		for (size_t i = 0; has && i < json_array_size(list); i++)
			any = any || same_value(json_array_get(list, i), has);
		if (!any)
			return false;
	}
	return true;
}

/* The name that was probably meant, or all there are. */
static void say_unknown(Host *host, const char *name, GError **error)
{
	g_autoptr(GString) names = g_string_new(NULL);
	const char *key;
	json_t *segment;
	json_object_foreach(host->workspace->segments, key, segment)
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", key);
	if (names->len)
		g_set_error(error, SEGMENTS_ERROR, SEGMENTS_ERROR_UNKNOWN, "there is no segment '%.64s' in perigee.lua, which has %s", name, names->str);
	else
		g_set_error(error, SEGMENTS_ERROR, SEGMENTS_ERROR_UNKNOWN,
		            "there is no segment '%.64s': perigee.lua describes none (segments = { NAME = { label = \"...\" } })", name);
}

bool segments_ids(Host *host, const char *name, GPtrArray *ids, GError **error)
{
	const json_t *segment = json_object_get(host->workspace->segments, name);
	if (!segment) {
		say_unknown(host, name, error);
		return false;
	}
	g_auto(Question) question = { g_string_new("SELECT c.id, c.fields FROM contacts c"), g_ptr_array_new_with_free_func(g_free), NULL };
	/* In the order of the table, so that one segment is one text of SQL. */
	for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
		const json_t *value = json_object_get(segment, KEYS[i].key);
		if (value)
			add_key(host, &question, (int)i, value);
	}
	g_string_append(question.sql, " ORDER BY c.id");
	Rows *rows = db_query_built(host->db, question.sql->str, (const char *const *)question.values->pdata, question.values->len);
	while (rows_next(rows))
		if (fields_match(question.fields, rows_text(rows, 1)))
			g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
	return true;
}
