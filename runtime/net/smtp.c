/* SPDX-License-Identifier: MIT */
/* The words of SMTP: see smtp.h. */
#include "net/smtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_QUARK(perigee-smtp-error, smtp_error)

void smtp_reply_init(SmtpReply *reply)
{
	*reply = (SmtpReply){ .text = g_string_new(NULL) };
}

void smtp_reply_clear(SmtpReply *reply)
{
	if (reply->text)
		g_string_free(reply->text, TRUE);
	reply->text = NULL;
}

static bool malformed(GError **error, const char *what)
{
	g_set_error(error, SMTP_ERROR, SMTP_ERROR_FORMAT, "the server's answer is no SMTP: %s", what);
	return false;
}

/* Digits of "5.7.26" at the front of text; 0 if no enhanced status code of the reply's class stands there. */
static size_t enhanced_length(const char *text, unsigned code)
{
	if (text[0] < '2' || text[0] > '5' || text[1] != '.' || (unsigned)(text[0] - '0') != code / 100)
		return 0;
	size_t subject = strspn(text + 2, "0123456789");
	if (subject < 1 || subject > 3 || text[2 + subject] != '.')
		return 0;
	size_t detail = strspn(text + 3 + subject, "0123456789");
	size_t all = 3 + subject + detail;
	return detail >= 1 && detail <= 3 && (text[all] == ' ' || text[all] == 0) ? all : 0;
}

