/* SPDX-License-Identifier: MIT */
/* A connection to a mail server, made by libcurl: see wire.h. */
#include "net/wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/address.h"

G_DEFINE_QUARK(perigee-wire-error, wire_error)

enum {
	REPLY_SECONDS = 40, /* Dovecot holds back a failed sign-in by up to 15 s */
	RECEIVE_STEP = 32 * 1024,
	RECEIVE_MOST = 4 * 1024 * 1024, /* per call: a server that never stops must not keep us from the host */
};

struct Wire {
	CURLM *multi;
	CURL *easy;
	const Account *account;
	int fd;
	int watch;
	GString *refused;      /* the addresses that we did not connect to */
	const char *refused_why;
	bool tried;            /* an address that may be spoken to */
	char last_reply[512];  /* the last refusing line of the server before or during sign-in */
	char curl_text[CURL_ERROR_SIZE];
};

const char *wire_error_name(int code)
{
	static const char *const names[] = {
#define X(name, text) text,
		WIRE_ERRORS(X)
#undef X
	};
	return code >= 0 && code < (int)G_N_ELEMENTS(names) ? names[code] : "protocol";
}

static bool set_error(GError **error, WireError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool set_error(GError **error, WireError code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, WIRE_ERROR, (int)code, text);
	return false;
}

static bool watch_ended(const Wire *wire)
{
	struct pollfd p = { wire->watch, POLLRDHUP, 0 };
	return wire->watch >= 0 && poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL));
}

/* libcurl asks for a socket for each address it tries: here stands the check of addresses. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *target)
{
	(void)purpose;
	Wire *wire = data;
	const Account *account = wire->account;
	bool listed = address_is_listed(account->allow, &target->addr, account->server.host);
	g_autofree char *text = address_text(&target->addr);
	const char *reason = NULL;
	if (!listed && address_is_private(&target->addr))
		reason = "is private; if it is meant, add it to allow_addresses in perigee.lua";
	else if (!listed && account->server.plain)
		reason = "is not in allow_addresses, and tls = \"none\" is only for addresses that are";
	if (reason) {
		g_string_append_printf(wire->refused, "%s%s", wire->refused->len ? " and " : "", text);
		wire->refused_why = reason;
		return CURL_SOCKET_BAD;
	}
	wire->tried = true;
	return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

/* Before the bytes are ours the server's lines come here; a refusal is kept for the error text. */
static size_t take_line(char *bytes, size_t size, size_t count, void *data)
{
	Wire *wire = data;
	size_t length = size * count;
	bool smtp = wire->account->role == ROLE_SENDER;
	bool refuses = smtp ? length > 3 && (bytes[0] == '4' || bytes[0] == '5') :
	                      length > 3 && (memmem(bytes, length, " NO ", 4) || memmem(bytes, length, " BAD ", 5) ||
	                                     memmem(bytes, length, "* BYE", 5));
	if (refuses) {
		size_t n = MIN(length, sizeof wire->last_reply - 1);
		memcpy(wire->last_reply, bytes, n);
		wire->last_reply[n] = 0;
		g_strchomp(wire->last_reply);
	}
	return length;
}

static void set_sign_in(Wire *wire, const Server *server)
{
	if (!*server->user)
		return;
	curl_easy_setopt(wire->easy, CURLOPT_USERNAME, server->user);
	curl_easy_setopt(wire->easy, CURLOPT_SASL_IR, 1L);
	bool bearer = g_str_equal(server->auth, "xoauth2") || g_str_equal(server->auth, "oauthbearer");
	curl_easy_setopt(wire->easy, bearer ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD, server->password ? server->password : "");
	if (*server->auth) {
		g_autofree char *upper = g_ascii_strup(server->auth, -1);
		g_autofree char *options = g_strdup_printf("AUTH=%s", upper);
		curl_easy_setopt(wire->easy, CURLOPT_LOGIN_OPTIONS, options);
	}
}

