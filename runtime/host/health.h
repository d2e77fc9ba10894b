/* SPDX-License-Identifier: MIT */
/* Health: how each account is doing, as table account_states says to people and to policy. */
#ifndef PERIGEE_HEALTH_H
#define PERIGEE_HEALTH_H

#include "host/host.h"

typedef enum { HEALTH_SENDING, HEALTH_READING, HEALTH_PARTS } HealthPart;

/* What is known of one account; zero at first: nothing. */
typedef struct Health {
	struct {
		bool known, failing;
		char *code, *text;
	} part[HEALTH_PARTS];
} Health;
void health_clear(Health *health);

/* Trouble with a part, in a word (code) and a sentence, and its end. Changes are logged and stored; what is known changes
 * nothing. An account is failing while a part of it is. */
void health_failing(Host *host, const char *account, Health *health, HealthPart part, const char *code, const char *text);
void health_ok(Host *host, const char *account, Health *health, HealthPart part);

#endif
