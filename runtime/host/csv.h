/* SPDX-License-Identifier: MIT */
/*
 * CSV tables, RFC 4180: a header, then records; quoted cells may hold separators, doubled quotes and line breaks; lines end with
 * LF or CRLF. Beyond the RFC: UTF-8 with or without a byte order mark; the separator is comma, semicolon or tab, whichever the
 * header has most of; empty lines are passed over. A quote inside an unquoted cell is an ordinary character.
 *
 *   Csv *csv = csv_new(file, text, size, &error);            (text stays the caller's, and must live as long)
 *   while (csv_next(csv, &error))
 *       if (csv_fault(csv)) ... csv_line(csv) ... else use(csv_cell(csv, 0));
 *   if (error) ...
 */
#ifndef PERIGEE_CSV_H
#define PERIGEE_CSV_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define CSV_ERROR (csv_error_quark())
GQuark csv_error_quark(void);
typedef enum { CSV_ERROR_FORMAT } CsvError;

#define CSV_COLUMNS 1000
#define CSV_CELL_BYTES (1u << 20)

typedef struct Csv Csv;

/* Reads the header; its names are trimmed, and none may be empty or stand twice. Errors begin with "FILE:LINE: ". */
Csv *csv_new(const char *file, const char *text, size_t size, GError **error);
void csv_free(Csv *csv);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Csv, csv_free)
size_t csv_columns(const Csv *csv);
const char *csv_name(const Csv *csv, size_t column);
/* The column of that name, -1 if there is none. */
int csv_find(const Csv *csv, const char *name);

/* The next record. False at the end, or with error where nothing after can be read: a quote that is never closed. */
bool csv_next(Csv *csv, GError **error);
/* What is wrong with this record (its cells must not be used), or NULL: too many or too few columns, text after a closing quote,
 * bytes that are no UTF-8, a NUL. */
const char *csv_fault(const Csv *csv);
/* The line on which the record begins; the header is on line 1. */
int csv_line(const Csv *csv);
/* Borrowed until the next csv_next. */
const char *csv_cell(const Csv *csv, size_t column);
/* Bytes read so far. */
size_t csv_position(const Csv *csv);

/* Writes a cell, quoted where it must be; first: no comma before it. csv_write_end ends the line (CRLF, as the RFC has it). */
void csv_write_cell(GString *out, const char *text, bool first);
/*
 * The same for text that people will open in a spreadsheet: a cell that begins with = + - @ (or with apostrophes and then one of
 * these) gets an apostrophe before it, because spreadsheets run such cells as formulas; see owasp.org/www-community/attacks/CSV_Injection.
 * csv_text is the way back: the cell without that apostrophe (a place in cell).
 */
void csv_write_text(GString *out, const char *text, bool first);
const char *csv_text(const char *cell);
void csv_write_end(GString *out);

#endif
