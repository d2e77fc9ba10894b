/* SPDX-License-Identifier: MIT */
/*
 * The host's life: opening a workspace, the loop, and the group commit. See host.h.
 *
 * READS        perigee.lua, scripts and templates of the workspace, its database; frames of workers, net and the command line
 * WRITES       the database; run/lock and run/perigee.sock
 * TALKS TO     workers (through the zygote), net, the command line
 * NEVER        runs Lua, opens a connection to the outside, sees a secret, runs a program (confine.h holds it to that)
 */
#include "host/host.h"

#include "host/broadcasts.h"
#include "host/carrier.h"
#include "host/checkup.h"
#include "host/confine.h"
#include "host/control.h"
#include "host/handover.h"
#include "host/jobs.h"
#include "host/ledger.h"
#include "host/netlink.h"
#include "host/retention.h"
#include "host/spawn.h"
#include "host/versions.h"
#include "host/visits.h"
#include "host/weblink.h"
#include "host/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	COMMIT_AT_LATEST_US = 20000,
	COMMIT_ROWS = 10000,
	LOCK_WAIT_MS = 40000, /* the net of a host that was killed finishes its message within 30 s */
};

typedef struct Watcher {
	int fd;
	HostReady ready;
	HostWantsWrite wants_write;
	void *user;
} Watcher;

typedef struct Later {
	HostThen then, gone;
	void *data;
} Later;

/* ---- opening and closing --------------------------------------------------------------------------------------- */

char *host_libexec(const char *name)
{
	const char *given = g_getenv("PERIGEE_LIBEXEC");
	if (given)
		return g_build_filename(given, name, NULL);
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *dir = g_path_get_dirname(self ? self : ".");
	char *path = g_build_filename(dir, "libexec", "perigee", name, NULL);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return path;
	g_free(path);
	return g_build_filename(dir, "..", "libexec", "perigee", name, NULL);
}

int host_lock_fd(const Host *host)
{
	return host->lock_fd;
}

/* Takes DIR/run/lock. Someone who listens is the owner and stays it; a lock without a listener is the net of a host that
 * was killed, finishing its message: that is waited for. */
static bool lock(Host *host, const char *dir, GError **error)
{
	g_autofree char *run = g_build_filename(dir, "run", NULL);
	g_autofree char *path = g_build_filename(run, "lock", NULL);
	if ((mkdir(run, 0700) < 0 && errno != EEXIST) || (host->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
		g_set_error(error, WORKSPACE_ERROR, WORKSPACE_ERROR_LOCKED, "%s: %s: perigee writes to the workspace's folder; run it as the user who owns that",
		            path, g_strerror(errno));
		return false;
	}
	/* Low numbers are for the roles' own sockets. */
	int high = fcntl(host->lock_fd, F_DUPFD_CLOEXEC, 20);
	close(host->lock_fd);
	host->lock_fd = high;
	for (int waited = 0; flock(host->lock_fd, LOCK_EX | LOCK_NB) < 0; waited += 50) {
		int owner = control_connect(dir);
		if (owner >= 0)
			close(owner);
		if (owner >= 0 || waited >= LOCK_WAIT_MS) {
			g_set_error(error, WORKSPACE_ERROR, WORKSPACE_ERROR_LOCKED,
			            "%s: another perigee owns this workspace: stop it first, or use its commands while it runs", dir);
			return false;
		}
		if (waited == 1000)
			log_info("waiting for the previous owner of %s to finish the message in its hands", dir);
		g_usleep(50000);
	}
	return true;
}

Workspace *host_read_workspace(Host *host, const char *dir, const char *changes, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "perigee.lua", NULL);
	g_autofree char *text = NULL;
	gsize size;
	if (!g_file_get_contents(path, &text, &size, NULL)) {
		g_set_error(error, WORKSPACE_ERROR, WORKSPACE_ERROR_MISSING,
		            "%s: no workspace here (no perigee.lua): make one with `perigee init DIR`, or name one with -C DIR", dir);
		return NULL;
	}
	enum { CONFIG_CAP = 256 * 1024 };
	if (size > CONFIG_CAP || memchr(text, 0, size)) {
		g_set_error(error, WORKSPACE_ERROR, WORKSPACE_ERROR_INVALID, "%s:1: no text of at most 256 KiB", path);
		return NULL;
	}
	g_autoptr(Program) program = program_new(PROGRAM_WORKSPACE, "perigee.lua");
	program_add(program, "perigee.lua", text);
	if (changes)
		program_add(program, "changes", changes);
	g_autoptr(json_t) declared = workers_declare(host, program_seal(program), error);
	return declared ? workspace_new(dir, declared, error) : NULL;
}

