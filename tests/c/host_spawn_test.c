/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* The starter: it starts the roles' programs as children of the host, and nothing else, with nothing of the caller's choosing. */
#include "host/spawn.h"

#include "base/proto.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *libexec;

/* In a worker's place a script that says on descriptor 3 what it was given. */
static void make_worker(void)
{
	static const char script[] = "#!/bin/sh\n{ echo \"args $*\"; env; [ -e /proc/self/fd/30 ] && echo kept; echo end; } >&3\n";
	g_autofree char *worker = g_build_filename(libexec, "worker", NULL);
	g_assert_true(g_file_set_contents(worker, script, -1, NULL));
	g_assert_cmpint(g_chmod(worker, 0700), ==, 0);
}

/* What it said; it is waited for, as only a child can be. */
static char *start(const char *const *words, const char *const *env, int keep_fd)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *worker = g_build_filename(libexec, "worker", NULL);
	g_ptr_array_add(argv, worker);
	for (; *words; words++)
		g_ptr_array_add(argv, (void *)*words);
	g_ptr_array_add(argv, NULL);
	pid_t pid = 0;
	g_autoptr(Peer) peer = spawn_role((const char *const *)argv->pdata, env, keep_fd, &pid, &error);
	g_assert_no_error(error);
	g_autoptr(GString) said = g_string_new("");
	char bytes[4096];
	ssize_t n;
	g_assert_cmpint(fcntl(peer_fd(peer), F_SETFL, 0), ==, 0);
	while (!strstr(said->str, "end\n") && (n = read(peer_fd(peer), bytes, sizeof bytes)) > 0)
		g_string_append_len(said, bytes, n);
	int status = -1;
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
	return g_string_free(g_steal_pointer(&said), FALSE);
}

static void test_start(void)
{
	const char *const words[] = { "one", "two words", NULL };
	g_autofree char *said = start(words, NULL, -1);
	g_assert_nonnull(strstr(said, "args one two words\n"));
	g_assert_nonnull(strstr(said, "PERIGEE_LIBEXEC="));
	g_assert_null(strstr(said, "kept\n"));
}

static void test_kept(void)
{
	const char *const words[] = { NULL };
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 30);
	g_assert_cmpint(fd, ==, 30);
	g_autofree char *said = start(words, NULL, fd), *after = start(words, NULL, -1);
	close(fd);
	g_assert_nonnull(strstr(said, "kept\n"));
	g_assert_null(strstr(after, "kept\n"));
}

static void test_environment(void)
{
	const char *const words[] = { NULL };
	const char *const env[] = { "LD_PRELOAD=/tmp/other.so", "LC_ALL=C", "GLIBC_TUNABLES=glibc.malloc.check=3", "PERIGEE_LOCK_FD=21", NULL };
	g_autofree char *said = start(words, env, -1);
	g_assert_nonnull(strstr(said, "LC_ALL=C\n"));
	g_assert_nonnull(strstr(said, "PERIGEE_LOCK_FD=21\n"));
	g_assert_null(strstr(said, "LD_PRELOAD"));
	g_assert_null(strstr(said, "malloc.check"));
	g_assert_null(strstr(said, "PERIGEE_LIBEXEC"));
}

static void test_others(void)
{
	static const char *const programs[] = { "/bin/sh", "/bin/true" };
	for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autoptr(GError) error = NULL;
		const char *argv[] = { programs[i], NULL };
		pid_t pid = 0;
		g_assert_null(spawn_role(argv, NULL, -1, &pid, &error));
		g_assert_error(error, FRAME_ERROR, FRAME_ERROR_IO);
		g_assert_cmpint(pid, ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(GError) error = NULL;
	libexec = g_dir_make_tmp("perigee-spawn-XXXXXX", &error);
	g_assert_no_error(error);
	g_setenv("PERIGEE_LIBEXEC", libexec, TRUE);
	g_unsetenv("LC_ALL");
	make_worker();
	g_test_add_func("/spawn/a role's program gets its words, and is the host's child", test_start);
	g_test_add_func("/spawn/a descriptor is kept under its number, once", test_kept);
	g_test_add_func("/spawn/the environment is the host's own and what roles are told", test_environment);
	g_test_add_func("/spawn/no other program is started", test_others);
	int failed = g_test_run();
	g_autofree char *worker = g_build_filename(libexec, "worker", NULL);
	g_remove(worker);
	g_remove(libexec);
	g_free(libexec);
	return failed;
}
