/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* URLs: what is taken is read in one way by everybody; whatever could be read in two ways is refused with a sentence. */
#include "base/url.h"

#include <string.h>

typedef struct Good {
	const char *text, *canonical, *host;
	unsigned port;
	bool is_ip;
} Good;

static const Good good[] = {
	{ "https://api.example.com", "https://api.example.com/", "api.example.com", 443, false },
	{ "https://api.example.com/", "https://api.example.com/", "api.example.com", 443, false },
	{ "https://API.Example.COM/Path", "https://api.example.com/Path", "api.example.com", 443, false },
	{ "HTTPS://api.example.com/", "https://api.example.com/", "api.example.com", 443, false },
	{ "https://api.example.com:443/", "https://api.example.com/", "api.example.com", 443, false },
	{ "https://api.example.com:8443/v1", "https://api.example.com:8443/v1", "api.example.com", 8443, false },
	{ "https://api.example.com:1/", "https://api.example.com:1/", "api.example.com", 1, false },
	{ "https://api.example.com:65535/", "https://api.example.com:65535/", "api.example.com", 65535, false },
	{ "https://api.example.com?q=1", "https://api.example.com/?q=1", "api.example.com", 443, false },
	{ "https://api.example.com/a?b=c&d=%20/?:@", "https://api.example.com/a?b=c&d=%20/?:@", "api.example.com", 443, false },
	{ "https://api.example.com/a/../b/./c", "https://api.example.com/a/../b/./c", "api.example.com", 443, false },
	{ "https://api.example.com/@user", "https://api.example.com/@user", "api.example.com", 443, false },
	{ "https://api.example.com/bot{secret}/send", "https://api.example.com/bot{secret}/send", "api.example.com", 443, false },
	{ "https://xn--mnchen-3ya.example/", "https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example", 443, false },
	{ "https://1.2.3.example/", "https://1.2.3.example/", "1.2.3.example", 443, false },
	{ "https://0x7f.example/", "https://0x7f.example/", "0x7f.example", 443, false },
	{ "https://1e100.net/", "https://1e100.net/", "1e100.net", 443, false },
	{ "https://localhost/", "https://localhost/", "localhost", 443, false },
	{ "http://api.example.com/", "http://api.example.com/", "api.example.com", 80, false },
	{ "http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x", "127.0.0.1", 8080, true },
	{ "https://192.0.2.1/", "https://192.0.2.1/", "192.0.2.1", 443, true },
	{ "https://[::1]/", "https://[::1]/", "[::1]", 443, true },
	{ "https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x", "[2001:db8::1]", 8443, true },
	{ "https://[::ffff:127.0.0.1]/", "https://[::ffff:127.0.0.1]/", "[::ffff:127.0.0.1]", 443, true },
};

