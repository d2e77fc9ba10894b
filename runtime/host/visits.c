/* SPDX-License-Identifier: MIT */
/* Visits: see visits.h. */
#include "host/visits.h"

#include "host/carrier.h"
#include "host/codes.h"
#include "host/contacts.h"
#include "host/effects.h"
#include "host/fingerprint.h"
#include "host/journal.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

enum {
	AHEAD = 64,            /* visits asked of the workers at a time */
	EFFECTS_CAP = 10000,   /* of one visit */
	BYTES_CAP = 32 << 20,  /* of all arguments and answers of one visit; those of one effect have VALUE_BYTES */
	OUTCOME_BYTES = 1000,
	JOURNAL_WARNING = 5000,
	LIMITS_IN_A_ROW = 5,   /* a version whose first visits all end by a limit is paused */
};

typedef struct Visit {
	Host *host;
	Run run;
	uint64_t ticket;
	int64_t position;     /* entries answered: where the next effect will stand */
	int64_t effects;      /* asked in this visit */
	size_t bytes;         /* of their arguments and answers */
	int64_t rewritten;    /* loose: the last position that was */
	char *version;        /* that it is replayed against */
	bool loose;           /* a move: version is not the run's own */
	bool pending;         /* a move of a run whose wait is over by its own version's deadline, not yet answered */
	GHashTable *rewrites; /* loose: position → arguments */
	bool busy, gone;      /* its frame is being handled; it was abandoned meanwhile */
	Trial *trial;         /* it only tries */
	bool over;            /* the trial is */
} Visit;

struct Visits {
	GHashTable *by_run;  /* run id → Visit */
	GHashTable *limits;  /* version → how many of its first visits ended by a limit; -1: one did not */
};

static const char DUE[] =
	"SELECT id FROM runs INDEXED BY runs_by_due WHERE state IN ('ready', 'waiting') AND due <= ? AND due IS NOT NULL ORDER BY due, id LIMIT 128";
static const char SCRIPT[] = "SELECT version, paused_reason FROM scripts WHERE name = ?";
static const char HOLD[] = "UPDATE runs SET held = ?, due = NULL WHERE id = ?";
static const char READ_UNTIL[] = "SELECT read_until FROM mailboxes WHERE account = ? AND role = 'inbox'";
static const char REV[] = "SELECT rev FROM contacts WHERE id = ?";
static const char SET_REV[] = "UPDATE runs SET contact_rev = ? WHERE id = ?";
static const char SET_START[] = "UPDATE runs SET start = ?, contact_rev = ? WHERE id = ?";
static const char WAITED[] = "UPDATE runs SET wait_ended_at = ? WHERE id = ?";
static const char SUSPEND[] = "UPDATE runs SET state = ?, due = ?, steps = ?, program = coalesce(program, ?) WHERE id = ?";
static const char STEPS[] = "UPDATE runs SET steps = ?, program = coalesce(program, ?) WHERE id = ?";
static const char PROGRAM[] = "SELECT program FROM runs WHERE id = ?";
static const char PAUSE_SCRIPT[] = "UPDATE scripts SET paused_reason = ? WHERE name = ?";
static const char ENTRY[] = "SELECT kind, args FROM journal WHERE run = ? AND position = ?";

static void begin(Host *host, int64_t run);

Visits *visits_new(void)
{
	Visits *visits = g_new0(Visits, 1);
	visits->by_run = g_hash_table_new(g_int64_hash, g_int64_equal);
	visits->limits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return visits;
}

void visits_free(Visits *visits)
{
	g_hash_table_unref(visits->by_run);
	g_hash_table_unref(visits->limits);
	g_free(visits);
}

static void visit_free(Visit *visit)
{
	run_clear(&visit->run);
	g_free(visit->version);
	g_hash_table_unref(visit->rewrites);
	g_free(visit);
}

static Visit *visit_new(Host *host, Run *run, const char *version)
{
	Visit *visit = g_new0(Visit, 1);
	visit->host = host;
	visit->run = *run;
	*run = (Run){ 0 };
	visit->version = g_strdup(version);
	visit->loose = !g_str_equal(version, visit->run.version);
	visit->rewrites = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	return visit;
}

