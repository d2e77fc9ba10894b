/* SPDX-License-Identifier: MIT */
/*
 * Signed links: {{ "https://brand.example/guide.pdf" | link: "7 days" }} in a template is `public_url`/l/TOKEN in the message, and leads there
 * for so long from when the message leaves. Where it leads is a row of ours, so nobody can make it lead elsewhere. Opening it is the
 * event click, the first time.
 */
#ifndef PERIGEE_LINKS_H
#define PERIGEE_LINKS_H

#include "host/follow.h"

#define LINKS_ERROR (links_error_quark())
GQuark links_error_quark(void);
typedef enum { LINKS_ERROR_INVALID } LinksError;

enum { LINKS_MOST = 16 }; /* of one message */

/* The option `links` of a rendering (proto.h) for a message, whose random part it sets (the caller frees it); message 0: an example for a
 * preview. NULL where there is no public_url. Caller owns. */
json_t *links_offer(Host *host, int64_t message, char **random);
/* Are these, of a rendering's result, links that could be recorded? (NULL: there are none.) False with a sentence. */
bool links_fit(Host *host, const char *contact, const json_t *links, GError **error);
/* Records them: the message leaves now. */
void links_record(Host *host, int64_t message, const char *contact, const char *random, const json_t *links);

/* As follow_link; act: it is opened. */
void links_follow(Host *host, const char *token, bool act, Followed *who);
/* A pretend contact opens a link: in the newest message to them (channel "": on any) that has one, the one to url, or (NULL or "") the
 * first. False: there is none. */
bool links_pretend(Host *host, const char *contact, const char *channel, const char *url);

#endif
