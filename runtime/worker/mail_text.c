/* SPDX-License-Identifier: MIT */
/*
 * The visible reply: what somebody wrote, without the mail they answer and their signature. There is no standard for it; the
 * rules follow what Gmail, Outlook, Apple Mail, Thunderbird and the telephones' programs put between the two.
 */
#include "worker/mail_parts.h"

#include <string.h>

enum { LINE_MOST = 400, JOIN_MOST = 4, LOOKED_AT = 256 << 10 };

/* A line in lower case, its no-break spaces as spaces, without what surrounds it. */
static char *simple(const char *line)
{
	g_autofree char *cut = g_strndup(line, LINE_MOST);
	g_autofree char *valid = g_utf8_make_valid(cut, -1);
	g_autofree char *lower = g_utf8_strdown(valid, -1);
	GString *out = g_string_new(NULL);
	for (const char *at = lower; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (c == 0xA0 || c == 0x202F || c == 0x2009 || c == '\t')
			c = ' ';
		if (c == 0x2019)
			c = '\'';
		if (c != '*' && c != 0x200E && c != 0x200F && c != 0xFEFF)
			g_string_append_unichar(out, c);
	}
	return g_strstrip(g_string_free(out, FALSE));
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t")] == '\0';
}

static bool is_quoted(const char *line)
{
	return line[strspn(line, " \t")] == '>';
}

static const char *next_line(char *const *line)
{
	do
		line++;
	while (*line && is_blank(*line));
	return *line ? *line : "";
}

static bool has_digit(const char *text)
{
	return strpbrk(text, "0123456789") != NULL;
}

/* "On Mon, 23 Nov 2026 at 09:00, Léa <lea@brand.example> wrote:" and its like. */
static bool is_attribution(const char *text)
{
	static const char *const ends[] = { "wrote:", "writes:", "wrote :", "a écrit :", "a écrit:", "a écrit", "ha scritto:", "ha scritto",
		"escribió:", "escribio:", "schrieb:", "escreveu:", "schreef:", "skrev:", "napisał:", "написал:", "napisał(a):", NULL };
	static const char *const within[] = { " schrieb ", " schreef ", " skrev ", " napisał", " wrote ", " geschrieben", NULL };
	/* Zoho's: "---- On Mon, 23 Nov 2026 09:00:00 +0100 Léa <lea@brand.example> wrote ---" */
	static const char *const ruled[] = { " wrote --", " a écrit --", " ha scritto --", " escribió --", " schrieb --", NULL };
	for (const char *const *end = ends; *end; end++) {
		if (g_str_has_suffix(text, *end))
			return true;
	}
	for (const char *const *word = ruled; *word; word++) {
		if (g_str_has_prefix(text, "---") && strstr(text, *word))
			return true;
	}
	for (const char *const *word = within; *word; word++) {
		if (g_str_has_suffix(text, ":") && strstr(text, *word))
			return true;
	}
	/* An older form of Gmail's: "2026-11-23 9:00 GMT+01:00 Léa <lea@brand.example>:" */
	return g_str_has_suffix(text, ">:") && g_ascii_isdigit(text[0]) && strchr(text, '@');
}

static bool begins_attribution(const char *text)
{
	static const char *const starts[] = { "on ", "le ", "il ", "el ", "am ", "em ", "op ", "den ", "dnia ", "a ", NULL };
	for (const char *const *start = starts; *start; start++) {
		if (g_str_has_prefix(text, *start))
			return true;
	}
	return strchr(text, '@') && strchr(text, '<');
}

/* The number of lines that announce a quote at line, 0 if they don't. Mail programs break the announcement anywhere. */
static unsigned attribution(char *const *line)
{
	g_autofree char *text = simple(*line);
	g_autoptr(GString) joined = g_string_new(text);
	bool may_go_on = begins_attribution(text);
	for (unsigned n = 1; n <= JOIN_MOST; n++) {
		if (is_attribution(joined->str)) {
			bool dated = has_digit(joined->str) || strchr(joined->str, '@');
			return dated || is_quoted(next_line(line + n - 1)) ? n : 0;
		}
		if (!may_go_on || !line[n] || is_blank(line[n]) || is_quoted(line[n]))
			return 0;
		g_autofree char *more = simple(line[n]);
		g_string_append_printf(joined, " %s", more);
	}
	return 0;
}

static bool starts_with_one(const char *text, const char *const *list)
{
	for (; *list; list++) {
		if (g_str_has_prefix(text, *list))
			return true;
	}
	return false;
}

/* Outlook's block: From: and, close below it, when and to whom or about what. */
static bool is_header_block(char *const *line)
{
	static const char *const from[] = { "from:", "from :", "de:", "de :", "von:", "da:", "da :", "van:", "från:", "fra:", "od:", "от:",
		"expéditeur :", "expéditeur:", "mittente:", "remitente:", "absender:", NULL };
	static const char *const when[] = { "sent:", "date:", "date :", "envoyé :", "envoyé:", "envoyé le :", "gesendet:", "datum:",
		"inviato:", "data:", "enviado:", "enviado el:", "fecha:", "verzonden:", "skickat:", "sendt:", "wysłano:", "отправлено:", NULL };
	static const char *const rest[] = { "to:", "to :", "à :", "à:", "a:", "a :", "an:", "para:", "aan:", "till:", "til:", "do:", "кому:", "cc:",
		"subject:", "subject :", "objet :", "objet:", "betreff:", "oggetto:", "asunto:", "assunto:", "onderwerp:", "ämne:", "emne:", "temat:", NULL };
	g_autofree char *first = simple(*line);
	bool dated = starts_with_one(first, when), named = starts_with_one(first, from), more = false;
	if (!named && !dated) /* GMX begins with the date */
		return false;
	int seen = 0;
	for (line++; *line && seen < 6; line++) {
		if (is_blank(*line))
			continue;
		g_autofree char *text = simple(*line);
		seen++;
		named = named || starts_with_one(text, from);
		dated = dated || starts_with_one(text, when);
		more = more || starts_with_one(text, rest);
	}
	return named && dated && more;
}

