/* SPDX-License-Identifier: MIT */
/* What is said of an incoming mail: see mail.h. */
#include "worker/mail.h"

#include "base/away.h"
#include "base/value.h"
#include "worker/mail_parts.h"

#include <string.h>

enum { REFERENCES_MOST = 100, ADDRESSES_MOST = 100, ID_MOST = 998 };

static const char *const kind_names[] = { "reply", "auto_reply", "bounce", "complaint", "unsubscribe", "other" };

static void put_string(json_t *object, const char *key, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value ? value : "", -1);
	json_object_set_new(object, key, json_string(valid));
}

/* A text of at most size bytes, cut between characters. */
static void put_cut(json_t *object, const char *key, const char *value, size_t size)
{
	size_t length = strlen(value);
	if (length > size) {
		length = size;
		while (length && ((unsigned char)value[length] & 0xC0) == 0x80)
			length--;
	}
	g_autofree char *cut = g_strndup(value, length);
	put_string(object, key, cut);
}

/* All Message-IDs of a header, in order. */
static json_t *ids(const Mail *mail, const char *name)
{
	json_t *list = json_array();
	g_autofree char *value = mail_header(mail, name);
	for (const char *open = strchr(value, '<'); open && json_array_size(list) < REFERENCES_MOST; open = strchr(open, '<')) {
		const char *close = strpbrk(open + 1, "<>");
		if (!close)
			break;
		if (*close == '>' && close > open + 1 && close - open <= ID_MOST) {
			g_autofree char *id = g_strndup(open + 1, (gsize)(close - open - 1));
			json_array_append_new(list, json_string(id));
		}
		open = close + (*close == '>');
	}
	return list;
}

static void add_addresses(json_t *list, InternetAddressList *addresses)
{
	int count = addresses ? internet_address_list_length(addresses) : 0;
	for (int i = 0; i < count && json_array_size(list) < ADDRESSES_MOST; i++) {
		InternetAddress *address = internet_address_list_get_address(addresses, i);
		if (!INTERNET_ADDRESS_IS_MAILBOX(address))
			continue;
		const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
		g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
		g_autofree char *lower = g_utf8_strdown(valid, -1);
		json_array_append_new(list, json_string(lower));
	}
}

/* Where mail systems say that they brought it. */
static json_t *delivered_to(const Mail *mail)
{
	static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To" };
	json_t *list = json_array();
	GMimeHeaderList *headers = mail->message ? g_mime_object_get_header_list(GMIME_OBJECT(mail->message)) : NULL;
	int count = headers ? g_mime_header_list_get_count(headers) : 0;
	for (int i = 0; i < count && json_array_size(list) < ADDRESSES_MOST; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		const char *value = g_mime_header_get_raw_value(header);
		bool is_one = false;
		for (size_t n = 0; n < G_N_ELEMENTS(names); n++)
			is_one |= g_ascii_strcasecmp(g_mime_header_get_name(header), names[n]) == 0;
		InternetAddressList *addresses = is_one && value ? internet_address_list_parse(NULL, value) : NULL;
		add_addresses(list, addresses);
		g_clear_object(&addresses);
	}
	return list;
}

static void put_people(json_t *out, const Mail *mail)
{
	json_t *to = json_array(), *cc = json_array();
	const char *name = NULL;
	if (mail->message) {
		add_addresses(to, g_mime_message_get_to(mail->message));
		add_addresses(cc, g_mime_message_get_cc(mail->message));
		InternetAddressList *from = g_mime_message_get_from(mail->message);
		if (from && internet_address_list_length(from))
			name = internet_address_get_name(internet_address_list_get_address(from, 0));
	}
	put_string(out, "from", mail->from);
	put_string(out, "from_name", name);
	json_object_set_new(out, "to", to);
	json_object_set_new(out, "cc", cc);
	json_object_set_new(out, "delivered_to", delivered_to(mail));
}

static void put_ids(json_t *out, const Mail *mail)
{
	g_autoptr(json_t) answered = ids(mail, "In-Reply-To");
	g_autoptr(json_t) own = ids(mail, "Message-ID");
	g_autofree char *bare = NULL;
	if (!json_array_size(own)) { /* some programs leave the brackets out */
		g_autofree char *value = mail_header(mail, "Message-ID");
		bare = mail_id(value);
	}
	const char *id = json_string_value(json_array_get(own, 0));
	put_string(out, "in_reply_to", json_string_value(json_array_get(answered, 0)));
	put_string(out, "message_id", id ? id : bare);
	json_object_set_new(out, "references", ids(mail, "References"));
}

static gint64 sent_at(const Mail *mail)
{
	GDateTime *date = mail->message ? g_mime_message_get_date(mail->message) : NULL;
	return date ? g_date_time_to_unix(date) : 0;
}

char *mail_read(const char *bytes, size_t size)
{
	g_autoptr(Mail) mail = mail_take_apart(bytes, size);
	g_autofree char *visible = mail_visible(mail);
	g_autoptr(json_t) bounces = mail_bounces(mail);
	MailKind kind = json_array_size(bounces) ? MAIL_BOUNCE : mail_kind(mail, visible);
	if (mail->feedback)
		kind = MAIL_COMPLAINT;
	if (kind != MAIL_BOUNCE)
		json_array_clear(bounces);
	g_autofree char *returns = kind == MAIL_AUTO_REPLY ? away_returns(visible, sent_at(mail)) : NULL;
	g_autofree char *original = kind == MAIL_BOUNCE || kind == MAIL_COMPLAINT ? mail_original_id(mail) : NULL;
	if (kind == MAIL_BOUNCE && !original) /* a notice in plain text holds the returned mail in itself */
		original = g_strdup(value_string(json_array_get(bounces, 0), "message_id", ""));
	g_autoptr(json_t) out = json_object();
	put_string(out, "kind", kind_names[kind]);
	put_cut(out, "text", kind == MAIL_BOUNCE || kind == MAIL_COMPLAINT ? mail->body->str : visible, MAIL_TEXT_BYTES);
	put_ids(out, mail);
	put_people(out, mail);
	put_string(out, "subject", mail->subject);
	json_object_set_new(out, "date", json_integer(sent_at(mail)));
	json_object_set(out, "bounces", bounces);
	json_object_set_new(out, "returns", returns ? json_string(returns) : json_null());
	put_string(out, "original_message_id", original);
	json_object_set_new(out, "auto", json_boolean(kind == MAIL_BOUNCE || mail_is_automatic(mail)));
	return value_text(out);
}
