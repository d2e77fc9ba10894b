/* SPDX-License-Identifier: MIT */
/* Programs: see program.h. */
#include "host/program.h"

#include <string.h>

Program *program_new(ProgramType type, const char *name)
{
	Program *program = g_new0(Program, 1);
	program->refs = 1;
	program->type = type;
	program->name = g_strdup(name);
	program->modules = g_ptr_array_new_with_free_func(g_free);
	program->sources = g_ptr_array_new_with_free_func(g_free);
	return program;
}

void program_add(Program *program, const char *module, const char *source)
{
	g_ptr_array_add(program->modules, g_strdup(module));
	g_ptr_array_add(program->sources, g_strdup(source));
}

Program *program_seal(Program *program)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	char type = (char)('0' + program->type);
	g_checksum_update(sum, (const guchar *)&type, 1);
	g_checksum_update(sum, (const guchar *)program->name, (gssize)strlen(program->name) + 1);
	for (guint i = 0; i < program->modules->len; i++) {
		const char *module = program->modules->pdata[i], *source = program->sources->pdata[i];
		g_checksum_update(sum, (const guchar *)module, (gssize)strlen(module) + 1);
		g_checksum_update(sum, (const guchar *)source, (gssize)strlen(source) + 1);
	}
	g_free(program->hash);
	program->hash = g_strdup(g_checksum_get_string(sum));
	return program;
}

Program *program_ref(Program *program)
{
	program->refs++;
	return program;
}

void program_unref(Program *program)
{
	if (!program || --program->refs)
		return;
	g_free(program->name);
	g_free(program->hash);
	g_ptr_array_unref(program->modules);
	g_ptr_array_unref(program->sources);
	g_free(program);
}
