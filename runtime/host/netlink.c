/* SPDX-License-Identifier: MIT */
/* The link to net, its parent and the carrier: see netlink.h. */
#include "host/netlink.h"

#include "host/attach.h"
#include "host/compose.h"
#include "host/ledger.h"
#include "host/netparts.h"
#include "host/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	IN_FLIGHT_MOST = 2,    /* per open connection (DESIGN.md section 8) */
	DRAIN_MS = 5 * 1000,
	LINGER_MS = 45 * 1000, /* a sender whose host is gone ends its message within 30 s */
};

static void parent_drop(Netlink *net, const char *why);

gint64 netlink_in_ms(int ms)
{
	return g_get_monotonic_time() + (gint64)ms * 1000;
}

int netlink_grow(int ms, int first, int most)
{
	return ms ? MIN(ms * 2, most) : first;
}

Child *netlink_child(const Netlink *net, guint i)
{
	if (i == 2 * net->links->len)
		return net->requester;
	Link *link = net->links->pdata[i % net->links->len];
	return i < net->links->len ? link->sender : link->reader;
}

guint netlink_places(const Netlink *net)
{
	return 2 * net->links->len + 1;
}

Link *netlink_link(const Netlink *net, const char *account)
{
	for (guint i = 0; i < net->links->len; i++) {
		Link *link = net->links->pdata[i];
		if (g_str_equal(link->account, account))
			return link;
	}
	return NULL;
}

void netlink_flush(Peer *peer)
{
	if (peer && peer_pending(peer))
		peer_flush(peer, NULL); /* a broken pipe is seen at the next read */
}

/* ---- commits ------------------------------------------------------------------------------------------------------- */

/* A failed commit took outcomes back that net has told: the send log still has them. */
static void not_committed(Host *host, void *data)
{
	(void)host;
	Netlink *net = data;
	net->watched = net->trim = false;
	net->from_ledger = true;
}

static void committed(Host *host, void *data)
{
	(void)host;
	Netlink *net = data;
	net->watched = false;
	if (!net->trim || !net->parent)
		return;
	net->trim = false;
	settling_trim(net);
	net->settled = true;
}

void netlink_watch_commit(Netlink *net)
{
	host_write(net->host);
	if (!net->watched)
		host_after_commit(net->host, committed, not_committed, net);
	net->watched = true;
}

static void link_free(void *data)
{
	Link *link = data;
	netchild_free(link->sender);
	netchild_free(link->reader);
	health_clear(&link->health);
	g_free(link->account);
	g_free(link);
}

/* ---- the parent ---------------------------------------------------------------------------------------------------- */

static bool on_ready(Netlink *net, Frame *frame)
{
	g_autoptr(json_t) said = value_parse(frame_get_str(frame, NULL), -1, NULL);
	if (!frame_end(frame) || !json_is_object(said))
		return false;
	net->ready = true;
	net->pause_ms = net->failures = 0;
	if (g_str_equal(value_string(said, "vault", ""), "locked"))
		log_error("the vault is locked: %s. Accounts with a password can't work until then", value_string(said, "text", "there is no key"));
	return true;
}

static bool on_forked(Netlink *net, Frame *frame)
{
	uint32_t value = frame_get_u32(frame);
	if (!frame_end(frame))
		return false;
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (child && child->number == frame->id && frame->kind == F_FORKED)
			child->pid = (pid_t)value;
		else if (child && child->number == frame->id && WIFSIGNALED((int)value) && !child->dropped)
			log_warn("%s was killed by signal %d", child->name, WTERMSIG((int)value));
	}
	return true;
}

static bool parent_frame(Netlink *net, Frame *frame)
{
	if (frame->fd >= 0)
		close(frame->fd);
	switch (frame->kind) {
	case N_READY: return on_ready(net, frame);
	case N_SETTLED: return settling_settled(net, frame);
	case F_FORKED:
	case F_ENDED: return on_forked(net, frame);
	default: return false;
	}
}

static void parent_ready(Host *host, void *user, short revents)
{
	(void)host;
	(void)revents;
	Netlink *net = user;
	g_autoptr(GError) ended = NULL, bad = NULL;
	bool open = peer_read(net->parent, &ended), good = true;
	Frame frame;
	while (good && peer_next(net->parent, &frame, &bad))
		good = parent_frame(net, &frame);
	if (!good || bad)
		parent_drop(net, "is out of step");
	else if (!open)
		parent_drop(net, "has ended");
	else
		netlink_flush(net->parent);
}

static bool parent_wants_write(void *user)
{
	return peer_pending(((Netlink *)user)->parent) > 0;
}

