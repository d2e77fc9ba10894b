-- SPDX-License-Identifier: MIT
local ana = { id = "ana", name = "Ana Ruiz", email = "ana@ruiz.example", timezone = "Europe/Paris", niche = "sourdough", fee = 1200 }
local zoe = { id = "zoe", name = "Zoé O'Neil", email = "zoe@oneil.example", timezone = "Europe/Paris", locale = "fr", niche = "le pain", fee = 900.5 }
local bo = { id = "bo", name = "Bo Kern", email = "bo@kern.example", timezone = "Europe/Paris", niche = "rye" }

local function begin(t, contact)
  t:enrol { sequence = "deal", contact = contact }
  t:advance "1 business day"
  return t:expect_sent { template = "agreement" }
end

test("a contract is attached under the name of its title and of whose it is", function(t)
  local message = begin(t, ana)
  t:expect(message.attach, { "contract-2025-0001-ana-ruiz.html" })
  t:expect_task { kind = "sign" }
end)

test("in another language it has that language's words, and a name with them", function(t)
  t:expect(begin(t, zoe).attach, { "contrat-n-2025-0001-zoé-oneil.html" })
end)

test("each paper has a number of its own, and each year begins again", function(t)
  t:expect(begin(t, ana).attach, { "contract-2025-0001-ana-ruiz.html" })
  t:expect(begin(t, zoe).attach, { "contrat-n-2025-0002-zoé-oneil.html" })
  t:advance "2026-01-05T10:00"
  t:enrol { sequence = "deal", contact = { id = "cy", name = "Cy", email = "cy@x.example", niche = "rice", fee = 1, timezone = "Europe/Paris" } }
  t:advance "1 minute"
  t:expect(t:expect_sent { template = "agreement", contact = "cy" }.attach, { "contract-2026-0001-cy.html" })
end)

test("a field that a document needs and a person lacks refuses the mail", function(t)
  t:enrol { sequence = "deal", contact = bo }
  t:advance "1 week"
  t:expect_nothing_sent()
  t:expect_outcome "refused"
end)

test("who does not sign is reminded as often as was said, and no more", function(t)
  begin(t, ana)
  t:advance "4 business days"
  t:expect_sent { template = "unsigned" }
  t:advance "4 business days"
  t:expect_sent { template = "unsigned" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("a task that is ticked is a signature", function(t)
  begin(t, ana)
  t:event { kind = "task_done", text = "done" }
  t:expect_outcome "signed"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("or a no", function(t)
  begin(t, ana)
  t:event { kind = "task_done", text = "declined" }
  t:expect_outcome "declined"
end)

test("a signal from outside ends it, at a bad moment too: the reminder was due that night", function(t)
  begin(t, ana)                      -- sent on Monday, 09:00; the reminder is due on Thursday at that time
  t:advance "2025-01-09T08:59"
  t:event { kind = "signal:signed", contact = "ana" }
  t:expect_outcome "signed"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("a reminder that is due in the evening waits for the morning", function(t)
  t:enrol { sequence = "hasty", contact = ana }
  t:advance "2025-01-07T08:59"
  t:expect_sent { template = "agreement" }
  t:expect_nothing_sent()
  t:advance "5 minutes"
  t:expect_sent { template = "unsigned" }
  t:advance "1 week"
  t:expect_outcome "silent 1"
end)

test("and does not go to who signs before it: at a bad moment", function(t)
  t:enrol { sequence = "hasty", contact = ana }
  t:advance "2025-01-07T08:59"
  t:expect_sent { template = "agreement" }
  t:event { kind = "signal:signed", contact = "ana" }
  t:expect_outcome "signed 0"
  t:advance "1 week"
  t:expect_nothing_sent()
end)

test("who writes is reminded of nothing", function(t)
  begin(t, ana)
  t:reply { channel = "email", text = "One question about the second page" }
  t:expect_outcome "replied"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who opts out gets nothing more", function(t)
  begin(t, ana)
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("documents go by e-mail alone: elsewhere the message is refused, and says so", function(t)
  for by, address in pairs { telegram = "@ana", instagram = "@ana.cooks" } do
    local someone = { id = by, name = "Ana Ruiz", [by] = address, by = by, niche = "rye", fee = 5, timezone = "Europe/Paris" }
    t:reply { channel = by, text = "hi", contact = someone }
    t:enrol { sequence = "by-app", contact = by }
    t:advance "1 business day"
    t:expect_outcome("invalid: documents go by e-mail alone: contract-2026-0001-ana-ruiz.html can't be sent by " .. by)
  end
  t:expect_nothing_sent()
end)
