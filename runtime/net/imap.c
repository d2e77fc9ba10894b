/* SPDX-License-Identifier: MIT */
/* The words of IMAP: see imap.h. */
#include "net/imap.h"

#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK(perigee-imap-error, imap_error)

enum { DEPTH = 16, TEXT_MOST = 300 };

static bool malformed(GError **error, const char *what)
{
	g_set_error(error, IMAP_ERROR, IMAP_ERROR_FORMAT, "the server's answer is no IMAP: %s", what);
	return false;
}

/* ---- whole responses ---- */

void imap_input_init(ImapInput *input)
{
	*input = (ImapInput){ .bytes = g_string_new(NULL) };
}

void imap_input_clear(ImapInput *input)
{
	g_string_free(input->bytes, TRUE);
	input->bytes = NULL;
}

/* "...{123}" or "{123+}" at the end of a line: the size of the literal that follows it. */
static bool literal_size(const char *line, size_t length, uint64_t *size)
{
	if (length < 3 || line[length - 1] != '}')
		return false;
	size_t at = length - 1;
	if (line[at - 1] == '+')
		at--;
	size_t end = at;
	while (at > 0 && g_ascii_isdigit(line[at - 1]))
		at--;
	if (at == end || at == 0 || line[at - 1] != '{' || end - at > 10)
		return false;
	*size = g_ascii_strtoull(line + at, NULL, 10);
	return true;
}

bool imap_input_take(ImapInput *input, GString *out, GError **error)
{
	GString *in = input->bytes;
	for (;;) {
		if (in->len > IMAP_RESPONSE_MOST && input->scanned > IMAP_RESPONSE_MOST)
			return malformed(error, "a response is too long");
		if (input->scanned >= in->len)
			return false;
		const char *start = in->str + input->scanned;
		const char *newline = memchr(start, '\n', in->len - input->scanned);
		if (!newline)
			return in->len - input->scanned > IMAP_RESPONSE_MOST ? malformed(error, "a line is too long") : false;
		size_t end = (size_t)(newline - in->str);
		size_t length = end > 0 && in->str[end - 1] == '\r' ? end - 1 : end;
		uint64_t size;
		/* The line of a literal's size begins where the last literal ended. */
		if (length >= input->scanned && literal_size(start, length - input->scanned, &size)) {
			if (size > IMAP_LITERAL_MOST)
				return malformed(error, "a literal is bigger than was asked for");
			if (in->len < end + 1 + size)
				return false; /* this line is looked at again, the literal is not */
			input->scanned = end + 1 + (size_t)size;
			continue;
		}
		g_string_truncate(out, 0);
		g_string_append_len(out, in->str, (gssize)length);
		g_string_erase(in, 0, (gssize)end + 1);
		input->scanned = 0;
		return true;
	}
}

/* ---- tokens ---- */

typedef enum { TOKEN_END, TOKEN_ATOM, TOKEN_STRING, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_BAD } TokenKind;

typedef struct Token {
	TokenKind kind;
	const char *text; /* borrowed; the backslashes of a quoted string are still in it */
	size_t size;
} Token;

typedef struct Cursor {
	const char *at, *end;
} Cursor;

static Token quoted_token(Cursor *c)
{
	const char *start = ++c->at;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at == '\\')
			c->at++;
		c->at++;
	}
	if (c->at >= c->end)
		return (Token){ TOKEN_BAD, NULL, 0 };
	return (Token){ TOKEN_STRING, start, (size_t)(c->at++ - start) };
}

static Token literal_token(Cursor *c)
{
	uint64_t size;
	const char *newline = memchr(c->at, '\n', (size_t)(c->end - c->at));
	size_t length = newline ? (size_t)(newline - c->at) : 0;
	if (length > 0 && c->at[length - 1] == '\r')
		length--;
	if (!newline || !literal_size(c->at, length, &size) || size > (uint64_t)(c->end - newline - 1))
		return (Token){ TOKEN_BAD, NULL, 0 };
	c->at = newline + 1 + size;
	return (Token){ TOKEN_STRING, newline + 1, (size_t)size };
}

/* An atom runs to a space or a parenthesis; what stands in brackets (BODY[HEADER.FIELDS (TO)]) belongs to it. */
static Token atom_token(Cursor *c)
{
	const char *start = c->at;
	bool brackets = false;
	for (; c->at < c->end && (!*c->at || brackets || !strchr(" ()", *c->at)); c->at++) {
		if (*c->at == '\r' || *c->at == '\n' || *c->at == 0)
			return (Token){ TOKEN_BAD, NULL, 0 };
		brackets = *c->at == '[' || (brackets && *c->at != ']');
	}
	return (Token){ TOKEN_ATOM, start, (size_t)(c->at - start) };
}

