/* SPDX-License-Identifier: MIT */
/* The inbox: see inbox.h. */
#include "host/inbox.h"

#include "host/compose.h"
#include "host/contacts.h"
#include "host/dates.h"
#include "host/events.h"
#include "host/handover.h"
#include "host/header.h"
#include "host/ledger.h"
#include "host/policy.h"

#include <string.h>

static const char CITED[] =
	"SELECT id, contact, run, state, address, thread FROM messages WHERE message_id = ? AND direction = 'out' ORDER BY address = ? DESC, id";
static const char KNOWN_IN[] = "SELECT 1 FROM messages WHERE message_id = ? AND direction = 'in' AND (account = ? OR address = ?)";
static const char KNOWN_OUT[] = "SELECT id FROM messages WHERE message_id = ? AND direction = 'out'";
static const char IS_UNKNOWN[] = "SELECT 1 FROM messages WHERE id = ? AND state = 'unknown'";
static const char ADD_RECEIVED[] =
	"INSERT INTO messages (contact, run, channel, account, direction, state, address, identity, subject, text, message_id, thread, in_reply_to, refs, raw, at) "
	"VALUES (?, ?, 'email', ?, 'in', 'received', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char ADD_UNREADABLE[] =
	"INSERT INTO messages (channel, account, direction, state, message_id, raw, at, error) VALUES ('email', ?, 'in', 'unreadable', ?, ?, ?, ?)";
static const char ADD_HANDLED[] =
	"INSERT INTO messages (contact, channel, account, direction, state, address, identity, subject, text, message_id, thread, in_reply_to, refs, at, handed_at, done_at) "
	"VALUES (?, 'email', ?, 'out', 'accepted', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/* To this very address; of messages of before there were identities it is not known. */
static const char LAST_WRITTEN[] =
	"SELECT max(handed_at) FROM messages WHERE contact = ? AND direction = 'out' AND (identity = ? OR identity IS NULL)";
static const char FIRST_RUN[] = "SELECT min(started_at) FROM runs WHERE contact = ? AND state IN ('ready', 'waiting', 'sending')";
static const char SET_BOUNCED[] =
	"UPDATE messages SET state = 'bounced', code = ?, error = ?, done_at = ? WHERE id = ? AND state IN ('accepted', 'delivered', 'unknown', 'read')";

enum {
	REFERENCES_MOST = 50,
	ADDRESSES_MOST = 500, /* of To or Cc that are looked up, and recipients that one report names */
	REASON_BYTES = 1000,
	SUBJECT_CHARS = 998,
};

/* A message of ours that a mail answers or reports on. */
typedef struct Cited {
	int64_t id, run;
	char *contact, *state, *address, *thread;
} Cited;

/* One mail, as it is being recorded. Strings of the worker's are borrowed from read. */
typedef struct Mail {
	Host *host;
	const Account *account;
	const InboxMail *raw;
	const json_t *read;
	const char *kind, *text;
	char *from;        /* the compared form; "" if it has none */
	char *subject;
	char *message_id;  /* or one made of its bytes */
	char *in_reply_to; /* NULL if it has none that is one */
	GPtrArray *refs;   /* ids, oldest first */
	Time at;
	Cited cited;       /* id 0: none */
} Mail;

/* ---- what the worker says, made safe ------------------------------------------------------------------------------ */

static const char *id_or_null(const json_t *value)
{
	const char *id = json_string_value(value);
	return id && header_is_id(id) ? id : NULL;
}

/* A mail without a Message-ID is known by its bytes; no @, so that nothing ever refers to it. */
static char *made_id(const InboxMail *mail)
{
	g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, mail->bytes, mail->size);
	return g_strconcat("sha256:", sum, NULL);
}

/* When it came, by the host's clock: under fast-forward the server's is another one. */
static Time arrival(Host *host, const InboxMail *mail)
{
	Time now = host_now(host);
	bool real = !host->clock.is_virtual && host->clock.offset == 0;
	return real && mail->internaldate > 0 ? MIN(mail->internaldate, now) : now;
}

