/* SPDX-License-Identifier: MIT */
/* Models in Lua: see modelled.h. */
#include "host/modelled.h"

#include "host/contacts.h"
#include "host/events.h"
#include "host/pretend.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

enum {
	MOST = 16,            /* things that one message brings about */
	TEXT_BYTES = 100000,
};
#define BACK_AT (9 * TIME_HOUR) /* of the day on which they are back, as inbox.c has it */

typedef struct Modelled {
	Model model;
	Host *host;
	Program *program;
	uint64_t seed;
	bool messages, tasks, starts; /* which functions it has */
} Modelled;

/* One call of the model on its way. */
typedef struct Call {
	Modelled *modelled;
	char *start;             /* JSON */
	char *contact, *channel; /* channel: of the message; "" for a task */
	uint64_t seed;
	int64_t order, task;     /* task: 0 for a message */
	Time at;
} Call;

static void call_free(Call *call)
{
	g_free(call->start);
	g_free(call->contact);
	g_free(call->channel);
	g_free(call);
}

static bool fail(const Call *call, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(const Call *call, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	pretend_fail(call->modelled->host, g_error_new_literal(PRETEND_ERROR, PRETEND_ERROR_FORMAT, text));
	return false;
}

/* ---- what it answers ------------------------------------------------------------------------------------------- */

/* The line of the model that an item comes from, or the model's name. */
static char *place_of(const Call *call, const json_t *item)
{
	const char *file = call->modelled->program->name, *where = value_string(item, "where", "");
	size_t length = strlen(file);
	bool sound = strncmp(where, file, length) == 0 && where[length] == ':' && strspn(where + length + 1, "0123456789") == strlen(where + length + 1);
	return g_strdup(sound && strlen(where) < WORKERS_PLACE ? where : file);
}

/* A worker's word: shape and sizes are looked at, whatever stdlib/model.lua has checked. */
static bool plan(const Call *call, const json_t *item)
{
	Host *host = call->modelled->host;
	g_autofree char *file = place_of(call, item);
	const char *kind = value_string(item, "kind", ""), *text = value_string(item, "text", NULL);
	const char *channel = value_string(item, "channel", call->channel), *back = value_string(item, "returns", NULL);
	const json_t *after = json_object_get(item, "after");
	g_autoptr(GTimeZone) zone = contacts_zone(host, call->contact);
	g_autoptr(GError) why = NULL;
	Time at = call->at, returns = 0;
	if (!pretend_known(kind))
		return fail(call, "%s: there is no kind \"%.60s\" of what happens", file, kind);
	if (text && strlen(text) > TEXT_BYTES)
		return fail(call, "%s: the text is longer than %d bytes", file, TEXT_BYTES);
	if (*channel && !contacts_is_channel(channel))
		return fail(call, "%s: there is no channel \"%.60s\"", file, channel);
	if ((after && !when_resolve(after, call->at, zone, host->workspace->hours, &at, &why)) || (back && !when_iso(back, zone, &returns, &why)))
		return fail(call, "%s: %s", file, why->message);
	if (back && strlen(back) == strlen("2026-12-01"))
		returns += BACK_AT;
	Happening what = { .contact = call->contact, .channel = channel, .kind = kind, .text = text, .returns = returns,
	                   .task = g_str_equal(kind, "task_done") ? call->task : 0, .data = json_object_get(item, "data") };
	pretend_plan(host, MAX(at, call->at), call->order, &what);
	return true;
}

static bool take(const Call *call, const json_t *list)
{
	bool good = json_is_null(list) || (json_is_array(list) && json_array_size(list) <= MOST);
	if (!good) {
		g_autofree char *place = place_of(call, json_array_get(list, 0));
		return fail(call, "%s: a model returns nil, { kind = \"reply\", ... } or a list of at most %d of those", place, MOST);
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!plan(call, json_array_get(list, i)))
			return false;
	return true;
}

/* ---- the visit ------------------------------------------------------------------------------------------------- */

static void write_visit(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Call *call = user;
	peer_begin(peer, W_VISIT, ticket);
	peer_put_u64(peer, program);
	peer_put_u8(peer, VISIT_STRICT);
	peer_put_u64(peer, call->seed);
	peer_put_str(peer, call->start, -1);
	peer_put_i64(peer, call->at);
	peer_put_u32(peer, 0);
	peer_end(peer);
}

static void failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	Call *call = user;
	fail(call, "%s: %s", *where ? where : call->modelled->program->name, text);
	call_free(call);
}

