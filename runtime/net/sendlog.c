/* SPDX-License-Identifier: MIT */
/* The send log: see sendlog.h. */
#include "net/sendlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-sendlog-error, sendlog_error)

enum { TEXT_MOST = 400 };
#define TORN '\x18' /* ends a torn line; no text holds a control character */

struct Sendlog {
	int fd;
	bool torn; /* our last line has no end */
	char boot[64];
};

static bool io_error(GError **error, const char *what, const char *path)
{
	g_set_error(error, SENDLOG_ERROR, errno == ENOSPC || errno == EDQUOT ? SENDLOG_ERROR_FULL : SENDLOG_ERROR_IO,
	            "cannot %s the send log %s: %s", what, path, g_strerror(errno));
	return false;
}

static void read_boot(Sendlog *log)
{
	g_autofree char *text = NULL;
	if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
		g_strlcpy(log->boot, g_strstrip(text), sizeof log->boot);
	if (!*log->boot)
		g_strlcpy(log->boot, "-", sizeof log->boot);
}

static bool last_byte_is_newline(int fd, const char *path)
{
	struct stat st;
	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return true;
	char byte = '\n';
	int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0 || pread(in, &byte, 1, st.st_size - 1) != 1)
		byte = '?'; /* an empty line more does no harm */
	if (in >= 0)
		close(in);
	return byte == '\n';
}

Sendlog *sendlog_open(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	if (g_mkdir_with_parents(folder, 0700) < 0) {
		io_error(error, "make the folder of", path);
		return NULL;
	}
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		io_error(error, "open", path);
		return NULL;
	}
	Sendlog *log = g_new0(Sendlog, 1);
	log->fd = fd;
	log->torn = !last_byte_is_newline(fd, path);
	read_boot(log);
	return log;
}

void sendlog_free(Sendlog *log)
{
	if (!log)
		return;
	close(log->fd);
	g_free(log);
}

int sendlog_fd(const Sendlog *log)
{
	return log->fd;
}

/* A short write (full disk) leaves a torn line; before the next record it is ended, as one that stays ignored. */
static bool append(Sendlog *log, const GString *line, GError **error)
{
	g_autoptr(GString) whole = g_string_new(log->torn ? (const char[]){ TORN, '\n', 0 } : NULL);
	g_string_append_len(whole, line->str, (gssize)line->len);
	ssize_t n;
	do
		n = write(log->fd, whole->str, whole->len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)whole->len) {
		log->torn = false;
		return true;
	}
	if (n > 0) {
		log->torn = whole->str[n - 1] != '\n';
		errno = ENOSPC;
	}
	return io_error(error, "write", "run/send.log");
}

bool sendlog_mark(Sendlog *log, const char *message_id, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_string_printf(line, "mark %s %s\n", message_id, log->boot);
	return append(log, line, error);
}

bool sendlog_answer(Sendlog *log, const char *message_id, unsigned code, const char *enhanced, const char *text, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_string_printf(line, "answer %s %u %s ", message_id, code, *enhanced ? enhanced : "-");
	for (const char *c = text; *c && c - text < TEXT_MOST; c++)
		g_string_append_c(line, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
	g_string_append_c(line, '\n');
	return append(log, line, error);
}

static void settled_free(gpointer data)
{
	Settled *settled = data;
	g_free(settled->enhanced);
	g_free(settled->text);
	g_free(settled);
}

/* "mark ID BOOT" or "answer ID CODE ENHANCED TEXT" in parts (at most 5); the id, or NULL if it is neither. */
static const char *line_id(char **parts)
{
	guint n = g_strv_length(parts);
	bool mark = n >= 3 && strcmp(parts[0], "mark") == 0;
	bool answer = n >= 4 && strcmp(parts[0], "answer") == 0;
	return mark || answer ? parts[1] : NULL;
}

static void take_record(GHashTable *found, char **parts)
{
	Settled *settled = g_new0(Settled, 1);
	bool answer = parts[0][0] == 'a';
	settled->state = answer ? SETTLED_ANSWER : SETTLED_MARK;
	settled->code = answer ? (unsigned)g_ascii_strtoull(parts[2], NULL, 10) : 0;
	settled->enhanced = g_strdup(answer && strcmp(parts[3], "-") != 0 ? parts[3] : "");
	settled->text = g_utf8_make_valid(answer && parts[4] ? parts[4] : "", -1);
	g_hash_table_replace(found, g_strdup(parts[1]), settled);
}

typedef void (*EachLine)(const char *line, size_t length, char **parts, void *data);

/* Calls each for every whole record. A log that does not exist has none. */
static bool walk(const char *path, EachLine each, void *data, GError **error)
{
	g_autofree char *text = NULL;
	gsize size = 0;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(path, &text, &size, &inner)) {
		if (g_error_matches(inner, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return true;
		g_set_error(error, SENDLOG_ERROR, SENDLOG_ERROR_IO, "cannot read the send log: %s", inner->message);
		return false;
	}
	const char *newline;
	for (char *at = text; (newline = memchr(at, '\n', size - (gsize)(at - text))); at += newline - at + 1) {
		g_autofree char *line = g_strndup(at, (gsize)(newline - at));
		g_auto(GStrv) parts = g_strsplit(line, " ", 5);
		if (line_id(parts) && (newline == at || newline[-1] != TORN))
			each(at, (size_t)(newline - at) + 1, parts, data);
	}
	return true;
}

typedef struct Reading {
	GHashTable *ids;
	GHashTable *found;
} Reading;

static void read_line(const char *line, size_t length, char **parts, void *data)
{
	(void)line, (void)length;
	Reading *reading = data;
	if (!reading->ids || g_hash_table_contains(reading->ids, parts[1]))
		take_record(reading->found, parts);
}

GHashTable *sendlog_read(const char *path, GHashTable *ids, GError **error)
{
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, settled_free);
	Reading reading = { ids, found };
	return walk(path, read_line, &reading, error) ? g_steal_pointer(&found) : NULL;
}

typedef struct Trimming {
	GHashTable *keep;
	GString *out;
} Trimming;

static void keep_line(const char *line, size_t length, char **parts, void *data)
{
	Trimming *trimming = data;
	if (g_hash_table_contains(trimming->keep, parts[1]))
		g_string_append_len(trimming->out, line, (gssize)length);
}

bool sendlog_trim(const char *path, GHashTable *keep, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	Trimming trimming = { keep, out };
	if (!walk(path, keep_line, &trimming, error))
		return false;
	/* Temporary file, fsync, rename: a crash leaves the old log or the new one. */
	g_autoptr(GError) inner = NULL;
	if (g_file_set_contents_full(path, out->str, (gssize)out->len, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
	                             0600, &inner))
		return true;
	g_set_error(error, SENDLOG_ERROR, SENDLOG_ERROR_IO, "cannot trim the send log: %s", inner->message);
	return false;
}
