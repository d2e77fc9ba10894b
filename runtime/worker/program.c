/* SPDX-License-Identifier: MIT */
/* Programs: see program.h. */
#include "worker/program.h"

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

static lua_State *start(Worker *worker, const Image *image, Running *link, unsigned ms, unsigned memory_mb, const char *doing)
{
	arena_restore(worker->arena, image);
	arena_limit(worker->arena, (size_t)memory_mb << 20);
	*link = (Running){ worker->state, NULL };
	worker->running = link;
	worker->closing = 0;
	worker->coroutines = 0;
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

/* With the type, name and frame on the stack as arguments; a function of its own, so that running out of memory in it is an error
 * like others. */
static int load(lua_State *L)
{
	Frame *frame = lua_touserdata(L, 3);
	lua_settop(L, 2);
	environment_push_load(L);
	lua_insert(L, 1);
	if (!push_files(L, frame)) {
		frame->bad = true;
		return 0;
	}
	lua_call(L, 3, 2);
	luaL_checktype(L, -2, LUA_TTABLE);
	luaL_checktype(L, -1, LUA_TFUNCTION);
	environment_set_entry(L);
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

static bool keep(Worker *worker, Frame *frame, ProgramType type)
{
	lua_State *L = worker->state;
	GString *json = encode(worker->encoder, L, -1);
	if (!json)
		return refuse(worker, frame->id, "invalid", encoder_why(worker->encoder), "");
	Program *program = g_new0(Program, 1);
	program->type = type;
	program->visit_ms = limit_of(L, "cpu_ms", LIMIT_VISIT_MS, LIMIT_MAX_MS);
	program->memory_mb = limit_of(L, "memory_mb", LIMIT_MEMORY_MB, LIMIT_MAX_MEMORY_MB);
	program_leave(worker);
	program->image = state_save(worker);
	uint64_t *number = g_memdup2(&frame->id, sizeof frame->id);
	g_hash_table_replace(worker->programs, number, program);
	peer_begin(worker->peer, W_LOADED, frame->id);
	peer_put_str(worker->peer, json->str, (gssize)json->len);
	return peer_end(worker->peer);
}

bool program_load(Worker *worker, Frame *frame)
{
	uint8_t type = frame_get_u8(frame);
	size_t size;
	const char *name = frame_get_str(frame, &size);
	if (frame->bad || type >= WORKER_PROGRAM_TYPES)
		return false;
	g_autofree char *why = NULL;
	const Image *base = state_base(worker, type, &why);
	if (!base)
		return refuse(worker, frame->id, "error", why, "");
	Running link;
	limits_request(W_REFUSED, frame->id);
	random_seed(&worker->random, 0);
	lua_State *L = start(worker, base, &link, LIMIT_LOAD_MS, LOAD_MEMORY_MB, "to load");
	lua_pushcfunction(L, load);
	lua_pushstring(L, state_type_name(type));
	lua_pushlstring(L, name, size);
	lua_pushlightuserdata(L, frame);
	Failure failure;
	bool good = state_call(L, 3, 1, &failure);
	bool sent = false;
	if (frame->bad)
		sent = false;
	else if (good)
		sent = keep(worker, frame, type);
	else
		sent = refuse(worker, frame->id, "invalid", failure.text, failure.where);
	program_leave(worker);
	return sent;
}
