-- SPDX-License-Identifier: MIT
-- Liquid: what the published cases (liquid_golden_test.lua) leave open, and where errors are.
package.path = "stdlib/?.lua;tests/lua/?.lua;" .. package.path

local json = require "liquid.json"
local liquid = require "liquid"
local tap = require "tap"

local function render(source, data, options)
  return liquid.render(liquid.parse(source, { name = "t.md" }), { data or {} }, options)
end

-- name, template, data, wanted
local cases = {
  { "a name in capitals keeps its accents", "{{ n | upcase }}", { n = "léa ström" }, "LÉA STRÖM" },
  { "lower case knows Greek and Cyrillic", "{{ n | downcase }}", { n = "ΑΘΉΝΑ МОСКВА" }, "αθήνα москва" },
  { "capitalize makes one letter big and the rest small", "{{ n | capitalize }}", { n = "éLODIE" }, "Élodie" },
  { "the sharp s becomes two letters", "{{ 'straße' | upcase }}", {}, "STRASSE" },
  { "size counts characters, not bytes", "{{ 'naïve' | size }}", {}, "5" },
  { "truncate cuts between characters", "{{ 'éééééééé' | truncate: 5, '…' }}", {}, "éééé…" },
  { "slice takes characters", "{{ 'été' | slice: 1, 2 }}", {}, "té" },
  { "a plain table is an array if it has a first item", "{{ l | join: '-' }}", { l = { "a", "b" } }, "a-b" },
  { "members of a plain table come sorted", "{% for p in h %}{{ p[0] }}{% endfor %}", { h = { c = 1, a = 2, b = 3 } }, "abc" },
  { "and binds as or does, from the right", "{% if true or false and false %}yes{% endif %}", {}, "yes" },
  { "only nil and false are false", "{% if 0 and '' and l %}yes{% endif %}", { l = {} }, "yes" },
  { "an assigned nil hides the data", "{% assign a = none %}[{{ a }}]", { a = "x" }, "[]" },
  { "white space goes where the dashes ask", "a {{- 'b' -}} c", {}, "abc" },
  { "a reversed loop takes its part first", "{% for i in (1..5) reversed limit: 3 %}{{ i }}{% endfor %}", {}, "321" },
  { "a date in ISO form", "{{ '2026-11-24' | date: '%A %-d %B %Y' }}", {}, "Tuesday 24 November 2026" },
  { "a date and time with its zone", "{{ '2026-11-24T09:05:00+01:00' | date: '%H:%M %z %s' }}", {}, "09:05 +0100 1795507500" },
  { "a date before the epoch", "{{ '1969-07-20' | date: '%j %a %U' }}", {}, "201 Sun 29" },
  { "the week of ISO 8601 at the turn of a year", "{{ '2027-01-01' | date: '%G-W%V-%u' }}", {}, "2026-W53-5" },
  { "a text that is no date stays", "{{ 'soon' | date: '%Y' }}", {}, "soon" },
  { "decimals add up as people expect", "{{ 0.1 | plus: 0.2 }} {{ 1.1 | times: 3 }}", {}, "0.3 3.3" },
  { "a price is rounded half up", "{{ 2.675 | round: 2 }} {{ 2.5 | round }} {{ -2.5 | round }}", {}, "2.68 3 -3" },
  { "big integers stay exact", "{{ 9007199254740993 | plus: 1 }}", {}, "9007199254740994" },
  { "floats print in few digits", "{{ f }} {{ g }} {{ h }}", { f = 1e20, g = 1.5e-7, h = 100.0 }, "1.0e+20 1.5e-07 100.0" },
  { "a filter's text may hold a quote of the other kind", [[{{ "it's" | append: '"' }}]], {}, [[it's"]] },
  { "an offset goes on where a loop stopped", "{% for i in a limit: 2 %}{{ i }}{% endfor %}-{% for i in a offset: continue %}{{ i }}{% endfor %}",
    { a = { 1, 2, 3 } }, "12-3" },
}
for _, case in ipairs(cases) do
  local ok, got = pcall(render, case[2], case[3])
  tap.is(ok and got or got.text, case[4], case[1])
end

-- name, template, line, column, part of the text
local errors = {
  { "an output that is not closed", "a\nb {{ c", 2, 3, "not closed" },
  { "a tag that is not closed", "{% if a %}\n  x", 1, 1, "if is not closed by endif" },
  { "an end without a beginning", "x\n\n {% endfor %}", 3, 2, "no block" },
  { "the wrong end", "{% if a %}{% endfor %}", 1, 11, "closed by endif" },
  { "an unknown tag", "é {% wile x %}", 1, 3, "no tag named wile" },
  { "an unknown filter, with a suggestion", "{{ a | upcas }}", 1, 8, "did you mean upcase?" },
  { "an unknown filter in a later line", "{{ a |\n  frobnicate }}", 2, 3, "no filter named frobnicate" },
  { "too many arguments", "{{ a | append: 'b', 'c' }}", 1, 8, "append takes 1 argument" },
  { "an unknown option of a filter", "{{ a | default: 'b', alow_false: true }}", 1, 8, "no option named alow_false" },
  { "a text that is not closed", "{{ 'a }}", 1, 4, "not closed" },
  { "an operator that is none", "{% if a startswith b %}{% endif %}", 1, 9, "the end" },
  { "a partial that is not there", "x\n{% render 'y' %}", 2, 1, "no partial named y" },
  { "a comparison of text and number", "\n{% if 'a' < 1 %}{% endif %}", 2, 7, "can't be compared" },
  { "a division by zero", "{{ 1 | divided_by: 0 }}", 1, 8, "division by zero" },
}
for _, case in ipairs(errors) do
  local ok, e = pcall(render, case[2])
  tap.ok(not ok and type(e) == "table" and e.where == "t.md:" .. case[3] and e.line == case[3] and e.column == case[4]
    and e.text:find(case[5], 1, true), case[1] .. " is an error with its place",
    ok and "no error: " .. e or type(e) == "table" and string.format("%s:%s: %s", e.where, e.column, e.text) or e)
end

local function partial(name)
  if name == "self" then return liquid.parse("{% render 'self' %}", { name = "self" }) end
end
local ok, e = pcall(render, "{% render 'self' %}", {}, { partial = partial })
tap.ok(not ok and e.text:find("deep", 1, true), "a partial that renders itself is an error")
ok, e = pcall(render, ("{% if a %}"):rep(5000))
tap.ok(not ok and e.text:find("deep", 1, true), "blocks that stand in each other too deep are an error")
ok, e = pcall(render, "{{ (1..999999999999) | join: '' }}")
tap.ok(not ok and e.text:find("range", 1, true), "a huge range is an error")

local data = json.read '{"z":1,"a":[null,{},[]],"e":"\\u00e9\\ud83d\\ude00","f":1.50,"i":-7}'.map
tap.is(render("{{ e }} {{ f }} {{ i }} {{ a | size }} {{ a | last }}{{ a[1] }}", data), "é😀 1.5 -7 3 {}", "JSON data keep what they are")
for _, bad in ipairs { "", "{", '{"a"}', "[1,]", '"a', "tru", "1 2", '{"a":1,}' } do
  local fine, why = pcall(json.read, bad)
  tap.ok(not fine and type(why) == "table" and why.where:find("^data:"), "JSON that is torn is an error: " .. bad)
end

local t = liquid.parse("{% cycle 'a', 'b' %}{% increment n %}{% assign x = 1 %}")
tap.is(liquid.render(t, { {} }) .. liquid.render(t, { {} }), "a0a0", "a template keeps nothing from one rendering to the next")
tap.done()
