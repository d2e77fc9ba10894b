/* SPDX-License-Identifier: MIT */
/* Composing: see compose.h. */
#include "host/compose.h"

#include "host/header.h"
#include "host/unsubscribe.h"
#include "host/multipart.h"

#include <string.h>

G_DEFINE_QUARK(perigee-compose-error, compose_error)

enum {
	LINE_MOST = 998,       /* RFC 5322, 2.1.1, without CRLF */
	REFERENCES_MOST = 20,
	ENTITY_HEADERS = 4096, /* bytes of a worker's header block */
	ID_CHARS = 26,         /* 128 bits in base32 */
};

static const char *const entity_headers[] = {
	"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "Content-Language",
};

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, COMPOSE_ERROR, COMPOSE_ERROR_INVALID, text);
	return false;
}

/* ---- the worker's entity ------------------------------------------------------------------------------------------ */

/* Lines end with CRLF, are short enough, hold no NUL, CR or LF. One missing CRLF at the end is borne. */
static bool check_lines(const char *bytes, size_t size, GError **error)
{
	if (memchr(bytes, 0, size))
		return invalid(error, "the rendered mail holds a NUL");
	for (size_t at = 0; at < size;) {
		const char *newline = memchr(bytes + at, '\n', size - at);
		size_t length = newline ? (size_t)(newline - bytes) - at : size - at;
		if (newline && (!length || bytes[at + length - 1] != '\r'))
			return invalid(error, "a line of the rendered mail ends with LF alone");
		length -= newline != NULL;
		if (memchr(bytes + at, '\r', length))
			return invalid(error, "a line of the rendered mail holds CR alone");
		if (length > LINE_MOST)
			return invalid(error, "a line of the rendered mail is longer than %d bytes", LINE_MOST);
		at += length + (newline ? 2 : 0);
	}
	return true;
}

/* The whole entity is text, or parts of it; what is in the parts is the reader's to judge. */
static bool is_content(const char *value, size_t length)
{
	static const char *const types[] = { "text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related" };
	for (; length && (*value == ' ' || *value == '\t'); length--)
		value++;
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		size_t n = strlen(types[i]);
		if (length >= n && g_ascii_strncasecmp(value, types[i], n) == 0 && (length == n || strchr("; \t", value[n])))
			return true;
	}
	return false;
}

/* One header line of the entity. seen: a bit for each of entity_headers. */
static bool check_entity_header(const char *line, size_t length, unsigned *seen, GError **error)
{
	for (size_t i = 0; i < length; i++)
		if ((line[i] < 0x20 && line[i] != '\t') || line[i] > 0x7e)
			return invalid(error, "a header of the rendered mail is not plain ASCII");
	if (line[0] == ' ' || line[0] == '\t')
		return *seen ? true : invalid(error, "the rendered mail begins with a continued header");
	const char *colon = memchr(line, ':', length);
	size_t n = colon ? (size_t)(colon - line) : 0;
	for (size_t i = 0; i < G_N_ELEMENTS(entity_headers); i++) {
		if (strlen(entity_headers[i]) != n || g_ascii_strncasecmp(entity_headers[i], line, n) != 0)
			continue;
		if (*seen & 1u << i)
			return invalid(error, "the rendered mail has %s twice", entity_headers[i]);
		*seen |= 1u << i;
		if (i == 0 && !is_content(colon + 1, length - n - 1))
			return invalid(error, "a rendered mail is text or multipart, not%.*s", (int)MIN(length - n - 1, 60), colon + 1);
		return true;
	}
	return invalid(error, "a rendering may not set the header %.*s", (int)MIN(n ? n : length, 60), line);
}

static bool check_entity(const char *bytes, size_t size, GError **error)
{
	if (!check_lines(bytes, size, error))
		return false;
	unsigned seen = 0;
	size_t at = 0;
	for (;;) {
		const char *end = g_strstr_len(bytes + at, (gssize)(size - at), "\r\n");
		if (!end)
			return invalid(error, "the rendered mail has no body");
		size_t length = (size_t)(end - bytes) - at;
		if (!length)
			break;
		if (!check_entity_header(bytes + at, length, &seen, error))
			return false;
		at += length + 2;
		if (at > ENTITY_HEADERS)
			return invalid(error, "the headers of the rendered mail are longer than %d bytes", ENTITY_HEADERS);
	}
	for (; at < size; at++)
		if ((unsigned char)bytes[at] > 0x7f)
			return invalid(error, "the rendered mail has 8-bit bytes, which not every server takes");
	return (seen & 1) || invalid(error, "the rendered mail has no Content-Type");
}

/* ---- our own headers ---------------------------------------------------------------------------------------------- */

static void put_thread(GString *out, const Compose *c)
{
	bool answers = c->in_reply_to && header_is_id(c->in_reply_to);
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	for (size_t i = 0; c->references && c->references[i]; i++)
		if (header_is_id(c->references[i]) && !g_ptr_array_find_with_equal_func(ids, c->references[i], g_str_equal, NULL))
			g_ptr_array_add(ids, (void *)c->references[i]);
	if (answers) {
		guint at;
		if (g_ptr_array_find_with_equal_func(ids, c->in_reply_to, g_str_equal, &at))
			g_ptr_array_remove_index(ids, at);
		g_ptr_array_add(ids, (void *)c->in_reply_to);
		header_ids(out, "In-Reply-To", (const char *const[]){ c->in_reply_to, NULL });
	}
	/* The thread's first mail and the latest ones: what readers need to find the thread (RFC 5322, 3.6.4). */
	if (ids->len > REFERENCES_MOST)
		g_ptr_array_remove_range(ids, 1, ids->len - REFERENCES_MOST);
	if (!ids->len)
		return;
	g_ptr_array_add(ids, NULL);
	header_ids(out, "References", (const char *const *)ids->pdata);
}

