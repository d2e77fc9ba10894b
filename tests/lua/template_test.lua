-- SPDX-License-Identifier: MIT
-- Templates: front matter, variants, locales, gaps, subjects, and data that try to be markup. Markdown itself is stood in for by
-- a module that only turns guarded characters back (tests/c/markdown_test.c has the real one).
package.path = "stdlib/?.lua;tests/lua/?.lua;" .. package.path

local function plain(text)
  return (text:gsub("\xF4\x8F[\x9C\x9D][\x80-\xBF]", function(char)
    return string.char(utf8.codepoint(char) - 0x10F700)
  end))
end
local entities = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" }
package.preload.markdown = function()
  return {
    text = plain,
    document = function(text) return "<p>" .. plain(text):gsub("[<>&]", entities) .. "</p>\n" end,
    html = function(text) return "<p>" .. plain(text):gsub("[<>&]", entities) .. "</p>\n" end,
    plain = function(html) return (html:gsub("<[^>]*>", "")) end,
  }
end

local tap = require "tap"
local template = require "template"

local function compile(source, name)
  return template.compile { { name = name or "intro.md", source = source } }
end

local zoe = { contact = { name = "Zoé Blanc", locale = "fr-CA", identities = { email = "zoe@c.example" }, fields = { topic = "bikes" } },
  account = { name = "Léa" }, sequence = "intro", vars = { price = 5 } }

-- Rendering ----------------------------------------------------------------------------------------------------------
-- name, source, wanted text
local texts = {
  { "a contact's name and field", "Hi {{ first_name }}, {{ topic }}\n", "Hi Zoé, bikes" },
  { "vars, account, sequence, contact", "{{ price }} {{ account.name }} {{ sequence }} {{ contact.topic }} {{ contact.fields.topic }}\n", "5 Léa intro bikes bikes" },
  { "an identity by its channel", "{{ email }} {{ contact.email }}\n", "zoe@c.example zoe@c.example" },
  { "a default for what is missing", "{{ city | default: 'your city' }}\n", "your city" },
  { "a default out of the data", "{{ city | default: topic }}\n", "bikes" },
  { "a condition on what is missing", "{% if city %}in {{ city }}{% else %}nowhere{% endif %}\n", "nowhere" },
  { "a loop over nothing that says so", "{% for x in works %}{{ x }}{% else %}none{% endfor %}\n", "none" },
  { "data with marks stay as they are", "{{ topic }}{{ vars_are_not_here | default: '*_[x](y)<b>`' }}\n", "bikes*_[x](y)<b>`" },
  { "captured text is not escaped twice", "{% capture x %}*{{ first_name }}!*{% endcapture %}{{ x }}\n", "*Zoé!*" },
  { "an escape that is asked for changes nothing in Markdown", "{{ 'a<b' | escape }}\n", "a<b" },
}
for _, case in ipairs(texts) do
  local result, text, where = template.render(compile(case[2]), zoe, { channel = "instagram" })
  tap.is(result and result.text or where .. ": " .. text, case[3], "a template renders " .. case[1])
end

