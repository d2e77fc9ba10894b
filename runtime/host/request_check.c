/* SPDX-License-Identifier: MIT */
/* The rules for requests of scripts: see request_check.h. */
#include "host/request_check.h"

#include "base/pick.h"
#include "base/rules.h"
#include "host/requests.h"

#include <string.h>

enum { FORM_MOST = 256 };

/* What is being checked. */
typedef struct Case {
	Host *host;
	const Run *run;
	const json_t *args, *needs;
	const Url *url;
	GError **error;
} Case;

static bool wrong(const Case *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool wrong(const Case *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(c->error, REQUESTS_ERROR, REQUESTS_ERROR_MISUSE, "perigee.http: %s", text);
	return false;
}

/* A text without a NUL; NULL: something else. */
static const char *plain_text(const json_t *value)
{
	const char *text = json_string_value(value);
	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool has_text(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (g_strcmp0(json_string_value(json_array_get(list, i)), text) == 0)
			return true;
	return false;
}

static bool is_allowed(const Workspace *workspace, const char *place)
{
	for (size_t i = 0; i < json_array_size(workspace->allow_addresses); i++)
		if (g_ascii_strcasecmp(json_string_value(json_array_get(workspace->allow_addresses, i)), place) == 0)
			return true;
	return false;
}

/* ---- accounts -------------------------------------------------------------------------------------------------- */

static const char *const servers[] = { "smtp", "imap" };

static bool is_server(const json_t *server, const char *name)
{
	g_autoptr(GUri) uri = server ? g_uri_parse(value_string(server, "url", ""), G_URI_FLAGS_NONE, NULL) : NULL;
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	if (!host)
		return false;
	g_autofree char *bracketed = strchr(host, ':') ? g_strdup_printf("[%s]", host) : g_strdup(host);
	size_t length = strlen(bracketed);
	if (length && bracketed[length - 1] == '.')
		bracketed[length - 1] = 0;
	return g_ascii_strcasecmp(bracketed, name) == 0;
}

const char *request_server_of(const Workspace *workspace, const char *name, const char *place)
{
	for (guint i = 0; i < workspace->accounts->len; i++) {
		const Account *account = workspace->accounts->pdata[i];
		for (guint k = 0; k < G_N_ELEMENTS(servers); k++)
			if (is_server(json_object_get(account->config, servers[k]), name) && !is_allowed(workspace, place))
				return account->name;
	}
	return NULL;
}

bool request_is_password(const Workspace *workspace, const char *secret)
{
	for (guint i = 0; i < workspace->accounts->len; i++) {
		const Account *account = workspace->accounts->pdata[i];
		for (guint k = 0; k < G_N_ELEMENTS(servers); k++)
			if (g_str_equal(value_string(json_object_get(account->config, servers[k]), "password", ""), secret))
				return true;
	}
	return false;
}

/* An entry of needs.net: "host" means port 443. */
static bool is_account_entry(const Workspace *workspace, const char *entry)
{
	const char *colon = strrchr(entry, ':'), *bracket = strrchr(entry, ']');
	bool has_port = colon && (!bracket || colon > bracket);
	g_autofree char *name = has_port ? g_strndup(entry, (gsize)(colon - entry)) : g_strdup(entry);
	g_autofree char *place = has_port ? g_strdup(entry) : g_strdup_printf("%s:443", entry);
	return request_server_of(workspace, name, place) != NULL;
}

json_t *request_hosts(const Workspace *workspace, const json_t *needs)
{
	const json_t *net = json_object_get(needs, "net");
	json_t *hosts = json_array();
	for (size_t i = 0; i < json_array_size(net); i++) {
		const char *entry = plain_text(json_array_get(net, i));
		if (entry && url_check_entry(entry, NULL) && !is_account_entry(workspace, entry))
			json_array_append(hosts, json_array_get(net, i));
	}
	return hosts;
}

/* ---- the parts of a request ------------------------------------------------------------------------------------ */

static bool check_keys(const Case *c)
{
	static const char *const known[] = { "body", "form", "headers", "idempotency_key", "json", "method", "pick", "secrets", "timeout", "url", NULL };
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)c->args, key, value)
		if (!g_strv_contains(known, key))
			return wrong(c, "unknown key '%.40s'", key);
	return true;
}

