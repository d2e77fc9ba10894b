/* SPDX-License-Identifier: MIT */
/*
 * A model of contacts in Lua (sim --replies FILE.lua): a program of the type MODEL, visited in a worker for each message and each
 * task. Time stands still meanwhile. An error of it ends the simulation.
 */
#ifndef PERIGEE_MODELLED_H
#define PERIGEE_MODELLED_H

#include "host/model.h"

/* file: a path. NULL with FILE:LINE. */
Model *modelled_new(Host *host, const char *file, uint64_t seed, GError **error);

#endif
