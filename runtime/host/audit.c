/* SPDX-License-Identifier: MIT */
/* The audit of secrets: see audit.h. Owns the table secret_uses. */
#include "host/audit.h"

static const char USE[] = "INSERT INTO secret_uses (at, secret, host, script, run, account) VALUES (?, ?, ?, ?, nullif(?, 0), ?)";

void audit_use(Host *host, const SecretUse *use)
{
	host_write(host);
	db_run(host->db, USE, "isssis", host_now(host), use->secret, use->host, use->script, use->run, use->account);
}
