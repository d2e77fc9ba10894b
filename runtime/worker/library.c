/* SPDX-License-Identifier: MIT */
/* The stdlib's files: see library.h. */
#include "worker/library.h"

#include "base/embed.h"
#include "worker/state.h"
#include "worker/worker.h"

#include <lauxlib.h>
#include <string.h>

struct Library {
	bool keeps_lines;
	GHashTable *sources;  /* file name → GBytes */
	GHashTable *compiled; /* file name → GBytes */
};

static void add(Library *library, const char *name, GBytes *bytes)
{
	g_hash_table_replace(library->sources, g_strdup(name), bytes);
}

static bool read_folder(Library *library, const char *folder, const char *prefix, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
	if (!dir)
		return false;
	for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *whole = g_strconcat(prefix, name, NULL);
		char *text;
		gsize size;
		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			g_autofree char *inner = g_strconcat(whole, "/", NULL);
			if (!read_folder(library, path, inner, error))
				return false;
		} else if (g_str_has_suffix(name, ".lua")) {
			if (!g_file_get_contents(path, &text, &size, error))
				return false;
			add(library, whole, g_bytes_new_take(text, size));
		}
	}
	return true;
}

Library *library_open(const char *folder, GError **error)
{
	Library *library = g_new0(Library, 1);
	library->keeps_lines = folder != NULL;
	library->sources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	library->compiled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	if (!folder)
		for (const Embedded *file = embedded_stdlib; file->name; file++)
			add(library, file->name, g_bytes_new_static(file->data, file->size));
	else if (!read_folder(library, folder, "", error))
		g_clear_pointer(&library, library_free);
	return library;
}

void library_free(Library *library)
{
	g_hash_table_unref(library->sources);
	g_hash_table_unref(library->compiled);
	g_free(library);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *library_names(Library *library)
{
	GPtrArray *names = g_ptr_array_new();
	GHashTableIter iter;
	gpointer name;
	g_hash_table_iter_init(&iter, library->sources);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(names, name);
	g_ptr_array_sort(names, by_name);
	return names;
}

const char *library_source(Library *library, const char *name, size_t *size)
{
	GBytes *bytes = g_hash_table_lookup(library->sources, name);
	return bytes ? g_bytes_get_data(bytes, size) : NULL;
}

static int write_bytes(lua_State *L, const void *bytes, size_t size, void *out)
{
	(void)L;
	g_byte_array_append(out, bytes, (guint)size);
	return 0;
}

/* The file as bytecode; NULL with its error as *why, which the caller frees. */
static GBytes *compile(Library *library, const char *name, char **why)
{
	GBytes *source = g_hash_table_lookup(library->sources, name);
	lua_State *scratch = source ? luaL_newstate() : NULL;
	if (!scratch) {
		*why = g_strdup_printf("the stdlib has no file %s", name);
		return NULL;
	}
	gsize size;
	const char *text = g_bytes_get_data(source, &size);
	g_autofree char *chunk = g_strdup_printf("=[%s]", name);
	GBytes *compiled = NULL;
	if (luaL_loadbufferx(scratch, text, size, chunk, "t") == LUA_OK) {
		GByteArray *out = g_byte_array_new();
		lua_dump(scratch, write_bytes, out, !library->keeps_lines);
		compiled = g_byte_array_free_to_bytes(out);
		g_hash_table_insert(library->compiled, g_strdup(name), compiled);
	} else {
		*why = g_strdup(lua_tostring(scratch, -1));
	}
	lua_close(scratch);
	return compiled;
}

int l_library(lua_State *L)
{
	Library *library = state_worker(L)->library;
	const char *name = luaL_checkstring(L, 1);
	luaL_checktype(L, 2, LUA_TTABLE);
	GBytes *compiled = g_hash_table_lookup(library->compiled, name);
	char *why = NULL;
	if (!compiled && !(compiled = compile(library, name, &why))) {
		lua_pushnil(L);
		lua_pushstring(L, why);
		g_free(why);
		return 2;
	}
	gsize size;
	const char *bytes = g_bytes_get_data(compiled, &size);
	const char *chunk = lua_pushfstring(L, "=[%s]", name);
	if (luaL_loadbufferx(L, bytes, size, chunk, "b") != LUA_OK) {
		lua_pushnil(L);
		lua_insert(L, -2);
		return 2;
	}
	lua_pushvalue(L, 2);
	lua_setupvalue(L, -2, 1);
	return 1;
}

int l_library_text(lua_State *L)
{
	size_t size;
	const char *text = library_source(state_worker(L)->library, luaL_checkstring(L, 1), &size);
	if (text)
		lua_pushlstring(L, text, size);
	else
		lua_pushnil(L);
	return 1;
}

int l_library_modules(lua_State *L)
{
	static const char FOLDER[] = "perigee/";
	GPtrArray *names = library_names(state_worker(L)->library);
	lua_newtable(L);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		if (!g_str_has_prefix(name, FOLDER))
			continue;
		name += strlen(FOLDER);
		lua_pushliteral(L, "perigee.");
		lua_pushlstring(L, name, strlen(name) - strlen(".lua"));
		lua_concat(L, 2);
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	}
	g_ptr_array_free(names, TRUE);
	return 1;
}
