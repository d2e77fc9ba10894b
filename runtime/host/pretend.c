/* SPDX-License-Identifier: MIT */
/* Pretend channels: see pretend.h. */
#include "host/pretend.h"

#include "base/pick.h"
#include "host/contacts.h"
#include "host/csv.h"
#include "host/events.h"
#include "host/ledger.h"
#include "host/requests.h"
#include "host/tasks.h"

#include <string.h>

G_DEFINE_QUARK(perigee-pretend-error, pretend_error)

/* One row of --replies. A row is armed by the first message (for task_done: task) after the row before it for the same contact and
 * channel fired, and fires `after` later. */
typedef struct Reply {
	int line;
	char *contact, *channel, *kind, *text;
	json_t *after;
	Time fires; /* TIME_NEVER: not armed */
} Reply;

/* What the web answers, prepared by a test. */
typedef struct Prepared {
	char *method, *url; /* url: exact, or what it begins with and a * */
	char *code, *text;  /* of a failure; code "" : there is an answer */
	json_t *answer;     /* {"status","headers","body" or "json"} */
	bool used;
} Prepared;

typedef struct Pretend {
	GHashTable *queues;  /* "contact\nchannel" → GQueue of Reply, in the file's order */
	GPtrArray *armed;    /* Reply, heads of their queues */
	GPtrArray *prepared; /* Prepared, in the order they were given */
	int64_t last_task;
} Pretend;

static const char LAST_SENT[] =
	"SELECT id, thread, subject, message_id, account, run FROM messages WHERE contact = ?1 AND (?2 = '' OR channel = ?2) AND direction = 'out' AND"
	" state IN ('accepted', 'delivered', 'read', 'replied', 'bounced') ORDER BY id DESC LIMIT 1";
static const char ADD_RECEIVED[] =
	"INSERT INTO messages (contact, channel, account, direction, state, subject, text, message_id, thread, in_reply_to, at)"
	" VALUES (?, ?, ?, 'in', 'received', ?, ?, ?, ?, ?, ?)";
static const char ADD_HANDLED[] =
	"INSERT INTO messages (contact, channel, account, direction, state, text, at, handed_at, done_at) VALUES (?, ?, ?, 'out', 'accepted', ?, ?, ?, ?)";
static const char BOUNCED[] = "UPDATE messages SET state = 'bounced', code = '5.1.1', error = ? WHERE id = ?";
static const char AWAY[] = "UPDATE contacts SET away_until = ? WHERE id = ?";
static const char NEW_TASKS[] = "SELECT id, contact FROM tasks WHERE id > ? ORDER BY id";
static const char OPEN_TASK[] = "SELECT id FROM tasks WHERE contact = ? AND state = 'open' ORDER BY id LIMIT 1";

static void reply_free(void *data)
{
	Reply *reply = data;
	g_free(reply->contact);
	g_free(reply->channel);
	g_free(reply->kind);
	g_free(reply->text);
	json_decref(reply->after);
	g_free(reply);
}

static void queue_free(void *queue)
{
	g_queue_free_full(queue, reply_free);
}

static Pretend *own(Host *host)
{
	return host->carrier->own;
}

/* ---- what happens ---------------------------------------------------------------------------------------------- */

/* The message that something is about: the newest one to the contact on the channel. */
typedef struct About {
	int64_t id, run;
	char *thread, *subject, *message_id, *account;
} About;

