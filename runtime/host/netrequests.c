/* SPDX-License-Identifier: MIT */
/* Requests of scripts on their way to net's requester and back: see netparts.h. */
#include "host/netparts.h"

#include "host/requests.h"

enum { IN_FLIGHT_MOST = 16 };

/* A request that leaves as soon as it is committed. */
typedef struct Leaving {
	Netlink *net;
	int64_t id;
	char *text;
} Leaving;

static void leaving_free(Leaving *leaving)
{
	g_free(leaving->text);
	g_free(leaving);
}

/* If there is no requester any more, the send log tells at its next start that this one never left. */
static void committed(Host *host, void *data)
{
	(void)host;
	Leaving *leaving = data;
	Child *child = leaving->net->requester;
	if (child->peer && !child->dropped) {
		peer_begin(child->peer, N_REQUEST, (uint64_t)leaving->id);
		peer_put_str(child->peer, leaving->text, -1);
		if (!peer_end(child->peer))
			panic("request r%" G_GINT64_FORMAT " is longer than a frame", leaving->id);
		netlink_flush(child->peer);
	}
	leaving_free(leaving);
}

static void not_committed(Host *host, void *data)
{
	(void)host;
	Leaving *leaving = data;
	g_hash_table_remove(leaving->net->requester->in_flight, &leaving->id);
	leaving_free(leaving);
}

/* Scripts may have been entered since the requester was started; with more secrets it is started anew once its hands are empty. */
static bool has_secrets(const Child *child, int64_t id)
{
	g_autoptr(GPtrArray) names = requests_named(child->net->host, id);
	bool has_all = true;
	for (guint i = 0; i < names->len; i++)
		has_all = has_all && g_hash_table_contains(child->secrets, names->pdata[i]);
	if (has_all)
		return true;
	/* One that no requester would be given is net's to refuse. */
	g_autoptr(GHashTable) given = requests_secrets(child->net->host);
	bool more = false;
	for (guint i = 0; i < names->len; i++)
		more |= !g_hash_table_contains(child->secrets, names->pdata[i]) && g_hash_table_contains(given, names->pdata[i]);
	return !more;
}

static void hand(Netlink *net, int64_t id)
{
	Child *child = net->requester;
	g_auto(Request) request = { 0 };
	g_autofree char *text = requests_hand(net->host, id);
	if (!text || !request_load(net->host, id, &request))
		return;
	Handed *handed = handed_new(id, request.key, "", true);
	handed->request = true;
	g_hash_table_replace(child->in_flight, &handed->id, handed);
	Leaving *leaving = g_new0(Leaving, 1);
	*leaving = (Leaving){ net, id, g_steal_pointer(&text) };
	host_after_commit(net->host, committed, not_committed, leaving);
}

void netrequests_look(Netlink *net)
{
	g_autoptr(GArray) ids = requests_queued(net->host, 1);
	net->requester->wanted = ids->len > 0;
}

void netrequests_hand(Netlink *net)
{
	Child *child = net->requester;
	bool may = !net->host->stopping && net->settled && !net->from_ledger && child->peer && !child->dropped && !child->renew;
	if (!may || !child->wanted)
		return;
	g_autoptr(GArray) ids = requests_queued(net->host, IN_FLIGHT_MOST - (int)g_hash_table_size(child->in_flight));
	for (guint i = 0; i < ids->len; i++) {
		int64_t id = g_array_index(ids, int64_t, i);
		if (!has_secrets(child, id)) {
			child->renew = true;
			return;
		}
		hand(net, id);
	}
}

bool netrequests_frame(Child *child, Frame *frame)
{
	const char *code = frame_get_str(frame, NULL), *text = frame_get_str(frame, NULL), *json = frame_get_str(frame, NULL);
	int64_t id = (int64_t)frame->id;
	if (frame->kind != N_RESPONSE || !frame_end(frame) || !g_hash_table_contains(child->in_flight, &id))
		return false;
	netlink_watch_commit(child->net);
	if (!requests_answer(child->net->host, id, code, text, json))
		return false;
	g_hash_table_remove(child->in_flight, &id);
	netchild_works(child);
	return true;
}

char *netrequests_fork_text(Child *child)
{
	Host *host = child->net->host;
	g_clear_pointer(&child->secrets, g_hash_table_unref);
	child->secrets = requests_secrets(host);
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(child->secrets), (GCompareFunc)g_strcmp0);
	g_autoptr(json_t) list = json_array();
	for (GList *l = names; l; l = l->next)
		json_array_append_new(list, json_string(l->data));
	g_autoptr(json_t) what = json_pack("{ss sO sO*}", "role", "requester", "secrets", list, "allow_addresses", host->workspace->allow_addresses);
	return value_text(what);
}

bool netrequests_busy(const Netlink *net)
{
	const Child *child = net->requester;
	return (child->peer || child->failures < HOPELESS) && requests_open(net->host);
}
