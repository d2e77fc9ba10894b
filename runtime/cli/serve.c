/* SPDX-License-Identifier: MIT */
/* perigee serve: owns the workspace and runs everything. */
#include "cli/command.h"
#include "cli/groups.h"

#include "host/carrier.h"
#include "host/control.h"
#include "host/ledger.h"
#include "host/token.h"
#include "host/unsubscribe.h"
#include "host/versions.h"
#include "host/weblink.h"

#include <signal.h>
#include <string.h>

enum {
	NO_PROGRESS_MS = 20000, /* --until-idle: so long nothing may happen while something is due */
	LONGEST_POLL_MS = 1000,
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void faulty(void *user, const char *path, const char *text)
{
	(void)path;
	Cli *cli = user;
	cli_fail(cli, "%s", text);
}

typedef struct Serving {
	Cli *cli;
	Host *host;
	bool until_idle, fast_forward;
	const char *public;      /* --public ADDR or NULL */
	Time grace;              /* ms */
	gint64 quiet_since;      /* monotonic µs: since when nothing has happened */
	gint64 stuck_since;
	int64_t seen_changes;
} Serving;

static void read_all(Host *host)
{
	for (guint i = 0; i < host->workspace->accounts->len; i++) {
		const Account *account = host->workspace->accounts->pdata[i];
		if (account->has_imap)
			host->carrier->read(host, account);
	}
}

static void jump(Serving *s, Time to)
{
	g_autofree char *at = cli_time(s->cli, to);
	log_info("fast-forward to %s", at);
	clock_jump(&s->host->clock, to);
	g_autofree char *offset = g_strdup_printf("%" G_GINT64_FORMAT, s->host->clock.offset);
	host_write(s->host);
	db_set_meta(s->host->db, "clock_offset", offset);
	host_commit(s->host, NULL);
	s->quiet_since = g_get_monotonic_time();
}

/* True: there is nothing more to do. Called when nothing is under way. */
static bool nothing_left(Serving *s, Time next)
{
	Time now = host_now(s->host);
	gint64 mono = g_get_monotonic_time();
	if (next > now) {
		s->stuck_since = 0;
		if (!s->fast_forward)
			return s->until_idle;
		if (mono - s->quiet_since < s->grace * 1000)
			return false;
		if (next == TIME_NEVER)
			return s->until_idle;
		jump(s, next);
		return false;
	}
	/* Something is due and nothing is done about it: an account that can't send, a mailbox that can't be read. */
	if (!s->stuck_since)
		s->stuck_since = mono;
	if (!s->until_idle || mono - s->stuck_since < NO_PROGRESS_MS * 1000)
		return false;
	int64_t waiting = db_int(s->host->db, 0, "SELECT count(*) FROM messages WHERE state = 'queued'", "");
	cli_fail(s->cli, "%" G_GINT64_FORMAT " messages could not be handed over; they stay queued (see `perigee messages --state queued`)", waiting);
	s->cli->exit_code = EXIT_FAILED;
	return true;
}

static int poll_time(Serving *s, bool idle, Time next)
{
	if (!idle)
		return 100;
	Time now = host_now(s->host);
	if (next <= now)
		return 20;
	int wait = (int)MIN(next - now, LONGEST_POLL_MS);
	return s->fast_forward ? MIN(wait, 50) : wait;
}

static void loop(Serving *s)
{
	s->quiet_since = g_get_monotonic_time();
	while (!stop_asked) {
		bool idle = host_idle(s->host);
		Time next = idle ? host_next_due(s->host) : 0;
		if (!idle)
			s->quiet_since = g_get_monotonic_time();
		if (!idle)
			s->stuck_since = 0;
		else if (nothing_left(s, next))
			return;
		host_turn(s->host, poll_time(s, idle, next));
	}
}

/* Links in mails lead to public_url, and from there to what --public listens on: one without the other is a mistake. */
static bool go_public(Serving *s, GError **error)
{
	Host *host = s->host;
	g_autoptr(GError) wrong = NULL;
	g_autofree char *base = token_base(host->workspace, &wrong);
	if (wrong)
		log_warn("%s", wrong->message);
	if (base && !s->public)
		log_warn("mails tell people to unsubscribe at %s, where nobody answers for this workspace: start serve with --public ADDR, or take public_url "
		         "out of perigee.lua", base);
	if (!s->public)
		return true;
	if (!weblink_open(host, s->public, error)) {
		g_prefix_error(error, "--public %s: ", s->public);
		return false;
	}
	log_info("public pages at http://%s%s%s", weblink_address(host->web), base ? ", for " : "; no mail leads to them: public_url is missing in perigee.lua",
	         base ? base : "");
	return true;
}

static int serve(Serving *s)
{
	GError *error = NULL;
	Host *host = s->host;
	host_write(host);
	versions_enter_all(host, faulty, s->cli);
	s->cli->exit_code = EXIT_DONE; /* a faulty script stays at its old version; the others run */
	ledger_release_held(host);
	if (!host_commit(host, &error) || !go_public(s, &error) || !control_listen(host, command_control, &error) || !host_serve(host, &error))
		return cli_fail_error(s->cli, error);
	catch_signals();
	log_info("serving %s", host->workspace->dir);
	if (s->until_idle)
		read_all(host);
	loop(s);
	log_info(stop_asked ? "stopping" : "nothing is left to do");
	return s->cli->exit_code;
}

int command_serve(Cli *cli, int argc, char **argv)
{
	Serving s = { .cli = cli, .host = cli->host };
	const char *grace = NULL, *key_file = NULL;
	const Option options[] = {
		{ "--key-file", OPTION_TEXT, &key_file }, { "--public", OPTION_TEXT, &s.public },
		{ "--until-idle", OPTION_FLAG, &s.until_idle }, { "--fast-forward", OPTION_TEXT, &grace }, { NULL, 0, NULL },
	};
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "serve", argc, argv, options, words, 0, 0))
		return EXIT_USAGE;
	GError *error = NULL;
	if (grace && !when_span(grace, &s.grace, &error))
		return cli_fail_error(cli, error);
	s.fast_forward = grace != NULL;
	cli->host->key_file = key_file ? cli_path(cli, key_file) : NULL;
	return serve(&s);
}
