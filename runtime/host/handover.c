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
#include "host/documents.h"
#include "host/header.h"
#include "host/links.h"
#include "host/policy.h"
#include "host/reach.h"
#include "host/tasks.h"
#include "host/token.h"
#include "host/unsubscribe.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

enum { LOCALE_BYTES = 64, KEEP_PAUSE = 5 * TIME_MINUTE };

static const char HAND[] =
	"UPDATE messages SET state = 'handed', handed_at = ?1, first_handed_at = coalesce(first_handed_at, ?1), boot = ?2,"
	" attempts = attempts + 1, address = ?, subject = ?, text = ?, purpose = ?, message_id = ?, thread = ?, in_reply_to = ?, refs = ?, raw = ?, identity = ?, likeness = ?, due = NULL,"
	" rule = NULL, reason = NULL WHERE id = ? AND state = 'queued'";
static const char HAND_AGAIN[] =
	"UPDATE messages SET state = 'handed', handed_at = ?1, first_handed_at = coalesce(first_handed_at, ?1), boot = ?2,"
	" attempts = attempts + 1, due = NULL WHERE id = ? AND state = 'queued'";
/* Of the message that began it: ours, or theirs that the run answers; the first that has one. */
static const char THREAD_SUBJECT[] =
	"SELECT subject FROM messages WHERE thread = ? AND subject <> '' ORDER BY message_id = thread AND direction = 'out' DESC, id LIMIT 1";
static const char THREAD_LAST[] =
	"SELECT message_id, refs FROM messages WHERE thread = ? AND message_id IS NOT NULL AND"
	" state IN ('received', 'handed', 'accepted', 'unknown', 'delivered', 'bounced', 'read', 'replied') ORDER BY id DESC LIMIT 1";
static const char NAME[] = "SELECT name FROM contacts WHERE id = ?";

/* What a template says of itself, as the rules must know it. */
typedef struct Front {
	const char *purpose; /* static */
	bool approved, impersonal;
} Front;

/* A message between the queue and the carrier: being rendered (ticket), or composed and waiting for the commit (ticket 0). */
typedef struct Rendering {
	Host *host;
	int64_t id;
	uint64_t ticket;
	char *account;
	Front front;
	char *message_id; /* made before the rendering where the text may hold the link that goes by it; else NULL */
	json_t *data, *options;
	char *random;      /* of its signed links (links.h); NULL: it can have none */
	json_t *result;    /* while its documents are rendered */
	GBytes *entity;
	Documents *documents;
	int64_t changes; /* db_changes_ever when the policy let it go on */
	Time asked_at;   /* and when that was */
	bool by_hand;
} Rendering;

static void hand(Host *host, Message *m, const Account *account, GBytes *bytes, const GPtrArray *files);
static void hand_to_person(Host *host, Message *m, const GPtrArray *files);

/* ---- what the policy is asked ---------------------------------------------------------------------------------- */

/* The language of a template's file ("intro.fr.md": "fr"; the plain one: ""), as stdlib/template/read.lua has it. Caller frees. */
static char *language_of(const char *file)
{
	const char *end = strrchr(file, '.'), *from = end ? g_strrstr_len(file, end - file, ".") : NULL;
	char *language = from ? g_ascii_strdown(from + 1, end - from - 1) : g_strdup("");
	return g_strdelimit(language, "_", '-');
}

/* The source that a contact of this locale gets: of that locale, of its language, the plain one. */
static const char *source_for(const Program *program, const char *locale)
{
	g_autofree char *whole = g_strdelimit(g_ascii_strdown(locale ? locale : "", -1), "_", '-');
	size_t letters = strspn(whole, "abcdefghijklmnopqrstuvwxyz");
	g_autofree char *language = g_strndup(whole, letters);
	const char *wanted[] = { whole, language, "" };
	for (guint w = 0; w < G_N_ELEMENTS(wanted); w++) {
		for (guint i = 0; i < program->sources->len; i++) {
			g_autofree char *has = language_of(program->modules->pdata[i]);
			if (g_str_equal(has, wanted[w]))
				return program->sources->pdata[i];
		}
	}
	return program->sources->pdata[0];
}

static bool is_fence(const char *line)
{
	return g_str_has_prefix(line, "---") && strspn(line + 3, " \t\r\f\v") == strlen(line + 3);
}

static void read_key(Front *front, const char *key, const char *value)
{
	static const char *const purposes[] = { "ask", "answer", "service", "news" };
	for (size_t i = 0; g_ascii_strcasecmp(key, "purpose") == 0 && i < G_N_ELEMENTS(purposes); i++)
		if (g_str_equal(value, purposes[i]))
			front->purpose = purposes[i];
	if (g_ascii_strcasecmp(key, "approved") == 0)
		front->approved = *value != 0;
	if (g_ascii_strcasecmp(key, "personal") == 0)
		front->impersonal = g_str_equal(value, "no") || g_str_equal(value, "false");
}

