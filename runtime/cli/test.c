/* SPDX-License-Identifier: MIT */
/*
 * perigee test: runs the Lua tests of a workspace and prints TAP. Each test gets a host of its own (in-memory database, virtual clock,
 * pretend channels: the same code as serve), and runs twice in two worker processes; the two must not differ.
 */
#include "cli/command.h"
#include "cli/coverage.h"
#include "cli/groups.h"
#include "cli/left_out.h"
#include "cli/story.h"
#include "cli/tape.h"

#include "host/broadcasts.h"
#include "host/contacts.h"
#include "host/dates.h"
#include "host/hooks.h"
#include "host/pretend.h"
#include "host/requests.h"
#include "host/runs.h"
#include "host/simulate.h"
#include "host/tasks.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

enum { EFFECTS_CAP = 100000 }; /* of one test */

/* One test on its way. */
typedef struct Play {
	Host *host;
	int index;             /* from 1 */
	bool over, ok, waiting;
	uint64_t ticket;
	uint32_t position, next;
	char *kind;            /* the effect that waits for its answer */
	json_t *args;
	char *text, *where;    /* of a failure */
	Story *story;          /* of its world, for an expectation that fails */
	Tape *tape;            /* to compare two rounds */
	LeftOut *left_out;     /* scripts that its world is without */
	bool tells;            /* what is left out, to the log */
	char *contact, *channel;
	int64_t run;
} Play;

/* ---- what the test asks for ------------------------------------------------------------------------------------ */

/* Of a request the test may expect what it asked for, which stands in the journal until it is answered. Takes the event. */
static json_t *with_request(const Play *play, json_t *event)
{
	g_autoptr(json_t) asked = requests_asked(play->host, value_integer(event, "run", 0));
	json_t *whole = json_copy(event), *names = json_array();
	size_t i;
	json_t *secret;
	json_array_foreach(json_object_get(asked, "secrets"), i, secret)
		json_array_append(names, json_object_get(secret, "secret"));
	json_object_set_new(whole, "secrets", names);
	json_object_update_missing(whole, asked);
	json_decref(event);
	return whole;
}

static void see(void *user, json_t *event)
{
	Play *play = user;
	g_autofree char *at = time_iso(host_now(play->host), play->host->workspace->zone);
	json_object_set_new(event, "at", json_string(at));
	tape_happened(play->tape, event);
	if (g_str_equal(value_string(event, "event", ""), "sent")) {
		g_free(play->channel);
		play->channel = g_strdup(value_string(event, "channel", "email"));
	}
	if (g_str_equal(value_string(event, "event", ""), "untaken"))
		left_out_untaken(play->left_out, event);
	if (g_str_equal(value_string(event, "event", ""), "request"))
		event = with_request(play, event);
	story_happened(play->story, host_now(play->host), event);
}

static json_t *results(json_t *value)
{
	return json_pack("{s:[o]}", "r", value ? value : json_null());
}

static json_t *raised(GError *error)
{
	json_t *answer = json_pack("{s:s}", "raise", error->message);
	g_error_free(error);
	return answer;
}

/* Lets what is due at this moment happen. */
static json_t *settle(Play *play, json_t *answer)
{
	simulate_until(play->host, host_now(play->host));
	return answer;
}

/* The contact that the test names, by a word or by attributes of one who may be new; else the one it last spoke of. */
static char *contact_of(Play *play, GError **error)
{
	const json_t *contact = json_object_get(play->args, "contact");
	if (contact && !json_is_string(contact))
		return contacts_put(play->host, contact, true, "test", error);
	const char *word = contact ? json_string_value(contact) : play->contact;
	if (!word)
		g_set_error(error, PRETEND_ERROR, PRETEND_ERROR_FORMAT, "nobody is enrolled yet: name the contact");
	return word ? contacts_resolve(play->host, word, error) : NULL;
}

