/* SPDX-License-Identifier: MIT */
/*
 * Markdown (CommonMark with bare links) for templates, by md4c: the module `markdown` that stdlib/template.lua requires.
 *
 *   markdown.html(text) -> string   an HTML fragment; HTML in the text comes out as text, links and images other than
 *                                   http, https, mailto and tel lose their target
 *   markdown.text(text) -> string   text to be read: links as `text (url)`, lists with `- ` or `1. `, quotes with `> `,
 *                                   headings and emphasis without marks; ends with one newline unless empty
 *
 * Both are pure, raise on text that is no string, is longer than MARKDOWN_BYTES or nests deeper than MARKDOWN_DEPTH.
 */
#ifndef PERIGEE_MARKDOWN_H
#define PERIGEE_MARKDOWN_H

#include <lua.h>

#define MARKDOWN_BYTES (1u << 20)
#define MARKDOWN_DEPTH 32 /* lists and quotes within each other, in the text form */

/* Pushes the table {html=, text=}; needs two slots of stack. */
void markdown_open(lua_State *L);

#endif
