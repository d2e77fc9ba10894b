/* SPDX-License-Identifier: MIT */
/*
 * web listens: the public pages of `perigee serve --public ADDR`, where links in mails lead. It knows nobody and decides nothing:
 * each request is a question to the host.
 *
 * READS     requests of strangers on the port that it was told to listen on; frames of the host.
 * WRITES    answers to them; lines of its log on stderr.
 * TALKS TO  the host on descriptor 3; whoever connects to the port.
 * NEVER     opens the database or any other file, connects to anything, runs a program, sees a secret or an address that is not
 *           masked, sets a cookie, lets a GET change anything.
 *
 *   web ADDR [PREFIX]    listen.h says what ADDR is; PREFIX is the path of public_url ("" or "/mail")
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "web/confine.h"
#include "web/http.h"
#include "web/listen.h"

enum { WEB_FRAME_CAP = 64 << 10 };

static void tell(Peer *host, bool listens, const char *text)
{
	peer_begin(host, X_LISTENING, 0);
	peer_put_u8(host, listens);
	peer_put_str(host, text, -1);
	peer_end(host);
	peer_flush_all(host, NULL);
}

static void ask(void *user, uint64_t id, FollowKind kind, const char *token, bool act)
{
	Peer *host = user;
	peer_begin(host, X_FOLLOW, id);
	peer_put_u8(host, (uint8_t)kind);
	peer_put_str(host, token, -1);
	peer_put_u8(host, act);
	peer_end(host);
}

/* What the host says: only answers. False: it is out of step, and then so are we. */
static bool hear(Peer *host, Http *http)
{
	g_autoptr(GError) error = NULL;
	bool open = peer_read(host, &error);
	Frame frame;
	while (peer_next(host, &frame, NULL)) {
		Answer answer = { .state = frame_get_u8(&frame) };
		answer.from = frame_get_str(&frame, NULL);
		answer.address = frame_get_str(&frame, NULL);
		answer.locale = frame_get_str(&frame, NULL);
		answer.url = frame_get_str(&frame, NULL);
		if (frame.kind != X_FOLLOWED || !frame_end(&frame) || answer.state > FOLLOWED_GOES)
			return false;
		http_answer(http, frame.id, &answer);
	}
	return open;
}

static int serve(Peer *host, Http *http)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = peer_fd(host), .events = (short)(POLLIN | (peer_pending(host) ? POLLOUT : 0)) },
			{ .fd = http_fd(http), .events = POLLIN },
		};
		poll(fds, G_N_ELEMENTS(fds), http_timeout_ms(http));
		if ((fds[0].revents & ~POLLOUT) && !hear(host, http))
			return 0; /* the host is gone */
		http_run(http);
		if (!peer_flush(host, NULL))
			return 0;
	}
}

int main(int argc, char **argv)
{
	log_open("perigee-web", false);
	if (argc < 2 || argc > 3) {
		fputs("usage: web ADDR [PREFIX] (started by perigee serve --public ADDR)\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	g_autoptr(Peer) host = peer_new(FORK_SERVER_FD, WEB_FRAME_CAP);
	g_autofree char *bound = NULL;
	g_autoptr(GError) error = NULL;
	int fd = listen_open(argv[1], &bound, &error);
	Http *http = fd >= 0 ? http_new(fd, argc > 2 ? argv[2] : "", ask, host, &error) : NULL;
	if (!http) {
		tell(host, false, error->message);
		return 1;
	}
	confine_or_warn();
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of user, which takes it back; end of file tells too */
	tell(host, true, bound);
	return serve(host, http);
}
