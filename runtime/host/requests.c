/* SPDX-License-Identifier: MIT */
/* Requests of scripts: see requests.h. */
#include "host/requests.h"

#include "base/rules.h"
#include "host/audit.h"
#include "host/request_check.h"
#include "host/versions.h"

#include <string.h>

G_DEFINE_QUARK(perigee-requests-error, requests_error)

enum {
	ATTEMPTS_MOST = 5,           /* a request that net does not survive is given up */
	TEXT_MOST = 300,             /* letters of an error's text */
	ANSWER_MOST = 192 * 1024,    /* bytes in the journal; net cuts off at a third of that */
};

static const char FIND[] = "SELECT run, position, attempts, state, method, host, url, key, boot FROM requests WHERE id = ?";
static const char ADD[] = "INSERT INTO requests (run, position, state, method, host, url, key, at) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?)";
static const char UNDER_WAY[] =
	"SELECT j.args FROM requests r JOIN journal j ON j.run = r.run AND j.position = r.position AND j.kind = 'http' AND j.answer IS NULL"
	" WHERE r.run = ? ORDER BY r.id DESC LIMIT 1";
static const char EARLIER[] = "SELECT count(*) FROM requests WHERE run = ? AND position = ?";
static const char QUEUED[] = "SELECT id FROM requests WHERE state = 'queued' ORDER BY id LIMIT ?";
static const char OPEN[] = 
	"SELECT 1 FROM requests WHERE state = 'queued' UNION ALL SELECT 1 FROM requests WHERE state = 'handed' LIMIT 1";
static const char ARGS[] = "SELECT args FROM journal WHERE run = ? AND position = ? AND kind = 'http' AND answer IS NULL";
static const char HAND[] =
	"UPDATE requests SET state = 'handed', handed_at = ?, boot = ?, attempts = attempts + 1 WHERE id = ? AND state = 'queued'";
static const char AGAIN[] = "UPDATE requests SET state = 'queued', handed_at = NULL, boot = NULL WHERE id = ?";
static const char CLOSE[] = "UPDATE requests SET state = ?, done_at = ?, status = nullif(?, 0), error = ? WHERE id = ?";
static const char WITHDRAW[] = "UPDATE requests SET state = 'withdrawn', done_at = ? WHERE run = ? AND state = 'queued'";
static const char UNWITHDRAW[] =
	"UPDATE requests SET state = 'queued', done_at = NULL WHERE run = ?1 AND state = 'withdrawn'"
	" AND position = (SELECT position FROM journal WHERE run = ?1 AND answer IS NULL AND kind = 'http')";
static const char RESOLVE[] = "UPDATE requests SET state = 'resolved' WHERE id = ?";
static const char VERSIONS[] =
	"SELECT version FROM scripts UNION SELECT version FROM runs WHERE state IN ('ready', 'waiting', 'sending')";

bool request_load(Host *host, int64_t id, Request *request)
{
	*request = (Request){ .id = id };
	Rows *rows = db_query(host->db, FIND, "i", id);
	if (!rows_next(rows))
		return false;
	request->run = rows_int(rows, 0);
	request->position = rows_int(rows, 1);
	request->attempts = rows_int(rows, 2);
	char **texts[] = { &request->state, &request->method, &request->host, &request->url, &request->key, &request->boot };
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		*texts[i] = g_strdup(rows_text(rows, 3 + i));
	rows_done(rows);
	return true;
}

void request_clear(Request *request)
{
	char *texts[] = { request->state, request->method, request->host, request->url, request->key, request->boot };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	*request = (Request){ 0 };
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/* RUN-STEP-DATABASE: two databases that speak to one server never share a key. A run that was restarted comes to the same step
 * again, with another request. */
static char *make_key(Host *host, int64_t run, int64_t position)
{
	g_autofree char *database = db_meta(host->db, "requests_id");
	if (!database) {
		database = g_strdup_printf("%08X", (unsigned)(host_random(host) >> 32));
		db_set_meta(host->db, "requests_id", database);
	}
	int64_t earlier = db_int(host->db, 0, EARLIER, "ii", run, position);
	g_autofree char *again = earlier ? g_strdup_printf("-%" G_GINT64_FORMAT, earlier + 1) : g_strdup("");
	return g_strdup_printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "-%s%s", run, position, database, again);
}

