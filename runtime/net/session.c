/* SPDX-License-Identifier: MIT */
/* One IMAP connection after sign-in: see session.h. */
#include "net/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/wire.h"

G_DEFINE_QUARK(perigee-session-error, session_error)

enum {
	CONNECT_MS = 45 * 1000,
	SILENCE_MS = 45 * 1000,      /* without a byte, while a response is owed */
	COMMAND_MS = 5 * 60 * 1000,  /* for a whole command, however slowly the bytes come */
	TICK_MS = 1000,
};

struct Session {
	Wire *wire;
	ImapInput input;
	GString *response;
	GHashTable *capabilities; /* in capitals */
	SessionTick tick;
	void *tick_data;
	unsigned number;  /* of the last command; libcurl's own tags begin with a letter alone */
	char tag[16];
	bool qresync, condstore;
	bool news;
	bool dead;
};

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void note_news(Session *s, const ImapLine *line)
{
	s->news |= line->kind == IMAP_UNTAGGED && strcmp(line->word, "EXISTS") == 0;
}

/* The next whole response; ImapLine's parts are in line. BYE before its LOGOUT is the end. */
static bool read_response(Session *s, ImapLine *line, gint64 until, GError **error)
{
	GError *inner = NULL;
	gint64 silent_until = now_ms() + SILENCE_MS;
	while (!imap_input_take(&s->input, s->response, &inner)) {
		size_t before = s->input.bytes->len;
		if (inner || !wire_receive(s->wire, s->input.bytes, &inner))
			break;
		if (s->input.bytes->len > before) {
			silent_until = now_ms() + SILENCE_MS;
			continue;
		}
		gint64 left = MIN(until, silent_until) - now_ms();
		s->tick(s->tick_data);
		if (left <= 0)
			g_set_error_literal(&inner, SESSION_ERROR, SESSION_ERROR_TIMEOUT, "the server does not answer");
		if (inner || (!wire_wait(s->wire, (int)MIN(left, TICK_MS), &inner) && inner))
			break;
	}
	if (!inner && !imap_line(s->response, line))
		g_set_error_literal(&inner, IMAP_ERROR, IMAP_ERROR_FORMAT, "the server's answer is no IMAP");
	if (!inner && line->kind == IMAP_UNTAGGED && strcmp(line->word, "BYE") == 0) {
		g_autofree char *text = imap_text(s->response->str + line->rest);
		g_set_error(&inner, SESSION_ERROR, SESSION_ERROR_BYE, "the server ends the connection: %s", text);
	}
	if (!inner)
		note_news(s, line);
	s->dead |= inner != NULL;
	if (inner)
		g_propagate_error(error, inner);
	return !s->dead;
}

static bool send_line(Session *s, const char *text, GError **error)
{
	g_autofree char *line = g_strdup_printf("%s\r\n", text);
	bool ok = wire_send(s->wire, line, strlen(line), SILENCE_MS, error);
	s->dead |= !ok;
	return ok;
}

static bool send_command(Session *s, const char *command, GError **error)
{
	snprintf(s->tag, sizeof s->tag, "pg%u", ++s->number);
	g_autofree char *line = g_strdup_printf("%s %s", s->tag, command);
	return send_line(s, line, error);
}

/* Reads up to the tagged response of the last command. */
static bool finish(Session *s, SessionEach each, void *data, bool *ok, char **text, GError **error)
{
	gint64 until = now_ms() + COMMAND_MS;
	ImapLine line;
	for (;;) {
		if (!read_response(s, &line, until, error))
			return false;
		if (line.kind == IMAP_UNTAGGED && each && !each(s->response, &line, data)) {
			s->dead = true;
			g_set_error(error, IMAP_ERROR, IMAP_ERROR_FORMAT, "the server's %s is malformed", line.word);
			return false;
		}
		if (line.kind == IMAP_TAGGED && strcmp(line.tag, s->tag) == 0)
			break;
	}
	*ok = strcmp(line.word, "OK") == 0;
	if (text)
		*text = imap_text(s->response->str + line.rest);
	return true;
}

bool session_run(Session *s, const char *command, SessionEach each, void *data, bool *ok, char **text, GError **error)
{
	return send_command(s, command, error) && finish(s, each, data, ok, text, error);
}

static bool take_capabilities(const GString *response, const ImapLine *line, void *data)
{
	Session *s = data;
	if (strcmp(line->word, "CAPABILITY") != 0)
		return true;
	g_auto(GStrv) words = g_strsplit(response->str + line->rest, " ", -1);
	for (char **w = words; *w; w++)
		g_hash_table_add(s->capabilities, g_ascii_strup(*w, -1));
	return true;
}

bool session_has(const Session *s, const char *capability)
{
	return g_hash_table_contains(s->capabilities, capability);
}

static bool enable(Session *s, GError **error)
{
	bool ok = false;
	if (session_has(s, "QRESYNC") && session_has(s, "ENABLE")) {
		if (!session_run(s, "ENABLE QRESYNC", NULL, NULL, &ok, NULL, error))
			return false;
		s->qresync = ok;
	}
	s->condstore = s->qresync || session_has(s, "CONDSTORE");
	return true;
}

