/* SPDX-License-Identifier: MIT */
/*
 * The workspace: the user's folder and what its perigee.lua says. perigee.lua is evaluated in a worker; here its normalized
 * JSON (docs/architecture.md) is checked once more (a worker's word is a claim) and made into structures.
 */
#ifndef PERIGEE_WORKSPACE_H
#define PERIGEE_WORKSPACE_H

#include "base/clock.h"
#include "host/channels.h"
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
	int per_day;                    /* 0: none is said, so that of the channel table holds */
	int per_domain;                 /* messages in an hour to one domain; 0: any number */
	GHashTable *domains;            /* domain → how many (GINT_TO_POINTER), for those that have their own; NULL: none */
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
	json_t *policy;          /* {"asks_per_week":3,...}: all keys; a number that is 0 switches its rule off */
	json_t *topics;          /* {"contract":["email"],...} */
	GHashTable *channels;    /* name → Channel: what each channel lets us do (channels.h) */
	json_t *allow_addresses; /* ["127.0.0.1:2525"] */
	json_t *keep;            /* what is kept how long: {"journals":"1 year",...} */
	json_t *segments;        /* {"gold":{"label":["gold"],...}} (segments.h) */
	GPtrArray *accounts;     /* Account */
	GHashTable *zones;       /* name → GTimeZone, all that were asked for */
} Workspace;

/* declared: what the worker made of perigee.lua:
 * {"workspace":{"timezone","database","public_url","hours","holidays":[..],"stages":[..],"policy":{..},"topics":{"contract":["email"],..},"undo":"0s","keep":{..},
 *   "redirect_all_to","allow_addresses":[..]},
 *  "accounts":[{"name","channel","from","from_name","from_address","owner","smtp":{"url","user","password":secret's name,"tls"},
 *   "imap":{..,"inbox","sent"},"cap":{"per_day","per_domain":{"default",DOMAIN},"gap":seconds,"warmup":{"from","step"}},"inbound":"contacts"|"everyone"}],
 *  "channels":{"email":{..},..}}  (channels.h; it must be there)
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
/* A number of policy: asks_per_week, max_channels, two_then_call, breaker; 0: the rule is off. */
int64_t workspace_limit(const Workspace *workspace, const char *key);
bool workspace_has_stage(const Workspace *workspace, const char *stage);

#endif
