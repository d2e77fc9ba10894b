/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* The words of SMTP: replies torn at every byte, enhanced codes, the class table, addresses, dots; and the last look at a message. */
#include "net/smtp.h"

#include <string.h>

#include "net/address.h"
#include "net/message.h"

#include <arpa/inet.h>
#include <netinet/in.h>

typedef struct ReplyCase {
	const char *bytes;
	unsigned code; /* 0: malformed */
	const char *enhanced;
	const char *text;
} ReplyCase;

static const ReplyCase replies[] = {
	{ "250 2.0.0 Ok: queued as 9BD09\r\n", 250, "2.0.0", "Ok: queued as 9BD09" },
	{ "250 Ok\r\n", 250, "", "Ok" },
	{ "250\r\n", 250, "", "" },
	{ "250 \r\n", 250, "", "" },
	{ "250-one\r\n250-two\r\n250 three\r\n", 250, "", "one two three" },
	{ "550-5.1.1 The email account that you tried\r\n550-5.1.1 to reach does not exist.\r\n550 5.1.1 https://x.example/\r\n", 550,
	  "5.1.1", "The email account that you tried to reach does not exist. https://x.example/" },
	{ "550-5.7.26 a\r\n550 b\r\n", 550, "5.7.26", "a b" },
	{ "354 End data with <CR><LF>.<CR><LF>\r\n", 354, "", "End data with <CR><LF>.<CR><LF>" },
	{ "421 4.3.2 closing\n", 421, "4.3.2", "closing" },
	{ "550 4.1.1 class and code differ\r\n", 550, "", "4.1.1 class and code differ" },
	{ "550 5.1.1\r\n", 550, "5.1.1", "" },
	{ "550 5.1.1234 too long\r\n", 550, "", "5.1.1234 too long" },
	{ "550 5.1.1x no space\r\n", 550, "", "5.1.1x no space" },
	{ "250 tab\there\r\n", 250, "", "tab here" },
	{ "250 bad \xff utf-8\r\n", 250, "", "bad \xef\xbf\xbd utf-8" },
	{ "25 short\r\n", 0, NULL, NULL },
	{ "abc\r\n", 0, NULL, NULL },
	{ "\r\n", 0, NULL, NULL },
	{ "250-one\r\n251 two\r\n", 0, NULL, NULL },
	{ "250x\r\n", 0, NULL, NULL },
	{ "150 too early\r\n", 0, NULL, NULL },
	{ "650 too late\r\n", 0, NULL, NULL },
};

static void check_reply(const ReplyCase *c, const SmtpReply *reply)
{
	g_assert_cmpuint(reply->code, ==, c->code);
	g_assert_cmpstr(reply->enhanced, ==, c->enhanced);
	g_assert_cmpstr(reply->text->str, ==, c->text);
}

static void replies_are_read_whole_or_not_at_all(void)
{
	SmtpReply reply;
	smtp_reply_init(&reply);
	for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
		const ReplyCase *c = &replies[i];
		size_t size = strlen(c->bytes);
		for (size_t torn = 0; torn <= size; torn++) {
			g_autoptr(GString) in = g_string_new_len(c->bytes, (gssize)torn);
			g_autoptr(GError) error = NULL;
			bool early = smtp_reply_take(in, &reply, NULL, &error);
			if (torn < size && !error)
				g_assert_false(early);
			if (torn == size && c->code == 0)
				g_assert_error(error, SMTP_ERROR, SMTP_ERROR_FORMAT);
			if (c->code == 0)
				continue;
			g_assert_no_error(error);
			g_string_append(in, c->bytes + torn);
			g_string_append(in, torn == size ? "" : "220 next\r\n");
			if (torn < size)
				g_assert_true(smtp_reply_take(in, &reply, NULL, &error));
			check_reply(c, &reply);
			g_assert_cmpstr(in->str, ==, torn == size ? "" : "220 next\r\n");
		}
	}
	smtp_reply_clear(&reply);
}

