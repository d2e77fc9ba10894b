/* SPDX-License-Identifier: MIT */
/* Messages are composed so that every reader sees what was meant, and nothing in a name, a subject or a rendering can add a
 * header. LINKS: host */
#include "base/value.h"
#include "host/compose.h"
#include "host/header.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define ENTITY "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello.\r\n"

static Compose plain(void)
{
	return (Compose){ .from_name = "Lea Martin", .from_address = "lea@brand.example", .to_name = "Ana", .to_address = "ana@shop.example",
		          .subject = "Hello", .purpose = "ask", .date = INT64_C(1795420800000), .message_id = "abc@brand.example",
		          .entity = ENTITY, .entity_size = strlen(ENTITY) };
}

static char *compose(const Compose *c, GError **error)
{
	g_autoptr(GBytes) bytes = compose_mail(c, error);
	gsize size;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	return data ? g_strndup(data, size) : NULL;
}

/* What every message must be, whatever went in. */
static void check_shape_for(const char *message, const char *address)
{
	bool header = true;
	for (const char *line = message; *line;) {
		const char *end = strstr(line, "\r\n");
		g_assert_nonnull(end);
		size_t length = (size_t)(end - line);
		g_assert_cmpuint(length, <=, 998);
		g_assert_null(memchr(line, '\n', length));
		g_assert_null(memchr(line, '\r', length));
		header &= length > 0;
		for (size_t i = 0; header && i < length; i++)
			g_assert_true(line[i] == '\t' || (line[i] >= 0x20 && line[i] != 0x7f) || (line[i] < 0 && !g_str_is_ascii(address)));
		if (header && strstr(message, "=?UTF-8?") && g_strstr_len(line, (gssize)length, "=?UTF-8?"))
			g_assert_cmpuint(length, <=, 76);
		line = end + 2;
	}
	g_assert_false(header);
}

/* Without an address that needs SMTPUTF8 the header is ASCII. */
static void check_shape(const char *message)
{
	check_shape_for(message, "");
}

static void headers_are_written(void)
{
	static const char *const refs[] = { "one@x.example", "not an id", "two@x.example", NULL };
	static const char *const cc[] = { "boss@shop.example", "agent@münchen.example", NULL };
	Compose c = plain();
	c.cc = cc;
	c.in_reply_to = "two@x.example";
	c.references = refs;
	g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Paris");
	c.zone = zone;
	g_autoptr(GError) error = NULL;
	g_autofree char *message = compose(&c, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(message, ==,
	                "Date: Mon, 23 Nov 2026 09:00:00 +0100\r\n"
	                "From: Lea Martin <lea@brand.example>\r\n"
	                "To: Ana <ana@shop.example>\r\n"
	                "Cc: boss@shop.example, agent@xn--mnchen-3ya.example\r\n"
	                "Subject: Hello\r\n"
	                "Message-ID: <abc@brand.example>\r\n"
	                "In-Reply-To: <two@x.example>\r\n"
	                "References: <one@x.example> <two@x.example>\r\n"
	                "List-Unsubscribe: <mailto:lea@brand.example?subject=unsubscribe>\r\n"
	                "MIME-Version: 1.0\r\n" ENTITY);
}

static void ask_and_news_offer_to_unsubscribe_and_an_answer_says_that_it_is_automatic(void)
{
	static const struct { const char *purpose; bool offered; } cases[] = {
		{ "ask", true }, { "news", true }, { "answer", false }, { "service", false }, { NULL, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Compose c = plain();
		c.purpose = cases[i].purpose;
		c.from_address = "lea+a%b&c@brand.example";
		g_autofree char *message = compose(&c, NULL);
		g_assert_true((strstr(message, "List-Unsubscribe: <mailto:lea%2Ba%25b%26c@brand.example?subject=unsubscribe>") != NULL) == cases[i].offered);
		bool answers = g_strcmp0(cases[i].purpose, "answer") == 0;
		g_assert_true((strstr(message, "\r\nAuto-Submitted: auto-replied\r\n") != NULL) == answers);
	}
}

static void a_long_thread_keeps_its_first_mail_and_its_last(void)
{
	GPtrArray *refs = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < 60; i++)
		g_ptr_array_add(refs, g_strdup_printf("number-%02d-of-a-rather-long-thread@mail.brand.example", i));
	g_ptr_array_add(refs, NULL);
	Compose c = plain();
	c.references = (const char *const *)refs->pdata;
	c.in_reply_to = "number-59-of-a-rather-long-thread@mail.brand.example";
	g_autofree char *message = compose(&c, NULL);
	check_shape(message);
	int n = 0;
	for (const char *at = strstr(message, "References:"); (at = strstr(at, "<number-")); at++)
		n++;
	g_assert_cmpint(n, ==, 20);
	g_assert_nonnull(strstr(message, "References: <number-00-of-a-rather-long-thread@mail.brand.example>\r\n <number-41-"));
	g_assert_nonnull(strstr(message, "<number-59-of-a-rather-long-thread@mail.brand.example>\r\nList"));
	g_ptr_array_unref(refs);
}

/* ---- refused ---- */

static const char *const hostile_texts[] = {
	"Hello\r\nBcc: victim@x.example", "Hello\nworld", "Hello\rworld", "a\x01" "b", "a\x7f", "a\xc2\x85" "b", "a\xe2\x80\xa8" "b", "\xff\xfe", "\xc3",
};

static void hostile_subjects_and_names_are_refused(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(hostile_texts) * 3; i++) {
		const char *text = hostile_texts[i / 3];
		Compose c = plain();
		*(i % 3 == 0 ? &c.subject : i % 3 == 1 ? &c.from_name : &c.to_name) = text;
		g_autoptr(GError) error = NULL;
		g_assert_null(compose(&c, &error));
		g_assert_error(error, HEADER_ERROR, HEADER_ERROR_INVALID);
		g_assert_null(strchr(error->message, '\n'));
	}
	g_autofree char *endless = g_strnfill(5000, 'x');
	Compose c = plain();
	c.subject = endless;
	g_assert_null(compose(&c, NULL));
}

