/* SPDX-License-Identifier: MIT */
/* Broadcasts: see broadcasts.h. Owns the table broadcasts. */
#include "host/broadcasts.h"

#include "host/breaker.h"
#include "host/carrier.h"
#include "host/compose.h"
#include "host/contacts.h"
#include "host/ledger.h"
#include "host/policy.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

G_DEFINE_QUARK(perigee-broadcasts-error, broadcasts_error)

const char *const broadcasts_states[] = { "planned", "confirmed", "handed", "unknown", "sent", "refused", "lapsed", "cancelled", NULL };

enum { TO_BYTES = 200, LOCALE_BYTES = 64, RETRY_MOST = 6 };
#define LOOK_AGAIN TIME_HOUR         /* at least so often at one that waits */
#define TOO_LATE TIME_DAY            /* after the first moment at which it might have left */

static const char ADD[] =
	"INSERT INTO broadcasts (run, position, sequence, state, channel, account, target, template, vars, locale, at, due, created_at)"
	" VALUES (?, ?, ?, 'rendering', ?, ?, ?, ?, ?, ?, ?, ?, ?)";
#define COLUMNS "id, state, channel, account, target, template, vars, locale, subject, text, at, run, position, sequence, created_at, message, attempts"
static const char FIND[] = "SELECT " COLUMNS " FROM broadcasts WHERE id = ?";
static const char DUE[] = "SELECT id FROM broadcasts WHERE state IN ('rendering', 'planned', 'confirmed') AND due <= ? ORDER BY due, id";
static const char NEXT[] = "SELECT min(due) FROM broadcasts WHERE state IN ('rendering', 'planned', 'confirmed')";
static const char DROP[] = "DELETE FROM broadcasts WHERE id = ? AND state = 'rendering'";
static const char PLANNED[] = "UPDATE broadcasts SET state = 'planned', subject = ?, text = ?, due = at WHERE id = ? AND state = 'rendering'";
static const char CONFIRM[] = "UPDATE broadcasts SET state = 'confirmed', confirmed_at = ?, due = at WHERE id = ? AND state = 'planned'";
static const char CLOSE[] = "UPDATE broadcasts SET state = ?, done_at = ?, rule = ?, reason = ? WHERE id = ?";
static const char DEFER[] = "UPDATE broadcasts SET due = ?, rule = ?, reason = ? WHERE id = ?";
static const char HANDED[] =
	"UPDATE broadcasts SET state = 'handed', message = ?, attempts = attempts + 1, rule = NULL, reason = NULL WHERE id = ?";
static const char BACK[] = "UPDATE broadcasts SET state = 'confirmed', due = ?, done_at = NULL, rule = 'retry', reason = ? WHERE id = ?";
static const char AGAIN[] =
	"UPDATE broadcasts SET state = 'confirmed', at = max(at, ?1), due = max(at, ?1), done_at = NULL, rule = NULL, reason = NULL WHERE id = ?2";
static const char OF_MESSAGE[] = "SELECT id FROM broadcasts WHERE message = ?";
static const char HANDED_OF[] =
	"SELECT count(*) FROM messages WHERE state = 'handed' AND id IN (SELECT message FROM broadcasts WHERE message IS NOT NULL AND account = ? AND state = 'handed')";
static const char HAND[] =
	"INSERT INTO messages (channel, account, direction, state, template, address, subject, text, message_id, at, handed_at, first_handed_at, boot, attempts)"
	" VALUES (?1, ?2, 'out', 'handed', ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?8, ?9, 1)";