static void endless_replies_are_refused(void)
{
	SmtpReply reply;
	smtp_reply_init(&reply);
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) line = g_string_new("250 ");
	for (int i = 0; i < 5000; i++)
		g_string_append_c(line, 'x');
	g_assert_false(smtp_reply_take(line, &reply, NULL, &error));
	g_assert_error(error, SMTP_ERROR, SMTP_ERROR_FORMAT);
	g_clear_error(&error);
	g_autoptr(GString) lines = g_string_new(NULL);
	for (int i = 0; i < 200; i++)
		g_string_append(lines, "250-more\r\n");
	g_assert_false(smtp_reply_take(lines, &reply, NULL, &error));
	g_assert_error(error, SMTP_ERROR, SMTP_ERROR_FORMAT);
	smtp_reply_clear(&reply);
}

static void long_texts_are_cut_between_characters(void)
{
	SmtpReply reply;
	smtp_reply_init(&reply);
	g_autoptr(GString) line = g_string_new("250 x");
	for (int i = 0; i < 700; i++)
		g_string_append(line, "\xc3\xa9");
	g_string_append(line, "\r\n");
	g_assert_true(smtp_reply_take(line, &reply, NULL, NULL));
	g_assert_cmpuint(reply.text->len, ==, SMTP_TEXT - 1);
	g_assert_true(g_utf8_validate(reply.text->str, -1, NULL));
	smtp_reply_clear(&reply);
}

typedef struct ClassCase {
	unsigned code;
	const char *enhanced;
	const char *text;
	SmtpStage stage;
	SentClass class;
} ClassCase;

static const ClassCase classes[] = {
	{ 250, "2.0.0", "", SMTP_AT_END, SENT_OK },
	{ 421, "4.3.2", "", SMTP_AT_MAIL, SENT_TEMPORARY },
	{ 421, "4.7.0", "", SMTP_AT_CONNECT, SENT_TEMPORARY },
	{ 432, "4.3.2", "", SMTP_AT_MAIL, SENT_TEMPORARY },
	{ 450, "4.2.0", "greylisted", SMTP_AT_RCPT, SENT_TEMPORARY },
	{ 451, "4.7.1", "", SMTP_AT_RCPT, SENT_TEMPORARY },
	{ 451, "", "", SMTP_AT_END, SENT_TEMPORARY },
	{ 452, "4.3.1", "", SMTP_AT_MAIL, SENT_TEMPORARY },
	{ 452, "4.5.3", "", SMTP_AT_RCPT, SENT_RATE },
	{ 454, "4.7.0", "", SMTP_AT_MAIL, SENT_AUTH },
	{ 535, "5.7.8", "", SMTP_AT_CONNECT, SENT_AUTH },
	{ 534, "5.7.9", "", SMTP_AT_CONNECT, SENT_AUTH },
	{ 530, "5.7.0", "", SMTP_AT_MAIL, SENT_AUTH },
	{ 538, "", "", SMTP_AT_CONNECT, SENT_AUTH },
	{ 550, "5.7.30", "", SMTP_AT_MAIL, SENT_AUTH },
	{ 550, "5.4.5", "", SMTP_AT_END, SENT_RATE },
	{ 554, "5.2.0", "", SMTP_AT_END, SENT_CONFIG },
	{ 554, "5.2.252", "", SMTP_AT_MAIL, SENT_CONFIG },
	{ 550, "5.1.8", "", SMTP_AT_MAIL, SENT_CONFIG },
	{ 550, "5.7.501", "", SMTP_AT_MAIL, SENT_CONFIG },
	{ 550, "5.7.708", "", SMTP_AT_MAIL, SENT_CONFIG },
	{ 550, "5.7.515", "", SMTP_AT_END, SENT_PERMANENT },
	{ 550, "5.7.709", "", SMTP_AT_END, SENT_PERMANENT },
	{ 550, "5.1.1", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "5.1.2", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "5.1.3", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "5.1.6", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "5.1.10", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 553, "5.1.3", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "5.2.1", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "5.4.1", "", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 552, "5.2.2", "", SMTP_AT_RCPT, SENT_TEMPORARY },
	{ 452, "4.2.2", "", SMTP_AT_RCPT, SENT_TEMPORARY },
	{ 552, "5.3.4", "", SMTP_AT_MAIL, SENT_PERMANENT },
	{ 554, "5.6.0", "", SMTP_AT_END, SENT_PERMANENT },
	{ 501, "5.5.4", "", SMTP_AT_MAIL, SENT_PERMANENT },
	{ 555, "", "", SMTP_AT_MAIL, SENT_PERMANENT },
	{ 550, "5.7.1", "", SMTP_AT_RCPT, SENT_PERMANENT },
	{ 550, "5.7.26", "", SMTP_AT_END, SENT_PERMANENT },
	{ 550, "", "No such user here", SMTP_AT_RCPT, SENT_UNREACHABLE },
	{ 550, "", "blocked by policy", SMTP_AT_RCPT, SENT_PERMANENT },
	{ 550, "", "no such user", SMTP_AT_END, SENT_PERMANENT },
	{ 554, "", "no service for you", SMTP_AT_CONNECT, SENT_CONFIG },
	{ 250, "2.0.0", "", SMTP_AT_END, SENT_OK },
	{ 250, "2.0.0", "a good answer that takes no message", SMTP_AT_DATA, SENT_TEMPORARY },
	{ 354, "", "out of step", SMTP_AT_RCPT, SENT_TEMPORARY },
	{ 354, "", "out of step, and it may have been sent", SMTP_AT_END, SENT_AMBIGUOUS },
};