static void addresses_that_can_t_be_written_are_refused(void)
{
	static const char *const bad[] = {
		"", "@", "ana", "ana@", "@x.example", "a b@x.example", "ana@x.example>", "ana@x.example\r\nBcc: b@c.example", "ana@x\n.example",
		"a..b@x.example", ".a@x.example", "a.@x.example", "ana@x..example", "ana@-x.example", "\"a\"b@x.example", "\"a\r\nb\"@x.example",
		"ana@x.example, bob@y.example", "jos\xff@x.example", "jos\xc3\xa9\xe2\x80\xa8@x.example", "jos\xc3\xa9\xc2\xa0x@x.example", "jos\xc3\xa9..x@x.example", "\"jos\xc3\xa9\"@x.example",
		"josé\r\nx@x.example", "<ana@x.example>", "a(b)@x.example", "ana@x_y.example",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(bad) * 3; i++) {
		const char *const cc[] = { bad[i / 3], NULL };
		Compose c = plain();
		if (i % 3 == 2)
			c.cc = cc;
		else
			*(i % 3 ? &c.from_address : &c.to_address) = bad[i / 3];
		g_autoptr(GError) error = NULL;
		if (compose(&c, &error))
			g_error("%s was accepted", bad[i / 3]);
		g_assert_null(strpbrk(error->message, "\r\n"));
	}
	static const char *const good[] = { "a@b", "o'hara+x@x.example", "\"a b\"@x.example", "a@[192.0.2.1]", "a@münchen.example", "A.B@X.Example", "josé@x.example", "用户@例え.example" };
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		Compose c = plain();
		c.to_address = good[i];
		g_autoptr(GError) error = NULL;
		g_autofree char *message = compose(&c, &error);
		g_assert_no_error(error);
		check_shape_for(message, good[i]);
	}
}