static Time saved_offset(Host *host)
{
	g_autofree char *text = db_meta(host->db, "clock_offset");
	return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static Db *open_database(Host *host, HostMode mode, GError **error)
{
	const char *path = host->workspace->database;
	if (mode != HOST_COPY)
		return db_open(mode == HOST_OWNER ? path : NULL, error);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return db_open_copy(path, error);
	g_set_error(error, WORKSPACE_ERROR, WORKSPACE_ERROR_MISSING,
	            "%s: there is no database yet, so nothing can be due: begin with `perigee contacts import FILE.csv` and `perigee enrol SEQUENCE`", path);
	return NULL;
}

Host *host_open(const char *dir, HostMode mode, const char *stdlib, GError **error)
{
	if (!spawn_begin(error)) /* before the jail closes, and before there is a lock that it would hold */
		return NULL;
	g_autoptr(Host) host = g_new0(Host, 1);
	host->lock_fd = -1;
	host->stdlib = g_strdup(stdlib);
	host->watchers = g_ptr_array_new_with_free_func(g_free);
	host->after_commit = g_array_new(FALSE, FALSE, sizeof(Later));
	host->ledger_rendering = handover_table();
	host->account_blocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &host->boot, NULL, NULL))
		g_strchomp(host->boot);
	host->visits = visits_new();
	host->clock = clock_real(0);
	g_autofree char *worker = host_libexec("worker");
	if (mode == HOST_OWNER && g_file_test(dir, G_FILE_TEST_IS_DIR)) {
		g_autofree char *config = g_build_filename(dir, "perigee.lua", NULL);
		if (g_file_test(config, G_FILE_TEST_EXISTS) && !lock(host, dir, error))
			return NULL;
	}
	int count = mode == HOST_OWNER ? (int)g_get_num_processors() : 1;
	host->workers = workers_new(host, worker, CLAMP(count, 1, 8), error);
	if (!host->workers)
		return NULL;
	/* While the zygote starts, and before anything is heard from a worker. */
	g_autoptr(GError) open_walls = NULL;
	if (!host_confine(&open_walls))
		log_warn("%s; it goes on without", open_walls->message);
	if (mode == HOST_NOWHERE)
		return g_steal_pointer(&host);
	if (!(host->workspace = host_read_workspace(host, dir, NULL, error)))
		return NULL;
	host->db = open_database(host, mode, error);
	if (!host->db)
		return NULL;
	if (mode == HOST_OWNER || mode == HOST_COPY)
		host->clock = clock_real(saved_offset(host));
	return g_steal_pointer(&host);
}

bool host_serve(Host *host, GError **error)
{
	host->carrier = netlink_new(host, error);
	if (!host->carrier)
		return false;
	host->serving = true;
	checkup_log(host);
	return true;
}

void host_close(Host *host)
{
	if (!host)
		return;
	host->stopping = true;
	if (host->db && db_in_transaction(host->db)) {
		g_autoptr(GError) error = NULL;
		if (!host_commit(host, &error))
			log_error("the last changes were not written: %s", error->message);
	}
	if (host->control)
		control_close(host);
	weblink_close(host);
	if (host->carrier)
		host->carrier->free(host);
	checkup_end(host);
	retention_free(host);
	visits_abandon_all(host);
	visits_free(host->visits);
	workers_free(host->workers);
	if (host->programs)
		g_hash_table_unref(host->programs);
	g_hash_table_unref(host->ledger_rendering);
	g_clear_pointer(&host->broadcast_renderings, g_hash_table_unref);
	g_hash_table_unref(host->account_blocks);
	g_clear_pointer(&host->policy_hashes, g_hash_table_unref);
	g_clear_pointer(&host->account_tries, g_hash_table_unref);
	db_close(host->db);
	workspace_free(host->workspace);
	g_ptr_array_unref(host->watchers);
	g_array_unref(host->after_commit);
	if (host->random)
		g_rand_free(host->random);
	if (host->lock_fd >= 0)
		close(host->lock_fd);
	g_free(host->stdlib);
	g_free(host->boot);
	g_free(host->key_file);
	g_free(host);
}

/* ---- time and chance ------------------------------------------------------------------------------------------- */

Time host_now(const Host *host)
{
	return clock_now(&host->clock);
}

uint64_t host_random(Host *host)
{
	uint64_t bits = 0;
	if (host->random)
		return (uint64_t)g_rand_int(host->random) << 32 | g_rand_int(host->random);
	if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
		panic("no randomness: %s", g_strerror(errno));
	return bits;
}

