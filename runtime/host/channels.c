/* SPDX-License-Identifier: MIT */
/* The channel table: see channels.h. */
#include "host/channels.h"

#include <stdio.h>
#include <string.h>

#include "base/finding.h"
#include "host/declared.h"
#include "host/local.h"
#include "host/workspace.h"

enum {
	OLD_DAYS = 180,
	MOST_HOURS = 24 * 365,
	MINUTES = 24 * 60,
};

static const char *const opens_words[] = {
#define X(name, word) word,
	CHANNEL_OPENS(X)
#undef X
};

static const char *const unit_words[] = {
#define X(name, word) word,
	CHANNEL_UNITS(X)
#undef X
};

const char *channel_unit_name(ChannelUnit unit)
{
	return unit_words[unit];
}

/* ---- reading a row ---------------------------------------------------------------------------------------------- */

static bool read_word(const Declared *row, const char *key, const char *const *words, size_t n, int *index)
{
	const char *word = words[*index];
	if (!declared_text(row, key, &word))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*index = (int)i;
		return true;
	}
	return declared_wrong(row, key, "\"%.40s\" is not known", word);
}

static bool read_flag(const Declared *row, const char *key, bool *flag)
{
	const json_t *value = declared_member(row, key);
	if (value && !json_is_boolean(value))
		return declared_wrong(row, key, "must be true or false");
	*flag = value ? json_is_true(value) : *flag;
	return true;
}

/* true: any number, false: none, or how many. */
static bool read_attachments(const Declared *row, int *most)
{
	const json_t *value = declared_member(row, "attachments");
	if (!json_is_boolean(value))
		return declared_count(row, "attachments", 0, most);
	*most = json_is_true(value) ? -1 : 0;
	return true;
}

static bool read_quiet(const Declared *row, Channel *channel)
{
	const char *text = NULL;
	if (!declared_text(row, "quiet", &text) || !text)
		return !text;
	int hours[2], minutes[2], n = 0;
	bool good = sscanf(text, "%2d:%2d-%2d:%2d%n", &hours[0], &minutes[0], &hours[1], &minutes[1], &n) == 4 && !text[n];
	for (int i = 0; i < 2; i++)
		good = good && hours[i] >= 0 && minutes[i] >= 0 && minutes[i] < 60 && hours[i] * 60 + minutes[i] <= MINUTES;
	if (!good || hours[0] * 60 + minutes[0] >= hours[1] * 60 + minutes[1])
		return declared_wrong(row, "quiet", "must be two times of a day, such as \"08:00-21:00\"");
	channel->quiet_from = hours[0] * 60 + minutes[0];
	channel->quiet_to = hours[1] * 60 + minutes[1];
	return true;
}

/* The day of a date ("2026-11-20"); -1: it is none. */
static int64_t day_of(const char *date)
{
	int year, month, day, n = 0;
	bool good = sscanf(date, "%4d-%2d-%2d%n", &year, &month, &day, &n) == 3 && n == 10 && !date[n] && local_valid(year, month, day);
	return good ? local_day(year, month, day) : -1;
}

static bool read_source(const Declared *row, Channel *channel)
{
	const char *source = "", *checked = "";
	if (!declared_text(row, "source", &source) || !declared_text(row, "checked", &checked))
		return false;
	if (!*source)
		return declared_wrong(row, "source", "is missing: say where this stands");
	if (day_of(checked) < 0)
		return declared_wrong(row, "checked", "must be the date on which it was last compared with its source");
	channel->source = g_strdup(source);
	channel->checked = g_strdup(checked);
	return true;
}

static void channel_free(void *data)
{
	Channel *channel = data;
	g_free(channel->source);
	g_free(channel->checked);
	g_free(channel);
}

static bool read_row(const Declared *row, Channel *channel)
{
	int opens = CHANNEL_OPENS_ANYONE, unit = CHANNEL_UNIT_CHARACTERS;
	double hours = 0;
	if (!read_word(row, "opens", opens_words, G_N_ELEMENTS(opens_words), &opens) || !read_word(row, "unit", unit_words, G_N_ELEMENTS(unit_words), &unit) ||
	    !declared_number(row, "window", 0, MOST_HOURS, &hours) || !declared_count(row, "replies", 0, &channel->replies) ||
	    !declared_count(row, "most", 1, &channel->most) || !declared_count(row, "per_day", 1, &channel->per_day) ||
	    !read_flag(row, "approved", &channel->approved) || !read_flag(row, "opt_in", &channel->opt_in) || !read_flag(row, "links", &channel->links) ||
	    !read_attachments(row, &channel->attachments) || !read_quiet(row, channel) || !read_source(row, channel))
		return false;
	channel->opens = (ChannelOpens)opens;
	channel->unit = (ChannelUnit)unit;
	channel->window = (Time)(hours * (double)TIME_HOUR);
	return true;
}

