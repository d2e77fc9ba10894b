/* SPDX-License-Identifier: MIT */
/* check: what can be said of templates without anybody's data. See check.h. */
#include "cli/check.h"
#include "host/attach.h"
#include "host/codes.h"
#include "host/token.h"
#include "host/unsubscribe.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

static char *read_template_file(Check *c, const char *file)
{
	g_autofree char *path = g_build_filename(c->host->workspace->dir, "templates", file, NULL);
	char *text = NULL;
	g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

/* Where a variable stands: the first line of these files with Liquid that names it. Caller frees file. */
static char *find_variable(Check *c, const json_t *declared, const char *name, int *line)
{
	g_autofree char *escaped = g_regex_escape_string(name, -1);
	g_autofree char *pattern = g_strdup_printf("\\{[{%%][^\\n]*\\b%s\\b", escaped);
	g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
	const json_t *variants = json_object_get(declared, "variants");
	const char *first = value_string(json_array_get(variants, 0), "file", value_string(declared, "name", "?"));
	for (size_t i = 0; i < json_array_size(variants) && regex; i++) {
		const char *file = value_string(json_array_get(variants, i), "file", "");
		g_autofree char *text = read_template_file(c, file);
		g_autoptr(GMatchInfo) match = NULL;
		int at;
		if (!text || !g_utf8_validate(text, -1, NULL) || !g_regex_match(regex, text, 0, &match) || !g_match_info_fetch_pos(match, 0, &at, NULL))
			continue;
		*line = 1;
		for (int k = 0; k < at; k++)
			*line += text[k] == '\n';
		return g_strconcat("templates/", file, NULL);
	}
	*line = 1;
	return g_strconcat("templates/", first, NULL);
}

/* May a script give this name in vars? Which send gives which vars can't be read off the source, so a name that any script
 * writes as a key is left alone. */
static bool given_by_script(Check *c, const char *name)
{
	g_autofree char *escaped = g_regex_escape_string(name, -1);
	g_autofree char *pattern = g_strdup_printf("\\b%s\\b['\"\\]]*\\s*=[^=]", escaped);
	return g_regex_match_simple(pattern, c->sources->str, 0, 0);
}

/* The links that are made for each message are there where there is a public_url; that to unsubscribe if the template is of a purpose
 * that offers it. */
static bool has_link(const Check *c, const json_t *declared, const char *name)
{
	g_autofree char *base = token_base(c->host->workspace, NULL);
	size_t i;
	json_t *variant;
	json_array_foreach(json_object_get(declared, "variants"), i, variant)
		if (g_str_equal(name, "unsubscribe_url") && !unsubscribe_offered(value_string(variant, "purpose", "ask")))
			return false;
	return base != NULL;
}

static void check_fields(Check *c, const json_t *declared)
{
	static const char *const always[] = { "contact", "account", "sequence", "labels", "fields", "id", "stage", NULL };
	const json_t *fields = json_object_get(declared, "fields");
	for (size_t i = 0; i < json_array_size(fields) && c->known; i++) {
		const char *name = json_string_value(json_array_get(fields, i));
		if (!name || g_strv_contains(always, name) || json_object_get(c->known, name) || given_by_script(c, name))
			continue;
		bool leaves = g_str_equal(name, "unsubscribe_url"), confirms = g_str_equal(name, "confirm_url");
		if ((leaves || confirms) && has_link(c, declared, name))
			continue;
		int line;
		g_autofree char *file = find_variable(c, declared, name, &line);
		g_autofree char *text = leaves ? g_strdup("unsubscribe_url is there only in templates that ask or bring news, and with a public_url in perigee.lua: "
		                                          "write {% if unsubscribe_url %}...{% endif %}") :
		                        confirms ? g_strdup("confirm_url is there only with a public_url in perigee.lua: write {% if confirm_url %}...{% endif %}") :
		                        g_strdup_printf("no contact has '%s': give it to them, or write {{ %s | default: \"...\" }}", name, name);
		check_find(c, CHECK_FAULT, "missing-field", file, line, text);
	}
}

/* Texts that are too long, links that lead nowhere: what the worker saw (stdlib/template/faults.lua). */
static void check_words(Check *c, const json_t *declared)
{
	const json_t *findings = json_object_get(declared, "findings");
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *one = json_array_get(findings, i);
		g_autofree char *file = g_strconcat("templates/", value_string(one, "file", ""), NULL);
		bool fault = json_is_true(json_object_get(one, "fault"));
		const char *code = codes_find(CODES_OF_FAULTS, value_string(one, "code", NULL));
		check_find(c, fault ? CHECK_FAULT : CHECK_WARNING, code ? code : "bad-template", file, value_integer(one, "line", 1), value_string(one, "text", ""));
	}
}

