/* SPDX-License-Identifier: MIT */
/* The text of messages, as workers make it: see rendering.h. */
#include "host/rendering.h"

#include "host/compose.h"
#include "host/contacts.h"
#include "host/links.h"
#include "host/token.h"
#include "host/unsubscribe.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

enum { LOCALE_BYTES = 64 };

/* Of the message that began it: ours, or theirs that the run answers; the first that has one. */
static const char THREAD_SUBJECT[] =
	"SELECT subject FROM messages WHERE thread = ? AND subject <> '' ORDER BY message_id = thread AND direction = 'out' DESC, id LIMIT 1";

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

char *handover_random(Host *host)
{
	uint64_t low = host_random(host), high = host_random(host);
	return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", high, low);
}

json_t *handover_options(Host *host, const json_t *data, const char *channel, const char *thread_subject)
{
	const char *locale = value_string(json_object_get(data, "contact"), "locale", NULL);
	g_autofree char *boundary = handover_random(host);
	return json_pack("{s:s, s:s*, s:s*, s:s, s:o*}", "channel", channel, "locale", locale, "thread_subject", thread_subject, "boundary", boundary,
	                 "links", links_offer(host, 0, NULL));
}

bool handover_opens_thread(const Message *m, const Run *run)
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
	g_autofree char *data = value_text(r->data), *options = value_text(r->options);
	peer_begin(peer, W_RENDER, ticket);
	peer_put_u64(peer, program);
	peer_put_str(peer, data, -1);
	peer_put_str(peer, options, -1);
	peer_end(peer);
}

void rendering_wait(Host *host, const Message *m)
{
	rendering_new(host, m);
}

char *handover_message_id(Host *host, const Message *m, const Account *account)
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
 * else's word counts for them, what offers no way out has none, and who reads a copy must not confirm in another's name. Signed links have a random part of their own, on every channel. */
static void offer_links(Rendering *r, const Message *m, const Account *account)
{
	Host *host = r->host;
	json_t *links = links_offer(host, m->id, &r->random);
	if (!links) /* there is no public_url */
		return;
	json_object_set_new(r->options, "links", links);
	bool mail = g_str_equal(m->channel, "email"), leaves = mail && unsubscribe_offered(r->front.purpose);
	r->message_id = mail ? handover_message_id(host, m, account) : NULL;
	offer(r->data, "unsubscribe_url", leaves ? token_url(host, FOLLOW_UNSUBSCRIBE, r->message_id) : NULL);
	g_auto(GStrv) copies = handover_copies(m);
	offer(r->data, "confirm_url", mail && !copies ? token_url(host, FOLLOW_CONFIRM, r->message_id) : NULL);
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

bool handover_is_rendering(const json_t *result, const char *channel, size_t entity_size)
{
	const json_t *subject = json_object_get(result, "subject"), *text = json_object_get(result, "text");
	const json_t *attach = json_object_get(result, "attach"), *locale = json_object_get(result, "locale");
	bool mail = g_str_equal(channel, "email");
	return json_is_object(result) && is_text(text, false) && json_string_length(text) && (is_text(subject, true) || (!subject && !mail)) &&
	       is_list(attach) && is_list(json_object_get(result, "documents")) && is_list(json_object_get(result, "links")) && is_list(json_object_get(result, "inline")) &&
	       (!locale || (is_text(locale, true) && json_string_length(locale) <= LOCALE_BYTES)) && (entity_size > 0) == mail;
}

/* Text, and all that goes with it, are there. It leaves the table first, since handing over makes an entry of its own. */
static void complete(Rendering *r, const json_t *result, const char *entity, size_t size, GPtrArray *documents)
{
	g_hash_table_steal(r->host->ledger_rendering, &r->id);
	r->done(r, result, entity, size, documents);
	rendering_free(r);
}

/* Must it be there, whoever they are: the script or the template names it, and nothing of theirs is in its name. */
static bool is_named(Host *host, const Message *m, const char *locale, const char *document)
{
	g_autoptr(GPtrArray) given = documents_names(NULL, json_object_get(m->options, "documents"));
	g_autoptr(Program) program = versions_template(host, m->template_name, NULL);
	return g_ptr_array_find_with_equal_func(given, document, g_str_equal, NULL) || (program && front_names_document(program, locale, document));
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
	g_autofree char *document = g_strdup(documents_failed(r->documents)), *locale = g_strdup(value_string(r->options, "locale", NULL));
	rendering_over(r);
	g_auto(Message) m = { 0 };
	if (!message_load(host, id, &m) || !g_str_equal(m.state, "queued"))
		return;
	if (g_error_matches(error, DOCUMENTS_ERROR, DOCUMENTS_ERROR_FAULTY) ||
	    (g_error_matches(error, DOCUMENTS_ERROR, DOCUMENTS_ERROR_UNKNOWN) && is_named(host, &m, locale, document)))
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
	*bad = !frame_end(frame) || !handover_is_rendering(result, value_string(r->options, "channel", ""), size);
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

void rendering_begin(Host *host, const Message *m, const Account *account, Program *program, const Front *front, bool by_hand, RenderedFn done)
{
	g_auto(Run) run = { 0 };
	if (m->run)
		run_load(host, m->run, &run);
	const char *contact = m->contact ? m->contact : value_string(m->options, "as", "");
	bool mail = g_str_equal(m->channel, "email");
	g_autofree char *thread_subject = mail && run.thread && !handover_opens_thread(m, &run) ? db_text(host->db, THREAD_SUBJECT, "s", run.thread) : NULL;
	Rendering *r = rendering_new(host, m);
	r->front = *front;
	r->by_hand = by_hand;
	r->done = done;
	r->data = handover_data(host, contact, account, run.sequence, json_object_get(m->options, "vars"));
	r->options = handover_options(host, r->data, m->channel, thread_subject);
	offer_links(r, m, account);
	r->changes = db_changes_ever(host->db);
	r->asked_at = host_now(host);
	WorkerCall call = { .domain = "workspace", .program = program, .write = write_rendering, .frame = rendering_frame,
	                    .failed = rendering_failed, .user = r, .ticket = &r->ticket };
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
