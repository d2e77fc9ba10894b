/* SPDX-License-Identifier: MIT */
/* The vault: see vault.h. */
#include "net/vault.h"

#include <sodium.h>
#include <string.h>

#include "net/memory.h"
#include "net/vaultfile.h"

G_DEFINE_QUARK(perigee-vault-error, vault_error)

#define MAGIC "perigeeV"
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

enum { VERSION = 1, CHECK = 16, HASH = 32, TEXT_MOST = 4096, STACK_USED = 4096 };

/* Sub-keys of the master key, by number. */
typedef enum { SUB_SEAL = 1, SUB_CHECK, SUB_HASH } SubKey;

/* The master key and what is derived from it, in memory of memory_new: nothing of it ever lies on the stack of ours. */
typedef struct Keys {
	uint8_t master[KEY_BYTES], seal[KEY_BYTES], check[KEY_BYTES], hash[KEY_BYTES];
} Keys;

struct Vault {
	Kdf kdf;
	uint8_t check[CHECK];
	GPtrArray *secrets; /* Secret, sorted by name */
	Keys *keys;         /* NULL: locked */
	GByteArray *body;   /* as read, for the keyed hash; NULL once it has been checked */
	uint8_t hash[HASH];
};

static bool fail(GError **error, VaultError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool fail(GError **error, VaultError code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, VAULT_ERROR, (int)code, text);
	return false;
}

static void secret_free(gpointer data)
{
	Secret *secret = data;
	if (!secret)
		return;
	g_free(secret->name);
	g_strfreev(secret->hosts);
	g_free(secret->place);
	if (secret->sealed)
		g_bytes_unref(secret->sealed);
	g_free(secret);
}

static Vault *make(void)
{
	Vault *vault = g_new0(Vault, 1);
	vault->secrets = g_ptr_array_new_with_free_func(secret_free);
	return vault;
}

static void derive(uint8_t out[KEY_BYTES], SubKey which, const uint8_t *master)
{
	G_STATIC_ASSERT(KEY_BYTES == crypto_kdf_KEYBYTES && KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
	crypto_kdf_derive_from_key(out, KEY_BYTES, (uint64_t)which, "perigeeV", master);
}

static Keys *keys_take(uint8_t *master)
{
	Keys *keys = memory_new(sizeof *keys);
	memcpy(keys->master, master, KEY_BYTES);
	sodium_free(master);
	derive(keys->seal, SUB_SEAL, keys->master);
	derive(keys->check, SUB_CHECK, keys->master);
	derive(keys->hash, SUB_HASH, keys->master);
	sodium_stackzero(STACK_USED); /* what the library left */
	return keys;
}

static void drop_keys(Vault *vault)
{
	sodium_free(vault->keys); /* wipes */
	vault->keys = NULL;
}

Vault *vault_new(const Kdf *kdf, uint8_t *key_take)
{
	Vault *vault = make();
	vault->kdf = *kdf;
	vault->keys = keys_take(key_take);
	memcpy(vault->check, vault->keys->check, CHECK);
	return vault;
}

void vault_free(Vault *vault)
{
	if (!vault)
		return;
	drop_keys(vault);
	g_ptr_array_unref(vault->secrets);
	if (vault->body)
		g_byte_array_unref(vault->body);
	g_free(vault);
}

void vault_forget_key(Vault *vault)
{
	drop_keys(vault);
}

/* ---- the file ---- */

typedef struct Cursor {
	const uint8_t *bytes;
	size_t left;
	bool bad;
} Cursor;

static const uint8_t *take(Cursor *c, size_t size)
{
	if (c->bad || c->left < size) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *at = c->bytes;
	c->bytes += size;
	c->left -= size;
	return at;
}

static uint64_t take_number(Cursor *c, size_t size)
{
	const uint8_t *at = take(c, size);
	uint64_t value = 0;
	for (size_t i = 0; at && i < size; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void take_bytes(Cursor *c, void *out, size_t size)
{
	const uint8_t *at = take(c, size);
	if (at)
		memcpy(out, at, size);
}

/* What stands in the file may be a stranger's, and is printed: text of one line that fits. */
static bool label_is_good(const char *text, size_t most)
{
	if (strlen(text) > most || !g_utf8_validate(text, -1, NULL))
		return false;
	for (const char *c = text; *c; c = g_utf8_next_char(c))
		if (!g_unichar_isprint(g_utf8_get_char(c)))
			return false;
	return true;
}

static bool labels_are_good(const Secret *secret)
{
	bool good = *secret->name && label_is_good(secret->name, TEXT_MOST) && label_is_good(secret->place, TEXT_MOST);
	size_t all = 0;
	for (char **h = secret->hosts; *h; h++) {
		good = good && **h && label_is_good(*h, TEXT_MOST);
		all += strlen(*h) + 1;
	}
	return good && all <= TEXT_MOST;
}

static char *take_text(Cursor *c)
{
	size_t size = take_number(c, 4);
	if (size > TEXT_MOST)
		c->bad = true;
	const uint8_t *at = take(c, size);
	if (!at || memchr(at, 0, size)) {
		c->bad = true;
		return g_strdup("");
	}
	return g_strndup((const char *)at, size);
}

static void put_number(GByteArray *out, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));
		g_byte_array_append(out, &byte, 1);
	}
}

