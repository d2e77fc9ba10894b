/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* JSON of strangers: what is taken has a canonical text, which reads back as the same value and the same text. */
#include "base/value.h"
#include "fuzz.h"

static void check_text(const char *text)
{
	int depth = 0;
	bool quoted = false;
	g_assert_true(g_utf8_validate(text, -1, NULL));
	for (const char *c = text; *c; c++) {
		g_assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
		if (*c == '"')
			quoted = !quoted;
		else if (quoted && *c == '\\')
			c++;
		else if (!quoted)
			depth += (*c == '{' || *c == '[') - (*c == '}' || *c == ']');
		g_assert_cmpint(depth, <=, VALUE_DEPTH);
		g_assert_true(quoted || *c != ' ');
	}
}

/* Keys stand in bytewise order at every level: Jansson's own iteration keeps the order of the text. */
static void check_order(const json_t *value)
{
	const char *key, *last = NULL;
	json_t *member;
	size_t i;
	json_object_foreach((json_t *)value, key, member) {
		g_assert_true(!last || strcmp(last, key) < 0);
		last = key;
		check_order(member);
	}
	json_array_foreach(value, i, member)
		check_order(member);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *copy = g_memdup2(data, size); /* exactly as long, so that reading on is seen */
	g_autoptr(json_t) value = value_parse(copy ? copy : "", (gssize)size, &error);
	g_assert_true((value == NULL) == (error != NULL));
	if (!value)
		return 0;
	g_autofree char *text = value_text(value);
	check_text(text);
	if (strlen(text) > VALUE_BYTES)
		return 0;
	g_autoptr(json_t) again = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_assert_true(json_equal(value, again));
	check_order(again);
	g_autofree char *twice = value_text(again);
	g_assert_cmpstr(text, ==, twice);
	return 0;
}
