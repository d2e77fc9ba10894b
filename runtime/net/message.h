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
#include <stdint.h>

#define MESSAGE_ERROR (message_error_quark())
GQuark message_error_quark(void);
typedef enum { MESSAGE_ERROR_INVALID } MessageError;

/* Without < and >, and fit to stand in a line of the send log; NULL if it is no Message-ID. The caller frees. */
char *message_id_plain(const char *text);
/* Refuses: bare CR or LF and NUL (SMTP smuggling), lines over 998 bytes (RFC 5322, 2.1.1), top-level headers that are
 * not on the list, headers given twice, and a Message-ID that is not message_id. */
bool message_check(const char *bytes, size_t size, const char *message_id, GError **error);
/* A file that belongs into a message (N_FILE, proto.h). */
typedef struct Enclosed {
	uint64_t number, place, size;
	int fd;
} Enclosed;
/* Puts the base64 of n files at their places into bytes. False with a sentence, bytes as they were: a file is not as long as it
 * should be, or a place is not the start of a line of the body, or not behind the one before. */
bool message_enclose(GString *bytes, const Enclosed *files, guint n, GError **error);
/* Has its header bytes above 127 (RFC 6532)? Then it can go only where SMTPUTF8 is offered. */
bool message_needs_utf8(const char *bytes, size_t size);
bool message_is_eight_bit(const char *bytes, size_t size);

#endif
