/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/* Markdown in both its forms, templates through it, and data that try to be markup. */
#include "base/embed.h"
#include "worker/markdown.h"

#include <lauxlib.h>
#include <locale.h>
#include <lualib.h>
#include <string.h>

typedef struct Case {
	const char *name, *markdown, *html, *text;
} Case;

static const Case cases[] = {
	{ "paragraphs", "Hi Zoé,\n\nBye & <b>!\n", "<p>Hi Zoé,</p>\n<p>Bye &amp; &lt;b&gt;!</p>\n", "Hi Zoé,\n\nBye & <b>!\n" },
	{ "emphasis", "a *b* **c** `d*`", "<p>a <em>b</em> <strong>c</strong> <code>d*</code></p>\n", "a b c d*\n" },
	{ "heading", "# Big\nsmall", "<h1>Big</h1>\n<p>small</p>\n", "Big\n\nsmall\n" },
	{ "link", "see [our *page*](https://a.example/x?a=1&b=2 \"t\").", "<p>see <a href=\"https://a.example/x?a=1&amp;b=2\" title=\"t\">our <em>page</em></a>.</p>\n",
	  "see our page (https://a.example/x?a=1&b=2).\n" },
	{ "link whose text is its target", "<https://a.example> <lea@b.example>",
	  "<p><a href=\"https://a.example\">https://a.example</a> <a href=\"mailto:lea@b.example\">lea@b.example</a></p>\n",
	  "https://a.example lea@b.example\n" },
	{ "bare link", "at https://a.example/a_b_c, (http://b.example/x). xhttp://no.example",
	  "<p>at <a href=\"https://a.example/a_b_c\">https://a.example/a_b_c</a>, (<a href=\"http://b.example/x\">http://b.example/x</a>). xhttp://no.example</p>\n",
	  "at https://a.example/a_b_c, (http://b.example/x). xhttp://no.example\n" },
	{ "link that does harm", "[x](javascript:alert(1)) [y](data:text/html,z) ![z](file:///etc/passwd)",
	  "<p><a>x</a> <a>y</a> <img alt=\"z\"></p>\n", "x y z\n" },
	{ "link that does harm in disguise", "[x](JaVaScRiPt&#58;alert(1)) [y](java&#115;cript:z)", "<p><a>x</a> <a>y</a></p>\n", "x y\n" },
	{ "tight list", "a:\n- b\n- c\n  1. d\n  2. e\n\nf", "<p>a:</p>\n<ul>\n<li>b</li>\n<li>c<ol>\n<li>d</li>\n<li>e</li>\n</ol>\n</li>\n</ul>\n<p>f</p>\n",
	  "a:\n\n- b\n- c\n  1. d\n  2. e\n\nf\n" },
	{ "loose list", "- a\n\n  b\n\n- c", "<ul>\n<li><p>a</p>\n<p>b</p>\n</li>\n<li><p>c</p>\n</li>\n</ul>\n", "- a\n\n  b\n\n- c\n" },
	{ "list that does not begin at one", "7. a\n8. b", "<ol start=\"7\">\n<li>a</li>\n<li>b</li>\n</ol>\n", "7. a\n8. b\n" },
	{ "quote", "> a\n> b\n>\n> c\n\nd", "<blockquote>\n<p>a\nb</p>\n<p>c</p>\n</blockquote>\n<p>d</p>\n", "> a b\n>\n> c\n\nd\n" },
	{ "line break", "Best,  \nLéa\\\nMartin", "<p>Best,<br>\nLéa<br>\nMartin</p>\n", "Best,\nLéa\nMartin\n" },
	{ "code block", "```\na <b>\n\n  c\n```", "<pre><code>a &lt;b&gt;\n\n  c\n</code></pre>\n", "a <b>\n\n  c\n" },
	{ "rule", "a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n", "a\n\n* * *\n\nb\n" },
	{ "entities", "&copy; &eacute; &#x1F600; &unknown; AT&T", "<p>© é 😀 &unknown; AT&amp;T</p>\n", "© é 😀 &unknown; AT&T\n" },
	{ "image", "![a *cat*](https://a.example/c.png)", "<p><img src=\"https://a.example/c.png\" alt=\"a cat\"></p>\n", "a cat\n" },
	{ "empty item", "- \n- b", "<ul>\n<li></li>\n<li>b</li>\n</ul>\n", "- \n- b\n" },
	{ "an end without its beginning", "[a](x**y) b**", "<p><a href=\"x**y\">a</a> b</p>\n", "a (x**y) b\n" },
	{ "a label that ends its line", "[\\\n](xf)", "<p><a href=\"xf\"><br>\n</a></p>\n", "\n (xf)\n" },
	{ "nothing", "", "", "" },
};

static void test_forms(gconstpointer data)
{
	const Case *c = data;
	g_autoptr(GString) html = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_assert_true(markdown_html(html, c->markdown, strlen(c->markdown)));
	g_assert_true(markdown_text(text, c->markdown, strlen(c->markdown)));
	g_assert_cmpstr(html->str, ==, c->html);
	g_assert_cmpstr(text->str, ==, c->text);
}

