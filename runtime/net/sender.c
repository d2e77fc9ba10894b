/* SPDX-License-Identifier: MIT */
/*
 * The life of a sender: see sender.h.
 *
 * Invariants. `envelope` is the message whose MAIL, RCPT, DATA are under way, `ending` the one whose final dot has left
 * (its mark stands in the log). What the server still owes is in `expected`, in order; commands that can't be sent yet
 * (no PIPELINING) are in `commands`. Nothing is ever sent behind a DATA before its answer (RFC 2920, 3.1).
 */
#include "net/sender.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "net/message.h"
#include "net/smtp.h"
#include "net/wire.h"

enum {
	CONNECT_MS = 45 * 1000,
	REPLY_MS = 5 * 60 * 1000, /* RFC 5321, 4.5.3.2 */
	BLOCK_MS = 3 * 60 * 1000,
	END_MS = 10 * 60 * 1000,
	IDLE_MS = 30 * 1000,
	DRAIN_MS = 30 * 1000,
	PAUSE_MOST_MS = 60 * 1000,
};

typedef struct Outgoing {
	uint64_t number;
	char *id; /* the Message-ID, without < > */
	char *from;
	GPtrArray *to;
	GString *bytes;
	GArray *files; /* Enclosed, until its turn comes and they are in the bytes */
	GString *signature; /* the DKIM-Signature fields that go before them; made anew for each attempt, and kept nowhere */
	guint accepted;    /* recipients so far */
	bool refused;      /* for good, by the reply below */
	SentClass class;
	unsigned code;
	char enhanced[12];
	GString *text;     /* the reply's, or what is to be said of other recipients */
	bool tried;        /* a kept connection has ended under it once */
} Outgoing;

typedef enum { EXPECT_MAIL, EXPECT_RCPT, EXPECT_DATA, EXPECT_END, EXPECT_ANY } ExpectKind;

typedef struct Expect {
	ExpectKind kind;
	guint recipient;
	char *line; /* the command, until it is sent */
} Expect;

typedef struct Sender {
	const Account *account;
	Peer *host;
	Sendlog *log;
	GQueue waiting; /* Outgoing: handed over, not begun */
	GArray *files;  /* Enclosed: of the next message */
	Wire *wire;
	SmtpOffer offer;
	GString *in, *out;
	SmtpReply reply;
	GQueue commands, expected; /* Expect */
	Outgoing *envelope, *ending;
	bool open_transaction;   /* MAIL was sent and not ended: RSET comes before the next */
	guint finished;          /* transactions on this connection */
	gint64 deadline;         /* for the next reply, or the end of idleness; ms, monotonic */
	gint64 next_try;
	int pause;
	bool host_gone;
	bool failing;            /* what N_HEALTH said last */
} Sender;

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void outgoing_free(Outgoing *message)
{
	if (!message)
		return;
	g_free(message->id);
	g_free(message->from);
	g_ptr_array_unref(message->to);
	g_string_free(message->bytes, TRUE);
	g_array_unref(message->files);
	g_string_free(message->signature, TRUE);
	g_string_free(message->text, TRUE);
	g_free(message);
}

static void expect_free(gpointer data)
{
	g_free(((Expect *)data)->line);
	g_free(data);
}

/* ---- what is said to the host ---- */

static void tell_sent(Sender *s, Outgoing *message, SentClass class, unsigned code, const char *enhanced, const char *text)
{
	g_autofree char *clean = account_clean(s->account, text); /* a server may repeat what it was sent at sign-in */
	peer_begin(s->host, N_SENT, message->number);
	peer_put_u8(s->host, (uint8_t)class);
	peer_put_u32(s->host, code);
	peer_put_str(s->host, enhanced, -1);
	peer_put_str(s->host, clean, -1);
	peer_end(s->host);
	outgoing_free(message);
}

