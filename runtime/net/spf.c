/* SPDX-License-Identifier: MIT */
/* SPF records: see spf.h. */
#include "net/spf.h"

#include <arpa/inet.h>
#include <string.h>

#include "net/domain.h"

G_DEFINE_QUARK(perigee-spf-error, spf_error)

enum { DEPTH_MOST = 12, LOOKUPS_BORNE = 40, EXCHANGERS_MOST = 10 };

static const struct Word {
	const char *name;
	SpfMechanism mechanism;
	enum { NO_DOMAIN, MAY_DOMAIN, MUST_DOMAIN, NETWORK } takes;
	bool prefix; /* may end in /24//64 */
} words[] = {
	{ "all", SPF_ALL, NO_DOMAIN, false },   { "include", SPF_INCLUDE, MUST_DOMAIN, false }, { "a", SPF_A, MAY_DOMAIN, true },
	{ "mx", SPF_MX, MAY_DOMAIN, true },     { "ptr", SPF_PTR, MAY_DOMAIN, false },          { "ip4", SPF_IP4, NETWORK, true },
	{ "ip6", SPF_IP6, NETWORK, true },      { "exists", SPF_EXISTS, MUST_DOMAIN, false },
};

const char *spf_result_name(SpfResult result)
{
	static const char *const names[] = {
#define X(name, text) text,
		SPF_RESULTS(X)
#undef X
	};
	return names[result];
}

static bool wrong(GError **error, const char *what, const char *term)
{
	g_autofree char *valid = g_utf8_make_valid(term, -1), *front = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), 80));
	g_set_error(error, SPF_ERROR, SPF_ERROR_SYNTAX, "%s: \"%s\"", what, front);
	return false;
}

bool spf_address(const char *text, SpfAddress *address)
{
	*address = (SpfAddress){ .v6 = strchr(text, ':') != NULL };
	return inet_pton(address->v6 ? AF_INET6 : AF_INET, text, address->bytes) == 1;
}

bool spf_is_record(const char *text)
{
	return g_ascii_strncasecmp(text, "v=spf1", 6) == 0 && (text[6] == ' ' || text[6] == 0);
}

/* ---- parsing ---- */

static void term_free(void *data)
{
	SpfTerm *term = data;
	g_free(term->domain);
	g_free(term);
}

void spf_record_free(SpfRecord *record)
{
	if (!record)
		return;
	g_ptr_array_unref(record->terms);
	g_free(record->redirect);
	g_free(record);
}

/* domain-spec (RFC 7208, 7.1): visible characters with macros of a right form, else a domain. */
static bool is_domain_spec(const char *text)
{
	bool macro = false;
	for (const char *c = text; *c; c++) {
		if (*c <= 32 || *c > 126)
			return false;
		if (*c != '%')
			continue;
		macro = true;
		if (c[1] == '%' || c[1] == '_' || c[1] == '-') {
			c++;
			continue;
		}
		if (c[1] != '{' || !c[2] || !strchr("slodiphcrtvSLODIPHCRTV", c[2]))
			return false;
		c += 3;
		c += strspn(c, "0123456789");
		c += *c == 'r' || *c == 'R';
		c += strspn(c, ".-+,/_=");
		if (*c != '}')
			return false;
	}
	if (macro)
		return strlen(text) <= 253;
	g_autofree char *domain = domain_of(text);
	return domain && !strchr(text, '@');
}

static bool is_macro(const char *text)
{
	return text && strchr(text, '%');
}

static bool take_number(const char *text, unsigned most, unsigned *number)
{
	guint64 value;
	bool leading = text[0] == '0' && text[1];
	if (leading || !g_ascii_string_to_unsigned(text, 10, 0, most, &value, NULL))
		return false;
	*number = (unsigned)value;
	return true;
}

/* Cuts "/24", "//64", "/24//64" off the end of text. */
static bool take_prefixes(char *text, SpfTerm *term)
{
	char *slash = strchr(text, '/'), *two = strstr(text, "//");
	if (!slash)
		return true;
	if (two && !take_number(two + 2, 128, &term->prefix6))
		return false;
	if (two)
		*two = 0;
	if (slash != two && !take_number(slash + 1, 32, &term->prefix4))
		return false;
	*slash = 0;
	return true;
}

