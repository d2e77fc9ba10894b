/* SPDX-License-Identifier: MIT */
/* The MIME around a worker's entity: see multipart.h. */
#include "host/multipart.h"

#include "host/attach.h"
#include "host/header.h"

#include <string.h>

enum { VALUE_MOST = 60, WORD_BYTES = 30 };

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return false;
	return true;
}

static void put_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

/* name="..." of Content-Type as mail programs write it: encoded words in quotes (RFC 2047 does not provide for it; Outlook and
 * others read nothing else there). */
static void put_name(GString *out, const char *name)
{
	g_string_append(out, ";\r\n name=");
	if (is_ascii(name) && strlen(name) <= VALUE_MOST) {
		put_quoted(out, name);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *start = name; *name; start = name) {
		while (*name && (size_t)(g_utf8_next_char(name) - start) <= WORD_BYTES)
			name = g_utf8_next_char(name);
		g_autofree char *base64 = g_base64_encode((const guchar *)start, (gsize)(name - start));
		g_string_append_printf(out, "=?UTF-8?B?%s?=%s", base64, *name ? "\r\n " : "");
	}
	g_string_append_c(out, '"');
}

/* The name without what only UTF-8 can say, for readers that know no RFC 2231. */
static char *fallback(const char *name)
{
	g_autofree char *ascii = g_str_to_ascii(name, "C");
	return g_strdelimit(g_steal_pointer(&ascii), "?\"\\", '_');
}

/* filename of Content-Disposition: plain where it can be, else by RFC 2231 with a plain one beside it; what is too long for a
 * line goes in numbered pieces (RFC 2231, 3). */
static void put_filename(GString *out, const char *name)
{
	g_autofree char *escaped = g_uri_escape_string(name, NULL, false);
	if (is_ascii(name) && strlen(name) <= VALUE_MOST) {
		g_string_append(out, ";\r\n filename=");
		put_quoted(out, name);
	} else if (strlen(escaped) <= VALUE_MOST) {
		g_autofree char *plain = fallback(name);
		g_string_append_printf(out, ";\r\n filename*=utf-8''%s;\r\n filename=", escaped); /* of two names Python's email takes the first */
		put_quoted(out, plain);
	} else {
		const char *at = escaped;
		for (int i = 0; *at; i++) {
			size_t take = MIN(strlen(at), (size_t)VALUE_MOST - 7);
			while (take > 1 && at[take] && (at[take - 1] == '%' || at[take - 2] == '%'))
				take--;
			g_string_append_printf(out, ";\r\n filename*%d*=%s%.*s", i, i ? "" : "utf-8''", (int)take, at);
			at += take;
		}
	}
}

static void put_delimiter(GString *out, char level, const char *boundary, bool last)
{
	if (!g_str_has_suffix(out->str, "\r\n"))
		g_string_append(out, "\r\n");
	g_string_append_printf(out, "--=%c%s%s\r\n", level, boundary, last ? "--" : "");
}

static void put_files(GString *out, GPtrArray *files, bool inlined, char level, const char *boundary)
{
	for (guint i = 0; i < files->len; i++) {
		Attachment *file = files->pdata[i];
		if ((file->id != NULL) != inlined)
			continue;
		g_autofree char *name = g_path_get_basename(file->name);
		put_delimiter(out, level, boundary, false);
		g_string_append_printf(out, "Content-Type: %s", file->type);
		put_name(out, name);
		g_string_append_printf(out, "\r\nContent-Transfer-Encoding: base64\r\n");
		if (file->id)
			g_string_append_printf(out, "Content-ID: <%s>\r\n", file->id);
		g_string_append_printf(out, "Content-Disposition: %s", file->id ? "inline" : "attachment");
		put_filename(out, name);
		g_string_append(out, "\r\n\r\n");
		file->place = out->len;
	}
	put_delimiter(out, level, boundary, true);
}

/* The type that multipart/related names is its first part's (RFC 2387, 3.1). */
static const char *root_type(const char *entity, size_t size)
{
	const char *type = g_strstr_len(entity, (gssize)size, "multipart/alternative");
	return type && type < entity + MIN(size, (size_t)64) ? "multipart/alternative" : "text/html";
}

void multipart_wrap(GString *out, const char *entity, size_t size, GPtrArray *files, const char *boundary)
{
	guint inlined = 0;
	for (guint i = 0; i < files->len; i++)
		inlined += ((const Attachment *)files->pdata[i])->id != NULL;
	bool mixed = inlined < files->len;
	if (mixed) {
		g_string_append_printf(out, "Content-Type: multipart/mixed;\r\n boundary=\"=m%s\"\r\n\r\n", boundary);
		put_delimiter(out, 'm', boundary, false);
	}
	if (inlined) {
		g_string_append_printf(out, "Content-Type: multipart/related;\r\n type=\"%s\";\r\n boundary=\"=r%s\"\r\n\r\n", root_type(entity, size), boundary);
		put_delimiter(out, 'r', boundary, false);
	}
	g_string_append_len(out, entity, (gssize)size);
	if (inlined)
		put_files(out, files, true, 'r', boundary);
	if (mixed)
		put_files(out, files, false, 'm', boundary);
}
