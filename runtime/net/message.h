/* SPDX-License-Identifier: MIT */
/*
 * The last look at a message before it leaves. Its envelope and top-level headers come from the host, its body from a
 * worker, which is nobody's friend: a body that smuggles a second message or a header of its own is refused here.
 */
#ifndef PERIGEE_MESSAGE_H
#define PERIGEE_MESSAGE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_ERROR (message_error_quark())
GQuark message_error_quark(void);
typedef enum { MESSAGE_ERROR_INVALID } MessageError;

/* Without < and >, and fit to stand in a line of the send log; NULL if it is no Message-ID. The caller frees. */
char *message_id_plain(const char *text);
/* Refuses: bare CR or LF and NUL (SMTP smuggling), lines over 998 bytes (RFC 5322, 2.1.1), top-level headers that are
 * not on the list, headers given twice, and a Message-ID that is not message_id. */
bool message_check(const char *bytes, size_t size, const char *message_id, GError **error);
bool message_is_eight_bit(const char *bytes, size_t size);

#endif
