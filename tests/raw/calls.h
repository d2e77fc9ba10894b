/* SPDX-License-Identifier: MIT */
/*
 * System calls that somebody who has taken a process over would try, raw, past the C library. Included by the tests of
 * each role's jail and by the worker that runs them on request (tests/raw/worker.c).
 *
 * Each function makes one call and gives what the kernel gave. What could only work with an open descriptor or another's
 * memory gets arguments with which the kernel would complain (EBADF, EFAULT): only a jail says EACCES, EPERM or ENOSYS.
 */
#ifndef PERIGEE_RAW_CALLS_H
#define PERIGEE_RAW_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Somebody else's process, of the same user: set before the jail closes. */
static pid_t raw_victim;

#define RAW_FILE "/etc/passwd"

/* Files of a test: to be made, cut, removed, renamed, renamed to; and a folder to be made. */
enum { RAW_NEW, RAW_CUT, RAW_REMOVE, RAW_FROM, RAW_TO, RAW_FOLDER, RAW_PATHS };
static char raw_path[RAW_PATHS][64];

static inline void raw_clean(void)
{
	for (unsigned i = 0; i < RAW_PATHS; i++)
		remove(raw_path[i]);
}

/* Before the jail closes: what could be changed is there, what could be made is not. */
static inline void raw_prepare(void)
{
	for (unsigned i = 0; i < RAW_PATHS; i++)
		snprintf(raw_path[i], sizeof raw_path[i], "/tmp/perigee-raw-%d-%u", (int)getpid(), i);
	raw_clean();
	for (unsigned i = RAW_CUT; i <= RAW_FROM; i++)
		close(open(raw_path[i], O_WRONLY | O_CREAT, 0600));
}

static inline long raw_open_write(void)
{
	return syscall(SYS_openat, AT_FDCWD, raw_path[RAW_NEW], O_WRONLY | O_CREAT, 0600);
}

static inline long raw_openat2(void)
{
	uint64_t how[3] = { O_RDONLY, 0, 0 };
	return syscall(SYS_openat2, AT_FDCWD, RAW_FILE, how, sizeof how);
}

static inline long raw_proc_mem(void)
{
	char path[] = "/proc/0000000000/mem";
	pid_t n = raw_victim;
	for (char *c = path + 15; c > path + 5; n /= 10)
		*c-- = (char)('0' + n % 10);
	memmove(path + 6, path + 6 + strspn(path + 6, "0"), strlen(path + 6 + strspn(path + 6, "0")) + 1);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDWR);
}

static inline long raw_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/tmp/none" };
	return syscall(SYS_connect, -1, &to, sizeof to);
}

static inline long raw_bind(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/tmp/none" };
	return syscall(SYS_bind, -1, &to, sizeof to);
}

static inline long raw_pair(void)
{
	int fds[2];
	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
}

