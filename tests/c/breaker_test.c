/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Breakers: what counts as the channel's failure, when they open and close, and that what waited goes at once. */
#include "ledger_world.h"

#include "host/breaker.h"

static void what_counts(void)
{
	static const struct { SentClass sent; uint32_t number; const char *enhanced; BreakerSign wanted; } table[] = {
		{ SENT_OK, 250, "2.0.0", BREAKER_WORKS },
		/* The channel fails. */
		{ SENT_TEMPORARY, 0, "", BREAKER_FAILS },       /* no connection */
		{ SENT_TEMPORARY, 421, "4.3.2", BREAKER_FAILS },
		{ SENT_TEMPORARY, 421, "", BREAKER_FAILS },
		{ SENT_TEMPORARY, 454, "4.7.1", BREAKER_FAILS }, /* sign-in, TLS */
		{ SENT_TEMPORARY, 452, "4.3.1", BREAKER_FAILS }, /* its disk is full */
		{ SENT_RATE, 421, "4.7.28", BREAKER_FAILS },
		{ SENT_AUTH, 535, "5.7.8", BREAKER_FAILS },
		{ SENT_AUTH, 0, "", BREAKER_FAILS },
		{ SENT_CONFIG, 0, "", BREAKER_FAILS },
		{ SENT_CONFIG, 554, "5.2.0", BREAKER_FAILS },
		{ SENT_AMBIGUOUS, 0, "", BREAKER_FAILS },
		/* One recipient's: the channel works. */
		{ SENT_TEMPORARY, 450, "4.2.0", BREAKER_WORKS }, /* greylisting */
		{ SENT_TEMPORARY, 451, "4.7.1", BREAKER_WORKS },
		{ SENT_TEMPORARY, 451, "", BREAKER_WORKS },
		{ SENT_TEMPORARY, 452, "4.2.2", BREAKER_WORKS }, /* their mailbox is full */
		{ SENT_RATE, 452, "4.5.3", BREAKER_WORKS },
		{ SENT_UNREACHABLE, 550, "5.1.1", BREAKER_WORKS },
		{ SENT_PERMANENT, 554, "5.7.1", BREAKER_WORKS },
		/* It never left. */
		{ SENT_PERMANENT, 0, "", BREAKER_SILENT },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_test_message("row %zu", i);
		g_assert_cmpint(breaker_sign(table[i].sent, table[i].number, table[i].enhanced), ==, table[i].wanted);
	}
}

static void set_up(Host *host, gconstpointer members)
{
	ledger_world(host, members ? members : "");
}

static void tear_down(Host *host, gconstpointer unused)
{
	(void)unused;
	ledger_world_end(host);
}

static void is_state(Host *host, const char *account, BreakerState wanted, Time minutes)
{
	Time until;
	g_assert_cmpint(breaker_state(host, account, &until), ==, wanted);
	if (wanted == BREAKER_OPEN)
		g_assert_cmpint(until, ==, host_now(host) + minutes * TIME_MINUTE);
}

static void fail(Host *host, int times)
{
	while (times--)
		g_assert_true(breaker_failed(host, "lea", host_now(host), "no connection"));
}

static void pass(Host *host, Time span)
{
	clock_jump(&host->clock, host_now(host) + span);
}

static void opens_in_steps(Host *host, gconstpointer unused)
{
	(void)unused;
	static const int minutes[] = { 1, 2, 4, 8, 15, 15 };
	fail(host, 4);
	is_state(host, "lea", BREAKER_CLOSED, 0);
	fail(host, 1);
	is_state(host, "bo", BREAKER_CLOSED, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(minutes); i++) {
		is_state(host, "lea", BREAKER_OPEN, minutes[i]);
		pass(host, minutes[i] * TIME_MINUTE - 1);
		Time until;
		g_assert_cmpint(breaker_state(host, "lea", &until), ==, BREAKER_OPEN);
		pass(host, 1);
		is_state(host, "lea", BREAKER_HALF_OPEN, 0);
		fail(host, 1);
	}
}

static void one_success_closes_it(Host *host, gconstpointer unused)
{
	(void)unused;
	g_assert_false(breaker_works(host, "lea")); /* there was nothing */
	fail(host, 4);
	g_assert_true(breaker_works(host, "lea"));
	fail(host, 4); /* in a row: it begins anew */
	is_state(host, "lea", BREAKER_CLOSED, 0);
	fail(host, 1);
	g_assert_nonnull(g_hash_table_lookup(host->account_blocks, "lea"));
	g_assert_true(breaker_works(host, "lea"));
	is_state(host, "lea", BREAKER_CLOSED, 0);
	g_assert_null(g_hash_table_lookup(host->account_blocks, "lea"));
}