static Token next(Cursor *c)
{
	while (c->at < c->end && *c->at == ' ')
		c->at++;
	if (c->at >= c->end)
		return (Token){ TOKEN_END, NULL, 0 };
	switch (*c->at) {
	case '(': c->at++; return (Token){ TOKEN_OPEN, NULL, 0 };
	case ')': c->at++; return (Token){ TOKEN_CLOSE, NULL, 0 };
	case '"': return quoted_token(c);
	case '{': return literal_token(c);
	default: return atom_token(c);
	}
}

static bool is_word(const Token *token, const char *word)
{
	return token->kind == TOKEN_ATOM && token->size == strlen(word) && g_ascii_strncasecmp(token->text, word, token->size) == 0;
}

/* Passes over one value: an atom, a string, a list of values. */
static bool skip_value(Cursor *c)
{
	int depth = 0;
	do {
		Token token = next(c);
		if (token.kind == TOKEN_OPEN)
			depth++;
		else if (token.kind == TOKEN_CLOSE)
			depth--;
		else if (token.kind == TOKEN_END || token.kind == TOKEN_BAD)
			return false;
		if (depth < 0 || depth > DEPTH)
			return false;
	} while (depth > 0);
	return true;
}

static bool number_of(const Token *token, uint64_t *number)
{
	*number = 0;
	if (token->kind != TOKEN_ATOM || token->size == 0 || token->size > 19)
		return false;
	for (size_t i = 0; i < token->size; i++) {
		if (!g_ascii_isdigit(token->text[i]))
			return false;
		*number = *number * 10 + (uint64_t)(token->text[i] - '0');
	}
	return true;
}

static Cursor rest_of(const GString *response, const ImapLine *line)
{
	return (Cursor){ response->str + line->rest, response->str + response->len };
}

/* ---- the front ---- */

bool imap_line(const GString *response, ImapLine *line)
{
	*line = (ImapLine){ .kind = IMAP_UNTAGGED };
	Cursor c = { response->str, response->str + response->len };
	if (response->len > 0 && response->str[0] == '+') {
		line->kind = IMAP_CONTINUE;
		line->rest = response->len > 1 && response->str[1] == ' ' ? 2 : 1;
		return true;
	}
	Token token = next(&c);
	if (token.kind != TOKEN_ATOM || token.size >= sizeof line->tag)
		return false;
	if (!is_word(&token, "*")) {
		line->kind = IMAP_TAGGED;
		memcpy(line->tag, token.text, token.size);
	}
	token = next(&c);
	uint64_t number;
	if (line->kind == IMAP_UNTAGGED && number_of(&token, &number)) {
		if (number > UINT32_MAX)
			return false;
		line->number = (uint32_t)number;
		token = next(&c);
	}
	if (token.kind != TOKEN_ATOM || token.size >= sizeof line->word)
		return false;
	for (size_t i = 0; i < token.size; i++)
		line->word[i] = g_ascii_toupper(token.text[i]);
	while (c.at < c.end && *c.at == ' ')
		c.at++;
	line->rest = (size_t)(c.at - response->str);
	return true;
}

bool imap_code_number(const char *text, const char *code, uint64_t *number)
{
	size_t length = strlen(code);
	if (text[0] != '[' || g_ascii_strncasecmp(text + 1, code, length) != 0 || text[1 + length] != ' ')
		return false;
	const char *digits = text + length + 2;
	size_t n = strspn(digits, "0123456789");
	if (n == 0 || n > 19 || digits[n] != ']')
		return false;
	*number = g_ascii_strtoull(digits, NULL, 10);
	return true;
}

char *imap_text(const char *text)
{
	char *out = g_utf8_make_valid(text, (gssize)MIN(strlen(text), TEXT_MOST));
	size_t size = strlen(out); /* of bytes that were no UTF-8 each has become three */
	for (size = MIN(size, TEXT_MOST); ((unsigned char)out[size] & 0xc0) == 0x80; size--) {
	}
	out[size] = 0;
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	return g_strstrip(out);
}

/* ---- what is in them ---- */

static bool fetch_flags(Cursor *c, ImapFetch *fetch)
{
	Token token = next(c);
	if (token.kind != TOKEN_OPEN)
		return false;
	while ((token = next(c)).kind == TOKEN_ATOM)
		fetch->seen |= is_word(&token, "\\Seen");
	return token.kind == TOKEN_CLOSE;
}

static bool fetch_item(Cursor *c, const Token *name, ImapFetch *fetch)
{
	if (is_word(name, "FLAGS"))
		return fetch_flags(c, fetch);
	bool is_uid = is_word(name, "UID"), is_date = is_word(name, "INTERNALDATE");
	bool is_body = is_word(name, "BODY[]") || is_word(name, "BODY[]<0>");
	if (!is_uid && !is_date && !is_body)
		return skip_value(c);
	Token value = next(c);
	uint64_t number;
	if (is_uid) {
		if (!number_of(&value, &number) || number == 0 || number > UINT32_MAX)
			return false;
		fetch->uid = (uint32_t)number;
	} else if (is_date) {
		g_autofree char *text = value.kind == TOKEN_STRING ? g_strndup(value.text, value.size) : NULL;
		return text && imap_date(text, &fetch->internal_date);
	} else if (value.kind == TOKEN_STRING) {
		fetch->body = value.text;
		fetch->body_size = value.size;
	} else {
		return is_word(&value, "NIL");
	}
	return true;
}

