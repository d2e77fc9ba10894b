/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * What a worker says that perigee.lua means. The host takes it or refuses it in a sentence; a workspace that is taken keeps what
 * the rest of the host relies on, whatever the worker was.
 */
#include "base/value.h"
#include "fuzz.h"
#include "host/accounts.h"

static void check_account(const Workspace *workspace, const Account *account)
{
	g_assert_true(account->name && *account->name && account->channel && *account->channel);
	g_assert_true(workspace_account(workspace, account->name) == account);
	g_assert_true(account->per_day >= 0 && account->gap >= 0 && account->warmup_from >= 0 && account->warmup_step >= 0);
	g_assert_true(json_is_object(account->config) && !account->pretend);
	if (account->from_address)
		g_assert_true(accounts_is_mail_address(account->from_address));
	if (strcmp(account->channel, "email") == 0 && (account->has_smtp || account->has_imap))
		g_assert_nonnull(account->from_address);
	for (const char *c = account->from_name ? account->from_name : ""; *c; c++)
		g_assert_false(g_ascii_iscntrl(*c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(json_t) declared = value_parse((const char *)(size ? data : (const uint8_t *)""), (gssize)size, NULL);
	if (!declared)
		return 0;
	g_autoptr(GError) error = NULL;
	Workspace *workspace = workspace_new("/some/where", declared, &error);
	g_assert_true((workspace == NULL) == (error != NULL));
	if (!workspace) {
		g_assert_true(*error->message && g_utf8_validate(error->message, -1, NULL));
		return 0;
	}
	g_assert_true(workspace->zone && workspace->hours && workspace->timezone && g_strv_length(workspace->stages) > 0);
	g_assert_true(g_path_is_absolute(workspace->database) && workspace->undo >= 0);
	g_assert_true(!strstr(workspace->database, "/../") || g_path_is_absolute(value_string(json_object_get(declared, "workspace"), "database", "")));
	g_assert_true(json_is_object(workspace->policy) && json_is_object(workspace->keep) && json_is_array(workspace->allow_addresses));
	g_assert_true(!workspace->redirect_all_to || accounts_is_mail_address(workspace->redirect_all_to));
	g_assert_true(workspace_has_stage(workspace, workspace->stages[0]));
	for (guint i = 0; i < workspace->accounts->len; i++)
		check_account(workspace, workspace->accounts->pdata[i]);
	g_assert_true(hours_next(workspace->hours, workspace->zone, INT64_C(1795420800000)) >= INT64_C(1795420800000));
	workspace_pretend_account(workspace, "email");
	workspace_free(workspace);
	return 0;
}
