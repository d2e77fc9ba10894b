/* SPDX-License-Identifier: MIT */
/*
 * Where the master key comes from, in this order: $CREDENTIALS_DIRECTORY/perigee.key (systemd's LoadCredential), the file of
 * --key-file or $PERIGEE_KEY_FILE, a passphrase typed at the terminal. A key file holds at least 32 bytes, whatever they are
 * (`head -c 32 /dev/urandom`); the key is the BLAKE2b of all of them. A passphrase goes through argon2id.
 * Nothing asks for a passphrase unless standard input is a terminal.
 */
#ifndef PERIGEE_KEY_H
#define PERIGEE_KEY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define KEY_BYTES 32
#define KEY_SALT 16
#define KEY_FILE_LEAST 32
#define KEY_FILE_MOST (64u * 1024)

#define KEY_ERROR (key_error_quark())
GQuark key_error_quark(void);
typedef enum { KEY_ERROR_NONE, KEY_ERROR_FILE, KEY_ERROR_WRONG_KIND, KEY_ERROR_PASSPHRASE } KeyError;

typedef enum { KEY_KIND_FILE, KEY_KIND_PASSPHRASE } KeyKind;

/* How a vault's master key is made; stands in its file. */
typedef struct Kdf {
	KeyKind kind;
	uint64_t opslimit, memlimit;
	uint8_t salt[KEY_SALT];
} Kdf;

/* The file that holds the key by the order above, or NULL. Caller frees. */
char *key_find(const char *key_file);
/* The master key of the vault with this kdf, in memory of sodium_malloc. key_file may be NULL. */
uint8_t *key_get(const Kdf *kdf, const char *key_file, GError **error);
/* For a new vault: takes the first source there is, and fills in kdf. A passphrase is asked for twice. */
uint8_t *key_make(Kdf *kdf, const char *key_file, GError **error);
/* A key from this file alone, or from a new passphrase if key_file is NULL (secret rotate --master). */
uint8_t *key_make_new(Kdf *kdf, const char *key_file, GError **error);
/* The two ways by hand, for tests and the functions above. */
uint8_t *key_from_file(const char *path, GError **error);
uint8_t *key_from_passphrase(const Kdf *kdf, const char *passphrase, size_t size, GError **error);

#endif