/* A model only says what happens: one that asks for an effect has failed, at that line. */
static bool refuse(Call *call, uint64_t ticket, Frame *frame, bool *bad)
{
	frame_get_u32(frame);
	bool waits = frame_get_u8(frame);
	frame_get_str(frame, NULL);
	frame_get_str(frame, NULL);
	g_autofree char *where = workers_words(frame, WORKERS_PLACE);
	*bad = !frame_end(frame);
	if (*bad)
		return false;
	Peer *peer = waits ? NULL : workers_peer(call->modelled->host->workers, ticket); /* it stands there */
	if (peer) {
		peer_begin(peer, W_ABANDON, ticket);
		peer_end(peer);
	}
	failed(call, ticket, "invalid", "a model of contacts says what they do, and does nothing itself", where);
	return true;
}

static bool frame(void *user, uint64_t ticket, Frame *f, bool *bad)
{
	Call *call = user;
	if (f->kind == W_EFFECT)
		return refuse(call, ticket, f, bad);
	if (f->kind == W_FAILED) {
		g_autofree char *code = NULL, *text = NULL, *where = NULL;
		*bad = !workers_failure(f, &code, &text, &where);
		if (!*bad)
			failed(call, ticket, code, text, where);
		return !*bad;
	}
	g_autoptr(json_t) list = f->kind == W_DONE ? value_parse(frame_get_str(f, NULL), -1, NULL) : NULL;
	*bad = !list || !frame_end(f);
	if (*bad)
		return false;
	take(call, list);
	call_free(call);
	return true;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/* Takes about. */
static void ask(Modelled *modelled, const char *word, json_t *about, const char *contact, const char *channel, int64_t number, int64_t order, int64_t task)
{
	Host *host = modelled->host;
	Call *call = g_new0(Call, 1);
	*call = (Call){ .modelled = modelled, .contact = g_strdup(contact), .channel = g_strdup(channel), .order = order, .task = task, .at = host_now(host) };
	call->seed = model_bits(modelled->seed, contact, number, word);
	json_object_set_new(about, "contact", contacts_view(host, contact, NULL));
	json_object_set_new(about, "n", json_integer(number));
	json_object_set_new(about, "at", json_integer(call->at / 1000));
	g_autoptr(json_t) start = json_pack("{s:o}", word, about);
	call->start = value_text(start);
	WorkerCall visit = { .domain = "model", .program = modelled->program, .write = write_visit, .frame = frame, .failed = failed, .user = call };
	workers_call(host->workers, &visit);
}

static void reached(Host *host, Model *model, const Reached *m)
{
	(void)host;
	Modelled *modelled = (Modelled *)model;
	if (modelled->messages)
		ask(modelled, "message", json_pack("{s:s, s:s?, s:s?, s:s?}", "channel", m->channel, "template", m->template_name, "subject", m->subject, "text", m->text),
		    m->contact, m->channel, m->number, m->order, 0);
}

static void asked(Host *host, Model *model, const Asked *task)
{
	(void)host;
	Modelled *modelled = (Modelled *)model;
	if (modelled->tasks)
		ask(modelled, "task", json_pack("{s:s, s:s?}", "kind", task->kind, "note", task->note), task->contact, "", task->number, task->order, task->task);
}

static void begin(Host *host, Model *model, const Starting *s)
{
	(void)host;
	ask((Modelled *)model, "start", json_object(), s->contact, s->channel, 0, s->order, 0);
}

static void free_modelled(Model *model)
{
	Modelled *modelled = (Modelled *)model;
	program_unref(modelled->program);
	g_free(modelled);
}

Model *modelled_new(Host *host, const char *file, uint64_t seed, GError **error)
{
	g_autoptr(Program) program = versions_read_beside(host, PROGRAM_MODEL, file, error);
	g_autoptr(json_t) declared = program ? workers_declare(host, program, error) : NULL;
	if (!declared)
		return NULL;
	Modelled *modelled = g_new0(Modelled, 1);
	*modelled = (Modelled){ .model = { reached, asked, free_modelled, NULL }, .host = host, .program = g_steal_pointer(&program), .seed = seed,
	                        .messages = value_true(declared, "message"), .tasks = value_true(declared, "task"), .starts = value_true(declared, "start") };
	if (modelled->starts)
		modelled->model.start = begin;
	return &modelled->model;
}
