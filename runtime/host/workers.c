/* SPDX-License-Identifier: MIT */
/* The pool of workers: see workers.h. */
#include "host/workers.h"

#include "host/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-workers-error, workers_error)

#if defined(__SANITIZE_ADDRESS__)
enum { SLOWER = 20 };
#else
enum { SLOWER = 1 };
#endif
enum {
	STUCK_MS = 1800 * SLOWER, /* processor time on one call after which a worker is killed from outside */
	MANY_PROGRAMS = 200,      /* a worker that holds so many is replaced when it has nothing to do */
	TRIES = 2,
};

typedef struct Worker Worker;

typedef struct Call {
	WorkerCall c;
	uint64_t ticket;
	Worker *worker;
	int tries;
	bool fresh;
} Call;

/* One child of the zygote. calls are in the order asked; the first is the one it works on. */
struct Worker {
	Workers *pool;
	uint64_t child;
	pid_t pid; /* 0 until the zygote has told */
	Peer *peer;
	const char *domain;
	bool fresh;            /* serves one call and no other */
	bool ending;           /* has said that it ends by a limit: its death is no one else's fault */
	GQueue calls;          /* Call */
	GHashTable *programs;  /* hash → number */
	uint64_t next_program;
	int64_t cpu_at;        /* its processor time (ms) when it began the first call; -1: not looked yet */
	uint64_t cpu_ticket;
};

struct Workers {
	Host *host;
	char *program;
	int count;
	Peer *zygote;
	pid_t zygote_pid;
	uint64_t next_child, next_ticket;
	GHashTable *tickets;  /* ticket → Call */
	GPtrArray *workers;   /* Worker */
	GPtrArray *unsent;    /* Call: it does not fit a frame, which it is told at the next turn, never while it is being made */
	gint64 looked_at;     /* when the watchdog last looked, monotonic µs */
};

static void worker_lost(Worker *worker, const char *why);
static void dispatch(Workers *workers, Call *call);

/* ---- one worker ------------------------------------------------------------------------------------------------ */

static void call_free(Workers *workers, Call *call)
{
	g_hash_table_remove(workers->tickets, &call->ticket);
	program_unref(call->c.program);
	g_free(call);
}

/* The call is over: it leaves its worker. */
static void call_over(Workers *workers, Call *call)
{
	if (call->worker)
		g_queue_remove(&call->worker->calls, call);
	call_free(workers, call);
}

static void call_failed(Workers *workers, Call *call, const char *code, const char *text, const char *where)
{
	if (call->worker)
		g_queue_remove(&call->worker->calls, call);
	call->worker = NULL;
	uint64_t ticket = call->ticket;
	WorkerCall c = call->c;
	c.program = NULL;
	call_free(workers, call);
	c.failed(c.user, ticket, code, text, where);
}

static void worker_free(Worker *worker)
{
	host_unwatch(worker->pool->host, peer_fd(worker->peer));
	peer_free(worker->peer);
	g_hash_table_unref(worker->programs);
	g_free(worker);
}

static void refused(Worker *worker, Frame *frame)
{
	g_autofree char *code = g_strdup(frame_get_str(frame, NULL));
	g_autofree char *text = g_strdup(frame_get_str(frame, NULL));
	g_autofree char *where = g_strdup(frame_get_str(frame, NULL));
	GHashTableIter iter;
	void *hash = NULL, *number;
	g_autofree char *found = NULL;
	g_hash_table_iter_init(&iter, worker->programs);
	while (g_hash_table_iter_next(&iter, &hash, &number))
		if (*(uint64_t *)number == frame->id)
			found = g_strdup(hash);
	if (!frame_end(frame) || !found) {
		worker_lost(worker, "spoke out of turn");
		return;
	}
	g_hash_table_remove(worker->programs, found);
	if (g_str_equal(code, "limit") || g_str_equal(code, "memory"))
		worker->ending = true;
	Workers *workers = worker->pool;
	g_autoptr(GArray) failed = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	for (GList *l = worker->calls.head; l; l = l->next) {
		Call *call = l->data;
		if (call->c.program && g_str_equal(call->c.program->hash, found))
			g_array_append_val(failed, call->ticket);
	}
	for (guint i = 0; i < failed->len; i++) {
		Call *call = g_hash_table_lookup(workers->tickets, &g_array_index(failed, uint64_t, i));
		if (call) /* the one before it may have cancelled it */
			call_failed(workers, call, code, text, where);
	}
}