-- Words, money and dates by language: source, locale, wanted text.
local wordings = {
  { "{{ 'Zoé Blanc' | first_word }}", "en", "Zoé" },
  { "{{ 'Ana' | possessive }} {{ 'Lucas' | possessive }}", "en", "Ana's Lucas'" },
  { "{{ 'Ana' | possessive }} {{ 'Zoé' | possessive }} {{ 'Élodie' | possessive }} {{ 'Hugo' | possessive }}", "fr", "d'Ana de Zoé d'Élodie d'Hugo" },
  { "{{ 'Ana' | possessive }} {{ 'Max' | possessive }}", "de-AT", "Anas Max'" },
  { "{{ 'Ana' | possessive: 'it' }} {{ 'Ana' | possessive: 'es' }} {{ 'Ana' | possessive }}", "xx", "di Ana de Ana Ana's" },
  { "{{ 1 | ordinal }} {{ 2 | ordinal }} {{ 3 | ordinal }} {{ 4 | ordinal }} {{ 11 | ordinal }} {{ 113 | ordinal }} {{ 121 | ordinal }}", "en",
    "1st 2nd 3rd 4th 11th 113th 121st" },
  { "{{ 1 | ordinal }} {{ 2 | ordinal }} {{ 3 | ordinal: 'de' }} {{ 'x' | ordinal }} {{ 1 | ordinal: 'es' }}", "fr", "1er 2e 3. x 1.º" },
  { "{{ 1234.5 | money }} {{ 500 | money: 'USD' }} {{ -0.005 | money }} {{ -12 | money: 'CHF' }} {{ 1999.5 | money: 'JPY' }}", "en",
    "€1,234.50 $500 -€0.01 -CHF\u{A0}12 ¥2,000" },
  { "{{ '1234567.891' | money: 'eur' }}", "fr", "1\u{202F}234\u{202F}567,89\u{A0}€" },
  { "{{ 1234 | money }} {{ 12345 | money }}", "es", "1234\u{A0}€ 12.345\u{A0}€" },
  { "{{ '2026-11-23' | localized_date }}, {{ '2026-11-23' | localized_date: 'long' }}, {{ '2026-11-03' | localized_date: 'short' }}", "en",
    "23 November 2026, Monday 23 November 2026, 03/11/2026" },
  { "{{ '2026-11-23' | localized_date }}, {{ '2026-11-23' | localized_date: 'short' }}", "en-US", "November 23, 2026, 11/23/2026" },
  { "{{ '2026-12-01' | localized_date: 'long' }} {{ 1795392000 | localized_date: 'day' }}", "fr", "mardi 1er décembre 2026 23 novembre" },
  { "{{ '2026-12-01' | localized_date }} {{ '2026-03-02' | localized_date: 'weekday' }}", "it", "1º dicembre 2026 lunedì" },
  { "{{ '2026-03-02' | localized_date: 'long' }}", "es", "lunes, 2 de marzo de 2026" },
  { "{{ '2026-03-02' | localized_date: 'long' }} {{ '2026-03-02' | localized_date: 'medium', 'en' }}", "de", "Montag, 2. März 2026 2 March 2026" },
}
for _, case in ipairs(wordings) do
  local result, text = template.render(compile(case[1] .. "\n"), zoe, { channel = "instagram", locale = case[2] })
  tap.is(result and result.text or text, case[3], ("%s in %s"):format(case[1], case[2]))
end
for _, case in ipairs { { "{{ 'soon' | localized_date }}", "this is no date: soon" }, { "{{ 'much' | money }}", "this is no amount: much" },
  { "{{ 5 | money: 'euro' }}", 'such as "EUR", not EURO' }, { "{{ '2026-01-01' | localized_date: 'huge' }}", 'not huge' } } do
  local result, text = template.render(compile(case[1] .. "\n"), zoe, { channel = "instagram" })
  tap.ok(not result and text:find(case[2], 1, true), case[1] .. " is an error that says so")
end
tap.ok(not pcall(require("liquid").parse, "{{ 5 | money }}", { name = "x" }), "plain Liquid has no filter of the templates' own")

-- Partials -----------------------------------------------------------------------------------------------------------
local function with_partials(source, name)
  return template.compile {
    { name = name or "intro.md", source = source },
    { name = "_offer.md", source = "{{ price }} for {{ first_name }}{% if extra %} and {{ extra }}{% endif %}\n" },
    { name = "_offer.fr.md", source = "{{ price }} pour {{ first_name }}" },
    { name = "_signature.md", source = "{{ account.name }}\n" }, { name = "_signature.html", source = "<b>{{ account.name }}</b>" },
    { name = "_footer.md", source = "No more? Say {{ word | default: 'stop' }}." },
  }
end
local function partial_text(source, options, name)
  local result, text, where = template.render(with_partials(source, name), zoe, options)
  return result and (result.html and not options.plain and result.html or result.text) or where .. ": " .. text
