/* SPDX-License-Identifier: MIT */
/* Header fields of mail that we write: see header.h. */
#include "host/header.h"

#include <string.h>

G_DEFINE_QUARK(perigee-header-error, header_error)

enum {
	LINE = 76,         /* RFC 2047, 2: a line that holds an encoded word */
	WORD = 75,         /* an encoded word, with its frame */
	ADDRESS_MOST = 254, /* RFC 5321, 4.5.3.1.3 without the < > */
	LOCAL_MOST = 64,
	ID_MOST = 250,
	TEXT_MOST = 2000,  /* bytes of a subject or a name */
};

static const char WORD_START_B[] = "=?UTF-8?B?", WORD_START_Q[] = "=?UTF-8?Q?", WORD_END[] = "?=";

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, HEADER_ERROR, HEADER_ERROR_INVALID, text);
	return false;
}

/* ---- what may stand in a field ------------------------------------------------------------------------------------ */

/* Controls of C0 (tab apart) and C1, and the two separators that some readers take for line ends. */
static bool is_breaking(gunichar c)
{
	return (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static bool check_text(const char *name, const char *text, GError **error)
{
	if (strlen(text) > TEXT_MOST)
		return invalid(error, "%s: longer than %d bytes", name, TEXT_MOST);
	if (!g_utf8_validate(text, -1, NULL))
		return invalid(error, "%s: not UTF-8", name);
	for (const char *c = text; *c; c = g_utf8_next_char(c))
		if (is_breaking(g_utf8_get_char(c)))
			return invalid(error, "%s: holds a line break or another control character (U+%04X)", name, g_utf8_get_char(c));
	return true;
}

/* Can it be written as it is and read back the same? "=?" would be taken for an encoded word; leading, trailing and
 * repeated blanks do not survive folding everywhere; a word that is longer than a line can't be folded. */
static bool is_plain(const char *text)
{
	size_t word = 0;
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c > 0x7e || *c == '\t' || (c[0] == '=' && c[1] == '?'))
			return false;
		if (*c == ' ' && (c == text || c[1] == ' ' || !c[1]))
			return false;
		word = *c == ' ' ? 0 : word + 1;
		if (word > LINE - 16)
			return false;
	}
	return true;
}

/* ---- folding ------------------------------------------------------------------------------------------------------ */

static size_t column(const GString *out)
{
	const char *newline = g_strrstr_len(out->str, (gssize)out->len, "\n");
	return newline ? out->len - (size_t)(newline + 1 - out->str) : out->len;
}

/* Appends a blank and the token, or folds before it if the line would pass LINE. */
static void put_token(GString *out, const char *token, size_t size)
{
	g_string_append(out, column(out) + 1 + size > LINE ? "\r\n " : " ");
	g_string_append_len(out, token, (gssize)size);
}

static void put_words(GString *out, const char *text)
{
	while (*text) {
		size_t size = strcspn(text, " ");
		put_token(out, text, size);
		text += size + (text[size] != 0);
	}
}

/* ---- encoded words (RFC 2047) ------------------------------------------------------------------------------------- */

/* What stands for itself in Q, in every place an encoded word may stand (RFC 2047, 5 (3)). */
static bool q_literal(unsigned char c)
{
	return g_ascii_isalnum(c) || (c && strchr("!*+-/", c));
}

static size_t q_size(const char *c, size_t n)
{
	size_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += q_literal((unsigned char)c[i]) || c[i] == ' ' ? 1 : 3;
	return size;
}

static void put_q(GString *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == ' ')
			g_string_append_c(out, '_');
		else if (q_literal(c))
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "=%02X", c);
	}
}

static size_t encoded_size(bool q, const char *text, size_t size)
{
	return q ? q_size(text, size) : (size + 2) / 3 * 4;
}

/* How many bytes of text, whole characters, fit an encoded word of `space` octets; at least one character. A word of base64 ends
 * without padding if another one follows: GMime puts them together before it decodes, and stops at the first padding. */
