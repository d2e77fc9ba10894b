/* SPDX-License-Identifier: MIT */
/* Unsubscribing by a link: see unsubscribe.h. */
#include "host/unsubscribe.h"

#include "base/url.h"
#include "host/events.h"
#include "host/ledger.h"
#include "host/policy.h"

#include <string.h>

enum {
	RANDOM_CHARS = 26, /* of a Message-ID: compose.h */
	MAC_BYTES = 16,    /* the left half of the HMAC (RFC 2104, 5): 26 characters too */
	BASE_MOST = 500,   /* so that the header's line stays below 998 bytes */
};
G_STATIC_ASSERT(2 * RANDOM_CHARS == UNSUBSCRIBE_TOKEN_CHARS);

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* '@' and 'A' are neighbours: all ids with this random part, of whatever domain. */
static const char FIND[] =
	"SELECT id, contact, account, address, subject, state FROM messages"
	" WHERE message_id >= ?1 || '@' AND message_id < ?1 || 'A' AND direction = 'out' AND message_id IS NOT NULL ORDER BY id LIMIT 1";
static const char LOCALE[] = "SELECT locale FROM contacts WHERE id = ?";

#define UNSUBSCRIBE_ERROR (g_quark_from_static_string("perigee-unsubscribe-error"))

bool unsubscribe_offered(const char *purpose)
{
	return g_strcmp0(purpose, "ask") == 0 || g_strcmp0(purpose, "news") == 0;
}

/* ---- links ----------------------------------------------------------------------------------------------------- */

static bool may_be_http(const Workspace *workspace, const Url *url)
{
	g_autofree char *place = url_place(url);
	for (size_t i = 0; i < json_array_size(workspace->allow_addresses); i++)
		if (g_ascii_strcasecmp(json_string_value(json_array_get(workspace->allow_addresses, i)), place) == 0)
			return true;
	return (url->is_ip && g_str_has_prefix(url->host, "127.")) || g_str_equal(url->host, "[::1]") || g_str_equal(url->host, "localhost");
}

char *unsubscribe_base(const Workspace *workspace, GError **error)
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
		g_set_error(error, UNSUBSCRIBE_ERROR, 0, "public_url: %s: mails offer unsubscribing by mail alone", wrong);
		return NULL;
	}
	char *base = url_text(&url);
	for (size_t n = strlen(base); n && base[n - 1] == '/'; n--)
		base[n - 1] = 0;
	return base;
}

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
static char *key_of(Host *host, bool make)
{
	static const char NAME[] = "unsubscribe_key";
	char *key = db_meta(host->db, NAME);
	if (key || !make)
		return key;
	GString *text = g_string_new(NULL);
	for (int i = 0; i < 4; i++)
		g_string_append_printf(text, "%016" G_GINT64_MODIFIER "x", (guint64)host_random(host));
	host_write(host);
	db_set_meta(host->db, NAME, text->str);
	return g_string_free(text, FALSE);
}

/* The token of a Message-ID's random part. */
static char *token_of(const char *key, const char *random)
{
	guint8 sum[32];
	gsize size = sizeof sum;
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)key, strlen(key));
	g_hmac_update(hmac, (const guchar *)"unsubscribe\n", -1);
	g_hmac_update(hmac, (const guchar *)random, RANDOM_CHARS);
	g_hmac_get_digest(hmac, sum, &size);
	g_hmac_unref(hmac);
	GString *token = g_string_new_len(random, RANDOM_CHARS);
	put_base32(token, sum, MAC_BYTES);
	return g_string_free(token, FALSE);
}

char *unsubscribe_url(Host *host, const char *message_id)
{
	g_autofree char *base = unsubscribe_base(host->workspace, NULL);
	if (!base || strspn(message_id, base32) != RANDOM_CHARS || message_id[RANDOM_CHARS] != '@')
		return NULL;
	g_autofree char *key = key_of(host, true);
	g_autofree char *token = token_of(key, message_id);
	return g_strdup_printf("%s/u/%s", base, token);
}

char *unsubscribe_example(const Host *host)
{
	g_autofree char *base = unsubscribe_base(host->workspace, NULL);
	return base ? g_strconcat(base, "/u/example", NULL) : NULL;
}

