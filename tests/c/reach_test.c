/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Reach: one message whose channel moves on: refused by the server, with an open breaker; never what may have left. */
#include "ledger_world.h"

#include "host/breaker.h"
#include "host/reach.h"

#define ARGS "{\"channels\":[\"email\",\"instagram\",\"telegram\"],\"template\":\"t\"}"
#define TRIES "{\"channels\":[\"email\",\"instagram\",\"telegram\"],\"template\":\"t\",\"try\":true}"

typedef struct World {
	Host host;
	int64_t run, id;
} World;

static void ask(World *w, const char *args)
{
	Host *host = &w->host;
	g_autoptr(json_t) value = value_parse(args, -1, NULL);
	g_autoptr(GError) error = NULL;
	w->run = live_run(host, "ana", "reach", args, 0);
	g_assert_true(ledger_reach(host, w->run, 1, "ana", json_object_get(value, "channels"), "t", NULL, &w->id, &error));
	g_assert_no_error(error);
}

static void set_up(World *w, gconstpointer unused)
{
	(void)unused;
	ledger_world(&w->host, "");
	ask(w, ARGS);
}

static void tear_down(World *w, gconstpointer unused)
{
	(void)unused;
	ledger_world_end(&w->host);
}

/* "email lea queued" */
static void stands(World *w, const char *wanted)
{
	is_text(&w->host, wanted, "SELECT channel || ' ' || account || ' ' || state FROM messages WHERE id = ?", w->id);
}

/* What the hand-over leaves in the row. */
static void hand(World *w)
{
	db_run(w->host.db, "UPDATE messages SET state = 'handed', handed_at = ?1, first_handed_at = ?1, attempts = 1, message_id = 'm@x', text = 'Hello',"
	       " purpose = 'ask', identity = 'email:ana@x.example', likeness = 'abc', thread = 'm@x', raw = x'00', due = NULL WHERE id = ?2", "ii", host_now(&w->host), w->id);
}

static void is_outcome(World *w, const char *wanted)
{
	is_text(&w->host, wanted, "SELECT state || ': ' || coalesce(outcome, '') || ' ' || coalesce(error, '') FROM runs WHERE id = ?", w->run);
}

static void begins_with_the_first(World *w, gconstpointer unused)
{
	(void)unused;
	stands(w, "email lea queued");
	is_text(&w->host, "ana@x.example", "SELECT address FROM messages WHERE id = ?", w->id);
}

static void a_refusal_moves_it_on(World *w, gconstpointer unused)
{
	(void)unused;
	hand(w);
	ledger_outcome(&w->host, w->id, SENT_PERMANENT, 554, "5.7.1", "no thanks");
	stands(w, "instagram  queued");
	is_text(&w->host, "ana", "SELECT address FROM messages WHERE id = ?", w->id);
	is_text(&w->host, "0", "SELECT count(*) FROM messages WHERE id = ? AND (message_id IS NOT NULL OR raw IS NOT NULL OR text IS NOT NULL OR identity IS NOT NULL"
	        " OR likeness IS NOT NULL OR thread IS NOT NULL OR handed_at IS NOT NULL OR purpose IS NOT NULL OR attempts)", w->id);
	is_outcome(w, "sending:  ");
	g_assert_cmpint(db_int(w->host.db, 0, "SELECT count(*) FROM messages", ""), ==, 1);
}

static void refuse_all(World *w)
{
	static const char *const texts[] = { "no thanks", "never wrote", "not there" };
	for (int i = 0; i < 3; i++) {
		g_auto(Message) m = { 0 };
		g_assert_true(message_load(&w->host, w->id, &m));
		ledger_refuse(&w->host, &m, i ? "initiate" : "consent", texts[i], "refused");
	}
}

static void all_refuse(World *w, gconstpointer unused)
{
	(void)unused;
	refuse_all(w);
	stands(w, "telegram  refused");
	is_outcome(w, "done: refused email: no thanks; instagram: never wrote; telegram: not there");
}

static void a_script_that_tries_is_told(World *w, gconstpointer unused)
{
	(void)unused;
	ask(w, TRIES);
	refuse_all(w);
	is_text(&w->host, "{\"r\":[null,\"email: no thanks; instagram: never wrote; telegram: not there\",\"refused\"]}", "SELECT answer FROM journal WHERE run = ?", w->run);
	is_outcome(w, "ready:  ");
}

