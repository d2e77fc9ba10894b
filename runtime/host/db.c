/* SPDX-License-Identifier: MIT */
/* The database on SQLite: see db.h. The only file that includes sqlite3.h. */
#include "host/db.h"

#include "base/embed.h"
#include "base/log.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-db-error, db_error)

struct Rows {
	Db *db;
	sqlite3_stmt *stmt; /* NULL: the query failed, there are no rows */
	bool busy;          /* being read: the same text asked again meanwhile gets a statement of its own */
	bool kept;          /* in db->statements */
};

struct Db {
	sqlite3 *sqlite;
	GHashTable *statements; /* text's address → Rows */
	GError *error;
	bool in_transaction;
	int64_t written_before;
	int savepoints;
};

static void rows_free(void *data)
{
	Rows *rows = data;
	sqlite3_finalize(rows->stmt);
	g_free(rows);
}

/* A DbError, as GError holds it. */
static int error_code(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL: return DB_ERROR_FULL;
	case SQLITE_IOERR: return DB_ERROR_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return DB_ERROR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return DB_ERROR_BUSY;
	default: return DB_ERROR_FAILED;
	}
}

static const char *advice(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL: return " (make room on the disk; what was not written is tried again)";
	case SQLITE_IOERR: return " (is the disk full, or failing?)";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return " (put back a copy that `perigee backup` made; do not delete it before you have one)";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN: return " (it must be a file that you may read and write, in a folder that you may write to)";
	default: return "";
	}
}

static void fail(Db *db, int rc)
{
	if (!db->error)
		g_set_error(&db->error, DB_ERROR, error_code(rc), "%s%s", sqlite3_errmsg(db->sqlite), advice(rc));
}

static void exec(Db *db, const char *sql)
{
	int rc = db->error ? SQLITE_OK : sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		fail(db, rc);
}

static int newest_schema(void)
{
	int newest = 0;
	for (const Embedded *e = embedded_migrations; e->name; e++)
		newest = MAX(newest, atoi(e->name));
	return newest;
}

static bool migrate(Db *db, const char *path, GError **error)
{
	int newest = newest_schema(), version = (int)db_int(db, 0, "PRAGMA user_version", "");
	if (version > newest) {
		g_set_error(error, DB_ERROR, DB_ERROR_NEWER,
		            "%s: made by a newer Perigee (schema %d, this program knows %d): use the newer program", path, version, newest);
		return false;
	}
	for (const Embedded *e = embedded_migrations; e->name; e++) {
		if (atoi(e->name) <= version)
			continue;
		g_autofree char *mark = g_strdup_printf("PRAGMA user_version = %d", atoi(e->name));
		exec(db, "BEGIN IMMEDIATE");
		exec(db, e->data);
		exec(db, mark);
		exec(db, "COMMIT");
	}
	if (!db->error)
		return true;
	sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	g_propagate_prefixed_error(error, g_steal_pointer(&db->error), "%s: ", path);
	return false;
}

/* A new database is its owner's alone: contacts and messages are in it. SQLite gives the files beside it the same mode. */
static void make_private(const char *path, int flags)
{
	int fd = path && flags & SQLITE_OPEN_CREATE ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	if (fd >= 0)
		close(fd); /* SQLite tells what is wrong, if something is */
}

static Db *connect(const char *path, int flags, GError **error)
{
	make_private(path, flags);
	/* One thread, one connection: SQLite's locks and memory counters would only cost. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 500);
	Db *db = g_new0(Db, 1);
	db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, rows_free);
	int rc = sqlite3_open_v2(path ? path : ":memory:", &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK) {
		g_set_error(error, DB_ERROR, error_code(rc), "%s: %s%s", path ? path : "memory", sqlite3_errmsg(db->sqlite), advice(rc));
		db_close(db);
		return NULL;
	}
	sqlite3_busy_timeout(db->sqlite, 5000);
	return db;
}

Db *db_open(const char *path, GError **error)
{
	Db *db = connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
	if (!db)
		return NULL;
	/* What is deleted or replaced is overwritten in the file at once, so that nothing of an erased person is left in it. */
	exec(db, "PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON");
	if (path)
		exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000");
	else
		exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
	if (db->error) {
		g_propagate_prefixed_error(error, g_steal_pointer(&db->error), "%s: ", path ? path : "memory");
		db_close(db);
		return NULL;
	}
	if (!migrate(db, path ? path : "memory", error)) {
		db_close(db);
		return NULL;
	}
	return db;
}

