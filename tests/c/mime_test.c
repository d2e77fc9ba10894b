/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* The MIME entities of messages we send. */
#include "worker/mail.h"
#include "worker/mime.h"

#include <gmime/gmime.h>
#include <string.h>

#define BOUNDARY "0123456789abcdef0123456789abcdef"

static GByteArray *entity(const char *text, const char *html)
{
	GByteArray *out = g_byte_array_new();
	GError *error = NULL;
	mime_entity(text, strlen(text), html, html ? strlen(html) : 0, BOUNDARY, out, &error);
	g_assert_no_error(error);
	g_byte_array_append(out, (const guint8 *)"", 1);
	return out;
}

/* Lines end with CRLF, are short, are ASCII. */
static void check_lines(const GByteArray *bytes)
{
	size_t line = 0;
	for (guint i = 0; i + 1 < bytes->len; i++) {
		guint8 c = bytes->data[i];
		if (c == '\n') {
			g_assert_cmpint(bytes->data[i - 1], ==, '\r');
			line = 0;
			continue;
		}
		g_assert_true(c != '\r' || bytes->data[i + 1] == '\n');
		g_assert_cmpint(c, <, 0x7F);
		line += (size_t)(c != '\r');
		g_assert_cmpuint(line, <=, 76);
	}
}

/* The text of part `at` (-1: the whole) as a mail program reads it. */
static char *read_back(const GByteArray *bytes, int at)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes->data, bytes->len - 1);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeObject *part = g_mime_parser_construct_part(parser, NULL);
	GMimeObject *wanted = at < 0 ? part : g_mime_multipart_get_part(GMIME_MULTIPART(part), at);
	char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(wanted));
	g_object_unref(part);
	g_object_unref(parser);
	g_object_unref(stream);
	return text;
}

static const struct {
	const char *name, *text, *back, *encoding;
} cases[] = {
	{ "plain ASCII goes as it is", "Hi,\n\nBye\n", "Hi,\r\n\r\nBye\r\n", "7bit" },
	{ "accents are quoted", "Zoé 😀", "Zoé 😀\r\n", "quoted-printable" },
	{ "nothing is one empty line", "", "\r\n", "7bit" },
	{ "any line ends become CRLF", "a\rb\r\nc\nd", "a\r\nb\r\nc\r\nd\r\n", "7bit" },
	{ "white space at line ends goes", "a  \nb\t\n", "a\r\nb\r\n", "7bit" },
	{ "the mark of a signature keeps its space", "a\n-- \nb\n", "a\r\n-- \r\nb\r\n", "quoted-printable" },
	{ "From and dots at line starts are quoted", "From me\n.\n..x\n", "From me\r\n.\r\n..x\r\n", "quoted-printable" },
	{ "an equals sign is quoted where the rest is", "é = =20\n", "é = =20\r\n", "quoted-printable" },
	{ "a long line is broken softly",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...From aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "éééééééééééééééééééééééééééé .\n",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...From aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "éééééééééééééééééééééééééééé .\r\n", "quoted-printable" },
	{ "a boundary in the text does no harm", "--=_" BOUNDARY "--\n", "--=_" BOUNDARY "--\r\n", "7bit" },
};

static void test_text(gconstpointer data)
{
	const __typeof__(cases[0]) *c = data;
	g_autoptr(GByteArray) bytes = entity(c->text, NULL);
	check_lines(bytes);
	g_autofree char *back = read_back(bytes, -1);
	g_assert_cmpstr(back, ==, c->back);
	g_autofree char *header = g_strdup_printf("Content-Transfer-Encoding: %s\r\n\r\n", c->encoding);
	g_assert_nonnull(strstr((const char *)bytes->data, header));
	g_assert_true(g_str_has_prefix((const char *)bytes->data, "Content-Type: text/plain; charset=utf-8\r\n"));
	g_assert_null(strstr((const char *)bytes->data, "MIME-Version"));
}

static void test_alternative(void)
{
	g_autoptr(GByteArray) bytes = entity("Zoé", "<p>Zoé</p>");
	check_lines(bytes);
	g_autofree char *text = read_back(bytes, 0), *html = read_back(bytes, 1);
	g_assert_cmpstr(text, ==, "Zoé\r\n");
	g_assert_cmpstr(html, ==, "<p>Zoé</p>\r\n");
	g_assert_true(g_str_has_prefix((const char *)bytes->data, "Content-Type: multipart/alternative;"));
	g_assert_nonnull(strstr((const char *)bytes->data, "boundary=\"=_" BOUNDARY "\""));
	g_autoptr(GByteArray) again = entity("Zoé", "<p>Zoé</p>");
	g_assert_cmpuint(bytes->len, ==, again->len);
	g_assert_true(!memcmp(bytes->data, again->data, again->len));
}

/* A text that holds the very line that ends the parts is quoted, so that it ends nothing. */
static void test_boundary_inside(void)
{
	g_autoptr(GByteArray) bytes = entity("a\n--=_" BOUNDARY "--\nb", "--=_" BOUNDARY);
	check_lines(bytes);
	g_autofree char *text = read_back(bytes, 0), *html = read_back(bytes, 1);
	g_assert_cmpstr(text, ==, "a\r\n--=_" BOUNDARY "--\r\nb\r\n");
	g_assert_cmpstr(html, ==, "--=_" BOUNDARY "\r\n");
}

static void test_refusals(void)
{
	static const struct {
		const char *text;
		size_t size;
		const char *html, *boundary;
	} bad[] = {
		{ "a\xFF", 2, NULL, BOUNDARY }, { "a\0b", 3, NULL, BOUNDARY }, { "a", 1, "\xC3", BOUNDARY },
		{ "a", 1, NULL, "" }, { "a", 1, NULL, "0123" }, { "a", 1, NULL, BOUNDARY "0" }, { "a", 1, NULL, "0123456789abcdef0123456789abcde\n" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GByteArray) out = g_byte_array_new();
		g_autoptr(GError) error = NULL;
		g_assert_false(mime_entity(bad[i].text, bad[i].size, bad[i].html, bad[i].html ? strlen(bad[i].html) : 0, bad[i].boundary, out, &error));
		g_assert_error(error, MIME_ERROR, MIME_ERROR_INVALID);
		g_assert_cmpuint(out->len, ==, 0);
	}
}

static void test_any_text(void)
{
	for (guint32 seed = 1; seed <= 200; seed++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
		g_autoptr(GString) text = g_string_new(NULL);
		for (int i = 0; i < 600; i++) {
			static const gunichar signs[] = { 'a', 'b', ' ', '=', '.', '\n', '\r', '\t', 0xE9, 0x1F600, 'F', '-', 1, '~', 0x7F };
			g_string_append_unichar(text, signs[g_rand_int_range(rand, 0, G_N_ELEMENTS(signs))]);
		}
		g_autoptr(GByteArray) bytes = entity(text->str, NULL);
		check_lines(bytes);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mail_prepare();
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/mime/%s", cases[i].name);
		g_test_add_data_func(path, &cases[i], test_text);
	}
	g_test_add_func("/mime/text and HTML are alternatives, the same bytes each time", test_alternative);
	g_test_add_func("/mime/a boundary inside of a part ends nothing", test_boundary_inside);
	g_test_add_func("/mime/what is no text or boundary is refused", test_refusals);
	g_test_add_func("/mime/any text keeps to the line's bounds", test_any_text);
	return g_test_run();
}
