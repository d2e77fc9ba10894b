/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Policy: each gate closed and open, their order, and what is remembered of people who are not written to. */
#include "policy_world.h"

#include "host/contacts.h"

static const char ACCOUNTS[] =
	"{\"name\":\"lea\",\"channel\":\"email\",\"from_address\":\"lea@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"},"
	"\"imap\":{\"url\":\"imaps://s.brand.example\"}},"
	"{\"name\":\"capped\",\"channel\":\"email\",\"from_address\":\"c@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"},"
	"\"cap\":{\"per_day\":3}},"
	"{\"name\":\"paced\",\"channel\":\"email\",\"from_address\":\"p@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"},"
	"\"cap\":{\"gap\":100}},"
	"{\"name\":\"new\",\"channel\":\"email\",\"from_address\":\"n@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"},"
	"\"cap\":{\"per_day\":80,\"warmup\":{\"from\":2,\"step\":1}}},"
	"{\"name\":\"readonly\",\"channel\":\"email\",\"from_address\":\"r@brand.example\"}";

typedef struct Fixture {
	Host host;
	PolicyCase c;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
	(void)data;
	memset(f, 0, sizeof *f);
	policy_world(&f->host, "", ACCOUNTS);
	db_run(f->host.db, "INSERT INTO contacts (id, created_at, updated_at) VALUES ('maya', 0, 0), ('zoe', 0, 0)", "");
	db_run(f->host.db, "INSERT INTO identities (contact, channel, address, norm) VALUES ('maya', 'email', 'Maya@x.example', 'maya@x.example'),"
	       " ('maya', 'instagram', 'maya', 'maya'), ('maya', 'phone', '+33612345678', '+33612345678'), ('zoe', 'email', 'zoe@x.example', 'zoe@x.example')", "");
	f->c = (PolicyCase){ .contact = "maya", .channel = "email", .address = "Maya@x.example", .purpose = "ask",
		             .account = workspace_account(f->host.workspace, "lea") };
}

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
	policy_world_end(&f->host);
}

/* "allow", or "defer hours 2026-11-24T09:00:00+01:00". Caller frees. */
static char *check(Fixture *f)
{
	Verdict verdict = policy_check(&f->host, &f->c);
	g_autofree char *until = verdict.answer == POLICY_DEFER ?
		verdict.until == TIME_NEVER ? g_strdup("never") : time_iso(verdict.until, f->host.workspace->zone) : NULL;
	g_assert_true((verdict.reason != NULL) == (verdict.answer != POLICY_ALLOW));
	g_assert_true((verdict.rule != NULL) == (verdict.answer != POLICY_ALLOW));
	char *text = g_strjoin(" ", policy_answer_name(verdict.answer), verdict.rule, until, NULL);
	verdict_clear(&verdict);
	return text;
}

#define EXPECT(f, wanted) \
	do { \
		g_autofree char *got_ = check(f); \
		g_assert_cmpstr(got_, ==, wanted); \
	} while (0)

static void sent(Fixture *f, const char *account, Time handed_at)
{
	db_run(f->host.db, "INSERT INTO messages (contact, channel, account, direction, state, at, handed_at) VALUES ('zoe', 'email', ?, 'out', 'accepted', ?, ?)",
	       "sii", account, handed_at, handed_at);
}

static void wrote_kind(Fixture *f, const char *kind, const char *channel, Time when)
{
	db_run(f->host.db, "INSERT INTO messages (contact, channel, direction, state, at) VALUES ('maya', ?, 'in', 'received', ?)", "si", channel, when);
	db_run(f->host.db, "INSERT INTO events (contact, kind, at, channel, message) VALUES ('maya', ?, ?, ?, ?)", "sisi", kind, when, channel,
	       db_last_id(f->host.db));
}

static void wrote(Fixture *f, const char *channel, Time when)
{
	wrote_kind(f, "reply", channel, when);
}

static void test_open(Fixture *f, gconstpointer data)
{
	(void)data;
	EXPECT(f, "allow");
}

