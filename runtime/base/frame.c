/* SPDX-License-Identifier: MIT */
/* Frames over socketpairs: see frame.h. */
#include "base/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-frame-error, frame_error)

enum { HEADER = 16, READ_STEP = 64 * 1024, MAX_FDS = 32 };

/* A descriptor that goes with the byte at `at` of out: the first of its frame, so that both arrive together. */
typedef struct Leaving {
	size_t at;
	int fd;
	bool owned;
} Leaving;

struct Peer {
	int fd;
	size_t cap;
	bool accept_fds;
	GByteArray *out;
	size_t out_sent;  /* bytes of out already written */
	size_t begun;     /* where the frame being written starts */
	GArray *leaving;  /* Leaving, in order */
	GByteArray *in;
	size_t in_taken;  /* bytes of in already handed out */
	int fds[MAX_FDS]; /* received, not yet taken */
	int n_fds;
	/* Strings inside a frame are followed by a NUL that the wire carries, so that readers can use them in place. */
};

Peer *peer_new(int fd, size_t cap)
{
	Peer *peer = g_new0(Peer, 1);
	peer->fd = fd;
	peer->cap = cap;
	peer->out = g_byte_array_new();
	peer->leaving = g_array_new(FALSE, FALSE, sizeof(Leaving));
	peer->in = g_byte_array_new();
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return peer;
}

/* The first descriptor has gone, or never will. */
static void left(Peer *peer)
{
	const Leaving *first = &g_array_index(peer->leaving, Leaving, 0);
	if (first->owned)
		close(first->fd);
	g_array_remove_index(peer->leaving, 0);
}

void peer_free(Peer *peer)
{
	if (!peer)
		return;
	close(peer->fd);
	for (int i = 0; i < peer->n_fds; i++)
		close(peer->fds[i]);
	while (peer->leaving->len)
		left(peer);
	g_array_unref(peer->leaving);
	g_byte_array_unref(peer->out);
	g_byte_array_unref(peer->in);
	g_free(peer);
}

int peer_fd(const Peer *peer)
{
	return peer->fd;
}

void peer_accept_fds(Peer *peer)
{
	peer->accept_fds = true;
}

static void put(Peer *peer, const void *bytes, size_t size)
{
	g_byte_array_append(peer->out, bytes, (guint)size);
}

void peer_begin(Peer *peer, uint8_t kind, uint64_t id)
{
	uint8_t header[HEADER] = { 0 };
	header[4] = kind;
	uint64_t le = GUINT64_TO_LE(id);
	memcpy(header + 8, &le, 8);
	peer->begun = peer->out->len;
	put(peer, header, HEADER);
}

void peer_put_u8(Peer *peer, uint8_t value)
{
	put(peer, &value, 1);
}

void peer_put_u32(Peer *peer, uint32_t value)
{
	uint32_t le = GUINT32_TO_LE(value);
	put(peer, &le, 4);
}

void peer_put_u64(Peer *peer, uint64_t value)
{
	uint64_t le = GUINT64_TO_LE(value);
	put(peer, &le, 8);
}

void peer_put_i64(Peer *peer, int64_t value)
{
	peer_put_u64(peer, (uint64_t)value);
}

void peer_put_str(Peer *peer, const char *text, gssize size)
{
	if (!text) {
		text = "";
		size = 0;
	}
	size_t length = size < 0 ? strlen(text) : (size_t)size;
	if (length > peer->cap) /* peer_end will refuse it; don't copy what can't be sent */
		length = peer->cap + 1;
	peer_put_u32(peer, (uint32_t)length);
	if (length <= peer->cap)
		put(peer, text, length);
	else
		g_byte_array_set_size(peer->out, peer->out->len + (guint)length);
	put(peer, "", 1);
}

bool peer_end(Peer *peer)
{
	size_t size = peer->out->len - peer->begun - HEADER;
	if (size > peer->cap) {
		g_byte_array_set_size(peer->out, (guint)peer->begun);
		return false;
	}
	uint32_t le = GUINT32_TO_LE((uint32_t)size);
	memcpy(peer->out->data + peer->begun, &le, 4);
	return true;
}

