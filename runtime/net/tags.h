/* SPDX-License-Identifier: MIT */
/*
 * Texts of the DNS that are lists of "name=value;" (RFC 6376, 3.2): what DKIM publishes as a key and DMARC as a policy.
 */
#ifndef PERIGEE_TAGS_H
#define PERIGEE_TAGS_H

#include <glib.h>
#include <stdbool.h>

#define TAGS_ERROR (tags_error_quark())
GQuark tags_error_quark(void);
typedef enum { TAGS_ERROR_SYNTAX } TagsError;

/* name → value, both without white space around them; white space inside values is kept. Names are as written. NULL: no such
 * list, or a name stands twice. */
GHashTable *tags_parse(const char *text, GError **error);

/* ---- DMARC (RFC 7489, 6.3) ---- */

typedef struct Dmarc {
	char *policy, *subdomains; /* none, quarantine or reject; subdomains: as policy if not said */
	bool strict_dkim, strict_spf;
	unsigned percent;          /* pct; 100 if not said */
	GPtrArray *reports;        /* rua: URIs, of char * */
} Dmarc;

/* Is this TXT one of DMARC? */
bool dmarc_is_record(const char *text);
Dmarc *dmarc_parse(const char *text, GError **error);
void dmarc_free(Dmarc *dmarc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dmarc, dmarc_free)

/* ---- a DKIM key (RFC 6376, 3.6.1; 8463) ---- */

typedef struct DkimPublished {
	char *type;    /* rsa, ed25519 */
	char *key;     /* base64 without white space; "" : revoked */
	unsigned bits; /* of RSA; 0: it can't be told */
	bool testing;  /* t=y */
	bool for_mail; /* s= has "*" or "email", or is not there */
	bool sha256;   /* h= has sha256, or is not there */
} DkimPublished;

DkimPublished *dkim_published_parse(const char *text, GError **error);
void dkim_published_free(DkimPublished *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DkimPublished, dkim_published_free)

#endif
