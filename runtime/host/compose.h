/* SPDX-License-Identifier: MIT */
/*
 * Composing: the whole RFC 5322 message from what the host knows (the envelope) and the MIME entity that a worker rendered.
 * All top-level headers are written here; of the entity only its Content- headers are taken, because a worker's word is
 * only a claim.
 */
#ifndef PERIGEE_COMPOSE_H
#define PERIGEE_COMPOSE_H

#include "host/host.h"

#define COMPOSE_ERROR (compose_error_quark())
GQuark compose_error_quark(void);
typedef enum { COMPOSE_ERROR_INVALID } ComposeError;

typedef struct Compose {
	const char *from_name, *from_address; /* the name may be NULL */
	const char *to_name, *to_address;
	const char *const *cc;         /* addresses, NULL-terminated; NULL: none */
	const char *meant_for;         /* whose it would have been, where all mail is redirected, and its copies: X-Perigee-To, X-Perigee-Cc; NULL: theirs */
	const char *const *meant_cc;
	const char *subject;
	const char *purpose;           /* ask, answer, service, news; ask and news get List-Unsubscribe, answer Auto-Submitted */
	Time date;
	GTimeZone *zone;               /* of Date; NULL: UTC */
	const char *message_id;        /* Message-IDs stand without < > */
	const char *in_reply_to;       /* NULL or "": opens a thread */
	const char *const *references; /* oldest first, NULL-terminated, in_reply_to last or absent; NULL: none */
	const char *unsubscribe_url;   /* the link of one click (RFC 8058); NULL: by mail alone */
	const void *entity;            /* Content- headers, a blank line, the body; CRLF lines */
	size_t entity_size;
	GPtrArray *files;              /* Attachment (attach.h), whose places are set (multipart.h); NULL or empty: none */
	const char *boundary;          /* with files: hex digits */
} Compose;

/*
 * The message: CRLF lines of at most 998 octets, no NUL, no bare CR or LF. Refused (COMPOSE_ERROR_INVALID or HEADER_ERROR)
 * with a sentence: an address that can't be written, a control character in subject or name, a Message-ID that is none, an
 * entity with any other header, a header twice, no Content-Type, a malformed header block, a line that is too long. Ids of in_reply_to and references
 * come from other people's mail: what is no id is left out; of more than 20 the first and the last 19 are kept.
 */
GBytes *compose_mail(const Compose *c, GError **error);

/* A new Message-ID: 128 bits of host_random in base32, "@", the domain in ASCII. domain: of the account's address (a whole
 * address does). Caller frees. */
char *compose_message_id(Host *host, const char *domain);
/* The envelope's sender for a message of ours, so that what comes back cites it: "lea@b.example", "TOKEN@b.example" →
 * "lea+TOKEN@b.example". Caller frees. */
char *compose_return_path(const char *from_address, const char *message_id);
#define COMPOSE_PLUS_LOCAL 37 /* bytes before the @ of a from address to which the plus and the token can be added */
/* The Message-ID that such an address cites; NULL: none. Caller frees. */
char *compose_cited_by(const char *address);
/* Has this id the form of ours for that domain? If the ledger does not know it, another copy of the workspace may be in use. */
bool compose_is_message_id(const char *id, const char *domain);

#endif
