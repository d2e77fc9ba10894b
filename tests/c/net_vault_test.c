/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* The vault: what comes back is what went in, and only with its key; every torn or changed file is told as such. */
#include "net/vault.h"

#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>

static uint8_t *key_of(uint8_t byte)
{
	uint8_t *key = sodium_malloc(KEY_BYTES);
	memset(key, byte, KEY_BYTES);
	return key;
}

static Vault *sample(void)
{
	Kdf kdf = { .kind = KEY_KIND_FILE };
	Vault *vault = vault_new(&kdf, key_of(1));
	char *hosts[] = { (char *)"smtp.example", (char *)"imap.example", NULL }, *none[] = { NULL };
	g_assert_true(vault_set(vault, "mail", hosts, "login", 1000, "correct horse", 13, NULL));
	g_assert_true(vault_set(vault, "api", none, "", 2000, "t0ken", 5, NULL));
	return vault;
}

static void assert_value(const Vault *vault, const char *name, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	size_t size;
	char *value = vault_unseal(vault, name, &size, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(value, ==, wanted);
	g_assert_cmpuint(size, ==, strlen(wanted));
	sodium_free(value);
}

static void what_goes_in_comes_out(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autoptr(GError) error = NULL;
	g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, &error);
	g_assert_no_error(error);
	g_assert_false(vault_is_open(again));
	g_assert_cmpuint(vault_count(again), ==, 2);
	g_assert_cmpstr(vault_at(again, 0)->name, ==, "api");
	g_assert_cmpstr(vault_find(again, "mail")->hosts[1], ==, "imap.example");
	g_assert_cmpstr(vault_find(again, "mail")->place, ==, "login");
	g_assert_cmpint(vault_find(again, "mail")->set_at, ==, 1000);
	g_assert_null(vault_unseal(again, "mail", NULL, NULL));
	g_assert_true(vault_unlock(again, key_of(1), &error));
	assert_value(again, "mail", "correct horse");
	assert_value(again, "api", "t0ken");
	g_assert_null(memmem(bytes->data, bytes->len, "correct horse", 13));
	g_assert_null(memmem(bytes->data, bytes->len, "t0ken", 5));
}

static void a_wrong_key_opens_nothing(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, NULL);
	g_autoptr(GError) error = NULL;
	g_assert_false(vault_unlock(again, key_of(2), &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_KEY);
	g_assert_false(vault_is_open(again));
	g_assert_null(vault_unseal(again, "mail", NULL, NULL));
}

static void every_truncation_is_told(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	for (guint size = 0; size < bytes->len; size++) {
		g_autoptr(GError) error = NULL;
		g_autofree uint8_t *copy = g_memdup2(bytes->data, size); /* so that a sanitizer sees a read past it */
		g_assert_null(vault_parse(copy, size, &error));
		g_assert_error(error, VAULT_ERROR, VAULT_ERROR_GARBLED);
	}
}

static void every_changed_byte_is_told(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	for (guint at = 0; at < bytes->len; at++) {
		g_autoptr(GError) error = NULL;
		bytes->data[at] ^= 0x20;
		g_assert_null(vault_parse(bytes->data, bytes->len, &error));
		g_assert_error(error, VAULT_ERROR, VAULT_ERROR_GARBLED);
		bytes->data[at] ^= 0x20;
	}
}

