/* SPDX-License-Identifier: MIT */
/* The ledger: the queue, and what becomes of messages. Rendering and hand-over stand in handover.c. See ledger.h. */
#include "host/ledger.h"

#include "host/attach.h"
#include "host/breaker.h"
#include "host/broadcasts.h"
#include "host/carrier.h"
#include "host/contacts.h"
#include "host/events.h"
#include "host/handover.h"
#include "host/netlink.h"
#include "host/pretend.h"
#include "host/policy.h"
#include "host/reach.h"
#include "host/tasks.h"

#include <string.h>

G_DEFINE_QUARK(perigee-ledger-error, ledger_error)

enum {
	FIRST_PAUSE = 5 * 60 * 1000,      /* after a 4xx: greylisting wants minutes (RFC 6647) */
	LONGEST_PAUSE = 4 * 3600 * 1000,
	GIVE_UP_DAYS = 4,                 /* RFC 5321 4.5.4.1 */
	COPIES_MOST = 10,                 /* addresses in cc */
};

static const char ADD[] =
	"INSERT INTO messages (contact, run, position, channel, account, direction, state, template, options, address, at, due, rule, reason)"
	" VALUES (?, ?, ?, ?, ?, 'out', 'queued', ?, ?, ?, ?, ?, ?, ?)";
static const char FIND[] =
	"SELECT contact, run, position, channel, account, state, template, options, address, subject, text, purpose, message_id, thread,"
	" in_reply_to, refs, at, first_handed_at, attempts, raw FROM messages WHERE id = ?";
static const char LAST_ACCOUNT[] =
	"SELECT account FROM messages WHERE contact = ? AND channel = ? AND direction = 'out' AND account <> '' AND"
	" CASE state WHEN 'withdrawn' THEN 0 WHEN 'refused' THEN 0 WHEN 'cancelled' THEN 0 WHEN 'queued' THEN 0 WHEN 'held' THEN 0 ELSE 1 END"
	" ORDER BY id DESC LIMIT 1";
static const char OWNER[] = "SELECT owner FROM contacts WHERE id = ?";
static const char CLOSE[] = "UPDATE messages SET state = ?, rule = ?, reason = ?, code = ?, error = ?, done_at = ?, raw = NULL, due = NULL WHERE id = ?";
static const char DEFER[] = "UPDATE messages SET state = 'queued', due = ?, rule = ?, reason = ? WHERE id = ?";
static const char HOLD[] = "UPDATE messages SET state = 'held', rule = 'template', reason = ?, due = NULL WHERE id = ?";
static const char RETRY[] = "UPDATE messages SET state = 'queued', due = ?, rule = ?, reason = ?, code = ?, handed_at = NULL WHERE id = ?";
/* What waited for the channel to work again; those of no account may go by several (reach.h). */
static const char RELEASE_BROKEN[] =
	"UPDATE messages SET due = ?1, rule = NULL, reason = NULL WHERE state = 'queued' AND rule = 'breaker' AND (account = ?2 OR account = '')";
static const char FIRST_MESSAGE[] =
	"UPDATE runs SET first_message_at = coalesce(first_message_at, ?), account = ?, thread = coalesce(?, thread) WHERE id = ?";
static const char HANDED_AT[] = "SELECT handed_at FROM messages WHERE id = ?";
static const char CALL_ARGS[] = "SELECT args FROM journal WHERE run = ? AND position = ?";
static const char WITHDRAW[] =
	"UPDATE messages SET state = 'withdrawn', reason = ?, due = NULL, done_at = ? WHERE run = ? AND state IN ('queued', 'held')";
static const char UNWITHDRAW[] =
	"UPDATE messages SET state = 'queued', reason = NULL, due = ?2, done_at = NULL WHERE run = ?1 AND state = 'withdrawn' AND"
	" position = (SELECT position FROM journal WHERE run = ?1 AND answer IS NULL)";
/* Those with a `before` have a due as well. */
static const char RELEASE_READ[] = "UPDATE messages SET due = ? WHERE state = 'queued' AND rule = 'inbox_fresh'";
static const char RELEASE_HELD[] = "UPDATE messages SET state = 'queued', due = ?, rule = NULL, reason = NULL WHERE state = 'held'";
static const char DUE_OF[] = "SELECT id FROM messages WHERE state = 'queued' AND account = ? AND due <= ? ORDER BY due, id LIMIT ?";

