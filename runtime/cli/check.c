/* SPDX-License-Identifier: MIT */
/* check: what can be said of scripts and templates without running them (DESIGN.md sections 6 and 13). */
#include "cli/groups.h"
#include "host/attach.h"
#include "host/contacts.h"
#include "host/token.h"
#include "host/unsubscribe.h"
#include "host/versions.h"
#include "host/views.h"
#include "host/workers.h"

#include <string.h>

enum { SOURCE_CAP = 256 * 1024, CONTACTS_CAP = 64 << 20 };

typedef struct Check {
	Cli *cli;
	Host *host;
	int scripts, templates, faults, warnings;
	GHashTable *declared; /* template's name → what it declares (json_t *, NULL: faulty or not there) */
	json_t *known;        /* names that at least one contact has a value for; NULL: there are no contacts */
	GString *sources;     /* of all scripts: names that they give as vars are looked for here */
} Check;

/* ---- findings ---- */

static void finding(Check *c, const char *file, int64_t line, bool fault, const char *text)
{
	c->faults += fault;
	c->warnings += !fault;
	if (c->cli->json) {
		cli_json(c->cli, json_pack("{s:s, s:I, s:s, s:s}", "file", file, "line", (json_int_t)line, "level", fault ? "error" : "warning", "text", text));
		if (fault)
			c->cli->exit_code = EXIT_FAILED;
		return;
	}
	g_autofree char *at = line > 0 ? g_strdup_printf("%s:%" G_GINT64_FORMAT, file, line) : g_strdup(file);
	g_autofree char *all = g_strdup_printf("%s: %s%s\n", at, fault ? "" : "warning: ", text);
	c->cli->write(c->cli->user, true, all, strlen(all));
	if (fault)
		c->cli->exit_code = EXIT_FAILED;
}

/* Sentences of the host begin with "FILE:LINE: " where they know the place. */
static void finding_of_error(Check *c, const char *file, GError *error)
{
	static const char PLACE[] = "^([^\\s:]+):(\\d+):\\s*(.*)$";
	g_autoptr(GRegex) regex = g_regex_new(PLACE, G_REGEX_DOTALL, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	if (g_regex_match(regex, error->message, 0, &match)) {
		g_autofree char *at = g_match_info_fetch(match, 1), *line = g_match_info_fetch(match, 2), *text = g_match_info_fetch(match, 3);
		finding(c, at, g_ascii_strtoll(line, NULL, 10), true, text);
	} else {
		g_autofree char *prefix = g_strconcat(file, ": ", NULL);
		bool named = g_str_has_prefix(error->message, prefix);
		finding(c, file, 0, true, error->message + (named ? strlen(prefix) : 0));
	}
	g_error_free(error);
}

/* Faults and warnings that the scan of a script found: {line, text, file (of a module) or nothing}. */
static void findings_of_scan(Check *c, const char *path, const json_t *list, bool fault)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *file = value_string(one, "file", path);
		g_autofree char *module = g_strdup_printf("lib/%s.lua", file);
		g_autofree char *full = g_build_filename(c->host->workspace->dir, module, NULL);
		bool is_module = strcmp(file, path) != 0 && g_file_test(full, G_FILE_TEST_EXISTS);
		finding(c, is_module ? module : file, value_integer(one, "line", 1), fault, value_string(one, "text", "faulty"));
	}
}

/* ---- templates ---- */

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

/* The link to unsubscribe is there where there is a public_url, and the template is of a purpose that offers it. */
static bool has_unsubscribe_url(const Check *c, const json_t *declared)
{
	g_autofree char *base = token_base(c->host->workspace, NULL);
	size_t i;
	json_t *variant;
	json_array_foreach(json_object_get(declared, "variants"), i, variant)
		if (!unsubscribe_offered(value_string(variant, "purpose", "ask")))
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
		bool link = g_str_equal(name, "unsubscribe_url");
		if (link && has_unsubscribe_url(c, declared))
			continue;
		int line;
		g_autofree char *file = find_variable(c, declared, name, &line);
		g_autofree char *text = link ? g_strdup("unsubscribe_url is there only in templates that ask or bring news, and with a public_url in perigee.lua: "
		                                        "write {% if unsubscribe_url %}...{% endif %}") :
		                        g_strdup_printf("no contact has '%s': give it to them, or write {{ %s | default: \"...\" }}", name, name);
		finding(c, file, line, true, text);
	}
}

