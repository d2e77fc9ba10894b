/* SPDX-License-Identifier: MIT */
/* Settling: what became of messages whose carriers are gone, by the send log and the Sent folder. See netparts.h. */
#include "host/netparts.h"

#include "host/ledger.h"
#include "host/requests.h"

static const char HANDED[] = "SELECT id, message_id, boot, account FROM messages WHERE state = 'handed' AND channel = 'email'";
static const char REQUESTS[] = "SELECT id, key, boot FROM requests WHERE state = 'handed'";
static const char REQUEST_KEYS[] = "SELECT key FROM requests WHERE state IN ('queued', 'handed')";
static const char ANSWERED[] =
	"SELECT 1 FROM messages WHERE direction = 'in' AND in_reply_to = ?1 "
	"AND contact = (SELECT contact FROM messages WHERE message_id = ?1 AND direction = 'out')";

/* Only mail has a carrier here; what a person is to send stands among their tasks. */
static const char OWNERLESS[] =
	"SELECT id FROM messages m WHERE direction = 'out' AND state = 'handed' AND channel <> 'email' AND NOT EXISTS (SELECT 1 FROM tasks WHERE message = m.id)";

enum { FINDS = 3, FIND_FIRST_MS = 5 * 1000 };

/* A question to the send log. */
typedef struct Settling {
	GPtrArray *items; /* Handed */
	Child *child;     /* whose they are; NULL: of all */
} Settling;

/* A message whose outcome nobody knows, looked for in the Sent folder. */
typedef struct Doubt {
	Handed *handed;
	bool by_sender; /* the sender said so (text), else the send log */
	char *text;
	int asked;
	gint64 ask_at;
} Doubt;

Handed *handed_new(int64_t id, const char *message_id, const char *account, bool same_boot)
{
	Handed *handed = g_new0(Handed, 1);
	*handed = (Handed){ .id = id, .message_id = g_strdup(message_id), .account = g_strdup(account), .same_boot = same_boot };
	return handed;
}

void handed_free(void *data)
{
	Handed *handed = data;
	if (!handed)
		return;
	g_free(handed->message_id);
	g_free(handed->account);
	g_free(handed);
}

static void doubt_free(void *data)
{
	Doubt *doubt = data;
	handed_free(doubt->handed);
	g_free(doubt->text);
	g_free(doubt);
}

static void question_free(void *data)
{
	Settling *settling = data;
	g_ptr_array_unref(settling->items);
	g_free(settling);
}

void settling_init(Netlink *net)
{
	net->doubts = g_ptr_array_new_with_free_func(doubt_free);
	net->settlings = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, question_free);
}

void settling_clear(Netlink *net)
{
	g_ptr_array_unref(net->doubts);
	g_hash_table_unref(net->settlings);
}

void settling_forget(Netlink *net)
{
	g_hash_table_remove_all(net->settlings);
	/* Items that came from the ledger stand nowhere else. */
	net->from_ledger |= net->asking || !net->settled;
	net->asking = false;
}

/* ---- in doubt ------------------------------------------------------------------------------------------------------ */

/* Does the provider put what is sent through it into the Sent folder? */
static bool files_sent(const Account *account)
{
	static const char *const providers[] = { "gmail.com", "googlemail.com", "office365.com", "outlook.com" };
	if (value_true(account->config, "files_sent"))
		return true;
	g_autoptr(GUri) uri = g_uri_parse(value_string(json_object_get(account->config, "smtp"), "url", ""), G_URI_FLAGS_NONE, NULL);
	const char *server = uri ? g_uri_get_host(uri) : NULL;
	for (size_t i = 0; server && i < G_N_ELEMENTS(providers); i++)
		if (g_str_has_suffix(server, providers[i]))
			return true;
	return false;
}

static void tell(Netlink *net, const Doubt *doubt, bool found)
{
	const Handed *handed = doubt->handed;
	netlink_watch_commit(net);
	if (found && doubt->by_sender)
		ledger_outcome(net->host, handed->id, SENT_OK, 250, "", "found among the sent mail");
	else if (found)
		ledger_settle(net->host, handed->id, SETTLED_ANSWER, handed->same_boot, 250, "", "found among the sent mail");
	else if (doubt->by_sender)
		ledger_outcome(net->host, handed->id, SENT_AMBIGUOUS, 0, "", doubt->text);
	else
		ledger_settle(net->host, handed->id, SETTLED_MARK, handed->same_boot, 0, "", "");
}