static void about_clear(About *about)
{
	g_free(about->thread);
	g_free(about->subject);
	g_free(about->message_id);
	g_free(about->account);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(About, about_clear)

static void find_about(Host *host, const char *contact, const char *channel, About *about)
{
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

static void receive(Host *host, const char *contact, const char *channel, const char *kind, const char *text, const About *about)
{
	Time now = host_now(host);
	g_autofree char *subject = about->subject ? g_strdup_printf("Re: %s", about->subject) : NULL;
	g_autofree char *message_id = g_strdup_printf("%016" G_GINT64_MODIFIER "x@pretend.invalid", host_random(host));
	host_write(host);
	db_run(host->db, ADD_RECEIVED, "ssssssssi", contact, channel, about->account ? about->account : "", subject, text ? text : "", message_id,
	       about->thread, about->message_id, now);
	int64_t message = db_last_id(host->db);
	if (g_str_equal(kind, "auto_reply"))
		db_run(host->db, AWAY, "is", now + 5 * TIME_DAY, contact);
	g_autoptr(json_t) data = json_pack("{s:s, s:s, s:I, s:s?, s:s}", "text", text ? text : "", "channel", channel, "at", (json_int_t)(now / 1000),
	                                   "subject", subject, "kind", kind);
	events_record(host, contact, kind, channel, message, about->id, data);
}

static bool no_such(const char *contact, const char *what, GError **error)
{
	g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "%s: there is no %s", contact, what);
	return false;
}

static bool finish_task(Host *host, const char *contact, const char *outcome, GError **error)
{
	int64_t task = db_int(host->db, 0, OPEN_TASK, "s", contact);
	if (!task)
		return no_such(contact, "open task that could be done", error);
	host_write(host);
	if (!tasks_done(host, task, outcome && *outcome ? outcome : "done", NULL, error))
		return false;
	events_task_done(host, task);
	return true;
}

bool pretend_happen(Host *host, const char *contact, const char *channel, const char *kind, const char *text, GError **error)
{
	if (!events_known(kind)) {
		g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "there is no kind \"%s\" (reply, auto_reply, bounce, unsubscribe, complaint, "
		            "click, task_done, handled, signal:NAME)", kind);
		return false;
	}
	if (g_str_equal(kind, "task_done"))
		return finish_task(host, contact, text, error);
	g_auto(About) about = { 0 };
	find_about(host, contact, channel, &about);
	host_see(host, json_pack("{s:s, s:s, s:s, s:s?}", "event", "received", "channel", channel, "kind", kind, "text", text), contact, about.run);
	host_write(host);
	if (g_str_equal(kind, "reply") || g_str_equal(kind, "auto_reply")) {
		receive(host, contact, channel, kind, text, &about);
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
		db_run(host->db, ADD_HANDLED, "ssssiii", contact, channel, about.account ? about.account : "", text ? text : "", now, now, now);
		message = db_last_id(host->db);
	}
	g_autoptr(json_t) data = json_pack("{s:s?}", "text", text && *text ? text : NULL);
	events_record(host, contact, kind, *channel ? channel : NULL, message, about.id, data);
	return true;
}

/* ---- the table of replies -------------------------------------------------------------------------------------- */

static void arm(Host *host, const char *contact, const char *channel)
{
	g_autofree char *key = g_strdup_printf("%s\n%s", contact, channel);
	GQueue *queue = g_hash_table_lookup(own(host)->queues, key);
	Reply *reply = queue ? g_queue_peek_head(queue) : NULL;
	if (!reply || reply->fires != TIME_NEVER)
		return;
	g_autoptr(GTimeZone) zone = contacts_zone(host, contact);
	if (when_resolve(reply->after, host_now(host), zone, host->workspace->hours, &reply->fires, NULL))
		g_ptr_array_add(own(host)->armed, reply);
}

static void fire(Host *host, Reply *reply)
{
	g_autofree char *key = g_strdup_printf("%s\n%s", reply->contact, g_str_equal(reply->kind, "task_done") ? "task_done" : reply->channel);
	g_queue_pop_head(g_hash_table_lookup(own(host)->queues, key));
	g_ptr_array_remove(own(host)->armed, reply);
	g_autoptr(GError) error = NULL;
	if (!pretend_happen(host, reply->contact, reply->channel, reply->kind, reply->text, &error))
		log_warn("replies, line %d: %s", reply->line, error->message);
	reply_free(reply);
}

static Reply *next_reply(Host *host)
{
	Reply *next = NULL;
	GPtrArray *armed = own(host)->armed;
	for (guint i = 0; i < armed->len; i++) {
		Reply *reply = armed->pdata[i];
		if (!next || reply->fires < next->fires || (reply->fires == next->fires && reply->line < next->line))
			next = reply;
	}
	return next;
}

static const char *cell(Csv *csv, int column)
{
	return column < 0 ? "" : csv_cell(csv, (size_t)column);
}

