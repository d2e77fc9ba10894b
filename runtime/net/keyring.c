/* SPDX-License-Identifier: MIT */
/* The secrets of the requester: see keyring.h. */
#include "net/keyring.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

struct Keyring {
	GHashTable *keys; /* name → Key */
};

static void key_free(gpointer data)
{
	Key *key = data;
	g_free(key->name);
	g_free(key->place);
	g_strfreev(key->hosts);
	sodium_free(key->value);
	g_free(key->trouble);
	g_free(key);
}

Keyring *keyring_new(void)
{
	Keyring *keyring = g_new0(Keyring, 1);
	keyring->keys = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, key_free);
	return keyring;
}

void keyring_free(Keyring *keyring)
{
	if (!keyring)
		return;
	g_hash_table_unref(keyring->keys);
	g_free(keyring);
}

/* The vault has an address without brackets, a URL with them. */
static char **url_hosts(char *const *hosts)
{
	GStrvBuilder *all = g_strv_builder_new();
	for (; hosts && *hosts; hosts++) {
		bool v6 = strchr(*hosts, ':') && g_hostname_is_ip_address(*hosts);
		g_autofree char *host = g_strdup_printf(v6 ? "[%s]" : "%s", *hosts);
		g_strv_builder_add(all, host);
	}
	char **list = g_strv_builder_end(all);
	g_strv_builder_unref(all);
	return list;
}

static Key *add(Keyring *keyring, const char *name, const char *place, char *const *hosts)
{
	Key *key = g_new0(Key, 1);
	key->name = g_strdup(name);
	key->place = g_strdup(place);
	key->hosts = url_hosts(hosts);
	g_hash_table_replace(keyring->keys, key->name, key);
	return key;
}

void keyring_add(Keyring *keyring, const char *name, const char *place, char *const *hosts, char *value_take, size_t size)
{
	Key *key = add(keyring, name, place, hosts);
	key->value = value_take;
	key->size = size;
}

/* Why a secret of the vault can't go into a request, whatever the request; NULL if it can. */
static char *trouble_of(const Secret *secret)
{
	const char *name = secret->name;
	if (strcmp(secret->place, "login") == 0)
		return g_strdup_printf("the secret %s is for signing in to a mail server, never for a request", name);
	if (!*secret->place)
		return g_strdup_printf("the secret %s has no place in a request; set it again with --as bearer (or basic, \"header NAME\", "
		                       "path, \"query NAME\", hmac)", name);
	if (!secret->hosts[0] || !*secret->hosts[0])
		return g_strdup_printf("the secret %s is bound to no host; set it again with --host HOST", name);
	return NULL;
}

void keyring_take(Keyring *keyring, const Vault *vault, const char *locked, const char *name)
{
	g_autoptr(GError) error = NULL;
	const Secret *secret = vault ? vault_find(vault, name) : NULL;
	Key *key = add(keyring, name, secret ? secret->place : "", secret ? secret->hosts : NULL);
	if (locked)
		key->trouble = g_strdup_printf("the vault is locked, so the secret %s can't be had: %s", name, locked);
	else if (!secret)
		key->trouble = g_strdup_printf("the secret %s is not in the vault; set it with: perigee secret set %s", name, name);
	else
		key->trouble = trouble_of(secret);
	if (key->trouble)
		return;
	key->value = vault_unseal(vault, name, &key->size, &error);
	if (!key->value)
		key->trouble = g_strdup(error->message);
	if (key->size <= KEYRING_VALUE_MOST)
		return;
	key->trouble = g_strdup_printf("the secret %s has more than %u bytes, too many for a request", name, KEYRING_VALUE_MOST);
	g_clear_pointer(&key->value, sodium_free);
}

const Key *keyring_find(const Keyring *keyring, const char *name)
{
	return g_hash_table_lookup(keyring->keys, name);
}

void keyring_add_trouble(Keyring *keyring, const char *name, const char *place, char *const *hosts, const char *trouble)
{
	add(keyring, name, place, hosts)->trouble = g_strdup(trouble);
}

void keyring_each(const Keyring *keyring, void (*each)(const Key *key, void *data), void *data)
{
	GHashTableIter iter;
	gpointer key;
	g_hash_table_iter_init(&iter, keyring->keys);
	while (g_hash_table_iter_next(&iter, NULL, &key))
		each(key, data);
}
