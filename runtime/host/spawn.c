/* SPDX-License-Identifier: MIT */
/* Starting the fork servers: see spawn.h. */
#include "host/spawn.h"

#include "base/log.h"
#include "base/proto.h"
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Host and starter: START_KEEP id=number, fd; START_PROGRAM fd=the program's socket, u32 n, n × str argument, u8 own environment,
 * u32 n, n × str "NAME=VALUE"; answered by STARTED u32 pid (0: it can't be), u32 errno.
 */
enum { START_KEEP = 1, START_PROGRAM, STARTED };

static const char *const roles[] = { "worker", "net", "web" };
/* What a role may be told by its environment, besides what the host was told itself. */
static const char *const told[] = { ("GLIBC_TUNABLES=" WORKER_TUNABLES), "LC_ALL=C", "ASAN_OPTIONS=", "PERIGEE_LOCK_FD=" };

/* A process has one starter, as it has one jail, however many hosts it opens: so these two are not the host's. */
static Peer *starter;
static pid_t owner; /* whose it is: a fork of this process has none */

/* ---- the starter ------------------------------------------------------------------------------------------------- */

/* Between clone and exec only async-signal-safe calls are made. */
static G_GNUC_NORETURN void become(char *const *argv, char *const *env, int fd, int kept, int keep_fd)
{
	/* A terminal is kept: net may ask for the vault's passphrase there, and nothing else is ever asked. */
	int null = isatty(0) ? -1 : open("/dev/null", O_RDONLY);
	if (null >= 0)
		dup2(null, 0);
	if (kept >= 0 && kept != keep_fd)
		dup2(kept, keep_fd);
	else if (kept >= 0)
		fcntl(kept, F_SETFD, 0);
	if (fd == FORK_SERVER_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, FORK_SERVER_FD);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* A terminal's Ctrl-C is for the host: it stops its roles in order. */
	signal(SIGINT, SIG_IGN);
	execve(argv[0], argv, env);
	_exit(127);
}

static char **take_texts(Frame *frame)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	for (uint32_t n = frame_get_u32(frame); n > 0 && !frame->bad; n--)
		g_ptr_array_add(texts, g_strdup(frame_get_str(frame, NULL)));
	g_ptr_array_add(texts, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
}

/* Whoever has taken the host over is not to choose what is run, nor by LD_PRELOAD and its like what runs in it. */
static bool may_start(char *const *programs, char **argv)
{
	for (size_t i = 0; argv[0] && i < G_N_ELEMENTS(roles); i++)
		if (strcmp(argv[0], programs[i]) == 0)
			return true;
	return false;
}

static bool may_tell(char **own, const char *text)
{
	for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
		if (g_str_has_suffix(told[i], "=") ? g_str_has_prefix(text, told[i]) : strcmp(text, told[i]) == 0)
			return true;
	return g_strv_contains((const char *const *)own, text);
}

static void start(Peer *host, char *const *programs, Frame *frame, int kept, int keep_fd)
{
	g_auto(GStrv) argv = take_texts(frame), env = NULL, own = g_get_environ();
	bool given = frame_get_u8(frame) != 0;
	g_auto(GStrv) wanted = take_texts(frame);
	GStrvBuilder *builder = g_strv_builder_new();
	for (char **text = given ? wanted : own; *text; text++)
		if (may_tell(own, *text))
			g_strv_builder_add(builder, *text);
	env = g_strv_builder_end(builder);
	g_strv_builder_unref(builder);
	pid_t pid = -1;
	errno = EPERM;
	/* A sibling of ours: the host waits for it. */
	if (frame_end(frame) && frame->fd >= 0 && may_start(programs, argv))
		pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		become(argv, env, frame->fd, kept, keep_fd);
	peer_begin(host, STARTED, 0);
	peer_put_u32(host, (uint32_t)MAX(pid, 0));
	peer_put_u32(host, pid < 0 ? (uint32_t)errno : 0);
	peer_end(host);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Ends with the host. */
static G_GNUC_NORETURN void serve(int fd, pid_t host_pid)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != host_pid)
		_exit(0);
	prctl(PR_SET_NAME, "perigee-starter");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGINT, SIG_IGN);
	char *programs[G_N_ELEMENTS(roles)];
	for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
		programs[i] = host_libexec(roles[i]);
	Peer *host = peer_new(fd, FRAME_CAP);
	peer_accept_fds(host);
	Frame frame;
	int kept = -1, keep_fd = -1;
	while (peer_receive(host, &frame, -1, NULL)) {
		if (frame.kind == START_KEEP) {
			close_fd(&kept);
			kept = frame.fd;
			keep_fd = (int)frame.id;
			continue;
		}
		start(host, programs, &frame, kept, keep_fd);
		close_fd(&frame.fd);
		close_fd(&kept);
		if (!peer_flush_all(host, NULL))
			break;
	}
	_exit(0);
}

bool spawn_begin(GError **error)
{
	pid_t self = getpid();
	if (starter && owner == self)
		return true;
	int fds[2];
	if (!peer_pair(fds, error))
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		serve(fds[1], self);
	}
	close(fds[1]);
	if (pid < 0) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "fork: %s", g_strerror(errno));
		close(fds[0]);
		return false;
	}
	starter = peer_new(fds[0], FRAME_CAP);
	owner = self;
	return true;
}

/* ---- the host ---------------------------------------------------------------------------------------------------- */

static void put_texts(const char *const *texts)
{
	peer_put_u32(starter, texts ? g_strv_length((char **)texts) : 0);
	for (; texts && *texts; texts++)
		peer_put_str(starter, *texts, -1);
}

static bool ask(const char *const *argv, const char *const *env, int keep_fd, int fd, pid_t *pid, GError **error)
{
	if (keep_fd > FORK_SERVER_FD) {
		peer_begin(starter, START_KEEP, (uint64_t)keep_fd);
		if (!peer_end_fd(starter, keep_fd, error))
			return false;
	}
	peer_begin(starter, START_PROGRAM, 0);
	put_texts(argv);
	peer_put_u8(starter, env != NULL);
	put_texts(env);
	Frame frame;
	if (!peer_end_fd(starter, fd, error) || !peer_flush_all(starter, error) || !peer_receive(starter, &frame, -1, error))
		return false;
	*pid = (pid_t)frame_get_u32(&frame);
	int why = (int)frame_get_u32(&frame);
	if (*pid <= 0)
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "%s can't be started: %s", argv[0], g_strerror(why));
	return *pid > 0;
}

Peer *spawn_role(const char *const *argv, const char *const *env, int keep_fd, pid_t *pid, GError **error)
{
	if (access(argv[0], X_OK) < 0) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "%s: %s (build it with `make`, or set PERIGEE_LIBEXEC)", argv[0], g_strerror(errno));
		return NULL;
	}
	int fds[2];
	if (!spawn_begin(error) || !peer_pair(fds, error))
		return NULL;
	bool started = ask(argv, env, keep_fd, fds[1], pid, error);
	close(fds[1]);
	if (started)
		return peer_new(fds[0], FRAME_CAP);
	close(fds[0]);
	return NULL;
}
