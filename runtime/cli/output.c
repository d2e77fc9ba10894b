/* SPDX-License-Identifier: MIT */
/* What commands print: text, JSON lines and tables. See command.h. */
#include "cli/command.h"

#include <stdarg.h>
#include <string.h>

void cli_print(Cli *cli, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	cli->write(cli->user, false, text, strlen(text));
}

static void print_error(Cli *cli, const char *text)
{
	g_autofree char *line = g_str_has_suffix(text, "\n") ? g_strdup(text) : g_strconcat(text, "\n", NULL);
	cli->write(cli->user, true, line, strlen(line));
}

int cli_fail(Cli *cli, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	print_error(cli, text);
	cli->exit_code = MAX(cli->exit_code, EXIT_FAILED);
	return EXIT_FAILED;
}

int cli_fail_error(Cli *cli, GError *error)
{
	int code = cli_fail(cli, "%s", error ? error->message : "it failed, and nothing says why");
	g_clear_error(&error);
	return code;
}

int cli_usage(Cli *cli, const char *command, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	const Command *row = command_find(command);
	g_autofree char *text = g_strdup_printf("perigee %s: %s\nusage: perigee %s%s%s\n(perigee %s --help says more)\n", command, what, command,
	                                        row && *row->usage ? " " : "", row ? row->usage : "", command);
	print_error(cli, text);
	cli->exit_code = EXIT_USAGE;
	return EXIT_USAGE;
}

void cli_json(Cli *cli, json_t *object)
{
	g_autoptr(GString) line = g_string_new(NULL);
	value_append(line, object);
	g_string_append_c(line, '\n');
	cli->write(cli->user, false, line->str, line->len);
	json_decref(object);
}

/* ---- text of strangers ---- */

/* Characters that move the cursor, change what was printed before, or turn the direction of the text around. */
static bool is_hidden(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

static int width(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

int cli_columns(const char *text)
{
	int columns = 0;
	for (const char *at = text; *at; at = g_utf8_next_char(at))
		columns += width(g_utf8_get_char(at));
	return columns;
}

/* Cuts out to max columns, the last of them an ellipsis. */
static void cut(GString *out, int max)
{
	if (max <= 0 || cli_columns(out->str) <= max)
		return;
	int columns = 0;
	const char *at = out->str;
	for (; *at; at = g_utf8_next_char(at)) {
		int w = width(g_utf8_get_char(at));
		if (columns + w > max - 1)
			break;
		columns += w;
	}
	g_string_truncate(out, (gsize)(at - out->str));
	g_string_append(out, "…");
}

char *cli_plain(const char *text, int max)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
	GString *out = g_string_new(NULL);
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (c == '\r' && at[1] == '\n')
			continue;
		if (c == '\n' || c == '\t')
			g_string_append_c(out, ' ');
		else if (c < 0x20)
			g_string_append_unichar(out, 0x2400 + c); /* the control's picture: ␛ */
		else if (is_hidden(c))
			g_string_append_unichar(out, 0xfffd);
		else
			g_string_append_unichar(out, c);
	}
	cut(out, max);
	return g_string_free(out, FALSE);
}

void cli_block(Cli *cli, const char *indent, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	guint n = g_strv_length(lines);
	while (n > 0 && !*g_strchomp(lines[n - 1]))
		n--;
	for (guint i = 0; i < n; i++) {
		g_autofree char *line = cli_plain(g_strchomp(lines[i]), 0);
		cli_print(cli, "%s%s\n", *line ? indent : "", line);
	}
}

/* ---- tables ---- */

struct Table {
	guint columns;
	GPtrArray *cells; /* char *, row by row; the first row is the header */
};

enum { TABLE_GAP = 2, TABLE_TIME = 16, TABLE_LEAST = 8, TABLE_WRAPPED = 24 }; /* a time, "2026-11-23 09:00", is the last to be cut */

Table *table_new(const char *const *titles)
{
	Table *table = g_new0(Table, 1);
	table->cells = g_ptr_array_new_with_free_func(g_free);
	table->columns = g_strv_length((char **)titles);
	for (guint i = 0; i < table->columns; i++)
		g_ptr_array_add(table->cells, g_strdup(titles[i]));
	return table;
}

void table_row(Table *table, ...)
{
	va_list args;
	va_start(args, table);
	guint n = 0;
	for (const char *cell; n < table->columns && (cell = va_arg(args, const char *)); n++)
		g_ptr_array_add(table->cells, cli_plain(cell, 0));
	va_end(args);
	for (; n < table->columns; n++)
		g_ptr_array_add(table->cells, g_strdup(""));
}

static bool is_time(const char *cell)
{
	return strlen(cell) == TABLE_TIME && cell[4] == '-' && cell[7] == '-' && cell[13] == ':';
}