static void put_text(GByteArray *out, const char *text)
{
	put_number(out, strlen(text), 4);
	g_byte_array_append(out, (const uint8_t *)text, (guint)strlen(text));
}

/* Name, hosts, place and time as they stand in the file: the associated data of the sealed value. */
static void put_labels(GByteArray *out, const Secret *secret)
{
	g_autofree char *hosts = g_strjoinv("\n", secret->hosts);
	put_text(out, secret->name);
	put_text(out, hosts);
	put_text(out, secret->place);
	put_number(out, (uint64_t)secret->set_at, 8);
}

static Secret *take_secret(Cursor *c)
{
	Secret *secret = g_new0(Secret, 1);
	secret->name = take_text(c);
	g_autofree char *hosts = take_text(c);
	secret->hosts = g_strsplit(hosts, "\n", -1);
	secret->place = take_text(c);
	secret->set_at = (int64_t)take_number(c, 8);
	size_t size = take_number(c, 4);
	if (size < NONCE + TAG || size > NONCE + TAG + VAULT_VALUE_MOST)
		c->bad = true;
	const uint8_t *at = take(c, size);
	secret->sealed = g_bytes_new(at, at ? size : 0);
	c->bad = c->bad || !labels_are_good(secret);
	return secret;
}

Vault *vault_parse(const uint8_t *bytes, size_t size, GError **error)
{
	uint8_t hash[HASH];
	if (size < 8 || memcmp(bytes, MAGIC, 8) != 0) {
		fail(error, VAULT_ERROR_GARBLED, "this is no vault");
		return NULL;
	}
	Cursor c = { bytes + 8, size - 8, false };
	uint64_t version = take_number(&c, 4);
	if (!c.bad && version > VERSION) {
		fail(error, VAULT_ERROR_GARBLED, "the vault was written by a newer perigee (format %u, this one knows %d)",
		     (unsigned)version, VERSION);
		return NULL;
	}
	if (size >= 8 + HASH)
		crypto_generichash(hash, HASH, bytes, size - HASH, NULL, 0);
	if (c.bad || version != VERSION || size < 8 + 2 * HASH || memcmp(hash, bytes + size - HASH, HASH) != 0) {
		fail(error, VAULT_ERROR_GARBLED, "the vault is torn or garbled; bring it back from a backup");
		return NULL;
	}
	c.left -= 2 * HASH;
	g_autoptr(Vault) vault = make();
	uint64_t kind = take_number(&c, 4);
	c.bad = c.bad || (kind != KEY_KIND_FILE && kind != KEY_KIND_PASSPHRASE);
	vault->kdf.kind = (KeyKind)kind;
	vault->kdf.opslimit = take_number(&c, 8);
	vault->kdf.memlimit = take_number(&c, 8);
	take_bytes(&c, vault->kdf.salt, KEY_SALT);
	take_bytes(&c, vault->check, CHECK);
	uint64_t count = take_number(&c, 4);
	for (uint64_t i = 0; i < count && i < VAULT_SECRETS_MOST && !c.bad; i++)
		g_ptr_array_add(vault->secrets, take_secret(&c));
	for (guint i = 1; i < vault->secrets->len && !c.bad; i++)
		c.bad = strcmp(vault_at(vault, i - 1)->name, vault_at(vault, i)->name) >= 0;
	if (c.bad || c.left > 0 || count > VAULT_SECRETS_MOST) {
		fail(error, VAULT_ERROR_GARBLED, "the vault is garbled; bring it back from a backup");
		return NULL;
	}
	vault->body = g_byte_array_new();
	g_byte_array_append(vault->body, bytes, (guint)(size - 2 * HASH));
	memcpy(vault->hash, bytes + size - 2 * HASH, HASH);
	return g_steal_pointer(&vault);
}