static void tell_health(Sender *s, HealthState state, const char *code, const char *text)
{
	if (state == HEALTH_OK && !s->failing)
		return;
	g_autofree char *clean = account_clean(s->account, text);
	if (state == HEALTH_FAILING)
		log_warn("account %s: %s", s->account->name, clean);
	else
		log_info("account %s: mail can be sent again", s->account->name);
	s->failing = state == HEALTH_FAILING;
	peer_begin(s->host, N_HEALTH, 0);
	peer_put_u8(s->host, (uint8_t)state);
	peer_put_str(s->host, code, -1);
	peer_put_str(s->host, clean, -1);
	peer_end(s->host);
}

/* All that wait go back to the queue. */
static void return_waiting(Sender *s, SentClass class, unsigned code, const char *enhanced, const char *text)
{
	for (Outgoing *m; (m = g_queue_pop_head(&s->waiting));)
		tell_sent(s, m, class, code, enhanced, text);
}

/* ---- the connection ---- */

static void drop_connection(Sender *s)
{
	g_clear_pointer(&s->wire, wire_free);
	g_queue_clear_full(&s->commands, expect_free);
	g_queue_clear_full(&s->expected, expect_free);
	g_string_truncate(s->in, 0);
	g_string_truncate(s->out, 0);
	s->open_transaction = false;
	s->finished = 0;
}

static void grow_pause(Sender *s)
{
	s->pause = s->pause ? MIN(s->pause * 2, PAUSE_MOST_MS) : 1000;
	s->next_try = now_ms() + s->pause;
}

/* The connection has ended, or the server has said that it ends (421): settles what was in flight. */
static void lost(Sender *s, const char *code_name, unsigned code, const char *enhanced, const char *text)
{
	bool kept = s->finished > 0;
	Outgoing *ending = g_steal_pointer(&s->ending), *envelope = g_steal_pointer(&s->envelope);
	bool idle = !ending && !envelope;
	drop_connection(s);
	if (ending)
		tell_sent(s, ending, SENT_AMBIGUOUS, 0, "", text);
	if (envelope && (kept || ending) && !envelope->tried && !envelope->refused) {
		envelope->tried = true;
		envelope->accepted = 0;
		g_string_truncate(envelope->text, 0);
		g_queue_push_head(&s->waiting, envelope);
	} else if (envelope && envelope->refused) {
		tell_sent(s, envelope, envelope->class, envelope->code, envelope->enhanced, envelope->text->str);
	} else if (envelope) {
		tell_sent(s, envelope, SENT_TEMPORARY, code, enhanced, text);
	}
	if (!idle && !kept) {
		grow_pause(s);
		tell_health(s, HEALTH_FAILING, code_name, text);
	}
}

static void lost_by_error(Sender *s, const GError *error)
{
	if (g_error_matches(error, WIRE_ERROR, WIRE_ERROR_ABORTED))
		s->host_gone = true;
	const char *name = error->domain == WIRE_ERROR ? wire_error_name(error->code) : "protocol";
	lost(s, name, 0, "", error->message);
}

static SentClass class_of_failure(const GError *error, unsigned reply)
{
	switch (error->domain == WIRE_ERROR ? error->code : WIRE_ERROR_PROTOCOL) {
	case WIRE_ERROR_AUTH: return reply >= 400 && reply < 500 ? smtp_class(reply, "", "", SMTP_AT_CONNECT) : SENT_AUTH;
	case WIRE_ERROR_REFUSED: return reply >= 500 ? smtp_class(reply, "", "", SMTP_AT_CONNECT) : SENT_TEMPORARY;
	case WIRE_ERROR_CONFIG:
	case WIRE_ERROR_CERTIFICATE: return SENT_CONFIG;
	default: return SENT_TEMPORARY;
	}
}

