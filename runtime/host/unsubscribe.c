/* SPDX-License-Identifier: MIT */
/* Unsubscribing by a link: see unsubscribe.h. */
#include "host/unsubscribe.h"

#include "host/events.h"
#include "host/policy.h"

bool unsubscribe_offered(const char *purpose)
{
	return g_strcmp0(purpose, "ask") == 0 || g_strcmp0(purpose, "news") == 0;
}

/* All that inbox.c does for a mail that unsubscribes. */
static void act_on(Host *host, const FollowedMail *mail)
{
	host_write(host);
	follow_settle(host, mail);
	if (mail->address)
		policy_suppress_identity(host, "email", mail->address, "opted_out", mail->contact);
	host_see(host, json_pack("{ss ss ss ss}", "event", "received", "channel", "email", "kind", "unsubscribe", "text", ""), mail->contact, 0);
	g_autoptr(json_t) data = json_pack("{ss ss sI ss* ss}", "text", "", "channel", "email", "at", (json_int_t)(host_now(host) / 1000), "subject",
	                                   mail->subject, "kind", "unsubscribe");
	events_record(host, mail->contact, "unsubscribe", "email", mail->id, mail->id, data);
}

void unsubscribe_follow(Host *host, const char *token, bool act, Followed *who)
{
	g_auto(FollowedMail) mail = { 0 };
	if (!follow_find(host, FOLLOW_UNSUBSCRIBE, token, &mail))
		return;
	follow_tell(host, &mail, who);
	if (mail.contact ? policy_left(host, mail.contact) : !mail.address) /* somebody who has been erased has neither */
		who->state = FOLLOWED_ALREADY;
	else
		who->state = act ? FOLLOWED_DONE : FOLLOWED_NOT_YET;
	if (who->state == FOLLOWED_DONE && mail.contact)
		act_on(host, &mail);
	else if (who->state == FOLLOWED_DONE)
		log_info("the link of a test message, or of a redirected one, was followed: it unsubscribes nobody");
}
