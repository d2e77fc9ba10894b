/* SPDX-License-Identifier: MIT */
/*
 * The words of SMTP (RFC 5321, 2920, 1870, 6152, 6531, 3463): replies are read, commands written, outcomes classed.
 * No input or output here; sender.c has the connection.
 */
#ifndef PERIGEE_SMTP_H
#define PERIGEE_SMTP_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/proto.h"

#define SMTP_ERROR (smtp_error_quark())
GQuark smtp_error_quark(void);
typedef enum { SMTP_ERROR_FORMAT, SMTP_ERROR_ADDRESS, SMTP_ERROR_SIZE, SMTP_ERROR_UTF8 } SmtpError;

#define SMTP_LINE 4096     /* bytes of one reply line that are borne */
#define SMTP_LINES 128     /* lines of one reply */
#define SMTP_TEXT 1000     /* bytes of a reply's text that are kept */

typedef struct SmtpReply {
	unsigned code;      /* 200 to 599 */
	char enhanced[12];  /* "5.1.1" or "" (RFC 3463, 2034) */
	GString *text;      /* one line: the lines' texts joined by spaces, enhanced codes left out, no control characters */
} SmtpReply;

void smtp_reply_init(SmtpReply *reply);
void smtp_reply_clear(SmtpReply *reply);
/* Takes one whole reply, of one or more lines, off the front of in. False with error unset: more bytes are needed.
 * lines: if not NULL, gets the raw text of each line (EHLO). */
bool smtp_reply_take(GString *in, SmtpReply *reply, GPtrArray *lines, GError **error);

/* What the server offers in its answer to EHLO. */
typedef struct SmtpOffer {
	bool pipelining, utf8, eight_bit;
	guint64 size; /* bytes; 0: no limit said */
} SmtpOffer;
SmtpOffer smtp_offer(const GPtrArray *lines);

/* Where in a transaction a reply was given. */
typedef enum { SMTP_AT_CONNECT, SMTP_AT_MAIL, SMTP_AT_RCPT, SMTP_AT_DATA, SMTP_AT_END } SmtpStage;
/* The outcome class of a reply (docs/channels.md, SMTP submission). */
SentClass smtp_class(unsigned code, const char *enhanced, const char *text, SmtpStage stage);

/* "MAIL FROM:<a@b.c> SIZE=1000 BODY=8BITMIME SMTPUTF8\r\n". eight_bit: the message has bytes above 127.
 * needs_utf8: an address of the envelope or the header has. NULL for an address that can't stand in a command, for a message that
 * needs SMTPUTF8 where it is not offered (SMTP_ERROR_UTF8), and for one above the server's limit (SMTP_ERROR_SIZE). Domains stand
 * in ASCII. */
char *smtp_mail(const SmtpOffer *offer, const char *from, size_t size, bool eight_bit, bool needs_utf8, GError **error);
/* "RCPT TO:<a@b.c>\r\n"; NULL as above. */
char *smtp_rcpt(const SmtpOffer *offer, const char *to, GError **error);
/* True if the local part of the address has bytes above 127: a domain alone can be written in ASCII. */
bool smtp_needs_utf8(const char *address);

/* Appends the message with its dots stuffed (RFC 5321, 4.5.2) and a last CRLF; the ending ".\r\n" is not written. */
void smtp_stuff(GString *out, const char *bytes, size_t size);

#endif
