/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* docs/codes.md and the program's own tables say the same: no code without a section, no section that nothing gives. */
#include "cli/explain.h"
#include "host/codes.h"
#include "host/policy.h"
#include "host/views.h"

#include <string.h>

static GHashTable *pages[CODES_GROUPS]; /* code → its text */

static void see(void *user, CodeGroup group, const char *code, const char *text)
{
	GPtrArray *order = user;
	if (group == CODES_GROUPS)
		g_test_message("the section of %s stands below no group of the program", code);
	g_assert_cmpint(group, <, CODES_GROUPS);
	if (g_hash_table_contains(pages[group], code))
		g_test_message("%s has two sections in a group", code);
	g_assert_true(g_hash_table_insert(pages[group], g_strdup(code), g_strdup(text)));
	g_ptr_array_add(order, GINT_TO_POINTER((gint)group));
}

static void test_sections(void)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	for (CodeGroup group = 0; group < CODES_GROUPS; group++)
		pages[group] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	explain_each(see, order);
	g_assert_cmpuint(order->len, >, 100);
	for (guint i = 1; i < order->len; i++)
		g_assert_cmpint(GPOINTER_TO_INT(order->pdata[i - 1]), <=, GPOINTER_TO_INT(order->pdata[i]));
}

static void test_same(void)
{
	for (CodeGroup group = 0; group < CODES_GROUPS; group++) {
		guint n = 0;
		for (const char *name; (name = codes_name(group, n)); n++) {
			if (!g_hash_table_contains(pages[group], name))
				g_test_message("docs/codes.md has no section %s below \"%s\"", name, codes_title(group));
			g_assert_true(g_hash_table_contains(pages[group], name));
		}
		g_assert_cmpuint(n, >, 0);
		GHashTableIter iter;
		gpointer code;
		g_hash_table_iter_init(&iter, pages[group]);
		while (g_hash_table_iter_next(&iter, &code, NULL)) {
			bool given = false;
			for (guint i = 0; i < n; i++)
				given = given || strcmp(codes_name(group, i), code) == 0;
			if (!given)
				g_test_message("nothing gives %s, which docs/codes.md has below \"%s\"", (char *)code, codes_title(group));
			g_assert_true(given);
		}
		g_assert_cmpuint(g_hash_table_size(pages[group]), ==, n);
	}
}

/* Rules and mistakes say what causes them and what to do; states say what they are. */
static void test_whole(void)
{
	for (CodeGroup group = 0; group < CODES_GROUPS; group++) {
		bool advises = group == CODES_OF_RULES || group == CODES_OF_GATES || group == CODES_OF_FAILURES || group == CODES_OF_MISTAKES || group == CODES_OF_FAULTS;
		GHashTableIter iter;
		gpointer code, text;
		g_hash_table_iter_init(&iter, pages[group]);
		while (g_hash_table_iter_next(&iter, &code, &text)) {
			bool whole = strlen(text) > 20 && strlen(text) < 1200 && (!advises || strstr(text, "What to do: "));
			if (!whole)
				g_test_message("the section of %s is too short, too long, or does not say what to do", (char *)code);
			g_assert_true(whole);
		}
	}
}

static void test_tables(void)
{
	g_assert_cmpstr(codes_name(CODES_OF_RULES, 0), ==, "suppressed");
	g_assert_cmpstr(policy_rule_name(0), ==, "suppressed");
	g_assert_null(policy_rule_name(1000));
	guint states = 0;
	while (codes_name(CODES_OF_RUNS, states))
		states++;
	g_assert_cmpuint(states + 1, ==, g_strv_length((char **)views_run_states)); /* all but "live" */
}

static void test_mistakes(void)
{
	static const struct {
		const char *sentence, *code;
	} cases[] = {
		{ "unknown global 'x'; declare it with local", "unknown-global" },
		{ "perigee.sequence: unknown key 'nam'; did you mean 'name'?", "unknown-key" },
		{ "a contact has no attribute 'wait_repl'; did you mean 'wait_reply'?", "unknown-attribute" },
		{ "\"3 buisness days\" has no unit; write \"90s\", \"30m\" or so", "bad-duration" },
		{ "contact:wait: 'replied' is not known; did you mean 'reply'?", "unknown-event" },
		{ "contact:task.kind: 'phone' is not known; known: call", "unknown-word" },
		{ "a budget is missing", NULL },
		{ "", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpstr(codes_of_mistake(cases[i].sentence), ==, cases[i].code);
	g_assert_null(codes_of_mistake(NULL));
	g_assert_cmpstr(codes_of_failure("error", cases[0].sentence), ==, "unknown-global");
	g_assert_cmpstr(codes_of_failure("limit", cases[0].sentence), ==, "limit");
	g_assert_cmpstr(codes_of_failure("error", "nothing that is known"), ==, "error");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codes/the page has sections in groups, in the program's order", test_sections);
	g_test_add_func("/codes/each code of the program has a section, and each section is of a code", test_same);
	g_test_add_func("/codes/a section says enough, and what to do", test_whole);
	g_test_add_func("/codes/the tables are those of policy and of the listings", test_tables);
	g_test_add_func("/codes/a mistake is told by its sentence", test_mistakes);
	return g_test_run();
}
