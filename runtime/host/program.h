/* SPDX-License-Identifier: MIT */
/* Programs: sources as a worker loads them (W_LOAD of proto.h). */
#ifndef PERIGEE_PROGRAM_H
#define PERIGEE_PROGRAM_H

#include "base/proto.h"

#include <glib.h>

/* What W_LOAD sends: sources, the main one first. Reference counted; equal content has an equal hash. */
typedef struct Program {
	gint refs;
	ProgramType type;
	char *name;
	char *hash;         /* SHA-256 of all below, hex */
	GPtrArray *modules; /* names */
	GPtrArray *sources;
} Program;
Program *program_new(ProgramType type, const char *name);
void program_add(Program *program, const char *module, const char *source);
/* Computes the hash; nothing is added after it. Returns program. */
Program *program_seal(Program *program);
Program *program_ref(Program *program);
void program_unref(Program *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Program, program_unref)

#endif
