/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* The scripts' store, and tasks. */
#include "host/store.h"
#include "host/tasks.h"

#include <string.h>

static void open_host(Host *host)
{
	g_autoptr(GError) error = NULL;
	*host = (Host){ .db = db_open(NULL, &error), .clock = clock_virtual(1000) };
	g_assert_no_error(error);
}

static void close_host(Host *host)
{
	g_assert_false(db_failed(host->db));
	db_close(host->db);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Host, close_host)

static void set(Host *host, const char *space, const char *key, const char *text)
{
	g_autoptr(json_t) value = value_parse(text, -1, NULL);
	g_autoptr(GError) error = NULL;
	g_assert_true(store_set(host, space, key, value, &error));
	g_assert_no_error(error);
}

static void assert_value(Host *host, const char *space, const char *key, const char *wanted)
{
	g_autofree char *text = store_get(host, space, key);
	g_assert_cmpstr(text, ==, wanted);
}

static void test_values(void)
{
	g_auto(Host) host;
	open_host(&host);
	assert_value(&host, "w", "a", NULL);
	set(&host, "w", "a", "{\"z\":1,\"a\":[1.0,null,\"é\"]}");
	assert_value(&host, "w", "a", "{\"a\":[1.0,null,\"é\"],\"z\":1}");
	set(&host, "w", "a", "false");
	assert_value(&host, "w", "a", "false");
	assert_value(&host, "other", "a", NULL);
	set(&host, "w", "a", "null");
	assert_value(&host, "w", "a", NULL);
	set(&host, "w", "a", "1");
	store_delete(&host, "w", "a");
	store_delete(&host, "w", "a");
	assert_value(&host, "w", "a", NULL);
}