bool requests_queue(Host *host, const Run *run, int64_t position, const json_t *args, GError **error)
{
	Url url;
	if (!request_check(host, run, args, &url, error))
		return false;
	host_write(host);
	g_autofree char *key = make_key(host, run->id, position);
	db_run(host->db, ADD, "iissssi", run->id, position, value_string(args, "method", ""), url.host, value_string(args, "url", ""), key, host_now(host));
	return true;
}

GArray *requests_queued(Host *host, int most)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = most > 0 ? db_query(host->db, QUEUED, "i", (int64_t)most) : NULL;
	while (rows && rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	return ids;
}

bool requests_open(Host *host)
{
	return db_int(host->db, 0, OPEN, "") != 0;
}

GHashTable *requests_secrets(Host *host)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) versions = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(host->db, VERSIONS, "");
	while (rows_next(rows))
		g_ptr_array_add(versions, g_strdup(rows_text(rows, 0)));
	for (guint i = 0; i < versions->len; i++) {
		const json_t *needs = json_object_get(versions_declared(host, versions->pdata[i]), "needs");
		const json_t *secrets = json_object_get(needs, "net") ? json_object_get(needs, "secret") : NULL;
		for (size_t k = 0; k < json_array_size(secrets); k++) {
			const char *name = json_string_value(json_array_get(secrets, k));
			if (name && !rules_secret_fault(name, json_string_length(json_array_get(secrets, k))) && !request_is_password(host->workspace, name))
				g_hash_table_add(names, g_strdup(name));
		}
	}
	return names;
}

json_t *requests_asked(Host *host, int64_t run)
{
	g_autofree char *text = db_text(host->db, UNDER_WAY, "i", run);
	return text ? value_parse(text, -1, NULL) : NULL;
}

/* ---- handing over ---------------------------------------------------------------------------------------------- */

static void append_escaped(GString *out, const json_t *text)
{
	const char *at = json_string_value(text), *end = at + json_string_length(text);
	for (; at < end; at++) {
		if (g_ascii_isalnum(*at) || (*at && strchr("*-._", *at)))
			g_string_append_c(out, *at);
		else if (*at == ' ')
			g_string_append_c(out, '+');
		else
			g_string_append_printf(out, "%%%02X", (unsigned char)*at);
	}
}

/* As a browser sends it: application/x-www-form-urlencoded. */
static char *form_text(const json_t *form)
{
	GString *out = g_string_new(NULL);
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)form, name, value) {
		g_autoptr(json_t) key = json_string(name);
		if (out->len)
			g_string_append_c(out, '&');
		append_escaped(out, key);
		g_string_append_c(out, '=');
		append_escaped(out, value);
	}
	return g_string_free(out, FALSE);
}

/* Sets body and its content-type in what net is told. */
static void add_body(json_t *what, json_t *headers, const json_t *args)
{
	const json_t *body = json_object_get(args, "body"), *json = json_object_get(args, "json"), *form = json_object_get(args, "form");
	if (!body && !json && !form)
		return;
	const char *type = json ? "application/json" : form ? "application/x-www-form-urlencoded" : "text/plain; charset=utf-8";
	g_autofree char *text = json ? value_text(json) : form ? form_text(form) : NULL;
	json_object_set_new(what, "body", text ? json_string(text) : json_incref((json_t *)body));
	if (!json_object_get(headers, "content-type"))
		json_object_set_new(headers, "content-type", json_string(type));
}

/* The text of N_REQUEST. */
static char *wire_text(Host *host, const Request *request, const Run *run, const json_t *args)
{
	const json_t *pick = json_object_get(args, "pick"), *secrets = json_object_get(args, "secrets"), *given = json_object_get(args, "headers");
	const json_t *needs = json_object_get(run_declared(host, run), "needs");
	g_autoptr(json_t) headers = given ? json_copy((json_t *)given) : json_object();
	g_autoptr(json_t) what = json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "key", request->key, "method", request->method, "url", request->url,
	                                   "timeout", (json_int_t)request_timeout(args), "hosts", request_hosts(host->workspace, needs),
	                                   "secrets", secrets ? json_incref((json_t *)secrets) : json_array(),
	                                   "pick", pick ? json_incref((json_t *)pick) : json_array());
	add_body(what, headers, args);
	const char *key = value_string(args, "idempotency_key", NULL);
	if (key || !rules_only_reads(request->method))
		json_object_set_new(headers, "idempotency-key", json_string(key ? key : request->key));
	json_object_set(what, "headers", headers);
	return value_text(what);
}

