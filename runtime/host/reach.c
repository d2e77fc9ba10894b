/* SPDX-License-Identifier: MIT */
/* Reach: see reach.h. */
#include "host/reach.h"

#include "host/attach.h"
#include "host/breaker.h"
#include "host/contacts.h"

#include <string.h>

/* What an earlier channel has left behind goes: only what was never handed over, or is known not to have been taken, comes here. */
static const char MOVE[] =
	"UPDATE messages SET channel = ?, account = ?, address = ?, options = ?, due = ?, rule = ?, reason = ?, state = 'queued', subject = NULL,"
	" text = NULL, purpose = NULL, message_id = NULL, thread = NULL, in_reply_to = NULL, refs = NULL, raw = NULL, handed_at = NULL,"
	" first_handed_at = ?, attempts = 0, code = NULL, error = NULL, identity = NULL, likeness = NULL WHERE id = ?";
/* It stays on its channel, as it was composed for it. */
static const char WAIT[] = "UPDATE messages SET account = '', options = ?, due = ?, rule = ?, reason = ?, state = 'queued' WHERE id = ?";
static const char SET_ACCOUNT[] = "UPDATE messages SET account = ? WHERE id = ?";
static const char SET_OPTIONS[] = "UPDATE messages SET options = ? WHERE id = ?";
static const char QUEUED[] = "SELECT id FROM messages WHERE state = 'queued' AND account = ? AND options LIKE '%\"reach\":{%' ORDER BY id";

static bool wrong(GError **error, const char *text)
{
	g_set_error_literal(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, text);
	return false;
}

bool reach_begin(json_t *options, const json_t *channels, GError **error)
{
	size_t n = json_array_size(channels);
	if (n == 0 || n > REACH_CHANNELS)
		return wrong(error, "reach: the channels are a list of 1 to 16 names");
	for (size_t i = 0; i < n; i++) {
		const char *channel = json_string_value(json_array_get(channels, i));
		if (!channel || !contacts_is_channel(channel)) {
			g_set_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "there is no channel \"%s\"", channel ? channel : "?");
			return false;
		}
		for (size_t j = 0; j < i; j++)
			if (json_equal(json_array_get(channels, i), json_array_get(channels, j)))
				return wrong(error, "reach: a channel stands twice in the list");
	}
	json_object_set_new(options, "reach", json_pack("{s:O}", "channels", channels));
	return true;
}

bool reach_is(const Message *m)
{
	return json_object_get(m->options, "reach") != NULL;
}

static const Account *account_on(Host *host, const Message *m, const char *channel)
{
	g_auto(Run) run = { 0 };
	const char *from = value_string(m->options, "from", NULL);
	const Account *named = from ? workspace_account(host->workspace, from) : NULL;
	if (named && g_str_equal(named->channel, channel))
		return named;
	return ledger_account(host, m->run && run_load(host, m->run, &run) ? &run : NULL, m->contact, channel, NULL);
}

const Account *reach_account(Host *host, const Message *m)
{
	return account_on(host, m, m->channel);
}

static bool is_open(Host *host, const Account *account)
{
	Time until;
	return account && breaker_state(host, account->name, &until) == BREAKER_OPEN;
}

bool reach_enqueue(Host *host, Message *m)
{
	const Account *account = reach_account(host, m);
	g_free(m->account);
	m->account = g_strdup(account ? account->name : "");
	if (!account || is_open(host, account))
		return false;
	host_write(host);
	db_run(host->db, SET_ACCOUNT, "si", account->name, m->id);
	return true;
}

/* ---- moving on ------------------------------------------------------------------------------------------------- */

/* since: from when on the days are counted after which it is given up; 0: anew. */
static void move(Host *host, const Message *m, const char *channel, const json_t *options, Time since, Time due, const char *rule, const char *reason)
{
	const Account *account = account_on(host, m, channel);
	g_autofree char *address = contacts_address(host, m->contact, channel), *text = value_text(options);
	const char *name = account && !rule && !is_open(host, account) ? account->name : "";
	host_write(host);
	attach_release(host, m->id);
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	attach_record(host, m->id, none);
	db_run(host->db, MOVE, "ssssisszi", channel, name, address, text, due, rule, reason, since, m->id);
}

static void wait(Host *host, const Message *m, const json_t *options, Time due, const char *rule, const char *reason)
{
	g_autofree char *text = value_text(options);
	host_write(host);
	db_run(host->db, WAIT, "sissi", text, due, rule, reason, m->id);
}

/* To the next channel that has neither refused it nor an open breaker; else to wait for the first of those breakers. False: all have
 * refused it. */