static void test_limits(void)
{
	g_auto(Host) host;
	open_host(&host);
	g_autofree char *long_key = g_strnfill(STORE_KEY_BYTES + 1, 'k'), *long_value = g_strnfill(STORE_VALUE_BYTES, 'v');
	g_autoptr(json_t) value = json_string(long_value), one = json_integer(1);
	g_autoptr(GError) error = NULL;
	g_assert_false(store_set(&host, "w", "k", value, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_LIMIT);
	g_clear_error(&error);
	g_assert_false(store_set(&host, "w", long_key, one, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_INVALID);
	g_clear_error(&error);
	g_assert_false(store_set(&host, "w", "", one, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_INVALID);
}

static void test_add(void)
{
	static const struct { const char *was, *n, *is; } CASES[] = { /* is NULL: refused, and the value stays */
		{ NULL, "1", "1" }, { NULL, "0.5", "0.5" }, { "1", "2", "3" }, { "1", "-3", "-2" }, { "1", "2.0", "3.0" }, { "1.5", "1", "2.5" },
		{ "2.0", "1.0", "3.0" }, { "9223372036854775807", "0", "9223372036854775807" }, { "9223372036854775807", "1", NULL },
		{ "-9223372036854775808", "-1", NULL }, { "1e308", "1e308", NULL }, { "\"1\"", "1", NULL }, { "[1]", "1", NULL }, { "true", "1", NULL },
		{ "1", "\"1\"", NULL }, { "1", "null", NULL },
	};
	g_auto(Host) host;
	open_host(&host);
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) n = value_parse(CASES[i].n, -1, NULL);
		store_delete(&host, "w", "k");
		if (CASES[i].was)
			set(&host, "w", "k", CASES[i].was);
		g_autofree char *before = store_get(&host, "w", "k");
		g_autofree char *sum = store_add(&host, "w", "k", n, &error);
		g_assert_cmpstr(sum, ==, CASES[i].is);
		g_assert_true((sum == NULL) == (error != NULL));
		assert_value(&host, "w", "k", CASES[i].is ? CASES[i].is : before);
	}
}

static void assert_list(Host *host, const char *space, const char *prefix, const char *wanted)
{
	g_autoptr(json_t) list = store_list(host, space, prefix, NULL);
	g_autofree char *text = value_text(list);
	g_assert_cmpstr(text, ==, wanted);
}

static void test_list(void)
{
	g_auto(Host) host;
	open_host(&host);
	static const char *const KEYS[] = { "ab", "a", "b", "a%", "a_", "é", "B", "aé" };
	for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++)
		set(&host, "w", KEYS[i], "1");
	set(&host, "v", "ax", "2");
	assert_list(&host, "w", "a", "[{\"key\":\"a\",\"value\":1},{\"key\":\"a%\",\"value\":1},{\"key\":\"a_\",\"value\":1},{\"key\":\"ab\",\"value\":1},{\"key\":\"aé\",\"value\":1}]");
	assert_list(&host, "w", "a%", "[{\"key\":\"a%\",\"value\":1}]");
	assert_list(&host, "w", "é", "[{\"key\":\"é\",\"value\":1}]");
	assert_list(&host, "w", "nothing", "[]");
	assert_list(&host, "v", "", "[{\"key\":\"ax\",\"value\":2}]");
	g_autofree char *large = g_strnfill(STORE_VALUE_BYTES - 10, 'v');
	g_autoptr(json_t) value = json_string(large);
	for (int i = 0; i < 6; i++) {
		g_autofree char *key = g_strdup_printf("large%d", i);
		g_assert_true(store_set(&host, "w", key, value, NULL));
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(store_list(&host, "w", "large", &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_LIMIT);
	assert_list(&host, "w", "b", "[{\"key\":\"b\",\"value\":1}]");
}

/* These members, and all others (of a message by hand) null. */
static void assert_task(const json_t *task, const char *wanted)
{
	g_autoptr(json_t) members = json_copy((json_t *)task), expected = value_parse(wanted, -1, NULL);
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe(members, next, key, value) {
		if (json_object_get(expected, key))
			continue;
		g_assert_true(json_is_null(value));
		json_object_del(members, key);
	}
	g_autofree char *text = value_text(members);
	g_assert_cmpstr(text, ==, wanted);
}

static void test_tasks(void)
{
	g_auto(Host) host;
	open_host(&host);
	g_autoptr(GError) error = NULL;
	int64_t later = tasks_create(&host, "lea", 7, "call", "ring her", 5000, &error);
	int64_t sooner = tasks_create(&host, NULL, 0, "other", NULL, 2000, &error);
	g_assert_no_error(error);
	g_assert_cmpint(tasks_create(&host, NULL, 0, "dance", NULL, 0, &error), ==, 0);
	g_assert_error(error, TASKS_ERROR, TASKS_ERROR_INVALID);
	g_clear_error(&error);
	g_autoptr(json_t) open = tasks_list(&host, "open", NULL, 0);
	assert_task(json_array_get(open, 0), "{\"contact\":null,\"created_at\":1000,\"done_at\":null,\"due\":2000,\"id\":2,\"kind\":\"other\",\"note\":null,"
		"\"outcome\":null,\"run\":null,\"state\":\"open\"}");
	assert_task(json_array_get(open, 1), "{\"contact\":\"lea\",\"created_at\":1000,\"done_at\":null,\"due\":5000,\"id\":1,\"kind\":\"call\",\"note\":\"ring her\","
		"\"outcome\":null,\"run\":7,\"state\":\"open\"}");
	int64_t run = -1;
	g_assert_true(tasks_done(&host, later, "agreed", &run, &error));
	g_assert_cmpint(run, ==, 7);
	g_assert_false(tasks_done(&host, later, "agreed", &run, &error));
	g_assert_error(error, TASKS_ERROR, TASKS_ERROR_STATE);
	g_clear_error(&error);
	g_assert_true(tasks_done(&host, sooner, NULL, NULL, &error));
	g_assert_false(tasks_done(&host, 99, NULL, NULL, &error));
	g_assert_error(error, TASKS_ERROR, TASKS_ERROR_UNKNOWN);
	g_autoptr(json_t) none = tasks_list(&host, "open", NULL, 0), hers = tasks_list(&host, NULL, "lea", 7);
	g_assert_cmpuint(json_array_size(none), ==, 0);
	g_assert_cmpuint(json_array_size(hers), ==, 1);
	g_assert_cmpstr(value_string(json_array_get(hers, 0), "outcome", ""), ==, "agreed");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/a value comes back canonical, in its own space", test_values);
	g_test_add_func("/store/keys and values have limits", test_limits);
	g_test_add_func("/store/add keeps integers and floats apart and refuses what is no number", test_add);
	g_test_add_func("/store/a list has all keys of a prefix, sorted bytewise", test_list);
	g_test_add_func("/tasks/a task is open until it is done, once", test_tasks);
	return g_test_run();
}
