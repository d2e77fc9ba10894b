/* SPDX-License-Identifier: MIT */
/* The folder attachments/CONTACT-ID/ of a contact: what of it goes with a merge, an export and the passing of time. */
#ifndef PERIGEE_CONTACT_FILES_H
#define PERIGEE_CONTACT_FILES_H

#include "host/host.h"

/* After the commit: what lies in the folder of `from` moves into that of `into`. A name that is there already keeps its file; the
 * other one is called "NAME (FROM).END". */
void contact_files_merge(Host *host, const char *into, const char *from);
/* The same for all merges whose files are still where they were (the host died in between). */
void contact_files_settle(Host *host);
/* Calls see with each regular file: its name within the folder, and a path that opens it. */
typedef void (*ContactFileSee)(void *user, const char *name, const char *path);
void contact_files_each(Host *host, const char *contact, ContactFileSee see, void *user);
/* Removes (dry: counts) the contact's files that nobody has changed since `before`. How many. */
int contact_files_drop(Host *host, const char *contact, Time before, bool dry);

#endif
