/* SPDX-License-Identifier: MIT */
/* The rules of good manners: how alike, how often, on how many channels, and not while they are away. See policy_rules.h. */
#include "host/policy_rules.h"

#include <string.h>

#include "host/ledger.h"

static const char WAS_ASKED[] =
	"SELECT 1 FROM messages WHERE contact = ? AND handed_at > 0 AND direction = 'out' AND purpose = 'ask' AND id <> ? AND " LEDGER_SENT("state") " LIMIT 1";
static const char ALIKE[] =
	"SELECT contact, handed_at FROM messages WHERE likeness = ? AND contact IS NOT ? AND direction = 'out' AND id <> ? AND " LEDGER_SENT("state") " LIMIT 1";
static const char LAST_REPLY[] = "SELECT at FROM events WHERE contact = ? AND kind = 'reply' ORDER BY id DESC LIMIT 1";
static const char UNANSWERED[] =
	"SELECT count(*), min(handed_at) FROM messages WHERE run = ? AND direction = 'out' AND channel = 'email' AND handed_at > ? AND id <> ?"
	" AND " LEDGER_SENT("state");

enum { CALL_DAYS = 30, WEEK_DAYS = 7 };

/* Asked once the text is known. Without a key nothing was ever remembered, so nothing can be alike. */
Verdict rule_personal(Look *look)
{
	const PolicyCase *c = look->c;
	Host *host = look->host;
	if (!c->text || c->impersonal || !json_is_true(json_object_get(host->workspace->policy, "personal")) ||
	    db_int(host->db, 0, WAS_ASKED, "si", c->contact, c->message))
		return verdict_allow();
	g_autofree char *key = policy_key(host, false);
	g_autofree char *likeness = key ? policy_likeness_by(host, key, c->contact, c->text) : NULL;
	Rows *rows = likeness ? db_query(host->db, ALIKE, "ssi", likeness, c->contact, c->message) : NULL;
	if (!rows || !rows_next(rows))
		return verdict_allow();
	const char *other = rows_null(rows, 0) ? "somebody else" : rows_text(rows, 0);
	Verdict verdict = verdict_say(POLICY_REFUSE, TIME_NEVER, "names aside, it reads like what %s got on %s: use a field of theirs in the template, such as {{ topic }}, or "
	                              "write `personal: no` in its front matter", other, said(look, rows_int(rows, 1)).text);
	rows_done(rows);
	return verdict;
}

Time look_unanswered_since(Host *host, const char *contact)
{
	return MAX(host_now(host) - CALL_DAYS * TIME_DAY, db_int(host->db, 0, LAST_REPLY, "s", contact));
}

Verdict rule_two_then_call(Look *look)
{
	const PolicyCase *c = look->c;
	int64_t most = workspace_limit(look->host->workspace, "two_then_call");
	if (most == 0 || !c->run || strcmp(c->channel, "email") != 0)
		return verdict_allow();
	Time since = look_unanswered_since(look->host, c->contact);
	Rows *rows = db_query(look->host->db, UNANSWERED, "iii", c->run, since, c->message);
	int64_t n = 0;
	Time first = 0;
	if (rows_next(rows)) {
		n = rows_int(rows, 0);
		first = rows_int(rows, 1);
		rows_done(rows);
	}
	if (n < most)
		return verdict_allow();
	return verdict_say(POLICY_REFUSE, TIME_NEVER, "they have not answered %" G_GINT64_FORMAT " e-mails of this run since %s: call them (perigee tasks), or write on another channel",
	                   n, said(look, first).text);
}

/* The channels they were written to on, calls apart, each once. */
static GPtrArray *channels_used(Look *look)
{
	const GArray *sent = look_sent(look);
	const char *call = g_intern_static_string("call");
	GPtrArray *used = g_ptr_array_new();
	for (guint i = 0; i < sent->len; i++) {
		char *channel = (char *)g_array_index(sent, Sent, i).channel;
		if (channel != call && !g_ptr_array_find(used, channel, NULL))
			g_ptr_array_add(used, channel);
	}
	return used;
}

Verdict rule_max_channels(Look *look)
{
	const char *channel = g_intern_string(look->c->channel);
	int64_t most = workspace_limit(look->host->workspace, "max_channels");
	if (most == 0 || strcmp(channel, "call") == 0)
		return verdict_allow();
	g_autoptr(GPtrArray) used = channels_used(look);
	if (used->len < most || g_ptr_array_find(used, channel, NULL))
		return verdict_allow();
	g_ptr_array_add(used, NULL);
	g_autofree char *names = g_strjoinv(", ", (char **)used->pdata);
	return verdict_say(POLICY_REFUSE, TIME_NEVER, "they were written to on %s in the last %d days, and a further channel is too many (max_channels = %" G_GINT64_FORMAT
	                   "): write on one of those", names, LOOK_SENT_DAYS, most);
}

Verdict rule_asks_per_week(Look *look)
{
	int64_t most = workspace_limit(look->host->workspace, "asks_per_week"), n = 0;
	if (most == 0)
		return verdict_allow();
	const GArray *sent = look_sent(look);
	Time since = look->now - WEEK_DAYS * TIME_DAY;
	for (guint i = 0; i < sent->len && g_array_index(sent, Sent, i).at > since; i++) {
		n += g_array_index(sent, Sent, i).counts_as_ask;
		if (n < most)
			continue;
		Time until = g_array_index(sent, Sent, i).at + WEEK_DAYS * TIME_DAY;
		return verdict_say(POLICY_DEFER, until, "they were asked for something %" G_GINT64_FORMAT " time%s in %d days, by whatever sequence (asks_per_week); the next can go on %s",
		                   most, most == 1 ? "" : "s", WEEK_DAYS, said(look, until).text);
	}
	return verdict_allow();
}

Verdict rule_away(Look *look)
{
	if (look->away_until <= look->now)
		return verdict_allow();
	return verdict_say(POLICY_DEFER, look->away_until, "an auto-reply says that they are away until %s: it waits for their return",
	                   said(look, look->away_until).text);
}
