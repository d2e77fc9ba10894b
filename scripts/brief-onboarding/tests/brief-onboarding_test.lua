-- SPDX-License-Identifier: MIT
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", timezone = "Europe/London", locale = "en-GB",
  campaign = "Slow Bread", deliverable = "one video", deadline = "2026-12-18", product = "the baking stone",
}

local function briefed(t)
  t:enrol { sequence = "brief-onboarding", contact = maya }
  t:advance "10 hours"
  t:expect_sent { template = "brief", subject = "Your brief for Slow Bread" }
end

test("who has no question is left in peace", function(t)
  briefed(t)
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_no_task()
  t:expect_outcome "clear"
end)

test("one question is answered by a person, by mail", function(t)
  briefed(t)
  t:reply { text = "Which label do you want?" }
  t:expect_task { kind = "message", note = "Answer: Which label do you want?" }
  t:event { kind = "handled", channel = "email", text = "Paid partnership." }
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "answered by mail"
end)

test("many questions are worth a call", function(t)
  briefed(t)
  t:reply { text = "Which label? My own oven? When is it paid?" }
  t:advance "1 day"
  t:expect_sent { template = "call-slot" }
  t:expect_task { kind = "call" }
  t:expect_outcome "call"
end)

test("questions add up, at a bad moment too: the third comes at night, and one more word right after the offer", function(t)
  briefed(t)
  t:reply { text = "Which label?" }
  t:advance "1 day"
  t:reply { text = "My own oven?" }
  t:advance "12 hours"
  t:expect_nothing_sent()
  t:reply { text = "And when is it paid?" }
  t:expect_sent { template = "call-slot" } -- an answer may leave at night
  t:reply { text = "Never mind, found it." }
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "call"
end)

test("who is marked as lost is called at the first word", function(t)
  local lost = { labels = { "confused" } }
  for key, value in pairs(maya) do lost[key] = value end
  t:enrol { sequence = "brief-onboarding", contact = lost }
  t:advance "10 hours"
  t:reply { text = "Hm." }
  t:advance "1 hour"
  t:expect_task { kind = "call" }
end)

test("who opts out is left alone", function(t)
  briefed(t)
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)
