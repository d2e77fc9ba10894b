/* SPDX-License-Identifier: MIT */
/* The rows of doctor that the DNS and perigee.lua tell of an account: From, MX, SPF, DKIM of the provider, DMARC, PTR, the cap. */
#ifndef PERIGEE_NET_CHECKDOMAIN_H
#define PERIGEE_NET_CHECKDOMAIN_H

#include "net/checkmail.h"

/* Locks this process in. */
void checkdomain_run(const Mailcheck *check);

#endif
