/* SPDX-License-Identifier: MIT */
/* Markdown to text that is read as it is: see markdown.h. */
#include "worker/entity.h"
#include "worker/markdown.h"

#include <md4c.h>
#include <string.h>

/* A list item or quote that is open: what its first line begins with, and all others. */
typedef struct Level {
	char first[16];
	char rest[16];
	bool fresh; /* nothing of it has been put out */
} Level;

typedef struct ListLevel {
	unsigned number; /* of the next item; 0: not numbered */
	bool tight;
	unsigned items;
} ListLevel;

typedef struct Text {
	GString *out;
	GArray *levels; /* of Level */
	GArray *lists;  /* of ListLevel */
	GPtrArray *targets; /* of GString: the targets of the links that are open */
	GArray *starts; /* of gsize: where their text begins in out */
	bool open;      /* something stands on the current line */
	bool gap;       /* an empty line comes before the next text */
	bool code;
} Text;

static Level *level(Text *text, guint i)
{
	return &g_array_index(text->levels, Level, i);
}

static void end_line(Text *text)
{
	if (text->open)
		g_string_append_c(text->out, '\n');
	text->open = false;
}

/* Puts out what the line begins with, and the empty line that is due before it. */
static void begin_line(Text *text)
{
	if (text->open)
		return;
	if (text->gap && text->out->len) {
		gsize from = text->out->len;
		for (guint i = 0; i < text->levels->len; i++)
			g_string_append(text->out, level(text, i)->fresh ? "" : level(text, i)->rest);
		while (text->out->len > from && text->out->str[text->out->len - 1] == ' ')
			g_string_truncate(text->out, text->out->len - 1);
		g_string_append_c(text->out, '\n');
	}
	text->gap = false;
	for (guint i = 0; i < text->levels->len; i++) {
		g_string_append(text->out, level(text, i)->fresh ? level(text, i)->first : level(text, i)->rest);
		level(text, i)->fresh = false;
	}
	text->open = true;
}

static void put_char(Text *text, char c)
{
	if (c == '\n') {
		if (!text->open)
			begin_line(text);
		end_line(text);
	} else if ((unsigned char)c >= ' ' || c == '\t') {
		begin_line(text);
		g_string_append_c(text->out, c);
	}
}

static void put_text(Text *text, const char *from, size_t size)
{
	for (size_t i = 0; i < size;) {
		char c = markdown_guarded(from + i, size - i);
		put_char(text, c ? c : from[i]);
		i += c ? 4 : 1;
	}
}

/* A block begins: apart from what stands before, unless that is only the mark of its item. */
static void start_block(Text *text)
{
	end_line(text);
	guint n = text->levels->len;
	if (!n || !level(text, n - 1)->fresh)
		text->gap = true;
}

static void push_level(Text *text, const char *first, const char *rest)
{
	Level new = { .fresh = true };
	g_strlcpy(new.first, first, sizeof new.first);
	g_strlcpy(new.rest, rest, sizeof new.rest);
	g_array_append_val(text->levels, new);
}

static void pop_level(Text *text)
{
	if (level(text, text->levels->len - 1)->fresh) /* an empty item still has its mark */
		begin_line(text);
	end_line(text);
	g_array_set_size(text->levels, text->levels->len - 1);
}

static void start_item(Text *text)
{
	ListLevel *list = &g_array_index(text->lists, ListLevel, text->lists->len - 1);
	end_line(text);
	if (!list->tight && list->items)
		text->gap = true;
	list->items++;
	if (!list->number) {
		push_level(text, "- ", "  ");
		return;
	}
	char mark[16], spaces[16] = "";
	g_snprintf(mark, sizeof mark, "%u. ", list->number++);
	memset(spaces, ' ', strlen(mark));
	push_level(text, mark, spaces);
}

