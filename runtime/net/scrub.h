/* SPDX-License-Identifier: MIT */
/*
 * Cuts the secrets of a request out of all that comes back: bodies, headers, JSON, texts of errors. What is cut is replaced
 * by "[secret NAME]". A secret is found
 *
 *   as it is;
 *   with any of its characters escaped, the way URLs (%2F, +), JSON and JavaScript (\/ \u002f \x2f) and HTML (&amp; &#38; &#x26;)
 *   do, up to three times over (JSON in a string of JSON);
 *   in base64, by itself or inside something longer, in both alphabets;
 *   in hexadecimal.
 *
 * A server that means to give a secret away can always dress it in a way that nobody foresees: a secret goes to the hosts it
 * is bound to alone, and they are trusted with it. This is against echoes.
 */
#ifndef PERIGEE_SCRUB_H
#define PERIGEE_SCRUB_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Scrub Scrub;

Scrub *scrub_new(void);
/* Wipes what it made of the secrets. NULL is allowed. */
void scrub_free(Scrub *scrub);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scrub, scrub_free)
/* From now on this value is cut. The value is borrowed and must outlive the Scrub. An empty one is ignored, one known already too. */
void scrub_add(Scrub *scrub, const char *name, const char *value, size_t size);
/* The same for a text that is made of a secret; it is copied. */
void scrub_add_text(Scrub *scrub, const char *name, const char *text);
/* A new text without the secrets, ended by a NUL; its size, if out_size is not NULL. */
char *scrub_text(const Scrub *scrub, const char *text, size_t size, size_t *out_size);
/* True if there is something to cut. */
bool scrub_finds(const Scrub *scrub, const char *text, size_t size);
/* A new value, with all its strings and keys scrubbed. */
json_t *scrub_value(const Scrub *scrub, const json_t *value);

#endif
