/* SPDX-License-Identifier: MIT */
/* The vault's file on disk, whole: read, and replaced so that a crash at any point leaves the old one or the new one. */
#ifndef PERIGEE_VAULTFILE_H
#define PERIGEE_VAULTFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define VAULTFILE_MOST (64u << 20) /* bytes */

/* All of the file, at most VAULTFILE_MOST. Symbolic links, pipes and devices are refused. Errors are VAULT_ERROR's MISSING, IO
 * and GARBLED (too big). */
GByteArray *vaultfile_read(const char *path, GError **error);
/* Writes PATH.new, syncs it, renames it to PATH, syncs the folder. A PATH.new that a crash has left is removed first. On an
 * error nothing has changed, save when the folder can't be synced: the text says so. One writer at a time (vault.lock). */
bool vaultfile_write(const char *path, const uint8_t *bytes, size_t size, GError **error);

#endif
