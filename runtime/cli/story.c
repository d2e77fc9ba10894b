/* SPDX-License-Identifier: MIT */
/* Stories of tests: see story.h. */
#include "cli/story.h"
#include "cli/timeline.h"

#include "host/tasks.h"
#include "host/views.h"

#include <string.h>

enum { BEFORE = 3, MOST = 30, NAME_WIDTH = 18, TEXT = 60 };

typedef struct Happening {
	Time at;
	json_t *event;
	guint taken;      /* by which look; 0: by none. Of sent events and requests */
	char mark;        /* once it is told: '+' or 0 */
	GPtrArray *notes; /* in what the nearest one differs; NULL: nothing */
} Happening;

/* A line of the story. */
typedef struct Line {
	char mark; /* '+', '-' or ' ' */
	Time at;   /* 0: none */
	char *contact, *who, *text;
	GPtrArray *notes;
} Line;

struct Story {
	Cli *cli;
	GArray *happened; /* of Happening */
	GArray *lines;    /* of Line */
	guint span;       /* what happened from here on is of interest */
	guint look;       /* how many takes there were */
	bool looked;
};

static void happening_clear(void *data)
{
	Happening *h = data;
	json_decref(h->event);
	if (h->notes)
		g_ptr_array_unref(h->notes);
}

static void line_clear(void *data)
{
	Line *line = data;
	g_free(line->contact);
	g_free(line->who);
	g_free(line->text);
	if (line->notes)
		g_ptr_array_unref(line->notes);
}

Story *story_new(Cli *cli)
{
	Story *story = g_new0(Story, 1);
	story->cli = cli;
	story->happened = g_array_new(FALSE, FALSE, sizeof(Happening));
	story->lines = g_array_new(FALSE, FALSE, sizeof(Line));
	g_array_set_clear_func(story->happened, happening_clear);
	g_array_set_clear_func(story->lines, line_clear);
	return story;
}

void story_free(Story *story)
{
	if (!story)
		return;
	g_array_unref(story->happened);
	g_array_unref(story->lines);
	g_free(story);
}

/* ---- what happens ---------------------------------------------------------------------------------------------- */

static Happening *happening(const Story *story, guint i)
{
	return &g_array_index(story->happened, Happening, i);
}

static bool is(const Happening *h, const char *event)
{
	return g_str_equal(value_string(h->event, "event", ""), event);
}

void story_happened(Story *story, Time at, json_t *event)
{
	Happening h = { .at = at, .event = event };
	g_array_append_val(story->happened, h);
}

void story_moves(Story *story)
{
	if (story->looked)
		story->span = story->happened->len;
	story->looked = false;
}

void story_looks(Story *story)
{
	story->looked = true;
}

/* Has the value all that is wanted? Of objects the members given count, lists are of one length. */
static bool covers(const json_t *value, const json_t *wanted)
{
	size_t n = json_array_size(wanted);
	bool holds = (json_is_object(wanted) || json_is_array(wanted)) && (json_is_object(value) || json_is_array(value));
	if (holds && !n && !json_object_size(wanted)) /* an empty table of Lua is either */
		return json_is_object(value) || !json_array_size(value);
	if (!holds || json_typeof(value) != json_typeof(wanted))
		return value && json_equal(value, wanted);
	bool all = json_array_size(value) == n;
	for (size_t i = 0; all && i < n; i++)
		all = covers(json_array_get(value, i), json_array_get(wanted, i));
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)wanted, key, member)
		all = all && covers(json_object_get(value, key), member);
	return all;
}

static bool is_among(const json_t *list, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), wanted))
			return true;
	return false;
}

static bool member_matches(const json_t *item, const char *key, const json_t *wanted)
{
	static const char *const partly[] = { "json", "form", "headers", NULL };
	const json_t *value = json_object_get(item, key);
	if (g_strv_contains(partly, key))
		return covers(value, wanted);
	if (g_str_equal(key, "secret"))
		return is_among(json_object_get(item, "secrets"), wanted);
	if (g_str_equal(key, "url") && json_is_string(value) && json_is_string(wanted) && g_str_has_suffix(json_string_value(wanted), "*"))
		return strncmp(json_string_value(value), json_string_value(wanted), json_string_length(wanted) - 1) == 0;
	if (g_str_equal(key, "text") && json_is_string(value) && json_is_string(wanted))
		return strstr(json_string_value(value), json_string_value(wanted)) != NULL;
	return value && json_equal(value, wanted);
}

bool story_matches(const json_t *item, const json_t *filter)
{
	const char *key;
	json_t *wanted;
	json_object_foreach((json_t *)filter, key, wanted)
		if (!member_matches(item, key, wanted))
			return false;
	return true;
}

