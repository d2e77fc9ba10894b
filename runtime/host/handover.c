/* SPDX-License-Identifier: MIT */
/*
 * From the queue to the carrier, one message at a time: see handover.h.
 *
 *   considered → policy says no       refused, deferred, withdrawn
 *              → rendered (unless its bytes are kept from an earlier hand-over)
 *              → policy once more (the rendering took a while, and some rules look at the text)
 *              → composed, `handed` with its Message-ID and bytes, committed
 *              → given to the carrier
 */
#include "host/handover.h"

#include "host/attach.h"
#include "host/breaker.h"
#include "host/carrier.h"
#include "host/compose.h"
#include "host/contacts.h"
#include "host/header.h"
#include "host/links.h"
#include "host/policy.h"
#include "host/reach.h"
#include "host/rendering.h"
#include "host/tasks.h"
#include "host/token.h"
#include "host/unsubscribe.h"
#include "host/versions.h"

#include <string.h>

enum { KEEP_PAUSE = 5 * TIME_MINUTE };

static const char HAND[] =
	"UPDATE messages SET state = 'handed', handed_at = ?1, first_handed_at = coalesce(first_handed_at, ?1), boot = ?2,"
	" attempts = attempts + 1, address = ?, subject = ?, text = ?, purpose = ?, message_id = ?, thread = ?, in_reply_to = ?, refs = ?, raw = ?, identity = ?, likeness = ?, due = NULL,"
	" rule = NULL, reason = NULL WHERE id = ? AND state = 'queued'";
static const char HAND_AGAIN[] =
	"UPDATE messages SET state = 'handed', handed_at = ?1, first_handed_at = coalesce(first_handed_at, ?1), boot = ?2,"
	" attempts = attempts + 1, due = NULL WHERE id = ? AND state = 'queued'";
static const char THREAD_LAST[] =
	"SELECT message_id, refs FROM messages WHERE thread = ? AND message_id IS NOT NULL AND"
	" state IN ('received', 'handed', 'accepted', 'unknown', 'delivered', 'bounced', 'read', 'replied') ORDER BY id DESC LIMIT 1";
static const char NAME[] = "SELECT name FROM contacts WHERE id = ?";

static void hand(Host *host, Message *m, const Account *account, GBytes *bytes, const GPtrArray *files);
static void hand_to_person(Host *host, Message *m, const GPtrArray *files);

/* ---- what the policy is asked ---------------------------------------------------------------------------------- */

/* A case of policy, and what it points into. */
typedef struct Case {
	PolicyCase c;
	Run run;
} Case;

