/* SPDX-License-Identifier: MIT */
/*
 * The program perigee: the commands of DESIGN.md section 13, each of which is the host while it runs, or speaks to it.
 *
 * READS        the command line, the workspace's files; for `perigee serve` see host/host.c
 * WRITES       stdout and stderr, and what the command is for
 * TALKS TO     the process that owns the workspace (run/perigee.sock), its own workers and net
 * NEVER        Lua, the outside network, a secret
 *
 * Numbers and dates are those of the C locale, text is UTF-8: setlocale is not called.
 */
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What stands before the command. */
typedef struct Start {
	Cli cli;
	char *cwd, *stdlib;
	bool help, version;
	int argc;
	char **argv; /* from the command on */
} Start;

/* Descriptors 0 to 2 must be taken, or a socket becomes somebody's stdout. */
static void fill_standard_fds(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void look_at_terminal(Cli *cli)
{
	struct winsize size = { 0 };
	cli->tty = isatty(STDOUT_FILENO) == 1;
	if (cli->tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		cli->columns = size.ws_col;
}

/* The value of an option that stands before the command: "--name VALUE", "--name=VALUE". */
static const char *start_value(const char *name, int argc, char **argv, int *at)
{
	size_t length = strlen(name);
	if (strcmp(argv[*at], name) == 0)
		return *at + 1 < argc ? argv[++*at] : "";
	if (strncmp(argv[*at], name, length) == 0 && name[1] == '-' && argv[*at][length] == '=')
		return argv[*at] + length + 1;
	return NULL;
}

static int usage(const char *format, const char *what, const char *near)
{
	fprintf(stderr, format, what);
	if (near)
		fprintf(stderr, "; did you mean `perigee %s`?", near);
	fputs("\n(perigee --help lists the commands)\n", stderr);
	return EXIT_USAGE;
}

/* Reads what stands before the command, and goes to the workspace, as make -C does. An exit code, or -1 to go on. */
static int start_options(Start *start, int argc, char **argv)
{
	int at = 1;
	const char *value;
	for (; at < argc && argv[at][0] == '-'; at++) {
		if ((value = start_value("--stdlib", argc, argv, &at))) {
			g_free(start->stdlib);
			start->stdlib = g_canonicalize_filename(value, NULL);
		} else if ((value = start_value("-C", argc, argv, &at))) {
			if (chdir(value) != 0) {
				fprintf(stderr, "%s: %s\n", *value ? value : "-C needs a folder", g_strerror(*value ? errno : EINVAL));
				return *value ? EXIT_FAILED : EXIT_USAGE;
			}
		} else if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
			start->help = true;
		} else if (strcmp(argv[at], "--version") == 0) {
			start->version = true;
		} else {
			return usage("perigee: there is no option %s before the command", argv[at], NULL);
		}
	}
	start->cwd = g_get_current_dir();
	start->argc = argc - at;
	start->argv = argv + at;
	start->cli = (Cli){ .cwd = start->cwd, .dir = start->cwd, .stdlib = start->stdlib, .write = command_write };
	look_at_terminal(&start->cli);
	return -1;
}

/* `perigee NAME`, its help, or what was probably meant. */
static int start_command(Start *start)
{
	static char version[] = "version", *just_version[] = { version, NULL };
	int argc = start->version ? 1 : start->argc;
	char **argv = start->version ? just_version : start->argv;
	bool help = start->help || (argc > 0 && strcmp(argv[0], "help") == 0);
	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		argc--;
		argv++;
	}
	if (argc == 0) {
		command_list(&start->cli);
		return help ? EXIT_DONE : EXIT_USAGE;
	}
	const Command *command = command_find(argv[0]);
	if (!command) {
		g_autoptr(GPtrArray) names = g_ptr_array_new();
		for (const Command *c = command_table; c->name; c++)
			g_ptr_array_add(names, (void *)c->name);
		g_ptr_array_add(names, NULL);
		return usage("perigee: there is no command %s", argv[0], cli_nearest(argv[0], (const char *const *)names->pdata));
	}
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		help = help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
	if (help) {
		command_help(&start->cli, command);
		return EXIT_DONE;
	}
	if (command->needs != COMMAND_OWNER)
		log_quiet(); /* results are for people, the life of the host is not what they asked for */
	return command_start(command, &start->cli, argc, argv);
}

/* What was printed has arrived, or the work has failed: a list cut short by a full disk is no list. */
static int finish_output(int code)
{
	bool bad = fflush(stdout) != 0 || ferror(stdout);
	int why = errno;
	if (!bad)
		return code;
	if (why != EPIPE)
		fprintf(stderr, "the output could not be written: %s\n", g_strerror(why));
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
	Start start = { 0 };
	fill_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	log_open("perigee", g_getenv("PERIGEE_VERBOSE") != NULL);
	int code = start_options(&start, argc, argv);
	if (code < 0)
		code = start_command(&start);
	code = finish_output(code);
	g_free(start.cwd);
	g_free(start.stdlib);
	return code;
}
