/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * HTTP answers of strangers, for scripts. Up to a NUL stand the header lines, behind it the body. What the script is given is
 * canonical JSON within its cap; the secret that was used is not in it, neither as it is nor with characters escaped as in a URL.
 */
#include "base/value.h"
#include "fuzz.h"
#include "net/answer.h"

static const char secret[] = "k3y/+v:l&e";

static char *unescaped(const char *text)
{
	GString *out = g_string_new(NULL);
	for (const char *c = text; *c; c++) {
		bool escape = c[0] == '%' && g_ascii_isxdigit(c[1]) && g_ascii_isxdigit(c[2]) && memcmp(c + 1, "00", 2) != 0;
		g_string_append_c(out, escape ? (char)(g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2])) : *c);
		c += escape ? 2 : 0;
	}
	return g_string_free(out, FALSE);
}

static void check_string(const char *text)
{
	g_autofree char *plain = unescaped(text);
	g_assert_true(!strstr(text, secret) && !strstr(plain, secret));
}

static void check_strings(const json_t *value)
{
	const char *key;
	size_t i;
	json_t *member;
	if (json_is_string(value))
		check_string(json_string_value(value));
	json_object_foreach((json_t *)value, key, member) {
		check_string(key);
		check_strings(member);
	}
	json_array_foreach(value, i, member)
		check_strings(member);
}

static void check_answer(const Answer *answer, const Scrub *scrub, char *const *pick)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = answer_text(answer, scrub, pick, &error);
	g_assert_true((text == NULL) == (error != NULL));
	if (!text)
		return;
	g_assert_cmpuint(strlen(text), <=, ANSWER_MOST);
	g_autoptr(json_t) value = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_autofree char *again = value_text(value);
	g_assert_cmpstr(text, ==, again);
	g_assert_true(json_is_integer(json_object_get(value, "status")) && json_is_object(json_object_get(value, "headers")));
	g_assert_true(!pick || !json_object_get(value, "body"));
	check_strings(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, size };
	g_autofree char *headers = input_field(&in);
	g_autoptr(Scrub) scrub = scrub_new();
	scrub_add(scrub, "key", secret, strlen(secret));
	Answer *answer = answer_new();
	bool good = true;
	for (char *line = headers, *end; good && *line; line = end) {
		end = strchr(line, '\n');
		end = end ? end + 1 : line + strlen(line);
		good = answer_take_header(answer, line, (size_t)(end - line));
	}
	if (good && answer_take_body(answer, (const char *)in.at, in.left)) {
		char *paths[] = { (char *)"a.b[0]", (char *)"[1]", (char *)"a", NULL };
		check_answer(answer, scrub, NULL);
		check_answer(answer, scrub, paths);
	}
	answer_free(answer);
	size_t left;
	g_autofree char *cut = scrub_text(scrub, (const char *)data, size, &left);
	g_assert_true(!memmem(cut, left, secret, strlen(secret)) && cut[left] == 0);
	return 0;
}
