/* SPDX-License-Identifier: MIT */
/*
 * Landlock: what a process may do with files by name, with TCP ports, and across the border of its jail; the second layer
 * behind a filter (filter.h). Kernels know more or less of it; what this one does not know is left out, and
 * landlock_describe says so. Descriptors that are open already are not touched.
 */
#ifndef PERIGEE_LANDLOCK_H
#define PERIGEE_LANDLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The kernel's version of it; 0: none. 1 files, 2 renaming, 3 truncating, 4 TCP, 5 ioctl of devices, 6 signals and abstract sockets. */
int landlock_abi(void);
/* One line for people about what a kernel of this version can't hold back; NULL if there is nothing. */
const char *landlock_missing(int abi);

typedef enum {
	LANDLOCK_EXECUTE = 1 << 0,
	LANDLOCK_FILES = 1 << 1,       /* everything that is done with files by name */
	LANDLOCK_TCP_BIND = 1 << 2,
	LANDLOCK_TCP_CONNECT = 1 << 3,
	LANDLOCK_SIGNALS = 1 << 4,     /* to processes outside of the jail */
	LANDLOCK_ABSTRACT = 1 << 5,    /* abstract Unix sockets from outside of the jail */
	LANDLOCK_DEVICES = 1 << 6,     /* making device files */
} LandlockDeny;

typedef enum { LANDLOCK_READ, LANDLOCK_WRITE } LandlockGrant;

typedef struct Landlock Landlock;

/* Denies all of `deny`, a set of LandlockDeny, but what is granted. NULL where the kernel has no landlock, with error unset,
 * or where it fails, with error set. */
Landlock *landlock_new(unsigned deny, GError **error);
/* Files below path (or the one file) may be read, or read, written, made and removed. What is not there is passed over. NULL
 * as landlock or path is allowed. */
void landlock_grant(Landlock *landlock, const char *path, LandlockGrant grant);
/* Locks this process in; it must have no_new_privs. Async-signal-safe. NULL: true. */
bool landlock_enter(const Landlock *landlock);
void landlock_free(Landlock *landlock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Landlock, landlock_free)

#endif