/* It stands in the front matter. It is read here, because the rules must be asked before anything is rendered, and because what a
 * rendering says of itself is only a claim. */
static Front front_of(const Program *program, const char *locale)
{
	Front front = { .purpose = "ask" };
	const char *source = source_for(program, locale);
	source += g_str_has_prefix(source, "\xef\xbb\xbf") ? 3 : 0;
	for (bool first = true; *source; first = false) {
		g_autofree char *line = g_strndup(source, strcspn(source, "\r\n"));
		if (is_fence(line) != first)
			break;
		char *colon = strchr(line, ':');
		source += strlen(line);
		source += *source != 0;
		if (!colon)
			continue;
		*colon = 0;
		read_key(&front, g_strstrip(line), g_strstrip(colon + 1));
	}
	return front;
}

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

/* ---- rendering ------------------------------------------------------------------------------------------------- */

json_t *handover_data(Host *host, const char *contact, const Account *account, const char *sequence, const json_t *vars)
{
	g_autoptr(json_t) view = contacts_view(host, contact, NULL);
	json_t *data = json_object();
	const char *key;
	json_t *value;
	json_object_foreach(json_object_get(view, "fields"), key, value)
		json_object_set(data, key, value);
	json_object_foreach(json_object_get(view, "identities"), key, value)
		json_object_set(data, key, value);
	json_object_foreach(view, key, value)
		if (!g_str_equal(key, "fields") && !g_str_equal(key, "identities"))
			json_object_set(data, key, value);
	json_object_set(data, "contact", view);
	if (account)
		json_object_set_new(data, "account", json_pack("{s:s, s:s?, s:s?, s:s?}", "name", account->name, "from_name", account->from_name,
		                                               "from_address", account->from_address, "owner", account->owner));
	if (sequence)
		json_object_set_new(data, "sequence", json_pack("{s:s}", "name", sequence));
	json_object_foreach((json_t *)vars, key, value)
		json_object_set(data, key, value);
	/* In a preview; a message's own are put in by offer_links. */
	g_autofree char *leave = token_example(host->workspace, FOLLOW_UNSUBSCRIBE), *confirm = token_example(host->workspace, FOLLOW_CONFIRM);
	if (leave) {
		json_object_set_new(data, "unsubscribe_url", json_string(leave));
		json_object_set_new(data, "confirm_url", json_string(confirm));
	}
	return data;
}

/* 32 hex digits, for boundaries. Caller frees. */
static char *random_digits(Host *host)
{
	uint64_t low = host_random(host), high = host_random(host);
	return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", high, low);
}

json_t *handover_options(Host *host, const json_t *data, const char *channel, const char *thread_subject)
{
	const char *locale = value_string(json_object_get(data, "contact"), "locale", NULL);
	g_autofree char *boundary = random_digits(host);
	return json_pack("{s:s, s:s*, s:s*, s:s, s:o*}", "channel", channel, "locale", locale, "thread_subject", thread_subject, "boundary", boundary,
	                 "links", links_offer(host, 0, NULL));
}

static bool opens_thread(const Message *m, const Run *run)
{
	return !run->thread || g_str_equal(value_string(m->options, "thread", ""), "new");
}

static void rendering_free(void *data)
{
	Rendering *r = data;
	g_free(r->account);
	g_free(r->message_id);
	g_free(r->random);
	json_decref(r->data);
	json_decref(r->options);
	json_decref(r->result);
	g_clear_pointer(&r->entity, g_bytes_unref);
	documents_free(r->documents);
	g_free(r);
}

GHashTable *handover_table(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, rendering_free);
}

static Rendering *rendering_new(Host *host, const Message *m)
{
	Rendering *r = g_new0(Rendering, 1);
	r->host = host;
	r->id = m->id;
	r->account = g_strdup(m->account);
	/* The key stands in the value: what was there goes first. */
	g_hash_table_replace(host->ledger_rendering, &r->id, r);
	return r;
}

static void rendering_over(Rendering *r)
{
	g_hash_table_remove(r->host->ledger_rendering, &r->id);
}

static void write_rendering(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Rendering *r = user;
	r->ticket = ticket;
	g_autofree char *data = value_text(r->data), *options = value_text(r->options);
	peer_begin(peer, W_RENDER, ticket);
	peer_put_u64(peer, program);
	peer_put_str(peer, data, -1);
	peer_put_str(peer, options, -1);
	peer_end(peer);
}

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

