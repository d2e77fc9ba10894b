/* SPDX-License-Identifier: MIT */
/* What contacts write in a simulation by chance: in their own language, if it is one of en, fr, de, es, it; else in English. */
#ifndef PERIGEE_CHANCE_WORDS_H
#define PERIGEE_CHANCE_WORDS_H

#include <glib.h>

/* An answer; share (0 to 1) says which. locale may be NULL. Static. */
const char *chance_reply(const char *locale, double share);
/* What somebody writes of their own accord: a question, most often. As chance_reply. */
const char *chance_message(const char *locale, double share);
/* An automatic answer that names the day they are back. Caller frees. */
char *chance_away(const char *locale, GDateTime *back);

#endif
