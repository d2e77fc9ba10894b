/* SPDX-License-Identifier: MIT */
/*
 * Bounces that are no report by RFC 3464, but text for people: qmail's, Exim's, gateways'. What is taken from them is what all
 * have in common: a sender that is a program, a subject that says so, addresses each followed by why, and then the mail that is
 * returned. See mail_parts.h.
 */
#include "worker/mail_parts.h"

#include <string.h>

enum { RECIPIENTS_MOST = 50, NOTICE_MOST = 64 << 10 };

typedef struct Recipient {
	char *address;
	guint line; /* where it stands in the notice */
} Recipient;

static bool contains_one(const char *text, const char *const *list)
{
	for (; *list; list++) {
		if (strstr(text, *list))
			return true;
	}
	return false;
}

static char *lower_case(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return g_utf8_strdown(valid, -1);
}

static bool is_from_program(const Mail *mail)
{
	static const char *const senders[] = { "mailer-daemon", "mail-daemon", "mailerdaemon", "postmaster", "post_master", "post-master",
		"mail.delivery.system", "mail_delivery", "bounce@", "bounces@", "noreply-bounce", NULL };
	static const char *const names[] = { "mail delivery", "mailer-daemon", "mailer daemon", "postmaster", "delivery subsystem",
		"system administrator", "mail system", "mail administrator", NULL };
	g_autofree char *from = mail_header(mail, "From");
	g_autofree char *lower = lower_case(from);
	return !*mail->from || contains_one(lower, senders) || contains_one(lower, names);
}

static bool has_notice_subject(const Mail *mail)
{
	static const char *const words[] = { "undeliver", "delivery status", "delivery failure", "delivery failed", "delivery report",
		"delivery notification", "delivery has failed", "delivery error", "delivery problem", "delivery delayed", "delayed mail", "non delivery",
		"non-delivery", "nondeliverable", "failure notice", "failure delivery", "failed delivery", "failed mail", "returned mail",
		"returned message", "returned to sender", "returning message", "mail failure", "mail system error", "mail error",
		"message delivery", "could not send message", "could not be delivered", "can't be delivered", "cannot be delivered", "not delivered",
		"message status", "error sending your mail", "rejected mail", "mail could not", "user unknown", "host unknown", "bounce",
		"message you sent blocked", "errors from", "no se ha podido entregar", "unzustellbar", "non remis", "échec de remise", "mancato recapito",
		"notification de l'état", "rapport de non-remise", "メールエラー", "loop alert", "warning: message", "message delayed", NULL };
	g_autofree char *subject = lower_case(mail->subject);
	return !g_str_has_prefix(subject, "fw") && !g_str_has_prefix(subject, "tr:") && contains_one(subject, words);
}

/* Nobody's answer is wanted to it (RFC 5321, section 4.5.5), and it brings a mail back. */
static bool returns_mail(const Mail *mail)
{
	g_autofree char *path = mail_header(mail, "Return-Path");
	return !strcmp(path, "<>") && mail->returned;
}

static bool is_notice(const Mail *mail, const char *text)
{
	if (!mail->message)
		return false;
	if (g_mime_object_get_header(GMIME_OBJECT(mail->message), "X-Failed-Recipients"))
		return true;
	if (mail->report_type && !strcmp(mail->report_type, "delivery-status"))
		return true;
	if (mail->report_type && *mail->report_type)
		return false; /* a receipt, a complaint */
	static const char *const words[] = { "could not be delivered", "not be delivered", "delivery failed", "undeliverable", "rcpt to", "user unknown",
		"unknown user", "no such user", "returned to sender", NULL };
	bool subject = has_notice_subject(mail);
	g_autofree char *body = lower_case(text);
	if (is_from_program(mail))
		return subject || contains_one(body, words);
	if (returns_mail(mail))
		return contains_one(body, words);
	return subject && strstr(mail->from, "reply@") && contains_one(body, words);
}

static bool is_returned_header(char *const *line)
{
	unsigned headers = 0;
	bool telling = false;
	for (unsigned i = 0; i < 6 && line[i]; i++) {
		size_t name = strcspn(line[i], ": \t");
		bool header = name > 1 && line[i][name] == ':' && g_ascii_isalpha(line[i][0]);
		if (!header && line[i][0] != ' ' && line[i][0] != '\t')
			break;
		headers += header;
		telling = telling || !g_ascii_strncasecmp(line[i], "Received:", 9) || !g_ascii_strncasecmp(line[i], "Return-Path:", 12) ||
			!g_ascii_strncasecmp(line[i], "Message-ID:", 11) || !g_ascii_strncasecmp(line[i], "DKIM-Signature:", 15);
	}
	return telling && headers && (headers > 1 || !g_ascii_strncasecmp(line[0], "Received:", 9));
}