static const char CLOSE_MESSAGE[] = "UPDATE messages SET state = ?, done_at = ?, error = ? WHERE id = ?";
static const char LIST[] =
	"SELECT id, state, channel, account, target, template, subject, text, at, run, sequence, created_at, confirmed_at, done_at, message, rule, reason FROM broadcasts"
	" WHERE state <> 'rendering' AND (?1 IS NULL OR state = ?1 OR (?1 = 'open' AND state IN ('planned', 'confirmed'))"
	" OR (?1 = 'waiting' AND state IN ('planned', 'confirmed', 'handed', 'unknown'))) AND (?2 = 0 OR id = ?2)"
	" ORDER BY CASE state WHEN 'unknown' THEN 0 WHEN 'planned' THEN 1 WHEN 'confirmed' THEN 2 WHEN 'handed' THEN 3 ELSE 4 END, CASE WHEN state IN ('planned', 'confirmed') THEN at ELSE -coalesce(done_at, at) END, id";
static const char OLDEST[] = "SELECT id FROM broadcasts WHERE state = 'planned' ORDER BY at, id LIMIT 1";

/* Those where many read what one writes. */
static const char *const channels[] = { "discord", "matrix", "slack", "telegram", NULL };

/* A row. */
typedef struct Broadcast {
	int64_t id;
	char *state, *channel, *account, *target, *template_name, *vars, *locale, *subject, *text;
	Time at;
	int64_t run, position;
	char *sequence;
	Time created_at;
	int64_t message, attempts;
} Broadcast;

static void broadcast_clear(Broadcast *b)
{
	char *texts[] = { b->state, b->channel, b->account, b->target, b->template_name, b->vars, b->locale, b->subject, b->text, b->sequence };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	*b = (Broadcast){ 0 };
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Broadcast, broadcast_clear)

static bool load(Host *host, int64_t id, Broadcast *b)
{
	*b = (Broadcast){ .id = id };
	Rows *rows = db_query(host->db, FIND, "i", id);
	if (!rows_next(rows))
		return false;
	char **texts[] = { &b->state, &b->channel, &b->account, &b->target, &b->template_name, &b->vars, &b->locale, &b->subject, &b->text };
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		*texts[i] = g_strdup(rows_text(rows, i + 1));
	b->at = rows_int(rows, 10);
	b->run = rows_int(rows, 11);
	b->position = rows_int(rows, 12);
	b->sequence = g_strdup(rows_text(rows, 13));
	b->created_at = rows_int(rows, 14);
	b->message = rows_int(rows, 15);
	b->attempts = rows_int(rows, 16);
	rows_done(rows);
	return true;
}

/* Whoever looks is told of its state. */
static void see(Host *host, const Broadcast *b, const char *state, const char *rule, const char *reason, Time due)
{
	json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s?, s:s*, s:s*}", "event", "broadcast", "state", state, "channel", b->channel,
	                          "account", b->account, "to", b->target, "template", b->template_name, "subject", b->subject, "text", b->text, "rule", rule,
	                          "reason", reason);
	json_object_set_new(event, "id", json_integer(b->id));
	if (due)
		json_object_set_new(event, "due", json_integer(due));
	host_see(host, event, NULL, b->run);
}

