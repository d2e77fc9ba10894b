-- SPDX-License-Identifier: MIT
local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", city = "Porto" }

test("a reply met in a sleep ends the run", function(t)
  t:enrol { sequence = "sleeper", contact = ana }
  t:expect_sent { template = "hello", subject = "Hello Ana" }
  t:advance "1 day"
  t:reply { text = "Yes" }
  t:expect_outcome "replied"
  t:advance "2 weeks"
  t:expect_nothing_sent()
end)

test("a run that continues is given the replies at its next waits", function(t)
  t:enrol { sequence = "steady", contact = ana }
  t:advance "1 day"
  t:reply { text = "one" }
  t:reply { text = "two" }
  t:advance "6 days"
  t:advance "1 hour"
  t:expect_outcome "steady"
end)

test("a reply to one sequence ends the others", function(t)
  t:enrol { sequence = "other", contact = ana }
  t:enrol { sequence = "asker", contact = "ana" }
  t:advance "1 hour"
  t:reply { channel = "email", text = "Gladly" }
  t:expect_outcome "answered: Gladly"
  t:event { kind = "signal:go", contact = "ana" }
  t:expect_sent { template = "hello" }
  t:expect_nothing_sent()
end)

test("the other run says so", function(t)
  t:enrol { sequence = "asker", contact = ana }
  t:enrol { sequence = "other", contact = "ana" }
  t:reply { channel = "email", text = "Gladly" }
  t:expect_outcome "answered elsewhere"
end)

test("a teammate who writes takes over", function(t)
  t:enrol { sequence = "sleeper", contact = ana }
  t:advance "1 hour"
  t:event { kind = "handled", channel = "email", text = "I take this one" }
  t:expect_outcome "taken over"
end)

