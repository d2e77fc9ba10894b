/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/*
 * A send log of any bytes: torn by a kill, cut by a full disk, or written by hand. It is read to its end; what is appended is
 * found whole and changes nothing that was there; trimming keeps what it was told to and nothing else.
 */
#include "fuzz.h"
#include "net/message.h"
#include "net/sendlog.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *path;

static void clean_up(void)
{
	g_unlink(path);
	g_autofree char *folder = g_path_get_dirname(path);
	g_rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	char folder[] = "/dev/shm/perigee-fuzz-XXXXXX"; /* in memory: fsync costs nothing there */
	g_assert_nonnull(g_mkdtemp(folder));
	path = g_build_filename(folder, "send.log", NULL);
	atexit(clean_up);
	return 0;
}

static GHashTable *read_log(GHashTable *ids)
{
	g_autoptr(GError) error = NULL;
	GHashTable *found = sendlog_read(path, ids, &error);
	g_assert_no_error(error);
	return found;
}

static bool same(const Settled *a, const Settled *b)
{
	return a->state == b->state && a->code == b->code && strcmp(a->enhanced, b->enhanced) == 0 && strcmp(a->text, b->text) == 0;
}

/* All of `was` is in `is`, but for the id that was appended. */
static void check_kept(GHashTable *was, GHashTable *is, const char *but)
{
	GHashTableIter iter;
	gpointer id, settled;
	g_hash_table_iter_init(&iter, was);
	while (g_hash_table_iter_next(&iter, &id, &settled)) {
		const Settled *s = settled, *now = g_hash_table_lookup(is, id);
		g_assert_true(s->state == SETTLED_MARK || s->state == SETTLED_ANSWER);
		g_assert_true(g_utf8_validate(s->text, -1, NULL));
		g_assert_true(strcmp(id, but) == 0 || (now && same(s, now)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char id[] = "new@x.example";
	g_assert_true(g_file_set_contents(path, size ? (const char *)data : "", (gssize)size, NULL));
	g_autoptr(GHashTable) was = read_log(NULL);
	g_autoptr(Sendlog) log = sendlog_open(path, NULL);
	g_assert_true(log && sendlog_mark(log, id, NULL));
	g_autoptr(GHashTable) marked = read_log(NULL);
	const Settled *settled = g_hash_table_lookup(marked, id);
	g_assert_true(settled && settled->state == SETTLED_MARK);
	check_kept(was, marked, id);
	/* What the server said is its own: any text, here the input's. */
	g_autofree char *text = g_strndup((const char *)data, size);
	g_assert_true(sendlog_answer(log, id, 250, size % 2 ? "2.0.0" : "", text, NULL));
	g_autoptr(GHashTable) answered = read_log(NULL);
	settled = g_hash_table_lookup(answered, id);
	g_assert_true(settled && settled->state == SETTLED_ANSWER && settled->code == 250);
	g_assert_cmpstr(settled->enhanced, ==, size % 2 ? "2.0.0" : "");
	check_kept(was, answered, id);
	g_assert_cmpuint(g_hash_table_size(answered), <=, g_hash_table_size(was) + 2);
	g_autoptr(GHashTable) keep = g_hash_table_new(g_str_hash, g_str_equal);
	g_hash_table_add(keep, (gpointer)id);
	if (size % 8 == 0) {
		g_assert_true(sendlog_trim(path, keep, NULL));
		g_autoptr(GHashTable) trimmed = read_log(NULL);
		g_assert_cmpuint(g_hash_table_size(trimmed), ==, 1);
		g_assert_true(same(g_hash_table_lookup(trimmed, id), settled));
	}
	return 0;
}
