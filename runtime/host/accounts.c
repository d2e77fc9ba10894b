/* SPDX-License-Identifier: MIT */
/* The accounts of perigee.lua: see accounts.h. */
#include "host/accounts.h"

#include <string.h>

#include "host/compose.h"
#include "host/declared.h"
#include "host/header.h"

#define MOST_ACCOUNTS 1000
#define MOST_SIGNATURES 4

void accounts_free_one(Account *account)
{
	g_free(account->name);
	g_free(account->channel);
	g_free(account->owner);
	g_free(account->from_name);
	g_free(account->from_address);
	json_decref(account->config);
	g_clear_pointer(&account->domains, g_hash_table_unref);
	g_free(account);
}

static bool is_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return length > 0 && length <= 64 && !name[length];
}

bool accounts_is_mail_address(const char *address)
{
	const char *at = strchr(address, '@');
	size_t length = strlen(address);
	g_autofree char *written = header_address(address, NULL);
	return written && at && at > address && at[1] && !strchr(at + 1, '@') && length <= 254 && at - address <= 64 &&
	       !declared_has_controls(address) && !address[strcspn(address, " \t,;:<>()[]\"\\")] && at[1] != '.' && address[length - 1] != '.';
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
static bool check_server(const Declared *account, const char *key, const json_t *allowed, bool *has)
{
	const json_t *table;
	if (!declared_table(account, key, &table))
		return false;
	if (!table)
		return true;
	g_autofree char *where = g_strdup_printf("%s: %s", account->where, key);
	Declared reader = { .object = table, .where = where, .error = account->error };
	const char *url = "", *user = "", *password = "", *tls = "required", *inbox = "INBOX", *sent = "Sent";
	if (!declared_text(&reader, "url", &url) || !declared_text(&reader, "user", &user) || !declared_text(&reader, "password", &password) ||
	    !declared_text(&reader, "tls", &tls) || !declared_text(&reader, "inbox", &inbox) || !declared_text(&reader, "sent", &sent))
		return false;
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *scheme = uri ? g_uri_get_scheme(uri) : "", *host = uri ? g_uri_get_host(uri) : NULL;
	bool sealed = g_str_has_prefix(scheme, key) && strcmp(scheme + strlen(key), "s") == 0;
	if (!host || !*host || (!sealed && strcmp(scheme, key) != 0))
		return declared_wrong(&reader, "url", "must be a URL such as \"%ss://%s.brand.example\"", key, key);
	if (g_uri_get_userinfo(uri))
		return declared_wrong(&reader, "url", "must hold no user or password: use user = \"...\" and password = secret \"NAME\"");
	if (strcmp(tls, "required") != 0 && strcmp(tls, "none") != 0)
		return declared_wrong(&reader, "tls", "must be \"required\" or \"none\"");
	int port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : strcmp(key, "smtp") == 0 ? 587 : 143;
	if (strcmp(tls, "none") == 0 && (sealed || (g_hostname_is_ip_address(host) && !is_allowed(allowed, host, port))))
		return declared_wrong(&reader, "tls", "can be \"none\" only with a %s:// URL whose address stands in allow_addresses", key);
	*has = true;
	return true;
}

/* Letters, digits and hyphens in labels; in ASCII. */
static bool is_dns_name(const char *name)
{
	for (size_t i = 0, n = strlen(name); i < n; i++) {
		bool edge = i == 0 || i + 1 == n || name[i - 1] == '.' || name[i + 1] == '.';
		if (!g_ascii_isalnum(name[i]) && (edge || (name[i] != '-' && name[i] != '.' && name[i] != '_')))
			return false;
	}
	return *name && strlen(name) <= 190;
}

static bool is_within(const char *host, const char *domain)
{
	size_t n = strlen(host), d = strlen(domain);
	return n >= d && g_ascii_strcasecmp(host + n - d, domain) == 0 && (n == d || host[n - d - 1] == '.');
}

/* dkim = {...}: net signs with it; here one signature of the list that stdlib/workspace.lua makes of it. */
static bool check_signature(const Declared *reader, const char *from_address)
{
	const char *domain = "", *selector = "", *key = "";
	if (!declared_text(reader, "domain", &domain) || !declared_text(reader, "selector", &selector) || !declared_text(reader, "key", &key))
		return false;
	g_autofree char *ascii = g_hostname_to_ascii(domain), *from = g_hostname_to_ascii(strrchr(from_address, '@') + 1);
	if (!ascii || !is_dns_name(ascii))
		return declared_wrong(reader, "domain", "must be a domain such as \"brand.example\", which \"%.100s\" is not", domain);
	if (!from || !is_within(from, ascii))
		return declared_wrong(reader, "domain", "\"%.100s\" must be the domain of the from address (%s) or one above it: a signature of another "
		                      "domain says nothing about the sender (DMARC)", domain, strrchr(from_address, '@') + 1);
	if (!is_dns_name(selector))
		return declared_wrong(reader, "selector", "must be letters, digits and hyphens, which \"%.100s\" is not", selector);
	return *key || declared_wrong(reader, "key", "must be secret \"NAME\"");
}

static bool check_signatures(const Declared *account_reader, const Account *account)
{
	const json_t *list = declared_member(account_reader, "dkim");
	g_autofree char *where = g_strdup_printf("%s: dkim", account_reader->where);
	if (list && (!json_is_array(list) || json_array_size(list) > MOST_SIGNATURES || !account->from_address))
		return declared_wrong(account_reader, "dkim", "must be a table of an e-mail account, with at most %d keys", MOST_SIGNATURES);
	for (size_t i = 0; i < json_array_size(list); i++) {
		Declared reader = { .object = json_array_get(list, i), .where = where, .error = account_reader->error };
		if (!json_is_object(reader.object))
			return declared_wrong(&reader, NULL, "must have domain, selector and key");
		if (!check_signature(&reader, account->from_address))
			return false;
	}
	return true;
}

/* The token and its plus must still fit before the @ (RFC 5321, 4.5.3.1.1). */
static bool read_return_path(const Declared *reader, Account *account)
{
	const char *kind = NULL;
	if (!declared_text(reader, "return_path", &kind) || !kind)
		return !kind;
	if (strcmp(kind, "plus") != 0 || !account->from_address)
		return declared_wrong(reader, "return_path", "must be \"plus\", on an e-mail account");
	if (strcspn(account->from_address, "@") > COMPOSE_PLUS_LOCAL)
		return declared_wrong(reader, "return_path", "can be \"plus\" only where the from address has at most %d characters before the @",
		                      COMPOSE_PLUS_LOCAL);
	account->plus_path = true;
	return true;
}

static bool read_from(const Declared *reader, Account *account)
{
	const char *name = NULL, *address = NULL;
	if (!declared_text(reader, "from_name", &name) || !declared_text(reader, "from_address", &address))
		return false;
	if (strcmp(account->channel, "email") != 0)
		return true;
	if (!address || !accounts_is_mail_address(address))
		return declared_wrong(reader, "from", "must be an address such as \"Léa Martin <lea@brand.example>\"");
	account->from_name = name && *name ? g_strdup(name) : NULL;
	account->from_address = g_strdup(address);
	return true;
}

/* {"default":20,"gmail.com":10} */
static bool read_domains(const Declared *cap, const char *where, Account *account)
{
	const json_t *table;
	if (!declared_table(cap, "per_domain", &table))
		return false;
	g_autofree char *here = g_strdup_printf("%s: per_domain", where);
	Declared reader = { .object = table, .where = here, .error = cap->error };
	const char *domain;
	json_t *value;
	account->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_object_foreach((json_t *)table, domain, value) {
		int most = 1;
		if (!declared_count(&reader, domain, 1, &most))
			return false;
		if (strcmp(domain, "default") == 0)
			account->per_domain = most;
		else
			g_hash_table_insert(account->domains, g_utf8_strdown(domain, -1), GINT_TO_POINTER(most));
	}
	return true;
}

static bool read_cap(const Declared *account_reader, Account *account)
{
	const json_t *cap, *warmup;
	if (!declared_table(account_reader, "cap", &cap))
		return false;
	g_autofree char *where = g_strdup_printf("%s: cap", account_reader->where);
	Declared reader = { .object = cap, .where = where, .error = account_reader->error };
	double gap = 0;
	if (!declared_count(&reader, "per_day", 1, &account->per_day) || !declared_number(&reader, "gap", 0, 86400, &gap) ||
	    !read_domains(&reader, where, account) || !declared_table(&reader, "warmup", &warmup))
		return false;
	account->gap = (Time)(gap * 1000);
	if (!warmup)
		return true;
	reader.object = warmup;
	account->warmup_from = 10;
	account->warmup_step = 5;
	return declared_count(&reader, "from", 1, &account->warmup_from) && declared_count(&reader, "step", 1, &account->warmup_step);
}

static bool read_account(Workspace *workspace, const json_t *declared, GError **error)
{
	Declared reader = { .object = declared, .where = "account", .error = error };
	const char *name = "", *channel = "", *owner = NULL, *inbound = "contacts";
	if (!declared_text(&reader, "name", &name))
		return false;
	if (!is_name(name))
		return declared_wrong(&reader, "name", "must be 1 to 64 of a-z, 0-9, _ and -, which \"%.64s\" is not", name);
	g_autofree char *where = g_strdup_printf("account \"%s\"", name);
	reader.where = where;
	if (workspace_account(workspace, name))
		return declared_wrong(&reader, NULL, "there are two of this name");
	if (!declared_text(&reader, "channel", &channel) || !declared_text(&reader, "owner", &owner) || !declared_text(&reader, "inbound", &inbound))
		return false;
	if (!is_name(channel))
		return declared_wrong(&reader, "channel", "must name a channel, such as \"email\"");
	if (strcmp(inbound, "contacts") != 0 && strcmp(inbound, "everyone") != 0)
		return declared_wrong(&reader, "inbound", "must be \"contacts\" or \"everyone\"");
	Account *account = g_new0(Account, 1);
	g_ptr_array_add(workspace->accounts, account);
	account->name = g_strdup(name);
	account->channel = g_strdup(channel);
	account->owner = g_strdup(owner);
	account->everyone = strcmp(inbound, "everyone") == 0;
	account->config = json_deep_copy(declared);
	return read_from(&reader, account) && check_signatures(&reader, account) && read_return_path(&reader, account) && check_server(&reader, "smtp", workspace->allow_addresses, &account->has_smtp) &&
	       check_server(&reader, "imap", workspace->allow_addresses, &account->has_imap) && read_cap(&reader, account);
}

bool accounts_read(Workspace *workspace, const json_t *list, GError **error)
{
	size_t i;
	json_t *declared;
	Declared reader = { .where = "account", .error = error };
	if (list && !json_is_null(list) && !json_is_array(list) && (!json_is_object(list) || json_object_size(list) > 0))
		return declared_wrong(&reader, NULL, "accounts must be a list");
	if (json_array_size(list) > MOST_ACCOUNTS)
		return declared_wrong(&reader, NULL, "there are more than %d accounts", MOST_ACCOUNTS);
	json_array_foreach(list, i, declared)
		if (!read_account(workspace, declared, error))
			return false;
	return true;
}
