/* SPDX-License-Identifier: MIT */
/* Tapes of tests: see tape.h. */
#include "cli/tape.h"

#include <string.h>

/* Of two long texts so much is shown, with what they share before the difference. */
enum { SHOWN = 160, SHARED = 40 };

typedef struct Entry {
	char *place; /* "run 1 of intro, step 2, sequences/intro.lua:7" */
	char *text;
} Entry;

struct Tape {
	GArray *runs, *asked, *happened; /* of Entry */
};

static const char JOURNALS[] =
	"SELECT r.id, r.sequence, j.position, j.kind, j.args, j.answer, j.place FROM journal j JOIN runs r ON r.id = j.run ORDER BY r.id, j.position";
static const char ENDS[] = "SELECT id, sequence, state, outcome, error FROM runs ORDER BY id";

static void entry_clear(void *data)
{
	Entry *entry = data;
	g_free(entry->place);
	g_free(entry->text);
}

static GArray *entries(void)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(Entry));
	g_array_set_clear_func(list, entry_clear);
	return list;
}

Tape *tape_new(void)
{
	Tape *tape = g_new(Tape, 1);
	*tape = (Tape){ entries(), entries(), entries() };
	return tape;
}

void tape_free(Tape *tape)
{
	if (!tape)
		return;
	g_array_unref(tape->runs);
	g_array_unref(tape->asked);
	g_array_unref(tape->happened);
	g_free(tape);
}

static void add(GArray *list, char *place, char *text)
{
	Entry entry = { place, text };
	g_array_append_val(list, entry);
}

void tape_asked(Tape *tape, const char *kind, const char *args, const char *where)
{
	add(tape->asked, g_strdup_printf("the test's call %u, %s", tape->asked->len + 1, where), g_strdup_printf("%s %s", kind, args));
}

void tape_happened(Tape *tape, const json_t *event)
{
	add(tape->happened, g_strdup_printf("event %u of the timeline", tape->happened->len + 1), value_text(event));
}

void tape_take_runs(Tape *tape, Host *host)
{
	Rows *rows = db_query(host->db, JOURNALS, "");
	while (rows_next(rows)) {
		const char *answer = rows_text(rows, 5), *where = rows_text(rows, 6);
		add(tape->runs, g_strdup_printf("run %" G_GINT64_FORMAT " of %s, step %" G_GINT64_FORMAT "%s%s", rows_int(rows, 0), rows_text(rows, 1), rows_int(rows, 2),
		                                where ? ", " : "", where ? where : ""),
		    g_strdup_printf("%s %s -> %s", rows_text(rows, 3), rows_text(rows, 4), answer ? answer : "no answer yet"));
	}
	rows = db_query(host->db, ENDS, "");
	while (rows_next(rows)) {
		const char *outcome = rows_text(rows, 3), *error = rows_text(rows, 4);
		add(tape->runs, g_strdup_printf("the end of run %" G_GINT64_FORMAT " of %s", rows_int(rows, 0), rows_text(rows, 1)),
		    g_strdup_printf("%s %s %s", rows_text(rows, 2), outcome ? outcome : "", error ? error : ""));
	}
}

/* From a little before the difference on, if all of it is too long for a line. */
static char *shown(const char *text, size_t difference)
{
	size_t size = strlen(text);
	const char *from = size > SHOWN && difference > SHARED ? text + difference - SHARED : text;
	while (from > text && ((unsigned char)*from & 0xc0) == 0x80) /* not within a character */
		from--;
	const char *end = from + MIN(strlen(from), SHOWN);
	while (end > from && *end && ((unsigned char)*end & 0xc0) == 0x80)
		end--;
	return g_strdup_printf("%s%.*s%s", from > text ? "..." : "", (int)(end - from), from, *end ? "..." : "");
}

static char *differs(const GArray *first, const GArray *second)
{
	for (guint i = 0; i < MAX(first->len, second->len); i++) {
		const Entry *a = i < first->len ? &g_array_index(first, Entry, i) : NULL, *b = i < second->len ? &g_array_index(second, Entry, i) : NULL;
		if (a && b && g_str_equal(a->text, b->text) && g_str_equal(a->place, b->place))
			continue;
		const char *x = a ? a->text : "nothing", *y = b ? b->text : "nothing";
		size_t at = 0;
		while (x[at] && x[at] == y[at])
			at++;
		g_autofree char *one = shown(x, at), *other = shown(y, at);
		bool moved = a && b && !g_str_equal(a->place, b->place);
		return g_strdup_printf("%s%s%s\n  the first time:  %s\n  the second time: %s", a ? a->place : b->place, moved ? "; the second time " : "",
		                       moved ? b->place : "", one, other);
	}
	return NULL;
}

char *tape_difference(const Tape *first, const Tape *second)
{
	char *text = differs(first->runs, second->runs);
	if (!text)
		text = differs(first->asked, second->asked);
	return text ? text : differs(first->happened, second->happened);
}