static void mail_init(Mail *mail, Host *host, const Account *account, const InboxMail *raw, const json_t *read)
{
	*mail = (Mail){ .host = host, .account = account, .raw = raw, .read = read };
	mail->kind = value_string(read, "kind", "other");
	mail->text = value_string(read, "text", "");
	mail->from = contacts_normalize("email", value_string(read, "from", ""), NULL);
	if (!mail->from)
		mail->from = g_strdup("");
	mail->subject = g_utf8_substring(value_string(read, "subject", ""), 0, MIN(SUBJECT_CHARS, g_utf8_strlen(value_string(read, "subject", ""), -1)));
	const char *id = id_or_null(json_object_get(read, "message_id"));
	mail->message_id = id ? g_strdup(id) : made_id(raw);
	mail->in_reply_to = g_strdup(id_or_null(json_object_get(read, "in_reply_to")));
	mail->refs = g_ptr_array_new_with_free_func(g_free);
	const json_t *refs = json_object_get(read, "references");
	size_t n = json_array_size(refs);
	for (size_t i = n > REFERENCES_MOST ? n - REFERENCES_MOST : 0; i < n; i++) {
		id = id_or_null(json_array_get(refs, i));
		if (id)
			g_ptr_array_add(mail->refs, g_strdup(id));
	}
	mail->at = arrival(host, raw);
}

static void cited_clear(Cited *cited)
{
	g_free(cited->contact);
	g_free(cited->state);
	g_free(cited->address);
	g_free(cited->thread);
	*cited = (Cited){ 0 };
}

static void mail_clear(Mail *mail)
{
	g_free(mail->from);
	g_free(mail->subject);
	g_free(mail->message_id);
	g_free(mail->in_reply_to);
	g_ptr_array_unref(mail->refs);
	cited_clear(&mail->cited);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mail, mail_clear)

static char *refs_text(const Mail *mail)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < mail->refs->len; i++)
		g_string_append_printf(text, "%s%s", i ? " " : "", (char *)mail->refs->pdata[i]);
	return g_string_free(text, FALSE);
}

/* ---- whose it is -------------------------------------------------------------------------------------------------- */

static bool is_ours(const Host *host, const char *norm)
{
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const Account *account = host->workspace->accounts->pdata[i];
		g_autofree char *own = account->from_address ? contacts_normalize("email", account->from_address, NULL) : NULL;
		if (own && *norm && g_str_equal(own, norm))
			return true;
	}
	return false;
}

/* An id that only we make, and that the ledger does not know. */
static void warn_of_stranger(const Mail *mail, const char *id)
{
	if (compose_is_message_id(id, mail->account->from_address ? mail->account->from_address : ""))
		log_warn("account %s: a mail speaks of our message %s, which the ledger does not know: is another copy of this workspace in use?",
		         mail->account->name, id);
}

static bool cite(Mail *mail, const char *id)
{
	if (!id)
		return false;
	Rows *rows = db_query(mail->host->db, CITED, "ss", id, mail->from);
	if (!rows_next(rows)) {
		warn_of_stranger(mail, id);
		return false;
	}
	cited_clear(&mail->cited);
	mail->cited = (Cited){ .id = rows_int(rows, 0), .contact = g_strdup(rows_text(rows, 1)), .run = rows_int_or(rows, 2, 0),
		               .state = g_strdup(rows_text(rows, 3)), .address = g_strdup(rows_text(rows, 4)), .thread = g_strdup(rows_text(rows, 5)) };
	rows_done(rows);
	return true;
}

/* The return path that a message of ours had; mail systems write to it, and say so in one of these fields. */
static bool cite_return_path(Mail *mail)
{
	static const char *const fields[] = { "to", "delivered_to", "cc" };
	for (size_t f = 0; f < G_N_ELEMENTS(fields); f++) {
		const json_t *list = json_object_get(mail->read, fields[f]);
		for (size_t i = 0; i < MIN(json_array_size(list), ADDRESSES_MOST); i++) {
			const char *address = json_string_value(json_array_get(list, i));
			g_autofree char *id = address ? compose_cited_by(address) : NULL;
			if (id && cite(mail, id))
				return true;
		}
	}
	return false;
}

