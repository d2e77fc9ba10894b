/* SPDX-License-Identifier: MIT */
/* What check prints: see check.h. */
#include "cli/check.h"

#include "host/codes.h"

#include <stdarg.h>
#include <string.h>

enum { LINE_MOST = 160 }; /* bytes of a line that is shown */

typedef struct Finding {
	guint n; /* in the order found */
	CheckLevel level;
	const char *code;
	char *file, *text;
	int64_t line, column, size;
} Finding;

/* A line of a file of the workspace; NULL if it is not there. Caller frees. */
static char *source_line(const Check *c, const char *file, int64_t line)
{
	g_autofree char *path = g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(c->host->workspace->dir, file, NULL);
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL) || !g_utf8_validate(text, -1, NULL))
		return NULL;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint n = g_strv_length(lines);
	return line > 0 && line <= (int64_t)n ? g_strdup(g_strchomp(lines[line - 1])) : NULL;
}

/* Some bytes of a line, fit for a terminal. Caller frees. */
static char *plain_part(const char *source, size_t from, size_t size)
{
	g_autofree char *part = g_strndup(source + from, size);
	return cli_plain(part, 0);
}

/* The line of the source, and carets below what is meant. */
static void append_source(GString *out, const char *source, int64_t column, int64_t size)
{
	size_t length = strlen(source), from = (size_t)column - 1;
	if (column < 1 || from >= length || length > LINE_MOST)
		return;
	size_t indent = MIN(strspn(source, " \t"), from), word = MIN((size_t)MAX(size, 1), length - from);
	g_autofree char *before = plain_part(source, indent, from - indent), *meant = plain_part(source, from, word);
	g_autofree char *after = plain_part(source, from + word, length - from - word);
	g_string_append_printf(out, "    %s%s%s\n    ", before, meant, after);
	for (int n = cli_columns(before); n > 0; n--)
		g_string_append_c(out, ' ');
	for (int n = MAX(cli_columns(meant), 1); n > 0; n--)
		g_string_append_c(out, '^');
	g_string_append_c(out, '\n');
}

static bool say_once(Check *c, const char *file, int64_t line, int64_t column, const char *text)
{
	char *all = g_strdup_printf("%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s", file, line, column, text);
	return g_hash_table_add(c->said, all);
}

bool check_has_said(Check *c, const char *file, const char *code)
{
	g_autofree char *all = g_strconcat(file, ":", code, NULL);
	return g_hash_table_contains(c->said, all);
}

static void add(Check *c, CheckLevel level, const char *code, const char *file, int64_t line, int64_t column, int64_t size, const char *text)
{
	if (!say_once(c, file, line, column, text))
		return;
	g_hash_table_add(c->said, g_strconcat(file, ":", code, NULL));
	c->code = c->code ? c->code : code;
	c->faults += level == CHECK_FAULT;
	c->warnings += level == CHECK_WARNING;
	if (level == CHECK_FAULT)
		c->cli->exit_code = EXIT_FAILED;
	Finding *finding = g_new0(Finding, 1);
	*finding = (Finding){ c->findings->len, level, code, g_strdup(file), g_strdup(text), line, column, size };
	g_ptr_array_add(c->findings, finding);
}

static void show(const Check *c, const Finding *f)
{
	g_autofree char *source = f->column > 0 ? source_line(c, f->file, f->line) : NULL;
	bool fault = f->level == CHECK_FAULT;
	if (c->cli->json) {
		json_t *row = json_pack("{s:s, s:I, s:s, s:s, s:s}", "file", f->file, "line", (json_int_t)f->line, "level", fault ? "error" : "warning", "text",
		                        f->text, "code", f->code);
		if (source && f->column <= (int64_t)strlen(source))
			json_object_set_new(row, "column", json_integer(1 + g_utf8_strlen(source, (gssize)f->column - 1)));
		cli_json(c->cli, row);
		return;
	}
	g_autoptr(GString) all = g_string_new(f->file);
	if (f->line > 0)
		g_string_append_printf(all, ":%" G_GINT64_FORMAT, f->line);
	g_autofree char *plain = cli_plain(f->text, 0);
	g_string_append_printf(all, ": %s%s [%s]\n", fault ? "" : "warning: ", plain, f->code);
	if (source)
		append_source(all, source, f->column, f->size);
	c->cli->write(c->cli->user, true, all->str, all->len);
}