/* Documents have tables, which mails have not. What is guarded (a bar, here) is of no table. */
static void test_tables(void)
{
#define BAR "\xF4\x8F\x9D\xBC" /* U+10F77C */
	static const char *const tables[][2] = {
		{ "| a | b |\n| --- | --: |\n| *c* | d |", "<table>\n<thead>\n<tr><th>a</th><th style=\"text-align:right\">b</th></tr>\n</thead>\n<tbody>\n"
		  "<tr><td><em>c</em></td><td style=\"text-align:right\">d</td></tr>\n</tbody>\n</table>\n" },
		{ "| a |\n| :--: |\n| x" BAR "y <b> |", "<table>\n<thead>\n<tr><th style=\"text-align:center\">a</th></tr>\n</thead>\n<tbody>\n"
		  "<tr><td style=\"text-align:center\">x|y &lt;b&gt;</td></tr>\n</tbody>\n</table>\n" },
		{ "a | b", "<p>a | b</p>\n" }, { "# One\n\ntwo", "<h1>One</h1>\n<p>two</p>\n" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autoptr(GString) page = g_string_new(NULL);
		g_assert_true(markdown_document(page, tables[i][0], strlen(tables[i][0])));
		g_assert_cmpstr(page->str, ==, tables[i][1]);
	}
	g_autoptr(GString) mail = g_string_new(NULL);
	g_assert_true(markdown_html(mail, tables[0][0], strlen(tables[0][0])));
	g_assert_null(strstr(mail->str, "<table"));
}

/* require for the stdlib that is compiled in. */
static int search(lua_State *L)
{
	g_autofree char *path = g_strdelimit(g_strdup(luaL_checkstring(L, 1)), ".", '/');
	g_autofree char *name = g_strconcat(path, ".lua", NULL);
	for (const Embedded *file = embedded_stdlib; file->name; file++) {
		if (!strcmp(file->name, name))
			return luaL_loadbuffer(L, file->data, file->size, name) == LUA_OK ? 1 : lua_error(L);
	}
	return 0;
}

/* Data that would be markup if they could, and a template that puts them where markup may stand. */
static const char *const hostile[] = {
	"Zoé *B*", "_a_ __b__", "# not a heading", "- not\n- a list", "1. no\n2. list", "> no quote", "a\n\n\nb", "    four spaces", "[x](javascript:alert(1))",
	"<script>alert(1)</script>", "<b onclick='x'>", "&lt;i&gt; &amp;", "`code`", "```\nfence", "a | b", "\\*", "![x](http://a.example/x.png)",
	"[a]: http://b.example", "===", "---", "\"quoted\" 'twice'", "a\tb", "<http://auto.example>", "x@y.example", "a  \nb", "~~~", "2 < 3 && 4 > 1",
};

static const char run[] =
	"local template, value = require 'template', ...\n"
	"local t = template.compile { { name = 't.md', source = '---\\nsubject: x\\n---\\nBegin\\n\\n{{ v }}\\n\\nmid {{ v }} end\\n' } }\n"
	"local r, text = template.render(t, { vars = { v = value } }, { channel = 'email' })\n"
	"if not r then error(text) end\n"
	"return r.text, r.html\n";

static lua_State *open_state(void)
{
	lua_State *L = luaL_newstate();
	luaL_openlibs(L);
	lua_getglobal(L, "package");
	lua_getfield(L, -1, "searchers");
	lua_pushcfunction(L, search);
	lua_rawseti(L, -2, 2);
	lua_getfield(L, -2, "loaded");
	markdown_open(L);
	lua_setfield(L, -2, "markdown");
	lua_settop(L, 0);
	return L;
}

static void test_data_are_text(void)
{
	lua_State *L = open_state();
	for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++) {
		lua_settop(L, 0);
		g_assert_cmpint(luaL_loadstring(L, run), ==, LUA_OK);
		lua_pushstring(L, hostile[i]);
		if (lua_pcall(L, 1, 2, 0) != LUA_OK)
			g_error("%s: %s", hostile[i], lua_tostring(L, -1));
		g_autofree char *text = g_strdup_printf("mid %s end\n", hostile[i]);
		g_assert_nonnull(strstr(lua_tostring(L, 1), text));
		/* Of all tags in the HTML only those of the template's two kinds of block and line ends of data. */
		const char *html = strstr(lua_tostring(L, 2), "<body>") + 6;
		for (const char *tag = html; (tag = strchr(tag, '<')); tag++) {
			if (!g_str_has_prefix(tag, "<p>") && !g_str_has_prefix(tag, "</p>") && !g_str_has_prefix(tag, "<br>") &&
			    !g_str_has_prefix(tag, "</body>") && !g_str_has_prefix(tag, "</html>"))
				g_error("data made markup of %s: %s", hostile[i], html);
		}
	}
	lua_close(L);
}

