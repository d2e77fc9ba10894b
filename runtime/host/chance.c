/* SPDX-License-Identifier: MIT */
/* Chance: see chance.h. */
#include "host/chance.h"

#include "host/chance_words.h"
#include "host/confirm.h"
#include "host/contacts.h"
#include "host/events.h"
#include "host/pretend.h"
#include "host/versions.h"

#include <math.h>
#include <string.h>

/* The first ones exclude each other. */
enum { REPLY, AUTO_REPLY, BOUNCE, UNSUBSCRIBE, COMPLAINT, HANDLED, CLICK, OPT_IN, TASK_DONE, KINDS, EXCLUSIVE = CLICK, SIGNALS = 8 };
static const char *const kinds[KINDS + 1] = { "reply", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "click", "opt_in", "task_done", NULL };
#define BEGIN_WITHIN (2 * TIME_DAY) /* of a sequence that starts on events: when the first one comes */
static const double usual[KINDS] = { 0.2, 0.05, 0.02, 0.01, 0.002, 0.01, 0.1, 0.5, 0.8 };
static const char USUAL[] = "reply=0.2,auto_reply=0.05,bounce=0.02,unsubscribe=0.01,complaint=0.002,handled=0.01,click=0.1,opt_in=0.5,task_done=0.8,after=1h-5d";

enum { AWAY_LEAST = 2, AWAY_MOST = 14 /* days */ };

/* Probabilities; negative: not said. */
typedef struct Odds {
	double of[KINDS + SIGNALS];
} Odds;

typedef struct Chance {
	Model model;
	uint64_t seed;
	Odds odds;
	GHashTable *templates; /* name → Odds */
	bool ranged;           /* after was given */
	Time least, most;
	char *signals[SIGNALS]; /* "signal:NAME", of kind KINDS + index; NULL: no more */
} Chance;

/* ---- reading the words ----------------------------------------------------------------------------------------- */

static bool wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool wrong(GError **error, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "--replies random: %s", text);
	return false;
}

/* The number of a kind; that of a signal is given here. Negative: there is none (or there are too many signals). */
static int kind_of(Chance *chance, const char *word)
{
	for (int i = 0; i < KINDS; i++)
		if (g_str_equal(kinds[i], word))
			return i;
	if (!g_str_has_prefix(word, "signal:") || !events_known(word))
		return -1;
	for (int i = 0; i < SIGNALS; i++) {
		if (!chance->signals[i])
			chance->signals[i] = g_strdup(word);
		if (g_str_equal(chance->signals[i], word))
			return KINDS + i;
	}
	return -1;
}

static void clear(Odds *odds)
{
	for (int i = 0; i < KINDS + SIGNALS; i++)
		odds->of[i] = -1;
}

static bool read_range(Chance *chance, const char *text, GError **error)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 2);
	GError *why = NULL;
	chance->ranged = true;
	if (ends[0] && when_span(ends[0], &chance->least, &why) && when_span(ends[1] ? ends[1] : ends[0], &chance->most, &why) &&
	    chance->least <= chance->most)
		return true;
	wrong(error, "after=%s: two durations are needed, the shorter one first, such as 1h-5d%s%s", text, why ? "; " : "", why ? why->message : "");
	g_clear_error(&why);
	return false;
}

static bool read_probability(const char *key, const char *text, double *p, GError **error)
{
	char *end;
	*p = g_ascii_strtod(text, &end);
	if (*text && !*end && isfinite(*p) && *p >= 0 && *p <= 1)
		return true;
	return wrong(error, "%s=%s: a probability is a number from 0 to 1, such as 0.2", key, text);
}

/* The odds that KEY speaks of: those of all messages, or of a template. NULL: there is no such template. */
static Odds *odds_of(Host *host, Chance *chance, const char *name, GError **error)
{
	Odds *odds = g_hash_table_lookup(chance->templates, name);
	if (odds)
		return odds;
	g_autoptr(Program) program = versions_template(host, name, NULL);
	if (!program) {
		g_autoptr(GPtrArray) all = versions_templates(host);
		g_ptr_array_add(all, NULL);
		g_autofree char *known = g_strjoinv(", ", (char **)all->pdata);
		wrong(error, "%s: there is no such template (there are %s); a key is a KIND, TEMPLATE.KIND or after", name, *known ? known : "none");
		return NULL;
	}
	odds = g_new0(Odds, 1);
	clear(odds);
	g_hash_table_insert(chance->templates, g_strdup(name), odds);
	return odds;
}

