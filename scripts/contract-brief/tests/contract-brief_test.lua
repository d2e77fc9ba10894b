-- SPDX-License-Identifier: MIT
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", timezone = "Europe/London", locale = "en-GB", country = "GB",
  campaign = "Spring Bread", deliverables = "two videos", fee = 1200, post_by = "2025-03-14", usage_months = 6, key_message = "Bread needs time.",
}
local lucas = {
  id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", timezone = "Europe/Paris", locale = "fr-FR",
  campaign = "Bois vivant", deliverables = "une vidéo", fee = 1850.5, post_by = "2025-03-21", usage_months = 12, key_message = "Un bon outil dure.",
}

local function agree(t, contact)
  t:enrol { sequence = "contract-brief", contact = contact }
  t:advance "1 business day"
  return t:expect_sent { template = "agreement" }
end

test("a contract goes out with its number, and a task to sign it is opened", function(t)
  local message = agree(t, maya)
  t:expect(message.attach, { "contract-2025-0001-maya-okafor.html" })
  t:expect(message.text:find("2025-0001", 1, true) ~= nil, true)
  t:expect_task { kind = "sign" }
end)

test("once it is signed the brief follows, in their language", function(t)
  t:expect(agree(t, lucas).attach, { "contrat-2025-0001-lucas-bernard.html" })
  t:event { kind = "task_done", text = "signed" }
  t:advance "1 business day"
  t:expect(t:expect_sent { template = "brief-mail", locale = "fr" }.attach, { "brief-bois-vivant-lucas-bernard.html" })
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "briefed"
end)

test("who does not sign is reminded once, and then called", function(t)
  agree(t, maya)
  t:advance "6 business days"
  t:expect_sent { template = "agreement-reminder" }
  t:advance "5 weeks"
  t:expect_nothing_sent()
  t:expect_task { kind = "call" }
  t:expect_outcome "unsigned"
end)

test("a question just before the reminder is due, at a bad moment: a person answers, no reminder leaves, and the contract can still be signed", function(t)
  agree(t, maya)                                   -- sent on Monday at 09:00
  t:advance "2025-01-13T08:55"                     -- the reminder is due at 09:00
  t:reply { channel = "email", text = "Could clause 4 say three months?" }
  t:expect_task { kind = "review", note = "On contract 2025-0001: Could clause 4 say three months?" }
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:event { kind = "signal:signed", contact = "maya" }
  t:advance "1 business day"
  t:expect_sent { template = "brief-mail" }
end)

test("a word of thanks in the night, at a bad moment: the brief waits for the morning, and leaves all the same", function(t)
  agree(t, maya)
  t:advance "2025-01-07T20:00"
  t:event { kind = "task_done", text = "signed" }
  t:reply { channel = "email", text = "Thank you, looking forward!" }
  t:expect_nothing_sent()
  t:advance "1 business day"
  t:expect_sent { template = "brief-mail" }
  t:expect_nothing_sent()
  t:expect_task { kind = "review", note = "On contract 2025-0001: Thank you, looking forward!" }
end)

test("signed twice, by the task and by the service, is signed once", function(t)
  agree(t, maya)
  t:event { kind = "task_done", text = "signed" }
  t:event { kind = "signal:signed", contact = "maya" }
  t:advance "2 weeks"
  t:expect_sent { template = "brief-mail" }
  t:expect_nothing_sent()
end)

test("who says no gets no brief", function(t)
  agree(t, maya)
  t:event { kind = "task_done", text = "declined" }
  t:advance "5 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "declined"
end)

test("an out-of-office is no answer: the reminder waits until they are back", function(t)
  agree(t, maya)
  t:event { kind = "auto_reply", channel = "email", text = "Back next week" }
  t:advance "5 business days"
  t:expect_nothing_sent()
  t:advance "2 weeks"
  t:expect_sent { template = "agreement-reminder" }
end)

test("who opts out while the contract is out gets nothing more", function(t)
  agree(t, maya)
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "5 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("without a fee there is no contract with a blank: nothing is sent", function(t)
  local nobody = {}
  for key, value in pairs(maya) do nobody[key] = value end
  nobody.fee = nil
  t:enrol { sequence = "contract-brief", contact = nobody }
  t:advance "1 week"
  t:expect_nothing_sent()
  t:expect_outcome "refused"
end)