void host_see(Host *host, json_t *event, const char *contact, int64_t run)
{
	if (!host->see) {
		json_decref(event);
		return;
	}
	if (contact)
		json_object_set_new(event, "contact", json_string(contact));
	if (run)
		json_object_set_new(event, "run", json_integer(run));
	host->see(host->see_user, event);
}

/* ---- group commit ---------------------------------------------------------------------------------------------- */

void host_write(Host *host)
{
	if (db_in_transaction(host->db))
		return;
	db_begin(host->db);
	host->begun_at = g_get_monotonic_time();
}

void host_after_commit(Host *host, HostThen then, HostThen gone, void *data)
{
	Later later = { then, gone, data };
	g_array_append_val(host->after_commit, later);
	host->leaving = true;
}

static void finish_laters(Host *host, bool committed)
{
	g_autoptr(GArray) laters = host->after_commit;
	host->after_commit = g_array_new(FALSE, FALSE, sizeof(Later));
	host->leaving = false;
	for (guint i = 0; i < laters->len; i++) {
		Later *later = &g_array_index(laters, Later, i);
		if (committed)
			later->then(host, later->data);
		else if (later->gone)
			later->gone(host, later->data);
	}
}

bool host_commit(Host *host, GError **error)
{
	gint64 start = g_get_monotonic_time();
	host->begun_at = 0;
	g_autoptr(GError) failed = NULL;
	if (db_commit(host->db, &failed)) {
		host->commit_took = g_get_monotonic_time() - start;
		host->failures = 0;
		host->retry_at = 0;
		finish_laters(host, true);
		return true;
	}
	/* Nothing of what was answered since the last commit has left the machine; all of it will be done again. */
	visits_abandon_all(host);
	retention_free(host);
	ledger_forget(host);
	broadcasts_forget(host);
	/* They may be of rows that are rolled back: the key they were made with, the message that closed a queue. */
	g_clear_pointer(&host->policy_hashes, g_hash_table_unref);
	if (host->account_blocks)
		g_hash_table_remove_all(host->account_blocks);
	finish_laters(host, false);
	host->failures++;
	host->retry_at = start + (gint64)1000 * MIN(100 << MIN(host->failures, 8), 30000);
	log_error("the database could not be written: %s. Nothing is lost: it is tried again in %" G_GINT64_FORMAT " s",
	          failed->message, (host->retry_at - start) / 1000000 + 1);
	g_propagate_error(error, g_steal_pointer(&failed));
	return false;
}

