-- SPDX-License-Identifier: MIT
local feed = require "perigee.feed"

local RSS = [[<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://news.example/</link>
<!-- <item><title>hidden</title></item> -->
%s</channel></rss>]]

local function item(id, title, more)
  return ("<item><guid isPermaLink='false'>%s</guid><title>%s</title>%s</item>\n"):format(id, title, more or "")
end

test("an RSS feed is read: texts without markup, links, times of day in any zone", function(t)
  local entries = feed.parse(RSS:format(item("1", "<![CDATA[Tom & <b>Ana</b>]]>",
    "<link>https://news.example/1?a=1&amp;b=2</link><pubDate>Mon, 23 Nov 2026 09:00:00 +0100</pubDate>"
    .. "<description>&lt;p&gt;We &amp;amp; they&#8230; &#xE9;t&#233; &lt;/p&gt;</description>") .. item("2", "Old", "<pubDate>1 Mar 2024 00:00:00 GMT</pubDate>")))
  t:expect(entries[1], { id = "1", title = "Tom & Ana", link = "https://news.example/1?a=1&b=2", at = 1795420800, summary = "We & they… été" })
  t:expect(entries[2], { id = "2", title = "Old", at = 1709251200 })
  t:expect(#entries, 2)
end)

test("an Atom feed is read", function(t)
  local entries = feed.parse [[<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><id>urn:f</id>
    <entry><id>urn:1</id><title type="html">A &amp;amp; B</title><link rel="self" href="https://a.example/self"/>
    <link rel='alternate' href='https://a.example/1?x=1&amp;y=2'/><updated>2026-11-23T10:30:00.5Z</updated><summary>Short</summary></entry>
    <entry><title>Nothing else</title><link href="https://a.example/2"/></entry></feed>]]
  t:expect(entries[1], { id = "urn:1", title = "A & B", link = "https://a.example/1?x=1&y=2", at = 1795429800, summary = "Short" })
  t:expect(entries[2].id, "https://a.example/2")
end)

test("what is no feed, or broken, is said or passed over, never an error", function(t)
  for _, text in ipairs { "", "<html><body>404</body></html>", "{}", "\xff\xfe<rs", ("<"):rep(60000) } do
    local entries, why, code = feed.parse(text)
    t:expect(entries, nil)
    t:expect(why, "it is no RSS or Atom feed")
    t:expect(code, "invalid")
  end
  t:expect(#feed.parse(RSS:format "<item></item><item><title></title></item><item><title>cut"), 0)
  t:expect(feed.parse(RSS:format(item("1", "\xff\xe9 bad bytes")))[1].title, "?? bad bytes")
  t:expect(feed.parse(RSS:format(item("1", "&bogus; &#0; &#99999999999; &#xD800;")))[1].title, "&bogus;")
  local many = {}
  for i = 1, 300 do many[i] = item(tostring(i), ("long "):rep(300)) end
  local entries = feed.parse(RSS:format(table.concat(many)))
  t:expect(#entries, 100)
  t:expect(#entries[1].title < 610 and utf8.len(entries[1].title) ~= nil, true)
end)

test("no feed takes long to read, however it is made", function(t)
  for _, part in ipairs { "<", "<item>", "<item><title>", "<!--", "<![CDATA[", "<item><link", "&amp", "<item a='", "</item>", "<entry><id><![CDATA[" } do
    local text = part:rep(64000 // #part)
    t:expect(#feed.parse(RSS:format(text)) <= 100, true)
    t:expect(#feed.parse("<feed>" .. text) <= 100, true)
    t:expect(#feed.parse(RSS:format(item("1", text))) <= 100, true)
  end
end)

test("entries that name one are found, whatever accents and capitals", function(t)
  local entries = { { title = "Le café BRÛLÉ ouvre" }, { title = "x", summary = "we like brule, a lot" }, { title = "brulerie" } }
  t:expect(#feed.naming(entries, { "Brûlé" }), 2)
  t:expect(#feed.naming(entries, "café brûlé"), 1)
  t:expect(#feed.naming(entries, {}), 0)
end)

test("the first look remembers, later ones give what is new once, oldest first", function(t)
  local url = "https://news.example/feed.xml"
  t:http { url = url, body = RSS:format(item("1", "one")) }
  t:http { url = url, body = RSS:format(item("3", "three") .. item("2", "two") .. item("1", "one")) }
  t:http { url = url, body = RSS:format(item("3", "three, edited") .. item("2", "two")) }
  t:http { url = url, status = 503, body = "busy" }
  t:http { url = url, error = "timeout", text = "it took too long" }
  t:http { url = url, body = RSS:format(item("1", "one") .. item("4", "four")) }
  t:enrol { sequence = "wait", contact = { id = "team", name = "Team", email = "team@brand.example" } }
  for _, note in ipairs { "new: ", "new: two | three", "new: ", "invalid: https://news.example/feed.xml answered 503", "timeout: it took too long", "new: four" } do
    t:advance "1 day"
    t:expect_task { note = note }
  end
end)
