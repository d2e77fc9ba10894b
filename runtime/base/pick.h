/* SPDX-License-Identifier: MIT */
/*
 * What a script picks of a large JSON answer, by paths:
 *
 *   data.items[0].id     member "data", of it "items", the first item, its "id"
 *   [2]                  the third item of a list
 *
 * A member's name is anything without . [ ] in it; items are counted from 0, as in the APIs' own documentation.
 */
#ifndef PERIGEE_PICK_H
#define PERIGEE_PICK_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#define PICK_MOST 200 /* bytes of a path */

#define PICK_ERROR (pick_error_quark())
GQuark pick_error_quark(void);
typedef enum { PICK_ERROR_INVALID } PickError;

/* Is it a path? The error says how one is written. */
bool pick_check(const char *path, GError **error);
/* What stands there, borrowed; NULL if there is no such place. The path has passed pick_check. */
json_t *pick_value(const json_t *value, const char *path);
/* A new object {path: value} of the paths that are there. */
json_t *pick_all(const json_t *value, char *const *paths);

#endif