static bool read_pair(Host *host, Chance *chance, const char *pair, GError **error)
{
	const char *equals = strchr(pair, '=');
	if (!equals)
		return wrong(error, "\"%s\": what is needed is KEY=NUMBER, such as reply=0.2", pair);
	g_autofree char *key = g_strstrip(g_strndup(pair, (gsize)(equals - pair))), *value = g_strstrip(g_strdup(equals + 1));
	if (g_str_equal(key, "after"))
		return chance->ranged ? wrong(error, "after stands there twice") : read_range(chance, value, error);
	char *dot = strrchr(key, '.');
	int kind = kind_of(chance, dot ? dot + 1 : key);
	if (kind < 0) {
		g_autofree char *known = g_strjoinv(", ", (char **)kinds);
		return wrong(error, "there is no kind \"%s\" (%s, and at most %d of signal:NAME)", dot ? dot + 1 : key, known, SIGNALS);
	}
	if (dot && kind == TASK_DONE)
		return wrong(error, "%s: a task is of no template: write task_done=%s", key, value);
	g_autofree char *name = dot ? g_strndup(key, (gsize)(dot - key)) : NULL;
	Odds *odds = name ? odds_of(host, chance, name, error) : &chance->odds;
	if (!odds)
		return false;
	if (odds->of[kind] >= 0)
		return wrong(error, "%s stands there twice", key);
	return read_probability(key, value, &odds->of[kind], error);
}

static double odds_for(const Chance *chance, const char *template_name, int kind)
{
	const Odds *own = template_name ? g_hash_table_lookup(chance->templates, template_name) : NULL;
	double p = own && own->of[kind] >= 0 ? own->of[kind] : chance->odds.of[kind];
	return MAX(p, 0);
}

static bool sums_fit(const Chance *chance, const char *template_name, GError **error)
{
	double sum = 0;
	for (int i = 0; i < EXCLUSIVE; i++)
		sum += odds_for(chance, template_name, i);
	if (sum <= 1 + 1e-9)
		return true;
	return wrong(error, "%s%sreply, auto_reply, bounce, unsubscribe, complaint and handled add up to %g: a message gets at most one of them, so 1 is the most",
	             template_name ? template_name : "", template_name ? ": " : "", sum);
}

static bool read_words(Host *host, Chance *chance, const char *words, GError **error)
{
	const char *colon = strchr(words, ':');
	if (!colon) {
		memcpy(chance->odds.of, usual, sizeof usual); /* the signals are left out */
		return true;
	}
	g_auto(GStrv) pairs = g_strsplit(colon + 1, ",", -1);
	for (char **pair = pairs; *pair; pair++)
		if (!read_pair(host, chance, g_strstrip(*pair), error))
			return false;
	if (!*pairs)
		return wrong(error, "nothing stands after the colon; the mix of \"random\" alone is %s", USUAL);
	GHashTableIter iter;
	void *name;
	bool fits = sums_fit(chance, NULL, error);
	g_hash_table_iter_init(&iter, chance->templates);
	while (fits && g_hash_table_iter_next(&iter, &name, NULL))
		fits = sums_fit(chance, name, error);
	return fits;
}

/* ---- what happens ---------------------------------------------------------------------------------------------- */

/* Drawn evenly from the range, in whole seconds. */
static Time delay(const Chance *chance, const char *contact, int64_t number, int kind, const char *about)
{
	bool prompt = !chance->ranged && (kind == AUTO_REPLY || kind == BOUNCE);
	Time least = prompt ? TIME_MINUTE : chance->least, most = prompt ? 10 * TIME_MINUTE : chance->most;
	double share = model_chance(chance->seed, contact, number, about);
	return (least + (Time)(share * (double)(most - least + TIME_SECOND))) / TIME_SECOND * TIME_SECOND;
}

/* 9 o'clock of the day they are back, in their zone. */
static Time back_at(Host *host, const char *contact, Time from, double share)
{
	g_autoptr(GTimeZone) zone = contacts_zone(host, contact);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(from / 1000);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
	g_autoptr(GDateTime) day = g_date_time_add_days(local, AWAY_LEAST + (int)(share * (AWAY_MOST - AWAY_LEAST + 1)));
	g_autoptr(GDateTime) back = g_date_time_new(zone, g_date_time_get_year(day), g_date_time_get_month(day), g_date_time_get_day_of_month(day), 9, 0, 0);
	return g_date_time_to_unix(back) * 1000;
}

static char *language_of(Host *host, const char *contact)
{
	static const char LOCALE[] = "SELECT locale FROM contacts WHERE id = ?";
	return db_text(host->db, LOCALE, "s", contact);
}