static bool cite_answered(Mail *mail)
{
	if (cite(mail, mail->in_reply_to))
		return true;
	for (guint i = mail->refs->len; i-- > 0;)
		if (cite(mail, mail->refs->pdata[i]))
			return true;
	return cite_return_path(mail);
}

/* The contact with this address; of several (an agent's), the one that was last written to there. NULL if there is none. */
static char *contact_at(Host *host, const char *address)
{
	g_autofree char *norm = contacts_normalize("email", address, NULL);
	g_autoptr(GPtrArray) ids = norm ? contacts_by_address(host, "email", norm) : NULL;
	g_autofree char *identity = norm ? policy_identity("email", norm) : NULL;
	const char *best = NULL;
	int64_t best_at = -1;
	for (guint i = 0; ids && i < ids->len; i++) {
		int64_t at = db_int(host->db, 0, LAST_WRITTEN, "ss", ids->pdata[i], identity);
		if (at > best_at) {
			best = ids->pdata[i];
			best_at = at;
		}
	}
	return g_strdup(best);
}

/* Something of theirs that cites it proves that it arrived. */
static void prove_sent(Host *host, int64_t id)
{
	if (db_int(host->db, 0, IS_UNKNOWN, "i", id))
		ledger_resolve(host, id, "sent", NULL);
}

/* ---- mail from people --------------------------------------------------------------------------------------------- */

static json_t *event_data(const Mail *mail, const char *kind)
{
	return json_pack("{ss ss sI ss ss}", "text", mail->text, "channel", "email", "at", (json_int_t)(mail->at / 1000), "subject", mail->subject,
	                 "kind", kind);
}

static void see(const Mail *mail, const char *contact, int64_t run, const char *kind)
{
	host_see(mail->host, json_pack("{ss ss ss ss}", "event", "received", "channel", "email", "kind", kind, "text", mail->text), contact, run);
}

static int64_t add_received(const Mail *mail, const char *contact, bool in_thread)
{
	g_autofree char *refs = refs_text(mail), *identity = *mail->from ? policy_identity("email", mail->from) : NULL;
	Db *db = mail->host->db;
	/* What a program answered is no part of the thread: our next mail follows our last one. */
	db_run(db, ADD_RECEIVED, "szsssssssssbi", contact, mail->cited.run, mail->account->name, mail->from, identity, mail->subject, mail->text,
	       mail->message_id, in_thread ? mail->cited.thread : NULL, mail->in_reply_to, refs, mail->raw->bytes, mail->raw->size, mail->at);
	return db_last_id(db);
}

/* The contact a person's mail belongs to; NULL: nobody's that we know. */
static char *contact_of(Mail *mail)
{
	if (cite_answered(mail) && mail->cited.contact)
		return g_strdup(mail->cited.contact);
	cited_clear(&mail->cited);
	char *contact = contact_at(mail->host, mail->from);
	bool person = g_str_equal(mail->kind, "reply") || (g_str_equal(mail->kind, "other") && !value_true(mail->read, "auto"));
	if (!contact && *mail->from && mail->account->everyone && person)
		contact = contacts_meet(mail->host, "email", mail->from, value_string(mail->read, "from_name", NULL));
	return contact;
}

static void record_person(Mail *mail)
{
	Host *host = mail->host;
	if (db_int(host->db, 0, KNOWN_IN, "sss", mail->message_id, mail->account->name, mail->from))
		return;
	g_autofree char *contact = contact_of(mail);
	bool unsubscribes = g_str_equal(mail->kind, "unsubscribe"), away = g_str_equal(mail->kind, "auto_reply");
	/* Who asks to be left alone is, known or not, under this address too. */
	if (unsubscribes && *mail->from)
		policy_suppress_identity(host, "email", mail->from, "opted_out", contact);
	if (!contact)
		return;
	bool silent = g_str_equal(mail->kind, "other") && value_true(mail->read, "auto");
	const char *kind = unsubscribes || away ? mail->kind : silent ? "other" : "reply";
	if (mail->cited.id)
		prove_sent(host, mail->cited.id);
	int64_t row = add_received(mail, contact, !away && !silent);
	see(mail, contact, mail->cited.run, kind);
	if (away)
		events_away(host, contact, dates_away(host, json_string_value(json_object_get(mail->read, "returns"))));
	g_autoptr(json_t) data = event_data(mail, kind);
	if (!silent)
		events_record(host, contact, kind, "email", row, mail->cited.id, data);
}

