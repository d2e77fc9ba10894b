/* SPDX-License-Identifier: MIT */
/*
 * A host for tests of the worker role: starts the built program (in $PERIGEE_LIBEXEC, else in $BUILD), forks
 * workers from it and speaks base/proto.h with them. Included by tests/c/worker_*_test.c; each check fails the test
 * itself.
 */
#ifndef PERIGEE_WORKER_HOST_H
#define PERIGEE_WORKER_HOST_H

#include "base/frame.h"
#include "base/proto.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { TIMEOUT_MS = 300000 }; /* limits of processor time are twenty times as long there, and this is real time */
#else
enum { TIMEOUT_MS = 30000 };
#endif

typedef struct Host {
	Peer *zygote;
	Peer *worker;
	pid_t zygote_pid;
	uint64_t next; /* number of the next worker, program or visit */
	uint32_t status; /* of the worker that ended last */
	Frame frame;   /* received last */
} Host;

/* One entry of a journal: what was asked, and the answer. */
typedef struct Entry {
	const char *kind, *args, *answer;
} Entry;

static inline Host *host_start(void)
{
	Host *h = g_new0(Host, 1);
	int fds[2];
	g_assert_true(peer_pair(fds, NULL));
	const char *folder = g_getenv("PERIGEE_LIBEXEC"), *build = g_getenv("BUILD");
	g_autofree char *built = g_build_filename(build ? build : "build", "libexec/perigee", NULL);
	g_autofree char *path = g_build_filename(folder ? folder : built, "worker", NULL);
	const char *stdlib = g_getenv("PERIGEE_STDLIB");
	h->zygote_pid = fork();
	if (h->zygote_pid == 0) {
		if (fds[1] != FORK_SERVER_FD)
			dup2(fds[1], FORK_SERVER_FD);
		else
			fcntl(FORK_SERVER_FD, F_SETFD, 0);
		if (stdlib)
			execl(path, path, "--stdlib", stdlib, (char *)NULL);
		else
			execl(path, path, (char *)NULL);
		perror(path);
		_exit(127);
	}
	close(fds[1]);
	h->zygote = peer_new(fds[0], FRAME_CAP);
	return h;
}

static inline void host_fork(Host *h)
{
	int fds[2];
	g_assert_true(peer_pair(fds, NULL));
	h->next++;
	peer_begin(h->zygote, F_FORK, h->next);
	peer_put_str(h->zygote, "{\"domain\":\"workspace\"}", -1);
	g_assert_true(peer_end_fd(h->zygote, fds[1], NULL));
	g_assert_true(peer_flush_all(h->zygote, NULL));
	close(fds[1]);
	peer_free(h->worker);
	h->worker = peer_new(fds[0], FRAME_CAP);
	do
		g_assert_true(peer_receive(h->zygote, &h->frame, TIMEOUT_MS, NULL));
	while (h->frame.kind != F_FORKED || h->frame.id != h->next);
}

/* Waits until the worker has ended and been reaped. */
static inline void host_wait_end(Host *h)
{
	g_assert_true(peer_receive(h->zygote, &h->frame, TIMEOUT_MS, NULL));
	g_assert_cmpint(h->frame.kind, ==, F_ENDED);
	h->status = frame_get_u32(&h->frame);
	peer_free(h->worker);
	h->worker = NULL;
}

static inline void host_stop(Host *h)
{
	peer_free(h->worker);
	peer_free(h->zygote);
	int status;
	g_assert_cmpint(waitpid(h->zygote_pid, &status, 0), ==, h->zygote_pid);
	g_assert_cmpint(status, ==, 0);
	g_free(h);
}

static inline uint8_t host_receive(Host *h)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(peer_flush_all(h->worker, NULL));
	if (!peer_receive(h->worker, &h->frame, TIMEOUT_MS, &error)) {
		peer_receive(h->zygote, &h->frame, 1000, NULL);
		g_error("the worker said nothing: %s (wait status %#x)", error ? error->message : "time is up", frame_get_u32(&h->frame));
	}
	return h->frame.kind;
}

/* Loads one file and the modules given as name, source, ..., NULL. Returns the program's number; h->frame is the
 * answer. */
static inline uint64_t host_load(Host *h, ProgramType type, const char *name, const char *source, ...)
{
	va_list args;
	uint32_t n = 1;
	va_start(args, source);
	while (va_arg(args, const char *))
		n++;
	va_end(args);
	n = 1 + (n - 1) / 2;
	peer_begin(h->worker, W_LOAD, ++h->next);
	peer_put_u8(h->worker, (uint8_t)type);
	peer_put_str(h->worker, name, -1);
	peer_put_u32(h->worker, n);
	peer_put_str(h->worker, name, -1);
	peer_put_str(h->worker, source, -1);
	va_start(args, source);
	for (uint32_t i = 1; i < n; i++) {
		peer_put_str(h->worker, va_arg(args, const char *), -1);
		peer_put_str(h->worker, va_arg(args, const char *), -1);
	}
	va_end(args);
	g_assert_true(peer_end(h->worker));
	host_receive(h);
	return h->next;
}

