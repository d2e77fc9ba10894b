/* SPDX-License-Identifier: MIT */
/* What was written: see history.h. */
#include "host/history.h"

#include "host/ledger.h"

#include <string.h>

G_DEFINE_QUARK(perigee-history-error, history_error)

enum { HISTORY_LIMIT = 50 };

/* ?2 a channel or NULL, ?3 a direction or NULL. A message counts from the time it was handed over. */
static const char MESSAGES[] =
	"SELECT m.id, m.direction, m.channel, coalesce(m.handed_at, m.at) AS moment, m.template, m.purpose, m.subject, m.text, m.run IS NOT NULL AND"
	" NOT EXISTS (SELECT 1 FROM tasks t WHERE t.message = m.id) FROM messages m WHERE m.contact = ?1 AND (?2 IS NULL OR m.channel = ?2) AND"
	" (?3 IS NULL OR m.direction = ?3) AND (m.direction = 'in' OR " LEDGER_SENT("m.state") ") ORDER BY moment DESC, m.id DESC LIMIT ?4";
/* Of what kind the messages are that a contact sent us. */
static const char KINDS[] = "SELECT message, kind FROM events WHERE contact = ? AND message > 0 AND kind IN ('reply', 'auto_reply', 'bounce', 'unsubscribe', 'complaint')";

static bool read_options(const json_t *options, const char **channel, const char **direction, int64_t *limit, GError **error)
{
	*channel = value_string(options, "channel", NULL);
	*direction = value_string(options, "direction", NULL);
	*limit = value_integer(options, "limit", HISTORY_LIMIT);
	const char *wrong = *limit < 1 || *limit > HISTORY_MOST ? "limit is a whole number from 1 to 200" :
	                    *direction && strcmp(*direction, "in") != 0 && strcmp(*direction, "out") != 0 ? "direction is \"in\" or \"out\"" :
	                    NULL;
	if (wrong)
		g_set_error(error, HISTORY_ERROR, HISTORY_ERROR_INVALID, "contact:messages: %s", wrong);
	return !wrong;
}

static GHashTable *kinds_of(Host *host, const char *contact)
{
	GHashTable *kinds = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	Rows *rows = db_query(host->db, KINDS, "s", contact);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_hash_table_insert(kinds, g_memdup2(&id, sizeof id), (void *)g_intern_string(rows_text(rows, 1)));
	}
	return kinds;
}

/* As much of a text as is kept, cut between characters. */
static json_t *cut(const char *text)
{
	size_t size = strlen(text);
	if (size <= HISTORY_TEXT_BYTES)
		return json_string(text);
	const char *end = g_utf8_find_prev_char(text, text + HISTORY_TEXT_BYTES + 1);
	g_autofree char *part = g_strdup_printf("%.*s…", (int)(end - text), text);
	return json_string(part);
}

json_t *history_messages(Host *host, const char *contact, const json_t *options, GError **error)
{
	const char *channel, *direction;
	int64_t limit;
	if (!read_options(options, &channel, &direction, &limit, error))
		return NULL;
	g_autoptr(GHashTable) kinds = kinds_of(host, contact);
	json_t *list = json_array();
	Rows *rows = db_query(host->db, MESSAGES, "sssi", contact, channel, direction, limit);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		bool in = g_str_equal(rows_text(rows, 1), "in");
		const char *text = rows_text(rows, 7);
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s*, s:s*, s:s*, s:s*, s:s*, s:o*}", "direction", in ? "in" : "out", "channel", rows_text(rows, 2),
		                                      "at", (json_int_t)(rows_int(rows, 3) / 1000), "template", rows_text(rows, 4), "purpose", rows_text(rows, 5),
		                                      "subject", rows_text(rows, 6), "kind", in ? g_hash_table_lookup(kinds, &id) : NULL,
		                                      "by", in ? NULL : rows_int(rows, 8) ? "script" : "person", "text", in && text ? cut(text) : NULL));
	}
	return list;
}
