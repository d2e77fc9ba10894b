/* SPDX-License-Identifier: MIT */
/*
 * Reading a table that perigee.lua declared: a worker's word is a claim, so each member's type and bounds are checked. Every
 * function leaves the given value alone when the member is missing, and is false with a sentence that names the place
 * (WORKSPACE_ERROR_INVALID) when it is wrong.
 */
#ifndef PERIGEE_DECLARED_H
#define PERIGEE_DECLARED_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct Declared {
	const json_t *object; /* NULL: an empty table */
	const char *where;    /* "workspace", "account \"lea\"" */
	GError **error;
} Declared;

/* Sets the error "perigee.lua: WHERE: KEY: text" (key may be NULL); always false. */
bool declared_wrong(const Declared *reader, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* NULL if it is missing or null. */
const json_t *declared_member(const Declared *reader, const char *key);
/* A line of text without control characters. Borrowed. */
bool declared_text(const Declared *reader, const char *key, const char **text);
bool declared_number(const Declared *reader, const char *key, double least, double most, double *number);
bool declared_count(const Declared *reader, const char *key, int least, int *count);
/* A table inside this one; NULL if it is missing. An empty one may come as a list, as Lua knows no difference. */
bool declared_table(const Declared *reader, const char *key, const json_t **table);
/* A list of lines of text; NULL if it is missing. */
bool declared_list(const Declared *reader, const char *key, const json_t **list);
bool declared_has_controls(const char *text);

#endif
