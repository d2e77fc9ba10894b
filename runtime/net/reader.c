/* SPDX-License-Identifier: MIT */
/* The life of a reader: see reader.h. */
#include "net/reader.h"

#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "net/message.h"
#include "net/session.h"
#include "net/wire.h"

enum {
	PASS_MS = 60 * 1000,      /* between passes; and how long an N_READ waits for its answer */
	PASS_POLLING_MS = 30 * 1000,
	IDLE_MS = 9 * 60 * 1000,  /* RFC 2177 says 29 minutes, Gmail ends it sooner */
	PAUSE_MOST_MS = 5 * 60 * 1000,
	BATCH = 20,               /* messages per FETCH */
	ATTEMPTS = 3,             /* to fetch one message */
};

typedef struct Folder {
	char *role;    /* "inbox", "sent" */
	char *name;    /* as on the wire */
	char *since;   /* "22-Nov-2026", or "" */
	uint32_t uid_validity, uid;
	uint64_t modseq;
	bool optional; /* Sent: it may not exist */
	bool missing;  /* and does not; said */
	bool one_by_one;   /* a batch could not be fetched */
	uint32_t hard_uid; /* the message that could not, alone, and how often */
	int hard_attempts;
} Folder;

/* An N_READ that has no answer yet. */
typedef struct Request {
	uint64_t id;
	gint64 asked; /* ms, monotonic */
} Request;

typedef struct Find {
	uint64_t id;
	char *message_id; /* NULL: none that can be looked for */
} Find;

typedef struct Reader {
	const Account *account;
	Peer *host;
	GPtrArray *folders; /* Folder; the inbox last, so that it is the one examined in the end */
	Session *session;
	bool fresh;         /* the session has not done a whole pass yet */
	GQueue requests;    /* Request */
	GQueue finds;       /* Find */
	gint64 next_pass, next_try;
	int pause;
	bool host_gone;
	bool failing;
	char *said;         /* the trouble that N_HEALTH said last */
	Folder *fetching;   /* whose responses come in */
} Reader;

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void folder_free(gpointer data)
{
	Folder *folder = data;
	g_free(folder->role);
	g_free(folder->name);
	g_free(folder->since);
	g_free(folder);
}

static void find_free(gpointer data)
{
	g_free(((Find *)data)->message_id);
	g_free(data);
}

/* ---- what is said to the host ---- */

static void flush_host(Reader *r)
{
	if (!peer_flush_all(r->host, NULL))
		r->host_gone = true;
}

static void tell_health(Reader *r, HealthState state, const char *code, const char *text)
{
	if (state == HEALTH_FAILING && r->failing && g_strcmp0(r->said, text) == 0)
		return;
	g_autofree char *clean = account_clean(r->account, text); /* a server may repeat what it was sent at sign-in */
	if (state == HEALTH_FAILING || *text)
		log_warn("account %s: %s", r->account->name, clean);
	else
		log_info("account %s: mail can be read again", r->account->name);
	r->failing = state == HEALTH_FAILING;
	g_free(r->said);
	r->said = g_strdup(text);
	peer_begin(r->host, N_HEALTH, 0);
	peer_put_u8(r->host, (uint8_t)state);
	peer_put_str(r->host, code, -1);
	peer_put_str(r->host, clean, -1);
	peer_end(r->host);
}

static void tell_passed(Reader *r, uint64_t id, bool ok, const char *text)
{
	g_autofree char *clean = account_clean(r->account, text);
	peer_begin(r->host, N_PASSED, id);
	peer_put_u8(r->host, ok);
	peer_put_str(r->host, clean, -1);
	peer_end(r->host);
}

static void answer_requests(Reader *r, guint count, bool ok, const char *text)
{
	for (; count > 0 && !g_queue_is_empty(&r->requests); count--) {
		Request *request = g_queue_pop_head(&r->requests);
		tell_passed(r, request->id, ok, text);
		g_free(request);
	}
	flush_host(r);
}

static void tell_mailbox(Reader *r, const Folder *folder)
{
	peer_begin(r->host, N_MAILBOX, 0);
	peer_put_str(r->host, folder->role, -1);
	peer_put_u32(r->host, folder->uid_validity);
	peer_put_u32(r->host, folder->uid);
	peer_put_u64(r->host, folder->modseq);
	peer_end(r->host);
	flush_host(r);
}

/* While a server is waited for: a request is answered in time, whatever the server does. */
static void tick(void *data)
{
	Reader *r = data;
	const Request *first;
	while ((first = g_queue_peek_head(&r->requests)) && now_ms() - first->asked > PASS_MS)
		answer_requests(r, 1, false, "the mailbox has not been read to its end in a minute; it is still being read");
}