/* libcurl has kept the answer to its EHLO for itself, and after sign-in it may be another one: ask again. */
static bool greet(Sender *s, GError **error)
{
	g_autofree char *line = g_strdup_printf("EHLO %s\r\n", s->account->domain);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	if (!wire_send(s->wire, line, strlen(line), REPLY_MS, error))
		return false;
	gint64 until = now_ms() + REPLY_MS;
	GError *inner = NULL;
	while (!smtp_reply_take(s->in, &s->reply, lines, &inner)) {
		if (inner || !wire_receive(s->wire, s->in, &inner) || (s->in->len == 0 && !wire_wait(s->wire, (int)(until - now_ms()), &inner))) {
			if (!inner)
				g_set_error_literal(&inner, WIRE_ERROR, WIRE_ERROR_TIMEOUT, "the server does not answer EHLO");
			g_propagate_error(error, inner);
			return false;
		}
	}
	if (s->reply.code != 250) {
		g_set_error(error, WIRE_ERROR, WIRE_ERROR_REFUSED, "the server refuses EHLO: %u %s", s->reply.code, s->reply.text->str);
		return false;
	}
	s->offer = smtp_offer(lines);
	return true;
}

static void connect_server(Sender *s)
{
	g_autoptr(GError) error = NULL;
	unsigned reply = 0;
	s->wire = wire_connect(s->account, peer_fd(s->host), CONNECT_MS, &reply, &error);
	if (s->wire && greet(s, &error)) {
		tell_health(s, HEALTH_OK, "", "");
		s->deadline = now_ms() + IDLE_MS;
		return;
	}
	drop_connection(s);
	if (g_error_matches(error, WIRE_ERROR, WIRE_ERROR_ABORTED)) {
		s->host_gone = true;
		return;
	}
	grow_pause(s);
	tell_health(s, HEALTH_FAILING, wire_error_name(error->domain == WIRE_ERROR ? error->code : WIRE_ERROR_PROTOCOL), error->message);
	return_waiting(s, class_of_failure(error, reply), reply >= 400 ? reply : 0, "", error->message);
}

/* ---- one transaction ---- */

static void queue_command(Sender *s, ExpectKind kind, guint recipient, char *line)
{
	Expect *expect = g_new0(Expect, 1);
	*expect = (Expect){ kind, recipient, line };
	g_queue_push_tail(&s->commands, expect);
}

/* Moves to `out` what may be sent now: all, or without PIPELINING one command at a time. */
static void release_commands(Sender *s)
{
	while (!g_queue_is_empty(&s->commands) && (s->offer.pipelining || g_queue_is_empty(&s->expected))) {
		Expect *expect = g_queue_pop_head(&s->commands);
		g_string_append(s->out, expect->line);
		g_clear_pointer(&expect->line, g_free);
		g_queue_push_tail(&s->expected, expect);
	}
}

static bool flush_out(Sender *s)
{
	release_commands(s);
	if (s->out->len == 0)
		return true;
	g_autoptr(GError) error = NULL;
	bool ok = wire_send(s->wire, s->out->str, s->out->len, BLOCK_MS, &error);
	g_string_truncate(s->out, 0);
	s->deadline = now_ms() + (s->ending ? END_MS : REPLY_MS);
	if (!ok)
		lost_by_error(s, error);
	return ok;
}

static void file_close(void *data)
{
	close(((Enclosed *)data)->fd);
}

static GArray *files_new(void)
{
	GArray *files = g_array_new(FALSE, FALSE, sizeof(Enclosed));
	g_array_set_clear_func(files, file_close);
	return files;
}

/* The whole message: what is signed, and what the server gets. */
static bool complete(Outgoing *m, GError **error)
{
	bool done = !m->files->len || message_enclose(m->bytes, (const Enclosed *)(void *)m->files->data, m->files->len, error);
	if (done)
		g_array_set_size(m->files, 0);
	return done;
}

static bool sign(Sender *s, Outgoing *m, GError **error)
{
	const GPtrArray *all = s->account->signing;
	g_string_truncate(m->signature, 0);
	for (guint i = 0; i < all->len; i++) {
		const Signing *signing = all->pdata[i];
		g_autofree char *field = dkim_sign(signing->key, signing->domain, signing->selector, g_get_real_time() / G_USEC_PER_SEC,
		                                   m->bytes->str, m->bytes->len, error);
		if (!field)
			return false;
		g_string_append(m->signature, field);
	}
	return true;
}

