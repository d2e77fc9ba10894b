/* SPDX-License-Identifier: MIT */
/* Links that nobody else can make: see token.h. */
#include "host/token.h"

#include "base/url.h"

#include <string.h>

enum {
	MAC_BYTES = 16,    /* the left half of the HMAC (RFC 2104, 5): 26 characters too */
	BASE_MOST = 500,   /* so that the header's line stays below 998 bytes */
};
G_STATIC_ASSERT(2 * TOKEN_RANDOM == FOLLOW_TOKEN_CHARS);

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* By FollowKind: the word that the HMAC is of, and the part of the path. */
static const struct { const char *word; char path; } kinds[] = {
	[FOLLOW_UNSUBSCRIBE] = { "unsubscribe\n", 'u' }, [FOLLOW_CONFIRM] = { "confirm\n", 'c' }, [FOLLOW_LINK] = { "link\n", 'l' },
};

#define TOKEN_ERROR (g_quark_from_static_string("perigee-token-error"))

/* ---- where links lead -------------------------------------------------------------------------------------------- */

static bool may_be_http(const Workspace *workspace, const Url *url)
{
	g_autofree char *place = url_place(url);
	for (size_t i = 0; i < json_array_size(workspace->allow_addresses); i++)
		if (g_ascii_strcasecmp(json_string_value(json_array_get(workspace->allow_addresses, i)), place) == 0)
			return true;
	return (url->is_ip && g_str_has_prefix(url->host, "127.")) || g_str_equal(url->host, "[::1]") || g_str_equal(url->host, "localhost");
}

char *token_base(const Workspace *workspace, GError **error)
{
	Url url;
	if (!workspace->public_url)
		return NULL;
	if (!url_parse(workspace->public_url, &url, error)) {
		g_prefix_error(error, "public_url: ");
		return NULL;
	}
	const char *wrong = !url.https && !may_be_http(workspace, &url) ? "it must be https:// (RFC 8058)" :
	                    strpbrk(url.target, "?<>,;'\"(){}") ? "it is an address and a path, with nothing behind them" :
	                    strlen(workspace->public_url) > BASE_MOST ? "it is too long" : NULL;
	if (wrong) {
		g_set_error(error, TOKEN_ERROR, 0, "public_url: %s: mails offer unsubscribing by mail alone", wrong);
		return NULL;
	}
	char *base = url_text(&url);
	for (size_t n = strlen(base); n && base[n - 1] == '/'; n--)
		base[n - 1] = 0;
	return base;
}

char *token_prefix(const Workspace *workspace, FollowKind kind)
{
	g_autofree char *base = token_base(workspace, NULL);
	return base ? g_strdup_printf("%s/%c/", base, kinds[kind].path) : NULL;
}

/* ---- what they are made of --------------------------------------------------------------------------------------- */

/* Five bits a character from the top; the last one holds three and two zeros. */
static void put_base32(GString *out, const guint8 *bytes, size_t size)
{
	unsigned bits = 0, held = 0;
	for (size_t i = 0; i < size; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 5; held -= 5)
			g_string_append_c(out, base32[bits >> (held - 5) & 31]);
	}
	if (held)
		g_string_append_c(out, base32[bits << (5 - held) & 31]);
}

/* Caller frees. NULL: the database has no key, so no token was ever made. */
static char *key_of(Host *host, bool create)
{
	static const char NAME[] = "unsubscribe_key";
	char *key = db_meta(host->db, NAME);
	if (key || !create)
		return key;
	GString *text = g_string_new(NULL);
	for (int i = 0; i < 4; i++)
		g_string_append_printf(text, "%016" G_GINT64_MODIFIER "x", (guint64)host_random(host));
	host_write(host);
	db_set_meta(host->db, NAME, text->str);
	return g_string_free(text, FALSE);
}

static char *make(const char *key, FollowKind kind, const char *random, unsigned number)
{
	guint8 sum[32];
	gsize size = sizeof sum;
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)key, strlen(key));
	g_hmac_update(hmac, (const guchar *)kinds[kind].word, -1);
	g_hmac_update(hmac, (const guchar *)random, TOKEN_RANDOM);
	if (number) { /* those of a message itself have none */
		g_autofree char *text = g_strdup_printf("\n%u", number);
		g_hmac_update(hmac, (const guchar *)text, -1);
	}
	g_hmac_get_digest(hmac, sum, &size);
	g_hmac_unref(hmac);
	GString *token = g_string_new_len(random, TOKEN_RANDOM);
	put_base32(token, sum, MAC_BYTES);
	return g_string_free(token, FALSE);
}

char *token_random(Host *host)
{
	uint64_t parts[] = { host_random(host), host_random(host) };
	GString *text = g_string_new(NULL);
	put_base32(text, (const guint8 *)parts, sizeof parts);
	return g_string_free(text, FALSE);
}

bool token_is_random(const char *text)
{
	return strspn(text, base32) >= TOKEN_RANDOM;
}

char *token_make(Host *host, FollowKind kind, const char *random, unsigned number)
{
	g_autofree char *key = key_of(host, true);
	return make(key, kind, random, number);
}

json_t *token_list(Host *host, FollowKind kind, const char *random, unsigned n)
{
	g_autofree char *key = key_of(host, true);
	json_t *list = json_array();
	for (unsigned i = 1; i <= n; i++) {
		g_autofree char *token = make(key, kind, random, i);
		json_array_append_new(list, json_string(token));
	}
	return list;
}

bool token_fits(Host *host, FollowKind kind, const char *token, unsigned number)
{
	if (strlen(token) != FOLLOW_TOKEN_CHARS || strspn(token, base32) != FOLLOW_TOKEN_CHARS)
		return false;
	g_autofree char *key = key_of(host, false);
	if (!key)
		return false;
	g_autofree char *wanted = make(key, kind, token, number);
	unsigned differs = 0;
	for (int i = 0; i < FOLLOW_TOKEN_CHARS; i++)
		differs |= (unsigned char)token[i] ^ (unsigned char)wanted[i];
	return !differs;
}

char *token_url(Host *host, FollowKind kind, const char *message_id)
{
	g_autofree char *prefix = token_prefix(host->workspace, kind);
	if (!prefix || strspn(message_id, base32) != TOKEN_RANDOM || message_id[TOKEN_RANDOM] != '@')
		return NULL;
	g_autofree char *token = token_make(host, kind, message_id, 0);
	return g_strconcat(prefix, token, NULL);
}

char *token_example(const Workspace *workspace, FollowKind kind)
{
	g_autofree char *prefix = token_prefix(workspace, kind);
	return prefix ? g_strconcat(prefix, "example", NULL) : NULL;
}
