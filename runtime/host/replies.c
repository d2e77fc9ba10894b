/* SPDX-License-Identifier: MIT */
/* Pretend replies: see replies.h. */
#include "host/replies.h"

#include "host/contacts.h"
#include "host/csv.h"
#include "host/events.h"

#include <string.h>

/* One thing that will happen, or a row of the table that waits for its message. */
typedef struct Reply {
	Time fires;
	int64_t order;       /* a row: its line */
	char *contact, *channel, *kind, *text;
	int64_t task;
	Time returns;
	json_t *after;       /* a row that waits for a message: its delay; else NULL */
	json_t *data;
} Reply;

struct Replies {
	GHashTable *queues;  /* "contact\nchannel" → GQueue of rows, in the file's order; the first may be in due too */
	GSequence *due;      /* Reply by time and order; a row that waited belongs to its queue */
	bool is_table;       /* replies_load was called */
	GHashTable *firsts;  /* contact → the line of their first row */
};

static void reply_free(void *data)
{
	Reply *reply = data;
	g_free(reply->contact);
	g_free(reply->channel);
	g_free(reply->kind);
	g_free(reply->text);
	json_decref(reply->after);
	json_decref(reply->data);
	g_free(reply);
}

static void queue_free(void *queue)
{
	g_queue_free_full(queue, reply_free);
}

Replies *replies_new(void)
{
	Replies *replies = g_new0(Replies, 1);
	replies->queues = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
	replies->due = g_sequence_new(NULL);
	replies->firsts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return replies;
}

static void free_planned(void *data, void *user)
{
	(void)user;
	if (!((Reply *)data)->after)
		reply_free(data);
}

void replies_free(Replies *replies)
{
	g_sequence_foreach(replies->due, free_planned, NULL);
	g_sequence_free(replies->due);
	g_hash_table_unref(replies->queues);
	g_hash_table_unref(replies->firsts);
	g_free(replies);
}

/* ---- what is due ----------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b, void *user)
{
	(void)user;
	const Reply *x = a, *y = b;
	if (x->fires != y->fires)
		return x->fires < y->fires ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

void replies_plan(Replies *replies, Time at, int64_t order, const Happening *what)
{
	Reply *reply = g_new0(Reply, 1);
	*reply = (Reply){ .fires = at, .order = order, .contact = g_strdup(what->contact), .channel = g_strdup(what->channel), .kind = g_strdup(what->kind),
	                  .text = g_strdup(what->text), .task = what->task, .returns = what->returns, .data = json_incref((json_t *)what->data) };
	g_sequence_insert_sorted(replies->due, reply, by_time, NULL);
}

static char *queue_key(const char *contact, const char *channel, const char *kind)
{
	return g_strdup_printf("%s\n%s", contact, g_str_equal(kind, "task_done") ? "task_done" : channel);
}

void replies_arm(Host *host, Replies *replies, const char *contact, const char *channel)
{
	g_autofree char *key = queue_key(contact, channel, "");
	GQueue *queue = g_hash_table_lookup(replies->queues, key);
	Reply *reply = queue ? g_queue_peek_head(queue) : NULL;
	if (!reply || reply->fires != TIME_NEVER)
		return;
	g_autoptr(GTimeZone) zone = contacts_zone(host, contact);
	if (when_resolve(reply->after, host_now(host), zone, host->workspace->hours, &reply->fires, NULL))
		g_sequence_insert_sorted(replies->due, reply, by_time, NULL);
}

static void fire(Host *host, Replies *replies, Reply *reply)
{
	if (reply->after) {
		g_autofree char *key = queue_key(reply->contact, reply->channel, reply->kind);
		g_queue_pop_head(g_hash_table_lookup(replies->queues, key));
	}
	g_autoptr(GError) error = NULL;
	Happening what = { reply->contact, reply->channel, reply->kind, reply->text, reply->task, reply->returns, reply->data };
	if (!pretend_happens(host, &what, &error)) {
		if (reply->after)
			log_warn("replies, line %" G_GINT64_FORMAT ": %s", reply->order, error->message);
		else
			log_warn("replies: %s", error->message);
	}
	reply_free(reply);
}

static Reply *first(const Replies *replies)
{
	GSequenceIter *iter = g_sequence_get_begin_iter(replies->due);
	return g_sequence_iter_is_end(iter) ? NULL : g_sequence_get(iter);
}

void replies_turn(Host *host, Replies *replies)
{
	for (Reply *reply = first(replies); reply && reply->fires <= host_now(host); reply = first(replies)) {
		g_sequence_remove(g_sequence_get_begin_iter(replies->due));
		fire(host, replies, reply);
	}
}

Time replies_next(const Replies *replies)
{
	const Reply *reply = first(replies);
	return reply ? reply->fires : TIME_NEVER;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static const char *cell(Csv *csv, int column)
{
	return column < 0 ? "" : csv_cell(csv, (size_t)column);
}

/* The row counts from now. Takes it out of waiting; its delay was looked at when it was read. */
static void set_off(Host *host, Replies *replies, Reply *reply)
{
	g_autoptr(GTimeZone) zone = contacts_zone(host, reply->contact);
	g_autoptr(json_t) after = g_steal_pointer(&reply->after);
	if (when_resolve(after, host_now(host), zone, host->workspace->hours, &reply->fires, NULL))
		g_sequence_insert_sorted(replies->due, reply, by_time, NULL);
	else
		reply_free(reply);
}

