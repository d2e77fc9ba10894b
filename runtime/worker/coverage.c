/* SPDX-License-Identifier: MIT */
/* Lines that ran: see coverage.h. */
#include "worker/coverage.h"

#include "base/value.h"
#include "worker/state.h"

#include <string.h>

/* What is measured; all else (tests, the stdlib, texts given to load) is not. */
static const char *const folders[] = { "@sequences/", "@jobs/", "@hooks/", "@lib/" };

typedef struct Measured {
	GHashTable *active, *ran;     /* line numbers */
	GArray *new_active, *new_ran; /* int: the host has not been told of them */
} Measured;

struct Coverage {
	GHashTable *files; /* name with its "@" → Measured */
	bool news;
};

static void measured_free(void *data)
{
	Measured *file = data;
	g_hash_table_unref(file->active);
	g_hash_table_unref(file->ran);
	g_array_unref(file->new_active);
	g_array_unref(file->new_ran);
	g_free(file);
}

Coverage *coverage_new(void)
{
	Coverage *coverage = g_new0(Coverage, 1);
	coverage->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, measured_free);
	return coverage;
}

static void mark(Coverage *coverage, GHashTable *known, GArray *news, int line)
{
	if (line <= 0 || !g_hash_table_add(known, GINT_TO_POINTER(line)))
		return;
	g_array_append_val(news, line);
	coverage->news = true;
}

static void hook(lua_State *L, lua_Debug *at)
{
	Coverage *coverage = state_worker(L)->coverage;
	if (at->event != LUA_HOOKLINE || !lua_getinfo(L, "S", at))
		return;
	Measured *file = at->source[0] == '@' ? g_hash_table_lookup(coverage->files, at->source) : NULL;
	if (file)
		mark(coverage, file->ran, file->new_ran, at->currentline);
}

/* Coroutines inherit it. The hook of a passed limit takes its place, and ends the worker. */
void coverage_watch(Worker *worker)
{
	if (worker->coverage)
		lua_sethook(worker->state, hook, LUA_MASKLINE, 0);
}

/* ---- the lines that can run -------------------------------------------------------------------------------------- */

/*
 * Lua tells the lines of a function that stands on the stack, not of those within it that nobody has made yet; what lua_dump writes
 * holds all of them. The layout is that of ldump.c of Lua 5.4, written by the library that we are linked with.
 */
typedef struct Dump {
	const uint8_t *at, *end;
	bool bad;
} Dump;

static const uint8_t *take(Dump *d, size_t n)
{
	static const uint8_t nothing[16];
	if (d->bad || (size_t)(d->end - d->at) < n) {
		d->bad = true;
		return nothing;
	}
	d->at += n;
	return d->at - n;
}

/* Seven bits a byte, the most significant first; the last one has the eighth set. */
static size_t take_size(Dump *d)
{
	size_t size = 0;
	for (uint8_t byte = 0; !d->bad && !(byte & 0x80);) {
		byte = *take(d, 1);
		size = size << 7 | (byte & 0x7f);
	}
	return size;
}

static void skip_string(Dump *d)
{
	size_t size = take_size(d);
	if (size)
		take(d, size - 1);
}

static void skip_constants(Dump *d)
{
	enum { INTEGER = 0x03, FLOAT = 0x13, SHORT = 0x04, LONG = 0x14 };
	for (size_t n = take_size(d); n > 0 && !d->bad; n--) {
		uint8_t type = *take(d, 1);
		if (type == INTEGER || type == FLOAT)
			take(d, 8);
		else if (type == SHORT || type == LONG)
			skip_string(d);
	}
}

/* The line of each instruction is a difference to the one before, or stands in a list of its own where that does not fit a byte. */
static void take_lines(Dump *d, int line, bool vararg, GHashTable *lines)
{
	enum { ABSOLUTE = -0x80 };
	size_t n = take_size(d);
	const uint8_t *differences = n <= (size_t)(d->end - d->at) ? take(d, n) : take(d, SIZE_MAX);
	size_t listed = take_size(d);
	for (size_t i = 0; i < n && !d->bad; i++) {
		int8_t difference = (int8_t)differences[i];
		if (difference == ABSOLUTE && listed > 0) {
			take_size(d);
			line = (int)take_size(d);
			listed--;
		} else {
			line += difference;
		}
		if (i > 0 || !vararg) /* the first of a function with ... is no line of the script */
			g_hash_table_add(lines, GINT_TO_POINTER(line));
	}
	for (; listed > 0 && !d->bad; listed--) {
		take_size(d);
		take_size(d);
	}
}

