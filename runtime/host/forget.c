/* SPDX-License-Identifier: MIT */
/* Forgetting: see forget.h. */
#include "host/forget.h"

#include <string.h>

/* What has no own place in the other tables: a word of fewer bytes, or of digits alone, says nothing in the middle of a text. */
enum { TOKEN_LEAST = 3, NAMES_MOST = 8, HOOKS_MOST = 10 /* of a slice: a request may be 256 KiB */ };

/* Who is called Max, or has that for an id, has no right to the word: a name needs two words; an id, and a handle of letters alone,
 * count where they are all that is said. */
#define WORDS_OF \
	"SELECT word, min(whole) FROM" \
	" (SELECT address AS word, address NOT GLOB '*[^A-Za-z]*' AS whole FROM identities WHERE contact = ?1" \
	" UNION ALL SELECT norm, norm NOT GLOB '*[^A-Za-z]*' FROM identities WHERE contact = ?1" \
	" UNION ALL SELECT ?1, 1 UNION ALL SELECT id, 1 FROM former_ids WHERE contact = ?1" \
	" UNION ALL SELECT trim(name), 0 FROM contacts WHERE id = ?1 AND instr(trim(name), ' ') > 0) WHERE true GROUP BY word"
static const char ADD_WORDS[] = "INSERT INTO forgetting (word, whole) " WORDS_OF " ON CONFLICT (word) DO UPDATE SET whole = min(whole, excluded.whole)";
static const char THEIR_WORDS[] = WORDS_OF;
static const char WORDS[] = "SELECT word, whole FROM forgetting";
static const char CLEAR[] = "DELETE FROM forgetting";

/* A hook's run has no contact: it is theirs if the request, or a step, names them. */
#define HOOKS_FROM " FROM runs r JOIN versions v ON v.hash = r.version AND v.kind = 'hook' WHERE r.contact IS NULL AND r.forgotten_at IS NULL AND r.id > ?"
static const char HOOKS[] = "SELECT r.id, r.start, r.key, r.state IN ('done', 'failed', 'stopped')" HOOKS_FROM " ORDER BY r.id LIMIT ?";
static const char JOURNAL_OF[] = "SELECT args, answer FROM journal WHERE run = ?";
static const char LOG_OF[] = "SELECT text, fields FROM run_log WHERE run = ?";
static const char *const DROP_HOOK[] = {
	"DELETE FROM journal WHERE run = ?",
	"DELETE FROM run_log WHERE run = ?",
	"UPDATE requests SET url = '', error = NULL WHERE run = ? AND state NOT IN ('queued', 'handed')",
};
/* Its key goes where it names them; else what is delivered once more is known as that. */
static const char FORGET_HOOK[] = "UPDATE runs SET start = '{}', error = NULL, key = CASE WHEN ? THEN 'erased-' || id ELSE key END, forgotten_at = ? WHERE id = ?";
/* What is still to leave is for a person to cancel. */
static const char BROADCASTS[] =
	"SELECT id, coalesce(subject, '') || ' ' || coalesce(text, ''), vars, state IN ('rendering', 'planned', 'confirmed')"
	" OR EXISTS (SELECT 1 FROM messages m WHERE m.id = broadcasts.message AND m.state = 'handed'), reason FROM broadcasts WHERE id > ? ORDER BY id LIMIT ?";
static const char BLANK_SENT[] = "UPDATE messages SET subject = NULL, text = NULL, raw = NULL, error = NULL WHERE id = (SELECT message FROM broadcasts WHERE id = ?)";
static const char BLANK_BROADCAST[] = "UPDATE broadcasts SET subject = NULL, text = NULL, vars = NULL, reason = NULL WHERE id = ?";
static const char JOURNAL[] =
	"SELECT j.run, j.position, j.args, j.answer, r.state IN ('done', 'failed', 'stopped') FROM journal j JOIN runs r ON r.id = j.run"
	" WHERE (j.run, j.position) > (?, ?) ORDER BY j.run, j.position LIMIT ?";
