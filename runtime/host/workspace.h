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
	char *from_name, *from_address; /* e-mail; from_name may be NULL */
	json_t *config;                 /* as declared, for net */
	bool has_smtp, has_imap;
	bool pretend;                   /* made by sim for a channel without an account: no cap, no pace */
	bool plus_path;                 /* return_path = "plus" */
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
	bool always_open;  /* hours = "always", and no holidays */
	Time undo;
	char *redirect_all_to;
	char *public_url;
	GStrv stages;
	json_t *policy;          /* {"asks_per_week":3,...} */
	json_t *allow_addresses; /* ["127.0.0.1:2525"] */
	json_t *keep;
	GPtrArray *accounts;     /* Account */
	GHashTable *zones;       /* name → GTimeZone, all that were asked for */
} Workspace;

/* declared: what the worker made of perigee.lua:
 * {"workspace":{"timezone","database","public_url","hours","holidays":[..],"stages":[..],"policy":{..},"undo":"0s","keep":{..},
 *   "redirect_all_to","allow_addresses":[..]},
 *  "accounts":[{"name","channel","from","from_name","from_address","owner","smtp":{"url","user","password":secret's name,"tls"},
 *   "imap":{..,"inbox","sent"},"cap":{"per_day","gap":seconds,"warmup":{"from","step"}},"inbound":"contacts"|"everyone"}]}
 * What is missing takes the defaults of DESIGN.md sections 8 and 15. Errors name the account and the key. */
Workspace *workspace_new(const char *dir, const json_t *declared, GError **error);
void workspace_free(Workspace *workspace);
/* NULL if there is none. */
Account *workspace_account(const Workspace *workspace, const char *name);
/* The first account of a channel, or the one whose owner is `owner` if there is one; NULL if the channel has none. */
Account *workspace_account_for(const Workspace *workspace, const char *channel, const char *owner);
/* Adds the account that sim pretends for a channel without one. */
Account *workspace_pretend_account(Workspace *workspace, const char *channel);
/* A zone by name, kept for the next time (loading one takes long); NULL if there is none of that name. Borrowed. */
GTimeZone *workspace_zone(Workspace *workspace, const char *name);
/* The zone of somebody of whom this is known (either may be NULL): the zone named, else the country's, else the workspace's.
 * Borrowed. */
GTimeZone *workspace_zone_of(Workspace *workspace, const char *zone_name, const char *country);
bool workspace_has_stage(const Workspace *workspace, const char *stage);

#endif