/* ---- reports of mail systems -------------------------------------------------------------------------------------- */

static bool same_address(const char *a, const char *b)
{
	g_autofree char *x = a ? contacts_normalize("email", a, NULL) : NULL, *y = b ? contacts_normalize("email", b, NULL) : NULL;
	return x && y && g_str_equal(x, y);
}

/* Is this one that the cited message went to as a copy, and not the contact's own? */
static bool is_copy(const Mail *mail, const char *recipient)
{
	g_auto(Message) m = { 0 };
	if (same_address(recipient, mail->cited.address) || !message_load(mail->host, mail->cited.id, &m))
		return false;
	g_auto(GStrv) cc = handover_copies(&m);
	for (char **copy = cc; copy && *copy; copy++)
		if (same_address(recipient, *copy))
			return true;
	return false;
}

/* One recipient of a bounce. That of a copy says nothing about the contact. Of another address than the one written to it counts too: mail is forwarded; but not where all
 * mail is redirected, because then it says nothing about the contact. */
static void record_bounced(Mail *mail, const json_t *bounce)
{
	Host *host = mail->host;
	const char *action = value_string(bounce, "action", "failed"), *class = value_string(bounce, "class", "soft");
	const char *status = value_string(bounce, "status", ""), *reason = value_string(bounce, "reason", "");
	const char *recipient = value_string(bounce, "recipient", "");
	bool delayed = g_str_equal(action, "delayed"), failed = g_str_equal(action, "failed") || !*action;
	const char *redirect = host->workspace->redirect_all_to;
	if ((!delayed && !failed) || !mail->cited.contact || (redirect && same_address(recipient, redirect)))
		return;
	prove_sent(host, mail->cited.id);
	if (is_copy(mail, recipient)) {
		if (failed && g_str_equal(class, "hard"))
			policy_suppress_identity(host, "email", recipient, "dead_address", NULL);
		return;
	}
	if (failed) {
		db_run(host->db, SET_BOUNCED, "ssii", status, reason, host_now(host), mail->cited.id);
		if (!db_changes(host->db))
			return; /* recorded before */
	}
	/* Whoever reads it finds the words as text, too. */
	g_autoptr(json_t) data = json_pack("{ss ss ss ss ss ss}", "class", class, "status", status, "reason", reason, "recipient", recipient,
	                                   "action", delayed ? "delayed" : "failed", "text", reason);
	host_see(host, json_pack("{ss ss ss ss}", "event", "received", "channel", "email", "kind", "bounce", "text", reason), mail->cited.contact,
	         mail->cited.run);
	events_record(host, mail->cited.contact, "bounce", "email", mail->cited.id, mail->cited.id, data);
}

static bool cite_report(Mail *mail, const json_t *bounce)
{
	return cite(mail, id_or_null(json_object_get(bounce, "message_id"))) ||
	       cite(mail, id_or_null(json_object_get(mail->read, "original_message_id"))) || cite_answered(mail);
}

static void record_bounce(Mail *mail)
{
	size_t i;
	json_t *bounce;
	json_array_foreach(json_object_get(mail->read, "bounces"), i, bounce) {
		if (i == ADDRESSES_MOST)
			break;
		if (cite_report(mail, bounce))
			record_bounced(mail, bounce);
		else
			log_debug("account %s: a bounce cites none of our messages", mail->account->name);
	}
}

