/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* The host's jail from inside: what it may do, and each raw call that it may not, in a process of its own. */
#include "host/confine.h"

#include "../raw/calls.h"
#include "base/filter.h"

#include <glib.h>
#include <grp.h>
#include <sys/wait.h>

enum { NOBODY = 65534, DONE = 20, REFUSED, OTHER, NO_JAIL };

#ifndef FILTER_SANITIZED
/* What the host keeps, of that list: files, its own sockets, its children, and the limits of that. */
static const char *const kept[] = {
	"open a file to read", "open a file to write", "openat2", "truncate a file", "make a folder", "remove a file", "rename a file", "stat",
	"the memory file of another", "socket unix", "socketpair", "connect", "bind", "listen", "accept", "sendmsg with a descriptor", "recvmsg", "sendto",
	"pidfd_open", "pidfd_send_signal", "kill another", "read another descriptor", "write another descriptor", "a file in memory", "open", "creat", NULL,
};

#endif

static int in_jail(bool as_nobody, int (*call)(const void *), const void *data)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (as_nobody && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
			_exit(NO_JAIL);
		if (!host_confine(NULL))
			_exit(NO_JAIL);
		_exit(call(data));
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	return status;
}

#ifndef FILTER_SANITIZED
static int run_raw(const void *name)
{
	unsigned which = 0;
	while (raw_names[which] != name)
		which++;
	int error = raw_call(which);
	return error == RAW_DONE ? DONE : raw_refused(error) ? REFUSED : OTHER;
}

static void raw(const char *name, bool as_nobody)
{
	raw_prepare();
	int status = in_jail(as_nobody, run_raw, name);
	raw_clean();
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	bool refused = WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
	g_test_message("%s: %s (wait status %#x)", name, killed ? "killed" : refused ? "refused" : "let through", (unsigned)status);
	g_assert_false(WIFEXITED(status) && WEXITSTATUS(status) == NO_JAIL);
	if (!g_strv_contains(kept, name))
		g_assert_true(killed || refused);
	else
		g_assert_false(killed);
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

#endif

static int write_a_file(const void *data)
{
	g_autofree char *path = g_strdup_printf("%s/%d", g_get_tmp_dir(), getpid());
	bool good = g_file_set_contents(path, data, -1, NULL);
	unlink(path);
	return good ? DONE : OTHER;
}

static int speak_locally(const void *data)
{
	int fds[2];
	char c = 0;
	(void)data;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 || send(fds[0], "x", 1, 0) != 1 || recv(fds[1], &c, 1, 0) != 1)
		return OTHER;
	return c == 'x' ? DONE : OTHER;
}

static int have_a_thread(const void *data)
{
	GThread *thread = g_thread_new("test", (GThreadFunc)g_strdup, (void *)data);
	g_autofree char *copy = g_thread_join(thread);
	return g_strcmp0(copy, data) == 0 ? DONE : OTHER;
}

static void test_kept(const void *call)
{
	int status = in_jail(false, call, "text");
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, DONE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	raw_victim = getppid();
	g_test_add_data_func("/confine/files can be written", (const void *)write_a_file, test_kept);
	g_test_add_data_func("/confine/local sockets work", (const void *)speak_locally, test_kept);
	g_test_add_data_func("/confine/threads work", (const void *)have_a_thread, test_kept);
#ifndef FILTER_SANITIZED /* the checkers are let do what they need */
	for (const char *const *name = raw_names; *name; name++) {
		g_autofree char *path = g_strdup_printf("/confine/raw, as who runs the tests/%s", *name);
		g_autofree char *path_nobody = g_strdup_printf("/confine/raw, as uid 65534/%s", *name);
		g_test_add_data_func(path, *name, test_raw);
		g_test_add_data_func(path_nobody, *name, test_raw_as_nobody);
	}
#endif
	return g_test_run();
}
