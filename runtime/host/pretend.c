/* SPDX-License-Identifier: MIT */
/* Pretend channels: see pretend.h. */
#include "host/pretend.h"

#include "base/away.h"
#include "host/broadcasts.h"
#include "host/confirm.h"
#include "host/contacts.h"
#include "host/dates.h"
#include "host/events.h"
#include "host/hooks.h"
#include "host/ledger.h"
#include "host/links.h"
#include "host/policy.h"
#include "host/prepared.h"
#include "host/replies.h"
#include "host/requests.h"
#include "host/tasks.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

G_DEFINE_QUARK(perigee-pretend-error, pretend_error)

static const char HOOK[] = "hook:";

/* A time in which a channel has no connection. */
typedef struct Outage {
	char *channel;
	Time from, until;
	bool begun, over; /* shown */
} Outage;

typedef struct Pretend {
	Replies *replies;
	Prepared *prepared;
	GArray *outages;     /* Outage */
	Model *model;        /* NULL: none */
	GHashTable *reached; /* contact → how many messages have reached them, for the model; and of tasks, after a line end */
	int64_t told;        /* of what the model was told: the order */
	int64_t last_task;
	bool colleague;      /* somebody confirms broadcasts */
} Pretend;

static const char LAST_SENT[] =
	"SELECT id, thread, subject, message_id, account, run FROM messages WHERE contact = ?1 AND (?2 = '' OR channel = ?2) AND direction = 'out' AND"
	" state IN ('accepted', 'delivered', 'read', 'replied', 'bounced') ORDER BY id DESC LIMIT 1";
static const char ADD_RECEIVED[] =
	"INSERT INTO messages (contact, channel, account, direction, state, address, identity, subject, text, message_id, thread, in_reply_to, at)"
	" VALUES (?, ?, ?, 'in', 'received', ?, ?, ?, ?, ?, ?, ?, ?)";
static const char ADD_HANDLED[] =
	"INSERT INTO messages (contact, channel, account, direction, state, address, identity, text, at, handed_at, done_at)"
	" VALUES (?, ?, ?, 'out', 'accepted', ?, ?, ?, ?, ?, ?)";
static const char BOUNCED[] = "UPDATE messages SET state = 'bounced', code = '5.1.1', error = ? WHERE id = ?";
static const char NEW_TASKS[] = "SELECT id, contact, kind, note FROM tasks WHERE id > ? ORDER BY id";
static const char TASK_OPEN[] = "SELECT 1 FROM tasks WHERE id = ? AND state = 'open'";
static const char LAST_ACCEPTED[] =
	"SELECT template, subject, text FROM messages WHERE contact = ? AND channel = ? AND direction = 'out' AND state = 'accepted'"
	" ORDER BY done_at DESC, id DESC LIMIT 1";
static const char OPEN_TASK[] = "SELECT id FROM tasks WHERE contact = ? AND state = 'open' ORDER BY id LIMIT 1";

/* Asked at each turn: the index broadcasts_to_confirm has this sum. */
static const char TO_CONFIRM[] =
	"SELECT id, created_at + min(3600000, (at - created_at) / 2) FROM broadcasts WHERE state = 'planned'"
	" ORDER BY created_at + min(3600000, (at - created_at) / 2), id LIMIT 1";

static Pretend *own(Host *host)
{
	return host->carrier->own;
}

/* ---- what happens ---------------------------------------------------------------------------------------------- */

/* The message that something is about: the newest one to the contact on the channel. */
typedef struct About {
	int64_t id, run;
	char *thread, *subject, *message_id, *account;
	char *address, *identity; /* theirs on the channel */
} About;

