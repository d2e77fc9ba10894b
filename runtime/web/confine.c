/* SPDX-License-Identifier: MIT */
/* The jail of web: see confine.h. */
#include "web/confine.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/landlock.h"
#include "base/log.h"

#define CONFINE_ERROR (g_quark_from_static_string("perigee-confine-error"))

enum { DESCRIPTORS = 160, NOBODY = 65534 };

/* Of descriptors that are open, and those that come to it. */
static const char *const speaking[] = {
	"accept", "accept4", "sendto", "recvfrom", "sendmsg", "recvmsg", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername", NULL,
};
/* What libraries look for by the way (a zone, a character set): as if it were not there. */
static const char *const looking[] = {
	"open", "openat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "ioctl", NULL,
};

static bool shed(void)
{
	if (geteuid() != 0)
		return true;
#ifdef FILTER_SANITIZED /* it reads its own symbols for a report */
	return true;
#endif
	char folder[] = "/tmp/perigee-empty-XXXXXX";
	if (mkdtemp(folder) && chdir(folder) == 0 && rmdir(folder) == 0 && chroot(".") < 0)
		log_warn("web has no empty folder as its root: %s", g_strerror(errno));
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static void limit(int what, rlim_t most)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)what, &now) == 0)
		setrlimit((__rlimit_resource_t)what, &(struct rlimit){ MIN(now.rlim_max, most), MIN(now.rlim_max, most) });
}

static void set_limits(void)
{
	limit(RLIMIT_NOFILE, DESCRIPTORS);
	limit(RLIMIT_CORE, 0);
#ifndef FILTER_SANITIZED
	limit(RLIMIT_AS, (rlim_t)512 << 20);
#endif
}

bool confine(GError **error)
{
	g_autoptr(Filter) filter = filter_new(FILTER_MISSING);
	filter_ordinary(filter);
	filter_calls(filter, FILTER_ALLOW, speaking);
#ifndef FILTER_SANITIZED
	filter_calls(filter, FILTER_REFUSE, looking);
#endif
	filter_attacks(filter);
	if (!filter_seal(filter, error))
		return false;
	bool less = shed();
	int why = errno;
	g_autoptr(Landlock) landlock =
		landlock_new(LANDLOCK_FILES | LANDLOCK_EXECUTE | LANDLOCK_DEVICES | LANDLOCK_TCP_BIND | LANDLOCK_TCP_CONNECT | LANDLOCK_SIGNALS | LANDLOCK_ABSTRACT, NULL);
	set_limits();
	bool shut = prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_enter(landlock) && filter_enter(filter);
	if (shut && less)
		return true;
	g_set_error(error, CONFINE_ERROR, 0, shut ? "web stays root: %s; run perigee as a user of its own" : "web can't lock itself in: %s", g_strerror(shut ? why : errno));
	return false;
}

void confine_or_warn(void)
{
	g_autoptr(GError) error = NULL;
	if (!confine(&error))
		log_warn("%s; it goes on without", error->message);
}
