-- SPDX-License-Identifier: MIT
local function person(more)
  local contact = {
    id = "emma", name = "Emma Clarke", first_name = "Emma", email = "emma@earlymiles.example", locale = "en-GB", timezone = "Europe/London",
    race = "the Brighton Marathon", noticed = "Your film of the run in the fog made me set an alarm, once.",
  }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

local with_consent = { phone = "+44 7700 900123", consent = "whatsapp: opt-in" }

local function first_mail(t, more)
  t:enrol { sequence = "email-then-whatsapp", contact = person(more) }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "proposal" }
end

test("who has opted in is written to on WhatsApp once they answered the mail", function(t)
  first_mail(t, with_consent)
  t:reply { channel = "email", text = "Yes!" }
  t:advance "1 business day"
  t:expect_sent { channel = "whatsapp", template = "hello-again" }
  t:reply { channel = "whatsapp", text = "Size 39" }
  t:expect_task { kind = "message", note = "On WhatsApp: Size 39" }
  t:expect_outcome "on WhatsApp"
end)

test("who has not is asked by mail, and a person records what they say", function(t)
  first_mail(t)
  t:reply { channel = "email", text = "Yes!" }
  t:expect_sent { channel = "email", template = "whatsapp-too" }
  t:reply { channel = "email", text = "WhatsApp is easier: 07700 900123" }
  t:expect_task { kind = "review", note = "Emma Clarke would like to go on by WhatsApp: \"WhatsApp is easier: 07700 900123\"\n"
    .. "If you agree, record it: perigee contacts set emma consent=\"whatsapp: opt-in\" phone=07700900123" }
  t:advance "1 day"
  t:event { kind = "task_done", text = "not recorded" }
  t:expect_outcome "by e-mail" -- without a consent nothing goes by WhatsApp
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who would rather stay with mail stays there", function(t)
  first_mail(t)
  t:reply { channel = "email", text = "Yes!" }
  t:expect_sent { template = "whatsapp-too" }
  t:reply { channel = "email", text = "Email please, I keep work off my phone" }
  t:expect_task { kind = "message", note = "Stays with e-mail: Email please, I keep work off my phone" }
  t:expect_outcome "by e-mail"
end)

test("who says no is not asked for a number", function(t)
  first_mail(t)
  t:reply { channel = "email", text = "Thanks, but I'm fully booked this year." }
  t:expect_task { kind = "review" }
  t:expect_outcome "declined"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("silence gets one reminder", function(t)
  first_mail(t)
  t:advance "30 days"
  t:expect_sent { template = "reminder", subject = "Re: Would you run the Brighton Marathon in our shoes?" }
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("an answer at a bad moment: WhatsApp waits for the morning, and she writes again by mail", function(t)
  first_mail(t, with_consent)
  t:advance "20 hours" -- late in the evening
  t:reply { channel = "email", text = "Yes!" }
  t:expect_nothing_sent() -- held until the sending hours
  t:advance "1 hour"
  t:reply { channel = "email", text = "Sorry, wait: my coach has to agree first" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("an answer at a bad moment: a second mail while the consent is with a person", function(t)
  first_mail(t)
  t:reply { channel = "email", text = "Yes!" }
  t:expect_sent { template = "whatsapp-too" }
  t:reply { channel = "email", text = "WhatsApp! 07700 900123" }
  t:advance "2 hours"
  t:reply { channel = "email", text = "On second thoughts, no WhatsApp please" }
  t:event { kind = "task_done", text = "recorded" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("an opt-out at a bad moment: instead of a number", function(t)
  first_mail(t)
  t:reply { channel = "email", text = "Maybe" }
  t:expect_sent { template = "whatsapp-too" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)
