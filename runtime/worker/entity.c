/* SPDX-License-Identifier: MIT */
/* See entity.h. */
#include "worker/entity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct Named {
	const char *name;
	gunichar code;
} Named;

/* Sorted by name, bytewise. */
static const Named named[] = {
	{ "AMP", '&' }, { "Aacute", 0xC1 }, { "Acirc", 0xC2 }, { "Agrave", 0xC0 }, { "Aring", 0xC5 }, { "Auml", 0xC4 },
	{ "Ccedil", 0xC7 }, { "Eacute", 0xC9 }, { "Ecirc", 0xCA }, { "Egrave", 0xC8 }, { "Euml", 0xCB }, { "GT", '>' },
	{ "LT", '<' }, { "Ntilde", 0xD1 }, { "Oacute", 0xD3 }, { "Ouml", 0xD6 }, { "QUOT", '"' }, { "Uacute", 0xDA },
	{ "Uuml", 0xDC }, { "aacute", 0xE1 }, { "acirc", 0xE2 }, { "acute", 0xB4 }, { "aelig", 0xE6 }, { "agrave", 0xE0 },
	{ "amp", '&' }, { "apos", '\'' }, { "aring", 0xE5 }, { "atilde", 0xE3 }, { "auml", 0xE4 }, { "bdquo", 0x201E },
	{ "bull", 0x2022 }, { "ccedil", 0xE7 }, { "cent", 0xA2 }, { "copy", 0xA9 }, { "deg", 0xB0 }, { "eacute", 0xE9 },
	{ "ecirc", 0xEA }, { "egrave", 0xE8 }, { "emsp", 0x2003 }, { "ensp", 0x2002 }, { "euml", 0xEB }, { "euro", 0x20AC },
	{ "frac12", 0xBD }, { "gt", '>' }, { "hearts", 0x2665 }, { "hellip", 0x2026 }, { "iacute", 0xED }, { "icirc", 0xEE },
	{ "iexcl", 0xA1 }, { "igrave", 0xEC }, { "iquest", 0xBF }, { "iuml", 0xEF }, { "laquo", 0xAB }, { "larr", 0x2190 },
	{ "ldquo", 0x201C }, { "lsaquo", 0x2039 }, { "lsquo", 0x2018 }, { "lt", '<' }, { "mdash", 0x2014 },
	{ "middot", 0xB7 }, { "nbsp", 0xA0 }, { "ndash", 0x2013 }, { "ntilde", 0xF1 }, { "oacute", 0xF3 }, { "ocirc", 0xF4 },
	{ "oelig", 0x153 }, { "ograve", 0xF2 }, { "ordf", 0xAA }, { "ordm", 0xBA }, { "oslash", 0xF8 }, { "otilde", 0xF5 },
	{ "ouml", 0xF6 }, { "para", 0xB6 }, { "plusmn", 0xB1 }, { "pound", 0xA3 }, { "quot", '"' }, { "raquo", 0xBB },
	{ "rarr", 0x2192 }, { "rdquo", 0x201D }, { "reg", 0xAE }, { "rsaquo", 0x203A }, { "rsquo", 0x2019 },
	{ "sbquo", 0x201A }, { "sect", 0xA7 }, { "shy", 0xAD }, { "szlig", 0xDF }, { "thinsp", 0x2009 }, { "times", 0xD7 },
	{ "trade", 0x2122 }, { "uacute", 0xFA }, { "ucirc", 0xFB }, { "ugrave", 0xF9 }, { "uuml", 0xFC }, { "yacute", 0xFD },
	{ "yen", 0xA5 }, { "zwj", 0x200D }, { "zwnj", 0x200C },
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, ((const Named *)entry)->name);
}

static size_t numeric(GString *out, const char *text, size_t size)
{
	bool hex = size > 2 && (text[2] == 'x' || text[2] == 'X');
	size_t at = hex ? 3 : 2, digits = 0;
	guint32 code = 0;
	for (; at < size && digits < 8; at++, digits++) {
		int digit = hex ? g_ascii_xdigit_value(text[at]) : g_ascii_digit_value(text[at]);
		if (digit < 0)
			break;
		code = code * (hex ? 16 : 10) + (guint32)digit;
	}
	if (!digits)
		return 0;
	if (at < size && text[at] == ';')
		at++;
	if (code < 32 && code != '\n' && code != '\t')
		code = ' ';
	if (code >= 0x7F && code < 0xA0) /* Windows-1252 is what is meant */
		code = 0xFFFD;
	g_string_append_unichar(out, g_unichar_validate(code) ? code : 0xFFFD);
	return at;
}

size_t entity_append(GString *out, const char *text, size_t size)
{
	if (size < 3 || text[0] != '&')
		return 0;
	if (text[1] == '#')
		return numeric(out, text, size);
	char name[12];
	size_t length = 0;
	while (length + 1 < size && length < sizeof name - 1 && g_ascii_isalnum(text[length + 1])) {
		name[length] = text[length + 1];
		length++;
	}
	name[length] = '\0';
	const Named *found = bsearch(name, named, G_N_ELEMENTS(named), sizeof *named, compare);
	if (!found || length + 1 >= size || text[length + 1] != ';')
		return 0;
	g_string_append_unichar(out, found->code);
	return length + 2;
}

void entity_escape(GString *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (text[i]) {
		case '&': g_string_append(out, "&amp;"); break;
		case '<': g_string_append(out, "&lt;"); break;
		case '>': g_string_append(out, "&gt;"); break;
		case '"': g_string_append(out, "&quot;"); break;
		case '\'': g_string_append(out, "&#39;"); break;
		default: g_string_append_c(out, text[i]);
		}
	}
}
