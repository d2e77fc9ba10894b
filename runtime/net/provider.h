/* SPDX-License-Identifier: MIT */
/*
 * What is known of mail providers: by which servers they are told, what a domain publishes that sends through them, how much they
 * let go a day. A provider that is not here is not worse: less can be said of it.
 */
#ifndef PERIGEE_PROVIDER_H
#define PERIGEE_PROVIDER_H

#include <stdbool.h>

typedef struct Provider {
	const char *name;
	const char *hosts[5];     /* its smtp servers, or domains that they lie below; ends with NULL */
	const char *spf;          /* what SPF includes; NULL: nothing is asked of the sender's domain */
	bool own_path;            /* it puts a return path of its own on mails, unless told: SPF then passes for that */
	const char *selectors[5]; /* under which it usually publishes keys for its customers; ends with NULL */
	int per_day;              /* messages of one account; 0: not known, or it depends on what is paid */
	int per_day_free;         /* of an address of its own domains */
	const char *own[9];       /* its domains that anybody may have an address of; ends with NULL */
} Provider;

/* The provider of an smtp server, or NULL. */
const Provider *provider_of_host(const char *host);
/* The provider whose free addresses are of this domain, or NULL. */
const Provider *provider_of_address(const char *domain);

#endif