/* ---- following one --------------------------------------------------------------------------------------------- */

static bool is_token(Host *host, const char *token)
{
	if (strlen(token) != UNSUBSCRIBE_TOKEN_CHARS || strspn(token, base32) != UNSUBSCRIBE_TOKEN_CHARS)
		return false;
	g_autofree char *key = key_of(host, false);
	if (!key)
		return false;
	g_autofree char *wanted = token_of(key, token);
	unsigned differs = 0;
	for (int i = 0; i < UNSUBSCRIBE_TOKEN_CHARS; i++)
		differs |= (unsigned char)token[i] ^ (unsigned char)wanted[i];
	return !differs;
}

/* Enough for whoever has this address to know it, and too little for others. */
static char *masked(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	if (!at || at == address || !g_utf8_validate(address, -1, NULL))
		return g_strdup("");
	const char *second = g_utf8_next_char(address);
	return g_strdup_printf("%.*s***%s", second < at ? (int)(second - address) : 0, address, at);
}

void unsubscribed_clear(Unsubscribed *who)
{
	g_free(who->from);
	g_free(who->address);
	g_free(who->locale);
	*who = (Unsubscribed){ 0 };
}

typedef struct Link {
	int64_t message;
	char *contact, *account, *address, *subject;
	bool unknown; /* what became of the message */
} Link;

static void link_clear(Link *link)
{
	g_free(link->contact);
	g_free(link->account);
	g_free(link->address);
	g_free(link->subject);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Link, link_clear)

static bool find(Host *host, const char *token, Link *link)
{
	g_autofree char *random = g_strndup(token, RANDOM_CHARS);
	Rows *rows = db_query(host->db, FIND, "s", random);
	if (!rows_next(rows))
		return false;
	*link = (Link){ .message = rows_int(rows, 0), .contact = g_strdup(rows_text(rows, 1)), .account = g_strdup(rows_text(rows, 2)),
		        .address = g_strdup(rows_text(rows, 3)), .subject = g_strdup(rows_text(rows, 4)),
		        .unknown = g_strcmp0(rows_text(rows, 5), "unknown") == 0 };
	rows_done(rows);
	return true;
}

/* All that inbox.c does for a mail that unsubscribes. */
static void act_on(Host *host, const Link *link)
{
	host_write(host);
	if (link->unknown) /* whoever has the link has the mail */
		ledger_resolve(host, link->message, "sent", NULL);
	if (link->address)
		policy_suppress_identity(host, "email", link->address, "opted_out", link->contact);
	host_see(host, json_pack("{ss ss ss ss}", "event", "received", "channel", "email", "kind", "unsubscribe", "text", ""), link->contact, 0);
	g_autoptr(json_t) data = json_pack("{ss ss sI ss* ss}", "text", "", "channel", "email", "at", (json_int_t)(host_now(host) / 1000), "subject",
	                                   link->subject, "kind", "unsubscribe");
	events_record(host, link->contact, "unsubscribe", "email", link->message, link->message, data);
}

void unsubscribe_follow(Host *host, const char *token, bool act, Unsubscribed *who)
{
	g_auto(Link) link = { 0 };
	*who = (Unsubscribed){ .state = UNSUBSCRIBE_UNKNOWN };
	if (!is_token(host, token) || !find(host, token, &link))
		return;
	const Account *account = link.account ? workspace_account(host->workspace, link.account) : NULL;
	who->from = g_strdup(!account ? "" : account->from_name ? account->from_name : account->from_address);
	who->address = masked(link.address);
	who->locale = link.contact ? db_text(host->db, LOCALE, "s", link.contact) : NULL;
	if (link.contact ? policy_left(host, link.contact) : !link.address) /* somebody who has been erased has neither */
		who->state = UNSUBSCRIBE_ALREADY;
	else
		who->state = act ? UNSUBSCRIBE_DONE : UNSUBSCRIBE_NOT_YET;
	if (who->state == UNSUBSCRIBE_DONE && link.contact)
		act_on(host, &link);
	else if (who->state == UNSUBSCRIBE_DONE)
		log_info("the link of a test message was followed: it unsubscribes nobody");
}
