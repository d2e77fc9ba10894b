/* SPDX-License-Identifier: MIT */
/* HTTP for strangers: see http.h. */
#include "web/http.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "web/pages.h"
#include "web/rate.h"

G_DEFINE_QUARK(perigee-http-error, http_error)

enum {
	CONNECTIONS = 100,
	FROM_ONE = 50,                /* connections of one address */
	HEADERS_BYTES = 16 << 10,
	BODY_BYTES = 8 << 10,
	IDLE_S = 10,
	WHOLE_US = 30 * 1000 * 1000,  /* of a connection */
	ANSWER_US = 10 * 1000 * 1000, /* of the host */
	TICK_MS = 500,
	POST_BUFFER = 1024,
};

struct Http {
	struct MHD_Daemon *daemon;
	char *prefix, *policy;
	HttpAsk ask;
	void *user;
	uint64_t last_id;
	GHashTable *waiting; /* id → Request, its connection suspended */
	GHashTable *open;    /* socket → when it was accepted (gint64 *, monotonic µs) */
	Rate *rate;
	int quiet; /* runs without a connection */
};

typedef struct Request {
	Http *http;
	struct MHD_Connection *connection;
	uint64_t id;       /* 0: not asked */
	gint64 asked_at;
	char *token;       /* NULL: the path is none of ours */
	FollowKind kind;
	char *who;
	bool post, head, pressed, answered;
	size_t body;
	struct MHD_PostProcessor *form;
	Answer answer;
	char *from, *address, *locale, *url;
} Request;

static void request_free(Request *r)
{
	if (r->form)
		MHD_destroy_post_processor(r->form);
	g_free(r->token);
	g_free(r->who);
	g_free(r->from);
	g_free(r->address);
	g_free(r->locale);
	g_free(r->url);
	g_free(r);
}

