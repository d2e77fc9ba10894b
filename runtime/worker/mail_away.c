/* SPDX-License-Identifier: MIT */
/* When somebody who is away says they are back: see mail_returns in mail_parts.h. Dates that are said simply, in English, French,
 * Italian, Spanish and German; anything else is left to the host's default. */
#include "worker/mail_parts.h"

#include <stdlib.h>
#include <string.h>

enum { BEFORE = 70, SECONDS_A_DAY = 86400, EPOCH = 719163 /* 1970-01-01 in days as GDate counts them */ };

/* The months' names begin with these; a name may go on. Sorted by month. */
static const struct {
	const char *name;
	int month;
} months[] = {
	{ "jan", 1 }, { "gen", 1 }, { "ene", 1 }, { "jän", 1 }, { "feb", 2 }, { "fév", 2 }, { "fev", 2 }, { "mar", 3 }, { "mär", 3 },
	{ "apr", 4 }, { "avr", 4 }, { "abr", 4 }, { "may", 5 }, { "mai", 5 }, { "mag", 5 }, { "juin", 6 }, { "jun", 6 }, { "giu", 6 },
	{ "juil", 7 }, { "jul", 7 }, { "lug", 7 }, { "aug", 8 }, { "aoû", 8 }, { "aou", 8 }, { "ago", 8 }, { "sep", 9 }, { "set", 9 },
	{ "oct", 10 }, { "okt", 10 }, { "ott", 10 }, { "nov", 11 }, { "dec", 12 }, { "déc", 12 }, { "dez", 12 }, { "dic", 12 },
};

/* What is said before a date. Later in the list is more sure: of two dates, "back on" tells more than "until". */
static const char *const until_words[] = { "until", "till", "through", "jusqu'au", "jusqu’au", "jusqu'à", "fino al", "sino al", "hasta el",
	"hasta", " bis ", "bis zum", "bis einschließlich", "up to", " to ", " au ", " al ", "-", "–", NULL };
static const char *const back_words[] = { "back", "return", "de retour", "retour", "reviens", "rentre", "rientr", "ritorn", "torner", "di nuovo",
	"regres", "vuelv", "volver", "vuelta", "zurück", "wieder", "erreichbar", "in the office", "available", "disponible", "reachable", NULL };

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
		if ((text[i] == '.' && text[i + 1] == ' ' && i && !g_ascii_isdigit(text[i - 1])) || text[i] == '!' || text[i] == ';') {
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

static int month_at(const char **at)
{
	for (size_t i = 0; i < G_N_ELEMENTS(months); i++) {
		if (!g_str_has_prefix(*at, months[i].name))
			continue;
		const char *end = *at + strlen(months[i].name);
		while (g_ascii_isalpha(*end) || (unsigned char)*end >= 0x80)
			end++;
		if (end - *at > 11)
			return 0;
		*at = end;
		return months[i].month;
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
	at = skip(at, " .,");
	if (g_str_has_prefix(at, "de "))
		at += 3;
	if (g_str_has_prefix(at, "del "))
		at += 4;
	int year = number(&at, 4);
	return year >= 2000 ? year : 0;
}

/* 24/11/2026, 24.11., 11/24/2026: the order that is possible, and of two that are, the one nearest after the mail. */
static bool numeric_date(const char *at, int first, GDate *date, const GDate *received)
{
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
	} else if (sign != '/') {
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

/* The date that begins at text, if one does. */
static bool date_at(const char *text, GDate *date, const GDate *received)
{
	const char *at = text;
	int month = month_at(&at);
	if (month) { /* November 24th, 2026 */
		at = skip(at, " .");
		int day = number(&at, 2);
		for (const char *const *suffix = (const char *const[]){ "st", "nd", "rd", "th", NULL }; *suffix; suffix++)
			at += g_str_has_prefix(at, *suffix) ? 2 : 0;
		return day > 0 && *at != ':' && settle(date, day, month, year_at(at), received);
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
	if (*at && numeric_date(at, first, date, received))
		return true;
	/* 24 November 2026, 24. November, 1er décembre, 24th of November, 24 de noviembre */
	for (const char *const *word = (const char *const[]){ "st", "nd", "rd", "th", "er", "º", "°", ".", " of ", " de ", " ", NULL }; *word; word++)
		at += g_str_has_prefix(at, *word) ? strlen(*word) : 0;
	month = month_at(&at);
	return month && settle(date, first, month, year_at(at), received);
}

char *mail_returns(const char *original, gint64 received)
{
	g_autofree char *text = g_utf8_strdown(original, -1);
	GDate sent;
	g_date_clear(&sent, 1);
	if (received > 0 && received / SECONDS_A_DAY < 100000) /* in UTC: the machine's zone is nobody's business */
		g_date_set_julian(&sent, (guint32)(received / SECONDS_A_DAY) + EPOCH);
	Found best = { 0 };
	for (size_t i = 0; text[i]; i++) {
		bool starts = i == 0 || (!g_ascii_isalnum(text[i - 1]) && !((unsigned char)text[i - 1] >= 0x80 && g_ascii_isalpha(text[i])));
		GDate date;
		g_date_clear(&date, 1);
		if (!starts || (!g_ascii_isalnum(text[i])) || !date_at(text + i, &date, &sent))
			continue;
		int rank = rank_of(text, i);
		if (rank > best.rank || (rank && rank == best.rank && g_date_compare(&date, &best.date) > 0))
			best = (Found){ rank, date };
	}
	if (!best.rank || (g_date_valid(&sent) && g_date_days_between(&sent, &best.date) > 366))
		return NULL;
	return g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&best.date), (int)g_date_get_month(&best.date), g_date_get_day(&best.date));
}
