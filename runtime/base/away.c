/* SPDX-License-Identifier: MIT */
/* When somebody who is away says they are back: see away.h. Dates that are said simply, in English, French, Italian, Spanish and
 * German; anything else is left to the host's default. */
#include "base/away.h"

#include <stdbool.h>
#include <string.h>

enum { BEFORE = 70, SECONDS_A_DAY = 86400, EPOCH = 719163 /* 1970-01-01 in days as GDate counts them */ };

/* The months' names; three letters and more of one are enough. */
static const char *const months[12][6] = {
	{ "january", "janvier", "gennaio", "enero", "januar", "jänner" }, { "february", "février", "fevrier", "febbraio", "febrero", "februar" },
	{ "march", "mars", "marzo", "märz", "maerz" }, { "april", "avril", "aprile", "abril" }, { "may", "mai", "maggio", "mayo" },
	{ "june", "juin", "giugno", "junio", "juni" }, { "july", "juillet", "luglio", "julio", "juli" }, { "august", "août", "aout", "agosto" },
	{ "september", "septembre", "settembre", "septiembre", "setiembre" }, { "october", "octobre", "ottobre", "octubre", "oktober" },
	{ "november", "novembre", "noviembre" }, { "december", "décembre", "decembre", "dicembre", "diciembre", "dezember" },
};

/* What is said before a date. Later in the list is more sure: of two dates, "back on" tells more than "until". */
static const char *const until_words[] = { "until", "till", "through", "jusqu'au", "jusqu’au", "jusqu'à", "fino a", "sino a", "hasta", "bis ", "up to", " to ", " au ", " al ", "-", "–", NULL };
static const char *const back_words[] = { "back", "return", "de retour", "retour", "reviens", "rentre", "rientr", "ritorn", "torno", "torna ", "torner", "di nuovo",
	"regres", "reincorpor", "de nuevo", "vuelv", "volver", "vuelta", "zurück", "wieder", "erreichbar", "in the office", "available", "disponible", "disponibile", "joignable", "reachable", "resume", NULL };

typedef struct Found {
	int rank;
	GDate date;
} Found;

static int last_of(const char *text, size_t size, const char *const *words)
{
	int last = -1;
	for (; *words; words++) {
		const char *at = g_strrstr_len(text, (gssize)size, *words);
		if (at)
			last = MAX(last, (int)(at - text));
	}
	return last;
}

/* "ab dem 1. Dezember wieder erreichbar": the sentence says it after the date. */
static bool back_follows(const char *text)
{
	size_t size = 0;
	while (size < BEFORE && text[size] && !strchr("!;\n", text[size]) && !(text[size] == '.' && text[size + 1] == ' ' && size && g_ascii_isalpha(text[size - 1])))
		size++;
	return last_of(text, size, back_words) >= 0;
}

/* How sure it is that the date at position at is the one of the return. */
static int rank_of(const char *text, size_t at)
{
	size_t from = at > BEFORE ? at - BEFORE : 0;
	while (from < at && ((unsigned char)text[from] & 0xC0) == 0x80)
		from++;
	for (size_t i = at; i-- > from;) { /* within the sentence */
		if ((text[i] == '.' && text[i + 1] == ' ' && !g_ascii_isdigit(text[i + 2]) && i && !g_ascii_isdigit(text[i - 1])) || text[i] == '!' || text[i] == ';') {
			from = i + 1;
			break;
		}
	}
	int until = last_of(text + from, at - from, until_words), back = last_of(text + from, at - from, back_words);
	if (back >= 0)
		return 3;
	return until >= 0 ? 2 : back_follows(text + at) ? 1 : 0;
}