static const char BLANK[] =
	"UPDATE journal SET args = '{}', answer = CASE WHEN answer IS NULL THEN NULL ELSE '{}' END WHERE run = ? AND position = ?";
static const char LOG[] = "SELECT id, text, fields FROM run_log WHERE id > ? ORDER BY id LIMIT ?";
static const char DROP_LOG[] = "DELETE FROM run_log WHERE id = ?";
static const char REQUESTS[] = "SELECT id, url, error FROM requests WHERE id > ? ORDER BY id LIMIT ?";
static const char BLANK_REQUEST[] = "UPDATE requests SET url = '', error = NULL WHERE id = ? AND state NOT IN ('queued', 'handed')";
static const char OPTIONS[] = "SELECT id, options, vars, state IN ('queued', 'held', 'handed') FROM messages WHERE id > ? ORDER BY id LIMIT ?";
static const char BLANK_OPTIONS[] = "UPDATE messages SET options = NULL, vars = NULL WHERE id = ?";
static const char STORE[] = "SELECT space, key, value FROM store WHERE (space, key) > (?, ?) ORDER BY space, key LIMIT ?";
static const char DROP_STORED[] = "DELETE FROM store WHERE space = ? AND key = ?";
static const char SET_STORED[] = "UPDATE store SET value = ? WHERE space = ? AND key = ?";

typedef enum { AT_HOOKS, AT_JOURNAL, AT_LOG, AT_REQUESTS, AT_OPTIONS, AT_BROADCASTS, AT_STORE, AT_END } Stage;

struct Forget {
	Host *host;
	GHashTable *words;  /* as they stand in JSON, and in small letters */
	GHashTable *wholes; /* those that count only as a whole string of JSON */
	GPtrArray *names;   /* of several words, if there are few of them: looked for everywhere */
	Stage stage;
	int64_t run, position; /* how far it is in this stage */
	char *space, *key;
	int kept;
};

void forget_add(Host *host, const char *contact)
{
	host_write(host);
	db_run(host->db, ADD_WORDS, "s", contact);
}

static void add_word(Forget *forget, const char *word, bool whole)
{
	GHashTable *words = whole ? forget->wholes : forget->words;
	g_autoptr(GString) quoted = g_string_new(NULL);
	value_append_string(quoted, word, strlen(word));
	g_hash_table_add(words, g_strndup(quoted->str + 1, quoted->len - 2));
	g_hash_table_add(words, g_strdup(word));
	if (whole)
		return;
	g_hash_table_add(words, g_utf8_strdown(word, -1));
	if (strchr(word, ' '))
		g_ptr_array_add(forget->names, g_strdup(word));
}

/* Words from rows of a word and whether it counts only as a whole; NULL: there are none. */
static Forget *with_words(Host *host, Rows *rows)
{
	Forget *forget = g_new0(Forget, 1);
	*forget = (Forget){ .host = host, .words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		                .wholes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		                .names = g_ptr_array_new_with_free_func(g_free), .space = g_strdup(""), .key = g_strdup("") };
	while (rows_next(rows))
		add_word(forget, rows_text(rows, 0), rows_int(rows, 1));
	if (forget->names->len > NAMES_MOST)
		g_ptr_array_set_size(forget->names, 0);
	if (g_hash_table_size(forget->words) + g_hash_table_size(forget->wholes) > 0)
		return forget;
	forget_free(forget);
	return NULL;
}

Forget *forget_new(Host *host)
{
	return with_words(host, db_query(host->db, WORDS, ""));
}

Forget *forget_words(Host *host, const char *contact)
{
	return with_words(host, db_query(host->db, THEIR_WORDS, "s", contact));
}

void forget_free(Forget *forget)
{
	if (!forget)
		return;
	g_hash_table_unref(forget->words);
	g_hash_table_unref(forget->wholes);
	g_ptr_array_unref(forget->names);
	g_free(forget->space);
	g_free(forget->key);
	g_free(forget);
}

