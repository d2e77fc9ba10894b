/* SPDX-License-Identifier: MIT */
/* Starting the fork servers: see spawn.h. */
#include "host/spawn.h"

#include "base/proto.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Between fork and exec only async-signal-safe calls are made. */
static G_GNUC_NORETURN void become(const char *const *argv, char *const *env, int fd, int keep_fd)
{
	/* The socket goes to 3 even if 3 is the descriptor that is kept: then that one moves aside first. */
	if (keep_fd == FORK_SERVER_FD)
		_exit(126);
	/* A terminal is kept: net may ask for the vault's passphrase there, and nothing else is ever asked. */
	int null = isatty(0) ? -1 : open("/dev/null", O_RDONLY);
	if (null >= 0)
		dup2(null, 0);
	if (fd == FORK_SERVER_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, FORK_SERVER_FD);
	if (keep_fd >= 0)
		fcntl(keep_fd, F_SETFD, 0);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* A terminal's Ctrl-C is for the host: it stops its roles in order. */
	signal(SIGINT, SIG_IGN);
	if (env)
		execve(argv[0], (char *const *)argv, env);
	else
		execv(argv[0], (char *const *)argv);
	_exit(127);
}

Peer *spawn_role(const char *const *argv, const char *const *env, int keep_fd, pid_t *pid, GError **error)
{
	if (access(argv[0], X_OK) < 0) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "%s: %s (build it with `make`, or set PERIGEE_LIBEXEC)", argv[0], g_strerror(errno));
		return NULL;
	}
	int fds[2];
	if (!peer_pair(fds, error))
		return NULL;
	*pid = fork();
	if (*pid == 0)
		become(argv, (char *const *)env, fds[1], keep_fd);
	close(fds[1]);
	if (*pid < 0) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "fork: %s", g_strerror(errno));
		close(fds[0]);
		return NULL;
	}
	return peer_new(fds[0], FRAME_CAP);
}
