/* SPDX-License-Identifier: MIT */
/* Lists of "name=value;" in the DNS: see tags.h. */
#include "net/tags.h"

#include <string.h>

G_DEFINE_QUARK(perigee-tags-error, tags_error)

#define SPACE " \t\r\n"

static bool wrong(GError **error, const char *what, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1), *front = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), 80));
	g_set_error(error, TAGS_ERROR, TAGS_ERROR_SYNTAX, "%s: \"%s\"", what, front);
	return false;
}

static char *trimmed(const char *text, size_t size)
{
	while (size && strchr(SPACE, *text)) {
		text++;
		size--;
	}
	while (size && strchr(SPACE, text[size - 1]))
		size--;
	return g_strndup(text, size);
}

/* One "name=value"; an empty one between two semicolons is let be. */
static bool take_tag(GHashTable *tags, const char *spec, GError **error)
{
	g_autofree char *whole = trimmed(spec, strlen(spec));
	const char *equals = strchr(whole, '=');
	if (!*whole)
		return true;
	if (!equals)
		return wrong(error, "this is no NAME=VALUE", whole);
	g_autofree char *name = trimmed(whole, (size_t)(equals - whole));
	if (!g_ascii_isalpha(*name) || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return wrong(error, "this is no NAME=VALUE", whole);
	if (g_hash_table_contains(tags, name))
		return wrong(error, "this stands twice", whole);
	g_hash_table_insert(tags, g_steal_pointer(&name), trimmed(equals + 1, strlen(equals + 1)));
	return true;
}

GHashTable *tags_parse(const char *text, GError **error)
{
	g_autoptr(GHashTable) tags = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) specs = g_strsplit(text, ";", -1);
	for (char **spec = specs; *spec; spec++)
		if (!take_tag(tags, *spec, error))
			return NULL;
	return g_steal_pointer(&tags);
}

static const char *tag(GHashTable *tags, const char *name, const char *otherwise)
{
	const char *value = g_hash_table_lookup(tags, name);
	return value ? value : otherwise;
}

/* ---- DMARC ---- */

bool dmarc_is_record(const char *text)
{
	const char *at = text + strspn(text, SPACE);
	if (*at != 'v')
		return false;
	at += 1 + strspn(at + 1, SPACE);
	if (*at != '=')
		return false;
	at += 1 + strspn(at + 1, SPACE);
	if (strncmp(at, "DMARC1", 6) != 0)
		return false;
	at += 6 + strspn(at + 6, SPACE);
	return *at == ';' || *at == 0;
}

static bool take_policy(char **to, const char *value, GError **error)
{
	static const char *const policies[] = { "none", "quarantine", "reject", NULL };
	g_autofree char *lower = g_ascii_strdown(value, -1);
	if (!g_strv_contains(policies, lower))
		return wrong(error, "the policy is none, quarantine or reject, not", value);
	*to = g_steal_pointer(&lower);
	return true;
}

static bool take_mode(bool *strict, const char *value, const char *name, GError **error)
{
	*strict = g_ascii_strcasecmp(value, "s") == 0;
	g_autofree char *what = g_strdup_printf("%s is r or s, not", name);
	return *strict || g_ascii_strcasecmp(value, "r") == 0 || wrong(error, what, value);
}

/* "mailto:a@b.c!10m, https://..." */
static bool take_reports(Dmarc *dmarc, const char *list, GError **error)
{
	g_auto(GStrv) uris = g_strsplit(list, ",", -1);
	for (char **uri = uris; *uri; uri++) {
		g_autofree char *plain = trimmed(*uri, strcspn(*uri, "!"));
		if (!*plain)
			continue;
		const char *at = g_ascii_strncasecmp(plain, "mailto:", 7) == 0 ? strchr(plain + 7, '@') : NULL;
		if (!strstr(plain, "://") && !(at && at > plain + 7 && at[1]))
			return wrong(error, "reports go to a URI such as mailto:dmarc@brand.example, not", plain);
		g_ptr_array_add(dmarc->reports, g_steal_pointer(&plain));
	}
	return true;
}

Dmarc *dmarc_parse(const char *text, GError **error)
{
	g_autoptr(GHashTable) tags = NULL;
	if (!dmarc_is_record(text)) {
		wrong(error, "this does not begin with v=DMARC1", text);
		return NULL;
	}
	tags = tags_parse(text, error);
	if (!tags)
		return NULL;
	g_autoptr(Dmarc) dmarc = g_new0(Dmarc, 1);
	dmarc->reports = g_ptr_array_new_with_free_func(g_free);
	const char *policy = tag(tags, "p", NULL);
	guint64 percent = 100;
	if (!policy) {
		wrong(error, "its policy (p=) is missing", text);
		return NULL;
	}
	if (!take_policy(&dmarc->policy, policy, error) || !take_policy(&dmarc->subdomains, tag(tags, "sp", policy), error) ||
	    !take_mode(&dmarc->strict_dkim, tag(tags, "adkim", "r"), "adkim", error) ||
	    !take_mode(&dmarc->strict_spf, tag(tags, "aspf", "r"), "aspf", error) || !take_reports(dmarc, tag(tags, "rua", ""), error))
		return NULL;
	if (!g_ascii_string_to_unsigned(tag(tags, "pct", "100"), 10, 0, 100, &percent, NULL)) {
		wrong(error, "pct is a number from 0 to 100, not", tag(tags, "pct", ""));
		return NULL;
	}
	dmarc->percent = (unsigned)percent;
	return g_steal_pointer(&dmarc);
}