static bool is_returned_mark(const char *line)
{
	static const char *const marks[] = { "copy of the message", "copy of the original", "copy of your message", "header of the original message",
		"original message follows", "original message ----", "-original message", "-returned message", " returned message -", "unsent message follows",
		"message headers follow", "message header follow", "headers of the message", "text of message", "original mail as follows",
		"original message:", NULL };
	g_autofree char *lower = lower_case(line);
	return strlen(lower) < 100 && contains_one(lower, marks);
}

/* The notice itself, and in *returned where the mail that is returned begins (NULL if it is not there). The caller frees the lines. */
static char **split_notice(const char *text, char ***returned)
{
	g_autofree char *cut = g_strndup(text, NOTICE_MOST);
	char **lines = g_strsplit(cut, "\n", -1);
	*returned = NULL;
	for (char **line = lines; *line; line++) {
		if (line == lines || !(is_returned_mark(*line) || is_returned_header(line)))
			continue;
		*returned = line;
		break;
	}
	return lines;
}

static bool is_address_char(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~.", c)) || (unsigned char)c >= 0x80;
}

/* The first address in text (one with @), with where it begins; NULL if there is none. */
static char *address_in(const char *text, const char **start)
{
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		const char *from = at, *to = at + 1;
		while (from > text && is_address_char(from[-1]))
			from--;
		while (g_ascii_isalnum(*to) || (*to && strchr("-._", *to)))
			to++;
		while (to > at && strchr(".-_", to[-1]))
			to--;
		while (from < at && strchr("'=!|/", *from))
			from++;
		if (from == at || to < at + 3)
			continue;
		*start = from;
		g_autofree char *address = g_strndup(from, (gsize)(to - from));
		return g_ascii_strdown(address, -1);
	}
	return NULL;
}

/* How sure it is that the address at start in line is one that could not be reached: 2 the line begins with it, 1 the words before
 * say so, 0 it is only mentioned, -1 it is somebody else's. */
static int rank_of(const char *line, const char *start, const char *address)
{
	static const char *const said[] = { "rcpt to", "recipient", "delivered to", "delivering your mail to", "delivery to", "unknown user",
		"user unknown", "undeliverable to", "not deliver", "gateway for", "address:", "failed for", "errors:", "destinat", NULL };
	static const char *const others[] = { "postmaster@", "mailer-daemon@", "abuse@", "support@", "helpdesk@", "no-reply@", "noreply@", NULL };
	static const char *const not_theirs[] = { "mail from", "envelope", "contact", "sender", "from:", "from <", "please", "reporting", "message-id", NULL };
	g_autofree char *bare = g_strndup(line, (gsize)(start - line));
	g_autofree char *before = lower_case(bare);
	const char *lead = before + strspn(before, " \t<\"'*>-.[(");
	if (contains_one(address, others) && *lead)
		return -1;
	if (!*lead)
		return 2;
	/* "554 <a@b.example>... User unknown" */
	if (strspn(lead, "0123456789 -.<") == strlen(lead) && strstr(start, "..."))
		return 1;
	if (contains_one(before, said) && !strstr(before, "mail from"))
		return 1;
	return contains_one(before, not_theirs) ? -1 : 0;
}

static void add_address(GArray *list, char *address, guint line)
{
	for (guint i = 0; i < list->len; i++) {
		if (!strcmp(g_array_index(list, Recipient, i).address, address)) {
			g_free(address);
			return;
		}
	}
	Recipient new = { address, line };
	if (list->len < RECIPIENTS_MOST)
		g_array_append_val(list, new);
	else
		g_free(address);
}

static void clear_recipient(gpointer recipient)
{
	g_free(((Recipient *)recipient)->address);
}

/* Those whom the mail was for that tells us: they are no recipients of ours. */
static bool is_own(const Mail *mail, const char *address)
{
	g_autofree char *to = mail_header(mail, "To");
	g_autofree char *lower = lower_case(to);
	return strstr(lower, address) || !strcmp(mail->from, address);
}

/* All addresses of the best rank in the notice, each with its line. */
static void find_recipients(GArray *list, const Mail *mail, char **lines, char **end)
{
	for (int rank = 2; rank >= 0 && !list->len; rank--) {
		for (char **line = lines; *line && line != end; line++) {
			const char *start = NULL;
			g_autofree char *address = address_in(*line, &start);
			if (address && rank_of(*line, start, address) == rank && (rank == 2 || !is_own(mail, address)))
				add_address(list, g_steal_pointer(&address), (guint)(line - lines));
		}
	}
}

/* Exim says whom it could not reach in a header; why stands in the text. */
static void take_header(GArray *list, const Mail *mail, char **lines)
{
	g_autofree char *header = mail_header(mail, "X-Failed-Recipients");
	g_auto(GStrv) addresses = g_strsplit_set(header, ", \t", -1);
	for (char **one = addresses; *one; one++) {
		if (!strchr(*one, '@'))
			continue;
		guint line = 0;
		for (guint i = 0; lines[i]; i++) {
			g_autofree char *lower = lower_case(lines[i]);
			g_autofree char *wanted = lower_case(*one);
			if (strstr(lower, wanted)) {
				line = i;
				break;
			}
		}
		add_address(list, g_ascii_strdown(*one, -1), line);
	}
}

