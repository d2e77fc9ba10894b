/* SPDX-License-Identifier: MIT */
/* One request on its way: see exchange.h. */
#include "net/exchange.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/address.h"
#include "net/answer.h"
#include "net/guard.h"
#include "net/place.h"

struct Exchange {
	const Bench *bench;
	uint64_t id;
	Request *request;
	Guard guard;
	Scrub *scrub;
	Url url;            /* of this hop */
	unsigned redirects;
	bool away;          /* another origin than the script's: without secrets */
	gint64 deadline;    /* ms, monotonic; of the whole */
	gint64 hop_deadline; /* of looking up the name */
	Lookup *lookup;
	CURL *easy;         /* NULL while the name is looked up */
	struct curl_slist *headers, *resolve;
	Answer *answer;
	GError *stopped;    /* why a callback ended the transfer */
	bool sent;          /* this hop's request has left, or begun to */
	bool marked, answered;
	char curl_text[CURL_ERROR_SIZE];
	bool done;          /* then: */
	const char *code;
	char *text, *json;
};

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* ---- the end ---- */

static void drop_hop(Exchange *x)
{
	if (x->easy) {
		curl_multi_remove_handle(x->bench->multi, x->easy);
		curl_easy_cleanup(x->easy);
		x->easy = NULL;
	}
	for (struct curl_slist *line = x->headers; line; line = line->next)
		sodium_memzero(line->data, strlen(line->data));
	g_clear_pointer(&x->headers, curl_slist_free_all);
	g_clear_pointer(&x->resolve, curl_slist_free_all);
	g_clear_pointer(&x->lookup, lookup_free);
	g_clear_pointer(&x->answer, answer_free);
	g_clear_error(&x->stopped);
	x->sent = false;
}

/* The error's text may cite what the server said. */
static void finish(Exchange *x, const GError *error)
{
	x->done = true;
	x->code = error ? request_error_name(error->code) : "";
	x->text = error ? scrub_text(x->scrub, error->message, strlen(error->message), NULL) : g_strdup("");
	char *valid = g_utf8_make_valid(x->text, -1);
	g_free(x->text);
	x->text = valid;
	if (error)
		g_clear_pointer(&x->json, g_free);
	drop_hop(x);
}

static void finish_with(Exchange *x, RequestError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void finish_with(Exchange *x, RequestError code, const char *format, ...)
{
	g_autoptr(GError) error = NULL;
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	request_fail(&error, code, "%s", text);
	finish(x, error);
}

/* ---- what libcurl calls ---- */

/* For each address that it is about to connect. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *target)
{
	(void)purpose;
	Exchange *x = data;
	if (x->stopped || !guard_check_address(&x->guard, &x->url, &target->addr, &x->stopped))
		return CURL_SOCKET_BAD;
	return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

/* Connected; the request leaves when this returns. */
static int before_request(void *data, char *ip, char *local_ip, int port, int local_port)
{
	(void)ip, (void)local_ip, (void)port, (void)local_port;
	Exchange *x = data;
	g_autoptr(GError) error = NULL;
	if (x->sent && !x->request->is_safe) /* libcurl would send it a second time */
		return CURL_PREREQFUNC_ABORT;
	if (!x->request->is_safe && !sendlog_mark(x->bench->log, x->request->key, &error)) {
		request_fail(&x->stopped, REQUEST_ERROR_UNREACHABLE, "%s; nothing was sent", error->message);
		return CURL_PREREQFUNC_ABORT;
	}
	x->sent = true;
	x->marked = !x->request->is_safe;
	return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	Exchange *x = data;
	if (answer_take_header(x->answer, bytes, size * count))
		return size * count;
	if (!x->stopped)
		request_fail(&x->stopped, REQUEST_ERROR_LIMIT, "the headers of %s's answer have more than %u bytes", x->url.host, ANSWER_HEADERS_MOST);
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	Exchange *x = data;
	if (answer_take_body(x->answer, bytes, size * count))
		return size * count;
	if (!x->stopped)
		request_fail(&x->stopped, REQUEST_ERROR_LIMIT, "the answer of %s (status %u) has more than %u bytes; ask for less of it", x->url.host,
		             x->answer->status, ANSWER_BODY_MOST);
	return 0;
}

/* ---- a hop ---- */

static void add_line(Exchange *x, const HttpHeader *header)
{
	/* libcurl takes "name:" for "leave it out", and "name;" for an empty value. */
	char *line = *header->value ? g_strconcat(header->name, ": ", header->value, NULL) : g_strconcat(header->name, ";", NULL);
	struct curl_slist *all = curl_slist_append(x->headers, line);
	sodium_memzero(line, strlen(line));
	g_free(line);
	if (!all)
		g_error("libcurl is out of memory");
	x->headers = all;
}

static void leave_out(Exchange *x, const char *name)
{
	g_autofree char *line = g_strconcat(name, ":", NULL);
	x->headers = curl_slist_append(x->headers, line);
}

/* What another host may be told of the script's headers: nothing that could be a credential. */
static bool may_travel(const char *name)
{
	return g_str_has_prefix(name, "accept") || strcmp(name, "user-agent") == 0;
}

static void set_headers(Exchange *x, const Placed *placed)
{
	bool agent = false, type = false;
	for (guint i = 0; i < x->request->headers->len; i++) {
		const HttpHeader *header = x->request->headers->pdata[i];
		if (x->away && !may_travel(header->name))
			continue;
		agent |= strcmp(header->name, "user-agent") == 0;
		type |= strcmp(header->name, "content-type") == 0;
		add_line(x, header);
	}
	for (guint i = 0; placed->headers && i < placed->headers->len; i++)
		add_line(x, placed->headers->pdata[i]);
	if (!agent)
		curl_easy_setopt(x->easy, CURLOPT_USERAGENT, "Perigee/" PERIGEE_VERSION);
	if (!type)
		leave_out(x, "Content-Type"); /* libcurl would say that a body is a form */
	leave_out(x, "Expect");
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
}

static void set_method(Exchange *x)
{
	const Request *request = x->request;
	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->is_safe)
		return;
	/* POST, PUT and PATCH say how long their body is, also when there is none (RFC 9110, 8.6). */
	if (request->body || strcmp(request->method, "DELETE") != 0) {
		curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
		curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	}
	curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* The checked addresses stand in libcurl's table before it looks: "HOST:PORT:ADDRESS,ADDRESS". */
static void set_addresses(Exchange *x, const struct addrinfo *addresses)
{
	if (x->url.is_ip)
		return;
	g_autoptr(GString) line = g_string_new(NULL);
	g_string_printf(line, "%s:%u:", x->url.host, x->url.port);
	for (const struct addrinfo *a = addresses; a; a = a->ai_next) {
		g_autofree char *text = address_text(a->ai_addr);
		*strrchr(text, ':') = 0;
		g_string_append_printf(line, "%s%s", a == addresses ? "" : ",", text);
	}
	x->resolve = curl_slist_append(NULL, line->str);
	curl_easy_setopt(x->easy, CURLOPT_RESOLVE, x->resolve);
}

static void set_connection(Exchange *x)
{
	CURL *easy = x->easy;
	gint64 left = MAX(x->deadline - now_ms(), 1);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, x->url.https ? "https" : "http");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* the guard would see only the proxy's address */
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (getenv("SSL_CERT_FILE"))
		curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	if (getenv("SSL_CERT_DIR"))
		curl_easy_setopt(easy, CURLOPT_CAPATH, getenv("SSL_CERT_DIR"));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(left, EXCHANGE_CONNECT_MS));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->curl_text);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
}

