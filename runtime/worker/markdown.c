/* SPDX-License-Identifier: MIT */
/* The module `markdown`, and what both renderers share: see markdown.h. */
#include "worker/markdown.h"

#include "worker/mail_html.h"

#include <lauxlib.h>
#include <string.h>

char markdown_guarded(const char *text, size_t size)
{
	/* U+10F700 to U+10F77F are F4 8F 9C 80 to F4 8F 9D BF. */
	const unsigned char *at = (const unsigned char *)text;
	if (size < 4 || at[0] != 0xF4 || at[1] != 0x8F || (at[2] != 0x9C && at[2] != 0x9D))
		return 0;
	return (char)((at[2] & 1) << 6 | (at[3] & 0x3F));
}

void markdown_append(GString *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		char c = markdown_guarded(text + i, size - i);
		g_string_append_c(out, c ? c : text[i]);
		i += c ? 4 : 1;
	}
}

bool markdown_target_allowed(const char *url, size_t size)
{
	static const char *const allowed[] = { "http", "https", "mailto", "tel" };
	size_t scheme = 0;
	while (scheme < size && (g_ascii_isalnum(url[scheme]) || strchr("+-.", url[scheme])))
		scheme++;
	if (scheme == size || url[scheme] != ':')
		return !memchr(url, ':', size); /* a relative one: harmless, though of no use in a mail */
	for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
		if (strlen(allowed[i]) == scheme && !g_ascii_strncasecmp(url, allowed[i], scheme))
			return true;
	}
	return false;
}

/* One string in, one out. The GString is bound to nothing that Lua knows, so no Lua call that can raise stands between its
 * making and its end, but the last: out of memory there ends the worker, and the string with it. */
static int convert(lua_State *L, bool (*renderer)(GString *, const char *, size_t))
{
	size_t size;
	luaL_checktype(L, 1, LUA_TSTRING);
	const char *text = lua_tolstring(L, 1, &size);
	if (size > MARKDOWN_BYTES)
		return luaL_error(L, "the text is longer than %d bytes", (int)MARKDOWN_BYTES);
	GString *out = g_string_sized_new(size + size / 4);
	if (!renderer(out, text, size)) {
		g_string_free(out, TRUE);
		return luaL_error(L, "the Markdown can't be rendered");
	}
	lua_pushlstring(L, out->str, out->len);
	g_string_free(out, TRUE);
	return 1;
}

static bool plain(GString *out, const char *html, size_t size)
{
	html_text(out, html, size, NULL);
	return true;
}

static int l_markdown_html(lua_State *L)
{
	return convert(L, markdown_html);
}

static int l_markdown_document(lua_State *L)
{
	return convert(L, markdown_document);
}

static int l_markdown_text(lua_State *L)
{
	return convert(L, markdown_text);
}

static int l_markdown_plain(lua_State *L)
{
	return convert(L, plain);
}

static const luaL_Reg functions[] = {
	{ "html", l_markdown_html },
	{ "document", l_markdown_document },
	{ "text", l_markdown_text },
	{ "plain", l_markdown_plain },
	{ NULL, NULL },
};

void markdown_open(lua_State *L)
{
	luaL_checkstack(L, 3, NULL);
	luaL_newlib(L, functions);
}
