/* SPDX-License-Identifier: MIT */
/*
 * The life of a requester, the one child of net that makes the HTTP requests of scripts: N_REQUEST in, N_RESPONSE out
 * (base/proto.h), REQUESTER_AT_ONCE at a time, the rest wait in the order they came (a request's time begins with it).
 *
 * At the end of the host, requests that are marked in the send log are waited for (bounded), so that their answers stand
 * there; the others are dropped.
 */
#ifndef PERIGEE_REQUESTER_H
#define PERIGEE_REQUESTER_H

#include "base/frame.h"
#include "net/keyring.h"
#include "net/sendlog.h"

#define REQUESTER_AT_ONCE 16

void requester_run(const Keyring *keyring, char *const *allow, Peer *host, Sendlog *log);

#endif