static const struct {
	const char *text, *why; /* a part of the sentence */
} bad[] = {
	/* other schemes, and none */
	{ "", "must begin with https://" },
	{ "api.example.com/", "must begin with https://" },
	{ "//api.example.com/", "must begin with https://" },
	{ "/etc/passwd", "must begin with https://" },
	{ "file:///etc/passwd", "must begin with https://" },
	{ "gopher://api.example.com:70/_x", "must begin with https://" },
	{ "ftp://api.example.com/", "must begin with https://" },
	{ "dict://api.example.com:11211/stat", "must begin with https://" },
	{ "javascript:alert(1)", "must begin with https://" },
	{ "data:text/plain,x", "must begin with https://" },
	{ "ws://api.example.com/", "must begin with https://" },
	{ "https:api.example.com", "must begin with https://" },
	{ "https:/api.example.com", "must begin with https://" },
	{ "https ://api.example.com", "space or control" },
	/* no host, or another than it looks */
	{ "https://", "no host" },
	{ "https:///", "no host" },
	{ "https:///api.example.com/", "no host" },
	{ "https://:443/", "no host" },
	{ "https://?q", "no host" },
	{ "https://api.example.com@evil.example/", "user" },
	{ "https://user:pass@api.example.com/", "user" },
	{ "https://@api.example.com/", "user" },
	{ "https://evil.example#@api.example.com/", "fragment" },
	{ "https://evil.example?@api.example.com/#x", "fragment" },
	{ "https://evil.example\\@api.example.com/", "backslash" },
	{ "https:\\\\api.example.com/", "backslash" },
	{ "https://api.example.com\\.evil.example/", "backslash" },
	{ "https://api.example.com/x#top", "fragment" },
	{ "https://api.example.com&@evil.example/", "user" },
	{ "https://api.example.com;evil.example/", "character ;" },
	{ "https://api.example.com,evil.example/", "character ," },
	{ "https://api_x.example.com/", "character _" },
	{ "https://*.example.com/", "character *" },
	{ "https://%61pi.example.com/", "character %" },
	{ "https://127%2e0.0.1/", "character %" },
	{ "https://api.example.com%00.evil.example/", "character %" },
	{ "https://api.example.com%2f@evil.example/", "user" },
	/* dots and labels */
	{ "https://api.example.com./", "empty part" },
	{ "https://.api.example.com/", "empty part" },
	{ "https://api..example.com/", "empty part" },
	{ "https://./", "empty part" },
	{ "https://-api.example.com/", "hyphen" },
	{ "https://api-.example.com/", "hyphen" },
	{ "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/", "longer than 63" },
	/* characters */
	{ "https://m\xc3\xbcnchen.example/", "xn--" },
	{ "https://127\xe3\x80\x82" "0\xe3\x80\x82" "0\xe3\x80\x82" "1/", "xn--" },               /* U+3002, a full stop to IDNA */
	{ "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "xn--" },                          /* full-width digits */
	{ "https://api.example.com\xef\xbc\x8f@evil/", "xn--" },                                    /* full-width slash */
	{ "https://api.example.com/\xc3\xa9", "percent-encoded" },
	{ "https://api.example.com/\xff", "not ASCII" },
	{ " https://api.example.com/", "space or control" },
	{ "https://api.example.com/ ", "space or control" },
	{ "https://api.example.com/a b", "space or control" },
	{ "https://api.exam\tple.com/", "space or control" },
	{ "https://api.example.com/\r\nX: y", "space or control" },
	{ "https://api.example.com\n/", "space or control" },
	{ "https://api.example.com/\x7f", "space or control" },
	{ "https://api.example.com/%", "%25" },
	{ "https://api.example.com/%4", "%25" },
	{ "https://api.example.com/%zz", "%25" },
	{ "https://api.example.com/%00", "%00" },
	{ "https://api.example.com/a%0d%0ab", "%0d" },
	{ "https://api.example.com/?a=%0A", "%0A" },
	{ "https://api.example.com/\"", "%22" },
	{ "https://api.example.com/<x>", "%3C" },
	{ "https://api.example.com/{id}", "%7B" },
	{ "https://api.example.com/a|b", "%7C" },
	{ "https://api.example.com/?key={secret}", "%7B" },
	{ "https://api{secret}.example.com/", "character {" },
	/* addresses in other clothes */
	{ "https://2130706433/", "can be read as an address" },
	{ "https://017700000001/", "can be read as an address" },
	{ "https://0x7f000001/", "can be read as an address" },
	{ "https://0x7f.0.0.1/", "can be read as an address" },
	{ "https://0X7F.0.0.0X1/", "can be read as an address" },
	{ "https://0177.0.0.1/", "can be read as an address" },
	{ "https://127.1/", "can be read as an address" },
	{ "https://127.0.1/", "can be read as an address" },
	{ "https://0/", "can be read as an address" },
	{ "https://0x/", "can be read as an address" },
	{ "https://127.0.0.01/", "can be read as an address" },
	{ "https://127.0.0.1./", "empty part" },
	{ "https://127.0.0.256/", "can be read as an address" },
	{ "https://1.2.3.4.5/", "can be read as an address" },
	{ "https://api.example.0x1/", "can be read as an address" },
	{ "https://api.example.99/", "can be read as an address" },
	{ "https://::1/", "no host" },
	{ "https://[::1/", "without its ]" },
	{ "https://[::1]x/", "only a port" },
	{ "https://[fe80::1%25eth0]/", "no IPv6 address" },
	{ "https://[fe80::1%eth0]/", "no IPv6 address" },
	{ "https://[127.0.0.1]/", "no IPv6 address" },
	{ "https://[api.example.com]/", "no IPv6 address" },
	{ "https://[v1.x]/", "no IPv6 address" },
	{ "https://[]/", "no IPv6 address" },
	{ "https://[0:0:0:0:0:0:0:1]/", "write the address" },
	{ "https://[::0001]/", "write the address" },
	{ "https://[::ffff:7f00:1]/", "write the address" },
	/* ports */
	{ "https://api.example.com:/", "port" },
	{ "https://api.example.com:0/", "port" },
	{ "https://api.example.com:00443/", "port" },
	{ "https://api.example.com:0443/", "port" },
	{ "https://api.example.com:65536/", "port" },
	{ "https://api.example.com:99999/", "port" },
	{ "https://api.example.com:4294967739/", "port" },
	{ "https://api.example.com:+443/", "port" },
	{ "https://api.example.com:-1/", "port" },
	{ "https://api.example.com:0x1bb/", "port" },
	{ "https://api.example.com:https/", "port" },
	{ "https://api.example.com:443:80/", "port" },
	{ "https://api.example.com:80@evil.example/", "user" },
	{ "https://[::1]:/", "port" },
};

static void each_good_url_is_read_once_and_the_same_again(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		Url url, again;
		g_autoptr(GError) error = NULL;
		url_parse(good[i].text, &url, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(url.host, ==, good[i].host);
		g_assert_cmpuint(url.port, ==, good[i].port);
		g_assert_cmpint(url.is_ip, ==, good[i].is_ip);
		g_autofree char *text = url_text(&url);
		g_assert_cmpstr(text, ==, good[i].canonical);
		g_assert_true(url_parse(text, &again, NULL));
		g_assert_true(url_same_origin(&url, &again));
		g_assert_cmpstr(again.target, ==, url.target);
	}
}

static void each_bad_url_is_refused_with_a_sentence(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		Url url;
		g_autoptr(GError) error = NULL;
		if (url_parse(bad[i].text, &url, &error))
			g_error("%s was taken", bad[i].text);
		if (!strstr(error->message, bad[i].why))
			g_error("%s: \"%s\" does not say \"%s\"", bad[i].text, error->message, bad[i].why);
	}
}

