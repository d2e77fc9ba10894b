/* SPDX-License-Identifier: MIT */
/* A server's answer: see answer.h. */
#include "net/answer.h"

#include <sodium.h>
#include <string.h>

#include "base/pick.h"
#include "base/value.h"
#include "net/guard.h"
#include "net/request.h"

static void wipe(gpointer data)
{
	GString *text = data;
	sodium_memzero(text->str, text->len);
	g_string_free(text, TRUE);
}

Answer *answer_new(void)
{
	Answer *answer = g_new0(Answer, 1);
	answer->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wipe);
	answer->body = g_string_new(NULL);
	return answer;
}

void answer_free(Answer *answer)
{
	if (!answer)
		return;
	g_hash_table_unref(answer->headers);
	wipe(answer->body);
	g_free(answer->last);
	g_free(answer);
}

const char *answer_header(const Answer *answer, const char *name)
{
	const GString *value = g_hash_table_lookup(answer->headers, name);
	return value ? value->str : NULL;
}

/* ---- collecting ---- */

static void begin(Answer *answer, const char *line)
{
	const char *space = strchr(line, ' ');
	answer->status = space ? (unsigned)g_ascii_strtoull(space + 1, NULL, 10) : 0;
	g_hash_table_remove_all(answer->headers);
	g_clear_pointer(&answer->last, g_free);
}

static void add(Answer *answer, const char *name, const char *value, const char *between)
{
	GString *old = g_hash_table_lookup(answer->headers, name);
	if (old)
		g_string_append_printf(old, "%s%s", between, value);
	else
		g_hash_table_insert(answer->headers, g_strdup(name), g_string_new(value));
}

bool answer_take_header(Answer *answer, const char *bytes, size_t size)
{
	answer->header_bytes += size;
	if (answer->header_bytes > ANSWER_HEADERS_MOST)
		return false;
	if (answer->headers_over)
		return true;
	g_autofree char *line = g_strchomp(g_strndup(bytes, size));
	char *colon = strchr(line, ':');
	if (g_str_has_prefix(line, "HTTP/")) {
		begin(answer, line);
	} else if (!*line) {
		answer->headers_over = answer->status >= 200;
	} else if ((*line == ' ' || *line == '\t') && answer->last) { /* a folded line (RFC 9112, 5.2) */
		add(answer, answer->last, g_strchug(line), " ");
	} else if (colon) {
		*colon = 0;
		g_free(answer->last);
		answer->last = guard_is_token(line) ? g_ascii_strdown(line, -1) : NULL;
		if (answer->last)
			add(answer, answer->last, g_strchug(colon + 1), ", ");
	}
	return true;
}

bool answer_take_body(Answer *answer, const char *bytes, size_t size)
{
	if (size > ANSWER_BODY_MOST - answer->body->len)
		return false;
	g_string_append_len(answer->body, bytes, (gssize)size);
	return true;
}

/* ---- for the script ---- */

static bool is_json(const Answer *answer)
{
	const char *type = answer_header(answer, "content-type");
	if (!type)
		return false;
	g_autofree char *media = g_ascii_strdown(type, (gssize)strcspn(type, "; \t,"));
	return strcmp(media, "application/json") == 0 || strcmp(media, "text/json") == 0 ||
	       (strchr(media, '/') && g_str_has_suffix(media, "+json"));
}

static json_t *headers_value(const Answer *answer, const Scrub *scrub)
{
	json_t *headers = json_object();
	GHashTableIter iter;
	gpointer name, value;
	g_hash_table_iter_init(&iter, answer->headers);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		const GString *text = value;
		g_autofree char *clean_name = scrub_text(scrub, name, strlen(name), NULL);
		g_autofree char *clean = scrub_text(scrub, text->str, text->len, NULL);
		g_autofree char *valid = g_utf8_make_valid(clean, -1);
		json_object_set_new(headers, clean_name, json_string(valid));
	}
	return headers;
}

static bool too_large(const Answer *answer, size_t size, GError **error)
{
	return request_fail(error, REQUEST_ERROR_LIMIT, "the answer (status %u) makes %zu bytes of JSON, and a script may have %u; name the parts that "
	                    "you need, as in pick = { \"data.items[0].id\" }", answer->status, size, ANSWER_MOST);
}

/* Only what can be handed on is searched for secrets: that takes a while. */
static bool add_body(json_t *value, const Answer *answer, const Scrub *scrub, char *const *pick, GError **error)
{
	size_t size;
	const GString *raw = answer->body;
	g_autoptr(json_t) utf8 = json_stringn(raw->str, raw->len); /* NULL if it is none */
	if (!utf8 || (pick && !is_json(answer))) {
		if (!utf8 && !pick)
			json_object_set_new(value, "binary", json_true());
		return true;
	}
	if (!pick && raw->len > ANSWER_MOST)
		return too_large(answer, raw->len, error);
	g_autofree char *body = scrub_text(scrub, raw->str, raw->len, &size);
	g_autoptr(json_t) parsed = is_json(answer) ? value_parse(body, (gssize)size, NULL) : NULL;
	if (!pick)
		json_object_set_new(value, "body", json_stringn(body, size));
	if (parsed) {
		g_autoptr(json_t) clean = scrub_value(scrub, parsed); /* what only the reading of it has put together */
		json_object_set_new(value, "json", pick ? pick_all(clean, pick) : json_incref(clean));
	}
	return true;
}

char *answer_text(const Answer *answer, const Scrub *scrub, char *const *pick, GError **error)
{
	g_autoptr(json_t) value = json_object();
	json_object_set_new(value, "status", json_integer(answer->status));
	json_object_set_new(value, "headers", headers_value(answer, scrub));
	if (!add_body(value, answer, scrub, pick, error))
		return NULL;
	g_autofree char *text = value_text(value);
	if (strlen(text) > ANSWER_MOST) {
		too_large(answer, strlen(text), error);
		return NULL;
	}
	return g_steal_pointer(&text);
}
