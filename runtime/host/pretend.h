/* SPDX-License-Identifier: MIT */
/*
 * Pretend channels: the carrier of sim and test. Every message is accepted at once, unless the channel is out. What the contacts
 * do then is given one by one (test), stands in a table of replies (replies.h), or comes from a model of them (model.h).
 */
#ifndef PERIGEE_PRETEND_H
#define PERIGEE_PRETEND_H

#include "host/carrier.h"
#include "host/model.h"

#define PRETEND_ERROR (pretend_error_quark())
GQuark pretend_error_quark(void);
typedef enum { PRETEND_ERROR_FORMAT } PretendError;

Carrier *pretend_new(Host *host);
/* Reads a CSV of pretend replies (contact,after,channel,kind,text). Rows of contacts that do not exist are errors with their line. */
bool pretend_load(Host *host, const char *file, const char *text, size_t size, GError **error);
/* From now on a colleague confirms broadcasts: an hour after they were planned, or half-way to their time. */
void pretend_colleague(Host *host);
/* What contacts do is asked of a model from now on. Takes it. */
void pretend_model(Host *host, Model *model);
/* The channel has no connection from `from` until `until`: each hand-over fails. Both are shown as events `outage`. */
void pretend_outage(Host *host, const char *channel, Time from, Time until);

/* A contact begins: does what the sequence starts on, if the table of replies or the model says so. The sequence declares `starts_on`.
 * False: nothing says what contacts do of their own accord, so they are to be enrolled. */
bool pretend_begin(Host *host, const json_t *declared, const GPtrArray *contacts);

/* Something that happens, in the words of --replies. */
typedef struct Happening {
	const char *contact, *channel, *kind, *text;
	int64_t task; /* task_done: which one, passed over if it is done already; 0: the oldest open one */
	Time returns; /* auto_reply: when they say that they are back; 0: they don't */
	const json_t *data; /* signal:NAME: what it brings; NULL: nothing (a text that is a JSON object stands for it) */
} Happening;
/* The kinds: those of events; message: a reply to nothing, of their own accord; hook:NAME: a request comes to a hook, whose body is text
 * (contact: about whom, or ""). */
bool pretend_known(const char *kind);
#define PRETEND_KINDS "reply, message, auto_reply, bounce, unsubscribe, complaint, click, opt_in, task_done, handled, signal:NAME, hook:NAME"
/* It happens now. text may be NULL. False with a sentence: an unknown kind, nothing it could be about (a bounce without a message,
 * task_done without a task). */
bool pretend_happens(Host *host, const Happening *what, GError **error);
bool pretend_happen(Host *host, const char *contact, const char *channel, const char *kind, const char *text, GError **error);
/* It happens at `at` (of several at one time the one with the smallest order first). Copies. */
void pretend_plan(Host *host, Time at, int64_t order, const Happening *what);

/* Nothing can go on: simulate_until ends, with this error. Takes it; the first one counts. */
void pretend_fail(Host *host, GError *error);

/* A request like this will be answered so: {"method","url","status","headers","body" or "json"} or {"method","url","error": code,
 * "text"}. url is the whole one, or what it begins with and a *. Each answer serves once, in the order they were given; the last one
 * that fits again and again. A request without one is "unreachable". */
bool pretend_http(Host *host, const json_t *what, GError **error);

/* A message has reached a contact (a person's too, by hand): the next pretend reply for it begins its delay. */
void pretend_sent(Host *host, const char *contact, const char *channel);

#endif