static bool hook_exists(Host *host, const char *kind)
{
	g_autofree char *file = g_strdup_printf("%s.lua", kind + strlen("hook:")), *path = g_build_filename(host->workspace->dir, "hooks", file, NULL);
	return !strchr(file, '/') && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool add_row(Host *host, Replies *replies, Csv *csv, const char *file, const int columns[5], GError **error)
{
	const char *word = cell(csv, columns[0]), *after = cell(csv, columns[1]), *channel = cell(csv, columns[2]), *kind = cell(csv, columns[3]);
	g_autoptr(GError) inner = NULL;
	bool hook = g_str_has_prefix(kind, "hook:"), nobody = hook && !*word;
	g_autofree char *contact = nobody ? g_strdup("") : contacts_resolve(host, word, &inner);
	g_autoptr(json_t) delay = json_string(*after ? after : "0s");
	Time unused;
	const char *wrong = NULL;
	if (csv_fault(csv))
		wrong = csv_fault(csv);
	else if (!contact)
		wrong = inner->message;
	else if (!pretend_known(kind))
		wrong = "kind is one of " PRETEND_KINDS;
	else if (hook && !hook_exists(host, kind))
		wrong = "there is no such hook: it is a file hooks/NAME.lua";
	else if (*channel && !contacts_is_channel(channel))
		wrong = "channel is no channel";
	else if (!when_resolve(delay, host_now(host), host->workspace->zone, host->workspace->hours, &unused, &inner))
		wrong = inner->message;
	if (wrong) {
		g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "%s:%d: %s", file, csv_line(csv), wrong);
		return false;
	}
	Reply *reply = g_new0(Reply, 1);
	*reply = (Reply){ .fires = TIME_NEVER, .order = csv_line(csv), .contact = g_steal_pointer(&contact), .channel = g_strdup(channel),
	                  .kind = g_strdup(kind), .text = g_strdup(cell(csv, columns[4])), .after = g_steal_pointer(&delay) };
	if (!g_hash_table_contains(replies->firsts, reply->contact))
		g_hash_table_insert(replies->firsts, g_strdup(reply->contact), GINT_TO_POINTER(csv_line(csv)));
	if (g_str_equal(kind, "message") || nobody) {
		set_off(host, replies, reply);
		return true;
	}
	g_autofree char *key = queue_key(reply->contact, channel, kind);
	GQueue *queue = g_hash_table_lookup(replies->queues, key);
	if (!queue)
		g_hash_table_insert(replies->queues, g_steal_pointer(&key), queue = g_queue_new());
	g_queue_push_tail(queue, reply);
	return true;
}

bool replies_load(Host *host, Replies *replies, const char *file, const char *text, size_t size, GError **error)
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
	replies->is_table = true;
	GError *inner = NULL;
	while (csv_next(csv, &inner))
		if (!add_row(host, replies, csv, file, columns, error))
			return false;
	if (inner)
		g_propagate_error(error, inner);
	return !inner;
}

/* ---- what contacts do of their own accord ------------------------------------------------------------------------ */

/* Can this be done by somebody who has heard nothing of us? */
static bool may_begin(const char *kind)
{
	static const char *const answers[] = { "bounce", "click", "opt_in", "task_done", "auto_reply", NULL };
	return !g_strv_contains(answers, kind);
}

static bool starts_on(const json_t *events, const char *kind)
{
	for (size_t i = 0; i < json_array_size(events); i++)
		if (g_strcmp0(json_string_value(json_array_get(events, i)), kind) == 0)
			return true;
	return false;
}

bool replies_begin(Host *host, Replies *replies, const json_t *events, const GPtrArray *contacts)
{
	if (!replies->is_table)
		return false;
	g_autoptr(GHashTable) chosen = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < contacts->len; i++)
		g_hash_table_add(chosen, contacts->pdata[i]);
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, replies->queues);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		GQueue *queue = value;
		for (GList *link = queue->head, *next; link; link = next) {
			Reply *row = link->data;
			next = link->next;
			bool begins = row->order == GPOINTER_TO_INT(g_hash_table_lookup(replies->firsts, row->contact)) && may_begin(row->kind);
			if (!g_hash_table_contains(chosen, row->contact) || !(begins || starts_on(events, row->kind)))
				continue;
			g_queue_delete_link(queue, link);
			set_off(host, replies, row);
		}
	}
	return true;
}
