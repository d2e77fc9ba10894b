/* SPDX-License-Identifier: MIT */
/* What a child of net is to be: see account.h. */
#include "net/account.h"

#include <sodium.h>
#include <string.h>

#include "base/value.h"
#include "net/scrub.h"

G_DEFINE_QUARK(perigee-account-error, account_error)

enum {
	TAIL_LEAST = 4,
	CUT_LEAST = 400, /* a shorter text was never cut off (wire.c, smtp.h) */
};

typedef struct Scheme {
	const char *name;
	AccountRole role;
	unsigned port;
} Scheme;

static const Scheme schemes[] = {
	{ "smtp", ROLE_SENDER, 587 },
	{ "smtps", ROLE_SENDER, 465 },
	{ "imap", ROLE_READER, 143 },
	{ "imaps", ROLE_READER, 993 },
};

static bool invalid(GError **error, const char *account, const char *what, const char *value)
{
	g_set_error(error, ACCOUNT_ERROR, ACCOUNT_ERROR_INVALID, "account %s: %s: %s", account, what, value);
	return false;
}

static bool parse_url(Account *account, const char *url, GError **error)
{
	Server *server = &account->server;
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *scheme = uri ? g_uri_get_scheme(uri) : "";
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	for (size_t i = 0; host && *host && i < G_N_ELEMENTS(schemes); i++) {
		if (schemes[i].role != account->role || strcmp(scheme, schemes[i].name) != 0)
			continue;
		server->scheme = g_strdup(scheme);
		server->host = g_strdup(host);
		server->port = g_uri_get_port(uri) > 0 ? (unsigned)g_uri_get_port(uri) : schemes[i].port;
		return true;
	}
	return invalid(error, account->name, account->role == ROLE_SENDER ? "this is no smtp:// or smtps:// URL" :
	               "this is no imap:// or imaps:// URL", url);
}

static bool parse_server(Account *account, const json_t *config, GError **error)
{
	Server *server = &account->server;
	const char *part = account->role == ROLE_SENDER ? "smtp" : "imap";
	const json_t *object = json_object_get(config, part);
	if (!json_is_object(object))
		return invalid(error, account->name, "this part of the account is missing", part);
	server->user = g_strdup(value_string(object, "user", ""));
	server->secret = g_strdup(value_string(object, "password", ""));
	server->auth = g_strdup(value_string(object, "auth", ""));
	const char *tls = value_string(object, "tls", "required");
	if (strcmp(tls, "required") != 0 && strcmp(tls, "none") != 0)
		return invalid(error, account->name, "tls is \"required\" or \"none\", not", tls);
	server->plain = strcmp(tls, "none") == 0;
	static const char *const methods[] = { "", "plain", "login", "xoauth2", "oauthbearer", NULL };
	if (!g_strv_contains(methods, server->auth))
		return invalid(error, account->name, "this way to sign in is not known", server->auth);
	account->inbox = g_strdup(value_string(object, "inbox", "INBOX"));
	account->sent = g_strdup(value_string(object, "sent", "Sent"));
	return parse_url(account, value_string(object, "url", ""), error);
}

static void signing_free(void *data)
{
	Signing *signing = data;
	g_free(signing->domain);
	g_free(signing->selector);
	g_free(signing->secret);
	dkim_key_free(signing->key);
	g_free(signing);
}

/* The host has looked at them (accounts.c). */
static void parse_signing(Account *account, const json_t *list)
{
	size_t i;
	json_t *item;
	account->signing = g_ptr_array_new_with_free_func(signing_free);
	json_array_foreach((json_t *)list, i, item) {
		Signing *signing = g_new0(Signing, 1);
		g_ptr_array_add(account->signing, signing);
		signing->domain = g_hostname_to_ascii(value_string(item, "domain", ""));
		signing->selector = g_strdup(value_string(item, "selector", ""));
		signing->secret = g_strdup(value_string(item, "key", ""));
		if ((!signing->domain || !*signing->domain || !*signing->selector || !*signing->secret) && !account->trouble)
			account->trouble = g_strdup_printf("account %s: dkim needs a domain, a selector and a key", account->name);
	}
	if (account->signing->len)
		account->keyring = keyring_new();
}

