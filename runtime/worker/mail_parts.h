/* SPDX-License-Identifier: MIT */
/* A mail taken apart: what mail.c finds in it and the modules mail_* make sense of. All text is valid UTF-8 with LF. */
#ifndef PERIGEE_MAIL_PARTS_H
#define PERIGEE_MAIL_PARTS_H

#include "worker/gmime_auto.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct Mail {
	GMimeMessage *message;  /* NULL if the bytes were no mail */
	char *subject;          /* "" if there is none */
	char *from;             /* the address in lower case, "" if there is none */
	GString *body;          /* all that is said, quotes and all; from HTML if there is no other text */
	gsize cut;              /* where in body a mail program marked the end of the answer, G_MAXSIZE if none did */
	GPtrArray *status;      /* of char *: message/delivery-status parts (RFC 3464) */
	char *feedback;         /* message/feedback-report (RFC 5965), or NULL */
	char *returned;         /* the header and more of the mail that is returned, or NULL */
	char *report_type;      /* of multipart/report, lower case, or NULL */
	const char *raw;        /* the bytes as they came, borrowed */
	size_t raw_size;
	bool calendar;          /* it is an invitation or an answer to one */
	bool attached;          /* an attachment was passed over */
} Mail;

Mail *mail_take_apart(const char *bytes, size_t size);
void mail_free(Mail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mail, mail_free)

/* If the text is a notification of Amazon SES, adds what it says as a report (mail_ses.c). */
void mail_take_ses(Mail *mail);
/* A header as UTF-8, "" if it is not there. The caller frees it. */
char *mail_header(const Mail *mail, const char *name);
/* A header's value in the raw header block text (unfolded), or NULL. The caller frees it. */
char *mail_field(const char *block, const char *name);
/* The same in text that is no clean block: the first line that begins with the name, white space aside. */
char *mail_field_anywhere(const char *text, const char *name);
/* Message-IDs without their brackets: the last in text, or NULL. The caller frees it. */
char *mail_id(const char *text);

/* The visible reply: body without quotes, signature and such (mail_text.c). The caller frees it. */
char *mail_visible(const Mail *mail);
/* Removes what is quoted, its announcement and the signature from text (LF lines), in place. */
void mail_strip(GString *text);

typedef enum { MAIL_REPLY, MAIL_AUTO_REPLY, MAIL_BOUNCE, MAIL_COMPLAINT, MAIL_UNSUBSCRIBE, MAIL_OTHER } MailKind;
/* What kind of mail it is (mail_kind.c). */
MailKind mail_kind(const Mail *mail, const char *visible);
/* Whether a program wrote it (RFC 3834). */
bool mail_is_automatic(const Mail *mail);

/* A list of {recipient, status, action, class, reason, message_id}, empty if it is no bounce (mail_bounce.c). The caller
 * owns it. */
json_t *mail_bounces(const Mail *mail);
/* Adds the recipient of one block of report fields to list; nothing if it is a receipt or no such block. text: what the mail
 * says besides, for a block that doesn't say why. */
void mail_add_recipient(json_t *list, const char *block, const char *text, const char *id);
/* The same for bounces that are no RFC 3464 report (mail_notice.c). */
json_t *mail_notices(const Mail *mail);
json_t *mail_bounce_new(const char *recipient, const char *status, const char *action, const char *diagnostic, const char *id);
/* The Message-ID of the mail that is returned, or NULL. The caller frees it. */
char *mail_original_id(const Mail *mail);

#endif