static bool ends_worker(Frame frame)
{
	if (frame.kind != W_FAILED)
		return false;
	const char *code = frame_get_str(&frame, NULL);
	return g_str_equal(code, "limit") || g_str_equal(code, "memory");
}

static void handle(Worker *worker, Frame *frame)
{
	if (frame->kind == W_REFUSED) {
		refused(worker, frame);
		return;
	}
	Call *call = frame->kind == W_LOADED ? g_queue_peek_head(&worker->calls) : g_hash_table_lookup(worker->pool->tickets, &frame->id);
	if (frame->kind == W_LOADED && (!call || call->c.write))
		return;
	if (!call || call->worker != worker)
		return; /* cancelled meanwhile */
	worker->ending |= ends_worker(*frame);
	bool bad = false;
	uint64_t ticket = call->ticket;
	bool over = call->c.frame(call->c.user, ticket, frame, &bad);
	call = g_hash_table_lookup(worker->pool->tickets, &ticket); /* the callee may have cancelled it */
	if (over && !bad && call)
		call_over(worker->pool, call);
	if (bad)
		worker_lost(worker, "sent a malformed message");
}

/* By its number too: the address of one that is gone may be another's by now. */
static bool lives(const Workers *workers, const Worker *worker, uint64_t child)
{
	return g_ptr_array_find(workers->workers, worker, NULL) && worker->child == child;
}

static void worker_ready(Host *host, void *user, short revents)
{
	(void)host;
	(void)revents;
	Worker *worker = user;
	Workers *workers = worker->pool;
	g_autoptr(GError) error = NULL;
	uint64_t child = worker->child;
	bool open = peer_read(worker->peer, &error);
	Frame frame;
	g_autoptr(GError) bad = NULL;
	while (peer_next(worker->peer, &frame, &bad)) {
		if (frame.fd >= 0)
			close(frame.fd);
		handle(worker, &frame);
		if (!lives(workers, worker, child))
			return;
	}
	if (bad)
		worker_lost(worker, bad->message);
	else if (!open)
		worker_lost(worker, "ended");
	else if (worker->fresh && !worker->calls.length)
		worker_lost(worker, NULL);
}

static bool worker_wants_write(void *user)
{
	return peer_pending(((Worker *)user)->peer) > 0;
}

static Worker *worker_start(Workers *workers, const char *domain, bool fresh, GError **error)
{
	int fds[2];
	if (!peer_pair(fds, error))
		return NULL;
	Worker *worker = g_new0(Worker, 1);
	worker->pool = workers;
	worker->child = ++workers->next_child;
	worker->domain = domain;
	worker->fresh = fresh;
	worker->peer = peer_new(fds[0], FRAME_CAP);
	worker->programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	worker->cpu_at = -1;
	g_queue_init(&worker->calls);
	g_autofree char *what = g_strdup_printf("{\"domain\":\"%s\"}", domain);
	peer_begin(workers->zygote, F_FORK, worker->child);
	peer_put_str(workers->zygote, what, -1);
	bool sent = peer_end_fd(workers->zygote, fds[1], error) && peer_flush_all(workers->zygote, error);
	close(fds[1]);
	if (!sent) {
		peer_free(worker->peer);
		g_hash_table_unref(worker->programs);
		g_free(worker);
		return NULL;
	}
	g_ptr_array_add(workers->workers, worker);
	host_watch(workers->host, fds[0], worker_ready, worker_wants_write, worker);
	return worker;
}

/* The worker is gone, or must go: its first call is charged with it, the others go elsewhere. why NULL: it has done its work. */
static void worker_lost(Worker *worker, const char *why)
{
	Workers *workers = worker->pool;
	if (why && worker->calls.length)
		log_debug("worker %d of domain %s %s", (int)worker->pid, worker->domain, why);
	g_ptr_array_remove(workers->workers, worker);
	if (workers->zygote) {
		peer_begin(workers->zygote, F_KILL, worker->child);
		peer_end(workers->zygote);
	}
	GQueue calls = worker->calls;
	g_queue_init(&worker->calls);
	bool charge = !worker->ending && why;
	worker_free(worker);
	for (Call *call = g_queue_pop_head(&calls); call; call = g_queue_pop_head(&calls)) {
		call->worker = NULL;
		call->tries += charge;
		if (charge && call->tries >= TRIES)
			call_failed(workers, call, "crashed", "its worker died twice: a script crashed the sandbox, or was stuck past its processor time", "");
		else
			dispatch(workers, call);
		charge = false;
	}
}

/* ---- the zygote ------------------------------------------------------------------------------------------------ */

