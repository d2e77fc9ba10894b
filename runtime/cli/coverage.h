/* SPDX-License-Identifier: MIT */
/* Which lines of a workspace's scripts its tests ran: collected from the workers, told as a table, as JSON, and as lcov's file for editors. */
#ifndef PERIGEE_COVERAGE_H
#define PERIGEE_COVERAGE_H

#include "cli/command.h"

typedef struct Coverage Coverage;

Coverage *coverage_new(void);
void coverage_free(Coverage *coverage);
/* A Host's covered: adds what a worker tells. Lines that are no numbers of lines are passed over. */
void coverage_add(void *user, const json_t *files);
/* Adds the scripts of the workspace that nothing has loaded: their lines of code all count as missed. */
void coverage_complete(Coverage *coverage, const char *workspace);
/* Prints a row for each script (lines of TAP's comments), or objects {file, lines, covered, missed}. The covered share of all, in percent. */
double coverage_print(const Coverage *coverage, Cli *cli);
/* Writes an lcov tracefile (man geninfo). False with "FILE: why". */
bool coverage_lcov(const Coverage *coverage, const Cli *cli, const char *file, GError **error);

#endif