Db *db_open_to_look(const char *path)
{
	Db *db = connect(path, SQLITE_OPEN_READONLY, NULL);
	if (db && db_int(db, -1, "PRAGMA user_version", "") == newest_schema())
		return db;
	db_close(db);
	return NULL;
}

/* ---- a copy in memory ------------------------------------------------------------------------------------------ */

/* What tells whether somebody has written: the file itself, and whether there is a log beside it. */
typedef struct Stand {
	bool logged;
	int64_t size, seconds, nanoseconds;
} Stand;

static Stand stand_of(const char *path)
{
	g_autofree char *log = g_strconcat(path, "-wal", NULL);
	struct stat file = { 0 }, beside = { 0 };
	bool logged = stat(log, &beside) == 0 && beside.st_size > 0;
	if (stat(path, &file) != 0)
		return (Stand){ .logged = logged };
	return (Stand){ logged, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec };
}

static bool same_stand(const Stand *a, const Stand *b)
{
	return a->logged == b->logged && a->size == b->size && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

/* A reader of a database in WAL mode makes files beside it where there are none. One that nobody has open can be read as if it never
 * changed, which makes none; that it did not is looked at afterwards. */
static int copy_into(sqlite3 *memory, const char *path, bool still, char **text)
{
	g_autofree char *file = g_filename_to_uri(path, NULL, NULL);
	g_autofree char *uri = g_strconcat(file ? file : path, "?mode=ro", still ? "&immutable=1" : "", NULL);
	sqlite3 *from = NULL;
	int rc = sqlite3_open_v2(uri, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(from, 5000);
		sqlite3_backup *backup = sqlite3_backup_init(memory, "main", from, "main");
		rc = backup ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;
		int end = sqlite3_backup_finish(backup);
		rc = rc == SQLITE_DONE ? end : rc;
	}
	*text = rc == SQLITE_OK ? NULL : g_strdup(sqlite3_errstr(rc));
	sqlite3_close(from);
	return rc;
}

Db *db_open_copy(const char *path, GError **error)
{
	enum { TRIES = 20 };
	g_autoptr(Db) db = connect(NULL, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
	if (!db)
		return NULL;
	int rc = SQLITE_BUSY;
	g_autofree char *text = NULL;
	for (int i = 0; i < TRIES; i++) {
		g_free(text);
		Stand before = stand_of(path);
		rc = copy_into(db->sqlite, path, !before.logged, &text);
		Stand after = stand_of(path);
		if (before.logged || same_stand(&before, &after))
			break;
		rc = SQLITE_BUSY;
		g_usleep(20000);
	}
	if (rc != SQLITE_OK) {
		g_set_error(error, DB_ERROR, error_code(rc), "%s: %s%s", path, text ? text : "it is being written all the time", advice(rc));
		return NULL;
	}
	exec(db, "PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
	return migrate(db, path, error) ? g_steal_pointer(&db) : NULL;
}

void db_close(Db *db)
{
	if (!db)
		return;
	g_hash_table_unref(db->statements);
	g_clear_error(&db->error);
	sqlite3_close_v2(db->sqlite);
	g_free(db);
}

void db_begin(Db *db)
{
	if (db->in_transaction)
		return;
	db_run(db, "BEGIN IMMEDIATE", "");
	db->in_transaction = !db->error;
	db->written_before = sqlite3_total_changes64(db->sqlite);
	db->savepoints = 0;
}

bool db_in_transaction(const Db *db)
{
	return db->in_transaction;
}

int64_t db_written(const Db *db)
{
	return db->in_transaction ? sqlite3_total_changes64(db->sqlite) - db->written_before : 0;
}

int64_t db_changes_ever(const Db *db)
{
	return sqlite3_total_changes64(db->sqlite);
}

bool db_commit(Db *db, GError **error)
{
	if (!db->in_transaction && !db->error)
		return true;
	db_run(db, "COMMIT", "");
	if (!db->error) {
		db->in_transaction = false;
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&db->error));
	db_rollback(db);
	return false;
}

void db_rollback(Db *db)
{
	GHashTableIter iter;
	void *rows;
	g_hash_table_iter_init(&iter, db->statements);
	while (g_hash_table_iter_next(&iter, NULL, &rows)) {
		sqlite3_reset(((Rows *)rows)->stmt);
		((Rows *)rows)->busy = false;
	}
	g_clear_error(&db->error);
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	db->in_transaction = false;
}

void db_savepoint(Db *db)
{
	db_run(db, "SAVEPOINT effect", "");
}

void db_release(Db *db)
{
	db_run(db, "RELEASE effect", "");
}

void db_undo(Db *db)
{
	/* A full disk makes SQLite roll the whole transaction back: then there is no savepoint to return to. */
	if (sqlite3_get_autocommit(db->sqlite))
		return;
	g_clear_error(&db->error);
	db_run(db, "ROLLBACK TO effect", "");
	db_run(db, "RELEASE effect", "");
}

bool db_failed(const Db *db)
{
	return db->error != NULL;
}

bool db_alive(const Db *db)
{
	bool disk = g_error_matches(db->error, DB_ERROR, DB_ERROR_FULL) || g_error_matches(db->error, DB_ERROR, DB_ERROR_CORRUPT);
	return db->in_transaction && !sqlite3_get_autocommit(db->sqlite) && !disk;
}

void db_take_error(Db *db, GError **error)
{
	if (error)
		g_propagate_error(error, g_steal_pointer(&db->error));
	else
		g_clear_error(&db->error);
}

static Rows *prepare(Db *db, const char *sql, bool keep)
{
	Rows *rows = keep ? g_hash_table_lookup(db->statements, sql) : NULL;
	if (rows && !rows->busy)
		return rows;
	bool first = !rows;
	rows = g_new0(Rows, 1);
	rows->db = db;
	int rc = sqlite3_prepare_v3(db->sqlite, sql, -1, keep && first ? SQLITE_PREPARE_PERSISTENT : 0, &rows->stmt, NULL);
	if (rc != SQLITE_OK) {
		log_error("SQL: %s: %s", sqlite3_errmsg(db->sqlite), sql);
		fail(db, rc);
		g_free(rows);
		return NULL;
	}
	rows->kept = keep && first;
	if (rows->kept)
		g_hash_table_insert(db->statements, (void *)sql, rows);
	return rows;
}

static void bind(Rows *rows, const char *types, va_list args)
{
	for (int i = 1; *types; types++, i++) {
		int rc = SQLITE_OK;
		switch (*types) {
		case 'i': rc = sqlite3_bind_int64(rows->stmt, i, va_arg(args, int64_t)); break;
		case 's': rc = sqlite3_bind_text(rows->stmt, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT); break;
		case 'b': {
			const void *bytes = va_arg(args, const void *);
			rc = sqlite3_bind_blob64(rows->stmt, i, bytes, va_arg(args, size_t), SQLITE_TRANSIENT);
			break;
		}
		case 't':
		case 'z': {
			int64_t number = va_arg(args, int64_t);
			bool none = number == (*types == 't' ? INT64_MAX : 0);
			rc = none ? sqlite3_bind_null(rows->stmt, i) : sqlite3_bind_int64(rows->stmt, i, number);
			break;
		}
		case 'n': rc = sqlite3_bind_null(rows->stmt, i); break;
		default: panic("db: unknown type '%c'", *types);
		}
		if (rc != SQLITE_OK)
			fail(rows->db, rc);
	}
}

static Rows *query(Db *db, const char *sql, const char *types, va_list args)
{
	if (db->error)
		return NULL;
	Rows *rows = prepare(db, sql, true);
	if (!rows)
		return NULL;
	rows->busy = true;
	bind(rows, types, args);
	return rows;
}

Rows *db_query(Db *db, const char *sql, const char *types, ...)
{
	va_list args;
	va_start(args, types);
	Rows *rows = query(db, sql, types, args);
	va_end(args);
	return rows;
}

Rows *db_query_built(Db *db, const char *sql, const char *const *values, size_t n)
{
	if (db->error)
		return NULL;
	Rows *rows = prepare(db, sql, false);
	if (!rows)
		return NULL;
	rows->busy = true;
	for (size_t i = 0; i < n; i++)
		sqlite3_bind_text(rows->stmt, (int)i + 1, values[i], -1, SQLITE_TRANSIENT);
	return rows;
}

void rows_done(Rows *rows)
{
	if (!rows)
		return;
	sqlite3_reset(rows->stmt);
	rows->busy = false;
	if (!rows->kept)
		rows_free(rows);
}

bool rows_next(Rows *rows)
{
	if (!rows)
		return false;
	int rc = sqlite3_step(rows->stmt);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		fail(rows->db, rc);
	rows_done(rows);
	return false;
}

void db_run(Db *db, const char *sql, const char *types, ...)
{
	va_list args;
	va_start(args, types);
	Rows *rows = query(db, sql, types, args);
	va_end(args);
	while (rows && rows_next(rows))
		;
}

int64_t db_int(Db *db, int64_t otherwise, const char *sql, const char *types, ...)
{
	va_list args;
	va_start(args, types);
	Rows *rows = query(db, sql, types, args);
	va_end(args);
	int64_t value = otherwise;
	if (rows && rows_next(rows)) {
		value = rows_int_or(rows, 0, otherwise);
		rows_done(rows);
	}
	return value;
}

char *db_text(Db *db, const char *sql, const char *types, ...)
{
	va_list args;
	va_start(args, types);
	Rows *rows = query(db, sql, types, args);
	va_end(args);
	char *value = NULL;
	if (rows && rows_next(rows)) {
		value = g_strdup(rows_text(rows, 0));
		rows_done(rows);
	}
	return value;
}

int64_t db_last_id(const Db *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

int db_changes(const Db *db)
{
	return db->error ? 0 : sqlite3_changes(db->sqlite);
}

int64_t rows_int(Rows *rows, int column)
{
	return sqlite3_column_int64(rows->stmt, column);
}

int64_t rows_int_or(Rows *rows, int column, int64_t otherwise)
{
	return rows_null(rows, column) ? otherwise : rows_int(rows, column);
}

const char *rows_text(Rows *rows, int column)
{
	return (const char *)sqlite3_column_text(rows->stmt, column);
}

const void *rows_bytes(Rows *rows, int column, size_t *size)
{
	const void *bytes = sqlite3_column_blob(rows->stmt, column);
	*size = (size_t)sqlite3_column_bytes(rows->stmt, column);
	return bytes;
}

bool rows_null(Rows *rows, int column)
{
	return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL;
}

int rows_columns(Rows *rows)
{
	return rows ? sqlite3_column_count(rows->stmt) : 0;
}

const char *rows_name(Rows *rows, int column)
{
	return sqlite3_column_name(rows->stmt, column);
}

char *db_meta(Db *db, const char *key)
{
	return db_text(db, "SELECT value FROM meta WHERE key = ?", "s", key);
}

void db_set_meta(Db *db, const char *key, const char *value)
{
	db_run(db, "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", "ss", key, value);
}

void db_empty_log(Db *db)
{
	/* A reader in the way is no fault: then the next checkpoint does it. */
	if (!db->error && !db->in_transaction)
		sqlite3_exec(db->sqlite, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

bool db_backup(Db *db, const char *path, GError **error)
{
	sqlite3 *copy = NULL;
	make_private(path, SQLITE_OPEN_CREATE);
	int rc = sqlite3_open(path, &copy);
	sqlite3_backup *backup = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", db->sqlite, "main") : NULL;
	if (backup) {
		sqlite3_backup_step(backup, -1);
		rc = sqlite3_backup_finish(backup);
	}
	if (rc != SQLITE_OK || !backup)
		g_set_error(error, DB_ERROR, error_code(rc), "%s: %s", path, sqlite3_errmsg(copy));
	sqlite3_close(copy);
	return rc == SQLITE_OK && backup;
}
