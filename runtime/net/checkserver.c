/* SPDX-License-Identifier: MIT */
/* The rows of doctor about an account's mail server: see checkserver.h. */
#include "net/checkserver.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/account.h"
#include "net/confine.h"
#include "net/dkim.h"
#include "net/dns.h"
#include "net/keeper.h"
#include "net/smtp.h"
#include "net/tags.h"
#include "net/wire.h"

enum { CONNECT_MS = 10000, REPLY_MS = 8000, DAYS_FEW = 14, RSA_ADVISED = 2048, RSA_LEAST = 1024, SIZE_ADVISED = 10 * 1024 * 1024 };

static const char *protocol(const Account *account)
{
	return account->role == ROLE_SENDER ? "SMTP" : "IMAP";
}

static void say(const Mailcheck *check, const Account *account, const char *what, FindingState state, const char *format, ...) G_GNUC_PRINTF(5, 6);
static void say(const Mailcheck *check, const Account *account, const char *what, FindingState state, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *clean = account_clean(account, text);
	g_autofree char *name = g_strdup_printf("%s %s", protocol(account), what);
	mailcheck_say(check, name, state, "%s", clean);
}

/* Does this machine have a way to the server at all? A connected datagram socket asks the kernel and sends nothing. */
static bool has_way(const Server *server)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	if (getaddrinfo(server->host, "9", &hints, &found) != 0)
		return false;
	bool way = false;
	for (const struct addrinfo *a = found; a && !way; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		way = fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0;
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(found);
	return way;
}

static void tell_failure(const Mailcheck *check, const Account *account, const GError *error)
{
	const Server *server = &account->server;
	const char *text = error->message;
	switch (error->domain == WIRE_ERROR ? error->code : WIRE_ERROR_PROTOCOL) {
	case WIRE_ERROR_DNS:
		say(check, account, "server", FINDING_UNKNOWN, "%s has no address here: its name in perigee.lua is wrong, or this machine has no network (%s)", server->host, text);
		break;
	case WIRE_ERROR_TIMEOUT:
		say(check, account, "server", FINDING_UNKNOWN, "%s:%u does not answer within %d seconds: no network, or a firewall between (many block port 25) (%s)",
		    server->host, server->port, CONNECT_MS / 1000, text);
		break;
	case WIRE_ERROR_CONNECT:
		if (has_way(server))
			say(check, account, "server", FINDING_FAIL, "%s:%u takes no connection: is this the right port, and does the server run? (%s)", server->host, server->port, text);
		else
			say(check, account, "server", FINDING_UNKNOWN, "there is no way to %s from here: is the network up? (%s)", server->host, text);
		break;
	case WIRE_ERROR_CERTIFICATE:
		say(check, account, "certificate", FINDING_FAIL, "%s; nothing is sent to or read from a server that can't show who it is: use the name that its certificate has, "
		    "or have it renewed", text);
		break;
	case WIRE_ERROR_TLS:
		say(check, account, "certificate", FINDING_FAIL, "TLS 1.2 or newer can't be agreed on: %s; %s:// is for port %s, see what your provider says", text, server->scheme,
		    account->role == ROLE_SENDER ? "465 (smtps) or 587 (smtp, with STARTTLS)" : "993 (imaps) or 143 (imap, with STARTTLS)");
		break;
	case WIRE_ERROR_AUTH:
		say(check, account, "sign-in", FINDING_FAIL, "%s; set the password again with: perigee secret set %s (Google, Yahoo and iCloud want an app password)", text,
		    *server->secret ? server->secret : "NAME");
		break;
	default:
		say(check, account, "server", FINDING_FAIL, "%s", text);
	}
}

/* ---- TLS ---- */

static void tell_certificate(const Mailcheck *check, const Account *account, const Wire *wire)
{
	const Server *server = &account->server;
	gint64 ends = wire_certificate_ends(wire);
	long long days = (ends - (gint64)time(NULL)) / 86400;
	if (server->plain)
		say(check, account, "certificate", FINDING_OK, "tls = \"none\": the connection to %s is not sealed, which allow_addresses permits", server->host);
	else if (!ends)
		say(check, account, "certificate", FINDING_OK, "valid for %s, by TLS 1.2 or newer", server->host);
	else if (days < DAYS_FEW)
		say(check, account, "certificate", FINDING_WARN, "valid for %s, but it ends in %lld day%s: have the server's certificate renewed", server->host, days, days == 1 ? "" : "s");
	else
		say(check, account, "certificate", FINDING_OK, "valid for %s, by TLS 1.2 or newer; it ends in %lld days", server->host, days);
}