/* A file that a template names and that is there for nobody. A name that is Liquid is looked for when it is known. */
static void check_file(Check *c, const char *template_file, int line, const char *name)
{
	g_autofree char *plain = g_strstrip(g_strdup(name)), *file = g_strconcat("templates/", template_file, NULL);
	g_autofree char *text = g_strdup_printf("there is no attachments/%s, nor one in a contact's folder there", plain);
	if (!strpbrk(plain, "{}%") && *plain && !attach_exists(c->host, plain))
		check_find(c, CHECK_FAULT, "missing-attachment", file, line, text);
}

/* A document that a template names and that there is not. It is checked as any template is. */
static void check_document(Check *c, const char *template_file, int line, const char *name)
{
	g_autofree char *plain = g_strstrip(g_strdup(name)), *file = g_strconcat("templates/", template_file, NULL);
	bool is_there = true;
	if (strpbrk(plain, "{}%") || !*plain || check_declared(c, plain, &is_there) || is_there)
		return;
	g_autoptr(GPtrArray) all = versions_templates(c->host);
	g_ptr_array_add(all, NULL);
	const char *near = cli_nearest(plain, (const char *const *)all->pdata);
	g_autofree char *text = near ? g_strdup_printf("no template '%s' for the document; did you mean '%s'?", plain, near)
	                             : g_strdup_printf("no template '%s' for the document: write templates/%s.md", plain, plain);
	check_find(c, CHECK_FAULT, "missing-template", file, line, text);
}

/* Calls see for each name of a list of the front matter that is not worked out by Liquid. */
static bool check_list(Check *c, const char *file, int line, const char *text, const char *key, void (*see)(Check *, const char *, int, const char *))
{
	g_autofree char *pattern = g_strdup_printf("^\\s*%s\\s*:(.*)$", key);
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_CASELESS, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	if (!g_regex_match(regex, text, 0, &match))
		return false;
	g_autofree char *value = g_match_info_fetch(match, 1);
	g_auto(GStrv) names = g_strsplit(strstr(value, "{%") ? "" : value, ",", -1);
	for (char **name = names; *name; name++)
		see(c, file, line, *name);
	return true;
}

static void check_files(Check *c, const json_t *declared)
{
	static const char INLINE[] = "(?:\\]\\(|src\\s*=\\s*[\"'])cid:([^\\s\"')]+)";
	g_autoptr(GRegex) image = g_regex_new(INLINE, G_REGEX_CASELESS, 0, NULL);
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const char *file = value_string(json_array_get(variants, i), "file", "");
		g_autofree char *source = read_template_file(c, file);
		g_auto(GStrv) lines = g_strsplit(source && g_utf8_validate(source, -1, NULL) ? source : "", "\n", -1);
		bool front = lines[0] && g_str_has_prefix(lines[0], "---");
		for (int line = 0; lines[line]; line++) {
			front = front && (line == 0 || !g_str_has_prefix(lines[line], "---"));
			if (front && (check_list(c, file, line + 1, lines[line], "attach", check_file) ||
			              check_list(c, file, line + 1, lines[line], "document", check_document)))
				continue;
			g_autoptr(GMatchInfo) match = NULL;
			for (g_regex_match(image, lines[line], 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
				g_autofree char *name = g_match_info_fetch(match, 1), *plain = g_uri_unescape_string(name, NULL);
				check_file(c, file, line + 1, plain ? plain : name);
			}
		}
	}
}

