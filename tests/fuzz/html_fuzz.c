/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * HTML of strangers' mails as text: whatever it is, reading ends, the same text comes twice, its mark lies within, what was UTF-8
 * stays UTF-8, and what a style or script holds is not shown.
 */
#include "fuzz.h"
#include "worker/mail_html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *html = g_memdup2(data, size);
	g_autoptr(GString) out = g_string_new("before\n");
	g_autoptr(GString) again = g_string_new("before\n");
	gsize cut = 0;
	html_text(out, size ? html : "", size, &cut);
	html_text(again, size ? html : "", size, NULL);
	g_assert_true(g_string_equal(out, again) && g_str_has_prefix(out->str, "before\n"));
	g_assert_true(cut == G_MAXSIZE || cut <= out->len);
	g_assert_cmpuint(out->len, <=, 64 + size * 16);
	if (size && !g_utf8_validate_len(html, size, NULL))
		return 0;
	g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
	g_autoptr(GString) hidden = g_string_new("<style>");
	for (size_t i = 0; i < size; i++)
		if (html[i] != '<')
			g_string_append_c(hidden, html[i]);
	g_string_append(hidden, "</style>");
	g_string_truncate(again, 0);
	html_text(again, hidden->str, hidden->len, NULL);
	g_assert_cmpstr(g_strstrip(again->str), ==, "");
	return 0;
}