/* The visit is over: nothing more is heard of it. While its frame is being handled only the mark is set. */
static void finish(Visit *visit)
{
	if (!visit->trial)
		g_hash_table_remove(visit->host->visits->by_run, &visit->run.id);
	visit->gone = true;
	if (!visit->busy)
		visit_free(visit);
}

void visits_abandon(Host *host, int64_t run)
{
	Visit *visit = g_hash_table_lookup(host->visits->by_run, &run);
	if (!visit)
		return;
	if (!visit->busy)
		workers_cancel(host->workers, visit->ticket);
	finish(visit);
}

void visits_abandon_all(Host *host)
{
	g_autoptr(GList) all = g_hash_table_get_values(host->visits->by_run);
	for (GList *l = all; l; l = l->next)
		visits_abandon(host, ((Visit *)l->data)->run.id);
}

unsigned visits_busy(const Host *host)
{
	return g_hash_table_size(host->visits->by_run);
}

/* ---- the request ----------------------------------------------------------------------------------------------- */

static void write_visit(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Visit *visit = user;
	g_hash_table_remove_all(visit->rewrites);
	visit->effects = 0;
	visit->bytes = 0;
	visit->rewritten = -1;
	peer_begin(peer, W_VISIT, ticket);
	peer_put_u64(peer, program);
	peer_put_u8(peer, visit->loose ? VISIT_LOOSE : VISIT_STRICT);
	peer_put_u64(peer, visit->run.seed);
	peer_put_str(peer, visit->run.start, -1);
	peer_put_i64(peer, visit->run.started_at);
	visit->position = journal_put(visit->host, visit->run.id, peer);
	if (!peer_end(peer))
		log_error("run %" G_GINT64_FORMAT ": its journal is too long for a worker: let the script use contact:restart", visit->run.id);
}

static bool visit_frame(void *user, uint64_t ticket, Frame *frame, bool *bad);
static void visit_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where);

static bool start(Visit *visit)
{
	Host *host = visit->host;
	Program *program = versions_program(host, visit->version);
	if (!program) {
		if (!visit->trial)
			runs_end(host, visit->run.id, "failed", NULL, "error", "its version is gone from the database");
		return false;
	}
	const json_t *limits = json_object_get(versions_declared(host, visit->version), "limits");
	WorkerCall call = { .domain = "workspace", .program = program, .cpu_ms = value_integer(limits, "cpu_ms", 0),
	                    .write = write_visit, .frame = visit_frame, .failed = visit_failed, .user = visit, .ticket = &visit->ticket };
	if (!visit->trial)
		g_hash_table_insert(host->visits->by_run, &visit->run.id, visit);
	workers_call(host->workers, &call); /* the visit may be over already if no worker could be started */
	return true;
}

/* ---- what came back -------------------------------------------------------------------------------------------- */

/* The run can't move: it stays on its own version and wakes again with that. */
static void stay(Visit *visit)
{
	if (visit->pending) { /* its wait is over by its own version: it is due again, and sees its contact afresh */
		runs_timer(visit->host, visit->run.id);
		return;
	}
	visit->loose = false;
	g_free(visit->version);
	visit->version = g_strdup(visit->run.version);
	start(visit);
}

/* The move is made: from now on the run is on the new version. */
static void adopt(Visit *visit)
{
	runs_move(visit->host, visit->run.id, visit->version, visit->rewrites);
	log_info("run %" G_GINT64_FORMAT " of %s goes on with the new version", visit->run.id, visit->run.sequence);
	g_free(visit->run.version);
	visit->run.version = g_strdup(visit->version);
	visit->loose = false;
}

/* Its other visits are begun again when it is mended: those asked ahead are not to be burnt. */
static void pause_script(const Visit *visit, int limits)
{
	Host *host = visit->host;
	log_error("%s is paused: its first %d visits all ended by a limit; mend the script, then `perigee upgrade`", visit->run.sequence, limits);
	db_run(host->db, PAUSE_SCRIPT, "ss", "its first visits all ended by a limit; mend the script, then `perigee upgrade`", visit->run.sequence);
	g_autoptr(GList) all = g_hash_table_get_values(host->visits->by_run);
	for (GList *l = all; l; l = l->next) {
		Visit *other = l->data;
		if (other != visit && g_str_equal(other->version, visit->version))
			visits_abandon(host, other->run.id);
	}
}