static size_t word_take(bool q, const char *text, size_t space)
{
	size_t take = 0, whole = 0;
	for (const char *c = text; *c; c = g_utf8_next_char(c)) {
		size_t next = (size_t)(g_utf8_next_char(c) - text);
		if (take && encoded_size(q, text, next) > space)
			break;
		take = next;
		if (take % 3 == 0)
			whole = take;
	}
	return q || !text[take] || !whole ? take : whole;
}

/* The first word goes behind the name if there is room to speak of, each further one on a line of its own. */
static void put_encoded(GString *out, const char *text)
{
	size_t length = strlen(text), frame = strlen(WORD_START_B) + strlen(WORD_END);
	bool q = q_size(text, length) <= (length + 2) / 3 * 4;
	bool fold = column(out) + 1 + frame + 12 > LINE;
	for (; *text; fold = true) {
		size_t line = fold ? WORD : MIN((size_t)WORD, LINE - column(out) - 1);
		size_t take = word_take(q, text, line - frame);
		g_string_append(out, fold ? "\r\n " : " ");
		g_string_append(out, q ? WORD_START_Q : WORD_START_B);
		g_autofree char *base64 = q ? NULL : g_base64_encode((const guchar *)text, take);
		if (q)
			put_q(out, text, take);
		else
			g_string_append(out, base64);
		g_string_append(out, WORD_END);
		text += take;
	}
}

/* ---- addresses ---------------------------------------------------------------------------------------------------- */

static bool is_atext(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* dot-atom, with letters of any language (RFC 6531, 3.3), or a quoted string (RFC 5321, 4.1.2). */
static bool is_local(const char *text, size_t size)
{
	if (size == 0 || size > LOCAL_MOST)
		return false;
	if (text[0] == '"') {
		for (size_t i = 1; i + 1 < size; i++) {
			if (text[i] == '\\' && i + 2 < size)
				i++;
			else if (text[i] == '"' || text[i] == '\\')
				return false;
			if (text[i] < 0x20 || text[i] > 0x7e)
				return false;
		}
		return size > 2 && text[size - 1] == '"';
	}
	for (const char *c = text; c < text + size; c = g_utf8_next_char(c))
		if ((unsigned char)*c > 0x7f && (!g_unichar_isgraph(g_utf8_get_char(c)) || is_breaking(g_utf8_get_char(c))))
			return false;
	for (size_t i = 0; i < size; i++)
		if (!is_atext(text[i]) && (unsigned char)text[i] < 0x80 && (text[i] != '.' || i == 0 || i + 1 == size || text[i - 1] == '.'))
			return false;
	return true;
}

/* Letters, digits, hyphens in labels, or an address literal. */
static bool is_domain(const char *text)
{
	size_t size = strlen(text);
	if (text[0] == '[')
		return size > 3 && text[size - 1] == ']' && strspn(text + 1, "0123456789abcdefABCDEFIPv.:") == size - 2;
	for (size_t i = 0; i < size; i++) {
		bool edge = i == 0 || i + 1 == size || text[i - 1] == '.' || text[i + 1] == '.';
		if (!g_ascii_isalnum(text[i]) && ((text[i] != '-' && text[i] != '.') || edge))
			return false;
	}
	return size > 0;
}

char *header_address(const char *address, GError **error)
{
	const char *at = strrchr(address, '@');
	size_t local = at ? (size_t)(at - address) : 0;
	bool utf8 = g_utf8_validate(address, -1, NULL);
	g_autofree char *domain = !at || !utf8 ? NULL : at[1] == '[' ? g_strdup(at + 1) : g_hostname_to_ascii(at + 1);
	if (!domain || !is_local(address, local) || !is_domain(domain) || local + 1 + strlen(domain) > ADDRESS_MOST) {
		g_autofree char *shown = g_strescape(address, NULL);
		invalid(error, "%.200s: not an e-mail address", shown);
		return NULL;
	}
	return g_strdup_printf("%.*s@%s", (int)local, address, domain);
}

static bool is_phrase(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!is_atext(*c) && *c != ' ')
			return false;
	return true;
}

