/* SPDX-License-Identifier: MIT */
/* Filters of system calls: see filter.h. */
#include "base/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-filter-error, filter_error)

struct Filter {
	scmp_filter_ctx rules; /* NULL once it is sealed */
	uint32_t otherwise;
	char *fault;           /* the first rule that could not be made */
	struct sock_fprog program;
};

static uint32_t action(FilterAnswer answer)
{
	switch (answer) {
	case FILTER_ALLOW: return SCMP_ACT_ALLOW;
	case FILTER_REFUSE: return SCMP_ACT_ERRNO(EACCES);
	case FILTER_MISSING: return SCMP_ACT_ERRNO(ENOSYS);
	case FILTER_KILL: break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

Filter *filter_new(FilterAnswer otherwise)
{
	Filter *filter = g_new0(Filter, 1);
	filter->otherwise = action(otherwise);
	filter->rules = seccomp_init(filter->otherwise);
	if (!filter->rules || seccomp_attr_set(filter->rules, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0)
		filter->fault = g_strdup("libseccomp can't start");
	return filter;
}

void filter_free(Filter *filter)
{
	if (!filter)
		return;
	if (filter->rules)
		seccomp_release(filter->rules);
	g_free(filter->program.filter);
	g_free(filter->fault);
	g_free(filter);
}

static struct scmp_arg_cmp comparison(const FilterWhen *when)
{
	if (when->test == FILTER_MASKED)
		return (struct scmp_arg_cmp){ when->argument, SCMP_CMP_MASKED_EQ, when->mask, when->value };
	return (struct scmp_arg_cmp){ when->argument, when->test == FILTER_IS ? SCMP_CMP_EQ : SCMP_CMP_LE, when->value, 0 };
}

void filter_when(Filter *filter, FilterAnswer answer, const char *name, unsigned n, const FilterWhen *when)
{
	struct scmp_arg_cmp tests[6];
	int call = seccomp_syscall_resolve_name(name);
	if (filter->fault || call == __NR_SCMP_ERROR || call < 0 || action(answer) == filter->otherwise)
		return;
	for (unsigned i = 0; i < n; i++)
		tests[i] = comparison(&when[i]);
	int failed = seccomp_rule_add_array(filter->rules, action(answer), call, n, tests);
	if (failed)
		filter->fault = g_strdup_printf("the rule for %s: %s", name, g_strerror(-failed));
}

void filter_calls(Filter *filter, FilterAnswer answer, const char *const *names)
{
	for (; *names; names++)
		filter_when(filter, answer, *names, 0, NULL);
}

/* The program as the kernel takes it, so that children need not build it again. Through a pipe, because a process that has a
 * filter already makes no file. */
static bool export(Filter *filter)
{
	enum { MOST = BPF_MAXINSNS * sizeof(struct sock_filter) }; /* half of what a pipe holds */
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	bool good = seccomp_export_bpf(filter->rules, fds[1]) == 0;
	close(fds[1]);
	filter->program.filter = g_malloc(MOST);
	ssize_t size = good ? read(fds[0], filter->program.filter, MOST) : -1;
	close(fds[0]);
	filter->program.len = (unsigned short)(MAX(size, 0) / (ssize_t)sizeof(struct sock_filter));
	return size > 0 && size % (ssize_t)sizeof(struct sock_filter) == 0;
}

bool filter_seal(Filter *filter, GError **error)
{
	if (!filter->fault && !export(filter))
		filter->fault = g_strdup("the program can't be made");
	if (filter->rules)
		seccomp_release(filter->rules);
	filter->rules = NULL;
	if (!filter->fault)
		return true;
	g_set_error(error, FILTER_ERROR, 0, "the filter of system calls can't be made (libseccomp): %s", filter->fault);
	return false;
}

bool filter_enter(const Filter *filter)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter->program) == 0;
}

bool filter_possible(void)
{
	uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill_process) == 0;
}

/* ---- what roles share ---- */

