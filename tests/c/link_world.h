/* SPDX-License-Identifier: MIT */
/* A world for tests of links in mails: one contact with a run and a mail, a mail that was a test, and one of somebody who has been erased. */
#ifndef PERIGEE_LINK_WORLD_H
#define PERIGEE_LINK_WORLD_H

#include "host/token.h"
#include "host/visits.h"

#define NOW INT64_C(1795420800000) /* 2026-11-23 08:00 UTC */
#define ID "aaaaaaaaaaaaaaaaaaaaaaaaay@brand.example"
#define TEST_ID "bbbbbbbbbbbbbbbbbbbbbbbbby@brand.example"
#define ERASED_ID "cccccccccccccccccccccccccy@brand.example"

typedef struct World {
	Host host;
	Workspace workspace;
	Account ours;
} World;

static void run_sql(World *w, const char *sql)
{
	db_run(w->host.db, sql, "");
	g_assert_false(db_failed(w->host.db));
}

G_GNUC_UNUSED static int64_t number(World *w, const char *sql)
{
	return db_int(w->host.db, -1, sql, "");
}

G_GNUC_UNUSED static void is_text(World *w, const char *sql, const char *wanted)
{
	g_autofree char *text = db_text(w->host.db, sql, "");
	g_assert_cmpstr(text, ==, wanted);
}

static void world_open(World *w, const void *unused)
{
	(void)unused;
	*w = (World){ 0 };
	w->ours = (Account){ .name = "lea", .channel = "email", .from_name = "Léa", .from_address = "lea@brand.example" };
	static char *stages[] = { "prospect", NULL }, url[] = "https://out.brand.example/mail/";
	w->workspace = (Workspace){ .timezone = "Europe/Paris", .zone = g_time_zone_new_utc(), .accounts = g_ptr_array_new(), .stages = stages,
		                    .public_url = url, .allow_addresses = json_array() };
	g_ptr_array_add(w->workspace.accounts, &w->ours);
	w->host = (Host){ .db = db_open(NULL, NULL), .workspace = &w->workspace, .clock = clock_virtual(NOW), .lock_fd = -1, .visits = visits_new(),
		          .after_commit = g_array_new(FALSE, FALSE, 3 * sizeof(void *)) };
	run_sql(w, "INSERT INTO contacts (id, name, locale, created_at, updated_at) VALUES ('ana', 'Ana', 'fr-FR', 0, 0)");
	run_sql(w, "INSERT INTO identities (contact, channel, address, norm) VALUES ('ana', 'email', 'ana@shop.example', 'ana@shop.example')");
	run_sql(w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES (1, 's', 'ana', 'v', 'waiting', 1, '{}', 1)");
	run_sql(w, "INSERT INTO messages (id, contact, run, channel, account, direction, state, address, message_id, at) VALUES"
	           " (10, 'ana', 1, 'email', 'lea', 'out', 'unknown', 'ana@shop.example', '" ID "', 1),"
	           " (11, 'ana', 1, 'email', 'lea', 'out', 'queued', NULL, NULL, 1),"
	           " (12, NULL, NULL, 'email', 'lea', 'out', 'accepted', 'me@brand.example', '" TEST_ID "', 1),"
	           " (13, NULL, NULL, 'email', 'lea', 'out', 'accepted', NULL, '" ERASED_ID "', 1)");
	db_run(w->host.db, "UPDATE messages SET at = ?", "i", NOW - TIME_HOUR);
}

static void world_close(World *w, const void *unused)
{
	(void)unused;
	g_assert_false(db_failed(w->host.db));
	visits_free(w->host.visits);
	g_clear_pointer(&w->host.programs, g_hash_table_unref);
	g_clear_pointer(&w->host.policy_hashes, g_hash_table_unref);
	db_close(w->host.db);
	g_time_zone_unref(w->workspace.zone);
	g_ptr_array_unref(w->workspace.accounts);
	json_decref(w->workspace.allow_addresses);
	g_array_unref(w->host.after_commit);
}

#endif