/* A mail that is composed anew keeps its own: whoever has had it before has it once. */
static char *new_message_id(Host *host, const Message *m, const Account *account)
{
	bool mail = g_str_equal(m->channel, "email"), ours = mail && account && account->from_address;
	return mail && m->message_id ? g_strdup(m->message_id) : compose_message_id(host, ours ? account->from_address : "pretend.invalid");
}

static void offer(json_t *data, const char *name, char *link)
{
	if (link)
		json_object_set_new(data, name, json_string(link));
	else
		json_object_del(data, name);
	g_free(link);
}

/* The links by which they unsubscribe or confirm stand in the text, where its template has them: so the Message-ID is made first. Nobody
 * else's word counts for them, and what offers no way out has none. Signed links have a random part of their own, on every channel. */
static void offer_links(Rendering *r, const Message *m, const Account *account)
{
	Host *host = r->host;
	json_t *links = links_offer(host, m->id, &r->random);
	if (!links) /* there is no public_url */
		return;
	json_object_set_new(r->options, "links", links);
	bool mail = g_str_equal(m->channel, "email"), leaves = mail && unsubscribe_offered(r->front.purpose);
	r->message_id = mail ? new_message_id(host, m, account) : NULL;
	offer(r->data, "unsubscribe_url", leaves ? token_url(host, FOLLOW_UNSUBSCRIBE, r->message_id) : NULL);
	offer(r->data, "confirm_url", mail ? token_url(host, FOLLOW_CONFIRM, r->message_id) : NULL);
}

/* Kept bytes are good for as long as mail of this account leaves as it did when they were composed: from whom, and to whom, because
 * redirect_all_to may have come or gone. */
static bool bytes_fit(const Host *host, const Message *m, const Account *account)
{
	gsize size;
	const char *bytes = g_bytes_get_data(m->raw, &size);
	const char *end = g_strstr_len(bytes, (gssize)size, "\r\n\r\n"), *redirect = host->simulated ? NULL : host->workspace->redirect_all_to;
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
	m->thread = g_strdup(opens_thread(m, &run) ? m->message_id : run.thread);
	g_auto(GStrv) refs = NULL;
	Rows *rows = opens_thread(m, &run) ? NULL : db_query(host->db, THREAD_LAST, "s", run.thread);
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
	const char *redirect = host->simulated ? NULL : host->workspace->redirect_all_to;
	g_autofree char *subject = redirect ? g_strdup_printf("[to %s] %s", m->address, m->subject) : g_strdup(m->subject);
	g_auto(GStrv) cc = handover_copies(m);
	g_autofree char *boundary = files->len ? random_digits(host) : NULL;
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

static bool is_text(const json_t *value, bool line)
{
	const char *text = json_string_value(value);
	if (!text || strlen(text) != json_string_length(value))
		return false;
	for (; line && *text; text++)
		if (g_ascii_iscntrl(*text))
			return false;
	return true;
}

/* Lua's empty table is {}. */
static bool is_list(const json_t *value)
{
	return !value || json_is_array(value) || (json_is_object(value) && !json_object_size(value));
}

/* Does it answer for a message of this channel, with a subject and parts? An entity is for e-mail alone. */
static bool is_rendering(const json_t *result, const char *channel, size_t entity_size)
{
	const json_t *subject = json_object_get(result, "subject"), *text = json_object_get(result, "text");
	const json_t *attach = json_object_get(result, "attach"), *locale = json_object_get(result, "locale");
	bool mail = g_str_equal(channel, "email");
	return is_text(text, false) && json_string_length(text) && (is_text(subject, true) || (!subject && !mail)) &&
	       is_list(attach) && is_list(json_object_get(result, "documents")) && is_list(json_object_get(result, "links")) && is_list(json_object_get(result, "inline")) &&
	       (!locale || (is_text(locale, true) && json_string_length(locale) <= LOCALE_BYTES)) && (entity_size > 0) == mail;
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
	char *message_id = r->message_id ? g_strdup(r->message_id) : new_message_id(host, &m, account);
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
	m.thread = g_strdup(!mail || opens_thread(&m, &run) ? m.message_id : run.thread);
	hand(host, &m, account, NULL, files);
}

/* Text, and all that goes with it, are there. It leaves the table first, since handing over makes an entry of its own. */
static void complete(Rendering *r, const json_t *result, const char *entity, size_t size, GPtrArray *documents)
{
	g_hash_table_steal(r->host->ledger_rendering, &r->id);
	rendered(r, result, entity, size, documents);
	rendering_free(r);
}

static void documents_done(void *user, GPtrArray *files, const GError *error)
{
	Rendering *r = user;
	Host *host = r->host;
	g_autoptr(GPtrArray) documents = files;
	if (!error) {
		gsize size;
		const char *entity = g_bytes_get_data(r->entity, &size);
		complete(r, r->result, entity, size, documents);
		return;
	}
	int64_t id = r->id;
	rendering_over(r);
	g_auto(Message) m = { 0 };
	if (!message_load(host, id, &m) || !g_str_equal(m.state, "queued"))
		return;
	if (g_error_matches(error, DOCUMENTS_ERROR, DOCUMENTS_ERROR_FAULTY))
		ledger_hold(host, &m, error->message);
	else
		ledger_refuse(host, &m, NULL, error->message, "invalid");
}

/* The documents that go with it, with the data that it was rendered with. False: there are none. */
static bool render_documents(Rendering *r, const json_t *result, const char *entity, size_t size)
{
	g_auto(Message) m = { 0 };
	if (!message_load(r->host, r->id, &m))
		return false;
	g_autoptr(GPtrArray) names = documents_names(json_object_get(result, "documents"), json_object_get(m.options, "documents"));
	if (!names->len)
		return false;
	r->result = json_incref((json_t *)result);
	r->entity = g_bytes_new(entity, size);
	r->ticket = 0;
	r->documents = documents_begin(r->host, names, r->data, value_string(r->options, "locale", NULL), documents_done, r);
	documents_go(r->documents);
	return true;
}

static bool rendering_frame(void *user, uint64_t ticket, Frame *frame, bool *bad)
{
	(void)ticket;
	Rendering *r = user;
	Host *host = r->host;
	int64_t id = r->id;
	if (frame->kind == W_FAILED) {
		g_autofree char *code = NULL, *text = NULL, *where = NULL;
		*bad = !workers_failure(frame, &code, &text, &where);
		if (*bad)
			return false;
		g_autofree char *reason = *where ? g_strdup_printf("templates/%s: %s", where, text) : g_strdup(text);
		rendering_over(r);
		g_auto(Message) m = { 0 };
		if (message_load(host, id, &m) && g_str_equal(m.state, "queued"))
			ledger_refuse(host, &m, NULL, reason, g_str_equal(code, "invalid") ? "invalid" : "limit");
		return true;
	}
	size_t result_size, size;
	const char *text = frame_get_str(frame, &result_size);
	g_autoptr(json_t) result = frame->kind == W_RENDERED ? value_parse(text, (gssize)result_size, NULL) : NULL;
	const char *entity = frame_get_str(frame, &size);
	*bad = !json_is_object(result) || !frame_end(frame) || !is_rendering(result, value_string(r->options, "channel", ""), size);
	if (*bad)
		return false;
	if (!render_documents(r, result, entity, size))
		complete(r, result, entity, size, NULL);
	return true;
}

/* The template itself can't be used: its messages are held until it is right. */
static void rendering_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	Rendering *r = user;
	Host *host = r->host;
	int64_t id = r->id;
	g_autofree char *reason = *where ? g_strdup_printf("templates/%s: %s", where, text) : g_strdup(text);
	rendering_over(r);
	g_auto(Message) m = { 0 };
	if (message_load(host, id, &m) && g_str_equal(m.state, "queued"))
		ledger_hold(host, &m, reason);
}