static json_t *do_enrol(Play *play)
{
	GError *error = NULL;
	g_autofree char *id = contact_of(play, &error);
	if (!id)
		return raised(error);
	g_autofree char *said = NULL;
	bool is_new;
	const char *sequence = value_string(play->args, "sequence", "");
	if (strchr(sequence, '/')) /* what is wrong in it would be told: a test could read any file */
		return json_pack("{s:s}", "raise", "t:enrol: sequence is the name of one, not a path");
	g_autofree char *name = versions_enter(play->host, sequence, &is_new, &error);
	if (!name) {
		g_prefix_error(&error, "t:enrol: ");
		return raised(error);
	}
	if (runs_enrol(play->host, name, id, value_string(play->args, "key", ""), false, NULL, &play->run, &said) != ENROL_STARTED)
		return json_pack("{s:s}", "raise", said);
	g_free(play->contact);
	play->contact = g_steal_pointer(&id);
	return settle(play, results(json_integer(play->run)));
}

static json_t *do_advance(Play *play)
{
	GError *error = NULL;
	Time end;
	const Workspace *w = play->host->workspace;
	g_autoptr(GTimeZone) zone = play->contact ? contacts_zone(play->host, play->contact) : g_time_zone_ref(w->zone);
	if (!when_resolve(json_object_get(play->args, "for"), host_now(play->host), zone, w->hours, &end, &error))
		return raised(error);
	simulate_until(play->host, end);
	return results(NULL);
}

static json_t *happen(Play *play, const char *kind)
{
	static const char NEWEST[] = "SELECT max(id) FROM runs WHERE contact = ?";
	GError *error = NULL;
	g_autofree char *contact = contact_of(play, &error);
	Happening what = { .contact = contact, .channel = value_string(play->args, "channel", play->channel ? play->channel : "email"), .kind = kind,
	                   .text = value_string(play->args, "text", NULL), .data = json_object_get(play->args, "data") };
	int64_t before = contact ? db_int(play->host->db, 0, NEWEST, "s", contact) : 0;
	if (!contact || !pretend_happens(play->host, &what, &error))
		return raised(error);
	int64_t started = db_int(play->host->db, 0, NEWEST, "s", contact); /* by starts_on */
	if (started > before) {
		play->run = started;
		g_free(play->contact);
		play->contact = g_steal_pointer(&contact);
	}
	return settle(play, results(NULL));
}

/* A request comes to a hook. What it returned comes back; a run of it that failed fails the test, unless it catches that. */
static json_t *call_hook(Play *play)
{
	static const char NEWEST[] = "SELECT coalesce(max(id), 0) FROM runs WHERE contact IS NOT NULL";
	static const char CONTACT[] = "SELECT contact FROM runs WHERE id = ?";
	static const char ENDED[] = "SELECT state, outcome, error FROM runs WHERE id = ?";
	GError *error = NULL;
	Host *host = play->host;
	const json_t *json = json_object_get(play->args, "json");
	g_autofree char *text = json ? value_text(json) : NULL;
	const char *body = text ? text : value_string(play->args, "body", ""), *name = value_string(play->args, "hook", "");
	HookRequest request = { value_string(play->args, "method", NULL), value_string(play->args, "path", NULL), value_string(play->args, "query", NULL),
		                json_object_get(play->args, "headers"), body, strlen(body) };
	int64_t run, before = db_int(host->db, 0, NEWEST, "");
	bool is_new;
	if (!hooks_deliver(host, name, &request, &run, &is_new, &error)) {
		left_out_no_hook(play->left_out, name);
		return raised(error);
	}
	host_see(host, json_pack("{s:s, s:s+, s:s}", "event", "received", "kind", "hook:", name, "text", body), NULL, 0);
	simulate_until(host, host_now(host));
	int64_t newest = db_int(host->db, 0, NEWEST, "");
	if (newest > before) { /* by starts_on or enrol: t:expect_outcome is about it */
		play->run = newest;
		g_free(play->contact);
		play->contact = db_text(host->db, CONTACT, "i", newest);
	}
	Rows *rows = db_query(host->db, ENDED, "i", run);
	if (!rows_next(rows))
		return results(NULL);
	bool good = g_str_equal(rows_text(rows, 0), "done");
	json_t *answer = good ? results(rows_null(rows, 1) ? NULL : json_string(rows_text(rows, 1)))
	                      : json_pack("{s:o}", "raise", json_sprintf("the hook %s: %s", name, rows_null(rows, 2) ? rows_text(rows, 0) : rows_text(rows, 2)));
	rows_done(rows);
	return answer;
}

