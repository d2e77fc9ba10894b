/* SPDX-License-Identifier: MIT */
/* Contacts that are likely one person. See contacts.h; nothing is merged here. */
#include "host/contacts.h"

#include <string.h>

static const char ADDRESSES[] =
	"SELECT i.contact, i.channel, i.norm, i.address, c.country FROM identities i JOIN contacts c ON c.id = i.contact ORDER BY i.contact, i.channel, i.rank";
static const char NAMES[] = "SELECT id, name, company FROM contacts WHERE name IS NOT NULL ORDER BY id";
static const char SHARE[] =
	"SELECT 1 FROM identities x JOIN identities y ON y.channel = x.channel AND y.norm = x.norm WHERE x.contact = ? AND y.contact = ? LIMIT 1";
static const char NAME[] = "SELECT name FROM contacts WHERE id = ?";
static const char WEIGHT[] = "SELECT (SELECT count(*) FROM messages WHERE contact = ?1), created_at FROM contacts WHERE id = ?1";

typedef struct Finding {
	Host *host;
	GHashTable *keys;  /* what may be one and the same → "ID\tas it is written" of each who has it (GPtrArray) */
	GPtrArray *order;  /* the keys, as met */
	GHashTable *pairs; /* "CONTACT\tOTHER" → its object in list */
	json_t *list;
} Finding;

static void add(Finding *f, char *take_key, const char *id, const char *written)
{
	GPtrArray *who = g_hash_table_lookup(f->keys, take_key);
	if (!who) {
		who = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(f->order, take_key);
		g_hash_table_insert(f->keys, take_key, who);
	} else {
		g_free(take_key);
	}
	g_ptr_array_add(who, g_strdup_printf("%s\t%s", id, written));
}

/* ---- one address in several forms ------------------------------------------------------------------------------- */

/* What is dialled before a number at home, and the country's code instead of it (ITU-T E.164 and national plans, November 2026). Italy
 * and San Marino keep their 0. A plan without a trunk prefix has "". */
static const struct { const char *country, *code, *trunk; } PLANS[] = {
	{ "AT", "43", "0" }, { "AU", "61", "0" }, { "BE", "32", "0" }, { "BR", "55", "0" }, { "CA", "1", "1" }, { "CH", "41", "0" }, { "CZ", "420", "" },
	{ "DE", "49", "0" }, { "DK", "45", "" }, { "ES", "34", "" }, { "FI", "358", "0" }, { "FR", "33", "0" }, { "GB", "44", "0" }, { "GR", "30", "" },
	{ "HU", "36", "06" }, { "IE", "353", "0" }, { "IL", "972", "0" }, { "IN", "91", "0" }, { "IT", "39", "" }, { "JP", "81", "0" }, { "LU", "352", "" },
	{ "MA", "212", "0" }, { "MX", "52", "" }, { "NL", "31", "0" }, { "NO", "47", "" }, { "NZ", "64", "0" }, { "PL", "48", "" }, { "PT", "351", "" },
	{ "RO", "40", "0" }, { "SE", "46", "0" }, { "TN", "216", "" }, { "TR", "90", "0" }, { "UA", "380", "0" }, { "US", "1", "1" }, { "ZA", "27", "0" },
};

/* The number as the world dials it; one that is not written so takes the country's code. */
static char *world_number(const char *norm, const char *country)
{
	if (*norm == '+')
		return g_strdup(norm);
	for (size_t i = 0; country && i < G_N_ELEMENTS(PLANS); i++) {
		size_t trunk = strlen(PLANS[i].trunk);
		if (g_ascii_strcasecmp(country, PLANS[i].country) != 0)
			continue;
		bool dialled = trunk && strncmp(norm, PLANS[i].trunk, trunk) == 0;
		return g_strconcat("+", PLANS[i].code, norm + (dialled ? trunk : 0), NULL);
	}
	return g_strdup(norm);
}

/* Gmail passes over dots and what follows a plus; most others pass over the latter (RFC 5233). */
static char *mailbox(const char *norm)
{
	const char *at = strrchr(norm, '@'), *plus = strchr(norm, '+');
	if (!at || *norm == '"')
		return g_strdup(norm);
	bool gmail = strcmp(at, "@gmail.com") == 0 || strcmp(at, "@googlemail.com") == 0;
	const char *end = plus && plus < at && plus > norm ? plus : at;
	GString *box = g_string_new(NULL);
	for (const char *p = norm; p < end; p++)
		if (!gmail || *p != '.')
			g_string_append_c(box, *p);
	g_string_append(box, gmail ? "@gmail.com" : at);
	return g_string_free(box, FALSE);
}

/* iMessage goes by a number or by an e-mail address. */
static bool may_be_number(const char *channel)
{
	return contacts_is_phone(channel) || strcmp(channel, "imessage") == 0;
}

