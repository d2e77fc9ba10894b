/* SPDX-License-Identifier: MIT */
/*
 * The worker role: computes. This program is the zygote, started by the host with a socket as descriptor 3; it
 * prepares what all workers share and forks one for each F_FORK (base/proto.h).
 *
 * READS    the Lua stdlib (its own copy, or DIR with --stdlib DIR) and what libraries open lazily, before any child
 *          exists.
 * WRITES   nothing but its socket, and a line on stderr if it can't do its work.
 * TALKS TO the host. A child talks to the host over the socket that came with its F_FORK.
 * NEVER    holds a secret; runs a script in the zygote itself; lets a child serve outside of its jail (jail.h): it
 *          opens no file and no socket, starts no process. A child never serves two trust domains.
 */
#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "worker/check.h"
#include "worker/coverage.h"
#include "worker/fingerprint.h"
#include "worker/jail.h"
#include "worker/library.h"
#include "worker/limits.h"
#include "worker/mail.h"
#include "worker/program.h"
#include "worker/state.h"
#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_JAILED = 77 };
#define ARENA_BYTES ((size_t)512 << 20) /* reserved, not used: what a visit touches is given back */

typedef struct Zygote {
	Peer *host;
	int signals;
	Jail *jail;
	const char *root;    /* what of root could not be given up; NULL: nothing */
	Worker *worker;      /* what each child starts from */
	GHashTable *numbers; /* pid → child number */
} Zygote;

/* ---- what children inherit ---- */

static void out_of_memory(void)
{
	limits_memory();
}

static Worker *prepare_worker(const char *stdlib)
{
	Worker *worker = g_new0(Worker, 1);
#ifdef WORKER_SANITIZED
	worker->slow = true;
#endif
	g_autoptr(GError) error = NULL;
	worker->library = library_open(stdlib, &error);
	if (!worker->library)
		fatal("--stdlib: %s", error->message);
	worker->programs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)program_free);
	worker->encoder = encoder_new();
	g_queue_init(&worker->kept);
	worker->arena = arena_map(ARENA_BYTES, out_of_memory);
	if (!worker->arena)
		fatal("no memory at the fixed place of the Lua states: %s", strerror(errno));
	arena_on_refusal(worker->arena, limits_refusing);
	g_autofree char *why = NULL;
	if (!state_build(worker, &why) || !state_base(worker, PROGRAM_SCRIPT, &why) ||
	    !state_base(worker, WORKER_SCAN, &why))
		fatal("the stdlib can't be loaded: %s", why);
	return worker;
}

static void free_worker(Worker *worker)
{
	library_free(worker->library);
	g_hash_table_unref(worker->programs);
	encoder_free(worker->encoder);
	g_free(worker->bare);
	for (int i = 0; i < WORKER_PROGRAM_TYPES; i++)
		g_free(worker->bases[i]);
	g_free(worker);
}

/* ---- the fork server ---- */

static void tell(Zygote *zygote, uint8_t kind, uint64_t id, uint32_t number)
{
	peer_begin(zygote->host, kind, id);
	peer_put_u32(zygote->host, number);
	peer_end(zygote->host);
}

static void tell_started(Zygote *zygote)
{
	g_autofree char *fingerprint = fingerprint_make(zygote->worker->library);
	peer_begin(zygote->host, F_STARTED, 0);
	peer_put_str(zygote->host, fingerprint, -1);
	peer_end(zygote->host);
	peer_flush_all(zygote->host, NULL);
}

static _Noreturn void be_child(Zygote *zygote, int fd, const json_t *what)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!jail_enter(zygote->jail, fd, FORK_SERVER_FD))
		_exit(NOT_JAILED);
	if (value_true(what, "coverage"))
		zygote->worker->coverage = coverage_new();
	worker_serve(zygote->worker, FORK_SERVER_FD);
}

static void fork_child(Zygote *zygote, Frame *frame)
{
	int fd = frame->fd;
	g_autoptr(json_t) what = value_parse(frame_get_str(frame, NULL), -1, NULL);
	pid_t pid = fd < 0 ? -1 : fork();
	if (pid == 0)
		be_child(zygote, fd, what);
	if (fd >= 0)
		close(fd);
	if (pid < 0) {
		log_error("cannot fork a worker: %s", fd < 0 ? "no socket came with the request" : strerror(errno));
		tell(zygote, F_ENDED, frame->id, (uint32_t)NOT_JAILED << 8);
		return;
	}
	uint64_t *number = g_memdup2(&frame->id, sizeof frame->id);
	g_hash_table_replace(zygote->numbers, GINT_TO_POINTER(pid), number);
	tell(zygote, F_FORKED, frame->id, (uint32_t)pid);
}

