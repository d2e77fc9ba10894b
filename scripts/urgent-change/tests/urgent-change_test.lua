-- SPDX-License-Identifier: MIT
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", whatsapp = "+447700900101", timezone = "Europe/London", locale = "en-GB",
  consent = "whatsapp: opt-in; email: legitimate interest", campaign = "Winter Loaf", change = "The launch moves to Friday.",
}

local marco = {
  id = "marco", name = "Marco Bianchi", email = "marco@biciesentieri.example", timezone = "Europe/Rome", locale = "it-IT",
  campaign = "Sentieri", change = "il lancio passa a venerdì.",
}

local function told(t)
  t:enrol { sequence = "urgent-change", contact = maya }
  t:advance "9h"      -- nobody is woken
  t:expect_sent { channel = "whatsapp", template = "change-short" }
  t:expect_sent { channel = "email", template = "change", subject = "Change for Winter Loaf: please read before you post" }
end

test("a short word by the app, the record by e-mail, and who answers is not called", function(t)
  told(t)
  t:reply { channel = "whatsapp", text = "ok!" }
  t:expect_outcome "seen"
  t:advance "3 days"
  t:expect_no_task()
  t:expect_nothing_sent()
end)

test("who has read it need not answer", function(t)
  told(t)
  t:event { kind = "message_read", channel = "whatsapp" }
  t:expect_outcome "seen"
  t:expect_no_task()
end)

test("who has seen nothing in time is called", function(t)
  told(t)
  t:advance "3h"
  t:expect_task { kind = "call", note = "Has not seen the change: The launch moves to Friday." }
  t:event { kind = "task_done", text = "reached" }
  t:expect_outcome "called"
end)

test("nobody at all is told so", function(t)
  told(t)
  t:advance "4 days"
  t:expect_outcome "nobody knows"
  t:expect_nothing_sent()
end)

test("without an app it is the e-mail alone", function(t)
  t:enrol { sequence = "urgent-change", contact = marco }
  t:advance "9h"
  t:expect_sent { channel = "email", template = "change", locale = "it" }
  t:expect_nothing_sent()
end)

test("who writes about something else at a bad moment, before the word is out, is still told", function(t)
  t:enrol { sequence = "urgent-change", contact = maya }
  t:advance "1h"
  t:reply { channel = "whatsapp", text = "Did the parcel leave?" }
  t:advance "8h"
  t:expect_sent { channel = "whatsapp", template = "change-short" }
  t:expect_sent { channel = "email", template = "change" }
  t:expect_nothing_sent()
end)

test("who answers while they are about to be called is seen once", function(t)
  told(t)
  t:advance "3h"
  t:expect_task { kind = "call" }
  t:reply { channel = "email", text = "Just saw it, ok" }      -- at a bad moment: the call is already on somebody's list
  t:expect_outcome "seen"
  t:event { kind = "task_done", text = "reached" }
  t:advance "3 days"
  t:expect_nothing_sent()
end)

test("who is away before the word is out is called the same day", function(t)
  t:enrol { sequence = "urgent-change", contact = maya }
  t:advance "1h"
  t:event { kind = "auto_reply", channel = "email", text = "I am filming until next week." }     -- at a bad moment: nothing has left yet
  t:advance "23h"
  t:expect_nothing_sent()
  t:expect_task { kind = "call" }
end)

test("who opts out instead of answering is left alone", function(t)
  told(t)
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect_outcome "unsubscribed"
  t:advance "3 days"
  t:expect_nothing_sent()
end)
