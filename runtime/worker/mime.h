/* SPDX-License-Identifier: MIT */
/* The MIME entity of a message we send (RFC 2045, 2046, 2047): its content, without any header that says who or where. */
#ifndef PERIGEE_MIME_H
#define PERIGEE_MIME_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define MIME_ERROR (mime_error_quark())
GQuark mime_error_quark(void);
typedef enum { MIME_ERROR_INVALID } MimeError;

/*
 * Appends to out a text/plain entity, or multipart/alternative of text/plain and text/html if html is not NULL: headers
 * (Content-Type and Content-Transfer-Encoding alone; MIME-Version is the host's), a blank line, the body. Lines end with
 * CRLF and are at most 76 octets long (998 at most in a header); UTF-8, as 7bit where that is possible, else as
 * quoted-printable. Equal inputs give equal bytes: boundary (32 hex digits) comes from the host and is used as it is.
 * text and html must be UTF-8 without NUL and may use any line ends; sizes are bytes. False and MIME_ERROR_INVALID if
 * they are not, or if the boundary is not what it should be. Needs mail_prepare() before.
 */
bool mime_entity(const char *text, size_t text_size, const char *html, size_t html_size, const char *boundary,
                 GByteArray *out, GError **error);

#endif