static char *render_html(lua_State *L, const char *source, const char *value)
{
	lua_settop(L, 0);
	luaL_loadstring(L, "local template, source, value = require 'template', ...\n"
		"local t = template.compile { { name = 't.md', source = '---\\nsubject: x\\n---\\n' .. source } }\n"
		"local r, text = template.render(t, { vars = { v = value } }, { channel = 'email' })\n"
		"return r and r.html or text");
	lua_pushstring(L, source);
	lua_pushstring(L, value);
	g_assert_cmpint(lua_pcall(L, 2, 1, 0), ==, LUA_OK);
	return g_strdup(lua_tostring(L, -1));
}

static void test_data_in_places(void)
{
	static const struct {
		const char *source, *value, *wanted;
	} places[] = {
		{ "Code: `{{ v }}`", "SUMMER-20*", "<code>SUMMER-20*</code>" },
		{ "[site]({{ v }})", "https://a.example/x y?q=1&r=(2)", "<a href=\"https://a.example/x%20y?q=1&amp;r=(2)\">site</a>" },
		{ "[site]({{ v }})", "javascript:alert(1)", "<a>site</a>" },
		{ "[site](https://a.example/{{ v }})", "\"><script>", "<a href=\"https://a.example/%22%3E%3Cscript%3E\">site</a>" },
		{ "At https://a.example/r/{{ v }}.", "a-b_c", "<a href=\"https://a.example/r/a-b_c\">https://a.example/r/a-b_c</a>." },
		{ "At {{ v }}, yes", "https://a.example/x_y", "<a href=\"https://a.example/x_y\">https://a.example/x_y</a>, yes" },
		{ "**{{ v }}**", "Zoé!", "<strong>Zoé!</strong>" },
		{ "- {{ v }}\n- x", "a\nb", "<li>a<br>\nb</li>" },
		{ "{{ v | escape }}", "a<b", "<p>a&lt;b</p>" },
		{ "{{ v | raw }}", "*a*", "<em>a</em>" },
		{ "Best,\nLéa", "", "Best,<br>\nLéa" },
		{ "Best,\\\nLéa", "", "Best,<br>\nLéa" },
		{ "Best,  \nLéa", "", "Best,<br>\nLéa" },
		{ "A line that was broken because it was full up to\nhere.", "", "up to\nhere." },
	};
	lua_State *L = open_state();
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *html = render_html(L, places[i].source, places[i].value);
		if (!strstr(html, places[i].wanted))
			g_error("%s with %s: %s", places[i].source, places[i].value, html);
	}
	lua_close(L);
}

static void test_html_to_text(void)
{
	static const char script[] = "return require('markdown').plain(...)";
	static const char html[] = "<html><head><title>no</title><style>p{}</style></head><body><p>Hi&nbsp;<b>Zo&eacute;</b>,</p>"
		"<ul><li>a<li>b</ul>see <a href=\"https://a.example/?a=1&amp;b=2\">this</a><br>Bye<div style='display:none'>secret</div></body></html>";
	lua_State *L = open_state();
	g_assert_cmpint(luaL_loadstring(L, script), ==, LUA_OK);
	lua_pushstring(L, html);
	g_assert_cmpint(lua_pcall(L, 1, 1, 0), ==, LUA_OK);
	g_assert_cmpstr(lua_tostring(L, -1), ==, "Hi Zoé,\n\n- a\n- b\n\nsee this (https://a.example/?a=1&b=2)\nBye\n");
	lua_close(L);
}

static void test_odd_input(void)
{
	/* Whatever comes, it ends, and text stays text. */
	for (guint32 seed = 1; seed <= 300; seed++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
		static const char signs[] = "*_`[]()<>!#->+=~\\&;:/ \n\n\taé1.\"'|@";
		g_autoptr(GString) source = g_string_new(NULL);
		for (int i = 0; i < 400; i++)
			g_string_append_c(source, signs[g_rand_int_range(rand, 0, sizeof signs - 1)]);
		g_autoptr(GString) html = g_string_new(NULL);
		g_autoptr(GString) text = g_string_new(NULL);
		g_assert_true(markdown_html(html, source->str, source->len));
		g_assert_true(markdown_text(text, source->str, source->len));
		g_assert_null(strstr(html->str, "javascript:"));
		g_autoptr(GString) page = g_string_new(NULL);
		g_assert_true(markdown_document(page, source->str, source->len));
		g_assert_null(strstr(page->str, "javascript:"));
	}
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/markdown/it has the two forms: %s", cases[i].name);
		g_test_add_data_func(path, &cases[i], test_forms);
	}
	g_test_add_func("/markdown/documents have tables", test_tables);
	g_test_add_func("/markdown/a contact's data are text wherever they stand", test_data_are_text);
	g_test_add_func("/markdown/a contact's data work in code, links and lists", test_data_in_places);
	g_test_add_func("/markdown/HTML becomes text to be read", test_html_to_text);
	g_test_add_func("/markdown/no input does harm", test_odd_input);
	return g_test_run();
}