int forget_kept(const Forget *forget)
{
	return forget->kept;
}

/* ---- looking at a text ------------------------------------------------------------------------------------------ */

/* Where the word at text ends: at what can stand in no address. */
static size_t token_size(const char *text)
{
	size_t size = strcspn(text, " \t\r\n\"'<>()[]{},;:\\|=&?/");
	while (size > 1 && strchr(".!", text[size - 1]))
		size--;
	return size;
}

static bool is_word(const Forget *forget, const char *text, size_t size)
{
	/* "@max" names a handle, where "max" alone may be any word. */
	if (size > 1 && *text == '@') {
		g_autofree char *handle = g_utf8_strdown(text + 1, (gssize)size - 1);
		if (g_hash_table_contains(forget->wholes, handle) || is_word(forget, text + 1, size - 1))
			return true;
	}
	if (size < TOKEN_LEAST || strspn(text, "0123456789") >= size)
		return false;
	g_autofree char *word = g_strndup(text, size);
	if (g_hash_table_contains(forget->words, word))
		return true;
	g_autofree char *small = g_utf8_strdown(word, -1);
	return g_hash_table_contains(forget->words, small);
}

/* Is the JSON string that begins after this quote one of the words? An id as a member's name is no mention of anybody. */
static bool is_whole(const Forget *forget, const char *text)
{
	const char *end = text;
	for (; *end && *end != '"'; end++)
		if (*end == '\\' && end[1])
			end++;
	g_autofree char *string = g_strndup(text, (size_t)(end - text));
	return *end && *string && (g_hash_table_contains(forget->words, string) || (end[1] != ':' && g_hash_table_contains(forget->wholes, string)));
}

/* Where a name stands, not as the beginning of a longer one. */
static const char *find_name(const char *text, const char *name)
{
	size_t size = strlen(name);
	const char *p = strstr(text, name);
	while (p && g_unichar_isalnum(g_utf8_get_char_validated(p + size, -1)))
		p = strstr(p + 1, name);
	return p;
}

static bool has_name(const Forget *forget, const char *text)
{
	for (guint i = 0; i < forget->names->len; i++)
		if (find_name(text, forget->names->pdata[i]))
			return true;
	return false;
}

static bool names_them(const Forget *forget, const char *text)
{
	bool json = text && *text && strchr("{[\"", *text);
	for (const char *p = text; p && *p;) {
		size_t size = token_size(p);
		if ((size && is_word(forget, p, size)) || (json && *p == '"' && is_whole(forget, p + 1)))
			return true;
		if (json && *p == '\\') /* what it stands for begins no word */
			size = strnlen(p, p[1] == 'u' ? 6 : 2);
		p += size ? size : 1;
	}
	return text && has_name(forget, text);
}

/* ---- taking them out of a value --------------------------------------------------------------------------------- */

static json_t *without_words(const Forget *forget, const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	for (const char *p = text; *p;) {
		size_t size = token_size(p);
		if (size && is_word(forget, p, size))
			g_string_append(out, "erased");
		else
			g_string_append_len(out, p, size ? (gssize)size : 1);
		p += size ? size : 1;
	}
	for (guint i = 0; i < forget->names->len; i++)
		for (const char *at; (at = find_name(out->str, forget->names->pdata[i]));) {
			gssize place = at - out->str;
			g_string_erase(out, place, (gssize)strlen(forget->names->pdata[i]));
			g_string_insert(out, place, "erased");
		}
	return json_string(out->str);
}

