/* SPDX-License-Identifier: MIT */
/* Incoming mail finds its contact, its run and its meaning; what strangers send changes nothing. LINKS: host */
#include "host/compose.h"
#include "host/contacts.h"
#include "host/inbox.h"
#include "host/policy.h"
#include "host/visits.h"

#include <string.h>

#define NOW INT64_C(1795420800000) /* 2026-11-23 08:00 UTC */
#define OUR_ID "aaaaaaaaaaaaaaaaaaaaaaaaay@brand.example"

typedef struct World {
	Host host;
	Workspace workspace;
	Account ours, teammate;
	int64_t sent; /* our message to ana, of run 1 */
} World;

static int64_t number(World *w, const char *sql)
{
	return db_int(w->host.db, -1, sql, "");
}

static void is_text(World *w, const char *sql, const char *wanted)
{
	g_autofree char *text = db_text(w->host.db, sql, "");
	g_assert_cmpstr(text, ==, wanted);
}

static void run_sql(World *w, const char *sql)
{
	db_run(w->host.db, sql, "");
	g_assert_false(db_failed(w->host.db));
}

static void world_open(World *w, const void *unused)
{
	(void)unused;
	*w = (World){ 0 };
	w->ours = (Account){ .name = "lea", .channel = "email", .from_address = "Lea@brand.example" };
	w->teammate = (Account){ .name = "tom", .channel = "email", .from_address = "tom@brand.example" };
	w->workspace = (Workspace){ .timezone = "Europe/Paris", .zone = g_time_zone_new_identifier("Europe/Paris"), .accounts = g_ptr_array_new() };
	static char *stages[] = { "prospect", "talking", NULL };
	w->workspace.stages = stages;
	g_ptr_array_add(w->workspace.accounts, &w->ours);
	g_ptr_array_add(w->workspace.accounts, &w->teammate);
	w->host = (Host){ .db = db_open(NULL, NULL), .workspace = &w->workspace, .clock = clock_virtual(NOW), .lock_fd = -1,
		          .visits = visits_new(), .after_commit = g_array_new(FALSE, FALSE, 3 * sizeof(void *)) };
	g_assert_nonnull(w->host.db);
	run_sql(w, "INSERT INTO contacts (id, name, created_at, updated_at) VALUES ('ana', 'Ana', 0, 0), ('ben', 'Ben', 0, 0), ('cleo', 'Cleo', 0, 0)");
	run_sql(w, "INSERT INTO identities (contact, channel, address, norm) VALUES ('ana', 'email', 'Ana@shop.example', 'ana@shop.example'),"
	           " ('ben', 'email', 'agent@x.example', 'agent@x.example'), ('cleo', 'email', 'agent@x.example', 'agent@x.example')");
	run_sql(w, "INSERT INTO runs (id, sequence, contact, version, state, seed, start, started_at) VALUES"
	           " (1, 's', 'ana', 'v', 'waiting', 1, '{}', 1795400000000)");
	run_sql(w, "INSERT INTO messages (id, contact, run, channel, account, direction, state, address, subject, message_id, thread, at, handed_at)"
	           " VALUES (10, 'ana', 1, 'email', 'lea', 'out', 'accepted', 'Ana@shop.example', 'Hi', '" OUR_ID "', '" OUR_ID "', 1, 2),"
	           " (11, 'cleo', 2, 'email', 'lea', 'out', 'accepted', 'agent@x.example', 'Hi', 'two@brand.example', 'two@brand.example', 1, 2)");
	w->sent = 10;
}

static void world_close(World *w, const void *unused)
{
	(void)unused;
	g_assert_false(db_failed(w->host.db));
	visits_free(w->host.visits);
	g_clear_pointer(&w->host.programs, g_hash_table_unref);
	db_close(w->host.db);
	g_time_zone_unref(w->workspace.zone);
	g_ptr_array_unref(w->workspace.accounts);
	g_array_unref(w->host.after_commit);
}

