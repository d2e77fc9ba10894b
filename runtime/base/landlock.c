/* SPDX-License-Identifier: MIT */
/* Landlock: see landlock.h. The system calls and numbers stand here because the C library has no functions for them, and
 * the headers of older systems not all of the numbers (Linux, include/uapi/linux/landlock.h). */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LANDLOCK_ERROR (g_quark_from_static_string("perigee-landlock-error"))

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 }; /* the same on all architectures */
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_MAKE_CHAR (UINT64_C(1) << 6)
#define FS_MAKE_BLOCK (UINT64_C(1) << 11)
#define FS_ABI_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV) /* the rest is a folder's */

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

struct Landlock {
	int fd;
	uint64_t fs; /* what it holds back */
};

int landlock_abi(void)
{
	long abi = syscall(CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	return abi > 0 ? (int)abi : 0;
}

const char *landlock_missing(int abi)
{
	if (abi == 0)
		return "this kernel has no landlock, or it is switched off (boot with lsm=landlock,... to have it): the filters stand alone";
	if (abi < 4)
		return "this kernel's landlock knows files, not TCP and not signals: the filters alone hold these back";
	if (abi < 6)
		return "this kernel's landlock knows files and TCP, not signals: the filters alone hold these back";
	return NULL;
}

static uint64_t known_fs(int abi)
{
	return FS_ABI_1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
}

static struct ruleset_attr attributes(unsigned deny, int abi)
{
	struct ruleset_attr attr = { 0 };
	if (deny & LANDLOCK_FILES)
		attr.fs = known_fs(abi);
	if (deny & LANDLOCK_EXECUTE)
		attr.fs |= FS_EXECUTE;
	if (deny & LANDLOCK_DEVICES)
		attr.fs |= FS_MAKE_CHAR | FS_MAKE_BLOCK;
	if (abi >= 4)
		attr.net = (deny & LANDLOCK_TCP_BIND ? NET_BIND_TCP : 0) | (deny & LANDLOCK_TCP_CONNECT ? NET_CONNECT_TCP : 0);
	if (abi >= 6)
		attr.scoped = (deny & LANDLOCK_ABSTRACT ? SCOPE_ABSTRACT : 0) | (deny & LANDLOCK_SIGNALS ? SCOPE_SIGNAL : 0);
	return attr;
}

Landlock *landlock_new(unsigned deny, GError **error)
{
	int abi = landlock_abi();
	if (!abi)
		return NULL;
	struct ruleset_attr attr = attributes(deny, abi);
	/* An older kernel takes a longer record if what it does not know is zero. */
	int fd = (int)syscall(CREATE_RULESET, &attr, sizeof attr, 0);
	if (fd < 0) {
		g_set_error(error, LANDLOCK_ERROR, 0, "landlock can't be set up: %s", g_strerror(errno));
		return NULL;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	Landlock *landlock = g_new0(Landlock, 1);
	landlock->fd = fd;
	landlock->fs = attr.fs;
	return landlock;
}

void landlock_grant(Landlock *landlock, const char *path, LandlockGrant grant)
{
	int fd = landlock && path && *path ? open(path, O_PATH | O_CLOEXEC) : -1;
	struct stat st;
	if (fd < 0)
		return;
	uint64_t rights = FS_READ_FILE | FS_READ_DIR;
	if (grant == LANDLOCK_WRITE)
		rights = known_fs(landlock_abi()) & ~(FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_BLOCK);
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rights &= FS_OF_FILES;
	struct path_beneath_attr rule = { rights & landlock->fs, fd };
	syscall(ADD_RULE, landlock->fd, RULE_PATH_BENEATH, &rule, 0);
	close(fd);
}

bool landlock_enter(const Landlock *landlock)
{
	return !landlock || syscall(RESTRICT_SELF, landlock->fd, 0) == 0;
}

void landlock_free(Landlock *landlock)
{
	if (!landlock)
		return;
	close(landlock->fd);
	g_free(landlock);
}