static bool say(GError **error, BroadcastsError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool say(GError **error, BroadcastsError code, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	g_set_error_literal(error, BROADCASTS_ERROR, (int)code, text);
	return false;
}

/* ---- planning ---------------------------------------------------------------------------------------------------- */

static bool is_line(const char *text, size_t most)
{
	bool good = *text && strlen(text) <= most;
	for (const char *c = text; *c; c++)
		good = good && !g_ascii_iscntrl(*c);
	return good;
}

static bool may_broadcast(const char *channel, GError **error)
{
	if (g_strv_contains(channels, channel))
		return true;
	if (g_str_equal(channel, "email"))
		return say(error, BROADCASTS_ERROR_INVALID, "perigee.broadcast: email goes to each person by themselves: enrol a segment in a sequence");
	g_autofree char *known = g_strjoinv(", ", (char **)channels);
	return say(error, BROADCASTS_ERROR_INVALID, "perigee.broadcast: %s has no channel that many read (%s have)", channel, known);
}

static bool time_of(Host *host, const json_t *args, Time *at, GError **error)
{
	const json_t *value = json_object_get(args, "at");
	if (!value || !when_resolve(value, host_now(host), host->workspace->zone, host->workspace->hours, at, error))
		return value ? false : say(error, BROADCASTS_ERROR_INVALID, "perigee.broadcast: at is missing");
	if (*at > host_now(host))
		return true;
	return say(error, BROADCASTS_ERROR_INVALID, "perigee.broadcast: its time has passed: a person confirms it before it leaves, so give them some, such as \"1 day\"");
}

static json_t *no(const char *text, const char *code, const char *rule)
{
	return rule ? json_pack("{s:[n, s, s, s]}", "r", text, code, rule) : json_pack("{s:[n, s, s]}", "r", text, code);
}

/* The rules, for one that may leave now; at planning those that don't pass with time. */
static Verdict rules(Host *host, const Broadcast *b, bool planning)
{
	PolicyCase c = { .channel = b->channel, .account = *b->account ? workspace_account(host->workspace, b->account) : NULL, .sequence = b->sequence,
		         .text = b->text, .asking = planning };
	return policy_check_broadcast(host, &c);
}

bool broadcasts_plan(Host *host, const Run *run, int64_t position, const json_t *args, json_t **answer, GError **error)
{
	const char *channel = value_string(args, "channel", ""), *to = value_string(args, "to", ""), *template_name = value_string(args, "template", "");
	const char *named = value_string(args, "account", NULL), *locale = value_string(args, "locale", NULL);
	const json_t *vars = json_object_get(args, "vars");
	Time at;
	*answer = NULL;
	if (!may_broadcast(channel, error) || !time_of(host, args, &at, error))
		return false;
	if (!is_line(to, TO_BYTES) || !*template_name || (locale && !is_line(locale, LOCALE_BYTES)) || (vars && !json_is_object(vars)))
		return say(error, BROADCASTS_ERROR_INVALID, "perigee.broadcast: channel, to, template and at are needed; to is one line");
	const Account *account = ledger_account(host, run, "", channel, named);
	Broadcast asked = { .channel = (char *)channel, .account = account ? account->name : (char *)"", .sequence = run->sequence };
	Verdict verdict = rules(host, &asked, true);
	if (verdict.answer == POLICY_REFUSE) {
		g_autofree char *no_such = named ? g_strdup_printf("there is no %s account \"%s\" in perigee.lua", channel, named) : NULL;
		*answer = no(!account && no_such ? no_such : verdict.reason, "refused", verdict.rule);
		verdict_clear(&verdict);
		return true;
	}
	verdict_clear(&verdict);
	g_autofree char *text = vars ? value_text(vars) : NULL;
	host_write(host);
	db_run(host->db, ADD, "iisssssssiii", run->id, position, run->sequence, channel, account->name, to, template_name, text, locale, at, host_now(host),
	       host_now(host));
	return true;
}

/* ---- rendering --------------------------------------------------------------------------------------------------- */

typedef struct Rendering {
	Host *host;
	int64_t id;
	uint64_t ticket;
	char *data, *options; /* JSON */
} Rendering;

static void rendering_free(void *data)
{
	Rendering *r = data;
	g_free(r->data);
	g_free(r->options);
	g_free(r);
}

static GHashTable *renderings(Host *host)
{
	if (!host->broadcast_renderings)
		host->broadcast_renderings = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, rendering_free);
	return host->broadcast_renderings;
}

/* It can't be: its run hears that, and nothing is planned. */
static void not_planned(Host *host, const Broadcast *b, const char *text, const char *code, const char *rule)
{
	host_write(host);
	db_run(host->db, DROP, "i", b->id);
	runs_answer(host, b->run, b->position, no(text, code, rule));
}

