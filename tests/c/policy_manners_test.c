/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Policy: what reads alike, who is called, the law's hours, the caps that nobody wrote down, and reasons that say what to do. */
#include "policy_world.h"

#include "host/tasks.h"

static void put_people(Host *host)
{
	db_run(host->db, "INSERT INTO contacts (id, name, first_name, consent, consent_source, consent_at, created_at, updated_at) VALUES"
	       " ('maya', 'Maya Lind-Ros', 'May', 'opt-in', NULL, NULL, 0, 0), ('jose', 'José María', NULL, 'opt-in', NULL, NULL, 0, 0),"
	       " ('tanaka', '田中 太郎', NULL, 'opt-in', NULL, NULL, 0, 0), ('p7', 'Person 7', NULL, 'no', 'the fair''s list', 1790000000000, 0, 0), ('nobody', NULL, NULL, NULL, NULL, NULL, 0, 0)", "");
	db_run(host->db, "INSERT INTO identities (contact, channel, address, norm) VALUES ('maya', 'email', 'Maya@x.example', 'maya@x.example'),"
	       " ('jose', 'email', 'jose@y.example', 'jose@y.example'), ('maya', 'phone', '+33612345678', '+33612345678'), ('jose', 'instagram', 'jo.se', 'jo.se')", "");
}

static void test_likeness(void)
{
	static const struct { const char *one, *first, *other, *second; bool alike; } cases[] = {
		{ "maya", "Hi Maya, shall we talk?", "jose", "Hi José, shall we talk?", true },
		{ "maya", "Hi May, shall we talk?", "jose", "Hi JOSÉ MARÍA,\n\n  shall we — talk", true },
		{ "maya", "Dear Maya Lind-Ros: yes", "jose", "dear María, yes", true },
		{ "maya", "Hi Maya, about your kites", "jose", "Hi José, about your boats", false },
		{ "maya", "Write to maya@x.example", "jose", "Write to JOSE@y.example!", true },
		{ "maya", "You are @jo.se there", "jose", "You are @jo.se there", false },
		{ "maya", "Call +33612345678", "jose", "Call", true },
		{ "maya", "Mayan ruins", "jose", "n ruins", false },
		{ "maya", "Hello Person 8", "p7", "Hello Person 8", false },
		{ "nobody", "Hello, about interest 7", "p7", "Hello Person 7, about interest 7", true },
		{ "nobody", "Hello, about interest", "p7", "Hello Person 7, about interest 7", false },
		{ "maya", "Mayaさん、こんにちは", "maya", "Mayaさん、こんにちは", true },
		{ "nobody", "さん、こんにちは", "tanaka", "田中さん、こんにちは", true },
		{ "maya", "Leave: https://o.brand.example/u/abcdefghijklmnop234567 now", "jose", "Leave: https://o.brand.example/u/zzzzzzzzzz234567 now", true },
		{ "maya", "See https://o.brand.example/kites", "jose", "See https://o.brand.example/boats", false },
		{ "maya", "\xff\xfe Maya", "jose", "\xff\xfe José", true },
		{ "maya", "", "jose", "José", true },
		{ "maya", "ﬁne ＴＥＸＴ", "jose", "fine text", true },
	};
	Host host;
	policy_world(&host, ",\"public_url\":\"https://o.brand.example/\"", "");
	put_people(&host);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *first = policy_likeness(&host, cases[i].one, cases[i].first), *second = policy_likeness(&host, cases[i].other, cases[i].second);
		g_assert_cmpuint(strlen(first), ==, 64);
		if (g_str_equal(first, second) != cases[i].alike)
			g_error("\"%s\" and \"%s\"", cases[i].first, cases[i].second);
	}
	/* The key is this database's own. */
	g_autofree char *here = policy_likeness(&host, "maya", "x");
	db_set_meta(host.db, "suppression_key", "another");
	g_autofree char *there = policy_likeness(&host, "maya", "x");
	g_assert_cmpstr(here, !=, there);
	policy_world_end(&host);
}

