/* SPDX-License-Identifier: MIT */
/* Files that are compiled into a program (tools/embed.sh): tables that end with a NULL name, sorted by name. */
#ifndef PERIGEE_EMBED_H
#define PERIGEE_EMBED_H

#include <stddef.h>

typedef struct Embedded {
	const char *name; /* a path such as "perigee.lua" or "migrations/001-start.sql" */
	const char *data; /* followed by a NUL */
	size_t size;
} Embedded;

extern const Embedded embedded_stdlib[];     /* worker: stdlib/ */
extern const Embedded embedded_migrations[]; /* host: runtime/host/migrations/ */
extern const Embedded embedded_scripts[];    /* host: scripts/, for init and demo */
extern const Embedded embedded_docs[];       /* host: docs/codes.md and docs/library.md, for explain */
extern const Embedded embedded_pages[];      /* host: the style of sim's page */

#endif