static void all_bounce(World *w, gconstpointer unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		hand(w);
		ledger_outcome(&w->host, w->id, SENT_UNREACHABLE, 550, "5.1.1", "no such user");
	}
	is_outcome(w, "done: bounced email: no such user; instagram: no such user; telegram: no such user");
}

static void what_may_have_left_stays(World *w, gconstpointer unused)
{
	(void)unused;
	hand(w);
	ledger_outcome(&w->host, w->id, SENT_AMBIGUOUS, 0, "", "the connection was lost");
	stands(w, "email lea unknown");
	is_outcome(w, "ready:  ");
	/* Even if a person has it sent again, and then it is refused. */
	g_assert_true(ledger_resolve(&w->host, w->id, "again", NULL));
	hand(w);
	ledger_outcome(&w->host, w->id, SENT_PERMANENT, 554, "5.7.1", "no thanks");
	stands(w, "email lea refused");
}

static void a_delay_does_not_move_it(World *w, gconstpointer unused)
{
	(void)unused;
	hand(w);
	ledger_outcome(&w->host, w->id, SENT_TEMPORARY, 450, "4.2.0", "greylisted");
	stands(w, "email lea queued");
	hand(w);
	ledger_outcome(&w->host, w->id, SENT_TEMPORARY, 0, "", "no connection"); /* once: no breaker opens by that */
	stands(w, "email lea queued");
}

static void open_breaker(World *w, const char *account)
{
	for (int i = 0; i < 5; i++)
		breaker_failed(&w->host, account, host_now(&w->host), "no connection");
}

static void a_new_one_does_not_stand_in_a_held_queue(World *w, gconstpointer unused)
{
	(void)unused;
	open_breaker(w, "lea");
	ask(w, ARGS);
	stands(w, "email  queued");
}

static void the_failure_that_opens_frees_the_others(World *w, gconstpointer unused)
{
	(void)unused;
	int64_t waiting = w->id;
	ask(w, ARGS);
	hand(w);
	for (int i = 0; i < 4; i++)
		breaker_failed(&w->host, "lea", host_now(&w->host), "no connection");
	ledger_outcome(&w->host, w->id, SENT_TEMPORARY, 0, "", "no connection");
	stands(w, "instagram  queued");
	w->id = waiting;
	stands(w, "email  queued"); /* to be looked at outside the queue that is held */
}

static void only_breakers_are_left(World *w, gconstpointer unused)
{
	(void)unused;
	Host *host = &w->host;
	Time now = host_now(host);
	g_auto(Message) m = { 0 }, after = { 0 }, last = { 0 };
	g_assert_true(message_load(host, w->id, &m));
	ledger_defer(host, &m, "breaker", "lea is down", now + 4 * TIME_MINUTE);
	stands(w, "instagram  queued");
	g_assert_true(message_load(host, w->id, &after));
	ledger_refuse(host, &after, "initiate", "no", "refused");
	stands(w, "telegram  queued");
	g_assert_true(message_load(host, w->id, &last));
	ledger_defer(host, &last, "breaker", "telegram is down", now + 2 * TIME_MINUTE);
	stands(w, "email  queued"); /* the first that has not refused, at the end of the first pause */
	g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", w->id), ==, now + 2 * TIME_MINUTE);
}

/* Each try fails by the channel, for days: as the same message, for four days, like any other. */
static void it_is_given_up(World *w, const char *args, const char *wanted)
{
	Host *host = &w->host;
	json_object_set_new(host->workspace->policy, "breaker", json_integer(1));
	ask(w, args);
	Time begun = host_now(host);
	for (int i = 0; i < 40; i++) {
		g_auto(Message) m = { 0 };
		Time until;
		g_assert_true(message_load(host, w->id, &m));
		if (!g_str_equal(m.state, "queued"))
			break;
		const char *account = g_str_equal(m.channel, "email") ? "lea" : "ig";
		reach_enqueue(host, &m);
		db_run(host->db, "UPDATE messages SET state = 'handed', handed_at = ?1, first_handed_at = coalesce(first_handed_at, ?1), attempts = attempts + 1,"
		       " message_id = coalesce(message_id, 'm@x'), raw = coalesce(raw, x'41'), account = ?3 WHERE id = ?2", "iis", host_now(host), w->id, account);
		ledger_outcome(host, w->id, SENT_TEMPORARY, 421, "4.3.2", "no service");
		if (i == 0 && !strstr(args, "instagram"))
			is_text(host, "email  queued m@x 1 1", "SELECT channel || ' ' || account || ' ' || state || ' ' || message_id || ' ' || (raw IS NOT NULL) || ' ' || attempts"
			        " FROM messages WHERE id = ?", w->id);
		if (breaker_state(host, account, &until) == BREAKER_OPEN)
			clock_jump(&host->clock, until);
		clock_jump(&host->clock, host_now(host) + 6 * TIME_HOUR);
	}
	is_outcome(w, wanted);
	g_assert_cmpint(host_now(host), <, begun + 6 * TIME_DAY);
}

