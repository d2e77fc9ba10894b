/* SPDX-License-Identifier: MIT */
/* See mail_html.h. One pass over the bytes; no tree, so nothing nests too deep. */
#include "worker/mail_html.h"

#include "worker/entity.h"

#include <stdbool.h>
#include <string.h>

enum { QUOTE_DEPTH = 8, TEXT_MOST = 4 << 20 };

typedef struct Slice {
	const char *at;
	size_t size;
} Slice;

/* A tag: its name in lower case, and its attributes as they stand. */
typedef struct Tag {
	char name[16];
	bool closing;
	Slice attributes;
} Tag;

typedef struct Reader {
	GString *out;
	gsize base;      /* where our text begins in out */
	int line_ends;   /* that are due before the next word; 2 leave an empty line */
	bool space;      /* a space is due before the next word */
	bool line_open;  /* something stands on this line */
	int quotes;
	int pre;
	char skipped[16];/* the element whose content is left out, and how deep we are in others of its name */
	int skip_depth;
	GString *target; /* of the link that is open, empty if none */
	gsize link_start;
	gsize *cut;
} Reader;

static bool slice_has(Slice slice, const char *needle)
{
	size_t length = strlen(needle);
	for (size_t i = 0; i + length <= slice.size; i++) {
		if (!g_ascii_strncasecmp(slice.at + i, needle, length))
			return true;
	}
	return false;
}

/* The value of an attribute; size 0 if it is not there. */
static Slice attribute(const Tag *tag, const char *name)
{
	const char *at = tag->attributes.at, *end = at + tag->attributes.size;
	size_t length = strlen(name);
	while (at < end) {
		while (at < end && (g_ascii_isspace(*at) || *at == '/'))
			at++;
		const char *start = at;
		while (at < end && *at != '=' && *at != '/' && !g_ascii_isspace(*at))
			at++;
		bool found = (size_t)(at - start) == length && !g_ascii_strncasecmp(start, name, length);
		while (at < end && g_ascii_isspace(*at))
			at++;
		if (at == end || *at != '=') {
			if (at == start)
				at++;
			continue;
		}
		at++;
		while (at < end && g_ascii_isspace(*at))
			at++;
		char quote = at < end && (*at == '"' || *at == '\'') ? *at++ : 0;
		start = at;
		while (at < end && (quote ? *at != quote : !g_ascii_isspace(*at)))
			at++;
		if (found)
			return (Slice){ start, (size_t)(at - start) };
		at += at < end;
	}
	return (Slice){ "", 0 };
}

static void break_line(Reader *r, int ends)
{
	r->space = false;
	r->line_ends = MAX(r->line_ends, ends);
}

/* Puts out what is due before a word. */
static void open_line(Reader *r)
{
	if (r->line_ends && r->out->len > r->base) {
		for (int i = 0; i < r->line_ends; i++) {
			if (i || r->line_open)
				g_string_append_c(r->out, '\n');
			for (int k = 0; i + 1 < r->line_ends && i == 0 && k < r->quotes && !r->line_open; k++)
				g_string_append_c(r->out, '>');
		}
		r->line_open = false;
	}
	r->line_ends = 0;
	if (!r->line_open) {
		for (int i = 0; i < r->quotes; i++)
			g_string_append(r->out, "> ");
		r->space = false;
	}
	if (r->space)
		g_string_append_c(r->out, ' ');
	r->space = false;
	r->line_open = true;
}

static void put(Reader *r, const char *text, size_t size)
{
	open_line(r);
	g_string_append_len(r->out, text, (gssize)size);
}

static void put_byte(Reader *r, char c)
{
	if (c == '\n' && r->pre) {
		if (!r->line_open)
			open_line(r);
		g_string_append_c(r->out, '\n');
		r->line_open = false;
	} else if (g_ascii_isspace(c) && !r->pre) {
		r->space = r->space || r->line_open;
	} else if (c && c != '\r') {
		put(r, &c, 1);
	}
}

static void put_entity(Reader *r, const char *text, size_t size, size_t *took)
{
	g_autoptr(GString) decoded = g_string_new(NULL);
	*took = entity_append(decoded, text, size);
	if (!*took) {
		put(r, "&", 1);
		*took = 1;
	} else if (!strcmp(decoded->str, "\xC2\xA0")) {
		r->space = r->space || r->line_open;
	} else if (!strcmp(decoded->str, "\n")) {
		put_byte(r, '\n');
	} else if (strcmp(decoded->str, "\xC2\xAD")) {
		put(r, decoded->str, decoded->len);
	}
}

