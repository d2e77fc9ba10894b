/* SPDX-License-Identifier: MIT */
/* What the parts of `perigee check` give each other. */
#ifndef PERIGEE_CHECK_H
#define PERIGEE_CHECK_H

#include "cli/command.h"

typedef struct Check {
	Cli *cli;
	Host *host;
	int scripts, templates, faults, warnings;
	GHashTable *declared; /* template's name → what it declares (json_t *, NULL: faulty or not there) */
	json_t *known;        /* names that at least one contact has a value for; NULL: there are no contacts */
	GString *sources;     /* of all scripts: names that they give as vars are looked for here */
	GPtrArray *findings;  /* until check_show */
	GHashTable *said;     /* findings so far, so that a module which several scripts require is told of once */
	GPtrArray *sequences; /* names of the workspace's sequences; NULL until they are asked for */
	json_t *signals;      /* {name: true}: signals that scripts give */
	json_t *awaited;      /* [{"signal","file","line",..}]: those that scripts wait for */
	const char *code;     /* of the first finding; NULL: none yet */
} Check;

typedef enum { CHECK_WARNING, CHECK_FAULT } CheckLevel;

void check_init(Check *c, Cli *cli, Host *host);
void check_clear(Check *c);

/* ---- findings (check_finding.c); code is one of host/codes.h, static */

/* Shows what was found, by file and line: FILE:LINE: text [code]. */
void check_show(Check *c);
/* A finding. line 0: of the whole file. */
void check_find(Check *c, CheckLevel level, const char *code, const char *file, int64_t line, const char *text);
/* The same at a place that a scan told: {"file" (absent: path),"line","column","size"}; the line and carets below the word are shown. */
void check_find_at(Check *c, CheckLevel level, const char *code, const char *path, const json_t *place, const char *format, ...) G_GNUC_PRINTF(6, 7);
/* An error of the host, which begins with "FILE:LINE: " where it knows the place. code NULL: that of the sentence, else "error". Takes the error. */
void check_find_error(Check *c, const char *code, const char *file, GError *error);
/* What a scan found: [{"line","column","size","file","text","code"}]. */
void check_find_all(Check *c, CheckLevel level, const char *path, const json_t *list);
/* Was this said of the file already? */
bool check_has_said(Check *c, const char *file, const char *code);

/* ---- templates (check_template.c) */

/* What a template declares, checked the first time. NULL: it is not there (is_there false) or faulty. */
const json_t *check_declared(Check *c, const char *name, bool *is_there);
void check_template(Check *c, const char *name);
/* A language that some templates speak and another does not: those people would get one mail in it and the next in another. */
void check_languages(Check *c);
/* What a first message must have: a field of theirs; a subject. */
void check_personal(Check *c, const json_t *declared);
void check_subject(Check *c, const json_t *declared);

/* ---- scripts (check_script.c) */

/* A script, by name or path. */
void check_script(Check *c, const char *word);
void check_test(Check *c, const char *path);
/* Once all scripts have been looked at. */
void check_signals(Check *c);

#endif