/* Writes the commands of the envelope; on an error (an address, the size) nothing has been queued. */
static bool queue_envelope(Sender *s, const Outgoing *m, GError **error)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	bool utf8 = smtp_needs_utf8(m->from) || message_needs_utf8(m->bytes->str, m->bytes->len);
	for (guint i = 0; i < m->to->len; i++) {
		utf8 |= smtp_needs_utf8(m->to->pdata[i]);
		char *line = smtp_rcpt(&s->offer, m->to->pdata[i], error);
		if (!line)
			return false;
		g_ptr_array_add(lines, line);
	}
	bool eight_bit = message_is_eight_bit(m->bytes->str, m->bytes->len);
	char *mail = smtp_mail(&s->offer, m->from, m->signature->len + m->bytes->len, eight_bit, utf8, error);
	if (!mail)
		return false;
	if (s->open_transaction)
		queue_command(s, EXPECT_ANY, 0, g_strdup("RSET\r\n"));
	queue_command(s, EXPECT_MAIL, 0, mail);
	for (guint i = 0; i < lines->len; i++)
		queue_command(s, EXPECT_RCPT, i, g_strdup(lines->pdata[i]));
	queue_command(s, EXPECT_DATA, 0, g_strdup("DATA\r\n"));
	s->open_transaction = true;
	return true;
}

/* Takes the next message that waits, if its envelope may go now: alone, or right behind a final dot. */
static void begin_next(Sender *s)
{
	while (!s->envelope && (!s->ending || s->offer.pipelining) && !g_queue_is_empty(&s->waiting)) {
		Outgoing *m = g_queue_pop_head(&s->waiting);
		g_autoptr(GError) error = NULL;
		if (!complete(m, &error)) {
			tell_sent(s, m, SENT_PERMANENT, 0, "", error->message);
		} else if (!sign(s, m, &error)) {
			tell_sent(s, m, SENT_CONFIG, 0, "", error->message);
		} else if (queue_envelope(s, m, &error)) {
			s->envelope = m;
		} else if (g_error_matches(error, SMTP_ERROR, SMTP_ERROR_SIZE)) {
			tell_sent(s, m, SENT_PERMANENT, 552, "5.3.4", error->message);
		} else if (g_error_matches(error, SMTP_ERROR, SMTP_ERROR_UTF8)) {
			tell_sent(s, m, SENT_PERMANENT, 553, "5.6.7", error->message); /* RFC 6531, 3.5 */
		} else {
			tell_sent(s, m, SENT_PERMANENT, 0, "", error->message);
		}
	}
}

static void note_refusal(Outgoing *m, const SmtpReply *reply, SmtpStage stage)
{
	if (m->refused)
		return;
	m->refused = true;
	m->class = smtp_class(reply->code, reply->enhanced, reply->text->str, stage);
	m->code = reply->code;
	g_strlcpy(m->enhanced, reply->enhanced, sizeof m->enhanced);
	g_string_assign(m->text, reply->text->str);
}

static void end_refused(Sender *s)
{
	Outgoing *m = g_steal_pointer(&s->envelope);
	g_queue_clear_full(&s->commands, expect_free); /* without PIPELINING the rest of the envelope is not sent */
	s->finished++;
	s->pause = 0;
	tell_sent(s, m, m->class, m->code, m->enhanced, m->text->str);
}

static void on_rcpt(Sender *s, guint recipient)
{
	Outgoing *m = s->envelope;
	if (s->reply.code < 300) {
		m->accepted++;
	} else if (recipient == 0) {
		note_refusal(m, &s->reply, SMTP_AT_RCPT);
	} else if (!m->refused) {
		g_string_append_printf(m->text, "%s%s: %u %s %s", m->text->len ? "; " : "refused: ", (char *)m->to->pdata[recipient],
		                       s->reply.code, s->reply.enhanced, s->reply.text->str);
	}
	if (m->refused && !s->offer.pipelining)
		end_refused(s);
}