/* The date nearest after the mail of those that day, month and year (0: not said) can mean. */
static bool settle(GDate *date, int day, int month, int year, const GDate *received)
{
	if (day < 1 || day > 31 || month < 1 || month > 12)
		return false;
	if (!year) {
		if (!g_date_valid(received))
			return false;
		year = g_date_get_year(received);
		GDate earliest = *received;
		g_date_subtract_days(&earliest, 2);
		if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
			return false;
		g_date_set_dmy(date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
		if (g_date_compare(date, &earliest) < 0)
			year++;
	}
	if (year < 100)
		year += 2000;
	if (year < 2000 || year > 2100 || !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return false;
	g_date_set_dmy(date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	return true;
}

static int number(const char **at, size_t most)
{
	size_t digits = 0;
	int value = 0;
	for (; digits < most && g_ascii_isdigit((*at)[digits]); digits++)
		value = value * 10 + g_ascii_digit_value((*at)[digits]);
	if (!digits || g_ascii_isdigit((*at)[digits]))
		return -1;
	*at += digits;
	return value;
}

static bool is_month(const char *word, size_t size, int month)
{
	for (size_t i = 0; i < G_N_ELEMENTS(months[0]) && months[month][i]; i++)
		if (strncmp(months[month][i], word, size) == 0)
			return true;
	return false;
}

/* 1 to 12, and behind the name; 0: there is none. */
static int month_at(const char **at)
{
	const char *end = *at;
	while (g_ascii_isalpha(*end) || (unsigned char)*end >= 0x80)
		end = g_utf8_next_char(end);
	if (g_utf8_strlen(*at, end - *at) < 3)
		return 0;
	for (int month = 0; month < 12; month++) {
		if (!is_month(*at, (size_t)(end - *at), month))
			continue;
		*at = end;
		return month + 1;
	}
	return 0;
}

static const char *skip(const char *at, const char *signs)
{
	return at + strspn(at, signs);
}

/* A year after a month's name, or 0. */
static int year_at(const char *at)
{
	at = skip(at, " .,-");
	if (g_str_has_prefix(at, "de "))
		at += 3;
	if (g_str_has_prefix(at, "del "))
		at += 4;
	int year = number(&at, 4);
	return year >= 2000 ? year : 0;
}

/* Of 9.30: is it a time of day? "um 9.30 Uhr", "alle 9.30". day: behind its first number, which has two digits at most. */
static bool is_time(const char *text, const char *day, const char *end)
{
	static const char *const before[] = { " alle ", " ore ", " um ", " at ", " à ", " las ", NULL };
	static const char *const after[] = { " uhr", "uhr", " h", "h", " a.m", " p.m", " am ", " pm", "am", "pm", " o'clock", NULL };
	while (day > text && g_ascii_isdigit(day[-1]))
		day--;
	for (const char *const *word = before; *word; word++)
		if ((size_t)(day - text) >= strlen(*word) && g_str_has_prefix(day - strlen(*word), *word))
			return true;
	for (const char *const *word = after; *word; word++)
		if (g_str_has_prefix(end, *word))
			return true;
	return false;
}

/* 24/11/2026, 24.11.,  11/24/2026: the order that is possible, and of two that are, the one nearest after the mail. */
static bool numeric_date(const char *text, const char *at, int first, GDate *date, const GDate *received)
{
	const char *whole = at;
	char sign = *at++;
	if (!strchr("/.-", sign))
		return false;
	int second = number(&at, 2), year = 0;
	if (second < 1 || first < 1)
		return false;
	if (*at == sign) {
		at++;
		year = number(&at, 4);
		if (year < 0 && sign != '.')
			return false;
		year = MAX(year, 0);
	} else if (sign == '-' || (sign == '.' && is_time(text, whole, at))) {
		return false;
	}
	GDate other;
	g_date_clear(&other, 1);
	bool day_first = settle(date, first, second, year, received);
	bool month_first = sign == '/' && settle(&other, second, first, year, received);
	if (!day_first || (month_first && g_date_valid(received) && g_date_compare(&other, date) < 0 && g_date_compare(&other, received) >= 0) ||
	    (month_first && g_date_valid(received) && g_date_compare(date, received) < 0)) {
		*date = other;
		return month_first;
	}
	return true;
}

/* What may stand between a day's number and the month. */
static const char *after_day(const char *at)
{
	for (const char *const *word = (const char *const[]){ "st", "nd", "rd", "th", "er", "º", "°", ".", " of ", " de ", " ", "-", NULL }; *word; word++)
		at += g_str_has_prefix(at, *word) ? strlen(*word) : 0;
	return at;
}

/* The date that begins at start, in text, if one does. */
static bool date_at(const char *text, const char *start, GDate *date, const GDate *received)
{
	const char *at = start;
	int month = month_at(&at);
	if (month) { /* November 24th, 2026; but "mar 24 novembre" and "martes 24 de noviembre" are a Tuesday */
		at = skip(at, " .");
		int day = number(&at, 2);
		for (const char *const *suffix = (const char *const[]){ "st", "nd", "rd", "th", NULL }; *suffix; suffix++)
			at += g_str_has_prefix(at, *suffix) ? 2 : 0;
		const char *next = after_day(at);
		return day > 0 && *at != ':' && !month_at(&next) && settle(date, day, month, year_at(at), received);
	}
	if (!g_ascii_isdigit(*at))
		return false;
	int first = number(&at, 4);
	if (first >= 1000) { /* 2026-11-24 */
		if (*at != '-')
			return false;
		at++;
		month = number(&at, 2);
		if (*at != '-')
			return false;
		at++;
		return settle(date, number(&at, 2), month, first, received);
	}
	if (*at && numeric_date(text, at, first, date, received))
		return true;
	/* 24 November 2026, 24. November, 1er décembre, 24th of November, 24 de noviembre */
	at = after_day(at);
	month = month_at(&at);
	return month && settle(date, first, month, year_at(at), received);
}

char *away_returns(const char *original, gint64 received)
{
	g_autofree char *valid = g_utf8_make_valid(original, -1), *lower = g_utf8_strdown(valid, -1);
	g_auto(GStrv) parts = g_strsplit(lower, "\u00a0", -1);
	g_autofree char *text = g_strjoinv(" ", parts);
	GDate sent;
	g_date_clear(&sent, 1);
	if (received > 0 && received / SECONDS_A_DAY < 100000) /* in UTC: the machine's zone is nobody's business */
		g_date_set_julian(&sent, (guint32)(received / SECONDS_A_DAY) + EPOCH);
	Found best = { 0 };
	for (size_t i = 0; text[i]; i++) {
		bool starts = i == 0 || (!g_ascii_isalnum(text[i - 1]) && !((unsigned char)text[i - 1] >= 0x80 && g_ascii_isalpha(text[i])));
		GDate date;
		g_date_clear(&date, 1);
		if (!starts || (!g_ascii_isalnum(text[i])) || !date_at(text, text + i, &date, &sent))
			continue;
		int rank = rank_of(text, i);
		if (rank > best.rank || (rank && rank == best.rank && g_date_compare(&date, &best.date) > 0))
			best = (Found){ rank, date };
	}
	if (!best.rank || (g_date_valid(&sent) && g_date_days_between(&sent, &best.date) > 366))
		return NULL;
	return g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&best.date), (int)g_date_get_month(&best.date), g_date_get_day(&best.date));
}
