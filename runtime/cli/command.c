/* SPDX-License-Identifier: MIT */
/* Finding commands, their help, and where they run: here, or in the process that owns the workspace. See command.h. */
#include "cli/command.h"

#include "host/control.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_US = 5000000, PAUSE_US = 50000 };

const Command *command_find(const char *name)
{
	for (const Command *c = command_table; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

void command_write(void *user, bool is_error, const char *text, size_t size)
{
	(void)user;
	fwrite(text, 1, size, is_error ? stderr : stdout); /* main looks for errors once, at the end */
}

/* ---- help ---- */

void command_list(Cli *cli)
{
	int widest = 0;
	for (const Command *c = command_table; c->name; c++)
		widest = MAX(widest, (int)strlen(c->name));
	cli_print(cli, "Perigee runs outreach sequences, written as small Lua scripts, durably.\n\n"
	               "usage: perigee [-C DIR] COMMAND ...\n");
	const char *group = "";
	for (const Command *c = command_table; c->name; c++) {
		if (!*c->line)
			continue;
		if (strcmp(c->group, group) != 0)
			cli_print(cli, "\n%s\n", group = c->group);
		cli_print(cli, "  %-*s  %s\n", widest, c->name, c->line);
	}
	cli_print(cli, "\n  -C DIR      act on the workspace in DIR (default: the current folder)\n"
	               "  --version   which Perigee this is\n\n"
	               "`perigee COMMAND --help` says more about one. A first workspace: `perigee init DIR`.\n");
}

/* Long lines go on below where their description begins. */
static void print_help(Cli *cli, const char *help)
{
	g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
	guint n = g_strv_length(lines);
	while (n > 0 && !*lines[n - 1])
		n--;
	cli_print(cli, "\n");
	for (guint i = 0; i < n; i++) {
		size_t start = strspn(lines[i], " ");
		const char *gap = start ? strstr(lines[i] + start, "  ") : NULL;
		size_t hang = gap ? (size_t)(gap - lines[i]) + strspn(gap, " ") : start;
		g_autoptr(GString) out = g_string_new_len(lines[i], (gssize)hang);
		cli_wrap(cli, out, lines[i] + hang, cli->columns - (int)hang, (int)hang);
		cli_print(cli, "%s\n", out->str);
	}
}

void command_help(Cli *cli, const Command *command)
{
	g_autoptr(GString) usage = g_string_new("");
	g_autofree char *words = g_strdup_printf("usage: perigee %s%s%s", command->name, *command->usage ? " " : "", command->usage);
	cli_wrap(cli, usage, words, cli->columns - (int)strlen("usage: "), (int)strlen("usage: "));
	cli_print(cli, "perigee %s: %s\n\n%s\n", command->name, *command->line ? command->line : "for Perigee itself", usage->str);
	if (*command->help)
		print_help(cli, command->help);
}

/* ---- running ---- */

/* What a command wrote is done only when it is committed. */
static int run(const Command *command, Cli *cli, int argc, char **argv)
{
	int code = command->run(cli, argc, argv);
	g_autoptr(GError) error = NULL;
	if (cli->host && command->needs == COMMAND_OPEN && !host_commit(cli->host, &error))
		return cli_fail(cli, "nothing was changed: %s", error->message);
	return MAX(code, cli->exit_code);
}

static void close_host(Cli *cli)
{
	host_close(cli->host);
	cli->host = NULL;
}

static int run_opened(const Command *command, Cli *cli, HostMode mode, int argc, char **argv)
{
	GError *error = NULL;
	cli->host = host_open(cli->dir, mode, cli->stdlib, &error);
	if (!cli->host)
		return cli_fail_error(cli, error);
	int code = run(command, cli, argc, argv);
	close_host(cli);
	return code;
}

/* Speaks to the owner over fd until the command is over. */
static int run_there(Cli *cli, int fd, int argc, char **argv)
{
	json_t *words = json_array();
	for (int i = 0; i < argc; i++) {
		g_autofree char *word = g_utf8_make_valid(argv[i], -1);
		json_array_append_new(words, json_string(word));
	}
	g_autofree char *input = cli->input ? g_base64_encode((const guchar *)cli->input, cli->input_size) : NULL;
	g_autoptr(json_t) request = json_pack("{s:o, s:s, s:b, s:b, s:i, s:s*}", "argv", words, "cwd", cli->cwd, "json", cli->json, "tty", cli->tty,
	                                      "columns", cli->columns, "input", input);
	g_autoptr(Peer) peer = peer_new(fd, FRAME_CAP);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = value_text(request);
	peer_begin(peer, C_COMMAND, 0);
	peer_put_str(peer, text, -1);
	if (!peer_end(peer))
		return cli_fail(cli, "the command line is too long");
	if (!peer_flush_all(peer, &error))
		return cli_fail_error(cli, g_steal_pointer(&error));
	Frame frame;
	while (peer_receive(peer, &frame, -1, &error)) {
		if (frame.kind == C_EXIT)
			return (int)(frame_get_u32(&frame) & 0xff);
		size_t size;
		const char *output = frame_get_str(&frame, &size);
		if (frame.kind == C_OUT || frame.kind == C_ERR)
			cli->write(cli->user, frame.kind == C_ERR, output, size);
	}
	return cli_fail(cli, "the process that owns the workspace (`perigee serve`) went away before it had answered; look what was done, then try again");
}

/* The owner carries it out if one listens; else we are the owner for as long as it lasts. One that began to listen while we
 * tried, or stopped, is worth another look. */
static int run_with_owner(const Command *command, Cli *cli, int argc, char **argv)
{
	GError *error = NULL;
	for (gint64 until = g_get_monotonic_time() + PATIENCE_US;;) {
		int fd = control_connect(cli->dir);
		if (fd >= 0)
			return run_there(cli, fd, argc, argv);
		g_clear_error(&error);
		cli->host = host_open(cli->dir, HOST_OWNER, cli->stdlib, &error);
		if (cli->host) {
			int code = run(command, cli, argc, argv);
			close_host(cli);
			return code;
		}
		if (!g_error_matches(error, WORKSPACE_ERROR, WORKSPACE_ERROR_LOCKED) || g_get_monotonic_time() > until)
			return cli_fail_error(cli, error);
		g_usleep(PAUSE_US);
	}
}

/* Those that read stdin, which goes with them to the owner: with this word. */
static bool reads_input(const Command *command, int argc, char **argv)
{
	static const struct { const char *command, *word; } readers[] = { { "hooks", "run" } };
	for (int k = 1; k < argc; k++)
		if (strcmp(argv[k], "--help") == 0)
			return false;
	for (size_t i = 0; i < G_N_ELEMENTS(readers); i++)
		for (int k = 1; k < argc && strcmp(readers[i].command, command->name) == 0; k++)
			if (strcmp(argv[k], readers[i].word) == 0)
				return true;
	return false;
}

/* Stdin, as far as a command may read it. Caller frees. */
static char *read_input(size_t *size)
{
	char *input = g_malloc(COMMAND_INPUT_MOST + 1);
	*size = fread(input, 1, COMMAND_INPUT_MOST + 1, stdin);
	return input;
}

int command_start(const Command *command, Cli *cli, int argc, char **argv)
{
	g_autofree char *input = reads_input(command, argc, argv) ? read_input(&cli->input_size) : NULL;
	cli->input = input;
	if (command->anywhere && command->anywhere(argc, argv))
		return MAX(command->run(cli, argc, argv), cli->exit_code);
	switch (command->needs) {
	case COMMAND_NO_WORKSPACE: return MAX(command->run(cli, argc, argv), cli->exit_code);
	case COMMAND_OPEN: return run_with_owner(command, cli, argc, argv);
	case COMMAND_FILES: return run_opened(command, cli, HOST_FILES, argc, argv);
	case COMMAND_COPY: return run_opened(command, cli, HOST_COPY, argc, argv);
	case COMMAND_OWNER: return run_opened(command, cli, HOST_OWNER, argc, argv);
	}
	return EXIT_FAILED;
}

int command_control(Host *host, const json_t *request, void (*write)(void *user, bool is_error, const char *text, size_t size),
                    void *user)
{
	Cli cli = {
		.host = host, .cwd = value_string(request, "cwd", "/"), .dir = host->workspace ? host->workspace->dir : "/",
		.stdlib = host->stdlib, .json = value_true(request, "json"), .tty = value_true(request, "tty"),
		.columns = (int)CLAMP(value_integer(request, "columns", 0), 0, 10000), .write = write, .user = user,
	};
	const char *encoded = value_string(request, "input", NULL);
	g_autofree char *input = encoded ? (char *)g_base64_decode(encoded, &cli.input_size) : NULL;
	cli.input = input;
	const json_t *words = json_object_get(request, "argv");
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));
		if (!word || strlen(word) != json_string_length(json_array_get(words, i)))
			return cli_fail(&cli, "a word of the command line is no text");
		g_ptr_array_add(argv, (void *)word);
	}
	const Command *command = argv->len ? command_find(argv->pdata[0]) : NULL;
	if (!command || command->needs != COMMAND_OPEN)
		return cli_fail(&cli, "%s: not a command for the owner of a workspace", argv->len ? (const char *)argv->pdata[0] : "nothing");
	int argc = (int)argv->len;
	g_ptr_array_add(argv, NULL);
	return run(command, &cli, argc, (char **)argv->pdata);
}