static void test_suppressed(Fixture *f, gconstpointer data)
{
	(void)data;
	policy_suppress_identity(&f->host, "email", "MAYA@x.example", "dead_address", "maya");
	EXPECT(f, "refuse suppressed");
	/* a dead address is that address alone */
	f->c.channel = "instagram";
	f->c.address = "maya";
	EXPECT(f, "hand initiate");
	f->c.contact = "zoe";
	f->c.channel = "email";
	f->c.address = "zoe@x.example";
	EXPECT(f, "allow");
}

static void test_opted_out(Fixture *f, gconstpointer data)
{
	(void)data;
	policy_suppress_person(&f->host, "maya", "opted_out");
	EXPECT(f, "refuse suppressed");
	f->c.purpose = "answer";
	EXPECT(f, "refuse suppressed");
	f->c.channel = "instagram";
	f->c.address = "maya";
	EXPECT(f, "refuse suppressed");
	/* a new contact with one of their addresses is the same person, by telephone on any channel */
	db_run(f->host.db, "UPDATE suppressions SET contact = NULL", "");
	f->c.contact = "zoe";
	f->c.channel = "email";
	f->c.address = "zoe@x.example";
	EXPECT(f, "allow");
	db_run(f->host.db, "INSERT INTO identities (contact, channel, address, norm) VALUES ('zoe', 'whatsapp', '+33612345678', '+33612345678')", "");
	EXPECT(f, "refuse suppressed");
	/* no address of theirs can be read in the database */
	g_assert_cmpint(db_int(f->host.db, -1, "SELECT count(*) FROM suppressions WHERE address_hash LIKE '%maya%' OR length(address_hash) <> 64", ""), ==, 0);
}

static void copy_gets(Fixture *f, const char *address, const char *wanted)
{
	Verdict verdict = policy_check_copy(&f->host, "email", address);
	g_autofree char *got = g_strjoin(" ", policy_answer_name(verdict.answer), verdict.rule, NULL);
	g_test_message("%s", address);
	g_assert_cmpstr(got, ==, wanted);
	verdict_clear(&verdict);
}

/* A person who left gets no copy either, by an address that they have now or that they had then. */
static void test_copies(Fixture *f, gconstpointer data)
{
	(void)data;
	policy_suppress_person(&f->host, "maya", "opted_out");
	db_run(f->host.db, "INSERT INTO identities (contact, channel, address, norm, rank) VALUES ('maya', 'email', 'Maya@home.example', 'maya@home.example', 1)", "");
	copy_gets(f, "MAYA@home.example", "refuse suppressed");
	copy_gets(f, "maya@x.example", "refuse suppressed");
	copy_gets(f, "zoe@x.example", "allow");
	copy_gets(f, "nobody@x.example", "allow");
	db_run(f->host.db, "UPDATE contacts SET consent = 'no' WHERE id = 'zoe'", "");
	copy_gets(f, "zoe@x.example", "refuse consent");
}

static void test_without_address(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.address = NULL;
	EXPECT(f, "refuse address");
	db_run(f->host.db, "DELETE FROM identities", "");
	policy_suppress_person(&f->host, "maya", "complaint");
	policy_suppress_person(&f->host, "maya", "complaint");
	EXPECT(f, "refuse suppressed");
}

static void test_unseen_reply(Fixture *f, gconstpointer data)
{
	(void)data;
	db_run(f->host.db, "INSERT INTO events (id, contact, kind, at) VALUES (7, 'maya', 'reply', 1), (8, 'maya', 'auto_reply', 1), (9, 'zoe', 'reply', 1)", "");
	f->c.run = 1;
	f->c.seen_event = 6;
	EXPECT(f, "withdraw unseen_reply");
	f->c.asking = true;
	EXPECT(f, "allow");
	f->c.asking = false;
	f->c.seen_event = 7;
	EXPECT(f, "allow");
}

