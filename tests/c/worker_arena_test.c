/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* The memory of Lua states: what it refuses, what it tells, and that an image brings everything back. */
#include "worker/arena.h"

#include <glib.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

static Arena *arena;
static jmp_buf over;
static int refusals;

static void full(void)
{
	longjmp(over, 1);
}

static void refusing(void)
{
	refusals++;
}

/* True if asking for it (or, with size 0, going on to something seen outside) ends the visit. */
static bool ends(void *block, size_t old_size, size_t size)
{
	if (setjmp(over) != 0)
		return true;
	if (size)
		arena_allocate(arena, block, old_size, size);
	else
		arena_settle(arena);
	return false;
}

static void start(size_t limit)
{
	arena_clear(arena);
	arena_limit(arena, limit);
	refusals = 0;
}

/* The first refusal is for the collector to do something; who asks for the same again did not get room by it. */
static void test_asked_again(void)
{
	start(10000);
	g_assert_nonnull(arena_allocate(arena, NULL, 0, 5000));
	g_assert_false(ends(NULL, 0, 9000));
	g_assert_cmpint(refusals, ==, 1);
	g_assert_true(ends(NULL, 0, 9000));
}

static void test_collected_between(void)
{
	start(10000);
	void *garbage = arena_allocate(arena, NULL, 0, 5000);
	g_assert_false(ends(NULL, 0, 9000));
	arena_allocate(arena, garbage, 5000, 0);
	g_assert_nonnull(arena_allocate(arena, NULL, 0, 9000));
	g_assert_false(ends(NULL, 0, 0));
}

/* A buffer of the library asks once and raises: whatever comes next ends the visit. */
static void test_swallowed(void)
{
	start(10000);
	g_assert_false(ends(NULL, 0, 20000));
	g_assert_true(ends(NULL, 0, 16));
	start(10000);
	g_assert_false(ends(NULL, 0, 20000));
	g_assert_true(ends(NULL, 0, 0));
	start(10000);
	g_assert_false(ends(NULL, 0, 0));
}

static void test_shrinking_never_fails(void)
{
	start(100000);
	char *block = arena_allocate(arena, NULL, 0, 60000);
	memset(block, 7, 60000);
	arena_allocate(arena, NULL, 0, 30000);
	for (size_t size = 59000; size > 977; size -= 977) {
		block = arena_allocate(arena, block, size + 977 > 60000 ? 60000 : size + 977, size);
		g_assert_nonnull(block);
		g_assert_cmpint(block[size - 1], ==, 7);
	}
	g_assert_cmpint(refusals, ==, 0);
}

static void test_huge_requests(void)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX / 2, SIZE_MAX - 15, (size_t)1 << 62, ((size_t)1 << 32) - 1, (size_t)1 << 29 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		start(1 << 20);
		g_assert_null(arena_allocate(arena, NULL, 0, sizes[i]));
		start(1 << 20);
		void *block = arena_allocate(arena, NULL, 0, 100);
		g_assert_null(arena_allocate(arena, block, 100, sizes[i]));
	}
}

static void test_image(void)
{
	start(1 << 20);
	char *kept = arena_allocate(arena, NULL, 0, 5000);
	memset(kept, 1, 5000);
	void *freed = arena_allocate(arena, NULL, 0, 40000);
	arena_allocate(arena, freed, 40000, 0);
	g_autofree Image *image = arena_save(arena);
	g_assert_cmpuint(image->size, <, 20000);
	for (int round = 0; round < 3; round++) {
		memset(kept, 2, 5000);
		for (int i = 0; i < 20; i++)
			memset(arena_allocate(arena, NULL, 0, 20000), 3, 20000);
		arena_restore(arena, image);
		g_assert_cmpint(kept[0], ==, 1);
		g_assert_cmpint(kept[4999], ==, 1);
		g_assert_nonnull(arena_allocate(arena, NULL, 0, 900000));
		arena_restore(arena, image);
		g_assert_null(arena_allocate(arena, NULL, 0, 2000000));
		arena_restore(arena, image);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	arena = arena_map((size_t)64 << 20, full);
	g_assert_nonnull(arena);
	arena_on_refusal(arena, refusing);
	g_test_add_func("/arena/what is refused twice ends the visit", test_asked_again);
	g_test_add_func("/arena/what the collector made room for does not", test_collected_between);
	g_test_add_func("/arena/a refusal that nobody repaired ends it at the next request, or before anything is seen", test_swallowed);
	g_test_add_func("/arena/shrinking never fails", test_shrinking_never_fails);
	g_test_add_func("/arena/requests beyond everything are refused", test_huge_requests);
	g_test_add_func("/arena/an image brings everything back, the limit too", test_image);
	return g_test_run();
}