/* Texts that are too long, links that lead nowhere: what the worker saw (stdlib/template/faults.lua). */
static void check_words(Check *c, const json_t *declared)
{
	const json_t *findings = json_object_get(declared, "findings");
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *one = json_array_get(findings, i);
		g_autofree char *file = g_strconcat("templates/", value_string(one, "file", ""), NULL);
		finding(c, file, value_integer(one, "line", 1), json_is_true(json_object_get(one, "fault")), value_string(one, "text", ""));
	}
}

/* A file that a template names and that is there for nobody. A name that is Liquid is looked for when it is known. */
static void check_file(Check *c, const char *template_file, int line, const char *name)
{
	g_autofree char *plain = g_strstrip(g_strdup(name)), *file = g_strconcat("templates/", template_file, NULL);
	g_autofree char *text = g_strdup_printf("there is no attachments/%s, nor one in a contact's folder there", plain);
	if (!strpbrk(plain, "{}%") && *plain && !attach_exists(c->host, plain))
		finding(c, file, line, true, text);
}

static void check_files(Check *c, const json_t *declared)
{
	static const char INLINE[] = "(?:\\]\\(|src\\s*=\\s*[\"'])cid:([^\\s\"')]+)", ATTACH[] = "^\\s*attach\\s*:(.*)$";
	g_autoptr(GRegex) image = g_regex_new(INLINE, G_REGEX_CASELESS, 0, NULL), attach = g_regex_new(ATTACH, G_REGEX_CASELESS, 0, NULL);
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const char *file = value_string(json_array_get(variants, i), "file", "");
		g_autofree char *source = read_template_file(c, file);
		g_auto(GStrv) lines = g_strsplit(source && g_utf8_validate(source, -1, NULL) ? source : "", "\n", -1);
		bool front = lines[0] && g_str_has_prefix(lines[0], "---");
		for (int line = 0; lines[line]; line++) {
			g_autoptr(GMatchInfo) match = NULL;
			front = front && (line == 0 || !g_str_has_prefix(lines[line], "---"));
			if (front && g_regex_match(attach, lines[line], 0, &match)) {
				g_autofree char *value = g_match_info_fetch(match, 1);
				g_auto(GStrv) names = g_strsplit(strpbrk(value, "{}") && strstr(value, "{%") ? "" : value, ",", -1);
				for (char **name = names; *name; name++)
					check_file(c, file, line + 1, *name);
				continue;
			}
			g_clear_pointer(&match, g_match_info_unref);
			for (g_regex_match(image, lines[line], 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
				g_autofree char *name = g_match_info_fetch(match, 1), *plain = g_uri_unescape_string(name, NULL);
				check_file(c, file, line + 1, plain ? plain : name);
			}
		}
	}
}

/* What a template declares, checked the first time. NULL: it is not there (is_there false) or faulty. */
static const json_t *template_declared(Check *c, const char *name, bool *is_there)
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
		finding_of_error(c, file, error);
	return declared;
}

static void check_template(Check *c, const char *name)
{
	bool is_there;
	if (!template_declared(c, name, &is_there) && !is_there) {
		g_autofree char *file = g_strdup_printf("templates/%s.md", name);
		finding(c, file, 0, true, "no such template");
	}
}

/* ---- scripts ---- */

/* A first message must be about them: at least one field beside the name, unless `personal: no` says it is meant so. */
static void check_personal(Check *c, const json_t *declared)
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
		finding(c, file, 1, true, "a first message uses a field of the contact besides the name; `personal: no` at its top if it is meant for anybody");
	}
}

static void check_subject(Check *c, const json_t *declared)
{
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const json_t *variant = json_array_get(variants, i);
		g_autofree char *file = g_strconcat("templates/", value_string(variant, "file", ""), NULL);
		if (!json_is_string(json_object_get(variant, "subject")))
			finding(c, file, 1, true, "the first mail of a thread needs a subject: write `subject: ...` at its top");
	}
}

static void check_send(Check *c, const char *path, const json_t *effect, bool is_first, bool is_first_mail)
{
	const char *channel = value_string(effect, "channel", NULL), *name = value_string(effect, "template", NULL);
	const char *file = value_string(effect, "file", path);
	int64_t line = value_integer(effect, "line", 1);
	if (channel && !contacts_is_channel(channel)) {
		g_autofree char *text = g_strdup_printf("there is no channel '%s'", channel);
		finding(c, file, line, true, text);
	}
	if (!name)
		return; /* worked out at run time */
	bool is_there;
	const json_t *declared = template_declared(c, name, &is_there);
	if (!is_there) {
		g_autofree char *text = g_strdup_printf("no template '%s': write templates/%s.md", name, name);
		finding(c, file, line, true, text);
	}
	if (declared && is_first)
		check_personal(c, declared);
	if (declared && is_first_mail)
		check_subject(c, declared);
}

