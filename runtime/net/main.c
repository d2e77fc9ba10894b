/* SPDX-License-Identifier: MIT */
/*
 * net acts: it sends and reads mail, makes the requests of scripts, and keeps the credentials.
 *
 * READS     the vault and its key, the send log, standard input (secret set), frames of the host.
 * WRITES    the vault (secret commands only), the send log.
 * TALKS TO  the host on descriptor 3 (parent) and on a socket per child; the account's mail server (a child alone,
 *           each its own, with its own secret); the web servers that scripts ask (the requester alone, guard.h).
 * NEVER     opens the database, runs Lua, prints or logs a secret or a message's body, asks for anything without a
 *           terminal. The keeper, which alone has the master key, has no network; the parent sees no secret.
 *
 *   net WORKSPACE [--key-file FILE]        parent.h
 *   net check WORKSPACE [--key-file FILE]  check.h
 *   net check-mail WORKSPACE ...           checkmail.h
 *   net secret COMMAND ...                 secret.h
 */
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/check.h"
#include "net/checkmail.h"
#include "net/confine.h"
#include "net/memory.h"
#include "net/parent.h"
#include "net/secret.h"

static int usage(void)
{
	fputs("usage: net WORKSPACE [--key-file FILE] (started by perigee serve)\n"
	      "       net check|check-mail WORKSPACE [--key-file FILE] (started by perigee doctor)\n"
	      "       net secret set|list|rm|rotate ... [--workspace DIR] [--key-file FILE]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	log_open("perigee-net", false);
	memory_close();
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		fatal("libsodium can't start");
	if (argc >= 2 && strcmp(argv[1], "secret") == 0) {
		confine_or_warn(CONFINE_COMMAND, NULL, NULL);
		return secret_command(argc - 2, argv + 2);
	}
	bool mail = argc > 1 && strcmp(argv[1], "check-mail") == 0, checking = mail || (argc > 1 && strcmp(argv[1], "check") == 0);
	int (*run)(const char *, const char *) = mail ? checkmail_run : checking ? check_run : parent_run;
	argc -= checking;
	argv += checking;
	if (argc == 2)
		return run(argv[1], NULL);
	if (argc == 4 && strcmp(argv[2], "--key-file") == 0)
		return run(argv[1], argv[3]);
	return usage();
}
