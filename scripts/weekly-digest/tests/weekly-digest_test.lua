-- SPDX-License-Identifier: MIT
-- A test begins on Monday, 6 January 2025, at 00:00 in Paris; the job runs at 08:30, sending hours begin at 09:00.
local lea = { id = "lea", name = "Léa Martin", email = "lea@brand.example", locale = "fr-FR", labels = { "team", "product" } }
local maya = { id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", locale = "en-GB" }

local function says(t, tag, text, times)
  for _ = 1, times or 1 do t:event { kind = "signal:feedback", contact = maya, data = { tag = tag, text = text } } end
end

-- Léa is one of the team.
local function begin(t)
  t:event { kind = "signal:nothing", contact = lea }
  t:advance "1 day"
end

test("on Monday each of the team hears what was said last week, in their language", function(t)
  begin(t)
  t:expect_sent { template = "digest", locale = "fr" } -- of the week in which nobody said anything
  says(t, "packaging", "The jar was broken", 2)
  says(t, "taste", "The fig one is lovely")
  t:advance "6 days"
  t:advance "10 hours"
  local mail = t:expect_sent { template = "digest", locale = "fr", subject = "Ce qu’on nous a dit : 3 voix, semaine du 6 janvier 2025" }
  t:expect(mail.text:find("packaging: 2 (avant : 0), dont 2 mécontents", 1, true) ~= nil, true)
  t:expect(mail.text:find("« The fig one is lovely » (Maya Okafor, taste)", 1, true) ~= nil, true)
  t:expect_nothing_sent()
end)

test("what grows suddenly is a task for who can act on it", function(t)
  begin(t)
  says(t, "packaging", "The jar was broken", 6)
  t:advance "7 days"
  t:expect_task { kind = "review", note = "packaging: 6 this week, 0 the week before, 6 unhappy. What has happened?" }
end)

test("feedback at a bad moment, on Monday while the mail waits for the office to open, is next week's", function(t)
  begin(t)
  says(t, "sizes", "Is there a larger jar?")
  t:advance "6 days"
  t:expect_sent { template = "digest" }
  t:advance "510 minutes" -- Monday, 08:30
  says(t, "taste", "The fig one is lovely")
  t:advance "2 hours"
  t:expect_sent { template = "digest", text = "sizes" }
  t:advance "1 week"
  t:expect_sent { template = "digest", text = "taste" }
end)

test("who of the team opts out at a bad moment, between two Mondays, hears no more; customers never do", function(t)
  begin(t)
  t:expect_sent { template = "digest" }
  says(t, "taste", "Lovely")
  t:event { kind = "unsubscribe", contact = "lea", channel = "email" }
  t:advance "8 days"
  t:expect_nothing_sent()
end)

test("a reply to the digest changes nothing", function(t)
  begin(t)
  t:expect_sent { template = "digest" }
  t:reply { contact = "lea", channel = "email", text = "Thanks!" }
  says(t, "taste", "Lovely")
  t:advance "1 week"
  t:expect_sent { template = "digest" }
  t:expect_nothing_sent()
end)
