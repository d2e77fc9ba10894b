/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * URLs of scripts and of redirects, against the parser that will connect: what ours takes, libcurl takes too, and reads the same
 * scheme, host, port and target from it. Up to a NUL stands the URL, behind it a Location.
 */
#include "base/url.h"
#include "fuzz.h"

#include <curl/curl.h>

static void check_part(CURLU *curl, CURLUPart part, unsigned flags, const char *wanted)
{
	char *got = NULL;
	g_assert_cmpint(curl_url_get(curl, part, &got, flags), ==, CURLUE_OK);
	g_assert_cmpstr(got, ==, wanted);
	curl_free(got);
}

/* No parser on the way may see another place in it. */
static void check_like_curl(CURLU *curl, const Url *url, bool target)
{
	g_autofree char *port = g_strdup_printf("%u", url->port);
	check_part(curl, CURLUPART_SCHEME, 0, url->https ? "https" : "http");
	char *host = NULL; /* a name's case means nothing */
	g_assert_true(curl_url_get(curl, CURLUPART_HOST, &host, 0) == CURLUE_OK && g_ascii_strcasecmp(host, url->host) == 0);
	curl_free(host);
	check_part(curl, CURLUPART_PORT, CURLU_DEFAULT_PORT, port);
	char *part = NULL;
	g_assert_cmpint(curl_url_get(curl, CURLUPART_USER, &part, 0), ==, CURLUE_NO_USER);
	g_assert_cmpint(curl_url_get(curl, CURLUPART_PASSWORD, &part, 0), ==, CURLUE_NO_PASSWORD);
	if (!target)
		return;
	g_autofree char *path = g_strndup(url->target, strcspn(url->target, "?"));
	const char *query = strchr(url->target, '?');
	check_part(curl, CURLUPART_PATH, 0, path);
	if (query && query[1])
		check_part(curl, CURLUPART_QUERY, 0, query + 1);
}

static void check_url(const Url *url)
{
	g_autofree char *text = url_text(url), *place = url_place(url);
	g_autoptr(GError) error = NULL;
	Url again;
	g_assert_true(url_parse(text, &again, &error));
	g_assert_true(again.https == url->https && again.is_ip == url->is_ip && again.port == url->port && again.holes == url->holes);
	g_assert_true(strcmp(again.host, url->host) == 0 && strcmp(again.target, url->target) == 0 && url_same_origin(&again, url));
	char *list[] = { place, NULL };
	g_assert_true(url_matches(list, url) && url_check_entry(place, NULL) && url->target[0] == '/' && url->port > 0 && url->port < 65536);
	for (const char *c = text; *c; c++)
		g_assert_true(*c > ' ' && *c < 0x7f && *c != '\\' && *c != '#');
	CURLU *curl = curl_url();
	g_assert_cmpint(curl_url_set(curl, CURLUPART_URL, text, CURLU_PATH_AS_IS), ==, CURLUE_OK);
	check_like_curl(curl, url, true);
	curl_url_cleanup(curl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, size };
	g_autofree char *text = input_field(&in), *location = input_field(&in);
	g_autoptr(GError) error = NULL;
	Url url, joined;
	g_assert_true(url_parse(text, &url, &error) == (error == NULL));
	if (error) {
		g_assert_true(*error->message && g_utf8_validate(error->message, -1, NULL) && !strpbrk(error->message, "\r\n"));
		return 0;
	}
	check_url(&url);
	CURLU *curl = curl_url();
	g_assert_cmpint(curl_url_set(curl, CURLUPART_URL, text, CURLU_PATH_AS_IS), ==, CURLUE_OK);
	check_like_curl(curl, &url, true);
	if (url_join(&url, location, &joined, NULL)) {
		check_url(&joined);
		g_assert_cmpint(curl_url_set(curl, CURLUPART_URL, location, 0), ==, CURLUE_OK);
		check_like_curl(curl, &joined, false);
	}
	curl_url_cleanup(curl);
	return 0;
}
