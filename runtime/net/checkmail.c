/* SPDX-License-Identifier: MIT */
/* `net check-mail`: see checkmail.h. */
#include "net/checkmail.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "net/checkdomain.h"
#include "net/checkserver.h"
#include "net/confine.h"
#include "net/domain.h"
#include "net/keeper.h"

enum { CHILDREN_MOST = 8, PLAN_MS = 5000, KEEPER_MS = 5000 };

typedef struct Job {
	const char *part;    /* "domain", "sender", "reader" */
	json_t *plan;
	char *address;
	pid_t pid;
	Peer *peer;          /* NULL: not begun, or over */
	bool over;
} Job;

typedef struct Run {
	Peer *host;
	Keeper *keeper;
	bool keeper_ready;
	GPtrArray *jobs; /* Job */
	gint64 until_ms;
} Run;

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* ---- telling ---- */

static void tell(Peer *to, uint64_t job, const json_t *rows)
{
	g_autofree char *text = value_text(rows);
	peer_begin(to, F_CHECKED, job);
	peer_put_str(to, text, -1);
	peer_end(to);
}

void mailcheck_say(const Mailcheck *check, const char *what, FindingState state, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	/* Records and servers' words are strangers': whatever is no UTF-8 in them would be no JSON. */
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *name = g_strdup_printf("mail: %s: %s", check->address, what);
	g_autoptr(json_t) rows = json_array();
	finding_add(rows, name, state, "%s", valid);
	tell(check->parent, 0, rows);
	peer_flush_all(check->parent, NULL);
}

/* ---- a child ---- */

static G_GNUC_NORETURN void child(const Run *run, const Job *job, int fd, int secrets)
{
	pid_t parent = getppid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (parent == 1)
		_exit(1);
	/* Only its own socket and the keeper's stay open. */
	if (dup2(fd, FORK_SERVER_FD) < 0 || (secrets >= 0 && dup2(secrets, FORK_SERVER_FD + 1) < 0))
		_exit(1);
	close_range(FORK_SERVER_FD + 1 + (secrets >= 0), ~0u, 0);
	g_autofree char *json = value_text(job->plan);
	Mailcheck check = { job->plan, json, job->address, secrets >= 0 ? FORK_SERVER_FD + 1 : -1, peer_new(FORK_SERVER_FD, FRAME_CAP), run->until_ms };
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		_exit(1);
	if (strcmp(job->part, "domain") == 0)
		checkdomain_run(&check);
	else
		checkserver_run(&check);
	_exit(0); /* lookups that hang are not waited for */
}

static void begin(Run *run, Job *job)
{
	int fds[2], secrets = -1;
	g_autoptr(GError) error = NULL;
	g_autofree char *json = value_text(job->plan);
	job->over = true;
	if (strcmp(job->part, "domain") != 0 && run->keeper_ready)
		secrets = keeper_ask(run->keeper, json);
	if (!peer_pair(fds, &error)) {
		log_warn("%s", error->message);
		return;
	}
	job->pid = fork();
	if (job->pid == 0)
		child(run, job, fds[1], secrets);
	close(fds[1]);
	if (secrets >= 0)
		close(secrets);
	job->over = job->pid < 0;
	if (job->over)
		close(fds[0]);
	else
		job->peer = peer_new(fds[0], FRAME_CAP);
}

/* Gives the wait status. */
static int end(Job *job)
{
	int status = 0;
	if (job->pid > 0) {
		kill(job->pid, SIGKILL); /* one that has ended keeps the status it has */
		waitpid(job->pid, &status, 0);
	}
	job->pid = 0;
	job->over = true;
	g_clear_pointer(&job->peer, peer_free);
	return status;
}