/* A mail as a worker tells it; the bytes only have to differ. */
static void arrives_in(World *w, const char *role, const char *json)
{
	g_autofree char *text = g_strdup(json);
	g_strdelimit(text, "'", '"');
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) read = value_parse(text, -1, &error);
	g_assert_no_error(error);
	InboxMail mail = { .role = role, .uidvalidity = 1, .uid = 1, .internaldate = NOW - 1000, .bytes = json, .size = strlen(json) };
	inbox_record(&w->host, &w->ours, &mail, read);
	g_assert_false(db_failed(w->host.db));
}

static void arrives(World *w, const char *json)
{
	arrives_in(w, "inbox", json);
}

static void a_reply_belongs_to_the_message_it_answers(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'reply','text':'Yes!','from':'assistant@elsewhere.example','subject':'Re: Hi','message_id':'r1@x','in_reply_to':'" OUR_ID "','references':[]}");
	is_text(w, "SELECT contact || ' ' || run || ' ' || text || ' ' || thread || ' ' || state FROM messages WHERE direction = 'in'",
	        "ana 1 Yes! " OUR_ID " received");
	is_text(w, "SELECT contact || ' ' || kind || ' ' || channel FROM events", "ana reply email");
	is_text(w, "SELECT json_extract(data, '$.text') || json_extract(data, '$.subject') FROM events", "Yes!Re: Hi");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "replied");
	is_text(w, "SELECT state || ' ' || outcome FROM runs WHERE id = 1", "done replied");
}

static void references_are_looked_at_from_the_last(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'reply','text':'Ok','from':'x@y.example','message_id':'r1@x','in_reply_to':'unknown@z','references':['" OUR_ID "','two@brand.example','other@z']}");
	is_text(w, "SELECT contact FROM messages WHERE direction = 'in'", "cleo");
	is_text(w, "SELECT refs FROM messages WHERE direction = 'in'", OUR_ID " two@brand.example other@z");
}

static void without_a_citation_the_sender_s_address_decides(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'other','text':'Hello','from':'ANA@shop.example','message_id':'n1@x'}");
	arrives(w, "{'kind':'other','text':'Hello','from':'agent@x.example','message_id':'n2@x'}"); /* shared: cleo was written to last */
	is_text(w, "SELECT group_concat(contact || ':' || kind) FROM events", "ana:reply,cleo:reply");
	/* What was written to one of them at another address says nothing of this one. */
	run_sql(w, "UPDATE messages SET identity = 'email:agent@x.example' WHERE id = 11");
	run_sql(w, "INSERT INTO messages (id, contact, channel, account, direction, state, address, identity, at, handed_at) VALUES"
	           " (99, 'ben', 'email', 'lea', 'out', 'accepted', 'ben@own.example', 'email:ben@own.example', 5, 5)");
	arrives(w, "{'kind':'other','text':'Again','from':'agent@x.example','message_id':'n3@x'}");
	is_text(w, "SELECT contact FROM messages WHERE direction = 'in' AND message_id = 'n3@x'", "cleo");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
}

static void strangers_are_not_stored(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'other','text':'Buy','from':'spam@x.test','message_id':'s1@x'}");
	arrives(w, "{'kind':'reply','text':'Buy','from':'','message_id':'s2@x','in_reply_to':'guess@brand.example'}");
	arrives(w, "{}");
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages WHERE direction = 'in'"), ==, 0);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
}

static void unknown_senders_become_contacts_where_everyone_is_welcome(World *w, const void *unused)
{
	(void)unused;
	w->ours.everyone = true;
	arrives(w, "{'kind':'other','text':'List mail','from':'news@x.test','message_id':'e1@x','auto':true}");
	g_assert_cmpint(number(w, "SELECT count(*) FROM contacts"), ==, 3);
	arrives(w, "{'kind':'other','text':'Hi','from':'new@x.test','from_name':'New Person','message_id':'e2@x','auto':false}");
	is_text(w, "SELECT c.name || ' ' || e.kind FROM contacts c JOIN events e ON e.contact = c.id", "New Person reply");
}

