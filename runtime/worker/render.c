/* SPDX-License-Identifier: MIT */
/* Rendering: see render.h. */
#include "worker/render.h"

#include "worker/decode.h"
#include "worker/environment.h"
#include "worker/limits.h"
#include "worker/mime.h"
#include "worker/program.h"
#include "worker/state.h"

#include <lauxlib.h>
#include <string.h>

/* What is asked, and what came of it, outside of Lua's memory. */
typedef struct Rendering {
	ProgramType type;
	const char *data, *options;
	size_t data_size, options_size;
	Failure failure;    /* .code set: it could not be rendered */
	GByteArray *bytes;
} Rendering;

static void fail(Rendering *r, const char *text, const char *where)
{
	g_strlcpy(r->failure.code, "invalid", sizeof r->failure.code);
	state_line(r->failure.text, sizeof r->failure.text, text && *text ? text : "it can't be rendered");
	state_line(r->failure.where, sizeof r->failure.where, where ? where : "");
}

static const char *member(lua_State *L, int table, const char *key, size_t *size)
{
	lua_pushstring(L, key);
	lua_rawget(L, table);
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, size) : NULL;
	lua_pop(L, 1); /* the table still holds it */
	return text;
}

/* The entity of an e-mail from the result at 2, as the options at 1 ask. */
static void add_entity(lua_State *L, Rendering *r)
{
	size_t size, text_size = 0, html_size = 0;
	const char *channel = member(L, 1, "channel", &size);
	if (!channel || strcmp(channel, "email") != 0)
		return;
	const char *boundary = member(L, 1, "boundary", &size);
	const char *text = member(L, 2, "text", &text_size), *html = member(L, 2, "html", &html_size);
	g_autoptr(GError) error = NULL;
	if (!mime_entity(text ? text : "", text_size, html, html_size, boundary ? boundary : "", r->bytes, &error))
		fail(r, error->message, "");
}

static bool is_document(lua_State *L)
{
	lua_pushliteral(L, "document");
	lua_rawget(L, 1);
	bool yes = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return yes;
}

/* A document's page goes as bytes, not in the result. */
static void take_page(lua_State *L, Rendering *r)
{
	size_t size = 0;
	const char *html = member(L, 2, "html", &size);
	g_byte_array_append(r->bytes, (const uint8_t *)(html ? html : ""), (guint)size);
	lua_pushliteral(L, "html");
	lua_pushnil(L);
	lua_rawset(L, 2);
}

/* Calls the program's entry; leaves the result table. */
static int run(lua_State *L)
{
	Rendering *r = lua_touserdata(L, 1);
	lua_settop(L, 0);
	if (!decode(L, r->options, r->options_size) || !lua_istable(L, 1))
		return luaL_error(L, "the options of a rendering are malformed");
	environment_push_entry(L);
	/* Plain Liquid reads the text itself, because it tells null from absent and keeps the order of members. */
	if (r->type == PROGRAM_LIQUID)
		lua_pushlstring(L, r->data, r->data_size);
	else if (!decode(L, r->data, r->data_size))
		return luaL_error(L, "the data of a rendering is malformed");
	lua_pushvalue(L, 1);
	lua_call(L, 2, 3);
	if (r->type == PROGRAM_LIQUID && lua_type(L, 2) == LUA_TSTRING) {
		size_t size;
		const char *text = lua_tolstring(L, 2, &size);
		g_byte_array_append(r->bytes, (const uint8_t *)text, (guint)size);
		lua_newtable(L);
		return 1;
	}
	if (!lua_istable(L, 2)) {
		fail(r, lua_tostring(L, 3), lua_tostring(L, 4));
		return 0;
	}
	lua_settop(L, 2);
	if (is_document(L))
		take_page(L, r);
	else
		add_entity(L, r);
	return 1;
}

static void answer(Worker *worker, uint64_t id, Rendering *r)
{
	GString *json = *r->failure.code ? NULL : encode(worker->encoder, worker->state, -1);
	if (!json && !*r->failure.code)
		fail(r, encoder_why(worker->encoder), "");
	if (*r->failure.code) {
		worker_fail(worker, id, r->failure.code, r->failure.text, r->failure.where);
		return;
	}
	peer_begin(worker->peer, W_RENDERED, id);
	peer_put_str(worker->peer, json->str, (gssize)json->len);
	peer_put_str(worker->peer, (const char *)r->bytes->data, (gssize)r->bytes->len);
	if (!peer_end(worker->peer))
		worker_fail(worker, id, "invalid", "the message is too long", "");
}

bool render_serve(Worker *worker, Frame *frame)
{
	Rendering r = { 0 };
	Program *program = program_find(worker, frame_get_u64(frame));
	r.data = frame_get_str(frame, &r.data_size);
	r.options = frame_get_str(frame, &r.options_size);
	if (!frame_end(frame))
		return false;
	if (!program || (program->type != PROGRAM_TEMPLATE && program->type != PROGRAM_LIQUID)) {
		worker_fail(worker, frame->id, "invalid", "the template is not loaded", "");
		return true;
	}
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	r.type = program->type;
	r.bytes = bytes;
	Running link;
	limits_request(W_FAILED, frame->id);
	lua_State *L = program_enter(worker, program, &link, LIMIT_RENDER_MS, "to render a template");
	lua_pushcfunction(L, run);
	lua_pushlightuserdata(L, &r);
	Failure failure;
	if (!state_call(L, 1, 1, &failure))
		fail(&r, failure.text, failure.where);
	answer(worker, frame->id, &r);
	program_leave(worker);
	return true;
}
