/* SPDX-License-Identifier: MIT */
/* Programs: see program.h. */
#include "worker/program.h"

#include "worker/coverage.h"
#include "worker/decode.h"
#include "worker/environment.h"
#include "worker/limits.h"
#include "worker/state.h"

#include <lauxlib.h>

enum { LOAD_MEMORY_MB = 32 };

Program *program_find(Worker *worker, uint64_t number)
{
	return g_hash_table_lookup(worker->programs, &number);
}

void program_free(Program *program)
{
	g_free(program->image);
	g_free(program);
}

bool program_drop(Worker *worker, Frame *frame)
{
	g_hash_table_remove(worker->programs, &frame->id);
	return frame_end(frame);
}

static lua_State *start(Worker *worker, const Image *image, Running *link, unsigned ms, unsigned memory_mb,
                        const char *doing)
{
	arena_restore(worker->arena, image);
	arena_limit(worker->arena, (size_t)memory_mb << 20);
	*link = (Running){ worker->state, NULL };
	worker->running = link;
	worker->closing = 0;
	worker->place[0] = 0;
	worker->coroutines = 0;
	coverage_watch(worker);
	limits_begin(worker->state, ms, memory_mb, doing);
	return worker->state;
}

lua_State *program_enter(Worker *worker, Program *program, Running *link, unsigned ms, const char *doing)
{
	return start(worker, program->image, link, ms, program->memory_mb, doing);
}

void program_leave(Worker *worker)
{
	limits_stop();
	worker->running = NULL;
}

static bool refuse(Worker *worker, uint64_t id, const char *code, const char *text, const char *where)
{
	coverage_tell(worker);
	peer_begin(worker->peer, W_REFUSED, id);
	peer_put_str(worker->peer, code, -1);
	peer_put_str(worker->peer, text, -1);
	peer_put_str(worker->peer, where, -1);
	return peer_end(worker->peer);
}

/* Pushes the list of files {name=, source=}. */
static bool push_files(lua_State *L, Frame *frame)
{
	uint32_t n = frame_get_u32(frame);
	lua_newtable(L);
	for (uint32_t i = 0; i < n && !frame->bad; i++) {
		size_t name_size, size;
		const char *name = frame_get_str(frame, &name_size), *source = frame_get_str(frame, &size);
		lua_createtable(L, 0, 2);
		lua_pushlstring(L, name, name_size);
		lua_setfield(L, -2, "name");
		lua_pushlstring(L, source, size);
		lua_setfield(L, -2, "source");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return n && frame_end(frame);
}

/* What is to be loaded, on its way through Lua. */
typedef struct Load {
	const char *type, *name;
	size_t name_size;
	Frame files;         /* stands before their number */
	GString *json;       /* scan: the declarations so far */
	bool malformed;
} Load;

/* Calls prelude.lua's load(type, name, files, declarations); leaves declarations. Inside of a protected call, so that
 * running out of memory is an error like others. */
static int load(lua_State *L)
{
	Load *what = lua_touserdata(L, 1);
	lua_settop(L, 0);
	environment_push_load(L);
	lua_pushstring(L, what->type);
	lua_pushlstring(L, what->name, what->name_size);
	what->malformed = !push_files(L, &what->files);
	if (what->malformed)
		return 0;
	if (!what->json || !decode(L, what->json->str, what->json->len))
		lua_pushnil(L);
	lua_call(L, 4, 2);
	luaL_checktype(L, -2, LUA_TTABLE);
	if (lua_isfunction(L, -1))
		environment_set_entry(L);
	else
		lua_pop(L, 1);
	return 1;
}

/* A limit of the declarations on top of the stack. The host says what is allowed; here is only the worker's bound. */
static unsigned limit_of(lua_State *L, const char *name, unsigned otherwise, unsigned most)
{
	int top = lua_gettop(L);
	lua_Integer value = 0;
	lua_pushliteral(L, "limits");
	if (lua_rawget(L, top) == LUA_TTABLE) {
		lua_pushstring(L, name);
		lua_rawget(L, -2);
		value = lua_tointeger(L, -1);
	}
	lua_settop(L, top);
	return value > 0 ? (unsigned)MIN(value, (lua_Integer)most) : otherwise;
}

/* Runs load in a state that starts from base. The text of the declarations; NULL with the failure. They stay on the
 * stack. */
static GString *call_load(Worker *worker, const Image *base, Load *what, Running *link, Failure *failure)
{
	lua_State *L = start(worker, base, link, LIMIT_LOAD_MS, LOAD_MEMORY_MB, "to load");
	lua_pushcfunction(L, load);
	lua_pushlightuserdata(L, what);
	if (!state_call(L, 1, 1, failure) || what->malformed)
		return NULL;
	GString *json = encode(worker->encoder, L, -1);
	if (!json)
		g_strlcpy(failure->text, encoder_why(worker->encoder), sizeof failure->text);
	return json;
}

static Program *keep(Worker *worker, ProgramType type)
{
	lua_State *L = worker->state;
	Program *program = g_new0(Program, 1);
	program->type = type;
	program->visit_ms = limit_of(L, "cpu_ms", LIMIT_VISIT_MS, LIMIT_MAX_MS);
	program->memory_mb = limit_of(L, "memory_mb", LIMIT_MEMORY_MB, LIMIT_MAX_MEMORY_MB);
	program->image = state_save(worker);
	return program;
}

/* Loads, keeps the image, and for a script reads its source for `check`: in a state of its own, so that the images of
 * scripts, which every visit copies, stay small. */
static Program *make(Worker *worker, ProgramType type, Load *what, Failure *failure)
{
	g_autofree char *why = NULL;
	const Image *base = state_base(worker, type, &why);
	if (!base) {
		g_strlcpy(failure->text, why, sizeof failure->text);
		return NULL;
	}
	Load again = *what;
	Running link;
	what->json = call_load(worker, base, what, &link, failure);
	if (!what->json)
		return NULL;
	program_leave(worker); /* no tick may leave its mark in the image */
	Program *program = keep(worker, type);
	const Image *scan = type == PROGRAM_SCRIPT ? state_base(worker, WORKER_SCAN, &why) : NULL;
	if (!scan)
		return program;
	again.type = state_type_name(WORKER_SCAN);
	again.json = what->json;
	what->json = call_load(worker, scan, &again, &link, failure);
	if (what->json)
		return program;
	program_free(program);
	return NULL;
}

bool program_load(Worker *worker, Frame *frame)
{
	uint8_t type = frame_get_u8(frame);
	Load what = { 0 };
	what.name = frame_get_str(frame, &what.name_size);
	if (frame->bad || type > PROGRAM_SCAN)
		return false;
	what.type = state_type_name(type);
	what.files = *frame;
	limits_request(W_REFUSED, frame->id);
	random_seed(&worker->random, 0);
	Failure failure = { 0 };
	Program *program = make(worker, type, &what, &failure);
	program_leave(worker);
	if (what.malformed)
		return false;
	if (!program)
		return refuse(worker, frame->id, "invalid", failure.text, failure.where);
	uint64_t *number = g_memdup2(&frame->id, sizeof frame->id);
	g_hash_table_replace(worker->programs, number, program);
	coverage_tell(worker);
	peer_begin(worker->peer, W_LOADED, frame->id);
	peer_put_str(worker->peer, what.json->str, (gssize)what.json->len);
	return peer_end(worker->peer);
}
