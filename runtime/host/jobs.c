/* SPDX-License-Identifier: MIT */
/* Jobs: see jobs.h. Owns the table job_starts. */
#include "host/jobs.h"

#include "host/runs.h"
#include "host/schedule.h"
#include "host/versions.h"

#include <string.h>

#define LIVE "state IN ('ready', 'waiting', 'sending')"

enum { LATE = TIME_MINUTE }; /* what is started later than this has been missed */
#define JITTER_MOST TIME_DAY

static const char DUE[] =
	"SELECT s.name, s.version, s.next_due, j.due, coalesce(j.missed, 0) FROM scripts s LEFT JOIN job_starts j ON j.job = s.name AND j.version = s.version"
	" WHERE s.kind = 'job' AND s.next_due <= ? ORDER BY s.next_due, s.name";
static const char SET_DUE[] = "UPDATE scripts SET next_due = ? WHERE name = ?";
static const char ARM[] = "INSERT OR REPLACE INTO job_starts (job, version, due, missed) VALUES (?, ?, ?, ?)";
static const char DISARM[] = "DELETE FROM job_starts WHERE job = ?";
static const char RESTS[] = "SELECT 1 FROM scripts WHERE name = ? AND next_due IS NULL";
static const char FIND[] =
	"SELECT s.version, s.next_due, j.due, s.paused_reason, v.path FROM scripts s JOIN versions v ON v.hash = s.version"
	" LEFT JOIN job_starts j ON j.job = s.name AND j.version = s.version WHERE s.name = ? AND s.kind = 'job'";
static const char KIND[] = "SELECT kind FROM scripts WHERE name = ?";
static const char LIVE_RUN[] = "SELECT id FROM runs WHERE sequence = ? AND contact IS NULL AND " LIVE " ORDER BY id DESC LIMIT 1";
static const char HAS_KEY[] = "SELECT 1 FROM runs WHERE sequence = ? AND contact IS NULL AND key = ?";
static const char ADD[] =
	"INSERT INTO runs (sequence, key, version, state, due, seed, start, started_at) VALUES (?, ?, ?, 'ready', ?, ?, ?, ?)";

/* What a job declares about its time. */
typedef struct Plan {
	Schedule *schedule;
	Time jitter;
	const char *name, *missed, *overlap;
} Plan;