/* The server spoke between 354 and the final dot, or closed: the message was not taken. */
static void on_early_reply(Sender *s, GError *error)
{
	GError *inner = NULL;
	if (!error && smtp_reply_take(s->in, &s->reply, NULL, &inner)) {
		if (s->reply.code >= 400 && s->reply.code != 421)
			note_refusal(s->envelope, &s->reply, SMTP_AT_END);
		lost(s, "closed", s->reply.code, s->reply.enhanced, s->reply.text->str);
		return;
	}
	lost(s, "closed", 0, "", error ? error->message : inner ? inner->message : "the server spoke out of turn");
	g_clear_error(&inner);
}

/* 354: the content, then the mark, then the dot. The steps are kept apart so that all trouble before the mark is
 * plainly "not sent". */
static void on_go_ahead(Sender *s)
{
	Outgoing *m = s->envelope;
	g_autoptr(GError) error = NULL;
	if (s->host_gone) { /* draining: nothing new is begun */
		drop_connection(s);
		return;
	}
	if (m->accepted == 0) { /* RFC 2920: 354 though all recipients were refused is answered with an empty message */
		g_string_append(s->out, ".\r\n");
		Expect *expect = g_new0(Expect, 1);
		expect->kind = EXPECT_ANY;
		g_queue_push_tail(&s->expected, expect);
		end_refused(s);
		return;
	}
	if (m->refused) { /* others were accepted: only the end of the connection takes the DATA back */
		end_refused(s);
		drop_connection(s);
		return;
	}
	g_autoptr(GString) content = g_string_sized_new(m->signature->len + m->bytes->len + 64);
	if (m->signature->len)
		smtp_stuff(content, m->signature->str, m->signature->len);
	smtp_stuff(content, m->bytes->str, m->bytes->len);
	if (!wire_send(s->wire, content->str, content->len, BLOCK_MS, &error)) {
		lost_by_error(s, error);
		return;
	}
	if (!wire_receive(s->wire, s->in, &error) || s->in->len > 0) {
		on_early_reply(s, error);
		return;
	}
	if (!sendlog_mark(s->log, m->id, &error)) {
		s->envelope = NULL;
		drop_connection(s);
		grow_pause(s);
		tell_health(s, HEALTH_FAILING, "send_log", error->message);
		tell_sent(s, m, SENT_TEMPORARY, 0, "", error->message);
		return;
	}
	s->ending = g_steal_pointer(&s->envelope);
	g_string_free(s->ending->bytes, TRUE); /* it has left, and is never sent again by this process */
	s->ending->bytes = g_string_new(NULL);
	s->open_transaction = false;
	wire_watch(s->wire, -1); /* from here on the answer is waited for, host or no host */
	g_string_append(s->out, ".\r\n");
	Expect *expect = g_new0(Expect, 1);
	expect->kind = EXPECT_END;
	g_queue_push_tail(&s->expected, expect);
}

static void on_data(Sender *s)
{
	if (s->reply.code == 354) {
		on_go_ahead(s);
		return;
	}
	note_refusal(s->envelope, &s->reply, SMTP_AT_DATA);
	end_refused(s);
}

static void on_end(Sender *s)
{
	Outgoing *m = g_steal_pointer(&s->ending);
	const SmtpReply *r = &s->reply;
	g_autoptr(GError) error = NULL;
	g_autofree char *clean = account_clean(s->account, r->text->str);
	if (!sendlog_answer(s->log, m->id, r->code, r->enhanced, clean, &error))
		log_error("account %s: %s", s->account->name, error->message); /* the host still hears the answer */
	if (!s->host_gone)
		wire_watch(s->wire, peer_fd(s->host));
	s->finished++;
	s->pause = 0;
	SentClass class = smtp_class(r->code, r->enhanced, r->text->str, SMTP_AT_END);
	g_autofree char *text = class == SENT_OK && m->text->len ? g_strdup_printf("%s (%s)", r->text->str, m->text->str) :
	                                                           g_strdup(r->text->str);
	tell_sent(s, m, class, r->code, r->enhanced, text);
	if (class == SENT_OK)
		tell_health(s, HEALTH_OK, "", "");
}

