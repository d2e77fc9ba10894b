/* SPDX-License-Identifier: MIT */
/* What is known of mail providers: see provider.h. */
#include "net/provider.h"

#include <glib.h>

#include "net/domain.h"

/* Includes and selectors as the providers' own pages of help say them; numbers: Google and Microsoft as in docs/operations.md. */
static const Provider providers[] = {
	{ .name = "Google", .hosts = { "smtp.gmail.com", "smtp.googlemail.com", "smtp-relay.gmail.com", "aspmx.l.google.com" }, .spf = "_spf.google.com",
	  .selectors = { "google" }, .per_day = 2000, .per_day_free = 500, .own = { "gmail.com", "googlemail.com" } },
	{ .name = "Microsoft", .hosts = { "office365.com", "outlook.com", "hotmail.com", "outlook.office.com" }, .spf = "spf.protection.outlook.com",
	  .selectors = { "selector1", "selector2" }, .per_day = 10000, .per_day_free = 300,
	  .own = { "outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.fr", "hotmail.fr", "live.fr", "hotmail.co.uk" } },
	{ .name = "Yahoo", .hosts = { "mail.yahoo.com", "bizmail.yahoo.com", "smtp.aol.com" }, .spf = "_spf.mail.yahoo.com", .per_day_free = 500,
	  .own = { "yahoo.com", "yahoo.fr", "yahoo.co.uk", "yahoo.de", "yahoo.it", "yahoo.es", "ymail.com", "aol.com" } },
	{ .name = "iCloud", .hosts = { "smtp.mail.me.com", "mail.me.com" }, .spf = "icloud.com", .selectors = { "sig1" }, .per_day = 1000, .per_day_free = 1000,
	  .own = { "icloud.com", "me.com", "mac.com" } },
	{ .name = "GMX", .hosts = { "gmx.net", "gmx.com" }, .own = { "gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "gmx.fr" } },
	{ .name = "WEB.DE", .hosts = { "smtp.web.de" }, .own = { "web.de" } },
	{ .name = "OVH", .hosts = { "mail.ovh.net", "ovh.net" }, .spf = "mx.ovh.com" },
	{ .name = "IONOS", .hosts = { "ionos.com", "ionos.de", "ionos.fr", "kundenserver.de" }, .spf = "_spf-eu.ionos.com",
	  .selectors = { "s1-ionos", "s2-ionos", "s42582890" } },
	{ .name = "Gandi", .hosts = { "mail.gandi.net" }, .spf = "_mailcust.gandi.net", .selectors = { "gm1", "gm2", "gm3" } },
	{ .name = "Infomaniak", .hosts = { "infomaniak.com", "infomaniak.ch" }, .spf = "spf.infomaniak.ch" },
	{ .name = "Fastmail", .hosts = { "fastmail.com", "messagingengine.com" }, .spf = "spf.messagingengine.com", .selectors = { "fm1", "fm2", "fm3" },
	  .own = { "fastmail.com", "fastmail.fm" } },
	{ .name = "Proton", .hosts = { "protonmail.ch", "proton.me" }, .spf = "_spf.protonmail.ch", .selectors = { "protonmail", "protonmail2", "protonmail3" },
	  .own = { "proton.me", "protonmail.com", "pm.me" } },
	{ .name = "Zoho", .hosts = { "zoho.com", "zoho.eu", "zoho.in" }, .spf = "zoho.com", .selectors = { "zoho", "zmail" } },
	{ .name = "Mailbox.org", .hosts = { "mailbox.org" }, .spf = "mailbox.org", .selectors = { "MBO0001", "MBO0002", "MBO0003", "MBO0004" }, .own = { "mailbox.org" } },
	{ .name = "Migadu", .hosts = { "migadu.com" }, .spf = "spf.migadu.com", .selectors = { "key1", "key2", "key3" } },
	{ .name = "Amazon SES", .hosts = { "amazonaws.com", "amazonses.com" }, .spf = "amazonses.com", .own_path = true },
	{ .name = "Mailgun", .hosts = { "mailgun.org" }, .spf = "mailgun.org", .own_path = true, .selectors = { "smtp", "mx", "pic", "k1" } },
	{ .name = "SendGrid", .hosts = { "sendgrid.net" }, .spf = "sendgrid.net", .own_path = true, .selectors = { "s1", "s2" } },
	{ .name = "Postmark", .hosts = { "postmarkapp.com" }, .spf = "spf.mtasv.net", .own_path = true },
	{ .name = "Brevo", .hosts = { "smtp-relay.brevo.com", "sendinblue.com" }, .spf = "spf.brevo.com", .own_path = true, .selectors = { "mail", "brevo1", "brevo2" } },
	{ .name = "Mailjet", .hosts = { "mailjet.com" }, .spf = "spf.mailjet.com", .own_path = true, .selectors = { "mailjet" } },
	{ .name = "SMTP2GO", .hosts = { "smtp2go.com" }, .spf = "spf.smtp2go.com", .own_path = true },
	{ .name = "SparkPost", .hosts = { "sparkpostmail.com" }, .spf = "sparkpostmail.com", .own_path = true },
};

const Provider *provider_of_host(const char *host)
{
	g_autofree char *lower = g_ascii_strdown(host, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
		for (const char *const *h = providers[i].hosts; *h; h++)
			if (domain_is_below(lower, *h))
				return &providers[i];
	return NULL;
}

const Provider *provider_of_address(const char *domain)
{
	for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
		if (g_strv_contains(providers[i].own, domain))
			return &providers[i];
	return NULL;
}
