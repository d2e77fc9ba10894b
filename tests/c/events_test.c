/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* What follows from events beside answers: waits that grow by an absence, and one answer that speaks for a company. */
#include "ledger_world.h"

#include "host/events.h"
#include "host/journal.h"
#include "host/runs.h"

static void set_up(Host *host, gconstpointer members)
{
	ledger_world(host, members);
}

static void tear_down(Host *host, gconstpointer unused)
{
	(void)unused;
	ledger_world_end(host);
}

static void is_due(Host *host, int64_t run, Time wanted)
{
	g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM runs WHERE id = ?", "i", run), ==, wanted);
	g_assert_cmpint(db_int(host->db, 0, "SELECT deadline FROM journal WHERE run = ?", "i", run), ==, wanted);
}

static void waits_grow(Host *host, gconstpointer unused)
{
	(void)unused;
	Time now = host_now(host), day = TIME_DAY;
	int64_t reply = live_run(host, "ana", "wait_reply", "{\"within\":\"3 days\"}", now + 3 * day);
	int64_t event = live_run(host, "ana", "wait", "{\"events\":[\"task_done\"],\"within\":\"1 day\"}", now + day);
	int64_t asleep = live_run(host, "ana", "sleep", "{\"for\":\"2 days\"}", now + 2 * day);
	int64_t other = live_run(host, "ben", "wait_reply", "{\"within\":\"3 days\"}", now + 3 * day);
	int64_t for_ever = live_run(host, "ana", "wait_reply", "{}", 0);
	events_away(host, "ana", now + 10 * day);
	g_assert_cmpint(db_int(host->db, 0, "SELECT away_until FROM contacts WHERE id = 'ana'", ""), ==, now + 10 * day);
	is_due(host, reply, now + 13 * day);
	is_due(host, event, now + 11 * day);
	is_due(host, asleep, now + 2 * day);
	is_due(host, other, now + 3 * day);
	g_assert_cmpint(db_int(host->db, -1, "SELECT due FROM runs WHERE id = ?", "i", for_ever), ==, -1);
	/* Another mail of the same absence gives nothing again; one that says a later day gives what is more. */
	events_away(host, "ana", now + 10 * day);
	is_due(host, reply, now + 13 * day);
	events_away(host, "ana", now + 12 * day);
	is_due(host, reply, now + 15 * day);
	/* A second absence, later. */
	clock_jump(&host->clock, now + 13 * day);
	events_away(host, "ana", now + 14 * day);
	is_due(host, reply, now + 16 * day);
}

/* All timers are due before the mail is in: the wait is over already when the mail that says so is read. */
static void at_least_until_the_return(Host *host, gconstpointer unused)
{
	(void)unused;
	Time now = host_now(host);
	int64_t over = live_run(host, "ana", "wait_reply", "{\"within\":\"1 day\"}", now - 4 * TIME_DAY);
	int64_t held = live_run(host, "ana", "wait_reply", "{\"within\":\"1 day\"}", now - 4 * TIME_DAY);
	db_run(host->db, "UPDATE runs SET held = 'lea', due = NULL WHERE id = ?", "i", held);
	events_away(host, "ana", now + 2 * TIME_DAY);
	is_due(host, over, now + 2 * TIME_DAY);
	g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM runs WHERE id = ?", "i", held), ==, 0); /* until its mailbox has been read */
	runs_mail_read(host, "lea");
	is_due(host, held, now + 2 * TIME_DAY);
}

static void a_move_keeps_the_absence(Host *host, gconstpointer unused)
{
	(void)unused;
	Time now = host_now(host);
	int64_t id = live_run(host, "ana", "wait_reply", "{\"within\":\"3 days\"}", now + 3 * TIME_DAY);
	events_away(host, "ana", now + 10 * TIME_DAY);
	g_auto(Run) run = { 0 };
	g_assert_true(run_load(host, id, &run));
	g_assert_cmpint(journal_change_pending(host, &run, 1, "wait_reply", "{\"within\":\"5 days\"}", now), ==, now + 15 * TIME_DAY);
	is_due(host, id, now + 15 * TIME_DAY);
	int64_t plain = live_run(host, "ben", "wait_reply", "{\"within\":\"3 days\"}", now + 3 * TIME_DAY);
	g_auto(Run) other = { 0 };
	g_assert_true(run_load(host, plain, &other));
	g_assert_cmpint(journal_change_pending(host, &other, 1, "wait_reply", "{\"within\":\"1 day\"}", now), ==, now + TIME_DAY);
}