Session *session_open(const Account *account, int watch, SessionTick tick, void *data, GError **error)
{
	Wire *wire = wire_connect(account, watch, CONNECT_MS, NULL, error);
	if (!wire)
		return NULL;
	g_autoptr(Session) s = g_new0(Session, 1);
	bool ok;
	s->wire = wire;
	s->tick = tick;
	s->tick_data = data;
	s->response = g_string_new(NULL);
	s->capabilities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	imap_input_init(&s->input);
	return session_run(s, "CAPABILITY", take_capabilities, s, &ok, NULL, error) && enable(s, error) ? g_steal_pointer(&s) : NULL;
}

void session_free(Session *s)
{
	if (!s)
		return;
	if (!s->dead)
		wire_send(s->wire, "pg0 LOGOUT\r\n", 12, 1000, NULL);
	wire_free(s->wire);
	imap_input_clear(&s->input);
	g_string_free(s->response, TRUE);
	g_hash_table_unref(s->capabilities);
	g_free(s);
}

int session_fd(const Session *s)
{
	return wire_fd(s->wire);
}

static bool take_examined(const GString *response, const ImapLine *line, void *data)
{
	Examined *examined = data;
	const char *rest = response->str + line->rest;
	uint64_t number;
	if (strcmp(line->word, "OK") != 0)
		return true;
	if (imap_code_number(rest, "UIDVALIDITY", &number))
		examined->uid_validity = (uint32_t)number;
	else if (imap_code_number(rest, "UIDNEXT", &number) && number <= UINT32_MAX)
		examined->uid_next = (uint32_t)number;
	else if (imap_code_number(rest, "HIGHESTMODSEQ", &number))
		examined->modseq = number;
	return true;
}

bool session_examine(Session *s, const char *name, uint32_t uid_validity, uint64_t modseq, Examined *examined, GError **error)
{
	*examined = (Examined){ 0 };
	g_autofree char *quoted = imap_quoted(name);
	g_autofree char *options = g_strdup(s->condstore ? " (CONDSTORE)" : "");
	if (!quoted) {
		examined->text = g_strdup("this is no name of a mailbox");
		return true;
	}
	if (s->qresync && uid_validity && modseq) {
		g_free(options);
		options = g_strdup_printf(" (QRESYNC (%u %" G_GUINT64_FORMAT "))", uid_validity, (guint64)modseq);
	}
	g_autofree char *command = g_strdup_printf("EXAMINE %s%s", quoted, options);
	if (!session_run(s, command, take_examined, examined, &examined->ok, &examined->text, error))
		return false;
	s->news = false;
	if (examined->ok && !examined->uid_validity) { /* RFC 3501: then UIDs mean nothing */
		examined->ok = false;
		g_free(examined->text);
		examined->text = g_strdup("the server says no UIDVALIDITY");
	}
	return true;
}

static bool take_search(const GString *response, const ImapLine *line, void *data)
{
	return strcmp(line->word, "SEARCH") != 0 || imap_search(response, line, data);
}

static gint by_number(gconstpointer a, gconstpointer b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

GArray *session_search(Session *s, const char *criteria, GError **error)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autofree char *command = g_strdup_printf("UID SEARCH %s", criteria);
	bool ok;
	if (!session_run(s, command, take_search, found, &ok, NULL, error) || !ok)
		return NULL;
	g_array_sort(found, by_number);
	return g_steal_pointer(&found);
}

typedef struct Special {
	const char *use;
	char *name;
} Special;

static bool take_list(const GString *response, const ImapLine *line, void *data)
{
	Special *special = data;
	if (!special->name && strcmp(line->word, "LIST") == 0)
		special->name = imap_list_with(response, line, special->use);
	return true;
}

bool session_special(Session *s, const char *use, char **name, GError **error)
{
	Special special = { use, NULL };
	bool ok;
	/* Plain LIST tells the use too (RFC 6154, 2), on old servers as well. */
	bool done = session_run(s, "LIST \"\" \"*\"", take_list, &special, &ok, NULL, error);
	*name = special.name;
	return done;
}

bool session_idle(Session *s, GError **error)
{
	ImapLine line;
	if (!send_command(s, "IDLE", error))
		return false;
	gint64 until = now_ms() + SILENCE_MS;
	do
		if (!read_response(s, &line, until, error))
			return false;
	while (line.kind == IMAP_UNTAGGED);
	if (line.kind == IMAP_CONTINUE)
		return true;
	s->dead = true;
	g_set_error_literal(error, SESSION_ERROR, SESSION_ERROR_BAD, "the server refuses IDLE, which it offers");
	return false;
}

bool session_has_news(const Session *s)
{
	return s->news;
}

bool session_idle_read(Session *s, GError **error)
{
	ImapLine line;
	GError *inner = NULL;
	bool open = wire_receive(s->wire, s->input.bytes, &inner);
	while (!inner && imap_input_take(&s->input, s->response, &inner)) {
		if (!imap_line(s->response, &line) || strcmp(line.word, "BYE") == 0)
			g_set_error_literal(&inner, SESSION_ERROR, SESSION_ERROR_BYE, "the server ends the connection");
		else
			note_news(s, &line);
	}
	s->dead |= inner != NULL || !open;
	if (inner)
		g_propagate_error(error, inner);
	return !s->dead;
}

bool session_idle_end(Session *s, GError **error)
{
	bool ok;
	return send_line(s, "DONE", error) && finish(s, NULL, NULL, &ok, NULL, error);
}
