/* SPDX-License-Identifier: MIT */
/* Canonical JSON values: see value.h. */
#include "base/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_QUARK(perigee-value-error, value_error)

/* Depth is checked before Jansson recurses; brackets inside strings do not count. */
static bool shallow(const char *text, size_t size)
{
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > VALUE_DEPTH)
				return false;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return true;
}

static size_t elements(const json_t *value)
{
	size_t n = 0;
	if (json_is_object(value)) {
		const char *key;
		json_t *member;
		json_object_foreach((json_t *)value, key, member)
			n += 1 + elements(member);
	} else if (json_is_array(value)) {
		size_t i;
		json_t *item;
		json_array_foreach((json_t *)value, i, item)
			n += 1 + elements(item);
	}
	return n;
}

json_t *value_parse(const char *text, gssize size, GError **error)
{
	size_t length = size < 0 ? strlen(text) : (size_t)size;
	if (length > VALUE_BYTES || !shallow(text, length)) {
		g_set_error(error, VALUE_ERROR, VALUE_ERROR_LIMIT, "a value may have %d levels and %u bytes", VALUE_DEPTH, VALUE_BYTES);
		return NULL;
	}
	json_error_t e;
	json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	if (!value) {
		g_set_error(error, VALUE_ERROR, VALUE_ERROR_SYNTAX, "line %d, column %d: %s", e.line, e.column, e.text);
		return NULL;
	}
	if (elements(value) > VALUE_ELEMENTS) {
		json_decref(value);
		g_set_error(error, VALUE_ERROR, VALUE_ERROR_LIMIT, "a value may have %d members and items", VALUE_ELEMENTS);
		return NULL;
	}
	return value;
}

void value_append_string(GString *out, const char *text, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	g_string_append_c(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		g_string_append_len(out, text + from, (gssize)(i - from));
		from = i + 1;
		const char *at = c ? strchr("\"\"\\\\\bb\ff\nn\rr\tt", c) : NULL;
		g_string_append_c(out, '\\');
		if (at) {
			g_string_append_c(out, at[1]);
		} else {
			char code[] = { 'u', '0', '0', hex[c >> 4], hex[c & 15], 0 };
			g_string_append(out, code);
		}
	}
	g_string_append_len(out, text + from, (gssize)(size - from));
	g_string_append_c(out, '"');
}

void value_append_integer(GString *out, gint64 number)
{
	char digits[24];
	g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, number);
	g_string_append(out, digits);
}

void value_append_real(GString *out, double number)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	if (number == 0)
		number = 0; /* -0.0 and 0.0 are one value */
	for (int precision = 15; precision <= 17; precision++) {
		char format[8];
		g_snprintf(format, sizeof format, "%%.%dg", precision);
		g_ascii_formatd(digits, sizeof digits, format, number);
		if (g_ascii_strtod(digits, NULL) == number)
			break;
	}
	g_string_append(out, digits);
	if (!strpbrk(digits, ".e"))
		g_string_append(out, ".0");
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void append_object(GString *out, const json_t *value)
{
	g_autofree const char **keys = g_new(const char *, json_object_size(value) + 1);
	size_t n = 0;
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)value, key, member)
		keys[n++] = key;
	qsort(keys, n, sizeof *keys, by_bytes);
	g_string_append_c(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			g_string_append_c(out, ',');
		value_append_string(out, keys[i], strlen(keys[i]));
		g_string_append_c(out, ':');
		value_append(out, json_object_get(value, keys[i]));
	}
	g_string_append_c(out, '}');
}

void value_append(GString *out, const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL: g_string_append(out, "null"); break;
	case JSON_TRUE: g_string_append(out, "true"); break;
	case JSON_FALSE: g_string_append(out, "false"); break;
	case JSON_INTEGER: value_append_integer(out, json_integer_value(value)); break;
	case JSON_REAL: value_append_real(out, json_real_value(value)); break;
	case JSON_STRING: value_append_string(out, json_string_value(value), json_string_length(value)); break;
	case JSON_OBJECT: append_object(out, value); break;
	case JSON_ARRAY:
		g_string_append_c(out, '[');
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (i)
				g_string_append_c(out, ',');
			value_append(out, json_array_get(value, i));
		}
		g_string_append_c(out, ']');
		break;
	}
}

char *value_text(const json_t *value)
{
	GString *out = g_string_new(NULL);
	value_append(out, value);
	return g_string_free(out, FALSE);
}

const char *value_string(const json_t *object, const char *key, const char *otherwise)
{
	const json_t *member = json_object_get(object, key);
	return json_is_string(member) ? json_string_value(member) : otherwise;
}

gint64 value_integer(const json_t *object, const char *key, gint64 otherwise)
{
	const json_t *member = json_object_get(object, key);
	return json_is_integer(member) ? json_integer_value(member) : otherwise;
}

bool value_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
