/* SPDX-License-Identifier: MIT */
/* What was in flight when net or the host died is settled by the send log and the Sent folder, and never sent twice.
 * LINKS: host */
#include "host/handover.h"
#include "host/netparts.h"
#include "host/visits.h"

#include <string.h>
#include <unistd.h>

typedef struct World {
	Host host;
	Workspace workspace;
	Account plain, gmail;
	Netlink net;
	Link links[2];
	Child sender, readers[2];
	Peer *log, *sent_folder; /* the other ends: net's parent, and gmail's reader */
} World;

static Peer *pair(Peer **other)
{
	int fds[2];
	g_assert_true(peer_pair(fds, NULL));
	*other = peer_new(fds[1], FRAME_CAP);
	return peer_new(fds[0], FRAME_CAP);
}

static json_t *config(const char *url)
{
	return json_pack("{s{ss}}", "smtp", "url", url);
}

static void add_link(World *w, int i, Account *account, Child *sender, Child *reader)
{
	w->links[i] = (Link){ .account = account->name, .sender = sender, .reader = reader };
	g_ptr_array_add(w->net.links, &w->links[i]);
	g_ptr_array_add(w->workspace.accounts, account);
}

static void open_world(World *w, const void *unused)
{
	(void)unused;
	*w = (World){ 0 };
	w->plain = (Account){ .name = "plain", .channel = "email", .config = config("smtps://mx.example"), .has_smtp = true };
	w->gmail = (Account){ .name = "gmail", .channel = "email", .config = config("smtps://smtp.gmail.com"), .has_smtp = true, .has_imap = true };
	w->workspace.accounts = g_ptr_array_new();
	w->host = (Host){ .db = db_open(NULL, NULL), .workspace = &w->workspace, .clock = clock_virtual(1000000), .visits = visits_new(),
		          .after_commit = g_array_new(FALSE, FALSE, 3 * sizeof(void *)), .ledger_rendering = handover_table(), .boot = "this-boot" };
	w->net = (Netlink){ .host = &w->host, .ready = true, .from_ledger = true, .links = g_ptr_array_new() };
	settling_init(&w->net);
	w->net.parent = pair(&w->log);
	w->sender = (Child){ .net = &w->net, .account = "plain", .in_flight = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, handed_free) };
	w->readers[1] = (Child){ .net = &w->net, .account = "gmail", .reader = true, .peer = pair(&w->sent_folder) };
	add_link(w, 0, &w->plain, &w->sender, NULL);
	add_link(w, 1, &w->gmail, NULL, &w->readers[1]);
}

static void close_world(World *w, const void *unused)
{
	(void)unused;
	settling_clear(&w->net);
	g_hash_table_unref(w->sender.in_flight);
	g_ptr_array_unref(w->net.links);
	peer_free(w->net.parent);
	peer_free(w->log);
	peer_free(w->readers[1].peer);
	peer_free(w->sent_folder);
	visits_free(w->host.visits);
	g_hash_table_unref(w->host.ledger_rendering);
	g_clear_pointer(&w->host.programs, g_hash_table_unref);
	g_array_unref(w->host.after_commit);
	db_close(w->host.db);
	g_ptr_array_unref(w->workspace.accounts);
	json_decref(w->plain.config);
	json_decref(w->gmail.config);
}

static void add(World *w, int64_t id, const char *account, const char *boot)
{
	g_autofree char *message_id = g_strdup_printf("m%d@x", (int)id);
	db_run(w->host.db, "INSERT INTO messages (id, contact, channel, account, direction, state, address, message_id, boot, at, handed_at)"
	       " VALUES (?, 'ana', 'email', ?, 'out', 'handed', 'ana@x', ?, ?, 1, 2)", "isss", id, account, message_id, boot);
	g_assert_false(db_failed(w->host.db));
}

static void is_state(World *w, int64_t id, const char *wanted)
{
	g_autofree char *state = db_text(w->host.db, "SELECT state FROM messages WHERE id = ?", "i", id);
	g_assert_cmpstr(state, ==, wanted);
}

