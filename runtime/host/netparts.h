/* SPDX-License-Identifier: MIT */
/* What the files of the link to net share, and no one else: netlink.c (the parent, the carrier), netchild.c (senders, readers and the
 * requester), netrequests.c (what the requester is given), settling.c (what was in flight). See netlink.h. */
#ifndef PERIGEE_NETPARTS_H
#define PERIGEE_NETPARTS_H

#include "host/carrier.h"
#include "host/health.h"
#include "host/mailbox.h"

#include <sys/types.h>

enum {
	PAUSE_FIRST_MS = 100, PAUSE_MOST_MS = 30 * 1000, /* before another start of what ended */
	HOPELESS = 5, /* starts in a row without success after which nobody waits for it */
};

typedef struct Netlink Netlink;

/* A message or a request in net's hands; message_id is its name in the send log. */
typedef struct Handed {
	int64_t id;
	char *message_id, *account;
	bool request; /* of a script: account is "" */
	bool same_boot; /* as this one: what it had told the send log is there */
} Handed;
Handed *handed_new(int64_t id, const char *message_id, const char *account, bool same_boot);
void handed_free(void *handed);

/* A sender, a reader or the requester, and what is needed to start another when it ends. */
typedef struct Child {
	Netlink *net;
	const char *account;   /* NULL: the requester */
	char *name;            /* for the log */
	bool reader, requester;
	uint64_t number;       /* of F_FORK */
	pid_t pid;             /* 0: not told yet */
	Peer *peer;            /* NULL: there is none now */
	bool dropped;          /* it must go: what it says is not heard, its end of file is waited for */
	bool renew;            /* to be started again when nothing is in its hands */
	bool unwatched;        /* its socket is not read: too much waits to be understood */
	bool settling;         /* the send log has been asked about in_flight */
	gint64 start_at;       /* monotonic µs, like all below */
	int pause_ms, failures;
	Health *health;        /* the account's */
	GHashTable *in_flight; /* sender, requester: id → Handed */
	bool wanted;           /* requester: a request is queued; it is not started for nothing */
	GHashTable *secrets;   /* requester: names of those it was given */
	gint64 try_at;         /* sender, failing: the next attempt */
	int try_ms;            /* 0: not failing */
	Mailbox *mailbox;      /* reader */
	gint64 read_at;        /* reader: the last success that was noticed */
	bool silent;           /* reader: it was said that the mailbox is not read */
} Child;

/* One account. */
typedef struct Link {
	char *account;
	Health health;
	Child *sender, *reader; /* NULL: the account has no smtp, no imap */
} Link;

struct Netlink {
	Carrier carrier;
	Host *host;
	Peer *parent;          /* NULL: there is none now */
	pid_t parent_pid;
	bool ready;            /* it has said how the vault is */
	bool asking;           /* the send log is being asked about everything */
	bool settled;          /* what was handed over before is settled and committed: children may be forked */
	bool from_ledger;      /* ask about all that the ledger calls handed, not only what is in_flight */
	bool trim;             /* after the next commit the log is trimmed, and all is settled */
	bool watched;          /* the open transaction has something of ours */
	bool closing;
	gint64 start_at;
	int pause_ms, failures;
	gint64 kill_at;        /* children of a parent that is gone are killed then */
	uint64_t next_child, next_request;
	GPtrArray *links;      /* Link */
	Child *requester;
	GHashTable *settlings; /* request → Settling (settling.c) */
	GPtrArray *doubts;     /* Doubt (settling.c) */
	int timer;             /* a timerfd: wakes the loop for the moments above */
	gint64 timer_at;
};

gint64 netlink_in_ms(int ms);
int netlink_grow(int ms, int first, int most);
/* Writes what the socket takes; a broken pipe is seen at the next read. peer may be NULL. */
void netlink_flush(Peer *peer);
Link *netlink_link(const Netlink *net, const char *account);
/* Is there such a child at place i of netlink_places? NULL if not. Senders come first, the requester last. */
guint netlink_places(const Netlink *net);
Child *netlink_child(const Netlink *net, guint i);
/* To be called before anything is told to the ledger: if the commit fails, the send log is asked again. */
void netlink_watch_commit(Netlink *net);

/* ---- netchild.c ---- */
Child *netchild_new(Netlink *net, Link *link, bool reader);
Child *netchild_new_requester(Netlink *net);
/* It has done what it is for: whatever ended it before, the next may start at once. */
void netchild_works(Child *child);
void netchild_free(Child *child);
/* Hears what it says; host_watch's callback. */
void netchild_ready(Host *host, void *child, short revents);
/* Starts it, or another, when that is due. Gives the next moment at which it wants to be called. */
gint64 netchild_turn(Child *child, gint64 now);

/* ---- netrequests.c ---- */
/* Notes whether the requester is wanted. */
void netrequests_look(Netlink *net);
/* Hands it queued requests, as many as it may have. */
void netrequests_hand(Netlink *net);
/* What it says. False: out of step. */
bool netrequests_frame(Child *child, Frame *frame);
/* The text of its F_FORK; notes the secrets that it is given. */
char *netrequests_fork_text(Child *child);
/* Is a request open that somebody could still answer? */
bool netrequests_busy(const Netlink *net);

/* ---- settling.c ---- */
void settling_init(Netlink *net);
void settling_clear(Netlink *net);
/* The parent is gone: what it was asked is asked again. */
void settling_forget(Netlink *net);
/* Asks the send log about a child's messages. */
void settling_child(Netlink *net, Child *child);
/* Asks about all: at every start of net, and after a failed commit. Commits first, so that no hand-over is half-way. */
void settling_all(Netlink *net);
/* N_SETTLED, N_FOUND. False: out of step. */
bool settling_settled(Netlink *net, Frame *frame);
bool settling_found(Netlink *net, Frame *frame);
/* Its sender doesn't know what became of it (text says why). Takes handed. */
void settling_ambiguous(Netlink *net, Handed *handed, const char *text);
/* The send log forgets all but what is in doubt. */
void settling_trim(Netlink *net);
/* Each turn; the next moment it wants to be called at. */
gint64 settling_turn(Netlink *net, gint64 now);

#endif
