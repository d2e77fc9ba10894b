/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * Markdown of templates. The HTML holds only the tags and the attributes that we write, properly closed, and no target that
 * does harm; the text is UTF-8 and ends with one newline. Data that are guarded are text: they add no tag.
 */
#include "fuzz.h"
#include "worker/markdown.h"

static const char *const tags[] = { "p", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a",
	"del", "table", "thead", "tbody", "tr", "th", "td", "u", NULL };
static const char *const single[] = { "br", "hr", "img", NULL };

static void check_target(const char *value)
{
	/* Browsers leave out white space and controls before they look for a scheme. */
	g_autoptr(GString) bare = g_string_new(NULL);
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c > ' ')
			g_string_append_c(bare, g_ascii_tolower(*c));
	g_assert_false(g_str_has_prefix(bare->str, "javascript:") || g_str_has_prefix(bare->str, "data:") || g_str_has_prefix(bare->str, "vbscript:") ||
	               g_str_has_prefix(bare->str, "file:"));
}

/* The tag that begins at `<`; gives what stands behind it. */
static const char *check_tag(const char *at, GPtrArray *open)
{
	bool closes = *++at == '/';
	at += closes;
	size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz123456");
	g_autofree char *name = g_strndup(at, length);
	at += length;
	if (closes) {
		g_assert_true(open->len > 0 && *at == '>');
		g_assert_cmpstr(open->pdata[open->len - 1], ==, name);
		g_ptr_array_set_size(open, (int)open->len - 1);
		return at + 1;
	}
	g_assert_true(g_strv_contains(tags, name) || g_strv_contains(single, name));
	while (*at == ' ') {
		const char *equals = strchr(++at, '=');
		g_assert_true(equals && equals[1] == '"');
		const char *quote = strchr(equals + 2, '"');
		g_assert_nonnull(quote);
		g_autofree char *attribute = g_strndup(at, (gsize)(equals - at)), *value = g_strndup(equals + 2, (gsize)(quote - equals - 2));
		static const char *const known[] = { "href", "src", "alt", "title", "start", "align", "style", "class", NULL };
		g_assert_true(g_strv_contains(known, attribute) && !strpbrk(value, "<>"));
		if (strcmp(attribute, "href") == 0 || strcmp(attribute, "src") == 0)
			check_target(value);
		at = quote + 1;
	}
	g_assert_true(*at == '>');
	if (g_strv_contains(tags, name))
		g_ptr_array_add(open, g_steal_pointer(&name));
	return at + 1;
}

static guint check_html(const char *html)
{
	g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func(g_free);
	guint count = 0; /* line breaks apart, which data may have */
	for (const char *at = html; (at = strpbrk(at, "<>"));) {
		g_assert_true(*at == '<');
		count += !g_str_has_prefix(at, "<br>");
		at = check_tag(at, open);
	}
	g_assert_cmpuint(open->len, ==, 0);
	return count;
}

/* All ASCII of the text guarded, as stdlib/template guards a contact's data. */
static GString *guarded(const char *text)
{
	GString *out = g_string_new(NULL);
	for (; *text; text++) {
		if ((unsigned char)*text < 0x80)
			g_string_append_unichar(out, MARKDOWN_GUARD + (gunichar)*text);
		else
			g_string_append_c(out, *text);
	}
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, size };
	g_autofree char *text = input_rest(&in);
	g_autoptr(GString) html = g_string_new(NULL);
	g_autoptr(GString) plain = g_string_new(NULL);
	if (!g_utf8_validate(text, -1, NULL))
		return 0; /* templates are UTF-8; prelude and template.lua see to it */
	g_assert_true(markdown_html(html, text, strlen(text)) && markdown_text(plain, text, strlen(text)));
	g_assert_true(g_utf8_validate_len(html->str, html->len, NULL) && g_utf8_validate_len(plain->str, plain->len, NULL));
	check_html(html->str);
	g_assert_true(plain->len == 0 || plain->str[plain->len - 1] == '\n');
	g_autoptr(GString) page = g_string_new(NULL);
	g_assert_true(markdown_document(page, text, strlen(text)) && g_utf8_validate_len(page->str, page->len, NULL));
	check_html(page->str);
	g_autoptr(GString) safe = guarded(text);
	g_autoptr(GString) inert = g_string_new(NULL);
	g_string_prepend(safe, "a ");
	g_string_append(safe, " b");
	g_assert_true(markdown_html(inert, safe->str, safe->len));
	g_assert_cmpuint(check_html(inert->str), ==, 2);
	return 0;
}