/* ---- what an SMTP server offers ---- */

/* False: it does not answer as a mail server does. */
static bool greet(Wire *wire, const char *domain, SmtpOffer *offer, GError **error)
{
	g_autofree char *line = g_strdup_printf("EHLO %s\r\n", domain);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) in = g_string_new(NULL);
	SmtpReply reply;
	GError *inner = NULL;
	gint64 until = g_get_monotonic_time() / 1000 + REPLY_MS;
	smtp_reply_init(&reply);
	bool open = wire_send(wire, line, strlen(line), REPLY_MS, &inner), whole = false;
	while (open && !inner && !(whole = smtp_reply_take(in, &reply, lines, &inner)) && !inner) {
		gint64 left = until - g_get_monotonic_time() / 1000;
		if (left <= 0)
			g_set_error_literal(&inner, WIRE_ERROR, WIRE_ERROR_TIMEOUT, "the server does not answer EHLO");
		else
			open = wire_receive(wire, in, &inner) && (in->len || wire_wait(wire, (int)left, &inner) || !inner);
	}
	if (whole && reply.code != 250)
		g_set_error(&inner, WIRE_ERROR, WIRE_ERROR_REFUSED, "the server refuses EHLO: %u %s", reply.code, reply.text->str);
	if (whole)
		*offer = smtp_offer(lines);
	smtp_reply_clear(&reply);
	if (inner)
		g_propagate_error(error, inner);
	return whole && !inner;
}

static void tell_offer(const Mailcheck *check, const Account *account, Wire *wire)
{
	SmtpOffer offer = { 0 };
	g_autoptr(GError) error = NULL;
	if (!greet(wire, account->domain, &offer, &error)) {
		say(check, account, "offers", FINDING_WARN, "%s", error ? error->message : "the server closed the connection at EHLO");
		return;
	}
	g_autofree char *size = offer.size ? g_format_size(offer.size) : g_strdup("any size it does not tell");
	bool small = offer.size && offer.size < SIZE_ADVISED;
	say(check, account, "offers", small ? FINDING_WARN : FINDING_OK, "mails of %s%s%s; %s%s", size, small ? ", which is little: attachments may be refused" : "",
	    offer.eight_bit ? ", 8BITMIME" : ", no 8BITMIME (text goes as quoted-printable)",
	    offer.utf8 ? "SMTPUTF8: addresses with other letters than ASCII can be written to" : "no SMTPUTF8: an address with letters beyond ASCII before its @ is refused",
	    offer.pipelining ? "" : "; no PIPELINING, each mail takes a little longer");
}

/* ---- sign-in ---- */

static void tell_sign_in(const Mailcheck *check, const Account *account)
{
	const Server *server = &account->server;
	g_autoptr(GError) error = NULL;
	if (!*server->user) {
		say(check, account, "sign-in", FINDING_OK, "no user is named in perigee.lua, so none is signed in");
		return;
	}
	if (account->trouble) {
		say(check, account, "sign-in", FINDING_UNKNOWN, "not tried: %s", account->trouble);
		return;
	}
	g_autoptr(Wire) wire = wire_connect(account, peer_fd(check->parent), CONNECT_MS, NULL, &error);
	if (wire)
		say(check, account, "sign-in", FINDING_OK, "%s lets %s in", server->host, server->user);
	else if (g_error_matches(error, WIRE_ERROR, WIRE_ERROR_AUTH))
		tell_failure(check, account, error);
	else
		say(check, account, "sign-in", FINDING_UNKNOWN, "the connection for it did not come about: %s", error->message);
}

/* ---- the keys that sign ---- */

/* What is wrong with a published key, or NULL. */
static char *fault_of(const DkimPublished *key)
{
	if (!*key->key)
		return g_strdup("its p= is empty, which means: revoked");
	if (!key->for_mail)
		return g_strdup("its s= does not have email");
	if (!key->sha256)
		return g_strdup("its h= does not have sha256");
	if (key->bits && key->bits < RSA_LEAST)
		return g_strdup_printf("its RSA key has %u bits, which receivers take for none", key->bits);
	return NULL;
}

