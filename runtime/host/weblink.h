/* SPDX-License-Identifier: MIT */
/*
 * The link to web, the role that strangers speak to (`serve --public ADDR`): it is started, asked nothing, and answered. What it says is a
 * stranger's word; when it ends or is out of step, another is started on the same address, after growing pauses.
 */
#ifndef PERIGEE_WEBLINK_H
#define PERIGEE_WEBLINK_H

#include "host/host.h"

typedef struct Weblink Weblink;

/* Starts libexec/perigee/web and waits until it listens on address (web/listen.h); then host->web is set. False: it can't, with a sentence. */
bool weblink_open(Host *host, const char *address, GError **error);
/* What it listens on: "127.0.0.1:8085". */
const char *weblink_address(const Weblink *web);
/* To be called in each turn: starts another when that is due. */
void weblink_turn(Host *host);
/* Ends it. Nothing if there is none. */
void weblink_close(Host *host);

#endif