static bool is_named(const Case *c)
{
	const json_t *net = json_object_get(c->needs, "net");
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	for (size_t i = 0; i < json_array_size(net); i++)
		if (plain_text(json_array_get(net, i)))
			g_ptr_array_add(list, (void *)json_string_value(json_array_get(net, i)));
	g_ptr_array_add(list, NULL);
	return url_matches((char *const *)list->pdata, c->url);
}

static bool check_url(const Case *c, Url *url)
{
	const char *text = plain_text(json_object_get(c->args, "url"));
	g_autoptr(GError) fault = NULL;
	if (!text)
		return wrong(c, "url: a text without NUL is needed");
	if (!url_parse(text, url, &fault))
		return wrong(c, "url: %s", fault->message);
	g_autofree char *place = url_place(url);
	if (!is_named(c)) {
		bool plain = url->https && url->port == 443;
		log_warn("run %" G_GINT64_FORMAT " of %s asked for a request to %s, which it has not declared", c->run->id, c->run->sequence, place);
		return wrong(c, "url: \"%s\" is not in needs.net of %s: add it there", plain ? url->host : place, c->run->sequence);
	}
	if (!url->https && !is_allowed(c->host->workspace, place))
		return wrong(c, "url: only https; http:// is for an address that perigee.lua allows: allow_addresses = { \"%s\" }", place);
	if (url->is_ip && !is_allowed(c->host->workspace, place))
		return wrong(c, "url: a host's name is needed; a number is for an address that perigee.lua allows: allow_addresses = { \"%s\" }", place);
	const char *account = request_server_of(c->host->workspace, url->host, place);
	if (account)
		return wrong(c, "url: %s is a server of the account \"%s\", and only its driver speaks to it; if scripts may, too, add \"%s\" to "
		             "allow_addresses in perigee.lua", url->host, account, place);
	return true;
}

static bool check_headers(const Case *c)
{
	const json_t *headers = json_object_get(c->args, "headers");
	if (!headers)
		return true;
	if (!json_is_object(headers) || json_object_size(headers) > RULES_HEADERS_MOST)
		return wrong(c, "headers: a table of at most %d is needed", RULES_HEADERS_MOST);
	size_t bytes = 0;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)headers, name, value) {
		bytes += strlen(name) + json_string_length(value);
		const char *fault = rules_header_fault(name, strlen(name));
		if (!fault && !json_is_string(value))
			fault = "the value is no text";
		if (!fault)
			fault = rules_value_fault(json_string_value(value), json_string_length(value));
		if (fault)
			return wrong(c, "headers[\"%.80s\"]: %s", name, fault);
		g_autofree char *lower = g_ascii_strdown(name, -1);
		if (!g_str_equal(lower, name))
			return wrong(c, "headers[\"%.80s\"]: a name in lower case is needed", name);
	}
	return bytes <= RULES_HEADER_BYTES_MOST || wrong(c, "headers: more than %d bytes", RULES_HEADER_BYTES_MOST);
}

/* What the place of a secret may be in a request: wherever it is bound, or this header. */
static bool check_place(const Case *c, const char *name, const char *place)
{
	if (!*place)
		return true;
	const char *header = g_str_has_prefix(place, "header ") ? place + strlen("header ") : "";
	const char *fault = rules_header_fault(header, strlen(header));
	if (fault)
		return wrong(c, "headers[\"%.80s\"]: %s", header, fault);
	g_autofree char *lower = g_ascii_strdown(header, -1);
	if (json_object_get(json_object_get(c->args, "headers"), lower))
		return wrong(c, "headers[\"%.80s\"]: this header stands there twice, once with the secret %s", header, name);
	return true;
}

static bool check_secrets(const Case *c)
{
	const json_t *secrets = json_object_get(c->args, "secrets");
	bool has_auth = false;
	if (json_array_size(secrets) > RULES_SECRETS_MOST)
		return wrong(c, "more than %d secrets", RULES_SECRETS_MOST);
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		const json_t *item = json_array_get(secrets, i);
		const char *name = plain_text(json_object_get(item, "secret")), *place = plain_text(json_object_get(item, "place"));
		const char *fault = !name || !place ? "secrets: a name and a place are needed" : rules_secret_fault(name, strlen(name));
		if (fault)
			return wrong(c, "%s", fault);
		if (!has_text(json_object_get(c->needs, "secret"), name)) {
			log_warn("run %" G_GINT64_FORMAT " of %s asked for a secret that it has not declared", c->run->id, c->run->sequence);
			return wrong(c, "\"%s\" is not in needs.secret of %s: add it there", name, c->run->sequence);
		}
		if (request_is_password(c->host->workspace, name))
			return wrong(c, "the secret \"%s\" is the password of an account, and only its driver may use it; give scripts one of their own", name);
		if (!check_place(c, name, place))
			return false;
		has_auth |= !*place;
	}
	if (c->url->holes > 1)
		return wrong(c, "url: {secret} stands in it more than once");
	if (c->url->holes && !has_auth)
		return wrong(c, "url: it has a place for a {secret}; say which with auth = perigee.secret \"NAME\"");
	return true;
}

