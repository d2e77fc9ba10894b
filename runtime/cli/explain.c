/* SPDX-License-Identifier: MIT */
/* explain: what a code means, what a module of the library has. The texts are those of docs/codes.md and docs/library.md, which are
 * compiled in: pages and a program that can't differ. */
#include "cli/explain.h"

#include "base/embed.h"
#include "cli/groups.h"

#include <string.h>

#define LIBRARY "The library"
#define MODULE "perigee." /* before the name of each module */

/* A section of docs/codes.md ("### code" below "## group") or of docs/library.md ("## module"). */
typedef struct Section {
	CodeGroup group;   /* CODES_GROUPS: of none, as modules are */
	const char *title; /* the group's, for people */
	char *code, *text;
} Section;

static void section_free(void *data)
{
	Section *section = data;
	g_free(section->code);
	g_free(section->text);
	g_free(section);
}

static const char *page(const char *name)
{
	for (const Embedded *file = embedded_docs; file->name; file++)
		if (strcmp(file->name, name) == 0)
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

static void open_section(GPtrArray *sections, CodeGroup group, const char *title, const char *code)
{
	Section *section = g_new0(Section, 1);
	*section = (Section){ group, title, g_strdup(code), NULL };
	g_ptr_array_add(sections, section);
}

static void close_section(GPtrArray *sections, GString *text)
{
	Section *last = sections->len ? sections->pdata[sections->len - 1] : NULL;
	if (last && !last->text)
		last->text = g_strstrip(g_strdup(text->str));
	g_string_truncate(text, 0);
}

/* All codes, as they stand on the page. A group that the program does not know is CODES_GROUPS. */
static void read_codes(GPtrArray *sections)
{
	g_auto(GStrv) lines = g_strsplit(page("codes.md"), "\n", -1);
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
		open_section(sections, group, group < CODES_GROUPS ? codes_title(group) : "", *line + 4);
	}
	close_section(sections, text);
}

/* The modules of the library, their examples indented as those of codes are. What stands before the first is for readers of the page. */
static void read_modules(GPtrArray *sections)
{
	g_auto(GStrv) lines = g_strsplit(page("library.md"), "\n", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	bool example = false, begun = false;
	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "```")) {
			example = !example;
		} else if (!example && g_str_has_prefix(*line, "## ")) {
			if (begun)
				close_section(sections, text);
			g_string_truncate(text, 0);
			open_section(sections, CODES_GROUPS, LIBRARY, *line + 3);
			begun = true;
		} else {
			g_string_append_printf(text, "%s%s\n", example && **line ? "    " : "", *line);
		}
	}
	close_section(sections, text);
}

void explain_each(void (*see)(void *user, CodeGroup group, const char *code, const char *text), void *user)
{
	g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(section_free);
	read_codes(sections);
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

/* A row of a table, `| call | what it does |`: the call, and below it the rest. Headings and rules of tables are for the page alone. */
static void print_row(Cli *cli, const char *row)
{
	g_autofree char *cells = g_strndup(row + 2, strlen(row) > 4 && g_str_has_suffix(row, " |") ? strlen(row) - 4 : strlen(row + 2));
	char *rest = strstr(cells, " | ");
	if (!rest || g_str_has_prefix(cells, "---"))
		return;
	*rest = '\0';
	g_auto(GStrv) bars = g_strsplit(rest + 3, "\\|", -1);
	g_autofree char *said = g_strjoinv("|", bars);
	g_autoptr(GString) out = g_string_new("    ");
	cli_wrap(cli, out, said, cli->columns - 4, 4);
	cli_print(cli, cli->tty ? "\033[1m%s\033[0m\n%s\n" : "%s\n%s\n", cells, out->str);
}

/* Markdown stays as it is, but for tables; only paragraphs are broken to the width. Examples, which are indented, are left alone. */
static void print_text(Cli *cli, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) words = g_string_new(NULL);
	for (char **line = lines; *line; line++) {
		bool example = g_str_has_prefix(*line, "    ");
		if (g_str_has_prefix(*line, "| ")) {
			print_paragraph(cli, words);
			print_row(cli, *line);
			continue;
		}
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
		cli_json(cli, json_pack("{s:s, s:s, s:s}", "code", section->code, "group", section->title, "text", section->text));
		return;
	}
	cli_print(cli, cli->tty ? "\033[1m%s\033[0m  (%s)\n\n" : "%s  (%s)\n\n", section->code, section->title);
	print_text(cli, section->text);
	if (more)
		cli_print(cli, "\n");
}

