/* SPDX-License-Identifier: MIT */
/* Versions of scripts, and templates as programs: see versions.h. */
#include "host/versions.h"

#include "host/hooks.h"
#include "host/codes.h"
#include "host/jobs.h"
#include "host/runs.h"

#include <string.h>

G_DEFINE_QUARK(perigee-versions-error, versions_error)

enum { SOURCE_CAP = 256 * 1024 };

const char *const versions_folders[] = { "sequences", "jobs", "hooks", NULL };

static const char FIND_VERSION[] = "SELECT kind, name, path, sources, declarations FROM versions WHERE hash = ?";
static const char ADD_VERSION[] = "INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char FIND_SCRIPT[] = "SELECT version FROM scripts WHERE name = ?";
static const char FIND_SCRIPT_PATH[] = "SELECT v.path FROM scripts s JOIN versions v ON v.hash = s.version WHERE s.name = ?";
static const char SET_SCRIPT[] = "INSERT INTO scripts (name, kind, version, next_due) VALUES (?, ?, ?, ?) "
                                 "ON CONFLICT DO UPDATE SET version = excluded.version, kind = excluded.kind, paused_reason = NULL,"
                                 " next_due = excluded.next_due";

static const char DUE_JOBS[] =
	"SELECT s.name, v.path FROM scripts s JOIN versions v ON v.hash = s.version WHERE s.kind = 'job' AND s.next_due IS NOT NULL ORDER BY s.name";

/* What is known of a version or a template, by "v:HASH" or "t:NAME". */
typedef struct Known {
	Program *program;
	json_t *declared;
} Known;

static void known_free(void *data)
{
	Known *known = data;
	program_unref(known->program);
	json_decref(known->declared);
	g_free(known);
}

static GHashTable *table(Host *host)
{
	if (!host->programs)
		host->programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
	return host->programs;
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in DIR/folder that end in suffix, sorted; links and folders are passed over by the readers. */
static void list_files(Host *host, const char *folder, const char *suffix, bool with_folder, GPtrArray *names)
{
	g_autofree char *path = g_build_filename(host->workspace->dir, folder, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir)))
		if (*name != '.' && g_str_has_suffix(name, suffix))
			g_ptr_array_add(names, with_folder ? g_build_filename(folder, name, NULL) : g_strdup(name));
	g_ptr_array_sort(names, by_name);
}

GPtrArray *versions_files(Host *host)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	for (const char *const *folder = versions_folders; *folder; folder++)
		list_files(host, *folder, ".lua", true, files);
	return files;
}

static char *read_source(Host *host, const char *path, GError **error)
{
	g_autofree char *full = g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(host->workspace->dir, path, NULL);
	char *text;
	gsize size;
	if (!g_file_get_contents(full, &text, &size, error))
		return NULL;
	const char *wrong = size > SOURCE_CAP ? "is longer than 256 KiB" : memchr(text, 0, size) ? "holds a NUL byte" : NULL;
	if (!wrong)
		return text;
	g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: %s", path, wrong);
	g_free(text);
	return NULL;
}

