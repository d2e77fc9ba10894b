-- SPDX-License-Identifier: MIT
local hannah = {
  id = "hannah", name = "Hannah Price", email = "hannah@slowmornings.example", instagram = "@slow.mornings", locale = "en-GB",
  timezone = "Europe/London", series = "Slow Mornings", what_i_liked = "Your film about breakfast is the calmest thing I watched this year.",
}

local function without(contact, key)
  local copy = {}
  for name, value in pairs(contact) do
    if name ~= key then copy[name] = value end
  end
  return copy
end

test("who answers the mail gets a person's answer, and no private message", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "hello", subject = "Your Slow Mornings and a cup of tea" }
  t:reply { channel = "email", text = "Yes!" }
  t:expect_task { kind = "message", note = "Answered on email: Yes!" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("silence: one reminder, then a private message that a person sends, and no more", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "1 business day"
  t:expect_sent { template = "hello" }
  t:advance "4 business days"
  t:expect_sent { template = "reminder", subject = "Re: Your Slow Mornings and a cup of tea" }
  t:advance "5 business days"
  t:expect_task { kind = "message", channel = "instagram", state = "open" }
  t:event { kind = "task_done", text = "sent" }
  t:expect_sent { channel = "instagram", template = "dm" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("a mail that bounces leads to the private message at once", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "1 business day"
  t:expect_sent { template = "hello" }
  t:event { kind = "bounce", channel = "email", text = "550 5.1.1 no such user" }
  t:expect_task { kind = "message", channel = "instagram" }
end)

test("without an address it begins with the private message", function(t)
  t:enrol { sequence = "email-then-dm", contact = without(hannah, "email") }
  t:expect_task { kind = "message", channel = "instagram" }
  t:event { kind = "task_done", text = "sent" }
  t:advance "1 hour"
  t:reply { channel = "instagram", text = "Tell me" }
  t:expect_task { kind = "message", note = "Answered on instagram: Tell me" }
  t:expect_outcome "replied"
end)

test("with no network either, that is the end of it", function(t)
  t:enrol { sequence = "email-then-dm", contact = without(hannah, "instagram") }
  t:advance "3 weeks"
  t:expect_outcome "silent"
  t:expect_sent { template = "reminder" }
end)

test("an answer by mail at a bad moment: while the private message is on somebody's list", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "3 weeks"
  t:expect_sent { template = "hello" }
  t:expect_sent { template = "reminder" }
  t:expect_task { kind = "message", channel = "instagram", state = "open" }
  t:reply { channel = "email", text = "I was away, yes!" }
  t:expect_task { kind = "message", channel = "instagram", state = "done", outcome = "they wrote" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("two answers at a bad moment, on two channels after the private message: one task, nothing more is sent", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "3 weeks"
  t:expect_sent { template = "hello" }
  t:expect_sent { template = "reminder" }
  t:event { kind = "task_done", text = "sent" }
  t:advance "1 day"
  t:expect_sent { channel = "instagram", template = "dm" }
  t:reply { channel = "instagram", text = "Hi!" }
  t:reply { channel = "email", text = "Found your mail, too." }
  t:expect_task { kind = "message", note = "Answered on instagram: Hi!" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("somebody who is away is reminded after they are back", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "1 business day"
  t:expect_sent { template = "hello" }
  t:event { kind = "auto_reply", channel = "email", text = "I am away for some days." }
  t:advance "4 business days"
  t:expect_nothing_sent()
  t:advance "1 week"
  t:expect_sent { template = "reminder" }
end)

test("who opts out is written to nowhere", function(t)
  t:enrol { sequence = "email-then-dm", contact = hannah }
  t:advance "1 business day"
  t:expect_sent { template = "hello" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)
