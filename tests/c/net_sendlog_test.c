/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* The send log: marks and answers, torn lines, trimming. */
#include "net/sendlog.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder, *path;

static void write_log(const char *text, gssize size)
{
	g_assert_true(g_file_set_contents(path, text, size, NULL));
}

static void assert_state(GHashTable *found, const char *id, SettledState state, unsigned code)
{
	const Settled *settled = g_hash_table_lookup(found, id);
	g_assert_cmpint(settled ? settled->state : SETTLED_NONE, ==, state);
	g_assert_cmpuint(settled ? settled->code : 0, ==, code);
}

static void what_is_written_is_read(void)
{
	g_autoptr(GError) error = NULL;
	g_unlink(path);
	g_autoptr(Sendlog) log = sendlog_open(path, &error);
	g_assert_no_error(error);
	g_assert_true(sendlog_mark(log, "a@x", &error));
	g_assert_true(sendlog_answer(log, "a@x", 250, "2.0.0", "Ok: queued\nmark b@x forged", &error));
	g_assert_true(sendlog_mark(log, "c@x", &error));
	g_assert_true(sendlog_answer(log, "d@x", 451, "", "", &error));
	g_assert_true(sendlog_mark(log, "d@x", &error)); /* a second attempt */
	g_autoptr(GHashTable) found = sendlog_read(path, NULL, &error);
	assert_state(found, "a@x", SETTLED_ANSWER, 250);
	assert_state(found, "b@x", SETTLED_NONE, 0);
	assert_state(found, "c@x", SETTLED_MARK, 0);
	assert_state(found, "d@x", SETTLED_MARK, 0);
	const Settled *a = g_hash_table_lookup(found, "a@x");
	g_assert_cmpstr(a->enhanced, ==, "2.0.0");
	g_assert_cmpstr(a->text, ==, "Ok: queued mark b@x forged");
}

/* Cut anywhere: what is whole is read, what is torn is not, and what is appended afterwards is whole again. */
static void torn_lines_are_ignored(void)
{
	static const char text[] = "mark a@x boot\nanswer a@x 250 2.0.0 Ok\nmark b@x boot\nanswer b@x 550 - no\n";
	size_t ends[4], n = 0;
	for (size_t i = 0; text[i]; i++)
		if (text[i] == '\n')
			ends[n++] = i + 1;
	for (size_t size = 0; size < sizeof text; size++) {
		g_autoptr(GError) error = NULL;
		write_log(text, (gssize)size);
		g_autoptr(GHashTable) found = sendlog_read(path, NULL, &error);
		assert_state(found, "a@x", size >= ends[1] ? SETTLED_ANSWER : size >= ends[0] ? SETTLED_MARK : SETTLED_NONE, size >= ends[1] ? 250 : 0);
		assert_state(found, "b@x", size >= ends[3] ? SETTLED_ANSWER : size >= ends[2] ? SETTLED_MARK : SETTLED_NONE, size >= ends[3] ? 550 : 0);
		g_autoptr(Sendlog) log = sendlog_open(path, &error);
		g_assert_true(sendlog_answer(log, "z@x", 250, "", "after", &error));
		g_autoptr(GHashTable) after = sendlog_read(path, NULL, &error);
		assert_state(after, "z@x", SETTLED_ANSWER, 250);
		assert_state(after, "a@x", size >= ends[1] ? SETTLED_ANSWER : size >= ends[0] ? SETTLED_MARK : SETTLED_NONE, size >= ends[1] ? 250 : 0);
		assert_state(after, "b@x", size >= ends[3] ? SETTLED_ANSWER : size >= ends[2] ? SETTLED_MARK : SETTLED_NONE, size >= ends[3] ? 550 : 0);
	}
}

static void nonsense_is_ignored(void)
{
	static const char text[] = "\n\nmark\nmark only\nanswer\nanswer a\nanswer a 250\nbogus a@x 1 2 3\nmark a@x boot\n\0\xff\n";
	write_log(text, sizeof text - 1);
	g_autoptr(GHashTable) found = sendlog_read(path, NULL, NULL);
	g_assert_cmpuint(g_hash_table_size(found), ==, 1);
	assert_state(found, "a@x", SETTLED_MARK, 0);
}

static void only_what_was_asked_for_is_told(void)
{
	write_log("mark a@x boot\nmark b@x boot\n", -1);
	g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
	g_hash_table_add(ids, (char *)"b@x");
	g_autoptr(GHashTable) found = sendlog_read(path, ids, NULL);
	g_assert_cmpuint(g_hash_table_size(found), ==, 1);
	assert_state(found, "b@x", SETTLED_MARK, 0);
	g_unlink(path);
	g_autoptr(GHashTable) none = sendlog_read(path, ids, NULL);
	g_assert_cmpuint(g_hash_table_size(none), ==, 0);
}

static void trimming_keeps_what_is_named(void)
{
	write_log("mark a@x boot\nanswer a@x 250 - ok\nmark b@x boot\nmark c@x bo", -1);
	g_autoptr(GHashTable) keep = g_hash_table_new(g_str_hash, g_str_equal);
	g_hash_table_add(keep, (char *)"b@x");
	g_hash_table_add(keep, (char *)"c@x");
	g_autoptr(GError) error = NULL;
	g_assert_true(sendlog_trim(path, keep, &error));
	g_autofree char *text = NULL;
	g_file_get_contents(path, &text, NULL, NULL);
	g_assert_cmpstr(text, ==, "mark b@x boot\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("sendlog-XXXXXX", NULL);
	path = g_build_filename(folder, "send.log", NULL);
	g_test_add_func("/sendlog/what is written is read", what_is_written_is_read);
	g_test_add_func("/sendlog/torn lines are ignored", torn_lines_are_ignored);
	g_test_add_func("/sendlog/nonsense is ignored", nonsense_is_ignored);
	g_test_add_func("/sendlog/only what was asked for is told", only_what_was_asked_for_is_told);
	g_test_add_func("/sendlog/trimming keeps what is named", trimming_keeps_what_is_named);
	int status = g_test_run();
	g_unlink(path);
	g_rmdir(folder);
	g_free(path);
	g_free(folder);
	return status;
}
