/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* The jails of net from inside: what each part keeps, and each raw call that it may not make, in a process of its own. */
#include "base/landlock.h"
#include "net/confine.h"

#include "../raw/calls.h"
#include "base/filter.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/wait.h>

enum { NOBODY = 65534, DONE = 20, REFUSED, OTHER, NO_JAIL };

static char *workspace; /* with perigee.vault and run/ */

/* What a part keeps, of that list of calls. */
#define KEPT_BY_ALL "stat", "sendmsg with a descriptor", "recvmsg", "sendto", "read another descriptor", "write another descriptor", "a file in memory"
#define KEPT_ABROAD "open a file to read", "open", "socket inet", "socket inet6 datagram", "socketpair", "connect"
static const struct Part {
	const char *name;
	ConfinePart part;
	const char *const *kept;
} parts[] = {
	{ "keeper", CONFINE_KEEPER, (const char *const[]){ KEPT_BY_ALL, NULL } },
	{ "child", CONFINE_CHILD, (const char *const[]){ KEPT_BY_ALL, KEPT_ABROAD, NULL } },
	{ "parent", CONFINE_PARENT, (const char *const[]){ KEPT_BY_ALL, KEPT_ABROAD, "clone a process", "prctl", "seccomp", "landlock_restrict_self", NULL } },
	{ "command", CONFINE_COMMAND, (const char *const[]){ KEPT_BY_ALL, "open a file to read", "open", "open a file to write", "creat", "make a folder",
	                                                     "remove a file", "rename a file", NULL } },
};

/* What only landlock holds back in the parent. */
static const char *const by_landlock[] = { "open a file to write", "creat", "make a folder", "remove a file", "rename a file", "kill another",
	                                   "tgkill another", NULL };

typedef struct Try {
	const struct Part *part;
	const char *raw;             /* a name of the list, or NULL: */
	const char *name;
	int (*call)(void);
	bool as_nobody;
} Try;

static int run_raw(const char *name)
{
	unsigned which = 0;
	while (raw_names[which] != name)
		which++;
	int error = raw_call(which);
	return error == RAW_DONE ? DONE : raw_refused(error) ? REFUSED : OTHER;
}

static int in_jail(const Try *t)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (t->as_nobody && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
			_exit(NO_JAIL);
		if (!confine(t->part->part, workspace, NULL, NULL))
			_exit(NO_JAIL);
		_exit(t->raw ? run_raw(t->raw) : t->call());
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_false(WIFEXITED(status) && WEXITSTATUS(status) == NO_JAIL);
	return status;
}

static void test_raw(const void *data)
{
	const Try *t = data;
	if (t->as_nobody && geteuid() != 0) {
		g_test_skip("the tests are not run as root");
		return;
	}
	if (t->part->part == CONFINE_PARENT && landlock_abi() < 6 && g_strv_contains(by_landlock, t->raw)) {
		g_test_skip("this kernel's landlock does not know all of it");
		return;
	}
	raw_prepare();
	int status = in_jail(t);
	raw_clean();
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	bool refused = WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
	g_test_message("%s: %s (wait status %#x)", t->raw, killed ? "killed" : refused ? "refused" : "let through", (unsigned)status);
	if (g_strv_contains(t->part->kept, t->raw))
		g_assert_false(killed || (refused && !t->as_nobody)); /* whom the files do not belong to */
	else
		g_assert_true(killed || refused);
}

/* ---- what they keep, and files ---- */

static int resolve(void)
{
	struct addrinfo *found = NULL, hints = { .ai_socktype = SOCK_STREAM };
	int code = getaddrinfo("localhost", "25", &hints, &found);
	if (found)
		freeaddrinfo(found);
	return code == 0 ? DONE : OTHER;
}

static void *nothing(void *data)
{
	return data;
}

static int have_a_thread(void)
{
	return g_thread_join(g_thread_new("test", nothing, &workspace)) == &workspace ? DONE : OTHER;
}

static int start_tcp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno == ECONNREFUSED ? DONE : REFUSED;
}

static int open_in(const char *name, int flags)
{
	g_autofree char *path = g_build_filename(workspace, name, NULL);
	return open(path, flags, 0600) >= 0 ? DONE : raw_refused(errno) ? REFUSED : OTHER;
}

