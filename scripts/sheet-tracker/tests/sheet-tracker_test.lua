-- SPDX-License-Identifier: MIT
-- Tests begin on Monday, 6 January 2025.
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", whatsapp = "+447700900301", timezone = "Europe/London", locale = "en-GB", stage = "prospect",
  consent = "whatsapp: opt-in; email: legitimate interest", campaign = "Slow Spring", niche = "sourdough", latest = "The three-day loaf",
}

local function row(t)
  local maya = t:contact "maya"
  return { stage = maya.stage, channel = maya.fields.communication_channel, waiting_for = maya.fields.waiting_for, forgotten = maya.labels.forgotten }
end

local function started(t)
  t:enrol { sequence = "first-mail", contact = maya }
  t:advance "10h"
  t:expect_sent { template = "hello", subject = "Slow Spring: would you join us, Maya?" }
  t:expect(row(t), { stage = "contacted", waiting_for = "them" })
end

test("who answers is talking, on the channel where they did", function(t)
  started(t)
  t:reply { channel = "email", text = "Yes! WhatsApp is best." }
  t:expect(row(t), { stage = "talking", channel = "email", waiting_for = "us" })
  t:expect(t:contact("maya").fields.last_word, "2025-01-06")
  t:expect_task { kind = "message", note = "Answered: Yes! WhatsApp is best." }
end)

test("who writes on another channel has another channel in the sheet", function(t)
  started(t)
  t:reply { channel = "email", text = "Yes!" }
  t:advance "1 day"
  t:reply { channel = "whatsapp", text = "Me again, here it is easier." }
  t:expect(row(t), { stage = "talking", channel = "whatsapp", waiting_for = "us" })
  t:expect_nothing_sent()
end)

test("who writes of their own accord is in the sheet, too", function(t)
  t:reply { channel = "email", text = "Do you look for bakers?", contact = maya }
  t:expect(row(t), { stage = "talking", channel = "email", waiting_for = "us" })
end)

test("the silent get one reminder, and the sheet says so", function(t)
  started(t)
  t:advance "5 days"
  t:expect_sent { template = "hello-again" }
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect(row(t).stage, "silent")
end)

test("who answers at a bad moment, when the sheet already calls them silent, is talking again", function(t)
  started(t)
  t:advance "4 weeks"
  t:expect_sent { template = "hello-again" }
  t:expect_outcome "silent"
  t:reply { channel = "email", text = "Sorry, exams! Still possible?" }
  t:expect(row(t), { stage = "talking", channel = "email", waiting_for = "us" })
  t:advance "1 week"
  t:expect_nothing_sent()
end)

test("other tools move the stage, and nobody has to remember it", function(t)
  started(t)
  t:reply { channel = "email", text = "Yes!" }
  t:expect(t:event { hook = "deals", json = { email = "maya@mayabakes.example", event = "signed" } }, "signed")
  t:expect(row(t).stage, "agreed")
  t:event { hook = "deals", json = { email = "maya@mayabakes.example", event = "published" } }
  t:expect(row(t).stage, "published")
  t:event { hook = "deals", json = { email = "maya@mayabakes.example", event = "paid" } }
  t:expect(row(t), { stage = "paid", channel = "email", waiting_for = "nobody" })
end)

test("what they don't understand is said, and changes nothing", function(t)
  started(t)
  t:expect(t:event { hook = "deals", json = { email = "maya@mayabakes.example", event = "lost" } }, "no such event")
  t:expect(t:event { hook = "deals", json = { email = "nobody@else.example", event = "paid" } }, "nobody has this address")
  t:expect(t:event { hook = "deals", body = "hello" }, "no such event")
  t:expect(row(t).stage, "contacted")
end)

test("whoever waits for our answer for two business days is flagged, once", function(t)
  started(t)
  t:reply { channel = "email", text = "Yes!" }
  t:advance "2 days"
  t:expect(row(t).forgotten, nil)
  t:advance "1 day"
  t:expect(row(t).forgotten, true)
  t:expect_task { kind = "message", note = "Waits for our answer since 2025-01-06, stage talking" }
  t:advance "1 week"
  t:event { kind = "handled", channel = "email", contact = "maya", text = "Here is the brief!" }
  t:advance "1 day"
  t:expect(row(t).forgotten, nil)
end)

test("whom the sheet alone knows is flagged by its date", function(t)
  t:event { kind = "signal:imported", contact = { id = "noah", name = "Noah Brandt", email = "noah@sharpeners.example", stage = "briefed", last_word = "2024-12-16", waiting_for = "them" } }
  t:event { kind = "signal:imported", contact = { id = "hana", name = "Hana Novak", email = "hana@fleece.example", stage = "briefed", last_word = "last week", waiting_for = "them" } }
  t:advance "1 day"
  t:expect(t:contact("noah").labels.forgotten, true)
  t:expect(t:contact("hana").labels.forgotten, nil)
end)

test("who is further along is not asked again", function(t)
  t:enrol { sequence = "first-mail", contact = { id = "noah", name = "Noah Brandt", email = "noah@sharpeners.example", stage = "briefed" } }
  t:expect_outcome "under way already"
  t:advance "1 week"
  t:expect_nothing_sent()
end)
