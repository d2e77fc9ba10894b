/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Links to profiles: none is made of text that was not checked. */
#include "host/profile.h"

#include <glib.h>
#include <string.h>

typedef struct Case {
	const char *channel, *address, *link;
} Case;

static void test_links(void)
{
	static const Case cases[] = {
		{ "instagram", "@Ana.Cooks", "https://instagram.com/ana.cooks" }, { "instagram", "https://www.instagram.com/ana_c/?hl=fr", "https://instagram.com/ana_c" },
		{ "linkedin", "ana-ruiz-42", "https://linkedin.com/in/ana-ruiz-42" }, { "linkedin", "https://linkedin.com/in/ana/", "https://linkedin.com/in/ana" },
		{ "tiktok", "@ana", "https://tiktok.com/@ana" }, { "x", "ana_r", "https://x.com/ana_r" }, { "twitch", "Ana", "https://twitch.tv/ana" },
		{ "youtube", "@anacooks", "https://youtube.com/@anacooks" }, { "telegram", "ana_bot", "https://t.me/ana_bot" },
		{ "whatsapp", "+33 6 12 34 56 78", "https://wa.me/33612345678" }, { "call", "+33 6 12 34 56 78", "tel:+33612345678" },
		{ "phone", "0612345678", "tel:0612345678" }, { "sms", "+33612345678", "sms:+33612345678" }, { "signal", "+33612345678", "https://signal.me/#p/+33612345678" },
		{ "email", "Ana+news@Example.com", "mailto:ana+news@example.com" }, { "threads", "@ana", "https://threads.net/@ana" },
		{ "bluesky", "ana.bsky.social", "https://bsky.app/profile/ana.bsky.social" }, { "reddit", "u-ana", "https://reddit.com/user/u-ana" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *link = profile_link(cases[i].channel, cases[i].address);
		g_assert_cmpstr(link, ==, cases[i].link);
	}
}

static void test_none(void)
{
	static const Case cases[] = {
		{ "instagram", "ana/../evil", NULL }, { "instagram", "..", NULL }, { "instagram", "ana\"onclick", NULL }, { "instagram", "ana cooks", NULL },
		{ "instagram", "ana?x=1", NULL }, { "instagram", "ana#x", NULL }, { "instagram", "ana%2f", NULL }, { "instagram", "", NULL }, { "instagram", NULL, NULL },
		{ "instagram", "javascript:alert(1)", NULL }, { "instagram", "an\xc3\xa1", NULL }, { "instagram", "ana\xe2\x80\xae", NULL }, { "instagram", "a23456789012345678901234567890x", NULL },
		{ "x", "ana.r", NULL }, { "whatsapp", "0612345678", NULL }, { "whatsapp", "US.13491208655302741918", NULL }, { "call", "call me", NULL },
		{ "email", "\"a b\"@example.com", NULL }, { "email", "ana@ex\xc3\xa4mple.com", NULL }, { "email", "ana@example.com?bcc=x@example.com", NULL },
		{ "linkedin", "https://linkedin.com/company/brand", NULL }, { "youtube", "https://youtube.com/channel/UCabc", NULL },
		{ "facebook", "https://facebook.com/profile.php?id=4", NULL }, { "slack", "U123", NULL }, { "discord", "ana", NULL }, { "nowhere", "ana", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *link = profile_link(cases[i].channel, cases[i].address);
		if (link)
			g_error("%s of %s: %s", cases[i].address, cases[i].channel, link);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/profile/a link is the platform's and the checked name", test_links);
	g_test_add_func("/profile/what is no name of the platform is made no link", test_none);
	return g_test_run();
}
