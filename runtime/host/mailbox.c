/* SPDX-License-Identifier: MIT */
/* Mailboxes: see mailbox.h. */
#include "host/mailbox.h"

#include "host/inbox.h"
#include "host/ledger.h"
#include "host/runs.h"
#include "host/workers.h"

#include <string.h>

static const char POSITIONS[] = "SELECT role, uidvalidity, uid, modseq FROM mailboxes WHERE account = ?";
static const char SET_POSITION[] =
	"INSERT INTO mailboxes (account, role, uidvalidity, uid, modseq) VALUES (?, ?, ?, ?, ?) "
	"ON CONFLICT DO UPDATE SET uidvalidity = excluded.uidvalidity, uid = excluded.uid, modseq = excluded.modseq";
static const char SET_READ[] =
	"INSERT INTO mailboxes (account, role, read_until) VALUES (?, 'inbox', ?) "
	"ON CONFLICT DO UPDATE SET read_until = max(read_until, excluded.read_until)";
static const char EARLIEST[] = "SELECT min(at) FROM messages WHERE account = ?";

enum {
	PARSING_MOST = 64,
	WAITING_MOST = 256,
	READ_EVERY_S = 5 * 60,
	RETRY_FIRST_MS = 1000, RETRY_MOST_MS = 60 * 1000,
	SILENT_S = 10 * 60, /* a reader that says nothing for so long during a read is stuck */
};

typedef enum { ITEM_MAIL, ITEM_POSITION, ITEM_PASSED } ItemKind;

/* What the reader said, in its order. */
typedef struct Item {
	Mailbox *mailbox;
	ItemKind kind;
	InboxMail mail;  /* POSITION: role, uidvalidity and uid of it */
	GBytes *bytes;
	uint64_t modseq;
	Time asked_at;   /* PASSED */
	uint64_t ticket; /* MAIL: of the worker that reads it; 0: none */
	bool understood;
	json_t *read;    /* MAIL, understood: W_MAIL_READ, or NULL: unreadable */
} Item;

struct Mailbox {
	Host *host;
	char *account;
	Peer *peer;         /* NULL: no reader now */
	GQueue items;       /* Item */
	guint parsing;
	bool starting;      /* inside workers_call: what it answers at once is looked at later */
	bool lost;
	uint64_t pass;      /* of the read under way; 0: none */
	uint64_t passes;
	Time asked_at;
	gint64 heard_at;    /* of the reader, monotonic µs, like all below */
	gint64 read_at;
	gint64 next_read;
	int retry_ms;       /* 0: the last read succeeded */
	bool wanted;
	bool watched;       /* the open transaction has something of ours */
};

static void advance(Mailbox *mailbox);

static void item_free(Item *item)
{
	if (item->ticket)
		workers_cancel(item->mailbox->host->workers, item->ticket);
	if (item->bytes)
		g_bytes_unref(item->bytes);
	if (item->read)
		json_decref(item->read);
	g_free(item);
}

Mailbox *mailbox_new(Host *host, const char *account)
{
	Mailbox *mailbox = g_new0(Mailbox, 1);
	mailbox->host = host;
	mailbox->account = g_strdup(account);
	mailbox->read_at = g_get_monotonic_time();
	g_queue_init(&mailbox->items);
	return mailbox;
}

void mailbox_free(Mailbox *mailbox)
{
	if (!mailbox)
		return;
	mailbox_end(mailbox);
	g_free(mailbox->account);
	g_free(mailbox);
}

/* ---- the reader --------------------------------------------------------------------------------------------------- */

/* The day from which a folder that was never read is read: that of the account's first message and one more, because
 * servers count days in zones of their own; never a day of the future, where fast-forward may have put the ledger. */
static char *since(Mailbox *mailbox)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	Time now = g_get_real_time() / 1000;
	Time earliest = db_int(mailbox->host->db, 0, EARLIEST, "s", mailbox->account);
	Time day = earliest ? MIN(earliest, now) - TIME_DAY : now;
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(day / 1000);
	return g_strdup_printf("%02d-%s-%04d", g_date_time_get_day_of_month(at), months[g_date_time_get_month(at) - 1], g_date_time_get_year(at));
}

