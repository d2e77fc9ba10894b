/* SPDX-License-Identifier: MIT */
/* Signed links: see links.h. */
#include "host/links.h"

#include "host/contacts.h"
#include "host/events.h"
#include "host/token.h"

#include <string.h>

G_DEFINE_QUARK(perigee-links-error, links_error)

enum { URL_BYTES = 2000 };

static const char RANDOM[] = "SELECT random FROM links WHERE message = ? LIMIT 1";
static const char RECORD[] = "INSERT OR REPLACE INTO links (message, position, random, url, until) VALUES (?, ?, ?, ?, ?)";
static const char FIND[] = "SELECT message, position, url, until, opened_at FROM links WHERE random = ? ORDER BY message, position";
static const char OPENED[] = "UPDATE links SET opened_at = ? WHERE message = ? AND position = ? AND opened_at IS NULL";
static const char NEWEST[] =
	"SELECT l.message, l.position, l.url, l.until, l.opened_at FROM links l JOIN messages m ON m.id = l.message"
	" WHERE m.contact = ?1 AND (?2 = '' OR m.channel = ?2) AND (?3 = '' OR l.url = ?3) AND m.state IN ('accepted', 'delivered', 'read', 'replied')"
	" ORDER BY l.message DESC, l.position LIMIT 1";

typedef struct Link {
	int64_t message, position;
	char *url;
	Time until;
	bool opened;
} Link;

static void link_clear(Link *link)
{
	g_free(link->url);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Link, link_clear)

static void read_link(Rows *rows, Link *link)
{
	*link = (Link){ rows_int(rows, 0), rows_int(rows, 1), g_strdup(rows_text(rows, 2)), rows_int(rows, 3), !rows_null(rows, 4) };
	rows_done(rows);
}

/* ---- making them ------------------------------------------------------------------------------------------------- */

static json_t *examples(void)
{
	json_t *tokens = json_array();
	for (int i = 0; i < LINKS_MOST; i++)
		json_array_append_new(tokens, json_string("example"));
	return tokens;
}

json_t *links_offer(Host *host, int64_t message, char **random)
{
	g_autofree char *prefix = token_prefix(host->workspace, FOLLOW_LINK);
	if (!prefix)
		return NULL;
	if (!message)
		return json_pack("{s:s, s:o}", "base", prefix, "tokens", examples());
	/* One that is composed anew keeps its links: whoever has had it before can open them. */
	*random = db_text(host->db, RANDOM, "i", message);
	if (!*random)
		*random = token_random(host);
	return json_pack("{s:s, s:o}", "base", prefix, "tokens", token_list(host, FOLLOW_LINK, *random, LINKS_MOST));
}

/* A header's value: what can stand in a URL, and nothing else. */
static bool is_url(const char *url)
{
	const char *rest = g_ascii_strncasecmp(url, "https://", 8) == 0 ? url + 8 : g_ascii_strncasecmp(url, "http://", 7) == 0 ? url + 7 : "";
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("<>\"\\^`{|}", *c))
			return false;
	return *rest && *rest != '/' && strlen(url) <= URL_BYTES;
}

static bool until_of(Host *host, const char *contact, const json_t *within, Time *until, GError **error)
{
	g_autoptr(GTimeZone) zone = contact ? contacts_zone(host, contact) : g_time_zone_ref(host->workspace->zone);
	return when_resolve(within, host_now(host), zone, host->workspace->hours, until, error);
}

bool links_fit(Host *host, const char *contact, const json_t *links, GError **error)
{
	Time until;
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i), *within = json_object_get(link, "within");
		const char *url = value_string(link, "url", "");
		if (i >= LINKS_MOST || !is_url(url) || !json_is_string(within)) {
			g_set_error(error, LINKS_ERROR, LINKS_ERROR_INVALID, "link: %.100s is no address that a link could lead to", url);
			return false;
		}
		if (!until_of(host, contact, within, &until, error)) {
			g_prefix_error(error, "link: ");
			return false;
		}
	}
	return true;
}

void links_record(Host *host, int64_t message, const char *contact, const char *random, const json_t *links)
{
	for (size_t i = 0; random && i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i);
		Time until;
		if (until_of(host, contact, json_object_get(link, "within"), &until, NULL))
			db_run(host->db, RECORD, "iissi", message, (int64_t)i + 1, random, value_string(link, "url", ""), until);
	}
}

/* ---- opening them ------------------------------------------------------------------------------------------------ */

static bool find(Host *host, const char *token, Link *link)
{
	g_autofree char *random = g_strndup(token, TOKEN_RANDOM);
	Rows *rows = db_query(host->db, FIND, "s", random);
	while (rows_next(rows)) {
		if (!token_fits(host, FOLLOW_LINK, token, (unsigned)rows_int(rows, 1)))
			continue;
		read_link(rows, link);
		return true;
	}
	return false;
}

static void open_link(Host *host, const Link *link, const FollowedMail *mail)
{
	if (link->opened)
		return;
	host_write(host);
	follow_settle(host, mail);
	db_run(host->db, OPENED, "iii", host_now(host), link->message, link->position);
	if (!mail->contact)
		return;
	host_see(host, json_pack("{ss ss ss ss}", "event", "received", "channel", mail->channel, "kind", "click", "text", link->url), mail->contact, mail->run);
	g_autoptr(json_t) data = json_pack("{ss}", "url", link->url);
	events_record(host, mail->contact, "click", mail->channel, mail->id, mail->id, data);
}

void links_follow(Host *host, const char *token, bool act, Followed *who)
{
	g_auto(Link) link = { 0 };
	g_auto(FollowedMail) mail = { 0 };
	if (!find(host, token, &link) || !follow_load(host, link.message, &mail))
		return;
	follow_tell(host, &mail, who);
	who->state = host_now(host) > link.until ? FOLLOWED_OVER : FOLLOWED_GOES;
	if (who->state != FOLLOWED_GOES)
		return;
	who->url = g_strdup(link.url);
	if (act)
		open_link(host, &link, &mail);
}

bool links_pretend(Host *host, const char *contact, const char *channel, const char *url)
{
	g_auto(Link) link = { 0 };
	g_auto(FollowedMail) mail = { 0 };
	Rows *rows = db_query(host->db, NEWEST, "sss", contact, channel ? channel : "", url ? url : "");
	if (!rows_next(rows))
		return false;
	read_link(rows, &link);
	if (follow_load(host, link.message, &mail) && host_now(host) <= link.until)
		open_link(host, &link, &mail);
	return true;
}
