/* SPDX-License-Identifier: MIT */
/* The pages that links in mails lead to: see pages.h. */
#include "web/pages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The words of a language. In `names` and `then_names`, %s is our name; the others stand where it is not known. */
typedef struct Words {
	const char *language;
	const char *ask, *button, *note;
	const char *done, *already;
	const char *names, *nobody;           /* what is */
	const char *then_names, *then_nobody; /* what will be */
	const char *unknown, *answer;
	const char *later, *later_text;
	const char *wrong;
	/* double opt-in, and links whose time is over */
	const char *confirm, *confirm_button, *confirm_note;
	const char *confirmed, *confirmed_already, *will_write, *will_write_nobody;
	const char *over, *over_confirm, *over_link;
	const char *ask_again; /* what to do instead of any link but the one to unsubscribe */
} Words;

static const Words languages[] = {
	{ .language = "en",
	  .ask = "Unsubscribe?", .button = "Unsubscribe", .note = "One press is enough: no sign-in, no questions.",
	  .done = "You are unsubscribed", .already = "You are unsubscribed already",
	  .names = "%s will not write to you any more.", .nobody = "You will not be written to any more.",
	  .then_names = "After that, %s will not write to you any more.", .then_nobody = "After that, you will not be written to any more.",
	  .unknown = "This link leads nowhere",
	  .answer = "To unsubscribe, answer the mail with the one word <b>unsubscribe</b>. That is all it takes.",
	  .later = "Please try again in a minute", .later_text = "Your request could not be recorded just now.",
	  .wrong = "That request was not understood",
	  .confirm = "Please confirm", .confirm_button = "Yes, write to me",
	  .confirm_note = "If you did not ask for this, close this page: nothing happens.",
	  .confirmed = "Thank you, it is confirmed", .confirmed_already = "You have confirmed this already",
	  .will_write = "%s may write to you by e-mail. Every message tells you how to leave.",
	  .will_write_nobody = "You may be written to by e-mail. Every message tells you how to leave.",
	  .over = "This link has expired", .over_link = "It was good for a limited time.",
	  .over_confirm = "It was sent long ago, before you unsubscribed, or to another address. Nothing has been changed.",
	  .ask_again = "Answer the mail that it came with, and a person will help you." },
	{ .language = "fr",
	  .ask = "Se désabonner ?", .button = "Me désabonner", .note = "Un clic suffit : ni compte, ni question.",
	  .done = "C’est fait, vous êtes désabonné(e)", .already = "Vous êtes déjà désabonné(e)",
	  .names = "%s ne vous écrira plus.", .nobody = "On ne vous écrira plus.",
	  .then_names = "Ensuite, %s ne vous écrira plus.", .then_nobody = "Ensuite, on ne vous écrira plus.",
	  .unknown = "Ce lien ne mène nulle part",
	  .answer = "Pour vous désabonner, répondez au message par ce seul mot : <b>unsubscribe</b>. Cela suffit.",
	  .later = "Réessayez dans une minute", .later_text = "Votre demande n’a pas pu être enregistrée à l’instant.",
	  .wrong = "Cette demande n’a pas été comprise",
	  .confirm = "Confirmez votre inscription", .confirm_button = "Oui, écrivez-moi",
	  .confirm_note = "Si vous n’avez rien demandé, fermez cette page : il ne se passera rien.",
	  .confirmed = "Merci, c’est confirmé", .confirmed_already = "Vous aviez déjà confirmé",
	  .will_write = "%s peut vous écrire par e-mail. Chaque message vous dit comment arrêter.",
	  .will_write_nobody = "On peut vous écrire par e-mail. Chaque message vous dit comment arrêter.",
	  .over = "Ce lien n’est plus valable", .over_link = "Il n’était valable que pour un temps.",
	  .over_confirm = "Il a été envoyé il y a longtemps, avant votre désabonnement, ou à une autre adresse. Rien n’a été modifié.",
	  .ask_again = "Répondez au message qui le contenait : quelqu’un vous aidera." },
	{ .language = "it",
	  .ask = "Annullare l’iscrizione?", .button = "Annulla l’iscrizione", .note = "Basta un tocco: nessun accesso, nessuna domanda.",
	  .done = "Iscrizione annullata", .already = "L’iscrizione era già annullata",
	  .names = "%s non ti scriverà più.", .nobody = "Non riceverai più messaggi.",
	  .then_names = "Dopo, %s non ti scriverà più.", .then_nobody = "Dopo, non riceverai più messaggi.",
	  .unknown = "Questo link non porta da nessuna parte",
	  .answer = "Per annullare l’iscrizione rispondi al messaggio con la sola parola <b>unsubscribe</b>. Non serve altro.",
	  .later = "Riprova tra un minuto", .later_text = "In questo momento non è stato possibile registrare la tua richiesta.",
	  .wrong = "La richiesta non è stata compresa",
	  .confirm = "Conferma l’iscrizione", .confirm_button = "Sì, scrivetemi",
	  .confirm_note = "Se non hai chiesto nulla, chiudi questa pagina: non succede niente.",
	  .confirmed = "Grazie, è confermato", .confirmed_already = "Avevi già confermato",
	  .will_write = "%s può scriverti via e-mail. Ogni messaggio ti dice come smettere.",
	  .will_write_nobody = "Potrai ricevere e-mail. Ogni messaggio ti dice come smettere.",
	  .over = "Questo link è scaduto", .over_link = "Era valido per un tempo limitato.",
	  .over_confirm = "È stato inviato molto tempo fa, prima che annullassi l’iscrizione, o a un altro indirizzo. Non è cambiato nulla.",
	  .ask_again = "Rispondi al messaggio che lo conteneva: qualcuno ti aiuterà." },
	{ .language = "es",
	  .ask = "¿Darte de baja?", .button = "Darme de baja", .note = "Basta con un toque: sin cuenta y sin preguntas.",
	  .done = "Te has dado de baja", .already = "Ya te habías dado de baja",
	  .names = "%s no volverá a escribirte.", .nobody = "No se te volverá a escribir.",
	  .then_names = "Después, %s no volverá a escribirte.", .then_nobody = "Después, no se te volverá a escribir.",
	  .unknown = "Este enlace no lleva a ninguna parte",
	  .answer = "Para darte de baja, responde al mensaje con la única palabra <b>unsubscribe</b>. No hace falta más.",
	  .later = "Inténtalo de nuevo en un minuto", .later_text = "Ahora mismo no se ha podido registrar tu petición.",
	  .wrong = "No se ha entendido la petición",
	  .confirm = "Confirma tu suscripción", .confirm_button = "Sí, escribidme",
	  .confirm_note = "Si no has pedido nada, cierra esta página: no pasa nada.",
	  .confirmed = "Gracias, está confirmado", .confirmed_already = "Ya lo habías confirmado",
	  .will_write = "%s puede escribirte por correo. Cada mensaje te dice cómo dejarlo.",
	  .will_write_nobody = "Se te puede escribir por correo. Cada mensaje te dice cómo dejarlo.",
	  .over = "Este enlace ha caducado", .over_link = "Era válido por un tiempo limitado.",
	  .over_confirm = "Se envió hace mucho tiempo, antes de que te dieras de baja, o a otra dirección. No se ha cambiado nada.",
	  .ask_again = "Responde al mensaje en el que venía: una persona te ayudará." },
	{ .language = "de",
	  .ask = "Abmelden?", .button = "Abmelden", .note = "Ein Klick genügt: keine Anmeldung, keine Fragen.",
	  .done = "Sie sind abgemeldet", .already = "Sie sind bereits abgemeldet",
	  .names = "%s schreibt Ihnen nicht mehr.", .nobody = "Ihnen wird nicht mehr geschrieben.",
	  .then_names = "Danach schreibt Ihnen %s nicht mehr.", .then_nobody = "Danach wird Ihnen nicht mehr geschrieben.",
	  .unknown = "Dieser Link führt nirgendwohin",
	  .answer = "Um sich abzumelden, antworten Sie auf die E-Mail mit dem einen Wort <b>unsubscribe</b>. Das genügt.",
	  .later = "Bitte in einer Minute noch einmal versuchen", .later_text = "Ihr Wunsch konnte gerade nicht festgehalten werden.",
	  .wrong = "Diese Anfrage wurde nicht verstanden",
	  .confirm = "Bitte bestätigen", .confirm_button = "Ja, schreiben Sie mir",
	  .confirm_note = "Wenn Sie nichts angefordert haben, schließen Sie diese Seite: Es geschieht nichts.",
	  .confirmed = "Danke, es ist bestätigt", .confirmed_already = "Sie haben das schon bestätigt",
	  .will_write = "%s darf Ihnen E-Mails schreiben. Jede sagt Ihnen, wie Sie sich abmelden.",
	  .will_write_nobody = "Ihnen darf per E-Mail geschrieben werden. Jede Nachricht sagt, wie Sie sich abmelden.",
	  .over = "Dieser Link ist abgelaufen", .over_link = "Er galt nur für eine gewisse Zeit.",
	  .over_confirm = "Er wurde vor langer Zeit, vor Ihrer Abmeldung oder an eine andere Adresse verschickt. Es wurde nichts geändert.",
	  .ask_again = "Antworten Sie auf die E-Mail, in der er stand: Jemand hilft Ihnen weiter." },
};

