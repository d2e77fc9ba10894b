/* SPDX-License-Identifier: MIT */
/* Visits and replay: see visit.h. */
#include "worker/visit.h"

#include "base/value.h"
#include "worker/coverage.h"
#include "worker/decode.h"
#include "worker/environment.h"
#include "worker/limits.h"
#include "worker/program.h"
#include "worker/state.h"

#include <lauxlib.h>
#include <setjmp.h>
#include <string.h>

/* A text inside a frame. */
typedef struct Text {
	const char *text;
	size_t size;
} Text;

typedef struct Entry {
	Text kind, args, answer;
	Time answered;
} Entry;

typedef struct Visit {
	uint64_t ticket;
	Program *program;
	VisitMode mode;
	Text start;
	Time now;
	GArray *journal;   /* Entries */
	uint32_t position; /* of the next effect */
	bool closed;       /* the host does not answer any more */
	jmp_buf over;      /* to leave Lua by: the state is dropped */
	Frame frame;       /* W_VISIT; its bytes are ours while the visit lasts */
} Visit;

static _Noreturn void leave(Visit *visit)
{
	longjmp(visit->over, 1);
}

/* ---- answers ---- */

/* Changes of the contact, one by one because null means something here: the stdlib folds them into what the script
 * sees. */
static bool fold(lua_State *L, Decoder *d)
{
	if (!decode_sign(d, '{'))
		return false;
	if (decode_sign(d, '}'))
		return true;
	do {
		environment_push_fold(L);
		if (!decode_value(d, L) || lua_type(L, -1) != LUA_TSTRING || !decode_sign(d, ':') || !decode_value(d, L))
			return false;
		if (lua_isnil(L, -3))
			lua_pop(L, 3);
		else
			lua_call(L, 2, 0);
	} while (decode_sign(d, ','));
	return decode_sign(d, '}');
}

/* Pushes the results of "r" and counts them. */
static bool results(lua_State *L, Decoder *d, int *n)
{
	if (!decode_sign(d, '['))
		return false;
	if (decode_sign(d, ']'))
		return true;
	do {
		if (!decode_value(d, L))
			return false;
		++*n;
	} while (decode_sign(d, ','));
	return decode_sign(d, ']');
}

static bool member(lua_State *L, Decoder *d, int *n, bool *raises)
{
	if (!decode_sign(d, '"'))
		return false;
	const char *key = d->at, *end = memchr(key, '"', (size_t)(d->end - key));
	if (!end)
		return false;
	size_t size = (size_t)(end - key);
	d->at = end + 1;
	if (!decode_sign(d, ':'))
		return false;
	if (size == 1 && *key == 'c')
		return fold(L, d);
	if (size == 1 && *key == 'r')
		return results(L, d, n);
	*raises = size == 5 && memcmp(key, "raise", 5) == 0;
	return *raises && decode_value(d, L);
}

/* Gives an answer to the script: pushes its results and returns their number, or raises. The members of an answer are
 * in order: c before r and raise. */
static int give(lua_State *L, Text answer)
{
	Decoder d = decoder(answer.text, answer.size);
	int n = 0;
	bool raises = false, good = decode_sign(&d, '{');
	if (good && !decode_sign(&d, '}')) {
		do
			good = member(L, &d, &n, &raises);
		while (good && decode_sign(&d, ','));
		good = good && decode_sign(&d, '}');
	}
	if (!good || !decode_end(&d))
		limits_end("error", "an answer of the host that is no answer", "");
	if (raises)
		return state_raise(L, luaL_tolstring(L, -1, NULL));
	if (n == 0) /* nothing is nil, so that tostring(perigee.store.get "k") is no error */
		lua_pushnil(L);
	return MAX(n, 1);
}

/* ---- replay ---- */

static bool equal(Text a, Text b)
{
	return a.size == b.size && memcmp(a.text, b.text, a.size) == 0;
}

static bool same_member(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key)) ||
	       (!json_object_get(a, key) && !json_object_get(b, key));
}

/* Does an effect touch the same as an entry whose arguments differ? See VisitMode. */
static bool touches_same(Text kind, Text args, Text entry_args)
{
	static const Text all[] = { { "restart", 7 }, { "enrol", 5 }, { "stop", 4 } };
	static const Text send = { "send", 4 }, reach = { "reach", 5 }, http = { "http", 4 }, segment = { "contacts.segment", 16 }, broadcast = { "broadcast", 9 };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (equal(kind, all[i]))
			return false;
	bool is_send = equal(kind, send), is_http = equal(kind, http), is_store = kind.size > 6 && memcmp(kind.text, "store.", 6) == 0;
	bool is_reach = equal(kind, reach), is_segment = equal(kind, segment), is_broadcast = equal(kind, broadcast);
	if (!is_broadcast && !is_send && !is_reach && !is_http && !is_store && !is_segment)
		return true;
	g_autoptr(json_t) a = value_parse(args.text, (gssize)args.size, NULL);
	g_autoptr(json_t) b = value_parse(entry_args.text, (gssize)entry_args.size, NULL);
	if (is_store || is_segment)
		return same_member(a, b, is_store ? "key" : "name");
	if (is_http)
		return same_member(a, b, "method") && same_member(a, b, "url");
	return same_member(a, b, is_reach ? "channels" : "channel") && same_member(a, b, "template") && same_member(a, b, is_broadcast ? "to" : "contact");
}

