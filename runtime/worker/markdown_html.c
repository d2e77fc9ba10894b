/* SPDX-License-Identifier: MIT */
/* Markdown to HTML: see markdown.h. (md4c's own renderer neither checks targets nor knows guarded characters.) */
#include "worker/entity.h"
#include "worker/markdown.h"

#include <md4c.h>
#include <string.h>

typedef struct Html {
	GString *out;
	GString *run;   /* text not yet put out: links are found in whole runs */
	GString *spans; /* the spans that are open, a byte each: md4c may leave one that it never entered, or out of order */
	unsigned links; /* inside so many links; no links within */
	unsigned images;/* inside an image's text, which is put out as an attribute */
	bool code;
} Html;

/* A character of text, in HTML. */
static void put_char(GString *out, char c, bool code)
{
	if (c == '\n' && !code)
		g_string_append(out, "<br>\n");
	else if ((unsigned char)c >= ' ' || c == '\n' || c == '\t')
		entity_escape(out, &c, 1);
}

static void put_text(Html *html, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		char c = markdown_guarded(text + i, size - i);
		if (c)
			put_char(html->out, c, html->code || html->images);
		else
			entity_escape(html->out, text + i, 1);
		i += c ? 4 : 1;
	}
}

/* An attribute that holds a target: what can't stand in a URL is percent-encoded. */
static void put_url(GString *out, const char *url, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)url[i];
		if (g_ascii_isalnum(url[i]) || strchr("-_.+!*(),%#@?=;:/$~[]", url[i]))
			g_string_append_c(out, url[i]);
		else if (c == '&' || c == '\'')
			entity_escape(out, url + i, 1);
		else
			g_string_append_printf(out, "%%%02X", c);
	}
}

/* The length of the bare link that begins at text, 0 if none does. Its end is white space, a quote or a bracket; signs that
 * close a sentence are not part of it. */
static size_t bare_link(const char *text, size_t size)
{
	size_t scheme = size > 8 && !strncmp(text, "https://", 8) ? 8 : size > 7 && !strncmp(text, "http://", 7) ? 7 : 0;
	if (!scheme)
		return 0;
	size_t end = scheme, last = 0;
	int open = 0;
	while (end < size) {
		char guarded = markdown_guarded(text + end, size - end), c = guarded ? guarded : text[end];
		if ((unsigned char)c <= ' ' || strchr("<>\"", c))
			break;
		open += c == '(' ? 1 : c == ')' ? -1 : 0;
		if (c == ')' && open < 0)
			break;
		end += guarded ? 4 : 1;
		if (!strchr(".,;:!?'*_", c))
			last = end;
	}
	return last > scheme ? last : 0;
}

static void flush(Html *html)
{
	const char *text = html->run->str;
	size_t size = html->run->len, at = 0;
	while (at < size) {
		const char *found = html->links || html->images || html->code ? NULL : g_strstr_len(text + at, (gssize)(size - at), "http");
		size_t start = found ? (size_t)(found - text) : size;
		size_t length = found && (start == 0 || !g_ascii_isalnum(text[start - 1])) ? bare_link(found, size - start) : 0;
		size_t to = length ? start : found ? start + 4 : size;
		put_text(html, text + at, to - at);
		at = to;
		if (!length)
			continue;
		g_autoptr(GString) url = g_string_new(NULL);
		markdown_append(url, found, length);
		g_string_append(html->out, "<a href=\"");
		put_url(html->out, url->str, url->len);
		g_string_append(html->out, "\">");
		put_text(html, found, length);
		g_string_append(html->out, "</a>");
		at += length;
	}
	g_string_truncate(html->run, 0);
}

/* The value of a link's target or title, entities and guarded characters resolved. */
static GString *attribute(const MD_ATTRIBUTE *value)
{
	GString *out = g_string_new(NULL);
	for (size_t i = 0; value->text && value->substr_offsets[i] < value->size; i++) {
		const char *text = value->text + value->substr_offsets[i];
		size_t size = value->substr_offsets[i + 1] - value->substr_offsets[i];
		if (value->substr_types[i] != MD_TEXT_ENTITY || !entity_append(out, text, size))
			markdown_append(out, text, size);
	}
	return out;
}