static void add_text(SmtpReply *reply, const char *text)
{
	size_t length = enhanced_length(text, reply->code);
	if (length > 0 && !*reply->enhanced)
		g_strlcpy(reply->enhanced, text, length + 1);
	text += length;
	text += strspn(text, " ");
	if (!*text || reply->text->len >= SMTP_TEXT)
		return;
	if (reply->text->len > 0)
		g_string_append_c(reply->text, ' ');
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	for (char *c = valid; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	g_string_append(reply->text, valid);
	if (reply->text->len > SMTP_TEXT) {
		size_t size = SMTP_TEXT;
		while (((unsigned char)reply->text->str[size] & 0xc0) == 0x80) /* not within a character */
			size--;
		g_string_truncate(reply->text, size);
	}
}

/* One line without its ending: "250-text", "250 text" or "250". */
static bool take_line(SmtpReply *reply, char *line, bool first, bool *last, GError **error)
{
	size_t length = strlen(line);
	if (length > 0 && line[length - 1] == '\r')
		line[--length] = 0;
	if (length < 3 || strspn(line, "0123456789") != 3 || line[0] < '2' || line[0] > '5')
		return malformed(error, "a line does not begin with a code");
	if (line[3] && line[3] != ' ' && line[3] != '-')
		return malformed(error, "no space after the code");
	unsigned code = (unsigned)strtoul(line, NULL, 10);
	if (!first && code != reply->code)
		return malformed(error, "the code changes within an answer");
	reply->code = code;
	*last = line[3] != '-';
	add_text(reply, line[3] ? line + 4 : line + 3);
	return true;
}

bool smtp_reply_take(GString *in, SmtpReply *reply, GPtrArray *lines, GError **error)
{
	/* First look whether it is whole, so that a torn answer is read again from its beginning. */
	size_t end = 0;
	bool whole = false;
	for (int n = 0; !whole; n++) {
		const char *start = in->str + end;
		const char *newline = memchr(start, '\n', in->len - end);
		if (in->len - end > SMTP_LINE && (!newline || newline - start > SMTP_LINE))
			return malformed(error, "a line is too long");
		if (!newline)
			return false;
		if (n >= SMTP_LINES)
			return malformed(error, "it has too many lines");
		whole = newline - start < 4 || start[3] != '-';
		end = (size_t)(newline - in->str) + 1;
	}
	reply->code = 0;
	*reply->enhanced = 0;
	g_string_truncate(reply->text, 0);
	bool first = true, last = false;
	for (size_t at = 0; at < end; first = false) {
		size_t length = (size_t)((char *)memchr(in->str + at, '\n', end - at) - (in->str + at));
		g_autofree char *line = g_strndup(in->str + at, length);
		if (!take_line(reply, line, first, &last, error))
			return false;
		if (lines)
			g_ptr_array_add(lines, g_strdup(line[3] ? line + 4 : ""));
		at += length + 1;
	}
	g_string_erase(in, 0, (gssize)end);
	return true;
}

SmtpOffer smtp_offer(const GPtrArray *lines)
{
	SmtpOffer offer = { 0 };
	for (guint i = 1; i < lines->len; i++) { /* the first line greets */
		const char *line = lines->pdata[i];
		if (g_ascii_strcasecmp(line, "PIPELINING") == 0)
			offer.pipelining = true;
		else if (g_ascii_strcasecmp(line, "SMTPUTF8") == 0)
			offer.utf8 = true;
		else if (g_ascii_strcasecmp(line, "8BITMIME") == 0)
			offer.eight_bit = true;
		else if (g_ascii_strncasecmp(line, "SIZE ", 5) == 0)
			offer.size = g_ascii_strtoull(line + 5, NULL, 10);
	}
	return offer;
}

/* The table of docs/channels.md. Rows are tried from the top; code 0 is any, a pattern without * must be equal. */
typedef struct ClassRow {
	unsigned code;
	const char *enhanced;
	SentClass class;
} ClassRow;

static const ClassRow rows[] = {
	{ 454, "4.7.0", SENT_AUTH },        { 535, "*", SENT_AUTH },            { 534, "*", SENT_AUTH },
	{ 530, "*", SENT_AUTH },            { 538, "*", SENT_AUTH },            { 0, "5.7.30", SENT_AUTH },
	{ 452, "4.5.3", SENT_RATE },        { 550, "5.4.5", SENT_RATE },
	{ 0, "4.2.2", SENT_TEMPORARY },     { 0, "5.2.2", SENT_TEMPORARY },
	{ 554, "5.2.0", SENT_CONFIG },      { 554, "5.2.252", SENT_CONFIG },    { 550, "5.1.8", SENT_CONFIG },
	{ 0, "5.1.1", SENT_UNREACHABLE },   { 0, "5.1.2", SENT_UNREACHABLE },   { 0, "5.1.3", SENT_UNREACHABLE },
	{ 0, "5.1.6", SENT_UNREACHABLE },   { 0, "5.1.10", SENT_UNREACHABLE },  { 0, "5.2.1", SENT_UNREACHABLE },
	{ 0, "5.4.1", SENT_UNREACHABLE },
	{ 0, "5.3.4", SENT_PERMANENT },     { 0, "5.7.1", SENT_PERMANENT },     { 0, "5.7.26", SENT_PERMANENT },
	{ 0, "5.7.515", SENT_PERMANENT },
};

/* Microsoft's blocks of a sender: 5.7.501 to 5.7.708, of which 5.7.515 (above) is about one message. */
static bool is_sender_block(const char *enhanced)
{
	unsigned detail = 0;
	return sscanf(enhanced, "5.7.%u", &detail) == 1 && detail >= 501 && detail <= 708;
}

/* What servers without enhanced codes say of an address that does not exist. */
static bool text_says_unknown(const char *text)
{
	static const char *const phrases[] = { "user unknown", "unknown user", "no such user", "user not found", "does not exist",
		                               "mailbox not found", "no mailbox here", "unknown recipient",
		                               "recipient unknown", "no such recipient", "no such mailbox" };
	g_autofree char *lower = g_ascii_strdown(text, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++)
		if (strstr(lower, phrases[i]))
			return true;
	return false;
}

SentClass smtp_class(unsigned code, const char *enhanced, const char *text, SmtpStage stage)
{
	/* To DATA only 354 is a good answer: a server that says another has not taken the message. */
	if (code >= 200 && code < 300)
		return stage == SMTP_AT_DATA ? SENT_TEMPORARY : SENT_OK;
	/* Out of step; behind the final dot that may mean anything. */
	if (code >= 300 && code < 400)
		return stage == SMTP_AT_END ? SENT_AMBIGUOUS : SENT_TEMPORARY;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if ((!rows[i].code || rows[i].code == code) && (*rows[i].enhanced == '*' || strcmp(rows[i].enhanced, enhanced) == 0))
			return rows[i].class;
	if (is_sender_block(enhanced))
		return SENT_CONFIG;
	if (code >= 400 && code < 500)
		return SENT_TEMPORARY;
	if (stage == SMTP_AT_CONNECT)
		return SENT_CONFIG;
	if (stage == SMTP_AT_RCPT && !*enhanced && (code == 550 || code == 551 || code == 553) && text_says_unknown(text))
		return SENT_UNREACHABLE;
	return SENT_PERMANENT;
}

bool smtp_needs_utf8(const char *address)
{
	const char *at = strrchr(address, '@');
	for (const char *c = address; *c && c != at; c++)
		if ((unsigned char)*c > 127)
			return true;
	return false;
}

/* The address as it stands between < and >; the domain in ASCII, which every system understands. */
static char *envelope_address(const SmtpOffer *offer, const char *address, GError **error)
{
	const char *at = strrchr(address, '@');
	bool bad = strlen(address) > 512 || !g_utf8_validate(address, -1, NULL) || (*address && (!at || at == address || !at[1]));
	for (const char *c = address; *c && !bad; c++)
		bad = (unsigned char)*c <= 0x20 || *c == 0x7f || *c == '<' || *c == '>';
	if (bad) {
		g_set_error(error, SMTP_ERROR, SMTP_ERROR_ADDRESS, "this is no e-mail address: %.100s", address);
		return NULL;
	}
	if (smtp_needs_utf8(address) && !offer->utf8) {
		g_set_error(error, SMTP_ERROR, SMTP_ERROR_UTF8, "the mail server does not offer SMTPUTF8, which the address %s needs: letters outside "
		            "ASCII stand before its @", address);
		return NULL;
	}
	if (!*address)
		return g_strdup(address);
	g_autofree char *domain = at[1] == '[' ? g_strdup(at + 1) : g_hostname_to_ascii(at + 1);
	if (!domain) {
		g_set_error(error, SMTP_ERROR, SMTP_ERROR_ADDRESS, "this is no domain: %s", at + 1);
		return NULL;
	}
	return g_strdup_printf("%.*s@%s", (int)(at - address), address, domain);
}

char *smtp_mail(const SmtpOffer *offer, const char *from, size_t size, bool eight_bit, bool needs_utf8, GError **error)
{
	g_autofree char *address = envelope_address(offer, from, error);
	if (!address)
		return NULL;
	if (needs_utf8 && !offer->utf8) {
		g_set_error_literal(error, SMTP_ERROR, SMTP_ERROR_UTF8, "the mail server does not offer SMTPUTF8, which an address of this message needs: "
		                    "letters outside ASCII stand before its @");
		return NULL;
	}
	if (offer->size && size > offer->size) {
		g_set_error(error, SMTP_ERROR, SMTP_ERROR_SIZE, "the message has %zu bytes, the server takes %" G_GUINT64_FORMAT, size, offer->size);
		return NULL;
	}
	GString *line = g_string_new(NULL);
	g_string_append_printf(line, "MAIL FROM:<%s>", address);
	if (offer->size)
		g_string_append_printf(line, " SIZE=%zu", size);
	if (eight_bit && offer->eight_bit)
		g_string_append(line, " BODY=8BITMIME");
	if (needs_utf8)
		g_string_append(line, " SMTPUTF8");
	g_string_append(line, "\r\n");
	return g_string_free(line, FALSE);
}

char *smtp_rcpt(const SmtpOffer *offer, const char *to, GError **error)
{
	g_autofree char *address = envelope_address(offer, to, error);
	if (address && !*address) {
		g_set_error_literal(error, SMTP_ERROR, SMTP_ERROR_ADDRESS, "a recipient's address is empty");
		return NULL;
	}
	return address ? g_strdup_printf("RCPT TO:<%s>\r\n", address) : NULL;
}

void smtp_stuff(GString *out, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		if (bytes[at] == '.')
			g_string_append_c(out, '.');
		const char *newline = memchr(bytes + at, '\n', size - at);
		size_t length = newline ? (size_t)(newline - bytes) + 1 - at : size - at;
		g_string_append_len(out, bytes + at, (gssize)length);
		at += length;
	}
	if (size < 2 || bytes[size - 2] != '\r' || bytes[size - 1] != '\n')
		g_string_append(out, "\r\n");
}