/* `worker check`: what the jail holds, said once. */
static void tell_checked(Zygote *zygote)
{
	g_autoptr(json_t) rows = check_rows(zygote->worker, zygote->jail, zygote->root);
	g_autofree char *text = value_text(rows);
	peer_begin(zygote->host, F_CHECKED, 0);
	peer_put_str(zygote->host, text, -1);
	peer_end(zygote->host);
	peer_flush_all(zygote->host, NULL);
}

static void kill_child(Zygote *zygote, uint64_t id)
{
	GHashTableIter iter;
	gpointer pid, number;
	g_hash_table_iter_init(&iter, zygote->numbers);
	while (g_hash_table_iter_next(&iter, &pid, &number))
		if (*(uint64_t *)number == id)
			kill(GPOINTER_TO_INT(pid), SIGKILL);
}

static void reap(Zygote *zygote)
{
	struct signalfd_siginfo info;
	while (read(zygote->signals, &info, sizeof info) > 0) {
	}
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		const uint64_t *number = g_hash_table_lookup(zygote->numbers, GINT_TO_POINTER(pid));
		if (!number)
			continue;
		if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_JAILED)
			log_error("a worker could not be locked in (seccomp) and refused to serve");
		tell(zygote, F_ENDED, *number, (uint32_t)status);
		g_hash_table_remove(zygote->numbers, GINT_TO_POINTER(pid));
	}
}

/* False at the end. */
static bool serve(Zygote *zygote)
{
	struct pollfd fds[] = { { peer_fd(zygote->host), POLLIN, 0 }, { zygote->signals, POLLIN, 0 } };
	if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
		return false;
	bool open = !fds[0].revents || peer_read(zygote->host, NULL);
	Frame frame;
	while (peer_next(zygote->host, &frame, NULL)) {
		if (frame.kind == F_FORK)
			fork_child(zygote, &frame);
		else if (frame.kind == F_KILL)
			kill_child(zygote, frame.id);
	}
	reap(zygote);
	return open && peer_flush_all(zygote->host, NULL);
}

/* WORKER_TUNABLES is read by the loader, so the program starts itself once more, whatever the caller's say. */
static void level_processors(char **argv)
{
	if (g_strcmp0(getenv("GLIBC_TUNABLES"), WORKER_TUNABLES) == 0)
		return;
	setenv("GLIBC_TUNABLES", WORKER_TUNABLES, 1);
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	execv(self ? self : argv[0], argv);
	fatal("cannot start again with even mathematics on all processors: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	log_open("worker", false);
	const char *stdlib = argc == 3 && strcmp(argv[1], "--stdlib") == 0 ? argv[2] : NULL;
	bool checking = argc == 2 && strcmp(argv[1], "check") == 0;
	if (argc != 1 && !stdlib && !checking) {
		fputs("usage: worker [--stdlib DIR] | check (started by perigee, with a socket as descriptor 3)\n", stderr);
		return 2;
	}
	level_processors(argv);
	setenv("TZ", "UTC0", 1);
	limits_prepare();
	signal(SIGPIPE, SIG_IGN);
	g_autoptr(GError) error = NULL;
	Zygote zygote = { .jail = jail_new(&error) };
	if (!zygote.jail)
		fatal("%s", error->message);
	mail_prepare();
	zygote.worker = prepare_worker(stdlib);
	g_autofree char *stranger = check_environment(zygote.worker);
	if (stranger)
		fatal("scripts would find what they should not, so none is run: %s", stranger);
	zygote.root = jail_shed();
	clearenv(); /* whatever stands there is no script's business */
	setenv("TZ", "UTC0", 1);
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	zygote.signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	zygote.numbers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	zygote.host = peer_new(FORK_SERVER_FD, FRAME_CAP);
	peer_accept_fds(zygote.host);
	if (checking)
		tell_checked(&zygote);
	else
		tell_started(&zygote);
	while (!checking && serve(&zygote)) {
	}
	peer_free(zygote.host);
	g_hash_table_unref(zygote.numbers);
	free_worker(zygote.worker);
	jail_free(zygote.jail);
	return 0;
}
