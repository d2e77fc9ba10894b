/* SPDX-License-Identifier: MIT */
/* A child of net: see child.h. */
#include "net/child.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "net/confine.h"
#include "net/keeper.h"
#include "net/reader.h"
#include "net/requester.h"
#include "net/sender.h"

/* The parent's end, or a service manager's wish, is made to look like the host's end, so there is one way to stop. */
static void on_terminate(int signal)
{
	(void)signal;
	shutdown(FORK_SERVER_FD, SHUT_RD);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes every descriptor but standard error and input and output, the socket, the log and the locks. */
static void close_others(const ChildPlan *plan)
{
	int keep[] = { 2, FORK_SERVER_FD, plan->account->role != ROLE_READER ? sendlog_fd(plan->log) : -1, plan->locks[0], plan->locks[1] };
	qsort(keep, G_N_ELEMENTS(keep), sizeof *keep, by_number);
	unsigned from = 3;
	for (size_t i = 0; i < G_N_ELEMENTS(keep); i++) {
		if (keep[i] < 0)
			continue;
		if ((unsigned)keep[i] > from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = MAX(from, (unsigned)keep[i] + 1);
	}
	close_range(from, ~0u, 0);
}

static void set_signals(void)
{
	sigset_t none;
	struct sigaction action = { .sa_handler = on_terminate };
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* a ^C is the host's to answer */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void child_run(const ChildPlan *plan)
{
	Account *account = plan->account;
	keeper_hear(plan->secrets, account);
	if (dup2(plan->socket, FORK_SERVER_FD) < 0)
		_exit(1);
	close_others(plan);
	set_signals();
	pid_t parent = getppid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (parent == 1 || getppid() != parent)
		_exit(1);
	static const char *const names[] = { "perigee-net-sender", "perigee-net-reader", "perigee-net-requester" };
	log_open(names[account->role], false);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatal("libcurl can't start");
	account_take_keys(account);
	confine_or_warn(CONFINE_CHILD, NULL, NULL); /* nothing foreign has been read yet */
	Peer *host = peer_new(FORK_SERVER_FD, FRAME_CAP);
	if (account->role == ROLE_SENDER)
		sender_run(account, host, plan->log);
	else if (account->role == ROLE_READER)
		reader_run(account, host);
	else
		requester_run(account->keyring, account->allow, host, plan->log);
	peer_free(host);
	curl_global_cleanup();
	exit(0);
}