static inline long raw_sendmsg(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec v = { (char[]){ "x" }, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	return syscall(SYS_sendmsg, 3, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static inline long raw_recvmsg(void)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	return syscall(SYS_recvmsg, -1, &m, MSG_DONTWAIT);
}

static inline long raw_execve(void)
{
	char *argv[] = { NULL };
	return syscall(SYS_execve, "/bin/true", argv, argv);
}

static inline long raw_execveat(void)
{
	char *argv[] = { NULL };
	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv, 0);
}

/* A child that comes to be leaves at once: the parent tells. */
static inline long raw_child(long pid)
{
	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return pid;
}

#ifdef SYS_fork
static inline long raw_fork(void)
{
	return raw_child(syscall(SYS_fork));
}
#endif

static inline long raw_clone(void)
{
	return raw_child(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static inline long raw_clone_user(void)
{
	return raw_child(syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, NULL, NULL, NULL, NULL));
}

static inline long raw_clone3(void)
{
	uint64_t args[8] = { 0, 0, 0, 0, SIGCHLD, 0, 0, 0 };
	return raw_child(syscall(SYS_clone3, args, sizeof args));
}

static inline long raw_vm_read(void)
{
	char here[8];
	struct iovec to = { here, sizeof here }, from = { here, sizeof here };
	return syscall(SYS_process_vm_readv, raw_victim, &to, 1, &from, 1, 0);
}

static inline long raw_vm_write(void)
{
	char here[8] = "";
	struct iovec from = { here, sizeof here }, to = { (void *)16, 0 };
	return syscall(SYS_process_vm_writev, raw_victim, &from, 1, &to, 1, 0);
}

static inline long raw_map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -1 : 0;
}

static inline long raw_protect_code(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static inline long raw_limit(void)
{
	struct rlimit r = { 100, 100 };
	return syscall(SYS_setrlimit, RLIMIT_NOFILE, &r);
}

static inline long raw_prlimit(void)
{
	struct rlimit r = { 100, 100 };
	return syscall(SYS_prlimit64, raw_victim, RLIMIT_NOFILE, &r, NULL);
}

#if defined(__x86_64__)
static inline long raw_x32(void)
{
	return syscall(0x40000000 + SYS_getpid);
}

/* By the numbers of 32-bit programs: getpid is 20 there. */
static inline long raw_i386(void)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
#endif

/* name, expression */
#define RAW_CALLS(X) \
	X("open a file to read", syscall(SYS_openat, AT_FDCWD, RAW_FILE, O_RDONLY)) \
	X("open a file to write", raw_open_write()) \
	X("openat2", raw_openat2()) \
	X("truncate a file", syscall(SYS_truncate, raw_path[RAW_CUT], 0)) \
	X("make a folder", syscall(SYS_mkdirat, AT_FDCWD, raw_path[RAW_FOLDER], 0700)) \
	X("remove a file", syscall(SYS_unlinkat, AT_FDCWD, raw_path[RAW_REMOVE], 0)) \
	X("rename a file", syscall(SYS_renameat2, AT_FDCWD, raw_path[RAW_FROM], AT_FDCWD, raw_path[RAW_TO], 0)) \
	X("stat", syscall(SYS_newfstatat, AT_FDCWD, RAW_FILE, (struct stat[1]){ 0 }, 0)) \
	X("the memory file of another", raw_proc_mem()) \
	X("socket inet", syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)) \
	X("socket inet6 datagram", syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0)) \
	X("socket raw", syscall(SYS_socket, AF_INET, SOCK_RAW, 1)) \
	X("socket unix", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)) \
	X("socket netlink", syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0)) \
	X("socket packet", syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0)) \
	X("socketpair", raw_pair()) \
	X("connect", raw_connect()) \
	X("bind", raw_bind()) \
	X("listen", syscall(SYS_listen, -1, 1)) \
	X("accept", syscall(SYS_accept4, -1, NULL, NULL, 0)) \
	X("sendmsg with a descriptor", raw_sendmsg()) \
	X("recvmsg", raw_recvmsg()) \
	X("sendto", syscall(SYS_sendto, -1, "x", 1, 0, NULL, 0)) \
	X("execve", raw_execve()) \
	X("execveat", raw_execveat()) \
	X("clone a process", raw_clone()) \
	X("clone into a namespace", raw_clone_user()) \
	X("clone3", raw_clone3()) \
	X("ptrace", syscall(SYS_ptrace, PTRACE_ATTACH, raw_victim, NULL, NULL)) \
	X("process_vm_readv", raw_vm_read()) \
	X("process_vm_writev", raw_vm_write()) \
	X("pidfd_open", syscall(SYS_pidfd_open, raw_victim, 0)) \
	X("pidfd_getfd", syscall(SYS_pidfd_getfd, -1, 0, 0)) \
	X("pidfd_send_signal", syscall(SYS_pidfd_send_signal, -1, 0, NULL, 0)) \
	X("kill another", syscall(SYS_kill, raw_victim, 0)) \
	X("tgkill another", syscall(SYS_tgkill, raw_victim, raw_victim, 0)) \
	X("tkill another", syscall(SYS_tkill, raw_victim, 0)) \
	X("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, raw_victim, SIGTERM, NULL)) \
	X("mmap with code", raw_map_code()) \
	X("mprotect to code", raw_protect_code()) \
	X("memfd_create", syscall(SYS_memfd_create, "x", 0)) \
	X("shmget", syscall(SYS_shmget, 0, 4096, 01600)) \
	X("io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL)) \
	X("bpf", syscall(SYS_bpf, 0, NULL, 0)) \
	X("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)) \
	X("userfaultfd", syscall(SYS_userfaultfd, 1)) \
	X("unshare", syscall(SYS_unshare, CLONE_NEWUSER)) \
	X("setns", syscall(SYS_setns, -1, 0)) \
	X("mount", syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL)) \
	X("chroot", syscall(SYS_chroot, "/")) \
	X("prctl", syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)) \
	X("setrlimit", raw_limit()) \
	X("prlimit of another", raw_prlimit()) \
	X("keyctl", syscall(SYS_keyctl, 0, -3, 0)) \
	X("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3)) \
	X("setuid", syscall(SYS_setuid, 0)) \
	X("init_module", syscall(SYS_init_module, NULL, 0, "")) \
	X("landlock_restrict_self", syscall(446, -1, 0)) \
	X("seccomp", syscall(SYS_seccomp, 2, 0, NULL)) \
	X("a file in memory", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) == MAP_FAILED ? -1 : 0) \
	X("read another descriptor", syscall(SYS_read, 5, (char[1]){ 0 }, 1)) \
	X("write another descriptor", syscall(SYS_write, 5, "x", 1))
#if defined(__x86_64__)
#define RAW_CALLS_HERE(X) \
	RAW_CALLS(X) \
	X("open", syscall(SYS_open, RAW_FILE, O_RDONLY)) \
	X("creat", syscall(SYS_creat, raw_path[RAW_NEW], 0600)) \
	X("fork", raw_fork()) \
	X("vfork", raw_child(syscall(SYS_vfork))) \
	X("a call by its x32 number", raw_x32()) \
	X("a call by its i386 number", raw_i386())
#else
#define RAW_CALLS_HERE(X) RAW_CALLS(X)
#endif

#define RAW_NAME(name, call) name,
static const char *const raw_names[] = { RAW_CALLS_HERE(RAW_NAME) NULL };
#undef RAW_NAME

enum { RAW_DONE = -1 }; /* the call did what it was asked to */

/* Makes the call of that place; RAW_DONE or what errno said. */
static inline int raw_call(unsigned which)
{
	unsigned at = 0;
	long result = -1;
	errno = 0;
#define RAW_RUN(name, call)     \
	if (at++ == which)      \
		result = (call);
	RAW_CALLS_HERE(RAW_RUN)
#undef RAW_RUN
	return result >= 0 ? RAW_DONE : errno;
}

/* Was it a jail that said so? */
static inline int raw_refused(int error)
{
	return error == EACCES || error == EPERM || error == ENOSYS;
}

#endif
