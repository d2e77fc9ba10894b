/* SPDX-License-Identifier: MIT */
/* Picking of JSON: see pick.h. */
#include "base/pick.h"

#include <string.h>

G_DEFINE_QUARK(perigee-pick-error, pick_error)

/* Takes one step off the path: a member's name, or an item's number. False if it is none. */
static bool take_step(const char **path, bool first, char name[PICK_MOST + 1], size_t *item)
{
	const char *at = *path;
	*name = 0;
	if (*at == '[') {
		size_t digits = strspn(at + 1, "0123456789");
		if (digits == 0 || digits > 6 || at[1 + digits] != ']')
			return false;
		*item = (size_t)g_ascii_strtoull(at + 1, NULL, 10);
		*path = at + digits + 2;
		return true;
	}
	if (!first && *at++ != '.')
		return false;
	size_t size = strcspn(at, ".[]");
	if (size == 0 || size > PICK_MOST || at[size] == ']')
		return false;
	memcpy(name, at, size);
	name[size] = 0;
	*path = at + size;
	return true;
}

bool pick_check(const char *path, GError **error)
{
	char name[PICK_MOST + 1];
	size_t item;
	const char *at = path;
	bool ok = *path && strlen(path) <= PICK_MOST;
	while (ok && *at)
		ok = take_step(&at, at == path, name, &item);
	if (!ok)
		g_set_error(error, PICK_ERROR, PICK_ERROR_INVALID, "\"%.60s\" is no path to pick; write it like data.items[0].id", path);
	return ok;
}

json_t *pick_value(const json_t *value, const char *path)
{
	char name[PICK_MOST + 1];
	size_t item;
	for (const char *at = path; *at && value;) {
		if (!take_step(&at, at == path, name, &item))
			return NULL;
		value = *name ? json_object_get(value, name) : json_array_get(value, item);
	}
	return (json_t *)value;
}

json_t *pick_all(const json_t *value, char *const *paths)
{
	json_t *all = json_object();
	for (; *paths; paths++) {
		json_t *found = pick_value(value, *paths);
		if (found)
			json_object_set(all, *paths, found);
	}
	return all;
}