static void tell_unknown(Run *run, guint number, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void tell_unknown(Run *run, guint number, const char *format, ...)
{
	const Job *job = run->jobs->pdata[number];
	const char *part = strcmp(job->part, "domain") == 0 ? "DNS" : strcmp(job->part, "sender") == 0 ? "SMTP" : "IMAP";
	g_autofree char *name = g_strdup_printf("mail: %s: %s", job->address, part);
	g_autoptr(json_t) rows = json_array();
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	finding_add(rows, name, FINDING_UNKNOWN, "%s", text);
	tell(run->host, number, rows);
}

/* A child says rows alone, as it has made them from what strangers said: it is believed as far as their form. */
static void hear(Run *run, guint number)
{
	Job *job = run->jobs->pdata[number];
	bool open = peer_read(job->peer, NULL);
	Frame frame;
	while (peer_next(job->peer, &frame, NULL)) {
		const char *text = frame_get_str(&frame, NULL);
		g_autoptr(json_t) rows = frame.kind == F_CHECKED && frame_end(&frame) ? value_parse(text, -1, NULL) : NULL;
		if (rows)
			tell(run->host, number, rows);
	}
	if (open)
		return;
	/* Its end of the socket closes as it ends, so it may not be a zombie yet. */
	siginfo_t info = { 0 };
	for (int i = 0; i < 100 && waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == 0; i++)
		g_usleep(1000);
	if (end(job) != 0)
		tell_unknown(run, number, "the process that looks at it broke off: what it was sent may be malformed; the log may say more");
}

/* ---- the plan ---- */

static int count_day(const json_t *config)
{
	return (int)json_integer_value(json_object_get(json_object_get(config, "cap"), "per_day"));
}

/* Of all accounts whose From is of one organisation, as the providers count; 0 if one of them has no cap. */
static int volume_of(const json_t *accounts, const char *domain)
{
	size_t i;
	json_t *plan;
	int sum = 0;
	json_array_foreach((json_t *)accounts, i, plan) {
		const json_t *config = json_object_get(plan, "config");
		g_autofree char *other = domain_of(value_string(config, "from_address", ""));
		if (!other || !domain || !domain_is_aligned(other, domain, false))
			continue;
		if (!count_day(config))
			return 0;
		sum += count_day(config);
	}
	return sum;
}

static void add_job(Run *run, const char *part, const json_t *plan)
{
	Job *job = g_new0(Job, 1);
	job->part = part;
	job->plan = json_deep_copy(plan);
	json_object_set_new(job->plan, "role", json_string(part));
	job->address = g_strdup(value_string(json_object_get(plan, "config"), "from_address", "?"));
	g_ptr_array_add(run->jobs, job);
}

static void job_free(void *data)
{
	Job *job = data;
	end(job);
	json_decref(job->plan);
	g_free(job->address);
	g_free(job);
}

static void add_jobs(Run *run, const json_t *plan)
{
	const json_t *accounts = json_object_get(plan, "accounts");
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	size_t i;
	json_t *account;
	json_array_foreach((json_t *)accounts, i, account) {
		const json_t *config = json_object_get(account, "config");
		const json_t *smtp = json_object_get(config, "smtp");
		g_autofree char *domain = domain_of(value_string(config, "from_address", ""));
		char *key = g_strdup_printf("%s %s", domain ? domain : "", value_string(smtp, "url", ""));
		json_object_set(account, "public_url", json_object_get(plan, "public_url"));
		json_object_set(account, "allow_addresses", json_object_get(plan, "allow_addresses"));
		json_object_set_new(account, "volume", json_integer(volume_of(accounts, domain)));
		json_object_set_new(account, "again", json_boolean(!g_hash_table_add(seen, key)));
		add_job(run, "domain", account);
		if (smtp)
			add_job(run, "sender", account);
		if (json_object_get(config, "imap"))
			add_job(run, "reader", account);
	}
}

/* ---- the loop ---- */

static guint begin_some(Run *run)
{
	guint running = 0;
	for (guint i = 0; i < run->jobs->len; i++) {
		Job *job = run->jobs->pdata[i];
		running += job->peer != NULL;
	}
	for (guint i = 0; i < run->jobs->len && running < CHILDREN_MOST; i++) {
		Job *job = run->jobs->pdata[i];
		if (job->peer || job->over)
			continue;
		begin(run, job);
		running += job->peer != NULL;
	}
	return running;
}

static bool turn(Run *run)
{
	g_autoptr(GArray) polled = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
	struct pollfd host = { peer_fd(run->host), POLLRDHUP, 0 };
	g_array_append_val(polled, host);
	for (guint i = 0; i < run->jobs->len; i++) {
		const Job *job = run->jobs->pdata[i];
		struct pollfd p = { job->peer ? peer_fd(job->peer) : -1, POLLIN, 0 };
		if (!job->peer)
			continue;
		g_array_append_val(polled, p);
		g_array_append_val(numbers, i);
	}
	struct pollfd *all = (struct pollfd *)(void *)polled->data;
	poll(all, polled->len, (int)CLAMP(run->until_ms - now_ms(), 0, 1000));
	if (all[0].revents)
		return false; /* nobody waits any more */
	for (guint i = 0; i < numbers->len; i++)
		if (all[i + 1].revents)
			hear(run, g_array_index(numbers, guint, i));
	return peer_flush_all(run->host, NULL);
}

static void tell_late(Run *run)
{
	for (guint i = 0; i < run->jobs->len; i++) {
		Job *job = run->jobs->pdata[i];
		if (job->over)
			continue;
		tell_unknown(run, i, "the rest of it was not looked at: %d seconds were over; the network is slow, or hangs", CHECK_MS / 1000);
		end(job);
	}
}

/* The vault is opened by its key's file alone: nobody is asked for a passphrase here. */
static void open_keeper(Run *run, const char *workspace, const char *key_file)
{
	g_autoptr(GError) error = NULL;
	run->keeper = keeper_start(workspace, key_file, &error);
	if (!run->keeper || !keeper_open(run->keeper, false)) {
		log_warn("the vault can't be asked: %s", error ? error->message : "its keeper has ended");
		return;
	}
	g_autofree char *state = NULL;
	gint64 until = now_ms() + KEEPER_MS;
	while (!state && now_ms() < until) {
		struct pollfd p = { keeper_fd(run->keeper), POLLIN, 0 };
		poll(&p, 1, 200);
		if (!keeper_read(run->keeper, &state))
			return;
	}
	run->keeper_ready = state != NULL;
}

int checkmail_run(const char *workspace, const char *key_file)
{
	Run run = { .until_ms = now_ms() + CHECK_MS };
	Frame frame;
	run.host = peer_new(FORK_SERVER_FD, FRAME_CAP);
	if (!peer_receive(run.host, &frame, PLAN_MS, NULL) || frame.kind != F_CHECK)
		return 2;
	const char *text = frame_get_str(&frame, NULL);
	g_autoptr(json_t) plan = frame_end(&frame) ? value_parse(text, -1, NULL) : NULL;
	if (!plan)
		panic("a malformed F_CHECK");
	run.jobs = g_ptr_array_new_with_free_func(job_free);
	add_jobs(&run, plan);
	open_keeper(&run, workspace, key_file);
	confine_or_warn(CONFINE_PARENT, workspace, NULL);
	while (begin_some(&run) > 0 && now_ms() < run.until_ms)
		if (!turn(&run))
			break;
	tell_late(&run);
	bool told = peer_flush_all(run.host, NULL);
	g_ptr_array_unref(run.jobs);
	keeper_free(run.keeper);
	peer_free(run.host);
	return told ? 0 : 1;
}