static void one_that_is_down_is_given_up(World *w, gconstpointer unused)
{
	(void)unused;
	it_is_given_up(w, "{\"channels\":[\"email\"],\"template\":\"t\"}", "done: refused email: given up after 4 days: no service");
}

static void all_that_are_down_are_given_up(World *w, gconstpointer unused)
{
	(void)unused;
	it_is_given_up(w, "{\"channels\":[\"email\",\"instagram\"],\"template\":\"t\"}",
	               "done: refused email: given up after 4 days: no service; instagram: given up after 4 days: no service");
}

static void a_persons_no_is_one_for_all(World *w, gconstpointer unused)
{
	(void)unused;
	hand(w);
	ledger_by_hand(&w->host, w->id, false);
	stands(w, "email lea refused");
	ask(w, ARGS);
	g_assert_true(ledger_cancel(&w->host, w->id, NULL));
	stands(w, "email lea cancelled");
}

static void wrong_channels(World *w, gconstpointer unused)
{
	(void)unused;
	static const char *const lists[] = { "[]", "[\"email\",\"email\"]", "[\"email\",\"pigeon\"]", "[1]", "{}", "\"email\"",
		                             "[\"email\",\"x\",\"sms\",\"line\",\"call\",\"viber\",\"slack\",\"tiktok\",\"signal\",\"discord\",\"twitch\",\"reddit\",\"matrix\",\"threads\",\"youtube\",\"bluesky\",\"website\"]" };
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autofree char *text = g_strdup_printf("{\"c\":%s}", lists[i]);
		g_autoptr(json_t) value = value_parse(text, -1, NULL);
		g_autoptr(GError) error = NULL;
		int64_t id;
		g_test_message("%s", lists[i]);
		g_assert_false(ledger_reach(&w->host, w->run, 2, "ana", json_object_get(value, "c"), "t", NULL, &id, &error));
		g_assert_error(error, LEDGER_ERROR, LEDGER_ERROR_INVALID);
	}
	g_autoptr(json_t) options = json_pack("{s:{s:[s]}}", "reach", "channels", "email"), channels = json_pack("[s]", "email");
	g_autoptr(GError) error = NULL;
	int64_t id;
	g_assert_false(ledger_queue(&w->host, w->run, 2, "ana", "email", "t", options, &id, &error)); /* that member is the host's */
	g_clear_error(&error);
	json_object_clear(options);
	json_object_set_new(options, "from", json_string("nobody"));
	g_assert_false(ledger_reach(&w->host, w->run, 2, "ana", channels, "t", options, &id, &error));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	static const struct { const char *name; void (*test)(World *, gconstpointer); } tests[] = {
		{ "begins with the first channel", begins_with_the_first },
		{ "a refusal by the server moves it on, and nothing is left of the try", a_refusal_moves_it_on },
		{ "if all refuse it is one refusal that names each", all_refuse },
		{ "a script that tries is told", a_script_that_tries_is_told },
		{ "if all bounce the run ends bounced", all_bounce },
		{ "what may have left never moves on", what_may_have_left_stays },
		{ "a delay does not move it", a_delay_does_not_move_it },
		{ "a new one does not stand in a queue that is held", a_new_one_does_not_stand_in_a_held_queue },
		{ "the failure that opens a breaker moves it on and frees the others", the_failure_that_opens_frees_the_others },
		{ "where only breakers are left it waits for the first", only_breakers_are_left },
		{ "one that is down for days gets the same message, and is given up", one_that_is_down_is_given_up },
		{ "so are several", all_that_are_down_are_given_up },
		{ "what a person refused or cancelled goes nowhere else", a_persons_no_is_one_for_all },
		{ "lists of channels that are none are refused", wrong_channels },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/reach/", tests[i].name, NULL);
		g_test_add(path, World, NULL, set_up, tests[i].test, tear_down);
	}
	return g_test_run();
}
