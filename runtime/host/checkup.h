/* SPDX-License-Identifier: MIT */
/* Checkups: what the jails of the roles hold, what files are open to others; for doctor, and said once when serve starts. */
#ifndef PERIGEE_CHECKUP_H
#define PERIGEE_CHECKUP_H

#include "host/host.h"

#include <jansson.h>

/* All findings about safety (base/finding.h): {"name","state","text"}. Starts a worker and a net program to look at themselves
 * and waits for them (some 100 ms). dir: of the workspace; what is not there is passed over. */
json_t *checkup_safety(Host *host, const char *dir);
/* Says in the log what is not ok of the worker's and the host's jails, when the answer comes; doctor says the rest. */
void checkup_log(Host *host);
/* The answer is not waited for any more. */
void checkup_end(Host *host);

#endif
