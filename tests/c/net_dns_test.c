/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* What doctor reads in the DNS: SPF, DMARC, DKIM keys, whose organisation a domain is, what is known of providers. */
#include "net/domain.h"
#include "net/provider.h"
#include "net/spf.h"
#include "net/tags.h"

#include <string.h>

/* ---- domains ---- */

static void domains_of_addresses(void)
{
	static const struct { const char *address, *domain; } cases[] = {
		{ "lea@brand.example", "brand.example" }, { "brand.example", "brand.example" }, { "Brand.Example.", "brand.example" },
		{ "lea@büro.example", "xn--bro-hoa.example" }, { "a@b@brand.example", "brand.example" }, { "lea@localhost", NULL },
		{ "", NULL }, { "@", NULL }, { "lea@", NULL }, { "lea@.example", NULL }, { "lea@a..b", NULL }, { "lea@a b.example", NULL },
		{ "lea@-x.example", "-x.example" }, { "_spf.brand.example", "_spf.brand.example" }, { "lea@[127.0.0.1]", NULL }, { "lea@b\xff.example", NULL },
		{ "lea@aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.example", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *domain = domain_of(cases[i].address);
		g_assert_cmpstr(domain, ==, cases[i].domain);
	}
}

static void organisations(void)
{
	static const struct { const char *domain, *organisation; } cases[] = {
		{ "brand.example", "brand.example" }, { "mail.brand.example", "brand.example" }, { "a.b.c.brand.com", "brand.com" },
		{ "brand.co.uk", "brand.co.uk" }, { "x.brand.co.uk", "brand.co.uk" }, { "co.uk", "co.uk" }, { "brand.fr", "brand.fr" },
		{ "www.brand.fr", "brand.fr" }, { "shop.brand.com.au", "brand.com.au" }, { "a.brand.de", "brand.de" }, { "brand.asso.fr", "brand.asso.fr" },
		{ "x.brand.co.com", "co.com" }, { "x.brand.ne.jp", "brand.ne.jp" }, { "example", "example" }, { "news.brand.xn--p1ai", "brand.xn--p1ai" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpstr(domain_organisation(cases[i].domain), ==, cases[i].organisation);
}

static void alignment(void)
{
	static const struct { const char *a, *b; bool strict, aligned; } cases[] = {
		{ "brand.example", "brand.example", true, true }, { "mail.brand.example", "brand.example", true, false },
		{ "mail.brand.example", "brand.example", false, true }, { "a.brand.example", "b.brand.example", false, true },
		{ "brand.example", "otherbrand.example", false, false }, { "one.co.uk", "two.co.uk", false, false },
		{ "a.one.co.uk", "one.co.uk", false, true }, { "brand.example", "brand.example.org", false, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(domain_is_aligned(cases[i].a, cases[i].b, cases[i].strict), ==, cases[i].aligned);
	g_assert_true(domain_is_below("smtp.gmail.com", "gmail.com"));
	g_assert_true(domain_is_below("gmail.com", "gmail.com"));
	g_assert_false(domain_is_below("notgmail.com", "gmail.com"));
	g_assert_false(domain_is_below("com", "gmail.com"));
}

/* ---- SPF: form ---- */

/* fault: a part of the error; NULL: it is well. */
static void spf_forms(void)
{
	static const struct { const char *text, *fault; guint terms; const char *redirect; } cases[] = {
		{ "v=spf1", NULL, 0, NULL }, { "v=spf1 ", NULL, 0, NULL }, { "v=spf1 -all", NULL, 1, NULL }, { "V=SPF1 -ALL", NULL, 1, NULL },
		{ "v=spf1  mx   ~all ", NULL, 2, NULL }, { "v=spf1 +mx ?a ptr ~all", NULL, 4, NULL }, { "v=spf1 include:_spf.google.com ~all", NULL, 2, NULL },
		{ "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::1 ip6:2001:db8::/32 -all", NULL, 5, NULL },
		{ "v=spf1 a:mail.brand.example/24 mx/24//64 a//64 -all", NULL, 4, NULL }, { "v=spf1 redirect=_spf.brand.example", NULL, 0, "_spf.brand.example" },
		{ "v=spf1 REDIRECT=A.Example exp=why.brand.example", NULL, 0, "a.example" }, { "v=spf1 exists:%{ir}.sbl.example -all", NULL, 2, NULL },
		{ "v=spf1 include:%{d}._spf.example a:%{l1r-}.x.example ~all", NULL, 3, NULL }, { "v=spf1 moo=bar -all", NULL, 1, NULL },
		{ "v=spf1 exp=%{d}.x.example -all", NULL, 1, NULL }, { "v=spf1 include:brand.example. -all", NULL, 2, NULL },
		{ "v=spf10 -all", "begin with", 0, NULL }, { "spf1 -all", "begin with", 0, NULL }, { "", "begin with", 0, NULL },
		{ "v=spf1 includes:_spf.google.com ~all", "no word", 0, NULL }, { "v=spf1 include ~all", "missing", 0, NULL }, { "v=spf1 include: ~all", "no domain", 0, NULL },
		{ "v=spf1 include:_spf", "no domain", 0, NULL }, { "v=spf1 all:brand.example", "no domain", 0, NULL }, { "v=spf1 ip4:300.1.1.1 -all", "no address", 0, NULL },
		{ "v=spf1 ip4 -all", "no address", 0, NULL }, { "v=spf1 ip4:2001:db8::1", "no address", 0, NULL }, { "v=spf1 ip6:192.0.2.1", "no address", 0, NULL },
		{ "v=spf1 ip4:192.0.2.0/33", "no address", 0, NULL }, { "v=spf1 ip4:192.0.2.0/", "no address", 0, NULL }, { "v=spf1 ip4:192.0.2.0/024", "no address", 0, NULL },
		{ "v=spf1 ip6:2001:db8::/129", "no address", 0, NULL }, { "v=spf1 a/33", "length", 0, NULL }, { "v=spf1 mx//129", "length", 0, NULL },
		{ "v=spf1 a/ -all", "length", 0, NULL }, { "v=spf1 exists -all", "missing", 0, NULL }, { "v=spf1 exists:%{x}.example", "no domain", 0, NULL },
		{ "v=spf1 a:%{d.example", "no domain", 0, NULL }, { "v=spf1 a:50%.example", "no domain", 0, NULL }, { "v=spf1 redirect= -all", "no domain", 0, NULL },
		{ "v=spf1 redirect=a.example redirect=b.example", "twice", 0, NULL }, { "v=spf1 exp=a.example exp=b.example", "twice", 0, NULL }, { "v=spf1 --all", "no word", 0, NULL },
		{ "v=spf1 -all;", "no word", 0, NULL }, { "v=spf1 mx,-all", "no word", 0, NULL }, { "v=spf1 a:b@c.example", "no domain", 0, NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(SpfRecord) record = spf_parse(cases[i].text, &error);
		if (cases[i].fault) {
			g_test_message("%s", cases[i].text);
			g_assert_error(error, SPF_ERROR, SPF_ERROR_SYNTAX);
			g_assert_nonnull(strstr(error->message, cases[i].fault));
			continue;
		}
		g_assert_no_error(error);
		g_assert_cmpuint(record->terms->len, ==, cases[i].terms);
		g_assert_cmpstr(record->redirect, ==, cases[i].redirect);
	}
}

static void spf_has_a_bound(void)
{
	g_autoptr(GString) text = g_string_new("v=spf1");
	for (int i = 0; i < SPF_TERMS_MOST + 10; i++)
		g_string_append(text, " a");
	g_autoptr(GError) error = NULL;
	g_assert_null(spf_parse(text->str, &error));
	g_assert_nonnull(strstr(error->message, "too many"));
}

/* ---- SPF: a small DNS ---- */

static const struct { const char *name, *text; } texts_of[] = {
	{ "brand.example", "google-site-verification=1" }, { "brand.example", "v=spf1 include:_spf.google.com ip4:192.0.2.10 ~all" },
	{ "_spf.google.com", "v=spf1 include:_netblocks.google.com include:_netblocks2.google.com ~all" }, { "_netblocks.google.com", "v=spf1 ip4:198.51.100.0/24 ~all" },
	{ "_netblocks2.google.com", "v=spf1 ip6:2001:db8:1::/48 -all" }, { "two.example", "v=spf1 -all" }, { "two.example", "v=spf1 mx -all" },
	{ "open.example", "v=spf1 mx +all" }, { "endless.example", "v=spf1 mx" }, { "redirect.example", "v=spf1 redirect=brand.example" },
	{ "both.example", "v=spf1 -all redirect=brand.example" }, { "circle.example", "v=spf1 include:circle.example -all" },
	{ "hole.example", "v=spf1 include:nothing.example ~all" }, { "typo.example", "v=spf1 inculde:x.example ~all" }, { "deep.example", "v=spf1 include:typo.example ~all" },
	{ "hang.example", "v=spf1 include:silent.example ~all" }, { "macro.example", "v=spf1 exists:%{i}.x.example -all" }, { "ptr.example", "v=spf1 ptr ~all" },
	{ "hosts.example", "v=spf1 a mx:brand.example -all" }, { "wide.example", "v=spf1 a:mail.brand.example/24 -all" }, { "neutral.example", "v=spf1 ?ip4:192.0.2.10 -all" },
	{ "deny.example", "v=spf1 -ip4:192.0.2.10 +all" }, { "exists.example", "v=spf1 exists:mail.brand.example -all" }, { "to-hole.example", "v=spf1 redirect=nothing.example" },
	{ "many.example", "v=spf1 a a:b.example a:c.example a:d.example a:e.example a:f.example a:g.example mx ptr include:_netblocks.google.com include:_netblocks2.google.com -all" },
	{ "plain.example", "hello" },
};
static const struct { const char *name, *address; } addresses_of[] = {
	{ "mail.brand.example", "192.0.2.10" }, { "mail.brand.example", "2001:db8:1::10" }, { "hosts.example", "203.0.113.7" },
};
static const struct { const char *name, *host; } exchangers_of[] = { { "brand.example", "mail.brand.example" } };

static SpfLookup ask_texts(void *data, const char *name, GPtrArray **texts)
{
	(void)data;
	if (strcmp(name, "silent.example") == 0)
		return SPF_NO_ANSWER;
	*texts = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; i < G_N_ELEMENTS(texts_of); i++)
		if (strcmp(texts_of[i].name, name) == 0)
			g_ptr_array_add(*texts, g_strdup(texts_of[i].text));
	return (*texts)->len ? SPF_FOUND : SPF_NOTHING;
}

static SpfLookup ask_addresses(void *data, const char *name, GPtrArray **addresses)
{
	(void)data;
	*addresses = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; i < G_N_ELEMENTS(addresses_of); i++) {
		SpfAddress *address = g_new0(SpfAddress, 1);
		g_assert_true(spf_address(addresses_of[i].address, address));
		if (strcmp(addresses_of[i].name, name) == 0)
			g_ptr_array_add(*addresses, g_steal_pointer(&address));
		g_free(address);
	}
	return (*addresses)->len ? SPF_FOUND : SPF_NOTHING;
}

static SpfLookup ask_exchangers(void *data, const char *name, GPtrArray **hosts)
{
	(void)data;
	*hosts = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; i < G_N_ELEMENTS(exchangers_of); i++)
		if (strcmp(exchangers_of[i].name, name) == 0)
			g_ptr_array_add(*hosts, g_strdup(exchangers_of[i].host));
	return (*hosts)->len ? SPF_FOUND : SPF_NOTHING;
}

static const SpfAsk ask = { ask_texts, ask_addresses, ask_exchangers, NULL };

static void spf_walks(void)
{
	static const struct { const char *domain; unsigned records, lookups; char all; const char *fault, *included; bool no_answer, macros; } cases[] = {
		{ "brand.example", 1, 3, '~', NULL, "_netblocks2.google.com", false, false }, { "nothing.example", 0, 0, 0, NULL, NULL, false, false },
		{ "plain.example", 0, 0, 0, NULL, NULL, false, false }, { "two.example", 2, 0, 0, NULL, NULL, false, false }, { "open.example", 1, 1, '+', NULL, NULL, false, false },
		{ "endless.example", 1, 1, 0, NULL, NULL, false, false }, { "redirect.example", 1, 4, '~', NULL, "_spf.google.com", false, false },
		{ "both.example", 1, 0, '-', NULL, NULL, false, false }, { "circle.example", 1, 13, '-', "circle", "circle.example", false, false },
		{ "hole.example", 1, 1, '~', "no record", "nothing.example", false, false }, { "typo.example", 1, 0, 0, "inculde", NULL, false, false },
		{ "deep.example", 1, 1, '~', "typo.example", "typo.example", false, false }, { "hang.example", 1, 1, '~', NULL, "silent.example", true, false },
		{ "silent.example", 0, 0, 0, NULL, NULL, true, false }, { "macro.example", 1, 1, '-', NULL, NULL, false, true }, { "many.example", 1, 11, '-', NULL, NULL, false, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SpfWalk) walk = spf_walk(&ask, cases[i].domain);
		g_test_message("%s: %s", cases[i].domain, walk->fault ? walk->fault : "");
		g_assert_cmpuint(walk->records, ==, cases[i].records);
		g_assert_cmpuint(walk->lookups, ==, cases[i].lookups);
		g_assert_cmpint(walk->all, ==, cases[i].all);
		g_assert_true(cases[i].fault ? walk->fault && strstr(walk->fault, cases[i].fault) : !walk->fault);
		g_assert_true(!cases[i].included || g_hash_table_contains(walk->included, cases[i].included));
		g_assert_cmpint(walk->no_answer, ==, cases[i].no_answer);
		g_assert_cmpint(walk->macros, ==, cases[i].macros);
	}
}

static void spf_evaluates(void)
{
	static const struct { const char *domain, *address; SpfResult result; } cases[] = {
		{ "brand.example", "198.51.100.7", SPF_PASS }, { "brand.example", "192.0.2.10", SPF_PASS }, { "brand.example", "192.0.2.11", SPF_SOFTFAIL },
		{ "brand.example", "2001:db8:1:2::3", SPF_PASS }, { "brand.example", "2001:db8:2::3", SPF_SOFTFAIL }, { "redirect.example", "192.0.2.10", SPF_PASS },
		{ "both.example", "192.0.2.10", SPF_FAIL }, { "nothing.example", "192.0.2.10", SPF_NONE }, { "two.example", "192.0.2.10", SPF_PERMERROR },
		{ "typo.example", "192.0.2.10", SPF_PERMERROR }, { "hole.example", "192.0.2.10", SPF_PERMERROR }, { "hang.example", "192.0.2.10", SPF_TEMPERROR },
		{ "circle.example", "192.0.2.10", SPF_PERMERROR }, { "endless.example", "192.0.2.10", SPF_NEUTRAL }, { "hosts.example", "203.0.113.7", SPF_PASS },
		{ "hosts.example", "192.0.2.10", SPF_PASS }, { "hosts.example", "192.0.2.11", SPF_FAIL }, { "wide.example", "192.0.2.200", SPF_PASS },
		{ "wide.example", "192.0.3.1", SPF_FAIL }, { "neutral.example", "192.0.2.10", SPF_NEUTRAL }, { "deny.example", "192.0.2.10", SPF_FAIL },
		{ "deny.example", "192.0.2.11", SPF_PASS }, { "exists.example", "203.0.113.9", SPF_PASS }, { "macro.example", "203.0.113.9", SPF_UNTOLD },
		{ "ptr.example", "203.0.113.9", SPF_UNTOLD }, { "to-hole.example", "203.0.113.9", SPF_PERMERROR }, { "many.example", "203.0.113.9", SPF_PERMERROR },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		SpfAddress address;
		g_assert_true(spf_address(cases[i].address, &address));
		g_test_message("%s from %s", cases[i].domain, cases[i].address);
		g_assert_cmpstr(spf_result_name(spf_evaluate(&ask, cases[i].domain, &address)), ==, spf_result_name(cases[i].result));
	}
}

/* ---- DMARC ---- */

static void dmarc_records(void)
{
	static const struct { const char *text, *fault, *policy, *subdomains; bool strict_dkim, strict_spf; guint percent, reports; } cases[] = {
		{ "v=DMARC1; p=none", NULL, "none", "none", false, false, 100, 0 }, { "v=DMARC1;p=reject;", NULL, "reject", "reject", false, false, 100, 0 },
		{ " v = DMARC1 ; p = Quarantine ; sp=none", NULL, "quarantine", "none", false, false, 100, 0 },
		{ "v=DMARC1; p=reject; adkim=s; aspf=s; pct=50; rua=mailto:a@b.example", NULL, "reject", "reject", true, true, 50, 1 },
		{ "v=DMARC1; p=none; rua=mailto:a@b.example!10m, mailto:c@d.example,https://r.example/x; fo=1; ri=86400", NULL, "none", "none", false, false, 100, 3 },
		{ "v=DMARC1; p=none; x=y; ruf=mailto:f@b.example", NULL, "none", "none", false, false, 100, 0 },
		{ "v=DMARC1", "p=", NULL, NULL, false, false, 0, 0 }, { "v=DMARC1; sp=none", "p=", NULL, NULL, false, false, 0, 0 },
		{ "v=DMARC1; p=monitor", "policy", NULL, NULL, false, false, 0, 0 }, { "v=DMARC1; p=none; p=reject", "twice", NULL, NULL, false, false, 0, 0 },
		{ "v=DMARC1; p=none; adkim=x", "adkim", NULL, NULL, false, false, 0, 0 }, { "v=DMARC1; p=none; pct=101", "pct", NULL, NULL, false, false, 0, 0 },
		{ "v=DMARC1; p=none; rua=a@b.example", "URI", NULL, NULL, false, false, 0, 0 }, { "v=DMARC1; p=none; rua=mailto:nobody", "URI", NULL, NULL, false, false, 0, 0 },
		{ "v=DMARC1 p=none", "begin with", NULL, NULL, false, false, 0, 0 }, { "v=dmarc1; p=none", "begin with", NULL, NULL, false, false, 0, 0 },
		{ "p=none; v=DMARC1", "begin with", NULL, NULL, false, false, 0, 0 }, { "", "begin with", NULL, NULL, false, false, 0, 0 },
		{ "v=DMARC1; p=none; nothing", "NAME=VALUE", NULL, NULL, false, false, 0, 0 }, { "v=DMARC1; p=none; =x", "NAME=VALUE", NULL, NULL, false, false, 0, 0 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Dmarc) dmarc = dmarc_parse(cases[i].text, &error);
		g_test_message("%s", cases[i].text);
		if (cases[i].fault) {
			g_assert_error(error, TAGS_ERROR, TAGS_ERROR_SYNTAX);
			g_assert_nonnull(strstr(error->message, cases[i].fault));
			continue;
		}
		g_assert_no_error(error);
		g_assert_cmpstr(dmarc->policy, ==, cases[i].policy);
		g_assert_cmpstr(dmarc->subdomains, ==, cases[i].subdomains);
		g_assert_cmpint(dmarc->strict_dkim, ==, cases[i].strict_dkim);
		g_assert_cmpint(dmarc->strict_spf, ==, cases[i].strict_spf);
		g_assert_cmpuint(dmarc->percent, ==, cases[i].percent);
		g_assert_cmpuint(dmarc->reports->len, ==, cases[i].reports);
	}
}

/* ---- DKIM ---- */

#define RSA_512 "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALc+bDpIErgGjLpLWR90mBXJ3AAbMwhLvlqeEA8sQVH9EdiXBi7QWWg4cAE+vAhVQ7ZwRr95kLxmHsIYQGB1KPUCAwEAAQ=="
#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void dkim_keys(void)
{
	static const struct { const char *text, *fault, *type; unsigned bits; bool revoked, testing, for_mail, sha256; } cases[] = {
		{ "v=DKIM1; k=rsa; p=" RSA_512, NULL, "rsa", 512, false, false, true, true }, { "p=" RSA_512, NULL, "rsa", 512, false, false, true, true },
		{ "v=DKIM1; k=ed25519; p=" ED25519, NULL, "ed25519", 0, false, false, true, true }, { "v=DKIM1; p=", NULL, "rsa", 0, true, false, true, true },
		{ "v=DKIM1; t=y:s; p=", NULL, "rsa", 0, true, true, true, true }, { "v=DKIM1; s=tlsrpt; p=", NULL, "rsa", 0, true, false, false, true },
		{ "v=DKIM1; s=email:x; h=sha1; p=", NULL, "rsa", 0, true, false, true, false }, { "v=DKIM1; h=sha1:sha256; s=*; p=", NULL, "rsa", 0, true, false, true, true },
		{ "v=DKIM1; k=ed25519; p= 11qYAYKxCrfVS/7TyWQH\tOg7hcvPapiMlrwIaaPcHURo=", NULL, "ed25519", 0, false, false, true, true },
		{ "v=DKIM2; p=", "DKIM1", NULL, 0, false, false, false, false }, { "v=DKIM1; k=dsa; p=", "rsa or", NULL, 0, false, false, false, false },
		{ "v=DKIM1; k=rsa", "missing", NULL, 0, false, false, false, false }, { "v=DKIM1; p=!!!", "base64", NULL, 0, false, false, false, false },
		{ "v=DKIM1; p=AAAA", "RSA", NULL, 0, false, false, false, false }, { "v=DKIM1; k=ed25519; p=AAAA", "32 bytes", NULL, 0, false, false, false, false },
		{ "v=DKIM1; p=" ED25519, "RSA", NULL, 0, false, false, false, false }, { "v=spf1 -all", "DKIM1", NULL, 0, false, false, false, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(DkimPublished) key = dkim_published_parse(cases[i].text, &error);
		g_test_message("%s", cases[i].text);
		if (cases[i].fault) {
			g_assert_error(error, TAGS_ERROR, TAGS_ERROR_SYNTAX);
			g_test_message("%s", error->message);
			g_assert_nonnull(strstr(error->message, cases[i].fault));
			continue;
		}
		g_assert_no_error(error);
		g_assert_cmpstr(key->type, ==, cases[i].type);
		g_assert_cmpuint(key->bits, ==, cases[i].bits);
		g_assert_cmpint(!*key->key, ==, cases[i].revoked);
		g_assert_cmpint(key->testing, ==, cases[i].testing);
		g_assert_cmpint(key->for_mail, ==, cases[i].for_mail);
		g_assert_cmpint(key->sha256, ==, cases[i].sha256);
	}
}

/* ---- providers ---- */

static void providers(void)
{
	static const struct { const char *host, *name; } cases[] = {
		{ "smtp.gmail.com", "Google" }, { "SMTP.Gmail.com", "Google" }, { "smtp.office365.com", "Microsoft" }, { "email-smtp.eu-west-1.amazonaws.com", "Amazon SES" },
		{ "mail.gandi.net", "Gandi" }, { "smtp.fastmail.com", "Fastmail" }, { "ssl0.ovh.net", "OVH" }, { "smtp.brand.example", NULL }, { "notgmail.com", NULL },
		{ "smtp.gmail.com.evil.example", NULL }, { "", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Provider *provider = provider_of_host(cases[i].host);
		g_assert_cmpstr(provider ? provider->name : NULL, ==, cases[i].name);
	}
	g_assert_cmpstr(provider_of_address("gmail.com")->name, ==, "Google");
	g_assert_cmpint(provider_of_address("gmail.com")->per_day_free, ==, 500);
	g_assert_null(provider_of_address("brand.example"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/domain/an address has a domain in ASCII or none", domains_of_addresses);
	g_test_add_func("/domain/a domain belongs to an organisation", organisations);
	g_test_add_func("/domain/domains are aligned strictly or by organisation", alignment);
	g_test_add_func("/spf/a record is parsed or its fault named", spf_forms);
	g_test_add_func("/spf/a record without end is refused", spf_has_a_bound);
	g_test_add_func("/spf/a record is walked through its includes", spf_walks);
	g_test_add_func("/spf/an address passes or fails", spf_evaluates);
	g_test_add_func("/dmarc/a policy is parsed or its fault named", dmarc_records);
	g_test_add_func("/dkim/a published key is parsed or its fault named", dkim_keys);
	g_test_add_func("/provider/a provider is told by its servers", providers);
	return g_test_run();
}