static void record_complaint(Mail *mail)
{
	Host *host = mail->host;
	if (db_int(host->db, 0, KNOWN_IN, "sss", mail->message_id, mail->account->name, mail->from))
		return;
	const json_t *first = json_array_get(json_object_get(mail->read, "bounces"), 0);
	g_autofree char *contact = cite_report(mail, first) ? g_strdup(mail->cited.contact) : contact_at(host, value_string(first, "recipient", ""));
	if (!contact) {
		log_warn("account %s: a complaint came that names nobody we know: look at the mailbox", mail->account->name);
		return;
	}
	if (mail->cited.id)
		prove_sent(host, mail->cited.id);
	int64_t row = add_received(mail, contact, false);
	see(mail, contact, mail->cited.run, "complaint");
	g_autoptr(json_t) data = event_data(mail, "complaint");
	events_record(host, contact, "complaint", "email", row, mail->cited.id, data);
}

/* ---- mail of ours that the ledger did not send -------------------------------------------------------------------- */

static void record_handled_by(Mail *mail, const char *contact, const char *address)
{
	Host *host = mail->host;
	g_autofree char *refs = refs_text(mail), *identity = policy_identity("email", address);
	bool threaded = mail->cited.contact && g_str_equal(mail->cited.contact, contact);
	db_run(host->db, ADD_HANDLED, "ssssssssssiii", contact, mail->account->name, address, identity, mail->subject, mail->text, mail->message_id,
	       threaded ? mail->cited.thread : NULL, mail->in_reply_to, refs, mail->at, mail->at, mail->at);
	int64_t row = db_last_id(host->db);
	/* What was written before any of their runs began is history, not a person's taking over. */
	if (mail->at < db_int(host->db, 0, FIRST_RUN, "s", contact))
		return;
	see(mail, contact, 0, "handled");
	g_autoptr(json_t) data = event_data(mail, "handled");
	events_record(host, contact, "handled", "email", row, 0, data);
}

static void record_sent(Mail *mail)
{
	Host *host = mail->host;
	int64_t known = db_int(host->db, 0, KNOWN_OUT, "s", mail->message_id);
	if (known)
		prove_sent(host, known);
	if (known || value_true(mail->read, "auto") || g_str_equal(mail->kind, "auto_reply"))
		return;
	cite_answered(mail);
	g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	static const char *const fields[] = { "to", "cc" };
	for (size_t f = 0; f < G_N_ELEMENTS(fields); f++) {
		size_t i;
		json_t *address;
		json_array_foreach(json_object_get(mail->read, fields[f]), i, address) {
			if (i == ADDRESSES_MOST)
				break;
			char *contact = json_is_string(address) ? contact_at(host, json_string_value(address)) : NULL;
			if (!contact || !g_hash_table_add(done, contact))
				continue;
			warn_of_stranger(mail, mail->message_id);
			record_handled_by(mail, contact, json_string_value(address));
		}
	}
}

/* ---- one mail ----------------------------------------------------------------------------------------------------- */

static void record_unreadable(Host *host, const Account *account, const InboxMail *raw)
{
	g_autofree char *id = made_id(raw);
	if (db_int(host->db, 0, KNOWN_IN, "sss", id, account->name, ""))
		return;
	log_error("account %s: a mail (UID %u of the %s) could not be read: open it in a mail program", account->name, raw->uid, raw->role);
	db_run(host->db, ADD_UNREADABLE, "ssbis", account->name, id, raw->bytes, raw->size, arrival(host, raw), "its reader crashed on it");
}

void inbox_record(Host *host, const Account *account, const InboxMail *raw, const json_t *read)
{
	host_write(host);
	if (!read) {
		record_unreadable(host, account, raw);
		return;
	}
	g_auto(Mail) mail = { 0 };
	mail_init(&mail, host, account, raw, read);
	bool received = g_str_equal(raw->role, "inbox");
	if (received && g_str_equal(mail.kind, "bounce"))
		record_bounce(&mail);
	else if (received && g_str_equal(mail.kind, "complaint"))
		record_complaint(&mail);
	else if (!received || is_ours(host, mail.from)) /* a copy of our own, from a teammate's account too, is as good as one in Sent */
		record_sent(&mail);
	else
		record_person(&mail);
}
