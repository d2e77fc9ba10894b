/* SPDX-License-Identifier: MIT */
/*
 * Worlds: worker programs started in unlike surroundings (locale, zone, tunables, stack, memory filled with other
 * bytes, an eager collector, another layout of addresses), and stories: what one run of a script asked for, step by step,
 * in one world. A story must be told in the same words by all of them, live or replayed from any step. Included by
 * the tests of determinism.
 */
#ifndef PERIGEE_WORKER_WORLDS_H
#define PERIGEE_WORKER_WORLDS_H

#include "worker_host.h"

#include <locale.h>
#include <sys/personality.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SLOWER = 20 };
#else
enum { SLOWER = 1 };
#endif

typedef struct World {
	const char *name;
	const char *environment[8]; /* NAME=VALUE */
	rlim_t stack;               /* bytes; 0: as it is */
	unsigned long persona;
	Host *host;
} World;

static World worlds[] = {
	{ .name = "as it is" },
	{ .name = "French, far east, memory full of 0x55",
	  .environment = { "LC_ALL=fr_FR", "TZ=Pacific/Kiritimati", "MALLOC_PERTURB_=85", "GLIBC_TUNABLES=glibc.malloc.perturb=170", "LANGUAGE=fr" },
	  .stack = 1 << 20 },
	{ .name = "an eager collector, mathematics of an old processor",
	  .environment = { "PERIGEE_EAGER_COLLECTOR=1", "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-SSE4_1,-SSE4_2", "TZ=America/St_Johns" },
	  .persona = ADDR_NO_RANDOMIZE },
#if !defined(__SANITIZE_ADDRESS__) /* its shadow needs the usual layout */
	{ .name = "addresses from below, no end of stack", .environment = { "LC_ALL=C.UTF-8", "MALLOC_ARENA_MAX=1", "LANG=tr_TR" },
	  .stack = RLIM_INFINITY, .persona = ADDR_COMPAT_LAYOUT },
#endif
};
enum { WORLDS = G_N_ELEMENTS(worlds) };

/* A true French locale with a decimal comma, where there is localedef; it stays for the next test. */
static inline bool worlds_make_locale(void)
{
	const char *build = g_getenv("BUILD");
	g_autofree char *folder = g_build_filename(build ? build : "build", "tests/locale", NULL), *whole = g_build_filename(folder, "fr_FR", NULL);
	if (!g_file_test(whole, G_FILE_TEST_IS_DIR)) {
		g_autofree char *own = g_strdup_printf("%s.%d", whole, getpid());
		const char *argv[] = { "localedef", "-i", "fr_FR", "-f", "ISO-8859-1", own, NULL };
		g_mkdir_with_parents(folder, 0700);
		g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
		             NULL, NULL);
		if (rename(own, whole) != 0)
			return false;
	}
	char *path = realpath(folder, NULL);
	g_setenv("LOCPATH", path, TRUE);
	free(path);
	return true;
}

/* What the tests of the locale rest on: a program that asks for it does get a decimal comma. */
static inline bool worlds_have_locale(void)
{
	bool has = setlocale(LC_ALL, "fr_FR") && g_str_equal(localeconv()->decimal_point, ",");
	setlocale(LC_ALL, "C");
	return has;
}

static inline void world_start(World *world)
{
	g_auto(GStrv) before = g_get_environ();
	struct rlimit stack, other;
	getrlimit(RLIMIT_STACK, &stack);
	int persona = personality(0xffffffff);
	for (const char *const *one = world->environment; *one; one++) {
		g_auto(GStrv) pair = g_strsplit(*one, "=", 2);
		g_setenv(pair[0], pair[1], TRUE);
	}
	other = stack;
	if (world->stack)
		other.rlim_cur = MIN(world->stack, stack.rlim_max);
	setrlimit(RLIMIT_STACK, &other);
	personality((unsigned long)persona | world->persona);
	world->host = host_start();
	personality((unsigned long)persona);
	setrlimit(RLIMIT_STACK, &stack);
	for (const char *const *one = world->environment; *one; one++) {
		g_auto(GStrv) pair = g_strsplit(*one, "=", 2);
		const char *was = g_environ_getenv(before, pair[0]);
		if (was)
			g_setenv(pair[0], was, TRUE);
		else
			g_unsetenv(pair[0]);
	}
}

static inline void worlds_start(void)
{
	worlds_make_locale();
	for (int i = 0; i < WORLDS; i++)
		world_start(&worlds[i]);
}

static inline void worlds_stop(void)
{
	for (int i = 0; i < WORLDS; i++)
		host_stop(worlds[i].host);
}

/* ---- stories --------------------------------------------------------------------------------------------------- */

typedef struct Step {
	char *line; /* as host_line writes it: position, kind, arguments, place */
	char *kind, *args, *answer;
	int64_t answered;
} Step;

typedef struct Story {
	const char *source, *start;
	uint64_t seed;
	GArray *steps;
	char *end; /* "done ..." or "failed ..."; NULL: it was left before its end */
} Story;

/* The answer to an effect; the caller frees it. */
typedef char *Answerer(uint64_t seed, uint32_t position, const char *kind, const char *args);