/* A new reference: the same, with "erased" for the words. What is kept under one of their addresses goes. */
static json_t *without_them(const Forget *forget, json_t *value)
{
	if (json_is_string(value)) {
		const char *text = json_string_value(value);
		bool whole = g_hash_table_contains(forget->words, text) || g_hash_table_contains(forget->wholes, text);
		return whole ? json_string("erased") : names_them(forget, text) ? without_words(forget, text) : json_incref(value);
	}
	size_t i;
	json_t *item;
	if (json_is_array(value))
		json_array_foreach(value, i, item)
			json_array_set_new(value, i, without_them(forget, item));
	const char *name;
	void *next;
	if (json_is_object(value))
		json_object_foreach_safe(value, next, name, item) {
			if (names_them(forget, name))
				json_object_del(value, name);
			else
				json_object_set_new(value, name, without_them(forget, item));
		}
	return json_incref(value);
}

/* ---- hooks and broadcasts --------------------------------------------------------------------------------------- */

static bool either_names(const Forget *forget, Rows *rows)
{
	bool named = false;
	while (!named && rows_next(rows))
		named = names_them(forget, rows_text(rows, 0)) || names_them(forget, rows_text(rows, 1));
	rows_done(rows);
	return named;
}

/* A request as it came: a path and a body of some other kind may hold an address as URLs do. */
static bool request_names(const Forget *forget, const char *start)
{
	static const char *const TEXTS[] = { "path", "body" };
	if (names_them(forget, start))
		return true;
	g_autoptr(json_t) value = value_parse(start, -1, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
		const char *text = value_string(json_object_get(value, "request"), TEXTS[i], NULL);
		g_autofree char *plain = text ? g_uri_unescape_string(text, NULL) : NULL;
		if (names_them(forget, text) || names_them(forget, plain))
			return true;
	}
	return false;
}

/* The row of HOOKS. */
static bool hook_names(const Forget *forget, Rows *rows)
{
	Db *db = forget->host->db;
	int64_t run = rows_int(rows, 0);
	return request_names(forget, rows_text(rows, 1)) || names_them(forget, rows_text(rows, 2)) || either_names(forget, db_query(db, JOURNAL_OF, "i", run)) ||
	       either_names(forget, db_query(db, LOG_OF, "i", run));
}

/* The row of BROADCASTS. */
static bool broadcast_names(const Forget *forget, Rows *rows)
{
	return names_them(forget, rows_text(rows, 1)) || names_them(forget, rows_text(rows, 2)) || names_them(forget, rows_text(rows, 4));
}

GArray *forget_find(const Forget *forget, ForgetKind kind)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(forget->host->db, kind == FORGET_HOOKS ? HOOKS : BROADCASTS, "ii", (int64_t)0, INT64_MAX);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		if (kind == FORGET_OPEN_BROADCASTS && !rows_int(rows, 3))
			continue;
		if (kind == FORGET_HOOKS ? hook_names(forget, rows) : broadcast_names(forget, rows))
			g_array_append_val(ids, id);
	}
	return ids;
}

static int walk_hooks(Forget *forget, int most)
{
	int n = 0;
	Host *host = forget->host;
	Rows *rows = db_query(host->db, HOOKS, "ii", forget->run, (int64_t)most);
	for (; rows_next(rows); n++) {
		forget->run = rows_int(rows, 0);
		if (!hook_names(forget, rows))
			continue;
		if (!rows_int(rows, 3)) {
			forget->kept++;
			continue;
		}
		bool key = names_them(forget, rows_text(rows, 2));
		for (size_t i = 0; i < G_N_ELEMENTS(DROP_HOOK); i++)
			db_run(host->db, DROP_HOOK[i], "i", forget->run);
		db_run(host->db, FORGET_HOOK, "iii", (int64_t)key, (int64_t)host_now(host), forget->run);
	}
	return n;
}

static int walk_broadcasts(Forget *forget, int most)
{
	int n = 0;
	Rows *rows = db_query(forget->host->db, BROADCASTS, "ii", forget->run, (int64_t)most);
	for (; rows_next(rows); n++) {
		forget->run = rows_int(rows, 0);
		if (!broadcast_names(forget, rows))
			continue;
		if (rows_int(rows, 3)) {
			forget->kept++;
			continue;
		}
		db_run(forget->host->db, BLANK_SENT, "i", forget->run);
		db_run(forget->host->db, BLANK_BROADCAST, "i", forget->run);
	}
	return n;
}