/* Takes handed. Somebody who answered it has it; where the provider files sent mail the folder is asked; else nobody knows. */
static void doubt_begin(Netlink *net, Handed *handed, bool by_sender, const char *text)
{
	Doubt *doubt = g_new0(Doubt, 1);
	*doubt = (Doubt){ .handed = handed, .by_sender = by_sender, .text = g_strdup(text), .ask_at = netlink_in_ms(FIND_FIRST_MS) };
	const Account *account = workspace_account(net->host->workspace, handed->account);
	Link *link = netlink_link(net, handed->account);
	bool answered = db_int(net->host->db, 0, ANSWERED, "s", handed->message_id) != 0;
	if (!answered && account && link && link->reader && files_sent(account)) {
		g_ptr_array_add(net->doubts, doubt);
		return;
	}
	tell(net, doubt, answered);
	doubt_free(doubt);
}

void settling_ambiguous(Netlink *net, Handed *handed, const char *text)
{
	doubt_begin(net, handed, true, text);
}

static void look_for(Netlink *net, Doubt *doubt)
{
	Link *link = netlink_link(net, doubt->handed->account);
	Peer *peer = link && link->reader && !link->reader->dropped ? link->reader->peer : NULL;
	doubt->ask_at = netlink_in_ms(FIND_FIRST_MS << ++doubt->asked);
	if (!peer)
		return;
	peer_begin(peer, N_FIND, (uint64_t)doubt->handed->id);
	peer_put_str(peer, doubt->handed->message_id, -1);
	peer_end(peer);
}

/* The provider may file it some time after it took it, so it is looked for again; and absence is never certain. */
gint64 settling_turn(Netlink *net, gint64 now)
{
	gint64 next = G_MAXINT64;
	for (guint i = 0; i < net->doubts->len;) {
		Doubt *doubt = net->doubts->pdata[i];
		if (now >= doubt->ask_at && doubt->asked == FINDS) {
			tell(net, doubt, false);
			g_ptr_array_remove_index(net->doubts, i);
			continue;
		}
		if (now >= doubt->ask_at)
			look_for(net, doubt);
		next = MIN(next, doubt->ask_at);
		i++;
	}
	return next;
}

bool settling_found(Netlink *net, Frame *frame)
{
	uint8_t answer = frame_get_u8(frame);
	if (!frame_end(frame) || answer > 2)
		return false;
	for (guint i = 0; answer == 1 && i < net->doubts->len; i++) {
		Doubt *doubt = net->doubts->pdata[i];
		if ((uint64_t)doubt->handed->id != frame->id)
			continue;
		tell(net, doubt, true);
		g_ptr_array_remove_index(net->doubts, i);
		break;
	}
	return true;
}

/* ---- the send log -------------------------------------------------------------------------------------------------- */

/* Asks about items (taken). */
static void ask(Netlink *net, GPtrArray *items, Child *child)
{
	Settling *settling = g_new0(Settling, 1);
	*settling = (Settling){ items, child };
	uint64_t request = ++net->next_request;
	g_hash_table_insert(net->settlings, g_memdup2(&request, sizeof request), settling);
	peer_begin(net->parent, N_SETTLE, request);
	peer_put_u32(net->parent, items->len);
	for (guint i = 0; i < items->len; i++)
		peer_put_str(net->parent, ((Handed *)items->pdata[i])->message_id, -1);
	if (!peer_end(net->parent))
		panic("settling: %u messages in flight", items->len);
	netlink_flush(net->parent);
}

static void add_in_flight(const Child *child, GPtrArray *items)
{
	GHashTableIter iter;
	void *value;
	g_hash_table_iter_init(&iter, child->in_flight);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Handed *h = value;
		Handed *copy = handed_new(h->id, h->message_id, h->account, h->same_boot);
		copy->request = h->request;
		g_ptr_array_add(items, copy);
	}
}

void settling_child(Netlink *net, Child *child)
{
	GPtrArray *items = g_ptr_array_new_with_free_func(handed_free);
	add_in_flight(child, items);
	child->settling = true;
	ask(net, items, child);
}

static bool is_known(const Netlink *net, int64_t id)
{
	for (guint i = 0; i < net->doubts->len; i++)
		if (((Doubt *)net->doubts->pdata[i])->handed->id == id)
			return true;
	for (guint i = 0; i < net->links->len; i++) {
		Link *link = net->links->pdata[i];
		if (link->sender && g_hash_table_contains(link->sender->in_flight, &id))
			return true;
	}
	return false;
}

static void add_of_requests(Netlink *net, GPtrArray *items)
{
	const char *boot = net->host->boot;
	Rows *rows = db_query(net->host->db, REQUESTS, "");
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		if (net->requester && g_hash_table_contains(net->requester->in_flight, &id))
			continue;
		Handed *handed = handed_new(id, rows_text(rows, 1), "", boot && g_strcmp0(boot, rows_text(rows, 2)) == 0);
		handed->request = true;
		g_ptr_array_add(items, handed);
	}
}