static void what_left_before_says_nothing(Host *host, gconstpointer unused)
{
	(void)unused;
	Time before = host_now(host);
	pass(host, 1000);
	fail(host, 5);
	g_assert_false(breaker_failed(host, "lea", before, "no connection"));
	is_state(host, "lea", BREAKER_OPEN, 1);
}

static void one_message_tries(Host *host, gconstpointer unused)
{
	(void)unused;
	breaker_try(host, "lea");
	is_state(host, "lea", BREAKER_CLOSED, 0);
	fail(host, 5);
	pass(host, TIME_MINUTE);
	breaker_try(host, "lea");
	is_state(host, "lea", BREAKER_OPEN, 15); /* for all others, until it has an outcome */
	fail(host, 1);
	is_state(host, "lea", BREAKER_OPEN, 2);
	pass(host, 2 * TIME_MINUTE);
	breaker_try(host, "lea");
	pass(host, 15 * TIME_MINUTE); /* its outcome is lost: the next one tries */
	is_state(host, "lea", BREAKER_HALF_OPEN, 0);
}

static void off(Host *host, gconstpointer unused)
{
	(void)unused;
	for (int i = 0; i < 20; i++)
		g_assert_false(breaker_failed(host, "lea", host_now(host), "no connection"));
	is_state(host, "lea", BREAKER_CLOSED, 0);
}

static int64_t handed(Host *host, const char *account)
{
	db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, template, address, at, handed_at, first_handed_at, attempts, raw)"
	       " VALUES ('ana', 'email', ?1, 'out', 'handed', 't', 'ana@x.example', ?2, ?2, ?2, 1, x'00')", "si", account, host_now(host));
	return db_last_id(host->db);
}

/* Messages whose connection fails wait as the breaker does, keep what they are, and go when the first has passed. */
static void the_queue_waits_and_goes(Host *host, gconstpointer unused)
{
	(void)unused;
	int64_t ids[7];
	for (int i = 0; i < 7; i++)
		ids[i] = handed(host, "lea");
	int64_t greylisted = handed(host, "lea"), other = handed(host, "bo");
	for (int i = 0; i < 7; i++)
		ledger_outcome(host, ids[i], SENT_TEMPORARY, 0, "", "no connection");
	ledger_outcome(host, other, SENT_TEMPORARY, 0, "", "no connection");
	is_state(host, "lea", BREAKER_OPEN, 1);
	for (int i = 0; i < 7; i++) {
		is_text(host, "queued breaker 1", "SELECT state || ' ' || rule || ' ' || (handed_at IS NULL AND raw IS NOT NULL) FROM messages WHERE id = ?", ids[i]);
		g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", ids[i]), ==, host_now(host) + TIME_MINUTE);
	}
	pass(host, TIME_HOUR);
	db_run(host->db, "UPDATE messages SET due = ?, state = 'queued', rule = 'retry', handed_at = NULL WHERE id = ?", "ii", host_now(host) + TIME_HOUR, greylisted);
	db_run(host->db, "UPDATE messages SET due = ? WHERE id = ?", "ii", host_now(host) + TIME_HOUR, other);
	int64_t probe = handed(host, "lea");
	ledger_outcome(host, probe, SENT_UNREACHABLE, 550, "5.1.1", "no such user"); /* an answer: the channel works */
	is_state(host, "lea", BREAKER_CLOSED, 0);
	for (int i = 0; i < 7; i++)
		g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", ids[i]), ==, host_now(host));
	g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", greylisted), ==, host_now(host) + TIME_HOUR);
	g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", other), ==, host_now(host) + TIME_HOUR);
}

/* What the send log says of a carrier that is gone is no news of the channel. */
static void settling_is_no_sign(Host *host, gconstpointer unused)
{
	(void)unused;
	for (int i = 0; i < 6; i++)
		ledger_settle(host, handed(host, "lea"), SETTLED_MARK, true, 0, "", "");
	is_state(host, "lea", BREAKER_CLOSED, 0);
	fail(host, 5);
	ledger_settle(host, handed(host, "lea"), SETTLED_ANSWER, true, 250, "2.0.0", "taken");
	is_state(host, "lea", BREAKER_OPEN, 1);
}