static _Noreturn void diverge(lua_State *L, Visit *visit, Text kind, Text args)
{
	Peer *peer = state_worker(L)->peer;
	char where[STATE_WHERE];
	state_where(L, where);
	coverage_tell(state_worker(L));
	peer_begin(peer, W_DIVERGED, visit->ticket);
	peer_put_u32(peer, visit->position);
	peer_put_str(peer, kind.text, (gssize)kind.size);
	peer_put_str(peer, args.text, (gssize)args.size);
	peer_put_str(peer, where, -1);
	peer_end(peer);
	leave(visit);
}

/* Answers from the journal. */
static int replay(lua_State *L, Visit *visit, Text kind, Text args)
{
	const Entry *entry = &g_array_index(visit->journal, Entry, visit->position);
	if (!equal(kind, entry->kind))
		diverge(L, visit, kind, args);
	if (!equal(args, entry->args)) {
		if (visit->mode == VISIT_STRICT || !touches_same(kind, args, entry->args))
			diverge(L, visit, kind, args);
		Peer *peer = state_worker(L)->peer;
		peer_begin(peer, W_REWRITE, visit->ticket);
		peer_put_u32(peer, visit->position);
		peer_put_str(peer, args.text, (gssize)args.size);
		peer_end(peer);
	}
	visit->position++;
	visit->now = entry->answered;
	if (visit->position == visit->journal->len)
		limits_begin(L, visit->program->visit_ms, visit->program->memory_mb, "in one visit");
	return give(L, entry->answer);
}

/* ---- live effects ---- */

/* Waits for the answer to the effect at position. Requests that come meanwhile are kept. */
static Frame await(Worker *worker, Visit *visit)
{
	Frame frame;
	while (worker_next(worker, &frame)) {
		bool ours = frame.id == visit->ticket;
		if (frame.kind == W_ANSWER && ours)
			return frame;
		if (frame.kind == W_ABANDON && ours)
			leave(visit);
		if (frame.kind == W_ABANDON)
			worker_forget(worker, W_VISIT, frame.id);
		else if (frame.kind != W_ANSWER)
			worker_keep(worker, &frame);
	}
	visit->closed = true;
	leave(visit);
}

static int ask(lua_State *L, Worker *worker, Visit *visit, Text kind, Text args, bool waits)
{
	char where[STATE_WHERE];
	state_where(L, where);
	coverage_tell(worker);
	peer_begin(worker->peer, W_EFFECT, visit->ticket);
	peer_put_u32(worker->peer, visit->position);
	peer_put_u8(worker->peer, waits);
	peer_put_str(worker->peer, kind.text, (gssize)kind.size);
	peer_put_str(worker->peer, args.text, (gssize)args.size);
	peer_put_str(worker->peer, where, -1);
	peer_end(worker->peer);
	if (waits)
		leave(visit);
	Frame frame = await(worker, visit);
	uint32_t position = frame_get_u32(&frame);
	Text answer;
	Time answered = frame_get_i64(&frame);
	answer.text = frame_get_str(&frame, &answer.size);
	if (!frame_end(&frame) || position != visit->position)
		limits_end("error", "an answer of the host to another effect", where);
	visit->position++;
	visit->now = answered;
	return give(L, answer);
}

int l_effect(lua_State *L)
{
	Worker *worker = state_worker(L);
	Visit *visit = worker->visit;
	Text kind;
	kind.text = luaL_checklstring(L, 1, &kind.size);
	luaL_checktype(L, 2, LUA_TTABLE);
	if (!visit) {
		lua_pushfstring(L, "%s: only run(...) can act; the top level of a script says what it is and does nothing",
		                kind.text);
		return state_raise(L, lua_tostring(L, -1));
	}
	if (arena_has_refused(worker->arena)) /* swallowed: no effect may depend on it */
		limits_memory();
	arena_settle(worker->arena);
	GString *text = encode(worker->encoder, L, 2);
	if (!text)
		return state_raise(L, encoder_why(worker->encoder));
	Text args = { text->str, text->len };
	if (visit->position < visit->journal->len)
		return replay(L, visit, kind, args);
	return ask(L, worker, visit, kind, args, lua_toboolean(L, 3));
}

int l_fail(lua_State *L)
{
	Visit *visit = state_worker(L)->visit;
	const char *code = luaL_checkstring(L, 1), *text = luaL_checkstring(L, 2);
	if (!visit)
		return state_raise(L, text);
	char where[STATE_WHERE];
	state_where(L, where);
	worker_fail(state_worker(L), visit->ticket, code, text, where);
	leave(visit);
}

