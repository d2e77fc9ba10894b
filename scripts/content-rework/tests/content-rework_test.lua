-- SPDX-License-Identifier: MIT
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", phone = "+447700900201", timezone = "Europe/London", locale = "en-GB",
  content = "The three-day loaf", rework = "the product is never seen in use",
}

local function called(t, outcome)
  t:enrol { sequence = "content-rework", contact = maya }
  t:expect_task { kind = "call", note = 'Talk about "The three-day loaf": the product is never seen in use' }
  t:advance "10h"
  t:expect_nothing_sent()
  t:event { kind = "task_done", text = outcome }
end

test("first a call, then a mail with what was agreed", function(t)
  called(t, "agreed: thirty seconds of the tin in use, by Friday")
  local mail = t:expect_sent { channel = "email", template = "what-we-agreed", subject = '"The three-day loaf": what we agreed' }
  t:expect(mail.text:find("thirty seconds of the tin in use, by Friday", 1, true) ~= nil, true)
  t:advance "1 week"
  t:expect_outcome "agreed"
  t:expect_nothing_sent()
end)

test("nothing is written as long as nobody has called", function(t)
  t:enrol { sequence = "content-rework", contact = maya }
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_task { kind = "review" }
  t:expect_outcome "not settled"
end)

test("who does not pick up is called again the next business day, three times at most", function(t)
  called(t, "no answer")
  t:advance "2 days"
  t:expect_task { kind = "call", note = 'Talk about "The three-day loaf": the product is never seen in use (call 2)' }
  t:event { kind = "task_done", text = "no answer" }
  t:advance "2 days"
  t:event { kind = "task_done", text = "no answer" }
  t:advance "2 weeks"
  t:expect_outcome "not settled"
  t:expect_nothing_sent()
end)

test("who does not agree gets no mail, and a person decides", function(t)
  called(t, "wants to stop the cooperation")
  t:expect_task { kind = "review", note = '"The three-day loaf" is not settled (wants to stop the cooperation): decide what happens' }
  t:advance "2 weeks"
  t:expect_nothing_sent()
end)

test("who writes at a bad moment, before the call, gets no mail back and is called all the same", function(t)
  t:enrol { sequence = "content-rework", contact = maya }
  t:advance "10h"
  t:reply { channel = "email", text = "Did you like the video?" }
  t:advance "1h"
  t:expect_nothing_sent()
  t:expect_outcome(nil)
  t:event { kind = "task_done", text = "Agreed: a new opening" }
  t:expect_sent { template = "what-we-agreed" }
end)

test("who answers at a bad moment, between the call and our mail, is not talked over", function(t)
  t:enrol { sequence = "content-rework", contact = maya }
  t:advance "20h"
  t:event { kind = "task_done", text = "agreed: a new opening" }      -- in the evening: the mail waits for the morning
  t:advance "1h"
  t:reply { channel = "email", text = "I thought again: I'd rather not." }
  t:advance "2 days"
  t:expect_nothing_sent()
  t:expect_task { kind = "review", note = "Wrote after the call, so nothing was confirmed: I thought again: I'd rather not." }
  t:expect_outcome "wrote after the call"
end)

test("who corrects the summary is read by a person", function(t)
  called(t, "agreed: by Friday")
  t:expect_sent { template = "what-we-agreed" }
  t:reply { channel = "email", text = "Saturday, we said." }
  t:expect_task { kind = "review", note = "Answered what was agreed: Saturday, we said." }
  t:expect_outcome "answered"
end)

test("who opts out before the call is neither called nor written to", function(t)
  t:enrol { sequence = "content-rework", contact = maya }
  t:advance "1h"
  t:event { kind = "unsubscribe", channel = "email" }     -- at a bad moment: the call is on somebody's list; it is taken back
  t:expect_outcome "unsubscribed"
  t:advance "2 weeks"
  t:expect_nothing_sent()
end)