static void test_inbox_fresh(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.run = 1;
	f->c.follow_up = true;
	f->c.wait_ended_at = at("2026-11-24T09:00+01:00");
	EXPECT(f, "defer inbox_fresh never");
	db_run(f->host.db, "INSERT INTO mailboxes (account, role, read_until) VALUES ('lea', 'inbox', ?)", "i", f->c.wait_ended_at - 1);
	EXPECT(f, "defer inbox_fresh never");
	f->c.follow_up = false;
	EXPECT(f, "allow");
	f->c.follow_up = true;
	db_run(f->host.db, "UPDATE mailboxes SET read_until = ?", "i", f->c.wait_ended_at);
	EXPECT(f, "allow");
	db_run(f->host.db, "DELETE FROM mailboxes", "");
	f->host.simulated = true;
	EXPECT(f, "allow");
}

static void test_consent(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.purpose = "news";
	EXPECT(f, "refuse consent");
	db_run(f->host.db, "UPDATE contacts SET consent = 'opt-in'", "");
	EXPECT(f, "allow");
	db_run(f->host.db, "UPDATE contacts SET consent = 'Opt-Out'", "");
	f->c.purpose = "ask";
	EXPECT(f, "refuse consent");
	/* one list of words, here and where contacts are merged */
	static const struct { const char *words, *answer; } cases[] = {
		{ "objected", "refuse consent" }, { "Objected", "refuse consent" }, { "withdrawn", "refuse consent" }, { "email: objected", "refuse consent" },
		{ "sms: objected", "allow" }, { "legitimate interest", "allow" }, { "opt-in", "allow" }, { "objected; email: granted", "allow" },
		{ "objected", "refuse consent" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		db_run(f->host.db, "UPDATE contacts SET consent = ?", "s", cases[i].words);
		EXPECT(f, cases[i].answer);
	}
	/* an answer to what they wrote is bound by nothing of this, but only for a week, and only if they wrote */
	f->c.purpose = "answer";
	EXPECT(f, "refuse consent");
	wrote(f, "email", f->host.clock.now - 8 * TIME_DAY);
	EXPECT(f, "refuse consent");
	wrote_kind(f, "auto_reply", "email", f->host.clock.now - TIME_DAY);
	EXPECT(f, "refuse consent");
	wrote(f, "email", f->host.clock.now - 6 * TIME_DAY);
	EXPECT(f, "allow");
}

static void test_initiate(Fixture *f, gconstpointer data)
{
	(void)data;
	static const struct { const char *channel, *stranger, *known; } cases[] = {
		{ "instagram", "hand initiate", "refuse reply_window" }, { "linkedin", "hand initiate", "hand initiate" }, { "youtube", "refuse initiate", "refuse initiate" },
		{ "messenger", "refuse initiate", "refuse reply_window" }, { "tiktok", "refuse initiate", "refuse reply_window" }, { "telegram", "refuse initiate", "allow" },
		{ "x", "hand initiate", "allow" }, { "slack", "allow", "allow" }, { "call", "hand initiate", "hand initiate" }, { "sms", "refuse consent", "refuse consent" },
		/* what the table says nothing of, a person may do */
		{ "bluesky", "hand initiate", "hand initiate" }, { "teams", "hand initiate", "hand initiate" }, { "a driver's", "hand initiate", "hand initiate" },
	};
	f->host.simulated = true;
	f->c.address = "maya";
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		f->c.channel = cases[i].channel;
		f->c.account = workspace_pretend_account(f->host.workspace, cases[i].channel);
		EXPECT(f, cases[i].stranger);
		wrote(f, cases[i].channel, 1);
		EXPECT(f, cases[i].known);
	}
}

static void test_by_hand(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.channel = "instagram";
	f->c.address = "maya";
	f->c.account = NULL;
	EXPECT(f, "hand initiate");
	/* hours are no matter of a person's, a pause is */
	f->host.clock.now = at("2026-11-24T03:00+01:00");
	EXPECT(f, "hand initiate");
	policy_pause(&f->host, "contact", "maya", TIME_NEVER);
	EXPECT(f, "defer paused never");
	/* they wrote there, but nothing of ours speaks Instagram */
	g_assert_true(policy_resume(&f->host, "contact", "maya"));
	wrote(f, "instagram", 1);
	EXPECT(f, "hand initiate");
	f->c.channel = "slack";
	EXPECT(f, "refuse account");
	f->c.channel = "email";
	f->c.account = workspace_account(f->host.workspace, "readonly");
	EXPECT(f, "refuse account");
}