static void set_options(Wire *wire, int timeout_ms)
{
	const Server *server = &wire->account->server;
	CURL *easy = wire->easy;
	bool sender = wire->account->role == ROLE_SENDER;
	g_autofree char *url = g_strdup_printf(strchr(server->host, ':') ? "%s://[%s]:%u/%s" : "%s://%s:%u/%s", server->scheme,
	                                       server->host, server->port, sender ? wire->account->domain : "");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, sender ? "smtp,smtps" : "imap,imaps");
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* the check of addresses would see only the proxy's */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(server->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (getenv("SSL_CERT_FILE"))
		curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	if (getenv("SSL_CERT_DIR"))
		curl_easy_setopt(easy, CURLOPT_CAPATH, getenv("SSL_CERT_DIR"));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)REPLY_SECONDS);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, wire);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, wire);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_line);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, wire);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, wire->curl_text);
	set_sign_in(wire, server);
}

static WireError error_of(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST: return WIRE_ERROR_DNS;
	case CURLE_COULDNT_CONNECT: return WIRE_ERROR_CONNECT;
	case CURLE_OPERATION_TIMEDOUT: return WIRE_ERROR_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_USE_SSL_FAILED: return WIRE_ERROR_CERTIFICATE;
	case CURLE_SSL_CONNECT_ERROR: return WIRE_ERROR_TLS;
	case CURLE_LOGIN_DENIED: return WIRE_ERROR_AUTH;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING: return WIRE_ERROR_CLOSED;
	case CURLE_WEIRD_SERVER_REPLY: return WIRE_ERROR_REFUSED;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT: return WIRE_ERROR_CONFIG;
	default: return WIRE_ERROR_PROTOCOL;
	}
}

static bool connect_failed(Wire *wire, CURLcode code, GError **error)
{
	const Server *server = &wire->account->server;
	const char *reply = wire->last_reply, *space = strchr(reply, ' ');
	if (wire->account->role == ROLE_READER && space) /* the tag says nothing to anybody */
		reply = space + 1;
	/* A server may repeat what it was sent. */
	g_autofree char *said = account_clean(wire->account, reply);
	g_autofree char *curl_says = account_clean(wire->account, *wire->curl_text ? wire->curl_text : curl_easy_strerror(code));
	/* Of a name with several addresses the one that may be spoken to was tried: its trouble is the one to tell. */
	if (wire->refused->len && !wire->tried)
		return set_error(error, WIRE_ERROR_CONFIG, "%s (%s) %s", wire->refused->str, server->host, wire->refused_why);
	if (code == CURLE_USE_SSL_FAILED)
		return set_error(error, WIRE_ERROR_CERTIFICATE, "%s:%u offers no STARTTLS, and tls = \"required\"", server->host, server->port);
	if (code == CURLE_LOGIN_DENIED && *said)
		return set_error(error, WIRE_ERROR_AUTH, "%s does not let %s sign in: %s", server->host, server->user, said);
	if (*said)
		return set_error(error, error_of(code), "%s:%u: %s", server->host, server->port, said);
	return set_error(error, error_of(code), "%s:%u: %s", server->host, server->port, curl_says);
}

/* Runs the transfer to its end; libcurl's own poll wakes us for its sockets and for the end of the watched one. */
static bool perform(Wire *wire, GError **error)
{
	for (;;) {
		int running = 0, left = 0;
		CURLMcode code = curl_multi_perform(wire->multi, &running);
		if (code != CURLM_OK)
			return set_error(error, WIRE_ERROR_PROTOCOL, "libcurl: %s", curl_multi_strerror(code));
		for (CURLMsg *m; (m = curl_multi_info_read(wire->multi, &left));)
			if (m->msg == CURLMSG_DONE)
				return m->data.result == CURLE_OK || connect_failed(wire, m->data.result, error);
		if (watch_ended(wire))
			return set_error(error, WIRE_ERROR_ABORTED, "the host is gone");
		struct curl_waitfd extra = { wire->watch, 0, 0 };
		code = curl_multi_poll(wire->multi, &extra, wire->watch >= 0 ? 1 : 0, 500, NULL);
		if (code != CURLM_OK)
			return set_error(error, WIRE_ERROR_PROTOCOL, "libcurl: %s", curl_multi_strerror(code));
	}
}