/* ---- what is said ---------------------------------------------------------------------------------------------- */

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Every page: nothing is kept, nothing is run, nothing is told to others; and the connection ends. A redirect has no page. */
static enum MHD_Result say(Request *r, unsigned status, PageKind kind)
{
	bool goes = status == MHD_HTTP_SEE_OTHER;
	Page page = { kind, r->kind, r->from ? r->from : "", r->address ? r->address : "", pages_language(r->locale, header_of(r->connection, "Accept-Language")) };
	char *html = goes ? g_strdup("") : pages_html(&page);
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(strlen(html), html, g_free);
	const char *const headers[][2] = {
		{ "Content-Type", "text/html; charset=utf-8" }, { "Content-Language", page.language }, { "Content-Security-Policy", r->http->policy },
		{ "X-Frame-Options", "DENY" }, { "X-Content-Type-Options", "nosniff" }, { "X-Robots-Tag", "noindex" }, { "Referrer-Policy", "no-referrer" },
		{ "Cache-Control", "no-store" }, { "Connection", "close" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (goes)
		MHD_add_response_header(response, "Location", r->url);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", r->token && r->kind == FOLLOW_LINK ? "GET, HEAD" : "GET, HEAD, POST");
	if (kind == PAGE_LATER)
		MHD_add_response_header(response, "Retry-After", "60");
	enum MHD_Result queued = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result say_wrong(Request *r, unsigned status)
{
	rate_miss(r->http->rate, r->who, g_get_monotonic_time());
	return say(r, status, status == MHD_HTTP_NOT_FOUND ? PAGE_UNKNOWN : PAGE_WRONG);
}

static enum MHD_Result say_answer(Request *r)
{
	switch (r->answer.state) {
	case FOLLOWED_NOT_YET: return say(r, MHD_HTTP_OK, PAGE_ASK);
	case FOLLOWED_DONE: return say(r, MHD_HTTP_OK, PAGE_DONE);
	case FOLLOWED_ALREADY: return say(r, MHD_HTTP_OK, PAGE_ALREADY);
	case FOLLOWED_LATER: return say(r, MHD_HTTP_SERVICE_UNAVAILABLE, PAGE_LATER);
	case FOLLOWED_OVER: return say(r, MHD_HTTP_GONE, PAGE_OVER);
	case FOLLOWED_GOES: return say(r, MHD_HTTP_SEE_OTHER, PAGE_DONE);
	case FOLLOWED_UNKNOWN: break;
	}
	return say_wrong(r, MHD_HTTP_NOT_FOUND);
}

/* ---- what is asked --------------------------------------------------------------------------------------------- */

/* The token of a path, and what it is for; NULL: none of ours. The path is as it was sent: nothing in it is decoded. */
static char *token_of(const char *prefix, const char *path, FollowKind *kind)
{
	static const char *const begins[] = { [FOLLOW_UNSUBSCRIBE] = "/u/", [FOLLOW_CONFIRM] = "/c/", [FOLLOW_LINK] = "/l/" };
	if (*prefix && g_str_has_prefix(path, prefix) && path[strlen(prefix)] == '/') /* a reverse proxy may have taken it away */
		path += strlen(prefix);
	for (size_t i = 0; i < G_N_ELEMENTS(begins); i++) {
		const char *token = g_str_has_prefix(path, begins[i]) ? path + strlen(begins[i]) : "";
		*kind = (FollowKind)i;
		if (strlen(token) == FOLLOW_TOKEN_CHARS && strspn(token, "abcdefghijklmnopqrstuvwxyz234567") == FOLLOW_TOKEN_CHARS)
			return g_strdup(token);
	}
	*kind = FOLLOW_UNSUBSCRIBE;
	return NULL;
}

typedef struct Framing {
	int lengths, encodings, hosts;
	guint64 length;
	bool malformed;
} Framing;

static enum MHD_Result see_header(void *user, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value, size_t size)
{
	(void)kind;
	(void)name_size;
	Framing *framing = user;
	if (g_ascii_strcasecmp(name, "Content-Length") == 0) {
		framing->lengths++;
		framing->malformed |= !value || !size || size > 9 || strspn(value, "0123456789") != size;
		framing->length = value ? g_ascii_strtoull(value, NULL, 10) : 0;
	} else if (g_ascii_strcasecmp(name, "Transfer-Encoding") == 0) {
		framing->encodings++;
	} else if (g_ascii_strcasecmp(name, "Host") == 0) {
		framing->hosts++;
	}
	return MHD_YES;
}

/* What is not plainly one request is refused before a byte of its body is read, so that a proxy before us and we never see different
 * requests in the same bytes (RFC 9112, 11.2). 0: it is good. */
static unsigned fault_of(const Request *r, const char *method)
{
	Framing framing = { 0 };
	MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, see_header, &framing);
	if (framing.lengths > 1 || framing.hosts > 1 || framing.malformed || (framing.encodings && framing.lengths))
		return MHD_HTTP_BAD_REQUEST;
	if (framing.encodings)
		return MHD_HTTP_LENGTH_REQUIRED;
	if (framing.length > BODY_BYTES)
		return MHD_HTTP_CONTENT_TOO_LARGE;
	if ((!r->post && !g_str_equal(method, "GET") && !r->head) || (r->post && r->token && r->kind == FOLLOW_LINK))
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	if (!r->post && framing.length)
		return MHD_HTTP_BAD_REQUEST;
	if (r->post && !framing.lengths)
		return MHD_HTTP_LENGTH_REQUIRED;
	return 0;
}

/* The one field of the form, as our page's button sends it; to unsubscribe a mail program does, too (RFC 8058, 3.1). */
static enum MHD_Result see_field(void *user, enum MHD_ValueKind kind, const char *key, const char *filename, const char *content_type,
                                 const char *encoding, const char *data, uint64_t offset, size_t size)
{
	(void)kind;
	(void)filename;
	(void)content_type;
	(void)encoding;
	Request *r = user;
	const char *name = r->kind == FOLLOW_CONFIRM ? "confirm" : "List-Unsubscribe", *wanted = r->kind == FOLLOW_CONFIRM ? "yes" : "One-Click";
	if (g_ascii_strcasecmp(key, name) == 0 && offset == 0 && size >= strlen(wanted) && strncmp(data, wanted, strlen(wanted)) == 0)
		r->pressed = true;
	return MHD_YES;
}

static Request *request_new(Http *http, struct MHD_Connection *connection, const char *path, const char *method)
{
	Request *r = g_new0(Request, 1);
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*r = (Request){ .http = http, .connection = connection, .post = g_str_equal(method, "POST"), .head = g_str_equal(method, "HEAD") };
	r->token = token_of(http->prefix, path, &r->kind);
	r->who = peer && peer->client_addr ? rate_who(peer->client_addr, header_of(connection, "X-Forwarded-For")) : g_strdup("?");
	return r;
}

/* The headers are there. */
static enum MHD_Result begin(Request *r, const char *method)
{
	unsigned fault = fault_of(r, method);
	if (!rate_pass(r->http->rate, r->who, g_get_monotonic_time()))
		return say(r, MHD_HTTP_TOO_MANY_REQUESTS, PAGE_LATER);
	if (fault)
		return say_wrong(r, fault);
	if (!r->token)
		return say_wrong(r, MHD_HTTP_NOT_FOUND);
	if (r->post && !(r->form = MHD_create_post_processor(r->connection, POST_BUFFER, see_field, r)))
		return say_wrong(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE);
	return MHD_YES;
}

/* All of it is there. */
static enum MHD_Result finish(Request *r)
{
	Http *http = r->http;
	if (r->form) {
		MHD_destroy_post_processor(r->form); /* tells the last field */
		r->form = NULL;
	}
	if (r->post && !r->pressed)
		return say_wrong(r, MHD_HTTP_BAD_REQUEST);
	r->id = ++http->last_id;
	r->asked_at = g_get_monotonic_time();
	g_hash_table_insert(http->waiting, &r->id, r);
	MHD_suspend_connection(r->connection);
	http->ask(http->user, r->id, r->kind, r->token, r->post || (r->kind == FOLLOW_LINK && !r->head));
	return MHD_YES;
}

/* Called when the headers are there, for each part of the body, at its end, and again once it is resumed. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
                              const char *data, size_t *size, void **state)
{
	(void)version;
	Request *r = *state;
	if (!r) {
		*state = r = request_new(user, connection, path, method);
		return begin(r, method);
	}
	if (*size) {
		r->body += *size;
		if (r->body > BODY_BYTES)
			return MHD_NO;
		if (r->form)
			MHD_post_process(r->form, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->answered)
		return say_answer(r);
	return r->id ? MHD_YES : finish(r);
}

static void completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	(void)connection;
	(void)why;
	Http *http = user;
	Request *r = *state;
	*state = NULL;
	if (!r)
		return;
	g_hash_table_remove(http->waiting, &r->id);
	request_free(r);
}

/* ---- answers and time ------------------------------------------------------------------------------------------ */

/* It is out of the table already, or is just being taken out. */
static void resume(Request *r)
{
	r->answered = true;
	MHD_resume_connection(r->connection);
}

void http_answer(Http *http, uint64_t id, const Answer *answer)
{
	Request *r = g_hash_table_lookup(http->waiting, &id);
	if (!r)
		return;
	g_hash_table_remove(http->waiting, &id);
	r->answer.state = answer->state;
	r->from = g_strdup(answer->from);
	r->address = g_strdup(answer->address);
	r->locale = g_strdup(answer->locale);
	r->url = g_strdup(answer->url);
	resume(r);
}

static gboolean is_late(gpointer id, gpointer value, gpointer now)
{
	(void)id;
	Request *r = value;
	if (*(gint64 *)now - r->asked_at < ANSWER_US)
		return FALSE;
	r->answer.state = FOLLOWED_LATER;
	resume(r);
	return TRUE;
}

/* Who sends a byte now and then is never idle: so each connection has its whole time, too. */
static void end_old(Http *http, gint64 now)
{
	GHashTableIter iter;
	void *fd, *since;
	g_hash_table_iter_init(&iter, http->open);
	while (g_hash_table_iter_next(&iter, &fd, &since))
		if (now - *(gint64 *)since > WHOLE_US)
			shutdown(GPOINTER_TO_INT(fd), SHUT_RDWR);
}

static void connected(void *user, struct MHD_Connection *connection, void **own, enum MHD_ConnectionNotificationCode what)
{
	(void)own;
	Http *http = user;
	void *fd = GINT_TO_POINTER(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
	gint64 now = g_get_monotonic_time();
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		g_hash_table_insert(http->open, fd, g_memdup2(&now, sizeof now));
	else
		g_hash_table_remove(http->open, fd);
}

int http_fd(const Http *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int http_timeout_ms(Http *http)
{
	MHD_UNSIGNED_LONG_LONG wait;
	if (MHD_get_timeout(http->daemon, &wait) == MHD_YES && wait < TICK_MS)
		return (int)wait;
	/* Where all connections were taken, libmicrohttpd listens again only when it is run once more after their end. */
	return http->quiet < 2 ? TICK_MS : -1;
}

void http_run(Http *http)
{
	gint64 now = g_get_monotonic_time();
	g_hash_table_foreach_remove(http->waiting, is_late, &now);
	end_old(http, now);
	MHD_run(http->daemon);
	http->quiet = g_hash_table_size(http->open) ? 0 : MIN(http->quiet + 1, 2);
}

/* ---- the start ------------------------------------------------------------------------------------------------- */

/* Paths stay as they were sent: what has to be decoded is none of ours. */
static size_t decode_nothing(void *user, struct MHD_Connection *connection, char *text)
{
	(void)user;
	(void)connection;
	return strlen(text);
}

static void broken(void *user, const char *file, unsigned line, const char *reason)
{
	(void)user;
	panic("libmicrohttpd: %s:%u: %s", file, line, reason ? reason : "?");
}

/* A reverse proxy on this machine is one address too, so where only it can come each may have all connections. */
static bool is_local(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && rate_is_loopback((struct sockaddr *)&address);
}

Http *http_new(int fd, const char *prefix, HttpAsk ask, void *user, GError **error)
{
	Http *http = g_new0(Http, 1);
	*http = (Http){ .prefix = g_strdup(prefix), .policy = pages_policy(), .ask = ask, .user = user };
	http->waiting = g_hash_table_new(g_int64_hash, g_int64_equal);
	http->open = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	http->rate = rate_new();
	MHD_set_panic_func(broken, NULL);
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, http,
	                                MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
	                                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	                                MHD_OPTION_NOTIFY_COMPLETED, completed, http, MHD_OPTION_NOTIFY_CONNECTION, connected, http,
	                                MHD_OPTION_UNESCAPE_CALLBACK, decode_nothing, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	                                MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)(is_local(fd) ? 0 : FROM_ONE),
	                                MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (http->daemon)
		return http;
	g_set_error_literal(error, HTTP_ERROR, 0, "the HTTP server (libmicrohttpd) can't start");
	return NULL; /* and the program ends */
}