static void about_clear(About *about)
{
	g_free(about->thread);
	g_free(about->subject);
	g_free(about->message_id);
	g_free(about->account);
	g_free(about->address);
	g_free(about->identity);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(About, about_clear)

static void about_them(Host *host, const char *contact, const char *channel, About *about)
{
	about->address = contacts_address(host, contact, channel);
	about->identity = policy_identity(channel, about->address);
}

static void find_about(Host *host, const char *contact, const char *channel, About *about)
{
	about_them(host, contact, channel, about);
	Rows *rows = db_query(host->db, LAST_SENT, "ss", contact, channel);
	if (!rows_next(rows))
		return;
	about->id = rows_int(rows, 0);
	about->thread = g_strdup(rows_text(rows, 1));
	about->subject = g_strdup(rows_text(rows, 2));
	about->message_id = g_strdup(rows_text(rows, 3));
	about->account = g_strdup(rows_text(rows, 4));
	about->run = rows_int(rows, 5);
	rows_done(rows);
}

/* What a signal brings: data as given, or a text that is a JSON object; another text stands beside it. Caller owns. */
static json_t *signal_data(const Happening *what)
{
	const char *text = what->text && *what->text ? what->text : NULL;
	g_autoptr(json_t) read = !what->data && text && *text == '{' ? value_parse(text, -1, NULL) : NULL;
	const json_t *data = what->data ? what->data : read;
	return json_pack("{s:O*, s:s*}", "data", data, "text", read ? NULL : text);
}

static void receive(Host *host, const Happening *what, const char *kind, const About *about)
{
	const char *contact = what->contact, *channel = what->channel, *text = what->text;
	Time now = host_now(host);
	g_autofree char *subject = about->subject ? g_strdup_printf("Re: %s", about->subject) : NULL;
	g_autofree char *message_id = g_strdup_printf("%016" G_GINT64_MODIFIER "x@pretend.invalid", host_random(host));
	g_autofree char *back = text && g_str_equal(kind, "auto_reply") ? away_returns(text, now / 1000) : NULL;
	host_write(host);
	db_run(host->db, ADD_RECEIVED, "ssssssssssi", contact, channel, about->account ? about->account : "", about->address, about->identity, subject,
	       text ? text : "", message_id, about->thread, about->message_id, now);
	int64_t message = db_last_id(host->db);
	if (g_str_equal(kind, "auto_reply"))
		events_away(host, contact, what->returns > now ? what->returns : dates_away(host, back));
	g_autoptr(json_t) data = json_pack("{s:s, s:s, s:I, s:s?, s:s}", "text", text ? text : "", "channel", channel, "at", (json_int_t)(now / 1000),
	                                   "subject", subject, "kind", kind);
	events_record(host, contact, kind, channel, message, about->id, data);
}

static bool no_such(const char *contact, const char *what, GError **error)
{
	g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "%s: there is no %s", contact, what);
	return false;
}

static bool finish_task(Host *host, const Happening *what, GError **error)
{
	const char *outcome = what->text;
	int64_t task = what->task ? what->task : db_int(host->db, 0, OPEN_TASK, "s", what->contact);
	if (!task)
		return no_such(what->contact, "open task that could be done", error);
	if (what->task && !db_int(host->db, 0, TASK_OPEN, "i", task))
		return true;
	host_write(host);
	if (!tasks_done(host, task, outcome && *outcome ? outcome : "done", NULL, error))
		return false;
	events_task_done(host, task);
	return true;
}

bool pretend_happen(Host *host, const char *contact, const char *channel, const char *kind, const char *text, GError **error)
{
	Happening what = { .contact = contact, .channel = channel, .kind = kind, .text = text };
	return pretend_happens(host, &what, error);
}

bool pretend_known(const char *kind)
{
	return events_known(kind) || g_str_equal(kind, "message") || g_str_has_prefix(kind, HOOK);
}

/* A sequence is simulated without the workspace's other scripts; a hook that is used is entered then. */
static bool call_hook(Host *host, const Happening *what, GError **error)
{
	const char *name = what->kind + strlen(HOOK), *text = what->text ? what->text : "";
	HookRequest request = { .body = text, .size = strlen(text) };
	int64_t run;
	bool is_new;
	g_autofree char *version = versions_newest(host, name), *path = g_strdup_printf("hooks/%s.lua", name);
	g_autofree char *entered = version ? g_strdup(name) : versions_enter(host, path, &is_new, error);
	if (!entered)
		return false;
	host_see(host, json_pack("{s:s, s:s, s:s}", "event", "received", "kind", what->kind, "text", text), *what->contact ? what->contact : NULL, 0);
	return hooks_deliver(host, name, &request, &run, &is_new, error);
}