/* A segment that perigee.lua does not describe. */
static void check_segment(Check *c, const char *file, int64_t line, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *key;
	json_t *segment;
	if (json_object_get(c->host->workspace->segments, name))
		return;
	json_object_foreach(c->host->workspace->segments, key, segment)
		g_ptr_array_add(names, (char *)key);
	g_ptr_array_add(names, NULL);
	const char *near = cli_nearest(name, (const char *const *)names->pdata);
	g_autofree char *all = names->len > 1 ? g_strjoinv(", ", (char **)names->pdata) : NULL;
	g_autofree char *text = near ? g_strdup_printf("there is no segment '%s' in perigee.lua; did you mean '%s'?", name, near)
	                             : g_strdup_printf("there is no segment '%s' in perigee.lua, which has %s", name, all ? all : "none");
	finding(c, file, line, true, text);
}

static void check_effects(Check *c, const char *path, const json_t *declared)
{
	const json_t *effects = json_object_get(declared, "effects");
	bool sent = false, mailed = false;
	for (size_t i = 0; i < json_array_size(effects); i++) {
		const json_t *effect = json_array_get(effects, i);
		const char *kind = value_string(effect, "kind", "");
		if (strcmp(kind, "segment") == 0)
			check_segment(c, value_string(effect, "file", path), value_integer(effect, "line", 1), value_string(effect, "segment", ""));
		if (strcmp(kind, "send") != 0 && strcmp(kind, "try_send") != 0)
			continue;
		bool mail = strcmp(value_string(effect, "channel", ""), "email") == 0;
		check_send(c, path, effect, !sent, mail && !mailed);
		sent = true;
		mailed |= mail;
	}
}

/* Accounts that the script names, and the mailbox that it writes from. */
static void check_accounts(Check *c, const char *path, const json_t *declared)
{
	const char *channel;
	json_t *name;
	json_object_foreach(json_object_get(declared, "account"), channel, name) {
		if (json_is_string(name) && workspace_account(c->host->workspace, json_string_value(name)))
			continue;
		g_autofree char *text = g_strdup_printf("perigee.lua has no account '%s' (for %s)", json_is_string(name) ? json_string_value(name) : "?", channel);
		finding(c, path, 1, true, text);
	}
}

static void check_script(Check *c, const char *word)
{
	GError *error = NULL;
	g_autoptr(Program) program = versions_read(c->host, word, &error);
	c->scripts++;
	if (!program) {
		finding_of_error(c, word, error);
		return;
	}
	const char *path = program->name;
	g_autoptr(json_t) declared = workers_declare(c->host, program, &error);
	if (!declared) {
		finding_of_error(c, path, error);
		return;
	}
	const json_t *faults = json_object_get(declared, "faults");
	findings_of_scan(c, path, faults, true);
	findings_of_scan(c, path, json_object_get(declared, "warnings"), false);
	check_accounts(c, path, declared);
	check_effects(c, path, declared);
	/* The rest is what serve will ask: a name of its own, a schedule that can be read. */
	bool is_new;
	g_autofree char *name = json_array_size(faults) ? NULL : versions_enter(c->host, path, &is_new, &error);
	if (!name && error)
		finding_of_error(c, path, error);
}

/* ---- the rest of the workspace ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every file of a folder that ends in .lua, by name. */
static void each_lua(Check *c, const char *folder, void (*see)(void *user, const char *path, const char *text), void *user)
{
	g_autofree char *path = g_build_filename(c->host->workspace->dir, folder, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	while (dir && (name = g_dir_read_name(dir)))
		if (*name != '.' && g_str_has_suffix(name, ".lua"))
			g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *full = g_build_filename(c->host->workspace->dir, names->pdata[i], NULL);
		g_autofree char *text = NULL;
		gsize size;
		if (g_file_get_contents(full, &text, &size, NULL) && size <= SOURCE_CAP && strlen(text) == size)
			see(user, names->pdata[i], text);
	}
}

static void check_test(void *user, const char *path, const char *text)
{
	(void)text;
	Check *c = user;
	GError *error = NULL;
	g_autoptr(Program) program = versions_read_test(c->host, path, &error);
	g_autoptr(json_t) declared = program ? workers_declare(c->host, program, &error) : NULL;
	if (!declared)
		finding_of_error(c, path, error);
}

static void add_source(void *user, const char *path, const char *text)
{
	(void)path;
	g_string_append(((Check *)user)->sources, text);
}

static void bad_row(void *user, int line, const char *text)
{
	finding(user, "contacts.csv", line, false, text);
}