static void the_same_mail_counts_once(World *w, const void *unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		arrives(w, "{'kind':'reply','text':'Yes','from':'ana@shop.example','message_id':'d1@x'}");
		arrives(w, "{'kind':'reply','text':'No id','from':'ana@shop.example'}");
		arrives(w, "{'kind':'complaint','text':'spam','from':'fbl@isp.example','message_id':'d2@x','original_message_id':'two@brand.example'}");
	}
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 3);
	is_text(w, "SELECT substr(message_id, 1, 7) FROM messages WHERE text = 'No id'", "sha256:");
	InboxMail broken = { .role = "inbox", .uid = 9, .bytes = "x", .size = 1 };
	inbox_record(&w->host, &w->ours, &broken, NULL);
	inbox_record(&w->host, &w->ours, &broken, NULL);
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages WHERE state = 'unreadable'"), ==, 1);
}

static void an_auto_reply_is_no_reply(World *w, const void *unused)
{
	(void)unused;
	static const struct { const char *returns; int64_t away; } cases[] = {
		{ "'2026-12-01'", INT64_C(1796112000000) }, /* 09:00 in Paris */
		{ "null", NOW + 5 * TIME_DAY },
		{ "'2026-11-20'", NOW + 5 * TIME_DAY },
		{ "'2099-01-01'", NOW + 5 * TIME_DAY },
		{ "'tomorrow'", NOW + 5 * TIME_DAY },
		{ "17", NOW + 5 * TIME_DAY },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *json = g_strdup_printf("{'kind':'auto_reply','text':'Away','from':'ana@shop.example','message_id':'a%zu@x','in_reply_to':'"
		                                        OUR_ID "','auto':true,'returns':%s}", i, cases[i].returns);
		arrives(w, json);
		g_assert_cmpint(number(w, "SELECT away_until FROM contacts WHERE id = 'ana'"), ==, cases[i].away);
	}
	is_text(w, "SELECT group_concat(DISTINCT kind) FROM events", "auto_reply");
	is_text(w, "SELECT state FROM runs WHERE id = 1", "waiting");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages WHERE direction = 'in' AND thread IS NOT NULL"), ==, 0);
}

static void list_mail_of_a_contact_is_kept_and_wakes_nobody(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'other','text':'Our newsletter','from':'ana@shop.example','message_id':'l1@x','auto':true}");
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages WHERE direction = 'in'"), ==, 1);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	is_text(w, "SELECT state FROM runs WHERE id = 1", "waiting");
}

static void a_hard_bounce_ends_the_address(World *w, const void *unused)
{
	(void)unused;
	const char *bounce = "{'kind':'bounce','from':'mailer-daemon@mx.example','message_id':'b1@x','bounces':[{'recipient':'ana@shop.example',"
	                     "'status':'5.1.1','action':'failed','class':'hard','reason':'user unknown','message_id':'" OUR_ID "'}]}";
	arrives(w, bounce);
	arrives(w, bounce);
	is_text(w, "SELECT state || ' ' || code || ' ' || error FROM messages WHERE id = 10", "bounced 5.1.1 user unknown");
	is_text(w, "SELECT group_concat(kind || json_extract(data, '$.class') || json_extract(data, '$.recipient')) FROM events", "bouncehardana@shop.example");
	is_text(w, "SELECT group_concat(channel || ' ' || reason) FROM suppressions", "email dead_address");
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages WHERE direction = 'in'"), ==, 0);
}

/* Nor does a delay or a full mailbox of a copy's. */
static void a_copy_that_bounces_ends_the_copy_alone(World *w, const void *unused)
{
	(void)unused;
	static const struct { const char *action, *class; int suppressed; } table[] = { { "delayed", "soft", 0 }, { "failed", "soft", 0 }, { "failed", "hard", 1 }, { "failed", "hard", 1 } };
	run_sql(w, "UPDATE messages SET options = '{\"cc\":[\"tia@else.example\",\"Gone@else.example\"]}' WHERE id = 10");
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *bounce = g_strdup_printf("{'kind':'bounce','from':'mailer-daemon@mx.example','bounces':[{'recipient':'gone@else.example','status':'5.1.1',"
		                                          "'action':'%s','class':'%s','reason':'user unknown','message_id':'" OUR_ID "'}]}", table[i].action, table[i].class);
		arrives(w, bounce);
		is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
		g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
		g_assert_cmpint(number(w, "SELECT count(*) FROM suppressions WHERE channel = 'email' AND reason = 'dead_address'"), ==, table[i].suppressed);
	}
	static const struct { const char *address; PolicyAnswer wanted; } after[] = {
		{ "tia@else.example", POLICY_ALLOW }, { "gone@else.example", POLICY_REFUSE } }; /* and there is one suppression */
	for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
		Verdict verdict = policy_check_copy(&w->host, "email", after[i].address);
		g_assert_cmpint(verdict.answer, ==, after[i].wanted);
		verdict_clear(&verdict);
	}
}

