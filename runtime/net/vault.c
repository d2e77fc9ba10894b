/* SPDX-License-Identifier: MIT */
/* The vault: see vault.h. */
#include "net/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-vault-error, vault_error)

#define MAGIC "perigeeV"
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

enum { VERSION = 1, CHECK = 16, HASH = 32, FILE_MOST = 64 << 20, TEXT_MOST = 4096 };

/* Sub-keys of the master key, by number. */
typedef enum { SUB_SEAL = 1, SUB_CHECK, SUB_HASH } SubKey;

struct Vault {
	Kdf kdf;
	uint8_t check[CHECK];
	GPtrArray *secrets; /* Secret, sorted by name */
	uint8_t *key;       /* NULL: locked */
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

static void sub_key(const uint8_t *key, SubKey which, uint8_t out[KEY_BYTES])
{
	G_STATIC_ASSERT(KEY_BYTES == crypto_kdf_KEYBYTES && KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
	crypto_kdf_derive_from_key(out, KEY_BYTES, (uint64_t)which, "perigeeV", key);
}

static void make_check(const uint8_t *key, uint8_t check[CHECK])
{
	uint8_t sub[KEY_BYTES];
	sub_key(key, SUB_CHECK, sub);
	memcpy(check, sub, CHECK);
	sodium_memzero(sub, sizeof sub);
}

static void drop_key(Vault *vault)
{
	sodium_free(vault->key); /* wipes */
	vault->key = NULL;
}

Vault *vault_new(const Kdf *kdf, uint8_t *key_take)
{
	Vault *vault = make();
	vault->kdf = *kdf;
	vault->key = key_take;
	make_check(vault->key, vault->check);
	return vault;
}

void vault_free(Vault *vault)
{
	if (!vault)
		return;
	drop_key(vault);
	g_ptr_array_unref(vault->secrets);
	if (vault->body)
		g_byte_array_unref(vault->body);
	g_free(vault);
}

void vault_forget_key(Vault *vault)
{
	drop_key(vault);
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

static char *take_text(Cursor *c)
{
	size_t size = take_number(c, 4);
	if (size > TEXT_MOST)
		c->bad = true;
	const uint8_t *at = take(c, size);
	if (!at || memchr(at, 0, size) || !g_utf8_validate((const char *)at, (gssize)size, NULL)) {
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
	vault->kdf.kind = take_number(&c, 4) == KEY_KIND_FILE ? KEY_KIND_FILE : KEY_KIND_PASSPHRASE;
	vault->kdf.opslimit = take_number(&c, 8);
	vault->kdf.memlimit = take_number(&c, 8);
	take_bytes(&c, vault->kdf.salt, KEY_SALT);
	take_bytes(&c, vault->check, CHECK);
	uint64_t count = take_number(&c, 4);
	for (uint64_t i = 0; i < count && i < VAULT_SECRETS_MOST && !c.bad; i++)
		g_ptr_array_add(vault->secrets, take_secret(&c));
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
	g_autofree char *bytes = NULL;
	gsize size = 0;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(path, &bytes, &size, &inner)) {
		bool missing = g_error_matches(inner, G_FILE_ERROR, G_FILE_ERROR_NOENT);
		fail(error, missing ? VAULT_ERROR_MISSING : VAULT_ERROR_IO, missing ? "there is no vault yet (%s)" : "cannot read the vault: %s",
		     missing ? path : inner->message);
		return NULL;
	}
	if (size > FILE_MOST) {
		fail(error, VAULT_ERROR_GARBLED, "%s is too big for a vault", path);
		return NULL;
	}
	Vault *vault = vault_parse((const uint8_t *)bytes, size, error);
	if (!vault)
		g_prefix_error(error, "%s: ", path);
	return vault;
}

static void keyed_hash(const Vault *vault, const uint8_t *bytes, size_t size, uint8_t out[HASH])
{
	uint8_t sub[KEY_BYTES];
	sub_key(vault->key, SUB_HASH, sub);
	crypto_generichash(out, HASH, bytes, size, sub, sizeof sub);
	sodium_memzero(sub, sizeof sub);
}

bool vault_unlock(Vault *vault, uint8_t *key_take, GError **error)
{
	uint8_t check[CHECK], hash[HASH];
	drop_key(vault);
	vault->key = key_take;
	make_check(vault->key, check);
	bool ok = sodium_memcmp(check, vault->check, CHECK) == 0 ||
	          fail(error, VAULT_ERROR_KEY, vault->kdf.kind == KEY_KIND_FILE ? "this is not the key of the vault (wrong key file)" :
	                                                                         "this is not the passphrase of the vault");
	if (ok && vault->body) {
		keyed_hash(vault, vault->body->data, vault->body->len, hash);
		ok = sodium_memcmp(hash, vault->hash, HASH) == 0 ||
		     fail(error, VAULT_ERROR_GARBLED, "the vault was changed by something that had not its key; bring it back from a backup");
	}
	if (!ok)
		drop_key(vault);
	return ok;
}

bool vault_unlock_like(Vault *other, const Vault *open, GError **error)
{
	if (!open->key)
		return fail(error, VAULT_ERROR_KEY, "the vault is locked");
	uint8_t *copy = sodium_malloc(KEY_BYTES);
	memcpy(copy, open->key, KEY_BYTES);
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

static bool sync_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

bool vault_write(const Vault *vault, const char *path, GError **error)
{
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autofree char *temporary = g_strconcat(path, ".new", NULL);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0;
	for (size_t at = 0; ok && at < bytes->len;) {
		ssize_t n = write(fd, bytes->data + at, bytes->len - at);
		ok = n > 0 || (n < 0 && errno == EINTR);
		at += n > 0 ? (size_t)n : 0;
	}
	ok = ok && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
	int saved = errno;
	if (fd >= 0 && close(fd) < 0 && ok) {
		ok = false;
		saved = errno;
	}
	if (ok && rename(temporary, path) < 0) {
		ok = false;
		saved = errno;
	}
	if (!ok) {
		unlink(temporary);
		return fail(error, VAULT_ERROR_IO, "cannot write the vault %s: %s; nothing has changed", path, g_strerror(saved));
	}
	return sync_folder(path) || fail(error, VAULT_ERROR_IO, "cannot sync the folder of %s: %s", path, g_strerror(errno));
}

/* ---- secrets ---- */

const Kdf *vault_kdf(const Vault *vault)
{
	return &vault->kdf;
}

bool vault_is_open(const Vault *vault)
{
	return vault->key != NULL;
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

static void seal(const uint8_t *master, Secret *secret, const char *value, size_t size)
{
	uint8_t sub[KEY_BYTES];
	g_autoptr(GByteArray) labels = g_byte_array_new();
	put_labels(labels, secret);
	uint8_t *sealed = g_malloc(NONCE + size + TAG);
	unsigned long long written = 0;
	randombytes_buf(sealed, NONCE);
	sub_key(master, SUB_SEAL, sub);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, &written, (const uint8_t *)value, size, labels->data, labels->len,
	                                           NULL, sealed, sub);
	sodium_memzero(sub, sizeof sub);
	g_clear_pointer(&secret->sealed, g_bytes_unref);
	secret->sealed = g_bytes_new_take(sealed, NONCE + (gsize)written);
}

bool vault_set(Vault *vault, const char *name, char *const *hosts, const char *place, int64_t set_at, const char *value,
               size_t size, GError **error)
{
	if (!vault->key)
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
	seal(vault->key, secret, value, size);
	vault_remove(vault, name);
	g_ptr_array_add(vault->secrets, secret);
	g_ptr_array_sort(vault->secrets, by_name);
	return true;
}

static char *unseal(const Vault *vault, const Secret *secret, size_t *size, GError **error)
{
	uint8_t sub[KEY_BYTES];
	gsize sealed_size;
	const uint8_t *sealed = g_bytes_get_data(secret->sealed, &sealed_size);
	g_autoptr(GByteArray) labels = g_byte_array_new();
	put_labels(labels, secret);
	char *value = sodium_malloc(sealed_size - NONCE - TAG + 1);
	unsigned long long written = 0;
	sub_key(vault->key, SUB_SEAL, sub);
	int bad = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)value, &written, NULL, sealed + NONCE, sealed_size - NONCE,
	                                                     labels->data, labels->len, sealed, sub);
	sodium_memzero(sub, sizeof sub);
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
	if (!vault->key)
		fail(error, VAULT_ERROR_KEY, "the vault is locked");
	else if (!secret)
		fail(error, VAULT_ERROR_SECRET, "the secret %s is not in the vault; set it with: perigee secret set %s", name, name);
	return vault->key && secret ? unseal(vault, secret, size, error) : NULL;
}

char *vault_unseal_login(const Vault *vault, const char *name, const char *host, GError **error)
{
	const Secret *secret = vault_find(vault, name);
	bool bound = secret && *secret->hosts && **secret->hosts;
	for (char **h = secret ? secret->hosts : NULL; h && *h; h++)
		if (g_ascii_strcasecmp(*h, host) == 0)
			bound = false;
	if (bound)
		fail(error, VAULT_ERROR_SECRET, "the secret %s is not for the host %s; set it with --host %s", name, host, host);
	else if (secret && *secret->place && strcmp(secret->place, "login") != 0 && strcmp(secret->place, "bearer") != 0)
		fail(error, VAULT_ERROR_SECRET, "the secret %s is for the place %s, not for signing in", name, secret->place);
	else
		return vault_unseal(vault, name, NULL, error);
	return NULL;
}

bool vault_rekey(Vault *vault, const Kdf *kdf, uint8_t *key_take, GError **error)
{
	for (guint i = 0; i < vault->secrets->len; i++) {
		Secret *secret = vault->secrets->pdata[i];
		size_t size;
		char *value = unseal(vault, secret, &size, error);
		if (!value) {
			sodium_free(key_take);
			return false;
		}
		seal(key_take, secret, value, size);
		sodium_free(value);
	}
	drop_key(vault);
	vault->key = key_take;
	vault->kdf = *kdf;
	g_clear_pointer(&vault->body, g_byte_array_unref);
	make_check(vault->key, vault->check);
	return true;
}
