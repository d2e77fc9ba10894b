/* SPDX-License-Identifier: MIT */
/* What the zygote tries before it promises: what a script finds, and what a jailed process can do. */
#ifndef PERIGEE_WORKER_CHECK_H
#define PERIGEE_WORKER_CHECK_H

#include <jansson.h>

#include "worker/jail.h"
#include "worker/worker.h"

/* Every name that a script finds is on a list of its own here, besides the one that made the environment, and the dangerous
 * ones are not there. NULL, or the first name that is wrong (caller frees). At every start, because it takes no time. */
char *check_environment(Worker *worker);

/* The rows of doctor (base/finding.h) about this role: tries its jail and the linked Lua in processes that are thrown away.
 * root: what jail_shed said. Takes some milliseconds. */
json_t *check_rows(Worker *worker, const Jail *jail, const char *root);

#endif