/* ---- messages ---- */

static bool take_fetch(const GString *response, const ImapLine *line, void *data)
{
	Reader *r = data;
	ImapFetch fetch;
	if (strcmp(line->word, "FETCH") != 0)
		return true;
	if (!imap_fetch(response, line, &fetch))
		return false;
	if (!fetch.body || fetch.uid <= r->fetching->uid)
		return true; /* flags that changed, or the last message, which n:* names always */
	peer_begin(r->host, N_MAIL, 0);
	peer_put_str(r->host, r->fetching->role, -1);
	peer_put_u32(r->host, r->fetching->uid_validity);
	peer_put_u32(r->host, fetch.uid);
	peer_put_i64(r->host, fetch.internal_date);
	peer_put_u8(r->host, fetch.seen);
	peer_put_str(r->host, fetch.body, (gssize)fetch.body_size);
	peer_end(r->host);
	flush_host(r);
	tick(r);
	return true;
}

/* Fetches these messages (of one folder, sorted), and moves the folder's UID past them. */
static bool fetch_batch(Reader *r, Folder *folder, const uint32_t *uids, guint count, GError **error)
{
	g_autoptr(GString) command = g_string_new("UID FETCH ");
	g_autofree char *text = NULL;
	bool ok;
	for (guint i = 0; i < count; i++)
		g_string_append_printf(command, "%s%u", i ? "," : "", uids[i]);
	g_string_append_printf(command, " (UID INTERNALDATE FLAGS BODY.PEEK[]<0.%u>)", IMAP_BODY_MOST);
	r->fetching = folder;
	if (!session_run(r->session, command->str, take_fetch, r, &ok, &text, error))
		return false;
	if (!ok) {
		g_set_error(error, SESSION_ERROR, SESSION_ERROR_BAD, "the server can't give message %u of %s: %s", uids[0], folder->name, text);
		return false;
	}
	folder->uid = uids[count - 1];
	tell_mailbox(r, folder);
	return true;
}

/* A batch that fails is tried again message by message; a message that fails alone, time and again, is passed over. */
static void note_fetch_failure(Reader *r, Folder *folder, uint32_t uid, const GError *error)
{
	if (g_error_matches(error, WIRE_ERROR, WIRE_ERROR_ABORTED))
		return;
	bool alone = folder->one_by_one;
	folder->one_by_one = true;
	if (!alone)
		return;
	folder->hard_attempts = folder->hard_uid == uid ? folder->hard_attempts + 1 : 1;
	folder->hard_uid = uid;
	if (folder->hard_attempts < ATTEMPTS)
		return;
	g_autofree char *text = g_strdup_printf("message %u of %s can't be read and is passed over: %s", uid, folder->name, error->message);
	tell_health(r, HEALTH_OK, "message_skipped", text);
	folder->uid = uid;
	tell_mailbox(r, folder);
}

static bool fetch_all(Reader *r, Folder *folder, const GArray *uids, GError **error)
{
	for (guint at = 0; at < uids->len;) {
		uint32_t *from = &g_array_index(uids, uint32_t, at);
		if (*from <= folder->uid) {
			at++;
			continue;
		}
		guint count = MIN(uids->len - at, folder->one_by_one ? 1 : BATCH);
		GError *inner = NULL;
		if (!fetch_batch(r, folder, from, count, &inner)) {
			note_fetch_failure(r, folder, *from, inner);
			g_propagate_error(error, inner);
			return false;
		}
		at += count;
	}
	folder->one_by_one = folder->one_by_one && uids->len == 0;
	return true;
}

/* ---- folders ---- */

/* A Sent folder by another name is found by its use; else it is said once that there is none. */
static bool find_sent(Reader *r, Folder *folder, Examined *examined, GError **error)
{
	g_autofree char *refusal = g_steal_pointer(&examined->text);
	g_autofree char *name = NULL;
	if (!session_special(r->session, "\\Sent", &name, error))
		return false;
	if (name && strcmp(name, folder->name) != 0) {
		if (!session_examine(r->session, name, folder->uid_validity, folder->modseq, examined, error))
			return false;
		if (examined->ok) {
			g_autofree char *clean = account_clean(r->account, name);
			log_info("account %s: the Sent folder is %s", r->account->name, clean);
			g_free(folder->name);
			folder->name = g_steal_pointer(&name);
			return true;
		}
	}
	if (!folder->missing) {
		g_autofree char *text = g_strdup_printf("there is no Sent folder %s (%s), so mail written by hand is not seen; "
		                                        "name it in perigee.lua: imap = { sent = ... }", folder->name, refusal);
		tell_health(r, HEALTH_OK, "sent_missing", text);
	}
	folder->missing = true;
	return true;
}