static void plan_clear(Plan *plan)
{
	g_clear_pointer(&plan->schedule, schedule_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static bool plan_read(Host *host, const char *name, const json_t *declared, Plan *plan, GError **error)
{
	const char *zone_name = value_string(declared, "zone", NULL), *jitter = value_string(declared, "jitter", NULL);
	*plan = (Plan){ .name = name, .missed = value_string(declared, "missed", "once"), .overlap = value_string(declared, "overlap", "skip") };
	g_autoptr(GTimeZone) zone = zone_name ? when_zone(zone_name, error) : g_time_zone_ref(host->workspace->zone);
	if (!zone)
		return false;
	if (jitter && !when_span(jitter, &plan->jitter, error)) {
		g_prefix_error(error, "jitter: ");
		return false;
	}
	if (plan->jitter > JITTER_MOST) {
		g_set_error(error, WHEN_ERROR, WHEN_ERROR_SYNTAX, "jitter: \"%s\" is more than a day", jitter);
		return false;
	}
	plan->schedule = schedule_parse(value_string(declared, "schedule", ""), zone, error);
	return plan->schedule != NULL;
}

/* When the run of a due time begins: some part of the jitter later, the same part whenever it is asked for. */
static Time start_of(const Plan *plan, Time due)
{
	if (!plan->jitter)
		return due;
	guint64 x = g_str_hash(plan->name) ^ ((guint64)(due / 1000) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15));
	x ^= x >> 32;
	x *= G_GUINT64_CONSTANT(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return due + (Time)(x % (guint64)(plan->jitter / TIME_SECOND + 1)) * TIME_SECOND;
}

bool jobs_first_due(Host *host, const char *name, const json_t *declared, Time *due, GError **error)
{
	g_auto(Plan) plan = { 0 };
	if (!plan_read(host, name, declared, &plan, error)) {
		g_prefix_error(error, "job %s: ", name);
		return false;
	}
	*due = schedule_next(plan.schedule, host_now(host));
	return true;
}

void jobs_rest(Host *host, const char *name)
{
	host_write(host);
	db_run(host->db, SET_DUE, "ts", TIME_NEVER, name);
	db_run(host->db, DISARM, "s", name);
}

void jobs_wake(Host *host, const char *name, const json_t *declared)
{
	Time due;
	if (!db_int(host->db, 0, RESTS, "s", name) || !jobs_first_due(host, name, declared, &due, NULL))
		return;
	host_write(host);
	db_run(host->db, SET_DUE, "ts", due, name);
}

/* One run for one due time; a second one of the same time changes nothing. */
static int64_t start(Host *host, const char *name, const char *version, Time due)
{
	g_autofree char *key = time_iso(due, NULL);
	if (db_int(host->db, 0, HAS_KEY, "ss", name, key))
		return 0;
	g_autoptr(json_t) start = json_pack("{s:s, s:I}", "sequence", name, "due", (json_int_t)(due / 1000));
	g_autofree char *text = value_text(start);
	Time now = host_now(host);
	host_write(host);
	db_run(host->db, ADD, "sssiisi", name, key, version, now, (int64_t)(host_random(host) >> 1), text, now);
	int64_t run = db_last_id(host->db);
	json_t *event = json_pack("{s:s, s:s}", "event", "enrolled", "sequence", name);
	if (now - due >= TIME_SECOND)
		json_object_set_new(event, "due", json_integer(due));
	host_see(host, event, NULL, run);
	return run;
}

/* A due time at which no run begins, for whoever looks. */
static void see_passed(Host *host, const char *name, Time due, const char *reason)
{
	host_see(host, json_pack("{s:s, s:s, s:I, s:s}", "event", "passed_over", "sequence", name, "due", (json_int_t)due, "reason", reason), NULL, 0);
}

/* ---- due times ------------------------------------------------------------------------------------------------- */

/* One job whose next_due has come. armed: its due time is chosen (a row of job_starts). */
typedef struct Job {
	char *name, *version;
	Time next_due, due;
	bool armed, missed;
} Job;

/* The last due time that is not after now; `first` is one. Looked for in growing stretches before now, since a job of every minute
 * has many of them in a year. */
static Time last_due(const Plan *plan, Time first, Time now)
{
	for (Time back = 2 * TIME_MINUTE;; back *= 8) {
		Time from = MAX(now - back, first - 1), last = TIME_NEVER;
		for (Time t = schedule_next(plan->schedule, from); t <= now; t = schedule_next(plan->schedule, t))
			last = t;
		if (last != TIME_NEVER || from < first)
			return last == TIME_NEVER ? first : last;
	}
}

static void set_due(Host *host, const Job *job, Time due)
{
	host_write(host);
	db_run(host->db, SET_DUE, "ts", due, job->name);
}

/* Chooses the due time that counts, of all from next_due to now; none if all were missed and `missed` is "skip". */
static bool arm(Host *host, Job *job, const Plan *plan)
{
	Time now = host_now(host), last = last_due(plan, job->next_due, now);
	bool all = strcmp(plan->missed, "all") == 0;
	job->due = all ? job->next_due : last;
	job->missed = now - job->due >= LATE;
	if (!all && last != job->next_due)
		see_passed(host, job->name, job->next_due, "of the due times that passed before it could begin the last one counts");
	if (last != job->due || last != job->next_due)
		log_info("job %s: due times passed while nothing ran; `missed` is \"%s\"", job->name, plan->missed);
	if (job->missed && strcmp(plan->missed, "skip") == 0) {
		see_passed(host, job->name, job->due, "it is over, and `missed` is \"skip\"");
		set_due(host, job, schedule_next(plan->schedule, now));
		return false;
	}
	host_write(host);
	db_run(host->db, ARM, "ssii", job->name, job->version, job->due, (int64_t)job->missed);
	job->next_due = job->missed ? now : MAX(now, start_of(plan, job->due));
	set_due(host, job, job->next_due);
	return true;
}

/* Missed ones are made up one after the other, and so are those that wait. */
static void begin(Host *host, const Job *job, const Plan *plan)
{
	int64_t live = db_int(host->db, 0, LIVE_RUN, "s", job->name);
	bool waits = strcmp(plan->overlap, "wait") == 0 || (job->missed && strcmp(plan->missed, "all") == 0);
	if (live && waits)
		return; /* it stays due until the run before it has ended */
	if (live) {
		log_info("job %s: run %" G_GINT64_FORMAT " of it is still live, this time is passed over", job->name, live);
		see_passed(host, job->name, job->due, "the run before it is not over yet, and `overlap` is \"skip\"");
	} else {
		start(host, job->name, job->version, job->due);
	}
	host_write(host);
	db_run(host->db, DISARM, "s", job->name);
	set_due(host, job, schedule_next(plan->schedule, job->due));
}

static void look_at(Host *host, Job *job)
{
	g_autoptr(GError) error = NULL;
	g_auto(Plan) plan = { 0 };
	if (!plan_read(host, job->name, versions_declared(host, job->version), &plan, &error)) {
		log_error("job %s: %s", job->name, error->message);
		jobs_rest(host, job->name);
		return;
	}
	/* Nothing ran when its jitter ended: then it was missed after all. (One that waits for the run before it is late, too.) */
	if (job->armed && !job->missed && strcmp(plan.overlap, "wait") != 0 && host_now(host) - job->next_due >= LATE) {
		job->next_due = job->due;
		job->armed = false;
	}
	if ((job->armed || arm(host, job, &plan)) && job->next_due <= host_now(host))
		begin(host, job, &plan);
}

void jobs_turn(Host *host)
{
	Rows *rows = db_query(host->db, DUE, "i", host_now(host));
	while (rows_next(rows)) {
		Job job = { g_strdup(rows_text(rows, 0)), g_strdup(rows_text(rows, 1)), rows_int(rows, 2), rows_int(rows, 3), !rows_null(rows, 3),
			    rows_int(rows, 4) != 0 };
		look_at(host, &job);
		g_free(job.name);
		g_free(job.version);
	}
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

int jobs_next(Host *host, const char *name, Time *next, int n)
{
	Rows *rows = db_query(host->db, FIND, "s", name);
	if (!rows_next(rows))
		return 0;
	g_autofree char *version = g_strdup(rows_text(rows, 0));
	Time first = rows_int_or(rows, 1, TIME_NEVER), due = rows_int_or(rows, 2, TIME_NEVER);
	rows_done(rows);
	g_auto(Plan) plan = { 0 };
	if (first == TIME_NEVER || !plan_read(host, name, versions_declared(host, version), &plan, NULL))
		return 0;
	bool armed = due != TIME_NEVER;
	due = armed ? due : first;
	next[0] = armed ? first : start_of(&plan, due);
	int found = 1;
	for (; found < n && (due = schedule_next(plan.schedule, due)) != TIME_NEVER; found++)
		next[found] = start_of(&plan, due);
	return found;
}

char *jobs_rests(Host *host, const char *name)
{
	Rows *rows = db_query(host->db, FIND, "s", name);
	if (!rows_next(rows))
		return NULL;
	bool rests = rows_null(rows, 1);
	g_autofree char *version = g_strdup(rows_text(rows, 0)), *paused = g_strdup(rows_text(rows, 3)), *path = g_strdup(rows_text(rows, 4));
	rows_done(rows);
	if (paused)
		return g_strdup_printf("it is paused: %s", paused);
	if (!rests)
		return NULL;
	g_autofree char *full = g_canonicalize_filename(path, host->workspace->dir);
	if (!g_file_test(full, G_FILE_TEST_EXISTS))
		return g_strdup_printf("its file %s is gone", path);
	const char *schedule = value_string(versions_declared(host, version), "schedule", "");
	return g_strdup_printf("no time is left in its schedule \"%s\"", schedule);
}

bool jobs_run(Host *host, const char *name, int64_t *run, GError **error)
{
	g_autofree char *kind = db_text(host->db, KIND, "s", name);
	*run = 0;
	if (g_strcmp0(kind, "job") != 0) {
		bool hook = g_strcmp0(kind, "hook") == 0;
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_UNKNOWN, hook ? "%s is a hook: `perigee hooks run %s` gives it a request" : kind ?
		            "%s is a sequence: `perigee enrol %s CONTACT` starts it" : "no job %s: `perigee jobs` lists them", name, name);
		return false;
	}
	int64_t live = db_int(host->db, 0, LIVE_RUN, "s", name);
	if (live) {
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_STATE, "run %" G_GINT64_FORMAT " of %s is not over yet: `perigee show %" G_GINT64_FORMAT "` says what it does%s",
		            live, name, live, host->serving ? "" : ", and `perigee serve` runs it");
		return false;
	}
	g_autofree char *version = versions_newest(host, name);
	*run = start(host, name, version, host_now(host));
	if (!*run)
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_STATE, "a run of %s was begun at this very moment: try again", name);
	return *run != 0;
}
