/* SPDX-License-Identifier: MIT */
/* Links to profiles: see profile.h. */
#include "host/profile.h"

#include "host/contacts.h"

#include <string.h>

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* What a platform's names are made of, at most how many bytes of it, and what stands before and after one. What begins with
 * "tel" is a telephone number. */
static const struct Platform {
	const char *channel, *title, *before, *after, *letters;
	size_t least, most;
} platforms[] = {
	{ "bluesky", "Bluesky", "https://bsky.app/profile/", "", WORD "-.", 3, 253 },
	{ "call", "phone", "tel:", "", "0123456789", 3, 15 },
	{ "discord", "Discord", NULL, "", "", 0, 0 },
	{ "email", "e-mail", "mailto:", "", WORD "-.+=@", 3, 254 },
	{ "facebook", "Facebook", "https://facebook.com/", "", WORD "-.", 1, 100 },
	{ "imessage", "iMessage", "imessage:", "", WORD "-.+@", 3, 254 },
	{ "instagram", "Instagram", "https://instagram.com/", "", WORD ".", 1, 30 },
	{ "linkedin", "LinkedIn", "https://linkedin.com/in/", "", WORD "-", 3, 100 },
	{ "mastodon", "Mastodon", NULL, "", "", 0, 0 },
	{ "matrix", "Matrix", NULL, "", "", 0, 0 },
	{ "messenger", "Messenger", "https://m.me/", "", WORD "-.", 1, 100 },
	{ "phone", "phone", "tel:", "", "0123456789", 3, 15 },
	{ "pinterest", "Pinterest", "https://pinterest.com/", "/", WORD "-", 1, 60 },
	{ "reddit", "Reddit", "https://reddit.com/user/", "", WORD "-", 2, 30 },
	{ "signal", "Signal", "https://signal.me/#p/", "", "0123456789", 3, 15 },
	{ "slack", "Slack", NULL, "", "", 0, 0 },
	{ "sms", "SMS", "sms:", "", "0123456789", 3, 15 },
	{ "snapchat", "Snapchat", "https://snapchat.com/add/", "", WORD "-.", 1, 30 },
	{ "teams", "Teams", NULL, "", "", 0, 0 },
	{ "telegram", "Telegram", "https://t.me/", "", WORD, 3, 40 },
	{ "threads", "Threads", "https://threads.net/@", "", WORD ".", 1, 30 },
	{ "tiktok", "TikTok", "https://tiktok.com/@", "", WORD ".", 1, 30 },
	{ "twitch", "Twitch", "https://twitch.tv/", "", WORD, 1, 30 },
	{ "whatsapp", "WhatsApp", "https://wa.me/", "", "0123456789", 6, 15 },
	{ "x", "X", "https://x.com/", "", WORD, 1, 20 },
	{ "youtube", "YouTube", "https://youtube.com/@", "", WORD "-.", 1, 60 },
};

static const struct Platform *find(const char *channel)
{
	for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++)
		if (strcmp(platforms[i].channel, channel) == 0)
			return &platforms[i];
	return NULL;
}

const char *profile_channel(const char *channel)
{
	const struct Platform *platform = find(channel);
	return platform ? platform->title : channel;
}

char *profile_link(const char *channel, const char *address)
{
	const struct Platform *platform = find(channel);
	g_autofree char *norm = platform && platform->before && address ? contacts_normalize(channel, address, NULL) : NULL;
	if (!norm)
		return NULL;
	const char *name = norm + (*norm == '@');
	const bool number = g_ascii_isdigit(*platform->letters);
	/* wa.me wants the number with its country and without the plus; signal.me with it. */
	bool plus = number && *name == '+';
	name += plus;
	if (number && !plus && (strcmp(channel, "whatsapp") == 0 || strcmp(channel, "signal") == 0))
		return NULL;
	size_t length = strlen(name);
	bool dots = name[strspn(name, ".")] == 0; /* ".." is no name but a folder */
	/* Links that lead elsewhere than to a person's page by name. */
	if (strstr(address, "/company/") || strstr(address, "/channel/") || strcmp(name, "profile.php") == 0)
		return NULL;
	if (length < platform->least || length > platform->most || strspn(name, platform->letters) != length || dots)
		return NULL;
	return g_strconcat(platform->before, plus && strcmp(channel, "whatsapp") != 0 ? "+" : "", name, platform->after, NULL);
}
