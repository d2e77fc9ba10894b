/* SPDX-License-Identifier: MIT */
/*
 * Log lines on stderr: "2026-11-22T10:00:00Z perigee[123]: info: text". No secret and no message body at any level.
 * fatal: cannot go on (exit 1). panic: a bug of ours (abort, leaves a core where cores are allowed).
 */
#ifndef PERIGEE_LOG_H
#define PERIGEE_LOG_H

#include <glib.h>
#include <stdbool.h>

/* name: the role, shown in each line. Lines below info are shown only if verbose. */
void log_open(const char *name, bool verbose);
/* Only warnings and errors from now on (commands that print results of their own). */
void log_quiet(void);
void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void fatal(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;
void panic(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

#endif
