/* SPDX-License-Identifier: MIT */
/* What is said about a contact, taken apart and checked: see contact_change.h. Writing it is contact_write.c. */
#include "host/contact_change.h"

#include <string.h>

const char *const CONTACT_ATTRIBUTE_NAMES[] = {
#define X(name, text) text,
	CONTACT_ATTRIBUTES(X)
#undef X
	NULL
};

#define ID_BYTES 128
#define LABEL_BYTES 100
#define FIELD_NAME_BYTES 100

static void address_free(void *data)
{
	Address *address = data;
	g_free(address->channel);
	g_free(address->address);
	g_free(address->norm);
	g_free(address);
}

void contact_change_init(ContactChange *change)
{
	*change = (ContactChange){ .addresses = g_ptr_array_new_with_free_func(address_free), .labels = g_ptr_array_new_with_free_func(g_free) };
}

void contact_change_reset(ContactChange *change)
{
	g_clear_pointer(&change->id, g_free);
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++) {
		g_clear_pointer(&change->attributes[i], g_free);
		change->given[i] = false;
	}
	g_ptr_array_set_size(change->addresses, 0);
	g_ptr_array_set_size(change->labels, 0);
	change->labels_given = change->shared = false;
	g_clear_pointer(&change->fields, json_decref);
}

void contact_change_clear(ContactChange *change)
{
	contact_change_reset(change);
	g_ptr_array_unref(change->addresses);
	g_ptr_array_unref(change->labels);
}

static int attribute_index(const char *word)
{
	for (int i = 0; i < CONTACT_ATTRIBUTE_COUNT; i++)
		if (strcmp(word, CONTACT_ATTRIBUTE_NAMES[i]) == 0)
			return i;
	return -1;
}

const char *contact_change_known(const char *word)
{
	static const struct { const char *written, *meant; } OTHERS[] = {
		{ "id", "id" }, { "labels", "labels" }, { "tags", "labels" }, { "label", "labels" }, { "tag", "labels" },
		{ "e_mail", "email" }, { "shared_address", "shared_address" },
	};
	g_autofree char *key = g_ascii_strdown(word, -1);
	g_strdelimit(key, " -", '_');
	int attribute = attribute_index(key);
	if (attribute >= 0)
		return CONTACT_ATTRIBUTE_NAMES[attribute];
	for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++)
		if (strcmp(key, OTHERS[i].written) == 0)
			return OTHERS[i].meant;
	return contacts_is_channel(key) ? g_intern_string(key) : NULL;
}

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (error)
		*error = g_error_new_valist(CONTACTS_ERROR, CONTACTS_ERROR_INVALID, format, args);
	va_end(args);
	return false;
}

/* Trimmed, and runs of spaces, line breaks and control characters as one space: these texts go into headers and tables. */
static char *single_line(const char *text)
{
	GString *line = g_string_new(NULL);
	bool gap = false;
	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (c == ' ' || c == 0x2028 || c == 0x2029 || g_unichar_iscntrl(c)) {
			gap = true;
			continue;
		}
		if (gap && line->len > 0)
			g_string_append_c(line, ' ');
		gap = false;
		g_string_append_unichar(line, c);
	}
	return g_string_free(line, FALSE);
}

/* ---- the parts -------------------------------------------------------------------------------------------------- */

static bool take_id(ContactChange *change, const char *text, GError **error)
{
	g_autofree char *id = g_strstrip(g_strdup(text));
	if (strlen(id) > ID_BYTES)
		return invalid(error, "the id is longer than %d bytes", ID_BYTES);
	for (const char *p = id; *p; p = g_utf8_next_char(p))
		if (!g_unichar_isprint(g_utf8_get_char(p)))
			return invalid(error, "the id holds an invisible character");
	g_free(change->id);
	change->id = *id ? g_steal_pointer(&id) : NULL;
	return true;
}