static void start_list(Text *text, unsigned number, bool tight)
{
	end_line(text);
	guint n = text->levels->len;
	if (!text->lists->len || (!tight && !(n && level(text, n - 1)->fresh)))
		text->gap = text->out->len > 0;
	ListLevel list = { .number = number, .tight = tight };
	g_array_append_val(text->lists, list);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	Text *text = user;
	switch (type) {
	case MD_BLOCK_QUOTE:
		start_block(text);
		push_level(text, "> ", "> ");
		break;
	case MD_BLOCK_UL: start_list(text, 0, ((MD_BLOCK_UL_DETAIL *)detail)->is_tight); break;
	case MD_BLOCK_OL: {
		const MD_BLOCK_OL_DETAIL *list = detail;
		start_list(text, MAX(list->start, 1), list->is_tight);
		break;
	}
	case MD_BLOCK_LI: start_item(text); break;
	case MD_BLOCK_HR:
		start_block(text);
		put_text(text, "* * *", 5);
		break;
	case MD_BLOCK_CODE:
		text->code = true;
		start_block(text);
		break;
	case MD_BLOCK_H:
	case MD_BLOCK_P: start_block(text); break;
	default: break;
	}
	return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	(void)detail;
	Text *text = user;
	switch (type) {
	case MD_BLOCK_QUOTE: pop_level(text); break;
	case MD_BLOCK_LI: pop_level(text); break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		g_array_set_size(text->lists, text->lists->len - 1);
		if (!text->lists->len)
			text->gap = true;
		break;
	case MD_BLOCK_CODE: text->code = false; break;
	default: break;
	}
	end_line(text);
	return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *user)
{
	Text *text = user;
	if (type != MD_SPAN_A)
		return 0;
	const MD_ATTRIBUTE *href = &((MD_SPAN_A_DETAIL *)detail)->href;
	GString *url = g_string_new(NULL);
	for (size_t i = 0; href->text && href->substr_offsets[i] < href->size; i++) {
		const char *from = href->text + href->substr_offsets[i];
		size_t size = href->substr_offsets[i + 1] - href->substr_offsets[i];
		if (href->substr_types[i] != MD_TEXT_ENTITY || !entity_append(url, from, size))
			markdown_append(url, from, size);
	}
	begin_line(text);
	gsize start = text->out->len;
	g_ptr_array_add(text->targets, url);
	g_array_append_val(text->starts, start);
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *user)
{
	(void)detail;
	Text *text = user;
	if (type != MD_SPAN_A || text->targets->len == 0) /* md4c may leave a span that it never entered */
		return 0;
	guint last = text->targets->len - 1;
	const GString *url = g_ptr_array_index(text->targets, last);
	const char *label = text->out->str + g_array_index(text->starts, gsize, last);
	const char *bare = g_str_has_prefix(url->str, "mailto:") ? url->str + 7 : url->str;
	if (url->len && markdown_target_allowed(url->str, url->len) && strcmp(label, url->str) && strcmp(label, bare)) {
		begin_line(text); /* the label may have ended one */
		g_string_append_printf(text->out, " (%s)", bare);
	}
	g_ptr_array_set_size(text->targets, (gint)last);
	g_array_set_size(text->starts, last);
	return 0;
}

static int put(MD_TEXTTYPE type, const MD_CHAR *from, MD_SIZE size, void *user)
{
	Text *text = user;
	switch (type) {
	case MD_TEXT_BR: put_char(text, '\n'); break;
	case MD_TEXT_SOFTBR: put_char(text, ' '); break;
	case MD_TEXT_NULLCHAR: put_text(text, "\xEF\xBF\xBD", 3); break;
	case MD_TEXT_ENTITY: {
		g_autoptr(GString) decoded = g_string_new(NULL);
		if (entity_append(decoded, from, size))
			put_text(text, decoded->str, decoded->len);
		else
			put_text(text, from, size);
		break;
	}
	default: put_text(text, from, size);
	}
	return 0;
}

static void free_string(gpointer string)
{
	g_string_free(string, TRUE);
}

bool markdown_text(GString *out, const char *from, size_t size)
{
	g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(Level));
	g_autoptr(GArray) lists = g_array_new(FALSE, FALSE, sizeof(ListLevel));
	g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gsize));
	g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_string);
	Text text = { .out = out, .levels = levels, .lists = lists, .targets = targets, .starts = starts };
	const MD_PARSER parser = { .flags = MD_FLAG_NOHTML, .enter_block = enter_block, .leave_block = leave_block,
		.enter_span = enter_span, .leave_span = leave_span, .text = put };
	if (md_parse(from, (MD_SIZE)size, &parser, &text))
		return false;
	end_line(&text);
	return true;
}
