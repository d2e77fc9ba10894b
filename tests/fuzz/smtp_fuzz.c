/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * A mail server that lies to the sender. Three messages are handed over; whatever the server says, each gets at most one answer,
 * no final dot leaves without its mark in the send log, and what may have been sent is never said to be unsent.
 */
#include "wire.h"

#include "net/sender.h"
#include "net/smtp.h"

enum { MESSAGES = 3 };

static struct {
	guint marks[MESSAGES], answers[MESSAGES];
	guint content; /* whose content has left without its dot, counted from 1; 0: none's */
} seen;

static guint message_of(const char *id)
{
	g_assert_true(id[0] == 'm' && id[1] >= '0' && id[1] < '0' + MESSAGES);
	return (guint)(id[1] - '0');
}

bool sendlog_mark(Sendlog *log, const char *message_id, GError **error)
{
	(void)log, (void)error;
	seen.marks[message_of(message_id)]++;
	return true;
}

bool sendlog_answer(Sendlog *log, const char *message_id, unsigned code, const char *enhanced, const char *text, GError **error)
{
	(void)log, (void)error;
	guint n = message_of(message_id);
	g_assert_true(code >= 200 && code <= 599 && strlen(enhanced) < 12 && !strpbrk(text, "\r\n"));
	g_assert_cmpuint(++seen.answers[n], <=, seen.marks[n]);
	return true;
}

int sendlog_fd(const Sendlog *log)
{
	(void)log;
	return -1;
}

/* The content of a message is one write, its dot stands at the front of the next; without content it ends an empty message,
 * whose recipients were all refused. */
static void server_hears(const char *bytes, size_t size)
{
	g_assert_true(size >= 2 && bytes[size - 2] == '\r' && bytes[size - 1] == '\n');
	bool dot = size >= 3 && memcmp(bytes, ".\r\n", 3) == 0;
	if (dot && seen.content)
		g_assert_cmpuint(seen.marks[seen.content - 1], ==, 1);
	seen.content = size > 14 && memcmp(bytes, "Message-ID: <m", 14) == 0 ? message_of(bytes + 13) + 1 : 0;
}

static void hand_over(guint n)
{
	g_autofree char *id = g_strdup_printf("m%u@x.example", n);
	g_autofree char *mail = g_strdup_printf("Message-ID: <%s>\r\nFrom: a@b.example\r\nSubject: x\r\n\r\n.dot\r\n%s", id, n == 2 ? "\xc3\xa9\r\n" : "");
	peer_begin(world.host, N_SEND, n + 1);
	peer_put_str(world.host, id, -1);
	peer_put_str(world.host, n == 1 ? "l\xc3\xa9" "a@b.example" : "a@b.example", -1);
	peer_put_u32(world.host, n == 2 ? 3 : 1);
	peer_put_str(world.host, "c@d.example", -1);
	if (n == 2) {
		peer_put_str(world.host, "e@d.example", -1);
		peer_put_str(world.host, "f@d.example", -1);
	}
	peer_put_str(world.host, mail, -1);
	g_assert_true(peer_end(world.host) && peer_flush_all(world.host, NULL));
}

static void check_sent(Frame *frame, guint *answered)
{
	guint n = (guint)frame->id - 1;
	g_assert_true(n < MESSAGES);
	g_assert_cmpuint(++answered[n], ==, 1);
	uint8_t class = frame_get_u8(frame);
	unsigned code = frame_get_u32(frame);
	const char *enhanced = frame_get_str(frame, NULL), *text = frame_get_str(frame, NULL);
	g_assert_true(frame_end(frame) && class <= SENT_PERMANENT && strlen(enhanced) < 12);
	g_assert_true(g_utf8_validate(text, -1, NULL) && !strpbrk(text, "\r\n"));
	g_assert_true(code == 0 || (code >= 200 && code <= 599));
	g_assert_true(class != SENT_OK || (code >= 200 && code < 300 && seen.marks[n] && seen.answers[n] == seen.marks[n]));
	if (seen.marks[n] > seen.answers[n])
		g_assert_cmpuint(class, ==, SENT_AMBIGUOUS);
	g_assert_cmpuint(seen.marks[n], <=, 1);
}

/* Replies come out the same, however they are torn. */
static void check_replies(const uint8_t *data, size_t size)
{
	g_autoptr(GString) whole = g_string_new_len((const char *)data, (gssize)size);
	g_autoptr(GString) torn = g_string_new(NULL);
	SmtpReply a, b;
	smtp_reply_init(&a);
	smtp_reply_init(&b);
	for (size_t at = 0; at < size; at++) {
		g_string_append_c(torn, (char)data[at]);
		g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GError) error = NULL, other = NULL;
		if (!smtp_reply_take(torn, &b, NULL, &error)) {
			if (error)
				break;
			continue;
		}
		g_assert_true(smtp_reply_take(whole, &a, lines, &other));
		g_assert_true(a.code == b.code && strcmp(a.enhanced, b.enhanced) == 0 && strcmp(a.text->str, b.text->str) == 0);
		g_assert_true(a.code >= 200 && a.code < 600 && a.text->len <= SMTP_TEXT && g_utf8_validate(a.text->str, (gssize)a.text->len, NULL));
		g_assert_cmpuint(lines->len, >=, 1);
		smtp_offer(lines);
		for (int stage = SMTP_AT_CONNECT; stage <= SMTP_AT_END; stage++)
			g_assert_true((smtp_class(a.code, a.enhanced, a.text->str, (SmtpStage)stage) == SENT_OK) == (a.code < 300 && stage != SMTP_AT_DATA));
	}
	smtp_reply_clear(&a);
	smtp_reply_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_replies(data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(Account) account = account_parse("{\"account\":\"a\",\"role\":\"sender\",\"config\":{\"from_address\":\"a@b.example\","
		"\"smtp\":{\"url\":\"smtp://s.example\"}}}", &error);
	g_assert_true(account && !account->trouble);
	memset(&seen, 0, sizeof seen);
	Peer *child = world_start((Input){ data, size });
	for (guint i = 0; i < MESSAGES; i++)
		hand_over(i);
	sender_run(account, child, NULL);
	Frame frame;
	guint answered[MESSAGES] = { 0 };
	while (world_said(&frame))
		if (frame.kind == N_SENT)
			check_sent(&frame, answered);
	peer_free(child);
	world_stop();
	return 0;
}
