/* SPDX-License-Identifier: MIT */
/* What the rules of policy look at, and how they say what they found: see policy_rules.h. */
#include "host/policy_rules.h"

#include <string.h>

#include "host/contacts.h"
#include "host/ledger.h"
#include "host/local.h"

static const char PERSON[] = "SELECT timezone, country, away_until, consent, consent_source, consent_at FROM contacts WHERE id = ?";
static const char IDENTITIES[] = "SELECT channel, norm FROM identities WHERE contact = ?";
#define SENT_COLUMNS "SELECT m.handed_at, m.channel, m.purpose, m.id FROM "
#define X(channel) ", '" channel ":' || i.norm"
#define OR_IDENTITY CONTACTS_PHONE_CHANNELS(X)
#define SENT_MATCHES "m.handed_at > ?2 AND m.direction = 'out' AND m.id <> ?3 AND " LEDGER_SENT("m.state")
/* To them; by an address of theirs to others; by their telephone number on a channel that goes by one. */
static const char SENT[] =
	SENT_COLUMNS "messages m WHERE m.contact = ?1 AND " SENT_MATCHES
	" UNION ALL " SENT_COLUMNS "identities i CROSS JOIN messages m WHERE i.contact = ?1 AND m.identity = i.channel || ':' || i.norm AND m.contact IS NOT ?1"
	" AND " SENT_MATCHES
	" UNION ALL " SENT_COLUMNS "identities i CROSS JOIN messages m WHERE i.contact = ?1 AND i.channel = 'phone' AND m.identity IN"
	" ('phone:' || i.norm" OR_IDENTITY ") AND m.contact IS NOT ?1 AND " SENT_MATCHES;
#undef X
static const char WROTE[] =
	"SELECT max(min(m.at, e.at)) FROM events e JOIN messages m ON m.id = e.message WHERE e.contact = ? AND e.kind = 'reply' AND m.channel = ?";
static const char WROTE_FROM_ADDRESS[] =
	"SELECT max(m.at) FROM messages m WHERE m.identity = ? AND m.direction = 'in' AND m.at <= ?"
	" AND EXISTS (SELECT 1 FROM events e WHERE e.contact = m.contact AND e.kind = 'reply' AND e.message = m.id)";
static const char ANSWERED_SINCE[] =
	"SELECT 1 FROM events e JOIN messages m ON m.id = e.message WHERE e.contact = ? AND e.kind = 'reply' AND m.at > ? LIMIT 1";

#define ANSWER_DAYS 7 /* how long after their message something is an answer to it */

/* ---- verdicts -------------------------------------------------------------------------------------------------- */

Verdict verdict_allow(void)
{
	return (Verdict){ .answer = POLICY_ALLOW };
}

Verdict verdict_say(PolicyAnswer answer, Time until, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	Verdict verdict = { .answer = answer, .until = until, .reason = g_strdup_vprintf(format, arguments) };
	va_end(arguments);
	return verdict;
}

Said said_in(GTimeZone *zone, Time at)
{
	Said s = { "later" };
	if (at == TIME_NEVER)
		return s;
	int64_t local = local_from_utc(zone, local_floor(at, 1000));
	int64_t second = local_rest(local, LOCAL_DAY);
	int year, month, date;
	local_civil(local_floor(local, LOCAL_DAY), &year, &month, &date);
	g_snprintf(s.text, sizeof s.text, "%04d-%02d-%02d %02d:%02d", year, month, date, (int)(second / 3600), (int)(second / 60 % 60));
	return s;
}

Said said(const Look *look, Time at)
{
	return said_in(look->host->workspace->zone, at);
}

/* ---- the case --------------------------------------------------------------------------------------------------- */

/* A template calls itself an answer, but it is one only if they have written, themselves: else any message could pass by that name. */
static unsigned purpose_of(const Look *look)
{
	const char *purpose = look->c->purpose ? look->c->purpose : "ask";
	if (strcmp(purpose, "service") == 0)
		return PURPOSE_SERVICE;
	if (strcmp(purpose, "news") == 0)
		return PURPOSE_NEWS;
	if (strcmp(purpose, "answer") == 0 &&
	    db_int(look->host->db, 0, ANSWERED_SINCE, "si", look->c->contact, look->now - ANSWER_DAYS * TIME_DAY))
		return PURPOSE_ANSWER;
	return PURPOSE_ASK;
}