static void put_target(Html *html, const char *name, const MD_ATTRIBUTE *value)
{
	g_autoptr(GString) url = attribute(value);
	bool inlined = strcmp(name, "src") == 0 && g_ascii_strncasecmp(url->str, "cid:", 4) == 0; /* a file of ours (stdlib/template.lua) */
	if (!inlined && !markdown_target_allowed(url->str, url->len))
		return;
	g_string_append_printf(html->out, " %s=\"", name);
	put_url(html->out, url->str, url->len);
	g_string_append_c(html->out, '"');
}

static void put_title(Html *html, const MD_ATTRIBUTE *value)
{
	if (!value->text)
		return;
	g_autoptr(GString) title = attribute(value);
	g_string_append(html->out, " title=\"");
	entity_escape(html->out, title->str, title->len);
	g_string_append_c(html->out, '"');
}

static void close_span(Html *html, MD_SPANTYPE type)
{
	if (html->images && type != MD_SPAN_IMG)
		return;
	switch (type) {
	case MD_SPAN_EM: g_string_append(html->out, "</em>"); break;
	case MD_SPAN_STRONG: g_string_append(html->out, "</strong>"); break;
	case MD_SPAN_CODE:
		html->code = false;
		g_string_append(html->out, "</code>");
		break;
	case MD_SPAN_A:
		html->links--;
		g_string_append(html->out, "</a>");
		break;
	case MD_SPAN_IMG:
		if (!--html->images)
			g_string_append(html->out, "\">");
		break;
	default: break;
	}
}

/* Closes what was opened behind the first `keep` spans. */
static void close_spans(Html *html, size_t keep)
{
	flush(html);
	for (; html->spans->len > keep; g_string_truncate(html->spans, html->spans->len - 1))
		close_span(html, (MD_SPANTYPE)html->spans->str[html->spans->len - 1]);
}

