-- SPDX-License-Identifier: MIT
-- Tests begin on Monday, 6 January 2025.
local function person(id, labels, more)
  local contact = { id = id, name = id:gsub("^%l", string.upper) .. " Ruiz", email = id .. "@ruiz.example", labels = labels, consent = "opt-in" }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

local function known(t, ...)
  for _, contact in ipairs { ... } do t:event { kind = "signal:known", contact = contact } end
end

test("each product writes to its own people, from its own address", function(t)
  known(t, person("ana", { "tea" }, { favourite = "Darjeeling" }), person("dario", { "coffee" }, { locale = "it-IT" }))
  t:advance "9 days"
  t:advance "12h"       -- 15 January
  t:expect_sent { contact = "dario", template = "coffee-news", account = "coffee", locale = "it" }
  t:expect_nothing_sent()
  t:advance "19 days"   -- past 1 February, a Saturday: it leaves on Monday
  t:expect_sent { contact = "ana", template = "tea-news", account = "tea", subject = "The first flush is in, and your Darjeeling too" }
  t:expect_nothing_sent()
end)

test("news goes to those who asked for it, and to nobody else", function(t)
  known(t, person("hugo", { "coffee" }, { consent = "legitimate interest" }), person("jack", { "coffee", "no-news" }))
  t:advance "20 days"
  t:expect_nothing_sent()
end)

test("who leaves one product's news has left them all", function(t)
  known(t, person("ben", { "tea", "coffee" }))
  t:advance "10 days"
  t:expect_sent { contact = "ben", account = "coffee" }
  t:event { kind = "unsubscribe", channel = "email", contact = "ben" }
  t:advance "60 days"
  t:expect_nothing_sent()
end)

test("who answers gets a person, and next month's news all the same", function(t)
  known(t, person("dario", { "coffee" }))
  t:advance "10 days"
  t:expect_sent { template = "coffee-news" }
  t:reply { contact = "dario", channel = "email", text = "Which grind for a moka?" }
  t:expect_task { kind = "message", note = "Answered the news of coffee: Which grind for a moka?" }
  t:advance "33 days"
  t:expect_sent { template = "coffee-news", account = "coffee" }
  t:expect_nothing_sent()
end)

test("who answers the one at a bad moment, while the other waits for Monday, is not sent it over the talk", function(t)
  known(t, person("gaia", { "tea", "coffee" }))
  t:advance "26 days"   -- Saturday, 1 February, past ten: the tea waits for Monday
  t:expect_sent { template = "coffee-news" }
  t:advance "11h"
  t:reply { contact = "gaia", channel = "email", text = "The Sidamo was stale, I am afraid." }
  t:advance "5 days"
  t:expect_nothing_sent()
end)
