/* SPDX-License-Identifier: MIT */
/* The parser of URLs: see url.h. */
#include "base/url.h"

#include <arpa/inet.h>
#include <string.h>

G_DEFINE_QUARK(perigee-url-error, url_error)

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, URL_ERROR, URL_ERROR_INVALID, text);
	return false;
}

/* ---- characters ---- */

static bool check_bytes(const char *text, GError **error)
{
	if (strlen(text) > URL_MOST)
		return invalid(error, "the URL is longer than %d bytes; send long data in the body", URL_MOST);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c >= 0x80)
			return invalid(error, "the URL has a character that is not ASCII; write a host as xn--... and the rest percent-encoded");
		if (*c <= 0x20 || *c == 0x7f)
			return invalid(error, "the URL has a space or control character; percent-encode a space as %%20");
		if (*c == '\\')
			return invalid(error, "the URL has a backslash; use / , or %%5C in a path or query");
	}
	return true;
}

/* pchar, "/" and "?" of RFC 3986. */
static bool is_target_char(char c)
{
	return g_ascii_isalnum(c) || strchr("-._~!$&'()*+,;=:@/?", c) != NULL;
}

static bool check_escape(const char *at, GError **error)
{
	if (!g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
		return invalid(error, "the URL has a %% that two hexadecimal digits do not follow; write a percent sign as %%25");
	int byte = g_ascii_xdigit_value(at[1]) * 16 + g_ascii_xdigit_value(at[2]);
	if (byte == 0 || byte == '\r' || byte == '\n')
		return invalid(error, "the URL has %%%c%c; an encoded NUL or line end is not allowed", at[1], at[2]);
	return true;
}

/* Path and query, with {secret} in the path only. */
static bool check_target(const char *text, unsigned *holes, GError **error)
{
	bool query = false;
	for (const char *c = text; *c; c++) {
		query |= *c == '?';
		if (*c == '#')
			return invalid(error, "the URL has a fragment (#...), which is never sent; leave it out, or write %%23");
		if (!query && g_str_has_prefix(c, URL_SECRET)) {
			(*holes)++;
			c += strlen(URL_SECRET) - 1;
		} else if (*c == '%') {
			if (!check_escape(c, error))
				return false;
		} else if (!is_target_char(*c)) {
			return invalid(error, "the URL has the character %c in its path or query; percent-encode it as %%%02X", *c, (unsigned)*c);
		}
	}
	return true;
}

/* ---- the host ---- */

/* Resolvers and inet_aton read these as addresses: 127.1, 2130706433, 0x7f000001, 017700000001 (WHATWG: "ends in a number"). */
static bool ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *label = dot ? dot + 1 : host;
	if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return strspn(label + 2, "0123456789abcdefABCDEF") == strlen(label + 2);
	return strspn(label, "0123456789") == strlen(label);
}

static bool check_label(const char *host, const char *label, size_t size, GError **error)
{
	if (size == 0)
		return invalid(error, "the host %s has an empty part; write it without a double, leading or trailing dot", host);
	if (size > 63)
		return invalid(error, "the host %s has a part longer than 63 characters", host);
	for (size_t i = 0; i < size; i++)
		if (!g_ascii_isalnum(label[i]) && label[i] != '-')
			return invalid(error, "the host %s has the character %c; a host has letters, digits, hyphens and dots", host, label[i]);
	if (label[0] == '-' || label[size - 1] == '-')
		return invalid(error, "the host %s has a part that begins or ends with a hyphen", host);
	return true;
}

static bool check_name(const char *host, GError **error)
{
	for (const char *at = host;;) {
		size_t size = strcspn(at, ".");
		if (!check_label(host, at, size, error))
			return false;
		if (!at[size])
			break;
		at += size + 1;
	}
	return !ends_in_number(host) ||
	       invalid(error, "the host %s can be read as an address; write the address as four decimal numbers, or a name", host);
}

static bool take_v6(const char *text, Url *url, GError **error)
{
	char digits[INET6_ADDRSTRLEN];
	struct in6_addr address;
	g_autofree char *inner = g_strndup(text + 1, strlen(text) - 2);
	if (inet_pton(AF_INET6, inner, &address) != 1)
		return invalid(error, "%s is no IPv6 address (a zone is not allowed)", text);
	inet_ntop(AF_INET6, &address, digits, sizeof digits);
	if (g_ascii_strcasecmp(digits, inner) != 0)
		return invalid(error, "write the address %s as [%s]", text, digits);
	url->is_ip = true;
	g_snprintf(url->host, sizeof url->host, "[%s]", digits);
	return true;
}

static bool take_host(const char *text, size_t size, Url *url, GError **error)
{
	char digits[INET_ADDRSTRLEN];
	struct in_addr address;
	g_autofree char *host = g_ascii_strdown(text, (gssize)size);
	if (size == 0)
		return invalid(error, "the URL has no host; write https://HOST/...");
	if (size > URL_HOST_MOST)
		return invalid(error, "the host is longer than %d characters", URL_HOST_MOST);
	if (host[0] == '[')
		return take_v6(host, url, error);
	/* glibc's inet_pton takes no octal and no short form; the way back proves that there is one reading. */
	url->is_ip = inet_pton(AF_INET, host, &address) == 1 && inet_ntop(AF_INET, &address, digits, sizeof digits) &&
	             strcmp(digits, host) == 0;
	if (!url->is_ip && !check_name(host, error))
		return false;
	g_strlcpy(url->host, host, sizeof url->host);
	return true;
}