static void case_clear(Case *about)
{
	run_clear(&about->run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static void case_init(Case *about, Host *host, const Message *m, const Account *account, const Front *front)
{
	bool has_run = m->run && run_load(host, m->run, &about->run);
	const Run *run = &about->run;
	about->c = (PolicyCase){
		.contact = m->contact, .channel = m->channel, .address = m->address, .account = account, .purpose = front->purpose, .run = m->run,
		.sequence = run->sequence, .follow_up = run->first_message_at != 0, .wait_ended_at = run->wait_ended_at,
		.seen_event = has_run ? run->seen_event : INT64_MAX, .message = m->id, .approved = front->approved, .impersonal = front->impersonal,
		.topic = has_run ? value_string(run_declared(host, run), "topic", NULL) : NULL,
	};
}

GStrv handover_copies(const Message *m)
{
	const json_t *cc = json_object_get(m->options, "cc");
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	if (json_is_string(cc))
		g_strv_builder_add(list, json_string_value(cc));
	for (size_t i = 0; i < json_array_size(cc); i++)
		if (json_is_string(json_array_get(cc, i)))
			g_strv_builder_add(list, json_string_value(json_array_get(cc, i)));
	GStrv copies = g_strv_builder_end(list);
	if (!*copies || !g_str_equal(m->channel, "email"))
		g_clear_pointer(&copies, g_strfreev);
	return copies;
}

/* Nobody is written to by a copy who may not be written to. */
static bool copies_pass(Host *host, const Message *m)
{
	g_auto(GStrv) cc = handover_copies(m);
	for (char **address = cc; address && *address; address++) {
		Verdict verdict = policy_check_copy(host, m->channel, *address);
		bool refused = verdict.answer != POLICY_ALLOW;
		g_autofree char *reason = refused ? g_strdup_printf("cc %s: %s", *address, verdict.reason) : NULL;
		if (refused)
			ledger_refuse(host, m, verdict.rule, reason, "refused");
		verdict_clear(&verdict);
		if (refused)
			return false;
	}
	return true;
}

/* What the policy's answer means for it. True: it goes on. */
static bool follow(Host *host, const Message *m, const PolicyCase *c, const Verdict *verdict)
{
	switch (verdict->answer) {
	case POLICY_ALLOW:
	case POLICY_HAND: return true;
	case POLICY_WITHDRAW: ledger_withdraw_unseen(host, m, verdict->reason); return false;
	case POLICY_REFUSE:
		policy_refused(host, c, verdict);
		ledger_refuse(host, m, verdict->rule, verdict->reason, "refused");
		return false;
	case POLICY_DEFER: break;
	}
	ledger_defer(host, m, verdict->rule, verdict->reason, verdict->until);
	if (g_strcmp0(verdict->rule, "inbox_fresh") == 0 && c->account && host->carrier)
		host->carrier->read(host, c->account);
	return false;
}

/* What a rendering has shown. */
typedef struct Shown {
	const char *text;
	int files;
	bool unchanged; /* nothing at all has changed since the policy was asked before it, and no time has passed */
} Shown;

/* True: the policy lets it go on (by_hand: by a person). shown: NULL before the rendering. */
static bool passes(Host *host, const Message *m, const Account *account, const Front *front, const Shown *shown, bool *by_hand)
{
	Time before = value_integer(m->options, "before_at", TIME_NEVER);
	if (host_now(host) > before) {
		ledger_refuse(host, m, "before", "it is too late for this message", "timeout");
		return false;
	}
	*by_hand = false;
	if (value_true(m->options, "test"))
		return copies_pass(host, m);
	if (host->workspace->redirect_all_to && (!host->simulated || host->planning) && !g_str_equal(m->channel, "email")) {
		g_autofree char *why = g_strdup_printf("all mail goes to %s instead of its recipients (redirect_all_to in perigee.lua), and nothing goes by %s",
		                                       host->workspace->redirect_all_to, m->channel);
		ledger_refuse(host, m, "redirect", why, "refused");
		return false;
	}
	g_auto(Case) about = { 0 };
	case_init(&about, host, m, account, front);
	if (shown) {
		about.c.text = shown->text;
		about.c.files = shown->files;
		about.c.only_text = shown->unchanged;
	}
	Verdict verdict = policy_check(host, &about.c);
	*by_hand = verdict.answer == POLICY_HAND;
	bool go = follow(host, m, &about.c, &verdict);
	verdict_clear(&verdict);
	return go && copies_pass(host, m);
}

/* ---- composing ------------------------------------------------------------------------------------------------- */

static const Account *account_of(Host *host, const Message *m)
{
	return *m->account ? workspace_account(host->workspace, m->account) : NULL;
}

/* One that goes by the first channel that may and can, and has no account yet. True: now it has, and its turn comes in that queue. */
static bool goes_by_account(Host *host, Message *m)
{
	return reach_is(m) && !*m->account && reach_enqueue(host, m);
}

/* Where they are reached now; bytes that are kept name the address they go to. */
static void set_address(Host *host, Message *m)
{
	if (value_true(m->options, "test") || m->raw)
		return;
	g_free(m->address);
	m->address = contacts_address(host, m->contact, m->channel);
}

/* Whom all mail goes to in place of its recipients, NULL: to them. */
static const char *redirect_of(const Host *host)
{
	return host->simulated ? NULL : host->workspace->redirect_all_to;
}

/* Kept bytes are good for as long as mail of this account leaves as it did when they were composed: from whom, and to whom, because
 * redirect_all_to may have come or gone. */
static bool bytes_fit(const Host *host, const Message *m, const Account *account)
{
	gsize size;
	const char *bytes = g_bytes_get_data(m->raw, &size);
	const char *end = g_strstr_len(bytes, (gssize)size, "\r\n\r\n"), *redirect = redirect_of(host);
	gssize head = end ? end + 2 - bytes : (gssize)size;
	bool redirected = g_strstr_len(bytes, head, "\r\nX-Perigee-To:");
	g_autoptr(GString) from = g_string_new("\r\n"), to = g_string_new("\r\n");
	if (!account || !account->from_address || !header_mailbox(from, "From", account->from_name, account->from_address, NULL) ||
	    !g_strstr_len(bytes, head, from->str))
		return false;
	return redirect ? redirected && header_mailbox(to, "To", NULL, redirect, NULL) && g_strstr_len(bytes, head, to->str) : !redirected;
}

static void drop_bytes(Host *host, Message *m)
{
	static const char DROP[] = "UPDATE messages SET raw = NULL WHERE id = ?";
	host_write(host);
	db_run(host->db, DROP, "i", m->id);
	g_clear_pointer(&m->raw, g_bytes_unref);
}

/* False, and it is refused: its bytes name an address that they don't have any more. */
static bool still_theirs(Host *host, const Message *m)
{
	static const char THEIRS[] = "SELECT 1 FROM identities WHERE contact = ? AND channel = ? AND norm = ?";
	g_autofree char *norm = m->address ? contacts_normalize(m->channel, m->address, NULL) : NULL;
	if (value_true(m->options, "test") || (norm && db_int(host->db, 0, THEIRS, "sss", m->contact, m->channel, norm)))
		return true;
	g_autofree char *why = g_strdup_printf("it was composed for %s, which is no longer an address of theirs: enrol them again to write to the new one",
	                                       m->address ? m->address : "an address that is gone");
	ledger_refuse(host, m, "address", why, "refused");
	return false;
}

/* The message as it will leave; NULL: refused. */
static GBytes *compose(Host *host, Message *m, const Account *account, GPtrArray *files, const char *entity, size_t size, GError **error)
{
	g_auto(Run) run = { 0 };
	if (m->run)
		run_load(host, m->run, &run);
	g_free(m->thread);
	m->thread = g_strdup(handover_opens_thread(m, &run) ? m->message_id : run.thread);
	g_auto(GStrv) refs = NULL;
	Rows *rows = handover_opens_thread(m, &run) ? NULL : db_query(host->db, THREAD_LAST, "s", run.thread);
	if (rows_next(rows)) {
		g_free(m->in_reply_to);
		g_free(m->refs);
		m->in_reply_to = g_strdup(rows_text(rows, 0));
		const char *before = rows_text(rows, 1);
		m->refs = before && *before ? g_strconcat(before, " ", m->in_reply_to, NULL) : g_strdup(m->in_reply_to);
		refs = g_strsplit(m->refs, " ", -1);
		rows_done(rows);
	}
	g_autofree char *name = m->contact ? db_text(host->db, NAME, "s", m->contact) : NULL;
	const char *redirect = redirect_of(host);
	g_autofree char *subject = redirect ? g_strdup_printf("[to %s] %s", m->address, m->subject) : g_strdup(m->subject);
	g_auto(GStrv) cc = handover_copies(m);
	g_autofree char *boundary = files->len ? handover_random(host) : NULL;
	g_autofree char *link = unsubscribe_offered(m->purpose) ? token_url(host, FOLLOW_UNSUBSCRIBE, m->message_id) : NULL;
	Compose c = {
		.cc = redirect ? NULL : (const char *const *)cc, .meant_for = redirect ? m->address : NULL, .meant_cc = redirect ? (const char *const *)cc : NULL,
		.from_name = account->from_name, .from_address = account->from_address, .to_name = redirect ? NULL : name,
		.to_address = redirect ? redirect : m->address, .subject = subject, .purpose = m->purpose, .date = host_now(host),
		.zone = host->workspace->zone, .message_id = m->message_id, .in_reply_to = m->in_reply_to, .references = (const char *const *)refs,
		.entity = entity, .entity_size = size, .files = files, .boundary = boundary, .unsubscribe_url = link,
	};
	return compose_mail(&c, error);
}

/* The files that go with it: the template's, those of `send`, inline images, documents (taken). NULL: without them it does not go. */
static GPtrArray *attachments(Rendering *r, const Message *m, const json_t *result, GPtrArray *documents)
{
	g_autoptr(GError) error = NULL;
	const char *contact = m->contact ? m->contact : value_string(m->options, "as", NULL);
	GPtrArray *files = attach_find(r->host, contact, json_object_get(result, "attach"), json_object_get(m->options, "attach"),
	                               json_object_get(result, "inline"), value_string(r->options, "boundary", ""), &error);
	if (files && documents && !attach_join(files, documents, &error))
		g_clear_pointer(&files, g_ptr_array_unref);
	if (files && !links_fit(r->host, contact, json_object_get(result, "links"), &error))
		g_clear_pointer(&files, g_ptr_array_unref);
	if (!files)
		ledger_refuse(r->host, m, NULL, error->message, "invalid");
	return files;
}

/* They are kept for as long as it may be tried. */
static bool keep(Host *host, const Message *m, GPtrArray *files, bool by_hand)
{
	g_autoptr(GError) error = NULL;
	if (files->len && !g_str_equal(m->channel, "email") && !by_hand) {
		g_autofree char *text = g_strdup_printf("attachments can't go by %s in this version", m->channel);
		ledger_refuse(host, m, NULL, text, "invalid");
		return false;
	}
	if (host->simulated || by_hand || attach_keep(host, files, &error))
		return true;
	ledger_defer(host, m, "attachment", error->message, host_now(host) + KEEP_PAUSE);
	return false;
}

/* Documents are the worker's making: there is no file of them that a person could send. */
static bool is_sendable(Host *host, const Message *m, const GPtrArray *documents, bool by_hand)
{
	if (!documents || !documents->len || (g_str_equal(m->channel, "email") && !by_hand))
		return true;
	g_autofree char *text = g_strdup_printf("documents go by e-mail alone: %s can't be sent by %s", ((const Attachment *)documents->pdata[0])->name, m->channel);
	ledger_refuse(host, m, NULL, text, "invalid");
	return false;
}

static void rendered(Rendering *r, const json_t *result, const char *entity, size_t size, GPtrArray *documents)
{
	Host *host = r->host;
	g_auto(Message) m = { 0 };
	if (!message_load(host, r->id, &m) || !g_str_equal(m.state, "queued"))
		return;
	if (goes_by_account(host, &m))
		return;
	const Account *account = account_of(host, &m);
	set_address(host, &m);
	bool by_hand = r->by_hand;
	if (!is_sendable(host, &m, documents, by_hand))
		return;
	g_autoptr(GPtrArray) files = attachments(r, &m, result, documents);
	Time passed = host_now(host) - r->asked_at, most = host->simulated ? 0 : TIME_SECOND;
	bool unchanged = r->changes == db_changes_ever(host->db) && passed >= 0 && passed <= most;
	Shown shown = { value_string(result, "text", ""), files ? (int)files->len : 0, unchanged && !by_hand };
	if (!files || !passes(host, &m, account, &r->front, &shown, &by_hand) || !keep(host, &m, files, by_hand))
		return;
	g_free(m.subject);
	g_free(m.text);
	g_free(m.purpose);
	m.subject = g_strdup(value_string(result, "subject", NULL));
	m.text = g_strdup(value_string(result, "text", ""));
	m.purpose = g_strdup(r->front.purpose);
	m.locale = g_strdup(value_string(result, "locale", NULL));
	m.links = json_incref(json_object_get(result, "links"));
	m.random = g_strdup(r->random);
	if (by_hand) {
		hand_to_person(host, &m, files);
		return;
	}
	bool mail = g_str_equal(m.channel, "email");
	char *message_id = r->message_id ? g_strdup(r->message_id) : handover_message_id(host, &m, account);
	g_free(m.message_id);
	m.message_id = message_id;
	/* A pretend account has no address of its own to write from. */
	if (mail && account->from_address) {
		GError *error = NULL;
		g_autoptr(GBytes) bytes = compose(host, &m, account, files, entity, size, &error);
		if (!bytes) {
			ledger_refuse(host, &m, NULL, error->message, "invalid");
			g_error_free(error);
			return;
		}
		hand(host, &m, account, bytes, files);
		return;
	}
	g_auto(Run) run = { 0 };
	if (m.run)
		run_load(host, m.run, &run);
	m.thread = g_strdup(!mail || handover_opens_thread(&m, &run) ? m.message_id : run.thread);
	hand(host, &m, account, NULL, files);
}

/* ---- handing over ---------------------------------------------------------------------------------------------- */

static void not_handed(Host *host, void *data)
{
	g_hash_table_remove(host->ledger_rendering, data);
	g_free(data);
}

static void to_carrier(Host *host, void *data)
{
	g_auto(Message) m = { 0 };
	int64_t *id = data;
	if (message_load(host, *id, &m) && g_str_equal(m.state, "handed")) {
		gsize size = 0;
		const void *bytes = m.raw ? g_bytes_get_data(m.raw, &size) : NULL;
		g_auto(GStrv) cc = handover_copies(&m);
		g_autoptr(GPtrArray) files = attach_load(host, m.id);
		Handing handing = { .id = m.id, .account = account_of(host, &m), .channel = m.channel, .contact = m.contact, .address = m.address,
			            .message_id = m.message_id, .template_name = m.template_name, .subject = m.subject, .text = m.text,
			            .run = m.run, .bytes = bytes, .size = size, .cc = (const char *const *)cc, .files = files };
		host->carrier->hand(host, &handing);
	}
	not_handed(host, id);
}

/* Kept of each ask: the first to a contact may not read like one that another has had. NULL: it is none. */
static char *likeness_of(Host *host, const Message *m)
{
	return m->contact && g_strcmp0(m->purpose, "ask") == 0 ? policy_likeness(host, m->contact, m->text) : NULL;
}

/* Its links are followed by a tester then, and do nothing (follow.h). */
static void mark_redirected(Host *host, const Message *m, bool redirected)
{
	static const char MARK[] = "UPDATE messages SET options = ? WHERE id = ?";
	if (value_true(m->options, "redirected") == redirected)
		return;
	g_autoptr(json_t) options = json_is_object(m->options) ? json_copy(m->options) : json_object();
	if (redirected)
		json_object_set_new(options, "redirected", json_true());
	else
		json_object_del(options, "redirected");
	g_autofree char *text = value_text(options);
	db_run(host->db, MARK, "si", text, m->id);
}

static void hand(Host *host, Message *m, const Account *account, GBytes *bytes, const GPtrArray *files)
{
	Time now = host_now(host);
	const char *boot = g_str_equal(m->channel, "email") && !host->simulated ? host->boot : NULL;
	host_write(host);
	if (m->raw) {
		db_run(host->db, HAND_AGAIN, "isi", now, boot, m->id);
	} else {
		gsize size = 0;
		const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
		g_autofree char *identity = policy_identity(m->channel, m->address), *likeness = likeness_of(host, m);
		db_run(host->db, HAND, "isssssssssbssi", now, boot, m->address, m->subject, m->text, m->purpose, m->message_id, m->thread,
		       m->in_reply_to, m->refs, data, (size_t)size, identity, likeness, m->id);
	}
	if (db_changes(host->db) != 1)
		return;
	if (!m->raw)
		mark_redirected(host, m, redirect_of(host) != NULL);
	if (account)
		breaker_try(host, account->name);
	if (!m->raw) {
		attach_record(host, m->id, files);
		links_record(host, m->id, m->contact, m->random, m->links);
	}
	bool out = host->carrier->out && host->carrier->out(host, m->channel);
	if (!out)
		host_see(host, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s*, s:o*}", "event", "sent", "channel", m->channel, "account",
		                         account ? account->name : "", "template", m->template_name, "subject", m->subject, "text", m->text, "thread",
		                         m->thread, "locale", m->locale, "attach", attach_names(files)), m->contact, m->run);
	rendering_wait(host, m);
	host_after_commit(host, to_carrier, not_handed, g_memdup2(&m->id, sizeof m->id));
}

