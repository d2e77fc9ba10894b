-- SPDX-License-Identifier: MIT
local ana = { id = "ana", name = "Ana Ruiz", email = "ana@ruiz.example", timezone = "Europe/Paris", niche = "sourdough", labels = { "guide" } }

local function ask(t)
  t:enrol { sequence = "guide", contact = ana }
  t:advance "1 business day"
  local message = t:expect_sent { template = "confirm" }
  t:expect(message.text:match "https://mail%.brand%.example/c/%w+" ~= nil, true)
  return message
end

test("who confirms gets the content by links of ours, and opening one is told once", function(t)
  ask(t)
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  local message = t:expect_sent { template = "guide" }
  local _, links = message.text:gsub("https://mail%.brand%.example/l/%w+", "")
  t:expect(links, 2)
  t:expect(message.text:find("guide.pdf", 1, true), nil)
  t:event { kind = "click", channel = "email" }
  t:expect_outcome "opened https://brand.example/guide.pdf?for=creators"
  t:event { kind = "click", channel = "email", text = "https://brand.example/film" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("a confirmation is consent, as newsletters need it; without it there are none", function(t)
  t:enrol { sequence = "news", contact = ana }
  t:advance "1 business day"
  t:expect_outcome "consent"
  t:advance "1 week"
  ask(t)
  t:event { kind = "opt_in", channel = "email" }
  t:enrol { sequence = "news", contact = "ana", key = "2" }
  t:advance "2 business days"
  t:expect_sent { template = "news" }
end)

test("who does not confirm is asked once more, and then left alone", function(t)
  ask(t)
  t:advance "5 days"
  t:expect_sent { template = "confirm-again" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "unconfirmed"
end)

test("who confirms after the reminder is welcome, too", function(t)
  ask(t)
  t:advance "6 days"
  t:expect_sent { template = "confirm-again" }
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  t:expect_sent { template = "guide" }
end)

test("who opted out is not brought back by an older link", function(t)
  ask(t)
  t:event { kind = "unsubscribe", channel = "email" }
  t:event { kind = "opt_in", channel = "email" }
  t:expect_outcome "unsubscribed"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("two confirmations are one", function(t)
  ask(t)
  t:event { kind = "opt_in", channel = "email" }
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  t:expect_sent { template = "guide" }
  t:expect_nothing_sent()
end)

test("an answer instead is a person's to read", function(t)
  ask(t)
  t:reply { channel = "email", text = "Who are you?" }
  t:expect_outcome "replied"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("what is not opened is pointed at once more; the link of before has expired by then", function(t)
  ask(t)
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  t:expect_sent { template = "guide" }
  t:advance "4 days"
  t:expect_sent { template = "guide-again" }
  t:advance "30 days"
  t:event { kind = "click", channel = "email" }
  t:expect_outcome "unopened"
end)

test("whoever reads a copy has no button to confirm in another's name", function(t)
  t:enrol { sequence = "copied", contact = ana }
  t:advance "3 days"
  t:expect(t:expect_sent { template = "asked" }.text, "Ana, answer this mail.\n")
  t:expect(t:expect_sent { template = "asks" }.text:match "https://mail%.brand%.example/c/%w+" ~= nil, true)
  t:expect_outcome "templates/asks.md:5: confirm_url is missing: it is there in e-mails without a copy (cc), where perigee.lua has a public_url; write {% if confirm_url %}...{% endif %}"
end)
