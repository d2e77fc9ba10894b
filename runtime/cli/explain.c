/* SPDX-License-Identifier: MIT */
/* explain: what a code means. The texts are those of docs/codes.md, which is compiled in: a page and a program that can't differ. */
#include "cli/explain.h"

#include "base/embed.h"
#include "cli/groups.h"

#include <string.h>

/* A section of docs/codes.md: "### code" below "## group". */
typedef struct Section {
	CodeGroup group;
	char *code, *text;
} Section;

static void section_free(void *data)
{
	Section *section = data;
	g_free(section->code);
	g_free(section->text);
	g_free(section);
}

static const char *page(void)
{
	for (const Embedded *file = embedded_codes; file->name; file++)
		if (strcmp(file->name, "codes.md") == 0)
			return file->data;
	return "";
}

static CodeGroup group_of(const char *title)
{
	CodeGroup group = 0;
	while (group < CODES_GROUPS && strcmp(codes_title(group), title) != 0)
		group++;
	return group;
}

static void close_section(GPtrArray *sections, GString *text)
{
	Section *last = sections->len ? sections->pdata[sections->len - 1] : NULL;
	if (last && !last->text)
		last->text = g_strstrip(g_strdup(text->str));
	g_string_truncate(text, 0);
}

/* All sections, as they stand on the page. A group that the program does not know is CODES_GROUPS. */
static GPtrArray *read_sections(void)
{
	GPtrArray *sections = g_ptr_array_new_with_free_func(section_free);
	g_auto(GStrv) lines = g_strsplit(page(), "\n", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	CodeGroup group = CODES_GROUPS;
	for (char **line = lines; *line; line++) {
		bool titled = g_str_has_prefix(*line, "## "), opens = g_str_has_prefix(*line, "### ");
		if (!titled && !opens) {
			g_string_append_printf(text, "%s\n", *line);
			continue;
		}
		close_section(sections, text);
		if (titled) {
			group = group_of(*line + 3);
			continue;
		}
		Section *section = g_new0(Section, 1);
		*section = (Section){ group, g_strdup(*line + 4), NULL };
		g_ptr_array_add(sections, section);
	}
	close_section(sections, text);
	return sections;
}

void explain_each(void (*see)(void *user, CodeGroup group, const char *code, const char *text), void *user)
{
	g_autoptr(GPtrArray) sections = read_sections();
	for (guint i = 0; i < sections->len; i++) {
		const Section *section = sections->pdata[i];
		see(user, section->group, section->code, section->text);
	}
}

/* ---- on a terminal ------------------------------------------------------------------------------------------------ */

/* The first sentence of a text, on one line. Caller frees. */
static char *first_sentence(const char *text)
{
	g_autofree char *one = cli_plain(text, 0);
	const char *paragraph = strstr(text, "\n\n"), *end = strstr(one, ". ");
	size_t most = paragraph ? (size_t)(paragraph - text) : strlen(one);
	size_t size = end ? (size_t)(end - one) + 1 : strlen(one);
	return g_strndup(one, MIN(size, most));
}

/* A paragraph of the page, its lines put together and broken anew. */
static void print_paragraph(Cli *cli, GString *words)
{
	if (!words->len)
		return;
	g_autoptr(GString) out = g_string_new(NULL);
	cli_wrap(cli, out, words->str, cli->columns, 0);
	cli_print(cli, "%s\n", out->str);
	g_string_truncate(words, 0);
}

/* Markdown stays as it is; only paragraphs are broken to the width. Examples, which are indented, are left alone. */
static void print_text(Cli *cli, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) words = g_string_new(NULL);
	for (char **line = lines; *line; line++) {
		bool example = g_str_has_prefix(*line, "    ");
		if (!example && **line) {
			g_string_append_printf(words, "%s%s", words->len ? " " : "", *line);
			continue;
		}
		print_paragraph(cli, words);
		cli_print(cli, "%s\n", *line);
	}
	print_paragraph(cli, words);
}

static void print_section(Cli *cli, const Section *section, bool more)
{
	if (cli->json) {
		cli_json(cli, json_pack("{s:s, s:s, s:s}", "code", section->code, "group", codes_title(section->group), "text", section->text));
		return;
	}
	cli_print(cli, cli->tty ? "\033[1m%s\033[0m  (%s)\n\n" : "%s  (%s)\n\n", section->code, codes_title(section->group));
	print_text(cli, section->text);
	if (more)
		cli_print(cli, "\n");
}

static void print_list(Cli *cli, const GPtrArray *sections)
{
	int widest = 0;
	for (guint i = 0; i < sections->len; i++)
		widest = MAX(widest, (int)strlen(((const Section *)sections->pdata[i])->code));
	CodeGroup group = CODES_GROUPS;
	for (guint i = 0; i < sections->len; i++) {
		const Section *section = sections->pdata[i];
		g_autofree char *line = first_sentence(section->text);
		if (cli->json) {
			cli_json(cli, json_pack("{s:s, s:s, s:s}", "code", section->code, "group", codes_title(section->group), "line", line));
			continue;
		}
		if (section->group != group)
			cli_print(cli, "%s%s\n", i ? "\n" : "", codes_title(group = section->group));
		g_autofree char *cut = cli_plain(line, cli->tty ? cli->columns - widest - 4 : 0);
		cli_print(cli, "  %-*s  %s\n", widest, section->code, cut);
	}
	if (!cli->json)
		cli_print(cli, "\n`perigee explain CODE` says more about one.\n");
}

/* "answered-elsewhere", "[hours]" and "HOURS" are meant as well. Caller frees. */
static char *meant(char **words)
{
	g_autofree char *whole = g_strjoinv(" ", words), *lower = g_ascii_strdown(whole, -1);
	g_strstrip(lower);
	size_t size = strlen(lower);
	if (size > 2 && lower[0] == '[' && lower[size - 1] == ']')
		return g_strndup(lower + 1, size - 2);
	return g_steal_pointer(&lower);
}

static bool is_same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("-_ ", *a) && strchr("-_ ", *b)))
			return false;
	return !*a && !*b;
}

int command_explain(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "explain", argc, argv, NULL, words, 0, -1))
		return EXIT_USAGE;
	g_autoptr(GPtrArray) sections = read_sections(), found = g_ptr_array_new(), names = g_ptr_array_new();
	if (!words->len) {
		print_list(cli, sections);
		return EXIT_DONE;
	}
	g_ptr_array_add(words, NULL);
	g_autofree char *code = meant((char **)words->pdata);
	for (guint i = 0; i < sections->len; i++) {
		Section *section = sections->pdata[i];
		if (is_same(section->code, code))
			g_ptr_array_add(found, section);
		g_ptr_array_add(names, section->code);
	}
	for (guint i = 0; i < found->len; i++)
		print_section(cli, found->pdata[i], i + 1 < found->len);
	if (found->len)
		return EXIT_DONE;
	g_ptr_array_add(names, NULL);
	const char *near = cli_nearest(code, (const char *const *)names->pdata);
	g_autofree char *plain = cli_plain(code, 60);
	if (near)
		return cli_usage(cli, "explain", "there is no code '%s'; did you mean %s?", plain, near);
	return cli_usage(cli, "explain", "there is no code '%s'; `perigee explain` lists them", plain);
}

void explain_hint(Cli *cli, const char *code)
{
	if (code && cli->tty && !cli->json)
		cli_print(cli, strchr(code, ' ') ? "\n`perigee explain \"%s\"` says more.\n" : "\n`perigee explain %s` says more.\n", code);
}
