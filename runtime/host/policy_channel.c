/* SPDX-License-Identifier: MIT */
/* The rules about channels: who may write first and when, about what, in which form. See policy_rules.h; what each channel lets us do
 * stands in stdlib/channels.lua. */
#include "host/policy_rules.h"

#include <string.h>

/* ---- may we write there? ---------------------------------------------------------------------------------------- */

static Verdict by_hand(Look *look, const char *why)
{
	look->by_hand = true;
	return verdict_say(POLICY_HAND, TIME_NEVER, "%s: a person sends it", why);
}

/* A person may write first from their own account where a program may not; there the message becomes their task. */
Verdict rule_initiate(Look *look)
{
	const PolicyCase *c = look->c;
	g_autofree char *why = NULL;
	switch (look->channel->opens) {
	case CHANNEL_OPENS_ANYONE: return verdict_allow();
	case CHANNEL_OPENS_NOBODY: return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s has no private messages: write on another channel", c->channel);
	case CHANNEL_OPENS_ALWAYS_BY_HAND: return by_hand(look, why = g_strdup_printf("%s is never written to by a program", c->channel));
	case CHANNEL_OPENS_BY_HAND:
	case CHANNEL_OPENS_THEY: break;
	}
	bool wrote = look_wrote_at(look) != 0;
	if (look->channel->opens == CHANNEL_OPENS_THEY)
		return wrote ? verdict_allow() : verdict_say(POLICY_REFUSE, TIME_NEVER, "on %s only they can begin, and they have not written there yet: "
		                                             "write on another channel", c->channel);
	if (wrote && c->account)
		return verdict_allow();
	return by_hand(look, why = g_strdup_printf(wrote ? "there is no %s account in perigee.lua" : "they have never written to us on %s", c->channel));
}

static int ours_since(Look *look, Time at)
{
	const GArray *sent = look_sent(look);
	const char *channel = g_intern_string(look->c->channel);
	int n = 0;
	for (guint i = 0; i < sent->len && g_array_index(sent, Sent, i).at >= at; i++)
		n += g_array_index(sent, Sent, i).channel == channel;
	return n;
}

Verdict rule_reply_window(Look *look)
{
	const PolicyCase *c = look->c;
	const Channel *channel = look->channel;
	if ((channel->window == 0 && channel->replies == 0) || look->by_hand)
		return verdict_allow();
	/* Whether the template is an approved one is not known to who asks in general. */
	if (channel->approved && (c->approved || (c->asking && !c->purpose)))
		return verdict_allow();
	Time wrote_at = look_wrote_at(look);
	int hours = (int)(channel->window / TIME_HOUR);
	const char *otherwise = channel->approved ? "use a template that the vendor has approved (approved: NAME), or write on another channel"
	                                          : "write on another channel";
	if (!wrote_at)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s takes free text only within %d h of their last message, and they have not written there yet: %s",
		                   c->channel, hours, otherwise);
	if (channel->window && look->now >= wrote_at + channel->window)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s takes free text only within %d h of their last message, which was on %s: %s", c->channel, hours,
		                   said(look, wrote_at).text, otherwise);
	if (channel->replies && ours_since(look, wrote_at) >= channel->replies)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s takes %d messages after each of theirs, and that many have gone since %s: wait until they write, "
		                   "or write on another channel", c->channel, channel->replies, said(look, wrote_at).text);
	return verdict_allow();
}

Verdict rule_topic_channel(Look *look)
{
	const PolicyCase *c = look->c;
	const json_t *list = c->topic ? json_object_get(look->host->workspace->topics, c->topic) : NULL;
	if (!list)
		return verdict_allow();
	g_autoptr(GString) names = g_string_new(NULL);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		if (strcmp(name, c->channel) == 0)
			return verdict_allow();
		g_string_append_printf(names, "%s%s", i ? " or " : "", name);
	}
	return verdict_say(POLICY_REFUSE, TIME_NEVER, "the topic %s goes by %s, not by %s (topics in perigee.lua)", c->topic, names->str, c->channel);
}

/* ---- when may it be used? --------------------------------------------------------------------------------------- */

/* The first moment at which both the workspace's hours and the law's are open; TIME_NEVER if they never are together. */
static Time open_at(const Look *look)
{
	enum { ROUNDS = 400 }; /* more than a year of days on which one closes before the other opens */
	const Hours *hours = look->host->workspace->hours;
	Time at = look->now;
	for (int i = 0; i < ROUNDS && at != TIME_NEVER; i++) {
		Time open = hours_next(hours, look->zone, at);
		Time both = open == TIME_NEVER ? open : channel_quiet_over(look->channel, look->zone, open);
		if (both == open)
			return open;
		at = both;
	}
	return TIME_NEVER;
}

Verdict rule_hours(Look *look)
{
	if (look->by_hand)
		return verdict_allow();
	Time until = open_at(look);
	if (until <= look->now)
		return verdict_allow();
	const char *time_of_day = "2026-11-23 ";
	Said local = said_in(look->zone, look->now);
	const Channel *channel = look->channel;
	if (until == TIME_NEVER)
		return verdict_say(POLICY_DEFER, look->now + TIME_DAY, "sending hours and those in which %s may be used never meet: change hours in perigee.lua", look->c->channel);
	if (channel_quiet_over(channel, look->zone, look->now) > look->now)
		return verdict_say(POLICY_DEFER, until, "it is %s where they are, and the law lets %s be used from %02d:%02d to %02d:%02d there; the next can go on %s, "
		                   "their time", local.text + strlen(time_of_day), look->c->channel, channel->quiet_from / 60, channel->quiet_from % 60,
		                   channel->quiet_to / 60, channel->quiet_to % 60, said_in(look->zone, until).text);
	return verdict_say(POLICY_DEFER, until, "it is %s where they are, outside sending hours, which begin on %s there",
	                   local.text + strlen(time_of_day), said_in(look->zone, until).text);
}

/* ---- in which form? --------------------------------------------------------------------------------------------- */

/* What a channel that stops links would take for one. */
static bool has_link(const char *text)
{
	static const char *const begins[] = { "http://", "https://", "www." };
	g_autofree char *lower = g_ascii_strdown(text, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
		if (strstr(lower, begins[i]))
			return true;
	return false;
}

/* What counts is what would leave, so it is asked once that is known. */
Verdict rule_form(Look *look)
{
	const PolicyCase *c = look->c;
	const Channel *channel = look->channel;
	if (!c->text)
		return verdict_allow();
	int64_t length = channel_length(channel, c->text);
	if (channel->most && length > channel->most)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "the text has %" G_GINT64_FORMAT " %s, and %s takes %d: give the template a shorter variant (--- channel: %s)",
		                   length, channel_unit_name(channel->unit), c->channel, channel->most, c->channel);
	if (!channel->links && has_link(c->text))
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "%s lets no links through: take it out of the variant for %s", c->channel, c->channel);
	if (channel->attachments >= 0 && c->files > channel->attachments)
		return verdict_say(POLICY_REFUSE, TIME_NEVER, "%d files go with it, and a message by %s takes %d: send the files by another channel", c->files, c->channel,
		                   channel->attachments);
	return verdict_allow();
}
