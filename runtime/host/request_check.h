/* SPDX-License-Identifier: MIT */
/* What a script may ask of perigee.http, decided from its declarations and perigee.lua. The worker has checked most of it, but a
 * worker may lie. */
#ifndef PERIGEE_REQUEST_CHECK_H
#define PERIGEE_REQUEST_CHECK_H

#include "base/url.h"
#include "host/host.h"
#include "host/runs.h"

/* May this run make this request (args as in proto.h)? url is filled in. False: a sentence for the script's author
 * (REQUESTS_ERROR_MISUSE). */
bool request_check(Host *host, const Run *run, const json_t *args, Url *url, GError **error);
/* Seconds; args have been checked. */
int64_t request_timeout(const json_t *args);
/* Where a request of a script with these needs, and its redirects, may go: needs.net without the servers of accounts. A new
 * list. */
json_t *request_hosts(const Workspace *workspace, const json_t *needs);
/* The name of the account to which this host (as in Url) belongs as a server, at any port, unless the place ("HOST:PORT") is
 * allowed to all; NULL. */
const char *request_server_of(const Workspace *workspace, const char *name, const char *place);
/* Is this secret the password of an account? Only its driver may name it. */
bool request_is_password(const Workspace *workspace, const char *secret);

#endif