Vault *vault_read(const char *path, GError **error)
{
	g_autoptr(GByteArray) bytes = vaultfile_read(path, error);
	Vault *vault = bytes ? vault_parse(bytes->data, bytes->len, error) : NULL;
	if (bytes && !vault)
		g_prefix_error(error, "%s: ", path);
	return vault;
}

static void keyed_hash(const Vault *vault, const uint8_t *bytes, size_t size, uint8_t out[HASH])
{
	crypto_generichash(out, HASH, bytes, size, vault->keys->hash, sizeof vault->keys->hash);
	sodium_stackzero(STACK_USED);
}

bool vault_unlock(Vault *vault, uint8_t *key_take, GError **error)
{
	uint8_t hash[HASH];
	drop_keys(vault);
	vault->keys = keys_take(key_take);
	bool ok = sodium_memcmp(vault->keys->check, vault->check, CHECK) == 0 ||
	          fail(error, VAULT_ERROR_KEY, vault->kdf.kind == KEY_KIND_FILE ? "this is not the key of the vault (wrong key file)" :
	                                                                         "this is not the passphrase of the vault");
	if (ok && vault->body) {
		keyed_hash(vault, vault->body->data, vault->body->len, hash);
		ok = sodium_memcmp(hash, vault->hash, HASH) == 0 ||
		     fail(error, VAULT_ERROR_GARBLED, "the vault was changed by something that had not its key; bring it back from a backup");
	}
	if (!ok)
		drop_keys(vault);
	return ok;
}

bool vault_unlock_like(Vault *other, const Vault *open, GError **error)
{
	if (!open->keys)
		return fail(error, VAULT_ERROR_KEY, "the vault is locked");
	uint8_t *copy = memory_new(KEY_BYTES);
	memcpy(copy, open->keys->master, KEY_BYTES);
	return vault_unlock(other, copy, error);
}

GByteArray *vault_bytes(const Vault *vault)
{
	GByteArray *out = g_byte_array_new();
	uint8_t hash[HASH];
	g_byte_array_append(out, (const uint8_t *)MAGIC, 8);
	put_number(out, VERSION, 4);
	put_number(out, (uint64_t)vault->kdf.kind, 4);
	put_number(out, vault->kdf.opslimit, 8);
	put_number(out, vault->kdf.memlimit, 8);
	g_byte_array_append(out, vault->kdf.salt, KEY_SALT);
	g_byte_array_append(out, vault->check, CHECK);
	put_number(out, vault->secrets->len, 4);
	for (guint i = 0; i < vault->secrets->len; i++) {
		const Secret *secret = vault->secrets->pdata[i];
		gsize size;
		const uint8_t *sealed = g_bytes_get_data(secret->sealed, &size);
		put_labels(out, secret);
		put_number(out, size, 4);
		g_byte_array_append(out, sealed, (guint)size);
	}
	keyed_hash(vault, out->data, out->len, hash);
	g_byte_array_append(out, hash, HASH);
	crypto_generichash(hash, HASH, out->data, out->len, NULL, 0);
	g_byte_array_append(out, hash, HASH);
	return out;
}