static bool move_on(Host *host, const Message *m, json_t *options, Time since, const char *reason)
{
	json_t *reach = json_object_get(options, "reach");
	const json_t *channels = json_object_get(reach, "channels"), *no = json_object_get(reach, "no"), *down = json_object_get(reach, "down");
	Time now = host_now(host), first = TIME_NEVER;
	const char *waits = NULL;
	for (size_t i = 0; i < json_array_size(channels); i++) {
		const char *channel = json_string_value(json_array_get(channels, i));
		Time until = value_integer(down, channel, 0);
		if (json_object_get(no, channel))
			continue;
		if (until <= now) {
			move(host, m, channel, options, since, now, NULL, NULL);
			return true;
		}
		waits = waits ? waits : channel;
		first = MIN(first, until);
	}
	if (!waits)
		return false;
	json_object_del(reach, "down"); /* then all are looked at anew, in order */
	if (g_str_equal(waits, m->channel))
		wait(host, m, options, first, "breaker", reason);
	else
		move(host, m, waits, options, since, first, "breaker", reason);
	return true;
}

static json_t *part_of(json_t *reach, const char *name)
{
	json_t *part = json_object_get(reach, name);
	if (!part)
		json_object_set_new(reach, name, part = json_object());
	return part;
}

void reach_broken(Host *host, const Message *m, const char *reason, Time until)
{
	g_autoptr(json_t) options = json_deep_copy(m->options);
	json_object_set_new(part_of(json_object_get(options, "reach"), "down"), m->channel, json_integer(until));
	move_on(host, m, options, m->first_handed_at, reason);
}

/* One text for all: what they agree in, else otherwise. */
static char *agreed(const json_t *no, const char *member, const char *otherwise)
{
	const char *text = NULL, *key;
	json_t *value;
	bool first = true;
	json_object_foreach((json_t *)no, key, value) {
		const char *own = value_string(value, member, NULL);
		if (!first && g_strcmp0(own, text) != 0)
			return g_strdup(otherwise);
		text = own;
		first = false;
	}
	return g_strdup(text);
}

static char *reasons(const json_t *reach)
{
	GString *text = g_string_new(NULL);
	const json_t *channels = json_object_get(reach, "channels"), *no = json_object_get(reach, "no");
	for (size_t i = 0; i < json_array_size(channels); i++) {
		const char *channel = json_string_value(json_array_get(channels, i));
		g_string_append_printf(text, "%s%s: %s", i ? "; " : "", channel, value_string(json_object_get(no, channel), "reason", ""));
	}
	return g_string_free(text, FALSE);
}

bool reach_refused(Host *host, const Message *m, const char *rule, const char *reason, const char *code, const char *outcome, ReachRefusal *all)
{
	g_autoptr(json_t) options = json_deep_copy(m->options);
	json_t *reach = json_object_get(options, "reach"), *no = part_of(reach, "no");
	json_object_set_new(no, m->channel, json_pack("{s:s, s:s, s:s*, s:s}", "reason", reason, "code", code, "rule", rule, "outcome", outcome));
	bool given_up = g_str_equal(code, "timeout"); /* then so are those that were down all the while */
	if (move_on(host, m, options, given_up ? m->first_handed_at : 0, reason))
		return true;
	*all = (ReachRefusal){ .reason = reasons(reach), .code = agreed(no, "code", "refused"), .rule = agreed(no, "rule", NULL),
		               .outcome = agreed(no, "outcome", "refused") };
	bool about_account = g_str_equal(value_string(json_object_get(no, "email"), "rule", ""), "account");
	all->no_account = about_account && !account_on(host, m, "email");
	return false;
}

void reach_refusal_clear(ReachRefusal *refusal)
{
	g_free(refusal->reason);
	g_free(refusal->code);
	g_free(refusal->rule);
	g_free(refusal->outcome);
	*refusal = (ReachRefusal){ 0 };
}

void reach_free(Host *host, const char *account)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, QUEUED, "s", account);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	host_write(host);
	for (guint i = 0; i < ids->len; i++) {
		g_auto(Message) m = { 0 };
		if (message_load(host, g_array_index(ids, int64_t, i), &m) && reach_is(&m))
			db_run(host->db, SET_ACCOUNT, "si", "", m.id);
	}
}

void reach_again(Host *host, const Message *m)
{
	g_autoptr(json_t) options = json_deep_copy(m->options);
	json_t *reach = json_object_get(options, "reach");
	json_object_del(reach, "no");
	json_object_del(reach, "down");
	move(host, m, json_string_value(json_array_get(json_object_get(reach, "channels"), 0)), options, 0, host_now(host), NULL, NULL);
}

void reach_forget(Host *host, const Message *m)
{
	g_autoptr(json_t) options = json_copy(m->options);
	json_object_del(options, "reach");
	g_autofree char *text = value_text(options);
	host_write(host);
	db_run(host->db, SET_OPTIONS, "si", text, m->id);
}
