/* SPDX-License-Identifier: MIT */
/* The rows of doctor about an account's mail server: is it reached, by which TLS and certificate, what does it offer, does it let us
 * sign in; and for a sender that signs its mail (DKIM), is the key that the DNS has the one it signs with. No mail is sent or read. */
#ifndef PERIGEE_NET_CHECKSERVER_H
#define PERIGEE_NET_CHECKSERVER_H

#include "net/checkmail.h"

/* Locks this process in, once it has heard the keeper. */
void checkserver_run(const Mailcheck *check);

#endif