json_t *story_take(Story *story, const char *event, const json_t *filter)
{
	json_t *found = json_array();
	bool all = g_str_equal(event, "sent") && !json_object_size(filter);
	story_looks(story);
	story->look++;
	for (guint i = 0; i < story->happened->len && (all || !json_array_size(found)); i++) {
		Happening *h = happening(story, i);
		if (!is(h, event) || h->taken || !story_matches(h->event, filter))
			continue;
		h->taken = story->look;
		json_array_append(found, h->event);
	}
	return found;
}

/* ---- what was expected ------------------------------------------------------------------------------------------ */

/* A value on one short line; texts without quotes. */
static char *short_value(const json_t *value)
{
	g_autofree char *text = json_is_string(value) ? g_strdup(json_string_value(value)) : value ? value_text(value) : g_strdup("nothing");
	return cli_plain(text, TEXT);
}

/* What is missed, in the words of the timeline as far as they are given. */
static char *missed_words(const char *event, const json_t *wanted)
{
	static const struct { const char *event, *key, *before, *after; } known[] = {
		{ "sent", "channel", " by ", "" }, { "sent", "template", ": ", "" }, { "sent", "subject", " \"", "\"" },
		{ "request", "method", ": ", "" }, { "request", "url", " ", "" }, { "task", "kind", ": ", "" }, { "task", "note", ": ", "" },
	};
	GString *words = g_string_new(event);
	g_autoptr(json_t) rest = json_is_object(wanted) ? json_copy((json_t *)wanted) : json_object();
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		const json_t *value = g_str_equal(known[i].event, event) ? json_object_get(rest, known[i].key) : NULL;
		if (!value)
			continue;
		g_autofree char *text = short_value(value);
		g_string_append_printf(words, "%s%s%s", known[i].before, text, known[i].after);
		json_object_del(rest, known[i].key);
	}
	const char *key;
	json_t *value;
	json_object_foreach(rest, key, value) {
		g_autofree char *text = short_value(value);
		g_string_append_printf(words, ", %s: %s", key, text);
	}
	return g_string_free(words, FALSE);
}

static int equal_members(const json_t *item, const json_t *wanted)
{
	int n = 0;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)wanted, key, value)
		n += member_matches(item, key, value);
	return n;
}

/* "no member 'tempalte'; did you mean 'template'?" */
static char *unknown_member(const json_t *item, const char *key)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)item, name, value)
		g_ptr_array_add(names, (void *)name);
	g_ptr_array_add(names, NULL);
	const char *near = cli_nearest(key, (const char *const *)names->pdata);
	if (near)
		return g_strdup_printf("%s: there is no such member; did you mean %s?", key, near);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
	return g_strdup_printf("%s: there is no such member, only %s", key, all);
}

/* "template: nudge, expected nudge2", for each member that differs. */
static GPtrArray *differences(const json_t *item, const json_t *wanted)
{
	GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)wanted, key, value) {
		if (member_matches(item, key, value))
			continue;
		bool request = json_object_get(item, "secrets") != NULL; /* its expectation knows its members; which it has differs */
		if (!request && !json_object_get(item, key)) {
			g_ptr_array_add(notes, unknown_member(item, key));
			continue;
		}
		const json_t *secrets = request && g_str_equal(key, "secret") ? json_object_get(item, "secrets") : NULL;
		g_autofree char *is_text = short_value(secrets && json_array_size(secrets) == 1 ? json_array_get(secrets, 0) : secrets ? secrets : json_object_get(item, key));
		g_autofree char *wanted_text = short_value(value);
		bool inside = g_str_equal(key, "text");
		g_ptr_array_add(notes, g_strdup_printf("%s: %s, expected %s%s", key, is_text, inside ? "to hold " : "", wanted_text));
	}
	return notes;
}

/* ---- the lines -------------------------------------------------------------------------------------------------- */

static char *name_of(Host *host, const char *contact)
{
	char *name = contact ? db_text(host->db, "SELECT name FROM contacts WHERE id = ?", "s", contact) : NULL;
	return name ? name : g_strdup(contact ? contact : "");
}

static Line *add_line(Story *story, Host *host, char mark, Time at, const char *contact, char *text)
{
	g_autofree char *name = name_of(host, contact);
	Line line = { .mark = mark, .at = at, .contact = g_strdup(contact), .who = cli_plain(name, NAME_WIDTH), .text = text };
	g_array_append_val(story->lines, line);
	return &g_array_index(story->lines, Line, story->lines->len - 1);
}

static void note(Happening *h, GPtrArray *notes)
{
	h->notes = notes;
	if (h->taken)
		g_ptr_array_add(notes, g_strdup("an earlier expectation was met by it"));
}