/* What a colleague says of a broadcast: the one with this id, or the one whose time comes first. */
static json_t *decide_broadcast(Play *play, bool confirms)
{
	GError *error = NULL;
	int64_t id = value_integer(play->args, "id", broadcasts_oldest(play->host));
	if (!id)
		return json_pack("{s:s}", "raise", "no broadcast is planned that somebody could decide about");
	if (!(confirms ? broadcasts_confirm : broadcasts_cancel)(play->host, id, &error))
		return raised(error);
	return settle(play, results(json_integer(id)));
}

static json_t *do_event(Play *play)
{
	const char *kind = value_string(play->args, "kind", "");
	if (json_object_get(play->args, "hook"))
		return call_hook(play);
	if (g_str_equal(kind, "broadcast_confirm") || g_str_equal(kind, "broadcast_cancel"))
		return decide_broadcast(play, g_str_equal(kind, "broadcast_confirm"));
	return happen(play, kind);
}

static json_t *do_broadcasts(Play *play)
{
	json_t *found = json_array();
	story_looks(play->story);
	g_autoptr(json_t) all = broadcasts_list(play->host, NULL);
	size_t i;
	json_t *broadcast;
	json_array_foreach(all, i, broadcast)
		if (story_matches(broadcast, play->args))
			json_array_append(found, broadcast);
	return results(found);
}

static json_t *do_http(Play *play)
{
	GError *error = NULL;
	return pretend_http(play->host, play->args, &error) ? results(NULL) : raised(error);
}

static json_t *do_tasks(Play *play)
{
	json_t *found = json_array();
	story_looks(play->story);
	g_autoptr(json_t) tasks = tasks_list(play->host, NULL, NULL, 0);
	size_t i;
	json_t *task;
	json_array_foreach(tasks, i, task)
		if (story_matches(task, play->args))
			json_array_append(found, task);
	return results(found);
}

static json_t *do_outcome(Play *play)
{
	static const char OUTCOME[] = "SELECT CASE WHEN state IN ('done', 'stopped') THEN outcome WHEN state IN ('failed', 'parked') THEN"
	                              " state || ': ' || coalesce(error, '') END FROM runs WHERE id = ?";
	story_looks(play->story);
	g_autofree char *outcome = db_text(play->host->db, OUTCOME, "i", play->run);
	return results(outcome ? json_string(outcome) : json_null());
}

static json_t *do_contact(Play *play)
{
	const char *id = value_string(play->args, "contact", "");
	json_t *view = contacts_view(play->host, id, NULL);
	if (view)
		return results(view);
	g_autofree char *text = g_strdup_printf("t:contact: there is no contact %s", id);
	return json_pack("{s:s}", "raise", text);
}

/* perigee.date and perigee.calendar, for what is tried straight: by the clock of the test's world and the workspace's zone. */
static json_t *do_date(Play *play, json_t *(*date)(Host *host, const char *contact, const json_t *args, GError **error))
{
	GError *error = NULL;
	json_t *value = date(play->host, NULL, play->args, &error);
	return value ? results(value) : raised(error);
}

static json_t *act(Play *play)
{
	const char *kind = play->kind;
	static const char *const moves[] = { "test.enrol", "test.advance", "test.reply", "test.event", NULL };
	if (g_strv_contains(moves, kind))
		story_moves(play->story);
	if (g_str_equal(kind, "test.enrol"))
		return do_enrol(play);
	if (g_str_equal(kind, "test.advance"))
		return do_advance(play);
	if (g_str_equal(kind, "test.reply"))
		return happen(play, "reply");
	if (g_str_equal(kind, "test.event"))
		return do_event(play);
	if (g_str_equal(kind, "test.broadcasts"))
		return do_broadcasts(play);
	if (g_str_equal(kind, "test.http"))
		return do_http(play);
	if (g_str_equal(kind, "test.sent"))
		return results(story_take(play->story, "sent", play->args));
	if (g_str_equal(kind, "test.requests"))
		return results(story_take(play->story, "request", play->args));
	if (g_str_equal(kind, "test.tasks"))
		return do_tasks(play);
	if (g_str_equal(kind, "test.outcome"))
		return do_outcome(play);
	if (g_str_equal(kind, "test.contact"))
		return do_contact(play);
	if (g_str_equal(kind, "test.now")) {
		g_autofree char *now = time_iso(host_now(play->host), play->host->workspace->zone);
		return results(json_string(now));
	}
	if (g_str_equal(kind, "test.missed")) {
		story_missed(play->story, play->host, play->args, play->run);
		return results(NULL);
	}
	if (g_str_equal(kind, "date"))
		return do_date(play, dates_shift);
	if (g_str_equal(kind, "calendar"))
		return do_date(play, dates_calendar);
	return json_pack("{s:s}", "raise", "a test can only use its t, perigee.now, perigee.date and perigee.calendar");
}

