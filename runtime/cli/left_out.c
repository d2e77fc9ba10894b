/* SPDX-License-Identifier: MIT */
/* Scripts that are left out: see left_out.h. */
#include "cli/left_out.h"

#include "host/versions.h"

#include <string.h>

typedef struct Script {
	char *path, *text;
} Script;

struct LeftOut {
	GPtrArray *scripts; /* Script */
	GPtrArray *untaken; /* words: "message", "signal:NAME", "enrol:SEQUENCE", "hook:NAME" */
};

static void script_free(void *data)
{
	Script *script = data;
	g_free(script->path);
	g_free(script->text);
	g_free(script);
}

LeftOut *left_out_new(void)
{
	LeftOut *left = g_new0(LeftOut, 1);
	left->scripts = g_ptr_array_new_with_free_func(script_free);
	left->untaken = g_ptr_array_new_with_free_func(g_free);
	return left;
}

void left_out_free(LeftOut *left)
{
	if (!left)
		return;
	g_ptr_array_unref(left->scripts);
	g_ptr_array_unref(left->untaken);
	g_free(left);
}

void left_out_add(LeftOut *left, const char *path, const char *text)
{
	Script *script = g_new0(Script, 1);
	*script = (Script){ g_strdup(path), g_strdup(text) };
	g_ptr_array_add(left->scripts, script);
}

void left_out_untaken(LeftOut *left, const json_t *event)
{
	const char *kind = value_string(event, "kind", "");
	if (g_str_equal(kind, "enrol"))
		g_ptr_array_add(left->untaken, g_strconcat("enrol:", value_string(event, "sequence", ""), NULL));
	else
		g_ptr_array_add(left->untaken, g_strdup(g_str_equal(kind, "reply") ? "message" : kind));
}

void left_out_no_hook(LeftOut *left, const char *hook)
{
	g_ptr_array_add(left->untaken, g_strconcat("hook:", hook, NULL));
}

static bool starts_on(Host *host, const char *path, const json_t *declared, const char *word)
{
	const json_t *events = json_object_get(declared, "starts_on");
	for (size_t i = 0; i < json_array_size(events); i++)
		if (g_strcmp0(json_string_value(json_array_get(events, i)), word) == 0)
			return true;
	g_autoptr(Program) program = declared ? NULL : versions_read(host, path, NULL);
	const char *source = program ? program->sources->pdata[0] : "";
	return strstr(source, "starts_on") && strstr(source, word);
}

static bool would_take(Host *host, const char *path, const char *word)
{
	bool enrol = g_str_has_prefix(word, "enrol:"), hook = g_str_has_prefix(word, "hook:");
	if (!g_str_has_prefix(path, hook ? "hooks/" : "sequences/"))
		return false;
	g_autoptr(json_t) declared = versions_claims(host, path);
	if (!enrol && !hook)
		return starts_on(host, path, declared, word);
	g_autofree char *file = g_path_get_basename(path), *name = g_strndup(file, strlen(file) - strlen(".lua"));
	return g_str_equal(value_string(declared, "name", name), strchr(word, ':') + 1);
}

char *left_out_fault(LeftOut *left, Host *host)
{
	char *fault = NULL;
	for (guint i = 0; i < left->untaken->len; i++)
		for (guint k = 0; !fault && k < left->scripts->len; k++) {
			const Script *script = left->scripts->pdata[k];
			if (would_take(host, script->path, left->untaken->pdata[i]))
				fault = g_strdup(script->text);
		}
	g_ptr_array_set_size(left->untaken, 0);
	return fault;
}

const char *left_out_text(const LeftOut *left, guint i)
{
	return i < left->scripts->len ? ((const Script *)left->scripts->pdata[i])->text : NULL;
}