Wire *wire_connect(const Account *account, int watch, int timeout_ms, unsigned *reply, GError **error)
{
	g_autoptr(Wire) wire = g_new0(Wire, 1);
	wire->account = account;
	wire->watch = watch;
	wire->fd = -1;
	wire->refused = g_string_new(NULL);
	wire->multi = curl_multi_init();
	wire->easy = curl_easy_init();
	if (!wire->multi || !wire->easy)
		g_error("libcurl is out of memory");
	set_options(wire, timeout_ms);
	curl_multi_add_handle(wire->multi, wire->easy);
	bool ok = perform(wire, error);
	long code = 0;
	curl_easy_getinfo(wire->easy, CURLINFO_RESPONSE_CODE, &code);
	if (reply)
		*reply = code >= 200 && code <= 599 ? (unsigned)code : (unsigned)strtoul(wire->last_reply, NULL, 10);
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (ok && (curl_easy_getinfo(wire->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD))
		ok = set_error(error, WIRE_ERROR_CLOSED, "%s closed the connection", account->server.host);
	wire->fd = fd;
	return ok ? g_steal_pointer(&wire) : NULL;
}

void wire_free(Wire *wire)
{
	if (!wire)
		return;
	/* Removing a connect-only handle closes its connection at once. */
	curl_multi_remove_handle(wire->multi, wire->easy);
	curl_easy_cleanup(wire->easy);
	curl_multi_cleanup(wire->multi);
	g_string_free(wire->refused, TRUE);
	g_free(wire);
}

int wire_fd(const Wire *wire)
{
	return wire->fd;
}

gint64 wire_certificate_ends(const Wire *wire)
{
	static const char label[] = "Expire date:";
	struct curl_certinfo *chain = NULL;
	curl_easy_getinfo(wire->easy, CURLINFO_CERTINFO, &chain);
	/* The server's own comes first. */
	for (struct curl_slist *line = chain && chain->num_of_certs > 0 ? chain->certinfo[0] : NULL; line; line = line->next)
		if (g_str_has_prefix(line->data, label))
			return MAX(curl_getdate(line->data + strlen(label), NULL), 0);
	return 0;
}

void wire_watch(Wire *wire, int watch)
{
	wire->watch = watch;
}

/* Waits for events on the connection; false with error unset when the time is over. */
static bool wait_for(Wire *wire, short events, int timeout_ms, GError **error)
{
	gint64 until = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	for (;;) {
		gint64 left = (until - g_get_monotonic_time() + 999) / 1000;
		struct pollfd p[2] = { { wire->fd, events, 0 }, { wire->watch, POLLRDHUP, 0 } };
		int n = poll(p, 2, left > 0 ? (int)left : 0);
		if (n < 0 && errno != EINTR)
			return set_error(error, WIRE_ERROR_PROTOCOL, "poll: %s", g_strerror(errno));
		if (n > 0 && wire->watch >= 0 && p[1].revents)
			return set_error(error, WIRE_ERROR_ABORTED, "the host is gone");
		if (n > 0 && p[0].revents)
			return true;
		if (left <= 0)
			return false;
	}
}

bool wire_wait(Wire *wire, int timeout_ms, GError **error)
{
	return wait_for(wire, POLLIN, timeout_ms, error);
}

bool wire_send(Wire *wire, const void *bytes, size_t size, int timeout_ms, GError **error)
{
	const char *at = bytes;
	while (size > 0) {
		size_t n = 0;
		CURLcode code = curl_easy_send(wire->easy, at, size, &n);
		if (code != CURLE_OK && code != CURLE_AGAIN)
			return set_error(error, WIRE_ERROR_CLOSED, "%s closed the connection", wire->account->server.host);
		at += n;
		size -= n;
		if (code != CURLE_AGAIN || n > 0)
			continue;
		GError *inner = NULL;
		if (!wait_for(wire, POLLOUT, timeout_ms, &inner)) {
			if (inner)
				g_propagate_error(error, inner);
			else
				set_error(error, WIRE_ERROR_TIMEOUT, "%s takes no more bytes", wire->account->server.host);
			return false;
		}
	}
	return true;
}

bool wire_receive(Wire *wire, GString *out, GError **error)
{
	for (gsize got = 0; got < RECEIVE_MOST;) {
		char step[RECEIVE_STEP];
		size_t n = 0;
		CURLcode code = curl_easy_recv(wire->easy, step, sizeof step, &n);
		if (code == CURLE_AGAIN)
			return true;
		if (code != CURLE_OK || n == 0)
			/* What came before the end is still to be read. */
			return got > 0 || set_error(error, WIRE_ERROR_CLOSED, "%s closed the connection", wire->account->server.host);
		g_string_append_len(out, step, (gssize)n);
		got += n;
	}
	return true;
}
