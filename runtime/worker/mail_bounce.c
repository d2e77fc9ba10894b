/* SPDX-License-Identifier: MIT */
/* Bounces: reports by RFC 3464, and how sure it is that an address is dead. See mail_parts.h. */
#include "worker/mail_parts.h"

#include <string.h>

enum { BOUNCES_MOST = 100, REASON_MOST = 500 };

/* What mail servers' words mean. The first group that has one of them decides; what none has is left to the status code. */
typedef struct Cause {
	bool hard;
	const char *const *phrases;
} Cause;

static const Cause causes[] = {
	/* The sender, a full or closed mailbox: servers that say this name the address unknown, too. */
	{ false, (const char *const[]){ "sender address rejected", "sender rejected", "sender verify", "sender unknown", "mailbox full", "mailbox is full",
		"mailbox is too full", "mailfolder is full", "mail box full", "mailbox exceed", "over quota", "overquota", "over the allowed quota",
		"quota exceed", "exceeds its quota", "exceeded its quota", "exceeded storage", "exceed the quota", "out of storage", "storage space",
		"mailbox size", "is disabled", "been disabled", "account disabled", "suspended", "suspend", "inactive", "deactivated", "not been activated",
		"recipient preferences", "dnsbl", "blacklist", "blocklist", "block list", "blocked using", "blocked by",
		"all recipient addresses rejected", "malformed or unexpected name server reply", "host not found, try again",
		"try again later", "host unknown, try", "too many", "message size", "too large", "access denied, traffic", "spam", NULL } },
	{ true, (const char *const[]){ "user unknown", "unknown user", "no such user", "no such person", "no such recipient", "no such mailbox",
		"no such address", "no such account", "no such domain", "no such local user", "user not found", "user does not exist", "does not exist",
		"doesn't exist", "do not exist", "did not exist", "recipient unknown", "unknown recipient", "recipient not found", "recipient is unknown",
		"invalid recipient", "invalid user", "invalid mailbox", "no mailbox", "mailbox not found", "mailbox does not", "unknown mailbox",
		"mailbox unknown", "unknown address", "address unknown", "address not found", "address couldn't be found", "address could not be found",
		"unknown local part", "unknown local-part", "unknown account", "account not found", "not a known user", "not a valid user",
		"not a valid mailbox", "not our customer", "not our user", "not listed in public name", "not found in the domino directory",
		"isn't in our", "no account by that name", "doesn't have a ", "does not have an account", "undeliverable address", "unrouteable address",
		"recipient address rejected: access denied", "recipient address rejected: user", "bad destination mailbox", "adresse destinataire invalide",
		"adresse inconnue", "utilisateur inconnu", "destinataire inconnu", "utente sconosciuto", "destinatario sconosciuto", "usuario desconocido",
		"destinatario desconocido", "empfänger unbekannt", "メールアドレスが見つからない",
		/* the host */
		"host unknown", "unknown host", "host not found", "domain not found", "unknown domain", "domain unknown", "unrouteable mail domain",
		"name or service not known", "nxdomain", "dns lookup failure: host", "bad destination host", "no valid mx", "unable to find mx",
		"host or domain name not found", "domain name not found", "no mx or a records",
		/* moved, or takes no mail */
		"has moved", "user moved", "recipient moved", "mailbox moved", "no longer valid", "no longer with", "no longer active",
		"does not accept mail", "doesn't accept mail", "does not accept any mail", "does not receive mail", "nullmx", "null mx",
		"host/domain does not accept", "indicated no smtp service", "smtp protocol returned a permanent error", NULL } },
};

static bool contains_one(const char *text, const char *const *phrases)
{
	for (; *phrases; phrases++) {
		if (strstr(text, *phrases))
			return true;
	}
	return false;
}

/* Lower case, one space for any white space. */
static char *flat(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	char *lower = g_utf8_strdown(valid, -1), *to = lower;
	for (const char *from = lower; *from; from++) {
		bool space = g_ascii_isspace(*from);
		if (!space || (to > lower && to[-1] != ' '))
			*to++ = space ? ' ' : *from;
	}
	*to = '\0';
	return lower;
}

/* 1 hard, 0 soft, -1 the words don't tell. */
static int class_of_words(const char *diagnostic)
{
	g_autofree char *text = flat(diagnostic);
	for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
		if (contains_one(text, causes[i].phrases))
			return causes[i].hard;
	}
	/* without a reason: of a policy it would be told */
	if (g_str_has_suffix(g_strchomp(text), "recipient address rejected."))
		return 1;
	/* RFC 7504: "no mail here" */
	return strstr(text, " 521 ") || strstr(text, " 556 ") ? 1 : -1;
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