/* Each with its first sentence, below its group. */
static void print_list(Cli *cli, const GPtrArray *sections)
{
	int widest = 0;
	for (guint i = 0; i < sections->len; i++)
		widest = MAX(widest, (int)strlen(((const Section *)sections->pdata[i])->code));
	const char *title = NULL;
	for (guint i = 0; i < sections->len; i++) {
		const Section *section = sections->pdata[i];
		g_autofree char *line = first_sentence(section->text);
		if (cli->json) {
			cli_json(cli, json_pack("{s:s, s:s, s:s}", "code", section->code, "group", section->title, "line", line));
			continue;
		}
		if (section->title != title)
			cli_print(cli, "%s%s\n", i ? "\n" : "", title = section->title);
		g_autofree char *cut = cli_plain(line, cli->tty ? cli->columns - widest - 4 : 0);
		cli_print(cli, "  %-*s  %s\n", widest, section->code, cut);
	}
	if (cli->json)
		return;
	if (g_strcmp0(title, LIBRARY) == 0)
		cli_print(cli, "\n`perigee explain MODULE` says more about one.\n");
	else
		cli_print(cli, "\n`perigee explain CODE` says more about one; `perigee explain library` lists what scripts can require.\n");
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

/* Is this the code or module that is meant? Of modules "ack", "perigee.ack" and "ack.within" are. */
static bool is_meant(const Section *section, const char *code)
{
	if (section->group < CODES_GROUPS || !g_str_has_prefix(section->code, MODULE))
		return is_same(section->code, code);
	g_autofree char *name = g_strdup(g_str_has_prefix(code, MODULE) ? code + strlen(MODULE) : code);
	name[strcspn(name, ".:")] = '\0';
	return is_same(section->code + strlen(MODULE), name);
}

/* No code and no module is called so: what was probably meant. */
static int unknown(Cli *cli, const char *code, const GPtrArray *sections)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (guint i = 0; i < sections->len; i++) {
		char *name = ((const Section *)sections->pdata[i])->code;
		g_ptr_array_add(names, name);
		if (g_str_has_prefix(name, MODULE))
			g_ptr_array_add(names, name + strlen(MODULE));
	}
	g_ptr_array_add(names, NULL);
	const char *near = cli_nearest(code, (const char *const *)names->pdata);
	g_autofree char *plain = cli_plain(code, 60);
	if (near)
		return cli_usage(cli, "explain", "there is no code or module '%s'; did you mean %s?", plain, near);
	return cli_usage(cli, "explain", "there is no code or module '%s'; `perigee explain` lists codes, `perigee explain library` modules", plain);
}

int command_explain(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "explain", argc, argv, NULL, words, 0, -1))
		return EXIT_USAGE;
	g_ptr_array_add(words, NULL);
	g_autofree char *code = meant((char **)words->pdata);
	g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(section_free), found = g_ptr_array_new();
	bool library = strcmp(code, "library") == 0;
	if (!library)
		read_codes(sections);
	if (*code)
		read_modules(sections);
	if (!*code || library) {
		print_list(cli, sections);
		return EXIT_DONE;
	}
	for (guint i = 0; i < sections->len; i++)
		if (is_meant(sections->pdata[i], code))
			g_ptr_array_add(found, sections->pdata[i]);
	for (guint i = 0; i < found->len; i++)
		print_section(cli, found->pdata[i], i + 1 < found->len);
	return found->len ? EXIT_DONE : unknown(cli, code, sections);
}

void explain_hint(Cli *cli, const char *code)
{
	if (code && cli->tty && !cli->json)
		cli_print(cli, strchr(code, ' ') ? "\n`perigee explain \"%s\"` says more.\n" : "\n`perigee explain %s` says more.\n", code);
}
