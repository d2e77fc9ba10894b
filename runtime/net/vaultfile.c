/* SPDX-License-Identifier: MIT */
/* The vault's file: see vaultfile.h. */
#include "net/vaultfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "net/vault.h"

static bool failed(GError **error, VaultError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool failed(GError **error, VaultError code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, VAULT_ERROR, (int)code, text);
	return false;
}

/* Whoever else may write it may bring back an older one, or leave us without. */
static void warn_of_writers(const struct stat *st, const char *path)
{
	if (st->st_mode & 022)
		log_warn("the vault %s can be written by others: chmod 600 %s", path, path);
	else if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0)
		log_warn("the vault %s belongs to another user", path);
}

static bool check(int fd, const char *path, size_t *size, GError **error)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return failed(error, VAULT_ERROR_IO, "cannot read the vault %s: %s", path, g_strerror(errno));
	if (!S_ISREG(st.st_mode))
		return failed(error, VAULT_ERROR_IO, "%s is no plain file", path);
	if (st.st_size > (off_t)VAULTFILE_MOST)
		return failed(error, VAULT_ERROR_GARBLED, "%s is too big for a vault", path);
	warn_of_writers(&st, path);
	*size = (size_t)st.st_size;
	return true;
}

/* A reader never sees a file that is being written: a vault is replaced by rename. */
static bool read_all(int fd, GByteArray *bytes)
{
	size_t got = 0;
	while (got < bytes->len) {
		ssize_t n = read(fd, bytes->data + got, bytes->len - got);
		if (n < 0 && errno != EINTR)
			return false;
		if (n == 0)
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	g_byte_array_set_size(bytes, (guint)got);
	return true;
}

GByteArray *vaultfile_read(const char *path, GError **error)
{
	size_t size = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		failed(error, VAULT_ERROR_MISSING, "there is no vault yet (%s)", path);
	else if (fd < 0 && errno == ELOOP)
		failed(error, VAULT_ERROR_IO, "the vault %s is a symbolic link; put the file itself there", path);
	else if (fd < 0)
		failed(error, VAULT_ERROR_IO, "cannot read the vault %s: %s", path, g_strerror(errno));
	if (fd < 0)
		return NULL;
	g_autoptr(GByteArray) bytes = NULL;
	bool ok = check(fd, path, &size, error);
	if (ok) {
		bytes = g_byte_array_sized_new((guint)size + 1);
		g_byte_array_set_size(bytes, (guint)size);
		ok = read_all(fd, bytes) || failed(error, VAULT_ERROR_IO, "cannot read the vault %s: %s", path, g_strerror(errno));
	}
	close(fd);
	return ok ? g_steal_pointer(&bytes) : NULL;
}

/* A new file of ours with these bytes, on the disk. errno is set when it fails. */
static bool write_new(const char *path, const uint8_t *bytes, size_t size)
{
	/* Whatever stands there, a link or a pipe, is not written to. */
	if (unlink(path) < 0 && errno != ENOENT)
		return false;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	bool ok = true;
	for (size_t at = 0; ok && at < size;) {
		ssize_t n = write(fd, bytes + at, size - at);
		ok = n > 0 || (n < 0 && errno == EINTR);
		at += n > 0 ? (size_t)n : 0;
	}
	ok = ok && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
	int saved = errno;
	if (close(fd) < 0 && ok)
		return false;
	errno = saved;
	return ok;
}

static bool sync_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

bool vaultfile_write(const char *path, const uint8_t *bytes, size_t size, GError **error)
{
	g_autofree char *temporary = g_strconcat(path, ".new", NULL);
	if (size > VAULTFILE_MOST)
		return failed(error, VAULT_ERROR_SECRET, "the vault would have more than %u MiB; nothing has changed", VAULTFILE_MOST >> 20);
	if (!write_new(temporary, bytes, size) || rename(temporary, path) < 0) {
		int saved = errno;
		unlink(temporary);
		return failed(error, VAULT_ERROR_IO, "cannot write the vault %s: %s; nothing has changed", path, g_strerror(saved));
	}
	return sync_folder(path) ||
	       failed(error, VAULT_ERROR_IO, "the vault %s was written, but its folder can't be synced (%s): after a power cut it may be as it "
	              "was before, so keep the old key and value until it could be", path, g_strerror(errno));
}