/* What a script would have taken that is left out for a fault fails by that fault. */
static json_t *perform(Play *play)
{
	json_t *result = act(play);
	g_autofree char *fault = left_out_fault(play->left_out, play->host);
	if (!fault)
		return result;
	json_decref(result);
	return json_pack("{s:o}", "raise", json_sprintf("a script that would have taken this is left out for its fault: %s", fault));
}

/* ---- the visit that runs it ------------------------------------------------------------------------------------ */

static void write_visit(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Play *play = user;
	play->ticket = ticket;
	play->next = 0;
	g_autofree char *start = g_strdup_printf("{\"test\":%d}", play->index);
	peer_begin(peer, W_VISIT, ticket);
	peer_put_u64(peer, program);
	peer_put_u8(peer, VISIT_STRICT);
	peer_put_u64(peer, 1);
	peer_put_str(peer, start, -1);
	peer_put_i64(peer, host_now(play->host));
	peer_put_u32(peer, 0);
	peer_end(peer);
}

static void failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	Play *play = user;
	play->text = g_strdup(text);
	play->where = g_strdup(where);
	play->over = true;
}

static bool frame(void *user, uint64_t ticket, Frame *f, bool *bad)
{
	Play *play = user;
	if (f->kind == W_DONE) {
		frame_get_str(f, NULL);
		*bad = !frame_end(f);
		if (!*bad)
			play->ok = play->over = true;
		return true;
	}
	if (f->kind == W_FAILED) {
		g_autofree char *code = NULL, *text = NULL, *where = NULL;
		*bad = !workers_failure(f, &code, &text, &where);
		if (!*bad)
			failed(play, ticket, code, text, where);
		return true;
	}
	uint32_t position = frame_get_u32(f);
	frame_get_u8(f);
	const char *kind = frame_get_str(f, NULL);
	const char *args_text = frame_get_str(f, NULL), *where = frame_get_str(f, NULL);
	g_autoptr(json_t) args = value_parse(args_text, -1, NULL);
	/* One at a time: the one before it may be under way at this moment. */
	*bad = f->kind != W_EFFECT || !frame_end(f) || !json_is_object(args) || play->waiting || position != play->next || position >= EFFECTS_CAP;
	if (*bad)
		return false;
	tape_asked(play->tape, kind, args_text, where);
	play->next = position + 1;
	play->position = position;
	g_free(play->kind);
	json_decref(play->args);
	play->kind = g_strdup(kind);
	play->args = g_steal_pointer(&args);
	play->waiting = true;
	return false;
}

static void answer(Play *play)
{
	g_autoptr(json_t) value = perform(play);
	play->waiting = false;
	g_autofree char *text = value_text(value);
	Peer *peer = workers_peer(play->host->workers, play->ticket);
	if (!peer)
		return;
	peer_begin(peer, W_ANSWER, play->ticket);
	peer_put_u32(peer, play->position);
	peer_put_i64(peer, host_now(play->host));
	peer_put_str(peer, text, -1);
	peer_end(peer);
}

/* Every world reads the scripts anew; what is left out is told by the first alone. */
static void pass_over(void *user, const char *path, const char *text)
{
	Play *play = user;
	left_out_add(play->left_out, path, text);
	if (play->tells)
		log_warn("%s: left out: %s", path, text);
}

static void play_clear(Play *play)
{
	g_free(play->kind);
	json_decref(play->args);
	g_free(play->text);
	g_free(play->where);
	g_free(play->contact);
	g_free(play->channel);
	story_free(play->story);
	left_out_free(play->left_out);
	tape_free(play->tape);
}