static void planned(Host *host, Broadcast *b, const json_t *result)
{
	b->text = g_strdup(value_string(result, "text", ""));
	b->subject = g_strdup(value_string(result, "subject", NULL));
	Verdict verdict = rules(host, b, true);
	if (json_array_size(json_object_get(result, "attach")) || json_array_size(json_object_get(result, "documents"))) {
		not_planned(host, b, "files can't go with a broadcast", "invalid", NULL);
	} else if (verdict.answer == POLICY_REFUSE) {
		not_planned(host, b, verdict.reason, "refused", verdict.rule);
	} else {
		host_write(host);
		db_run(host->db, PLANNED, "ssi", b->subject, b->text, b->id);
		see(host, b, "planned", NULL, NULL, b->at);
		if (!host->simulated)
			log_info("broadcast %" G_GINT64_FORMAT " to %s on %s is planned: `perigee broadcast show %" G_GINT64_FORMAT "`, then confirm it, or it lapses", b->id,
		         b->target, b->channel, b->id);
		runs_answer(host, b->run, b->position, json_pack("{s:[I]}", "r", (json_int_t)b->id));
	}
	verdict_clear(&verdict);
}

static void rendering_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	Rendering *r = user;
	Host *host = r->host;
	g_auto(Broadcast) b = { 0 };
	g_autofree char *reason = *where ? g_strdup_printf("templates/%s: %s", where, text) : g_strdup(text);
	if (load(host, r->id, &b) && g_str_equal(b.state, "rendering"))
		not_planned(host, &b, reason, "invalid", NULL);
	g_hash_table_remove(renderings(host), &r->id);
}

static bool rendering_frame(void *user, uint64_t ticket, Frame *frame, bool *bad)
{
	Rendering *r = user;
	Host *host = r->host;
	if (frame->kind == W_FAILED) {
		g_autofree char *code = NULL, *text = NULL, *where = NULL;
		*bad = !workers_failure(frame, &code, &text, &where);
		if (!*bad)
			rendering_failed(r, ticket, code, text, where);
		return !*bad;
	}
	size_t size, entity;
	const char *text = frame_get_str(frame, &size);
	g_autoptr(json_t) result = frame->kind == W_RENDERED ? value_parse(text, (gssize)size, NULL) : NULL;
	frame_get_str(frame, &entity);
	g_auto(Broadcast) b = { 0 };
	bool wanted = load(host, r->id, &b) && g_str_equal(b.state, "rendering");
	*bad = !frame_end(frame) || !handover_is_rendering(result, wanted ? b.channel : "", entity);
	if (*bad)
		return false;
	if (wanted)
		planned(host, &b, result);
	g_hash_table_remove(renderings(host), &r->id);
	return true;
}

static void write_rendering(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Rendering *r = user;
	peer_begin(peer, W_RENDER, ticket);
	peer_put_u64(peer, program);
	peer_put_str(peer, r->data, -1);
	peer_put_str(peer, r->options, -1);
	peer_end(peer);
}

/* A template of a broadcast sees its account, the script's name and vars; there is no contact. */
static void render(Host *host, const Broadcast *b)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Program) program = versions_template(host, b->template_name, &error);
	if (!program) {
		not_planned(host, b, error->message, "invalid", NULL);
		return;
	}
	const Account *account = workspace_account(host->workspace, b->account);
	g_autoptr(json_t) vars = b->vars ? value_parse(b->vars, -1, NULL) : NULL, data = vars ? json_copy(vars) : json_object();
	json_t *options = json_pack("{s:s, s:s*, s:s}", "channel", b->channel, "locale", b->locale, "boundary", "00000000000000000000000000000000");
	if (account)
		json_object_set_new(data, "account", json_pack("{s:s, s:s?, s:s?}", "name", account->name, "from_name", account->from_name, "owner", account->owner));
	json_object_set_new(data, "sequence", json_pack("{s:s}", "name", b->sequence));
	Rendering *r = g_new0(Rendering, 1);
	*r = (Rendering){ .host = host, .id = b->id, .data = value_text(data), .options = value_text(options) };
	json_decref(options);
	g_hash_table_insert(renderings(host), &r->id, r);
	WorkerCall call = { .domain = "workspace", .program = program, .write = write_rendering, .frame = rendering_frame, .failed = rendering_failed, .user = r,
	                    .ticket = &r->ticket };
	workers_call(host->workers, &call);
}

