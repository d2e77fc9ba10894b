/* SPDX-License-Identifier: MIT */
/*
 * The link to net: the carrier of `perigee serve`. It starts net's parent and, for each e-mail account, a sender and a reader;
 * starts them again when they end; and settles what was in flight by the send log before anything is handed over anew
 * (DESIGN.md section 8).
 *
 * Order at every start of net: what was handed over is settled, that is committed, the send log is trimmed, and only then
 * children are forked. A child that ended is settled after the end of file on its socket, when it can't write to the log
 * any more. What the log leaves in doubt is looked for in the Sent folder where the provider files it there itself.
 */
#ifndef PERIGEE_NETLINK_H
#define PERIGEE_NETLINK_H

#include "host/carrier.h"

/*
 * Starts libexec/perigee/net for host->workspace. The workspace's lock (host_lock_fd) is inherited by it; host->key_file (else
 * PERIGEE_KEY_FILE of the environment) becomes its --key-file. The carrier's free waits for messages in flight (5 s) and for all of net to end, and
 * commits. Fails if the program can't be started at all.
 */
Carrier *netlink_new(Host *host, GError **error);
/* The vault's file has changed: net reads it again, and each child is started again once nothing is in its hands. Does nothing
 * if the carrier is not net. */
void netlink_reload(Host *host);

#endif
