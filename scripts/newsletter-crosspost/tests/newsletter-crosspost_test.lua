-- SPDX-License-Identifier: MIT
local maya = { id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", timezone = "Europe/London", locale = "en-GB", interest = "sourdough" }
local lucas = { id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", timezone = "Europe/Paris", locale = "fr-FR", interest = "le levain" }

local function subscribe(t, contact)
  t:event { kind = "signal:subscribed", contact = contact }
  t:advance "1 business day"
  return t:expect_sent { template = "confirm" }
end

test("who confirms gets the guide by a link of their own, and is a reader from then on", function(t)
  subscribe(t, maya)
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  local welcome = t:expect_sent { template = "welcome" }
  t:expect(welcome.text:find("guide-2026.pdf", 1, true), nil)
  t:expect(welcome.text:find("https://news.brand.example/l/", 1, true) ~= nil, true)
  t:event { kind = "click", channel = "email" }
  t:expect_outcome "subscribed, guide opened"
  t:enrol { sequence = "letter", contact = "maya" }
  t:advance "1 business day"
  t:expect_sent { template = "letter", subject = "Bread that waits for you" }
end)

test("in their language, with the accounts and the way out at the foot of the letter", function(t)
  t:expect(subscribe(t, lucas).subject, "Un clic, Lucas, et la lettre est à vous")
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  t:expect_sent { template = "welcome", locale = "fr" }
  t:enrol { sequence = "letter", contact = "lucas" }
  t:advance "1 business day"
  local letter = t:expect_sent { template = "letter", subject = "Le pain qui vous attend" }
  t:expect(letter.text:find("instagram.com/brand.example", 1, true) ~= nil, true)
  t:expect(letter.text:find("https://news.brand.example/u/", 1, true) ~= nil, true)
end)

test("without a confirmation there is no letter: one reminder, and then nothing", function(t)
  subscribe(t, maya)
  t:advance "5 days"
  t:expect_sent { template = "confirm-again" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "unconfirmed"
  t:enrol { sequence = "letter", contact = "maya" }
  t:advance "1 week"
  t:expect_nothing_sent()
  t:expect_outcome "refused"
end)

test("confirmed while the reminder waits for the morning, at a bad moment: the guide comes, and no second question after it", function(t)
  t:advance "2 days"                       -- Wednesday; asked on Thursday, so the reminder falls due on Sunday
  t:event { kind = "signal:subscribed", contact = maya }
  t:advance "2025-01-10T00:00"
  t:expect_sent { template = "confirm" }
  t:advance "2025-01-12T20:00"
  t:event { kind = "opt_in", channel = "email" }
  t:expect_nothing_sent()
  t:advance "2025-01-13T10:00"
  t:expect(t:expect_sent {}.template, "welcome")
  t:expect_nothing_sent()
end)

test("who opts out instead gets neither guide nor letter, though they press the older button after that", function(t)
  subscribe(t, maya)
  t:event { kind = "unsubscribe", channel = "email" }
  t:event { kind = "opt_in", channel = "email" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("a confirmation pressed twice is one, and one guide", function(t)
  subscribe(t, maya)
  t:event { kind = "opt_in", channel = "email" }
  t:event { kind = "opt_in", channel = "email" }
  t:advance "1 business day"
  t:expect_sent { template = "welcome" }
  t:expect_nothing_sent()
end)

test("who asks where we have their address from is answered by a person", function(t)
  subscribe(t, maya)
  t:reply { channel = "email", text = "Who gave you my address?" }
  t:expect_task { kind = "review" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("the announcement is a task for each network", function(t)
  t:enrol { sequence = "announce", contact = { id = "lea", name = "Léa Martin", email = "lea@brand.example", timezone = "Europe/Paris" } }
  t:expect_task { kind = "other", note = "Post on Instagram: Cold dough, warm kitchen. Issue 12 of our letter is out: link in bio." }
  for _ = 1, 3 do t:event { kind = "task_done", contact = "lea", text = "posted" } end
  t:expect_outcome "posted"
  t:expect_nothing_sent()
end)
