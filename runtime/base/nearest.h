/* SPDX-License-Identifier: MIT */
/* Slips of the hand: the word that was probably meant. */
#ifndef PERIGEE_NEAREST_H
#define PERIGEE_NEAREST_H

/* The one of the words (NULL-ended) that begins with `word` or is a few edits away from it; NULL if none is near. */
const char *nearest_word(const char *word, const char *const *words);

#endif
