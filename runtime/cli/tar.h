/* SPDX-License-Identifier: MIT */
/*
 * Writing tar files (POSIX.1 ustar; sizes over 8 GiB in GNU's base-256 form). Only writing, a few files of our own: the
 * libraries that read every archive there is would bring an XML parser and Unicode tables into the host.
 */
#ifndef PERIGEE_TAR_H
#define PERIGEE_TAR_H

#include <glib.h>
#include <stdbool.h>

typedef struct Tar Tar;
/* Makes the file path, which must not exist yet (mode 0600: it holds people's data). */
Tar *tar_new(const char *path, GError **error);
/* Adds the regular file `from` under a name. One that changes its size meanwhile is an error. */
bool tar_add(Tar *tar, const char *name, const char *from, GError **error);
/* Ends the archive and writes it to the disk. */
bool tar_finish(Tar *tar, GError **error);
/* Frees it; what was not finished is removed. */
void tar_free(Tar *tar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tar, tar_free)

#endif