static void put_cell(Html *html, const char *tag, const void *detail)
{
	static const char *const sides[] = { [MD_ALIGN_LEFT] = "left", [MD_ALIGN_CENTER] = "center", [MD_ALIGN_RIGHT] = "right" };
	MD_ALIGN align = ((const MD_BLOCK_TD_DETAIL *)detail)->align;
	if (align == MD_ALIGN_DEFAULT)
		g_string_append_printf(html->out, "<%s>", tag);
	else
		g_string_append_printf(html->out, "<%s style=\"text-align:%s\">", tag, sides[align]);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	Html *html = user;
	close_spans(html, 0);
	switch (type) {
	case MD_BLOCK_QUOTE: g_string_append(html->out, "<blockquote>\n"); break;
	case MD_BLOCK_UL: g_string_append(html->out, "<ul>\n"); break;
	case MD_BLOCK_OL: {
		unsigned start = ((MD_BLOCK_OL_DETAIL *)detail)->start;
		if (start == 1)
			g_string_append(html->out, "<ol>\n");
		else
			g_string_append_printf(html->out, "<ol start=\"%u\">\n", start);
		break;
	}
	case MD_BLOCK_LI: g_string_append(html->out, "<li>"); break;
	case MD_BLOCK_HR: g_string_append(html->out, "<hr>\n"); break;
	case MD_BLOCK_H: g_string_append_printf(html->out, "<h%u>", ((MD_BLOCK_H_DETAIL *)detail)->level); break;
	case MD_BLOCK_CODE:
		html->code = true;
		g_string_append(html->out, "<pre><code>");
		break;
	case MD_BLOCK_P: g_string_append(html->out, "<p>"); break;
	case MD_BLOCK_TABLE: g_string_append(html->out, "<table>\n"); break;
	case MD_BLOCK_THEAD: g_string_append(html->out, "<thead>\n"); break;
	case MD_BLOCK_TBODY: g_string_append(html->out, "<tbody>\n"); break;
	case MD_BLOCK_TR: g_string_append(html->out, "<tr>"); break;
	case MD_BLOCK_TH: put_cell(html, "th", detail); break;
	case MD_BLOCK_TD: put_cell(html, "td", detail); break;
	default: break;
	}
	return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	Html *html = user;
	close_spans(html, 0);
	switch (type) {
	case MD_BLOCK_QUOTE: g_string_append(html->out, "</blockquote>\n"); break;
	case MD_BLOCK_UL: g_string_append(html->out, "</ul>\n"); break;
	case MD_BLOCK_OL: g_string_append(html->out, "</ol>\n"); break;
	case MD_BLOCK_LI: g_string_append(html->out, "</li>\n"); break;
	case MD_BLOCK_H: g_string_append_printf(html->out, "</h%u>\n", ((MD_BLOCK_H_DETAIL *)detail)->level); break;
	case MD_BLOCK_CODE:
		html->code = false;
		g_string_append(html->out, "</code></pre>\n");
		break;
	case MD_BLOCK_P: g_string_append(html->out, "</p>\n"); break;
	case MD_BLOCK_TABLE: g_string_append(html->out, "</table>\n"); break;
	case MD_BLOCK_THEAD: g_string_append(html->out, "</thead>\n"); break;
	case MD_BLOCK_TBODY: g_string_append(html->out, "</tbody>\n"); break;
	case MD_BLOCK_TR: g_string_append(html->out, "</tr>\n"); break;
	case MD_BLOCK_TH: g_string_append(html->out, "</th>"); break;
	case MD_BLOCK_TD: g_string_append(html->out, "</td>"); break;
	default: break;
	}
	return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *user)
{
	Html *html = user;
	flush(html);
	g_string_append_c(html->spans, (char)type);
	if (html->images) { /* only the text of what stands in an image's text */
		html->images += type == MD_SPAN_IMG;
		return 0;
	}
	switch (type) {
	case MD_SPAN_EM: g_string_append(html->out, "<em>"); break;
	case MD_SPAN_STRONG: g_string_append(html->out, "<strong>"); break;
	case MD_SPAN_CODE:
		html->code = true;
		g_string_append(html->out, "<code>");
		break;
	case MD_SPAN_A:
		html->links++;
		g_string_append(html->out, "<a");
		put_target(html, "href", &((MD_SPAN_A_DETAIL *)detail)->href);
		put_title(html, &((MD_SPAN_A_DETAIL *)detail)->title);
		g_string_append_c(html->out, '>');
		break;
	case MD_SPAN_IMG:
		html->images++;
		g_string_append(html->out, "<img");
		put_target(html, "src", &((MD_SPAN_IMG_DETAIL *)detail)->src);
		put_title(html, &((MD_SPAN_IMG_DETAIL *)detail)->title);
		g_string_append(html->out, " alt=\"");
		break;
	default: break;
	}
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *user)
{
	(void)detail;
	Html *html = user;
	size_t at = html->spans->len;
	while (at > 0 && html->spans->str[at - 1] != (char)type)
		at--;
	if (at > 0)
		close_spans(html, at - 1);
	return 0;
}

static int put(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *user)
{
	Html *html = user;
	switch (type) {
	case MD_TEXT_BR:
	case MD_TEXT_SOFTBR:
		flush(html);
		g_string_append(html->out, html->images ? " " : type == MD_TEXT_BR ? "<br>\n" : "\n");
		break;
	case MD_TEXT_NULLCHAR: g_string_append(html->run, "\xEF\xBF\xBD"); break;
	case MD_TEXT_ENTITY:
		if (!entity_append(html->run, text, size)) {
			flush(html); /* one that we don't know is left to who reads it */
			g_string_append_len(html->out, text, size);
		}
		break;
	default: g_string_append_len(html->run, text, size);
	}
	return 0;
}

static bool parse(GString *out, const char *text, size_t size, unsigned flags)
{
	g_autoptr(GString) run = g_string_new(NULL);
	g_autoptr(GString) spans = g_string_new(NULL);
	Html html = { .out = out, .run = run, .spans = spans };
	const MD_PARSER parser = { .flags = MD_FLAG_NOHTML | flags, .enter_block = enter_block, .leave_block = leave_block,
		.enter_span = enter_span, .leave_span = leave_span, .text = put };
	if (md_parse(text, (MD_SIZE)size, &parser, &html))
		return false;
	close_spans(&html, 0);
	return true;
}

bool markdown_html(GString *out, const char *text, size_t size)
{
	return parse(out, text, size, 0);
}

bool markdown_document(GString *out, const char *text, size_t size)
{
	return parse(out, text, size, MD_FLAG_TABLES);
}
