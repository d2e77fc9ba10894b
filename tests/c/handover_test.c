/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Hand-over: a message that is tried again is asked about as what it is, and a rendering that took long is asked about anew. */
#include "ledger_world.h"

#include "host/broadcasts.h"
#include "host/carrier.h"
#include "host/spawn.h"
#include "host/workers.h"

#include <glib/gstdio.h>

typedef struct World {
	Host host;
	char *dir;
	int handed;
	int room;
	char *address, *bytes;
} World;

static World *world; /* of the test that runs: a carrier knows its host alone */

static void carrier_hand(Host *host, const Handing *handing)
{
	(void)host;
	g_free(world->address);
	g_free(world->bytes);
	world->handed++;
	world->address = g_strdup(handing->address);
	world->bytes = g_strndup(handing->bytes, handing->size);
}

static int carrier_room(Host *host, const Account *account)
{
	(void)host;
	(void)account;
	return world->room;
}

static void set_up(World *w, gconstpointer unused)
{
	(void)unused;
	static Carrier carrier = { .hand = carrier_hand, .room = carrier_room };
	*w = (World){ .room = 2, .dir = g_dir_make_tmp("perigee-handover-XXXXXX", NULL) };
	world = w;
	ledger_world(&w->host, "");
	w->host.lock_fd = -1;
	w->host.carrier = &carrier;
	g_free(w->host.workspace->dir);
	w->host.workspace->dir = g_strdup(w->dir);
	g_autofree char *templates = g_build_filename(w->dir, "templates", NULL), *file = g_build_filename(templates, "t.md", NULL);
	g_assert_cmpint(g_mkdir(templates, 0700), ==, 0);
	g_assert_true(g_file_set_contents(file, "---\nsubject: hi\n---\nHello anew\n", -1, NULL));
}

static void tear_down(World *w, gconstpointer unused)
{
	(void)unused;
	if (w->host.workers)
		workers_free(w->host.workers);
	if (w->host.watchers)
		g_ptr_array_unref(w->host.watchers);
	ledger_world_end(&w->host);
	g_autofree char *remove = g_strdup_printf("rm -r '%s'", w->dir);
	g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
	g_free(w->dir);
	g_free(w->address);
	g_free(w->bytes);
}

static void start_workers(World *w)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *program = host_libexec("worker");
	w->host.watchers = g_ptr_array_new_with_free_func(g_free);
	w->host.workers = workers_new(&w->host, program, 1, &error);
	g_assert_no_error(error);
}

/* A mail to ana that the server has put off; `to`: To and more of its head. */
static int64_t kept(World *w, const char *address, const char *to)
{
	Host *host = &w->host;
	g_autofree char *head = g_strdup_printf("Date: Tue, 24 Nov 2026 09:50:00 +0100\r\n%s%sSubject: hi\r\n\r\nHello\r\n",
	                                         g_str_has_prefix(to, "From:") ? "" : "From: lea@brand.example\r\n", to);
	g_autofree char *identity = policy_identity("email", address);
	host_write(host);
	db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, template, options, address, subject, text, purpose, message_id, thread, raw, at,"
	       " due, first_handed_at, attempts, identity) VALUES ('ana', 'email', 'lea', 'out', 'queued', 't', '{}', ?1, 'hi', 'Hello', 'ask', 'm1@brand.example',"
	       " 'm1@brand.example', ?2, ?4, ?4, ?4, 1, ?5)", "sbis", address, head, strlen(head), host_now(host), identity);
	return db_last_id(host->db);
}

static void consider(World *w, int64_t id)
{
	g_autoptr(GError) error = NULL;
	handover_consider(&w->host, id);
	g_assert_true(host_commit(&w->host, &error));
	g_assert_no_error(error);
}

/* "queued", "refused personal" */
static void stands(World *w, int64_t id, const char *wanted)
{
	is_text(&w->host, wanted, "SELECT state || coalesce(' ' || rule, '') FROM messages WHERE id = ?", id);
}

static void turn_until_handed(World *w)
{
	for (int i = 0; i < 300 && !w->handed; i++)
		host_turn(&w->host, 100);
	g_assert_cmpint(w->handed, ==, 1);
}

