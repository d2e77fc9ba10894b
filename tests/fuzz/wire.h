/* SPDX-License-Identifier: MIT */
/*
 * The world of a child of net, without a network: a server whose bytes are the input, the host's end of the socket, and a clock
 * that moves only while poll waits. Takes the place of net/wire.c and base/log.c. Include it once, in the target.
 *
 * The input is a row of parts, each led by a byte: 1 to 255, so many bytes of the server, given in one piece; 0, the
 * connection breaks and one more byte says how the next one fails (0: it doesn't). At the end of the input the host is gone.
 */
#ifndef PERIGEE_FUZZ_WIRE_H
#define PERIGEE_FUZZ_WIRE_H

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "fuzz.h"
#include "net/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct Wire {
	bool open;
};

static struct {
	Input in;
	GString *said;  /* all that the server has said */
	Peer *host;     /* the host's end */
	int ready[2];   /* a pipe that is always readable: the server has something to say */
	gint64 now;     /* microseconds */
	guint connects, turns;
} world;

/* What the target does with the bytes that we send. */
static void server_hears(const char *bytes, size_t size);

static inline void world_end(void)
{
	if (world.host)
		shutdown(peer_fd(world.host), SHUT_WR);
}

gint64 g_get_monotonic_time(void)
{
	return world.now;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready = (int)syscall(SYS_poll, fds, n, 0);
	if (!world.host)
		return ready;
	if (++world.turns > 100000) /* libFuzzer would say it later, and less */
		abort();
	if (ready == 0 && timeout != 0) {
		world.now += timeout < 0 ? 1000000 : (gint64)timeout * 1000;
		if (timeout < 0 || world.in.left == 0)
			world_end(); /* nothing will ever happen */
		ready = (int)syscall(SYS_poll, fds, n, 0);
	}
	return ready;
}

Wire *wire_connect(const Account *account, int watch, int timeout_ms, unsigned *reply, GError **error)
{
	(void)account, (void)watch, (void)timeout_ms;
	uint8_t how = world.connects++ ? input_byte(&world.in) : 0;
	if (reply)
		*reply = how ? 400 + how % 200 : 0;
	if (world.in.left == 0) {
		world_end();
		g_set_error_literal(error, WIRE_ERROR, WIRE_ERROR_ABORTED, "the host is gone");
		return NULL;
	}
	if (how) {
		g_set_error_literal(error, WIRE_ERROR, how % (WIRE_ERROR_PROTOCOL + 1), "no connection");
		return NULL;
	}
	Wire *wire = g_new0(Wire, 1);
	wire->open = true;
	return wire;
}

void wire_free(Wire *wire)
{
	g_free(wire);
}

int wire_fd(const Wire *wire)
{
	(void)wire;
	return world.ready[0];
}

void wire_watch(Wire *wire, int watch)
{
	(void)wire, (void)watch;
}

static bool wire_closed(Wire *wire, GError **error)
{
	wire->open = false;
	g_set_error_literal(error, WIRE_ERROR, WIRE_ERROR_CLOSED, "the server closed the connection");
	return false;
}

bool wire_send(Wire *wire, const void *bytes, size_t size, int timeout_ms, GError **error)
{
	(void)timeout_ms;
	if (!wire->open)
		return wire_closed(wire, error);
	server_hears(bytes, size);
	return true;
}

bool wire_receive(Wire *wire, GString *out, GError **error)
{
	uint8_t size = wire->open ? input_byte(&world.in) : 0;
	if (size == 0)
		return wire_closed(wire, error);
	size_t got;
	g_autofree char *piece = input_bytes(&world.in, size, &got);
	g_string_append_len(out, piece, (gssize)got);
	g_string_append_len(world.said, piece, (gssize)got);
	return got > 0 || wire_closed(wire, error);
}

bool wire_wait(Wire *wire, int timeout_ms, GError **error)
{
	(void)wire, (void)timeout_ms, (void)error;
	return true;
}

GQuark wire_error_quark(void)
{
	return g_quark_from_static_string("perigee-wire-error");
}

const char *wire_error_name(int code)
{
	g_assert_true(code >= 0 && code <= WIRE_ERROR_PROTOCOL);
	return "x";
}

/* Starts the world; gives the child's end. */
static inline Peer *world_start(Input in)
{
	int fds[2];
	g_assert_true(peer_pair(fds, NULL) && pipe(world.ready) == 0 && write(world.ready[1], "", 1) == 1);
	world.in = in;
	world.said = g_string_new(NULL);
	world.host = peer_new(fds[0], FRAME_CAP);
	world.now = world.connects = world.turns = 0;
	return peer_new(fds[1], FRAME_CAP);
}

/* The next frame that the child said, once it has ended. */
static inline bool world_said(Frame *frame)
{
	return peer_next(world.host, frame, NULL) || (peer_read(world.host, NULL) && peer_next(world.host, frame, NULL));
}

static inline void world_stop(void)
{
	g_clear_pointer(&world.host, peer_free);
	g_string_free(world.said, TRUE);
	close(world.ready[0]);
	close(world.ready[1]);
}

void log_debug(const char *format, ...)
{
	(void)format;
}

void log_info(const char *format, ...)
{
	(void)format;
}

void log_warn(const char *format, ...)
{
	(void)format;
}

void log_error(const char *format, ...)
{
	(void)format;
}

void panic(const char *format, ...)
{
	(void)format;
	abort();
}

void fatal(const char *format, ...)
{
	(void)format;
	abort();
}

#endif
