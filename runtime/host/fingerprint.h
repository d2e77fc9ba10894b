/* SPDX-License-Identifier: MIT */
/* Fingerprints of the worker program (worker/fingerprint.h): what else has changed when a run replays differently. */
#ifndef PERIGEE_FINGERPRINT_H
#define PERIGEE_FINGERPRINT_H

/* Which parts differ, in words ("stdlib 1f2e3d4c → 9a8b7c6d, lua 5.4.4 → 5.4.6"). The build is told only if nothing else explains it.
 * NULL: none, or one is not known (NULL). Caller frees. */
char *fingerprint_changes(const char *then, const char *now);

#endif
