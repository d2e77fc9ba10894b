/* SPDX-License-Identifier: MIT */
/* What takes messages away and brings mail: net (netlink.c), or the pretend channels of sim and test (pretend.c). */
#ifndef PERIGEE_CARRIER_H
#define PERIGEE_CARRIER_H

#include "host/host.h"

typedef struct Handing {
	int64_t id;
	const Account *account;
	const char *channel, *contact, *address, *message_id, *template_name, *subject, *text;
	int64_t run;
	const void *bytes; /* e-mail: the whole message */
	size_t size;
	const char *const *cc; /* e-mail: further recipients, NULL-terminated; NULL: none */
	GPtrArray *files;      /* e-mail: Attachment (attach.h), in the order of their places in bytes */
} Handing;

struct Carrier {
	/* How many more messages of this account may be handed over now. */
	int (*room)(Host *host, const Account *account);
	/* Takes a message whose intent is committed. The outcome comes by ledger_outcome. */
	void (*hand)(Host *host, const Handing *handing);
	/* Reads a mailbox now; when it is over inbox_read_until is called. */
	void (*read)(Host *host, const Account *account);
	/* Is anything under way that will still say something? */
	bool (*busy)(Host *host);
	void (*turn)(Host *host);
	/* The next moment at which something happens by itself (pretend replies). */
	Time (*next_due)(Host *host);
	void (*free)(Host *host);
	void *own;
	/* Simulations: is the channel out now, so that a hand-over will fail? NULL: never. */
	bool (*out)(Host *host, const char *channel);
	/* Nothing can go on: simulate_until ends; NULL: none. */
	GError *failure;
};

#endif
