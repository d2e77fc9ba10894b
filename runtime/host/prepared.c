/* SPDX-License-Identifier: MIT */
/* Prepared answers: see prepared.h. */
#include "host/prepared.h"

#include "base/pick.h"
#include "host/pretend.h"
#include "host/requests.h"

#include <string.h>

typedef struct Answer {
	char *method, *url; /* url: exact, or what it begins with and a * */
	char *code, *text;  /* of a failure; code "" : there is an answer */
	json_t *answer;     /* {"status","headers","body" or "json"} */
	bool used;
} Answer;

struct Prepared {
	GPtrArray *answers; /* Answer, in the order they were given */
};

static void answer_free(void *data)
{
	Answer *p = data;
	g_free(p->method);
	g_free(p->url);
	g_free(p->code);
	g_free(p->text);
	json_decref(p->answer);
	g_free(p);
}

Prepared *prepared_new(void)
{
	Prepared *prepared = g_new0(Prepared, 1);
	prepared->answers = g_ptr_array_new_with_free_func(answer_free);
	return prepared;
}

void prepared_free(Prepared *prepared)
{
	g_ptr_array_unref(prepared->answers);
	g_free(prepared);
}

static bool bad_answer(GError **error, const char *text)
{
	g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "t:http: %s", text);
	return false;
}

bool prepared_add(Prepared *prepared, const json_t *what, GError **error)
{
	static const char *const codes[] = { "refused", "invalid", "unreachable", "timeout", "limit", "unknown", NULL };
	const char *method = value_string(what, "method", "GET"), *url = value_string(what, "url", ""), *code = value_string(what, "error", "");
	const json_t *headers = json_object_get(what, "headers"), *body = json_object_get(what, "body"), *json = json_object_get(what, "json");
	int64_t status = value_integer(what, "status", 200);
	if (!*url)
		return bad_answer(error, "url is missing");
	if (*code && !g_strv_contains(codes, code))
		return bad_answer(error, "error is one of refused, invalid, unreachable, timeout, limit, unknown");
	if (status < 100 || status > 999)
		return bad_answer(error, "status is a number from 100 to 999");
	if (body && json)
		return bad_answer(error, "body and json are both given");
	g_autofree char *text = json ? value_text(json) : NULL;
	Answer *p = g_new0(Answer, 1);
	*p = (Answer){ .method = g_strdup(method), .url = g_strdup(url), .code = g_strdup(code) };
	p->text = *code ? g_strdup(value_string(what, "text", "the test says so")) : g_strdup("");
	p->answer = json_pack("{s:I, s:o, s:o, s:O*}", "status", (json_int_t)status, "headers", headers ? json_incref((json_t *)headers) : json_object(),
	                      "body", body ? json_incref((json_t *)body) : json_string(text ? text : ""), "json", json);
	g_ptr_array_add(prepared->answers, p);
	return true;
}

static bool serves(const Answer *p, const Request *request)
{
	size_t length = strlen(p->url);
	bool prefix = p->url[length - 1] == '*';
	return g_str_equal(p->method, request->method) &&
	       (prefix ? strncmp(p->url, request->url, length - 1) == 0 : g_str_equal(p->url, request->url));
}

/* The first that has not served yet, else the last one once more; NULL: none was prepared. */
static Answer *find_answer(const Prepared *prepared, const Request *request)
{
	const GPtrArray *all = prepared->answers;
	Answer *found = NULL;
	for (guint i = 0; i < all->len && (!found || found->used); i++)
		if (serves(all->pdata[i], request))
			found = all->pdata[i];
	return found;
}

/* As net does it: with pick the answer has no body, and of JSON only what was named. */
static json_t *pick_of(const Answer *p, const json_t *paths)
{
	const json_t *json = json_object_get(p->answer, "json");
	if (!json_array_size(paths))
		return json_incref(p->answer);
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	for (size_t i = 0; i < json_array_size(paths); i++)
		g_ptr_array_add(list, (void *)json_string_value(json_array_get(paths, i)));
	g_ptr_array_add(list, NULL);
	json_t *answer = json_copy(p->answer);
	json_object_del(answer, "body");
	if (json)
		json_object_set_new(answer, "json", pick_all(json, (char *const *)list->pdata));
	return answer;
}

static void answer_request(Host *host, const Prepared *prepared, int64_t id)
{
	g_auto(Request) request = { 0 };
	g_autofree char *wire = requests_hand(host, id);
	if (!wire || !request_load(host, id, &request))
		return;
	Answer *p = find_answer(prepared, &request);
	if (!p) {
		g_autofree char *text = g_strdup_printf("no answer was prepared for %s %s (t:http in a test)", request.method, request.url);
		requests_answer(host, id, "unreachable", text, "");
		return;
	}
	p->used = true;
	g_autoptr(json_t) asked = value_parse(wire, -1, NULL), picked = pick_of(p, json_object_get(asked, "pick"));
	g_autofree char *answer = value_text(picked);
	if (!requests_answer(host, id, p->code, p->text, answer))
		requests_answer(host, id, "invalid", "the answer that the test prepared is malformed: headers hold texts", "");
}

void prepared_turn(Host *host, Prepared *prepared)
{
	g_autoptr(GArray) ids = requests_queued(host, 256);
	for (guint i = 0; i < ids->len; i++)
		answer_request(host, prepared, g_array_index(ids, int64_t, i));
}
