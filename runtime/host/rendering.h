/* SPDX-License-Identifier: MIT */
/*
 * Renderings: the text of a message (and its documents) is asked of a worker. What comes back is a claim, looked at here before anybody
 * builds on it. Used by handover.c alone.
 */
#ifndef PERIGEE_RENDERING_H
#define PERIGEE_RENDERING_H

#include "host/documents.h"
#include "host/front.h"
#include "host/handover.h"

typedef struct Rendering Rendering;
/* All is there. result: {subject, text, attach, ...} of W_RENDERED; entity: the mail's parts; documents: the caller's, NULL for none. */
typedef void (*RenderedFn)(Rendering *r, const json_t *result, const char *entity, size_t size, GPtrArray *documents);

/* A message between the queue and the carrier: being rendered (ticket), or composed and waiting for the commit (ticket 0). */
struct Rendering {
	Host *host;
	int64_t id;
	uint64_t ticket;
	char *account;
	Front front;
	char *message_id; /* made before the rendering where the text may hold the link that goes by it; else NULL */
	json_t *data, *options;
	char *random;      /* of its signed links (links.h); NULL: it can have none */
	json_t *result;    /* while its documents are rendered */
	GBytes *entity;
	Documents *documents;
	int64_t changes; /* db_changes_ever when the policy let it go on */
	Time asked_at;   /* and when that was */
	bool by_hand;
	RenderedFn done;
};

/* Asks for the text. Where it can't be had, the message is refused or held; else `done` is called, once. */
void rendering_begin(Host *host, const Message *m, const Account *account, Program *program, const Front *front, bool by_hand, RenderedFn done);
/* An entry without a rendering: the message is composed, and waits for the commit. */
void rendering_wait(Host *host, const Message *m);

#endif