/* Ends the parent, and asks the children to end; their last words are still heard. */
static void parent_drop(Netlink *net, const char *why)
{
	net->failures++;
	net->pause_ms = netlink_grow(net->pause_ms, PAUSE_FIRST_MS, PAUSE_MOST_MS);
	net->start_at = netlink_in_ms(net->pause_ms);
	net->kill_at = netlink_in_ms(LINGER_MS);
	settling_forget(net);
	net->ready = net->settled = net->trim = false;
	log_error("net %s; it is started again", why);
	host_unwatch(net->host, peer_fd(net->parent));
	g_clear_pointer(&net->parent, peer_free);
	kill(net->parent_pid, SIGKILL);
	waitpid(net->parent_pid, NULL, 0);
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (!child)
			continue;
		child->settling = false;
		if (child->peer)
			shutdown(peer_fd(child->peer), SHUT_WR);
	}
}

static bool parent_start(Netlink *net, GError **error)
{
	Host *host = net->host;
	g_autofree char *program = host_libexec("net");
	const char *key_file = host->key_file ? host->key_file : g_getenv("PERIGEE_KEY_FILE");
	const char *argv[] = { program, host->workspace->dir, key_file ? "--key-file" : NULL, key_file, NULL };
	int lock = host_lock_fd(host);
	g_autofree char *lock_text = g_strdup_printf("%d", lock);
	g_auto(GStrv) env = g_get_environ();
	if (lock >= 0)
		env = g_environ_setenv(env, "PERIGEE_LOCK_FD", lock_text, TRUE);
	net->parent = spawn_role(argv, (const char *const *)env, lock, &net->parent_pid, error);
	if (net->parent)
		host_watch(host, peer_fd(net->parent), parent_ready, parent_wants_write, net);
	return net->parent != NULL;
}

/* A new parent is started when all children of the old one are gone: they could still write to the log. */
static gint64 parent_turn(Netlink *net, gint64 now)
{
	if (net->parent) {
		netlink_flush(net->parent);
		if (net->ready && !net->asking && !net->trim && (!net->settled || net->from_ledger))
			settling_all(net);
		return G_MAXINT64;
	}
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (!child || !child->peer)
			continue;
		if (now >= net->kill_at && child->pid > 0)
			kill(child->pid, SIGKILL);
		return MAX(net->kill_at, now + G_USEC_PER_SEC);
	}
	if (now < net->start_at)
		return net->start_at;
	g_autoptr(GError) error = NULL;
	if (parent_start(net, &error))
		return G_MAXINT64;
	log_error("net cannot be started: %s", error->message);
	net->failures++;
	net->pause_ms = netlink_grow(net->pause_ms, PAUSE_FIRST_MS, PAUSE_MOST_MS);
	return net->start_at = netlink_in_ms(net->pause_ms);
}

/* ---- the carrier --------------------------------------------------------------------------------------------------- */

static Netlink *netlink_of(Host *host)
{
	return host->carrier->own;
}

static int netlink_room(Host *host, const Account *account)
{
	Netlink *net = netlink_of(host);
	Link *link = netlink_link(net, account->name);
	Child *sender = link ? link->sender : NULL;
	if (host->stopping || !net->settled || net->from_ledger || !sender || !sender->peer || sender->dropped || sender->renew)
		return 0;
	int in_flight = (int)g_hash_table_size(sender->in_flight);
	if (sender->try_ms)
		return !in_flight && g_get_monotonic_time() >= sender->try_at ? 1 : 0;
	return MAX(IN_FLIGHT_MOST - in_flight, 0);
}

/* The message's files go ahead of it. False: a copy is gone, and without it the message does not go. */
static bool hand_files(Host *host, Child *sender, const Handing *handing)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(int));
	for (guint i = 0; handing->files && i < handing->files->len; i++) {
		int fd = attach_open(host, handing->files->pdata[i]);
		if (fd >= 0)
			g_array_append_val(open, fd);
	}
	bool all = !handing->files || open->len == handing->files->len;
	for (guint i = 0; i < open->len; i++) {
		if (!all) {
			close(g_array_index(open, int, i));
			continue;
		}
		const Attachment *file = handing->files->pdata[i];
		peer_begin(sender->peer, N_FILE, (uint64_t)handing->id);
		peer_put_u64(sender->peer, file->place);
		peer_put_u64(sender->peer, file->size);
		peer_end_take(sender->peer, g_array_index(open, int, i));
	}
	return all;
}