static void add_addresses(Finding *f)
{
	Rows *rows = db_query(f->host->db, ADDRESSES, "");
	while (rows_next(rows)) {
		const char *id = rows_text(rows, 0), *channel = rows_text(rows, 1), *norm = rows_text(rows, 2);
		bool phone = may_be_number(channel) && (*norm == '+' || g_ascii_isdigit(*norm)), mail = strcmp(channel, "email") == 0;
		g_autofree char *one = phone ? world_number(norm, rows_text(rows, 4)) : mail ? mailbox(norm) : g_strdup(norm);
		add(f, g_strdup_printf("%s %s", phone ? "phone" : channel, one), id, rows_text(rows, 3));
	}
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* "Léa  MARTIN" and "lea martin" are one. NULL: nothing is left of it. */
static char *plain_name(const char *name)
{
	if (!name)
		return NULL;
	g_autofree char *apart = g_utf8_normalize(name, -1, G_NORMALIZE_NFKD), *folded = g_utf8_casefold(apart ? apart : name, -1);
	GString *plain = g_string_new(NULL);
	for (const char *p = folded; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (g_unichar_isalnum(c))
			g_string_append_unichar(plain, c);
		else if (!g_unichar_ismark(c) && plain->len && plain->str[plain->len - 1] != ' ')
			g_string_append_c(plain, ' ');
	}
	if (plain->len && plain->str[plain->len - 1] == ' ')
		g_string_truncate(plain, plain->len - 1);
	char *text = g_string_free(plain, FALSE);
	if (!*text)
		g_clear_pointer(&text, g_free);
	return text;
}

static void add_names(Finding *f)
{
	Rows *rows = db_query(f->host->db, NAMES, "");
	while (rows_next(rows)) {
		g_autofree char *name = plain_name(rows_text(rows, 1)), *company = plain_name(rows_text(rows, 2));
		g_autofree char *written = name && company ? g_strdup_printf("%s, %s", rows_text(rows, 1), rows_text(rows, 2)) : NULL;
		if (written)
			add(f, g_strdup_printf("name %s\n%s", name, company), rows_text(rows, 0), written);
	}
}

/* ---- pairs ------------------------------------------------------------------------------------------------------ */

/* Somebody said of them that they share an address (an agent's), and they have names of their own. */
static bool are_different(Host *host, const char *a, const char *b)
{
	if (!db_int(host->db, 0, SHARE, "ss", a, b))
		return false;
	g_autofree char *x = db_text(host->db, NAME, "s", a), *y = db_text(host->db, NAME, "s", b);
	g_autofree char *p = plain_name(x), *q = plain_name(y);
	return p && q && strcmp(p, q) != 0;
}

static bool weighs_more(Host *host, const char *a, const char *b)
{
	int64_t messages[2] = { 0 }, made[2] = { 0 };
	const char *ids[] = { a, b };
	for (int i = 0; i < 2; i++) {
		Rows *rows = db_query(host->db, WEIGHT, "s", ids[i]);
		if (rows_next(rows)) {
			messages[i] = rows_int(rows, 0);
			made[i] = rows_int(rows, 1);
			rows_done(rows);
		}
	}
	if (messages[0] != messages[1])
		return messages[0] > messages[1];
	return made[0] != made[1] ? made[0] < made[1] : strcmp(a, b) < 0;
}

static void add_pair(Finding *f, const char *contact, const char *other, const char *reason)
{
	g_autofree char *key = g_strdup_printf("%s\t%s", contact, other);
	json_t *pair = g_hash_table_lookup(f->pairs, key);
	if (!pair) {
		pair = json_pack("{s:s, s:s, s:[]}", "contact", contact, "other", other, "reasons");
		json_array_append_new(f->list, pair);
		g_hash_table_insert(f->pairs, g_steal_pointer(&key), pair);
	}
	json_array_append_new(json_object_get(pair, "reasons"), json_string(reason));
}

/* "phone +33612345678: 06 12 34 56 78, +33612345678" */
static char *reason_of(const char *key, const char *written, const char *other)
{
	g_autofree char *what = g_strndup(key, strcspn(key, " "));
	const char *said = strcmp(what, "name") == 0 ? "same name and company" : strcmp(written, other) == 0 ? "same address" : "one address in two forms";
	return strcmp(written, other) == 0 ? g_strdup_printf("%s: %s%s%s", said, strcmp(what, "name") == 0 ? "" : what, strcmp(what, "name") == 0 ? "" : " ", written)
	       : strcmp(what, "name") == 0 ? g_strdup_printf("%s: %s", said, written)
	                                   : g_strdup_printf("%s: %s %s and %s", said, what, written, other);
}

static void pair_up(Finding *f, const char *key, const GPtrArray *who)
{
	const char *first = who->pdata[0];
	g_autofree char *best = g_strndup(first, strcspn(first, "\t"));
	for (guint i = 1; i < who->len; i++) {
		g_autofree char *id = g_strndup(who->pdata[i], strcspn(who->pdata[i], "\t"));
		if (strcmp(id, best) == 0 || !weighs_more(f->host, id, best))
			continue;
		g_free(best);
		best = g_steal_pointer(&id);
		first = who->pdata[i];
	}
	for (guint i = 0; i < who->len; i++) {
		const char *one = who->pdata[i];
		g_autofree char *id = g_strndup(one, strcspn(one, "\t"));
		if (strcmp(id, best) == 0 || (!g_str_has_prefix(key, "name ") && are_different(f->host, best, id)))
			continue;
		g_autofree char *reason = reason_of(key, first + strcspn(first, "\t") + 1, one + strcspn(one, "\t") + 1);
		add_pair(f, best, id, reason);
	}
}

static void unref_array(void *array)
{
	g_ptr_array_unref(array);
}

json_t *contacts_duplicates(Host *host)
{
	Finding f = { .host = host, .keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_array), .order = g_ptr_array_new(),
		          .pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), .list = json_array() };
	add_addresses(&f);
	add_names(&f);
	for (guint i = 0; i < f.order->len; i++) {
		const GPtrArray *who = g_hash_table_lookup(f.keys, f.order->pdata[i]);
		if (who->len > 1)
			pair_up(&f, f.order->pdata[i], who);
	}
	g_ptr_array_unref(f.order);
	g_hash_table_unref(f.keys);
	g_hash_table_unref(f.pairs);
	return f.list;
}