bool imap_fetch(const GString *response, const ImapLine *line, ImapFetch *fetch)
{
	*fetch = (ImapFetch){ 0 };
	Cursor c = rest_of(response, line);
	Token token = next(&c);
	if (token.kind != TOKEN_OPEN)
		return false;
	while ((token = next(&c)).kind == TOKEN_ATOM)
		if (!fetch_item(&c, &token, fetch))
			return false;
	return token.kind == TOKEN_CLOSE && next(&c).kind == TOKEN_END;
}

bool imap_search(const GString *response, const ImapLine *line, GArray *out)
{
	Cursor c = rest_of(response, line);
	uint64_t number;
	for (Token token; (token = next(&c)).kind != TOKEN_END;) {
		if (token.kind == TOKEN_OPEN) /* (MODSEQ 917162500), RFC 7162 */
			return true;
		if (!number_of(&token, &number) || number == 0 || number > UINT32_MAX)
			return false;
		uint32_t uid = (uint32_t)number;
		g_array_append_val(out, uid);
	}
	return true;
}

static char *unescape(const Token *token)
{
	GString *out = g_string_new(NULL);
	for (size_t i = 0; i < token->size; i++) {
		if (token->text[i] == '\\' && i + 1 < token->size)
			i++;
		g_string_append_c(out, token->text[i]);
	}
	return g_string_free(out, FALSE);
}

char *imap_list_with(const GString *response, const ImapLine *line, const char *attribute)
{
	Cursor c = rest_of(response, line);
	bool has = false;
	Token token = next(&c);
	if (token.kind != TOKEN_OPEN)
		return NULL;
	while ((token = next(&c)).kind == TOKEN_ATOM)
		has |= is_word(&token, attribute);
	if (token.kind != TOKEN_CLOSE || !has || !skip_value(&c)) /* the hierarchy delimiter */
		return NULL;
	const char *before = c.at;
	token = next(&c);
	if (token.kind != TOKEN_ATOM && token.kind != TOKEN_STRING)
		return NULL;
	while (*before == ' ')
		before++;
	return *before == '"' ? unescape(&token) : g_strndup(token.text, token.size);
}

bool imap_date(const char *text, int64_t *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4], sign;
	int day, year, hour, minute, zone, used = 0;
	double second;
	if (sscanf(text, " %2d-%3[A-Za-z]-%4d %2d:%2d:%2lf %c%4d%n", &day, month, &year, &hour, &minute, &second, &sign, &zone, &used) != 8 ||
	    text[used] || strlen(month) != 3 || (sign != '+' && sign != '-'))
		return false;
	const char *found = NULL;
	for (const char *m = months; *m && !found; m += 3)
		if (g_ascii_strncasecmp(m, month, 3) == 0)
			found = m;
	if (!found)
		return false;
	g_autoptr(GDateTime) date = g_date_time_new_utc(year, (int)(found - months) / 3 + 1, day, hour, minute, second);
	if (!date)
		return false;
	int offset = (zone / 100 * 60 + zone % 100) * 60 * (sign == '-' ? -1 : 1);
	*out = (g_date_time_to_unix(date) - offset) * 1000;
	return true;
}

/* ---- arguments ---- */

char *imap_quoted(const char *text)
{
	GString *out = g_string_new("\"");
	for (const char *c = text; *c; c++) {
		if (*c == '\r' || *c == '\n' || (unsigned char)*c > 127) {
			g_string_free(out, TRUE);
			return NULL;
		}
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}

/* One run of characters outside printable ASCII: UTF-16 in base64, with comma for slash and without padding. */
static void append_utf7(GString *out, const char *text, glong size)
{
	glong units = 0;
	g_autofree gunichar2 *utf16 = g_utf8_to_utf16(text, size, NULL, &units, NULL);
	for (glong i = 0; utf16 && i < units; i++)
		utf16[i] = GUINT16_TO_BE(utf16[i]);
	g_autofree char *base64 = g_base64_encode((const guchar *)utf16, (gsize)units * 2);
	g_strdelimit(base64, "/", ',');
	base64[strcspn(base64, "=")] = 0;
	g_string_append_printf(out, "&%s-", base64);
}

char *imap_mailbox_name(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return NULL;
	GString *out = g_string_new(NULL);
	for (const char *c = text; *c;) {
		const char *start = c;
		while ((unsigned char)*c > 0x7e || (*c && (unsigned char)*c < 0x20))
			c++;
		if (c > start) {
			append_utf7(out, start, c - start);
			continue;
		}
		g_string_append_c(out, *c);
		if (*c++ == '&')
			g_string_append_c(out, '-');
	}
	return g_string_free(out, FALSE);
}