static bool is_delayed(const Mail *mail, const char *notice)
{
	static const char *const words[] = { "delayed", "still being retried", "warning:", "not yet been delivered", "has not been delivered to",
		"no action is required", "will be retried", "will keep trying", "you do not need to resend", "will continue to", "temporary problem", NULL };
	static const char *const over[] = { "permanent", "giving up", "given up", "gave up", "failure", "failed", "could not be delivered", "undeliver",
		"returned", "aborted", "timed out", NULL };
	g_autofree char *subject = lower_case(mail->subject);
	g_autofree char *text = lower_case(notice);
	if (contains_one(subject, over))
		return false;
	return contains_one(subject, words) || (contains_one(text, words) && !contains_one(text, over));
}

static bool has_field(const char *block, const char *name)
{
	g_autofree char *value = mail_field_anywhere(block, name);
	return value != NULL;
}

/* Fields of RFC 3464 that stand in the text, because the report lost its shape on the way. */
static bool take_fields(json_t *list, char **lines, char **end, const char *id)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (char **line = lines; *line && line != end; line++)
		g_string_append_printf(text, "%s\n", *line);
	g_auto(GStrv) blocks = g_strsplit(text->str, "\n\n", -1);
	for (char **block = blocks; *block; block++) {
		if (has_field(*block, "Final-Recipient") && has_field(*block, "Action"))
			mail_add_recipient(list, *block + strspn(*block, "\n"), text->str, id);
	}
	return json_array_size(list) > 0;
}

static json_t *read_notice(const Mail *mail, const char *text)
{
	json_t *list = json_array();
	char **returned = NULL;
	g_auto(GStrv) lines = split_notice(text, &returned);
	g_autofree char *rest = returned ? g_strjoinv("\n", returned) : NULL;
	g_autofree char *field = rest ? mail_field_anywhere(rest, "Message-ID") : NULL;
	g_autofree char *id = mail->returned || !field ? mail_original_id(mail) : mail_id(field);
	if (take_fields(list, lines, returned, id))
		return list;
	g_autoptr(GArray) recipients = g_array_new(FALSE, FALSE, sizeof(Recipient));
	g_array_set_clear_func(recipients, clear_recipient);
	take_header(recipients, mail, lines);
	if (!recipients->len)
		find_recipients(recipients, mail, lines, returned);
	g_autofree char *to = recipients->len ? NULL : mail->returned ? mail_field(mail->returned, "To") : rest ? mail_field_anywhere(rest, "To") : NULL;
	const char *start = NULL;
	char *address = to ? address_in(to, &start) : NULL;
	if (address)
		add_address(recipients, address, 0);
	for (char **line = returned; line && *line; line++) /* what follows is no part of the notice */
		g_clear_pointer(line, g_free);
	g_autofree char *whole = g_strjoinv("\n", lines);
	const char *action = is_delayed(mail, whole) ? "delayed" : "failed";
	for (guint i = 0; i < recipients->len; i++) {
		const Recipient *one = &g_array_index(recipients, Recipient, i);
		guint next = recipients->len > 1 && i + 1 < recipients->len ? g_array_index(recipients, Recipient, i + 1).line : G_MAXUINT;
		g_autoptr(GString) why = g_string_new(NULL);
		/* Of several, each has a paragraph. */
		bool several = recipients->len > 1;
		for (guint k = several ? one->line : 0; lines[k] && (k < next || next <= one->line); k++) {
			if (several && k > one->line + 1 && !lines[k][strspn(lines[k], " \t")])
				break;
			g_string_append_printf(why, "%s\n", lines[k]);
		}
		json_array_append_new(list, mail_bounce_new(one->address, NULL, action, why->str, id));
	}
	return list;
}

/* What stands after the header, as it came. The caller frees it. */
static char *raw_text(const Mail *mail)
{
	const char *body = g_strstr_len(mail->raw, (gssize)mail->raw_size, "\n\n");
	const char *other = g_strstr_len(mail->raw, (gssize)mail->raw_size, "\r\n\r\n");
	body = !body || (other && other < body) ? other : body;
	if (!body)
		return g_strdup("");
	g_autofree char *bytes = g_strndup(body, MIN((gsize)(mail->raw + mail->raw_size - body), NOTICE_MOST));
	return g_strdelimit(g_utf8_make_valid(bytes, -1), "\r", ' ');
}

json_t *mail_notices(const Mail *mail)
{
	json_t *list = is_notice(mail, mail->body->str) ? read_notice(mail, mail->body->str) : json_array();
	if (json_array_size(list))
		return list;
	/* Parts that are not where they should be: the bytes as they came. */
	g_autofree char *raw = raw_text(mail);
	if (!is_notice(mail, raw))
		return list;
	json_decref(list);
	return read_notice(mail, raw);
}