static int read_vault(void)
{
	return open_in("perigee.vault", O_RDONLY);
}

static int write_vault(void)
{
	return open_in("perigee.vault", O_WRONLY);
}

static int write_log(void)
{
	return open_in("run/send.log", O_WRONLY | O_CREAT | O_APPEND);
}

static int fork_and_wait(void)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		pause();
	bool good = pid > 0 && kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
	return good ? DONE : REFUSED;
}

/* A child of the parent locks itself in further. */
static int confine_child(void)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(!confine(CONFINE_CHILD, NULL, NULL, NULL) ? OTHER : open_in("run/send.log", O_WRONLY | O_CREAT) != REFUSED ? OTHER : start_tcp());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : OTHER;
}

static const struct Case {
	const char *name;
	int part;
	int (*call)(void);
	int outcome;
	bool needs_landlock;
} cases[] = {
	{ "a child resolves names", 1, resolve, DONE, false },
	{ "a child has threads", 1, have_a_thread, DONE, false },
	{ "a child connects", 1, start_tcp, DONE, false },
	{ "a child forks nothing", 1, fork_and_wait, REFUSED, false },
	{ "a child reads no vault", 1, read_vault, REFUSED, true },
	{ "a child writes to no file of the workspace", 1, write_log, REFUSED, false },
	{ "the keeper reads the vault", 0, read_vault, DONE, false },
	{ "the keeper writes no vault", 0, write_vault, REFUSED, false },
	{ "the keeper connects nowhere", 0, start_tcp, REFUSED, false },
	{ "the parent forks and ends children", 2, fork_and_wait, DONE, false },
	{ "the parent writes the send log", 2, write_log, DONE, false },
	{ "the parent reads no vault", 2, read_vault, REFUSED, true },
	{ "a child of the parent is locked in further", 2, confine_child, DONE, false },
	{ "a command writes the vault", 3, write_vault, DONE, false },
	{ "a command connects nowhere", 3, start_tcp, REFUSED, false },
};

static void test_case(const void *data)
{
	const struct Case *c = data;
#ifdef FILTER_SANITIZED
	if (c->outcome == REFUSED) {
		g_test_skip("the checkers are let do what they need");
		return;
	}
#endif
	if (c->needs_landlock && !landlock_abi()) {
		g_test_skip("this kernel has no landlock");
		return;
	}
	Try t = { .part = &parts[c->part], .call = c->call };
	int status = in_jail(&t);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, c->outcome);
}

static void add_raw(const struct Part *part, const char *name, bool as_nobody)
{
	Try *t = g_new0(Try, 1);
	*t = (Try){ .part = part, .raw = name, .as_nobody = as_nobody };
	g_autofree char *path = g_strdup_printf("/confine/%s, %s/%s", part->name, as_nobody ? "as uid 65534" : "as who runs the tests", name);
	g_test_add_data_func_full(path, t, test_raw, g_free);
}

static void make_workspace(void)
{
	g_autoptr(GError) error = NULL;
	workspace = g_dir_make_tmp("perigee-confine-XXXXXX", &error);
	g_assert_no_error(error);
	g_autofree char *run = g_build_filename(workspace, "run", NULL), *vault = g_build_filename(workspace, "perigee.vault", NULL);
	g_assert_cmpint(g_mkdir(run, 0700), ==, 0);
	g_assert_true(g_file_set_contents(vault, "sealed", -1, NULL));
}

static void remove_workspace(void)
{
	static const char *const names[] = { "run/send.log", "run", "perigee.vault", "" };
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(workspace, names[i], NULL);
		g_remove(path);
	}
	g_free(workspace);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	raw_victim = getppid();
	make_workspace();
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/confine/%s", cases[i].name);
		g_test_add_data_func(path, &cases[i], test_case);
	}
#ifndef FILTER_SANITIZED
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		for (const char *const *name = raw_names; *name; name++) {
			add_raw(&parts[i], *name, false);
			add_raw(&parts[i], *name, true);
		}
#else
	(void)add_raw;
#endif
	int failed = g_test_run();
	remove_workspace();
	return failed;
}
