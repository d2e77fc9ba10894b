/* SPDX-License-Identifier: MIT */
/* Links of ours that somebody opens: whose they are (token.h), and what then happens: unsubscribe.h, confirm.h, links.h. */
#ifndef PERIGEE_FOLLOW_H
#define PERIGEE_FOLLOW_H

#include "host/host.h"

/* What the page says. Texts are "" or NULL where nothing is known. */
typedef struct Followed {
	FollowState state;
	char *from;    /* our name */
	char *address; /* theirs, masked: "a***@example.com" */
	char *locale;
	char *url;     /* where a link leads */
} Followed;
void followed_clear(Followed *who);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Followed, followed_clear)

/* Looks a token up, in constant time for wrong ones; act: does what the link is for. What is done stands in the open transaction. The
 * message of a test to oneself, or one that redirect_all_to took elsewhere, is done without doing anything. */
void follow_link(Host *host, FollowKind kind, const char *token, bool act, Followed *who);

/* The message that a link stood in. contact: NULL of tests, of what was redirected, and of somebody who has been erased. */
typedef struct FollowedMail {
	int64_t id, run;
	char *contact, *account, *channel, *address, *subject, *template_name;
	Time sent_at;
	bool unknown; /* what became of the message */
} FollowedMail;
void followed_mail_clear(FollowedMail *mail);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FollowedMail, followed_mail_clear)
/* By the token of kind (number 0) that is the message's own / by its id. False: there is none. */
bool follow_find(Host *host, FollowKind kind, const char *token, FollowedMail *mail);
bool follow_load(Host *host, int64_t message, FollowedMail *mail);
/* Says in who whose it is. */
void follow_tell(Host *host, const FollowedMail *mail, Followed *who);
/* Whoever has the link has the mail: one in doubt was sent. */
void follow_settle(Host *host, const FollowedMail *mail);

#endif
