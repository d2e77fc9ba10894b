/* SPDX-License-Identifier: MIT */
/* The coroutine functions that differ from Lua's own: see coroutine.h. They follow lcorolib.c of Lua 5.4. */
#include "worker/coroutine.h"

#include "worker/limits.h"
#include "worker/state.h"
#include "worker/worker.h"

#include <lauxlib.h>

enum { MADE = 100000, CLOSING = 16 };

int l_coroutine_create(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	if (++state_worker(L)->coroutines > MADE) {
		char where[STATE_WHERE];
		state_where(L, where);
		limits_end("limit", "more than 100,000 coroutines in one visit", where);
	}
	lua_State *co = lua_newthread(L);
	lua_pushvalue(L, 1);
	lua_xmove(L, co, 1);
	return 1;
}

static void enter(Worker *worker, Running *link, lua_State *co)
{
	*link = (Running){ co, worker->running };
	worker->running = link;
	limits_running(co);
}

static void leave(Worker *worker, Running *link, lua_State *L)
{
	worker->running = link->previous;
	limits_running(L);
}

/* Results are on top of L; -1: the error is. */
static int resume(lua_State *L, lua_State *co, int arguments)
{
	if (!lua_checkstack(co, arguments)) {
		lua_pushliteral(L, "too many arguments to resume");
		return -1;
	}
	lua_xmove(L, co, arguments);
	Worker *worker = state_worker(L);
	Running link;
	int results;
	enter(worker, &link, co);
	int status = lua_resume(co, L, arguments, &results);
	leave(worker, &link, L);
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(co, L, 1);
		return -1;
	}
	if (!lua_checkstack(L, results + 1)) {
		lua_pop(co, results);
		lua_pushliteral(L, "too many results to resume");
		return -1;
	}
	lua_xmove(co, L, results);
	return results;
}

int l_coroutine_resume(lua_State *L)
{
	lua_State *co = lua_tothread(L, 1);
	luaL_argexpected(L, co, 1, "coroutine");
	int results = resume(L, co, lua_gettop(L) - 1);
	lua_pushboolean(L, results >= 0);
	lua_insert(L, -(results < 0 ? 1 : results) - 1);
	return (results < 0 ? 1 : results) + 1;
}

/* Closes the variables of a failed coroutine. In this library a close within a close starts counting C calls anew and
 * so can run through the C stack: past a few levels they stay unclosed. */
static void close_failed(lua_State *L, lua_State *co)
{
	Worker *worker = state_worker(L);
	int status = lua_status(co);
	if (status == LUA_OK || status == LUA_YIELD || worker->closing >= CLOSING)
		return;
	Running link;
	worker->closing++;
	enter(worker, &link, co);
	lua_pushvalue(L, -1); /* where the error was put before: the close may give another */
	lua_xmove(L, co, 1);
	lua_resetthread(co);
	leave(worker, &link, L);
	worker->closing--;
	lua_pop(L, 1);
	lua_xmove(co, L, 1);
}

static int step(lua_State *L)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	int results = resume(L, co, lua_gettop(L));
	if (results >= 0)
		return results;
	close_failed(L, co);
	if (lua_type(L, -1) == LUA_TSTRING) {
		luaL_where(L, 1);
		lua_insert(L, -2);
		lua_concat(L, 2);
	}
	return lua_error(L);
}

int l_coroutine_wrap(lua_State *L)
{
	l_coroutine_create(L);
	lua_pushcclosure(L, step, 1);
	return 1;
}