static void count_limit(Visit *visit, bool limit)
{
	Visits *visits = visit->host->visits;
	int so_far = GPOINTER_TO_INT(g_hash_table_lookup(visits->limits, visit->version));
	if (so_far < 0)
		return;
	so_far = limit ? so_far + 1 : -1;
	g_hash_table_insert(visits->limits, g_strdup(visit->version), GINT_TO_POINTER(so_far));
	if (so_far != LIMITS_IN_A_ROW)
		return;
	pause_script(visit, so_far);
}

/* What the script sees changed of its own contact goes with the answer. */
static char *answer_text(Visit *visit, Effect *effect, bool contact_changed)
{
	if (!contact_changed)
		return effect->text ? g_steal_pointer(&effect->text) : value_text(effect->answer);
	Host *host = visit->host;
	g_autoptr(json_t) answer = effect->text ? value_parse(effect->text, -1, NULL) : json_incref(effect->answer);
	g_autoptr(json_t) seen = run_seen_contact(host, &visit->run);
	g_autoptr(json_t) now = contacts_view(host, visit->run.contact, &visit->run.contact_rev);
	json_t *changes = seen && now ? contacts_changes(seen, now) : NULL;
	if (changes)
		json_object_set_new(answer, "c", changes);
	db_run(host->db, SET_REV, "ii", visit->run.contact_rev, visit->run.id);
	return value_text(answer);
}

static void fail_visit(Visit *visit, const char *code, const char *text, const char *where)
{
	g_autofree char *error = *where ? g_strdup_printf("%s: %s", where, text) : g_strdup(text);
	db_run(visit->host->db, STEPS, "isi", visit->position, workers_fingerprint(visit->host->workers), visit->run.id);
	runs_end(visit->host, visit->run.id, "failed", NULL, codes_of_failure(code, text), error);
}

/* Carries the effect out and journals it in one savepoint. True: the visit is over. */
static bool perform(Visit *visit, const char *kind, const char *args_text, const json_t *args, const char *where, bool waits)
{
	Host *host = visit->host;
	int64_t run = visit->run.id, position = visit->position;
	bool contact_changed = false;
	host_write(host);
	db_savepoint(host->db);
	Effect effect = effects_perform(host, &visit->run, position, kind, args, &contact_changed);
	if (effect.ended || visit->gone) {
		json_decref(effect.answer);
		g_free(effect.text);
		db_release(host->db);
		return true;
	}
	g_autofree char *answer = effect.answer || effect.text ? answer_text(visit, &effect, contact_changed) : NULL;
	json_decref(effect.answer);
	g_free(effect.text);
	visit->bytes += answer ? strlen(answer) : 0;
	Time answered = journal_add(host, run, position, kind, args_text, answer, effect.deadline, where);
	if (!waits) {
		visit->position++;
	} else if (answer) { /* it could be answered at once: the run goes on at its next visit */
		db_run(host->db, SUSPEND, "siisi", "ready", host_now(host), position + 1, workers_fingerprint(host->workers), run);
		db_run(host->db, WAITED, "ii", host_now(host), run);
	} else {
		db_run(host->db, SUSPEND, "stisi", effect.state, effect.deadline, position + 1, workers_fingerprint(host->workers), run);
	}
	if (db_failed(host->db)) {
		if (!db_alive(host->db)) {
			host_commit(host, NULL); /* a full disk: it says so, and ends what was built on the lost transaction */
			return true;
		}
		g_autoptr(GError) error = NULL;
		db_take_error(host->db, &error);
		db_undo(host->db);
		fail_visit(visit, "error", error->message, where);
		return true;
	}
	db_release(host->db);
	if (waits) {
		count_limit(visit, false);
		return true;
	}
	Peer *peer = workers_peer(host->workers, visit->ticket);
	peer_begin(peer, W_ANSWER, visit->ticket);
	peer_put_u32(peer, (uint32_t)position);
	peer_put_i64(peer, answered); /* a replay gives the same time */
	peer_put_str(peer, answer, -1);
	peer_end(peer);
	return false;
}

