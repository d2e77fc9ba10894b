/* SPDX-License-Identifier: MIT */
/*
 * Commands: each is a row of a table (command_table.c) and a function in the file of its group. A command runs in the
 * process that owns the workspace: in `perigee serve` when one is running (its words came over the control socket), else
 * in the process that was started. So it prints only through its Cli, takes paths relative to cli->cwd, and never exits.
 */
#ifndef PERIGEE_COMMAND_H
#define PERIGEE_COMMAND_H

#include "host/host.h"

/* Exit codes of DESIGN.md section 13. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct Cli {
	Host *host;          /* NULL for commands that need no workspace */
	const char *cwd;     /* of the person who typed it */
	const char *dir;     /* the workspace's folder (-C) */
	const char *stdlib;  /* --stdlib DIR, or NULL */
	bool json;           /* --json was given */
	bool tty;            /* the person's stdout is a terminal */
	int columns;         /* its width */
	const char *input;   /* what came on stdin, of a command that reads it: also where the owner carries it out; may hold any bytes */
	size_t input_size;
	void (*write)(void *user, bool is_error, const char *text, size_t size);
	void *user;
	int exit_code;       /* the worst so far, for commands that go on after an error */
} Cli;

typedef enum {
	COMMAND_NO_WORKSPACE, /* may run anywhere; host is NULL */
	COMMAND_OPEN,         /* needs an opened workspace and its database; goes to the owner if one is running */
	COMMAND_FILES,        /* needs the workspace's files and perigee.lua but an own in-memory database (sim, test); never sent */
	COMMAND_COPY,         /* as FILES, with a copy in memory of the workspace's database (plan); never sent to an owner */
	COMMAND_OWNER,        /* owns the workspace and its database for a long time (serve); never sent to an owner */
} CommandNeeds;

typedef struct Command {
	const char *name;
	const char *group;
	CommandNeeds needs;
	const char *usage; /* after the name: "FILE.csv [--update]" */
	const char *line;  /* one line for perigee --help */
	const char *help;  /* the rest of perigee NAME --help: options, examples */
	int (*run)(Cli *cli, int argc, char **argv); /* argv[0] is the command's name */
	/* NULL, or: may this call do without a workspace after all? (render --data) */
	bool (*anywhere)(int argc, char **argv);
} Command;

enum { COMMAND_INPUT_MOST = 256 * 1024 }; /* of stdin, where a command reads it; one byte more comes, too */

extern const Command command_table[]; /* ends with a NULL name */

/* NULL if there is none of this name. */
const Command *command_find(const char *name);
/* Opens what the command needs, or sends it to the owner, and runs it. cli: all but host is filled in. The exit code. */
int command_start(const Command *command, Cli *cli, int argc, char **argv);
/* What `perigee serve` gives to control_listen: carries out a command that came over the control socket. */
int command_control(Host *host, const json_t *request, void (*write)(void *user, bool is_error, const char *text, size_t size),
                    void *user);
/* perigee --help: commands in their groups; perigee NAME --help. */
void command_list(Cli *cli);
void command_help(Cli *cli, const Command *command);
/* Where a program was typed: writes to stdout and stderr (a Cli's write). */
void command_write(void *user, bool is_error, const char *text, size_t size);

/* Printing. Text of strangers goes through cli_print's %s only after cli_plain (control characters made visible). */
void cli_print(Cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* To stderr, with a newline; returns EXIT_FAILED, so that a command can end with `return cli_fail(...)`. */
int cli_fail(Cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);
int cli_fail_error(Cli *cli, GError *error); /* takes the error */
/* Says how the command is used, with what was wrong, on stderr; returns EXIT_USAGE. */
int cli_usage(Cli *cli, const char *command, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* One JSON object on a line, canonical; takes it. */
void cli_json(Cli *cli, json_t *object);
/* A copy of one line, fit for a terminal: control characters visible, line ends as spaces, at most max columns (0: no cut).
 * NULL is "". Caller frees. */
char *cli_plain(const char *text, int max);
/* Prints lines of a text, each after indent. */
void cli_block(Cli *cli, const char *indent, const char *text);
/* Appends text; on a terminal broken at spaces into lines of so many columns, each but the first after `indent` spaces. */
void cli_wrap(const Cli *cli, GString *out, const char *text, int columns, int indent);
/* The columns that a text takes on a terminal. */
int cli_columns(const char *text);

/* A table for people: header, rows, aligned columns cut to the terminal's width; nothing at all prints `empty`. */
typedef struct Table Table;
Table *table_new(const char *const *titles); /* NULL-ended */
void table_row(Table *table, ...) G_GNUC_NULL_TERMINATED; /* const char * per title; "" allowed */
void table_print(Table *table, Cli *cli, const char *empty); /* frees it */

/*
 * Options: a table of names. Every command has --json and --help beside its own. Words that are no options stay in
 * order; "--" ends options; an unknown one is a usage error with a suggestion.
 */
typedef enum { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_TEXTS } OptionType;
typedef struct Option {
	const char *name;  /* "--for" */
	OptionType type;
	void *value;       /* bool *, const char **, int64_t *, GPtrArray ** (of const char *, made on demand) */
} Option;
/* Fills values and words (GPtrArray of const char *). False: the usage error has been printed, return EXIT_USAGE. */
bool cli_options(Cli *cli, const char *command, int argc, char **argv, const Option *options, GPtrArray *words, int least, int most);

/* The word of a list (NULL-ended) that was probably meant; NULL if none is near. */
const char *cli_nearest(const char *word, const char *const *words);
/* A number in a word (a run's, a message's, a task's); false if it is none. */
bool cli_number(const char *word, int64_t *number);

/* A path as the person meant it. Caller frees. */
char *cli_path(const Cli *cli, const char *path);
/* A whole file, at most cap bytes; NULL with "FILE: why". */
char *cli_read_file(const Cli *cli, const char *path, size_t cap, size_t *size, GError **error);
/* Time for a table (local to the workspace's zone, "2026-11-23 09:00") and for JSON (ISO 8601 with the workspace's offset).
 * TIME_NEVER or 0 gives "" and null. */
char *cli_time(const Cli *cli, Time at);
json_t *cli_json_time(const Cli *cli, Time at);

#endif
