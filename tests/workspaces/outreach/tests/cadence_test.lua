-- SPDX-License-Identifier: MIT
local cadence = require "perigee.cadence"

local ana = { id = "ana", name = "Ana Ruiz", email = "ana@bakes.example" }

test("a table of steps is a sequence: what was sent, what is done at the end", function(t)
  t:enrol { sequence = "table", contact = ana }
  t:expect_sent { channel = "email", template = "intro" }
  t:advance "5 days"
  t:expect_sent { channel = "email", template = "nudge" } -- she has no WhatsApp
  t:advance "5 days"
  t:expect_task { kind = "call", note = "Silent so far: ask Ana Ruiz how it goes" }
  t:expect_outcome(nil)
  t:advance "2 days"
  t:expect_outcome "no answer"
  t:expect_nothing_sent()
end)

test("an answer ends the steps and does what on_reply says", function(t)
  t:enrol { sequence = "table", contact = ana }
  t:advance "1 day"
  t:expect_sent { template = "intro" }
  t:reply { channel = "email", text = "Gladly" }
  t:expect_task { kind = "call", note = "Answered on email: Gladly" }
  t:expect_outcome "replied"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an answer while a task waits is an answer", function(t)
  t:enrol { sequence = "table", contact = ana }
  t:advance "10 days"
  t:reply { channel = "email", text = "Sorry, I was ill" }
  t:expect_task { kind = "call", note = "Answered on email: Sorry, I was ill" }
  t:expect_outcome "replied"
end)

test("a task that is done lets the steps go on", function(t)
  t:enrol { sequence = "table", contact = ana }
  t:advance "10 days"
  t:event { kind = "task_done", text = "reached" }
  t:expect_outcome "no answer"
end)

test("a dead address ends them", function(t)
  t:enrol { sequence = "table", contact = ana }
  t:advance "1 hour"
  t:event { kind = "bounce", channel = "email", text = "550 5.1.1 no such user" }
  t:expect_outcome "bounced"
  t:advance "30 days"
  t:expect_sent { template = "intro" }
  t:expect_nothing_sent()
end)

test("who opts out is left alone", function(t)
  t:enrol { sequence = "table", contact = ana }
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect_outcome "unsubscribed"
end)

test("an optional message that is refused is passed over; events, tasks, ends", function(t)
  t:enrol { sequence = "played", contact = ana }
  t:expect_sent { channel = "email", template = "intro" }
  t:advance "6 days"
  t:expect_outcome "never ordered"
end)

test("an event that was waited for lets the steps go on", function(t)
  t:enrol { sequence = "played", contact = ana }
  t:event { kind = "signal:ordered", contact = "ana" }
  t:expect_task { kind = "gift", note = "A bag of rye for Ana" }
  t:advance "2 days"
  t:expect_outcome "silent"
end)

test("finish ends where its condition holds", function(t)
  t:enrol { sequence = "played", contact = { id = "bea", name = "Bea Lindt", email = "bea@bakes.example", tier = "gold" } }
  t:event { kind = "signal:ordered", contact = "bea" }
  t:expect_outcome "gold"
end)

test("on_reply may be a function, which gives the outcome", function(t)
  t:enrol { sequence = "played", contact = ana }
  t:advance "1 day"
  t:reply { channel = "email", text = "yes" }
  t:expect_outcome "said yes"
end)

-- Steps with one fault each, and what is said of it.
local faulty = {
  { { { send = "email", tempalte = "intro" } }, "step 1: unknown key 'tempalte'; did you mean 'template'?" },
  { { { send = "email" } }, "step 1: 'template' is missing" },
  { { { send = "emial", template = "intro" } }, "step 1: send: there is no channel 'emial'; did you mean 'email'?" },
  { { { reach = {}, template = "intro" } }, "step 1: reach: a text or a list of texts is needed, not a table" },
  { { { "email", "intro" }, { wait = "3 busines days" } }, "step 2: wait: \"3 busines days\" is no duration; did you mean 'business days'?" },
  { { { "email", "intro" }, { wait = "3 dais" } }, "step 2: wait: \"3 dais\" has an unknown unit; did you mean 'days'?" },
  { { { wait = "next munday 09:00" } }, "step 1: wait: \"next munday 09:00\" is no day; did you mean 'monday'?" },
  { { { wait = "soon" } }, "step 1: wait: \"soon\" is no duration; write \"3 days\", \"3 business days\", \"next monday 09:00\" or a date" },
  { { { wait = -1 } }, "step 1: wait: a number of seconds from 0 is needed" },
  { { { task = "cal" } }, "step 1: task: 'cal' is not known; did you mean 'call'?" },
  { { { task = "call", note = "{replay}" } }, "step 1: note: {replay} is not known; did you mean 'reply'?" },
  { { { event = "clik", within = "1 day" } }, "step 1: event: 'clik' is not known; did you mean 'click'?" },
  { { { event = "click" } }, "step 1: 'within' is missing" },
  { { { stage = "" } }, "step 1: stage: a text is needed, not an empty one" },
  { { { due = "1 day" } }, "step 1: 'due' goes with a task" },
  { { {} }, "step 1: the step is empty" },
  { { "email" }, "step 1: a table such as { send = \"email\", template = \"intro\" } is needed, not a text" },
  { { { wait = "1 day" }, send = "email" }, "steps: 'send' stands outside of the steps: write it in braces of its own" },
  { { { "email", "intro" }, { "email", "nudge" } },
    "step 2: follows the message of step 1 without a wait; put { wait = \"3 business days\" } between them" },
}

test("each slip is told with its step", function(t)
  for _, case in ipairs(faulty) do t:expect(cadence.faults(case[1])[1], case[2]) end
end)

test("all slips are told at once, those of the ends too", function(t)
  t:expect(#cadence.faults({ { sned = "email" }, { wait = "3 dais" }, {} }, { on_reply = { stgae = "talking" }, on_silence = 5 }), 5)
end)

test("steps that are right have no fault", function(t)
  t:expect(cadence.faults { { "email", "intro" }, { wait = "90s" }, { "email", "nudge" }, { wait = 60 }, { label = { "a", "b" } },
    { wait = "2026-12-01" }, { wait = "next monday 09:00" }, { wait = "2 hours" }, { finish = "over" } }, {})
end)

test("what can't be told before is an error in run", function(t)
  local held, text = pcall(cadence.run, nil, { { wiat = "1 day" } })
  t:expect(held, false)
  t:expect(text:match "cadence%.run: .*" , "cadence.run: step 1: unknown key 'wiat'; did you mean 'wait'?")
end)
