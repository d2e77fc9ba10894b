/* SPDX-License-Identifier: MIT */
/* The front matter of templates: see front.h. */
#include "host/front.h"

#include <string.h>

/* The language of a template's file ("intro.fr.md": "fr"; the plain one: ""), as stdlib/template/read.lua has it. Caller frees. */
static char *language_of(const char *file)
{
	const char *end = strrchr(file, '.'), *from = end ? g_strrstr_len(file, end - file, ".") : NULL;
	char *language = from ? g_ascii_strdown(from + 1, end - from - 1) : g_strdup("");
	return g_strdelimit(language, "_", '-');
}

/* The source that a contact of this locale gets: of that locale, of its language, the plain one. */
static const char *source_for(const Program *program, const char *locale)
{
	g_autofree char *whole = g_strdelimit(g_ascii_strdown(locale ? locale : "", -1), "_", '-');
	size_t letters = strspn(whole, "abcdefghijklmnopqrstuvwxyz");
	g_autofree char *language = g_strndup(whole, letters);
	const char *wanted[] = { whole, language, "" };
	for (guint w = 0; w < G_N_ELEMENTS(wanted); w++) {
		for (guint i = 0; i < program->sources->len; i++) {
			g_autofree char *has = language_of(program->modules->pdata[i]);
			if (g_str_equal(has, wanted[w]))
				return program->sources->pdata[i];
		}
	}
	return program->sources->pdata[0];
}

static bool is_fence(const char *line)
{
	return g_str_has_prefix(line, "---") && strspn(line + 3, " \t\r\f\v") == strlen(line + 3);
}

static void read_key(void *user, const char *key, const char *value)
{
	Front *front = user;
	static const char *const purposes[] = { "ask", "answer", "service", "news" };
	for (size_t i = 0; g_ascii_strcasecmp(key, "purpose") == 0 && i < G_N_ELEMENTS(purposes); i++)
		if (g_str_equal(value, purposes[i]))
			front->purpose = purposes[i];
	if (g_ascii_strcasecmp(key, "approved") == 0)
		front->approved = *value != 0;
	if (g_ascii_strcasecmp(key, "personal") == 0)
		front->impersonal = g_str_equal(value, "no") || g_str_equal(value, "false");
}

static void each_key(const Program *program, const char *locale, void (*see)(void *user, const char *key, const char *value), void *user)
{
	const char *source = source_for(program, locale);
	source += g_str_has_prefix(source, "\xef\xbb\xbf") ? 3 : 0;
	for (bool first = true; *source; first = false) {
		g_autofree char *line = g_strndup(source, strcspn(source, "\r\n"));
		if (is_fence(line) != first)
			break;
		char *colon = strchr(line, ':');
		source += strlen(line);
		source += *source != 0;
		if (!colon)
			continue;
		*colon = 0;
		see(user, g_strstrip(line), g_strstrip(colon + 1));
	}
}

Front front_of(const Program *program, const char *locale)
{
	Front front = { .purpose = "ask" };
	each_key(program, locale, read_key, &front);
	return front;
}

typedef struct Named {
	const char *document;
	bool is;
} Named;

static void look_for(void *user, const char *key, const char *value)
{
	Named *named = user;
	g_auto(GStrv) names = g_strsplit(g_ascii_strcasecmp(key, "document") == 0 ? value : "", ",", -1);
	for (char **name = names; *name; name++)
		named->is |= g_str_equal(g_strstrip(*name), named->document);
}

bool front_names_document(const Program *program, const char *locale, const char *document)
{
	Named named = { .document = document };
	each_key(program, locale, look_for, &named);
	return named.is;
}
