/* SPDX-License-Identifier: MIT */
/* The control socket: see control.h. A client is a stranger's peer: what is malformed ends it, and nothing else. */
#include "host/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_ERROR g_quark_from_static_string("perigee-control-error")

enum {
	REQUEST_CAP = 1 << 20,   /* bytes of a command line */
	OUTPUT_STEP = 1 << 16,   /* bytes of output in one frame */
	OUTPUT_AHEAD = 64 << 20, /* output that may wait for a slow client (a pager) before the command waits, and the host with it */
	SLOW_CLIENT_MS = 10000,  /* a client that takes nothing for so long is given up */
	CLIENTS = 64,
};

typedef struct Client {
	Control *control;
	Peer *peer;      /* NULL: it has gone */
	json_t *request; /* the command, until it is carried out */
	bool answered;   /* C_EXIT was written; it hangs up when it has read it */
} Client;

struct Control {
	Host *host;
	ControlRun run;
	int fd;
	char *dir;
	GPtrArray *clients; /* in the order of their coming */
	bool running;       /* a command is being carried out: its client is only marked as gone */
};

/* ---- the socket's address ---- */

/* sun_path is short; a workspace may lie deep. Its run/ folder is then named by a descriptor, which the caller closes. */
static bool address(const char *dir, struct sockaddr_un *to, int *folder)
{
	g_autofree char *run = g_build_filename(dir, "run", NULL);
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*folder = -1;
	if (g_snprintf(to->sun_path, sizeof to->sun_path, "%s/perigee.sock", run) < (gint)sizeof to->sun_path)
		return true;
	*folder = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	g_snprintf(to->sun_path, sizeof to->sun_path, "/proc/self/fd/%d/perigee.sock", *folder);
	return *folder >= 0;
}

int control_connect(const char *dir)
{
	struct sockaddr_un to;
	int folder, fd = -1;
	if (address(dir, &to, &folder) && (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0
	    && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		close(fd);
		fd = -1;
	}
	if (folder >= 0)
		close(folder);
	return fd;
}

/* ---- clients ---- */

static void client_free(void *data)
{
	Client *client = data;
	peer_free(client->peer);
	json_decref(client->request);
	g_free(client);
}

/* The client is heard of no more. The row is freed later, because its command may be running just now. */
static void hang_up(Client *client)
{
	if (!client->peer)
		return;
	host_unwatch(client->control->host, peer_fd(client->peer));
	g_clear_pointer(&client->peer, peer_free);
	g_clear_pointer(&client->request, json_decref);
}

static void sweep(Control *control)
{
	for (guint i = control->running ? 0 : control->clients->len; i > 0; i--)
		if (!((Client *)control->clients->pdata[i - 1])->peer)
			g_ptr_array_remove_index(control->clients, i - 1);
}

/* One command per client, well formed, and nothing after it. */
static bool take_request(Client *client, Frame *frame)
{
	size_t size;
	const char *text = frame_get_str(frame, &size);
	if (frame->kind != C_COMMAND || client->request || client->answered || !frame_end(frame))
		return false;
	client->request = value_parse(text, (gssize)size, NULL);
	return json_is_array(json_object_get(client->request, "argv"));
}

static void client_ready(Host *host, void *user, short revents)
{
	(void)host;
	(void)revents;
	Client *client = user;
	g_autoptr(GError) error = NULL;
	bool open = peer_read(client->peer, &error);
	Frame frame;
	while (open && peer_next(client->peer, &frame, &error))
		open = take_request(client, &frame);
	if (!open || error)
		hang_up(client);
	sweep(client->control);
}

static bool client_wants_write(void *user)
{
	Client *client = user;
	return peer_pending(client->peer) > 0;
}

static void accept_ready(Host *host, void *user, short revents)
{
	(void)revents;
	Control *control = user;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who = { 0 };
	socklen_t size = sizeof who;
	if (fd < 0)
		return;
	/* The file's mode keeps others out; this does where a file system knows no modes. */
	bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == geteuid() || who.uid == 0);
	if (!known || control->clients->len >= CLIENTS) {
		close(fd);
		return;
	}
	Client *client = g_new0(Client, 1);
	client->control = control;
	client->peer = peer_new(fd, REQUEST_CAP);
	g_ptr_array_add(control->clients, client);
	host_watch(host, fd, client_ready, client_wants_write, client);
}