bool message_load(Host *host, int64_t id, Message *m)
{
	*m = (Message){ .id = id };
	Rows *rows = db_query(host->db, FIND, "i", id);
	if (!rows_next(rows))
		return false;
	m->contact = g_strdup(rows_text(rows, 0));
	m->run = rows_int(rows, 1);
	m->position = rows_int(rows, 2);
	char **texts[] = { &m->channel, &m->account, &m->state, &m->template_name };
	for (int i = 0; i < 4; i++)
		*texts[i] = g_strdup(rows_text(rows, 3 + i));
	m->options = value_parse(rows_null(rows, 7) ? "{}" : rows_text(rows, 7), -1, NULL);
	char **more[] = { &m->address, &m->subject, &m->text, &m->purpose, &m->message_id, &m->thread, &m->in_reply_to, &m->refs };
	for (int i = 0; i < 8; i++)
		*more[i] = g_strdup(rows_text(rows, 8 + i));
	m->at = rows_int(rows, 16);
	m->first_handed_at = rows_int(rows, 17);
	m->attempts = rows_int(rows, 18);
	if (!rows_null(rows, 19)) {
		size_t size;
		const void *bytes = rows_bytes(rows, 19, &size);
		m->raw = g_bytes_new(bytes, size);
	}
	rows_done(rows);
	return true;
}

void message_clear(Message *m)
{
	char *texts[] = { m->contact, m->channel, m->account, m->state, m->template_name, m->address, m->subject, m->text,
		          m->purpose, m->message_id, m->thread, m->in_reply_to, m->refs, m->locale, m->random };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	json_decref(m->options);
	json_decref(m->links);
	g_clear_pointer(&m->raw, g_bytes_unref);
	*m = (Message){ 0 };
}

/* ---- the queue ------------------------------------------------------------------------------------------------- */

const Account *ledger_account(Host *host, const Run *run, const char *contact, const char *channel, const char *named)
{
	const Workspace *workspace = host->workspace;
	const Account *account = named ? workspace_account(workspace, named) : NULL;
	if (named)
		return account && g_str_equal(account->channel, channel) ? account : NULL;
	g_autofree char *last = db_text(host->db, LAST_ACCOUNT, "ss", contact, channel);
	if (last && (account = workspace_account(workspace, last)))
		return account;
	g_autofree char *owner = db_text(host->db, OWNER, "s", contact);
	account = owner ? workspace_account_for(workspace, channel, owner) : NULL;
	if (account && g_strcmp0(account->owner, owner) == 0)
		return account;
	const json_t *declared = run ? run_declared(host, run) : NULL;
	const char *of_sequence = value_string(json_object_get(declared, "account"), channel, NULL);
	if (of_sequence && (account = workspace_account(workspace, of_sequence)))
		return account;
	account = workspace_account_for(workspace, channel, NULL);
	return account || !host->simulated || host->planning ? account : workspace_pretend_account(host->workspace, channel);
}

/* opts.before becomes a time once, when the message is asked for. */
static bool resolve_before(Host *host, const char *contact, json_t *options, GError **error)
{
	const json_t *before = json_object_get(options, "before");
	if (!before)
		return true;
	Time at;
	g_autoptr(GTimeZone) zone = contacts_zone(host, contact);
	if (!when_resolve(before, host_now(host), zone, host->workspace->hours, &at, error))
		return false;
	json_object_set_new(options, "before_at", json_integer(at));
	return true;
}

/* The members that a send's opts have, each of its shape; what the host itself keeps there (test, as, before_at) is nobody's to give. */
static bool options_known(const json_t *options, GError **error)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)options, key, value) {
		bool good = g_str_equal(key, "vars") ? json_is_object(value) || (json_is_array(value) && !json_array_size(value))
		            : g_str_equal(key, "from") ? json_is_string(value)
		            : g_str_equal(key, "cc") || g_str_equal(key, "attach") || g_str_equal(key, "documents") ? json_is_string(value) || json_is_array(value)
		            : g_str_equal(key, "before") ? json_is_string(value) || json_is_number(value)
		            : g_str_equal(key, "thread") && g_strcmp0(json_string_value(value), "new") == 0;
		if (good)
			continue;
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "send: the option %.60s is none, or has a value that it can't have", key);
		return false;
	}
	return true;
}

/* cc: one e-mail address or a short list. */
static bool copies_fit(const char *channel, const json_t *cc, GError **error)
{
	if (!cc)
		return true;
	g_autoptr(json_t) one = json_is_string(cc) ? json_pack("[O]", cc) : json_incref((json_t *)cc);
	if (!g_str_equal(channel, "email") || json_array_size(one) > COPIES_MOST) {
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "send: cc is for e-mail, to at most %d addresses", COPIES_MOST);
		return false;
	}
	for (size_t i = 0; i < json_array_size(one); i++) {
		const char *address = json_string_value(json_array_get(one, i));
		g_autofree char *norm = address ? contacts_normalize("email", address, NULL) : NULL;
		if (norm)
			continue;
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "send: cc: %.100s is no e-mail address", address ? address : "what is no text");
		return false;
	}
	return true;
}