bool pretend_happens(Host *host, const Happening *what, GError **error)
{
	const char *contact = what->contact, *channel = what->channel, *text = what->text;
	bool unasked = g_str_equal(what->kind, "message"); /* it answers nothing of ours */
	const char *kind = unasked ? "reply" : what->kind;
	if (!pretend_known(kind)) {
		g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "there is no kind \"%s\" (" PRETEND_KINDS ")", kind);
		return false;
	}
	if (g_str_equal(kind, "task_done"))
		return finish_task(host, what, error);
	if (g_str_has_prefix(kind, HOOK))
		return call_hook(host, what, error);
	if (g_str_equal(kind, "opt_in"))
		return confirm_pretend(host, contact) || no_such(contact, "mail with a link to confirm (confirm_url, which needs a public_url in perigee.lua)", error);
	if (g_str_equal(kind, "click") && links_pretend(host, contact, channel, text))
		return true;
	g_auto(About) about = { 0 };
	if (!unasked)
		find_about(host, contact, channel, &about);
	else
		about_them(host, contact, channel, &about);
	host_see(host, json_pack("{s:s, s:s, s:s, s:s?}", "event", "received", "channel", channel, "kind", kind, "text", text), contact, about.run);
	host_write(host);
	if (g_str_equal(kind, "reply") || g_str_equal(kind, "auto_reply")) {
		receive(host, what, kind, &about);
		return true;
	}
	if (g_str_equal(kind, "bounce")) {
		if (!about.id)
			return no_such(contact, "message that could bounce", error);
		db_run(host->db, BOUNCED, "si", text && *text ? text : "no such mailbox", about.id);
		g_autoptr(json_t) data = json_pack("{s:s, s:s, s:s, s:s}", "class", "hard", "action", "failed", "status", "5.1.1", "reason", text ? text : "");
		events_record(host, contact, kind, channel, about.id, about.id, data);
		return true;
	}
	int64_t message = 0;
	if (g_str_equal(kind, "handled")) {
		Time now = host_now(host);
		db_run(host->db, ADD_HANDLED, "ssssssiii", contact, channel, about.account ? about.account : "", about.address, about.identity,
		       text ? text : "", now, now, now);
		message = db_last_id(host->db);
	}
	bool is_signal = g_str_has_prefix(kind, "signal:");
	g_autoptr(json_t) data = is_signal ? signal_data(what) : json_pack("{s:s?}", "text", text && *text ? text : NULL);
	events_record(host, contact, kind, *channel ? channel : NULL, message, about.id, data);
	return true;
}

/* ---- what others give ------------------------------------------------------------------------------------------ */

bool pretend_load(Host *host, const char *file, const char *text, size_t size, GError **error)
{
	return replies_load(host, own(host)->replies, file, text, size, error);
}

void pretend_plan(Host *host, Time at, int64_t order, const Happening *what)
{
	replies_plan(own(host)->replies, at, order, what);
}

/* The channel on which they would write: one that the script writes on, as it lists them, else any they have. Caller frees. */
static char *channel_of(Host *host, const char *contact, const json_t *declared)
{
	const json_t *send = json_object_get(json_object_get(declared, "needs"), "send");
	for (size_t i = 0; i < json_array_size(send); i++) {
		const char *channel = json_string_value(json_array_get(send, i));
		g_autofree char *address = channel ? contacts_address(host, contact, channel) : NULL;
		if (address)
			return g_strdup(channel);
	}
	g_autoptr(json_t) view = contacts_view(host, contact, NULL);
	const char *channel;
	json_t *address;
	json_object_foreach(json_object_get(view, "identities"), channel, address)
		if (contacts_is_channel(channel))
			return g_strdup(channel);
	return g_strdup("");
}

