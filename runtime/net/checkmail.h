/* SPDX-License-Identifier: MIT */
/*
 * `net check-mail`: will the mail of the workspace's accounts arrive? For doctor. A child per account and server, each locked in
 * as the children of net are and with that account's secret alone, asks the DNS (checkdomain.h) or connects (checkserver.h). No mail is
 * sent. All of it ends within CHECK_MS; what was not looked at by then is told as unknown.
 */
#ifndef PERIGEE_NET_CHECKMAIL_H
#define PERIGEE_NET_CHECKMAIL_H

#include <glib.h>
#include <jansson.h>

#include "base/finding.h"
#include "base/frame.h"

#define CHECK_MS 24000

/* A child's account, and where its rows go. */
typedef struct Mailcheck {
	const json_t *plan;  /* as in F_FORK, and "public_url", "volume" (a day, of all accounts of the organisation; 0: no limit), "again" (an
	                      * account before it has the same domain and server) */
	const char *json;    /* the same as text */
	const char *address; /* From */
	int secrets;         /* the keeper's socket, or -1 */
	Peer *parent;
	gint64 until_ms;     /* monotonic */
} Mailcheck;

/* Tells a row "mail: ADDRESS: WHAT" at once. */
void mailcheck_say(const Mailcheck *check, const char *what, FindingState state, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Takes the plan from F_CHECK and tells rows by F_CHECKED (proto.h) on FORK_SERVER_FD. key_file may be NULL. Gives the exit status. */
int checkmail_run(const char *workspace, const char *key_file);

#endif