/* What the ledger calls handed and no one here has in hand: from an earlier life, or told to it and then not committed. */
static void add_of_ledger(Netlink *net, GPtrArray *items)
{
	const char *boot = net->host->boot;
	Rows *rows = db_query(net->host->db, HANDED, "");
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		const char *message_id = rows_text(rows, 1), *account = rows_text(rows, 3);
		bool same_boot = boot && g_strcmp0(boot, rows_text(rows, 2)) == 0;
		if (message_id && !is_known(net, id))
			g_ptr_array_add(items, handed_new(id, message_id, account ? account : "", same_boot));
	}
}

/* Handed over in an earlier life to a carrier that there is not in this one, so nobody can be asked what became of it. */
static void settle_ownerless(Netlink *net)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(net->host->db, OWNERLESS, "");
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	if (!ids->len || db_failed(net->host->db))
		return;
	netlink_watch_commit(net);
	for (guint i = 0; i < ids->len; i++)
		ledger_settle(net->host, g_array_index(ids, int64_t, i), SETTLED_MARK, false, 0, "", "");
}

void settling_all(Netlink *net)
{
	Host *host = net->host;
	GPtrArray *items = g_ptr_array_new_with_free_func(handed_free);
	net->asking = true;
	/* A message that is handed in the open transaction is on its way to netlink_hand: after a commit it is in_flight. */
	if (net->from_ledger && (db_in_transaction(host->db) || host->leaving))
		host_commit(host, NULL);
	if (net->from_ledger) {
		settle_ownerless(net);
		add_of_ledger(net, items);
		add_of_requests(net, items);
	}
	if (db_failed(host->db)) {
		/* What could not be read must not be taken for nothing: later. */
		g_ptr_array_unref(items);
		net->asking = false;
		return;
	}
	net->from_ledger = false;
	for (guint i = 0; i < net->links->len && !net->settled; i++) {
		Link *link = net->links->pdata[i];
		if (link->sender)
			add_in_flight(link->sender, items);
	}
	if (net->requester && !net->settled)
		add_in_flight(net->requester, items);
	if (items->len)
		log_info("settling %u messages and requests that were in flight", items->len);
	ask(net, items, NULL);
}

/* Takes handed. */
static void settle_request(Netlink *net, Handed *handed, SettledState state, uint32_t code)
{
	if (net->requester)
		g_hash_table_remove(net->requester->in_flight, &handed->id);
	requests_settle(net->host, handed->id, state, handed->same_boot, code);
	handed_free(handed);
}

/* Takes handed. */
static void settle(Netlink *net, Handed *handed, SettledState state, uint32_t code, const char *enhanced, const char *text)
{
	if (handed->request) {
		settle_request(net, handed, state, code);
		return;
	}
	Link *link = netlink_link(net, handed->account);
	if (link && link->sender)
		g_hash_table_remove(link->sender->in_flight, &handed->id);
	/* After a power cut a line that is there is true, but one that is missing proves nothing. */
	if (state == SETTLED_MARK || (state == SETTLED_NONE && !handed->same_boot)) {
		doubt_begin(net, handed, false, "");
		return;
	}
	ledger_settle(net->host, handed->id, state, handed->same_boot, code, enhanced, text);
	handed_free(handed);
}

bool settling_settled(Netlink *net, Frame *frame)
{
	Settling *settling = g_hash_table_lookup(net->settlings, &frame->id);
	if (!settling || frame_get_u32(frame) != settling->items->len)
		return false;
	netlink_watch_commit(net);
	while (settling->items->len) {
		uint8_t state = frame_get_u8(frame);
		uint32_t code = frame_get_u32(frame);
		const char *enhanced = frame_get_str(frame, NULL), *text = frame_get_str(frame, NULL);
		if (frame->bad || state > SETTLED_ANSWER)
			return false;
		settle(net, g_ptr_array_steal_index(settling->items, 0), (SettledState)state, code, enhanced, text);
	}
	if (settling->child)
		settling->child->settling = false;
	else
		net->asking = false;
	net->trim |= !settling->child && !net->settled;
	g_hash_table_remove(net->settlings, &frame->id);
	return frame_end(frame);
}

void settling_trim(Netlink *net)
{
	g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < net->doubts->len; i++)
		g_ptr_array_add(keep, g_strdup(((Doubt *)net->doubts->pdata[i])->handed->message_id));
	Rows *rows = db_query(net->host->db, REQUEST_KEYS, "");
	while (rows_next(rows))
		g_ptr_array_add(keep, g_strdup(rows_text(rows, 0)));
	peer_begin(net->parent, N_TRIM, ++net->next_request);
	peer_put_u32(net->parent, keep->len);
	for (guint i = 0; i < keep->len; i++)
		peer_put_str(net->parent, keep->pdata[i], -1);
	peer_end(net->parent);
	netlink_flush(net->parent);
}
