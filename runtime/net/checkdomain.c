/* SPDX-License-Identifier: MIT */
/* The rows of doctor that the DNS and perigee.lua tell of an account: see checkdomain.h. */
#include "net/checkdomain.h"

#include <netinet/in.h>
#include <string.h>

#include "base/value.h"
#include "net/address.h"
#include "net/confine.h"
#include "net/dns.h"
#include "net/domain.h"
#include "net/provider.h"
#include "net/spf.h"
#include "net/tags.h"

enum { BULK_DAY = 5000, RSA_ADVISED = 2048 };

/* How SPF goes for the mails of this account, as DMARC needs to know it. */
typedef enum { SPF_GOOD, SPF_BAD, SPF_NOT_OURS, SPF_UNSURE } SpfSide;

typedef struct Domain {
	const Mailcheck *check;
	const json_t *config;
	const char *address;
	char *domain;             /* From's */
	char *host;               /* of smtp; "" : none */
	const char *user;
	const Provider *provider; /* of the host, or NULL */
	Dns *dns;
	GPtrArray *addresses;     /* of the host: SpfAddress; NULL: none known */
	bool own;                 /* the host is a relay of our own: of From's organisation, or at a private address */
	bool hidden;              /* all its addresses are private */
	SpfSide spf;
	bool dkim;                /* signed with From's domain, as far as is known */
	int per_day;              /* 0: no cap */
	long long volume;         /* of the organisation; 0: no limit */
} Domain;

static bool is_bulk(const Domain *d)
{
	return d->volume == 0 || d->volume >= BULK_DAY;
}

static bool is_private(const SpfAddress *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	memcpy(&v4.sin_addr, address->bytes, 4);
	memcpy(&v6.sin6_addr, address->bytes, 16);
	return address_is_private(address->v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4);
}

/* ---- From ---- */