/* The path, relative to the workspace if it lies there, of a script that was named or given as a path. */
static char *script_path(Host *host, const char *word, GError **error)
{
	if (strchr(word, '/') || g_str_has_suffix(word, ".lua")) {
		g_autofree char *full = g_canonicalize_filename(word, host->workspace->dir);
		g_autofree char *prefix = g_strconcat(host->workspace->dir, "/", NULL);
		const char *path = g_str_has_prefix(full, prefix) ? full + strlen(prefix) : full;
		if (g_file_test(full, G_FILE_TEST_IS_REGULAR))
			return g_strdup(path);
	}
	for (const char *const *folder = versions_folders; *folder; folder++) {
		g_autofree char *path = g_strdup_printf("%s/%s.lua", *folder, word);
		g_autofree char *full = g_build_filename(host->workspace->dir, path, NULL);
		if (!strchr(word, '/') && g_file_test(full, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	g_autofree char *entered = host->db ? db_text(host->db, FIND_SCRIPT_PATH, "s", word) : NULL;
	if (entered)
		return g_steal_pointer(&entered);
	g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN,
	            "%s: no such script: neither a path nor a file sequences/%s.lua, jobs/%s.lua or hooks/%s.lua in %s", word, word, word, word, host->workspace->dir);
	return NULL;
}

/* The script, or a file of tests/, with every module of lib/ beside it. */
static Program *read_program(Host *host, ProgramType type, const char *path, GError **error)
{
	g_autofree char *source = read_source(host, path, error);
	if (!source)
		return NULL;
	g_autoptr(Program) program = program_new(type, path);
	program_add(program, path, source);
	g_autoptr(GPtrArray) modules = g_ptr_array_new_with_free_func(g_free);
	list_files(host, "lib", ".lua", true, modules);
	for (guint i = 0; i < modules->len; i++) {
		const char *file = modules->pdata[i];
		g_autofree char *text = read_source(host, file, error);
		if (!text)
			return NULL;
		g_autofree char *module = g_strndup(file + strlen("lib/"), strlen(file) - strlen("lib/.lua"));
		program_add(program, module, text);
	}
	return program_seal(g_steal_pointer(&program));
}

Program *versions_read(Host *host, const char *name_or_path, GError **error)
{
	g_autofree char *path = script_path(host, name_or_path, error);
	return path ? read_program(host, PROGRAM_SCRIPT, path, error) : NULL;
}

Program *versions_read_beside(Host *host, ProgramType type, const char *file, GError **error)
{
	g_autofree char *full = g_canonicalize_filename(file, host->workspace->dir);
	g_autofree char *prefix = g_strconcat(host->workspace->dir, "/", NULL);
	return read_program(host, type, g_str_has_prefix(full, prefix) ? full + strlen(prefix) : full, error);
}

Program *versions_read_test(Host *host, const char *file, GError **error)
{
	return versions_read_beside(host, PROGRAM_TEST, file, error);
}

/* ---- templates ------------------------------------------------------------------------------------------------- */

static bool template_file(const char *file, const char *name, bool *main)
{
	static const char *const endings[] = { ".md", ".txt", ".html" };
	size_t length = strlen(name);
	if (strncmp(file, name, length) != 0 || file[length] != '.')
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
		if (!g_str_has_suffix(file, endings[i]))
			continue;
		size_t middle = strlen(file) - strlen(endings[i]);
		*main = middle == length;
		return middle >= length && !memchr(file + length + 1, '.', middle > length ? middle - length - 1 : 0);
	}
	return false;
}

/* "_offer.md", "_offer.fr.md": what templates put in (stdlib/template/blocks.lua). */
static bool is_partial(const char *file)
{
	const char *dot = strchr(file, '.');
	g_autofree char *name = *file == '_' && dot ? g_strndup(file, (gsize)(dot - file)) : NULL;
	bool main;
	return name && template_file(file, name, &main);
}

static Program *read_template(Host *host, const char *name, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	list_files(host, "templates", "", false, files);
	g_autoptr(Program) program = program_new(PROGRAM_TEMPLATE, name);
	guint own = 0;
	for (int pass = 0; pass < 3; pass++) { /* the plain file first, then the languages, then the partials */
		for (guint i = 0; i < files->len; i++) {
			bool main;
			const char *file = files->pdata[i];
			bool wanted = pass == 2 ? is_partial(file) : template_file(file, name, &main) && main == (pass == 0);
			if (!wanted)
				continue;
			g_autofree char *path = g_build_filename("templates", file, NULL);
			g_autofree char *text = read_source(host, path, error);
			if (!text)
				return NULL;
			program_add(program, file, text);
			own += pass < 2;
		}
	}
	if (own)
		return program_seal(g_steal_pointer(&program));
	g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN, "no template %s: write templates/%s.md in %s", name, name, host->workspace->dir);
	return NULL;
}

