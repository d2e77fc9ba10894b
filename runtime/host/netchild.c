/* SPDX-License-Identifier: MIT */
/* Senders, readers and the requester, the children of net, as the host sees them: see netparts.h. */
#include "host/netparts.h"

#include "host/audit.h"
#include "host/ledger.h"

#include <unistd.h>

enum {
	TRY_FIRST_MS = 5 * 1000, TRY_MOST_MS = 5 * 60 * 1000, /* between attempts while sending fails */
	SILENT_S = 15 * 60,
};

static HealthPart part(const Child *child)
{
	return child->reader ? HEALTH_READING : HEALTH_SENDING;
}

static void child_ended(Child *child)
{
	Netlink *net = child->net;
	if (!child->unwatched)
		host_unwatch(net->host, peer_fd(child->peer));
	g_clear_pointer(&child->peer, peer_free);
	if (child->mailbox)
		mailbox_end(child->mailbox);
	child->pid = 0;
	child->unwatched = false;
	if (child->renew) {
		child->renew = false;
		child->start_at = 0;
		return;
	}
	child->failures++;
	child->pause_ms = netlink_grow(child->pause_ms, PAUSE_FIRST_MS, PAUSE_MOST_MS);
	child->start_at = netlink_in_ms(child->pause_ms);
	if (!net->closing)
		log_warn("%s has ended; another starts in %d ms", child->name, child->pause_ms);
}

/* It must go. why: NULL if it has done nothing wrong. */
static void child_drop(Child *child, const char *why)
{
	if (!child->peer || child->dropped)
		return;
	if (why)
		log_error("%s %s; it is started again", child->name, why);
	child->dropped = true;
	if (child->net->parent) {
		peer_begin(child->net->parent, F_KILL, child->number);
		peer_end(child->net->parent);
		netlink_flush(child->net->parent);
	}
	if (child->mailbox)
		mailbox_end(child->mailbox);
}

void netchild_works(Child *child)
{
	child->pause_ms = child->failures = child->try_ms = 0;
	child->silent = false;
	if (child->requester)
		return;
	health_ok(child->net->host, child->account, child->health, part(child));
	if (child->reader)
		mailbox_recovered(child->mailbox);
}

static bool on_sent(Child *child, Frame *frame)
{
	uint8_t class = frame_get_u8(frame);
	uint32_t code = frame_get_u32(frame);
	const char *enhanced = frame_get_str(frame, NULL), *text = frame_get_str(frame, NULL);
	if (!frame_end(frame) || class > SENT_PERMANENT)
		return false;
	int64_t id = (int64_t)frame->id;
	/* Not steal_extended: key and value are one address, and it gives only the first. */
	Handed *handed = g_hash_table_lookup(child->in_flight, &id);
	if (!handed)
		return false;
	g_hash_table_steal(child->in_flight, &id);
	if (class == SENT_OK)
		netchild_works(child);
	if (class == SENT_AMBIGUOUS) {
		settling_ambiguous(child->net, handed, text);
		return true;
	}
	netlink_watch_commit(child->net);
	ledger_outcome(child->net->host, id, (SentClass)class, code, enhanced, text);
	handed_free(handed);
	return true;
}

static bool on_health(Child *child, Frame *frame)
{
	uint8_t state = frame_get_u8(frame);
	const char *code = frame_get_str(frame, NULL), *text = frame_get_str(frame, NULL);
	if (!frame_end(frame) || state > HEALTH_FAILING)
		return false;
	if (state == HEALTH_OK) {
		netchild_works(child);
		return true;
	}
	child->try_ms = netlink_grow(child->try_ms, TRY_FIRST_MS, TRY_MOST_MS);
	child->try_at = netlink_in_ms(child->try_ms);
	if (!child->silent) /* that is worse, and stays until a read succeeds */
		health_failing(child->net->host, child->account, child->health, part(child), code, text);
	return true;
}

static bool child_frame(Child *child, Frame *frame)
{
	if (frame->fd >= 0)
		close(frame->fd);
	if (frame->fd >= 0)
		return false;
	if (child->requester)
		return netrequests_frame(child, frame);
	if (frame->kind == N_HEALTH)
		return on_health(child, frame);
	if (!child->reader)
		return frame->kind == N_SENT && on_sent(child, frame);
	if (frame->kind == N_FOUND)
		return settling_found(child->net, frame);
	return mailbox_frame(child->mailbox, frame);
}

void netchild_ready(Host *host, void *user, short revents)
{
	(void)host;
	(void)revents;
	Child *child = user;
	g_autoptr(GError) ended = NULL, bad = NULL;
	bool open = peer_read(child->peer, &ended);
	Frame frame;
	while (peer_next(child->peer, &frame, &bad))
		if (!child->dropped && !child_frame(child, &frame))
			child_drop(child, "is out of step");
	if (bad)
		child_drop(child, bad->message);
	if (!open)
		child_ended(child);
	else
		netlink_flush(child->peer);
}

static bool wants_write(void *user)
{
	return peer_pending(((Child *)user)->peer) > 0;
}

static char *fork_text(Child *child, const Account *account)
{
	if (child->requester)
		return netrequests_fork_text(child);
	g_autoptr(json_t) what = json_pack("{ss ss sO sO*}", "account", child->account, "role", child->reader ? "reader" : "sender",
	                                   "config", account->config, "allow_addresses", child->net->host->workspace->allow_addresses);
	return value_text(what);
}