static void on_reply(Sender *s)
{
	Expect *expect = g_queue_pop_head(&s->expected);
	ExpectKind kind = expect ? expect->kind : EXPECT_ANY;
	guint recipient = expect ? expect->recipient : 0;
	s->deadline = now_ms() + (s->ending ? END_MS : REPLY_MS);
	if (kind == EXPECT_END)
		on_end(s);
	else if (expect && s->reply.code != 421 && kind == EXPECT_MAIL && s->reply.code >= 300)
		note_refusal(s->envelope, &s->reply, SMTP_AT_MAIL);
	else if (expect && s->reply.code != 421 && kind == EXPECT_RCPT)
		on_rcpt(s, recipient);
	else if (expect && s->reply.code != 421 && kind == EXPECT_DATA)
		on_data(s);
	if (kind == EXPECT_MAIL && s->envelope && s->envelope->refused && !s->offer.pipelining)
		end_refused(s);
	/* 421 ends the connection whatever it answers (RFC 5321, 3.8); so does a word nobody asked for. */
	if (s->wire && (!expect || s->reply.code == 421)) {
		g_autofree char *text = g_strdup(s->reply.text->str);
		lost(s, "closed", s->reply.code, s->reply.enhanced, text);
	}
	if (expect)
		expect_free(expect);
}

static void read_server(Sender *s)
{
	g_autoptr(GError) error = NULL;
	bool open = wire_receive(s->wire, s->in, &error);
	GError *inner = NULL;
	while (s->wire && smtp_reply_take(s->in, &s->reply, NULL, &inner))
		on_reply(s);
	if (inner) {
		if (s->wire)
			lost_by_error(s, inner);
		g_error_free(inner);
	} else if (!open && s->wire) {
		lost_by_error(s, error);
	}
}

/* ---- the host ---- */

static void on_file(Sender *s, Frame *frame)
{
	Enclosed file = { .number = frame->id, .fd = frame->fd };
	file.place = frame_get_u64(frame);
	file.size = frame_get_u64(frame);
	if (!frame_end(frame) || frame->fd < 0)
		panic("sender %s: a malformed N_FILE", s->account->name);
	g_array_append_val(s->files, file);
}

static Outgoing *take_send(Sender *s, Frame *frame)
{
	size_t size = 0;
	const char *id = frame_get_str(frame, NULL);
	Outgoing *m = g_new0(Outgoing, 1);
	m->number = frame->id;
	m->id = message_id_plain(id);
	m->from = g_strdup(frame_get_str(frame, NULL));
	m->to = g_ptr_array_new_with_free_func(g_free);
	m->text = g_string_new(NULL);
	m->signature = g_string_new(NULL);
	m->files = s->files;
	s->files = files_new();
	for (guint i = 0; i < m->files->len; i++)
		if (g_array_index(m->files, Enclosed, i).number != m->number)
			panic("sender %s: a file of another message", s->account->name);
	for (uint32_t n = frame_get_u32(frame); n > 0 && !frame->bad; n--)
		g_ptr_array_add(m->to, g_strdup(frame_get_str(frame, NULL)));
	const char *bytes = frame_get_str(frame, &size);
	m->bytes = g_string_new_len(bytes, (gssize)size);
	if (!frame_end(frame))
		panic("sender %s: a malformed N_SEND", s->account->name);
	return m;
}

static void on_send(Sender *s, Frame *frame)
{
	Outgoing *m = take_send(s, frame);
	g_autoptr(GError) error = NULL;
	if (s->account->trouble)
		tell_sent(s, m, SENT_CONFIG, 0, "", s->account->trouble);
	else if (!m->id)
		tell_sent(s, m, SENT_PERMANENT, 0, "", "the message has no Message-ID that can be used");
	else if (m->to->len == 0)
		tell_sent(s, m, SENT_PERMANENT, 0, "", "the message has no recipient");
	else if (!message_check(m->bytes->str, m->bytes->len, m->id, &error))
		tell_sent(s, m, SENT_PERMANENT, 0, "", error->message);
	else
		g_queue_push_tail(&s->waiting, m);
}