void broadcasts_forget(Host *host)
{
	GHashTableIter iter;
	void *value;
	if (!host->broadcast_renderings)
		return;
	g_hash_table_iter_init(&iter, host->broadcast_renderings);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((Rendering *)value)->ticket)
			workers_cancel(host->workers, ((Rendering *)value)->ticket);
	g_clear_pointer(&host->broadcast_renderings, g_hash_table_unref);
}

/* ---- what a person says ------------------------------------------------------------------------------------------ */

static bool find_open(Host *host, int64_t id, Broadcast *b, GError **error)
{
	if (!load(host, id, b) || g_str_equal(b->state, "rendering"))
		return say(error, BROADCASTS_ERROR_UNKNOWN, "no broadcast %" G_GINT64_FORMAT ": `perigee broadcast` lists them", id);
	if (g_str_equal(b->state, "planned") || g_str_equal(b->state, "confirmed"))
		return true;
	if (g_str_equal(b->state, "unknown"))
		return say(error, BROADCASTS_ERROR_STATE, "broadcast %" G_GINT64_FORMAT " is unknown: see whether it is there, then say `perigee messages resolve %" G_GINT64_FORMAT
		           " sent` or `... again`", id, b->message);
	return say(error, BROADCASTS_ERROR_STATE, "broadcast %" G_GINT64_FORMAT " is %s already", id, b->state);
}

bool broadcasts_confirm(Host *host, int64_t id, GError **error)
{
	g_auto(Broadcast) b = { 0 };
	if (!find_open(host, id, &b, error))
		return false;
	if (g_str_equal(b.state, "confirmed"))
		return say(error, BROADCASTS_ERROR_STATE, "broadcast %" G_GINT64_FORMAT " is confirmed already", id);
	if (b.at <= host_now(host))
		return say(error, BROADCASTS_ERROR_STATE, "broadcast %" G_GINT64_FORMAT " has lapsed: its time has passed without anybody's confirming it", id);
	host_write(host);
	db_run(host->db, CONFIRM, "ii", host_now(host), id);
	see(host, &b, "confirmed", NULL, NULL, b.at);
	return true;
}

bool broadcasts_cancel(Host *host, int64_t id, GError **error)
{
	g_auto(Broadcast) b = { 0 };
	if (!find_open(host, id, &b, error))
		return false;
	host_write(host);
	db_run(host->db, CLOSE, "sissi", "cancelled", host_now(host), NULL, NULL, id);
	see(host, &b, "cancelled", NULL, NULL, 0);
	return true;
}

/* ---- when its time has come -------------------------------------------------------------------------------------- */

static void close_as(Host *host, const Broadcast *b, const char *state, const char *rule, const char *reason)
{
	host_write(host);
	db_run(host->db, CLOSE, "sissi", state, host_now(host), rule, reason, b->id);
	see(host, b, state, rule, reason, 0);
	if (!host->simulated)
		log_warn("broadcast %" G_GINT64_FORMAT " to %s on %s is %s: %s", b->id, b->target, b->channel, state, reason);
}

static void to_carrier(Host *host, void *data)
{
	int64_t *id = data;
	g_auto(Message) m = { 0 };
	if (message_load(host, *id, &m) && g_str_equal(m.state, "handed")) {
		const Account *account = workspace_account(host->workspace, m.account);
		Handing handing = { .id = m.id, .account = account, .channel = m.channel, .address = m.address, .message_id = m.message_id,
			            .template_name = m.template_name, .subject = m.subject, .text = m.text };
		host->carrier->hand(host, &handing);
	}
	g_free(id);
}

