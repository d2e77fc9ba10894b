/* SPDX-License-Identifier: MIT */
/* A script's HTTP request: see request.h. */
#include "net/request.h"

#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "base/pick.h"
#include "base/value.h"
#include "net/guard.h"

G_DEFINE_QUARK(perigee-request-error, request_error)

enum { TIMEOUT_MS = 30 * 1000, TIMEOUT_MOST_MS = 120 * 1000 };

const char *request_error_name(int code)
{
	static const char *const names[] = {
#define X(name, text) text,
		REQUEST_ERRORS(X)
#undef X
	};
	return code >= 0 && code < (int)G_N_ELEMENTS(names) ? names[code] : "unknown";
}

bool request_fail(GError **error, RequestError code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, REQUEST_ERROR, (int)code, text);
	return false;
}

void http_header_free(gpointer data)
{
	HttpHeader *header = data;
	if (header->value)
		sodium_memzero(header->value, strlen(header->value));
	g_free(header->name);
	g_free(header->value);
	g_free(header);
}

static void use_free(gpointer data)
{
	SecretUse *use = data;
	g_free(use->name);
	g_free(use->place);
	g_free(use);
}

void request_free(Request *request)
{
	if (!request)
		return;
	g_free(request->key);
	g_free(request->method);
	g_ptr_array_unref(request->headers);
	g_free(request->body);
	g_strfreev(request->hosts);
	g_ptr_array_unref(request->uses);
	g_strfreev(request->pick);
	g_free(request);
}

const char *request_header(const Request *request, const char *name)
{
	for (guint i = 0; i < request->headers->len; i++) {
		const HttpHeader *header = request->headers->pdata[i];
		if (strcmp(header->name, name) == 0)
			return header->value;
	}
	return NULL;
}

/* ---- parts ---- */

/* The texts of a list; what is no text is left out (the host has checked the shape). */
static char **take_texts(const json_t *list)
{
	GStrvBuilder *texts = g_strv_builder_new();
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)list, i, item)
		if (json_is_string(item) && strlen(json_string_value(item)) == json_string_length(item))
			g_strv_builder_add(texts, json_string_value(item));
	char **all = g_strv_builder_end(texts);
	g_strv_builder_unref(texts);
	return all;
}

static bool take_url(Request *request, const json_t *value, GError **error)
{
	const json_t *url = json_object_get(value, "url");
	g_autoptr(GError) inner = NULL;
	if (json_string_length(url) != strlen(value_string(value, "url", "")))
		return request_fail(error, REQUEST_ERROR_INVALID, "the URL has a NUL");
	if (!url_parse(value_string(value, "url", ""), &request->url, &inner))
		return request_fail(error, REQUEST_ERROR_INVALID, "%s", inner->message);
	return true;
}

static bool take_headers(Request *request, const json_t *value, GError **error)
{
	const char *name;
	json_t *text;
	size_t bytes = 0;
	json_object_foreach(json_object_get(value, "headers"), name, text) {
		if (!json_is_string(text))
			return request_fail(error, REQUEST_ERROR_INVALID, "the header %s is no text", name);
		if (!guard_check_header(name, json_string_value(text), json_string_length(text), error))
			return false;
		HttpHeader *header = g_new0(HttpHeader, 1);
		header->name = g_ascii_strdown(name, -1);
		header->value = g_strstrip(g_strdup(json_string_value(text)));
		bool twice = request_header(request, header->name) != NULL;
		g_ptr_array_add(request->headers, header);
		bytes += strlen(name) + json_string_length(text);
		if (twice)
			return request_fail(error, REQUEST_ERROR_INVALID, "the header %s stands there twice", header->name);
	}
	if (request->headers->len > REQUEST_HEADERS_MOST || bytes > REQUEST_HEADER_BYTES_MOST)
		return request_fail(error, REQUEST_ERROR_INVALID, "a request may have %d headers of %d bytes together", REQUEST_HEADERS_MOST,
		                    REQUEST_HEADER_BYTES_MOST);
	return true;
}

