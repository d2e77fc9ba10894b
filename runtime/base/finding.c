/* SPDX-License-Identifier: MIT */
/* Findings: see finding.h. */
#include "base/finding.h"

static const char *const words[] = {
#define X(name, text) text,
	FINDING_STATES(X)
#undef X
};

const char *finding_word(FindingState state)
{
	return words[state];
}

FindingState finding_state(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_strcmp0(word, words[i]) == 0)
			return (FindingState)i;
	return FINDING_FAIL;
}

void finding_add(json_t *rows, const char *name, FindingState state, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	json_t *row = json_object();
	json_object_set_new(row, "name", json_string(name));
	json_object_set_new(row, "state", json_string(words[state]));
	json_object_set_new(row, "text", json_string(text));
	json_array_append_new(rows, row);
}