static void test_identity(void)
{
	static const struct { const char *channel, *address, *identity; } cases[] = {
		{ "email", "Lea@Brand.example", "email:lea@brand.example" }, { "instagram", "@Lea", "instagram:lea" },
		{ "whatsapp", "0033 6 12 34 56 78", "whatsapp:+33612345678" }, { "email", "no address", "email:no address" }, { "email", NULL, NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *identity = policy_identity(cases[i].channel, cases[i].address);
		g_assert_cmpstr(identity, ==, cases[i].identity);
	}
}

static void see(void *user, json_t *event)
{
	g_ptr_array_add(user, event);
}

static void test_call(void)
{
	Host host;
	policy_world(&host, "", "");
	put_people(&host);
	g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	host.see = see;
	host.see_user = seen;
	db_run(host.db, "INSERT INTO messages (contact, run, channel, direction, state, subject, template, at, handed_at) VALUES"
	       " ('maya', 1, 'email', 'out', 'accepted', 'Hello', 'intro', ?1, ?1), ('maya', 1, 'email', 'out', 'accepted', NULL, 'nudge', ?2, ?2),"
	       " ('maya', 1, 'email', 'out', 'refused', 'Never', 'x', ?2, ?2), ('maya', 2, 'email', 'out', 'accepted', 'Other', 'x', ?2, ?2)",
	       "ii", at("2026-11-10T10:00+01:00"), at("2026-11-17T10:00+01:00"));
	PolicyCase c = { .contact = "maya", .channel = "email", .address = "maya@x.example", .purpose = "ask", .run = 1 };
	Verdict other = { .answer = POLICY_REFUSE, .rule = "consent" };
	policy_refused(&host, &c, &other);
	g_assert_cmpuint(seen->len, ==, 0);
	Verdict verdict = policy_check(&host, &(PolicyCase){ .contact = "maya", .channel = "email", .address = "maya@x.example", .purpose = "ask", .run = 1, .asking = true });
	g_assert_cmpstr(verdict.rule, ==, "account"); /* there is none; the rule is what the message says */
	verdict_clear(&verdict);
	Verdict refused = { .answer = POLICY_REFUSE, .rule = "two_then_call" };
	for (int i = 0; i < 3; i++)
		policy_refused(&host, &c, &refused);
	g_assert_cmpuint(seen->len, ==, 1);
	g_autoptr(json_t) tasks = tasks_list(&host, NULL, "maya", 1);
	g_assert_cmpuint(json_array_size(tasks), ==, 1);
	const json_t *task = json_array_get(tasks, 0);
	g_assert_cmpstr(json_string_value(json_object_get(task, "kind")), ==, "call");
	g_assert_cmpstr(json_string_value(json_object_get(task, "note")), ==,
	                "No answer to 2 e-mails: \"Hello\" of 2026-11-10, \"nudge\" of 2026-11-17. Call them at +33612345678, instead of writing a third time.");
	/* Once a run, even when it is done; a task of the script's own that is open will do; without a run there is nothing. */
	g_assert_true(tasks_done(&host, json_integer_value(json_object_get(task, "id")), "called", NULL, NULL));
	policy_refused(&host, &c, &refused);
	c.run = 2;
	tasks_create(&host, "maya", 2, "call", "of the script", 0, NULL);
	policy_refused(&host, &c, &refused);
	c.run = 0;
	policy_refused(&host, &c, &refused);
	g_assert_cmpuint(seen->len, ==, 1);
	policy_world_end(&host);
}

/* The task names the e-mails that the rule has counted: not those that they answered, nor what is older than 30 days. */
static void test_call_counts(void)
{
	Host host;
	policy_world(&host, "", "{\"name\":\"lea\",\"channel\":\"email\",\"from_address\":\"lea@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"}}");
	put_people(&host);
	static const char SENT[] =
		"INSERT INTO messages (contact, run, channel, direction, state, subject, at, handed_at) VALUES ('maya', 1, 'email', 'out', 'accepted', ?1, ?2, ?2)";
	db_run(host.db, SENT, "si", "Long ago", at("2026-10-01T10:00+01:00"));
	db_run(host.db, SENT, "si", "Answered", at("2026-11-05T10:00+01:00"));
	db_run(host.db, "INSERT INTO events (contact, kind, at) VALUES ('maya', 'reply', ?)", "i", at("2026-11-09T10:00+01:00"));
	db_run(host.db, SENT, "si", "Hello", at("2026-11-10T10:00+01:00"));
	db_run(host.db, SENT, "si", "Again", at("2026-11-17T10:00+01:00"));
	PolicyCase c = { .contact = "maya", .channel = "email", .address = "maya@x.example", .purpose = "ask", .run = 1, .seen_event = INT64_MAX,
		         .account = workspace_account(host.workspace, "lea") };
	Verdict verdict = policy_check(&host, &c);
	g_assert_cmpstr(verdict.reason, ==, "they have not answered 2 e-mails of this run since 2026-11-10 10:00: call them (perigee tasks), or write on another channel");
	policy_refused(&host, &c, &verdict);
	verdict_clear(&verdict);
	g_autoptr(json_t) tasks = tasks_list(&host, NULL, "maya", 1);
	g_assert_cmpstr(json_string_value(json_object_get(json_array_get(tasks, 0), "note")), ==,
	                "No answer to 2 e-mails: \"Hello\" of 2026-11-10, \"Again\" of 2026-11-17. Call them at +33612345678, instead of writing a third time.");
	policy_world_end(&host);
}