end
tap.is(partial_text("A: {% render 'offer', extra: 'x' %}.\n", { channel = "instagram" }), "A: 5 for Zoé and x.", "render puts a partial in, with the contact's data")
tap.is(partial_text("{% assign extra = 'y' %}{% render '_offer' %} {% include 'offer' %}\n", { channel = "instagram" }), "5 for Zoé 5 for Zoé and y",
  "render keeps the template's own names out, include does not")
tap.is(partial_text("{% render 'offer' %}\n", { channel = "instagram", locale = "fr-CA" }), "5 pour Zoé", "a partial is taken in the contact's language")
local email = "---\nsubject: S\n%s---\nHi\n%s"
tap.is(partial_text(email:format("", ""), { channel = "email", plain = true, html = false }), "Hi\n\nLéa\n\nNo more? Say stop.\n", "an e-mail ends with signature and footer")
tap.is(partial_text(email:format("signature: no\n", ""), { channel = "email", html = false }), "Hi\n\nNo more? Say stop.\n", "signature: no leaves it out")
tap.is(partial_text(email:format("footer: no\n", "\n{% render 'signature' %}!\n"), { channel = "email", html = false }), "Hi\n\nLéa!\n", "a signature that is put in is not put in again")
tap.is(partial_text("---\nsubject: S\n---\n<body>Hi</body>\n", { channel = "email" }, "intro.html"), "<body>Hi<b>Léa</b>\n</body>\n", "in HTML it stands within the page")
tap.is(partial_text("Hi\n", { channel = "instagram" }), "Hi", "a chat message ends without them")
local _, declared = with_partials("{% render 'offer' %}\n")
tap.is(table.concat(declared.uses, " "), "account extra first_name price word", "what partials use is declared")
local ok, failure = pcall(with_partials, "Hi\n\n{% render 'ofer' %}\n")
tap.ok(not ok and failure.where == "intro.md:3" and failure.text:find("templates/_ofer.md", 1, true), "a partial that is not there is told with its place")
ok, failure = pcall(with_partials, "---\nfooter: perhaps\n---\nHi\n")
tap.ok(not ok and failure.text:find("footer must be yes or no", 1, true), "footer is yes or no")