static void set_url(Exchange *x, const Placed *placed)
{
	g_autofree char *place = url_place(&x->url);
	char *text = g_strconcat(x->url.https ? "https://" : "http://", place, placed->target ? placed->target : x->url.target, NULL);
	curl_easy_setopt(x->easy, CURLOPT_URL, text);
	sodium_memzero(text, strlen(text));
	g_free(text);
}

static void begin_transfer(Exchange *x, const struct addrinfo *addresses)
{
	g_auto(Placed) placed = { 0 };
	x->easy = curl_easy_init();
	if (!x->easy)
		g_error("libcurl is out of memory");
	x->answer = answer_new();
	*x->curl_text = 0;
	if (!x->away)
		place_put(x->request, &x->url, x->bench->keyring, x->scrub, &placed);
	set_connection(x);
	set_addresses(x, addresses);
	set_method(x);
	set_url(x, &placed);
	set_headers(x, &placed);
	curl_multi_add_handle(x->bench->multi, x->easy);
}

/* The first hop, or the next: the URL, then its name. */
static void begin_hop(Exchange *x)
{
	x->hop_deadline = MIN(x->deadline, now_ms() + EXCHANGE_CONNECT_MS);
	x->lookup = lookup_start(x->bench->desk, x->url.host, x->url.port);
	if (!x->lookup)
		finish_with(x, REQUEST_ERROR_UNREACHABLE, "too many names are being looked up; the resolver of this machine may be down");
}

static void take_lookup(Exchange *x)
{
	const char *why;
	g_autoptr(GError) error = NULL;
	const struct addrinfo *addresses = lookup_addresses(x->lookup, &why);
	if (!addresses)
		finish_with(x, REQUEST_ERROR_UNREACHABLE, "the name %s can't be resolved: %s", x->url.host, why);
	else if (!guard_check_addresses(&x->guard, &x->url, addresses, &error))
		finish(x, error);
	else
		begin_transfer(x, addresses);
	g_clear_pointer(&x->lookup, lookup_free);
}

/* ---- the answer ---- */

static bool is_redirect(const Exchange *x)
{
	static const unsigned statuses[] = { 301, 302, 303, 307, 308 };
	for (size_t i = 0; x->request->is_safe && i < G_N_ELEMENTS(statuses); i++)
		if (x->answer->status == statuses[i])
			return answer_header(x->answer, "location") != NULL;
	return false;
}