static void the_same_goes_again(World *w, gconstpointer unused)
{
	(void)unused;
	int64_t id = kept(w, "ana@x.example", "To: ana@x.example\r\n");
	consider(w, id);
	stands(w, id, "handed");
	g_assert_cmpstr(w->address, ==, "ana@x.example");
	g_assert_true(g_str_has_suffix(w->bytes, "\r\n\r\nHello\r\n"));
}

/* Bytes go to the address they name, so that is the one that is asked about. */
static void their_address_has_changed(World *w, gconstpointer unused)
{
	(void)unused;
	int64_t gone = kept(w, "old@x.example", "To: old@x.example\r\n");
	policy_suppress_identity(&w->host, "email", "old@x.example", "dead_address", "ana");
	consider(w, gone);
	stands(w, gone, "refused address");
	is_text(&w->host, "it was composed for old@x.example, which is no longer an address of theirs: enrol them again to write to the new one",
	        "SELECT reason FROM messages WHERE id = ?", gone);
	db_run(w->host.db, "INSERT INTO identities (contact, channel, address, norm, rank) VALUES ('ana', 'email', 'Old@x.example', 'old@x.example', 1)", "");
	int64_t dead = kept(w, "old@x.example", "To: old@x.example\r\n");
	consider(w, dead);
	stands(w, dead, "refused suppressed");
	g_assert_cmpint(w->handed, ==, 0);
	db_run(w->host.db, "DELETE FROM suppressions", "");
	int64_t second = kept(w, "old@x.example", "To: old@x.example\r\n");
	consider(w, second);
	stands(w, second, "handed");
	g_assert_cmpstr(w->address, ==, "old@x.example");
}

static void its_text_is_looked_at_again(World *w, gconstpointer unused)
{
	(void)unused;
	Host *host = &w->host;
	int64_t id = kept(w, "ana@x.example", "To: ana@x.example\r\n");
	g_autofree char *likeness = policy_likeness(host, "ben", "Hello");
	db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, purpose, at, handed_at, identity, likeness, text) VALUES ('ben', 'email', 'bo', 'out',"
	       " 'accepted', 'ask', ?1, ?1, 'email:ben@x.example', ?2, 'Hello')", "is", host_now(host) - TIME_MINUTE, likeness);
	consider(w, id);
	stands(w, id, "refused personal");
	g_assert_cmpint(w->handed, ==, 0);
}

static void redirect_has_changed(World *w, gconstpointer unused)
{
	(void)unused;
	static const struct { const char *now, *head, *leaves; } table[] = {
		{ NULL, "From: lea@old.example\r\nTo: ana@x.example\r\n", "\r\nFrom: lea@brand.example\r\n" },
		{ NULL, "To: me@brand.example\r\nX-Perigee-To: ana@x.example\r\n", "\r\nTo: ana@x.example\r\n" },
		{ "me@brand.example", "To: ana@x.example\r\n", "\r\nTo: me@brand.example\r\n" },
		{ "me@brand.example", "To: she@brand.example\r\nX-Perigee-To: ana@x.example\r\n", "\r\nTo: me@brand.example\r\n" },
	};
	start_workers(w);
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		w->handed = 0;
		w->host.workspace->redirect_all_to = g_strdup(table[i].now);
		int64_t id = kept(w, "ana@x.example", table[i].head);
		db_run(w->host.db, "UPDATE messages SET options = ? WHERE id = ?", "si", strstr(table[i].head, "X-Perigee-To") ? "{\"redirected\":true}" : "{}", id);
		handover_consider(&w->host, id);
		turn_until_handed(w);
		g_test_message("%s", w->bytes);
		g_assert_nonnull(strstr(w->bytes, table[i].leaves));
		g_assert_nonnull(strstr(w->bytes, "\r\nMessage-ID: <m1@brand.example>\r\n"));
		g_assert_nonnull(strstr(w->bytes, "Hello anew"));
		g_assert_cmpint(strstr(w->bytes, "\r\nX-Perigee-To: ana@x.example\r\n") != NULL, ==, table[i].now != NULL);
		is_text(&w->host, table[i].now ? "{\"redirected\":true}" : "{}", "SELECT options FROM messages WHERE id = ?", id);
		is_text(&w->host, "m1@brand.example 2", "SELECT message_id || ' ' || attempts FROM messages WHERE id = ?", id);
		g_clear_pointer(&w->host.workspace->redirect_all_to, g_free);
		db_run(w->host.db, "DELETE FROM messages", "");
	}
}