static bool take_body(Request *request, const json_t *value, GError **error)
{
	const json_t *body = json_object_get(value, "body");
	if (!json_is_string(body))
		return true;
	if (request->is_safe)
		return request_fail(error, REQUEST_ERROR_INVALID, "a %s has no body; use POST, or the query", request->method);
	request->body_size = json_string_length(body);
	if (request->body_size > REQUEST_BODY_MOST)
		return request_fail(error, REQUEST_ERROR_INVALID, "a body may have %u bytes", REQUEST_BODY_MOST);
	request->body = g_malloc(request->body_size + 1);
	memcpy(request->body, json_string_value(body), request->body_size + 1);
	return true;
}

static bool take_uses(Request *request, const json_t *value, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(value, "secrets"), i, item) {
		SecretUse *use = g_new0(SecretUse, 1);
		use->name = g_strdup(value_string(item, "secret", ""));
		use->place = g_strdup(value_string(item, "place", ""));
		g_ptr_array_add(request->uses, use);
	}
	return request->uses->len <= REQUEST_SECRETS_MOST ||
	       request_fail(error, REQUEST_ERROR_INVALID, "a request may name %d secrets", REQUEST_SECRETS_MOST);
}

static bool take_pick(Request *request, const json_t *value, GError **error)
{
	const json_t *list = json_object_get(value, "pick");
	if (!json_array_size(list))
		return true;
	request->pick = take_texts(list);
	guint count = g_strv_length(request->pick);
	if (count != json_array_size(list) || count > REQUEST_PICKS_MOST)
		return request_fail(error, REQUEST_ERROR_INVALID, "pick is a list of at most %d paths like \"data.items[0].id\"", REQUEST_PICKS_MOST);
	g_autoptr(GError) inner = NULL;
	for (char **path = request->pick; *path; path++)
		if (!pick_check(*path, &inner))
			return request_fail(error, REQUEST_ERROR_INVALID, "%s", inner->message);
	return true;
}

static void take_timeout(Request *request, const json_t *value)
{
	double seconds = json_number_value(json_object_get(value, "timeout"));
	request->timeout_ms = seconds > 0 ? (gint64)(MIN(seconds, TIMEOUT_MOST_MS / 1000) * 1000) : TIMEOUT_MS;
	request->timeout_ms = CLAMP(request->timeout_ms, 1, TIMEOUT_MOST_MS);
}

/* The send log's lines are split at spaces. */
static bool is_key(const char *key)
{
	for (const char *c = key; *c; c++)
		if (!g_ascii_isgraph(*c))
			return false;
	return *key != 0;
}

Request *request_parse(const char *json, GError **error)
{
	g_autoptr(GError) inner = NULL;
	g_autoptr(json_t) value = value_parse(json, -1, &inner);
	if (!value && g_error_matches(inner, VALUE_ERROR, VALUE_ERROR_LIMIT)) {
		request_fail(error, REQUEST_ERROR_INVALID, "the request is too large: %s", inner->message);
		return NULL;
	}
	if (!value || !is_key(value_string(value, "key", "")))
		panic("N_REQUEST: %s", inner ? inner->message : "no key");
	g_autoptr(Request) request = g_new0(Request, 1);
	request->headers = g_ptr_array_new_with_free_func(http_header_free);
	request->uses = g_ptr_array_new_with_free_func(use_free);
	request->key = g_strdup(value_string(value, "key", ""));
	request->method = g_strdup(value_string(value, "method", ""));
	request->is_safe = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
	request->hosts = take_texts(json_object_get(value, "hosts"));
	take_timeout(request, value);
	bool ok = guard_check_method(request->method, error) && take_url(request, value, error) && take_headers(request, value, error) &&
	          take_body(request, value, error) && take_uses(request, value, error) && take_pick(request, value, error);
	return ok ? g_steal_pointer(&request) : NULL;
}
