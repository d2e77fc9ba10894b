/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * Texts that strangers publish: SPF, DMARC and DKIM keys, and a small DNS made of the input's lines, whose records include each other.
 * What is refused is refused in UTF-8; walking and evaluating ends, within the bounds that receivers have.
 */
#include "fuzz.h"
#include "net/domain.h"
#include "net/spf.h"
#include "net/tags.h"

#include <string.h>

/* Line n is what stands at the names whose first letter is n of them. */
typedef struct Zone {
	char **lines;
	guint count, asked;
} Zone;

static SpfLookup ask_texts(void *data, const char *name, GPtrArray **texts)
{
	Zone *zone = data;
	zone->asked++;
	const char *line = zone->lines[(guchar)*name % zone->count];
	if (*line == '!')
		return SPF_NO_ANSWER;
	*texts = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(*texts, g_strdup(line));
	return SPF_FOUND;
}

static SpfLookup ask_addresses(void *data, const char *name, GPtrArray **addresses)
{
	(void)data;
	SpfAddress *address = g_new0(SpfAddress, 1);
	address->v6 = *name & 1;
	*addresses = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(*addresses, address);
	return SPF_FOUND;
}

static SpfLookup ask_exchangers(void *data, const char *name, GPtrArray **hosts)
{
	(void)data;
	*hosts = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(*hosts, g_strdup(name));
	return *name & 2 ? SPF_FOUND : SPF_NOTHING;
}

static void told(const GError *error, bool refused)
{
	g_assert_true(refused == (error != NULL));
	g_assert_true(!error || g_utf8_validate(error->message, -1, NULL));
}

static void parse(const char *text)
{
	g_autoptr(GError) bad_spf = NULL, bad_dmarc = NULL, bad_key = NULL;
	g_autoptr(SpfRecord) spf = spf_parse(text, &bad_spf);
	g_autoptr(Dmarc) dmarc = dmarc_parse(text, &bad_dmarc);
	g_autoptr(DkimPublished) key = dkim_published_parse(text, &bad_key);
	told(bad_spf, !spf);
	told(bad_dmarc, !dmarc);
	told(bad_key, !key);
	g_assert_true(!dmarc || (dmarc->percent <= 100 && dmarc->policy && dmarc->subdomains));
	for (guint i = 0; spf && i < spf->terms->len; i++) {
		const SpfTerm *term = spf->terms->pdata[i];
		g_assert_true(term->prefix4 <= 32 && term->prefix6 <= 128 && strchr("+-~?", term->qualifier));
		g_assert_true((term->mechanism != SPF_INCLUDE && term->mechanism != SPF_EXISTS) || term->domain);
	}
	g_autofree char *domain = domain_of(text);
	g_assert_true(!domain || (domain_is_valid(domain) && domain_is_below(domain, domain_organisation(domain))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, size };
	g_autofree char *text = input_rest(&in);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 16);
	Zone zone = { lines, g_strv_length(lines), 0 };
	if (zone.count == 0)
		return 0;
	for (guint i = 0; i < zone.count; i++)
		parse(lines[i]);
	SpfAsk ask = { ask_texts, ask_addresses, ask_exchangers, &zone };
	g_autoptr(SpfWalk) walk = spf_walk(&ask, "a.example");
	g_assert_cmpuint(zone.asked, <=, 64);
	g_assert_true(!walk->fault || g_utf8_validate(walk->fault, -1, NULL));
	g_assert_cmpuint(walk->records, <=, 1);
	zone.asked = 0;
	SpfAddress address = { .v6 = size & 1, .bytes = { 192, 0, 2, 1 } };
	SpfResult result = spf_evaluate(&ask, "a.example", &address);
	g_assert_cmpuint(zone.asked, <=, 1 + 2 * SPF_LOOKUPS_MOST);
	g_assert_nonnull(spf_result_name(result));
	return 0;
}
