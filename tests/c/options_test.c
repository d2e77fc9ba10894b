/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Options, suggestions, text for terminals and tables of the command line (cli/command.h). */
#include "cli/command.h"

#include <glib/gstdio.h>
#include <string.h>

/* What a command prints, kept. */
typedef struct Said {
	Cli cli;
	GString *out, *err;
} Said;

static void keep(void *user, bool is_error, const char *text, size_t size)
{
	Said *said = user;
	g_string_append_len(is_error ? said->err : said->out, text, (gssize)size);
}

static void said_clear(Said *said)
{
	g_string_free(said->out, TRUE);
	g_string_free(said->err, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Said, said_clear)

static void said_init(Said *said)
{
	*said = (Said){ .cli = { .cwd = "/tmp", .dir = "/tmp", .write = keep, .user = said }, .out = g_string_new(NULL), .err = g_string_new(NULL) };
}

typedef struct Given {
	bool flag;
	const char *text;
	int64_t number;
	GPtrArray *texts;
} Given;

/* One line of words; what came of it as "flag text number texts | words", or "usage: " and the first line of what was said. */
static char *parse(const char *line, int least, int most)
{
	g_auto(Said) said;
	said_init(&said);
	Given g = { .text = "-", .number = -7 };
	const Option options[] = { { "--dry-run", OPTION_FLAG, &g.flag }, { "--label", OPTION_TEXT, &g.text }, { "--count", OPTION_NUMBER, &g.number },
		                   { "--host", OPTION_TEXTS, &g.texts }, { 0 } };
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	bool ok = cli_options(&said.cli, "runs", (int)g_strv_length(argv), argv, options, words, least, most);
	GString *result = g_string_new(NULL);
	if (ok) {
		g_string_printf(result, "%d %s %d ", g.flag, g.text, (int)g.number);
		for (guint i = 0; g.texts && i < g.texts->len; i++)
			g_string_append_printf(result, "%s%s", i ? "," : "", (char *)g.texts->pdata[i]);
		g_string_append(result, said.cli.json ? "json|" : "|");
		for (guint i = 0; i < words->len; i++)
			g_string_append_printf(result, " %s", (char *)words->pdata[i]);
	} else {
		g_autofree char *first = g_strndup(said.err->str, strcspn(said.err->str, "\n"));
		g_string_printf(result, "usage: %s", first);
		g_assert_nonnull(strstr(said.err->str, "usage: perigee runs"));
	}
	if (g.texts)
		g_ptr_array_unref(g.texts);
	return g_string_free(result, FALSE);
}

static void options_are_taken_from_a_table(void)
{
	static const struct {
		const char *line, *wanted;
		int least, most;
	} cases[] = {
		{ "runs", "0 - -7 |", 0, 0 },
		{ "runs --dry-run a b", "1 - -7 | a b", 0, 2 },
		{ "runs a --label x b", "0 x -7 | a b", 0, 2 },
		{ "runs --label=x=y", "0 x=y -7 |", 0, 0 },
		{ "runs --label=", "0  -7 |", 0, 0 },
		{ "runs --label --dry-run", "0 --dry-run -7 |", 0, 0 },
		{ "runs --count 12 --count=13", "0 - 13 |", 0, 0 },
		{ "runs --count -3", "0 - -3 |", 0, 0 },
		{ "runs --host a --host=b", "0 - -7 a,b|", 0, 0 },
		{ "runs --json", "0 - -7 json|", 0, 0 },
		{ "runs -- --label x", "0 - -7 | --label x", 0, -1 },
		{ "runs - -3 -1d", "0 - -7 | - -3 -1d", 0, -1 },
		{ "runs --lable x", "usage: perigee runs: there is no option --lable; did you mean --label?", 0, -1 },
		{ "runs --jsn", "usage: perigee runs: there is no option --jsn; did you mean --json?", 0, -1 },
		{ "runs --frobnicate", "usage: perigee runs: there is no option --frobnicate", 0, -1 },
		{ "runs -x", "usage: perigee runs: there is no option -x", 0, -1 },
		{ "runs --label", "usage: perigee runs: --label needs a value", 0, -1 },
		{ "runs --dry-run=1", "usage: perigee runs: --dry-run takes no value", 0, -1 },
		{ "runs --count many", "usage: perigee runs: --count takes a number, not 'many'", 0, -1 },
		{ "runs --count 99999999999999999999", "usage: perigee runs: --count takes a number, not '99999999999999999999'", 0, -1 },
		{ "runs a b c", "usage: perigee runs: unexpected 'c'", 0, 2 },
		{ "runs", "usage: perigee runs: something is missing", 1, 1 },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = parse(cases[i].line, cases[i].least, cases[i].most);
		g_assert_cmpstr(got, ==, cases[i].wanted);
	}
}

static void a_near_word_is_suggested_and_a_far_one_is_not(void)
{
	static const char *const words[] = { "enrol", "runs", "render", "retry", "resume", "why", NULL };
	static const struct {
		const char *word, *wanted;
	} cases[] = {
		{ "enroll", "enrol" }, { "enorl", "enrol" }, { "run", "runs" }, { "rnus", "runs" }, { "retyr", "retry" }, { "rend", "render" },
		{ "wyh", "why" },      { "frobnicate", NULL }, { "x", NULL },   { "", NULL },       { "banana", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpstr(cli_nearest(cases[i].word, words), ==, cases[i].wanted);
	g_autofree char *endless = g_strnfill(100000, 'e');
	g_assert_null(cli_nearest(endless, words));
}

static void a_number_is_a_whole_word(void)
{
	int64_t n = 0;
	g_assert_true(cli_number("42", &n) && n == 42);
	g_assert_false(cli_number("", &n));
	g_assert_false(cli_number("42x", &n));
	g_assert_false(cli_number(" 42", &n));
	g_assert_false(cli_number("0x10", &n));
}

static void text_of_strangers_can_not_drive_a_terminal(void)
{
	static const struct {
		const char *text, *wanted;
		int max;
	} cases[] = {
		{ "plain", "plain", 0 },
		{ NULL, "", 0 },
		{ "two\nlines\tand\r\nmore", "two lines and more", 0 },
		{ "\033[31mred\007", "␛[31mred␇", 0 },
		{ "a\xe2\x80\xae" "b", "a\xef\xbf\xbd" "b", 0 },
		{ "bad \xff byte", "bad \xef\xbf\xbd byte", 0 },
		{ "\xc2\x9b" "31m", "\xef\xbf\xbd" "31m", 0 },
		{ "cut to five", "cut …", 5 },
		{ "five!", "five!", 5 },
		{ "日本語です", "日本…", 5 },
		{ "日本語です", "日本…", 6 },
		{ "e\xcc\x81t\xc3\xa9", "e\xcc\x81t\xc3\xa9", 3 },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = cli_plain(cases[i].text, cases[i].max);
		g_assert_cmpstr(got, ==, cases[i].wanted);
	}
}

static const char *const titles[] = { "NAME", "TEXT", NULL };

static void a_table_is_aligned_by_what_letters_take_on_a_screen(void)
{
	g_auto(Said) said;
	said_init(&said);
	Table *table = table_new(titles);
	table_row(table, "日本", "wide", NULL);
	table_row(table, "Zoé", "a long text that stays whole where no terminal is", NULL);
	table_row(table, "", "", NULL);
	table_print(table, &said.cli, "nothing");
	g_assert_cmpstr(said.out->str, ==, "NAME  TEXT\n日本  wide\nZoé   a long text that stays whole where no terminal is\n\n");
}

static void a_table_fits_the_terminal(void)
{
	g_auto(Said) said;
	said_init(&said);
	said.cli.tty = true;
	said.cli.columns = 24;
	Table *table = table_new(titles);
	table_row(table, "ana", "a long text that is broken at the edge", NULL);
	table_print(table, &said.cli, "nothing");
	g_assert_cmpstr(said.out->str, ==, "\033[1mNAME  TEXT\033[0m\nana   a long text that\n      is broken at the\n      edge\n");
}

/* Half a time tells nothing: other columns give way. */
static void a_time_is_never_cut(void)
{
	static const char *const columns[] = { "AT", "WHO", "TEXT", NULL };
	g_auto(Said) said;
	said_init(&said);
	said.cli.tty = true;
	said.cli.columns = 44;
	Table *table = table_new(columns);
	table_row(table, "2026-11-23 09:00", "somebody with a long name", "in the end", NULL);
	table_print(table, &said.cli, "nothing");
	g_assert_true(g_str_has_suffix(said.out->str, "\n2026-11-23 09:00  somebody with…  in the end\n"));
}

static void an_empty_table_says_so(void)
{
	g_auto(Said) said;
	said_init(&said);
	table_print(table_new(titles), &said.cli, "no runs");
	table_print(table_new(titles), &said.cli, NULL);
	g_assert_cmpstr(said.out->str, ==, "no runs\n");
}

static void every_command_is_described(void)
{
	for (const Command *c = command_table; c->name; c++) {
		g_assert_true(command_find(c->name) == c);
		g_assert_true(*c->group && c->usage && c->run);
		if (!*c->line) { /* what one of us asks another for, and nobody types */
			g_assert_cmpstr(c->help, ==, "");
			continue;
		}
		g_assert_nonnull(strstr(c->help, "example: perigee "));
	}
	g_assert_null(command_find("frobnicate"));
}

static void files_are_read_with_a_cap_and_errors_name_them(void)
{
	g_auto(Said) said;
	said_init(&said);
	g_autofree char *dir = g_dir_make_tmp("options-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "file", NULL);
	g_assert_true(g_file_set_contents(path, "five!", 5, NULL));
	size_t size = 0;
	g_autofree char *text = cli_read_file(&said.cli, path, 5, &size, NULL);
	g_assert_cmpstr(text, ==, "five!");
	g_assert_cmpuint(size, ==, 5);
	const char *bad[] = { path, dir, "/nowhere/at/all" };
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(cli_read_file(&said.cli, bad[i], 4, &size, &error));
		g_assert_true(g_str_has_prefix(error->message, bad[i]));
	}
	g_assert_cmpint(g_remove(path), ==, 0);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/options/" #name, name)
	TEST(options_are_taken_from_a_table);
	TEST(a_near_word_is_suggested_and_a_far_one_is_not);
	TEST(a_number_is_a_whole_word);
	TEST(text_of_strangers_can_not_drive_a_terminal);
	TEST(a_table_is_aligned_by_what_letters_take_on_a_screen);
	TEST(a_table_fits_the_terminal);
	TEST(a_time_is_never_cut);
	TEST(an_empty_table_says_so);
	TEST(every_command_is_described);
	TEST(files_are_read_with_a_cap_and_errors_name_them);
	return g_test_run();
}
