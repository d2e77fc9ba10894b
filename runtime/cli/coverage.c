/* SPDX-License-Identifier: MIT */
/* Lines that tests ran: see coverage.h. */
#include "cli/coverage.h"

#include "host/versions.h"

#include <string.h>

enum { LINES_MOST = 1 << 20, FILE_CAP = 1 << 20, DEPTH = 8 };

/* Of one file: by line number, from 1. */
enum { NO_CODE, MISSED, RAN };

struct Coverage {
	GHashTable *files; /* path within the workspace → GByteArray of the above */
};

static void array_free(void *array)
{
	g_byte_array_unref(array);
}

Coverage *coverage_new(void)
{
	Coverage *coverage = g_new(Coverage, 1);
	coverage->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, array_free);
	return coverage;
}

void coverage_free(Coverage *coverage)
{
	if (!coverage)
		return;
	g_hash_table_unref(coverage->files);
	g_free(coverage);
}

/* ---- collecting -------------------------------------------------------------------------------------------------- */

static GByteArray *lines_of(Coverage *coverage, const char *file)
{
	GByteArray *lines = g_hash_table_lookup(coverage->files, file);
	if (!lines)
		g_hash_table_insert(coverage->files, g_strdup(file), lines = g_byte_array_new());
	return lines;
}

/* What is not known to be code stays so: a line that ran before the list of those that can came is marked by both bits. */
static void mark(GByteArray *lines, const json_t *numbers, uint8_t bit)
{
	for (size_t i = 0; i < json_array_size(numbers); i++) {
		json_int_t line = json_integer_value(json_array_get(numbers, i));
		if (line < 1 || line > LINES_MOST)
			continue;
		guint had = lines->len;
		if ((guint)line >= had) {
			g_byte_array_set_size(lines, (guint)line + 1);
			memset(lines->data + had, NO_CODE, (guint)line + 1 - had);
		}
		lines->data[line] |= bit;
	}
}

/* MISSED is the bit of lines that can run, RAN that of those which did: a line of code that ran has both. */
static int state(const GByteArray *lines, guint line)
{
	if (line >= lines->len || !(lines->data[line] & MISSED))
		return NO_CODE;
	return lines->data[line] & RAN ? RAN : MISSED;
}

void coverage_add(void *user, const json_t *files)
{
	Coverage *coverage = user;
	const char *file;
	json_t *told;
	json_object_foreach((json_t *)files, file, told) {
		GByteArray *lines = lines_of(coverage, file);
		mark(lines, json_object_get(told, "lines"), MISSED);
		mark(lines, json_object_get(told, "ran"), RAN);
	}
}

static void add_unloaded(Coverage *coverage, const char *workspace, const char *file)
{
	g_autofree char *path = g_build_filename(workspace, file, NULL), *text = NULL;
	gsize size;
	if (g_hash_table_contains(coverage->files, file) || !g_file_get_contents(path, &text, &size, NULL) || size > FILE_CAP)
		return;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(json_t) code = json_array();
	for (int i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);
		if (strspn(line, "})],; ") < strlen(line) && !g_str_has_prefix(line, "--") && !g_str_equal(line, "end"))
			json_array_append_new(code, json_integer(i + 1));
	}
	mark(lines_of(coverage, file), code, MISSED);
}

static void walk(Coverage *coverage, const char *workspace, const char *folder, int depth)
{
	g_autofree char *path = g_build_filename(workspace, folder, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inner = g_build_filename(folder, name, NULL), *whole = g_build_filename(workspace, inner, NULL);
		if (g_file_test(whole, G_FILE_TEST_IS_DIR) && depth < DEPTH)
			walk(coverage, workspace, inner, depth + 1);
		else if (g_str_has_suffix(name, ".lua"))
			add_unloaded(coverage, workspace, inner);
	}
}