static void read_host(Sender *s)
{
	g_autoptr(GError) error = NULL;
	Frame frame;
	bool open = peer_read(s->host, &error);
	GError *inner = NULL;
	while (peer_next(s->host, &frame, &inner)) {
		if (frame.kind == N_FILE) {
			on_file(s, &frame);
			continue;
		}
		if (frame.kind != N_SEND)
			panic("sender %s: a frame of kind %u", s->account->name, frame.kind);
		on_send(s, &frame);
	}
	if (inner)
		panic("sender %s: %s", s->account->name, inner->message);
	s->host_gone |= !open;
}

/* ---- the loop ---- */

static int wait_time(Sender *s)
{
	gint64 until = G_MAXINT64;
	if (s->wire)
		until = s->deadline;
	else if (!g_queue_is_empty(&s->waiting))
		until = s->next_try;
	return until == G_MAXINT64 ? -1 : (int)CLAMP(until - now_ms(), 0, 60 * 1000);
}

static void on_deadline(Sender *s)
{
	if (s->envelope || s->ending || !g_queue_is_empty(&s->expected)) {
		lost(s, "timeout", 0, "", "the server does not answer");
		return;
	}
	wire_send(s->wire, "QUIT\r\n", 6, 1000, NULL);
	drop_connection(s);
}

/* One turn: begin what can be begun, write, wait, read. */
static void turn(Sender *s)
{
	g_autoptr(GError) error = NULL;
	if (!s->wire && !g_queue_is_empty(&s->waiting) && now_ms() >= s->next_try)
		connect_server(s);
	if (s->wire) {
		begin_next(s);
		if (!flush_out(s) || (g_queue_is_empty(&s->expected) && s->deadline > now_ms() + IDLE_MS))
			s->deadline = now_ms() + IDLE_MS;
	}
	if (!peer_flush(s->host, &error))
		s->host_gone = true;
	if (s->host_gone)
		return;
	short events = peer_pending(s->host) ? POLLIN | POLLOUT : POLLIN;
	struct pollfd p[2] = { { peer_fd(s->host), events, 0 }, { s->wire ? wire_fd(s->wire) : -1, POLLIN, 0 } };
	poll(p, 2, wait_time(s));
	if (p[0].revents & ~POLLOUT)
		read_host(s);
	if (s->wire && p[1].revents)
		read_server(s);
	else if (s->wire && now_ms() >= s->deadline)
		on_deadline(s);
}

/* The host is gone. What is marked gets its answer into the log; all else was not sent, and the log says so by silence. */
static void drain(Sender *s)
{
	gint64 until = now_ms() + DRAIN_MS;
	while (s->wire && s->ending && now_ms() < until) {
		g_autoptr(GError) error = NULL;
		if (!flush_out(s))
			break;
		if (wire_wait(s->wire, (int)(until - now_ms()), &error) && s->wire)
			read_server(s);
	}
	peer_flush(s->host, NULL);
	if (s->wire && !s->envelope && !s->ending)
		wire_send(s->wire, "QUIT\r\n", 6, 1000, NULL);
}

void sender_run(const Account *account, Peer *host, Sendlog *log)
{
	Sender sender = { .account = account, .host = host, .log = log };
	Sender *s = &sender;
	peer_accept_fds(host);
	s->files = files_new();
	s->in = g_string_new(NULL);
	s->out = g_string_new(NULL);
	smtp_reply_init(&s->reply);
	if (account->trouble)
		tell_health(s, HEALTH_FAILING, "config", account->trouble);
	while (!s->host_gone)
		turn(s);
	drain(s);
	drop_connection(s);
	outgoing_free(s->envelope);
	outgoing_free(s->ending);
	g_queue_clear_full(&s->waiting, (GDestroyNotify)outgoing_free);
	g_array_unref(s->files);
	g_string_free(s->in, TRUE);
	g_string_free(s->out, TRUE);
	smtp_reply_clear(&s->reply);
}
