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
	STUCK_MS = 1600 * SLOWER, /* processor time on one call after which a worker is killed from outside */
	LOOK_MS = 100,            /* how often the watchdog looks */
	SILENT_LOOKS = 50,        /* in a row at which it was a worker's turn to speak and it had used no processor time: it never will */
	UNBORN_LOOKS = 600,       /* the same while its parent has not told of it */
	MANY_PROGRAMS = 200,      /* a worker that holds so many is replaced when it has nothing to do */
	LATE_FRAMES = 20000,      /* about calls that were cancelled meanwhile, that a worker may still send */
	TRIES = 2,
	FINGERPRINT_BYTES = 400,
};

typedef struct Worker Worker;

typedef struct Call {
	WorkerCall c;
	uint64_t ticket;
	uint64_t seq; /* its place among those that its worker was asked */
	Worker *worker;
	int tries;
	bool fresh;
} Call;

/* A call that was cancelled while its worker may have been working on it. */
typedef struct Late {
	uint64_t ticket, seq;
} Late;

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
	uint64_t next_program; /* number of the last that it was given */
	uint64_t told;         /* of the last that it has said W_LOADED or W_REFUSED about: in the order given */
	uint64_t next_seq;
	GArray *late;          /* Late */
	int late_frames;
	int64_t cpu_at;        /* its processor time (µs) when it began the first call; -1: not looked yet */
	uint64_t cpu_ticket;
	int64_t cpu_seen;      /* at the last look */
	bool hosts_turn;       /* it has asked for an effect, and is not answered yet */
	int silent;            /* looks in a row at which nothing had moved */
};

