-- SPDX-License-Identifier: MIT
local lea = { id = "lea", name = "Léa Martin", email = "lea@brand.example", timezone = "Europe/Paris", labels = { "team" } }
local tom = { id = "tom", name = "Tom Baker", email = "tom@brand.example", timezone = "Europe/Paris", labels = { "team" } }
local forum, blog = "https://forum.bakers.example/latest.rss", "https://blog.crumbs.example/feed.xml"

local function rss(...)
  local items = {}
  for i, title in ipairs { ... } do items[i] = ("<item><guid>%s</guid><title>%s</title><link>https://forum.bakers.example/%d</link></item>"):format(title, title, i) end
  return "<rss version='2.0'><channel>" .. table.concat(items) .. "</channel></rss>"
end

-- The team is there, the first look has passed, and the second finds `...` in the forum.
local function listening(t, ...)
  t:http { url = forum, body = rss "Old talk of Brand" }
  t:http { url = forum, body = rss(...) }
  t:http { url = forum, body = rss(...) }
  t:http { url = blog, error = "timeout", text = "no answer in 30 s" }
  t:enrol { sequence = "step-in", contact = lea }
  t:enrol { sequence = "step-in", contact = tom }
  t:advance "1 hour"
  t:expect_nothing_sent()
  t:advance "33 hours"
end

test("what names us goes to each of the team, and what nobody takes becomes a task", function(t)
  listening(t, "Is the BRAND oven worth it?", "Brandy snaps")
  t:expect_sent { template = "mentions", contact = "lea", subject = "1 new about us" }
  t:expect_sent { template = "mentions", contact = "tom" }
  t:expect_nothing_sent()
  t:expect_no_task()
  t:advance "1 business day"
  t:expect_task { contact = "lea", kind = "message" }
  t:expect_task { contact = "tom", kind = "message" }
end)

test("where nothing names us, nobody is written to, though one of the feeds can't be read", function(t)
  listening(t, "A loaf with seeds", "Brandy snaps")
  t:advance "3 days"
  t:expect_nothing_sent()
end)

test("two answer at a bad moment, both just before the day is over: the mention is taken, and there is no task", function(t)
  listening(t, "Is the Brand oven worth it?")
  t:expect_sent { template = "mentions", contact = "lea" }
  t:expect_sent { template = "mentions", contact = "tom" }
  t:advance "22 hours"
  t:reply { contact = "tom", text = "Mine" }
  t:reply { contact = "lea", text = "I do it" }
  t:advance "3 days"
  t:expect_nothing_sent()
  t:expect_no_task()
end)

test("whom one has told that it is taken does not get a task at a bad moment", function(t)
  listening(t, "Is the Brand oven worth it?")
  t:expect_sent { template = "mentions", contact = "lea" }
  t:expect_sent { template = "mentions", contact = "tom" }
  t:reply { contact = "tom", text = "Mine" }
  t:advance "3 days"
  t:expect_nothing_sent()
  t:expect_no_task()
end)