static inline void step_clear(void *data)
{
	Step *step = data;
	g_free(step->line);
	g_free(step->kind);
	g_free(step->args);
	g_free(step->answer);
}

static inline void story_free(Story *story)
{
	g_array_unref(story->steps);
	g_free(story->end);
	g_free(story);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Story, story_free)

/* A visit that replays the first n steps. Returns its ticket. */
static inline uint64_t story_visit(const Story *story, Host *h, uint64_t program, guint n)
{
	peer_begin(h->worker, W_VISIT, ++h->next);
	peer_put_u64(h->worker, program);
	peer_put_u8(h->worker, VISIT_STRICT);
	peer_put_u64(h->worker, story->seed);
	peer_put_str(h->worker, story->start, -1);
	peer_put_i64(h->worker, 1700000000000);
	peer_put_u32(h->worker, n);
	for (guint i = 0; i < n; i++) {
		const Step *step = &g_array_index(story->steps, Step, i);
		peer_put_str(h->worker, step->kind, -1);
		peer_put_str(h->worker, step->args, -1);
		peer_put_str(h->worker, step->answer, -1);
		peer_put_i64(h->worker, step->answered);
	}
	g_assert_true(peer_end(h->worker));
	return h->next;
}

static inline void give_answer(Host *h, uint64_t ticket, uint32_t position, const Step *step)
{
	peer_begin(h->worker, W_ANSWER, ticket);
	peer_put_u32(h->worker, position);
	peer_put_i64(h->worker, step->answered);
	peer_put_str(h->worker, step->answer, -1);
	peer_end(h->worker);
}

static inline void give_up(Host *h, uint64_t ticket)
{
	peer_begin(h->worker, W_ABANDON, ticket);
	peer_end(h->worker);
}

/* Runs a script to its end, or to `most` effects, answering each; after a wait it goes on in a new visit, as a host does it. */
static inline Story *story_tell(World *world, const char *source, const char *start, uint64_t seed, Answerer *answerer, guint most)
{
	Host *h = world->host;
	Story *story = g_new0(Story, 1);
	*story = (Story){ .source = source, .start = start, .seed = seed, .steps = g_array_new(FALSE, TRUE, sizeof(Step)) };
	g_array_set_clear_func(story->steps, step_clear);
	host_fork(h);
	uint64_t program = host_load_script(h, source), ticket = story_visit(story, h, program, 0);
	while (host_receive(h) == W_EFFECT) {
		Frame f = h->frame;
		guint position = frame_get_u32(&f);
		bool waits = frame_get_u8(&f);
		g_assert_cmpuint(position, ==, story->steps->len);
		if (position == most) {
			if (!waits)
				give_up(h, ticket);
			return story;
		}
		Step step = { .line = host_line(h), .kind = g_strdup(frame_get_str(&f, NULL)), .args = g_strdup(frame_get_str(&f, NULL)) };
		step.answer = answerer(seed, position, step.kind, step.args);
		step.answered = 1700000000000 + 777 * (int64_t)(position + 1);
		g_array_append_val(story->steps, step);
		if (waits)
			ticket = story_visit(story, h, program, story->steps->len);
		else
			give_answer(h, ticket, position, &step);
	}
	story->end = host_line(h);
	return story;
}

/* Where another world tells it otherwise, replaying the first n steps and hearing the next `ahead` ones live: a sentence; NULL: nowhere. */
static inline char *story_differs(const Story *story, World *world, uint64_t program, guint n, guint ahead)
{
	Host *h = world->host;
	uint64_t ticket = story_visit(story, h, program, n);
	for (guint i = n;; i++) {
		const Step *step = i < story->steps->len ? &g_array_index(story->steps, Step, i) : NULL;
		bool effect = host_receive(h) == W_EFFECT;
		Frame f = h->frame;
		frame_get_u32(&f);
		bool waits = effect && frame_get_u8(&f);
		g_autofree char *line = host_line(h);
		const char *wanted = step ? step->line : story->end;
		bool same = wanted ? g_str_equal(line, wanted) : effect;
		if (effect && !waits && (!same || !step || i >= n + ahead))
			give_up(h, ticket);
		if (!same)
			return g_strdup_printf("%s, %u of %u steps replayed:\n  %s\n  %s\n", world->name, n, story->steps->len, wanted, line);
		if (!step || waits || i >= n + ahead)
			return NULL;
		give_answer(h, ticket, i, step);
	}
}

/* The same words in n worlds from the first on, from every `stride`th step, each world in a worker of its own. */
static inline char *story_differs_among(const Story *story, guint stride, guint first, guint n)
{
	for (guint i = 0; i < n; i++) {
		World *world = &worlds[(first + i) % WORLDS];
		host_fork(world->host);
		uint64_t program = host_load_script(world->host, story->source);
		for (guint from = 0; from <= story->steps->len; from += stride) {
			char *text = story_differs(story, world, program, from, stride);
			if (text)
				return text;
		}
	}
	return NULL;
}

static inline char *story_differs_anywhere(const Story *story)
{
	return story_differs_among(story, 1, 0, WORLDS);
}

#endif