static bool add_row(Host *host, Csv *csv, const char *file, const int columns[5], GError **error)
{
	const char *word = cell(csv, columns[0]), *after = cell(csv, columns[1]), *channel = cell(csv, columns[2]), *kind = cell(csv, columns[3]);
	g_autoptr(GError) inner = NULL;
	g_autofree char *contact = contacts_resolve(host, word, &inner);
	g_autoptr(json_t) delay = json_string(*after ? after : "0s");
	Time unused;
	const char *wrong = NULL;
	if (csv_fault(csv))
		wrong = csv_fault(csv);
	else if (!contact)
		wrong = inner->message;
	else if (!events_known(kind))
		wrong = "kind is one of reply, auto_reply, bounce, unsubscribe, complaint, click, task_done, handled, signal:NAME";
	else if (*channel && !contacts_is_channel(channel))
		wrong = "channel is no channel";
	else if (!when_resolve(delay, host_now(host), host->workspace->zone, host->workspace->hours, &unused, &inner))
		wrong = inner->message;
	if (wrong) {
		g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "%s:%d: %s", file, csv_line(csv), wrong);
		return false;
	}
	Reply *reply = g_new0(Reply, 1);
	reply->line = csv_line(csv);
	reply->contact = g_steal_pointer(&contact);
	reply->channel = g_strdup(channel);
	reply->kind = g_strdup(kind);
	reply->text = g_strdup(cell(csv, columns[4]));
	reply->after = g_steal_pointer(&delay);
	reply->fires = TIME_NEVER;
	g_autofree char *key = g_strdup_printf("%s\n%s", reply->contact, g_str_equal(kind, "task_done") ? "task_done" : channel);
	GQueue *queue = g_hash_table_lookup(own(host)->queues, key);
	if (!queue)
		g_hash_table_insert(own(host)->queues, g_steal_pointer(&key), queue = g_queue_new());
	g_queue_push_tail(queue, reply);
	return true;
}

bool pretend_load(Host *host, const char *file, const char *text, size_t size, GError **error)
{
	static const char *const names[] = { "contact", "after", "channel", "kind", "text" };
	g_autoptr(Csv) csv = csv_new(file, text, size, error);
	if (!csv)
		return false;
	int columns[5];
	for (int i = 0; i < 5; i++)
		columns[i] = csv_find(csv, names[i]);
	if (columns[0] < 0 || columns[3] < 0) {
		g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "%s:1: the columns are contact,after,channel,kind,text", file);
		return false;
	}
	GError *inner = NULL;
	while (csv_next(csv, &inner))
		if (!add_row(host, csv, file, columns, error))
			return false;
	if (inner)
		g_propagate_error(error, inner);
	return !inner;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static void prepared_free(void *data)
{
	Prepared *p = data;
	g_free(p->method);
	g_free(p->url);
	g_free(p->code);
	g_free(p->text);
	json_decref(p->answer);
	g_free(p);
}

static bool bad_answer(GError **error, const char *text)
{
	g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "t:http: %s", text);
	return false;
}

bool pretend_http(Host *host, const json_t *what, GError **error)
{
	static const char *const codes[] = { "refused", "invalid", "unreachable", "timeout", "limit", "unknown", NULL };
	const char *method = value_string(what, "method", "GET"), *url = value_string(what, "url", ""), *code = value_string(what, "error", "");
	const json_t *headers = json_object_get(what, "headers"), *body = json_object_get(what, "body"), *json = json_object_get(what, "json");
	int64_t status = value_integer(what, "status", 200);
	if (!*url)
		return bad_answer(error, "url is missing");
	if (*code && !g_strv_contains(codes, code))
		return bad_answer(error, "error is one of refused, invalid, unreachable, timeout, limit, unknown");
	if (status < 100 || status > 999)
		return bad_answer(error, "status is a number from 100 to 999");
	if (body && json)
		return bad_answer(error, "body and json are both given");
	g_autofree char *text = json ? value_text(json) : NULL;
	Prepared *p = g_new0(Prepared, 1);
	*p = (Prepared){ .method = g_strdup(method), .url = g_strdup(url), .code = g_strdup(code) };
	p->text = *code ? g_strdup(value_string(what, "text", "the test says so")) : g_strdup("");
	p->answer = json_pack("{s:I, s:o, s:o, s:O*}", "status", (json_int_t)status, "headers", headers ? json_incref((json_t *)headers) : json_object(),
	                      "body", body ? json_incref((json_t *)body) : json_string(text ? text : ""), "json", json);
	g_ptr_array_add(own(host)->prepared, p);
	return true;
}

static bool serves(const Prepared *p, const Request *request)
{
	size_t length = strlen(p->url);
	bool prefix = p->url[length - 1] == '*';
	return g_str_equal(p->method, request->method) &&
	       (prefix ? strncmp(p->url, request->url, length - 1) == 0 : g_str_equal(p->url, request->url));
}