static void test_away(Fixture *f, gconstpointer data)
{
	(void)data;
	db_run(f->host.db, "UPDATE contacts SET away_until = ?", "i", at("2026-12-01T00:00+01:00"));
	EXPECT(f, "defer away 2026-12-01T00:00:00+01:00");
	f->c.asking = true;
	EXPECT(f, "allow");
	f->c.asking = false;
	f->c.purpose = "answer";
	wrote(f, "email", f->host.clock.now);
	EXPECT(f, "allow");
	f->c.purpose = NULL;
	f->host.clock.now = at("2026-12-01T09:00+01:00");
	EXPECT(f, "allow");
}

static void test_account_cap(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.account = workspace_account(f->host.workspace, "capped");
	sent(f, "capped", at("2026-11-23T10:00+01:00"));
	sent(f, "capped", at("2026-11-23T11:00+01:00"));
	sent(f, "capped", at("2026-11-24T09:00+01:00"));
	sent(f, "lea", at("2026-11-24T09:00+01:00"));
	/* 24 hours, half open: the first is just out */
	EXPECT(f, "allow");
	sent(f, "capped", at("2026-11-24T09:30+01:00"));
	EXPECT(f, "defer account_cap 2026-11-24T11:00:00+01:00");
	f->host.clock.now = at("2026-11-24T11:00+01:00") - 1;
	EXPECT(f, "defer account_cap 2026-11-24T11:00:00+01:00");
	f->host.clock.now++;
	EXPECT(f, "allow");
	db_run(f->host.db, "UPDATE messages SET handed_at = NULL", "");
	EXPECT(f, "allow");
}

static void test_account_rate(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.account = workspace_account(f->host.workspace, "paced");
	EXPECT(f, "allow");
	Time shortest = TIME_NEVER, longest = 0, now = f->host.clock.now;
	for (int i = 0; i < 200; i++) {
		db_run(f->host.db, "DELETE FROM messages", "");
		db_run(f->host.db, "INSERT INTO messages (id, channel, account, direction, state, at, handed_at) VALUES (?, 'email', 'paced', 'out', 'accepted', 0, ?)",
		       "ii", (int64_t)i + 1, now);
		Verdict first = policy_check(&f->host, &f->c);
		f->c.contact = "zoe";
		Verdict second = policy_check(&f->host, &f->c);
		g_assert_cmpstr(first.rule, ==, "account_rate");
		/* everyone behind a message waits for the same moment */
		g_assert_cmpint(first.until, ==, second.until);
		shortest = MIN(shortest, first.until - now);
		longest = MAX(longest, first.until - now);
		verdict_clear(&first);
		verdict_clear(&second);
	}
	/* 100 s, give or take a fifth */
	g_assert_cmpint(shortest, >=, 80000);
	g_assert_cmpint(shortest, <, 85000);
	g_assert_cmpint(longest, <=, 120000);
	g_assert_cmpint(longest, >, 115000);
}

static void test_warmup(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.account = workspace_account(f->host.workspace, "new");
	EXPECT(f, "allow");
	sent(f, "new", at("2026-11-24T09:00+01:00"));
	EXPECT(f, "allow");
	sent(f, "new", at("2026-11-24T09:30+01:00"));
	EXPECT(f, "defer warmup 2026-11-25T09:00:00+01:00");
	/* the second day: three */
	f->host.clock.now = at("2026-11-25T09:10+01:00");
	EXPECT(f, "allow");
	sent(f, "new", at("2026-11-25T09:01+01:00"));
	sent(f, "new", at("2026-11-25T09:02+01:00"));
	EXPECT(f, "defer warmup 2026-11-25T09:30:00+01:00");
	f->c.account = workspace_account(f->host.workspace, "lea");
	EXPECT(f, "allow");
}

