/* SPDX-License-Identifier: MIT */
/*
 * A plan: what the next days will send, if nobody answers. The host of HOST_COPY, on a virtual clock that begins now, with the
 * workspace's own accounts, caps and pace, and a carrier that takes every message and sends none. What mailboxes could hold counts
 * as read; what is with the servers at this moment counts as sent; an answer of the web is not invented: a run that asks for one
 * waits.
 */
#ifndef PERIGEE_PLAN_H
#define PERIGEE_PLAN_H

#include "host/host.h"

enum { PLAN_DAYS_MOST = 366 };

/* An account (or "": by hand, without one) on a channel. Arrays have a place for each day. */
typedef struct PlanLine {
	char *account, *channel;
	int *messages;        /* that the host will send */
	int *by_hand;         /* that become tasks */
	const char **limited; /* the rule that made it wait on that day though there was more to send: account_cap, warmup,
	                       * account_rate; NULL: none */
	int waiting;          /* messages that are not sent within the days */
} PlanLine;

/* Messages that wait past the end, by account and rule. */
typedef struct PlanWait {
	char *account, *channel, *rule, *reason; /* reason: of the first of them */
	int messages;
	Time until; /* the first of them; TIME_NEVER: only when something changes */
} PlanWait;

/* Messages that will be refused, by rule (or code). */
typedef struct PlanRefusal {
	char *rule, *reason; /* reason: of the first of them */
	int messages;
} PlanRefusal;

/* A run that would fail or be parked. */
typedef struct PlanFailure {
	int64_t run;
	char *sequence, *contact, *error;
} PlanFailure;

typedef struct PlanFailing {
	char *account, *text;
} PlanFailing;

typedef struct Plan {
	int days;
	Time *bounds;         /* days + 1: the first is now, the others midnights of the workspace's zone */
	GPtrArray *lines;     /* PlanLine, those of perigee.lua in its order, then others by name */
	GPtrArray *waits;     /* PlanWait */
	GPtrArray *refusals;  /* PlanRefusal */
	GPtrArray *failures;  /* PlanFailure */
	int *tasks;           /* each day: tasks beside messages by hand */
	int enrolled;         /* runs that jobs and scripts will start */
	int requests;         /* runs that wait for an answer of the web: what they do then is not known */
	int paused;           /* runs whose script is paused */
	GPtrArray *failing;   /* PlanFailing: accounts in trouble now, which the plan takes for mended */
	json_t *broadcasts;   /* rows of broadcasts_list: planned or confirmed, their time within the days */
	int unsettled;        /* messages that were with the servers when it began */
} Plan;

/* Told as virtual time passes, now and then. */
typedef void (*PlanSee)(void *user, Time now);

/* host: of HOST_COPY; its database is used up. days: 1 to PLAN_DAYS_MOST. Equal states and times give equal plans. */
Plan *plan_make(Host *host, int days, PlanSee see, void *user, GError **error);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

#endif
