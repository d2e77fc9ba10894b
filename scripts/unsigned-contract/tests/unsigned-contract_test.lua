-- SPDX-License-Identifier: MIT
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", timezone = "Europe/London", locale = "en-GB",
  contract = "2025-0031", signing_link = "https://sign.example/2025-0031",
}

local function sent(t)
  t:event { kind = "signal:contract-sent", contact = maya }
end

test("who does not sign is reminded twice, in different words, and then called", function(t)
  sent(t)
  t:advance "5 business days"
  t:expect_sent { template = "still-unsigned" }
  t:advance "5 business days"
  t:expect_sent { template = "last-reminder" }
  t:expect_no_task()
  t:advance "2 weeks"
  t:expect_task { kind = "call", note = "Maya Okafor has not signed 2025-0031, after 2 reminders. Ring, unless the stage says agreed." }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("signed before the first reminder: nobody hears from us", function(t)
  sent(t)
  t:advance "2 days"
  t:event { kind = "signal:signed", contact = "maya" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_no_task()
  t:expect_outcome "signed"
end)

test("signed in the minute before the second reminder is due, at a bad moment", function(t)
  t:advance "11 hours"
  sent(t)                                          -- Monday, 10:00 in London
  t:advance "2025-01-10T10:05"
  t:expect_sent { template = "still-unsigned" }
  t:advance "2025-01-16T09:59"
  t:event { kind = "signal:signed", contact = "maya" }
  t:expect_outcome "signed"
  t:advance "60 days"
  t:expect_nothing_sent()
end)

test("signed while a person is about to call", function(t)
  sent(t)
  t:advance "4 weeks"
  t:expect_task { kind = "call" }
  t:event { kind = "signal:signed", contact = "maya" }
  t:expect_outcome "signed"
end)

test("an answer stops the reminders, and a person reads it; the signature ends it all the same", function(t)
  sent(t)
  t:advance "5 business days"
  t:expect_sent { template = "still-unsigned" }
  t:reply { channel = "email", text = "Clause 4 worries me" }
  t:expect_task { kind = "review", note = "On the contract: Clause 4 worries me" }
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:event { kind = "signal:signed", contact = "maya" }
  t:expect_outcome "signed"
end)

test("who opts out instead is not called either", function(t)
  sent(t)
  t:advance "5 business days"
  t:expect_sent { template = "still-unsigned" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_no_task { kind = "call" }
  t:expect_outcome "unsubscribed"
end)

test("an out-of-office puts the second reminder off", function(t)
  sent(t)
  t:advance "5 business days"
  t:expect_sent { template = "still-unsigned" }
  t:event { kind = "auto_reply", channel = "email", text = "Away, back next week" }
  t:advance "4 business days"
  t:expect_nothing_sent()
  t:advance "2 weeks"
  t:expect_sent { template = "last-reminder" }
end)

test("the service's own words begin it, and end it", function(t)
  t:enrol { sequence = "unsigned-contract", contact = maya }
  local said = t:event { hook = "signing", json = { event = "signed", email = "maya@mayabakes.example", contract = "2025-0031" } }
  t:expect(said, "signed")
  t:expect_outcome "signed"
  t:expect(t:event { hook = "signing", json = { event = "signed", email = "who@nowhere.example" } }, "nobody we know")
end)
