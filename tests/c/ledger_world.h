/* SPDX-License-Identifier: MIT */
/* A host with a ledger and no carrier: outcomes are told by the test. Used by the tests of breakers, reach and events. */
#ifndef PERIGEE_LEDGER_WORLD_H
#define PERIGEE_LEDGER_WORLD_H

#include "policy_world.h"

#include "host/handover.h"
#include "host/visits.h"

static inline void ledger_world(Host *host, const char *members)
{
	policy_world(host, members,
	             "{\"name\":\"lea\",\"channel\":\"email\",\"from_address\":\"lea@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"}},"
	             "{\"name\":\"bo\",\"channel\":\"email\",\"from_address\":\"bo@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"}}");
	host->visits = visits_new();
	host->after_commit = g_array_new(FALSE, FALSE, 3 * sizeof(void *));
	host->ledger_rendering = handover_table();
	host->account_blocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	db_run(host->db, "INSERT INTO contacts (id, company, created_at, updated_at) VALUES ('ana', ' Acme GmbH', 0, 0), ('ben', 'ACME GmbH ', 0, 0),"
	       " ('cleo', 'Other', 0, 0), ('dan', '', 0, 0)", "");
	db_run(host->db, "INSERT INTO identities (contact, channel, address, norm) VALUES ('ana', 'email', 'ana@x.example', 'ana@x.example'),"
	       " ('ana', 'instagram', 'ana', 'ana'), ('ben', 'email', 'ben@x.example', 'ben@x.example')", "");
}

static inline void ledger_world_end(Host *host)
{
	visits_free(host->visits);
	g_hash_table_unref(host->ledger_rendering);
	g_hash_table_unref(host->account_blocks);
	g_clear_pointer(&host->programs, g_hash_table_unref);
	g_array_unref(host->after_commit);
	policy_world_end(host);
}

/* A live run of a contact that waits for `kind` (asked now) until deadline, 0: for ever. Its id. */
static inline int64_t live_run(Host *host, const char *contact, const char *kind, const char *args, Time deadline)
{
	const char *state = g_str_equal(kind, "reach") || g_str_equal(kind, "send") ? "sending" : "waiting";
	Time due = deadline ? deadline : TIME_NEVER;
	db_run(host->db, "INSERT INTO runs (sequence, contact, key, version, state, due, seed, start, started_at) VALUES ('s', ?1, hex(randomblob(4)), 'v', ?2, ?3, 1, '{}', ?4)",
	       "ssti", contact, state, due, host_now(host));
	int64_t id = db_last_id(host->db);
	db_run(host->db, "INSERT INTO journal (run, position, kind, args, asked_at, deadline) VALUES (?, 1, ?, ?, ?, ?)", "issit", id, kind, args,
	       host_now(host), due);
	return id;
}

static inline void is_text(Host *host, const char *wanted, const char *sql, int64_t id)
{
	g_autofree char *text = db_text(host->db, sql, "i", id);
	g_assert_cmpstr(text, ==, wanted);
}

#endif