static json_t *folder(const Account *account, const char *role, const char *otherwise, const char *day)
{
	const char *name = value_string(json_object_get(account->config, "imap"), role, otherwise);
	return json_pack("{ss ss sI sI sI ss}", "folder", name, "role", role, "uidvalidity", (json_int_t)0, "uid", (json_int_t)0,
	                 "modseq", (json_int_t)0, "since", day);
}

static char *watch_text(Mailbox *mailbox, const Account *account)
{
	g_autofree char *day = since(mailbox);
	json_t *inbox = folder(account, "inbox", "INBOX", day), *sent = folder(account, "sent", "Sent", day);
	Rows *rows = db_query(mailbox->host->db, POSITIONS, "s", mailbox->account);
	while (rows_next(rows)) {
		json_t *which = g_strcmp0(rows_text(rows, 0), "sent") == 0 ? sent : inbox;
		json_object_set_new(which, "uidvalidity", json_integer(rows_int(rows, 1)));
		json_object_set_new(which, "uid", json_integer(rows_int(rows, 2)));
		json_object_set_new(which, "modseq", json_integer(rows_int(rows, 3)));
	}
	g_autoptr(json_t) watch = json_pack("[oo]", inbox, sent);
	return value_text(watch);
}

static void ask(Mailbox *mailbox)
{
	mailbox->wanted = false;
	mailbox->pass = ++mailbox->passes;
	mailbox->asked_at = host_now(mailbox->host);
	mailbox->heard_at = g_get_monotonic_time();
	peer_begin(mailbox->peer, N_READ, mailbox->pass);
	peer_end(mailbox->peer);
}

void mailbox_begin(Mailbox *mailbox, Peer *peer)
{
	const Account *account = workspace_account(mailbox->host->workspace, mailbox->account);
	g_autofree char *text = watch_text(mailbox, account);
	mailbox->peer = peer;
	peer_begin(peer, N_WATCH, 0);
	peer_put_str(peer, text, -1);
	peer_end(peer);
	ask(mailbox);
}

void mailbox_end(Mailbox *mailbox)
{
	mailbox->peer = NULL;
	mailbox->lost = false;
	mailbox->wanted |= mailbox->pass != 0;
	mailbox->pass = 0;
	mailbox->parsing = 0;
	g_queue_clear_full(&mailbox->items, (GDestroyNotify)item_free);
}

void mailbox_read(Mailbox *mailbox)
{
	if (mailbox->peer && !mailbox->pass)
		ask(mailbox);
	else
		mailbox->wanted = true;
}

void mailbox_recovered(Mailbox *mailbox)
{
	if (mailbox->retry_ms)
		mailbox->next_read = g_get_monotonic_time();
}

/* ---- understanding ------------------------------------------------------------------------------------------------ */

static void write_mail(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	(void)program;
	Item *item = user;
	peer_begin(peer, W_MAIL, ticket);
	peer_put_str(peer, item->mail.bytes, (gssize)item->mail.size);
	peer_end(peer);
}

static void understood(Item *item, json_t *read)
{
	item->ticket = 0;
	item->understood = true;
	item->read = read;
	item->mailbox->parsing--;
	if (!item->mailbox->starting)
		advance(item->mailbox);
}

static bool mail_frame(void *user, uint64_t ticket, Frame *frame, bool *bad)
{
	(void)ticket;
	size_t size;
	if (frame->kind == W_FAILED) {
		understood(user, NULL);
		return true;
	}
	const char *text = frame_get_str(frame, &size);
	json_t *read = frame->kind == W_MAIL_READ && frame_end(frame) ? value_parse(text, (gssize)size, NULL) : NULL;
	if (!json_is_object(read)) {
		json_decref(read);
		*bad = true;
		return false;
	}
	understood(user, read);
	return true;
}

