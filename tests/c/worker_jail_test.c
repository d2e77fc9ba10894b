/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* The jail from inside: each call is tried by a process of its own, which reports over its one socket; as the user who runs
 * the tests, and if that is root as uid 65534 too. */
#include "worker/arena.h"
#include "worker/jail.h"

#include "base/proto.h"
#include "../raw/calls.h"

#include <glib.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static Jail *jail;

static long open_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static long create_file(void)
{
	return open("/tmp/perigee-jail-test", O_WRONLY | O_CREAT, 0600);
}

static long open_by_number(void)
{
	return syscall(SYS_open, "/etc/passwd", O_RDONLY);
}

static long look_at_file(void)
{
	return access("/etc/passwd", R_OK);
}

static long make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long make_pair(void)
{
	int fds[2];
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static long take_descriptor(void)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	return recvmsg(FORK_SERVER_FD, &m, MSG_DONTWAIT);
}

static long start_process(void)
{
	return syscall(SYS_fork);
}

static long start_thread(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static long start_program(void)
{
	char *argv[] = { NULL };
	return execve("/bin/true", argv, argv);
}

static long kill_parent(void)
{
	return kill(getppid(), 0);
}

static long trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long write_elsewhere(void)
{
	return write(STDERR_FILENO + 2, "x", 1);
}

static long read_elsewhere(void)
{
	char c;
	return read(5, &c, 1);
}

static long memory_with_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static long file_as_memory(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, FORK_SERVER_FD, 0) == MAP_FAILED ? -1 : 0;
}