GHashTable *channels_new(const json_t *declared, GError **error)
{
	Declared reader = { .where = "channels", .error = error };
	g_autoptr(GHashTable) channels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, channel_free);
	const char *name;
	json_t *value;
	if (!json_is_object(declared) || json_object_size(declared) == 0) {
		declared_wrong(&reader, NULL, "the channel table is missing: what may be done where is not known (stdlib/channels.lua)");
		return NULL;
	}
	json_object_foreach((json_t *)declared, name, value) {
		g_autofree char *where = g_strdup_printf("channels: %.40s", name);
		Declared row = { .object = value, .where = where, .error = error };
		Channel *channel = g_new0(Channel, 1);
		channel->links = true;
		channel->attachments = -1;
		g_hash_table_insert(channels, g_strdup(name), channel);
		if (!json_is_object(value)) {
			declared_wrong(&row, NULL, "must be a table");
			return NULL;
		}
		if (!read_row(&row, channel))
			return NULL;
	}
	return g_steal_pointer(&channels);
}

const Channel *channels_find(GHashTable *channels, const char *name)
{
	static const Channel unknown = { .opens = CHANNEL_OPENS_ALWAYS_BY_HAND, .links = true, .attachments = -1 };
	const Channel *channel = g_hash_table_lookup(channels, name);
	return channel ? channel : &unknown;
}

/* ---- asking it -------------------------------------------------------------------------------------------------- */

int64_t channel_length(const Channel *channel, const char *text)
{
	int64_t n = 0;
	if (channel->unit == CHANNEL_UNIT_BYTES || !g_utf8_validate(text, -1, NULL))
		return (int64_t)strlen(text);
	for (const char *p = text; *p; p = g_utf8_next_char(p))
		n += channel->unit == CHANNEL_UNIT_UTF16 && g_utf8_get_char(p) > 0xFFFF ? 2 : 1;
	return n;
}

Time channel_quiet_over(const Channel *channel, GTimeZone *zone, Time at)
{
	if (channel->quiet_from == channel->quiet_to)
		return at;
	int64_t second = local_floor(at, TIME_SECOND), local = local_from_utc(zone, second);
	int64_t day = local_floor(local, LOCAL_DAY), minute = local_rest(local, LOCAL_DAY) / 60;
	if (minute >= channel->quiet_from && minute < channel->quiet_to)
		return at;
	day += minute >= channel->quiet_to;
	Time from = local_to_utc(zone, day * LOCAL_DAY + channel->quiet_from * 60) * TIME_SECOND;
	return from > at ? from : at + TIME_MINUTE; /* where the clock is put back over that time, its first showing has been */
}

void channels_check(GHashTable *channels, Time now, json_t *rows)
{
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(channels), (GCompareFunc)strcmp);
	g_autoptr(GString) old = g_string_new(NULL);
	const char *oldest = NULL;
	for (GList *name = names; name; name = name->next) {
		const Channel *channel = g_hash_table_lookup(channels, name->data);
		if (local_floor(now, TIME_DAY) - day_of(channel->checked) > OLD_DAYS)
			g_string_append_printf(old, "%s%s", old->len ? ", " : "", (const char *)name->data);
		if (!oldest || strcmp(channel->checked, oldest) < 0)
			oldest = channel->checked;
	}
	if (old->len)
		finding_add(rows, "channel table", FINDING_WARN, "what may be done on %s was last compared with the vendors' pages more than %d days ago (%s): "
		            "vendors change their rules, so a newer Perigee may know better; docs/channels.md has the sources", old->str, OLD_DAYS, oldest);
	else
		finding_add(rows, "channel table", FINDING_OK, "%u channels, last compared with the vendors' pages on %s", g_hash_table_size(channels), oldest);
}
