/* SPDX-License-Identifier: MIT */
/* A child's life: see worker.h. */
#include "worker/worker.h"

#include "worker/coverage.h"
#include "worker/limits.h"
#include "worker/mail.h"
#include "worker/program.h"
#include "worker/render.h"
#include "worker/visit.h"

#include <string.h>
#include <unistd.h>

typedef struct Kept {
	Frame frame;
	uint8_t bytes[];
} Kept;

void worker_keep(Worker *worker, const Frame *frame)
{
	Kept *kept = g_malloc(sizeof *kept + frame->size);
	kept->frame = *frame;
	kept->frame.data = kept->bytes;
	memcpy(kept->bytes, frame->data, frame->size);
	g_queue_push_tail(&worker->kept, kept);
}

void worker_forget(Worker *worker, uint8_t kind, uint64_t id)
{
	for (GList *at = worker->kept.head; at; at = at->next) {
		Kept *kept = at->data;
		if (kept->frame.kind == kind && kept->frame.id == id) {
			g_queue_delete_link(&worker->kept, at);
			g_free(kept);
			return;
		}
	}
}

bool worker_next(Worker *worker, Frame *frame)
{
	g_autoptr(GError) error = NULL;
	if (peer_next(worker->peer, frame, &error))
		return true;
	/* All that was asked for is answered: one write for all of it. */
	return !error && peer_flush_all(worker->peer, NULL) && peer_receive(worker->peer, frame, -1, NULL);
}

void worker_fail(Worker *worker, uint64_t id, const char *code, const char *text, const char *where)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1); /* a test's may quote what a script made */
	coverage_tell(worker);
	peer_begin(worker->peer, W_FAILED, id);
	peer_put_str(worker->peer, code, -1);
	peer_put_str(worker->peer, valid, -1);
	peer_put_str(worker->peer, where, -1);
	peer_end(worker->peer);
}

static bool mail(Worker *worker, Frame *frame)
{
	size_t size;
	const char *bytes = frame_get_str(frame, &size);
	if (!frame_end(frame))
		return false;
	limits_request(W_FAILED, frame->id);
	limits_begin(NULL, LIMIT_MAIL_MS, LIMIT_MEMORY_MB, "to read a mail");
	g_autofree char *json = mail_read(bytes, size);
	limits_stop();
	peer_begin(worker->peer, W_MAIL_READ, frame->id);
	peer_put_str(worker->peer, json, -1);
	if (!peer_end(worker->peer))
		worker_fail(worker, frame->id, "invalid", "a mail that says more than fits a frame", "");
	return true;
}

static bool serve(Worker *worker, Frame *frame)
{
	switch (frame->kind) {
	case W_LOAD: return program_load(worker, frame);
	case W_DROP: return program_drop(worker, frame);
	case W_VISIT: return visit_serve(worker, frame);
	case W_RENDER: return render_serve(worker, frame);
	case W_MAIL: return mail(worker, frame);
	case W_ANSWER: return true; /* to a visit that has failed meanwhile */
	case W_ABANDON: worker_forget(worker, W_VISIT, frame->id); return true;
	default: return false;
	}
}

void worker_serve(Worker *worker, int fd)
{
	worker->peer = peer_new(fd, FRAME_CAP);
	limits_start(worker->peer, worker->slow || worker->coverage);
	Frame frame;
	for (;;) {
		Kept *kept = g_queue_pop_head(&worker->kept);
		if (kept)
			frame = kept->frame;
		else if (!worker_next(worker, &frame))
			break;
		bool good = serve(worker, &frame);
		g_free(kept);
		if (!good)
			break;
	}
	/* The state may hold anything a stranger's script left; nothing is closed politely. */
	_exit(0);
}
