/* SPDX-License-Identifier: MIT */
/*
 * The words of IMAP (RFC 3501, 9051; 7162 CONDSTORE and QRESYNC, 6154 SPECIAL-USE): responses are taken apart, arguments
 * written. No input or output here; session.c has the connection.
 *
 * A response is one line, with whatever literals stand in it. It is kept whole, so that a parser sees all of it or nothing;
 * its parts are borrowed from it.
 */
#ifndef PERIGEE_IMAP_H
#define PERIGEE_IMAP_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAP_ERROR (imap_error_quark())
GQuark imap_error_quark(void);
typedef enum { IMAP_ERROR_FORMAT } ImapError;

#define IMAP_BODY_MOST (1u << 20)                    /* bytes of a message that are asked for */
#define IMAP_LITERAL_MOST (IMAP_BODY_MOST + 4096)    /* bytes of one literal that are borne */
#define IMAP_RESPONSE_MOST (4u << 20)                /* bytes of one response */

/* Bytes from the server, in which whole responses are found; none is scanned twice. */
typedef struct ImapInput {
	GString *bytes;
	size_t scanned; /* up to here lies no end of a response */
} ImapInput;

void imap_input_init(ImapInput *input);
void imap_input_clear(ImapInput *input);
/* Takes one whole response off the front, without its CRLF, into out (which is emptied first). False with error unset:
 * more bytes are needed. */
bool imap_input_take(ImapInput *input, GString *out, GError **error);

typedef enum { IMAP_UNTAGGED, IMAP_TAGGED, IMAP_CONTINUE } ImapLineKind;

/* The front of a response. */
typedef struct ImapLine {
	ImapLineKind kind;
	char tag[16];    /* of IMAP_TAGGED */
	uint32_t number; /* "* 5 EXISTS": 5; else 0 */
	char word[16];   /* in capitals: "EXISTS", "FETCH", "OK", "NO", "BYE" ... */
	size_t rest;     /* where the rest begins, in bytes from the front of the response */
} ImapLine;
/* False if the response is nothing that IMAP knows. */
bool imap_line(const GString *response, ImapLine *line);

/* "[UIDVALIDITY 3857529045] UIDs valid": true and the number, if the text begins with that response code. */
bool imap_code_number(const char *text, const char *code, uint64_t *number);
/* The text after a response code, without control characters, at most 300 bytes; the caller frees. */
char *imap_text(const char *text);

typedef struct ImapFetch {
	uint32_t uid;          /* 0: not said */
	int64_t internal_date; /* milliseconds since the epoch; 0: not said */
	bool seen;
	const char *body;      /* of BODY[]; NULL: not there (or NIL) */
	size_t body_size;
} ImapFetch;
/* "* 5 FETCH (...)": takes what it knows, passes over the rest. False if it is malformed. */
bool imap_fetch(const GString *response, const ImapLine *line, ImapFetch *fetch);
/* "* SEARCH 3 5 8": appends the numbers to out (of uint32_t). */
bool imap_search(const GString *response, const ImapLine *line, GArray *out);
/* "* LIST (\HasNoChildren \Sent) "/" Outbox": the name, as the server writes it, if it has this attribute; else NULL. */
char *imap_list_with(const GString *response, const ImapLine *line, const char *attribute);
/* " 4-Nov-2026 10:00:00 +0100" as milliseconds since the epoch; false if it is none. */
bool imap_date(const char *text, int64_t *out);

/* A string as an argument, in quotes. NULL for CR, LF, NUL and bytes above 127. */
char *imap_quoted(const char *text);
/* A mailbox's name as people write it (UTF-8) in modified UTF-7 (RFC 3501, 5.1.3); not quoted. NULL if it is not UTF-8. */
char *imap_mailbox_name(const char *text);

#endif
