/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* What out-of-office answers say of the return, as people write them, read on Monday, 6 January 2025. */
#include "base/away.h"

enum { MONDAY = 1736154000 }; /* 2025-01-06T09:00Z */

typedef struct Case {
	const char *text, *returns;
} Case;

static void check_cases(const Case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		g_autofree char *returns = away_returns(cases[i].text, MONDAY);
		if (g_strcmp0(returns, cases[i].returns) != 0) {
			g_test_message("\"%s\": %s, not %s", cases[i].text, returns ? returns : "nothing", cases[i].returns ? cases[i].returns : "nothing");
			g_test_fail();
		}
	}
}
#define CHECK(cases) check_cases(cases, G_N_ELEMENTS(cases))

static void test_english(void)
{
	static const Case cases[] = {
		{ "I am away until 20 January.", "2025-01-20" }, { "Out of office until January 20", "2025-01-20" }, { "until the 20th of January", "2025-01-20" },
		{ "I'll be back on Monday, 20 January 2025.", "2025-01-20" }, { "Back on Mon 20 Jan", "2025-01-20" }, { "Back in the office on Jan. 20th.", "2025-01-20" },
		{ "Returning on 20/01/2025", "2025-01-20" }, { "Returning 1/20/2025", "2025-01-20" }, { "on leave till 20 Jan 2025", "2025-01-20" },
		{ "I am out of the office from 13 to 20 January.", "2025-01-20" }, { "Away 13-20 January", "2025-01-20" }, { "Away 13 Jan – 20 Jan", "2025-01-20" },
		{ "through Friday, January 17, 2025", "2025-01-17" }, { "until 2025-01-20", "2025-01-20" }, { "until 20-Jan-2025", "2025-01-20" },
		{ "Away until 10 January, back at my desk on 13 January.", "2025-01-13" }, { "I will resume work on 20 January.", "2025-01-20" },
		{ "until 20\u00a0January", "2025-01-20" }, { "back on 2 January", "2026-01-02" },
	};
	CHECK(cases);
}

static void test_french(void)
{
	static const Case cases[] = {
		{ "Je suis absente jusqu'au 3 mars.", "2025-03-03" }, { "Absent jusqu’au 3 mars 2025 inclus", "2025-03-03" }, { "de retour le lundi 3 mars", "2025-03-03" },
		{ "Je serai de retour le 03/03.", "2025-03-03" }, { "Je reviens le 1er mars", "2025-03-01" }, { "en congé du 3 au 10 février", "2025-02-10" },
		{ "De retour mar. 21 janvier", "2025-01-21" }, { "à nouveau joignable le 3 août", "2025-08-03" }, { "jusqu'au 03.03.2025", "2025-03-03" },
		{ "Je rentre le 3 déc.", "2025-12-03" }, { "absent jusqu'au vendredi 17 janvier à 18 h", "2025-01-17" },
	};
	CHECK(cases);
}

static void test_italian(void)
{
	static const Case cases[] = {
		{ "Sono in ferie fino al 20 gennaio 2025", "2025-01-20" }, { "fino a lunedì 20 gennaio", "2025-01-20" }, { "Torno il 20/01", "2025-01-20" },
		{ "Tornerò il 20 gennaio", "2025-01-20" }, { "rientro il 20.01.2025", "2025-01-20" }, { "Rientrerò mar 21 gennaio", "2025-01-21" },
		{ "fuori ufficio dal 13 al 20 gennaio", "2025-01-20" }, { "fino all'8 gennaio", "2025-01-08" }, { "di nuovo disponibile dal 1° febbraio", "2025-02-01" },
		{ "sarò di ritorno il 20 gen", "2025-01-20" }, { "assente fino al 20/1/2025", "2025-01-20" }, { "fino al 20-01-2025", "2025-01-20" },
	};
	CHECK(cases);
}

static void test_spanish(void)
{
	static const Case cases[] = {
		{ "Estoy de vacaciones hasta el 20 de enero.", "2025-01-20" }, { "hasta el martes 21 de enero de 2025", "2025-01-21" }, { "Vuelvo el 20/01", "2025-01-20" },
		{ "Regreso el 20 de enero del 2025", "2025-01-20" }, { "fuera de la oficina del 13 al 20 de enero", "2025-01-20" }, { "estaré de vuelta el 1 de marzo", "2025-03-01" },
		{ "me reincorporo el 20 de enero", "2025-01-20" },
	};
	CHECK(cases);
}

static void test_german(void)
{
	static const Case cases[] = {
		{ "Ich bin bis zum 12.1. im Urlaub.", "2025-01-12" }, { "Bis 12.1. nicht im Büro", "2025-01-12" }, { "bis einschließlich 17. Januar 2025", "2025-01-17" },
		{ "Ab dem 20. Januar bin ich wieder erreichbar.", "2025-01-20" }, { "wieder da am 20.01.", "2025-01-20" }, { "zurück am Montag, den 20. Jan.", "2025-01-20" },
		{ "vom 13. bis 20. Januar", "2025-01-20" }, { "vom 13.01. bis zum 20.01.2025", "2025-01-20" }, { "bis 3. März", "2025-03-03" }, { "bis 20.01", "2025-01-20" },
		{ "bis 7. Jänner", "2025-01-07" },
	};
	CHECK(cases);
}

/* A date that nobody said is worse than none. */
static void test_nothing(void)
{
	static const Case cases[] = {
		{ "", NULL }, { "I am away.", NULL }, { "Ich bin heute bis 9.12 Uhr nicht da", NULL }, { "fino alle 9.10", NULL }, { "until 5 pm", NULL },
		{ "Our order of 20 January has left.", NULL }, { "until 31 February", NULL }, { "hasta el martes 20", NULL }, { "until version 20", NULL },
		{ "Call +39 02 20 01 2025", NULL }, { "until 20 January 2031", NULL }, { "\xff until \xff", NULL }, { "jusqu'au 20 marketing", NULL },
	};
	CHECK(cases);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/away/a return is read in English", test_english);
	g_test_add_func("/away/in French", test_french);
	g_test_add_func("/away/in Italian", test_italian);
	g_test_add_func("/away/in Spanish", test_spanish);
	g_test_add_func("/away/in German", test_german);
	g_test_add_func("/away/what says no date gives none", test_nothing);
	return g_test_run();
}