/* A message that finds its sender gone is settled (as not sent) before the next one starts. */
static void netlink_hand(Host *host, const Handing *handing)
{
	Netlink *net = netlink_of(host);
	Link *link = handing->account ? netlink_link(net, handing->account->name) : NULL;
	if (!link || !link->sender) {
		ledger_outcome(host, handing->id, SENT_CONFIG, 0, "", "the account has no smtp");
		return;
	}
	Child *sender = link->sender;
	Handed *handed = handed_new(handing->id, handing->message_id, link->account, true);
	g_hash_table_replace(sender->in_flight, &handed->id, handed);
	sender->try_at = netlink_in_ms(sender->try_ms);
	if (!sender->peer || sender->dropped)
		return;
	if (!hand_files(host, sender, handing)) {
		g_hash_table_remove(sender->in_flight, &handing->id);
		ledger_outcome(host, handing->id, SENT_PERMANENT, 0, "", "the copies of its attachments, in run/attachments, are gone");
		return;
	}
	const char *redirect = host->workspace->redirect_all_to;
	guint cc = handing->cc && !redirect ? g_strv_length((GStrv)handing->cc) : 0;
	const Account *account = handing->account;
	g_autofree char *from = account->plus_path ? compose_return_path(account->from_address, handing->message_id) : g_strdup(account->from_address);
	peer_begin(sender->peer, N_SEND, (uint64_t)handing->id);
	peer_put_str(sender->peer, handing->message_id, -1);
	peer_put_str(sender->peer, from, -1);
	peer_put_u32(sender->peer, 1 + cc);
	peer_put_str(sender->peer, redirect ? redirect : handing->address, -1);
	for (guint i = 0; i < cc; i++)
		peer_put_str(sender->peer, handing->cc[i], -1);
	peer_put_str(sender->peer, handing->bytes, (gssize)handing->size);
	if (!peer_end(sender->peer)) {
		g_hash_table_remove(sender->in_flight, &handing->id);
		ledger_outcome(host, handing->id, SENT_PERMANENT, 552, "5.3.4", "the message is larger than 4 MiB");
	}
	netlink_flush(sender->peer);
}

static void netlink_read(Host *host, const Account *account)
{
	Link *link = netlink_link(netlink_of(host), account->name);
	if (!link || !link->reader)
		return;
	mailbox_read(link->reader->mailbox);
	netlink_flush(link->reader->peer);
}

static bool netlink_busy(Host *host)
{
	Netlink *net = netlink_of(host);
	if ((!net->settled && net->failures < HOPELESS) || g_hash_table_size(net->settlings) || net->doubts->len || netrequests_busy(net))
		return true;
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (!child || child->requester)
			continue;
		bool starts = !child->peer && child->failures < HOPELESS;
		if (starts || (child->reader ? mailbox_busy(child->mailbox) : g_hash_table_size(child->in_flight) > 0))
			return true;
	}
	return false;
}

static void timer_ready(Host *host, void *user, short revents)
{
	(void)host;
	(void)revents;
	uint64_t times;
	Netlink *net = user;
	net->timer_at = 0;
	if (read(net->timer, &times, sizeof times) < 0 && errno != EAGAIN)
		log_warn("netlink: timer: %s", g_strerror(errno));
}