/* The text of the answer to a load that must succeed; valid until the next frame. */
static inline const char *host_loaded(Host *h)
{
	if (h->frame.kind == W_REFUSED) {
		const char *code = frame_get_str(&h->frame, NULL), *text = frame_get_str(&h->frame, NULL);
		g_error("refused (%s): %s at %s", code, text, frame_get_str(&h->frame, NULL));
	}
	g_assert_cmpint(h->frame.kind, ==, W_LOADED);
	return frame_get_str(&h->frame, NULL);
}

static inline uint64_t host_load_script(Host *h, const char *source)
{
	uint64_t program = host_load(h, PROGRAM_SCRIPT, "sequences/test.lua", source, NULL);
	host_loaded(h);
	return program;
}

/* journal ends with a NULL kind. Returns the ticket. */
static inline uint64_t host_visit(Host *h, uint64_t program, VisitMode mode, const char *start, const Entry *journal)
{
	uint32_t n = 0;
	while (journal && journal[n].kind)
		n++;
	peer_begin(h->worker, W_VISIT, ++h->next);
	peer_put_u64(h->worker, program);
	peer_put_u8(h->worker, (uint8_t)mode);
	peer_put_u64(h->worker, 7);
	peer_put_str(h->worker, start, -1);
	peer_put_i64(h->worker, 1000000);
	peer_put_u32(h->worker, n);
	for (uint32_t i = 0; i < n; i++) {
		peer_put_str(h->worker, journal[i].kind, -1);
		peer_put_str(h->worker, journal[i].args, -1);
		peer_put_str(h->worker, journal[i].answer, -1);
		peer_put_i64(h->worker, 1000000 + 5000 * (i + 1));
	}
	g_assert_true(peer_end(h->worker));
	return h->next;
}

static inline void host_answer(Host *h, uint64_t ticket, uint32_t position, const char *answer)
{
	peer_begin(h->worker, W_ANSWER, ticket);
	peer_put_u32(h->worker, position);
	peer_put_i64(h->worker, 2000000);
	peer_put_str(h->worker, answer, -1);
	peer_end(h->worker);
}

/* The frame received last, as one line: "effect 0 send {...} sequences/test.lua:4 waits", "done null", "failed error
 * TEXT @WHERE", "diverged 1 KIND ARGS @WHERE", "rewrite 0 ARGS". The caller frees it. */
static inline char *host_line(Host *h)
{
	Frame *f = &h->frame;
	uint32_t position;
	uint8_t waits;
	const char *a, *b, *c;
	switch (f->kind) {
	case W_EFFECT:
		position = frame_get_u32(f);
		waits = frame_get_u8(f);
		a = frame_get_str(f, NULL);
		b = frame_get_str(f, NULL);
		c = frame_get_str(f, NULL);
		g_assert_true(frame_end(f));
		return g_strdup_printf("effect %u %s %s @%s%s", position, a, b, c, waits ? " waits" : "");
	case W_DONE:
		a = frame_get_str(f, NULL);
		g_assert_true(frame_end(f));
		return g_strdup_printf("done %s", a);
	case W_FAILED:
	case W_REFUSED:
		a = frame_get_str(f, NULL);
		b = frame_get_str(f, NULL);
		c = frame_get_str(f, NULL);
		g_assert_true(frame_end(f));
		return g_strdup_printf("%s %s %s @%s", f->kind == W_FAILED ? "failed" : "refused", a, b, c);
	case W_DIVERGED:
		position = frame_get_u32(f);
		a = frame_get_str(f, NULL);
		b = frame_get_str(f, NULL);
		c = frame_get_str(f, NULL);
		g_assert_true(frame_end(f));
		return g_strdup_printf("diverged %u %s %s @%s", position, a, b, c);
	case W_REWRITE:
		position = frame_get_u32(f);
		a = frame_get_str(f, NULL);
		g_assert_true(frame_end(f));
		return g_strdup_printf("rewrite %u %s", position, a);
	case W_LOADED:
		return g_strdup_printf("loaded %s", frame_get_str(f, NULL));
	case W_RENDERED:
		a = frame_get_str(f, NULL);
		b = frame_get_str(f, &(size_t){ 0 });
		return g_strdup_printf("rendered %s %s", a, b);
	default:
		return g_strdup_printf("frame of kind %d", f->kind);
	}
}

/* The next frame must be this line. */
static inline void host_expect(Host *h, const char *line)
{
	host_receive(h);
	g_autofree char *got = host_line(h);
	g_assert_cmpstr(got, ==, line);
}

#endif