/* Whatever they have a number as, one message to it is one. */
static void test_one_number(void)
{
	static const char *const channels[] = { "phone", "whatsapp", "sms", "signal", "call" };
	Host host;
	policy_world(&host, ",\"policy\":{\"asks_per_week\":2}",
	             "{\"name\":\"lea\",\"channel\":\"email\",\"from_address\":\"lea@brand.example\",\"smtp\":{\"url\":\"smtps://s.brand.example\"}}");
	put_people(&host);
	static const char HAS[] = "INSERT OR IGNORE INTO identities (contact, channel, address, norm) VALUES ('maya', ?, '+33612345678', '+33612345678')";
	static const char SENT[] =
		"INSERT INTO messages (contact, channel, account, direction, state, purpose, at, handed_at, identity)"
		" VALUES ('agent', ?1, '', 'out', 'accepted', 'ask', ?2, ?2, ?1 || ':+33612345678')";
	PolicyCase c = { .contact = "maya", .channel = "email", .address = "maya@x.example", .purpose = "ask", .seen_event = INT64_MAX,
		         .account = workspace_account(host.workspace, "lea") };
	for (size_t i = 0; i < G_N_ELEMENTS(channels); i++)
		db_run(host.db, HAS, "s", channels[i]);
	for (size_t i = 1; i < G_N_ELEMENTS(channels); i++) {
		db_run(host.db, "DELETE FROM messages", "");
		db_run(host.db, SENT, "si", channels[i], host.clock.now - TIME_DAY);
		Verdict one = policy_check(&host, &c);
		g_assert_cmpstr(one.rule, ==, NULL);
		db_run(host.db, SENT, "si", channels[i], host.clock.now - TIME_DAY); /* another, of the same moment */
		Verdict two = policy_check(&host, &c);
		g_assert_cmpstr(two.rule, ==, "asks_per_week");
		verdict_clear(&one);
		verdict_clear(&two);
	}
	policy_world_end(&host);
}

