/* SPDX-License-Identifier: MIT */
/*
 * The workspace: the user's folder and what its perigee.lua says. perigee.lua is evaluated in a worker; here its normalized
 * JSON (docs/architecture.md) is checked once more (a worker's word is a claim) and made into structures.
 */
#ifndef PERIGEE_WORKSPACE_H
#define PERIGEE_WORKSPACE_H

#include "base/clock.h"
#include "host/when.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#define WORKSPACE_ERROR (workspace_error_quark())
GQuark workspace_error_quark(void);
typedef enum { WORKSPACE_ERROR_MISSING, WORKSPACE_ERROR_INVALID, WORKSPACE_ERROR_LOCKED } WorkspaceError;

typedef struct Account {
	char *name, *channel, *owner;
	char *from_name, *from_address; /* e-mail */
	json_t *config;                 /* as declared, for net */
	bool has_smtp, has_imap;
	bool pretend;                   /* made by sim for a channel without an account: no cap, no pace */
	bool everyone;                  /* unknown senders become contacts */
	int per_day;                    /* 0: no cap */
	Time gap;                       /* between two messages */
	int warmup_from, warmup_step;   /* 0: no warm-up */
} Account;

typedef struct Workspace {
	char *dir;         /* absolute */
	char *database;    /* absolute path */
	char *timezone;
	GTimeZone *zone;
	Hours *hours;
	bool always_open;
	Time undo;
	char *redirect_all_to;
	char *public_url;
	GStrv stages;
	json_t *policy;          /* {"asks_per_week":3,...} */
	json_t *allow_addresses; /* ["127.0.0.1:2525"] */
	json_t *keep;
	GPtrArray *accounts;     /* Account */
} Workspace;

/* declared: what the worker made of perigee.lua. */
Workspace *workspace_new(const char *dir, const json_t *declared, GError **error);
void workspace_free(Workspace *workspace);
/* NULL if there is none. */
Account *workspace_account(const Workspace *workspace, const char *name);
/* The first account of a channel, or the one whose owner is `owner` if there is one; NULL if the channel has none. */
Account *workspace_account_for(const Workspace *workspace, const char *channel, const char *owner);
/* Adds the account that sim pretends for a channel without one. */
Account *workspace_pretend_account(Workspace *workspace, const char *channel);
bool workspace_has_stage(const Workspace *workspace, const char *stage);

#endif
