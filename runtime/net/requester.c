/* SPDX-License-Identifier: MIT */
/* The life of a requester: see requester.h. */
#include "net/requester.h"

#include <curl/curl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "net/exchange.h"

enum { DRAIN_MS = 30 * 1000, TICK_MS = 1000 };

typedef struct Waiting {
	uint64_t id;
	Request *request;
} Waiting;

typedef struct Requester {
	Bench bench;
	LookupDesk *desk;
	Peer *host;
	GPtrArray *running; /* Exchange */
	GQueue waiting;     /* Waiting */
	bool host_gone;
} Requester;

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* ---- the host ---- */

static void tell(Requester *r, uint64_t id, const char *code, const char *text, const char *json)
{
	peer_begin(r->host, N_RESPONSE, id);
	peer_put_str(r->host, code, -1);
	peer_put_str(r->host, text, -1);
	peer_put_str(r->host, json, -1);
	peer_end(r->host);
}

static void on_request(Requester *r, Frame *frame)
{
	g_autoptr(GError) error = NULL;
	const char *json = frame_get_str(frame, NULL);
	if (frame->kind != N_REQUEST || !frame_end(frame))
		panic("a malformed frame of kind %u", frame->kind);
	Request *request = request_parse(json, &error);
	if (!request) {
		tell(r, frame->id, request_error_name(error->code), error->message, "");
		return;
	}
	Waiting *waiting = g_new0(Waiting, 1);
	waiting->id = frame->id;
	waiting->request = request;
	g_queue_push_tail(&r->waiting, waiting);
}

static void read_host(Requester *r)
{
	Frame frame;
	g_autoptr(GError) closed = NULL, error = NULL;
	bool open = peer_read(r->host, &closed);
	while (peer_next(r->host, &frame, &error))
		on_request(r, &frame);
	if (error)
		panic("%s", error->message);
	r->host_gone |= !open;
}

/* ---- the exchanges ---- */

static void begin_waiting(Requester *r)
{
	while (!r->host_gone && r->running->len < REQUESTER_AT_ONCE && !g_queue_is_empty(&r->waiting)) {
		g_autofree Waiting *waiting = g_queue_pop_head(&r->waiting);
		g_ptr_array_add(r->running, exchange_new(&r->bench, waiting->id, waiting->request));
	}
}

static void take_ended(Requester *r)
{
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(r->bench.multi, &left));) {
		char *exchange = NULL;
		CURLcode result = m->data.result;
		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &exchange) == CURLE_OK && exchange)
			exchange_ended((Exchange *)(void *)exchange, result);
	}
}

static void tell_done(Requester *r)
{
	const char *code, *text, *json;
	for (guint i = 0; i < r->running->len;) {
		Exchange *exchange = r->running->pdata[i];
		if (!exchange_is_done(exchange, &code, &text, &json)) {
			i++;
			continue;
		}
		tell(r, exchange_id(exchange), code, text, json);
		g_ptr_array_remove_index(r->running, i);
	}
}

static void work(Requester *r)
{
	int running;
	begin_waiting(r);
	for (guint i = 0; i < r->running->len; i++)
		exchange_turn(r->running->pdata[i]);
	curl_multi_perform(r->bench.multi, &running);
	take_ended(r);
	tell_done(r);
}

static int time_left(const Requester *r, gint64 until)
{
	gint64 left = until;
	if (r->host_gone && r->running->len == 0)
		return 0;
	const char *code, *text, *json;
	for (guint i = 0; i < r->running->len; i++) {
		if (exchange_is_done(r->running->pdata[i], &code, &text, &json))
			return 0;
		left = MIN(left, exchange_deadline(r->running->pdata[i]));
	}
	bool room = r->running->len < REQUESTER_AT_ONCE && !r->host_gone;
	return room && r->waiting.length > 0 ? 0 : (int)CLAMP(left - now_ms(), 0, 60 * TICK_MS);
}

/* One round: what can be done, then a wait for sockets, lookups, the host, or the time. */
static void turn(Requester *r, gint64 until)
{
	uint64_t count;
	work(r);
	if (!r->host_gone && !peer_flush(r->host, NULL))
		r->host_gone = true;
	struct curl_waitfd fds[2] = { { r->desk->wake, CURL_WAIT_POLLIN, 0 }, { peer_fd(r->host), CURL_WAIT_POLLIN, 0 } };
	if (peer_pending(r->host))
		fds[1].events |= CURL_WAIT_POLLOUT;
	curl_multi_poll(r->bench.multi, fds, r->host_gone ? 1 : 2, time_left(r, until), NULL);
	ssize_t n = read(r->desk->wake, &count, sizeof count);
	(void)n; /* nothing there is no fault */
	/* revents is not looked at: libcurl leaves an error or the end of a socket out of it. */
	if (!r->host_gone)
		read_host(r);
}

/* Only those that may have been carried out are worth a wait. */
static void drain(Requester *r)
{
	gint64 until = now_ms() + DRAIN_MS;
	for (guint i = r->running->len; i > 0; i--)
		if (!exchange_is_marked(r->running->pdata[i - 1]))
			g_ptr_array_remove_index(r->running, i - 1);
	while (r->running->len > 0 && now_ms() < until)
		turn(r, until);
}

static void waiting_free(gpointer data)
{
	Waiting *waiting = data;
	request_free(waiting->request);
	g_free(waiting);
}

static void exchange_drop(gpointer data)
{
	exchange_free(data);
}

void requester_run(const Keyring *keyring, char *const *allow, Peer *host, Sendlog *log)
{
	LookupDesk *desk = g_new0(LookupDesk, 1);
	desk->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	Requester requester = { .bench = { curl_multi_init(), desk, keyring, allow, log }, .desk = desk, .host = host };
	Requester *r = &requester;
	if (desk->wake < 0 || !r->bench.multi)
		fatal("the requester can't start");
	r->running = g_ptr_array_new_with_free_func(exchange_drop);
	g_queue_init(&r->waiting);
	while (!r->host_gone)
		turn(r, G_MAXINT64);
	drain(r);
	g_ptr_array_unref(r->running);
	g_queue_clear_full(&r->waiting, waiting_free);
	curl_multi_cleanup(r->bench.multi);
	if (g_atomic_int_get(&desk->running) == 0) { /* lookups that hang still have it; the process ends anyway */
		close(desk->wake);
		g_free(desk);
	}
}