/* RFC 2369, and RFC 8058 where there is a link; the address is percent-encoded as RFC 6068 wants it. */
static bool put_unsubscribe(GString *out, const Compose *c, GError **error)
{
	if (!unsubscribe_offered(c->purpose))
		return true;
	g_autofree char *address = header_address(c->from_address, error);
	if (!address)
		return false;
	g_autofree char *escaped = g_uri_escape_string(address, "@", false);
	if (c->unsubscribe_url)
		g_string_append_printf(out, "List-Unsubscribe: <%s>,\r\n <mailto:%s?subject=unsubscribe>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		                       c->unsubscribe_url, escaped);
	else
		g_string_append_printf(out, "List-Unsubscribe: <mailto:%s?subject=unsubscribe>\r\n", escaped);
	return true;
}

GBytes *compose_mail(const Compose *c, GError **error)
{
	const char *entity = c->entity;
	if (!header_is_id(c->message_id)) {
		invalid(error, "this is no Message-ID: %.100s", c->message_id);
		return NULL;
	}
	if (!check_entity(entity, c->entity_size, error))
		return NULL;
	g_autoptr(GString) out = g_string_sized_new(c->entity_size + 1024);
	header_date(out, "Date", c->date, c->zone);
	if (!header_mailbox(out, "From", c->from_name, c->from_address, error) ||
	    !header_mailbox(out, "To", c->to_name, c->to_address, error) || !header_addresses(out, "Cc", c->cc, error) ||
	    !header_text(out, "Subject", c->subject, error) ||
	    (c->meant_for && !header_mailbox(out, "X-Perigee-To", NULL, c->meant_for, error)) || !header_addresses(out, "X-Perigee-Cc", c->meant_cc, error))
		return NULL;
	header_ids(out, "Message-ID", (const char *const[]){ c->message_id, NULL });
	put_thread(out, c);
	if (!put_unsubscribe(out, c, error))
		return NULL;
	/* A program's own answer says so, and other programs don't answer it (RFC 3834 section 5). */
	if (g_strcmp0(c->purpose, "answer") == 0)
		g_string_append(out, "Auto-Submitted: auto-replied\r\n");
	g_string_append(out, "MIME-Version: 1.0\r\n");
	if (c->files && c->files->len)
		multipart_wrap(out, entity, c->entity_size, c->files, c->boundary);
	else
		g_string_append_len(out, entity, (gssize)c->entity_size);
	if (!g_str_has_suffix(out->str, "\r\n"))
		g_string_append(out, "\r\n");
	return g_string_free_to_bytes(g_steal_pointer(&out));
}

/* ---- Message-IDs -------------------------------------------------------------------------------------------------- */

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

static char *ascii_domain(const char *domain)
{
	const char *at = strrchr(domain, '@');
	g_autofree char *ascii = g_hostname_to_ascii(at ? at + 1 : domain);
	return ascii && *ascii ? g_ascii_strdown(ascii, -1) : g_strdup("localhost");
}

char *compose_message_id(Host *host, const char *domain)
{
	uint64_t high = host_random(host), low = host_random(host);
	char id[ID_CHARS + 1] = { 0 };
	/* Five bits a character from the top; the last one holds three and two zeros. */
	for (int i = 0; i < ID_CHARS; i++) {
		id[i] = base32[high >> 59];
		high = high << 5 | low >> 59;
		low <<= 5;
	}
	g_autofree char *ascii = ascii_domain(domain);
	return g_strdup_printf("%s@%s", id, ascii);
}

bool compose_is_message_id(const char *id, const char *domain)
{
	if (strspn(id, base32) != ID_CHARS || id[ID_CHARS] != '@' || (strchr(base32, id[ID_CHARS - 1]) - base32) % 4)
		return false;
	g_autofree char *ascii = ascii_domain(domain);
	return g_ascii_strcasecmp(id + ID_CHARS + 1, ascii) == 0;
}

char *compose_return_path(const char *from_address, const char *message_id)
{
	const char *at = strrchr(from_address, '@');
	return g_strdup_printf("%.*s+%.*s%s", (int)(at - from_address), from_address, (int)strcspn(message_id, "@"), message_id, at);
}

char *compose_cited_by(const char *address)
{
	const char *at = strrchr(address, '@'), *plus = at ? g_strrstr_len(address, at - address, "+") : NULL;
	if (!plus || plus == address || at - plus - 1 != ID_CHARS)
		return NULL;
	g_autofree char *domain = ascii_domain(at), *token = g_ascii_strdown(plus + 1, ID_CHARS);
	g_autofree char *id = g_strconcat(token, "@", domain, NULL);
	return compose_is_message_id(id, at + 1) ? g_steal_pointer(&id) : NULL;
}