/* A trial, or a move of a run whose wait is not answered yet: what the version asks for is compared with the pending entry. */
static bool compare_pending(Visit *visit, const char *kind, const char *args, const char *where)
{
	Host *host = visit->host;
	int64_t position;
	g_autofree char *recorded = NULL, *recorded_args = NULL;
	Time asked_at, deadline;
	bool has = run_pending(host, visit->run.id, &position, &recorded, &recorded_args, &asked_at, &deadline);
	bool similar = !has || journal_similar(recorded, recorded_args, kind, args);
	if (visit->trial) {
		visit->trial->moves = similar;
		visit->trial->position = visit->position;
		visit->trial->kind = g_strdup(kind);
		visit->trial->args = g_strdup(args);
		visit->trial->place = g_strdup(where);
		if (similar && has && !g_str_equal(args, recorded_args)) {
			int64_t *key = g_memdup2(&position, sizeof position);
			g_hash_table_insert(visit->rewrites, key, g_strdup(args));
		}
		visit->over = true;
		return true;
	}
	if (!similar) {
		stay(visit);
		return true;
	}
	adopt(visit);
	if (journal_change_pending(host, &visit->run, position, kind, args, asked_at) <= host_now(host))
		runs_timer(host, visit->run.id);
	return true;
}

static bool asked(Visit *visit, const char *kind, const char *args_text, const json_t *args, const char *where, bool waits)
{
	if (visit->trial || visit->pending)
		return compare_pending(visit, kind, args_text, where);
	if (visit->loose)
		adopt(visit);
	if (++visit->effects > EFFECTS_CAP) {
		fail_visit(visit, "limit", "more than 10000 effects in one visit", where);
		return true;
	}
	visit->bytes += strlen(args_text);
	if (visit->bytes > BYTES_CAP) {
		fail_visit(visit, "limit", "more than 32 MiB of arguments and answers of effects in one visit", where);
		return true;
	}
	if (visit->position == JOURNAL_WARNING)
		log_warn("run %" G_GINT64_FORMAT " of %s: its journal has %d entries; let the script use contact:restart", visit->run.id, visit->run.sequence, JOURNAL_WARNING);
	return perform(visit, kind, args_text, args, where, waits);
}

/* Arguments as they are journaled: an object, in canonical text. NULL: they are not. */
static json_t *arguments(const char *text)
{
	g_autoptr(json_t) args = value_parse(text, -1, NULL);
	g_autofree char *canonical = json_is_object(args) ? value_text(args) : NULL;
	return canonical && g_str_equal(canonical, text) ? g_steal_pointer(&args) : NULL;
}

static bool on_effect(Visit *visit, Frame *frame, bool *bad)
{
	uint32_t position = frame_get_u32(frame);
	bool waits = frame_get_u8(frame);
	const char *kind = frame_get_str(frame, NULL), *args_text = frame_get_str(frame, NULL);
	g_autofree char *where = workers_words(frame, WORKERS_PLACE);
	bool known, must_wait = effects_waits(kind, &known);
	g_autoptr(json_t) args = arguments(args_text);
	if (!frame_end(frame) || position != visit->position || !known || waits != must_wait || !args) {
		*bad = true;
		return false;
	}
	uint64_t ticket = visit->ticket;
	bool over = asked(visit, kind, args_text, args, where, waits);
	/* The worker stands at an effect that gets no answer. */
	Peer *peer = over && !waits ? workers_peer(visit->host->workers, ticket) : NULL;
	if (peer) {
		peer_begin(peer, W_ABANDON, ticket);
		peer_end(peer);
	}
	return over;
}

