/* SPDX-License-Identifier: MIT */
/* The text of HTML as a person would read it: for mails that have no other, and for templates in HTML. */
#ifndef PERIGEE_MAIL_HTML_H
#define PERIGEE_MAIL_HTML_H

#include <glib.h>
#include <stddef.h>

/*
 * Appends the text of html (UTF-8; anything else gives odd text, never harm): paragraphs apart by an empty line, lists with
 * `- `, quotes with `> `, links as `text (url)`. What is not shown (head, style, script, display:none) is left out.
 * cut, unless NULL, is set to the length of out where a mail program's mark says that the quoted mail or the signature
 * begins, G_MAXSIZE if there is none.
 */
void html_text(GString *out, const char *html, size_t size, gsize *cut);

#endif
