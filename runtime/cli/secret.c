/* SPDX-License-Identifier: MIT */
/* secret: carried out by net, so that no value passes this program; then the owner of the workspace is told to look again. */
#include "cli/groups.h"
#include "host/control.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a program with our own stdin, stdout and stderr (net asks for a passphrase at the terminal itself). */
static int run_program(Cli *cli, char **argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		return cli_fail(cli, "%s can't be started", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : cli_fail(cli, "%s was ended by signal %d", argv[0], WTERMSIG(status));
}

/* What has changed in the vault is used from now on, if somebody is using it. */
static void tell_owner(Cli *cli)
{
	int fd = control_connect(cli->dir);
	if (fd < 0)
		return;
	close(fd);
	char reload[] = "reload", vault[] = "--vault", *argv[] = { reload, vault, NULL };
	command_start(command_find("reload"), cli, 2, argv);
}

int command_secret(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "set", "list", "rm", "rotate", NULL };
	if (argc < 2)
		return cli_usage(cli, "secret", "set, list, rm or rotate?");
	if (!cli_word_of(cli, "secret", "word", argv[1], verbs))
		return EXIT_USAGE;
	g_autofree char *config = g_build_filename(cli->dir, "perigee.lua", NULL);
	if (!g_file_test(config, G_FILE_TEST_EXISTS))
		return cli_fail(cli, "%s: no workspace here (no perigee.lua): make one with `perigee init DIR`, or name one with -C DIR", cli->dir);
	g_autofree char *net = host_libexec("net");
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	g_ptr_array_add(args, net);
	g_ptr_array_add(args, (void *)"secret");
	g_ptr_array_add(args, argv[1]);
	g_ptr_array_add(args, (void *)"--workspace");
	g_ptr_array_add(args, (void *)cli->dir);
	for (int i = 2; i < argc; i++)
		g_ptr_array_add(args, argv[i]);
	g_ptr_array_add(args, NULL);
	int code = run_program(cli, (char **)args->pdata);
	if (code == EXIT_DONE && strcmp(argv[1], "list") != 0)
		tell_owner(cli);
	return code;
}
