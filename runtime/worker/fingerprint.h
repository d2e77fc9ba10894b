/* SPDX-License-Identifier: MIT */
/*
 * The fingerprint of this program: what a script's run rests on besides the script. A run that is replayed by a program of
 * another fingerprint may ask for other effects; the host compares (host/fingerprint.h).
 */
#ifndef PERIGEE_WORKER_FINGERPRINT_H
#define PERIGEE_WORKER_FINGERPRINT_H

#include "worker/library.h"

/* "perigee=0.1.0 stdlib=HASH lua=5.4.4 libc=2.36 mathematics=HASH machine=x86_64 build=ID". The caller frees it. */
char *fingerprint_make(Library *library);

#endif