/* The sent event or request that is most like the one that is missed: one that no look has taken, if there is one. */
static void mark_nearest(Story *story, const char *event, const json_t *wanted)
{
	Happening *best = NULL;
	int most = -1;
	for (guint i = 0; i < story->happened->len; i++) {
		Happening *h = happening(story, i);
		if (!is(h, event))
			continue;
		h->mark = h->taken ? 0 : '+';
		int points = equal_members(h->event, wanted) + (h->taken ? 0 : 1000);
		bool equal = points == (int)json_object_size(wanted);
		if (points < most || (h->taken && !equal)) /* one that was expected, and is another, is no news */
			continue;
		best = h;
		most = points;
	}
	if (best)
		note(best, differences(best->event, wanted));
}

/* The task that is most like the one that is missed; told at the event by which it was made. */
static void mark_task(Story *story, Host *host, const json_t *wanted)
{
	g_autoptr(json_t) tasks = tasks_list(host, NULL, NULL, 0);
	json_t *task, *best = NULL;
	size_t i;
	int most = 0;
	json_array_foreach(tasks, i, task) {
		int points = equal_members(task, wanted) + (json_array_size(tasks) == 1);
		if (points < MAX(most, 1))
			continue;
		best = task;
		most = points;
	}
	for (guint k = story->happened->len; best && k-- > 0;) {
		Happening *h = happening(story, k);
		if (!is(h, "task") || !g_str_equal(value_string(h->event, "kind", ""), value_string(best, "kind", "")) ||
		    g_strcmp0(value_string(h->event, "contact", NULL), value_string(best, "contact", NULL)) != 0 ||
		    g_strcmp0(value_string(h->event, "note", NULL), value_string(best, "note", NULL)) != 0)
			continue;
		h->mark = '+';
		note(h, differences(best, wanted));
		return;
	}
}

static void mark(Story *story, Host *host, const char *expected, const json_t *wanted, int64_t run)
{
	if (g_str_equal(expected, "sent") || g_str_equal(expected, "request"))
		mark_nearest(story, expected, wanted);
	else if (g_str_equal(expected, "task"))
		mark_task(story, host, wanted);
	for (guint i = 0; i < story->happened->len; i++) {
		Happening *h = happening(story, i);
		bool end = is(h, "finished") || is(h, "failed");
		if ((g_str_equal(expected, "nothing") && is(h, "sent") && h->taken == story->look) ||
		    (g_str_equal(expected, "no request") && is(h, "request") && h->taken == story->look) ||
		    (g_str_equal(expected, "no task") && is(h, "task") && story_matches(h->event, wanted)) ||
		    (g_str_equal(expected, "outcome") && end && value_integer(h->event, "run", 0) == run))
			h->mark = '+';
	}
}

/* Does the job's run that begins here do nothing but end as every job does? What others do meanwhile for nobody in particular is theirs. */
static bool does_nothing(const Story *story, guint start)
{
	int64_t run = value_integer(happening(story, start)->event, "run", 0);
	if (!is(happening(story, start), "enrolled") || json_object_get(happening(story, start)->event, "contact"))
		return false;
	for (guint i = start + 1; i < story->happened->len; i++) {
		const Happening *h = happening(story, i);
		if (json_object_get(h->event, "contact"))
			return false;
		if (value_integer(h->event, "run", 0) == run)
			return is(h, "finished") && !h->mark && g_str_equal(value_string(h->event, "outcome", "done"), "done");
	}
	return false;
}

/* What is news to a person: not the pace of an account, which moves messages by a minute or two, nor a job that found nothing to do.
 * from: how many of it lie before the span. */
static GPtrArray *news(Story *story, guint *from)
{
	g_autoptr(GHashTable) quiet = g_hash_table_new(g_direct_hash, g_direct_equal); /* runs */
	GPtrArray *found = g_ptr_array_new();
	*from = 0;
	for (guint i = 0; i < story->happened->len; i++) {
		Happening *h = happening(story, i);
		void *run = GINT_TO_POINTER((int)value_integer(h->event, "run", 0));
		if (does_nothing(story, i))
			g_hash_table_add(quiet, run);
		if (g_hash_table_contains(quiet, run) || g_str_equal(value_string(h->event, "rule", ""), "account_rate"))
			continue;
		*from += i < story->span;
		g_ptr_array_add(found, h);
	}
	return found;
}

/* What happened, from a little before the span on; what is marked or failed in any case. */
static void tell_happened(Story *story, Host *host)
{
	guint from;
	g_autoptr(GPtrArray) told = news(story, &from);
	from -= MIN(from, BEFORE);
	bool gap = false;
	for (guint i = 0; i < told->len; i++) {
		Happening *h = told->pdata[i];
		if (!h->mark && !h->notes && !is(h, "failed") && (i < from || i + MOST < told->len)) {
			gap = true;
			continue;
		}
		if (gap)
			add_line(story, host, ' ', 0, NULL, g_strdup("..."));
		gap = false;
		g_autofree char *words = timeline_event(story->cli, h->event);
		Line *line = add_line(story, host, h->mark ? h->mark : ' ', h->at, value_string(h->event, "contact", NULL), cli_plain(words, 0));
		line->notes = g_steal_pointer(&h->notes);
	}
}

