/* SPDX-License-Identifier: MIT */
/* The parent of net: see parent.h. */
#include "net/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "net/child.h"
#include "net/confine.h"
#include "net/keeper.h"
#include "net/memory.h"
#include "net/message.h"

enum {
	CHILDREN_MS = 40 * 1000, /* a sender waits 30 s for the answer to a final dot */
	OLD_NET_MS = 60 * 1000,
};

typedef struct Parent {
	Peer *host;
	Keeper *keeper;
	char *log_path;
	Sendlog *log;
	GHashTable *children; /* pid → GUINT_TO_POINTER child number */
	int signals;          /* signalfd */
	int locks[2];         /* the workspace's (inherited, or -1), and run/net.lock */
	bool ready; /* N_READY has been said */
	bool ended;
} Parent;

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void open_vault(Parent *p, bool at_start)
{
	if (!keeper_open(p->keeper, at_start))
		fatal("the keeper of the vault has ended");
}

/* The host is told how the vault is once, after the start. We never wait for it: somebody may be asked for a passphrase, and the
 * host's end has to be seen meanwhile. */
static void read_keeper(Parent *p)
{
	g_autofree char *state = NULL;
	if (!keeper_read(p->keeper, &state))
		fatal("the keeper of the vault has ended");
	if (!state || p->ready)
		return;
	p->ready = true;
	peer_begin(p->host, N_READY, 0);
	peer_put_str(p->host, state, -1);
	peer_end(p->host);
}

/* ---- children ---- */

static void on_fork(Parent *p, Frame *frame)
{
	uint32_t number = (uint32_t)frame->id;
	const char *json = frame_get_str(frame, NULL);
	if (!frame_end(frame) || frame->fd < 0)
		panic("a malformed F_FORK");
	g_autoptr(GError) error = NULL;
	g_autoptr(Account) account = account_parse(json, &error);
	if (!account)
		panic("F_FORK: %s", error->message);
	int secrets = keeper_ask(p->keeper, json);
	if (secrets < 0)
		fatal("the keeper of the vault has ended");
	pid_t pid = fork();
	if (pid == 0) {
		ChildPlan plan = { account, secrets, p->log, frame->fd, { p->locks[0], p->locks[1] } };
		child_run(&plan);
	}
	close(secrets);
	close(frame->fd); /* if there is no child, the host sees its end */
	if (pid < 0)
		fatal("cannot start a process for account %s: %s", account->name, g_strerror(errno));
	g_hash_table_insert(p->children, GINT_TO_POINTER(pid), GUINT_TO_POINTER(number));
	peer_begin(p->host, F_FORKED, number);
	peer_put_u32(p->host, (uint32_t)pid);
	peer_end(p->host);
}

static void on_kill(Parent *p, Frame *frame)
{
	GHashTableIter iter;
	gpointer pid, number;
	if (!frame_end(frame))
		panic("a malformed F_KILL");
	g_hash_table_iter_init(&iter, p->children);
	while (g_hash_table_iter_next(&iter, &pid, &number))
		if (GPOINTER_TO_UINT(number) == (uint32_t)frame->id)
			kill(GPOINTER_TO_INT(pid), SIGKILL);
}

static void reap(Parent *p)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		gpointer number;
		if (!g_hash_table_lookup_extended(p->children, GINT_TO_POINTER(pid), NULL, &number))
			continue;
		g_hash_table_remove(p->children, GINT_TO_POINTER(pid));
		peer_begin(p->host, F_ENDED, GPOINTER_TO_UINT(number));
		peer_put_u32(p->host, (uint32_t)status);
		peer_end(p->host);
	}
}

static void signal_children(Parent *p, int signal)
{
	GHashTableIter iter;
	gpointer pid;
	g_hash_table_iter_init(&iter, p->children);
	while (g_hash_table_iter_next(&iter, &pid, NULL))
		kill(GPOINTER_TO_INT(pid), signal);
}

/* ---- the send log ---- */

static GPtrArray *take_ids(Frame *frame)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	for (uint32_t n = frame_get_u32(frame); n > 0 && !frame->bad; n--) {
		const char *id = frame_get_str(frame, NULL);
		char *plain = message_id_plain(id);
		g_ptr_array_add(ids, plain ? plain : g_strdup(id));
	}
	if (!frame_end(frame))
		panic("a malformed frame of kind %u", frame->kind);
	return ids;
}

static GHashTable *set_of(GPtrArray *ids)
{
	GHashTable *set = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < ids->len; i++)
		g_hash_table_add(set, ids->pdata[i]);
	return set;
}

static void on_settle(Parent *p, Frame *frame)
{
	static const Settled none = { SETTLED_NONE, 0, (char *)"", (char *)"" };
	g_autoptr(GPtrArray) ids = take_ids(frame);
	g_autoptr(GHashTable) set = set_of(ids);
	g_autoptr(GError) error = NULL;
	g_autoptr(GHashTable) found = sendlog_read(p->log_path, set, &error);
	if (!found) /* to answer "no line" would be to promise that nothing was sent */
		fatal("%s", error->message);
	peer_begin(p->host, N_SETTLED, frame->id);
	peer_put_u32(p->host, ids->len);
	for (guint i = 0; i < ids->len; i++) {
		const Settled *settled = g_hash_table_lookup(found, ids->pdata[i]);
		settled = settled ? settled : &none;
		peer_put_u8(p->host, (uint8_t)settled->state);
		peer_put_u32(p->host, settled->code);
		peer_put_str(p->host, settled->enhanced, -1);
		peer_put_str(p->host, settled->text, -1);
	}
	peer_end(p->host);
}

