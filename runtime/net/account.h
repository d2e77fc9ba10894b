/* SPDX-License-Identifier: MIT */
/*
 * What a child of net is to be: the part of an account that its role needs, from the JSON of F_FORK (proto.h).
 * A sender sees only the account's smtp, a reader only its imap, each with at most one secret to sign in, and a sender with the keys
 * that sign its mail. The requester, which makes the
 * requests of scripts, belongs to no account and has the secrets that scripts may name.
 */
#ifndef PERIGEE_ACCOUNT_H
#define PERIGEE_ACCOUNT_H

#include <glib.h>
#include <stdbool.h>

#include "net/dkim.h"
#include "net/keyring.h"

#define ACCOUNT_ERROR (account_error_quark())
GQuark account_error_quark(void);
typedef enum { ACCOUNT_ERROR_INVALID } AccountError;

typedef enum { ROLE_SENDER, ROLE_READER, ROLE_REQUESTER } AccountRole;

/* A mail server and how to sign in there. */
typedef struct Server {
	char *scheme;      /* smtp, smtps, imap, imaps */
	char *host;        /* as in the URL; a v6 address without brackets */
	unsigned port;     /* the URL's, else 587, 465, 143, 993 (RFC 8314: submission, not port 25) */
	char *user;        /* "" : no sign-in */
	char *secret;      /* the name of the secret, or "" */
	char *auth;        /* "" (what the server offers), "plain", "login", "xoauth2", "oauthbearer" */
	bool plain;        /* tls = "none" */
	char *password;    /* sodium_malloc'ed, NULL until account_take_secret */
} Server;

/* One DKIM signature of each mail. */
typedef struct Signing {
	char *domain, *selector; /* in ASCII */
	char *secret;            /* its name */
	DkimKey *key;            /* NULL until account_take_keys */
} Signing;

typedef struct Account {
	char *name;
	AccountRole role;
	char *domain;      /* of the from address, for EHLO */
	char *inbox, *sent;
	Server server;
	char **allow;      /* allow_addresses */
	char **secrets;    /* of the requester, by name; NULL else */
	GPtrArray *signing; /* Signing; of a sender, else NULL */
	Keyring *keyring;  /* the secrets of the requester or the signing keys, with their values; empty until keeper_hear fills it. NULL:
	                    * none */
	char *trouble;     /* why it can't work at all (a bad URL, no secret), in words; NULL if it can */
} Account;

/* Parses the JSON of F_FORK. An account that is wrong in itself is returned with its trouble; only what the host would
 * never write (no JSON, no known role) is an error. */
Account *account_parse(const char *json, GError **error);
/* Takes a value that stands in memory of sodium_malloc (vault_unseal). */
void account_take_secret(Account *account, char *value);
/* Makes signing keys of the keyring's values, which are wiped; what is no key, or can't be had, is the account's trouble. */
void account_take_keys(Account *account);
/* A text of the server's without the account's secret, in whatever form it is echoed (scrub.h), for logs and for the host.
 * Caller frees. */
char *account_clean(const Account *account, const char *text);
/* Wipes the secret too. */
void account_free(Account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_free)

#endif