static const char *const ordinary[] = {
	"brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock", "msync", "membarrier",
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "close", "close_range", "lseek", "dup", "dup2", "dup3",
	"fstat", "fcntl", "flock", "pipe", "pipe2", "eventfd2",
	"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "timerfd_create",
	"timerfd_settime", "timerfd_gettime", "signalfd4", "nanosleep", "clock_nanosleep", "pause", "restart_syscall",
	"clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrusage", "getitimer", "setitimer", "alarm",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigpending", "sigaltstack",
	"futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "sched_yield", "sched_getaffinity", "getcpu",
	"arch_prctl", "getpid", "gettid", "getppid", "getpgrp", "getpgid", "getsid", "getuid", "geteuid", "getgid", "getegid",
	"getresuid", "getresgid", "getgroups", "uname", "sysinfo", "getrandom", "getrlimit", "capget", "exit", "exit_group",
	NULL,
};

static const char *const attacks[] = {
	"execve", "execveat", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
	"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount", "mount_setattr",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key",
	"keyctl", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
	"settimeofday", "clock_settime", "acct", "quotactl", "iopl", "ioperm", "modify_ldt", "personality", "open_by_handle_at",
	"name_to_handle_at", "fanotify_init", "lookup_dcookie", "mknod", "mknodat", "setuid", "setgid", "setreuid", "setregid",
	"setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset", "sethostname", "setdomainname", "syslog",
	"shmget", "shmat", "shmctl", "semget", "msgget", "mq_open", "memfd_create", "memfd_secret",
	NULL,
};

void filter_ordinary(Filter *filter)
{
	filter_calls(filter, FILTER_ALLOW, ordinary);
	FilterWhen no_code = { 2, FILTER_MASKED, 0, PROT_EXEC };
	filter_when(filter, FILTER_ALLOW, "mprotect", 1, &no_code);
	filter_when(filter, FILTER_ALLOW, "mmap", 1, &no_code);
	/* Threads, never processes. clone3 hides its flags in memory: libraries then take clone. */
	filter_when(filter, FILTER_ALLOW, "clone", 1, &(FilterWhen){ 0, FILTER_MASKED, CLONE_THREAD, CLONE_THREAD });
	filter_when(filter, FILTER_MISSING, "clone3", 0, NULL);
	/* Signals to its own threads: abort, and what libraries send each other. */
	filter_when(filter, FILTER_ALLOW, "tgkill", 1, &(FilterWhen){ 0, FILTER_IS, (uint64_t)getpid(), 0 });
	static const int harmless[] = { PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_CAPBSET_READ };
	for (size_t i = 0; i < G_N_ELEMENTS(harmless); i++)
		filter_when(filter, FILTER_ALLOW, "prctl", 1, &(FilterWhen){ 0, FILTER_IS, (uint64_t)harmless[i], 0 });
	/* Looking at limits, its own; setting none. */
	FilterWhen look[] = { { 0, FILTER_IS, 0, 0 }, { 2, FILTER_IS, 0, 0 } };
	filter_when(filter, FILTER_ALLOW, "prlimit64", 2, look);
#ifdef FILTER_SANITIZED
	static const char *const checkers[] = { "clone", "ptrace", "wait4", "prctl", "mmap", "mprotect", "kill", "tgkill", "openat", "readlink",
		                                "open", "newfstatat", "stat", "getdents", "getdents64", "personality", "setrlimit", "prlimit64", "sendto", NULL };
	filter_calls(filter, FILTER_ALLOW, checkers);
#endif
}

void filter_libraries(Filter *filter)
{
	FilterWhen file[] = { { 2, FILTER_MASKED, PROT_EXEC, PROT_EXEC | PROT_WRITE }, { 3, FILTER_MASKED, 0, MAP_ANONYMOUS } };
	filter_when(filter, FILTER_ALLOW, "mmap", 2, file);
}

void filter_attacks(Filter *filter)
{
#ifdef FILTER_SANITIZED
	filter = NULL;
#endif
	if (filter)
		filter_calls(filter, FILTER_KILL, attacks);
}