Program *versions_template(Host *host, const char *name, GError **error)
{
	g_autofree char *key = g_strconcat("t:", name, NULL);
	Known *known = g_hash_table_lookup(table(host), key);
	if (!known) {
		if (!*name || strlen(name) > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(name)) {
			g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN, "\"%.64s\" is no name of a template (letters, digits, - and _)", name);
			return NULL;
		}
		Program *program = read_template(host, name, error);
		if (!program)
			return NULL;
		known = g_new0(Known, 1);
		known->program = program;
		g_hash_table_insert(table(host), g_steal_pointer(&key), known);
	}
	return program_ref(known->program);
}

static gboolean is_template(void *key, void *value, void *user)
{
	(void)value;
	(void)user;
	return g_str_has_prefix(key, "t:");
}

void versions_forget_templates(Host *host)
{
	g_hash_table_foreach_remove(table(host), is_template, NULL);
}

GPtrArray *versions_templates(Host *host)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	list_files(host, "templates", "", false, files);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < files->len; i++) {
		const char *dot = strchr(files->pdata[i], '.');
		g_autofree char *name = dot ? g_strndup(files->pdata[i], (gsize)(dot - (char *)files->pdata[i])) : NULL;
		bool main;
		if (name && *name != '_' && template_file(files->pdata[i], name, &main) && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			g_ptr_array_add(names, g_steal_pointer(&name));
	}
	return names;
}

/* ---- entering the database ------------------------------------------------------------------------------------- */

static char *sources_text(const Program *program, json_t *declared)
{
	const json_t *used = json_object_get(declared, "modules");
	g_autoptr(json_t) sources = json_array();
	for (guint i = 0; i < program->sources->len; i++) {
		bool wanted = i == 0 || !json_is_array(used);
		for (size_t k = 0; k < json_array_size(used) && !wanted; k++)
			wanted = g_strcmp0(json_string_value(json_array_get(used, k)), program->modules->pdata[i]) == 0;
		if (wanted)
			json_array_append_new(sources, json_pack("[s,s]", program->modules->pdata[i], program->sources->pdata[i]));
	}
	/* What it requires of the stdlib: a newer program runs it on with the library that it began with. */
	const char *module;
	json_t *source;
	json_object_foreach(json_object_get(declared, "library"), module, source) {
		g_autofree char *pinned = g_strdup_printf("[%s]", module);
		json_array_append_new(sources, json_pack("[s,O]", pinned, source));
	}
	return value_text(sources);
}

static Program *program_from_sources(const char *path, const char *text)
{
	g_autoptr(json_t) sources = value_parse(text, -1, NULL);
	Program *program = program_new(PROGRAM_SCRIPT, path);
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *source = json_array_get(sources, i);
		program_add(program, json_string_value(json_array_get(source, 0)), json_string_value(json_array_get(source, 1)));
	}
	return program_seal(program);
}

static bool is_texts(const json_t *value)
{
	size_t i;
	json_t *item;
	bool good = json_is_array(value) || (json_is_object(value) && !json_object_size(value)); /* Lua's empty table */
	json_array_foreach(value, i, item)
		good = good && json_is_string(item) && json_string_length(item) <= 255;
	return good;
}

/* What the script may do must be said in the words that effects.c looks for, and in no others. */
static bool needs_sound(const json_t *needs)
{
	static const char *const lists[] = { "send", "net", "secret", NULL }, *const switches[] = { "task", "store", "broadcast", "hooks", NULL };
	const char *key;
	json_t *value;
	if (!json_is_object(needs))
		return is_texts(needs) && !json_array_size(needs);
	json_object_foreach((json_t *)needs, key, value) {
		const char *word = json_string_value(value);
		bool good = g_strv_contains(lists, key) ? is_texts(value)
		            : g_strv_contains(switches, key) ? json_is_boolean(value)
		            : g_str_equal(key, "contacts") && (g_strcmp0(word, "read") == 0 || g_strcmp0(word, "write") == 0);
		if (!good)
			return false;
	}
	return true;
}

