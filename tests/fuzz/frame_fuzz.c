/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/*
 * Frames from a peer that lies. The input comes through a socket twice, whole and in pieces, with descriptors that nobody
 * announced: the same frames must be found. What is found must come back from the encoder as it was.
 */
#include "base/frame.h"
#include "fuzz.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAP = 2048 };

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
	for (ssize_t n; size > 0; bytes += n, size -= (size_t)n)
		g_assert_cmpint(n = write(fd, bytes, size), >, 0);
}

static void send_with_fd(int fd, const uint8_t *byte)
{
	static int passed = -1;
	if (passed < 0)
		passed = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { (void *)byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) };
	memcpy(CMSG_DATA(c), &passed, sizeof passed);
	g_assert_cmpint(sendmsg(fd, &msg, 0), ==, 1);
}

/* Takes a frame apart as its kind says, and puts it together again. */
static void again(Frame *frame, Peer *out)
{
	peer_begin(out, frame->kind, frame->id);
	for (unsigned fields = frame->kind; !frame->bad && frame->used < frame->size; fields = fields >> 2 | fields << 6) {
		size_t size = 0;
		const char *text;
		switch (fields & 3) {
		case 0: peer_put_u8(out, frame_get_u8(frame)); break;
		case 1: peer_put_u32(out, frame_get_u32(frame)); break;
		case 2: peer_put_i64(out, frame_get_i64(frame)); break;
		default:
			text = frame_get_str(frame, fields & 4 ? &size : NULL);
			g_assert_true(text[fields & 4 ? size : strlen(text)] == 0);
			peer_put_str(out, text, fields & 4 ? (gssize)size : -1);
		}
		if (frame->bad) {
			g_assert_cmpuint(frame_get_u64(frame), ==, 0);
			g_assert_cmpstr(frame_get_str(frame, NULL), ==, "");
		}
	}
	g_assert_true(frame_end(frame) == !frame->bad);
	g_assert_true(peer_end(out) || frame->bad);
}

/* False: the stream is malformed, and the peer would be dropped. */
static bool take_frames(Peer *in, Peer *out, GByteArray *seen)
{
	Frame frame;
	g_autoptr(GError) error = NULL;
	while (peer_next(in, &frame, &error)) {
		g_assert_cmpuint(frame.size, <=, CAP);
		g_byte_array_append(seen, &frame.kind, 1);
		g_byte_array_append(seen, (const guint8 *)&frame.id, sizeof frame.id);
		g_byte_array_append(seen, frame.data, (guint)frame.size);
		if (frame.fd >= 0)
			close(frame.fd);
		size_t before = peer_pending(out);
		Frame copy = frame;
		again(&frame, out);
		int fds[2];
		g_assert_true(peer_pair(fds, NULL));
		g_autoptr(Peer) there = peer_new(fds[0], CAP);
		g_autoptr(Peer) back = peer_new(fds[1], CAP);
		again(&copy, there);
		g_assert_true(peer_flush_all(there, NULL) && (copy.bad || peer_read(back, NULL)));
		if (copy.bad)
			continue;
		Frame got;
		g_assert_true(peer_next(back, &got, NULL));
		g_assert_cmpuint(got.kind, ==, frame.kind);
		g_assert_cmpuint(got.id, ==, frame.id);
		g_assert_cmpuint(got.size, ==, frame.size);
		g_assert_true(!got.size || memcmp(got.data, frame.data, got.size) == 0);
		g_assert_cmpuint(peer_pending(out), ==, before + 16 + got.size);
	}
	g_assert_true(!error || error->domain == FRAME_ERROR);
	return !error;
}

/* pieces 0: whole. */
static void run(const uint8_t *data, size_t size, unsigned pieces, bool fds_too, GByteArray *seen)
{
	int fds[2], other[2];
	g_assert_true(peer_pair(fds, NULL) && peer_pair(other, NULL));
	g_autoptr(Peer) in = peer_new(fds[0], CAP);
	g_autoptr(Peer) out = peer_new(other[0], CAP);
	close(other[1]);
	if (fds_too)
		peer_accept_fds(in);
	bool good = true;
	for (size_t at = 0, n; at < size && good; at += n) {
		n = pieces ? MIN(1 + (at * 7 + pieces) % pieces, size - at) : size;
		if (fds_too)
			send_with_fd(fds[1], data + at);
		send_all(fds[1], data + at + fds_too, n - fds_too);
		g_assert_true(peer_read(in, NULL));
		good = take_frames(in, out, seen);
	}
	close(fds[1]);
	while (good && peer_read(in, NULL))
		good = take_frames(in, out, seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 16384)
		return 0;
	g_autoptr(GByteArray) whole = g_byte_array_new();
	g_autoptr(GByteArray) torn = g_byte_array_new();
	run(data + 1, size - 1, 0, data[0] & 1, whole);
	run(data + 1, size - 1, 1 + data[0] / 2, data[0] & 1, torn);
	/* With descriptors the pieces bring more of them, so more frames may be good. */
	if (!(data[0] & 1)) {
		g_assert_cmpuint(whole->len, ==, torn->len);
		g_assert_true(!whole->len || memcmp(whole->data, torn->data, whole->len) == 0);
	}
	return 0;
}
