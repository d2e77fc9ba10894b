/* SPDX-License-Identifier: MIT */
/* Limits of processor time and memory: see limits.h. */
#include "worker/limits.h"

#include "base/proto.h"
#include "worker/state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { TICK_MS = 10, GRACE = 3 };

/* The one static: a signal handler has no other way to know. */
static struct {
	volatile sig_atomic_t ticks;   /* since the budget began */
	volatile sig_atomic_t allowed; /* 0: no budget runs */
	lua_State *volatile state;
	volatile sig_atomic_t hooked;
	volatile sig_atomic_t looking; /* for the place, when stuck */
	Peer *peer;
	uint8_t kind;
	uint64_t id;
	unsigned scale, ms, memory_mb;
	const char *doing;
	char refused_at[STATE_WHERE];
} watch;

static _Noreturn void end_visit(void)
{
	char text[160], where[STATE_WHERE] = "";
	g_snprintf(text, sizeof text, "more than %u ms of processor time %s", watch.ms, watch.doing);
	if (watch.state)
		state_where(watch.state, where);
	limits_end("limit", text, where);
}

static void hook(lua_State *state, lua_Debug *at)
{
	(void)at;
	(void)state;
	end_visit();
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	uint32_t size = (uint32_t)strlen(text), le = GUINT32_TO_LE(size);
	memcpy(at, &le, 4);
	memcpy(at + 4, text, size + 1);
	return at + 4 + size + 1;
}

/* Only what may be done in a signal handler: answers to requests before are written out (which allocates nothing), and
 * the frame is built and written by hand. */
static _Noreturn void end_here(const char *where)
{
	if (peer_flush_all(watch.peer, NULL)) {
		uint8_t frame[128 + STATE_WHERE] = { 0 }, *end = frame + 16;
		end = put_text(end, "limit");
		end = put_text(end, "too much processor time in one call of a library function");
		end = put_text(end, where);
		uint32_t size = GUINT32_TO_LE((uint32_t)(end - frame - 16));
		uint64_t id = GUINT64_TO_LE(watch.id);
		memcpy(frame, &size, 4);
		frame[4] = watch.kind;
		memcpy(frame + 8, &id, 8);
		for (uint8_t *at = frame; at < end;) {
			ssize_t n = write(peer_fd(watch.peer), at, (size_t)(end - at));
			if (n > 0)
				at += n;
			else if (n < 0 && errno == EAGAIN)
				poll(&(struct pollfd){ peer_fd(watch.peer), POLLOUT, 0 }, 1, -1);
			else if (n < 0 && errno != EINTR)
				break;
		}
	}
	_exit(2);
}

/* Stuck in C code of a library. Where the script called it is read off Lua's records, which this signal may have met
 * while they were moved: should that be a bad address, fault() tells the limit without a place. */
static _Noreturn void end_stuck(void)
{
	char where[STATE_WHERE] = "";
	watch.allowed = 0;
	watch.looking = 1;
	if (watch.state)
		state_where(watch.state, where);
	watch.looking = 0;
	end_here(where);
}

#ifndef WORKER_SANITIZED
static void fault(int signal_number)
{
	(void)signal_number;
	if (watch.looking) {
		watch.looking = 0;
		end_here("");
	} /* else the handler is gone, and the instruction that is tried again ends the worker */
}
#endif

static void tick(int signal_number)
{
	(void)signal_number;
	int saved = errno;
	if (watch.allowed && ++watch.ticks > watch.allowed) {
		if (watch.state && watch.ticks <= watch.allowed + GRACE) {
			watch.hooked = 1;
			lua_sethook(watch.state, hook, LUA_MASKCOUNT, 1);
		} else {
			end_stuck();
		}
	}
	errno = saved;
}

void limits_prepare(void)
{
	struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART };
	sigaction(SIGPROF, &action, NULL);
#ifndef WORKER_SANITIZED
	struct sigaction once = { .sa_handler = fault, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	sigaction(SIGSEGV, &once, NULL);
	sigaction(SIGBUS, &once, NULL);
#endif
}

void limits_start(Peer *peer, bool slow)
{
	watch.peer = peer;
	watch.scale = slow ? 20 : 1;
	struct timeval period = { 0, TICK_MS * 1000 };
	setitimer(ITIMER_PROF, &(struct itimerval){ period, period }, NULL);
}

void limits_request(uint8_t kind, uint64_t id)
{
	watch.kind = kind;
	watch.id = id;
}

void limits_begin(lua_State *state, unsigned ms, unsigned memory_mb, const char *doing)
{
	watch.allowed = 0; /* a tick between these lines must see no half of a budget */
	watch.ticks = 0;
	watch.state = state;
	watch.ms = ms;
	watch.memory_mb = memory_mb;
	watch.doing = doing;
	watch.refused_at[0] = 0;
	/* A fork server builds its first states before there is a clock; no tick comes there. */
	watch.allowed = (sig_atomic_t)MAX(ms * MAX(watch.scale, 1u) / TICK_MS, 1u);
}

void limits_running(lua_State *state)
{
	watch.state = state;
	if (watch.hooked) /* the hook was set on the coroutine that ran before */
		lua_sethook(state, hook, LUA_MASKCOUNT, 1);
}

void limits_stop(void)
{
	watch.allowed = 0;
	watch.hooked = 0;
	watch.state = NULL;
}

void limits_refusing(void)
{
	if (watch.state)
		state_where(watch.state, watch.refused_at);
}

void limits_memory(void)
{
	char text[160];
	g_snprintf(text, sizeof text, "more than %u MiB of memory %s", watch.memory_mb, watch.doing);
	limits_end("memory", text, watch.refused_at);
}

void limits_end(const char *code, const char *text, const char *where)
{
	watch.allowed = 0;
	if (!watch.peer) /* a fork server: our own Lua does not fit */
		_exit(2);
	peer_begin(watch.peer, watch.kind, watch.id);
	peer_put_str(watch.peer, code, -1);
	peer_put_str(watch.peer, text, -1);
	peer_put_str(watch.peer, where, -1);
	peer_end(watch.peer);
	peer_flush_all(watch.peer, NULL);
	_exit(2);
}