static void other_bounces_suppress_nothing(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'bounce','bounces':[{'recipient':'ana@shop.example','status':'4.4.1','action':'delayed','class':'soft','reason':'later'}],"
	           "'original_message_id':'" OUR_ID "'}");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
	is_text(w, "SELECT json_extract(data, '$.action') FROM events", "delayed");
	arrives(w, "{'kind':'bounce','bounces':[{'recipient':'forwarded@far.example','status':'5.2.2','action':'failed','class':'soft','reason':'full'}],"
	           "'in_reply_to':'" OUR_ID "'}");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "bounced");
	g_assert_cmpint(number(w, "SELECT count(*) FROM suppressions"), ==, 0);
}

static void a_bounce_that_cites_nothing_of_ours_counts_for_nothing(World *w, const void *unused)
{
	(void)unused;
	static const char *const forged[] = {
		"{'kind':'bounce','bounces':[{'recipient':'ana@shop.example','status':'5.1.1','action':'failed','class':'hard','reason':'x'}]}",
		"{'kind':'bounce','bounces':[{'recipient':'ana@shop.example','class':'hard'}],'original_message_id':'guess@brand.example'}",
		"{'kind':'bounce','bounces':[{'recipient':'ana@shop.example','class':'hard','action':'delivered'}],'original_message_id':'" OUR_ID "'}",
		"{'kind':'bounce','bounces':[7,null,'x',{}]}", "{'kind':'bounce','bounces':'no'}", "{'kind':'bounce'}",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(forged); i++)
		arrives(w, forged[i]);
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
	g_assert_cmpint(number(w, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM suppressions)"), ==, 0);
}

#define RETURN_PATH "Lea+aaaaaaaaaaaaaaaaaaaaaaaaay@brand.example"

static void what_comes_to_a_return_path_cites_its_message(World *w, const void *unused)
{
	(void)unused;
	/* Not in the ledger, no token, not ours: nobody's. */
	static const char *const forged[] = { "lea+aaaaaaaaaaaaaaaaaaaaaaaaaq@brand.example", "lea+ana@brand.example",
		                              "lea+aaaaaaaaaaaaaaaaaaaaaaaaay@else.example", "lea@brand.example" };
	for (size_t i = 0; i < G_N_ELEMENTS(forged); i++) {
		g_autofree char *json = g_strdup_printf("{'kind':'bounce','bounces':[{'recipient':'ana@shop.example','class':'hard','status':'5.1.1'}],'to':['%s']}",
		                                        forged[i]);
		arrives(w, json);
	}
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
	arrives(w, "{'kind':'auto_reply','text':'Away','from':'robot@far.example','message_id':'away@x','to':['" RETURN_PATH "']}");
	is_text(w, "SELECT contact || ' ' || kind FROM events", "ana auto_reply");
	arrives(w, "{'kind':'bounce','bounces':[{'recipient':'ana@shop.example','action':'failed','class':'hard','status':'5.1.1','reason':'gone'}],"
	           "'to':[7,'postmaster@x.example'],'delivered_to':['lea@brand.example','" RETURN_PATH "']}");
	is_text(w, "SELECT state || ' ' || code FROM messages WHERE id = 10", "bounced 5.1.1");
	is_text(w, "SELECT group_concat(channel || ' ' || reason) FROM suppressions", "email dead_address");
}

static void what_is_redirected_says_nothing_about_the_contact(World *w, const void *unused)
{
	(void)unused;
	w->workspace.redirect_all_to = "test@brand.example";
	arrives(w, "{'kind':'bounce','bounces':[{'recipient':'Test@brand.example','class':'hard','action':'failed'}],'original_message_id':'" OUR_ID "'}");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
}

static void an_unknown_outcome_is_settled_by_what_cites_it(World *w, const void *unused)
{
	(void)unused;
	run_sql(w, "UPDATE messages SET state = 'unknown'");
	arrives(w, "{'kind':'auto_reply','from':'ana@shop.example','message_id':'u1@x','in_reply_to':'" OUR_ID "'}");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
	arrives(w, "{'kind':'bounce','bounces':[{'recipient':'agent@x.example','class':'soft','action':'failed','status':'5.7.1'}],'original_message_id':'two@brand.example'}");
	is_text(w, "SELECT state FROM messages WHERE id = 11", "bounced");
	run_sql(w, "UPDATE messages SET state = 'unknown' WHERE id = 10");
	arrives_in(w, "sent", "{'kind':'other','from':'lea@brand.example','to':['ana@shop.example'],'message_id':'" OUR_ID "'}");
	is_text(w, "SELECT state FROM messages WHERE id = 10", "accepted");
}

static void who_complains_or_opts_out_is_left_alone(World *w, const void *unused)
{
	(void)unused;
	arrives(w, "{'kind':'unsubscribe','text':'stop','from':'ana@shop.example','message_id':'o1@x'}");
	is_text(w, "SELECT group_concat(DISTINCT reason) FROM suppressions", "opted_out");
	is_text(w, "SELECT outcome FROM runs WHERE id = 1", "unsubscribed");
	arrives(w, "{'kind':'complaint','text':'','from':'fbl@isp.example','message_id':'c1@x','original_message_id':'two@brand.example'}");
	is_text(w, "SELECT reason FROM suppressions WHERE contact = 'cleo' AND channel = '*'", "complaint");
	int64_t before = number(w, "SELECT count(*) FROM suppressions");
	arrives(w, "{'kind':'unsubscribe','text':'stop','from':'nobody@x.test','message_id':'o2@x'}");
	g_assert_cmpint(number(w, "SELECT count(*) FROM suppressions"), ==, before + 1);
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 2);
}