/* attach: one name or a list. Whether the files are there is looked at when the message leaves. */
static bool names_fit(const json_t *attach, GError **error)
{
	g_autoptr(json_t) list = json_is_string(attach) ? json_pack("[O]", attach) : json_incref((json_t *)attach);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		g_autoptr(GError) wrong = NULL;
		if (name && strlen(name) == json_string_length(json_array_get(list, i)) && attach_name(name, &wrong))
			continue;
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "send: attach: %s", wrong ? wrong->message : "a name is a text");
		return false;
	}
	return true;
}

/* documents: names of templates. Whether they are there is looked at when the message leaves. */
static bool documents_fit(const json_t *documents, GError **error)
{
	g_autoptr(json_t) list = json_is_string(documents) ? json_pack("[O]", documents) : json_incref((json_t *)documents);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		if (name && *name && *name != '.' && *name != '_' && !strchr(name, '/') && strlen(name) == json_string_length(json_array_get(list, i)))
			continue;
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "send: documents: \"%.60s\" is no name of a template", name ? name : "");
		return false;
	}
	return true;
}

/* What all messages of scripts have in common. opts become options (the caller owns them). */
static bool read_options(Host *host, const char *contact, const char *channel, const json_t *given, json_t **options, GError **error)
{
	*options = json_is_object(given) ? json_copy((json_t *)given) : json_object();
	return options_known(*options, error) && copies_fit(channel, json_object_get(*options, "cc"), error) &&
	       names_fit(json_object_get(*options, "attach"), error) && documents_fit(json_object_get(*options, "documents"), error) && resolve_before(host, contact, *options, error);
}

static int64_t add(Host *host, const Message *m)
{
	g_autofree char *text = value_text(m->options);
	Time now = host_now(host), undo = host->workspace->undo;
	g_autofree char *until = undo ? time_iso(now + undo, host->workspace->zone) : NULL;
	g_autofree char *reason = undo ? g_strdup_printf("it can be cancelled until %s (perigee messages cancel)", until) : NULL;
	host_write(host);
	db_run(host->db, ADD, "siisssssiiss", m->contact, m->run, m->position, m->channel, m->account, m->template_name, text, m->address, now,
	       now + undo, undo ? "undo" : NULL, reason);
	return db_last_id(host->db);
}

bool ledger_queue(Host *host, int64_t run_id, int64_t position, const char *contact, const char *channel, const char *template_name,
                  const json_t *given, int64_t *id, GError **error)
{
	g_auto(Run) run = { 0 };
	g_autoptr(json_t) options = NULL;
	const char *named = value_string(given, "from", NULL);
	if (!contacts_is_channel(channel)) {
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "there is no channel \"%s\"", channel);
		return false;
	}
	const Account *account = ledger_account(host, run_load(host, run_id, &run) ? &run : NULL, contact, channel, named);
	if (named && !account) {
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "there is no %s account \"%s\" in perigee.lua", channel, named);
		return false;
	}
	if (!read_options(host, contact, channel, given, &options, error))
		return false;
	g_autofree char *address = contacts_address(host, contact, channel);
	*id = add(host, &(Message){ .contact = (char *)contact, .run = run_id, .position = position, .channel = (char *)channel, .options = options,
	                            .account = account ? account->name : (char *)"", .template_name = (char *)template_name, .address = address });
	return true;
}

static bool among(const json_t *channels, const char *channel)
{
	for (size_t i = 0; i < json_array_size(channels); i++)
		if (g_strcmp0(json_string_value(json_array_get(channels, i)), channel) == 0)
			return true;
	return false;
}

bool ledger_reach(Host *host, int64_t run_id, int64_t position, const char *contact, const json_t *channels, const char *template_name,
                  const json_t *given, int64_t *id, GError **error)
{
	g_autoptr(json_t) options = NULL;
	const char *named = value_string(given, "from", NULL), *first = json_string_value(json_array_get(channels, 0));
	const Account *from = named ? workspace_account(host->workspace, named) : NULL;
	if (named && !(from && among(channels, from->channel))) {
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "there is no account \"%s\" of one of these channels in perigee.lua", named);
		return false;
	}
	if (!read_options(host, contact, among(channels, "email") ? "email" : first ? first : "", given, &options, error) ||
	    !reach_begin(options, channels, error))
		return false;
	g_autofree char *address = contacts_address(host, contact, first);
	g_auto(Message) m = { .contact = g_strdup(contact), .run = run_id, .position = position, .channel = g_strdup(first), .account = g_strdup(""),
		              .template_name = g_strdup(template_name), .address = g_steal_pointer(&address), .options = json_incref(options) };
	*id = m.id = add(host, &m);
	reach_enqueue(host, &m);
	return true;
}

