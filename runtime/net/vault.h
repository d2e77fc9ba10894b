/* SPDX-License-Identifier: MIT */
/*
 * The vault, WORKSPACE/perigee.vault: sealed credentials, each with its name, the hosts it may be sent to, its place
 * there and the time it was set. Names, hosts, places and times can be read without the key; values cannot.
 *
 * The file (integers little endian, strings as u32 length and bytes):
 *    8  "perigeeV"
 *    4  version, 1
 *    4  where the master key comes from: KeyKind
 *   16  opslimit, memlimit of crypto_pwhash (argon2id; 0 for a key file)
 *   16  salt
 *   16  check: tells a wrong key from a garbled file
 *    4  number of secrets; then for each: name, hosts joined by LF, place, i64 set at (seconds), sealed
 *          sealed = 24 bytes of nonce and crypto_aead_xchacha20poly1305_ietf(value); name, hosts, place and time are
 *          its associated data, so none of them can be exchanged
 *   32  keyed BLAKE2b of all before: no secret can be left out or brought back alone
 *   32  BLAKE2b of all before: a torn or garbled file is told as such, with or without the key
 * Sealing, check and keyed hash each have a key of their own, derived from the master key (crypto_kdf).
 *
 * Writing is a temporary file, fsync, rename, fsync of the folder (vaultfile.h). What can't be told is a whole vault of
 * before that was put back by somebody who may write the workspace: it was ours once.
 */
#ifndef PERIGEE_VAULT_H
#define PERIGEE_VAULT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/key.h"

#define VAULT_ERROR (vault_error_quark())
GQuark vault_error_quark(void);
typedef enum { VAULT_ERROR_IO, VAULT_ERROR_MISSING, VAULT_ERROR_GARBLED, VAULT_ERROR_KEY, VAULT_ERROR_SECRET } VaultError;

#define VAULT_VALUE_MOST (64u * 1024) /* bytes of one secret */
#define VAULT_SECRETS_MOST 10000

typedef struct Secret {
	char *name;
	char **hosts;  /* in ASCII; empty: bound to none */
	char *place;   /* "bearer", "basic", "header NAME", "path", "query NAME", "hmac", "login", or "" */
	int64_t set_at; /* seconds since the epoch */
	GBytes *sealed;
} Secret;

typedef struct Vault Vault;

/* An empty vault for this key (which it takes), not yet written. */
Vault *vault_new(const Kdf *kdf, uint8_t *key_take);
/* Reads the file; it stays locked. VAULT_ERROR_MISSING if there is none. */
Vault *vault_read(const char *path, GError **error);
/* Parses the bytes of a vault file (vault_read without the file). */
Vault *vault_parse(const uint8_t *bytes, size_t size, GError **error);
/* Wipes the key. NULL is allowed. */
void vault_free(Vault *vault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vault, vault_free)
/* Wipes the key and forgets it, in a child that must not have it. */
void vault_forget_key(Vault *vault);

const Kdf *vault_kdf(const Vault *vault);
bool vault_is_open(const Vault *vault);
/* Opens it with the master key, KEY_BYTES of sodium_malloc; it takes the key also when it fails. */
bool vault_unlock(Vault *vault, uint8_t *key_take, GError **error);
/* Both vaults were made with the same master key: the open one's key opens `other` as well. */
bool vault_unlock_like(Vault *other, const Vault *open, GError **error);

guint vault_count(const Vault *vault);
const Secret *vault_at(const Vault *vault, guint index); /* sorted by name */
const Secret *vault_find(const Vault *vault, const char *name);
/* Seals a value under a name, in the place of an old one of that name. The vault must be open. */
bool vault_set(Vault *vault, const char *name, char *const *hosts, const char *place, int64_t set_at, const char *value,
               size_t size, GError **error);
bool vault_remove(Vault *vault, const char *name);
/* The value in memory of sodium_malloc, ended by a NUL (size without it; may be NULL); sodium_free it. */
char *vault_unseal(const Vault *vault, const char *name, size_t *size, GError **error);
/* Is the secret bound to this host? Names are compared whole and without case, non-ASCII ones in their ASCII form. One that is
 * bound to no host fits none: it is for the signing in of an account alone. */
bool vault_host_fits(const Secret *secret, const char *host);
/* As vault_unseal, for signing in (place "login", "bearer" for a token, or none) at a host. */
char *vault_unseal_login(const Vault *vault, const char *name, const char *host, GError **error);
/* As vault_unseal, for signing mail: a secret that is bound to no host, and to no place but "login". */
char *vault_unseal_signing(const Vault *vault, const char *name, size_t *size, GError **error);
/* Seals all again under another master key, which it takes. False: nothing has changed; VAULT_ERROR_KEY if it is the same. */
bool vault_rekey(Vault *vault, const Kdf *kdf, uint8_t *key_take, GError **error);
/* The bytes of the file. */
GByteArray *vault_bytes(const Vault *vault);
bool vault_write(const Vault *vault, const char *path, GError **error);

#endif
