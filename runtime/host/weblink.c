/* SPDX-License-Identifier: MIT */
/* The link to web: see weblink.h. */
#include "host/weblink.h"

#include "base/url.h"
#include "host/follow.h"
#include "host/spawn.h"
#include "host/token.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	START_MS = 15 * 1000,
	PAUSE_FIRST_MS = 200, PAUSE_MOST_MS = 60 * 1000,
	STEADY_S = 60,         /* who lived so long may start at once */
	UNREAD_MOST = 1 << 20, /* bytes of answers that it does not take */
};

#define WEBLINK_ERROR (g_quark_from_static_string("perigee-weblink-error"))

struct Weblink {
	Host *host;
	char *address; /* as asked for, and then as it was got: the next one has the same port */
	char *prefix;
	Peer *peer;    /* NULL: none runs */
	pid_t pid;
	uint64_t life; /* counts starts: an answer for one that is gone is dropped */
	gint64 started_at, start_at;
	int pause_ms;
	bool listens;
};

/* An answer that waits for the commit. */
typedef struct Waiting {
	uint64_t life, id;
	Followed who;
} Waiting;

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void answer(Weblink *web, uint64_t life, uint64_t id, const Followed *who)
{
	if (!web || !web->peer || web->life != life)
		return;
	peer_begin(web->peer, X_FOLLOWED, id);
	peer_put_u8(web->peer, (uint8_t)who->state);
	peer_put_str(web->peer, who->from, -1);
	peer_put_str(web->peer, who->address, -1);
	peer_put_str(web->peer, who->locale, -1);
	peer_put_str(web->peer, who->url, -1);
	peer_end(web->peer);
	peer_flush(web->peer, NULL); /* a broken pipe is seen at the next read */
}

static void waiting_free(Waiting *waiting)
{
	followed_clear(&waiting->who);
	g_free(waiting);
}

static void committed(Host *host, void *data)
{
	Waiting *waiting = data;
	answer(host->web, waiting->life, waiting->id, &waiting->who);
	waiting_free(waiting);
}

static void not_committed(Host *host, void *data)
{
	Waiting *waiting = data;
	waiting->who.state = FOLLOWED_LATER;
	answer(host->web, waiting->life, waiting->id, &waiting->who);
	waiting_free(waiting);
}

static bool on_follow(Weblink *web, Frame *frame)
{
	uint8_t kind = frame_get_u8(frame);
	const char *token = frame_get_str(frame, NULL);
	uint8_t act = frame_get_u8(frame);
	if (!frame_end(frame) || kind > FOLLOW_LINK || act > 1 || !web->listens)
		return false;
	g_auto(Followed) who = { 0 };
	follow_link(web->host, kind, token, act, &who);
	if (!act || who.state == FOLLOWED_UNKNOWN) {
		answer(web, web->life, frame->id, &who);
		return peer_pending(web->peer) < UNREAD_MOST;
	}
	/* "Already" too: what made it so may stand in the same transaction. */
	Waiting *waiting = g_new0(Waiting, 1);
	*waiting = (Waiting){ .life = web->life, .id = frame->id, .who = who };
	who = (Followed){ 0 };
	host_after_commit(web->host, committed, not_committed, waiting);
	return true;
}

static bool on_listening(Weblink *web, Frame *frame, GError **error)
{
	uint8_t ok = frame_get_u8(frame);
	const char *text = frame_get_str(frame, NULL);
	if (!frame_end(frame) || web->listens)
		return g_set_error_literal(error, WEBLINK_ERROR, 0, "web is out of step"), false;
	if (!ok)
		return g_set_error_literal(error, WEBLINK_ERROR, 0, text), false;
	web->listens = true;
	g_free(web->address);
	web->address = g_strdup(text);
	return true;
}

/* ---- its life -------------------------------------------------------------------------------------------------- */