static bool take_stage(Host *host, const char *stage, GError **error)
{
	if (!*stage)
		return invalid(error, "a contact always has a stage");
	if (!host->workspace || workspace_has_stage(host->workspace, stage))
		return true;
	g_autofree char *stages = g_strjoinv(", ", host->workspace->stages);
	return invalid(error, "unknown stage '%s' (the workspace has %s)", stage, stages);
}

static bool take_zone(Host *host, const char *zone, GError **error)
{
	/* The workspace keeps the zones it has met: a file of many contacts names few. */
	if (!*zone || (host->workspace && workspace_zone(host->workspace, zone)))
		return true;
	GTimeZone *found = when_zone(zone, error);
	if (!found) {
		if (error && *error)
			(*error)->domain = CONTACTS_ERROR, (*error)->code = CONTACTS_ERROR_INVALID;
		return false;
	}
	g_time_zone_unref(found);
	return true;
}

char *contact_change_time(Time at)
{
	return at ? time_iso(at, NULL) : NULL;
}

/* In one form, so that what is exported is imported to the same. */
static bool take_time(Host *host, char **text, GError **error)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	Time at;
	if (!**text)
		return true;
	if (!when_iso(*text, host->workspace ? host->workspace->zone : utc, &at, NULL))
		return invalid(error, "consent_at: '%.40s' is neither a date such as 2026-11-23 nor a date and time", *text);
	g_free(*text);
	*text = contact_change_time(at);
	return true;
}

static bool take_attribute(Host *host, ContactChange *change, ContactAttribute which, const char *text, GError **error)
{
	g_autofree char *line = single_line(text);
	if (strlen(line) > CONTACT_ATTRIBUTE_BYTES)
		return invalid(error, "%s is longer than %d bytes", CONTACT_ATTRIBUTE_NAMES[which], CONTACT_ATTRIBUTE_BYTES);
	if (which == CONTACT_STAGE && !take_stage(host, line, error))
		return false;
	if (which == CONTACT_TIMEZONE && !take_zone(host, line, error))
		return false;
	if (which == CONTACT_CONSENT_AT && !take_time(host, &line, error))
		return false;
	if (which == CONTACT_PREFERRED_CHANNEL && *line) {
		const char *channel = contact_change_known(line);
		if (!channel || !contacts_is_channel(channel))
			return invalid(error, "preferred_channel: '%s' is no channel", line);
		g_free(line);
		line = g_strdup(channel);
	}
	change->given[which] = true;
	g_free(change->attributes[which]);
	change->attributes[which] = *line ? g_steal_pointer(&line) : NULL;
	return true;
}

static bool take_address(ContactChange *change, const char *channel, const char *text, GError **error)
{
	g_autofree char *norm = contacts_normalize(channel, text, error);
	if (!norm)
		return false;
	for (guint i = 0; i < change->addresses->len; i++) {
		const Address *other = change->addresses->pdata[i];
		if (strcmp(other->channel, channel) == 0 && g_strcmp0(other->norm, norm) == 0)
			return true;
	}
	Address *address = g_new0(Address, 1);
	address->channel = g_strdup(channel);
	address->address = g_strstrip(g_strdup(text));
	/* The domain has no case; the part before it may have, for the server that reads it. */
	char *at = strcmp(channel, "email") == 0 ? strrchr(address->address, '@') : NULL;
	for (; at && *at; at++)
		*at = g_ascii_tolower(*at);
	address->norm = g_steal_pointer(&norm);
	g_ptr_array_add(change->addresses, address);
	return true;
}

static void clear_channel(ContactChange *change, const char *channel)
{
	Address *none = g_new0(Address, 1);
	none->channel = g_strdup(channel);
	g_ptr_array_add(change->addresses, none);
}

