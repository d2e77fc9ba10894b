/* SPDX-License-Identifier: MIT */
/* The audit of secrets: one row for each use, written before the value is put in its place. Never a value. */
#ifndef PERIGEE_AUDIT_H
#define PERIGEE_AUDIT_H

#include "host/host.h"

typedef struct SecretUse {
	const char *secret, *host; /* their names */
	const char *script;        /* of a request by a script, with its run; else NULL */
	int64_t run;
	const char *account;       /* of a sign-in; else NULL */
} SecretUse;

/* Records a use, in the open transaction. */
void audit_use(Host *host, const SecretUse *use);

/* Called for each row, in the order of their use; it takes the row: at (Time) secret host script run account (null where it
 * does not apply). secret NULL: all. */
typedef void (*AuditSee)(void *user, json_t *row);
void audit_list(Host *host, const char *secret, AuditSee see, void *user);

#endif
