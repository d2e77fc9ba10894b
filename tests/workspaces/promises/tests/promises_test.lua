-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local words = require "perigee.words"

local ana = { id = "ana", name = "Ana", email = "ana@a.example", locale = "fr-FR", owner = "lea", title = "Dr" }

test("an empty text clears a field or an attribute; an id is what stands before the @, with a number if somebody has it", function(t)
  t:enrol { sequence = "clears", contact = ana }
  t:advance "2 minutes"
  t:expect_outcome "nil nil bea-moss bea-moss-2 info"
end)

test("can works on others", function(t)
  t:reply { text = "hello", channel = "email", contact = { id = "ben", name = "Ben", email = "ben@b.example" } }
  t:enrol { sequence = "asks-others", contact = ana }
  t:advance "1 day"
  t:expect_outcome "send"
end)

test("a signal is kept for a live run that does not wait for it yet", function(t)
  t:enrol { sequence = "listens", contact = ana }
  t:advance "1 hour"
  t:event { kind = "signal:paid", data = { n = 7 } }
  t:advance "5 days"
  t:expect_outcome "signal:paid 7"
end)

test("a signal for which there is no live run is dropped", function(t)
  t:enrol { sequence = "greets", contact = ana }
  t:advance "1 day"
  t:event { kind = "signal:paid", data = { n = 7 } }
  t:enrol { sequence = "listens", contact = "ana" }
  t:advance "5 days"
  t:expect_outcome "nothing"
end)

for _, kind in ipairs { "unsubscribe", "complaint" } do
  test("a run that waits for " .. kind .. " is ended by it", function(t)
    t:enrol { sequence = "listens", contact = ana }
    t:advance "2 days"
    t:advance "1 hour"
    t:event { kind = kind }
    t:advance "5 days"
    t:expect_outcome "unsubscribed"
  end)
end
test("who is away gets no service message; what names a before is refused at its time", function(t)
  t:enrol { sequence = "greets", contact = ana }
  t:advance "8h"
  t:expect_sent { template = "greeting", locale = "", text = "1\u{202F}234,50\u{A0}€", subject = "A \"quoted\" word" }
  t:event { kind = "auto_reply", text = "I am away." }
  t:advance "1 day"
  t:advance "4h"
  t:expect_nothing_sent()
  t:expect_outcome "timeout"
end)

test("phrases that are looked for are folded, too", function(t)
  t:expect(words.find(words.fold "I don't want it", { "don't want" }), nil)
  t:expect(words.find(words.fold "I don't want it", { words.fold "don't want" }), "don t want")
end)

test("a task is met by the whole of its note", function(t)
  t:enrol { sequence = "calls", contact = ana }
  t:advance "1 minute"
  t:expect_no_task { note = "Ask how" }
  t:expect_task { note = "Ask how it goes" }
end)

test("who goes on hears what they wrote meanwhile, and sends again", function(t)
  t:enrol { sequence = "again", contact = ana }
  t:advance "8h"
  t:expect_sent { template = "greeting" }
  t:advance "16h"
  t:reply { text = "Wait!" }
  t:advance "12h"
  t:expect_sent { template = "greeting" }
  t:expect_nothing_sent()
  t:expect_outcome "unseen_reply: Wait!"
end)

test("who writes in the night before the first mail is heard by the run that waits for the morning", function(t)
  t:enrol { sequence = "listens-first", contact = ana }
  t:advance "2h"
  t:reply { text = "Hello?", channel = "email" }
  t:advance "8h"
  t:expect_nothing_sent()
  t:expect_outcome "early: Hello?"
end)

test("a date that is not moved is the time itself", function(t)
  t:expect(perigee.date(1795420800), 1795420800)
  t:expect(perigee.date(1795420800, nil, "workspace"), 1795420800)
end)