static void on_done(Visit *visit, const json_t *outcome)
{
	if (visit->trial) {
		int64_t position;
		g_autofree char *kind = NULL, *args = NULL;
		Time asked_at, deadline;
		/* A run that waits does not move to a version that ends there. */
		visit->trial->moves = !run_pending(visit->host, visit->run.id, &position, &kind, &args, &asked_at, &deadline);
		visit->trial->position = visit->position;
		visit->over = true;
		return;
	}
	if (visit->pending) { /* the new version ends where the old one waits */
		stay(visit);
		return;
	}
	if (visit->loose)
		adopt(visit);
	count_limit(visit, false);
	if (json_is_string(outcome) && json_string_length(outcome) > OUTCOME_BYTES) {
		fail_visit(visit, "limit", "its outcome is longer than 1000 bytes", "");
		return;
	}
	db_run(visit->host->db, STEPS, "isi", visit->position, workers_fingerprint(visit->host->workers), visit->run.id);
	runs_end(visit->host, visit->run.id, "done", json_is_string(outcome) ? json_string_value(outcome) : "done", NULL, NULL);
}

static void on_failed(Visit *visit, const char *code, const char *text, const char *where)
{
	if (visit->trial) {
		visit->trial->error = g_strdup(text);
		visit->trial->place = g_strdup(where);
		visit->trial->position = visit->position;
		visit->over = true;
		return;
	}
	if (visit->loose) {
		stay(visit);
		return;
	}
	bool limit = g_str_equal(code, "limit") || g_str_equal(code, "memory") || g_str_equal(code, "crashed");
	count_limit(visit, limit);
	if (!visit->host->simulated) /* a simulation shows it in its place */
		log_warn("run %" G_GINT64_FORMAT " of %s failed: %s%s%s", visit->run.id, visit->run.sequence, where, *where ? ": " : "", text);
	fail_visit(visit, code, text, where);
}

static void on_diverged(Visit *visit, int64_t position, const char *kind, const char *args, const char *where)
{
	Host *host = visit->host;
	if (visit->trial) {
		visit->trial->position = position;
		visit->trial->kind = g_strdup(kind);
		visit->trial->args = g_strdup(args);
		visit->trial->place = g_strdup(where);
		visit->over = true;
		return;
	}
	if (visit->loose) {
		stay(visit);
		return;
	}
	Rows *rows = db_query(host->db, ENTRY, "ii", visit->run.id, position);
	bool has = rows_next(rows);
	g_autofree char *recorded = has ? g_strdup_printf("%s %s", rows_text(rows, 0), rows_text(rows, 1)) : g_strdup("nothing");
	rows_done(rows);
	g_autofree char *asked = *kind ? g_strdup_printf("%s %s", kind, args) : g_strdup("to end");
	g_autofree char *program = db_text(host->db, PROGRAM, "i", visit->run.id);
	g_autofree char *changes = fingerprint_changes(program, workers_fingerprint(host->workers));
	g_autofree char *error = g_strdup_printf("%s%sstep %" G_GINT64_FORMAT ": the journal has `%s`, the script now asks `%s`%s%s", where, *where ? ": " : "",
	                                         position, recorded, asked, changes ? "; the program has changed since this run began: " : "", changes ? changes : "");
	log_error("run %" G_GINT64_FORMAT " of %s is parked: %s", visit->run.id, visit->run.sequence, error);
	runs_end(host, visit->run.id, "parked", NULL, "diverged", error);
}

/* An entry that a move changes touches the same as before; each is spoken of once, in order, before anything is asked. */
static bool on_rewrite(Visit *visit, Frame *frame)
{
	int64_t position = frame_get_u32(frame);
	const char *text = frame_get_str(frame, NULL);
	g_autoptr(json_t) args = arguments(text);
	visit->bytes += strlen(text);
	if (!frame_end(frame) || !visit->loose || !args || position <= visit->rewritten || position >= visit->position || visit->bytes > BYTES_CAP)
		return false;
	Rows *rows = db_query(visit->host->db, ENTRY, "ii", visit->run.id, position);
	if (!rows_next(rows))
		return false;
	bool similar = journal_similar(rows_text(rows, 0), rows_text(rows, 1), rows_text(rows, 0), text);
	rows_done(rows);
	if (!similar)
		return false;
	visit->rewritten = position;
	g_hash_table_insert(visit->rewrites, g_memdup2(&position, sizeof position), g_strdup(text));
	return true;
}

