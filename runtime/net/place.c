/* SPDX-License-Identifier: MIT */
/* Where a secret goes in a request: see place.h. */
#include "net/place.h"

#include <sodium.h>
#include <string.h>

#include "net/guard.h"

typedef enum { PLACE_BEARER, PLACE_BASIC, PLACE_HEADER, PLACE_PATH, PLACE_QUERY, PLACE_HMAC, PLACE_NONE } PlaceKind;

#define SIGNATURE_HEADER "x-hub-signature-256"

/* "header X-Key": kind, and the name behind it (borrowed; "" if none). */
static PlaceKind kind_of(const char *place, const char **name)
{
	*name = "";
	static const char *const words[] = { "bearer", "basic", "header ", "path", "query ", "hmac" };
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		size_t size = strlen(words[i]);
		bool named = words[i][size - 1] == ' ';
		if (named ? strncmp(place, words[i], size) == 0 && place[size] : strcmp(place, words[i]) == 0) {
			*name = place + size;
			return (PlaceKind)i;
		}
	}
	return PLACE_NONE;
}

/* The header that a place fills, in lower case; NULL if none. */
static char *header_of(PlaceKind kind, const char *name)
{
	switch (kind) {
	case PLACE_BEARER:
	case PLACE_BASIC: return g_strdup("authorization");
	case PLACE_HEADER: return g_ascii_strdown(name, -1);
	case PLACE_HMAC: return g_strdup(SIGNATURE_HEADER);
	default: return NULL;
	}
}

/* ---- checks ---- */

static bool check_place(const Key *key, const char *asked, GError **error)
{
	const char *name, *asked_name;
	PlaceKind kind = kind_of(key->place, &name), asked_kind = kind_of(asked, &asked_name);
	if (kind == PLACE_NONE)
		return request_fail(error, REQUEST_ERROR_REFUSED, "the secret %s is bound to the place \"%s\", which no request has", key->name,
		                    key->place);
	bool same = !*asked || (kind == asked_kind && (kind == PLACE_HEADER ? g_ascii_strcasecmp(name, asked_name) == 0 :
	                                                                       strcmp(name, asked_name) == 0));
	bool authorization = asked_kind == PLACE_HEADER && g_ascii_strcasecmp(asked_name, "authorization") == 0;
	if (same || (authorization && (kind == PLACE_BEARER || kind == PLACE_BASIC)))
		return true;
	return request_fail(error, REQUEST_ERROR_REFUSED, "the secret %s is for the place \"%s\", not \"%s\"", key->name, key->place, asked);
}

static bool check_value(const Key *key, PlaceKind kind, GError **error)
{
	for (size_t i = 0; i < key->size && kind != PLACE_HMAC; i++)
		if ((unsigned char)key->value[i] < 0x20 || key->value[i] == 0x7f)
			return request_fail(error, REQUEST_ERROR_REFUSED, "the secret %s has a line end or control character in it; set it again",
			                    key->name);
	if (kind == PLACE_BASIC && !memchr(key->value, ':', key->size))
		return request_fail(error, REQUEST_ERROR_REFUSED, "the secret %s is for the place basic, so it must be user:password; set it again",
		                    key->name);
	return true;
}

/* A header is filled once, by the script or by one secret. */
static bool check_header(const Request *request, GHashTable *filled, PlaceKind kind, const char *name, GError **error)
{
	g_autofree char *header = header_of(kind, name);
	if (!header)
		return true;
	if (!guard_check_header(header, "", 0, error))
		return false;
	if (request_header(request, header) || g_hash_table_contains(filled, header))
		return request_fail(error, REQUEST_ERROR_INVALID, "the header %s would stand there twice; leave it to the secret", header);
	g_hash_table_add(filled, g_steal_pointer(&header));
	return true;
}

static bool check_use(const SecretUse *use, const Url *url, const Keyring *keyring, const Key **found, GError **error)
{
	const Key *key = *found = keyring_find(keyring, use->name);
	if (!key)
		return request_fail(error, REQUEST_ERROR_REFUSED, "the secret %s is not among those that scripts may use", use->name);
	if (key->trouble)
		return request_fail(error, REQUEST_ERROR_REFUSED, "%s", key->trouble);
	if (url_matches(key->hosts, url))
		return check_place(key, use->place, error);
	g_autofree char *place = url_place(url);
	return request_fail(error, REQUEST_ERROR_REFUSED, "the secret %s is not for the host %s; set it with --host %s if it is meant", key->name,
	                    place, url->https && url->port == 443 ? url->host : place);
}