-- What can be said without data: name, file, source, wanted findings ("line text", * for a fault)
local finds = {
  { "a link without its host", "a.md", "[x](/offer) [y](https://a.example/b) [z]({{ link }})\n", "*1 the link /offer" },
  { "a link in HTML", "a.html", "<p>\n<a href='www.brand.example'>x</a> <a href=\"mailto:a@b.example\">y</a>\n", "*2 the link www.brand.example" },
  { "a link without an address, in a variant", "a.md", "Hi\n--- channel: sms\n[x]()\n", "*3 a link without an address" },
  { "text that looks like a link in plain text", "a.txt", "[x](/offer)\n", "" },
  { "a text that is too long for Instagram in bytes", "a.md", "Hi\n--- channel: instagram\n" .. ("é"):rep(501) .. "\n", "*3 the text has 1003 bytes before anything is filled in; instagram takes 1000" },
  { "a text that fits in characters", "a.md", "Hi\n--- channel: messenger\n" .. ("é"):rep(1999) .. "\n", "" },
  { "an SMS of many parts", "a.md", "--- channel: sms\n" .. ("a"):rep(460) .. "\n", "2 an SMS of 4 parts (GSM-7) costs as many messages" },
}
for _, case in ipairs(finds) do
  local _, declarations = compile(case[3], case[2])
  local said = {}
  for i, one in ipairs(declarations.findings) do said[i] = (one.fault and "*" or "") .. one.line .. " " .. one.text end
  tap.is(table.concat(said, "; "):sub(1, #case[4] > 0 and #case[4] or nil), case[4], "check sees " .. case[1])
end
local channels = require "channels"
for _, case in ipairs { { ("a"):rep(160), 1 }, { ("a"):rep(161), 2 }, { ("€"):rep(80), 1 }, { ("€"):rep(81), 2 }, { ("ы"):rep(70), 1 },
  { ("ы"):rep(71), 2 }, { ("😀"):rep(35), 1 }, { ("😀"):rep(36), 2 }, { "", 1 } } do
  tap.is(tostring(channels.parts(case[1])), tostring(case[2]), ("%d bytes of SMS are cut into parts"):format(#case[1]))
end
tap.is(table.concat({ channels.length("telegram", "a😀") }, " "), "3 4096 UTF-16 units", "Telegram counts UTF-16")

-- name, source, line, part of the text
local gaps = {
  { "a field that is missing", "Hi\n{{ city }}\n", 2, "city is missing" },
  { "a field of contact that is missing", "Hi\n\n{{ contact.fields.city }}\n", 3, "contact.fields.city is missing" },
  { "an empty field", "{{ nick }}\n", 1, "nick is missing" },
  { "a missing argument of a filter", "{{ 'Dear ' | append: city }}\n", 1, "city is missing" },
  { "a filter on what is missing", "{{ city | upcase }}\n", 1, "city is missing" },
  { "a loop over what is missing", "{% for x in works %}{{ x }}{% endfor %}\n", 1, "works is missing" },
  { "an assigned gap", "{% assign x = city %}{{ x }}\n", 1, "x is missing" },
  { "a default that is missing too", "{{ city | default: town }}\n", 1, "city is missing" },
  { "a gap in the subject", "---\npurpose: ask\nsubject: For {{ city }}\n---\nHi\n", 3, "city is missing" },
  { "a subject of two lines", "---\nsubject: a {{ lines }}\n---\nHi\n", 2, "control character" },
  { "a text that is empty", "{% if city %}x{% endif %}\n", 1, "empty" },
}
zoe.contact.fields.nick, zoe.contact.fields.lines = "", "b\r\nBcc: x@y.example"
for _, case in ipairs(gaps) do
  local result, text, where = template.render(compile(case[2]), zoe, { channel = "instagram" })
  tap.ok(result == nil and where == "intro.md:" .. case[3] and text:find(case[4], 1, true), case[1] .. " is refused with its place",
    result and result.text or where .. ": " .. text)
end

-- Subjects -----------------------------------------------------------------------------------------------------------
local mail = compile "---\nsubject: A question, {{ first_name }}\npreheader: Short & sweet\n---\nHi\n"
local function subject(t, options)
  options.channel = "email"
  local result, text = template.render(t, zoe, options)
  return result and result.subject or text
end
tap.is(subject(mail, {}), "A question, Zoé", "a first mail has its own subject")
for _, given in ipairs { "Bikes", "Re: Bikes", "RE: re: Bikes", "Re[2]: Bikes", " re : Bikes" } do
  tap.is(subject(mail, { thread_subject = given }), "Re: Bikes", "a follow-up has the thread's subject with one Re:, from " .. given)
end
tap.ok(subject(compile "Hi\n", {}):find("subject is missing", 1, true), "a first mail without a subject is refused")
tap.is(subject(compile "Hi\n", { thread_subject = "Bikes" }), "Re: Bikes", "a follow-up needs no subject of its own")

local result = template.render(mail, zoe, { channel = "email" })
tap.ok(result.html:find("Short &amp; sweet</div>", 1, true) and result.html:find("^<!DOCTYPE html>"), "the preheader opens the HTML part, unseen")
tap.is(result.text, "Hi\n", "the text part ends with one line end")
tap.is(template.render(mail, zoe, { channel = "email", html = false }).html, nil, "no HTML part unless wanted")
tap.is(template.render(mail, zoe, { channel = "sms" }).html, nil, "no HTML part but in e-mail")

local pictured = template.compile { { name = "p.html", source = [[
---
subject: Hi
---
<img src="cid:logo.png" alt="our logo"> <img src="cid:a%20b.png"><IMG alt=x SRC = 'cid:f&amp;ü.png'> <img src='cid:logo.png'>
<a href="cid:x.png">no</a> <img src="https://x.example/cid:y.png"> <img title="src=cid:z.png">
]] } }
local shown = template.render(pictured, zoe, { channel = "email", boundary = "0f" })
tap.is(table.concat(shown.inline, "|"), "logo.png|a b.png|f&ü.png", "images of the message are named, each once")
local ids = {}
for id in shown.html:gmatch("cid:([^\"']+@inline)") do ids[#ids + 1] = id end
tap.is(table.concat(ids, " "), "1.0f@inline 2.0f@inline 3.0f@inline 1.0f@inline", "the HTML shows them by their Content-IDs")
tap.is(#template.render(pictured, zoe, { channel = "sms", boundary = "0f" }).inline, 0, "without HTML there are no images")

-- Locales and channels -----------------------------------------------------------------------------------------------
local t, declared = template.compile {
  { name = "intro.md", source = "---\nsubject: Hi\n---\nCommon\n--- channel: instagram, whatsapp\nShort\n" },
  { name = "intro.fr.md", source = "---\nsubject: Salut\n---\nCommun\n" },
  { name = "intro.fr-CA.md", source = "---\nsubject: Allo\n---\nQuébec\n" },
}
local function text(options)
  local got, why = template.render(t, zoe, options)
  return got and got.text or why
end
tap.is(text { channel = "sms" }, "Common", "without a locale the plain file")
tap.is(text { channel = "sms", locale = "fr-CA" }, "Québec", "a locale's own file")
tap.is(text { channel = "sms", locale = "fr_BE" }, "Commun", "else its language's")
tap.is(text { channel = "sms", locale = "de" }, "Common", "else the plain one")
tap.is(text { channel = "whatsapp", locale = "de" }, "Short", "a channel's variant")
tap.is(template.render(t, zoe, { channel = "instagram" }).variant, "instagram", "the variant is named")
tap.is(table.concat(declared.variants[1].channels, ","), "instagram,whatsapp", "variants are declared")
tap.is(declared.name .. declared.variants[1].subject .. declared.variants[2].locale, "introHifr", "name, subject and locale are declared")

-- Declarations -------------------------------------------------------------------------------------------------------
local _, d = compile [[
---
subject: {{ a }}
purpose: service
personal: no
attach: deck.pdf, {{ b }}.pdf
---
{{ c }} {{ d | default: e }} {% if f %}{{ f }} {{ g }}{% endif %} {% for x in h %}{{ x }} {{ forloop.index }}{% endfor %}
{% assign y = i | upcase %}{{ y }} {{ contact.fields.j }} {{ contact.k | default: "" }} {{ 'x' | append: l }}
{% case m %}{% when n %}1{% endcase %}{% unless o %}{% else %}{{ o }}{% endunless %}
]]
tap.is(table.concat(d.fields, " "), "a b c g h i j l", "fields are what is used without a default outside of conditions on it")
tap.is(table.concat(d.uses, " "), "a b c d e f g h i j k l m n o", "uses are all variables of the data")
tap.is(d.variants[1].purpose .. tostring(d.variants[1].personal) .. #d.variants[1].attach, "servicefalse2", "the front matter is declared")

-- Other kinds of file ------------------------------------------------------------------------------------------------
local html = compile("---\nsubject: x\n---\n<html><body class=a><p>{{ evil }} {{ evil | escape }} {{ evil | raw }}</p></body></html>\n", "x.html")
zoe.vars.evil = "<i>'&"
result = template.render(html, zoe, { channel = "email" })
tap.ok(result.html:find("<p>&lt;i&gt;&#39;&amp; &lt;i&gt;&#39;&amp; <i>'&</p>", 1, true), "HTML escapes once, by default, unless raw", result.html)
result = template.render(compile("---\nsubject: x\n---\n{{ evil }}\n", "x.txt"), zoe, { channel = "email" })
tap.ok(result.text == "<i>'&\n" and result.html == nil, "a text file is text, not escaped, without HTML")

-- Errors of the file -------------------------------------------------------------------------------------------------
local errors = {
  { "an unknown key", "---\nsubjct: x\n---\nHi\n", 2, "did you mean subject?" },
  { "a key given twice", "---\nsubject: x\nsubject: y\n---\nHi\n", 3, "twice" },
  { "a purpose that is none", "---\npurpose: sell\n---\nHi\n", 2, "ask, answer, service or news" },
  { "front matter that is not closed", "---\nsubject: x\nHi\n", 3, "key: value" },
  { "Liquid that is torn, in the front matter", "---\nsubject: {{ x\n---\nHi\n", 2, "not closed" },
  { "Liquid that is torn, in the text", "---\nsubject: x\n---\n\nHi\n{% if %}\n", 6, "a value" },
  { "Liquid that is torn, in a variant", "Hi\n--- channel: sms\nx\n{{ y | foo }}\n", 4, "no filter named foo" },
  { "a template without text", "---\nsubject: x\n---\n\n", 4, "no text" },
  { "two variants for a channel", "--- channel: sms\na\n--- channel: sms\nb\n", 4, "two variants" },
}
for _, case in ipairs(errors) do
  local ok, e = pcall(compile, case[2])
  tap.ok(not ok and type(e) == "table" and e.where == "intro.md:" .. case[3] and e.text:find(case[4], 1, true),
    case[1] .. " is an error with its place", not ok and (type(e) == "table" and e.where .. ": " .. e.text or e) or "no error")
end

-- Plain Liquid -------------------------------------------------------------------------------------------------------
local p = template.compile_plain { { name = "main.liquid", source = "{{ a }}{{ none }}{% render 'b', x: a %}" }, { name = "b.liquid", source = "[{{ x }}]" } }
tap.is(template.render_plain(p, '{"a":"<1>"}'), "<1>[<1>]", "plain Liquid leaves gaps blank and escapes nothing")
local none, why, where = template.render_plain(p, "{")
tap.ok(none == nil and why:find("JSON") and where == "data:1", "plain Liquid says where its data are torn")

-- Line ends that mean something
result = template.render(compile "Hi {{ first_name }},\n\nA paragraph that was broken because its line was full goes\non.\n\nBest,\nLéa\n", zoe, { channel = "sms" })
tap.ok(result.text:find("Best,  \nLéa", 1, true) and result.text:find("goes\non.", 1, true), "a line that ends early keeps its end", result.text)

-- Documents: name, source, data, wanted name of the file.
local function page(source, data, name)
  return template.render(compile(source, name or "brief.md"), data or zoe, { document = true, locale = "fr-CA" })
end
local files = {
  { "its own name and the person's", "Hi\n", zoe, "brief-zoé-blanc.html" },
  { "its title and the person's", "---\ntitle: Brief {{ topic }}!\n---\nHi\n", zoe, "brief-bikes-zoé-blanc.html" },
  { "a title that names the person already", "---\ntitle: For {{ name }}\n---\nHi\n", zoe, "for-zoé-blanc.html" },
  { "filename, as it is said", "---\ntitle: x\nfilename: Contrat n° {{ price }}.HTML\n---\nHi\n", zoe, "contrat-n-5.html" },
  { "nothing that leads elsewhere", "---\nfilename: ../../{{ topic }}/\\x\n---\nHi\n", zoe, "bikes-x.html" },
  { "no signs and no directions of text", "Hi\n", { contact = { name = "\u{202E}O'Neil \u{1F600} & Söhne" } }, "brief-oneil-söhne.html" },
  { "something where there is nothing", "---\nfilename: '?!'\n---\nHi\n", zoe, "document.html" },
  { "other scripts' letters", "Hi\n", { contact = { name = "Ана 李" } }, "brief-ана-李.html" },
}
for _, case in ipairs(files) do
  local result, text = page(case[2], case[3])
  tap.is(result and result.filename or text, case[4], "a document's file is called by " .. case[1])
end
tap.is(#page("---\ntitle: " .. ("long "):rep(60) .. "\n---\nHi\n", { contact = {} }).filename, 66, "and by no more than about sixty letters")
tap.ok(page("Hi <{{ topic }}>\n").html:find('<html lang="fr%-CA">.*<title>Brief</title>.*size:A4.*<main>\n<p>Hi &lt;bikes&gt;'), "it is a whole page, in a language and on paper")
tap.ok(page("Hi\n", { contact = { country = "us" } }).html:find("size:Letter", 1, true), "which is Letter in the United States")
tap.is(page("<html><body>{{ topic }}</body></html>", zoe, "brief.html").html, "<html><body>bikes</body></html>\n", "an .html template is taken as it is")
result, why, where = page("---\ntitle: x\n---\nHi\n\n{{ fee }}\n")
tap.ok(result == nil and why:find "fee is missing" and where == "brief.md:6", "and a gap in it is told with its place", why, where)
result, why = page("---\ntitle: x\n---\n{% if fee %}{{ fee }}{% endif %}\n")
tap.ok(result == nil and why:find "would be empty", "so is an empty one", why)
result = template.render(compile "---\nsubject: x\ndocument: contract, brief-{{ topic }}\n---\nHi\n", zoe, { channel = "email" })
tap.is(table.concat(result.documents, " "), "contract brief-bikes", "a message names its documents, and may fill names in")

-- Signed links: source, options' tokens, wanted text, what is said of them.
local links = {
  { "the plain address where there are no tokens", "{{ 'https://a.example/x' | link: '7 days' }}", nil, "https://a.example/x", "" },
  { "a token for an address", "{{ 'https://a.example/x' | link: '7 days' }}", 2, "https://o.example/l/1", "https://a.example/x 7 days" },
  { "one for equal ones, another for others", "{{ 'https://a.example' | link }} {{ 'https://a.example' | link }} {{ 'https://a.example' | link: '2h' }}", 2,
    "https://o.example/l/1 https://o.example/l/1 https://o.example/l/2", "https://a.example 30 days, https://a.example 2h" },
  { "an address of the data", "{{ topic | prepend: 'https://a.example/' | link: '1 week' }}", 1, "https://o.example/l/1", "https://a.example/bikes 1 week" },
  { "too many", "{{ 'https://a.example' | link }}{{ 'https://b.example' | link }}", 1, "error: link: a message holds at most 1 signed links" },
  { "what is no address", "{{ 'javascript:alert(1)' | link }}", 1, "error: link: what is to be opened is a whole address, https://..., not javascript:alert(1)" },
  { "what is none without tokens, too", "{{ '/x' | link }}", nil, "error: link: what is to be opened is a whole address, https://..., not /x" },
  { "no time", "{{ 'https://a.example' | link: 'soon' }}", 1, 'error: link: say for how long, such as link: "7 days", not soon' },
}
for _, case in ipairs(links) do
  local tokens = {}
  for i = 1, case[3] or 0 do tokens[i] = tostring(i) end
  local options = { channel = "sms", links = case[3] and { base = "https://o.example/l/", tokens = tokens } }
  local message, text = template.render(compile(case[2] .. "\n", "x.txt"), zoe, options)
  tap.is(message and message.text or "error: " .. text, case[4], "link gives " .. case[1])
  local told = {}
  for _, one in ipairs(message and message.links or {}) do told[#told + 1] = one.url .. " " .. one.within end
  if message then tap.is(table.concat(told, ", "), case[5], "and says what it stands for: " .. case[1]) end
end

local started = os.clock()
local speed = compile "---\nsubject: A question about {{ topic }}\n---\nHi {{ first_name | default: 'there' }},\n\nI saw {{ topic }}. {% if city %}{{ city }}{% endif %}\n\n{{ account.name }}\n"
for _ = 1, 2000 do template.render(speed, zoe, { channel = "email", locale = "fr" }) end
local each = (os.clock() - started) / 2000
tap.ok(each < 500e-6, "a rendering takes few microseconds")
print(string.format("# %.0f us a rendering", each * 1e6))
tap.done()
