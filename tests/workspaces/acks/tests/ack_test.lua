-- SPDX-License-Identifier: MIT
-- A test begins on Monday, 6 January 2025, 00:00 in Paris.
local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", locale = "en" }

local function writes(t, text, kind)
  t:event { kind = kind or "reply", channel = "email", contact = ana, text = text or "Hello, a question" }
end

test("a message is acknowledged shortly before the hour is over, and somebody is told when nobody answers", function(t)
  t:advance "10 hours"
  writes(t)
  t:advance "50 minutes"
  t:expect_nothing_sent()
  t:advance "10 minutes"
  t:expect_sent { template = "received" }
  t:advance "1 business day"
  t:expect_task { kind = "message", note = "Ana Silva has waited 24 hours for an answer on email: “Hello, a question”" }
  t:expect_outcome "acknowledged, overdue"
  t:expect_nothing_sent()
end)

test("a colleague who is faster saves it", function(t)
  t:advance "10 hours"
  writes(t)
  t:advance "20 minutes"
  t:event { kind = "handled", contact = "ana", channel = "email", text = "Here is your answer" }
  t:advance "3 days"
  t:expect_nothing_sent()
  t:expect_outcome "person, person"
end)

test("out of office hours it says when people are back, in the office's own time", function(t)
  t:reply { channel = "email", text = "Hello",
    contact = { id = "kenji", name = "Kenji", email = "kenji@example.com", locale = "en", timezone = "Asia/Tokyo" } }
  t:advance "1 hour"
  t:expect_sent { template = "received-closed", text = "back on Monday at 09:00" }
end)

test("on Friday evening people are back on Monday", function(t)
  t:advance "4 days"
  t:advance "19 hours"
  writes(t)
  t:advance "1 hour"
  t:expect_sent { template = "received-closed", text = "back on Monday at 09:00" }
end)

test("in summer, too, the clock is the office's", function(t)
  t:advance "180 days"
  writes(t)
  t:advance "1 hour"
  t:expect_sent { template = "received-closed", text = "at 09:00" }
end)

test("one a day, also for who writes three times within the hour", function(t)
  t:advance "10 hours"
  writes(t)
  writes(t, "And another thing")
  t:advance "5 minutes"
  writes(t, "And a third")
  t:advance "3 hours"
  t:expect_sent { template = "received" }
  t:expect_nothing_sent()
  t:advance "1 day"
  writes(t, "Still there?")
  t:advance "1 hour"
  t:expect_sent { template = "received" }
end)

test("automatic mail gets none", function(t)
  t:advance "10 hours"
  writes(t, "Hello", "auto_reply")
  writes(t, "This is an automatic reply: your message was received")
  t:expect_outcome "automatic mail"
  t:advance "2 days"
  t:expect_nothing_sent()
end)

test("who opts out within the hour gets none", function(t)
  t:advance "10 hours"
  writes(t)
  t:advance "30 minutes"
  t:event { kind = "unsubscribe", contact = "ana", channel = "email" }
  t:advance "2 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("after an answer, what they write next is waited for anew", function(t)
  t:advance "10 hours"
  writes(t)
  t:advance "1 hour"
  t:expect_sent { template = "received" }
  t:event { kind = "handled", contact = "ana", channel = "email", text = "Done" }
  t:expect_outcome "acknowledged, person"
end)

test("what they add meanwhile does not stop the clock", function(t)
  t:advance "10 hours"
  writes(t)
  t:advance "1 hour"
  t:expect_sent { template = "received" }
  t:reply { contact = "ana", channel = "email", text = "One more detail" }
  t:advance "1 business day"
  t:expect_task { kind = "message" }
  t:expect_outcome "acknowledged, overdue"
end)

test("who writes where the script may not write is not forgotten", function(t)
  t:advance "10 hours"
  t:reply { channel = "instagram", text = "Hello?", contact = { id = "ig", name = "Ig", instagram = "@ig", locale = "en" } }
  t:advance "2 days"
  t:expect_nothing_sent()
  t:expect_outcome "not sent, overdue"
end)
