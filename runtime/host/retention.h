/* SPDX-License-Identifier: MIT */
/*
 * Retention: what `keep` of perigee.lua says is dropped once it is older. A job of the host, once a night between 3 and 4 o'clock of the
 * workspace's zone while it serves, at its next start if that was missed. It works in slices of a few milliseconds, each its
 * own small transaction, so that nothing waits for it; what is cut short begins again. Live and parked runs, suppressions, and what policy counts
 * (90 days) are never touched. Not in simulation.
 */
#ifndef PERIGEE_RETENTION_H
#define PERIGEE_RETENTION_H

#include "host/host.h"

#define RETENTION_LEAST (90 * TIME_DAY) /* of messages and contacts: policy counts what was sent within it */

/* A slice, if it is time. */
void retention_turn(Host *host);
/* Is the night's work under way, so that the next turn should come soon? */
bool retention_busy(const Host *host);
void retention_free(Host *host);

/* {"last": Time of the last night's end or 0, "next": Time, "dropped": {KEY: how many, last night}, "rows": [{"key","keep" (as it is
 * written),"count" (what would go now),"what" (in words)}]}. Reads the database alone. */
json_t *retention_report(Host *host);

#endif
