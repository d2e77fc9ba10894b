/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * The floor under tests/bench/runs.py: a bare loop that writes the rows of its runs, five journaled store.add each, to the same
 * schema with the same durability, committing every GROUP runs.   floor DATABASE RUNS GROUP   prints runs a second.
 */
#include <glib.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { EFFECTS = 5 };

static void must(sqlite3 *db, int code)
{
	if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
		fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	must(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
	return statement;
}

static void step(sqlite3 *db, sqlite3_stmt *statement)
{
	must(db, sqlite3_step(statement));
	must(db, sqlite3_reset(statement));
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		printf("# floor: run by tests/bench/runs.py\n");
		return 0;
	}
	int runs = atoi(argv[2]), group = MAX(1, atoi(argv[3]));
	sqlite3 *db = NULL;
	must(db, sqlite3_open(argv[1], &db));
	must(db, sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; DELETE FROM journal; DELETE FROM store", NULL, NULL, NULL));
	sqlite3_stmt *add = prepare(db, "INSERT INTO store VALUES ('floor', ?, '1') ON CONFLICT DO UPDATE SET value = value + 1");
	sqlite3_stmt *entry = prepare(db, "INSERT INTO journal VALUES (?, ?, 'store.add', '{\"key\":\"bench\",\"n\":1}', 1795309355000,"
	                                  " '{\"r\":[1234]}', 1795309355000, NULL, 'sequences/bench.lua:8')");
	sqlite3_stmt *end = prepare(db, "UPDATE runs SET state = 'done', outcome = 'done', due = NULL, steps = 5, ended_at = 1795309355000 WHERE id = ?");
	int64_t begun = g_get_monotonic_time();
	for (int run = 1; run <= runs; run++) {
		if ((run - 1) % group == 0)
			must(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		for (int i = 0; i < EFFECTS; i++) {
			sqlite3_bind_text(add, 1, "bench", -1, SQLITE_STATIC);
			step(db, add);
			sqlite3_bind_int(entry, 1, run);
			sqlite3_bind_int(entry, 2, i);
			step(db, entry);
		}
		sqlite3_bind_int(end, 1, run);
		step(db, end);
		if (run % group == 0 || run == runs)
			must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	}
	printf("%.0f\n", runs * 1e6 / (double)(g_get_monotonic_time() - begun));
	sqlite3_finalize(add);
	sqlite3_finalize(entry);
	sqlite3_finalize(end);
	sqlite3_close(db);
	return 0;
}
