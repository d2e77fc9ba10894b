/* SPDX-License-Identifier: MIT */
/* The scripts' store: see store.h. Owns the table store. */
#include "host/store.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK(perigee-store-error, store_error)

static const char GET[] = "SELECT value FROM store WHERE space = ? AND key = ?";
static const char SET[] = "INSERT INTO store VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value";
static const char DELETE[] = "DELETE FROM store WHERE space = ? AND key = ?";
static const char FROM[] = "SELECT key, value FROM store WHERE space = ? AND key >= ? ORDER BY key";

static bool key_allowed(const char *key, GError **error)
{
	bool fit = *key && strlen(key) <= STORE_KEY_BYTES;
	for (const char *c = key; *c; c++)
		fit = fit && !g_ascii_iscntrl(*c);
	if (fit)
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_INVALID, "a key of the store is one line of 1 to %d bytes", STORE_KEY_BYTES);
	return false;
}

char *store_get(Host *host, const char *space, const char *key)
{
	return db_text(host->db, GET, "ss", space, key);
}

bool store_set(Host *host, const char *space, const char *key, const json_t *value, GError **error)
{
	if (!key_allowed(key, error))
		return false;
	if (!value || json_is_null(value)) {
		store_delete(host, space, key);
		return true;
	}
	g_autofree char *text = value_text(value);
	if (strlen(text) > STORE_VALUE_BYTES) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_LIMIT, "the value of '%s' is larger than %u bytes", key, STORE_VALUE_BYTES);
		return false;
	}
	host_write(host);
	db_run(host->db, SET, "sss", space, key, text);
	return true;
}

static json_t *sum(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		int64_t total;
		return __builtin_add_overflow((int64_t)json_integer_value(a), (int64_t)json_integer_value(b), &total) ? NULL : json_integer(total);
	}
	double total = json_number_value(a) + json_number_value(b);
	return isfinite(total) ? json_real(total) : NULL;
}

char *store_add(Host *host, const char *space, const char *key, const json_t *n, GError **error)
{
	if (!key_allowed(key, error))
		return NULL;
	if (!json_is_number(n)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_INVALID, "only a number can be added to '%s'", key);
		return NULL;
	}
	g_autofree char *present = store_get(host, space, key);
	g_autoptr(json_t) was = present ? value_parse(present, -1, NULL) : json_integer(0);
	if (!json_is_number(was)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_INVALID, "the value of '%s' is no number, so nothing can be added to it", key);
		return NULL;
	}
	g_autoptr(json_t) is = sum(was, n);
	if (!is) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_LIMIT, "the sum in '%s' is too large", key);
		return NULL;
	}
	char *text = value_text(is);
	host_write(host);
	db_run(host->db, SET, "sss", space, key, text);
	return text;
}

void store_delete(Host *host, const char *space, const char *key)
{
	host_write(host);
	db_run(host->db, DELETE, "ss", space, key);
}

json_t *store_list(Host *host, const char *space, const char *prefix, GError **error)
{
	json_t *list = json_array();
	size_t size = strlen(prefix), bytes = 0;
	Rows *rows = db_query(host->db, FROM, "ss", space, prefix);
	while (rows_next(rows)) {
		const char *key = rows_text(rows, 0), *value = rows_text(rows, 1);
		/* Keys are sorted bytewise: the first without the prefix ends those that have it. */
		bool past = strncmp(key, prefix, size) != 0;
		bytes += past ? 0 : strlen(key) + strlen(value) + sizeof "{\"key\":\"\",\"value\":},";
		if (past || bytes > STORE_LIST_BYTES) {
			rows_done(rows);
			break;
		}
		json_array_append_new(list, json_pack("{s:s, s:o}", "key", key, "value", value_parse(value, -1, NULL)));
	}
	if (bytes <= STORE_LIST_BYTES)
		return list;
	json_decref(list);
	g_set_error(error, STORE_ERROR, STORE_ERROR_LIMIT, "the keys with '%s' are more than %u bytes: list with a longer prefix", prefix, STORE_LIST_BYTES);
	return NULL;
}
