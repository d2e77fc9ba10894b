/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* CSV tables: RFC 4180 and what people's files make of it. */
#include "host/csv.h"

#include <string.h>

/* What was read, as text: each record's line, its cells in [] or ! for a fault, and end. */
static char *read_to(const char *text, size_t size, const char *end, GError **error)
{
	g_autoptr(Csv) csv = csv_new("f.csv", text, size, error);
	if (!csv)
		return NULL;
	GString *out = g_string_new(NULL);
	while (csv_next(csv, error)) {
		g_string_append_printf(out, "%d:", csv_line(csv));
		for (size_t i = 0; i < csv_columns(csv) && !csv_fault(csv); i++)
			g_string_append_printf(out, "[%s]", csv_cell(csv, i));
		g_string_append_printf(out, "%s%s", csv_fault(csv) ? "!" : "", end);
	}
	return g_string_free(out, FALSE);
}

static char *read_all(const char *text, size_t size, GError **error)
{
	return read_to(text, size, "\n", error);
}

static void test_tables(void)
{
	static const struct { const char *text, *read; } CASES[] = {
		{ "a,b\n1,2\n", "2:[1][2]\n" },
		{ "a,b\r\n1,2\r\n", "2:[1][2]\n" },
		{ "a,b\n1,2", "2:[1][2]\n" },
		{ "\xef\xbb\xbf" "a,b\n1,2\n", "2:[1][2]\n" },
		{ "a;b\n1,5;2\n", "2:[1,5][2]\n" },
		{ "a\tb\n1;2\t3\n", "2:[1;2][3]\n" },
		{ "\"a;b\",c\n1,2\n", "2:[1][2]\n" },
		{ "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "2:[x,y][say \"hi\"]\n" },
		{ "a,b\n\"one\ntwo\r\nthree\",2\nx,y\n", "2:[one\ntwo\r\nthree][2]\n5:[x][y]\n" },
		{ "a,b\n\n1,2\n\r\n\n3,4\n\n", "3:[1][2]\n6:[3][4]\n" },
		{ "\n\na,b\n1,2\n", "4:[1][2]\n" },
		{ "a,b\n1\n1,2,3\n1,2\n", "2:!\n3:!\n4:[1][2]\n" },
		{ "a,b\n\"x\"y,2\n1,2\n", "2:!\n3:[1][2]\n" },
		{ "a,b\n5\" screen,2\n", "2:[5\" screen][2]\n" },
		{ "a,b\n\xff,2\n1,2\n", "2:!\n3:[1][2]\n" },
		{ "a\n\"\"\nx\n", "2:[]\n3:[x]\n" },
		{ "a,b\n,\n", "2:[][]\n" },
		{ " a , b \n 1 ,2\n", "2:[ 1 ][2]\n" },
		{ "\"a\nb\",c\n1,2\n", "3:[1][2]\n" },
		{ "a,b\n", "" },
		{ "a,b\n1,x\ry\n", "2:[1][x\ry]\n" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		GError *error = NULL;
		g_autofree char *read = read_all(CASES[i].text, strlen(CASES[i].text), &error);
		g_assert_no_error(error);
		g_assert_cmpstr(read, ==, CASES[i].read);
	}
}

static void test_errors(void)
{
#define TEXT(s) s, sizeof s - 1
	static const struct { const char *text; size_t size; const char *says; } CASES[] = {
		{ TEXT(""), "f.csv:1: the file is empty" },
		{ TEXT("\n\n"), "f.csv:1: the file is empty" },
		{ TEXT("\xef\xbb\xbf"), "f.csv:1: the file is empty" },
		{ TEXT("a,a\n"), "f.csv:1: the column 'a' stands twice" },
		{ TEXT("\na, a\n"), "f.csv:2: the column 'a' stands twice" },
		{ TEXT("a,,b\n"), "f.csv:1: column 2 has no name" },
		{ TEXT("a,b\n1,2\n\"open,2\n3,4\n"), "f.csv:3: the quote that is opened here is never closed" },
		{ TEXT("a,b\n\"x\ny\",\"z\n"), "f.csv:3: the quote" },
		{ TEXT("\"a,b\n"), "f.csv:1: the quote" },
		{ TEXT("\"a\"b,c\n"), "f.csv:1: text stands after the closing quote of column 1" },
		{ TEXT("\xff\xfe" "a\0,\0b\0"), "f.csv:1: the file is UTF-16" },
		{ TEXT("\0a\0,\0b"), "f.csv:1: the file is UTF-16" },
		{ TEXT("a\0,\0b\0"), "f.csv:1: the file is UTF-16" },
		{ TEXT("n\xe9,b\n"), "f.csv:1: column 1 is not UTF-8" },
		{ TEXT("aa\0a,b\n"), "f.csv:1: column 1 holds a NUL" },
		{ TEXT("a,b\r1,2\r"), "f.csv:1: its lines end with CR alone" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GError) error = NULL;
		g_free(read_all(CASES[i].text, CASES[i].size, &error));
		g_assert_nonnull(error);
		if (!g_str_has_prefix(error->message, CASES[i].says))
			g_error("'%s' is not '%s'", error->message, CASES[i].says);
	}
	g_autofree char *nul = read_all("a,b\n1,x\0y\n1,2\n", 14, NULL);
	g_assert_cmpstr(nul, ==, "2:!\n3:[1][2]\n");
}

static char *random_cell(GRand *random)
{
	static const char *const PIECES[] = { "\"", ",", ";", "\t", "\n", "\r\n", "\r", "é", "漢", " ", "x", "\\", "'", "" };
	GString *cell = g_string_new(NULL);
	for (int n = g_rand_int_range(random, 0, 6); n > 0; n--)
		g_string_append(cell, PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]);
	return g_string_free(cell, FALSE);
}

/* A random table and what reading it should give. */
static GString *random_table(GRand *random, GPtrArray *cells, int *columns)
{
	GString *text = g_string_new(g_rand_boolean(random) ? "\xef\xbb\xbf" : "");
	*columns = g_rand_int_range(random, 1, 6);
	for (int c = 0; c < *columns; c++) {
		g_autofree char *name = g_strdup_printf("name\n%d;,", c);
		csv_write_cell(text, name, c == 0);
	}
	csv_write_end(text);
	for (int rows = g_rand_int_range(random, 0, 8), r = 0; r < rows; r++) {
		for (int c = 0; c < *columns; c++) {
			char *cell = random_cell(random);
			csv_write_cell(text, cell, c == 0);
			g_ptr_array_add(cells, cell);
		}
		csv_write_end(text);
	}
	return text;
}

static void test_round_trip(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	for (int turn = 0; turn < 2000; turn++) {
		g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
		int columns;
		g_autoptr(GString) text = random_table(random, cells, &columns);
		GError *error = NULL;
		g_autoptr(Csv) csv = csv_new("f.csv", text->str, text->len, &error);
		g_assert_no_error(error);
		guint n = 0;
		while (csv_next(csv, &error)) {
			g_assert_null(csv_fault(csv));
			for (int c = 0; c < columns; c++)
				g_assert_cmpstr(csv_cell(csv, (size_t)c), ==, cells->pdata[n++]);
		}
		g_assert_no_error(error);
		g_assert_cmpuint(n, ==, cells->len);
	}
}

/* A torn file reads as the beginning of the whole one, and at most its last record differs; or it is an error. */
static void test_torn(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	for (int turn = 0; turn < 100; turn++) {
		g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
		int columns;
		g_autoptr(GString) text = random_table(random, cells, &columns);
		g_autofree char *whole = read_to(text->str, text->len, "\x1e", NULL);
		for (size_t cut = 0; cut < text->len; cut++) {
			g_autofree char *torn_text = g_memdup2(text->str, cut ? cut : 1); /* of that size: a sanitizer sees a read past it */
			g_autoptr(GError) error = NULL;
			g_autofree char *torn = read_to(torn_text, cut, "\x1e", &error);
			g_assert_true(torn || error);
			if (!torn)
				continue;
			g_auto(GStrv) records = g_strsplit(torn, "\x1e", -1), wanted = g_strsplit(whole, "\x1e", -1);
			g_assert_cmpuint(g_strv_length(records), <=, g_strv_length(wanted));
			for (guint i = 0; i + 2 < g_strv_length(records); i++)
				g_assert_cmpstr(records[i], ==, wanted[i]);
		}
	}
}

static void test_garbage(void)
{
	static const char BYTES[] = "\"\",;\t\n\r\0\xc3\xa9\xff" "ab";
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	for (int turn = 0; turn < 20000; turn++) {
		size_t size = (size_t)g_rand_int_range(random, 1, 60);
		g_autofree char *text = g_malloc(size);
		for (size_t i = 0; i < size; i++)
			text[i] = BYTES[g_rand_int_range(random, 0, sizeof BYTES - 1)];
		g_autoptr(GError) error = NULL;
		g_autofree char *read = read_all(text, size, &error);
		g_assert_true(read || error);
		if (read)
			g_assert_true(g_utf8_validate(read, -1, NULL));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/csv/a table is read as RFC 4180 says", test_tables);
	g_test_add_func("/csv/a broken file is refused with its line", test_errors);
	g_test_add_func("/csv/what is written is read back", test_round_trip);
	g_test_add_func("/csv/a file torn at any byte is read or refused", test_torn);
	g_test_add_func("/csv/garbage is read or refused", test_garbage);
	return g_test_run();
}