/* Rules about the account itself: what one message must wait for, all behind it must, and none of them is looked at meanwhile. */
static bool about_account(const char *rule)
{
	static const char *const rules[] = { "account_cap", "account_rate", "warmup", "breaker", NULL };
	return g_strv_contains(rules, rule);
}

static Time blocked_until(const Host *host, const char *account)
{
	const Time *until = g_hash_table_lookup(host->account_blocks, account);
	return until ? *until : 0;
}

/* True if there is nothing more to look at now: nothing is due, or something is on its way. False: all that was looked at was put
 * off or refused. */
static bool look_at_account(Host *host, const char *account, int room)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	guint rendering = g_hash_table_size(host->ledger_rendering);
	Rows *rows = db_query(host->db, DUE_OF, "sii", account, host_now(host), (int64_t)room + rendering);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		if (!g_hash_table_contains(host->ledger_rendering, &id))
			g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len && (int)i < room && blocked_until(host, account) <= host_now(host); i++)
		handover_consider(host, g_array_index(ids, int64_t, i));
	return ids->len == 0 || g_hash_table_size(host->ledger_rendering) != rendering || db_failed(host->db);
}

static const char NEXT_OF[] = "SELECT min(due) FROM messages WHERE state = 'queued' AND account = ?";

Time ledger_next_due(Host *host)
{
	Time due = db_int(host->db, TIME_NEVER, NEXT_OF, "s", "");
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const char *account = ((Account *)host->workspace->accounts->pdata[i])->name;
		due = MIN(due, MAX(db_int(host->db, TIME_NEVER, NEXT_OF, "s", account), blocked_until(host, account)));
	}
	return due;
}

/* Then one message tries alone. */
static bool is_half_open(Host *host, const char *account, int room)
{
	Time until;
	return room > 0 && blocked_until(host, account) <= host_now(host) && breaker_state(host, account, &until) == BREAKER_HALF_OPEN;
}

void ledger_turn(Host *host)
{
	enum { BY_HAND_ROOM = 64 };
	if (!host->carrier)
		return;
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const Account *account = host->workspace->accounts->pdata[i];
		int room = host->carrier->room(host, account) - handover_rendering(host, account->name);
		if ((account->gap && !account->pretend) || is_half_open(host, account->name, room))
			room = MIN(room, 1 - handover_rendering(host, account->name));
		/* What is only put off makes room for the next at once. */
		for (bool over = room <= 0; !over && blocked_until(host, account->name) <= host_now(host);)
			over = look_at_account(host, account->name, room);
	}
	look_at_account(host, "", BY_HAND_ROOM);
}

/* ---- endings --------------------------------------------------------------------------------------------------- */

/* Does the script handle refusals itself (try_send)? */
static bool tries(Host *host, const Message *m)
{
	g_autofree char *args = db_text(host->db, CALL_ARGS, "ii", m->run, m->position);
	g_autoptr(json_t) value = args ? value_parse(args, -1, NULL) : NULL;
	return value_true(value, "try");
}

static void answer_failure(Host *host, const Message *m, const char *text, const char *code, const char *rule)
{
	json_t *results = json_pack("[n, s, s]", text, code);
	if (rule)
		json_array_append_new(results, json_string(rule));
	runs_answer(host, m->run, m->position, json_pack("{s:o}", "r", results));
}

/* Mail with no account to send it is a workspace that is not set up yet: that may burn nobody's run. A script that tries is told. */
static bool waits_for_account(Host *host, const Message *m, const char *rule)
{
	return g_strcmp0(rule, "account") == 0 && !*m->account && g_str_equal(m->channel, "email") && m->run && !tries(host, m);
}

/* The message will not be sent: the script hears it if it tries, else its run ends. */
static void close_refused(Host *host, const Message *m, const char *rule, const char *reason, const char *code, const char *outcome)
{
	db_run(host->db, CLOSE, "sssssii", "refused", rule, reason, code, rule ? NULL : reason, host_now(host), m->id);
	attach_release(host, m->id);
	if (!m->run)
		return;
	if (tries(host, m))
		answer_failure(host, m, reason, code, rule);
	else
		runs_end(host, m->run, "done", outcome, code, reason);
}

