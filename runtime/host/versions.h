/* SPDX-License-Identifier: MIT */
/*
 * Versions: scripts by content. A file of sequences/, jobs/ or hooks/ becomes a version when serve starts, on reload, or by `perigee
 * upgrade`, and only if its declarations can be had and it has no faults. New runs take the newest; running ones keep theirs
 * until they move. lib/NAME.lua are the workspace's own modules.
 */
#ifndef PERIGEE_VERSIONS_H
#define PERIGEE_VERSIONS_H

#include "host/host.h"
#include "host/workers.h"

#define VERSIONS_ERROR (versions_error_quark())
GQuark versions_error_quark(void);
typedef enum { VERSIONS_ERROR_UNKNOWN, VERSIONS_ERROR_FAULTY } VersionsError;

/* The folders that scripts stand in: sequences, jobs, hooks; NULL at the end. Their modules stand in lib. */
extern const char *const versions_folders[];

/* A sequence, job or hook as a program, from a file of the workspace (a name, or a path). Not yet a version. */
Program *versions_read(Host *host, const char *name_or_path, GError **error);
/* A file of tests/ likewise; a path is relative to the workspace. */
Program *versions_read_test(Host *host, const char *file, GError **error);
/* Any file as a program of this type, with the workspace's modules. */
Program *versions_read_beside(Host *host, ProgramType type, const char *file, GError **error);
/* Paths (relative to the workspace) of all scripts: .lua files of sequences/, jobs/ and hooks/, sorted. */
GPtrArray *versions_files(Host *host);
/* A template's program: templates/NAME.md (.txt, .html) and its locales; NULL with an error if there is none. Cached until
 * versions_forget_templates. */
Program *versions_template(Host *host, const char *name, GError **error);
void versions_forget_templates(Host *host);
/* Names of all templates, sorted. */
GPtrArray *versions_templates(Host *host);

/* Enters a script into the database if it is new there; the name it declares. A script with faults is refused. */
char *versions_enter(Host *host, const char *path, bool *is_new, GError **error);
/* The name that a file declares, wherever it lies, if it is a script without faults; NULL with FILE:LINE. Caller frees. */
char *versions_name_of(Host *host, const char *file, GError **error);
/* What a script of the workspace declares, whatever its faults are; NULL: it can't be had. Caller owns. */
json_t *versions_claims(Host *host, const char *path);
/* Enters the content of a file as that of a script that is there: as if the script had been edited and reloaded. */
bool versions_replace(Host *host, const char *script, const char *file, bool *is_new, GError **error);
/* All scripts of the workspace; faulty ones are reported through `bad` and stay at their old version. */
void versions_enter_all(Host *host, void (*bad)(void *user, const char *path, const char *text), void *user);
/* The newest version of a script, NULL if unknown. Caller frees. */
char *versions_newest(Host *host, const char *script);
/* Program and declarations of a version; borrowed, cached. */
Program *versions_program(Host *host, const char *hash);
const json_t *versions_declared(Host *host, const char *hash);

#endif