lua_Integer visit_now(lua_State *L)
{
	Visit *visit = state_worker(L)->visit;
	if (!visit)
		state_raise(L, "the time is known only in run(...), not at the top level of a script");
	Time second = visit->now / TIME_SECOND;
	return visit->now % TIME_SECOND < 0 ? second - 1 : second;
}

int l_now(lua_State *L)
{
	lua_pushinteger(L, visit_now(L));
	return 1;
}

/* ---- a visit ---- */

/* Runs the program's entry with the start; its result stays on the stack. */
static int run(lua_State *L)
{
	Visit *visit = lua_touserdata(L, 1);
	environment_push_entry(L);
	if (!decode(L, visit->start.text, visit->start.size))
		return luaL_error(L, "the start of the visit is malformed");
	lua_call(L, 1, 1);
	return 1;
}

/* It ended although the journal goes on; failure is NULL if it ended well. */
static void end_too_early(Worker *worker, Visit *visit, const Failure *failure)
{
	g_autofree char *args = NULL;
	if (failure) {
		g_autoptr(json_t) object = json_pack("{s:s}", "error", failure->text);
		args = value_text(object);
	}
	coverage_tell(worker);
	peer_begin(worker->peer, W_DIVERGED, visit->ticket);
	peer_put_u32(worker->peer, visit->position);
	peer_put_str(worker->peer, "", 0);
	peer_put_str(worker->peer, args ? args : "{}", -1);
	peer_put_str(worker->peer, failure ? failure->where : "", -1);
	peer_end(worker->peer);
}

static void finish(Worker *worker, Visit *visit, lua_State *L)
{
	GString *outcome = encode(worker->encoder, L, -1);
	if (visit->position < visit->journal->len) {
		end_too_early(worker, visit, NULL);
	} else if (!outcome) {
		worker_fail(worker, visit->ticket, "error", encoder_why(worker->encoder), "");
	} else {
		coverage_tell(worker);
		peer_begin(worker->peer, W_DONE, visit->ticket);
		peer_put_str(worker->peer, outcome->str, (gssize)outcome->len);
		peer_end(worker->peer);
	}
}

static void run_visit(Worker *worker, Visit *visit)
{
	Running link;
	Failure failure;
	bool replays = visit->journal->len > 0;
	limits_request(W_FAILED, visit->ticket);
	lua_State *L = program_enter(worker, visit->program, &link, replays ? LIMIT_REPLAY_MS : visit->program->visit_ms,
	                             replays ? "to replay a journal" : "in one visit");
	if (setjmp(visit->over) == 0) {
		worker->visit = visit;
		lua_pushcfunction(L, run);
		lua_pushlightuserdata(L, visit);
		bool good = state_call(L, 1, 1, &failure);
		arena_settle(worker->arena);
		if (good)
			finish(worker, visit, L);
		else if (visit->position < visit->journal->len)
			end_too_early(worker, visit, &failure);
		else
			worker_fail(worker, visit->ticket, failure.code, failure.text, failure.where);
	}
	worker->visit = NULL;
	program_leave(worker);
}

static Text get_text(Frame *frame)
{
	Text text;
	text.text = frame_get_str(frame, &text.size);
	return text;
}

bool visit_serve(Worker *worker, Frame *frame)
{
	/* The frame's bytes are overwritten by the next read; a visit reads answers. */
	g_autofree uint8_t *bytes = g_memdup2(frame->data, frame->size);
	g_autoptr(GArray) journal = g_array_new(FALSE, FALSE, sizeof(Entry));
	Visit visit = { .ticket = frame->id, .journal = journal, .frame = *frame };
	Frame *in = &visit.frame;
	in->data = bytes;
	uint64_t number = frame_get_u64(in);
	visit.program = program_find(worker, number);
	visit.mode = frame_get_u8(in) == VISIT_LOOSE ? VISIT_LOOSE : VISIT_STRICT;
	random_seed(&worker->random, frame_get_u64(in));
	visit.start = get_text(in);
	visit.now = frame_get_i64(in);
	uint32_t n = frame_get_u32(in);
	for (uint32_t i = 0; i < n && !in->bad; i++) {
		Entry entry;
		entry.kind = get_text(in);
		entry.args = get_text(in);
		entry.answer = get_text(in);
		entry.answered = frame_get_i64(in);
		g_array_append_val(journal, entry);
	}
	if (!frame_end(in))
		return false;
	ProgramType type = visit.program ? visit.program->type : PROGRAM_TEMPLATE;
	if (type != PROGRAM_SCRIPT && type != PROGRAM_TEST && type != PROGRAM_MODEL)
		worker_fail(worker, frame->id, "invalid", "the program is not loaded", "");
	else
		run_visit(worker, &visit);
	return !visit.closed;
}
