/* SPDX-License-Identifier: MIT */
/* Rendering of templates and plain Liquid: stdlib/template.lua makes the texts, mime.h the mail's entity. */
#ifndef PERIGEE_RENDER_H
#define PERIGEE_RENDER_H

#include "worker/worker.h"

/* Serves W_RENDER. False if the frame is malformed. */
bool render_serve(Worker *worker, Frame *frame);

#endif
