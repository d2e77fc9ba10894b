/* SPDX-License-Identifier: MIT */
/* A host of which policy is asked, with the channel table that ships. Used by the tests of policy. */
#ifndef PERIGEE_POLICY_WORLD_H
#define PERIGEE_POLICY_WORLD_H

#include "host/policy.h"
#include "host/when.h"

#include <string.h>

static inline Time at(const char *iso)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	Time time = 0;
	g_assert_true(when_iso(iso, utc, &time, NULL));
	return time;
}

/* stdlib/channels.lua as the worker hands it over. */
static inline json_t *shipped_channels(void)
{
	static const char *const script =
		"local rows = {}\n"
		"for name, row in pairs(require('channels').channels) do\n"
		"  local members = {}\n"
		"  for key, value in pairs(row) do members[#members + 1] = ('%q:%s'):format(key, type(value) == 'string' and ('%q'):format(value) or tostring(value)) end\n"
		"  rows[#rows + 1] = ('%q:{%s}'):format(name, table.concat(members, ','))\n"
		"end\n"
		"io.write('{', table.concat(rows, ','), '}')";
	const char *argv[] = { "lua5.4", "-e", script, NULL };
	g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LUA_PATH", "stdlib/?.lua;;", TRUE);
	g_autofree char *text = NULL;
	int status = -1;
	g_autoptr(GError) error = NULL;
	g_spawn_sync(NULL, (char **)argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, NULL, &status, &error);
	g_assert_no_error(error);
	g_assert_cmpint(status, ==, 0);
	json_t *channels = json_loads(text, 0, NULL);
	g_assert_nonnull(channels);
	return channels;
}

/* members: the rest of the workspace table (",\"policy\":{..}"); accounts: the objects of the list. */
static inline void policy_world(Host *host, const char *members, const char *accounts)
{
	static json_t *channels;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strdup_printf("{\"workspace\":{\"timezone\":\"Europe/Paris\",\"holidays\":[\"FR\"]%s},\"accounts\":[%s]}", members, accounts);
	g_autoptr(json_t) declared = json_loads(text, 0, NULL);
	g_assert_nonnull(declared);
	if (!channels)
		channels = shipped_channels();
	json_object_set(declared, "channels", channels);
	memset(host, 0, sizeof *host);
	host->workspace = workspace_new("/some/where", declared, &error);
	g_assert_no_error(error);
	host->db = db_open(NULL, &error);
	g_assert_no_error(error);
	/* A Tuesday, ten in the morning in Paris. */
	host->clock = clock_virtual(at("2026-11-24T10:00+01:00"));
}

static inline void policy_world_end(Host *host)
{
	g_assert_false(db_failed(host->db));
	db_close(host->db);
	workspace_free(host->workspace);
	g_clear_pointer(&host->policy_hashes, g_hash_table_unref);
	g_clear_pointer(&host->account_tries, g_hash_table_unref);
}

#endif