static bool handle(Visit *visit, Frame *frame, bool *bad)
{
	switch (frame->kind) {
	case W_EFFECT:
		return on_effect(visit, frame, bad);
	case W_REWRITE:
		*bad = !on_rewrite(visit, frame);
		return false;
	case W_DONE: {
		g_autoptr(json_t) outcome = value_parse(frame_get_str(frame, NULL), -1, NULL);
		*bad = !frame_end(frame) || !(json_is_string(outcome) || json_is_null(outcome));
		if (!*bad)
			on_done(visit, outcome);
		return true;
	}
	case W_FAILED: {
		g_autofree char *code = NULL, *text = NULL, *where = NULL;
		*bad = !workers_failure(frame, &code, &text, &where);
		if (!*bad)
			on_failed(visit, code, text, where);
		return true;
	}
	case W_DIVERGED: {
		int64_t position = frame_get_u32(frame);
		g_autofree char *kind = workers_words(frame, 64), *args = workers_words(frame, WORKERS_TEXT), *where = workers_words(frame, WORKERS_PLACE);
		*bad = !frame_end(frame) || position >= visit->position;
		if (!*bad)
			on_diverged(visit, position, kind, args, where);
		return true;
	}
	default:
		*bad = true;
		return false;
	}
}

static bool visit_frame(void *user, uint64_t ticket, Frame *frame, bool *bad)
{
	Visit *visit = user;
	visit->busy = true;
	host_write(visit->host);
	bool over = handle(visit, frame, bad);
	visit->busy = false;
	if (visit->gone) {
		visit_free(visit);
		return true;
	}
	/* stay() has begun the visit anew under another ticket. */
	if (over && !*bad && visit->ticket == ticket && !visit->trial)
		finish(visit);
	return over;
}

static void visit_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	Visit *visit = user;
	bool inside = visit->busy; /* told at once, while a frame of this visit is being handled: that handler finishes it */
	visit->busy = true;
	host_write(visit->host);
	on_failed(visit, code, text, where);
	if (!visit->gone && visit->ticket == ticket && !visit->trial)
		finish(visit);
	visit->busy = inside;
	if (visit->gone && !inside)
		visit_free(visit);
}

/* ---- waking ---------------------------------------------------------------------------------------------------- */

/* The contact may have changed since the run last looked: what changed is journaled with the start or the newest answer. */
static void refresh_contact(Host *host, Run *run)
{
	if (!run->contact)
		return;
	int64_t rev = db_int(host->db, -1, REV, "s", run->contact);
	if (rev < 0 || rev == run->contact_rev)
		return;
	g_autoptr(json_t) now = contacts_view(host, run->contact, &rev);
	host_write(host);
	if (journal_answered(host, run->id)) {
		g_autoptr(json_t) seen = run_seen_contact(host, run);
		json_t *changes = contacts_changes(seen, now);
		if (changes)
			journal_show_changes(host, run->id, changes);
		db_run(host->db, SET_REV, "ii", rev, run->id);
	} else {
		g_autoptr(json_t) start = value_parse(run->start, -1, NULL);
		json_object_set(start, "contact", now);
		g_free(run->start);
		run->start = value_text(start);
		db_run(host->db, SET_START, "sii", run->start, rev, run->id);
	}
	run->contact_rev = rev;
}

static void hold(Host *host, int64_t run, const char *why)
{
	host_write(host);
	db_run(host->db, HOLD, "si", why, run);
}

/* A wait for an answer ends only when the mailbox that could hold the answer has been read past its end. */
static bool mailbox_fresh(Host *host, const Run *run, Time deadline)
{
	const Account *account = run->account && !host->simulated ? workspace_account(host->workspace, run->account) : NULL;
	return !account || !account->has_imap || db_int(host->db, 0, READ_UNTIL, "s", run->account) >= deadline;
}

void runs_timer(Host *host, int64_t run)
{
	int64_t position;
	g_autofree char *kind = NULL, *args = NULL;
	Time asked_at, deadline;
	if (!run_pending(host, run, &position, &kind, &args, &asked_at, &deadline))
		return;
	runs_answer(host, run, position, g_str_equal(kind, "sleep") ? json_pack("{s:[]}", "r") : json_pack("{s:[n]}", "r"));
	db_run(host->db, WAITED, "ii", deadline, run);
}

