/* SPDX-License-Identifier: MIT */
/* Fingerprints: see fingerprint.h. */
#include "host/fingerprint.h"

#include <glib.h>
#include <string.h>

enum { SHOWN = 8 }; /* of a hash; of what is no hash more stands there only with odd versions */

/* The value of a part; "none" if it has none. Caller frees. */
static char *part_of(char **parts, const char *name)
{
	size_t size = strlen(name);
	for (; *parts; parts++)
		if (strncmp(*parts, name, size) == 0 && (*parts)[size] == '=')
			return g_strndup(*parts + size + 1, SHOWN);
	return g_strdup("none");
}

char *fingerprint_changes(const char *then, const char *now)
{
	if (!then || !now || g_str_equal(then, now))
		return NULL;
	static const char *const names[] = { "perigee", "stdlib", "lua", "libc", "mathematics", "machine", "build" };
	g_auto(GStrv) old = g_strsplit(then, " ", 0), new = g_strsplit(now, " ", 0);
	GString *text = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *a = part_of(old, names[i]), *b = part_of(new, names[i]);
		if (!g_str_equal(a, b) && (!text->len || !g_str_equal(names[i], "build")))
			g_string_append_printf(text, "%s%s %s → %s", text->len ? ", " : "", names[i], a, b);
	}
	return g_string_free(text, text->len == 0);
}
