/* SPDX-License-Identifier: MIT */
/*
 * The secrets that the requester may use: the keeper unseals them for it, each with the place and the hosts it is bound to.
 * The values stand in memory of sodium_malloc and are wiped with the keyring.
 */
#ifndef PERIGEE_KEYRING_H
#define PERIGEE_KEYRING_H

#include <glib.h>
#include <stddef.h>

#include "net/vault.h"

#define KEYRING_VALUE_MOST 4096u /* bytes of a secret that goes into a request */

typedef struct Key {
	char *name, *place;
	char **hosts;
	char *value;    /* NULL: it can't be used, because of trouble */
	size_t size;
	char *trouble;  /* a sentence */
} Key;

typedef struct Keyring Keyring;

Keyring *keyring_new(void);
/* NULL is allowed. */
void keyring_free(Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyring, keyring_free)
/* Unseals the named secret of the vault, with its place and hosts; one that can't be had or used in a request is kept with
 * its trouble. vault may be NULL; locked: why the vault is, or NULL. */
void keyring_take(Keyring *keyring, const Vault *vault, const char *locked, const char *name);
/* Adds a secret as it is; takes the value, which is of sodium_malloc and ends with a NUL. */
void keyring_add(Keyring *keyring, const char *name, const char *place, char *const *hosts, char *value_take, size_t size);
/* Adds one that can't be used. */
void keyring_add_trouble(Keyring *keyring, const char *name, const char *place, char *const *hosts, const char *trouble);
void keyring_each(const Keyring *keyring, void (*each)(const Key *key, void *data), void *data);
/* NULL if it is not there. */
const Key *keyring_find(const Keyring *keyring, const char *name);
#endif