static void length_has_a_cap(void)
{
	for (int extra = 0; extra <= 1; extra++) {
		Url url;
		GString *text = g_string_new("https://api.example.com/");
		while (text->len < URL_MOST + (gsize)extra)
			g_string_append_c(text, 'a');
		g_assert_cmpint(url_parse(text->str, &url, NULL), ==, extra == 0);
		g_string_free(text, TRUE);
	}
	for (int size = URL_HOST_MOST - 1; size <= URL_HOST_MOST + 1; size++) {
		Url url;
		GString *text = g_string_new("https://");
		for (int i = 0; i < size; i++)
			g_string_append_c(text, i % 50 == 49 && i < size - 1 ? '.' : 'a');
		g_assert_cmpint(url_parse(text->str, &url, NULL), ==, size <= URL_HOST_MOST);
		g_string_free(text, TRUE);
	}
	/* A query without a path gets the path "/": one byte more than the text had. */
	Url url;
	GString *text = g_string_new("https://a?");
	while (text->len < URL_MOST)
		g_string_append_c(text, 'b');
	g_assert_true(url_parse(text->str, &url, NULL));
	g_assert_cmpuint(strlen(url.target), ==, URL_MOST - strlen("https://a") + 1);
	g_string_free(text, TRUE);
}

static void places_of_the_secret_are_counted(void)
{
	static const struct {
		const char *text;
		unsigned holes;
	} cases[] = {
		{ "https://a.example/", 0 }, { "https://a.example/bot{secret}/x", 1 }, { "https://a.example/{secret}/{secret}", 2 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Url url;
		g_assert_true(url_parse(cases[i].text, &url, NULL));
		g_assert_cmpuint(url.holes, ==, cases[i].holes);
	}
}

static void redirects_are_joined_and_read_as_strictly(void)
{
	static const struct {
		const char *location, *wanted; /* NULL: refused */
	} cases[] = {
		{ "https://b.example/x", "https://b.example/x" },
		{ "https://b.example/x#part", "https://b.example/x" },
		{ "//b.example/x", "https://b.example/x" },
		{ "/y?z=1", "https://a.example:8443/y?z=1" },
		{ "y", "https://a.example:8443/one/y" },
		{ "../y", "https://a.example:8443/y" },
		{ "../../../y", "https://a.example:8443/y" },
		{ "?q=2", "https://a.example:8443/one/two?q=2" },
		{ "/a%20b", "https://a.example:8443/a%20b" },
		{ "#top", "https://a.example:8443/one/two?q=1" },
		{ "http://b.example/", "http://b.example/" },
		{ "https://a.example@b.example/", NULL },
		{ "https://2130706433/", NULL },
		{ "https://b.example./", NULL },
		{ "https:///b.example/", NULL },
		{ "https:b.example", NULL },
		{ "\\\\b.example\\x", NULL },
		{ "/\\b.example", NULL },
		{ "file:///etc/passwd", NULL },
		{ "javascript:alert(1)", NULL },
		{ "127.0.0.1:80/x", NULL },
		{ "//b%2fc.example/x", NULL },
		{ "///x", NULL },
		{ "/..//x/./y/..", "https://a.example:8443//x/" },
		{ ".", "https://a.example:8443/one/" },
		{ "", "https://a.example:8443/one/two?q=1" },
		{ "y?a/../b", "https://a.example:8443/one/y?a/../b" },
		{ "b.example:443", NULL },
		{ "./b.example:443", "https://a.example:8443/one/b.example:443" },
		{ "?b:1", "https://a.example:8443/one/two?b:1" },
		{ "/a\r\nX: y", NULL },
		{ "/a%0d%0aX: y", NULL },
		{ "/\xc3\xa9", NULL },
		{ "https://[fe80::1%25lo]/", NULL },
		{ "https://b.example:0/", NULL },
	};
	Url base;
	g_assert_true(url_parse("https://a.example:8443/one/two?q=1", &base, NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Url url;
		g_autoptr(GError) error = NULL;
		g_autofree char *text = url_join(&base, cases[i].location, &url, &error) ? url_text(&url) : NULL;
		if (g_strcmp0(text, cases[i].wanted) != 0)
			g_error("%s: %s, wanted %s", cases[i].location, text ? text : error->message, cases[i].wanted ? cases[i].wanted : "a refusal");
	}
}

static void lists_name_hosts_exactly(void)
{
	static const char *const list[] = { "api.example.com", "hooks.example.com:8443", "127.0.0.1:8080", "[::1]:8080", "plain.example:80", NULL };
	static const struct {
		const char *text;
		bool named;
	} cases[] = {
		{ "https://api.example.com/x", true },        { "https://API.example.com:443/", true },
		{ "https://api.example.com:8443/", false },   { "http://api.example.com/", false },
		{ "http://api.example.com:443/", false },     { "https://hooks.example.com:8443/", true },
		{ "https://hooks.example.com/", false },      { "https://x.api.example.com/", false },
		{ "https://api.example.com.evil.test/", false }, { "https://example.com/", false },
		{ "http://127.0.0.1:8080/", true },           { "http://127.0.0.1/", false },
		{ "https://[::1]:8080/", true },              { "http://plain.example/", true },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Url url;
		g_assert_true(url_parse(cases[i].text, &url, NULL));
		if (url_matches((char *const *)list, &url) != cases[i].named)
			g_error("%s", cases[i].text);
		g_assert_false(url_matches(NULL, &url));
	}
}

static void entries_of_lists_are_checked(void)
{
	static const struct {
		const char *entry;
		bool good;
	} cases[] = {
		{ "api.example.com", true }, { "api.example.com:8443", true }, { "127.0.0.1:8080", true }, { "[::1]:8080", true },
		{ "", false }, { "*.example.com", false }, { "*", false }, { "https://api.example.com", false }, { "api.example.com/", false },
		{ "api.example.com:", false }, { "API.example.com", false }, { "user@api.example.com", false }, { "127.1", false },
		{ "api.example.com#", false }, { "api example.com", false }, { "m\xc3\xbcnchen.example", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		if (url_check_entry(cases[i].entry, &error) != cases[i].good)
			g_error("%s", cases[i].entry);
		g_assert_cmpint(error != NULL, ==, !cases[i].good);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/url/each good URL is read once and the same again", each_good_url_is_read_once_and_the_same_again);
	g_test_add_func("/url/each bad URL is refused with a sentence", each_bad_url_is_refused_with_a_sentence);
	g_test_add_func("/url/length has a cap", length_has_a_cap);
	g_test_add_func("/url/places of the secret are counted", places_of_the_secret_are_counted);
	g_test_add_func("/url/redirects are joined and read as strictly", redirects_are_joined_and_read_as_strictly);
	g_test_add_func("/url/lists name hosts exactly", lists_name_hosts_exactly);
	g_test_add_func("/url/entries of lists are checked", entries_of_lists_are_checked);
	return g_test_run();
}
