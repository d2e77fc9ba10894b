/* SPDX-License-Identifier: MIT */
/*
 * What a template says of itself, as the rules must know it. It is read here from the front matter, because the rules are asked before
 * anything is rendered, and because what a rendering says of itself is only a claim.
 */
#ifndef PERIGEE_FRONT_H
#define PERIGEE_FRONT_H

#include "host/program.h"

#include <stdbool.h>

typedef struct Front {
	const char *purpose; /* ask, answer, service or news; static */
	bool approved, impersonal;
} Front;

/* Of the source that a contact of this locale gets (NULL: the plain one). */
Front front_of(const Program *program, const char *locale);
/* Does that source name this document as it is? False: not at all, or its name is worked out. */
bool front_names_document(const Program *program, const char *locale, const char *document);

#endif