static void what_was_redirected_stays_so(World *w, gconstpointer unused)
{
	(void)unused;
	w->host.workspace->redirect_all_to = g_strdup("me@brand.example");
	consider(w, kept(w, "ana@x.example", "To: me@brand.example\r\nX-Perigee-To: ana@x.example\r\n"));
	g_assert_cmpint(w->handed, ==, 1);
	g_assert_true(g_str_has_suffix(w->bytes, "\r\n\r\nHello\r\n"));
}

/* The machine sleeps while a template is rendered, and nobody writes anything: it is night all the same. */
static void a_rendering_that_took_the_night(World *w, gconstpointer unused)
{
	(void)unused;
	Host *host = &w->host;
	start_workers(w);
	host_write(host);
	db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, template, options, address, at, due) VALUES ('ana', 'email', 'lea', 'out',"
	       " 'queued', 't', '{}', 'ana@x.example', ?1, ?1)", "i", host_now(host));
	int64_t id = db_last_id(host->db);
	g_assert_true(host_commit(host, NULL));
	handover_consider(host, id);
	g_assert_cmpuint(ledger_busy(host), ==, 1);
	clock_jump(&host->clock, at("2026-11-25T03:00+01:00"));
	for (int i = 0; i < 300 && ledger_busy(host) && !w->handed; i++)
		host_turn(host, 100);
	g_assert_cmpint(w->handed, ==, 0);
	stands(w, id, "queued hours");
}

/* Its time limit is a due of its own, for which an inbox that has been read does not wait. */
static void a_follow_up_with_a_time_limit(World *w, gconstpointer unused)
{
	(void)unused;
	Host *host = &w->host;
	Time now = host_now(host);
	static const struct { bool limited; Time due; } table[] = { { false, 0 }, { true, TIME_HOUR + 1 } };
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *options = table[i].limited ? g_strdup_printf("{\"before_at\":%" G_GINT64_FORMAT "}", now + TIME_HOUR) : g_strdup("{}");
		host_write(host);
		db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, template, options, address, at, due) VALUES ('ana', 'email', 'lea',"
		       " 'out', 'queued', 't', ?1, 'ana@x.example', ?2, ?2)", "si", options, now);
		int64_t id = db_last_id(host->db);
		g_auto(Message) m = { 0 };
		g_assert_true(message_load(host, id, &m));
		ledger_defer(host, &m, "inbox_fresh", "it has not been read", TIME_NEVER);
		stands(w, id, "queued inbox_fresh");
		g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", id), ==, table[i].due ? now + table[i].due : 0);
		ledger_mail_read(host, "lea");
		g_assert_cmpint(db_int(host->db, 0, "SELECT due FROM messages WHERE id = ?", "i", id), ==, now);
	}
	g_assert_true(host_commit(host, NULL));
}