/* The domain names us in EHLO: it is known to the server anyway, the machine's own name need not be. */
static char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *ascii = at && at[1] ? g_hostname_to_ascii(at + 1) : NULL;
	for (const char *c = ascii; c && *c; c++)
		if (!g_ascii_isalnum(*c) && *c != '-' && *c != '.')
			return g_strdup("localhost");
	return ascii && *ascii ? g_steal_pointer(&ascii) : g_strdup("localhost");
}

static char **take_texts(const json_t *list)
{
	GStrvBuilder *texts = g_strv_builder_new();
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)list, i, item)
		if (json_is_string(item))
			g_strv_builder_add(texts, json_string_value(item));
	char **all = g_strv_builder_end(texts);
	g_strv_builder_unref(texts);
	return all;
}

static void parse_mail(Account *account, const json_t *value)
{
	const json_t *config = json_object_get(value, "config");
	g_autoptr(GError) inner = NULL;
	account->domain = domain_of(value_string(config, "from_address", ""));
	if (!parse_server(account, config, &inner))
		account->trouble = g_strdup(inner->message);
	if (account->role == ROLE_SENDER)
		parse_signing(account, json_object_get(config, "dkim"));
}

Account *account_parse(const char *json, GError **error)
{
	g_autoptr(json_t) value = value_parse(json, -1, error);
	if (!value)
		return NULL;
	g_autoptr(Account) account = g_new0(Account, 1);
	account->name = g_strdup(value_string(value, "account", "?"));
	const char *role = value_string(value, "role", "");
	static const char *const roles[] = { "sender", "reader", "requester" };
	size_t number = 0;
	while (number < G_N_ELEMENTS(roles) && strcmp(role, roles[number]) != 0)
		number++;
	if (number == G_N_ELEMENTS(roles)) {
		invalid(error, account->name, "this role is not known", role);
		return NULL;
	}
	account->role = (AccountRole)number;
	account->allow = take_texts(json_object_get(value, "allow_addresses"));
	if (account->role == ROLE_REQUESTER) {
		account->secrets = take_texts(json_object_get(value, "secrets"));
		account->keyring = keyring_new();
	} else {
		parse_mail(account, value);
	}
	return g_steal_pointer(&account);
}

void account_take_secret(Account *account, char *value)
{
	account->server.password = value;
}

void account_take_keys(Account *account)
{
	for (guint i = 0; account->signing && i < account->signing->len; i++) {
		Signing *signing = account->signing->pdata[i];
		const Key *key = keyring_find(account->keyring, signing->secret);
		g_autoptr(GError) error = NULL;
		if (key && key->value)
			signing->key = dkim_key_parse(key->value, key->size, &error);
		if (signing->key || account->trouble)
			continue;
		account->trouble = error ? g_strdup_printf("the secret %s can't sign mail (DKIM): %s", signing->secret, error->message) :
		                           g_strdup(key ? key->trouble : "the keeper of the vault has ended");
	}
	if (account->signing)
		g_clear_pointer(&account->keyring, keyring_free);
}

/* A text that was cut off may end amid the secret. */
static void cut_tail(char *text, const char *secret)
{
	size_t size = strlen(text), most = MIN(size, strlen(secret));
	for (size_t n = size >= CUT_LEAST ? most : 0; n >= TAIL_LEAST; n--)
		if (memcmp(text + size - n, secret, n) == 0) {
			text[size - n] = 0;
			return;
		}
}

char *account_clean(const Account *account, const char *text)
{
	const char *secret = account->server.password;
	if (!secret || !*secret)
		return g_strdup(text);
	g_autoptr(Scrub) scrub = scrub_new();
	scrub_add(scrub, account->server.secret, secret, strlen(secret));
	char *clean = scrub_text(scrub, text, strlen(text), NULL);
	cut_tail(clean, secret);
	return clean;
}

void account_free(Account *account)
{
	if (!account)
		return;
	g_free(account->name);
	g_free(account->domain);
	g_free(account->inbox);
	g_free(account->sent);
	g_free(account->trouble);
	g_strfreev(account->allow);
	g_strfreev(account->secrets);
	keyring_free(account->keyring);
	if (account->signing)
		g_ptr_array_unref(account->signing);
	g_free(account->server.scheme);
	g_free(account->server.host);
	g_free(account->server.user);
	g_free(account->server.secret);
	g_free(account->server.auth);
	sodium_free(account->server.password);
	g_free(account);
}