static void mail_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	(void)where;
	Item *item = user;
	log_debug("account %s: mail %u of the %s: %s", item->mailbox->account, item->mail.uid, item->mail.role, text);
	understood(item, NULL);
}

static void understand_more(Mailbox *mailbox)
{
	mailbox->starting = true;
	for (GList *l = mailbox->items.head; l && mailbox->parsing < PARSING_MOST; l = l->next) {
		Item *item = l->data;
		if (item->kind != ITEM_MAIL || item->ticket || item->understood)
			continue;
		WorkerCall call = { .domain = "mail", .write = write_mail, .frame = mail_frame, .failed = mail_failed, .user = item };
		mailbox->parsing++;
		uint64_t ticket = workers_call(mailbox->host->workers, &call);
		if (!item->understood)
			item->ticket = ticket;
	}
	mailbox->starting = false;
}

/* ---- recording ---------------------------------------------------------------------------------------------------- */

static void committed(Host *host, void *data)
{
	(void)host;
	((Mailbox *)data)->watched = false;
}

static void not_committed(Host *host, void *data)
{
	(void)host;
	Mailbox *mailbox = data;
	mailbox->watched = false;
	mailbox->lost = true;
}

static void watch_commit(Mailbox *mailbox)
{
	host_write(mailbox->host);
	if (!mailbox->watched)
		host_after_commit(mailbox->host, committed, not_committed, mailbox);
	mailbox->watched = true;
}

/* A mail that can't be recorded stops its mailbox, so that nobody is written to as if it had not come; it is tried again. */
static bool record(Mailbox *mailbox, Item *item)
{
	Host *host = mailbox->host;
	const Account *account = workspace_account(host->workspace, mailbox->account);
	watch_commit(mailbox);
	db_savepoint(host->db);
	inbox_record(host, account, &item->mail, item->read);
	if (!db_failed(host->db)) {
		db_release(host->db);
		return true;
	}
	db_undo(host->db);
	log_error("account %s: mail %u of the %s could not be recorded; it is read again", mailbox->account, item->mail.uid, item->mail.role);
	mailbox->lost = true;
	return false;
}

static void passed(Mailbox *mailbox, const Item *item)
{
	watch_commit(mailbox);
	db_run(mailbox->host->db, SET_READ, "si", mailbox->account, item->asked_at);
	mailbox->read_at = g_get_monotonic_time();
	mailbox->retry_ms = 0;
	ledger_mail_read(mailbox->host, mailbox->account);
	runs_mail_read(mailbox->host, mailbox->account);
}

/* Records what is understood, from the front. */
static void advance(Mailbox *mailbox)
{
	/* While the database can't be written everything waits here. */
	while (!mailbox->lost && !db_failed(mailbox->host->db)) {
		Item *item = g_queue_peek_head(&mailbox->items);
		if (!item || (item->kind == ITEM_MAIL && !item->understood))
			break;
		if (item->kind == ITEM_MAIL && !record(mailbox, item))
			break;
		if (item->kind == ITEM_POSITION) {
			watch_commit(mailbox);
			db_run(mailbox->host->db, SET_POSITION, "ssiii", mailbox->account, item->mail.role, (int64_t)item->mail.uidvalidity,
			       (int64_t)item->mail.uid, (int64_t)item->modseq);
		}
		g_queue_pop_head(&mailbox->items);
		if (item->kind == ITEM_PASSED)
			passed(mailbox, item);
		item_free(item);
	}
	if (!mailbox->lost && !mailbox->starting)
		understand_more(mailbox);
}

/* ---- what the reader says ----------------------------------------------------------------------------------------- */

static const char *role_name(const char *text)
{
	return g_str_equal(text, "inbox") ? "inbox" : g_str_equal(text, "sent") ? "sent" : NULL;
}

