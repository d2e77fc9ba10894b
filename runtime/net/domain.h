/* SPDX-License-Identifier: MIT */
/*
 * Domains as mail authentication sees them: which organisation one belongs to, and when two are aligned (RFC 7489, 3.1).
 *
 * The organisational domain is told without a list of public suffixes: it is the last two labels, or the last three where the
 * last is a country's (two letters) and the one before it is a word under which countries let others register (co, com, net,
 * org, ac, gov, edu and the like). So brand.co.uk is one; a suffix beyond that rule (such as blogspot.com) is taken for one
 * organisation.
 */
#ifndef PERIGEE_DOMAIN_H
#define PERIGEE_DOMAIN_H

#include <stdbool.h>

/* The domain of an address or a bare one: lower case, ASCII (IDN), without a last dot. NULL if it is none. Caller frees. */
char *domain_of(const char *address);
/* Letters, digits, "-" and "_" in labels of 1 to 63, at most 253 in all, two labels at least. */
bool domain_is_valid(const char *domain);
/* Points into domain (as domain_of gives it). */
const char *domain_organisation(const char *domain);
/* strict: they are equal; else: of one organisation. Both as domain_of gives them. */
bool domain_is_aligned(const char *a, const char *b, bool strict);
/* domain is suffix or lies below it. */
bool domain_is_below(const char *domain, const char *suffix);

#endif