static void outcomes_have_the_classes_of_the_table(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
		const ClassCase *c = &classes[i];
		SentClass got = smtp_class(c->code, c->enhanced, c->text, c->stage);
		if (got != c->class)
			g_error("%u %s at stage %d is class %d, not %d", c->code, c->enhanced, c->stage, got, c->class);
	}
}

static void dots_are_stuffed_at_line_starts_alone(void)
{
	static const char *const cases[][2] = {
		{ "a\r\n", "a\r\n" },
		{ ".\r\n", "..\r\n" },
		{ "a\r\n.b\r\n..\r\n.\r\nc.d\r\n", "a\r\n..b\r\n...\r\n..\r\nc.d\r\n" },
		{ "no end", "no end\r\n" },
		{ "a\r\n.", "a\r\n..\r\n" },
		{ "", "\r\n" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		smtp_stuff(out, cases[i][0], strlen(cases[i][0]));
		g_assert_cmpstr(out->str, ==, cases[i][1]);
	}
}

static void offers_are_read(void)
{
	g_autoptr(GString) in = g_string_new("250-mx.example greets PIPELINING\r\n250-SIZE 35882577\r\n250-8BITMIME\r\n250-pipelining\r\n250 SMTPUTF8\r\n");
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	SmtpReply reply;
	smtp_reply_init(&reply);
	g_assert_true(smtp_reply_take(in, &reply, lines, NULL));
	SmtpOffer offer = smtp_offer(lines);
	g_assert_true(offer.pipelining && offer.utf8 && offer.eight_bit);
	g_assert_cmpuint(offer.size, ==, 35882577);
	g_ptr_array_set_size(lines, 1);
	offer = smtp_offer(lines);
	g_assert_false(offer.pipelining || offer.utf8 || offer.eight_bit);
	smtp_reply_clear(&reply);
}

typedef struct RcptCase {
	const char *address;
	bool utf8;        /* the server offers SMTPUTF8 */
	const char *line; /* NULL: refused */
} RcptCase;

static const RcptCase rcpts[] = {
	{ "bob@example.org", false, "RCPT TO:<bob@example.org>\r\n" },
	{ "b\xc3\xb6" "b@example.org", false, NULL },
	{ "b\xc3\xb6" "b@example.org", true, "RCPT TO:<b\xc3\xb6" "b@example.org>\r\n" },
	{ "b\xc3\xb6" "b@m\xc3\xbcller.example", true, "RCPT TO:<b\xc3\xb6" "b@xn--mller-kva.example>\r\n" },
	{ "bob@m\xc3\xbcller.example", false, "RCPT TO:<bob@xn--mller-kva.example>\r\n" },
	{ "bob@[192.0.2.1]", false, "RCPT TO:<bob@[192.0.2.1]>\r\n" },
	{ "bob", false, NULL },
	{ "@example.org", false, NULL },
	{ "bob@", false, NULL },
	{ "", false, NULL },
	{ "bob@example.org>\r\nDATA", false, NULL },
	{ "bob@example.org\r\nRCPT TO:<x@y", false, NULL },
	{ "bob@exa\nmple.org", false, NULL },
	{ "bob @example.org", false, NULL },
	{ "<bob@example.org>", false, NULL },
	{ "bob\xff@example.org", true, NULL },
};

static void addresses_cannot_break_out_of_a_command(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rcpts); i++) {
		SmtpOffer offer = { .utf8 = rcpts[i].utf8 };
		g_autoptr(GError) error = NULL;
		g_autofree char *line = smtp_rcpt(&offer, rcpts[i].address, &error);
		g_assert_cmpstr(line, ==, rcpts[i].line);
		g_assert_true((line == NULL) == (error != NULL));
	}
}

