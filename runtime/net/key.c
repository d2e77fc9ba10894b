/* SPDX-License-Identifier: MIT */
/* Where the master key comes from: see key.h. */
#include "net/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "net/memory.h"
#include "net/terminal.h"

G_DEFINE_QUARK(perigee-key-error, key_error)

enum { PASSPHRASE_LEAST = 8 };

/* About a second and 128 MiB, on a small server too. */
#define OPSLIMIT 4
#define MEMLIMIT (128u << 20)
/* Parameters in a vault file above these are not borne: the file may be a stranger's. Work is passes times memory: 16 times
 * ours. */
#define OPSLIMIT_MOST 64
#define MEMLIMIT_MOST (1u << 30)
#define WORK_MOST ((uint64_t)16 * OPSLIMIT * MEMLIMIT)

#define WAYS "put the key into $CREDENTIALS_DIRECTORY/perigee.key, name a key file with --key-file FILE " \
             "(or PERIGEE_KEY_FILE), or run the command at a terminal to type the passphrase"

static void *no_key(GError **error, KeyError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void *no_key(GError **error, KeyError code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, KEY_ERROR, (int)code, text);
	return NULL;
}

static ssize_t read_all(int fd, uint8_t *bytes, size_t most)
{
	size_t got = 0;
	while (got < most) {
		ssize_t n = read(fd, bytes + got, most - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* The file, open; -1 if it is none that can be read again and again: a pipe would keep us waiting, and be empty at the
 * next look. */
static int open_key_file(const char *path, GError **error)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		no_key(error, KEY_ERROR_FILE, "cannot open the key file %s: %s%s", path, g_strerror(errno),
		       errno == ENOENT ? "; make one with: head -c 32 /dev/urandom > FILE && chmod 600 FILE" : "");
	else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		no_key(error, KEY_ERROR_FILE, "the key file %s is no plain file", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* systemd gives a service its credentials by an access list, which looks like rights of the group. */
static void warn_of_readers(int fd, const char *path)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct stat st;
	bool given = credentials && *credentials && g_str_has_prefix(path, credentials);
	if (fstat(fd, &st) == 0 && (st.st_mode & (given ? 007 : 077)))
		log_warn("the key file %s can be read by others: chmod 600 %s", path, path);
}

uint8_t *key_from_file(const char *path, GError **error)
{
	int fd = open_key_file(path, error);
	if (fd < 0)
		return NULL;
	warn_of_readers(fd, path);
	uint8_t *content = memory_new(KEY_FILE_MOST + 1);
	ssize_t size = read_all(fd, content, KEY_FILE_MOST + 1);
	int saved = errno;
	close(fd);
	uint8_t *key = NULL;
	if (size < 0) {
		no_key(error, KEY_ERROR_FILE, "cannot read the key file %s: %s", path, g_strerror(saved));
	} else if (size >= KEY_FILE_LEAST && size <= (ssize_t)KEY_FILE_MOST) {
		key = memory_new(KEY_BYTES);
		crypto_generichash(key, KEY_BYTES, content, (unsigned long long)size, NULL, 0);
	} else {
		no_key(error, KEY_ERROR_FILE, "the key file %s is no key: it must hold between %d and %u bytes", path, KEY_FILE_LEAST,
		       KEY_FILE_MOST);
	}
	sodium_free(content);
	return key;
}

uint8_t *key_from_passphrase(const Kdf *kdf, const char *passphrase, size_t size, GError **error)
{
	G_STATIC_ASSERT(KEY_SALT == crypto_pwhash_SALTBYTES);
	if (kdf->opslimit < crypto_pwhash_OPSLIMIT_MIN || kdf->opslimit > OPSLIMIT_MOST ||
	    kdf->memlimit < crypto_pwhash_MEMLIMIT_MIN || kdf->memlimit > MEMLIMIT_MOST || kdf->opslimit * kdf->memlimit > WORK_MOST)
		return no_key(error, KEY_ERROR_PASSPHRASE, "the vault asks for an unreasonable argon2id; bring it back from a backup");
	uint8_t *key = memory_new(KEY_BYTES);
	if (crypto_pwhash(key, KEY_BYTES, passphrase, size, kdf->salt, kdf->opslimit, (size_t)kdf->memlimit,
	                  crypto_pwhash_ALG_ARGON2ID13) == 0)
		return key;
	sodium_free(key);
	return no_key(error, KEY_ERROR_PASSPHRASE, "not enough memory for argon2id (%u MiB)", (unsigned)(kdf->memlimit >> 20));
}

static uint8_t *ask_passphrase(const Kdf *kdf, bool twice, GError **error)
{
	uint8_t *key = NULL;
	char *first = terminal_ask(twice ? "New passphrase of the vault: " : "Passphrase of the vault: ");
	char *second = twice && first ? terminal_ask("The same again: ") : NULL;
	if (!first || (twice && !second))
		no_key(error, KEY_ERROR_PASSPHRASE, "no passphrase was given");
	else if (twice && strlen(first) < PASSPHRASE_LEAST)
		no_key(error, KEY_ERROR_PASSPHRASE, "a passphrase needs at least %d bytes", PASSPHRASE_LEAST);
	else if (twice && strcmp(first, second) != 0)
		no_key(error, KEY_ERROR_PASSPHRASE, "the two passphrases differ");
	else
		key = key_from_passphrase(kdf, first, strlen(first), error);
	sodium_free(first);
	sodium_free(second);
	return key;
}

/* The file that holds the key by the order above, or NULL; the caller frees. */
char *key_find(const char *key_file)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	if (credentials && *credentials) {
		g_autofree char *path = g_build_filename(credentials, "perigee.key", NULL);
		if (access(path, F_OK) == 0)
			return g_steal_pointer(&path);
	}
	if (key_file && *key_file)
		return g_strdup(key_file);
	const char *named = getenv("PERIGEE_KEY_FILE");
	return named && *named ? g_strdup(named) : NULL;
}

uint8_t *key_get(const Kdf *kdf, const char *key_file, GError **error)
{
	g_autofree char *path = key_find(key_file);
	if (kdf->kind == KEY_KIND_PASSPHRASE && !isatty(STDIN_FILENO))
		return no_key(error, KEY_ERROR_NONE, "the vault opens with a passphrase, which is asked for at a terminal alone%s%s%s; to do "
		              "without one give it a key file there: perigee secret rotate --master --new-key-file FILE",
		              path ? " (the key file " : "", path ? path : "", path ? " is not its key)" : "");
	if (kdf->kind == KEY_KIND_PASSPHRASE)
		return ask_passphrase(kdf, false, error);
	if (path)
		return key_from_file(path, error);
	return no_key(error, KEY_ERROR_NONE, "the vault opens with a key file and none is named: put it into "
	              "$CREDENTIALS_DIRECTORY/perigee.key or name it with --key-file FILE (or PERIGEE_KEY_FILE)");
}

uint8_t *key_make_new(Kdf *kdf, const char *key_file, GError **error)
{
	*kdf = (Kdf){ .kind = key_file ? KEY_KIND_FILE : KEY_KIND_PASSPHRASE };
	randombytes_buf(kdf->salt, sizeof kdf->salt);
	if (key_file)
		return key_from_file(key_file, error);
	if (!isatty(STDIN_FILENO))
		return no_key(error, KEY_ERROR_NONE, "no key for the vault: " WAYS);
	kdf->opslimit = OPSLIMIT;
	kdf->memlimit = MEMLIMIT;
	return ask_passphrase(kdf, true, error);
}

uint8_t *key_make(Kdf *kdf, const char *key_file, GError **error)
{
	g_autofree char *path = key_find(key_file);
	return key_make_new(kdf, path, error);
}
