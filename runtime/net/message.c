/* SPDX-License-Identifier: MIT */
/* The last look at a message before it leaves: see message.h. */
#include "net/message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-message-error, message_error)

enum { LINE_MOST = 998, ID_MOST = 500, HEADERS_MOST = 200, ENCLOSED_MOST = 16 << 20, LINE_BYTES = 57 /* 76 in base64 */ };

/* Names that end with - stand for all that begin so. */
static const char *const known[] = {
	"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
	"Content-", "List-", "Auto-Submitted", "Precedence", "Feedback-ID", "Importance", "Organization", "User-Agent",
	"Thread-Topic", "Thread-Index", "X-", "DKIM-Signature",
};

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, MESSAGE_ERROR, MESSAGE_ERROR_INVALID, text);
	return false;
}

char *message_id_plain(const char *text)
{
	size_t length = strlen(text);
	if (length >= 2 && text[0] == '<' && text[length - 1] == '>') {
		text++;
		length -= 2;
	}
	if (length == 0 || length > ID_MOST)
		return NULL;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= 0x20 || (unsigned char)text[i] >= 0x7f || strchr("<>\"\\", text[i]))
			return NULL;
	return g_strndup(text, length);
}

static bool is_known(const char *name, size_t length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		size_t n = strlen(known[i]);
		bool prefix = known[i][n - 1] == '-';
		if ((prefix ? length > n : length == n) && g_ascii_strncasecmp(name, known[i], n) == 0)
			return true;
	}
	return false;
}

static bool check_header(const char *line, size_t length, GHashTable *seen, const char *message_id, GError **error)
{
	const char *colon = memchr(line, ':', length);
	size_t n = colon ? (size_t)(colon - line) : 0;
	if (n == 0 || memchr(line, ' ', n))
		return invalid(error, "a line of the header is no header");
	if (!is_known(line, n))
		return invalid(error, "the header %.*s is not one that may be sent", (int)MIN(n, 60), line);
	char *name = g_ascii_strdown(line, (gssize)n);
	bool first = g_hash_table_add(seen, name); /* owns name */
	if (!first || g_hash_table_size(seen) > HEADERS_MOST)
		return invalid(error, "the header %.*s stands twice", (int)MIN(n, 60), line);
	if (n != 10 || g_ascii_strncasecmp(line, "Message-ID", n) != 0)
		return true;
	g_autofree char *value = g_strstrip(g_strndup(colon + 1, length - n - 1));
	g_autofree char *plain = message_id_plain(value);
	return (plain && strcmp(plain, message_id) == 0) || invalid(error, "its Message-ID is not the one that was handed over");
}

/* Walks the lines; in_header ends at the first empty one. */
bool message_check(const char *bytes, size_t size, const char *message_id, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	bool in_header = true;
	if (memchr(bytes, 0, size))
		return invalid(error, "it holds a NUL");
	for (size_t at = 0; at < size;) {
		const char *newline = memchr(bytes + at, '\n', size - at);
		size_t length = newline ? (size_t)(newline - bytes) - at : size - at;
		if (newline && (length == 0 || bytes[at + length - 1] != '\r'))
			return invalid(error, "a line ends with LF alone");
		if (newline)
			length--;
		if (memchr(bytes + at, '\r', length))
			return invalid(error, "a line holds CR alone");
		if (length > LINE_MOST)
			return invalid(error, "a line is longer than 998 bytes");
		bool folded = length > 0 && (bytes[at] == ' ' || bytes[at] == '\t');
		if (in_header && length == 0)
			in_header = false;
		else if (in_header && !folded && !check_header(bytes + at, length, seen, message_id, error))
			return false;
		at += length + (newline ? 2 : 0);
	}
	if (in_header)
		return invalid(error, "it has no body");
	if (!g_hash_table_contains(seen, "message-id") || !g_hash_table_contains(seen, "from"))
		return invalid(error, "it lacks From or Message-ID");
	return true;
}

/* A file in base64, lines of 76; false if it has another size than it should. */
static bool append_file(GString *out, const Enclosed *file)
{
	g_autofree guchar *bytes = g_malloc(file->size + 1);
	uint64_t got = 0;
	for (ssize_t n; got <= file->size; got += (uint64_t)n) {
		while ((n = pread(file->fd, bytes + got, file->size + 1 - got, (off_t)got)) < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
	}
	if (got != file->size)
		return false;
	for (uint64_t at = 0; at < got; at += LINE_BYTES) {
		gsize take = (gsize)MIN((uint64_t)LINE_BYTES, got - at);
		char line[LINE_BYTES / 3 * 4 + 4];
		int state = 0, save = 0;
		gsize size = g_base64_encode_step(bytes + at, take, FALSE, line, &state, &save);
		size += g_base64_encode_close(FALSE, line + size, &state, &save);
		g_string_append_len(out, line, (gssize)size);
		g_string_append(out, "\r\n");
	}
	return true;
}

bool message_enclose(GString *bytes, const Enclosed *files, guint n, GError **error)
{
	const char *body = strstr(bytes->str, "\r\n\r\n");
	uint64_t done = body ? (uint64_t)(body - bytes->str) + 2 : UINT64_MAX, sum = 0;
	g_autoptr(GString) out = g_string_new(NULL);
	for (guint i = 0, from = 0; i <= n; i++) {
		uint64_t to = i < n ? files[i].place : bytes->len;
		if (to < done || to > bytes->len || (i < n && (bytes->str[to - 1] != '\n' || files[i].size > ENCLOSED_MOST)))
			return invalid(error, "an attachment has no place in it");
		g_string_append_len(out, bytes->str + from, (gssize)(to - from));
		if (i < n && ((sum += files[i].size) > ENCLOSED_MOST || !append_file(out, &files[i])))
			return invalid(error, "an attachment can't be read, or not as it was handed over");
		done = from = (guint)to;
	}
	g_string_truncate(bytes, 0);
	g_string_append_len(bytes, out->str, (gssize)out->len);
	return true;
}

bool message_is_eight_bit(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)bytes[i] > 127)
			return true;
	return false;
}

bool message_needs_utf8(const char *bytes, size_t size)
{
	const char *end = g_strstr_len(bytes, (gssize)size, "\r\n\r\n");
	return message_is_eight_bit(bytes, end ? (size_t)(end - bytes) : size);
}
