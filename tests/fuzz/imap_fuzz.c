/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * A mail server that lies to the reader. Whatever it says, what a folder has been read to only grows within one UIDVALIDITY, bodies
 * are within their cap, requests are answered at most once, and nothing we write holds a line that the server chose.
 */
#include "wire.h"

#include "net/imap.h"
#include "net/reader.h"

static void server_hears(const char *bytes, size_t size)
{
	g_assert_true(size >= 3 && bytes[size - 2] == '\r' && bytes[size - 1] == '\n');
	for (size_t i = 0; i + 2 < size; i++)
		g_assert_true(bytes[i] && bytes[i] != '\r' && bytes[i] != '\n' && (unsigned char)bytes[i] < 0x80);
	/* Now and then the host asks for more. */
	world.now += 100 * 1000;
	if (size % 7 == 0) {
		peer_begin(world.host, N_READ, 100 + world.turns++);
		peer_end(world.host);
		peer_flush_all(world.host, NULL);
	}
}

static void ask(void)
{
	peer_begin(world.host, N_WATCH, 0);
	peer_put_str(world.host, "[{\"folder\":\"INBOX\",\"role\":\"inbox\",\"uidvalidity\":1,\"uid\":3,\"modseq\":5,\"since\":\"22-Nov-2026\"},"
		"{\"folder\":\"Gesendet\",\"role\":\"sent\",\"since\":\"\"}]", -1);
	peer_end(world.host);
	peer_begin(world.host, N_READ, 1);
	peer_end(world.host);
	peer_begin(world.host, N_FIND, 2);
	peer_put_str(world.host, "m1@x.example", -1);
	peer_end(world.host);
	g_assert_true(peer_flush_all(world.host, NULL));
}

/* Has the server named no UIDVALIDITY but 1? */
static bool is_steady(void)
{
	static const char word[] = "UIDVALIDITY";
	for (size_t i = 0; i + strlen(word) <= world.said->len; i++)
		if (g_ascii_strncasecmp(world.said->str + i, word, strlen(word)) == 0 && !g_str_has_prefix(world.said->str + i + strlen(word), " 1]"))
			return false;
	return true;
}

/* Where the reader says that a folder has been read to, which goes only on within one UIDVALIDITY. */
typedef struct Reached {
	uint32_t validity, uid;
} Reached;

static void check_mail(Frame *frame, const Reached reached[2])
{
	size_t size;
	const Reached *folder = &reached[strcmp(frame_get_str(frame, NULL), "sent") == 0];
	uint32_t validity = frame_get_u32(frame), uid = frame_get_u32(frame);
	frame_get_i64(frame);
	g_assert_cmpuint(frame_get_u8(frame), <=, 1);
	frame_get_str(frame, &size);
	g_assert_true(frame_end(frame) && size <= IMAP_LITERAL_MOST);
	/* A server may give a message twice, in any order; the host knows it again. What has been passed does not come back. */
	g_assert_cmpuint(uid, >, is_steady() && folder->validity == validity ? folder->uid : 0);
}

static void check_mailbox(Frame *frame, Reached reached[2])
{
	Reached *folder = &reached[strcmp(frame_get_str(frame, NULL), "sent") == 0];
	Reached now = { frame_get_u32(frame), frame_get_u32(frame) };
	frame_get_u64(frame);
	g_assert_true(frame_end(frame) && now.validity);
	/* One that changes its UIDVALIDITY and takes it back is read anew. */
	g_assert_cmpuint(now.uid, >=, is_steady() && folder->validity == now.validity ? folder->uid : 0);
	*folder = now;
}

static void check_said(void)
{
	Frame frame;
	Reached reached[2] = { { 1, 3 }, { 0, 0 } }; /* as asked */
	g_autoptr(GHashTable) answered = g_hash_table_new(NULL, NULL);
	while (world_said(&frame)) {
		if (frame.kind == N_MAIL)
			check_mail(&frame, reached);
		else if (frame.kind == N_MAILBOX)
			check_mailbox(&frame, reached);
		else if (frame.kind == N_PASSED || frame.kind == N_FOUND)
			g_assert_true(g_hash_table_add(answered, GSIZE_TO_POINTER(frame.id)));
		else
			g_assert_cmpuint(frame.kind, ==, N_HEALTH);
	}
}

/* Responses come out the same, however they are torn. */
static void check_responses(const uint8_t *data, size_t size)
{
	ImapInput whole, torn;
	imap_input_init(&whole);
	imap_input_init(&torn);
	g_string_append_len(whole.bytes, (const char *)data, (gssize)size);
	g_autoptr(GString) a = g_string_new(NULL);
	g_autoptr(GString) b = g_string_new(NULL);
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autoptr(GError) error = NULL;
	for (size_t at = 0; at < size && !error; at++) {
		g_string_append_c(torn.bytes, (char)data[at]);
		if (!imap_input_take(&torn, b, &error))
			continue;
		g_assert_true(imap_input_take(&whole, a, NULL) && g_string_equal(a, b));
		ImapLine line;
		ImapFetch fetch = { 0 };
		if (!imap_line(b, &line))
			continue;
		g_assert_cmpuint(line.rest, <=, b->len);
		g_autofree char *text = imap_text(b->str + line.rest), *name = imap_list_with(b, &line, "\\Sent");
		g_assert_true(!name || strlen(name) <= b->len);
		g_assert_true(g_utf8_validate(text, -1, NULL) && strlen(text) <= 300 && !strpbrk(text, "\r\n"));
		imap_search(b, &line, found);
		if (imap_fetch(b, &line, &fetch) && fetch.body)
			g_assert_true(fetch.body >= b->str && fetch.body + fetch.body_size <= b->str + b->len);
	}
	imap_input_clear(&whole);
	imap_input_clear(&torn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_responses(data, size);
	g_autoptr(Account) account = account_parse("{\"account\":\"a\",\"role\":\"reader\",\"config\":{\"from_address\":\"a@b.example\","
		"\"imap\":{\"url\":\"imap://s.example\"}}}", NULL);
	g_assert_true(account && !account->trouble);
	Peer *child = world_start((Input){ data, size });
	ask();
	reader_run(account, child);
	check_said();
	peer_free(child);
	world_stop();
	return 0;
}