/* What a worker gives is a claim, for broadcasts as for messages. */
static void what_is_a_rendering(World *w, gconstpointer unused)
{
	(void)w;
	(void)unused;
	static const struct { const char *result, *channel; size_t entity; bool good; } table[] = {
		{ "{\"text\":\"Hi\"}", "discord", 0, true },
		{ "{\"text\":\"Hi\\nyou\",\"subject\":\"One line\",\"attach\":{},\"documents\":[]}", "discord", 0, true },
		{ "{\"text\":\"Hi\",\"subject\":\"One line\"}", "email", 9, true },
		{ "{\"text\":\"Hi\"}", "email", 9, false },
		{ "{\"text\":\"Hi\",\"subject\":\"One line\"}", "email", 0, false },
		{ "{\"text\":\"Hi\"}", "discord", 9, false },
		{ "{\"text\":\"\"}", "discord", 0, false },
		{ "{}", "discord", 0, false },
		{ "[]", "discord", 0, false },
		{ "{\"text\":\"Hi\\u0000\"}", "discord", 0, false },
		{ "{\"text\":\"Hi\",\"subject\":\"Two\\nlines\"}", "discord", 0, false },
		{ "{\"text\":\"Hi\",\"subject\":\"\\u001b[2J\"}", "discord", 0, false },
		{ "{\"text\":\"Hi\",\"subject\":7}", "discord", 0, false },
		{ "{\"text\":\"Hi\",\"attach\":\"passwd\"}", "discord", 0, false },
		{ "{\"text\":\"Hi\",\"locale\":\"fr\\n\"}", "discord", 0, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(json_t) result = json_loads(table[i].result, JSON_ALLOW_NUL, NULL);
		g_test_message("%s", table[i].result);
		g_assert_nonnull(result);
		g_assert_cmpint(handover_is_rendering(result, table[i].channel, table[i].entity), ==, table[i].good);
	}
	g_assert_false(handover_is_rendering(NULL, "discord", 0));
}

static int64_t confirmed(World *w, const char *text)
{
	Host *host = &w->host;
	host_write(host);
	db_run(host->db, "INSERT INTO broadcasts (run, position, sequence, state, channel, account, target, template, text, at, due, created_at)"
	       " VALUES (NULL, 0, 's', 'confirmed', 'email', 'lea', '#all', 't', ?1, ?2, ?2, ?2)", "si", text, host_now(host));
	return db_last_id(host->db);
}

/* "handed", "sent accepted": a broadcast and the message it went as. */
static void broadcast_stands(World *w, int64_t id, const char *wanted)
{
	g_autofree char *why = db_text(w->host.db, "SELECT coalesce(rule || ': ', '') || reason FROM broadcasts WHERE id = ?", "i", id);
	g_test_message("broadcast %" G_GINT64_FORMAT ": %s", id, why ? why : "-");
	is_text(&w->host, wanted, "SELECT b.state || coalesce(' ' || m.state, '') FROM broadcasts b LEFT JOIN messages m ON m.id = b.message WHERE b.id = ?", id);
}

static void turn_broadcasts(World *w)
{
	clock_jump(&w->host.clock, host_now(&w->host) + TIME_MINUTE);
	broadcasts_turn(&w->host);
	g_assert_true(host_commit(&w->host, NULL));
}

/* It is handed until somebody knows what became of it, and asks for room as messages do. */
static void what_becomes_of_a_broadcast(World *w, gconstpointer unused)
{
	(void)unused;
	Host *host = &w->host;
	w->room = 0;
	int64_t id = confirmed(w, "Hello all");
	turn_broadcasts(w);
	broadcast_stands(w, id, "confirmed");
	w->room = 1;
	turn_broadcasts(w);
	broadcast_stands(w, id, "handed handed");
	int64_t second = confirmed(w, "Hello again");
	turn_broadcasts(w);
	broadcast_stands(w, second, "confirmed");
	g_assert_cmpint(w->handed, ==, 1);
	g_assert_cmpstr(w->address, ==, "#all");
	int64_t message = db_int(host->db, 0, "SELECT message FROM broadcasts WHERE id = ?", "i", id);
	ledger_settle(host, message, SETTLED_NONE, true, 0, "", "");
	broadcast_stands(w, id, "confirmed withdrawn");
	broadcasts_turn(host); /* while the other still waits its second */
	g_assert_true(host_commit(host, NULL));
	broadcast_stands(w, id, "handed handed");
	int64_t again = db_int(host->db, 0, "SELECT message FROM broadcasts WHERE id = ?", "i", id);
	g_assert_cmpint(again, !=, message);
	ledger_settle(host, again, SETTLED_MARK, true, 0, "", "");
	broadcast_stands(w, id, "unknown unknown");
	turn_broadcasts(w);
	broadcast_stands(w, id, "unknown unknown");
	broadcast_stands(w, second, "handed handed");
	g_assert_true(ledger_resolve(host, again, "sent", NULL));
	broadcast_stands(w, id, "sent accepted");
	ledger_outcome(host, db_int(host->db, 0, "SELECT message FROM broadcasts WHERE id = ?", "i", second), SENT_OK, 250, "", "ok");
	broadcast_stands(w, second, "sent accepted");
	is_text(host, "0", "SELECT count(*) FROM messages WHERE state = 'queued' AND id <> ?", 0);
	g_assert_true(host_commit(host, NULL));
}

static void write_too_much(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	(void)user;
	(void)program;
	peer_begin(peer, W_RENDER, ticket);
	g_autofree char *much = g_strnfill(FRAME_CAP + 1, 'x');
	peer_put_str(peer, much, -1);
	g_assert_false(peer_end(peer));
}

static void count_failure(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)text;
	(void)where;
	g_assert_cmpstr(code, ==, "limit");
	++*(int *)user;
}

