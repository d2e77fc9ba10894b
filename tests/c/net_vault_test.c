/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* The vault: what comes back is what went in, and only with its key; every torn or changed file is told as such. */
#include "net/vault.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* What the reader would refuse must not be written: it would be the end of the whole vault. */
static void what_could_not_be_read_back_is_not_set(void)
{
	g_autofree char *long_text = g_strnfill(5000, 'a');
	char *many[] = { long_text, NULL }, *none[] = { NULL }, *empty[] = { (char *)"", NULL }, *two[] = { (char *)"a\nevil.example", NULL };
	g_autofree char *place = g_strconcat("header ", long_text, NULL);
	const struct { const char *name; char **hosts; const char *place; } bad[] = {
		{ "x", many, "" }, { "x", none, place }, { long_text, none, "" }, { "", none, "" }, { "x", empty, "" }, { "x", two, "" },
		{ "a\x1b[2Jb", none, "" }, { "x", none, "login\n" }, { "\xff", none, "" }, { "a\xc2\x9b" "b", none, "" },
	};
	g_autoptr(Vault) vault = sample();
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(vault_set(vault, bad[i].name, bad[i].hosts, bad[i].place, 1, "v", 1, &error));
		g_assert_error(error, VAULT_ERROR, VAULT_ERROR_SECRET);
		g_assert_cmpuint(vault_count(vault), ==, 2);
	}
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, NULL);
	g_assert_nonnull(again);
}

