/* SPDX-License-Identifier: MIT */
/* The jails of net: see confine.h. */
#include "net/confine.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/filter.h"
#include "base/landlock.h"
#include "base/log.h"

#define CONFINE_ERROR (g_quark_from_static_string("perigee-confine-error"))

static const char *const looking[] = {
	"stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "statfs",
	"fstatfs", "fadvise64", NULL,
};
/* Of descriptors that are open: the host's socket, a connection. */
static const char *const speaking[] = {
	"sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername", "fsync",
	"fdatasync", NULL,
};
static const char *const writing[] = {
	"open", "openat", "creat", "mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "ftruncate", "fallocate", "chmod", "fchmod",
	"fchmodat", "fchown", "umask", "link", "linkat", NULL,
};
/* What the parent needs for its children, and they for their own jails. */
static const char *const forking[] = {
	"kill", "wait4", "waitid", "prctl", "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", NULL,
};

/* Opening without a flag that could change anything. */
static void add_reading(Filter *filter)
{
	uint64_t changing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	FilterWhen open = { 1, FILTER_MASKED, O_RDONLY, changing }, openat = { 2, FILTER_MASKED, O_RDONLY, changing };
	filter_when(filter, FILTER_ALLOW, "open", 1, &open);
	filter_when(filter, FILTER_ALLOW, "openat", 1, &openat);
}

/* The passphrase's terminal is opened for both; nothing is made or cut. */
static void add_terminal(Filter *filter)
{
	static const int controls[] = { TCGETS, TCSETS, TCSETSF, TCSETSW };
	filter_when(filter, FILTER_ALLOW, "openat", 1, &(FilterWhen){ 2, FILTER_MASKED, O_RDWR, O_ACCMODE | O_CREAT | O_TRUNC });
	for (size_t i = 0; i < G_N_ELEMENTS(controls); i++)
		filter_when(filter, FILTER_ALLOW, "ioctl", 1, &(FilterWhen){ 1, FILTER_IS, (uint64_t)controls[i], 0 });
}

/* Connections to the outside, by TCP or UDP (the resolver's). Local sockets are refused because the host's control socket is
 * one; netlink, raw and packet sockets because root could do with them what it likes to the machine's network. */
static void add_network(Filter *filter)
{
	static const int families[] = { AF_INET, AF_INET6 }, types[] = { SOCK_STREAM, SOCK_DGRAM };
	enum { TYPE = ~(SOCK_CLOEXEC | SOCK_NONBLOCK) };
	for (size_t f = 0; f < G_N_ELEMENTS(families); f++)
		for (size_t t = 0; t < G_N_ELEMENTS(types); t++) {
			FilterWhen when[] = { { 0, FILTER_IS, (uint64_t)families[f], 0 }, { 1, FILTER_MASKED, (uint64_t)types[t], (uint32_t)TYPE } };
			filter_when(filter, FILTER_ALLOW, "socket", G_N_ELEMENTS(when), when);
		}
	filter_when(filter, FILTER_ALLOW, "connect", 0, NULL);
	filter_when(filter, FILTER_ALLOW, "socketpair", 1, &(FilterWhen){ 0, FILTER_IS, AF_UNIX, 0 });
	filter_when(filter, FILTER_ALLOW, "ioctl", 1, &(FilterWhen){ 1, FILTER_IS, FIONBIO, 0 });
	filter_when(filter, FILTER_ALLOW, "ioctl", 1, &(FilterWhen){ 1, FILTER_IS, FIONREAD, 0 });
}

static Filter *make_filter(ConfinePart part)
{
	/* What libraries try and are not given fails as it does on an older kernel. */
	Filter *filter = filter_new(FILTER_MISSING);
	filter_ordinary(filter);
	filter_calls(filter, FILTER_ALLOW, looking);
	filter_calls(filter, FILTER_ALLOW, speaking);
	if (part == CONFINE_CHILD || part == CONFINE_KEEPER)
		add_reading(filter);
	else
		filter_calls(filter, FILTER_ALLOW, writing);
	if (part == CONFINE_CHILD || part == CONFINE_PARENT) {
		add_network(filter);
		filter_libraries(filter);
	} else {
		add_terminal(filter);
	}
	if (part == CONFINE_PARENT) {
		filter_calls(filter, FILTER_ALLOW, forking);
		/* fork: no sharing, no namespaces. */
		filter_when(filter, FILTER_ALLOW, "clone", 1, &(FilterWhen){ 0, FILTER_MASKED, SIGCHLD, ~(uint64_t)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) });
		filter_when(filter, FILTER_ALLOW, "tgkill", 0, NULL); /* a child's abort is its own process's; signals are landlock's matter */
	}
	filter_attacks(filter);
	return filter;
}