static bool zygote_start(Workers *workers, GError **error);

static void zygote_ready(Host *host, void *user, short revents)
{
	(void)revents;
	Workers *workers = user;
	g_autoptr(GError) error = NULL;
	bool open = peer_read(workers->zygote, &error);
	Frame frame;
	while (peer_next(workers->zygote, &frame, NULL)) {
		uint32_t value = frame_get_u32(&frame);
		for (guint i = 0; frame.kind == F_FORKED && i < workers->workers->len; i++) {
			Worker *worker = workers->workers->pdata[i];
			if (worker->child == frame.id)
				worker->pid = (pid_t)value;
		}
	}
	if (open)
		return;
	log_warn("the workers' parent has ended; starting it again");
	host_unwatch(host, peer_fd(workers->zygote));
	g_clear_pointer(&workers->zygote, peer_free);
	waitpid(workers->zygote_pid, NULL, 0);
	g_autoptr(GError) again = NULL;
	if (!zygote_start(workers, &again))
		fatal("cannot start workers: %s", again->message);
}

static bool zygote_start(Workers *workers, GError **error)
{
	const char *argv[] = { workers->program, workers->host->stdlib ? "--stdlib" : NULL, workers->host->stdlib, NULL };
	/* Nothing of the environment goes to a worker but what its memory checkers need. The C library's maths must give the same
	 * bits on every processor (lua-sandbox: determinism), so the tunables switch its FMA variants off. */
	const char *asan = g_getenv("ASAN_OPTIONS");
	g_autofree char *asan_env = g_strdup_printf("ASAN_OPTIONS=%s", asan ? asan : "");
	const char *env[] = { "GLIBC_TUNABLES=" WORKER_TUNABLES, "LC_ALL=C", asan_env, NULL };
	workers->zygote = spawn_role(argv, env, -1, &workers->zygote_pid, error);
	if (!workers->zygote)
		return false;
	host_watch(workers->host, peer_fd(workers->zygote), zygote_ready, NULL, workers);
	return true;
}

Workers *workers_new(Host *host, const char *program_path, int count, GError **error)
{
	Workers *workers = g_new0(Workers, 1);
	workers->host = host;
	workers->program = g_strdup(program_path);
	workers->count = count;
	workers->tickets = g_hash_table_new(g_int64_hash, g_int64_equal);
	workers->workers = g_ptr_array_new();
	workers->unsent = g_ptr_array_new();
	if (zygote_start(workers, error))
		return workers;
	workers_free(workers);
	return NULL;
}

void workers_free(Workers *workers)
{
	if (!workers)
		return;
	while (workers->workers->len) {
		Worker *worker = workers->workers->pdata[0];
		g_ptr_array_remove_index(workers->workers, 0);
		for (Call *call = g_queue_pop_head(&worker->calls); call; call = g_queue_pop_head(&worker->calls))
			call_free(workers, call);
		worker_free(worker);
	}
	if (workers->zygote) {
		host_unwatch(workers->host, peer_fd(workers->zygote));
		peer_free(workers->zygote);
		waitpid(workers->zygote_pid, NULL, 0);
	}
	while (workers->unsent->len)
		call_free(workers, g_ptr_array_steal_index(workers->unsent, 0));
	g_ptr_array_unref(workers->unsent);
	g_ptr_array_unref(workers->workers);
	g_hash_table_unref(workers->tickets);
	g_free(workers->program);
	g_free(workers);
}

/* ---- calls ----------------------------------------------------------------------------------------------------- */

static Worker *choose(Workers *workers, const Call *call, GError **error)
{
	Worker *best = NULL;
	int of_domain = 0;
	for (guint i = 0; i < workers->workers->len && !call->fresh; i++) {
		Worker *worker = workers->workers->pdata[i];
		if (worker->fresh || worker->ending || !g_str_equal(worker->domain, call->c.domain))
			continue;
		of_domain++;
		if (!best || worker->calls.length < best->calls.length)
			best = worker;
	}
	if (best && (!best->calls.length || of_domain >= workers->count))
		return best;
	return worker_start(workers, call->c.domain, call->fresh, error);
}

