/* SPDX-License-Identifier: MIT */
/*
 * Header fields of mail that we write: encoding and folding (RFC 5322, RFC 2047). Values are words of people and of
 * templates, so each encoder refuses what could end its line: CR, LF, other control characters, bad UTF-8.
 * Every function appends one whole field with its CRLF, lines of at most 76 octets where folding can make them so and
 * never above 998, and gives HEADER_ERROR_INVALID with a sentence that names the field.
 */
#ifndef PERIGEE_HEADER_H
#define PERIGEE_HEADER_H

#include "base/clock.h"

#include <glib.h>
#include <stdbool.h>

#define HEADER_ERROR (header_error_quark())
GQuark header_error_quark(void);
typedef enum { HEADER_ERROR_INVALID } HeaderError;

/* Free text: Subject. As it is if it is ASCII that folds well, else as encoded words of UTF-8. */
bool header_text(GString *out, const char *name, const char *text, GError **error);
/* One mailbox: From, To. display may be NULL or "". */
bool header_mailbox(GString *out, const char *name, const char *display, const char *address, GError **error);
/* Addresses without names: Cc. Nothing is written for none. NULL-terminated. */
bool header_addresses(GString *out, const char *name, const char *const *addresses, GError **error);
/* Date (RFC 5322, 3.3), in English whatever the locale; zone NULL: UTC. */
void header_date(GString *out, const char *name, Time at, GTimeZone *zone);
/* Message-IDs without < >, one a line where they don't fit on one. Each must be header_is_id. */
void header_ids(GString *out, const char *name, const char *const *ids);

/* Is this a Message-ID (without < >) that may stand in a field: printable ASCII, one @ or more, at most 250 octets? */
bool header_is_id(const char *id);
/* The address as it stands in a field: the domain in ASCII (IDNA), the local part in UTF-8 where it is not ASCII, so that the message
 * needs SMTPUTF8 (RFC 6532; net sends it only where that is offered). Refuses what is no address. Caller frees. */
char *header_address(const char *address, GError **error);

#endif