/* One that goes by the first channel that may and can is refused if none is left; unless its time is over, or a person said no. */
static void refuse(Host *host, const Message *m, const char *rule, const char *reason, const char *code, const char *outcome)
{
	bool final = g_strcmp0(rule, "before") == 0 || g_strcmp0(rule, "hand") == 0;
	host_write(host);
	host_see(host, json_pack("{s:s, s:s, s:s?, s:s, s:s?}", "event", "refused", "channel", m->channel, "rule", rule, "code", code, "reason", reason),
	         m->contact, m->run);
	if (final || !reach_is(m)) {
		close_refused(host, m, rule, reason, code, outcome);
		return;
	}
	ReachRefusal all;
	if (reach_refused(host, m, rule, reason, code, outcome, &all))
		return;
	if (all.no_account && m->run && !tries(host, m)) {
		reach_again(host, m);
		ledger_hold(host, m, all.reason);
	} else {
		close_refused(host, m, all.rule, all.reason, all.code, all.outcome);
	}
	reach_refusal_clear(&all);
}

void ledger_refuse(Host *host, const Message *m, const char *rule, const char *reason, const char *code)
{
	if (!reach_is(m) && waits_for_account(host, m, rule)) {
		ledger_hold(host, m, reason);
		return;
	}
	refuse(host, m, rule, reason, code, "refused");
}

/* What waits is looked at again when it may go, and at the latest when it is too late for it: a script that said `before` hears of it then. */
static Time look_again(const Message *m, Time until)
{
	Time before = value_integer(m->options, "before_at", TIME_NEVER);
	return before < until ? before + 1 : until;
}

void ledger_defer(Host *host, const Message *m, const char *rule, const char *reason, Time until)
{
	if (about_account(rule))
		g_hash_table_insert(host->account_blocks, g_strdup(m->account), g_memdup2(&until, sizeof until));
	host_write(host);
	if (reach_is(m) && g_str_equal(rule, "breaker"))
		reach_broken(host, m, reason, until);
	else
		db_run(host->db, DEFER, "tssi", look_again(m, until), rule, reason, m->id);
	host_see(host, json_pack("{s:s, s:s, s:s, s:s?, s:I}", "event", "deferred", "channel", m->channel, "rule", rule, "reason", reason,
	                         "until", (json_int_t)until), m->contact, m->run);
}

void ledger_hold(Host *host, const Message *m, const char *reason)
{
	if (!host->simulated)
		log_error("message %" G_GINT64_FORMAT " to %s is held: %s", m->id, m->contact, reason);
	host_see(host, json_pack("{s:s, s:s, s:s, s:s}", "event", "deferred", "channel", m->channel, "rule", "template", "reason", reason), m->contact, m->run);
	host_write(host);
	db_run(host->db, HOLD, "si", reason, m->id);
}

void ledger_withdraw_unseen(Host *host, const Message *m, const char *reason)
{
	host_write(host);
	db_run(host->db, CLOSE, "sssssii", "withdrawn", "unseen_reply", reason, NULL, NULL, host_now(host), m->id);
	attach_release(host, m->id);
	g_auto(Run) run = { 0 };
	if (!m->run || !run_load(host, m->run, &run))
		return;
	if (run_continues(host, &run, "on_reply"))
		answer_failure(host, m, reason, "refused", "unseen_reply");
	else
		runs_end(host, m->run, "done", "replied", NULL, NULL);
}

/* It has left (or must be taken to have left): what the script and the thread need to know. */
static void sent(Host *host, const Message *m, const char *state, const char *code, const char *error)
{
	static const char ACCEPT[] = "UPDATE messages SET state = ?, done_at = ?, code = ?, error = ?, rule = NULL, reason = NULL, raw = NULL WHERE id = ?";
	Time now = host_now(host);
	host_write(host);
	db_run(host->db, ACCEPT, "sissi", state, now, code, error, m->id);
	attach_release(host, m->id);
	if (!m->run)
		return;
	bool mail = g_str_equal(m->channel, "email");
	db_run(host->db, FIRST_MESSAGE, "issi", now, mail ? m->account : NULL, mail ? m->thread : NULL, m->run);
	json_t *message = json_pack("{s:s, s:s, s:I, s:s?}", "id", m->message_id ? m->message_id : "", "channel", m->channel, "at",
	                            (json_int_t)(now / 1000), "subject", m->subject);
	runs_answer(host, m->run, m->position, json_pack("{s:[o]}", "r", message));
}

