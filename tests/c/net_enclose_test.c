/* SPDX-License-Identifier: MIT */
/* Files get into messages whole and where they belong, and descriptors travel without anybody waiting. LINKS: net */
#include "base/frame.h"
#include "net/message.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
#define TAIL "--b--\r\n"

/* A file of n bytes, each different from its neighbours. */
static int file_of(size_t n)
{
	int fd = memfd_create("enclosed", MFD_CLOEXEC);
	for (size_t i = 0; i < n; i++) {
		char byte = (char)(i * 7 + i / 256);
		g_assert_cmpint(write(fd, &byte, 1), ==, 1);
	}
	return fd;
}

static void files_come_back_as_they_were(void)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 56, 57, 58, 114, 115, 1000, 70000 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GString) bytes = g_string_new(HEAD TAIL);
		Enclosed file = { 1, strlen(HEAD), sizes[i], file_of(sizes[i]) };
		g_assert_true(message_enclose(bytes, &file, 1, &error));
		g_assert_true(g_str_has_prefix(bytes->str, HEAD) && g_str_has_suffix(bytes->str, TAIL));
		g_autofree char *body = g_strndup(bytes->str + strlen(HEAD), bytes->len - strlen(HEAD) - strlen(TAIL));
		g_auto(GStrv) lines = g_strsplit(body, "\r\n", -1);
		guint n = g_strv_length(lines);
		for (guint k = 0; k < n; k++) /* behind the last CRLF nothing */
			g_assert_true(k + 2 < n ? strlen(lines[k]) == 76 : strlen(lines[k]) <= 76);
		gsize size;
		g_autofree guchar *got = g_base64_decode(body, &size);
		g_assert_cmpuint(size, ==, sizes[i]);
		for (size_t k = 0; k < size; k++)
			g_assert_cmpint((char)got[k], ==, (char)(k * 7 + k / 256));
		close(file.fd);
	}
}

static void what_does_not_fit_is_refused(void)
{
	size_t at = strlen(HEAD);
	static const char says[] = HEAD TAIL;
	const struct { uint64_t first, second, size; const char *why; } cases[] = {
		{ 0, at, 10, "before the header" },          { 19, at, 10, "in the header" },     { at + 1, at + 1, 10, "in a line" },
		{ at, at - 2, 10, "places that descend" },   { at, sizeof says, 10, "behind its end" }, { UINT64_MAX, at, 10, "far away" },
		{ at, at, 9, "a file that has grown" },      { at, at, 11, "a file that was cut" }, { at, at, UINT64_MAX, "a file without end" },
		{ at, at, 17 << 20, "a file that is too large" },
	};
	int fd = file_of(10);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GString) bytes = g_string_new(says);
		Enclosed files[] = { { 1, cases[i].first, cases[i].size, fd }, { 1, cases[i].second, 10, fd } };
		g_test_message("%s", cases[i].why);
		g_assert_false(message_enclose(bytes, files, 2, &error));
		g_assert_error(error, MESSAGE_ERROR, MESSAGE_ERROR_INVALID);
		g_assert_cmpstr(bytes->str, ==, says);
	}
	close(fd);
}

static void descriptors_travel_in_order_and_nobody_waits(void)
{
	enum { FILES = 20, FILLER = 600 * 1024 };
	int ends[2];
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
	g_autoptr(Peer) from = peer_new(ends[0], FRAME_CAP);
	g_autoptr(Peer) to = peer_new(ends[1], FRAME_CAP);
	peer_accept_fds(to);
	g_autofree char *filler = g_malloc0(FILLER);
	/* More than a socket takes stands before them; nobody reads yet, and nothing blocks. */
	peer_begin(from, 1, 99);
	peer_put_str(from, filler, FILLER);
	g_assert_true(peer_end(from));
	for (uint64_t i = 0; i < FILES; i++) {
		peer_begin(from, 2, i);
		peer_put_u64(from, i);
		g_assert_true(peer_end_take(from, file_of(i)));
	}
	g_assert_true(peer_flush(from, NULL) && peer_pending(from) > 0);
	for (uint64_t next = 0, frames = 0; frames < FILES + 1;) {
		g_assert_true(peer_flush(from, NULL) && peer_read(to, NULL));
		for (Frame frame; peer_next(to, &frame, NULL); frames++) {
			if (frame.kind == 1) {
				g_assert_cmpint(frame.fd, ==, -1);
				continue;
			}
			g_assert_cmpuint(frame.id, ==, next++);
			g_assert_cmpuint(frame_get_u64(&frame), ==, frame.id);
			g_assert_cmpint(lseek(frame.fd, 0, SEEK_END), ==, (off_t)frame.id);
			close(frame.fd);
		}
	}
	g_assert_cmpuint(peer_pending(from), ==, 0);
}

static void descriptors_that_never_leave_are_closed(void)
{
	int ends[2], fd = file_of(1);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
	Peer *from = peer_new(ends[0], FRAME_CAP);
	peer_begin(from, 2, 1);
	g_assert_true(peer_end_take(from, fd));
	peer_free(from);
	g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/enclose/files come back as they were", files_come_back_as_they_were);
	g_test_add_func("/enclose/what does not fit is refused, and nothing is changed", what_does_not_fit_is_refused);
	g_test_add_func("/enclose/descriptors travel in order, and nobody waits", descriptors_travel_in_order_and_nobody_waits);
	g_test_add_func("/enclose/descriptors that never leave are closed", descriptors_that_never_leave_are_closed);
	return g_test_run();
}
