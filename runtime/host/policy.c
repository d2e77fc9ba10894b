/* SPDX-License-Identifier: MIT */
/* Policy: the table of rules, how a case goes through it, and suppression. See policy.h; the rules are in policy_rules.h's files. */
#include "host/policy.h"

#include <string.h>

#include "host/contacts.h"
#include "host/policy_rules.h"

/* An erased person's address that others have too (an agent's) is still theirs. */
static const char IDENTITIES[] =
	"SELECT channel, norm FROM identities i WHERE contact = ?1 AND (?2 <> 'erased' OR NOT EXISTS"
	" (SELECT 1 FROM identities o WHERE o.channel = i.channel AND o.norm = i.norm AND o.contact <> ?1))";
static const char SUPPRESS[] =
	"INSERT INTO suppressions (channel, address_hash, reason, contact, at) VALUES (?, ?, ?, ?, ?)"
	" ON CONFLICT (channel, address_hash) DO UPDATE SET contact = coalesce(contact, excluded.contact)";

static const char PAUSE[] = "INSERT OR REPLACE INTO pauses (scope, name, until, at) VALUES (?, ?, ?, ?)";
static const char PAUSE_FOR_EVER[] = "INSERT OR REPLACE INTO pauses (scope, name, until, at) VALUES (?, ?, NULL, ?)";
static const char RESUME[] = "DELETE FROM pauses WHERE scope = ? AND name = ?";
static const char FORGET_ENDED[] = "DELETE FROM pauses WHERE until <= ?";
static const char PAUSES[] = "SELECT scope, name, until, at FROM pauses WHERE until IS NULL OR until > ? ORDER BY scope, name";
static const char RELEASE_PAUSED[] = "UPDATE messages SET due = ?, rule = NULL, reason = NULL WHERE state = 'queued' AND rule = 'paused'";

/* In the order of DESIGN.md section 8. delay: its answer can only be "not now", so it is no reason against asking; a reply that
 * the run has not seen is none either. */
static const struct {
	const char *name;
	PolicyRule rule;
	unsigned binds;
	bool delay;
} rules[] = {
	{ "suppressed", rule_suppressed, PURPOSE_ALL, false },
	{ "unseen_reply", rule_unseen_reply, PURPOSE_ALL, true },
	{ "address", rule_address, PURPOSE_ALL, false },
	{ "inbox_fresh", rule_inbox_fresh, PURPOSE_ALL, true },
	{ "consent", rule_consent, PURPOSE_NO_ANSWER, false },
	{ "initiate", rule_initiate, PURPOSE_ALL, false },
	{ "account", rule_account, PURPOSE_ALL, false },
	{ "reply_window", rule_reply_window, PURPOSE_ALL, false },
	{ "topic_channel", rule_topic_channel, PURPOSE_ALL, false },
	{ "personal", rule_personal, PURPOSE_ASK, false },
	{ "two_then_call", rule_two_then_call, PURPOSE_ASK, false },
	{ "max_channels", rule_max_channels, PURPOSE_ASK | PURPOSE_NEWS, false },
	{ "asks_per_week", rule_asks_per_week, PURPOSE_ASK, true },
	{ "away", rule_away, PURPOSE_NO_ANSWER, true },
	{ "account_cap", rule_account_cap, PURPOSE_ALL, true },
	{ "account_rate", rule_account_rate, PURPOSE_ALL, true },
	{ "warmup", rule_warmup, PURPOSE_ALL, true },
	{ "domain_rate", rule_domain_rate, PURPOSE_ALL, true },
	{ "hours", rule_hours, PURPOSE_NO_ANSWER, true },
	{ "form", rule_form, PURPOSE_ALL, false },
	{ "breaker", rule_breaker, PURPOSE_ALL, true },
	{ "paused", rule_paused, PURPOSE_ALL, true },
};

const char *policy_answer_name(PolicyAnswer answer)
{
	static const char *const names[] = { "allow", "defer", "refuse", "withdraw", "hand" };
	return names[answer];
}

const char *policy_rule_name(unsigned n)
{
	return n < G_N_ELEMENTS(rules) ? rules[n].name : NULL;
}

void verdict_clear(Verdict *verdict)
{
	g_clear_pointer(&verdict->reason, g_free);
	*verdict = (Verdict){ 0 };
}

static const char *purpose_name(unsigned purpose)
{
	switch (purpose) {
	case PURPOSE_SERVICE: return "service";
	case PURPOSE_NEWS: return "news";
	case PURPOSE_ANSWER: return "answer";
	default: return "ask";
	}
}

const char *policy_purpose(Host *host, const PolicyCase *c)
{
	Look look;
	look_init(&look, host, c);
	look_clear(&look);
	return purpose_name(look.purpose);
}

