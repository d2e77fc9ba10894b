/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* What of HTTP requests can be said without a network: the guard's rules, the places of secrets, and the cutting of secrets. */
#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

#include "net/address.h"
#include "net/answer.h"
#include "net/guard.h"
#include "net/place.h"
#include "net/request.h"
#include "net/scrub.h"

/* ---- the guard ---- */

static void each_url_meets_its_rule(void)
{
	static const char *const hosts[] = { "api.example.com", "api.example.com:8443", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "plain.example:80",
	                                     "93.184.215.14", NULL };
	static const char *const allow[] = { "127.0.0.1:8080", "[::1]:8080", "plain.example:80", "other.example:443", NULL };
	static const struct {
		const char *url, *why; /* NULL: allowed */
	} cases[] = {
		{ "https://api.example.com/", NULL },        { "https://api.example.com:8443/", NULL },
		{ "https://api.example.com:8444/", "may not ask api.example.com:8444" },
		{ "http://api.example.com/", "may not ask" }, { "http://api.example.com:8443/", "without encryption" },
		{ "https://other.example/", "may not ask other.example" }, { "https://sub.api.example.com/", "may not ask" },
		{ "http://127.0.0.1:8080/", NULL },          { "https://127.0.0.1:8080/", NULL },
		{ "https://127.0.0.1/", "is an address" },   { "http://127.0.0.1:8081/", "may not ask" },
		{ "http://[::1]:8080/", NULL },              { "https://[::1]/", "may not ask" },
		{ "http://plain.example/", NULL },           { "https://93.184.215.14/", "is an address" },
	};
	Guard guard = { (char *const *)hosts, (char *const *)allow };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Url url;
		g_autoptr(GError) error = NULL;
		g_assert_true(url_parse(cases[i].url, &url, NULL));
		bool ok = guard_check_url(&guard, &url, &error);
		if (ok != (cases[i].why == NULL) || (error && (!strstr(error->message, cases[i].why) || error->code != REQUEST_ERROR_REFUSED)))
			g_error("%s: %s", cases[i].url, error ? error->message : "was allowed");
	}
}