static const char style[] =
	":root{color-scheme:light dark;--ink:#1d2433;--soft:#5a6478;--ground:#f3f4f7;--card:#fff;--line:#dde0e8;--press:#2f5bd0;--on:#fff}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e9ecf3;--soft:#a4adc0;--ground:#12151c;--card:#1b202b;--line:#303747;--press:#8fb0ff;--on:#101420}}"
	"*{box-sizing:border-box}"
	"body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:16px;background:var(--ground);color:var(--ink);"
	"font:17px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
	"main{width:100%;max-width:440px;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:28px 24px;overflow-wrap:anywhere}"
	"h1{margin:0 0 12px;font-size:1.45rem;line-height:1.25}"
	"p{margin:0 0 16px}p:last-child{margin:0}"
	".to,.note{color:var(--soft)}p.note{font-size:.9rem;margin:14px 0 0}"
	"button{width:100%;min-height:52px;padding:12px 20px;border:0;border-radius:10px;background:var(--press);color:var(--on);font:inherit;font-weight:600;cursor:pointer}"
	"button:hover{filter:brightness(1.08)}button:focus-visible{outline:3px solid var(--press);outline-offset:3px}";

static const Words *words_of(const char *language)
{
	for (size_t i = 0; i < G_N_ELEMENTS(languages); i++)
		if (g_str_equal(languages[i].language, language))
			return &languages[i];
	return &languages[0];
}