char *policy_identity(const char *channel, const char *address)
{
	g_autofree char *norm = address ? contacts_normalize(channel, address, NULL) : NULL;
	return address ? g_strconcat(channel, ":", norm ? norm : address, NULL) : NULL;
}

static bool reads_text(PolicyRule rule)
{
	return rule == rule_personal || rule == rule_form;
}

/* Hand is no closed gate: the message goes on through the others, and is a person's to send if all let it pass. */
Verdict policy_check(Host *host, const PolicyCase *c)
{
	Look look;
	look_init(&look, host, c);
	Verdict hand = { 0 }, verdict = { 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(rules) && verdict.answer == POLICY_ALLOW; i++) {
		if (!(rules[i].binds & look.purpose) || (c->asking && rules[i].delay) || (c->only_text && !reads_text(rules[i].rule)))
			continue;
		verdict_clear(&verdict);
		verdict = rules[i].rule(&look);
		verdict.rule = verdict.answer == POLICY_ALLOW ? NULL : rules[i].name;
		if (verdict.answer == POLICY_HAND) {
			hand = verdict;
			verdict = (Verdict){ 0 };
		}
	}
	look_clear(&look);
	if (verdict.answer == POLICY_ALLOW) {
		verdict_clear(&verdict);
		return hand;
	}
	verdict_clear(&hand);
	return verdict;
}

bool policy_suppressed(Host *host, const char *channel, const char *address)
{
	PolicyCase c = { .contact = "", .channel = channel, .address = address };
	Look look = { .host = host, .c = &c, .now = host_now(host), .zone = host->workspace->zone };
	Verdict verdict = rule_suppressed(&look);
	bool suppressed = verdict.answer != POLICY_ALLOW;
	verdict_clear(&verdict);
	return suppressed;
}

Verdict policy_check_copy(Host *host, const char *channel, const char *address)
{
	PolicyCase c = { .contact = "", .channel = channel, .address = address };
	Look look = { .host = host, .c = &c, .now = host_now(host), .zone = host->workspace->zone };
	Verdict verdict = rule_suppressed(&look);
	verdict.rule = verdict.answer == POLICY_ALLOW ? NULL : "suppressed";
	g_autofree char *norm = contacts_normalize(channel, address, NULL);
	g_autoptr(GPtrArray) owners = norm ? contacts_by_address(host, channel, norm) : NULL;
	for (guint i = 0; owners && i < owners->len && verdict.answer == POLICY_ALLOW; i++) {
		PolicyCase theirs = { .contact = owners->pdata[i], .channel = channel, .address = address, .purpose = "service" };
		verdict_clear(&verdict);
		look_init(&look, host, &theirs);
		verdict = rule_suppressed(&look);
		verdict.rule = verdict.answer == POLICY_ALLOW ? NULL : "suppressed";
		if (verdict.answer == POLICY_ALLOW) {
			verdict = rule_consent(&look);
			verdict.rule = verdict.answer == POLICY_ALLOW ? NULL : "consent";
		}
		look_clear(&look);
	}
	return verdict;
}

Verdict policy_check_broadcast(Host *host, const PolicyCase *c)
{
	static const PolicyRule binding[] = { rule_account, rule_account_cap, rule_account_rate, rule_warmup, rule_hours, rule_form, rule_breaker, rule_paused };
	Look look = { .host = host, .c = c, .now = host_now(host), .zone = host->workspace->zone, .channel = channels_find(host->workspace->channels, c->channel) };
	Verdict verdict = { 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(rules) && verdict.answer == POLICY_ALLOW; i++) {
		bool binds = false;
		for (size_t k = 0; k < G_N_ELEMENTS(binding); k++)
			binds |= rules[i].rule == binding[k];
		if (!binds || (c->asking && rules[i].delay))
			continue;
		verdict_clear(&verdict);
		verdict = rules[i].rule(&look);
		verdict.rule = verdict.answer == POLICY_ALLOW ? NULL : rules[i].name;
	}
	if (g_strcmp0(verdict.rule, "hours") == 0) { /* which speaks of the one who is written to */
		g_free(verdict.reason);
		verdict.reason = g_strdup_printf("it is outside the workspace's sending hours, which begin on %s", said(&look, verdict.until).text);
	}
	return verdict;
}

void policy_each(Host *host, const PolicyCase *c, PolicySee see, void *user)
{
	Look look;
	look_init(&look, host, c);
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		Verdict verdict = { 0 };
		if (rules[i].binds & look.purpose)
			verdict = rules[i].rule(&look);
		else
			verdict.reason = g_strdup_printf("%s is not bound by it", look.purpose == PURPOSE_ANSWER ? "an answer to their message" :
			                                 look.purpose == PURPOSE_SERVICE ? "a service message" : look.purpose == PURPOSE_NEWS ? "a newsletter" : "an ask");
		verdict.rule = rules[i].name;
		see(user, rules[i].name, &verdict);
		verdict_clear(&verdict);
	}
	look_clear(&look);
}