static bool looks_unattended(const char *address)
{
	static const char *const words[] = { "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "nepasrepondre", "ne-pas-repondre" };
	g_autofree char *lower = g_ascii_strdown(address, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_str_has_prefix(lower, words[i]))
			return true;
	return false;
}

/* False: nothing more is worth asking about the domain. */
static bool check_from(Domain *d)
{
	const Provider *free_one = provider_of_address(d->domain);
	const char *at = strchr(d->user, '@');
	g_autofree char *user = at ? domain_of(d->user) : NULL;
	if (free_one && *d->host && free_one != d->provider) {
		mailcheck_say(d->check, "From", FINDING_FAIL, "%s belongs to %s, whose addresses may be sent from by its own servers alone, and %s is none: other providers "
		              "refuse such mail as forged; send by its server, or from a domain of your own", d->domain, free_one->name, d->host);
		return false;
	}
	if (looks_unattended(d->address))
		mailcheck_say(d->check, "From", FINDING_WARN, "the address looks as if nobody reads it: people are to answer, so use one with a name");
	else if (user && !domain_is_aligned(user, d->domain, false))
		mailcheck_say(d->check, "From", FINDING_WARN, "%s signs in as %s, of another domain: many servers refuse that, or write their own From; check with: "
		              "perigee send --to YOURSELF TEMPLATE --as CONTACT", d->host, d->user);
	else if (free_one)
		mailcheck_say(d->check, "From", FINDING_OK, "an address of %s, sent by its own servers: SPF, DKIM and DMARC are its matter; for more than a little mail use a domain "
		              "of your own", free_one->name);
	else
		mailcheck_say(d->check, "From", FINDING_OK, "%s is your own domain%s%s", d->domain, d->provider ? ", sent by " : "", d->provider ? d->provider->name : "");
	return !free_one;
}

static void check_cap(const Domain *d)
{
	const Provider *p = d->provider;
	const Provider *free_one = provider_of_address(d->domain);
	int limit = !p ? 0 : free_one == p ? p->per_day_free : p->per_day;
	if (limit && (!d->per_day || d->per_day > limit))
		mailcheck_say(d->check, "cap", FINDING_WARN, "%s lets an account like this send %d mails a day and then blocks it, and cap.per_day is %s%.0d: set it to %d or "
		              "less, and begin with cap.warmup", p->name, limit, d->per_day ? "" : "not set", d->per_day, limit);
	else if (!d->per_day)
		mailcheck_say(d->check, "cap", FINDING_WARN, "no cap.per_day is set: a mistake could send everything in a day, and a mailbox that never sent much is taken for stolen; "
		              "set one, with cap.warmup");
	else if (limit)
		mailcheck_say(d->check, "cap", FINDING_OK, "at most %d a day; %s allows %d", d->per_day, p->name, limit);
	else
		mailcheck_say(d->check, "cap", FINDING_OK, "at most %d a day", d->per_day);
}

static void check_unsubscribe(const Domain *d)
{
	const char *url = value_string(d->check->plan, "public_url", "");
	if (g_str_has_prefix(url, "https://"))
		mailcheck_say(d->check, "unsubscribing", FINDING_OK, "public_url is set, so List-Unsubscribe works with one click");
	else if (*url)
		mailcheck_say(d->check, "unsubscribing", FINDING_WARN, "public_url is no https:// URL, and one-click List-Unsubscribe needs one (RFC 8058)");
	else
		mailcheck_say(d->check, "unsubscribing", is_bulk(d) ? FINDING_WARN : FINDING_OK, "public_url is not set, so List-Unsubscribe is by mail alone; Gmail and Yahoo want one "
		              "click from senders of more than %d mails a day%s", BULK_DAY, is_bulk(d) ? ", which the caps allow: set public_url" : "");
}

/* ---- MX ---- */

static void unknown(const Domain *d, const char *what, const char *name)
{
	mailcheck_say(d->check, what, FINDING_UNKNOWN, "the DNS does not tell about %s: no network, or its server does not answer; try again later", name);
}

static void check_exchangers(const Domain *d)
{
	g_autoptr(GPtrArray) hosts = NULL, addresses = NULL;
	SpfLookup found = dns_exchangers(d->dns, d->domain, &hosts);
	if (found == SPF_FOUND && strlen(hosts->pdata[0]) == 0) {
		mailcheck_say(d->check, "MX", FINDING_FAIL, "%s says that it takes no mail (a null MX), so replies and bounces are lost, and others refuse mail from it", d->domain);
		return;
	}
	if (found == SPF_FOUND) {
		SpfLookup host = dns_addresses(d->dns, hosts->pdata[0], &addresses);
		if (host == SPF_NOTHING)
			mailcheck_say(d->check, "MX", FINDING_FAIL, "replies to %s go to %s, which has no address: correct the MX record", d->domain, (char *)hosts->pdata[0]);
		else
			mailcheck_say(d->check, "MX", FINDING_OK, "replies and bounces go to %s", (char *)hosts->pdata[0]);
		return;
	}
	SpfLookup plain = found == SPF_NOTHING ? dns_addresses(d->dns, d->domain, &addresses) : SPF_NO_ANSWER;
	if (plain == SPF_FOUND)
		mailcheck_say(d->check, "MX", FINDING_WARN, "%s has no MX record, so replies go to its own address: publish one", d->domain);
	else if (plain == SPF_NOTHING)
		mailcheck_say(d->check, "MX", FINDING_FAIL, "%s does not exist as a domain for mail (no MX, no address): replies and bounces are lost, and others refuse mail from it",
		              d->domain);
	else
		unknown(d, "MX", d->domain);
}

/* ---- SPF ---- */

/* What a record should hold for our server: "include:...", "ip4:...", "a:...". Caller frees. */
static char *term_wanted(const Domain *d)
{
	if (d->provider && d->provider->spf)
		return g_strdup_printf("include:%s", d->provider->spf);
	for (guint i = 0; d->own && !d->hidden && d->addresses && i < d->addresses->len; i++) {
		const SpfAddress *address = d->addresses->pdata[i];
		g_autofree char *text = dns_address_text(address);
		if (!is_private(address))
			return g_strdup_printf("%s:%s", address->v6 ? "ip6" : "ip4", text);
	}
	return d->hidden || !*d->host ? g_strdup("ip4:THE-ADDRESS-IT-SENDS-FROM") : g_strdup_printf("a:%s", d->host);
}

/* The record with one term more, before its `all` or redirect. Caller frees. */
static char *record_with(const char *record, const char *term)
{
	static const char *const ends[] = { "all", "+all", "-all", "~all", "?all", NULL };
	g_auto(GStrv) words = g_strsplit(record, " ", -1);
	g_autoptr(GString) out = g_string_new(NULL);
	bool put = false;
	for (char **word = words; *word; word++) {
		g_autofree char *lower = g_ascii_strdown(*word, -1);
		bool last = g_strv_contains(ends, lower) || g_str_has_prefix(lower, "redirect=");
		if (!**word)
			continue;
		if (last && !put)
			g_string_append_printf(out, "%s ", term);
		put |= last;
		g_string_append_printf(out, "%s ", *word);
	}
	g_string_append(out, put ? "" : term);
	return g_strstrip(g_strdup(out->str));
}

static void tell_missing(Domain *d, const SpfWalk *walk, const char *why, FindingState state)
{
	g_autofree char *term = term_wanted(d), *record = record_with(walk->record ? walk->record : "v=spf1 ~all", term);
	mailcheck_say(d->check, "SPF", state, "%s; publish as %s TXT of %s: %s", why, walk->record ? "the one" : "a", d->domain, record);
}

/* The record is sound: does it let our server send? */
static void check_sender(Domain *d, const SpfWalk *walk, const char *sound)
{
	SpfAsk ask = dns_ask(d->dns);
	if (d->provider && d->provider->spf) {
		bool there = g_hash_table_contains(walk->included, d->provider->spf);
		d->spf = there ? SPF_GOOD : walk->no_answer || walk->macros ? SPF_UNSURE : d->provider->own_path ? SPF_NOT_OURS : SPF_BAD;
		g_autofree char *why = g_strdup_printf("the record does not include %s, by which %s sends%s", d->provider->spf, d->provider->name, d->spf == SPF_NOT_OURS ?
		                                       " (it puts a return path of its own on mails unless told, and SPF then speaks for that alone)" : "");
		if (there)
			mailcheck_say(d->check, "SPF", FINDING_OK, "%s may send for %s; %s", d->provider->name, d->domain, sound);
		else if (d->spf == SPF_UNSURE)
			mailcheck_say(d->check, "SPF", FINDING_UNKNOWN, "whether %s may send can't be told: a part of the record depends on each mail, or did not answer", d->provider->name);
		else
			tell_missing(d, walk, why, d->spf == SPF_NOT_OURS ? FINDING_WARN : FINDING_FAIL);
		return;
	}
	if (d->hidden || !d->addresses || !*d->host) {
		d->spf = SPF_UNSURE;
		mailcheck_say(d->check, "SPF", FINDING_UNKNOWN, "%s; whether it has the address that mail leaves by can't be told from here%s: see in a mail that arrived (spf=pass)", sound,
		              d->hidden ? ", as the server is at a private one" : "");
		return;
	}
	SpfResult worst = SPF_PASS;
	for (guint i = 0; i < d->addresses->len && worst == SPF_PASS; i++)
		worst = spf_evaluate(&ask, d->domain, d->addresses->pdata[i]);
	d->spf = worst == SPF_PASS ? SPF_GOOD : worst == SPF_TEMPERROR || worst == SPF_UNTOLD || !d->own ? SPF_UNSURE : SPF_BAD;
	if (worst == SPF_PASS)
		mailcheck_say(d->check, "SPF", FINDING_OK, "%s may send for %s; %s", d->host, d->domain, sound);
	else if (worst == SPF_TEMPERROR || worst == SPF_UNTOLD)
		mailcheck_say(d->check, "SPF", FINDING_UNKNOWN, "%s; whether it has %s could not be told (%s)", sound, d->host, spf_result_name(worst));
	else if (d->own) {
		g_autofree char *why = g_strdup_printf("the record does not have %s (%s)", d->host, spf_result_name(worst));
		tell_missing(d, walk, why, FINDING_FAIL);
	} else {
		mailcheck_say(d->check, "SPF", FINDING_WARN, "the record does not have %s (%s), but the provider may send by other addresses: ask it what to include, and see in a mail that "
		              "arrived (spf=pass)", d->host, spf_result_name(worst));
	}
}

static void check_spf(Domain *d)
{
	SpfAsk ask = dns_ask(d->dns);
	g_autoptr(SpfWalk) walk = spf_walk(&ask, d->domain);
	d->spf = SPF_BAD;
	if (walk->records == 0 && walk->no_answer) {
		d->spf = SPF_UNSURE;
		unknown(d, "SPF", d->domain);
	} else if (walk->records == 0) {
		d->spf = d->provider && d->provider->own_path ? SPF_NOT_OURS : SPF_BAD;
		tell_missing(d, walk, "there is no record, so any server may claim to send for the domain and none is trusted", FINDING_FAIL);
	} else if (walk->records > 1) {
		mailcheck_say(d->check, "SPF", FINDING_FAIL, "%s has %u records that begin with v=spf1, which makes all of them void: make them one", d->domain, walk->records);
	} else if (walk->fault) {
		mailcheck_say(d->check, "SPF", FINDING_FAIL, "the record is void for receivers: %s", walk->fault);
	} else if (walk->lookups > SPF_LOOKUPS_MOST) {
		mailcheck_say(d->check, "SPF", FINDING_FAIL, "the record takes %u lookups and receivers stop at %d: take out includes that are not used any more", walk->lookups,
		              SPF_LOOKUPS_MOST);
	} else if (walk->all == '+') {
		mailcheck_say(d->check, "SPF", FINDING_FAIL, "the record ends in +all, which lets the whole world send for %s: end it in ~all", d->domain);
	} else {
		bool open = walk->all != '-' && walk->all != '~' && !walk->no_answer;
		g_autofree char *sound = g_strdup_printf("%u of %d lookups%s", walk->lookups, SPF_LOOKUPS_MOST, walk->all == '-' ? ", ends in -all" : walk->all == '~' ? ", ends in ~all" : "");
		check_sender(d, walk, sound);
		if (open)
			mailcheck_say(d->check, "SPF end", FINDING_WARN, "the record ends without ~all or -all, so it says nothing against forgers: put ~all at its end");
	}
}

/* ---- DKIM ---- */

/* Signed here: checkserver.c, which has the key, looks at the record. */
static bool signs_here(Domain *d)
{
	size_t i;
	json_t *signing;
	json_array_foreach(json_object_get(d->config, "dkim"), i, signing) {
		g_autofree char *domain = domain_of(value_string(signing, "domain", ""));
		d->dkim |= domain && domain_is_aligned(domain, d->domain, false);
	}
	return i > 0;
}

static void check_dkim(Domain *d)
{
	SpfLookup found = SPF_NOTHING;
	if (signs_here(d))
		return;
	for (const char *const *s = d->provider ? d->provider->selectors : NULL; s && *s && !d->dkim; s++) {
		g_autofree char *name = g_strdup_printf("%s._domainkey.%s", *s, d->domain);
		g_autoptr(GPtrArray) texts = NULL;
		found = dns_texts(d->dns, name, &texts);
		g_autoptr(DkimPublished) key = found == SPF_FOUND ? dkim_published_parse(texts->pdata[0], NULL) : NULL;
		if (found == SPF_NO_ANSWER)
			break;
		if (!key || !*key->key)
			continue;
		d->dkim = true;
		bool weak = key->bits && key->bits < RSA_ADVISED;
		mailcheck_say(d->check, "DKIM", weak ? FINDING_WARN : FINDING_OK, weak ? "%s signs with the key at %s, of %u bits: have it make one of 2048" :
		              "%s has a key for your domain at %s (%u bits; 0: Ed25519)", d->provider->name, name, key->bits);
	}
	if (d->dkim)
		return;
	if (found == SPF_NO_ANSWER)
		unknown(d, "DKIM", d->domain);
	else
		mailcheck_say(d->check, "DKIM", d->own ? FINDING_WARN : FINDING_UNKNOWN, "%s%s: send a mail to yourself at Gmail, choose \"Show original\" and look for dkim=pass with "
		              "header.i=@%s; if it is not there, %s", d->provider && d->provider->selectors[0] ? "no key of its usual names is published by " : "no dkim is set in perigee.lua; whether the "
		              "server signs can't be seen from outside", d->provider && d->provider->selectors[0] ? d->provider->name : "", d->domain,
		              d->own ? "make a key (openssl genpkey -algorithm ed25519 | perigee secret set dkim) and set dkim = {...} of the account" : "turn DKIM on for your domain at the provider");
}

/* ---- DMARC ---- */

/* The one record at _dmarc.NAME. count: how many there are. */
static SpfLookup find_dmarc(Dns *dns, const char *name, char **text, unsigned *count)
{
	g_autofree char *at = g_strdup_printf("_dmarc.%s", name);
	g_autoptr(GPtrArray) texts = NULL;
	SpfLookup found = dns_texts(dns, at, &texts);
	*count = 0;
	for (guint i = 0; found == SPF_FOUND && i < texts->len; i++) {
		if (!dmarc_is_record(texts->pdata[i]))
			continue;
		++*count;
		g_free(*text);
		*text = g_strdup(texts->pdata[i]);
	}
	return found == SPF_FOUND && !*count ? SPF_NOTHING : found;
}

static void tell_alignment(Domain *d, const Dmarc *dmarc, const char *policy, const char *at)
{
	bool ours = false;
	size_t i;
	json_t *signing;
	json_array_foreach(json_object_get(d->config, "dkim"), i, signing) {
		g_autofree char *domain = domain_of(value_string(signing, "domain", ""));
		ours |= domain && domain_is_aligned(domain, d->domain, dmarc->strict_dkim);
	}
	bool signs = i > 0, dkim = signs ? ours : d->dkim;
	/* The return path is From's own address, so SPF is aligned, strictly too, wherever it passes for that domain. */
	bool spf = d->spf == SPF_GOOD;
	g_autofree char *reports = dmarc->reports->len ? g_strdup("") : g_strdup_printf("; without rua= nobody tells you of failures (rua=mailto:dmarc@%s)", domain_organisation(d->domain));
	const char *aligned = spf && dkim ? "SPF and DKIM are both aligned with From" : spf ? "SPF is aligned with From" : "DKIM is aligned with From";
	if (signs && !ours)
		mailcheck_say(d->check, "DMARC", spf ? FINDING_WARN : FINDING_FAIL, "the policy at %s is %s, and the dkim domain of perigee.lua is not aligned with %s (adkim=%s): sign as %s", at,
		              policy, d->domain, dmarc->strict_dkim ? "s" : "r", d->domain);
	else if (spf || dkim)
		mailcheck_say(d->check, "DMARC", is_bulk(d) && !(spf && dkim) ? FINDING_WARN : FINDING_OK, "the policy at %s is %s; %s%s%s", at, policy, aligned, is_bulk(d) && !(spf && dkim) ?
		              ", but above 5000 mails a day Gmail, Yahoo and Microsoft want both" : "", reports);
	else if (d->spf == SPF_UNSURE || d->spf == SPF_NOT_OURS || !d->own)
		mailcheck_say(d->check, "DMARC", d->spf == SPF_UNSURE ? FINDING_UNKNOWN : FINDING_WARN, "the policy at %s is %s; that SPF or DKIM is aligned with From could not be seen from here: "
		              "look for dmarc=pass in a mail that arrived", at, policy);
	else
		mailcheck_say(d->check, "DMARC", strcmp(policy, "none") == 0 ? FINDING_WARN : FINDING_FAIL, "the policy at %s is %s, and neither SPF nor DKIM passes for %s: receivers will %s; "
		              "correct the rows above", at, policy, d->domain, strcmp(policy, "none") == 0 ? "mistrust the mail" : "refuse it or take it for junk");
}

static void check_dmarc(Domain *d)
{
	const char *organisation = domain_organisation(d->domain), *at = d->domain;
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	unsigned count;
	SpfLookup found = find_dmarc(d->dns, d->domain, &text, &count);
	if (found == SPF_NOTHING && strcmp(organisation, d->domain) != 0)
		found = find_dmarc(d->dns, at = organisation, &text, &count);
	g_autofree char *name = g_strdup_printf("_dmarc.%s", at);
	if (found == SPF_NO_ANSWER) {
		unknown(d, "DMARC", name);
		return;
	}
	if (found == SPF_NOTHING) {
		mailcheck_say(d->check, "DMARC", is_bulk(d) ? FINDING_FAIL : FINDING_WARN, "there is no policy%s; publish as TXT of _dmarc.%s: v=DMARC1; p=none; rua=mailto:dmarc@%s",
		              is_bulk(d) ? ", and Gmail, Yahoo and Microsoft refuse senders of more than 5000 mails a day without one (the caps allow that many)" : "", organisation, organisation);
		return;
	}
	g_autoptr(Dmarc) dmarc = count == 1 ? dmarc_parse(text, &error) : NULL;
	if (dmarc)
		tell_alignment(d, dmarc, at == d->domain ? dmarc->policy : dmarc->subdomains, name);
	else
		mailcheck_say(d->check, "DMARC", FINDING_FAIL, "what stands at %s is passed over by receivers: %s", name, error ? error->message : "there are several records, make them one");
}

/* ---- the relay ---- */

static void find_host(Domain *d)
{
	SpfAddress literal;
	g_autoptr(GPtrArray) found = NULL;
	if (!*d->host)
		return;
	if (spf_address(d->host, &literal)) {
		d->addresses = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(d->addresses, g_memdup2(&literal, sizeof literal));
	} else if (dns_addresses(d->dns, d->host, &found) == SPF_FOUND) {
		d->addresses = g_steal_pointer(&found);
	}
	unsigned hidden = 0;
	for (guint i = 0; d->addresses && i < d->addresses->len; i++)
		hidden += is_private(d->addresses->pdata[i]);
	d->hidden = d->addresses && d->addresses->len && hidden == d->addresses->len;
	g_autofree char *host = domain_of(d->host);
	d->own = !d->provider && (d->hidden || (host && domain_is_aligned(host, d->domain, false)));
}

static void check_name(const Domain *d, const SpfAddress *address)
{
	g_autofree char *text = dns_address_text(address), *name = NULL;
	g_autoptr(GPtrArray) back = NULL;
	SpfLookup found = dns_name(d->dns, address, &name);
	bool confirmed = false;
	if (found == SPF_NOTHING)
		mailcheck_say(d->check, "PTR", FINDING_FAIL, "%s has no name in the DNS, and Gmail and others refuse mail from such addresses: have its owner (the hoster) set its PTR to %s", text, d->host);
	else if (found == SPF_NO_ANSWER || dns_addresses(d->dns, name, &back) == SPF_NO_ANSWER)
		unknown(d, "PTR", text);
	else {
		for (guint i = 0; back && i < back->len; i++) {
			const SpfAddress *other = back->pdata[i];
			confirmed |= other->v6 == address->v6 && memcmp(other->bytes, address->bytes, other->v6 ? 16 : 4) == 0;
		}
		if (confirmed)
			mailcheck_say(d->check, "PTR", FINDING_OK, "%s is named %s, which leads back to it", text, name);
		else
			mailcheck_say(d->check, "PTR", FINDING_FAIL, "%s is named %s, which does not lead back to it: publish %s as A or AAAA of %s, or have the PTR set to %s", text, name, text, name, d->host);
	}
}

/* Of a provider's servers it is the provider's matter. */
static void check_names(const Domain *d)
{
	if (!d->own)
		return;
	if (d->hidden)
		mailcheck_say(d->check, "PTR", FINDING_UNKNOWN, "%s is at a private address: the public one that it sends from needs a name (PTR) that leads back to it, see with: dig -x ADDRESS",
		              d->host);
	for (guint i = 0; !d->hidden && d->addresses && i < d->addresses->len; i++)
		if (!is_private(d->addresses->pdata[i]))
			check_name(d, d->addresses->pdata[i]);
}

/* ---- all of it ---- */

static char *host_of(const json_t *config)
{
	g_autoptr(GUri) uri = g_uri_parse(value_string(json_object_get(config, "smtp"), "url", ""), G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	return g_ascii_strdown(host ? host : "", -1);
}

void checkdomain_run(const Mailcheck *check)
{
	Domain d = { .check = check, .config = json_object_get(check->plan, "config"), .address = check->address };
	confine_or_warn(CONFINE_CHILD, NULL, NULL);
	d.domain = domain_of(d.address);
	d.host = host_of(d.config);
	d.user = value_string(json_object_get(d.config, "smtp"), "user", "");
	d.provider = *d.host ? provider_of_host(d.host) : NULL;
	d.per_day = (int)json_integer_value(json_object_get(json_object_get(d.config, "cap"), "per_day"));
	d.volume = json_integer_value(json_object_get(check->plan, "volume"));
	d.dns = dns_new(check->until_ms);
	if (!d.domain) {
		mailcheck_say(check, "From", FINDING_FAIL, "its domain is none that mail can be sent from: it needs a dot, and letters, digits and - alone");
	} else {
		bool ours = check_from(&d);
		bool again = json_is_true(json_object_get(check->plan, "again"));
		check_cap(&d);
		if (!again)
			check_unsubscribe(&d);
		if (ours && !again) {
			find_host(&d);
			dns_meet(d.dns, d.domain);
			check_exchangers(&d);
			check_spf(&d);
			check_dkim(&d);
			check_dmarc(&d);
			check_names(&d);
		}
	}
	g_clear_pointer(&d.addresses, g_ptr_array_unref);
	dns_free(d.dns);
	g_free(d.domain);
	g_free(d.host);
}
