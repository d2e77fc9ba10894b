/* SPDX-License-Identifier: MIT */
/* The workspace: what perigee.lua says, checked and made into structures. See workspace.h. */
#include "host/workspace.h"

#include <string.h>

#include "base/value.h"
#include "host/accounts.h"
#include "host/contacts.h"
#include "host/declared.h"
#include "host/retention.h"
#include "host/segments.h"

G_DEFINE_QUARK(perigee-workspace-error, workspace_error)

#define MOST_STAGES 100

static const char *const default_stages[] = {
	"prospect", "contacted", "talking", "agreed", "briefed", "published", "paid", "silent", "declined", NULL,
};

static bool read_zone_and_hours(Workspace *workspace, const Declared *reader)
{
	const char *zone = NULL;
	if (!declared_text(reader, "timezone", &zone))
		return false;
	if (!zone)
		return declared_wrong(reader, "timezone", "is missing: write timezone = \"Europe/Paris\"");
	GError *cause = NULL;
	workspace->timezone = g_strdup(zone);
	workspace->zone = when_zone(zone, &cause);
	const json_t *hours = declared_member(reader, "hours"), *holidays;
	if (workspace->zone && !declared_list(reader, "holidays", &holidays))
		return false;
	if (workspace->zone)
		workspace->hours = hours_new(hours, holidays, &cause);
	if (!cause) {
		workspace->always_open = json_is_string(hours) && json_array_size(holidays) == 0;
		return true;
	}
	declared_wrong(reader, workspace->zone ? NULL : "timezone", "%s", cause->message);
	g_error_free(cause);
	return false;
}

static bool read_database(Workspace *workspace, const Declared *reader)
{
	const char *path = "perigee.db";
	if (!declared_text(reader, "database", &path))
		return false;
	if (g_str_has_prefix(path, "postgresql:") || g_str_has_prefix(path, "postgres:"))
		return declared_wrong(reader, "database", "PostgreSQL is not in this version: name a file, such as \"perigee.db\"");
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	if (!*path || strstr(path, "://") || g_str_has_suffix(path, "/"))
		return declared_wrong(reader, "database", "must name a file, such as \"perigee.db\"");
	if (!g_path_is_absolute(path) && g_strv_contains((const char *const *)parts, ".."))
		return declared_wrong(reader, "database", "must stay in the workspace's folder, or be an absolute path");
	workspace->database = g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(workspace->dir, path, NULL);
	return true;
}

static bool read_stages(Workspace *workspace, const Declared *reader)
{
	const json_t *list;
	if (!declared_list(reader, "stages", &list))
		return false;
	if (!list) {
		workspace->stages = g_strdupv((GStrv)default_stages);
		return true;
	}
	if (json_array_size(list) == 0 || json_array_size(list) > MOST_STAGES)
		return declared_wrong(reader, "stages", "must be a list of 1 to %d names", MOST_STAGES);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		const char *stage = json_string_value(item);
		if (!*stage)
			return declared_wrong(reader, "stages", "a stage has no name");
		for (size_t j = 0; j < i; j++)
			if (strcmp(stage, json_string_value(json_array_get(list, j))) == 0)
				return declared_wrong(reader, "stages", "\"%s\" stands there twice", stage);
		g_strv_builder_add(builder, stage);
	}
	workspace->stages = g_strv_builder_end(builder);
	return true;
}