/* Reads the question and answers it: for each id the state that `say` gives by its number. */
static void answer(World *w, guint n, const char *say)
{
	Frame frame;
	GError *error = NULL;
	g_assert_true(peer_receive(w->log, &frame, 1000, &error));
	g_assert_cmpuint(frame.kind, ==, N_SETTLE);
	g_assert_cmpuint(frame_get_u32(&frame), ==, n);
	Peer *out = w->log;
	peer_begin(out, N_SETTLED, frame.id);
	peer_put_u32(out, n);
	for (guint i = 0; i < n; i++) {
		const char *id = frame_get_str(&frame, NULL);
		char what = say[atoi(id + 1)];
		peer_put_u8(out, what == '-' ? SETTLED_NONE : what == '?' ? SETTLED_MARK : SETTLED_ANSWER);
		peer_put_u32(out, what == '+' ? 250 : what == '!' ? 550 : 0);
		peer_put_str(out, what == '!' ? "5.1.1" : "", -1);
		peer_put_str(out, what == '!' ? "no such user" : "", -1);
	}
	peer_end(out);
	g_assert_true(peer_flush_all(out, NULL));
	g_assert_true(peer_receive(w->net.parent, &frame, 1000, &error));
	g_assert_true(settling_settled(&w->net, &frame));
}

static void the_send_log_decides(World *w, const void *unused)
{
	(void)unused;
	add(w, 1, "plain", "this-boot");
	add(w, 2, "plain", "this-boot");
	add(w, 3, "plain", "this-boot");
	add(w, 4, "plain", "this-boot");
	add(w, 5, "plain", "an-earlier-boot");
	add(w, 6, "plain", "an-earlier-boot");
	add(w, 7, "gone", NULL);
	settling_all(&w->net);
	answer(w, 7, " -+!?-+-");
	is_state(w, 1, "queued");   /* no mark: it was not sent */
	is_state(w, 2, "accepted");
	is_state(w, 3, "refused");
	is_state(w, 4, "unknown");  /* mark alone */
	is_state(w, 5, "unknown");  /* after a power cut silence proves nothing */
	is_state(w, 6, "accepted");
	is_state(w, 7, "unknown");
	g_assert_false(w->net.settled);
	g_assert_true(w->net.trim);
}

/* What an answer that was on its way proves. */
static void somebody_s_reply_proves_it(World *w, const void *unused)
{
	(void)unused;
	add(w, 1, "plain", "this-boot");
	db_run(w->host.db, "INSERT INTO messages (contact, channel, direction, state, in_reply_to, at) VALUES ('ana', 'email', 'in', 'received', 'm1@x', 3)", "");
	settling_all(&w->net);
	answer(w, 1, " ?");
	is_state(w, 1, "accepted");
}

static bool asked_for(World *w, const char *message_id)
{
	Frame frame;
	netlink_flush(w->readers[1].peer);
	if (!peer_receive(w->sent_folder, &frame, 50, NULL))
		return false;
	g_assert_cmpuint(frame.kind, ==, N_FIND);
	g_assert_cmpstr(frame_get_str(&frame, NULL), ==, message_id);
	return true;
}

static bool found(World *w, uint64_t id, uint8_t what)
{
	Frame frame;
	peer_begin(w->sent_folder, N_FOUND, id);
	peer_put_u8(w->sent_folder, what);
	peer_end(w->sent_folder);
	g_assert_true(peer_flush_all(w->sent_folder, NULL));
	g_assert_true(peer_receive(w->readers[1].peer, &frame, 1000, NULL));
	return settling_found(&w->net, &frame);
}

static void a_provider_that_files_sent_mail_is_asked(World *w, const void *unused)
{
	(void)unused;
	gint64 later = g_get_monotonic_time() + INT64_C(3600) * G_USEC_PER_SEC;
	add(w, 1, "gmail", "this-boot");
	add(w, 2, "gmail", "this-boot");
	settling_all(&w->net);
	answer(w, 2, " ??");
	is_state(w, 1, "handed");
	g_assert_cmpint(settling_turn(&w->net, 0), >, 0);
	g_assert_false(asked_for(w, ""));
	settling_turn(&w->net, later);
	g_assert_true(asked_for(w, "m1@x"));
	g_assert_true(asked_for(w, "m2@x"));
	g_assert_true(found(w, 1, 1));
	g_assert_true(found(w, 2, 0));
	g_assert_true(found(w, 99, 1));
	g_assert_false(found(w, 2, 3));
	is_state(w, 1, "accepted");
	is_state(w, 2, "handed"); /* it may be filed some time later */
	for (int i = 0; i < 3; i++)
		settling_turn(&w->net, later);
	is_state(w, 2, "unknown"); /* absence is never certain: not queued */
	g_assert_cmpuint(w->net.doubts->len, ==, 0);
}

