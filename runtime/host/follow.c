/* SPDX-License-Identifier: MIT */
/* Links that somebody opens: see follow.h. */
#include "host/follow.h"

#include "host/confirm.h"
#include "host/ledger.h"
#include "host/links.h"
#include "host/token.h"
#include "host/unsubscribe.h"

#include <string.h>

#define COLUMNS "SELECT id, contact, account, address, subject, template, coalesce(first_handed_at, at), state, channel, run, options FROM messages"
/* '@' and 'A' are neighbours: all ids with this random part, of whatever domain. */
static const char FIND[] =
	COLUMNS " WHERE message_id >= ?1 || '@' AND message_id < ?1 || 'A' AND direction = 'out' AND message_id IS NOT NULL ORDER BY id LIMIT 1";
static const char LOAD[] = COLUMNS " WHERE id = ? AND direction = 'out'";
static const char LOCALE[] = "SELECT locale FROM contacts WHERE id = ?";

void followed_clear(Followed *who)
{
	g_free(who->from);
	g_free(who->address);
	g_free(who->locale);
	g_free(who->url);
	*who = (Followed){ 0 };
}

void followed_mail_clear(FollowedMail *mail)
{
	g_free(mail->contact);
	g_free(mail->account);
	g_free(mail->channel);
	g_free(mail->address);
	g_free(mail->subject);
	g_free(mail->template_name);
	*mail = (FollowedMail){ 0 };
}

static bool read_mail(Rows *rows, FollowedMail *mail)
{
	if (!rows_next(rows))
		return false;
	g_autoptr(json_t) options = rows_null(rows, 10) ? NULL : value_parse(rows_text(rows, 10), -1, NULL);
	/* Whoever got a redirected one is not whom it was for. */
	const char *contact = value_true(options, "redirected") ? NULL : rows_text(rows, 1);
	*mail = (FollowedMail){ .id = rows_int(rows, 0), .contact = g_strdup(contact), .account = g_strdup(rows_text(rows, 2)),
		                .address = g_strdup(rows_text(rows, 3)), .subject = g_strdup(rows_text(rows, 4)),
		                .template_name = g_strdup(rows_text(rows, 5)), .sent_at = rows_int(rows, 6),
		                .unknown = g_strcmp0(rows_text(rows, 7), "unknown") == 0,
		                .channel = g_strdup(rows_text(rows, 8)), .run = rows_int(rows, 9) };
	rows_done(rows);
	return true;
}

bool follow_find(Host *host, FollowKind kind, const char *token, FollowedMail *mail)
{
	g_autofree char *random = g_strndup(token, TOKEN_RANDOM);
	return token_fits(host, kind, token, 0) && read_mail(db_query(host->db, FIND, "s", random), mail);
}

bool follow_load(Host *host, int64_t message, FollowedMail *mail)
{
	return read_mail(db_query(host->db, LOAD, "i", message), mail);
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

void follow_tell(Host *host, const FollowedMail *mail, Followed *who)
{
	const Account *account = mail->account ? workspace_account(host->workspace, mail->account) : NULL;
	who->from = g_strdup(!account ? "" : account->from_name ? account->from_name : account->from_address);
	who->address = masked(mail->address);
	who->locale = mail->contact ? db_text(host->db, LOCALE, "s", mail->contact) : NULL;
}

void follow_settle(Host *host, const FollowedMail *mail)
{
	if (mail->unknown)
		ledger_resolve(host, mail->id, "sent", NULL);
}

void follow_link(Host *host, FollowKind kind, const char *token, bool act, Followed *who)
{
	*who = (Followed){ .state = FOLLOWED_UNKNOWN };
	switch (kind) {
	case FOLLOW_UNSUBSCRIBE: unsubscribe_follow(host, token, act, who); break;
	case FOLLOW_CONFIRM: confirm_follow(host, token, act, who); break;
	case FOLLOW_LINK: links_follow(host, token, act, who); break;
	}
}