static int by_place(const void *a, const void *b)
{
	const Finding *x = *(const Finding *const *)a, *y = *(const Finding *const *)b;
	int file = strcmp(x->file, y->file);
	if (file)
		return file;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (x->n > y->n) - (x->n < y->n);
}

static void finding_free(void *data)
{
	Finding *f = data;
	g_free(f->file);
	g_free(f->text);
	g_free(f);
}

void check_show(Check *c)
{
	g_ptr_array_sort(c->findings, by_place);
	for (guint i = 0; i < c->findings->len; i++)
		show(c, c->findings->pdata[i]);
	g_ptr_array_set_size(c->findings, 0);
}

void check_init(Check *c, Cli *cli, Host *host)
{
	*c = (Check){ .cli = cli, .host = host, .signals = json_object(), .awaited = json_array() };
	c->findings = g_ptr_array_new_with_free_func(finding_free);
	c->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void check_clear(Check *c)
{
	g_ptr_array_unref(c->findings);
	g_hash_table_unref(c->said);
	json_decref(c->signals);
	json_decref(c->awaited);
	json_decref(c->known);
	g_clear_pointer(&c->sequences, g_ptr_array_unref);
}

void check_find(Check *c, CheckLevel level, const char *code, const char *file, int64_t line, const char *text)
{
	add(c, level, code, file, line, 0, 0, text);
}

/* Modules are told by their name where the scan knows no more. Caller frees. */
static char *file_of(const Check *c, const char *path, const json_t *place)
{
	const char *file = value_string(place, "file", path);
	g_autofree char *module = g_strdup_printf("lib/%s.lua", file);
	g_autofree char *full = g_build_filename(c->host->workspace->dir, module, NULL);
	bool is_module = strcmp(file, path) != 0 && g_file_test(full, G_FILE_TEST_EXISTS);
	return g_strdup(is_module ? module : file);
}

void check_find_at(Check *c, CheckLevel level, const char *code, const char *path, const json_t *place, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args), *file = file_of(c, path, place);
	va_end(args);
	add(c, level, code, file, value_integer(place, "line", 1), value_integer(place, "column", 0), value_integer(place, "size", 1), text);
}

void check_find_all(Check *c, CheckLevel level, const char *path, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *text = value_string(one, "text", "faulty"), *code = codes_find(CODES_OF_MISTAKES, value_string(one, "code", NULL));
		check_find_at(c, level, code ? code : "error", path, one, "%s", text);
	}
}

void check_find_error(Check *c, const char *code, const char *file, GError *error)
{
	static const char PLACE[] = "^([^\\s:]+):(\\d+):\\s*(.*)$";
	g_autoptr(GRegex) regex = g_regex_new(PLACE, G_REGEX_DOTALL, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	if (g_regex_match(regex, error->message, 0, &match)) {
		g_autofree char *at = g_match_info_fetch(match, 1), *line = g_match_info_fetch(match, 2), *text = g_match_info_fetch(match, 3);
		const char *told = code ? code : codes_of_failure("error", text);
		check_find(c, CHECK_FAULT, told, at, g_ascii_strtoll(line, NULL, 10), text);
	} else {
		g_autofree char *prefix = g_strconcat(file, ": ", NULL);
		const char *text = error->message + (g_str_has_prefix(error->message, prefix) ? strlen(prefix) : 0);
		check_find(c, CHECK_FAULT, code ? code : codes_of_failure("error", text), file, 0, text);
	}
	g_error_free(error);
}
