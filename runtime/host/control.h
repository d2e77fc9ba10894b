/* SPDX-License-Identifier: MIT */
/*
 * The control socket, run/perigee.sock (mode 0600): commands that are typed while `perigee serve` owns the workspace are
 * carried out by it. Frames: client > C_COMMAND id=0 json {"argv":[..],"cwd":text,"json":bool,"tty":bool,"columns":n,"input":base64 of stdin, if it is read};
 * owner > C_OUT / C_ERR (str text) any number of times, then C_EXIT (u32 code). One command at a time, in order of coming.
 */
#ifndef PERIGEE_CONTROL_H
#define PERIGEE_CONTROL_H

#include "host/host.h"

/* Runs a command; print through write. Returns the exit code. Set by cli/ (the host does not know the commands). */
typedef int (*ControlRun)(Host *host, const json_t *request, void (*write)(void *user, bool is_error, const char *text, size_t size), void *user);

/* Listens. False: the socket can't be made. */
bool control_listen(Host *host, ControlRun run, GError **error);
void control_close(Host *host);
/* Carries out commands that wait; called from the top of the loop, never inside another command. */
void control_turn(Host *host);

/* Client: the socket of the owner of this workspace, or -1 if no one listens. */
int control_connect(const char *dir);

#endif
