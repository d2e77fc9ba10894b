/* SPDX-License-Identifier: MIT */
/*
 * The database, as all of the host sees it. SQLite stands behind it (db.c is the only file that knows).
 *
 * SQL text stands as named constants on top of the module that owns the tables; a statement is prepared at its first
 * use and kept, found again by the address of its text (so the text must be static).
 * Errors are sticky: after the first one every call does nothing and gives zeros, until db_take_error. So a module does
 * its work without looking, and the host looks once per effect or turn (db_failed) and rolls back.
 *
 *   static const char FIND[] = "SELECT id, name FROM contacts WHERE stage = ? AND rev > ?";
 *   Rows *rows = db_query(db, FIND, "si", stage, rev);
 *   while (rows_next(rows))
 *       use(rows_text(rows, 0), rows_text(rows, 1));
 *   db_run(db, "UPDATE ...", "i", id);
 *
 * Types of bound values, one letter each: i gint64 (pass an int64_t!), s const char* (NULL is SQL NULL), b const void* and
 * size_t (bytes), t int64_t time (TIME_NEVER is SQL NULL), z int64_t (0 is SQL NULL), n SQL NULL (takes no argument).
 * rows_next resets the statement at the end; a loop that is left early must call rows_done.
 */
#ifndef PERIGEE_DB_H
#define PERIGEE_DB_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DB_ERROR (db_error_quark())
GQuark db_error_quark(void);
/* FULL: no space; NEWER: made by a newer program; CORRUPT: no database or damaged; BUSY: someone else writes. */
typedef enum { DB_ERROR_FAILED, DB_ERROR_FULL, DB_ERROR_NEWER, DB_ERROR_CORRUPT, DB_ERROR_BUSY } DbError;

typedef struct Db Db;
typedef struct Rows Rows;

/* Opens or makes the file and brings it to this program's schema. path NULL: in memory. */
Db *db_open(const char *path, GError **error);
/* Opens it to read what stands there, beside its owner; nothing is changed. NULL if it is not there or not of this program's schema. */
Db *db_open_to_look(const char *path);
/* A copy in memory of the file as it is committed now, brought to this program's schema. The file may be in use; it is only read, and
 * nothing is made beside it. */
Db *db_open_copy(const char *path, GError **error);
void db_close(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)

/* Transactions. Savepoints nest inside; names are the caller's. db_begin inside a transaction does nothing. */
void db_begin(Db *db);
bool db_in_transaction(const Db *db);
/* Rows written since db_begin. */
int64_t db_written(const Db *db);
/* Rows ever written: equal numbers mean that nothing has changed in between. */
int64_t db_changes_ever(const Db *db);
/* False (error set, taken from the sticky one) if anything failed since db_begin; then all of it is rolled back. */
bool db_commit(Db *db, GError **error);
void db_rollback(Db *db);
void db_savepoint(Db *db);
void db_release(Db *db);
/* Undoes all since db_savepoint and takes the sticky error away, if the whole transaction is still alive. */
void db_undo(Db *db);

bool db_failed(const Db *db);
/* After an error: is the transaction still there (so that db_undo helps), or has a full or broken disk taken it all back? */
bool db_alive(const Db *db);
/* Moves the sticky error into error (which may be NULL) and makes the database usable again. */
void db_take_error(Db *db, GError **error);

void db_run(Db *db, const char *sql, const char *types, ...);
Rows *db_query(Db *db, const char *sql, const char *types, ...);
/* Same, for SQL text that was built at run time (filters of the command line): not kept. */
Rows *db_query_built(Db *db, const char *sql, const char *const *values, size_t n);
/* The first column of the first row. db_int: otherwise if there is none or it is NULL. db_text: caller frees, NULL if none. */
int64_t db_int(Db *db, int64_t otherwise, const char *sql, const char *types, ...);
char *db_text(Db *db, const char *sql, const char *types, ...);
int64_t db_last_id(const Db *db);
/* Rows changed by the last db_run. */
int db_changes(const Db *db);

bool rows_next(Rows *rows);
void rows_done(Rows *rows);
int64_t rows_int(Rows *rows, int column);
/* As rows_int, with a value for NULL. */
int64_t rows_int_or(Rows *rows, int column, int64_t otherwise);
/* Borrowed until the next rows_next; NULL for SQL NULL. */
const char *rows_text(Rows *rows, int column);
const void *rows_bytes(Rows *rows, int column, size_t *size);
bool rows_null(Rows *rows, int column);
int rows_columns(Rows *rows);
const char *rows_name(Rows *rows, int column);

/* meta: small facts about the database. Caller frees. */
char *db_meta(Db *db, const char *key);
void db_set_meta(Db *db, const char *key, const char *value);

/* Writes the write-ahead log into the file and empties it: nothing that was deleted is left in either. Not inside a transaction. */
void db_empty_log(Db *db);
/* A consistent copy while in use, into a new file. */
bool db_backup(Db *db, const char *path, GError **error);

#endif
