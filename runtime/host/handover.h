/* SPDX-License-Identifier: MIT */
/* The way of one message from the queue to the carrier: policy, rendering, composing, hand-over. Used by the ledger alone. */
#ifndef PERIGEE_HANDOVER_H
#define PERIGEE_HANDOVER_H

#include "host/ledger.h"
#include "host/policy.h"

/* A row of messages. */
typedef struct Message {
	int64_t id, run, position, attempts;
	char *contact, *channel, *account, *state, *template_name, *address, *subject, *text, *purpose, *message_id, *thread, *in_reply_to, *refs;
	char *locale; /* of the variant that was rendered; not kept */
	char *random;  /* of its signed links (links.h), and */
	json_t *links; /* what a rendering gave as them; neither is kept here */
	json_t *options;
	Time at, first_handed_at;
	GBytes *raw;
} Message;
bool message_load(Host *host, int64_t id, Message *m);
void message_clear(Message *m);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Message, message_clear)

/* Host.ledger_rendering. */
GHashTable *handover_table(void);
/* Looks at one queued message that is due. */
void handover_consider(Host *host, int64_t id);
/* Messages of an account that are being rendered. */
int handover_rendering(const Host *host, const char *account);

/* What the ledger does with it. */
void ledger_refuse(Host *host, const Message *m, const char *rule, const char *reason, const char *code);
void ledger_defer(Host *host, const Message *m, const char *rule, const char *reason, Time until);
void ledger_hold(Host *host, const Message *m, const char *reason);
void ledger_withdraw_unseen(Host *host, const Message *m, const char *reason);

/* What the message's template says of itself to policy: purpose (that in fact, static), approved, impersonal. False: it can't be used. */
bool handover_front(Host *host, const Message *m, const Account *account, PolicyCase *c, GError **error);
/* opts.cc of a mail: one address or a list. NULL if there is none. Caller frees. */
GStrv handover_copies(const Message *m);
/* What a template sees: the contact's attributes and fields by name, contact, account, sequence, vars, and
 * unsubscribe_url and confirm_url where there is a public_url (examples: a message gets its own). Caller owns. */
json_t *handover_data(Host *host, const char *contact, const Account *account, const char *sequence, const json_t *vars);
/* 32 hex digits. Caller frees. */
char *handover_random(Host *host);
/* Does this message open a thread of its own? */
bool handover_opens_thread(const Message *m, const Run *run);
/* Its Message-ID, or a new one: a mail that is composed anew keeps its own, so that whoever has had it before has it once. Caller frees. */
char *handover_message_id(Host *host, const Message *m, const Account *account);
/* Is what a worker gave a rendering for this channel, with a text, a subject of one line and parts? An entity is for e-mail alone. */
bool handover_is_rendering(const json_t *result, const char *channel, size_t entity_size);
/* What a rendering is asked with; data: of handover_data. Caller owns. */
json_t *handover_options(Host *host, const json_t *data, const char *channel, const char *thread_subject);

#endif
