/* SPDX-License-Identifier: MIT */
/* The audit of secrets: see audit.h. Owns the table secret_uses. */
#include "host/audit.h"

static const char USE[] = "INSERT INTO secret_uses (at, secret, host, script, run, account) VALUES (?, ?, ?, ?, nullif(?, 0), ?)";
static const char LIST[] = "SELECT at, secret, host, script, run, account FROM secret_uses WHERE ?1 IS NULL OR secret = ?1 ORDER BY id";

void audit_use(Host *host, const SecretUse *use)
{
	host_write(host);
	db_run(host->db, USE, "isssis", host_now(host), use->secret, use->host, use->script, use->run, use->account);
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

void audit_list(Host *host, const char *secret, AuditSee see, void *user)
{
	Rows *rows = db_query(host->db, LIST, "s", secret);
	while (rows_next(rows)) {
		json_t *row = json_object();
		json_object_set_new(row, "at", json_integer(rows_int(rows, 0)));
		json_object_set_new(row, "secret", text_or_null(rows_text(rows, 1)));
		json_object_set_new(row, "host", text_or_null(rows_text(rows, 2)));
		json_object_set_new(row, "script", text_or_null(rows_text(rows, 3)));
		json_object_set_new(row, "run", rows_null(rows, 4) ? json_null() : json_integer(rows_int(rows, 4)));
		json_object_set_new(row, "account", text_or_null(rows_text(rows, 5)));
		see(user, row);
	}
}
