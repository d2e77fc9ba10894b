-- SPDX-License-Identifier: MIT
local lucas = {
  id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", locale = "fr-FR", timezone = "Europe/Paris",
  stage = "agreed", project = "la série sur le bois", agreed_on = "Three videos, 900 euros.",
}

test("who stays silent is nudged once, then somebody calls them and knows what was agreed", function(t)
  t:enrol { sequence = "silent-nudge", contact = lucas, key = "never" }
  t:advance "1 business day"
  local message = t:expect_sent { template = "nudge", locale = "fr" }
  t:expect(message.text:find("le contrat est encore chez toi", 1, true) ~= nil, true)
  t:advance "5 business days"
  t:expect_task { kind = "call", note = 'Lucas Bernard has been silent in the stage "agreed", also after a nudge. Three videos, 900 euros.' }
  t:expect_outcome "handed over"
  t:advance "60 days"
  t:expect_nothing_sent()   -- the job finds the same silence each day, and the nudge was it
end)

test("whoever answered owes us nothing, and a new silence is nudged anew", function(t)
  t:enrol { sequence = "silent-nudge", contact = lucas, key = "never" }
  t:advance "1 business day"
  t:expect_sent { template = "nudge" }
  t:reply { text = "C'est signé !" }
  t:expect_task { kind = "message", note = "Lucas Bernard is back (agreed): C'est signé !" }
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:event { kind = "handled", channel = "email", text = "Parfait, il me manque la page 2." }
  t:advance "2 weeks"
  t:expect_sent { template = "nudge" }
  t:expect_nothing_sent()
end)

test("who has no message here is found by the column last_contact", function(t)
  local amelie = { id = "amelie", name = "Amélie Dubois", email = "amelie@petitjardin.example", stage = "talking", project = "le balcon" }
  local long_ago, lately = { last_contact = "2024-12-29" }, { last_contact = "2025-01-04" }
  for key, value in pairs(amelie) do long_ago[key], lately[key] = value, value end
  lately.id, lately.email = "another", "another@petitjardin.example"
  t:event { kind = "signal:known", contact = long_ago }
  t:event { kind = "signal:known", contact = lately }
  t:advance "3 days"
  t:expect_sent { template = "nudge", contact = "amelie" }
  t:expect_nothing_sent()
end)

test("an answer at a bad moment, while the nudge waits for the morning, withdraws it", function(t)
  t:enrol { sequence = "silent-nudge", contact = lucas } -- it is midnight
  t:reply { text = "Pardon, voilà le contrat !" }
  t:expect_outcome "answered elsewhere"   -- it is no answer to the nudge, so it stands in your inbox like any other
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an out-of-office is no answer, and the nudge is not repeated", function(t)
  t:enrol { sequence = "silent-nudge", contact = lucas }
  t:advance "1 business day"
  t:expect_sent { template = "nudge" }
  t:event { kind = "auto_reply", channel = "email", text = "Je suis absent." }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "handed over"
end)

test("a teammate who writes meanwhile has taken over: no call is asked for", function(t)
  t:enrol { sequence = "silent-nudge", contact = lucas }
  t:advance "1 business day"
  t:expect_sent { template = "nudge" }
  t:event { kind = "handled", channel = "email", text = "Lucas, on se voit jeudi ?" }
  t:expect_outcome "taken over"
end)