static void mail_says_what_the_message_needs(void)
{
	SmtpOffer all = { true, true, true, 1000 }, none = { 0 };
	g_autoptr(GError) error = NULL;
	g_autofree char *full = smtp_mail(&all, "a@b.c", 10, true, true, &error);
	g_assert_cmpstr(full, ==, "MAIL FROM:<a@b.c> SIZE=10 BODY=8BITMIME SMTPUTF8\r\n");
	g_autofree char *bare = smtp_mail(&none, "a@b.c", 10, true, false, &error);
	g_assert_cmpstr(bare, ==, "MAIL FROM:<a@b.c>\r\n");
	g_autofree char *null_path = smtp_mail(&none, "", 10, false, false, &error);
	g_assert_cmpstr(null_path, ==, "MAIL FROM:<>\r\n");
	g_assert_no_error(error);
	g_assert_null(smtp_mail(&all, "a@b.c", 1001, false, false, &error));
	g_assert_error(error, SMTP_ERROR, SMTP_ERROR_SIZE);
	g_clear_error(&error);
	g_assert_null(smtp_mail(&none, "a@b.c", 1, false, true, &error));
	g_assert_error(error, SMTP_ERROR, SMTP_ERROR_UTF8);
}

#define TOP "From: a@b.c\r\nTo: d@e.f\r\nMessage-ID: <1@b.c>\r\nSubject: x\r\n"

typedef struct MessageCase {
	const char *bytes;
	const char *complaint; /* a part of it; NULL: it may leave */
} MessageCase;

static const MessageCase messages[] = {
	{ TOP "Content-Type: text/plain\r\n\r\nhello\r\n", NULL },
	{ TOP "References: <a@b>\r\n <c@d>\r\nX-Ours: 1\r\nList-Unsubscribe: <mailto:x>\r\n\r\n", NULL },
	{ TOP "\r\nBcc: this is text\r\n", NULL },
	{ TOP "Bcc: spy@evil.example\r\n\r\nhello\r\n", "Bcc" },
	{ TOP "Return-Path: <x@y>\r\n\r\nhello\r\n", "Return-Path" },
	{ TOP "From: other@b.c\r\n\r\nhello\r\n", "twice" },
	{ TOP "Subject : x\r\n\r\nhello\r\n", "no header" },
	{ TOP "nothing\r\n\r\nhello\r\n", "no header" },
	{ TOP "\r\nhello\n.\nMAIL FROM:<x@y>\r\n", "LF alone" },
	{ TOP "\r\nhello\r.\r\n", "CR alone" },
	{ TOP "\r\nhello\r\r\n", "CR alone" },
	{ TOP, "no body" },
	{ "From: a@b.c\r\n\r\nhello\r\n", "lacks" },
	{ "Message-ID: <1@b.c>\r\n\r\nhello\r\n", "lacks" },
	{ "From: a@b.c\r\nMessage-ID: <2@b.c>\r\n\r\nhello\r\n", "not the one" },
	{ "", "no body" },
};

static void messages_are_looked_at_before_they_leave(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
		g_autoptr(GError) error = NULL;
		bool good = message_check(messages[i].bytes, strlen(messages[i].bytes), "1@b.c", &error);
		g_assert_true(good == (error == NULL));
		if (messages[i].complaint && (good || !strstr(error->message, messages[i].complaint)))
			g_error("message %zu: %s", i, good ? "accepted" : error->message);
		if (!messages[i].complaint)
			g_assert_no_error(error);
	}
	g_autoptr(GString) longest = g_string_new(TOP "\r\n");
	for (int i = 0; i < 998; i++)
		g_string_append_c(longest, 'x');
	g_assert_true(message_check(longest->str, longest->len, "1@b.c", NULL));
	g_string_append_c(longest, 'x');
	g_assert_false(message_check(longest->str, longest->len, "1@b.c", NULL));
	g_assert_false(message_check(TOP "\r\n\0", sizeof TOP "\r\n", "1@b.c", NULL));
}