static void audit(Host *host, const Request *request, const Run *run, const json_t *args)
{
	const json_t *secrets = json_object_get(args, "secrets");
	for (size_t i = 0; i < json_array_size(secrets); i++)
		audit_use(host, &(SecretUse){ .secret = value_string(json_array_get(secrets, i), "secret", ""), .host = request->host,
		                              .script = run->sequence, .run = run->id });
}

GPtrArray *requests_named(Host *host, int64_t id)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_auto(Request) request = { 0 };
	g_autofree char *text = request_load(host, id, &request) ? db_text(host->db, ARGS, "ii", request.run, request.position) : NULL;
	g_autoptr(json_t) args = text && strstr(text, "\"secrets\"") ? value_parse(text, -1, NULL) : NULL;
	const json_t *secrets = json_object_get(args, "secrets");
	for (size_t i = 0; i < json_array_size(secrets); i++)
		g_ptr_array_add(names, g_strdup(value_string(json_array_get(secrets, i), "secret", "")));
	return names;
}

char *requests_hand(Host *host, int64_t id)
{
	g_auto(Request) request = { 0 };
	g_auto(Run) run = { 0 };
	if (!request_load(host, id, &request) || !g_str_equal(request.state, "queued"))
		return NULL;
	g_autofree char *text = db_text(host->db, ARGS, "ii", request.run, request.position);
	g_autoptr(json_t) args = text ? value_parse(text, -1, NULL) : NULL;
	host_write(host);
	if (!args || !run_load(host, request.run, &run)) { /* its journal is gone: nobody waits for it */
		db_run(host->db, WITHDRAW, "ii", host_now(host), request.run);
		return NULL;
	}
	db_run(host->db, HAND, "isi", host_now(host), host->boot, id);
	audit(host, &request, &run, args);
	return wire_text(host, &request, &run, args);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* Closes the request and answers its run. Takes results. */
static void finish(Host *host, const Request *request, const char *state, int64_t status, const char *error, json_t *results)
{
	g_autoptr(json_t) owned = results;
	host_write(host);
	db_run(host->db, CLOSE, "siisi", state, host_now(host), status, error, request->id);
	g_auto(Run) run = { 0 };
	if (!run_load(host, request->run, &run))
		return;
	g_autofree char *words = status ? g_strdup_printf("%s %s: %d", request->method, request->url, (int)status)
	                                : g_strdup_printf("%s %s: %s", request->method, request->url, error);
	const char *code = json_string_value(json_array_get(owned, 2));
	json_t *event = json_pack("{s:s, s:s, s:s, s:s*, s:s}", "event", "request", "method", request->method, "url", request->url, "code", code,
	                          "text", words);
	if (status)
		json_object_set_new(event, "status", json_integer(status));
	host_see(host, event, run.contact, run.id);
	runs_answer(host, request->run, request->position, json_pack("{s:O}", "r", owned));
}

/* One line of plain letters, short enough for a journal. */
static char *clean(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, TEXT_MOST * 4));
	char *cut = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), TEXT_MOST));
	for (char *c = cut; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	return cut;
}

static void fail(Host *host, const Request *request, const char *code, const char *text)
{
	g_autofree char *plain = clean(text);
	bool unknown = g_str_equal(code, "unknown");
	if (unknown)
		log_warn("request r%" G_GINT64_FORMAT " (%s to %s) of run %" G_GINT64_FORMAT " may have been carried out: `perigee messages --state unknown`",
		         request->id, request->method, request->host, request->run);
	finish(host, request, unknown ? "unknown" : "failed", 0, plain, json_pack("[n, s, s]", plain, code));
}

