/* SPDX-License-Identifier: MIT */
/* The jail of a worker: see jail.h. The order of steps matters: descriptors, limits, no_new_privs, the filter
 * last. */
#include "worker/jail.h"

#include "base/proto.h"
#include "worker/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define JAIL_ERROR (g_quark_from_static_string("perigee-jail-error"))

struct Jail {
	struct sock_fprog filter;
};

/* Memory, signals to itself, clocks, waiting, the end. Everything not named here kills. */
static const int allowed[] = {
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(exit_group), SCMP_SYS(exit),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack), SCMP_SYS(setitimer),
	SCMP_SYS(getitimer), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(sched_yield),
	SCMP_SYS(restart_syscall),
#ifdef WORKER_SANITIZED
	SCMP_SYS(rt_sigaction), SCMP_SYS(sched_getaffinity),
#endif
};

/* What libraries try by the way (a zone file, a charset): an error, as if there were nothing. */
static const int denied[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(fcntl), SCMP_SYS(lseek), SCMP_SYS(ioctl), SCMP_SYS(sysinfo),
	SCMP_SYS(uname), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(close),
};

static struct scmp_arg_cmp equals(unsigned argument, uint64_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

/* Of these bits the argument has exactly those. */
static struct scmp_arg_cmp has(unsigned argument, uint64_t bits, uint64_t those)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, bits, those };
}

static int allow(scmp_filter_ctx filter, int call, unsigned n, struct scmp_arg_cmp first, struct scmp_arg_cmp second)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, n, (struct scmp_arg_cmp[]){ first, second });
}

static int add_rules(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp none = { 0 }, host = equals(0, FORK_SERVER_FD), no_code = has(2, PROT_EXEC, 0);
	int failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
		failed |= allow(filter, allowed[i], 0, none, none);
	for (size_t i = 0; i < G_N_ELEMENTS(denied); i++)
		failed |= seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), denied[i], 0, NULL);
	failed |= allow(filter, SCMP_SYS(read), 1, host, none);
	failed |= allow(filter, SCMP_SYS(write), 1, host, none);
	failed |= allow(filter, SCMP_SYS(tgkill), 1, equals(2, SIGABRT), none);
	failed |= allow(filter, SCMP_SYS(mprotect), 1, no_code, none);
	failed |= allow(filter, SCMP_SYS(mmap), 2, no_code, has(3, MAP_ANONYMOUS, MAP_ANONYMOUS));
#ifdef WORKER_SANITIZED /* where its reports go */
	failed |= allow(filter, SCMP_SYS(write), 1, equals(0, STDERR_FILENO), none);
#endif
	return failed;
}

/* The filter as the kernel takes it, so that a child need not build it again. */
static bool export(scmp_filter_ctx filter, Jail *jail)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	off_t size = seccomp_export_bpf(filter, fd) == 0 ? lseek(fd, 0, SEEK_END) : -1;
	bool good = false;
	if (size > 0 && (size_t)size % sizeof(struct sock_filter) == 0) {
		jail->filter.len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
		jail->filter.filter = g_malloc((size_t)size);
		good = pread(fd, jail->filter.filter, (size_t)size, 0) == size;
	}
	close(fd);
	return good;
}

Jail *jail_new(GError **error)
{
	g_autofree Jail *jail = g_new0(Jail, 1);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool good = filter && add_rules(filter) == 0 && export(filter, jail);
	if (filter)
		seccomp_release(filter);
	if (!good) {
		g_set_error_literal(error, JAIL_ERROR, 0, "the filter of system calls can't be made (libseccomp)");
		return NULL;
	}
	return g_steal_pointer(&jail);
}

void jail_free(Jail *jail)
{
	g_free(jail->filter.filter);
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

static bool limit(int what, rlim_t most)
{
	return setrlimit((__rlimit_resource_t)what, &(struct rlimit){ most, most }) == 0;
}

/* The promise is tried: a filter that lets a file be opened is none. */
static bool is_locked(void)
{
	errno = 0;
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY) < 0 && errno == EACCES;
}

bool jail_enter(const Jail *jail, int fd, int at)
{
	if (!close_others(fd, at))
		return false;
	/* poll() counts its descriptors against NOFILE, so 1 is the least. */
	bool good = limit(RLIMIT_NOFILE, 1) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0);
#ifndef WORKER_SANITIZED
	good = good && limit(RLIMIT_AS, (rlim_t)3 << 30);
#endif
	good = good && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &jail->filter) == 0;
	return good && is_locked();
}