/* What fails by the channel waits as the breaker does, and is due at once when the channel works again. */
static void retry(Host *host, const Message *m, bool broken, const char *code, const char *text)
{
	Time now = host_now(host), until;
	if (m->first_handed_at && now - m->first_handed_at > GIVE_UP_DAYS * TIME_DAY) {
		g_autofree char *reason = g_strdup_printf("given up after %d days: %s", GIVE_UP_DAYS, text);
		refuse(host, m, NULL, reason, "timeout", "refused");
		return;
	}
	int64_t before = MAX(m->attempts - 1, 0);
	Time due = now + (broken ? breaker_pause(before) : MIN((Time)FIRST_PAUSE << MIN(before, 10), LONGEST_PAUSE));
	bool open = broken && breaker_state(host, m->account, &until) != BREAKER_CLOSED;
	due = open ? MAX(until, now) : due;
	const char *rule = broken ? "breaker" : "retry";
	host_write(host);
	if (code) /* where no server answered there is none to go easy on: the breaker counts that */
		policy_tried(host, m->account, m->id, db_int(host->db, 0, HANDED_AT, "i", m->id));
	db_run(host->db, RETRY, "isssi", look_again(m, due), rule, text, code, m->id);
	host_see(host, json_pack("{s:s, s:s, s:s, s:s, s:I}", "event", "deferred", "channel", m->channel, "rule", rule, "reason", text, "until",
	                         (json_int_t)due), m->contact, m->run);
	if (open && reach_is(m))
		reach_broken(host, m, text, due);
}

/* What an outcome says of the account's channel. True: that it fails. */
static bool note_sign(Host *host, const Message *m, BreakerSign sign, const char *text)
{
	if (sign == BREAKER_WORKS && breaker_works(host, m->account))
		db_run(host->db, RELEASE_BROKEN, "is", host_now(host), m->account);
	Time handed_at = db_int(host->db, 0, HANDED_AT, "i", m->id), until;
	if (sign == BREAKER_FAILS && breaker_failed(host, m->account, handed_at, text) && breaker_state(host, m->account, &until) != BREAKER_CLOSED)
		reach_free(host, m->account);
	return sign == BREAKER_FAILS;
}

/* settled: found out afterwards, of a carrier that is gone; that says nothing of how its channel is now. */
static void take_outcome(Host *host, int64_t id, bool settled, SentClass class, uint32_t number, const char *enhanced, const char *text)
{
	g_auto(Message) m = { 0 };
	if (!message_load(host, id, &m) || !g_str_equal(m.state, "handed"))
		return;
	bool broken = note_sign(host, &m, settled ? BREAKER_SILENT : breaker_sign(class, number, enhanced), text);
	g_autofree char *code = number ? g_strdup_printf("%u%s%s", number, *enhanced ? " " : "", enhanced) : NULL;
	if (broadcasts_outcome(host, &m, class, text))
		return;
	switch (class) {
	case SENT_OK: sent(host, &m, "accepted", code, NULL); break;
	case SENT_AMBIGUOUS: sent(host, &m, "unknown", code, text); break;
	case SENT_RATE:
	case SENT_TEMPORARY:
	case SENT_AUTH:
	case SENT_CONFIG: retry(host, &m, broken, code, text); break;
	case SENT_UNREACHABLE:
		if (m.address)
			policy_suppress_identity(host, m.channel, m.address, "dead_address", m.contact);
		refuse(host, &m, NULL, text, "unreachable", "bounced");
		break;
	case SENT_WINDOW:
	case SENT_PERMANENT: refuse(host, &m, NULL, text, "invalid", "refused"); break;
	}
}

void ledger_outcome(Host *host, int64_t id, SentClass class, uint32_t number, const char *enhanced, const char *text)
{
	take_outcome(host, id, false, class, number, enhanced, text);
}

/* The class of a reply that stands in the send log: the sender child gave it finer, but its word was lost with it. */
static SentClass logged_class(uint32_t code, const char *enhanced)
{
	static const char *const dead[] = { "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", NULL };
	if (code / 100 == 2)
		return SENT_OK;
	if (code / 100 == 4)
		return SENT_TEMPORARY;
	return g_strv_contains(dead, enhanced) ? SENT_UNREACHABLE : SENT_PERMANENT;
}

void ledger_settle(Host *host, int64_t id, SettledState state, bool same_boot, uint32_t code, const char *enhanced, const char *text)
{
	static const char AGAIN[] = "UPDATE messages SET state = 'queued', due = ?, handed_at = NULL WHERE id = ? AND state = 'handed'";
	g_auto(Message) m = { 0 };
	bool good;
	host_write(host);
	if (state == SETTLED_ANSWER)
		take_outcome(host, id, true, logged_class(code, enhanced), code, enhanced, text);
	else if (state == SETTLED_MARK || !same_boot)
		take_outcome(host, id, true, SENT_AMBIGUOUS, 0, "", "the connection was lost before the server's answer was known");
	else if (!message_load(host, id, &m) || !g_str_equal(m.state, "handed"))
		return;
	else if (!broadcasts_resolve(host, &m, false, &good, NULL))
		db_run(host->db, AGAIN, "ii", host_now(host), id);
	else if (!good)
		take_outcome(host, id, true, SENT_PERMANENT, 0, "", "its words are gone, so it can't go again");
}

