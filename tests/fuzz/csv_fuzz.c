/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * CSV files of people. A table that is read and written is the same table; what an import takes comes back from an export, and a
 * second import of that makes the same contacts; every record is counted once.
 */
#include "fuzz.h"
#include "host/contacts.h"
#include "host/csv.h"
#include "host/runs.h"
#include "host/visits.h"

static Host host;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	host = (Host){ .db = db_open(NULL, NULL), .clock = clock_virtual(INT64_C(1795428000000)), .visits = visits_new() };
	g_autoptr(json_t) declared = json_loads("{\"workspace\":{\"timezone\":\"UTC\",\"hours\":\"always\"},\"accounts\":[],\"channels\":{\"email\":{\"source\":\"a page\",\"checked\":\"2026-11-20\"}}}", 0, NULL);
	host.workspace = workspace_new("/tmp", declared, NULL);
	g_assert_true(host.db && host.workspace);
	host_write(&host);
	return 0;
}

static void check_cell(const char *cell)
{
	g_assert_true(g_utf8_validate(cell, -1, NULL));
	g_assert_cmpuint(strlen(cell), <=, CSV_CELL_BYTES);
}

static void write_names(GString *out, const Csv *csv)
{
	for (size_t i = 0; i < csv_columns(csv); i++)
		csv_write_cell(out, csv_name(csv, i), i == 0);
	csv_write_end(out);
}

/* Reads the table and writes what is good of it; gives the number of records. */
static int copy_table(const char *text, size_t size, GString *out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Csv) csv = csv_new("f.csv", text, size, &error);
	g_assert_true((csv == NULL) == (error != NULL));
	if (!csv)
		return -1;
	g_string_append(out, "\xef\xbb\xbf"); /* a name may begin with one of its own */
	write_names(out, csv);
	int records = 0, line = 0;
	for (; csv_next(csv, &error); records++) {
		g_assert_cmpint(csv_line(csv), >, line);
		g_assert_cmpuint(csv_position(csv), <=, size);
		line = csv_line(csv);
		for (size_t i = 0; !csv_fault(csv) && i < csv_columns(csv); i++) {
			check_cell(csv_cell(csv, i));
			csv_write_cell(out, csv_cell(csv, i), i == 0);
		}
		if (!csv_fault(csv))
			csv_write_end(out);
	}
	return error ? -1 : records;
}

/* Imports into nothing; the contacts as a table, NULL if the file was refused. */
static char *import(const char *text, size_t size, ImportResult *result)
{
	g_autoptr(GError) error = NULL;
	db_savepoint(host.db);
	bool ok = contacts_import(&host, "f.csv", text, size, true, false, false, NULL, NULL, result, &error);
	g_assert_true(ok == (error == NULL));
	char *table = ok ? contacts_export(&host) : NULL;
	db_undo(host.db);
	g_assert_false(db_failed(host.db));
	return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_memdup2(data, size);
	g_autoptr(GString) first = g_string_new(NULL);
	g_autoptr(GString) second = g_string_new(NULL);
	int records = copy_table(size ? text : "", size, first);
	if (records < 0)
		return 0;
	copy_table(first->str, first->len, second);
	/* A cell may hold more separators than the header has columns, so only the commas' tables come back for sure. */
	if (!strpbrk(first->str, ";\t"))
		g_assert_cmpstr(first->str, ==, second->str);
	ImportResult was, is;
	g_autofree char *out = import(text, size, &was);
	if (!out)
		return 0;
	g_assert_cmpint(was.added + was.updated + was.unchanged + was.skipped + was.bad, <=, records);
	g_assert_cmpint(was.bad, >=, 0);
	g_autofree char *again = import(out, strlen(out), &is);
	g_assert_cmpint(is.bad, ==, 0);
	g_assert_cmpint(is.added, ==, was.added);
	g_assert_cmpstr(out, ==, again);
	return 0;
}
