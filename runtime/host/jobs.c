/* SPDX-License-Identifier: MIT */
/* Jobs: see jobs.h. */
#include "host/jobs.h"

#include "host/runs.h"
#include "host/schedule.h"
#include "host/versions.h"

static const char DUE[] = "SELECT name, version, next_due FROM scripts WHERE kind = 'job' AND next_due <= ? ORDER BY next_due, name";
static const char SET_DUE[] = "UPDATE scripts SET next_due = ? WHERE name = ?";
static const char RESTS[] = "SELECT 1 FROM scripts WHERE name = ? AND next_due IS NULL";
static const char VERSION[] = "SELECT version FROM scripts WHERE name = ? AND kind = 'job'";
static const char IS_LIVE[] = "SELECT 1 FROM runs WHERE sequence = ? AND contact IS NULL AND state IN ('ready', 'waiting', 'sending') LIMIT 1";
static const char HAS_KEY[] = "SELECT 1 FROM runs WHERE sequence = ? AND contact IS NULL AND key = ?";
static const char ADD[] =
	"INSERT INTO runs (sequence, key, version, state, due, seed, start, started_at) VALUES (?, ?, ?, 'ready', ?, ?, ?, ?)";

static Schedule *schedule_of(Host *host, const json_t *declared, GError **error)
{
	const char *name = value_string(declared, "zone", NULL);
	g_autoptr(GTimeZone) zone = name ? when_zone(name, error) : g_time_zone_ref(host->workspace->zone);
	return zone ? schedule_parse(value_string(declared, "schedule", ""), zone, error) : NULL;
}

bool jobs_first_due(Host *host, const char *name, const json_t *declared, Time *due, GError **error)
{
	g_autoptr(Schedule) schedule = schedule_of(host, declared, error);
	if (!schedule) {
		g_prefix_error(error, "job %s: ", name);
		return false;
	}
	*due = schedule_next(schedule, host_now(host));
	return true;
}

void jobs_rest(Host *host, const char *name)
{
	host_write(host);
	db_run(host->db, SET_DUE, "ts", TIME_NEVER, name);
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
	host_see(host, json_pack("{s:s, s:s}", "event", "enrolled", "sequence", name), NULL, run);
	return run;
}

/* Its due times from `due` to now: all but the last are missed ones. */
static void catch_up(Host *host, const char *name, const char *version, Time due)
{
	const json_t *declared = versions_declared(host, version);
	g_autoptr(GError) error = NULL;
	g_autoptr(Schedule) schedule = schedule_of(host, declared, &error);
	if (!schedule) {
		log_error("job %s: %s", name, error->message);
		db_run(host->db, SET_DUE, "ts", TIME_NEVER, name);
		return;
	}
	const char *missed = value_string(declared, "missed", "once"), *overlap = value_string(declared, "overlap", "skip");
	bool live = db_int(host->db, 0, IS_LIVE, "s", name);
	if (live && g_str_equal(overlap, "wait"))
		return; /* it stays due until the run before it has ended */
	Time now = host_now(host), last = due;
	enum { MOST = 1000 };
	int n = 0;
	for (Time t = due; t <= now && n < MOST; t = schedule_next(schedule, t), n++) {
		if (g_str_equal(missed, "all") && !(live && n == 0))
			start(host, name, version, t);
		last = t;
	}
	bool on_time = now - last < TIME_MINUTE;
	bool once = g_str_equal(missed, "once") || (g_str_equal(missed, "skip") && on_time);
	if (once && !live)
		start(host, name, version, last);
	else if (live)
		log_info("job %s: still running, this time is passed over", name);
	host_write(host);
	db_run(host->db, SET_DUE, "ts", schedule_next(schedule, MAX(now, last)), name);
}

void jobs_turn(Host *host)
{
	Rows *rows = db_query(host->db, DUE, "i", host_now(host));
	while (rows_next(rows)) {
		g_autofree char *name = g_strdup(rows_text(rows, 0)), *version = g_strdup(rows_text(rows, 1));
		catch_up(host, name, version, rows_int(rows, 2));
	}
}

bool jobs_run(Host *host, const char *name, int64_t *run, GError **error)
{
	g_autofree char *version = db_text(host->db, VERSION, "s", name);
	*run = version ? start(host, name, version, host_now(host)) : 0;
	if (!*run)
		g_set_error(error, RUNS_ERROR, RUNS_ERROR_UNKNOWN, version ? "job %s runs at this moment" : "no job %s: `perigee jobs` lists them", name);
	return *run != 0;
}
