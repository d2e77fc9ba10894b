/* SPDX-License-Identifier: MIT */
/*
 * The pages that people see who unsubscribe, confirm a subscription, or open a link whose time is over, in English, French, Italian, Spanish and German: plain HTML without a script or
 * anything from elsewhere, made for a phone first. Whatever comes from the host is escaped.
 */
#ifndef PERIGEE_PAGES_H
#define PERIGEE_PAGES_H

#include "base/proto.h"

#include <glib.h>

typedef enum {
	PAGE_ASK,     /* one button */
	PAGE_DONE,
	PAGE_ALREADY,
	PAGE_UNKNOWN, /* the link leads nowhere: what to do instead */
	PAGE_LATER,   /* it could not be recorded, or too much was asked */
	PAGE_WRONG,   /* a request that is none */
	PAGE_OVER,    /* a link that holds no more */
} PageKind;

typedef struct Page {
	PageKind kind;
	FollowKind link;      /* what the link is for */
	const char *from;     /* our name; "" if it is not known */
	const char *address;  /* masked; "" */
	const char *language; /* one of pages_language */
} Page;

/* The language of a locale ("fr-CA": "fr"), else the first of Accept-Language that there is (RFC 9110, 12.5.4), else English.
 * Either may be NULL. Static text. */
const char *pages_language(const char *locale, const char *accept);
/* A whole document in UTF-8. Caller frees. */
char *pages_html(const Page *page);
/* The Content-Security-Policy of all pages: their one style, the form, and nothing else. Caller frees. */
char *pages_policy(void);

#endif