static void ended(Weblink *web, const char *why)
{
	int status = 0;
	bool steady = g_get_monotonic_time() - web->started_at > STEADY_S * G_USEC_PER_SEC;
	host_unwatch(web->host, peer_fd(web->peer));
	g_clear_pointer(&web->peer, peer_free);
	kill(web->pid, SIGKILL); /* who is ending already keeps its own status */
	waitpid(web->pid, &status, 0);
	web->pause_ms = steady || !web->pause_ms ? PAUSE_FIRST_MS : MIN(2 * web->pause_ms, PAUSE_MOST_MS);
	web->start_at = g_get_monotonic_time() + (gint64)web->pause_ms * 1000;
	if (why)
		log_error("web: %s; another starts in %d ms", why, web->pause_ms);
	else if (WIFSIGNALED(status))
		log_error("web was killed by signal %d; another starts in %d ms", WTERMSIG(status), web->pause_ms);
	else
		log_error("web has ended; another starts in %d ms", web->pause_ms);
}

static bool on_frame(Weblink *web, Frame *frame, GError **error)
{
	if (frame->fd >= 0)
		close(frame->fd);
	else if (frame->kind == X_LISTENING)
		return on_listening(web, frame, error);
	else if (frame->kind == X_FOLLOW && on_follow(web, frame))
		return true;
	g_set_error_literal(error, WEBLINK_ERROR, 0, "it is out of step");
	return false;
}

static void ready(Host *host, void *user, short revents)
{
	(void)host;
	(void)revents;
	Weblink *web = user;
	g_autoptr(GError) error = NULL;
	Frame frame;
	bool open = peer_read(web->peer, NULL);
	while (!error && peer_next(web->peer, &frame, &error))
		on_frame(web, &frame, &error);
	if (error || !open)
		ended(web, error ? error->message : NULL);
	else
		peer_flush(web->peer, NULL);
}

static bool wants_write(void *user)
{
	return peer_pending(((Weblink *)user)->peer) > 0;
}

static bool start(Weblink *web, GError **error)
{
	g_autofree char *program = host_libexec("web");
	const char *argv[] = { program, web->address, web->prefix, NULL };
	web->listens = false;
	web->life++;
	web->started_at = g_get_monotonic_time();
	web->peer = spawn_role(argv, NULL, -1, &web->pid, error);
	if (web->peer)
		host_watch(web->host, peer_fd(web->peer), ready, wants_write, web);
	return web->peer != NULL;
}

const char *weblink_address(const Weblink *web)
{
	return web->address;
}

void weblink_turn(Host *host)
{
	Weblink *web = host->web;
	if (!web || web->peer || g_get_monotonic_time() < web->start_at)
		return;
	g_autoptr(GError) error = NULL;
	if (start(web, &error))
		return;
	web->pause_ms = MIN(2 * web->pause_ms, PAUSE_MOST_MS);
	web->start_at = g_get_monotonic_time() + (gint64)web->pause_ms * 1000;
	log_error("web: %s", error->message);
}

/* At the start it is waited for: whoever asked for an address that can't be had is to know at once. */
static bool begin(Weblink *web, GError **error)
{
	Frame frame;
	g_autoptr(GError) cause = NULL;
	if (!start(web, error))
		return false;
	if (peer_receive(web->peer, &frame, START_MS, &cause))
		return on_frame(web, &frame, error);
	g_set_error(error, WEBLINK_ERROR, 0, "the program libexec/perigee/web does not start, or ends before it listens%s%s", cause ? ": " : "",
	            cause ? cause->message : "");
	return false;
}

/* What stands before /u/, /c/ and /l/ in links. */
static char *prefix_of(const Host *host)
{
	Url url;
	g_autofree char *base = token_base(host->workspace, NULL);
	if (!base || !url_parse(base, &url, NULL) || g_str_equal(url.target, "/"))
		return g_strdup("");
	return g_strdup(url.target);
}

bool weblink_open(Host *host, const char *address, GError **error)
{
	Weblink *web = g_new0(Weblink, 1);
	*web = (Weblink){ .host = host, .address = g_strdup(address), .prefix = prefix_of(host) };
	host->web = web;
	if (begin(web, error))
		return true;
	weblink_close(host);
	return false;
}

void weblink_close(Host *host)
{
	Weblink *web = g_steal_pointer(&host->web);
	if (!web)
		return;
	if (web->peer) {
		host_unwatch(host, peer_fd(web->peer));
		peer_free(web->peer);
		kill(web->pid, SIGKILL); /* it holds nothing */
		waitpid(web->pid, NULL, 0);
	}
	g_free(web->address);
	g_free(web->prefix);
	g_free(web);
}