/* What can't be read back must not take the place of what can. */
bool vault_write(const Vault *vault, const char *path, GError **error)
{
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autoptr(GError) inner = NULL;
	g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, &inner);
	if (!again || !vault_unlock_like(again, vault, &inner))
		return fail(error, VAULT_ERROR_IO, "the vault would not open again (%s); nothing has changed", inner->message);
	return vaultfile_write(path, bytes->data, bytes->len, error);
}

/* ---- secrets ---- */

const Kdf *vault_kdf(const Vault *vault)
{
	return &vault->kdf;
}

bool vault_is_open(const Vault *vault)
{
	return vault->keys != NULL;
}

guint vault_count(const Vault *vault)
{
	return vault->secrets->len;
}

const Secret *vault_at(const Vault *vault, guint index)
{
	return vault->secrets->pdata[index];
}

static bool find(const Vault *vault, const char *name, guint *index)
{
	for (*index = 0; *index < vault->secrets->len; (*index)++)
		if (strcmp(vault_at(vault, *index)->name, name) == 0)
			return true;
	return false;
}

const Secret *vault_find(const Vault *vault, const char *name)
{
	guint i;
	return find(vault, name, &i) ? vault_at(vault, i) : NULL;
}

bool vault_remove(Vault *vault, const char *name)
{
	guint i;
	if (!find(vault, name, &i))
		return false;
	g_ptr_array_remove_index(vault->secrets, i);
	return true;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(Secret *const *)a)->name, (*(Secret *const *)b)->name);
}

static GBytes *seal(const Keys *keys, const Secret *secret, const char *value, size_t size)
{
	g_autoptr(GByteArray) labels = g_byte_array_new();
	put_labels(labels, secret);
	uint8_t *sealed = g_malloc(NONCE + size + TAG);
	unsigned long long written = 0;
	randombytes_buf(sealed, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, &written, (const uint8_t *)value, size, labels->data, labels->len,
	                                           NULL, sealed, keys->seal);
	sodium_stackzero(STACK_USED);
	return g_bytes_new_take(sealed, NONCE + (gsize)written);
}

bool vault_set(Vault *vault, const char *name, char *const *hosts, const char *place, int64_t set_at, const char *value,
               size_t size, GError **error)
{
	if (!vault->keys)
		return fail(error, VAULT_ERROR_KEY, "the vault is locked");
	if (size == 0 || size > VAULT_VALUE_MOST)
		return fail(error, VAULT_ERROR_SECRET, "a secret has between 1 and %u bytes", VAULT_VALUE_MOST);
	if (!vault_find(vault, name) && vault->secrets->len >= VAULT_SECRETS_MOST)
		return fail(error, VAULT_ERROR_SECRET, "the vault is full (%d secrets)", VAULT_SECRETS_MOST);
	Secret *secret = g_new0(Secret, 1);
	secret->name = g_strdup(name);
	secret->hosts = g_strdupv((char **)hosts);
	secret->place = g_strdup(place);
	secret->set_at = set_at;
	if (!labels_are_good(secret)) {
		secret_free(secret);
		return fail(error, VAULT_ERROR_SECRET, "the name, the hosts or the place of a secret are no text of one line, or longer than %d bytes "
		            "together", TEXT_MOST);
	}
	secret->sealed = seal(vault->keys, secret, value, size);
	vault_remove(vault, name);
	g_ptr_array_add(vault->secrets, secret);
	g_ptr_array_sort(vault->secrets, by_name);
	return true;
}