/* Examines a folder. False without an error: it does not exist and need not. */
static bool examine(Reader *r, Folder *folder, Examined *examined, GError **error)
{
	if (!session_examine(r->session, folder->name, folder->uid_validity, folder->modseq, examined, error))
		return false;
	GError *inner = NULL;
	if (!examined->ok && folder->optional && !find_sent(r, folder, examined, &inner)) {
		g_propagate_error(error, inner);
		return false;
	}
	if (examined->ok)
		folder->missing = false;
	else if (!folder->optional)
		g_set_error(error, SESSION_ERROR, SESSION_ERROR_BAD, "the mailbox %s can't be read: %s", folder->name, examined->text);
	return examined->ok;
}

/* The messages of the examined folder that the host has not got. */
static GArray *list_new(Reader *r, const Folder *folder, const Examined *examined, GError **error)
{
	g_autofree char *criteria = NULL;
	if (folder->uid > 0 && examined->uid_next && examined->uid_next <= folder->uid + 1)
		return g_array_new(FALSE, FALSE, sizeof(uint32_t));
	if (folder->uid > 0)
		criteria = g_strdup_printf("UID %u:*", folder->uid + 1);
	else
		criteria = *folder->since ? g_strdup_printf("SINCE %s", folder->since) : g_strdup("ALL");
	GError *inner = NULL;
	GArray *uids = session_search(r->session, criteria, &inner);
	if (inner)
		g_propagate_error(error, inner);
	else if (!uids)
		g_set_error(error, SESSION_ERROR, SESSION_ERROR_BAD, "the server can't search %s", folder->name);
	return uids;
}

static bool pass_folder(Reader *r, Folder *folder, GError **error)
{
	Examined examined = { 0 };
	GError *inner = NULL;
	bool there = examine(r, folder, &examined, &inner);
	g_free(examined.text);
	if (inner)
		g_propagate_error(error, inner);
	if (!there)
		return !inner;
	if (examined.uid_validity != folder->uid_validity) {
		if (folder->uid_validity)
			log_info("account %s: %s was made anew (UIDVALIDITY), it is read again since %s", r->account->name, folder->name,
			         *folder->since ? folder->since : "its beginning");
		folder->uid_validity = examined.uid_validity;
		folder->uid = 0;
	}
	folder->modseq = 0; /* until all up to the new one has been given */
	g_autoptr(GArray) uids = list_new(r, folder, &examined, error);
	if (!uids || !fetch_all(r, folder, uids, error))
		return false;
	/* What EXAMINE counted has been looked at; what came after it may not have been. */
	if (examined.uid_next)
		folder->uid = MAX(folder->uid, examined.uid_next - 1);
	folder->modseq = examined.modseq;
	tell_mailbox(r, folder);
	return true;
}

static bool pass_all(Reader *r, bool inbox_alone, GError **error)
{
	for (guint i = inbox_alone ? r->folders->len - 1 : 0; i < r->folders->len; i++)
		if (!pass_folder(r, r->folders->pdata[i], error))
			return false;
	return true;
}

/* ---- the connection ---- */

static const char *code_of(const GError *error)
{
	if (error->domain == WIRE_ERROR)
		return wire_error_name(error->code);
	return error->domain == SESSION_ERROR && error->code == SESSION_ERROR_BAD ? "mailbox" : "closed";
}

static void give_up(Reader *r, const GError *error)
{
	g_clear_pointer(&r->session, session_free);
	if (g_error_matches(error, WIRE_ERROR, WIRE_ERROR_ABORTED)) {
		r->host_gone = true;
		return;
	}
	r->pause = r->pause ? MIN(r->pause * 2, PAUSE_MOST_MS) : 1000;
	r->next_try = now_ms() + r->pause;
	tell_health(r, HEALTH_FAILING, code_of(error), error->message);
}

static bool connect_server(Reader *r, GError **error)
{
	if (!r->session)
		r->session = session_open(r->account, peer_fd(r->host), tick, r, error);
	return r->session != NULL;
}

/* One pass, with a connection made for it if there is none. A connection kept from before may have died unseen: then it is
 * tried once more on a new one before it counts as trouble. */
