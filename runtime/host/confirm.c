/* SPDX-License-Identifier: MIT */
/* Double opt-in: see confirm.h. */
#include "host/confirm.h"

#include "host/contacts.h"
#include "host/events.h"
#include "host/policy.h"
#include "host/token.h"

#include <string.h>

enum { CONFIRM_DAYS = 90 }; /* what somebody is asked today says nothing of what they want years later */

/* A link says yes to what was asked when it was sent, and to nothing that they said no to since. */
static const char LEFT_SINCE[] = "SELECT 1 FROM events WHERE contact = ? AND kind IN ('unsubscribe', 'complaint') AND at >= ? LIMIT 1";
static const char CONFIRMED[] = "SELECT 1 FROM events WHERE contact = ? AND kind = 'opt_in' AND message = ? LIMIT 1";
static const char THEIRS[] = "SELECT 1 FROM identities WHERE contact = ? AND channel = 'email' AND norm = ?";
static const char MAILS[] =
	"SELECT id, text FROM messages WHERE contact = ? AND channel = 'email' AND direction = 'out' AND"
	" state IN ('accepted', 'delivered', 'read', 'replied') ORDER BY id DESC";

static FollowState state_of(Host *host, const FollowedMail *mail)
{
	g_autofree char *norm = mail->address ? contacts_normalize("email", mail->address, NULL) : NULL;
	if (!mail->contact) /* a test to oneself, a redirected one, or somebody who has been erased */
		return mail->address ? FOLLOWED_NOT_YET : FOLLOWED_OVER;
	if (host_now(host) - mail->sent_at > CONFIRM_DAYS * TIME_DAY)
		return FOLLOWED_OVER;
	if (policy_left(host, mail->contact) || db_int(host->db, 0, LEFT_SINCE, "si", mail->contact, mail->sent_at) ||
	    contacts_denies(host, mail->contact, "email"))
		return FOLLOWED_OVER;
	if (!norm || !db_int(host->db, 0, THEIRS, "ss", mail->contact, norm)) /* they have another address since */
		return FOLLOWED_OVER;
	if (policy_suppressed(host, "email", norm)) /* by somebody else who has it too, or who has been erased */
		return FOLLOWED_OVER;
	return db_int(host->db, 0, CONFIRMED, "si", mail->contact, mail->id) ? FOLLOWED_ALREADY : FOLLOWED_NOT_YET;
}

/* False: it can't be recorded, and nothing has happened. */
static bool act_on(Host *host, const FollowedMail *mail)
{
	host_write(host);
	g_autofree char *now = time_iso(host_now(host), host->workspace->zone);
	g_autofree char *source = g_strdup_printf("double opt-in: template %s, %.10s %.5s", mail->template_name ? mail->template_name : "?", now,
	                                          now + strlen("2026-11-23T"));
	if (!contacts_opt_in(host, mail->contact, "email", "double opt-in", source))
		return false;
	follow_settle(host, mail);
	host_see(host, json_pack("{ss ss ss ss}", "event", "received", "channel", "email", "kind", "opt_in", "text", ""), mail->contact, mail->run);
	g_autoptr(json_t) data = json_pack("{ss*}", "template", mail->template_name);
	events_record(host, mail->contact, "opt_in", "email", mail->id, mail->id, data);
	return true;
}

static void confirm(Host *host, const FollowedMail *mail, bool act, Followed *who)
{
	follow_tell(host, mail, who);
	who->state = state_of(host, mail);
	if (!act || who->state != FOLLOWED_NOT_YET)
		return;
	who->state = FOLLOWED_DONE;
	if (mail->contact && !act_on(host, mail))
		who->state = FOLLOWED_LATER;
	if (!mail->contact)
		log_info("the link of a test message, or of a redirected one, was followed: it confirms nothing");
}

void confirm_follow(Host *host, const char *token, bool act, Followed *who)
{
	g_auto(FollowedMail) mail = { 0 };
	if (follow_find(host, FOLLOW_CONFIRM, token, &mail))
		confirm(host, &mail, act, who);
}

bool confirm_offered(const Host *host, const char *text)
{
	g_autofree char *prefix = token_prefix(host->workspace, FOLLOW_CONFIRM);
	return prefix && text && strstr(text, prefix);
}

bool confirm_pretend(Host *host, const char *contact)
{
	int64_t id = 0;
	Rows *rows = db_query(host->db, MAILS, "s", contact);
	while (!id && rows_next(rows))
		if (confirm_offered(host, rows_text(rows, 1)))
			id = rows_int(rows, 0);
	rows_done(rows);
	g_auto(FollowedMail) mail = { 0 };
	g_auto(Followed) who = { 0 };
	if (!id || !follow_load(host, id, &mail))
		return false;
	confirm(host, &mail, true, &who);
	return true;
}