/* A list of channels, of which a wrong one is an error. */
static bool check_channels(const Declared *reader, const char *key)
{
	const json_t *list;
	if (!declared_list(reader, key, &list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!contacts_is_channel(json_string_value(json_array_get(list, i))))
			return declared_wrong(reader, key, "there is no channel \"%.40s\"", json_string_value(json_array_get(list, i)));
	return true;
}

/* false is 0: the rule is off. */
static bool read_limits(Workspace *workspace, const Declared *reader)
{
	static const struct { const char *key; int value; } limits[] = {
		{ "asks_per_week", 3 }, { "breaker", 5 }, { "max_channels", 3 }, { "two_then_call", 2 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		int value = limits[i].value;
		bool off = json_is_false(declared_member(reader, limits[i].key));
		if (!off && !declared_count(reader, limits[i].key, 0, &value))
			return false;
		json_object_set_new(workspace->policy, limits[i].key, json_integer(off ? 0 : value));
	}
	return true;
}

static bool read_policy(Workspace *workspace, const Declared *outer)
{
	static const struct { const char *key; bool value; } flags[] = { { "personal", true }, { "stop_company", false } };
	const json_t *table;
	if (!declared_table(outer, "policy", &table))
		return false;
	Declared reader = { .object = table, .where = "workspace: policy", .error = outer->error };
	workspace->policy = table ? json_deep_copy(table) : json_object();
	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
		const json_t *flag = declared_member(&reader, flags[i].key);
		if (flag && !json_is_boolean(flag))
			return declared_wrong(&reader, flags[i].key, "must be true or false");
		json_object_set_new(workspace->policy, flags[i].key, json_boolean(flag ? json_is_true(flag) : flags[i].value));
	}
	if (!check_channels(&reader, "opt_in"))
		return false;
	const json_t *opt_in = declared_member(&reader, "opt_in");
	json_object_set_new(workspace->policy, "opt_in", json_is_array(opt_in) ? json_deep_copy(opt_in) : json_array());
	return read_limits(workspace, &reader);
}

static bool read_topics(Workspace *workspace, const Declared *outer)
{
	const json_t *table;
	if (!declared_table(outer, "topics", &table))
		return false;
	Declared reader = { .object = table, .where = "workspace: topics", .error = outer->error };
	workspace->topics = json_object();
	const char *topic;
	json_t *value;
	json_object_foreach((json_t *)table, topic, value) {
		if (json_array_size(value) == 0)
			return declared_wrong(&reader, topic, "must be a list of channels");
		if (!check_channels(&reader, topic))
			return false;
		json_object_set_new(workspace->topics, topic, json_deep_copy(value));
	}
	return true;
}

static bool read_keep(Workspace *workspace, const Declared *outer)
{
	const json_t *table;
	if (!declared_table(outer, "keep", &table))
		return false;
	Declared reader = { .object = table, .where = "workspace: keep", .error = outer->error };
	workspace->keep = json_pack("{s:s, s:s}", "journals", "1 year", "raw_mail", "1 year");
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)table, key, value) {
		const char *text = NULL;
		Time span;
		if (!declared_text(&reader, key, &text))
			return false;
		g_autoptr(GError) cause = NULL;
		if (text && !when_span(text, &span, &cause))
			return declared_wrong(&reader, key, "%s", cause->message);
		if (text && span < RETENTION_LEAST && (strcmp(key, "contacts") == 0 || strcmp(key, "messages") == 0))
			return declared_wrong(&reader, key, "must be 90 days or more: policy counts what was sent within them");
		if (text)
			json_object_set_new(workspace->keep, key, json_string(text));
	}
	return true;
}

static bool read_segments(Workspace *workspace, const Declared *outer)
{
	const json_t *table;
	if (!declared_table(outer, "segments", &table))
		return false;
	Declared reader = { .object = table, .where = "workspace: segments", .error = outer->error };
	workspace->segments = table ? json_deep_copy(table) : json_object();
	const char *name;
	json_t *segment;
	json_object_foreach(workspace->segments, name, segment) {
		g_autoptr(GError) cause = NULL;
		if (!segments_check(segment, &cause))
			return declared_wrong(&reader, name, "%s", cause->message);
	}
	return true;
}

static bool read_rest(Workspace *workspace, const Declared *reader)
{
	const char *url = NULL, *redirect = NULL, *undo = "0s";
	const json_t *allow;
	if (!declared_text(reader, "public_url", &url) || !declared_text(reader, "redirect_all_to", &redirect) || !declared_text(reader, "undo", &undo) ||
	    !declared_list(reader, "allow_addresses", &allow))
		return false;
	g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_NONE, NULL) : NULL;
	if (url && (!uri || !g_uri_get_host(uri) || !g_str_has_prefix(g_uri_get_scheme(uri), "http")))
		return declared_wrong(reader, "public_url", "must be a URL such as \"https://outreach.brand.example\"");
	if (redirect && !accounts_is_mail_address(redirect))
		return declared_wrong(reader, "redirect_all_to", "must be an address such as \"me@brand.example\"");
	g_autoptr(GError) cause = NULL;
	if (!when_span(undo, &workspace->undo, &cause))
		return declared_wrong(reader, "undo", "%s", cause->message);
	workspace->public_url = g_strdup(url);
	workspace->redirect_all_to = g_strdup(redirect);
	workspace->allow_addresses = allow ? json_deep_copy(allow) : json_array();
	return true;
}