static void methods_and_headers_meet_their_rules(void)
{
	static const struct {
		const char *name, *value;
		int code; /* -1: allowed */
	} headers[] = {
		{ "accept", "*/*", -1 }, { "X-Api_Key.1", "a: b; c", -1 }, { "cookie", "a=b", -1 }, { "x-empty", "", -1 }, { "x-utf8", "caf\xc3\xa9", -1 },
		{ "HOST", "x", REQUEST_ERROR_REFUSED }, { "Content-length", "1", REQUEST_ERROR_REFUSED }, { "transfer-encoding", "x", REQUEST_ERROR_REFUSED },
		{ "TE", "x", REQUEST_ERROR_REFUSED }, { "Proxy-Anything", "x", REQUEST_ERROR_REFUSED }, { "Keep-Alive", "x", REQUEST_ERROR_REFUSED },
		{ "expect", "100-continue", REQUEST_ERROR_REFUSED }, { "upgrade", "h2c", REQUEST_ERROR_REFUSED }, { "trailer", "x", REQUEST_ERROR_REFUSED },
		{ "", "x", REQUEST_ERROR_INVALID }, { ":path", "/", REQUEST_ERROR_INVALID }, { "a b", "x", REQUEST_ERROR_INVALID },
		{ "a:", "x", REQUEST_ERROR_INVALID }, { "a\r\n", "x", REQUEST_ERROR_INVALID }, { "a\xc3\xa9", "x", REQUEST_ERROR_INVALID },
		{ "x-a", "a\r\nhost: b", REQUEST_ERROR_INVALID }, { "x-a", "a\n", REQUEST_ERROR_INVALID }, { "x-a", "\x1b", REQUEST_ERROR_INVALID },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
		g_autoptr(GError) error = NULL;
		bool ok = guard_check_header(headers[i].name, headers[i].value, strlen(headers[i].value), &error);
		if ((ok ? -1 : error->code) != headers[i].code)
			g_error("%s: %s", headers[i].name, headers[i].value);
	}
	g_assert_false(guard_check_header("x", "a\0b", 3, NULL));
	static const char *const good[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
	static const char *const bad[] = { "", "get", "CONNECT", "TRACE", "OPTIONS", "POST ", "GET\r\n", "PURGE" };
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_true(guard_check_method(good[i], NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(guard_check_method(bad[i], NULL));
}

/* First and last of each row of the registries, and their neighbours. */
static void every_special_block_has_its_edges(void)
{
	static const struct {
		const char *first, *last, *before, *after; /* NULL: special too */
	} blocks[] = {
		{ "0.0.0.0", "0.255.255.255", NULL, "1.0.0.0" },
		{ "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0" },
		{ "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0" },
		{ "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0" },
		{ "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0" },
		{ "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0" },
		{ "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0" },
		{ "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0" },
		{ "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0" },
		{ "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0" },
		{ "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0" },
		{ "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0" },
		{ "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0" },
		{ "224.0.0.0", "255.255.255.255", "223.255.255.255", NULL },
		{ "::", "::1", NULL, NULL },
		{ "::127.0.0.1", "::8.8.8.8", NULL, NULL },
		{ "::ffff:10.0.0.0", "::ffff:10.255.255.255", "::ffff:9.255.255.255", "::ffff:11.0.0.0" },
		{ "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1", NULL, NULL },
		{ "64:ff9b::a00:0", "64:ff9b::aff:ffff", "64:ff9b::9ff:ffff", "64:ff9b::b00:0" },
		{ "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NULL, NULL },
		{ "100::", "100::ffff:ffff:ffff:ffff", NULL, NULL },
		{ "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "2001:200::" },
		{ "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff::", "2001:db9::" },
		{ "2002:a00::", "2002:aff:ffff::", "2002:9ff:ffff::", "2002:b00::" },
		{ "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff::", "3fff:1000::" },
		{ "4000::", "5f00::1", NULL, NULL },
		{ "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL },
		{ "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL },
		{ "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL },
		{ "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
		const char *texts[] = { blocks[i].first, blocks[i].last, blocks[i].before, blocks[i].after };
		for (size_t k = 0; k < 4; k++) {
			if (!texts[k])
				continue;
			struct sockaddr_in v4 = { .sin_family = AF_INET };
			struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
			bool is4 = inet_pton(AF_INET, texts[k], &v4.sin_addr) == 1;
			g_assert_true(is4 || inet_pton(AF_INET6, texts[k], &v6.sin6_addr) == 1);
			if (address_is_private(is4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6) != (k < 2))
				g_error("%s", texts[k]);
		}
	}
	struct sockaddr other = { .sa_family = AF_UNIX };
	g_assert_true(address_is_private(&other));
}

/* ---- cutting ---- */

#define VALUE "t0k/en+\"<\xc3\xa9>&\\x"

static void a_secret_is_cut_in_every_form(void)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "", "" },
		{ "nothing here t0k/en", "nothing here t0k/en" },
		{ VALUE, "[secret k]" },
		{ "a" VALUE "b" VALUE "c", "a[secret k]b[secret k]c" },
		{ VALUE VALUE, "[secret k][secret k]" },
		{ "t0k/en+\"<\xc3\xa9>&\\", "t0k/en+\"<\xc3\xa9>&\\" },                                        /* one byte is missing */
		{ "key=t0k%2Fen%2B%22%3C%C3%A9%3E%26%5Cx&", "key=[secret k]&" },                               /* a URL */
		{ "key=t0k%2fen%2b%22%3c%c3%a9%3e%26%5cx&", "key=[secret k]&" },
		{ "%74%30%6B%2F%65%6E%2B%22%3C%C3%A9%3E%26%5C%78", "[secret k]" },
		{ "t0k/en%2B%22%3C\xc3\xa9%3E&%5Cx", "[secret k]" },                                           /* some of it */
		{ "%2574%30k%252Fen%252B%2522%253C%25C3%25A9%253E%2526%255Cx", "[secret k]" },                 /* twice */
		{ "\"t0k/en+\\\"<\xc3\xa9>&\\\\x\"", "\"[secret k]\"" },                                       /* JSON */
		{ "\"t0k\\/en+\\\"<\\u00e9>\\u0026\\\\x\"", "\"[secret k]\"" },
		{ "\"\\u0074\\u0030\\u006B\\u002f\\u0065\\u006e\\u002b\\u0022\\u003c\\u00E9\\u003e\\u0026\\u005c\\u0078\"", "\"[secret k]\"" },
		{ "\"\\\"t0k/en+\\\\\\\"<\xc3\xa9>&\\\\\\\\x\\\"\"", "\"\\\"[secret k]\\\"\"" },               /* JSON in JSON */
		{ "\"t0k\\/en+\\\\\\\"\\\\u003c\\u00e9\\\\u003E&\\\\\\\\x\"", "\"[secret k]\"" },
		{ "<p>t0k/en+&quot;&lt;\xc3\xa9&gt;&amp;\\x</p>", "<p>[secret k]</p>" },                       /* HTML */
		{ "t0k&#47;en&#x2b;&#34;&#x3C;&#233;&gt;&#38;&#92;x", "[secret k]" },
		{ "'t0k\\x2fen+\\x22<\xc3\xa9>\\x26\\x5cx'", "'[secret k]'" },                                 /* JavaScript */
		{ "dDBrL2VuKyI8w6k+Jlx4", "[secret k]" },                                                      /* base64 */
		{ "dDBrL2VuKyI8w6k-Jlx4", "[secret k]" },
		{ "74306b2f656e2b223cc3a93e265c78", "[secret k]" },                                            /* hexadecimal */
		{ "74306B2F656E2B223CC3A93E265C78", "[secret k]" },
	};
	g_autoptr(Scrub) scrub = scrub_new();
	scrub_add(scrub, "k", VALUE, strlen(VALUE));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t size;
		g_autofree char *text = scrub_text(scrub, cases[i].text, strlen(cases[i].text), &size);
		g_assert_cmpstr(text, ==, cases[i].wanted);
		g_assert_cmpuint(size, ==, strlen(text));
		g_assert_cmpint(scrub_finds(scrub, cases[i].text, strlen(cases[i].text)), ==, strcmp(cases[i].text, cases[i].wanted) != 0);
	}
}

/* Each prefix of 0 to 5 bytes and each suffix, in both alphabets: what is left of the digits has nothing of the secret. */
static void a_secret_inside_base64_is_cut(void)
{
	static const char value[] = "sk_live_51H8abcdefghij";
	static const int variants[] = { sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE,
	                                sodium_base64_VARIANT_URLSAFE_NO_PADDING };
	g_autoptr(Scrub) scrub = scrub_new();
	scrub_add(scrub, "k", value, strlen(value));
	for (size_t v = 0; v < G_N_ELEMENTS(variants); v++)
		for (int before = 0; before < 6; before++)
			for (int after = 0; after < 4; after++) {
				g_autofree char *plain = g_strdup_printf("%.*s%s%.*s", before, "?>?>?>", value, after, "~~~~");
				char digits[128];
				sodium_bin2base64(digits, sizeof digits, (const unsigned char *)plain, strlen(plain), variants[v]);
				g_autofree char *text = scrub_text(scrub, digits, strlen(digits), NULL);
				const char *cut = strstr(text, "[secret k]");
				g_assert_nonnull(cut);
				/* At most the digits that the neighbours share are left, beside their own. */
				g_assert_cmpint((int)(cut - text), <=, (before * 8 + 5) / 6);
				g_assert_cmpint((int)strlen(cut + strlen("[secret k]")), <=, (after * 8 + 5) / 6 + 3);
			}
}

static void several_secrets_are_told_apart(void)
{
	g_autoptr(Scrub) scrub = scrub_new();
	static const char text[] = "one=abcdef two=abcdefghi three=ghi \xc3";
	scrub_add(scrub, "short", "abcdef", 6);
	scrub_add(scrub, "long", "abcdefghi", 9);
	scrub_add(scrub, "empty", "", 0);
	scrub_add(scrub, "again", "abcdef", 6);
	g_autofree char *clean = scrub_text(scrub, text, strlen(text), NULL);
	g_assert_cmpstr(clean, ==, "one=[secret short] two=[secret long] three=ghi \xc3");
	static const char nul[] = "a\0abcdef\0b";
	size_t size;
	g_autofree char *with_nul = scrub_text(scrub, nul, sizeof nul - 1, &size);
	static const char wanted[] = "a\0[secret short]\0b";
	g_assert_cmpuint(size, ==, sizeof wanted - 1);
	g_assert_true(memcmp(with_nul, wanted, sizeof wanted) == 0);
}

static void values_are_cut_in_strings_and_keys(void)
{
	g_autoptr(Scrub) scrub = scrub_new();
	scrub_add(scrub, "k", "sesame", 6);
	json_t *value = json_loads("{\"sesame\":[1,null,true,\"open sesame\",{\"a\":\"c2VzYW1l\"}],\"n\":1.5}", 0, NULL);
	json_t *clean = scrub_value(scrub, value);
	g_autofree char *text = json_dumps(clean, JSON_SORT_KEYS | JSON_COMPACT);
	g_assert_cmpstr(text, ==, "{\"[secret k]\":[1,null,true,\"open [secret k]\",{\"a\":\"[secret k]\"}],\"n\":1.5}");
	json_decref(value);
	json_decref(clean);
}

/* A text full of what looks like escapes, and one full of almost the secret: no more than some passes over it. */
static void a_hostile_answer_is_searched_in_time(void)
{
	static const char *const patterns[] = { "%25", "\\\\", "&#x26;", "\\u005c", "sk_live_51H8abcdefghi", "%73k_live", "+", "c2tf" };
	g_autoptr(Scrub) scrub = scrub_new();
	scrub_add(scrub, "a", "sk_live_51H8abcdefghij", 22);
	scrub_add(scrub, "b", "user:pass%word\\", 15);
	for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		while (text->len < ANSWER_BODY_MOST)
			g_string_append(text, patterns[i]);
		gint64 began = g_get_monotonic_time();
		g_free(scrub_text(scrub, text->str, text->len, NULL));
		gint64 took = (g_get_monotonic_time() - began) / 1000;
		g_test_message("%s: %d ms", patterns[i], (int)took);
		g_assert_cmpint(took, <, 5000); /* under sanitizers, on a busy machine */
	}
}

/* ---- places ---- */

static char *locked(const char *text)
{
	char *copy = sodium_malloc(strlen(text) + 1);
	memcpy(copy, text, strlen(text) + 1);
	return copy;
}

static Keyring *sample(const char *place, const char *value)
{
	static const char *const hosts[] = { "api.example.com", "api.example.com:8443", NULL };
	Keyring *keyring = keyring_new();
	keyring_add(keyring, "k", place, (char *const *)hosts, locked(value), strlen(value));
	return keyring;
}

/* What becomes of a request with the secret k: "TARGET | NAME: VALUE", or the refusal. */
static char *placed_text(const char *place, const char *value, const char *asked, const char *url, const char *header)
{
	g_autofree char *json = g_strdup_printf("{\"key\":\"x\",\"method\":\"POST\",\"url\":\"%s\",\"body\":\"what\",\"headers\":{%s},\"hosts\":[],"
	                                        "\"secrets\":[{\"secret\":\"k\",\"place\":\"%s\"}]}", url, header, asked);
	g_autoptr(GError) error = NULL;
	g_autoptr(Request) request = request_parse(json, &error);
	g_assert_no_error(error);
	g_autoptr(Keyring) keyring = sample(place, value);
	g_autoptr(Scrub) scrub = scrub_new();
	if (!place_check(request, &request->url, keyring, &error))
		return g_strdup(error->message);
	g_auto(Placed) placed = { 0 };
	place_put(request, &request->url, keyring, scrub, &placed);
	g_autoptr(GString) out = g_string_new(placed.target);
	for (guint i = 0; i < placed.headers->len; i++) {
		const HttpHeader *line = placed.headers->pdata[i];
		g_string_append_printf(out, " | %s: %s", line->name, line->value);
	}
	return g_strdup(out->str);
}

static void each_place_is_filled_or_refused(void)
{
	static const char api[] = "https://api.example.com/a?b=c";
	static const struct {
		const char *place, *value, *asked, *url, *header, *wanted; /* wanted: the whole, or a part of a refusal */
	} cases[] = {
		{ "bearer", "v w", "", api, "", "/a?b=c | authorization: Bearer v w" },
		{ "bearer", "v", "bearer", "https://api.example.com:8443/", "", "/ | authorization: Bearer v" },
		{ "bearer", "v", "header Authorization", api, "", "/a?b=c | authorization: Bearer v" },
		{ "basic", "u:p", "basic", api, "", "/a?b=c | authorization: Basic dTpw" },
		{ "basic", "up", "", api, "", "user:password" },
		{ "header X-Key", "v", "header x-key", api, "", "/a?b=c | x-key: v" },
		{ "header X-Key", "v", "header x-keys", api, "", "not \"header x-keys\"" },
		{ "header X-Key", "v\r\nHost: x", "", api, "", "line end" },
		{ "header X-Key", "v", "", api, "\"X-KEY\":\"mine\"", "twice" },
		{ "header Host", "v", "", api, "", "set by perigee" },
		{ "header Transfer-Encoding", "v", "", api, "", "set by perigee" },
		{ "bearer", "v", "", api, "\"authorization\":\"mine\"", "twice" },
		{ "path", "1:a/?#\xc3\xa9", "", "https://api.example.com/bot{secret}/x?y", "", "/bot1:a%2F%3F%23%C3%A9/x?y" },
		{ "path", "v", "", api, "", "once in the URL" },
		{ "path", "v", "", "https://api.example.com/{secret}{secret}", "", "once in the URL" },
		{ "bearer", "v", "", "https://api.example.com/{secret}", "", "once in the URL" },
		{ "query k&y", "v=&", "", "https://api.example.com/", "", "/?k%26y=v%3D%26" },
		{ "query key", "v", "query key", api, "", "/a?b=c&key=v" },
		{ "query key", "v", "query Key", api, "", "not \"query Key\"" },
		{ "login", "v", "", api, "", "which no request has" },
		{ "", "v", "bearer", api, "", "which no request has" },
		{ "bearer", "v", "query token", api, "", "not \"query token\"" },
		{ "bearer", "v", "", "https://evil.example/", "", "not for the host" },
		{ "bearer", "v", "", "https://api.example.com:444/", "", "--host api.example.com:444" },
		{ "bearer", "v", "", "http://api.example.com/", "", "not for the host" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = placed_text(cases[i].place, cases[i].value, cases[i].asked, cases[i].url, cases[i].header);
		if (*cases[i].wanted == '/' ? strcmp(text, cases[i].wanted) != 0 : !strstr(text, cases[i].wanted))
			g_error("%u: %s, wanted %s", i, text, cases[i].wanted);
	}
}

/* RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?". */
static void a_body_is_signed_as_the_rfc_says(void)
{
	g_autoptr(Request) request = request_parse("{\"key\":\"x\",\"method\":\"POST\",\"url\":\"https://api.example.com/\",\"headers\":{},\"hosts\":[],"
	                                           "\"body\":\"what do ya want for nothing?\",\"secrets\":[{\"secret\":\"k\",\"place\":\"\"}]}", NULL);
	g_autoptr(Keyring) keyring = sample("hmac", "Jefe");
	g_autoptr(Scrub) scrub = scrub_new();
	g_auto(Placed) placed = { 0 };
	g_assert_true(place_check(request, &request->url, keyring, NULL));
	place_put(request, &request->url, keyring, scrub, &placed);
	const HttpHeader *header = placed.headers->pdata[0];
	g_assert_cmpstr(header->name, ==, "x-hub-signature-256");
	g_assert_cmpstr(header->value, ==, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return 1;
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/guard/each URL meets its rule", each_url_meets_its_rule);
	g_test_add_func("/guard/methods and headers meet their rules", methods_and_headers_meet_their_rules);
	g_test_add_func("/guard/every special block has its edges", every_special_block_has_its_edges);
	g_test_add_func("/scrub/a secret is cut in every form", a_secret_is_cut_in_every_form);
	g_test_add_func("/scrub/a secret inside base64 is cut", a_secret_inside_base64_is_cut);
	g_test_add_func("/scrub/several secrets are told apart", several_secrets_are_told_apart);
	g_test_add_func("/scrub/values are cut in strings and keys", values_are_cut_in_strings_and_keys);
	g_test_add_func("/scrub/a hostile answer is searched in time", a_hostile_answer_is_searched_in_time);
	g_test_add_func("/place/each place is filled or refused", each_place_is_filled_or_refused);
	g_test_add_func("/place/a body is signed as the RFC says", a_body_is_signed_as_the_rfc_says);
	return g_test_run();
}