/* What a script gets: the members it knows, of the types it expects. NULL: malformed. */
static json_t *sound_answer(const json_t *said, int64_t *status)
{
	const json_t *headers = json_object_get(said, "headers"), *body = json_object_get(said, "body"), *json = json_object_get(said, "json");
	*status = value_integer(said, "status", 0);
	bool good = *status >= 100 && *status <= 999 && (!headers || json_is_object(headers)) && (!body || json_is_string(body) || json_is_null(body));
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)headers, name, value)
		good = good && json_is_string(value);
	if (!good)
		return NULL;
	json_t *answer = json_pack("{s:I, s:o}", "status", (json_int_t)*status, "headers", headers ? json_incref((json_t *)headers) : json_object());
	if (json_is_string(body))
		json_object_set(answer, "body", (json_t *)body);
	if (json)
		json_object_set(answer, "json", (json_t *)json);
	if (value_true(said, "binary"))
		json_object_set_new(answer, "binary", json_true());
	return answer;
}

bool requests_answer(Host *host, int64_t id, const char *code, const char *text, const char *json)
{
	static const char *const codes[] = { "refused", "invalid", "unreachable", "timeout", "limit", "unknown", NULL };
	g_auto(Request) request = { 0 };
	g_autoptr(json_t) said = *code ? NULL : value_parse(json, -1, NULL);
	int64_t status = 0;
	json_t *answer = *code ? NULL : sound_answer(said, &status);
	if (*code ? !g_strv_contains(codes, code) : !answer)
		return false;
	if (!request_load(host, id, &request) || !g_str_equal(request.state, "handed")) {
		json_decref(answer);
	} else if (*code) {
		fail(host, &request, code, text);
	} else if (strlen(json) > ANSWER_MOST) {
		json_decref(answer);
		fail(host, &request, "limit", "the answer is too large for the journal; name what you need of it with pick");
	} else {
		finish(host, &request, "answered", status, NULL, json_pack("[o]", answer));
	}
	return true;
}

/* ---- settling -------------------------------------------------------------------------------------------------- */

void requests_settle(Host *host, int64_t id, SettledState state, bool same_boot, uint32_t code)
{
	g_auto(Request) request = { 0 };
	if (!request_load(host, id, &request) || !g_str_equal(request.state, "handed"))
		return;
	/* After a power cut a line that is missing proves nothing. */
	bool never_left = state == SETTLED_NONE && same_boot;
	host_write(host);
	if (!never_left && !rules_only_reads(request.method)) {
		g_autofree char *text = state == SETTLED_ANSWER
			? g_strdup_printf("it was carried out (status %u), but perigee was stopped before the answer was recorded", code)
			: g_strdup("perigee was stopped while the request was under way: it may have been carried out");
		fail(host, &request, "unknown", text);
	} else if (request.attempts >= ATTEMPTS_MOST) {
		fail(host, &request, "unreachable", "net ended again and again while it worked on the request");
	} else {
		db_run(host->db, AGAIN, "i", id);
	}
}

/* ---- from elsewhere -------------------------------------------------------------------------------------------- */

void requests_withdraw_run(Host *host, int64_t run)
{
	host_write(host);
	db_run(host->db, WITHDRAW, "ii", host_now(host), run);
}

void requests_unwithdraw(Host *host, int64_t run)
{
	host_write(host);
	db_run(host->db, UNWITHDRAW, "i", run);
}

bool requests_resolve(Host *host, int64_t id, GError **error)
{
	g_auto(Request) request = { 0 };
	if (!request_load(host, id, &request)) {
		g_set_error(error, REQUESTS_ERROR, REQUESTS_ERROR_UNKNOWN, "no request r%" G_GINT64_FORMAT ": `perigee messages --state unknown` lists them", id);
		return false;
	}
	if (!g_str_equal(request.state, "unknown")) {
		g_set_error(error, REQUESTS_ERROR, REQUESTS_ERROR_STATE, "request r%" G_GINT64_FORMAT " is %s: only one whose outcome is unknown can be resolved",
		            id, request.state);
		return false;
	}
	host_write(host);
	db_run(host->db, RESOLVE, "i", id);
	return true;
}
