/* SPDX-License-Identifier: MIT */
/* perigee contacts, its parts. */
#ifndef PERIGEE_CLI_CONTACTS_H
#define PERIGEE_CLI_CONTACTS_H

#include "cli/groups.h"

int contacts_command_show(Cli *cli, int argc, char **argv);
int contacts_command_duplicates(Cli *cli, int argc, char **argv);
int contacts_command_export(Cli *cli, int argc, char **argv);
int contacts_command_erase(Cli *cli, int argc, char **argv);
int contacts_command_requests(Cli *cli, int argc, char **argv);
/* A contact as a line of JSON: its profile with times for people. */
json_t *contacts_show_line(Cli *cli, const char *id);

#endif