static bool check_form(const Case *c, const json_t *form)
{
	if (!json_is_object(form) || json_object_size(form) > FORM_MOST)
		return wrong(c, "form: a table of at most %d fields is needed", FORM_MOST);
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)form, name, value)
		if (!json_is_string(value))
			return wrong(c, "form.%.80s: a text is needed", name);
	return true;
}

static bool check_body(const Case *c, const char *method)
{
	const json_t *body = json_object_get(c->args, "body"), *json = json_object_get(c->args, "json"), *form = json_object_get(c->args, "form");
	int bodies = (body != NULL) + (json != NULL) + (form != NULL);
	if (bodies > 1)
		return wrong(c, "a request has one of body, json and form");
	if (bodies && rules_only_reads(method))
		return wrong(c, "a %s has no body", method);
	if (body && !json_is_string(body))
		return wrong(c, "body: a text is needed");
	return !form || check_form(c, form);
}

/* False: the timeout can't be read. */
static bool read_timeout(const json_t *args, Time *ms, GError **error)
{
	const json_t *timeout = json_object_get(args, "timeout");
	*ms = RULES_TIMEOUT * TIME_SECOND;
	if (json_is_string(timeout))
		return when_span(json_string_value(timeout), ms, error);
	if (json_is_number(timeout) && json_number_value(timeout) >= 0 && json_number_value(timeout) < 1e9)
		*ms = (Time)(json_number_value(timeout) * TIME_SECOND);
	else if (timeout)
		*ms = -1;
	return true;
}

int64_t request_timeout(const json_t *args)
{
	Time ms;
	if (!read_timeout(args, &ms, NULL))
		ms = RULES_TIMEOUT * TIME_SECOND;
	return CLAMP((ms + TIME_SECOND - 1) / TIME_SECOND, 1, RULES_TIMEOUT_MOST);
}

static bool check_rest(const Case *c)
{
	const json_t *pick = json_object_get(c->args, "pick"), *key = json_object_get(c->args, "idempotency_key");
	if (pick && (!json_is_array(pick) || json_array_size(pick) > RULES_PICKS_MOST))
		return wrong(c, "pick: a list of at most %d paths is needed", RULES_PICKS_MOST);
	g_autoptr(GError) error = NULL;
	for (size_t i = 0; i < json_array_size(pick); i++) {
		const char *path = plain_text(json_array_get(pick, i));
		if (!pick_check(path ? path : "", &error))
			return wrong(c, "pick: %s", error->message);
	}
	const char *fault = key && !json_is_string(key) ? "a text is needed"
	                    : key ? rules_key_fault(json_string_value(key), json_string_length(key)) : NULL;
	if (fault)
		return wrong(c, "idempotency_key: %s", fault);
	Time ms;
	if (!read_timeout(c->args, &ms, &error))
		return wrong(c, "timeout: %s", error->message);
	if (ms < TIME_SECOND || ms > RULES_TIMEOUT_MOST * TIME_SECOND)
		return wrong(c, "timeout: from 1 to %d seconds", RULES_TIMEOUT_MOST);
	return true;
}

bool request_check(Host *host, const Run *run, const json_t *args, Url *url, GError **error)
{
	const Case c = { host, run, args, json_object_get(run_declared(host, run), "needs"), url, error };
	const char *method = plain_text(json_object_get(args, "method"));
	if (!method || !rules_has_method(method))
		return wrong(&c, "method: one of GET, HEAD, POST, PUT, PATCH, DELETE is needed");
	return check_keys(&c) && check_url(&c, url) && check_headers(&c) && check_secrets(&c) && check_body(&c, method) && check_rest(&c);
}