static long code_in_memory(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	return mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long more_descriptors(void)
{
	struct rlimit r = { 100, 100 };
	return setrlimit(RLIMIT_NOFILE, &r);
}

static long own_namespace(void)
{
	return syscall(SYS_unshare, 0x10000000);
}

static long io_ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long program_for_kernel(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long memory_of_others(void)
{
	return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static long name_of_file(void)
{
	return unlink("/tmp/perigee-jail-test");
}


static long memory(void)
{
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -1 : munmap(p, 1 << 20);
}

static long allocation(void)
{
	void *p = g_malloc(1 << 22);
	g_free(p);
	return 0;
}

static long the_time(void)
{
	struct timespec t;
	return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
}

static long speaking(void)
{
	return write(FORK_SERVER_FD, "x", 1) == 1 ? 0 : -1;
}

static long a_timer(void)
{
	struct itimerval t = { { 0, 0 }, { 0, 0 } };
	return setitimer(ITIMER_PROF, &t, NULL);
}


typedef enum { WORKS, REFUSED, KILLED } Outcome;

static const struct Case {
	const char *name;
	long (*call)(void);
	Outcome outcome;
} cases[] = {
	{ "memory can be had", memory, WORKS },
	{ "g_malloc works", allocation, WORKS },
	{ "the clock can be read", the_time, WORKS },
	{ "the socket can be written", speaking, WORKS },
	{ "a timer can be set", a_timer, WORKS },
	{ "no file can be opened", open_file, REFUSED },
	{ "no file can be made", create_file, REFUSED },
	{ "no file can be opened by the old call", open_by_number, REFUSED },
	{ "no file can be looked at", look_at_file, REFUSED },
	{ "no file can be removed", name_of_file, KILLED },
	{ "no socket can be made", make_socket, KILLED },
	{ "no pair of sockets can be made", make_pair, KILLED },
	{ "no descriptor can be received", take_descriptor, KILLED },
	{ "no process can be started", start_process, KILLED },
	{ "no thread can be started", start_thread, KILLED },
	{ "no program can be started", start_program, KILLED },
	{ "no process can be signalled", kill_parent, KILLED },
	{ "no process can be traced", trace_parent, KILLED },
	{ "no memory of others can be read", memory_of_others, KILLED },
	{ "nothing else can be written", write_elsewhere, KILLED },
	{ "nothing else can be read", read_elsewhere, KILLED },
	{ "no memory with code can be had", memory_with_code, KILLED },
	{ "no memory can become code", code_in_memory, KILLED },
	{ "no file can become memory", file_as_memory, KILLED },
	{ "no limit can be raised", more_descriptors, KILLED },
	{ "no namespace can be made", own_namespace, KILLED },
	{ "no ring of requests can be made", io_ring, KILLED },
	{ "no program can be given to the kernel", program_for_kernel, KILLED },
};

/* Runs call in a jailed process; its wait status. */
static int in_jail(bool as_nobody, int (*call)(const void *), const void *data)
{
	int fds[2], status;
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (as_nobody && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
			_exit(10);
		if (!jail_enter(jail, fds[1], FORK_SERVER_FD))
			_exit(9);
		_exit(call(data));
	}
	close(fds[1]);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	close(fds[0]);
	return status;
}

static int run_case(const void *data)
{
	const struct Case *c = data;
	errno = 0;
	long result = c->call();
	return result >= 0 ? WORKS : errno == EACCES ? REFUSED : 8;
}

static void test_case(const void *data)
{
	const struct Case *c = data;
	int status = in_jail(false, run_case, c);
	if (c->outcome == KILLED) {
		g_assert_true(WIFSIGNALED(status));
		g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
	} else {
		g_assert_true(WIFEXITED(status));
		g_assert_cmpint(WEXITSTATUS(status), ==, c->outcome);
	}
}

/* What a worker may do of that list: nothing. The only user it asks the kernel for is itself. */
static int run_raw(const void *name)
{
	unsigned which = 0;
	while (raw_names[which] != name)
		which++;
	int error = raw_call(which);
	return error == RAW_DONE ? 11 : raw_refused(error) ? REFUSED : 12;
}

static void raw(const char *name, bool as_nobody)
{
	raw_prepare();
	int status = in_jail(as_nobody, run_raw, name);
	raw_clean();
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	if (!killed && !(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED))
		g_test_message("wait status %#x", (unsigned)status);
	g_assert_true(killed || (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED));
	g_test_message("%s: %s", name, killed ? "killed" : "refused");
}

static void test_raw(const void *name)
{
	raw(name, false);
}

static void test_raw_as_nobody(const void *name)
{
	if (geteuid() == 0)
		raw(name, true);
	else
		g_test_skip("the tests are not run as root");
}

static unsigned char poll_says_open(int fd)
{
	struct pollfd p = { fd, 0, 0 };
	return poll(&p, 1, 0) >= 0 && !(p.revents & POLLNVAL);
}

/* The socket is descriptor 3 and there is no other. */
static void test_descriptors(void)
{
	int fds[2], status, open_ones = -1;
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	int other = dup(fds[0]);
	pid_t pid = fork();
	if (pid == 0) {
		if (!jail_enter(jail, fds[1], FORK_SERVER_FD))
			_exit(9);
		unsigned char count = 0;
		for (int fd = 0; fd < 64; fd++)
			count += poll_says_open(fd);
		if (write(FORK_SERVER_FD, &count, 1) != 1)
			_exit(8);
		_exit(0);
	}
	close(fds[1]);
	unsigned char byte;
	if (read(fds[0], &byte, 1) == 1)
		open_ones = byte;
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	close(fds[0]);
	close(other);
#ifdef WORKER_SANITIZED /* which keeps stdout and stderr for its reports */
	open_ones -= 2;
#endif
	g_assert_cmpint(open_ones, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(GError) error = NULL;
	jail = jail_new(&error);
	g_assert_no_error(error);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/jail/%s", cases[i].name);
		g_test_add_data_func(path, &cases[i], test_case);
	}
	raw_victim = getppid();
	for (const char *const *name = raw_names; *name; name++) {
		g_autofree char *path = g_strdup_printf("/jail/raw, as who runs the tests/%s", *name);
		g_autofree char *path_nobody = g_strdup_printf("/jail/raw, as uid 65534/%s", *name);
		g_test_add_data_func(path, *name, test_raw);
		g_test_add_data_func(path_nobody, *name, test_raw_as_nobody);
	}
	g_test_add_func("/jail/one descriptor is open", test_descriptors);
	int failed = g_test_run();
	jail_free(jail);
	return failed;
}