/* Mail programs mark where the mail that is answered begins, or the signature. */
static bool is_cut(const Tag *tag)
{
	static const char *const classes[] = { "gmail_quote", "gmail_extra", "gmail_signature", "yahoo_quoted", "protonmail_quote",
		"protonmail_signature_block", "moz-cite-prefix", "moz-signature", "zmail_extra", "OutlookMessageHeader",
		"ms-outlook-mobile-reference-message", "tutanota_quote", "hmmessage_quote" };
	static const char *const ids[] = { "appendonsend", "divRplyFwdMsg", "mail-editor-reference-message-container",
		"ms-outlook-mobile-signature", "reply-intro", "isForwardContent", "OLK_SRC_BODY_SECTION", "stopSpelling" };
	Slice class = attribute(tag, "class"), id = attribute(tag, "id"), style = attribute(tag, "style");
	for (size_t i = 0; i < G_N_ELEMENTS(classes) && class.size; i++) {
		if (slice_has(class, classes[i]))
			return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ids) && id.size; i++) {
		if (slice_has(id, ids[i]))
			return true;
	}
	if (!strcmp(tag->name, "blockquote") && slice_has(attribute(tag, "type"), "cite"))
		return true;
	if (!strcmp(tag->name, "div") && slice_has(attribute(tag, "name"), "quote"))
		return true;
	/* Outlook for Windows has no mark but the line above From: and Sent:. */
	return !strcmp(tag->name, "div") && (slice_has(style, "border-top:solid #E1E1E1") || slice_has(style, "border-top:solid #B5C4DF"));
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(name, *list))
			return true;
	}
	return false;
}

static void end_link(Reader *r)
{
	if (!r->target->len)
		return;
	const char *label = r->link_start < r->out->len ? r->out->str + r->link_start : "";
	while (*label == ' ' || *label == '\n')
		label++;
	if (*label && strcmp(label, r->target->str) && strcmp(label, r->target->str + strcspn(r->target->str, ":") + 3))
		g_string_append_printf(r->out, " (%s)", r->target->str);
	g_string_truncate(r->target, 0);
}

static void start_link(Reader *r, const Tag *tag)
{
	end_link(r);
	Slice href = attribute(tag, "href");
	r->link_start = r->out->len;
	if (href.size > 7 && href.size < 2000 && (!g_ascii_strncasecmp(href.at, "http://", 7) || !g_ascii_strncasecmp(href.at, "https://", 8))) {
		for (size_t i = 0, took; i < href.size; i += took) {
			took = href.at[i] == '&' ? entity_append(r->target, href.at + i, href.size - i) : 0;
			if (!took && !g_ascii_isspace(href.at[i]))
				g_string_append_c(r->target, href.at[i]);
			took = MAX(took, 1);
		}
	}
}

