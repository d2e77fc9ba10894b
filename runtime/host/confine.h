/* SPDX-License-Identifier: MIT */
/*
 * The host's own jail: no outside network, no program, no other process looked into. It decides, and reads what workers and
 * web say; should one of them ever make it do something else, there is little else that it can do. It keeps files, because
 * commands read and write where the person says.
 */
#ifndef PERIGEE_CONFINE_H
#define PERIGEE_CONFINE_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* Locks this process in for good, once; programs are started by the starter from then on (spawn_begin comes before). False: it
 * is not, or not wholly, locked in; the error says why, and the host may go on. */
bool host_confine(GError **error);

/* The rows of doctor about it (base/finding.h): it tries what it promises. */
void host_confine_check(json_t *rows);

#endif