/* The language that a tag's first part names; NULL if it is none of ours. */
static const char *known(const char *tag)
{
	size_t letters = strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	for (size_t i = 0; i < G_N_ELEMENTS(languages); i++)
		if (letters == strlen(languages[i].language) && g_ascii_strncasecmp(tag, languages[i].language, letters) == 0)
			return languages[i].language;
	return NULL;
}

/* "q=0.8" as thousandths; 1000 where there is none. */
static int weight_of(const char *range)
{
	const char *semicolon = strchr(range, ';');
	const char *q = semicolon ? strstr(semicolon, "q=") : NULL;
	if (!q)
		return 1000;
	double value = g_ascii_strtod(q + 2, NULL);
	return value >= 0 && value <= 1 ? (int)(value * 1000) : 0;
}

const char *pages_language(const char *locale, const char *accept)
{
	const char *best = locale ? known(locale) : NULL;
	if (best || !accept)
		return best ? best : languages[0].language;
	int heaviest = 0;
	g_auto(GStrv) ranges = g_strsplit(accept, ",", 20);
	for (char **range = ranges; *range; range++) {
		const char *language = known(g_strstrip(*range));
		int weight = weight_of(*range);
		if (language && weight > heaviest) {
			best = language;
			heaviest = weight;
		}
	}
	return best ? best : languages[0].language;
}