static void message_ids_are_plain(void)
{
	static const char *const cases[][2] = {
		{ "<a@b>", "a@b" }, { "a@b", "a@b" },   { "", NULL },       { "<>", NULL },
		{ "a b", NULL },    { "a\nb", NULL },   { "a\x80", NULL },  { "<<a>>", NULL },
		{ "a\"b", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *plain = message_id_plain(cases[i][0]);
		g_assert_cmpstr(plain, ==, cases[i][1]);
	}
}

typedef struct AddressCase {
	const char *host;
	bool private;
} AddressCase;

static const AddressCase addresses[] = {
	{ "8.8.8.8", false },     { "127.0.0.1", true },    { "10.1.2.3", true },        { "172.16.0.1", true },
	{ "172.31.255.255", true }, { "172.32.0.1", false }, { "192.168.1.1", true },    { "169.254.169.254", true },
	{ "100.64.0.1", true },   { "100.128.0.1", false }, { "0.0.0.0", true },         { "224.0.0.1", true },
	{ "255.255.255.255", true }, { "198.18.0.1", true }, { "1.1.1.1", false },       { "::1", true },
	{ "::", true },           { "fe80::1", true },      { "fd00::1", true },         { "ff02::1", true },
	{ "2606:4700::1111", false }, { "::ffff:127.0.0.1", true }, { "::ffff:8.8.8.8", false }, { "64:ff9b::7f00:1", true },
	{ "2002:7f00:1::", true }, { "2002:808:808::", false }, { "2001:db8::1", true }, { "2001::1", true },
};

static void private_addresses_are_known(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(25) };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(25) };
		bool is4 = inet_pton(AF_INET, addresses[i].host, &v4.sin_addr) == 1;
		g_assert_true(is4 || inet_pton(AF_INET6, addresses[i].host, &v6.sin6_addr) == 1);
		const struct sockaddr *address = is4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
		if (address_is_private(address) != addresses[i].private)
			g_error("%s", addresses[i].host);
	}
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(2525) };
	inet_pton(AF_INET, "127.0.0.1", &local.sin_addr);
	char *list[] = { (char *)"127.0.0.1:2525", NULL }, *other[] = { (char *)"127.0.0.1:25", NULL };
	char *name[] = { (char *)"LOCALHOST:2525", NULL };
	g_assert_true(address_is_listed(list, (struct sockaddr *)&local, "mail.example"));
	g_assert_false(address_is_listed(other, (struct sockaddr *)&local, "mail.example"));
	g_assert_true(address_is_listed(name, (struct sockaddr *)&local, "localhost"));
	g_assert_false(address_is_listed(NULL, (struct sockaddr *)&local, "localhost"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/smtp/replies are read whole or not at all", replies_are_read_whole_or_not_at_all);
	g_test_add_func("/smtp/endless replies are refused", endless_replies_are_refused);
	g_test_add_func("/smtp/long texts are cut between characters", long_texts_are_cut_between_characters);
	g_test_add_func("/smtp/outcomes have the classes of the table", outcomes_have_the_classes_of_the_table);
	g_test_add_func("/smtp/dots are stuffed at line starts alone", dots_are_stuffed_at_line_starts_alone);
	g_test_add_func("/smtp/offers are read", offers_are_read);
	g_test_add_func("/smtp/addresses cannot break out of a command", addresses_cannot_break_out_of_a_command);
	g_test_add_func("/smtp/MAIL says what the message needs", mail_says_what_the_message_needs);
	g_test_add_func("/message/messages are looked at before they leave", messages_are_looked_at_before_they_leave);
	g_test_add_func("/message/Message-IDs are plain", message_ids_are_plain);
	g_test_add_func("/address/private addresses are known", private_addresses_are_known);
	return g_test_run();
}