/* ---- the tables ------------------------------------------------------------------------------------------------- */

static int walk_journal(Forget *forget, int most)
{
	int n = 0;
	Rows *rows = db_query(forget->host->db, JOURNAL, "iii", forget->run, forget->position, (int64_t)most);
	for (; rows_next(rows); n++) {
		forget->run = rows_int(rows, 0);
		forget->position = rows_int(rows, 1);
		if (!names_them(forget, rows_text(rows, 2)) && !names_them(forget, rows_text(rows, 3)))
			continue;
		if (rows_int(rows, 4))
			db_run(forget->host->db, BLANK, "ii", forget->run, forget->position);
		else
			forget->kept++;
	}
	return n;
}

/* Tables whose rows have an id and two texts; a fourth column says that the row must stay. */
static int walk_rows(Forget *forget, const char *select, const char *change, int most)
{
	int n = 0;
	Rows *rows = db_query(forget->host->db, select, "ii", forget->run, (int64_t)most);
	for (; rows_next(rows); n++) {
		forget->run = rows_int(rows, 0);
		g_autofree char *plain = rows_text(rows, 1) ? g_uri_unescape_string(rows_text(rows, 1), NULL) : NULL;
		bool named = names_them(forget, rows_text(rows, 1)) || names_them(forget, plain) || names_them(forget, rows_text(rows, 2));
		if (named && !(rows_columns(rows) > 3 && rows_int(rows, 3)))
			db_run(forget->host->db, change, "i", forget->run);
	}
	return n;
}

static int walk_store(Forget *forget, int most)
{
	int n = 0;
	Rows *rows = db_query(forget->host->db, STORE, "ssi", forget->space, forget->key, (int64_t)most);
	for (; rows_next(rows); n++) {
		g_free(forget->space);
		g_free(forget->key);
		forget->space = g_strdup(rows_text(rows, 0));
		forget->key = g_strdup(rows_text(rows, 1));
		bool named = names_them(forget, rows_text(rows, 2));
		g_autoptr(json_t) value = named ? value_parse(rows_text(rows, 2), -1, NULL) : NULL;
		g_autoptr(json_t) rest = value ? without_them(forget, value) : NULL;
		g_autofree char *text = rest ? value_text(rest) : NULL;
		if (names_them(forget, forget->key) || (named && !text))
			db_run(forget->host->db, DROP_STORED, "ss", forget->space, forget->key);
		else if (named)
			db_run(forget->host->db, SET_STORED, "sss", text, forget->space, forget->key);
	}
	return n;
}

bool forget_slice(Forget *forget, int most)
{
	host_write(forget->host);
	int n = 0;
	if (forget->stage == AT_HOOKS)
		most = MIN(most, HOOKS_MOST);
	switch (forget->stage) {
	case AT_HOOKS: n = walk_hooks(forget, most); break;
	case AT_JOURNAL: n = walk_journal(forget, most); break;
	case AT_LOG: n = walk_rows(forget, LOG, DROP_LOG, most); break;
	case AT_REQUESTS: n = walk_rows(forget, REQUESTS, BLANK_REQUEST, most); break;
	case AT_OPTIONS: n = walk_rows(forget, OPTIONS, BLANK_OPTIONS, most); break;
	case AT_BROADCASTS: n = walk_broadcasts(forget, most); break;
	case AT_STORE: n = walk_store(forget, most); break;
	case AT_END: break;
	}
	if (n == most)
		return true;
	forget->stage++;
	forget->run = forget->position = 0;
	if (forget->stage < AT_END)
		return true;
	db_run(forget->host->db, CLEAR, "");
	return false;
}