/* It signs in with a secret, and signs mail with others: that is written down. */
static void audit(const Child *child, const Account *account)
{
	const json_t *server = json_object_get(account->config, child->reader ? "imap" : "smtp");
	const char *secret = value_string(server, "password", "");
	g_autoptr(GUri) uri = g_uri_parse(value_string(server, "url", ""), G_URI_FLAGS_NONE, NULL);
	const json_t *signatures = child->reader ? NULL : json_object_get(account->config, "dkim");
	for (size_t i = 0; i < json_array_size(signatures); i++) {
		const json_t *signature = json_array_get(signatures, i); /* it goes nowhere, but what it makes speaks for the domain */
		audit_use(child->net->host, &(SecretUse){ .secret = value_string(signature, "key", ""), .host = value_string(signature, "domain", ""),
		                                          .account = child->account });
	}
	if (*secret)
		audit_use(child->net->host, &(SecretUse){ .secret = secret, .host = uri ? g_uri_get_host(uri) : "", .account = child->account });
}

static void child_fork(Child *child)
{
	Netlink *net = child->net;
	const Account *account = child->requester ? NULL : workspace_account(net->host->workspace, child->account);
	int fds[2];
	g_autoptr(GError) error = NULL;
	if ((!account && !child->requester) || !peer_pair(fds, &error)) {
		log_error("%s cannot be started: %s", child->name, error ? error->message : "it is not in perigee.lua any more");
		child->failures++;
		child->start_at = netlink_in_ms(PAUSE_MOST_MS);
		return;
	}
	g_autofree char *text = fork_text(child, account);
	if (account)
		audit(child, account);
	child->number = ++net->next_child;
	child->dropped = child->renew = false;
	child->peer = peer_new(fds[0], FRAME_CAP);
	host_watch(net->host, fds[0], netchild_ready, wants_write, child);
	peer_begin(net->parent, F_FORK, child->number);
	peer_put_str(net->parent, text, -1);
	/* If the parent is gone its socket says so next, and this child's too. */
	if (peer_end_fd(net->parent, fds[1], &error))
		netlink_flush(net->parent);
	close(fds[1]);
	if (child->reader)
		mailbox_begin(child->mailbox, child->peer);
}

/* A mailbox that is silently not read any more is worse than one that fails: nobody looks for it. */
static gint64 watch_silence(Child *child, gint64 now)
{
	gint64 at = mailbox_read_at(child->mailbox) + SILENT_S * G_USEC_PER_SEC;
	if (child->silent || now < at)
		return child->silent ? G_MAXINT64 : at;
	child->silent = true;
	const char *why = child->health->part[HEALTH_READING].text;
	g_autofree char *text = g_strdup_printf("the mailbox has not been read for %d minutes; follow-ups wait for it%s%s", SILENT_S / 60,
	                                        why ? ": " : "", why ? why : "");
	log_error("account %s: %s", child->account, text);
	health_failing(child->net->host, child->account, child->health, HEALTH_READING, "silent", text);
	return G_MAXINT64;
}

static gint64 reader_turn(Child *child, gint64 now)
{
	if (mailbox_read_at(child->mailbox) != child->read_at) {
		child->read_at = mailbox_read_at(child->mailbox);
		netchild_works(child);
	}
	gint64 next = watch_silence(child, now);
	if (!child->peer || child->dropped)
		return next;
	next = MIN(next, mailbox_turn(child->mailbox, now));
	if (mailbox_lost(child->mailbox)) {
		child_drop(child, "has to tell again what was not recorded");
		return next;
	}
	bool full = mailbox_full(child->mailbox);
	if (full && !child->unwatched)
		host_unwatch(child->net->host, peer_fd(child->peer));
	else if (!full && child->unwatched)
		host_watch(child->net->host, peer_fd(child->peer), netchild_ready, wants_write, child);
	child->unwatched = full;
	return next;
}

/* Starts what is due; the next moment something is. */
gint64 netchild_turn(Child *child, gint64 now)
{
	Netlink *net = child->net;
	gint64 next = child->reader ? reader_turn(child, now) : G_MAXINT64;
	bool hands = child->in_flight && g_hash_table_size(child->in_flight);
	if (child->peer) {
		if (child->renew && !hands)
			child_drop(child, NULL);
		netlink_flush(child->peer);
		return child->try_ms && now < child->try_at ? MIN(next, child->try_at) : next;
	}
	if (!net->parent || !net->settled || child->settling)
		return next;
	if (now < child->start_at)
		return MIN(next, child->start_at);
	/* What was handed to the last one, or found none, is settled first. */
	if (hands)
		settling_child(net, child);
	else if (!child->requester || child->wanted)
		child_fork(child);
	return next;
}

Child *netchild_new(Netlink *net, Link *link, bool reader)
{
	Child *child = g_new0(Child, 1);
	*child = (Child){ .net = net, .account = link->account, .reader = reader, .health = &link->health };
	child->name = g_strdup_printf("account %s: its %s", link->account, reader ? "reader" : "sender");
	if (reader) {
		child->mailbox = mailbox_new(net->host, link->account);
		child->read_at = mailbox_read_at(child->mailbox);
	} else {
		child->in_flight = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, handed_free);
	}
	return child;
}

Child *netchild_new_requester(Netlink *net)
{
	Child *child = g_new0(Child, 1);
	*child = (Child){ .net = net, .requester = true, .name = g_strdup("the requester of scripts") };
	child->in_flight = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, handed_free);
	return child;
}

void netchild_free(Child *child)
{
	if (!child)
		return;
	if (child->peer) {
		if (!child->unwatched)
			host_unwatch(child->net->host, peer_fd(child->peer));
		peer_free(child->peer);
	}
	mailbox_free(child->mailbox);
	if (child->in_flight)
		g_hash_table_unref(child->in_flight);
	if (child->secrets)
		g_hash_table_unref(child->secrets);
	g_free(child->name);
	g_free(child);
}
