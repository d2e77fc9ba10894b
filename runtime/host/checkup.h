/* SPDX-License-Identifier: MIT */
/* Checkups: what the jails of the roles hold, what files are open to others; for doctor, and said once when serve starts. */
#ifndef PERIGEE_CHECKUP_H
#define PERIGEE_CHECKUP_H

#include "host/host.h"

#include <jansson.h>

/* All findings about safety (base/finding.h): {"name","state","text"}. Starts a worker and a net program to look at themselves
 * and waits for them (some 100 ms). dir: of the workspace; what is not there is passed over. */
json_t *checkup_safety(Host *host, const char *dir);
/* Called as rows of a slow checkup come: how many there are. */
typedef void (*CheckupProgress)(void *user, size_t rows);
/* All findings about the mail of the accounts: what the DNS, their servers and their providers' rules say (net/checkmail.h). Takes up to
 * 26 seconds, in which a serving host goes on; progress may be NULL. */
json_t *checkup_mail(Host *host, const char *dir, CheckupProgress progress, void *user);
/* Says in the log what is not ok of the worker's and the host's jails, when the answer comes; doctor says the rest. */
void checkup_log(Host *host);
/* The answer is not waited for any more. */
void checkup_end(Host *host);

#endif