static char *unseal(const Vault *vault, const Secret *secret, size_t *size, GError **error)
{
	gsize sealed_size;
	const uint8_t *sealed = g_bytes_get_data(secret->sealed, &sealed_size);
	g_autoptr(GByteArray) labels = g_byte_array_new();
	put_labels(labels, secret);
	char *value = memory_new(sealed_size - NONCE - TAG + 1);
	unsigned long long written = 0;
	int bad = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)value, &written, NULL, sealed + NONCE, sealed_size - NONCE,
	                                                     labels->data, labels->len, sealed, vault->keys->seal);
	sodium_stackzero(STACK_USED);
	if (bad) {
		sodium_free(value);
		fail(error, VAULT_ERROR_GARBLED, "the secret %s can't be unsealed; set it again", secret->name);
		return NULL;
	}
	value[written] = 0;
	if (size)
		*size = (size_t)written;
	return value;
}

char *vault_unseal(const Vault *vault, const char *name, size_t *size, GError **error)
{
	const Secret *secret = vault_find(vault, name);
	if (!vault->keys)
		fail(error, VAULT_ERROR_KEY, "the vault is locked");
	else if (!secret)
		fail(error, VAULT_ERROR_SECRET, "the secret %s is not in the vault; set it with: perigee secret set %s", name, name);
	return vault->keys && secret ? unseal(vault, secret, size, error) : NULL;
}

bool vault_host_fits(const Secret *secret, const char *host)
{
	g_autofree char *ascii = g_hostname_to_ascii(host);
	for (char **h = secret->hosts; *h; h++)
		if (g_ascii_strcasecmp(*h, host) == 0 || (ascii && g_ascii_strcasecmp(*h, ascii) == 0))
			return true;
	return false;
}

char *vault_unseal_login(const Vault *vault, const char *name, const char *host, GError **error)
{
	const Secret *secret = vault_find(vault, name);
	if (secret && *secret->hosts && !vault_host_fits(secret, host))
		fail(error, VAULT_ERROR_SECRET, "the secret %s is not for the host %s; set it with --host %s", name, host, host);
	else if (secret && *secret->place && strcmp(secret->place, "login") != 0 && strcmp(secret->place, "bearer") != 0)
		fail(error, VAULT_ERROR_SECRET, "the secret %s is for the place %s, not for signing in", name, secret->place);
	else
		return vault_unseal(vault, name, NULL, error);
	return NULL;
}

char *vault_unseal_signing(const Vault *vault, const char *name, size_t *size, GError **error)
{
	const Secret *secret = vault_find(vault, name);
	if (secret && (*secret->hosts || (*secret->place && strcmp(secret->place, "login") != 0)))
		fail(error, VAULT_ERROR_SECRET, "the secret %s is bound to a host or a place, and a DKIM key goes nowhere; set it again without --host "
		     "and --as", name);
	else
		return vault_unseal(vault, name, size, error);
	return NULL;
}

/* All are sealed anew before any is replaced, so that a failure leaves the vault as it was. */
bool vault_rekey(Vault *vault, const Kdf *kdf, uint8_t *key_take, GError **error)
{
	g_autoptr(GPtrArray) sealed = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	Keys *keys = keys_take(key_take);
	bool ok = vault->keys || fail(error, VAULT_ERROR_KEY, "the vault is locked");
	if (ok && sodium_memcmp(keys->master, vault->keys->master, KEY_BYTES) == 0)
		ok = fail(error, VAULT_ERROR_KEY, "this is the key that the vault has already");
	for (guint i = 0; ok && i < vault->secrets->len; i++) {
		const Secret *secret = vault->secrets->pdata[i];
		size_t size;
		char *value = unseal(vault, secret, &size, error);
		ok = value != NULL;
		if (ok)
			g_ptr_array_add(sealed, seal(keys, secret, value, size));
		sodium_free(value);
	}
	if (!ok) {
		sodium_free(keys);
		return false;
	}
	for (guint i = 0; i < vault->secrets->len; i++) {
		Secret *secret = vault->secrets->pdata[i];
		g_bytes_unref(secret->sealed);
		secret->sealed = g_bytes_ref(sealed->pdata[i]);
	}
	drop_keys(vault);
	vault->keys = keys;
	vault->kdf = *kdf;
	memcpy(vault->check, keys->check, CHECK);
	g_clear_pointer(&vault->body, g_byte_array_unref);
	return true;
}