/* The program's number there; 0: it does not fit a frame. */
static uint64_t load(Worker *worker, Program *program)
{
	uint64_t *known = g_hash_table_lookup(worker->programs, program->hash);
	if (known)
		return *known;
	uint64_t number = ++worker->next_program;
	peer_begin(worker->peer, W_LOAD, number);
	peer_put_u8(worker->peer, (uint8_t)program->type);
	peer_put_str(worker->peer, program->name, -1);
	peer_put_u32(worker->peer, program->sources->len);
	for (guint i = 0; i < program->sources->len; i++) {
		peer_put_str(worker->peer, program->modules->pdata[i], -1);
		peer_put_str(worker->peer, program->sources->pdata[i], -1);
	}
	if (!peer_end(worker->peer))
		return 0;
	g_hash_table_insert(worker->programs, g_strdup(program->hash), g_memdup2(&number, sizeof number));
	return number;
}

static void dispatch(Workers *workers, Call *call)
{
	g_autoptr(GError) error = NULL;
	Worker *worker = choose(workers, call, &error);
	if (!worker) {
		call_failed(workers, call, "crashed", error->message, "");
		return;
	}
	call->worker = worker;
	g_queue_push_tail(&worker->calls, call);
	uint64_t program = call->c.program ? load(worker, call->c.program) : 0;
	bool fits = program || !call->c.program;
	if (fits && call->c.write) {
		size_t before = peer_pending(worker->peer);
		call->c.write(call->c.user, worker->peer, call->ticket, program);
		fits = peer_pending(worker->peer) > before;
	}
	if (fits)
		return;
	g_queue_remove(&worker->calls, call);
	call->worker = NULL;
	g_ptr_array_add(workers->unsent, call);
}

uint64_t workers_begin(Workers *workers, const WorkerCall *c, bool fresh)
{
	Call *call = g_new0(Call, 1);
	call->c = *c;
	if (c->program)
		program_ref(c->program);
	call->ticket = ++workers->next_ticket;
	call->fresh = fresh;
	g_hash_table_insert(workers->tickets, &call->ticket, call);
	uint64_t ticket = call->ticket;
	dispatch(workers, call);
	return ticket;
}

uint64_t workers_call(Workers *workers, const WorkerCall *call)
{
	return workers_begin(workers, call, false);
}

Peer *workers_peer(Workers *workers, uint64_t ticket)
{
	Call *call = g_hash_table_lookup(workers->tickets, &ticket);
	return call && call->worker ? call->worker->peer : NULL;
}

void workers_cancel(Workers *workers, uint64_t ticket)
{
	Call *call = g_hash_table_lookup(workers->tickets, &ticket);
	if (!call)
		return;
	if (call->worker) {
		peer_begin(call->worker->peer, W_ABANDON, ticket);
		peer_end(call->worker->peer);
	}
	g_ptr_array_remove(workers->unsent, call);
	call_over(workers, call);
}

unsigned workers_busy(const Workers *workers)
{
	return g_hash_table_size(workers->tickets);
}

/* ---- each turn ------------------------------------------------------------------------------------------------- */

static int64_t cpu_ms(pid_t pid)
{
	clockid_t clock;
	struct timespec at;
	if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &at) != 0)
		return -1;
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* True if the worker's first call has used more processor time than any limit allows. */
static bool stuck(Worker *worker)
{
	Call *call = g_queue_peek_head(&worker->calls);
	if (!call)
		return false;
	int64_t used = cpu_ms(worker->pid);
	if (worker->cpu_ticket != call->ticket || worker->cpu_at < 0) {
		worker->cpu_ticket = call->ticket;
		worker->cpu_at = used;
		return false;
	}
	int64_t limit = call->c.cpu_ms ? call->c.cpu_ms * SLOWER + STUCK_MS : STUCK_MS;
	return used >= 0 && used - worker->cpu_at > limit;
}

void workers_turn(Workers *workers)
{
	while (workers->unsent->len)
		call_failed(workers, g_ptr_array_steal_index(workers->unsent, 0), "limit",
		            "a worker is given at most 4 MiB at a time (modules together, data, or a journal, which contact:restart begins anew)", "");
	bool look = g_get_monotonic_time() - workers->looked_at > 100000;
	if (look)
		workers->looked_at = g_get_monotonic_time();
	for (guint i = 0; i < workers->workers->len; i++) {
		Worker *worker = workers->workers->pdata[i];
		if (peer_pending(worker->peer))
			peer_flush(worker->peer, NULL); /* a broken pipe is seen at the next read */
		bool worn = !worker->calls.length && (worker->fresh || g_hash_table_size(worker->programs) > MANY_PROGRAMS);
		if (worn || (look && stuck(worker))) {
			worker_lost(worker, worn ? NULL : "was stuck past its processor time");
			i = (guint)-1; /* the list has changed */
		}
	}
	if (workers->zygote)
		peer_flush(workers->zygote, NULL);
}
