/* SPDX-License-Identifier: MIT */
/* Health of accounts: see health.h. */
#include "host/health.h"

static const char SET_STATE[] =
	"INSERT INTO account_states (account, state, code, text, since) VALUES (?, ?, ?, ?, ?) "
	"ON CONFLICT DO UPDATE SET since = CASE WHEN state = excluded.state THEN since ELSE excluded.since END, "
	"state = excluded.state, code = excluded.code, text = excluded.text";

static const char *const doing[] = { "sending", "reading" };

/* What a person can do about it. */
static const struct { const char *code, *advice; } advices[] = {
	{ "auth", "check user and password (`perigee secret set NAME`)" },
	{ "dns", "check the host name of its URL in perigee.lua" },
	{ "connect", "check host and port of its URL in perigee.lua, and that the server is up" },
	{ "certificate", "the server's certificate is not valid for that name: check the URL, or tell the server's owner" },
	{ "tls", "the server offers no TLS that can be used: check port and scheme of the URL" },
};

static const char *advice(const char *code)
{
	for (size_t i = 0; i < G_N_ELEMENTS(advices); i++)
		if (g_str_equal(code, advices[i].code))
			return advices[i].advice;
	return NULL;
}

static void part_clear(Health *health, HealthPart part)
{
	g_clear_pointer(&health->part[part].code, g_free);
	g_clear_pointer(&health->part[part].text, g_free);
}

void health_clear(Health *health)
{
	for (int i = 0; i < HEALTH_PARTS; i++)
		part_clear(health, (HealthPart)i);
}

static void store(Host *host, const char *account, const Health *health)
{
	int failing = 0;
	while (failing < HEALTH_PARTS && !health->part[failing].failing)
		failing++;
	bool fails = failing < HEALTH_PARTS;
	host_write(host);
	db_run(host->db, SET_STATE, "ssssi", account, fails ? "failing" : "ok", fails ? health->part[failing].code : NULL,
	       fails ? health->part[failing].text : NULL, host_now(host));
}

void health_failing(Host *host, const char *account, Health *health, HealthPart part, const char *code, const char *text)
{
	bool same = health->part[part].failing && g_strcmp0(health->part[part].code, code) == 0;
	if (same && g_strcmp0(health->part[part].text, text) == 0)
		return;
	part_clear(health, part);
	health->part[part].known = health->part[part].failing = true;
	health->part[part].code = g_strdup(code);
	health->part[part].text = g_strdup(text);
	const char *what_to_do = advice(code);
	if (!same)
		log_warn("account %s: %s fails (%s): %s%s%s", account, doing[part], code, text, what_to_do ? "; " : "", what_to_do ? what_to_do : "");
	store(host, account, health);
}

void health_ok(Host *host, const char *account, Health *health, HealthPart part)
{
	if (health->part[part].known && !health->part[part].failing)
		return;
	if (health->part[part].failing)
		log_info("account %s: %s works again", account, doing[part]);
	part_clear(health, part);
	health->part[part].known = true;
	health->part[part].failing = false;
	store(host, account, health);
}