static void a_vault_larger_than_its_reader_takes_is_not_written(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("vault-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "perigee.vault", NULL);
	g_autofree char *value = g_strnfill(VAULT_VALUE_MOST, 'v');
	char *none[] = { NULL };
	g_autoptr(Vault) vault = sample();
	g_assert_true(vault_write(vault, path, &error));
	for (int i = 0; i < 1030; i++) {
		g_autofree char *name = g_strdup_printf("secret-%d", i);
		g_assert_true(vault_set(vault, name, none, "", 1, value, VAULT_VALUE_MOST, NULL));
	}
	g_assert_false(vault_write(vault, path, &error));
	g_assert_nonnull(strstr(error->message, "nothing has changed"));
	g_clear_error(&error);
	g_autoptr(Vault) again = vault_read(path, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(vault_count(again), ==, 2);
	g_unlink(path);
	g_rmdir(folder);
}

/* The plain hash is right, so that only the labels themselves are at fault. */
static void names_of_a_strange_file_can_be_printed(void)
{
	static const char *const bad[] = { "a\x1b[i", "ma\nl", "m\0il", "\377ail", "mail" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(Vault) vault = sample();
		g_autoptr(GByteArray) bytes = vault_bytes(vault);
		uint8_t *name = memmem(bytes->data, bytes->len, "mail", 4);
		memcpy(name, bad[i], 4);
		crypto_generichash(bytes->data + bytes->len - 32, 32, bytes->data, bytes->len - 32, NULL, 0);
		g_autoptr(Vault) again = vault_parse(bytes->data, bytes->len, NULL);
		g_assert_cmpint(again != NULL, ==, strcmp(bad[i], "mail") == 0);
	}
}

static void a_failed_new_key_leaves_the_vault_as_it_was(void)
{
	g_autoptr(Vault) vault = sample();
	g_autoptr(GByteArray) bytes = vault_bytes(vault);
	g_autoptr(GError) error = NULL;
	Kdf kdf = { .kind = KEY_KIND_FILE };
	g_assert_false(vault_rekey(vault, &kdf, key_of(1), &error)); /* the key it has */
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_KEY);
	g_clear_error(&error);
	/* The second secret, by name, can't be unsealed: the first is not to be under the new key then. */
	Secret *mail = (Secret *)vault_find(vault, "mail");
	GBytes *sealed = mail->sealed;
	mail->sealed = g_bytes_new_take(g_malloc0(60), 60);
	g_assert_false(vault_rekey(vault, &kdf, key_of(7), &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_GARBLED);
	g_bytes_unref(mail->sealed);
	mail->sealed = sealed;
	assert_value(vault, "api", "t0ken");
	g_autoptr(GByteArray) after = vault_bytes(vault);
	g_assert_cmpuint(bytes->len, ==, after->len);
	g_assert_cmpint(memcmp(bytes->data, after->data, after->len), ==, 0);
	vault_forget_key(vault);
	g_clear_error(&error);
	g_assert_false(vault_rekey(vault, &kdf, key_of(7), &error));
	g_assert_error(error, VAULT_ERROR, VAULT_ERROR_KEY);
}

static void hosts_are_compared_whole_and_without_case(void)
{
	static const struct { const char *bound, *host; bool fits; } cases[] = {
		{ "smtp.example", "smtp.example", true }, { "smtp.example", "SMTP.Example", true }, { "smtp.example", "smtp.example.", false },
		{ "smtp.example", "xsmtp.example", false }, { "smtp.example", "smtp.example.evil.test", false }, { "smtp.example", "example", false },
		{ "example", "smtp.example", false }, { "smtp.example", "", false }, { "smtp.example", "smtp.example:25", false },
		{ "xn--mller-kva.example", "m\xc3\xbcller.example", true }, { "xn--mller-kva.example", "muller.example", false },
		{ "::1", "::1", true }, { "127.0.0.1", "127.0.0.10", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *hosts[] = { (char *)"other.example", (char *)cases[i].bound, NULL };
		Secret secret = { .hosts = hosts };
		g_assert_cmpint(vault_host_fits(&secret, cases[i].host), ==, cases[i].fits);
	}
	char *none[] = { NULL };
	Secret free_one = { .hosts = none };
	g_assert_false(vault_host_fits(&free_one, "smtp.example"));
}

static void a_place_is_the_only_place(void)
{
	static const struct { const char *place; bool login; } cases[] = {
		{ "", true }, { "login", true }, { "bearer", true }, { "basic", false }, { "hmac", false }, { "path", false },
		{ "header X-Key", false }, { "query key", false }, { "LOGIN", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Vault) vault = sample();
		g_autoptr(GError) error = NULL;
		char *hosts[] = { (char *)"smtp.example", NULL };
		g_assert_true(vault_set(vault, "x", hosts, cases[i].place, 1, "v", 1, NULL));
		char *value = vault_unseal_login(vault, "x", "smtp.example", &error);
		g_assert_cmpint(value != NULL, ==, cases[i].login);
		if (!cases[i].login)
			g_assert_error(error, VAULT_ERROR, VAULT_ERROR_SECRET);
		sodium_free(value);
	}
}

static void strange_files_in_its_place_are_refused(void)
{
	g_autofree char *folder = g_dir_make_tmp("vault-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "perigee.vault", NULL), *other = g_build_filename(folder, "other", NULL);
	g_autofree char *temporary = g_strconcat(path, ".new", NULL);
	g_autoptr(Vault) vault = sample();
	g_assert_cmpint(mkfifo(path, 0600), ==, 0); /* nobody writes to it: a plain open would wait for ever */
	g_assert_null(vault_read(path, NULL));
	g_unlink(path);
	g_assert_true(vault_write(vault, other, NULL));
	g_assert_cmpint(symlink(other, path), ==, 0);
	g_assert_null(vault_read(path, NULL));
	g_unlink(path);
	g_assert_cmpint(symlink("/dev/zero", path), ==, 0);
	g_assert_null(vault_read(path, NULL));
	g_unlink(path);
	g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
	g_assert_null(vault_read(path, NULL));
	g_rmdir(path);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	g_assert_cmpint(ftruncate(fd, (off_t)1 << 40), ==, 0); /* a sparse file: not to be read at all */
	close(fd);
	g_assert_null(vault_read(path, NULL));
	/* In the place of the temporary file: what a link leads to is not written to, a pipe not waited for. */
	for (int kind = 0; kind < 3; kind++) {
		g_file_set_contents(other, "precious", -1, NULL);
		g_assert_cmpint(kind == 0 ? symlink(other, temporary) : kind == 1 ? link(other, temporary) : mkfifo(temporary, 0600), ==, 0);
		g_assert_true(vault_write(vault, path, NULL));
		g_autofree char *content = NULL;
		g_assert_true(g_file_get_contents(other, &content, NULL, NULL));
		g_assert_cmpstr(content, ==, "precious");
		g_autoptr(Vault) again = vault_read(path, NULL);
		g_assert_nonnull(again);
		GStatBuf st;
		g_assert_cmpint(g_lstat(path, &st), ==, 0);
		g_assert_true(S_ISREG(st.st_mode) && st.st_nlink == 1 && (st.st_mode & 0777) == 0600);
		g_assert_cmpint(g_lstat(temporary, &st), <, 0);
	}
	g_unlink(path);
	g_unlink(other);
	g_rmdir(folder);
}

static void hostile_argon2id_is_not_worked_on(void)
{
	static const struct { uint64_t opslimit, memlimit; } cases[] = {
		{ UINT64_MAX, 8192 }, { 65, 8192 }, { 0, 8192 }, { 64, 1u << 30 }, { 4, UINT64_C(1) << 40 }, { 1, 0 }, { UINT64_MAX, UINT64_MAX },
	};
	gint64 begin = g_get_monotonic_time();
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Kdf kdf = { KEY_KIND_PASSPHRASE, cases[i].opslimit, cases[i].memlimit, { 1 } };
		g_autoptr(GError) error = NULL;
		g_assert_null(key_from_passphrase(&kdf, "moonlight", 9, &error));
		g_assert_error(error, KEY_ERROR, KEY_ERROR_PASSPHRASE);
	}
	g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * G_USEC_PER_SEC);
}

static void a_pipe_is_no_key_file(void)
{
	g_autofree char *folder = g_dir_make_tmp("vault-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "key", NULL);
	g_assert_cmpint(mkfifo(path, 0600), ==, 0);
	g_autoptr(GError) error = NULL;
	g_assert_null(key_from_file(path, &error));
	g_assert_error(error, KEY_ERROR, KEY_ERROR_FILE);
	g_unlink(path);
	g_rmdir(folder);
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
	g_test_add_func("/vault/what could not be read back is not set", what_could_not_be_read_back_is_not_set);
	g_test_add_func("/vault/a vault larger than its reader takes is not written", a_vault_larger_than_its_reader_takes_is_not_written);
	g_test_add_func("/vault/names of a strange file can be printed", names_of_a_strange_file_can_be_printed);
	g_test_add_func("/vault/a failed new key leaves the vault as it was", a_failed_new_key_leaves_the_vault_as_it_was);
	g_test_add_func("/vault/hosts are compared whole and without case", hosts_are_compared_whole_and_without_case);
	g_test_add_func("/vault/a place is the only place", a_place_is_the_only_place);
	g_test_add_func("/vault/strange files in its place are refused", strange_files_in_its_place_are_refused);
	g_test_add_func("/vault/hostile argon2id is not worked on", hostile_argon2id_is_not_worked_on);
	g_test_add_func("/vault/a pipe is no key file", a_pipe_is_no_key_file);
	g_test_add_func("/vault/passphrases make the same key again", passphrases_make_the_same_key_again);
	g_test_add_func("/vault/key files are long enough", key_files_are_long_enough);
	return g_test_run();
}
