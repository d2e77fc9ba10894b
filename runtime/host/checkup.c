/* SPDX-License-Identifier: MIT */
/* Checkups: see checkup.h. */
#include "host/checkup.h"

#include "base/finding.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "host/breaker.h"
#include "host/confine.h"
#include "host/spawn.h"

#include <errno.h>
#include <poll.h>
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

/* ---- the mail of the accounts ---- */

enum { MAIL_MS = 26000 };

typedef struct MailCheckup {
	Checkup *checkup;
	GPtrArray *told; /* per job, in the order of the accounts: a list of rows, or NULL */
	CheckupProgress progress;
	void *user;
	size_t rows;
	bool over;
} MailCheckup;

/* What is asked of net; NULL: no account is to be looked at. */
static char *mail_plan(const Workspace *workspace)
{
	g_autoptr(json_t) plan = json_object();
	json_t *accounts = json_array();
	json_object_set_new(plan, "accounts", accounts);
	json_object_set_new(plan, "public_url", workspace->public_url ? json_string(workspace->public_url) : json_null());
	json_object_set(plan, "allow_addresses", workspace->allow_addresses);
	for (guint i = 0; i < workspace->accounts->len; i++) {
		const Account *account = workspace->accounts->pdata[i];
		if (strcmp(account->channel, "email") != 0 || account->pretend)
			continue;
		json_t *one = json_object();
		json_object_set_new(one, "account", json_string(account->name));
		json_object_set(one, "config", account->config);
		json_array_append_new(accounts, one);
	}
	return json_array_size(accounts) ? value_text(plan) : NULL;
}

/* False: net has ended, or is out of step. */
static bool take_mail(MailCheckup *mail)
{
	bool open = peer_read(mail->checkup->peer, NULL);
	g_autoptr(GError) error = NULL;
	Frame frame;
	while (peer_next(mail->checkup->peer, &frame, &error)) {
		uint64_t job = frame.id;
		if (job > 100000)
			return false;
		if (job >= mail->told->len)
			g_ptr_array_set_size(mail->told, (gint)job + 1);
		if (!mail->told->pdata[job])
			mail->told->pdata[job] = json_array();
		size_t before = json_array_size(mail->told->pdata[job]);
		if (!take(&frame, mail->told->pdata[job]))
			return false;
		mail->rows += json_array_size(mail->told->pdata[job]) - before;
		if (mail->progress)
			mail->progress(mail->user, mail->rows);
	}
	return open && !error;
}

static void mail_ready(Host *host, void *user, short revents)
{
	(void)revents;
	MailCheckup *mail = user;
	if (take_mail(mail))
		return;
	mail->over = true;
	host_unwatch(host, peer_fd(mail->checkup->peer));
}

static void wait_for_mail(Host *host, MailCheckup *mail)
{
	if (host->serving) {
		host_watch(host, peer_fd(mail->checkup->peer), mail_ready, NULL, mail);
		host_turn_until(host, &mail->over, MAIL_MS);
		if (!mail->over)
			host_unwatch(host, peer_fd(mail->checkup->peer));
		return;
	}
	gint64 until = g_get_monotonic_time() / 1000 + MAIL_MS;
	for (gint64 left = MAIL_MS; !mail->over && left > 0; left = until - g_get_monotonic_time() / 1000) {
		struct pollfd p = { peer_fd(mail->checkup->peer), POLLIN, 0 };
		mail->over = poll(&p, 1, (int)left) > 0 && !take_mail(mail);
	}
}

static void ask_net(Host *host, const char *dir, const char *plan, MailCheckup *mail, json_t *rows)
{
	const char *words[] = { "check-mail", dir, host->key_file ? "--key-file" : NULL, host->key_file, NULL };
	g_autoptr(GError) error = NULL;
	mail->checkup = begin("net", words, NULL, &error);
	if (!mail->checkup) {
		finding_add(rows, "mail", FINDING_FAIL, "%s", error->message);
		return;
	}
	peer_begin(mail->checkup->peer, F_CHECK, 0);
	peer_put_str(mail->checkup->peer, plan, -1);
	peer_end(mail->checkup->peer);
	if (peer_flush_all(mail->checkup->peer, NULL))
		wait_for_mail(host, mail);
	end(mail->checkup);
	for (guint i = 0; i < mail->told->len; i++)
		if (mail->told->pdata[i])
			json_array_extend(rows, mail->told->pdata[i]);
	if (!mail->rows)
		silent(rows, "net");
	else if (!mail->over)
		finding_add(rows, "mail", FINDING_UNKNOWN, "net did not come to an end within %d seconds: some rows are missing", MAIL_MS / 1000);
}

static void told_free(void *rows)
{
	json_decref(rows);
}

/* What the database of the workspace remembers of its accounts' failures. */
static void add_breakers(const Host *host, const Host *with, json_t *rows)
{
	g_autoptr(Db) looked = host->db ? NULL : db_open_to_look(with->workspace->database);
	Db *db = host->db ? host->db : looked;
	if (db)
		breaker_check(db, with->workspace, host_now(host), rows);
}

json_t *checkup_mail(Host *host, const char *dir, CheckupProgress progress, void *user)
{
	json_t *rows = json_array();
	g_autoptr(Host) opened = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *config = g_build_filename(dir, "perigee.lua", NULL);
	if (!host->workspace && g_file_test(config, G_FILE_TEST_EXISTS))
		opened = host_open(dir, HOST_FILES, host->stdlib, &error);
	const Host *with = host->workspace ? host : opened;
	if (error)
		finding_add(rows, "mail", FINDING_UNKNOWN, "perigee.lua can't be read, so there is no account to look at: %s", error->message);
	if (with && with->workspace->accounts->len)
		channels_check(with->workspace->channels, host_now(host), rows);
	g_autofree char *plan = with ? mail_plan(with->workspace) : NULL;
	if (!plan)
		return rows;
	add_breakers(host, with, rows);
	MailCheckup mail = { .told = g_ptr_array_new_with_free_func(told_free), .progress = progress, .user = user };
	ask_net(host, dir, plan, &mail, rows);
	g_ptr_array_unref(mail.told);
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