static void test_quiet(void)
{
	/* hours, time, what comes of an SMS */
	static const char ALWAYS[] = ",\"hours\":\"always\"";
	static const char EVENINGS[] = ",\"hours\":{\"1\":[[1140,1380]],\"2\":[[1140,1380]],\"3\":[[1140,1380]]}", NIGHTS[] = ",\"hours\":{\"2\":[[1260,1380]]}";
	static const struct { const char *hours, *now, *zone, *says; Time until; } cases[] = {
		{ ALWAYS, "2026-11-24T07:59:59.999+01:00", NULL, "from 08:00 to 21:00", 1 }, { ALWAYS, "2026-11-24T08:00+01:00", NULL, NULL, 0 },
		{ ALWAYS, "2026-11-24T20:59:59.999+01:00", NULL, NULL, 0 }, { ALWAYS, "2026-11-24T21:00+01:00", NULL, "it is 21:00 where they are", 11 * TIME_HOUR },
		{ ALWAYS, "2026-11-24T21:00+01:00", "America/New_York", NULL, 0 }, { ALWAYS, "2026-11-24T10:00+01:00", "America/New_York", "it is 04:00", 4 * TIME_HOUR },
		/* the night on which the clock goes forward is an hour shorter */
		{ ALWAYS, "2026-03-28T21:00+01:00", NULL, "next can go on 2026-03-29 08:00", 10 * TIME_HOUR },
		{ EVENINGS, "2026-11-24T20:00+01:00", NULL, NULL, 0 }, { EVENINGS, "2026-11-24T22:00+01:00", NULL, "from 08:00 to 21:00", 21 * TIME_HOUR },
		{ EVENINGS, "2026-11-24T12:00+01:00", NULL, "outside sending hours", 7 * TIME_HOUR },
		{ NIGHTS, "2026-11-24T21:30+01:00", NULL, "never meet", TIME_DAY },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Host host;
		policy_world(&host, cases[i].hours, "{\"name\":\"text\",\"channel\":\"sms\"}");
		put_people(&host);
		host.simulated = true;
		host.clock.now = at(cases[i].now);
		db_run(host.db, "UPDATE contacts SET timezone = ?", "s", cases[i].zone);
		PolicyCase c = { .contact = "maya", .channel = "sms", .address = "+33612345678", .purpose = "service", .account = workspace_account(host.workspace, "text") };
		Verdict verdict = policy_check(&host, &c);
		g_assert_cmpstr(verdict.rule, ==, cases[i].says ? "hours" : NULL);
		if (cases[i].says && (!strstr(verdict.reason, cases[i].says) || verdict.until - host.clock.now != cases[i].until))
			g_error("%s: %s (%" G_GINT64_FORMAT " ms)", cases[i].now, verdict.reason, verdict.until - host.clock.now);
		verdict_clear(&verdict);
		policy_world_end(&host);
	}
}

static void test_unwritten_caps(void)
{
	static const struct { const char *channel, *account; int most; } cases[] = {
		{ "email", "plain", 2000 }, { "twitch", "tw", 40 }, { "email", "big", 3000 }, { "slack", "sl", 0 },
	};
	Host host;
	policy_world(&host, "", "{\"name\":\"plain\",\"channel\":\"email\",\"from_address\":\"a@b.example\"},{\"name\":\"tw\",\"channel\":\"twitch\"},"
	             "{\"name\":\"big\",\"channel\":\"email\",\"from_address\":\"a@c.example\",\"cap\":{\"per_day\":3000}},{\"name\":\"sl\",\"channel\":\"slack\"}");
	put_people(&host);
	host.simulated = true;
	static const char SENT[] = "INSERT INTO messages (channel, account, direction, state, at, handed_at) VALUES (?1, ?2, 'out', 'accepted', ?3, ?3)";
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		PolicyCase c = { .contact = "maya", .channel = cases[i].channel, .address = "maya@x.example", .purpose = "service",
			         .account = workspace_account(host.workspace, cases[i].account) };
		for (int n = 1; n <= (cases[i].most ? cases[i].most : 5000); n++) {
			if (n == cases[i].most) {
				Verdict last = policy_check(&host, &c);
				g_assert_cmpint(last.answer, ==, POLICY_ALLOW);
			}
			db_run(host.db, SENT, "ssi", cases[i].channel, cases[i].account, host.clock.now - n * TIME_SECOND);
		}
		Verdict verdict = policy_check(&host, &c);
		g_assert_cmpstr(verdict.rule, ==, cases[i].most ? "account_cap" : NULL);
		g_assert_cmpint(verdict.until, ==, cases[i].most ? host.clock.now + TIME_DAY - cases[i].most * TIME_SECOND : 0);
		verdict_clear(&verdict);
	}
	policy_world_end(&host);
}