/* Somebody without the key can make the plain hash right again, but not the keyed one. */
static void a_forged_file_is_told(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	uint8_t *place = memmem(bytes->data, bytes->len, "smtp.example", 12);
	g_assert_nonnull(place);
	memcpy(place, "evil.example", 12);
	crypto_generichash(bytes->data + bytes->len - 32, 32, bytes->data, bytes->len - 32, NULL, 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, &error);
	g_assert_no_error(error);
	g_assert_false(vault_unlock(again, key_of(1), &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_GARBLED);
}

static void secrets_go_only_where_they_are_bound(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GError) error = NULL;
	char *none[] = { NULL };
	char *value = vault_unseal_login(vault, "mail", "IMAP.example", &error);
	g_assert_no_error(error);
	sodium_free(value);
	g_assert_null(vault_unseal_login(vault, "mail", "evil.example", &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_SECRET);
	g_clear_error(&error);
	g_assert_true(vault_set(vault, "key", none, "header X-Key", 1, "k", 1, NULL));
	g_assert_null(vault_unseal_login(vault, "key", "imap.example", &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_SECRET);
	g_clear_error(&error);
	g_assert_null(vault_unseal_login(vault, "nosuch", "imap.example", &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_SECRET);
}

static void another_master_key_opens_the_same_secrets(void)
{
	g_autoptr(Vault) vault = sample();
	Kdf kdf = { .kind = KEY_KIND_FILE };
	g_assert_true(vault_rekey(vault, &kdf, key_of(7), NULL));
	assert_value(vault, "mail", "correct horse");
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, NULL);
	g_assert_false(vault_unlock(again, key_of(1), NULL));
	g_autoptr(Vault) third = vault_parse(bytes->data, bytes->len, NULL);
	g_assert_true(vault_unlock(third, key_of(7), NULL));
	assert_value(third, "api", "t0ken");
}

static void a_secret_can_be_replaced_and_removed(void)
{
	g_autoptr(Vault) vault = sample();
	char *none[] = { NULL };
	g_assert_true(vault_set(vault, "mail", none, "", 3000, "another", 7, NULL));
	g_assert_cmpuint(vault_count(vault), ==, 2);
	assert_value(vault, "mail", "another");
	g_assert_true(vault_remove(vault, "mail"));
	g_assert_false(vault_remove(vault, "mail"));
	g_assert_cmpuint(vault_count(vault), ==, 1);
	g_assert_false(vault_set(vault, "empty", none, "", 0, "", 0, NULL));
}

static void a_failed_write_changes_nothing(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("vault-XXXXXX", &error);
	g_autofree char *path = g_build_filename(folder, "perigee.vault", NULL);
	g_autofree char *temporary = g_strconcat(path, ".new", NULL);
	g_autoptr(Vault) vault = sample();
	g_assert_true(vault_write(vault, path, &error));
	GStatBuf st;
	g_assert_cmpint(g_stat(path, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
	g_assert_cmpint(g_mkdir(temporary, 0700), ==, 0); /* the temporary file can't be made */
	vault_remove(vault, "api");
	g_assert_false(vault_write(vault, path, &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_IO);
	g_clear_error(&error);
	g_autoptr(Vault) again = vault_read(path, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(vault_count(again), ==, 2);
	g_rmdir(temporary);
	g_unlink(path);
	g_rmdir(folder);
	g_assert_null(vault_read(path, &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_MISSING);
}

static void passphrases_make_the_same_key_again(void)
{
	g_autoptr(GError) error = NULL;
	Kdf kdf = { KEY_KIND_PASSPHRASE, crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN, { 1, 2, 3 } };
	uint8_t *one = key_from_passphrase(&kdf, "moonlight", 9, &error);
	uint8_t *same = key_from_passphrase(&kdf, "moonlight", 9, &error);
	uint8_t *other = key_from_passphrase(&kdf, "moonlighT", 9, &error);
	g_assert_no_error(error);
	g_assert_cmpint(memcmp(one, same, KEY_BYTES), ==, 0);
	g_assert_cmpint(memcmp(one, other, KEY_BYTES), !=, 0);
	kdf.memlimit = UINT64_C(1) << 40; /* a hostile file must not eat the machine */
	g_assert_null(key_from_passphrase(&kdf, "moonlight", 9, &error));
	g_assert_error(error, KEY_ERROR, KEY_ERROR_PASSPHRASE);
	sodium_free(one);
	sodium_free(same);
	sodium_free(other);
}

static void key_files_are_long_enough(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("vault-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "key", NULL);
	g_assert_null(key_from_file(path, &error));
	g_assert_error(error, KEY_ERROR, KEY_ERROR_FILE);
	g_clear_error(&error);
	g_file_set_contents_full(path, "0123456789012345678901234567890", 31, 0, 0600, NULL);
	g_assert_null(key_from_file(path, &error));
	g_assert_error(error, KEY_ERROR, KEY_ERROR_FILE);
	g_clear_error(&error);
	g_file_set_contents_full(path, "01234567890123456789012345678901", 32, 0, 0600, NULL);
	uint8_t *key = key_from_file(path, &error);
	g_assert_no_error(error);
	sodium_free(key);
	g_unlink(path);
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(sodium_init(), >=, 0);
	g_test_add_func("/vault/what goes in comes out", what_goes_in_comes_out);
	g_test_add_func("/vault/a wrong key opens nothing", a_wrong_key_opens_nothing);
	g_test_add_func("/vault/every truncation is told", every_truncation_is_told);
	g_test_add_func("/vault/every changed byte is told", every_changed_byte_is_told);
	g_test_add_func("/vault/a forged file is told", a_forged_file_is_told);
	g_test_add_func("/vault/secrets go only where they are bound", secrets_go_only_where_they_are_bound);
	g_test_add_func("/vault/another master key opens the same secrets", another_master_key_opens_the_same_secrets);
	g_test_add_func("/vault/a secret can be replaced and removed", a_secret_can_be_replaced_and_removed);
	g_test_add_func("/vault/a failed write changes nothing", a_failed_write_changes_nothing);
	g_test_add_func("/vault/passphrases make the same key again", passphrases_make_the_same_key_again);
	g_test_add_func("/vault/key files are long enough", key_files_are_long_enough);
	return g_test_run();
}