static void a_domain_is_written_in_ascii_and_a_name_of_a_mailbox_as_it_is(void)
{
	static const char *const cases[][2] = {
		{ "ana@münchen.example", "ana@xn--mnchen-3ya.example" }, { "josé@x.example", "josé@x.example" },
		{ "josé@münchen.example", "josé@xn--mnchen-3ya.example" }, { "用户@例え.example", "用户@xn--r8jz45g.example" },
		{ "ana@XN--MNCHEN-3YA.example", "ana@xn--mnchen-3ya.example" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Compose c = plain();
		c.to_name = NULL;
		c.to_address = cases[i][0];
		g_autofree char *message = compose(&c, NULL), *field = g_strdup_printf("\r\nTo: %s\r\n", cases[i][1]);
		if (!strstr(message, field))
			g_error("%s: %s", cases[i][0], message);
	}
}

static void message_ids_that_are_none_are_refused(void)
{
	static const char *const bad[] = { "", "abc", "<a@b>", "a b@c", "a@b\r\nX: y", "@b", "a@", "a@b>", "é@b" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		Compose c = plain();
		c.message_id = bad[i];
		g_assert_null(compose(&c, NULL));
		/* In a thread they come from other people's mail: they are left out. */
		Compose d = plain();
		const char *const refs[] = { bad[i], NULL };
		d.in_reply_to = bad[i];
		d.references = refs;
		g_autofree char *message = compose(&d, NULL);
		g_assert_null(strstr(message, "In-Reply-To"));
		g_assert_null(strstr(message, "References"));
	}
}

static void an_entity_may_only_say_what_it_is(void)
{
	static const struct { const char *entity, *fault; } cases[] = {
		{ "Content-Type: text/plain\r\n\r\nx", NULL },
		{ "content-type: text/plain;\r\n charset=utf-8\r\nContent-ID: <a@b>\r\nContent-Language: fr\r\nContent-Disposition: inline\r\n\r\n", NULL },
		{ "", "no body" },
		{ "\r\nHello", "no Content-Type" },
		{ "Content-Type: text/plain\r\n", "no body" },
		{ "Content-Transfer-Encoding: 7bit\r\n\r\nx", "no Content-Type" },
		{ "Content-Type: text/plain\r\nBcc: a@b.c\r\n\r\nx", "Bcc" },
		{ "Content-Type: text/plain\r\nFrom: a@b.c\r\n\r\nx", "From" },
		{ "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", "twice" },
		{ "Content-Type: text/plain\r\nContent-Description: x\r\n\r\nx", "Content-Description" },
		{ "Content-Type: text/plain\nBcc: a@b.c\n\nx", "LF" },
		{ "Content-Type: text/plain\r\n\r\nx\ny\r\n", "LF" },
		{ "Content-Type: text/plain\r\n\r\nx\ry\r\n", "CR" },
		{ "Content-Type: text/plain\r\n\r\nx\r\r\n", "CR" },
		{ " Content-Type: text/plain\r\n\r\nx", "continued" },
		{ "Content-Type : text/plain\r\n\r\nx", "may not set" },
		{ "Content-Type: text/pl\xc3\xa4in\r\n\r\nx", "ASCII" },
		{ "nonsense\r\n\r\nx", "nonsense" },
		{ "Content-Type: text/plain; charset=utf-8\r\n\r\nx", NULL },
		{ "Content-Type: MULTIPART/Mixed; boundary=x\r\n\r\nx", NULL },
		{ "Content-Type: text/plainly\r\n\r\nx", "text or multipart" },
		{ "Content-Type: message/rfc822\r\n\r\nx", "text or multipart" },
		{ "Content-Type: application/octet-stream\r\n\r\nx", "text or multipart" },
		{ "Content-Type: text/plain\r\n\r\n\xc3\xa9", "8-bit" },
		{ ": x\r\n\r\nx", "may not set" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Compose c = plain();
		c.entity = cases[i].entity;
		c.entity_size = strlen(cases[i].entity);
		g_autoptr(GError) error = NULL;
		g_autofree char *message = compose(&c, &error);
		if (!cases[i].fault) {
			g_assert_no_error(error);
			check_shape(message);
			continue;
		}
		g_assert_error(error, COMPOSE_ERROR, COMPOSE_ERROR_INVALID);
		g_assert_nonnull(strstr(error->message, cases[i].fault));
	}
}

static void long_lines_and_nul_in_an_entity_are_refused(void)
{
	g_autofree char *line = g_strnfill(999, 'x');
	g_autofree char *entity = g_strconcat("Content-Type: text/plain\r\n\r\n", line, "\r\n", NULL);
	Compose c = plain();
	c.entity = entity;
	c.entity_size = strlen(entity);
	g_assert_null(compose(&c, NULL));
	static const char nul[] = "Content-Type: text/plain\r\n\r\na\0b\r\n";
	c.entity = nul;
	c.entity_size = sizeof nul - 1;
	g_assert_null(compose(&c, NULL));
	entity[strlen(entity) - 3] = 0; /* one less fits */
	g_autofree char *shorter = g_strconcat(entity, "\r\n", NULL);
	c.entity = shorter;
	c.entity_size = strlen(shorter);
	g_autofree char *message = compose(&c, NULL);
	g_assert_nonnull(message);
}

/* ---- read back by somebody else's parser ---- */

static const char *const texts[] = {
	"Hello", "A collaboration?", "Collaboration été 2026", "Grüße aus Köln", "日本語の件名", "مرحبا بالعالم", "שלום",
	"Hello 👋🏽 from 👩‍👩‍👧‍👦", "\xe2\x80\xae" "evil.exe", "=?UTF-8?Q?not_encoded?=", "  two leading", "trailing ", "two  inside", "tab\there",
	"\"quoted\" and \\back", "comma, semicolon; colon: <angle> (round) @at", "A very long subject that goes on and on so that it has to be "
	"folded somewhere between two words because one line is not enough for it",
	"Averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongwordthatcannotbefoldedanywhereatall and more",
	"Une très longue ligne d'objet, avec des accents partout : énergie, éléphant, été, hébété, œuvre, naïveté, où l'on voit bien qu'elle est pliée",
	"日本語の長い件名がここにありますので複数の符号化語に分けなければなりません。絵文字も🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉あります。",
};

static const char READER[] =
	"import email, email.policy, json, sys\n"
	"from email.header import decode_header, make_header\n"
	"from email.utils import parseaddr\n"
	"m = email.message_from_bytes(open(sys.argv[1], 'rb').read(), policy=email.policy.default)\n"
	"to = m['to'].addresses\n"
	/* The new API does not join adjacent encoded words of a phrase; the old one does. */
	"name, _ = parseaddr(email.message_from_bytes(open(sys.argv[1], 'rb').read())['to'].replace('\\r\\n', ''))\n"
	"name = str(make_header(decode_header(name)))\n"
	"print(json.dumps({'subject': m['subject'], 'name': name, 'to': to[0].addr_spec, 'n': len(to),\n"
	"  'from': m['from'].addresses[0].addr_spec, 'id': m['message-id'], 'headers': len(m.keys()), 'defects': len(m.defects),\n"
	"  'body': m.get_content()}))\n";

static json_t *read_back(const char *python, const char *path, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_file_set_contents(path, message, -1, &error);
	g_assert_no_error(error);
	const char *argv[] = { python, "-c", READER, path, NULL };
	g_autofree char *out = NULL, *err = NULL;
	int status;
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status, &error);
	g_assert_no_error(error);
	if (status)
		g_error("%s", err);
	json_t *read = json_loads(out, 0, NULL);
	g_assert_nonnull(read);
	return read;
}

/* Python's parser does not keep the number of blanks in a name. */
static char *single_blanks(const char *text)
{
	GString *out = g_string_new(NULL);
	for (const char *c = text; *c; c++)
		if (*c != ' ' && *c != '\t')
			g_string_append_c(out, *c);
		else if (!out->len || out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	return g_string_free(out, FALSE);
}

static void another_parser_reads_what_was_meant(void)
{
	g_autofree char *python = g_find_program_in_path("python3");
	if (!python) {
		g_test_skip("no python3");
		return;
	}
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("compose-XXXXXX", &path, NULL);
	close(fd);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		Compose c = plain();
		c.subject = texts[i];
		c.to_name = texts[i];
		g_autoptr(GError) error = NULL;
		g_autofree char *message = compose(&c, &error);
		g_assert_no_error(error);
		check_shape(message);
		g_autoptr(json_t) read = read_back(python, path, message);
		g_assert_cmpstr(value_string(read, "subject", ""), ==, texts[i]);
		g_autofree char *meant = single_blanks(texts[i]), *name = single_blanks(value_string(read, "name", ""));
		g_assert_cmpstr(name, ==, meant);
		g_assert_cmpstr(value_string(read, "to", ""), ==, "ana@shop.example");
		g_assert_cmpstr(value_string(read, "from", ""), ==, "lea@brand.example");
		g_assert_cmpstr(value_string(read, "id", ""), ==, "<abc@brand.example>");
		g_assert_cmpstr(value_string(read, "body", ""), ==, "Hello.\r\n");
		g_assert_cmpint(value_integer(read, "n", 0), ==, 1);
		g_assert_cmpint(value_integer(read, "headers", 0), ==, 9);
		g_assert_cmpint(value_integer(read, "defects", 1), ==, 0);
	}
	g_remove(path);
}

/* ---- Message-IDs ---- */

static void a_return_path_cites_its_message(void)
{
	Host host = { .random = g_rand_new_with_seed(2) };
	static const char *const addresses[] = { "lea@brand.example", "Lea+x@Brand.example", "lea@bücher.example", "josé@brand.example" };
	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_autofree char *id = compose_message_id(&host, addresses[i]), *path = compose_return_path(addresses[i], id);
		g_autofree char *upper = g_ascii_strup(path, -1), *cited = compose_cited_by(path), *again = compose_cited_by(upper);
		g_assert_true(g_str_has_suffix(path, strrchr(addresses[i], '@')));
		g_assert_cmpstr(cited, ==, id);
		g_assert_cmpstr(again, ==, id);
	}
	static const char *const none[] = {
		"", "lea", "lea@brand.example", "lea+x@brand.example", "+aaaaaaaaaaaaaaaaaaaaaaaaay@brand.example", "lea+aaaaaaaaaaaaaaaaaaaaaaaaay",
		"lea+aaaaaaaaaaaaaaaaaaaaaaaaa1@brand.example", "lea+aaaaaaaaaaaaaaaaaaaaaaaaaab@brand.example", "lea+aaaaaaaaaaaaaaaaaaaaaaaaay+x@b.example",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
		g_assert_null(compose_cited_by(none[i]));
	g_rand_free(host.random);
}

static void message_ids_are_new_and_known_as_ours(void)
{
	Host host = { .random = g_rand_new_with_seed(1) };
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int i = 0; i < 1000; i++) {
		char *id = compose_message_id(&host, "lea@Brand.example");
		g_assert_true(header_is_id(id));
		g_assert_true(compose_is_message_id(id, "other@brand.example"));
		g_assert_true(g_str_has_suffix(id, "@brand.example"));
		g_assert_false(compose_is_message_id(id, "brand.test"));
		g_assert_true(g_hash_table_add(seen, id));
	}
	static const char *const others[] = { "abc@brand.example", "CAF+Gx@brand.example", "aaaaaaaaaaaaaaaaaaaaaaaaab@brand.example",
		                              "aaaaaaaaaaaaaaaaaaaaaaaaaaa@brand.example", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "" };
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		g_assert_false(compose_is_message_id(others[i], "brand.example"));
	g_rand_free(host.random);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/compose/headers are written", headers_are_written);
	g_test_add_func("/compose/only ask and news offer to unsubscribe, only an answer says that it is automatic", ask_and_news_offer_to_unsubscribe_and_an_answer_says_that_it_is_automatic);
	g_test_add_func("/compose/a long thread keeps its first mail and its last", a_long_thread_keeps_its_first_mail_and_its_last);
	g_test_add_func("/compose/hostile subjects and names are refused", hostile_subjects_and_names_are_refused);
	g_test_add_func("/compose/addresses that can't be written are refused", addresses_that_can_t_be_written_are_refused);
	g_test_add_func("/compose/Message-IDs that are none are refused", message_ids_that_are_none_are_refused);
	g_test_add_func("/compose/an entity may only say what it is", an_entity_may_only_say_what_it_is);
	g_test_add_func("/compose/long lines and NUL in an entity are refused", long_lines_and_nul_in_an_entity_are_refused);
	g_test_add_func("/compose/another parser reads what was meant", another_parser_reads_what_was_meant);
	g_test_add_func("/compose/a domain is written in ASCII, and the name of a mailbox as it is", a_domain_is_written_in_ascii_and_a_name_of_a_mailbox_as_it_is);
	g_test_add_func("/compose/a return path cites its message", a_return_path_cites_its_message);
	g_test_add_func("/compose/Message-IDs are new, and known as ours", message_ids_are_new_and_known_as_ours);
	return g_test_run();
}
