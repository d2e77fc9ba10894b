/* SPDX-License-Identifier: MIT */
/* CSV tables: see csv.h. */
#include "host/csv.h"

#include <string.h>

G_DEFINE_QUARK(perigee-csv-error, csv_error)

struct Csv {
	char *file;
	const char *text, *at, *end;
	char separator;
	int line;        /* of `at` */
	int record_line; /* on which the present record begins */
	char *fault;
	GString *bytes;  /* the record's cells, each ended by a NUL */
	GArray *starts;  /* size_t: where each begins in bytes */
	GPtrArray *names;
};

static bool format_error(GError **error, const Csv *csv, int line, const char *why)
{
	g_set_error(error, CSV_ERROR, CSV_ERROR_FORMAT, "%s:%d: %s", csv->file, line, why);
	return false;
}

static void record_fault(Csv *csv, char *take_why)
{
	if (csv->fault)
		g_free(take_why);
	else
		csv->fault = take_why;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool at_line_end(const Csv *csv)
{
	return csv->at == csv->end || *csv->at == '\n' || (*csv->at == '\r' && (csv->at + 1 == csv->end || csv->at[1] == '\n'));
}

static void pass_line_end(Csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\r')
		csv->at++;
	if (csv->at < csv->end && *csv->at == '\n') {
		csv->at++;
		csv->line++;
	}
}

/* False: the quote is never closed. */
static bool read_quoted(Csv *csv, GError **error)
{
	int line = csv->line;
	for (csv->at++;;) {
		const char *quote = memchr(csv->at, '"', (size_t)(csv->end - csv->at));
		if (!quote)
			return format_error(error, csv, line, "the quote that is opened here is never closed (is the file complete?)");
		for (const char *p = csv->at; (p = memchr(p, '\n', (size_t)(quote - p))) != NULL; p++)
			csv->line++;
		g_string_append_len(csv->bytes, csv->at, quote - csv->at);
		csv->at = quote + 1;
		if (csv->at == csv->end || *csv->at != '"')
			return true;
		g_string_append_c(csv->bytes, '"');
		csv->at++;
	}
}

static void read_plain(Csv *csv)
{
	const char *from = csv->at;
	while (!at_line_end(csv) && *csv->at != csv->separator)
		csv->at++;
	g_string_append_len(csv->bytes, from, csv->at - from);
}

/* One cell, and the separator after it: last says there was none. */
static bool read_cell(Csv *csv, bool *last, GError **error)
{
	size_t start = csv->bytes->len;
	g_array_append_val(csv->starts, start);
	bool quoted = csv->at < csv->end && *csv->at == '"';
	if (quoted && !read_quoted(csv, error))
		return false;
	if (quoted && !at_line_end(csv) && *csv->at != csv->separator)
		record_fault(csv, g_strdup_printf("text stands after the closing quote of column %u (inside quotes, a quote is written twice)", csv->starts->len));
	/* After text that should not be there the record is read to its end, so that the next one begins at a line. */
	read_plain(csv);
	if (csv->bytes->len - start > CSV_CELL_BYTES) {
		record_fault(csv, g_strdup_printf("column %u is larger than %u bytes", csv->starts->len, CSV_CELL_BYTES));
		g_string_truncate(csv->bytes, start);
	}
	if (memchr(csv->bytes->str + start, 0, csv->bytes->len - start))
		record_fault(csv, g_strdup_printf("column %u holds a NUL byte", csv->starts->len));
	else if (!g_utf8_validate(csv->bytes->str + start, (gssize)(csv->bytes->len - start), NULL))
		record_fault(csv, g_strdup_printf("column %u is not UTF-8 (save the file as UTF-8)", csv->starts->len));
	g_string_append_c(csv->bytes, 0);
	*last = at_line_end(csv);
	csv->at += !*last;
	return true;
}

static bool read_record(Csv *csv, GError **error)
{
	g_clear_pointer(&csv->fault, g_free);
	g_string_truncate(csv->bytes, 0);
	g_array_set_size(csv->starts, 0);
	while (csv->at < csv->end && at_line_end(csv))
		pass_line_end(csv);
	if (csv->at == csv->end)
		return false;
	csv->record_line = csv->line;
	for (bool last = false; !last;) {
		if (csv->starts->len == CSV_COLUMNS)
			return format_error(error, csv, csv->line, "the line has more than 1000 columns: this is no table");
		if (!read_cell(csv, &last, error))
			return false;
	}
	pass_line_end(csv);
	return true;
}

const char *csv_cell(const Csv *csv, size_t column)
{
	return csv->bytes->str + g_array_index(csv->starts, size_t, column);
}

/* ---- the header ------------------------------------------------------------------------------------------------- */

/* Which of , ; and tab stands most often outside quotes in the first line that is not empty. */
static char find_separator(const Csv *csv)
{
	size_t commas = 0, semicolons = 0, tabs = 0;
	bool quoted = false, any = false;
	for (const char *p = csv->at; p < csv->end && (quoted || !any || *p != '\n'); p++) {
		any = any || (*p != '\n' && *p != '\r');
		quoted ^= *p == '"';
		commas += !quoted && *p == ',';
		semicolons += !quoted && *p == ';';
		tabs += !quoted && *p == '\t';
	}
	return tabs > commas && tabs > semicolons ? '\t' : semicolons > commas ? ';' : ',';
}

static bool read_header(Csv *csv, GError **error)
{
	GError *why = NULL;
	if (!read_record(csv, &why)) {
		if (!why)
			return format_error(error, csv, 1, "the file is empty; its first line must name the columns");
		g_propagate_error(error, why);
		return false;
	}
	if (csv->fault)
		return format_error(error, csv, csv->record_line, csv->fault);
	for (guint i = 0; i < csv->starts->len; i++) {
		char *name = g_strstrip(g_strdup(csv_cell(csv, i)));
		bool twice = csv_find(csv, name) >= 0;
		g_ptr_array_add(csv->names, name);
		if (!twice && *name)
			continue;
		g_autofree char *text = twice ? g_strdup_printf("the column '%s' stands twice", name) : g_strdup_printf("column %u has no name", i + 1);
		return format_error(error, csv, csv->record_line, text);
	}
	return true;
}

static bool is_utf16(const char *text, size_t size)
{
	return size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0 || !text[0] || !text[1]);
}