static void doctor_shows_it(Host *host, gconstpointer unused)
{
	(void)unused;
	g_autoptr(json_t) rows = json_array();
	breaker_check(host->db, host->workspace, host_now(host), rows);
	g_assert_cmpuint(json_array_size(rows), ==, 0);
	fail(host, 1);
	breaker_check(host->db, host->workspace, host_now(host), rows);
	fail(host, 4);
	breaker_check(host->db, host->workspace, host_now(host), rows);
	g_assert_cmpuint(json_array_size(rows), ==, 2);
	g_assert_cmpstr(value_string(json_array_get(rows, 0), "text", ""), ==, "its last attempt failed: no connection");
	g_assert_cmpstr(value_string(json_array_get(rows, 1), "state", ""), ==, "fail");
	g_assert_nonnull(strstr(value_string(json_array_get(rows, 1), "text", ""), "one message tries at 2026-11-24T10:01:00+01:00"));
}

/* An account that perigee.lua no longer has is nobody's trouble. */
static void doctor_knows_the_accounts(Host *host, gconstpointer unused)
{
	(void)unused;
	g_autoptr(json_t) rows = json_array();
	breaker_failed(host, "renamed", host_now(host), "no connection");
	breaker_check(host->db, host->workspace, host_now(host), rows);
	g_assert_cmpuint(json_array_size(rows), ==, 0);
}

static void off_frees_what_is_open(Host *host, gconstpointer unused)
{
	(void)unused;
	int64_t waiting = handed(host, "lea");
	fail(host, 4);
	ledger_outcome(host, waiting, SENT_TEMPORARY, 0, "", "no connection");
	is_state(host, "lea", BREAKER_OPEN, 1);
	PolicyCase c = { .contact = "ana", .channel = "email", .address = "ana@x.example", .account = workspace_account(host->workspace, "lea"), .seen_event = INT64_MAX };
	static const struct { int most; PolicyAnswer wanted; } table[] = { { 5, POLICY_DEFER }, { 0, POLICY_ALLOW } };
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		json_object_set_new(host->workspace->policy, "breaker", json_integer(table[i].most));
		Verdict verdict = policy_check(host, &c);
		g_assert_cmpint(verdict.answer, ==, table[i].wanted);
		verdict_clear(&verdict);
	}
	is_state(host, "lea", BREAKER_CLOSED, 0);
	g_autoptr(json_t) rows = json_array();
	breaker_check(host->db, host->workspace, host_now(host), rows);
	g_assert_cmpuint(json_array_size(rows), ==, 0);
	ledger_release_held(host); /* as serve does when it starts */
	g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", waiting), ==, host_now(host));
	g_assert_null(g_hash_table_lookup(host->account_blocks, "lea"));
	json_object_set_new(host->workspace->policy, "breaker", json_integer(5));
	is_state(host, "lea", BREAKER_CLOSED, 0); /* and begins anew */
}

/* What the server puts off is no message that was sent, but the next leaves no sooner for that. */
static void the_pace_counts_what_was_put_off(Host *host, gconstpointer unused)
{
	(void)unused;
	Account *account = workspace_account(host->workspace, "lea");
	account->gap = 90 * TIME_SECOND;
	account->per_day = 1;
	Time given = host_now(host);
	int64_t id = handed(host, "lea");
	pass(host, TIME_SECOND);
	ledger_outcome(host, id, SENT_RATE, 451, "4.7.1", "too many messages, slow down");
	PolicyCase c = { .contact = "ben", .channel = "email", .address = "ben@x.example", .account = account, .seen_event = INT64_MAX };
	Verdict verdict = policy_check(host, &c);
	g_assert_cmpstr(verdict.rule, ==, "account_rate");
	g_assert_cmpint(verdict.until, >=, given + 72 * TIME_SECOND);
	g_assert_cmpint(verdict.until, <=, given + 108 * TIME_SECOND);
	clock_jump(&host->clock, verdict.until);
	verdict_clear(&verdict);
	verdict = policy_check(host, &c);
	g_assert_cmpint(verdict.answer, ==, POLICY_ALLOW);
	verdict_clear(&verdict);
}

static int64_t queued(Host *host, const char *account, const char *options, int attempts)
{
	db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, template, options, address, at, due, attempts)"
	       " VALUES ('ana', 'email', ?1, 'out', 'queued', 't', ?2, 'ana@x.example', ?3, ?3, ?4)", "ssii", account, options, host_now(host), (int64_t)attempts);
	return db_last_id(host->db);
}

