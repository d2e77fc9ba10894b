/* SPDX-License-Identifier: MIT */
/* A workspace in a folder of its own, with people and no carrier. Used by the tests of people and of what is erased of them. */
#ifndef PERIGEE_PEOPLE_WORLD_H
#define PERIGEE_PEOPLE_WORLD_H

#include "host/contacts.h"
#include "host/policy.h"
#include "host/retention.h"
#include "host/visits.h"

#include <glib/gstdio.h>
#include <string.h>

#define MONDAY INT64_C(1795428000000) /* 2026-11-23T10:00:00Z */
#define LATER 3                       /* fields of HostThen's record: three words */

typedef struct World {
	Host host;
	char *dir;
} World;

static const char PLAIN[] = "\"keep\":{}";

/* more: members of the workspace, as JSON. */
static inline void world_open_with(World *w, const char *more)
{
	g_autoptr(GError) error = NULL;
	w->dir = g_dir_make_tmp("people-XXXXXX", &error);
	g_assert_no_error(error);
	g_autofree char *path = g_build_filename(w->dir, "perigee.db", NULL);
	w->host = (Host){ .db = db_open(path, &error), .clock = clock_virtual(MONDAY), .visits = visits_new(), .lock_fd = -1, .serving = true,
		              .after_commit = g_array_new(FALSE, FALSE, LATER * sizeof(void *)) };
	g_assert_no_error(error);
	g_autofree char *text = g_strdup_printf("{\"workspace\":{\"timezone\":\"Europe/Paris\",\"hours\":\"always\",\"stages\":[\"prospect\",\"talking\"],%s},"
		"\"accounts\":[],\"channels\":{\"email\":{\"source\":\"a page\",\"checked\":\"2026-11-20\"}}}", more);
	g_autoptr(json_t) declared = value_parse(text, -1, &error);
	g_assert_no_error(error);
	w->host.workspace = workspace_new(w->dir, declared, &error);
	g_assert_no_error(error);
}

static inline void remove_all(const char *dir)
{
	g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
	for (const char *name; open && (name = g_dir_read_name(open));) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			remove_all(path);
		g_unlink(path);
	}
	g_rmdir(dir);
}

static inline void commit(World *w)
{
	g_autoptr(GError) error = NULL;
	host_commit(&w->host, &error);
	g_assert_no_error(error);
}

static inline void world_close(World *w)
{
	commit(w); /* what waits for a commit is done, too */
	g_assert_false(db_failed(w->host.db));
	retention_free(&w->host);
	visits_free(w->host.visits);
	g_clear_pointer(&w->host.policy_hashes, g_hash_table_unref);
	db_close(w->host.db);
	workspace_free(w->host.workspace);
	g_array_unref(w->host.after_commit);
	remove_all(w->dir);
	g_free(w->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_close)

static inline void run_sql(World *w, const char *sql)
{
	host_write(&w->host);
	Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
	while (rows_next(rows))
		;
	if (db_failed(w->host.db)) {
		g_autoptr(GError) error = NULL;
		db_take_error(w->host.db, &error);
		g_error("%s: %s", sql, error->message);
	}
}

static inline int64_t number(World *w, const char *sql)
{
	Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
	if (!rows_next(rows))
		return -1;
	int64_t n = rows_int(rows, 0);
	rows_done(rows);
	return n;
}

static inline void put(World *w, const char *attributes)
{
	g_autofree char *text = g_strdelimit(g_strdup(attributes), "'", '"');
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) object = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_autofree char *id = contacts_put(&w->host, object, true, "person", &error);
	g_assert_no_error(error);
	g_assert_nonnull(id);
}

static inline void merge(World *w, const char *into, const char *from)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(contacts_merge(&w->host, into, from, &error));
	g_assert_no_error(error);
}

static inline const char *gate(World *w, const char *contact, const char *address)
{
	PolicyCase c = { .contact = contact, .channel = "email", .address = address, .purpose = "ask" };
	Verdict verdict = policy_check(&w->host, &c);
	const char *rule = verdict.rule;
	verdict_clear(&verdict);
	return rule;
}

/* ---- every table ------------------------------------------------------------------------------------------------ */

static inline GPtrArray *tables_with(World *w, const char *column)
{
	GPtrArray *tables = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *sql = g_strdup_printf("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = '%s'"
	                                       " ORDER BY m.name", column);
	Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
	while (rows_next(rows))
		g_ptr_array_add(tables, g_strdup(rows_text(rows, 0)));
	return tables;
}

/* A row of every table that has a column contact, whatever else the table wants: text is `word`, numbers are n. */
static inline void fill(World *w, const char *contact, const char *word, int n)
{
	g_autoptr(GPtrArray) tables = tables_with(w, "contact");
	g_assert_cmpuint(tables->len, >=, 11);
	for (guint i = 0; i < tables->len; i++) {
		g_autofree char *sql = g_strdup_printf("SELECT name, type FROM pragma_table_info('%s')", (char *)tables->pdata[i]);
		g_autoptr(GString) names = g_string_new(NULL), values = g_string_new(NULL);
		Rows *rows = db_query_built(w->host.db, sql, NULL, 0);
		while (rows_next(rows)) {
			const char *name = rows_text(rows, 0);
			bool is_number = strcmp(rows_text(rows, 1), "INTEGER") == 0;
			/* A message or run of a stranger would be one of theirs. */
			/* What says nothing of a person: names of ours, ids that are random, words of a list. */
			static const char *const OURS[] = { "channel", "address_hash", "template", "purpose", "account", "rule", "code", "boot", "sequence", "version",
				"kind", "program", "error_code", "held", "thread", NULL };
			bool ours = g_strv_contains(OURS, name) || (strcmp(name, "reason") == 0 && strcmp(tables->pdata[i], "suppressions") == 0) ||
			            (strcmp(name, "outcome") == 0 && strcmp(tables->pdata[i], "runs") == 0);
			bool reference = strcmp(name, "run") == 0 || strcmp(name, "message") == 0 || strcmp(name, "position") == 0;
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
			g_string_append(values, values->len ? ", " : "");
			if (strcmp(name, "contact") == 0)
				g_string_append_printf(values, "'%s'", contact);
			else if (strcmp(name, "state") == 0)
				g_string_append(values, "'done'");
			else if (strcmp(name, "direction") == 0)
				g_string_append(values, "'in'");
			else if (strcmp(name, "data") == 0 || strcmp(name, "start") == 0)
				g_string_append_printf(values, "'{\"text\":\"%s\"}'", word);
			else if (reference)
				g_string_append(values, "NULL");
			else if (ours)
				g_string_append_printf(values, "'x%d'", n);
			else if (is_number)
				g_string_append_printf(values, "%d", n);
			else
				g_string_append_printf(values, "'%s'", word);
		}
		g_autofree char *insert = g_strdup_printf("INSERT INTO %s (%s) VALUES (%s)", (char *)tables->pdata[i], names->str, values->str);
		run_sql(w, insert);
	}
}

static inline void write_file(World *w, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(w->dir, "attachments", name, NULL), *dir = g_path_get_dirname(path);
	g_mkdir_with_parents(dir, 0700);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static inline void assert_file(World *w, const char *name, const char *wanted)
{
	g_autofree char *path = g_build_filename(w->dir, "attachments", name, NULL), *text = NULL;
	g_file_get_contents(path, &text, NULL, NULL);
	g_assert_cmpstr(text, ==, wanted);
}

#endif