void coverage_complete(Coverage *coverage, const char *workspace)
{
	for (const char *const *folder = versions_folders; *folder; folder++)
		walk(coverage, workspace, *folder, 0);
	walk(coverage, workspace, "lib", 0);
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static GList *names(const Coverage *coverage)
{
	return g_list_sort(g_hash_table_get_keys(coverage->files), (GCompareFunc)strcmp);
}

static void count(const GByteArray *lines, int *all, int *ran)
{
	*all = *ran = 0;
	for (guint i = 1; i < lines->len; i++) {
		*all += state(lines, i) != NO_CODE;
		*ran += state(lines, i) == RAN;
	}
}

/* "12-14, 20": lines that were missed; between the ends of a range none ran. */
static char *ranges(const GByteArray *lines)
{
	GString *out = g_string_new(NULL);
	guint from = 0, to = 0;
	for (guint i = 1; i <= lines->len; i++) {
		int now = i < lines->len ? state(lines, i) : RAN;
		if (now == MISSED) {
			from = from ? from : i;
			to = i;
		} else if (now == RAN && from) {
			g_string_append_printf(out, from == to ? "%s%u" : "%s%u-%u", out->len ? ", " : "", from, to);
			from = 0;
		}
	}
	return g_string_free(out, FALSE);
}

static double percent(int ran, int all)
{
	return all ? 100.0 * ran / all : 100.0;
}

static void print_row(Cli *cli, const char *file, const GByteArray *lines, int width)
{
	int all, ran;
	count(lines, &all, &ran);
	if (!cli->json) {
		g_autofree char *missed = ranges(lines);
		cli_print(cli, "# %-*s  %5d  %7d  %5.1f %%%s%s\n", width, file, all, ran, percent(ran, all), *missed ? "  " : "", missed);
		return;
	}
	json_t *missed = json_array();
	for (guint i = 1; i < lines->len; i++)
		if (state(lines, i) == MISSED)
			json_array_append_new(missed, json_integer(i));
	cli_json(cli, json_pack("{s:s, s:i, s:i, s:o}", "file", file, "lines", all, "covered", ran, "missed", missed));
}

double coverage_print(const Coverage *coverage, Cli *cli)
{
	g_autoptr(GList) files = names(coverage);
	int width = (int)strlen("all"), all = 0, ran = 0;
	for (GList *l = files; l; l = l->next) {
		int lines, covered;
		count(g_hash_table_lookup(coverage->files, l->data), &lines, &covered);
		all += lines;
		ran += covered;
		width = MAX(width, cli_columns(l->data));
	}
	if (!cli->json)
		cli_print(cli, "#\n# %-*s  lines  covered           not covered\n", width, "");
	for (GList *l = files; l; l = l->next)
		print_row(cli, l->data, g_hash_table_lookup(coverage->files, l->data), width);
	if (!cli->json)
		cli_print(cli, "# %-*s  %5d  %7d  %5.1f %%\n", width, "all", all, ran, percent(ran, all));
	return percent(ran, all);
}

bool coverage_lcov(const Coverage *coverage, const Cli *cli, const char *file, GError **error)
{
	g_autoptr(GList) files = names(coverage);
	g_autoptr(GString) out = g_string_new(NULL);
	for (GList *l = files; l; l = l->next) {
		const GByteArray *lines = g_hash_table_lookup(coverage->files, l->data);
		int all, ran;
		count(lines, &all, &ran);
		g_string_append_printf(out, "TN:\nSF:%s/%s\n", cli->host->workspace->dir, (char *)l->data);
		for (guint i = 1; i < lines->len; i++)
			if (state(lines, i) != NO_CODE)
				g_string_append_printf(out, "DA:%u,%d\n", i, state(lines, i) == RAN);
		g_string_append_printf(out, "LH:%d\nLF:%d\nend_of_record\n", ran, all);
	}
	g_autofree char *path = cli_path(cli, file);
	return g_file_set_contents(path, out->str, (gssize)out->len, error);
}