Csv *csv_new(const char *file, const char *text, size_t size, GError **error)
{
	Csv *csv = g_new0(Csv, 1);
	csv->file = g_strdup(file);
	csv->text = csv->at = text;
	csv->end = text + size;
	csv->line = 1;
	csv->bytes = g_string_new(NULL);
	csv->starts = g_array_new(FALSE, FALSE, sizeof(size_t));
	csv->names = g_ptr_array_new_with_free_func(g_free);
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		csv->at += 3;
	bool ok = !is_utf16(text, size) || format_error(error, csv, 1, "the file is UTF-16: save it as \"CSV UTF-8\"");
	ok = ok && (!memchr(text, '\r', size) || memchr(text, '\n', size) ||
	            format_error(error, csv, 1, "its lines end with CR alone: save it with LF or CRLF"));
	csv->separator = find_separator(csv);
	if (ok && read_header(csv, error))
		return csv;
	csv_free(csv);
	return NULL;
}

void csv_free(Csv *csv)
{
	if (!csv)
		return;
	g_free(csv->file);
	g_free(csv->fault);
	g_string_free(csv->bytes, TRUE);
	g_array_unref(csv->starts);
	g_ptr_array_unref(csv->names);
	g_free(csv);
}

size_t csv_columns(const Csv *csv)
{
	return csv->names->len;
}

const char *csv_name(const Csv *csv, size_t column)
{
	return csv->names->pdata[column];
}

int csv_find(const Csv *csv, const char *name)
{
	guint column;
	return g_ptr_array_find_with_equal_func(csv->names, name, g_str_equal, &column) ? (int)column : -1;
}

bool csv_next(Csv *csv, GError **error)
{
	if (!read_record(csv, error))
		return false;
	guint has = csv->starts->len, wanted = csv->names->len;
	if (has != wanted)
		record_fault(csv, g_strdup_printf("%u columns where the header has %u", has, wanted));
	return true;
}

const char *csv_fault(const Csv *csv)
{
	return csv->fault;
}

int csv_line(const Csv *csv)
{
	return csv->record_line;
}

size_t csv_position(const Csv *csv)
{
	return (size_t)(csv->at - csv->text);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

void csv_write_cell(GString *out, const char *text, bool first)
{
	if (!first)
		g_string_append_c(out, ',');
	/* An empty cell is quoted too: alone on its line it would be an empty line. */
	if (*text && !strpbrk(text, ",;\t\"\r\n")) {
		g_string_append(out, text);
		return;
	}
	if (!*text && !first)
		return;
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

/* Control characters at the beginning are passed over by spreadsheets, so they hide nothing. */
static bool is_formula(const char *text)
{
	text += strspn(text, "'\t\r\n ");
	return *text && strchr("=+-@", *text);
}

void csv_write_text(GString *out, const char *text, bool first)
{
	g_autofree char *safe = is_formula(text) ? g_strconcat("'", text, NULL) : NULL;
	csv_write_cell(out, safe ? safe : text, first);
}

const char *csv_text(const char *cell)
{
	return *cell == '\'' && is_formula(cell) ? cell + 1 : cell;
}

void csv_write_end(GString *out)
{
	g_string_append(out, "\r\n");
}