static bool take_network(char *text, SpfTerm *term)
{
	char *slash = strchr(text, '/');
	bool v6 = term->mechanism == SPF_IP6;
	if (slash && !take_number(slash + 1, v6 ? 128 : 32, v6 ? &term->prefix6 : &term->prefix4))
		return false;
	if (slash)
		*slash = 0;
	return spf_address(text, &term->network) && term->network.v6 == v6;
}

static const struct Word *word_of(const char *text)
{
	size_t length = strcspn(text, ":/");
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strlen(words[i].name) == length && g_ascii_strncasecmp(words[i].name, text, length) == 0)
			return &words[i];
	return NULL;
}

static bool take_mechanism(SpfRecord *record, const char *text, GError **error)
{
	const char *plain = text + (strchr("+-~?", *text) != NULL);
	const struct Word *word = word_of(plain);
	if (!word)
		return wrong(error, "this is no word of SPF", text);
	SpfTerm *term = g_new0(SpfTerm, 1);
	*term = (SpfTerm){ .qualifier = plain > text ? *text : '+', .mechanism = word->mechanism, .prefix4 = 32, .prefix6 = 128 };
	g_ptr_array_add(record->terms, term);
	g_autofree char *rest = g_strdup(plain + strlen(word->name));
	char *argument = *rest == ':' ? rest + 1 : NULL;
	if (word->takes == NETWORK)
		return (argument && take_network(argument, term)) || wrong(error, "this is no address or network", text);
	/* A slash may stand inside a macro, which has no prefix of ours to offer. */
	if (word->prefix && !is_macro(rest) && !take_prefixes(rest, term))
		return wrong(error, "this is no length of a network", text);
	if (!argument && *rest)
		return wrong(error, "this is no word of SPF", text);
	if (argument ? word->takes == NO_DOMAIN || !is_domain_spec(argument) : word->takes == MUST_DOMAIN)
		return wrong(error, argument ? "this is no domain" : "a domain is missing", text);
	term->domain = is_macro(argument) ? g_strdup(argument) : argument ? domain_of(argument) : NULL;
	return true;
}

/* NAME=value; unknown ones are passed over (RFC 7208, 6). */
static bool take_modifier(SpfRecord *record, const char *text, const char *equals, bool *explained, GError **error)
{
	size_t length = (size_t)(equals - text);
	bool redirect = length == 8 && g_ascii_strncasecmp(text, "redirect", 8) == 0;
	bool explain = length == 3 && g_ascii_strncasecmp(text, "exp", 3) == 0;
	if (!redirect && !explain)
		return true;
	if (!is_domain_spec(equals + 1))
		return wrong(error, "this is no domain", text);
	if (redirect ? record->redirect != NULL : *explained)
		return wrong(error, "this stands twice", text);
	if (redirect)
		record->redirect = is_macro(equals + 1) ? g_strdup(equals + 1) : domain_of(equals + 1);
	*explained |= explain;
	return true;
}

/* The "=" of a modifier: after letters, digits, "-", "_", "." alone, so that it is none inside a domain. */
static const char *modifier_of(const char *text)
{
	size_t length = g_ascii_isalpha(*text) ? strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") : 0;
	return length && text[length] == '=' ? text + length : NULL;
}

SpfRecord *spf_parse(const char *text, GError **error)
{
	if (!spf_is_record(text)) {
		wrong(error, "this does not begin with v=spf1", text);
		return NULL;
	}
	g_autoptr(SpfRecord) record = g_new0(SpfRecord, 1);
	record->terms = g_ptr_array_new_with_free_func(term_free);
	g_auto(GStrv) terms = g_strsplit(text + 6, " ", SPF_TERMS_MOST + 1);
	bool explained = false;
	if (g_strv_length(terms) > SPF_TERMS_MOST) {
		wrong(error, "this has too many words", text);
		return NULL;
	}
	for (char **term = terms; *term; term++) {
		const char *equals = modifier_of(*term);
		if (!**term)
			continue;
		if (!(equals ? take_modifier(record, *term, equals, &explained, error) : take_mechanism(record, *term, error)))
			return NULL;
	}
	return g_steal_pointer(&record);
}

/* ---- walking ---- */

/* The record of a domain: its text, NULL for none; *count says how many there are. */
static SpfLookup find_record(const SpfAsk *ask, const char *domain, char **text, unsigned *count)
{
	g_autoptr(GPtrArray) texts = NULL;
	SpfLookup found = ask->texts(ask->data, domain, &texts);
	*text = NULL;
	*count = 0;
	for (guint i = 0; found == SPF_FOUND && i < texts->len; i++) {
		if (!spf_is_record(texts->pdata[i]))
			continue;
		++*count;
		g_free(*text);
		*text = g_strdup(texts->pdata[i]);
	}
	return found;
}