static void not_handed(Host *host, void *data)
{
	(void)host;
	g_free(data);
}

static void hand(Host *host, const Broadcast *b)
{
	Time now = host_now(host);
	g_autofree char *message_id = compose_message_id(host, "broadcast.invalid");
	host_write(host);
	db_run(host->db, HAND, "sssssssis", b->channel, b->account, b->template_name, b->target, b->subject, b->text, message_id, now, host->boot);
	int64_t message = db_last_id(host->db);
	db_run(host->db, HANDED, "ii", message, b->id);
	breaker_try(host, b->account);
	host_after_commit(host, to_carrier, not_handed, g_memdup2(&message, sizeof message));
}

/* Nobody waits for a launch that comes a day after it. */
static bool is_too_late(Host *host, const Broadcast *b)
{
	Time open = hours_next(host->workspace->hours, host->workspace->zone, b->at);
	return host_now(host) > (open == TIME_NEVER ? b->at : open) + TOO_LATE;
}

static void defer(Host *host, const Broadcast *b, const Verdict *verdict)
{
	if (is_too_late(host, b)) {
		g_autofree char *reason = g_strdup_printf("it could not leave within a day of its time: %s", verdict->reason);
		close_as(host, b, "lapsed", verdict->rule, reason);
		return;
	}
	Time until = MIN(verdict->until, host_now(host) + LOOK_AGAIN);
	host_write(host);
	db_run(host->db, DEFER, "issi", MAX(until, host_now(host) + TIME_SECOND), verdict->rule, verdict->reason, b->id);
}

/* As the ledger asks it; what is handed and not committed yet counts too. */
static bool has_room(Host *host, const Broadcast *b)
{
	const Account *account = workspace_account(host->workspace, b->account);
	int64_t taken = handover_rendering(host, b->account) + db_int(host->db, 0, HANDED_OF, "s", b->account);
	return account && host->carrier->room(host, account) - taken > 0;
}

static void leave(Host *host, const Broadcast *b)
{
	Verdict verdict = rules(host, b, false), full = { .answer = POLICY_DEFER, .until = host_now(host), .reason = (char *)"others go by its account now" };
	if (verdict.answer == POLICY_REFUSE)
		close_as(host, b, "refused", verdict.rule, verdict.reason);
	else if (verdict.answer == POLICY_DEFER)
		defer(host, b, &verdict);
	else if (!has_room(host, b))
		defer(host, b, &full);
	else
		hand(host, b);
	verdict_clear(&verdict);
}

static void look_at(Host *host, int64_t id)
{
	g_auto(Broadcast) b = { 0 };
	if (!load(host, id, &b))
		return;
	if (g_str_equal(b.state, "rendering")) {
		if (!g_hash_table_contains(renderings(host), &id))
			render(host, &b);
	} else if (g_str_equal(b.state, "planned")) {
		close_as(host, &b, "lapsed", NULL, "nobody confirmed it before its time");
	} else if (host->carrier && !host->planning) {
		leave(host, &b);
	}
}

void broadcasts_turn(Host *host)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, DUE, "i", host_now(host));
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++)
		look_at(host, g_array_index(ids, int64_t, i));
}

Time broadcasts_next_due(Host *host)
{
	return host->planning ? TIME_NEVER : db_int(host->db, TIME_NEVER, NEXT, "");
}

static bool load_of(Host *host, const Message *message, Broadcast *b)
{
	int64_t id = message->contact || message->run ? 0 : db_int(host->db, 0, OF_MESSAGE, "i", message->id);
	return id && load(host, id, b);
}

static void has_left(Host *host, const Broadcast *b, const Message *message)
{
	Time now = host_now(host);
	db_run(host->db, CLOSE_MESSAGE, "sisi", "accepted", now, NULL, message->id);
	db_run(host->db, CLOSE, "sissi", "sent", now, NULL, NULL, b->id);
	see(host, b, "sent", NULL, NULL, 0);
}

