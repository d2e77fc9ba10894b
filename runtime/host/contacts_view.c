/* SPDX-License-Identifier: MIT */
/* A contact as scripts and templates see it, and in which zone they live. See contacts.h. */
#include "host/contacts.h"

#include <string.h>

/* The columns whose names are members of the view come first. */
#define VIEW_COLUMNS 9
static const char VIEW[] =
	"SELECT name, first_name, locale, timezone, country, company, owner, stage, preferred_channel, fields, rev FROM contacts WHERE id = ?";
static const char IDENTITIES[] = "SELECT channel, address FROM identities WHERE contact = ? ORDER BY channel, rank, norm";
static const char LABELS[] = "SELECT label FROM labels WHERE contact = ? ORDER BY label";
static const char PROFILE[] = "SELECT preferred_channel, consent, consent_source, consent_at, away_until, snoozed_until, created_at, updated_at FROM contacts WHERE id = ?";
static const char SHARERS[] =
	"SELECT DISTINCT b.contact FROM identities a JOIN identities b ON a.channel = b.channel AND a.norm = b.norm AND a.contact <> b.contact"
	" WHERE a.contact = ? ORDER BY b.contact";
static const char SHARERS_OF[] = "SELECT contact FROM identities WHERE channel = ? AND norm = ? AND contact <> ? ORDER BY contact";
static const char ZONE[] = "SELECT timezone, country FROM contacts WHERE id = ?";

json_t *contacts_view(Host *host, const char *id, int64_t *rev)
{
	Rows *rows = db_query(host->db, VIEW, "s", id);
	if (!rows_next(rows))
		return NULL;
	json_t *view = json_object();
	json_object_set_new(view, "id", json_string(id));
	for (int i = 0; i < VIEW_COLUMNS; i++)
		if (!rows_null(rows, i))
			json_object_set_new(view, rows_name(rows, i), json_string(rows_text(rows, i)));
	const char *fields = rows_text(rows, VIEW_COLUMNS);
	json_object_set_new(view, "fields", strcmp(fields, "{}") == 0 ? json_object() : value_parse(fields, -1, NULL));
	if (rev)
		*rev = rows_int(rows, VIEW_COLUMNS + 1);
	rows_done(rows);
	json_t *identities = json_object(), *labels = json_array();
	json_object_set_new(view, "identities", identities);
	json_object_set_new(view, "labels", labels);
	for (rows = db_query(host->db, IDENTITIES, "s", id); rows_next(rows);)
		if (!json_object_get(identities, rows_text(rows, 0))) /* the first is the one that is written to */
			json_object_set_new(identities, rows_text(rows, 0), json_string(rows_text(rows, 1)));
	for (rows = db_query(host->db, LABELS, "s", id); rows_next(rows);)
		json_array_append_new(labels, json_string(rows_text(rows, 0)));
	return view;
}

static json_t *all_addresses(Host *host, const char *id)
{
	json_t *addresses = json_object();
	Rows *rows = db_query(host->db, IDENTITIES, "s", id);
	while (rows_next(rows)) {
		json_t *list = json_object_get(addresses, rows_text(rows, 0));
		if (!list)
			json_object_set_new(addresses, rows_text(rows, 0), list = json_array());
		json_array_append_new(list, json_string(rows_text(rows, 1)));
	}
	return addresses;
}

json_t *contacts_profile(Host *host, const char *id)
{
	json_t *profile = contacts_view(host, id, NULL);
	if (!profile)
		return NULL;
	Rows *rows = db_query(host->db, PROFILE, "s", id);
	while (rows_next(rows))
		for (int i = 0; i < rows_columns(rows); i++)
			if (!rows_null(rows, i))
				json_object_set_new(profile, rows_name(rows, i), i < 3 ? json_string(rows_text(rows, i)) : json_integer(rows_int(rows, i)));
	json_object_set_new(profile, "addresses", all_addresses(host, id));
	json_t *sharers = json_array();
	for (rows = db_query(host->db, SHARERS, "s", id); rows_next(rows);)
		json_array_append_new(sharers, json_string(rows_text(rows, 0)));
	if (json_array_size(sharers) > 0)
		json_object_set(profile, "shared", sharers);
	json_decref(sharers);
	return profile;
}

char *contacts_sharers(Host *host, const char *id, const char *channel, const char *address)
{
	enum { SHOWN = 3 };
	g_autofree char *norm = contacts_normalize(channel, address, NULL);
	guint n = 0;
	GString *list = g_string_new(NULL);
	Rows *rows = db_query(host->db, SHARERS_OF, "sss", channel, norm, id);
	for (; rows_next(rows); n++)
		if (n < SHOWN)
			g_string_append_printf(list, "%s%s", n ? ", " : "", rows_text(rows, 0));
	if (n > SHOWN)
		g_string_append_printf(list, " and %u more", n - SHOWN);
	return g_string_free(list, n == 0);
}

static bool same(const json_t *a, const json_t *b)
{
	if (!a || !b)
		return a == b;
	if (json_is_string(a) && json_is_string(b))
		return strcmp(json_string_value(a), json_string_value(b)) == 0;
	return json_equal(a, b) != 0;
}

json_t *contacts_changes(const json_t *was, const json_t *is)
{
	json_t *changes = NULL;
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)is, key, member) {
		if (same(json_object_get(was, key), member))
			continue;
		changes = changes ? changes : json_object();
		json_object_set(changes, key, member);
	}
	json_object_foreach((json_t *)was, key, member) {
		if (json_object_get(is, key))
			continue;
		changes = changes ? changes : json_object();
		json_object_set_new(changes, key, json_null());
	}
	return changes;
}

GTimeZone *contacts_zone(Host *host, const char *id)
{
	GTimeZone *zone = host->workspace->zone;
	Rows *rows = id ? db_query(host->db, ZONE, "s", id) : NULL;
	if (rows && rows_next(rows)) {
		zone = workspace_zone_of(host->workspace, rows_text(rows, 0), rows_text(rows, 1));
		rows_done(rows);
	}
	return g_time_zone_ref(zone);
}