static void set_timer(Netlink *net, gint64 at)
{
	if (at == net->timer_at)
		return;
	net->timer_at = at;
	/* All zero would disarm it. */
	struct itimerspec when = { .it_value = { at / G_USEC_PER_SEC, MAX(at % G_USEC_PER_SEC * 1000, 1) } };
	if (at == G_MAXINT64)
		when.it_value = (struct timespec){ 0, 0 };
	timerfd_settime(net->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void netlink_turn(Host *host)
{
	Netlink *net = netlink_of(host);
	gint64 now = g_get_monotonic_time();
	gint64 next = parent_turn(net, now);
	next = MIN(next, settling_turn(net, now));
	netrequests_look(net);
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (child)
			next = MIN(next, netchild_turn(child, now));
	}
	netrequests_hand(net);
	netlink_flush(net->parent);
	set_timer(net, next);
}

static Time netlink_next_due(Host *host)
{
	(void)host;
	return TIME_NEVER; /* what happens by itself here happens in real time */
}

/* ---- the end ------------------------------------------------------------------------------------------------------- */

/* Hears children until enough says so or the time is up. */
static void hear(Netlink *net, bool (*enough)(const Netlink *), int ms)
{
	gint64 until = netlink_in_ms(ms);
	for (gint64 now = g_get_monotonic_time(); !enough(net) && now < until; now = g_get_monotonic_time()) {
		guint n = 0;
		g_autofree struct pollfd *fds = g_new0(struct pollfd, netlink_places(net) + 1);
		g_autofree Child **which = g_new0(Child *, netlink_places(net) + 1);
		for (guint i = 0; i < netlink_places(net); i++) {
			Child *child = netlink_child(net, i);
			if (!child || !child->peer)
				continue;
			netlink_flush(child->peer);
			fds[n] = (struct pollfd){ peer_fd(child->peer), POLLIN, 0 };
			which[n++] = child;
		}
		poll(fds, n, 50);
		for (guint i = 0; i < n; i++)
			if (fds[i].revents)
				netchild_ready(net->host, which[i], fds[i].revents);
	}
}

static bool nothing_in_flight(const Netlink *net)
{
	for (guint i = 0; i < netlink_places(net); i++) {
		const Child *child = netlink_child(net, i);
		if (child && child->peer && child->in_flight && g_hash_table_size(child->in_flight))
			return false;
	}
	return true;
}

static bool no_children(const Netlink *net)
{
	for (guint i = 0; i < netlink_places(net); i++) {
		const Child *child = netlink_child(net, i);
		if (child && child->peer)
			return false;
	}
	return true;
}

/* It sees our end of its socket closed; but while it asks for a passphrase it hears signals alone, and has the terminal to put in
 * order. */
static void wait_for_parent(Netlink *net)
{
	kill(net->parent_pid, SIGTERM);
	for (int waited = 0; waitpid(net->parent_pid, NULL, WNOHANG) == 0; waited += 10) {
		if (waited == DRAIN_MS)
			kill(net->parent_pid, SIGKILL);
		g_usleep(10000);
	}
}

static void netlink_clear(Netlink *net)
{
	host_unwatch(net->host, net->timer);
	close(net->timer);
	g_ptr_array_unref(net->links);
	netchild_free(net->requester);
	settling_clear(net);
	g_free(net);
}

/* What is in flight gets its outcome if that takes no longer than DRAIN_MS; what does not is settled at the next start. */
static void netlink_free(Host *host)
{
	Netlink *net = netlink_of(host);
	net->closing = true;
	hear(net, nothing_in_flight, DRAIN_MS);
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (child && child->peer)
			shutdown(peer_fd(child->peer), SHUT_WR);
	}
	hear(net, no_children, DRAIN_MS);
	if (net->parent) {
		host_unwatch(host, peer_fd(net->parent));
		g_clear_pointer(&net->parent, peer_free);
		wait_for_parent(net);
	}
	if (db_in_transaction(host->db) || host->leaving)
		host_commit(host, NULL);
	host->carrier = NULL;
	netlink_clear(net);
}

void netlink_reload(Host *host)
{
	if (!host->carrier || host->carrier->hand != netlink_hand)
		return;
	Netlink *net = netlink_of(host);
	if (!net->parent)
		return;
	peer_begin(net->parent, N_RELOAD, ++net->next_request);
	peer_end(net->parent);
	netlink_flush(net->parent);
	for (guint i = 0; i < netlink_places(net); i++) {
		Child *child = netlink_child(net, i);
		if (child) {
			child->renew = child->peer != NULL;
			child->start_at = child->try_at = 0;
		}
	}
}

Carrier *netlink_new(Host *host, GError **error)
{
	Netlink *net = g_new0(Netlink, 1);
	net->carrier = (Carrier){ .room = netlink_room, .hand = netlink_hand, .read = netlink_read, .busy = netlink_busy,
	                          .turn = netlink_turn, .next_due = netlink_next_due, .free = netlink_free, .own = net };
	net->host = host;
	net->from_ledger = true;
	net->links = g_ptr_array_new_with_free_func(link_free);
	net->requester = netchild_new_requester(net);
	settling_init(net);
	net->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const Account *account = host->workspace->accounts->pdata[i];
		if (!g_str_equal(account->channel, "email") || (!account->has_smtp && !account->has_imap))
			continue;
		Link *link = g_new0(Link, 1);
		link->account = g_strdup(account->name);
		link->sender = account->has_smtp ? netchild_new(net, link, false) : NULL;
		link->reader = account->has_imap ? netchild_new(net, link, true) : NULL;
		g_ptr_array_add(net->links, link);
	}
	host_watch(host, net->timer, timer_ready, NULL, net);
	if (host->workspace->redirect_all_to)
		log_warn("all mail goes to %s instead of its recipients (redirect_all_to)", host->workspace->redirect_all_to);
	attach_sweep(host);
	if (parent_start(net, error))
		return &net->carrier;
	netlink_clear(net);
	return NULL;
}