/* The channel does not let a program write first: a person does, and ticks the task. */
static void hand_to_person(Host *host, Message *m, const GPtrArray *files)
{
	static const char HAND_TO_PERSON[] =
		"UPDATE messages SET state = 'handed', handed_at = ?, attempts = 1, address = ?, subject = ?, text = ?, purpose = ?,"
		" identity = ?, likeness = ?, due = NULL, rule = NULL, reason = NULL WHERE id = ?";
	host_write(host);
	g_autofree char *identity = policy_identity(m->channel, m->address), *likeness = likeness_of(host, m);
	db_run(host->db, HAND_TO_PERSON, "issssssi", host_now(host), m->address, m->subject, m->text, m->purpose, identity, likeness, m->id);
	links_record(host, m->id, m->contact, m->random, m->links);
	g_autoptr(GString) with = g_string_new(NULL);
	for (guint i = 0; i < files->len; i++)
		g_string_append_printf(with, "%s%s", i ? ", " : "", ((const Attachment *)files->pdata[i])->name);
	ByHand by_hand = { .message = m->id, .run = m->run, .contact = m->contact, .channel = m->channel, .address = m->address, .text = m->text,
	                   .files = with->str };
	g_autofree char *note = tasks_by_hand(host, &by_hand);
	host_see(host, json_pack("{s:s, s:s, s:s}", "event", "task", "kind", "message", "note", note), m->contact, m->run);
}

