/* SPDX-License-Identifier: MIT */
/* The host's own jail: see confine.h. */
#include "host/confine.h"

#include "base/filter.h"
#include "base/finding.h"
#include "base/landlock.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONFINE_ERROR (g_quark_from_static_string("perigee-confine-error"))

/* Files, by name too: the workspace, the database, what commands are told to read and write. */
static const char *const files[] = {
	"open", "openat", "openat2", "creat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getcwd", "chdir", "fchdir", "getdents", "getdents64", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link",
	"linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown", "umask", "utimensat", "truncate",
	"ftruncate", "fallocate", "fadvise64", "readahead", "fsync", "fdatasync", "sync_file_range", "statfs", "fstatfs", "copy_file_range",
	"sendfile", "splice", "ioctl", "getxattr", "fgetxattr", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	NULL,
};

/* The roles, the control socket; and the ends of the roles' lives. */
static const char *const others[] = {
	"connect", "bind", "listen", "accept", "accept4", "getsockopt", "setsockopt", "getsockname", "getpeername", "shutdown", "sendmsg", "recvmsg",
	"sendto", "recvfrom", "sendmmsg", "recvmmsg", "kill", "wait4", "waitid", "pidfd_open", "pidfd_send_signal",
	NULL,
};

static Filter *make_filter(void)
{
	/* No list of what kills: each rule takes its time, and every command of a person begins with this. */
	Filter *filter = filter_new(FILTER_MISSING);
	filter_ordinary(filter);
	filter_libraries(filter);
	filter_calls(filter, FILTER_ALLOW, files);
	filter_calls(filter, FILTER_ALLOW, others);
	FilterWhen local = { 0, FILTER_IS, AF_UNIX, 0 };
	filter_when(filter, FILTER_ALLOW, "socket", 1, &local);
	filter_when(filter, FILTER_ALLOW, "socketpair", 1, &local);
	return filter;
}

/* The process is confined, not a host of it; and afterwards it can't ask any more what the kernel has. */
static bool confined;
static int abi;

bool host_confine(GError **error)
{
	if (confined)
		return true;
	abi = landlock_abi();
	g_autoptr(Filter) filter = make_filter();
	if (!filter_seal(filter, error))
		return false;
	g_autoptr(Landlock) landlock =
		landlock_new(LANDLOCK_EXECUTE | LANDLOCK_DEVICES | LANDLOCK_TCP_BIND | LANDLOCK_TCP_CONNECT | LANDLOCK_ABSTRACT, NULL);
	confined = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_enter(landlock) && filter_enter(filter);
	if (!confined)
		g_set_error(error, CONFINE_ERROR, 0, "the host can't lock itself in: %s", g_strerror(errno));
	return confined;
}

void host_confine_check(json_t *rows)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *const nothing[] = { NULL };
	if (fd >= 0)
		close(fd);
	bool network = fd >= 0, programs = syscall(SYS_execve, "/nowhere", nothing, nothing) == 0 || errno != ENOSYS;
	if (network || programs)
		finding_add(rows, "host", FINDING_FAIL, "it could %s: this kernel or container does not allow seccomp filters", network ? "reach the network" : "run programs");
	else
		finding_add(rows, "host", FINDING_OK, "tried: it reaches no outside network and runs no program");
	const char *missing = landlock_missing(abi);
	finding_add(rows, "landlock", abi ? FINDING_OK : FINDING_WARN, "version %d%s%s", abi, missing ? ": " : "", missing ? missing : "");
}