static void answer(Host *host, const Chance *chance, const Reached *message, int kind)
{
	const char *contact = message->contact;
	int64_t number = message->number;
	Time at = host_now(host) + delay(chance, contact, number, kind, "after");
	double share = model_chance(chance->seed, contact, number, "text");
	g_autofree char *locale = language_of(host, contact), *text = NULL;
	Happening what = { .contact = contact, .channel = message->channel, .kind = kinds[kind] };
	if (kind == REPLY) {
		what.text = chance_reply(locale, share);
	} else if (kind == AUTO_REPLY) {
		what.returns = back_at(host, contact, at, share);
		g_autoptr(GTimeZone) zone = contacts_zone(host, contact);
		g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(what.returns / 1000);
		g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
		what.text = text = chance_away(locale, local);
	}
	pretend_plan(host, at, message->order, &what);
}

/* What comes beside an answer, or without one: a click, a confirmation, a signal. */
static void beside(Host *host, const Chance *chance, const Reached *message, int kind, const char *word, const char *channel)
{
	if (model_chance(chance->seed, message->contact, message->number, word) >= odds_for(chance, message->template_name, kind))
		return;
	g_autofree char *about = g_strconcat(word, " after", NULL);
	Happening what = { .contact = message->contact, .channel = channel, .kind = word };
	pretend_plan(host, host_now(host) + delay(chance, message->contact, message->number, kind, about), message->order, &what);
}

static void reached(Host *host, Model *model, const Reached *message)
{
	const Chance *chance = (const Chance *)model;
	double drawn = model_chance(chance->seed, message->contact, message->number, "kind");
	bool bounces = false;
	for (int i = 0; i < EXCLUSIVE; i++) {
		double p = odds_for(chance, message->template_name, i);
		if (drawn < p) {
			answer(host, chance, message, i);
			bounces = i == BOUNCE;
			break;
		}
		drawn -= p;
	}
	beside(host, chance, message, CLICK, kinds[CLICK], message->channel);
	if (!bounces && confirm_offered(host, message->text)) /* who is not asked says nothing */
		beside(host, chance, message, OPT_IN, kinds[OPT_IN], message->channel);
	for (int i = 0; i < SIGNALS && chance->signals[i]; i++)
		beside(host, chance, message, KINDS + i, chance->signals[i], "");
}

/* Somebody begins: they write, or one of the signals comes that the sequence starts on. */
static void start(Host *host, Model *model, const Starting *starting)
{
	const Chance *chance = (const Chance *)model;
	const char *contact = starting->contact;
	size_t n = json_array_size(starting->events), which = (size_t)(model_chance(chance->seed, contact, 0, "start") * (double)n);
	const char *event = json_string_value(json_array_get(starting->events, MIN(which, n - 1)));
	bool writes = g_strcmp0(event, "message") == 0;
	if (!event || (writes && !*starting->channel))
		return; /* without an address nobody writes */
	Time after = (Time)(model_chance(chance->seed, contact, 0, "start after") * (double)BEGIN_WITHIN) / TIME_SECOND * TIME_SECOND;
	g_autofree char *locale = language_of(host, contact);
	Happening what = { .contact = contact, .channel = writes ? starting->channel : "", .kind = event,
	                   .text = writes ? chance_message(locale, model_chance(chance->seed, contact, 0, "start text")) : NULL };
	pretend_plan(host, host_now(host) + after, starting->order, &what);
}

static void asked(Host *host, Model *model, const Asked *task)
{
	const Chance *chance = (const Chance *)model;
	if (model_chance(chance->seed, task->contact, task->number, "task") >= odds_for(chance, NULL, TASK_DONE))
		return;
	Happening what = { .contact = task->contact, .channel = "", .kind = kinds[TASK_DONE], .task = task->task };
	pretend_plan(host, host_now(host) + delay(chance, task->contact, task->number, TASK_DONE, "task after"), task->order, &what);
}

static void free_chance(Model *model)
{
	Chance *chance = (Chance *)model;
	g_hash_table_unref(chance->templates);
	for (int i = 0; i < SIGNALS; i++)
		g_free(chance->signals[i]);
	g_free(chance);
}

Model *chance_new(Host *host, const char *words, uint64_t seed, GError **error)
{
	Chance *chance = g_new0(Chance, 1);
	*chance = (Chance){ .model = { reached, asked, free_chance, start }, .seed = seed, .least = TIME_HOUR, .most = 5 * TIME_DAY };
	chance->templates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	clear(&chance->odds);
	if (read_words(host, chance, words, error))
		return &chance->model;
	free_chance(&chance->model);
	return NULL;
}
