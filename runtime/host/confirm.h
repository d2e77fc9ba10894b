/* SPDX-License-Identifier: MIT */
/*
 * Double opt-in: `public_url`/c/TOKEN (confirm_url in templates), by which whoever reads that address says that we may write there. Looking
 * changes nothing, because scanners of mail open links; the page's button records the consent `double opt-in` for e-mail, with the
 * template and the time as its source, and is the event opt_in. Nobody is brought back by it who left after the mail was sent. It
 * holds for 90 days.
 */
#ifndef PERIGEE_CONFIRM_H
#define PERIGEE_CONFIRM_H

#include "host/follow.h"

/* As follow_link. */
void confirm_follow(Host *host, const char *token, bool act, Followed *who);
/* Does a text hold such a link? */
bool confirm_offered(const Host *host, const char *text);
/* A pretend contact presses the button in the newest mail to them that has one. False: none has. */
bool confirm_pretend(Host *host, const char *contact);

#endif