static const char *const invisible[] = { "head", "style", "script", "title", "noscript", "template", "select", "textarea", NULL };
static const char *const empty[] = { "br", "hr", "img", "input", "meta", "link", "base", "col", "area", "wbr", NULL };
static const char *const paragraphs[] = { "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "dl", "blockquote", NULL };
static const char *const lines[] = { "div", "tr", "li", "section", "article", "header", "footer", "center", "address", "dt", "dd", "body", NULL };

static void open_tag(Reader *r, const Tag *tag)
{
	if (r->cut && *r->cut == G_MAXSIZE && is_cut(tag))
		*r->cut = r->out->len;
	bool is_empty = is_one_of(tag->name, empty);
	if (is_one_of(tag->name, invisible) || (!is_empty && slice_has(attribute(tag, "style"), "display:none"))) {
		memcpy(r->skipped, tag->name, sizeof r->skipped);
		r->skip_depth = 1;
		return;
	}
	if (!strcmp(tag->name, "br")) {
		if (!r->line_open && r->out->len > r->base)
			break_line(r, MIN(r->line_ends + 1, 2));
		else
			break_line(r, r->line_ends ? 2 : 1);
	} else if (!strcmp(tag->name, "hr")) {
		break_line(r, 1);
		put(r, "________________________________", 32);
		break_line(r, 1);
	} else if (!strcmp(tag->name, "td") || !strcmp(tag->name, "th")) {
		r->space = r->line_open;
	} else if (!strcmp(tag->name, "a")) {
		start_link(r, tag);
	} else if (is_one_of(tag->name, paragraphs)) {
		break_line(r, 2);
		r->pre += !strcmp(tag->name, "pre");
		if (!strcmp(tag->name, "blockquote") && r->quotes < QUOTE_DEPTH)
			r->quotes++;
	} else if (is_one_of(tag->name, lines)) {
		break_line(r, 1);
		if (!strcmp(tag->name, "li")) {
			put(r, "- ", 2);
			r->line_open = true;
		}
	}
}

static void close_tag(Reader *r, const Tag *tag)
{
	if (!strcmp(tag->name, "a")) {
		end_link(r);
	} else if (is_one_of(tag->name, paragraphs)) {
		break_line(r, 2);
		if (!strcmp(tag->name, "pre") && r->pre)
			r->pre--;
		if (!strcmp(tag->name, "blockquote") && r->quotes)
			r->quotes--;
	} else if (is_one_of(tag->name, lines)) {
		break_line(r, 1);
	}
}

/* Reads the tag at html[at] ('<'). Returns where the text goes on; 0 if it is no tag. */
static size_t read_tag(Tag *tag, const char *html, size_t size, size_t at)
{
	size_t i = at + 1, length = 0;
	tag->closing = i < size && html[i] == '/';
	i += tag->closing;
	if (i >= size || !g_ascii_isalpha(html[i]))
		return 0;
	for (; i < size && (g_ascii_isalnum(html[i]) || html[i] == ':' || html[i] == '-'); i++) {
		if (length < sizeof tag->name - 1)
			tag->name[length++] = g_ascii_tolower(html[i]);
	}
	memset(tag->name + length, 0, sizeof tag->name - length);
	tag->attributes.at = html + i;
	char quote = 0;
	for (; i < size && (quote || html[i] != '>'); i++) {
		if (quote ? html[i] == quote : (html[i] == '"' || html[i] == '\''))
			quote = quote ? 0 : html[i];
	}
	if (i == size && quote) { /* a quote that is never closed: the tag ends at the next > */
		const char *end = memchr(tag->attributes.at, '>', size - (size_t)(tag->attributes.at - html));
		i = end ? (size_t)(end - html) : size;
	}
	tag->attributes.size = (size_t)(html + i - tag->attributes.at);
	return MIN(i + 1, size);
}

static size_t skip_comment(const char *html, size_t size, size_t at)
{
	const char *mark = size - at > 3 && !strncmp(html + at, "<!--", 4) ? "-->" : ">";
	const char *end = g_strstr_len(html + at, (gssize)(size - at), mark);
	return end ? (size_t)(end - html) + strlen(mark) : size;
}

static void take_tag(Reader *r, const Tag *tag)
{
	if (r->skip_depth) {
		if (!strcmp(tag->name, r->skipped))
			r->skip_depth += tag->closing ? -1 : 1;
	} else if (tag->closing) {
		close_tag(r, tag);
	} else {
		open_tag(r, tag);
	}
}

void html_text(GString *out, const char *html, size_t size, gsize *cut)
{
	g_autoptr(GString) target = g_string_new(NULL);
	Reader r = { .out = out, .base = out->len, .target = target, .cut = cut };
	if (cut)
		*cut = G_MAXSIZE;
	for (size_t at = 0; at < size && out->len < TEXT_MOST;) {
		Tag tag;
		size_t next = 0;
		if (html[at] == '<' && at + 1 < size && (html[at + 1] == '!' || html[at + 1] == '?')) {
			at = skip_comment(html, size, at);
		} else if (html[at] == '<' && (next = read_tag(&tag, html, size, at))) {
			take_tag(&r, &tag);
			at = next;
		} else if (r.skip_depth) {
			at++;
		} else if (html[at] == '&') {
			put_entity(&r, html + at, size - at, &next);
			at += next;
		} else if ((unsigned char)html[at] == 0xC2 && at + 1 < size && (unsigned char)html[at + 1] == 0xA0) {
			r.space = r.space || r.line_open;
			at += 2;
		} else {
			put_byte(&r, html[at++]);
		}
	}
	end_link(&r);
	if (r.line_open)
		g_string_append_c(out, '\n');
}