/* Trimming replaces the file, so it is done only while no sender has it open. */
static void on_trim(Parent *p, Frame *frame)
{
	g_autoptr(GPtrArray) ids = take_ids(frame);
	g_autoptr(GHashTable) set = set_of(ids);
	g_autoptr(GError) error = NULL;
	if (g_hash_table_size(p->children) > 0) {
		log_debug("the send log is not trimmed while children run");
		return;
	}
	if (!sendlog_trim(p->log_path, set, &error)) {
		log_warn("%s", error->message);
		return;
	}
	sendlog_free(p->log);
	p->log = sendlog_open(p->log_path, &error);
	if (!p->log)
		fatal("%s", error->message);
}

/* ---- the loop ---- */

static void on_frame(Parent *p, Frame *frame)
{
	switch (frame->kind) {
	case F_FORK: on_fork(p, frame); break;
	case F_KILL: on_kill(p, frame); break;
	case N_SETTLE: on_settle(p, frame); break;
	case N_TRIM: on_trim(p, frame); break;
	case N_RELOAD:
		if (!frame_end(frame))
			panic("a malformed N_RELOAD");
		open_vault(p, false);
		break;
	default: panic("a frame of kind %u", frame->kind);
	}
}

static void read_host(Parent *p)
{
	GError *error = NULL, *closed = NULL;
	Frame frame;
	p->ended = !peer_read(p->host, &closed) || p->ended;
	while (peer_next(p->host, &frame, &error))
		on_frame(p, &frame);
	if (error)
		panic("%s", error->message);
	g_clear_error(&closed);
}

static void read_signals(Parent *p)
{
	struct signalfd_siginfo info;
	while (read(p->signals, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGTERM)
			p->ended = true;
	reap(p);
}

static void turn(Parent *p, int timeout_ms)
{
	if (!p->ended && !peer_flush(p->host, NULL)) {
		p->ended = true;
		return;
	}
	short events = peer_pending(p->host) && !p->ended ? POLLIN | POLLOUT : POLLIN;
	struct pollfd polled[] = { { p->signals, POLLIN, 0 }, { p->ended ? -1 : peer_fd(p->host), events, 0 },
		                   { p->ended ? -1 : keeper_fd(p->keeper), POLLIN, 0 } };
	poll(polled, G_N_ELEMENTS(polled), timeout_ms);
	if (polled[2].revents)
		read_keeper(p);
	if (polled[0].revents)
		read_signals(p);
	if (!p->ended && (polled[1].revents & ~POLLOUT))
		read_host(p);
}

/* The children have their own sockets to the host; SIGTERM tells them too, should theirs still be open. */
static void end_children(Parent *p)
{
	gint64 until = now_ms() + CHILDREN_MS;
	signal_children(p, SIGTERM);
	reap(p);
	while (g_hash_table_size(p->children) > 0 && now_ms() < until)
		turn(p, 1000);
	if (g_hash_table_size(p->children) > 0)
		log_warn("%u processes did not end by themselves", g_hash_table_size(p->children));
	signal_children(p, SIGKILL);
}

/* An older net, or a child of it that waits for a last answer, holds this lock: until it is free the send log is not final. */
static int take_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		fatal("cannot open %s: %s", path, g_strerror(errno));
	struct pollfd host = { FORK_SERVER_FD, POLLRDHUP, 0 };
	for (gint64 until = now_ms() + OLD_NET_MS; flock(fd, LOCK_EX | LOCK_NB) < 0; poll(&host, 1, 20))
		if (host.revents)
			exit(0); /* it did not wait */
		else if (now_ms() > until)
			fatal("an older net of this workspace has not ended in a minute (it holds %s)", path);
	return fd;
}

static int block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGINT, SIG_IGN); /* a ^C is the host's to answer */
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int inherited_lock(void)
{
	const char *text = getenv("PERIGEE_LOCK_FD");
	int fd = text && *text ? atoi(text) : -1;
	return fd > FORK_SERVER_FD && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

int parent_run(const char *workspace, const char *key_file)
{
	Parent parent = { 0 };
	Parent *p = &parent;
	g_autoptr(GError) error = NULL;
	if (fcntl(FORK_SERVER_FD, F_GETFD) < 0) {
		log_error("net is started by perigee serve, with the host's socket as descriptor %d", FORK_SERVER_FD);
		return 2;
	}
	p->log_path = g_build_filename(workspace, "run", "send.log", NULL);
	p->children = g_hash_table_new(NULL, NULL);
	p->signals = block_signals();
	p->locks[0] = inherited_lock();
	p->log = sendlog_open(p->log_path, &error);
	if (!p->log)
		fatal("%s", error->message);
	g_autofree char *lock_path = g_build_filename(workspace, "run", "net.lock", NULL);
	p->locks[1] = take_lock(lock_path);
	p->host = peer_new(FORK_SERVER_FD, FRAME_CAP);
	peer_accept_fds(p->host);
	if (!memory_locks())
		log_warn("memory can't be locked (ulimit -l, LimitMEMLOCK=): keys and passwords may reach a swap device");
	p->keeper = keeper_start(workspace, key_file, &error);
	if (!p->keeper)
		fatal("%s", error->message);
	confine_or_warn(CONFINE_PARENT, workspace, NULL);
	open_vault(p, true);
	while (!p->ended)
		turn(p, -1);
	end_children(p);
	keeper_free(p->keeper);
	sendlog_free(p->log);
	peer_free(p->host);
	g_hash_table_unref(p->children);
	g_free(p->log_path);
	return 0;
}