/* A version that needs more than the old one waits for a person. */
static bool needs_more(Host *host, const char *own, const char *newest)
{
	const json_t *had = json_object_get(versions_declared(host, own), "needs");
	const json_t *wants = json_object_get(versions_declared(host, newest), "needs");
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)wants, key, value) {
		const json_t *old = json_object_get(had, key);
		for (size_t i = 0; i < json_array_size(value); i++) {
			bool found = false;
			for (size_t k = 0; k < json_array_size(old) && !found; k++)
				found = json_equal(json_array_get(value, i), json_array_get(old, k));
			if (!found)
				return true;
		}
		if (!json_is_array(value) && !json_is_false(value) && !(old && json_equal(old, value)))
			return true;
	}
	return false;
}

/* Held, or its pending wait answered. False: it is not visited now. */
static bool end_wait(Host *host, Run *run, bool moving, bool *pending)
{
	int64_t position;
	g_autofree char *kind = NULL, *args = NULL;
	Time asked_at, deadline;
	*pending = false;
	if (!g_str_equal(run->state, "waiting") || !run_pending(host, run->id, &position, &kind, &args, &asked_at, &deadline))
		return true;
	bool for_reply = g_str_equal(kind, "wait_reply") || (g_str_equal(kind, "wait") && strstr(args, "\"reply\""));
	if (for_reply && !mailbox_fresh(host, run, deadline)) {
		hold(host, run->id, run->account);
		if (host->carrier)
			host->carrier->read(host, workspace_account(host->workspace, run->account));
		return false;
	}
	*pending = moving;
	if (!moving)
		runs_timer(host, run->id);
	return true;
}

static void begin(Host *host, int64_t id)
{
	g_auto(Run) run = { 0 };
	if (!run_load(host, id, &run))
		return;
	Rows *rows = db_query(host->db, SCRIPT, "s", run.sequence);
	bool has = rows_next(rows);
	g_autofree char *newest = has ? g_strdup(rows_text(rows, 0)) : g_strdup(run.version);
	bool paused = has && !rows_null(rows, 1);
	rows_done(rows);
	if (paused) {
		hold(host, id, ":script");
		return;
	}
	bool moving = !g_str_equal(newest, run.version) && !needs_more(host, run.version, newest);
	bool pending;
	if (!end_wait(host, &run, moving, &pending))
		return;
	if (!pending)
		refresh_contact(host, &run);
	Visit *visit = visit_new(host, &run, moving ? newest : run.version);
	visit->pending = pending;
	if (!start(visit))
		visit_free(visit);
}

void visits_turn(Host *host)
{
	/* Filled up only when half has gone: the due runs that are being visited are read again each time. */
	if (visits_busy(host) > AHEAD / 2)
		return;
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(host->db, DUE, "i", host_now(host));
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		if (!g_hash_table_contains(host->visits->by_run, &id))
			g_array_append_val(due, id);
	}
	for (guint i = 0; i < due->len && visits_busy(host) < AHEAD; i++)
		begin(host, g_array_index(due, int64_t, i));
}

/* ---- trials ---------------------------------------------------------------------------------------------------- */

Trial *visits_try(Host *host, int64_t id, const char *version)
{
	Trial *trial = g_new0(Trial, 1);
	g_auto(Run) run = { 0 };
	if (!run_load(host, id, &run)) {
		trial->error = g_strdup("no such run");
		return trial;
	}
	Visit *visit = visit_new(host, &run, version);
	visit->trial = trial;
	if (start(visit))
		host_turn_until(host, &visit->over, -1);
	trial->rewrites = g_hash_table_ref(visit->rewrites);
	visit_free(visit);
	return trial;
}

void trial_free(Trial *trial)
{
	if (trial->rewrites)
		g_hash_table_unref(trial->rewrites);
	g_free(trial->kind);
	g_free(trial->args);
	g_free(trial->place);
	g_free(trial->error);
	g_free(trial);
}
