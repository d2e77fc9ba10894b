/* SPDX-License-Identifier: MIT */
/* The workspace: what perigee.lua says, checked and made into structures. See workspace.h. */
#include "host/workspace.h"

#include <string.h>

#include "base/value.h"

G_DEFINE_QUARK(perigee-workspace-error, workspace_error)

enum {
	LONGEST_TEXT = 1000,
	MOST_ACCOUNTS = 1000,
	MOST_STAGES = 100,
};

static const char *const default_stages[] = {
	"prospect", "contacted", "talking", "agreed", "briefed", "published", "paid", "silent", "declined", NULL,
};

/* A table of perigee.lua that is being read: every reader below gives what was said, or the default when nothing was. */
typedef struct Reader {
	const json_t *object;
	const char *where; /* "workspace", "account \"lea\"" */
	GError **error;
} Reader;

static bool wrong(const Reader *reader, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool wrong(const Reader *reader, const char *key, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(reader->error, WORKSPACE_ERROR, WORKSPACE_ERROR_INVALID, "perigee.lua: %s: %s%s%s", reader->where,
	            key ? key : "", key ? ": " : "", text);
	return false;
}

static bool has_controls(const char *text)
{
	for (; *text; text++)
		if (g_ascii_iscntrl(*text))
			return true;
	return false;
}

static bool is_fit(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= LONGEST_TEXT &&
	       strlen(json_string_value(value)) == json_string_length(value) && !has_controls(json_string_value(value));
}

static const json_t *member(const Reader *reader, const char *key)
{
	const json_t *value = json_object_get(reader->object, key);
	return json_is_null(value) ? NULL : value;
}

/* *text is borrowed and left alone when the key is missing. */
static bool read_text(const Reader *reader, const char *key, const char **text)
{
	const json_t *value = member(reader, key);
	if (!value)
		return true;
	if (!is_fit(value))
		return wrong(reader, key, "must be a line of text of at most %d characters", LONGEST_TEXT);
	*text = json_string_value(value);
	return true;
}

static bool read_number(const Reader *reader, const char *key, double least, double most, double *number)
{
	const json_t *value = member(reader, key);
	if (!value)
		return true;
	if (!json_is_number(value) || json_number_value(value) < least || json_number_value(value) > most)
		return wrong(reader, key, "must be a number from %g to %g", least, most);
	*number = json_number_value(value);
	return true;
}

static bool read_count(const Reader *reader, const char *key, int least, int *count)
{
	double number = *count;
	if (!read_number(reader, key, least, 1000000, &number))
		return false;
	*count = (int)number;
	return number == (double)*count || wrong(reader, key, "must be a whole number");
}

/* A table inside this one; an empty one may come as a list, as Lua knows no difference. */
static bool read_table(const Reader *reader, const char *key, const json_t **table)
{
	const json_t *value = member(reader, key);
	*table = value;
	if (json_is_array(value) && json_array_size(value) == 0)
		*table = NULL;
	return !*table || json_is_object(*table) || wrong(reader, key, "must be a table");
}

/* A list of lines of text; *list is NULL when the key is missing. */
static bool read_list(const Reader *reader, const char *key, const json_t **list)
{
	const json_t *value = member(reader, key);
	*list = value;
	if (json_is_object(value) && json_object_size(value) == 0)
		*list = NULL;
	if (!*list)
		return true;
	size_t i;
	json_t *item;
	bool good = json_is_array(value);
	json_array_foreach(value, i, item)
		good = good && is_fit(item);
	return good || wrong(reader, key, "must be a list of texts");
}

/* ---- accounts -------------------------------------------------------------------------------------------------- */

static void account_free(gpointer data)
{
	Account *account = data;
	g_free(account->name);
	g_free(account->channel);
	g_free(account->owner);
	g_free(account->from_name);
	g_free(account->from_address);
	json_decref(account->config);
	g_free(account);
}

static bool is_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return length > 0 && length <= 64 && !name[length];
}