/* When the open transaction should be committed: monotonic µs; 0: there is nothing to commit. */
static gint64 commit_time(Host *host)
{
	if (!host->db || (!db_in_transaction(host->db) && !host->leaving && !db_failed(host->db)))
		return 0;
	/* A simulation's database is in memory: only what must not leave before the commit makes one. */
	if (host->simulated && !host->leaving && !db_failed(host->db) && db_written(host->db) < COMMIT_ROWS)
		return 0;
	if (db_failed(host->db) || host->simulated || db_written(host->db) >= COMMIT_ROWS || host->begun_at == 0)
		return 1;
	return host->begun_at + (host->leaving ? MIN(host->commit_took, COMMIT_AT_LATEST_US) : COMMIT_AT_LATEST_US);
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

void host_watch(Host *host, int fd, HostReady ready, HostWantsWrite wants_write, void *user)
{
	Watcher w = { fd, ready, wants_write, user };
	g_ptr_array_add(host->watchers, g_memdup2(&w, sizeof w));
}

void host_unwatch(Host *host, int fd)
{
	for (guint i = 0; i < host->watchers->len; i++) {
		if (((Watcher *)host->watchers->pdata[i])->fd == fd) {
			g_ptr_array_remove_index(host->watchers, i);
			return;
		}
	}
}

static Watcher *watcher_of(Host *host, int fd, HostReady ready)
{
	for (guint i = 0; i < host->watchers->len; i++) {
		Watcher *w = host->watchers->pdata[i];
		if (w->fd == fd && w->ready == ready)
			return w;
	}
	return NULL;
}

/* A simulation is one long exchange with one worker that answers within some 50 µs; to sleep and be woken takes as long again. */
static int poll_briskly(const Host *host, struct pollfd *fds, guint n, int timeout_ms)
{
	enum { BRISK_US = 200 };
	int ready = 0;
	gint64 until = host->simulated && timeout_ms ? g_get_monotonic_time() + BRISK_US : 0;
	while (until && !(ready = poll(fds, n, 0)) && g_get_monotonic_time() < until)
		;
	return ready ? ready : poll(fds, n, timeout_ms);
}

static void wait_and_handle(Host *host, int timeout_ms)
{
	guint n = host->watchers->len;
	g_autofree struct pollfd *fds = g_new0(struct pollfd, n + 1);
	g_autofree HostReady *ready = g_new0(HostReady, n + 1);
	for (guint i = 0; i < n; i++) {
		Watcher *w = host->watchers->pdata[i];
		fds[i].fd = w->fd;
		fds[i].events = (short)(POLLIN | (w->wants_write && w->wants_write(w->user) ? POLLOUT : 0));
		ready[i] = w->ready;
	}
	if (poll_briskly(host, fds, n, timeout_ms) <= 0)
		return;
	for (guint i = 0; i < n; i++) {
		if (!fds[i].revents)
			continue;
		/* An earlier handler may have taken this one away. */
		Watcher *w = watcher_of(host, fds[i].fd, ready[i]);
		if (w && (fds[i].revents & ~POLLOUT))
			w->ready(host, w->user, fds[i].revents);
	}
}

/* The start of a turn: what is due by itself. In simulation only when nothing is under way, so that what is asked of the worker
 * never depends on how fast it answers. */
static void start_what_is_due(Host *host)
{
	if (!host->serving || g_get_monotonic_time() < host->retry_at)
		return;
	if (host->simulated && workers_busy(host->workers) > host->background)
		return;
	if (host->carrier)
		host->carrier->turn(host);
	jobs_turn(host);
	visits_turn(host);
	ledger_turn(host);
	broadcasts_turn(host);
	retention_turn(host);
}

void host_turn(Host *host, int timeout_ms)
{
	if (host->control)
		control_turn(host);
	weblink_turn(host);
	start_what_is_due(host);
	gint64 commit_at = commit_time(host);
	gint64 now = g_get_monotonic_time();
	if (commit_at && commit_at <= now && now >= host->retry_at) {
		host_commit(host, NULL);
		commit_at = commit_time(host);
	}
	workers_turn(host->workers);
	if (commit_at) {
		gint64 left = (MAX(commit_at, host->retry_at) - now + 999) / 1000;
		timeout_ms = timeout_ms < 0 ? (int)CLAMP(left, 0, 1000) : (int)CLAMP(left, 0, timeout_ms);
	}
	if (retention_busy(host))
		timeout_ms = timeout_ms < 0 ? 1 : MIN(timeout_ms, 1);
	/* The watchdog wants to look now and then while something is under way. */
	if (workers_busy(host->workers) > host->background && (timeout_ms < 0 || timeout_ms > 100))
		timeout_ms = 100;
	/* In simulation nothing comes by itself: only workers are waited for. */
	if (host->simulated && workers_busy(host->workers) <= host->background)
		timeout_ms = 0;
	wait_and_handle(host, timeout_ms);
	workers_turn(host->workers);
}

bool host_turn_until(Host *host, const bool *done, int timeout_ms)
{
	gint64 until = timeout_ms < 0 ? G_MAXINT64 : g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	Control *control = g_steal_pointer(&host->control); /* no command inside another */
	while (!*done && g_get_monotonic_time() < until)
		host_turn(host, 100);
	host->control = control;
	return *done;
}

bool host_idle(const Host *host)
{
	bool open = host->db && ((db_in_transaction(host->db) && !host->simulated) || host->leaving);
	return !open && workers_busy(host->workers) <= host->background && !ledger_busy(host) && !(host->carrier && host->carrier->busy((Host *)host));
}

static const char NEXT_RUN[] = "SELECT min(due) FROM runs INDEXED BY runs_by_due WHERE state IN ('ready', 'waiting') AND due IS NOT NULL";
/* A job that is due and waits for its last run (overlap = "wait") has no time of its own: the run's end is what it waits for. */
static const char NEXT_JOB[] =
	"SELECT min(next_due) FROM scripts s WHERE kind = 'job' AND (next_due > ? OR NOT EXISTS"
	" (SELECT 1 FROM runs WHERE sequence = s.name AND contact IS NULL AND state IN ('ready', 'waiting', 'sending')))";

Time host_next_due(Host *host)
{
	Time due = db_int(host->db, TIME_NEVER, NEXT_RUN, "");
	due = MIN(due, ledger_next_due(host));
	due = MIN(due, broadcasts_next_due(host));
	due = MIN(due, db_int(host->db, TIME_NEVER, NEXT_JOB, "i", host_now(host)));
	if (host->carrier && host->carrier->next_due)
		due = MIN(due, host->carrier->next_due(host));
	return due;
}