/* What the resolver, TLS and the C library read, wherever distributions keep it. */
static void grant_system(Landlock *landlock)
{
	static const char *const folders[] = {
		"/etc", "/usr", "/lib", "/lib64", "/bin", "/opt", "/nix/store", "/var/lib/ca-certificates", "/run/systemd/resolve", "/run/resolvconf",
		"/run/NetworkManager", "/run/netconfig", "/dev/urandom", "/dev/random", "/proc/sys/crypto",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		landlock_grant(landlock, folders[i], LANDLOCK_READ);
	landlock_grant(landlock, "/dev/null", LANDLOCK_WRITE);
	landlock_grant(landlock, getenv("SSL_CERT_FILE"), LANDLOCK_READ);
	landlock_grant(landlock, getenv("SSL_CERT_DIR"), LANDLOCK_READ);
}

/* The folder, because a file may be replaced by rename; and where a link leads. */
static void grant_folder_of(Landlock *landlock, const char *file)
{
	g_autofree char *real = file && *file ? realpath(file, NULL) : NULL;
	g_autofree char *folder = file && *file ? g_path_get_dirname(file) : NULL;
	g_autofree char *real_folder = real ? g_path_get_dirname(real) : NULL;
	landlock_grant(landlock, folder, LANDLOCK_READ);
	landlock_grant(landlock, real_folder, LANDLOCK_READ);
}

static Landlock *make_landlock(ConfinePart part, const char *workspace, const char *key_file)
{
	unsigned deny = LANDLOCK_EXECUTE | LANDLOCK_DEVICES | LANDLOCK_TCP_BIND | LANDLOCK_ABSTRACT | LANDLOCK_SIGNALS;
	if (part == CONFINE_KEEPER || part == CONFINE_COMMAND)
		deny |= LANDLOCK_TCP_CONNECT;
	if (part != CONFINE_COMMAND)
		deny |= LANDLOCK_FILES;
	Landlock *landlock = landlock_new(deny, NULL);
	g_autofree char *run = workspace ? g_build_filename(workspace, "run", NULL) : NULL;
#ifdef FILTER_SANITIZED /* the leak checker looks at its own process */
	landlock_grant(landlock, "/proc", LANDLOCK_READ);
#endif
	if (part == CONFINE_CHILD || part == CONFINE_PARENT)
		grant_system(landlock);
	if (part == CONFINE_PARENT)
		landlock_grant(landlock, run, LANDLOCK_WRITE);
	if (part == CONFINE_KEEPER) {
		g_autofree char *vault = workspace ? g_build_filename(workspace, "perigee.vault", NULL) : NULL;
		landlock_grant(landlock, workspace, LANDLOCK_READ);
		grant_folder_of(landlock, vault);
		landlock_grant(landlock, getenv("CREDENTIALS_DIRECTORY"), LANDLOCK_READ);
		grant_folder_of(landlock, key_file);
		grant_folder_of(landlock, getenv("PERIGEE_KEY_FILE"));
		landlock_grant(landlock, "/dev/tty", LANDLOCK_WRITE);
		landlock_grant(landlock, "/dev/urandom", LANDLOCK_READ);
	}
	return landlock;
}

bool confine(ConfinePart part, const char *workspace, const char *key_file, GError **error)
{
	g_autoptr(Filter) filter = make_filter(part);
	if (!filter_seal(filter, error))
		return false;
	g_autoptr(Landlock) landlock = make_landlock(part, workspace, key_file);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_enter(landlock) && filter_enter(filter))
		return true;
	g_set_error(error, CONFINE_ERROR, 0, "net can't lock itself in: %s", g_strerror(errno));
	return false;
}

void confine_or_warn(ConfinePart part, const char *workspace, const char *key_file)
{
	g_autoptr(GError) error = NULL;
	if (!confine(part, workspace, key_file, &error))
		log_warn("%s; it goes on without", error->message);
}
