/* SPDX-License-Identifier: MIT */
/* The HTTP guard: see guard.h. */
#include "net/guard.h"

#include <string.h>

#include "net/address.h"
#include "net/request.h"

bool guard_check_method(const char *method, GError **error)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL };
	return g_strv_contains(methods, method) ||
	       request_fail(error, REQUEST_ERROR_REFUSED, "the method must be GET, HEAD, POST, PUT, PATCH or DELETE, in capitals");
}

bool guard_is_token(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return false;
	return *name != 0;
}

bool guard_check_header(const char *name, const char *value, size_t size, GError **error)
{
	/* Framing and the connection are net's (RFC 9110, 7.6.1); a second Host would pass every check made on the URL. */
	static const char *const ours[] = { "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer",
	                                    "te", "expect", "http2-settings", NULL };
	if (!guard_is_token(name))
		return request_fail(error, REQUEST_ERROR_INVALID, "a header's name has letters, digits and - only");
	g_autofree char *lower = g_ascii_strdown(name, -1);
	if (g_strv_contains(ours, lower) || g_str_has_prefix(lower, "proxy-"))
		return request_fail(error, REQUEST_ERROR_REFUSED, "the header %s is set by perigee; leave it out", lower);
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return request_fail(error, REQUEST_ERROR_INVALID, "the header %s has a control character or line end in its value", lower);
	return true;
}

static bool allows(const Guard *guard, const Url *url)
{
	g_autofree char *place = url_place(url);
	for (char *const *a = guard->allow; a && *a; a++)
		if (g_ascii_strcasecmp(*a, place) == 0)
			return true;
	return false;
}

bool guard_check_url(const Guard *guard, const Url *url, GError **error)
{
	g_autofree char *place = url_place(url);
	if (!url_matches(guard->hosts, url)) {
		const char *entry = url->https && url->port == 443 ? url->host : place;
		return request_fail(error, REQUEST_ERROR_REFUSED, "the script may not ask %s; add \"%s\" to net in its needs", entry, entry);
	}
	if (!url->https && !allows(guard, url))
		return request_fail(error, REQUEST_ERROR_REFUSED, "%s is asked without encryption; write https://, or add \"%s\" to "
		                    "allow_addresses in perigee.lua", place, place);
	if (url->is_ip && !allows(guard, url))
		return request_fail(error, REQUEST_ERROR_REFUSED, "%s is an address; use its name, or add \"%s\" to allow_addresses in "
		                    "perigee.lua", url->host, place);
	return true;
}

bool guard_check_redirect(const Guard *guard, const Url *from, const Url *to, GError **error)
{
	if (from->https && !to->https)
		return request_fail(error, REQUEST_ERROR_REFUSED, "%s redirects to http://%s, which is not encrypted", from->host, to->host);
	if (!guard_check_url(guard, to, error)) {
		g_prefix_error(error, "%s redirects to %s: ", from->host, to->host);
		return false;
	}
	return true;
}

bool guard_check_address(const Guard *guard, const Url *url, const struct sockaddr *address, GError **error)
{
	g_autofree char *name = url->host[0] == '[' ? g_strndup(url->host + 1, strlen(url->host) - 2) : g_strdup(url->host);
	if (!address_is_private(address) || address_is_listed(guard->allow, address, name))
		return true;
	g_autofree char *text = address_text(address);
	return request_fail(error, REQUEST_ERROR_REFUSED, "%s is at the private address %s; if that is meant, add \"%s\" to allow_addresses "
	                    "in perigee.lua", url->host, text, text);
}

bool guard_check_addresses(const Guard *guard, const Url *url, const struct addrinfo *addresses, GError **error)
{
	for (const struct addrinfo *a = addresses; a; a = a->ai_next)
		if (!guard_check_address(guard, url, a->ai_addr, error))
			return false;
	return true;
}