/* What may stand in an envelope and in From without quoting. */
static bool is_mail_address(const char *address)
{
	const char *at = strchr(address, '@');
	size_t length = strlen(address);
	return g_str_is_ascii(address) && at && at > address && at[1] && !strchr(at + 1, '@') && length <= 254 && at - address <= 64 &&
	       !has_controls(address) && !address[strcspn(address, " \t,;:<>()[]\"\\")] && at[1] != '.' && address[length - 1] != '.';
}

static bool is_allowed(const json_t *list, const char *host, int port)
{
	g_autofree char *text = g_strdup_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
		if (g_ascii_strcasecmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

/* smtp = {...} or imap = {...}: net reads it from the account's config, so it is only checked here. */
static bool check_server(const Reader *account, const char *key, const json_t *allowed, bool *has)
{
	const json_t *table;
	if (!read_table(account, key, &table))
		return false;
	if (!table)
		return true;
	g_autofree char *where = g_strdup_printf("%s: %s", account->where, key);
	Reader reader = { .object = table, .where = where, .error = account->error };
	const char *url = "", *user = "", *password = "", *tls = "required", *inbox = "INBOX", *sent = "Sent";
	if (!read_text(&reader, "url", &url) || !read_text(&reader, "user", &user) || !read_text(&reader, "password", &password) ||
	    !read_text(&reader, "tls", &tls) || !read_text(&reader, "inbox", &inbox) || !read_text(&reader, "sent", &sent))
		return false;
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *scheme = uri ? g_uri_get_scheme(uri) : "", *host = uri ? g_uri_get_host(uri) : NULL;
	bool sealed = g_str_has_prefix(scheme, key) && strcmp(scheme + strlen(key), "s") == 0;
	if (!host || !*host || (!sealed && strcmp(scheme, key) != 0))
		return wrong(&reader, "url", "must be a URL such as \"%ss://%s.brand.example\"", key, key);
	if (g_uri_get_userinfo(uri))
		return wrong(&reader, "url", "must hold no user or password: use user = \"...\" and password = secret \"NAME\"");
	if (strcmp(tls, "required") != 0 && strcmp(tls, "none") != 0)
		return wrong(&reader, "tls", "must be \"required\" or \"none\"");
	int port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : strcmp(key, "smtp") == 0 ? 587 : 143;
	if (strcmp(tls, "none") == 0 && (sealed || (g_hostname_is_ip_address(host) && !is_allowed(allowed, host, port))))
		return wrong(&reader, "tls", "can be \"none\" only with a %s:// URL whose address stands in allow_addresses", key);
	*has = true;
	return true;
}

static bool read_from(const Reader *reader, Account *account)
{
	const char *name = NULL, *address = NULL;
	if (!read_text(reader, "from_name", &name) || !read_text(reader, "from_address", &address))
		return false;
	if (strcmp(account->channel, "email") != 0)
		return true;
	if (!address || !is_mail_address(address))
		return wrong(reader, "from", "must be an address such as \"Léa Martin <lea@brand.example>\"");
	account->from_name = g_strdup(name);
	account->from_address = g_strdup(address);
	return true;
}

static bool read_cap(const Reader *account_reader, Account *account)
{
	const json_t *cap, *warmup;
	if (!read_table(account_reader, "cap", &cap))
		return false;
	g_autofree char *where = g_strdup_printf("%s: cap", account_reader->where);
	Reader reader = { .object = cap, .where = where, .error = account_reader->error };
	double gap = 0;
	if (!read_count(&reader, "per_day", 1, &account->per_day) || !read_number(&reader, "gap", 0, 86400, &gap) ||
	    !read_table(&reader, "warmup", &warmup))
		return false;
	account->gap = (Time)(gap * 1000);
	if (!warmup)
		return true;
	reader.object = warmup;
	account->warmup_from = 10;
	account->warmup_step = 5;
	return read_count(&reader, "from", 1, &account->warmup_from) && read_count(&reader, "step", 1, &account->warmup_step);
}

static bool read_account(Workspace *workspace, const json_t *declared, GError **error)
{
	Reader reader = { .object = declared, .where = "account", .error = error };
	const char *name = "", *channel = "", *owner = NULL, *inbound = "contacts";
	if (!read_text(&reader, "name", &name))
		return false;
	if (!is_name(name))
		return wrong(&reader, "name", "must be 1 to 64 of a-z, 0-9, _ and -, which \"%.64s\" is not", name);
	g_autofree char *where = g_strdup_printf("account \"%s\"", name);
	reader.where = where;
	if (workspace_account(workspace, name))
		return wrong(&reader, NULL, "there are two of this name");
	if (!read_text(&reader, "channel", &channel) || !read_text(&reader, "owner", &owner) || !read_text(&reader, "inbound", &inbound))
		return false;
	if (!is_name(channel))
		return wrong(&reader, "channel", "must name a channel, such as \"email\"");
	if (strcmp(inbound, "contacts") != 0 && strcmp(inbound, "everyone") != 0)
		return wrong(&reader, "inbound", "must be \"contacts\" or \"everyone\"");
	Account *account = g_new0(Account, 1);
	g_ptr_array_add(workspace->accounts, account);
	account->name = g_strdup(name);
	account->channel = g_strdup(channel);
	account->owner = g_strdup(owner);
	account->everyone = strcmp(inbound, "everyone") == 0;
	account->config = json_deep_copy(declared);
	return read_from(&reader, account) && check_server(&reader, "smtp", workspace->allow_addresses, &account->has_smtp) &&
	       check_server(&reader, "imap", workspace->allow_addresses, &account->has_imap) && read_cap(&reader, account);
}

static bool read_accounts(Workspace *workspace, const json_t *list, GError **error)
{
	size_t i;
	json_t *declared;
	Reader reader = { .where = "account", .error = error };
	if (list && !json_is_null(list) && !json_is_array(list) && (!json_is_object(list) || json_object_size(list) > 0))
		return wrong(&reader, NULL, "accounts must be a list");
	if (json_array_size(list) > MOST_ACCOUNTS)
		return wrong(&reader, NULL, "there are more than %d accounts", MOST_ACCOUNTS);
	json_array_foreach(list, i, declared)
		if (!read_account(workspace, declared, error))
			return false;
	return true;
}

/* ---- the workspace --------------------------------------------------------------------------------------------- */

static bool read_zone_and_hours(Workspace *workspace, const Reader *reader)
{
	const char *zone = NULL;
	if (!read_text(reader, "timezone", &zone))
		return false;
	if (!zone)
		return wrong(reader, "timezone", "is missing: write timezone = \"Europe/Paris\"");
	GError *cause = NULL;
	workspace->timezone = g_strdup(zone);
	workspace->zone = when_zone(zone, &cause);
	const json_t *hours = member(reader, "hours"), *holidays;
	if (workspace->zone && !read_list(reader, "holidays", &holidays))
		return false;
	if (workspace->zone)
		workspace->hours = hours_new(hours, holidays, &cause);
	if (!cause) {
		workspace->always_open = json_is_string(hours) && json_array_size(holidays) == 0;
		return true;
	}
	wrong(reader, workspace->zone ? NULL : "timezone", "%s", cause->message);
	g_error_free(cause);
	return false;
}

static bool read_database(Workspace *workspace, const Reader *reader)
{
	const char *path = "perigee.db";
	if (!read_text(reader, "database", &path))
		return false;
	if (g_str_has_prefix(path, "postgresql:") || g_str_has_prefix(path, "postgres:"))
		return wrong(reader, "database", "PostgreSQL is not in this version: name a file, such as \"perigee.db\"");
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	if (!*path || strstr(path, "://") || g_str_has_suffix(path, "/"))
		return wrong(reader, "database", "must name a file, such as \"perigee.db\"");
	if (!g_path_is_absolute(path) && g_strv_contains((const char *const *)parts, ".."))
		return wrong(reader, "database", "must stay in the workspace's folder, or be an absolute path");
	workspace->database = g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(workspace->dir, path, NULL);
	return true;
}

static bool read_stages(Workspace *workspace, const Reader *reader)
{
	const json_t *list;
	if (!read_list(reader, "stages", &list))
		return false;
	if (!list) {
		workspace->stages = g_strdupv((GStrv)default_stages);
		return true;
	}
	if (json_array_size(list) == 0 || json_array_size(list) > MOST_STAGES)
		return wrong(reader, "stages", "must be a list of 1 to %d names", MOST_STAGES);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		const char *stage = json_string_value(item);
		if (!*stage)
			return wrong(reader, "stages", "a stage has no name");
		for (size_t j = 0; j < i; j++)
			if (strcmp(stage, json_string_value(json_array_get(list, j))) == 0)
				return wrong(reader, "stages", "\"%s\" stands there twice", stage);
		g_strv_builder_add(builder, stage);
	}
	workspace->stages = g_strv_builder_end(builder);
	return true;
}

static bool read_policy(Workspace *workspace, const Reader *outer)
{
	static const struct { const char *key; int value, least; } limits[] = {
		{ "asks_per_week", 3, 1 }, { "max_channels", 3, 1 }, { "two_then_call", 2, 1 },
	};
	const json_t *table;
	if (!read_table(outer, "policy", &table))
		return false;
	Reader reader = { .object = table, .where = "workspace: policy", .error = outer->error };
	workspace->policy = table ? json_deep_copy(table) : json_object();
	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		int value = limits[i].value;
		if (!read_count(&reader, limits[i].key, limits[i].least, &value))
			return false;
		json_object_set_new(workspace->policy, limits[i].key, json_integer(value));
	}
	return true;
}