static void test_hours(Fixture *f, gconstpointer data)
{
	(void)data;
	f->host.clock.now = at("2026-11-20T18:00+01:00");
	EXPECT(f, "defer hours 2026-11-23T09:00:00+01:00");
	/* the contact's own clock, by zone or by country */
	db_run(f->host.db, "UPDATE contacts SET timezone = 'America/New_York'", "");
	EXPECT(f, "allow");
	db_run(f->host.db, "UPDATE contacts SET timezone = NULL, country = 'JP'", "");
	EXPECT(f, "defer hours 2026-11-23T01:00:00+01:00");
	f->c.purpose = "answer";
	wrote(f, "email", f->host.clock.now - TIME_HOUR);
	EXPECT(f, "allow");
	db_run(f->host.db, "UPDATE contacts SET country = NULL", "");
	f->c.purpose = "service";
	f->host.clock.now = at("2026-12-25T10:00+01:00");
	EXPECT(f, "defer hours 2026-12-28T09:00:00+01:00");
}

static void test_paused(Fixture *f, gconstpointer data)
{
	(void)data;
	static const struct { const char *scope, *name; } pauses[] = {
		{ "all", "" }, { "account", "lea" }, { "sequence", "intro" }, { "contact", "maya" },
	};
	f->c.sequence = "intro";
	for (size_t i = 0; i < G_N_ELEMENTS(pauses); i++) {
		policy_pause(&f->host, pauses[i].scope, pauses[i].name, TIME_NEVER);
		EXPECT(f, "defer paused never");
		g_assert_true(policy_resume(&f->host, pauses[i].scope, pauses[i].name));
		g_assert_false(policy_resume(&f->host, pauses[i].scope, pauses[i].name));
		EXPECT(f, "allow");
	}
	policy_pause(&f->host, "account", "capped", TIME_NEVER);
	policy_pause(&f->host, "contact", "zoe", TIME_NEVER);
	EXPECT(f, "allow");
	policy_pause(&f->host, "contact", "maya", at("2026-11-24T12:00+01:00"));
	policy_pause(&f->host, "all", "", at("2026-11-24T11:00+01:00"));
	EXPECT(f, "defer paused 2026-11-24T12:00:00+01:00");
	f->host.clock.now = at("2026-11-24T12:00+01:00");
	EXPECT(f, "allow");
}

static void test_resume(Fixture *f, gconstpointer data)
{
	(void)data;
	db_run(f->host.db, "INSERT INTO messages (id, contact, channel, direction, state, at, due, rule, reason) VALUES"
	       " (1, 'maya', 'email', 'out', 'queued', 0, ?1, 'paused', 'x'), (2, 'maya', 'email', 'out', 'queued', 0, ?1, 'hours', 'x')", "i", TIME_NEVER);
	policy_pause(&f->host, "all", "", TIME_NEVER);
	policy_resume(&f->host, "all", "");
	g_assert_cmpint(db_int(f->host.db, -1, "SELECT due FROM messages WHERE id = 1 AND rule IS NULL", ""), ==, f->host.clock.now);
	g_assert_cmpint(db_int(f->host.db, -1, "SELECT due FROM messages WHERE id = 2 AND rule = 'hours'", ""), ==, TIME_NEVER);
}

static void test_order(Fixture *f, gconstpointer data)
{
	(void)data;
	/* Everything is closed at once; gates open one after the other, in the order of DESIGN.md section 8. */
	db_run(f->host.db, "UPDATE contacts SET away_until = ?, consent = 'no'", "i", at("2026-12-01"));
	db_run(f->host.db, "INSERT INTO events (id, contact, kind, at) VALUES (7, 'maya', 'reply', 1)", "");
	policy_pause(&f->host, "all", "", TIME_NEVER);
	policy_suppress_person(&f->host, "maya", "opted_out");
	f->host.clock.now = at("2026-11-24T03:00+01:00");
	f->c.run = 1;
	f->c.follow_up = true;
	f->c.wait_ended_at = f->host.clock.now;
	f->c.address = NULL;
	EXPECT(f, "refuse suppressed");
	db_run(f->host.db, "DELETE FROM suppressions", "");
	EXPECT(f, "withdraw unseen_reply");
	f->c.seen_event = 7;
	EXPECT(f, "refuse address");
	f->c.address = "maya@x.example";
	EXPECT(f, "defer inbox_fresh never");
	f->c.asking = true;
	EXPECT(f, "refuse consent");
	f->c.asking = false;
	f->c.follow_up = false;
	EXPECT(f, "refuse consent");
	db_run(f->host.db, "UPDATE contacts SET consent = NULL", "");
	EXPECT(f, "defer away 2026-12-01T01:00:00+01:00");
	db_run(f->host.db, "UPDATE contacts SET away_until = NULL", "");
	EXPECT(f, "defer hours 2026-11-24T09:00:00+01:00");
	f->host.clock.now = at("2026-11-24T09:00+01:00");
	EXPECT(f, "defer paused never");
	policy_resume(&f->host, "all", "");
	EXPECT(f, "allow");
}

