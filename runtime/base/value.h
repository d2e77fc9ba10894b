/* SPDX-License-Identifier: MIT */
/*
 * Values: the plain data that crosses between roles and stands in the journal, as canonical JSON text.
 *
 * Canonical: UTF-8, no white space, keys sorted bytewise, integers (64 bit) without a dot and floats always with a
 * dot or an exponent (1 and 1.0 stay apart), floats in the fewest digits that read back the same, no NaN or infinity,
 * control characters as \u00XX (and \b \f \n \r \t), everything else literal. Equal values have equal bytes, so
 * replay compares with memcmp. Jansson reads; the writer here is ours because Jansson's is not canonical for floats.
 */
#ifndef PERIGEE_VALUE_H
#define PERIGEE_VALUE_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define VALUE_DEPTH 32           /* levels of nesting */
#define VALUE_BYTES (1u << 20)   /* bytes of text */
#define VALUE_ELEMENTS 100000    /* members and items, over all levels */

#define VALUE_ERROR (value_error_quark())
GQuark value_error_quark(void);
typedef enum { VALUE_ERROR_SYNTAX, VALUE_ERROR_LIMIT } ValueError;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Parses JSON text; the caller owns the result. Refuses what passes the limits above, duplicate keys, and bad UTF-8. */
json_t *value_parse(const char *text, gssize size, GError **error);
/* Canonical text; the caller frees it. value must hold no NaN (Jansson can't make one). NULL is written as null. */
char *value_text(const json_t *value);
/* Appends canonical text. */
void value_append(GString *out, const json_t *value);
void value_append_string(GString *out, const char *text, size_t size);
void value_append_integer(GString *out, gint64 number);
/* number must be finite. */
void value_append_real(GString *out, double number);

/* Members of an object, with a default where it is missing or of another type. Strings are borrowed. */
const char *value_string(const json_t *object, const char *key, const char *otherwise);
gint64 value_integer(const json_t *object, const char *key, gint64 otherwise);
bool value_true(const json_t *object, const char *key);

#endif