static bool take_addresses(ContactChange *change, const char *channel, const char *text, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	bool any = false;
	for (char **part = parts; *part; part++) {
		if (!*g_strstrip(*part))
			continue;
		any = true;
		if (!take_address(change, channel, *part, error))
			return false;
	}
	if (!any)
		clear_channel(change, channel);
	return true;
}

static bool take_label(ContactChange *change, const char *text, GError **error)
{
	g_autofree char *label = single_line(text);
	if (strlen(label) > LABEL_BYTES)
		return invalid(error, "the label '%.20s...' is longer than %d bytes", label, LABEL_BYTES);
	if (*label && !g_ptr_array_find_with_equal_func(change->labels, label, g_str_equal, NULL))
		g_ptr_array_add(change->labels, g_steal_pointer(&label));
	return true;
}

/* "a; b\;c" is the labels "a" and "b;c". */
static bool take_labels(ContactChange *change, const char *text, GError **error)
{
	g_autoptr(GString) label = g_string_new(NULL);
	change->labels_given = true;
	for (const char *p = text;; p++) {
		if (*p == '\\' && (p[1] == ';' || p[1] == '\\')) {
			g_string_append_c(label, *++p);
		} else if (*p && *p != ';') {
			g_string_append_c(label, *p);
		} else {
			if (!take_label(change, label->str, error))
				return false;
			g_string_truncate(label, 0);
			if (!*p)
				return true;
		}
	}
}

static bool take_field(ContactChange *change, const char *name, const json_t *value, GError **error)
{
	size_t size = strlen(name);
	if (size == 0 || size > FIELD_NAME_BYTES || g_ascii_isspace(name[0]) || g_ascii_isspace(name[size - 1]))
		return invalid(error, "a field's name has 1 to %d bytes, and no space at its ends", FIELD_NAME_BYTES);
	if (!change->fields)
		change->fields = json_object();
	json_object_set(change->fields, name, (json_t *)value);
	return true;
}

static bool take_json_field(ContactChange *change, const char *name, const char *text, GError **error)
{
	if (!*text)
		return take_field(change, name, json_null(), error);
	GError *why = NULL;
	g_autoptr(json_t) value = value_parse(text, -1, &why);
	if (value)
		return take_field(change, name, value, error);
	invalid(error, "json:%s: %s", name, why->message);
	g_error_free(why);
	return false;
}

static bool take_shared(ContactChange *change, const char *text, GError **error)
{
	static const char *const YES[] = { "yes", "true", "1", NULL }, *const NO[] = { "", "no", "false", "0", NULL };
	g_autofree char *word = g_strstrip(g_ascii_strdown(text, -1));
	change->shared = g_strv_contains(YES, word);
	if (!change->shared && !g_strv_contains(NO, word))
		return invalid(error, "shared_address is yes or no, not '%.20s'", word);
	return true;
}

/* ---- as text and as JSON ---------------------------------------------------------------------------------------- */

bool contact_change_text(Host *host, ContactChange *change, const char *key, const char *text, GError **error)
{
	if (!g_utf8_validate(key, -1, NULL) || !g_utf8_validate(text, -1, NULL))
		return invalid(error, "the text is not UTF-8");
	if (g_str_has_prefix(key, "json:"))
		return take_json_field(change, key + 5, text, error);
	if (strcmp(key, "id") == 0)
		return take_id(change, text, error);
	if (strcmp(key, "labels") == 0)
		return take_labels(change, text, error);
	if (strcmp(key, "shared_address") == 0)
		return take_shared(change, text, error);
	int attribute = attribute_index(key);
	if (attribute >= 0)
		return take_attribute(host, change, (ContactAttribute)attribute, text, error);
	if (contacts_is_channel(key))
		return take_addresses(change, key, text, error);
	g_autoptr(json_t) value = *text ? json_string(text) : json_null();
	return take_field(change, key, value, error);
}

