/* SPDX-License-Identifier: MIT */
/*
 * secret: carried out by net, so that no value passes this program; then the owner of the workspace is told to look again.
 * Only `secret audit` is read here, from the database.
 */
#include "cli/groups.h"
#include "host/audit.h"
#include "host/control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a program with our own stdin, stdout and stderr (net asks for a passphrase at the terminal itself). ^C is for it: it puts
 * the terminal in order before the shell has it back. */
static int run_program(Cli *cli, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid_t pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
		execv(argv[0], argv);
		_exit(127);
	}
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
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

/* ---- audit ---- */

typedef struct Audit {
	Cli *cli;
	Table *table;
} Audit;

static void see_use(void *user, json_t *row)
{
	Audit *audit = user;
	Cli *cli = audit->cli;
	int64_t run = value_integer(row, "run", 0);
	g_autofree char *at = cli_time(cli, value_integer(row, "at", 0));
	g_autofree char *number = run ? g_strdup_printf("%" G_GINT64_FORMAT, run) : g_strdup("");
	if (audit->table) {
		table_row(audit->table, at, value_string(row, "secret", ""), value_string(row, "host", ""), value_string(row, "account", ""),
		          value_string(row, "script", ""), number, NULL);
		json_decref(row);
		return;
	}
	json_object_set_new(row, "at", cli_json_time(cli, value_integer(row, "at", 0)));
	cli_json(cli, row);
}

/* Who used which secret, where and when; the last comes last. */
static int show_audit(Cli *cli, int argc, char **argv)
{
	static const char *const TITLES[] = { "AT", "SECRET", "HOST", "ACCOUNT", "SCRIPT", "RUN", NULL };
	const Option options[] = { { 0 } };
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	if (!cli_options(cli, "secret", argc, argv, options, words, 1, 2))
		return EXIT_USAGE;
	const char *name = words->len > 1 ? words->pdata[1] : NULL;
	Audit audit = { cli, cli->json ? NULL : table_new(TITLES) };
	audit_list(cli->host, name, see_use, &audit);
	if (audit.table)
		table_print(audit.table, cli, name ? "this secret was not used yet" : "no secret was used yet");
	return EXIT_DONE;
}

bool command_secret_anywhere(int argc, char **argv)
{
	return argc < 2 || strcmp(argv[1], "audit") != 0;
}

/* ---- what net does ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The owner is told whenever the vault is another one, however the command has ended. */
static int run_net(Cli *cli, int argc, char **argv)
{
	g_autofree char *net = host_libexec("net");
	g_autofree char *vault = g_build_filename(cli->dir, "perigee.vault", NULL);
	struct stat before = { 0 }, after = { 0 };
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	g_ptr_array_add(args, net);
	g_ptr_array_add(args, (void *)"secret");
	g_ptr_array_add(args, argv[1]);
	g_ptr_array_add(args, (void *)"--workspace");
	g_ptr_array_add(args, (void *)cli->dir);
	for (int i = 2; i < argc; i++)
		g_ptr_array_add(args, argv[i]);
	g_ptr_array_add(args, NULL);
	lstat(vault, &before);
	int code = run_program(cli, (char **)args->pdata);
	lstat(vault, &after);
	if (!same_file(&before, &after))
		tell_owner(cli);
	return code;
}

int command_secret(Cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = { "set", "list", "rm", "rotate", "dkim", "audit", NULL };
	if (argc < 2)
		return cli_usage(cli, "secret", "set, list, rm, rotate, dkim or audit?");
	if (!cli_word_of(cli, "secret", "word", argv[1], verbs))
		return EXIT_USAGE;
	if (strcmp(argv[1], "audit") == 0)
		return show_audit(cli, argc, argv);
	if (cli->host) /* over the control socket: the terminal and standard input are not here */
		return cli_fail(cli, "secret %s: not a command for the owner of a workspace", argv[1]);
	g_autofree char *config = g_build_filename(cli->dir, "perigee.lua", NULL);
	if (!g_file_test(config, G_FILE_TEST_EXISTS))
		return cli_fail(cli, "%s: no workspace here (no perigee.lua): make one with `perigee init DIR`, or name one with -C DIR", cli->dir);
	return run_net(cli, argc, argv);
}