/* ---- from elsewhere -------------------------------------------------------------------------------------------- */

void ledger_withdraw_run(Host *host, int64_t run, const char *reason)
{
	host_write(host);
	db_run(host->db, WITHDRAW, "sii", reason, host_now(host), run);
}

void ledger_unwithdraw(Host *host, int64_t run)
{
	static const char IS_PENDING[] = "SELECT 1 FROM journal WHERE run = ? AND answer IS NULL";
	if (db_int(host->db, 0, IS_PENDING, "i", run))
		db_run(host->db, UNWITHDRAW, "ii", run, host_now(host) + host->workspace->undo);
}

void ledger_mail_read(Host *host, const char *account)
{
	(void)account; /* a follow-up may wait for another mailbox than the one it leaves by */
	host_write(host);
	db_run(host->db, RELEASE_READ, "i", host_now(host));
}

/* Whose account perigee.lua no longer has: it is held if it can't go by another. */
static bool holds_to_account(Host *host, const Message *m)
{
	bool wanted = g_strcmp0(value_string(m->options, "from", NULL), m->account) == 0;
	if (!*m->account || reach_is(m) || (!wanted && m->attempts == 0))
		return false;
	g_autofree char *reason = g_strdup_printf("perigee.lua no longer has the account %s, %s: name it there again and restart, or `perigee messages cancel %" G_GINT64_FORMAT "`",
	                                          m->account, wanted ? "by which alone it is to go" : "by which it was already tried", m->id);
	ledger_hold(host, m, reason);
	return true;
}

/* Messages that were asked for when perigee.lua had no account for them, or another one. */
static void choose_accounts(Host *host)
{
	static const char HOMELESS[] = "SELECT id, account FROM messages WHERE state = 'queued' AND contact IS NOT NULL";
	static const char SET_ACCOUNT[] = "UPDATE messages SET account = ? WHERE id = ?";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, HOMELESS, "");
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		if (!workspace_account(host->workspace, rows_text(rows, 1)))
			g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++) {
		g_auto(Message) m = { 0 };
		g_auto(Run) run = { 0 };
		if (!message_load(host, g_array_index(ids, int64_t, i), &m) || holds_to_account(host, &m))
			continue;
		const Account *account = ledger_account(host, m.run && run_load(host, m.run, &run) ? &run : NULL, m.contact, m.channel, NULL);
		const char *name = account && !reach_is(&m) ? account->name : "";
		if (!g_str_equal(name, m.account))
			db_run(host->db, SET_ACCOUNT, "si", name, m.id);
	}
}

void ledger_release_held(Host *host)
{
	host_write(host);
	db_run(host->db, RELEASE_HELD, "i", host_now(host));
	if (!breaker_is_on(host->workspace))
		breaker_release_all(host);
	choose_accounts(host);
}

static bool find(Host *host, int64_t id, const char *wanted, const char *advice, Message *m, GError **error)
{
	if (!message_load(host, id, m)) {
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_UNKNOWN, "no message %" G_GINT64_FORMAT ": `perigee messages` lists them", id);
		return false;
	}
	if (strstr(wanted, m->state))
		return true;
	g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_STATE, "message %" G_GINT64_FORMAT " is %s: %s", id, m->state, advice);
	return false;
}

bool ledger_cancel(Host *host, int64_t id, GError **error)
{
	g_auto(Message) m = { 0 };
	if (!find(host, id, "queued held", "only one that still waits can be cancelled", &m, error))
		return false;
	host_write(host);
	db_run(host->db, CLOSE, "sssssii", "cancelled", NULL, "cancelled by a person", NULL, NULL, host_now(host), id);
	attach_release(host, id);
	if (m.run && tries(host, &m))
		answer_failure(host, &m, "cancelled by a person", "refused", "cancelled");
	else if (m.run)
		runs_end(host, m.run, "stopped", "stopped", NULL, "its message was cancelled by a person");
	return true;
}