static void render(Host *host, const Message *m, const Account *account, Program *program, const Front *front, bool by_hand)
{
	g_auto(Run) run = { 0 };
	if (m->run)
		run_load(host, m->run, &run);
	const char *contact = m->contact ? m->contact : value_string(m->options, "as", "");
	bool mail = g_str_equal(m->channel, "email");
	g_autofree char *thread_subject = mail && run.thread && !opens_thread(m, &run) ? db_text(host->db, THREAD_SUBJECT, "s", run.thread) : NULL;
	Rendering *r = rendering_new(host, m);
	r->front = *front;
	r->by_hand = by_hand;
	r->data = handover_data(host, contact, account, run.sequence, json_object_get(m->options, "vars"));
	r->options = handover_options(host, r->data, m->channel, thread_subject);
	offer_links(r, m, account);
	r->changes = db_changes_ever(host->db);
	r->asked_at = host_now(host);
	WorkerCall call = { .domain = "workspace", .program = program, .write = write_rendering, .frame = rendering_frame,
	                    .failed = rendering_failed, .user = r };
	workers_call(host->workers, &call);
}

unsigned ledger_busy(const Host *host)
{
	return g_hash_table_size(host->ledger_rendering);
}

int handover_rendering(const Host *host, const char *account)
{
	int n = 0;
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, host->ledger_rendering);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		n += g_str_equal(((Rendering *)value)->account, account);
	return n;
}

void ledger_forget(Host *host)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, host->ledger_rendering);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((Rendering *)value)->ticket)
			workers_cancel(host->workers, ((Rendering *)value)->ticket);
	g_hash_table_remove_all(host->ledger_rendering);
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
	rendering_new(host, m);
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
		render(host, &m, account, program, &front, by_hand);
}
