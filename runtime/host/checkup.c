/* SPDX-License-Identifier: MIT */
/* Checkups: see checkup.h. */
#include "host/checkup.h"

#include "base/finding.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "host/confine.h"
#include "host/spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* ---- roles that look at themselves ---- */

struct Checkup {
	Peer *peer;
	pid_t pid;
	const char *role;
};
typedef struct Checkup Checkup;

static Checkup *begin(const char *role, const char *const *words, const char *const *env, GError **error)
{
	g_autofree char *program = host_libexec(role);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_ptr_array_add(argv, program);
	for (; *words; words++)
		g_ptr_array_add(argv, (void *)*words);
	g_ptr_array_add(argv, NULL);
	Checkup *checkup = g_new0(Checkup, 1);
	checkup->role = role;
	checkup->peer = spawn_role((const char *const *)argv->pdata, env, -1, &checkup->pid, error);
	if (!checkup->peer)
		g_clear_pointer(&checkup, g_free);
	return checkup;
}

static void end(Checkup *checkup)
{
	peer_free(checkup->peer);
	kill(checkup->pid, SIGKILL); /* it has said what it had to say, or never will */
	waitpid(checkup->pid, NULL, 0);
	g_free(checkup);
}

static void add_row(json_t *rows, const json_t *row)
{
	finding_add(rows, value_string(row, "name", "?"), finding_state(value_string(row, "state", "")), "%s", value_string(row, "text", ""));
}

/* Takes the answer into rows. */
static bool take(Frame *frame, json_t *rows)
{
	const char *text = frame_get_str(frame, NULL);
	g_autoptr(json_t) told = frame->kind == F_CHECKED && frame_end(frame) ? value_parse(text, -1, NULL) : NULL;
	size_t i;
	json_t *row;
	json_array_foreach(told, i, row)
		add_row(rows, row);
	return json_array_size(told) > 0;
}

static void silent(json_t *rows, const char *role)
{
	finding_add(rows, role, FINDING_FAIL, "the program libexec/perigee/%s does not start, or ends before it has told of itself; the lines on stderr say why", role);
}

static void add_role(json_t *rows, const char *role, const char *const *words, const char *const *env)
{
	g_autoptr(GError) error = NULL;
	Checkup *checkup = begin(role, words, env, &error);
	if (!checkup) {
		finding_add(rows, role, FINDING_FAIL, "%s", error->message);
		return;
	}
	Frame frame;
	if (!peer_receive(checkup->peer, &frame, PATIENCE_MS, NULL) || !take(&frame, rows))
		silent(rows, role);
	end(checkup);
}

static const char *const worker_words[] = { "check", NULL };
static const char *const worker_env[] = { "GLIBC_TUNABLES=" WORKER_TUNABLES, "LC_ALL=C", NULL };

static void add_net(json_t *rows, const Host *host, const char *dir)
{
	const char *words[] = { "check", dir, host->key_file ? "--key-file" : NULL, host->key_file, NULL };
	add_role(rows, "net", words, NULL);
}

/* ---- files of the workspace ---- */

static const struct Exposed {
	const char *name, *path; /* below the workspace */
	mode_t others;           /* bits that others must not have */
	FindingState state;
	const char *harm, *remedy;
} exposed[] = {
	{ "workspace folder", "", 022, FINDING_FAIL, "others can write to it, and so replace scripts", "chmod go-w" },
	{ "run folder", "run", 077, FINDING_WARN, "others can look into it", "chmod 700" },
	{ "control socket", "run/perigee.sock", 077, FINDING_FAIL, "others can give commands", "restart perigee serve, or chmod 600" },
	{ "database", "perigee.db", 077, FINDING_WARN, "others can read contacts and messages", "chmod 600" },
};

static void add_files(json_t *rows, const char *dir)
{
	for (size_t i = 0; i < G_N_ELEMENTS(exposed); i++) {
		const struct Exposed *e = &exposed[i];
		g_autofree char *path = g_build_filename(dir, e->path, NULL);
		struct stat st;
		if (stat(path, &st) < 0)
			continue;
		if (st.st_uid != geteuid() && st.st_uid != 0)
			finding_add(rows, e->name, e->state, "%s belongs to another user: run perigee as that user, or chown it", path);
		else if (st.st_mode & e->others)
			finding_add(rows, e->name, e->state, "%s has mode %03o: %s; %s %s", path, st.st_mode & 0777, e->harm, e->remedy, path);
		else
			finding_add(rows, e->name, FINDING_OK, "%s has mode %03o", path, st.st_mode & 0777);
	}
}

static void add_host_cores(json_t *rows)
{
	g_autofree char *pattern = NULL;
	if (g_file_get_contents("/proc/sys/kernel/core_pattern", &pattern, NULL, NULL))
		g_strstrip(pattern);
	finding_add(rows, "host: core dumps", FINDING_OK, "of a crash they may hold messages, never a secret; they go to %s", pattern && *pattern ? pattern : "nowhere");
}

json_t *checkup_safety(Host *host, const char *dir)
{
	json_t *rows = json_array();
	g_autofree char *config = g_build_filename(dir, "perigee.lua", NULL);
	host_confine_check(rows);
	add_role(rows, "worker", worker_words, worker_env);
	add_net(rows, host, dir);
	if (g_file_test(config, G_FILE_TEST_EXISTS))
		add_files(rows, dir);
	add_host_cores(rows);
	return rows;
}

/* ---- at the start of serve ---- */

static void log_rows(const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach(rows, i, row) {
		FindingState state = finding_state(value_string(row, "state", ""));
		if (state == FINDING_FAIL)
			log_error("%s: %s", value_string(row, "name", ""), value_string(row, "text", ""));
		else if (state == FINDING_WARN)
			log_warn("%s: %s", value_string(row, "name", ""), value_string(row, "text", ""));
	}
}

static void checkup_ready(Host *host, void *user, short revents)
{
	(void)revents;
	Checkup *checkup = user;
	g_autoptr(json_t) rows = json_array();
	bool open = peer_read(checkup->peer, NULL);
	Frame frame;
	bool told = peer_next(checkup->peer, &frame, NULL);
	if (open && !told)
		return;
	if (!told || !take(&frame, rows))
		silent(rows, checkup->role);
	log_rows(rows);
	checkup_end(host);
}

void checkup_end(Host *host)
{
	Checkup *checkup = g_steal_pointer(&host->checkup);
	if (!checkup)
		return;
	host_unwatch(host, peer_fd(checkup->peer));
	end(checkup);
}

void checkup_log(Host *host)
{
	g_autoptr(json_t) rows = json_array();
	host_confine_check(rows);
	log_rows(rows);
	g_autoptr(GError) error = NULL;
	host->checkup = begin("worker", worker_words, worker_env, &error);
	if (host->checkup)
		host_watch(host, peer_fd(host->checkup->peer), checkup_ready, NULL, host->checkup);
	else
		log_error("%s", error->message);
}