static void a_mail_of_ours_that_the_ledger_did_not_send_is_handled(World *w, const void *unused)
{
	(void)unused;
	const char *by_hand = "{'kind':'reply','text':'I will take it from here','from':'lea@brand.example','to':['ana@shop.example','x@y.test'],"
	                      "'cc':['agent@x.example','Ana@shop.example'],'message_id':'h1@brand.example','in_reply_to':'" OUR_ID "'}";
	arrives_in(w, "sent", by_hand);
	arrives_in(w, "sent", by_hand);
	is_text(w, "SELECT group_concat(contact || ' ' || kind) FROM events", "ana handled,cleo handled");
	is_text(w, "SELECT thread || ' ' || state || ' ' || handed_at FROM messages WHERE contact = 'ana' AND message_id = 'h1@brand.example'",
	        OUR_ID " accepted 1795420800000");
	is_text(w, "SELECT state || ' ' || outcome FROM runs WHERE id = 1", "done taken over");
}

static void what_the_ledger_sent_is_not_handled(World *w, const void *unused)
{
	(void)unused;
	arrives_in(w, "sent", "{'kind':'other','from':'lea@brand.example','to':['ana@shop.example'],'message_id':'" OUR_ID "'}");
	arrives(w, "{'kind':'other','from':'LEA@brand.example','to':['ana@shop.example'],'message_id':'" OUR_ID "'}");
	arrives_in(w, "sent", "{'kind':'auto_reply','from':'lea@brand.example','to':['ana@shop.example'],'message_id':'v1@x','auto':true}");
	arrives_in(w, "sent", "{'kind':'other','from':'lea@brand.example','to':['mum@home.test'],'message_id':'v2@x'}");
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages"), ==, 2);
	/* A teammate's copy to us is one that was sent by hand. */
	arrives(w, "{'kind':'other','text':'Hi Ana','from':'tom@brand.example','to':['ana@shop.example'],'cc':['lea@brand.example'],'message_id':'t1@x'}");
	is_text(w, "SELECT kind FROM events", "handled");
}