static void a_sender_that_does_not_know_is_believed(World *w, const void *unused)
{
	(void)unused;
	add(w, 1, "plain", "this-boot");
	add(w, 2, "gmail", "this-boot");
	settling_ambiguous(&w->net, handed_new(1, "m1@x", "plain", true), "the connection was lost");
	settling_ambiguous(&w->net, handed_new(2, "m2@x", "gmail", true), "the connection was lost");
	is_state(w, 1, "unknown");
	is_state(w, 2, "handed");
	g_assert_true(found(w, 2, 1));
	is_state(w, 2, "accepted");
}

static void the_log_is_trimmed_only_after_the_commit(World *w, const void *unused)
{
	(void)unused;
	Frame frame;
	add(w, 1, "plain", "this-boot");
	add(w, 2, "gmail", "this-boot");
	settling_all(&w->net);
	answer(w, 2, " +?");
	netlink_flush(w->net.parent);
	g_assert_false(peer_receive(w->log, &frame, 50, NULL));
	g_assert_true(host_commit(&w->host, NULL));
	g_assert_true(w->net.settled);
	g_assert_true(peer_receive(w->log, &frame, 1000, NULL));
	g_assert_cmpuint(frame.kind, ==, N_TRIM);
	g_assert_cmpuint(frame_get_u32(&frame), ==, 1);
	g_assert_cmpstr(frame_get_str(&frame, NULL), ==, "m2@x"); /* still in doubt */
}

static void what_was_not_committed_is_asked_again(World *w, const void *unused)
{
	(void)unused;
	add(w, 1, "plain", "this-boot");
	settling_all(&w->net);
	answer(w, 1, " +");
	is_state(w, 1, "accepted");
	db_run(w->host.db, "this is no SQL", "");
	g_assert_false(host_commit(&w->host, NULL));
	is_state(w, 1, "handed");
	g_assert_false(w->net.settled);
	g_assert_false(w->net.trim);
	g_assert_true(w->net.from_ledger);
	settling_all(&w->net);
	answer(w, 1, " +");
	is_state(w, 1, "accepted");
}

static void what_is_in_flight_is_not_taken_from_the_ledger(World *w, const void *unused)
{
	(void)unused;
	add(w, 1, "plain", "this-boot");
	Handed *handed = handed_new(1, "m1@x", "plain", true);
	g_hash_table_replace(w->sender.in_flight, &handed->id, handed);
	w->net.settled = true;
	settling_all(&w->net);
	answer(w, 0, "");
	is_state(w, 1, "handed");
	/* Its sender dies: now it is asked for, and goes back to the queue. */
	settling_child(&w->net, &w->sender);
	answer(w, 1, " -");
	is_state(w, 1, "queued");
	g_assert_cmpuint(g_hash_table_size(w->sender.in_flight), ==, 0);
	g_assert_false(w->sender.settling);
}

static void an_answer_out_of_step_is_noticed(World *w, const void *unused)
{
	(void)unused;
	Frame frame;
	add(w, 1, "plain", "this-boot");
	settling_all(&w->net);
	g_assert_true(peer_receive(w->log, &frame, 1000, NULL));
	static const uint32_t counts[] = { 0, 2, 1 }; /* too few, too many, right but without its fields */
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		Frame back;
		peer_begin(w->log, N_SETTLED, frame.id);
		peer_put_u32(w->log, counts[i]);
		peer_end(w->log);
		g_assert_true(peer_flush_all(w->log, NULL));
		g_assert_true(peer_receive(w->net.parent, &back, 1000, NULL));
		g_assert_false(settling_settled(&w->net, &back));
	}
	is_state(w, 1, "handed");
	/* The parent is started again, and asked again. */
	settling_forget(&w->net);
	g_assert_true(w->net.from_ledger);
}

#define TEST(name, function) g_test_add("/settling/" name, World, NULL, open_world, function, close_world)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_open("settling_test", false);
	TEST("the send log decides", the_send_log_decides);
	TEST("somebody's reply proves it", somebody_s_reply_proves_it);
	TEST("a provider that files sent mail is asked", a_provider_that_files_sent_mail_is_asked);
	TEST("a sender that does not know is believed", a_sender_that_does_not_know_is_believed);
	TEST("the log is trimmed only after the commit", the_log_is_trimmed_only_after_the_commit);
	TEST("what was not committed is asked again", what_was_not_committed_is_asked_again);
	TEST("what is in flight is not taken from the ledger", what_is_in_flight_is_not_taken_from_the_ledger);
	TEST("an answer out of step is noticed", an_answer_out_of_step_is_noticed);
	return g_test_run();
}