bool ledger_resolve(Host *host, int64_t id, const char *what, GError **error)
{
	static const char SETTLED[] = "UPDATE messages SET state = 'accepted', error = NULL WHERE id = ?";
	static const char AGAIN[] = "UPDATE messages SET state = 'queued', due = ?, message_id = NULL, error = NULL WHERE id = ?";
	g_auto(Message) m = { 0 };
	if (!find(host, id, "unknown", "only one whose outcome is unknown can be resolved", &m, error))
		return false;
	host_write(host);
	bool arrived = g_str_equal(what, "sent"), again = g_str_equal(what, "again"), good;
	if ((arrived || again) && broadcasts_resolve(host, &m, arrived, &good, error))
		return good;
	if (arrived) {
		db_run(host->db, SETTLED, "i", id);
		return true;
	}
	if (again) {
		db_run(host->db, AGAIN, "ii", host_now(host), id);
		if (reach_is(&m)) /* it may have arrived by this channel: it goes by no other */
			reach_forget(host, &m);
		return true;
	}
	g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "say \"sent\" or \"again\", not \"%s\"", what);
	return false;
}

void ledger_by_hand(Host *host, int64_t id, bool was_sent)
{
	g_auto(Message) m = { 0 };
	if (!message_load(host, id, &m) || !g_str_equal(m.state, "handed"))
		return;
	if (was_sent) {
		host_see(host, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:n}", "event", "sent", "channel", m.channel, "account", m.account, "template",
		                         m.template_name, "subject", m.subject, "text", m.text, "thread"), m.contact, m.run);
		sent(host, &m, "accepted", NULL, NULL);
		if (host->simulated)
			pretend_sent(host, m.contact, m.channel);
	} else {
		refuse(host, &m, "hand", "the person did not send it", "refused", "refused");
	}
}

/* ---- a test message to oneself --------------------------------------------------------------------------------- */

static const char ADD_TEST[] =
	"INSERT INTO messages (channel, account, direction, state, template, options, address, at, due)"
	" VALUES ('email', ?, 'out', 'queued', ?, ?, ?, ?, ?)";
static const char STATE[] = "SELECT state FROM messages WHERE id = ?";
static const char OUTCOME[] = "SELECT state || coalesce(': ' || reason, ': ' || error, '') FROM messages WHERE id = ?";

/* True once the message has an outcome, or waits for something that takes longer than a person does. */
static bool settled(Host *host, int64_t id, bool *considered)
{
	g_autofree char *state = db_text(host->db, STATE, "i", id);
	if (!state || !(g_str_equal(state, "queued") || g_str_equal(state, "handed")))
		return true;
	static const char LATER[] = "SELECT due > ? FROM messages WHERE id = ? AND state = 'queued'";
	if (*considered && db_int(host->db, 0, LATER, "ii", host_now(host), id))
		return true;
	g_auto(Message) m = { 0 };
	bool waits = message_load(host, id, &m) && g_str_equal(m.state, "queued") && !g_hash_table_contains(host->ledger_rendering, &id);
	if (waits && host->carrier->room(host, workspace_account(host->workspace, m.account)) > 0) {
		handover_consider(host, id);
		*considered = true;
	}
	return false;
}

bool ledger_test(Host *host, const char *to, const char *template_name, const char *contact, char **said, GError **error)
{
	enum { PATIENCE_MS = 60000 };
	const Account *account = ledger_account(host, NULL, contact, "email", NULL);
	if (!account || !account->has_smtp) {
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "there is no e-mail account in perigee.lua that can send");
		return false;
	}
	Verdict verdict = policy_check_copy(host, "email", to);
	if (verdict.answer != POLICY_ALLOW)
		g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_STATE, "the test message was not sent to %s: %s", to, verdict.reason);
	bool refused = verdict.answer != POLICY_ALLOW;
	verdict_clear(&verdict);
	if (refused || (!host->carrier && !(host->carrier = netlink_new(host, error))))
		return false;
	g_autoptr(json_t) options = json_pack("{s:b, s:s}", "test", true, "as", contact);
	g_autofree char *text = value_text(options);
	Time now = host_now(host);
	host_write(host);
	db_run(host->db, ADD_TEST, "ssssii", account->name, template_name, text, to, now, now);
	int64_t id = db_last_id(host->db);
	gint64 until = g_get_monotonic_time() + (gint64)PATIENCE_MS * 1000;
	bool considered = false;
	while (!settled(host, id, &considered) && g_get_monotonic_time() < until) {
		host->carrier->turn(host);
		host_turn(host, 50);
	}
	*said = db_text(host->db, OUTCOME, "i", id);
	g_autofree char *state = db_text(host->db, STATE, "i", id);
	if (g_strcmp0(state, "accepted") == 0)
		return true;
	GError *cancel = NULL;
	if (!ledger_cancel(host, id, &cancel))
		g_error_free(cancel);
	g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_STATE, "the test message was not sent: %s", *said);
	return false;
}