/* A Monday, so that a test says the same every day. */
static Time fixed_monday(const Host *host)
{
	g_autoptr(GDateTime) monday = g_date_time_new(host->workspace->zone, 2025, 1, 6, 0, 0, 0);
	return g_date_time_to_unix(monday) * 1000;
}

/* What is the same for all tests of a call. */
typedef struct Round {
	Cli *cli;
	Coverage *coverage; /* NULL: nobody asks */
	int number, failures;
} Round;

static bool play_once(const Round *round, Program *program, int index, bool first, Play *play, GError **error)
{
	Cli *cli = round->cli;
	*play = (Play){ .index = index, .story = story_new(cli), .tape = tape_new(), .left_out = left_out_new(), .tells = first };
	g_autoptr(Host) host = host_open(cli->dir, HOST_FILES, cli->host->stdlib, error);
	if (!host)
		return false;
	play->host = host;
	if (round->coverage) {
		host->covered = coverage_add;
		host->covered_user = round->coverage;
	}
	simulate_begin(host, fixed_monday(host), 1);
	versions_enter_all(host, pass_over, play);
	host->see = see;
	host->see_user = play;
	host->background = 1; /* the test's own visit does not keep the simulation from being idle */
	WorkerCall call = { .domain = "test", .program = program, .cpu_ms = 10000, .write = write_visit, .frame = frame, .failed = failed, .user = play };
	workers_call(host->workers, &call);
	while (!play->over) {
		if (play->waiting)
			answer(play);
		host_turn(host, 100);
	}
	tape_take_runs(play->tape, host);
	host->see = NULL;
	play->host = NULL;
	return true;
}

/* ---- TAP ------------------------------------------------------------------------------------------------------- */

/* The line of the test's file at which it failed; NULL if that was elsewhere (a module). Caller frees. */
static char *source_line(const Program *program, const char *where)
{
	const char *colon = where ? strrchr(where, ':') : NULL;
	if (!colon || strncmp(where, program->name, (size_t)(colon - where)) != 0 || program->name[colon - where])
		return NULL;
	g_auto(GStrv) lines = g_strsplit(program->sources->pdata[0], "\n", -1);
	guint64 number = g_ascii_strtoull(colon + 1, NULL, 10);
	return number > 0 && number <= g_strv_length(lines) ? g_strstrip(g_strdup(lines[number - 1])) : NULL;
}

/* Place and reason, the line of the test, what is left out, and the story that leads there. */
static void explain(Cli *cli, const Program *program, const char *where, const char *text, const Play *play)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	bool placed = where && *where && !g_str_has_prefix(text, where);
	for (char **line = lines; *line; line++) {
		g_autofree char *plain = cli_plain(*line, 0);
		cli_print(cli, "# %s%s%s\n", placed && line == lines ? where : "", placed && line == lines ? ": " : "", plain);
	}
	g_autofree char *source = source_line(program, where);
	if (source) {
		g_autofree char *plain = cli_plain(source, 0);
		cli_print(cli, "#     %s\n", plain);
	}
	const char *fault;
	for (guint i = 0; (fault = left_out_text(play->left_out, i)); i++) {
		g_autofree char *plain = cli_plain(fault, 0);
		if (!strstr(text ? text : "", fault))
			cli_print(cli, "#     left out: %s\n", plain);
	}
	story_print(play->story, "#   ");
}

/* How the two rounds differ, in lines; NULL: they don't. */
static char *compare(const Play *first, const Play *second)
{
	g_autofree char *place = tape_difference(first->tape, second->tape);
	if (!place && first->ok == second->ok && g_strcmp0(first->text, second->text) == 0)
		return NULL;
	if (!place)
		place = g_strdup_printf("its end\n  the first time:  %s\n  the second time: %s", first->ok ? "good" : first->text, second->ok ? "good" : second->text);
	return g_strdup_printf("%s%splayed twice, in two processes, this test is not the same; first at %s", first->ok ? "" : first->text,
	                       first->ok ? "" : "\n", place);
}

