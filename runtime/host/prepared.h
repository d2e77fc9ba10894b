/* SPDX-License-Identifier: MIT */
/* Prepared answers: what the web says to requests of scripts in a test (pretend_http). A simulation prepares none. */
#ifndef PERIGEE_PREPARED_H
#define PERIGEE_PREPARED_H

#include "host/host.h"

typedef struct Prepared Prepared;
Prepared *prepared_new(void);
void prepared_free(Prepared *prepared);
/* As pretend_http. */
bool prepared_add(Prepared *prepared, const json_t *what, GError **error);
/* Answers the requests that are queued. */
void prepared_turn(Host *host, Prepared *prepared);

#endif
