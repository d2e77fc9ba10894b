/* SPDX-License-Identifier: MIT */
/*
 * A worker in this process, without its jail: strangers' Lua is loaded and rendered as in a child of the role. Its end by a limit
 * is an end like others: _exit, which is ours here, jumps back to the target.
 *
 * libFuzzer sees nothing of Lua code, so a line hook counts the lines of the stdlib as extra counters; it also ends what runs
 * through very many lines, long before the clock would. Include it once, in the target.
 */
#ifndef PERIGEE_FUZZ_WORKER_H
#define PERIGEE_FUZZ_WORKER_H

#include "base/value.h"
#include "fuzz.h"
#include "worker/library.h"
#include "worker/limits.h"
#include "worker/mail.h"
#include "worker/program.h"
#include "worker/render.h"
#include "worker/state.h"
#include "worker/worker.h"

#include <setjmp.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINES_MOST = 100000, COUNTERS = 1 << 13 };

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

static struct {
	Worker *worker;
	Peer *host;
	sigjmp_buf back;
	volatile bool running, ended;
	unsigned lines;
} bench;

void _exit(int status)
{
	if (bench.running)
		siglongjmp(bench.back, 1);
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}

static inline void count_line(lua_State *L, lua_Debug *at)
{
	lua_getinfo(L, "S", at);
	unsigned number = (unsigned)at->currentline;
	if (at->source[0] == '=' || g_str_has_prefix(at->source, "@[")) /* a stranger's own lines say nothing */
		counters[(g_str_hash(at->source) + number * 2654435761u) % COUNTERS]++;
	if (++bench.lines > LINES_MOST)
		limits_end("limit", "many lines", "");
}

/* An image is saved without hooks: it gets the line hook here. */
static inline void hook_image(Image **image)
{
	arena_restore(bench.worker->arena, *image);
	lua_sethook(bench.worker->state, count_line, LUA_MASKLINE, 0);
	Image *hooked = arena_save(bench.worker->arena);
	g_free(*image);
	*image = hooked;
}

static inline void full(void)
{
	limits_memory();
}

/* A leak of what a jump leaves behind is no finding. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static inline void bench_open(ProgramType type)
{
	limits_prepare();
	mail_prepare();
	Worker *worker = bench.worker = g_new0(Worker, 1);
	/* From a folder, so that its lines are known; the working folder is the project's. */
	g_assert_nonnull(worker->library = library_open("stdlib", NULL));
	worker->programs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)program_free);
	worker->encoder = encoder_new();
	g_queue_init(&worker->kept);
	g_assert_nonnull(worker->arena = arena_map((size_t)512 << 20, full));
	arena_on_refusal(worker->arena, limits_refusing);
	g_autofree char *why = NULL;
	if (!state_build(worker, &why) || !state_base(worker, type, &why))
		g_error("%s", why);
	hook_image(&worker->bases[type]);
}

/* New sockets: a jump may have left half a frame. */
static inline void bench_connect(void)
{
	int fds[2];
	g_assert_true(peer_pair(fds, NULL));
	if (bench.host) {
		peer_free(bench.host);
		peer_free(bench.worker->peer);
	}
	bench.host = peer_new(fds[0], FRAME_CAP);
	bench.worker->peer = peer_new(fds[1], FRAME_CAP);
	limits_start(bench.worker->peer, false);
}

/* The frame that put() writes, as the worker would get it. */
static inline Frame bench_frame(const GByteArray *bytes, uint64_t id)
{
	return (Frame){ .id = id, .fd = -1, .data = bytes->data, .size = bytes->len };
}

static inline void put_number(GByteArray *out, uint64_t number, guint size)
{
	number = GUINT64_TO_LE(number);
	g_byte_array_append(out, (const guint8 *)&number, size);
}

static inline void put_text(GByteArray *out, const char *text, size_t size)
{
	put_number(out, size, 4);
	g_byte_array_append(out, (const guint8 *)text, (guint)size);
	g_byte_array_append(out, (const guint8 *)"", 1);
}

/* Serves a request; false if a limit ended the worker. The frame it answered with is in *answer. */
static inline bool bench_serve(bool (*serve)(Worker *, Frame *), Frame *request, Frame *answer)
{
	if (bench.ended)
		bench_connect();
	bench.lines = 0;
	bench.running = true;
	bench.ended = sigsetjmp(bench.back, 1) != 0;
	if (!bench.ended)
		g_assert_true(serve(bench.worker, request));
	bench.running = false;
	program_leave(bench.worker);
	while (peer_pending(bench.worker->peer)) {
		g_assert_true(peer_flush(bench.worker->peer, NULL));
		if (peer_pending(bench.worker->peer))
			g_assert_true(peer_read(bench.host, NULL));
	}
	g_assert_true(peer_read(bench.host, NULL) && peer_next(bench.host, answer, NULL));
	return !bench.ended;
}

/* W_REFUSED and W_FAILED: one line of UTF-8 in each field. */
static inline void check_failure(Frame *frame)
{
	const char *code = frame_get_str(frame, NULL), *text = frame_get_str(frame, NULL), *where = frame_get_str(frame, NULL);
	g_assert_true(frame_end(frame) && *code && *text);
	g_assert_true(g_utf8_validate(text, -1, NULL) && g_utf8_validate(where, -1, NULL));
	for (const char *c = text; *c; c++)
		g_assert_false(g_ascii_iscntrl(*c));
	for (const char *c = where; *c; c++)
		g_assert_false(g_ascii_iscntrl(*c));
}

/* A str field of canonical JSON within the caps of a value. The caller frees it. */
static inline json_t *take_json(Frame *frame)
{
	g_autoptr(GError) error = NULL;
	const char *text = frame_get_str(frame, NULL);
	json_t *value = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_autofree char *again = value_text(value);
	g_assert_cmpstr(text, ==, again);
	return value;
}

#endif