/* The display name: atoms, a quoted string, or encoded words (RFC 5322, 3.2.5; RFC 2047, 5 (3)). */
static void put_display(GString *out, const char *display)
{
	if (is_plain(display) && is_phrase(display)) {
		put_words(out, display);
		return;
	}
	g_autoptr(GString) quoted = g_string_new("\"");
	for (const char *c = display; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *c);
	}
	g_string_append_c(quoted, '"');
	/* A quoted string is not folded: one that would have to be is written as encoded words. */
	if (is_plain(display) && column(out) + 1 + quoted->len <= LINE)
		put_token(out, quoted->str, quoted->len);
	else
		put_encoded(out, display);
}

/* ---- fields ------------------------------------------------------------------------------------------------------- */

bool header_text(GString *out, const char *name, const char *text, GError **error)
{
	if (!check_text(name, text, error))
		return false;
	g_string_append_printf(out, "%s:", name);
	if (is_plain(text))
		put_words(out, text);
	else
		put_encoded(out, text);
	g_string_append(out, "\r\n");
	return true;
}

bool header_mailbox(GString *out, const char *name, const char *display, const char *address, GError **error)
{
	g_autofree char *plain = header_address(address, error);
	if (!plain) {
		g_prefix_error(error, "%s: ", name);
		return false;
	}
	if (display && !check_text(name, display, error))
		return false;
	g_string_append_printf(out, "%s:", name);
	g_autofree char *angle = g_strdup_printf("<%s>", plain);
	if (display && *display) {
		put_display(out, display);
		put_token(out, angle, strlen(angle));
	} else {
		put_token(out, plain, strlen(plain));
	}
	g_string_append(out, "\r\n");
	return true;
}

bool header_addresses(GString *out, const char *name, const char *const *addresses, GError **error)
{
	if (!addresses || !addresses[0])
		return true;
	g_string_append_printf(out, "%s:", name);
	for (size_t i = 0; addresses[i]; i++) {
		g_autofree char *plain = header_address(addresses[i], error);
		if (!plain) {
			g_prefix_error(error, "%s: ", name);
			return false;
		}
		g_autofree char *item = g_strconcat(plain, addresses[i + 1] ? "," : "", NULL);
		put_token(out, item, strlen(item));
	}
	g_string_append(out, "\r\n");
	return true;
}

void header_date(GString *out, const char *name, Time at, GTimeZone *zone)
{
	static const char days[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / 1000);
	g_autoptr(GDateTime) local = zone ? g_date_time_to_timezone(utc, zone) : g_date_time_ref(utc);
	int minutes = (int)(g_date_time_get_utc_offset(local) / G_TIME_SPAN_MINUTE);
	g_string_append_printf(out, "%s: %s, %d %s %04d %02d:%02d:%02d %c%02d%02d\r\n", name, days[g_date_time_get_day_of_week(local) - 1],
	                       g_date_time_get_day_of_month(local), months[g_date_time_get_month(local) - 1], g_date_time_get_year(local),
	                       g_date_time_get_hour(local), g_date_time_get_minute(local), g_date_time_get_second(local),
	                       minutes < 0 ? '-' : '+', ABS(minutes) / 60, ABS(minutes) % 60);
}

bool header_is_id(const char *id)
{
	size_t size = strlen(id);
	for (size_t i = 0; i < size; i++)
		if (id[i] <= 0x20 || id[i] > 0x7e || strchr("<>\"\\(),;", id[i]))
			return false;
	const char *at = strchr(id, '@');
	return size <= ID_MOST && at && at > id && at[1];
}

void header_ids(GString *out, const char *name, const char *const *ids)
{
	g_string_append_printf(out, "%s:", name);
	for (size_t i = 0; ids[i]; i++) {
		g_autofree char *angle = g_strdup_printf("<%s>", ids[i]);
		put_token(out, angle, strlen(angle));
	}
	g_string_append(out, "\r\n");
}
