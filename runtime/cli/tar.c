/* SPDX-License-Identifier: MIT */
/* Writing tar files: see tar.h. */
#include "cli/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, COPY = 1 << 16 };

/* POSIX.1-1988, "ustar Interchange Format". */
typedef struct Header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32], group[32], major[8],
		minor[8], prefix[155], rest[12];
} Header;
G_STATIC_ASSERT(sizeof(Header) == BLOCK);

struct Tar {
	int fd;
	char *path;
	bool finished;
};

static bool failed(const char *path, GError **error)
{
	int why = errno;
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(why), "%s: %s", path, g_strerror(why));
	return false;
}

static bool put(Tar *tar, const void *bytes, size_t size, GError **error)
{
	const char *at = bytes;
	while (size) {
		ssize_t n = write(tar->fd, at, size);
		if (n < 0 && errno != EINTR)
			return failed(tar->path, error);
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return true;
}

Tar *tar_new(const char *path, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		failed(path, error);
		return NULL;
	}
	Tar *tar = g_new0(Tar, 1);
	tar->fd = fd;
	tar->path = g_strdup(path);
	return tar;
}

/* A name that does not fit is split at a slash: what stands before it goes into prefix. */
static bool put_name(Header *header, const char *name)
{
	size_t length = strlen(name);
	if (length <= sizeof header->name) {
		memcpy(header->name, name, length);
		return true;
	}
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t before = (size_t)(slash - name), after = length - before - 1;
		if (before <= sizeof header->prefix && after && after <= sizeof header->name) {
			memcpy(header->prefix, name, before);
			memcpy(header->name, slash + 1, after);
			return true;
		}
	}
	return false;
}

static void put_size(Header *header, uint64_t size)
{
	if (size < UINT64_C(1) << 33) {
		g_snprintf(header->size, sizeof header->size, "%011" G_GINT64_MODIFIER "o", size);
		return;
	}
	header->size[0] = (char)0x80;
	for (size_t i = sizeof header->size - 1; i > 3; i--, size >>= 8)
		header->size[i] = (char)(size & 0xff);
}

static bool put_header(Tar *tar, const char *name, const struct stat *st, GError **error)
{
	Header header = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	if (!put_name(&header, name)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NAMETOOLONG, "%s: the path is too long for a tar file", name);
		return false;
	}
	g_snprintf(header.mode, sizeof header.mode, "%07o", (unsigned)st->st_mode & 0777);
	g_snprintf(header.uid, sizeof header.uid, "%07o", 0u);
	g_snprintf(header.gid, sizeof header.gid, "%07o", 0u);
	put_size(&header, (uint64_t)st->st_size);
	g_snprintf(header.mtime, sizeof header.mtime, "%011" G_GINT64_MODIFIER "o", (uint64_t)MAX(st->st_mtime, 0) & ((UINT64_C(1) << 33) - 1));
	memset(header.sum, ' ', sizeof header.sum);
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof header; i++)
		sum += ((unsigned char *)&header)[i];
	g_snprintf(header.sum, sizeof header.sum, "%06o", sum);
	return put(tar, &header, sizeof header, error);
}

static bool copy(Tar *tar, int from, const char *path, uint64_t size, GError **error)
{
	static const char zeros[BLOCK];
	g_autofree char *step = g_malloc(COPY);
	uint64_t left = size;
	while (left) {
		ssize_t n = read(from, step, MIN(left, (uint64_t)COPY));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(path, error);
		if (n == 0) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: became shorter while it was copied: try again", path);
			return false;
		}
		if (!put(tar, step, (size_t)n, error))
			return false;
		left -= (uint64_t)n;
	}
	return put(tar, zeros, (BLOCK - size % BLOCK) % BLOCK, error);
}

bool tar_add(Tar *tar, const char *name, const char *from, GError **error)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		failed(from, error);
		if (fd >= 0)
			close(fd);
		return false;
	}
	bool ok = S_ISREG(st.st_mode);
	if (!ok)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: not a file", from);
	ok = ok && put_header(tar, name, &st, error) && copy(tar, fd, from, (uint64_t)st.st_size, error);
	close(fd);
	return ok;
}

bool tar_finish(Tar *tar, GError **error)
{
	static const char end[2 * BLOCK];
	if (!put(tar, end, sizeof end, error))
		return false;
	if (fsync(tar->fd) < 0)
		return failed(tar->path, error);
	tar->finished = true;
	return true;
}

void tar_free(Tar *tar)
{
	if (!tar)
		return;
	close(tar->fd);
	if (!tar->finished)
		unlink(tar->path);
	g_free(tar->path);
	g_free(tar);
}