test("who opts out is left alone by all", function(t)
  t:enrol { sequence = "asker", contact = ana }
  t:expect_sent { template = "hello" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect_outcome "unsubscribed"
  t:expect((pcall(t.enrol, t, { sequence = "sleeper", contact = "ana" })), false)
  t:advance "2 weeks"
  t:expect_nothing_sent()
end)

test("a complaint is an opt-out", function(t)
  t:enrol { sequence = "asker", contact = ana }
  t:event { kind = "complaint", channel = "email" }
  t:expect_outcome "unsubscribed"
end)

test("a wait for an answer is told of a bounce at once", function(t)
  t:enrol { sequence = "asker", contact = ana }
  t:event { kind = "bounce", channel = "email" }
  t:expect_outcome "bounced"
end)

test("what came before the wait is delivered to it", function(t)
  t:enrol { sequence = "asker", contact = ana }
  t:event { kind = "auto_reply", channel = "email", text = "away" }
  t:advance "8 days"
  t:expect_outcome(nil)
  t:advance "5 days" -- the days they are away are waited longer
  t:expect_outcome "silent"
end)

test("of several events the first wins, the others stay for the next wait", function(t)
  t:enrol { sequence = "payer", contact = ana }
  t:enrol { sequence = "events", contact = "ana" }
  t:advance "2 days"
  t:expect_task { kind = "call", note = "how was it?" }
  t:event { kind = "task_done", text = "reached" }
  t:expect_outcome "signal:paid 500 signal:late reached"
end)

test("nobody does the task", function(t)
  t:expect_no_task()
  t:enrol { sequence = "payer", contact = ana }
  t:enrol { sequence = "events", contact = "ana" }
  t:advance "4 days"
  t:expect_outcome "signal:paid 500 signal:late nobody called"
end)

test("a signal that no run takes starts a sequence, which is given it", function(t)
  t:enrol { sequence = "fresh", contact = ana }
  t:event { kind = "signal:begin", contact = "ana" }
  t:expect_task { kind = "other", note = "begun by signal:begin" }
end)

test("so does a message of somebody whom no run is writing to", function(t)
  t:enrol { sequence = "fresh", contact = ana }
  t:advance "2 hours"
  t:reply { channel = "email", text = "Hello, is anybody there?" }
  t:expect_task { kind = "other", note = "begun by reply" }
end)

test("somebody who was never enrolled writes, and what begins then is looked at", function(t)
  t:reply { channel = "email", text = "Hello?", contact = ana }
  t:expect_task { kind = "other", note = "begun by reply" }
  t:expect_outcome "began"
end)

test("a message begins a run even where it answers nothing of ours", function(t)
  t:enrol { sequence = "past", contact = ana }
  t:event { kind = "message", channel = "email", text = "Hello, is anybody there?", contact = { id = "bea", name = "Bea" } }
  t:expect_task { kind = "other", note = "begun by reply" }
end)

test("a signal brings its data", function(t)
  t:event { kind = "signal:begin", contact = ana, data = { by = { "Ana", 2 } } }
  t:expect_task { kind = "other", note = "begun by signal:begin Ana 2" }
end)

test("a run restarts itself with its state", function(t)
  t:enrol { sequence = "rounds", contact = ana }
  t:advance "3 days"
  t:expect_outcome "after 3 rounds"
end)

test("a script sees its own changes", function(t)
  t:enrol { sequence = "fresh", contact = ana }
  t:advance "2 hours"
  t:expect_outcome "talkingLyontrue nil"
end)

test("a script that tries is told why not, and goes on", function(t)
  t:enrol { sequence = "chooser", contact = ana }
  t:advance "1 hour"
  t:expect_outcome("nil string refused address; nil string refused address; nil invalid templates/needs-field.md:5: needed is missing: " ..
    'this contact has none; give it one, or write {{ needed | default: "..." }}; email Hello Ana')
end)

test("the store keeps, adds, lists and forgets", function(t)
  t:enrol { sequence = "stock", contact = ana }
  t:expect_outcome "shoe:blue,shoe:red 3 nil 3.5"
end)

test("dates are reckoned in the contact's zone", function(t)
  t:enrol { sequence = "calendar", contact = ana }
  t:expect_outcome "11-28T14:00 12-01T14:00 11-30T08:00 12-04T14:00"
end)

test("what is not in needs is refused", function(t)
  t:enrol { sequence = "greedy", contact = ana }
  t:expect_outcome "needs needs needs needs"
end)

test("a script enrols and stops its contact", function(t)
  t:enrol { sequence = "leader", contact = ana }
  t:advance "2 hours"
  t:expect_outcome "started; nil; nil; already ran: stopped closed"
end)

test("a job enrols the contacts that it finds by label", function(t)
  t:enrol { sequence = "events", contact = { id = "bea", name = "Bea", email = "bea@example.com", labels = { "press" } } }
  t:advance "6 days"
  t:expect_outcome "signal:paid 500 signal:late nobody called"
end)

test("and no others", function(t)
  t:enrol { sequence = "events", contact = ana }
  t:advance "29 days"
  t:expect_outcome(nil)
end)

test("what was written to each other is there to read, newest first", function(t)
  t:enrol { sequence = "past", contact = ana }
  t:advance "1 hour"
  t:expect_task { note = "0 before" }
  t:reply { text = "Who are you? " .. ("é"):rep(400) }
  t:advance "1 hour"
  t:event { kind = "auto_reply", channel = "email", text = "I am away." }
  t:advance "1 hour"
  t:event { kind = "handled", channel = "email", text = "Hello from Léa" }
  t:advance "10 days"
  t:expect_task { note = "out email more script; out email ? person; in email auto_reply I am away.; in email reply Who are you? "
    .. ("é"):rep(293) .. "…; out email hello script" }
  t:expect_outcome "told"
end)

test("a message of somebody to whom no run has written yet goes to the run that waits for one", function(t)
  t:enrol { sequence = "listener", contact = ana }
  t:reply { text = "I am here already" }
  t:expect_outcome "heard: I am here already"
  t:advance "1 week"
  t:expect_nothing_sent()
end)