static bool read_keep(Workspace *workspace, const Reader *outer)
{
	static const char *const known[] = { "journals", "raw_mail" };
	const json_t *table;
	if (!read_table(outer, "keep", &table))
		return false;
	Reader reader = { .object = table, .where = "workspace: keep", .error = outer->error };
	workspace->keep = table ? json_deep_copy(table) : json_object();
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		const char *text = "1 year";
		Time span;
		if (!read_text(&reader, known[i], &text))
			return false;
		g_autoptr(GError) cause = NULL;
		if (!when_span(text, &span, &cause))
			return wrong(&reader, known[i], "%s", cause->message);
		json_object_set_new(workspace->keep, known[i], json_string(text));
	}
	return true;
}

static bool read_rest(Workspace *workspace, const Reader *reader)
{
	const char *url = NULL, *redirect = NULL, *undo = "0s";
	const json_t *allow;
	if (!read_text(reader, "public_url", &url) || !read_text(reader, "redirect_all_to", &redirect) || !read_text(reader, "undo", &undo) ||
	    !read_list(reader, "allow_addresses", &allow))
		return false;
	g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_NONE, NULL) : NULL;
	if (url && (!uri || !g_uri_get_host(uri) || !g_str_has_prefix(g_uri_get_scheme(uri), "http")))
		return wrong(reader, "public_url", "must be a URL such as \"https://outreach.brand.example\"");
	if (redirect && !is_mail_address(redirect))
		return wrong(reader, "redirect_all_to", "must be an address such as \"me@brand.example\"");
	g_autoptr(GError) cause = NULL;
	if (!when_span(undo, &workspace->undo, &cause))
		return wrong(reader, "undo", "%s", cause->message);
	workspace->public_url = g_strdup(url);
	workspace->redirect_all_to = g_strdup(redirect);
	workspace->allow_addresses = allow ? json_deep_copy(allow) : json_array();
	return true;
}

Workspace *workspace_new(const char *dir, const json_t *declared, GError **error)
{
	Workspace *workspace = g_new0(Workspace, 1);
	workspace->dir = g_canonicalize_filename(dir, NULL);
	workspace->accounts = g_ptr_array_new_with_free_func(account_free);
	workspace->zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_time_zone_unref);
	Reader reader = { .object = json_object_get(declared, "workspace"), .where = "workspace", .error = error };
	bool good = json_is_object(reader.object) || wrong(&reader, NULL, "is missing: write workspace { timezone = \"Europe/Paris\" }");
	if (good && read_zone_and_hours(workspace, &reader) && read_database(workspace, &reader) && read_stages(workspace, &reader) &&
	    read_policy(workspace, &reader) && read_keep(workspace, &reader) && read_rest(workspace, &reader) &&
	    read_accounts(workspace, json_object_get(declared, "accounts"), error))
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
	json_decref(workspace->allow_addresses);
	json_decref(workspace->keep);
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

bool workspace_has_stage(const Workspace *workspace, const char *stage)
{
	return g_strv_contains((const char *const *)workspace->stages, stage);
}
