/* SPDX-License-Identifier: MIT */
/*
 * The stdlib's files. Each is compiled when it is first asked for, in a state of its own outside of the arena, and
 * kept as bytecode of ours: the states of scripts get no parser's garbage and, unless the files come from a folder,
 * no line numbers, because every visit copies what stands in them. (Bytecode of a script's is never loaded.)
 */
#ifndef PERIGEE_LIBRARY_H
#define PERIGEE_LIBRARY_H

#include <glib.h>
#include <lua.h>

typedef struct Library Library;

/* From the embedded copy, or all *.lua of a folder and its folders. NULL with an error if the folder can't be
 * read. */
Library *library_open(const char *folder, GError **error);
void library_free(Library *library);
/* Names of its files, sorted. The caller frees the array, not the names. */
GPtrArray *library_names(Library *library);
/* A file's text; NULL if there is none. Borrowed. */
const char *library_source(Library *library, const char *name, size_t *size);
/* host.library(name, environment): the file as a function, or nil and a text. */
int l_library(lua_State *L);
/* host.library_text(name): a file's text, or nil. */
int l_library_text(lua_State *L);
/* host.library_modules(): the names of the modules that scripts may require beside perigee, "perigee.ab", sorted. */
int l_library_modules(lua_State *L);

#endif
