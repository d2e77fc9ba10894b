/* SPDX-License-Identifier: MIT */
/* What contacts write in a simulation: see chance_words.h. */
#include "host/chance_words.h"

#include <string.h>

enum { REPLIES = 6 };

/* The same six in each language: two agree, one wants to know more, one wants to speak, one is not now, one is no. */
static const struct {
	const char *language, *replies[REPLIES], *away; /* away: a format with the date */
} languages[] = {
	{ "en",
	  { "Yes, I would like that. What are the next steps?", "Sounds good, count me in.", "Thanks for writing. Could you tell me more about it?",
	    "Interesting. Can we talk about it on the phone?", "Not at the moment; please ask me again in a few months.",
	    "Thank you, but this is nothing for me." },
	  "I am out of the office and will be back on %s." },
	{ "fr",
	  { "Oui, avec plaisir. Quelle est la suite ?", "Ça me va, je participe.", "Merci pour votre message. Pouvez-vous m’en dire plus ?",
	    "Intéressant. Pouvons-nous en parler au téléphone ?", "Pas en ce moment ; reparlons-en dans quelques mois.",
	    "Merci, mais ce n’est pas pour moi." },
	  "Je suis absent(e) du bureau et de retour le %s." },
	{ "de",
	  { "Ja, sehr gern. Wie geht es weiter?", "Klingt gut, ich bin dabei.", "Danke für die Nachricht. Können Sie mir mehr dazu sagen?",
	    "Interessant. Können wir darüber telefonieren?", "Im Moment nicht; fragen Sie gern in ein paar Monaten noch einmal.",
	    "Danke, aber das ist nichts für mich." },
	  "Ich bin nicht im Büro und am %s wieder da." },
	{ "es",
	  { "Sí, me encantaría. ¿Cuáles son los próximos pasos?", "Suena bien, cuenta conmigo.", "Gracias por escribir. ¿Me puedes contar más?",
	    "Interesante. ¿Podemos hablarlo por teléfono?", "Ahora mismo no; escríbeme de nuevo en unos meses.", "Gracias, pero no es para mí." },
	  "Estoy fuera de la oficina y vuelvo el %s." },
	{ "it",
	  { "Sì, molto volentieri. Quali sono i prossimi passi?", "Mi piace, ci sto.", "Grazie del messaggio. Può dirmi qualcosa di più?",
	    "Interessante. Possiamo parlarne al telefono?", "Non in questo momento; ne riparliamo tra qualche mese.", "Grazie, ma non fa per me." },
	  "Sono fuori ufficio e rientro il %s." },
};

/* "fr-CA" is French. */
static size_t language_of(const char *locale)
{
	for (size_t i = 0; locale && i < G_N_ELEMENTS(languages); i++)
		if (g_ascii_strncasecmp(locale, languages[i].language, 2) == 0 && !g_ascii_isalpha(locale[2]))
			return i;
	return 0;
}

const char *chance_reply(const char *locale, double share)
{
	size_t which = (size_t)(share * REPLIES);
	return languages[language_of(locale)].replies[MIN(which, REPLIES - 1)];
}

/* The same six in each language: on delivery, on working together, on a code, on a scam, on a pretended profile, on nothing much. */
static const char *const messages[G_N_ELEMENTS(languages)][REPLIES] = {
	{ "Hi, I ordered last week and nothing has come yet. When will it be delivered?", "Hello! How can I work with you as a creator?",
	  "Is there a discount code for my followers?", "Somebody says they are from your team and asks me to pay a fee first. Is this a scam?",
	  "There is a profile with your name and your pictures that writes to people. Is that really you?", "Hello, is anybody there?" },
	{ "Bonjour, j’ai commandé la semaine dernière et je n’ai encore rien reçu. Quand serai-je livrée ?",
	  "Bonjour ! Comment peut-on collaborer avec vous en tant que créateur ?", "Est-ce qu’il y a un code promo pour mes abonnés ?",
	  "Quelqu’un qui dit être de votre équipe me demande de payer des frais d’abord. Est-ce une arnaque ?",
	  "Un compte avec votre nom et vos photos écrit aux gens. C’est vraiment vous ?", "Bonjour, il y a quelqu’un ?" },
	{ "Hallo, ich habe letzte Woche bestellt und noch nichts bekommen. Wann kommt die Lieferung?",
	  "Hallo! Wie kann ich als Creator mit euch zusammenarbeiten?", "Gibt es einen Rabattcode für meine Follower?",
	  "Jemand gibt sich als Teil eures Teams aus und verlangt vorab eine Gebühr. Ist das Betrug?",
	  "Ein Profil mit eurem Namen und euren Bildern schreibt Leuten. Seid das wirklich ihr?", "Hallo, ist da jemand?" },
	{ "Hola, hice un pedido la semana pasada y todavía no ha llegado. ¿Cuándo será la entrega?",
	  "¡Hola! ¿Cómo puedo colaborar con vosotros como creador?", "¿Hay un código de descuento para mis seguidores?",
	  "Alguien dice que es de vuestro equipo y me pide que pague antes una tasa. ¿Es una estafa?",
	  "Hay un perfil con vuestro nombre y vuestras fotos que escribe a la gente. ¿Sois vosotros de verdad?", "Hola, ¿hay alguien?" },
	{ "Ciao, ho ordinato la settimana scorsa e non è ancora arrivato niente. Quando sarà consegnato?",
	  "Ciao! Come posso collaborare con voi come creator?", "C’è un codice sconto per chi mi segue?",
	  "Qualcuno dice di essere del vostro team e mi chiede di pagare prima una quota. È una truffa?",
	  "C’è un profilo con il vostro nome e le vostre foto che scrive alla gente. Siete davvero voi?", "Ciao, c’è qualcuno?" },
};

const char *chance_message(const char *locale, double share)
{
	size_t which = (size_t)(share * REPLIES);
	return messages[language_of(locale)][MIN(which, REPLIES - 1)];
}

/* The date as numbers: the same for every reader, and what an out-of-office reader finds in any language. */
char *chance_away(const char *locale, GDateTime *back)
{
	g_autofree char *date = g_date_time_format(back, "%Y-%m-%d"), *text = g_strdup(languages[language_of(locale)].away);
	char *place = strstr(text, "%s");
	*place = 0;
	return g_strconcat(text, date, place + 2, NULL);
}