static void note_fault(SpfWalk *walk, char *fault)
{
	if (walk->fault)
		g_free(fault);
	else
		walk->fault = fault;
}

static void walk_record(SpfWalk *walk, const SpfAsk *ask, const char *domain, unsigned depth, bool tail);

static void walk_into(SpfWalk *walk, const SpfAsk *ask, const char *domain, unsigned depth, bool tail)
{
	if (is_macro(domain)) {
		walk->macros = true;
		return;
	}
	g_hash_table_add(walk->included, g_strdup(domain));
	if (depth >= DEPTH_MOST || walk->lookups > LOOKUPS_BORNE)
		note_fault(walk, g_strdup_printf("its includes go too deep, or round in a circle (at %s)", domain));
	else
		walk_record(walk, ask, domain, depth + 1, tail);
}

static void walk_terms(SpfWalk *walk, const SpfAsk *ask, const SpfRecord *record, unsigned depth, bool tail)
{
	bool all = false;
	for (guint i = 0; i < record->terms->len; i++) {
		const SpfTerm *term = record->terms->pdata[i];
		all |= term->mechanism == SPF_ALL;
		if (term->mechanism == SPF_ALL && tail && !walk->all)
			walk->all = term->qualifier;
		walk->networks += term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6;
		walk->uses_ptr |= term->mechanism == SPF_PTR;
		walk->macros |= is_macro(term->domain);
		if (term->mechanism == SPF_ALL || term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6)
			continue;
		walk->lookups++;
		if (term->mechanism == SPF_INCLUDE)
			walk_into(walk, ask, term->domain, depth, false);
	}
	if (!record->redirect || all) /* RFC 7208, 6.1 */
		return;
	walk->lookups++;
	walk_into(walk, ask, record->redirect, depth, tail);
}

/* tail: it ends the domain's own record, which it is or which redirects to it. */
static void walk_record(SpfWalk *walk, const SpfAsk *ask, const char *domain, unsigned depth, bool tail)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	unsigned count;
	SpfLookup found = find_record(ask, domain, &text, &count);
	walk->no_answer |= found == SPF_NO_ANSWER;
	if (depth == 0) {
		walk->records = count;
		walk->record = count == 1 ? g_strdup(text) : NULL;
	}
	if (count != 1) {
		if (found != SPF_NO_ANSWER && depth > 0)
			note_fault(walk, g_strdup_printf(count ? "%s, which it includes, has several records" : "%s, which it includes, has no record", domain));
		return;
	}
	g_autoptr(SpfRecord) record = spf_parse(text, &error);
	if (record)
		walk_terms(walk, ask, record, depth, tail);
	else
		note_fault(walk, depth ? g_strdup_printf("of %s, which it includes, %s", domain, error->message) : g_strdup(error->message));
}

SpfWalk *spf_walk(const SpfAsk *ask, const char *domain)
{
	SpfWalk *walk = g_new0(SpfWalk, 1);
	walk->included = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	walk_record(walk, ask, domain, 0, true);
	return walk;
}

void spf_walk_free(SpfWalk *walk)
{
	if (!walk)
		return;
	g_hash_table_unref(walk->included);
	g_free(walk->record);
	g_free(walk->fault);
	g_free(walk);
}

/* ---- evaluating ---- */

typedef struct Check {
	const SpfAsk *ask;
	const SpfAddress *address;
	unsigned lookups, depth;
	bool untold; /* a macro, or ptr: it may have matched */
} Check;

typedef enum { NO, YES, BROKEN, NO_ANSWER } Match;

static bool inside(const SpfAddress *address, const SpfAddress *network, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;
	if (address->v6 != network->v6 || memcmp(address->bytes, network->bytes, whole) != 0)
		return false;
	uint8_t mask = (uint8_t)(0xff00 >> rest);
	return rest == 0 || (address->bytes[whole] & mask) == (network->bytes[whole] & mask);
}

static Match match_host(Check *check, const SpfTerm *term, const char *host)
{
	g_autoptr(GPtrArray) found = NULL;
	SpfLookup answer = check->ask->addresses(check->ask->data, host, &found);
	if (answer != SPF_FOUND)
		return answer == SPF_NOTHING ? NO : NO_ANSWER;
	for (guint i = 0; i < found->len; i++) {
		const SpfAddress *address = found->pdata[i];
		if (inside(check->address, address, address->v6 ? term->prefix6 : term->prefix4))
			return YES;
	}
	return NO;
}