const json_t *check_declared(Check *c, const char *name, bool *is_there)
{
	void *found = NULL;
	GError *error = NULL;
	*is_there = true;
	if (g_hash_table_lookup_extended(c->declared, name, NULL, &found))
		return found;
	g_autoptr(Program) program = versions_template(c->host, name, &error);
	if (!program) {
		*is_there = !g_error_matches(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN);
		g_clear_error(&error);
		if (!*is_there)
			return NULL;
	}
	g_autofree char *file = g_strdup_printf("templates/%s.md", name);
	json_t *declared = program ? workers_declare(c->host, program, &error) : NULL;
	c->templates++;
	g_hash_table_insert(c->declared, g_strdup(name), declared);
	if (declared) {
		check_fields(c, declared);
		check_words(c, declared);
		check_files(c, declared);
	} else if (error)
		check_find_error(c, "bad-template", file, error);
	return declared;
}

void check_template(Check *c, const char *name)
{
	bool is_there;
	if (!check_declared(c, name, &is_there) && !is_there) {
		g_autofree char *file = g_strdup_printf("templates/%s.md", name);
		check_find(c, CHECK_FAULT, "missing-file", file, 0, "no such template");
	}
}

/* ---- what a first message must have ---- */

/* A first message must be about them: at least one field beside the name, unless `personal: no` says it is meant so. */
void check_personal(Check *c, const json_t *declared)
{
	static const char *const not_theirs[] = { "name", "first_name", "account", "sequence", "contact", NULL };
	const json_t *uses = json_object_get(declared, "uses"), *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(uses); i++)
		if (!g_strv_contains(not_theirs, json_string_value(json_array_get(uses, i))))
			return;
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const json_t *variant = json_array_get(variants, i);
		if (json_is_false(json_object_get(variant, "personal")) || strcmp(value_string(variant, "purpose", "ask"), "ask") != 0)
			continue;
		g_autofree char *file = g_strconcat("templates/", value_string(variant, "file", ""), NULL);
		check_find(c, CHECK_FAULT, "missing-personal-field", file, 1, "a first message uses a field of the contact besides the name; `personal: no` at its top if it is meant for anybody");
	}
}

void check_subject(Check *c, const json_t *declared)
{
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const json_t *variant = json_array_get(variants, i);
		g_autofree char *file = g_strconcat("templates/", value_string(variant, "file", ""), NULL);
		if (!json_is_string(json_object_get(variant, "subject")))
			check_find(c, CHECK_FAULT, "missing-subject", file, 1, "the first mail of a thread needs a subject: write `subject: ...` at its top");
	}
}

/* ---- languages ---- */

static void add_languages(const json_t *declared, GHashTable *languages)
{
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		g_auto(GStrv) parts = g_strsplit(value_string(json_array_get(variants, i), "locale", ""), "-", 2);
		if (*parts && **parts)
			g_hash_table_add(languages, g_strdup(*parts));
	}
}

void check_languages(Check *c)
{
	g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(c->declared), (GCompareFunc)strcmp);
	for (GList *l = names; l; l = l->next)
		add_languages(g_hash_table_lookup(c->declared, l->data), all);
	g_autoptr(GList) languages = g_list_sort(g_hash_table_get_keys(all), (GCompareFunc)strcmp);
	for (GList *l = names; l; l = l->next) {
		const json_t *declared = g_hash_table_lookup(c->declared, l->data);
		g_autoptr(GHashTable) own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		const char *file = value_string(json_array_get(json_object_get(declared, "variants"), 0), "file", NULL);
		add_languages(declared, own);
		for (GList *k = languages; k && file; k = k->next) {
			if (g_hash_table_contains(own, k->data))
				continue;
			g_autofree char *path = g_strconcat("templates/", file, NULL), *ending = g_strdup(strrchr(file, '.'));
			g_autofree char *text = g_strdup_printf("other templates are there in '%s', this one is not: write templates/%s.%s%s", (char *)k->data,
			                                        (char *)l->data, (char *)k->data, ending ? ending : "");
			check_find(c, CHECK_WARNING, "missing-language", path, 1, text);
		}
	}
}