static bool run_test(const Round *round, Program *program, const char *name, int index)
{
	Cli *cli = round->cli;
	int number = round->number;
	Play first, second;
	g_autoptr(GError) error = NULL;
	bool played = play_once(round, program, index, number == 1, &first, &error);
	bool twice = played && play_once(round, program, index, false, &second, &error);
	g_autofree char *difference = twice ? compare(&first, &second) : NULL;
	bool ok = twice && !difference && first.ok;
	const char *text = error ? error->message : difference ? difference : first.text, *where = first.where;
	if (cli->json)
		cli_json(cli, json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:o*}", "file", program->name, "test", name, "ok", ok, "text", text, "where", where,
		                        "timeline", ok ? NULL : story_json(first.story)));
	else
		cli_print(cli, "%sok %d - %s: %s\n", ok ? "" : "not ", number, program->name, name);
	if (!ok && !cli->json)
		explain(cli, program, where, text, &first);
	play_clear(&first);
	if (played)
		play_clear(&second);
	return ok;
}

static void run_file(Round *round, const char *path)
{
	Cli *cli = round->cli;
	g_autoptr(GError) error = NULL;
	g_autoptr(Program) program = versions_read_test(cli->host, path, &error);
	g_autoptr(json_t) declared = program ? workers_declare(cli->host, program, &error) : NULL;
	const json_t *tests = json_object_get(declared, "tests");
	const char *wrong = declared ? NULL : error->message;
	for (size_t i = 0; i < json_array_size(tests); i++)
		if (!json_is_string(json_array_get(tests, i)))
			wrong = "a test has a name";
	if (wrong) {
		round->number++;
		round->failures++;
		if (!cli->json)
			cli_print(cli, "not ok %d - %s\n", round->number, path);
		cli_fail(cli, "%s%s%s", declared ? path : "", declared ? ": " : "", wrong);
		return;
	}
	for (size_t i = 0; i < json_array_size(tests); i++) {
		round->number++;
		round->failures += !run_test(round, program, json_string_value(json_array_get(tests, i)), (int)i + 1);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *find_files(Cli *cli, GPtrArray *words)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < words->len; i++)
		g_ptr_array_add(files, cli_path(cli, words->pdata[i]));
	if (words->len)
		return files;
	g_autofree char *folder = g_build_filename(cli->host->workspace->dir, "tests", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".lua"))
			g_ptr_array_add(files, g_build_filename("tests", name, NULL));
	g_ptr_array_sort(files, by_name);
	return files;
}

/* After the tests: what they ran. False: less than was asked for, or it can't be written. */
static bool tell_coverage(Round *round, const char *lcov, int64_t least)
{
	Cli *cli = round->cli;
	GError *error = NULL;
	coverage_complete(round->coverage, cli->host->workspace->dir);
	double percent = coverage_print(round->coverage, cli);
	if (lcov && !coverage_lcov(round->coverage, cli, lcov, &error))
		return cli_fail_error(cli, error) == EXIT_DONE;
	if (percent < (double)least)
		return cli_fail(cli, "the tests ran %.1f %% of the scripts' lines, and --coverage-min asks for %" G_GINT64_FORMAT " %%", percent, least) == EXIT_DONE;
	return true;
}

int command_test(Cli *cli, int argc, char **argv)
{
	bool coverage = false;
	const char *lcov = NULL;
	int64_t least = 0;
	const Option options[] = { { "--coverage", OPTION_FLAG, &coverage }, { "--coverage-min", OPTION_NUMBER, &least }, { "--lcov", OPTION_TEXT, &lcov },
	                           { NULL, 0, NULL } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "test", argc, argv, options, words, 0, -1))
		return EXIT_USAGE;
	if (least < 0 || least > 100)
		return cli_usage(cli, "test", "--coverage-min PERCENT is a number from 0 to 100");
	g_autoptr(GPtrArray) files = find_files(cli, words);
	if (!files->len)
		return cli_fail(cli, "no tests: write tests/NAME_test.lua");
	Round round = { .cli = cli, .coverage = coverage || lcov || least ? coverage_new() : NULL };
	for (guint i = 0; i < files->len; i++)
		run_file(&round, files->pdata[i]);
	if (!cli->json)
		cli_print(cli, "1..%d\n", round.number);
	bool enough = !round.coverage || tell_coverage(&round, lcov, least);
	coverage_free(round.coverage);
	return round.failures || !enough ? EXIT_FAILED : EXIT_DONE;
}
