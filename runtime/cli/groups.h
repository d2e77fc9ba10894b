/* SPDX-License-Identifier: MIT */
/* What the files of the command groups give each other. */
#ifndef PERIGEE_GROUPS_H
#define PERIGEE_GROUPS_H

#include "cli/command.h"

/* Is word (NULL: yes) one of the list? If not, the usage error has been printed. what: "state", "channel". */
bool cli_word_of(Cli *cli, const char *command, const char *what, const char *word, const char *const *words);
/* The name of a script that is in the database, given by name or path; NULL: the error has been printed. Caller frees. */
char *cli_script(Cli *cli, const char *word);
/* The name of a template given by name or path ("templates/NAME.fr.md"). Caller frees. */
char *cli_template(const char *word);
/* Prints the named members of a row as JSON; those that are also in times become ISO 8601 text (or null). */
void cli_row(Cli *cli, const json_t *row, const char *const *names, const char *const *times);

/* One function per row of the table. */
int command_init(Cli *cli, int argc, char **argv);
int command_check(Cli *cli, int argc, char **argv);
int command_explain(Cli *cli, int argc, char **argv);
int command_version(Cli *cli, int argc, char **argv);
int command_doctor(Cli *cli, int argc, char **argv);
int command_backup(Cli *cli, int argc, char **argv);
int command_runs(Cli *cli, int argc, char **argv);
int command_show(Cli *cli, int argc, char **argv);
int command_stop(Cli *cli, int argc, char **argv);
int command_retry(Cli *cli, int argc, char **argv);
int command_upgrade(Cli *cli, int argc, char **argv);
int command_reload(Cli *cli, int argc, char **argv);
int command_messages(Cli *cli, int argc, char **argv);
int command_send(Cli *cli, int argc, char **argv);
int command_mail(Cli *cli, int argc, char **argv);
int command_render(Cli *cli, int argc, char **argv);
bool command_render_anywhere(int argc, char **argv);
int command_secret(Cli *cli, int argc, char **argv);
bool command_secret_anywhere(int argc, char **argv);
int command_jobs(Cli *cli, int argc, char **argv);
int command_hooks(Cli *cli, int argc, char **argv);
int command_broadcast(Cli *cli, int argc, char **argv);
int command_contacts(Cli *cli, int argc, char **argv);
int command_tasks(Cli *cli, int argc, char **argv);
int command_plan(Cli *cli, int argc, char **argv);
int command_why(Cli *cli, int argc, char **argv);
int command_pause(Cli *cli, int argc, char **argv);
int command_resume(Cli *cli, int argc, char **argv);
int command_serve(Cli *cli, int argc, char **argv);
int command_sim(Cli *cli, int argc, char **argv);
int command_enrol(Cli *cli, int argc, char **argv);
int command_test(Cli *cli, int argc, char **argv);

#endif