static bool is_rule_of(const char *text, const char *sign, size_t least)
{
	size_t length = strspn(text, sign);
	return length >= least && text[length] == '\0';
}

/* "-----Original Message-----" and its like. */
static bool is_separator(const char *text)
{
	static const char *const words[] = { "original message", "message d'origine", "message original", "messaggio originale",
		"mensaje original", "mensagem original", "ursprüngliche nachricht", "original-nachricht", "originalnachricht",
		"weitergeleitete nachricht", "forwarded message", "message transféré", "messaggio inoltrato", "mensaje reenviado",
		"oorspronkelijk bericht", "ursprungligt meddelande", "begin forwarded message", NULL };
	const char *inner = text + strspn(text, "-_ ");
	size_t marks = strspn(text, "-_");
	if (g_str_has_prefix(text, "begin forwarded message:") || g_str_has_prefix(text, "début du message réexpédié"))
		return true;
	return marks >= 2 && starts_with_one(inner, words);
}

/* Everything from here on is the mail that is answered. */
static bool is_end(char *const *line)
{
	if (is_quoted(*line))
		return false;
	g_autofree char *text = simple(*line);
	if (is_separator(text) || is_header_block(line))
		return true;
	if (is_rule_of(text, "_", 10) || is_rule_of(text, "-", 10)) {
		char *const *after = line + 1;
		while (*after && is_blank(*after))
			after++;
		return !*after || is_header_block(after);
	}
	return false;
}

/* What a telephone writes below each mail. */
static bool is_device_line(const char *line)
{
	static const char *const starts[] = { "sent from my ", "sent from mail", "sent from outlook", "sent from yahoo", "sent from proton",
		"sent from aol", "sent from gmail", "sent via ", "get outlook for ", "sent with ", "sent using ", "envoyé de mon ", "envoyé depuis ", "envoyé à partir",
		"obtenez outlook", "obtenir outlook", "télécharger outlook", "provenance : ", "inviato da ", "inviato dal mio ", "ottieni outlook",
		"scarica outlook", "enviado desde mi ", "enviado desde ", "enviado do meu ", "obtener outlook", "von meinem ", "gesendet von ",
		"gesendet mit ", "diese nachricht wurde von meinem ", "outlook für ", "holen sie sich outlook", "verzonden vanaf ",
		"skickat från ", "sendt fra ", NULL };
	g_autofree char *text = simple(line);
	return strlen(text) < 100 && starts_with_one(text, starts);
}

static bool is_signature_mark(const char *line)
{
	return !strcmp(line, "-- ") || !strcmp(line, "--") || !strcmp(line, "---- ");
}

/* Lines that are left, put together: no white space at their ends, no more than one empty line in a row. */
static void join(GString *text, GPtrArray *kept)
{
	g_string_truncate(text, 0);
	bool gap = false;
	for (guint i = 0; i < kept->len; i++) {
		char *line = g_strchomp(g_ptr_array_index(kept, i));
		if (!text->len)
			g_strchug(line);
		if (!*line) {
			gap = text->len > 0;
			continue;
		}
		g_string_append_printf(text, "%s%s%s", text->len ? "\n" : "", gap ? "\n" : "", line);
		gap = false;
	}
}

void mail_strip(GString *text)
{
	g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	bool said = false;
	for (char **line = lines; *line && !is_end(line); line++) {
		if (said && is_signature_mark(*line))
			break;
		unsigned announced = is_quoted(*line) ? 0 : attribution(line);
		if (announced) {
			line += announced - 1;
			if (!is_quoted(next_line(line)) && said)
				break; /* the quote has no marks of its own */
			continue;
		}
		if (is_quoted(*line) || is_device_line(*line))
			continue;
		said = said || !is_blank(*line);
		g_ptr_array_add(kept, *line);
	}
	join(text, kept);
}

/* Only the lines that begin with > are left out: for an answer below the mail it answers. */
static void strip_marked(GString *text)
{
	g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	for (char **line = lines; *line; line++) {
		if (!is_quoted(*line))
			g_ptr_array_add(kept, *line);
	}
	join(text, kept);
}

char *mail_visible(const Mail *mail)
{
	gsize most = MIN(mail->body->len, LOOKED_AT);
	g_autoptr(GString) text = g_string_new_len(mail->body->str, (gssize)MIN(mail->cut, most));
	mail_strip(text);
	if (!text->len && mail->cut < most) {
		g_string_append_len(text, mail->body->str, (gssize)most);
		mail_strip(text);
	}
	if (!text->len) {
		g_string_append_len(text, mail->body->str, (gssize)most);
		strip_marked(text);
	}
	return g_utf8_make_valid(text->str, -1); /* it may have been cut within a character */
}