void look_init(Look *look, Host *host, const PolicyCase *c)
{
	*look = (Look){ .host = host, .c = c, .now = host_now(host), .zone = host->workspace->zone,
		        .channel = channels_find(host->workspace->channels, c->channel) };
	look->purpose = purpose_of(look);
	Rows *rows = db_query(host->db, PERSON, "s", c->contact);
	if (rows_next(rows)) {
		look->zone = workspace_zone_of(host->workspace, rows_text(rows, 0), rows_text(rows, 1));
		look->away_until = rows_int(rows, 2);
		look->consent = g_strdup(rows_text(rows, 3));
		look->consent_source = g_strdup(rows_text(rows, 4));
		look->consent_at = rows_int(rows, 5);
		rows_done(rows);
	}
}

void look_clear(Look *look)
{
	g_free(look->consent);
	g_free(look->consent_source);
	g_clear_pointer(&look->identities, g_ptr_array_unref);
	g_clear_pointer(&look->sent, g_array_unref);
}

const GPtrArray *look_identities(Look *look)
{
#define X(name) name,
	static const char *const by_phone[] = { CONTACTS_PHONE_CHANNELS(X) };
#undef X
	if (look->identities)
		return look->identities;
	look->identities = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(look->host->db, IDENTITIES, "s", look->c->contact);
	while (rows_next(rows)) {
		const char *channel = rows_text(rows, 0), *norm = rows_text(rows, 1);
		bool phone = strcmp(channel, "phone") == 0;
		for (size_t i = 0; i < (phone ? G_N_ELEMENTS(by_phone) : 1); i++)
			g_ptr_array_add(look->identities, g_strconcat(phone ? by_phone[i] : channel, ":", norm, NULL));
	}
	return look->identities;
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
	const Sent *x = a, *y = b;
	return x->at != y->at ? (x->at < y->at) - (x->at > y->at) : (x->id > y->id) - (x->id < y->id);
}

const GArray *look_sent(Look *look)
{
	if (look->sent)
		return look->sent;
	look->sent = g_array_new(FALSE, FALSE, sizeof(Sent));
	Rows *rows = db_query(look->host->db, SENT, "sii", look->c->contact, look->now - LOOK_SENT_DAYS * TIME_DAY, look->c->message);
	while (rows_next(rows)) {
		const char *purpose = rows_text(rows, 2);
		Sent sent = { .at = rows_int(rows, 0), .id = rows_int(rows, 3), .channel = g_intern_string(rows_text(rows, 1)), .counts_as_ask = !purpose || strcmp(purpose, "ask") == 0 };
		g_array_append_val(look->sent, sent);
	}
	g_array_sort(look->sent, newest_first);
	/* Who has a number as phone and as whatsapp is found by both. */
	for (guint i = look->sent->len; i > 1; i--)
		if (g_array_index(look->sent, Sent, i - 1).id == g_array_index(look->sent, Sent, i - 2).id)
			g_array_remove_index(look->sent, i - 1);
	return look->sent;
}

/* Whose clock says when does not matter: nobody wrote after now, nor after we heard of it. */
Time look_wrote_at(Look *look)
{
	if (look->looked_for_wrote)
		return look->wrote_at;
	look->looked_for_wrote = true;
	const char *channel = look->c->channel;
	look->wrote_at = db_int(look->host->db, 0, WROTE, "ss", look->c->contact, channel);
	const GPtrArray *identities = look_identities(look);
	for (guint i = 0; i < identities->len; i++) {
		const char *identity = identities->pdata[i];
		if (g_str_has_prefix(identity, channel) && identity[strlen(channel)] == ':')
			look->wrote_at = MAX(look->wrote_at, db_int(look->host->db, 0, WROTE_FROM_ADDRESS, "si", identity, look->now));
	}
	return look->wrote_at;
}