/* Half a time tells nothing: such a column is never cut. */
static bool holds_times(const Table *table, guint column)
{
	bool any = false;
	for (guint i = table->columns + column; i < table->cells->len; i += table->columns) {
		const char *cell = table->cells->pdata[i];
		if (*cell && !is_time(cell))
			return false;
		any |= *cell != 0;
	}
	return any;
}

/* Columns as wide as their widest cell; on a terminal the widest ones give way until a row fits a line. */
static int *table_widths(const Table *table, const Cli *cli)
{
	int *widths = g_new0(int, table->columns + 1), total = 0;
	for (guint i = 0; i < table->cells->len; i++) {
		int *w = &widths[i % table->columns];
		*w = MAX(*w, cli_columns(table->cells->pdata[i]));
	}
	for (guint c = 0; c < table->columns; c++)
		total += widths[c] + (c ? TABLE_GAP : 0);
	g_autofree bool *times = g_new0(bool, table->columns);
	for (guint c = 0; c < table->columns; c++)
		times[c] = holds_times(table, c);
	for (int least = TABLE_TIME; cli->tty && cli->columns > 0 && total > cli->columns;) {
		guint widest = table->columns;
		for (guint c = 0; c < table->columns; c++) {
			bool wraps = c + 1 == table->columns; /* few words a line are hard to read */
			if (!times[c] && widths[c] > (!wraps ? least : least > TABLE_LEAST ? TABLE_WRAPPED : TABLE_TIME) && (widest == table->columns || widths[c] >= widths[widest]))
				widest = c;
		}
		if (widest < table->columns) {
			widths[widest]--;
			total--;
		} else if (least > TABLE_LEAST) {
			least = TABLE_LEAST;
		} else {
			break;
		}
	}
	return widths;
}

/* The bytes of text that fit on a line of so many columns; up to a space, if there is one. */
static size_t fitting(const char *text, int columns)
{
	size_t space = 0;
	int used = 0;
	const char *at = text;
	for (; *at; at = g_utf8_next_char(at)) {
		if (*at == ' ')
			space = (size_t)(at - text);
		used += width(g_utf8_get_char(at));
		if (used > columns && at > text)
			return space ? space : (size_t)(at - text);
	}
	return (size_t)(at - text);
}

void cli_wrap(const Cli *cli, GString *out, const char *text, int columns, int indent)
{
	for (int line = 0; *text; line++) {
		size_t n = cli->tty && cli->columns > 0 ? fitting(text, MAX(columns, TABLE_LEAST)) : strlen(text);
		g_string_append_printf(out, "%s%*s%.*s", line ? "\n" : "", line ? indent : 0, "", (int)n, text);
		text += n;
		while (line >= 0 && *text == ' ')
			text++;
	}
}

static void table_free(Table *table)
{
	g_ptr_array_unref(table->cells);
	g_free(table);
}

void table_print(Table *table, Cli *cli, const char *empty)
{
	if (table->cells->len == table->columns) {
		if (empty && *empty)
			cli_print(cli, "%s\n", empty);
		table_free(table);
		return;
	}
	g_autofree int *widths = table_widths(table, cli);
	g_autoptr(GString) line = g_string_new(NULL);
	int before = 0; /* columns in front of the last one, whose cells are the ones that wrap */
	for (guint c = 0; c + 1 < table->columns; c++)
		before += widths[c] + TABLE_GAP;
	for (guint i = 0; i < table->cells->len; i++) {
		guint c = i % table->columns;
		bool is_header = i < table->columns, last = c == table->columns - 1;
		g_autofree char *cell = cli_plain(table->cells->pdata[i], cli->tty && !last ? widths[c] : 0);
		cli_wrap(cli, line, cell, last ? widths[c] : G_MAXINT, before);
		if (!last) {
			for (int pad = widths[c] - cli_columns(cell) + TABLE_GAP; pad > 0; pad--)
				g_string_append_c(line, ' ');
			continue;
		}
		while (line->len && line->str[line->len - 1] == ' ')
			g_string_truncate(line, line->len - 1);
		cli_print(cli, is_header && cli->tty ? "\033[1m%s\033[0m\n" : "%s\n", line->str);
		g_string_truncate(line, 0);
	}
	table_free(table);
}

/* ---- times ---- */

static GTimeZone *zone_of(const Cli *cli)
{
	return cli->host && cli->host->workspace ? cli->host->workspace->zone : NULL;
}

char *cli_time(const Cli *cli, Time at)
{
	if (at == 0 || at == TIME_NEVER)
		return g_strdup("");
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / 1000);
	GTimeZone *zone = zone_of(cli);
	g_autoptr(GDateTime) local = utc && zone ? g_date_time_to_timezone(utc, zone) : NULL;
	GDateTime *shown = local ? local : utc;
	return shown ? g_date_time_format(shown, "%Y-%m-%d %H:%M") : g_strdup("?");
}

json_t *cli_json_time(const Cli *cli, Time at)
{
	if (at == 0 || at == TIME_NEVER)
		return json_null();
	g_autofree char *text = time_iso(at, zone_of(cli));
	return json_string(text);
}