/* The worker's word is a claim: what the host builds on is checked here once. */
static bool sound(const char *path, const json_t *declared, GError **error)
{
	const char *type = value_string(declared, "type", ""), *name = value_string(declared, "name", "");
	const json_t *fault = json_array_get(json_object_get(declared, "faults"), 0);
	if (fault) {
		const char *code = codes_find(CODES_OF_MISTAKES, value_string(fault, "code", NULL));
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s:%" G_GINT64_FORMAT ": %s [%s]", path, value_integer(fault, "line", 0),
		            value_string(fault, "text", "faulty"), code ? code : "error");
		return false;
	}
	bool library_sound = true;
	const char *module;
	json_t *source;
	json_object_foreach(json_object_get(declared, "library"), module, source)
		library_sound = library_sound && json_is_string(source);
	if (!library_sound) {
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: its modules of the library are no texts", path);
		return false;
	}
	bool named = *name && strlen(name) <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
	const json_t *needs = json_object_get(declared, "needs"), *title = json_object_get(declared, "title");
	if ((needs && !needs_sound(needs)) || (title && (!json_is_string(title) || json_string_length(title) > 1000))) {
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: its needs or its title are not what a script can declare", path);
		return false;
	}
	if (g_str_equal(type, "hook") && !hooks_sound(declared)) {
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: its verify is not what a hook can declare", path);
		return false;
	}
	if ((g_str_equal(type, "sequence") || g_str_equal(type, "job") || g_str_equal(type, "hook")) && named)
		return true;
	g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: returns no sequence, job or hook with a name of a-z, 0-9, - and _", path);
	return false;
}

/* What a script declares, looked at by the host; NULL with FILE:LINE. */
static json_t *declare(Host *host, Program *whole, GError **error)
{
	GError *why = NULL;
	g_autoptr(json_t) declared = workers_declare(host, whole, &why);
	if (why && !strstr(why->message, whole->name)) /* a worker that died knows no place */
		g_prefix_error(&why, "%s: ", whole->name);
	if (why)
		g_propagate_error(error, why);
	return declared && sound(whole->name, declared, error) ? g_steal_pointer(&declared) : NULL;
}

/* Enters a whole program, with all modules of lib/; its name. */
static char *enter(Host *host, Program *whole, bool *is_new, GError **error)
{
	g_autoptr(json_t) declared = declare(host, whole, error);
	if (!declared)
		return NULL;
	/* Only the modules that it requires belong to the version. */
	g_autofree char *sources = sources_text(whole, declared);
	if (strlen(sources) > VALUE_BYTES) { /* it is read back as a value */
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: with the modules that it requires it is longer than 1 MiB", whole->name);
		return NULL;
	}
	g_autoptr(Program) program = program_from_sources(whole->name, sources);
	const char *name = value_string(declared, "name", ""), *type = value_string(declared, "type", "");
	g_autofree char *other = db_text(host->db, FIND_SCRIPT_PATH, "s", name);
	g_autofree char *full = other ? g_build_filename(host->workspace->dir, other, NULL) : NULL;
	if (other && !g_str_equal(other, whole->name) && g_file_test(full, G_FILE_TEST_EXISTS)) {
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_FAULTY, "%s: the name \"%s\" is taken by %s", whole->name, name, other);
		return NULL;
	}
	g_autofree char *newest = versions_newest(host, name);
	bool job = g_str_equal(type, "job");
	*is_new = g_strcmp0(newest, program->hash) != 0;
	if (!*is_new) {
		if (job)
			jobs_wake(host, name, declared);
		return g_strdup(name);
	}
	Time due = TIME_NEVER;
	json_object_del(declared, "library"); /* stands in the sources */
	if (job && !jobs_first_due(host, name, declared, &due, error))
		return NULL;
	g_autofree char *text = value_text(declared);
	host_write(host);
	db_run(host->db, ADD_VERSION, "ssssssi", program->hash, type, name, whole->name, sources, text, host_now(host));
	db_run(host->db, SET_SCRIPT, "ssst", name, type, program->hash, due);
	runs_release(host);
	return g_strdup(name);
}