struct Workers {
	Host *host;
	char *program;
	int count;
	Peer *zygote;
	pid_t zygote_pid;
	char *fingerprint;    /* NULL until the zygote has told */
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

/* Its worker speaks of the next one now. */
static void leave(Call *call)
{
	if (!call->worker)
		return;
	if (g_queue_peek_head(&call->worker->calls) == call) {
		call->worker->hosts_turn = false;
		call->worker->silent = 0;
	}
	g_queue_remove(&call->worker->calls, call);
	call->worker = NULL;
}

static void call_over(Workers *workers, Call *call)
{
	leave(call);
	call_free(workers, call);
}

static void call_failed(Workers *workers, Call *call, const char *code, const char *text, const char *where)
{
	leave(call);
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
	g_array_unref(worker->late);
	g_hash_table_unref(worker->programs);
	g_free(worker);
}

char *workers_words(Frame *frame, size_t most)
{
	size_t size;
	const char *text = frame_get_str(frame, &size);
	char *words = g_utf8_make_valid(text, (gssize)MIN(size, most));
	for (char *c = words; *c; c++)
		if (g_ascii_iscntrl(*c) && *c != '\n' && *c != '\t')
			*c = ' ';
	return words;
}

bool workers_failure(Frame *frame, char **code, char **text, char **where)
{
	*code = workers_words(frame, WORKERS_PLACE);
	*text = workers_words(frame, WORKERS_TEXT);
	*where = workers_words(frame, WORKERS_PLACE);
	return frame_end(frame) && **code && strspn(*code, "abcdefghijklmnopqrstuvwxyz_") == strlen(*code);
}

/* It speaks of each program once, in the order in which it was given them. */
static bool next_told(Worker *worker, const Frame *frame)
{
	if (frame->id != worker->told + 1 || frame->id > worker->next_program)
		return false;
	worker->told++;
	return true;
}

static void refused(Worker *worker, Frame *frame)
{
	g_autofree char *code = NULL, *text = NULL, *where = NULL;
	bool good = workers_failure(frame, &code, &text, &where);
	GHashTableIter iter;
	void *hash = NULL, *number;
	g_autofree char *found = NULL;
	g_hash_table_iter_init(&iter, worker->programs);
	while (g_hash_table_iter_next(&iter, &hash, &number))
		if (*(uint64_t *)number == frame->id)
			found = g_strdup(hash);
	if (!good || !found) {
		worker_lost(worker, "sent a malformed message");
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

/* What is said about a call that was cancelled meanwhile is passed over, until it is over for the worker too. */
static bool is_late(Worker *worker, const Frame *frame)
{
	for (guint i = 0; i < worker->late->len; i++) {
		if (g_array_index(worker->late, Late, i).ticket != frame->id)
			continue;
		if (frame->kind != W_REWRITE)
			g_array_remove_index(worker->late, i);
		return ++worker->late_frames <= LATE_FRAMES;
	}
	return false;
}

/* It is past all that it was asked before this call. */
static void forget_late(Worker *worker, uint64_t seq)
{
	for (guint i = worker->late->len; i-- > 0;)
		if (g_array_index(worker->late, Late, i).seq < seq)
			g_array_remove_index(worker->late, i);
}

/* Lines that ran. Only where they were asked for. */
static void covered(Worker *worker, Frame *frame)
{
	Host *host = worker->pool->host;
	g_autoptr(json_t) files = value_parse(frame_get_str(frame, NULL), -1, NULL);
	if (!frame_end(frame) || !host->covered || !json_is_object(files))
		worker_lost(worker, "sent a malformed message");
	else
		host->covered(host->covered_user, files);
}

/* Requests are worked on one at a time, in the order asked: only the first call can be spoken of. */
static void handle(Worker *worker, Frame *frame)
{
	Call *call = g_queue_peek_head(&worker->calls);
	bool about_program = frame->kind == W_LOADED || frame->kind == W_REFUSED;
	worker->silent = 0;
	if (frame->kind == W_COVERED) {
		covered(worker, frame);
		return;
	}
	if (about_program && !next_told(worker, frame)) {
		worker_lost(worker, "spoke of a program that it was not asked about");
		return;
	}
	if (frame->kind == W_REFUSED) {
		refused(worker, frame);
		return;
	}
	if (frame->kind == W_LOADED && (!call || call->c.write))
		return;
	if (!about_program && (!call || call->ticket != frame->id)) {
		if (!is_late(worker, frame))
			worker_lost(worker, "spoke of what it was not asked");
		return;
	}
	forget_late(worker, call->seq);
	worker->ending |= ends_worker(*frame);
	worker->hosts_turn = frame->kind == W_EFFECT;
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
	worker->late = g_array_new(FALSE, FALSE, sizeof(Late));
	worker->cpu_at = -1;
	g_queue_init(&worker->calls);
	g_autofree char *what = g_strdup_printf("{%s\"domain\":\"%s\"}", workers->host->covered ? "\"coverage\":true," : "", domain);
	peer_begin(workers->zygote, F_FORK, worker->child);
	peer_put_str(workers->zygote, what, -1);
	bool sent = peer_end_fd(workers->zygote, fds[1], error) && peer_flush_all(workers->zygote, error);
	close(fds[1]);
	if (!sent) {
		peer_free(worker->peer);
		g_hash_table_unref(worker->programs);
		g_array_unref(worker->late);
		g_free(worker);
		return NULL;
	}
	g_ptr_array_add(workers->workers, worker);
	host_watch(workers->host, fds[0], worker_ready, worker_wants_write, worker);
	return worker;
}

/* A call that a worker died on goes to one that has run nothing else, so that it can't be blamed twice for another's fault. Of one
 * worker alone (a simulation) the next is such a one, and the order stays. */
static void blame(Workers *workers, Call *call, const char *why)
{
	if (++call->tries < TRIES) {
		call->fresh |= workers->count > 1;
		dispatch(workers, call);
		return;
	}
	g_autofree char *text = g_strdup_printf("its worker died twice: a script crashed the sandbox, or was stuck past its processor time (the second %s)", why);
	call_failed(workers, call, "crashed", text, "");
}

/* The worker is gone, or must go: its first call is charged with it, the others go elsewhere. why NULL: it has done its work. */
static void worker_lost(Worker *worker, const char *why)
{
	Workers *workers = worker->pool;
	bool charge = !worker->ending && why;
	if (charge && !workers->host->simulated)
		log_warn("worker %d of domain %s %s", (int)worker->pid, worker->domain, why);
	g_ptr_array_remove(workers->workers, worker);
	if (workers->zygote) {
		peer_begin(workers->zygote, F_KILL, worker->child);
		peer_end(workers->zygote);
	}
	/* By ticket: the end of one may cancel others. */
	g_autoptr(GArray) tickets = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	for (Call *call = g_queue_pop_head(&worker->calls); call; call = g_queue_pop_head(&worker->calls)) {
		call->worker = NULL;
		g_array_append_val(tickets, call->ticket);
	}
	worker_free(worker);
	for (guint i = 0; i < tickets->len; i++) {
		Call *call = g_hash_table_lookup(workers->tickets, &g_array_index(tickets, uint64_t, i));
		if (call && charge && i == 0)
			blame(workers, call, why);
		else if (call)
			dispatch(workers, call);
	}
}

/* ---- the zygote ------------------------------------------------------------------------------------------------ */

static bool zygote_start(Workers *workers, GError **error);

static bool take_fingerprint(Workers *workers, Frame *frame)
{
	const char *text = frame_get_str(frame, NULL);
	if (!frame_end(frame) || !g_str_is_ascii(text) || strlen(text) > FINGERPRINT_BYTES)
		return false;
	g_free(workers->fingerprint);
	workers->fingerprint = g_strdup(text);
	return true;
}

static void zygote_ready(Host *host, void *user, short revents)
{
	(void)revents;
	Workers *workers = user;
	g_autoptr(GError) error = NULL;
	bool open = peer_read(workers->zygote, &error), good = true;
	Frame frame;
	g_autoptr(GError) bad = NULL;
	while (good && peer_next(workers->zygote, &frame, &bad)) {
		if (frame.kind == F_STARTED) {
			good = take_fingerprint(workers, &frame);
			continue;
		}
		uint32_t value = frame_get_u32(&frame);
		good = frame_end(&frame) && (frame.kind == F_FORKED || frame.kind == F_ENDED);
		if (good && frame.kind == F_ENDED && WIFSIGNALED((int)value) && WTERMSIG((int)value) != SIGKILL)
			log_warn("a worker was ended by signal %d (%s)", WTERMSIG((int)value), g_strsignal(WTERMSIG((int)value)));
		for (guint i = 0; good && frame.kind == F_FORKED && i < workers->workers->len; i++) {
			Worker *worker = workers->workers->pdata[i];
			if (worker->child == frame.id)
				worker->pid = (pid_t)value;
		}
	}
	if (open && good && !bad)
		return;
	log_warn("the workers' parent %s; starting it again", open ? "is out of step" : "has ended");
	host_unwatch(host, peer_fd(workers->zygote));
	g_clear_pointer(&workers->zygote, peer_free);
	kill(workers->zygote_pid, SIGKILL);
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
	g_free(workers->fingerprint);
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
	uint64_t number = worker->next_program + 1;
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
	worker->next_program = number;
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
	call->seq = ++worker->next_seq;
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
	leave(call);
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
	call->c.ticket = NULL; /* it is the caller's, who may be gone before the call is over */
	if (c->ticket)
		*c->ticket = ticket;
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
	if (!call || !call->worker)
		return NULL;
	call->worker->hosts_turn = false;
	call->worker->silent = 0;
	return call->worker->peer;
}

void workers_cancel(Workers *workers, uint64_t ticket)
{
	Call *call = g_hash_table_lookup(workers->tickets, &ticket);
	if (!call)
		return;
	if (call->worker) {
		Late late = { ticket, call->seq };
		g_array_append_val(call->worker->late, late);
		peer_begin(call->worker->peer, W_ABANDON, ticket);
		peer_end(call->worker->peer);
	}
	g_ptr_array_remove(workers->unsent, call);
	call_over(workers, call);
}

const char *workers_fingerprint(const Workers *workers)
{
	return workers->fingerprint;
}

unsigned workers_busy(const Workers *workers)
{
	return g_hash_table_size(workers->tickets);
}

/* ---- each turn ------------------------------------------------------------------------------------------------- */

static int64_t cpu_us(pid_t pid)
{
	clockid_t clock;
	struct timespec at;
	if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &at) != 0)
		return -1;
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* The other way to hang: it waits for what never comes, although it is its turn. Counted in looks, between which the loop has heard
 * all sockets, so that neither a slow disk nor a busy machine fails anybody. */
static bool silent(Worker *worker, int64_t used)
{
	bool moved = worker->hosts_turn || used != worker->cpu_seen;
	worker->cpu_seen = used;
	worker->silent = moved ? 0 : worker->silent + 1;
	return worker->silent >= (used < 0 ? UNBORN_LOOKS : SILENT_LOOKS);
}

/* Why the worker must go; NULL: its first call has used less processor time than any limit allows. */
static const char *stuck(Worker *worker)
{
	Call *call = g_queue_peek_head(&worker->calls);
	if (!call)
		return NULL;
	int64_t used = cpu_us(worker->pid);
	if (silent(worker, used))
		return "said nothing any more";
	if (worker->cpu_ticket != call->ticket || worker->cpu_at < 0) {
		worker->cpu_ticket = call->ticket;
		worker->cpu_at = used;
		return NULL;
	}
	int64_t limit = CLAMP(call->c.cpu_ms, 0, WORKERS_CPU_MS) * SLOWER + STUCK_MS;
	return used >= 0 && used - worker->cpu_at > limit * 1000 ? "was stuck past its processor time" : NULL;
}

void workers_turn(Workers *workers)
{
	while (workers->unsent->len)
		call_failed(workers, g_ptr_array_steal_index(workers->unsent, 0), "limit",
		            "a worker is given at most 4 MiB at a time (modules together, data, or a journal, which contact:restart begins anew)", "");
	bool look = g_get_monotonic_time() - workers->looked_at > LOOK_MS * 1000;
	if (look)
		workers->looked_at = g_get_monotonic_time();
	for (guint i = 0; i < workers->workers->len; i++) {
		Worker *worker = workers->workers->pdata[i];
		if (peer_pending(worker->peer))
			peer_flush(worker->peer, NULL); /* a broken pipe is seen at the next read */
		bool worn = !worker->calls.length && (worker->fresh || g_hash_table_size(worker->programs) > MANY_PROGRAMS);
		const char *why = look && !worn ? stuck(worker) : NULL;
		if (worn || why) {
			worker_lost(worker, why);
			i = (guint)-1; /* the list has changed */
		}
	}
	if (workers->zygote)
		peer_flush(workers->zygote, NULL);
}
