/* SPDX-License-Identifier: MIT */
/*
 * The one parser of http and https URLs, strict on purpose: what it takes, every other parser on the way (libcurl's, a
 * resolver's) reads the same way; whatever could be read in two ways is refused with a sentence. Nothing is repaired.
 *
 *   https://HOST[:PORT][/PATH][?QUERY]        (RFC 3986; at most URL_MOST bytes of ASCII)
 *
 * HOST is a DNS name of letters, digits and inner hyphens (RFC 1123; xn-- for other scripts; no trailing dot; its last
 * label is no number in any base, so nothing can take it for an address), or an address as inet_ntop writes it: 192.0.2.1 or
 * [2001:db8::1]. PORT is 1 to 65535 without leading zeros. No user, no fragment, no backslash, no space, no control
 * character, also not as %00 %0a %0d. Braces stand only in the path, as {secret}: where a secret with the place "path"
 * goes.
 */
#ifndef PERIGEE_URL_H
#define PERIGEE_URL_H

#include <glib.h>
#include <stdbool.h>

#define URL_MOST 2048
#define URL_HOST_MOST 253
#define URL_SECRET "{secret}"

#define URL_ERROR (url_error_quark())
GQuark url_error_quark(void);
typedef enum { URL_ERROR_INVALID } UrlError;

typedef struct Url {
	bool https; /* else http */
	bool is_ip;
	char host[URL_HOST_MOST + 1]; /* lower case; a v6 address in brackets */
	unsigned port;                /* the scheme's if the URL has none */
	unsigned holes;               /* how often {secret} stands in the path */
	char target[URL_MOST + 2];    /* path and query; begins with "/" */
} Url;

/* Fills in url. Whether http or an address may be used at all is the caller's to say, from https and is_ip. */
bool url_parse(const char *text, Url *url, GError **error);
/* What a redirect from `base` means (RFC 3986, 5.2); a fragment is dropped, the rest is as strict as url_parse. */
bool url_join(const Url *base, const char *location, Url *url, GError **error);
/* The URL that every parser reads as this one; the caller frees. */
char *url_text(const Url *url);
/* "HOST:PORT", always with the port, as allow_addresses has it; the caller frees. */
char *url_place(const Url *url);
/* Same scheme, host and port. */
bool url_same_origin(const Url *a, const Url *b);
/* True if the list (needs.net, the hosts of a secret) names the URL: "host" is https on port 443 and nothing else,
 * "host:port" that port. NULL is the empty list. */
bool url_matches(char *const *list, const Url *url);
/* Is this an entry for such a list, "host" or "host:port", in lower case? The error says what to write. */
bool url_check_entry(const char *entry, GError **error);

#endif