/* What contacts have: those of contacts.csv, and those of the database if there is one; serve says what is wrong with one that can't
 * be read. */
static void read_contacts(Check *c)
{
	size_t size;
	g_autofree char *path = g_build_filename(c->host->workspace->dir, "contacts.csv", NULL);
	g_autofree char *text = cli_read_file(c->cli, path, CONTACTS_CAP, &size, NULL);
	ImportResult result = { 0 };
	GError *error = NULL;
	if (text && !contacts_import(c->host, "contacts.csv", text, size, false, false, false, bad_row, c, &result, &error))
		finding_of_error(c, "contacts.csv", error);
	c->known = views_known_names(c->host->db);
	g_autoptr(Db) db = db_open_to_look(c->host->workspace->database);
	g_autoptr(json_t) more = db ? views_known_names(db) : NULL;
	if (more && c->known)
		json_object_update(c->known, more);
	else if (more)
		c->known = g_steal_pointer(&more);
}

static void add_languages(const json_t *declared, GHashTable *languages)
{
	const json_t *variants = json_object_get(declared, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		g_auto(GStrv) parts = g_strsplit(value_string(json_array_get(variants, i), "locale", ""), "-", 2);
		if (*parts && **parts)
			g_hash_table_add(languages, g_strdup(*parts));
	}
}

/* A language that some templates speak and another does not: those people would get one mail in it and the next in another. */
static void check_languages(Check *c)
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
			finding(c, path, 1, false, text);
		}
	}
}

static void check_all(Check *c)
{
	g_autoptr(GPtrArray) files = versions_files(c->host), templates = versions_templates(c->host);
	for (guint i = 0; i < files->len; i++)
		check_script(c, files->pdata[i]);
	for (guint i = 0; i < templates->len; i++)
		check_template(c, templates->pdata[i]);
	check_languages(c);
	each_lua(c, "tests", check_test, c);
}

/* A file or folder that was named. What it is follows from where it lies. */
static void check_path(Check *c, const char *word)
{
	g_autofree char *full = cli_path(c->cli, word), *prefix = g_strconcat(c->host->workspace->dir, "/", NULL);
	const char *path = g_str_has_prefix(full, prefix) ? full + strlen(prefix) : full;
	bool whole = strcmp(full, c->host->workspace->dir) == 0 || strcmp(path, "perigee.lua") == 0 || g_str_has_prefix(path, "lib/");
	if (whole || g_file_test(full, G_FILE_TEST_IS_DIR)) {
		check_all(c);
	} else if (g_str_has_prefix(path, "templates/")) {
		g_autofree char *name = cli_template(path);
		check_template(c, name);
	} else if (g_str_has_prefix(path, "tests/")) {
		check_test(c, path, NULL);
	} else {
		check_script(c, g_file_test(full, G_FILE_TEST_EXISTS) ? full : word);
	}
}

static void declared_free(void *data)
{
	json_decref(data);
}

static int check(Check *c, const GPtrArray *words)
{
	g_autoptr(GHashTable) declared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, declared_free);
	g_autoptr(GString) sources = g_string_new(NULL);
	c->declared = declared;
	c->sources = sources;
	each_lua(c, "sequences", add_source, c);
	each_lua(c, "lib", add_source, c);
	read_contacts(c);
	for (guint i = 0; i < words->len; i++)
		check_path(c, words->pdata[i]);
	if (!words->len)
		check_all(c);
	if (!c->cli->json && !c->faults)
		cli_print(c->cli, "%d %s, %d %s: no faults\n", c->scripts, c->scripts == 1 ? "script" : "scripts", c->templates,
		          c->templates == 1 ? "template" : "templates");
	else if (!c->cli->json)
		cli_print(c->cli, "%d %s\n", c->faults, c->faults == 1 ? "fault" : "faults");
	json_decref(c->known);
	return c->cli->exit_code;
}

/* It opens the workspace itself, because a fault of perigee.lua is a finding like the others. */
int command_check(Cli *cli, int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "check", argc, argv, NULL, words, 0, -1))
		return EXIT_USAGE;
	GError *error = NULL;
	g_autoptr(Host) host = host_open(cli->dir, HOST_FILES, cli->stdlib, &error);
	Check c = { .cli = cli, .host = host };
	if (!host && g_error_matches(error, WORKSPACE_ERROR, WORKSPACE_ERROR_MISSING))
		return cli_fail_error(cli, error);
	if (!host) {
		finding_of_error(&c, "perigee.lua", error);
		return EXIT_FAILED;
	}
	return check(&c, words);
}
