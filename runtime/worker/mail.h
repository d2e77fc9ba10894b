/* SPDX-License-Identifier: MIT */
/*
 * Incoming mail: what it is, whom it answers, what it says. Everything in it was written by strangers, so this runs in
 * a worker of the domain "mail", jailed, and never fails: what can't be understood is kind "other".
 */
#ifndef PERIGEE_MAIL_H
#define PERIGEE_MAIL_H

#include <glib.h>
#include <stddef.h>

#define MAIL_TEXT_BYTES (64u << 10) /* the most that is kept of the visible text */

/*
 * To be called once before the others, in the zygote, before the jail: starts GMime and opens all that it and iconv would open later (each
 * charset is a file to load). After it mail_read and mime_entity open no file.
 */
void mail_prepare(void);

/*
 * How a raw mail (CRLF or LF lines) is understood: canonical JSON text, exactly W_MAIL_READ of base/proto.h. The caller
 * frees it.
 */
char *mail_read(const char *bytes, size_t size);

#endif