static void leave(Peer *peer, int fd, bool owned)
{
	peer->out->data[peer->begun + 5] = 1;
	Leaving leaving = { peer->begun, fd, owned };
	g_array_append_val(peer->leaving, leaving);
}

bool peer_end_fd(Peer *peer, int fd, GError **error)
{
	if (!peer_end(peer))
		return false;
	leave(peer, fd, false);
	while (peer_flush(peer, error)) {
		if (!peer->leaving->len)
			return true;
		struct pollfd p = { peer->fd, POLLOUT, 0 };
		poll(&p, 1, -1);
	}
	g_array_set_size(peer->leaving, peer->leaving->len - 1); /* the caller's own is not kept */
	return false;
}

bool peer_end_take(Peer *peer, int fd)
{
	bool fits = peer_end(peer);
	if (fits)
		leave(peer, fd, true);
	else
		close(fd);
	return fits;
}

size_t peer_pending(const Peer *peer)
{
	return peer->out->len - peer->out_sent;
}

static ssize_t send_with(Peer *peer, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { peer->out->data + peer->out_sent, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	ssize_t n = sendmsg(peer->fd, &msg, MSG_NOSIGNAL);
	if (n > 0)
		left(peer);
	return n;
}

/* Up to the next descriptor; that one, with a byte of its own. */
static ssize_t send_some(Peer *peer)
{
	const Leaving *next = peer->leaving->len ? &g_array_index(peer->leaving, Leaving, 0) : NULL;
	if (next && next->at == peer->out_sent)
		return send_with(peer, next->fd);
	size_t end = next ? next->at : peer->out->len;
	return write(peer->fd, peer->out->data + peer->out_sent, end - peer->out_sent);
}

bool peer_flush(Peer *peer, GError **error)
{
	while (peer->out_sent < peer->out->len) {
		ssize_t n = send_some(peer);
		if (n > 0) {
			peer->out_sent += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			return true;
		} else if (n < 0 && errno != EINTR) {
			g_set_error(error, FRAME_ERROR, errno == EPIPE || errno == ECONNRESET ? FRAME_ERROR_CLOSED : FRAME_ERROR_IO,
			            "cannot write to a role: %s", g_strerror(errno));
			return false;
		}
	}
	g_byte_array_set_size(peer->out, 0);
	peer->out_sent = 0;
	return true;
}

bool peer_flush_all(Peer *peer, GError **error)
{
	while (peer_flush(peer, error)) {
		if (!peer_pending(peer))
			return true;
		struct pollfd p = { peer->fd, POLLOUT, 0 };
		poll(&p, 1, -1);
	}
	return false;
}

static void keep_fds(Peer *peer, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (peer->n_fds < MAX_FDS)
				peer->fds[peer->n_fds++] = fd;
			else
				close(fd);
		}
	}
}

static ssize_t receive(Peer *peer, void *bytes, size_t size)
{
	if (!peer->accept_fds)
		return read(peer->fd, bytes, size);
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = { bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
	ssize_t n = recvmsg(peer->fd, &msg, MSG_CMSG_CLOEXEC);
	if (n > 0)
		keep_fds(peer, &msg);
	return n;
}

bool peer_read(Peer *peer, GError **error)
{
	if (peer->in_taken) {
		g_byte_array_remove_range(peer->in, 0, (guint)peer->in_taken);
		peer->in_taken = 0;
	}
	guint had = peer->in->len;
	/* One frame more than the cap is never buffered: stop reading and let the caller take frames first. */
	while (peer->in->len <= peer->cap + HEADER) {
		guint before = peer->in->len;
		g_byte_array_set_size(peer->in, before + READ_STEP);
		ssize_t n = receive(peer, peer->in->data + before, READ_STEP);
		int saved = errno;
		g_byte_array_set_size(peer->in, before + (n > 0 ? (guint)n : 0));
		if (n > 0 && n < READ_STEP)
			return true;
		if (n > 0 || (n < 0 && saved == EINTR))
			continue;
		/* What came before the end is taken first; the end is met again at the next read. */
		if ((n < 0 && saved == EAGAIN) || peer->in->len > had)
			return true;
		if (n == 0 || saved == ECONNRESET)
			g_set_error_literal(error, FRAME_ERROR, FRAME_ERROR_CLOSED, "the other end has closed");
		else
			g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "cannot read from a role: %s", g_strerror(saved));
		return false;
	}
	return true;
}