static void one_answers(Host *host, int64_t runs[4])
{
	static const char *const contacts[] = { "ana", "ben", "cleo", "dan" };
	for (int i = 0; i < 4; i++)
		runs[i] = live_run(host, contacts[i], "wait_reply", "{}", 0);
	db_run(host->db, "INSERT INTO messages (contact, run, channel, direction, state, at) VALUES ('ana', ?, 'email', 'out', 'accepted', 1)", "i", runs[0]);
	events_record(host, "ana", "reply", "email", 0, db_last_id(host->db), NULL);
}

static void a_company_is_answered_for(Host *host, gconstpointer unused)
{
	(void)unused;
	int64_t runs[4];
	one_answers(host, runs);
	is_text(host, "ready", "SELECT state FROM runs WHERE id = ?", runs[0]);
	is_text(host, "done answered elsewhere somebody else of Acme GmbH has answered", "SELECT state || ' ' || outcome || ' ' || error FROM runs WHERE id = ?", runs[1]);
	is_text(host, "waiting", "SELECT state FROM runs WHERE id = ?", runs[2]);
	is_text(host, "waiting", "SELECT state FROM runs WHERE id = ?", runs[3]);
	/* Who has no company speaks for nobody. */
	int64_t lone = live_run(host, "ana", "wait_reply", "{}", 0);
	db_run(host->db, "UPDATE contacts SET company = ''", "");
	events_record(host, "dan", "reply", "email", 0, 0, NULL);
	is_text(host, "waiting", "SELECT state FROM runs WHERE id = ?", lone);
}

/* Hundreds of thousands of runs of other companies are not looked through for each reply. */
static void others_cost_nothing(Host *host, gconstpointer unused)
{
	(void)unused;
	enum { OTHERS = 40000, REPLIES = 20 };
	db_begin(host->db);
	for (int64_t i = 0; i < OTHERS; i++) {
		db_run(host->db, "INSERT INTO contacts (id, company, created_at, updated_at) VALUES ('c' || ?1, 'Company ' || ?1, 0, 0)", "i", i);
		db_run(host->db, "INSERT INTO runs (sequence, contact, key, version, state, seed, start, started_at) VALUES ('s', 'c' || ?, '', 'v', 'waiting', 1, '{}', 0)", "i", i);
	}
	gint64 begun = g_get_monotonic_time();
	for (int i = 0; i < REPLIES; i++)
		events_record(host, "ana", "reply", "email", 0, 0, NULL);
	double each = (double)(g_get_monotonic_time() - begun) / REPLIES;
	g_test_message("%.1f us for a reply", each);
	g_assert_cmpfloat(each, <, 3000); /* a bound that only a missing index passes, on any machine */
	is_text(host, "0", "SELECT count(*) FROM runs WHERE state = 'done' AND id <> ?", 0);
}

static void off_by_default(Host *host, gconstpointer unused)
{
	(void)unused;
	int64_t runs[4];
	one_answers(host, runs);
	is_text(host, "waiting", "SELECT state FROM runs WHERE id = ?", runs[1]);
}

/* What a move to another version compares: channels and template, not what else is said. */
static void reach_is_similar(void)
{
	const char *args = "{\"channels\":[\"email\",\"sms\"],\"template\":\"t\"}";
	g_assert_true(journal_similar("reach", args, "reach", "{\"channels\":[\"email\",\"sms\"],\"opts\":{\"before\":\"1 day\"},\"template\":\"t\",\"try\":true}"));
	g_assert_false(journal_similar("reach", args, "reach", "{\"channels\":[\"sms\",\"email\"],\"template\":\"t\"}"));
	g_assert_false(journal_similar("reach", args, "reach", "{\"channels\":[\"email\",\"sms\"],\"template\":\"u\"}"));
	g_assert_false(journal_similar("reach", args, "send", "{\"channel\":\"email\",\"template\":\"t\"}"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/events/a reach moves to a version with the same channels and template", reach_is_similar);
	static const struct { const char *name, *members; void (*test)(Host *, gconstpointer); } tests[] = {
		{ "running waits are lengthened by an absence", "", waits_grow },
		{ "a wait that is over lasts at least until the return", "", at_least_until_the_return },
		{ "a move to another version keeps the absence", "", a_move_keeps_the_absence },
		{ "stop_company: one answer ends the runs of the others there", ",\"policy\":{\"stop_company\":true}", a_company_is_answered_for },
		{ "a reply is as quick among many companies", ",\"policy\":{\"stop_company\":true}", others_cost_nothing },
		{ "stop_company is off by default", "", off_by_default },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/events/", tests[i].name, NULL);
		g_test_add(path, Host, tests[i].members, set_up, tests[i].test, tear_down);
	}
	return g_test_run();
}
