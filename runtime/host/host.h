/* SPDX-License-Identifier: MIT */
/*
 * The host: the one process that decides. It owns the database, the journal, schedules and policy; it has no Lua, no
 * outside network and no secrets. This structure is the context that all its modules are given first.
 */
#ifndef PERIGEE_HOST_H
#define PERIGEE_HOST_H

#include "base/clock.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "host/db.h"
#include "host/workspace.h"

typedef struct Workers Workers;
typedef struct Carrier Carrier;
typedef struct Visits Visits;
typedef struct Control Control;

typedef struct Host {
	Db *db;
	Clock clock;
	Workspace *workspace;
	Workers *workers;
	Carrier *carrier;   /* what takes messages away: net, or sim's pretend channels; NULL: nothing leaves */
	Visits *visits;
	Control *control;
	GRand *random;      /* seeded in sim and test; else NULL, and host_random uses the system's */
	bool simulated;     /* pretend channels and virtual time */
	bool planning;      /* simulated, but with the workspace's own accounts and no others (plan.h) */
	bool serving;       /* runs are woken and messages handed over */
	bool stopping;
	unsigned background; /* calls of workers that do not count as under way (the visit of a Lua test, which drives the rest) */
	char *stdlib;       /* --stdlib DIR or NULL */
	char *key_file;     /* --key-file FILE or NULL: the host passes its name to net, and never opens it */
	/* Told of everything people may want to see (sim's timeline); NULL: nobody looks. Takes event. */
	void (*see)(void *user, json_t *event);
	void *see_user;
	/* perigee test --coverage: what workers say of lines that ran (W_COVERED); NULL: nobody asks. Set before a worker is needed. */
	void (*covered)(void *user, const json_t *files);
	void *covered_user;
	Time commit_took;   /* of the last commit, in microseconds */
	int64_t begun_at;   /* monotonic microseconds: when the open transaction began; 0: none */
	bool leaving;       /* something committed later wants to leave the machine */
	Time retry_at;      /* monotonic µs: after a failed commit nothing is tried before this */
	int failures;       /* commits failed in a row */
	GPtrArray *watchers;  /* of poll: see host_watch */
	GArray *after_commit; /* things to do once the open transaction is committed */
	GHashTable *ledger_rendering; /* messages between the queue and the carrier (handover.c) */
	GHashTable *broadcast_renderings; /* broadcasts that are being rendered (broadcasts.c) */
	GHashTable *account_blocks; /* account → Time until which its cap or pace lets nothing go (a cache: policy decides anew) */
	GHashTable *account_tries;  /* account → its last message that a server did not take (policy_account.c) */
	GHashTable *policy_hashes;  /* "FAMILY\nADDRESS" → keyed hash (policy.c) */
	char *boot;           /* this boot of the machine; a message handed in another one can't be settled by the send log */
	GHashTable *programs; /* versions.c: programs and declarations by hash, templates by name */
	struct Weblink *web;  /* the role that listens (weblink.h); NULL: none */
	struct Retention *retention; /* what of the night's work is done (retention.c) */
	struct Checkup *checkup; /* the start of serve: a worker that looks at its jail; NULL: none */
	int lock_fd;          /* the workspace's lock, -1 if not taken */
} Host;

/* How a host is opened. */
typedef enum {
	HOST_FILES,    /* files and an in-memory database on a virtual clock (check, sim, test, render) */
	HOST_OWNER,    /* the workspace's database, with its lock; nothing is sent or woken unless host_serve is called */
	HOST_COPY,     /* as FILES, with a copy in memory of the workspace's database, which is only read (plan) */
	HOST_NOWHERE,  /* no workspace at all (mail, render --data): only workers */
} HostMode;
/* Opens the workspace in dir: evaluates perigee.lua, takes the lock (OWNER), opens the database. An error says where and what
 * to do. stdlib: a folder, or NULL. */
Host *host_open(const char *dir, HostMode mode, const char *stdlib, GError **error);
/* Reads DIR/perigee.lua. changes: other values than it has, one KEY=VALUE a line (stdlib/whatif.lua); NULL: none. */
Workspace *host_read_workspace(Host *host, const char *dir, const char *changes, GError **error);
/* Ends roles, commits, gives the lock back. */
void host_close(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_close)
/* Starts net and begins to wake runs and hand messages over. */
bool host_serve(Host *host, GError **error);
/* The descriptor of the workspace's lock; net inherits it, so that no new host starts before the old net is gone. */
int host_lock_fd(const Host *host);
/* The path of a role's program (libexec/perigee/NAME beside this one, or ../libexec/perigee/NAME). Caller frees. */
char *host_libexec(const char *name);

/* Now, by the host's clock. */
Time host_now(const Host *host);
/* 64 random bits, not predictable unless simulated. */
uint64_t host_random(Host *host);

/* All writing happens inside the open transaction; this opens it if need be. */
void host_write(Host *host);
/* Something waits for the commit before it may leave: call `then` after it, or `gone` if the commit failed (may be NULL). */
typedef void (*HostThen)(Host *host, void *data);
void host_after_commit(Host *host, HostThen then, HostThen gone, void *data);
/* Commits now. False: it failed, everything since the last commit is undone and its visits are ended (said in the log). */
bool host_commit(Host *host, GError **error);

/* Descriptors that the loop watches. ready is called with poll's revents. wants_write is asked before each poll. */
typedef void (*HostReady)(Host *host, void *user, short revents);
typedef bool (*HostWantsWrite)(void *user);
void host_watch(Host *host, int fd, HostReady ready, HostWantsWrite wants_write, void *user);
void host_unwatch(Host *host, int fd);

/* One turn of the loop: start what is due, wait for descriptors at most timeout_ms, handle what came, commit when it is time. */
void host_turn(Host *host, int timeout_ms);
/* Turns until *done, or the time is up. */
bool host_turn_until(Host *host, const bool *done, int timeout_ms);
/* Is nothing under way (no visit, rendering, hand-over, read) that could still do something now? */
bool host_idle(const Host *host);
/* The next moment at which something is due by itself; TIME_NEVER if nothing is. */
Time host_next_due(Host *host);

/* Shows an event to whoever looks. Takes the object; at, contact, run are added if given. */
void host_see(Host *host, json_t *event, const char *contact, int64_t run);

#endif