bool place_check(const Request *request, const Url *url, const Keyring *keyring, GError **error)
{
	g_autoptr(GHashTable) filled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned paths = 0;
	for (guint i = 0; i < request->uses->len; i++) {
		const Key *key;
		const char *name;
		if (!check_use(request->uses->pdata[i], url, keyring, &key, error))
			return false;
		PlaceKind kind = kind_of(key->place, &name);
		paths += kind == PLACE_PATH;
		if (!check_value(key, kind, error) || !check_header(request, filled, kind, name, error))
			return false;
	}
	if (url->holes == paths && paths <= 1)
		return true;
	return request_fail(error, REQUEST_ERROR_INVALID, "a secret with the place path needs " URL_SECRET " once in the URL's path, and "
	                    URL_SECRET " needs such a secret");
}

/* ---- values ---- */

static void wipe(char *text)
{
	if (text)
		sodium_memzero(text, strlen(text));
	g_free(text);
}

/* The colon stays: it may stand in a path, and APIs that have their token there expect it so. */
static char *percent_encode(const char *value, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = g_malloc(size * 3 + 1), *at = out;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)value[i];
		if (g_ascii_isalnum((char)c) || (c && strchr("-._~:", c))) {
			*at++ = (char)c;
			continue;
		}
		*at++ = '%';
		*at++ = hex[c >> 4];
		*at++ = hex[c & 15];
	}
	*at = 0;
	return out;
}

static char *base64(const char *value, size_t size)
{
	size_t length = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
	char *out = g_malloc(length);
	return sodium_bin2base64(out, length, (const unsigned char *)value, size, sodium_base64_VARIANT_ORIGINAL);
}

static char *hmac(const Key *key, const Request *request)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char digits[2 * sizeof mac + 1];
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key->value, key->size);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)(request->body ? request->body : ""), request->body_size);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(&state, sizeof state);
	return g_strdup(sodium_bin2hex(digits, sizeof digits, mac, sizeof mac));
}

static void add_header(Placed *placed, const char *name, const char *before, char *value_take)
{
	HttpHeader *header = g_new0(HttpHeader, 1);
	header->name = g_ascii_strdown(name, -1);
	header->value = g_strconcat(before, value_take, NULL);
	wipe(value_take);
	g_ptr_array_add(placed->headers, header);
}

static void set_target(Placed *placed, char *target)
{
	wipe(placed->target);
	placed->target = target;
}

static void put_path(Placed *placed, const Key *key)
{
	const char *hole = strstr(placed->target, URL_SECRET);
	if (!hole) /* a redirect at home: the server has written the whole path */
		return;
	g_autofree char *before = g_strndup(placed->target, (gsize)(hole - placed->target));
	char *value = percent_encode(key->value, key->size);
	set_target(placed, g_strconcat(before, value, hole + strlen(URL_SECRET), NULL));
	wipe(value);
}

static void put_query(Placed *placed, const Key *key, const char *name)
{
	char *value = percent_encode(key->value, key->size);
	g_autofree char *encoded_name = percent_encode(name, strlen(name));
	size_t end = strlen(placed->target);
	bool more = strchr(placed->target, '?') != NULL;
	bool open = more && (placed->target[end - 1] == '?' || placed->target[end - 1] == '&');
	set_target(placed, g_strconcat(placed->target, open ? "" : more ? "&" : "?", encoded_name, "=", value, NULL));
	wipe(value);
}

static void put(const Request *request, const Key *key, Scrub *scrub, Placed *placed)
{
	const char *name;
	const char *colon;
	char *text;
	scrub_add(scrub, key->name, key->value, key->size);
	switch (kind_of(key->place, &name)) {
	case PLACE_BEARER: add_header(placed, "authorization", "Bearer ", g_strdup(key->value)); break;
	case PLACE_BASIC:
		colon = memchr(key->value, ':', key->size);
		scrub_add(scrub, key->name, colon + 1, key->size - (size_t)(colon + 1 - key->value));
		text = base64(key->value, key->size);
		scrub_add_text(scrub, key->name, text); /* also where it is encoded once more */
		add_header(placed, "authorization", "Basic ", text);
		break;
	case PLACE_HEADER: add_header(placed, name, "", g_strdup(key->value)); break;
	case PLACE_PATH: put_path(placed, key); break;
	case PLACE_QUERY: put_query(placed, key, name); break;
	case PLACE_HMAC:
		text = hmac(key, request);
		scrub_add_text(scrub, key->name, text); /* else an echo would sign what a script likes */
		add_header(placed, SIGNATURE_HEADER, "sha256=", text);
		break;
	case PLACE_NONE: break;
	}
}

void place_put(const Request *request, const Url *url, const Keyring *keyring, Scrub *scrub, Placed *placed)
{
	placed->headers = g_ptr_array_new_with_free_func(http_header_free);
	placed->target = g_strdup(url->target);
	for (guint i = 0; i < request->uses->len; i++)
		put(request, keyring_find(keyring, ((SecretUse *)request->uses->pdata[i])->name), scrub, placed);
}

void place_clear(Placed *placed)
{
	if (placed->headers)
		g_ptr_array_unref(placed->headers);
	wipe(placed->target);
	*placed = (Placed){ 0 };
}