static void see(void *user, const char *rule, const Verdict *verdict)
{
	g_assert_cmpstr(rule, ==, verdict->rule);
	g_string_append_printf(user, "%s:%s ", rule, policy_answer_name(verdict->answer));
}

static void test_each(Fixture *f, gconstpointer data)
{
	(void)data;
	f->host.clock.now = at("2026-11-24T03:00+01:00");
	f->c.address = NULL;
	f->c.asking = true;
	GString *seen = g_string_new(NULL);
	policy_each(&f->host, &f->c, see, seen);
	g_assert_cmpstr(seen->str, ==, "suppressed:allow unseen_reply:allow address:refuse inbox_fresh:allow consent:allow initiate:allow account:allow "
	                "reply_window:allow topic_channel:allow personal:allow two_then_call:allow max_channels:allow asks_per_week:allow "
	                "away:allow account_cap:allow account_rate:allow warmup:allow domain_rate:allow hours:defer form:allow breaker:allow paused:allow ");
	g_string_free(seen, TRUE);
}

static void test_speed(Fixture *f, gconstpointer data)
{
	(void)data;
	f->c.account = workspace_account(f->host.workspace, "new");
	f->c.run = 1;
	db_begin(f->host.db);
	for (int i = 0; i < 200; i++)
		sent(f, "new", f->host.clock.now - 30 * TIME_DAY - i);
	policy_suppress_person(&f->host, "zoe", "opted_out");
	const int n = 5000;
	gint64 begun = g_get_monotonic_time();
	for (int i = 0; i < n; i++) {
		Verdict verdict = policy_check(&f->host, &f->c);
		verdict_clear(&verdict);
	}
	double each = (double)(g_get_monotonic_time() - begun) / n;
	g_test_message("%.1f us for a check", each);
	g_assert_cmpfloat(each, <, 2000); /* a bound that only a missing index passes, on any machine */
}

#define ADD(name, test) g_test_add("/policy/" name, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("an ordinary message may go", test_open);
	ADD("a dead address is not written to, the person's others are", test_suppressed);
	ADD("who opted out is not written to anywhere, under any name", test_opted_out);
	ADD("who opted out gets no copy either, by whatever address of theirs", test_copies);
	ADD("without an address nothing goes, and a complaint is remembered", test_without_address);
	ADD("a message asked for before their latest reply was seen is withdrawn", test_unseen_reply);
	ADD("a follow-up waits until the mailbox has been read past the wait", test_inbox_fresh);
	ADD("consent binds all but answers", test_consent);
	ADD("channels say who may write first", test_initiate);
	ADD("what a person sends is held by a pause but not by hours", test_by_hand);
	ADD("who is away is left alone until they return", test_away);
	ADD("an account's cap counts 24 hours that roll", test_account_cap);
	ADD("messages of an account keep a gap that varies by a fifth", test_account_rate);
	ADD("a new mailbox warms up", test_warmup);
	ADD("hours are those where the contact lives", test_hours);
	ADD("a pause holds what it names until it ends", test_paused);
	ADD("resuming makes what was paused due, and nothing else", test_resume);
	ADD("gates close in their order", test_order);
	ADD("why sees every gate", test_each);
	ADD("a check is quick", test_speed);
	return g_test_run();
}