/* The first that has not served yet, else the last one once more; NULL: none was prepared. */
static Prepared *find_prepared(Host *host, const Request *request)
{
	GPtrArray *all = own(host)->prepared;
	Prepared *found = NULL;
	for (guint i = 0; i < all->len && (!found || found->used); i++)
		if (serves(all->pdata[i], request))
			found = all->pdata[i];
	return found;
}

/* As net does it: with pick the answer has no body, and of JSON only what was named. */
static json_t *pick_of(const Prepared *p, const json_t *paths)
{
	const json_t *json = json_object_get(p->answer, "json");
	if (!json_array_size(paths))
		return json_incref(p->answer);
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	for (size_t i = 0; i < json_array_size(paths); i++)
		g_ptr_array_add(list, (void *)json_string_value(json_array_get(paths, i)));
	g_ptr_array_add(list, NULL);
	json_t *answer = json_copy(p->answer);
	json_object_del(answer, "body");
	if (json)
		json_object_set_new(answer, "json", pick_all(json, (char *const *)list->pdata));
	return answer;
}

static void answer_request(Host *host, int64_t id)
{
	g_auto(Request) request = { 0 };
	g_autofree char *wire = requests_hand(host, id);
	if (!wire || !request_load(host, id, &request))
		return;
	Prepared *p = find_prepared(host, &request);
	if (!p) {
		g_autofree char *text = g_strdup_printf("no answer was prepared for %s %s (t:http in a test)", request.method, request.url);
		requests_answer(host, id, "unreachable", text, "");
		return;
	}
	p->used = true;
	g_autoptr(json_t) asked = value_parse(wire, -1, NULL), picked = pick_of(p, json_object_get(asked, "pick"));
	g_autofree char *answer = value_text(picked);
	if (!requests_answer(host, id, p->code, p->text, answer))
		requests_answer(host, id, "invalid", "the answer that the test prepared is malformed: headers hold texts", "");
}

static void answer_requests(Host *host)
{
	g_autoptr(GArray) ids = requests_queued(host, 256);
	for (guint i = 0; i < ids->len; i++)
		answer_request(host, g_array_index(ids, int64_t, i));
}

/* ---- the carrier ----------------------------------------------------------------------------------------------- */

static int room(Host *host, const Account *account)
{
	(void)host;
	(void)account;
	return 256;
}

void pretend_sent(Host *host, const char *contact, const char *channel)
{
	arm(host, contact, channel);
	arm(host, contact, "");
}

static void hand(Host *host, const Handing *handing)
{
	g_autofree char *contact = g_strdup(handing->contact), *channel = g_strdup(handing->channel);
	ledger_outcome(host, handing->id, SENT_OK, 250, "2.0.0", "pretended");
	if (contact)
		pretend_sent(host, contact, channel);
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

static void turn(Host *host)
{
	Pretend *pretend = own(host);
	Rows *rows = db_query(host->db, NEW_TASKS, "i", pretend->last_task);
	while (rows_next(rows)) {
		pretend->last_task = rows_int(rows, 0);
		if (!rows_null(rows, 1))
			arm(host, rows_text(rows, 1), "task_done");
	}
	answer_requests(host);
	for (Reply *reply = next_reply(host); reply && reply->fires <= host_now(host); reply = next_reply(host))
		fire(host, reply);
}

static Time next_due(Host *host)
{
	Reply *reply = next_reply(host);
	return reply ? reply->fires : TIME_NEVER;
}

static void free_carrier(Host *host)
{
	Pretend *pretend = own(host);
	g_ptr_array_unref(pretend->armed);
	g_ptr_array_unref(pretend->prepared);
	g_hash_table_unref(pretend->queues);
	g_free(pretend);
	g_clear_pointer(&host->carrier, g_free);
}

Carrier *pretend_new(Host *host)
{
	(void)host;
	Pretend *pretend = g_new0(Pretend, 1);
	pretend->queues = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
	pretend->armed = g_ptr_array_new();
	pretend->prepared = g_ptr_array_new_with_free_func(prepared_free);
	Carrier *carrier = g_new0(Carrier, 1);
	*carrier = (Carrier){ room, hand, read_mail, busy, turn, next_due, free_carrier, pretend };
	return carrier;
}