/* ---- pauses ---------------------------------------------------------------------------------------------------- */

void policy_pause(Host *host, const char *scope, const char *name, Time until)
{
	host_write(host);
	if (until == TIME_NEVER)
		db_run(host->db, PAUSE_FOR_EVER, "ssi", scope, name, host_now(host));
	else
		db_run(host->db, PAUSE, "ssii", scope, name, until, host_now(host));
	/* It may be shorter than the one before it. */
	db_run(host->db, RELEASE_PAUSED, "i", host_now(host));
}

/* What another pause still holds is found out when it is looked at again. */
bool policy_resume(Host *host, const char *scope, const char *name)
{
	host_write(host);
	db_run(host->db, FORGET_ENDED, "i", host_now(host));
	db_run(host->db, RESUME, "ss", scope, name);
	bool was_paused = db_changes(host->db) > 0;
	db_run(host->db, RELEASE_PAUSED, "i", host_now(host));
	return was_paused;
}

void policy_pauses(Host *host, PolicySeePause see, void *user)
{
	Rows *rows = db_query(host->db, PAUSES, "i", host_now(host));
	while (rows_next(rows))
		see(user, rows_text(rows, 0), rows_text(rows, 1), rows_int_or(rows, 2, TIME_NEVER), rows_int(rows, 3));
}

/* ---- suppression ----------------------------------------------------------------------------------------------- */

/* Channels that reach the same telephone: who opts out by SMS is not called on WhatsApp either. */
static const char *family_of(const char *channel)
{
	return contacts_is_phone(channel) ? "phone" : channel;
}

/* The key is this database's own: the hashes of an erased person can't be tried out elsewhere. */
char *policy_key(Host *host, bool make)
{
	char *key = db_meta(host->db, "suppression_key");
	if (key || !make)
		return key;
	GString *text = g_string_new(NULL);
	for (int i = 0; i < 4; i++)
		g_string_append_printf(text, "%016" G_GINT64_MODIFIER "x", (guint64)host_random(host));
	db_set_meta(host->db, "suppression_key", text->str);
	return g_string_free(text, FALSE);
}

/* Hashes are asked for again and again (every look at every queued message): those made are kept, up to a bound. */
const char *policy_hash(Host *host, const char *key, const char *channel, const char *norm)
{
	enum { MOST = 100000 };
	g_autofree char *word = g_strdup_printf("%s\n%s", family_of(channel), norm);
	if (!host->policy_hashes)
		host->policy_hashes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	char *hash = g_hash_table_lookup(host->policy_hashes, word);
	if (hash)
		return hash;
	if (g_hash_table_size(host->policy_hashes) >= MOST)
		g_hash_table_remove_all(host->policy_hashes);
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)key, strlen(key));
	g_hmac_update(hmac, (const guchar *)word, (gssize)strlen(word));
	hash = g_strdup(g_hmac_get_string(hmac));
	g_hmac_unref(hmac);
	g_hash_table_insert(host->policy_hashes, g_steal_pointer(&word), hash);
	return hash;
}

void policy_suppress_identity(Host *host, const char *channel, const char *address, const char *reason, const char *contact)
{
	host_write(host);
	g_autofree char *norm = contacts_normalize(channel, address, NULL);
	g_autofree char *key = policy_key(host, true);
	db_run(host->db, SUPPRESS, "ssssi", channel, policy_hash(host, key, channel, norm ? norm : address), reason, contact, host_now(host));
}

/* All their addresses; somebody without any is remembered by a row that only its column contact finds. */
void policy_suppress_person(Host *host, const char *contact, const char *reason)
{
	host_write(host);
	g_autofree char *key = policy_key(host, true);
	g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(host->db, IDENTITIES, "ss", contact, reason);
	while (rows_next(rows))
		g_ptr_array_add(hashes, g_strdup(policy_hash(host, key, rows_text(rows, 0), rows_text(rows, 1))));
	if (hashes->len == 0)
		g_ptr_array_add(hashes, g_strdup(policy_hash(host, key, "contact", contact)));
	for (guint i = 0; i < hashes->len; i++)
		db_run(host->db, SUPPRESS, "ssssi", "*", (const char *)hashes->pdata[i], reason, contact, host_now(host));
}

bool policy_left(Host *host, const char *contact)
{
	static const char LEFT[] = "SELECT 1 FROM suppressions WHERE contact = ? AND channel = '*'";
	return db_int(host->db, 0, LEFT, "s", contact) != 0;
}