/* ---- what runs wait for ----------------------------------------------------------------------------------------- */

typedef struct Asking {
	Story *story;
	Host *host;
	json_t *last; /* entry of a run's journal */
	int told;
} Asking;

static void keep_last(void *user, json_t *entry)
{
	Asking *asking = user;
	json_decref(asking->last);
	asking->last = entry;
}

static void tell_run(void *user, json_t *row)
{
	Asking *asking = user;
	g_autoptr(json_t) run = row;
	if (asking->told++ >= BEFORE)
		return;
	asking->last = NULL;
	views_journal(asking->host, value_integer(run, "id", 0), keep_last, asking);
	g_autoptr(json_t) last = asking->last;
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "run %" G_GINT64_FORMAT " of %s", value_integer(run, "id", 0), value_string(run, "sequence", ""));
	const json_t *answer = json_object_get(last, "answer");
	if (last && (!answer || json_is_null(answer))) {
		g_autofree char *effect = timeline_effect(value_string(last, "kind", ""), json_object_get(last, "args"));
		g_autofree char *state = timeline_answer(asking->story->cli, last);
		g_autofree char *plain = cli_plain(effect, TEXT);
		g_string_append_printf(text, " stands at %s: %s", plain, state);
	} else {
		g_string_append_printf(text, " is %s", value_string(run, "state", ""));
	}
	add_line(asking->story, asking->host, ' ', 0, value_string(run, "contact", NULL), g_string_free(text, FALSE));
}

void story_missed(Story *story, Host *host, const json_t *missed, int64_t run)
{
	const char *expected = value_string(missed, "expected", "");
	const json_t *wanted = json_object_get(missed, "wanted");
	Time now = host_now(host);
	if (!story->happened->len)
		return;
	mark(story, host, expected, wanted, run);
	tell_happened(story, host);
	static const char *const things[] = { "sent", "request", "task", "broadcast", NULL };
	if (g_strv_contains(things, expected)) {
		add_line(story, host, '-', now, NULL, missed_words(expected, wanted));
	} else if (g_str_equal(expected, "outcome") && json_is_string(wanted)) {
		g_autofree char *contact = db_text(host->db, "SELECT contact FROM runs WHERE id = ?", "i", run);
		g_autofree char *text = short_value(wanted);
		add_line(story, host, '-', now, contact, g_strdup_printf("finished: %s", text));
	}
	add_line(story, host, ' ', now, NULL, g_strdup("now"));
	Asking asking = { .story = story, .host = host };
	views_runs(host, "live", NULL, tell_run, &asking);
	if (asking.told > BEFORE)
		add_line(story, host, ' ', 0, NULL, g_strdup_printf("and %d runs more", asking.told - BEFORE));
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

static char *time_label(const Cli *cli, Time at)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / 1000);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, cli->host->workspace->zone);
	g_autofree char *format = g_strdup_printf("%%a %2d %%b %%H:%%M", g_date_time_get_day_of_month(local)); /* GLib's %e pads with no space of ours */
	return g_date_time_format(local, format);
}

void story_print(const Story *story, const char *indent)
{
	enum { TIME_WIDTH = 16 };
	int width = 0;
	for (guint i = 0; i < story->lines->len; i++)
		width = MAX(width, cli_columns(g_array_index(story->lines, Line, i).who));
	for (guint i = 0; i < story->lines->len; i++) {
		const Line *line = &g_array_index(story->lines, Line, i);
		g_autofree char *time = line->at ? time_label(story->cli, line->at) : g_strdup("");
		cli_print(story->cli, "%s%c %-*s  %s%*s  %s\n", indent, line->mark, TIME_WIDTH, time, line->who, width - cli_columns(line->who), "", line->text);
		for (guint k = 0; line->notes && k < line->notes->len; k++)
			cli_print(story->cli, "%s  %*s    %s\n", indent, TIME_WIDTH + 2 + width, "", (char *)line->notes->pdata[k]);
	}
}

json_t *story_json(const Story *story)
{
	if (!story->lines->len)
		return NULL;
	json_t *list = json_array();
	for (guint i = 0; i < story->lines->len; i++) {
		const Line *line = &g_array_index(story->lines, Line, i);
		json_t *notes = json_array();
		for (guint k = 0; line->notes && k < line->notes->len; k++)
			json_array_append_new(notes, json_string(line->notes->pdata[k]));
		json_array_append_new(list, json_pack("{s:s%, s:o, s:s?, s:s, s:o}", "mark", &line->mark, (size_t)1, "at", cli_json_time(story->cli, line->at),
		                                      "contact", line->contact, "text", line->text, "notes", notes));
	}
	return list;
}
