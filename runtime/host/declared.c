/* SPDX-License-Identifier: MIT */
/* What perigee.lua declares, read with care: see declared.h. */
#include "host/declared.h"

#include <string.h>

#include "host/workspace.h"

#define LONGEST_TEXT 1000

bool declared_wrong(const Declared *reader, const char *key, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(reader->error, WORKSPACE_ERROR, WORKSPACE_ERROR_INVALID, "perigee.lua: %s: %s%s%s", reader->where,
	            key ? key : "", key ? ": " : "", text);
	return false;
}

bool declared_has_controls(const char *text)
{
	for (; *text; text++)
		if (g_ascii_iscntrl(*text))
			return true;
	return false;
}

static bool is_fit(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= LONGEST_TEXT &&
	       strlen(json_string_value(value)) == json_string_length(value) && !declared_has_controls(json_string_value(value));
}

const json_t *declared_member(const Declared *reader, const char *key)
{
	const json_t *value = json_object_get(reader->object, key);
	return json_is_null(value) ? NULL : value;
}

bool declared_text(const Declared *reader, const char *key, const char **text)
{
	const json_t *value = declared_member(reader, key);
	if (!value)
		return true;
	if (!is_fit(value))
		return declared_wrong(reader, key, "must be a line of text of at most %d characters", LONGEST_TEXT);
	*text = json_string_value(value);
	return true;
}

bool declared_number(const Declared *reader, const char *key, double least, double most, double *number)
{
	const json_t *value = declared_member(reader, key);
	if (!value)
		return true;
	if (!json_is_number(value) || json_number_value(value) < least || json_number_value(value) > most)
		return declared_wrong(reader, key, "must be a number from %g to %g", least, most);
	*number = json_number_value(value);
	return true;
}

bool declared_count(const Declared *reader, const char *key, int least, int *count)
{
	double number = *count;
	if (!declared_number(reader, key, least, 1000000, &number))
		return false;
	*count = (int)number;
	return number == (double)*count || declared_wrong(reader, key, "must be a whole number");
}

/* A table inside this one; an empty one may come as a list, as Lua knows no difference. */
bool declared_table(const Declared *reader, const char *key, const json_t **table)
{
	const json_t *value = declared_member(reader, key);
	*table = value;
	if (json_is_array(value) && json_array_size(value) == 0)
		*table = NULL;
	return !*table || json_is_object(*table) || declared_wrong(reader, key, "must be a table");
}

bool declared_list(const Declared *reader, const char *key, const json_t **list)
{
	const json_t *value = declared_member(reader, key);
	*list = value;
	if (json_is_object(value) && json_object_size(value) == 0)
		*list = NULL;
	if (!*list)
		return true;
	size_t i;
	json_t *item;
	bool good = json_is_array(value);
	json_array_foreach(value, i, item)
		good = good && is_fit(item);
	return good || declared_wrong(reader, key, "must be a list of texts");
}