void dmarc_free(Dmarc *dmarc)
{
	if (!dmarc)
		return;
	g_free(dmarc->policy);
	g_free(dmarc->subdomains);
	g_ptr_array_unref(dmarc->reports);
	g_free(dmarc);
}

/* ---- a DKIM key ---- */

/* Is word one of a list with ":" between? */
static bool lists(const char *list, const char *word)
{
	g_auto(GStrv) words = g_strsplit(list, ":", -1);
	for (char **w = words; *w; w++)
		if (g_ascii_strcasecmp(g_strstrip(*w), word) == 0)
			return true;
	return false;
}

typedef struct Der {
	const guchar *at, *end;
} Der;

/* Steps into or over an element of that tag: its content in *inside, the reader behind it. False: it is not there. */
static bool der_take(Der *der, guchar wanted, Der *inside)
{
	if (der->end - der->at < 2 || *der->at != wanted)
		return false;
	size_t size = der->at[1];
	const guchar *from = der->at + 2;
	if (size & 0x80) {
		size_t bytes = size & 0x7f;
		size = 0;
		if (bytes == 0 || bytes > 3 || (size_t)(der->end - from) < bytes)
			return false;
		while (bytes--)
			size = size << 8 | *from++;
	}
	if ((size_t)(der->end - from) < size)
		return false;
	*inside = (Der){ from, from + size };
	der->at = from + size;
	return true;
}

/* The bits of the modulus in a SubjectPublicKeyInfo (RFC 5280), or a bare RSAPublicKey as some publish; 0: neither. */
static unsigned modulus_bits(const guchar *bytes, size_t size)
{
	enum { INTEGER = 2, BITS = 3, SEQUENCE = 0x30 };
	Der whole = { bytes, bytes + size }, key, algorithm, string, modulus;
	if (!der_take(&whole, SEQUENCE, &key))
		return 0;
	if (der_take(&key, SEQUENCE, &algorithm)) {
		if (!der_take(&key, BITS, &string) || string.at == string.end || *string.at++ != 0 || !der_take(&string, SEQUENCE, &key))
			return 0;
	}
	if (!der_take(&key, INTEGER, &modulus))
		return 0;
	while (modulus.at < modulus.end && *modulus.at == 0)
		modulus.at++;
	if (modulus.at == modulus.end)
		return 0;
	unsigned bits = (unsigned)(modulus.end - modulus.at) * 8;
	for (guchar first = *modulus.at; !(first & 0x80); first = (guchar)(first << 1))
		bits--;
	return bits;
}

static bool take_key(DkimPublished *key, const char *text, GError **error)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	for (const char *c = text; *c; c++)
		if (!strchr(SPACE, *c))
			g_string_append_c(plain, *c);
	key->key = g_strdup(plain->str);
	if (!*key->key)
		return true;
	size_t length = strspn(key->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	if (key->key[length + strspn(key->key + length, "=")])
		return wrong(error, "the key (p=) is no base64", text);
	gsize size = 0;
	g_autofree guchar *bytes = g_base64_decode(key->key, &size);
	bool rsa = strcmp(key->type, "rsa") == 0;
	key->bits = rsa ? modulus_bits(bytes, size) : 0;
	if (rsa ? key->bits == 0 : size != 32)
		return wrong(error, rsa ? "the key (p=) is no RSA key" : "the key (p=) is not the 32 bytes of Ed25519", text);
	return true;
}

DkimPublished *dkim_published_parse(const char *text, GError **error)
{
	g_autoptr(GHashTable) tags = tags_parse(text, error);
	if (!tags)
		return NULL;
	g_autoptr(DkimPublished) key = g_new0(DkimPublished, 1);
	const char *base64 = tag(tags, "p", NULL);
	if (strcmp(tag(tags, "v", "DKIM1"), "DKIM1") != 0) {
		wrong(error, "v is DKIM1, not", tag(tags, "v", ""));
		return NULL;
	}
	key->type = g_ascii_strdown(tag(tags, "k", "rsa"), -1);
	if (strcmp(key->type, "rsa") != 0 && strcmp(key->type, "ed25519") != 0) {
		wrong(error, "k is rsa or ed25519, not", key->type);
		return NULL;
	}
	if (!base64) {
		wrong(error, "its key (p=) is missing", text);
		return NULL;
	}
	key->testing = lists(tag(tags, "t", ""), "y");
	key->for_mail = lists(tag(tags, "s", "*"), "*") || lists(tag(tags, "s", "*"), "email");
	key->sha256 = lists(tag(tags, "h", "sha256"), "sha256");
	return take_key(key, base64, error) ? g_steal_pointer(&key) : NULL;
}

void dkim_published_free(DkimPublished *key)
{
	if (!key)
		return;
	g_free(key->type);
	g_free(key->key);
	g_free(key);
}