/* The first enhanced status code in a text ("550 5.1.1 ...") of one of these classes other than `but`, or NULL. */
static char *status_in(const char *text, const char *classes, const char *but)
{
	for (const char *at = text; (at = strpbrk(at, classes)); at++) {
		if ((at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '.')) || at[1] != '.')
			continue;
		size_t middle = strspn(at + 2, "0123456789"), last = at[2 + middle] == '.' ? strspn(at + 3 + middle, "0123456789") : 0;
		const char *end = at + 3 + middle + last;
		if (middle >= 1 && middle <= 3 && last >= 1 && last <= 3 && !(*end == '.' && g_ascii_isdigit(end[1])) && !g_ascii_isalpha(*end) &&
		    !(but && !strncmp(at, but, (size_t)(end - at))))
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
	/* 4.4.7 says only that the tries are over; why they failed is more to know. */
	bool expired = status && !strcmp(status, "4.4.7");
	g_autofree char *said = status_in(diagnostic, "45", "4.4.7");
	g_autofree char *over = said || status ? NULL : status_in(diagnostic, "45", NULL);
	const char *code = (is_general(status) || expired) && said ? said : status && *status ? status : over ? over : status_of_reply(diagnostic);
	if (!code)
		code = !strcmp(action, "delayed") ? "4.0.0" : "5.0.0";
	int words = class_of_words(diagnostic);
	/* A policy that refuses is no dead address: servers that have one speak of an unknown user, too. */
	bool spared = words == 1 && g_str_has_prefix(code, "5.7.");
	/* A 4xx is no proof, whatever it says, but for the code that means an unknown user. */
	bool hard = strcmp(action, "delayed") && !spared && (words >= 0 ? words == 1 : is_hard_status(code)) && (code[0] == '5' || !strcmp(code, "4.1.1"));
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

/* What a text for people says of one address: from there to the end of the paragraph or the next address. All of it if it does not
 * name the address. The caller frees it. */
static char *said_of(const char *text, const char *address)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = g_string_new(NULL);
	bool found = false;
	for (char **line = lines; *line; line++) {
		bool here = *address && strstr(*line, address);
		const char *word = *line + strspn(*line, " \t<\"");
		bool other = !here && memchr(word, '@', strcspn(word, " \t:>"));
		if (found && (other || !*word))
			break;
		found = found || here;
		if (found)
			g_string_append_printf(out, "%s\n", *line);
	}
	if (!found)
		g_string_assign(out, text);
	return g_string_free(out, FALSE);
}

/* Whether the receivers had said yes to the address and no only to the mail: "user unknown" is then a filter's word. */
static bool is_refused_content(const char *text, const char *diagnostic)
{
	g_autofree char *lower = flat(text), *said = flat(diagnostic);
	return strstr(said, "unknown") && (strstr(lower, "in reply to end of data command") || strstr(lower, ">>> data <<< 5"));
}

void mail_add_recipient(json_t *list, const char *block, const char *text, const char *id)
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
	g_autofree char *status = status_field ? status_in(status_field, "245", NULL) : NULL;
	g_autofree char *recipient = address_of(original && strchr(original, '@') ? original : final);
	g_autofree char *said = diagnostic ? NULL : said_of(text, recipient);
	if (said && class_of_words(said) < 0) {
		g_free(said);
		said = g_strdup(text);
	}
	json_t *bounce = mail_bounce_new(recipient, status, what, diagnostic ? diagnostic : said, id);
	if (is_refused_content(text, diagnostic ? diagnostic : said) && !g_str_has_prefix(status ? status : "", "5.1."))
		json_object_set_new(bounce, "class", json_string("soft"));
	json_array_append_new(list, bounce);
}

/* The blocks of a report's fields: an empty line ends one, or where that is missing, the next recipient begins one. */
static GPtrArray *blocks_of(const char *status)
{
	GPtrArray *blocks = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(status, "\n", -1);
	g_autoptr(GString) block = g_string_new(NULL);
	bool named = false;
	for (char **line = lines;; line++) {
		bool recipient = *line && !g_ascii_strncasecmp(*line, "Final-Recipient:", 16);
		if (!*line || !**line || (recipient && named)) {
			if (block->len && blocks->len <= BOUNCES_MOST)
				g_ptr_array_add(blocks, g_strdup(block->str));
			g_string_truncate(block, 0);
			named = false;
		}
		if (!*line)
			return blocks;
		named = named || recipient;
		if (**line)
			g_string_append_printf(block, "%s\n", *line);
	}
}

json_t *mail_bounces(const Mail *mail)
{
	json_t *list = json_array();
	g_autofree char *id = mail_original_id(mail);
	bool receipt = false;
	for (guint i = 0; i < mail->status->len; i++) {
		g_autoptr(GPtrArray) blocks = blocks_of(g_ptr_array_index(mail->status, i));
		for (guint k = 0; k < blocks->len; k++)
			mail_add_recipient(list, g_ptr_array_index(blocks, k), mail->body->str, id);
		receipt = receipt || strstr(g_ptr_array_index(mail->status, i), "Action:");
	}
	if (json_array_size(list) || receipt)
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
