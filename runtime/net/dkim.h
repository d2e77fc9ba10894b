/* SPDX-License-Identifier: MIT */
/*
 * DKIM signatures (RFC 6376; Ed25519: RFC 8463; key sizes: RFC 8301): rsa-sha256 and ed25519-sha256, relaxed/relaxed.
 * No input or output here; sender.c signs each message just before it is sent.
 */
#ifndef PERIGEE_DKIM_H
#define PERIGEE_DKIM_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DKIM_ERROR (dkim_error_quark())
GQuark dkim_error_quark(void);
typedef enum { DKIM_ERROR_KEY, DKIM_ERROR_MESSAGE } DkimError;

typedef struct DkimKey DkimKey;

/* A private key: RSA of 1024 to 4096 bits or Ed25519 as PEM (PKCS #8, or PKCS #1), or the 32 bytes of an Ed25519 seed as
 * base64. The text is the caller's to wipe. */
DkimKey *dkim_key_parse(const char *text, size_t size, GError **error);
/* Wipes it. NULL is allowed. */
void dkim_key_free(DkimKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DkimKey, dkim_key_free)
/* "rsa-sha256" or "ed25519-sha256"; and how long an RSA key is. */
const char *dkim_key_algorithm(const DkimKey *key);
int dkim_key_bits(const DkimKey *key);
/* What stands in the DNS as TXT of SELECTOR._domainkey.DOMAIN: "v=DKIM1; k=rsa; p=...". Caller frees. */
char *dkim_record(const DkimKey *key);

/* The DKIM-Signature field for a whole message of CRLF lines: with its CRLF, folded, to stand before the first field. domain and
 * selector are ASCII; now: seconds since 1970. From is signed once more than it stands there, so that none can be added.
 * Caller frees. */
char *dkim_sign(const DkimKey *key, const char *domain, const char *selector, int64_t now, const char *message, size_t size, GError **error);

/* The steps of it. One field, folded or not, as "name:value\r\n" (RFC 6376, 3.4.2). */
void dkim_relax_field(GString *out, const char *field, size_t size);
/* RFC 6376, 3.4.4. */
void dkim_relax_body(GString *out, const char *body, size_t size);
/* base64 of the SHA-256 of the relaxed body. Caller frees. */
char *dkim_body_hash(const char *message, size_t size);
/* The value of b= for a DKIM-Signature field whose b= is empty; names: of its h=, in order, NULL-terminated. Caller frees. */
char *dkim_signature(const DkimKey *key, const char *const *names, const char *field, const char *message, size_t size, GError **error);

#endif