static bool check_location(const Exchange *x, const char *location, Url *next, GError **error)
{
	g_autoptr(GError) inner = NULL;
	if (x->redirects >= EXCHANGE_REDIRECTS)
		return request_fail(error, REQUEST_ERROR_REFUSED, "more than %d redirects, the last from %s", EXCHANGE_REDIRECTS, x->url.host);
	if (!url_join(&x->url, location, next, &inner) || next->holes > 0)
		return request_fail(error, REQUEST_ERROR_REFUSED, "%s redirects to an address that can't be used: %s", x->url.host,
		                    inner ? inner->message : "it has braces in its path");
	if (!url_same_origin(&x->url, next) && scrub_finds(x->scrub, location, strlen(location)))
		return request_fail(error, REQUEST_ERROR_REFUSED, "%s redirects to %s with a secret in the address", x->url.host, next->host);
	return guard_check_redirect(&x->guard, &x->url, next, error);
}

static void follow(Exchange *x)
{
	Url next;
	g_autoptr(GError) error = NULL;
	if (!check_location(x, answer_header(x->answer, "location"), &next, &error)) {
		finish(x, error);
		return;
	}
	x->away |= !url_same_origin(&x->url, &next);
	x->url = next;
	x->redirects++;
	drop_hop(x);
	begin_hop(x);
}

static void log_answer(Exchange *x, const char *text)
{
	g_autoptr(GError) error = NULL;
	if (!x->marked)
		return;
	x->answered = true;
	if (!sendlog_answer(x->bench->log, x->request->key, x->answer->status, "", text, &error))
		log_warn("%s", error->message); /* the host is told all the same */
}

/* The whole answer is here. */
static void take_answer(Exchange *x)
{
	g_autoptr(GError) error = NULL;
	if (is_redirect(x)) {
		follow(x);
		return;
	}
	x->json = answer_text(x->answer, x->scrub, x->request->pick, &error);
	log_answer(x, error ? "limit" : "");
	finish(x, error);
}

/* libcurl's text for the person, with the host that it is about. */
static void fail(Exchange *x, CURLcode code)
{
	const char *says = *x->curl_text ? x->curl_text : curl_easy_strerror(code);
	bool over = code == CURLE_OPERATION_TIMEDOUT;
	if (x->marked)
		finish_with(x, REQUEST_ERROR_UNKNOWN, "%s took the request and gave no whole answer (%s); it may have been carried out", x->url.host,
		            over ? "the time is over" : says);
	else if (over && x->sent)
		finish_with(x, REQUEST_ERROR_TIMEOUT, "%s gave no whole answer within %g s", x->url.host, (double)x->request->timeout_ms / 1000);
	else
		finish_with(x, REQUEST_ERROR_UNREACHABLE, "%s: %s", x->url.host, says);
}

void exchange_ended(Exchange *x, CURLcode code)
{
	if (x->stopped) {
		/* The status is known: it was carried out, whatever the rest of the answer says. */
		if (x->stopped->code == REQUEST_ERROR_LIMIT && x->answer->status >= 200)
			log_answer(x, "limit");
		else if (x->marked)
			x->stopped->code = REQUEST_ERROR_UNKNOWN;
		g_autoptr(GError) error = g_steal_pointer(&x->stopped);
		finish(x, error);
	} else if (code == CURLE_OK && x->answer->status >= 200) {
		take_answer(x);
	} else {
		fail(x, code);
	}
}

/* ---- life ---- */

Exchange *exchange_new(const Bench *bench, uint64_t id, Request *request_take)
{
	Exchange *x = g_new0(Exchange, 1);
	g_autoptr(GError) error = NULL;
	x->bench = bench;
	x->id = id;
	x->request = request_take;
	x->guard = (Guard){ request_take->hosts, bench->allow };
	x->scrub = scrub_new();
	x->url = request_take->url;
	x->deadline = now_ms() + request_take->timeout_ms;
	if (!guard_check_url(&x->guard, &x->url, &error) || !place_check(x->request, &x->url, bench->keyring, &error))
		finish(x, error);
	else
		begin_hop(x);
	return x;
}

void exchange_free(Exchange *x)
{
	if (!x)
		return;
	drop_hop(x);
	scrub_free(x->scrub);
	request_free(x->request);
	g_free(x->text);
	g_free(x->json);
	g_free(x);
}

uint64_t exchange_id(const Exchange *x)
{
	return x->id;
}

void exchange_turn(Exchange *x)
{
	if (x->done || !x->lookup)
		return;
	if (lookup_is_done(x->lookup))
		take_lookup(x);
	else if (now_ms() >= x->hop_deadline)
		finish_with(x, REQUEST_ERROR_UNREACHABLE, "the name %s was not resolved in time", x->url.host);
}

bool exchange_is_marked(const Exchange *x)
{
	return x->marked && !x->answered && !x->done;
}

bool exchange_is_done(const Exchange *x, const char **code, const char **text, const char **json)
{
	*code = x->code;
	*text = x->text;
	*json = x->json ? x->json : "";
	return x->done;
}

gint64 exchange_deadline(const Exchange *x)
{
	return x->lookup ? x->hop_deadline : G_MAXINT64;
}