Workspace *workspace_new(const char *dir, const json_t *declared, GError **error)
{
	Workspace *workspace = g_new0(Workspace, 1);
	workspace->dir = g_canonicalize_filename(dir, NULL);
	workspace->accounts = g_ptr_array_new_with_free_func((GDestroyNotify)accounts_free_one);
	workspace->zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_time_zone_unref);
	Declared reader = { .object = json_object_get(declared, "workspace"), .where = "workspace", .error = error };
	bool good = json_is_object(reader.object) || declared_wrong(&reader, NULL, "is missing: write workspace { timezone = \"Europe/Paris\" }");
	if (good && read_zone_and_hours(workspace, &reader) && read_database(workspace, &reader) && read_stages(workspace, &reader) &&
	    (workspace->channels = channels_new(json_object_get(declared, "channels"), error)) && read_policy(workspace, &reader) &&
	    read_topics(workspace, &reader) && read_keep(workspace, &reader) && read_segments(workspace, &reader) && read_rest(workspace, &reader) &&
	    accounts_read(workspace, json_object_get(declared, "accounts"), error))
		return workspace;
	workspace_free(workspace);
	return NULL;
}

void workspace_free(Workspace *workspace)
{
	if (!workspace)
		return;
	g_free(workspace->dir);
	g_free(workspace->database);
	g_free(workspace->timezone);
	if (workspace->zone)
		g_time_zone_unref(workspace->zone);
	hours_free(workspace->hours);
	g_free(workspace->redirect_all_to);
	g_free(workspace->public_url);
	g_strfreev(workspace->stages);
	json_decref(workspace->policy);
	json_decref(workspace->topics);
	g_clear_pointer(&workspace->channels, g_hash_table_unref);
	json_decref(workspace->allow_addresses);
	json_decref(workspace->keep);
	json_decref(workspace->segments);
	g_ptr_array_unref(workspace->accounts);
	g_hash_table_unref(workspace->zones);
	g_free(workspace);
}

Account *workspace_account(const Workspace *workspace, const char *name)
{
	for (guint i = 0; name && i < workspace->accounts->len; i++) {
		Account *account = workspace->accounts->pdata[i];
		if (strcmp(account->name, name) == 0)
			return account;
	}
	return NULL;
}

Account *workspace_account_for(const Workspace *workspace, const char *channel, const char *owner)
{
	Account *first = NULL;
	for (guint i = 0; i < workspace->accounts->len; i++) {
		Account *account = workspace->accounts->pdata[i];
		if (strcmp(account->channel, channel) != 0)
			continue;
		if (owner && account->owner && strcmp(account->owner, owner) == 0)
			return account;
		if (!first)
			first = account;
	}
	return first;
}

Account *workspace_pretend_account(Workspace *workspace, const char *channel)
{
	for (guint i = 0; i < workspace->accounts->len; i++) {
		Account *account = workspace->accounts->pdata[i];
		if (account->pretend && strcmp(account->channel, channel) == 0)
			return account;
	}
	Account *account = g_new0(Account, 1);
	account->name = g_strdup_printf("pretend-%s", channel);
	account->channel = g_strdup(channel);
	account->pretend = true;
	account->config = json_object();
	if (strcmp(channel, "email") == 0) {
		account->from_name = g_strdup("Pretend");
		account->from_address = g_strdup("pretend@workspace.invalid");
		account->has_smtp = true;
	}
	g_ptr_array_add(workspace->accounts, account);
	return account;
}

GTimeZone *workspace_zone(Workspace *workspace, const char *name)
{
	GTimeZone *zone = g_hash_table_lookup(workspace->zones, name);
	if (!zone && (zone = when_zone(name, NULL)))
		g_hash_table_insert(workspace->zones, g_strdup(name), zone);
	return zone;
}

GTimeZone *workspace_zone_of(Workspace *workspace, const char *zone_name, const char *country)
{
	GTimeZone *zone = zone_name ? workspace_zone(workspace, zone_name) : NULL;
	const char *name = zone ? NULL : when_country_zone(country);
	if (name)
		zone = workspace_zone(workspace, name);
	return zone ? zone : workspace->zone;
}

int64_t workspace_limit(const Workspace *workspace, const char *key)
{
	return json_integer_value(json_object_get(workspace->policy, key));
}

bool workspace_has_stage(const Workspace *workspace, const char *stage)
{
	return g_strv_contains((const char *const *)workspace->stages, stage);
}
