/* SPDX-License-Identifier: MIT */
/* Domains as mail authentication sees them: see domain.h. */
#include "net/domain.h"

#include <glib.h>
#include <string.h>

enum { LABEL_MOST = 63, DOMAIN_MOST = 253 };

bool domain_is_valid(const char *domain)
{
	size_t size = strlen(domain), label = 0, labels = 1;
	for (const char *c = domain; *c; c++) {
		if (*c == '.') {
			if (label == 0)
				return false;
			label = 0;
			labels++;
		} else if (++label > LABEL_MOST || !(g_ascii_isalnum(*c) || *c == '-' || *c == '_')) {
			return false;
		}
	}
	return size <= DOMAIN_MOST && label > 0 && labels >= 2;
}

char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *raw = g_strdup(at ? at + 1 : address);
	size_t size = strlen(raw);
	if (size && raw[size - 1] == '.')
		raw[size - 1] = 0;
	g_autofree char *ascii = g_utf8_validate(raw, -1, NULL) ? g_hostname_to_ascii(raw) : NULL;
	char *lower = ascii ? g_ascii_strdown(ascii, -1) : NULL;
	if (!lower || !domain_is_valid(lower))
		g_clear_pointer(&lower, g_free);
	return lower;
}

/* The label before the one at `at`; domain itself if there is none. */
static const char *before(const char *domain, const char *at)
{
	for (const char *c = at - 1; c > domain; c--)
		if (c[-1] == '.')
			return c;
	return domain;
}

const char *domain_organisation(const char *domain)
{
	static const char *const shared[] = {
		"co", "com", "net", "org", "ac", "gov", "gob", "gouv", "govt", "go", "edu", "sch", "school", "mil", "or", "ne", "ltd", "plc", "me", "nhs", "asso",
		"nom", "geek", "id", "art", "info", "biz", "web", "in", "my", "k12", "gen", "firm", "ind", "res", "tm", "press", "priv", "gv", "ad", "ed", "gr", "lg", NULL,
	};
	const char *last = strrchr(domain, '.');
	if (!last)
		return domain;
	const char *second = before(domain, last);
	g_autofree char *word = g_strndup(second, (gsize)(last - second));
	bool country = strlen(last + 1) == 2 && g_strv_contains(shared, word);
	return country && second > domain ? before(domain, second - 1) : second;
}

bool domain_is_aligned(const char *a, const char *b, bool strict)
{
	return strcmp(strict ? a : domain_organisation(a), strict ? b : domain_organisation(b)) == 0;
}

bool domain_is_below(const char *domain, const char *suffix)
{
	size_t n = strlen(domain), m = strlen(suffix);
	return n >= m && strcmp(domain + n - m, suffix) == 0 && (n == m || domain[n - m - 1] == '.');
}
