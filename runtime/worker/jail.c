/* SPDX-License-Identifier: MIT */
/* The jail of a worker: see jail.h. */
#include "worker/jail.h"

#include "base/filter.h"
#include "base/landlock.h"
#include "base/proto.h"
#include "worker/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CPU_SECONDS = 3600, STACK_BYTES = 8 << 20 };

struct Jail {
	Filter *filter;
	Landlock *landlock; /* NULL where the kernel has none */
};

/* Memory, signals to itself, clocks, waiting, the end. Everything not named here or in add_rules kills. */
static const char *const allowed[] = {
	"munmap", "mremap", "brk", "exit_group", "exit", "rt_sigreturn", "rt_sigprocmask", "sigaltstack", "setitimer", "getitimer",
	"gettimeofday", "futex", "getrandom", "getpid", "gettid", "sched_yield", "restart_syscall",
#ifdef WORKER_SANITIZED
	"rt_sigaction", "sched_getaffinity", "madvise",
#endif
	NULL,
};

/* What libraries try by the way (a zone file, a charset): an error, as if there were nothing. */
static const char *const denied[] = {
	"open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getcwd", "fcntl", "lseek", "ioctl", "sysinfo", "uname", "getuid", "geteuid", "getgid", "getegid", "close", NULL,
};

static FilterWhen is(unsigned argument, uint64_t value)
{
	return (FilterWhen){ argument, FILTER_IS, value, 0 };
}

static FilterWhen at_most(unsigned argument, uint64_t value)
{
	return (FilterWhen){ argument, FILTER_AT_MOST, value, 0 };
}

/* Of these bits the argument has exactly those. */
static FilterWhen has(unsigned argument, uint64_t bits, uint64_t those)
{
	return (FilterWhen){ argument, FILTER_MASKED, those, bits };
}

static void add_rules(Filter *filter)
{
	static const uint64_t advice[] = { MADV_DONTNEED, MADV_FREE };
	FilterWhen host = is(0, FORK_SERVER_FD), no_code = has(2, PROT_EXEC, 0), one = at_most(1, 1), clock = at_most(0, CLOCK_TAI);
	/* Plain memory of its own: no file, nothing shared, no huge pages. */
	FilterWhen map[] = { no_code, has(3, ~(uint64_t)(MAP_NORESERVE | MAP_STACK), MAP_PRIVATE | MAP_ANONYMOUS) };
	filter_calls(filter, FILTER_ALLOW, allowed);
	filter_calls(filter, FILTER_REFUSE, denied);
	filter_when(filter, FILTER_ALLOW, "read", 1, &host);
	filter_when(filter, FILTER_ALLOW, "write", 1, &host);
	filter_when(filter, FILTER_ALLOW, "poll", 1, &one);
	filter_when(filter, FILTER_ALLOW, "ppoll", 1, &one);
	filter_when(filter, FILTER_ALLOW, "clock_gettime", 1, &clock);
	filter_when(filter, FILTER_ALLOW, "mprotect", 1, &no_code);
#ifdef WORKER_SANITIZED /* where its reports go, and memory at places and in ways of its own */
	FilterWhen report = is(0, STDERR_FILENO), abort_itself = is(2, SIGABRT);
	filter_when(filter, FILTER_ALLOW, "write", 1, &report);
	filter_when(filter, FILTER_ALLOW, "tgkill", 1, &abort_itself);
	map[1] = has(3, MAP_ANONYMOUS, MAP_ANONYMOUS);
	(void)advice;
#endif
	filter_when(filter, FILTER_ALLOW, "mmap", G_N_ELEMENTS(map), map);
#ifndef WORKER_SANITIZED
	for (size_t i = 0; i < G_N_ELEMENTS(advice); i++)
		filter_when(filter, FILTER_ALLOW, "madvise", 1, &(FilterWhen){ 2, FILTER_IS, advice[i], 0 });
#endif
}

Jail *jail_new(GError **error)
{
	Jail *jail = g_new0(Jail, 1);
	g_autoptr(GError) second = NULL;
	jail->filter = filter_new(FILTER_KILL);
	add_rules(jail->filter);
	if (!filter_seal(jail->filter, error)) {
		jail_free(jail);
		return NULL;
	}
	/* The second layer: what the filter lets through by mistake, and signals. Without it the filter stands alone, which
	 * is told (jail_landlock). */
	jail->landlock = landlock_new(LANDLOCK_FILES | LANDLOCK_EXECUTE | LANDLOCK_TCP_BIND | LANDLOCK_TCP_CONNECT | LANDLOCK_SIGNALS | LANDLOCK_ABSTRACT, &second);
	return jail;
}

/* A folder that is gone already: nothing can be made in it. */
static bool shed_files(void)
{
	char folder[] = "/tmp/perigee-empty-XXXXXX";
	return mkdtemp(folder) && chdir(folder) == 0 && rmdir(folder) == 0 && chroot(".") == 0;
}

const char *jail_shed(void)
{
	enum { NOBODY = 65534 };
	if (geteuid() != 0)
		return NULL;
#ifdef WORKER_SANITIZED /* it reads its own symbols for a report */
	return "root, in a sanitized build";
#endif
	bool files = shed_files();
	/* The user last: it takes the right to do the rest. */
	bool user = setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
	if (!user)
		return "workers are root behind their filter, because uid 65534 can't be had here; run perigee as a user of its own";
	return files ? NULL : "workers have no empty folder as their root, because none can be made in /tmp; their filter and landlock stand";
}

bool jail_landlock(const Jail *jail)
{
	return jail->landlock != NULL;
}

void jail_free(Jail *jail)
{
	filter_free(jail->filter);
	landlock_free(jail->landlock);
	g_free(jail);
}

static bool close_others(int fd, int at)
{
	if (fd != at && dup2(fd, at) < 0)
		return false;
#ifdef WORKER_SANITIZED
	unsigned last = STDIN_FILENO;
#else
	unsigned last = (unsigned)at - 1;
#endif
	return syscall(SYS_close_range, 0, last, 0) == 0 && syscall(SYS_close_range, at + 1, ~0u, 0) == 0;
}

/* Never raised: who started us may have set less. */
static bool limit(int what, rlim_t most)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)what, &now) < 0)
		return false;
	rlim_t to = now.rlim_max < most ? now.rlim_max : most;
	return setrlimit((__rlimit_resource_t)what, &(struct rlimit){ to, to }) == 0;
}

static bool set_limits(void)
{
	/* poll() counts its descriptors against NOFILE, so 1 is the least. The budget of processor time is limits.h's, and the
	 * host watches; this ends what both would miss. */
	bool good = limit(RLIMIT_NOFILE, 1) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0) &&
	            limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_CPU, CPU_SECONDS);
#ifndef WORKER_SANITIZED
	good = good && limit(RLIMIT_STACK, STACK_BYTES) && limit(RLIMIT_AS, (rlim_t)3 << 30);
#endif
	return good;
}

/* The promise is tried: a filter that lets a file be opened is none. Asking who one is is no business of landlock's, so the
 * second call tells of the filter alone. */
static bool is_locked(void)
{
	errno = 0;
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY) < 0 && errno == EACCES && syscall(SYS_getuid) < 0;
}

/* Landlock needs its descriptor, and no_new_privs first; limits on descriptors come after both; the filter is last, because
 * it forbids all of this. */
bool jail_enter(const Jail *jail, int fd, int at)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       landlock_enter(jail->landlock) && close_others(fd, at) && set_limits() && filter_enter(jail->filter) && is_locked();
}
