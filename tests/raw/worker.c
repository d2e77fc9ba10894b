/* SPDX-License-Identifier: MIT */
/*
 * A worker that somebody has taken over, to be forced into the worker's place: the whole program, zygote and jail as they are,
 * but once a child is locked in it runs no Lua. It makes the raw call (calls.h) that is named in the first source it is given,
 * behind "raw: ", and answers with what the kernel said. Linked with -Wl,--wrap=worker_serve.
 */
#include "calls.h"

#include "base/frame.h"
#include "base/proto.h"
#include "worker/worker.h"

#include <string.h>

_Noreturn void __wrap_worker_serve(Worker *worker, int fd);

/* The zygote, which is whose child a worker is: set when the program starts. */
__attribute__((constructor)) static void remember(void)
{
	raw_victim = getpid();
}

static void answer(Peer *host, uint64_t id, const char *name)
{
	unsigned which = 0;
	while (raw_names[which] && strcmp(raw_names[which], name) != 0)
		which++;
	int error = raw_names[which] ? raw_call(which) : 0;
	const char *what = !raw_names[which] ? "no such call" : error == RAW_DONE ? "DONE" : raw_refused(error) ? "refused" : "LET THROUGH";
	g_autofree char *text = g_strdup_printf("%s: %s (%s)", name, what, error > 0 ? g_strerror(error) : "no error");
	peer_begin(host, W_REFUSED, id);
	peer_put_str(host, "error", -1);
	peer_put_str(host, text, -1);
	peer_put_str(host, "", -1);
	peer_end(host);
	peer_flush_all(host, NULL);
}

void __wrap_worker_serve(Worker *worker, int fd)
{
	(void)worker;
	g_autoptr(Peer) host = peer_new(fd, FRAME_CAP);
	Frame frame;
	while (peer_receive(host, &frame, -1, NULL)) {
		if (frame.kind != W_LOAD)
			continue;
		frame_get_u8(&frame);
		frame_get_str(&frame, NULL);
		frame_get_u32(&frame);
		frame_get_str(&frame, NULL);
		const char *source = frame_get_str(&frame, NULL), *at = strstr(source, "raw: ");
		g_autofree char *name = g_strndup(at ? at + 5 : "", at ? strcspn(at + 5, "\n") : 0);
		answer(host, frame.id, name);
	}
	_exit(0);
}