static const char *title_of(const Words *words, const Page *page)
{
	bool confirms = page->link == FOLLOW_CONFIRM;
	switch (page->kind) {
	case PAGE_ASK: return confirms ? words->confirm : words->ask;
	case PAGE_DONE: return confirms ? words->confirmed : words->done;
	case PAGE_ALREADY: return confirms ? words->confirmed_already : words->already;
	case PAGE_UNKNOWN: return words->unknown;
	case PAGE_LATER: return words->later;
	case PAGE_OVER: return words->over;
	case PAGE_WRONG: break;
	}
	return words->wrong;
}

/* Text of strangers, as HTML has it. */
static char *escaped(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return g_markup_escape_text(valid, -1);
}

/* "NAME will not write to you any more." and the address it is about. */
static void put_who(GString *out, const Words *words, const Page *page)
{
	g_autofree char *from = escaped(page->from), *address = escaped(page->address);
	bool done = page->kind != PAGE_ASK, confirms = page->link == FOLLOW_CONFIRM;
	g_auto(GStrv) around = g_strsplit(confirms ? words->will_write : done ? words->names : words->then_names, "%s", 2);
	if (*from)
		g_string_append_printf(out, "<p>%s<b>%s</b>%s</p>\n", around[0], from, around[1]);
	else
		g_string_append_printf(out, "<p>%s</p>\n", confirms ? words->will_write_nobody : done ? words->nobody : words->then_nobody);
	if (*address)
		g_string_append_printf(out, "<p class=\"to\">%s</p>\n", address);
}

/* To the page's own address. To unsubscribe it is the same request as a mail program's one click (RFC 8058). */
static void put_button(GString *out, const Words *words, const Page *page)
{
	bool confirms = page->link == FOLLOW_CONFIRM;
	g_string_append_printf(out, "<form method=\"post\">\n<input type=\"hidden\" name=\"%s\" value=\"%s\">\n"
	                       "<button type=\"submit\">%s</button>\n</form>\n<p class=\"note\">%s</p>\n", confirms ? "confirm" : "List-Unsubscribe",
	                       confirms ? "yes" : "One-Click", confirms ? words->confirm_button : words->button, confirms ? words->confirm_note : words->note);
}

char *pages_html(const Page *page)
{
	const Words *words = words_of(page->language);
	const char *title = title_of(words, page), *instead = page->link == FOLLOW_UNSUBSCRIBE ? words->answer : words->ask_again;
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n"
	                       "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n", words->language, title, style, title);
	switch (page->kind) {
	case PAGE_ASK:
		put_who(out, words, page);
		put_button(out, words, page);
		break;
	case PAGE_DONE:
	case PAGE_ALREADY:
		put_who(out, words, page);
		break;
	case PAGE_LATER:
		g_string_append_printf(out, "<p>%s</p>\n<p>%s</p>\n", words->later_text, instead);
		break;
	case PAGE_OVER:
		g_string_append_printf(out, "<p>%s</p>\n<p>%s</p>\n", page->link == FOLLOW_CONFIRM ? words->over_confirm : words->over_link, instead);
		break;
	case PAGE_UNKNOWN:
	case PAGE_WRONG:
		g_string_append_printf(out, "<p>%s</p>\n", instead);
	}
	g_string_append(out, "</main>\n</body>\n</html>\n");
	return g_string_free(out, FALSE);
}

char *pages_policy(void)
{
	guint8 sum[32];
	gsize size = sizeof sum;
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(checksum, (const guchar *)style, (gssize)strlen(style));
	g_checksum_get_digest(checksum, sum, &size);
	g_checksum_free(checksum);
	g_autofree char *hash = g_base64_encode(sum, size);
	return g_strdup_printf("default-src 'none'; style-src 'sha256-%s'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", hash);
}
