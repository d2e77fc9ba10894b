/* SPDX-License-Identifier: MIT */
/* See mime.h. */
#include "worker/mime.h"

#include "worker/gmime_auto.h"

#include <string.h>

enum { BOUNDARY_DIGITS = 32, LINE_MOST = 76 };

G_DEFINE_QUARK(mime-error-quark, mime_error)

/* Takes the white space off the end of the last line, but leaves "-- ", the mark before a signature. */
static void trim_line(GString *out)
{
	if (out->len >= 3 && !strcmp(out->str + out->len - 3, "-- ") && (out->len == 3 || out->str[out->len - 4] == '\n'))
		return;
	while (out->len && (out->str[out->len - 1] == ' ' || out->str[out->len - 1] == '\t'))
		g_string_truncate(out, out->len - 1);
}

/* Text with CRLF line ends, whatever it had, and one at its end. NULL if it is not UTF-8 without NUL. */
static GString *canonical(const char *text, size_t size)
{
	if (!g_utf8_validate_len(text, size, NULL) || memchr(text, '\0', size))
		return NULL;
	GString *out = g_string_sized_new(size + size / 16 + 2);
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\n' && text[i] != '\r') {
			g_string_append_c(out, text[i]);
			continue;
		}
		i += text[i] == '\r' && i + 1 < size && text[i + 1] == '\n';
		trim_line(out);
		g_string_append(out, "\r\n");
	}
	if (out->len < 2 || out->str[out->len - 1] != '\n')
		g_string_append(out, "\r\n");
	return out;
}

static bool is_fragile(const char *line)
{
	return *line == '.' || g_str_has_prefix(line, "From ");
}

/* Whether the text can go as it is: ASCII, no line over 76, none that a mail server on the way might change, and not the mark
 * (or NULL) that divides the parts. */
static bool is_plain(const GString *text, const char *mark)
{
	if (mark && strstr(text->str, mark))
		return false;
	size_t line = 0;
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->str[i];
		if (c >= 0x7F || (c < ' ' && c != '\r' && c != '\n' && c != '\t'))
			return false;
		if ((line == 0 && is_fragile(text->str + i)) || (c == ' ' && text->str[i + 1] == '\r'))
			return false;
		line = c == '\n' ? 0 : line + (c != '\r');
		if (line > LINE_MOST)
			return false;
	}
	return true;
}

static bool needs_quoting(const char *at, bool line_start, bool line_end)
{
	unsigned char c = (unsigned char)*at;
	return c > '~' || c == '=' || (c < ' ' && c != '\t') || ((c == ' ' || c == '\t') && line_end) ||
		(line_start && is_fragile(at));
}

/* Quoted-printable (RFC 2045 section 6.7). Ours rather than GMime's because lines that begin with "From " or a dot are
 * encoded too, which some servers on the way change. */
static GString *quote(const GString *text)
{
	GString *out = g_string_sized_new(text->len + text->len / 8);
	size_t line = 0;
	for (size_t i = 0; i < text->len; i++) {
		const char *at = text->str + i;
		if (*at == '\r') {
			g_string_append(out, "\r\n");
			i++;
			line = 0;
			continue;
		}
		bool last = at[1] == '\r';
		if (line + (needs_quoting(at, false, last) ? 3 : 1) > (last ? LINE_MOST : LINE_MOST - 1)) {
			g_string_append(out, "=\r\n");
			line = 0;
		}
		bool encode = needs_quoting(at, line == 0, last);
		if (encode)
			g_string_append_printf(out, "=%02X", (unsigned char)*at);
		else
			g_string_append_c(out, *at);
		line += encode ? 3 : 1;
	}
	return out;
}

static GMimePart *make_part(const char *subtype, const GString *text, const char *mark)
{
	GMimeContentEncoding encoding = is_plain(text, mark) ? GMIME_CONTENT_ENCODING_7BIT : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	g_autoptr(GString) quoted = encoding == GMIME_CONTENT_ENCODING_7BIT ? NULL : quote(text);
	const GString *bytes = quoted ? quoted : text;
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	g_autoptr(GMimeStream) stream = g_mime_stream_mem_new_with_buffer(bytes->str, bytes->len);
	g_autoptr(GMimeDataWrapper) content = g_mime_data_wrapper_new_with_stream(stream, encoding);
	g_mime_part_set_content(part, content);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_part_set_content_encoding(part, encoding);
	return part;
}

/* Writes a part's headers, folded as GMime does, with CRLF. */
static void write_entity(GMimeObject *entity, GByteArray *out)
{
	g_autoptr(GMimeFormatOptions) format = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_format_options_add_hidden_header(format, "MIME-Version");
	g_autoptr(GMimeStream) stream = g_mime_stream_mem_new();
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), TRUE);
	g_mime_object_write_to_stream(entity, format, stream);
	GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	g_byte_array_append(out, bytes->data, bytes->len);
}

static bool check_boundary(const char *boundary)
{
	size_t digits = 0;
	while (g_ascii_isxdigit(boundary[digits]))
		digits++;
	return digits == BOUNDARY_DIGITS && !boundary[digits];
}

bool mime_entity(const char *text, size_t text_size, const char *html, size_t html_size, const char *boundary,
                 GByteArray *out, GError **error)
{
	g_autoptr(GString) plain = canonical(text, text_size);
	g_autoptr(GString) marked = html ? canonical(html, html_size) : NULL;
	if (!plain || (html && !marked)) {
		g_set_error(error, MIME_ERROR, MIME_ERROR_INVALID, "the %s is not UTF-8", plain ? "HTML" : "text");
		return false;
	}
	if (!check_boundary(boundary)) {
		g_set_error(error, MIME_ERROR, MIME_ERROR_INVALID, "the boundary is not %d hex digits", BOUNDARY_DIGITS);
		return false;
	}
	g_autofree char *mark = html ? g_strconcat("=_", boundary, NULL) : NULL; /* which can't stand in quoted-printable */
	g_autoptr(GMimePart) text_part = make_part("plain", plain, mark);
	if (!html) {
		write_entity(GMIME_OBJECT(text_part), out);
		return true;
	}
	g_autoptr(GMimePart) html_part = make_part("html", marked, mark);
	g_autoptr(GMimeMultipart) both = g_mime_multipart_new_with_subtype("alternative");
	g_mime_multipart_set_boundary(both, mark);
	g_mime_multipart_add(both, GMIME_OBJECT(text_part));
	g_mime_multipart_add(both, GMIME_OBJECT(html_part));
	write_entity(GMIME_OBJECT(both), out);
	return true;
}
