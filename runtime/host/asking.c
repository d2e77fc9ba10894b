/* SPDX-License-Identifier: MIT */
/* The blocking calls of workers.h, for commands: one call, and the loop turns until there is an answer. */
#include "host/workers.h"

typedef struct Wait {
	uint8_t wanted; /* the kind of frame that answers */
	bool done;
	json_t *result;
	GByteArray *bytes;
	GError *error;
	const json_t *data, *options;
	bool ordered; /* the data keep the order of their members, which plain Liquid shows */
	const void *mail;
	size_t mail_size;
	bool template_file; /* places are names of files in templates/ */
} Wait;

static void wait_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	Wait *wait = user;
	g_set_error(&wait->error, WORKERS_ERROR, WORKERS_ERROR_REFUSED, "%s%s%s%s", wait->template_file && *where ? "templates/" : "", where,
	            *where ? ": " : "", text);
	wait->done = true;
}

static bool wait_frame(void *user, uint64_t ticket, Frame *frame, bool *bad)
{
	Wait *wait = user;
	if (frame->kind == W_FAILED) {
		g_autofree char *code = NULL, *words = NULL, *where = NULL;
		*bad = !workers_failure(frame, &code, &words, &where);
		if (!*bad)
			wait_failed(user, ticket, code, words, where);
		return true;
	}
	size_t size;
	const char *text = frame_get_str(frame, &size);
	g_autoptr(json_t) result = value_parse(text, (gssize)size, NULL);
	const char *bytes = frame->kind == W_RENDERED ? frame_get_str(frame, &size) : NULL;
	if (frame->kind != wait->wanted || !json_is_object(result) || !frame_end(frame)) {
		*bad = true;
		return false;
	}
	wait->result = g_steal_pointer(&result);
	wait->bytes = bytes ? g_byte_array_append(g_byte_array_new(), (const guint8 *)bytes, (guint)size) : NULL;
	wait->done = true;
	return true;
}

static json_t *wait_for(Host *host, Wait *wait, const WorkerCall *call, bool fresh, GError **error)
{
	workers_begin(host->workers, call, fresh);
	host_turn_until(host, &wait->done, -1);
	if (!wait->error)
		return wait->result;
	g_propagate_error(error, wait->error);
	return NULL;
}

json_t *workers_declare(Host *host, Program *program, GError **error)
{
	Wait wait = { .wanted = W_LOADED, .template_file = program->type == PROGRAM_TEMPLATE };
	WorkerCall call = { .domain = "workspace", .program = program, .frame = wait_frame, .failed = wait_failed, .user = &wait };
	return wait_for(host, &wait, &call, true, error);
}

static void write_render(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Wait *wait = user;
	g_autofree char *data = wait->ordered ? json_dumps(wait->data, JSON_COMPACT) : value_text(wait->data);
	g_autofree char *options = value_text(wait->options);
	peer_begin(peer, W_RENDER, ticket);
	peer_put_u64(peer, program);
	peer_put_str(peer, data, -1);
	peer_put_str(peer, options, -1);
	peer_end(peer);
}

json_t *workers_render(Host *host, Program *program, const json_t *data, const json_t *options, GByteArray **bytes, GError **error)
{
	Wait wait = { .wanted = W_RENDERED, .data = data, .options = options, .ordered = program->type == PROGRAM_LIQUID,
	              .template_file = program->type == PROGRAM_TEMPLATE };
	WorkerCall call = { .domain = "workspace", .program = program, .write = write_render, .frame = wait_frame, .failed = wait_failed, .user = &wait };
	json_t *result = wait_for(host, &wait, &call, false, error);
	if (bytes && result)
		*bytes = g_steal_pointer(&wait.bytes);
	if (wait.bytes)
		g_byte_array_unref(wait.bytes);
	return result;
}

static void write_mail(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	(void)program;
	Wait *wait = user;
	peer_begin(peer, W_MAIL, ticket);
	peer_put_str(peer, wait->mail, (gssize)wait->mail_size);
	peer_end(peer);
}

json_t *workers_read_mail(Host *host, const void *bytes, size_t size, GError **error)
{
	Wait wait = { .wanted = W_MAIL_READ, .mail = bytes, .mail_size = size };
	WorkerCall call = { .domain = "mail", .write = write_mail, .frame = wait_frame, .failed = wait_failed, .user = &wait };
	return wait_for(host, &wait, &call, false, error);
}