static bool take_label_list(ContactChange *change, const json_t *value, GError **error)
{
	change->labels_given = true;
	size_t i;
	json_t *label;
	json_array_foreach((json_t *)value, i, label) {
		if (!json_is_string(label))
			return invalid(error, "labels must be texts");
		if (!take_label(change, json_string_value(label), error))
			return false;
	}
	return true;
}

static bool take_members(Host *host, ContactChange *change, bool identities, const json_t *value, GError **error)
{
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)value, key, member) {
		if (identities && !contacts_is_channel(key))
			return invalid(error, "identities: '%s' is no channel", key);
		if (!(identities ? contact_change_json(host, change, key, member, error) : take_field(change, key, member, error)))
			return false;
	}
	return true;
}

bool contact_change_json(Host *host, ContactChange *change, const char *key, const json_t *value, GError **error)
{
	bool is_labels = strcmp(key, "labels") == 0 || strcmp(key, "tags") == 0;
	if (is_labels && json_is_array(value))
		return take_label_list(change, value, error);
	if (is_labels && json_is_object(value) && json_object_size(value) == 0) /* an empty Lua table */
		return take_label_list(change, NULL, error);
	if ((strcmp(key, "identities") == 0 || strcmp(key, "fields") == 0)) {
		if (!json_is_object(value) && !(json_is_array(value) && json_array_size(value) == 0))
			return invalid(error, "%s must be a table of names and values", key);
		return take_members(host, change, *key == 'i', value, error);
	}
	if (strcmp(key, "shared_address") == 0 && json_is_boolean(value)) {
		change->shared = json_is_true(value);
		return true;
	}
	bool is_field = !is_labels && strcmp(key, "id") != 0 && strcmp(key, "shared_address") != 0 && attribute_index(key) < 0 &&
	                !contacts_is_channel(key);
	if (is_field && json_is_string(value) && json_string_length(value) == 0) /* as in a CSV: Lua's nil is not in the table at all */
		return take_field(change, key, json_null(), error);
	if (is_field)
		return take_field(change, key, value, error);
	if (!json_is_string(value) && !json_is_null(value))
		return invalid(error, "%s must be text", key);
	return contact_change_text(host, change, is_labels ? "labels" : key, json_is_null(value) ? "" : json_string_value(value), error);
}

/* ---- ids -------------------------------------------------------------------------------------------------------- */

static char *slug_of(const char *text, gssize size)
{
	g_autofree char *part = size < 0 ? g_strdup(text) : g_strndup(text, (size_t)size);
	g_autofree char *ascii = g_str_to_ascii(part, "C");
	GString *slug = g_string_new(NULL);
	for (const char *p = ascii; *p && slug->len < 40; p++) {
		if (g_ascii_isalnum(*p))
			g_string_append_c(slug, g_ascii_tolower(*p));
		else if (slug->len > 0 && slug->str[slug->len - 1] != '-')
			g_string_append_c(slug, '-');
	}
	while (slug->len > 0 && slug->str[slug->len - 1] == '-')
		g_string_truncate(slug, slug->len - 1);
	return g_string_free(slug, FALSE);
}

char *contact_change_slug(const ContactChange *change)
{
	char *slug = g_strdup("");
	for (guint i = 0; i < change->addresses->len && !*slug; i++) {
		const Address *address = change->addresses->pdata[i];
		if (!address->norm || strcmp(address->channel, "email") != 0)
			continue;
		g_free(slug);
		slug = slug_of(address->norm, strrchr(address->norm, '@') - address->norm);
	}
	if (!*slug && change->attributes[CONTACT_NAME]) {
		g_free(slug);
		slug = slug_of(change->attributes[CONTACT_NAME], -1);
	}
	for (guint i = 0; i < change->addresses->len && !*slug; i++) {
		const Address *address = change->addresses->pdata[i];
		g_free(slug);
		slug = slug_of(address->norm ? address->norm : "", -1);
	}
	if (*slug)
		return slug;
	g_free(slug);
	return g_strdup("contact");
}