static Match match_exchangers(Check *check, const SpfTerm *term, const char *domain)
{
	g_autoptr(GPtrArray) hosts = NULL;
	SpfLookup answer = check->ask->exchangers(check->ask->data, domain, &hosts);
	if (answer != SPF_FOUND)
		return answer == SPF_NOTHING ? NO : NO_ANSWER;
	if (hosts->len > EXCHANGERS_MOST) /* RFC 7208, 4.6.4 */
		return BROKEN;
	Match match = NO;
	for (guint i = 0; match == NO && i < hosts->len; i++)
		match = match_host(check, term, hosts->pdata[i]);
	return match;
}

static SpfResult check_domain(Check *check, const char *domain);

static Match match_include(Check *check, const char *domain)
{
	switch (check_domain(check, domain)) {
	case SPF_PASS: return YES;
	case SPF_TEMPERROR: return NO_ANSWER;
	case SPF_NONE:
	case SPF_PERMERROR: return BROKEN;
	default: return NO;
	}
}

static Match match_term(Check *check, const SpfTerm *term, const char *domain)
{
	const char *target = term->domain ? term->domain : domain;
	if (term->mechanism == SPF_ALL)
		return YES;
	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6)
		return inside(check->address, &term->network, term->network.v6 ? term->prefix6 : term->prefix4) ? YES : NO;
	if (++check->lookups > SPF_LOOKUPS_MOST)
		return BROKEN;
	if (term->mechanism == SPF_PTR || is_macro(target)) {
		check->untold = true;
		return NO;
	}
	switch (term->mechanism) {
	case SPF_INCLUDE: return match_include(check, target);
	case SPF_A: return match_host(check, term, target);
	case SPF_MX: return match_exchangers(check, term, target);
	default: {
		g_autoptr(GPtrArray) found = NULL;
		SpfLookup answer = check->ask->addresses(check->ask->data, target, &found);
		return answer == SPF_FOUND ? YES : answer == SPF_NOTHING ? NO : NO_ANSWER;
	}
	}
}

static SpfResult result_of(char qualifier)
{
	return qualifier == '+' ? SPF_PASS : qualifier == '-' ? SPF_FAIL : qualifier == '~' ? SPF_SOFTFAIL : SPF_NEUTRAL;
}

static SpfResult check_record(Check *check, const SpfRecord *record, const char *domain)
{
	for (guint i = 0; i < record->terms->len; i++) {
		const SpfTerm *term = record->terms->pdata[i];
		Match match = match_term(check, term, domain);
		if (match == YES)
			return result_of(term->qualifier);
		if (match != NO)
			return match == BROKEN ? SPF_PERMERROR : SPF_TEMPERROR;
	}
	if (!record->redirect)
		return SPF_NEUTRAL;
	if (++check->lookups > SPF_LOOKUPS_MOST)
		return SPF_PERMERROR;
	if (is_macro(record->redirect)) {
		check->untold = true;
		return SPF_NEUTRAL;
	}
	SpfResult result = check_domain(check, record->redirect);
	return result == SPF_NONE ? SPF_PERMERROR : result;
}

static SpfResult check_domain(Check *check, const char *domain)
{
	g_autofree char *text = NULL;
	unsigned count;
	if (check->depth >= DEPTH_MOST)
		return SPF_PERMERROR;
	SpfLookup found = find_record(check->ask, domain, &text, &count);
	if (found == SPF_NO_ANSWER)
		return SPF_TEMPERROR;
	if (count != 1)
		return count ? SPF_PERMERROR : SPF_NONE;
	g_autoptr(SpfRecord) record = spf_parse(text, NULL);
	if (!record)
		return SPF_PERMERROR;
	check->depth++;
	SpfResult result = check_record(check, record, domain);
	check->depth--;
	return result;
}

SpfResult spf_evaluate(const SpfAsk *ask, const char *domain, const SpfAddress *address)
{
	Check check = { .ask = ask, .address = address };
	SpfResult result = check_domain(&check, domain);
	bool told = result == SPF_PASS || result == SPF_NONE || result == SPF_PERMERROR || result == SPF_TEMPERROR;
	return check.untold && !told ? SPF_UNTOLD : result;
}
