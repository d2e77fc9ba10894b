/* SPDX-License-Identifier: MIT */
/* The port that web listens on: see listen.h. */
#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-listen-error, listen_error)

enum { WAIT_MS = 3000, STEP_MS = 50, BACKLOG = 128 };

static int invalid(GError **error, const char *address)
{
	g_set_error(error, LISTEN_ERROR, LISTEN_ERROR_INVALID,
	            "'%s' is no address to listen on; write 127.0.0.1:8085, [::1]:8085, or :8085 for every address of this machine", address);
	return -1;
}

/* host: NULL for every address. Caller frees both. */
static bool split(const char *address, char **host, char **port)
{
	const char *colon = strrchr(address, ':');
	if (!colon || !g_ascii_isdigit(colon[1]) || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
	    g_ascii_strtoull(colon + 1, NULL, 10) > 65535)
		return false;
	size_t length = (size_t)(colon - address);
	bool six = length > 2 && *address == '[' && colon[-1] == ']';
	if (!six && memchr(address, ':', length))
		return false;
	*host = six ? g_strndup(address + 1, length - 2) : length ? g_strndup(address, length) : NULL;
	*port = g_strdup(colon + 1);
	if (g_strcmp0(*host, "localhost") == 0) {
		g_free(*host);
		*host = g_strdup("127.0.0.1");
	}
	return true;
}

static int open_one(const struct addrinfo *to)
{
	int one = 1, zero = 0;
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (to->ai_family == AF_INET6) /* [::] is IPv4 too */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int open_any(const struct addrinfo *addresses)
{
	int fd = -1;
	for (const struct addrinfo *to = addresses; to; to = to->ai_next)
		if ((fd = open_one(to)) >= 0 || errno == EADDRINUSE)
			return fd;
	return fd;
}

static char *name_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 ||
	    getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return g_strdup("?");
	return g_strdup_printf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

/* For every address: first the family that holds the other too. */
static struct addrinfo *look_up(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *found = NULL, *more = NULL;
	if (host)
		return getaddrinfo(host, port, &hints, &found) == 0 ? found : NULL;
	hints.ai_family = AF_INET6;
	if (getaddrinfo(NULL, port, &hints, &found) != 0)
		found = NULL;
	hints.ai_family = AF_INET;
	if (getaddrinfo(NULL, port, &hints, &more) != 0)
		return found;
	if (!found)
		return more;
	struct addrinfo *last = found;
	while (last->ai_next)
		last = last->ai_next;
	last->ai_next = more;
	return found;
}

int listen_open(const char *address, char **bound, GError **error)
{
	g_autofree char *host = NULL, *port = NULL;
	if (!split(address, &host, &port))
		return invalid(error, address);
	struct addrinfo *addresses = look_up(host, port);
	if (!addresses)
		return invalid(error, address);
	int fd = open_any(addresses);
	for (int waited = 0; fd < 0 && errno == EADDRINUSE && waited < WAIT_MS; waited += STEP_MS) {
		g_usleep(STEP_MS * 1000);
		fd = open_any(addresses);
	}
	int why = errno;
	freeaddrinfo(addresses);
	if (fd >= 0) {
		*bound = name_of(fd);
		return fd;
	}
	if (why == EADDRINUSE)
		g_set_error(error, LISTEN_ERROR, LISTEN_ERROR_TAKEN, "port %s is taken by another program: name another one, or stop that (ss -ltnp says which it is)", port);
	else if (why == EACCES)
		g_set_error(error, LISTEN_ERROR, LISTEN_ERROR_FAILED, "port %s is for root alone: name one above 1023, and let a reverse proxy have this one", port);
	else
		g_set_error(error, LISTEN_ERROR, LISTEN_ERROR_FAILED, "%s can't be listened on: %s", address, g_strerror(why));
	return -1;
}
