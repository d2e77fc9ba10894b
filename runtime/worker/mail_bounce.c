/* SPDX-License-Identifier: MIT */
/* Bounces: reports by RFC 3464, and how sure it is that an address is dead. See mail_parts.h. */
#include "worker/mail_parts.h"

#include <string.h>

enum { BOUNCES_MOST = 100, REASON_MOST = 500 };

/* What a mail server's words mean. The first group that matches decides: a full mailbox is mentioned by servers that name the
 * address unknown too, so what is soft comes first where the words are clear. */
typedef struct Cause {
	bool hard;
	const char *const *phrases;
} Cause;

static const Cause causes[] = {
	{ false, (const char *const[]){ NULL } },
};

static bool contains_one(const char *text, const char *const *phrases)
{
	for (; *phrases; phrases++) {
		if (strstr(text, *phrases))
			return true;
	}
	return false;
}

/* 1 hard, 0 soft, -1 the words don't tell. */
static int class_of_words(const char *diagnostic)
{
	g_autofree char *valid = g_utf8_make_valid(diagnostic, -1);
	g_autofree char *text = g_utf8_strdown(valid, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
		if (contains_one(text, causes[i].phrases))
			return causes[i].hard;
	}
	return -1;
}

/* RFC 3463: codes that say the address or its host is not there. */
static bool is_hard_status(const char *status)
{
	static const char *const hard[] = { "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.1", "5.4.4", NULL };
	for (const char *const *code = hard; *code; code++) {
		if (!strcmp(status, *code))
			return true;
	}
	return false;
}

/* The first enhanced status code in a text ("550 5.1.1 ..."), or NULL. */
char *mail_status_in(const char *text)
{
	for (const char *at = text; (at = strpbrk(at, "245")); at++) {
		if ((at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '.')) || at[1] != '.')
			continue;
		size_t middle = strspn(at + 2, "0123456789"), last = at[2 + middle] == '.' ? strspn(at + 3 + middle, "0123456789") : 0;
		const char *end = at + 3 + middle + last;
		if (middle >= 1 && middle <= 3 && last >= 1 && last <= 3 && !(*end == '.' && g_ascii_isdigit(end[1])) && !g_ascii_isalpha(*end))
			return g_strndup(at, (gsize)(end - at));
	}
	return NULL;
}

static bool is_general(const char *status)
{
	return !status || !*status || g_str_has_suffix(status, ".0.0");
}

/* The class of status ("5.0.0") that a reply code in the text stands for, or NULL. */
static const char *status_of_reply(const char *text)
{
	for (const char *at = text; (at = strpbrk(at, "45")); at++) {
		bool starts = at == text || !(g_ascii_isalnum(at[-1]) || strchr(".-_", at[-1]));
		if (starts && at[1] >= '0' && at[1] <= '5' && g_ascii_isdigit(at[2]) && strchr(" -,;:)\n", at[3]))
			return *at == '5' ? "5.0.0" : "4.0.0";
	}
	return NULL;
}

json_t *mail_bounce_new(const char *recipient, const char *status, const char *action, const char *diagnostic, const char *id)
{
	g_autofree char *said = mail_status_in(diagnostic);
	const char *code = is_general(status) && said ? said : status && *status ? status : status_of_reply(diagnostic);
	if (!code)
		code = !strcmp(action, "delayed") ? "4.0.0" : "5.0.0";
	int words = class_of_words(diagnostic);
	bool delayed = !strcmp(action, "delayed") || code[0] == '4';
	bool hard = !delayed && (words >= 0 ? words == 1 : is_hard_status(code));
	g_autofree char *one_line = g_strdelimit(g_strndup(diagnostic, REASON_MOST), "\n\t", ' ');
	g_autofree char *reason = g_utf8_make_valid(g_strstrip(one_line), -1);
	g_autofree char *address = g_utf8_make_valid(recipient, -1);
	g_autofree char *lower = g_utf8_strdown(address, -1);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "recipient", lower, "status", code, "action", action, "class", hard ? "hard" : "soft",
		"reason", reason, "message_id", id ? id : "");
}

/* "rfc822; a@b.example" without the type and brackets. */
static char *address_of(const char *field)
{
	const char *semicolon = field ? strchr(field, ';') : NULL;
	char *address = g_strdup(semicolon ? semicolon + 1 : field ? field : "");
	g_strstrip(address);
	size_t length = strlen(address);
	if (length > 1 && address[0] == '<' && address[length - 1] == '>') {
		address[length - 1] = '\0';
		memmove(address, address + 1, length - 1);
	}
	return address;
}

/* One recipient's block of a report. */
static void add_recipient(json_t *list, const char *block, const Mail *mail, const char *id)
{
	g_autofree char *final = mail_field(block, "Final-Recipient"), *original = mail_field(block, "Original-Recipient");
	g_autofree char *action_field = mail_field(block, "Action"), *status_field = mail_field(block, "Status");
	g_autofree char *diagnostic = mail_field(block, "Diagnostic-Code");
	if (!final && !original)
		return;
	g_autofree char *action = g_ascii_strdown(action_field ? action_field : "failed", -1);
	action[strcspn(action, " (;\t")] = '\0';
	if (!strcmp(action, "delivered") || !strcmp(action, "relayed") || !strcmp(action, "expanded"))
		return; /* a receipt, no bounce */
	const char *what = strcmp(action, "delayed") ? "failed" : "delayed";
	g_autofree char *status = status_field ? mail_status_in(status_field) : NULL;
	g_autofree char *recipient = address_of(original && strchr(original, '@') ? original : final);
	json_array_append_new(list, mail_bounce_new(recipient, status, what, diagnostic ? diagnostic : mail->body->str, id));
}

json_t *mail_bounces(const Mail *mail)
{
	json_t *list = json_array();
	g_autofree char *id = mail_original_id(mail);
	for (guint i = 0; i < mail->status->len; i++) {
		g_auto(GStrv) blocks = g_strsplit(g_ptr_array_index(mail->status, i), "\n\n", BOUNCES_MOST + 1);
		for (char **block = blocks; *block && json_array_size(list) < BOUNCES_MOST; block++)
			add_recipient(list, *block + strspn(*block, "\n"), mail, id);
	}
	if (json_array_size(list) || mail->status->len)
		return list;
	json_decref(list);
	return mail_notices(mail);
}

char *mail_original_id(const Mail *mail)
{
	if (mail->returned) {
		g_autofree char *value = mail_field(mail->returned, "Message-ID");
		char *id = mail_id(value);
		if (id)
			return id;
	}
	if (mail->feedback) {
		g_autofree char *value = mail_field(mail->feedback, "Original-Message-ID");
		char *id = mail_id(value);
		if (id)
			return id;
	}
	g_autofree char *answered = mail_header(mail, "In-Reply-To");
	g_autofree char *references = mail_header(mail, "References");
	return *answered ? mail_id(answered) : mail_id(references);
}
