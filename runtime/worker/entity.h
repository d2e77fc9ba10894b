/* SPDX-License-Identifier: MIT */
/* Character references of HTML (&amp; &#233; &#xE9;), for Markdown and for mails in HTML. */
#ifndef PERIGEE_ENTITY_H
#define PERIGEE_ENTITY_H

#include <glib.h>
#include <stddef.h>

/*
 * Reads the reference at text (which begins with &) and appends what it stands for as UTF-8. Returns the bytes it took, 0
 * (nothing appended) if it is none that we know: all numeric ones, and the named ones that mail and prose use.
 */
size_t entity_append(GString *out, const char *text, size_t size);
/* Appends text with the five characters that matter in HTML escaped. */
void entity_escape(GString *out, const char *text, size_t size);

#endif