/* A template may call itself an answer to nobody's message. Once handed over it stays what it was. */
static const char *in_fact(Host *host, const Message *m, const Account *account, const Front *front)
{
	g_auto(Case) about = { 0 };
	Front named = *front;
	if (value_true(m->options, "test"))
		return front->purpose;
	if (m->purpose)
		named.purpose = g_intern_string(m->purpose);
	if (!g_str_equal(named.purpose, "answer")) /* any other is what it says */
		return named.purpose;
	case_init(&about, host, m, account, &named);
	return policy_purpose(host, &about.c);
}

/* The template, and what it says of itself in the contact's language. NULL: it can't be used. */
static Program *template_of(Host *host, const Message *m, const Account *account, Front *front, GError **error)
{
	static const char LOCALE[] = "SELECT locale FROM contacts WHERE id = ?";
	Program *program = versions_template(host, m->template_name, error);
	if (!program)
		return NULL;
	g_autofree char *locale = db_text(host->db, LOCALE, "s", m->contact ? m->contact : value_string(m->options, "as", ""));
	*front = front_of(program, locale);
	front->purpose = in_fact(host, m, account, front);
	return program;
}

bool handover_front(Host *host, const Message *m, const Account *account, PolicyCase *c, GError **error)
{
	Front front;
	g_autoptr(Program) program = template_of(host, m, account, &front, error);
	if (!program)
		return false;
	c->purpose = front.purpose;
	c->approved = front.approved;
	c->impersonal = front.impersonal;
	return true;
}

void handover_consider(Host *host, int64_t id)
{
	g_auto(Message) m = { 0 };
	if (!message_load(host, id, &m) || !g_str_equal(m.state, "queued") || goes_by_account(host, &m))
		return;
	const Account *account = account_of(host, &m);
	GError *error = NULL;
	Front front;
	if (m.raw && !bytes_fit(host, &m, account))
		drop_bytes(host, &m);
	set_address(host, &m);
	g_autoptr(Program) program = template_of(host, &m, account, &front, &error);
	if (!program) {
		ledger_hold(host, &m, error->message);
		g_error_free(error);
		return;
	}
	bool by_hand;
	g_autoptr(GPtrArray) files = m.raw ? attach_load(host, m.id) : NULL;
	Shown kept = { m.text, files ? (int)files->len : 0, false };
	if ((m.raw && !still_theirs(host, &m)) || !passes(host, &m, account, &front, m.raw ? &kept : NULL, &by_hand))
		return;
	if (m.raw)
		hand(host, &m, account, NULL, files);
	else
		rendering_begin(host, &m, account, program, &front, by_hand, rendered);
}