static bool attempt_pass(Reader *r, bool inbox_alone, GError **error)
{
	GError *inner = NULL;
	bool kept = r->session != NULL && !r->fresh;
	if (connect_server(r, &inner) && pass_all(r, inbox_alone, &inner)) {
		r->fresh = false;
		return true;
	}
	bool again = kept && !g_error_matches(inner, WIRE_ERROR, WIRE_ERROR_ABORTED) && !g_error_matches(inner, SESSION_ERROR, SESSION_ERROR_BAD);
	if (!again) {
		g_propagate_error(error, inner);
		return false;
	}
	log_debug("account %s: %s", r->account->name, inner->message);
	g_clear_error(&inner);
	g_clear_pointer(&r->session, session_free);
	r->fresh = true;
	return connect_server(r, error) && pass_all(r, false, error);
}

/* A pass, and the answers to the requests that came before it. */
static void pass(Reader *r, bool inbox_alone)
{
	g_autoptr(GError) error = NULL;
	guint asked = r->requests.length;
	inbox_alone = inbox_alone && asked == 0;
	bool ok = attempt_pass(r, inbox_alone, &error);
	if (ok) {
		r->pause = 0;
		r->fresh = false;
		if (!inbox_alone)
			r->next_pass = now_ms() + (session_has(r->session, "IDLE") ? PASS_MS : PASS_POLLING_MS);
		if (r->failing)
			tell_health(r, HEALTH_OK, "", "");
	} else {
		give_up(r, error);
	}
	answer_requests(r, asked, ok, ok ? "" : error->message);
}

static void answer_find(Reader *r, uint64_t id, uint8_t found)
{
	peer_begin(r->host, N_FOUND, id);
	peer_put_u8(r->host, found);
	peer_end(r->host);
}

/* 0 no, 1 yes, 2 can't tell. */
static uint8_t find_message(Reader *r, const char *message_id, GError **error)
{
	for (guint i = 0; message_id && i < r->folders->len; i++) {
		Folder *folder = r->folders->pdata[i];
		Examined examined = { 0 };
		if (!folder->optional)
			continue;
		bool there = examine(r, folder, &examined, error);
		g_free(examined.text);
		if (!there)
			return 2;
		g_autofree char *quoted = imap_quoted(message_id);
		g_autofree char *criteria = g_strdup_printf("HEADER Message-ID %s", quoted);
		g_autoptr(GArray) uids = session_search(r->session, criteria, error);
		return !uids ? 2 : uids->len > 0;
	}
	return 2;
}

static void do_finds(Reader *r)
{
	g_autoptr(GError) error = NULL;
	bool kept = r->session != NULL;
	connect_server(r, &error);
	for (Find *find; (find = g_queue_pop_head(&r->finds)); find_free(find)) {
		uint8_t found = error ? 2 : find_message(r, find->message_id, &error);
		if (error && kept) { /* the connection may have died unseen */
			kept = false;
			g_clear_error(&error);
			g_clear_pointer(&r->session, session_free);
			found = connect_server(r, &error) ? find_message(r, find->message_id, &error) : 2;
		}
		answer_find(r, find->id, found);
	}
	if (error)
		give_up(r, error);
	else
		r->next_pass = 0; /* the inbox is to be examined again */
	flush_host(r);
}

/* ---- the host ---- */

static Folder *take_folder(const Reader *r, const json_t *item)
{
	const char *role = value_string(item, "role", "inbox");
	bool sent = strcmp(role, "sent") == 0;
	const char *name = value_string(item, "folder", sent ? r->account->sent : r->account->inbox);
	Folder *folder = g_new0(Folder, 1);
	folder->role = g_strdup(role);
	folder->optional = sent;
	folder->name = imap_mailbox_name(name);
	folder->since = g_strdup(value_string(item, "since", ""));
	folder->uid_validity = (uint32_t)value_integer(item, "uidvalidity", 0);
	folder->uid = (uint32_t)value_integer(item, "uid", 0);
	folder->modseq = (uint64_t)value_integer(item, "modseq", 0);
	for (const char *c = folder->since; *c; c++)
		if (!g_ascii_isalnum(*c) && *c != '-')
			panic("reader %s: since is no date", r->account->name);
	if (!folder->name)
		panic("reader %s: a folder's name is not UTF-8", r->account->name);
	return folder;
}

static void on_watch(Reader *r, Frame *frame)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) list = value_parse(frame_get_str(frame, NULL), -1, &error);
	if (!list || !json_is_array(list) || !frame_end(frame) || r->folders->len > 0)
		panic("reader %s: a malformed N_WATCH", r->account->name);
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		Folder *folder = take_folder(r, item);
		g_ptr_array_insert(r->folders, folder->optional ? 0 : -1, folder);
	}
}

