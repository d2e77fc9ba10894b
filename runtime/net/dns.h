/* SPDX-License-Identifier: MIT */
/*
 * Questions to the DNS through GIO's resolver (texts by libc's own), for doctor. Each waits 5 seconds at most; a resolver that twice in a row does not
 * answer is asked no more, so that without a network doctor ends soon. Answers are kept: nothing is asked twice.
 *
 * "There is none" is believed of a resolver only once it has said of anything that there is some, of the root's servers if of nothing
 * else: in a machine that is cut off a resolver often says it of every name.
 */
#ifndef PERIGEE_DNS_H
#define PERIGEE_DNS_H

#include <glib.h>
#include <stdbool.h>

#include "net/spf.h"

typedef struct Dns Dns;

/* until_ms: a monotonic moment after which nothing is asked any more. */
Dns *dns_new(gint64 until_ms);
/* Lookups that hang are left: the process ends with _exit. */
void dns_free(Dns *dns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dns, dns_free)

/* NO_ANSWER: the resolver could not be asked, or could not tell. NOTHING: there is none. The lists as in SpfAsk. */
SpfLookup dns_texts(Dns *dns, const char *name, GPtrArray **texts);
SpfLookup dns_addresses(Dns *dns, const char *name, GPtrArray **addresses);
/* In the order of preference; a null MX (RFC 7505) is one host named "". */
SpfLookup dns_exchangers(Dns *dns, const char *name, GPtrArray **hosts);
/* The name of an address (PTR). */
SpfLookup dns_name(Dns *dns, const SpfAddress *address, char **name);
/* Asks what a domain is likely to have, so that what it has not is believed sooner. */
void dns_meet(Dns *dns, const char *domain);
/* The same for spf_walk and spf_evaluate. */
SpfAsk dns_ask(Dns *dns);
/* Caller frees. */
char *dns_address_text(const SpfAddress *address);

#endif
