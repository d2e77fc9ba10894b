/* SPDX-License-Identifier: MIT */
/*
 * Models of contacts: what they do with what reaches them, in a simulation. A model is told of each message and each task, and plans
 * what happens by pretend_plan. Two stand beside the table of replies: chance.h (numbers) and modelled.h (a Lua function).
 */
#ifndef PERIGEE_MODEL_H
#define PERIGEE_MODEL_H

#include "host/host.h"

/* A message that has reached a contact. */
typedef struct Reached {
	const char *contact, *channel, *template_name, *subject, *text; /* all but contact and channel may be NULL */
	int64_t number; /* how many have reached them, this one counted */
	int64_t order;  /* of all that a model is told, from 1 */
} Reached;

/* A task that was made for a person who looks after a contact. */
typedef struct Asked {
	int64_t task;
	const char *contact, *kind, *note; /* note may be NULL */
	int64_t number; /* how many were made about them, this one counted */
	int64_t order;
} Asked;

/* A contact at the beginning of a simulation of a sequence that starts on events (starts_on). */
typedef struct Starting {
	const char *contact;
	const char *channel;   /* on which they would write; "": they have no address */
	const json_t *events;  /* names: what the sequence starts on */
	int64_t order;
} Starting;

typedef struct Model Model;
struct Model {
	void (*reached)(Host *host, Model *model, const Reached *message);
	void (*asked)(Host *host, Model *model, const Asked *task);
	void (*free)(Model *model);
	void (*start)(Host *host, Model *model, const Starting *starting); /* NULL: they do nothing of their own accord */
};

/* Chance that hangs from nothing but what it is about: a number in [0, 1), equal for equal arguments. So a contact who answers the
 * first message answers it in every variant of a simulation, whatever happens to the others. */
double model_chance(uint64_t seed, const char *contact, int64_t number, const char *about);
/* The same as 64 bits. */
uint64_t model_bits(uint64_t seed, const char *contact, int64_t number, const char *about);

#endif
