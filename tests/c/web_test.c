/* SPDX-License-Identifier: MIT */
/* LINKS: web */
/* What web is made of: its jail from inside, the languages and texts of its pages, who asks how often, and addresses to listen on. */
#include "web/confine.h"
#include "web/listen.h"
#include "web/pages.h"
#include "web/rate.h"

#include "base/filter.h"

#include "../raw/calls.h"

#include <arpa/inet.h>
#include <sys/wait.h>

enum { DONE = 20, REFUSED, OTHER, NO_JAIL };

#ifndef FILTER_SANITIZED
/* What a server needs of that list, on descriptors that are open. */
static const char *const kept[] = { "accept", "sendmsg with a descriptor", "recvmsg", "sendto", "read another descriptor", "write another descriptor",
	                            "a file in memory", NULL };

static void test_raw(const void *name)
{
	unsigned which = 0;
	int status;
	while (raw_names[which] != name)
		which++;
	raw_prepare();
	pid_t pid = fork();
	if (pid == 0) {
		int error = confine(NULL) ? raw_call(which) : 0;
		_exit(error == RAW_DONE ? DONE : raw_refused(error) ? REFUSED : OTHER);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	raw_clean();
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	g_test_message("%s: wait status %#x", (const char *)name, (unsigned)status);
	if (!g_strv_contains(kept, name))
		g_assert_true(killed || (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED));
	else
		g_assert_false(killed);
}
#endif

static void the_language_is_the_contacts_then_the_browsers(void)
{
	static const struct { const char *locale, *accept, *language; } cases[] = {
		{ "fr", NULL, "fr" }, { "fr-CA", "de", "fr" }, { "FR_fr", "de", "fr" }, { "nl", "de", "de" }, { "", "es-MX,es;q=0.9", "es" },
		{ NULL, NULL, "en" }, { NULL, "", "en" }, { NULL, "*", "en" }, { NULL, "nl, it;q=0.4, de;q=0.5", "de" }, { NULL, "de;q=0", "en" },
		{ NULL, "it;q=9", "en" }, { NULL, "it;q=x", "en" }, { NULL, "it;q=nan, fr;q=0.1", "fr" }, { NULL, ";;;,,,;q=", "en" }, { "frankish", NULL, "en" }, { "english", "it", "it" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%s, %s", cases[i].locale, cases[i].accept);
		g_assert_cmpstr(pages_language(cases[i].locale, cases[i].accept), ==, cases[i].language);
	}
}

static void every_page_is_whole_and_escapes_what_it_is_told(void)
{
	static const char *const languages[] = { "en", "fr", "it", "es", "de" };
	for (size_t l = 0; l < G_N_ELEMENTS(languages); l++)
		for (int i = 0; i < (FOLLOW_LINK + 1) * (PAGE_OVER + 1); i++) {
			int kind = i % (PAGE_OVER + 1);
			Page page = { (PageKind)kind, (FollowKind)(i / (PAGE_OVER + 1)), "<script>\"'&\xff", "a***@<b>.example", languages[l] };
			g_autofree char *html = pages_html(&page);
			g_autofree char *lang = g_strdup_printf("<html lang=\"%s\">", languages[l]);
			g_assert_true(g_utf8_validate(html, -1, NULL));
			g_assert_nonnull(strstr(html, lang));
			g_assert_null(strstr(html, "<script"));
			g_assert_null(strstr(html, "<b>.example"));
			g_assert_null(strstr(html, "%s"));
			g_assert_null(strstr(html, "(null)"));
			g_assert_true((strstr(html, "<form") != NULL) == (kind == PAGE_ASK));
			g_assert_true((strstr(html, "name=\"confirm\" value=\"yes\"") != NULL) == (kind == PAGE_ASK && page.link == FOLLOW_CONFIRM));
			g_assert_true((strstr(html, "&lt;script&gt;") != NULL) == (kind <= PAGE_ALREADY));
			g_assert_true(page.link == FOLLOW_UNSUBSCRIBE || !strstr(html, "<b>unsubscribe</b>"));
			g_assert_true(g_str_has_suffix(html, "</html>\n"));
		}
}

static char *who(const char *address, const char *forwarded)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
		return rate_who((struct sockaddr *)&six, forwarded);
	g_assert_cmpint(inet_pton(AF_INET, address, &four.sin_addr), ==, 1);
	return rate_who((struct sockaddr *)&four, forwarded);
}

static void who_asks_is_told_by_a_proxy_of_this_machine_alone(void)
{
	static const char *const cases[][3] = {
		{ "192.0.2.1", NULL, "192.0.2.1" }, { "192.0.2.1", "198.51.100.1", "192.0.2.1" }, { "127.0.0.1", "198.51.100.1", "198.51.100.1" },
		{ "127.0.0.1", "9.9.9.9, 198.51.100.1", "198.51.100.1" }, { "127.0.0.1", "x", "127.0.0.1" }, { "127.0.0.1", "", "127.0.0.1" }, { "127.0.0.1", ",", "127.0.0.1" },
		{ "2001:db8:1:2:3:4:5:6", NULL, "2001:db8:1:2::" }, { "::1", "2001:db8::7", "2001:db8::" }, { "::ffff:192.0.2.1", NULL, "192.0.2.1" },
		{ "::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1" }, { "2001:db8::1", "198.51.100.1", "2001:db8::" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *said = who(cases[i][0], cases[i][1]);
		g_assert_cmpstr(said, ==, cases[i][2]);
	}
}

static void an_address_has_its_share_of_a_minute(void)
{
	Rate *rate = rate_new();
	gint64 now = 1000 * G_USEC_PER_SEC;
	for (int i = 0; i < RATE_REQUESTS; i++)
		g_assert_true(rate_pass(rate, "a", now));
	g_assert_false(rate_pass(rate, "a", now));
	for (int i = 0; i < RATE_MISSES; i++)
		rate_miss(rate, "b", now);
	g_assert_false(rate_pass(rate, "b", now));
	g_assert_true(rate_pass(rate, "c", now));
	g_assert_true(rate_pass(rate, "a", now + 61 * G_USEC_PER_SEC));
	g_assert_true(rate_pass(rate, "b", now + 61 * G_USEC_PER_SEC));
	/* Many addresses take no more memory, and keep nobody out. */
	for (int i = 0; i < 100000; i++) {
		g_autofree char *one = g_strdup_printf("%d", i);
		g_assert_true(rate_pass(rate, one, now + 62 * G_USEC_PER_SEC));
	}
	rate_free(rate);
}

static void an_address_to_listen_on_is_an_address_and_a_port(void)
{
	static const char *const wrong[] = { "", ":", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:80x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]80", "[]:80",
		                             "name.example:80", "256.0.0.1:80", " 127.0.0.1:80", "127.0.0.1:000080" };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *bound = NULL;
		g_assert_cmpint(listen_open(wrong[i], &bound, &error), ==, -1);
		g_assert_error(error, LISTEN_ERROR, LISTEN_ERROR_INVALID);
	}
	g_autofree char *bound = NULL, *twice = NULL;
	g_autoptr(GError) error = NULL;
	int fd = listen_open("localhost:0", &bound, NULL);
	g_assert_cmpint(fd, >=, 0);
	g_assert_true(g_str_has_prefix(bound, "127.0.0.1:"));
	g_assert_cmpint(listen_open(bound, &twice, &error), ==, -1);
	g_assert_error(error, LISTEN_ERROR, LISTEN_ERROR_TAKEN);
	close(fd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/web/the language is the contact's, then the browser's", the_language_is_the_contacts_then_the_browsers);
	g_test_add_func("/web/every page is whole and escapes what it is told", every_page_is_whole_and_escapes_what_it_is_told);
	g_test_add_func("/web/who asks is told by a proxy of this machine alone", who_asks_is_told_by_a_proxy_of_this_machine_alone);
	g_test_add_func("/web/an address has its share of a minute", an_address_has_its_share_of_a_minute);
	g_test_add_func("/web/an address to listen on is an address and a port", an_address_to_listen_on_is_an_address_and_a_port);
	raw_victim = getppid();
#ifndef FILTER_SANITIZED
	for (const char *const *name = raw_names; *name; name++) {
		g_autofree char *path = g_strdup_printf("/web/in the jail: %s", *name);
		g_test_add_data_func(path, *name, test_raw);
	}
#endif
	return g_test_run();
}
