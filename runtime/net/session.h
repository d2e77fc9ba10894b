/* SPDX-License-Identifier: MIT */
/*
 * One IMAP connection after sign-in: commands are sent, their responses handed out, one command at a time. Mailboxes are only
 * examined and bodies peeked at: reading changes nothing in anybody's mailbox.
 *
 * Errors (SESSION_ERROR, WIRE_ERROR, IMAP_ERROR) mean that the connection is of no more use. A server's NO is no error
 * of this kind: it is in the result.
 */
#ifndef PERIGEE_SESSION_H
#define PERIGEE_SESSION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/account.h"
#include "net/imap.h"

#define SESSION_ERROR (session_error_quark())
GQuark session_error_quark(void);
typedef enum { SESSION_ERROR_BYE, SESSION_ERROR_BAD, SESSION_ERROR_TIMEOUT } SessionError;

typedef struct Session Session;

/* Called about once a second while a response is waited for. */
typedef void (*SessionTick)(void *data);
/* Called for each untagged response of a command. False: the response is malformed, and the connection dropped. */
typedef bool (*SessionEach)(const GString *response, const ImapLine *line, void *data);

/* Connects, signs in, asks what the server can do and enables QRESYNC or CONDSTORE where offered (RFC 7162). */
Session *session_open(const Account *account, int watch, SessionTick tick, void *data, GError **error);
/* Says LOGOUT if the connection still works, without waiting for an answer. NULL is allowed. */
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)
int session_fd(const Session *session);
bool session_has(const Session *session, const char *capability);

/* Sends one command (without tag and CRLF) and reads to its end. ok: OK was said. text: what was said, if not NULL (the
 * caller frees). */
bool session_run(Session *session, const char *command, SessionEach each, void *data, bool *ok, char **text, GError **error);

/* What EXAMINE says. */
typedef struct Examined {
	bool ok;
	char *text; /* of the server, when not ok; the caller frees */
	uint32_t uid_validity;
	uint32_t uid_next; /* 0: not said */
	uint64_t modseq;   /* 0: not kept by the server */
} Examined;
/* name: as on the wire, not quoted. modseq and uid_validity as known from before, or 0. */
bool session_examine(Session *session, const char *name, uint32_t uid_validity, uint64_t modseq, Examined *examined, GError **error);
/* UID SEARCH: the numbers found (uint32_t), sorted; the caller owns them. NULL with error unset: the server said NO. */
GArray *session_search(Session *session, const char *criteria, GError **error);
/* The name of the mailbox with a special use (RFC 6154, "\Sent"), as on the wire; *name is NULL if there is none. */
bool session_special(Session *session, const char *use, char **name, GError **error);

/* Since the last EXAMINE the server has told of new mail in that mailbox. */
bool session_has_news(const Session *session);
/* IDLE (RFC 2177) on the examined mailbox. While it lasts, session_idle_read takes what has come when session_fd is readable. */
bool session_idle(Session *session, GError **error);
bool session_idle_read(Session *session, GError **error);
bool session_idle_end(Session *session, GError **error);

#endif