static void on_frame(Reader *r, Frame *frame)
{
	if (frame->kind == N_WATCH) {
		on_watch(r, frame);
	} else if (frame->kind == N_READ && frame_end(frame)) {
		Request *request = g_new0(Request, 1);
		*request = (Request){ frame->id, now_ms() };
		g_queue_push_tail(&r->requests, request);
	} else if (frame->kind == N_FIND) {
		Find *find = g_new0(Find, 1);
		*find = (Find){ frame->id, message_id_plain(frame_get_str(frame, NULL)) };
		g_queue_push_tail(&r->finds, find);
		if (!frame_end(frame))
			panic("reader %s: a malformed N_FIND", r->account->name);
	} else {
		panic("reader %s: a frame of kind %u", r->account->name, frame->kind);
	}
}

static void read_host(Reader *r)
{
	GError *error = NULL;
	Frame frame;
	bool open = peer_read(r->host, NULL);
	while (peer_next(r->host, &frame, &error))
		on_frame(r, &frame);
	if (error)
		panic("reader %s: %s", r->account->name, error->message);
	r->host_gone |= !open;
}

/* ---- the loop ---- */

/* Waits for the host, at most until then; gives whether the server's socket (-1: none) has something. */
static bool wait_host(Reader *r, int server, gint64 until)
{
	int timeout = (int)CLAMP(until - now_ms(), 0, PASS_MS);
	struct pollfd p[2] = { { peer_fd(r->host), POLLIN, 0 }, { server, POLLIN, 0 } };
	if (poll(p, 2, timeout) <= 0)
		return false;
	if (p[0].revents)
		read_host(r);
	return server >= 0 && p[1].revents;
}

static bool asked(const Reader *r)
{
	return r->host_gone || r->requests.length > 0 || r->finds.length > 0;
}

/* Watches the inbox until the host asks, there is news, or the next pass is due. */
static bool idle(Reader *r, GError **error)
{
	gint64 until = MIN(r->next_pass, now_ms() + IDLE_MS);
	if (!session_idle(r->session, error))
		return false;
	while (!asked(r) && !session_has_news(r->session) && now_ms() < until)
		if (wait_host(r, session_fd(r->session), until) && !session_idle_read(r->session, error))
			return false;
	return r->host_gone || session_idle_end(r->session, error);
}

static void watch_inbox(Reader *r)
{
	g_autoptr(GError) error = NULL;
	if (!session_has(r->session, "IDLE")) {
		wait_host(r, -1, r->next_pass);
		return;
	}
	if (idle(r, &error) || r->host_gone)
		return;
	/* A server may end an idle connection; whether there is trouble, the next pass tells. */
	log_debug("account %s: %s", r->account->name, error ? error->message : "IDLE ended");
	g_clear_pointer(&r->session, session_free);
	r->next_pass = 0;
}

static void refuse_all(Reader *r)
{
	answer_requests(r, G_MAXUINT, false, r->account->trouble);
	for (Find *find; (find = g_queue_pop_head(&r->finds)); find_free(find))
		answer_find(r, find->id, 2);
	flush_host(r);
	wait_host(r, -1, G_MAXINT64);
}

static void turn(Reader *r)
{
	gint64 now = now_ms();
	if (r->account->trouble)
		refuse_all(r);
	else if (r->folders->len == 0)
		wait_host(r, -1, G_MAXINT64);
	else if (r->finds.length > 0)
		do_finds(r);
	else if (r->requests.length > 0 || (r->session && now >= r->next_pass) || (!r->session && now >= r->next_try))
		pass(r, false);
	else if (!r->session)
		wait_host(r, -1, r->next_try);
	else if (session_has_news(r->session))
		pass(r, true);
	else
		watch_inbox(r);
}

void reader_run(const Account *account, Peer *host)
{
	Reader reader = { .account = account, .host = host, .fresh = true };
	Reader *r = &reader;
	r->folders = g_ptr_array_new_with_free_func(folder_free);
	if (account->trouble)
		tell_health(r, HEALTH_FAILING, "config", account->trouble);
	flush_host(r);
	while (!r->host_gone)
		turn(r);
	session_free(r->session);
	g_ptr_array_unref(r->folders);
	g_queue_clear_full(&r->requests, g_free);
	g_queue_clear_full(&r->finds, find_free);
	g_free(r->said);
}
