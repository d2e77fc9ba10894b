/* SPDX-License-Identifier: MIT */
/* The MIME around a worker's entity when files go with it: multipart/related for inline images (RFC 2387), multipart/mixed for
 * attachments (RFC 2046, 5.1.3). */
#ifndef PERIGEE_MULTIPART_H
#define PERIGEE_MULTIPART_H

#include <glib.h>

/* Appends Content-Type, a blank line and the parts: the entity, then each file (Attachment, attach.h) with its header alone. Their
 * places are set to where in out the base64 of each is to be inserted: at the start of a line, in lines that end with CRLF.
 * boundary: hex digits that stand in no part. files is not empty. */
void multipart_wrap(GString *out, const char *entity, size_t size, GPtrArray *files, const char *boundary);

#endif