/* What does not fit a frame is told at the next turn: who is gone by then has cancelled it by the ticket that it was given at once. */
static void a_call_that_was_never_written(World *w, gconstpointer unused)
{
	(void)unused;
	start_workers(w);
	int failures = 0;
	uint64_t ticket = 0;
	WorkerCall call = { .domain = "mail", .write = write_too_much, .failed = count_failure, .user = &failures, .ticket = &ticket };
	g_assert_cmpuint(workers_call(w->host.workers, &call), ==, ticket);
	g_assert_cmpuint(ticket, !=, 0);
	g_assert_cmpuint(workers_busy(w->host.workers), ==, 1);
	workers_cancel(w->host.workers, ticket);
	g_assert_cmpuint(workers_busy(w->host.workers), ==, 0);
	workers_turn(w->host.workers);
	g_assert_cmpint(failures, ==, 0);
	workers_call(w->host.workers, &call);
	workers_turn(w->host.workers);
	g_assert_cmpint(failures, ==, 1);
}

/* After a failed commit the message of a rendering that was never written is gone from the table, and nothing is heard of it. */
static void a_rendering_that_was_never_written(World *w, gconstpointer unused)
{
	(void)unused;
	Host *host = &w->host;
	start_workers(w);
	g_autofree char *much = g_strnfill(FRAME_CAP + 1, 'x'), *options = g_strdup_printf("{\"vars\":{\"x\":\"%s\"}}", much);
	host_write(host);
	db_run(host->db, "INSERT INTO messages (contact, channel, account, direction, state, template, options, address, at, due) VALUES ('ana', 'email', 'lea', 'out',"
	       " 'queued', 't', ?2, 'ana@x.example', ?1, ?1)", "is", host_now(host), options);
	int64_t id = db_last_id(host->db);
	g_assert_true(host_commit(host, NULL));
	handover_consider(host, id);
	g_assert_cmpuint(ledger_busy(host), ==, 1);
	g_assert_cmpuint(workers_busy(host->workers), ==, 1);
	ledger_forget(host);
	g_assert_cmpuint(ledger_busy(host), ==, 0);
	g_assert_cmpuint(workers_busy(host->workers), ==, 0);
	workers_turn(host->workers);
	stands(w, id, "queued");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	const char *build = g_getenv("BUILD");
	g_autofree char *directory = g_get_current_dir();
	g_autofree char *built = g_canonicalize_filename(build ? build : "build", directory), *libexec = g_build_filename(built, "libexec/perigee", NULL);
	g_setenv("PERIGEE_LIBEXEC", libexec, FALSE);
	g_assert_true(spawn_begin(NULL));
	static const struct { const char *name; void (*test)(World *, gconstpointer); } tests[] = {
		{ "what was put off goes again as it is", the_same_goes_again },
		{ "and is asked about at the address its bytes name", their_address_has_changed },
		{ "and by what its text says", its_text_is_looked_at_again },
		{ "if redirect_all_to or its sender has changed it is composed anew, with its Message-ID", redirect_has_changed },
		{ "if not it goes where it went", what_was_redirected_stays_so },
		{ "a follow-up that waits for the inbox to be read goes then, with a time limit too", a_follow_up_with_a_time_limit },
		{ "a rendering that took the night is looked at anew", a_rendering_that_took_the_night },
		{ "what a worker gives as a rendering is looked at", what_is_a_rendering },
		{ "a broadcast is handed until its outcome is known", what_becomes_of_a_broadcast },
		{ "a call that does not fit a frame can be cancelled", a_call_that_was_never_written },
		{ "so a rendering that was never written is forgotten after a failed commit", a_rendering_that_was_never_written },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/handover/", tests[i].name, NULL);
		g_test_add(path, World, NULL, set_up, tests[i].test, tear_down);
	}
	return g_test_run();
}
