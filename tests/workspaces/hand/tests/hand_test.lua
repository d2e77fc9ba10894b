-- SPDX-License-Identifier: MIT
local ana = { id = "ana", name = "Ana Ruiz", instagram = "@ana.cooks", linkedin = "ana-ruiz", phone = "+33 6 12 34 56 78" }

test("what a program may not send is a task with its text and a link", function(t)
  t:enrol { sequence = "tries", contact = ana }
  t:expect_task { kind = "message", state = "open", channel = "instagram", address = "@ana.cooks",
    text = "Hello Ana, would you like to try our flour?", name = "Ana Ruiz",
    note = "Send by instagram to @ana.cooks, https://instagram.com/ana.cooks:\nHello Ana, would you like to try our flour?" }
  t:expect_nothing_sent()
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:expect_task { kind = "message", state = "open" }
end)

test("a task that is ticked is a message that was sent", function(t)
  t:enrol { sequence = "plain", contact = ana }
  t:advance "1 hour"
  t:event { kind = "task_done", text = "sent" }
  t:expect_sent { channel = "linkedin", template = "hello" }
  t:reply { channel = "linkedin", text = "Yes" }
  t:expect_outcome "answered"
end)

test("one that was not sent is a refusal that the script hears", function(t)
  t:enrol { sequence = "plain", contact = ana }
  t:event { kind = "task_done", text = "Declined" }
  t:expect_outcome "refused"
  t:expect_nothing_sent()
end)

test("whoever writes meanwhile is not written to by hand", function(t)
  t:enrol { sequence = "plain", contact = ana }
  t:advance "1 day"
  t:reply { channel = "linkedin", text = "I was about to write to you" }
  t:expect_outcome "replied"
  t:expect_task { kind = "message", state = "done", outcome = "they wrote" }
  t:expect_nothing_sent()
end)

test("on whatever channel they write, and in whichever run", function(t)
  t:enrol { sequence = "tries", contact = ana }
  t:enrol { sequence = "plain", contact = "ana" }
  t:reply { channel = "instagram", text = "Hi!" }
  t:expect_task { kind = "message", channel = "instagram", outcome = "they wrote" }
  t:expect_task { kind = "message", channel = "linkedin", outcome = "they wrote" }
  t:expect_task { kind = "call", state = "open" }
end)

test("a run that goes on hears that they wrote first, and what", function(t)
  t:enrol { sequence = "goes-on", contact = ana }
  t:advance "1 hour"
  t:reply { channel = "instagram", text = "Hi!" }
  t:advance "1 hour"
  t:expect_outcome "unseen_reply, Hi!"
  t:expect_task { kind = "message", state = "done", outcome = "they wrote" }
end)

test("an automatic answer is no word of theirs", function(t)
  t:enrol { sequence = "plain", contact = ana }
  t:event { kind = "auto_reply", channel = "linkedin", text = "I am away" }
  t:expect_task { kind = "message", state = "open" }
end)

test("nobody is asked to write to, to call or to meet somebody who left", function(t)
  t:enrol { sequence = "tries", contact = ana }
  t:event { kind = "unsubscribe", channel = "instagram" }
  t:expect_outcome "unsubscribed"
  t:expect_task { kind = "message", state = "done", outcome = "they opted out" }
  t:expect_task { kind = "call", state = "done", outcome = "they opted out" }
  t:expect_task { kind = "gift", state = "open" }
end)

test("a teammate who takes over ends what was to be sent by hand", function(t)
  t:enrol { sequence = "plain", contact = ana }
  t:event { kind = "handled", channel = "linkedin", text = "I have written to her" }
  t:expect_outcome "taken over"
  t:expect_task { kind = "message", state = "done", outcome = "no longer needed" }
end)

test("who is put off is so until they write", function(t)
  t:enrol { sequence = "off", contact = ana }
  t:expect(t:expect_task { kind = "review" }.snoozed_until ~= nil, true)
  t:event { kind = "task_done", text = "yes" } -- the review
  t:event { kind = "task_done", text = "sent" }
  t:expect_sent { channel = "instagram" }
  t:advance "1 day"
  t:expect(t:expect_task { kind = "review" }.snoozed_until ~= nil, true)
  t:reply { channel = "instagram", text = "There is" }
  t:expect(t:expect_task { kind = "review" }.snoozed_until, nil)
end)
