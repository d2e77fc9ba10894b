/* SPDX-License-Identifier: MIT */
/* Rules for requests of scripts: see rules.h. */
#include "base/rules.h"

#include <glib.h>
#include <string.h>

const char *const rules_methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL };

/* These frame the message, belong to the connection, or are written by net itself. */
static const char *const ours[] = {
	"accept-encoding", "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "te", "trailer",
	"transfer-encoding", "upgrade", "via", NULL,
};

bool rules_has_method(const char *method)
{
	return g_strv_contains(rules_methods, method);
}

bool rules_only_reads(const char *method)
{
	return g_str_equal(method, "GET") || g_str_equal(method, "HEAD");
}

/* A token of RFC 9110, 5.6.2. */
static bool is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!g_ascii_isalnum(text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
			return false;
	return size > 0;
}

const char *rules_header_fault(const char *name, size_t size)
{
	if (size > RULES_NAME_MOST)
		return "the name is longer than 200 bytes";
	if (!is_token(name, size))
		return "this is no name of a header (letters, digits and hyphens)";
	g_autofree char *lower = g_ascii_strdown(name, (gssize)size);
	if (g_strv_contains(ours, lower) || g_str_has_prefix(lower, "proxy-"))
		return "perigee writes this header itself";
	if (g_str_equal(lower, "idempotency-key"))
		return "write idempotency_key = \"...\" instead";
	return NULL;
}

static bool has_controls(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

const char *rules_value_fault(const char *value, size_t size)
{
	if (size > RULES_HEADER_BYTES_MOST)
		return "the value is longer than 8 KiB";
	return has_controls(value, size) ? "the value holds a line end or control character" : NULL;
}

const char *rules_key_fault(const char *key, size_t size)
{
	if (!size || size > RULES_NAME_MOST)
		return "a text of 1 to 200 bytes is needed";
	for (size_t i = 0; i < size; i++)
		if (!g_ascii_isgraph(key[i]))
			return "only letters, digits and signs of ASCII, no spaces";
	return NULL;
}

const char *rules_secret_fault(const char *name, size_t size)
{
	bool fits = size > 0 && size <= RULES_NAME_MOST && g_ascii_isalnum(*name);
	for (size_t i = 0; i < size && fits; i++)
		fits = g_ascii_isalnum(name[i]) || (name[i] && strchr("._@:/-", name[i]));
	return fits ? NULL : "the name of a secret has letters, digits and - _ . / @ : only, and begins with a letter or digit";
}