static bool on_mail(Mailbox *mailbox, Item *item, Frame *frame)
{
	item->kind = ITEM_MAIL;
	item->mail.role = role_name(frame_get_str(frame, NULL));
	item->mail.uidvalidity = frame_get_u32(frame);
	item->mail.uid = frame_get_u32(frame);
	item->mail.internaldate = frame_get_i64(frame);
	frame_get_u8(frame); /* seen: whether a person has opened it changes nothing */
	const char *bytes = frame_get_str(frame, &item->mail.size);
	item->bytes = g_bytes_new(bytes, item->mail.size);
	item->mail.bytes = g_bytes_get_data(item->bytes, NULL);
	(void)mailbox;
	return item->mail.role && frame_end(frame);
}

static bool on_mailbox(Item *item, Frame *frame)
{
	item->kind = ITEM_POSITION;
	item->mail.role = role_name(frame_get_str(frame, NULL));
	item->mail.uidvalidity = frame_get_u32(frame);
	item->mail.uid = frame_get_u32(frame);
	item->modseq = frame_get_u64(frame);
	return item->mail.role && frame_end(frame);
}

static bool on_passed(Mailbox *mailbox, Item *item, Frame *frame)
{
	bool ok = frame_get_u8(frame) != 0;
	const char *text = frame_get_str(frame, NULL);
	if (!frame_end(frame) || !mailbox->pass || frame->id != mailbox->pass)
		return false;
	item->kind = ITEM_PASSED;
	item->asked_at = mailbox->asked_at;
	mailbox->pass = 0;
	gint64 now = g_get_monotonic_time();
	mailbox->next_read = now + READ_EVERY_S * G_USEC_PER_SEC;
	if (!ok) {
		log_debug("account %s: the mailbox was not read: %s", mailbox->account, text);
		mailbox->retry_ms = mailbox->retry_ms ? MIN(mailbox->retry_ms * 2, RETRY_MOST_MS) : RETRY_FIRST_MS;
		mailbox->next_read = now + mailbox->retry_ms * 1000;
		mailbox->wanted = false;
		item->asked_at = 0;
	} else if (mailbox->wanted) {
		ask(mailbox);
	}
	return true;
}

bool mailbox_frame(Mailbox *mailbox, Frame *frame)
{
	Item *item = g_new0(Item, 1);
	item->mailbox = mailbox;
	mailbox->heard_at = g_get_monotonic_time();
	bool good = frame->kind == N_MAIL ? on_mail(mailbox, item, frame) : frame->kind == N_MAILBOX ? on_mailbox(item, frame) :
	            frame->kind == N_PASSED ? on_passed(mailbox, item, frame) : false;
	/* A read that failed leaves nothing to be done in order. */
	if (!good || (item->kind == ITEM_PASSED && !item->asked_at))
		item_free(item);
	else
		g_queue_push_tail(&mailbox->items, item);
	advance(mailbox);
	return good;
}

/* ---- each turn ---------------------------------------------------------------------------------------------------- */

gint64 mailbox_turn(Mailbox *mailbox, gint64 now)
{
	if (!mailbox->peer)
		return G_MAXINT64;
	advance(mailbox);
	if (mailbox->pass) {
		gint64 stuck_at = mailbox->heard_at + SILENT_S * G_USEC_PER_SEC;
		if (now >= stuck_at) {
			log_error("account %s: its reader has not answered for %d minutes", mailbox->account, SILENT_S / 60);
			mailbox->lost = true;
		}
		return stuck_at;
	}
	if (mailbox->wanted || now >= mailbox->next_read)
		ask(mailbox);
	return mailbox->next_read;
}

bool mailbox_busy(const Mailbox *mailbox)
{
	return mailbox->pass || mailbox->items.length;
}

bool mailbox_full(const Mailbox *mailbox)
{
	return mailbox->items.length > WAITING_MOST;
}

bool mailbox_lost(const Mailbox *mailbox)
{
	return mailbox->lost;
}

gint64 mailbox_read_at(const Mailbox *mailbox)
{
	return mailbox->read_at;
}