char *versions_enter(Host *host, const char *path, bool *is_new, GError **error)
{
	g_autoptr(Program) whole = versions_read(host, path, error);
	return whole ? enter(host, whole, is_new, error) : NULL;
}

char *versions_name_of(Host *host, const char *file, GError **error)
{
	g_autoptr(Program) whole = read_program(host, PROGRAM_SCRIPT, file, error);
	g_autoptr(json_t) declared = whole ? declare(host, whole, error) : NULL;
	return declared ? g_strdup(value_string(declared, "name", "")) : NULL;
}

json_t *versions_claims(Host *host, const char *path)
{
	g_autoptr(Program) whole = versions_read(host, path, NULL);
	return whole ? workers_declare(host, whole, NULL) : NULL;
}

bool versions_replace(Host *host, const char *script, const char *file, bool *is_new, GError **error)
{
	g_autofree char *path = db_text(host->db, FIND_SCRIPT_PATH, "s", script);
	if (!path) {
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN, "%s: there is no script \"%s\" to replace", file, script);
		return false;
	}
	g_autoptr(Program) given = read_program(host, PROGRAM_SCRIPT, file, error);
	if (!given)
		return false;
	g_autoptr(Program) whole = program_new(PROGRAM_SCRIPT, path);
	for (guint i = 0; i < given->sources->len; i++)
		program_add(whole, i ? given->modules->pdata[i] : path, given->sources->pdata[i]);
	g_autofree char *name = enter(host, program_seal(whole), is_new, error);
	return name != NULL;
}

/* A job whose file has been taken away runs no more; put back, it goes on (jobs_wake). */
static void rest_jobs(Host *host)
{
	g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(host->db, DUE_JOBS, "");
	while (rows_next(rows)) {
		g_autofree char *path = g_canonicalize_filename(rows_text(rows, 1), host->workspace->dir);
		if (!g_file_test(path, G_FILE_TEST_EXISTS))
			g_ptr_array_add(gone, g_strdup(rows_text(rows, 0)));
	}
	for (guint i = 0; i < gone->len; i++) {
		log_info("job %s: its file is gone, so it runs no more", (char *)gone->pdata[i]);
		jobs_rest(host, gone->pdata[i]);
	}
}

void versions_enter_all(Host *host, void (*bad)(void *user, const char *path, const char *text), void *user)
{
	g_autoptr(GPtrArray) files = versions_files(host);
	for (guint i = 0; i < files->len; i++) {
		g_autoptr(GError) error = NULL;
		bool is_new;
		g_autofree char *name = versions_enter(host, files->pdata[i], &is_new, &error);
		if (!name)
			bad(user, files->pdata[i], error->message);
		else if (is_new)
			log_info("%s: a new version of %s", (char *)files->pdata[i], name);
	}
	rest_jobs(host);
}

char *versions_newest(Host *host, const char *script)
{
	return db_text(host->db, FIND_SCRIPT, "s", script);
}

static Known *version(Host *host, const char *hash)
{
	g_autofree char *key = g_strconcat("v:", hash, NULL);
	Known *known = g_hash_table_lookup(table(host), key);
	if (known)
		return known;
	Rows *rows = db_query(host->db, FIND_VERSION, "s", hash);
	if (!rows || !rows_next(rows))
		return NULL;
	known = g_new0(Known, 1);
	known->program = program_from_sources(rows_text(rows, 2), rows_text(rows, 3));
	known->declared = value_parse(rows_text(rows, 4), -1, NULL);
	rows_done(rows);
	g_hash_table_insert(table(host), g_steal_pointer(&key), known);
	return known;
}

Program *versions_program(Host *host, const char *hash)
{
	Known *known = version(host, hash);
	return known ? known->program : NULL;
}

const json_t *versions_declared(Host *host, const char *hash)
{
	Known *known = version(host, hash);
	return known ? known->declared : NULL;
}
