/* SPDX-License-Identifier: MIT */
/*
 * Pretend channels: the carrier of sim and test. Every message is accepted at once; answers come from a table of pretend
 * replies (DESIGN.md section 13, --replies) or are given one by one.
 */
#ifndef PERIGEE_PRETEND_H
#define PERIGEE_PRETEND_H

#include "host/carrier.h"

#define PRETEND_ERROR (pretend_error_quark())
GQuark pretend_error_quark(void);
typedef enum { PRETEND_ERROR_FORMAT } PretendError;

Carrier *pretend_new(Host *host);
/* Reads a CSV of pretend replies (contact,after,channel,kind,text). Rows of contacts that do not exist are errors with their line. */
bool pretend_load(Host *host, const char *file, const char *text, size_t size, GError **error);
/* Something happens now: kind as in --replies. text may be NULL. False with a sentence: an unknown kind, nothing it could be
 * about (a bounce without a message, task_done without a task). */
bool pretend_happen(Host *host, const char *contact, const char *channel, const char *kind, const char *text, GError **error);

/* A request like this will be answered so: {"method","url","status","headers","body" or "json"} or {"method","url","error": code,
 * "text"}. url is the whole one, or what it begins with and a *. Each answer serves once, in the order they were given; the last one
 * that fits again and again. A request without one is "unreachable". */
bool pretend_http(Host *host, const json_t *what, GError **error);

/* A message has reached a contact (a person's too, by hand): the next pretend reply for it begins its delay. */
void pretend_sent(Host *host, const char *contact, const char *channel);

#endif