static bool take_port(const char *text, size_t size, Url *url, GError **error)
{
	unsigned port = 0;
	bool ok = size >= 1 && size <= 5 && text[0] != '0';
	for (size_t i = 0; ok && i < size; i++) {
		ok = g_ascii_isdigit(text[i]);
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (!ok || port > 65535)
		return invalid(error, "the port \"%.*s\" is no number from 1 to 65535; leave out the colon for the usual port",
		               (int)MIN(size, 20), text);
	url->port = port;
	return true;
}

/* HOST[:PORT]; the port stays as it is if there is none. */
static bool take_authority(const char *text, size_t size, Url *url, GError **error)
{
	const char *end = text + size;
	if (memchr(text, '@', size))
		return invalid(error, "the URL has a user (...@) before the host; name a secret for signing in");
	const char *bracket = *text == '[' ? memchr(text, ']', size) : NULL;
	if (*text == '[' && !bracket)
		return invalid(error, "the URL has a [ without its ]");
	const char *after = bracket ? bracket + 1 : memchr(text, ':', size);
	if (!after)
		after = end;
	if (after < end && *after != ':')
		return invalid(error, "only a port may follow the ] of an address");
	return take_host(text, (size_t)(after - text), url, error) &&
	       (after == end || take_port(after + 1, (size_t)(end - after - 1), url, error));
}

/* ---- URLs ---- */

bool url_parse(const char *text, Url *url, GError **error)
{
	*url = (Url){ 0 };
	if (!check_bytes(text, error))
		return false;
	url->https = g_ascii_strncasecmp(text, "https://", 8) == 0;
	if (!url->https && g_ascii_strncasecmp(text, "http://", 7) != 0)
		return invalid(error, "the URL must begin with https://");
	url->port = url->https ? 443 : 80;
	const char *authority = text + (url->https ? 8 : 7);
	size_t size = strcspn(authority, "/?#");
	const char *target = authority + size;
	if (!take_authority(authority, size, url, error) || !check_target(target, &url->holes, error))
		return false;
	g_snprintf(url->target, sizeof url->target, "%s%s", *target == '/' ? "" : "/", target);
	return true;
}

char *url_text(const Url *url)
{
	if (url->port == (url->https ? 443 : 80))
		return g_strdup_printf("%s://%s%s", url->https ? "https" : "http", url->host, url->target);
	return g_strdup_printf("%s://%s:%u%s", url->https ? "https" : "http", url->host, url->port, url->target);
}

char *url_place(const Url *url)
{
	return g_strdup_printf("%s:%u", url->host, url->port);
}

bool url_same_origin(const Url *a, const Url *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* A path without its "." and ".." (RFC 3986, 5.2.4); it begins with a slash. */
static char *without_dots(const char *path)
{
	g_auto(GStrv) segments = g_strsplit(path + 1, "/", -1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	for (char **s = segments; *s; s++) {
		bool up = strcmp(*s, "..") == 0, dots = up || strcmp(*s, ".") == 0;
		if (up && kept->len > 0)
			g_ptr_array_set_size(kept, (int)kept->len - 1);
		if (!dots)
			g_ptr_array_add(kept, *s);
		else if (!s[1]) /* at the end they name a folder */
			g_ptr_array_add(kept, (gpointer)"");
	}
	g_ptr_array_add(kept, NULL);
	g_autofree char *joined = g_strjoinv("/", (char **)kept->pdata);
	return g_strconcat("/", joined, NULL);
}

/* Path and query that a reference without scheme and host means from there (RFC 3986, 5.2.2). */
static char *merge(const char *target, const char *reference)
{
	size_t path_size = strcspn(target, "?"), given = strcspn(reference, "?");
	if (!*reference)
		return g_strdup(target);
	if (given == 0)
		return g_strdup_printf("%.*s%s", (int)path_size, target, reference);
	while (path_size > 0 && target[path_size - 1] != '/')
		path_size--;
	g_autofree char *path = g_strdup_printf("%.*s%.*s", *reference == '/' ? 0 : (int)path_size, target, (int)given, reference);
	g_autofree char *plain = without_dots(path);
	return g_strconcat(plain, reference + given, NULL);
}

bool url_join(const Url *base, const char *location, Url *url, GError **error)
{
	*url = (Url){ 0 };
	if (!check_bytes(location, error))
		return false;
	g_autofree char *plain = g_strndup(location, strcspn(location, "#"));
	g_autofree char *text = NULL;
	/* A colon in the first segment makes a scheme, or a path that some take for one: "127.0.0.1:80/x". */
	if (plain[strcspn(plain, ":/?")] == ':')
		return url_parse(plain, url, error);
	if (g_str_has_prefix(plain, "//")) {
		text = g_strconcat(base->https ? "https:" : "http:", plain, NULL);
	} else {
		g_autofree char *target = merge(base->target, plain);
		text = g_strdup_printf("%s://%s:%u%s", base->https ? "https" : "http", base->host, base->port, target);
	}
	return url_parse(text, url, error);
}

/* ---- lists ---- */

bool url_matches(char *const *list, const Url *url)
{
	g_autofree char *place = url_place(url);
	for (; list && *list; list++)
		if (g_ascii_strcasecmp(*list, place) == 0 ||
		    (url->https && url->port == 443 && g_ascii_strcasecmp(*list, url->host) == 0))
			return true;
	return false;
}

bool url_check_entry(const char *entry, GError **error)
{
	Url url;
	if (!check_bytes(entry, error))
		return false;
	if (strcspn(entry, "/?#") != strlen(entry))
		return invalid(error, "\"%s\" is no host; write HOST or HOST:PORT, without https:// and path", entry);
	for (const char *c = entry; *c; c++)
		if (g_ascii_isupper(*c))
			return invalid(error, "write the host %s in lower case", entry);
	g_autofree char *text = g_strdup_printf("https://%s", entry);
	return url_parse(text, &url, error);
}