static void an_account_that_is_gone(Host *host, gconstpointer unused)
{
	(void)unused;
	static const struct { const char *account, *options; int attempts; const char *wanted; } table[] = {
		{ "renamed", "{}", 0, "queued lea" },
		{ "renamed", "{\"from\":\"renamed\"}", 0, "held renamed: perigee.lua no longer has the account renamed, by which alone it is to go:" },
		{ "renamed", "{}", 1, "held renamed: perigee.lua no longer has the account renamed, by which it was already tried:" },
		{ "renamed", "{\"reach\":{\"channels\":[\"email\"]}}", 1, "queued " },
		{ "", "{}", 0, "queued lea" },
		{ "bo", "{}", 1, "queued bo" },
	};
	int64_t ids[G_N_ELEMENTS(table)];
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		ids[i] = queued(host, table[i].account, table[i].options, table[i].attempts);
	for (int life = 0; life < 2; life++) {
		ledger_release_held(host);
		for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
			g_autofree char *said = db_text(host->db, "SELECT state || ' ' || account || coalesce(': ' || reason, '') FROM messages WHERE id = ?", "i", ids[i]);
			g_test_message("%s", said);
			g_assert_true(strchr(table[i].wanted, ':') ? g_str_has_prefix(said, table[i].wanted) : g_str_equal(said, table[i].wanted));
		}
	}
	/* Named again, it goes. */
	Account *bo = workspace_account(host->workspace, "bo");
	g_free(bo->name);
	bo->name = g_strdup("renamed");
	ledger_release_held(host);
	is_text(host, "queued renamed", "SELECT state || ' ' || account FROM messages WHERE id = ?", ids[2]);
}

static void nothing_is_left_of_a_failed_commit(Host *host, gconstpointer unused)
{
	(void)unused;
	host->lock_fd = -1;
	policy_suppress_identity(host, "email", "gone@x.example", "opted_out", NULL); /* draws the key, too */
	fail(host, 5);
	g_assert_nonnull(g_hash_table_lookup(host->account_blocks, "lea"));
	db_run(host->db, "INSERT INTO no_such_table VALUES (1)", "");
	g_assert_false(host_commit(host, NULL));
	g_assert_null(g_hash_table_lookup(host->account_blocks, "lea"));
	is_state(host, "lea", BREAKER_CLOSED, 0);
	for (int look = 0; look < 2; look++) {
		if (look == 0)
			policy_suppress_identity(host, "email", "gone@x.example", "opted_out", NULL);
		else
			g_clear_pointer(&host->policy_hashes, g_hash_table_unref); /* as after a restart */
		Verdict verdict = policy_check_copy(host, "email", "gone@x.example");
		g_assert_cmpint(verdict.answer, ==, POLICY_REFUSE);
		verdict_clear(&verdict);
	}
}

static void a_restart_keeps_it(void)
{
	g_autofree char *dir = g_dir_make_tmp("perigee-breaker-XXXXXX", NULL), *path = g_build_filename(dir, "p.db", NULL);
	for (int life = 0; life < 2; life++) {
		Host host;
		ledger_world(&host, "");
		db_close(host.db);
		host.db = db_open(path, NULL);
		if (life == 0) {
			host_write(&host);
			fail(&host, 5);
			pass(&host, TIME_MINUTE);
			fail(&host, 1);
			g_assert_true(db_commit(host.db, NULL));
		} else {
			pass(&host, TIME_MINUTE);
		}
		is_state(&host, "lea", BREAKER_OPEN, 2);
		ledger_world_end(&host);
	}
	g_autofree char *remove = g_strdup_printf("rm -r '%s'", dir);
	g_assert_cmpint(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL), ==, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/breaker/what an outcome says of the channel", what_counts);
	static const struct { const char *name, *members; void (*test)(Host *, gconstpointer); } tests[] = {
		{ "opens after 5 failures in a row for 1, 2, 4, 8, 15, 15 minutes", "", opens_in_steps },
		{ "one success closes it, and begins the row anew", "", one_success_closes_it },
		{ "what was handed over before it opened says nothing", "", what_left_before_says_nothing },
		{ "when its time is over one message tries, alone", "", one_message_tries },
		{ "breaker = 0 switches it off", ",\"policy\":{\"breaker\":0}", off },
		{ "the queue waits with it and goes at once", "", the_queue_waits_and_goes },
		{ "what is settled afterwards is no sign", "", settling_is_no_sign },
		{ "doctor shows failures and open breakers", "", doctor_shows_it },
		{ "and none of accounts that are gone", "", doctor_knows_the_accounts },
		{ "switching it off frees what is open", "", off_frees_what_is_open },
		{ "an account's pace counts what was put off, its cap does not", "", the_pace_counts_what_was_put_off },
		{ "messages of an account that is gone get another or are held", "", an_account_that_is_gone },
		{ "nothing of it is left when a commit fails", "", nothing_is_left_of_a_failed_commit },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/breaker/", tests[i].name, NULL);
		g_test_add(path, Host, tests[i].members, set_up, tests[i].test, tear_down);
	}
	g_test_add_func("/breaker/survives a restart", a_restart_keeps_it);
	return g_test_run();
}
