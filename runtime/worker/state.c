/* SPDX-License-Identifier: MIT */
/* Lua states: see state.h. */
#include "worker/state.h"

#include "worker/coverage.h"
#include "worker/environment.h"
#include "worker/limits.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

enum { STACK_BYTES = 64 << 10, NAME_BYTES = 200, PLACE_BYTES = 120 };
#define STACK_GAP (UINT64_C(1) << 32) /* the stack stands below the arena */

static const char *const type_names[WORKER_PROGRAM_TYPES] = { "script", "template", "liquid", "workspace", "test", "model", "scan" };

/* time() is the C library's for everybody else in this process; lua_newstate has no other way to be told. */
static bool pinned;

time_t time(time_t *out)
{
	struct timespec now = { 0 };
	if (!pinned)
		clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* makecontext passes ints; the two halves of a pointer. */
static void make_state(unsigned high, unsigned low)
{
	Worker *worker = (Worker *)(((uintptr_t)high << 32) | low);
	worker->state = lua_newstate(arena_allocate, worker->arena);
}

static bool new_state(Worker *worker)
{
	arena_clear(worker->arena);
	void *place = (char *)worker->arena - STACK_GAP;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	void *stack = mmap(place, STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (stack != place)
		return false;
	ucontext_t here, there;
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = STACK_BYTES;
	there.uc_link = &here;
	uintptr_t bits = (uintptr_t)worker;
	makecontext(&there, (void (*)(void))make_state, 2, (unsigned)(bits >> 32), (unsigned)bits);
	pinned = true;
	swapcontext(&here, &there);
	pinned = false;
	munmap(stack, STACK_BYTES);
	return worker->state;
}

const char *state_type_name(unsigned type)
{
	return type_names[type];
}

Worker *state_worker(lua_State *L)
{
	return *(Worker **)lua_getextraspace(L);
}

static void set_worker(lua_State *L, Worker *worker)
{
	*(Worker **)lua_getextraspace(L) = worker;
}

/* Runs prelude.lua with the host's functions and the two environments. */
static int run_prelude(lua_State *L)
{
	environment_open(L);
	return 0;
}

static int prepare(lua_State *L)
{
	environment_prepare(L, lua_tostring(L, 1));
	return 0;
}

/* The collector runs rarely in a visit, which is short: first when memory is four times the image, later when it has
 * doubled. Nothing that a script can see depends on it: tests let it run all the time. */
Image *state_save(Worker *worker)
{
	bool eager = worker->eager;
	lua_settop(worker->state, 0);
	lua_sethook(worker->state, NULL, 0, 0);
	lua_gc(worker->state, LUA_GCINC, eager ? 105 : 400, 0, eager ? 8 : 0);
	lua_gc(worker->state, LUA_GCCOLLECT);
	if (!eager)
		lua_gc(worker->state, LUA_GCINC, 200, 0, 0);
	return arena_save(worker->arena);
}

/* Lua code of ours, before any of strangers. */
static bool call_ours(Worker *worker, lua_CFunction function, const char *argument, char **why)
{
	lua_State *L = worker->state;
	Running link = { L, NULL };
	worker->running = &link;
	Failure failure;
	lua_pushcfunction(L, function);
	lua_pushstring(L, argument);
	bool good = state_call(L, 1, 0, &failure);
	worker->running = NULL;
	if (!good)
		*why = g_strdup_printf("%s%s%s", failure.where, *failure.where ? ": " : "", failure.text);
	return good;
}

bool state_build(Worker *worker, char **why)
{
	worker->eager = getenv("PERIGEE_EAGER_COLLECTOR");
	if (!new_state(worker)) {
		*why = g_strdup("no room for a Lua state at its fixed place");
		return false;
	}
	set_worker(worker->state, worker);
	if (!call_ours(worker, run_prelude, NULL, why))
		return false;
	worker->bare = state_save(worker);
	return true;
}

const Image *state_base(Worker *worker, unsigned type, char **why)
{
	if (!worker->bases[type]) {
		arena_restore(worker->arena, worker->bare);
		if (!call_ours(worker, prepare, type_names[type], why))
			return NULL;
		worker->bases[type] = state_save(worker);
	}
	return worker->bases[type];
}

static bool is_script(const lua_Debug *at)
{
	return at->currentline > 0 && !(at->source[0] == '=' && at->source[1] == '[');
}

static bool where_in(lua_State *L, char where[STATE_WHERE])
{
	lua_Debug at;
	for (int level = 0; lua_getstack(L, level, &at); level++) {
		lua_getinfo(L, "Sl", &at);
		if (!is_script(&at))
			continue;
		const char *name = at.source + (at.source[0] == '@' || at.source[0] == '=');
		g_snprintf(where, STATE_WHERE, "%.*s:%d", NAME_BYTES, name, at.currentline);
		return true;
	}
	return false;
}

void state_where(lua_State *L, char where[STATE_WHERE])
{
	where[0] = 0;
	if (where_in(L, where))
		return;
	for (Running *running = state_worker(L)->running; running; running = running->previous)
		if (running->state != L && where_in(running->state, where))
			return;
	g_strlcpy(where, state_worker(L)->place, STATE_WHERE);
}

int state_raise(lua_State *L, const char *text)
{
	char where[STATE_WHERE];
	state_where(L, where);
	lua_pushfstring(L, "%s%s%s", where, *where ? ": " : "", text);
	return lua_error(L);
}

int l_raise(lua_State *L)
{
	return state_raise(L, luaL_checkstring(L, 1));
}

int l_place(lua_State *L)
{
	Worker *worker = state_worker(L);
	if (lua_isfunction(L, 1)) {
		lua_Debug at;
		lua_settop(L, 1);
		lua_getinfo(L, ">S", &at);
		g_snprintf(worker->place, STATE_WHERE, "%.*s:%d", NAME_BYTES, at.source + 1, at.linedefined);
	} else {
		g_strlcpy(worker->place, luaL_checkstring(L, 1), STATE_WHERE);
	}
	return 0;
}

int l_where(lua_State *L)
{
	char where[STATE_WHERE];
	state_where(L, where);
	lua_pushstring(L, where);
	return 1;
}

/* "FILE:LINE: " in front of a text: the size of the place, 0 if there is none. */
static size_t place_of(const char *text)
{
	const char *line = strstr(text, ": ");
	if (!line || line == text)
		return 0;
	const char *digit = line;
	while (digit > text && g_ascii_isdigit(digit[-1]))
		digit--;
	return digit < line && digit > text + 1 && digit[-1] == ':' ? (size_t)(line - text) : 0;
}

void state_line(char *to, size_t room, const char *text)
{
	g_strlcpy(to, text, room);
	for (char *c = to; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	char *end;
	if (!g_utf8_validate(to, -1, (const char **)&end)) /* cut within a character, or no UTF-8 at all */
		*end = 0;
}

/* The text without its place, which goes to where unless it is the stdlib's own. */
static void take_text(Failure *failure, const char *text)
{
	size_t place;
	if (g_str_has_prefix(text, "?:-1: ")) /* the stdlib, which has no lines */
		text += strlen("?:-1: ");
	while ((place = place_of(text)) > 0) {
		if (text[0] != '[' || g_str_has_prefix(text, "[string "))
			state_line(failure->where, MIN(place + 1, sizeof failure->where), text);
		text += place + 2;
	}
	state_line(failure->text, sizeof failure->text, text);
}

static const char *raw_text(lua_State *L, int index, const char *key)
{
	lua_pushstring(L, key);
	lua_rawget(L, index);
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
	lua_pop(L, 1); /* the table still holds it */
	return text;
}

/* The message handler: runs where the error was raised, so the place can be seen. The failure is its upvalue. */
static int describe(lua_State *L)
{
	Failure *failure = lua_touserdata(L, lua_upvalueindex(1));
	*failure = (Failure){ .code = "error" };
	state_where(L, failure->where);
	switch (lua_type(L, 1)) {
	case LUA_TSTRING:
	case LUA_TNUMBER:
		take_text(failure, lua_tostring(L, 1));
		break;
	case LUA_TTABLE: { /* as the compilers of templates raise them, and scripts too */
		const char *text = raw_text(L, 1, "text"), *where = raw_text(L, 1, "where");
		if (where)
			state_line(failure->where, PLACE_BYTES, where);
		if (text)
			state_line(failure->text, sizeof failure->text, text);
		else
			g_strlcpy(failure->text, "the script raised a table", sizeof failure->text);
		break;
	}
	default:
		g_snprintf(failure->text, sizeof failure->text, "the script raised a value of type %s",
		           luaL_typename(L, 1));
	}
	if (!*failure->text)
		g_strlcpy(failure->text, "an error without a text", sizeof failure->text);
	return 1;
}

bool state_call(lua_State *L, int arguments, int results, Failure *failure)
{
	int base = lua_gettop(L) - arguments;
	lua_pushlightuserdata(L, failure);
	lua_pushcclosure(L, describe, 1);
	lua_insert(L, base);
	*failure = (Failure){ 0 };
	int status = lua_pcall(L, arguments, results, base);
	lua_remove(L, base);
	/* Raised by a library function that asked once, and perhaps swallowed: it is no other limit than the arena's. */
	if (status == LUA_ERRMEM || arena_has_refused(state_worker(L)->arena))
		limits_memory();
	if (status == LUA_OK)
		return true;
	if (!*failure->code) { /* the handler itself could not run */
		g_strlcpy(failure->code, "error", sizeof failure->code);
		g_strlcpy(failure->text, "an error within the handling of an error", sizeof failure->text);
	}
	lua_settop(L, base - 1);
	return false;
}

int l_compile(lua_State *L)
{
	size_t size;
	const char *source = luaL_checklstring(L, 1, &size), *name = luaL_checkstring(L, 2);
	luaL_checktype(L, 3, LUA_TTABLE);
	if (size >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0) {
		source += 3;
		size -= 3;
	}
	lua_pushnil(L);
	if (size > STATE_SOURCE_BYTES)
		lua_pushfstring(L, "%s:1: more than %d KiB of source", name + 1, STATE_SOURCE_BYTES >> 10);
	if (size > STATE_SOURCE_BYTES || luaL_loadbufferx(L, source, size, name, "t") != LUA_OK)
		return 2;
	coverage_compiled(state_worker(L), L, name, source, size);
	lua_pushvalue(L, 3);
	lua_setupvalue(L, -2, 1);
	return 1;
}