bool pretend_begin(Host *host, const json_t *declared, const GPtrArray *contacts)
{
	Pretend *pretend = own(host);
	const json_t *events = json_object_get(declared, "starts_on");
	Model *model = pretend->model;
	if (!json_array_size(events) || (!model && !replies_begin(host, pretend->replies, events, contacts)) || (model && !model->start))
		return false;
	for (guint i = 0; model && i < contacts->len; i++) {
		g_autofree char *channel = channel_of(host, contacts->pdata[i], declared);
		Starting starting = { contacts->pdata[i], channel, events, ++pretend->told };
		model->start(host, model, &starting);
	}
	return true;
}

void pretend_colleague(Host *host)
{
	own(host)->colleague = true;
}

/* The next broadcast that the colleague confirms, and when; 0: none. */
static int64_t to_confirm(Host *host, Time *at)
{
	*at = TIME_NEVER;
	Rows *rows = own(host)->colleague ? db_query(host->db, TO_CONFIRM, "") : NULL;
	if (!rows || !rows_next(rows))
		return 0;
	int64_t id = rows_int(rows, 0);
	*at = rows_int(rows, 1);
	rows_done(rows);
	return id;
}

static void confirm_broadcasts(Host *host)
{
	Time at;
	for (int64_t id = to_confirm(host, &at); id && at <= host_now(host); id = to_confirm(host, &at))
		if (!broadcasts_confirm(host, id, NULL))
			return;
}

void pretend_model(Host *host, Model *model)
{
	own(host)->model = model;
}

bool pretend_http(Host *host, const json_t *what, GError **error)
{
	return prepared_add(own(host)->prepared, what, error);
}

void pretend_fail(Host *host, GError *error)
{
	if (host->carrier->failure)
		g_error_free(error);
	else
		host->carrier->failure = error;
}

/* ---- outages --------------------------------------------------------------------------------------------------- */

static void outage_clear(void *data)
{
	g_free(((Outage *)data)->channel);
}

void pretend_outage(Host *host, const char *channel, Time from, Time until)
{
	Outage outage = { .channel = g_strdup(channel), .from = from, .until = until };
	g_array_append_val(own(host)->outages, outage);
}

static bool is_out(Host *host, const char *channel)
{
	const GArray *outages = own(host)->outages;
	Time now = host_now(host);
	for (guint i = 0; i < outages->len; i++) {
		const Outage *outage = &g_array_index(outages, Outage, i);
		if (outage->from <= now && now < outage->until && g_str_equal(outage->channel, channel))
			return true;
	}
	return false;
}

static void show_outages(Host *host)
{
	GArray *outages = own(host)->outages;
	Time now = host_now(host);
	for (guint i = 0; i < outages->len; i++) {
		Outage *outage = &g_array_index(outages, Outage, i);
		if (!outage->begun && outage->from <= now) {
			outage->begun = true;
			host_see(host, json_pack("{s:s, s:s, s:s, s:I}", "event", "outage", "channel", outage->channel, "state", "begins", "until",
			                         (json_int_t)outage->until), NULL, 0);
		}
		if (!outage->over && outage->until <= now) {
			outage->over = true;
			host_see(host, json_pack("{s:s, s:s, s:s}", "event", "outage", "channel", outage->channel, "state", "ends"), NULL, 0);
		}
	}
}

static Time next_outage(const GArray *outages)
{
	Time next = TIME_NEVER;
	for (guint i = 0; i < outages->len; i++) {
		const Outage *outage = &g_array_index(outages, Outage, i);
		next = MIN(next, outage->begun ? outage->over ? TIME_NEVER : outage->until : outage->from);
	}
	return next;
}

/* ---- the carrier ----------------------------------------------------------------------------------------------- */

static int room(Host *host, const Account *account)
{
	(void)host;
	(void)account;
	return 256;
}

static int64_t count_one(Pretend *pretend, const char *contact, const char *of)
{
	g_autofree char *key = g_strconcat(contact, of, NULL);
	int n = GPOINTER_TO_INT(g_hash_table_lookup(pretend->reached, key)) + 1;
	g_hash_table_insert(pretend->reached, g_steal_pointer(&key), GINT_TO_POINTER(n));
	return n;
}

