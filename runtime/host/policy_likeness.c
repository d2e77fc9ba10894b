/* SPDX-License-Identifier: MIT */
/*
 * What a message says, names aside, as a keyed hash (rule personal): see policy.h. The text becomes its words in lower case; what is
 * the contact's own by nature (names, addresses, the links that are made for each message) is taken away.
 */
#include "host/policy_rules.h"

#include <string.h>

#include "host/token.h"

static const char NAMES[] = "SELECT name, first_name FROM contacts WHERE id = ?";
static const char ADDRESSES[] = "SELECT address, norm FROM identities WHERE contact = ?";

#define TOKEN_CHARS "abcdefghijklmnopqrstuvwxyz234567" /* of token.h's links */
#define FIRST_UNSPACED 0x2E80 /* from here on scripts have no spaces between words: Han, Kana */

static bool is_of_word(const char *p)
{
	if ((guchar)*p < 0x80)
		return g_ascii_isalnum(*p);
	gunichar c = g_utf8_get_char(p);
	return g_unichar_isalnum(c) || g_unichar_ismark(c);
}

static void fold_part(GString *out, const char *part)
{
	g_autofree char *lower = g_utf8_casefold(part, -1);
	g_autofree char *plain = g_utf8_normalize(lower, -1, G_NORMALIZE_ALL_COMPOSE);
	g_string_append(out, plain ? plain : lower);
}

/* One form for what reads alike: compatibility characters, case. Most parts between spaces are ASCII, and fold quickly. Caller frees. */
static char *folded(const char *text)
{
	if (g_str_is_ascii(text))
		return g_ascii_strdown(text, -1);
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_sized_new(strlen(valid));
	for (char *part = valid; *part;) {
		size_t length = strcspn(part, " \t\r\n");
		char end = part[length];
		part[length] = 0;
		if (g_str_is_ascii(part))
			g_string_append(out, part);
		else
			fold_part(out, part);
		part += length + (end != 0);
		if (end)
			g_string_append_c(out, end);
	}
	for (gsize i = 0; i < out->len; i++)
		out->str[i] = (char)g_ascii_tolower(out->str[i]);
	return g_string_free(out, FALSE);
}

/* Words are letters and digits, whatever stands between them. Caller frees. */
static GPtrArray *words_of(const char *text)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	for (const char *p = text; *p;) {
		const char *begin = p;
		while (is_of_word(p))
			p = g_utf8_next_char(p);
		if (p > begin)
			g_ptr_array_add(words, g_strndup(begin, (gsize)(p - begin)));
		p = *p ? g_utf8_next_char(p) : p;
	}
	return words;
}

static void cut_all(GString *text, const char *what)
{
	if (*what)
		g_string_replace(text, what, " ", 0);
}

/* The links that differ from message to message, whatever else they say. */
static void cut_links(const Host *host, GString *text)
{
	for (int kind = FOLLOW_UNSUBSCRIBE; kind <= FOLLOW_LINK; kind++) {
		g_autofree char *begin = token_prefix(host->workspace, (FollowKind)kind);
		g_autofree char *link = begin ? folded(begin) : NULL;
		for (char *at; link && (at = strstr(text->str, link));)
			g_string_erase(text, at - text->str, (gssize)(strlen(link) + strspn(at + strlen(link), TOKEN_CHARS)));
	}
}

/* A name or address, as words to be skipped where they stand one after the other. */
static void add_phrase(GPtrArray *phrases, const char *text)
{
	g_autofree char *plain = text ? folded(text) : NULL;
	GPtrArray *words = plain ? words_of(plain) : NULL;
	if (words && words->len)
		g_ptr_array_add(phrases, words);
	else if (words)
		g_ptr_array_unref(words);
}

static int by_length(const void *a, const void *b)
{
	const GPtrArray *x = *(GPtrArray *const *)a, *y = *(GPtrArray *const *)b;
	return (x->len < y->len) - (x->len > y->len);
}

static bool has_letter(const char *word)
{
	while (*word && !g_unichar_isalpha(g_utf8_get_char(word)))
		word = g_utf8_next_char(word);
	return *word;
}

/* The longest first: "Maya Lind" before "Maya". */
static GPtrArray *phrases_of(Host *host, const char *contact)
{
	GPtrArray *phrases = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	Rows *rows = db_query(host->db, NAMES, "s", contact);
	while (rows_next(rows)) {
		add_phrase(phrases, rows_text(rows, 0));
		add_phrase(phrases, rows_text(rows, 1));
	}
	for (guint i = 0, n = phrases->len; i < n; i++) {
		const GPtrArray *words = phrases->pdata[i];
		for (guint w = 0; words->len > 1 && w < words->len; w++)
			if (has_letter(words->pdata[w])) /* a number alone is no name: it may be what was said of them */
				add_phrase(phrases, words->pdata[w]);
	}
	rows = db_query(host->db, ADDRESSES, "s", contact);
	while (rows_next(rows)) {
		add_phrase(phrases, rows_text(rows, 0));
		add_phrase(phrases, rows_text(rows, 1));
	}
	g_ptr_array_sort(phrases, by_length);
	return phrases;
}

/* How many of the words from i on are a phrase. */
static guint phrase_at(const GPtrArray *phrases, const GPtrArray *words, guint i)
{
	for (guint p = 0; p < phrases->len; p++) {
		const GPtrArray *phrase = phrases->pdata[p];
		guint w = 0;
		while (w < phrase->len && i + w < words->len && strcmp(phrase->pdata[w], words->pdata[i + w]) == 0)
			w++;
		if (w == phrase->len)
			return w;
	}
	return 0;
}

/* Where words have no spaces between them, a name stands within longer ones. */
static void cut_unspaced(const GPtrArray *phrases, GString *text)
{
	for (guint p = 0; p < phrases->len; p++) {
		const GPtrArray *phrase = phrases->pdata[p];
		for (guint w = 0; w < phrase->len; w++)
			if (g_utf8_get_char(phrase->pdata[w]) >= FIRST_UNSPACED)
				cut_all(text, phrase->pdata[w]);
	}
}

char *policy_likeness_by(Host *host, const char *key, const char *contact, const char *text)
{
	g_autofree char *plain = folded(text);
	g_autoptr(GString) rest = g_string_new(plain);
	g_autoptr(GPtrArray) phrases = phrases_of(host, contact ? contact : "");
	cut_links(host, rest);
	cut_unspaced(phrases, rest);
	g_autoptr(GPtrArray) words = words_of(rest->str);
	g_autoptr(GString) saying = g_string_new("likeness");
	for (guint i = 0; i < words->len;) {
		guint skip = phrase_at(phrases, words, i);
		if (!skip) {
			g_string_append_c(saying, '\n');
			g_string_append(saying, words->pdata[i]);
		}
		i += MAX(skip, 1);
	}
	return g_compute_hmac_for_data(G_CHECKSUM_SHA256, (const guchar *)key, strlen(key), (const guchar *)saying->str, saying->len);
}

char *policy_likeness(Host *host, const char *contact, const char *text)
{
	host_write(host);
	g_autofree char *key = policy_key(host, true);
	return policy_likeness_by(host, key, contact, text);
}