static void old_mail_in_the_sent_folder_takes_nothing_over(World *w, const void *unused)
{
	(void)unused;
	w->host.clock = clock_real(0);
	run_sql(w, "UPDATE runs SET started_at = 1600000000001");
	InboxMail old = { .role = "sent", .uid = 1, .internaldate = INT64_C(1600000000000), .bytes = "x", .size = 1 };
	g_autoptr(json_t) read = json_pack("{ss ss s[s] ss}", "kind", "other", "from", "lea@brand.example", "to", "ana@shop.example", "message_id", "old@x");
	inbox_record(&w->host, &w->ours, &old, read);
	is_text(w, "SELECT at FROM messages WHERE message_id = 'old@x'", "1600000000000");
	g_assert_cmpint(number(w, "SELECT count(*) FROM events"), ==, 0);
	is_text(w, "SELECT state FROM runs WHERE id = 1", "waiting");
}

static void a_worker_s_nonsense_is_borne(World *w, const void *unused)
{
	(void)unused;
	static const char *const nonsense[] = {
		"{'kind':7,'text':[],'from':{},'subject':1,'message_id':false,'in_reply_to':[],'references':{'a':1},'to':'x','cc':[1,null]}",
		"{'kind':'reply','from':'ana@shop.example','message_id':'a b\\r\\nX: y@z','in_reply_to':'<" OUR_ID ">','references':[1,'x y@z','" OUR_ID "']}",
		"{'kind':'party','from':'ana@shop.example','message_id':'p@x'}",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(nonsense); i++) {
		arrives(w, nonsense[i]);
		arrives_in(w, "sent", nonsense[i]);
	}
	is_text(w, "SELECT refs FROM messages WHERE direction = 'in' AND refs <> ''", OUR_ID);
	g_assert_cmpint(number(w, "SELECT count(*) FROM messages WHERE message_id LIKE '% %'"), ==, 0);
}

#define TEST(name, function) g_test_add("/inbox/" name, World, NULL, world_open, function, world_close)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_open("inbox_test", false);
	TEST("a reply belongs to the message it answers", a_reply_belongs_to_the_message_it_answers);
	TEST("references are looked at from the last", references_are_looked_at_from_the_last);
	TEST("without a citation the sender's address decides", without_a_citation_the_sender_s_address_decides);
	TEST("strangers are not stored", strangers_are_not_stored);
	TEST("unknown senders become contacts where everyone is welcome", unknown_senders_become_contacts_where_everyone_is_welcome);
	TEST("the same mail counts once", the_same_mail_counts_once);
	TEST("an auto-reply is no reply", an_auto_reply_is_no_reply);
	TEST("list mail of a contact is kept and wakes nobody", list_mail_of_a_contact_is_kept_and_wakes_nobody);
	TEST("a hard bounce ends the address", a_hard_bounce_ends_the_address);
	TEST("that of a copy ends the copy's alone", a_copy_that_bounces_ends_the_copy_alone);
	TEST("other bounces suppress nothing", other_bounces_suppress_nothing);
	TEST("a bounce that cites nothing of ours counts for nothing", a_bounce_that_cites_nothing_of_ours_counts_for_nothing);
	TEST("what comes to a return path cites its message", what_comes_to_a_return_path_cites_its_message);
	TEST("what is redirected says nothing about the contact", what_is_redirected_says_nothing_about_the_contact);
	TEST("an unknown outcome is settled by what cites it", an_unknown_outcome_is_settled_by_what_cites_it);
	TEST("who complains or opts out is left alone", who_complains_or_opts_out_is_left_alone);
	TEST("a mail of ours that the ledger did not send is handled", a_mail_of_ours_that_the_ledger_did_not_send_is_handled);
	TEST("what the ledger sent is not handled", what_the_ledger_sent_is_not_handled);
	TEST("old mail in the Sent folder takes nothing over", old_mail_in_the_sent_folder_takes_nothing_over);
	TEST("a worker's nonsense is borne", a_worker_s_nonsense_is_borne);
	return g_test_run();
}
