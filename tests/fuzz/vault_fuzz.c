/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * A vault's file that somebody else wrote. The first byte says what is made right before it is parsed: 1 its hash, 2 its keyed hash
 * too, as one who has the key could. A file that opens is written again as the same bytes; values come out only as they were sealed.
 */
#include "fuzz.h"
#include "net/vault.h"

#include <sodium.h>

enum { HASH = 32, SUB_HASH = 3 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	g_assert_true(sodium_init() >= 0);
	return 0;
}

static uint8_t *key_of(uint8_t byte)
{
	uint8_t *key = sodium_malloc(KEY_BYTES);
	memset(key, byte, KEY_BYTES);
	return key;
}

static void make_right(uint8_t *bytes, size_t size, bool keyed)
{
	uint8_t sub[KEY_BYTES], *key = key_of(1);
	crypto_kdf_derive_from_key(sub, sizeof sub, SUB_HASH, "perigeeV", key);
	if (keyed)
		crypto_generichash(bytes + size - 2 * HASH, HASH, bytes, size - 2 * HASH, sub, sizeof sub);
	crypto_generichash(bytes + size - HASH, HASH, bytes, size - HASH, NULL, 0);
	sodium_free(key);
}

static void check_secrets(const Vault *vault)
{
	for (guint i = 0; i < vault_count(vault); i++) {
		const Secret *secret = vault_at(vault, i);
		g_assert_true(secret->name && secret->hosts && secret->place && g_utf8_validate(secret->name, -1, NULL));
		g_assert_true(vault_find(vault, secret->name) == secret);
		g_assert_true(i == 0 || strcmp(vault_at(vault, i - 1)->name, secret->name) < 0);
	}
}

static void check_values(const Vault *vault)
{
	for (guint i = 0; i < vault_count(vault); i++) {
		const Secret *secret = vault_at(vault, i);
		g_autoptr(GError) error = NULL;
		size_t size;
		char *value = vault_unseal(vault, secret->name, &size, &error);
		g_assert_true((value == NULL) == (error != NULL));
		if (!value)
			continue;
		/* Nobody but us has sealed anything under this key: the two of the seed. */
		g_assert_true(strcmp(secret->name, "mail") == 0 ? strcmp(value, "correct horse") == 0 : strcmp(value, "t0ken") == 0);
		sodium_free(value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	g_autofree uint8_t *bytes = g_memdup2(data + 1, --size);
	if ((data[0] & 3) && size >= 2 * HASH)
		make_right(bytes, size, data[0] & 2);
	g_autoptr(GError) error = NULL;
	g_autoptr(Vault) vault = vault_parse(bytes, size, &error);
	g_assert_true((vault == NULL) == (error != NULL));
	if (!vault)
		return 0;
	g_assert_true(!vault_is_open(vault) && !vault_unseal(vault, "mail", NULL, NULL));
	check_secrets(vault);
	g_autoptr(Vault) other = vault_parse(bytes, size, NULL);
	g_assert_true(other && !vault_unlock(other, key_of(2), NULL) && !vault_is_open(other));
	if (!vault_unlock(vault, key_of(1), &error)) {
		g_assert_true(error && !vault_is_open(vault));
		return 0;
	}
	g_autoptr(GByteArray) again = vault_bytes(vault);
	g_assert_true(again->len == size && memcmp(again->data, bytes, size) == 0);
	check_values(vault);
	return 0;
}
