/* SPDX-License-Identifier: MIT */
/* Hooks: see hooks.h. */
#include "host/hooks.h"

#include "host/versions.h"

#include <string.h>

G_DEFINE_QUARK(perigee-hooks-error, hooks_error)

enum { KEY_BYTES = 200 };

static const char FIND[] = "SELECT s.version, s.paused_reason FROM scripts s WHERE s.name = ? AND s.kind = 'hook'";
static const char FIND_KEY[] = "SELECT id FROM runs WHERE sequence = ? AND contact IS NULL AND key = ?";
static const char ADD[] = "INSERT INTO runs (sequence, key, version, state, due, seed, start, started_at) VALUES (?, ?, ?, 'ready', ?, ?, ?, ?)";
static const char OF_RUN[] = "SELECT r.version, r.start FROM runs r JOIN versions v ON v.hash = r.version WHERE r.id = ? AND v.kind = 'hook'";
static const char IS_HOOK[] = "SELECT 1 FROM runs r JOIN versions v ON v.hash = r.version WHERE r.id = ? AND v.kind = 'hook'";

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	g_set_error_literal(error, HOOKS_ERROR, HOOKS_ERROR_INVALID, text);
	return false;
}

/* ---- the request as the script sees it --------------------------------------------------------------------------- */

static bool is_line(const char *text)
{
	bool good = strlen(text) <= HOOKS_LINE_MOST && g_utf8_validate(text, -1, NULL);
	for (const char *c = text; *c && good; c++)
		good = !g_ascii_iscntrl(*c) || *c == '\t';
	return good;
}

/* Names in lower case; a header that comes twice stands there once, its values with a comma between (RFC 9110, section 5.3). NULL: bad. */
static json_t *headers_of(const json_t *given, GError **error)
{
	g_autoptr(json_t) headers = json_object();
	const char *name;
	json_t *value;
	if (json_object_size(given) > HOOKS_HEADERS_MOST) {
		invalid(error, "more than %d headers", HOOKS_HEADERS_MOST);
		return NULL;
	}
	json_object_foreach((json_t *)given, name, value) {
		const char *text = json_string_value(value);
		bool token = *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") == strlen(name);
		if (!token || !text || strlen(text) != json_string_length(value) || !is_line(text)) {
			invalid(error, "\"%.80s\" is no header with a value of one line", name);
			return NULL;
		}
		g_autofree char *lower = g_ascii_strdown(name, -1);
		const char *other = json_string_value(json_object_get(headers, lower));
		g_autofree char *both = other ? g_strdup_printf("%s, %s", other, text) : g_strdup(text);
		json_object_set_new(headers, lower, json_string(both));
	}
	return g_steal_pointer(&headers);
}

/* What a form or a query says, by name; of a name that stands there twice the last one. NULL: it is none. */
static json_t *parameters(const char *text)
{
	g_autoptr(GHashTable) found = g_uri_parse_params(text, -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
	if (!found)
		return NULL;
	json_t *object = json_object();
	GHashTableIter iter;
	void *name, *value;
	g_hash_table_iter_init(&iter, found);
	while (g_hash_table_iter_next(&iter, &name, &value))
		json_object_set_new(object, name, json_string(value));
	return object;
}

/* The body as text and, where it is one, as a value. What is no UTF-8 is not kept. */
static void add_body(json_t *seen, const HookRequest *request, const char *type)
{
	if (!request->size)
		return;
	if (memchr(request->body, 0, request->size) || !g_utf8_validate(request->body, (gssize)request->size, NULL)) {
		json_object_set_new(seen, "binary", json_true());
		return;
	}
	json_object_set_new(seen, "body", json_stringn(request->body, request->size));
	json_t *value = value_parse(request->body, (gssize)request->size, NULL);
	if (value)
		json_object_set_new(seen, "json", value);
	g_autofree char *text = !value && type && g_str_has_prefix(type, "application/x-www-form-urlencoded") ? g_strndup(request->body, request->size) : NULL;
	json_t *form = text ? parameters(text) : NULL;
	if (form)
		json_object_set_new(seen, "form", form);
}

/* The start of a run: {"sequence","request"}; NULL with an error. */
static json_t *start_of(Host *host, const char *name, const HookRequest *request, json_t *headers, GError **error)
{
	g_autofree char *usual = g_strdup_printf("/hooks/%s", name);
	const char *method = request->method ? request->method : "POST", *path = request->path ? request->path : usual;
	const char *query = request->query ? request->query : "";
	bool sound = *method && strlen(method) <= 16 && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method);
	if (!sound || *path != '/' || !is_line(path) || !is_line(query)) {
		invalid(error, "a method is a word such as POST, a path begins with /, and neither it nor the query holds a line end");
		return NULL;
	}
	json_t *seen = json_pack("{s:s, s:s, s:O, s:I}", "method", method, "path", path, "headers", headers, "at", (json_int_t)(host_now(host) / 1000));
	json_t *parsed = parameters(query);
	json_object_set_new(seen, "query", parsed ? parsed : json_object());
	add_body(seen, request, value_string(headers, "content-type", NULL));
	return json_pack("{s:s, s:o}", "sequence", name, "request", seen);
}

/* ---- delivery ---------------------------------------------------------------------------------------------------- */

