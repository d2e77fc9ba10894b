/* SPDX-License-Identifier: MIT */
/*
 * Markdown (CommonMark with bare links) for templates, by md4c: the module `markdown` that stdlib/template.lua requires.
 *
 *   markdown.html(text) -> string   an HTML fragment; HTML in the text comes out as text; links and images other than
 *                                   http, https, mailto and tel lose their target; bare http links become links
 *   markdown.document(text) -> string   the same for a page to be printed: with tables (those of GitHub's Markdown)
 *   markdown.text(text) -> string   text to be read: links as `text (url)`, lists with `- ` or `1. `, quotes with `> `,
 *                                   headings and emphasis without marks; ends with one newline unless empty
 *   markdown.plain(html) -> string  the text of HTML, as html_text (mail_html.h) has it
 *
 * A character of a contact's data that could be markup comes guarded: as U+10F700 plus its ASCII code. To the Markdown
 * parser it is a letter like others; here it becomes itself again (in HTML, escaped). So data are text wherever they stand:
 * in a paragraph, a code span or a link's target.
 *
 * All are pure, and raise on a text that is no string or longer than MARKDOWN_BYTES.
 */
#ifndef PERIGEE_MARKDOWN_H
#define PERIGEE_MARKDOWN_H

#include <glib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#define MARKDOWN_BYTES (1u << 20)
#define MARKDOWN_GUARD 0x10F700 /* of stdlib/template/read.lua */

/* Pushes the table {html=, text=, plain=}. */
void markdown_open(lua_State *L);

/* False if md4c fails (out of memory). */
bool markdown_html(GString *out, const char *text, size_t size);
bool markdown_document(GString *out, const char *text, size_t size);
bool markdown_text(GString *out, const char *text, size_t size);

/* The ASCII character that is guarded at text (which has size bytes left), or 0; it takes 4 bytes. */
char markdown_guarded(const char *text, size_t size);
/* Appends text with guarded characters as themselves. */
void markdown_append(GString *out, const char *text, size_t size);
/* True for the targets that a link in a mail may have. */
bool markdown_target_allowed(const char *url, size_t size);

#endif
