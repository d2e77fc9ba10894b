/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * The mails that we make. Any text, and any HTML beside it, becomes an entity of short lines of ASCII with CRLF, which a mail
 * program reads back as the text that went in, but for line ends and white space before them.
 */
#include "fuzz.h"
#include "worker/gmime_auto.h"
#include "worker/mail.h"
#include "worker/mime.h"

#define BOUNDARY "0123456789abcdef0123456789abcdef"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	mail_prepare();
	return 0;
}

static void check_lines(const GByteArray *bytes)
{
	size_t line = 0;
	g_assert_true(bytes->len > 2 && bytes->data[bytes->len - 1] == '\n');
	for (guint i = 0; i < bytes->len; i++) {
		guint8 c = bytes->data[i];
		g_assert_true(c < 0x7f && (c >= ' ' || c == '\t' || c == '\r' || c == '\n'));
		g_assert_true((c == '\n') == (i > 0 && bytes->data[i - 1] == '\r'));
		line = c == '\n' ? 0 : line + 1;
		g_assert_cmpuint(line, <=, 77); /* with the CR */
	}
}

/* One line end for all, nothing blank before it, one at the end. The mark of a signature keeps its space. */
static char *plain(const char *text)
{
	g_autoptr(GString) lf = g_string_new(text);
	g_string_replace(lf, "\r\n", "\n", 0);
	g_strdelimit(lf->str, "\r", '\n');
	if (g_str_has_suffix(lf->str, "\n"))
		g_string_truncate(lf, lf->len - 1);
	g_auto(GStrv) lines = g_strsplit(lf->str, "\n", -1);
	for (char **line = lines; *line; line++) {
		size_t size = strlen(*line);
		while (size > 0 && ((*line)[size - 1] == ' ' || (*line)[size - 1] == '\t'))
			size--;
		(*line)[size] = 0;
	}
	g_autofree char *joined = g_strjoinv("\n", lines);
	return g_strconcat(joined, "\n", NULL);
}

static void check_part(GMimeObject *part, const char *wanted, const char *subtype)
{
	g_assert_true(GMIME_IS_TEXT_PART(part));
	g_assert_cmpstr(g_mime_content_type_get_media_subtype(g_mime_object_get_content_type(part)), ==, subtype);
	g_autofree char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
	g_autofree char *got = plain(text), *expected = plain(wanted);
	g_assert_cmpstr(got, ==, expected);
}

static void check_back(const GByteArray *bytes, const char *text, const char *html)
{
	g_autoptr(GMimeStream) stream = g_mime_stream_mem_new_with_buffer((const char *)bytes->data, bytes->len);
	g_autoptr(GMimeParser) parser = g_mime_parser_new_with_stream(stream);
	GMimeObject *whole = g_mime_parser_construct_part(parser, NULL);
	g_assert_nonnull(whole);
	if (html) {
		g_assert_true(GMIME_IS_MULTIPART(whole));
		g_assert_cmpint(g_mime_multipart_get_count(GMIME_MULTIPART(whole)), ==, 2);
		check_part(g_mime_multipart_get_part(GMIME_MULTIPART(whole), 0), text, "plain");
		check_part(g_mime_multipart_get_part(GMIME_MULTIPART(whole), 1), html, "html");
	} else {
		check_part(whole, text, "plain");
	}
	g_object_unref(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The text; behind a NUL the HTML. */
	Input in = { data, size };
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t text_size, html_size = 0;
	g_autofree char *text = input_bytes(&in, nul ? (size_t)(nul - data) : size, &text_size);
	input_byte(&in);
	g_autofree char *html = nul ? input_bytes(&in, in.left, &html_size) : NULL;
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	bool good = mime_entity(text, text_size, html, html_size, BOUNDARY, out, &error);
	bool wanted = g_utf8_validate_len(text, text_size, NULL) && (!html || (g_utf8_validate_len(html, html_size, NULL) && !memchr(html, 0, html_size)));
	g_assert_true(good == wanted && good == (error == NULL));
	if (!good)
		return 0;
	check_lines(out);
	check_back(out, text, html);
	return 0;
}
