/* SPDX-License-Identifier: MIT */
/* The word that was probably meant: see nearest.h. */
#include "base/nearest.h"

#include <glib.h>
#include <string.h>

/* Edits that make b of a, a swap of neighbours counted as one (optimal string alignment). */
static int distance(const char *a, const char *b)
{
	int n = (int)strlen(a), m = (int)strlen(b);
	g_autofree int *d = g_new0(int, (gsize)((n + 1) * (m + 1)));
#define D(i, j) d[(i) * (m + 1) + (j)]
	for (int i = 0; i <= n; i++)
		D(i, 0) = i;
	for (int j = 0; j <= m; j++)
		D(0, j) = j;
	for (int i = 1; i <= n; i++)
		for (int j = 1; j <= m; j++) {
			int change = D(i - 1, j - 1) + (a[i - 1] != b[j - 1]);
			D(i, j) = MIN(change, MIN(D(i - 1, j), D(i, j - 1)) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				D(i, j) = MIN(D(i, j), D(i - 2, j - 2) + 1);
		}
	return D(n, m);
#undef D
}

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t length = strlen(word);
	int least = MAX(1, MIN(3, (int)length / 3)) + 1;
	if (length > 40)
		return NULL;
	for (; *words; words++) {
		if (length > 3 && g_str_has_prefix(*words, word))
			return *words;
		int edits = strlen(*words) > 60 ? 60 : distance(word, *words);
		if (edits < least) {
			least = edits;
			best = *words;
		}
	}
	return best;
}