/* What a person can do stands in the reason. */
static void test_reasons(void)
{
	Host host;
	policy_world(&host, "", "");
	put_people(&host);
	host.simulated = true;
	static const struct { const char *contact, *channel, *purpose, *says; } cases[] = {
		{ "p7", "email", "ask", "says \"no\" (the fair's list, 2026-09-21): only they can change that" },
		{ "nobody", "sms", "ask", "`perigee contacts set nobody consent=\"sms: opt-in\"`" }, { "nobody", "email", "news", "a newsletter by email needs their opt-in" },
		{ "maya", "whatsapp", "ask", "a template that the vendor has approved (approved: NAME)" }, { "maya", "youtube", "ask", "write on another channel" },
		{ "maya", "messenger", "ask", "only they can begin" }, { "maya", "slack", "ask", "there is no slack account in perigee.lua" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		PolicyCase c = { .contact = cases[i].contact, .channel = cases[i].channel, .address = "x", .purpose = cases[i].purpose };
		if (strcmp(cases[i].channel, "slack") != 0)
			c.account = workspace_pretend_account(host.workspace, cases[i].channel);
		Verdict verdict = policy_check(&host, &c);
		if (!verdict.reason || !strstr(verdict.reason, cases[i].says))
			g_error("%s on %s: %s", cases[i].contact, cases[i].channel, verdict.reason ? verdict.reason : "it may go");
		verdict_clear(&verdict);
	}
	policy_world_end(&host);
}

/* A ledger of 40,000 messages is no slower than an empty one: every question has its index. */
static void test_speed(void)
{
	Host host;
	policy_world(&host, "", "{\"name\":\"lea\",\"channel\":\"email\",\"from_address\":\"lea@brand.example\",\"cap\":{\"per_day\":50,\"per_domain\":{\"default\":9},\"gap\":1}}");
	put_people(&host);
	host.simulated = true;
	static const char SENT[] =
		"INSERT INTO messages (contact, run, channel, account, direction, state, purpose, at, handed_at, identity, likeness) VALUES"
		" ('c' || ?1, ?1, 'email', 'other', 'out', 'accepted', 'ask', ?2, ?2, 'email:c' || ?1 || '@x.example', 'like ' || ?1)";
	static const char WROTE[] = "INSERT INTO events (contact, kind, at, channel, message) VALUES ('c' || ?, 'reply', ?, 'email', ?)";
	db_begin(host.db);
	for (int64_t i = 0; i < 40000; i++) {
		db_run(host.db, SENT, "ii", i, host.clock.now - i * TIME_MINUTE);
		db_run(host.db, WROTE, "iii", i, host.clock.now, i);
	}
	g_free(policy_likeness(&host, "maya", "")); /* from now on there is a key */
	PolicyCase c = { .contact = "maya", .channel = "email", .address = "maya@x.example", .purpose = "ask", .run = 7000000, .text = "Hi Maya", .sequence = "intro",
		         .account = workspace_account(host.workspace, "lea") };
	const int n = 2000;
	gint64 begun = g_get_monotonic_time();
	for (int i = 0; i < n; i++) {
		Verdict verdict = policy_check(&host, &c);
		g_assert_cmpint(verdict.answer, ==, POLICY_ALLOW);
	}
	double each = (double)(g_get_monotonic_time() - begun) / n;
	g_test_message("%.1f us for a check", each);
	g_assert_cmpfloat(each, <, 2000); /* a bound that only a missing index passes, on any machine */
	policy_world_end(&host);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/manners/names, addresses and our own links make no text another", test_likeness);
	g_test_add_func("/policy/manners/an identity is a channel and the compared form of an address", test_identity);
	g_test_add_func("/policy/manners/who has not answered two e-mails is to be called, once a run", test_call);
	g_test_add_func("/policy/manners/the task to call names the e-mails that the rule counts", test_call_counts);
	g_test_add_func("/policy/manners/one message to a number they have on several channels is one", test_one_number);
	g_test_add_func("/policy/manners/an SMS keeps the law's hours besides ours", test_quiet);
	g_test_add_func("/policy/manners/an account without a cap has that of its channel", test_unwritten_caps);
	g_test_add_func("/policy/manners/a refusal says what a person can do", test_reasons);
	g_test_add_func("/policy/manners/a full ledger makes a check no slower", test_speed);
	return g_test_run();
}