bool peer_next(Peer *peer, Frame *frame, GError **error)
{
	size_t have = peer->in->len - peer->in_taken;
	if (have < HEADER)
		return false;
	const uint8_t *header = peer->in->data + peer->in_taken;
	uint32_t size;
	uint64_t id;
	memcpy(&size, header, 4);
	memcpy(&id, header + 8, 8);
	size = GUINT32_FROM_LE(size);
	if (size > peer->cap || header[5] > 1 || header[6] || header[7]) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_FORMAT, "malformed frame (%u bytes announced)", size);
		return false;
	}
	if (have < HEADER + (size_t)size)
		return false;
	*frame = (Frame){ .kind = header[4], .id = GUINT64_FROM_LE(id), .fd = -1, .data = header + HEADER, .size = size };
	if (header[5]) {
		if (!peer->n_fds) {
			g_set_error_literal(error, FRAME_ERROR, FRAME_ERROR_FORMAT, "a frame announced a descriptor that did not come");
			return false;
		}
		frame->fd = peer->fds[0];
		memmove(peer->fds, peer->fds + 1, (size_t)--peer->n_fds * sizeof peer->fds[0]);
	}
	peer->in_taken += HEADER + (size_t)size;
	return true;
}

bool peer_receive(Peer *peer, Frame *frame, int timeout_ms, GError **error)
{
	gint64 until = timeout_ms < 0 ? G_MAXINT64 : g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	GError *inner = NULL;
	for (;;) {
		if (peer_next(peer, frame, &inner))
			return true;
		if (inner) {
			g_propagate_error(error, inner);
			return false;
		}
		gint64 left = until == G_MAXINT64 ? -1 : (until - g_get_monotonic_time() + 999) / 1000;
		if (until != G_MAXINT64 && left <= 0)
			return false;
		struct pollfd p = { peer->fd, POLLIN, 0 };
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR) {
			g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "poll: %s", g_strerror(errno));
			return false;
		}
		if (p.revents && !peer_read(peer, error))
			return false;
	}
}

static const uint8_t *get(Frame *frame, size_t size)
{
	if (frame->bad || frame->size - frame->used < size) {
		frame->bad = true;
		return NULL;
	}
	const uint8_t *at = frame->data + frame->used;
	frame->used += size;
	return at;
}

uint8_t frame_get_u8(Frame *frame)
{
	const uint8_t *at = get(frame, 1);
	return at ? *at : 0;
}

uint32_t frame_get_u32(Frame *frame)
{
	uint32_t value = 0;
	const uint8_t *at = get(frame, 4);
	if (at)
		memcpy(&value, at, 4);
	return GUINT32_FROM_LE(value);
}

uint64_t frame_get_u64(Frame *frame)
{
	uint64_t value = 0;
	const uint8_t *at = get(frame, 8);
	if (at)
		memcpy(&value, at, 8);
	return GUINT64_FROM_LE(value);
}

int64_t frame_get_i64(Frame *frame)
{
	return (int64_t)frame_get_u64(frame);
}

const char *frame_get_str(Frame *frame, size_t *size)
{
	uint32_t length = frame_get_u32(frame);
	const uint8_t *at = get(frame, (size_t)length + 1);
	if (at && (at[length] != 0 || (!size && memchr(at, 0, length)))) {
		frame->bad = true;
		at = NULL;
	}
	if (size)
		*size = at ? length : 0;
	return at ? (const char *)at : "";
}

bool frame_end(const Frame *frame)
{
	return !frame->bad && frame->used == frame->size;
}

bool peer_pair(int fds[2], GError **error)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "socketpair: %s", g_strerror(errno));
		return false;
	}
	return true;
}