static void tell_published(const Mailcheck *check, const Signing *signing, const char *name, const char *wanted, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DkimPublished) key = dkim_published_parse(text, &error);
	g_autoptr(DkimPublished) ours = wanted ? dkim_published_parse(wanted, NULL) : NULL;
	g_autofree char *fault = key ? fault_of(key) : g_strdup(error->message);
	g_autofree char *publish = wanted ? g_strdup_printf("; publish as TXT of %s: %s", name, wanted) : g_strdup("");
	if (fault)
		mailcheck_say(check, "DKIM", FINDING_FAIL, "the record at %s is of no use: %s%s", name, fault, publish);
	else if (ours && strcmp(ours->key, key->key) != 0)
		mailcheck_say(check, "DKIM", FINDING_FAIL, "the record at %s has another key than the secret %s, so each signature is broken%s", name, signing->secret, publish);
	else if (!ours)
		mailcheck_say(check, "DKIM", FINDING_UNKNOWN, "a key stands at %s; whether it is that of the secret %s can be told only with the vault open", name, signing->secret);
	else if (key->testing)
		mailcheck_say(check, "DKIM", FINDING_WARN, "the record at %s has our key, but says t=y (testing): take that out", name);
	else if (key->bits && key->bits < RSA_ADVISED)
		mailcheck_say(check, "DKIM", FINDING_WARN, "the record at %s has our key, of %u bits: make one of %d", name, key->bits, RSA_ADVISED);
	else
		mailcheck_say(check, "DKIM", FINDING_OK, "the record at %s has the key that signs here (%s)", name, key->type);
}

static void check_signing(const Mailcheck *check, Dns *dns, const Signing *signing)
{
	g_autofree char *name = g_strdup_printf("%s._domainkey.%s", signing->selector, signing->domain);
	g_autofree char *wanted = signing->key ? dkim_record(signing->key) : NULL;
	g_autoptr(GPtrArray) texts = NULL;
	dns_meet(dns, signing->domain);
	switch (dns_texts(dns, name, &texts)) {
	case SPF_NO_ANSWER:
		mailcheck_say(check, "DKIM", FINDING_UNKNOWN, "the DNS does not tell what stands at %s: no network, or its server does not answer", name);
		break;
	case SPF_NOTHING:
		mailcheck_say(check, "DKIM", FINDING_FAIL, "nothing stands at %s, so no receiver can check our signatures; publish as TXT of it: %s", name,
		              wanted ? wanted : "what perigee secret dkim prints");
		break;
	case SPF_FOUND:
		if (texts->len == 1)
			tell_published(check, signing, name, wanted, texts->pdata[0]);
		else
			mailcheck_say(check, "DKIM", FINDING_FAIL, "%u records stand at %s, and receivers take any of them: leave one", texts->len, name);
	}
}

/* ---- all of it ---- */

static void check_connection(const Mailcheck *check, const Account *account)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Account) bare = account_parse(check->json, NULL);
	if (bare->trouble) {
		say(check, account, "server", FINDING_FAIL, "%s", bare->trouble);
		return;
	}
	/* First without signing in: a wrong password must not hide how the server is. */
	*bare->server.user = 0;
	Wire *wire = wire_connect(bare, peer_fd(check->parent), CONNECT_MS, NULL, &error);
	if (!wire) {
		tell_failure(check, account, error);
		return;
	}
	tell_certificate(check, account, wire);
	if (account->role == ROLE_SENDER)
		tell_offer(check, account, wire);
	wire_free(wire);
	tell_sign_in(check, account);
}

void checkserver_run(const Mailcheck *check)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Account) account = account_parse(check->json, &error);
	if (!account) {
		mailcheck_say(check, "account", FINDING_FAIL, "%s", error->message);
		return;
	}
	if (check->secrets >= 0)
		keeper_hear(check->secrets, account);
	else if (*account->server.secret && !account->trouble)
		account->trouble = g_strdup("the vault can't be asked; its key's file is named by serve, or PERIGEE_KEY_FILE");
	account_take_keys(account);
	confine_or_warn(CONFINE_CHILD, NULL, NULL);
	g_autoptr(Dns) dns = account->signing && account->signing->len ? dns_new(check->until_ms) : NULL;
	for (guint i = 0; dns && i < account->signing->len; i++)
		check_signing(check, dns, account->signing->pdata[i]);
	check_connection(check, account);
}