static void tell_reached(Host *host, const char *contact, const char *channel, const char *template_name, const char *subject, const char *text)
{
	Pretend *pretend = own(host);
	replies_arm(host, pretend->replies, contact, channel);
	replies_arm(host, pretend->replies, contact, "");
	if (!pretend->model)
		return;
	Reached message = { contact, channel, template_name, subject, text, count_one(pretend, contact, ""), ++pretend->told };
	pretend->model->reached(host, pretend->model, &message);
}

static void hand(Host *host, const Handing *handing);

void pretend_sent(Host *host, const char *contact, const char *channel)
{
	if (host->carrier->hand != hand) /* simulated, but not by these channels: plan */
		return;
	Rows *rows = db_query(host->db, LAST_ACCEPTED, "ss", contact, channel);
	bool has = rows_next(rows);
	g_autofree char *template_name = has ? g_strdup(rows_text(rows, 0)) : NULL, *subject = has ? g_strdup(rows_text(rows, 1)) : NULL;
	g_autofree char *text = has ? g_strdup(rows_text(rows, 2)) : NULL;
	rows_done(rows);
	tell_reached(host, contact, channel, template_name, subject, text);
}

static void hand(Host *host, const Handing *handing)
{
	if (is_out(host, handing->channel)) {
		ledger_outcome(host, handing->id, SENT_TEMPORARY, 0, "", "there is no connection (an outage, pretended)");
		return;
	}
	ledger_outcome(host, handing->id, SENT_OK, 250, "2.0.0", "pretended");
	if (handing->contact)
		tell_reached(host, handing->contact, handing->channel, handing->template_name, handing->subject, handing->text);
}

static void read_mail(Host *host, const Account *account)
{
	(void)host;
	(void)account;
}

static bool busy(Host *host)
{
	return requests_open(host);
}

static void look_at_tasks(Host *host)
{
	Pretend *pretend = own(host);
	Rows *rows = db_query(host->db, NEW_TASKS, "i", pretend->last_task);
	while (rows_next(rows)) {
		pretend->last_task = rows_int(rows, 0);
		if (rows_null(rows, 1))
			continue;
		g_autofree char *contact = g_strdup(rows_text(rows, 1)), *kind = g_strdup(rows_text(rows, 2)), *note = g_strdup(rows_text(rows, 3));
		replies_arm(host, pretend->replies, contact, "task_done");
		if (!pretend->model)
			continue;
		Asked task = { pretend->last_task, contact, kind, note, count_one(pretend, contact, "\ntasks"), ++pretend->told };
		pretend->model->asked(host, pretend->model, &task);
	}
}

static void turn(Host *host)
{
	Pretend *pretend = own(host);
	look_at_tasks(host);
	prepared_turn(host, pretend->prepared);
	confirm_broadcasts(host);
	show_outages(host);
	if (workers_busy(host->workers) <= host->background) /* a model may just have been asked: its answers go by time too */
		replies_turn(host, pretend->replies);
}

/* What the visits before have asked for is looked at here too: a delay begins when its task is made, not at the next turn. */
static Time next_due(Host *host)
{
	look_at_tasks(host);
	Time confirmed;
	to_confirm(host, &confirmed);
	return MIN(confirmed, MIN(replies_next(own(host)->replies), next_outage(own(host)->outages)));
}

static void free_carrier(Host *host)
{
	Pretend *pretend = own(host);
	if (pretend->model)
		pretend->model->free(pretend->model);
	replies_free(pretend->replies);
	prepared_free(pretend->prepared);
	g_array_unref(pretend->outages);
	g_hash_table_unref(pretend->reached);
	g_clear_error(&host->carrier->failure);
	g_free(pretend);
	g_clear_pointer(&host->carrier, g_free);
}

Carrier *pretend_new(Host *host)
{
	(void)host;
	Pretend *pretend = g_new0(Pretend, 1);
	pretend->replies = replies_new();
	pretend->prepared = prepared_new();
	pretend->outages = g_array_new(FALSE, FALSE, sizeof(Outage));
	g_array_set_clear_func(pretend->outages, outage_clear);
	pretend->reached = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Carrier *carrier = g_new0(Carrier, 1);
	*carrier = (Carrier){ room, hand, read_mail, busy, turn, next_due, free_carrier, pretend, is_out, NULL };
	return carrier;
}
