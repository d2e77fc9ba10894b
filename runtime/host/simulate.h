/* SPDX-License-Identifier: MIT */
/* Simulation: the same host, worker, policy and ledger on a virtual clock and pretend channels. */
#ifndef PERIGEE_SIMULATE_H
#define PERIGEE_SIMULATE_H

#include "host/host.h"

/* Makes a host that was opened with HOST_FILES a simulated one, at the time `start`; equal seeds give equal chance. */
void simulate_begin(Host *host, Time start, uint32_t seed);
/* The default start: next Monday 00:00 in the workspace's zone. */
Time simulate_monday(const Host *host);
/* Lets virtual time pass until `end`. False: the carrier says that nothing can go on (Carrier.failure), or the host made no progress
 * on something that is due (a bug of ours; said in the log). */
bool simulate_until(Host *host, Time end);
/* The same; look is called each time before the clock is moved. */
typedef void (*SimulateLook)(Host *host, void *user);
bool simulate_watched(Host *host, Time end, SimulateLook look, void *user);

#endif