bool broadcasts_resolve(Host *host, const Message *message, bool sent, bool *good, GError **error)
{
	g_auto(Broadcast) b = { 0 };
	*good = true;
	if (!load_of(host, message, &b))
		return false;
	host_write(host);
	if (sent) {
		has_left(host, &b, message);
	} else if (!b.text) { /* erased, or kept no longer */
		*good = say(error, BROADCASTS_ERROR_STATE, "the words of broadcast %" G_GINT64_FORMAT " are gone, so it can't go again: plan another, and say `perigee messages resolve %"
		            G_GINT64_FORMAT " sent` to close this one", b.id, message->id);
	} else {
		db_run(host->db, CLOSE_MESSAGE, "sisi", "withdrawn", host_now(host), "it goes again as a message of its own", message->id);
		db_run(host->db, AGAIN, "ii", host_now(host), b.id);
		see(host, &b, "confirmed", NULL, "it goes again", MAX(b.at, host_now(host)));
	}
	return true;
}

bool broadcasts_outcome(Host *host, const Message *message, SentClass sent, const char *text)
{
	g_auto(Broadcast) b = { 0 };
	if (!load_of(host, message, &b))
		return false;
	int64_t id = b.id;
	Time now = host_now(host);
	host_write(host);
	switch (sent) {
	case SENT_OK: has_left(host, &b, message); return true;
	case SENT_AMBIGUOUS:
		db_run(host->db, CLOSE_MESSAGE, "sisi", "unknown", now, text, message->id);
		close_as(host, &b, "unknown", NULL, text);
		return true;
	case SENT_RATE:
	case SENT_TEMPORARY:
	case SENT_AUTH:
	case SENT_CONFIG:
		db_run(host->db, CLOSE_MESSAGE, "sisi", "withdrawn", now, text, message->id);
		db_run(host->db, BACK, "isi", now + breaker_pause(MIN(b.attempts, RETRY_MOST)), text, id);
		if (is_too_late(host, &b))
			close_as(host, &b, "lapsed", "retry", text);
		return true;
	case SENT_UNREACHABLE:
	case SENT_WINDOW:
	case SENT_PERMANENT: break;
	}
	db_run(host->db, CLOSE_MESSAGE, "sisi", "refused", now, text, message->id);
	close_as(host, &b, "refused", NULL, text);
	return true;
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

static json_t *rows_json(Rows *rows)
{
	static const char types[] = "isssssssiisiiiiss";
	static const char *const names[] = {
		"id", "state", "channel", "account", "to", "template", "subject", "text", "at", "run", "sequence", "created_at", "confirmed_at", "done_at", "message",
		"rule", "reason",
	};
	json_t *list = json_array();
	while (rows_next(rows)) {
		json_t *row = json_object();
		for (int i = 0; types[i]; i++)
			json_object_set_new(row, names[i], rows_null(rows, i) ? json_null() : types[i] == 'i' ? json_integer(rows_int(rows, i)) : json_string(rows_text(rows, i)));
		json_array_append_new(list, row);
	}
	return list;
}

json_t *broadcasts_list(Host *host, const char *state)
{
	return rows_json(db_query(host->db, LIST, "si", state, (int64_t)0));
}

json_t *broadcasts_find(Host *host, int64_t id, GError **error)
{
	g_autoptr(json_t) list = rows_json(db_query(host->db, LIST, "si", NULL, id));
	json_t *row = id ? json_array_get(list, 0) : NULL;
	if (!row)
		say(error, BROADCASTS_ERROR_UNKNOWN, "no broadcast %" G_GINT64_FORMAT ": `perigee broadcast --all` lists them", id);
	return row ? json_incref(row) : NULL;
}

int64_t broadcasts_oldest(Host *host)
{
	return db_int(host->db, 0, OLDEST, "");
}