/* ---- carrying out ---- */

static void flush(Client *client)
{
	if (client->peer && !peer_flush(client->peer, NULL))
		hang_up(client);
}

/* Output goes out as it comes. A client that reads slowly slows its own command down, and for SLOW_CLIENT_MS at most. */
static void write_output(void *user, bool is_error, const char *text, size_t size)
{
	Client *client = user;
	while (client->peer && size) {
		size_t step = MIN(size, (size_t)OUTPUT_STEP);
		peer_begin(client->peer, is_error ? C_ERR : C_OUT, 0);
		peer_put_str(client->peer, text, (gssize)step);
		peer_end(client->peer);
		text += step;
		size -= step;
		flush(client);
		while (client->peer && peer_pending(client->peer) > OUTPUT_AHEAD) {
			struct pollfd p = { peer_fd(client->peer), POLLOUT, 0 };
			if (poll(&p, 1, SLOW_CLIENT_MS) == 0)
				hang_up(client);
			flush(client);
		}
	}
}

static void carry_out(Control *control, Client *client)
{
	g_autoptr(json_t) request = g_steal_pointer(&client->request);
	control->running = true;
	int code = control->run(control->host, request, write_output, client);
	control->running = false;
	client->answered = true;
	if (!client->peer)
		return;
	peer_begin(client->peer, C_EXIT, 0);
	peer_put_u32(client->peer, (uint32_t)code);
	peer_end(client->peer);
	flush(client);
}

void control_turn(Host *host)
{
	Control *control = host->control;
	if (!control || control->running)
		return;
	/* Clients that come while a command runs are appended, so the length is asked anew. */
	for (guint i = 0; i < control->clients->len; i++) {
		Client *client = control->clients->pdata[i];
		if (client->peer && peer_pending(client->peer))
			flush(client);
		if (client->peer && client->request)
			carry_out(control, client);
	}
	sweep(control);
}

/* ---- opening and closing ---- */

static bool listen_at(const char *dir, int *fd, GError **error)
{
	g_autofree char *run = g_build_filename(dir, "run", NULL);
	struct sockaddr_un at;
	int folder = -1;
	/* The lock is ours, so a socket that stands there is a dead one's. umask rather than chmod: it is never open to others. */
	bool ok = (mkdir(run, 0700) == 0 || errno == EEXIST) && address(dir, &at, &folder) && (unlink(at.sun_path) == 0 || errno == ENOENT);
	*fd = ok ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	mode_t mask = umask(0177);
	ok = *fd >= 0 && bind(*fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(*fd, CLIENTS) == 0;
	int why = errno;
	umask(mask);
	if (folder >= 0)
		close(folder);
	if (!ok) {
		g_set_error(error, CONTROL_ERROR, 0, "%s/perigee.sock can't be made: %s", run, g_strerror(why));
		if (*fd >= 0)
			close(*fd);
	}
	return ok;
}

bool control_listen(Host *host, ControlRun run, GError **error)
{
	int fd;
	if (!listen_at(host->workspace->dir, &fd, error))
		return false;
	Control *control = g_new0(Control, 1);
	control->host = host;
	control->run = run;
	control->fd = fd;
	control->dir = g_strdup(host->workspace->dir);
	control->clients = g_ptr_array_new_with_free_func(client_free);
	host_watch(host, fd, accept_ready, NULL, control);
	host->control = control;
	return true;
}

void control_close(Host *host)
{
	Control *control = g_steal_pointer(&host->control);
	if (!control)
		return;
	for (guint i = 0; i < control->clients->len; i++) {
		Client *client = control->clients->pdata[i];
		if (client->peer)
			peer_flush(client->peer, NULL);
		hang_up(client);
	}
	host_unwatch(host, control->fd);
	close(control->fd);
	struct sockaddr_un at;
	int folder;
	if (address(control->dir, &at, &folder))
		unlink(at.sun_path);
	if (folder >= 0)
		close(folder);
	g_ptr_array_unref(control->clients);
	g_free(control->dir);
	g_free(control);
}