/* The delivery's id, or what stands for a long one; of a sender who gives none a number of ours. Caller frees. */
static char *key_of(Host *host, const json_t *declared, const json_t *headers)
{
	const char *header = value_string(json_object_get(declared, "verify"), "id", NULL);
	const char *id = header ? value_string(headers, header, NULL) : NULL;
	if (!id || !*id)
		return g_strdup_printf("request-%016" G_GINT64_MODIFIER "x", host_random(host));
	g_autofree char *sum = strlen(id) > KEY_BYTES ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1) : NULL;
	return g_strdup_printf("id-%s", sum ? sum : id);
}

static char *version_of(Host *host, const char *name, GError **error)
{
	Rows *rows = db_query(host->db, FIND, "s", name);
	if (!rows_next(rows)) {
		g_set_error(error, HOOKS_ERROR, HOOKS_ERROR_UNKNOWN, "there is no hook %s: `perigee hooks` lists them", name);
		return NULL;
	}
	g_autofree char *version = g_strdup(rows_text(rows, 0)), *paused = g_strdup(rows_text(rows, 1));
	rows_done(rows);
	if (!paused)
		return g_steal_pointer(&version);
	g_set_error(error, HOOKS_ERROR, HOOKS_ERROR_INVALID, "the hook %s is paused: %s", name, paused);
	return NULL;
}

bool hooks_deliver(Host *host, const char *name, const HookRequest *request, int64_t *run, bool *is_new, GError **error)
{
	*run = 0;
	*is_new = false;
	g_autofree char *version = version_of(host, name, error);
	if (!version)
		return false;
	if (request->size > HOOKS_BODY_MOST)
		return invalid(error, "the body is longer than %d KiB", HOOKS_BODY_MOST / 1024);
	g_autoptr(json_t) headers = headers_of(request->headers, error);
	g_autofree char *key = headers ? key_of(host, versions_declared(host, version), headers) : NULL;
	if (!key)
		return false;
	*run = db_int(host->db, 0, FIND_KEY, "ss", name, key);
	if (*run)
		return true;
	g_autoptr(json_t) start = start_of(host, name, request, headers, error);
	g_autofree char *text = start ? value_text(start) : NULL;
	if (!text)
		return false;
	if (strlen(text) > VALUE_BYTES)
		return invalid(error, "the request is too large");
	Time now = host_now(host);
	host_write(host);
	db_run(host->db, ADD, "sssiisi", name, key, version, now, (int64_t)(host_random(host) >> 1), text, now);
	*run = db_last_id(host->db);
	*is_new = true;
	return true;
}

/* ---- what a hook declares ---------------------------------------------------------------------------------------- */

bool hooks_sound(const json_t *declared)
{
	const json_t *verify = json_object_get(declared, "verify"), *id = json_object_get(verify, "id");
	if (json_is_string(verify))
		return g_str_equal(json_string_value(verify), "none");
	bool proves = value_string(verify, "secret", NULL) || value_string(verify, "token", NULL);
	return json_is_object(verify) && proves && (!id || (json_is_string(id) && json_string_length(id) <= 200));
}

char *hooks_verify_words(const json_t *declared)
{
	const json_t *verify = json_object_get(declared, "verify");
	const char *header = value_string(verify, "header", NULL), *query = value_string(verify, "query", NULL);
	if (!json_is_object(verify))
		return g_strdup("none");
	const char *hmac = value_string(verify, "hmac", NULL);
	return g_strdup_printf("%s%s in %s%s, secret %s", hmac ? "hmac-" : "token", hmac ? hmac : "", header ? "" : "query ", header ? header : query ? query : "?",
	                       value_string(verify, hmac ? "secret" : "token", "?"));
}

bool hooks_is_run(Host *host, int64_t run)
{
	return db_int(host->db, 0, IS_HOOK, "i", run) != 0;
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

#define HIDDEN "(not shown)"

/* A header or parameter that is a key, by what the hook declares or by its name; that of a delivery is none. */
static bool is_secret(const char *name, const json_t *verify, const char *where)
{
	static const char *const WORDS[] = { "auth", "cookie", "key", "passw", "secret", "sign", "token", NULL };
	g_autofree char *lower = g_ascii_strdown(name, -1);
	if (g_strcmp0(name, value_string(verify, where, NULL)) == 0)
		return true;
	for (int i = 0; WORDS[i]; i++)
		if (strstr(lower, WORDS[i]))
			return true;
	return false;
}

static void hide_secrets(json_t *members, const json_t *verify, const char *where)
{
	const char *name;
	void *next;
	json_t *value;
	json_object_foreach_safe(members, next, name, value)
		if (is_secret(name, verify, where))
			json_object_set_new(members, name, json_string(HIDDEN));
}

json_t *hooks_request(Host *host, int64_t run)
{
	Rows *rows = db_query(host->db, OF_RUN, "i", run);
	if (!rows_next(rows))
		return NULL;
	g_autofree char *version = g_strdup(rows_text(rows, 0));
	g_autoptr(json_t) start = value_parse(rows_text(rows, 1), -1, NULL);
	rows_done(rows);
	json_t *request = json_object_get(start, "request");
	if (!request)
		return json_null();
	const json_t *verify = json_object_get(versions_declared(host, version), "verify");
	hide_secrets(json_object_get(request, "headers"), verify, "header");
	hide_secrets(json_object_get(request, "query"), verify, "query");
	return json_incref(request);
}