static void take_function(Dump *d, GHashTable *lines)
{
	skip_string(d);
	int first = (int)take_size(d);
	take_size(d);
	bool vararg = take(d, 3)[1];
	size_t instructions = take_size(d);
	take(d, MIN(instructions, SIZE_MAX / 4) * 4);
	skip_constants(d);
	size_t upvalues = take_size(d);
	take(d, MIN(upvalues, SIZE_MAX / 3) * 3);
	for (size_t n = take_size(d); n > 0 && !d->bad; n--)
		take_function(d, lines);
	take_lines(d, first, vararg, lines);
	for (size_t n = take_size(d); n > 0 && !d->bad; n--) {
		skip_string(d);
		take_size(d);
		take_size(d);
	}
	for (size_t n = take_size(d); n > 0 && !d->bad; n--)
		skip_string(d);
}

static int write_dump(lua_State *L, const void *bytes, size_t size, void *user)
{
	(void)L;
	g_byte_array_append(user, bytes, (guint)size);
	return 0;
}

/* A line of words that only close or divide: what is compiled for it (the return at the end of a function) says nothing. */
static bool only_closes(const char *line, size_t size)
{
	static const char *const words[] = { "end", "else", "do", "then" };
	for (size_t i = 0; i < size;) {
		size_t n = 0;
		if (i + 1 < size && line[i] == '-' && line[i + 1] == '-')
			return true;
		if (strchr(" \t\r,;)}]", line[i]))
			n = 1;
		for (size_t w = 0; !n && w < G_N_ELEMENTS(words); w++) {
			size_t length = strlen(words[w]);
			bool ends = i + length >= size || !(g_ascii_isalnum(line[i + length]) || line[i + length] == '_');
			if (i + length <= size && memcmp(line + i, words[w], length) == 0 && ends)
				n = length;
		}
		if (!n)
			return false;
		i += n;
	}
	return true;
}

static bool is_measured(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		if (g_str_has_prefix(name, folders[i]))
			return true;
	return false;
}

void coverage_compiled(Worker *worker, lua_State *L, const char *name, const char *source, size_t size)
{
	enum { HEADER = 4 + 2 + 6 + 3 + 8 + 8 };
	if (!worker->coverage || !is_measured(name))
		return;
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GHashTable) lines = g_hash_table_new(NULL, NULL);
	lua_dump(L, write_dump, bytes, 0);
	Dump d = { bytes->data, bytes->data + bytes->len, false };
	take(&d, HEADER);
	take(&d, 1);
	take_function(&d, lines);
	Measured *file = g_hash_table_lookup(worker->coverage->files, name);
	if (!file) {
		file = g_new(Measured, 1);
		*file = (Measured){ g_hash_table_new(NULL, NULL), g_hash_table_new(NULL, NULL), g_array_new(FALSE, FALSE, sizeof(int)), g_array_new(FALSE, FALSE, sizeof(int)) };
		g_hash_table_insert(worker->coverage->files, g_strdup(name), file);
	}
	int number = 1;
	for (const char *at = source, *end = source + size; at < end && !d.bad; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop ? stop : end) - at);
		if (g_hash_table_contains(lines, GINT_TO_POINTER(number)) && !only_closes(at, length))
			mark(worker->coverage, file->active, file->new_active, number);
		at += length + 1;
	}
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static json_t *take_news(GArray *news)
{
	json_t *list = json_array();
	for (guint i = 0; i < news->len; i++)
		json_array_append_new(list, json_integer(g_array_index(news, int, i)));
	g_array_set_size(news, 0);
	return list;
}

void coverage_tell(Worker *worker)
{
	if (!worker->coverage || !worker->coverage->news)
		return;
	g_autoptr(json_t) files = json_object();
	GHashTableIter iter;
	void *name, *value;
	g_hash_table_iter_init(&iter, worker->coverage->files);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		Measured *file = value;
		if (file->new_active->len || file->new_ran->len)
			json_object_set_new(files, (char *)name + 1, json_pack("{s:o, s:o}", "lines", take_news(file->new_active), "ran", take_news(file->new_ran)));
	}
	worker->coverage->news = false;
	g_autofree char *text = value_text(files);
	peer_begin(worker->peer, W_COVERED, 0);
	peer_put_str(worker->peer, text, -1);
	peer_end(worker->peer);
}
